"""Statements in their places, lints, and how findings are reported."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Look

    Codes = Callable[..., list[str]]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("return 1\n", "E408"),
        ("deliver 1\n", "E408"),
        ("break\n", "E409"),
        ("def f():\n    continue\n", "E409"),
        ("for i in [1]:\n    def f():\n        break\n", "E409"),
        ("for i in [1]:\n    print(i)\nelse:\n    break\n", "E409"),
        ("def f(x):\n    global x\n", "E207"),
        ("def f():\n    print(x)\n    global x\nx = 1\n", "E207"),
        ("def f():\n    x = 1\n    def g():\n        nonlocal x\n        global x\n", "E207"),
        ("x = 1\nglobal x\n", "E207"),
        ("nonlocal x\n", "E206"),
        ("def f():\n    global n\n    n: int = 1\n", "E207"),
        ("match 1:\n    case [a, a]:\n        print(a)\n", "E413"),
        ("match 1:\n    case [a] | [b]:\n        print(1)\n", "E413"),
        ("match 1:\n    case a | 1:\n        print(1)\n", "E413"),
        ("match 1:\n    case {0: a, -0: b}:\n        print(a, b)\n", "E413"),
        ("struct P:\n    x: int\nmatch 1:\n    case P(1, 2):\n        print(1)\n", "E413"),
        ("struct P:\n    x: int\nmatch 1:\n    case P(z=1):\n        print(1)\n", "E304"),
        ("xs = [i for i in range(3) if (i := 1)]\n", "E414"),
        ("with 3 as x:\n    print(x)\n", "E304"),
        ("try:\n    print(1)\nexcept 'x':\n    print(2)\n", "E311"),
        ("def f() -> int:\n    print(1)\n", "E305"),
        ("def f() -> int:\n    return\n", "E305"),
        ("import m\nm.x = 2\n", "E410"),
    ],
)
def test_refused_statements(codes: Codes, text: str, code: str) -> None:
    """What Python's compiler, or any run, would refuse is refused here, once."""
    assert codes(text, {"m": "x = 1\n"}) == [code]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("def f():\n    return 1\n    print(2)\n", "W401"),
        ("while true:\n    print(1)\nprint(2)\n", "W401"),
        ("def f(x):\n    if x:\n        return 1\n    else:\n        raise 'no'\n    print(2)\n", "W401"),
        ("exit()\nprint(1)\n", "W401"),
        ("len = 3\n", "W201"),
        ("def print(x):\n    return x\n", "W201"),
        ("x = 2.5\nn: int = x\n", "W301"),
        ("print('a' == 1)\n", "W302"),
        ("x = 1\nprint(x is 1)\n", "W303"),
        ("if 'no':\n    print(1)\n", "W306"),
        ("private = 1\nx = 2\nprint({private: x})\n", "W202"),
    ],
)
def test_lints(codes: Codes, text: str, code: str) -> None:
    """Suspicious, but allowed."""
    assert codes(text) == [code]


@pytest.mark.parametrize(
    "text",
    [
        "while true:\n    break\nprint(1)\n",
        "def f(x):\n    match x:\n        case 1:\n            return 1\n        case _:\n            return 2\n",
        "def f() -> int:\n    while true:\n        return 1\n",
        "def f() -> int:\n    raise 'later'\n",
        "def f() -> int:\n    ...\n",
        "def f() -> int?:\n    print(1)\n",
        "n: int = 2.0\n",
        "print(1 == 1.0, none == 3, [] == none)\n",
        "private = 1\nx = 2\nprint({(private): x}, [1, 2, 3][(private) : x])\n",
        "x = input() or 'default'\nprint(x)\n",
    ],
)
def test_quiet_programs(codes: Codes, text: str) -> None:
    """Neither errors nor lints."""
    assert codes(text) == []


def test_findings_come_in_source_order(look: Look) -> None:
    """Whatever pass found them."""
    text = "def f(a):\n    return unknown_one\nprint(unknown_two)\nf()\n'a' - 1\n"
    assert [d.line for d in look(text).diagnostics] == [2, 3, 4, 5]


def test_one_mistake_is_one_finding(codes: Codes) -> None:
    """An unknown name has no type errors after it, and lines the parser refused are left alone."""
    assert codes("x = nowhere + 1\ny = x.z - 'a'\nx()\n") == ["E201"]
    assert len(codes("f(a=1, a=2) + unknown\n")) == 1


def test_checking_is_repeatable(look: Look) -> None:
    """The same text gives the same findings."""
    text = "def f():\n    x = 1\n    for i in range(3):\n        y = x + 'a' - 1\n        x = 'b'\n    return z\n"
    first = [(d.code, d.message, d.line) for d in look(text).diagnostics]
    assert first == [(d.code, d.message, d.line) for d in look(text).diagnostics]


def test_rounds_do_not_repeat_or_lose_findings(codes: Codes) -> None:
    """A body that needs another round reports its errors once, also those of functions checked on the way."""
    text = (
        "def f():\n    x = 1\n    for i in range(3):\n        print(x, missing_here)\n        x = g()\n    return 'a' - 1\n"
        "def g():\n    return 'b' - 2\n"
    )
    assert codes(text) == ["E201", "E302", "E302"]


def test_deep_and_long_programs_are_checked_in_linear_time(codes: Codes) -> None:
    """Nested functions whose variables change type do not multiply the work."""
    lines = []
    for depth in range(60):
        pad = "    " * depth
        lines += [f"{pad}def f{depth}(a):", f"{pad}    x{depth} = 1", f"{pad}    for i in range(3):"]
        lines += [f"{pad}        y = x{depth}", f"{pad}        x{depth} = 'a'"]
    lines.append("    " * 60 + "return 1")
    assert codes("\n".join(lines) + "\n") == []
    assert codes("x = " + " + ".join(["1"] * 2000) + "\n") == []


def test_sessions_know_earlier_names_and_claim_little(look: Look) -> None:
    """With `known` names anything may be rebound later, so functions rely on no module variable."""
    from dana.ast import nodes as na
    from dana.checker import check
    from dana.checker.types import INT
    from dana.parser import parse
    from dana.source import Source

    parsed = parse(Source("t.na", "def f():\n    return n + 1\nprint(f(), n)\n"))
    checked = check(parsed, known={"n": INT})
    assert checked.errors == []
    inner = next(n for n in na.walk(parsed.module) if isinstance(n, na.BinOp))
    assert id(inner) not in checked.types
