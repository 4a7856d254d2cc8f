"""The circuit breaker against a model of it that is too simple to be wrong, and its corner cases."""

from __future__ import annotations

import threading

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from dana.adaptive.breaker import CLOSED, DISABLED, FORCED_OPEN, HALF_OPEN, OPEN, Breaker


class AgainstAModel(RuleBasedStateMachine):
    """The model keeps every outcome in a list and counts anew each time."""

    LEAST, WINDOW, OPEN_S, MOST, PROBES, PROBE_S, SLOW_S = 4, 8, 10.0, 35.0, 2, 20.0, 1.0

    def __init__(self) -> None:
        super().__init__()
        self.changes: list[tuple[str, str]] = []
        self.breaker = Breaker(
            failure_rate=0.5,
            slow_rate=0.75,
            slow_s=self.SLOW_S,
            least=self.LEAST,
            window=self.WINDOW,
            window_s=50.0,
            open_s=self.OPEN_S,
            open_max_s=self.MOST,
            probes=self.PROBES,
            probe_s=self.PROBE_S,
            on_change=lambda before, after, _now: self.changes.append((before, after)),
        )
        self.now = 0.0
        self.outcomes: list[tuple[float, bool, bool]] = []
        self.state, self.opened, self.open_for = CLOSED, 0.0, self.OPEN_S
        self.probing: list[float] = []
        self.passed = 0
        self.turn = 0
        self.forced = 0
        self.tickets: list[tuple[int, int]] = []

    @rule(seconds=st.sampled_from([0.0, 0.5, 3.0, 10.0, 20.0, 60.0]))
    def time_passes(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def a_call_asks(self) -> None:
        if self.state == OPEN and self.now - self.opened >= self.open_for:
            self.state, self.probing, self.passed = HALF_OPEN, [], 0
            self.turn += 1
        expected = self.state == CLOSED
        if self.state == HALF_OPEN:
            self.probing = [at for at in self.probing if self.now - at < self.PROBE_S]
            expected = len(self.probing) + self.passed < self.PROBES
            if expected:
                self.probing.append(self.now)
        ticket = self.breaker.admit(self.now)
        assert bool(ticket) is expected
        if ticket:
            self.tickets.append((ticket, self.turn))

    @precondition(lambda self: self.tickets)
    @rule(which=st.integers(0, 9), failed=st.booleans(), slow=st.booleans())
    def a_call_ends(self, which: int, failed: bool, slow: bool) -> None:
        ticket, turn = self.tickets.pop(which % len(self.tickets))
        took = 2.0 if slow else 0.1
        (self.breaker.failure if failed else self.breaker.success)(ticket, took, self.now)
        before = self.state
        if turn == self.turn:
            self.count(failed, slow)
        self.turn += before != self.state

    def count(self, failed: bool, slow: bool) -> None:
        if self.state == CLOSED:
            self.outcomes = [*self.outcomes, (self.now, failed, slow)][-self.WINDOW :]
            recent = [o for o in self.outcomes if o[0] > self.now - 50.0]
            if (failed or slow) and len(recent) >= self.LEAST:
                failures, slows = sum(o[1] for o in recent), sum(o[2] for o in recent)
                if failures >= 0.5 * len(recent) or slows >= 0.75 * len(recent):
                    self.state, self.opened, self.open_for = OPEN, self.now, self.OPEN_S
                    self.probing = []
            if failed or slow:
                self.outcomes = recent
        elif self.state == HALF_OPEN:
            self.probing = self.probing[1:]
            if failed or slow:
                self.state, self.opened = OPEN, self.now
                self.open_for, self.probing = min(self.MOST, self.open_for * 2), []
            else:
                self.passed += 1
                if self.passed >= self.PROBES:
                    self.state, self.outcomes, self.open_for = CLOSED, [], self.OPEN_S

    @invariant()
    def both_agree(self) -> None:
        assert self.breaker.state == self.state
        assert all(before != after for before, after in self.changes)
        allowed = {(CLOSED, OPEN), (OPEN, HALF_OPEN), (HALF_OPEN, OPEN), (HALF_OPEN, CLOSED)}
        assert sum(change not in allowed for change in self.changes) <= self.forced
        assert (self.breaker.good is not None) == (self.state == CLOSED)

    @precondition(lambda self: self.state == CLOSED)
    @rule()
    def somebody_looks(self) -> None:
        """What was left behind without a lock is counted like everything else."""
        window = self.breaker.window
        assert window.calls == len(self.outcomes)
        assert (window.failed, window.slow) == (sum(o[1] for o in self.outcomes), sum(o[2] for o in self.outcomes))

    @precondition(lambda self: self.state == HALF_OPEN and self.tickets)
    @rule(which=st.integers(0, 9))
    def a_call_is_cancelled(self, which: int) -> None:
        ticket, turn = self.tickets.pop(which % len(self.tickets))
        self.breaker.cancelled(ticket)
        if turn == self.turn and self.probing:
            self.probing.pop()

    @rule(state=st.sampled_from([CLOSED, OPEN]))
    def somebody_forces_it(self, state: str) -> None:
        before = self.state
        self.breaker.force(state, self.now)
        self.turn += 1
        self.probing = []
        self.forced += before != state
        self.state, self.open_for = state, self.OPEN_S
        if state == CLOSED:
            self.outcomes = []
        else:
            self.opened = self.now


TestAgainstAModel = AgainstAModel.TestCase
TestAgainstAModel.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)


def test_few_failures_say_nothing() -> None:
    breaker = Breaker(least=10)
    for _ in range(9):
        breaker.failure(breaker.admit(0.0), 0.1, 0.0)
    assert breaker.state is CLOSED
    breaker.failure(breaker.admit(0.0), 0.1, 0.0)
    assert breaker.state is OPEN
    assert breaker.retry_after(10.0) == 20.0


def test_slow_calls_open_it_although_none_fails() -> None:
    breaker = Breaker(slow_s=1.0, slow_rate=0.5, least=4)
    for took in (0.1, 2.0, 0.1, 2.0):
        breaker.success(breaker.admit(0.0), took, 0.0)
    assert breaker.state is OPEN


def test_a_probe_that_hangs_loses_its_place() -> None:
    breaker = Breaker(least=1, open_s=1.0, probe_s=5.0)
    breaker.failure(breaker.admit(0.0), 0.0, 0.0)
    assert breaker.admit(1.0)
    assert not breaker.admit(2.0)
    assert breaker.admit(6.0)


def test_a_cancelled_probe_gives_its_place_back() -> None:
    breaker = Breaker(least=1, open_s=1.0)
    breaker.failure(breaker.admit(0.0), 0.0, 0.0)
    ticket = breaker.admit(1.0)
    assert not breaker.admit(1.0)
    breaker.cancelled(ticket)
    assert breaker.admit(1.0)


def test_a_late_failure_from_the_outage_does_not_spoil_the_recovery() -> None:
    breaker = Breaker(least=1, open_s=1.0)
    early = breaker.admit(0.0)
    breaker.failure(breaker.admit(0.0), 0.0, 0.0)
    probe = breaker.admit(1.0)
    breaker.failure(early, 1.0, 1.0)
    assert breaker.state is HALF_OPEN
    breaker.success(probe, 0.1, 1.1)
    assert breaker.state is CLOSED


def test_a_good_call_from_before_the_outage_does_not_count_after_it() -> None:
    breaker = Breaker(least=1, open_s=1.0)
    early = breaker.good
    breaker.failure(breaker.admit(0.0), 0.0, 0.0)
    assert breaker.good is None
    breaker.success(breaker.admit(1.0), 0.1, 1.1)
    early(1.2)
    assert breaker.window.calls == 0


def test_half_open_lets_in_as_many_as_it_wants_to_probe_whoever_asks() -> None:
    breaker = Breaker(least=1, open_s=1.0, probes=3)
    breaker.failure(breaker.admit(0.0), 0.0, 0.0)
    together, tickets = threading.Barrier(8), []

    def ask() -> None:
        together.wait(5)
        tickets.append(breaker.admit(1.0))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert sum(map(bool, tickets)) == 3


def test_states_set_by_hand_stay() -> None:
    breaker = Breaker(least=1)
    breaker.force(FORCED_OPEN, 0.0)
    assert not breaker.admit(1e9)
    breaker.force(DISABLED, 0.0)
    for _ in range(100):
        breaker.failure(breaker.admit(0.0), 1.0, 0.0)
    assert breaker.admit(0.0)
    breaker.force(CLOSED, 0.0)
    assert breaker.state is CLOSED
    with pytest.raises(ValueError, match="forced"):
        breaker.force("ajar", 0.0)


@pytest.mark.parametrize(
    "options", [{"failure_rate": 0}, {"failure_rate": 1.1}, {"least": 0}, {"least": 101}, {"open_s": 0}, {"probes": 0}]
)
def test_settings_that_make_no_sense_are_refused(options) -> None:
    with pytest.raises(ValueError, match="must be"):
        Breaker(**options)


def test_ten_slow_calls_at_once_are_not_serialised() -> None:
    breaker = Breaker()
    everybody = threading.Barrier(10)

    def call() -> None:
        ticket = breaker.admit(0.0)
        everybody.wait(5)  # nobody gets past unless all ten are inside at the same time
        breaker.success(ticket, 0.1, 0.0)

    threads = [threading.Thread(target=call) for _ in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert not any(thread.is_alive() for thread in threads)
    assert breaker.window.calls == 10
