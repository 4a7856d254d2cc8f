"""Statements to lists of Python statements, one function per node."""

from __future__ import annotations

import ast as py

from dana import abi
from dana import ast as na
from dana.checker.types import proves
from dana.lowering.annotations import (
    accepts_anything,
    check_variable,
    exact_class,
    static_type,
    type_globals,
    type_name,
)
from dana.lowering.context import LOAD, STORE, Context
from dana.lowering.expressions import is_range, lower_walked
from dana.lowering.functions import lower_composed_def, lower_function_def, unchecked_function
from dana.lowering.patterns import lower_match
from dana.lowering.promises import expected, follows, inner_block, last_call, scoped
from dana.lowering.quick import is_names, is_quick, writes_only_names
from dana.lowering.stores import assign_to, lower_assign, lower_aug_assign, lower_delete, lower_target
from dana.lowering.structs import (
    lower_agent_blueprint_def,
    lower_agent_def,
    lower_interface_def,
    lower_resource_def,
    lower_struct_def,
    lower_type_alias,
    unchecked_constructor,
)
from dana.lowering.tests import lower_telling_assert, lower_test_block

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# Handlers of these would also catch CPython's RecursionError, which is Dana's depth limit (L24).
SMALL_TEST = 9
MAX_SLICED = 3
SMALL_BODY = 200
BROAD = frozenset({"Exception", "RuntimeError", "RecursionError", "BaseException"})


def lower_module(cx: Context, module: na.Module) -> py.Module:
    """The whole file: its statements, the value of its last expression statement kept in `.value` (L27)."""
    last = next((s for s in reversed(module.body) if isinstance(s, na.ExprStmt)), None)
    has_promises = follows(cx, module.body, module=True)
    parts: list[tuple[na.Stmt, list[py.stmt]]] = []
    for statement in module.body:
        if statement is last:
            parts.append((last, [cx.assign(".value", cx.expr(last.value), last)]))
        else:
            parts.append((statement, cx.statement(statement)))
    body: list[py.stmt] = []
    for statement, lowered in parts:
        body += lowered
        body += unchecked_entries(cx, statement)
    head: list[py.stmt] = []
    origin = na.Module(0, 0, (), None)
    if has_promises:
        body = scoped(cx, body, origin)
    if module.doc is not None:
        head.append(cx.assign("__doc__", cx.const(module.doc, origin), origin))
    if cx.field_names:
        names = cx.const(tuple(sorted(cx.field_names)), origin)
        head.append(cx.expr_stmt(cx.call(".fields", origin, cx.load(".module", origin), names), origin))
    head += _undefined_entries(cx, module, origin)
    head += type_globals(cx, origin)
    return py.Module(body=head + body, type_ignores=[])


def _undefined_entries(cx: Context, module: na.Module, origin: na.Node) -> list[py.stmt]:
    """What entries without checks are until the `def` or `struct` they belong to has run."""
    named = [s.name for s in module.body if isinstance(s, (na.FunctionDef, na.StructDef)) and id(s) in cx.raw_used]
    if not named:
        return []
    words = [cx.const(name, origin) for name in named]
    return [cx.expr_stmt(cx.call(".undefine", origin, cx.load(".module", origin), *words), origin)]


def unchecked_entries(cx: Context, node: na.Stmt) -> list[py.stmt]:
    """The second entries (`proven`) that calls anywhere in the module have asked for."""
    out: list[py.stmt] = []
    if isinstance(node, na.FunctionDef) and id(node) in cx.raw_used:
        out.append(unchecked_function(cx, node))
    elif isinstance(node, na.StructDef):
        if id(node) in cx.raw_used:
            out += unchecked_constructor(cx, node)
        for method in node.methods:
            if isinstance(method, na.FunctionDef) and id(method) in cx.raw_used:
                out.append(unchecked_function(cx, method, node.name))
    return out


# --- simple statements --------------------------------------------------------------------------


def lower_expr_stmt(cx: Context, node: na.ExprStmt) -> list[py.stmt]:
    return [cx.expr_stmt(cx.expr(node.value), node)]


def lower_ann_assign(cx: Context, node: na.AnnAssign) -> list[py.stmt]:
    """`x: T = e` converts (L14); `x: T` alone makes `x` a local of its function."""
    if node.value is None:
        return _declaration(cx, node)
    static = cx.type_of(node.value)
    declared = static_type(cx, node.annotation)
    value = cx.expr(node.value)
    if cx.plan is not None and id(node.value) in cx.plan.begun:
        return assign_to(cx, node.target, expected(cx, node, value), static, node)
    # A truth value is an `int` as it is, but assigned to one it becomes 0 or 1.
    counts = static[0] == "bool" and declared[0] == "int"
    if accepts_anything(cx, node.annotation) or (proves(static, declared) and not counts):
        return assign_to(cx, node.target, value, static, node)
    text = cx.text(node.target)
    if exact_class(cx, node.annotation) is None:
        made = cx.call(".assign", node, value, type_name(cx, node.annotation), cx.const(text, node))
        return assign_to(cx, node.target, made, declared, node)
    name = cx.temporary()
    out: list[py.stmt] = [cx.assign(name, value, node)]
    out += check_variable(cx, name, node.annotation, ".assign", text, node=node)
    return [*out, *assign_to(cx, node.target, cx.load(name, node), declared, node)]


def _declaration(cx: Context, node: na.AnnAssign) -> list[py.stmt]:
    if cx.at_module_level or not isinstance(node.target, na.Name):
        return []
    target, _ = lower_target(cx, node.target)
    if not isinstance(target, py.Name):
        return []
    return [py.AnnAssign(target=target, annotation=cx.const(None, node), value=None, simple=1, **cx.at(node))]


def lower_return(cx: Context, node: na.Return) -> list[py.stmt]:
    """`return`/`deliver`; the value passes the function's return annotation (L13)."""
    place = cx.at(node)
    last: py.expr | None = None
    if node.value is None:
        value: py.expr = cx.const(None, node)
        static: tuple[object, ...] = ("none",)
    else:
        last = last_call(cx, node.value)
        value = cx.expr(node.value) if last is None else last
        static = cx.type_of(node.value)
    returns = cx.function.returns
    helper = ".result" if last is None else ".last_result"
    if returns is None or accepts_anything(cx, returns) or proves(static, static_type(cx, returns)):
        return [py.Return(value=None if node.value is None else value, **place)]
    function = cx.function.name
    if exact_class(cx, returns) is None:
        made = cx.call(helper, node, value, type_name(cx, returns), cx.const(function, node))
        return [py.Return(value=made, **place)]
    name = cx.temporary()
    out: list[py.stmt] = [cx.assign(name, value, node)]
    out += check_variable(cx, name, returns, helper, function, node=node)
    return [*out, py.Return(value=cx.load(name, node), **place)]


def lower_raise(cx: Context, node: na.Raise) -> list[py.stmt]:
    if node.exc is None:
        return [py.Raise(exc=None, cause=None, **cx.at(node))]
    value = cx.expr(node.exc)
    if not _makes_exception(cx, node.exc):
        value = cx.call(".raising", node, value)
    cause = None
    if node.cause is not None:
        cause = cx.expr(node.cause)
        if not _makes_exception(cx, node.cause) and not isinstance(node.cause, na.Constant):
            cause = cx.call(".raising", node.cause, cause)
    return [py.Raise(exc=value, cause=cause, **cx.at(node))]


def _makes_exception(cx: Context, node: na.Expr) -> bool:
    """Whether the operand of `raise` is certainly an exception or an exception class."""
    kind = cx.type_of(node)
    return bool(kind[0] == "exception" or (kind[0] == "type" and kind[1][0] == "exception"))


def lower_assert(cx: Context, node: na.Assert) -> list[py.stmt]:
    if cx.tests is not None:
        return lower_telling_assert(cx, node)
    msg = None if node.msg is None else cx.expr(node.msg)
    return [py.Assert(test=cx.expr(node.test), msg=msg, **cx.at(node))]


def lower_pass(cx: Context, node: na.Pass) -> list[py.stmt]:
    return [py.Pass(**cx.at(node))]


def lower_break(cx: Context, node: na.Break) -> list[py.stmt]:
    return [py.Break(**cx.at(node))]


def lower_continue(cx: Context, node: na.Continue) -> list[py.stmt]:
    return [py.Continue(**cx.at(node))]


def lower_global(cx: Context, node: na.Global) -> list[py.stmt]:
    names = _not_yet_declared(cx, node.names)
    return [py.Global(names=names, **cx.at(node))] if names else []


def lower_nonlocal(cx: Context, node: na.Nonlocal) -> list[py.stmt]:
    names = _not_yet_declared(cx, node.names)
    return [py.Nonlocal(names=names, **cx.at(node))] if names else []


def _not_yet_declared(cx: Context, names: tuple[str, ...]) -> list[str]:
    """Said a second time a declaration is idle, and CPython refuses it behind an assignment."""
    fresh = [abi.variable(n) for n in dict.fromkeys(names) if n not in cx.function.declared]
    cx.function.declared.update(names)
    return fresh


# --- modules ------------------------------------------------------------------------------------


def lower_import(cx: Context, node: na.Import) -> list[py.stmt]:
    """`import a.b as c` binds the module; `import a.b` binds `a` (L25)."""
    out: list[py.stmt] = []
    for alias in node.names:
        path = cx.const(alias.path, alias)
        root = alias.asname is None and len(alias.path) > 1
        words = [cx.load(".module", node), cx.const(0, node), path, cx.const(alias.python, node), cx.const(root, node)]
        name = alias.asname or alias.path[0]
        out.append(cx.assign(abi.variable(name), cx.call(".import_", alias, *words), alias))
    return out


def lower_import_from(cx: Context, node: na.ImportFrom) -> list[py.stmt]:
    words = [
        cx.load(".module", node),
        cx.const(node.level, node),
        cx.const(node.path, node),
        cx.const(node.python, node),
    ]
    if node.names is None:
        return [cx.expr_stmt(cx.call(".star", node, *words), node)]
    names = cx.const(tuple(a.path[0] for a in node.names), node)
    targets = [cx.store(abi.variable(a.asname or a.path[0]), a) for a in node.names]
    target = py.Tuple(elts=list[py.expr](targets), ctx=targets[0].ctx, **cx.at(node))
    return [py.Assign(targets=[target], value=cx.call(".from_", node, *words, names), **cx.at(node))]


def lower_export(cx: Context, node: na.Export) -> list[py.stmt]:
    names = cx.const(node.names, node)
    return [cx.expr_stmt(cx.call(".export", node, cx.load(".module", node), names), node)]


def lower_use(cx: Context, node: na.Use) -> list[py.stmt]:
    keywords = [py.keyword(arg=k.name, value=cx.expr(k.value), **cx.at(k)) for k in node.keywords]
    call = py.Call(func=cx.load("use", node), args=cx.exprs(node.args), keywords=keywords, **cx.at(node))
    if node.asname is None:
        return [cx.expr_stmt(call, node)]
    return [cx.assign(abi.variable(node.asname), call, node)]


# --- compound statements ------------------------------------------------------------------------


def lower_if(cx: Context, node: na.If) -> list[py.stmt]:
    orelse = cx.block(node.orelse)
    for branch in reversed(node.branches):
        test, body = cx.expr(branch.test), _body(cx, branch.body, branch)
        orelse = [py.If(test=test, body=body, orelse=orelse, **cx.at(branch))]
    return orelse


def _body(cx: Context, nodes: tuple[na.Stmt, ...], owner: na.Node, key: object = None) -> list[py.stmt]:
    return inner_block(cx, nodes, key, owner) or [py.Pass(**cx.at(owner))]


def lower_while(cx: Context, node: na.While) -> list[py.stmt]:
    """`for _ in .steps: if not test: break; body` — the step counter is the loop."""
    place = cx.at(node)
    if not cx.metered:
        return [
            py.While(test=cx.expr(node.test), body=_body(cx, node.body, node), orelse=cx.block(node.orelse), **place)
        ]
    flag = cx.temporary() if node.orelse else ""
    leave: list[py.stmt] = [py.Break(**cx.at(node.test))]
    if flag:
        leave.insert(0, cx.assign(flag, cx.const(True, node), node.test))
    body: list[py.stmt] = []
    if not flag and _may_turn(node):
        return [_turned(cx, node)]
    if not (isinstance(node.test, na.Constant) and node.test.value is True):
        body.append(_leave_unless(cx, node.test, leave))
    body += cx.block(node.body)
    # The header carries the condition's place: that is where a limit is reported.
    loop = py.For(target=cx.store(".s", node.test), iter=cx.load(".steps", node.test), body=body, orelse=[], **place)
    if not flag:
        return [loop]
    after = py.If(test=cx.load(flag, node), body=cx.block(node.orelse), orelse=[], **place)
    return [cx.assign(flag, cx.const(False, node), node), loop, after]


def _leave_unless(cx: Context, test: na.Expr, leave: list[py.stmt]) -> py.If:
    stop = py.UnaryOp(op=py.Not(), operand=cx.expr(test), **cx.at(test))
    return py.If(test=stop, body=leave, orelse=[], **cx.at(test))


def _may_turn(node: na.While) -> bool:
    """Whether the test is cheap to write twice and the body cannot jump past the second one."""
    if isinstance(node.test, na.Constant) or sum(1 for _ in na.walk(node.test)) > SMALL_TEST:
        return False
    return not any(
        isinstance(n, (na.Continue, na.Lambda, na.NamedExpr)) for s in (*node.body, node.test) for n in na.walk(s)
    )


def _turned(cx: Context, node: na.While) -> py.stmt:
    """`if test: for _ in .steps: body; if not test: break`: a loop that does not begin sets up nothing."""
    place = cx.at(node)
    body = [*_body(cx, node.body, node), _leave_unless(cx, node.test, [py.Break(**cx.at(node.test))])]
    loop = py.For(target=cx.store(".s", node.test), iter=cx.load(".steps", node.test), body=body, orelse=[], **place)
    return py.If(test=cx.expr(node.test), body=[loop], orelse=[], **place)


def lower_for(cx: Context, node: na.For) -> list[py.stmt]:
    target, after = lower_target(cx, node.target)
    sliced = _may_slice(cx, node)
    cx.sliced += sliced
    body = [*after, *_body(cx, node.body, node)]
    cx.sliced -= sliced
    if sliced:
        return _sliced(cx, node, target, body)
    source = cx.metered_iterable(node.iter, lower_walked(cx, node.iter), ahead=False)
    return [py.For(target=target, iter=source, body=body, orelse=cx.block(node.orelse), **cx.at(node))]


def _may_slice(cx: Context, node: na.For) -> bool:
    """Whether the loop's steps may be charged ahead (`quick`)."""
    if not cx.metered or cx.sliced >= MAX_SLICED or not is_quick(cx, *node.body):
        return False
    return is_range(cx, node.iter) or (is_names(node.target) and writes_only_names(cx, *node.body))


def _sliced(cx: Context, node: na.For, target: py.expr, body: list[py.stmt]) -> list[py.stmt]:
    """`for .c in .slices(xs): for x in .c: body` — rounds that cost nothing extra; a `break` leaves both."""
    place = cx.at(node)
    part = cx.temporary()
    orelse: list[py.stmt] = []
    after: list[py.stmt] = []
    if any(isinstance(n, na.Break) for s in node.body for n in na.walk(s)):
        orelse, after = [py.Continue(**place)], [py.Break(**place)]
    inner = py.For(target=target, iter=cx.load(part, node.iter), body=body, orelse=orelse, **place)
    finish = cx.block(node.orelse)

    def in_parts(source: py.expr) -> py.stmt:
        return py.For(target=cx.store(part, node.iter), iter=source, body=[inner, *after], orelse=finish, **place)

    if not is_range(cx, node.iter):
        return [in_parts(cx.call(".slices", node.iter, cx.expr(node.iter)))]
    before, whole, paid = _paid_range(cx, node.iter)
    overdrawn = cx.call(".overdrawn", node.iter, whole)
    if _is_innermost(node):
        # The body stands there twice: a loop that is paid for is the plain loop, nothing around it.
        plain = py.For(target=target, iter=whole, body=body, orelse=finish, **place)
        return [*before, py.If(test=paid, body=[plain], orelse=[in_parts(overdrawn)], **place)]
    alone = py.Tuple(elts=[whole], ctx=LOAD, **cx.at(node.iter))
    return [*before, in_parts(py.IfExp(test=paid, body=alone, orelse=overdrawn, **cx.at(node.iter)))]


def _is_innermost(node: na.For) -> bool:
    """Whether the body is small enough, and without loops, to be written twice."""
    nodes = [n for s in node.body for n in na.walk(s)]
    return len(nodes) <= SMALL_BODY and not any(isinstance(n, (na.For, na.While, na.Comprehension)) for n in nodes)


def _paid_range(cx: Context, node: na.Expr) -> tuple[list[py.stmt], py.expr, py.expr]:
    """`.r = range(…)`, `.bank[0] -= .len(.r)`; then `.r` and `.bank[0] > 0`."""
    place = cx.at(node)
    name = cx.temporary()
    whole = cx.load(name, node)

    def bank(ctx: py.expr_context) -> py.Subscript:
        return py.Subscript(value=cx.load(".bank", node), slice=cx.const(0, node), ctx=ctx, **place)

    pay = py.AugAssign(target=bank(STORE), op=py.Sub(), value=cx.call(".len", node, whole), **place)
    empty = py.Assign(targets=[bank(STORE)], value=cx.const(0, node), **place)
    huge = py.ExceptHandler(type=cx.load(".OverflowError", node), name=None, body=[empty], **place)
    paid = py.Try(body=[pay], handlers=[huge], orelse=[], finalbody=[], **place)
    test = py.Compare(left=bank(LOAD), ops=[py.Gt()], comparators=[cx.const(0, node)], **place)
    return [cx.assign(name, cx.expr(node), node), paid], whole, test


def lower_try(cx: Context, node: na.Try) -> list[py.stmt]:
    handlers: list[py.ExceptHandler] = []
    for handler in node.handlers:
        if _is_broad(handler):
            handlers.append(_depth_guard(cx, handler))
        handlers.append(lower_except_handler(cx, handler))
    body, final = _body(cx, node.body, node, node), cx.block(node.finalbody)
    if node.finalbody and not final:
        final = [py.Pass(**cx.at(node))]
    orelse = inner_block(cx, node.orelse, node.orelse, node)
    return [py.Try(body=body, handlers=handlers, orelse=orelse, finalbody=final, **cx.at(node))]


def _is_broad(handler: na.ExceptHandler) -> bool:
    if handler.type is None:
        return True
    types = handler.type.elts if isinstance(handler.type, na.Tuple) else (handler.type,)
    return any(not isinstance(t, na.Name) or t.id in BROAD for t in types)


def _depth_guard(cx: Context, handler: na.ExceptHandler) -> py.ExceptHandler:
    """`except RecursionError as e: raise .depth(e)`, ahead of a handler that would swallow it."""
    name = cx.temporary()
    fault = py.Raise(exc=cx.call(".depth", handler, cx.load(name, handler)), cause=None, **cx.at(handler))
    return py.ExceptHandler(type=cx.load(".RecursionError", handler), name=name, body=[fault], **cx.at(handler))


def lower_except_handler(cx: Context, node: na.ExceptHandler) -> py.ExceptHandler:
    kind = cx.load(".Exception", node) if node.type is None else cx.expr(node.type)
    if node.name is None:
        caught = _body(cx, node.body, node, node)
        return py.ExceptHandler(type=kind, name=None, body=caught, **cx.at(node))
    name = abi.variable(node.name)
    body: list[py.stmt] = []
    if _escapes(node.name, node.body):
        body.append(cx.assign(name, cx.call(".caught", node, cx.load(name, node)), node))
    cx.function.handlers.append(node.name)
    body += _body(cx, node.body, node, node)
    cx.function.handlers.pop()
    return py.ExceptHandler(type=kind, name=name, body=body, **cx.at(node))


def _escapes(name: str, body: tuple[na.Stmt, ...]) -> bool:
    """Whether the caught exception is used as a value, not only raised again or asked for a field."""
    harmless: set[int] = set()
    for statement in body:
        for node in na.walk(statement):
            if isinstance(node, na.Attribute) and isinstance(node.value, na.Name):
                harmless.add(id(node.value))
            elif isinstance(node, na.Raise):
                harmless.update(id(n) for n in (node.exc, node.cause) if n is not None)
            elif isinstance(node, na.Name) and node.id == name and id(node) not in harmless:
                return True
    return False


def lower_with(cx: Context, node: na.With) -> list[py.stmt]:
    items: list[py.withitem] = []
    after: list[py.stmt] = []
    for item in node.items:
        target = None
        if item.target is not None:
            target, more = lower_target(cx, item.target)
            after += more
        items.append(py.withitem(context_expr=cx.expr(item.context), optional_vars=target))
    return [py.With(items=items, body=[*after, *_body(cx, node.body, node, node)], **cx.at(node))]


STATEMENTS: dict[type[na.Stmt], Callable[..., list[py.stmt]]] = {
    na.ExprStmt: lower_expr_stmt,
    na.Assign: lower_assign,
    na.AnnAssign: lower_ann_assign,
    na.AugAssign: lower_aug_assign,
    na.Return: lower_return,
    na.Raise: lower_raise,
    na.Assert: lower_assert,
    na.Delete: lower_delete,
    na.Pass: lower_pass,
    na.Break: lower_break,
    na.Continue: lower_continue,
    na.Global: lower_global,
    na.Nonlocal: lower_nonlocal,
    na.Import: lower_import,
    na.ImportFrom: lower_import_from,
    na.Export: lower_export,
    na.Use: lower_use,
    na.If: lower_if,
    na.While: lower_while,
    na.For: lower_for,
    na.Try: lower_try,
    na.With: lower_with,
    na.Match: lower_match,
    na.FunctionDef: lower_function_def,
    na.ComposedDef: lower_composed_def,
    na.StructDef: lower_struct_def,
    na.InterfaceDef: lower_interface_def,
    na.ResourceDef: lower_resource_def,
    na.AgentBlueprintDef: lower_agent_blueprint_def,
    na.AgentDef: lower_agent_def,
    na.TypeAlias: lower_type_alias,
    na.TestBlock: lower_test_block,
}
