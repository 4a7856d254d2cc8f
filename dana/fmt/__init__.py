"""The formatter: one look for every program.

    text ──lex, parse──▶ tokens, comments ──Blocks──▶ lines ──difference──▶ the same program, or E990

What goes in is a program without syntax errors, what comes out is the same program as everybody would have
written it: four columns per block, one space around operators, a hundred columns per line. There are no
options of taste. What the author decides is what carries meaning for readers: blank lines between
thoughts, the order of things, whether blocks are indented or braced (one style per file, the majority's),
and, by a comma behind the last item or a line break before a `|`, that a list or a pipeline stays open.

The printer works on tokens, not on the tree: tokens know how numbers and strings were spelled and where
comments stand. `spacing` reads one statement and puts it on one line; nearly all lines end there.
`layout` breaks those that are too long. `blocks` walks over the file and writes blocks, comments and blank
lines through `lines`. `sameness` proves, before anything is handed out, that the result has the
tokens of the original, or, where a comma or parentheses were added, its tree. The result is a fixed
point: formatting it again changes nothing.

`fixes` applies what diagnostics offer as a change. Deliberately absent here: names, types, files.
"""

from __future__ import annotations

import gc

from dana.diagnostics import Diagnostic
from dana.fmt.blocks import Blocks
from dana.fmt.sameness import difference
from dana.parser import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dana.parser.reader import Token
    from dana.source import Source

STYLES = ("indent", "braces")


class Formatted:
    """The text of a formatted program, or what keeps it from being formatted (then `text` is the source's)."""

    __slots__ = ("diagnostics", "text")

    def __init__(self, text: str, diagnostics: Sequence[Diagnostic] = ()) -> None:
        self.text = text
        self.diagnostics = tuple(diagnostics)


def format_source(source: Source, style: str | None = None) -> Formatted:
    """The program in Dana's one look; `style` ("indent" or "braces") converts its blocks.

    A program with syntax errors comes back as it is, with its diagnostics; so does one that the formatter
    would change (E990), which is a fault of ours.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _format(source, style)
    finally:
        if collecting:
            gc.enable()


def _format(source: Source, style: str | None) -> Formatted:
    parsed, tokens = read(source)
    errors = [d for d in parsed.diagnostics if d.is_error]
    if errors:
        return Formatted(source.text, errors)
    braces = mostly_braces(tokens) if style is None else style == "braces"
    text = Blocks(source.text, tokens, parsed.comments, braces=braces).run()
    if text == source.text:
        return Formatted(text)
    comments = [source.text[a:b] for a, b in parsed.comments]
    reason = difference(parsed.module.body, tokens, comments, text)
    if reason:
        fault = Diagnostic(
            "E990",
            f"the formatter would have changed {source.name}: {reason}",
            hint="the file is left as it was; please report this with the file",
        )
        return Formatted(source.text, [fault])
    return Formatted(text)


def mostly_braces(tokens: Sequence[Token]) -> bool:
    """Whether more of the blocks are held by braces than by indentation."""
    kinds = [token[2] for token in tokens]
    return kinds.count("LBLOCK") > kinds.count("INDENT")
