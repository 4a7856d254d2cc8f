"""Exhausted memory and recursion pass through every stage: no handler, domain or fallback hides them."""

from __future__ import annotations

import asyncio

import pytest

from dana.poet.plugins.base import Plugin
from dana.poet.python import Host, poet

EXHAUSTED = (MemoryError, RecursionError)


class Failing(Plugin):
    """A domain one of whose parts has no memory left."""

    domain = "failing"

    def __init__(self, part, error):
        super().__init__()
        self.part, self.error = part, error

    def perceiver(self, parameters):
        def perceive(bound):
            self.fail("perceive")
            return {}, []

        return perceive

    def judge(self, value, arguments):
        self.fail("judge")
        return value

    def record(self, value, arguments):
        self.fail("record")

    def fail(self, part):
        if part == self.part:
            raise self.error


def raising(error):
    def handler(*_args):
        raise error

    return handler


def unavailable(x):
    raise ConnectionError("away")


STAGES = {
    "the perceive handler": lambda error: {"perceive_handler": raising(error)},
    "the perceive handler of an observed call": lambda error: {"perceive_handler": raising(error), "audit_trail": True},
    "the enforce handler": lambda error: {"enforce_handler": raising(error)},
    "the enforce handler of an observed call": lambda error: {"enforce_handler": raising(error), "audit_trail": True},
    "the domain, reading": lambda error: {"plugins": [Failing("perceive", error)]},
    "the domain, judging": lambda error: {"plugins": [Failing("judge", error)]},
    "the domain, recording": lambda error: {"plugins": [Failing("record", error)], "audit_trail": True},
    "the train handler": lambda error: {"train_handler": raising(error)},
    "the simulation": lambda error: {"simulation": raising(error)},
}


@pytest.mark.parametrize("error", EXHAUSTED)
@pytest.mark.parametrize("stage", STAGES)
def test_no_stage_hides_them(stage, error) -> None:
    asked = []

    @poet(host=Host(), retries=3, backoff=0, fallback=asked.append, **STAGES[stage](error))
    def work(x):
        return x

    with pytest.raises(error):
        work(1)
    assert asked == []


@pytest.mark.parametrize("error", EXHAUSTED)
def test_a_fallback_that_is_exhausted_is_the_last(error) -> None:
    asked = []
    work = poet(host=Host(), retries=0, fallback=[raising(error), asked.append])(unavailable)
    with pytest.raises(error):
        work(1)
    assert asked == []


@pytest.mark.parametrize("error", EXHAUSTED)
def test_neither_does_a_batch(error) -> None:
    @poet(host=Host(), batch={"size": 2, "window": 0.0}, retries=3)
    def many(items):
        raise error

    with pytest.raises(error):
        many(1)


@pytest.mark.parametrize("error", EXHAUSTED)
def test_nor_one_item_of_a_batch_that_is_tried_alone(error) -> None:
    """Two items come together and the function refuses both; alone, the first has no memory left."""

    @poet(host=Host(), batch={"size": 2, "window": 5.0}, retries=0)
    async def many(items):
        if len(items) > 1:
            raise ValueError("not together")
        raise error

    async def both():
        return await asyncio.gather(many(1), many(2), return_exceptions=True)

    found = asyncio.run(both())
    assert [type(each) for each in found] == [error, error]
