"""Assignment targets: names, scopes, items, unpacking — and fields of structs, which are checked.

`p.x = v` must respect the declared type of `x` whatever `p` turns out to be. Where the checker knows
the struct, the test is against the field's class; elsewhere it is against `.ft:x`, the class all
structs of the program with a field `x` agree on. Both are one inline class test; the slow path is
`.setattr`.
"""

from __future__ import annotations

import ast as py

from dana import abi
from dana import ast as na
from dana.checker.types import proves
from dana.lowering.annotations import RAW_CLASS
from dana.lowering.context import DEL, LOAD, STORE, Context
from dana.lowering.expressions import BINARY, combine, operand, scoped
from dana.lowering.growth import addend, guarded, may_multiply, only_counts
from dana.lowering.numbers import NUMBERS, is_fraction, is_number
from dana.lowering.sized import drawn

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def assign_to(cx: Context, target: na.Expr, value: py.expr, static: tuple[object, ...], node: na.Node) -> list[py.stmt]:
    """`target = value`, where `value` has the static type `static`."""
    if isinstance(target, na.Attribute):
        return store_attribute(cx, target, value, static, node)
    lowered, after = lower_target(cx, target)
    return [py.Assign(targets=[lowered], value=value, **cx.at(node)), *after]


def lower_target(cx: Context, node: na.Expr) -> tuple[py.expr, list[py.stmt]]:
    """A Python target, and the statements that finish the assignment (checked stores of attributes)."""
    match node:
        case na.Name():
            return py.Name(id=abi.variable(node.id), ctx=STORE, **cx.at(node)), []
        case na.ScopedName():
            return scoped(cx, node.scope, node.id, node, STORE), []
        case na.Subscript():
            index = cx.expr(node.index)
            return py.Subscript(value=cx.expr(node.value), slice=index, ctx=STORE, **cx.at(node)), []
        case na.Starred():
            inner, after = lower_target(cx, node.value)
            return py.Starred(value=inner, ctx=STORE, **cx.at(node)), after
        case na.Tuple() | na.List():
            pairs = [_kept(cx, e) if _has_attribute(node) else lower_target(cx, e) for e in node.elts]
            return py.Tuple(elts=[p[0] for p in pairs], ctx=STORE, **cx.at(node)), [s for p in pairs for s in p[1]]
        case na.Attribute():
            name = cx.temporary()
            return cx.store(name, node), store_attribute(cx, node, cx.load(name, node), ("any",), node)
        case _:
            msg = f"{type(node).__name__} is not a target"
            raise TypeError(msg)


def _kept(cx: Context, node: na.Expr) -> tuple[py.expr, list[py.stmt]]:
    """A target beside an attribute in an unpacking: kept in a temporary, so that stores happen from left to right."""
    if isinstance(node, na.Starred):
        inner, after = _kept(cx, node.value)
        return py.Starred(value=inner, ctx=STORE, **cx.at(node)), after
    if isinstance(node, (na.Tuple, na.List)):
        pairs = [_kept(cx, e) for e in node.elts]
        return py.Tuple(elts=[p[0] for p in pairs], ctx=STORE, **cx.at(node)), [s for p in pairs for s in p[1]]
    name = cx.temporary()
    return cx.store(name, node), assign_to(cx, node, cx.load(name, node), ("any",), node)


def store_attribute(
    cx: Context, target: na.Attribute, value: py.expr, static: tuple[object, ...], node: na.Node
) -> list[py.stmt]:
    owner = cx.type_of(target.value)
    attr = abi.mangle(target.attr)
    out: list[py.stmt] = []
    declared = _declared_type(cx, owner, target.attr)
    if declared is not None and proves(static, declared):
        direct = py.Attribute(value=cx.expr(target.value), attr=attr, ctx=STORE, **cx.at(target))
        return [py.Assign(targets=[direct], value=value, **cx.at(node))]
    if not isinstance(value, py.Name):
        name = cx.temporary()
        out.append(cx.assign(name, value, node))
    else:
        name = value.id
    holder = cx.expr(target.value)
    if not isinstance(holder, py.Name):
        held = cx.temporary()
        out.append(cx.assign(held, holder, target.value))
    else:
        held = holder.id
    out.append(_guarded_store(cx, target, attr, held, name, declared, node))
    return out


def _guarded_store(
    cx: Context,
    target: na.Attribute,
    attr: str,
    held: str,
    name: str,
    declared: tuple[object, ...] | None,
    node: na.Node,
    *,
    made: py.expr | None = None,
) -> py.stmt:
    """Store the variable `name` (which first gets the value of `made`, if given) after its class test."""
    place = cx.at(target)
    words = [cx.load(held, target), cx.const(attr, target), cx.load(name, node)]
    slow = cx.expr_stmt(cx.call(".setattr", target, *words), target)
    if declared is not None:
        kind = str(declared[0])
        if kind not in RAW_CLASS:
            if made is not None:
                slow.value = cx.call(".setattr", target, *words[:2], made)
            return slow
        expected = cx.load(RAW_CLASS[kind], node)
    else:
        cx.field_names.add(attr)
        expected = cx.load(f".ft:{attr}", node)
    direct = py.Attribute(value=cx.load(held, target), attr=attr, ctx=STORE, **place)
    fast = py.Assign(targets=[direct], value=cx.load(name, node), **cx.at(node))
    value: py.expr = cx.load(name, node)
    if made is not None:
        value = py.NamedExpr(target=cx.store(name, node), value=made, **cx.at(node))
    own = py.Attribute(value=value, attr="__class__", ctx=LOAD, **place)
    test = py.Compare(left=own, ops=[py.Is()], comparators=[expected], **place)
    return py.If(test=test, body=[fast], orelse=[slow], **cx.at(node))


def _declared_type(cx: Context, owner: tuple[object, ...], attr: str) -> tuple[object, ...] | None:
    """The declared type of a field when the owner is certainly a mutable struct that has it itself."""
    if owner[0] != "struct":
        return None
    info = cx.struct_of(owner)
    if info is None or info.frozen or info.delegates:
        return None
    field = info.fields.get(attr)
    return None if field is None else field.type


# --- statements ---------------------------------------------------------------------------------


def lower_assign(cx: Context, node: na.Assign) -> list[py.stmt]:
    if all(isinstance(t, (na.Tuple, na.List)) for t in node.targets):
        cx.unpacked = id(node.value)
    value = cx.expr(node.value)
    static = cx.type_of(node.value)
    if cx.metered and any(_is_slice(t) for t in node.targets):
        value = cx.call(".addend", node.value, value)
    elif any(_has_star(t) for t in node.targets):
        value = drawn(cx, node.value, value)
    if len(node.targets) == 1:
        return assign_to(cx, node.targets[0], value, static, node)
    if not any(_has_attribute(t) for t in node.targets):
        targets = [lower_target(cx, t)[0] for t in node.targets]
        return [py.Assign(targets=targets, value=value, **cx.at(node))]
    name = cx.temporary()
    out: list[py.stmt] = [cx.assign(name, value, node)]
    for target in node.targets:
        out += assign_to(cx, target, cx.load(name, node), static, node)
    return out


def _is_slice(target: na.Expr) -> bool:
    return isinstance(target, na.Subscript) and isinstance(target.index, na.Slice)


def _has_star(target: na.Expr) -> bool:
    return isinstance(target, (na.Tuple, na.List)) and any(isinstance(e, na.Starred) for e in target.elts)


def _has_attribute(target: na.Expr) -> bool:
    if isinstance(target, (na.Tuple, na.List)):
        return any(_has_attribute(e) for e in target.elts)
    if isinstance(target, na.Starred):
        return _has_attribute(target.value)
    return isinstance(target, na.Attribute)


def lower_aug_assign(cx: Context, node: na.AugAssign) -> list[py.stmt]:
    target = node.target
    if isinstance(target, na.Attribute):
        return _augment_attribute(cx, node, target)
    if node.op in {"**", "<<"} or (node.op == "|" and cx.type_of(node.value)[0] in {"func", "callable"}):
        return _augment_through_helper(cx, node)
    value = operand(cx, node.value) if node.op == "+" and only_counts(cx, node) else cx.expr(node.value)
    if node.op == "+" and cx.type_of(target)[0] == "str" and cx.type_of(node.value)[0] != "str":
        value = cx.call(".text", node.value, value)
    elif node.op == "+" and cx.type_of(node.value)[0] == "str" and cx.type_of(target)[0] != "str":
        return _extend_by_text(cx, node)
    elif node.op == "*" and may_multiply(cx, target, node.value):
        return _multiply(cx, node)
    if node.op == "+":
        value = addend(cx, node, value)
    lowered: Any = lower_target(cx, target)[0]
    return [py.AugAssign(target=lowered, op=BINARY[node.op](), value=value, **cx.at(node))]


def _multiply(cx: Context, node: na.AugAssign) -> list[py.stmt]:
    """`x *= y`, looked at before it happens: a list is repeated in place, so only the factor goes through a helper."""
    before, read = _read_once(cx, node.target)
    factor = cx.call(".times", node, read, cx.expr(node.value))
    target: Any = _as_store(read)
    return [*before, py.AugAssign(target=target, op=py.Mult(), value=factor, **cx.at(node))]


def _augment_through_helper(cx: Context, node: na.AugAssign) -> list[py.stmt]:
    """`x **= y` as `x = .pow(x, y)`, the target's parts evaluated once."""
    before, read = _read_once(cx, node.target)
    if node.op == "|":
        value: py.expr = cx.call(".pipe", node, read, cx.expr(node.value))
    else:
        value = combine(cx, node, node.op, node.target, read, node.value)
    return [*before, py.Assign(targets=[_as_store(read)], value=value, **cx.at(node))]


def _extend_by_text(cx: Context, node: na.AugAssign) -> list[py.stmt]:
    """`x += "text"` for an unknown x: a text grows in place, a number or bool becomes text, a list is extended."""
    place = cx.at(node)
    before, read = _read_once(cx, node.target)
    made = cx.call(".extended", node, read, addend(cx, node, cx.expr(node.value)))
    slow: list[py.stmt] = [py.Assign(targets=[_as_store(read)], value=made, **place)]
    if not isinstance(read, py.Name):
        return [*before, *slow]
    own = py.Attribute(value=read, attr="__class__", ctx=LOAD, **place)
    test = py.Compare(left=own, ops=[py.Is()], comparators=[cx.load(".str", node)], **place)
    target = py.Name(id=read.id, ctx=STORE, **cx.at(node.target))
    grown = py.AugAssign(target=target, op=py.Add(), value=addend(cx, node, cx.expr(node.value)), **place)
    return [py.If(test=test, body=[grown], orelse=slow, **place)]


def _read_once(cx: Context, target: na.Expr) -> tuple[list[py.stmt], py.expr]:
    if not isinstance(target, na.Subscript):
        return [], cx.expr(target)
    holder, index = cx.temporary(), cx.temporary()
    before: list[py.stmt] = [
        cx.assign(holder, cx.expr(target.value), target),
        cx.assign(index, cx.expr(target.index), target),
    ]
    read = py.Subscript(value=cx.load(holder, target), slice=cx.load(index, target), ctx=LOAD, **cx.at(target))
    return before, read


def _as_store(read: py.expr) -> py.expr:
    place: Any = {
        "lineno": read.lineno,
        "col_offset": read.col_offset,
        "end_lineno": read.end_lineno,
        "end_col_offset": read.end_col_offset,
    }
    if isinstance(read, py.Name):
        return py.Name(id=read.id, ctx=STORE, **place)
    if isinstance(read, py.Subscript):
        return py.Subscript(value=read.value, slice=read.slice, ctx=STORE, **place)
    msg = f"{type(read).__name__} is not a target"
    raise TypeError(msg)


def _augment_attribute(cx: Context, node: na.AugAssign, target: na.Attribute) -> list[py.stmt]:
    """`p.x += e`: read, combine in place, checked store."""
    attr = abi.mangle(target.attr)
    declared = _declared_type(cx, cx.type_of(target.value), target.attr)
    numeric = {"int", "float"}
    if (
        declared is not None
        and node.op in {"+", "-", "*"}
        and not (node.op == "*" and may_multiply(cx, target, node.value))
        and declared[0] in numeric
        and cx.type_of(node.value)[0] in ({"int", "float", "bool"} if declared[0] == "float" else {"int"})
    ):
        lowered = py.Attribute(value=cx.expr(target.value), attr=attr, ctx=STORE, **cx.at(target))
        return [py.AugAssign(target=lowered, op=BINARY[node.op](), value=cx.expr(node.value), **cx.at(node))]
    out: list[py.stmt] = []
    holder = cx.expr(target.value)
    if isinstance(holder, py.Name):
        held = holder.id
    else:
        held = cx.temporary()
        out.append(cx.assign(held, holder, target.value))
    name = cx.temporary()
    read: py.expr = py.Attribute(value=cx.load(held, target), attr=attr, ctx=LOAD, **cx.at(target))
    if node.op in {"+", "-", "*", "/"} and _makes_anew(cx, node, declared):
        factor = cx.expr(node.value)
        if node.op == "*" and may_multiply(cx, target, node.value):
            factor = cx.call(".times", node, read, factor)
        made = py.BinOp(left=read, op=BINARY[node.op](), right=factor, **cx.at(node))
        out.append(_guarded_store(cx, target, attr, held, name, declared, node, made=made))
        return out
    if node.op in {"**", "<<"} or (node.op == "+" and "str" in (cx.type_of(node.value)[0], cx.type_of(target)[0])):
        whole = na.BinOp(node.start, node.end, target, node.op, node.value)
        out.append(cx.assign(name, guarded(cx, whole, combine(cx, node, node.op, target, read, node.value)), node))
    else:
        out.append(cx.assign(name, read, target))
        own = cx.store(name, node)
        value = cx.expr(node.value)
        if node.op == "+":
            value = addend(cx, node, value)
        elif node.op == "*" and may_multiply(cx, target, node.value):
            value = cx.call(".times", node, cx.load(name, target), value)
        out.append(py.AugAssign(target=own, op=BINARY[node.op](), value=value, **cx.at(node)))
    out.append(_guarded_store(cx, target, attr, held, name, declared, node))
    return out


def _makes_anew(cx: Context, node: na.AugAssign, declared: tuple[object, ...] | None) -> bool:
    """Whether `p.x op= e` certainly makes a new value, as `+= 1` does; `*= 2` repeats a list in place."""
    if node.op != "*" or (declared is not None and declared[0] in NUMBERS):
        return is_number(cx, node.value)
    return is_fraction(cx, node.value)


def lower_delete(cx: Context, node: na.Delete) -> list[py.stmt]:
    out: list[py.stmt] = []
    for target in node.targets:
        out += _delete(cx, target, node)
    return out


def _delete(cx: Context, target: na.Expr, node: na.Delete) -> list[py.stmt]:
    match target:
        case na.Tuple() | na.List():
            return [s for e in target.elts for s in _delete(cx, e, node)]
        case na.Attribute():
            words = [cx.expr(target.value), cx.const(target.attr, target)]
            return [cx.expr_stmt(cx.call(".delattr", target, *words), node)]
        case na.Name():
            lowered: py.expr = py.Name(id=abi.variable(target.id), ctx=DEL, **cx.at(target))
            if cx.checked.bindings.get(id(target)) == "module" and target.id in cx.entries:
                forget = cx.call(".undefine", target, cx.load(".module", target), cx.const(target.id, target))
                return [py.Delete(targets=[lowered], **cx.at(node)), cx.expr_stmt(forget, node)]
        case na.ScopedName():
            lowered = scoped(cx, target.scope, target.id, target, DEL)
        case na.Subscript():
            index = cx.expr(target.index)
            lowered = py.Subscript(value=cx.expr(target.value), slice=index, ctx=DEL, **cx.at(target))
        case _:
            msg = f"{type(target).__name__} cannot be deleted"
            raise TypeError(msg)
    return [py.Delete(targets=[lowered], **cx.at(node))]
