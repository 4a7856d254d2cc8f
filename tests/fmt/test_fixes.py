"""Hints that a machine can apply are applied, until none is left."""

from __future__ import annotations

import pytest

from dana.diagnostics import Diagnostic, Fix
from dana.engine import Engine
from dana.fmt.fixes import apart, fix_source
from dana.parser import parse
from dana.source import Source, Span


def fixed(text):
    return fix_source(Source("x.na", text), Engine().check)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("private.x = 3\nprint(private.x)\n", "private:x = 3\nprint(private:x)\n"),
        ("if a {\n    x\n} else if b {\n    y\n}\n", "if a {\n    x\n} elif b {\n    y\n}\n"),
        ("if a:\n    x\nelseif b:\n    y\n", "if a:\n    x\nelif b:\n    y\n"),
        ("x = a && b || !c\n", "x = a and b or not c\n"),
        ("print(“hello”)\n", 'print("hello")\n'),
        ("let x = 1\n", "x = 1\n"),
        ("function f(a) {\n    return a\n}\n", "def f(a) {\n    return a\n}\n"),
        ("throw ValueError('x')\n", "raise ValueError('x')\n"),
        ("n = 1\nn++\n", "n = 1\nn += 1\n"),
        ("if x = 4:\n    y\n", "if x == 4:\n    y\n"),
        ("if x\n    y\n", "if x:\n    y\n"),
    ],
)
def test_older_and_foreign_spellings(before, after):
    names = "a = b = c = x = y = 1\n"
    assert fixed(names + before).text == names + after


def test_it_goes_on_until_nothing_is_offered():
    done = fixed("x = true\ny = x && !x || x\nprint(yy)\n")
    # What a name may have meant is a guess, so it stays with its author.
    assert done.text == "x = true\ny = x and not x or x\nprint(yy)\n"
    assert [a.code for a in done.applied].count("E110") == 3


def test_it_says_what_it_did_and_what_is_left():
    done = fixed("private.x = 1\nprint(nowhere_near_anything)\n")
    assert [(a.line, a.code, a.old, a.new) for a in done.applied] == [(1, "E128", ".", ":")]
    assert [d.code for d in done.left if d.is_error] == ["E201"]


def finding(source, start, end, text):
    return Diagnostic("E110", "x", source, Span(start, end), fix=Fix(Span(start, end), text))


def test_overlapping_changes_are_never_made_together():
    source = Source("x", "abcdef")
    found = [
        finding(source, 2, 4, "x"),
        finding(source, 0, 3, "y"),
        finding(source, 4, 5, "z"),
        finding(source, 5, 6, ""),
    ]
    assert [d.fix.span for d in apart(found)] == [(0, 3), (4, 5)]


def test_a_change_that_makes_things_worse_is_not_made():
    source = Source("x", "x = 1\ny = 2\n")

    def find(now):
        return [finding(now, 4, 5, "(")] if now.text == source.text else []

    done = fix_source(source, find)
    assert done.text == source.text
    assert done.applied == ()


def test_changes_that_undo_each_other_end():
    def find(now):
        return [finding(now, 0, 1, "b" if now.text[0] == "a" else "a")]

    done = fix_source(Source("x", "a = 1\n"), find)
    assert len(done.applied) == 1


def test_what_is_repaired_parses():
    text = "if x && private.y {\n  print(“a”)\n} else if !x {\n  y++\n}\n"
    done = fix_source(Source("x", text), lambda source: parse(source).diagnostics)
    assert not [d for d in parse(Source("x", done.text)).diagnostics if d.is_error]
