"""`async def` functions: the direct form where only retries are on, and every other one."""

from __future__ import annotations

import asyncio
import random

import pytest

from dana.poet import disable, enable
from dana.poet.errors import POETBulkheadFullError, POETError, POETTimeoutError
from dana.poet.pipeline import plan_of
from dana.poet.python import Host, poet


@pytest.fixture
def host():
    return Host(random=random.Random(1))


def flaky(host, times, fault=ConnectionError, **options):
    """A function that fails so many times before it gives how often it was called."""
    called = []

    @poet(host=host, backoff=0, **options)
    async def fetch(n=1):
        called.append(n)
        if len(called) <= times:
            raise fault("no")
        return len(called)

    return fetch


OTHERS = [{}, {"breaker": True}, {"timeout": 30}, {"retry_budget": 1.0}, {"bulkhead": 3}, {"fallback": lambda n=1: 0}]


@pytest.mark.parametrize("options", OTHERS)
def test_attempts_are_made_until_one_succeeds(host, options):
    fetch = flaky(host, 2, **options)
    assert asyncio.run(fetch()) == 3
    assert plan_of(fetch).calls.count == 1


def test_calls_are_counted_as_those_of_ordinary_functions_are(host):
    fetch = flaky(host, 1)
    for _ in range(3):
        asyncio.run(fetch())
    calls = plan_of(fetch).calls
    assert calls.outcomes[:2] == [2, 1]
    assert calls.failed == 1


@pytest.mark.parametrize("options", OTHERS[:4])
def test_the_error_tells_of_all_attempts(host, options):
    fetch = flaky(host, 9, retries=2, **options)
    with pytest.raises(POETError, match="3 attempts"):
        asyncio.run(fetch())


@pytest.mark.parametrize("options", OTHERS[:2])
def test_a_mistake_of_the_program_is_not_tried_again(host, options):
    called = []

    @poet(host=host, backoff=0, **options)
    async def wrong():
        called.append(1)
        raise RecursionError("deep")

    with pytest.raises(RecursionError):
        asyncio.run(wrong())
    assert called == [1]


def test_a_cancelled_call_ends_at_once(host):
    @poet(host=host)
    async def endless():
        await asyncio.sleep(1000)

    async def program():
        task = asyncio.ensure_future(endless())
        await asyncio.sleep(0)
        task.cancel()
        await task

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(program())


def test_switched_off_it_is_the_bare_function(host):
    fetch = flaky(host, 1)
    disable(fetch)
    with pytest.raises(ConnectionError):
        asyncio.run(fetch())
    enable(fetch)
    assert asyncio.run(fetch()) == 2


def test_a_budget_is_fed_by_calls_and_spent_by_retries(host):
    fetch = flaky(host, 50, retry_budget=0.1, retries=5)
    for _ in range(3):
        with pytest.raises(POETError):
            asyncio.run(fetch())
    assert plan_of(fetch).calls.failed < 18


def test_results_are_cached(host):
    called = []

    @poet(host=host, cache=True)
    async def double(n):
        called.append(n)
        return n * 2

    assert [asyncio.run(double(2)) for _ in range(3)] == [4, 4, 4]
    assert called == [2]


def test_a_share_of_the_calls_takes_the_pipeline(host):
    called = []

    @poet(host=host, rollout=0.5, backoff=0, retries=1)
    async def fails(n):
        called.append(n)
        raise ConnectionError("no")

    for n in range(20):
        with pytest.raises((POETError, ConnectionError)):
            asyncio.run(fails(n))
    assert 20 < len(called) < 40


def test_a_deadline_ends_the_attempt_and_a_timeout_of_its_own_is_an_ordinary_fault(host):
    @poet(host=host, timeout=0.01, retries=0)
    async def slow():
        await asyncio.sleep(1000)

    with pytest.raises(POETTimeoutError):
        asyncio.run(slow())
    impatient = flaky(host, 1, fault=TimeoutError, timeout=30)
    assert asyncio.run(impatient()) == 2


def test_a_full_bulkhead_refuses(host):
    @poet(host=host, bulkhead=1, retries=0)
    async def fetch(gate):
        await gate.wait()
        return 1

    async def program():
        gate = asyncio.Event()
        first = asyncio.ensure_future(fetch(gate))
        await asyncio.sleep(0)
        with pytest.raises(POETBulkheadFullError):
            await fetch(gate)
        gate.set()
        return await first

    assert asyncio.run(program()) == 1


def test_a_store_is_asked_before_the_first_call(host, tmp_path):
    fetch = flaky(host, 1, store=str(tmp_path / "learnt.db"))
    assert asyncio.run(fetch()) == 2
    assert asyncio.run(fetch()) == 3


def test_name_docs_and_signature_stay(host):
    import inspect

    @poet(host=host)
    async def fetch(n: int, *, m: str = "x") -> int:
        """What it does."""
        return n

    assert inspect.iscoroutinefunction(fetch)
    assert fetch.__name__ == "fetch"
    assert fetch.__doc__ == "What it does."
    assert str(inspect.signature(fetch)) == "(n: 'int', *, m: 'str' = 'x') -> 'int'"


def test_a_thousand_functions_and_a_thousand_calls_that_wait_take_less_than_8_mb(host):
    import tracemalloc

    gate = asyncio.Event()

    def made():
        @poet(host=host, retries=3)
        async def fetch(n):
            await gate.wait()
            return n

        return fetch

    async def program():
        calls = [asyncio.ensure_future(made()(n)) for n in range(1000)]
        await asyncio.sleep(0)
        used, _ = tracemalloc.get_traced_memory()
        gate.set()
        return used, await asyncio.gather(*calls)

    tracemalloc.start(1)
    try:
        used, values = asyncio.run(program())
    finally:
        tracemalloc.stop()
    assert values == list(range(1000))
    assert used < 8_000_000
