"""How long a cached result may be used (T8): what a stale hit costs against what a hit saves.

From how long results stayed the same, as seen when they were computed anew, the newsvendor's quantile: a result may be
kept as long as the chance that it is still true stays above cost / (cost + saving) (Arrow, Harris & Marschak 1951).
"""

from __future__ import annotations

from collections import deque

WINDOW = 200
LEAST = 20


class Freshness:
    """`stale_cost` and `saving` in the same unit; no stale hits at all are wanted when `stale_cost` is infinite."""

    __slots__ = ("_ages", "saving", "stale_cost")

    def __init__(self, *, stale_cost: float = 10.0, saving: float = 1.0) -> None:
        if not stale_cost > 0 or not saving > 0:
            raise ValueError("stale_cost and saving are above 0")
        self.stale_cost = stale_cost
        self.saving = saving
        # How old a result was when it was computed anew, and whether it had changed by then.
        self._ages: deque[tuple[float, bool]] = deque(maxlen=WINDOW)

    def add(self, age: float, *, changed: bool) -> None:
        """A result was computed anew after `age` seconds, and was or was not what it had been."""
        self._ages.append((age, changed))

    def seconds(self) -> float | None:
        """How long results may be kept; None while too little is known."""
        if len(self._ages) < LEAST:
            return None
        ages = sorted(self._ages)
        changes = [age for age, changed in ages if changed]
        if not changes:
            return ages[-1][0]
        if self.stale_cost == float("inf"):
            # A change seen at an age happened some time before it.
            unchanged = [age for age, changed in ages if not changed and age < changes[0]]
            return unchanged[-1] if unchanged else 0.0
        most = self.saving / (self.stale_cost + self.saving)
        kept = 0.0
        for at, (age, _changed) in enumerate(ages):
            stale = sum(changed for _age, changed in ages[: at + 1]) / len(ages)
            if stale > most:
                break
            kept = age
        return kept
