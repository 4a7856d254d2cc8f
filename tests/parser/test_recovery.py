"""Every independent error is reported, and what is right is kept (L46)."""

from __future__ import annotations

import random

import pytest
from helpers import EVERYTHING, codes

from dana.ast import nodes as na
from dana.catalogue.syntax import ENTRIES
from dana.diagnostics import render
from dana.parser import decode, parse
from dana.source import Source


def test_all_independent_errors_of_a_file_are_reported():
    text = """
class A:
    x = 1
if y = 2:
    print x
else:
    z = = 3
def f(a b):
    return (1
def g(x):
    return x
"abc
import a from b
match 1:
    foo
    case 2 3:
        pass
    case 4:
        bar bar
"""
    found = parse(Source("t", text))
    assert [d.code for d in found.diagnostics] == [
        "E127", "E126", "E130", "E133", "E134", "E105", "E104", "E131", "E132", "E102", "E130",
    ]  # fmt: skip
    assert [type(s).__name__ for s in found.module.body] == [
        "ErrorStmt", "If", "ErrorStmt", "FunctionDef", "ErrorStmt", "ErrorStmt", "Match",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("if x\n    y", "E103"), ("def f()\n    y", "E103"), ("while x then\n    y", "E103"), ("struct P\n    x: int", "E103"),
        ("for x in y\n    z", "E103"), ("else if x:\n    y", "E132"), ("if x: y\nelse if z: w", "E110"), ("a && b", "E110"),
        ("a || b", "E110"), ("i++", "E110"), ("i--", "E110"), ("x === y", "E110"), ("x !== y", "E110"), ("a <> b", "E110"),
        ("x ? y : z", "E110"), ("x => y", "E110"), ("x := 1", "E110"), ("f(x += 1)", "E110"), ("while x = 1: y", "E126"),
        ("f(x.y = 1)", "E109"), ("f(a=1, 2)", "E109"), ("f(a=1, a=2)", "E109"), ("f(**a, *b)", "E109"), ("f(**a, b)", "E109"),
        ("import a from b", "E131"), ('import "a"', "E131"), ("print x", "E130"), ('print "a", b', "E130"), ("retrun x", "E130"),
        ("elseif x:\n    y", "E130"), ("function f(x):\n    y", "E130"), ("int x = 3", "E130"), ("switch x:\n    y", "E130"),
        ("private.x", "E128"), ("x local:y", "E130"), ("import x as local:y", "E128"), ("def if(): pass", "E129"),
        ("for = 3", "E129"), ("def f(in): pass", "E129"), ("x = return", "E129"), ("yield x", "E127"), ("await x", "E127"),
        ("async def f(): pass", "E127"), ("x = yield 3", "E127"), ("x | lambda y: y", "E133"), ("x = 1 +", "E133"), ("x.", "E133"),
        ("x = (1, )\ny = [", "E105"), ("[1 2]", "E134"), ("f(a b)", "E134"), ("{1: 2 3: 4}", "E134"), ("1 = x", "E108"),
        ("f() = 1", "E108"), ("x + 1 += 2", "E108"), ("True = 1", "E108"), ("none = 1", "E108"), ("[a, 1] = x", "E108"),
        ("*a = x", "E108"), ("*a, *b = x", "E108"), ("a, b += 1", "E108"), ("a, b: int = 1", "E108"), ("for f() in x: y", "E108"),
        ("[x for 1 in y]", "E108"), ("with a as f(): y", "E108"), ("del f()", "E108"), ("def f(a, a): pass", "E107"),
        ("def f(a=1, b): pass", "E107"), ("def f(*, **k): pass", "E107"), ("def f(**k, a): pass", "E107"), ("def f(*a, *b): pass", "E107"),
        ("def f(/): pass", "E107"), ("lambda a=1, b: a", "E107"), ("def f: pass", "E107"), ("x: 'not a type!'", "E119"),
        ("x: f'a'", "E119"), ("try: x\ny", "E132"), ("else: x", "E132"), ("case 1: x", "E132"), ("match x:\n    y", "E132"),
        ("match x:\n    case *a: y", "E121"), ("match x:\n    case f'a': y", "E121"), ("match x:\n    case [*a, *b]: y", "E121"),
        ("match x:\n    case {**a, 'b': c}: y", "E121"), ("match x:\n    case P(a=1, 2): y", "E121"), ("test f'a': x", "E121"),
        ("try: x\nexcept a, b: y", "E122"), ("try: x\nexcept: y\nexcept E: z", "E122"), ("@d\nx = 1", "E123"),
        ("@d\ninterface I: a()", "E123"), ("struct P:\n    x", "E123"), ("struct P(x: int):\n    y: int", "E123"),
        ("struct P(A, B): pass", "E123"), ("interface I:\n    def f():\n        return 1", "E123"), ("agent_blueprint B(C): pass", "E123"),
    ],
)  # fmt: skip
def test_a_fault_has_its_own_message(text, code):
    assert codes(text) == [code]
    (finding,) = parse(Source("t", text)).diagnostics
    assert finding.hint or finding.label
    assert render(finding)


def fixed(text):
    for finding in reversed(parse(Source("t", text)).diagnostics):
        if finding.fix is not None:
            (start, end), new = finding.fix.span, finding.fix.text
            text = text[:start] + new + text[end:]
    return text


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("private.x + public.y.z", "private:x + public:y.z"), ("if x\n    y", "if x:\n    y"), ("if x = 1: y", "if x == 1: y"),
        ("a && b", "a and b"), ("a || b", "a or b"), ("!x", "not x"), ("i++", "i += 1"), ("x === y", "x == y"),
        ("x = “a”", 'x = "a"'), ("a – b", "a - b"), ("print x", "print(x)"), ("import a from b", "from b import a"),
        ("await f()", "f()"), ("if a: b\nelse if c: d", "if a: b\nelif c: d"), ("x := 1", "x = 1"), ("1__0", "10"),
        ("if a:\n\tb\n        c", "if a:\n\tb\n        c"), ("x = (1]", "x = (1)"), ("[1 2]", "[1, 2]"), ("retrun 1", "return 1"),
        ("int x = 1", "x: int = 1"), ("while x do\n    y", "while x:\n    y"),
    ],
)  # fmt: skip
def test_fixes_give_the_right_text(text, right):
    assert fixed(text) == right


def test_private_as_a_variable_keeps_its_attributes():
    assert codes("private = f()\nprivate.x") == []
    assert codes("import system\nsystem.x") == []
    assert codes("def f(local): return local.x") == []


def test_a_repaired_header_keeps_its_block():
    (statement,) = parse(Source("t", "if x = 1\n    y = = 2\nelse:\n    z")).module.body
    assert isinstance(statement, na.ErrorStmt | na.If)


@pytest.mark.parametrize("code", sorted(ENTRIES))
def test_the_catalogue_shows_each_code(code):
    entry = ENTRIES[code]
    if entry.wrong:
        assert codes(entry.wrong) == [code]
        assert codes(entry.right) == []


@pytest.mark.parametrize(
    "text", ['print(f"{1")', 'print("abc\nx = 1', "x = [f'a', f'{b]\ny = 2", "1a = 2", 'f(g("a)\ny = 1\n']
)
def test_one_slip_is_one_finding(text):
    assert len(codes(text)) == 1


class TestDecode:
    def test_utf8_and_line_ends(self):
        assert decode("é\r\nb\rc".encode(), "n").text == "é\nb\nc"
        assert decode(b"\xef\xbb\xbfx", "n").text == "x"

    def test_other_bytes_are_a_finding_with_a_place(self):
        finding = decode(b"x = 1\ny = \xff\n", "n")
        assert (finding.code, finding.line, finding.column) == ("E100", 2, 5)
        assert render(finding)


def test_nothing_but_findings_comes_out_of_broken_programs():
    """Words, signs and pieces in random order: a tree and findings, never an exception."""
    chance = random.Random(7)
    pieces = (
        EVERYTHING.split("\n")
        + list("()[]{}:;,=.|'\"\\@#!$?\n\t ")
        + [
            "f'",
            '"""',
            "{x",
            "}",
            "if",
            "match",
            "case",
            "lambda",
            "::",
            "private:",
            "\n    ",
            "\n  ",
            "é",
            "“",
            "\0",
            "1_",
            "0x",
        ]
    )
    for _ in range(1500):
        text = "".join(chance.choice(pieces) + chance.choice(["", " ", "\n"]) for _ in range(chance.randint(1, 25)))
        found = parse(Source("t", text))
        previous = 0
        for finding in found.diagnostics:
            assert finding.code in ENTRIES
            assert 0 <= finding.span[0] <= finding.span[1] <= len(text) + 1
            assert finding.span[0] >= previous
            previous = finding.span[0]
            render(finding)
        for node in found.module.children():
            assert 0 <= node.start <= node.end <= len(text)


def test_a_mutation_of_a_good_program_that_loses_a_statement_is_reported():
    """No silence: whenever the tree holds an error node, there is an error."""
    chance = random.Random(11)
    for _ in range(300):
        at = chance.randrange(len(EVERYTHING))
        text = (
            EVERYTHING[:at]
            + chance.choice(["", "(", ")", "'", " = ", " if ", "\n"])
            + EVERYTHING[at + chance.randint(0, 3) :]
        )
        found = parse(Source("t", text))
        broken = any(isinstance(n, na.ErrorStmt | na.ErrorExpr | na.TypeError_) for n in _walk(found.module))
        if broken:
            assert any(d.is_error for d in found.diagnostics)


def _walk(root):
    from dana.ast.nodes import walk

    return walk(root)
