"""What words stand for, learnt from people's corrections (T6): the running median of what they said instead.

A word nobody corrected keeps the domain's value; one correction is not enough to change it. What a word gives stays an
estimate, whatever was learnt: strict functions refuse it.
"""

from __future__ import annotations

from bisect import insort

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LEAST = 3
MOST_KEPT = 101
MOST_WORDS = 1000


class Words:
    """`known`: words with their values at first; `low` and `high`: nothing outside is learnt."""

    __slots__ = ("_said", "high", "known", "low")

    def __init__(self, known: dict[str, float], low: float, high: float) -> None:
        self.known = dict(known)
        self.low = low
        self.high = high
        self._said: dict[str, list[float]] = {}

    def correct(self, phrase: str, value: float) -> None:
        """A person said that this phrase meant `value`. Raises `ValueError` for values that cannot be."""
        if not self.low <= value <= self.high:
            raise ValueError(f"{value:g} is no value for {phrase!r}: it lies outside {self.low:g} to {self.high:g}")
        key = _key(phrase)
        said = self._said.get(key)
        if said is None:
            if len(self._said) >= MOST_WORDS:
                return
            said = self._said[key] = []
        if len(said) >= MOST_KEPT:
            # The extremes say least about the middle.
            said.pop(0 if said[0] + said[-1] < 2 * said[len(said) // 2] else -1)
        insort(said, value)

    def value(self, phrase: str) -> float | None:
        """What a phrase stands for; None when nobody knows."""
        key = _key(phrase)
        said = self._said.get(key, ())
        if len(said) >= LEAST:
            middle = len(said) // 2
            return said[middle] if len(said) % 2 else (said[middle - 1] + said[middle]) / 2
        return self.known.get(key)

    def to_data(self) -> dict[str, Any]:
        """The corrections, as plain data."""
        return {phrase: list(said) for phrase, said in self._said.items()}

    def take(self, data: dict[str, Any]) -> None:
        """Take in corrections. Raises `ValueError` for values that cannot be."""
        for phrase, said in data.items():
            for value in said:
                self.correct(phrase, value)


def _key(phrase: str) -> str:
    return " ".join(phrase.lower().split())
