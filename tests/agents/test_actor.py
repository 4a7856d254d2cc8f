"""An agent at work: asks side by side, accounts and limits, faults that crash and faults that do not, the end."""

# ruff: noqa: PLW0108  (an ask is made where it runs, inside the program)
from __future__ import annotations

import asyncio
import gc
import threading
import time
from contextlib import suppress

import pytest

import dana
from dana.adaptive.clock import FakeClock
from dana.adaptive.sharing import UNTIL, Until
from dana.agents import actor as actors
from dana.agents.system import system_of
from dana.runtime.effects.bridge import drive
from dana.runtime.exceptions import AgentFault
from dana.runtime.stops import CancelStop, LimitStop, TimeoutStop
from tests.agents.stages import Stage


def test_a_worker_exists_only_while_there_are_messages(stage):
    a = stage.agent("A")

    def main():
        assert a._actor.worker is None
        answer = a._actor.ask(a.rest, (0.002,))
        assert a._actor.worker is not None
        stage.system.wait(answer, None)
        stage.rest(0)
        assert answer.result() == 0.002
        assert a._actor.worker is None
        assert not [each for each in stage.program.waiting.workers if isinstance(each, actors.Runner)]

    stage.run(main)


def test_ten_asks_to_ten_agents_run_side_by_side(stage):
    crew = [stage.agent(f"A{n}") for n in range(10)]

    def main():
        began = time.monotonic()
        answers = [each._actor.ask(each.rest, (0.02,)) for each in crew]
        for answer in answers:
            stage.system.wait(answer, None)
        return time.monotonic() - began

    assert stage.run(main) < 0.15


def test_current_is_the_one_whose_message_runs(stage):
    a, b = stage.agent("A"), stage.agent("B")
    system = stage.system

    def inner():
        first = system.current
        b.ask("rest", 0.001)()
        return first is system.current is a._actor

    def main():
        assert system.current is None
        assert a.ask(inner)()
        assert system.current is None
        stage.rest(0.001)
        assert system.current is None

    stage.run(main)


def test_a_trace_goes_with_what_it_causes(stage):
    a, b = stage.agent("A"), stage.agent("B")
    system = stage.system

    def main():
        mine = system.trace
        assert a.ask("call", lambda: b.ask("call", lambda: system.trace)())() == mine

    stage.run(main)


def test_the_steps_of_agents_are_on_the_account_of_the_run():
    stage = Stage(steps=10_000)
    a = stage.agent("A")
    with pytest.raises(LimitStop):
        stage.run(lambda: a.ask("call", lambda: stage.meter.charge(20_000) and [0 for _ in stage.meter.steps])())


def test_a_limit_reached_in_a_message_nobody_waits_for_ends_the_program():
    stage = Stage(steps=5_000)
    a = stage.agent("A")

    def main():
        a.tell("call", lambda: [0 for _ in stage.meter.steps])
        stage.rest(0.02)

    with pytest.raises((LimitStop, CancelStop)):
        stage.run(main)
    assert isinstance(stage.problems[0], LimitStop)


def test_the_wall_clock_limit_holds_in_agents(stage):
    limited = Stage(driven=stage.driven, wall_s=0.03)
    a = limited.agent("A")
    with pytest.raises(LimitStop):
        limited.run(lambda: a.ask("rest", 5)())


def test_a_deadline_of_the_asker_ends_what_waits(stage):
    a = stage.agent("A")

    def main():
        token = stage.meter.push_deadline(0.005)
        with pytest.raises(TimeoutStop) as late:
            a.ask("rest", 5)()
        assert late.value._token is token
        stage.meter.pop_deadline(token)
        return a.ask("add")()

    began = time.monotonic()
    assert stage.run(main) == 1
    assert time.monotonic() - began < 2


def test_a_deadline_of_the_asker_ends_what_computes(stage):
    a, b = stage.agent("A"), stage.agent("B")

    def spin():
        for _ in stage.meter.steps:
            a.count += 1

    def main(ask):
        token = stage.meter.push_deadline(0.02)
        with pytest.raises(TimeoutStop) as late:
            ask()
        assert late.value._token is token
        stage.meter.pop_deadline(token)
        for _ in range(200):
            next(stage.meter.steps)
        return a.ask("add", 0)()

    def both():
        first = main(a.ask(spin))
        second = main(lambda: b.ask("call", lambda: a.ask(spin)())())
        return 0 < first < second

    assert stage.run(both)
    assert a._actor.crashes == b._actor.crashes == 0


def test_the_time_of_a_question_is_none_of_a_message_s(stage):
    """A worker begins where somebody asks, and then does what others want of it."""
    a = stage.agent("A")

    def main():
        UNTIL.set(Until(0.0, 0.1))
        found = a.ask("call", UNTIL.get)()
        assert UNTIL.get() is not None
        UNTIL.set(None)
        return found

    assert stage.run(main) is None


def test_the_nearer_of_two_deadlines_ends_a_message(stage):
    a = stage.agent("A")

    def work():
        token = stage.meter.push_deadline(0.005)
        with pytest.raises(TimeoutStop) as late:
            stage.rest(5)
        assert late.value._token is token
        stage.meter.pop_deadline(token)
        return "own"

    def main():
        token = stage.meter.push_deadline(4)
        said = a.ask(work)()
        stage.meter.pop_deadline(token)
        return said

    assert stage.run(main) == "own"


def test_an_ask_with_a_time_stops_an_agent_that_computes(stage):
    a = stage.agent("A")

    def main():
        with pytest.raises(TimeoutStop) as late:
            a.ask("call", lambda: [0 for _ in stage.meter.steps], timeout=0.01)()
        assert late.value._code == "E863"
        return a.ask("add")()

    assert stage.run(main) == 1


def test_an_agent_that_waits_when_its_asker_leaves_may_compute_on(stage):
    a = stage.agent("A")

    def work():
        stage.rest(0.01)
        began = time.monotonic()
        while time.monotonic() - began < 0.1:
            next(stage.meter.steps)
        a.add(5)

    def main():
        with pytest.raises(TimeoutStop) as late:
            a.ask(work, timeout=0.003)()
        assert late.value._code == "E863"
        return a.ask("add", 0)()

    assert stage.run(main) == 5


def test_an_abandoned_message_ends_with_all_it_has_asked(stage):
    a, b, c = (stage.agent(name) for name in "ABC")
    ended = []

    def last():
        try:
            stage.rest(5)
        finally:
            ended.append("C")

    def main():
        answer = a._actor.ask(lambda: b.ask("call", lambda: c.ask(last)())())
        stage.rest(0.002)
        assert c._actor.message is not None
        answer.cancel()
        return [each.ask("add")() for each in (a, b, c)]

    began = time.monotonic()
    assert stage.run(main) == [1, 1, 1]
    assert time.monotonic() - began < 2
    assert ended == ["C"]
    assert [stage.kinds(each._actor.id).count("actor.abandoned") for each in (a, b, c)] == [1, 1, 1]


def test_cancelling_the_host_s_task_cancels_the_call():
    stage = Stage(driven=True)
    a = stage.agent("A")

    async def main():
        def whole():
            stage.meter.start()
            try:
                a.ask("rest", 5)()
            finally:
                stage.problems = stage.program.close()
                stage.meter.finish()

        task = asyncio.ensure_future(drive(stage.program, whole))
        await asyncio.sleep(0.005)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    began = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - began < 2
    assert not stage.system.busy


# --- what crashes and what does not -----------------------------------------------------------------


@pytest.mark.parametrize(
    "error", [ValueError("x"), KeyError("k"), ZeroDivisionError(), ConnectionError(), PermissionError(), TypeError("t")]
)
def test_what_is_wrong_with_the_request_or_the_world_leaves_the_agent_as_it_is(stage, error):
    a = stage.agent("A")

    def main():
        a.ask("add", 3)()
        with pytest.raises(type(error)) as caught:
            a.ask("fail", error)()
        assert caught.value is error
        assert a.ask("add", 0)() == 3
        assert a._actor.incarnation == 1

    stage.run(main)


@pytest.mark.parametrize(
    "error", [AttributeError("x"), NameError("n"), RuntimeError("r"), RecursionError(), MemoryError()]
)
def test_a_bug_restarts_the_agent(stage, error):
    a = stage.agent("A")

    def main():
        a.ask("add", 3)()
        with pytest.raises(type(error)):
            a.ask("fail", error)()
        assert a.ask("add", 0)() == 0
        assert a._actor.incarnation == 2
        assert a._actor.health() == ("degraded", f"restarted lately: {a._actor.reason}")

    stage.run(main)
    assert [k for k in stage.kinds() if k != "actor.stopped"] == ["actor.started", "actor.crashed", "actor.restarted"]


def test_init_runs_again_at_a_restart_as_the_agent_s_own_code(stage):
    seen = []
    a = stage.agent("A", init=lambda agent: seen.append(stage.system.current is agent._actor))

    def main():
        with pytest.raises(AttributeError):
            a.ask("bug")()
        a.ask("add")()

    stage.run(main)
    assert seen == [True]


def test_an_exception_that_nobody_waits_for_is_told(stage):
    a = stage.agent("A")
    stage.run(lambda: a.tell("fail", ValueError("lost?")))
    assert stage.logged == ["warning: agent `A`: `fail` failed, and nobody waits for it: ValueError: lost?"]


def test_a_crash_never_delays_another_agent_by_more_than_ten_milliseconds(stage):
    other = stage.agent("Other")
    crashing = [stage.agent(f"C{n}", supervisor=None) for n in range(3)]
    gaps = []

    def beat():
        last = time.perf_counter()
        for _ in range(30):
            stage.rest(0)
            now = time.perf_counter()
            gaps.append(now - last)
            last = now

    def main():
        answer = other._actor.ask(beat)
        for agent in crashing:
            agent.tell("bug")
        stage.system.wait(answer, None)

    stage.run(main)
    assert sorted(gaps)[-2] < 0.01


# --- the ways of asking -----------------------------------------------------------------------------


def test_a_long_cycle_is_named(stage):
    a, b, c = (stage.agent(name) for name in "ABC")
    way = lambda: b.ask("call", lambda: c.ask("call", lambda: a.ask("add")())())()  # noqa: E731
    with pytest.raises(AgentFault, match="`C` → `A` → `B` → `C`"):
        stage.run(lambda: a.ask("call", way)())


def test_two_that_ask_each_other_at_the_same_time_do_not_wait_forever(stage):
    a, b = stage.agent("A"), stage.agent("B")

    def main():
        one = a._actor.ask(lambda: (stage.rest(0.001), b.ask("add")())[1])
        two = b._actor.ask(lambda: (stage.rest(0.001), a.ask("add")())[1])
        for each in (one, two):
            with suppress(AgentFault):
                stage.system.wait(each, 1.0)
        return [each.exception() is None for each in (one, two)]

    assert sorted(stage.run(main)) == [False, True]


def test_a_send_closes_no_cycle(stage):
    a, b = stage.agent("A"), stage.agent("B")
    stage.run(lambda: a.ask("call", lambda: b.ask("call", lambda: a.tell("say", "hello"))())())
    assert stage.story == ["A hello"]


def test_what_crosses_is_copied(stage):
    a = stage.agent("A")
    given = {"list": [1, 2]}

    def keep(value):
        a.kept = value
        value["list"].append(3)
        return value

    def main():
        got = a.ask(keep, given)()
        got["list"].append(4)
        return got

    assert stage.run(main) == {"list": [1, 2, 3, 4]}
    assert given == {"list": [1, 2]}
    assert a.kept == {"list": [1, 2, 3]}


def test_higher_priorities_get_their_turn_first(stage):
    low, high = stage.agent("Low"), stage.agent("High")

    def main():
        low._actor.set_priority("low")
        high._actor.set_priority("critical")
        low.tell("say", 1)
        high.tell("say", 1)
        stage.rest(0.001)

    stage.run(main)
    assert stage.story == ["High 1", "Low 1"]


def test_a_long_mailbox_does_not_hold_up_others(stage):
    busy, quick = stage.agent("Busy", mailbox=10_000), stage.agent("Quick")

    def work():
        time.sleep(0.0002)
        busy.count += 1

    def main():
        for _ in range(100):
            busy.tell(work)
        quick.ask("add")()
        return busy.count

    assert stage.run(main) < 30
    assert busy.count == 100


def test_an_agent_that_nobody_holds_is_let_go(stage):
    def main():
        stage.agent("A").ask("add")()
        stage.rest(0)  # what drives the program holds the last answer
        gc.collect()
        return len(stage.system.root.children)

    assert stage.run(main) == 0


# --- the end ---------------------------------------------------------------------------------------


def test_the_end_of_a_program_processes_what_was_accepted(stage):
    a, b = stage.agent("A"), stage.agent("B")

    def main():
        for number in range(5):
            a.tell("call", lambda n=number: (stage.rest(0.001), b.tell("say", n)))

    stage.run(main)
    assert stage.story == [f"B {number}" for number in range(5)]
    assert (a._actor.state, b._actor.state) == ("stopped", "stopped")


def test_resources_stop_after_the_agents(stage):
    a = stage.agent("A", cleanup=lambda: stage.story.append("agent"))

    class Thing:
        def stop(self):
            stage.story.append("resource")
            stage.program.running.remove(self)

    stage.program.running.append(Thing())
    stage.run(lambda: a.ask("add")())
    assert stage.story == ["agent", "resource"]


def test_what_does_not_end_is_ended(stage, monkeypatch):
    monkeypatch.setattr("dana.agents.system.DRAIN_S", 0.005)
    monkeypatch.setattr("dana.agents.system.STOP_S", 0.005)
    a = stage.agent("A")
    began = time.monotonic()

    def forever():
        try:
            stage.rest(60)
        finally:
            stage.story.append("ended")

    stage.run(lambda: a.tell(forever))
    assert time.monotonic() - began < 1
    assert stage.story == ["ended"]
    assert not stage.program.waiting.workers or stage.driven


def test_after_a_limit_nothing_more_is_processed(stage):
    limited = Stage(driven=stage.driven, wall_s=0.02)
    a = limited.agent("A")

    def main():
        for _ in range(3):
            a.tell("rest", 0.01)
        a.tell("say", "too late")
        limited.rest(1)

    with pytest.raises(LimitStop):
        limited.run(main)
    assert limited.story == []


def test_when_the_root_gives_up_the_program_ends_with_it(stage):
    a = stage.agent("A")

    def main():
        for _ in range(4):
            with pytest.raises(AttributeError):
                a.ask("bug")()
        with pytest.raises(AgentFault) as refused:
            stage.agent("B").ask("add")()
        return refused.value._code

    assert stage.run(main) == "E865"
    assert [error._code for error in stage.problems] == ["E865"]


def test_when_the_root_gives_up_who_waits_for_something_else_is_stopped(stage):
    a = stage.agent("A")

    def main():
        for _ in range(4):
            a.tell("bug")
        stage.rest(30)

    with pytest.raises(CancelStop) as stopped:
        stage.run(main)
    assert stopped.value._code == "E865"


# --- clocks and platforms -------------------------------------------------------------------------


def test_a_fake_clock_decides_about_intensity():
    clock = FakeClock()
    stage = Stage(clock=clock)
    supervisor = stage.system.supervisor("crew", limit=1, within=5)
    a = stage.agent("A", supervisor=supervisor)

    def main():
        for _ in range(5):
            with pytest.raises(AttributeError):
                a.ask("bug")()
            clock.advance(6)

    stage.run(main)
    assert supervisor.intensity.recent(clock.now) == 0


def test_a_fake_clock_decides_about_asks():
    clock = FakeClock()
    stage = Stage(clock=clock)
    a = stage.agent("A")

    def main():
        a.ask("call", lambda: clock.sleep(29))()
        with pytest.raises(TimeoutStop) as late:
            a.ask("call", lambda: clock.sleep(31))()
        assert late.value._code == "E863"
        a._actor.pause()
        now = clock.now
        with pytest.raises(TimeoutStop):
            a.ask("add", timeout=20)()
        assert clock.now == now + 20

    stage.run(main)


def test_without_greenlet_messages_are_processed_where_somebody_waits(monkeypatch):
    monkeypatch.setattr("dana.runtime.effects.bridge.AVAILABLE", False)
    stage = Stage()
    a, b = stage.agent("A", mailbox=3), stage.agent("B")

    def main():
        assert a.ask("add", 2)() == 2
        a.tell("say", 1)
        assert stage.story == []
        assert a.ask("call", lambda: b.ask("add")())() == 1
        assert stage.story == ["A 1"]
        for number in range(2, 9):
            a.tell("say", number)
        with pytest.raises(AttributeError):
            a.ask("bug")()
        assert a.ask("add", 0)() == 0
        with pytest.raises(AgentFault, match="wait for each other"):
            a.ask("call", lambda: b.ask("call", lambda: a.ask("add")())())()
        b.tell("say", "last")

    stage.run(main)
    assert stage.story == [*(f"A {n}" for n in range(1, 9)), "rebuild A", "B last"]
    assert (a._actor.state, b._actor.state) == ("stopped", "stopped")


def test_an_agent_outlives_the_loop_it_was_used_on():
    stage = Stage(driven=True)
    a = stage.agent("A")
    assert stage.run(lambda: a.ask("add")(), close=False) == 1
    assert stage.run(lambda: a.ask("add")(), close=False) == 2
    stage.driven = False
    assert stage.run(lambda: a.ask("add")()) == 3


def test_a_program_has_one_system():
    stage = Stage()
    assert system_of(stage.program) is stage.system


def test_threads_of_the_host_may_share_agents():
    module = dana.Engine().load(
        "agent_blueprint Counter:\n"
        "    n: int = 0\n"
        "    def add(self, k: int) -> int:\n"
        "        self.n += k\n"
        "        return self.n\n"
        "c = Counter()\n"
        "def many(times: int):\n"
        "    for i in range(times):\n"
        "        c.add(1)\n"
        "        c.send('add', 1)\n"
        "def total() -> int:\n"
        "    return c.add(0)\n"
    )
    threads = [threading.Thread(target=module.many, args=(100,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert not any(thread.is_alive() for thread in threads)
    assert module.total() == 800
