"""What Dana says to people: a diagnostic is data, and one renderer prints it.

Passes *collect* diagnostics; front doors raise or print them. A rendered diagnostic looks like

    error[E201]: unknown name `totl`
      --> bill.na:3:7
       |
     3 | print(totl)
       |       ^^^^ not defined here
       |
       = help: did you mean `total`?
       = note: `total` is assigned in line 1
"""

from __future__ import annotations

import os

from dana.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

MAX_EXCERPT = 120


class Label:
    """A second place worth showing, with a few words about it."""

    __slots__ = ("message", "source", "span")

    def __init__(self, span: Span, message: str, source: Source | None = None) -> None:
        self.span = span
        self.message = message
        self.source = source


class Fix:
    """A machine-applicable change: replace `span` by `text`."""

    __slots__ = ("span", "text")

    def __init__(self, span: Span, text: str) -> None:
        self.span = span
        self.text = text


class Diagnostic:
    """One finding about a program.

    `code` is in the catalogue (`E…` error, `W…` warning); `message` is this occurrence's headline;
    `span`/`source` may be None for a fault without a place; `label` stands under the caret; `hint`
    says what to do; `notes` add facts; `fix` is the change `dana fix` would make.
    """

    __slots__ = ("code", "fix", "hint", "label", "labels", "message", "notes", "source", "span")

    def __init__(
        self,
        code: str,
        message: str,
        source: Source | None = None,
        span: Span | None = None,
        *,
        label: str = "",
        labels: Sequence[Label] = (),
        hint: str = "",
        notes: Sequence[str] = (),
        fix: Fix | None = None,
    ) -> None:
        self.code = code
        self.message = message
        self.source = source
        self.span = span
        self.label = label
        self.labels = tuple(labels)
        self.hint = hint
        self.notes = tuple(notes)
        self.fix = fix

    @property
    def is_error(self) -> bool:
        return self.code.startswith("E")

    @property
    def line(self) -> int:
        """Line from 1, or 0 when there is no position."""
        return self._position()[0]

    @property
    def column(self) -> int:
        """Column from 1 in characters, or 0 when there is no position."""
        return self._position()[1]

    def _position(self) -> tuple[int, int]:
        if self.source is None or self.span is None:
            return 0, 0
        return self.source.line_column(self.span[0])

    def to_json(self) -> dict[str, Any]:
        """The shape `dana check --json` prints; lines and columns from 1, `end_*` exclusive."""
        line, column = self._position()
        end_line, end_column = (0, 0)
        if self.source is not None and self.span is not None:
            end_line, end_column = self.source.line_column(self.span[1])
        out: dict[str, Any] = {
            "code": self.code,
            "severity": "error" if self.is_error else "warning",
            "message": self.message,
            "file": self.source.name if self.source else None,
            "line": line,
            "column": column,
            "end_line": end_line,
            "end_column": end_column,
            "hint": self.hint or None,
            "notes": list(self.notes),
        }
        if self.fix is not None and self.source is not None:
            start = self.source.line_column(self.fix.span[0])
            end = self.source.line_column(self.fix.span[1])
            out["fix"] = {"start": start, "end": end, "text": self.fix.text}
        return out

    def __repr__(self) -> str:
        return f"Diagnostic({self.code!r}, {self.message!r}, line={self.line})"


def shown_name(name: str) -> str:
    """A source's name as people read it: a path below the current folder is shown from there."""
    if name[:1] != os.sep:
        return name
    try:
        here = os.getcwd().rstrip(os.sep) + os.sep
    except FileNotFoundError:  # the folder is gone
        return name
    return name.removeprefix(here)


def render(diagnostic: Diagnostic, *, colour: bool = False) -> str:
    """The text people read; ends without a newline."""
    paint = _paint if colour else _plain
    kind, tone = ("error", "31;1") if diagnostic.is_error else ("warning", "33;1")
    lines = [f"{paint(f'{kind}[{diagnostic.code}]', tone)}{paint(': ' + diagnostic.message, '1')}"]
    places: list[tuple[Source, Span, str, bool]] = []
    if diagnostic.source is not None and diagnostic.span is not None:
        places.append((diagnostic.source, diagnostic.span, diagnostic.label, True))
    for extra in diagnostic.labels:
        source = extra.source or diagnostic.source
        if source is not None:
            places.append((source, extra.span, extra.message, False))
    width = max((len(str(s.line_column(p[0])[0])) for s, p, _, _ in places), default=1)
    previous: Source | None = None
    for source, span, message, primary in places:
        line, column = source.line_column(span[0])
        arrow = "-->" if source is not previous and primary else ":::"
        if source is not previous or not primary:
            lines.append(f"{' ' * width} {paint(arrow, '34;1')} {shown_name(source.name)}:{line}:{column}")
        lines.extend(_excerpt(source, span, message, width, "31;1" if primary else "34;1", paint))
        previous = source
    tail = [("help", diagnostic.hint)] if diagnostic.hint else []
    tail += [("note", note) for note in diagnostic.notes]
    for name, text in tail:
        first, *rest = text.split("\n")
        lines.append(f"{' ' * width} {paint('=', '34;1')} {paint(name, '1')}: {first}")
        lines.extend(f"{' ' * (width + 5 + len(name))}{more}" for more in rest)
    return "\n".join(lines)


def render_all(diagnostics: Iterable[Diagnostic], *, colour: bool = False) -> str:
    """Several diagnostics, a blank line between them."""
    return "\n\n".join(render(d, colour=colour) for d in diagnostics)


def _excerpt(source: Source, span: Span, message: str, width: int, tone: str, paint: Any) -> list[str]:
    line, column = source.line_column(span[0])
    end_line, end_column = source.line_column(max(span[1], span[0]))
    text = source.line(line)
    last = len(text) + 1 if end_line > line else end_column
    cut = 0
    if len(text) > MAX_EXCERPT:
        cut = max(0, column - 1 - MAX_EXCERPT // 3)
        text = text[cut : cut + MAX_EXCERPT]
    shown = "".join(c if c.isprintable() or c == "\t" else "\ufffd" for c in text).expandtabs(4)
    before = text[: max(0, column - 1 - cut)]
    indent = _cells(before.expandtabs(4))
    marked = text[len(before) : max(0, last - 1 - cut)]
    carets = max(1, _cells((before + marked).expandtabs(4)) - indent)
    bar = paint("|", "34;1")
    mark = paint("^" * carets + (" " + message if message else ""), tone)
    return [
        f"{' ' * width} {bar}",
        f"{paint(str(line).rjust(width), '34;1')} {bar} {shown}".rstrip(),
        f"{' ' * width} {bar} {' ' * indent}{mark}",
    ]


def _cells(text: str) -> int:
    """Terminal columns a text takes: wide East Asian characters count two, combining ones none."""
    if text.isascii():
        return len(text)
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def _paint(text: str, tone: str) -> str:
    return f"\x1b[{tone}m{text}\x1b[0m"


def _plain(text: str, _tone: str) -> str:
    return text


# Nobody is helped with words that are longer, and comparing them takes long.
SUGGESTED = 64


def bounded_repr(value: object) -> str:
    """`repr(value)` for messages, cut where it is long or deep: parts may be shared many times."""
    import reprlib

    if hasattr(type(value), "_shape"):
        return f"a {type(value).__name__}"
    short = reprlib.Repr()
    short.maxlevel, short.maxstring, short.maxother, short.maxlong = 3, 80, 80, 80
    short.repr_instance = lambda part, _level: (  # type: ignore[method-assign, assignment]
        f"a {type(part).__name__}" if hasattr(type(part), "_shape") else repr(part)
    )
    return short.repr(value)


def suggest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate a typist most likely meant, or None (Damerau-Levenshtein, case-blind ties first)."""
    if len(word) > SUGGESTED:
        return None
    # One letter for another is a guess, not a slip.
    limit = 0 if len(word) == 1 else 1 if len(word) <= 3 else 2 if len(word) <= 7 else 3
    best: tuple[int, int, str] | None = None
    for candidate in candidates:
        if candidate == word or abs(len(candidate) - len(word)) > limit:
            continue
        distance = 0 if candidate.lower() == word.lower() else edit_distance(word, candidate, limit)
        if distance <= limit and distance < max(len(word), 2):
            key = (distance, abs(len(candidate) - len(word)), candidate)
            if best is None or key < best:
                best = key
    return best[2] if best else None


def edit_distance(a: str, b: str, limit: int) -> int:
    """Optimal string alignment distance, or `limit + 1` as soon as it must exceed `limit`."""
    before: list[int] = []
    row = list(range(len(b) + 1))
    if abs(len(a) - len(b)) > limit:
        return limit + 1
    for i, ca in enumerate(a, 1):
        # Cells further from the diagonal than the limit are above it.
        first, last = max(1, i - limit), min(len(b), i + limit)
        fresh = [i] if first == 1 else [limit + 1] * first
        for j in range(first, last + 1):
            cb = b[j - 1]
            cost = min(row[j] + 1, fresh[j - 1] + 1, row[j - 1] + (ca != cb))
            if i > 1 and j > 1 and ca == b[j - 2] and a[i - 2] == cb:
                cost = min(cost, before[j - 2] + 1)
            fresh.append(cost)
        if min(fresh) > limit:
            return limit + 1
        fresh += [limit + 1] * (len(b) - last)
        before, row = row, fresh
    return row[-1]
