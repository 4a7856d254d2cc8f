"""Agents that propose other wordings for themselves, behind `stdlib/meta.na`; `dana.agents.meta` has what it does."""

from __future__ import annotations

from dana.runtime.natives import types_on_demand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

NAMES = ("task", "record", "watch")
KEPT = ".meta"


def _opened(program: Any) -> Any:
    """`meta` of a program, made for its first use."""
    found = program.table.get(KEPT)
    if found is None:
        from importlib import import_module

        found = program.table[KEPT] = import_module("dana.agents.meta.watching").Meta(program)
    return found


def _function(name: str) -> Callable[[Any], Callable[..., Any]]:
    def made(program: Any) -> Callable[..., Any]:
        def call(*args: Any, **keywords: Any) -> Any:
            return getattr(_opened(program), name)(*args, **keywords)

        call.__name__ = call.__qualname__ = name
        return call

    return made


SIGNATURES = {
    "task": "(input: str, expected: any, grade: any, tool: any) -> any",
    "record": "(kind: any, input: str, expected: any, tool: any) -> None",
    "watch": (
        "(kind: any, tasks: any, window: any, min_gain: any, review: any, propose: any, model: any, run: any, "
        "veto: any, least: any, seed: any, limits: any, models: any, effects: any) -> any"
    ),
}
EXPORTS: dict[str, Any] = {name: _function(name) for name in NAMES}
NEEDS_PROGRAM = frozenset(NAMES)
__getattr__ = types_on_demand(SIGNATURES)
