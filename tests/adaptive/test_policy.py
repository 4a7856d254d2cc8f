from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dana.adaptive.budget import RetryBudget
from dana.adaptive.faults import is_transient
from dana.adaptive.policy import JITTERS, OUT_OF_BUDGET, OUT_OF_RETRIES, PERMANENT_FAULT, Backoff, Retry

bases = st.floats(0, 1e6)
factors = st.floats(1, 100)
caps = st.floats(0, 1e6)
draws = st.floats(0, 1, exclude_max=True)
retries = st.integers(1, 101)


@given(bases, factors, caps, st.sampled_from(JITTERS), retries, draws, st.none() | st.floats(0, 1e6))
def test_every_wait_lies_between_nothing_and_the_cap(base, factor, cap, jitter, retry, draw, previous):
    backoff = Backoff(base, factor, cap, jitter)
    previous = None if previous is None else min(previous, cap)
    assert 0 <= backoff.delay(retry, previous, lambda: draw) <= cap


@given(bases, factors, caps, retries)
def test_waits_without_jitter_never_shrink_and_grow_by_the_factor_up_to_the_cap(base, factor, cap, retry):
    backoff = Backoff(base, factor, cap, "none")
    now = backoff.delay(retry, None, _no_draw)
    later = backoff.delay(retry + 1, now, _no_draw)
    assert now <= later
    assert later == pytest.approx(min(cap, now * factor)) or later == cap


@given(bases, factors, caps, retries, draws)
def test_full_and_equal_jitter_stay_below_the_plain_wait(base, factor, cap, retry, draw):
    plain = Backoff(base, factor, cap, "none").delay(retry, None, _no_draw)
    assert Backoff(base, factor, cap, "full").delay(retry, None, lambda: draw) <= plain
    equal = Backoff(base, factor, cap, "equal").delay(retry, None, lambda: draw)
    assert plain / 2 <= equal <= plain


@given(bases, factors, caps, draws, st.floats(0, 1e6))
def test_decorrelated_jitter_lies_between_the_base_and_a_multiple_of_the_last_wait(base, factor, cap, draw, previous):
    wait = Backoff(base, factor, cap, "decorrelated").delay(2, previous, lambda: draw)
    low = min(base, cap)
    assert low <= wait <= max(low, (1 + factor) * previous)


def test_an_unknown_jitter_is_refused():
    with pytest.raises(ValueError, match="jitter must be one of"):
        Backoff(jitter="some")


@pytest.mark.parametrize(
    "fault",
    [TypeError(), NameError(), KeyError(), ZeroDivisionError(), ValueError(), FileNotFoundError(), PermissionError()],
)
def test_what_the_same_input_would_produce_again_is_permanent(fault):
    assert not is_transient(fault)


@pytest.mark.parametrize("fault", [RuntimeError(), ConnectionError(), TimeoutError(), OSError(), Exception()])
def test_everything_else_may_go_away(fault):
    assert is_transient(fault)


@pytest.mark.parametrize("fault", [RecursionError(), MemoryError(), KeyboardInterrupt(), GeneratorExit()])
def test_exhaustion_and_stops_are_never_transient(fault):
    assert not is_transient(fault)


def test_a_policy_says_why_an_attempt_is_the_last():
    policy = Retry(retries=2, budget=RetryBudget(burst=1))
    assert policy.refuses(1, TypeError(), refused=False) == PERMANENT_FAULT
    assert policy.refuses(3, OSError(), refused=False) == OUT_OF_RETRIES
    assert policy.refuses(1, OSError(), refused=False) == ""
    assert policy.refuses(2, OSError(), refused=False) == OUT_OF_BUDGET


def test_a_refused_result_is_worth_another_attempt_whatever_the_objection():
    assert Retry(retries=1).refuses(1, ValueError("too hot"), refused=True) == ""
    assert Retry(retries=1).refuses(1, RecursionError(), refused=True) == PERMANENT_FAULT


@given(st.floats(0.01, 1), st.integers(1, 20), st.lists(st.booleans(), max_size=300))
def test_a_budget_never_grants_more_than_its_burst_and_share(share, burst, events):
    budget = RetryBudget(share, burst)
    calls = granted = 0
    for is_call in events:
        if is_call:
            budget.call()
            calls += 1
        else:
            granted += budget.take()
        assert 0 <= budget.tokens <= burst
        assert granted <= burst + share * calls + 1e-9


def test_a_dead_dependency_sees_at_most_a_tenth_more_load_in_the_long_run():
    budget = RetryBudget(0.1)
    load = 0
    for _ in range(1000):
        budget.call()
        load += 1
        for _ in range(3):
            load += budget.take()
    assert load <= 1.1 * 1000 + budget.burst


def _no_draw():
    raise AssertionError("no randomness is needed here")
