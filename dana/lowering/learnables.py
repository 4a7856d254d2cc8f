"""Learnable constants in functions with `@poet`: their first line reads what they are now (T5).

    BAND = learnable(0.5, 4.0, start=1.0)

    @poet(learning=true)
    def heating(below: float, gain: float = learnable(10.0, 100.0, start=30.0)) -> float:
        edge = learnable(0.0, 1.0)
        …

The decorator is told the names and bounds, and leaves a `Constants` under a name no program can write; the function
begins with `.learnt = <that>.read()` and takes each of them from there. Everywhere else `learnable(…)` is its start.
"""

from __future__ import annotations

import ast as py

from dana import abi
from dana.ast import nodes as na

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from dana.lowering.context import Context

READ = ".learnt"


def names_of(cx: Context, node: na.FunctionDef) -> dict[str, int]:
    """The learnable constants of a decorated function: name to the call (by id) that declares it; usually none."""
    if not cx.checked.learnables or not any(id(d) in cx.checked.decorators for d in node.decorators):
        return {}
    found = {p.name: id(p.default) for p in node.params if p.default is not None and _is(cx, p.default)}
    own = set(found)
    for each in _own(node.body):
        pair = _declared(cx, each)
        if pair is not None:
            found.setdefault(*pair)
    for name, call in of_module(cx).items():
        if name not in own and name not in found and _reads(cx, node, name):
            found[name] = call
    return found


def of_module(cx: Context) -> dict[str, int]:
    """Those that are declared at the top of the module and assigned nowhere else there."""
    found: dict[str, int] = {}
    assigned: list[str] = []
    for statement in cx.checked.module.body:
        pair = _declared(cx, statement)
        if pair is not None:
            found[pair[0]] = pair[1]
        targets = statement.targets if isinstance(statement, na.Assign) else (getattr(statement, "target", None),)
        assigned += [t.id for t in targets if isinstance(t, na.Name)]
    return {name: call for name, call in found.items() if assigned.count(name) == 1}


def place_of(node: na.FunctionDef) -> str:
    """Where the decorator leaves the constants of a function, among the variables of its module."""
    return f".learnable:{node.name}:{node.start}"


def told(cx: Context, node: na.FunctionDef) -> list[py.expr]:
    """What the decorator is told of them: the place, names and bounds; nothing where there are none."""
    names = names_of(cx, node)
    if not names:
        return []
    bounds = tuple((name, *cx.checked.learnables[call]) for name, call in names.items())
    return [cx.const(place_of(node), node), cx.const(bounds, node)]


def first_lines(cx: Context, node: na.FunctionDef) -> list[py.stmt]:
    """`.learnt = <constants>.read()`, and the constants of the module."""
    names = names_of(cx, node)
    if not names:
        return []
    place = cx.at(node)
    holder = py.Attribute(value=cx.load(place_of(node), node), attr="read", ctx=py.Load(), **place)
    lines: list[py.stmt] = [cx.assign(READ, py.Call(func=holder, args=[], keywords=[], **place), node)]
    inside = of_module(cx)
    for name, call in names.items():
        if inside.get(name) == call:
            lines.append(cx.assign(abi.variable(name), taken(cx, name, node), node))
        else:
            cx.learnt[call] = name
    return lines


def taken(cx: Context, name: str, node: na.Node) -> py.expr:
    """The value of one of them in a call."""
    return py.Subscript(value=cx.load(READ, node), slice=cx.const(name, node), ctx=py.Load(), **cx.at(node))


def _is(cx: Context, node: na.Expr | None) -> bool:
    return isinstance(node, na.Call) and id(node) in cx.checked.learnables


def _declared(cx: Context, statement: na.Node) -> tuple[str, int] | None:
    """`NAME = learnable(…)`: the name, and the call by id."""
    value = getattr(statement, "value", None)
    if not isinstance(statement, na.Assign | na.AnnAssign) or not _is(cx, value):
        return None
    target = statement.targets[0] if isinstance(statement, na.Assign) else statement.target
    alone = not isinstance(statement, na.Assign) or len(statement.targets) == 1
    return (target.id, id(value)) if alone and isinstance(target, na.Name) else None


def _own(body: tuple[na.Stmt, ...]) -> Iterator[na.Node]:
    """The statements of a body, but not those of functions inside it."""
    stack: list[na.Node] = list(body)
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, na.FunctionDef | na.StructDef | na.Lambda):
            stack.extend(child for child in node.children() if isinstance(child, na.Node))


def _reads(cx: Context, node: na.FunctionDef, name: str) -> bool:
    """Whether a function reads a variable of its module, and nothing in it calls something else so."""
    bindings = cx.checked.bindings
    found = False
    for statement in node.body:
        for each in na.walk(statement):
            if isinstance(each, na.Name) and each.id == name:
                if bindings.get(id(each)) in {"local", "cell"}:
                    return False
                found = True
            if isinstance(each, na.FunctionDef) and any(p.name == name for p in each.params):
                return False
    return found and all(p.name != name for p in node.params)
