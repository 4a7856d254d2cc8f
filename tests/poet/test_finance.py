"""The domain of financial services: messy input is read exactly, or refused with a reason; never guessed."""

from __future__ import annotations

import time
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dana.poet.domains import quantities as q
from dana.poet.domains.financial_services import FinancialServices
from dana.poet.domains.shares import share
from dana.poet.plugins.base import Plugin, PluginError, RejectionError, adapt


def read(name: str, value, type_: str = "", **config):
    perceive = FinancialServices(config).perceiver([(name, type_)])
    assert perceive is not None, name
    changed, notes = perceive({name: value})
    return changed.get(name, value), notes


def test_the_missions_example_reads_words_and_money_by_name() -> None:
    for order in (["score", "income"], ["income", "score"]):
        perceive = FinancialServices().perceiver([(name, "") for name in order])
        changed, notes = perceive({"score": "excellent", "income": "$50,000"})
        assert changed == {"score": 780, "income": 50000.0}
        assert type(changed["score"]) is int
        assert type(changed["income"]) is float
        assert [n.parameter for n in notes if n.estimated] == ["score"]


GOOD = [
    ("credit_score", "720", 720),
    ("credit_score", "Excellent", 780),
    ("credit_score", "very good", 740),
    ("credit_score", "good credit", 720),
    ("credit_score", "seven hundred fifty", 750),
    ("credit_score", " 650 ", 650),
    ("creditScore", "poor", 580),
    ("credit_score", "very poor", 500),
    ("credit_score", 300, 300),
    ("income", "$65,000 per year", 65000.0),
    ("income", "5k/month", 60000.0),
    ("annual_income", "EUR 1,200 weekly", 62400.0),
    ("income", "fifty thousand dollars", 50000.0),
    ("income", "1.2M", 1200000.0),
    ("income", 0, 0),
    ("loan_amount", "$250,000.00", 250000.0),
    ("loan_amount", "£ 3m", 3000000.0),
    ("debt_ratio", "36%", 0.36),
    ("debt_to_income_ratio", "thirty percent", 0.3),
    ("dti", 0.43, 0.43),
    ("ltv", "1.1%", 0.011),
    ("interest_rate", "3.5%", 0.035),
    ("interest_rate", "350 bps", 0.035),
    ("years_employed", "5 years 3 months", 5.25),
    ("years_employed", "18 months", 1.5),
    ("years_employed", "two years", 2.0),
    ("term_months", "360", 360.0),
    ("term_months", "30 years", 360.0),
]


@pytest.mark.parametrize(("name", "value", "expected"), GOOD)
def test_messy_values_are_read_exactly(name, value, expected) -> None:
    found, _notes = read(name, value)
    assert found == pytest.approx(expected, rel=1e-12)


BAD = [
    ("credit_score", "not good"),
    ("credit_score", "never excellent"),
    ("credit_score", "good to excellent"),
    ("credit_score", "wonderful"),
    ("credit_score", "851"),
    ("credit_score", 299),
    ("credit_score", 700.5),
    ("credit_score", None),
    ("credit_score", True),
    ("credit_score", [700]),
    ("income", "-5"),
    ("income", "a lot"),
    ("income", "$5 EUR"),
    ("income", "1,20"),
    ("income", "11M"),
    ("income", ""),
    ("loan_amount", "5k/month"),
    ("debt_ratio", 36),
    ("debt_ratio", "36"),
    ("interest_rate", "200%"),
    ("interest_rate", 5),
    ("years_employed", "a while"),
    ("years_employed", "-3"),
    ("income", "9" * 500),
    ("income", float("nan")),
    ("income", float("inf")),
]


@pytest.mark.parametrize(("name", "value"), BAD)
def test_what_is_not_understood_is_refused_by_name_and_reason(name, value) -> None:
    with pytest.raises(RejectionError) as refused:
        read(name, value)
    assert refused.value.parameter == name
    assert refused.value.value is value
    assert refused.value.reason


def test_clean_values_pass_untouched_and_unremarked() -> None:
    value = 65000.25
    found, notes = read("income", value)
    assert found is value
    assert notes == []


def test_strict_refuses_words() -> None:
    with pytest.raises(RejectionError, match="numbers only"):
        read("credit_score", "excellent", strict=True)
    assert read("credit_score", "seven hundred", strict=True)[0] == 700


@pytest.mark.parametrize(
    ("name", "type_"),
    [
        ("income", "str"),
        ("score", "list[int]"),
        ("scores_by_name", "dict"),
        ("colour", ""),
        ("separate", ""),
        ("scorecard", ""),
    ],
)
def test_what_is_no_business_of_the_domain_is_left_alone(name, type_) -> None:
    assert FinancialServices().perceiver([(name, type_)]) is None


@pytest.mark.parametrize(
    ("decision", "message"),
    [
        ({"approved": True, "rate": None}, "names no rate"),
        ({"approved": False, "reason": ""}, "gives no reason"),
        ({"approved": True, "rate": -1}, "is none"),
    ],
)
def test_incomplete_decisions_are_refused(decision, message) -> None:
    with pytest.raises(RejectionError, match=message):
        FinancialServices().judge(decision, {})


@pytest.mark.parametrize(
    "value", [3, "text", None, {"approved": True, "rate": 3.5}, {"approved": False, "reason": "income"}, {"x": 1}]
)
def test_other_results_pass(value) -> None:
    assert FinancialServices().judge(value, {}) is value


def test_settings_are_checked_by_name_and_range() -> None:
    with pytest.raises(PluginError, match="no setting `strickt`") as refused:
        FinancialServices({"strickt": True})
    assert "strict" in refused.value.hint
    with pytest.raises(PluginError, match="takes bool, not str"):
        FinancialServices({"strict": "yes"})
    with pytest.raises(PluginError, match=r"from 0\.0 to 10\.0"):
        FinancialServices({"max_rate": -1})


# --- quantities ---------------------------------------------------------------------------------------

amounts = st.floats(0, 1e9).map(lambda x: round(x, 2))


@pytest.mark.parametrize(("given", "read"), [(Decimal("0.36"), 0.36), (Fraction(1, 4), 0.25)])
def test_numbers_of_other_types_are_read_as_they_are(given, read) -> None:
    found = share(given).value
    assert (found, type(found)) == (read, float)


def test_numbers_of_arrays_are_read_as_they_are() -> None:
    assert share(np.float64(0.36)).value == 0.36
    with pytest.raises(q.NotUnderstoodError):
        share(np.array([0.36]))


@pytest.mark.parametrize(
    "given", [Decimal("NaN"), Decimal("sNaN"), Decimal("1e999"), Fraction(10**5000), 1j, True, object(), [0.3], b"0.3"]
)
def test_what_is_no_number_of_any_type_is_refused(given) -> None:
    with pytest.raises(q.NotUnderstoodError):
        share(given)


@given(amounts, st.sampled_from(["$", "€", "£", "", "USD "]), st.sampled_from(["", "-", "−"]))
def test_written_amounts_read_as_what_was_written(amount, currency, sign) -> None:
    found = q.money(f"{sign}{currency}{amount:,.2f}")
    assert found.value == pytest.approx(-amount if sign else amount, abs=1e-9)


@given(st.integers(0, 10**9))
def test_numbers_in_words_read_as_what_was_said(number) -> None:
    assert q.in_words(_spell(number)) == number


@given(st.integers(0, 10_000))
def test_percent_is_exact(hundredths) -> None:
    assert share(f"{hundredths / 100}%").value == float(f"{hundredths}e-4")


@given(st.text(max_size=60))
def test_no_text_breaks_a_reader(text) -> None:
    for reader in (q.number, q.money, share, q.years):
        try:
            assert reader(text).value == reader(text).value
        except q.NotUnderstoodError:
            continue


def test_hostile_texts_take_no_time() -> None:
    began = time.process_time()
    for text in ("1," * 100, "1 " * 100, "one " * 50, "(" * 200, "1" * 200, "- " * 100, "1.1.1." * 30, "per " * 50):
        for reader in (q.number, q.money, share, q.years):
            with pytest.raises(q.NotUnderstoodError):
                reader(text + "x")
    assert time.process_time() - began < 2


def _spell(number: int) -> str:
    if number < 20:
        return list(q.ONES)[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return list(q._TENS)[tens - 2] + (f"-{_spell(ones)}" if ones else "")
    for name, size in (("billion", 10**9), ("million", 10**6), ("thousand", 1000), ("hundred", 100)):
        if number >= size:
            many, rest = divmod(number, size)
            return f"{_spell(many)} {name}" + (f" {_spell(rest)}" if rest else "")
    raise AssertionError


# --- older plugins ------------------------------------------------------------------------------------


class Old:
    def get_domain_name(self):
        return "old"

    def process_inputs(self, args, kwargs):
        return {"args": (), "kwargs": {"x": kwargs["x"] * 2}}

    def validate_output(self, result, context):
        if result < 0:
            raise ValueError("negative")
        return result + context["arguments"]["x"]


def test_plugins_of_the_older_protocol_work() -> None:
    plugin = adapt(Old)
    assert plugin.domain == "old"
    changed, notes = plugin.perceiver([("x", ""), ("y", "")])({"x": 2, "y": 3})
    assert changed == {"x": 4}
    assert [str(n) for n in notes] == ["x: 2 → 4 (old)"]
    assert plugin.judge(1, {"x": 4}) == 5


def test_what_is_no_plugin_is_refused() -> None:
    with pytest.raises(PluginError, match="has no get_domain_name"):
        adapt(object())
    with pytest.raises(PluginError, match="does not say its domain"):
        adapt(Plugin())
