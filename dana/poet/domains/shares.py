"""Shares of a whole and rates, as people write them: "36%", "thirty percent", "1:4", "$1,200 of $4,000", "a third".

A share that could be a date, a range, a split in two or a percentage without its sign is refused.
"""

from __future__ import annotations

import re

from dana.poet.domains.quantities import ONES, PLAIN_NUMBER, Quantity, digits, in_words, words
from dana.poet.domains.written import NotUnderstoodError, approximately, clean, number_of, undated, unmixed
from dana.poet.domains.written import spelled as respelled

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_SHARE = re.compile(
    rf"(?P<sign>[-+])?\s*(?P<number>{PLAIN_NUMBER})\s*(?P<unit>%|percent|per\s?cent|pct\.?|bps|bp|basis points)?"
)
_WHOLE_PERCENT = re.compile(r"([0-9]{1,3})%")
_YEARLY = re.compile(r"(.+?)\s*(?:p\.?\s?a\.?|per annum|per year|a year|/\s?year|annually|yearly|apr)")
# "1 in 2000" is a share, and "1, in 2000".
_IN_A_YEAR = re.compile(r"[0-9]+ (?:in|for|on|of) (?:19|20)[0-9]{2}")
# A label in front says what the field says already.
_RATE_NAME = re.compile(r"^(?:apr|(?:fixed |interest )?rate)(?:\s*[:=]\s*| (?:of|is) | )")
_WHOLE = r"([$€£]?)((?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]{1,2})?)(k?)"
_PARTS = re.compile(rf"{_WHOLE}\s*(?:(:)|/|out of|in|of)\s*{_WHOLE}")
_MONTH_AND_YEAR = re.compile(r"0?[0-9]{1,4}\s*/\s*(?:19|20)[0-9]{2}|0[0-9]+\s*/.*")
_PARTS_SAID = re.compile(r"([a-z-]+) (?:in|out of|of) ([a-z-]+)")
_FRACTIONS = {
    "half": 0.5,
    "a half": 0.5,
    "one half": 0.5,
    "a quarter": 0.25,
    "one quarter": 0.25,
    "three quarters": 0.75,
}
for _below, _name in enumerate("third fourth fifth sixth seventh eighth ninth tenth".split(), 3):
    _FRACTIONS |= {f"a {_name}": 1 / _below, f"one {_name}": 1 / _below}
    _FRACTIONS |= {f"{said} {_name}s": above / _below for said, above in ONES.items() if 2 <= above < _below}
_POINT_FIRST = re.compile(r"^(?:(?:oh|nought) )?point ")
# A share said as its part of one: "0.35:1".
_TO_ONE = re.compile(r"(0?\.[0-9]+)\s*(?::|to)\s*1(?:\.0+)?")
_PARTS_OF_ONE_PERCENT = {"half": 0.005, "half a": 0.005, "a half": 0.005, "one half": 0.005, "half of one": 0.005}
_PERCENT = (" percent", " per cent", " pct", " %")


def share(value: Any, *, most: float = 1.0, is_rate: bool = False) -> Quantity:
    """A share of a whole: 0.36, "36%", "thirty percent", "150 bps", "1:4", "a quarter".

    36 could mean 36 % or 3600 %: a number above one is refused, as the one who wrote it has to say; only a float, which
    programs compute, may be up to `most`. With `is_rate` it is a share in a year, which parts ("1:4") never are.
    """
    plain = number_of(value)
    if plain is not None:
        if plain > (most if value.__class__ is float else 1) or (is_rate and plain == 1 and value.__class__ is int):
            raise _unclear_share(value, most)
        return Quantity(plain)
    usual = _WHOLE_PERCENT.fullmatch(value)
    if usual is not None:
        return Quantity(int(usual[1]) / 100, "%")
    text = clean(value)
    if _IN_A_YEAR.fullmatch(text):
        msg = f"{value!r} could be a share, or what was true in a year"
        raise NotUnderstoodError(msg)
    text, estimated = approximately(unmixed(undated(text)))
    if is_rate:
        text = _RATE_NAME.sub("", text).removesuffix(" fixed")
    if is_rate and (yearly := _YEARLY.fullmatch(text)) is not None:
        text = yearly[1]
    found = _SHARE.fullmatch(text)
    if found is None:
        said = _share_said(value, text, is_rate=is_rate)
        said.estimated = said.estimated or estimated
        return said
    amount = digits(found["number"], comma=True)
    if amount is None:
        msg = f"{value!r} is no share"
        raise NotUnderstoodError(msg)
    sign = -1 if found["sign"] == "-" else 1
    if found["unit"]:
        # As near to what is written as a float can be: 1.1 % is 0.011.
        places = 4 if found["unit"][0] == "b" else 2
        amount = float(f"{amount!r}e-{places}") if 1e-4 <= amount < 1e9 else amount / 10**places
        return Quantity(sign * amount, "%", estimated=estimated)
    if amount > 1 or (is_rate and amount == 1):
        raise _unclear_share(value, 1)
    return Quantity(sign * amount, estimated=estimated)


def _share_said(value: Any, text: str, *, is_rate: bool) -> Quantity:
    for ending in _PERCENT:
        if not text.endswith(ending):
            continue
        before = text.removesuffix(ending)
        if before in _PARTS_OF_ONE_PERCENT:
            return Quantity(_PARTS_OF_ONE_PERCENT[before], "%")
        if (said := words(before)) is not None:
            return Quantity(said.value / 100, "%", estimated=said.estimated)
    if not is_rate:
        two = _parts(value, text)
        if two is None and (said_ := _PARTS_SAID.fullmatch(text)) is not None:
            first, second = in_words(said_[1]), in_words(said_[2])
            two = (first, second) if first is not None and second is not None else None
        if "/" in text and two is not None and all(20 <= part <= 60 for part in two):
            msg = f"{value!r} could be a share or two percentages, as in the 28/36 rule"
            raise NotUnderstoodError(msg)
        if two is not None and two[0] > 2 * two[1]:
            msg = f"{value!r} is no part of a whole"
            raise NotUnderstoodError(msg)
        if two is not None and two[1] > 0:
            return Quantity(two[0] / two[1], "%")
        if (fraction := text.replace("-", " ")) in _FRACTIONS:
            return Quantity(_FRACTIONS[fraction])
        if (to_one := _TO_ONE.fullmatch(text)) is not None:
            return Quantity(float(to_one[1]))
        if "point " in text:
            text = _POINT_FIRST.sub("zero point ", text)
    said = words(text) if text == "zero" or (" point " in text and not is_rate) else None
    if said is not None and said.value <= 1:
        return said
    before, _blank, last = text.rpartition(" ")
    if before and last != "percent" and respelled(last, ("percent",)) is not None:
        said = share(f"{before} percent", is_rate=is_rate)
        said.estimated = True
        return said
    msg = f"{value!r} is no share"
    raise NotUnderstoodError(msg)


def _parts(value: Any, text: str) -> tuple[float, float] | None:
    """The part and the whole of "1:4", "1,200/4,000", "3 out of 10". Raises `NotUnderstoodError` for a split in two."""
    found = _PARTS.fullmatch(text)
    if found is None or found[1] != found[5] or found[3] != found[7]:
        return None
    part, whole = float(found[2].replace(",", "")), float(found[6].replace(",", ""))
    # Amounts may have cents; "0.35/0.40" is a range.
    if "." in found[0] and not (
        found[3] or (part >= 10 and whole >= 100 and found[2].count(".") == found[6].count("."))
    ):
        return None
    if _MONTH_AND_YEAR.fullmatch(text):
        msg = f"{value!r} could be a date"
        raise NotUnderstoodError(msg)
    if part + whole == 100 and (found[4] or part > whole):
        msg = f"{value!r} could be a share of the other part or of both: write it with a percent sign"
        raise NotUnderstoodError(msg)
    return part, whole


def _unclear_share(value: Any, most: float) -> NotUnderstoodError:
    return NotUnderstoodError(
        f"{value!r} is more than {most:g}: write it with a percent sign if it is meant as percent"
    )
