"""Words, signs and literals."""

from __future__ import annotations

import pytest
from helpers import body, codes, expression, kinds, parsed, shape

from dana.ast import nodes as na


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1_000", 1000), ("0xFF", 255), ("0o17", 15), ("0b101", 5), ("0", 0), ("00", 0), ("1.5", 1.5), (".5", 0.5),
        ("1.", 1.0), ("1e3", 1000.0), ("1_0.2_5e-1", 1.025), ("0.0", 0.0), ("01.5", 1.5),
        ('"a"', "a"), ("'a'", "a"), ('"""a\nb"""', "a\nb"), (r'"\n\t\\\"\x41\u00e9\U0001f600\N{BULLET}\101"', '\n\t\\"Aé😀•A'),
        (r'r"\n"', r"\n"), (r'R"\d"', r"\d"), ('u"x"', "x"), ('"a" "b"', "ab"), ('"a\\\nb"', "ab"), (r'r"\""', r"\""),
        ("true", True), ("TRUE", True), ("True", True), ("false", False), ("FALSE", False),
        ("none", None), ("NONE", None), ("null", None), ("NULL", None), ("None", None), ("...", ...),
    ],
)  # fmt: skip
def test_a_literal_has_the_value_python_gives_it(text, value):
    found = expression(text).value
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("3j", "E113"), ("1.5J", "E113"), ('b"x"', "E114"), ('rb"x"', "E114"), ("012", "E115"), ("1__0", "E115"), ("1_", "E115"),
        ("0x", "E115"), ("0b12", "E115"), ("5px", "E115"), ("9" * 5000, "E115"), (r'"\x1"', "E116"), (r'"\N{no such}"', "E116"),
        (r'"\U00110000"', "E116"), (r'"\q"', "W101"), ('"abc', "E104"), ('"""abc', "E104"), ('f"abc', "E104"), ('f"{x', "E104"),
        ("x = `a`", "E101"), ("x = \0", "E101"), ("x = “a”", "E101"), ("x\xa0= 1", "E101"), ("a – b", "E101"), ("ｉｆ x:\n  y", "E101"),
        ("$x", "E101"), ("!x", "E110"), ('f"{}"', "E117"), ('f"}"', "E117"), ('f"{x!z}"', "E117"), ('f"{x y}"', "E117"),
        ("__import__", "E118"), ("x.__class__", "E118"), ("f(__a__=1)", "E118"), ("def f(__a__): pass", "E118"),
        ("private:__x__ = 1", "E118"), ("__ｃlass__", "E118"), ("struct S:\n    __x__: int", "E118"), ("from m import __x__", "E118"),
    ],
)  # fmt: skip
def test_a_wrong_literal_or_character_is_reported_once(text, code):
    assert codes(text) == [code]


def test_the_allowed_dunders_are_names():
    assert codes("__name__\n__file__\n__exports__ = []\n__all__ = []\ndef __main__(): pass\n_ = __ = 1") == []


def test_names_are_normalised():
    assert expression("ﬁn") == na.Name(0, 2, "fin")
    assert expression("नमस्ते").id == "नमस्ते"


@pytest.mark.parametrize("word", ["agent", "resource", "workflow", "interface", "private", "public", "local", "system",
                                  "use", "export", "match", "case", "type", "test", "agent_blueprint", "frozen"])  # fmt: skip
def test_soft_words_are_names_wherever_they_declare_nothing(word):
    text = f"{word} = 3\nx = {word} + 1\nd.{word} = f({word}=1, *{word})\n{word}[0]\n{word}.x = 1\ndef f({word}, k={word}): return {word}\n"
    text += (
        f"for {word} in {word}: {word}({word})\n{word}: int = 2\n{word} == 1\n{word} in x\n{word} if {word} else {word}"
    )
    expected = ["E128"] if word in ("private", "public", "local", "system") and "=" not in text else []
    assert codes(text) == expected


def test_any_word_may_follow_a_dot_or_name_an_argument():
    parsed("a.if.class.None.def\nf(if=1, class=2, None=3, lambda=4)")


def test_a_scope_prefix_is_one_token_only_when_nothing_separates_it():
    assert kinds("private:x")[:1] == ["SCOPED"]
    assert expression("d[private:x]").index == na.ScopedName(2, 11, "private", "x")
    assert type(expression("d[private :x]").index) is na.Slice
    assert type(expression("{private: x}")) is na.Dict
    assert type(expression("{private:x}")) is na.Set
    assert type(expression("d.private").attr) is str
    assert kinds("a.private:x")[:4] == ["NAME", "DOT", "NAME", "COLON"]
    assert kinds("private:True")[:3] == ["NAME", "COLON", "TRUE"]


def test_a_parameter_or_field_with_the_name_of_a_scope_keeps_its_type():
    (function, struct) = body("def f(local:int, *, system:str = public:x): pass\nstruct S:\n    private:int = 1\n")
    assert [p.name for p in function.params] == ["local", "system"]
    assert shape(function.params[1].default) == ("ScopedName", ("str", "public"), ("str", "x"))
    assert struct.fields[0].name == "private"


def test_the_two_lambda_styles():
    assert expression("lambda x: x").style == ":"
    typed = expression("lambda x: int, y=2 :: x")
    assert typed.style == "::"
    assert typed.params[0].annotation.path == ("int",)
    assert expression("lambda (p: P) dx :: p.x").receiver.name == "p"
    assert expression("lambda x: lambda y :: y").body.style == "::"
    assert expression("lambda x :: lambda y: y").body.style == ":"
    assert expression("a[1::2]").index.step.value == 2
    inner = expression("[lambda x: 1, lambda y :: 2]").elts
    assert [one.style for one in inner] == [":", "::"]


def test_as_captures_a_stage_except_where_a_statement_binds():
    assert type(expression("x | f as y | g").left.right) is na.Capture
    with_stmt = body("with f() as x, (g() as y) as z: pass")[0]
    assert with_stmt.items[0].target.id == "x"
    assert type(with_stmt.items[1].context) is na.Capture
    assert [i.target.id for i in body("with (f() as x, g() as y): pass")[0].items] == ["x", "y"]
    handler = body("try: pass\nexcept E as e: x | f as y")[0].handlers[0]
    assert handler.name == "e"
    assert type(handler.body[0].value.right) is na.Capture


class TestFStrings:
    def test_parts(self):
        parts = expression('f"a{x!r:>{w}}{{b}} {y = }"').parts
        assert [type(p).__name__ for p in parts] == ["Constant", "FormattedValue", "Constant", "FormattedValue"]
        assert parts[1].conversion == "r"
        assert parts[1].spec.parts[0].value == ">"
        assert parts[2].value == "{b} "
        assert parts[3].debug == "y = "

    def test_the_same_quotes_may_nest(self):
        assert expression('f"{d["a"]} {f"{1}"}"').parts[0].value.index.value == "a"

    def test_a_newline_is_tolerated(self):
        assert expression('f"a\n{x\n}"').parts[0].value == "a\n"

    def test_raw_escapes_and_braces(self):
        assert expression(r'rf"\{x}\n"').parts[0].value == "\\"
        assert expression(r'f"\N{BULLET}\x41"').parts[0].value == "•A"

    def test_adjacent_literals_join(self):
        assert [p.value for p in expression('"a" f"b" "c"').parts] == ["abc"]

    @pytest.mark.parametrize(
        "text",
        [
            'f"{x:=5}"',
            'f"{x!=y}"',
            'f"{(lambda a: a)(1)}"',
            'f"{x:{y}.{z}}"',
            'f"{ {1: 2}[1] }"',
            'f"{a:%H:%M}"',
            'f"""{\nx # c\n}"""',
            'f"{f(a=1)}"',
            'f"{x==y}"',
            "f'{private:x}'",
        ],
    )
    def test_fields_that_parse(self, text):
        parsed(text)

    def test_colon_equals_in_a_field_is_a_format(self):
        assert expression('f"{x:=5}"').parts[0].spec.parts[0].value == "=5"


def test_comments_are_kept_with_their_places():
    text = "# a\nx = 1  # b\nf(\n  # c\n)\n"
    assert [text[s:e] for s, e in parsed(text).comments] == ["# a", "# b", "# c"]


def test_documentation_comments_land_on_what_they_document():
    text = """
def f(a: int,  ## doc a
      b=1  ## doc b
      ):  ## doc f
    return a
struct P:  ## doc P
    x: int = 1  ## doc x
    y = 2  ## doc y
agent A  ## doc A
z: int = 3  ## doc z
def g = a | b  ## doc g
interface I:
    m() -> int  ## doc m
def h() {  ## doc h
}
def k():  ## not this
    "this"
"""
    f, struct, agent, z, g, interface, h, k = body(text)
    assert ([p.doc for p in f.params], f.doc) == (["doc a", "doc b"], "doc f")
    assert (struct.doc, [x.doc for x in struct.fields]) == ("doc P", ["doc x", "doc y"])
    assert (agent.doc, z.doc, g.doc, interface.methods[0].doc, h.doc, k.doc) == (
        "doc A",
        "doc z",
        "doc g",
        "doc m",
        "doc h",
        "this",
    )
