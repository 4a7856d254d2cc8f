"""Effects in sessions: neighbouring lines start together, and no earlier function ever sees a promise (L34)."""

from __future__ import annotations

import asyncio

import pytest

from dana.engine import Engine, Limits
from dana.errors import RuntimeFault


@pytest.fixture
def story() -> list[str]:
    return []


@pytest.fixture
def session(story):
    engine = Engine(limits=Limits(steps=10_000, wall_s=10), on_print=story.append, cache=False)

    @engine.host("told")
    async def told(text):
        story.append(f"{text} begins")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        story.append(f"{text} ends")
        return text

    @engine.host("failing")
    async def failing(text):
        await asyncio.sleep(0)
        raise ValueError(text)

    made = engine.session()
    yield made
    made.close()


def test_lines_of_one_entry_start_together(session, story):
    session.run('a = told("a")\nb: str = told("b")')
    assert story == ["a begins", "b begins", "a ends", "b ends"]
    assert (session["a"], session["b"]) == ("a", "b")


def test_the_value_of_an_entry_is_never_a_promise(session):
    assert session.run('told("a")') == "a"
    assert session.run('x = told("b")\nx') == "b"


def test_a_function_of_an_earlier_entry_sees_values(session):
    session.run('x = "old"\ndef show():\n    return x + "!"')
    assert session.run('x = told("new")\nshow()') == "new!"


def test_a_variable_keeps_its_value_when_the_effect_fails(session):
    session.run('x = y = "old"')
    with pytest.raises(RuntimeFault, match="no"):
        session.run('x = told("new")\ny = failing("no")')
    assert (session["x"], session["y"]) == ("new", "old")


def test_an_effect_is_followed_in_the_functions_of_a_session(session, story):
    session.run('def both():\n    a = told("a")\n    b = told("b")\n    return a + b')
    assert session.run("both()") == "ab"
    assert story == ["a begins", "b begins", "a ends", "b ends"]


def test_programs_that_count_no_steps_wait_too():
    engine = Engine(metered=False, cache=False)

    @engine.host("slow")
    async def slow(value: int) -> int:
        await asyncio.sleep(0)
        return value

    assert engine.run("n = slow(3)\nwhile n > 0:\n    n = slow(n - 1)\nelse:\n    n = 7\nn") == 7


def test_asynchronous_runs_start_effects_together(story):
    engine = Engine(on_print=story.append, cache=False)

    @engine.host("told")
    async def told(text: str) -> str:
        story.append(f"{text} begins")
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return text

    assert asyncio.run(engine.arun('a = told("a")\nb = told("b")\nprint("meanwhile")\na + b')) == "ab"
    assert story == ["a begins", "b begins", "meanwhile\n"]
