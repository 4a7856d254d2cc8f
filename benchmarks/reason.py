"""What asking costs when the model costs nothing, many questions at once, and typed answers in bad weather.

The overhead is a whole `x: Big = reason(…, context=…)`, ten fields, against a model in memory that answers at once:
prompt, loop, decoding, promise. The weather is a server in another process that spoils a third of all requests, in
transport and in content (`reason_parts`); a naive client, Instructor and pydantic-ai ask the same questions in it.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

from measure import Row, Table, timed
from reason_parts.comparison import compare
from reason_parts.serving import Serving

from dana import Allow, Engine
from dana.ipv import IPVReason
from dana.models import Reply, Usage

if TYPE_CHECKING:
    from collections.abc import Callable

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

OVER_HTTP = TOGETHER.replace(
    'return reason(f"{n}?")', 'device: dict = reason(f"Describe Q-10-{n + 1000}")\n    return len(device) - 3'
)


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
    compare(table, 180 if quick else 1_200, quick=quick)
    return table.close()


def overhead(table: Table, count: int, rounds: int) -> None:
    ask_often = Engine(model=Instant(ANSWER), cache=False).load(ASKING, name="asking").ask_often
    ask_often(10)
    spent = [timed(lambda: ask_often(count)) / count * 1e6 for _ in range(rounds)]
    table.add(Row("one question, ten fields, model excluded", statistics.median(spent), "µs", "", 300))


def together(table: Table) -> None:
    """A hundred questions at once: in a program, from Python, and over HTTP."""
    all_of = Engine(model=Instant("1", 0.3), cache=False).load(TOGETHER, name="together").all_of
    table.add(Row("a hundred questions of 300 ms at once", elapsed(lambda: all_of(100)), "s", "a program", 0.6))
    reason = IPVReason(Instant("1", 0.3))

    async def from_python() -> int:
        return sum(await asyncio.gather(*(reason.execute(f"{n}?", kind=int) for n in range(100))))

    table.add(Row("… from Python", elapsed(lambda: asyncio.run(from_python())), "s", "IPVReason", 0.6))
    with Serving(rate=0.0, seed=1, latency_s=[0.3, 0.3]) as server:
        engine = Engine(model=f"{server.url}#test", allow=Allow(model=True), cache=False)
        all_of = engine.load(OVER_HTTP, name="over_http").all_of
        all_of(100)  # opens the connections
        best = min(elapsed(lambda: all_of(100)) for _ in range(3))
        table.add(Row("… of a program over HTTP", best, "s", "a server on this machine, best of 3", 0.6))


def elapsed(act: Callable[[], int]) -> float:
    """Seconds for a hundred questions whose answers are 1."""
    begun = time.perf_counter()
    assert act() == 100
    return time.perf_counter() - begun
