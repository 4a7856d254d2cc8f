"""Dana calls driven by a host's loop, and cancelling from everywhere."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import threading
import time

import pytest

from dana.runtime.stops import CancelStop, LimitStop

CALLS = """
def one(x):
    return answer(x) + 1

def two(x):
    with h_promises(None) as h_p:
        a = h_begin(h_p, answer, x)
        b = h_begin(h_p, answer, x)
        return h_force(a) + h_force(b)

def bad(x):
    return fail(x)

def stuck(x):
    try:
        never()
    finally:
        say(answer("cleanup", 0))

def spin(n):
    for s in h_compress(range(n), h_steps):
        pass
    answer(n)
    for s in h_compress(range(n), h_steps):
        pass
    return "done"
"""


@pytest.fixture
def calls(machine):
    machine.run(CALLS)
    return machine


def test_calls_run_side_by_side_on_the_hosts_loop(calls):
    async def host():
        return await asyncio.gather(
            *(calls.call("one", i) for i in range(50)), *(calls.call("two", i) for i in range(9))
        )

    assert asyncio.run(host()) == [i + 1 for i in range(50)] + [2 * i for i in range(9)]


def test_a_call_without_effects_needs_no_round_of_the_loop(calls):
    calls.run("def plain(x):\n    return x")
    assert asyncio.run(calls.call("plain", 3)) == 3


def test_failures_arrive_with_identity(calls):
    with pytest.raises(ValueError, match="why"):
        asyncio.run(calls.call("bad", "why"))


def test_cancelling_the_task_cancels_the_call_and_runs_its_finally(calls):
    async def host():
        task = asyncio.create_task(calls.call("stuck", 1))
        await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError) as stopped:
            await task
        assert isinstance(stopped.value.__cause__, CancelStop)
        return await calls.call("one", 1)

    assert asyncio.run(host()) == 2
    assert "cleanup" in calls.story
    assert "never ended" in calls.story


def test_a_timeout_of_the_host_ends_a_call(calls):
    async def host():
        async with asyncio.timeout(0.005):
            await calls.call("stuck", 1)

    with pytest.raises(TimeoutError):
        asyncio.run(host())


def test_each_call_has_its_own_steps(make_machine):
    machine = make_machine(steps=1000)
    machine.run(CALLS)

    async def host():
        return await asyncio.gather(*(machine.call("spin", n) for n in (100, 400, 600, 450)), return_exceptions=True)

    outcomes = asyncio.run(host())
    assert [o if isinstance(o, str) else o.which for o in outcomes] == ["done", "done", "steps", "done"]


def test_cancel_from_another_thread_wakes_every_call(calls):
    async def host():
        tasks = [asyncio.create_task(calls.call("stuck", i)) for i in range(3)]
        await asyncio.sleep(0.002)
        threading.Thread(target=calls.meter.cancel, args=("enough",)).start()
        return await asyncio.gather(*tasks, return_exceptions=True)

    outcomes = asyncio.run(host())
    assert [type(o) for o in outcomes] == [CancelStop] * 3
    assert str(outcomes[0]) == "enough"


def test_cancel_from_another_thread_wakes_a_synchronous_wait(machine):
    async def stuck():
        threading.Thread(target=machine.meter.cancel, args=("enough",)).start()
        await machine.never()

    machine.effect(stuck, "stuck")
    with pytest.raises(CancelStop, match="enough"):
        machine.run("stuck()")
    assert machine.story == ["start never", "never ended"]
    assert machine.meter.cancel() is False


def test_the_wall_limit_ends_a_wait(make_machine):
    machine = make_machine(wall_s=0.02)
    with pytest.raises(LimitStop) as stopped:
        machine.run("try:\n    never()\nexcept Exception:\n    say('swallowed')")
    assert stopped.value.which == "time"
    assert "swallowed" not in machine.story


def test_context_variables_of_the_task_are_seen(calls):
    who = contextvars.ContextVar("who")

    async def host(name):
        who.set(name)
        return await calls.call("ask_who")

    async def whoami():
        await asyncio.sleep(0)
        return who.get()

    calls.effect(whoami, "whoami")
    calls.scope["who_now"] = who.get
    calls.run("def ask_who():\n    return [who_now(), whoami(), who_now()]")

    async def both():
        return await asyncio.gather(host("a"), host("b"))

    assert asyncio.run(both()) == [["a"] * 3, ["b"] * 3]


def test_threads_take_turns_inside_a_program(calls):
    inside = []
    worst = []

    def work(n):
        inside.append(n)
        worst.append(len(inside))
        time.sleep(0.0002)
        inside.pop()

    calls.scope["work"] = work
    calls.run("def busy(x):\n    for i in range(5):\n        work(x)\n        answer(x, 0)\n    return x")
    results = []

    def synchronous(n):
        results.append(calls.guarded(lambda: calls.scope["busy"](n)))

    def driven(n):
        async def host():
            return await asyncio.gather(*(calls.call("busy", n + i) for i in range(3)))

        results.extend(asyncio.run(host()))

    threads = [
        threading.Thread(target=t, args=(n * 10,)) for n, t in enumerate([synchronous, driven, synchronous, driven])
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert sorted(results) == [0, 10, 11, 12, 20, 30, 31, 32]
    assert max(worst) == 1


def test_a_function_of_the_host_may_run_a_loop_with_calls_on_it(calls):
    def host_function(x):
        async def inner():
            return await asyncio.gather(calls.call("one", x), calls.call("one", x + 1))

        return asyncio.run(inner())

    calls.scope["host_function"] = host_function
    scope = calls.run("def outer(x):\n    r = host_function(x)\n    return r + [answer(x)]\nvalue = outer(5)")
    assert scope["value"] == [6, 7, 5]


def test_ended_calls_leave_nothing_behind(calls):
    async def host():
        await asyncio.gather(*(calls.call("two", i) for i in range(20)))
        await asyncio.gather(*(calls.call("bad", "x") for i in range(20)), return_exceptions=True)

    asyncio.run(host())
    waiting = calls.program.waiting
    assert not waiting.workers
    assert not waiting.effects
    assert calls.meter.promises == 0
    gc.collect()


def test_a_loop_that_is_closed_under_a_call_ends_it(calls):
    loop = asyncio.new_event_loop()
    task = loop.create_task(calls.call("stuck", 1))
    loop.call_later(0.002, loop.stop)
    loop.run_forever()
    assert not task.done()
    for pending in asyncio.all_tasks(loop):  # what `asyncio.run` does when its main task has ended
        pending.cancel()
    loop.run_until_complete(asyncio.gather(*asyncio.all_tasks(loop), return_exceptions=True))
    loop.close()
    assert not calls.program.waiting.workers


def test_a_coroutine_that_is_closed_ends_its_call(calls):
    async def host():
        call = calls.call("stuck", 1)
        call.send(None)
        call.close()

    asyncio.run(host())
    assert not calls.program.waiting.workers
    assert not calls.meter.is_running()
