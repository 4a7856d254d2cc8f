"""Which of several prompts, models or settings is best, found while they are used (T4).

Thompson sampling: each call takes the variant that looks best in a draw from what is known, so that bad ones are soon
used rarely and uncertain ones are still tried. It needs some hundred calls for a useful choice. What was learnt long
ago is forgotten only after an alarm that the best one has become worse (Page 1954): forgetting costs, and most of the
time nothing changes.
"""

from __future__ import annotations

from dana.adaptive.statistics import Arms, PageHinkley, wilson

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from dana.adaptive.statistics import Chance

# After an alarm outcomes count half after 70 further ones.
_FORGETTING = 0.99
_CALLS_OF_FORGETTING = 500


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
        return self.arms.choose(chance) if self.explore else self.arms.best

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
