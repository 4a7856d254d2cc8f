"""`race` and `parallel` as a program's builtins. What runs side by side is loaded when there is something to run."""

from __future__ import annotations

from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.runtime.program import Program


def builtins(program: Program) -> tuple[Callable[..., Any], ...]:
    """The functions `race` and `parallel` of a program."""

    def race(*contenders: Any) -> Any:
        """The value of the contender that succeeds first: effects, or functions without parameters."""
        if not contenders:
            raise failure(TypeError, "E833", "`race` needs something to run: effects, or functions without parameters")
        from dana.runtime.effects import together

        return together.race(program, contenders)

    def parallel(function: Any, items: Any, limit: int = 8) -> list[Any]:
        """`function(item)` for each item, at most `limit` at a time; the results in the order of the items."""
        if not isinstance(limit, int) or isinstance(limit, bool) or limit < 1:
            message = f"`parallel` runs at least one call at a time: limit is {limit!r}"
            raise failure(ValueError, "E834", message, "limit is a whole number from 1 on, 8 if it is left out")
        if not callable(function):
            from dana.runtime.typevalues import kind_of

            message = f"`parallel` needs a function and the items to call it with, not {kind_of(function)}"
            raise failure(TypeError, "E601", message)
        every = list(program.source(items))
        if len(every) < 2 or limit == 1:
            return [function(item) for item in every]
        from dana.runtime.effects import together

        return together.parallel(program, [Applied(function, item) for item in every], limit)

    return race, parallel


class Applied:
    """`function(item)`, to be called later."""

    __slots__ = ("function", "item")

    def __init__(self, function: Any, item: Any) -> None:
        self.function = function
        self.item = item

    def __call__(self) -> Any:
        return self.function(self.item)
