"""How long a breaker stays open (T3): twice as long after each probe that fails, back when the service is well.

An outage that lasts is asked less and less often; one that is over is noticed soon, because the time starts small. The
time starts at what the last outages lasted, within bounds.
"""

from __future__ import annotations

from dana.adaptive.statistics import Ewma

SHORTEST_S, LONGEST_S = 0.5, 300.0


class OpenTime:
    """`seconds`: how long to stay open now. Bounds in s; the first time is learnt from the outages there were."""

    __slots__ = ("_began", "_typical", "longest", "seconds", "shortest")

    def __init__(self, start: float = 5.0, *, shortest: float = SHORTEST_S, longest: float = LONGEST_S) -> None:
        if not 0 < shortest <= start <= longest:
            raise ValueError(f"the time {start} does not lie between {shortest} and {longest}")
        self.shortest = shortest
        self.longest = longest
        self.seconds = start
        self._typical = Ewma(0.3)
        self._began: float | None = None

    def opened(self, now: float) -> float:
        """The breaker opened, or a probe failed (`now` in s): how long to stay open."""
        if self._began is None:
            self._began = now
            if self._typical.count:
                # A quarter of a typical outage: recovery is noticed with a few probes.
                self.seconds = min(self.longest, max(self.shortest, self._typical.value / 4))
        else:
            self.seconds = min(self.longest, 2 * self.seconds)
        return self.seconds

    def recovered(self, now: float) -> None:
        """A probe succeeded: the outage is over."""
        if self._began is not None:
            self._typical.add(max(0.0, now - self._began))
            self._began = None
