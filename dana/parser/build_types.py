"""Builders of type expressions (L12)."""

from __future__ import annotations

from dana.ast.nodes import (
    JoinedStr,
    TypeError_,
    TypeList,
    TypeLiteral,
    TypeName,
    TypeOptional,
    TypeUnion,
)
from dana.parser.problems import Refused
from dana.parser.rules import finish

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.ast.nodes import Constant, Expr, TypeExpr
    from dana.parser.reader import Token


class Quoted(TypeLiteral):
    """A string where a type is expected: a literal type in a union, a forward reference alone."""

    __slots__ = ()


def annotation(kind: TypeExpr) -> TypeExpr:
    """A whole annotation: a lone string is the type it spells."""
    return finish(*whole(kind))


def whole(kind: TypeExpr) -> tuple[TypeExpr, Refused | None]:
    """The type where a lone string spells one, read where the string stands."""
    if not isinstance(kind, Quoted):
        return kind, None
    from dana.parser.quoted import read

    found = read(str(kind.value), kind.start, kind.end)
    if found is not None:
        return found, None
    message = f"the text {shorten(str(kind.value))} spells no type"
    hint = 'an annotation in quotes is read as a type: "Point", "list[int]"'
    return TypeError_(kind.start, kind.end), Refused(None, "E119", message, kind.start, kind.end, hint=hint)


def literal(kind: TypeExpr) -> TypeExpr:
    """A string as an option of a union is a literal type."""
    return TypeLiteral(*kind) if isinstance(kind, Quoted) else kind


def shorten(text: str) -> str:
    return repr(text if len(text) <= 40 else text[:37] + "…")


def type_either(options: list[TypeExpr]) -> TypeUnion:
    flat: list[TypeExpr] = []
    for option in options:
        flat.extend(option.options if isinstance(option, TypeUnion) else (literal(option),))
    return TypeUnion(options[0].start, options[-1].end, tuple(flat))


def type_optional(inner: TypeExpr, mark: Token) -> TypeOptional:
    return TypeOptional(inner.start, mark[1], literal(inner))


def type_name(path: list[Token]) -> TypeName:
    names = tuple(part[3] for part in path)
    return TypeName(path[0][0], path[-1][1], names, ())


def type_generic(
    path: list[Token], _opening: Token, args: list[TypeExpr], _comma: Token | None, closing: Token
) -> TypeName:
    names = tuple(part[3] for part in path)
    if names[-1] == "Literal":
        return TypeName(path[0][0], closing[1], names, tuple(literal(arg) for arg in args))
    read = [whole(arg) for arg in args]
    return finish(
        TypeName(path[0][0], closing[1], names, tuple(kind for kind, _ in read)), *(refused for _, refused in read)
    )


def type_none(token: Token) -> TypeName:
    return TypeName(token[0], token[1], ("None",), ())


def type_true(token: Token) -> TypeLiteral:
    return TypeLiteral(token[0], token[1], True)


def type_false(token: Token) -> TypeLiteral:
    return TypeLiteral(token[0], token[1], False)


def type_number(token: Token) -> TypeLiteral:
    return TypeLiteral(token[0], token[1], token[3])


def type_signed(sign: Token, token: Token) -> TypeLiteral:
    return TypeLiteral(sign[0], token[1], -token[3] if sign[3] == "-" else token[3])


def type_string(text: Expr) -> TypeExpr:
    if isinstance(text, JoinedStr):
        raise Refused(
            TypeError_(text.start, text.end),
            "E119",
            "an f-string cannot be a type",
            text.start,
            text.end,
            hint="write the type, or a plain string",
        )
    constant: Constant = text  # type: ignore[assignment]
    return Quoted(text.start, text.end, constant.value)


def type_group(opening: Token, inner: TypeExpr, closing: Token) -> TypeExpr:
    return inner


def type_list_empty(opening: Token, closing: Token) -> TypeList:
    return TypeList(opening[0], closing[1], ())


def type_list(opening: Token, items: list[TypeExpr], _comma: Token | None, closing: Token) -> TypeList:
    read = [whole(item) for item in items]
    return finish(TypeList(opening[0], closing[1], tuple(kind for kind, _ in read)), *(refused for _, refused in read))


def type_ellipsis(token: Token) -> TypeName:
    return TypeName(token[0], token[1], ("...",), ())
