"""What the SQLite and the PostgreSQL store share: tables, statements, versions."""

from __future__ import annotations

from threading import RLock

from dana.poet.store.base import MAX_FEEDBACK, MAX_VERSIONS, Stored, StoreError, decode, encode

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

SCHEMA_VERSION = 1
TABLES = """
CREATE TABLE IF NOT EXISTS poet_meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS poet_parameters (function_id TEXT NOT NULL, domain TEXT NOT NULL, version BIGINT NOT NULL,
    at DOUBLE PRECISION NOT NULL, data TEXT NOT NULL, PRIMARY KEY (function_id, domain, version));
CREATE TABLE IF NOT EXISTS poet_feedback (id {serial}, function_id TEXT NOT NULL, domain TEXT NOT NULL,
    at DOUBLE PRECISION NOT NULL, data TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS poet_feedback_of ON poet_feedback (function_id, domain, id);
CREATE TABLE IF NOT EXISTS poet_patterns (function_id TEXT NOT NULL, domain TEXT NOT NULL, kind TEXT NOT NULL,
    at DOUBLE PRECISION NOT NULL, data TEXT NOT NULL, PRIMARY KEY (function_id, domain, kind))
"""

SAVE = """
INSERT INTO poet_parameters SELECT ?, ?, COALESCE(MAX(version), 0) + 1, ?, ?
FROM poet_parameters WHERE function_id = ? AND domain = ?
"""
SAVED = "SELECT MAX(version) FROM poet_parameters WHERE function_id = ? AND domain = ?"
PRUNE = "DELETE FROM poet_parameters WHERE function_id = ? AND domain = ? AND version <= ?"
VERSIONS = """
SELECT version, at, data FROM poet_parameters WHERE function_id = ? AND domain = ? ORDER BY version DESC LIMIT ?
"""
FUNCTIONS = """
SELECT function_id, domain, MAX(at) FROM (
    SELECT function_id, domain, at FROM poet_parameters
    UNION ALL SELECT function_id, domain, at FROM poet_patterns
    UNION ALL SELECT function_id, domain, at FROM poet_feedback
) AS known GROUP BY function_id, domain
"""

ADD_FEEDBACK = "INSERT INTO poet_feedback (function_id, domain, at, data) VALUES (?, ?, ?, ?)"
PRUNE_FEEDBACK = """
DELETE FROM poet_feedback WHERE function_id = ? AND domain = ? AND id <=
(SELECT id FROM poet_feedback WHERE function_id = ? AND domain = ? ORDER BY id DESC LIMIT 1 OFFSET ?)
"""
FEEDBACK = "SELECT at, data FROM poet_feedback WHERE function_id = ? AND domain = ? ORDER BY id DESC LIMIT ?"

PUT_PATTERN = """
INSERT INTO poet_patterns (function_id, domain, kind, at, data) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (function_id, domain, kind) DO UPDATE SET at = excluded.at, data = excluded.data
"""
PATTERNS = "SELECT kind, data FROM poet_patterns WHERE function_id = ? AND domain = ? ORDER BY kind"

KNOWN = """
SELECT EXISTS (SELECT 1 FROM poet_parameters WHERE function_id = ? AND domain = ?)
    OR EXISTS (SELECT 1 FROM poet_feedback WHERE function_id = ? AND domain = ?)
    OR EXISTS (SELECT 1 FROM poet_patterns WHERE function_id = ? AND domain = ?)
"""
FORGET = (
    "DELETE FROM poet_parameters WHERE function_id = ? AND domain = ?",
    "DELETE FROM poet_feedback WHERE function_id = ? AND domain = ?",
    "DELETE FROM poet_patterns WHERE function_id = ? AND domain = ?",
)
SCHEMA = "SELECT value FROM poet_meta WHERE name = 'schema'"
PUT_SCHEMA = "INSERT INTO poet_meta (name, value) VALUES ('schema', ?) ON CONFLICT (name) DO NOTHING"


class SqlStore:
    """A store in a database. Subclasses say how to connect, and what an error of the driver means."""

    # What the type of a number that counts by itself is called.
    serial = ""
    # The driver's exceptions; `lost` are those after which another connection is worth a try.
    errors: tuple[type[Exception], ...] = ()
    lost: tuple[type[Exception], ...] = ()

    def __init__(self) -> None:
        self._lock = RLock()
        self._connection: Any = None
        with self._lock:
            self._do([])

    # --- parameters -------------------------------------------------------------------------------

    def load(self, function_id: str, domain: str) -> Stored | None:
        """See `Store`."""
        found = self.versions(function_id, domain, 1)
        return found[0] if found else None

    def save(self, function_id: str, domain: str, data: dict[str, Any], at: float) -> int:
        """See `Store`."""
        text, of = encode(data), (function_id, domain)
        with self._lock:
            rows = self._do([*self._alone(), (SAVE, (*of, at, text, *of)), (SAVED, of)])
            version = int(rows[0][0])
            if version > MAX_VERSIONS:
                self._do([(PRUNE, (*of, version - MAX_VERSIONS))])
        return version

    def versions(self, function_id: str, domain: str, limit: int = MAX_VERSIONS) -> list[Stored]:
        """See `Store`."""
        rows = self._do([(VERSIONS, (function_id, domain, limit))])
        return [Stored(number, at, decode(data, f"version {number} of `{function_id}`")) for number, at, data in rows]

    def functions(self) -> list[tuple[str, str, float]]:
        """See `Store`."""
        return sorted((name, domain, at) for name, domain, at in self._do([(FUNCTIONS, ())]))

    def forget(self, function_id: str, domain: str) -> bool:
        """See `Store`."""
        of = (function_id, domain)
        with self._lock:
            rows = self._do([(KNOWN, of * 3)])
            self._do([(statement, of) for statement in FORGET])
        return bool(rows[0][0])

    # --- feedback and patterns --------------------------------------------------------------------

    def add_feedback(self, function_id: str, domain: str, feedback: dict[str, Any], at: float) -> None:
        """See `Store`."""
        of = (function_id, domain)
        self._do([(ADD_FEEDBACK, (*of, at, encode(feedback))), (PRUNE_FEEDBACK, (*of, *of, MAX_FEEDBACK))])

    def feedback(self, function_id: str, domain: str, limit: int = 100) -> list[tuple[float, dict[str, Any]]]:
        """See `Store`."""
        rows = self._do([(FEEDBACK, (function_id, domain, limit))])
        return [(at, decode(data, f"feedback of `{function_id}`")) for at, data in rows]

    def put_pattern(self, function_id: str, domain: str, kind: str, data: dict[str, Any], at: float) -> None:
        """See `Store`."""
        self._do([(PUT_PATTERN, (function_id, domain, kind, at, encode(data)))])

    def patterns(self, function_id: str, domain: str) -> dict[str, dict[str, Any]]:
        """See `Store`."""
        rows = self._do([(PATTERNS, (function_id, domain))])
        return {kind: decode(data, f"pattern `{kind}` of `{function_id}`") for kind, data in rows}

    def close(self) -> None:
        """See `Store`."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    # --- statements -------------------------------------------------------------------------------

    def _do(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> list[tuple[Any, ...]]:
        """Run statements in one transaction; returns the rows of the last one. Reconnects once."""
        with self._lock:
            for last_try in (False, True):
                try:
                    if self._connection is None:
                        self._open()
                    return self._transaction(statements)
                except self.errors as error:
                    if last_try or not isinstance(error, self.lost):
                        raise self._problem(error) from error
                    self._drop()
        raise AssertionError

    def _open(self) -> None:
        self._connection = self._connect()
        try:
            self._set_up()
        except BaseException:
            self._drop()
            raise

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _set_up(self) -> None:
        tables = TABLES.replace("{serial}", self.serial).split(";")
        self._transaction([*self._one_at_a_time(), *((table, ()) for table in tables)])
        rows = self._transaction([(SCHEMA, ())])
        if not rows:
            self._transaction([(PUT_SCHEMA, (str(SCHEMA_VERSION),))])
        elif rows[0][0] != str(SCHEMA_VERSION):
            msg = f"the store was written by a newer Dana (format {rows[0][0]}; this one knows {SCHEMA_VERSION})"
            raise StoreError(msg, "use that version, or another store")

    def _transaction(self, statements: Sequence[tuple[str, Sequence[Any]]]) -> list[tuple[Any, ...]]:
        raise NotImplementedError

    def _connect(self) -> Any:
        raise NotImplementedError

    def _problem(self, error: Exception) -> StoreError:
        raise NotImplementedError

    def _alone(self) -> Sequence[tuple[str, Sequence[Any]]]:
        """What keeps others from saving parameters until the transaction ends."""
        return ()

    def _one_at_a_time(self) -> Sequence[tuple[str, Sequence[Any]]]:
        """What keeps others from making the tables at the same time."""
        return ()
