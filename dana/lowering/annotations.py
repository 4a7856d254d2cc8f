"""Annotations: run-time type specs, and the inline checks at boundaries (L13)."""

from __future__ import annotations

import ast as py

from dana import ast as na
from dana.checker.types import ANY, proves
from dana.lowering.context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.checker.types import Type

# Raw classes an exact class test may use, by the spelling of the annotation's resolved type.
RAW_CLASS = {"int": ".int", "float": ".float", "str": ".str", "bool": ".bool_class"}
RAW_CONTAINER = {"list": ".list", "dict": ".dict", "set": ".set"}

_SIMPLE = {
    "int": ("int",),
    "float": ("float",),
    "str": ("str",),
    "bool": ("bool",),
    "None": ("none",),
    "any": ("any",),
    "Any": ("any",),
    "object": ("any",),
    "callable": ("callable",),
    "Callable": ("callable",),
    "function": ("callable",),
}
_LISTS = {"list": "list", "List": "list", "set": "set", "Set": "set"}
_DICTS = {"dict", "Dict", "Mapping"}
_TUPLES = {"tuple", "Tuple"}


def spec_of(cx: Context, node: na.TypeExpr) -> tuple[object, ...]:
    """The marshal-able description `.type` builds a run-time type from (architecture, section 5)."""
    match node:
        case na.TypeName():
            return _named_spec(cx, node)
        case na.TypeUnion():
            return ("union", tuple(spec_of(cx, o) for o in node.options))
        case na.TypeOptional():
            return ("union", (spec_of(cx, node.inner), ("none",)))
        case na.TypeLiteral():
            return ("lit", (node.value,))
        case _:
            return ("any",)


def _named_spec(cx: Context, node: na.TypeName) -> tuple[object, ...]:
    name = node.path[-1]
    if len(node.path) > 1 or _is_own(cx, name):
        return ("ref", ".".join(node.path))
    args = [spec_of(cx, a) for a in node.args]
    if name in _SIMPLE:
        return _SIMPLE[name]
    if name in _LISTS:
        return (_LISTS[name], args[0] if args else ("any",))
    if name in _DICTS:
        return ("dict", *(args[:2] if len(args) >= 2 else (("any",), ("any",))))
    if name in _TUPLES:
        return _tuple_spec(node, args)
    if name == "Optional":
        return ("union", (*args, ("none",)))
    if name == "Union":
        return ("union", tuple(args))
    if name in {"Iterable", "Iterator", "Sequence", "generator", "range"}:
        return ("any",)
    return ("ref", name)


def _tuple_spec(node: na.TypeName, args: list[tuple[object, ...]]) -> tuple[object, ...]:
    if not args:
        return ("tuple*", ("any",))
    last = node.args[-1]
    if isinstance(last, na.TypeName) and last.path == ("...",):
        return ("tuple*", args[0])
    if isinstance(last, na.TypeList) and not last.items:
        return ("tuple", ())  # `tuple[()]`
    return ("tuple", tuple(args))


def _is_own(cx: Context, name: str) -> bool:
    return name in cx.checked.structs or name in cx.own_types


def type_name(cx: Context, node: na.TypeExpr, *, optional: bool = False) -> py.expr:
    """The expression for the run-time type of an annotation: a module global made once at the start."""
    spec = spec_of(cx, node)
    if optional:
        spec = ("union", (spec, ("none",)))
    local = _local_type(cx, node)
    if local is not None:
        return local
    index = cx.specs.setdefault(spec, len(cx.specs))
    return cx.load(f".T{index}", node)


def static_type_name(cx: Context, t: Type, node: na.Node) -> py.expr | None:
    """The same for a type the checker has found; None where the module has no name for a struct in it."""
    spec = _spec_of_static(cx, t)
    if spec is None:
        return None
    index = cx.specs.setdefault(spec, len(cx.specs))
    return cx.load(f".T{index}", node)


def _spec_of_static(cx: Context, t: Type) -> tuple[object, ...] | None:
    kind = t[0]
    if kind in ("any", "none", "bool", "int", "float", "str", "lit"):
        return t
    if kind == "struct":
        found = next((n for n, i in cx.checked.structs.items() if (i.name, i.module) == t[1:]), None)
        return None if found is None else ("ref", found)
    if kind in ("union", "tuple"):
        parts = [_spec_of_static(cx, each) for each in t[1]]
        return None if None in parts else (kind, tuple(parts))
    if kind in ("list", "set", "dict", "tuple*"):
        parts = [_spec_of_static(cx, each) for each in t[1:]]
        return None if None in parts else (kind, *parts)
    return None


def _local_type(cx: Context, node: na.TypeExpr) -> py.expr | None:
    """A type defined inside a function is reached through its variable, not through the module."""
    if cx.at_module_level or not isinstance(node, na.TypeName) or len(node.path) != 1:
        return None
    if node.path[0] in cx.local_types:
        return cx.load(node.path[0], node)
    return None


def static_type(cx: Context, node: na.TypeExpr) -> Type:
    return cx.checked.annotations.get(id(node), ANY)


def exact_class(cx: Context, node: na.TypeExpr) -> py.expr | None:
    """The class whose exact instances pass this annotation untouched, when one class test says it all."""
    resolved = static_type(cx, node)
    kind = resolved[0]
    if kind in RAW_CLASS:
        return cx.load(RAW_CLASS[kind], node)
    if kind in RAW_CONTAINER and all(t == ANY for t in resolved[1:]):
        return cx.load(RAW_CONTAINER[kind], node)
    if kind == "struct" and isinstance(node, na.TypeName) and len(node.path) == 1:
        info = cx.checked.structs.get(node.path[0])
        if info is not None and info.kind in {"struct", "exception", "resource"}:
            return cx.load(node.path[0], node)
    return None


def accepts_anything(cx: Context, node: na.TypeExpr | None) -> bool:
    return node is None or spec_of(cx, node) == ("any",)


def accepts_none(cx: Context, node: na.TypeExpr) -> bool:
    return proves(("none",), static_type(cx, node))


def check_variable(
    cx: Context,
    name: str,
    annotation: na.TypeExpr,
    helper: str,
    *names: str,
    node: na.Node,
    optional: bool = False,
) -> list[py.stmt]:
    """Statements that make the variable `name` conform: an inline class test, then the helper.

    `names` are the words the helper's error message needs (function and parameter, struct and field…).
    """
    if accepts_anything(cx, annotation):
        return []
    place = cx.at(node)
    words = [cx.const(w, node) for w in names]
    fix = cx.assign(
        name, cx.call(helper, node, cx.load(name, node), type_name(cx, annotation, optional=optional), *words), node
    )
    tests: list[py.expr] = []
    raw = exact_class(cx, annotation) or exact_class(cx, _without_none(annotation))
    if raw is not None:
        tests.append(cx.class_is_not(name, raw, node))
    if optional or (raw is not None and accepts_none(cx, annotation)):
        none = py.Constant(value=None, **place)
        tests.append(py.Compare(left=cx.load(name, node), ops=[py.IsNot()], comparators=[none], **place))
    if not tests:
        return [fix]
    test = tests[0] if len(tests) == 1 else py.BoolOp(op=py.And(), values=tests, **place)
    return [cx.if_stmt(test, [fix], node)]


def _without_none(annotation: na.TypeExpr) -> na.TypeExpr:
    """`T?` and `T | None` without the None; anything else as it is."""
    if isinstance(annotation, na.TypeOptional):
        return annotation.inner
    if isinstance(annotation, na.TypeUnion):
        rest = [o for o in annotation.options if not (isinstance(o, na.TypeName) and o.path == ("None",))]
        if len(rest) == 1:
            return rest[0]
    return annotation


def type_globals(cx: Context, node: na.Node) -> list[py.stmt]:
    """The assignments that make the module's run-time types; they resolve names at first use."""
    made: list[py.stmt] = []
    for spec, index in cx.specs.items():
        value = cx.call(".type", node, cx.load(".module", node), cx.const(spec, node))
        made.append(cx.assign(f".T{index}", value, node))
    return made
