"""`hedge`: a second attempt beside one that is late."""

from __future__ import annotations

import asyncio

import pytest

from dana.engine import Engine
from dana.poet.errors import POETConfigError, POETTimeoutError
from dana.poet.explaining import status
from dana.poet.pipeline import plan_of
from dana.poet.python import Host, poet


def made(function, **options):
    return poet(host=Host(), **{"retries": 0, **options})(function)


class Service:
    """Answers with the number of the attempt, each after its own time; a time that is an exception is raised."""

    def __init__(self, *times):
        self.times = times
        self.begun = 0
        self.cancelled = []

    async def __call__(self, *_args):
        number = self.begun
        self.begun += 1
        took = self.times[number]
        try:
            if isinstance(took, Exception):
                raise took
            await asyncio.sleep(took)
        except asyncio.CancelledError:
            self.cancelled.append(number)
            raise
        return number


def asked(service, **options):
    async def ask(x=0):
        return await service(x)

    return made(ask, **options)


def test_the_first_answer_counts_and_the_late_one_is_cancelled():
    service = Service(5, 0)
    f = asked(service, hedge=0.005)
    assert asyncio.run(f()) == 1
    assert service.cancelled == [0]
    hedge = plan_of(f).hedging
    assert (hedge.begun, hedge.won) == (1, 1)
    assert status(f)["hedge"] == {"begun": 1, "won": 1}


def test_an_answer_in_time_needs_no_second_attempt():
    service = Service(0)
    assert asyncio.run(asked(service, hedge=1.0)()) == 0
    assert service.begun == 1


def test_a_failure_before_the_hedge_is_a_failed_attempt():
    service = Service(ConnectionError("no"), 0)
    with pytest.raises(ConnectionError):
        asyncio.run(asked(service, hedge=0.01)())
    assert service.begun == 1


def test_a_failure_beside_another_attempt_leaves_it_to_the_other():
    service = Service(0.02, ConnectionError("no"))
    assert asyncio.run(asked(service, hedge=0.005)()) == 0
    both = Service(0.02, ConnectionError("second"))

    async def fails(x=0):
        await both(x)
        raise ConnectionError("first")

    with pytest.raises(ConnectionError, match="first"):
        asyncio.run(made(fails, hedge=0.005)())


def test_a_deadline_ends_both():
    service = Service(5, 5)
    with pytest.raises(POETTimeoutError):
        asyncio.run(asked(service, hedge=0.005, timeout=0.03)())
    assert sorted(service.cancelled) == [0, 1]


def test_percentiles_need_calls():
    times = [0.0] * 20 + [5, 0]
    service = Service(*times)
    f = asked(service, hedge="p95")
    for _ in range(20):
        asyncio.run(f())
    assert plan_of(f).hedging.delay() is not None
    assert asyncio.run(f()) == 21
    assert plan_of(f).hedging.begun >= 1


def test_what_computes_is_not_hedged():
    with pytest.raises(POETConfigError, match="computes, it waits for nobody") as caught:
        made(lambda: 1, hedge=0.1)
    assert caught.value._code == "E807"
    with pytest.raises(Exception, match="computes, it waits for nobody"):
        Engine().run("@poet(hedge=0.1)\ndef f() -> int:\n    return 1\n")


@pytest.mark.parametrize("hedge", [0, -1, "p", "p42", {}, [1], True])
def test_settings_that_make_no_sense(hedge):
    async def f():
        return 1

    with pytest.raises(POETConfigError):
        made(f, hedge=hedge)


# --- programs ------------------------------------------------------------------------------------


def run(text, service, writes=False):
    printed = []
    engine = Engine(on_print=printed.append)
    engine.host("service", writes=writes)(service)
    engine.run(text)
    return "".join(printed)


PROGRAM = """
from poet import status

@poet(hedge=0.005, retries=0)
def asked() -> int:
    return service() + 10

print(asked(), status(asked)["hedge"])
"""


def test_a_program_asks_twice_and_takes_the_first_answer():
    times = [5, 0]
    cancelled = []

    async def service() -> int:
        took = times.pop(0)
        try:
            await asyncio.sleep(took)
        except asyncio.CancelledError:
            cancelled.append(took)
            raise
        return took

    assert run(PROGRAM, service) == "10 {'begun': 1, 'won': 1}\n"
    assert cancelled == [5]


def test_a_program_asks_once_where_the_answer_is_there():
    async def service() -> int:
        return 1

    assert run(PROGRAM, service) == "11 {'begun': 0, 'won': 0}\n"


def test_what_writes_is_not_begun_twice():
    begun = []

    async def service() -> int:
        begun.append(1)
        await asyncio.sleep(0.03)
        return 1

    assert run(PROGRAM, service, writes=True) == "11 {'begun': 0, 'won': 0}\n"
    assert len(begun) == 1


def test_a_failure_in_a_program_before_the_hedge_is_the_attempts():
    async def service() -> int:
        raise ConnectionError("no")

    text = PROGRAM.replace(
        "print(asked()", "try:\n    asked()\nexcept ConnectionError as e:\n    print(e.message)\nprint(1"
    )
    assert run(text, service) == "no\n1 {'begun': 0, 'won': 0}\n"
