"""Hooks: methods of a blueprint that stand at the points of its gate.

    def before_agent(self, request)          request: .message .context .user .kind … ; modified(text) changes the words
    def before_model(self, sent)             .messages .tools .model .round         ; modified(list of messages)
    def around_model(self, sent, next)       returns next(sent), as often as it likes, up to ten times
    def after_model(self, reply)             .text .tool_calls .usage               ; modified(text)
    def around_tool(self, call, next)        .tool .arguments .digest               ; next(call), next({"amount": 5})
    def after_agent(self, response)          .value .usage .tool_results            ; modified(value)
    def completion(self, value)              rejected(what is missing) has the answer made again

A hook returns nothing or true to approve, false to reject, or a verdict of the module `agents`. It runs inside the
agent, on the account and under the deadlines of the turn.
"""

from __future__ import annotations

from dana.adaptive import gate as core
from dana.adaptive.gate import Verdict
from dana.agents.gate import LAYERS, POINTS, WRONG, Check
from dana.runtime.exceptions import position_of
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from typing import Any

    from dana.runtime.program import Program

HOOKS = frozenset(POINTS) - {"candidate"}
# After the checks of the same point.
ORDER = 500
# How often a layer may call what it stands around.
MOST_NEXT = 10


def hooks_of(cls: type) -> frozenset[str]:
    """The points at which a blueprint has a hook of its own."""
    found: set[str] = set()
    for base in cls.__mro__[:-1]:
        found.update(HOOKS & base.__dict__.keys())
    return frozenset(found)


def checks_of(agent: Any, names: frozenset[str], program: Program) -> list[Check]:
    """The hooks at points where a verdict is given, as checks; layers are left to `layer`."""
    return [_check(agent, name, program) for name in POINTS if name in names and name not in LAYERS]


def _check(agent: Any, name: str, program: Program) -> Check:
    method = getattr(agent, name)

    def judge(value: Any, _context: Mapping[str, Any]) -> Awaitable[Verdict | None]:
        return _judged(program, name, method, value)

    return Check(name, judge, points=[name], order=ORDER)


async def _judged(program: Program, name: str, method: Callable[..., Any], value: Any) -> Verdict | None:
    from dana.ipv.offering import beside

    try:
        answer = await beside(program, lambda: method(value))
    except Exception as failed:
        line = position_of(failed, program)[1]
        if line:
            failed._place = f" (line {line})"  # type: ignore[attr-defined]
        raise
    if answer is None or answer is True:
        return None
    if isinstance(answer, Verdict):
        # Verdicts are shared by programs; what a round writes on one is its own.
        return (
            Verdict(answer.kind, value=answer.value, reason=answer.reason, code=answer.code, seconds=answer.seconds)
            if answer.kind is not core.ALLOW
            else None
        )
    if answer is False:
        return core.deny(f"`{name}` says no")
    from dana.runtime.typevalues import kind_of

    hint = "return nothing to approve, or one of approved() modified(v) rejected(why) retry(after) ask(question)"
    raise failure(TypeError, WRONG, f"the hook `{name}` gave {kind_of(answer)} instead of a verdict", hint)


async def layer(
    program: Program, method: Callable[..., Any], value: Any, inner: Callable[[Any], Awaitable[Any]], name: str
) -> Any:
    """What a layer makes of the work it stands around; `inner(value)` is the work."""
    from dana.ipv.offering import beside
    from dana.runtime.effects import Effect

    left = [MOST_NEXT]

    def again(given: Any = value) -> Awaitable[Any]:
        left[0] -= 1
        if left[0] < 0:
            raise failure(RuntimeError, WRONG, f"`{name}` has called `next` {MOST_NEXT} times")
        return inner(given)

    following = Effect(program, "next", again, taped=False)
    return await beside(program, lambda: method(value, following))
