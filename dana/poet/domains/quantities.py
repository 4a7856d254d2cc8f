"""Numbers, money, shares of a whole and periods, as people write them.

Every reader returns a `Quantity` or raises `NotUnderstoodError` with the reason. None of them guesses: a text that
could mean two numbers means none. Readers are exact (`1,200.50` is 1200.5, `−5.2` is −5.2, `1%` is 0.01,
`5 years 3 months` is 5.25 years) and take time linear in the text, which may have `MAX_TEXT` characters.
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAX_TEXT = 200


class NotUnderstoodError(ValueError):
    """A text or value that is not what was asked for, or could be several things."""


class Quantity:
    """A number, the unit it was given in ("" for none), and whether it stands for words that only suggest it."""

    __slots__ = ("estimated", "unit", "value")

    def __init__(self, value: float, unit: str = "", *, estimated: bool = False) -> None:
        self.value = value
        self.unit = unit
        self.estimated = estimated

    def __repr__(self) -> str:
        return f"Quantity({self.value!r}, {self.unit!r})"


_ONES = dict(
    zip(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split(),
        range(20),
        strict=True,
    )
)
_TENS = dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True))
_SCALES = {"hundred": 100, "thousand": 1_000, "million": 1_000_000, "billion": 1_000_000_000}
_SUFFIXES = {
    "k": 1e3,
    "m": 1e6,
    "mm": 1e6,
    "mn": 1e6,
    "b": 1e9,
    "bn": 1e9,
    "thousand": 1e3,
    "million": 1e6,
    "billion": 1e9,
}
_CURRENCIES = {"$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "usd": "USD", "eur": "EUR", "gbp": "GBP", "chf": "CHF",
               "jpy": "JPY", "cad": "CAD", "aud": "AUD", "us$": "USD", "dollars": "USD", "dollar": "USD",
               "euros": "EUR", "euro": "EUR", "pounds": "GBP"}  # fmt: skip
# How often an amount comes in a year.
_PER_YEAR = {"year": 1, "yr": 1, "annum": 1, "y": 1, "annually": 1, "yearly": 1, "annual": 1, "pa": 1, "month": 12,
             "mo": 12, "monthly": 12, "week": 52, "wk": 52, "weekly": 52}  # fmt: skip
_YEARS = {"year": 1.0, "years": 1.0, "yr": 1.0, "yrs": 1.0, "y": 1.0, "month": 1 / 12, "months": 1 / 12, "mo": 1 / 12,
          "mos": 1 / 12, "week": 1 / 52, "weeks": 1 / 52, "day": 1 / 365, "days": 1 / 365}  # fmt: skip

# Digits with groups of three, or without groups; a decimal part behind a point.
_NUMBER = re.compile(r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+")
_WORDS = re.compile(r"[a-z]+")
_AMOUNT = re.compile(
    r"(?P<open>\()?\s*(?P<sign>[-+])?\s*(?P<before>us\$|[$€£¥]|[a-z]{3}(?=[\s\d]))?\s*(?P<sign2>[-+])?\s*"
    r"(?P<number>(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)\s*(?P<scale>k|mm|mn|m|bn|b|thousand|million|billion)?\b\s*"
    r"(?P<after>[$€£¥]|usd|eur|gbp|chf|jpy|cad|aud|dollars?|euros?|pounds)?\s*(?P<close>\))?\s*"
    r"(?:(?:per|a|/|p\.?\s?)\s*(?P<per>year|yr|annum|y|a|month|mo|week|wk)\.?"
    r"|(?P<often>annually|yearly|annual|monthly|weekly))?"
)
_SHARE = re.compile(
    r"(?P<sign>[-+])?\s*(?P<number>\d+(?:\.\d+)?|\.\d+)\s*"
    r"(?P<percent>%|percent|per\s?cent|pct|bps|basis points)?"
)


def clean(value: Any) -> str:
    """A text as the readers want it: trimmed, small letters, plain minus and blanks. Raises `NotUnderstoodError`."""
    if value.__class__ is not str:
        msg = f"a text was expected, not {value.__class__.__name__}"
        raise NotUnderstoodError(msg)
    if len(value) > MAX_TEXT:
        msg = f"the text is longer than {MAX_TEXT} characters"
        raise NotUnderstoodError(msg)
    if not value.isascii():
        value = value.replace("\u2212", "-").replace("\u2013", "-")
    return " ".join(value.lower().split())


def number(value: Any) -> Quantity:
    """A plain number: 720, "720", "1,200.50", "-5.2", "seven hundred twenty"."""
    plain = _plain(value)
    if plain is not None:
        return Quantity(plain)
    text = clean(value)
    sign, digits = (-1, text[1:].lstrip()) if text.startswith("-") else (1, text.removeprefix("+").lstrip())
    if _NUMBER.fullmatch(digits):
        return Quantity(sign * _digits(digits))
    spelled = in_words(text)
    if spelled is None:
        msg = f"{value!r} is no number"
        raise NotUnderstoodError(msg)
    return Quantity(spelled)


def money(value: Any, *, per_year: bool = False) -> Quantity:
    """An amount: "$50,000", "50k", "1.2M EUR", "(1,200)" (owed), "fifty thousand dollars"; `unit` is the currency.

    With `per_year`, what comes per month or week is counted for a year; without, such a period is refused.
    """
    plain = _plain(value)
    if plain is not None:
        return Quantity(plain)
    text = clean(value)
    found = _AMOUNT.fullmatch(text)
    if found is None:
        return _money_in_words(value, text)
    amount = _digits(found["number"]) * _SUFFIXES.get(found["scale"] or "", 1)
    if bool(found["open"]) != bool(found["close"]) or (found["sign"] and found["sign2"]):
        msg = f"{value!r} is no amount: its signs or brackets do not fit"
        raise NotUnderstoodError(msg)
    if found["open"] or "-" in (found["sign"], found["sign2"]):
        amount = -amount
    named = {_CURRENCIES[c] for c in (found["before"], found["after"]) if c in _CURRENCIES}
    if len(named) > 1 or (found["before"] and found["before"] not in _CURRENCIES):
        msg = f"{value!r} names no single currency"
        raise NotUnderstoodError(msg)
    return Quantity(
        amount * _times(found["per"] or found["often"], value, per_year=per_year), named.pop() if named else ""
    )


def _money_in_words(value: Any, text: str) -> Quantity:
    unit = ""
    for name in ("dollars", "dollar", "euros", "euro", "pounds"):
        if text.endswith(" " + name):
            text, unit = text.removesuffix(" " + name), _CURRENCIES[name]
    spelled = in_words(text)
    if spelled is None:
        msg = f"{value!r} is no amount of money"
        raise NotUnderstoodError(msg)
    return Quantity(spelled, unit)


def _times(period: str | None, value: Any, *, per_year: bool) -> int:
    if period is None:
        return 1
    if not per_year:
        msg = f"{value!r} is an amount per period, and one amount was expected"
        raise NotUnderstoodError(msg)
    return _PER_YEAR["year" if period == "a" else period]


def share(value: Any, *, most: float = 1.0) -> Quantity:
    """A share of a whole: 0.36, "36%", "thirty percent", "150 bps"; more than `most` without a percent sign is refused.

    36 could mean 36 % or 3600 %: such a number is refused, as the one who wrote it has to say.
    """
    plain = _plain(value)
    if plain is None:
        text = clean(value)
        found = _SHARE.fullmatch(text)
        if found is not None:
            sign, digits, unit = found.groups()
            if unit:
                # As near to what is written as a float can be: 1.1 % is 0.011.
                plain = float(digits + ("e-4" if unit in ("bps", "basis points") else "e-2"))
                return Quantity(-plain if sign == "-" else plain, "%")
            plain = -float(digits) if sign == "-" else float(digits)
        else:
            words, _blank, last = text.rpartition(" ")
            spelled = in_words(words) if last in ("percent", "pct") else None
            if spelled is None:
                msg = f"{value!r} is no share"
                raise NotUnderstoodError(msg)
            return Quantity(spelled / 100, "%")
    if plain > most:
        msg = f"{value!r} is more than {most:g}: write it with a percent sign if it is meant as percent"
        raise NotUnderstoodError(msg)
    return Quantity(plain)


def years(value: Any) -> Quantity:
    """A period in years: 5, "5 years", "18 months", "5 years 3 months", "two years"; a bare number is years."""
    plain = _plain(value)
    if plain is not None:
        return Quantity(plain, "years")
    text = clean(value).replace(",", " ").replace(" and ", " ")
    total, rest, seen = 0.0, text, set()
    while rest:
        found = re.match(r"(\d+(?:\.\d+)?)\s*([a-z]+)?\s*", rest)
        if found is None:
            words = rest.split(" ")
            at = next((i for i, word in enumerate(words) if word in _YEARS), 0)
            spelled = in_words(" ".join(words[:at])) if at else None
            if spelled is None:
                msg = f"{value!r} is no period"
                raise NotUnderstoodError(msg)
            amount, unit, rest = spelled, words[at], " ".join(words[at + 1 :])
        else:
            amount, unit, rest = float(found[1]), found[2] or "years", rest[found.end() :]
        size = _YEARS.get(unit)
        if size is None or size in seen:
            msg = f"{value!r} is no period"
            raise NotUnderstoodError(msg)
        seen.add(size)
        total += amount * size
    if not seen:
        msg = f"{value!r} is no period"
        raise NotUnderstoodError(msg)
    return Quantity(total, "years")


def in_words(text: str) -> float | None:
    """A number written in English words ("seven hundred and fifty", "one million two hundred thousand"), else None."""
    words = text.replace("-", " ").split()
    if not words or not all(_WORDS.fullmatch(word) for word in words):
        return None
    total, group, last = 0, 0, "start"
    top = 10**12
    for word in words:
        if word == "and":
            if last not in ("hundred", "scale"):
                return None
            last = "and"
        elif word in _ONES and last in ("start", "hundred", "scale", "and", "tens"):
            if last == "tens" and not 1 <= _ONES[word] <= 9:
                return None
            group += _ONES[word]
            last = "ones"
        elif word in _TENS and last in ("start", "hundred", "scale", "and"):
            group += _TENS[word]
            last = "tens"
        elif word == "hundred" and last == "ones" and 1 <= group < 20:
            group *= 100
            last = "hundred"
        elif word in _SCALES and word != "hundred" and last in ("ones", "tens", "hundred") and _SCALES[word] < top:
            top = _SCALES[word]
            total += group * top
            group = 0
            last = "scale"
        else:
            return None
    return None if last == "and" else float(total + group)


def _plain(value: Any) -> float | None:
    """A value that is a number already; None for a text. Raises `NotUnderstoodError` for everything else."""
    if value.__class__ is int or value.__class__ is float:
        if value - value != 0:
            msg = f"{value} is no number"
            raise NotUnderstoodError(msg)
        return float(value)
    if value.__class__ is str:
        return None
    msg = f"a number or text was expected, not {'nothing' if value is None else value.__class__.__name__}"
    raise NotUnderstoodError(msg)


def _digits(text: str) -> float:
    return float(text.replace(",", ""))
