"""Promises (L34): what the plan of `followed` becomes in Python.

    a = get(1)                →   with .promises(.module) as .p:
    b: int = get(2)                   a = .begin(.p, get, 1)
    print(a, b)                       b = .expected(.begin(.p, get, 2), .T0, "b")
                                      print(a if a.__class__ is not .Promise else (a := .force(a)), …)

    try:                      →   try:
        a = get(1)                    with .promises(None) as .p1:
        b = get(2)                        .1 = .begin(.p1, get, 1)
    except HttpError:                     .2 = .begin(.p1, get, 2)
        …                                 a = .1 if .1.__class__ is not .Promise else .force(.1)
                                          b = …

`.begin` looks whether what it is handed is an effect; if not, it calls it, and the value goes the same ways.

    return get(1)             →   return .last(get)(1)

Nothing of a function is left to do once such a call has begun, so whoever called the function may wait in its place
(`dana.runtime.effects.resting`).
"""

from __future__ import annotations

import ast as py

from dana import abi
from dana import ast as na
from dana.checker.types import proves
from dana.lowering.annotations import accepts_anything, static_type, type_name
from dana.lowering.calls import lower_call as plain_call
from dana.lowering.context import LOAD, STORE, Context
from dana.lowering.followed import Plan, follow, is_effect_call, is_race, parts

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any


def follows(cx: Context, body: tuple[na.Stmt, ...], *, module: bool = False) -> bool:
    """Plans a body about to be lowered; whether it needs a scope for promises (`scoped`)."""
    if not cx.checked.effects:
        return False
    if cx.plan is None:
        cx.plan = Plan()
    needed = follow(cx, cx.plan, body, module=module)
    cx.function.scopes = [".p"] if needed else []
    cx.function.endings = frozenset() if needed or module else frozenset(_endings(cx, cx.plan, body))
    return needed


def _endings(cx: Context, plan: Plan, block: tuple[na.Stmt, ...]) -> Iterator[int]:
    """The calls of effects that are returned where no handler, `with` or loop over values is around them."""
    for statement in block:
        match statement:
            case na.Return(value=na.Call() as call):
                if is_effect_call(cx, call) and id(call) not in plan.together:
                    yield id(call)
            case na.If():
                for branch in statement.branches:
                    yield from _endings(cx, plan, branch.body)
                yield from _endings(cx, plan, statement.orelse)
            case na.Match():
                for one in statement.cases:
                    yield from _endings(cx, plan, one.body)
            case na.While():
                yield from _endings(cx, plan, statement.body)
                yield from _endings(cx, plan, statement.orelse)
            case _:
                pass


def scoped(cx: Context, body: list[py.stmt], node: na.Node) -> list[py.stmt]:
    """`with .promises(…) as .p:` around a body; a module's is told which module, for its variables."""
    record = cx.load(".module", node) if cx.at_module_level else cx.const(None, node)
    return _with(cx, ".p", record, body, node)


def _with(cx: Context, name: str, record: py.expr, body: list[py.stmt], node: na.Node) -> list[py.stmt]:
    item = py.withitem(context_expr=cx.call(".promises", node, record), optional_vars=cx.store(name, node))
    return [py.With(items=[item], body=body, **cx.at(node))]


def inner_block(cx: Context, nodes: tuple[na.Stmt, ...], key: object, node: na.Node) -> list[py.stmt]:
    """A block; a scope of its own is around it when it must not be left before its effects are done."""
    if cx.plan is None or id(key) not in cx.plan.scoped:
        return cx.block(nodes)
    name = _enter(cx)
    body = cx.block(nodes)
    cx.function.scopes.pop()
    return _with(cx, name, cx.const(None, node), body, node)


def _enter(cx: Context) -> str:
    scopes = cx.function.scopes
    name = f".p{len(scopes)}"
    scopes.append(name)
    return name


def lower_planned(cx: Context, node: na.Stmt, plan: Plan) -> list[py.stmt]:
    """A statement of a module with promises: alone, as part of a run, or after what it needs to hold values."""
    key = id(node)
    if key in plan.joined:
        return []
    if key in plan.runs:
        return _run(cx, plan.runs[key], node)
    lowered: list[py.stmt] = cx.statements[node.__class__](cx, node)
    return [*_before(cx, node, plan), *lowered]


def _before(cx: Context, node: na.Stmt, plan: Plan) -> list[py.stmt]:
    """`if a.__class__ is .Promise: a = .force(a)`, and `.p.settle()`."""
    out: list[py.stmt] = []
    place = cx.at(node)
    if id(node) in plan.settled:
        for scope in cx.function.scopes:
            settle = py.Attribute(value=cx.load(scope, node), attr="settle", ctx=LOAD, **place)
            out.append(cx.expr_stmt(py.Call(func=settle, args=[], keywords=[], **place), node))
    target = plan.before.get(id(node))
    if target is not None:
        name = abi.variable(target.id)
        own = py.Attribute(value=cx.load(name, target), attr="__class__", ctx=LOAD, **cx.at(target))
        test = py.Compare(left=own, ops=[py.Is()], comparators=[cx.load(".Promise", target)], **cx.at(target))
        out.append(
            cx.if_stmt(test, [cx.assign(name, cx.call(".force", target, cx.load(name, target)), target)], target)
        )
    return out


def _run(cx: Context, run: list[tuple[na.Stmt, na.Call]], node: na.Stmt) -> list[py.stmt]:
    """Statements whose effects start together; then each is what it would be alone, with the value that came."""
    scope = _enter(cx)
    outer, cx.held = cx.held, dict(cx.held)
    body: list[py.stmt] = []
    for _, call in run:
        name = cx.temporary()
        body.append(cx.assign(name, _started(cx, call), call))
        cx.held[id(call)] = _reader(cx, name, call, force=True)
    for statement, _ in run:
        body += cx.statements[statement.__class__](cx, statement)
    cx.held = outer
    cx.function.scopes.pop()
    return _with(cx, scope, cx.const(None, node), body, node)


# --- reads --------------------------------------------------------------------------------------


def forced_name(cx: Context, name: str, node: na.Node) -> py.expr:
    """`a if a.__class__ is not .Promise else (a := .force(a))`."""
    place = cx.at(node)
    test = cx.class_is_not(name, cx.load(".Promise", node), node)
    value: py.expr = cx.call(".force", node, cx.load(name, node))
    if not cx.in_iterable:
        value = py.NamedExpr(target=cx.store(name, node), value=value, **place)
    return py.IfExp(test=test, body=cx.load(name, node), orelse=value, **place)


def walked(cx: Context, node: na.Expr, value: py.expr) -> py.expr:
    """A comprehension after the variables it reads hold values: they are free variables inside it."""
    names = None if cx.plan is None else cx.plan.walks.get(id(node))
    if not names:
        return value
    first: list[py.expr] = []
    first += [forced_name(cx, abi.variable(name.id), name) for name in names.values()]
    return _last(cx, [*first, value], node)


def _last(cx: Context, values: list[py.expr], node: na.Node) -> py.expr:
    """Evaluates all, keeps the last."""
    place = cx.at(node)
    whole = py.Tuple(elts=values, ctx=LOAD, **place)
    return py.Subscript(value=whole, slice=cx.const(len(values) - 1, node), ctx=LOAD, **place)


# --- calls --------------------------------------------------------------------------------------


def lower_call(cx: Context, node: na.Call) -> py.expr:
    """Any call; a planned one is begun."""
    if cx.plan is None:
        return plain_call(cx, node)
    return _started(cx, node) if id(node) in cx.plan.begun else _whole(cx, node, lambda: plain_call(cx, node))


def _started(cx: Context, node: na.Call) -> py.expr:
    """`.begin(.p, f, …)` for `f(…)`."""
    return _whole(cx, node, lambda: _begun(cx, node, plain_call(cx, node)))


def _begun(cx: Context, node: na.Call, call: py.expr) -> py.expr:
    if not isinstance(call, py.Call):
        return call
    args = [cx.load(cx.function.scopes[-1], node), call.func, *call.args]
    return py.Call(func=cx.load(".begin", node), args=args, keywords=call.keywords, **cx.at(node))


def last_call(cx: Context, node: na.Expr) -> py.expr | None:
    """`.last(f)(…)` for `f(…)`, where the function ends with an effect; None anywhere else."""
    if id(node) not in cx.function.endings or not isinstance(node, na.Call):
        return None
    call = plain_call(cx, node)
    if isinstance(call, py.Call):
        call.func = cx.call(".last", node, call.func)
    return call


def _whole(cx: Context, node: na.Expr, lower: Callable[[], py.expr]) -> py.expr:
    return together(cx, node, lower) if cx.plan is not None and id(node) in cx.plan.together else lower()


def display(lower: Callable[[Context, Any], py.expr]) -> Callable[[Context, Any], py.expr]:
    """The lowering of a display, whose effects may start together."""
    return lambda cx, node: _whole(cx, node, lambda: lower(cx, node))


def comprehension(lower: Callable[[Context, Any], py.expr]) -> Callable[[Context, Any], py.expr]:
    """The lowering of a comprehension, which needs values from outside."""
    return lambda cx, node: walked(cx, node, lower(cx, node))


def expected(cx: Context, node: na.AnnAssign, value: py.expr) -> py.expr:
    """`x: T = effect(…)`: the conversion is remembered until the value is there."""
    assert node.value is not None
    if accepts_anything(cx, node.annotation) or proves(cx.type_of(node.value), static_type(cx, node.annotation)):
        return value
    text = cx.const(cx.text(node.target), node)
    return cx.call(".expected", node, value, type_name(cx, node.annotation), text)


def together(cx: Context, node: na.Expr, lower: Callable[[], py.expr]) -> py.expr:
    """A display or call whose effects all start before one of them is waited for.

    Its parts are evaluated in their order into temporaries; `lower` makes the display or call itself, which
    finds them in `cx.held`.
    """
    keep = is_race(cx, node)
    first: list[py.expr] = []
    held: dict[int, Callable[[], py.expr]] = {}
    for part in [*_callee(node), *parts(node)]:
        inner = part.value if isinstance(part, na.Starred) else part
        if isinstance(inner, na.Constant):
            continue
        name = cx.temporary()
        effect = inner is part and part is not getattr(node, "func", None) and is_effect_call(cx, inner)
        value = _started(cx, inner) if effect and isinstance(inner, na.Call) else cx.expr(inner)
        first.append(py.NamedExpr(target=py.Name(id=name, ctx=STORE, **cx.at(part)), value=value, **cx.at(part)))
        held[id(inner)] = _reader(cx, name, inner, force=effect and not keep)
    outer, cx.held = cx.held, {**cx.held, **held}
    made = lower()
    cx.held = outer
    return _last(cx, [*first, made], node)


def _reader(cx: Context, name: str, node: na.Expr, *, force: bool) -> Callable[[], py.expr]:
    def read() -> py.expr:
        if not force:
            return cx.load(name, node)
        test = cx.class_is_not(name, cx.load(".Promise", node), node)
        value = cx.call(".force", node, cx.load(name, node))
        return py.IfExp(test=test, body=cx.load(name, node), orelse=value, **cx.at(node))

    return read


def _callee(node: na.Expr) -> list[na.Expr]:
    """What of the callee must be evaluated before the arguments: everything but plain names."""
    if not isinstance(node, na.Call):
        return []
    func = node.func.value if isinstance(node.func, na.Attribute) else node.func
    return [] if isinstance(func, na.Name) else [func]
