"""Which part of a text is painted how, by the real lexer: what is a word, a string or a comment is decided once.

`Painted` reads a text once and hands out its lines as `(style, text)` pieces; the names of the styles are the
editor's (`class:keyword`).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from operator import itemgetter

from dana.parser.words import HARD
from dana.repl.reading import Reading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TypeAlias

    from dana.parser.reader import Token

    Span: TypeAlias = tuple[int, int, str]

_CONSTANTS = frozenset({"TRUE", "FALSE", "NONE", "ELLIPSIS"})
_DEFINING = frozenset({"DEF", "STRUCT", "INTERFACE", "RESOURCE", "AGENT", "AGENT_BLUEPRINT", "WORKFLOW", "TYPE"})
_IN_FIELDS = frozenset({"FSTRING_COLON", "FSTRING_DEBUG", "FSTRING_CONVERSION"})
_SOFT_KINDS = _DEFINING | {"MATCH", "CASE", "TEST", "EXPORT", "USE", "FROZEN", "LAMBDA_TYPED", "CAPTURE", "AS"}


class Painted:
    """The pieces of one text."""

    def __init__(self, text: str = "", builtins: frozenset[str] = frozenset()) -> None:
        self._builtins = builtins
        self._reading = Reading()
        self._spans: list[Span] = []
        self._starts: list[int] = []
        self._lines: list[int] = [0]
        self._text = ""
        self.read(text)

    def read(self, text: str) -> None:
        """Make these the pieces of another text, which is quick when it begins as the one before."""
        if text[:1] in (":", "?", "/"):
            self._spans = [(0, len(text.split(None, 1)[0]), "class:command")]
            self._reading = Reading()
        else:
            reading = self._reading
            reading.read(text)
            kept = bisect_left(self._starts, reading.since) if reading.since else 0
            self._spans[kept:] = _spans(reading, self._builtins)
        self._starts = [span[0] for span in self._spans]
        self._text = text
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


def _spans(reading: Reading, builtins: frozenset[str]) -> Iterator[Span]:
    """`(start, end, style)` in the order of the text, from where it was read last."""
    text, since = reading.text, reading.since
    found = [(start, end, "class:comment") for start, end in reading.comments if start >= since]
    for finding in reading.findings:
        if finding.code == "E104" and finding.span is not None and finding.span[0] >= since:
            found.append(_unfinished(text, *finding.span))
    first = bisect_left(reading.tokens, since, key=itemgetter(0))
    found += _words(reading.tokens[first:], builtins)
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
