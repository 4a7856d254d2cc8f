"""Which functions may take part in a call cycle."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dana.ast import nodes as na

if TYPE_CHECKING:
    from conftest import Look


def recursive(look: Look, text: str) -> set[str]:
    """Names of the functions found to be recursive (`lambda` for lambdas)."""
    checked = look(text)
    assert not checked.errors, checked.errors
    found = (n for n in na.walk(checked.module) if id(n) in checked.recursive)
    return {getattr(n, "name", "lambda") for n in found}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f(n):\n    return f(n - 1)\n", {"f"}),
        ("def f(n):\n    return n\ndef g(n):\n    return f(n)\n", set()),
        ("def f(n):\n    return g(n)\ndef g(n):\n    return f(n)\ndef h(n):\n    return f(n)\n", {"f", "g"}),
        ("def f(n):\n    return [f(m) for m in n]\n", {"f"}),
        ("struct P:\n    x: int\ndef (p: P) m():\n    return p.m()\n", {"m"}),
        ("struct P:\n    x: int\ndef (p: P) m(q):\n    return q.m(p)\n", {"m"}),
        ("def f(g):\n    return g(f)\nf(f)\n", {"f"}),
        ("def f(g):\n    return g(1)\ndef h(n):\n    return n\nprint(f(h))\n", set()),
        ("def f(x):\n    return k(x)\nk = lambda x: f(x)\n", {"f", "lambda"}),
        ("def f(n) = g | str\ndef g(n):\n    return f(n)\n", {"f", "g"}),
        ("def f(xs):\n    return sorted(xs, key=f)\n", {"f"}),
        ("def f(xs):\n    return xs | f\n", {"f"}),
        (
            "def d(g):\n    return g\n@d\ndef f(n):\n    return h(n)\ndef h(n):\n    return k()(n)\ndef k():\n    return f\n",
            {"f", "h"},
        ),
    ],
)
def test_cycles(look: Look, text: str, expected: set[str]) -> None:
    """Direct, mutual, by method name, through values that escape."""
    assert recursive(look, text) == expected


def test_plain_helpers_are_not_metered(look: Look) -> None:
    """A module full of ordinary calls has no recursive function."""
    text = "def area(r):\n    return max(r, 2) * abs(r)\ndef show(r):\n    print(area(r))\nshow(2)\n"
    assert recursive(look, text) == set()
