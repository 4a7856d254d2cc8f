"""What a decision about credit may rest on, what it must say, and what is kept of it.

The rules are those an examiner would look for first, in the spirit of the Equal Credit Opportunity Act (Regulation B)
and the Fair Credit Reporting Act (§ 615). They are checks of a program, no legal advice.

    basis      whether a name stands for an attribute that no decision may rest on, or comes close to one
    checks     what a decision must and must not say; a check with a `problem` refuses it
    risk       a second look at the applicant: a score from weighted factors, and what each of them cost
    record     what is written down about every decision
"""

from __future__ import annotations

from dana.poet.plugins.base import words_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

# ECOA, 15 U.S.C. § 1691: attributes by the words that name them. All words of a row must be in the name.
PROHIBITED: tuple[tuple[str, str], ...] = (
    ("race", "race"), ("colour", "color"), ("colour", "colour"), ("religion", "religion"), ("religion", "faith"),
    ("national origin", "national origin"), ("national origin", "nationality"), ("national origin", "ethnicity"),
    ("national origin", "ethnic"), ("national origin", "ancestry"), ("sex", "sex"), ("sex", "gender"),
    ("sex", "sexual"), ("sex", "pregnant"), ("sex", "pregnancy"), ("marital status", "marital"),
    ("marital status", "married"), ("age", "age"), ("age", "birthdate"), ("age", "date birth"), ("age", "dob"),
    ("public assistance", "public assistance"), ("public assistance", "welfare"),
    ("disability", "disability"), ("disability", "disabled"),
)  # fmt: skip
# `age` is the applicant's unless the name says of what else.
_OTHER_AGES = frozenset(
    "account accounts loan credit file history oldest newest average vehicle car property building house".split()
)
# Attributes that often stand for one of those: allowed, and named in the record.
PROXIES = (
    ("where somebody lives", "zip"), ("where somebody lives", "zipcode"), ("where somebody lives", "postcode"),
    ("where somebody lives", "postal"), ("where somebody lives", "neighborhood"),
    ("where somebody lives", "neighbourhood"), ("origin", "surname"), ("origin", "birthplace"),
    ("origin", "language"), ("family", "children"), ("family", "dependents"), ("family", "maiden"),
)  # fmt: skip

REASONS = ("reason", "reasons", "message", "explanation", "adverse_action_reasons")
RATES = ("rate", "interest_rate", "apr")
# What lenders prefer and what qualifies (debt to income, loan to value): names, preferred, most.
LIMITS = {"debt_to_income": (0.36, 0.43), "loan_to_value": (0.80, 0.95)}

# The second look: weights and what full marks are, as in the worked example of the mission (P160).
WEIGHTS = {"credit_score": 0.4, "income": 0.3, "debt_to_income": 0.2, "employment": 0.1}
LEVELS = ((0.7, "low"), (0.5, "moderate"), (0.3, "elevated"), (0.0, "high"))
_ADVERSE = {
    "credit_score": "credit score too low",
    "income": "income insufficient for the credit asked for",
    "debt_to_income": "debt too high in relation to income",
    "employment": "length of employment too short",
}


def basis(name: str) -> str:
    """The prohibited attribute that a name stands for, "" for none."""
    said = words_of(name)
    for attribute, wanted in PROHIBITED:
        if said.issuperset(wanted.split()) and not (wanted == "age" and said & _OTHER_AGES):
            return attribute
    return ""


def proxies(names: Iterable[str]) -> list[str]:
    """What in these names often stands for a prohibited attribute."""
    return [f"{name}: {what}" for name in names for what, word in PROXIES if word in words_of(name)]


def fields_of(value: Any, depth: int = 5) -> list[str]:
    """The names of all fields in a dict or struct, however deep."""
    to_dict = getattr(value, "to_dict", None)
    inner = value if value.__class__ is dict else to_dict() if callable(to_dict) else None
    if inner is None or depth == 0:
        return (
            [name for item in value for name in fields_of(item, depth - 1)]
            if depth and value.__class__ in (list, tuple)
            else []
        )
    return [name for key, part in inner.items() for name in (str(key), *fields_of(part, depth - 1))]


def decision_of(value: Any) -> Mapping[str, Any] | None:
    """The fields of a result that is a decision: a dict or struct with `approved`; None for any other."""
    to_dict = getattr(value, "to_dict", None)
    fields = value if isinstance(value, dict) else to_dict() if callable(to_dict) else getattr(value, "__dict__", None)
    if isinstance(fields, dict):
        return fields if "approved" in fields else None
    return None


# --- checks -------------------------------------------------------------------------------------------


class Check:
    """One thing looked at: its `name`, the law or practice it is from, the `problem` ("" for none)."""

    __slots__ = ("name", "problem", "source")

    def __init__(self, name: str, source: str, problem: str = "") -> None:
        self.name = name
        self.source = source
        self.problem = problem


# What is checked of a decision, for the docs: name, source, what is refused.
CHECKS = (
    ("decision", "practice", "`approved` is neither true nor false"),
    ("terms", "practice", "approved, with a field for the rate that is empty, or a rate below 0 or above 100 %"),
    ("usury", "usury laws of most states", "approved at a yearly rate above `usury_limit`"),
    ("adverse action", "FCRA § 615, ECOA § 701(d)", "denied without a reason"),
    ("prohibited reason", "ECOA § 701(a)", "denied with a prohibited attribute as its reason"),
)


def checks(said: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[Check]:
    """All checks of a decision, in the order of `CHECKS`."""
    approved = said["approved"]
    sources = {name: source for name, source, _what in CHECKS}
    problem = "" if approved.__class__ is bool else f"a decision approves or refuses, and {approved!r} is neither"
    yield Check("decision", sources["decision"], problem)
    yield Check("terms", sources["terms"], _terms(said))
    yield Check("usury", sources["usury"], _usury(said, settings))
    yield Check("adverse action", sources["adverse action"], _adverse_action(said))
    yield Check("prohibited reason", sources["prohibited reason"], _prohibited_reason(said))


def _terms(said: Mapping[str, Any]) -> str:
    for name in RATES:
        rate = said.get(name)
        if rate.__class__ in (int, float) and not 0 <= rate <= 100:
            return f"a rate of {rate} is none"
        if said["approved"] is True and name in said and rate.__class__ not in (int, float):
            return "the decision approves and names no rate"
    return ""


def _usury(said: Mapping[str, Any], settings: Mapping[str, Any]) -> str:
    most = settings["usury_limit"]
    for name in RATES:
        rate = said.get(name)
        if said["approved"] is not False and rate.__class__ in (int, float):
            is_percent = settings["rates"] == "percent" or (settings["rates"] == "auto" and rate > 1)
            share = rate / 100 if is_percent else rate
            if share > most:
                return f"a rate of {share:.6g} a year is usury: the limit is {most:g}"
    return ""


def reasons_of(said: Mapping[str, Any]) -> list[str]:
    """The reasons a decision gives."""
    found: list[str] = []
    for name in REASONS:
        given = said.get(name)
        found += [given] if isinstance(given, str) else given if isinstance(given, list | tuple) else []
    return [str(reason) for reason in found if str(reason).strip()]


def _adverse_action(said: Mapping[str, Any]) -> str:
    if said["approved"] is False and not reasons_of(said):
        return "the decision refuses and gives no reason"
    return ""


def _prohibited_reason(said: Mapping[str, Any]) -> str:
    if said["approved"] is not False:
        return ""
    for reason in reasons_of(said):
        attribute = basis(reason)
        if attribute:
            return f"the decision refuses because of {attribute}, a prohibited basis"
    return ""


# --- a second look ------------------------------------------------------------------------------------


def risk(arguments: Mapping[str, Any]) -> dict[str, Any] | None:
    """A score from 0 (worst) to 1 with the part of each factor; None where no factor is among the arguments.

    Factors nobody gave are left out, and the weights of the others count for the whole. `lost` says what each factor
    is short of full marks: the order of reasons for a denial.
    """
    found = dict(_factors(arguments))
    if not found:
        return None
    whole = sum(WEIGHTS[name] for name in found)
    parts = {name: WEIGHTS[name] / whole * marks for name, marks in found.items()}
    lost = {name: WEIGHTS[name] / whole - part for name, part in parts.items()}
    score = sum(parts.values())
    level = next(name for least, name in LEVELS if score >= least)
    return {
        "score": round(score, 6),
        "level": level,
        "factors": {name: round(part, 6) for name, part in parts.items()},
        "lost": {name: round(part, 6) for name, part in sorted(lost.items(), key=lambda pair: -pair[1])},
    }


def _factors(arguments: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    for name, value in arguments.items():
        if value.__class__ not in (int, float):
            continue
        match factor_of(name):
            case "credit_score":
                yield "credit_score", min(max(value, 0) / 850, 1.0)
            case "income":
                yield "income", min(max(value, 0) / 100_000, 1.0)
            case "debt_to_income":
                yield "debt_to_income", min(max(0.0, 1 - value / 0.4), 1.0)
            case "employment":
                yield "employment", min(max(value, 0) / 10, 1.0)


def factor_of(name: str) -> str:
    """Which factor of `WEIGHTS` a parameter is, "" for none."""
    from dana.poet.domains.financial_services import kind_of

    said, kind = words_of(name), kind_of(name)
    if kind == "income":
        return "" if said & {"monthly", "month", "weekly", "week"} else "income"
    if kind == "ratio":
        return (
            "debt_to_income" if "dti" in said or "debt" in said else "loan_to_value" if said & {"ltv", "value"} else ""
        )
    if kind == "period":
        return "employment" if said & {"employment", "employed", "tenure"} and "months" not in said else ""
    return "credit_score" if kind == "score" else ""


# --- the record ---------------------------------------------------------------------------------------


def record(
    said: Mapping[str, Any],
    arguments: Mapping[str, Any],
    settings: Mapping[str, Any],
    flags: list[str],
    version: str,
) -> dict[str, Any]:
    """What an auditor finds about a decision: hash of its inputs, factors, checks, reasons."""
    second = risk(arguments)
    made: dict[str, Any] = {
        "rules": version,
        "inputs_sha256": hash_of(arguments),
        "approved": said["approved"],
        "checks": {check.name: check.problem or "passed" for check in checks(said, settings)},
        "reasons": reasons_of(said),
    }
    if second is not None:
        made["risk"] = second
        if said["approved"] is False:
            made["principal_reasons"] = [_ADVERSE[name] for name, lost in second["lost"].items() if lost > 0.01][:4]
    beyond = [
        f"{name} is {value:g}: {'above' if value > LIMITS[factor][1] else 'near'} the limit of {LIMITS[factor][1]:g}"
        for name, value in arguments.items()
        if value.__class__ in (int, float) and (factor := factor_of(name)) in LIMITS and value > LIMITS[factor][0]
    ]
    names = [*arguments, *(name for value in arguments.values() for name in fields_of(value))]
    flagged = [*(f"{name}: {basis(name)}" for name in names if basis(name)), *proxies(names)]
    return {**made, **({"limits": beyond} if beyond else {}), **({"flags": flagged} if flagged or flags else {})}


def hash_of(arguments: Mapping[str, Any]) -> str:
    """SHA-256 of the arguments as canonical JSON: the same inputs have the same hash, in any order."""
    from hashlib import sha256
    from json import dumps

    from dana.poet.observing import plain

    text = dumps(plain(dict(arguments)), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
