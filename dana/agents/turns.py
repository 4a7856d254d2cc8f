"""One turn of an agent: a request comes in, a model thinks with tools, a response goes out.

    begin(agent, kind, args, keywords, expected)   what the built-ins `solve plan chat reason` of an agent start

    request ─ before_agent ─▶ ┌ interrupts? before_model ─ model ─ after_model interrupts? ┐ ─▶ after_agent ─ response
                              │        ▲                               │                   │
                              │        └ observe ◀─ around_tool(tool) ◀┘ it asks for tools │
                              └─────── completion says what is missing ◀── an answer ──────┘

Asking, typing, repairing, tools, tapes and budgets are those of `reason` (`dana.ipv`); a turn adds the agent's own
words, its gate, its interrupts and its record. It is one coroutine, which the agent's worker waits for. What happens
is in the ledger under one trace: `turn.start`, `model.call`, `tool.start`, `tool.end`, `gate.verdict`, `turn.end`.
"""

from __future__ import annotations

import asyncio

from dana.adaptive.gate import ALLOW, AMEND, ASK, WAIT, Verdict
from dana.adaptive.sharing import BRANCH, UNTIL, WITHIN, OutOfTime, Until
from dana.agents.blueprint import method, setting
from dana.agents.errors import turns_within
from dana.agents.gate import (
    AFTER_AGENT,
    AGAIN,
    AROUND_MODEL,
    AROUND_TOOL,
    BEFORE_AGENT,
    COMPLETION,
    DECISIONS,
    refusal,
)
from dana.agents.interrupts import reached
from dana.agents.ports import actor_of
from dana.agents.requests import Called, Request, Response, Usage
from dana.ipv.asking import Host, ask
from dana.ipv.errors import failed
from dana.ipv.reasoning import account_of, brancher
from dana.runtime.exceptions import AgentFault
from dana.runtime.natives.reason import reasoning_of
from dana.runtime.typevalues import safe_repr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
    from typing import Any

    from dana.agents.agency import Agency, Kept
    from dana.agents.behaviour import Behaviour
    from dana.agents.validators import Purse, Validator

# Turns of one agent, each begun by a hook or a tool of the one before.
MOST_WITHIN = 10
# How often an answer is made again because something was missing in it.
MOST_REDONE = 2
# A check that says "later" is asked again so often.
MOST_WAITS = 3


def begin(
    agent: Any, kind: str, args: Sequence[Any], keywords: Mapping[str, Any], expected: Any = None
) -> Coroutine[Any, Any, Any]:
    """The coroutine of a turn, whose value is the answer; what is wrong with the call is raised here.

    `kind`: "solve", "plan", "chat" or "reason"; `expected`: the type of the place the value goes to, or None.
    """
    return _value(Turn(agent, kind, args, keywords, expected))


def respond(
    agent: Any, kind: str, args: Sequence[Any], keywords: Mapping[str, Any], expected: Any = None
) -> Coroutine[Any, Any, Response]:
    """The same with the whole `Response` for its value."""
    return Turn(agent, kind, args, keywords, expected).run()


async def _value(turn: Turn) -> Any:
    return (await turn.run()).value


class View:
    """An agent as its turns see it: the object, what it is called, the actor that processes its messages."""

    __slots__ = ("actor", "agent", "id", "name", "type_name")

    def __init__(self, agent: Any) -> None:
        self.agent = agent
        self.type_name: str = agent._shape.name
        named = setting(agent, "name")
        self.name = named if isinstance(named, str) and named else self.type_name if not named else safe_repr(named)
        self.actor = actor_of(agent)
        self.id: str = self.actor.id


class Turn:
    """One turn. Made where the call stands, so that what is wrong with the call is raised there."""

    def __init__(self, agent: Any, kind: str, args: Sequence[Any], keywords: Mapping[str, Any], expected: Any) -> None:
        from dana.agents.agency import agency_of
        from dana.agents.speaking import Speaking

        system = agent._system
        if WITHIN.get() >= MOST_WITHIN:
            raise turns_within(agent._shape.name, kind, MOST_WITHIN)
        self.program = program = system.program
        self.system = system
        self.view = View(agent)
        self.agency: Agency = agency_of(program)
        self.state: Kept = self.agency.kept_of(self.view.actor)
        self.trace: str = system.trace
        self.usage = Usage()
        self.tool_results: list[dict[str, Any]] = []
        # What tools have done, in words for the model that has to answer once more.
        self.done: list[str] = []
        self.verdicts: list[dict[str, Any]] = []
        # What checks have to tell: how many requests are left, for the record.
        self.about: dict[str, Any] = {}
        self.circuit: Validator | None = None
        # Words that checks watch for, beside the secrets of the program.
        self.canaries: list[str] = []
        # Budgets that pay for whatever the turn asks.
        self.purses: list[Purse] = []
        self._ends: list[Callable[[], object]] = []
        self._given: list[str] = []
        self._looked_at = 0
        reasoning = reasoning_of(program)
        self.speaking = Speaking(self, reasoning, kind, args, keywords, expected)
        self.request: Request = self.speaking.request
        self.behaviour: Behaviour = self.speaking.behaviour
        self._gate, self._layers = self.agency.gate_of(self)
        self._account = account_of(program)
        self._branches = brancher(program)

    # --- the turn -------------------------------------------------------------------------------

    async def run(self) -> Response:
        """The response. Raises `AgentFault` when the gate does not let it pass, and what asking raises."""
        BRANCH.set(self._branches)
        outer = WITHIN.get()
        WITHIN.set(outer + 1)
        begun = self.now()
        request = self.request
        self.tell("turn.start", {"kind": request.kind, "type": request.expected, "behaviour": self.behaviour.digest})
        outcome = "cancelled"
        try:
            response = await self._through()
            outcome = "ok"
        except Exception as error:
            outcome = type(error).__name__
            self._blame(error)
            raise
        finally:
            WITHIN.set(outer)
            for end in self._ends:
                end()
            self.tell("turn.end", {
                "kind": request.kind, "outcome": outcome, "latency_ms": self.since(begun),
                "tokens": self.usage.total_tokens, "usd": self.usage.cost, "tools": len(self.tool_results),
                **self.about,
            })  # fmt: skip
        return response

    async def _through(self) -> Response:
        """From the first point of the gate to the last."""
        await self.checkpoint()
        request = self.request
        if self._gate is not None:
            changed = await self.let(BEFORE_AGENT, request)
            if changed is not request:
                self.speaking.change(changed)
        value = await self._answer()
        response = Response(
            request.id, value, tool_results=self.tool_results, usage=self.usage, verdicts=self.verdicts,
            metadata=request.metadata,
        )  # fmt: skip
        if self._gate is not None:
            changed = await self.let(AFTER_AGENT, response)
            if changed is not response:
                response.value = self.speaking.fitted(changed.value if changed.__class__ is Response else changed)
        self.speaking.blank(response)
        self.speaking.keep(response.value)
        return response

    async def _answer(self) -> Any:
        """The model's answer, made again when the completion test misses something."""
        host = Host(monotonic=self.now, spend=self._account, emit=self._heard)
        missing: list[str] = []
        while True:
            model, question = self.speaking.question(missing)
            value = (await ask(model, question, host=host)).value
            if self._gate is None or not self._gate.stands_at(COMPLETION):
                return value
            try:
                return await self.let(COMPLETION, value)
            except AgentFault as refused:
                if len(missing) == MOST_REDONE or getattr(refused, "leaf", "") == "validation.broken_check":
                    raise
                missing.append(getattr(refused, "reason", str(refused)))

    async def checkpoint(self) -> None:
        """Where pause, stop and injected messages take effect (M63)."""
        actor = self.view.actor
        if actor.interrupts is not None:
            await reached(actor)
            self.speaking.told(actor.context())

    # --- the gate -------------------------------------------------------------------------------

    def stands_at(self, point: str) -> bool:
        """Whether a check or a hook looks at a point."""
        return self._gate is not None and self._gate.stands_at(point)

    def has_layer(self, point: str) -> bool:
        """Whether a hook of the blueprint stands around the work."""
        return point in self._layers

    async def let(self, point: str, value: Any, **context: Any) -> Any:
        """A value, perhaps amended, that may pass a point. Raises `AgentFault`."""
        gate = self._gate
        if gate is None or not gate.stands_at(point):
            return value
        waits = [MOST_WAITS]

        async def settle(check: Any, verdict: Verdict) -> Any:
            return await self._settled(waits, point, check, verdict)

        verdict = await self._in_time(point, gate.decide(point, value, {"point": point, **context}, settle))
        if verdict.kind is AMEND:
            return verdict.value
        if verdict.passes:
            return value
        raise refusal(self.view.name, point, verdict)

    async def _in_time(self, point: str, deciding: Coroutine[Any, Any, Verdict]) -> Verdict:
        """A verdict. Raises `ReasonError` (E843) when what decides computes longer than the question may take."""
        if UNTIL.get() is not None:  # it is a part of the question
            return await deciding
        seconds = self.speaking.seconds
        until = Until(asyncio.get_running_loop().time() + seconds, seconds)
        UNTIL.set(until)
        try:
            return await deciding
        except OutOfTime as late:
            if late.until is not until:
                raise
            message = f"`{point}` of `{self.view.name}` was not done within {seconds:g} s"
            raise failed("E843", message, "`timeout=` gives it longer") from None
        finally:
            UNTIL.set(None)

    async def _settled(self, waits: list[int], point: str, check: Any, verdict: Verdict) -> Any:
        """What becomes of a verdict that does not pass: waiting and people may resolve it."""
        if verdict.kind is WAIT:
            if verdict.value is False or waits[0] == 0:
                return verdict
            waits[0] -= 1
            await self.sleep(verdict.seconds)
            return AGAIN
        if verdict.kind is ASK:
            called = Called(
                self.view.name, check.name, {"question": verdict.reason},
                f"{self.view.id}:{self.request.id}:{check.name}", reason=verdict.reason,
            )  # fmt: skip
            self.tell("approval.asked", {"point": point, "check": check.name}, about_world=True)
            answer = await self._approved(called)
            kind = "approval.given" if answer is True else "approval.denied"
            self.tell(kind, {"point": point, "check": check.name}, about_world=True)
            if answer is True:
                return None
            reason = answer if isinstance(answer, str) else "it was not approved"
            denied = Verdict(
                "deny", reason=f"{verdict.reason} ({reason})", code=verdict.code or "validation.unapproved"
            )
            denied.check = check.name
            return denied
        return verdict

    async def _approved(self, called: Called) -> Any:
        """What whoever approves says, in his own time."""
        before = UNTIL.get()
        UNTIL.set(None)
        try:
            return await self.agency.approvals.decide(called)
        finally:
            UNTIL.set(before)

    def judged(self, point: str, check: str, verdict: Verdict) -> None:
        """A check has given a verdict that is no plain approval."""
        decision = "failed open" if verdict.kind is ALLOW else DECISIONS[verdict.kind]
        self.note(point, check, decision, verdict.reason, about_world=not verdict.passes)

    def note(self, point: str, check: str, decision: str, reason: str, *, about_world: bool) -> None:
        """Put a verdict on record; reasons are words of checks, and never those of a request."""
        reason = self.agency.excerpt(reason)
        self.verdicts.append({"point": point, "check": check, "decision": decision, "reason": reason})
        data = {"point": point, "check": check, "decision": decision, "reason": reason}
        self.tell("gate.verdict", data, about_world=about_world)

    def found(self, check: str, data: dict[str, Any]) -> None:
        """What a check has found, in figures."""
        self.about[check] = data

    async def layered(self, point: str, value: Any, inner: Callable[[Any], Awaitable[Any]]) -> Any:
        """The work at a point, with the blueprint's layer around it where there is one."""
        if point not in self._layers:
            return await inner(value)
        from dana.agents.hooks import layer

        return await layer(self.program, method(self.view.agent, point), value, inner, point)

    async def asked_world(self, key: str, work: Callable[[], Awaitable[Any]]) -> Any:
        """Work that depends on somebody else, within the circuit of that somebody where the agent has a breaker."""
        if (
            self.circuit is None
            or (AROUND_MODEL if key.startswith("model:") else AROUND_TOOL) not in self.circuit.points
        ):
            return await work()
        return await self.agency.through(self.circuit, key, work, self)

    # --- what checks and tools ask --------------------------------------------------------------

    def now(self) -> float:
        """Seconds of the program's clock, for buckets and circuits."""
        return float(self.program.clock.monotonic())

    def since(self, begun: float) -> float:
        """Milliseconds since a moment of that clock."""
        return round((self.now() - begun) * 1000, 3)

    async def sleep(self, seconds: float) -> None:
        """Wait; by the clock of the program, which a host or a test may have given."""
        if type(self.program.clock).__name__ == "LoopClock":
            await asyncio.sleep(seconds)
            return
        from dana.ipv.offering import beside

        await beside(self.program, lambda: self.program.clock.sleep(seconds))

    def at_end(self, action: Callable[[], object]) -> None:
        """Do this when the turn has ended, however it does."""
        self._ends.append(action)

    def secrets(self) -> list[str]:
        """What the program holds and must not be said."""
        held = self.program.secrets
        return [] if held is None else list(held.texts())

    def gave(self, text: str) -> None:
        """Material the turn works on: the context, what tools gave."""
        self._given.append(text)

    def material(self) -> str:
        """All of it."""
        return "\n".join(self._given)

    def unseen_material(self) -> str:
        """What of the context no check has looked at yet."""
        new = self.speaking.material[self._looked_at :]
        self._looked_at = len(self.speaking.material)
        return "\n".join(new)

    async def judge(
        self, model: Any, prompt: str, context: dict[str, str], system: str, verdict: str, seconds: float
    ) -> dict[str, Any]:
        """A judge's verdict by fields; `model` True: the agent's own. It sees nothing but what it is given."""
        from dana.agents.forms import form

        given = {
            "type": form(self.program, verdict), "context": context, "system": system, "timeout": seconds, "retries": 1,
            "model": self.behaviour.model if model is True else model,
        }  # fmt: skip
        model_, question, _ = self.speaking.reasoning.prepared(prompt, None, given)
        answer = await ask(model_, question, host=Host(monotonic=self.now, spend=self._account, emit=self._heard))
        for purse in self.purses:
            purse.spend({"tokens": answer.tokens, "usd": answer.usd or 0.0})
        shape = answer.value._shape
        return {field.name: getattr(answer.value, field.slot) for field in shape.fields}

    # --- the record -----------------------------------------------------------------------------

    def tell(self, kind: str, data: dict[str, Any], *, about_world: bool = False) -> None:
        """Put something on record under the turn's trace; what changes the world is stored before it happens."""
        program = self.program
        data = {"agent": self.view.id, "request": self.request.id, **data}
        if program.emit is not None:
            program.emit(kind, dict(data))
        ledger = program.ledger
        if ledger is None:
            return
        if about_world:
            ledger.audit(kind, self.view.id, data, act=self.trace)
        else:
            ledger.keep(kind, self.view.id, data, act=self.trace)

    def _heard(self, kind: str, data: dict[str, Any]) -> None:
        """What asking tells: replies of models are counted and kept; requests for tools are told by the tools."""
        if kind == "model.call":
            prompt, completion = data.get("prompt_tokens", 0), data.get("completion_tokens", 0)
            self.usage._add(prompt, completion, data.get("usd"))
            seconds = data.pop("seconds", None)
            more = {} if seconds is None else {"latency_ms": round(seconds * 1000, 3)}
            self.tell(kind, {**data, "tokens": prompt + completion, **more})

    def _blame(self, error: BaseException) -> None:
        """A failure says whose turn it was, where nothing is hidden by that."""
        if not hasattr(error, "request"):
            try:
                error.request = self.request.id  # type: ignore[attr-defined]
            except AttributeError:
                return
