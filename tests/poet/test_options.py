from __future__ import annotations

import pytest

from dana.poet import options
from dana.poet.config import POETConfig
from dana.poet.options import OPTIONS, SYNONYMS, UNKNOWN, check


def code(name, value):
    problems = check([(name, None, value)])
    return problems[0].code if problems else ""


def test_the_documented_defaults():
    given = POETConfig()
    assert (given.retries, given.timeout, given.backoff, given.jitter, given.enabled) == (3, None, 0.1, "full", True)


def test_every_default_passes_its_own_check():
    assert check((name, None, option.default) for name, option in OPTIONS.items()) == []


def test_an_unknown_option_is_refused_with_a_suggestion():
    (problem,) = check([("retrys", "node", 3)])
    assert (problem.code, problem.key, problem.node) == (options.UNKNOWN_OPTION, "retrys", "node")
    assert "`retries`" in problem.hint


@pytest.mark.parametrize("name", sorted(SYNONYMS))
def test_what_people_mean_is_one_of_ours(name):
    (problem,) = check([(name, None, 1)])
    assert problem.code == options.UNKNOWN_OPTION
    assert f"`{SYNONYMS[name]}`" in problem.hint
    assert SYNONYMS[name] in OPTIONS


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("retries", True),
        ("retries", 3.0),
        ("retries", "3"),
        ("retries", None),
        ("timeout", "30"),
        ("timeout", True),
        ("backoff", None),
        ("backoff_factor", "2"),
        ("jitter", None),
        ("jitter", 1),
        ("retry_on", "ConnectionError"),
        ("retry_on", []),
        ("retry_on", [OSError, "x"]),
        ("retry_on", int),
        ("retry_budget", "10%"),
        ("perceive_handler", 7),
        ("enforce_handler", 3),
        ("enabled", 1),
    ],
)
def test_a_value_of_the_wrong_type(name, value):
    assert code(name, value) == options.WRONG_TYPE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("retries", -1),
        ("retries", 101),
        ("timeout", 0),
        ("timeout", -0.5),
        ("timeout", float("inf")),
        ("timeout", float("nan")),
        ("timeout", 10**400),
        ("backoff", -1),
        ("backoff_factor", 0.5),
        ("backoff_max", float("nan")),
        ("jitter", "ful"),
        ("retry_budget", 0),
        ("retry_budget", 1.5),
    ],
)
def test_a_value_out_of_range(name, value):
    assert code(name, value) == options.WRONG_VALUE


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("retries", 0),
        ("timeout", None),
        ("timeout", 1),
        ("backoff", 0),
        ("retry_on", OSError),
        ("retry_on", (OSError, KeyError)),
        ("retry_on", lambda fault: True),
        ("retry_budget", 0.1),
        ("perceive_handler", None),
        ("enforce_handler", len),
        ("enabled", False),
        ("retries", UNKNOWN),
    ],
)
def test_values_that_are_fine(name, value):
    assert code(name, value) == ""


def test_options_without_a_name_are_refused():
    (problem,) = check([(None, "node", UNKNOWN), ("retries", None, 1)])
    assert (problem.code, problem.key, problem.node) == (options.NOT_NAMED, None, "node")


def test_all_problems_of_a_decorator_are_reported_at_once():
    assert len(check([("retrys", None, 1), ("timeout", None, 0), ("simulation_models", None, 1)])) == 3
