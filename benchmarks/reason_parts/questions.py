"""Questions whose answers are known: twelve types, each in Dana and in pydantic, and mails made from a number.

`Question(kind, number)` has the mail that is asked about and the right answer, both drawn from the number alone. The
mail carries a reference (`Q-03-0017`), by which the server finds out what it is asked.
"""

from __future__ import annotations

import json
import random
import re
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

STRUCTS = """
type Level = "low" | "normal" | "high"

struct Invoice:
    number: str
    customer: str
    currency: "EUR" | "USD" | "CHF"
    net: float
    tax: float
    total: float
    items: int
    paid: bool
    due: str?
    note: str?

struct Ticket:
    subject: str
    level: Level
    team: "billing" | "network" | "sales"
    answer: bool
    tags: list[str]

struct Address:
    street: str
    town: str
    code: str

struct Person:
    name: str
    age: int
    email: str?
    address: Address

struct Line:
    sku: str
    count: int
    price: float

struct Order:
    id: int
    express: bool
    lines: list[Line]

struct Lines:
    lines: list[Line]

struct Card:
    kind: "card" | "debit card"
    last_four: str
    amount: float

struct Transfer:
    kind: "transfer" | "standing order"
    iban: str
    amount: float

struct Payment:
    payer: str
    method: Card | Transfer

struct Reading:
    sensor: str
    values: list[float]
    ok: bool

struct Prices:
    prices: dict[str, float]

struct Meeting:
    title: str
    day: str
    start: str
    minutes: int
    people: list[str]
    online: bool

struct Verdict:
    approved: bool
    score: int
    reasons: list[str]
    limit: float?

struct Device:
    host: str
    port: int
    tls: bool
    state: "up" | "down" | "unknown state"

struct Route:
    start: str
    target: str
    km: float
    stops: list[str]
    toll: bool
"""


class Strict(BaseModel):
    """A model that takes no other fields, as a struct takes none."""

    model_config = ConfigDict(extra="forbid")


class Invoice(Strict):
    number: str
    customer: str
    currency: Literal["EUR", "USD", "CHF"]
    net: float
    tax: float
    total: float
    items: int
    paid: bool
    due: str | None
    note: str | None


class Ticket(Strict):
    subject: str
    level: Literal["low", "normal", "high"]
    team: Literal["billing", "network", "sales"]
    answer: bool
    tags: list[str]


class Address(Strict):
    street: str
    town: str
    code: str


class Person(Strict):
    name: str
    age: int
    email: str | None
    address: Address


class Line(Strict):
    sku: str
    count: int
    price: float


class Order(Strict):
    id: int
    express: bool
    lines: list[Line]


class Lines(Strict):
    lines: list[Line]


class Card(Strict):
    kind: Literal["card", "debit card"]
    last_four: str
    amount: float


class Transfer(Strict):
    kind: Literal["transfer", "standing order"]
    iban: str
    amount: float


class Payment(Strict):
    payer: str
    method: Card | Transfer


class Reading(Strict):
    sensor: str
    values: list[float]
    ok: bool


class Prices(Strict):
    prices: dict[str, float]


class Meeting(Strict):
    title: str
    day: str
    start: str
    minutes: int
    people: list[str]
    online: bool


class Verdict(Strict):
    approved: bool
    score: int
    reasons: list[str]
    limit: float | None


class Device(Strict):
    host: str
    port: int
    tls: bool
    state: Literal["up", "down", "unknown state"]


class Route(Strict):
    start: str
    target: str
    km: float
    stops: list[str]
    toll: bool


TYPES: tuple[type[BaseModel], ...] = (
    Invoice, Ticket, Person, Order, Lines, Payment, Reading, Prices, Meeting, Verdict, Device, Route,
)  # fmt: skip
# Every model by its name, which is that of the struct.
TWINS = {kind.__name__: kind for kind in (*TYPES, Address, Line, Card, Transfer)}
WORDS = frozenset([*"EUR USD CHF low normal high billing network sales card transfer up down".split(), "unknown state"])
# What a careful person would write into a prompt by hand, per type: the frugal form of a naive client.
FIELDS = {
    Invoice: '{"number": string, "customer": string, "currency": "EUR" | "USD" | "CHF", "net": number, "tax": number, '
    '"total": number, "items": integer, "paid": boolean, "due": string or null, "note": string or null}',
    Ticket: '{"subject": string, "level": "low" | "normal" | "high", "team": "billing" | "network" | "sales", '
    '"answer": boolean, "tags": [string]}',
    Person: '{"name": string, "age": integer, "email": string or null, '
    '"address": {"street": string, "town": string, "code": string}}',
    Order: '{"id": integer, "express": boolean, "lines": [{"sku": string, "count": integer, "price": number}]}',
    Lines: '{"lines": [{"sku": string, "count": integer, "price": number}]}',
    Payment: '{"payer": string, "method": {"kind": "card" | "debit card", "last_four": string, "amount": number} or '
    '{"kind": "transfer" | "standing order", "iban": string, "amount": number}}',
    Reading: '{"sensor": string, "values": [number], "ok": boolean}',
    Prices: '{"prices": {name: number}}',
    Meeting: '{"title": string, "day": string, "start": string, "minutes": integer, "people": [string], '
    '"online": boolean}',
    Verdict: '{"approved": boolean, "score": integer, "reasons": [string], "limit": number or null}',
    Device: '{"host": string, "port": integer, "tls": boolean, "state": "up" | "down" | "unknown state"}',
    Route: '{"start": string, "target": string, "km": number, "stops": [string], "toll": boolean}',
}
NAMES = ("Ann Lee", "Jörg Weiß", "Mia Novak", "Tom O'Hara", "Li Wei", "Sara Said")
TOWNS = ("Köln", "Graz", "Lyon", "Porto", "Malmö", "Brno")
GOODS = ("bolt M8", 'pipe 3/4"', "hinge", "valve", "gasket", "lamp")
REFERENCE = re.compile(r"\bQ-(\d\d)-(\d{4,})\b")


@dataclass(frozen=True)
class Question:
    """One question about one mail."""

    kind: int
    number: int

    @property
    def model(self) -> type[BaseModel]:
        return TYPES[self.kind]

    @property
    def reference(self) -> str:
        return f"Q-{self.kind:02}-{self.number:04}"

    @property
    def prompt(self) -> str:
        return f"Read the {self.model.__name__.lower()} from this mail."

    @cached_property
    def truth(self) -> Any:
        """The right answer, as plain data."""
        return MAKERS[self.kind](random.Random(f"truth/{self.kind}/{self.number}"))

    @cached_property
    def mail(self) -> str:
        """The facts between words, as mails have them."""
        chance = random.Random(f"mail/{self.kind}/{self.number}")
        facts = "\n".join(f"  {name}: {_said(value)}" for name, value in self.truth.items())
        return (
            f"From: {chance.choice(NAMES)}\nRef: {self.reference}\n\n"
            f"Hello, as we said on the phone on {chance.randint(1, 28)} March, here is all you asked for:\n"
            f"{facts}\nPlease tell me when it is in the system. The older mail about this may be ignored.\n"
            f"Kind regards from {chance.choice(TOWNS)}"
        )


def questions(count: int, first: int = 0) -> list[Question]:
    """So many questions, all types in turn."""
    return [Question(n % len(TYPES), first + n // len(TYPES)) for n in range(count)]


def asked_in(text: str) -> Question:
    """The question whose reference stands in a text."""
    found = REFERENCE.search(text)
    assert found is not None, text
    return Question(int(found[1]), int(found[2]))


def _said(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _line(c: random.Random) -> dict[str, Any]:
    return {"sku": f"B-{c.randint(100, 999)}", "count": c.randint(1, 40), "price": _money(c)}


def _money(c: random.Random) -> float:
    return round(c.uniform(1, 2000), 2)


def _truth(c: random.Random) -> bool:
    return c.random() < 0.5


def _maybe(c: random.Random, value: Any) -> Any:
    return value if _truth(c) else None


def _some(c: random.Random, values: tuple[str, ...]) -> list[str]:
    return c.sample(values, c.randint(1, 3))


MAKERS = (
    lambda c: {
        "number": f"A-{c.randint(1000, 9999)}", "customer": c.choice(NAMES),
        "currency": c.choice(["EUR", "USD", "CHF"]),
        "net": _money(c), "tax": _money(c), "total": _money(c), "items": c.randint(1, 30), "paid": _truth(c),
        "due": _maybe(c, f"2025-0{c.randint(1, 9)}-11"), "note": _maybe(c, "leave it at the gate"),
    },
    lambda c: {
        "subject": f"{c.choice(GOODS)} does not work", "level": c.choice(["low", "normal", "high"]),
        "team": c.choice(["billing", "network", "sales"]), "answer": _truth(c), "tags": _some(c, GOODS),
    },
    lambda c: {
        "name": c.choice(NAMES), "age": c.randint(18, 90), "email": _maybe(c, "office@example.org"),
        "address": {
            "street": f"Main Road {c.randint(1, 99)}", "town": c.choice(TOWNS), "code": f"{c.randint(10_000, 90_000)}",
        },
    },
    lambda c: {
        "id": c.randint(1, 99_999), "express": _truth(c), "lines": [_line(c) for _ in range(c.randint(1, 4))],
    },
    lambda c: {"lines": [_line(c) for _ in range(c.randint(1, 6))]},
    lambda c: {
        "payer": c.choice(NAMES),
        "method": {"kind": "card", "last_four": f"{c.randint(1000, 9999)}", "amount": _money(c)} if _truth(c)
        else {"kind": "transfer", "iban": f"DE{c.randint(10**9, 10**10)}", "amount": _money(c)},
    },
    lambda c: {
        "sensor": f"s{c.randint(1, 99)}", "values": [round(c.uniform(-20, 40), 1) for _ in range(6)], "ok": _truth(c),
    },
    lambda c: {"prices": {name: _money(c) for name in c.sample(GOODS, 3)}},
    lambda c: {
        "title": f"About the {c.choice(GOODS)}", "day": f"2025-03-{c.randint(10, 28)}",
        "start": f"{c.randint(10, 18)}:30",
        "minutes": c.choice([15, 30, 60, 90]), "people": _some(c, NAMES), "online": _truth(c),
    },
    lambda c: {
        "approved": _truth(c), "score": c.randint(300, 850), "reasons": _some(c, ("income", "history", "debt", "term")),
        "limit": _maybe(c, _money(c)),
    },
    lambda c: {
        "host": f"srv{c.randint(1, 99)}.example.org", "port": c.randint(1024, 9999), "tls": _truth(c),
        "state": c.choice(["up", "down", "unknown state"]),
    },
    lambda c: {
        "start": c.choice(TOWNS), "target": c.choice(TOWNS), "km": round(c.uniform(5, 900), 1),
        "stops": _some(c, TOWNS),
        "toll": _truth(c),
    },
)  # fmt: skip
