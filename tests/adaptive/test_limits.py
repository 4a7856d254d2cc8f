"""Budgets, buckets, bulkheads and deadlines keep what they promise, whatever is asked of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dana.adaptive.budget import RetryBudget
from dana.adaptive.limits import Budget, Bulkhead, Deadline, Exceeded, TokenBucket
from dana.poet.python import poet


@given(st.lists(st.tuples(st.floats(0, 2), st.floats(0.1, 3)), max_size=60))
def test_a_bucket_never_hands_out_more_than_burst_and_flow(asked) -> None:
    bucket, now, granted = TokenBucket(rate=2.0, burst=5.0), 0.0, 0.0
    for wait, tokens in asked:
        now += wait
        delay = bucket.take(now, tokens)
        if delay == 0.0:
            granted += tokens
        else:
            assert bucket.left(now) < tokens
        assert granted <= 5.0 + 2.0 * now + 1e-6


@given(st.floats(0.1, 5))
def test_what_a_bucket_says_about_the_wait_is_true(tokens) -> None:
    bucket = TokenBucket(rate=2.0, burst=5.0)
    bucket.take(0.0, 5.0)
    delay = bucket.take(0.0, tokens)
    assert bucket.take(delay + 1e-9, tokens) == 0.0


def test_a_bucket_refuses_what_never_fits_and_ignores_clocks_that_go_back() -> None:
    bucket = TokenBucket(rate=1.0, burst=2.0, now=10.0)
    with pytest.raises(ValueError, match="never fit"):
        bucket.take(10.0, 3.0)
    bucket.take(10.0, 2.0)
    assert bucket.take(5.0) == 1.0
    with pytest.raises(ValueError, match="positive"):
        TokenBucket(0, 1)


@given(st.lists(st.tuples(st.floats(0, 40), st.floats(0, 1)), max_size=30))
def test_a_budget_is_never_overdrawn_by_reservations(asked) -> None:
    budget, open_ = Budget("tokens", 100.0), []
    for amount, share in asked:
        if amount > budget.left:
            with pytest.raises(Exceeded):
                budget.reserve(amount)
        else:
            budget.reserve(amount)
            open_.append(amount)
        assert budget.spent + budget.reserved <= 100.0 + 1e-9
        if share > 0.5 and open_:
            first = open_.pop(0)
            budget.settle(first, first * share)
    assert budget.spent + sum(open_) <= 100.0 + 1e-9


def test_a_budget_warns_before_it_is_empty_and_takes_no_debts() -> None:
    budget = Budget("usd", 10.0)
    budget.reserve(8.0)
    assert not budget.is_nearly_spent
    budget.reserve(1.0)
    assert budget.is_nearly_spent
    with pytest.raises(Exceeded, match="the budget for usd has 1 left, and 2 are needed"):
        budget.reserve(2.0)
    with pytest.raises(ValueError, match="negative"):
        budget.reserve(-1.0)
    unlimited = Budget("calls", None)
    unlimited.reserve(1e9)
    assert unlimited.left == float("inf")


def test_a_bulkhead_leaves_room_for_what_matters_more() -> None:
    bulkhead = Bulkhead(10)
    assert [bulkhead.enter("low") for _ in range(6)] == [True] * 5 + [False]
    assert [bulkhead.enter() for _ in range(4)] == [True] * 3 + [False]
    assert [bulkhead.enter("high") for _ in range(2)] == [True, False]
    assert [bulkhead.enter("critical") for _ in range(2)] == [True, False]
    bulkhead.leave()
    assert not bulkhead.enter("high")
    assert bulkhead.enter("critical")
    assert bulkhead.refused == 5


def test_a_bulkhead_of_one_lets_anybody_in() -> None:
    bulkhead = Bulkhead(1)
    assert bulkhead.enter("low")
    assert not bulkhead.enter("critical")
    bulkhead.leave()
    with pytest.raises(ValueError, match="nobody"):
        bulkhead.leave()


@given(st.floats(0, 100), st.none() | st.floats(0, 100), st.floats(0, 100))
def test_a_part_never_outlives_the_whole(at, seconds, now) -> None:
    whole = Deadline(at)
    part = whole.within(seconds, now)
    assert part.at <= whole.at
    left = part.remaining(now)
    assert left is not None
    assert left >= 0
    assert part.is_over(now) == (now >= part.at)


def test_no_deadline_is_never_over() -> None:
    assert Deadline().remaining(5.0) is None
    assert not Deadline().is_over(1e12)
    assert Deadline().within(2.0, 5.0).at == 7.0


def test_a_dead_dependency_sees_hardly_more_calls_than_without_retries() -> None:
    budget, sent = RetryBudget(share=0.1, burst=10.0), 0
    for _ in range(10_000):
        budget.call()
        sent += 1
        for _ in range(3):
            if not budget.take():
                break
            sent += 1
    assert sent <= 1.1 * 10_000 + 10


def test_a_dead_dependency_behind_a_decorated_function_sees_the_same_load() -> None:
    sent = []

    @poet(retries=3, backoff=0, retry_budget=0.1)
    def dead() -> None:
        sent.append(True)
        msg = "down"
        raise ConnectionError(msg)

    for _ in range(5_000):
        with pytest.raises(Exception, match=r"down|budget"):
            dead()
    assert len(sent) <= 1.1 * 5_000 + 10
