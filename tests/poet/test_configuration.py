"""Options that are wrong are refused in words that help; where a value comes from can be read."""

from __future__ import annotations

import json

import pytest

from dana.poet import POETConfig, POETExecutor, configuration, register_profile
from dana.poet.errors import POETConfigError
from dana.poet.options import OPTIONS
from dana.poet.python import Host, poet


def refused(**options) -> str:
    with pytest.raises(POETConfigError) as caught:
        poet(**options)(lambda n: n)
    return str(caught.value)


WRONG = [
    {"retries": "three"},
    {"retries": "a text that is much longer than anybody wants to read in a message"},
    {"retries": -1},
    {"timeout": "soon"},
    {"timeout": 0},
    {"backoff_factor": "x"},
    {"jitter": 5},
    {"jitter": "somewhat"},
    {"priority": 1},
    {"priority": "urgent"},
    {"breaker": "yes"},
    {"breaker": {"least": 2.5}},
    {"breaker": {"open_s": -1}},
    {"breaker": {"least": 200}},
    {"breaker": {"failure_share": 0.5}},
    {"cache": "long"},
    {"cache": {"ttl": "x"}},
    {"domain": 3},
    {"plugins": 3},
    {"isolation": 3},
    {"isolation": "thread"},
    {"store": 3},
    {"learnable": 3},
    {"learning": "sometimes"},
    {"interrupts": "never"},
    {"enforce_handler": 3},
    {"retry_on": 3},
    {"fallback": [3]},
    {"hedge": "x"},
    {"batch": "x"},
    {"rollout": 2},
    {"profile": "none such"},
    {"retrys": 3},
]


@pytest.mark.parametrize("options", WRONG, ids=str)
def test_a_wrong_option_is_named(options):
    assert next(iter(options)) in refused(**options)


def test_a_profile_that_does_not_exist_is_told_with_those_that_do():
    with pytest.raises(POETConfigError, match="there is no profile 'none'"):
        POETConfig.resolved({}, "none")


def test_where_values_come_from():
    register_profile("patient", {"retries": 7})
    config = POETConfig.resolved({"timeout": 2}, "patient")
    assert (config.retries, config.origins["retries"]) == (7, "profile")
    assert (config.profile, config.origins["profile"]) == ("patient", "profile")
    assert (config.timeout, config.origins["timeout"]) == (2, "explicit")
    assert config.origins["backoff"] == "default"
    assert set(config.to_dict()) == set(OPTIONS)
    assert "timeout=2" in repr(config)
    assert "backoff=" not in repr(config)


def test_priority_changes_retries_nobody_chose():
    low, critical = POETConfig(priority="low"), POETConfig(priority="critical")
    assert critical.retries - low.retries == 3
    assert low.origins["retries"] == "priority"
    assert POETConfig(priority="critical", retries=1).retries == 1


def test_truth_values_are_modes():
    assert POETConfig(learning=False, interrupts=True).to_dict()["learning"] == "off"
    assert POETConfig(interrupts=True).interrupts == "on"


@pytest.mark.parametrize(
    ("name", "options", "said"),
    [
        ("two words", {}, "named like a variable"),
        ("nested", {"profile": "x"}, "profile"),
        ("odd", {"retrys": 1}, "retrys"),
    ],
)
def test_profiles_that_are_refused(name, options, said):
    with pytest.raises(POETConfigError, match=said):
        register_profile(name, options)


def test_settings_of_a_domain_may_be_in_a_file(tmp_path):
    good, bad = tmp_path / "good.json", tmp_path / "bad.json"
    good.write_text(json.dumps({}))
    bad.write_text("{")

    def score(income):
        return income

    made = poet(host=Host(), domain="financial_services", plugin_config=str(good))(score)
    assert configuration(made)["domain"] is not None
    for wrong in (bad, tmp_path / "missing.json"):
        with pytest.raises(POETConfigError, match="cannot be read"):
            poet(host=Host(), domain="financial_services", plugin_config=wrong)(score)


def test_an_executor_is_a_method_like_the_function_was():
    class Shop:
        price = 3

        @POETExecutor
        def total(self, n):
            """What n cost."""
            return self.price * n

    assert Shop().total(2) == 6
    assert Shop.total.__doc__ == "What n cost."
    assert Shop.total.__name__ == "total"


@pytest.mark.parametrize(
    ("given", "option"),
    [
        ({"custom_plugin": object()}, "custom_plugin"),
        ({"plugin_config": {"strict": True}}, "plugin_config"),
        ({"plugin_config": {"strict": True}, "plugins": ["financial_services"]}, "plugin_config"),
        ({"plugin_config": {"strictt": True}, "domain": "financial_services"}, "plugin_config"),
        ({"plugin_config": "/nowhere/settings.json", "domain": "financial_services"}, "plugin_config"),
    ],
)
def test_what_is_wrong_with_plugins_names_the_option(given, option):
    with pytest.raises(POETConfigError, match=f"`{option}`"):
        poet(host=Host(), **given)(lambda score: score)
