"""Types as written (L12) become static types."""

from __future__ import annotations

from dana.ast import nodes as na
from dana.checker.builtins import ANNOTATION_ONLY, EXCEPTIONS, TYPES
from dana.checker.model import Interface, StructInfo
from dana.checker.names import check_order
from dana.checker.types import ANY, CALLABLE, NONE, is_large

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.checker.context import Context
    from dana.checker.model import Var
    from dana.checker.types import Type

# How many arguments each generic takes; absent: none.
_GENERIC = {"list": (1, 1), "List": (1, 1), "set": (1, 1), "Set": (1, 1), "frozenset": (1, 1), "dict": (2, 2)}
_GENERIC |= {"Dict": (2, 2), "Optional": (1, 1), "type": (1, 1), "Iterable": (1, 1), "Iterator": (1, 1)}
_GENERIC |= {"Sequence": (1, 1), "Mapping": (2, 2), "tuple": (0, 99), "Tuple": (0, 99), "Union": (1, 99)}
_GENERIC |= {"Literal": (1, 99), "Callable": (2, 2), "callable": (2, 2), "function": (2, 2)}
_GENERIC |= {"promise": (1, 1), "Promise": (1, 1)}


def annotation(c: Context, node: Any) -> Type:
    """The type a type expression means; recorded in the table `annotations`."""
    t = _ANNOTATION[node.__class__](c, node)
    c.annotations[id(node)] = t
    return t


def evaluated_annotation(c: Context, node: Any) -> Type:
    """The annotation of `x: T = e`, which a value meets at once: a type defined further down is used too early."""
    c.evaluated, saved = True, c.evaluated
    t = annotation(c, node)
    c.evaluated = saved
    return t


def type_name(c: Context, node: na.TypeName) -> Type:
    """`int`, `list[int]`, `geo.Point`."""
    name = node.path[0]
    if len(node.path) > 1:
        return dotted_type(c, node)
    var = c.lookup(name)
    if var is not None:
        if c.evaluated and var.kind == "type":
            check_order(c, var, node)
        t = user_type(c, node, var)
        if node.args:
            wrong_arguments(c, node, name)
        return t
    if name in TYPES or name in ANNOTATION_ONLY or name == "type":
        return builtin_generic(c, node, name) if node.args else plain_type(name)
    if name in EXCEPTIONS:
        return ("exception", name)
    if name in ("DanaAgent", "BasicAgent"):
        return ("struct", name, "")
    if name == "...":
        return ANY
    if not c.session or c.builtin(name) is not None:
        unknown_type(c, node, name)
    return ANY


def plain_type(name: str) -> Type:
    """A builtin type without arguments."""
    if name == "type":
        return ("ref", "type")
    found = ANNOTATION_ONLY.get(name)
    return found if found is not None else TYPES[name][0]


def user_type(c: Context, node: na.TypeName, var: Var) -> Type:
    """The type a name of this program stands for."""
    if var.kind == "type" and isinstance(var.info, StructInfo):
        info = var.info
        return ("exception", info.name) if info.kind == "exception" else info.type
    if var.kind == "alias":
        return alias_type(c, var)
    if var.kind in ("function", "receiver", "module"):
        what = "a module" if var.kind == "module" else "a function"
        c.report("E311", f"`{var.name}` is {what}, not a type", node)
        return ANY
    if (
        var.kind in ("variable", "parameter")
        and var.type is not None
        and var.type[0] in _VALUE_KINDS
        and var.count == 1
    ):
        c.report("E311", f"`{var.name}` is a value, not a type", node, hint="name the type of the values you expect")
        return ANY
    return ("ref", var.name)


_VALUE_KINDS = frozenset({"int", "float", "str", "bool", "list", "dict", "set", "struct"})


def alias_type(c: Context, var: Var) -> Type:
    """`type Money = float`: resolved when first used; an alias of itself is an error."""
    if var.info == "resolving":
        c.report("E311", f"type `{var.name}` is defined by itself", var.node)
        return ANY
    if var.info is None:
        var.info = "resolving"
        saved, c.scope = c.scope, var.scope
        resolved = annotation(c, var.node.value)
        c.scope = saved
        # Types of types of types … double with every line; what is too large is left to run time.
        var.info = ("resolved", ("ref", var.name) if is_large(resolved) else resolved)
    return var.info[1]  # type: ignore[no-any-return]


def dotted_type(c: Context, node: na.TypeName) -> Type:
    """`geo.Point`: a type of an imported module."""
    for arg in node.args:
        annotation(c, arg)
    head = node.path[0]
    var = c.lookup(head)
    if var is None:
        unknown_type(c, node, head)
        return ANY
    if var.kind == "module" and isinstance(var.info, Interface) and len(node.path) == 2:
        name = node.path[1]
        key = var.info.types.get(name)
        info = c.registry.get(key) if key is not None else None
        if info is not None:
            return ("exception", info.name) if info.kind == "exception" else info.type
        if name not in var.info.names and not var.info.open:
            near = c.near(name, var.info.types)
            hint = f"did you mean `{head}.{near}`?" if near else ""
            c.report("E210", f"module `{head}` has no type `{name}`", node, hint=hint)
    return ("ref", ".".join(node.path))


def builtin_generic(c: Context, node: na.TypeName, name: str) -> Type:
    """`list[int]`, `dict[str, float]`, `Callable[[int], str]`…"""
    low, high = _GENERIC.get(name, (0, 0))
    args = [annotation(c, a) for a in node.args]
    if not low <= len(args) <= high:
        wrong_arguments(c, node, name)
        return plain_type(name)
    lower = name.lower()
    if lower in ("list", "set"):
        return (lower, args[0])
    if lower == "dict":
        return ("dict", args[0], args[1])
    if lower == "tuple":
        if len(args) == 2 and isinstance(node.args[1], na.TypeName) and node.args[1].path == ("...",):
            return ("tuple*", args[0])
        if len(args) == 1 and isinstance(node.args[0], na.TypeList) and not node.args[0].items:
            return ("tuple", ())  # `tuple[()]`
        return ("tuple", tuple(args))
    if lower == "optional":
        return merge([args[0], NONE])
    if lower in ("union", "literal"):
        return merge(args)
    if lower in ("callable", "function"):
        return CALLABLE
    return plain_type(name)


def wrong_arguments(c: Context, node: na.TypeName, name: str) -> None:
    """Too many or too few arguments in brackets."""
    low, high = _GENERIC.get(name, (0, 0))
    wants = "takes no type arguments" if high == 0 else f"takes {low} type argument{'s' if low != 1 else ''}"
    c.report("E311", f"`{name}` {wants}, not {len(node.args)}", node)


def unknown_type(c: Context, node: na.TypeName, name: str) -> None:
    """The error for a type nobody defined, with the nearest one."""
    known = {v.name for v in c.top.vars.values() if v.kind in ("type", "alias", "imported")}
    near = c.near(name, known) or c.near(name, {*TYPES, *EXCEPTIONS, "any", "None"}) or _FOREIGN.get(name)
    hint = f"did you mean `{near}`?" if near else ""
    if not hint and c.scope.home.nonlocals.get("*") is None and c.top.nonlocals.get("*") is not None:
        return
    c.report("E210", f"unknown type `{name}`", (node.start, node.start + len(".".join(node.path))), hint=hint)


_FOREIGN = {"string": "str", "String": "str", "integer": "int", "Integer": "int", "double": "float", "number": "float"}
_FOREIGN |= {"boolean": "bool", "Boolean": "bool", "array": "list", "map": "dict", "void": "None", "object": "any"}


def _union(c: Context, node: na.TypeUnion) -> Type:
    return merge([annotation(c, o) for o in node.options])


def _optional(c: Context, node: na.TypeOptional) -> Type:
    return merge([annotation(c, node.inner), NONE])


def merge(types: list[Type]) -> Type:
    """A union as declared, its literals as one in the order written: it is never simplified or widened."""
    found: dict[Type, None] = {}
    literals: list[Any] = []
    for t in types:
        if t is ANY:
            return ANY
        for option in t[1] if t[0] == "union" else (t,):
            if option[0] == "lit":
                literals += [v for v in option[1] if not any(v == w and v.__class__ is w.__class__ for w in literals)]
            else:
                found[option] = None
    if literals:
        found["lit", tuple(literals)] = None
    if len(found) == 1:
        return next(iter(found))
    return ("union", tuple(sorted(found, key=repr)))


def _literal(_c: Context, node: na.TypeLiteral) -> Type:
    return ("lit", (node.value,))


def _list(c: Context, node: na.TypeList) -> Type:
    for item in node.items:
        annotation(c, item)
    return ANY


def _error(_c: Context, _node: na.TypeError_) -> Type:
    return ANY


_ANNOTATION: dict[type, Callable[[Context, Any], Type]] = {
    na.TypeName: type_name,
    na.TypeUnion: _union,
    na.TypeOptional: _optional,
    na.TypeLiteral: _literal,
    na.TypeList: _list,
    na.TypeError_: _error,
}
