"""Urza: the store of kernels, with their lineage and what became of them (E86, E108).

    objects/ab/abcdef…   the signed files, by their id; written beside, flushed, renamed: whole or not there
    urza.db              SQLite: kernels, versions, parents, moves through the lifecycle, FieldReports

A file comes before its row, so that a row always has its file; a file whose row is missing after a crash is found by
`sweep` and entered. Nothing is ever deleted: what is no longer wanted is archived, and triggers in the database refuse
anything else. Commands give receipts, queries change nothing.
"""

from __future__ import annotations

import json
import os
import sqlite3
from threading import RLock
from time import time

from dana.adaptive.canonical import canonical
from dana.esper.artifact import MOST_BYTES, Artifact, identify, read
from dana.esper.field_report import FieldReport
from dana.esper.lifecycle import KERNELS, advance
from dana.esper.refusals import Refusal, RefusedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE kernels (
    id TEXT PRIMARY KEY, blueprint TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, template TEXT NOT NULL,
    site TEXT NOT NULL, parameters INTEGER NOT NULL, bytes INTEGER NOT NULL, state TEXT NOT NULL,
    archived INTEGER NOT NULL DEFAULT 0, created REAL NOT NULL, provenance TEXT NOT NULL, UNIQUE (name, version)
);
CREATE TABLE parents (child TEXT NOT NULL, parent TEXT NOT NULL, UNIQUE (child, parent));
CREATE TABLE moves (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL, event TEXT NOT NULL, state TEXT NOT NULL, at REAL NOT NULL
);
CREATE TABLE reports (
    seq INTEGER PRIMARY KEY, kernel TEXT NOT NULL, template TEXT NOT NULL, outcome INTEGER NOT NULL, at REAL NOT NULL,
    data TEXT NOT NULL
);
CREATE INDEX reports_by_kernel ON reports (kernel, seq);
CREATE INDEX reports_by_template ON reports (template, seq);
CREATE TRIGGER kernels_stay BEFORE DELETE ON kernels BEGIN SELECT RAISE(ABORT, 'kernels are never deleted'); END;
CREATE TRIGGER reports_stay BEFORE DELETE ON reports BEGIN SELECT RAISE(ABORT, 'reports are never deleted'); END;
CREATE TRIGGER moves_stay BEFORE DELETE ON moves BEGIN SELECT RAISE(ABORT, 'moves are never deleted'); END;
"""


class Receipt:
    """That a command was carried out: `id` of what, `version` it has, whether it is `new`."""

    __slots__ = ("id", "new", "version")

    def __init__(self, id: str, version: int, *, new: bool) -> None:  # noqa: A002
        self.id = id
        self.version = version
        self.new = new

    def __repr__(self) -> str:
        return f"Receipt({self.id[:12]}, version {self.version}, {'new' if self.new else 'known'})"


class Entry:
    """A row of the store: what is known of a kernel without its bytes."""

    __slots__ = (
        "archived", "blueprint", "bytes", "created", "id", "name", "parameters", "provenance", "site", "state",
        "template", "version",
    )  # fmt: skip

    def __init__(self, row: tuple[Any, ...]) -> None:
        (
            self.id, self.blueprint, self.name, self.version, self.template, self.site, self.parameters, self.bytes,
            self.state, archived, self.created, provenance,
        ) = row  # fmt: skip
        self.archived = bool(archived)
        self.provenance: dict[str, Any] = json.loads(provenance)

    def __repr__(self) -> str:
        return f"Entry({self.name} {self.version}, {self.state}{', archived' if self.archived else ''})"


class Urza:
    """The store in `folder`, made if it is not there. Usable from any thread, and by several processes at once.

    `now`: gives seconds since 1970. Raises `RefusedError` when the folder holds something else.
    """

    def __init__(self, folder: str, *, now: Callable[[], float] = time) -> None:
        self.folder = os.path.abspath(folder)
        self._now = now
        self._lock = RLock()
        os.makedirs(os.path.join(self.folder, "objects"), mode=0o700, exist_ok=True)
        path = os.path.join(self.folder, "urza.db")
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=5.0)
        try:
            self._prepare()
        except sqlite3.DatabaseError as error:
            self._connection.close()
            raise RefusedError("refused.bytes", f"`{path}` is no store: {error}") from None

    def _prepare(self) -> None:
        self._connection.execute("PRAGMA journal_mode=WAL")
        self._connection.execute("PRAGMA synchronous=NORMAL")
        self._connection.execute("BEGIN IMMEDIATE")
        (version,) = self._connection.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            self._connection.execute("ROLLBACK")
            raise sqlite3.DatabaseError(f"it was written by a newer Dana (format {version})")
        if version < SCHEMA_VERSION:
            for statement in _statements(_SCHEMA):
                self._connection.execute(statement)
            self._connection.execute(f"PRAGMA user_version={SCHEMA_VERSION}")
        self._connection.execute("COMMIT")

    # --- commands ---------------------------------------------------------------------------------

    def put(self, packed: bytes, key: bytes, *, parents: Iterable[str] = ()) -> Receipt:
        """Keep a signed kernel; the same one again changes nothing. Raises `RefusedError` for what is not signed."""
        found = read(packed, key)
        with self._lock:
            known = self._row(found.id)
            if known is not None and os.path.exists(self._path(found.id)):
                return Receipt(found.id, known.version, new=False)
            self._write_file(found.id, packed)
            return Receipt(found.id, self._enter(found, parents), new=known is None)

    def _write_file(self, name: str, packed: bytes) -> None:
        path = self._path(name)
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        beside = f"{path}.{os.getpid()}.part"
        with open(beside, "wb") as stream:
            stream.write(packed)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(beside, path)

    def _enter(self, found: Artifact, parents: Iterable[str]) -> int:
        said, now = found.provenance, self._now()
        with self._transaction():
            known = self._row(found.id)
            if known is not None:
                return int(known.version)
            name = found.blueprint.name
            (last,) = self._one("SELECT COALESCE(MAX(version), 0) FROM kernels WHERE name = ?", name)
            state = _next("packed", "sign")
            row = (
                found.id, found.blueprint.id, name, last + 1, str(said.get("template", name)),
                str(said.get("site", "")), found.blueprint.parameters, len(found.weights), state, 0, now,
                canonical(said),
            )  # fmt: skip
            self._connection.execute("INSERT INTO kernels VALUES (?,?,?,?,?,?,?,?,?,?,?,?)", row)
            for parent in parents:
                self._known(parent)
                self._connection.execute("INSERT OR IGNORE INTO parents VALUES (?,?)", (found.id, parent))
            self._note(found.id, "sign", state, now)
            return int(last) + 1

    def move(self, kernel_id: str, event: str) -> str | Refusal:
        """Move a kernel through its lifecycle; its state afterwards, or why it cannot (see `lifecycle.KERNELS`)."""
        with self._lock, self._transaction():
            entry = self._known(kernel_id)
            state = advance(KERNELS, entry.state, event)
            if isinstance(state, Refusal):
                return state
            self._connection.execute("UPDATE kernels SET state = ? WHERE id = ?", (state, kernel_id))
            self._note(kernel_id, event, state, self._now())
            return state

    def archive(self, kernel_id: str) -> Receipt:
        """Take a kernel out of `latest` and `entries`; it stays readable for ever. Raises `RefusedError`: not here."""
        with self._lock, self._transaction():
            entry = self._known(kernel_id)
            self._connection.execute("UPDATE kernels SET archived = 1 WHERE id = ?", (kernel_id,))
            if not entry.archived:
                self._note(kernel_id, "archive", entry.state, self._now())
            return Receipt(kernel_id, entry.version, new=False)

    def report(self, report: FieldReport) -> int:
        """Keep what became of a growth; its number."""
        with self._lock, self._transaction():
            row = (report.kernel, report.template, report.outcome, self._now(), canonical(report.to_data()))
            made = self._connection.execute(
                "INSERT INTO reports (kernel, template, outcome, at, data) VALUES (?,?,?,?,?)", row
            )
            return int(made.lastrowid or 0)

    def sweep(self, key: bytes) -> list[str]:
        """After a crash: enter files that have no row, remove half-written ones. The ids that were entered."""
        entered = []
        for path, name in self._files():
            if name.endswith(".part"):
                if not _is_alive(name):
                    os.unlink(path)
                continue
            if self._row(name) is None:
                with open(path, "rb") as stream:
                    packed = stream.read(MOST_BYTES + 1)
                try:
                    found = read(packed, key, expected=name)
                except RefusedError:
                    continue  # foreign or damaged: it stays where it is, and is never served
                with self._lock:
                    self._enter(found, ())
                entered.append(name)
        return entered

    # --- queries ----------------------------------------------------------------------------------

    def get(self, kernel_id: str) -> bytes:
        """The signed file of a kernel, archived ones included. Raises `RefusedError`: not here, or damaged."""
        self._known(kernel_id)
        try:
            with open(self._path(kernel_id), "rb") as stream:
                packed = stream.read(MOST_BYTES + 1)
        except OSError as error:
            raise RefusedError("refused.bytes", f"the file of {kernel_id[:12]} is gone: {error.strerror}") from None
        if identify(packed) != kernel_id:
            raise RefusedError("refused.bytes", f"the file of {kernel_id[:12]} is damaged")
        return packed

    def entry(self, kernel_id: str) -> Entry:
        """What is known of a kernel. Raises `RefusedError`: not here."""
        return self._known(kernel_id)

    def entries(self, *, name: str | None = None, archived: bool = False) -> list[Entry]:
        """All kernels in the order they came, archived ones if asked for."""
        asked = "SELECT * FROM kernels WHERE (? OR NOT archived) AND (? IS NULL OR name = ?) ORDER BY rowid"
        with self._lock:
            return [Entry(row) for row in self._connection.execute(asked, (archived, name, name))]

    def latest(self, name: str) -> Entry | None:
        """The newest version of a name that is not archived."""
        found = self.entries(name=name)
        return found[-1] if found else None

    def lineage(self, kernel_id: str) -> list[str]:
        """A kernel and everything it descends from, nearest first."""
        found = [self._known(kernel_id).id]
        for child in found:
            with self._lock:
                rows = self._connection.execute("SELECT parent FROM parents WHERE child = ? ORDER BY rowid", (child,))
                found += [parent for (parent,) in rows if parent not in found]
        return found

    def moves(self, kernel_id: str) -> list[tuple[str, str]]:
        """What happened to a kernel, in order: (event, state afterwards)."""
        with self._lock:
            return list(
                self._connection.execute("SELECT event, state FROM moves WHERE id = ? ORDER BY seq", (kernel_id,))
            )

    def reports(self, *, kernel: str | None = None, template: str | None = None) -> list[FieldReport]:
        """What became of growths, oldest first."""
        asked = "SELECT data FROM reports WHERE (? IS NULL OR kernel = ?) AND (? IS NULL OR template = ?) ORDER BY seq"
        with self._lock:
            rows = list(self._connection.execute(asked, (kernel, kernel, template, template)))
        return [FieldReport(**json.loads(data)) for (data,) in rows]

    def standing(self) -> dict[str, tuple[int, int]]:
        """For each template: how many growths were reported, and the sum of their outcomes."""
        asked = "SELECT template, COUNT(*), SUM(outcome) FROM reports GROUP BY template ORDER BY template"
        with self._lock:
            return {template: (count, total) for template, count, total in self._connection.execute(asked)}

    def verify(self) -> list[str]:
        """Ids whose file is gone or damaged; empty when all is well."""
        wrong = []
        for entry in self.entries(archived=True):
            try:
                self.get(entry.id)
            except RefusedError:
                wrong.append(entry.id)
        return wrong

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            self._connection.close()

    # --- inside -----------------------------------------------------------------------------------

    def _path(self, name: str) -> str:
        if len(name) != 64 or not all(letter in "0123456789abcdef" for letter in name):
            raise RefusedError("refused.unknown", f"`{name!s:.20}` is no id of a kernel")
        return os.path.join(self.folder, "objects", name[:2], name)

    def _files(self) -> list[tuple[str, str]]:
        root = os.path.join(self.folder, "objects")
        return [(os.path.join(at, name), name) for at, _folders, names in os.walk(root) for name in sorted(names)]

    def _transaction(self) -> _Transaction:
        return _Transaction(self._connection)

    def _one(self, asked: str, *values: Any) -> Any:
        return self._connection.execute(asked, values).fetchone()

    def _row(self, kernel_id: str) -> Entry | None:
        with self._lock:
            row = self._one("SELECT * FROM kernels WHERE id = ?", kernel_id)
        return None if row is None else Entry(row)

    def _known(self, kernel_id: str) -> Entry:
        self._path(kernel_id)
        found = self._row(kernel_id)
        if found is None:
            raise RefusedError("refused.unknown", f"there is no kernel {kernel_id[:12]} here")
        return found

    def _note(self, kernel_id: str, event: str, state: str, now: float) -> None:
        row = (kernel_id, event, state, now)
        self._connection.execute("INSERT INTO moves (id, event, state, at) VALUES (?,?,?,?)", row)


class _Transaction:
    """All or nothing, and nobody else writes meanwhile."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def __enter__(self) -> None:
        self._connection.execute("BEGIN IMMEDIATE")

    def __exit__(self, kind: object, *_rest: object) -> None:
        self._connection.execute("COMMIT" if kind is None else "ROLLBACK")


def _next(state: str, event: str) -> str:
    after = advance(KERNELS, state, event)
    assert isinstance(after, str)
    return after


def _statements(schema: str) -> list[str]:
    """The statements of a schema one by one, as `executescript` would end the transaction first."""
    found, begun = [], ""
    for line in schema.strip().splitlines():
        begun += line + "\n"
        if sqlite3.complete_statement(begun):
            found.append(begun)
            begun = ""
    return found


def _is_alive(name: str) -> bool:
    """Whether the process that writes a half-written file still runs."""
    number = name.split(".")[-2]
    try:
        os.kill(int(number), 0)
    except (ValueError, ProcessLookupError):
        return False
    except PermissionError:
        return True
    return True


class Reporting:
    """A journal that files a `FieldReport` for each growth that ended, and passes every event on to `then`."""

    __slots__ = ("_grown", "run", "then", "urza")

    def __init__(
        self, urza: Urza, then: Callable[[str, dict[str, Any]], object] | None = None, *, run: str = ""
    ) -> None:
        self.urza = urza
        self.then = then
        self.run = run
        # What grows at each site now: a fossilisation does not say it again.
        self._grown: dict[str, dict[str, Any]] = {}

    def __call__(self, kind: str, data: dict[str, Any]) -> None:
        """One event."""
        if self.then is not None:
            self.then(kind, data)
        if kind == "esper.resume":
            self._grown = {plan["site"]: plan for plan in data["growing"]}
        report = _field_report(kind, data, self._grown, self.run)
        if report is not None:
            self.urza.report(report)


def _field_report(kind: str, data: dict[str, Any], grown: dict[str, dict[str, Any]], run: str) -> FieldReport | None:
    site = str(data.get("site", ""))
    if kind == "esper.germinate":
        grown[site] = data
        return None
    if kind == "esper.fossilise":
        outcome, gain, reason = 1, data.get("gain_low"), ""
    elif kind == "esper.cull":
        reason = str(data.get("reason", ""))
        outcome, gain = (0 if reason == "the end of growing" else -1), None
    elif kind == "esper.report" and data.get("outcome") == -1 and site in grown:
        outcome, gain, reason = -1, None, str(data.get("reason", ""))
    else:
        return None
    plan = grown.pop(site, data)
    return FieldReport(
        str(plan.get("template", "")), outcome, kernel=plan.get("kernel") or "", site=site, gain=gain, reason=reason,
        run=run, epoch=int(data.get("epoch", 0)),
    )  # fmt: skip
