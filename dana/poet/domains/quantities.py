"""Numbers, money and periods, as people write them.

Every reader returns a `Quantity` or raises `NotUnderstoodError` with the reason. None of them guesses: a text that
could mean two numbers means none. Readers are exact (`1,200.50` is 1200.5, `−5.2` is −5.2,
`5 years 3 months` is 5.25 years) and take time linear in the text, which may have `MAX_TEXT` characters.

| written | read | because |
|---|---|---|
| `1,200`, `1 200`, `1'200`, `1.200,50`, `1.200.000` | thousands in groups | nothing else is written so |
| `1234,56`, `0,36` | a decimal comma | it cannot begin a group |
| `45.000`, `45,50`, `1,00,000` | refused | it is one number here and another there |
| `₹12,00,000`, `€10.000,-` | thousands in groups | the currency, or ",-", says which |
| `about 50k`, `50k or so`, `fourty thousand` | an estimate | the writer was not sure, or the reader is not |
| `50-60k`, `over 50k`, `50k+`, `maybe 50k` | refused | it is a range, a bound, a doubt |
"""

from __future__ import annotations

import re

from dana.poet.domains.written import (
    MAX_TEXT,
    NothingGivenError,
    NotUnderstoodError,
    approximately,
    clean,
    is_of_a_month,
    number_of,
    undated,
    unmixed,
)
from dana.poet.domains.written import spelled as respelled

__all__ = [
    "MAX_TEXT",
    "NotUnderstoodError",
    "NothingGivenError",
    "Quantity",
    "clean",
    "in_words",
    "money",
    "number",
    "number_of",
    "years",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Quantity:
    """A number, the unit it was given in ("" for none), and whether it is only an estimate."""

    __slots__ = ("estimated", "unit", "value")

    def __init__(self, value: float, unit: str = "", *, estimated: bool = False) -> None:
        self.value = value
        self.unit = unit
        self.estimated = estimated

    def __repr__(self) -> str:
        return f"Quantity({self.value!r}, {self.unit!r})"


# --- digits -------------------------------------------------------------------------------------------

_SIMPLE = re.compile(r"[0-9]+(?:\.[0-9]+)?|\.[0-9]+")
_COMMAS = re.compile(r"[1-9][0-9]{0,2}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_BLANKS = re.compile(r"[1-9][0-9]{0,2}(?:( |')[0-9]{3})(?:\1[0-9]{3})*(?:[.,][0-9]{1,2})?")
_POINTS = re.compile(r"[1-9][0-9]{0,2}(?:(?:\.[0-9]{3})+,[0-9]{1,2}|(?:\.[0-9]{3}){2,})")
_DECIMAL_COMMA = re.compile(r"[0-9]{4,},[0-9]{1,2}|0,[0-9]+")
_ZERO_GROUP = re.compile(r"0,[0-9]{3}")
_SHORT_COMMA = re.compile(r"[0-9]{1,3},[0-9]{1,2}")
_EXPONENT = re.compile(r"[0-9]+(?:\.[0-9]+)?e\+?[0-9]{1,2}")
# Three digits behind a point are a group of thousands in half of Europe.
_EITHER = re.compile(r"[1-9][0-9]{0,2}\.[0-9]{3}")
PLAIN_NUMBER = r"[0-9][0-9,.' ]*[0-9]|[0-9]|\.[0-9]+"


def digits(text: str, *, is_money: bool = False, comma: bool = False) -> float | None:
    """The number that is written in digits, None for what is none or could be two.

    `comma`: where thousands are never written, a comma is always a decimal one.
    """
    if _SIMPLE.fullmatch(text):
        return None if is_money and _EITHER.fullmatch(text) else float(text)
    if _COMMAS.fullmatch(text):
        return float(text.replace(",", ""))
    if _BLANKS.fullmatch(text):
        return float(text.replace(" ", "").replace("'", "").replace(",", "."))
    if _POINTS.fullmatch(text):
        return float(text.replace(".", "").replace(",", "."))
    if is_money and _ZERO_GROUP.fullmatch(text):
        return None
    if _DECIMAL_COMMA.fullmatch(text) or (comma and _SHORT_COMMA.fullmatch(text)):
        return float(text.replace(",", "."))
    return float(text) if _EXPONENT.fullmatch(text) else None


def number(value: Any) -> Quantity:
    """A plain number: 720, "720", "1,200.50", "-5.2", "seven hundred twenty", "about 700"."""
    plain = number_of(value)
    if plain is not None:
        return Quantity(plain)
    text, estimated = approximately(clean(value))
    sign, rest = (-1, text[1:].lstrip()) if text.startswith("-") else (1, text.removeprefix("+").lstrip())
    found = digits(rest)
    if found is not None:
        return Quantity(sign * found, estimated=estimated)
    said = words(text)
    if said is None:
        msg = f"{value!r} is no number"
        raise NotUnderstoodError(msg)
    return Quantity(said.value, estimated=estimated or said.estimated)


# --- numbers in words ---------------------------------------------------------------------------------

ONES = dict(
    zip(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split(),
        range(20),
        strict=True,
    )
)
_TENS = dict(zip("twenty thirty forty fifty sixty seventy eighty ninety".split(), range(20, 100, 10), strict=True))
_SCALES = {"hundred": 100, "thousand": 1_000, "grand": 1_000, "lakh": 100_000, "lakhs": 100_000, "million": 1_000_000,
           "crores": 10_000_000, "crore": 10_000_000, "billion": 1_000_000_000}  # fmt: skip
_WORDS = frozenset([*ONES, *_TENS, *_SCALES, "a", "and", "half", "quarter", "quarters", "of", "point"])
_PARTS_OF_ONE = (
    (("and", "a", "half"), 0.5),
    (("and", "one", "half"), 0.5),
    (("and", "a", "quarter"), 0.25),
    (("and", "three", "quarters"), 0.75),
)
_QUARTERS_OF = (["quarter"], ["a", "quarter"], ["one", "quarter"], ["three", "quarters"])
_COMMA_SAID = re.compile(r"\b(thousand|million|billion|lakhs?|crores?), (?=[a-z])")
_SPOKEN = re.compile(r"[a-z]+")


def in_words(text: str) -> float | None:
    """A number in correct English words ("seven hundred and fifty", "one and a half million"), else None."""
    said = words(text)
    return None if said is None or said.estimated else said.value


def words(text: str) -> Quantity | None:
    """A number in English words; an estimate where a word is misspelt; None for what is none."""
    if ", " in text:
        text = _COMMA_SAID.sub(r"\1 ", text)
    said = text.replace("-", " ").split()
    if not said or not all(map(_SPOKEN.fullmatch, said)):
        return None
    estimated = False
    for at, word in enumerate(said):
        if word not in _WORDS:
            meant = respelled(word, _WORDS)
            # "Thirtee" is thirty to one and thirteen to another: its end must say which.
            if meant is None or (meant[-2:] in ("ty", "en") and word[-1] != meant[-1]):
                return None
            said[at], estimated = meant, True
    found = _value(said)
    return None if found is None else Quantity(float(found), estimated=estimated)


def _value(said: list[str]) -> float | None:
    if said[-3:-1] == ["of", "a"] and said[-1] in _SCALES and said[:-3] in _QUARTERS_OF:
        said = [*said[:-3], said[-1]]
    if said[-1] in _SCALES and said[-1] != "hundred":
        part = _with_part(said[:-1])
        if part is not None:
            return part * _SCALES[said[-1]]
    part = _with_part(said)
    if part is not None and said[:1] != ["half"] and said not in _QUARTERS_OF and said != ["one", "half"]:
        return part
    if said[0] == "a" and len(said) > 1 and said[1] in _SCALES:
        said = ["one", *said[1:]]
    return _cardinal(["one", *said] if said[0] == "hundred" and len(said) > 1 else said)


def _with_part(said: list[str]) -> float | None:
    """The value of "half a", "two and a half", "one point two five"; None for what has no such part."""
    if said in (["half", "a"], ["half"], ["one", "half"]):
        return 0.5
    if said in _QUARTERS_OF:
        return 0.75 if said[0] == "three" else 0.25
    for behind_whole, part in _PARTS_OF_ONE:
        if tuple(said[-3:]) == behind_whole and len(said) > 3:
            # "A million and a half" is half a million more; nobody knows of "fifty thousand and a half".
            if said[-4] in _SCALES:
                said = ["one" if word == "a" else word for word in said]
                whole = _cardinal(said[:-4]) if said[-4] in ("million", "billion") else None
                return None if whole is None else (whole + part) * _SCALES[said[-4]]
            whole = _cardinal(said[:-3])
            return None if whole is None else whole + part
    if "point" not in said[1:-1]:
        return None
    at = said.index("point")
    whole, behind = _cardinal(said[:at]), [ONES.get(word, 10) for word in said[at + 1 :]]
    return None if whole is None or max(behind) > 9 else float(f"{whole}.{''.join(map(str, behind))}")


def _cardinal(said: list[str]) -> int | None:
    total, group, last = 0, 0, "start"
    top = 10**12
    for word in said:
        if word == "and":
            if last not in ("hundred", "scale"):
                return None
            last = "and"
        elif word in ONES and last in ("start", "hundred", "scale", "and", "tens"):
            if last == "tens" and not 1 <= ONES[word] <= 9:
                return None
            group += ONES[word]
            last = "ones"
        elif word in _TENS and last in ("start", "hundred", "scale", "and"):
            group += _TENS[word]
            last = "tens"
        elif word == "hundred" and last in ("ones", "tens") and 1 <= group < 100:
            group *= 100
            last = "hundred"
        elif word in _SCALES and word != "hundred" and last in ("ones", "tens", "hundred") and _SCALES[word] < top:
            if group >= 1000:  # "fifty five hundred thousand"
                return None
            top = _SCALES[word]
            total += group * top
            group = 0
            last = "scale"
        else:
            return None
    return None if last in ("and", "start") else total + group


# --- money --------------------------------------------------------------------------------------------

_SUFFIXES = {"k": 1e3, "thousand": 1e3, "grand": 1e3, "thou": 1e3, "lakh": 1e5, "lakhs": 1e5, "lac": 1e5, "lacs": 1e5,
             "m": 1e6, "mm": 1e6, "mn": 1e6,
             "tsd": 1e3, "万": 1e4, "mio": 1e6, "million": 1e6, "crore": 1e7, "crores": 1e7, "cr": 1e7, "b": 1e9,
             "bn": 1e9,
             "billion": 1e9}  # fmt: skip
_CODES = (
    "USD EUR GBP CHF JPY CAD AUD NZD HKD SGD SEK NOK DKK PLN CZK HUF INR CNY KRW BRL MXN ZAR ILS AED SAR QAR TRY RUB "
    "UAH RON BGN THB MYR PHP TWD NGN KES EGP MAD PKR BDT LKR ARS CLP COP PEN"
).split()
_SIGNS = {"$": "USD", "us$": "USD", "€": "EUR", "£": "GBP", "¥": "JPY", "₹": "INR", "c$": "CAD", "ca$": "CAD",
          "a$": "AUD", "au$": "AUD", "nz$": "NZD", "hk$": "HKD", "dollars": "USD", "dollar": "USD", "bucks": "USD",
          "euros": "EUR", "euro": "EUR", "pounds": "GBP", "quid": "GBP", "yen": "JPY", "rupees": "INR",
          "francs": "CHF", "swiss francs": "CHF", "us dollars": "USD", "canadian dollars": "CAD",
          "australian dollars": "AUD", "pounds sterling": "GBP", "rs": "INR", "rs.": "INR", "r$": "BRL",
          "s$": "SGD",
          "mx$": "MXN", "mex$": "MXN", "zł": "PLN", "₺": "TRY", "₽": "RUB", "руб": "RUB", "руб.": "RUB", "₩": "KRW",
          "₦": "NGN", "₪": "ILS", "ksh": "KES", "rm": "MYR", "円": "JPY",
          "usd$": "USD", "cad$": "CAD", "aud$": "AUD", "can$": "CAD", "cdn$": "CAD", "nt$": "TWD", "元": "CNY",
          "rmb": "CNY", "fr.": "CHF", "fr": "CHF", "$usd": "USD", "u.s. dollars": "USD", "us": "USD", "r": "ZAR",
          "sfr": "CHF", "sfr.": "CHF", "rupee": "INR", "pound": "GBP",
          "american dollars": "USD", "new zealand dollars": "NZD", "hong kong dollars": "HKD", "kr": "kr",
          "kr.": "kr"}  # fmt: skip
_CURRENCIES = {**_SIGNS, **{code.lower(): code for code in _CODES}}
# "kr" is one of these, and does not say which.
CROWNS = frozenset({"SEK", "NOK", "DKK"})
# A sign that several currencies share.
_SHARED = {"$": frozenset({"USD", "CAD", "AUD", "NZD", "HKD", "SGD", "MXN"}), "¥": frozenset({"JPY", "CNY"}),
           "rs": frozenset({"INR", "PKR", "LKR"}), "rs.": frozenset({"INR", "PKR", "LKR"}),
           "kr": CROWNS, "kr.": CROWNS}  # fmt: skip
# Where thousands are written in pairs above the first three digits: 12,00,000.
_PAIRS = re.compile(r"[1-9][0-9]?(?:,[0-9]{2})+,[0-9]{3}(?:\.[0-9]{1,2})?")
# So many digits behind a comma are decimal ones, in front of these: "72,5k", "1,25 million".
_DECIMALS_OF = {"k": 1, "thousand": 1, "lakh": 2, "lakhs": 2, "m": 2, "mio": 2, "mn": 2, "million": 2, "crore": 2,
                "bn": 2, "billion": 2}  # fmt: skip
_IN_PAIRS = frozenset({"INR", "PKR", "BDT", "LKR"})
# Behind thousands in groups, ",-" is "and no cents", so that the points are no decimal ones.
_NO_CENTS = re.compile(r"[1-9][0-9]{0,2}(?:\.[0-9]{3})+")
# How often an amount comes in a year.
_PER_YEAR = {"year": 1, "yr": 1, "annum": 1, "y": 1, "annually": 1, "yearly": 1, "annual": 1, "pa": 1, "p.a": 1,
             "p/a": 1, "p.y": 1, "month": 12, "mo": 12, "p/m": 12, "p.c.m": 12, "mthly": 12, "calendar month": 12,
             "semimonthly": 24, "other week": 26, "p/w": 52, "wkly": 52, "qtr": 4, "mth": 12, "monthly": 12,
             "week": 52, "wk": 52, "weekly": 52,
             "p.m": 12, "pm": 12, "pcm": 12, "p.w": 52,
             "pw": 52, "two weeks": 26, "four weeks": 13, "4 weeks": 13,
             "2 weeks": 26, "fortnight": 26, "fortnightly": 26, "semi-monthly": 24,
             "twice a month": 24, "twice per month": 24, "twice monthly": 24, "two times a month": 24,
             "quarter": 4, "quarterly": 4}  # fmt: skip
_NAMES = sorted(_CURRENCIES, key=len, reverse=True)
_BEHIND = "|".join(map(re.escape, _NAMES))
_SCALE_WORDS = "|".join(sorted(_SUFFIXES, key=len, reverse=True))
_AMOUNT = re.compile(
    rf"(?P<open>\()?\s*(?P<sign>[-+])?\s*"
    rf"(?P<before>[a-z]{{0,3}}[$€£¥₹₺₽₩₦₪]|(?:rs|kr|s?fr)\.?|[a-z]{{2,3}} \$|\$usd|zł|rm"
    rf"|r(?=\s?[0-9][0-9 ,.']{{2}})|[a-z]{{3}}(?=[\s0-9]))?"
    rf"\s*(?P<inner>\((?=.*\)))?\s*(?P<sign2>[-+])?\s*"
    rf"(?P<number>[0-9]+(?:\.[0-9]+)?e\+?[0-9]{{1,2}}|{PLAIN_NUMBER})(?P<no_cents>[.,/]-)?\s*"
    rf"(?:(?P<scale>{_SCALE_WORDS})(?![a-z])\.?)?"
    rf"\s*(?:(?P<after>{_BEHIND})(?![a-z]))?\s*(?P<close>\))?\s*(?P<per>[^0-9].*)?"
)
_GROSS = re.compile(r"(?<=\S),?\s+\(?(?:before tax(?:es)?|pre-?tax|gross)\)?$")
# What most people write most of the time, at once.
_DOLLARS = re.compile(r"\$([1-9][0-9]{0,2}(?:,[0-9]{3})+|[0-9]+)")
_PERIOD = re.compile(r"(?:,\s*)?(?P<each>(?:per|a|each|every)\s+|/\s*)?(?P<name>[a-z24][a-z. /-]*?)\.?")
# Words whose misspelling is understood behind an amount, by what they mean, and those that may stand beside them.
_SPELT = {"thousand": "k", "million": "m", "billion": "b", "lakhs": "lakh", "crores": "crore", "crore": "crore",
          "dollars": "USD", "dollar": "USD", "rupees": "INR", "monthly": "month", "weekly": "week", "annually": "year",
          "annual": "year", "yearly": "year", "annum": "year", "quarterly": "quarter"}  # fmt: skip
# "Months" is no misspelt month: it counts them.
_BEHIND_AMOUNTS = frozenset([*_SPELT, *_SUFFIXES, *_CURRENCIES, *"per a each every year month week quarter".split()])
_LETTERS = re.compile(r"[a-z]+|[^a-z]+")
# "5 year" and "2023 annual" are no amounts; "5,000 month" is.
_COUNT = re.compile(r"(?:[0-9]{1,2}|(?:19|20)[0-9]{2})\s*(?!(?:per|a|each|every) )[a-z][a-z. ]*")
_TIMES = re.compile(r"[x×*]\s*(12|26|52)")
_ALONE = frozenset({"annually", "yearly", "annual", "pa", "p.a", "monthly", "weekly", "fortnightly", "quarterly",
                    "semi-monthly", "twice a month", "twice per month", "two times a month", "twice monthly",
                    "p.m", "pm", "pcm", "p.w", "pw",
                    "p/a", "p.y", "p/m", "p.c.m", "mthly", "semimonthly", "p/w", "wkly", "annum", "month", "mo",
                    "mth",
                    "year", "yr", "week", "wk"})  # fmt: skip
_SAID_PERIOD = re.compile(
    r"(.+?)\s+((?:(?:per|a|each|every)\s+(?:year|yr|annum|(?:calendar )?month|mo|mth|week|wk|two weeks|other week"
    r"|quarter|fortnight))|monthly|weekly|fortnightly|yearly|annually|quarterly|p\.?a|p\.?m|pcm|semi-?monthly"
    r"|twice a month)"
)
_PERIOD_ENDS = frozenset(
    "year yr annum month mo mth week wk weeks quarter fortnight monthly weekly fortnightly yearly annually quarterly "
    "pa p.a pm p.m pcm semi-monthly semimonthly".split()
)
# Cents as cheques have them: "five hundred and 25/100 dollars".
_CENTS = re.compile(r"(.+?)(?: dollars)? (?:and|&) ([0-9]{2}|no|xx|zero)/100(?: dollars)?(?: only)?")
# "5 lakh 50 thousand", "72 thousand 500": from the greatest scale down.
_STEPS = re.compile(r"([0-9]+)\s?(thousand|lakhs?|lacs?|crores?|cr|million|k|m)(?:\s|,\s)(?:and )?")
_STEP = re.compile(r"([0-9]+)(?:\s?(hundred|thousand|lakhs?|lacs?|k))?")


def money(value: Any, *, per: str = "") -> Quantity:
    """An amount: "$50,000", "50k", "1.2M EUR", "(1,200)" (owed), "fifty thousand dollars"; `unit` is the currency.

    With `per` ("year", "month", "week") it is what comes in such a period, and "4,200/month" is counted for it;
    without, an amount that comes again and again is refused.
    """
    plain = number_of(value)
    if plain is not None:
        return Quantity(plain)
    usual = _DOLLARS.fullmatch(value)
    if usual is not None and len(value) <= MAX_TEXT:
        return Quantity(float(usual[1].replace(",", "")), "USD")
    whole = clean(value)
    text, estimated = approximately(undated(whole))
    # What somebody earns, is paid or owes is counted before tax; "after tax" is another amount, and refused.
    text = unmixed(_GROSS.sub("", text))
    text = f"-{text[6:]}" if text.startswith("minus ") and not text[6:7].isalpha() else text
    found = _AMOUNT.fullmatch(text)
    scale: str | None = found["scale"] if found is not None else None
    if found is None or (scale and found["per"] and found["per"].lstrip(" ,and")[:1].isdigit()):
        said = _money_in_words(value, text, per)
        said.estimated = said.estimated or estimated
        return said
    unit = _currency(found["before"], found["after"], value)
    if found["no_cents"] == ",-" and _NO_CENTS.fullmatch(found["number"]):
        amount: float | None = float(found["number"].replace(".", ""))
    elif unit in _IN_PAIRS and _PAIRS.fullmatch(found["number"]):
        amount = float(found["number"].replace(",", ""))
    else:
        amount = digits(
            found["number"], is_money=not scale, comma=scale is not None and _has_decimals(found["number"], scale)
        )
    if amount is None or (found["no_cents"] and "." in found["number"] and not _NO_CENTS.fullmatch(found["number"])):
        msg = f"{value!r} could be several amounts, or none"
        raise NotUnderstoodError(msg)
    opened = found["open"] or found["inner"]
    if (
        bool(opened) != bool(found["close"])
        or (found["open"] and found["inner"])
        or (found["sign"] and (found["sign2"] or opened))
        or (found["sign2"] and found["inner"])
    ):
        msg = f"{value!r} is no amount: its signs or brackets do not fit"
        raise NotUnderstoodError(msg)
    # On statements "CR" is what is to one's credit.
    if scale == "cr" and not per and unit not in _IN_PAIRS:
        msg = f"{value!r} could be crores, or a credit"
        raise NotUnderstoodError(msg)
    if scale:
        amount *= _SUFFIXES[scale]
    if opened or "-" in (found["sign"], found["sign2"]):
        amount = -amount
    if per == "year" and not found["per"] and is_of_a_month(whole):
        msg = f"{value!r} could be what came in that month, or a year's"
        raise NotUnderstoodError(msg)
    often = 1 if found["per"] is None else _times(found["per"])
    if often is None and (meant := _respelt(found["per"])) is not None:
        again = money(f"{text[: found.start('per')]}{meant}", per=per)
        again.estimated = True
        return again
    if found["per"] and often and not (unit or scale or opened) and _COUNT.fullmatch(found["number"] + found["per"]):
        msg = f"{value!r} could be a length of time, or a year"
        raise NotUnderstoodError(msg)
    return Quantity(_counted(amount, found["per"], value, per), unit, estimated=estimated)


def _has_decimals(number: str, scale: str) -> bool:
    """Whether so few digits are behind a comma that they are decimal ones."""
    at = number.rfind(",")
    return at > 0 and len(number) - at - 1 <= _DECIMALS_OF.get(scale, 0)


def _currency(before: str | None, after: str | None, value: Any) -> str:
    if before is None and after is None:
        return ""
    before = before and before.replace(" ", "")
    first, last = _CURRENCIES.get(before or ""), _CURRENCIES.get(after or "")
    if before and first is None:
        msg = f"{value!r} names no currency that is known"
        raise NotUnderstoodError(msg)
    if first and last and first != last and last not in _SHARED.get(before or "", ()):
        msg = f"{value!r} names two currencies"
        raise NotUnderstoodError(msg)
    return last or first or ""


def _times(period: str) -> int | None:
    """How often a year something comes that comes so; None for what says no period."""
    if (often := _TIMES.fullmatch(period)) is not None:
        return int(often[1])
    found = _PERIOD.fullmatch(period)
    return _PER_YEAR.get(found["name"]) if found and (found["each"] or found["name"] in _ALONE) else None


def _respelt(behind: str) -> str | None:
    """What stands behind an amount, with its misspelt words as they are meant; None where some word is another."""
    said, slips = _LETTERS.findall(behind), 0
    for at, word in enumerate(said):
        if word.isalpha() and word not in _BEHIND_AMOUNTS:
            meant = respelled(word, _SPELT)
            if meant is None:
                return None
            said[at], slips = meant, slips + 1
    return "".join(said) if slips else None


def _counted(amount: float, period: str | None, value: Any, per: str) -> float:
    """The amount for the period that is wanted."""
    if period is None:
        return amount
    times = _times(period)
    # "4 pm" is a time of day.
    if times is None or (period in ("pm", "p.m") and amount <= 12):
        msg = f"{value!r} is no amount: {period!r} is not understood"
        raise NotUnderstoodError(msg)
    if not per:
        msg = f"{value!r} is an amount per period, and one amount was expected"
        raise NotUnderstoodError(msg)
    wanted = _PER_YEAR[per]
    return amount if times == wanted else amount * times / wanted


def _money_in_words(value: Any, text: str, per: str) -> Quantity:
    found = _SAID_PERIOD.fullmatch(text) if text[text.rfind(" ") + 1 :] in _PERIOD_ENDS else None
    text, period = (found[1], found[2]) if found else (text, None)
    found, cents = (_CENTS.fullmatch(text) if "/100" in text else None), 0
    if found is not None:
        text, cents, unit = found[1], int(found[2]) if found[2].isdigit() else 0, "USD"
    else:
        head, _blank, last = text.rpartition(" ")
        unit = _CURRENCIES.get(last, "") if head else ""
        first, _blank, behind = text.partition(" ")
        if unit:
            text = head
        elif behind and first in _CURRENCIES:
            text, unit = behind, _CURRENCIES[first]
    said = _in_steps(text) if text[:1].isdigit() else _scaled_words(text)
    # "Sixty-five" is said for 65 thousand as well.
    if said is None or (0 < said.value < 100 and not (unit or period)):
        msg = f"{value!r} is no amount of money"
        raise NotUnderstoodError(msg)
    return Quantity(_counted(said.value + cents / 100, period, value, per), unit, estimated=said.estimated)


def _scaled_words(text: str) -> Quantity | None:
    """A number in words, where "k" may stand behind it: "sixty-five k"."""
    said = words(text.removesuffix(" k"))
    if said is None or not text.endswith(" k"):
        return said
    return Quantity(said.value * 1000, estimated=said.estimated) if said.value < 1000 else None


def _in_steps(text: str) -> Quantity | None:
    """The sum of "5 lakh 50 thousand" or "72 thousand 500", where each step is less than one of the step in front."""
    total, least, rest = 0.0, float("inf"), text
    while (found := _STEPS.match(rest)) is not None:
        scale = _SUFFIXES[found[2]]
        if int(found[1]) * scale >= least:
            return None
        total, least, rest = total + int(found[1]) * scale, scale, rest[found.end() :]
    last = _STEP.fullmatch(rest) if total else None
    if last is None:
        return None
    step = int(last[1]) * (100 if last[2] == "hundred" else _SUFFIXES.get(last[2] or "", 1))
    return Quantity(total + step) if step < least else None


# --- periods ------------------------------------------------------------------------------------------

# Units in months.
_MONTHS = {"decade": 120.0, "decades": 120.0, "year": 12.0, "years": 12.0, "yr": 12.0, "yrs": 12.0, "y": 12.0,
           "quarter": 3.0, "quarters": 3.0, "month": 1.0, "months": 1.0, "mo": 1.0, "mos": 1.0, "mth": 1.0,
           "mths": 1.0, "week": 12 / 52, "weeks": 12 / 52, "wk": 12 / 52, "wks": 12 / 52, "day": 12 / 365,
           "days": 12 / 365}  # fmt: skip
# What is no whole number of months is counted in years, so that 365 days are exactly one.
_OF_A_YEAR = {12 / 52: 52, 12 / 365: 365}
_COMMON = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?(?:years?|yrs?|y)(?: ([0-9]+) ?(?:months?|mos?))?")
# "5 days a week".
_HOW_OFTEN = re.compile(r"(?:years?|yrs?|quarters?|months?|mos?|weeks?|wks?|days?)\.? an? (?!half)")
_JOINED = re.compile(r" & | ?\+ (?=[0-9]+ ?m)| plus |, and ")
# "P5Y6M", as programs write periods.
_ISO = re.compile(r"p(?:([0-9]{1,2})y)?(?:([0-9]{1,3})m)?")
_AND_A_HALF = re.compile(r"^([0-9]{1,2}) and (?:a )?(half|quarter|1/2|three quarters) (?=y)")
_PARTS_OF_A_YEAR = {"three quarters": 0.75, "a quarter": 0.25, "one quarter": 0.25, "quarter": 0.25, "half": 0.5,
                     "one half": 0.5, "one-half": 0.5, "1/2": 0.5, "1/4": 0.25,
                    "3/4": 0.75}  # fmt: skip
_PART_OF = re.compile(
    r"^(three[- ]quarters|a quarter|one quarter|quarter(?= of)|one[- ]half|half|1/2|1/4|3/4)"
    r"(?:(?<=[a-z]) of a |(?<=half)-| (?:a |of a )?)(?=y)"
)
_PART = re.compile(r"([0-9][0-9.,]*|\.[0-9]+)\s*-?\s*([a-z]+)\.?\s*(?:,|and\b)?\s*")


def years(value: Any, *, unit: str = "years") -> Quantity:
    """A period: 5, "5 years", "18 months", "5 years 3 months", "five and a half years"; in `unit`, years or months.

    A bare number is in that unit already.
    """
    plain = number_of(value)
    if plain is not None:
        return Quantity(plain, unit)
    text, estimated = approximately(unmixed(clean(value)))
    common = _COMMON.fullmatch(text)
    if common is not None:
        whole, months = float(common[1]), float(common[2] or 0)
        return Quantity(whole + months / 12 if unit == "years" else whole * 12 + months, unit, estimated=estimated)
    bare = digits(text, comma=True)
    if bare is not None:
        return Quantity(bare, unit, estimated=estimated)
    said = words(text)
    if said is not None:
        return Quantity(said.value, unit, estimated=estimated or said.estimated)
    return _in_parts(value, text, unit, estimated=estimated)


def _with_half(found: re.Match[str]) -> str:
    return f"{int(found[1]) + {'h': 0.5, '1': 0.5, 'q': 0.25, 't': 0.75}[found[2][0]]} "


def _as_decimal(found: re.Match[str]) -> str:
    return f"{_PARTS_OF_A_YEAR[found[1].replace('e-q', 'e q')]} "


def _in_parts(value: Any, text: str, unit: str, *, estimated: bool) -> Quantity:
    """The sum of "5 years", "and 3 months": each unit once."""
    iso = _ISO.fullmatch(text) if text[0] == "p" else None
    if iso is not None and (iso[1] or iso[2]):
        text = f"{iso[1] or 0} years {iso[2] or 0} months"
    elif " " in text and "y" in text:
        text = _PART_OF.sub(_as_decimal, _JOINED.sub(" and ", text).replace(" full ", " "))
        text = _AND_A_HALF.sub(_with_half, text)
    if " a" in text and _HOW_OFTEN.search(text):
        msg = f"{value!r} says how often, and a period was expected"
        raise NotUnderstoodError(msg)
    in_years, in_months, seen = 0.0, 0.0, set()
    rest, half = (text.removesuffix(" and a half"), 0.5) if text.endswith(" and a half") else (text, 0.0)
    while rest:
        amount, name, rest, guessed = _next_part(rest)
        estimated = estimated or guessed
        size = 1.0 if name == "m" and 12.0 in seen else _MONTHS.get(name)
        if amount is None or size is None or size in seen or (half and rest):
            msg = f"{value!r} is no period"
            raise NotUnderstoodError(msg)
        seen.add(size)
        if size == 12.0:
            in_years += amount + half
        elif size in _OF_A_YEAR:
            in_years += (amount + half) / _OF_A_YEAR[size]
        else:
            in_months += (amount + half) * size
    if not seen:
        msg = f"{value!r} is no period"
        raise NotUnderstoodError(msg)
    return Quantity(
        in_years + in_months / 12 if unit == "years" else in_years * 12 + in_months, unit, estimated=estimated
    )


def _next_part(text: str) -> tuple[float | None, str, str, bool]:
    """An amount, its unit, what comes behind, whether the unit was misspelt."""
    found = _PART.match(text)
    if found is not None:
        name, guessed = _unit(found[2])
        return digits(found[1], comma=True), name, text[found.end() :], guessed
    said = text.split(" ")
    for at, word in enumerate(said):
        name, guessed = _unit(word.rstrip(".,"))
        is_part = name in ("quarter", "quarters") and said[at - 2 : at] in (["and", "a"], ["and", "three"])
        if at and name in _MONTHS and not (is_part and at + 1 < len(said)):
            before = " ".join(said[:at])
            amount = {"a": 1.0, "an": 1.0, "half a": 0.5}.get(before)
            spoken = words(before) if amount is None else None
            behind = said[at + 2 :] if said[at + 1 : at + 2] == ["and"] else said[at + 1 :]
            if spoken is not None:
                amount, guessed = spoken.value, guessed or spoken.estimated
            return amount, name, " ".join(behind), guessed
    return None, "", "", False


def _unit(word: str) -> tuple[str, bool]:
    if word in _MONTHS or word == "m":
        return word, False
    meant = respelled(word, _MONTHS)
    return (word, False) if meant is None else (meant, True)
