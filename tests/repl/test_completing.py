"""What Tab offers, with signatures and documentation, and what is painted how."""

from __future__ import annotations

import pytest

from dana.repl.completing import offers, signature_at
from dana.repl.painting import Painted
from tests.repl.talking import Quiet

SETUP = [
    "import math",
    "struct Point:\n    x: int\n    y: int = 2\n",
    "def (p: Point) norm() -> int:\n    return p.x\n",
    "p = Point(1)",
    'def area(width: float, height: float = 2.0) -> float:\n    """The area."""\n    return width * height\n',
    "names = ['a']",
]


@pytest.fixture(scope="module")
def shell():
    quiet = Quiet()
    for text in SETUP:
        assert quiet.ask(text) == ""
    return quiet.shell


def texts(shell, before):
    return [o.text for o in offers(shell, before)]


@pytest.mark.parametrize(
    ("before", "offered"),
    [
        ("ar", "area"),
        ("1 + are", "area"),
        ("pri", "print"),
        ("ret", "return"),
        ("p.", "x"),
        ("p.n", "norm"),
        ("p.to", "to_dict"),
        ("math.cl", "clamp"),
        ("names.ap", "append"),
        ("'a'.up", "upper"),
        ("[1].app", "append"),
        ("area(", "width="),
        ("area(1, ", "height="),
        ("area(width=1, h", "height="),
        ("Point(", "x="),
        ("import ma", "math"),
        ("from math import cl", "clamp"),
        ("from ma", "math"),
        ('f"{ar', "area"),
        ("def f(wobble):\n    return wo", "wobble"),
        ("x = 1 | are", "area"),
        (":lo", ":load"),
        (":time are", "area"),
        ("?are", "area"),
        ("?math.cl", "clamp"),
    ],
)
def test_offered(shell, before, offered):
    assert offered in texts(shell, before)


@pytest.mark.parametrize(
    "before", ["# are", "'are", '"""are', "nothing.", "names[0].", "f(x).", "1.", "p.nothing.", "area(1).x"]
)
def test_nothing_is_offered(shell, before):
    assert texts(shell, before) == []


def test_arguments_that_are_given_are_not_offered_again(shell):
    assert "width=" not in texts(shell, "area(width=1, ")
    assert "width=" not in texts(shell, "area(1, ")


def test_offers_carry_signatures(shell):
    (offer,) = offers(shell, "area")
    assert offer.meta == "area(width: float, height: float = 2.0) -> float"
    assert shell.about.doc(offer.name) == "The area."
    assert {o.text: o.meta for o in offers(shell, "p.")}["x"] == "x: int"


def test_files_are_offered(shell, tmp_path):
    (tmp_path / "rules.na").write_text("1\n")
    (tmp_path / "notes.txt").write_text("1\n")
    (tmp_path / "folder").mkdir()
    assert texts(shell, f":load {tmp_path}/") == ["folder/", "rules.na"]


@pytest.mark.parametrize("before", ["area(", "1 + area(2, ", "print(area(", "area(max(1, 2), ", "area(\n1,\n"])
def test_the_signature_of_the_open_call(shell, before):
    assert signature_at(shell, before) == "area(width: float, height: float = 2.0) -> float"


@pytest.mark.parametrize("before", ["", "area", "area(1)", "(", "nothing("])
def test_no_call_is_open(shell, before):
    assert signature_at(shell, before) == ""


PAINTED = [
    ("def f(x): return 1", "def", "keyword"),
    ("def f(x): return 1", "f", "definition"),
    ("x = 'abc'", "'abc'", "string"),
    ("x = 'abc", "'abc", "string"),
    ('x = f"a{y}b"', "y", ""),
    ("x = 12  # why", "# why", "comment"),
    ("x = 12", "12", "number"),
    ("print(x)", "print", "builtin"),
    ("match x:\n    case 1: y", "match", "keyword"),
    ("match = 1", "match", ""),
    ("@poet", "poet", "decorator"),
    ("private:x = 1", "private:x", "scope"),
    ("None", "None", "constant"),
    (":time 1", ":time", "command"),
]


@pytest.mark.parametrize(("text", "part", "style"), PAINTED)
def test_painted(text, part, style):
    lines = text.split("\n")
    painted = Painted(text, frozenset({"print"}))
    pieces = [painted.line(n) for n in range(len(lines))]
    assert ["".join(t for _, t in line) for line in pieces] == lines
    styles = {t: s.removeprefix("class:") for line in pieces for s, t in line}
    assert styles.get(part, styles.get(f"{part} ", "")) == style or (not style and part not in styles)


@pytest.mark.parametrize("text", ['"""a\nb\nc', "x = [\n1,\n(", "'a\n'b\n", 'f"{a\n', "\n\n", "", "§ $ `", "é = 'ü'\n"])
def test_painting_loses_nothing(text):
    painted = Painted(text)
    assert "\n".join("".join(t for _, t in painted.line(n)) for n in range(text.count("\n") + 1)) == text
    assert painted.line(99) == []


def test_reading_on_equals_reading_anew():
    from dana.repl.reading import Reading

    text = 'def f(x):\n    """doc\ntext"""\n    if x {\n  y = [1,\n2]\n}\n    return 1\n\n@poet\ndef g(): return "a\nmatch x:\n    case 1: f"{x + 1}"\nx = 1\n| f\nz = (1,\n2)\n# c\nw = 1\n'
    growing = Reading()
    painted = Painted()
    for end in [*range(len(text) + 1), *range(len(text), 0, -7), 40, 90, 20, len(text)]:
        for part in (text[:end], text[: end // 2] + "q" + text[end // 2 : end]):
            fresh = Reading()
            fresh.read(part)
            growing.read(part)
            assert growing.tokens == fresh.tokens
            assert growing.comments == fresh.comments
            painted.read(part)
            assert painted._spans == Painted(part)._spans
