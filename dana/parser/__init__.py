"""From text to tree: `parse(source) -> Parsed`.

    text ──Lexer──▶ tokens ──Driver──▶ ast.Module

The lexer does everything that needs context (blocks by indentation or braces, soft words, scope prefixes,
f-strings), so that one LALR grammar describes the rest: grammar/dana.lark. Lark turns it into tables when it
changes (`generate.py`); `driver.py` runs them and calls a builder per rule, which makes the node. Tests prove
that the driver does what Lark does.

Parsing never fails. What is wrong is reported, the statement becomes an `ErrorStmt`, and parsing goes on with
the next line. Deliberately absent: names, types and meaning. A call of an unknown function parses well.
"""

from __future__ import annotations

import gc

from dana.ast.nodes import ExprStmt, Module
from dana.parser.build_definitions import docstring
from dana.parser.decoding import decode as decode
from dana.parser.driver import drive
from dana.parser.lexer import Lexer
from dana.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dana.ast.nodes import Expr
    from dana.diagnostics import Diagnostic
    from dana.parser.reader import Token


DIAGNOSTICS_MAX = 500  # a file with more is no program; the first ones say so


class Parsed:
    """A parsed source: the tree, where its comments are, and what was wrong.

    `comments` are `(start, end)` spans in order; `diagnostics` in order of their places.
    """

    __slots__ = ("comments", "diagnostics", "module", "source")

    def __init__(
        self,
        source: Source,
        module: Module,
        comments: Sequence[tuple[int, int]],
        diagnostics: Sequence[Diagnostic],
    ) -> None:
        self.source = source
        self.module = module
        self.comments = tuple(comments)
        self.diagnostics = tuple(diagnostics)


def parse(source: Source) -> Parsed:
    """The tree of a source; never fails (L46)."""
    return read(source)[0]


def read(source: Source) -> tuple[Parsed, list[Token]]:
    """The tree of a source and the tokens it was built from, which tools that keep the text's look need."""
    # A tree is many small tuples without cycles: collecting while it grows finds nothing and costs a third.
    collecting = gc.isenabled()
    gc.disable()
    try:
        lexer = Lexer(source)
        found_tokens = lexer.run()
        body, diagnostics = drive(source, found_tokens, "module")
        body = tuple(body or ())
        if lexer.maybe_deep:
            from dana.parser.depth import bounded

            body, too_deep = bounded(source, body, lexer.maybe_deep)
            diagnostics.extend(too_deep)
        module = Module(0, len(source.text), body, docstring(body))
        found = [*lexer.diagnostics, *diagnostics]
        found.sort(key=lambda d: d.span[0] if d.span else 0)
        del found[DIAGNOSTICS_MAX:]
        return Parsed(source, module, lexer.comments, found), found_tokens
    finally:
        if collecting:
            gc.enable()


def tokens(source: Source) -> list[Token]:
    """The tokens of a source as `(start, end, kind, text)`, the last one being `$END`."""
    return Lexer(source).run()


def parse_expression(text: str, name: str = "<expression>") -> Expr | None:
    """The expression that a text consists of, or None when it is anything else, or wrong."""
    found = parse(Source(name, text))
    body = found.module.body
    if len(body) != 1 or any(d.is_error for d in found.diagnostics):
        return None
    only = body[0]
    return only.value if isinstance(only, ExprStmt) else None
