"""Pipelines (L20, L21): which `|` applies, which composes, which is Python's; what each stage is.

A chain `a | b | c` is walked in a loop. For every stage the table `stages` says how it gets its value:

| entry | meaning |
|---|---|
| `"value"` | the expression is evaluated; what it yields is called with the piped value |
| `"insert"` | a call that gets the piped value as its first argument |
| `"placed"` | a call that mentions `$$` or a captured name: evaluated as written, with `$$` standing for the value |
| `"parallel"` | a list of stages that all get the value |
| `"unsure"` | a call whose callee nobody knows: `"insert"`, unless run time finds that it cannot take one more |
"""

from __future__ import annotations

from dana.ast import nodes as na
from dana.checker.builtins import CALLERS, TYPES, builtin_type, constructor
from dana.checker.calls import call_name, check_call
from dana.checker.expressions import outside_comprehensions, resolve
from dana.checker.functions import only_poet, result_of
from dana.checker.interfaces import accepts
from dana.checker.model import Function, Scope, StructInfo
from dana.checker.types import ANY, CALLABLE, callable_, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.checker.context import Context
    from dana.checker.types import Type


class Stage:
    """One checked stage: how it is fed, whether it can be called, what a call yields."""

    __slots__ = ("callable", "kind", "node", "result", "type")

    def __init__(self, node: Any, kind: str, type_: Type, callable__: bool | None, result: Type) -> None:
        self.node = node
        self.kind = kind
        self.type = type_
        self.callable = callable__
        self.result = result


def check_pipe(c: Context, node: na.BinOp) -> Type:
    """`value | f`, `f | g`, `{1} | {2}`."""
    operators: list[na.BinOp] = []
    first: Any = node
    while first.__class__ is na.BinOp and first.op == "|":
        operators.append(first)
        first = first.left
    operators.reverse()
    saved = c.scope
    c.scope = Scope("pipeline", saved)
    t = c.expr(first)
    is_callable = callable_(t)
    for operator in operators:
        t, is_callable = join_stage(c, operator, operator.right, t, is_callable)
        c.note(operator, t)
    c.scope = saved
    return t


def pipe_into(c: Context, stmt: na.AugAssign, before: Type, right: Any) -> Type:
    """`target |= stage`; a call there is a value as in Python, not a stage that gets the target."""
    if right.__class__ is na.Call:
        from dana.checker.operators import binary

        value = c.expr(right)
        if callable_(value) is not True:
            return binary(c, stmt, before, value)
        c.graph.call_unknown()
        return ANY
    saved, c.scope = c.scope, Scope("pipeline", c.scope)
    t, _ = join_stage(c, stmt, right, before, callable_(before))
    c.scope = saved
    return t


def join_stage(
    c: Context, operator: Any, right: Any, left: Type, left_callable: bool | None
) -> tuple[Type, bool | None]:
    """Classifies one `|` and says what it yields."""
    if is_type_union(c, left, right):
        c.expr(right)
        c.pipes[id(operator)] = "python"
        return ("type", ANY), True
    if plainly_python(left, right):
        from dana.checker.operators import binary

        c.pipes[id(operator)] = "python"
        return binary(c, operator, left, c.expr(right)), False
    stage = check_stage(c, right, left, left_callable)
    if stage.callable is False:
        return no_stage(c, operator, right, left, left_callable, stage)
    if left_callable is None or stage.callable is None:
        c.pipes[id(operator)] = "dynamic"
        c.graph.call_unknown()
        return ANY, None
    if left_callable:
        c.pipes[id(operator)] = "compose"
        return CALLABLE, True
    c.pipes[id(operator)] = "apply"
    # What began with a value stays a flow of values: the next stage gets the result, even if that is a function.
    return stage.result, False


def no_stage(
    c: Context, operator: Any, right: Any, left: Type, left_callable: bool | None, stage: Stage
) -> tuple[Type, bool | None]:
    """The right side is certainly no stage: Python's operator, or an error after a function."""
    from dana.checker.operators import CLOSED, binary

    if left_callable:
        text = f"a stage of a pipeline must be callable; this is {show(stage.type)}"
        c.report("E303", text, right, hint="write a function, a lambda or a call here")
        c.pipes[id(operator)] = "python"
        return ANY, None
    if left_callable is None:
        c.pipes[id(operator)] = "python" if left[0] != "any" else "dynamic"
        return ANY, None
    c.pipes[id(operator)] = "python"
    known = stage.type[0] in ("str", "int", "float", "list", "none", "tuple") and left[0] in CLOSED
    if known and not {left[0], stage.type[0]} <= _PYTHON_OPERANDS:
        text = f"a stage of a pipeline must be callable; this is {show(stage.type)}"
        c.report("E303", text, right, hint="write a function, a lambda or a call here")
        return ANY, None
    return binary(c, operator, left, stage.type), False


_PYTHON_OPERANDS = frozenset({"int", "bool", "set", "dict"})


def plainly_python(left: Type, right: Any) -> bool:
    """Sets, dicts and numbers written on the right after a value that is certainly no function."""
    if callable_(left) is not False:
        return False
    kind = right.__class__
    if kind is na.Constant:
        return right.value.__class__ in (int, bool) and left[0] in ("int", "bool")
    return kind in (na.Set, na.Dict, na.SetComp, na.DictComp) and left[0] in ("set", "dict")


def is_type_union(c: Context, left: Type, right: Any) -> bool:
    """`int | str`, `Point | None`: a union of type values."""
    if left[0] != "type":
        return False
    if right.__class__ is na.Constant:
        return right.value is None or right.value.__class__ is str
    if right.__class__ is na.Name:
        var = c.lookup(right.id)
        if var is None:
            found = builtin_type(right.id)
            return found is not None and found[0] == "type"
        return var.kind in ("type", "alias") or (var.type is not None and var.type[0] == "type")
    return right.__class__ is na.Subscript and is_type_union(c, left, right.value)


# -- stages ----------------------------------------------------------------------------------------


def check_stage(c: Context, node: Any, value: Type, fed: bool | None = False) -> Stage:
    """Any stage; `value` is what is piped into it, `fed` False when that is certainly a value."""
    if node.__class__ is na.Capture:
        stage = check_stage(c, node.value, value, fed)
        bind_capture(c, node, stage.result)
        c.checked.stages[id(node)] = stage.kind
        return stage
    if fed is not False:
        value = ANY
    if node.__class__ is na.Call:
        stage = call_stage(c, node, value)
    elif node.__class__ is na.List:
        stage = parallel_stage(c, node, value)
    elif node.__class__ is na.Name:
        stage = name_stage(c, node, value)
    elif mentions(c, node):
        c.piped += 1
        t = c.expr(node)
        c.piped -= 1
        stage = Stage(node, "placed", t, True, t)
    else:
        t = c.expr(node)
        c.graph.call_unknown()
        stage = Stage(node, "value", t, callable_(t), t[2] if t[0] == "func" else ANY)
        if t[0] == "func":
            fits_value(c, node, t, "this stage", value)
    c.checked.stages[id(node)] = stage.kind
    if stage.callable and stage.kind == "value":
        c.note(node, stage.type)
    return stage


def bind_capture(c: Context, node: na.Capture, t: Type) -> None:
    """`stage as name` assigns a variable of the function around; later stages that mention it get no implicit value."""
    scope = c.scope
    if node.name in scope.vars and scope.kind == "pipeline":
        text = f"the pipeline captures `{node.name}` twice"
        c.report("E424", text, (node.end - len(node.name), node.end), hint="choose another name")
    home = outside_comprehensions(c, node.name, node)
    var = home.vars.get(node.name) if home is not None else None
    if var is None:
        var = c.lookup(node.name)
    if var is not None:
        c.assign(var, t)
        if scope.kind == "pipeline":
            scope.vars[node.name] = var


def check_capture(c: Context, node: na.Capture) -> Type:
    """`value as name` at the head of a pipeline; anywhere else it captures nothing."""
    t = c.expr(node.value)
    if c.scope.kind != "pipeline":
        c.report("E424", "`as` captures the result of a pipeline stage; there is no pipeline here", node)
        return t
    bind_capture(c, node, t)
    return t


def mentions(c: Context, node: Any) -> bool:
    """Whether a stage mentions `$$` or a name the pipeline captured."""
    captured = c.scope.vars if c.scope.kind == "pipeline" else {}
    if not captured and not c.has_placeholders:
        return False
    if c.has_placeholders and mentions_placeholder(node):
        return True
    return any(inner.__class__ is na.Name and inner.id in captured for inner in na.walk(node))


def mentions_placeholder(node: Any) -> bool:
    """Whether `$$` stands in the stage; a pipeline inside it has placeholders of its own."""
    stack: list[Any] = [node]
    while stack:
        inner = stack.pop()
        if inner.__class__ is na.Placeholder:
            return True
        if inner.__class__ is na.BinOp and inner.op == "|":
            stack.append(inner.left)
        else:
            stack.extend(inner.children())
    return False


def name_stage(c: Context, node: na.Name, value: Type) -> Stage:
    """`x | f`: naming a function as a stage is calling it."""
    captured = c.scope.vars if c.scope.kind == "pipeline" else {}
    if node.id in captured:
        t = c.expr(node)
        return Stage(node, "value", t, callable_(t), ANY)
    var = resolve(c, node)
    if var is None:
        return builtin_stage(c, node, value)
    if var.kind == "function" and isinstance(var.info, Function):
        function = var.info
        c.graph.call(id(function.node))
        if not function.decorated:
            fits_value(c, node, function.type, var.name, value)
            return Stage(node, "value", function.type, True, result_of(c, function))
        c.graph.escape(id(function.node))
        return Stage(node, "value", CALLABLE, True, ANY)
    if var.kind == "type" and isinstance(var.info, StructInfo) and var.info.kind != "agent":
        t = c.expr(node)
        return Stage(node, "value", t, True, t[1])
    c.graph.call_unknown()
    t = c.expr(node)
    if t[0] == "func":
        fits_value(c, node, t, var.name, value)
        return Stage(node, "value", t, True, t[2])
    return Stage(node, "value", t, callable_(t), ANY)


def builtin_stage(c: Context, node: na.Name, value: Type) -> Stage:
    """`x | len`."""
    from dana.checker.results import builtin_result

    t = builtin_type(node.id)
    if t is None:
        return Stage(node, "value", ANY, None, ANY)
    if node.id in CALLERS:
        c.graph.call_unknown()
    signature = t if t[0] == "func" else constructor(node.id)
    if signature is not None:
        fits_value(c, node, signature, node.id, value, strict=True)
    elif t[0] != "type":
        return Stage(node, "value", t, callable_(t), ANY)
    call = na.Call(node.start, node.end, node, (), ())
    result = builtin_result(c, call, node.id, [(node, value)], t, 0)
    return Stage(node, "value", t, True, result)


def fits_value(c: Context, node: Any, func: Type, name: str, value: Type, *, strict: bool = False) -> None:
    """A function as a stage gets exactly one value; one that takes none drops it."""
    from dana.checker.conversion import possible
    from dana.checker.types import show_signature

    params = func[1]
    if params is None:
        return
    if not params:
        c.checked.drops.add(id(node))
        return
    if not accepts(func, 1):
        wants = f"its signature is `{show_signature(name, func)}`; give the rest, as in `… | {name}(…)`"
        c.report("E401", f"`{name}` cannot be called with the piped value alone", node, hint=wants)
        return
    first = params[0]
    if first[2] in ("normal", "positional") and first[1] is not ANY and not possible(c, value, first[1], strict=strict):
        text = f"`{name}` takes {show(first[1])}, but {show(value)} is piped into it"
        c.report("E301", text, node)


def call_stage(c: Context, node: na.Call, value: Type) -> Stage:
    """`x | f(2)`: f(x, 2) where f takes that many, f(2)(x) where it does not; `$$` places the value."""
    if mentions(c, node):
        c.piped += 1
        t = c.expr(node)
        c.piped -= 1
        return Stage(node, "placed", t, True, t)
    count = len(node.args) + len(node.keywords)
    signature = callee_signature(c, node)
    if signature is None or signature[1] is None or any(a.__class__ is na.Starred for a in node.args):
        t = check_call_stage(c, node, 1)
        return Stage(node, "insert" if signature is not None else "unsure", CALLABLE, True if signature else None, t)
    if (takes(signature, node, 1) and not makes_value(c, node)) or not takes(signature, node, 0):
        if not signature[1] and count == 0:
            c.checked.drops.add(id(node))
            t = check_call_stage(c, node, 0)
        else:
            t = check_call_stage(c, node, 1)
        return Stage(node, "insert", CALLABLE, True, t)
    if not signature[1]:
        c.checked.drops.add(id(node))
        return Stage(node, "insert", CALLABLE, True, check_call_stage(c, node, 0))
    t = c.expr(node)
    c.graph.call_unknown()
    return Stage(node, "value", t, callable_(t), t[2] if t[0] == "func" else ANY)


def makes_value(c: Context, node: na.Call) -> bool:
    """`… | dict(pairs)`, `… | set(xs)`: a builtin type that was given what it converts makes an operand, no stage."""
    func = node.func
    return bool(node.args) and isinstance(func, na.Name) and func.id in TYPES and c.lookup(func.id) is None


def takes(signature: Type, node: na.Call, more: int) -> bool:
    """Whether a call with `more` additional positional arguments fits a signature."""
    params = signature[1]
    named = {k.name for k in node.keywords}
    names = {p[0] for p in params if p[2] in ("normal", "keyword")}
    if None in named or (named - names and not any(p[2] == "double_star" for p in params)):
        return True
    rest = tuple(p for p in params if p[0] not in named)
    return accepts(("func", rest, ANY), len(node.args) + more)


def callee_signature(c: Context, node: na.Call) -> Type | None:
    """The signature of a stage's callee when it is known without checking the call."""
    func = node.func
    if func.__class__ is na.Name:
        var = c.lookup(func.id)
        if var is None:
            t = builtin_type(func.id)
            if t is None:
                return None
            return t if t[0] == "func" else constructor(func.id)
        if var.kind == "function" and isinstance(var.info, Function):
            known = not var.info.decorated or only_poet(var.info.node)
            return var.info.type if known else ("func", None, ANY)
        if var.kind == "type" and isinstance(var.info, StructInfo):
            return var.info.constructor() if var.info.kind == "struct" else ("func", None, ANY)
        if var.type is not None and var.type[0] == "func":
            return var.type
        return None
    if func.__class__ is na.Attribute and func.value.__class__ is na.Name:
        var = c.lookup(func.value.id)
        if var is not None and var.kind == "module" and var.info is not None:
            found = var.info.names.get(func.attr)
            return found if found is not None and found[0] == "func" else None
    return None


def check_call_stage(c: Context, node: na.Call, skip: int) -> Type:
    """Checks a call that gets `skip` arguments from the pipeline."""
    if node.func.__class__ is na.Name and skip:
        t = call_name(c, node, node.func, skip)
        target = c.calls.get(id(node))
        if target is not None and target.kind == "struct":
            c.calls.pop(id(node))
        return t
    if skip:
        from dana.checker.arguments import evaluate

        t = c.expr(node.func)
        c.graph.call_unknown()
        if node.func.__class__ is na.Attribute:
            c.graph.call_method(node.func.attr)
        evaluate(c, node)
        return t[2] if t[0] == "func" else ANY
    return check_call(c, node)


def parallel_stage(c: Context, node: na.List, value: Type) -> Stage:
    """`[f, g]` as a stage; a list of plain values is no stage."""
    stages = [check_stage(c, e, value) for e in node.elts]
    c.graph.call_unknown()
    if not stages or any(s.callable is False for s in stages):
        return Stage(node, "value", ("list", ANY), False, ANY)
    certain = all(s.callable for s in stages)
    return Stage(node, "parallel", CALLABLE, True if certain else None, ("list", ANY))


# -- composed functions ----------------------------------------------------------------------------


def check_composed(c: Context, function: Function) -> Type:
    """`def f(params) = a | b | c`: what it returns; the first stage receives all arguments (L21)."""
    node = function.node
    operators: list[na.BinOp] = []
    first: Any = node.pipeline
    while first.__class__ is na.BinOp and first.op == "|":
        operators.append(first)
        first = first.left
    operators.reverse()
    c.scope = Scope("pipeline", c.scope)
    stage = first_stage(c, function, first)
    t = stage.result
    for operator in operators:
        stage = check_stage(c, operator.right, t)
        c.pipes[id(operator)] = "apply"
        if stage.callable is False:
            text = f"a stage of a pipeline must be callable; this is {show(stage.type)}"
            c.report("E303", text, operator.right, hint="write a function, a lambda or a call here")
        t = stage.result
    c.scope = c.scope.parent or c.scope
    if function.declared:
        from dana.checker.conversion import possible

        declared = c.annotations.get(id(node.returns), ANY)
        if not possible(c, t, declared):
            text = f"`{node.name}` promises {show(declared)}, but its last stage yields {show(t)}"
            c.report("E305", text, node.returns)
    return t


def first_stage(c: Context, function: Function, node: Any) -> Stage:
    """The head of a composed function: a parameter is a value, a call that mentions one is a plain call."""
    names = {p.name for p in function.node.params}
    inner = node.value if node.__class__ is na.Capture else node
    if inner.__class__ is na.Name and inner.id in names:
        t = c.expr(inner)
        stage = Stage(node, "value", t, True, t)
    elif names and names_used(inner) & names:
        t = c.expr(inner)
        stage = Stage(node, "placed", t, True, t)
    elif inner.__class__ is na.Name:
        stage = head_name(c, inner, function)
    elif inner.__class__ is na.Call:
        stage = head_call(c, inner, function)
    else:
        stage = check_stage(c, inner, ANY)
        if stage.callable is False and not names:
            stage.result = stage.type
    c.checked.stages[id(node)] = c.checked.stages[id(inner)] = stage.kind
    if node.__class__ is na.Capture:
        bind_capture(c, node, stage.result)
    return stage


def names_used(node: Any) -> set[str]:
    """Every plain name below a node."""
    return {inner.id for inner in na.walk(node) if inner.__class__ is na.Name}


def head_name(c: Context, node: na.Name, function: Function) -> Stage:
    """`def f(a, b) = g | …`: g gets a and b."""
    var = resolve(c, node)
    if var is not None and var.kind == "function" and isinstance(var.info, Function):
        c.graph.call(id(var.info.node))
        params = function.type[1]
        if params is not None and not var.info.decorated:
            head_fits(c, node, var.info.type, params)
        return Stage(node, "value", var.info.type, True, result_of(c, var.info))
    c.graph.call_unknown()
    t = c.expr(node)
    return Stage(node, "value", t, callable_(t), t[2] if t[0] == "func" else ANY)


def head_fits(c: Context, node: na.Name, func: Type, params: tuple[Any, ...]) -> None:
    """The first stage must take as many arguments as the composed function."""
    from dana.checker.types import show_signature

    if func[1] == ():
        c.checked.drops.add(id(node))
        return
    if any(p[2] != "normal" for p in params) or accepts(func, len(params)):
        return
    text = f"`{node.id}` cannot take the {len(params)} argument{'' if len(params) == 1 else 's'} of this function"
    c.report("E401", text, node, hint=f"its signature is `{show_signature(node.id, func)}`")


def head_call(c: Context, node: na.Call, function: Function) -> Stage:
    """`def f(a) = g(2) | …`: g(a, 2); with `$$` the argument stands there."""
    params = function.type[1]
    if params is not None and not params:
        return Stage(node, "placed", ANY, True, c.expr(node))
    if params is None or len(params) == 1:
        return call_stage(c, node, ANY)
    c.piped += 1
    t = check_call_stage(c, node, 0 if mentions(c, node) else len(params))
    c.piped -= 1
    return Stage(node, "placed" if mentions(c, node) else "insert", ANY, True, t)


def check_placeholder(c: Context, node: na.Placeholder) -> Type:
    """`$$` needs a pipeline or a call around it."""
    if not c.piped:
        text = "`$$` stands for the piped value; here is no pipeline and no call"
        c.report("E423", text, node, hint="write `value | f(…, $$)`, or a lambda")
    return ANY
