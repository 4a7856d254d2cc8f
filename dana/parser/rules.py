"""What the grammar cannot say: what may be assigned to, the order of arguments and of parameters.

Each check gives a `Refused` or None; `finish` raises the first there is, with the node that was built all
the same, so that editors have a tree.
"""

from __future__ import annotations

from dana.ast.nodes import (
    Attribute,
    Constant,
    ErrorExpr,
    Keyword,
    List,
    Name,
    Param,
    ScopedName,
    Starred,
    Subscript,
    Tuple,
)
from dana.parser.problems import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, TypeVar

    from dana.ast.nodes import Expr, Node

    N = TypeVar("N", bound=Node)

NOT_ASSIGNABLE = {
    "JoinedStr": "an f-string",
    "Call": "the result of a call",
    "BinOp": "the result of an operation",
    "UnaryOp": "the result of an operation",
    "BoolOp": "a condition",
    "Compare": "a comparison",
    "Lambda": "a lambda",
    "IfExp": "a conditional expression",
    "NamedExpr": "an assignment expression",
    "Placeholder": "the placeholder `$$`",
    "Capture": "a captured stage",
    "Dict": "a dict",
    "Set": "a set",
}


def finish(node: N, *refusals: Refused | None) -> N:
    """The node, unless something is wrong with it."""
    for refused in refusals:
        if refused is not None:
            refused.value = node
            raise refused
    return node


def target(expr: Expr, what: str) -> tuple[Expr, Refused | None]:
    """`expr` as a place to store into, or what stands in the way; `what` names the construct."""
    kind = expr.__class__
    if kind is Name or kind is Attribute or kind is Subscript:
        return expr, None
    wrong = unassignable(expr)
    if wrong is None:
        return expr, None
    hint = (
        "did you mean `==`?" if what == "an assignment" else "a place is a name, an attribute or an item: x, p.x, d[k]"
    )
    called = NOT_ASSIGNABLE.get(type(wrong).__name__, "this")
    if isinstance(wrong, Constant):
        plain = isinstance(wrong.value, str | int | float) and not isinstance(wrong.value, bool)
        called = "a literal" if plain else f"`{'...' if wrong.value is ... else wrong.value}`"
    elif isinstance(wrong, Starred):
        called, hint = "a `*` target here", "one `*` may stand among several targets: `first, *rest = …`"
    message = f"{what} cannot store into {called}"
    return ErrorExpr(expr.start, expr.end), Refused(None, "E108", message, wrong.start, wrong.end, hint=hint)


def unassignable(expr: Expr, *, inside: bool = False) -> Expr | None:
    """The part of a target that cannot be stored into."""
    if isinstance(expr, Name | Attribute | Subscript | ScopedName | ErrorExpr):
        return None
    if isinstance(expr, Tuple | List):
        for item in expr.elts:
            wrong = unassignable(item, inside=True)
            if wrong is not None:
                return wrong
        stars = [item for item in expr.elts if isinstance(item, Starred)]
        return stars[1] if len(stars) > 1 else None
    if isinstance(expr, Starred) and inside:
        return unassignable(expr.value)
    return expr


def split_args(args: Iterable[Expr | Keyword]) -> tuple[tuple[Expr, ...], tuple[Keyword, ...], Refused | None]:
    """Positional arguments, keywords, and what is wrong with their order or names."""
    positional: list[Expr] = []
    keywords: list[Keyword] = []
    names: set[str] = set()
    refused: Refused | None = None
    spread = False
    for arg in args:
        if isinstance(arg, Keyword):
            if arg.name is None:
                spread = True
            elif arg.name in names:
                refused = refused or _argument(
                    arg, f"the argument `{arg.name}` is given twice", "remove one of the two"
                )
            else:
                names.add(arg.name)
            keywords.append(arg)
            continue
        if spread:
            refused = refused or _argument(
                arg, "a positional argument follows `**`", "put it before the named arguments"
            )
        elif keywords and not isinstance(arg, Starred):
            refused = refused or _argument(
                arg, "a positional argument follows a named one", "give it a name too, or put it first"
            )
        positional.append(arg)
    return tuple(positional), tuple(keywords), refused


def _argument(arg: Node, message: str, hint: str) -> Refused:
    return Refused(None, "E109", message, arg.start, arg.end, hint=hint)


def params(items: list[Any] | None) -> tuple[tuple[Param, ...], Refused | None]:
    """Parameters with their kinds settled by the marks `/` and `*`, and what is wrong with their order."""
    if not items:
        return (), None
    found: list[Param] = []
    names: set[str] = set()
    refused: Refused | None = None
    kind = "normal"
    defaults = False
    last: Param | None = None
    mark: tuple[int, int] | None = None  # a bare `*` that no parameter follows yet
    for item in items:
        if not isinstance(item, Param):
            start, end, sign = item
            if sign == "/":
                if kind != "normal" or not found or any(p.kind == "positional" for p in found):
                    refused = refused or _param(start, end, "`/` may stand once, after the first parameters")
                found = [p.replace(kind="positional") if p.kind == "normal" else p for p in found]
            else:
                if kind != "normal":
                    refused = refused or _param(start, end, "`*` may stand once only")
                kind, mark = "keyword", (start, end)
            continue
        if last is not None:
            refused = refused or _param(item.start, item.end, f"`**{last.name}` must be the last parameter")
        if item.name in names:
            refused = refused or _param(item.start, item.end, f"two parameters are called `{item.name}`")
        names.add(item.name)
        if item.kind == "star":
            if kind != "normal":
                refused = refused or _param(item.start, item.end, "`*` may stand once only")
            kind = "keyword"
        elif item.kind == "double_star":
            last = item
        else:
            if kind == "normal":
                if defaults and item.default is None:
                    refused = refused or _param(
                        item.start, item.end, f"`{item.name}` has no default but follows a parameter that has one"
                    )
                defaults = defaults or item.default is not None
            elif item.kind != kind:
                item = item.replace(kind=kind)  # noqa: PLW2901
            mark = None
        found.append(item)
    if mark is not None:
        refused = refused or _param(*mark, "a named parameter must follow `*`")
    return tuple(found), refused


def _param(start: int, end: int, message: str) -> Refused:
    twice = message.startswith("two parameters")
    hint = "rename one of them" if twice else "the order is: a, /, b, c=1, *rest, d, **options"
    return Refused(None, "E107", message, start, end, hint=hint)
