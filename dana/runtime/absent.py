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


def unavailable() -> dict[str, Any]:
    """The functions by name; calling one raises."""
    return {name: _unavailable(name, *why) for name, why in UNAVAILABLE.items()}


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
