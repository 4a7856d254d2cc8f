"""A program's text and the positions in it.

Every position in Dana is a character offset into one `Source`; lines, columns and the UTF-8 byte
columns CPython wants are computed here and nowhere else.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class Span(tuple[int, int]):
    """A half-open range `[start, end)` of character offsets into a source."""

    __slots__ = ()

    def __new__(cls, start: int, end: int) -> Span:
        return tuple.__new__(cls, (start, end))

    def __getnewargs__(self) -> tuple[int, int]:
        return self[0], self[1]

    @property
    def start(self) -> int:
        return self[0]

    @property
    def end(self) -> int:
        return self[1]


class Source:
    """One text with a name: what the parser reads and what error excerpts are cut from.

    `name` is what users see (a path, `<stdin>`, `<eval>`); in `text` every line ends with a line feed.
    """

    __slots__ = ("_ascii", "_line_of", "_starts", "name", "text")

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.text = text
        self._starts: list[int] | None = None
        self._line_of: Callable[[int], int] = self._first_line_of
        self._ascii = text.isascii()

    @property
    def line_starts(self) -> Sequence[int]:
        """Offset of the first character of every line, first line first."""
        starts = self._starts
        if starts is None:
            starts = [0]
            find = self.text.find
            at = find("\n")
            while at >= 0:
                starts.append(at + 1)
                at = find("\n", at + 1)
            self._starts = starts
        return starts

    def _first_line_of(self, offset: int) -> int:
        """The line of an offset; the first call finds the search (nobody asks a program that does not fail)."""
        from bisect import bisect_right
        from functools import partial

        self._line_of = partial(bisect_right, self.line_starts)
        return self._line_of(offset)

    def line_column(self, offset: int) -> tuple[int, int]:
        """Line and column of a character, both counted from 1, the column in characters."""
        line = self._line_of(offset)
        return line, offset - self.line_starts[line - 1] + 1

    def python_position(self, offset: int) -> tuple[int, int]:
        """Line from 1 and column from 0 in UTF-8 bytes, as `ast` nodes carry them."""
        line = self._line_of(offset)
        begin = self.line_starts[line - 1]
        if self._ascii:
            return line, offset - begin
        return line, len(self.text[begin:offset].encode("utf-8", "surrogatepass"))

    def offset(self, line: int, byte_column: int) -> int:
        """The character offset of a Python position (line from 1, UTF-8 byte column from 0)."""
        starts = self.line_starts
        if not 1 <= line <= len(starts):
            return len(self.text)
        begin = starts[line - 1]
        if self._ascii:
            return min(begin + byte_column, len(self.text))
        raw = self.line(line).encode("utf-8", "surrogatepass")[:byte_column]
        return begin + len(raw.decode("utf-8", "ignore"))

    def line(self, number: int) -> str:
        """The text of one line (counted from 1) without its line end."""
        starts = self.line_starts
        if not 1 <= number <= len(starts):
            return ""
        end = starts[number] - 1 if number < len(starts) else len(self.text)
        return self.text[starts[number - 1] : end]
