"""Calls whose arguments are proven: they go to an entry without checks.

A module-level function, method or struct with annotations has one entry that checks its arguments (L13);
when a call inside the module is known to reach it, and every argument provably conforms, the call goes to
a second entry, the same body without the checks (`abi.unchecked`). Only entries some call uses are made.
"""

from __future__ import annotations

import ast as py

from dana import abi
from dana import ast as na
from dana.checker.types import ANY, proves
from dana.lowering.context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.checker.model import CallTarget


def unchecked_call(cx: Context, node: na.Call, target: CallTarget) -> py.expr | None:
    """The call of the unchecked entry, or None when something is not proven."""
    if any(isinstance(a, na.Starred) for a in node.args) or any(k.name is None for k in node.keywords):
        return None
    if target.kind == "struct":
        return _construction(cx, node, target)
    function = target.node
    if not isinstance(function, na.FunctionDef) or id(function) not in cx.methods_of or function.decorators:
        return None
    if node.keywords:
        return None
    given = list(node.args)
    params = list(function.params)
    if target.kind == "method":
        if not isinstance(node.func, na.Attribute):
            return None
        given.insert(0, node.func.value)
        if function.receiver is not None:
            receiver = function.receiver
            params.insert(0, na.Param(receiver.start, receiver.end, receiver.name, receiver.type, None, "normal", None))
    elif function.receiver is not None:
        return None
    if not _has_checks(cx, params) or not _all_proven(cx, params, given):
        return None
    if function.receiver is not None and not isinstance(function.receiver.type, na.TypeName):
        return None
    cx.raw_used.add(id(function))
    name = abi.unchecked(function.name, owner_of(function, cx.methods_of[id(function)]))
    return py.Call(func=cx.load(name, node.func), args=cx.exprs(tuple(given)), keywords=[], **cx.at(node))


def owner_of(function: na.FunctionDef, struct: str) -> str:
    """The struct whose method a function is, "" for none; `struct` is the one whose body it stands in."""
    receiver = function.receiver
    if receiver is not None and isinstance(receiver.type, na.TypeName):
        return receiver.type.path[-1]
    return struct


def _has_checks(cx: Context, params: list[na.Param]) -> bool:
    """Whether there is anything to save; a `*args` or `**kwargs` with an annotation is left alone."""
    if any(p.kind in {"star", "double_star"} for p in params):
        return False
    return any(_declared(cx, p) != ANY for p in params)


def _declared(cx: Context, param: na.Param) -> tuple[object, ...]:
    return ANY if param.annotation is None else cx.checked.annotations.get(id(param.annotation), ANY)


def _all_proven(cx: Context, params: list[na.Param], given: list[na.Expr]) -> bool:
    if len(given) > len(params):
        return False
    for index, param in enumerate(params):
        declared = _declared(cx, param)
        value = given[index] if index < len(given) else param.default
        if value is None:
            return False
        if index < len(given) and param.kind == "keyword":
            return False
        if declared != ANY and not proves(cx.type_of(value), declared) and not _is_default_none(param, value):
            return False
    return True


def _is_default_none(param: na.Param, value: na.Expr) -> bool:
    """A parameter whose default is None may be None (L13)."""
    return value is param.default and isinstance(value, na.Constant) and value.value is None


def _construction(cx: Context, node: na.Call, target: CallTarget) -> py.expr | None:
    info = target.info
    struct = info.node
    if not isinstance(struct, na.StructDef) or id(struct) not in cx.methods_of or not isinstance(node.func, na.Name):
        return None
    if info.kind != "struct" or info.frozen or info.delegates or struct.decorators:
        return None
    order = list(info.fields)
    named = {k.name: k.value for k in node.keywords}
    written = [k.name for k in node.keywords]
    values: list[na.Expr] = list(node.args)
    for name in order[len(values) :]:
        if name not in named:
            break
        values.append(named[name])
    if len(values) != len(node.args) + len(node.keywords) or order[len(node.args) : len(values)] != written:
        return None
    if len(values) < len(order) and not all(info.fields[n].has_default for n in order[len(values) :]):
        return None
    for index, field in enumerate(struct.fields):
        value = values[index] if index < len(values) else field.default
        declared = info.fields[field.name].type
        if value is None or (declared != ANY and not proves(cx.type_of(value), declared)):
            return None
    cx.raw_used.add(id(struct))
    name = abi.unchecked(struct.name)
    return py.Call(func=cx.load(name, node.func), args=cx.exprs(tuple(values)), keywords=[], **cx.at(node))
