"""How fast answers become values: clean JSON, damaged JSON, one small answer; and that hostile text costs no more.

MB/s are of the text's UTF-8; `json.loads` on the same clean text stands beside. The small answer is a struct of ten
fields, from the text to the struct.
"""

from __future__ import annotations

import json
import statistics
import sys
from contextlib import suppress
from typing import Any

from measure import Row, Table, timed

from dana.engine import Engine
from dana.ipv.decoding import DecodeError, decode

PROGRAM = """
struct Line:
    sku: str
    title: str
    price: float
    count: int
    stocked: bool

struct Order:
    id: int
    customer: str
    level: "low" | "high"
    lines: list[Line]
    note: str?

struct Ten:
    a: str
    b: str
    c: int
    d: int
    e: float
    f: float
    g: bool
    h: "low" | "high"
    i: list[str]
    j: str?

types = {"orders": list[Order], "ten": Ten}
"""


def measure(*, quick: bool) -> list[Row]:
    table = Table(f"Decoding on CPython {sys.version.split()[0]}, {'quick' if quick else 'full'} run")
    kinds: dict[str, Any] = Engine(cache=False).load(PROGRAM, name="decoding")._record.globals["types"]
    rounds = 5 if quick else 15
    clean = json.dumps([order(n) for n in range(1_000 if quick else 4_000)], ensure_ascii=False)
    speed(table, "clean JSON", clean, kinds["orders"], rounds, 5)
    speed(table, "damaged JSON", damaged(clean), kinds["orders"], rounds, 1)
    small(table, kinds["ten"], rounds)
    hostile(table, kinds["orders"])
    return table.close()


def order(number: int) -> dict[str, Any]:
    """An order as a model would write it."""
    line = {
        "sku": f"B-{number}",
        "title": "Hexagon bolt, “zinc” plated",
        "price": 2.5,
        "count": number,
        "stocked": True,
    }
    customer = "Müller & Söhne GmbH, Hauptstraße 5, Köln"
    return {"id": number, "customer": customer, "level": "high", "lines": [line, line, line], "note": None}


def damaged(clean: str) -> str:
    """The same answer with a fault about every hundred characters, in a fence."""
    text = clean.replace('"sku": "', "'sku': \"").replace('"count": ', "count: ").replace("true}", "True,}")
    return f"Here are the orders:\n```json\n{text.replace('null', 'None')}\n```\n"


def speed(table: Table, what: str, text: str, kind: Any, rounds: int, least: float) -> None:
    """MB/s, with the bound on seconds per MB so that the goal is an upper one."""
    size = len(text.encode()) / 1e6
    took = statistics.median(timed(lambda: decode(text, kind)) for _ in range(rounds))
    beside = f"{size / took:.1f} MB/s"
    if what.startswith("clean"):
        plain = statistics.median(timed(lambda: json.loads(text)) for _ in range(rounds))
        beside += f"; json.loads {size / plain:.0f} MB/s"
    table.add(Row(f"{what}: time per MB", took / size * 1000, "ms", beside, 1000 / least))


def small(table: Table, kind: Any, rounds: int) -> None:
    """Microseconds for one clean answer of ten fields, and for the same one damaged."""
    value = {"a": "x", "b": "y", "c": 1, "d": -2, "e": 0.5, "f": 7.0, "g": True, "h": "low", "i": ["p", "q"], "j": None}
    clean = json.dumps(value)
    for what, text, goal in (("clean", clean, 50.0), ("damaged", f"Sure:\n```json\n{clean[:-1]},}}\n```", None)):
        took = statistics.median(timed(lambda t=text: [decode(t, kind) for _ in range(500)]) for _ in range(rounds))
        table.add(Row(f"ten fields, {what}", took / 500 * 1e6, "µs", f"{len(text)} characters", goal))


def hostile(table: Table, kind: Any) -> None:
    """The worst of many kinds of hostile text: time for 400,000 characters ÷ time for 100,000."""
    worst = 0.0
    for piece in (
        "[",
        "{",
        '"',
        "\\",
        ",",
        "```\n",
        '{"a":',
        '["',
        "[a",
        "[see ",
        '"""',
        "[}",
        '{"id":1}',
        "- a\n",
        "/*",
    ):
        small_took, large_took = (
            min(spent(piece * (n // len(piece)), kind) for _ in range(2)) for n in (10**5, 4 * 10**5)
        )
        if large_took > 0.05:
            worst = max(worst, large_took / small_took)
    table.add(Row("hostile text, four times as long", worst, "times", "4 is linear, 16 quadratic", 8))


def spent(text: str, kind: Any) -> float:
    def act() -> None:
        with suppress(DecodeError):
            decode(text, kind)

    return timed(act)
