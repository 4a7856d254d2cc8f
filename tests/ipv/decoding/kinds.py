"""The types that decoding is tested with, as a program makes them."""

from __future__ import annotations

from functools import cache
from typing import Any

from dana.engine import Engine

PROGRAM = """
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

type Level = "low" | "high" | "very high"
type MaybeDate = date?
type Verdict = "approved" | "not approved"

struct Item:
    name: str  ## as printed on the invoice
    price: float

struct Invoice:
    ## a bill
    number: str
    items: list[Item]
    level: Level = "low"
    due_date: date? = None

struct Node:
    value: int
    children: list[Node] = []

struct Card:
    kind: "card" | "debit card"
    last_four: str

struct Cash:
    kind: "cash" | "coins"
    amount: float

struct Dog:
    name: str
    breed: str

struct Cat:
    name: str
    lives: int = 9

struct Bird:
    name: str
    lives: int = 1

struct Money:
    amount: Decimal
    tax_percent: float = 0.0

struct Person:
    name: str
    age: int
    email: str?
    active: bool = true

struct Ten:
    a: str
    b: str
    c: int
    d: int
    e: float
    f: float
    g: bool
    h: Level
    i: list[str]
    j: str?

struct Add:
    left: Add | Mul | int
    right: Add | Mul | int

struct Mul:
    left: Add | Mul | int
    right: Add | Mul | int

frozen struct Point:
    x: int
    y: int

struct Trip:
    day: date
    at: datetime
    start: time
    lasts: timedelta
    id: UUID
    share: Fraction

types = {
    "int": int, "float": float, "str": str, "bool": bool, "any": "any", "list": list, "dict": dict,
    "Level": Level, "Verdict": Verdict, "Item": Item, "Invoice": Invoice, "Node": Node, "Money": Money,
    "Person": Person, "Ten": Ten, "Point": Point, "Trip": Trip, "Add": Add, "Dog": Dog, "Cat": Cat,
    "Card|Cash": Card | Cash, "Dog|Cat": Dog | Cat, "Cat|Bird": Cat | Bird, "list[Card|Cash]": list[Card | Cash],
    "list[Item]": list[Item], "list[int]": list[int], "list[str]": list[str], "list[float]": list[float],
    "list[Level]": list[Level], "list[bool]": list[bool], "list[list[int]]": list[list[int]], "list[Person]": list[Person],
    "dict[str,int]": dict[str, int], "dict[int,str]": dict[int, str], "dict[str,Item]": dict[str, Item],
    "dict[Level,int]": dict[Level, int],
    "tuple[int,str]": tuple[int, str], "tuple[int,...]": tuple[int, ...], "set[int]": set[int], "set[Point]": set[Point],
    "int?": int | None, "str?": str | None, "Item?": Item | None, "int|str": int | str, "int|float": int | float,
    "date?": MaybeDate, "Item|str": Item | str, "bool?": bool | None, "int|list[int]": int | list[int],
    "date": date, "datetime": datetime, "time": time, "timedelta": timedelta, "Decimal": Decimal, "UUID": UUID,
    "Fraction": Fraction, "Add|Mul": Add | Mul,
}
resource Tap:
    flow: int = 0

callables = ["callable", "list[callable]", Tap, "dict[list[int], str]"]
"""


@cache
def module() -> Any:
    """The program, run once."""
    return Engine(cache=False).load(PROGRAM, name="kinds")


@cache
def scope() -> dict[str, Any]:
    run: dict[str, Any] = module()._record.globals
    return run


def kind(name: str) -> Any:
    """The type of that name in the program's table."""
    return scope()["types"][name]
