"""Functions: parameters, boundary checks, ticks of recursive functions, lambdas, composed functions."""

from __future__ import annotations

import ast as py

from dana import abi
from dana import ast as na
from dana.lowering import learnables
from dana.lowering.annotations import accepts_anything, check_variable, type_name
from dana.lowering.context import LOAD, Context, FunctionScope
from dana.lowering.facts import facts_of
from dana.lowering.nesting import kept_rest
from dana.lowering.pipelines import lower_composed_body
from dana.lowering.promises import follows, scoped
from dana.lowering.proven import owner_of

FRESH = (na.List, na.Dict, na.Set, na.ListComp, na.DictComp, na.SetComp)


def lower_function_def(cx: Context, node: na.FunctionDef) -> list[py.stmt]:
    """`def`, a receiver method, or a nested function; methods in bodies use `function_of`."""
    lowered = function_of(cx, node, abi.variable(node.name))
    cx.function.methods.add(node.name)
    return [lowered]


def unchecked_function(cx: Context, node: na.FunctionDef, owner: str = "") -> py.FunctionDef:
    """The function's second entry, for calls whose arguments are proven to conform."""
    return function_of(cx, node, abi.unchecked(node.name, owner_of(node, owner)), checked=False)


def function_of(cx: Context, node: na.FunctionDef, name: str, *, checked: bool = True) -> py.FunctionDef:
    """The Python function `name` for a Dana function."""
    params = with_receiver(node.receiver, node.params)
    learnt = learnables.first_lines(cx, node)
    decorators = lower_decorators(cx, node.decorators, params, node)
    signature, fresh = lower_params(cx, params, node)
    attach = attachment(cx, node.receiver, node.name, node) if checked else []
    cx.functions.append(FunctionScope(node.name, node.returns, params, node.body))
    has_promises = follows(cx, node.body)
    inner = prologue(cx, params if checked else (), fresh, node.name, node) + kept_rest(cx, params, node)
    inner = learnt + inner + _ticked(cx, node)
    inner += _implicit_return(cx, node)
    body = _documentation(cx, node) + (scoped(cx, inner, node) if has_promises else inner)
    body[0:0] = private_declarations(cx, node)
    cx.functions.pop()
    return py.FunctionDef(
        name=name,
        args=signature,
        body=body or [py.Pass(**cx.at(node))],
        decorator_list=attach + decorators,
        returns=None,
        **cx.at(node),
    )


def with_receiver(receiver: na.Receiver | None, params: tuple[na.Param, ...]) -> tuple[na.Param, ...]:
    """A receiver is the first parameter."""
    if receiver is None:
        return params
    first = na.Param(receiver.start, receiver.end, receiver.name, receiver.type, None, "normal", None)
    return (first, *params)


def attachment(cx: Context, receiver: na.Receiver | None, name: str, node: na.Node) -> list[py.expr]:
    """`@.attach(T, "name", existing)`: a receiver method joins its struct (L29)."""
    if receiver is None:
        return []
    existing = cx.load(abi.variable(name), node) if name in cx.function.methods else cx.const(None, node)
    where = type_name(cx, receiver.type)
    return [cx.call(".attach", node, cx.load(".module", node), where, cx.const(name, node), existing)]


# Options for which `@poet` must know what compiled functions do not carry: annotations, docs, call sites.
_CURIOUS = frozenset(
    {"domain", "plugins", "custom_plugin", "profile", "perceive_handler", "enforce_handler", "train_handler"}
)


def lower_decorators(
    cx: Context,
    nodes: tuple[na.Decorator, ...],
    params: tuple[na.Param, ...] = (),
    owner: na.FunctionDef | na.ComposedDef | None = None,
) -> list[py.expr]:
    return [lower_decorator(cx, n, params, owner) for n in nodes]


def lower_decorator(
    cx: Context,
    node: na.Decorator,
    params: tuple[na.Param, ...] = (),
    owner: na.FunctionDef | na.ComposedDef | None = None,
) -> py.expr:
    """Python's decorators, and the native `@poet`, whose options were checked at compile time (L42)."""
    if id(node) not in cx.checked.decorators:
        return cx.expr(node.expr)
    keywords = node.expr.keywords if isinstance(node.expr, na.Call) else ()
    keys: list[py.expr | None] = [cx.const(k.name, k) for k in keywords]
    options = py.Dict(keys=keys, values=[cx.expr(k.value) for k in keywords], **cx.at(node))
    learnt = learnables.told(cx, owner) if isinstance(owner, na.FunctionDef) else []
    is_curious = owner is not None and any(k.name in _CURIOUS for k in keywords)
    if not (is_curious or learnt):
        return cx.call(".poet", node, cx.load(".module", node), options)
    facts = cx.const(facts_of(cx, owner, params) if owner is not None and is_curious else None, node)
    return cx.call(".poet", node, cx.load(".module", node), options, facts, *learnt)


# --- parameters ---------------------------------------------------------------------------------


def lower_params(cx: Context, params: tuple[na.Param, ...], node: na.Node) -> tuple[py.arguments, list[na.Param]]:
    """Python's parameter list, and the parameters whose default is made afresh for each call (L19)."""
    positional: list[py.arg] = []
    normal: list[py.arg] = []
    keyword: list[py.arg] = []
    defaults: list[py.expr] = []
    keyword_defaults: list[py.expr | None] = []
    star: py.arg | None = None
    double_star: py.arg | None = None
    fresh: list[na.Param] = []
    for param in params:
        arg = py.arg(arg=abi.variable(param.name), annotation=None, **cx.at(param))
        if param.kind == "star":
            star = arg
        elif param.kind == "double_star":
            double_star = arg
        elif param.kind == "keyword":
            keyword.append(arg)
            keyword_defaults.append(None if param.default is None else _default(cx, param, fresh))
        else:
            (positional if param.kind == "positional" else normal).append(arg)
            if param.default is not None:
                defaults.append(_default(cx, param, fresh))
    signature = py.arguments(
        posonlyargs=positional,
        args=normal,
        vararg=star,
        kwonlyargs=keyword,
        kw_defaults=keyword_defaults,
        kwarg=double_star,
        defaults=defaults,
    )
    return signature, fresh


def _default(cx: Context, param: na.Param, fresh: list[na.Param]) -> py.expr:
    default = param.default
    if default is None:
        return cx.const(None, param)
    if id(default) in cx.learnt or is_fresh(cx, default):
        fresh.append(param)
        return cx.load(".MISSING", default)
    return cx.expr(default)


def is_fresh(cx: Context, default: na.Expr) -> bool:
    """A list, dict, set or struct construction is evaluated for each call."""
    if isinstance(default, FRESH):
        return True
    if isinstance(default, na.Call):
        target = cx.checked.calls.get(id(default))
        if target is None:
            return False
        return target.kind == "struct" or (target.kind == "builtin" and target.info in {"list", "dict", "set"})
    return False


def make_fresh(cx: Context, name: str, default: na.Expr, node: na.Node) -> py.stmt:
    """`if name is MISSING: name = <default>`."""
    place = cx.at(node)
    test = py.Compare(left=cx.load(name, node), ops=[py.Is()], comparators=[cx.load(".MISSING", node)], **place)
    return cx.if_stmt(test, [cx.assign(name, cx.expr(default), default)], node)


def prologue(
    cx: Context, params: tuple[na.Param, ...], fresh: list[na.Param], function: str, node: na.Node
) -> list[py.stmt]:
    """Fresh defaults, then the annotation checks of the parameters (L13)."""
    out: list[py.stmt] = []
    for param in fresh:
        if param.default is not None:
            out.append(make_fresh(cx, abi.variable(param.name), param.default, param))
    for param in params:
        if param.annotation is None:
            continue
        if param.kind in {"star", "double_star"}:
            out += _check_rest(cx, param, function)
            continue
        optional = isinstance(param.default, na.Constant) and param.default.value is None
        name = abi.variable(param.name)
        out += check_variable(cx, name, param.annotation, ".param", function, param.name, node=param, optional=optional)
    return out


def _check_rest(cx: Context, param: na.Param, function: str) -> list[py.stmt]:
    """`*args: int` and `**kwargs: int`: every collected value conforms."""
    annotation = param.annotation
    if annotation is None or accepts_anything(cx, annotation):
        return []
    helper = ".star_param" if param.kind == "star" else ".double_star_param"
    name = abi.variable(param.name)
    words = [cx.const(function, param), cx.const(param.name, param)]
    return [cx.assign(name, cx.call(helper, param, cx.load(name, param), type_name(cx, annotation), *words), param)]


# --- bodies -------------------------------------------------------------------------------------


def _documentation(cx: Context, node: na.FunctionDef | na.ComposedDef) -> list[py.stmt]:
    return [cx.expr_stmt(cx.const(node.doc, node), node)] if node.doc else []


def private_declarations(cx: Context, node: na.Node) -> list[py.stmt]:
    """`private:x` is a variable of the module wherever it is assigned."""
    names = sorted(cx.function.private_stores)
    return [py.Global(names=names, **cx.at(node))] if names else []


def _ticked(cx: Context, node: na.FunctionDef) -> list[py.stmt]:
    """The body; a function in a call cycle takes one step before anything that may call back.

    Leading statements that call nothing (`if n < 2: return n`) stay in front: every way round the
    cycle still passes the tick, and the leaves of a recursion do not pay for it.
    """
    if not cx.metered or id(node) not in cx.checked.recursive:
        return cx.block(node.body)
    quiet = 0
    while quiet < len(node.body) and not _may_call(cx, node.body[quiet]):
        quiet += 1
    return [*cx.block(node.body[:quiet]), tick(cx, node), *cx.block(node.body[quiet:])]


def tick(cx: Context, node: na.Node) -> py.stmt:
    place = cx.at(node)
    return py.For(
        target=cx.store(".s", node), iter=cx.load(".calls", node), body=[py.Break(**place)], orelse=[], **place
    )


def _may_call(cx: Context, statement: na.Stmt) -> bool:
    """Whether a statement may run Dana code: anything but plain arithmetic on builtins."""
    for node in na.walk(statement):
        if isinstance(node, na.Call):
            target = cx.checked.calls.get(id(node))
            if target is None or target.kind != "builtin" or target.info not in {"len", "abs", "ord", "chr", "range"}:
                return True
        elif isinstance(node, (na.With, na.FunctionDef, na.ComposedDef)) or (
            isinstance(node, na.BinOp) and node.op == "|"
        ):
            return True
    return False


def _implicit_return(cx: Context, node: na.FunctionDef) -> list[py.stmt]:
    """Falling off the end returns None, which the return annotation may refuse."""
    returns = node.returns
    if returns is None or accepts_anything(cx, returns) or _never_ends(node.body):
        return []
    if cx.checked.annotations.get(id(returns), ("any",))[0] in {"none", "any"}:
        return []
    value = cx.call(".result", node, cx.const(None, node), type_name(cx, returns), cx.const(node.name, node))
    return [py.Return(value=value, **cx.at(node))]


def _never_ends(body: tuple[na.Stmt, ...]) -> bool:
    """Whether control certainly does not reach the end of the block."""
    if not body:
        return False
    last = body[-1]
    if isinstance(last, (na.Return, na.Raise)):
        return True
    if isinstance(last, na.If):
        return bool(last.orelse) and _never_ends(last.orelse) and all(_never_ends(b.body) for b in last.branches)
    if isinstance(last, na.With):
        return False
    if isinstance(last, na.Try):
        if _never_ends(last.finalbody):
            return True
        main = last.orelse or last.body
        return _never_ends(main) and all(_never_ends(h.body) for h in last.handlers)
    return False


# --- lambdas ------------------------------------------------------------------------------------


def lower_lambda(cx: Context, node: na.Lambda) -> py.expr:
    """All three forms (L18); checks and ticks stand in a tuple before the value."""
    params = with_receiver(node.receiver, node.params)
    signature, fresh = lower_params(cx, params, node)
    cx.functions.append(FunctionScope("<lambda>", None))
    outer, cx.placeholders = cx.placeholders, []
    before = _lambda_prologue(cx, params, fresh, node)
    body = cx.expr(node.body)
    for name, value in reversed(before):
        body = cx.let(name, value, body, node)
    cx.placeholders = outer
    cx.functions.pop()
    return py.Lambda(args=signature, body=body, **cx.at(node))


def _lambda_prologue(
    cx: Context, params: tuple[na.Param, ...], fresh: list[na.Param], node: na.Lambda
) -> list[tuple[str, py.expr]]:
    """What is bound before the value: the tick, and every parameter that must be made or checked."""
    out: list[tuple[str, py.expr]] = []
    if cx.metered and id(node) in cx.checked.recursive:
        out.append((".s", cx.call(".next", node, cx.load(".calls", node))))
    for statement in prologue(cx, params, fresh, "lambda", node) + kept_rest(cx, params, node):
        if isinstance(statement, py.If):
            # `if test: x = e` as `x = e if test else x`
            name, value = _assignment(statement.body[0])
            value = py.IfExp(test=statement.test, body=value, orelse=cx.load(name, node), **cx.at(node))
        else:
            name, value = _assignment(statement)
        out.append((name, value))
    return out


def _assignment(statement: py.stmt) -> tuple[str, py.expr]:
    if isinstance(statement, py.Assign) and isinstance(statement.targets[0], py.Name):
        return statement.targets[0].id, statement.value
    msg = f"not an assignment: {py.dump(statement)}"
    raise TypeError(msg)


# --- composed functions -------------------------------------------------------------------------


def lower_composed_def(cx: Context, node: na.ComposedDef) -> list[py.stmt]:
    """`def f(a) -> T = x | y` is an ordinary function whose body is the pipeline (L21)."""
    params = with_receiver(node.receiver, node.params)
    decorators = lower_decorators(cx, node.decorators, params, node)
    attach = attachment(cx, node.receiver, node.name, node)
    if node.has_params:
        signature, fresh = lower_params(cx, params, node)
        names = {p.name for p in params}
    else:
        signature, fresh, names = _forwarding(cx, node), [], set()
    cx.functions.append(FunctionScope(node.name, node.returns))
    body = _documentation(cx, node)
    body += prologue(cx, params, fresh, node.name, node) + kept_rest(cx, params, node)
    if cx.metered and id(node) in cx.checked.recursive:
        body.append(tick(cx, node))
    value = lower_composed_body(cx, node.pipeline, names, lambda stage: _forwarded(cx, node, stage))
    if not accepts_anything(cx, node.returns) and node.returns is not None:
        value = cx.call(".result", node, value, type_name(cx, node.returns), cx.const(node.name, node))
    body.append(py.Return(value=value, **cx.at(node.pipeline)))
    body[0:0] = private_declarations(cx, node)
    cx.functions.pop()
    if node.kind == "workflow":
        about = (_text(cx, node), *_ends(node.pipeline))
        attach = [*attach, cx.call(".workflow", node, cx.load(".module", node), *(cx.const(t, node) for t in about))]
    name = abi.variable(node.name)
    cx.function.methods.add(node.name)
    return [
        py.FunctionDef(
            name=name, args=signature, body=body, decorator_list=attach + decorators, returns=None, **cx.at(node)
        )
    ]


def _text(cx: Context, node: na.ComposedDef) -> str:
    return cx.text(node.pipeline)


def _ends(pipeline: na.Expr) -> tuple[str, str]:
    """The names of the first and the last stage, "" where one is no name."""
    last = pipeline.right if pipeline.__class__ is na.BinOp and pipeline.op == "|" else pipeline
    first: na.Expr = pipeline
    while first.__class__ is na.BinOp and first.op == "|":
        first = first.left
    return tuple(stage.id if stage.__class__ is na.Name else "" for stage in (first, last))  # type: ignore[return-value]


def _forwarding(cx: Context, node: na.ComposedDef) -> py.arguments:
    """`def f = a | b` takes whatever its first stage takes (after the receiver, if there is one)."""
    receiver = [] if node.receiver is None else [py.arg(arg=abi.variable(node.receiver.name), **cx.at(node.receiver))]
    star = py.arg(arg=".args", annotation=None, **cx.at(node))
    double_star = py.arg(arg=".kwargs", annotation=None, **cx.at(node))
    return py.arguments(
        posonlyargs=[], args=receiver, vararg=star, kwonlyargs=[], kw_defaults=[], kwarg=double_star, defaults=[]
    )


def _forwarded(cx: Context, node: na.ComposedDef, stage: na.Expr) -> tuple[list[py.expr], list[py.keyword]]:
    """The composed function's arguments as its first stage receives them."""
    place = cx.at(stage)
    if not node.has_params:
        star: py.expr = py.Starred(value=cx.load(".args", stage), ctx=LOAD, **place)
        first = [] if node.receiver is None else [cx.load(abi.variable(node.receiver.name), stage)]
        return [*first, star], [py.keyword(arg=None, value=cx.load(".kwargs", stage), **place)]
    args: list[py.expr] = []
    keywords: list[py.keyword] = []
    for param in with_receiver(node.receiver, node.params):
        value = cx.load(abi.variable(param.name), stage)
        if param.kind == "star":
            args.append(py.Starred(value=value, ctx=LOAD, **place))
        elif param.kind == "double_star":
            keywords.append(py.keyword(arg=None, value=value, **place))
        elif param.kind == "keyword":
            keywords.append(py.keyword(arg=abi.variable(param.name), value=value, **place))
        else:
            args.append(value)
    return args, keywords
