"""Runs that can be repeated: what a program was told is kept beside what it did (`dana replay`).

A program of Dana is a function of what it is told: its text, its arguments, the clock, chance, and the answers of
whatever it reaches outside. A recorded run keeps all of these in the ledger, as `keep` events beside the program's own:

    replay.start    what was run: text and hash, arguments, seed, limits, moment
    replay.module   a module that was loaded, and the hash of its text
    replay.answer   what came from outside: host functions, effects, files, environment, `input`
    replay.part     a piece of an answer that is too long for one event
    replay.order    in which order answers, messages of agents and ends of sleeps came, where several are under way
    replay.clock    readings of the clock, in the order in which they were taken
    replay.learnt   what a function was told by the store of what it learnt
    replay.print    what was printed
    replay.end      how it ended

Three sorts of readings are kept apart, since they are asked for at different places: the time of day, the program's own
durations, POET's. What limits and deadlines look at is not kept: in a replay their clock goes on by what is waited for.

Secrets are taken out before anything is written. An answer that lost some by it says so (`redacted`), and a replay that
departs after one names it.
"""

from __future__ import annotations

import json
import zlib
from contextvars import ContextVar
from hashlib import sha256

from dana.adaptive.ledger import Ledger
from dana.engine.ordering import Deliveries
from dana.runtime.stops import TimeoutStop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from typing import Any

    from dana.adaptive.ledger import Event
    from dana.engine.engine import Engine, _Run
    from dana.poet.plan import Plan
    from dana.source import Source

FORMAT = 1
# An event holds 64 KiB; hex digits of a compressed answer come in pieces of this many.
PIECE = 48 * 1024
LARGE = 24 * 1024
READINGS = 500
# An effect that ends so close to a deadline was ended by it.
NEAR_S = 0.002
WALL, OWN, POET = "wall", "own", "poet"
# Native modules that reach outside; what they export is answered from the record. Effects are caught where they begin.
REACHING = frozenset({"natives.files", "natives.process", "natives.http", "natives.terminal"})
# Whether what runs is the inside of something whose answer is kept as a whole; each call that waits has its own.
_INSIDE: ContextVar[bool] = ContextVar("inside", default=False)
# What a replay is told and does not compare.
TOLD = frozenset(f"replay.{kind}" for kind in ("start", "part", "clock", "order", "answer", "learnt"))
UNTAPED = frozenset({"use", "progress", "json_of", "refuse_status", "bar", "columns_of"})


def recorder(path: str) -> Callable[[Engine], Recorder]:
    """What makes the tapes of an engine's runs, in the ledger at `path`. Raises `JournalError` where that cannot be."""
    from dana.adaptive.journal import Journal

    Journal(path).close()  # what is wrong with it is said before anything runs
    return lambda engine: Recorder(engine, path)


def tape_natives(program: Any, module: str, names: dict[str, Any]) -> None:
    """Have the functions of a native module that reach outside on the program's tape; its effects are there already."""
    if module not in REACHING:
        return
    for name, value in names.items():
        if callable(value) and name not in UNTAPED and value.__class__.__name__ != "Effect":
            names[name] = program.tape.native(f"{module.partition('.')[2]}.{name}", value)


class TapeLedger(Ledger):
    """A ledger that outlives its program: the end of the run is written after the program's own last word.

    `caused`: how many events a replay will compare are in it so far.
    """

    caused = 0

    def keep(self, kind: str, subject: str = "", data: Any = None, *, act: str = "") -> None:
        """As all ledgers do."""
        super().keep(kind, subject, data, act=act)
        if kind not in TOLD:
            self.caused += 1

    def audit(self, kind: str, subject: str = "", data: Any = None, *, act: str = "") -> Event:
        """As all ledgers do."""
        event = super().audit(kind, subject, data, act=act)
        self.caused += 1
        return event

    def close(self) -> None:
        """Store what waits. `shut` lets go of the journal."""
        if not self._closed:
            self.flush()

    def shut(self) -> None:
        """Store what waits and let go of the journal."""
        super().close()


class Recorder:
    """The tape of one run, `program.tape`; its methods are called by the engine and the runtime."""

    def __init__(self, engine: Engine, path: str) -> None:
        import time
        from random import SystemRandom

        from dana.adaptive.journal import Journal

        base = engine._clock or time
        self.clock = RecordedClock(base, self._readings)
        self.meter_clock = base.monotonic
        self.seed = SystemRandom().getrandbits(53) if engine._seed is None else engine._seed
        self.run = f"{_stamp(base.time())}-{SystemRandom().getrandbits(24):06x}"
        self.ledger = TapeLedger(Journal(path), now=self._now, run=self.run)
        self._base = base
        self._is_own = False
        self._counts: dict[str, int] = {}
        self._open: dict[tuple[str, int], tuple[Any, Awaitable[Any]]] = {}
        self.deliveries = Deliveries(lambda came: self.note("order", "", came))
        self.clock.slept = self._slept
        self._program: Any = None

    def poet_clock(self, clock: Callable[[], float]) -> Callable[[], float]:
        """The clock of POET, taped."""
        readings = self.clock.readings

        def reading() -> float:
            return readings.taken(POET, clock())

        return reading

    def _now(self) -> float:
        return float(self._base.time()) if self._is_own else self.clock.time()

    def delivers(self, actor: Any) -> bool:
        """An agent is about to process its next message; true: it may."""
        self.deliveries.add(f"m:{actor.id}/{actor.processed}={actor.mailbox.size}", self.ledger.caused)
        return True

    def _slept(self, number: int) -> None:
        if self._program is not None and self._program.agents is not None:
            self.deliveries.add(f"s:{number}", self.ledger.caused)

    def note(self, kind: str, subject: str, data: Any) -> None:
        """An event of the tape itself; its moment is no reading of the program's clock."""
        self._is_own = True
        try:
            self.ledger.keep(f"replay.{kind}", subject, data)
        finally:
            self._is_own = False

    # --- functions that learn -----------------------------------------------------------------------

    def decorated(self, plan: Plan) -> None:
        """A function was decorated."""

    def observer(self, plan: Plan) -> None:
        """Single calls are events already, where anybody wants them."""

    def learnt(self, plan: Plan, values: Mapping[str, Any]) -> None:
        """A function has learnt: what it knows is something it was told."""
        self.note("learnt", plan.name, dict(values))

    def _readings(self, sort: str, readings: list[float]) -> None:
        self.note("clock", sort, readings)

    # --- the run ------------------------------------------------------------------------------------

    def whole(self, run: _Run, arguments: Mapping[str, Any] | None, main: Callable[[Any], Any]) -> Any:
        """The run, from its first event to its last."""
        self._program = run.program
        self.note("start", run._name, self._started(run, arguments))
        outcome: dict[str, Any] = {"outcome": "stopped"}
        try:
            value = main(arguments)
            outcome = {"outcome": "value", "value": written(value)}
        except Exception as error:  # how it ended is an event, whatever it was
            outcome = ended(error)
            raise
        finally:
            for (name, number), (asked, awaitable) in list(self._open.items()):
                self._answer(name, number, asked, {"cancelled": True})
                _never_begun(awaitable)
            self.deliveries.flush()
            self.clock.readings.flush()
            self.note("end", run._name, outcome)
            self.ledger.shut()
        return value

    def _started(self, run: _Run, arguments: Mapping[str, Any] | None) -> dict[str, Any]:
        from platform import python_version

        import dana

        engine = run._engine
        text = run._text
        limits = engine.limits
        data: dict[str, Any] = {
            "format": FORMAT, "dana": dana.__version__, "python": python_version(), "path": run._path,
            "name": run._name,
            "seed": self.seed, "moment": self._base.time(), "monotonic": self.meter_clock(),
            "profile": engine.poet_profile, "learns_from": engine.store,
            "limits": {name: getattr(limits, name) for name in limits_of(limits)},
            "arguments": None if arguments is None else written(dict(arguments)),
            "names": written(run._names) if run._names else None,
        }  # fmt: skip
        if text is not None:
            data |= {"source": text.name, "parts": self._parted(text.text)}
        return data

    def _parted(self, text: str) -> dict[str, int]:
        """A text in pieces that events can hold: how many come before the event that is being made."""
        digits = zlib.compress(self.ledger.redactor.text(text).encode("utf-8", "surrogatepass"), 6).hex()
        pieces = [digits[at : at + PIECE] for at in range(0, len(digits), PIECE)]
        for piece in pieces:
            self.note("part", "", piece)
        return {"parts": len(pieces)}

    def module(self, name: str, source: Source) -> None:
        """A module is about to run."""
        self.note("module", name, {"sha256": hashed(source.text)})

    def printing(self, output: Callable[[str], object] | None) -> Callable[[str], object]:
        """What takes printed text."""
        import sys

        def write(text: str) -> None:
            self.note("print", "", text)
            if output is not None:
                output(text)
            else:
                sys.stdout.write(text)

        return write

    def reading(self, read: Callable[[str], str] | None) -> Callable[[str], str] | None:
        """What answers `input`."""
        return None if read is None else self.native("input", read)

    def open_ledger(self, _program: Any) -> Ledger:
        """The program's own ledger is the tape's."""
        return self.ledger

    # --- answers ------------------------------------------------------------------------------------

    def native(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function that reaches outside, its answers kept."""

        def asked(*args: Any, **keywords: Any) -> Any:
            if _INSIDE.get():  # what answers asks others itself: its answer is what counts
                return function(*args, **keywords)
            number, said = self._asked(name, args, keywords)
            token = _INSIDE.set(True)
            try:
                value = function(*args, **keywords)
            except BaseException as error:  # no answer is an answer as well; raised again
                self._answer(name, number, said, self._failed(error))
                raise
            finally:
                _INSIDE.reset(token)
            if hasattr(value, "__next__"):
                self._answer(name, number, said, {"items": True})
                from dana.runtime.iterators import iterator

                return iterator(self._items(f"{name}[{number}]", value), None)
            self._answer(name, number, said, {"value": written(value)})
            return value

        return named(asked, name, function)

    def _items(self, name: str, items: Iterator[Any]) -> Iterator[Any]:
        step = self.native(name, items.__next__)
        while True:
            try:
                value = step()
            except StopIteration:
                return
            yield value

    def effect(self, name: str, start: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """An effect, its answers kept."""
        if _INSIDE.get():
            return start

        def asked(*args: Any, **keywords: Any) -> Awaitable[Any]:
            number, said = self._asked(name, args, keywords)
            try:
                awaitable = start(*args, **keywords)
            except BaseException as error:  # as above: what the arguments were refused for
                self._answer(name, number, said, {**raised(error), "at_once": True})
                raise
            self._open[name, number] = said, awaitable
            return self._awaited(name, number, said, awaitable)

        return named(asked, name, start)

    async def _awaited(self, name: str, number: int, said: Any, awaitable: Awaitable[Any]) -> Any:
        try:
            value = await awaitable
        except BaseException as error:  # as above, a cancellation too
            failed = self._failed(error)
            if "cancelled" not in failed:
                self.deliveries.add(f"a:{name}#{number}", self.ledger.caused)
            self._answer(name, number, said, failed)
            raise
        self.deliveries.add(f"a:{name}#{number}", self.ledger.caused)
        self._answer(name, number, said, {"value": written(value)})
        return value

    def _failed(self, error: BaseException) -> dict[str, Any]:
        """What is kept of a question that got no answer: the exception, or that the program itself gave it up."""
        if isinstance(error, Exception) or (isinstance(error, TimeoutStop) and error._token is None):
            return raised(error)
        left = self._program.meter.remaining()
        return {"cancelled": True, "late": left is not None and left <= NEAR_S}

    def _asked(self, name: str, args: tuple[Any, ...], keywords: dict[str, Any]) -> tuple[int, Any]:
        number = self._counts[name] = self._counts.get(name, 0) + 1
        return number, questioned(args, keywords)

    def _answer(self, name: str, number: int, said: Any, answer: dict[str, Any]) -> None:
        self._open.pop((name, number), None)
        redacted = self.ledger.redactor.data(answer)
        data = {"number": number, "asked": said, **redacted}
        if redacted != answer:
            data["redacted"] = True
        if len(text := json.dumps(redacted)) > LARGE:
            data = {"number": number, "asked": said, **self._parted(text)}
        self.note("answer", name, data)


class Readings:
    """Readings of a clock, handed on in batches; only those of the thread that made it count."""

    __slots__ = ("_flush", "_kept", "_thread")

    def __init__(self, flush: Callable[[str, list[float]], object]) -> None:
        from threading import get_ident

        self._flush = flush
        self._kept: dict[str, list[float]] = {WALL: [], OWN: [], POET: []}
        self._thread = get_ident()

    def taken(self, sort: str, reading: float) -> float:
        """One more; it is returned."""
        from threading import get_ident

        if get_ident() == self._thread:
            kept = self._kept[sort]
            kept.append(reading)
            if len(kept) == READINGS:
                self._kept[sort] = []
                self._flush(sort, kept)
        return reading

    def flush(self) -> None:
        """Hand on what is left."""
        for sort, kept in self._kept.items():
            if kept:
                self._kept[sort] = []
                self._flush(sort, kept)


class RecordedClock:
    """A clock whose readings are kept."""

    __slots__ = ("_base", "_sleeps", "readings", "slept")

    def __init__(self, base: Any, flush: Callable[[str, list[float]], object]) -> None:
        self._base = base
        self.readings = Readings(flush)
        self._sleeps = 0
        # Told of the end of each sleep, by its number.
        self.slept: Callable[[int], object] | None = None

    def rebase(self, base: Any) -> None:
        """Use another clock from now on, where this one is the machine's."""
        import time

        if self._base is time:
            self._base = base

    def time(self) -> float:
        return self.readings.taken(WALL, float(self._base.time()))

    def monotonic(self) -> float:
        return self.readings.taken(OWN, float(self._base.monotonic()))

    def sleep(self, seconds: float) -> None:
        self._sleeps += 1
        number = self._sleeps
        self._base.sleep(seconds)
        if self.slept is not None:
            self.slept(number)


# --- values as text -------------------------------------------------------------------------------


def written(value: Any) -> Any:
    """A value as the record holds it; one that has no form as data is named by its kind (`{"$opaque": …}`)."""
    from dana.engine.snapshots import encoded
    from dana.errors import DanaError

    try:
        return encoded(value, "the answer")
    except DanaError as refused:
        return {"$opaque": refused.diagnostics[0].message.partition("snapshot: ")[2] or str(refused)}


def questioned(args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """What was asked, for comparison: data as it is, functions and types by their names."""
    from dana.poet.observing import plain

    asked: list[Any] = [plain(value) for value in args]
    return [*asked, {name: plain(value) for name, value in keywords.items()}] if keywords else asked


def raised(error: BaseException) -> dict[str, Any]:
    """An exception as data: the names of its classes, its message, what diagnostics say of it."""
    kinds = [cls.__name__ for cls in type(error).__mro__ if cls is not object]
    said = {
        name: getattr(error, name) for name in ("_code", "_hint", "leaf", "status", "errno") if _is_plain(error, name)
    }
    found = {"raised": kinds, "message": str(error), "facts": said}
    if all(each is None or each.__class__ in (str, int, float, bool) for each in error.args):
        found["args"] = list(error.args)
    return found


def _is_plain(error: BaseException, name: str) -> bool:
    return getattr(error, name, None).__class__ in (str, int)


def ended(error: Exception) -> dict[str, Any]:
    """How a run ended that failed."""
    diagnostics = getattr(error, "diagnostics", None) or ()
    code = diagnostics[0].code if diagnostics else ""
    message = diagnostics[0].message if diagnostics else str(error)
    return {"outcome": type(error).__name__, "code": code, "message": message}


def hashed(text: str) -> str:
    """SHA-256 of a program's text."""
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def limits_of(limits: Any) -> list[str]:
    """The names of limits."""
    from dana.engine.limits import _ORDER

    return [name for name in _ORDER if hasattr(limits, name)]


def named(made: Callable[..., Any], name: str, function: Any) -> Callable[..., Any]:
    """`made` under the name a program knows."""
    made.__name__ = made.__qualname__ = name.rpartition(".")[2]
    made.__doc__ = getattr(function, "__doc__", None)
    return made


def _stamp(moment: float) -> str:
    from datetime import UTC, datetime

    return datetime.fromtimestamp(moment, UTC).strftime("%Y%m%dT%H%M%S")


def _never_begun(awaitable: Awaitable[Any]) -> None:
    """An effect that was given up before its first step is closed, or Python complains that nobody awaited it."""
    from inspect import CORO_CREATED, getcoroutinestate, iscoroutine

    if iscoroutine(awaitable) and getcoroutinestate(awaitable) == CORO_CREATED:
        awaitable.close()
