"""Short ways to parse, and trees without positions."""

from __future__ import annotations

from pathlib import Path

from dana.ast.nodes import Node
from dana.diagnostics import render_all
from dana.parser import parse
from dana.parser.lexer import Lexer
from dana.source import Source

EVERYTHING = (Path(__file__).parent / "everything.na").read_text(encoding="utf-8")


def parsed(text):
    """The parsed text, which must be free of errors."""
    found = parse(Source("test.na", text))
    errors = [d for d in found.diagnostics if d.is_error]
    assert not errors, render_all(errors)
    return found


def body(text):
    return parsed(text).module.body


def expression(text):
    (statement,) = body(text)
    return statement.value


def codes(text):
    return [d.code for d in parse(Source("test.na", text)).diagnostics]


def kinds(text):
    return [token[2] for token in Lexer(Source("test.na", text)).run()[:-1]]


def shape(value):
    """The tree without positions, as plain tuples; types of constants are kept apart."""
    if isinstance(value, Node):
        fields = zip(value._fields[2:], value[2:], strict=True)
        return (type(value).__name__, *(shape(part) for name, part in fields if name != "name_at"))
    if value.__class__ is tuple:
        return tuple(shape(part) for part in value)
    return (type(value).__name__, value)
