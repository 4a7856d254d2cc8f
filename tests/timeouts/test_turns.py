"""While one of several runs is near its deadline, threads take shorter turns; afterwards, usual ones."""

from __future__ import annotations

import sys

import pytest

from dana.runtime.meter import Meter
from dana.runtime.watchdog import NEAR_S, TURN_S, Watchdog, is_near


@pytest.fixture
def turns():
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.005)
    yield
    sys.setswitchinterval(before)


def running(left: float) -> Meter:
    meter = Meter(watch=False)
    meter.start()
    meter.push_deadline(left)
    return meter


def test_turns_are_shorter_while_one_of_two_runs_is_near_its_end(turns):
    dog = Watchdog()
    dog.meters = {running(60), running(NEAR_S / 2)}
    dog.hurry()
    assert sys.getswitchinterval() == pytest.approx(TURN_S)
    dog._share(near=False)
    assert sys.getswitchinterval() == pytest.approx(0.005)


def test_a_run_that_is_alone_needs_no_shorter_turns(turns):
    dog = Watchdog()
    dog.meters = {running(NEAR_S / 2)}
    dog.hurry()
    assert sys.getswitchinterval() == pytest.approx(0.005)


def test_what_the_host_has_set_meanwhile_stays(turns):
    dog = Watchdog()
    dog._share(near=True)
    sys.setswitchinterval(0.002)
    dog._share(near=False)
    assert sys.getswitchinterval() == pytest.approx(0.002)


def test_turns_that_are_short_already_stay_as_they_are(turns):
    sys.setswitchinterval(0.0001)
    dog = Watchdog()
    dog._share(near=True)
    dog._share(near=False)
    assert sys.getswitchinterval() == pytest.approx(0.0001)


def test_a_run_is_near_its_end_only_while_it_runs():
    assert is_near(running(NEAR_S / 2))
    assert not is_near(running(60))
    assert not is_near(Meter(watch=False))


def test_others_give_way_to_a_run_whose_time_is_over(turns, monkeypatch):
    """At the ends of their chunks, for a moment, and not for longer than the late one needs."""
    from dana.runtime import watchdog
    from dana.runtime.meter import NEVER, WATCHERS

    slept = []
    monkeypatch.setattr(watchdog, "sleep", slept.append)
    dog = Watchdog()
    monkeypatch.setattr(WATCHERS, "dog", dog)
    late, other = running(0.0), running(60)
    try:
        dog.meters = {late, other}
        dog._plan()
        assert WATCHERS.due == late._deadline
        next(iter(other.steps))
        assert slept == [watchdog.WAY_S]
        other._cut()
        other.clock = lambda: late._deadline + 1
        next(iter(other.steps))
        assert len(slept) == 1, "it does not hear: nobody waits for it any longer"
        assert WATCHERS.due == NEVER
        dog._plan()
        dog.forget(late)
        assert WATCHERS.due == NEVER, "who is alone gives way to nobody"
    finally:
        WATCHERS.due = NEVER
