"""What the agents of one program share about their turns: who approves, which circuits are open, what was used up.

What a check has used up is kept by actor, so it outlives a restart: an agent that crashes gets no fresh budget for it.
"""

from __future__ import annotations

import os
from weakref import WeakKeyDictionary

from dana.adaptive.gate import WAIT, Verdict
from dana.adaptive.recovery import classify
from dana.agents.approval import Approvals
from dana.agents.behaviour import Behaviour
from dana.agents.blueprint import setting
from dana.agents.gate import LAYERS, WRONG, Gate, refusal
from dana.agents.hooks import checks_of, hooks_of
from dana.agents.validators import Validator
from dana.runtime.exceptions import AgentFault
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import Any

    from dana.adaptive.breaker import Breaker
    from dana.agents.turns import Turn
    from dana.runtime.program import Program

KEPT = ".agency"
MOST_CHECKS = 64
# Of a reason, this much goes on record.
LONGEST_REASON = 300
# Faults that say nothing about whoever was asked.
_NOT_THEIRS = ("validation.", "configuration.", "budget.")


class Kept:
    """What is kept of one agent between its turns."""

    __slots__ = ("approvals", "behaviour", "kept", "number", "offered")

    def __init__(self, approvals: Approvals) -> None:
        self.approvals = approvals
        # Changes this agent alone behaves with: one that is on trial.
        self.behaviour: Mapping[str, Any] | None = None
        # What checks have used up, by check.
        self.kept: dict[str, Any] = {}
        self.number = 0
        # Its tools as they are offered, and what they were made of.
        self.offered: tuple[tuple[int, ...], list[Any], list[Any]] | None = None


class Agency:
    """One of a program."""

    __slots__ = ("_behaviours", "_kept", "_redactor", "approvals", "circuits", "program")

    def __init__(self, program: Program) -> None:
        self.program = program
        self.approvals = Approvals(program)
        self.circuits: dict[str, Breaker] = {}
        self._kept: WeakKeyDictionary[Any, Kept] = WeakKeyDictionary()
        self._behaviours: dict[str, Mapping[str, Any] | None] = {}
        self._redactor: Any = None

    def kept_of(self, actor: Any) -> Kept:
        """What is kept of an agent."""
        found = self._kept.get(actor)
        if found is None:
            found = self._kept[actor] = Kept(self.approvals)
        return found

    # --- gates ----------------------------------------------------------------------------------

    def gate_of(self, turn: Turn) -> tuple[Gate | None, frozenset[str]]:
        """The gate of an agent, None without checks and hooks; and the points at which it has layers."""
        agent = turn.view.agent
        names = hooks_of(type(agent))
        said = setting(agent, "checks")
        if not names and not said:
            return None, names
        checks: list[Any] = []
        if said:
            checks += [each._check(turn) for each in self._validators(said) if each.enabled]
        checks += checks_of(agent, names, self.program)
        return Gate(checks, turn.judged), names & frozenset(LAYERS)

    def _validators(self, said: Any) -> list[Validator]:
        if said.__class__ is not list or len(said) > MOST_CHECKS:
            raise failure(TypeError, WRONG, f"`checks` of an agent is a list of at most {MOST_CHECKS} checks")
        for each in said:
            if each.__class__ is not Validator:
                from dana.runtime.typevalues import short

                hint = (
                    "they are made by the module `agents`, as in checks=[agents.request_check(), agents.rate_limit(10)]"
                )
                raise failure(TypeError, WRONG, f"{short(each)} is no check", hint)
        return list(said)

    def excerpt(self, reason: str) -> str:
        """A reason as it may be on record: short, and without secrets."""
        held = self.program.secrets
        text = reason if held is None else held.hidden(reason)
        if self._redactor is None:
            from dana.adaptive.redaction import Redactor

            self._redactor = Redactor()
        return " ".join(self._redactor.text(text).split())[:LONGEST_REASON]

    # --- behaviours -----------------------------------------------------------------------------

    def behaviour_of(self, agent: Any) -> Behaviour:
        """How an agent behaves: as its program says, with the change that was accepted for its type."""
        told = setting(agent, "instructions") or agent._shape.doc or ""
        model = setting(agent, "model")
        if not isinstance(told, str) or not (model is None or isinstance(model, str | list)):
            raise failure(TypeError, WRONG, "`instructions` and `model` of an agent are texts")
        own = Behaviour(" ".join(told.split()) if told is agent._shape.doc else told, None, model)
        kept = None if agent._actor is None else self._kept.get(agent._actor)
        on_trial = None if kept is None else kept.behaviour
        changes = self.changes_of(agent._shape.name) if on_trial is None else on_trial
        return own if changes is None else own.overlaid(changes)

    def changes_of(self, type_name: str) -> Mapping[str, Any] | None:
        """What was accepted for a type of agents, None where nothing was."""
        if type_name not in self._behaviours:
            self._behaviours[type_name] = self._accepted(type_name)
        return self._behaviours[type_name]

    def use(self, type_name: str, changes: Mapping[str, Any] | None) -> None:
        """Agents of this type behave with these changes from now on: a trial, or what has just been accepted."""
        self._behaviours[type_name] = changes

    def reread(self) -> None:
        """Look for accepted changes again."""
        self._behaviours.clear()

    def _accepted(self, name: str) -> Mapping[str, Any] | None:
        main = self.program.modules.get("__main__")
        if main is None or not os.path.isfile(main.file):
            return None
        from dana.agents.meta import MetaError
        from dana.agents.meta.behaviours import load_behaviour

        try:
            found = load_behaviour(name, os.path.dirname(os.path.abspath(main.file)))
        except MetaError as wrong:
            raise failure(AgentFault, wrong.code, str(wrong), wrong.hint) from None
        if found is None:
            return None
        ledger = self.program.ledger
        if ledger is not None:
            ledger.keep("behaviour.used", name, {"digest": found.digest})
        return dict(found.changes)

    # --- circuits -------------------------------------------------------------------------------

    async def through(self, said: Validator, key: str, work: Callable[[], Awaitable[Any]], turn: Turn) -> Any:
        """Work within the circuit of whoever does it. Raises `AgentFault` (E872) while that is open."""
        circuit = self.circuits.get(key)
        if circuit is None:
            circuit = self.circuits[key] = self._circuit(said, key, turn)
        begun = turn.now()
        ticket = circuit.admit(begun)
        if not ticket:
            seconds = circuit.retry_after(begun)
            verdict = Verdict(
                WAIT, reason=f"`{key}` failed too often lately", code="network.unavailable", seconds=seconds
            )
            verdict.check = said.name
            turn.judged("around_model" if key.startswith("model:") else "around_tool", said.name, verdict)
            raise refusal(turn.view.name, "around_model", verdict)
        settled = False
        try:
            found = await work()
            settled = True
            circuit.success(ticket, turn.now() - begun, turn.now())
        except Exception as fault:
            settled = True
            if classify(fault).startswith(_NOT_THEIRS):
                circuit.cancelled(ticket)
            else:
                circuit.failure(ticket, turn.now() - begun, turn.now())
            raise
        finally:
            if not settled:
                circuit.cancelled(ticket)
        return found

    def _circuit(self, said: Validator, key: str, turn: Turn) -> Breaker:
        from dana.adaptive.breaker import Breaker

        def changed(before: str, after: str, _now: float) -> None:
            turn.tell("breaker.change", {"key": key, "before": before, "after": after})

        of = said._of
        return Breaker(
            failure_rate=of("failure_rate"), least=of("least"), window=of("window"), open_s=of("open_s"),
            open_max_s=max(300.0, of("open_s")), on_change=changed,
        )  # fmt: skip


def agency_of(program: Program) -> Agency:
    """The agency of a program, made for its first turn."""
    found: Agency | None = program.table.get(KEPT)
    if found is None:
        found = program.table[KEPT] = Agency(program)
    return found
