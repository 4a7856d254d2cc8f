"""What a decision about credit may rest on, what it must say, what is kept of it."""

from __future__ import annotations

import pytest

from dana.engine import Engine
from dana.poet import POETConfigError, POETEnforceError, POETPerceiveError
from dana.poet.domains import fair_lending
from dana.poet.domains.financial_services import FinancialServices, kind_of
from dana.poet.pipeline import decorate
from dana.poet.plugins.base import RejectionError
from dana.poet.python import Host


def decorated(function, **options):
    return decorate(Host(), function, {"domain": "financial_services", "audit_trail": False, **options})


@pytest.mark.parametrize(
    ("name", "attribute"),
    [
        ("race", "race"), ("applicant_gender", "sex"), ("maritalStatus", "marital status"), ("age", "age"),
        ("age_of_applicant", "age"), ("religion", "religion"), ("nationality", "national origin"),
        ("date_of_birth", "age"), ("receives_public_assistance", "public assistance"),
        ("account_age", ""), ("age_of_car", ""), ("income", ""), ("racetrack_debt", ""), ("marriage_of_accounts", ""),
    ],
)  # fmt: skip
def test_prohibited_attributes_are_known_by_name(name, attribute) -> None:
    assert fair_lending.basis(name) == attribute


def test_a_function_that_takes_one_is_refused_where_it_is_decorated() -> None:
    with pytest.raises(POETConfigError, match="`gender` is a prohibited basis") as refused:
        decorated(lambda score, gender: True)
    assert refused.value._code == "E827"
    kept = decorated(lambda score, gender: [score, gender], plugin_config={"prohibited": "flag"})
    assert kept("good", "female") == [720, "female"]


def test_data_of_an_applicant_is_looked_into() -> None:
    f = decorated(lambda applicant: len(applicant) + 0)
    assert f({"score": 700}) == 1
    with pytest.raises(POETPerceiveError, match="`race`, a prohibited basis"):
        f({"score": 700, "details": [{"race": "x"}]})
    flagged = decorated(lambda applicant: len(applicant) + 0, plugin_config={"prohibited": "flag"})
    assert flagged({"race": "x"}) == 1


CHECKED = [
    ({"approved": "maybe"}, "neither"),
    ({"approved": True, "rate": None}, "names no rate"),
    ({"approved": True, "rate": 26.0}, "usury"),
    ({"approved": True, "rate": 0.26}, "usury"),
    ({"approved": False}, "gives no reason"),
    ({"approved": False, "reasons": [" "]}, "gives no reason"),
    ({"approved": False, "reason": "age of the applicant"}, "because of age"),
    ({"approved": False, "reasons": ["debt", "marital status"]}, "because of marital status"),
    ({"approved": True, "rate": 101}, "is none"),
]


@pytest.mark.parametrize(("decision", "message"), CHECKED)
def test_unlawful_and_incomplete_decisions_are_refused(decision, message) -> None:
    with pytest.raises(RejectionError, match=message):
        FinancialServices().judge(decision, {})


def test_how_rates_are_said_can_be_settled() -> None:
    assert FinancialServices({"rates": "percent"}).judge({"approved": True, "rate": 0.9}, {})
    with pytest.raises(RejectionError, match="usury"):
        FinancialServices().judge({"approved": True, "rate": 0.9}, {})
    with pytest.raises(RejectionError, match="usury"):
        FinancialServices({"usury_limit": 0.1}).judge({"approved": True, "rate": 12.0}, {})


def test_amounts_of_one_call_are_in_one_currency() -> None:
    f = decorated(lambda income, loan_amount: [income, loan_amount])
    assert f("$50,000", "20k") == f("$50,000", "$20,000") == [50000.0, 20000.0]
    with pytest.raises(POETPerceiveError, match="in one currency"):
        f("$50,000", "€20,000")
    with pytest.raises(POETPerceiveError, match="amounts here are in EUR"):
        decorated(lambda income: income, plugin_config={"currency": "EUR"})("$50,000")


def test_defaults_stand_in_only_where_the_caller_wrote_it_and_are_marked() -> None:
    lenient = FinancialServices({"strict": False}).perceiver([("credit_score", ""), ("dti", "")])
    changed, notes = lenient({"credit_score": "n/a"})
    assert changed == {"credit_score": 650}
    assert [note.estimated for note in notes] == [True]
    for config in ({}, {"strict": True}):
        with pytest.raises(RejectionError):
            FinancialServices(config).perceiver([("credit_score", "")])({"credit_score": "n/a"})
    for name, value in (("dti", "n/a"), ("credit_score", 900), ("credit_score", True)):
        with pytest.raises(RejectionError):
            lenient({name: value})


def test_names_say_the_kind_and_the_unit() -> None:
    kinds = {
        "debt_to_income": "ratio", "loanToValue": "ratio", "monthly_income": "income", "loan_id": "",
        "employment_status": "", "year": "", "has_bankruptcy": "flag", "employment_years": "period",
    }  # fmt: skip
    assert {name: kind_of(name) for name in kinds} == kinds


def test_the_second_look_says_what_each_factor_is_worth() -> None:
    found = fair_lending.risk(
        {"credit_score": 850, "annual_income": 50_000.0, "debt_to_income": 0.4, "employment_years": 10}
    )
    assert found["factors"] == {"credit_score": 0.4, "income": 0.15, "debt_to_income": 0.0, "employment": 0.1}
    assert next(iter(found["lost"])) == "debt_to_income"
    assert (found["score"], found["level"]) == (0.65, "moderate")
    assert fair_lending.risk({"name": "Ann"}) is None
    assert fair_lending.risk({"credit_score": 425})["score"] == 0.5


PROGRAM = """
struct CreditDecision:
    approved: bool
    rate: any
    reason: str

@poet(domain="financial_services")
def assess_credit_risk(credit_score, annual_income, debt_to_income, employment_years):
    risk_score = (
        (credit_score / 850) * 0.4 +
        (min(annual_income / 100000, 1)) * 0.3 +
        (max(0, 1 - debt_to_income / 0.4)) * 0.2 +
        (min(employment_years / 10, 1)) * 0.1
    )
    if risk_score >= 0.7:
        return CreditDecision(true, 3.5, "Prime candidate")
    elif risk_score >= 0.5:
        return CreditDecision(true, 5.2, "Standard rate")
    elif risk_score >= 0.3:
        return CreditDecision(true, 7.8, "Subprime rate")
    else:
        return CreditDecision(false, none, "High risk")

print(assess_credit_risk("excellent", "$120,000", "10%", "10 years").reason)
print(assess_credit_risk("good", "$50,000", "36%", "5 years 3 months").reason)
print(assess_credit_risk(320, "500/month", "120%", "3 months").reason)
"""


def test_the_missions_example_runs_as_written_and_every_decision_is_on_record(tmp_path, capsys) -> None:
    store = tmp_path / "runs.db"
    engine = Engine(store=f"sqlite:///{store}")
    engine.run(PROGRAM)
    assert capsys.readouterr().out.split("\n")[:3] == ["Prime candidate", "Standard rate", "High risk"]
    engine.close()

    from dana.adaptive.journal import Journal
    from dana.adaptive.ledger import Ledger

    ledger = Ledger(Journal(str(store), reading=True))
    assert ledger.journal.verify(None)
    records = [event.data["records"][0] for event in ledger.stored("poet.call.end")]
    assert [record["approved"] for record in records] == [True, True, False]
    for record in records:
        assert len(record["inputs_sha256"]) == 64
        assert set(record["checks"].values()) == {"passed"}
        assert record["reasons"]
        assert set(record["risk"]["factors"]) == {"credit_score", "income", "debt_to_income", "employment"}
    denial = records[2]
    assert denial["principal_reasons"][0] == "income insufficient for the credit asked for"
    assert denial["limits"] == ["debt_to_income is 1.2: above the limit of 0.43"]


def test_the_hash_is_of_the_inputs_in_any_order() -> None:
    one = fair_lending.hash_of({"a": 1, "b": "é"})
    assert one == fair_lending.hash_of({"b": "é", "a": 1})
    assert one != fair_lending.hash_of({"a": 1.5, "b": "é"})


def test_flags_and_proxies_are_named_in_the_record() -> None:
    plugin = FinancialServices({"prohibited": "flag"})
    plugin.attach("f", [("zip_code", ""), ("gender", "")], lambda: 0.0)
    record = plugin.record({"approved": True, "rate": 3.5}, {"zip_code": "94501", "gender": "x"})
    assert record["flags"] == ["gender: sex", "zip_code: where somebody lives"]


def test_a_refused_decision_never_comes_out() -> None:
    f = decorated(lambda score: {"approved": score > 700, "rate": 35.0, "reason": "score"}, retries=1, backoff=0)
    with pytest.raises(POETEnforceError, match="usury"):
        f(800)
    assert f(650)["approved"] is False
