"""Blocks by indentation and by braces, lines that go on (L2, L3)."""

from __future__ import annotations

import pytest
from helpers import EVERYTHING, body, codes, kinds, parsed, shape

from dana.ast import nodes as na

HVAC = """from opendxa.dana.poet import poet
@poet(domain="building_management", learning=true)
def control_hvac_zone(current_temp: float, setpoint: float,
                     occupancy: bool, outdoor_temp: float) -> HVACCommand {

    # Pure business logic
    temp_error = current_temp - setpoint

    if abs(temp_error) <= 1.0 {
        return HVACCommand(0, 0, 20, "Maintaining temperature")
    } elif temp_error < -1.0 {
        heating_level = min(100, abs(temp_error) * 30)
        return HVACCommand(heating_level, 0, 60, "Heating")
    } else {
        cooling_level = min(100, temp_error * 30)
        return HVACCommand(0, cooling_level, 60, "Cooling")
    }
}
"""


def test_the_main_example_parses_as_it_stands():
    _, function = body(HVAC)
    assert function.name == "control_hvac_zone"
    assert [type(s).__name__ for s in function.body] == ["Assign", "If"]
    assert len(function.body[1].branches) == 2
    assert len(function.body[1].orelse) == 2


def test_the_whole_language_parses():
    assert len({type(s) for s in body(EVERYTHING)}) > 24


@pytest.mark.parametrize(
    "text", ["", "\n", "   ", "# c", "\n# c\n\n", "x", "x\n\n\n", "\t\n  # c\n", "\ufeff"[1:], "\\\n"]
)
def test_texts_without_statements_or_line_ends(text):
    parsed(text)


SAME = [
    ("if a:\n    b\nelse:\n    c\n", "if a {\n b\n} else {\nc }\n"),
    ("if a:\n    b\nelse:\n    c\n", "if a: b\nelse: c"),
    ("if a:\n    b\nelse:\n    c\n", "if a { b }\nelse { c }"),
    ("if a:\n    b\nelse:\n    c\n", "if a {\nb\n}\n\n# comment\nelse\n{ c }".replace("else\n{", "else {")),
    ("while a:\n    b\n    c\n", "while a { b; c }"),
    ("while a:\n    if b:\n        c\n    d\n", "while a {\n        if b:\n            c\n    d\n}"),
    (
        "while a:\n    if b:\n        c\n    else:\n        e\n    d\n",
        "while a {\n  if b:\n       c\n  else:\n     e\nd\n}",
    ),
    ("def f(x) -> int:\n    return {1: 2}\n", "def f(x) -> int { return {1: 2} }"),
    ("def f(x) -> int?:\n    return 1\n", "def f(x) -> int? {\nreturn 1\n}"),
    ("def f() -> list[int]:\n    pass\n", "def f() -> list[int] {\npass\n}"),
    ("for x in {1, 2}:\n    {3}\n", "for x in {1, 2} {\n    {3}\n}"),
    ("if x in {1}:\n    y\n", "if x in {1} { y }"),
    ("if not {}:\n    y\n", "if not {} { y }"),
    ("if f({}):\n    y\n", "if f({}) {\ny }"),
    ("try:\n    a\nexcept E as e:\n    b\nfinally:\n    c\n", "try { a } except E as e { b } finally { c }"),
    (
        "match x:\n    case {'a': 1}:\n        b\n    case _:\n        c\n",
        "match x { case {'a': 1} { b }\n case _ { c } }",
    ),
    ("match (x):\n    case 1:\n        b\n", "match (x) {\ncase 1 { b }\n}"),
    ("struct P:\n    x: int\n    y: int = 2\n", "struct P { x: int\n y: int = 2 }"),
    ("agent A(B):\n    x = 1\n", "agent A(B) { x = 1 }"),
    ("test 'a':\n    assert x\n", "test 'a' { assert x }"),
    ("with f() as g:\n    h\n", "with f() as g { h }"),
    ("interface I:\n    a() -> int\n    b(x: int)\n", "interface I { a() -> int\n b(x: int) }"),
    ("if a:\n    pass\n", "if a {}"),
    ("if a:\n  b\n  c", "if a:\n\tb\n\tc"),
    ("x = (1 +\n2)", "x = 1 + \\\n   2"),
    ("a; b", "a;b;\n"),
    ("f(a, b)", "f(\na,\n\n  # c\nb)"),
    ("def f = a | b | c", "def f =\\\n a | b | c"),
    ("def f = a | b | c", "def f = a |\n b |\n\n # c\n   c"),
    ("def f = a | b | c", "def f = a\n| b\n # c\n\n   | c"),
    ("def f = a | b | c\nx", "def f = (a\n| b\n | c)\nx"),
    ("if a:\n    x = b | c\n    y\n", "if a:\n    x = b\n  | c\n    y\n"),
    ("workflow w = a | b", "workflow w = a\n  | b"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_two_ways_to_write_the_same(one, other):
    assert shape(body(one)) == shape(body(other))


def test_a_dict_after_an_operator_is_no_block():
    assert kinds("x = {1}")[2] == "LBRACE"
    assert kinds("if a == {1}: b")[3] == "LBRACE"
    assert kinds("return {1}")[1] == "LBRACE"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("if a:\n    b\n\tc", ["E111"]),
        ("if a:\n        b\n    c\n    d\ne", ["E112"]),
        ("a\n  b\n  c\nd", ["E125"]),
        ("if a:\nb", ["E124"]),
        ("def f():\n\n# c\n", ["E124"]),
        ("if a {\n b\n", ["E105"]),
        ("if a {\n b\n}\n}\n", ["E106"]),
        ("x = (1\ny = 2", ["E105"]),
        ("x = [1,\ny = 2", ["E105"]),
        ("x = (1 +\ny = 2", ["E105"]),
        ("f(a,\nb = 2)", []),
        ("x = (\ndef f(): pass", ["E105"]),
        ("x = [a\nfor a in b]", []),
        ("x = [1, 2\nfor y in x:\n    pass", ["E105"]),
        ("x = (1]", ["E106"]),
        ("x = )", ["E106"]),
        ("x = f({[)", ["E106"]),
    ],
)
def test_faults_of_layout(text, expected):
    assert codes(text) == expected


def test_match_is_a_name_unless_a_case_follows():
    assert type(body("match(x)\ny")[0]) is na.ExprStmt
    assert type(body("match (x):\n    case 1: y")[0]) is na.Match
    assert type(body("match [x]:\n    case 1: y")[0]) is na.Match
    assert type(body("match -x:\n    case 1: y")[0]) is na.Match
    assert type(body("match {1: 2}:\n    case 1: y")[0]) is na.Match
    assert type(body("match, x = 1, 2")[0]) is na.Assign
    assert type(body("match: int = 3")[0]) is na.AnnAssign
    assert type(body("if match(x):\n    case(1)")[0].branches[0].body[0]) is na.ExprStmt


def test_a_block_in_braces_ends_with_its_brace():
    text = "if a { b }"
    assert body(text)[0].end == len(text)
