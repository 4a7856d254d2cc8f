"""Faults are answered by strategies, on a clock that a test turns; what healthy machines do raises no alarm (E19–E23)."""

from __future__ import annotations

from random import Random

import pytest

from dana.adaptive.clock import FakeClock
from dana.adaptive.policy import Backoff
from dana.esper.recovery import ANSWERS, STRATEGIES, ErrorRecoveryManager, ErrorTracker, HealthMonitor, Pattern, kind_of
from dana.esper.refusals import Refusal, RefusedError


class Work:
    """Fails as it is told, then gives its number."""

    def __init__(self, *faults):
        self.faults = list(faults)
        self.calls = 0

    def __call__(self):
        self.calls += 1
        if self.faults:
            fault = self.faults.pop(0)
            if fault is not None:
                raise fault
        return self.calls


def manager(**how):
    clock = FakeClock()
    return ErrorRecoveryManager(clock=clock, backoff=Backoff(1.0, 2.0, 60.0, "none"), **how), clock


# --- five strategies ------------------------------------------------------------------------------


def test_a_retry_really_asks_again_after_waits_that_grow():
    care, clock = manager()
    work = Work(TimeoutError(), ConnectionError(), TimeoutError())
    found = care.recover(work, component="forge")
    assert (found.value, found.strategy, found.attempts) == (4, "retry", 4)
    assert clock.sleeps == found.waits == [1.0, 2.0, 4.0]
    assert work.calls == 4


def test_a_fallback_is_used_where_asking_again_is_no_use():
    care, clock = manager()
    work = Work(*[ValueError("shape (3, 4)")] * 9)
    found = care.recover(work, component="kernel", fallback=lambda: "the host's value")
    assert (found.value, found.strategy, found.kind) == ("the host's value", "fallback", "shape")
    assert work.calls == 1
    assert clock.sleeps == []


def test_without_a_fallback_the_value_is_a_refusal():
    found = manager()[0].recover(Work(TypeError("x")), component="kernel")
    assert isinstance(found.value, Refusal)
    assert not found.is_recovered


def test_a_breaker_opens_probes_and_closes():
    care, clock = manager(retries=0, breaker={"least": 4, "window": 8, "open_s": 30.0})
    down = Work(*[ConnectionError()] * 4)
    for _ in range(4):
        assert care.recover(down, component="store", fallback=lambda: 0).strategy == "fallback"
    assert care.breaker("store").state == "open"
    found = care.recover(down, component="store", fallback=lambda: 0)
    assert (found.value, found.strategy, down.calls) == (0, "break", 4)
    assert care.recover(Work(), component="forge").value == 1
    clock.advance(30.0)
    assert care.recover(down, component="store").value == 5
    assert care.breaker("store").state == "closed"


def test_degradation_switches_a_feature_off_and_on_again():
    care, clock = manager(rest_s=60.0)
    found = care.recover(Work(MemoryError()), component="probe", feature="probes", fallback=lambda: None)
    assert found.strategy == "degrade"
    assert not care.is_on("probes")
    assert care.is_on("cache")
    clock.advance(60.0)
    assert care.is_on("probes")


def test_escalation_alerts_and_takes_the_way_back():
    told, back = [], []
    care, _clock = manager(alert=lambda *said: told.append(said), rollback=lambda: back.append(1))
    fault = RefusedError("refused.unsigned", "no signature")
    found = care.recover(Work(fault), component="loader", fallback=lambda: 0)
    assert found.strategy == "escalate"
    assert told[0][:2] == ("loader", fault)
    assert told[0][2]["kind"] == "artifact"
    assert back == [1]
    assert list(care.alerts) == [("loader", "artifact")]


def test_the_training_never_waits():
    care, clock = manager()
    work, late = Work(TimeoutError(), TimeoutError(), None), []
    found = care.guard(work, component="store", fallback=lambda: "host", later=late.append)
    assert found.value == "host"
    assert clock.sleeps == []
    assert care.run_due() == 0
    assert work.calls == 1
    clock.advance(1.0)
    assert care.run_due() == 0
    clock.advance(2.0)
    assert care.run_due() == 1
    assert late == [3]
    assert care.waiting == 0
    assert clock.sleeps == []
    assert care.guard(Work(), component="store").value == 1


def test_what_keeps_failing_is_given_up():
    care, clock = manager(retries=2)
    care.guard(Work(*[TimeoutError()] * 9), component="store", fallback=lambda: 0, later=lambda _value: None)
    for _ in range(9):
        clock.advance(100.0)
        assert care.run_due() == 0
    assert care.waiting == 0


def test_more_than_99_of_100_faults_end_well():
    chance, (care, clock) = Random(5), manager()
    kinds = [RuntimeError("injected"), TimeoutError(), MemoryError(), ValueError("size 3"), FloatingPointError()]
    for number in range(10_000):
        work = Work(chance.choice([None, *kinds]))
        found = care.guard(work, component=f"k{number % 7}", fallback=lambda: "host")
        assert found.value == ("host" if found.fault else 1)
        clock.advance(50.0)
    assert care.recovered >= 0.99 * care.faults > 0.99 * 3000


def test_every_kind_has_known_answers():
    assert {answer for answers in ANSWERS.values() for answer in answers} == set(STRATEGIES)


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (TimeoutError(), "time"),
        (ConnectionResetError(), "network"),
        (FileNotFoundError(), "files"),
        (MemoryError(), "memory"),
        (RecursionError(), "memory"),
        (RuntimeError("DefaultCPUAllocator: can't allocate memory: you tried"), "memory"),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), "shape"),
        (ValueError("Expected more than 1 value per channel, got input size [1, 3]"), "shape"),
        (ZeroDivisionError(), "not finite"),
        (RuntimeError("value is NaN"), "not finite"),
        (RefusedError("refused.bytes", "x"), "artifact"),
        (RefusedError("refused.budget", "x"), "refused"),
        (AttributeError("x"), "bug"),
        (KeyError("x"), "bug"),
        (RuntimeError("something"), "other"),
        (Exception(), "other"),
    ],
)
def test_faults_have_kinds(fault, kind):
    assert kind_of(fault) == kind


# --- patterns -------------------------------------------------------------------------------------


def test_a_window_slides_and_counts_exactly():
    tracker = ErrorTracker(window_s=10.0)
    for second in range(30):
        tracker.add("time", component=f"c{second % 2}", kernel="k", now=float(second))
    assert tracker.count("kind", "time") == 10
    assert tracker.count("component", "c0") == tracker.count("component", "c1") == 5
    assert tracker.count("kernel", "k") == 10
    assert tracker.count("kernel", "other") == 0
    assert tracker.total == 30
    small = ErrorTracker(most=3)
    for _ in range(9):
        small.add("x", component="c", now=0.0)
    assert small.count("component", "c") == 3


def test_a_burst_a_period_and_a_cascade_have_names():
    burst = ErrorTracker()
    for number in range(12):
        burst.add("time", component="forge", now=100 + number * 0.1)
    assert burst.patterns() == [Pattern("burst", "forge", 12)]
    assert burst.patterns()[0].count == 12

    regular = ErrorTracker()
    for number in range(8):
        regular.add("time", component="store", now=20.0 * number + (number % 2) * 0.5)
    (found,) = regular.patterns()
    assert (found.name, found.of) == ("periodic", "store")
    assert found.period_s == pytest.approx(20, abs=0.5)

    cascade = ErrorTracker()
    for number, component in enumerate(("store", "cache", "loader")):
        cascade.add("files", component=component, now=number * 1.0)
    assert cascade.patterns() == [Pattern("cascading", "store → cache → loader", 3)]

    chance, quiet = Random(3), ErrorTracker()
    now = 0.0
    for _ in range(12):
        now += chance.expovariate(1 / 20)
        quiet.add("time", component="store", now=now)
    assert quiet.patterns() == []


# --- health ---------------------------------------------------------------------------------------


def test_a_million_healthy_samples_raise_no_alarm():
    chance = Random(11)
    pool = [chance.gauss(5.0, 1.0) for _ in range(50_000)] + [chance.lognormvariate(1.4, 0.5) for _ in range(50_000)]
    care = HealthMonitor()
    care.watch("latency")
    care.watch("skewed")
    for turn in range(5):
        start = turn * 977
        for number in range(100_000):
            place = (number * 7919 + start) % 50_000
            care.see("latency", pool[place])
            care.see("skewed", pool[50_000 + place])
    assert not care.alerts
    assert care.is_healthy()


@pytest.mark.parametrize(("worse", "shift"), [("up", 2.0), ("down", -2.0)])
def test_what_gets_worse_is_noticed_within_two_windows_and_told_once(worse, shift):
    chance, told = Random(1), []
    care = HealthMonitor(alert=lambda *said: told.append(said))
    care.watch("figure", worse=worse)
    for _ in range(2000):
        care.see("figure", chance.gauss(5.0, 1.0))
    for _ in range(100):
        care.see("figure", chance.gauss(5.0 + shift, 1.0))
    assert list(care.alerts) == [("figure", "worse")]
    assert not care.is_healthy("figure")
    assert told[0][2]["usual"] == pytest.approx(5.0, abs=0.2)
    for _ in range(300):
        care.see("figure", chance.gauss(5.0 + shift, 1.0))
    for _ in range(50):
        care.see("figure", chance.gauss(5.0, 1.0))
    assert list(care.alerts) == [("figure", "worse"), ("figure", "well")]


def test_what_gets_better_and_what_is_constant_raise_no_alarm_and_a_nan_does():
    care = HealthMonitor()
    care.watch("latency")
    care.watch("constant")
    for number in range(2000):
        care.see("latency", 5.0 + number % 3 if number < 1000 else 1.0)
        care.see("constant", 1.0)
    assert not care.alerts
    for _ in range(100):
        care.see("constant", float("nan"))
    assert list(care.alerts) == [("constant", "worse")]
    with pytest.raises(ValueError, match="worse"):
        care.watch("x", worse="sideways")
