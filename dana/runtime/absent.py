"""Names that belong to an engine: where a program runs without one, using one says so."""

from __future__ import annotations

from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.runtime.program import Program

UNAVAILABLE = {
    **dict.fromkeys(
        ("feedback", "get_resource", "learnable", "poet", "use"),
        ("E821", "belongs to an engine, and this program runs without one"),
    ),
}


def engines(program: Program) -> dict[str, Any]:
    """The functions by name; calling one raises where there is no engine."""
    made = {name: _unavailable(name, *why) for name, why in UNAVAILABLE.items()}
    table = program.table
    if ".open_use" in table:

        def use(kind: Any, where: Any = None, /, **options: Any) -> Any:
            """A resource outside the program: `use("mcp:http://…")`; see the chapter about tools."""
            return table[".open_use"](program)(kind, where, **options)

        made |= {"use": use, "get_resource": use}
    if ".about_poet" in table:
        made |= _poet(table)
    return made


def _poet(table: dict[str, Any]) -> dict[str, Any]:
    native, about = table[".poet"], table[".about_poet"]

    def poet(function: Any = None, /, **options: Any) -> Any:
        """Make a function reliable: `@poet`, or `@poet(retries=3, timeout=2.0)`; see the module `poet`."""
        made = native(None, options)
        return made if function is None else made(function)

    def feedback(call: Any, /, **said: Any) -> None:
        """Say how a call of a `@poet` function turned out: `feedback(call, ok=true)`; its store keeps it."""
        about("feedback", call, said)

    def learnable(low: Any, high: Any, start: Any = None) -> Any:
        """A constant that learning may change within its bounds, in a function with `@poet`; elsewhere its start."""
        return about("learnable", low, high, start)

    return {"poet": poet, "feedback": feedback, "learnable": learnable}


def _unavailable(name: str, code: str, why: str) -> Callable[..., Any]:
    def refuse(*_args: Any, **_keywords: Any) -> Any:
        raise failure(RuntimeError, code, f"`{name}` {why}")

    refuse.__name__ = refuse.__qualname__ = name
    return refuse


# Where the engine leaves the function that makes the family of agents for a program (`dana.agents.blueprint.table`).
OPENER = ".open_agents"


def agents(program: Program) -> dict[str, Any]:
    """What definitions of agents need, and the agents every program has: from the engine, if there is one."""
    opener = program.table.get(OPENER)
    if opener is not None:
        return opener(program)  # type: ignore[no-any-return]
    why = "E821", "needs an engine, and this program runs without one"
    names = (".Agent", ".agent", ".agent_type", ".base_fields", ".blueprint", "DanaAgent", "BasicAgent")
    return {name: _unavailable(name.lstrip("."), *why) for name in names}
