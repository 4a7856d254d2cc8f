"""Constants that a programmer declared learnable, found by trying (T5).

    learner = Spsa({"deadband": (0.5, 4.0, 1.0), "gain": (10.0, 100.0, 30.0)}, seed=7)
    while learner.evaluations < 200:
        learner.step(lambda values, scenario: cost(values, scenario))

SPSA (Spall 1992, 1998) estimates the whole gradient from two costs, whatever the number of constants: all are moved at
once by random signs, up and down. Both sides meet the *same* scenarios (common random numbers), so what differs is the
constants alone. `RandomSearch` with the same budget is the other candidate: where it is as good, nothing was gained by
gradients. Both stay within the declared bounds, whatever the costs say.
"""

from __future__ import annotations

from math import isfinite
from random import Random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, TypeAlias

    Values: TypeAlias = dict[str, float]
    # A cost, lower is better, of some values in a scenario (whose number stands for its seed).
    Cost: TypeAlias = Callable[[Values, int], float]

# Spall's exponents for the practical case; the stability constant is a tenth of the planned steps.
_ALPHA, _GAMMA = 0.602, 0.101


class _Search:
    """What both searches share: bounds, the best values so far, how many costs were asked for."""

    def __init__(self, bounds: Mapping[str, tuple[float, float, float]], seed: int) -> None:
        if not bounds:
            raise ValueError("there is nothing to learn: no constants")
        for name, (low, high, start) in bounds.items():
            if not (isfinite(low) and isfinite(high) and low < high):
                raise ValueError(f"`{name}`: the bounds {low} to {high} leave nothing to learn")
            if not low <= start <= high:
                raise ValueError(f"`{name}` starts at {start}, outside its bounds {low} to {high}")
        self.bounds = dict(bounds)
        self.names = list(bounds)
        self.chance = Random(seed)  # noqa: S311  (a search, no secret)
        self.start: Values = {name: start for name, (_low, _high, start) in bounds.items()}
        self.evaluations = 0
        self.steps = 0

    def _cost(self, cost: Cost, values: Values, scenarios: Sequence[int]) -> float:
        total = 0.0
        for scenario in scenarios:
            total += cost(values, scenario)
            self.evaluations += 1
        mean = total / len(scenarios)
        return mean if isfinite(mean) else 1e300

    def _inside(self, unit: Mapping[str, float]) -> Values:
        """Values from positions between 0 and 1 within their bounds."""
        return {
            name: low + min(1.0, max(0.0, unit[name])) * (high - low)
            for name, (low, high, _start) in self.bounds.items()
        }


class Spsa(_Search):
    """Simultaneous perturbation; `values` are the means of the last tenth of the steps (Polyak & Juditsky 1992).

    `bounds`: low, high and start by name. `planned`: how many steps there will be, for the step sizes; `reach`: the
    first perturbation and `rate`: the first move, both as shares of each range; `most`: the largest move of one step.
    """

    def __init__(
        self,
        bounds: Mapping[str, tuple[float, float, float]],
        *,
        seed: int,
        planned: int = 50,
        reach: float = 0.1,
        rate: float = 0.1,
        most: float = 0.1,
    ) -> None:
        super().__init__(bounds, seed)
        self.at = {name: (start - low) / (high - low) for name, (low, high, start) in bounds.items()}
        self.planned = planned
        self.reach = reach
        self.rate = rate
        self.most = most
        self._scale: float | None = None
        self._tail: dict[str, float] = dict.fromkeys(bounds, 0.0)
        self._tail_count = 0

    def step(self, cost: Cost, scenarios: Sequence[int]) -> float:
        """One step on these scenarios; returns the mean of the two costs."""
        self.steps += 1
        width = self.reach / self.steps**_GAMMA
        signs = {name: 1.0 if self.chance.random() < 0.5 else -1.0 for name in self.names}
        up = {name: min(1.0, max(0.0, self.at[name] + width * signs[name])) for name in self.names}
        down = {name: min(1.0, max(0.0, self.at[name] - width * signs[name])) for name in self.names}
        high = self._cost(cost, self._inside(up), scenarios)
        low = self._cost(cost, self._inside(down), scenarios)
        slope = high - low
        # The first differences say how large costs are; without that, a rate would mean nothing.
        size = abs(slope)
        self._scale = size if self._scale is None else max(0.9 * self._scale + 0.1 * size, 1e-12)
        gain = self.rate * ((0.1 * self.planned + 1) / (0.1 * self.planned + self.steps)) ** _ALPHA
        move = gain * slope / max(self._scale, 1e-12)
        for name in self.names:
            apart = up[name] - down[name]
            if apart:
                by = move * (1.0 if apart > 0 else -1.0)
                self.at[name] = min(1.0, max(0.0, self.at[name] - min(self.most, max(-self.most, by))))
        if self.steps > 0.9 * self.planned:
            self._tail_count += 1
            for name in self.names:
                self._tail[name] += self.at[name]
        return (high + low) / 2

    @property
    def values(self) -> Values:
        """What was found so far."""
        if self._tail_count:
            return self._inside({name: total / self._tail_count for name, total in self._tail.items()})
        return self._inside(self.at)


class RandomSearch(_Search):
    """Values drawn evenly from the bounds, each compared on the scenarios it is given; `values` are the best."""

    def __init__(self, bounds: Mapping[str, tuple[float, float, float]], *, seed: int) -> None:
        super().__init__(bounds, seed)
        self.values: Values = dict(self.start)
        self.best = float("inf")

    def step(self, cost: Cost, scenarios: Sequence[int]) -> float:
        """Try one set of values; returns its cost."""
        self.steps += 1
        tried = self.start if self.steps == 1 else self._inside({name: self.chance.random() for name in self.names})
        found = self._cost(cost, tried, scenarios)
        if found < self.best:
            self.best, self.values = found, dict(tried)
        return found


def compare(cost: Cost, one: Values, other: Values, scenarios: Sequence[int]) -> tuple[float, float, float]:
    """How much less `other` costs than `one` on the same scenarios: the mean gain and its 95 % interval (paired).

    Raises `ValueError` for fewer than two scenarios.
    """
    from dana.adaptive.statistics import Moments, t95

    if len(scenarios) < 2:
        raise ValueError("an interval needs two scenarios at least")
    gains = Moments()
    for scenario in scenarios:
        gains.add(cost(one, scenario) - cost(other, scenario))
    half = t95(gains.count - 1) * (gains.variance / gains.count) ** 0.5
    return gains.mean, gains.mean - half, gains.mean + half


def evidence(found: tuple[float, float, float], n: int, seed: int) -> Any:
    """What `compare` found, as `dana.adaptive.improve` wants it."""
    from dana.adaptive.improve import Evidence

    gain, low, high = found
    return Evidence(gain, low, high, n, seed)
