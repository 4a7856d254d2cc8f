"""T1: what is learnt from past attempts makes calls faster on attempts nobody has seen (mission, experiment X1)."""

from __future__ import annotations

import random
from math import log

import pytest

from dana.poet.training.latency import CUT_OFF, FAILED, OK, LatencyLearner, advise

# Hangs, errors, median and spread of the lognormal answer times.
SERVICES = {"steady": (0.02, 0.05, 0.2, 0.35), "heavy tail": (0.05, 0.05, 0.2, 0.9), "slow": (0.03, 0.02, 1.5, 0.3)}
DEFAULT = (30.0, 3, 1.0)


def attempt(service, chance, scale=1.0):
    hangs, errors, median, spread = service
    took = chance.lognormvariate(log(median), spread) * scale
    return (1e9, True) if chance.random() < hangs else (took, chance.random() >= errors)


def observed(took, fine, timeout):
    return (min(took, timeout), CUT_OFF if took > timeout else OK if fine else FAILED)


def calls(service, chance, count, policy, *, scale=1.0, learner=None):
    """Success, mean time, attempts per call, and the policy at the end."""
    timeout, retries, wait = policy
    spent = succeeded = attempts = 0.0
    for _ in range(count):
        for k in range(retries + 1):
            attempts += 1
            seen = observed(*attempt(service, chance, scale), timeout)
            spent += seen[0]
            if learner is not None and (advice := learner.add(*seen)) is not None:
                timeout, retries, wait = advice.attempt_timeout, advice.retries, advice.backoff
            if seen[1] == OK:
                succeeded += 1
                break
            if k < retries:
                spent += wait * 2**k * chance.random()
    return succeeded / count, spent / count, attempts / count, (timeout, retries, wait)


@pytest.mark.parametrize("name", SERVICES)
def test_calls_take_a_third_of_the_default_time(name):
    service = SERVICES[name]
    train = random.Random(1)
    advice = advise([observed(*attempt(service, train), 30.0) for _ in range(500)], 30.0)
    learnt = (advice.attempt_timeout, advice.retries, advice.backoff)
    before = calls(service, random.Random(2), 10_000, DEFAULT)
    after = calls(service, random.Random(2), 10_000, learnt)
    assert after[0] >= 0.999
    ceiling = 1 / 3 if name != "slow" else 0.75  # where answers themselves take a second and a half, they set the time
    assert after[1] <= before[1] * ceiling
    assert after[2] <= before[2] * 1.09


def test_a_clean_service_is_left_in_peace():
    clean = (0.0, 0.0, 0.2, 0.3)
    train = random.Random(1)
    advice = advise([observed(*attempt(clean, train), 30.0) for _ in range(500)], 30.0)
    before = calls(clean, random.Random(2), 5_000, DEFAULT)
    after = calls(clean, random.Random(2), 5_000, (advice.attempt_timeout, advice.retries, advice.backoff))
    assert after[0] == 1.0
    assert after[1] <= before[1] * 1.01
    assert after[2] < 1.02


def test_a_service_that_becomes_slower_is_noticed_within_300_calls():
    service, chance = SERVICES["steady"], random.Random(4)
    learner = LatencyLearner()
    *_, policy = calls(service, chance, 1_500, DEFAULT, learner=learner)
    frozen = calls(service, random.Random(9), 1_000, policy, scale=3.0)
    assert frozen[0] < 0.995
    *_, policy = calls(service, chance, 300, policy, scale=3.0, learner=learner)
    after = calls(service, random.Random(9), 2_000, policy, scale=3.0)
    assert after[0] >= 0.999


def test_attempts_that_were_cut_off_are_not_taken_for_answers():
    # Half of the answers take a second, half two; all of the latter were cut off at 1.5 s.
    seen = [(1.0, OK)] * 100 + [(1.5, CUT_OFF)] * 100
    advice = advise(seen, 10.0, target=0.9, most_load=2.0)
    assert advice.success < 0.99
    assert advice.retries >= 3
    assert advise([(1.0, OK)] * 100, 10.0).success > 0.999


def test_advice_keeps_its_bounds_and_says_when_nothing_helps():
    nothing = advise([(0.1, FAILED)] * 100, 2.0)
    assert "no setting reaches" in nothing.reason
    chance = random.Random(3)
    for _ in range(30):
        seen = [(chance.expovariate(1.0), chance.choice((OK, OK, FAILED, CUT_OFF))) for _ in range(100)]
        longest = chance.choice((0.5, 2.0, 30.0))
        advice = advise(seen, longest, most_retries=3)
        assert 0 < advice.attempt_timeout <= longest
        assert 0 <= advice.retries <= 3
    with pytest.raises(ValueError, match="no attempts"):
        advise([], 1.0)
    with pytest.raises(ValueError, match="longest is a time above 0"):
        LatencyLearner(0.0)


def test_what_was_learnt_survives():
    learner = LatencyLearner()
    chance = random.Random(5)
    for _ in range(120):
        learner.add(*observed(*attempt(SERVICES["steady"], chance), 30.0))
    other = LatencyLearner()
    other.take(learner.to_data())
    assert other.to_data() == learner.to_data()
    with pytest.raises(ValueError, match="no attempt"):
        other.take({"attempts": [[-1.0, OK]]})
