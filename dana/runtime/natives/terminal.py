"""The terminal a program draws on, if there is one: size, colour, and the progress line.

Size and colour are those of the terminal that output goes to; output in a pipe, a file or a host gets 80
columns and no colours. Progress goes to `program.stderr`, so that it never mixes with output, and only when
that is a terminal.
"""

from __future__ import annotations

from _collections_abc import Sized
from math import isnan

from dana.runtime.natives import types_on_demand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any, TextIO

DEFAULT_WIDTH = 80
BAR_WIDTH = 30
REDRAW_S = 0.05
CLEAR_LINE = "\r\x1b[K"


def is_terminal(program: Any) -> Callable[[], bool]:
    """Whether what the program prints goes to a terminal."""

    def is_terminal() -> bool:
        """Whether what the program prints goes to a terminal."""
        return bool(program.prints_on_terminal)

    return is_terminal


def width(program: Any) -> Callable[[], int]:
    """Columns of the terminal the program prints on; 80 when there is none."""

    def width() -> int:
        """Columns of the terminal the program prints on; 80 when there is none."""
        import sys

        return columns(sys.stdout) if program.prints_on_terminal else DEFAULT_WIDTH

    return width


def has_colour(program: Any) -> Callable[[], bool]:
    """Whether colours are wanted: a terminal, no `NO_COLOR`, not a dumb one."""

    def has_colour() -> bool:
        """Whether colours are wanted: a terminal, no `NO_COLOR`, not a dumb one."""
        return program.prints_on_terminal and colours_allowed()

    return has_colour


def progress(program: Any) -> Callable[..., Iterator[Any]]:
    """The items, one by one, with a line that shows how far the program has come."""
    stream, clock, source = program.stderr, program.clock, program.source

    def progress(items: Iterable[Any], label: str = "", total: int | None = None) -> Iterator[Any]:
        """The items, one by one, with a line that shows how far the program has come."""
        if total is None and isinstance(items, Sized):
            total = len(items)
        line = Line(stream, clock, label, total) if watched(stream) else None
        return Progress(iter(source(items)), line)

    return progress


class Progress:
    """An iterator that draws when it is asked for the next item; it offers scripts nothing else."""

    __slots__ = ("_items", "_line")

    def __init__(self, items: Iterator[Any], line: Line | None) -> None:
        self._items = items
        self._line = line

    def __iter__(self) -> Progress:
        return self

    def __next__(self) -> Any:
        line = self._line
        if line is None:
            return next(self._items)
        try:
            item = next(self._items)
        except BaseException:  # the end of the items as well: whatever stops the loop takes the line away
            line.close()
            raise
        line.advance()
        return item


class Line:
    """The progress line: redrawn in place at most every `REDRAW_S`, gone when the work is done."""

    def __init__(self, stream: TextIO, clock: Any, label: str, total: int | None) -> None:
        self.stream, self.clock, self.label, self.total = stream, clock, label, total
        self.begun = self.drawn = clock.monotonic()
        self.taken = 0
        self.visible = False

    def advance(self) -> None:
        """One more item is handed out; the ones before it are done."""
        self.taken += 1
        at = self.clock.monotonic()
        if at - self.drawn >= REDRAW_S:
            self.drawn = at
            self.visible = True
            self.stream.write(CLEAR_LINE + self.text(self.taken - 1, at - self.begun))
            self.stream.flush()

    def text(self, done: int, elapsed: float) -> str:
        """The line itself, no wider than the terminal."""
        parts = [self.label] if self.label else []
        if self.total:
            share = min(done / self.total, 1.0)
            parts += [bar(share, BAR_WIDTH), f"{share:4.0%}", f"{done}/{self.total}"]
            if 0 < done < self.total:
                parts.append(f"{clock_face(elapsed * (self.total - done) / done)} left")
        else:
            parts += [f"{done} done", clock_face(elapsed)]
        return "  ".join(parts)[: columns(self.stream) - 1]

    def close(self) -> None:
        """Takes the line away."""
        if self.visible:
            self.visible = False
            self.stream.write(CLEAR_LINE)
            self.stream.flush()


def bar(fraction: float, width: int = BAR_WIDTH, /) -> str:
    """A bar of `width` columns, filled by eighths: 0 is empty, 1 is full."""
    if not 0 <= width <= 1000:
        msg = f"a bar is 0 to 1000 columns wide, not {width}"
        raise ValueError(msg)
    if isnan(fraction):
        msg = "a bar cannot show NaN"
        raise ValueError(msg)
    eighths = round(min(max(fraction, 0.0), 1.0) * width * 8)
    full, rest = divmod(eighths, 8)
    filled = "█" * full + ("▏▎▍▌▋▊▉"[rest - 1] if rest else "")
    return filled + "·" * (width - len(filled))


def columns_of(text: str, /) -> int:
    """How many columns a text takes on a terminal: wide letters take two, accents and colours none."""
    if text.isascii() and text.isprintable():
        return len(text)
    if "\x1b" in text:
        import re

        text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    from unicodedata import category, east_asian_width

    taken = 0
    for char in text:
        if category(char) not in ("Mn", "Me", "Cf", "Cc"):
            taken += 2 if east_asian_width(char) in "WF" else 1
    return taken


def clock_face(seconds: float) -> str:
    """3661 → `1:01:01`, 75 → `1:15`."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def watched(stream: TextIO | None) -> bool:
    """A stream that is open and a terminal."""
    return stream is not None and not stream.closed and stream.isatty()


def colours_allowed() -> bool:
    """The conventions of https://no-color.org and of dumb terminals."""
    from os import environ

    return not environ.get("NO_COLOR") and environ.get("TERM") != "dumb"


def columns(stream: TextIO | None) -> int:
    """The width of the terminal behind a stream, 80 if there is none."""
    if stream is None or not watched(stream):
        return DEFAULT_WIDTH
    from os import get_terminal_size

    try:
        return get_terminal_size(stream.fileno()).columns or DEFAULT_WIDTH
    except OSError:  # a terminal in name only: some IDE consoles have no size
        return DEFAULT_WIDTH


SIGNATURES = {
    "is_terminal": "() -> bool",
    "width": "() -> int",
    "has_colour": "() -> bool",
    "progress": "(items: any, label: str = …, total: int | None = …) -> iterator[any]",
    "bar": "(fraction: float /, width: int / = …) -> str",
    "columns_of": "(text: str /) -> int",
}
EXPORTS: dict[str, object] = {
    "is_terminal": is_terminal,
    "width": width,
    "has_colour": has_colour,
    "progress": progress,
    "bar": bar,
    "columns_of": columns_of,
}
NEEDS_PROGRAM = frozenset({"is_terminal", "width", "has_colour", "progress"})
__getattr__ = types_on_demand(SIGNATURES)
