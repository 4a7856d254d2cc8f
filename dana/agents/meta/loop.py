"""One turn of the slow loop: monitor, analyse, plan, trial, review; and exactly one outcome on record (M1, M7).

    idle          nothing is wrong, or there is too little to say so
    no plan       something is wrong, and nobody knew a change
    rejected      the change did not prove itself on the tasks that decide, or was none that may be made
    vetoed        a check of the gate, or a person, said no
    promoted      it is in effect: a person accepted it (or nobody was to be asked, and the program has it now)
    rolled back   an earlier promotion was taken back

A change that waits for a person has no outcome yet: the turn is open, the ledger has its `meta.proposed`, and no other
turn of this subject begins (`Turn.waiting`). Whoever reviews it writes the outcome (`review.py`), with the number of
the turn. Whatever fails on the way, a proposer or a trial, ends the turn as "rejected", with the reason.

`dana.adaptive.improve` is the same loop for knobs that change within a run; what differs here is the person.
"""

from __future__ import annotations

import time

from dana.adaptive.canonical import digest
from dana.adaptive.gate import CANDIDATE, Gate
from dana.agents.meta import MetaError, behaviours
from dana.agents.meta.detectors import HOURS, analysed, standard
from dana.agents.meta.proposer import Attempted, by_rules
from dana.agents.meta.tasks import HOLDOUT, recorded, split, unique
from dana.agents.meta.trial import compare

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from dana.adaptive.gate import Check
    from dana.adaptive.ledger import Event
    from dana.agents.meta.detectors import Detector, Figures, Finding
    from dana.agents.meta.proposer import Proposal
    from dana.agents.meta.tasks import Task
    from dana.agents.meta.trial import Ran, Trial

    Propose = Callable[[Mapping[str, Any], Iterable[Finding], Sequence[Attempted]], Proposal | None]
    Publish = Callable[["Case"], str]

IDLE, NO_PLAN, REJECTED, VETOED, PROMOTED, ROLLED_BACK = OUTCOMES = (
    "idle", "no plan", "rejected", "vetoed", "promoted", "rolled back",
)  # fmt: skip
# No outcome: a person decides.
WAITING = "waiting"
TURN, PROPOSED = "meta.turn", "meta.proposed"
# A gain of 20 points of 100, on this many tasks that decide.
MIN_GAIN = 0.2
LEAST = 10


class Case:
    """What a person decides about: the proposal and all that speaks for and against it."""

    __slots__ = ("figures", "findings", "hours", "proposal", "seed", "subject", "tests", "trial", "turn")

    def __init__(
        self,
        subject: str,
        turn: str,
        proposal: Proposal,
        trial: Trial,
        findings: Sequence[Finding],
        figures: Figures,
        tests: Sequence[dict[str, Any]],
        *,
        seed: int,
        hours: float,
    ) -> None:
        self.subject = subject
        self.turn = turn
        self.proposal = proposal
        self.trial = trial
        self.findings = tuple(findings)
        self.figures = figures
        self.tests = list(tests)
        self.seed = seed
        self.hours = hours

    def evidence(self) -> dict[str, Any]:
        """As plain data: what was seen, where in the ledger, what was measured, and from which seed."""
        proposal, trial = self.proposal, self.trial
        return {
            "turn": self.turn, "subject": self.subject, "title": proposal.title, "description": proposal.description,
            "origin": proposal.origin, "window_h": self.hours, "figures": self.figures.to_data(),
            "findings": [each.to_data() for each in self.findings],
            "events": sorted({link for each in self.findings for link in each.links}),
            "trial": {**trial.evidence.to_data(), "tasks": list(trial.tasks)}, "benchmarks": trial.benchmarks,
        }  # fmt: skip


class Turn:
    """How a turn ended, or that it waits: `outcome`, `reason`, and what it found on the way."""

    __slots__ = ("branch", "case", "findings", "id", "outcome", "reason")

    def __init__(
        self,
        id: str,  # noqa: A002  (its name everywhere)
        outcome: str,
        reason: str,
        findings: Sequence[Finding],
        case: Case | None,
        branch: str = "",
    ) -> None:
        self.id = id
        self.outcome = outcome
        self.reason = reason
        self.findings = tuple(findings)
        self.case = case
        self.branch = branch

    @property
    def waiting(self) -> bool:
        """Whether a person has to decide."""
        return self.outcome == WAITING

    def __repr__(self) -> str:
        return f"Turn({self.outcome}: {self.reason})"


class Loop:
    """The slow loop of one type of agents.

    `behaviour()` gives what is now, by key; `events()` the ledger; `run(behaviour, task)` does a task with a behaviour;
    `propose` makes a proposal of findings and tuning tasks; `publish(case)` hands a case that passed to a person and
    returns where it waits, or "" when it is in effect at once; `waiting()` says where one waits already;
    `record(kind, subject, data)` is told, and stores before it returns. `now()`: seconds since 1970,
    `monotonic()`: for durations.
    """

    __slots__ = (
        "behaviour", "detectors", "events", "gate", "holdout", "hours", "least", "min_gain", "monotonic", "now",
        "propose", "publish", "record", "run", "seed", "subject", "tasks", "waiting",
    )  # fmt: skip

    def __init__(
        self,
        subject: str,
        *,
        behaviour: Callable[[], Mapping[str, Any]],
        events: Callable[[], Iterable[Event]],
        run: Callable[[Mapping[str, Any], Task], Ran],
        publish: Publish,
        record: Callable[[str, str, dict[str, Any]], object],
        now: Callable[[], float],
        monotonic: Callable[[], float] = time.monotonic,
        tasks: Iterable[Task] = (),
        propose: Propose = by_rules,
        waiting: Callable[[], str] = str,
        detectors: Iterable[Detector] | None = None,
        checks: Iterable[Check] = (),
        hours: float = HOURS,
        min_gain: float = MIN_GAIN,
        least: int = LEAST,
        holdout: float = HOLDOUT,
        seed: int = 0,
    ) -> None:
        self.subject = subject
        self.behaviour = behaviour
        self.events = events
        self.run = run
        self.publish = publish
        self.record = record
        self.now = now
        self.monotonic = monotonic
        self.tasks = unique(tasks)
        self.propose = propose
        self.waiting = waiting
        self.detectors = list(detectors) if detectors is not None else standard()
        self.gate = Gate(checks)
        self.hours = hours
        self.min_gain = min_gain
        self.least = least
        self.holdout = holdout
        self.seed = seed

    def turn(self) -> Turn:
        """One turn. Its outcome is on record when this returns; a turn that waits for a person has none yet."""
        open_at = self.waiting()
        if open_at:
            return Turn("", WAITING, f"{open_at} waits for a review", (), None, open_at)
        steps = _Steps(self)
        try:
            ended = steps.go()
        except MetaError as error:
            ended = steps.ended(REJECTED, str(error))
        except Exception as error:  # noqa: BLE001  (a step that fails is an outcome like any other)
            ended = steps.ended(REJECTED, f"{type(error).__name__}: {error}")
        kind = PROPOSED if ended.waiting else TURN
        self.record(kind, self.subject, steps.to_data(ended))
        return ended


class _Steps:
    """One turn under way; how long each phase took is on record with the outcome (M4)."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.phases: dict[str, Any] = {}
        self.findings: list[Finding] = []
        self.case: Case | None = None
        self.branch = ""
        self.id = f"{loop.subject}-{int(loop.now() * 1000):x}"

    def go(self) -> Turn:
        loop = self.loop
        began = loop.monotonic()
        events = list(loop.events())
        figures, self.findings = analysed(events, loop.subject, loop.detectors, now=loop.now(), hours=loop.hours)
        self.phases["analyse"] = {"seconds": self.since(began), "events": figures.events, "turns": figures.turns}
        if not self.findings:
            why = "nothing is wrong" if figures.turns else f"no turn of {loop.subject} in the last {loop.hours:g} h"
            return self.ended(IDLE, why)
        tasks = unique([*loop.tasks, *recorded(events, loop.subject)])
        tuning, held = split(tasks, loop.seed, loop.holdout)
        if len(held) < loop.least:
            return self.ended(NO_PLAN, f"{len(held)} tasks are left to decide by; {loop.least} are needed")
        behaviour = dict(loop.behaviour())
        began = loop.monotonic()
        proposal = self.planned(behaviour, tuning)
        self.phases["plan"] = {"seconds": self.since(began), "tasks": len(tuning)}
        if proposal is None:
            return self.ended(NO_PLAN, f"{self.findings[0].message}; nobody knows a change")
        return self.judged(proposal, behaviour, held, figures, [task.to_data() for task in tuning])

    def planned(self, behaviour: Mapping[str, Any], tuning: Sequence[Task]) -> Proposal | None:
        """What somebody proposes who has seen the tuning tasks and the findings, and nothing else."""
        tried = []
        for task in tuning:
            ran = self.loop.run(behaviour, task)
            tried.append(Attempted(task, ran, 0.0 if ran.fault else task.score(ran.answer)))
        return self.loop.propose(dict(behaviour), list(self.findings), tried)

    def judged(
        self,
        proposal: Proposal,
        behaviour: Mapping[str, Any],
        held: Sequence[Task],
        figures: Figures,
        tests: Sequence[dict[str, Any]],
    ) -> Turn:
        """Gate, trial, and a person."""
        loop = self.loop
        changes = behaviours.difference(
            behaviour, behaviours.checked(proposal.changes, tools=behaviour.get(behaviours.TOOLS))
        )
        if not changes:
            return self.ended(NO_PLAN, "what was proposed is what is there already")
        proposal.changes = changes
        verdict = loop.gate.judge(CANDIDATE, changes, {"subject": loop.subject, "title": proposal.title})
        if not verdict.passes:
            return self.ended(VETOED, f"{verdict.check}: {verdict.reason}")
        candidate = behaviours.applied(behaviour, changes)
        began = loop.monotonic()
        trial = compare(loop.run, held, behaviour, candidate, loop.seed)
        self.phases["trial"] = {"seconds": self.since(began), **trial.evidence.to_data()}
        found = trial.evidence
        if found.gain < loop.min_gain or found.low <= 0:
            measured = f"the gain is {found.gain:.2f} ({found.low:.2f} to {found.high:.2f}) on {found.n} tasks"
            return self.ended(REJECTED, f"{measured}; at least {loop.min_gain:g} and certainly more than 0 is needed")
        proposal.tests, proposal.benchmarks = list(tests), trial.benchmarks
        self.case = Case(
            loop.subject, self.id, proposal, trial, self.findings, figures, tests, seed=loop.seed, hours=loop.hours
        )
        self.branch = loop.publish(self.case)
        said = f"{proposal.title}: a gain of {found.gain:.2f} ({found.low:.2f} to {found.high:.2f}) on {found.n} tasks"
        return self.ended(WAITING if self.branch else PROMOTED, said)

    def since(self, began: float) -> float:
        return round(self.loop.monotonic() - began, 6)

    def ended(self, outcome: str, reason: str) -> Turn:
        return Turn(self.id, outcome, reason, self.findings, self.case, self.branch)

    def to_data(self, turn: Turn) -> dict[str, Any]:
        """For the ledger: no task and no wording in clear, their digests and places."""
        data: dict[str, Any] = {
            "turn": self.id, "outcome": turn.outcome, "reason": turn.reason, "phases": self.phases,
            "findings": [each.to_data() for each in self.findings],
        }  # fmt: skip
        if self.branch:
            data["branch"] = self.branch
        if self.case is not None:
            data["changes"] = {
                "keys": sorted(self.case.proposal.changes), "digest": digest(self.case.proposal.changes),
            }  # fmt: skip
            data["evidence"] = self.case.trial.evidence.to_data()
        return data


def decided(
    record: Callable[[str, str, dict[str, Any]], object],
    subject: str,
    turn: str,
    outcome: str,
    reason: str,
    **about: Any,
) -> None:
    """The outcome of a turn that a person has decided about, or of one that was taken back."""
    assert outcome in OUTCOMES
    record(TURN, subject, {"turn": turn, "outcome": outcome, "reason": reason, **about})
