"""Attributes and items of values whose type is known (L28–L30)."""

from __future__ import annotations

from dana.ast import nodes as na
from dana.checker.agents import is_agent, is_slip
from dana.checker.interfaces import interface_methods
from dana.checker.methods import AGENT, RESOURCE, STRUCT, TABLES, VALUE_TABLES, method_type
from dana.checker.signatures import type_text
from dana.checker.types import ANY, INT, MUTABLE, NONE, STR, held, options, show, union

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.checker.context import Context
    from dana.checker.model import StructInfo
    from dana.checker.types import Type

MISSING: Type = ("missing",)


def attribute_type(c: Context, node: na.Attribute, t: Type) -> Type:
    """The type of `value.attr` for a value of type `t`, reporting what certainly does not exist."""
    if t is ANY:
        return ANY
    name = node[3]
    found = [lookup_attribute(c, option, name) for option in options(t) if option != NONE or t == NONE]
    if any(f is MISSING for f in found):
        if all(f is MISSING for f in found) and not callable_on(c, name):
            report_missing(c, node, t)
        return ANY
    return union(found) if len(found) > 1 else found[0]


def lookup_attribute(c: Context, t: Type, name: str) -> Type:
    """What one plain type has under a name; `MISSING` when it certainly has nothing."""
    kind = t[0]
    if kind in ("struct", "interface"):
        info = c.info(t)
        return ANY if info is None else struct_attribute(c, info, name)
    if kind in TABLES:
        values = VALUE_TABLES.get(kind)
        if values is not None and name in values:
            return type_text(values[name])
        found = method_type(kind, name)
        return MISSING if found is None else found
    if kind == "none":
        return MISSING
    return ANY


def struct_attribute(c: Context, info: StructInfo, name: str, depth: int = 0) -> Type:
    """A field, a method, or something a delegate lends (first match in declaration order, L30)."""
    field = info.fields.get(name)
    if field is not None:
        # A resource or agent that extends this one may have given the field another type.
        return ANY if info.open else held(field.type)
    method = find_method(c, info, name)
    if method is not None:
        return method.type  # type: ignore[no-any-return]
    if depth < 8:
        for delegate in info.delegates:
            lender = c.info(info.fields[delegate].type)
            if lender is None:
                return ANY
            found = struct_attribute(c, lender, name, depth + 1)
            if found is not MISSING:
                return found
    if is_agent(info) and is_slip(c, info, name):
        return MISSING
    if name in STRUCT or info.open or info.kind == "exception":
        return ANY
    if info.kind == "interface" and c.near(name, interface_methods(c, info)) is None:
        # A value may have more than the interface asks for; only a slip of the fingers is certain.
        return ANY
    return MISSING


def find_method(c: Context, info: StructInfo, name: str, depth: int = 0) -> Any:
    """The method of a type, its own or inherited (resources, agents, embedded interfaces)."""
    found = info.methods.get(name)
    if found is None and depth < 20:
        for base in info.bases:
            parent = c.registry.get(base)
            found = find_method(c, parent, name, depth + 1) if parent is not None else None
            if found is not None:
                break
    return found


def callable_with(c: Context, name: str, t: Type) -> bool:
    """Whether a function of this module takes the value as its first parameter (so `t.name()` would work)."""
    var = c.top.vars[name]
    if var.kind != "function" or var.type is None or var.type[0] != "func" or not var.type[1]:
        return False
    return bool(var.type[1][0][1] == t)


def callable_on(c: Context, name: str) -> bool:
    """Whether a function in scope may be called as a method of this name (L29)."""
    return c.lookup(name) is not None or name in c.ufcs


def report_missing(c: Context, node: Any, t: Type) -> None:
    """The error for an attribute that does not exist, with the nearest one that does."""
    name = node[3]
    span = (node[1] - len(name), node[1])
    if t == NONE:
        hint = "the value is None here; check with `is None` first"
        c.report("E304", f"None has no `{name}`", span, hint=hint)
        return
    near = c.near(name, lambda: known_attributes(c, t))
    hint = f"did you mean `{near}`?" if near else ""
    info = c.info(t)
    if name in _FOREIGN_METHODS and info is None:
        hint = f"write {_FOREIGN_METHODS[name]}"
    elif not hint and t[0] == "dict":
        hint = f'items of a dict are reached with `["{name}"]`'
    if not hint and info is not None and info.fields:
        hint = f"`{info.name}` has the fields {', '.join(f'`{f}`' for f in info.fields)}"
    what = "field or method" if info is not None else "method"
    c.report("E304", f"{show(t)} has no {what} `{name}`", span, hint=hint)


# What other languages call the methods and functions of texts, lists and dicts.
_FOREIGN_METHODS = {
    "push": "`append(x)`",
    "add": "`append(x)`",
    "length": "`len(x)`",
    "size": "`len(x)`",
    "trim": "`strip()`",
    "toLowerCase": "`lower()`",
    "toUpperCase": "`upper()`",
    "toString": "`str(x)`",
    "to_string": "`str(x)`",
    "substring": "a slice, `text[2:5]`",
    "indexOf": "`index(x)`, or `find(x)` of a text",
    "contains": "`x in values`",
    "includes": "`x in values`",
    "has_key": "`key in values`",
    "startsWith": "`startswith(x)`",
    "endsWith": "`endswith(x)`",
    "forEach": "a `for` loop",
    "filter": "`[x for x in values if …]`",
    "map": "`[f(x) for x in values]`",
    "concat": "`a + b`",
}


def known_attributes(c: Context, t: Type) -> set[str]:
    """Everything that could have been meant."""
    found: set[str] = set()
    for option in options(t):
        info = c.info(option)
        if info is not None:
            found.update(info.fields, info.methods, STRUCT)
            if info.kind == "interface":
                found.update(interface_methods(c, info))
            found.update(n for n in c.top.vars if callable_with(c, n, option))
            found.update(AGENT if info.kind in ("agent", "agent_blueprint") else ())
            found.update(RESOURCE if info.kind == "resource" else ())
            for delegate in info.delegates:
                lender = c.info(info.fields[delegate].type)
                found.update(() if lender is None else (*lender.fields, *lender.methods))
        found.update(TABLES.get(option[0], ()))
    return found


def subscript_type(c: Context, node: na.Subscript, t: Type, index: Type) -> Type:
    """The type of `value[index]`."""
    if t is ANY:
        return ANY
    kind = t[0]
    sliced = node.index.__class__ is na.Slice
    if kind in ("list", "tuple*"):
        check_index(c, node, t, index)
        return t if sliced else t[1]
    if kind == "str":
        check_index(c, node, t, index)
        return STR
    if kind == "dict":
        return t[2]  # type: ignore[no-any-return]
    if kind == "tuple":
        check_index(c, node, t, index)
        return _tuple_item(c, node, t, sliced)
    if kind == "range":
        return ("range",) if sliced else INT
    if kind == "union":
        return ANY
    if kind in _NO_ITEMS:
        hint = "check with `is None` first" if kind == "none" else ""
        c.report("E309", f"{show(t)} has no items", node, hint=hint)
    return ANY


_NO_ITEMS = frozenset({"none", "int", "float", "bool", "func", "callable", "set", "module"})


def check_index(c: Context, node: na.Subscript, t: Type, index: Type) -> None:
    """Sequences take ints (or bools) and slices."""
    if index[0] in ("str", "float", "none", "list", "dict", "tuple", "set"):
        hint = "use `int(…)` or `//`" if index[0] == "float" else ""
        if index[0] == "str" and t[0] == "list":
            hint = "a list is indexed by numbers; a dict has text keys"
        c.report("E309", f"{show(t)} is indexed by int, not {show(index)}", node.index, hint=hint)


def _tuple_item(c: Context, node: na.Subscript, t: Type, sliced: bool) -> Type:
    index = node.index
    negative = isinstance(index, na.UnaryOp) and index.op == "-" and isinstance(index.operand, na.Constant)
    value = index.operand.value if negative else getattr(index, "value", None)  # type: ignore[attr-defined]
    if sliced or value.__class__ is not int:
        return ("tuple*", union(t[1])) if sliced else union(t[1])
    place = -value if negative else value
    if -len(t[1]) <= place < len(t[1]):
        return t[1][place]  # type: ignore[no-any-return]
    c.report("E309", f"a tuple of {len(t[1])} has no item {place}", index)
    return ANY


def check_hashable(c: Context, node: Any, t: Type, where: str) -> None:
    """Lists, dicts and sets cannot be keys or set elements."""
    if t[0] in MUTABLE:
        hint = "use a tuple" if t[0] == "list" else ""
        c.report("E302", f"{show(t)} cannot be in {where}: it can change", node, hint=hint)
    else:
        info = c.info(t)
        if info is not None and info.kind == "struct" and not info.frozen:
            text = f"`{info.name}` cannot be in {where}: it can change"
            c.report("E302", text, node, hint=f"declare it `frozen struct {info.name}`")
