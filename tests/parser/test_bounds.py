"""Depth is bounded, and work grows in proportion to the text, whatever the text is."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest
from helpers import codes, parsed

from dana.ast.unparse import unparse
from dana.parser import parse
from dana.source import Source

HOSTILE = {
    "open brackets": lambda n: "(" * n,
    "closed brackets": lambda n: "(" * n + "x" + ")" * n,
    "mixed brackets": lambda n: "([{" * n,
    "mismatched brackets": lambda n: "(" * n + "]" * n,
    "not": lambda n: "not " * n + "x",
    "attributes": lambda n: "x" + ".a" * n,
    "calls": lambda n: "x" + "()" * n,
    "sums": lambda n: "x" + "+x" * n,
    "powers": lambda n: "x" + "**x" * n,
    "choices": lambda n: "x if y else " * n + "z",
    "lambdas": lambda n: "lambda: " * n + "z",
    "typed lambdas": lambda n: "lambda x :: " * n,
    "assignments": lambda n: "a=" * n + "1",
    "adjacent texts": lambda n: "'a' " * n,
    "open blocks": lambda n: "if x {\n" * n,
    "closed blocks": lambda n: "if x {\n" * n + "y\n" + "}\n" * n,
    "elif": lambda n: "if x:\n y\n" + "elif x:\n y\n" * n,
    "wrong lines": lambda n: "x = = 3\n" * n,
    "one wrong line": lambda n: "x = = 3 " * n,
    "unfinished texts": lambda n: "x = 'abc\n" * n,
    "unfinished f-strings": lambda n: "x = f'abc{\n" * n,
    "unfinished triple f-strings": lambda n: "x = f'''abc{\n" * (n + 1),
    "nested f-strings": lambda n: "f'{f\"{" * n,
    "NUL": lambda n: "\0a" * n,
    "typographic quotes": lambda n: "a“" * n,
    "hard spaces": lambda n: "a\xa0" * n,
    "one long name": lambda n: "a" * n * 20,
    "one long text": lambda n: "'" + "a" * n * 20 + "'",
    "backslashes": lambda n: "\\" * n,
    "documentation": lambda n: "def f(a " + "## x\n" * n,
    "match calls": lambda n: "match(x);" * n,
    "match lines": lambda n: "match (x):\n" * n,
    "tabs and spaces": lambda n: "\tx\n  y\n" * n,
    "digits": lambda n: "1" * n,
    "unclosed lines": lambda n: "x = f(1\n" * n,
    "options": lambda n: "x: int" + "?" * n,
    "unions": lambda n: "x: a" + "|a" * n,
    "continued pipelines": lambda n: "x\n|" * n,
    "orphans": lambda n: "else:\n" * n,
    "closers": lambda n: "}" * n,
    "with": lambda n: "with (a as b" * n,
    "dotted scopes": lambda n: "private.x\n" * n,
}


def seconds(text):
    start = time.process_time()
    parse(Source("t", text))
    return time.process_time() - start


@pytest.mark.parametrize("name", HOSTILE)
def test_work_grows_in_proportion(name):
    make = HOSTILE[name]
    seconds(make(100))
    # Eight times the text may take twelve times as long; quadratic work would take sixty-four.
    ratios = []
    for _ in range(3):
        small = max(seconds(make(1500)), 0.002)
        ratios.append(seconds(make(12_000)) / small)
        if ratios[-1] < 16:
            return
    raise AssertionError(ratios)


@pytest.mark.parametrize(
    ("opening", "closing"),
    [("(", ")"), ("[", "]"), ("{", "}"), ("f(", ")"), ("x[", "]"), ("-", ""), ("not ", ""), ("lambda: ", ""), ("x if y else ", ""),
     ("x**", ""), ("f'{", "}'")],
)  # fmt: skip
def test_what_is_nested_too_deeply_is_refused(opening, closing):
    assert "E120" in codes("y = " + opening * 250 + "1" + closing * 250)


def test_what_people_write_is_not_too_deep():
    parsed("x = " + "(" * 150 + "1" + ")" * 150)
    parsed("x = " + "[" * 150 + "]" * 150)
    parsed("x = 1" + " + 1" * 1900)
    parsed("x = a" + " and b" * 5000)
    parsed("x = [" + "1, " * 20000 + "]")
    text = "".join("    " * i + "if x:\n" for i in range(60)) + "    " * 60 + "y\n"
    assert unparse(parsed(text).module) == text


def test_long_spines_are_bounded():
    assert codes("x = 1" + " + 1" * 3000) == ["E120"]
    assert codes("x = a" + ".b" * 300) == ["E120"]
    assert codes("x: int" + "?" * 300) == ["E120"]


def test_the_parser_loads_little():
    script = "import sys\nbefore = set(sys.modules)\nimport dana.parser\nprint(*sorted(set(sys.modules) - before))"
    loaded = subprocess.run(
        [sys.executable, "-S", "-c", script],
        capture_output=True,
        text=True,
        check=True,
        cwd=sys.path[0] or ".",
        env={"PYTHONPATH": _root()},
    ).stdout.split()
    assert not {
        "lark",
        "typing",
        "dataclasses",
        "inspect",
        "unicodedata",
        "ast",
        "dana.parser.explain",
        "dana.parser.stray",
    } & set(loaded)


def _root():
    import dana

    return dana.__file__.rpartition("/dana/")[0]
