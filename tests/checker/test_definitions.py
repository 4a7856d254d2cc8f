"""Structs, methods, interfaces, resources, agents, aliases, annotations (L12, L28–L32, L43)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dana.checker.types import show

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Look

    Codes = Callable[..., list[str]]
    TypeOf = Callable[[str, str], str]

SHAPE = "interface Shape:\n    area() -> float\n\n"
TWO_SHOWS = (
    "struct A:\n    x: int\nstruct B:\n    x: int\ndef (a: A) show():\n    return 1\ndef (b: B) show():\n    return 2\n"
)
CIRCLE = "struct Circle:\n    r: float\n\n"


def test_structs_know_fields_methods_and_delegates(look: Look) -> None:
    """The table `structs` is what lowering and editors read."""
    text = CIRCLE + "struct Ring:\n    _outer: Circle\n    w: float = 1.0\n    def size(self):\n        return self.w\n"
    info = look(text + "def (r: Ring | Circle) label() -> str:\n    return 'x'\n").structs["Ring"]
    assert list(info.fields) == ["_outer", "w"]
    assert (info.fields["w"].has_default, show(info.fields["w"].type)) == (True, "float")
    assert set(info.methods) == {"size", "label"}
    assert info.delegates == ["_outer"]


def test_delegated_fields_and_methods_are_found(type_of: TypeOf) -> None:
    """A field whose name starts with `_` lends its own (L30)."""
    text = CIRCLE + "struct Ring:\n    _outer: Circle\ndef (c: Circle) area() -> float:\n    return c.r\n"
    text += "def f(r: Ring):\n    return r.r, r.area()\n"
    assert type_of(text, "r.r") == "float"
    assert type_of(text, "r.area()") == "float"


def test_missing_fields_of_delegates_are_missing(look: Look) -> None:
    """Neither the struct nor what it delegates to has the name."""
    (finding,) = look(CIRCLE + "struct Ring:\n    _outer: Circle\ndef f(x: Ring):\n    return x.rr\n").diagnostics
    assert (finding.code, finding.hint) == ("E304", "did you mean `r`?")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("struct P:\n    x: int\n    x: str\n", "E407"),
        ("struct P:\n    x: int\n    def x(self):\n        return 1\n", "E407"),
        ("struct P:\n    x: int\ndef (p: P) m():\n    return 1\ndef (p: P) m():\n    return 2\n", "E407"),
        ("struct P:\n    x: int\nstruct P:\n    y: int\n", "E425"),
        ("struct A:\n    x: int\nstruct B(A):\n    y: int\n", "E419"),
        ("struct B(int):\n    y: int\n", "E419"),
        ("interface A:\n    A\n    f() -> int\n", "E419"),
        ("resource R:\n    x: int = 1\nagent A(R)\n", "E419"),
        ("def (s: Nowhere) m():\n    return 1\n", "E210"),
        (SHAPE + "def (s: Shape) m():\n    return 1\n", "E418"),
        ("struct P:\n    x: int = 'abc'\n", "E306"),
        ("struct P:\n    x: list[int, int]\n", "E311"),
        ("type A = B\ntype B = A\n", "E311"),
        ("def f():\n    return 1\ndef g(x: f):\n    return x\n", "E311"),
        ("n = 3\nx: n = 4\n", "E311"),
        (CIRCLE + "c = Circle(r=1.0)\nc.r = 'abc'\n", "E306"),
        (CIRCLE + "c = Circle(r=1.0)\nc.rr = 1.0\n", "E304"),
        ("frozen struct F:\n    x: int\nf = F(x=1)\nf.x += 1\n", "E313"),
        (CIRCLE + "print({Circle(r=1.0)})\n", "E302"),
        (CIRCLE + "raise Circle(r=1.0)\n", "E302"),
        (CIRCLE + "try:\n    print(1)\nexcept Circle:\n    print(2)\n", "E311"),
    ],
)
def test_wrong_definitions_and_uses(codes: Codes, text: str, code: str) -> None:
    """Each mistake has its code."""
    assert codes(text) == [code]


@pytest.mark.parametrize(
    "text",
    [
        "struct NotFound(Exception):\n    key: str\ntry:\n    raise NotFound(key='a')\nexcept NotFound as e:\n    print(e.key)\n",
        "struct A(ValueError):\n    x: int\nstruct B(A):\n    y: int\nraise B(x=1, y=2)\n",
        "resource Base:\n    url: str\nresource Web(Base):\n    n: int = 1\nw = Web(url='a')\nprint(w.url, w.n)\n",
        "agent_blueprint B:\n    topic: str\nb = B(topic='x')\nprint(b.plan('y'), b.topic)\n",
        "agent_blueprint B:\n    topic: str = ''\nagent A(B):\n    topic = 'x'\nprint(A.topic, A.solve('p'))\n",
        "agent Solo\nprint(Solo.chat('hi'))\n",
        "frozen struct K:\n    x: int\nprint({K(x=1): 2})\n",
        "type Money = float\ndef f(m: Money) -> Money:\n    return m\nprint(f(1.5))\n",
        "struct Node:\n    next: Node? = None\nn = Node()\nprint(n.next)\n",
        "def f(m: list[Late]) -> dict[str, Late]:\n    return {}\nstruct Late:\n    x: int\n",
        "struct P:\n    x: int\np = P(x=1)\nq = p.copy(x=2)\nprint(q.to_dict(), P.from_dict({'x': 1}))\n",
        "def outer():\n    struct Inner:\n        x: int\n    return Inner(x=1).x\nprint(outer())\n",
        TWO_SHOWS + "print(A(x=1).show(), B(x=1).show(), show(A(x=1)))\n",
    ],
)
def test_right_definitions(codes: Codes, text: str) -> None:
    """Exceptions, inheritance where it exists, aliases, forward references, local types."""
    assert codes(text) == []


def test_interfaces_are_satisfied_structurally(codes: Codes) -> None:
    """Having the methods is enough; lacking one is an error where the type is known."""
    use = "def show(s: Shape):\n    return s.area()\nshow(Circle(r=1.0))\n"
    assert codes(SHAPE + CIRCLE + use) == ["E310"]
    assert codes(SHAPE + CIRCLE + "def (c: Circle) area() -> float:\n    return c.r\n" + use) == []


def test_embedded_interfaces_count(look: Look) -> None:
    """The note names the method that is missing, also from an embedded interface."""
    text = SHAPE + "interface Solid:\n    Shape\n    volume() -> float\n" + CIRCLE
    text += "def (c: Circle) volume() -> float:\n    return 1.0\ndef f(s: Solid):\n    return s\nf(Circle(r=1.0))\n"
    (finding,) = look(text).diagnostics
    assert finding.code == "E310"
    assert "`area`" in finding.notes[0]


def test_unknown_types_suggest_the_nearest(look: Look) -> None:
    """Own types, builtin types, and words of other languages."""
    assert look(CIRCLE + "def f(c: Cirle):\n    return c\n").diagnostics[0].hint == "did you mean `Circle`?"
    assert look("def f(c: string):\n    return c\n").diagnostics[0].hint == "did you mean `str`?"


def test_annotations_are_recorded(look: Look) -> None:
    """Every type expression has its static type, parts of it too."""
    checked = look("def f(xs: dict[str, list[int]?]) -> int | str:\n    return 1\n")
    assert {"dict[str, list[int]?]", "list[int]?", "int | str"} <= {show(t) for t in checked.annotations.values()}
