"""Train, through the real decorator: simulated services, time that passes only when somebody says so."""

from __future__ import annotations

import random
import sys
from contextlib import suppress
from math import log

import pytest

from dana.poet.errors import POETError
from dana.poet.explaining import explain, status
from dana.poet.learning import LearningStore
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


# --- the other rules ------------------------------------------------------------------------------


def test_a_kind_of_fault_that_never_goes_away_is_given_up_and_comes_back(bench):
    fails, attempts = [True], []

    @bench.poet(store="memory:", retries=3, backoff=0)
    def ask():
        attempts.append(1)
        if fails[0] is True or (fails[0] and len(attempts) % 2):
            raise ConnectionError("gone")
        return 1

    for _ in range(60):
        with pytest.raises(ConnectionError):
            ask()
    plan = plan_of(ask)
    assert plan.learnt["given_up"] == "ConnectionError"
    evidence = plan.learner.subject.current.evidence
    assert evidence["rule"] == "T2"
    assert evidence["n"] >= 20
    assert evidence["interval"][0] > 0
    attempts.clear()
    for _ in range(50):
        with pytest.raises(ConnectionError):
            ask()
    assert len(attempts) < 60  # 200 before
    fails[0] = "now and then"
    for _ in range(250):
        with suppress(ConnectionError):
            ask()
    plan.learner.keeper.flush()
    assert "given_up" not in plan.learnt  # a probe went well
    registry_of(bench).close()


def test_what_is_written_or_protects_somebody_is_not_given_up(bench):
    written = plan_of(bench.poet(store="memory:", retry_on=ConnectionError)(lambda: 1))
    assert "given_up" not in written.learner.subject.knobs
    critical = plan_of(bench.poet(store="memory:", safety_critical=True)(lambda: 1))
    assert critical.learner.trainer is None
    assert critical.heard is None


def test_a_breaker_learns_how_long_outages_last(bench):
    is_down = [False]

    @bench.poet(store="memory:", retries=0, breaker={"open_s": 30.0, "least": 2, "window": 4}, learnable=["breaker"])
    def ask():
        bench.work(0.01)
        if is_down[0]:
            raise ConnectionError("down")
        return 1

    def call():
        with suppress(POETError, ConnectionError):
            ask()

    for _ in range(24):
        is_down[0] = True
        end = bench.clock.now + 8.0
        while bench.clock.now < end:
            call()
            bench.clock.advance(0.5)
        is_down[0] = False
        for _ in range(80):
            call()
            bench.clock.advance(0.5)
    plan = plan_of(ask)
    plan.learner.keeper.flush()
    assert plan.breaker.open_s < 15.0
    assert plan.learner.subject.current.evidence["rule"] == "T3"
    registry_of(bench).close()


def test_a_cache_learns_how_long_results_stay_true(bench):
    chance = random.Random(3)

    @bench.poet(store="memory:", cache=10.0, learnable=["cache"])
    def price():
        return int(bench.clock.now / 300)

    for _ in range(3_000):
        price()
        bench.clock.advance(chance.uniform(5.0, 20.0))
    plan = plan_of(price)
    plan.learner.keeper.flush()
    assert plan.cache.ttl > 10.0
    assert plan.learner.subject.current.evidence["rule"] == "T8"
    registry_of(bench).close()


# --- modes and guards -----------------------------------------------------------------------------


def slow_now_and_then(bench, **options):
    return served(bench, SERVICES["steady"], **options)[1]


def test_off_learns_nothing_and_batch_only_at_the_end(bench):
    off = slow_now_and_then(bench, learning="off")
    measured(bench, off, 300)
    assert plan_of(off).learner is None
    batch = slow_now_and_then(bench, learning="batch")
    measured(bench, batch, 400)
    plan = plan_of(batch)
    assert plan.learnt == {}
    assert len(plan.heard.latency.to_data()["attempts"]) > 300
    plan.learner.keeper.flush()
    assert plan.learnt["attempt_timeout"] < HANG_S
    registry_of(bench).close()


def test_a_batch_is_looked_at_when_a_day_has_passed(bench):
    batch = slow_now_and_then(bench, learning="batch")
    measured(bench, batch, 1_000)
    assert plan_of(batch).learnt == {}
    bench.clock.advance(90_000)
    measured(bench, batch, 100)
    assert plan_of(batch).learnt
    registry_of(bench).close()


def test_hybrid_begins_at_once_and_goes_on_with_twice_as_many(bench):
    hybrid = slow_now_and_then(bench, learning="hybrid")
    measured(bench, hybrid, 400)
    rounds = plan_of(hybrid).heard.rounds
    online = slow_now_and_then(bench, learning="on")
    measured(bench, online, 400)
    assert 1 <= rounds < plan_of(online).heard.rounds
    registry_of(bench).close()


def test_what_computes_in_microseconds_is_left_alone(bench):
    quick = bench.poet(store="memory:")(lambda: bench.work(1e-6))
    for _ in range(1_000):
        quick()
    assert plan_of(quick).learnt == {}
    assert plan_of(quick).off == []  # still the fast form
    registry_of(bench).close()


def test_one_call_is_one_call(bench):
    once = slow_now_and_then(bench, retries=0)
    measured(bench, once, 400)
    assert plan_of(once).learnt == {}
    registry_of(bench).close()


def test_no_attempt_gets_more_time_than_the_call(bench):
    short = slow_now_and_then(bench, timeout=2.0)
    measured(bench, short, 1_500)
    assert 0 < plan_of(short).config.attempt_timeout <= 2.0
    assert plan_of(short).config.timeout == 2.0
    registry_of(bench).close()


def test_a_version_that_turns_out_worse_is_taken_back(bench):
    service, learning = served(bench, SERVICES["steady"])
    plan = plan_of(learning)
    while not plan.learnt:
        measured(bench, learning, 25)
    version = plan.learner.subject.current
    service.model = (0.5, 0.5, 0.2, 0.35)  # nothing helps any more: the version looks bad
    measured(bench, learning, 400)
    assert plan.learner.subject.current is not version
    registry_of(bench).close()


# --- evidence and repetition ----------------------------------------------------------------------


def test_every_change_has_its_evidence_and_can_be_taken_back(bench):
    learning = slow_now_and_then(bench)
    measured(bench, learning, 600)
    plan = plan_of(learning)
    versions = plan.learner.subject.versions
    assert len(versions) > 1
    for version in versions[1:]:
        assert {"rule", "n", "effect", "interval", "seed"} <= version.evidence.keys()
    assert "T1" in explain(learning)
    assert "on" in status(learning)["learning"]
    plan.learner.roll_back(0)
    assert plan.learnt == {}
    registry_of(bench).close()


def test_the_same_store_and_seed_learn_the_same(tmp_path):
    from tests.poet.conftest import Bench

    def run(where):
        bench = Bench()
        bench.meter.start()
        learning = slow_now_and_then(bench, store=where)
        measured(bench, learning, 500)
        versions = [(v.values, v.evidence) for v in plan_of(learning).learner.subject.versions]
        registry_of(bench).close()
        bench.meter.finish()
        return versions

    one, other = str(tmp_path / "one.db"), str(tmp_path / "other.db")
    assert run(one) == run(other)
    first_again, second_again = run(one), run(other)
    assert first_again == second_again
    store = LearningStore(one)
    ((function_id, domain, _at),) = store.functions()
    assert store.patterns(function_id, domain)["training"]["rounds"] > 0
    store.close()


def test_judgements_watch_what_was_promoted(bench):
    learning = bench.poet(store="memory:")(lambda: 1)
    learning()
    plan = plan_of(learning)
    for _ in range(60):
        plan.learner.feedback({"score": 0.9})
    plan.learner.promote({"backoff": 0.5}, {"source": "a hand"})
    plan.heard.watch(plan.learner, by_judgement=True)
    for _ in range(60):
        plan.learner.feedback({"score": 0.2})
    plan.learner.keeper.flush()
    assert plan.learnt == {}
    assert [o["kind"] for o in plan.heard.outcomes] == ["improve.rolled_back"]
    registry_of(bench).close()


@pytest.mark.skipif(sys.gettrace() is not None, reason="times mean nothing while lines are counted")
def test_learning_costs_a_call_a_third_of_a_microsecond_at_most(bench):
    from time import perf_counter

    from dana.adaptive.statistics import Calls
    from dana.poet.training.engine import Trainer

    plan = plan_of(bench.poet(store="memory:")(lambda: 1))
    trainer = Trainer(plan, plan.learner, inline=False)
    plain, heard = Calls().succeeded(), Calls().succeeded(trainer.heard, lambda: None)

    def best(record):
        times = []
        for _ in range(30):
            trainer.heard.clear()
            began = perf_counter()
            for _ in range(2_000):
                record(0.01)
            times.append(perf_counter() - began)
        return min(times) / 2_000

    assert best(heard) - best(plain) <= 0.3e-6
