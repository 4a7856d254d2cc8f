"""Functions: signatures first, bodies later (or when a caller needs their result), lambdas on the way."""

from __future__ import annotations

from dana.ast import nodes as na
from dana.checker.annotations import annotation, merge
from dana.checker.declare import declare, declare_parameters, declare_walrus
from dana.checker.model import Function, Scope
from dana.checker.types import ANY, CALLABLE, NONE, held, join, strip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.checker.context import Context
    from dana.checker.model import Var
    from dana.checker.types import Type

MAX_PENDING = 12
MAX_ROUNDS = 4


def declare_functions(c: Context, scope: Scope) -> None:
    """Gives every function defined in `scope` its signature, so that calls may come first."""
    for owner, node in c.receivers:
        if owner is scope:
            make_function(c, node, scope)
    for var in scope.vars.values():
        node = var.node
        if node is None:
            continue
        if var.kind == "function":
            function = make_function(c, node, scope)
            function.var = var
            var.info = function
            var.type = value_type(function)
        elif var.kind == "receiver":
            function = make_function(c, node, scope)
            var.info = function
            var.type = CALLABLE


def make_function(c: Context, node: Any, scope: Scope) -> Function:
    """The record of a function definition (made once)."""
    found = c.functions.get(id(node))
    if found is not None:
        return found
    saved, c.scope = c.scope, scope
    type_, declared = function_signature(c, node)
    c.scope = saved
    decorated = bool(node.decorators)
    function = c.functions[id(node)] = Function(node, type_, scope, declared=declared, decorated=decorated)
    if decorated:
        c.graph.escape(id(node))
    return function


def value_type(function: Function) -> Type:
    """What the function's name holds: its signature, or just a callable once a decorator had its way."""
    if not function.decorated:
        return function.type
    if only_poet(function.node):
        return ("func", poet_type(function)[1], ANY)
    return ANY


def only_poet(node: Any) -> bool:
    """Whether all decorators are the native `@poet`, which keeps the signature."""
    for decorator in node.decorators:
        expr = decorator.expr
        head = expr.func if isinstance(expr, na.Call) else expr
        if not (isinstance(head, na.Name) and head.id == "poet"):
            return False
    return True


# Options whose work is to turn any argument into what the parameters are declared to be.
READING = frozenset({"perceive_handler", "domain", "plugins", "custom_plugin"})


def poet_type(function: Function) -> Type:
    """The signature callers of a `@poet` function see: with a `perceive_handler` or a domain any argument may be
    given, because these work before the parameters' annotations are enforced; with `batch` it is called with one item,
    and gives its result.
    """
    kind, params, result = function.type
    options = _options_of(function.node)
    if params is None or (READING.isdisjoint(options) and "batch" not in options):
        return function.type
    free = tuple((name, ANY, how, default) for name, _, how, default in params)
    return (kind, free, ANY if "batch" in options else result)


def _options_of(node: Any) -> set[str | None]:
    """The names of the options all decorators are given."""
    calls = [d.expr for d in node.decorators if isinstance(d.expr, na.Call)]
    return {keyword.name for call in calls for keyword in call.keywords}


def takes_items(function: Function) -> bool:
    """Whether the function takes a list and is called with single items (`batch`)."""
    return function.decorated and "batch" in _options_of(function.node)


def function_signature(c: Context, node: Any) -> tuple[Type, bool]:
    """The `("func", …)` type (receiver first) and whether the result is declared."""
    params: list[tuple[str, Type, str, bool]] = []
    if node.receiver is not None:
        params.append((node.receiver.name, annotation(c, node.receiver.type), "normal", False))
    for param in node.params:
        params.append((param.name, declared_parameter(c, param), param.kind, param.default is not None))
    returns = getattr(node, "returns", None)
    if node.__class__ is na.ComposedDef and not node.has_params and node.receiver is None:
        return ("func", None, ANY if returns is None else result_type(annotation(c, returns))), returns is not None
    if returns is None:
        return ("func", tuple(params), ANY), False
    return ("func", tuple(params), result_type(annotation(c, returns))), True


def result_type(declared: Type) -> Type:
    """What a call of a function with this declared result yields; elements were checked just now."""
    kind = declared[0]
    if kind in ("list", "set", "dict", "tuple", "tuple*"):
        return declared if not mentions_ref(declared) else held(declared)
    return held(declared)


def mentions_ref(t: Any) -> bool:
    """Whether a type has a part that only run time knows."""
    if t.__class__ is not tuple:
        return False
    return bool(t) and (t[0] in ("ref", "interface", "func") or any(mentions_ref(p) for p in t))


def declared_parameter(c: Context, param: na.Param) -> Type:
    """A parameter's declared type; a default of None makes it optional (L13)."""
    if param.annotation is None:
        return ANY
    t = annotation(c, param.annotation)
    default = param.default
    if default.__class__ is na.Constant and default.value is None:
        return merge([t, NONE])
    return t


# -- definitions -----------------------------------------------------------------------------------


def check_function_def(c: Context, node: Any) -> bool:
    """`def`: decorators and defaults here and now, the body when its turn comes."""
    from dana.checker.decorators import check_decorators

    check_decorators(c, node)
    var = c.lookup(node.name)
    if c.rerun and var is not None and var.kind == "variable":
        c.functions.pop(id(node), None)
    function = make_function(c, node, c.scope)
    check_defaults(c, node, function.type)
    if node.receiver is not None:
        c.graph.method(node.name, id(node))
        check_receiver(c, node)
    if var is not None and var.kind not in ("function", "receiver"):
        c.graph.escape(id(node))
        c.assign(var, value_type(function) if node.receiver is None else CALLABLE)
    shadows_builtin(c, node.name, node.name_at)
    if c.scope is c.top and c.function is None:
        c.module_functions.append(function)
    else:
        function.state = 0
        check_body(c, function)
    return False


def check_receiver(c: Context, node: Any) -> None:
    """A receiver's type must be a type that has methods: a struct, resource, agent or a union of them."""
    declared = c.annotations.get(id(node.receiver.type), ANY)
    for option in declared[1] if declared[0] == "union" else (declared,):
        if option[0] == "interface":
            text = f"an interface cannot receive methods: `{option[1]}`"
            c.report("E418", text, node.receiver, hint="name the structs, as in `(s: Circle | Square)`")
        elif option == NONE:
            c.report("E418", "None cannot receive methods", node.receiver)


def shadows_builtin(c: Context, name: str, at: int) -> None:
    """The lint for a definition that hides a builtin (L9)."""
    if c.builtin(name) is not None and name not in _FREE_TO_SHADOW and c.scope is c.top:
        text = f"`{name}` hides the builtin of that name"
        c.report("W201", text, (at, at + len(name)), hint="choose another name if you still need the builtin")


_FREE_TO_SHADOW = frozenset({"__name__", "__file__", "DanaAgent", "BasicAgent"})


def check_defaults(c: Context, node: Any, signature: Type) -> None:
    """Defaults are evaluated where the function is defined and must fit their parameters."""
    from dana.checker.conversion import check_value

    offset = 0 if node.receiver is None else 1
    saved = c.graph.owner
    for index, param in enumerate(node.params):
        if param.default is not None:
            c.graph.owner = id(node) if param.default.__class__ is na.Call else saved
            static = c.expr(param.default)
            declared = signature[1][index + offset][1]
            if declared is not ANY:
                check_value(c, param.default, static, declared, "E306", f"the default of `{param.name}`")
    c.graph.owner = saved


# -- bodies ----------------------------------------------------------------------------------------


def check_body(c: Context, function: Function) -> None:
    """Checks a function's body, in rounds until the types of its variables are stable."""
    if function.state != 0:
        return
    function.state = 1
    node = function.node
    saved = (c.scope, c.function, c.narrow, c.in_loop, c.loop_end, c.graph.owner, c.piped, c.rerun)
    outer_findings, c.diagnostics = c.diagnostics, []
    scope = Scope("function", function.scope, function)
    c.scope, c.function, c.narrow, c.in_loop, c.loop_end, c.piped = scope, function, {}, 0, 0, 0
    blocks, c.blocks = c.blocks, 0
    c.graph.owner = id(node)
    declare_parameters(c, scope, function)
    if node.__class__ is na.ComposedDef:
        if c.assigns_in_expressions:
            declare_walrus(c, scope, node.pipeline)
        run_composed(c, function)
    else:
        declare(c, scope, node.body)
        if any(v.kind == "type" for v in scope.vars.values()):
            from dana.checker.structs import declare_types

            declare_types(c, scope)
        declare_functions(c, scope)
        run_rounds(c, function, scope)
    c.scope, c.function, c.narrow, c.in_loop, c.loop_end, c.graph.owner, c.piped, c.rerun = saved
    c.blocks = blocks
    c.seen.update(scope.vars)
    mark_cells(c, scope, node)
    function.state = 2
    # A module-level function is checked once, perhaps in the middle of a round that is repeated later.
    (c.finished if function.scope is c.top else outer_findings).extend(c.diagnostics)
    c.diagnostics = outer_findings


def run_rounds(c: Context, function: Function, scope: Scope) -> None:
    """Body once; again while an assignment contradicted a type that was relied on before it."""
    body = function.node.body
    for name, t in function.memo.items():
        # The outer function goes through another round: what the last one found out is still true.
        if scope.vars[name].kind in ("variable", "parameter"):
            scope.vars[name].type = t
    for round_ in range(MAX_ROUNDS):
        mark = len(c.diagnostics)
        scope.changed = False
        function.returns = None
        reset_inner(scope)
        ended = c.block(body)
        if not ended:
            note_return(function, NONE)
        if not scope.changed or round_ == MAX_ROUNDS - 1:
            break
        if round_ == MAX_ROUNDS - 2:
            forget_types(scope)
        del c.diagnostics[mark:]
        c.narrow = {}
        c.rerun += 1
    if round_ and function.scope is not c.top:
        function.memo = {name: var.type for name, var in scope.vars.items() if var.type is not None}
    if function.declared and not ended:
        check_falls_through(c, function)


def reset_inner(scope: Scope) -> None:
    """Inner functions are checked anew in every round."""
    for var in scope.vars.values():
        if var.info.__class__ is Function:
            var.info.state = 0
            var.info.returns = None


def forget_types(scope: Scope) -> None:
    """The last resort that always ends the rounds: variables that several assignments share hold anything."""
    for var in scope.vars.values():
        if var.kind in ("variable", "parameter"):
            var.type = ANY


def note_return(function: Function, t: Type) -> None:
    """One more value the function may return."""
    function.returns = t if function.returns is None else join(function.returns, t)


def check_falls_through(c: Context, function: Function) -> None:
    """A declared result that None cannot be, and an end of the body that is certainly reached."""
    from dana.checker.conversion import possible

    node = function.node
    declared = c.annotations.get(id(node.returns), ANY)
    if function.returns == NONE and node.body and not possible(c, NONE, declared) and not only_placeholder(node.body):
        from dana.checker.types import show

        text = f"`{node.name}` promises {show(declared)} but never returns a value"
        c.report("E305", text, node.returns, hint="add a `return`, or declare `-> None`")


def only_placeholder(body: tuple[na.Stmt, ...]) -> bool:
    """`pass`, `...` or a docstring alone: a body still to be written."""
    return all(
        stmt.__class__ in (na.Pass, na.ErrorStmt)
        or (isinstance(stmt, na.ExprStmt) and isinstance(stmt.value, na.Constant))
        for stmt in body
    )


def mark_cells(c: Context, scope: Scope, node: Any) -> None:
    """Occurrences of variables that inner functions use are "cell" everywhere."""
    names = {v.name for v in scope.vars.values() if v.captured}
    if not names:
        return
    bindings = c.bindings
    for inner in na.walk(node):
        if inner.__class__ is na.Name and inner[2] in names and bindings.get(id(inner)) == "local":
            bindings[id(inner)] = "cell"


def result_of(c: Context, function: Function) -> Type:
    """What calling the function yields: declared, or found out from its body."""
    if function.declared:
        return ANY if takes_items(function) else function.type[2]
    if function.decorated:
        return ANY
    if function.state == 0:
        if c.pending >= MAX_PENDING or c.function is None or function.scope is not c.top:
            return ANY
        c.pending += 1
        saved, c.scope = c.scope, c.top
        check_body(c, function)
        c.scope = saved
        c.pending -= 1
    if function.state != 2 or function.returns is None:
        return ANY
    return strip(function.returns)


# -- lambdas ---------------------------------------------------------------------------------------


def check_lambda(c: Context, node: na.Lambda) -> Type:
    """`lambda x: e`, `lambda (p: P) x :: e`: a function whose value escapes."""
    type_, _ = function_signature(c, node)
    check_defaults(c, node, type_)
    function = Function(node, type_, c.scope, declared=False, decorated=False)
    c.graph.escape(id(node))
    scope = Scope("lambda", c.scope, function)
    if node.receiver is not None or node.params:
        declare_parameters(c, scope, function)
    if c.assigns_in_expressions:
        declare_walrus(c, scope, node.body)
    saved = (c.scope, c.function, c.graph.owner, c.in_loop, c.narrow, c.piped)
    c.scope, c.function, c.graph.owner, c.in_loop, c.piped = scope, function, id(node), c.in_loop + 1, 0
    c.narrow = stable_facts(c)
    mark = len(c.diagnostics)
    result = c.expr(node.body)
    if scope.changed:
        forget_types(scope)
        del c.diagnostics[mark:]
        c.rerun += 1
        result = c.expr(node.body)
        c.rerun -= 1
    c.scope, c.function, c.graph.owner, c.in_loop, c.narrow, c.piped = saved
    mark_cells(c, scope, node)
    return ("func", type_[1], strip(result))


def stable_facts(c: Context) -> dict[Var, Type]:
    """What is known about variables that are assigned only once stays true when a lambda runs later."""
    return {v: t for v, t in c.narrow.items() if v.count <= 1 and not v.foreign} if c.narrow else {}


# -- composed functions ----------------------------------------------------------------------------


def run_composed(c: Context, function: Function) -> None:
    """`def f(x) = a | b`: the stages, the first of which receives all arguments (L21)."""
    from dana.checker.pipelines import check_composed

    function.returns = check_composed(c, function)
