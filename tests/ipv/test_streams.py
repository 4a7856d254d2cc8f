"""Answers while they arrive: structs that fill up, at a cost that is linear in the text."""

from __future__ import annotations

import asyncio
import json

import pytest

from dana import Engine
from dana.ipv import IPVReason, ReasonError
from dana.ipv import decoding as decoders
from dana.models import Reply


class Slow:
    """A model that says its answer in small pieces."""

    name = "test:slow"

    def __init__(self, *texts: str, size: int = 4) -> None:
        self.texts = list(texts)
        self.size = size
        self.sent = 0

    async def complete(self, request):
        raise AssertionError("streams only")

    async def stream(self, request):
        text = self.texts.pop(0)
        for start in range(0, len(text), self.size):
            self.sent += 1
            yield text[start : start + self.size]
            await asyncio.sleep(0)
        yield Reply(text, model=self.name)

    async def aclose(self):
        pass


INVOICE = """
struct Invoice:
    customer: str
    total: float
    lines: list[str]

seen = []
def show(i: any) -> None:
    seen.append([i.customer, i.total, len(i.lines or [])])

i: Invoice = reason("The invoice", stream=show)
[i.total, seen]
"""


def test_a_struct_fills_up():
    text = '{"customer": "Ann Smith", "total": 12.5, "lines": ["tea", "rice"]}'
    found, seen = Engine(model=Slow(text), cache=False).run(INVOICE)
    assert found == 12.5
    assert seen[-1] == ["Ann Smith", 12.5, 2]
    assert [None, 12.5, 0] not in seen
    customers = [each[0] for each in seen if each[0]]
    assert customers == sorted(customers, key=len)
    assert len(seen) > 5


def test_texts_arrive_piece_by_piece():
    program = 'seen = []\nx: str = reason("Tell", stream=seen.append)\n[x, seen]'
    found, seen = Engine(model=Slow("once upon a time"), cache=False).run(program)
    assert seen == ["once", "once upo", "once upon a ", "once upon a time"]
    assert found == "once upon a time"


def test_the_cost_is_linear_in_the_text(monkeypatch):
    characters = []
    partial = decoders.partial

    def counted(text, kind, **more):
        characters.append(len(text))
        return partial(text, kind, **more)

    monkeypatch.setattr(decoders, "partial", counted)
    values = list(range(100_000, 120_000))
    model = Slow(json.dumps(values), size=8)
    program = (
        "n = [0]\ndef show(v: any) -> None:\n    n[0] = len(v)\nx: list[int] = reason('?', stream=show)\n[len(x), n[0]]"
    )
    assert Engine(model=model, cache=False).run(program) == [20_000, 20_000]
    length = len(json.dumps(values))
    assert sum(characters) < 40 * length
    assert len(characters) > 100
    assert characters[-1] == length


def test_a_listener_has_the_deadline_of_the_call():
    program = """
def show(v: any) -> None:
    while true:
        pass

@poet(timeout=0.1, retries=0)
def f() -> str:
    return reason("?", stream=show)
f()
"""
    with pytest.raises(Exception, match="timeout"):
        Engine(model=Slow("once upon a time"), cache=False).run(program)


def test_a_fault_of_the_listener_is_the_question_s():
    program = 'def show(v: any) -> None:\n    raise ValueError("no screen")\nreason("?", stream=show)'
    with pytest.raises(Exception, match="no screen"):
        Engine(model=Slow("once upon"), cache=False).run(program)


def test_an_answer_that_is_asked_for_again_grows_again():
    model = Slow('{"customer": "Ann", "total": "much"}', '{"customer": "Bob", "total": 2, "lines": []}')
    found, seen = Engine(model=model, cache=False).run(INVOICE)
    assert found == 2.0
    assert seen[-1] == ["Bob", 2.0, 0]


# --- Python ---------------------------------------------------------------------------------------


def collected(model, **options):
    async def collect():
        return [value async for value in IPVReason(model).stream("Numbers", kind=list[int], **options)]

    return asyncio.run(collect())


def test_python_iterates_over_what_is_there():
    values = collected(Slow("[10, 20, 30]"))
    assert values[-1] == [10, 20, 30]
    assert [10] in values
    assert [10, 20] in values


def test_python_hears_of_failure():
    with pytest.raises(ReasonError):
        collected(Slow("none", "none"), retries=1)


def test_who_stops_listening_ends_the_question():
    model = Slow("[" + ", ".join(["10"] * 1000) + "]")

    async def first():
        stream = IPVReason(model).stream("Numbers", kind=list[int])
        async for value in stream:
            if value:
                break
        await stream.aclose()
        for _ in range(5):
            await asyncio.sleep(0)
        return model.sent

    sent = asyncio.run(first())
    assert sent < 20
