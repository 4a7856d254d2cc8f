"""Limits hold, exactly, whatever the program does to swallow them."""

from __future__ import annotations

import sys
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dana.runtime.meter import GRACE_STEPS, Meter
from dana.runtime.stops import CancelStop, LimitStop, TimeoutStop

ENDLESS = """
    n = 0
    for _ in h_steps:
        n += 1
"""


def draw(iterator, count):
    for _ in range(count):
        next(iterator)


@given(limit=st.integers(1, 3000), calls=st.lists(st.booleans(), max_size=60), jumps=st.lists(st.floats(0, 0.01)))
@settings(max_examples=60, deadline=None)
def test_exactly_the_allowed_steps_are_handed_out_whatever_the_clock_does(limit, calls, jumps):
    now = [0.0]
    meter = Meter(limit, clock=lambda: now[0], watch=False)
    meter.start()
    taken = 0
    pending = list(jumps)
    which = ""
    while not which:
        use_calls = calls[taken % len(calls)] if calls else False
        try:
            next(meter.calls if use_calls else meter.steps)
        except LimitStop as stop:
            which = stop.which
        else:
            taken += 1
        if pending:
            now[0] += pending.pop()
    assert taken == limit
    assert which == "steps"
    assert meter.used == limit
    meter.finish()


@given(st.lists(st.integers(1, 500), min_size=1, max_size=20))
@settings(max_examples=40, deadline=None)
def test_used_counts_what_was_drawn(portions):
    meter = Meter(clock=lambda: 0.0, watch=False)
    meter.start()
    for index, portion in enumerate(portions):
        draw(meter.calls if index % 2 else meter.steps, portion)
        assert meter.used == sum(portions[: index + 1])


def test_an_endless_loop_stops(make_machine):
    machine = make_machine(steps=1000)
    with pytest.raises(LimitStop, match="1,000 steps"):
        machine.run(ENDLESS)
    assert machine.scope["n"] == 1000


def test_a_second_run_starts_with_fresh_limits(make_machine):
    machine = make_machine(steps=1000)
    for _ in range(3):
        with pytest.raises(LimitStop):
            machine.run(ENDLESS)
    machine.run("for _ in h_steps: break")
    assert machine.program.meter.used == 1


def test_handlers_for_exceptions_do_not_see_a_limit(make_machine):
    machine = make_machine(steps=100)
    with pytest.raises(LimitStop):
        machine.run("""
            caught = False
            for _ in h_steps:
                try:
                    for _ in h_steps: pass
                except Exception:
                    caught = True
        """)
    assert not machine.scope["caught"]


def test_finally_runs_to_its_end_under_the_grace_budget(make_machine):
    machine = make_machine(steps=100)
    with pytest.raises(LimitStop):
        machine.run("""
            done = 0
            try:
                for _ in h_steps: pass
            finally:
                for _ in h_steps:
                    done += 1
                    if done == 50: break
        """)
    assert machine.scope["done"] == 50


def test_an_endless_finally_is_stopped_when_the_grace_is_used_up(make_machine):
    machine = make_machine(steps=100)
    with pytest.raises(LimitStop):
        machine.run("""
            done = 0
            try:
                for _ in h_steps: pass
            finally:
                for _ in h_steps: done += 1
        """)
    assert machine.scope["done"] == GRACE_STEPS


def test_the_grace_is_one_budget_for_all_finally_blocks(make_machine):
    machine = make_machine(steps=10)
    with pytest.raises(LimitStop):
        machine.run("""
            first = second = 0
            try:
                try:
                    for _ in h_steps: pass
                finally:
                    for _ in h_steps: first += 1
            finally:
                for _ in h_steps: second += 1
        """)
    assert machine.scope["first"] + machine.scope["second"] == GRACE_STEPS


def test_the_grace_ends_after_50_ms(make_machine):
    machine = make_machine(steps=10)
    with pytest.raises(LimitStop):
        machine.run(
            """
            done = 0
            try:
                for _ in h_steps: pass
            finally:
                for _ in h_steps:
                    done += 1
                    wait(0.015)
            """,
            wait=machine.clock.sleep,
        )
    assert machine.scope["done"] == 4


def test_leaving_a_finally_by_return_does_not_lift_the_limit(make_machine):
    machine = make_machine(steps=10)
    with pytest.raises(LimitStop):
        machine.run("""
            def swallow():
                try:
                    for _ in h_steps: pass
                finally:
                    return 1
            rounds = 0
            swallow()
            for _ in h_steps:
                rounds += 1
        """)
    assert machine.scope["rounds"] == 0


def test_a_timeout_caught_by_name_is_raised_again_at_the_next_check(make_machine):
    machine = make_machine(wall_s=None)
    meter = machine.program.meter
    machine.scope["push"] = lambda: meter.push_deadline(1.0)
    with pytest.raises(TimeoutStop):
        machine.run(
            """
            push()
            caught = rounds = 0
            try:
                for _ in h_steps: wait(0.1)
            except Timeout:
                caught += 1
            for _ in h_steps: rounds += 1
            """,
            wait=machine.clock.sleep,
        )
    assert machine.scope["caught"] == 1
    assert machine.scope["rounds"] == 0


def test_after_its_extent_a_deadline_stops_nothing(make_machine):
    machine = make_machine()
    machine.run(
        """
        rounds = 0
        try:
            with timeout(1.0):
                for _ in h_steps: wait(0.1)
        except Timeout as e:
            text = str(e)
        for _ in h_steps:
            rounds += 1
            if rounds == 1000: break
        """,
        wait=machine.clock.sleep,
    )
    assert machine.scope["rounds"] == 1000
    assert machine.scope["text"] == "timed out after 1 s"


def test_the_nearer_of_nested_deadlines_counts_and_each_names_its_own_token():
    now = [0.0]
    meter = Meter(clock=lambda: now[0], watch=False)
    meter.start()
    outer = meter.push_deadline(5.0)
    inner = meter.push_deadline(1.0)
    now[0] = 2.0
    with pytest.raises(TimeoutStop) as first:
        meter.check()
    assert first.value._token is inner
    meter.pop_deadline(inner)
    meter.check()
    inner = meter.push_deadline(9.0)
    now[0] = 6.0
    with pytest.raises(TimeoutStop) as second:
        meter.check()
    assert second.value._token is outer
    meter.pop_deadline(inner)
    meter.pop_deadline(outer)
    meter.check()
    assert meter.remaining() is None


def test_an_outer_deadline_that_passes_during_the_grace_of_an_inner_one_takes_over():
    now = [0.0]
    meter = Meter(clock=lambda: now[0], watch=False)
    meter.start()
    outer = meter.push_deadline(1.05)
    meter.push_deadline(1.0)
    now[0] = 1.01
    with pytest.raises(TimeoutStop):
        draw(meter.steps, 100_000)
    now[0] = 1.2
    with pytest.raises(TimeoutStop) as stop:
        next(meter.steps)
    assert stop.value._token is outer


def test_the_wall_limit_is_a_limit_and_cannot_be_caught_as_a_timeout(make_machine):
    machine = make_machine(wall_s=2.0)
    with pytest.raises(LimitStop) as stop:
        machine.run(
            """
            try:
                for _ in h_steps: wait(0.5)
            except Timeout:
                pass
            """,
            wait=machine.clock.sleep,
        )
    assert stop.value.which == "time"


def test_cancelling_stops_at_the_next_step(make_machine):
    machine = make_machine()
    meter = machine.program.meter
    assert meter.cancel() is False
    with pytest.raises(CancelStop, match="no longer wanted"):
        machine.run(
            """
            n = 0
            for _ in h_steps:
                n += 1
                if n == 5000: cancel("no longer wanted")
            """,
            cancel=meter.cancel,
        )
    assert machine.scope["n"] == 5000


def test_cancelling_from_another_thread_stops_a_loop_in_the_middle_of_its_chunk():
    meter = Meter()
    meter.start()
    ready = threading.Event()

    def cancel():
        ready.wait(10)
        meter.cancel("by the host")

    thread = threading.Thread(target=cancel)
    thread.start()
    with pytest.raises(CancelStop):
        all(ready.set() is None for _ in meter.steps)
    thread.join()
    meter.finish()


def test_the_watchdog_ends_a_loop_whose_rounds_become_slow():
    """A chunk of thousands of quick rounds, then rounds that take milliseconds: the deadline still holds."""
    from time import monotonic

    meter = Meter(wall_s=0.15)
    meter.start()
    began = monotonic()
    with pytest.raises(LimitStop):
        all(n < 20_000 or sum(range(100_000)) for n, _ in enumerate(meter.steps))
    assert monotonic() - began < 1.0
    meter.finish()


RECURSION = """
    def f(n):
        global deepest
        deepest = n
        for _ in h_calls: break
        f(n + 1)
    f(1)
"""


def test_a_runaway_recursion_stops_at_exactly_the_depth_limit(make_machine):
    for depth in (1, 5, 100, 1000, 3000):
        machine = make_machine(depth=depth)
        with pytest.raises(LimitStop) as stop:
            machine.run(RECURSION)
        assert stop.value.which == "depth"
        # The function notes its depth before it asks: the call that is one too deep notes it too.
        assert machine.scope["deepest"] == depth + 1


def test_recursion_up_to_the_limit_is_fine(make_machine):
    machine = make_machine(depth=500)
    machine.run("""
        def f(n):
            for _ in h_calls: break
            return 0 if n == 0 else 1 + f(n - 1)
        again = [f(498) for _ in range(20)]
    """)
    assert machine.scope["again"] == [498] * 20


def test_a_depth_stop_stays_and_cannot_be_multiplied_by_finally_blocks(make_machine):
    machine = make_machine(depth=300)
    with pytest.raises(LimitStop):
        machine.run("""
            visits = 0
            def f():
                global visits
                visits += 1
                for _ in h_calls: break
                try:
                    f()
                finally:
                    f()
            f()
        """)
    assert machine.scope["visits"] < 3 * GRACE_STEPS


def test_cpython_s_own_recursion_limit_becomes_the_depth_limit(make_machine):
    machine = make_machine()
    with pytest.raises(LimitStop, match="nested deeper"):
        machine.run("""
            def f(): return f()
            try:
                f()
            except h_RecursionError as e:
                raise h_depth(e)
        """)


def test_the_recursion_limit_of_the_process_only_grows(make_machine):
    before = sys.getrecursionlimit()
    make_machine(depth=50).run("pass")
    assert sys.getrecursionlimit() >= before


def test_compress_and_builtins_over_endless_iterators_count_steps(make_machine):
    machine = make_machine(steps=100_000)
    for text in (
        "sum(range(10 ** 11))",
        "list(iter(int, 1))",
        "max(range(10 ** 12))",
        "any(iter(int, 1))",
        "sorted(iter(int, 1))",
        "list(filter(lambda v: False, range(10 ** 12)))",
        "set(iter(int, 1))",
        "dict(zip(iter(int, 1), iter(int, 1)))",
        "for _ in h_compress(iter(int, 1), h_steps): pass",
    ):
        with pytest.raises(LimitStop):
            machine.run(text)


def test_chunks_adapt_to_the_work_in_a_round():
    now = [0.0]
    meter = Meter(clock=lambda: now[0], watch=False)
    meter.start()
    draw(meter.steps, 100_000)
    assert meter._step_lane.size == 8192
    for _ in range(40_000):
        next(meter.steps)
        now[0] += 0.001
    assert meter._step_lane.size == 16


def test_closing_a_stopped_program_may_use_the_grace(make_machine):
    machine = make_machine(steps=10)
    meter = machine.program.meter
    meter.start()
    with pytest.raises(LimitStop):
        draw(meter.steps, 11)
    with pytest.raises(LimitStop):
        next(meter.steps)
    meter.closing()
    draw(meter.steps, 100)
    meter.finish()


def test_a_run_that_ends_while_the_watchdog_looks_at_it_does_not_end_the_watchdog():
    """The watchdog's thread reads what the run's thread clears; in between, the clock is asked."""
    from dana.runtime.watchdog import Watchdog

    ends = [False]
    meter = Meter(wall_s=5, clock=lambda: meter.finish() or 100.0 if ends[0] and meter.is_running() else 0.0)
    watchdog = Watchdog()
    for look in (meter.is_due, meter.remaining, meter.overdue, lambda: watchdog._look(meter)):
        ends[0] = False
        meter.start()
        ends[0] = True
        look()
        assert not meter.is_running()
        assert not meter.is_due()
        assert meter.remaining() is None
