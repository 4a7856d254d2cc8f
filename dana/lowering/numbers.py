"""Which expressions are certainly plain numbers, whatever the types of their parts.

`p.x += e` must extend a list in place when the field holds one. When `e` is certainly a number the old value
is one too (or the operation fails), and the new value can be made, tested and stored in one go. Nothing in
Dana divides but numbers; a number that is the result of a division repeats no list.
"""

from __future__ import annotations

from dana import ast as na

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.checker.types import Type
    from dana.lowering.context import Context

NUMBERS = frozenset({"int", "float", "bool"})
# What an operation on can only replace, never change.
UNCHANGING = NUMBERS | {"str", "tuple", "tuple*", "none"}
# `x op= e` that cannot turn a number or text into a list (`*=` can).
KEEPING = frozenset({"+", "-", "/", "//", "%", "**", "<<", ">>", "&", "^"})


def is_number(cx: Context, node: na.Expr) -> bool:
    """Whether the value is certainly an int, a float or a bool."""
    if cx.type_of(node)[0] in NUMBERS:
        return True
    return is_fraction(cx, node)


def is_fraction(cx: Context, node: na.Expr) -> bool:
    """Whether the value is certainly no whole number and no sequence: a float, by its type or by how it was made."""
    kind: Type = cx.type_of(node)
    if kind[0] == "float":
        return True
    if isinstance(node, na.Name):
        return node.id in fractions(cx)
    if isinstance(node, na.Attribute):
        return cx.number_fields.get(node.attr) == "float"
    if isinstance(node, na.UnaryOp):
        return node.op == "-" and is_fraction(cx, node.operand)
    if isinstance(node, na.BinOp):
        if node.op == "/":
            return True
        if node.op in {"*", "+", "-"} and kind[0] != "str":
            return is_fraction(cx, node.left) or is_fraction(cx, node.right)
    return False


def fractions(cx: Context) -> frozenset[str]:
    """The local variables of the function being lowered that only ever hold floats.

    A greatest fixed point: those left when all that may hold something else have been struck off.
    """
    scope = cx.function
    if scope.fractions is None:
        values: dict[str, list[na.Expr]] = {}
        unknown = {p.name for p in scope.params}
        for statement in scope.body:
            for node in na.walk(statement):
                _note(node, values, unknown)
        scope.fractions = frozenset(values.keys() - unknown)
        while True:
            kept = frozenset(n for n in scope.fractions if all(is_fraction(cx, v) for v in values[n]))
            if kept == scope.fractions:
                break
            scope.fractions = kept
    return scope.fractions


def unchanging(cx: Context) -> set[str]:
    """The local variables of the function being lowered that only ever hold numbers, texts and the like."""
    scope = cx.function
    if scope.unchanging is None:
        bound: dict[str, bool] = {p.name: False for p in scope.params}
        for statement in scope.body:
            for node in na.walk(statement):
                _note_kept(cx, node, bound)
        scope.unchanging = {name for name, kept in bound.items() if kept}
    return scope.unchanging


def _note_kept(cx: Context, node: na.Node, bound: dict[str, bool]) -> None:
    """What a node binds: True while no binding of the name can be a list, dict or set."""
    match node:
        case na.Assign(targets=(na.Name(id=name),), value=value):
            bound[name] = bound.get(name, True) and cx.type_of(value)[0] in UNCHANGING
        case na.AnnAssign(target=na.Name(id=name), annotation=annotation):
            declared = cx.checked.annotations.get(id(annotation), ("any",))
            bound[name] = bound.get(name, True) and declared[0] in UNCHANGING
        case na.AugAssign(target=na.Name(id=name), op=op):
            bound[name] = bound.get(name, True) and (op in KEEPING or is_number(cx, node.value))
        case _:
            for name in _names_bound(node):
                bound[name] = False


def _note(node: na.Node, values: dict[str, list[na.Expr]], unknown: set[str]) -> None:
    """What a node binds: to an expression, or to something nobody knows."""
    match node:
        case na.Assign(targets=(na.Name(id=name),), value=value):
            values.setdefault(name, []).append(value)
        case na.AugAssign(target=na.Name(id=name) as target, op=op, value=value):
            values.setdefault(name, []).append(na.BinOp(node.start, node.end, target, op, value))
        case _:
            unknown.update(_names_bound(node))


def _names_bound(node: na.Node) -> list[str]:
    match node:
        case na.Assign():
            return [n.id for t in node.targets for n in na.walk(t) if isinstance(n, na.Name)]
        case na.AnnAssign() | na.AugAssign() | na.For() | na.Comprehension():
            return [n.id for n in na.walk(node.target) if isinstance(n, na.Name)]
        case na.WithItem() if node.target is not None:
            return [n.id for n in na.walk(node.target) if isinstance(n, na.Name)]
        case na.NamedExpr():
            return [node.target.id]
        case na.FunctionDef() | na.ComposedDef() | na.StructDef() | na.Capture() | na.Param():
            return [node.name]
        case na.ExceptHandler() | na.PatternCapture() | na.PatternStar() | na.PatternAs():
            return [node.name] if node.name else []
        case na.PatternMapping():
            return [node.rest] if node.rest else []
        case na.Alias():
            return [node.asname or node.path[0]]
        case na.Global() | na.Nonlocal():
            return list(node.names)
        case _:
            return []
