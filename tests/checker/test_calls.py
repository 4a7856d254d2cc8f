"""Calls: arity, names, types of arguments, and what is called (L19, L28, L29)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dana.ast import nodes as na

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Look

    Codes = Callable[..., list[str]]

POINT = "struct Point:\n    x: float\n    y: float = 0.0\n\n"


def targets(look: Look, text: str) -> dict[str, str]:
    """The spelling of every call with the kind of its target (`-`: nothing is certain)."""
    checked = look(text)
    assert not checked.errors, checked.errors
    calls = [n for n in na.walk(checked.module) if isinstance(n, na.Call)]
    return {text[n.start : n.end]: checked.calls[id(n)].kind if id(n) in checked.calls else "-" for n in calls}


@pytest.mark.parametrize(
    ("signature", "call", "code"),
    [
        ("a, b", "f(1)", "E401"),
        ("a, b", "f(1, 2, 3)", "E402"),
        ("a, b=2", "f(1, c=3)", "E403"),
        ("a", "f(1, a=2)", "E404"),
        ("a, *, b", "f(1)", "E401"),
        ("a, *, b", "f(1, 2)", "E402"),
        ("a, /", "f(a=1)", "E403"),
        ("n: int", "f('abc')", "E301"),
        ("n: int", "f(None)", "E301"),
        ("xs: list", "f(3)", "E301"),
        ('level: "low" | "high"', "f('hgih')", "E301"),
    ],
)
def test_wrong_calls_of_own_functions(codes: Codes, signature: str, call: str, code: str) -> None:
    """Each mistake has its code, and is reported once."""
    assert codes(f"def f({signature}):\n    return 1\n{call}\n") == [code]


@pytest.mark.parametrize(
    ("signature", "call"),
    [
        ("a, b=2", "f(1)"),
        ("a, *rest", "f(1, 2, 3)"),
        ("**options", "f(a=1, b=2)"),
        ("a, b", "f(*[1, 2])"),
        ("a, b", "f(**{'a': 1, 'b': 2})"),
        ("a, *, b=1", "f(1, b=2)"),
        ("a, /, b", "f(1, b=2)"),
        ("n: int = None", "f(None)"),
        ("x: float", "f('2.5')"),
    ],
)
def test_right_calls_of_own_functions(codes: Codes, signature: str, call: str) -> None:
    """Stars, defaults and coercions are understood."""
    assert codes(f"def f({signature}):\n    return 1\n{call}\n") == []


def test_messages_show_the_signature_and_the_nearest_name(look: Look) -> None:
    """`nmae` is probably `name`; a missing argument shows what is expected."""
    text = "def greet(name: str, loud: bool = false) -> str:\n    return name\ngreet(nmae='x')\ngreet()\n"
    unknown, missing = look(text).diagnostics
    assert unknown.hint == "did you mean `name`?"
    assert missing.hint == "its signature is `greet(name: str, loud: bool = …) -> str`"


def test_a_literal_type_suggests_the_nearest_text(look: Look) -> None:
    """`"hgih"` is probably `"high"`."""
    (finding,) = look('def f(level: "low" | "high"):\n    return level\nf("hgih")\n').diagnostics
    assert finding.hint == 'did you mean `"high"`?'


def test_builtins_are_checked_by_their_own_rules(codes: Codes) -> None:
    """Builtins convert nothing and take the arguments Python's take."""
    assert codes("len()\n") == ["E401"]
    assert codes("len([1], [2])\n") == ["E402"]
    assert codes("sorted([1], revers=true)\n") == ["E403"]
    assert codes("'a,b'.split(',', 1, 2)\n") == ["E402"]


def test_targets_are_what_is_certainly_reached(look: Look) -> None:
    """`calls` tells functions, structs, builtins, methods and functions called as methods apart."""
    text = POINT + (
        "def (p: Point) norm() -> float:\n    return p.x\n"
        "def scale(p: Point, k: float) -> Point:\n    return Point(x=p.x * k)\n"
        "def use(v, f):\n    return v.scale(2), f(3)\n"
        "q = Point(x=1.0)\nprint(q.norm())\nq.scale(2.0)\nscale(q, 3.0)\n"
    )
    found = targets(look, text)
    assert found["Point(x=p.x * k)"] == "struct"
    assert found["q.norm()"] == "method"
    assert found["q.scale(2.0)"] == "ufcs"
    assert found["scale(q, 3.0)"] == "function"
    assert found["v.scale(2)"] == "maybe_ufcs"
    assert found["f(3)"] == "-"
    assert found["print(q.norm())"] == "builtin"


def test_imported_functions_are_checked(codes: Codes) -> None:
    """A module's interface carries its signatures."""
    modules = {"geo": "def area(r: float) -> float:\n    return r * r\n"}
    assert codes("import geo\ngeo.area()\n", modules) == ["E401"]
    assert codes("from geo import area\narea(1, 2)\n", modules) == ["E402"]
    assert codes("import geo as g\nprint(g.area(2))\n", modules) == []


def test_rebound_names_are_not_known_functions(look: Look) -> None:
    """Two definitions, or an assignment: nothing is certain any more."""
    text = "def f(a):\n    return a\nif input():\n    def f(a, b):\n        return b\nf(1)\nf(1, 2)\n"
    assert set(targets(look, text).values()) <= {"-", "builtin"}


def test_decorated_functions_may_have_another_signature(codes: Codes) -> None:
    """Only the native decorator is known to keep it."""
    assert codes("def d(g):\n    return g\n@d\ndef f(a):\n    return a\nf(1, 2)\n") == []
    assert codes("@poet(retries=1)\ndef f(a):\n    return a\nf(1, 2)\n") == ["E402"]


def test_poet_options_are_checked_at_compile_time(look: Look) -> None:
    """An unknown option is refused with the nearest one; constants reach the table `decorators`."""
    (finding,) = look("@poet(retires=2)\ndef f():\n    return 1\n").diagnostics
    assert finding.code == "E801"
    assert "retries" in finding.hint
    checked = look("@poet(retries=2, timeout=-1 + 2)\ndef f():\n    return 1\n")
    assert [d.code for d in checked.errors] == []
    assert next(iter(checked.decorators.values()))["retries"] == 2


@pytest.mark.parametrize(
    ("construction", "code"),
    [
        ("Point()", "E422"),
        ("Point(1, 2, 3)", "E402"),
        ("Point(x=1, z=2)", "E421"),
        ("Point(1, x=2)", "E404"),
        ("Point(x='abc')", "E301"),
        ("Point(x=[1])", "E301"),
    ],
)
def test_wrong_constructions(codes: Codes, construction: str, code: str) -> None:
    """Structs are checked like calls, in the words of fields."""
    assert codes(POINT + f"p = {construction}\n") == [code]


def test_functions_of_other_types_are_not_methods_here(codes: Codes) -> None:
    """`c.area()` needs a function whose first parameter takes c."""
    text = POINT + "struct Circle:\n    r: float\ndef area(c: Circle) -> float:\n    return c.r\nPoint(x=1.0).area()\n"
    assert codes(text) == ["E304"]


def test_methods_on_builtin_values_have_suggestions(look: Look) -> None:
    """`uper` is probably `upper`."""
    assert look("'a'.uper()\n").diagnostics[0].hint == "did you mean `upper`?"
