"""What every domain has in common: kinds of parameters, known by words in names, with a reader and limits for each.

    Kind("income", words, "money for a year", low, high)

A domain is a table of kinds; `docs/domains.md` is written from these tables (`pages.py`).
"""

from __future__ import annotations

import re
from math import isclose

from dana.poet.domains.quantities import Quantity
from dana.poet.domains.written import MAX_TEXT, NothingGivenError, NotUnderstoodError, clean
from dana.poet.plugins.base import Plugin, Reading, RejectionError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from dana.poet.plugins.base import Rule

# Annotations that say nothing against a number.
NUMERIC = frozenset({"", "any", "int", "float"})
# Names that end so are about a quantity, and are none.
NO_QUANTITY = frozenset(
    "status type name id code number date start end kind reason description count currency unit label text".split()
)
# What may say a value a second time: "36% (0.36)", "five (5) years".
_IN_BRACKETS = re.compile(r"([^()]*[^()\s])\s*\(([^()]*[^()\s])\)([^()]*)")
YES = frozenset({"yes", "y", "true", "t", "on", "1", "yep", "yeah", "yup"})
NO = frozenset({"no", "n", "false", "f", "off", "0", "nope", "nah"})


class Kind:
    """One row of a domain's table: its name, the words that tell it, how it is read, what is accepted (in `unit`)."""

    __slots__ = ("high", "low", "name", "read_as", "unit", "words")

    def __init__(self, name: str, words: str, read_as: str, low: float, high: float, unit: str = "") -> None:
        self.name = name
        self.words = frozenset(words.split())
        self.read_as = read_as
        self.low = low
        self.high = high
        self.unit = unit

    def within(self, quantity: Quantity, value: Any, what: str) -> None:
        """Raises `NotUnderstoodError` for a quantity outside the limits."""
        if not self.low <= quantity.value <= self.high:
            raise outside(value, what, self.low, self.high, self.unit)


def outside(value: Any, what: str, low: float, high: float, unit: str = "") -> NotUnderstoodError:
    """What is said of a value beyond its limits."""
    behind = f" {unit}" if unit else ""
    limits = f"from {shown(low)} to {shown(high)}{behind}"
    return NotUnderstoodError(f"{value!r} is no plausible value of {what}: it is {limits}")


def shown(number: float) -> str:
    """A limit as people read it: 10,000,000, 0.1."""
    return f"{int(number):,}" if float(number).is_integer() else f"{number:g}"


def yes_or_no(value: Any) -> Quantity:
    """Yes or no, as people write it; anything between is refused."""
    if value.__class__ is bool:
        return Quantity(value)
    if value.__class__ in (int, float) and value in (0, 1):
        return Quantity(bool(value))
    if value.__class__ is str:
        text = clean(value).rstrip(".!")
        if text in YES or text in NO:
            return Quantity(text in YES)
    elif value is None:
        msg = "nothing was given"
        raise NothingGivenError(msg)
    msg = f"{value!r} is neither yes nor no"
    raise NotUnderstoodError(msg)


def _fit(one: str, other: str) -> bool:
    """Whether two readings are of one sort: "an income in USD" and "an income" are, one in USD and one in EUR not."""
    return one.startswith(other) or other.startswith(one)


def is_lenient(config: Mapping[str, Any] | None) -> bool:
    """Whether the caller wrote `strict=false`: then, and only then, defaults stand in for what nobody understands."""
    return (config or {}).get("strict") is False


def ruled(
    plugin: Plugin,
    read: Callable[[Any], Reading],
    default: float | None = None,
    *,
    whole: bool = False,
    inside: Callable[[str], str | None] | None = None,
) -> Rule:
    """A rule from a reader: refusals say why, estimates are refused where `strict` is on.

    `default` stands in, as an estimate, for what nobody understands; None refuses it. `whole`: integers as such.
    `inside` says what a text holds that is not understood as it stands: labels taken off, say.
    """
    strict = plugin.config["strict"]

    def rule(value: Any) -> Reading:
        try:
            reading = read(value)
        except NotUnderstoodError as reason:
            found = _inside(value, reason) or _said_twice(value)
            if found is None and (default is None or value.__class__ not in (str, type(None))):
                raise RejectionError(str(reason)) from None
            if found is None:
                return Reading(default, f"the usual value, as {reason}", estimated=True)
            reading = found
        if reading.estimated and strict:
            msg = f"{value!r} says it in a way that is only an estimate, and this function takes numbers only"
            raise RejectionError(msg)
        if whole and reading.value.__class__ is float and reading.value.is_integer():
            reading.value = int(reading.value)
        if reading.value.__class__ is value.__class__ and reading.value == value:
            reading.value = value
        return reading

    def _said_twice(value: Any) -> Reading | None:
        """What "36% (0.36)" and "five (5) years" say, where both say the same."""
        twice = _IN_BRACKETS.fullmatch(value) if value.__class__ is str and len(value) <= MAX_TEXT else None
        if twice is None:
            return None
        before, within, behind = twice.groups()
        first = _read(f"{before}{behind}")
        if first is None:
            return None
        for text in (within, f"{within}{behind}"):
            second = _read(text)
            if second is not None and isclose(first.value, second.value) and _fit(first.how, second.how):
                first.estimated = first.estimated or second.estimated
                return first
        return None

    def _read(text: str) -> Reading | None:
        try:
            return read(text)
        except NotUnderstoodError:
            return None

    def _inside(value: Any, reason: NotUnderstoodError) -> Reading | None:
        if (
            inside is None
            or value.__class__ is not str
            or reason.__class__ is NothingGivenError
            or len(value) > MAX_TEXT
        ):
            return None
        text = inside(value)
        return None if text is None else _read(text)

    return rule
