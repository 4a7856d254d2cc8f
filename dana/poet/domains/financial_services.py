"""Financial services: credit scores, amounts, ratios, rates and periods as people write them; what a decision must say.

Parameters are known by words in their names, whatever their order: `score`, `credit_score`, `applicant_income`,
`debt_to_income`, `interest_rate`, `years_employed` (`KINDS`). A name says the unit too: what stands in
`monthly_income` is an amount for a month, in `term_months` a number of months. A parameter annotated as text, list or
anything else that is no number is left alone.

What a decision may rest on and must say is in `fair_lending.py`.
"""

from __future__ import annotations

import re

from dana.poet.domains import fair_lending
from dana.poet.domains.labels import inside
from dana.poet.domains.quantities import CROWNS, Quantity, money, number, words, years
from dana.poet.domains.shares import share
from dana.poet.domains.tables import NO_QUANTITY, NUMERIC, Kind, is_lenient, outside, ruled, yes_or_no
from dana.poet.domains.written import NotUnderstoodError, approximately, clean, spelled, undated
from dana.poet.plugins.base import Field, Plugin, PluginError, Reading, RejectionError, words_of
from dana.poet.training.words import Words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from dana.poet.plugins.base import Clean, Rule

SCORE_LOW, SCORE_HIGH = 300, 850
# What a word about a credit history stands for when nobody knows the number.
SCORE_WORDS = {"exceptional": 800, "excellent": 780, "very good": 740, "good": 720, "fair": 650, "average": 650,
               "poor": 580, "bad": 580, "very poor": 500}  # fmt: skip
# Words that add nothing to one of those.
_FILLERS = frozenset("a an the my is has credit score history rating fico standing".split())

MAX_INCOME = 10_000_000
MAX_AMOUNT = 1_000_000_000
MAX_RATIO = 5.0
MAX_YEARS = 100.0

# The first kind with a word in the name wins: `loan_term_years` is a period, `debt_ratio` a share.
KINDS = (
    Kind(
        "period", "years months term tenure employment age", "a period, in the unit of the name", 0, MAX_YEARS, "years"
    ),
    Kind("ratio", "ratio dti ltv utilization utilisation", "a share of a whole", 0, MAX_RATIO),
    Kind("rate", "rate apr interest yield", "a share in a year", 0, 1),
    Kind("score", "score fico creditworthiness", "a credit score", SCORE_LOW, SCORE_HIGH),
    Kind(
        "income", "income salary wage wages revenue earnings", "money, for a year or the name's period", 0, MAX_INCOME
    ),
    Kind("balance", "balance equity profit cashflow", "money that may be owed", -MAX_AMOUNT, MAX_AMOUNT),
    Kind("money", "amount loan price payment cost debt debts principal deposit", "money", 0, MAX_AMOUNT),
    Kind("flag", "is has was owns bankrupt bankruptcy homeowner", "yes or no", 0, 1),
)
_OWN_WORDS = frozenset({"credit", "approved", "applicant", "borrower"}).union(
    *(kind.words for kind in KINDS if kind.name != "flag")
)
_BY_NAME = {kind.name: kind for kind in KINDS}
# With `strict=false` these stand in for what nobody understands; other kinds have no harmless value.
DEFAULTS = {"score": 650, "income": 0.0, "period": 0.0}
_PER = {"monthly": "month", "month": "month", "weekly": "week", "week": "week", "annual": "year", "yearly": "year",
        "annually": "year", "year": "year"}  # fmt: skip
_RATIO_NAME = re.compile(r"_?to_?(?=income|value|cost|limit)", re.IGNORECASE)
# Score models by name and version: the version is no score.
_MODEL = r"(?:fico(?: (?:score )?(?:[2-589]|10 ?t?))?|vantage ?score(?: [34](?:\.0)?)?)"
_BUREAU = r"(?:experian|equifax|trans ?union)"
_SOURCE = rf"(?:{_MODEL}|{_BUREAU})"
_SCORE = re.compile(
    rf"(?:(?:(?:credit|{_SOURCE}) )?score(?::| ?=| is)? ?|{_SOURCE}(?::| ?=)? ?|credit:? )?"
    rf"(\+?[0-9]{{1,4}}(?:\.0+)?|[0-9]{{3}}(?=,0$))"
    rf"(?: ?(?:/|out of(?: a possible)?|of) ?850)?(?: ?points| ?pts| {_SOURCE}| ?\({_SOURCE}\)| score|,0)?"
)
# A word and a number that say the same: "good (720)", "fair - 655".
_SAID_TWICE = re.compile(r"(?P<word>[a-z][a-z ]*[a-z])\s*(?:[:,=-]\s*|\()(?P<number>[0-9]{3})\)?")
_SAID_BEHIND = re.compile(r"(?P<number>[0-9]{3})(?: ?/ ?850)?\s*(?:[,-]\s*|\()(?P<word>[a-z][a-z ]*[a-z])\)?")
# What number may stand beside each word, by any of the scales in use: FICO's, VantageScore's, lenders'.
_BANDS = {"exceptional": (780, 850), "excellent": (740, 850), "very good": (720, 799), "good": (660, 780),
          "fair": (580, 680), "average": (600, 720), "poor": (300, 620), "bad": (300, 620), "very poor": (300,
          560)}  # fmt: skip
_SPOKEN_ONES = {"three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}

_DIGITS = {**dict(zip("zero one two three four five six seven eight nine".split(), range(10), strict=True)), "oh": 0}


class FinancialServices(Plugin):
    """The domain `financial_services` (P156, P205)."""

    domain = "financial_services"
    version = "1.1"
    words = _OWN_WORDS
    unjudged = frozenset({int, float, str, bool, type(None), list, tuple})
    fields: Mapping[str, Field] = {
        "strict": Field(
            False,
            meaning="true refuses every estimate (words for a score); false, written out, takes the usual value for a "
            "score, income or period that nobody understands; both mark what they estimate",
        ),
        "currency": Field(
            "", meaning='amounts in other currencies than this one ("USD") are refused; "" takes any one'
        ),
        "max_income": Field(float(MAX_INCOME), low=0.0, meaning="no income above this is believed"),
        "max_rate": Field(1.0, low=0.0, high=10.0, meaning="no interest rate above this is believed"),
        "usury_limit": Field(0.25, low=0.0, high=10.0, meaning="no loan may be approved at a yearly rate above this"),
        "rates": Field(
            "auto",
            choices=("auto", "percent", "share"),
            meaning="how decisions say their rate: 3.5 or 0.035; auto takes what is above 1 as percent",
        ),
        "prohibited": Field(
            "refuse", choices=("refuse", "flag"), meaning="what is done with attributes no decision may rest on"
        ),
    }

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        super().__init__(config)
        self._lenient = is_lenient(config)
        self._flags: list[str] = []
        self.glossary = self._words = Words(
            SCORE_WORDS, SCORE_LOW, SCORE_HIGH, phrase=_phrase, amount=_points, whole=True
        )
        self._several = False

    # --- which parameters -------------------------------------------------------------------------

    def attach(
        self,
        function: str,  # noqa: ARG002
        parameters: Sequence[tuple[str, str]],
        clock: Callable[[], float],  # noqa: ARG002
    ) -> None:
        """See `Plugin`: a function must not take what no decision about credit may rest on (ECOA)."""
        self._flags = [name for name, _type in parameters if fair_lending.basis(name)]
        if self._flags and self.config["prohibited"] == "refuse":
            name = self._flags[0]
            msg = f"the parameter `{name}` is a prohibited basis of decisions about credit ({fair_lending.basis(name)})"
            hint = 'leave it out; plugin_config={"prohibited": "flag"} keeps it, for studies, and says so on record'
            raise PluginError(msg, hint, "E827")

    def rules(self, parameters: Sequence[tuple[str, str]]) -> dict[str, Rule]:
        """See `Plugin`; amounts are looked at together where there are several."""
        kinds = [kind_of(name, type_) for name, type_ in parameters]
        self._several = sum(kind in ("income", "money", "balance") for kind in kinds) > 1
        return super().rules(parameters)

    def rule(self, name: str, type_: str) -> Rule | None:
        """See `Plugin`."""
        if _holds_features(name, type_):
            return self._features
        kind = kind_of(name, type_)
        if not kind or fair_lending.basis(name):
            return None
        said, default = words_of(name), DEFAULTS.get(kind) if self._lenient else None
        per = next((_PER[word] for word in sorted(said) if word in _PER), "")
        reads: dict[str, Callable[[Any], Reading]] = {
            "income": lambda value: self._income(value, per or "year"),
            "money": lambda value: self._amount(value, "money", per),
            "balance": lambda value: self._amount(value, "balance", ""),
            "period": lambda value: _period(value, "months" if said & {"months"} and "years" not in said else "years"),
        }
        read: Callable[[Any], Reading] = reads.get(kind) or getattr(self, "_" + kind)
        within = None if kind == "flag" else inside(kind, said)
        return ruled(self, read, default, whole=type_ == "int" and kind not in ("score", "flag"), inside=within)

    def clean(self, name: str, type_: str) -> Clean | None:
        """See `Plugin`."""
        kind = kind_of(name, type_)
        if not kind or fair_lending.basis(name) or _holds_features(name, type_):
            return None
        if kind == "score":
            return int, SCORE_LOW, SCORE_HIGH
        if kind == "flag":
            return bool, 0, 1
        highest = {
            "period": MAX_YEARS,
            "ratio": 1.0 if type_ == "int" else MAX_RATIO,
            "rate": min(self.config["max_rate"], 1.0),
            "income": self.config["max_income"],
        }.get(kind, MAX_AMOUNT)
        return int if type_ == "int" else float, 0.0, highest

    def agree(self, readings: Mapping[str, Reading]) -> None:
        """See `Plugin`: amounts of one call are in one currency, as nobody here knows exchange rates."""
        units = {reading.unit: name for name, reading in readings.items()}
        if len(units) > 1:
            said = " and ".join(f"`{name}` in {unit}" for unit, name in units.items())
            msg = f"the amounts of one call are in one currency, not {said}"
            raise RejectionError(msg)

    # --- the kinds --------------------------------------------------------------------------------

    def _score(self, value: Any) -> Reading:
        if value.__class__ is str:
            known = self._words.values.get(value)
            if known is not None:
                return Reading(int(known), _usual(value, self._words), estimated=True)
            found = _score_said(value, self._words)
        else:
            found = number(value)
        if not found.value.is_integer():
            msg = f"{value!r} is no credit score: scores are whole"
            raise NotUnderstoodError(msg)
        _BY_NAME["score"].within(found, value, "a credit score")
        return Reading(int(found.value), found.unit or "a credit score", estimated=found.estimated)

    def _income(self, value: Any, per: str) -> Reading:
        found = money(value, per=per)
        if not 0 <= found.value <= self.config["max_income"]:
            raise outside(value, "an income", 0, self.config["max_income"])
        return self._in_currency(found, value, f"a {per}'s income")

    def _amount(self, value: Any, kind: str, per: str) -> Reading:
        found = money(value, per=per)
        _BY_NAME[kind].within(found, value, "an amount")
        return self._in_currency(found, value, f"an amount for a {per}" if per else "an amount")

    def _in_currency(self, found: Quantity, value: Any, how: str) -> Reading:
        wanted = self.config["currency"]
        if found.unit and wanted and found.unit != wanted and not (found.unit == "kr" and wanted in CROWNS):
            msg = f"{value!r} is in {found.unit}, and amounts here are in {wanted}"
            raise NotUnderstoodError(msg)
        how = f"{how} in {found.unit}" if found.unit else how
        return Reading(found.value, how, estimated=found.estimated, unit=found.unit if self._several else "")

    def _ratio(self, value: Any) -> Reading:
        found = share(value, most=MAX_RATIO)
        _BY_NAME["ratio"].within(found, value, "a ratio")
        return Reading(found.value, "a share", estimated=found.estimated)

    def _rate(self, value: Any) -> Reading:
        found = share(value, is_rate=True)
        if not 0 <= found.value <= self.config["max_rate"]:
            raise outside(value, "an interest rate", 0, self.config["max_rate"])
        return Reading(found.value, "a rate", estimated=found.estimated)

    def _flag(self, value: Any) -> Reading:
        return Reading(yes_or_no(value).value, "yes or no")

    def _features(self, value: Any) -> Reading:
        """Data of an applicant: it must not have what no decision may rest on."""
        fields = fair_lending.fields_of(value)
        name = next((name for name in fields if fair_lending.basis(name)), "")
        if name and self.config["prohibited"] == "refuse":
            msg = f"it has `{name}`, a prohibited basis of decisions about credit ({fair_lending.basis(name)})"
            raise RejectionError(msg)
        return Reading(value)

    # --- the result -------------------------------------------------------------------------------

    def judge(self, value: Any, arguments: Mapping[str, Any]) -> Any:  # noqa: ARG002
        """A decision must be complete and lawful: a rate when approved, a reason when not; no usury."""
        said = fair_lending.decision_of(value)
        if said is not None:
            for check in fair_lending.checks(said, self.config):
                if check.problem:
                    raise RejectionError(check.problem, value=value)
        return value

    def record(self, value: Any, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
        """See `Plugin`: what every decision leaves for an auditor."""
        said = fair_lending.decision_of(value)
        return None if said is None else fair_lending.record(said, arguments, self.config, self._flags, self.version)

    def hints(self) -> dict[str, Any]:
        """A decision is on record, and made anew each time."""
        return {"audit_trail": True, "cache": False}


# --- names --------------------------------------------------------------------------------------------


def kind_of(name: str, type_: str = "") -> str:
    """What a parameter of this name and annotation is; "" for what is none of the domain's business."""
    said = words_of(name)
    if type_ == "bool":
        return "flag"
    if type_ not in NUMERIC or said & NO_QUANTITY:
        return ""
    if _RATIO_NAME.search(name) and "to" in said:
        return "ratio"
    if name.split("_", 1)[0] in ("is", "has", "was", "owns"):
        return "flag"
    return next((kind.name for kind in KINDS if kind.words & said), "")


def _holds_features(name: str, type_: str) -> bool:
    """Whether a parameter carries many attributes of somebody at once."""
    whose = {"applicant", "borrower", "customer", "client", "person", "application", "features", "profile"}
    return words_of(name) <= whose and type_ not in ("int", "float", "bool", "str")


# --- readers ------------------------------------------------------------------------------------------


def _score_said(value: str, known_words: Words) -> Quantity:
    text, estimated = approximately(undated(clean(value)))
    found = _SCORE.fullmatch(text)
    if found is not None:
        return Quantity(float(found[1]), estimated=estimated)
    twice = _SAID_TWICE.fullmatch(text) or _SAID_BEHIND.fullmatch(text)
    if twice is not None:
        return _agreed(twice, value, known_words)
    phrase = _without_fillers(text)
    known = known_words.values.get(phrase)
    if known is None and (meant := spelled(phrase, known_words.values)) is not None:
        phrase, known = meant, known_words.values[meant]
    if known is not None:
        return Quantity(float(known), _usual(phrase, known_words), estimated=True)
    spoken = _spoken(text.replace("-", " ").split())
    if spoken is not None:
        return Quantity(spoken, estimated=estimated)
    in_words = words(text)
    if in_words is None:
        msg = f"{value!r} says no credit score clearly enough"
        raise NotUnderstoodError(msg)
    return Quantity(in_words.value, estimated=estimated or in_words.estimated)


def _agreed(twice: re.Match[str], value: str, known_words: Words) -> Quantity:
    """The number beside a word, where no other word would be nearer to it. Raises `NotUnderstoodError`."""
    word, points = _without_fillers(twice["word"]), float(twice["number"])
    low, high = _BANDS.get(word, (0, 0))
    if word not in known_words.values or not low <= points <= high:
        msg = f"{value!r} says no credit score clearly enough"
        raise NotUnderstoodError(msg)
    return Quantity(points)


def _without_fillers(text: str) -> str:
    text = text.strip("!.").replace("_", " ").replace("very-", "very ")
    return " ".join(word for word in text.split() if word not in _FILLERS)


def _usual(phrase: str, known: Words) -> str:
    return f"the usual score for {phrase!r}" + (", as people corrected it" if phrase in known.learnt else "")


def _phrase(text: str) -> str:
    """What a correction of a word for a score is kept under. Raises `NotUnderstoodError` for what is read exactly."""
    phrase = _without_fillers(approximately(clean(text))[0])
    phrase = spelled(phrase, SCORE_WORDS) or phrase if phrase not in SCORE_WORDS else phrase
    if phrase not in SCORE_WORDS:
        try:
            found = _score_said(text, _NO_WORDS)
        except NotUnderstoodError:
            return phrase
        msg = f"{text!r} is read as {found.value:g}: it is no word to be corrected"
        raise NotUnderstoodError(msg)
    return phrase


def _points(value: Any) -> float:
    """What somebody says a word for a score means: a whole number."""
    found = number(value)
    if found.estimated or not found.value.is_integer():
        msg = f"{value!r} is no credit score: scores are whole"
        raise NotUnderstoodError(msg)
    return found.value


_NO_WORDS = Words({}, SCORE_LOW, SCORE_HIGH)


def _spoken(said: list[str]) -> float | None:
    """As scores are said aloud: "seven twenty", "six eighty-five", "seven oh five"."""
    hundreds = _SPOKEN_ONES.get(said[0]) if len(said) > 1 else None
    if hundreds is None:
        return None
    if len(said) == 3 and all(word in _DIGITS for word in said[1:]):
        return hundreds * 100.0 + _DIGITS[said[1]] * 10 + _DIGITS[said[2]]
    rest = words(" ".join(said[2:] if said[1] == "oh" else said[1:]))
    if rest is None or rest.estimated or not (1 <= rest.value <= 9 if said[1] == "oh" else 10 <= rest.value <= 99):
        return None
    return hundreds * 100 + rest.value


def _period(value: Any, unit: str) -> Reading:
    found = years(value, unit=unit)
    most = MAX_YEARS * (12 if unit == "months" else 1)
    if not 0 <= found.value <= most:
        raise outside(value, "a period", 0, most, unit)
    return Reading(found.value, f"a period in {unit}", estimated=found.estimated)
