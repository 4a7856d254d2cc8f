"""Pipelines: which `|` is which, how stages get their value, captures and placeholders (L20, L21)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dana.ast import nodes as na

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Look

    Codes = Callable[..., list[str]]

HEAD = (
    "def inc(n):\n    return n + 1\ndef add(a, b):\n    return a + b\ndef now():\n    return 1\n"
    "def adder(k):\n    return lambda v: v + k\n"
)


def pipes(look: Look, expression: str) -> list[str]:
    """The kinds of the `|`s of an expression, left to right."""
    checked = look(HEAD + f"def unknown(v, w):\n    return {expression}\n")
    assert not checked.errors, checked.errors
    found = [n for n in na.walk(checked.module) if isinstance(n, na.BinOp) and n.op == "|"]
    return [checked.pipes[id(n)] for n in sorted(found, key=lambda n: n.end)]


@pytest.mark.parametrize(
    ("expression", "kinds"),
    [
        ("5 | inc", ["apply"]),
        ("5 | inc | str", ["apply", "apply"]),
        ("inc | str", ["compose"]),
        ("inc | str | len", ["compose", "compose"]),
        ("5 | [inc, str]", ["apply"]),
        ("5 | (lambda x: x * 2)", ["apply"]),
        ("5 | add(2)", ["apply"]),
        ("5 | adder(2)", ["apply"]),
        ("5 | 3", ["python"]),
        ("{1} | {2}", ["python"]),
        ("{'a': 1} | {'b': 2}", ["python"]),
        ("int | str", ["python"]),
        ("v | inc", ["dynamic"]),
        ("v | w", ["dynamic"]),
        ("'a' | str.upper", ["dynamic"]),
        ("{1} | set([2])", ["python"]),
    ],
)
def test_each_bar_is_classified(look: Look, expression: str, kinds: list[str]) -> None:
    """apply, compose, python, or decided at run time."""
    assert pipes(look, expression) == kinds


@pytest.mark.parametrize(
    ("stage", "kind"),
    [
        ("inc", "value"),
        ("add(2)", "insert"),
        ("add(2, $$)", "placed"),
        ("adder(2)", "value"),
        ("[inc, str]", "parallel"),
        ("now", "value"),
        ("v(2)", "unsure"),
    ],
)
def test_stages_say_how_they_get_the_value(look: Look, stage: str, kind: str) -> None:
    """The table `stages`."""
    text = HEAD + f"def f(v):\n    return 5 | {stage}\n"
    checked = look(text)
    assert not checked.errors
    found = [n for n in na.walk(checked.module) if text[n.start : n.end] == stage and id(n) in checked.stages]
    assert checked.stages[id(found[0])] == kind


def test_stages_without_parameters_drop_the_value(look: Look) -> None:
    """`5 | now` calls `now()`."""
    text = HEAD + "x = 5 | now\n"
    checked = look(text)
    (name,) = (n for n in na.walk(checked.module) if isinstance(n, na.Name) and n.id == "now")
    assert id(name) in checked.drops


def test_unknown_stages_are_errors(codes: Codes) -> None:
    """Names in stages are resolved like all others."""
    assert codes("x = 5 | nowhere\n") == ["E201"]
    assert codes("def f(x) = nowhere | str\n") == ["E201"]


def test_values_are_no_stages(codes: Codes) -> None:
    """After a value or a function something callable must follow."""
    assert codes(HEAD + "x = inc | 'text'\n") == ["E303"]
    assert codes(HEAD + "x = 'a' | 'b'\n") == ["E303"]
    assert codes(HEAD + "def f(x) = inc | 3\n") == ["E303"]


def test_a_stage_that_needs_more_says_how(look: Look) -> None:
    """`5 | add` lacks b; the hint shows how to give it."""
    (finding,) = look(HEAD + "x = 5 | add\n").diagnostics
    assert finding.code == "E401"
    assert "… | add(…)" in finding.hint


def test_types_flow_through_stages(codes: Codes) -> None:
    """A function that takes a list cannot get an int."""
    assert codes("def total(xs: list) -> int:\n    return len(xs)\nx = 5 | total\n") == ["E301"]


def test_captures_are_variables_of_the_function(look: Look) -> None:
    """Later stages may mention them; they remain after the pipeline, like a `:=` target."""
    checked = look(HEAD + "x = 5 | inc as a | add(a, 2)\nprint(a)\n")
    assert checked.errors == []
    assert {checked.bindings[id(n)] for n in na.walk(checked.module) if isinstance(n, na.Name) and n.id == "a"} >= {
        "module"
    }


def test_captures_in_comprehension_sources_are_refused(codes: Codes) -> None:
    """Python has no place for them there."""
    assert codes(HEAD + "xs = [y for y in ([1] | sorted as s)]\n") == ["E414"]


def test_placeholders_need_a_pipeline_or_a_call(codes: Codes) -> None:
    """`f(1, $$)` is a partial application; a lone `$$` is nothing."""
    assert codes(HEAD + "g = add(1, $$)\nprint(g(2), 3 | add(1, $$ * 2))\n") == []
    assert codes("x = $$\n") == ["E423"]


@pytest.mark.parametrize(
    ("definition", "expected"),
    [
        ("def f(x) = inc | str", []),
        ("def f = inc | str", []),
        ("def f(a, b) = add | inc", []),
        ("def f(a) = add | inc", ["E401"]),
        ("def f(x) = x | add(2)", []),
        ("def f(x) = add(x, 1)", []),
        ("def f(x) -> list = inc | len", ["E305"]),
        ("def f(g) = inc | g | str", []),
        ("def f() = now | inc", []),
    ],
)
def test_composed_functions(codes: Codes, definition: str, expected: list[str]) -> None:
    """The first stage receives all arguments; parameters may be stages."""
    assert codes(HEAD + definition + "\n") == expected


def test_composed_functions_have_signatures(codes: Codes) -> None:
    """Calls of them are checked."""
    assert codes(HEAD + "def f(a, b) = add | inc\nf(1)\nf(1, 2)\n") == ["E401"]
