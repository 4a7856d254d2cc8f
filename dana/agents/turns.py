"""One turn of an agent: a request comes in, a model thinks with tools, a response goes out.

    begin(agent, kind, args, keywords, expected)   what the built-ins `solve plan chat reason` of an agent start
"""

from __future__ import annotations

from dana import abi
from dana.runtime.natives.reason import reasoning_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping, Sequence
    from typing import Any


def begin(
    agent: Any, kind: str, args: Sequence[Any], keywords: Mapping[str, Any], expected: Any = None
) -> Coroutine[Any, Any, Any]:
    """The coroutine of a turn, whose value is the answer; what is wrong with the call is raised here.

    `kind`: "solve", "plan", "chat" or "reason"; `expected`: the type of the place the value goes to, or None.
    """
    program = agent._shape.record.program
    given = dict(keywords)
    prompt = args[0] if args else given.pop("problem", given.pop("task", given.pop("message", given.pop("prompt", None))))
    if expected is not None:
        given[".expected"] = expected
    told = getattr(agent, abi.mangle("instructions"), None) or agent._shape.doc
    if told and "system" not in given:
        given["system"] = told
    return reasoning_of(program).begin(prompt, args[1] if len(args) > 1 else None, given)  # type: ignore[no-any-return]
