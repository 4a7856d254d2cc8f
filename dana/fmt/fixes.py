"""Applying what diagnostics offer: each `Fix` replaces one span by one text.

All fixes of a round that do not overlap are made at once, then the program is looked at again, for a repaired
line shows what stood behind it. It ends when nothing is offered any more. A round that leaves more syntax
errors than before is taken back and its fixes are tried one by one; those that still do harm are never made.
"""

from __future__ import annotations

from dana.parser import parse
from dana.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dana.diagnostics import Diagnostic

    Find = Callable[[Source], Sequence[Diagnostic]]

ROUNDS_MAX = 50


class Applied:
    """A change that was made: what was found, in which line, what stood there and what stands there now."""

    __slots__ = ("code", "line", "message", "new", "old")

    def __init__(self, diagnostic: Diagnostic, source: Source) -> None:
        assert diagnostic.fix is not None
        start, end = diagnostic.fix.span
        self.code = diagnostic.code
        self.message = diagnostic.message
        self.line = source.line_column(start)[0]
        self.old = source.text[start:end]
        self.new = diagnostic.fix.text


class Fixed:
    """The repaired text, what was done, and the findings that are left."""

    __slots__ = ("applied", "left", "text")

    def __init__(self, text: str, applied: Sequence[Applied], left: Sequence[Diagnostic]) -> None:
        self.text = text
        self.applied = tuple(applied)
        self.left = tuple(left)


def fix_source(source: Source, find: Find) -> Fixed:
    """The program with every machine-applicable hint applied; `find` gives the findings of a text."""
    applied: list[Applied] = []
    refused: set[tuple[str, str, str]] = set()
    seen = {source.text}
    found = find(source)
    for _ in range(ROUNDS_MAX):
        chosen = apart([d for d in found if offered(d, source) and key(d, source) not in refused])
        if not chosen:
            break
        changed, made = attempt(source, chosen)
        refused.update(key(d, source) for d in chosen if d not in made)
        if made and changed.text in seen:  # two hints that undo each other
            refused.update(key(d, source) for d in made)
            continue
        if made:
            applied += [Applied(d, source) for d in made]
            seen.add(changed.text)
            source = changed
            found = find(source)
    return Fixed(source.text, applied, found)


def offered(diagnostic: Diagnostic, source: Source) -> bool:
    """Whether a finding comes with a change of this text."""
    return diagnostic.fix is not None and diagnostic.source is not None and diagnostic.source.text == source.text


def key(diagnostic: Diagnostic, source: Source) -> tuple[str, str, str]:
    assert diagnostic.fix is not None
    start, end = diagnostic.fix.span
    return diagnostic.code, source.text[start:end], diagnostic.fix.text


def apart(diagnostics: Sequence[Diagnostic]) -> list[Diagnostic]:
    """Findings in order of place whose changes do not touch each other; of two that do, the first."""
    chosen: list[Diagnostic] = []
    end = -1
    for diagnostic in sorted(diagnostics, key=lambda d: d.fix.span if d.fix else (0, 0)):
        assert diagnostic.fix is not None
        if diagnostic.fix.span[0] > end:
            chosen.append(diagnostic)
            end = diagnostic.fix.span[1]
    return chosen


def attempt(source: Source, chosen: list[Diagnostic]) -> tuple[Source, list[Diagnostic]]:
    """The text after as many of the changes as leave it parsing no worse."""
    before = syntax_errors(source)
    changed = replaced(source, chosen)
    if syntax_errors(changed) <= before:
        return changed, chosen
    made: list[Diagnostic] = []
    for diagnostic in chosen:
        if syntax_errors(replaced(source, [*made, diagnostic])) <= before:
            made.append(diagnostic)
    return replaced(source, made), made


def replaced(source: Source, chosen: Sequence[Diagnostic]) -> Source:
    parts = []
    last = 0
    for diagnostic in chosen:
        assert diagnostic.fix is not None
        start, end = diagnostic.fix.span
        parts += [source.text[last:start], diagnostic.fix.text]
        last = end
    return Source(source.name, "".join(parts) + source.text[last:])


def syntax_errors(source: Source) -> int:
    return sum(d.is_error for d in parse(source).diagnostics)
