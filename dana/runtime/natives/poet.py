"""The decorator as a value, for `from poet import poet`: it belongs to the program that runs."""

from __future__ import annotations

from dana.runtime.natives import types_on_demand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def poet(program: Any) -> Callable[..., Any]:
    """The program's own `@poet`."""
    decorator: Callable[..., Any] = program.builtins["poet"]
    return decorator


SIGNATURES = {"poet": "callable"}
EXPORTS: dict[str, object] = {"poet": poet}
NEEDS_PROGRAM = frozenset(EXPORTS)
__getattr__ = types_on_demand(SIGNATURES)
