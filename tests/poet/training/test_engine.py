"""Train, through the real decorator: simulated services, time that passes only when somebody says so."""

from __future__ import annotations

import random
from math import log

import pytest

from dana.poet.errors import POETError
from dana.poet.pipeline import plan_of
from dana.poet.registry import registry_of

HANG_S = 30.0
# Hangs, errors, median and spread of the lognormal answer times (mission, X1).
SERVICES = {"steady": (0.02, 0.05, 0.2, 0.35), "heavy tail": (0.05, 0.05, 0.2, 0.9), "clumsy": (0.04, 0.08, 0.1, 0.5)}


class Service:
    """Answers after a while, hangs now and then, fails now and then."""

    def __init__(self, bench, model, seed):
        self.bench, self.model, self.chance, self.scale = bench, model, random.Random(seed), 1.0
        self.attempts = 0

    def __call__(self):
        self.attempts += 1
        hangs, errors, median, spread = self.model
        took = self.chance.lognormvariate(log(median), spread) * self.scale
        is_hanging, is_failing = self.chance.random() < hangs, self.chance.random() < errors
        # Work in small steps: a deadline is seen where the meter is looked at.
        end = self.bench.clock.now + (HANG_S if is_hanging else took)
        while (left := end - self.bench.clock.now) > 0:
            limit = self.bench.meter.remaining()
            self.bench.work(left if limit is None else min(left, max(limit, 0.0) + 1e-9))
        if is_hanging or is_failing:
            raise ConnectionError("no answer")
        return 1


def served(bench, model, seed=1, **options):
    service = Service(bench, model, seed)

    def ask():
        return service()

    return service, bench.poet(**{"store": "memory:", "backoff": 1.0, **options})(ask)


def measured(bench, function, count):
    """Share of calls that succeed, mean seconds of a call."""
    began, good = bench.clock.now, 0
    for _ in range(count):
        try:
            function()
            good += 1
        except (POETError, ConnectionError):
            pass
    return good / count, (bench.clock.now - began) / count


@pytest.mark.parametrize("name", SERVICES)
def test_calls_take_a_third_of_the_default_time_and_succeed(bench, name):
    _service, default = served(bench, SERVICES[name], learning="off")
    _share, before = measured(bench, default, 2_000)
    service, learning = served(bench, SERVICES[name])
    measured(bench, learning, 600)
    service.chance.seed(2)
    share, after = measured(bench, learning, 2_000)
    assert share >= 0.999
    assert after <= before / 3
    registry_of(bench).close()


def test_a_service_that_becomes_three_times_slower_is_followed_within_300_calls(bench):
    service, learning = served(bench, SERVICES["steady"])
    measured(bench, learning, 800)
    plan = plan_of(learning)
    tight = plan.config.attempt_timeout
    service.scale = 3.0
    measured(bench, learning, 300)
    share, mean = measured(bench, learning, 1_000)
    assert plan.config.attempt_timeout > tight
    assert share >= 0.999
    assert mean < 3.0
    guard = [v.evidence for v in plan.learner.subject.versions if v.evidence["source"] == "guard"]
    assert guard[0]["n"] == 20
    assert guard[0]["effect"] > 0.3
    registry_of(bench).close()
