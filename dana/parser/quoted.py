"""Types in quotes: `"Point"`, `"list[int] | None"` (L12)."""

from __future__ import annotations

from dana.ast.nodes import Node
from dana.parser.depth import exceeds as depth_exceeds
from dana.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.ast.nodes import TypeExpr


QUOTED_DEPTH_MAX = 20


def read(text: str, start: int, end: int) -> TypeExpr | None:
    """The type that `text` spells, or None. All its nodes get the string's own span `[start, end)`.

    A string inside the string is a literal type or nothing: quotes do not nest further.
    """
    from dana.parser.driver import drive
    from dana.parser.lexer import Lexer

    if len(text) > 1000 or not text.strip():
        return None
    source = Source("<type>", text)
    lexer = Lexer(source, inside=True)
    tokens = lexer.run()
    if lexer.diagnostics:
        return None
    found, diagnostics = drive(source, tokens, "annotation")
    if diagnostics or found is None or depth_exceeds(found, QUOTED_DEPTH_MAX):
        return None
    placed: TypeExpr = place(found, start, end)
    return placed


def place(value: Any, start: int, end: int) -> Any:
    """The same tree with one span everywhere."""
    if isinstance(value, Node):
        return type(value)(start, end, *(place(part, start, end) for part in value[2:]))
    if value.__class__ is tuple:
        return tuple(place(part, start, end) for part in value)
    return value
