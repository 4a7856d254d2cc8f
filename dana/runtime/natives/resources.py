"""Pools of resources, behind `stdlib/resources.na`; `dana.agents.pools` has what they do."""

from __future__ import annotations

from dana.runtime.natives import types_on_demand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def pool(program: Any) -> Callable[..., Any]:
    """A pool of the resources that `make(…)` makes."""
    from importlib import import_module

    made: Callable[..., Any] = import_module("dana.agents.pools").pool_of(program)
    return made


SIGNATURES = {
    "pool": (
        "(make: any /, *, size: int = 4, wait: float = 30.0, idle: float = 300.0, max_age: any = None, "
        "check_after: float = 1.0, breaker: bool = true) -> any"
    ),
}
EXPORTS: dict[str, object] = {"pool": pool}
NEEDS_PROGRAM = frozenset(EXPORTS)
__getattr__ = types_on_demand(SIGNATURES)
