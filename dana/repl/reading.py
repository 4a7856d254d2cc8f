"""The tokens of a text that is being typed: only what stands behind the change is read again.

A statement that begins in the first column, with nothing open, is read as if the text began there. So a key at
the end of five hundred lines costs what its statement costs.
"""

from __future__ import annotations

from bisect import bisect_left

from dana.parser.lexer import Lexer
from dana.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.diagnostics import Diagnostic
    from dana.parser.reader import Token

_OPEN = frozenset({"LPAR", "LSQB", "LBRACE", "WITH_LPAR", "INDENT", "LBLOCK", "FSTRING_START", "BAD"})
_SHUT = frozenset({"RPAR", "RSQB", "RBRACE", "DEDENT", "RBLOCK", "FSTRING_END"})
_ENDS = frozenset({"NEWLINE", "DEDENT", "RBLOCK"})


class Reading:
    """`tokens`, `comments` and `findings` (of the lexer) of the text last read; `since` is where reading began."""

    def __init__(self) -> None:
        self.text = ""
        self.tokens: list[Token] = []
        self.comments: list[tuple[int, int]] = []
        self.findings: list[Diagnostic] = []
        self.since = 0
        self._safe: list[tuple[int, int]] = []  # (offset, number of the token) of statements that can be begun at

    def read(self, text: str) -> None:
        """Make this the reading of `text`."""
        if text == self.text and self.tokens:
            return
        at, number = self._begin(_shared(self.text, text))
        del self.tokens[number:]
        self.comments = [c for c in self.comments if c[0] < at]
        self.findings = [f for f in self.findings if f.span is not None and f.span[0] < at]
        lexer = Lexer(Source("<repl>", text), offset=at)
        self.tokens += lexer.run()
        self.comments += lexer.comments
        self.findings += lexer.diagnostics
        self._find_safe(number)
        self.text = text
        self.since = at

    def _begin(self, shared: int) -> tuple[int, int]:
        keep = bisect_left(self._safe, (shared, 0))
        del self._safe[keep:]
        return self._safe[-1] if self._safe else (0, 0)

    def _find_safe(self, number: int) -> None:
        depth = 0
        tokens = self.tokens
        begins = False
        for at in range(number, len(tokens)):
            kind = tokens[at][2]
            if begins and depth == 0 and kind not in _ENDS and kind not in _OPEN and kind != "$END":
                self._safe.append((tokens[at][0], at))
            if kind in _OPEN:
                depth += 1
            elif kind in _SHUT:
                depth -= 1
            begins = kind in _ENDS


def _shared(old: str, new: str) -> int:
    """How many characters two texts have in common at their beginning."""
    low, high = 0, min(len(old), len(new))
    while low < high:
        middle = (low + high + 1) // 2
        if old[low:middle] == new[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
