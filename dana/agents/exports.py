"""Checks, verdicts and tools as programs make them: what `stdlib/agents.na` has of turns.

agents.rate_limit(10, burst=20)          entries of `checks`
agents.modified("…"), agents.rejected("…")   what hooks return
agents.tool(pay, dangerous=true)         entries of `tools`
agents.on_approval(f)                    who is asked about them
agents.respond(clerk, "…", user="ann")   a turn with its whole response
agents.trace(clerk, "diagnostic")        what happened in its last turn
"""

from __future__ import annotations

from dana.agents import gate, request_check  # noqa: F401  (the latter adds itself to the makers)
from dana.agents.agency import agency_of
from dana.agents.gate import POINTS, WRONG
from dana.agents.ports import actor_of, is_inside
from dana.agents.requests import KINDS
from dana.agents.tools import Tool
from dana.agents.validators import MAKERS, Validator, one_of, settled
from dana.runtime.pipelines import MethodType
from dana.runtime.stops import failure
from dana.runtime.typevalues import safe_repr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from dana.agents.turns import Turn
    from dana.agents.validators import Judge
    from dana.runtime.program import Program


def functions(program: Program) -> dict[str, Any]:
    """The functions by name, for one program."""
    from dana.runtime.effects import Effect

    def on_approval(handler: Any, /) -> None:
        """Says who decides about tools that are dangerous: `handler(call)` gives true, other arguments, or why not."""
        if handler is not None and not callable(handler):
            hint = "it is given the call (.agent .tool .arguments .digest) and returns true or false"
            raise failure(TypeError, WRONG, "`agents.on_approval` is given a function", hint)
        agency_of(program).approvals.handler = handler

    return {
        **MAKERS, "check": check, "tool": tool, "on_approval": on_approval,
        "respond": Effect(program, "respond", _responding(program), taped=False),
        "approved": gate.approved, "modified": gate.modified, "rejected": gate.rejected, "retry": gate.retry,
        "ask": gate.ask, "trace": _tracing(program),
    }  # fmt: skip


def check(judge: Any, points: Any = ("before_agent",), **given: Any) -> Validator:
    """A check of one's own: `judge(value)` returns nothing, true or false, or a verdict, as hooks do."""
    kind = "check"
    settled(kind, given, ())
    if not callable(judge):
        raise failure(TypeError, WRONG, "`agents.check` is given a function", "it gets the value and returns a verdict")
    known = tuple(point for point in POINTS if point not in ("around_model", "candidate"))
    name = getattr(judge, "__name__", kind)

    def build(self: Validator, turn: Turn) -> Judge:
        from dana.agents.hooks import _judged

        return lambda value, _context: _judged(turn.program, self.name, judge, value)

    chosen = {"name": name, **given}
    if isinstance(points, str):
        points = [points]
    return Validator(kind, build, {**chosen, "points": points}, {}, order=100, points=known)


def tool(function: Any, name: Any = None, description: Any = None, **given: Any) -> Tool:
    """A function with what is known about it: `dangerous`, `category`, `tags`."""
    known = ("dangerous", "category", "tags")
    for each in given:
        if each not in known:
            settled("tool", {each: None}, (*known, "name", "description"))
    return Tool(function, name, description, **given)


def _tracing(program: Program) -> Callable[..., str]:
    def trace(agent: Any = None, detail: str = "summary") -> str:
        """What happened in the last turn, of an agent or of anybody: briefly enough for a model to read (M45)."""
        from dana.agents import trace as acts
        from dana.agents.blueprint import Agent

        if agent is not None and not isinstance(agent, Agent):
            raise failure(TypeError, WRONG, "`agents.trace` is given an agent", 'as in agents.trace(desk, "key")')
        if detail not in acts.LEVELS:
            hint = "there are " + ", ".join(acts.LEVELS)
            raise failure(ValueError, WRONG, f"`detail` of trace cannot be {safe_repr(detail):.40}", hint)
        events = [] if program.ledger is None else program.ledger.events()
        named = "" if agent is None else actor_of(agent).id
        return acts.told(acts.one_turn(events, acts.last_turn(events, named)), detail)

    return trace


def _responding(program: Program) -> Callable[..., Awaitable[Any]]:
    """`agents.respond(agent, message, kind="solve", …)`: asks an agent for a turn and gives the whole response."""

    def respond(agent: Any, message: Any = None, /, **given: Any) -> Awaitable[Any]:
        from dana.agents.blueprint import Agent

        if not isinstance(agent, Agent):
            raise failure(TypeError, WRONG, "`agents.respond` is given an agent and a message")
        kind = one_of("respond", "kind", given.pop("kind", "solve"), KINDS)
        expected = given.pop(".expected", None)
        given.pop(".how", None)
        run = _Responding(program, agent, kind, expected)
        if is_inside(agent):
            return run.begun((message,), given)
        return actor_of(agent).ask(MethodType(run, agent), (message,), given)  # type: ignore[no-any-return]

    return respond


class _Responding:
    """The message of `respond`: one turn, inside the agent."""

    __slots__ = ("__name__", "_agent", "_expected", "_kind", "_program")

    def __init__(self, program: Program, agent: Any, kind: str, expected: Any) -> None:
        self.__name__ = "respond"
        self._program = program
        self._agent = agent
        self._kind = kind
        self._expected = expected

    def begun(self, args: tuple[Any, ...], given: dict[str, Any]) -> Awaitable[Any]:
        from dana.agents.turns import respond

        return respond(self._agent, self._kind, args, given, self._expected)

    def __call__(self, _agent: Any, /, *args: Any, **given: Any) -> Any:
        from dana.runtime.effects import Effect

        return Effect(self._program, "respond", lambda: self.begun(args, given), taped=False)()
