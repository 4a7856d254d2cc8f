"""Events on disk: one SQLite table, appended to and chained by hashes.

Each row's hash is SHA-256 over the hash before it and the row's canonical text, so that a row that was changed,
removed or put in between no longer fits. What a chain cannot show is that its end was cut off; for that the tip
(number and hash of the last row) is kept in a second file, `<name>.tip`, and can be written down anywhere else
(`Verification.tip`).

Several processes may append to one file: a transaction reads the tip before it writes. Write-ahead logging with
`synchronous=NORMAL` survives the death of the process at any moment; `durable="power"` also survives that of the
machine, at the price of a disk flush for each commit.
"""

from __future__ import annotations

import os
from hashlib import sha256

from dana.adaptive.canonical import canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterator, Sequence
    from typing import Any

    Row = tuple[str, float, str, str, str, str, str]

GENESIS = "0" * 64
BUSY_MS = 2000
SCHEMA_VERSION = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS events (
    seq INTEGER PRIMARY KEY, run TEXT NOT NULL, at REAL NOT NULL, delivery TEXT NOT NULL, kind TEXT NOT NULL,
    subject TEXT NOT NULL, act TEXT NOT NULL, data TEXT NOT NULL, hash TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS events_by_kind ON events (kind, seq);
CREATE INDEX IF NOT EXISTS events_by_run ON events (run, seq);
"""
_INSERT = "INSERT INTO events VALUES (?,?,?,?,?,?,?,?,?)"


class JournalError(Exception):
    """Events could not be written or read; `hint` says what to do. Nothing that was stored before is lost."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Verification:
    """What checking a journal found: `count` rows, the `tip` as `seq:hash`, and `problem`, empty when all is well."""

    __slots__ = ("count", "problem", "seq", "tip")

    def __init__(self, count: int, tip: str, problem: str = "", seq: int | None = None) -> None:
        self.count = count
        self.tip = tip
        self.problem = problem
        self.seq = seq

    def __bool__(self) -> bool:
        return not self.problem

    def __repr__(self) -> str:
        return f"Verification(count={self.count}, tip={self.tip!r}, problem={self.problem!r})"


def chained(before: str, seq: int, row: Row) -> str:
    """The hash of a row that follows one with the hash `before`."""
    return sha256(f"{before}\n{seq}\n{canonical(list(row))}".encode("utf-8", "surrogatepass")).hexdigest()


class Journal:
    """The events of any number of runs in one file; `":memory:"` for tests.

    `durable`: "process" (a commit survives the process) or "power" (also the machine). `reading`: only look, at a
    file that must be there; nothing is made or changed. Raises `JournalError` when the file cannot be opened or is
    no journal.
    """

    def __init__(self, path: str, *, durable: str = "process", reading: bool = False) -> None:
        if durable not in ("process", "power"):
            msg = f'durable must be "process" or "power", not {durable!r}'
            raise ValueError(msg)
        self.path = path
        self._durable = durable
        self._connection = self._look() if reading else self._open()

    def _look(self) -> sqlite3.Connection:
        """The file without a right to change it; from a folder that cannot be written, too."""
        import sqlite3
        from pathlib import Path

        place = Path(self.path).absolute()
        problem: Exception | None = None
        # Readers of write-ahead logs leave a file beside; where they cannot and there is no log, none is needed.
        for options in ("mode=ro",) if os.path.exists(f"{place}-wal") else ("mode=ro", "mode=ro&immutable=1"):
            made = None
            try:
                made = sqlite3.connect(f"{place.as_uri()}?{options}", uri=True, check_same_thread=False, timeout=2.0)
                (version,) = made.execute("PRAGMA user_version").fetchone()
                tables = made.execute("SELECT COUNT(*) FROM sqlite_master WHERE name = 'events'").fetchone()
            except sqlite3.Error as error:
                problem = error
                if made is not None:
                    made.close()
                continue
            if version == SCHEMA_VERSION and tables[0]:
                return made
            made.close()
            raise self._foreign(version, bool(tables[0]))
        assert problem is not None
        raise _problem(problem, self.path, "opened") from problem

    def _foreign(self, version: int, has_events: bool) -> JournalError:
        if version <= SCHEMA_VERSION or not has_events:
            return JournalError(f"`{self.path}` is no ledger", "it is a database of something else")
        msg = f"`{self.path}` was written by a newer Dana (format {version}; this one knows {SCHEMA_VERSION})"
        return JournalError(msg, "use that version, or another file")

    def _open(self) -> sqlite3.Connection:
        import sqlite3

        try:
            if self.path != ":memory:":
                folder = os.path.dirname(os.path.abspath(self.path))
                os.makedirs(folder, mode=0o700, exist_ok=True)
            made = sqlite3.connect(
                self.path, isolation_level=None, check_same_thread=False, timeout=BUSY_MS / 1000, cached_statements=32
            )
            try:
                self._prepare(made)
            except BaseException:
                made.close()
                raise
        except (sqlite3.Error, OSError) as error:
            raise _problem(error, self.path, "opened") from error
        return made

    def _prepare(self, connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute(f"PRAGMA synchronous={'FULL' if self._durable == 'power' else 'NORMAL'}")
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        if version > SCHEMA_VERSION:
            raise self._foreign(version, has_events=True)
        if version < SCHEMA_VERSION:
            connection.executescript(f"BEGIN IMMEDIATE; {_SCHEMA} PRAGMA user_version={SCHEMA_VERSION}; COMMIT;")

    # --- writing ----------------------------------------------------------------------------------

    def append(self, rows: Sequence[Row]) -> int:
        """Write rows in one transaction, all or none; returns the number of the last one.

        A row is `(run, at, delivery, kind, subject, act, data)`, `data` being canonical text. Raises
        `JournalError`; the transaction is then undone.
        """
        import sqlite3

        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                seq, before = self._tip()
                made = []
                for row in rows:
                    seq += 1
                    before = chained(before, seq, row)
                    made.append((seq, *row, before))
                connection.executemany(_INSERT, made)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except sqlite3.Error as error:
            raise _problem(error, self.path, "written") from error
        return seq

    def _tip(self) -> tuple[int, str]:
        """The last row's number and hash; the driver's errors are the caller's."""
        found = self._connection.execute("SELECT seq, hash FROM events ORDER BY seq DESC LIMIT 1").fetchone()
        return found or (0, GENESIS)

    # --- reading ----------------------------------------------------------------------------------

    def rows(
        self,
        *,
        pattern: str = "*",
        run: str | None = None,
        subject: str = "*",
        trace: str = "",
        after: int = 0,
        limit: int | None = None,
        latest: bool = False,
    ) -> Iterator[tuple[Any, ...]]:
        """Rows `(seq, run, at, delivery, kind, subject, act, data, hash)` in order.

        `pattern` is a glob over kinds, `subject` one over subjects; `trace` is an act, whose own events and those that
        name it as their `trace` are meant; `limit` rows: the first, or the `latest`.
        """
        import sqlite3

        wanted = "SELECT * FROM events WHERE seq > ? AND kind GLOB ?"
        values: list[Any] = [after, pattern]
        if run is not None:
            wanted += " AND run = ?"
            values.append(run)
        if subject != "*":
            wanted += " AND subject GLOB ?"
            values.append(subject)
        if trace:
            wanted += " AND (act = ? OR CASE WHEN json_valid(data) THEN json_extract(data, '$.trace') END = ?)"
            values += [trace, trace]
        wanted += " ORDER BY seq DESC" if latest else " ORDER BY seq"
        if limit is not None:
            wanted += " LIMIT ?"
            values.append(limit)
        if latest:
            wanted = f"SELECT * FROM ({wanted}) ORDER BY seq"  # noqa: S608  (made of the texts above)
        try:
            yield from self._connection.execute(wanted, values)
        except sqlite3.Error as error:
            raise _problem(error, self.path, "read") from error

    def runs(self) -> list[tuple[str, float, int]]:
        """`(run, first moment, events)` of each run, oldest first."""
        import sqlite3

        asked = "SELECT run, MIN(at), COUNT(*) FROM events GROUP BY run ORDER BY MIN(seq)"
        try:
            return list(self._connection.execute(asked))
        except sqlite3.Error as error:
            raise _problem(error, self.path, "read") from error

    def tip(self) -> str:
        """`seq:hash` of the last row; written down elsewhere, it shows later that nothing was cut off."""
        import sqlite3

        try:
            seq, last = self._tip()
        except sqlite3.Error as error:
            raise _problem(error, self.path, "read") from error
        return f"{seq}:{last}"

    def verify(self, anchor: str = "") -> Verification:
        """Whether every row follows from the one before, and the row an earlier `tip` names is still there.

        Without `anchor`, the tip that was kept in the file's second file is used.
        """
        before, expected = GENESIS, 0
        anchors = {a for a in (anchor, self._kept_tip()) if a}
        met = {"0:" + GENESIS}
        for seq, *row, said in self.rows():
            expected += 1
            if seq != expected:
                return Verification(expected - 1, f"{expected - 1}:{before}", f"row {expected} is missing", expected)
            if chained(before, seq, tuple(row)) != said:
                return Verification(expected - 1, f"{expected - 1}:{before}", f"row {seq} was changed", seq)
            before = said
            tip = f"{seq}:{said}"
            if tip in anchors:
                met.add(tip)
        tip = f"{expected}:{before}"
        for lost in sorted(anchors - met):
            number = lost.partition(":")[0]
            return Verification(expected, tip, f"row {number}, which was the last one once, is gone or another", None)
        return Verification(expected, tip)

    def _kept_tip(self) -> str:
        try:
            with open(self.path + ".tip", encoding="ascii") as stream:
                return stream.read(200).strip()
        except (OSError, UnicodeDecodeError):
            return ""

    def keep_tip(self) -> None:
        """Store the tip in the second file; replaced at once, never half written."""
        if self.path == ":memory:":
            return
        beside = f"{self.path}.tip.{os.getpid()}"
        try:
            with open(beside, "w", encoding="ascii") as stream:
                stream.write(self.tip() + "\n")
            os.replace(beside, self.path + ".tip")
        except OSError as error:
            raise _problem(error, self.path, "written") from error

    def close(self) -> None:
        """Close the file; the journal cannot be used afterwards."""
        self._connection.close()


def _problem(error: BaseException, path: str, what: str) -> JournalError:
    """A JournalError in words that help."""
    text = str(error)
    if isinstance(error, JournalError):
        return error
    hints = {
        "locked": "another process holds it; it is tried again with the next events",
        "readonly": "the file or its folder cannot be written: choose another place, or change its permissions",
        "read-only": "the file or its folder cannot be written: choose another place, or change its permissions",
        "full": "the disk is full: what is not stored yet is kept in memory and written as soon as there is room",
        "I/O error": "the disk is full or fails: what is not stored yet is kept in memory and tried again",
        "not a database": "this is no journal, or it is damaged: move it away, a new one is made",
        "malformed": "the file is damaged: move it away, a new one is made; `dana audit verify` says what can be read",
        "unable to open": "the folder does not exist or cannot be written",
        "Permission": "the file or its folder cannot be written: choose another place, or change its permissions",
    }
    hint = next((h for word, h in hints.items() if word in text), "")
    return JournalError(f"the journal `{path}` cannot be {what}: {text}", hint)
