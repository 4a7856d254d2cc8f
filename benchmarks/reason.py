"""What asking costs when the model costs nothing, many questions at once, and typed answers in bad weather.

The overhead is a whole `x: Big = reason(…, context=…)`, ten fields, against a model in memory that answers at once:
prompt, loop, decoding, promise. The weather is a server on this machine that spoils a third of all requests, in
transport and in content; every answer is compared with the right one.
"""

from __future__ import annotations

import asyncio
import json
import re
import statistics
import sys
import time
from typing import Any

from measure import Row, Table, timed

from dana import Allow, Engine
from dana.models import Reply, Usage
from tests.servers.models import Faults, ModelServer

FIELDS = ("int", "float", "str", "bool", "str?", "int", "float", "str", "bool", "list[int]")
BIG = "struct Big:\n" + "".join(f"    f{n}: {kind}  ## field {n}\n" for n, kind in enumerate(FIELDS))
ANSWER = json.dumps(
    {"f0": 1, "f1": 2.5, "f2": "a", "f3": True, "f4": None, "f5": 7, "f6": 1.5, "f7": "b", "f8": False, "f9": [1, 2]}
)
ASKING = (
    BIG
    + """
def ask_often(count: int) -> int:
    n = 0
    for i in range(count):
        b: Big = reason("The thing", context="some text here")
        n += b.f0
    return n
"""
)
TOGETHER = """
def one(n: int) -> int:
    return reason(f"{n}?")

def all_of(count: int) -> int:
    return sum(parallel(one, range(count), limit=count))
"""
WEATHER = """
struct Invoice:
    number: int
    customer: str
    currency: "EUR" | "USD"
    total: float
    paid: bool
    note: str?

def one(n: int) -> any:
    try:
        found: Invoice = reason(f"Invoice {n}, please", timeout=20)
        return [found.number, found.currency, found.total, found.paid]
    except ReasonError as e:
        return None

def all_of(count: int) -> list:
    return parallel(one, range(count), limit=50)
"""


class Instant:
    """A model that says one thing, after `seconds`."""

    name = "test:instant"

    def __init__(self, text: str, seconds: float = 0.0) -> None:
        self.text = text
        self.seconds = seconds

    async def complete(self, _request: Any) -> Reply:
        if self.seconds:
            await asyncio.sleep(self.seconds)
        return Reply(self.text, usage=Usage(10, 5), model=self.name)

    def stream(self, request: Any) -> Any:
        raise NotImplementedError


def measure(*, quick: bool) -> list[Row]:
    table = Table(f"Asking models on CPython {sys.version.split()[0]}, {'quick' if quick else 'full'} run")
    overhead(table, 500 if quick else 2_000, 5 if quick else 11)
    together(table)
    weather(table, 300 if quick else 1_000)
    return table.close()


def overhead(table: Table, count: int, rounds: int) -> None:
    ask_often = Engine(model=Instant(ANSWER), cache=False).load(ASKING, name="asking").ask_often
    ask_often(10)
    spent = [timed(lambda: ask_often(count)) / count * 1e6 for _ in range(rounds)]
    table.add(Row("one question, ten fields, model excluded", statistics.median(spent), "µs", "", 300))


def together(table: Table) -> None:
    all_of = Engine(model=Instant("1", 0.3), cache=False).load(TOGETHER, name="together").all_of
    begun = time.perf_counter()
    assert all_of(100) == 100
    table.add(Row("a hundred questions of 300 ms at once", time.perf_counter() - begun, "s", "", 0.6))


def right(n: int) -> dict[str, Any]:
    return {
        "number": n, "customer": f"Customer {n}", "currency": ("EUR", "USD")[n % 2], "total": n * 1.25,
        "paid": n % 3 == 0, "note": None,
    }  # fmt: skip


def weather(table: Table, count: int) -> None:
    """Right answers, and wrong ones that were handed out, at a fault rate of 35 %."""

    def answer(body: dict[str, Any]) -> str:
        text = " ".join(str(message["content"]) for message in body["messages"])
        found = re.search(r"Invoice (\d+), please", text)
        assert found is not None
        return json.dumps(right(int(found[1])))

    with ModelServer(answer, faults=Faults(rate=0.35, seed=11, hang_s=5.0)) as server:
        spec = server.spec("test")
        engine = Engine(model=spec, allow=Allow(model=True), cache=False)
        all_of = engine.load(WEATHER, name="weather").all_of
        begun = time.perf_counter()
        answers = all_of(count)
        took = time.perf_counter() - begun
    # Another word in a free text is of the type all the same: texts are not compared.
    wanted = [[right(n)[name] for name in ("number", "currency", "total", "paid")] for n in range(count)]
    missing = sum(answer is None for answer in answers)
    wrong = sum(a is not None and list(a) != w for a, w in zip(answers, wanted, strict=True))
    table.add(Row(f"of {count} missing, 35 % faults", missing / count * 100, "%", "", 0.5))
    table.add(Row("wrong values handed out", wrong, "", "", 0))
    table.add(Row(f"time for these {count}, 50 at a time", took, "s", ""))
