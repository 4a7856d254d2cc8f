"""Simulation and reality as one feedback (T9, P111–P113): the simulator is corrected by what really happens.

Real scores are true and rare, simulated ones plentiful and biased. The bias is learnt as a line over the simulated
score by recursive least squares with forgetting (Plackett 1950), and both are weighed by their inverse variance. Where
the corrected simulation still misses reality by more than `band`, only reality counts.
"""

from __future__ import annotations

from math import sqrt

from dana.adaptive.statistics import Moments, t95

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LEAST = 5


class Fusion:
    """`band`: how far off a corrected simulation may be on average to be believed, in units of the score."""

    __slots__ = ("_a", "_b", "_p", "band", "count", "forgetting", "misses")

    def __init__(self, band: float = 0.1, forgetting: float = 0.99) -> None:
        self.band = band
        self.forgetting = forgetting
        # real ≈ a + b · simulated, and how uncertain a and b are (2 × 2, symmetric).
        self._a, self._b = 0.0, 1.0
        self._p = (10.0, 0.0, 10.0)
        self.misses = Moments()
        self.count = 0

    def add(self, simulated: float, real: float) -> None:
        """The same call was simulated and happened."""
        miss = real - (self._a + self._b * simulated)
        if self.count >= LEAST:
            self.misses.add(miss)
        self.count += 1
        p00, p01, p11 = self._p
        u0, u1 = p00 + p01 * simulated, p01 + p11 * simulated
        below = self.forgetting + u0 + u1 * simulated
        k0, k1 = u0 / below, u1 / below
        self._a += k0 * miss
        self._b += k1 * miss
        f = self.forgetting
        self._p = ((p00 - k0 * u0) / f, (p01 - k0 * u1) / f, (p11 - k1 * u1) / f)

    def corrected(self, simulated: float) -> float:
        """What would really have been scored, by all that is known."""
        return self._a + self._b * simulated

    def is_trusted(self) -> bool:
        """Whether the corrected simulation agrees with reality: its mean miss is within the band, with 95 %."""
        if self.misses.count < LEAST:
            return True
        half = t95(self.misses.count - 1) * sqrt(self.misses.variance / self.misses.count)
        return abs(self.misses.mean) - half <= self.band

    def weight(self, real_variance: float) -> float:
        """How much reality counts against a simulation of the same call, 0 to 1: by inverse variance."""
        if not self.is_trusted() or self.misses.count < 2:
            return 1.0 if not self.is_trusted() else 0.5
        simulated = self.misses.variance
        whole = real_variance + simulated
        return simulated / whole if whole > 0 else 0.5

    def score(self, simulated: float | None, real: float | None, real_variance: float = 0.01) -> tuple[float, str]:
        """One score from what there is, and where it is from. Raises `ValueError` when there is nothing."""
        if real is None and simulated is None:
            raise ValueError("there is neither a real nor a simulated score")
        if real is None:
            assert simulated is not None
            return self.corrected(simulated), "simulation" if self.is_trusted() else "simulation, not trusted"
        if simulated is None:
            return real, "real"
        weight = self.weight(real_variance)
        return weight * real + (1 - weight) * self.corrected(simulated), "both"

    def to_data(self) -> dict[str, Any]:
        """What is known about the bias, as plain data."""
        return {"offset": self._a, "slope": self._b, "count": self.count, "miss": self.misses.mean}
