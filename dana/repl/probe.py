"""What is still open where a text ends: the lexer's own bookkeeping, kept for `completeness`.

A module of its own, because the prompt is there before the parser is loaded.
"""

from __future__ import annotations

from dana.parser.lexer import Lexer
from dana.parser.words import BRACE
from dana.source import Source


class Probe(Lexer):
    """A lexer that remembers what was open when the text ended."""

    in_brackets = False
    in_braces = False
    at_header = False  # a header's colon was the last thing
    in_block = False

    def finish(self) -> int:
        if not self.inside:
            self.in_brackets = bool(self.brackets)
            self.in_braces = self.braces > 0
            self.at_header = self.suite == len(self.tokens) > 0
            self.in_block = self.columns[-1] not in (0, BRACE)
        return super().finish()


def read_to_the_end(text: str) -> Probe:
    """The lexer after it has read a text."""
    probe = Probe(Source("<repl>", text))
    probe.run()
    return probe
