"""`reason`, `llm`, `ask`, `context_aware_reason` and `set_model`: effects that ask a language model (L38–L41).

The functions a program holds are here; what they do is `dana.ipv.reasoning`, which the engine hands in when the first
of them is called. The compiler passes two options no program can spell: `.expected`, the type of the place the value
goes to, and `.how`, whether it decides a condition.
"""

from __future__ import annotations

from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

NAMES = ("reason", "llm", "ask", "context_aware_reason")
# Where the engine leaves the function that makes a program's `Reasoning`, and where that is kept.
OPENER, KEPT = ".open_reasoning", ".reasoning"


def reasoning_of(program: Any) -> Any:
    """The program's `Reasoning`, made for the first question."""
    found = program.table.get(KEPT)
    if found is None:
        opener = program.table.get(OPENER)
        if opener is None:
            raise failure(RuntimeError, "E840", "nobody has been told which language model to ask")
        found = program.table[KEPT] = opener(program)
    return found


def table(program: Any) -> dict[str, Any]:
    """The functions by name."""
    from dana.runtime.effects import Effect

    def start(prompt: Any, options: Any = None, /, **given: Any) -> Awaitable[Any]:
        return reasoning_of(program).begin(prompt, options, given)  # type: ignore[no-any-return]

    def named(*args: Any, **given: Any) -> Awaitable[Any]:
        """The same with the prompt, or the options, by name."""
        if not args:
            args = (given.pop("prompt", None),)
        if "options" in given:
            args = (*args, given.pop("options"))
        return start(*args, **given)

    def set_model(model: Any) -> None:
        """Which model the program asks from now on, where a call names none."""
        reasoning_of(program).set_model(model)

    return {**{name: Effect(program, name, named, taped=False) for name in NAMES}, "set_model": set_model}


def remote_complete(program: Any) -> Callable[..., Awaitable[dict[str, Any]]]:
    """A request to a model for a program in a worker: plain data in, plain data out."""

    async def complete(spec: Any, use_mock: Any, request: Any) -> dict[str, Any]:
        return await reasoning_of(program).complete_for_worker(spec, use_mock, request)  # type: ignore[no-any-return]

    return complete


EXPORTS: dict[str, object] = {}
REMOTE = {"complete": remote_complete}
NEEDS_PROGRAM: frozenset[str] = frozenset()
