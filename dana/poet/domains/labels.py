"""What people write around a value that says no more about it than its field does: "my FICO score is 720".

Forms, exports and transcripts of calls put labels in front of values ("Monthly income: $5,000"), remarks behind them
("5 years at current job", "$65,000 (verified)"), quotes around them. A word goes only if it is on the list of its kind:
"net", "household", "previous", "minimum" or "was" are on none, and the text they stand in stays refused. What a label
says of the period ("monthly", "months") goes with the value.

This is looked at only where a text is not understood as it stands.
"""

from __future__ import annotations

import re

from dana.poet.domains.written import clean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


_OPENING = _set("my the applicant applicant's borrower borrower's client client's customer's current currently "
                "presently latest stated verified reported exactly precisely a an i i've got have has is it it's "
                "that's of at um uh er erm well okay ok yes yeah so")  # fmt: skip
_CLOSING = _set("verified confirmed stated self-reported documented reported actual current currently presently today "
                "now exactly precisely please thanks")  # fmt: skip
_SOURCES = _set("credit fico vantage vantagescore experian equifax transunion trans union beacon bureau score rating "
                "points pts tu eq")  # fmt: skip
_JOB = _set("employment employed self-employed job work working service tenure position role employer company firm "
            "there here")  # fmt: skip
_EARNED = _set("income salary wages earnings compensation gross")
_PERIODS = {"annual": "year", "annually": "year", "yearly": "year", "monthly": "month", "weekly": "week"}
_UNITS = _set("years months")
# Words in the name of a period that is somebody's work, and words behind a value that only join others to it.
_JOB_NAMES = _set("employment employed tenure job work worked service")
_JOINING = _set("on from per via by of in as a my at with for the same")
# Words in front of and behind a value, by the kind of the parameter.
_LISTS = {
    "score": (_OPENING | _SOURCES | _set("his her your rated scored score's says shows auto"),
              _CLOSING | _SOURCES | _set("on from per via by")),
    "income": (_OPENING | _EARNED | _set("make earn am i'm making earning"),
               _CLOSING | _EARNED | _set("of in as a my only")),
    "money": (_OPENING | _set("amount requested"), _CLOSING | _set("only")),
    "balance": (_OPENING | _set("amount"), _CLOSING),
    "ratio": (_OPENING | _set("ratio"), _CLOSING | _set("ratio")),
    "rate": (_OPENING | _set("rate interest apr"), _CLOSING | _set("rate interest apr")),
    "period": (_OPENING, _CLOSING | _set("total")),
    "job": (_OPENING | _JOB | _UNITS | _set("for been worked with length time on full-time this same"),
            _CLOSING | _JOB | _set("on at in with of for the my same present this full-time continuous worked total")),
}  # fmt: skip
_FRONT = re.compile(r"\(?([a-z][a-z'/-]*)\)?(?:\s*[:=]\s*|\s+-\s+|,?\s+)(?=\S)")
_BACK = re.compile(r"(?:(?<=[0-9a-z%$€£¥₹.)-])\s+|,\s*)(?:[-/]\s+)?\(?([a-z][a-z'-]*)\)?$")
_QUOTED = re.compile(r"'([^']*)'|[“„”]([^“”„]*)[“”]|«([^«»]*)»|\[([^\[\]]*)\]")
# Score models by name and version, where a number follows that can be a score.
_MODELS = re.compile(
    r"\b(fico|vantage(?: ?score)?|beacon)(?: ?(?:\(r\)|®|™))?"
    r"(?:(?: score)?(?: version)? ?(?:[2-589]|10 ?t?|[345]\.0)(?=[ :,=)-]|$))?"
)
# One score of three, by the usual rule; "mid 700" alone is a range.
_FIRST_OF_TWO = _set("mid middle median representative base debt loan in")
_HALVES_OF_A_NAME = _set("debt income loan value to")
_BASE = re.compile(r"\bbase (?=salary|wages|income)")
_MIDDLE = re.compile(r"\b(?:mid|middle|median|representative)(?= (?:(?:credit|fico) )?(?:score|fico))")
# What a label leaves that is more likely a year, a count or a place in a list than a value.
_NO_AMOUNT = re.compile(r"[0-9]{1,2}|(?:19|20)[0-9]{2}|(?!zero)[a-z]+")
_IN_MY_JOB = re.compile(r"^in (?=(?:my|this|same|current|present) (?:[a-z]+ )?(?:job|position|role)\b)")
_SALARY_EACH = re.compile(r"(?<=[0-9k]) (?:salary|income|wages)(?= (?:per|a|each|every) )")
_PART_OF_ONE = re.compile(r"a (?:third|quarter|fourth|fifth|sixth|seventh|eighth|ninth|tenth)\b")
_NO_WAGE = re.compile(r"[0-9]{1,2}|(?!zero)[a-z]+")
_NO_SHARE = re.compile(r"[0-9]+|(?!half|zero)[a-z]+")
_NO_PERIOD = re.compile(r"[0-9.,]+|[a-z]+")
_OF_WORK = re.compile(r"\b(?:tenure|length|employment|service|time (?:on|at))\b")
_AS_OF = re.compile(r",?\s+\(?(?:as of|as at) (?:today|now|this (?:week|month|year))\)?$")
_PROOF = re.compile(r",?\s+\(?(?:(?:as )?per |from |on )?(?:(?:my|the|last|latest) )?(?:w-?2|tax return)\)?$")
_GROSS = re.compile(r"[\s,(]+(?:gross|before (?:tax(?:es)?|deductions)|pre-?tax)\b\)?|^gross\b[\s:=-]*")
_SAME = {"year": re.compile(r"(?:/| per | a |\s)\s*(?:year|yr|annum|annually|yearly|pa|p\.a)$"),
         "month": re.compile(r"(?:/| per | a |\s)\s*(?:month|mo|mth|monthly|pm|p\.m|pcm)$"),
         "week": re.compile(r"(?:/| per | a |\s)\s*(?:week|wk|weekly|pw)$")}  # fmt: skip
_OF_INCOME = re.compile(r"\s+of (?:(?:my|the|their|gross|monthly|annual) ){0,3}income$")
_OF_VALUE = re.compile(r"\s+of (?:the )?(?:(?:property|home|house|appraised) )?(?:'s )?value$")
# "12 LPA", "12 x $5,000".
_LAKHS_A_YEAR = re.compile(r"^(?:(?:inr|₹|rs\.?) ?)?([0-9]+(?:\.[0-9]+)?) ?lpa$")
_OFTEN = re.compile(r"^(12|26|52) ?[x×*] ?([$€£]?[0-9].*)$")
_OFTEN_OR_HALF = re.compile(r"1/2 |(?:12|26|52) ?[x×*]")
_HALF_OF = re.compile(r"^1/2 (?:a )?million$")
_IN_BRACKETS = re.compile(r"\s*\(([a-z/][a-z/. ]*)\)$")
_MAY_BE = re.compile(r"gross|tax|before|w-?2|lpa|(?:salary|income|wages) [pae]")
_FIRST = re.compile(r"\(?([a-z][a-z'/-]*)")
_IN_NAMES = re.compile(r"(?<=[a-z])_(?=[a-z])")
_QUOTES = frozenset("'“„”«[")
_BARE = re.compile(r"[0-9]+(?:[.,][0-9]+)?")


def inside(kind: str, name: frozenset[str]) -> Callable[[str], str | None]:
    """A function that says what is inside the labels and remarks of a text, for a parameter with the words `name`.

    It gives None where there are none, after a short look: most of what is refused has none.
    """
    front, back = _LISTS[kind := "job" if kind == "period" and name & _JOB_NAMES else kind]
    labels = (name - _HALVES_OF_A_NAME) | _ratio_names(name) if kind == "ratio" else name
    front, back = front | labels, back | labels
    openers, closers = front | _FIRST_OF_TWO | frozenset(_PERIODS), back | {"income", "value"}
    is_income, is_amount = kind == "income", kind in ("income", "money")

    def inside_of(value: str) -> str | None:
        text = value.strip().lower()
        if not text:
            return None
        if (
            text[text.rfind(" ") + 1 :] in closers
            or text[-1] in ");."
            or text[0] in _QUOTES
            or ((found := _FIRST.match(text)) is not None and found[1] in openers)
            or (is_income and _MAY_BE.search(text) is not None)
            or (is_amount and text[0] in "125" and _OFTEN_OR_HALF.match(text) is not None)
        ):
            return bare(value, kind, name, front, back)
        return None

    return inside_of


def bare(value: str, kind: str, name: frozenset[str], front: frozenset[str], back: frozenset[str]) -> str | None:
    """The text inside known words in front and behind; None if there are none, or what is left is doubtful."""
    text = whole = clean(value)
    if text[0] in _QUOTES and (quoted := _QUOTED.fullmatch(text)) is not None:
        text = next(part for part in quoted.groups() if part is not None).strip()
    # Labels may be names of fields: "annual_income: 50000".
    text = _IN_NAMES.sub(" ", text.removesuffix(";"))
    if "as " in text:
        text = _AS_OF.sub("", text)
    text = _unwritten(text, kind)
    if kind == "ratio":
        text = _share_of(text, name)
    text, said = _without_front(text, front, takes_period=kind in ("income", "money"))
    text, said = _without_back(text, back - _UNITS, said, takes_period=kind == "income")
    if text == whole or _is_doubtful(text, kind, said, whole):
        return None
    return _with_unit(text, said)


def _unwritten(text: str, kind: str) -> str:
    """The text with what this kind of value is written with, besides labels, in plainer words."""
    if kind == "score":
        return _MODELS.sub(r"\1", _MIDDLE.sub("", text).lstrip())
    if text.endswith(")"):
        text = _IN_BRACKETS.sub(r" \1", text.replace("(s)", "s"))
    if kind == "ratio":
        return text.replace("debt to income", "debt-to-income").replace("loan to value", "loan-to-value")
    if kind == "job":
        return _IN_MY_JOB.sub("", text.replace("years' ", "years "))
    if kind in ("income", "money"):
        text = _HALF_OF.sub("half a million", _OFTEN.sub(r"\2 x \1", _LAKHS_A_YEAR.sub(r"inr \1 lakh a year", text)))
    if kind == "income" and _MAY_BE.search(text):
        text = _SALARY_EACH.sub("", _GROSS.sub(" ", _PROOF.sub("", text)).strip())
    return _BASE.sub("", text)


def _is_doubtful(text: str, kind: str, said: str, whole: str) -> bool:
    """Whether what is left may be another thing: "2023 salary", "1 job", "2 W-2s"."""
    if kind in ("income", "money", "balance"):
        return (_NO_WAGE if said else _NO_AMOUNT).fullmatch(text) is not None
    if kind in ("ratio", "rate"):
        return _NO_SHARE.fullmatch(text) is not None
    if kind == "job" and said and not _BARE.fullmatch(text):
        return said[0] not in text
    return kind == "job" and not said and _NO_PERIOD.fullmatch(text) is not None and not _OF_WORK.search(whole)


def _ratio_names(name: frozenset[str]) -> frozenset[str]:
    """What else a ratio is called by."""
    if name & {"dti", "income", "debt"}:
        return _set("dti debt-to-income debt/income")
    if name & {"utilization", "utilisation"}:
        return _set("utilization utilisation")
    return _set("ltv cltv loan-to-value loan/value") if name & {"ltv", "value", "loan"} else frozenset()


def _share_of(text: str, name: frozenset[str]) -> str:
    """The text without the whole that this ratio is a share of: "35% of gross income"."""
    if name & {"dti", "income"}:
        return _OF_INCOME.sub("", text)
    return _OF_VALUE.sub("", text) if name & {"ltv", "value"} else text


def _without_front(text: str, known: frozenset[str], *, takes_period: bool) -> tuple[str, str]:
    """The text without known words in front, and the period or unit that they say."""
    said = ""
    while (found := _FRONT.match(text)) is not None:
        word = found[1]
        if takes_period and word in _PERIODS:
            said = _PERIODS[word]
        elif word in known and not (word == "a" and _PART_OF_ONE.match(text)):
            said = word if word in _UNITS else said
        else:
            break
        text = text[found.end() :]
    return text, said


def _without_back(text: str, known: frozenset[str], said: str, *, takes_period: bool) -> tuple[str, str]:
    """The text without known words behind, where they name the thing: "$65k annual salary", "35% of income"."""
    rest, names, period = text, False, said
    while (found := _BACK.search(rest)) is not None:
        word = found[1]
        if takes_period and names and word in _PERIODS and not said:
            period = _PERIODS[word]
        elif said and _PERIODS.get(word, said) != said:
            break
        elif word in known:
            names = names or word not in _JOINING
        else:
            break
        rest = rest[: found.start()]
    return (rest, period) if names else (text, said)


def _with_unit(text: str, said: str) -> str:
    """The text with the period or unit of its label, where it says none itself."""
    if said in _UNITS:
        return f"{text} {said}" if _BARE.fullmatch(text) else text
    if not said:
        return text
    return f"{_SAME[said].sub('', text)} per {said}"
