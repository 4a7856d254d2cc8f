"""What importers see of a module, and that it survives storage (L25)."""

from __future__ import annotations

import marshal
from typing import TYPE_CHECKING

import pytest

from dana.checker import Interface, check
from dana.parser import parse
from dana.source import Source

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Look

    Codes = Callable[..., list[str]]

GEO = (
    "struct Point:\n    x: float\n    y: float = 0.0\n"
    "def (p: Point) norm() -> float:\n    return p.x\n"
    "def make(x: float) -> Point:\n    return Point(x=x)\n"
    "PI = 3.14\n_hidden = 1\npublic:shared = 2\n"
)


def test_interface_survives_marshal(look: Look) -> None:
    """The data are plain tuples; the digest stays the same."""
    interface = look(GEO).interface
    copy = Interface.from_data(marshal.loads(marshal.dumps(interface.to_data())))
    assert copy.to_data() == interface.to_data()
    assert copy.digest() == interface.digest()
    assert "_hidden" not in copy.names
    assert copy.public == ("shared",)


def test_digest_changes_with_what_importers_can_notice(look: Look) -> None:
    """A signature changes it, a body does not."""
    before = look("def f(a):\n    return 1\n").interface.digest()
    assert look("def f(a):\n    x = 3\n    return 2\n").interface.digest() == before
    assert look("def f(a, b=1):\n    return 1\n").interface.digest() != before


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import geo\np = geo.Point(x=1.0)\nprint(p.norm(), p.y)\n", []),
        ("import geo\np = geo.make(1.0)\nprint(p.z)\n", ["E304"]),
        ("from geo import Point\nPoint(z=1)\n", ["E421"]),
        ("from geo import Point as Pt\ndef f(p: Pt) -> float:\n    return p.x\n", []),
        ("import geo\ndef f(p: geo.Point) -> float:\n    return p.norm(1)\n", ["E402"]),
        ("import geo\ndef f(p: geo.Pint):\n    return p\n", ["E210"]),
        ("import geo\nprint(geo.mak(1))\n", ["E502"]),
        ("from geo import mkae\n", ["E502"]),
        ("from geo import _hidden\n", ["E503"]),
        ("import nowhere\n", ["E501"]),
        ("from geo import *\nprint(make(1.0), PI, Point(x=1.0))\n", []),
        ("from geo import *\nprint(_hidden)\n", ["E201"]),
        (
            "from geo import Point\ndef (p: Point) twice() -> float:\n    return p.x * 2\nprint(Point(x=1.0).twice())\n",
            [],
        ),
    ],
)
def test_imports_are_checked(codes: Codes, text: str, expected: list[str]) -> None:
    """Names, types, fields and signatures of imported modules are known."""
    assert codes(text, {"geo": GEO}) == expected


def test_exports_limit_star(codes: Codes) -> None:
    """`export` and `__all__` say what `*` brings."""
    assert codes("from m import *\nprint(b)\n", {"m": "a = 1\nb = 2\nexport a\n"}) == ["E201"]
    assert codes("from m import *\nprint(a)\n", {"m": "a = 1\nb = 2\n__all__ = ['a']\n"}) == []


def test_requests_are_listed(look: Look) -> None:
    """The loader and the cache read them."""
    requests = look("import geo\nfrom geo import make\nfrom .near import x\n", {"geo": GEO}).requests
    assert [r.key for r in requests][:2] == [(0, ("geo",), False), (1, ("near",), False)]


def test_a_name_that_a_pure_module_leaves_out_says_what_there_is_instead() -> None:
    operator = Interface("operator")
    operator.refused = {"attrgetter": "write `lambda x: x.name`"}
    for text in ("from operator import attrgetter\n", "import operator\noperator.attrgetter\n"):
        found = check(parse(Source("t.na", text)), modules=lambda _request: operator).diagnostics[0]
        assert (found.code, found.hint) == ("E520", "write `lambda x: x.name`")
