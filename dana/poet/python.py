"""The same decorator for Python functions.

    from dana.poet.python import poet

    @poet(retries=5, enforce_handler=plausible)
    def rate(currency: str) -> float: …

Options, stages and errors are those of Dana programs, with one difference: running Python code cannot be
stopped from outside without breaking it. A call that returns after its `timeout` therefore raises
`POETTimeoutError` instead of handing out a late value, and no attempt is started that could only be late; a
call that never returns is not ended.
"""

from __future__ import annotations

from random import Random
from time import monotonic

from dana.adaptive.clock import SystemClock
from dana.poet.pipeline import decorate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, ParamSpec, TypeVar, overload

    P = ParamSpec("P")
    R = TypeVar("R")


class Deadline:
    """The moment after which a result is too late."""

    __slots__ = ("at",)

    def __init__(self, at: float) -> None:
        self.at = at


class Stopwatch:
    """Deadlines that are only looked at: what stands for the meter of a Dana program."""

    __slots__ = ("clock",)

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.clock = clock

    def push_deadline(self, seconds: float) -> Deadline:
        return Deadline(self.clock() + seconds)

    def pop_deadline(self, token: Deadline) -> None:
        pass

    def remaining(self) -> float | None:
        """Nothing but the call itself watches the time."""
        return None

    def check(self) -> None:
        pass


class Host:
    """Time and chance for decorated Python functions; tests pass a fake clock and a seeded random source."""

    def __init__(self, clock: Any = None, random: Any = None) -> None:
        self.clock = SystemClock() if clock is None else clock
        self.random = Random() if random is None else random  # noqa: S311  jitter is no secret
        self.meter = Stopwatch(self.clock.monotonic)


if TYPE_CHECKING:

    @overload
    def poet(function: Callable[P, R], /) -> Callable[P, R]: ...
    @overload
    def poet(*, host: Host | None = ..., **options: Any) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
    def poet(function: Any = ..., /, *, host: Host | None = ..., **options: Any) -> Any: ...

else:

    def poet(function: Any = None, /, *, host: Host | None = None, **options: Any) -> Any:
        """`@poet` or `@poet(retries=3, …)` for a Python function; the options are those of Dana's.

        Raises `POETConfigError` for wrong options, and for `async def` and generator functions, whose
        calls return before their work is done.
        """

        def decorator(function: Any) -> Any:
            return decorate(host or Host(), function, options)

        return decorator if function is None else decorator(function)
