from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from dana.adaptive.clock import FakeClock
from dana.adaptive.perform import ATTEMPT, GIVE_UP, WAIT, Attempt, Record, drive, perform
from dana.adaptive.policy import OUT_OF_RETRIES, OUT_OF_TIME, PERMANENT_FAULT, Backoff, Retry


def forever():
    return None


def test_the_conversation_of_two_failures_and_a_success():
    record = Record()
    effects = perform(Retry(3, Backoff(1, 2, 8, "none")), record, random.random, forever)
    assert next(effects) == (ATTEMPT, 1)
    assert effects.send(Attempt(1, OSError("a"))) == (WAIT, 1)
    assert next(effects) == (ATTEMPT, 2)
    assert effects.send(Attempt(2, OSError("b"))) == (WAIT, 2)
    assert next(effects) == (ATTEMPT, 3)
    assert [(a.number, str(a.fault), a.waited) for a in record.attempts] == [(1, "a", 1), (2, "b", 2)]


def test_a_wait_of_nothing_is_no_effect():
    effects = perform(Retry(1, Backoff(0)), Record(), random.random, forever)
    next(effects)
    assert effects.send(Attempt(1, OSError())) == (ATTEMPT, 2)


def test_no_attempt_starts_that_could_only_be_late():
    record = Record()
    effects = perform(Retry(3, Backoff(1, 2, 8, "none")), record, random.random, lambda: 1.0)
    next(effects)
    assert effects.send(Attempt(1, OSError()))[0] == GIVE_UP
    assert record.reason == OUT_OF_TIME
    assert record.attempts[0].waited is None


outcomes = st.lists(st.sampled_from(["ok", "transient", "permanent", "refused"]), min_size=12, max_size=12)


def model(script, retries):
    """What should happen, said plainly: attempts made, and why it ended."""
    for made, outcome in enumerate(script, 1):
        if outcome == "ok":
            return made, ""
        if outcome == "permanent":
            return made, PERMANENT_FAULT
        if made > retries:
            return made, OUT_OF_RETRIES
    raise AssertionError("the script is long enough")


@given(outcomes, st.integers(0, 10), st.booleans())
def test_attempts_follow_the_model(script, retries, first_made_already):
    clock = FakeClock()
    made = []

    def operate(number):
        made.append(number)
        outcome = script[number - 1]
        if outcome == "ok":
            return "value"
        fault = KeyError("x") if outcome == "permanent" else OSError("x")
        return Attempt(number, fault, refused=outcome == "refused")

    record = Record()
    effects = perform(Retry(retries, Backoff(1, 2, 8, "full")), record, random.Random(1).random, forever)
    failed = operate(1) if first_made_already else None
    if failed == "value":
        return
    done, value = drive(effects, operate, clock.sleep, failed)
    expected, reason = model(script, retries)
    assert made == list(range(1, expected + 1))
    assert done == (reason == "")
    assert record.reason == reason if not done else value == "value"
    assert clock.sleeps == [a.waited for a in record.attempts if a.waited]
