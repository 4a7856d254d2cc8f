"""From what a user writes to a store, and from one store to another."""

from __future__ import annotations

import os

from dana.poet.store.base import MAX_FEEDBACK, StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dana.poet.store.base import Store

FOLDER = ".poet"
DEFAULT = f"{FOLDER}/parameters.db"


def store_here() -> str:
    """The store of the folder programs run in, where nobody names one: what `.poet` has, by its files.

    A database is the one; without it a folder that has JSON files of a store; else the database that will be made.
    """
    return FOLDER if not os.path.exists(DEFAULT) and _has_files() else DEFAULT


def also_here() -> str:
    """The store of JSON files beside a database, which nobody reads unless it is named; "" where there is none."""
    return FOLDER if os.path.exists(DEFAULT) and _has_files() else ""


def _has_files() -> bool:
    from dana.poet.store.files import PARAMS

    return os.path.isdir(FOLDER) and any(name.endswith(PARAMS) for name in os.listdir(FOLDER))


def open_store(
    where: str = DEFAULT, *, on_problem: Callable[[StoreError], object] | None = None, reads: bool = False
) -> Store:
    """The store a URL or path names.

    `sqlite:///path` or a path ending in `.db`, `.sqlite`; `postgresql://…`; `json:folder` or a folder; `memory:`.
    `on_problem` hears of damaged JSON files that are moved aside; with `reads` they stay where they are, and reading
    them is an error. Raises `StoreError`.
    """
    kind, colon, rest = where.partition(":")
    if where == "memory:":
        from dana.poet.store.sqlite import SqliteStore

        return SqliteStore(":memory:")
    if kind in ("postgresql", "postgres") and colon:
        from dana.poet.store.postgres import PostgresStore

        return PostgresStore(where)
    if kind == "json" and colon:
        from dana.poet.store.files import FileStore

        return FileStore(rest, on_problem=on_problem, reads=reads)
    if kind == "sqlite" and colon:
        if not rest.startswith("///") or len(rest) == 3:
            msg = f"`{where}` names no file"
            raise StoreError(msg, "write sqlite:///relative/path.db or sqlite:////absolute/path.db")
        where = rest[3:]
    elif colon and "/" not in kind and len(kind) > 1:
        msg = f"there is no kind of store called `{kind}`"
        raise StoreError(msg, "there are sqlite:///file.db, postgresql://…, json:folder, memory:")
    if where.endswith((".db", ".sqlite", ".sqlite3")):
        from dana.poet.store.sqlite import SqliteStore

        return SqliteStore(where)
    if os.path.isdir(where) or not os.path.splitext(where)[1]:
        from dana.poet.store.files import FileStore

        return FileStore(where, on_problem=on_problem, reads=reads)
    msg = f"`{where}` is no store"
    raise StoreError(msg, "a store is a .db file, a folder for JSON files, or a URL")


def problem_of(where: str) -> StoreError | None:
    """What is wrong with the name of a store, as far as can be said without opening it; None when nothing is."""
    kind, colon, rest = where.partition(":")
    if not where or "\0" in where:
        return StoreError("a store has a name", "write .poet/parameters.db")
    if where == "memory:" or (colon and kind in ("postgresql", "postgres")):
        return None
    if kind == "sqlite" and colon and (not rest.startswith("///") or len(rest) == 3):
        return StoreError(f"`{where}` names no file", "write sqlite:///relative/path.db or sqlite:////absolute/path.db")
    if colon and "/" not in kind and len(kind) > 1 and kind not in ("sqlite", "json"):
        known = "there are sqlite:///file.db, postgresql://…, json:folder, memory:"
        return StoreError(f"there is no kind of store called `{kind}`", known)
    return None


def place_of(where: str) -> str:
    """The file or folder a store is in; "" for one that is in neither."""
    kind, colon, rest = where.partition(":")
    if where == "memory:" or (colon and kind in ("postgresql", "postgres")):
        return ""
    if colon and kind == "json":
        return rest
    return rest[3:] if colon and kind == "sqlite" and rest.startswith("///") else where


def copy(source: Store, target: Store) -> int:
    """Copy everything, oldest versions first, so that the latest stays the latest; returns how many functions."""
    functions = source.functions()
    for function_id, domain, saved in functions:
        for stored in reversed(source.versions(function_id, domain)):
            target.save(function_id, domain, stored.data, stored.at)
        for at, feedback in reversed(source.feedback(function_id, domain, MAX_FEEDBACK)):
            target.add_feedback(function_id, domain, feedback, at)
        for kind, data in source.patterns(function_id, domain).items():
            target.put_pattern(function_id, domain, kind, data, saved)
    return len(functions)
