"""Texts at the edge of what anybody would write: a diagnostic or a value, never a crash (L47)."""

from __future__ import annotations

import pytest

from dana.checker import check
from dana.errors import DanaError
from dana.parser import decode, parse
from dana.source import Source

DEEP = 10_000
LONG = 1_000_000

REFUSED = {
    "open parentheses": "(" * DEEP,
    "closed parentheses": "x = " + "(" * DEEP + "1" + ")" * DEEP,
    "brackets": "x = " + "[" * DEEP + "]" * DEEP,
    "open brackets": "x = " + "[" * DEEP,
    "braces": "x = " + "{" * DEEP + "}" * DEEP,
    "mixed brackets": "x = " + "([{" * DEEP,
    "closing brackets": ")" * DEEP,
    "subscripts": "x = 1\ny = " + "x[" * DEEP + "0" + "]" * DEEP,
    "calls in calls": "x = " + "f(" * DEEP + ")" * DEEP,
    "minus signs": "x = " + "-" * DEEP + "1",
    "nots": "x = " + "not " * DEEP + "true",
    "lambdas": "x = " + "lambda: " * DEEP + "1",
    "conditionals": "x = " + "1 if 1 else " * DEEP + "1",
    "powers": "x = " + "2 ** " * DEEP + "1",
    "nested f-strings": "x = " + "f'{" * DEEP + "1" + "}'" * DEEP,
    "nested f-string specs": "x = f'{1:" + "{1:" * DEEP + "}" * DEEP + "}'",
    "nested blocks": "\n".join(" " * n + "if true:" for n in range(2_000)) + "\n" + " " * 2_000 + "pass",
    "nested braced blocks": "if true { " * DEEP + "pass" + " }" * DEEP,
    "nested types": "def f(x: " + "list[" * DEEP + "int" + "]" * DEEP + "): pass",
    "nested patterns": "match 1:\n    case " + "[" * DEEP + "]" * DEEP + ": pass",
    "calls after calls": "f = 1\nx = f" + "()" * DEEP,
    "unfinished string": 'x = "' + "a" * LONG,
    "unfinished triple string": 'x = """' + "a\n" * (LONG // 2),
    "unfinished f-string": 'x = f"' + "{a}" * (LONG // 20),
    "stray characters": "?" * DEEP,
    "broken lines": "x = = 1\n" * 3_000,
    "closing braces": "}\n" * 3_000,
    "backslash at the end": "x = 1 + \\",
    "long number": "x = " + "9" * LONG,
    "long bad number": "x = 0x" + "g" * 100_000,
    "NUL": "x = \x00",
    "many NULs": "\x00" * DEEP,
    "long line of bad words": "a b " * (LONG // 40),
}

ACCEPTED = {
    "nothing": "",
    "spaces": " " * LONG,
    "newlines": "\n" * 100_000,
    "a long comment": "#" * LONG,
    "a long string": "x = '" + "a" * LONG + "'",
    "a long name": "x" * 100_000 + " = 1",
    "many statements on a line": "x = 1;" * 20_000,
    "a long list": "x = [" + "1, " * 100_000 + "]",
    "a long sum": "x = " + "1 + " * 1_900 + "1",
    "a long chain of ands": "x = " + "true and " * 1_900 + "true",
    "a long chain of comparisons": "x = " + "1 < " * 1_000 + "2",
    "many elifs": "x = 1\nif x == 0: pass\n" + "elif x == 2: pass\n" * 1_000,
    "moderate nesting": "x = " + "(" * 150 + "1" + ")" * 150,
    "adjacent strings": "x = " + "'a' " * 5_000,
}


@pytest.mark.parametrize("name", REFUSED)
def test_an_extreme_text_gets_a_diagnostic(name):
    parsed = parse(Source("extreme.na", REFUSED[name]))
    found = [d for d in parsed.diagnostics if d.is_error]
    assert found or check(parsed).errors
    assert len(found) <= 3_001
    check(parsed)


@pytest.mark.parametrize("name", ACCEPTED)
def test_an_extreme_text_that_is_right_is_accepted(name):
    parsed = parse(Source("extreme.na", ACCEPTED[name]))
    assert [d for d in parsed.diagnostics if d.is_error] == []
    checked = check(parsed)
    assert checked.errors in ([], ())


@pytest.mark.parametrize("data", [b"\xff", b"x = 1\n\xc3", b"\xed\xa0\x80", b"\xfe\xff\x00x", b"\x80" * DEEP])
def test_broken_utf8_gets_a_diagnostic(data):
    found = decode(data, "broken.na")
    assert not isinstance(found, Source)
    assert found.is_error


@pytest.mark.parametrize("name", ["open parentheses", "nested f-strings", "calls after calls", "minus signs"])
def test_running_an_extreme_text_raises_nothing_but_dana_errors(name):
    from dana.engine import Engine

    with pytest.raises(DanaError):
        Engine(cache=False).run(REFUSED[name])
