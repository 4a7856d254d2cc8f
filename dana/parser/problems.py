"""How the parser's parts report: a builder refuses, the lexer and the driver collect."""

from __future__ import annotations

from dana.diagnostics import Diagnostic, Fix, Label
from dana.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.source import Source


class Refused(Exception):
    """Raised by a builder for text that is grammatical but wrong; `value` takes the construct's place.

    Builders are pure functions of their parts, so this is the only way they report. The driver records the
    finding and goes on with `value`.
    """

    def __init__(self, value: Any, code: str, message: str, start: int, end: int, **details: Any) -> None:
        super().__init__(message)
        self.value = value
        self.code = code
        self.message = message
        self.start = start
        self.end = end
        self.details = details


def diagnostic(
    source: Source, code: str, message: str, start: int, end: int, *, fix: str | None = None, **details: Any
) -> Diagnostic:
    """A finding at `[start, end)`; `fix` is the text that should stand there instead."""
    span = Span(start, max(start, end))
    others = details.pop("others", ())
    fix_at = details.pop("fix_at", None)
    labels = [Label(Span(at, to), text) for at, to, text in others]
    change = None if fix is None else Fix(Span(*fix_at) if fix_at else span, fix)
    return Diagnostic(code, message, source, span, labels=labels, fix=change, **details)
