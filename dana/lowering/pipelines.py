"""Pipelines (L20): `x | f | g(2)` becomes `g(f(x), 2)`, `f | g` a composition.

The checker has decided for each `|` whether it applies, composes, is Python's, or must be decided at
run time. A stage is lowered *with its input expression*: `lower_stage(cx, stage, value)`.
"""

from __future__ import annotations

import ast as py

from dana import abi
from dana import ast as na
from dana.lowering.calls import call_with, expected_keywords, lower_partial, mentions_placeholder
from dana.lowering.context import LOAD, STORE, Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def lower_pipeline(cx: Context, node: na.Expr) -> py.expr:
    """A `|` that is not certainly Python's; the left-hand spine is one loop."""
    stages: list[na.BinOp] = []
    left: na.Expr = node
    while isinstance(left, na.BinOp) and left.op == "|" and cx.checked.pipes.get(id(left), "dynamic") != "python":
        stages.append(left)
        left = left.left
    stages.reverse()
    captured: set[str] = set()
    if isinstance(left, na.Capture):
        captured.add(left.name)
    value = cx.expr(left)
    for stage in stages:
        value = _join(cx, stage, value, captured)
    return value


def _join(cx: Context, node: na.BinOp, value: py.expr, captured: set[str]) -> py.expr:
    kind = cx.checked.pipes.get(id(node), "dynamic")
    stage = node.right
    if kind == "apply":
        return lower_stage(cx, stage, value, captured)
    if kind == "compose":
        return cx.call(".compose", node, value, stage_function(cx, stage))
    return _dynamic(cx, node, value, stage, captured)


def _dynamic(cx: Context, node: na.BinOp, value: py.expr, stage: na.Expr, captured: set[str]) -> py.expr:
    if not cx.in_iterable and _takes_one(cx, stage):
        return _plain_or_piped(cx, node, value, stage)
    explicit = _is_explicit(stage, captured) if isinstance(stage, na.Call) else _is_formula(stage)
    if explicit or isinstance(stage, (na.List, na.Capture)):
        return lower_stage(cx, stage, value, captured)
    if isinstance(stage, na.Call) and cx.checked.stages.get(id(stage)) != "value":
        if _spreads(stage):
            return cx.call(".pipe", node, value, stage_function(cx, stage))
        return _call_parts(cx, ".pipe_call", node, stage, value)
    return cx.call(".pipe", node, value, cx.expr(stage))


def _takes_one(cx: Context, stage: na.Expr) -> bool:
    return isinstance(stage, na.Name) and _is_known_function(cx, stage) and id(stage) not in cx.checked.drops


def _plain_or_piped(cx: Context, node: na.BinOp, value: py.expr, stage: na.Expr) -> py.expr:
    """`stage(v) if v.__class__ in .plain else .pipe(v, stage)`: one set look-up for plain data."""
    place = cx.at(node)
    name = cx.temporary()
    keep = py.NamedExpr(target=cx.store(name, node), value=value, **place)
    own = py.Attribute(value=keep, attr="__class__", ctx=LOAD, **place)
    test = py.Compare(left=own, ops=[py.In()], comparators=[cx.load(".plain", node)], **place)
    asked = expected_keywords(cx, stage) if id(stage) in cx.checked.expected else []
    direct = py.Call(func=cx.expr(stage), args=[cx.load(name, node)], keywords=asked, **cx.at(stage))
    piped = cx.call(".pipe", node, cx.load(name, node), cx.expr(stage))
    return py.IfExp(test=test, body=direct, orelse=piped, **place)


def lower_stage(cx: Context, stage: na.Expr, value: py.expr, captured: set[str]) -> py.expr:
    """`value | stage` where the stage is certainly applied."""
    if isinstance(stage, na.Capture):
        inner = lower_stage(cx, stage.value, value, captured)
        captured.add(stage.name)
        return _remember(cx, stage, inner)
    if isinstance(stage, na.List):
        return _stage_list(cx, stage, value, captured)
    if isinstance(stage, na.BinOp) and stage.op == "|" and cx.checked.pipes.get(id(stage)) == "compose":
        inner = lower_stage(cx, stage.left, value, captured)
        return lower_stage(cx, stage.right, inner, captured)
    if id(stage) in cx.checked.drops:
        return _dropping(cx, stage, value)
    if isinstance(stage, na.Call):
        return _call_stage(cx, stage, value, captured)
    if _is_formula(stage):
        return _with_placeholder(cx, stage, value)
    if isinstance(stage, na.Lambda) or _is_known_function(cx, stage):
        asked = expected_keywords(cx, stage) if id(stage) in cx.checked.expected else []
        return py.Call(func=cx.expr(stage), args=[value], keywords=asked, **cx.at(stage))
    return cx.call(".apply", stage, value, cx.expr(stage))


def _is_formula(stage: na.Expr) -> bool:
    """`$$ + 1` as a stage: its value is what the stage yields."""
    return not isinstance(stage, (na.Name, na.Call, na.List, na.Capture, na.Lambda)) and mentions_placeholder(stage)


def _is_known_function(cx: Context, stage: na.Expr) -> bool:
    """A callee that certainly takes the value: `drops` holds those that take nothing."""
    return cx.type_of(stage)[0] in {"func", "type"}


def _call_stage(cx: Context, stage: na.Call, value: py.expr, captured: set[str]) -> py.expr:
    if mentions_placeholder(stage):
        return _with_placeholder(cx, stage, value)
    if _is_explicit(stage, captured):
        return _second(cx, stage, value, call_with(cx, stage, None))
    kind = cx.checked.stages.get(id(stage))
    if kind == "value":
        return cx.call(".apply", stage, value, call_with(cx, stage, None))
    if kind == "unsure" and not _spreads(stage):
        return _call_parts(cx, ".stage", stage, stage, value)
    return call_with(cx, stage, value)


def _spreads(stage: na.Call) -> bool:
    return any(k.name is None for k in stage.keywords) or any(isinstance(a, na.Starred) for a in stage.args)


def _call_parts(cx: Context, helper: str, node: na.Node, stage: na.Call, value: py.expr) -> py.expr:
    """`.helper(value, f, *args, **keywords)` for the stage `f(*args, **keywords)`: the helper decides who is called."""
    args = [cx.expr(stage.func), *(cx.expr(a) for a in stage.args)]
    call = cx.call(helper, node, value, *args)
    call.keywords = [
        py.keyword(arg=abi.variable(k.name or ""), value=cx.expr(k.value), **cx.at(k)) for k in stage.keywords
    ]
    return call


def _with_placeholder(cx: Context, stage: na.Expr, value: py.expr) -> py.expr:
    """`f(a, $$)` as a stage: the value is evaluated first and kept in a temporary."""
    name = cx.temporary()
    cx.placeholders.append(lambda: cx.load(name, stage))
    body = call_with(cx, stage, None) if isinstance(stage, na.Call) else cx.expr(stage)
    cx.placeholders.pop()
    return cx.let(name, value, body, stage)


def _second(cx: Context, node: na.Node, first: py.expr, second: py.expr) -> py.expr:
    """Evaluate both, keep the second."""
    pair = py.Tuple(elts=[first, second], ctx=LOAD, **cx.at(node))
    return py.Subscript(value=pair, slice=cx.const(1, node), ctx=LOAD, **cx.at(node))


def _dropping(cx: Context, stage: na.Expr, value: py.expr) -> py.expr:
    if isinstance(stage, na.Call):
        return _second(cx, stage, value, call_with(cx, stage, None))
    call = py.Call(func=cx.expr(stage), args=[], keywords=[], **cx.at(stage))
    return _second(cx, stage, value, call)


def _stage_list(cx: Context, stage: na.List, value: py.expr, captured: set[str]) -> py.expr:
    """`[f, g]`: every stage on the same value, results in written order; side by side where they may wait."""
    if _may_wait(cx, stage):
        stages = py.List(elts=[stage_function(cx, item) for item in stage.elts], ctx=LOAD, **cx.at(stage))
        return cx.call(".parallel", stage, value, stages)
    name = cx.temporary()
    results = [lower_stage(cx, item, cx.load(name, item), captured) for item in stage.elts]
    return cx.let(name, value, py.List(elts=results, ctx=LOAD, **cx.at(stage)), stage)


def _may_wait(cx: Context, stage: na.List) -> bool:
    """Whether stages may wait for effects (L34): this module has calls of effects, or another module's function is one.

    Stages that capture, or place their input themselves, stay in the frame they are written in.
    """
    if any(isinstance(n, (na.Capture, na.Placeholder)) for n in na.walk(stage)):
        return False
    return bool(cx.checked.effects) or any(_is_foreign(cx, item) for item in stage.elts)


def _is_foreign(cx: Context, stage: na.Expr) -> bool:
    func = stage.func if isinstance(stage, na.Call) else stage
    is_function = bool(cx.type_of(func)[0] == "func")
    if isinstance(func, na.Attribute):
        return is_function
    bound = cx.checked.bindings.get(id(func))
    return isinstance(func, na.Name) and is_function and bound == "module" and func.id not in cx.entries


def lower_capture(cx: Context, node: na.Capture) -> py.expr:
    """`value as name` at the head of a pipeline."""
    return _remember(cx, node, cx.expr(node.value))


def _remember(cx: Context, node: na.Capture, value: py.expr) -> py.expr:
    target = py.Name(id=abi.variable(node.name), ctx=STORE, **cx.at(node))
    return py.NamedExpr(target=target, value=value, **cx.at(node))


def _is_explicit(stage: na.Call, captured: set[str]) -> bool:
    """Whether a stage says itself where its input goes: it mentions `$$` or a captured name."""
    return mentions_placeholder(stage) or any(
        _mentions(part, captured) for part in (*stage.args, *(k.value for k in stage.keywords))
    )


def stage_function(cx: Context, stage: na.Expr) -> py.expr:
    """A stage as a function of one value, its parts evaluated now (for compositions)."""
    if isinstance(stage, na.Call):
        if mentions_placeholder(stage):
            return lower_partial(cx, stage)
        if cx.checked.stages.get(id(stage)) == "value":
            return cx.expr(stage)
        return _bound(cx, stage)
    if isinstance(stage, (na.List, na.Capture)) or _is_formula(stage):
        return _as_lambda(cx, stage)
    return cx.expr(stage)


def _bound(cx: Context, stage: na.Call) -> py.expr:
    """`g(2)` as a stage of a composition: `g` with 2 kept for after the value."""
    func = call_with(cx, stage, None)
    if isinstance(func, py.Call):
        return py.Call(
            func=cx.load(".bind", stage), args=[func.func, *func.args], keywords=func.keywords, **cx.at(stage)
        )
    return func


def _as_lambda(cx: Context, stage: na.Expr) -> py.expr:
    name = cx.temporary()
    body = lower_stage(cx, stage, cx.load(name, stage), set())
    arg = py.arg(arg=name, annotation=None, **cx.at(stage))
    signature = py.arguments(posonlyargs=[], args=[arg], kwonlyargs=[], kw_defaults=[], defaults=[])
    return py.Lambda(args=signature, body=body, **cx.at(stage))


# --- composed functions (L21) -------------------------------------------------------------------


def lower_composed_body(
    cx: Context,
    pipeline: na.Expr,
    names: set[str],
    arguments: Callable[[na.Expr], tuple[list[py.expr], list[py.keyword]]],
) -> py.expr:
    """The body of `def f(params) = a | b | c`: the first stage gets all arguments, then on it goes.

    `names` are the parameters' names: a stage that is one, and a first stage that mentions one, is
    evaluated as written.
    """
    stages = _flatten(pipeline)
    captured: set[str] = set()
    first, *rest = stages
    value = _first_stage(cx, first, names, arguments, captured, is_only=not rest)
    for stage in rest:
        value = lower_stage(cx, stage, value, captured)
    return value


def _flatten(node: na.Expr) -> list[na.Expr]:
    stages: list[na.Expr] = []
    while isinstance(node, na.BinOp) and node.op == "|":
        stages.append(node.right)
        node = node.left
    stages.append(node)
    return stages[::-1]


def _first_stage(
    cx: Context,
    stage: na.Expr,
    names: set[str],
    arguments: Callable[[na.Expr], tuple[list[py.expr], list[py.keyword]]],
    captured: set[str],
    *,
    is_only: bool,
) -> py.expr:
    if isinstance(stage, na.Capture):
        inner = _first_stage(cx, stage.value, names, arguments, captured, is_only=is_only)
        captured.add(stage.name)
        return _remember(cx, stage, inner)
    if isinstance(stage, na.List):
        items = [_first_stage(cx, s, names, arguments, captured, is_only=is_only) for s in stage.elts]
        return py.List(elts=items, ctx=LOAD, **cx.at(stage))
    if mentions_placeholder(stage):
        return _first_with_placeholder(cx, stage, arguments)
    if _mentions(stage, names) or not _may_be_called(cx, stage):
        return cx.expr(stage)
    if id(stage) in cx.checked.drops:
        return call_with(cx, stage, None) if isinstance(stage, na.Call) else _plain_call(cx, stage, [], [])
    args, keywords = arguments(stage)
    if isinstance(stage, na.Call):
        call = call_with(cx, stage, None)
        if cx.checked.stages.get(id(stage)) == "value":
            return py.Call(func=call, args=args, keywords=keywords, **cx.at(stage))
        if isinstance(call, py.Call):
            call.args[0:0] = args
            call.keywords.extend(keywords)
        return call
    return _plain_call(cx, stage, args, keywords)


def _plain_call(cx: Context, stage: na.Expr, args: list[py.expr], keywords: list[py.keyword]) -> py.expr:
    return py.Call(func=cx.expr(stage), args=args, keywords=keywords, **cx.at(stage))


def _first_with_placeholder(
    cx: Context, stage: na.Expr, arguments: Callable[[na.Expr], tuple[list[py.expr], list[py.keyword]]]
) -> py.expr:
    args, _ = arguments(stage)
    head = args[0] if args else cx.const(None, stage)
    if isinstance(head, py.Starred):
        head = py.Subscript(value=head.value, slice=cx.const(0, stage), ctx=LOAD, **cx.at(stage))
    return _with_placeholder(cx, stage, head)


def _mentions(stage: na.Expr, names: set[str]) -> bool:
    return any(isinstance(n, na.Name) and n.id in names for n in na.walk(stage))


def _may_be_called(cx: Context, stage: na.Expr) -> bool:
    """Constants, displays and f-strings are values, not stages."""
    return isinstance(stage, (na.Name, na.Attribute, na.Call, na.Lambda, na.Subscript, na.BinOp, na.IfExp))
