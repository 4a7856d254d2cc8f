"""What words stand for, learnt from people's corrections (T6): the median of what they said instead.

A domain has a glossary: the words it knows, bounds, and how a phrase and a value are read. Corrections are kept by
phrase; one whose median differs from what it stands for is a candidate, and the gate decides (`evidence.of_words`).
What was promoted is one text, the value of a knob ("excellent=805; good=735"), so that it has versions like all else.

A word never stands for something outside its bounds, nor in the place of what a domain reads exactly, nor of a word
that says nothing is known. What a word gives stays an estimate, whatever was learnt: strict functions refuse it.
"""

from __future__ import annotations

from bisect import insort

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

LEAST = 3
MOST_KEPT = 101
MOST_WORDS = 100
LONGEST = 60
# A phrase that nobody understands costs a refusal, which is as bad as a value that is wrong by this share of the range.
REFUSED = 0.1


class Words:
    """`known`: words with their values at first; `low` and `high`: nothing outside is learnt.

    `phrase(text)` gives what a text is kept under, and raises `ValueError` for one that is understood without being
    learnt; `amount(value)` reads what somebody says it means. `whole`: values are whole numbers.
    """

    __slots__ = ("_amount", "_new", "_phrase", "_said", "_taken", "high", "known", "learnt", "low", "values", "whole")

    def __init__(
        self,
        known: Mapping[str, float],
        low: float,
        high: float,
        *,
        phrase: Callable[[str], str] | None = None,
        amount: Callable[[Any], float] = float,
        whole: bool = False,
    ) -> None:
        self.known = dict(known)
        self.low = low
        self.high = high
        self.whole = whole
        self._phrase = phrase or _plain
        self._amount = amount
        self._said: dict[str, list[float]] = {}
        # Phrases with corrections nobody has looked at, and what was promoted for the corrections there are.
        self._new: set[str] = set()
        self._taken: dict[str, float] = {}
        self.learnt: dict[str, float] = {}
        # What phrases stand for now.
        self.values: dict[str, float] = dict(known)

    # --- corrections ------------------------------------------------------------------------------

    def correct(self, said: Mapping[str, Any]) -> None:
        """People said that these phrases mean these values. Raises `ValueError`; nothing is kept of any then."""
        found = [self._checked(text, value) for text, value in said.items()]
        if len(self._said.keys() | {phrase for phrase, _value in found}) > MOST_WORDS:
            raise ValueError(f"there are corrections of {MOST_WORDS} phrases already")
        for phrase, value in found:
            self._add(phrase, value)

    def _checked(self, text: str, said: Any) -> tuple[str, float]:
        phrase = self._phrase(text)
        if not phrase or len(phrase) > LONGEST or not all(map(str.isalpha, phrase.translate(_JOINING).split())):
            raise ValueError(f"{text!r} is no phrase of a few words: only those can be corrected")
        value = self._amount(said)
        if not self.low <= value <= self.high:
            raise ValueError(f"{said!r} is no value for {phrase!r}: it is from {self.low:g} to {self.high:g}")
        return phrase, value

    def _add(self, phrase: str, value: float) -> None:
        said = self._said.setdefault(phrase, [])
        if len(said) >= MOST_KEPT:
            # The extremes say least about the middle.
            said.pop(0 if said[0] + said[-1] < 2 * said[len(said) // 2] else -1)
        insort(said, value)
        self._new.add(phrase)

    def candidates(self) -> list[str]:
        """Phrases whose corrections are new and enough, and say something else than what they stand for."""
        found = [phrase for phrase in sorted(self._new) if len(self._said[phrase]) >= LEAST]
        self._new.difference_update(found)
        return [phrase for phrase in found if self.middle(phrase) != self.values.get(phrase)]

    def middle(self, phrase: str) -> float:
        """What a phrase should stand for, by what was said."""
        value = median(self._said[phrase])
        return float(round(value)) if self.whole else float(_shown(value))

    def gains(self, phrase: str) -> list[float]:
        """How much nearer each correction is to the median of the *others* than to what the phrase stands for now."""
        said, now = self._said[phrase], self.values.get(phrase)
        refused = REFUSED * (self.high - self.low)
        return [
            (refused if now is None else abs(value - now)) - abs(value - median(said[:at] + said[at + 1 :]))
            for at, value in enumerate(said)
        ]

    # --- what was promoted ------------------------------------------------------------------------

    def text_with(self, phrase: str) -> str:
        """What was learnt and this phrase as its corrections say, as the text that is promoted."""
        return to_text({**self.learnt, phrase: self.middle(phrase)})

    def took(self, phrase: str) -> None:
        """What the corrections of a phrase say was promoted."""
        self._taken[phrase] = self.middle(phrase)

    def set(self, text: str) -> None:
        """Let words stand for what a text says; what may not be learnt stays out of it.

        Corrections whose promotion is not in it any more were taken back: they are forgotten, so that it takes new ones
        to promote the same again.
        """
        self.learnt = {}
        for part in filter(None, text.split("; ")):
            phrase, _sign, value = part.rpartition("=")
            try:
                key, number = self._checked(phrase, float(value))
            except ValueError:
                continue  # a hand, or an older version of the domain: the domain's own value stands
            self.learnt[key] = number
        self.values = {**self.known, **self.learnt}
        for phrase in [phrase for phrase, value in self._taken.items() if self.learnt.get(phrase) != value]:
            del self._taken[phrase]
            self._said.pop(phrase, None)
            self._new.discard(phrase)

    # --- to a store and back ----------------------------------------------------------------------

    def to_data(self) -> dict[str, Any]:
        """The corrections, as plain data."""
        return {"said": {phrase: list(said) for phrase, said in self._said.items()}, "taken": dict(self._taken)}

    def take(self, data: Mapping[str, Any]) -> None:
        """Take in corrections. Raises `ValueError` for values that cannot be."""
        for phrase, said in data.get("said", {}).items():
            for value in said:
                self.correct({phrase: value})
        self._taken.update((phrase, float(value)) for phrase, value in data.get("taken", {}).items())


_JOINING = str.maketrans("-'", "  ")


def median(values: list[float]) -> float:
    """The middle of sorted values; of two in the middle, their mean."""
    middle = len(values) // 2
    return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2


def to_text(learnt: Mapping[str, float]) -> str:
    """Words with their values, in the order of the alphabet."""
    return "; ".join(f"{phrase}={_shown(value)}" for phrase, value in sorted(learnt.items()))


def _shown(value: float) -> str:
    return f"{value:.12g}"


def _plain(text: str) -> str:
    return " ".join(text.lower().split())
