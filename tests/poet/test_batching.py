"""`batch`: single items, gathered into one call (P82)."""

from __future__ import annotations

import asyncio
import threading

import pytest

from dana.engine import Engine
from dana.poet.batching import CarrierStoppedError, UnmatchedError, matched
from dana.poet.errors import POETConfigError, POETOperateError
from dana.poet.explaining import status
from dana.poet.python import Host, disable, enable, poet
from dana.poet.registry import registry_of


def side_by_side(function, items):
    """What becomes of each item when all callers are there at once."""
    found = {}
    barrier = threading.Barrier(len(items))

    def one(item):
        barrier.wait()
        try:
            found[item] = function(item)
        except Exception as error:  # noqa: BLE001
            found[item] = error

    threads = [threading.Thread(target=one, args=(item,)) for item in items]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[item] for item in items]


def made(function, **options):
    return poet(host=Host(), **{"retries": 0, "backoff": 0, **options})(function)


def test_items_of_threads_meet_in_one_call():
    calls = []

    def double(items):
        calls.append(list(items))
        return [2 * item for item in items]

    f = made(double, batch={"size": 6, "window": 5})
    assert side_by_side(f, [1, 2, 3, 4, 5, 6]) == [2, 4, 6, 8, 10, 12]
    assert [sorted(call) for call in calls] == [[1, 2, 3, 4, 5, 6]]
    assert status(f)["calls"] == 6


def test_a_full_batch_does_not_wait_and_a_window_ends():
    calls = []

    def same(items):
        calls.append(len(items))
        return items

    f = made(same, batch={"size": 2, "window": 0.02})
    assert side_by_side(f, list("abcde")) == list("abcde")
    assert sum(calls) == 5
    assert max(calls) == 2
    assert f(items="z") == "z"


def test_an_exception_among_the_results_is_one_items_failure():
    def half(items):
        return [item / 2 if item % 2 == 0 else ValueError(f"{item} is odd") for item in items]

    f = made(half, batch={"size": 3, "window": 5})
    one, two, four = side_by_side(f, [1, 2, 4])
    assert (str(one), two, four) == ("1 is odd", 1, 2)


def test_a_bad_item_costs_only_its_own_caller_the_value():
    calls = []

    def inverse(items):
        calls.append(len(items))
        return [1 / item for item in items]

    f = made(inverse, batch={"size": 3, "window": 5})
    zero, one, two = side_by_side(f, [0, 1, 2])
    assert isinstance(zero, ZeroDivisionError)
    assert (one, two) == (1.0, 0.5)
    assert calls == [3, 1, 1, 1]


def test_what_may_pass_is_every_callers_failed_attempt():
    calls = []

    def shaky(items):
        calls.append(len(items))
        if sum(calls) <= 3:
            raise ConnectionError("no")
        return items

    f = made(shaky, batch={"size": 3, "window": 0.2}, retries=2)
    assert side_by_side(f, [1, 2, 3]) == [1, 2, 3]
    assert status(f)["outcomes"] == {"retried": 3}
    assert sum(calls) == 6


def test_every_item_has_a_pipeline_of_its_own():
    f = made(
        lambda items: [item + 1 for item in items],
        batch={"window": 0},
        perceive_handler=lambda items: {"items": int(items)},
        enforce_handler=lambda value: f"<{value}>",
    )
    assert f("3") == "<4>"


@pytest.mark.parametrize("result", [3, [1, 2], None, {}])
def test_results_are_matched_with_items(result):
    with pytest.raises(UnmatchedError) as caught:
        made(lambda items: result, batch={"window": 0})(1)
    assert caught.value._code == "E808"
    with pytest.raises(UnmatchedError):
        matched((), [1])


@pytest.mark.parametrize("function", [list, lambda a, b: a, lambda *a: a, lambda *, a: a])
def test_a_function_of_anything_else_is_refused(function):
    with pytest.raises(POETConfigError, match="must have one parameter"):
        made(function, batch={})
    with pytest.raises(TypeError):
        made(lambda items: items, batch={"window": 0})()


@pytest.mark.parametrize("batch", [5, {"size": 1}, {"window": -1}, {"window": "1"}, {"siz": 3}, {"size": 2.0}])
def test_settings_that_make_no_sense(batch):
    with pytest.raises(POETConfigError):
        made(lambda items: items, batch=batch)


def test_switched_off_items_still_go_one_by_one():
    def same(items):
        return items

    f = made(same, batch={"window": 0})
    disable(f)
    assert f(3) == 3
    enable(f)
    assert poet(enabled=False, batch={})(same)(4) == 4
    assert made(same, batch={"window": 0}, rollout=0.0)(5) == 5


def test_a_carrier_that_is_stopped_takes_nobody_with_it():
    class Stopped(BaseException):
        pass

    def f(items):
        raise Stopped

    g = made(f, batch={"size": 2, "window": 5})
    found = {}
    barrier = threading.Barrier(2)

    def one(item):
        barrier.wait()
        try:
            g(item)
        except BaseException as error:  # noqa: BLE001
            found[item] = type(error)

    threads = [threading.Thread(target=one, args=(n,)) for n in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(kind.__name__ for kind in found.values()) == ["CarrierStoppedError", "Stopped"]
    assert issubclass(CarrierStoppedError, TimeoutError)


# --- event loops ---------------------------------------------------------------------------------


def test_items_of_tasks_meet_in_one_call():
    calls = []

    async def inverse(items):
        calls.append(list(items))
        await asyncio.sleep(0)
        return [1 / item for item in items]

    f = made(inverse, batch={"size": 4, "window": 0.02})

    async def main():
        return await asyncio.gather(*(f(n) for n in (1, 2, 0, 4, 5)), return_exceptions=True)

    one, two, zero, four, five = asyncio.run(main())
    assert (one, two, four, five) == (1, 0.5, 0.25, 0.2)
    assert isinstance(zero, ZeroDivisionError)
    assert calls[0] == [1, 2, 0, 4]


def test_a_deadline_of_one_task_does_not_end_what_others_wait_for():
    async def slow(items):
        await asyncio.sleep(0.05)
        return items

    f = made(slow, batch={"size": 2, "window": 0.01})

    async def main():
        impatient = asyncio.ensure_future(f(1))
        patient = asyncio.ensure_future(f(2))
        await asyncio.sleep(0.02)
        impatient.cancel()
        return await patient

    assert asyncio.run(main()) == 2


def test_a_coroutine_switched_off(bench):
    async def same(items):
        return items

    f = made(same, batch={"window": 0})
    disable(f)
    assert asyncio.run(f(3)) == 3

    async def dead(items):
        raise ConnectionError("no")

    with pytest.raises(ConnectionError):
        asyncio.run(made(dead, batch={"window": 0})(1))
    registry_of(bench).close()


# --- programs ------------------------------------------------------------------------------------

PROGRAM = """
calls = []

@poet(batch={"size": 10, "window": 0.02}, retries=0)
def double(items: list[int]) -> list[int]:
    calls.append(len(items))
    return [2 * item for item in items]

print(parallel(double, [1, 2, 3]))
print(double(7), double(items=8))
print(calls)
"""


def test_branches_of_parallel_meet_in_one_call():
    printed = []
    Engine(on_print=printed.append).run(PROGRAM)
    assert "".join(printed).splitlines() == ["[2, 4, 6]", "14 16", "[3, 1, 1]"]


def test_a_program_is_told_whose_fault_it_is():
    text = "@poet(batch={'window': 0}, retries=1, backoff=0)\ndef f(items: list) -> list:\n    return []\n\nf(1)\n"
    with pytest.raises(Exception, match="a batch of one item gave 0 results"):
        Engine().run(text)
    text = text.replace("return []", "raise ConnectionError('no')").replace("f(1)\n", "")
    text += "try:\n    f(1)\nexcept POETOperateError as e:\n    print(len(e.attempts))\n"
    printed = []
    Engine(on_print=printed.append).run(text)
    assert "".join(printed) == "2\n"
    assert POETOperateError
