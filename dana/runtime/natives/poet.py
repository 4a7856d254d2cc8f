"""The decorator as a value, for `from poet import poet`: it belongs to the program that runs."""

from __future__ import annotations

from dana.runtime.natives import types_on_demand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def poet(program: Any) -> Callable[..., Any]:
    """Makes a function reliable: `@poet`, or `@poet(retries=3, timeout=2.0)`."""

    def poet(function: Any = None, /, **options: Any) -> Any:
        """Makes a function reliable: `@poet`, or `@poet(retries=3, timeout=2.0)`."""
        return program.builtins["poet"](function, **options)

    return poet


SIGNATURES = {"poet": "(function: any / = None, **options: any) -> any"}
EXPORTS: dict[str, object] = {"poet": poet}
NEEDS_PROGRAM = frozenset(EXPORTS)
__getattr__ = types_on_demand(SIGNATURES)
