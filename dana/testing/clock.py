"""The clock of a test: it begins at the same moment each time and moves only when the program sleeps."""

from __future__ import annotations

from time import monotonic

# 2023-11-14 22:13:20 UTC: a number that is recognised where it turns up.
BEGINNING = 1_700_000_000.0


class TestClock:
    """A program's clock that waits without waiting.

    `metered` is what limits go by: real time, because a loop without end must be stopped, and slept time, because
    a deadline is to be missed by what sleeps too long.
    """

    __slots__ = ("slept",)

    # Nobody can stop a program while it sleeps here, for it takes no time: a day is one nap and not 1.7 million.
    longest_nap_s = float("inf")

    def __init__(self) -> None:
        self.slept = 0.0

    def time(self) -> float:
        return BEGINNING + self.slept

    def monotonic(self) -> float:
        return self.slept

    def sleep(self, seconds: float) -> None:
        self.slept += seconds

    def metered(self) -> float:
        return monotonic() + self.slept
