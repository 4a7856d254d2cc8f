"""When Enter submits, and how a stream of lines is cut into entries."""

from __future__ import annotations

import time

import pytest

from dana.repl.completeness import entries, indentation, is_complete

WHOLE = [
    "",
    "1 + 1",
    "# a comment",
    "x = [1,\n2]",
    "def f(x): return x",
    "def f(x):\n    return x\n",
    "def f(x):\n    return x\n    ",
    "def f(x):\n    a = 1\n\n    return a\n",
    "def f(x) { return x }",
    "if a {\n  b\n}",
    "if a {\n\n\n  b\n\n}",
    "if a: b",
    "@poet(retries=1)\ndef f(x): return x",
    "@poet\ndef f(x):\n    return x\n",
    "struct P:\n    x: int\n",
    "struct P { x: int }",
    "try:\n    a\nexcept:\n    b\n",
    "match x:\n    case 1:\n        y\n",
    '"""a\nb"""',
    'f"{x}"',
    "a | b",
    "lambda x :: x + 1",
    ":time 1",
    "?name",
    # what more lines cannot mend is to be refused at once
    "x = 1 +",
    ")",
    '"never finished',
    "foo(1))",
    "def f():\nx = 1",
    "while true:\npass",
    "@poet\nx = 1",
    "try:\n    a\nb",
]
UNFINISHED = [
    "x = (1,",
    "x = {\n'a': 1",
    "foo(1",
    "def f(",
    "def f(a,\n",
    "def f(x):",
    "def f(x):  # why",
    "def f(x):\n    y = 1",
    "def f(x):\n    y = 1\n\n    z = 2",
    "def f():\n    return (1,\n",
    "for i in xs:\n    if i:\n        pass",
    "if a {",
    "if a {\n  b\n",
    "if a {\n\n\n  b\n\n",
    "if a:\n    b\nelse:",
    "try:\n    a\n",
    "try {\n  a\n}",
    "@poet",
    "@poet(retries=1)\n",
    "@poet\n\n",
    "match x:\n    case 1:\n",
    "struct P:",
    'test "a":\n',
    "x = 1 |",
    "'a' | f |\n",
    '"""abc',
    "'''abc\n\n",
    'f"""a {x}',
    "x = 1 \\",
]


@pytest.mark.parametrize("text", WHOLE)
def test_whole(text):
    assert is_complete(text)


@pytest.mark.parametrize("text", UNFINISHED)
def test_unfinished(text):
    assert not is_complete(text)


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("def f():", 4),
        ("def f():\n    if x:", 8),
        ("def f():\n    x = 1", 4),
        ("def f():\n    return 1", 0),
        ("for i in x:\n    if i:\n        break", 4),
        ("x = [", 4),
        ("if a {", 4),
        ("1 + 1", 0),
        ('"""text:', 0),
        (":load a:", 0),
    ],
)
def test_indentation(text, columns):
    assert indentation(text) == columns


@pytest.mark.parametrize(
    ("text", "cut"),
    [
        ("1\n2\n", ["1", "2"]),
        ("def f():\n    a\n\n    b\n\nf()\n", ["def f():\n    a\n\n    b", "f()"]),
        ("if x:\n    1\nelse:\n    2\ny\n", ["if x:\n    1\nelse:\n    2", "y"]),
        ("if x: 1\nelse: 2\ny\n", ["if x: 1\nelse: 2", "y"]),
        ("z = [\n1,\n\n2\n]\nz\n", ["z = [\n1,\n\n2\n]", "z"]),
        ('"""a\n\nb"""\n1\n', ['"""a\n\nb"""', "1"]),
        ("@poet\ndef f(x):\n    return x\n1\n", ["@poet\ndef f(x):\n    return x", "1"]),
        ("if a {\n\nb\n}\nc\n", ["if a {\n\nb\n}", "c"]),
        (":time 1\n?x\n", [":time 1", "?x"]),
        ("\n\n1\n\n\n", ["1"]),
        ("def f():\n    x = (1,\n", ["def f():\n    x = (1,"]),
        ("1\r\n2\r\n", ["1", "2"]),
    ],
)
def test_lines_become_entries(text, cut):
    assert list(entries(text.splitlines(keepends=True))) == cut


def test_an_entry_of_one_line_is_handed_out_before_the_next_is_read():
    def lines():
        yield "1\n"
        raise AssertionError

    assert next(entries(lines())) == "1"


def test_a_thousand_lines_are_cut_quickly():
    lines = ["def f(n):\n", *("    n += 1\n" for _ in range(1000)), "    return n\n", "f(1)\n"]
    start = time.process_time()
    assert len(list(entries(lines))) == 2
    assert len(list(entries([f"x{n} = {n}\n" for n in range(1000)]))) == 1000
    assert time.process_time() - start < 2
