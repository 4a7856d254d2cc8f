"""Tuples that may hold tuples: what is put around the display that makes one (L49).

    (a, b)       (a, b) if a.__class__ is not .tuple and b.__class__ is not .tuple else .nested((a, b))
    (1, f(x))    t if (t := (1, f(x)))[1].__class__ is not .tuple else .nested(t)

Left out where no part can be a tuple by its type or form, and where the tuple is not kept: `a, b = b, a`.
"""

from __future__ import annotations

import ast as py

from dana import abi
from dana import ast as na
from dana.lowering.context import LOAD, Context
from dana.lowering.growth import is_scalar

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.checker.types import Type

    Leaf = tuple[tuple[int, ...], na.Expr, py.expr]

# Static kinds whose values are no tuples.
OTHERS = frozenset(
    {"none", "bool", "int", "float", "str", "lit", "list", "dict", "set", "range", "func", "type", "module"}
    | {"exception", "struct", "opaque", "iterator"}
)
# More tests than these cost as much as the call.
FEW = 4


def lower_kept(cx: Context, node: na.Tuple) -> py.expr:
    """A display, looked at where one of its parts may be a tuple."""
    made, leaves = _bare(cx, node)
    doubtful = [(path, lowered) for path, part, lowered in leaves if not _is_other(cx, part)]
    if not doubtful:
        return made
    if len(doubtful) > FEW:
        return cx.call(".nested", node, made)
    place = cx.at(node)
    if all(isinstance(lowered, (py.Name, py.Constant)) for _, _, lowered in leaves):
        names = {lowered.id for _, lowered in doubtful if isinstance(lowered, py.Name)}
        tests: list[py.expr] = [cx.class_is_not(name, cx.load(".tuple", node), node) for name in sorted(names)]
        return py.IfExp(test=_all(cx, tests, node), body=made, orelse=cx.call(".nested", node, made), **place)
    if cx.in_iterable:
        return cx.call(".nested", node, made)
    name = cx.temporary()
    keep: py.expr = py.NamedExpr(target=cx.store(name, node), value=made, **place)
    tests = []
    for path, _ in doubtful:
        part = keep
        for index in path:
            part = py.Subscript(value=part, slice=cx.const(index, node), ctx=LOAD, **place)
        own = py.Attribute(value=part, attr="__class__", ctx=LOAD, **place)
        tests.append(py.Compare(left=own, ops=[py.IsNot()], comparators=[cx.load(".tuple", node)], **place))
        keep = cx.load(name, node)
    looked_at = cx.call(".nested", node, cx.load(name, node))
    return py.IfExp(test=_all(cx, tests, node), body=cx.load(name, node), orelse=looked_at, **place)


def _all(cx: Context, tests: list[py.expr], node: na.Node) -> py.expr:
    return tests[0] if len(tests) == 1 else py.BoolOp(op=py.And(), values=tests, **cx.at(node))


def _bare(cx: Context, node: na.Tuple, path: tuple[int, ...] = ()) -> tuple[py.Tuple, list[Leaf]]:
    """A display and the displays in it, lowered; with their parts that are none, and where these are in the whole."""
    elts: list[py.expr] = []
    leaves: list[Leaf] = []
    for index, part in enumerate(node.elts):
        way = (*path, index)
        if cx.plan is None and isinstance(part, na.Tuple) and not is_starred(part):
            inner, more = _bare(cx, part, way)
            elts.append(inner)
            leaves += more
        else:
            lowered = cx.expr(part)
            elts.append(lowered)
            leaves.append((way, part, lowered))
    return py.Tuple(elts=elts, ctx=LOAD, **cx.at(node)), leaves


def is_starred(node: na.Tuple) -> bool:
    """Whether a display holds `*parts`."""
    return any(isinstance(e, na.Starred) for e in node.elts)


def _is_other(cx: Context, node: na.Expr) -> bool:
    """Whether a value is certainly no tuple."""
    return _is_other_type(cx.type_of(node)) or isinstance(node, na.Constant) or is_scalar(cx, node)


def _is_other_type(static: Type) -> bool:
    if static[0] == "union":
        return all(_is_other_type(option) for option in static[1])
    return static[0] in OTHERS


# --- `*args` --------------------------------------------------------------------------------------


def kept_rest(cx: Context, params: tuple[na.Param, ...], node: na.Node) -> list[py.stmt]:
    """`args = .nested(args)` where a function may hand on the tuple it got as `*args`: it may nest as any other."""
    for param in params:
        if param.kind == "star" and cx.metered and _may_hold(cx, param) and _is_handed_on(node, param.name):
            name = abi.variable(param.name)
            return [cx.assign(name, cx.call(".nested", param, cx.load(name, param)), param)]
    return []


def _may_hold(cx: Context, param: na.Param) -> bool:
    declared = param.annotation
    return declared is None or not _is_other_type(cx.checked.annotations.get(id(declared), ("any",)))


def _is_handed_on(node: na.Node, name: str) -> bool:
    """Whether `args` stands anywhere but in `f(*args)`, `args[0]` and `len(args)`."""
    harmless: set[int] = set()
    for part in na.walk(node):
        match part:
            case na.Call(args=given):
                harmless.update(id(a.value) for a in given if isinstance(a, na.Starred))
                if isinstance(part.func, na.Name) and part.func.id == "len":
                    harmless.update(map(id, given))
            case na.Subscript(index=index) if not isinstance(index, na.Slice):
                harmless.add(id(part.value))
            case na.For() | na.Comprehension():
                harmless.add(id(part.iter))
    return any(isinstance(p, na.Name) and p.id == name and id(p) not in harmless for p in na.walk(node))


def makes_flat(cx: Context, node: na.Expr) -> bool:
    """Whether `tuple(node)` certainly holds no tuples, by the static type of the container."""
    static = cx.type_of(node)
    if static[0] == "tuple":
        return all(map(_is_other_type, static[1]))
    return static[0] in {"list", "set", "dict", "tuple*"} and _is_other_type(static[1])
