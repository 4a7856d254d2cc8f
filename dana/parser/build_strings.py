"""Builders of strings, f-strings, and of the lists that every other rule is made with."""

from __future__ import annotations

from dana.ast.nodes import Constant, FormattedValue, JoinedStr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.ast.nodes import Expr
    from dana.parser.reader import Token

new: Any = tuple.__new__

# --- lists ----------------------------------------------------------------------------------------------


def list_first(item: Any) -> list[Any]:
    return [item]


def list_second(_before: Token, item: Any) -> list[Any]:
    return [item]


def list_pair(first: Any, _between: Token, second: Any) -> list[Any]:
    return [first, second]


def list_two(first: Any, second: Any) -> list[Any]:
    return [first, second]


def list_next(items: list[Any], item: Any) -> list[Any]:
    items.append(item)
    return items


def list_after(items: list[Any], _between: Token, item: Any) -> list[Any]:
    items.append(item)
    return items


def list_closed(items: list[Any], _comma: Token) -> list[Any]:
    return items


# --- strings --------------------------------------------------------------------------------------------


def string(token: Token) -> Constant:
    made: Constant = new(Constant, (token[0], token[1], token[3]))
    return made


def string_joined(pieces: list[Expr]) -> Expr:
    """Adjacent literals are one: a `Constant`, or a `JoinedStr` as soon as one is an f-string (L6)."""
    start, end = pieces[0].start, pieces[-1].end
    if all(isinstance(piece, Constant) for piece in pieces):
        return Constant(start, end, "".join(piece.value for piece in pieces))  # type: ignore[attr-defined]
    parts: list[Expr] = []
    for piece in pieces:
        for part in piece.parts if isinstance(piece, JoinedStr) else (piece,):
            previous = parts[-1] if parts else None
            if isinstance(part, Constant) and isinstance(previous, Constant):
                parts[-1] = Constant(previous.start, part.end, previous.value + part.value)
            elif not (isinstance(part, Constant) and part.value == ""):
                parts.append(part)
    return JoinedStr(start, end, tuple(parts))


def fstring_empty(opening: Token, closing: Token) -> JoinedStr:
    return JoinedStr(opening[0], closing[1], ())


def fstring(opening: Token, parts: list[Expr], closing: Token) -> JoinedStr:
    return JoinedStr(opening[0], closing[1], tuple(parts))


def fstring_text(token: Token) -> Constant:
    return Constant(token[0], token[1], token[3])


def formatted_value(
    opening: Token,
    value: Expr,
    debug: Token | None,
    conversion: Token | None,
    spec: JoinedStr | None,
    closing: Token,
) -> FormattedValue:
    letter = conversion[3] if conversion else None
    return FormattedValue(opening[0], closing[1], value, letter, spec, debug[3] if debug else None)


def fstring_spec_empty(colon: Token) -> JoinedStr:
    return JoinedStr(colon[0], colon[1], ())


def fstring_spec(colon: Token, parts: list[Expr]) -> JoinedStr:
    return JoinedStr(colon[1], parts[-1].end, tuple(parts))
