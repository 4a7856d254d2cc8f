"""Texts as people type them, made plain: one spelling of digits, signs, blanks; small letters; misspelt words.

Nothing is dropped that could mean something: `720²` keeps its `²`, and is then no number. Only what no reader can see
(zero-width characters) goes.
"""

from __future__ import annotations

import re
import unicodedata

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any

MAX_TEXT = 200
# What people write where they know nothing.
MISSING = frozenset(
    ["", "-", "--", "?", "n/a", "na", "n.a.", "none", "null", "nil", "nan", "unknown", "not known", "not available",
     "not applicable", "pending", "tbd", "missing", "blank", "undefined", "no answer", "no data"]
)  # fmt: skip
# Words that make an estimate of the number behind them, and of the number in front of them.
ABOUT = re.compile(
    r"(?:[~≈≃]|\b(?:about|approx\b\.?|approximately|around|roughly|circa|ca\b\.?(?!\$)|estimated|est\b\.?"
    r"|c\.(?=\s*[$€£]?[0-9])))\s*"
)
_OR_SO = re.compile(
    r"(?<=[0-9a-z%$€£).-])(?:,?\s+\(?(?:estimated|estimate|est\.?|approx\.?|approximately|or so|give or take"
    r"|more or less)\)?"
    r"|(?<=[0-9k%])[ -]?ish)$"
)
# "5ish years".
_ISH = re.compile(r"(?<=[0-9k%])[ -]?ish(?= [a-z]+$)")
# A word shorter than this is never taken for a misspelt one.
LEAST_LETTERS = 5
_LETTERS = re.compile(r"[a-z]+(?: [a-z]+)?")
# Words of their own that are one letter from a number. "Seven hundreds" may be any of them.
_OTHER_WORDS = frozenset(
    "even seen sever there tree thee threw right light night fight sight might tight weight height weighty paint joint "
    "print pint brand grant gran grind nifty fort party core chore crone thirsty hundreds quartet "
    "ears bears dears fears gears hears nears tears wears mouth mouths".split()
)
_DASHES = dict.fromkeys(map(ord, "‐‑‒–—−﹣－"), "-")
_OTHERS: dict[int, str] = {ord("’"): "'", ord("ʼ"): "'", ord("٫"): ".", ord("٬"): ",", ord("٪"): "%", ord("﹪"): "%"}
_OTHERS |= {ord("⁄"): "/", ord("∕"): "/", ord("∶"): ":"}
_OTHERS |= {ord("￥"): "¥", ord("￡"): "£", ord("￦"): "₩", ord("⅓"): " 1/3", ord("⅔"): " 2/3", ord("⅛"): " 1/8",
            ord("⅜"): " 3/8", ord("⅝"): " 5/8", ord("⅞"): " 7/8"}  # fmt: skip
_PLAIN = {**_DASHES, **_OTHERS}
_HALVES = re.compile(r"\s*([½¼¾])")
_HALF = {"½": ".5", "¼": ".25", "¾": ".75"}

_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|sept|oct|nov|dec)[a-z]*\.?"
_YEAR = r"(?:19|20)[0-9]{2}"
_DATE = (
    rf"(?:{_YEAR}(?:-[0-9]{{2}}){{0,2}}|(?:[0-9]{{1,2}}[/.]){{1,2}}{_YEAR}"
    rf"|(?:[0-9]{{1,2}} )?{_MONTH} (?:[0-9]{{1,2}}, )?{_YEAR})"
)
_WHEN = r"(?:as of|as at|dated|pulled|checked|reported|updated|for|in|on)(?: on)?"
_DATED = re.compile(
    rf"(?:{_WHEN} )?{_DATE}\s*:\s*(?P<first>\S.*)|(?P<second>.*\S)(?:\s+{_WHEN} {_DATE}|\s*\((?:{_WHEN} )?{_DATE}\))"
)
_IN_A_MONTH = rf"(?:{_YEAR}-[0-9]{{2}}|[0-9]{{1,2}}[/.]{_YEAR}|{_MONTH} {_YEAR})"
_OF_A_MONTH = re.compile(rf"(?:for |in )?{_IN_A_MONTH}\s*:.*|.*(?:\s(?:for|in) {_IN_A_MONTH}|\({_IN_A_MONTH}\))")
_MENTIONS_A_DATE = re.compile(rf"[:(]|\b{_WHEN}\b")
_SHORT_YEAR = re.compile(r"'[0-9]{2}")
# "5 1/4", where whole numbers, halves, thirds, quarters and eighths are written as on paper.
_MIXED = re.compile(r"(?<![0-9.,/])([0-9]{1,3})[ -]([1-7])/([2348])(?![0-9/.,])")


class NotUnderstoodError(ValueError):
    """A text or value that is not what was asked for, or could be several things."""


class NothingGivenError(NotUnderstoodError):
    """There is no value, or words that say so."""


def clean(value: Any) -> str:
    """A text as the readers want it. Raises `NotUnderstoodError`."""
    if value.__class__ is not str:
        msg = f"a text was expected, not {value.__class__.__name__}"
        raise NotUnderstoodError(msg)
    if len(value) > MAX_TEXT:
        msg = f"the text is longer than {MAX_TEXT} characters"
        raise NotUnderstoodError(msg)
    if not value.isascii():
        value = _HALVES.sub(lambda found: _HALF[found[1]], value.translate(_PLAIN))
        if not value.isascii():
            value = "".join(map(_plain_character, value))
    text: str = " ".join(value.lower().split())
    if text in MISSING:
        msg = f"{value!r} says nothing" if text else "nothing was given"
        raise NothingGivenError(msg)
    if text[-1] == '"' == text[0] and len(text) > 1:
        text = text[1:-1].strip()
    # Spreadsheets keep what is typed as text with an apostrophe in front.
    # An apostrophe and two digits may be a year.
    if text[0] == "'" and text.count("'") == 1 and text[1:2].isdigit() and not _SHORT_YEAR.fullmatch(text):
        text = text[1:]
    # The end of a sentence says nothing.
    return text[:-1] if text.endswith(".") and len(text) > 1 else text


def _plain_character(c: str) -> str:
    if c.isascii():
        return c
    kind = unicodedata.category(c)
    if kind == "Nd":
        return str(unicodedata.decimal(c))
    if kind == "Zs":
        return " "
    if kind == "Cf":
        return ""
    # Full-width forms of ASCII, as East Asian keyboards write them.
    return chr(ord(c) - 0xFEE0) if 0xFF01 <= ord(c) <= 0xFF5E else c


def number_of(value: Any) -> float | None:
    """A value that is a number already; None for a text. Raises `NotUnderstoodError` for everything else."""
    if value.__class__ is int or value.__class__ is float:
        try:
            plain = float(value)
        except OverflowError:
            plain = float("inf")
        if plain - plain != 0:
            msg = f"{value if value.__class__ is float else 'a number of that size'} is no number"
            raise NotUnderstoodError(msg)
        return plain
    if value.__class__ is str:
        return None
    if value is None:
        msg = "nothing was given"
        raise NothingGivenError(msg)
    return _other_number(value)


def _other_number(value: Any) -> float:
    """A `Decimal`, a fraction, a number of an array, as databases and data frames hold them."""
    from numbers import Complex, Number, Real

    is_number = isinstance(value, Real) or (isinstance(value, Number) and not isinstance(value, Complex))
    try:
        plain = float(value) if is_number and value.__class__ is not bool else None
    except (OverflowError, ValueError):
        plain = float("nan")
    if plain is None:
        msg = f"a number or text was expected, not {value.__class__.__name__}"
        raise NotUnderstoodError(msg)
    if plain - plain != 0:
        msg = f"this {value.__class__.__name__} is no number"
        raise NotUnderstoodError(msg)
    return plain


def approximately(text: str) -> tuple[str, bool]:
    """The text behind "about" or in front of "or so", and whether there was such a word."""
    found = ABOUT.match(text) or _ISH.search(text)
    text = text[: found.start()] + text[found.end() :] if found else text
    behind = _OR_SO.search(text)
    return (text[: behind.start()] if behind else text), found is not None or behind is not None


def undated(text: str) -> str:
    """The text without the day, month or year it was true: "2023: 85,000", "720 as of 03/2024", "(May 2024)" behind."""
    if not _MENTIONS_A_DATE.search(text):
        return text
    found = _DATED.fullmatch(text)
    return found["first"] or found["second"] if found else text


def is_of_a_month(text: str) -> bool:
    """Whether the text says that its value is that of one month: "4,000 in March 2024", "03/2024: 4,000"."""
    return bool(_MENTIONS_A_DATE.search(text)) and _OF_A_MONTH.fullmatch(text) is not None


def unmixed(text: str) -> str:
    """The text with "5 1/4" written as 5.25."""
    return _MIXED.sub(_decimal, text) if "/" in text else text


def _decimal(found: re.Match[str]) -> str:
    above, below = int(found[2]), int(found[3])
    return f"{int(found[1]) + above / below}" if above < below else found[0]


def spelled(word: str, known: Collection[str]) -> str | None:
    """The one known word that differs from `word` by one slip: a letter too many, too few, another, or two swapped.

    None where several do that mean different things (by their values, where `known` has any), or only short words;
    ordinals ("seventh") are words of their own.
    """
    if len(word) < LEAST_LETTERS - 1 or word in _OTHER_WORDS or word.endswith("th") or not _LETTERS.fullmatch(word):
        return None
    found = {other for other in known if len(other) >= LEAST_LETTERS and _one_slip(word, other)}
    if len(found) > 1 and isinstance(known, dict) and len({known[other] for other in found}) == 1:
        return max(found)
    return found.pop() if len(found) == 1 else None


def _one_slip(a: str, b: str) -> bool:
    if abs(len(a) - len(b)) > 1:
        return False
    same = 0
    while same < len(a) and same < len(b) and a[same] == b[same]:
        same += 1
    rest, other = a[same:], b[same:]
    if len(rest) == len(other):
        swapped = len(rest) > 1 and rest[0] == other[1] and rest[1] == other[0] and rest[2:] == other[2:]
        return swapped or rest[1:] == other[1:]
    return rest[1:] == other if len(rest) > len(other) else rest == other[1:]
