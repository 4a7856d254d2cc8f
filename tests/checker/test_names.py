"""Names are resolved before anything runs (L8–L10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from dana.ast import nodes as na

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import Look

    Codes = Callable[..., list[str]]


def bindings(look: Look, text: str) -> list[tuple[str, str]]:
    """Every plain name of a text with its binding, in source order."""
    checked = look(text)
    found = [n for n in na.walk(checked.module) if isinstance(n, na.Name)]
    return [(n.id, checked.bindings.get(id(n), "-")) for n in sorted(found)]


def test_locals_cells_module_names_and_builtins_are_told_apart(look: Look) -> None:
    """`bindings` says where each name lives; a captured variable is a cell everywhere."""
    text = "m = 1\ndef f(a, b):\n    def g():\n        return a\n    print(m, b)\n    return g\n"
    assert bindings(look, text) == [
        ("m", "module"),
        ("a", "cell"),
        ("print", "builtin"),
        ("m", "module"),
        ("b", "local"),
        ("g", "local"),
    ]


def test_comprehension_variables_do_not_leak(codes: Codes) -> None:
    """The name is unknown after the comprehension."""
    assert codes("xs = [x for x in [1]]\nprint(x)\n") == ["E201"]


def test_lambda_parameters_do_not_leak(codes: Codes) -> None:
    """The name is unknown after the lambda."""
    assert codes("f = lambda q: q\nprint(q, f)\n") == ["E201"]


def test_unknown_name_is_reported_once_with_its_other_uses(look: Look) -> None:
    """One slip, one error: the note counts the rest."""
    (finding,) = look("print(totl)\nprint(totl, totl)\ntotal = 1\n").diagnostics
    assert (finding.code, finding.line) == ("E201", 1)
    assert finding.hint == "did you mean `total`?"
    assert finding.notes == ("`totl` is used 2 more times, in line 2",)
    assert finding.fix is None  # a guess is nothing a machine may apply


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("prnt(1)\n", "`print`"),
        ("retrn = 1\nprint(retur)\n", "`retrn`"),
        ("print(json)\n", "import json"),
        ("struct P:\n    width: int\n\nprint(width)\n", "field of `P`"),
        ("print(self)\n", "receiver"),
        ("esle = 1\nprint(whlie)\n", "keyword `while`"),
    ],
)
def test_unknown_names_come_with_help(look: Look, text: str, hint: str) -> None:
    """Names, keywords, modules, fields and words of other languages are recognised."""
    assert hint in look(text).diagnostics[0].hint


def test_suggestions_prefer_names_of_the_file(look: Look) -> None:
    """A local variable is suggested although it is not visible at module level."""
    assert look("def f(counter):\n    return couner\n").diagnostics[0].hint == "did you mean `counter`?"


@pytest.mark.parametrize(
    "text",
    [
        "print(later)\nlater = 1\n",
        "def f():\n    print(x)\n    x = 1\n",
        "def f():\n    x += 1\n",
        "f()\ndef f():\n    return 1\n",
        "p = P(x=1)\nstruct P:\n    x: int\n",
    ],
)
def test_certain_use_before_definition_is_an_error(codes: Codes, text: str) -> None:
    """Straight-line code that reads a name before its first assignment."""
    assert codes(text) == ["E202"]


@pytest.mark.parametrize(
    "text",
    [
        "def f():\n    return later\nlater = 1\nf()\n",
        "for i in [1, 2]:\n    if i == 2:\n        print(x)\n    x = 1\n",
        "def even(n):\n    return n == 0 or odd(n - 1)\ndef odd(n):\n    return n > 0 and even(n - 1)\n",
        "def f(c):\n    if c:\n        x = 1\n    return x\n",
        "print(sum([1]))\nsum = 3\n" if False else "y = [x for x in [1] if (z := x)]\nprint(z)\n",
        "v = z if (z := 1) else 2\n",
        "def f():\n    global made\n    made = 1\nf()\nprint(made)\n",
        "def area(c: Circle) -> float:\n    return c.r\nstruct Circle:\n    r: float\n",
        "def (c: Circle) area() -> float:\n    return c.r\nstruct Circle:\n    r: float\n",
    ],
)
def test_possible_orders_are_left_alone(codes: Codes, text: str) -> None:
    """When some run may assign first, nothing is reported; types may be used before they are defined."""
    assert codes(text) == []


def test_a_builtin_may_be_read_before_it_is_shadowed(codes: Codes) -> None:
    """At module level the builtin is found until the assignment runs, as in Python; only the lint remains."""
    assert codes("print(sum([1]))\nsum = 3\n") == ["W201"]


def test_unscoped_reads_fall_back_to_the_state_scopes(look: Look) -> None:
    """A name assigned in a scope only is found there: private, then public, then system (L10)."""
    found = bindings(look, "private:a = 1\npublic:a = 2\npublic:b = 3\nprint(a, b)\n")
    assert found == [("print", "builtin"), ("a", "private"), ("b", "public")]


def test_state_assigned_inside_functions_counts(codes: Codes) -> None:
    """The assignment may stand anywhere in the module."""
    assert codes("def write(v):\n    private:n = v\ndef read():\n    return private:n + n\n") == []


def test_unassigned_private_state_is_unknown(look: Look) -> None:
    """Private state belongs to the module, so the checker sees all of its assignments."""
    (finding,) = look("private:count = 1\nprint(private:cuont)\n").diagnostics
    assert (finding.code, finding.hint) == ("E201", "did you mean `private:count`?")


def test_public_names_of_imported_modules_are_found(look: Look) -> None:
    """What an imported module assigns in the public scope is state of the whole program."""
    checked = look("import other\nprint(level)\n", {"other": "public:level = 3\n"})
    assert checked.errors == []


def test_names_of_broken_statements_are_not_unknown(look: Look) -> None:
    """A statement the parser could not read may have defined what stands in it (L46)."""
    codes = [d.code for d in look("def f(a, b:\n    return a\nprint(f(1, 2))\n").diagnostics]
    assert "E201" not in codes


@pytest.mark.parametrize("name", ["eval", "exec", "globals", "super", "property", "setattr", "__import__"])
def test_refused_builtins_say_why_and_what_instead(look: Look, name: str) -> None:
    """Refusals are explained (L48, L50)."""
    finding = look(f"{name}(1)\n").diagnostics[0]
    assert finding.is_error
    if name != "__import__":
        assert finding.code == "E203"
        assert finding.hint


def test_global_and_nonlocal_reach_the_right_variable(look: Look) -> None:
    """Assignments after `global` are the module's, after `nonlocal` the outer function's."""
    text = "n = 0\ndef f():\n    k = 0\n    def g():\n        global n\n        nonlocal k\n        n = 1\n        k = 2\n    return g\n"
    found = dict(bindings(look, text))
    assert found["n"] == "module"
    assert found["k"] == "cell"


def test_import_star_of_an_unseen_module_silences_unknown_names(look: Look) -> None:
    """Any name may come from it."""
    from dana.checker import Interface, check
    from dana.parser import parse
    from dana.source import Source

    parsed = parse(Source("t.na", "from odd import *\nprint(whatever)\n"))
    assert check(parsed, modules=lambda r: Interface(r.text, open_=True)).errors == []


def test_except_name_may_be_read_in_a_later_loop_round(codes: Codes) -> None:
    """Only what is certain is reported."""
    text = "def f():\n    e = None\n    try:\n        print(1)\n    except ValueError as e:\n        print(e)\n    return e\n"
    assert codes(text) == []


def test_a_name_used_too_early_is_reported_once(codes: Codes) -> None:
    assert codes("print(f)\ndef f(): return 1\n") == ["E202"]
