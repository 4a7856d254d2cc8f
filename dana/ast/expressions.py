"""Types as written and expressions."""

from __future__ import annotations

from dana.ast.base import Expr, Node, TypeExpr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.ast.nodes import Param, Receiver


# --- type expressions (L12) ---------------------------------------------------------------------


class TypeName(TypeExpr):
    """`int`, `list[int]`, `geo.Point`; a string annotation `"Point"` is parsed into this too.

    `path` holds the dotted parts as written (`None`/`none`/`null` become "None"); `args` the
    bracketed arguments; inside `Callable[[int], str]` the inner list is a `TypeList`.
    """

    __slots__ = ()
    path: tuple[str, ...]
    args: tuple[TypeExpr, ...]


class TypeList(TypeExpr):
    """`[int, str]` as an argument of `Callable`; `...` is a `TypeName(("...",), ())`."""

    __slots__ = ()
    items: tuple[TypeExpr, ...]


class TypeUnion(TypeExpr):
    """`A | B`; two or more options, flattened."""

    __slots__ = ()
    options: tuple[TypeExpr, ...]


class TypeOptional(TypeExpr):
    """`T?`, short for `T | None`."""

    __slots__ = ()
    inner: TypeExpr


class TypeLiteral(TypeExpr):
    """A string, number or bool literal inside a union (`"low" | "high"`) or alone as a number/bool."""

    __slots__ = ()
    value: str | int | float | bool


class TypeError_(TypeExpr):  # noqa: N801  (the builtin has the name)
    """A type that could not be parsed; a diagnostic has been reported."""

    __slots__ = ()


# --- expressions --------------------------------------------------------------------------------


class Name(Expr):
    """A plain name, NFKC-normalised (L5)."""

    __slots__ = ()
    id: str


class ScopedName(Expr):
    """`private:x`, `public:x`, `system:x`, `local:x` (L10)."""

    __slots__ = ()
    scope: str
    id: str


class Constant(Expr):
    """`int`, `float`, `str`, `bool`, `None` or `...`, adjacent string literals already joined (L6)."""

    __slots__ = ()
    value: Any


class JoinedStr(Expr):
    """An f-string: `Constant` strings and `FormattedValue`s in order."""

    __slots__ = ()
    parts: tuple[Expr, ...]


class FormattedValue(Expr):
    """`{value!r:spec}`; `debug` is the text `value=` of the self-documenting form, else None."""

    __slots__ = ()
    value: Expr
    conversion: str | None
    spec: JoinedStr | None
    debug: str | None


class List(Expr):
    __slots__ = ()
    elts: tuple[Expr, ...]


class Tuple(Expr):
    """`a, b` or `(a, b)`; the span includes parentheses when there are any."""

    __slots__ = ()
    elts: tuple[Expr, ...]


class Set(Expr):
    __slots__ = ()
    elts: tuple[Expr, ...]


class Dict(Expr):
    __slots__ = ()
    items: tuple[DictItem, ...]


class DictItem(Node):
    """`key: value`, or `**value` when key is None."""

    __slots__ = ()
    key: Expr | None
    value: Expr


class Starred(Expr):
    """`*value` in calls, displays and assignment targets."""

    __slots__ = ()
    value: Expr


class Comprehension(Node):
    """One `for target in iter if cond…` clause."""

    __slots__ = ()
    target: Expr
    iter: Expr
    ifs: tuple[Expr, ...]


class ListComp(Expr):
    __slots__ = ()
    elt: Expr
    generators: tuple[Comprehension, ...]


class SetComp(Expr):
    __slots__ = ()
    elt: Expr
    generators: tuple[Comprehension, ...]


class DictComp(Expr):
    __slots__ = ()
    key: Expr
    value: Expr
    generators: tuple[Comprehension, ...]


class GeneratorExp(Expr):
    __slots__ = ()
    elt: Expr
    generators: tuple[Comprehension, ...]


class UnaryOp(Expr):
    """`op` is one of `-`, `+`, `~`, `not`."""

    __slots__ = ()
    op: str
    operand: Expr


class BinOp(Expr):
    """`op` is the operator's spelling: `+ - * / // % ** << >> & ^ | @`. `|` may be a pipeline (L20)."""

    __slots__ = ()
    left: Expr
    op: str
    right: Expr


class BoolOp(Expr):
    """`and`/`or` over two or more values, flattened."""

    __slots__ = ()
    op: str
    values: tuple[Expr, ...]


class Compare(Expr):
    """A chain `left op right op …`; ops among `== != < > <= >= in`, `not in`, `is`, `is not`."""

    __slots__ = ()
    left: Expr
    ops: tuple[str, ...]
    comparators: tuple[Expr, ...]


class IfExp(Expr):
    """`body if test else orelse`."""

    __slots__ = ()
    body: Expr
    test: Expr
    orelse: Expr


class NamedExpr(Expr):
    """`target := value`."""

    __slots__ = ()
    target: Name
    value: Expr


class Lambda(Expr):
    """`lambda x: e` (style ":") and `lambda x: int :: e`, `lambda (p: P) x :: e` (style "::") (L18)."""

    __slots__ = ()
    receiver: Receiver | None
    params: tuple[Param, ...]
    body: Expr
    style: str


class Call(Expr):
    __slots__ = ()
    func: Expr
    args: tuple[Expr, ...]
    keywords: tuple[Keyword, ...]


class Keyword(Node):
    """`name=value` in a call, or `**value` when name is None."""

    __slots__ = ()
    name: str | None
    value: Expr


class Attribute(Expr):
    """`value.attr`; the last `len(attr)` characters of the span are the attribute's."""

    __slots__ = ()
    value: Expr
    attr: str


class Subscript(Expr):
    """`value[index]`; several comma-separated indices make a `Tuple`."""

    __slots__ = ()
    value: Expr
    index: Expr  # type: ignore[assignment]  # hides tuple.index, which nobody wants here


class Slice(Expr):
    __slots__ = ()
    lower: Expr | None
    upper: Expr | None
    step: Expr | None


class Placeholder(Expr):
    """`$$` (L20)."""

    __slots__ = ()


class Capture(Expr):
    """A pipeline stage `value as name` (L20)."""

    __slots__ = ()
    value: Expr
    name: str


class ErrorExpr(Expr):
    """An expression that could not be parsed; a diagnostic has been reported (L46)."""

    __slots__ = ()
