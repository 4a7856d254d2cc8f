"""What builtin functions return when their arguments tell more than their signatures."""

from __future__ import annotations

from dana.checker.types import (
    ANY,
    BOOL,
    FLOAT,
    INT,
    LIST,
    NEVER,
    NONE,
    RANGE,
    STR,
    element,
    join,
    strip,
    union,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.ast import nodes as na
    from dana.checker.context import Context
    from dana.checker.types import Type

_INTS = (INT, BOOL)


def builtin_result(c: Context, node: na.Call, name: str, given: Any, t: Type, skip: int) -> Type:
    """The static type of a builtin's result."""
    if skip or any(g[1] is None for g in given):
        return _declared(t)
    special = _RESULTS.get(name)
    if special is not None:
        return special(c, node, [g[1] for g in given])
    return _declared(t)


def _declared(t: Type) -> Type:
    if t[0] == "func":
        return ANY if t[2][0] == "never" else t[2]
    if t[0] == "type":
        inner = t[1]
        return inner if inner[0] not in ("callable", "opaque") else ANY
    return ANY


def _abs(_c: Context, _node: Any, args: list[Type]) -> Type:
    if len(args) == 1:
        return INT if args[0] in _INTS else FLOAT if args[0] == FLOAT else _numeric(args[0])
    return ANY


def _numeric(t: Type) -> Type:
    """A union of numbers stays one."""
    return t if t[0] == "union" and all(o in (INT, FLOAT) for o in t[1]) else ANY


def _round(_c: Context, node: na.Call, args: list[Type]) -> Type:
    if len(args) == 1 and (args[0] in _INTS or args[0] == FLOAT):
        return INT
    if len(args) == 2 and args[1] in _INTS:
        return INT if args[0] in _INTS else FLOAT if args[0] == FLOAT else ANY
    return ANY


def _sum(_c: Context, node: na.Call, args: list[Type]) -> Type:
    if len(args) != 1 or node.keywords:
        return ANY
    inner = element(args[0])
    if inner in _INTS:
        return INT
    return union((INT, FLOAT)) if inner == FLOAT or _numeric(inner) is not ANY else ANY


def _extreme(_c: Context, node: na.Call, args: list[Type]) -> Type:
    if any(k.name != "key" for k in node.keywords):
        return ANY
    plain = args[: len(node.args)]
    if len(plain) == 1:
        inner = element(plain[0])
        return inner if inner is not NEVER else ANY
    found = plain[0] if plain else ANY
    for t in plain[1:]:
        found = join(found, t)
    return strip(found)


def _list(_c: Context, _node: Any, args: list[Type]) -> Type:
    return ("list", strip(element(args[0]))) if args else ("list", NEVER)


def _set(_c: Context, _node: Any, args: list[Type]) -> Type:
    return ("set", strip(element(args[0]))) if args else ("set", NEVER)


def _tuple(_c: Context, _node: Any, args: list[Type]) -> Type:
    return ("tuple*", strip(element(args[0]))) if args else ("tuple", ())


def _dict(_c: Context, node: na.Call, args: list[Type]) -> Type:
    if not args and not node.keywords:
        return ("dict", NEVER, NEVER)
    return ("dict", ANY, ANY)


def _sorted(_c: Context, _node: Any, args: list[Type]) -> Type:
    return ("list", strip(element(args[0]))) if args else LIST


def _reversed(_c: Context, _node: Any, args: list[Type]) -> Type:
    return ("iterator", strip(element(args[0]))) if args else ANY


def _enumerate(_c: Context, _node: Any, args: list[Type]) -> Type:
    return ("iterator", ("tuple", (INT, strip(element(args[0]))))) if args else ANY


def _zip(_c: Context, node: na.Call, args: list[Type]) -> Type:
    plain = args[: len(node.args)]
    return ("iterator", ("tuple", tuple(strip(element(t)) for t in plain)))


def _map(_c: Context, _node: Any, args: list[Type]) -> Type:
    func = args[0] if args else ANY
    result = func[2] if func[0] == "func" else ANY
    if func[0] == "type" and func[1] in (INT, FLOAT, STR, BOOL):
        result = func[1]
    return ("iterator", result)


def _filter(_c: Context, _node: Any, args: list[Type]) -> Type:
    return ("iterator", strip(element(args[1]))) if len(args) == 2 else ANY


def _divmod(_c: Context, _node: Any, args: list[Type]) -> Type:
    if len(args) == 2 and all(a in _INTS or a == FLOAT for a in args):
        t = FLOAT if FLOAT in args else INT
        return ("tuple", (t, t))
    return ANY


def _range(_c: Context, _node: Any, _args: list[Type]) -> Type:
    return RANGE


def _cast(c: Context, node: na.Call, args: list[Type]) -> Type:
    """`cast(T, e)` yields a T when T is plainly named."""
    from dana.checker.expressions import type_value
    from dana.checker.types import held

    if len(node.args) != 2:
        return ANY
    t = type_value(c, node.args[0], args[0])
    if t is None or t[0] in ("callable", "ref", "any", "interface"):
        return ANY
    return union([held(t), NONE])


def _reason(c: Context, node: na.Call, args: list[Type]) -> Type:
    """`reason(…, type=T)` yields a T when T is plainly named."""
    from dana.checker.expressions import type_value
    from dana.checker.types import held

    for keyword, t in zip(node.keywords, args[len(node.args) :], strict=False):
        if keyword.name == "type":
            found = type_value(c, keyword.value, t)
            if found is not None and found[0] not in ("callable", "ref", "any", "interface"):
                return held(found)
    return ANY


def _exit(_c: Context, _node: Any, _args: list[Type]) -> Type:
    return NEVER


def _next(_c: Context, node: na.Call, args: list[Type]) -> Type:
    return strip(element(args[0])) if len(args) == 1 and args[0][0] == "iterator" else ANY


_RESULTS: dict[str, Callable[[Context, Any, list[Type]], Type]] = {
    "abs": _abs,
    "round": _round,
    "sum": _sum,
    "max": _extreme,
    "min": _extreme,
    "list": _list,
    "set": _set,
    "tuple": _tuple,
    "dict": _dict,
    "sorted": _sorted,
    "reversed": _reversed,
    "enumerate": _enumerate,
    "zip": _zip,
    "map": _map,
    "filter": _filter,
    "divmod": _divmod,
    "range": _range,
    "cast": _cast,
    "exit": _exit,
    "quit": _exit,
    "next": _next,
    **dict.fromkeys(("reason", "llm", "ask", "context_aware_reason"), _reason),
}
