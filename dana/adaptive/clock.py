"""Time as an argument: a clock says `monotonic()` seconds and `time()` since 1970, and can `sleep(seconds)`."""

from __future__ import annotations

from time import monotonic, sleep, time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class SystemClock:
    """The machine's own time."""

    __slots__ = ()

    monotonic = staticmethod(monotonic)
    time = staticmethod(time)
    sleep = staticmethod(sleep)


class FakeClock:
    """Time that passes only when somebody sleeps or says so; `sleeps` remembers every nap.

    `on_sleep`, when given, is called with the seconds after time has moved: a test's place to let
    something happen meanwhile.
    """

    __slots__ = ("now", "on_sleep", "sleeps")

    def __init__(self, start: float = 0.0, on_sleep: Callable[[float], None] | None = None) -> None:
        self.now = start
        self.sleeps: list[float] = []
        self.on_sleep = on_sleep

    def monotonic(self) -> float:
        return self.now

    def time(self) -> float:
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass without a nap: work that took this long."""
        self.now += seconds

    def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds
        if self.on_sleep is not None:
            self.on_sleep(seconds)
