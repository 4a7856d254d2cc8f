"""Which of several prompts, models or settings is best, found while they are used (T4).

Thompson sampling: each call takes the variant that looks best in a draw from what is known, so that bad ones are soon
used rarely and uncertain ones are still tried. It needs some hundred calls for a useful choice.

From then on one call in sixteen goes to the runner-up that is hardest to tell from the best, as long as the two cannot
be told apart: top-two sampling (Russo 2016) with the challenger of Shang et al. (2020, T3C) and the rule to stop of
Garivier and Kaufmann (2016). Thompson sampling leaves a runner-up with bad luck early alone for too long.

What was learnt long ago is forgotten only after an alarm that the best one has become worse (Page 1954): forgetting
costs, and most of the time nothing changes.
"""

from __future__ import annotations

from math import inf, log

from dana.adaptive.statistics import Arms, PageHinkley, wilson

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from dana.adaptive.statistics import Chance

# After an alarm outcomes count half after 70 further ones.
_FORGETTING = 0.99
_CALLS_OF_FORGETTING = 500
# From so many calls per variant on, such a share of calls compares the two best, until one is best for 95 %.
_CALLS_BEFORE_COMPARING = 50
_COMPARED = 1 / 16
_DOUBT = 0.05


class Variants:
    """`names` of the variants; `costs` by name (any unit): worth is success minus `cost_weight` × relative cost.

    `explore`: with false (a function that is `safety_critical`) the best known one is always taken.
    """

    __slots__ = ("_alarm", "_forget_for", "_relative", "alarms", "arms", "explore")

    def __init__(
        self,
        names: Sequence[str],
        *,
        costs: Mapping[str, float] | None = None,
        cost_weight: float = 0.1,
        explore: bool = True,
    ) -> None:
        self.arms = Arms(names)
        self.explore = explore
        self._alarm = PageHinkley(delta=0.05, threshold=12.0, least=50)
        self._forget_for = 0
        self.alarms = 0
        dearest = max(costs.values()) if costs else 0.0
        self._relative = {
            name: cost_weight * (costs or {}).get(name, 0.0) / dearest if dearest > 0 else 0.0 for name in names
        }

    def choose(self, chance: Chance) -> str:
        """The variant for the next call."""
        if not self.explore:
            return self.arms.best
        calls = sum(self.arms.won.values()) + sum(self.arms.lost.values())
        if calls > _CALLS_BEFORE_COMPARING * len(self.arms.names) and chance.random() < _COMPARED:
            rival = self._rival(log((1 + log(calls)) / _DOUBT))
            if rival is not None:
                return rival
        return self.arms.choose(chance)

    def _rival(self, enough: float) -> str | None:
        """The variant that is hardest to tell from the best; None when it can be told, or is as well known."""
        best, least, found = self.arms.best, inf, None
        for name in self.arms.names:
            if name != best and (evidence := self._evidence(best, name)) < least:
                least, found = evidence, name
        return found if found is not None and least < enough and self._count(found) < self._count(best) else None

    def _evidence(self, best: str, other: str) -> float:
        """How much speaks against both being worth the same: the logarithm of a likelihood ratio."""
        p, q, n, m = self.arms.mean(best), self.arms.mean(other), self._count(best), self._count(other)
        middle = (n * p + m * q) / (n + m)
        return n * _divergence(p, middle) + m * _divergence(q, middle)

    def _count(self, name: str) -> float:
        return 2 + self.arms.won[name] + self.arms.lost[name]

    def add(self, name: str, score: float) -> None:
        """The variant `name` was worth `score` (0 to 1) in a call. Raises `KeyError`, `ValueError`."""
        worth = max(0.0, score - self._relative[name])
        best = self.arms.best
        self.arms.add(name, worth)
        if self._forget_for:
            self._forget_for -= 1
            if not self._forget_for:
                self.arms.discount = 1.0
        # What is watched is how often the best one fails: a rise of that is a reason to look at the others again.
        if name == best and self._alarm.add(1 - score):
            self._alarm.reset()
            self.alarms += 1
            self.arms.discount = _FORGETTING
            self._forget_for = _CALLS_OF_FORGETTING

    @property
    def best(self) -> str:
        """The variant that is expected to be best."""
        return self.arms.best

    def is_certain(self) -> bool:
        """Whether the best one's 95 % interval lies above that of every other that was tried."""
        best = self.best
        low = self._interval(best)[0]
        return all(self._interval(name)[1] < low for name in self.arms.names if name != best)

    def _interval(self, name: str) -> tuple[float, float]:
        won, lost = self.arms.won[name], self.arms.lost[name]
        return wilson(won, won + lost)

    def table(self) -> list[dict[str, Any]]:
        """What is known about each variant, best first."""
        rows = []
        for name in sorted(self.arms.names, key=self.arms.mean, reverse=True):
            low, high = self._interval(name)
            count = self.arms.won[name] + self.arms.lost[name]
            rows.append(
                {"variant": name, "calls": round(count), "worth": self.arms.mean(name), "low": low, "high": high}
            )
        return rows

    def to_data(self) -> dict[str, Any]:
        """What is known, as plain data."""
        return {name: [self.arms.won[name], self.arms.lost[name]] for name in self.arms.names}

    def take(self, data: Mapping[str, Any]) -> None:
        """Take in what another one knew; variants that do not exist any more are left out."""
        for name, (won, lost) in data.items():
            if name in self.arms.won:
                if not (won >= 0 and lost >= 0):
                    raise ValueError(f"{name}: {won!r} and {lost!r} are no counts")
                self.arms.won[name], self.arms.lost[name] = float(won), float(lost)


def _divergence(p: float, q: float) -> float:
    """Of Kullback and Leibler, between two coins."""
    return p * log(p / q) + (1 - p) * log((1 - p) / (1 - q))
