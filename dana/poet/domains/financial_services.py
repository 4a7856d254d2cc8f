"""Financial services: credit scores, amounts, ratios, rates and periods as people write them; what a decision must say.

Parameters are known by words in their names, whatever their order: `score`, `credit_score`, `applicant_income`,
`debt_ratio`, `interest_rate`, `years_employed`. A parameter annotated as text, list or anything else that is no number
is left alone.

| words in the name | read as | accepted |
|---|---|---|
| score, fico | a credit score; a word ("excellent") is an estimate | 300 to 850 |
| income, salary, wage, revenue | money for a year | 0 to 10 million |
| amount, loan, price, balance, payment, cost, debt | money | 0 to 1 billion |
| ratio, dti, ltv, utilization | a share | 0 to 5 |
| rate, apr, interest | a share | 0 to 1 |
| years, months, term, tenure, employment, age | a period | 0 to 100 years |

A result that says `approved` must say why not when it is not, and at which rate when it is.
"""

from __future__ import annotations

from dana.poet.domains.quantities import NotUnderstoodError, Quantity, clean, money, number, share, years
from dana.poet.plugins.base import Field, Plugin, Reading, RejectionError, words_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from dana.poet.plugins.base import Clean, Rule

SCORE_LOW, SCORE_HIGH = 300, 850
# What a word about a credit history stands for when nobody knows the number; longer phrases go first.
SCORE_WORDS = {"very good": 740, "very poor": 500, "excellent": 780, "exceptional": 800, "good": 720, "fair": 650,
               "average": 650, "poor": 580, "bad": 580}  # fmt: skip
_NEGATIONS = frozenset({"not", "no", "never", "isn't", "non", "un", "less", "below", "hardly"})
_NUMERIC = frozenset({"", "any", "int", "float"})

MAX_INCOME = 10_000_000
MAX_AMOUNT = 1_000_000_000
MAX_RATIO = 5.0
MAX_YEARS = 100.0

# The first kind with a word in the name wins: `interest_rate_years` is a period, `debt_ratio` a share.
KINDS: tuple[tuple[str, frozenset[str]], ...] = (
    ("period", frozenset("years year months month term tenure employment age".split())),
    ("ratio", frozenset("ratio dti ltv utilization utilisation".split())),
    ("rate", frozenset("rate apr interest yield".split())),
    ("score", frozenset("score fico creditworthiness".split())),
    ("income", frozenset("income salary wage wages revenue earnings".split())),
    ("money", frozenset("amount loan price balance payment cost debt debts principal deposit".split())),
)


class FinancialServices(Plugin):
    """The domain `financial_services` (P156, P205)."""

    domain = "financial_services"
    words = frozenset().union(*(words for _kind, words in KINDS), {"credit", "approved", "applicant", "borrower"})
    unjudged = frozenset({int, float, str, bool, type(None), list, tuple})
    fields: Mapping[str, Field] = {
        "strict": Field(False, meaning="true refuses words for a score; false takes their usual one, as an estimate"),
        "max_income": Field(float(MAX_INCOME), low=0.0, meaning="no income above this is believed"),
        "max_rate": Field(1.0, low=0.0, high=10.0, meaning="no interest rate above this is believed"),
    }

    def rule(self, name: str, type_: str) -> Rule | None:
        """See `Plugin`."""
        kind, words = _kind(name, type_)
        if not kind:
            return None
        read: Callable[[Any], Reading] = getattr(self, "_" + kind)
        whole = type_ == "int" and kind != "score"
        in_months = kind == "period" and words & {"months", "month"} and not words & {"years", "year"}

        def rule(value: Any) -> Reading:
            try:
                reading = read(value)
            except NotUnderstoodError as reason:
                raise RejectionError(str(reason)) from None
            if in_months:
                bare = value.__class__ is not str or value.strip().replace(".", "", 1).isdigit()
                reading.value = reading.value if bare else reading.value * 12
            if whole and reading.value.__class__ is float and reading.value.is_integer():
                reading.value = int(reading.value)
            if reading.value == value and reading.value.__class__ is value.__class__:
                reading.value = value
            return reading

        return rule

    def clean(self, name: str, type_: str) -> Clean | None:
        """See `Plugin`."""
        kind, _ = _kind(name, type_)
        if not kind:
            return None
        if kind == "score":
            return int, SCORE_LOW, SCORE_HIGH
        highest = {"period": MAX_YEARS, "ratio": MAX_RATIO, "rate": min(self.config["max_rate"], 1.0),
                   "income": self.config["max_income"], "money": MAX_AMOUNT}[kind]  # fmt: skip
        return int if type_ == "int" else float, 0.0, highest

    # --- the kinds --------------------------------------------------------------------------------

    def _score(self, value: Any) -> Reading:
        if value.__class__ is str and any(c.isalpha() for c in value):
            estimated = self._score_in_words(value)
            if estimated is not None:
                return estimated
        found = number(value)
        if not found.value.is_integer():
            msg = f"{value!r} is no credit score: scores are whole"
            raise NotUnderstoodError(msg)
        _within(found, SCORE_LOW, SCORE_HIGH, value, "a credit score")
        return Reading(int(found.value), "a credit score")

    def _score_in_words(self, value: str) -> Reading | None:
        text = clean(value)
        if text in SCORE_WORDS and not self.config["strict"]:
            return Reading(SCORE_WORDS[text], f"the usual score for {text!r}", estimated=True)
        words = text.replace(",", " ").split()
        found = sorted((phrase for phrase in SCORE_WORDS if _occurs(phrase.split(), words)), key=len, reverse=True)
        if not found:
            return None
        phrase = found[0]
        others = [other for other in found[1:] if other not in phrase]
        if others or _NEGATIONS & set(words) or len(words) > len(phrase.split()) + 3:
            msg = f"{value!r} says no credit score clearly enough"
            raise NotUnderstoodError(msg)
        if self.config["strict"]:
            msg = f"{value!r} is a word, and this function takes scores as numbers only"
            raise NotUnderstoodError(msg)
        return Reading(SCORE_WORDS[phrase], f"the usual score for {phrase!r}", estimated=True)

    def _income(self, value: Any) -> Reading:
        found = money(value, per_year=True)
        _within(found, 0.0, self.config["max_income"], value, "an income")
        return Reading(found.value, f"a year's income{_in(found)}")

    def _money(self, value: Any) -> Reading:
        found = money(value)
        _within(found, 0.0, MAX_AMOUNT, value, "an amount")
        return Reading(found.value, f"an amount{_in(found)}")

    def _ratio(self, value: Any) -> Reading:
        found = share(value, most=MAX_RATIO)
        _within(found, 0.0, MAX_RATIO, value, "a ratio")
        return Reading(found.value, "a share")

    def _rate(self, value: Any) -> Reading:
        found = share(value)
        _within(found, 0.0, self.config["max_rate"], value, "an interest rate")
        return Reading(found.value, "a rate")

    def _period(self, value: Any) -> Reading:
        found = years(value)
        _within(found, 0.0, MAX_YEARS * 12, value, "a period")
        return Reading(found.value, "a period in years")

    # --- the result -------------------------------------------------------------------------------

    def judge(self, value: Any, arguments: Mapping[str, Any]) -> Any:  # noqa: ARG002
        """A decision must be complete: a rate when approved, a reason when not (FCRA § 615)."""
        said = _decision(value)
        if said is None:
            return value
        if said.get("approved") is True and "rate" in said and said["rate"] is None:
            msg = "the decision approves and names no rate"
            raise RejectionError(msg, value=value)
        reason = next((said[name] for name in ("reason", "reasons", "message") if name in said), "")
        if said.get("approved") is False and not reason and any(n in said for n in ("reason", "reasons", "message")):
            msg = "the decision refuses and gives no reason"
            raise RejectionError(msg, value=value)
        rate = said.get("rate")
        if rate.__class__ in (int, float) and not 0 <= rate <= 100:
            msg = f"a rate of {rate} is none"
            raise RejectionError(msg, value=value)
        return value

    def hints(self) -> dict[str, Any]:
        """A decision is made once or not at all."""
        return {"audit_trail": True, "cache": False}


def _decision(value: Any) -> Mapping[str, Any] | None:
    """The fields of a result that is a decision, a dict or struct with `approved`; None for any other."""
    if isinstance(value, dict):
        return value if "approved" in value else None
    to_dict = getattr(value, "to_dict", None)
    fields = to_dict() if callable(to_dict) else None
    return fields if isinstance(fields, dict) and "approved" in fields else None


def _kind(name: str, type_: str) -> tuple[str, frozenset[str]]:
    """What a parameter of this name and annotation is ("" for what is none of the domain's business), its words."""
    words = words_of(name)
    kind = next((kind for kind, known in KINDS if known & words), "")
    return kind if type_ in _NUMERIC else "", words


def _occurs(phrase: list[str], words: list[str]) -> bool:
    return any(words[at : at + len(phrase)] == phrase for at in range(len(words) - len(phrase) + 1))


def _within(found: Quantity, low: float, high: float, value: Any, what: str) -> None:
    if not low <= found.value <= high:
        msg = f"{value!r} is no plausible value of {what}: it is from {low:,g} to {high:,g}"
        raise NotUnderstoodError(msg)


def _in(found: Quantity) -> str:
    return f" in {found.unit}" if found.unit else ""
