"""The slow loop as a Dana program meets it (`stdlib/meta.na`): `watch`, `task`, `record`.

A trial makes a fresh agent for every task, with the behaviour that is tried and nothing else changed: what others of
its type are asked meanwhile goes on as before. Its turns are on record under a name of their own (`trial:Triage#7`), so
that no trial is taken for what happened; nobody approves anything in it; and unless `effects=true`, what reaches the
world is held back.
"""

from __future__ import annotations

import os
import re

from dana.adaptive.gate import CANDIDATE, Check, Verdict, deny
from dana.adaptive.ledger import Event, read_event
from dana.agents.agency import agency_of
from dana.agents.blueprint import MEANING, Agent, AgentMeta, made_of, setting
from dana.agents.copying import crossing_all
from dana.agents.meta import MetaError, behaviours
from dana.agents.meta.detectors import HOURS, Denials, Errors, Latency, Misuse, Usage, analysed
from dana.agents.meta.loop import LEAST, ROLLED_BACK, Case, Loop, Turn, decided
from dana.agents.meta.proposer import Attempted, Proposal, answered, by_model, by_rules
from dana.agents.meta.tasks import RECORDED, Task
from dana.agents.meta.trial import Ran
from dana.agents.ports import TurnPort, actor_of, find
from dana.agents.tools import entries_of
from dana.diagnostics import suggest
from dana.runtime.natives.reason import reasoning_of
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from dana.agents.meta.detectors import Detector, Figures, Finding
    from dana.agents.meta.review import Repository
    from dana.runtime.program import Program

REVIEWS = ("git", "none")
PROPOSERS = ("rules", "model")
LIMITS = ("errors", "misuse", "denials", "latency_ms", "tokens", "least")
NOBODY = "a trial runs no tool that needs an approval"
# Of a journal, so many of the latest rows of each of these kinds are looked at.
ROWS = 50_000
KINDS = ("turn.end", "tool.end", "model.call", "gate.verdict", "meta.*")
_WINDOW = re.compile(r"(\d+(?:\.\d+)?)\s*(m|h|d|w)")
_HOURS = {"m": 1 / 60, "h": 1.0, "d": 24.0, "w": 168.0}


# --- what programs hold ---------------------------------------------------------------------------


class TaskHandle:
    """A recorded task: `input`; what makes an answer right is not shown."""

    __slots__ = ("_task", "input")

    def __init__(self, task: Task) -> None:
        self._task = task
        self.input = task.input

    def __repr__(self) -> str:
        return f"Task({self.input!r})"


class TurnHandle:
    """How a turn of the loop ended: `outcome`, `reason`, `branch`, `gain`, `findings`, `changes`."""

    __slots__ = ("branch", "changes", "findings", "gain", "outcome", "reason", "title")

    def __init__(self, turn: Turn) -> None:
        case = turn.case
        self.outcome = turn.outcome
        self.reason = turn.reason
        self.branch = turn.branch
        self.findings = [finding.message for finding in turn.findings]
        self.gain = None if case is None else case.trial.evidence.gain
        self.title = "" if case is None else case.proposal.title
        self.changes: dict[str, Any] = {} if case is None else behaviours.applied(case.proposal.changes, {})

    def __repr__(self) -> str:
        return f"Turn({self.outcome}: {self.reason})"


class WatchHandle:
    """What watches the agents of a type."""

    __slots__ = ("_watched", "name")

    def __init__(self, watched: Watched) -> None:
        self._watched = watched
        self.name = watched.name

    def turn(self) -> TurnHandle:
        """One turn of the loop: analyse, plan, try, propose. One outcome is on record afterwards."""
        return TurnHandle(self._watched.turn())

    def figures(self) -> dict[str, Any]:
        """What the window holds: turns, failed, rejected, denied, tokens, p95_ms, and calls by tool."""
        return self._watched.analysed()[0].to_data()

    def findings(self) -> list[str]:
        """What is wrong now, in words."""
        return [each.message for each in self._watched.analysed()[1]]

    def feedback(self, ok: bool, reason: str = "") -> None:
        """Say that an answer was right or wrong: it counts among the failures of the window."""
        self._watched.feedback(ok, reason)

    def rollback(self, reason: str) -> None:
        """Take the last change back that this run took over (`review="none"`)."""
        self._watched.roll_back(reason)

    def __repr__(self) -> str:
        return f"Watch({self.name})"


# --- what stands behind them ----------------------------------------------------------------------


class _Nobody:
    """Who is asked for approvals in a trial."""

    __slots__ = ()
    handler = None
    is_anybody_there = False

    async def decide(self, _called: Any) -> str:
        return NOBODY


class Watched:
    """The loop of one type of agents in one program."""

    def __init__(
        self, program: Program, cls: Any, given: Any, *, detectors: list[Detector], hours: float, review: str,
        effects: bool, run: Any, **options: Any,
    ) -> None:  # fmt: skip
        self.program = program
        self.agency = agency_of(program)
        self.cls = cls
        self.given = given
        self.name: str = cls._shape.name
        self.effects = effects
        self.custom = run
        self.repository = self._opened() if review == "git" else None
        # Changes this run took over without a person, the latest last: what was before each, and the turn.
        self.taken: list[tuple[Mapping[str, Any] | None, str]] = []
        self.loop = Loop(
            self.name, behaviour=self.behaviour, events=self.events, run=self.run, publish=self.publish,
            record=self.record, now=program.clock.time, monotonic=program.clock.monotonic, waiting=self.waiting,
            detectors=detectors, hours=hours, **options,
        )  # fmt: skip

    def turn(self) -> Turn:
        """One turn; what reaches the world is held back while something is tried."""
        return self.loop.turn()

    def analysed(self) -> tuple[Figures, list[Finding]]:
        """The figures of the window, and what is wrong with them."""
        loop = self.loop
        return analysed(loop.events(), loop.subject, loop.detectors, now=loop.now(), hours=loop.hours)

    def feedback(self, ok: Any, reason: Any) -> None:
        """Keep what somebody says about an answer."""
        if ok.__class__ is not bool or not isinstance(reason, str):
            raise wrong("`feedback` is given true or false, and a reason as a text")
        ledger = self.program.ledger
        if ledger is not None:
            ledger.keep("meta.feedback", self.name, {"ok": ok, "reason": self.agency.excerpt(reason)})

    # --- what the loop asks for -----------------------------------------------------------------

    def events(self) -> Iterable[Event]:
        """What is on record, of this run and of those before in the same file."""
        ledger = self.program.ledger
        if ledger is None:
            return []
        if self.program.tape is not None:  # events get their numbers when they are stored, which no replay repeats
            return [Event(e.at, e.delivery, e.kind, e.subject, e.act, e.data) for e in ledger.events()]
        if ledger.journal is None:
            return list(ledger.events())
        ledger.flush()
        rows = [row for kinds in KINDS for row in ledger.journal.rows(pattern=kinds, limit=ROWS, latest=True)]
        return [read_event(row) for row in sorted(rows, key=lambda row: row[0])]

    def record(self, kind: str, subject: str, data: dict[str, Any]) -> None:
        """Store an outcome before anybody goes on."""
        ledger = self.program.ledger
        if ledger is not None:
            ledger.audit(kind, subject, data, act=str(data.get("turn", "")))

    def behaviour(self) -> dict[str, Any]:
        """How agents of the type behave now, with what is said about every tool."""
        agent = self.fresh()
        now = self.agency.behaviour_of(agent)
        said = setting(agent, "tools") or []
        tools: dict[str, str] = {}
        if said.__class__ is list and said:
            from dana.ipv.offering import offered_of

            entries = entries_of(said)
            tools = {
                each.name: each.description
                for each in offered_of(self.program, reasoning_of(self.program)._types, entries)
            }
        told = {name: now.tool_descriptions.get(name, text) for name, text in tools.items()}
        return {"system_prompt": now.system_prompt, "tool_descriptions": told, "model": now.model}

    def run(self, behaviour: Mapping[str, Any], task: Task) -> Ran:
        """One task with one behaviour, by an agent made for it."""
        agent = self.fresh()
        actor = actor_of(agent)
        actor.name = f"trial:{self.name}"
        kept = self.agency.kept_of(actor)
        kept.approvals = _Nobody()  # type: ignore[assignment]
        kept.behaviour = {key: value for key, value in behaviour.items() if value}
        policy = self.program.policy
        if not self.effects:
            policy.hold()
        begun = self.program.clock.monotonic()
        try:
            return self._answered(agent, task, begun)
        except Exception as fault:  # noqa: BLE001  (a turn that fails has failed its task; what stops a program is no `Exception`)
            return Ran(fault=type(fault).__name__, latency_ms=self._since(begun))
        finally:
            if not self.effects:
                policy.release()
            actor.stop("its task is done")

    def _answered(self, agent: Any, task: Task, begun: float) -> Ran:
        if self.custom is not None:
            return Ran(self.custom(agent, task.input), latency_ms=self._since(begun))
        if not isinstance(find(self.cls, "solve"), TurnPort):  # the blueprint's own way to solve
            return Ran(agent.solve(task.input), latency_ms=self._since(begun))
        from dana.agents.exports import functions

        response = functions(self.program)["respond"](agent, task.input)
        used = [str(each.get("tool", "")) for each in response.tool_results]
        return Ran(response.value, tools=used, tokens=response.usage.total_tokens, latency_ms=self._since(begun))

    def publish(self, case: Case) -> str:
        """Hand a case to a person; without one to ask, it is in effect for the rest of the run."""
        if self.repository is None:
            before = self.agency.changes_of(self.name)
            self.taken.append((before, case.turn))
            self.agency.use(self.name, behaviours.applied(before or {}, case.proposal.changes))
            return ""
        repository = self.repository
        ledger = self.program.ledger
        path = ledger.journal.path if ledger is not None and ledger.journal is not None else ""
        now = self.program.clock.time()
        return self._outside("meta.propose", lambda: repository.propose(case, now=now, ledger=path))

    def waiting(self) -> str:
        """Where a proposal of this type waits for its review."""
        repository = self.repository
        return "" if repository is None else self._outside("meta.waiting", lambda: repository.waiting(self.name))

    def roll_back(self, reason: Any) -> None:
        """Take the last change back that was taken over without a person."""
        if not isinstance(reason, str) or not reason.strip():
            raise wrong("taking a change back needs a reason: it is kept with it")
        if not self.taken:
            hint = "what a person accepted is taken back with `dana meta rollback`"
            raise failure(ValueError, "E965", f"this run took no change of `{self.name}` over", hint)
        before, turn = self.taken.pop()
        self.agency.use(self.name, before)
        decided(self.record, self.name, turn, ROLLED_BACK, self.agency.excerpt(reason))

    # --- agents -----------------------------------------------------------------------------------

    def fresh(self) -> Any:
        """Another agent of the type, made like the one that was given; its memory ends with it."""
        args, keywords = crossing_all(*(self.given or ((), {})))
        index = self.cls._shape.index
        own = {"name": f"trial of {self.name}", "memory": False}
        more = {
            name: value for name, value in own.items() if name in MEANING and name not in index and name not in keywords
        }
        return made_of(self.cls, args, {**keywords, **more})

    def _opened(self) -> Repository:
        from dana.agents.meta.review import Repository

        self.program.policy.require("run", "git")
        main = self.program.modules.get("__main__")
        file = os.path.abspath(main.file) if main is not None and os.path.isfile(main.file) else ""
        if not file:
            raise MetaError(
                "E963", "this program is no file, so there is no place beside it", 'review="none" needs none'
            )
        return Repository(os.path.dirname(file))

    def _outside(self, name: str, action: Callable[[], str]) -> str:
        """What git says; a replay is told what it said then, and touches nothing."""
        tape = self.program.tape
        if tape is None:
            return action()
        return str(tape.native(name, action)())

    def _since(self, begun: float) -> float:
        return round((float(self.program.clock.monotonic()) - begun) * 1000, 3)


# --- what the module offers -----------------------------------------------------------------------


class Meta:
    """`meta` of one program."""

    __slots__ = ("_program",)

    def __init__(self, program: Program) -> None:
        self._program = program

    def task(self, input: Any, expected: Any, grade: Any, tool: Any) -> TaskHandle:  # noqa: A002
        """A task with what makes an answer right."""
        if not isinstance(input, str) or not input.strip():
            raise wrong("a task has an input: a text")
        if grade is not None and not callable(grade):
            raise wrong("`grade` is a function that is given an answer and says true, false, or a number from 0 to 1")
        if tool is not None and not isinstance(tool, str):
            raise wrong("`tool` is the name of the tool a right answer uses")
        return TaskHandle(Task(input, expected, grade=grade, tool=tool))

    def record(self, kind: Any, input: Any, expected: Any, tool: Any) -> None:  # noqa: A002
        """Keep a task in the ledger, for loops to come. It is kept in clear, without the secrets in it."""
        cls, _given = typed(kind)
        task = self.task(input, expected, None, tool)._task
        ledger = self._program.ledger
        if ledger is not None:
            ledger.keep(RECORDED, cls._shape.name, task.to_data())

    def watch(
        self, kind: Any, tasks: Any, window: Any, min_gain: Any, review: Any, propose: Any, model: Any, run: Any,
        veto: Any, least: Any, seed: Any, limits: Any, models: Any, effects: Any,
    ) -> WatchHandle:  # fmt: skip
        """What watches the agents of a type. Raises E962 for what is wrong, E963 without a place to propose in."""
        cls, given = typed(kind)
        if tasks.__class__ is not list or not all(each.__class__ is TaskHandle for each in tasks):
            raise wrong("`tasks` is a list of what `task(…)` gives")
        chosen(review, REVIEWS, "review")
        number(min_gain, 0, 1, "min_gain")
        number(least, 2, 100_000, "least", whole=True)
        number(seed, 0, 1 << 62, "seed", whole=True)
        for name, function in (("run", run), ("veto", veto)):
            if function is not None and not callable(function):
                raise wrong(f"`{name}` of watch is a function")
        try:
            watched = Watched(
                self._program, cls, given, detectors=detectors_of(limits), hours=hours_of(window), review=review,
                effects=effects is True, run=run, tasks=[each._task for each in tasks], min_gain=float(min_gain),
                least=least, seed=seed, propose=self._proposer(propose, model, models), checks=self._checks(veto),
            )  # fmt: skip
        except MetaError as problem:
            raise told(problem) from None
        return WatchHandle(watched)

    def _proposer(self, propose: Any, model: Any, models: Any) -> Any:
        allowed = models if models.__class__ is list and all(isinstance(each, str) for each in models) else None
        if allowed is None:
            raise wrong("`models` of watch is a list of names of models a proposal may choose")
        if callable(propose):
            return by_function(propose, allowed)
        chosen(propose, PROPOSERS, "propose")
        if propose == "rules":
            return by_rules
        program = self._program

        def ask(prompt: str) -> Any:
            given = {"format": "json"} if model is None else {"format": "json", "model": model}
            return program.builtins["reason"](prompt, **given)

        return by_model(ask, allowed)

    def _checks(self, veto: Any) -> list[Check]:
        """What looks at every proposal before it is tried: no secret of the program, and the program's own veto."""
        program = self._program

        def hides(changes: Any, _context: Any) -> Verdict | None:
            held = program.secrets
            texts = [] if held is None else list(held.texts())
            said = str(changes)
            return deny("it holds a secret of the program") if any(text in said for text in texts if text) else None

        def house(changes: Any, _context: Any) -> Verdict | None:
            said = veto(behaviours.applied(changes, {}))
            if said is None or said is False or said == "":
                return None
            return deny(agency_of(program).excerpt(said) if isinstance(said, str) else "the program's veto")

        checks = [Check("secrets", hides, points=(CANDIDATE,), order=0)]
        return checks if veto is None else [*checks, Check("veto", house, points=(CANDIDATE,))]


def typed(kind: Any) -> tuple[Any, Any]:
    """The class of agents that is meant, and what an agent of it is made with."""
    if isinstance(kind, Agent):
        return type(kind), kind._given
    if isinstance(kind, AgentMeta) and "_shape" in kind.__dict__:
        return kind, None
    from dana.runtime.typevalues import short

    raise wrong(f"{short(kind)} is no blueprint of agents and no agent", "as in watch(Triage, tasks=[…])")


def by_function(propose: Callable[..., Any], models: Sequence[str]) -> Any:
    """A function of the program as a proposer: plain data in, a dict of title, description and changes out, or None."""

    def made(behaviour: Mapping[str, Any], findings: Iterable[Finding], tried: Sequence[Attempted]) -> Proposal | None:
        seen = [
            {
                "input": t.task.input,
                "answer": t.ran.answer,
                "tools": list(t.ran.tools),
                "tool": t.task.tool,
                "score": t.score,
            }
            for t in tried
        ]
        said = propose(behaviours.applied(behaviour, {}), [each.to_data() for each in findings], seen)
        return None if said is None else answered(said, behaviour, models)

    return made


def detectors_of(limits: Any) -> list[Detector]:
    """The detectors with the program's thresholds."""
    if limits.__class__ is not dict:
        raise wrong(f"`limits` of watch is a dict with any of {', '.join(LIMITS)}")
    for name, value in limits.items():
        if name not in LIMITS:
            near = suggest(str(name), LIMITS)
            raise wrong(
                f"`limits` has no `{str(name)[:60]}`",
                f"did you mean `{near}`?" if near else f"there are {', '.join(LIMITS)}",
            )
        number(
            value, 0, 1 if name in ("errors", "misuse", "denials") else 1e12, f"limits.{name}", whole=name == "least"
        )
    least = limits.get("least", LEAST)
    return [
        Misuse(limits.get("misuse", 0.2), least=least), Errors(limits.get("errors", 0.2), least=least),
        Latency(limits.get("latency_ms"), least=least), Usage(limits.get("tokens"), least=least),
        Denials(limits.get("denials", 0.2), least=least),
    ]  # fmt: skip


def hours_of(window: Any) -> float:
    """A window in hours: "24h", "30m", "7d", or a number of hours."""
    found = _WINDOW.fullmatch(window) if isinstance(window, str) else None
    hours = float(found[1]) * _HOURS[found[2]] if found else window
    if hours.__class__ not in (int, float) or not 0 < hours <= 24 * 366:
        raise wrong("`window` of watch is a time up to a year", f'as in "{HOURS:g}h", "30m" or "7d"')
    return float(hours)


def chosen(value: Any, among: Sequence[str], name: str) -> None:
    """Raises E962 when a word is none of those there are."""
    if value not in among:
        near = suggest(value, among) if isinstance(value, str) else None
        hint = f'did you mean "{near}"?' if near else "there are " + ", ".join(f'"{each}"' for each in among)
        raise wrong(f"`{name}` of watch cannot be {str(value)[:60]!r}", hint)


def number(value: Any, low: float, high: float, name: str, *, whole: bool = False) -> None:
    """Raises E962 when a number is none, or out of bounds."""
    if value.__class__ not in ((int,) if whole else (int, float)) or not low <= value <= high:
        raise wrong(f"`{name}` of watch is a {'whole number' if whole else 'number'} from {low:g} to {high:g}")


def wrong(message: str, hint: str = "") -> Exception:
    """A mistake of the program (E962)."""
    return failure(ValueError, "E962", message, hint)


def told(problem: MetaError) -> Exception:
    """The same problem as the program meets it."""
    return failure(ValueError, problem.code, str(problem), problem.hint)
