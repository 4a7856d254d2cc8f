"""The default store: one SQLite file, which several processes may share."""

from __future__ import annotations

import os
import sqlite3

from dana.poet.store.base import StoreError
from dana.poet.store.sql import SqlStore

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

BUSY_S = 2.0


class SqliteStore(SqlStore):
    """Learnings in the file `path` (`":memory:"` for tests). Raises `StoreError` when it is no such file."""

    serial = "INTEGER PRIMARY KEY AUTOINCREMENT"
    errors = (sqlite3.Error, OSError)

    def __init__(self, path: str) -> None:
        self.path = path
        super().__init__()

    def _connect(self) -> sqlite3.Connection:
        if self.path != ":memory:":
            os.makedirs(os.path.dirname(os.path.abspath(self.path)), mode=0o700, exist_ok=True)
        made = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=BUSY_S)
        try:
            made.execute("PRAGMA journal_mode=WAL")
            made.execute("PRAGMA synchronous=NORMAL")
        except BaseException:
            made.close()
            raise
        return made

    def _transaction(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> list[tuple[Any, ...]]:
        connection = self._connection
        reads = all(text.lstrip().startswith("SELECT") for text, _values in statements)
        connection.execute("BEGIN" if reads else "BEGIN IMMEDIATE")
        try:
            rows: list[tuple[Any, ...]] = []
            for text, values in statements:
                rows = connection.execute(text, values).fetchall()
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return rows

    def _problem(self, error: Exception) -> StoreError:
        text = str(error)
        hint = next((said for word, said in _HINTS.items() if word in text), "check the folder and its permissions")
        return StoreError(f"the store `{self.path}` cannot be used: {text}", hint)


_HINTS = {
    "locked": "another process holds it; what was learnt is kept in memory and saved later",
    "readonly": "the file or its folder cannot be written",
    "full": "the disk is full; what was learnt is kept in memory and saved as soon as there is room",
    "I/O error": "the disk is full or fails; what was learnt is kept in memory and saved later",
    "not a database": "this is no store, or it is damaged: move it away, a new one is made",
    "malformed": "the file is damaged: move it away, a new one is made",
    "unable to open": "the folder does not exist or cannot be written",
}
