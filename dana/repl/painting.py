"""Which part of a text is painted how, by the real lexer: what is a word, a string or a comment is decided once.

`Painted` reads a text once and hands out its lines as `(style, text)` pieces; the names of the styles are the
editor's (`class:keyword`).
"""

from __future__ import annotations

from bisect import bisect_right

from dana.parser.lexer import Lexer
from dana.parser.words import HARD
from dana.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from dana.parser.reader import Token

STYLES = {
    "keyword": "ansimagenta",
    "constant": "ansicyan",
    "string": "ansigreen",
    "number": "ansicyan",
    "comment": "ansibrightblack italic",
    "definition": "ansiblue bold",
    "call": "ansiblue",
    "builtin": "ansicyan",
    "decorator": "ansiyellow",
    "scope": "ansiyellow",
    "command": "ansiyellow bold",
}
_CONSTANTS = frozenset({"TRUE", "FALSE", "NONE", "ELLIPSIS"})
_DEFINING = frozenset({"DEF", "STRUCT", "INTERFACE", "RESOURCE", "AGENT", "AGENT_BLUEPRINT", "WORKFLOW", "TYPE"})
_IN_FIELDS = frozenset({"FSTRING_COLON", "FSTRING_DEBUG", "FSTRING_CONVERSION"})
_SOFT_KINDS = _DEFINING | {"MATCH", "CASE", "TEST", "EXPORT", "USE", "FROZEN", "LAMBDA_TYPED", "CAPTURE", "AS"}


class Painted:
    """The pieces of one text."""

    def __init__(self, text: str, builtins: frozenset[str] = frozenset()) -> None:
        self._text = text
        self._spans = list(_spans(text, builtins))
        self._starts = [s[0] for s in self._spans]
        self._lines = [0]
        at = text.find("\n")
        while at >= 0:
            self._lines.append(at + 1)
            at = text.find("\n", at + 1)

    def line(self, number: int) -> list[tuple[str, str]]:
        """The pieces of a line, counted from 0; together they are its text."""
        if number >= len(self._lines):
            return []
        text = self._text
        at = self._lines[number]
        end = self._lines[number + 1] - 1 if number + 1 < len(self._lines) else len(text)
        pieces: list[tuple[str, str]] = []
        index = max(0, bisect_right(self._starts, at) - 1)
        spans = self._spans
        while index < len(spans) and spans[index][0] < end:
            start, stop, style = spans[index]
            start, stop = max(start, at), min(stop, end)
            if stop > start:
                if start > at:
                    pieces.append(("", text[at:start]))
                pieces.append((style, text[start:stop]))
                at = stop
            index += 1
        if at < end:
            pieces.append(("", text[at:end]))
        return pieces


def _spans(text: str, builtins: frozenset[str]) -> Iterator[tuple[int, int, str]]:
    """`(start, end, style)` in the order of the text."""
    if text[:1] in (":", "?", "/"):
        yield 0, len(text.split(None, 1)[0]), "class:command"
        return
    lexer = Lexer(Source("<repl>", text))
    tokens = lexer.run()
    found = [(start, end, "class:comment") for start, end in lexer.comments]
    for finding in lexer.diagnostics:
        if finding.code == "E104" and finding.span is not None:
            found.append(_unfinished(text, *finding.span))
    found += _words(tokens, builtins)
    found.sort()
    last = 0
    for start, end, style in found:
        if end > max(start, last):
            yield max(start, last), end, style
            last = end


def _unfinished(text: str, start: int, end: int) -> tuple[int, int, str]:
    """A string without its end: to the end of its line, one in three quotes to the end of the text."""
    if text[start:end].endswith(('"""', "'''")):
        return start, len(text), "class:string"
    stop = text.find("\n", start)
    return start, len(text) if stop < 0 else stop, "class:string"


def _words(tokens: list[Token], builtins: frozenset[str]) -> Iterator[tuple[int, int, str]]:
    previous = ""
    for number, (start, end, kind, word) in enumerate(tokens):
        if end <= start:
            previous = kind
            continue
        if kind == "NAME":
            style = _name(word, previous, tokens[number + 1][2] if number + 1 < len(tokens) else "", builtins)
            if style:
                yield start, end, style
        elif kind == "STRING" or (kind[:7] == "FSTRING" and kind not in _IN_FIELDS and word not in ("{", "}")):
            yield start, end, "class:string"
        elif kind == "NUMBER":
            yield start, end, "class:number"
        elif kind in _CONSTANTS:
            yield start, end, "class:constant"
        elif kind == "SCOPED":
            yield start, end, "class:scope"
        elif kind == "AT":
            yield start, end, "class:decorator"
        elif kind in _SOFT_KINDS or (word.__class__ is str and word in HARD):
            yield start, end, "class:keyword"
        previous = kind


def _name(word: str, previous: str, following: str, builtins: frozenset[str]) -> str:
    if previous in _DEFINING:
        return "class:definition"
    if previous == "AT":
        return "class:decorator"
    if previous != "DOT" and word in builtins:
        return "class:builtin"
    return "class:call" if following == "LPAR" else ""
