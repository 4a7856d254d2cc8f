"""A recorded run, repeated: the same program, told the same, must do the same (`dana replay`).

    found = replay(engine, "runs.db")      the latest recorded run in the file
    if found.departure: print(found.departure)

Nothing is touched: files, network, host functions and models are answered from the record, the clock gives the recorded
readings, chance has the recorded seed, and nobody waits. What the program does is compared, event by event, with what
was recorded; the first event that differs is where the run departs.
"""

from __future__ import annotations

import builtins
import json
import zlib

from dana.adaptive.canonical import canonical, cut
from dana.adaptive.journal import Journal
from dana.adaptive.ledger import AUDIT, KEEP, MAX_DATA, SAMPLE, Event, Ledger, read_event
from dana.engine.ordering import Turns
from dana.engine.taping import FORMAT, OWN, POET, WALL, ended, hashed, limits_of, named, questioned, written

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator, Mapping
    from typing import Any

    from dana.engine.engine import Engine, _Run
    from dana.engine.session import Session
    from dana.poet.plan import Plan
    from dana.source import Source

# What stands for an event, an argument or an item that is not there.
NOTHING = "nothing"


class NotRecordedError(Exception):
    """There is no run that could be replayed, or it lacks what a replay needs; `hint` says what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Departure:
    """The first difference between a recorded run and its replay.

    `event`: which one, in words; `field`: the path inside it (`data.value`), `kind` where another event came;
    `recorded` and `replayed`: both values; `note`: what may explain it, "" when nothing does.
    """

    __slots__ = ("event", "field", "note", "recorded", "replayed")

    def __init__(self, event: str, field: str, recorded: Any, replayed: Any, note: str = "") -> None:
        self.event = event
        self.field = field
        self.recorded = recorded
        self.replayed = replayed
        self.note = note

    def to_json(self) -> dict[str, Any]:
        """The departure as a dict for `json.dumps`."""
        return {name: getattr(self, name) for name in ("event", "field", "recorded", "replayed", "note")}

    def __str__(self) -> str:
        said = f"{self.event}, {self.field}: recorded {short(self.recorded)}, now {short(self.replayed)}"
        return f"{said} ({self.note})" if self.note else said

    def __repr__(self) -> str:
        return f"<departure at {self}>"


class Replayed:
    """What a replay found: the `run` it repeated, how many `events` agreed, the `departure` (None: there is none)."""

    __slots__ = ("departure", "events", "program", "run")

    def __init__(self, run: str, program: str, events: int, departure: Departure | None) -> None:
        self.run = run
        self.program = program
        self.events = events
        self.departure = departure

    def __bool__(self) -> bool:
        return self.departure is None

    def __repr__(self) -> str:
        return f"<{self.run}: {self.departure or f'{self.events} events, all as recorded'}>"


def replay(engine: Engine, path: str, run: str = "") -> Replayed:
    """Repeat a recorded run (see `Engine.replay`). Raises `NotRecordedError`, `JournalError`."""
    from dana.errors import DanaError
    from dana.source import Source

    tape = Tape.read(path, run)
    player = Player(tape)
    start = tape.start
    again = _engine(engine, start, player)
    program: Any = Source(start["source"], tape.text) if "source" in start else _Path(start["path"])
    arguments = start["arguments"]
    again._taping = lambda _engine: player
    try:
        repeated = again._started(program, start["name"], player.decoded(start["names"] or {}) or None)
        repeated.main(None if arguments is None else player.decoded(arguments))
    except DanaError:
        pass  # how it ended is an event like any other
    return Replayed(tape.run, start["source"] if "source" in start else start["path"], *player.compared())


class _Path:
    """A path as such, whatever its name ends in."""

    __slots__ = ("_path",)

    def __init__(self, path: str) -> None:
        self._path = path

    def __fspath__(self) -> str:
        return self._path


def _engine(engine: Engine, start: dict[str, Any], player: Player) -> Engine:
    """An engine like the recorded one, with this one's host functions; what is printed is compared, not shown."""
    from dana.engine.engine import Engine
    from dana.engine.limits import Limits

    own = Limits()
    limits = Limits(**{name: start["limits"].get(name, getattr(own, name)) for name in limits_of(own)})
    policy: dict[str, Any] = {"policy": engine._given_policy} if engine._given_policy is not None else {}
    made = Engine(
        limits=limits, on_print=player.heard, read=player.unasked, seed=start["seed"], roots=engine._roots,
        cache=engine._cache, allow=engine._allow, deny=engine._deny, **policy,
    )  # fmt: skip
    made._hosts = engine._hosts
    made.poet_profile = start["profile"]
    return made


class Tape:
    """A recorded run as it was read: what the program was told, and what it did."""

    __slots__ = ("_pieces", "answers", "clock", "did", "learnt", "order", "run", "start", "text")

    def __init__(self, run: str) -> None:
        self.run = run
        self.start: dict[str, Any] = {}
        # The program, where it was no file.
        self.text = ""
        self.answers: dict[str, dict[int, dict[str, Any]]] = {}
        self.clock: dict[str, list[float]] = {WALL: [], OWN: [], POET: []}
        self.did: list[Event] = []
        # In which order answers, messages and ends of sleeps came, where it was kept.
        self.order: list[str] = []
        # What functions knew when they were first called, by name.
        self.learnt: dict[str, dict[str, Any]] = {}
        self._pieces: list[str] = []

    @classmethod
    def read(cls, path: str, run: str = "") -> Tape:
        """Read a run of a ledger, the latest recorded one by default. Raises `NotRecordedError`, `JournalError`."""
        journal = Journal(path, reading=True)
        try:
            starts = [row[1] for row in journal.rows(pattern="replay.start")]
            name = run or (starts[-1] if starts else "")
            if name not in starts:
                raise _unrecorded(path, run, starts, [known for known, _at, _count in journal.runs()])
            tape = cls(name)
            for row in journal.rows(run=name):
                tape._take(read_event(row))
        finally:
            journal.close()
        if tape.start.get("format") != FORMAT:
            msg = f"the run {name} was recorded by another version of Dana ({tape.start.get('dana', '?')})"
            raise NotRecordedError(msg, "replay it with that version")
        if not tape.did or tape.did[-1].kind != "replay.end":
            msg = f"the record of the run {name} has no end: its process was killed, or is still running"
            raise NotRecordedError(msg, "what is there can be looked at: `dana ledger query`")
        return tape

    def _take(self, event: Event) -> None:
        kind, data = event.kind, event.data
        if kind == "replay.part":
            self._pieces.append(data)
        elif kind == "replay.clock":
            self.clock[event.subject] += data
        elif kind == "replay.order":
            self.order += data
        elif kind == "replay.start":
            self.start, self.text = data, self._whole()
        elif kind == "replay.answer":
            if "parts" in data:
                data = {**data, **json.loads(self._whole())}
            self.answers.setdefault(event.subject, {})[data["number"]] = data
        elif kind == "replay.learnt":
            self.learnt.setdefault(event.subject, data)
        elif event.delivery != SAMPLE:
            self.did.append(event)

    def _whole(self) -> str:
        pieces, self._pieces = self._pieces, []
        return zlib.decompress(bytes.fromhex("".join(pieces))).decode("utf-8", "surrogatepass") if pieces else ""


def _unrecorded(path: str, run: str, starts: list[str], runs: list[str]) -> NotRecordedError:
    hint = "`dana run --record FILE …` and Engine(record=FILE) keep what a replay needs"
    if not starts:
        count = len(runs)
        held = f"it holds {count} run{'s' * (count != 1)} whose events alone were kept" if count else "it is empty"
        return NotRecordedError(f"`{path}` has no recorded run: {held}", hint)
    if run in runs:
        return NotRecordedError(f"the run `{run}` was not recorded, only its events were kept", hint)
    from dana.diagnostics import suggest

    near = suggest(run, starts)
    latest = f"its recorded runs are {', '.join(starts[-5:])}"
    return NotRecordedError(f"`{path}` has no run `{run}`", f"did you mean {near}?" if near else latest)


# --- what the program meets -----------------------------------------------------------------------


class Player:
    """The tape of a run that is repeated: what `Recorder` is while it is recorded."""

    # Stores are neither asked nor written (`dana.poet.subjects`).
    is_replay = True

    def __init__(self, tape: Tape) -> None:
        self.tape = tape
        self.seed = tape.start["seed"]
        self.clock = PlayedClock(tape.clock, tape.start["monotonic"])
        self.meter_clock = self.clock.virtual
        self.turns = Turns(tape.order, lambda: self.count)
        self.clock.turns = self.turns
        self.ledger = Witness(self)
        self.departure: Departure | None = None
        self.broken: NotRecordedError | None = None
        self.count = 0
        self._counts: dict[str, int] = {}
        self._run: _Run | None = None
        self._note = ""

    def delivers(self, actor: Any) -> bool:
        """An agent is about to process its next message; false: it is not its turn."""
        return self.turns.may_begin(f"m:{actor.id}/{actor.processed}", actor.mailbox.size)

    def poet_clock(self, _clock: Callable[[], float]) -> Callable[[], float]:
        """The clock of POET, as it was."""
        return lambda: self.clock.taken(POET)

    def open_ledger(self, _program: Any) -> Ledger:
        """A ledger that compares."""
        return self.ledger

    def whole(self, run: _Run, arguments: Mapping[str, Any] | None, main: Callable[[Any], Any]) -> Any:
        """The run, from its first event to its last."""
        self._run = run
        outcome: dict[str, Any] = {}
        try:
            value = main(arguments)
            outcome = {"outcome": "value", "value": written(value)}
        except Exception as error:  # how it ended is compared, whatever it was
            outcome = ended(error)
            raise
        finally:
            self.note("end", run._name, outcome)
        return value

    def decorated(self, plan: Plan) -> None:
        """A function was decorated: it knows what it knew."""
        known = self.tape.learnt.get(plan.name)
        if known is not None:
            plan.adopt(known)

    def observer(self, plan: Plan) -> None:
        """Single calls are compared by their events."""

    def learnt(self, plan: Plan, values: Mapping[str, Any]) -> None:
        """What it knew is what it knows."""

    def module(self, name: str, source: Source) -> None:
        """A module is about to run."""
        self.note("module", name, {"sha256": hashed(source.text)})
        if self.departure is not None:
            self._stop()

    def printing(self, output: Callable[[str], object] | None) -> Callable[[str], object] | None:
        """What takes printed text."""
        return output

    def heard(self, text: str) -> None:
        """Something was printed."""
        self.note("print", "", text)

    def reading(self, _read: Callable[[str], str] | None) -> Callable[[str], str] | None:
        """What answers `input`."""
        return self.native("input", self.unasked) if "input" in self.tape.answers else None

    def unasked(self, prompt: str = "") -> str:
        """Nobody is asked in a replay."""
        raise EOFError(prompt)

    # --- answers ------------------------------------------------------------------------------------

    def native(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """A function that reached outside: it gives what it gave."""

        def asked(*args: Any, **keywords: Any) -> Any:
            answer = self._answer(name, args, keywords)
            if "items" in answer:
                from dana.runtime.iterators import iterator

                return iterator(self._items(f"{name}[{answer['number']}]"), None)
            if "cancelled" in answer:
                self._late()
            return self._given(name, answer)

        return named(asked, name, function)

    def _items(self, name: str) -> Iterator[Any]:
        step = self.native(name, iter)
        while True:
            try:
                value = step()
            except StopIteration:
                return
            yield value

    def effect(self, name: str, start: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        """An effect: it gives what it gave, at once."""

        def asked(*args: Any, **keywords: Any) -> Awaitable[Any]:
            answer = self._answer(name, args, keywords)
            if answer.get("at_once"):
                self._given(name, answer)
            return self._awaited(name, answer)

        return named(asked, name, start)

    async def _awaited(self, name: str, answer: dict[str, Any]) -> Any:
        if "cancelled" in answer:
            from asyncio import Future

            if answer.get("late"):
                self.clock.skip(self._remaining())
            waiting: Future[None] = Future()
            await waiting
        await self.turns.turn(f"a:{name}#{answer['number']}")
        return self._given(name, answer)

    def _remaining(self) -> float:
        assert self._run is not None
        return self._run.program.meter.remaining() or 0.0

    def _late(self) -> None:
        """What was answered by a deadline: the clock goes on to it, and the program sees to the rest."""
        assert self._run is not None
        self.clock.skip(self._remaining())
        self._run.program.meter.check()
        self._stop()

    def _answer(self, name: str, args: tuple[Any, ...], keywords: dict[str, Any]) -> dict[str, Any]:
        number = self._counts[name] = self._counts.get(name, 0) + 1
        known = self.tape.answers.get(name, {})
        said = self.ledger.as_stored(questioned(args, keywords))
        found = known.get(number)
        if found is None:
            self._depart(f"question {number} to `{name}`", "answers", len(known), f"asked with {short(said)}")
        elif found["asked"] != said:
            path, recorded, now = _difference(found["asked"], said, "asked")
            self._depart(f"question {number} to `{name}`", path, recorded, now)
        if self.departure is not None:
            self._stop()
        assert found is not None
        if found.get("redacted"):
            self._note = f"answer {number} of `{name}` had secrets in it, which no record holds"
        return found

    def _given(self, name: str, answer: dict[str, Any]) -> Any:
        if "raised" in answer:
            raise _exception(answer)
        return self.decoded(answer["value"], f"answer {answer['number']} of `{name}`")

    def decoded(self, value: Any, where: str = "an argument") -> Any:
        """A value of the record as the program holds it."""
        from typing import cast

        from dana.engine.snapshots import decoded
        from dana.errors import DanaError

        hint = "hosts that are to be recorded answer in data: numbers, texts, lists, dicts, structs of the program"
        opaque = _opaque(value)
        try:
            if not opaque:
                return decoded(value, cast("Session", _Around(self._run)))
        except DanaError as unfit:
            opaque = unfit.diagnostics[0].message
        self.broken = NotRecordedError(f"{where} cannot be given again: {opaque}", hint)
        if self._run is None:
            raise self.broken
        return self._stop()

    # --- comparing ----------------------------------------------------------------------------------

    def note(self, kind: str, subject: str, data: Any) -> None:
        """What the recorder would have noted."""
        self.did(Event(0.0, KEEP, f"replay.{kind}", subject, self.ledger._traced("", data), data))

    def did(self, event: Event) -> None:
        """The program did something: what was recorded?"""
        if self.departure is not None or self.broken is not None:
            return
        self.count += 1
        recorded = self.tape.did[self.count - 1] if self.count <= len(self.tape.did) else None
        where = f"event {self.count} ({event.kind}{' ' * bool(event.subject)}{event.subject})"
        if recorded is None:
            self._depart(where, "kind", NOTHING, event.kind)
            return
        data = self.ledger.as_stored(event.data)
        for field, then, now in (
            ("kind", recorded.kind, event.kind),
            ("subject", recorded.subject, event.subject),
            ("act", recorded.act, event.act),
            ("data", recorded.data, data),
            ("at", recorded.at if event.at else 0.0, event.at),
        ):
            if then != now:
                if event.kind == "replay.module" and field == "data":
                    self._note = f"the text of `{event.subject}` has changed since"
                self._depart(where, *_difference(then, now, field))
                return

    def _depart(self, event: str, field: str, recorded: Any, replayed: Any) -> None:
        if self.departure is None:
            self.departure = Departure(event, field, recorded, replayed, self._note)
            if self._run is not None:
                self._run.program.meter.cancel("the replay departs from the record")

    def _stop(self) -> Any:
        from dana.runtime.stops import CancelStop

        raise CancelStop("the replay departs from the record")

    def compared(self) -> tuple[int, Departure | None]:
        """How many events agreed, and the departure. Raises `NotRecordedError` for answers that cannot be given."""
        if self.broken is not None:
            raise self.broken
        did = self.tape.did
        if self.departure is None and self.count < len(did):
            missing = did[self.count]
            where = f"event {self.count + 1} ({missing.kind} {missing.subject})"
            self._depart(where, "kind", missing.kind, NOTHING)
        for name, answers in self.tape.answers.items():
            asked = self._counts.get(name, 0)
            if self.departure is None and asked < len(answers):
                self._depart(f"question {asked + 1} to `{name}`", "asked", answers[asked + 1]["asked"], NOTHING)
        return self.count - (self.departure is not None), self.departure


class Witness(Ledger):
    """A ledger that stores nothing: what comes is compared."""

    def __init__(self, player: Player) -> None:
        super().__init__(None, now=player.clock.time)
        self._player = player

    def keep(self, kind: str, subject: str = "", data: Any = None, *, act: str = "") -> None:
        """Compare something that was kept."""
        self._took(Event(self._now(), KEEP, kind, subject, self._traced(act, data), data))

    def audit(self, kind: str, subject: str = "", data: Any = None, *, act: str = "") -> Event:
        """Compare something that was audited."""
        event = Event(self._now(), AUDIT, kind, subject, self._traced(act, data), data)
        self._took(event)
        return event

    def _took(self, event: Event) -> None:
        """Programs that look at their ledger find in it what they found then."""
        self._seen += 1
        self._ring.append(event)
        self._player.did(event)

    def as_stored(self, data: Any) -> Any:
        """Data as it comes back from a journal."""
        text = canonical(self.redactor.data(data))
        return json.loads(cut(text, MAX_DATA // 2) if len(text) > MAX_DATA else text)


class PlayedClock:
    """A clock that gives recorded readings. Nobody waits: `sleep` and `skip` let it go on."""

    __slots__ = ("_at", "_now", "_readings", "_since", "_sleeps", "_waiting", "turns")

    def __init__(self, readings: dict[str, list[float]], start: float) -> None:
        self._readings = {sort: iter(list(taken)) for sort, taken in readings.items()}
        self._now = start
        self._at = 0.0
        self._since = _real()
        self._sleeps = 0
        # What lets others go on while somebody sleeps, in a program that has such.
        self._waiting: Any = None
        self.turns: Turns | None = None

    def taken(self, sort: str) -> float:
        """The next recorded reading; where there is none, the clock of limits."""
        found = next(self._readings[sort], None)
        if found is None:
            return self.virtual() if sort != WALL else self._at
        if sort == WALL:
            self._at = found
        elif found > self._now:
            self._now, self._since = found, _real()
        return found

    def virtual(self) -> float:
        """What limits and deadlines look at: it goes on by itself, so that nothing is endless."""
        return self._now + (_real() - self._since)

    def skip(self, seconds: float) -> None:
        """Let so much time pass."""
        self._now += seconds

    def rebase(self, base: Any) -> None:
        """Its readings are those of the run, whatever waits now."""
        self._waiting = base.sleep.__self__

    def time(self) -> float:
        return self.taken(WALL)

    def monotonic(self) -> float:
        return self.taken(OWN)

    def sleep(self, seconds: float) -> None:
        self._sleeps += 1
        waiting = self._waiting
        if waiting is not None and self.turns is not None:
            waiting.wait(self.turns.turn_on(waiting.loop("sleep"), f"s:{self._sleeps}"))
        self.skip(seconds)


class _Around:
    """What `snapshots.decoded` needs of a session: the modules whose structs are meant."""

    def __init__(self, run: _Run | None) -> None:
        self._engine = run._engine if run is not None else None
        self._run = run
        self.program = run.program if run is not None else None

    @property
    def record(self) -> Any:
        """The program's own module."""
        assert self._run is not None
        return self._run.program.modules["__main__"]


def _real() -> float:
    from time import monotonic

    return monotonic()


def _opaque(value: Any) -> str:
    """What in a value has no form as data; "" when all of it has."""
    if value.__class__ is dict:
        if "$opaque" in value:
            return str(value["$opaque"])
        value = list(value.values())
    return next(filter(None, map(_opaque, value)), "") if value.__class__ is list else ""


def _exception(answer: dict[str, Any]) -> BaseException:
    """The exception that was raised, or one of its name and kind."""
    from dana.runtime import exceptions, stops

    name = answer["raised"][0]
    base: Any = Exception
    for kind in answer["raised"]:
        found = next((c for m in (builtins, exceptions, stops) if isinstance(c := getattr(m, kind, None), type)), None)
        # `Denied` and its like have these names in programs only.
        own = exceptions.DANA_NAMES.get(kind)
        found = own if own is not None and issubclass(own, exceptions.Fault) else found
        if found is not None and issubclass(found, BaseException):
            base = found
            break
    cls = base if base.__name__ == name else type(name, (base,), {})
    args = tuple(answer["args"]) if "args" in answer else (answer["message"],)
    error: BaseException = cls.__new__(cls, *args)
    error.args = args
    for fact, value in answer["facts"].items():
        if fact != "errno":
            setattr(error, fact, value)
    return error


def _difference(recorded: Any, now: Any, path: str) -> tuple[str, Any, Any]:
    """The innermost place where two values differ, and what stands there."""
    if recorded.__class__ is dict and now.__class__ is dict:
        for key in [*recorded, *(key for key in now if key not in recorded)]:
            if key not in recorded or key not in now or recorded[key] != now[key]:
                inner = f"{path}.{key}"
                return _difference(recorded.get(key, NOTHING), now.get(key, NOTHING), inner)
    if recorded.__class__ is list and now.__class__ is list:
        for at, (then, this) in enumerate(zip(recorded, now, strict=False)):
            if then != this:
                return _difference(then, this, f"{path}[{at}]")
        at = min(len(recorded), len(now))
        if len(recorded) != len(now):
            longer = recorded if len(recorded) > at else now
            return f"{path}[{at}]", *((longer[at], NOTHING) if longer is recorded else (NOTHING, longer[at]))
    return path, recorded, now


def short(value: Any, most: int = 200) -> str:
    """A value of a record in a line."""
    text = value if value is NOTHING else json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= most else text[: most - 1] + "…"
