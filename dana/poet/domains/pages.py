"""`docs/domains.md` from the tables of the domains, for the engineers who answer for them.

python -m dana.poet.domains.pages docs/domains.md            writes it
python -m dana.poet.domains.pages --check docs/domains.md    says whether it is out of date
"""

# ruff: noqa: E501  (prose and programs of the page)
from __future__ import annotations

import sys
from pathlib import Path

from dana.poet.domains import building_management, equipment, etching, fair_lending, financial_services, semiconductor
from dana.poet.domains import llm_optimization as llm
from dana.poet.domains.tables import shown

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dana.poet.domains.tables import Kind
    from dana.poet.plugins.base import Field

_HEAD = """\
# Domains

What comes with Dana for `@poet(domain="…")`, as it is in the code: this page is generated from the tables that the domains work
with (`make docs`), so that people who answer for a domain can review what is done. [plugins.md](plugins.md) says how domains
are chosen, and how to write one.

Common to all of them:

- A parameter is known by **words in its name** (`debt_ratio`, `debtRatio`: debt, ratio) **and its annotation**, never by its place. What is
  annotated as text, a list or anything else that cannot be meant is left alone.
- A value that cannot be understood, or could mean two things, is **refused with a reason** (`POETPerceiveError`); nothing is
  guessed. What is only an estimate (a word for a score, "about 50k", a misspelt word) is taken and **marked**: in the notes of the call
  and on record. With `strict=true` estimates are refused too. Only where `strict=false` is written out do usual values stand in for
  what nobody understands, as estimates.
- Results are looked at before they leave the call (`POETEnforceError`). **Interlocks fail closed**: no valid command, no command.
- Nothing that is learnt changes a limit, an interlock or a check.
"""

_CREDIT = """\
Written numbers: `50k`, `1.2M`, `45'000`, `EUR 45.000,50`, `forty-five thousand`, `4,200/month` (for a yearly income twelve times as much),
`36%`, `thirty percent`, `1:4`, `5 years 3 months`, `18 mo`. Refused, because they say two things or none: `45.000`, `45,50`, `50-60k`, `over 50k`,
`50k+`, `36` for a share, `18m` for a period, `since 2019`, an amount with two currencies, amounts of one call in several.

```dana
@poet(domain="financial_services")
def afford(credit_score, annual_income, debt_to_income, years_employed):
    return [credit_score, annual_income, debt_to_income, years_employed]

print(afford("excellent", "4,200/month", "thirty percent", "5 years 3 months"))  # expect: [780, 50400.0, 0.3, 5.25]
try:
    afford("not great", "50k", "0.3", 5)
except POETPerceiveError as e:
    print(e)  # expect: the arguments of `afford` were refused: `credit_score`: 'not great' says no credit score clearly enough
```

474 messy values, written before the parser was, are in `tests/poet/domains/credit_cases.txt`; `python -m tests.poet.domains.credit` shows how
many are read exactly or refused rightly, beside a function without the domain. Of 331 more (`credit_cases_later.txt`), whose author had seen
neither the parser nor those, one was wrong but accepted and 15 were refused that could have been read, before they were looked at; dates
beside a value ("720 as of 03/2024"), versions of score models ("FICO 8 score 712"), labels ("DTI 35%") and "before tax" came from them.
An outside examiner then typed 600 as clerks of many countries would (`credit_cases_outside.txt`, with 241 aimed at what those changed): of the 600,
one was wrong but accepted ("80:20" for a share) and 36 were refused that could have been read; of the 241, 4 and 4 (dates such as "01/2024" for
a share, "4 pm" for an income). From those came Indian grouping ("₹12,00,000/-"), more currencies, "or so" and "(est.)", credit bureaus,
"5 1/4 %", "in 2023" behind a value. Of 108 typed after that none was wrong but accepted, and 3 were refused that
could have been read. Somebody who had seen none of all this then typed 672 as ordinary people, forms, exports and transcripts of calls do
(`credit_cases_everyday.txt`): 84.2 % were right by the rules of this page; of 426 more after the parser was mended, 93.9 %, and of 377 after that, 95.5 %, with 4
wrong but accepted ("mid 700", "2023 W-2"); of 131 traps, 4 were; of 79 at last, 94.9 % and none. From those came what is
around a value: labels ("Monthly income: $5,000"), remarks ("5 years at current job", "(verified)") and quotes go if each word is on a list, and
"net", "household", "was" or "minimum" are on none. Refused on purpose are wages by the hour or day, "biweekly" (twice a week to some, every two
weeks to others; "every two weeks" is read), `720*`, `=720`, `6 m`. In eight rounds more (`credit_cases_auditor.txt`; only the first before
its author had read the parser) somebody typed what an author of tests would who had read only what users are told (513 cases: 96.1 % as
expected at first sight, one wrong but accepted, "thirtee percent"), what a bank's systems export (389: 97.2 %, one wrong, "80/20" for a
loan to value), traps (353: 89.0 %, 24 wrong: "5 year" or "sixty-five" for an income, "1 in 2000" and "LTV 80%" for a debt ratio, "Apr 1"
for a rate, "12.50 CR" for a balance), tests again (411: 96.4 %, and 272: 98.5 %; none wrong) and traps again (237: 94.1 %, 7 wrong: "5 days
a week", "31.12/2023", "5 tears"), and misspelt words and names of fields (130: 80.8 %; none wrong), and tests at last (152: 97.4 %; none
wrong). From those came values said twice ("36% (0.36)", "five (5) years", "$5,000/month ($60,000/year)"), which are read if both say the
same, misspelt words behind an amount ("50k anually") as estimates, and that counts of time, labels of other ratios, "4,000 in March" for a
year's income and `1` for a rate are refused. All have been looked at since: none of these sets is unseen any more."""

_DECISION = """\
A result with a field `approved` is a decision. With the record of calls on (this domain suggests `audit_trail`) each decision leaves
what an auditor asks for: the SHA-256 of its inputs as canonical JSON, the checks, the reasons given, a second look at the risk
with the part of each factor, the principal reasons of a denial in the order of what each factor cost, limits that are
near or passed, and flags. [`dana audit verify`](audit.md) shows that none was changed."""

_BASIS = """\
Attributes that are no basis of a decision, by words in names of parameters and of fields in `applicant`, `features` and the like
(E827; `prohibited="flag"` names them on record instead):
"""

_BUILDING = """\
```dana
struct Command:
    heating: float
    cooling: float
    fan_speed: float
    status: str

@poet(domain="building_management")
def control(current_temp: float, setpoint: float, occupancy: bool) -> Command:
    error = current_temp - setpoint
    if abs(error) <= 1.0:
        return Command(0, 0, 20, "Maintaining")
    elif error < -1.0:
        return Command(min(100, abs(error) * 30), 0, 60, "Heating")
    return Command(0, min(100, error * 30), 60, "Cooling")

print(control("70F", 72.0, "5 people").heating)  # expect: 60.0
print(control("25 °C", "72 °F", "vacant").cooling)  # expect: 100.0
```

A bare number that would be a room in the other unit (22 where °F is meant) is refused: write the unit, or set `unit="C"`."""

_WHOLE_RECIPES = """\
A recipe in one argument (`recipe`, `steps`, `settings`, `params`: a dict, a struct, a list of them) and a recipe anywhere in a
result are looked at alike."""
_ETCHING = """\
In Python: `signs_of(readings)` says which signs show, `diagnose(signs)` which cause explains them, how sure that is, what to do and
where to look next; `experts()` is the same table as a model that confirmed causes teach. `tune(readings, recipe)` names changes worth
trying, never one that is forbidden.

```python
from dana.poet.domains.etching import diagnose, signs_of, tune

found = diagnose(signs_of({"flow": 40, "flow_setpoint": 60, "rate": 40, "pressure": 2, "pressure_setpoint": 2}))
assert found.cause == "mass flow controller drift"
assert found.recommendations[0] == "verify the flow by rate of rise"
hints = tune({"uniformity": 9.0}, {"pressure": 2.0, "power": 800.0})
assert repr(hints[0]) == "pressure: 2 → 1.8 for uniformity: lower pressure spreads the plasma evenly"
```"""

_OWN = """\
## A domain of one's own: medicine

Doses, weights and ages have rules of their own, and a project can have them as a plugin in Dana:
[examples/poet/medicine](../examples/poet/medicine) reads "154 lb", "250 mg" and "18 months", refuses what is ambiguous ("250" without a
unit, "1.5.0 mg", ".5 mg" without its zero), and lets no dose out that is above the limit for the weight, the age or the day. Manufacturing
(tolerances, yields, states of machines) is built the same way: [plugins.md](plugins.md).
"""


def main(said: list[str]) -> int:
    """Write or check the page; returns an exit status."""
    checking = said[:1] == ["--check"]
    path = Path(said[1] if checking else said[0])
    if not checking:
        path.write_text(page(), encoding="utf-8")
        return 0
    if path.exists() and path.read_text(encoding="utf-8") == page():
        return 0
    sys.stderr.write(f"{path} does not match the domains; run `make docs`\n")
    return 1


def page() -> str:
    """The whole text."""
    parts = [
        _HEAD,
        "## financial_services\n",
        _CREDIT + "\n",
        _kinds(financial_services.KINDS),
        "Words for a score: "
        + ", ".join(f"{word} {value}" for word, value in financial_services.SCORE_WORDS.items())
        + ". With `strict=false`: "
        + ", ".join(f"{kind} {value:g}" for kind, value in financial_services.DEFAULTS.items())
        + ".\n",
        _settings(financial_services.FinancialServices.fields),
        "### Decisions\n",
        _DECISION + "\n",
        _table(("check", "from", "refused when"), fair_lending.CHECKS),
        _BASIS,
        _table(("attribute", "words"), _grouped(fair_lending.PROHIBITED)),
        "Attributes that often stand for one of those are allowed, and named on record:\n",
        _table(("may stand for", "words"), _grouped(fair_lending.PROXIES)),
        _table(
            ("limit", "preferred", "most"),
            [(name.replace("_", " "), f"{a:g}", f"{b:g}") for name, (a, b) in fair_lending.LIMITS.items()],
        ),
        _table(
            ("factor of the second look", "weight"),
            [(name.replace("_", " "), f"{weight:g}") for name, weight in fair_lending.WEIGHTS.items()],
        ),
        "## building_management\n",
        _BUILDING + "\n",
        _kinds(building_management.KINDS),
        _settings(building_management.BuildingManagement.fields),
        "### Interlocks of commands\n",
        _table(("interlock", "refused", "remembers"), building_management.INTERLOCKS),
        "Comfort, on record: "
        + ", ".join(f"{name} {low:g} to {high:g}" for name, (low, high) in building_management.COMFORT.items())
        + ".\n",
        "### Alerts for maintenance\n",
        "`dana.poet.domains.building_management.alerts(function, zone)` in Python, and on record with each command.\n",
        _table(("alert", "when", "look"), equipment.ALERTS),
        "## semiconductor\n",
        _kinds(semiconductor.KINDS),
        _settings(semiconductor.Semiconductor.fields),
        "### Interlocks of recipes\n",
        _table(
            ("interlock", "refused", "because"),
            [
                *((name, what, why) for name, what, why, _test in semiconductor.FORBIDDEN),
                *(("gases", " with ".join(sorted(pair)), why) for pair, why in semiconductor.FORBIDDEN_GASES),
            ],
        ),
        _WHOLE_RECIPES + "\n",
        f"A temperature above {semiconductor.WARM_C:g} °C is allowed, and named on record.\n",
        "### Signs and causes\n",
        _ETCHING + "\n",
        _table(
            ("sign", "shows when"),
            [(name, "; ".join(text for _n, text, _t in ways)) for name, ways in etching.SIGNS.items()],
        ),
        _table(
            ("cause", "signs, and in which share of its cases", "what to do"),
            [
                (cause, ", ".join(f"{sign} {share:.0%}" for sign, share in shares.items()), "; ".join(todo))
                for cause, (shares, todo) in etching.CAUSES.items()
            ],
        ),
        _table(
            ("tuned for", "change", "because"),
            [(goal, f"{parameter} {share:+.0%}", why) for goal, parameter, _test, share, why in etching.TUNING],
        ),
        "## llm_optimization\n",
        "Prompts and answers of language models: parameters with "
        + ", ".join(sorted(llm.PROMPTS))
        + " in their names ([reason.md](reason.md)).\n",
        _settings(llm.LlmOptimization.fields),
        _OWN,
    ]
    return "\n".join(parts)


def _kinds(kinds: Iterable[Kind]) -> str:
    rows = []
    for kind in kinds:
        accepted = "" if kind.low == kind.high else f"{shown(kind.low)} to {shown(kind.high)} {kind.unit}".strip()
        rows.append((", ".join(sorted(kind.words)), kind.read_as, accepted))
    return _table(("words in the name", "read as", "accepted"), rows)


def _settings(fields: Mapping[str, Field]) -> str:
    rows = []
    for name, field in fields.items():
        written = {True: "true", False: "false"}.get(field.default) if field.default.__class__ is bool else None
        default = written or (f'"{field.default}"' if field.default.__class__ is str else shown(field.default))
        limits = ", ".join(f'"{choice}"' for choice in field.choices)
        if field.low is not None:
            limits = f"from {shown(field.low)}" if field.high is None else f"{shown(field.low)} to {shown(field.high)}"
        rows.append((f"`{name}`", default, limits, field.meaning))
    return _table(("setting", "default", "allowed", "meaning"), rows)


def _grouped(rows: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    found: dict[str, list[str]] = {}
    for group, word in rows:
        found.setdefault(group, []).append(word)
    return [(group, ", ".join(words)) for group, words in found.items()]


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(str(cell).replace("|", "\\|") for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
