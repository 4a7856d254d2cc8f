"""Decorators: `@poet` is native, its options are checked here; all others are ordinary calls."""

from __future__ import annotations

from dana.ast import nodes as na
from dana.checker.types import callable_, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.checker.context import Context

_TYPES: frozenset[object] = frozenset({na.StructDef, na.ResourceDef, na.AgentBlueprintDef, na.AgentDef})
_POET_MODULES = frozenset({"poet", "opendxa.dana.poet", "dana.poet"})


def check_decorators(c: Context, node: Any) -> None:
    """Every decorator of a definition."""
    for decorator in node.decorators:
        call = decorator.expr if decorator.expr.__class__ is na.Call else None
        head = call.func if call is not None else decorator.expr
        if is_poet(c, head):
            check_poet(c, decorator, call, head)
            if node.__class__ in _TYPES:
                message = f"@poet stands above functions, and `{node.name}` is a type"
                c.report("E824", message, decorator, hint="decorate its methods, or the functions that work with it")
            continue
        t = c.expr(decorator.expr)
        c.graph.call_unknown()
        if callable_(t) is False:
            c.report("E420", f"a decorator must be callable; this is {show(t)}", decorator.expr)
        elif node.__class__ not in (na.FunctionDef, na.ComposedDef) and t[0] == "func":
            pass


def is_poet(c: Context, head: Any) -> bool:
    """Whether a decorator's name means the native `@poet`: the builtin, or imported from `poet`."""
    if head.__class__ is not na.Name:
        return False
    var = c.lookup(head.id)
    if var is None:
        return bool(head.id == "poet")
    if var.node.__class__ is not na.ImportFrom:
        return False
    if ".".join(var.node.path) not in _POET_MODULES or var.node.names is None:
        return False
    return any(a.path[0] == "poet" and (a.asname or "poet") == head.id for a in var.node.names)


def check_poet(c: Context, decorator: na.Decorator, call: na.Call | None, head: Any) -> None:
    """`@poet`, `@poet(retries=3)`: the table of `dana.poet.options` decides what is an option (L42)."""
    from dana.poet import options

    c.bindings[id(head)] = "builtin" if c.lookup(head.id) is None else "module"
    given: list[tuple[str | None, Any, Any]] = []
    for arg in call.args if call is not None else ():
        c.expr(arg)
        given.append((None, arg, options.UNKNOWN))
    for keyword in call.keywords if call is not None else ():
        c.expr(keyword.value)
        known, value = constant(keyword.value)
        given.append((keyword.name, keyword, value if known else options.UNKNOWN))
    for problem in options.check(given):
        where = problem.node if problem.node is not None else decorator
        c.report(problem.code, problem.message, where, hint=problem.hint)
    if call is not None:
        c.graph.call_unknown()
    values = {k: v for k, _, v in given if k is not None and v is not options.UNKNOWN}
    c.checked.decorators[id(decorator)] = values


def constant(node: Any) -> tuple[bool, Any]:
    """The value of a constant expression: literals, signed numbers, lists, tuples and dicts of them."""
    kind = node.__class__
    if kind is na.Constant:
        return True, node.value
    if kind is na.UnaryOp and node.op in ("-", "+"):
        known, value = constant(node.operand)
        if known and value.__class__ in (int, float):
            return True, -value if node.op == "-" else value
    if kind in (na.List, na.Tuple):
        parts = [constant(e) for e in node.elts]
        if all(p[0] for p in parts):
            values = [p[1] for p in parts]
            return True, values if kind is na.List else tuple(values)
    if kind is na.Dict:
        pairs = [(constant(i.key), constant(i.value)) for i in node.items if i.key is not None]
        if len(pairs) == len(node.items) and all(k[0] and v[0] and _hashable(k[1]) for k, v in pairs):
            return True, {k[1]: v[1] for k, v in pairs}
    return False, None


def _hashable(value: object) -> bool:
    return value.__class__ in (str, int, float, bool, type(None))
