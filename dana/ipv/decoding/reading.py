"""Words and figures: what a short text means as a number, a truth value, a date, a literal.

Every function answers with one meaning or with none. A text that two readers could read differently ("5 %",
"03/04/2025", "about 12") has none, whatever a majority would guess.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

LONGEST = 400  # characters a number, a date, a truth value may have

_MINUS = str.maketrans({"−": "-", "－": "-", "–": "-", "\xa0": " ", "\u202f": " ", "\u2009": " ", "’": "'", "＋": "+"})
_PLAIN = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,5})?", re.ASCII).fullmatch
_DECIMAL_COMMA = re.compile(r"[+-]?\d+,\d+", re.ASCII).fullmatch
# Thousands by one sign and decimals by the other one.
_GROUPS = {
    sign: re.compile(rf"[+-]?\d{{1,3}}(?:{re.escape(sign)}\d{{3}})+(?:[{mark}]\d+)?", re.ASCII).fullmatch
    for sign, mark in ((",", "."), ("'", ".,"), (" ", ".,"), ("_", "."))
}
_GERMAN = re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+,\d+|[+-]?\d{1,3}(?:\.\d{3}){2,}", re.ASCII).fullmatch

SIGNS = "€$£¥₹₽₩₺₴₪฿₫₱"
CODES = frozenset("EUR USD GBP JPY CHF CNY INR AUD CAD NZD SEK NOK DKK PLN CZK HUF BRL MXN ZAR SGD HKD KRW".split())
_CURRENCY_BEFORE = re.compile(
    rf"([+-]?)\s*(?:[{SIGNS}]|([A-Z]{{3}})(?=[\s\d+-]))\s*([+-]?[\d.,'_ ]*\d[\d.,]*)"
).fullmatch
_CURRENCY_AFTER = re.compile(rf"([+-]?[\d.,'_ ]*\d)\s*(?:[{SIGNS}]|([A-Z]{{3}}))").fullmatch
_PERCENT = re.compile(r"([+-]?[\d.,]+)\s*(?:%|percent|per cent)").fullmatch
PERCENT_NAMES = re.compile(r"(?:^|_)(?:percent|percentage|pct)$").search

NUMBER_WORDS = {
    word: number
    for number, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen twenty".split()
    )
}

YES = frozenset(
    "true yes y on ja wahr richtig oui vrai sí si verdadero sim verdadeiro vero waar tak да 是 はい".split()
)
NO = frozenset("false no n off nein falsch non faux falso não nao onwaar nee nie нет 否 いいえ".split())
NOTHING = frozenset(("null", "none", "nil", "n/a"))


def numeral(text: str, field: str = "") -> tuple[str, str] | None:
    """A number's text in Python's spelling, and the kind of repair ("" for none); None if it has no single meaning."""
    if len(text) > LONGEST:
        return None
    bare = text.strip()
    if _PLAIN(bare):
        return bare, "number"
    bare = bare.translate(_MINUS)
    return _separated(bare) or _with_currency(bare) or _with_percent(bare, field) or _number_word(bare)


def _separated(text: str) -> tuple[str, str] | None:
    if _PLAIN(text):
        return text, "number"
    if _GERMAN(text):
        return text.replace(".", "").replace(",", "."), "number"
    for sign, fits in _GROUPS.items():
        if sign in text and fits(text) and not text.lstrip("+-").startswith("0"):
            return text.replace(sign, "").replace(",", "."), "number"
    if _DECIMAL_COMMA(text):
        whole, _, fraction = text.partition(",")
        # "0,123" and "1,5" are decimals; "1,234" was taken above, "1234,567" could be either.
        if len(fraction) != 3 or whole.lstrip("+-") == "0":
            return f"{whole}.{fraction}", "number"
    return None


def _with_currency(text: str) -> tuple[str, str] | None:
    found = _CURRENCY_BEFORE(text)
    if found:
        sign, code, amount = found[1], found[2], found[3]
        if sign and amount[0] in "+-":
            return None
        amount = sign + amount
    else:
        found = _CURRENCY_AFTER(text)
        if not found:
            return None
        code, amount = found[2], found[1]
    if code and code not in CODES:
        return None
    read = _separated(amount.strip())
    return (read[0], "currency") if read else None


def _with_percent(text: str, field: str) -> tuple[str, str] | None:
    found = _PERCENT(text) if PERCENT_NAMES(field) else None
    read = _separated(found[1]) if found else None
    return (read[0], "percent") if read else None


def _number_word(text: str) -> tuple[str, str] | None:
    word = text.lower()
    sign = ""
    if word.startswith("minus "):
        sign, word = "-", word[6:].strip()
    number = NUMBER_WORDS.get(word)
    return None if number is None else (f"{sign}{number}", "number word")


def truth(text: str) -> bool | None:
    """The truth value a single word says, in the languages of the table."""
    if len(text) > LONGEST:
        return None
    word = text.strip().lower()
    return True if word in YES else False if word in NO else None


def folded(text: str) -> str:
    """A word as literals and fields are compared: without case, spaces, hyphens and underscores."""
    return _GAP.sub("", text.casefold()) if len(text) <= LONGEST else text


_GAP = re.compile(r"[\s_\-]+")


def nearest(text: str, words: Iterable[Any]) -> Any:
    """The only word that is the text but for case and gaps; None if there are several or none."""
    wanted = folded(text)
    found = [w for w in words if isinstance(w, str) and folded(w) == wanted]
    return found[0] if len(found) == 1 and wanted else None


# --- dates --------------------------------------------------------------------------------------

_MONTHS = "january february march april may june july august september october november december".split()
_MONTH = {**{m: n for n, m in enumerate(_MONTHS, 1)}, **{m[:3]: n for n, m in enumerate(_MONTHS, 1)}, "sept": 9}
_ISO_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII).fullmatch
_YEAR_FIRST = re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})|(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII).fullmatch
_YEAR_LAST = re.compile(r"(\d{1,2})([/.\-])(\d{1,2})\2(\d{4})", re.ASCII).fullmatch
_DAY_MONTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th|\.)?[ \-]([A-Za-z]{3,9})\.?,?[ \-](\d{4})", re.ASCII).fullmatch
_MONTH_DAY = re.compile(r"([A-Za-z]{3,9})\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4})", re.ASCII).fullmatch


def day(text: str) -> tuple[str, bool] | None:
    """A day as ISO text and whether it was one already; "03/04/2025" has two meanings and is none."""
    if len(text) > LONGEST:
        return None
    bare = text.strip()
    if _ISO_DATE(bare):
        return bare, bare == text
    parts = _day_parts(bare)
    return (f"{parts[0]}-{parts[1]:02}-{parts[2]:02}", False) if parts else None


def _day_parts(text: str) -> tuple[str, int, int] | None:
    found = _YEAR_FIRST(text)
    if found:
        year, month, of = [g for g in found.groups() if g is not None]
        return year, int(month), int(of)
    found = _YEAR_LAST(text)
    if found:
        first, second = int(found[1]), int(found[3])
        if found[2] == "." or first > 12 or first == second:
            return found[4], second, first
        return (found[4], first, second) if second > 12 else None
    found = _DAY_MONTH(text)
    if found and found[2].lower() in _MONTH:
        return found[3], _MONTH[found[2].lower()], int(found[1])
    found = _MONTH_DAY(text)
    if found and found[1].lower() in _MONTH:
        return found[3], _MONTH[found[1].lower()], int(found[2])
    return None


_MOMENT = re.compile(
    r"(\d{4}-\d{2}-\d{2})([T ])(\d{2}:\d{2}(?::\d{2}(?:\.\d{1,6})?)?)(Z|[+-]\d{2}:?\d{2})?", re.ASCII
).fullmatch


def moment(text: str) -> tuple[str, bool] | None:
    """A day with a time as ISO text, and whether it was one already."""
    if len(text) > LONGEST:
        return None
    found = _MOMENT(text.strip())
    if not found:
        return None
    zone = "+00:00" if found[4] == "Z" else found[4] or ""
    return f"{found[1]}T{_micro(found[3])}{zone}", found[2] == "T" and found[0] == text


def _micro(clock: str) -> str:
    whole, dot, part = clock.partition(".")
    return f"{whole}.{part:0<6}" if dot else whole


_TIME = re.compile(
    r"(\d{1,2}):(\d{2})(:\d{2}(?:\.\d{1,6})?)?(?: ?([AaPp])\.?[Mm]\.?)?(Z|[+-]\d{2}:\d{2})?", re.ASCII
).fullmatch


def clock(text: str) -> tuple[str, bool] | None:
    """A time of day as ISO text, and whether it was one already."""
    found = _TIME(text.strip()) if len(text) <= LONGEST else None
    if not found:
        return None
    hour = int(found[1])
    if found[4]:
        if not 1 <= hour <= 12:
            return None
        hour = hour % 12 + 12 * (found[4] in "Pp")
    zone = "+00:00" if found[5] == "Z" else found[5] or ""
    made = f"{hour:02}:{found[2]}{_micro(found[3] or '')}{zone}"
    return made, made == text or (found[5] == "Z" and not found[4])


_DURATION = re.compile(
    r"([+-]?)P(?:(\d{1,6})W)?(?:(\d{1,9})D)?(?:T(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9}(?:\.\d{1,6})?)S)?)?", re.ASCII
).fullmatch
_SPAN = re.compile(r"(?:(-?\d{1,9}) days?,? )?(\d{1,4}):(\d{2}):(\d{2}(?:\.\d{1,6})?)", re.ASCII).fullmatch


def duration(text: str) -> tuple[float, float, bool] | None:
    """Days, seconds and whether the text was an ISO duration (`P1DT2H`); `1 day, 2:00:00` is read as well."""
    bare = text.strip()
    if len(bare) > LONGEST:
        return None
    found = _DURATION(bare)
    if found and any(found.groups()[1:]):
        sign = -1 if found[1] == "-" else 1
        weeks, days, hours, minutes, seconds = (float(g or 0) for g in found.groups()[1:])
        return sign * (weeks * 7 + days), sign * (hours * 3600 + minutes * 60 + seconds), bare == text
    found = _SPAN(bare)
    if found and int(found[3]) < 60 and float(found[4]) < 60:
        return float(found[1] or 0), int(found[2]) * 3600 + int(found[3]) * 60 + float(found[4]), False
    return None
