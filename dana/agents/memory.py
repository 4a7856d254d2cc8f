"""What an agent remembers: facts under keys, and episodes in the order they happened (M21, M72).

    memory = memory_of(system, "Inspector", "north")
    memory.remember("threshold", 0.8)
    memory.recall("threshold")                      # 0.8, also after a restart
    memory.similar("which threshold?")              # [{"key": "threshold", "value": 0.8, "score": …}]
    memory.add_episode("chat", {"said": "hello"})
    memory.episodes(5, kind="chat")                 # the latest five, oldest first

One SQLite file holds the memories of all agents of a project, each apart from the others: by the agent's type and name.
Without a file they live as long as the program. A write is one transaction in the write-ahead log, so a process that is
killed loses nothing it was told is remembered. Everything is bounded (`Bounds`): an agent that runs into a bound gives
up what it has used least recently, its own and nobody else's.

Secrets are never written: a `Secret` is refused (E876), the text of one that the program holds is replaced by `***`,
and in episodes also what has the shape of a key. What cannot be read or written is an OSError (E877) that says why, and
the file stays as it is.
"""

from __future__ import annotations

import os
import re
import sqlite3

from dana.agents.remembering import decode, encode
from dana.diagnostics import shown_name
from dana.runtime.stops import failure
from dana.runtime.typevalues import kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from dana.adaptive.redaction import Redactor
    from dana.runtime.program import Program

DEFAULT = ".dana/memory.db"
BUSY_S = 2.0
SCHEMA_VERSION = "1"
MAX_KEY = 500
PAGE = 4096
# At a bound what is kept is counted anew, but not for each entry: counting takes as long as there are entries.
RECOUNT_EVERY = 256
TABLES = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS agents (id INTEGER PRIMARY KEY, type TEXT NOT NULL, name TEXT NOT NULL, UNIQUE (type, name));
CREATE TABLE IF NOT EXISTS facts (agent INTEGER NOT NULL, key TEXT NOT NULL, data TEXT NOT NULL, size INTEGER NOT NULL,
    at REAL NOT NULL, used INTEGER NOT NULL, PRIMARY KEY (agent, key));
CREATE INDEX IF NOT EXISTS facts_by_use ON facts (agent, used);
CREATE TABLE IF NOT EXISTS episodes (id INTEGER PRIMARY KEY AUTOINCREMENT, agent INTEGER NOT NULL, kind TEXT NOT NULL,
    at REAL NOT NULL, data TEXT NOT NULL, size INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS episodes_of ON episodes (agent, id)
"""
PUT_FACT = """
INSERT INTO facts (agent, key, data, size, at, used) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (agent, key)
DO UPDATE SET data = excluded.data, size = excluded.size, at = excluded.at, used = excluded.used
"""
PUT_EPISODE = "INSERT INTO episodes (agent, kind, at, data, size) VALUES (?, ?, ?, ?, ?)"
COUNTED = """
SELECT (SELECT COUNT(*) FROM facts WHERE agent = :agent), (SELECT COUNT(*) FROM episodes WHERE agent = :agent),
    (SELECT COALESCE(SUM(size), 0) FROM facts WHERE agent = :agent)
    + (SELECT COALESCE(SUM(size), 0) FROM episodes WHERE agent = :agent),
    (SELECT COALESCE(MAX(used), 0) FROM facts WHERE agent = :agent)
"""
TOTAL = "SELECT (SELECT COALESCE(SUM(size), 0) FROM facts) + (SELECT COALESCE(SUM(size), 0) FROM episodes)"
# So many of an agent's facts, or episodes, are compared with a text; of each, as much as `similarity` looks at.
MOST_COMPARED = 2_000
MOST_FOUND = 100
LAST_USED = "SELECT key, substr(data, 1, 20000) FROM facts WHERE agent = ? ORDER BY used DESC LIMIT ?"
LATEST_EPISODES = (
    "SELECT id, substr(data, 1, 20000) FROM episodes WHERE agent = ? AND kind = ? ORDER BY id DESC LIMIT ?"
)
# What `remembering` says about a value, which is none of its words.
_TAGGED = re.compile(r'"\$":"\w+",(?:"in":"[^"]*",)?(?:"is":)?')
OLDEST_EPISODES = "SELECT id, size FROM episodes WHERE agent = ? ORDER BY id LIMIT 64"
LEAST_USED = "SELECT key, size FROM facts WHERE agent = ? ORDER BY used LIMIT 64"


class Bounds:
    """How much is kept: `store` bytes in one file, and per agent `keys`, `episodes`, and bytes in one `value`."""

    __slots__ = ("episodes", "keys", "store", "value")

    def __init__(
        self, store: int = 100_000_000, keys: int = 10_000, episodes: int = 10_000, value: int = 1_000_000
    ) -> None:
        self.store = store
        self.keys = keys
        self.episodes = episodes
        self.value = value


class Episode:
    """One thing that happened: its `kind`, when (seconds since 1970), the `data`."""

    __slots__ = ("at", "data", "kind")

    def __init__(self, kind: str, at: float, data: Any) -> None:
        self.kind = kind
        self.at = at
        self.data = data

    def __repr__(self) -> str:
        return f"Episode({self.kind!r}, {self.data!r})"


class Memory:
    """What one agent remembers. Values are copied in and out: nobody else can change what an agent knows."""

    __slots__ = ("_agent", "_at_bound", "_known", "_name", "_store", "_touched", "_type", "_used")

    def __init__(self, store: MemoryStore, type_name: str, name: str) -> None:
        self._store = store
        self._type = type_name
        self._name = name
        self._agent: int | None = None
        # [keys, episodes, bytes], as counted last: another process may change it.
        self._known = [0, 0, 0]
        self._at_bound = 0
        self._used = 0
        self._touched: dict[str, int] = {}  # keys that were recalled and not yet marked as used in the file

    # --- facts ------------------------------------------------------------------------------------

    def remember(self, key: str, value: Any) -> None:
        """Keep a value under a key, in the place of what was there. Raises E876 for what is no data, E877."""
        _checked_key(key)
        text = encode(value, self._store.hidden, f"what is to be remembered under `{key}`")
        size = self._sized(text, f"what is to be remembered under `{key}`") + len(key)
        self._put(key, text, size, self._store.now())

    def _put(self, key: str, text: str, size: int, at: float) -> None:
        with self._store.writing() as write:
            agent = self._id(write)
            self._mark_used(write)
            old = write("SELECT size FROM facts WHERE agent = ? AND key = ?", (agent, key))
            self._make_room(write, size - (old[0][0] if old else 0), facts=not old, keep=key)
            self._used += 1
            write(PUT_FACT, (agent, key, text, size, at, self._used))
            self._count(0 if old else 1, 0, size - (old[0][0] if old else 0))

    def recall(self, key: str, default: Any = None) -> Any:
        """What is kept under a key, else `default`."""
        _checked_key(key)
        text = self._text(key)
        return default if text is None else self._store.value(text, f"what is remembered under `{key}`")

    def _text(self, key: str) -> str | None:
        agent = self._id(None)
        rows = self._store.read("SELECT data FROM facts WHERE agent = ? AND key = ?", (agent, key)) if agent else []
        if not rows:
            return None
        self._used += 1
        self._touched[key] = self._used
        if len(self._touched) > 1_000:
            self.flush()
        return str(rows[0][0])

    def forget(self, key: str) -> bool:
        """Keep nothing under a key any more; False when nothing was."""
        _checked_key(key)
        return self._dropped(key)

    def _dropped(self, key: str) -> bool:
        with self._store.writing() as write:
            agent = self._id(write)
            rows = write("DELETE FROM facts WHERE agent = ? AND key = ? RETURNING size", (agent, key))
        self._touched.pop(key, None)
        if rows:
            self._count(-1, 0, -rows[0][0])
        return bool(rows)

    def keys(self) -> list[str]:
        """The keys under which something is kept, in alphabetical order."""
        agent = self._id(None)
        rows = self._store.read("SELECT key FROM facts WHERE agent = ? ORDER BY key", (agent,)) if agent else []
        return [key for (key,) in rows]

    # --- what is like something -------------------------------------------------------------------

    def similar(self, text: str, limit: int = 5, kind: str | None = None) -> list[dict[str, Any]]:
        """What is remembered that is like a text, the most alike first: `key value score`.

        With `kind`, episodes of that kind instead: `at value score`. Scores are from 0 to 1 (`similarity`). Looked at
        are the `MOST_COMPARED` facts that were used last, the latest episodes. Raises E876 for what is no text, E877.
        """
        if not isinstance(text, str):
            raise failure(TypeError, "E876", f"what is looked for in memory is a text, not {kind_of(text)}")
        if limit.__class__ is not int or not 1 <= limit <= MOST_FOUND:
            raise failure(ValueError, "E876", f"`limit` is a whole number from 1 to {MOST_FOUND}")
        if kind is not None:
            _checked_key(kind, "a kind of episode")
        name = "key" if kind is None else "at"
        found = self._similar(text, limit, kind)
        what = "what is remembered"
        return [{name: key, "value": self._store.value(data, what), "score": score} for key, data, score in found]

    def _similar(self, text: str, limit: int, kind: str | None) -> list[list[Any]]:
        """Keys (times, of episodes), the text of what is kept there, scores."""
        from dana.agents.similarity import ranked

        agent = self._id(None)
        if not agent:
            return []
        if kind is None:
            rows = self._store.read(LAST_USED, (agent, MOST_COMPARED))
        else:
            rows = self._store.read(LATEST_EPISODES, (agent, kind, MOST_COMPARED))
        texts = [(str(at), f"{'' if kind else key} {_TAGGED.sub('', data)}") for at, (key, data) in enumerate(rows)]
        best = ranked(text, texts, limit, self._store.check)
        chosen = [(rows[int(at)][0], score) for at, score in best]
        if kind is None:
            return [[key, self._text(key), score] for key, score in chosen]
        whole = "SELECT at, data FROM episodes WHERE id = ?"
        return [[*self._store.read(whole, (number,))[0], score] for number, score in chosen]

    # --- episodes ---------------------------------------------------------------------------------

    def add_episode(self, kind: str, data: Any) -> None:
        """Keep that something happened; the oldest make room. Raises E876 for what is no data, E877."""
        _checked_key(kind, "a kind of episode")
        text = encode(data, self._store.redacted, f"an episode of kind `{kind}`")
        size = self._sized(text, f"an episode of kind `{kind}`") + len(kind)
        self._append(kind, text, size, self._store.now())

    def _append(self, kind: str, text: str, size: int, at: float) -> None:
        with self._store.writing() as write:
            agent = self._id(write)
            self._make_room(write, size, facts=False)
            write(PUT_EPISODE, (agent, kind, at, text, size))
            self._count(0, 1, size)

    def episodes(self, limit: int = 100, kind: str | None = None) -> list[Episode]:
        """The latest episodes (of one kind), the oldest of them first."""
        rows = self._latest(limit, kind)
        return [Episode(k, at, self._store.value(data, f"an episode of kind `{k}`")) for k, at, data in rows]

    def _latest(self, limit: int, kind: str | None) -> list[list[Any]]:
        agent = self._id(None)
        if not agent or limit <= 0:
            return []
        where, values = ("", ()) if kind is None else (" AND kind = ?", (kind,))
        text = f"SELECT kind, at, data FROM episodes WHERE agent = ?{where} ORDER BY id DESC LIMIT ?"  # noqa: S608
        rows = self._store.read(text, (agent, *values, min(limit, self._store.bounds.episodes)))
        return [list(row) for row in reversed(rows)]

    def forget_episodes(self, kind: str) -> int:
        """Forget the episodes of one kind; how many there were."""
        with self._store.writing() as write:
            agent = self._id(write)
            text = "SELECT COUNT(*), COALESCE(SUM(size), 0) FROM episodes WHERE agent = ? AND kind = ?"
            count, size = self._store.read(text, (agent, kind))[0]
            write("DELETE FROM episodes WHERE agent = ? AND kind = ?", (agent, kind))
            self._count(0, -count, -size)
        return int(count)

    # --- all of it --------------------------------------------------------------------------------

    def clear(self) -> None:
        """Forget everything, facts and episodes."""
        with self._store.writing() as write:
            agent = self._id(write)
            write("DELETE FROM facts WHERE agent = ?", (agent,))
            write("DELETE FROM episodes WHERE agent = ?", (agent,))
        self._known = [0, 0, 0]
        self._touched.clear()

    def flush(self) -> None:
        """Write down which keys were recalled lately; the values themselves are written already."""
        if self._touched:
            with self._store.writing() as write:
                self._mark_used(write)

    # --- inside -----------------------------------------------------------------------------------

    def _id(self, write: Write | None) -> int:
        """The agent's number in the file; 0 when nothing is known of it and nothing is to be written."""
        if self._agent is None:
            who = (self._type, self._name)
            if write is not None:
                write("INSERT INTO agents (type, name) VALUES (?, ?) ON CONFLICT DO NOTHING", who)
            rows = self._store.read("SELECT id FROM agents WHERE type = ? AND name = ?", who)
            if not rows:
                return 0
            self._agent = int(rows[0][0])
            self._recount(self._agent)
        return self._agent

    def _recount(self, agent: int) -> None:
        keys, episodes, size, used = self._store.read(COUNTED, {"agent": agent})[0]
        self._known = [keys, episodes, size]
        self._used = max(self._used, used)

    def _count(self, keys: int, episodes: int, size: int) -> None:
        known = self._known
        known[0] += keys
        known[1] += episodes
        known[2] += size
        self._store.total += size

    def _mark_used(self, write: Write) -> None:
        agent = self._id(write)
        for key, used in self._touched.items():
            write("UPDATE facts SET used = ? WHERE agent = ? AND key = ?", (used, agent, key))
        self._touched.clear()

    def _sized(self, text: str, what: str) -> int:
        size = len(text) if text.isascii() else len(text.encode("utf-8"))
        most = self._store.bounds.value
        if size > most:
            hint = "remember a summary, or where it is kept (a file, a table)"
            raise failure(ValueError, "E876", f"{what} has {size:,} bytes; at most {most:,} are remembered", hint)
        return size

    def _make_room(self, write: Write, size: int, *, facts: bool, keep: str = "") -> None:
        """Give up what was used least until one more entry of `size` bytes fits."""
        bounds, store = self._store.bounds, self._store
        agent = self._id(write)
        known = self._known
        if known[0] + facts > bounds.keys or known[1] >= bounds.episodes or store.total + size > bounds.store:
            if self._at_bound % RECOUNT_EVERY == 0:
                self._recount(agent)
                store.recount()
            self._at_bound += 1
        while facts and self._known[0] + 1 > bounds.keys and self._give_up_facts(write, agent, keep, 1):
            pass
        while not facts and not keep and self._known[1] >= bounds.episodes and self._give_up_episodes(write, agent, 1):
            pass
        while (over := store.total + size - bounds.store) > 0:
            # What happened long ago goes first, then what nobody asked for.
            if not self._give_up_episodes(write, agent, over) and not self._give_up_facts(write, agent, keep, over):
                msg = f"the memory `{store.shown}` is full: {bounds.store:,} bytes, which other agents use"
                raise failure(
                    OSError, "E877", msg, "forget what is not needed any more, or give this agent its own file"
                )

    def _give_up_facts(self, write: Write, agent: int, keep: str, over: int) -> bool:
        rows = [(key, size) for key, size in self._store.read(LEAST_USED, (agent,)) if key != keep]
        for key, size in rows:
            write("DELETE FROM facts WHERE agent = ? AND key = ?", (agent, key))
            self._touched.pop(key, None)
            self._count(-1, 0, -size)
            over -= size
            if over <= 0:
                break
        return bool(rows)

    def _give_up_episodes(self, write: Write, agent: int, over: int) -> bool:
        rows = self._store.read(OLDEST_EPISODES, (agent,))
        for number, size in rows:
            write("DELETE FROM episodes WHERE id = ?", (number,))
            self._count(0, -1, -size)
            over -= size
            if over <= 0:
                break
        return bool(rows)


class TapedMemory(Memory):
    """Memory in a run that is recorded or repeated: a replay is told what was remembered then, and keeps nothing."""

    __slots__ = ()

    def _taped(self, name: str, act: Callable[..., Any], *asked: Any) -> Any:
        def answer(_type: str, _name: str, *given: Any) -> Any:
            return act(*given)

        return self._store.tape.native(f"memory.{name}", answer)(self._type, self._name, *asked)

    def _put(self, key: str, text: str, size: int, at: float) -> None:
        self._taped("remember", super()._put, key, text, size, at)

    def _text(self, key: str) -> str | None:
        text: str | None = self._taped("recall", super()._text, key)
        return text

    def _dropped(self, key: str) -> bool:
        return bool(self._taped("forget", super()._dropped, key))

    def _similar(self, text: str, limit: int, kind: str | None) -> list[list[Any]]:
        def found(text: str, limit: int, kind: str | None) -> list[list[Any]]:
            return Memory._similar(plain, text, limit, kind)

        # What is looked up on the way is a part of the answer, and not on the tape by itself.
        plain: Any = Memory(self._store, self._type, self._name)
        return list(self._taped("similar", found, text, limit, kind))

    def keys(self) -> list[str]:
        """The keys under which something is kept, in alphabetical order."""
        return list(self._taped("keys", super().keys))

    def _append(self, kind: str, text: str, size: int, at: float) -> None:
        self._taped("add_episode", super()._append, kind, text, size, at)

    def _latest(self, limit: int, kind: str | None) -> list[list[Any]]:
        return list(self._taped("episodes", super()._latest, limit, kind))

    def forget_episodes(self, kind: str) -> int:
        """Forget the episodes of one kind; how many there were."""
        return int(self._taped("forget_episodes", super().forget_episodes, kind))

    def clear(self) -> None:
        """Forget everything, facts and episodes."""
        self._taped("clear", super().clear)


def _checked_key(key: Any, what: str = "a key of memory") -> None:
    if not isinstance(key, str):
        raise failure(TypeError, "E876", f"{what} is a text, not {type(key).__name__}", "write it as a text: str(…)")
    if not 0 < len(key) <= MAX_KEY:
        raise failure(ValueError, "E876", f"{what} has 1 to {MAX_KEY} characters, this one {len(key):,}")


# --- the file -------------------------------------------------------------------------------------

if TYPE_CHECKING:
    from collections.abc import Callable

    Write = Callable[..., list[tuple[Any, ...]]]


class MemoryStore:
    """The memories of a project's agents, in the file `path` (":memory:": as long as this object).

    `program` says what time it is, which structs there are and which secrets must not be written. The file is opened
    when something is remembered or recalled first, not before.
    """

    def __init__(self, path: str, program: Program | None = None, bounds: Bounds | None = None) -> None:
        self.path = path
        self.bounds = bounds if bounds is not None else Bounds()
        self.total = 0
        # What is remembered and recalled is on the tape of a run that is recorded or repeated.
        self.tape: Any = getattr(program, "tape", None)
        self._program = program
        self._open: sqlite3.Connection | None = None
        self._agents: dict[tuple[str, str], Memory] = {}
        self._redactor: Redactor | None = None
        # How many agents of a type have come without a name.
        self._unnamed: dict[str, int] = {}

    @property
    def shown(self) -> str:
        """The file, as people read it."""
        return "in this process" if self.path == ":memory:" else shown_name(self.path)

    def agent(self, type_name: str, name: str) -> Memory:
        """The memory of one agent: the same object whenever it is asked for."""
        found = self._agents.get((type_name, name))
        if found is None:
            kind = Memory if self.tape is None else TapedMemory
            found = self._agents[type_name, name] = kind(self, type_name, name)
        return found

    def unnamed(self, type_name: str) -> str:
        """What stands for the name of an agent that has none: the first of its type has its type's, then `Clerk#2`."""
        number = self._unnamed[type_name] = self._unnamed.get(type_name, 0) + 1
        return type_name if number == 1 else f"{type_name}#{number}"

    def now(self) -> float:
        """Seconds since 1970, by the program's clock."""
        from time import time

        return time() if self._program is None else float(self._program.clock.time())

    def check(self) -> None:
        """Whether the program may go on; raises what stops it."""
        if self._program is not None:
            self._program.meter.check()

    def close(self) -> None:
        """Write down what was used lately, and let go of the file."""
        if self._open is None:
            return
        try:
            for memory in self._agents.values():
                memory.flush()
        finally:
            self._open.close()
            self._open = None

    # --- texts ------------------------------------------------------------------------------------

    def hidden(self, text: str) -> str:
        """A text without the secrets that the program holds."""
        held = None if self._program is None else self._program.secrets
        return text if held is None else str(held.hidden(text))

    def redacted(self, text: str) -> str:
        """A text without the secrets that the program holds and without what looks like a key."""
        if self._redactor is None:
            from dana.adaptive.redaction import Redactor

            self._redactor = Redactor()
        return self._redactor.text(self.hidden(text))

    def value(self, text: str, what: str) -> Any:
        """What a stored text stands for. Raises E877 when it is damaged."""
        try:
            return decode(text, self._program)
        except ValueError as damaged:
            raise self._problem(f"{what} is damaged: {damaged}") from None

    # --- statements -------------------------------------------------------------------------------

    def read(self, text: str, values: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        try:
            return self._connection().execute(text, values).fetchall()
        except (sqlite3.Error, OSError) as error:
            raise self._problem(str(error)) from None

    def writing(self) -> _Writing:
        """`with store.writing() as write:`: one transaction; `write(text, values)` returns rows. Nothing in half."""
        return _Writing(self)

    def recount(self) -> None:
        """Count what all agents keep; others may write to the same file."""
        self.total = self.read(TOTAL, ())[0][0]

    def _connection(self) -> sqlite3.Connection:
        if self._open is None:
            self._open = self._connected()
            self.recount()
        return self._open

    def _connected(self) -> sqlite3.Connection:
        if self.path != ":memory:":
            os.makedirs(os.path.dirname(os.path.abspath(self.path)), mode=0o700, exist_ok=True)
        made = sqlite3.connect(self.path, isolation_level=None, check_same_thread=False, timeout=BUSY_S)
        try:
            made.execute("PRAGMA journal_mode=WAL")
            made.execute("PRAGMA synchronous=NORMAL")
            # Whatever is counted wrongly: the file itself has an end.
            made.execute(f"PRAGMA max_page_count={max(64, 2 * self.bounds.store // PAGE)}")
            self._set_up(made)
        except BaseException:
            made.close()
            raise
        return made

    def _set_up(self, made: sqlite3.Connection) -> None:
        known = made.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        names = {name for (name,) in known}
        if names and not {"meta", "agents", "facts"} <= names:
            raise self._problem("this is a database of something else", "name another file")
        if not names:
            made.execute("BEGIN IMMEDIATE")
            for table in TABLES.split(";"):
                made.execute(table)
            made.execute("INSERT INTO meta VALUES ('schema', ?) ON CONFLICT DO NOTHING", (SCHEMA_VERSION,))
            made.execute("COMMIT")
        found = made.execute("SELECT value FROM meta WHERE name = 'schema'").fetchall()
        if found and found[0][0] != SCHEMA_VERSION:
            msg = f"it was written by a newer Dana (format {found[0][0]}; this one knows {SCHEMA_VERSION})"
            raise self._problem(msg, "use that version, or another file")

    def _problem(self, text: str, hint: str = "") -> Exception:
        said = hint or next(
            (say for word, say in _HINTS.items() if word in text), "check the folder and its permissions"
        )
        return failure(OSError, "E877", f"the memory `{self.shown}` cannot be used: {text}", said)


class _Writing:
    """One transaction. What a failure leaves is counted again: it may be on the disk or not."""

    __slots__ = ("_connection", "_store")

    def __init__(self, store: MemoryStore) -> None:
        self._store = store

    def __enter__(self) -> Write:
        store = self._store
        try:
            self._connection = store._connection()
            self._connection.execute("BEGIN IMMEDIATE")
        except (sqlite3.Error, OSError) as error:
            raise _told(store, error) from None
        return self._write

    def _write(self, text: str, values: Iterable[Any] = ()) -> list[tuple[Any, ...]]:
        try:
            return self._connection.execute(text, tuple(values)).fetchall()
        except sqlite3.Error as error:
            raise _told(self._store, error) from None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        try:
            self._connection.execute("COMMIT" if error is None else "ROLLBACK")
        except sqlite3.Error as problem:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            if error is None:
                self._forget_counts()
                raise _told(self._store, problem) from None
        if error is not None:
            self._forget_counts()

    def _forget_counts(self) -> None:
        for memory in self._store._agents.values():
            memory._agent = None
        try:
            self._store.recount()
        except OSError:
            self._store.total = 0  # the next one that can be read is counted when a bound is near


def _fault(message: str, hint: str) -> Exception:
    """E877. It says something about the world: an agent is not made anew because of it."""
    error = failure(OSError, "E877", message, hint)
    error.leaf = "configuration.store"  # type: ignore[attr-defined]
    return error


def _told(store: MemoryStore, error: Exception) -> Exception:
    if getattr(error, "_code", "") == "E877":
        return error
    return store._problem(str(error))


_HINTS = {
    "locked": "another process is writing to it and does not end; nothing was lost, try again",
    "readonly": "the file or its folder cannot be written",
    "read-only": "the folder cannot be written",
    "full": "the disk is full; what was remembered before is kept",
    "I/O error": "the disk is full or fails; what was remembered before is kept",
    "not a database": "this is no memory, or it is damaged: move it away, then a new one is made",
    "malformed": "the file is damaged: move it away, then a new one is made",
    "is damaged": "forget it, or move the file away",
    "unable to open": "the folder does not exist or cannot be written",
}


# --- of a program ---------------------------------------------------------------------------------


def memory_of(system: Any, type_name: str, agent_name: str, where: Any = None) -> Memory:
    """The memory of an agent of `system` (anything with a `program`).

    `agent_name` is what tells it from other agents of its type. `where` is what the agent's field `memory` says: True
    or None is the program's memory (a file if its engine was given one), False one that ends with the program, a text
    the file of that name, which the program must be granted to read and write (raises `Denied`).
    """
    return store_of(system.program, where).agent(type_name, agent_name)


def store_of(program: Program, where: Any = None) -> MemoryStore:
    """The store behind `where` (see `memory_of`), opened once per program and closed with it."""
    if where.__class__ not in (str, bool, type(None)):
        raise failure(TypeError, "E876", "the field `memory` of an agent is true, false, or the path of a file")
    tape = getattr(program, "tape", None)
    path = _place(program, where) if tape is None else tape.native("memory.open", lambda w: _place(program, w))(where)
    stores = program.memories
    if stores is None:
        stores = program.memories = {}
    found: MemoryStore | None = stores.get(path)
    if found is None:
        found = stores[path] = MemoryStore(path, program)
    return found


def _place(program: Program, where: Any) -> str:
    """The file that is meant, or ":memory:". Raises `Denied`."""
    if isinstance(where, str):
        path = program.policy.path("write", where)
        program.policy.require("read", path)
        return path
    return _default(program) if where is None or where is True else ":memory:"


def _default(program: Program) -> str:
    """The program's own file. "auto": the one of its project (the folder with a dana.toml), else none."""
    where = program.memory_path
    if where != "auto":
        return where or ":memory:"
    main = program.modules.get("__main__")
    folder = os.path.dirname(os.path.abspath(main.file)) if main is not None else ""
    while folder and not os.path.exists(os.path.join(folder, "dana.toml")):
        above = os.path.dirname(folder)
        folder = above if above != folder else ""
    path = os.path.join(folder, DEFAULT)
    # Whoever forbids a program to write there forbids its memory, too.
    where = program.memory_path = path if folder and not program.policy.policy.denies("write", path) else ""
    return where or ":memory:"
