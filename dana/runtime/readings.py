"""Texts that stand for numbers and truth values (L14, L16)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

SAFE_WORDS = {
    "true": True, "yes": True, "on": True, "1": True,
    "false": False, "no": False, "off": False, "0": False,
}  # fmt: skip
WORDS = {
    **dict.fromkeys("yes y true on enabled ok okay sure correct positive 1".split(), True),
    **dict.fromkeys("no n false off disabled never none wrong negative 0".split(), False),
    "": False,
}


class UnreadableError(ValueError):
    """A text is not what it was read as; the message says why."""


def int_of_text(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        number = number_of(text)
        if number is None:
            raise UnreadableError("the text is not a whole number") from None
        if not number.is_integer():
            raise UnreadableError("the number in the text has a fraction") from None
        return int(number)


def number_of(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def is_finite(number: float) -> bool:
    return number == number and -_INF < number < _INF  # noqa: PLR0124


_INF = float("inf")


def truth_of(value: Any) -> bool:
    """`bool(v)` (L16): whole words for texts, Python's truth for everything else."""
    if isinstance(value, str):
        answer = WORDS.get(value.strip().lower())
        if answer is None:
            from dana.runtime.stops import failure
            from dana.runtime.typevalues import short

            hint = 'compare it: `text == "…"`, or ask whether there is any: `text != ""`'
            raise failure(ValueError, "E612", f"bool() cannot tell whether {short(value)} means true or false", hint)
        return answer
    return bool(value)
