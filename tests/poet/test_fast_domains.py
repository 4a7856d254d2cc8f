"""The fast form of a call with a domain says exactly what the whole form says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dana.poet.domains.financial_services import FinancialServices
from dana.poet.errors import POETEnforceError, POETError, POETPerceiveError
from dana.poet.explaining import status
from dana.poet.pipeline import decorate, plan_of
from dana.poet.plugins.base import Plugin, Reading, RejectionError
from dana.poet.python import Host

TEXTS = [
    "excellent",
    "not good",
    "720",
    "$50,000",
    "4k per month",
    "36%",
    "36",
    "5 years 3 months",
    "18 months",
    "",
    "x",
]
VALUES = st.one_of(
    st.integers(-10, 1000), st.floats(-1, 20_000_000), st.sampled_from(TEXTS), st.none(), st.booleans(), st.just([1])
)
NAMES = {"score": "", "income": "float", "debt_ratio": "", "rate": "any", "term_months": "", "years": "int"}


def score_all(score, income, debt_ratio=0.1, *, rate=0.05, term_months=12, years=3):
    return [score, income, debt_ratio, rate, term_months, years]


def same(*args, **keywords):
    return list(args), keywords


def decorated(function, **options):
    return decorate(Host(), function, {"domain": "financial_services", "audit_trail": False, **options}, types=NAMES)


FAST = decorated(score_all)
WHOLE = decorated(score_all, train_handler=lambda call, value, figures: None)


def outcome(function, *args, **keywords):
    try:
        values = function(*args, **keywords)
    except POETError as error:
        return type(error), str(error)
    return [(type(value), value) for value in values]


def test_which_form_is_which() -> None:
    assert plan_of(FAST).readers is not None
    assert plan_of(WHOLE).readers is None


@given(st.fixed_dictionaries(dict.fromkeys(NAMES, VALUES)))
def test_both_forms_agree(values) -> None:
    score, income, ratio = (values.pop(name) for name in ("score", "income", "debt_ratio"))
    assert outcome(FAST, score, income, ratio, **values) == outcome(WHOLE, score, income, ratio, **values)


@given(st.sampled_from(sorted(NAMES)), st.one_of(st.integers(-5, 2000), st.floats(allow_nan=True)))
def test_what_is_called_clean_is_left_alone(name, value) -> None:
    plugin = FinancialServices()
    kind, low, high = plugin.clean(name, NAMES[name])
    if type(value) is kind and low <= value <= high:
        reading = plugin.rule(name, NAMES[name])(value)
        assert reading.value is value
        assert not reading.estimated


def test_the_domain_judges_decisions_in_the_fast_form() -> None:
    answers = [{"approved": True, "rate": None}, {"approved": True, "rate": 3.5}]
    f = decorated(lambda score: answers.pop(0), retries=1, backoff=0)
    assert f("good") == {"approved": True, "rate": 3.5}
    assert status(f)["outcomes"] == {"retried": 1}
    f = decorated(lambda score: {"approved": True, "rate": None}, retries=1, backoff=0)
    with pytest.raises(POETEnforceError, match="names no rate"):
        f(720)


def test_a_handler_and_the_domain_both_judge() -> None:
    f = decorated(lambda score: {"approved": score > 700, "reason": ""}, retries=0, enforce_handler=lambda v: v)
    with pytest.raises(POETEnforceError, match="gives no reason"):
        f(600)
    assert f("excellent") == {"approved": True, "reason": ""}


class Odd(Plugin):
    domain = "odd"

    def rule(self, name, type_):
        return (lambda value: Reading(value + 1, "counted")) if name == "n" else None

    def judge(self, value, arguments):
        if value == 13:
            raise RejectionError("13 is unlucky")
        if value == 14:
            raise KeyError("a bug")
        return None if value == 15 else value + arguments["n"]


def test_a_plugin_without_promises_is_asked_about_everything(caplog) -> None:
    f = decorate(Host(), lambda n: n, {"custom_plugin": Odd, "retries": 0})
    assert plan_of(f).readers is not None
    assert f(1) == 4
    with pytest.raises(POETEnforceError, match="unlucky"):
        f(12)
    assert (f(13), f(14)) == (14, 15)
    assert "the plugin odd failed" in caplog.text


def test_plugins_read_one_after_the_other() -> None:
    class Twice(Plugin):
        domain = "twice"

        def rule(self, name, type_):
            return lambda value: Reading(value * 2, "doubled")

    f = decorate(Host(), lambda n: n, {"plugins": [Odd, Twice()], "retries": 0, "name": "f"})
    whole = decorate(Host(), lambda n: n, {"plugins": [Odd, Twice()], "retries": 0, "attempt_timeout": 9})
    assert f(1) == whole(1) == 8


def test_a_missing_argument_is_told_to_a_person() -> None:
    from dana.poet.interrupts import Signal
    from dana.poet.registry import registry_of

    host, asked = Host(), []

    def person(question):
        asked.append(question.reason)
        return Signal("correction", {"name": "Ada"})

    registry_of(host).interrupts.on("perceive", person)
    options = {"domain": "financial_services", "audit_trail": False}
    f = decorate(host, lambda score, name: [score, name], options)
    assert plan_of(f).readers is not None
    assert f(700, None) == [700, "Ada"]
    assert f(700, "Bob") == [700, "Bob"]
    assert asked == ["an input that matters is missing"]


def test_critical_functions_take_the_whole_form() -> None:
    for options in ({"safety_critical": True}, {"priority": "critical"}, {"interrupts": "on"}, {"audit_trail": True}):
        assert plan_of(decorated(score_all, **options)).readers is None


def test_refusals_name_the_argument() -> None:
    with pytest.raises(POETPerceiveError, match="`income`"):
        FAST("good", "a lot")
