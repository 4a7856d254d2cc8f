"""Statements other than assignments and definitions: control flow, exceptions, the simple ones (L23, L24)."""

from __future__ import annotations

from bisect import bisect_left

from dana.ast import nodes as na
from dana.checker.assignments import assign_target
from dana.checker.conversion import check_value
from dana.checker.expressions import check_iterable, peek
from dana.checker.functions import note_return
from dana.checker.narrowing import enter, leave, test_facts, with_facts
from dana.checker.types import ANY, NEVER, NONE, STR, element, show

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.checker.context import Context
    from dana.checker.types import Type

# -- simple statements -----------------------------------------------------------------------------


def check_expr_stmt(c: Context, stmt: na.ExprStmt) -> bool:
    """An expression alone; a call that never returns (`exit()`) ends the block."""
    return peek(c, stmt[2]) is NEVER


def check_return(c: Context, stmt: na.Return) -> bool:
    """`return x`, `deliver x`: the value must be able to become the declared result."""
    word = "deliver" if stmt.deliver else "return"
    function = c.function
    t = NONE if stmt.value is None else peek(c, stmt.value)
    if function is None or function.node.__class__ is na.Lambda:
        hint = "the value of a program is its last expression; `exit()` ends it"
        c.report("E408", f"`{word}` outside a function", stmt, hint=hint)
        return True
    if function.declared:
        declared = c.annotations.get(id(function.node.returns), ANY)
        if declared is not ANY:
            what = f"the result of `{function.node.name}`"
            check_value(c, stmt.value if stmt.value is not None else stmt, t, declared, "E305", what)
    note_return(function, t)
    return True


def check_raise(c: Context, stmt: na.Raise) -> bool:
    """`raise e from cause`; a text raises a RuntimeError (L24)."""
    if stmt.exc is not None:
        t = c.expr(stmt.exc)
        if t[0] in ("int", "float", "bool", "none", "list", "dict", "set", "tuple", "func", "range"):
            c.report(
                "E302", f"cannot raise {show(t)}", stmt.exc, hint='raise an exception, as in `raise ValueError("…")`'
            )
        elif t[0] == "struct":
            info = c.info(t)
            if info is not None and info.kind == "struct":
                hint = f"declare it `struct {info.name}(Exception):`"
                c.report("E302", f"cannot raise `{info.name}`: it is no exception", stmt.exc, hint=hint)
    if stmt.cause is not None:
        c.expr(stmt.cause)
    return True


def check_assert(c: Context, stmt: na.Assert) -> bool:
    """`assert test, message`; what follows knows that the test held."""
    if stmt.test.__class__ is na.Tuple and stmt.test.elts:
        c.report("W304", "this assertion is always true: it tests a tuple", stmt.test, hint="leave the parentheses out")
    check_truth(c, stmt.test, c.expr(stmt.test))
    if stmt.msg is not None:
        c.expr(stmt.msg)
    with_facts(c, test_facts(c, stmt.test)[0])
    return stmt.test.__class__ is na.Constant and stmt.test.value is False


def check_pass(_c: Context, _stmt: na.Pass) -> bool:
    """`pass`."""
    return False


def check_break(c: Context, stmt: na.Stmt) -> bool:
    """`break` and `continue` need a loop of the same function around them."""
    if not c.in_loop:
        word = "break" if stmt.__class__ is na.Break else "continue"
        c.report("E409", f"`{word}` outside a loop", stmt)
    return True


def check_scope_statement(_c: Context, _stmt: Any) -> bool:
    """`global`, `nonlocal`: done when the scope was declared; `resolve` reports uses that came too early."""
    return False


def check_export(c: Context, stmt: na.Export) -> bool:
    """`export a, b` names things of this module (L25)."""
    if c.scope is not c.top:
        c.report("E427", "`export` is only possible at module level", stmt)
    for name in stmt.names:
        if name not in c.top.vars and "*" not in c.top.nonlocals:
            near = c.near(name, c.top.vars)
            hint = f"did you mean `{near}`?" if near else ""
            c.report("E213", f"this module has no `{name}` to export", stmt, hint=hint)
    return False


def check_use(c: Context, stmt: na.Use) -> bool:
    """`use "mcp:…" as tools` (L26)."""
    for arg in stmt.args:
        c.expr(arg)
    for keyword in stmt.keywords:
        c.expr(keyword.value)
    if stmt.asname is not None:
        var = c.lookup(stmt.asname)
        if var is not None:
            c.assign(var, ANY)
    return False


# -- control flow ----------------------------------------------------------------------------------


def check_truth(c: Context, node: Any, t: Type) -> None:
    """Lints a condition that is decided by its type alone."""
    if node.__class__ is na.BoolOp:
        for value in node.values:
            check_truth(c, value, c.types.get(id(value), ANY))
        return
    if t[0] == "func" and node.__class__ is na.Name:
        c.report("W305", f"`{node.id}` is a function and always true", node, hint=f"call it: `{node.id}(…)`")
    elif node.__class__ is na.Constant and t == STR and node.value:
        text = "a text is true whatever it says"
        c.report("W306", text, node, hint="`bool(text)` reads words like yes and no")


def check_if(c: Context, stmt: na.If) -> bool:
    """`if`/`elif`/`else`; ends when every branch ends. When all branches jump, all tests failed for what follows."""
    outer = enter(c)
    ended = bool(stmt.orelse)
    for branch in stmt.branches:
        check_truth(c, branch.test, c.expr(branch.test))
        yes, no = test_facts(c, branch.test)
        saved = enter(c)
        with_facts(c, yes)
        ended = c.block(branch.body) and ended
        leave(c, saved)
        with_facts(c, no)
    if stmt.orelse:
        ended = block_apart(c, stmt.orelse) and ended
    jumps = not stmt.orelse and all(ends_plainly(branch.body) for branch in stmt.branches)
    inside = c.killed
    after = {var: t for var, t in c.narrow.items() if var not in inside} if jumps else {}
    leave(c, outer)
    with_facts(c, after)
    return ended


def ends_plainly(body: tuple[Any, ...]) -> bool:
    """Whether a block ends with a jump, as far as its last statement shows."""
    return bool(body) and body[-1].__class__ in (na.Return, na.Raise, na.Break, na.Continue)


def enter_loop(c: Context, stmt: Any) -> tuple[int, int]:
    """A loop begins: what later rounds may change is no longer known."""
    saved = (c.in_loop, c.loop_end)
    c.in_loop += 1
    c.loop_end = max(c.loop_end, stmt[1])
    if c.narrow:
        c.narrow = {v: t for v, t in c.narrow.items() if v.count <= 1}
    return saved


# CPython keeps at most 20 loops, `try` and `with` blocks open in one function; lowering needs some for itself.
MAX_BLOCKS = 16


def nested_block(c: Context, stmt: Any, body: tuple[Any, ...], weight: int = 1) -> bool:
    """The body of a loop, `try` or `with`, which cannot be nested without end."""
    if c.blocks <= MAX_BLOCKS < c.blocks + weight:
        text = "too many loops, `try` and `with` blocks inside each other"
        c.report("E428", text, (stmt[0], c.line_end(stmt[0])), hint="move the inner ones into a function")
    c.blocks += weight
    ended = c.block(body)
    c.blocks -= weight
    return ended


def check_while(c: Context, stmt: na.While) -> bool:
    """`while test: … else: …`; `while true` without `break` never ends."""
    saved = enter(c)
    loop = enter_loop(c, stmt)
    t = c.expr(stmt.test)
    check_truth(c, stmt.test, t)
    with_facts(c, test_facts(c, stmt.test)[0])
    nested_block(c, stmt, stmt.body)
    c.in_loop, c.loop_end = loop
    leave(c, saved)
    ended_else = block_apart(c, stmt.orelse)
    forever = stmt.test.__class__ is na.Constant and bool(stmt.test.value)
    return (forever or ended_else) and not has_break(stmt.body)


def block_apart(c: Context, body: tuple[Any, ...]) -> bool:
    """A block whose findings about types end with it."""
    if not body:
        return False
    saved = enter(c)
    ended = c.block(body)
    leave(c, saved)
    return ended


def check_for(c: Context, stmt: na.For) -> bool:
    """`for target in items: … else: …`."""
    items = check_iterable(c, stmt.iter, peek(c, stmt.iter))
    saved = enter(c)
    loop = enter_loop(c, stmt)
    if items[0] in ("any", "iterator"):
        c.graph.call_unknown()
    assign_target(c, stmt.target, element(items))
    nested_block(c, stmt, stmt.body)
    c.in_loop, c.loop_end = loop
    leave(c, saved)
    return block_apart(c, stmt.orelse) and not has_break(stmt.body)


def has_break(body: tuple[Any, ...]) -> bool:
    """Whether a `break` in the block leaves the loop it belongs to."""
    for stmt in body:
        kind = stmt.__class__
        if kind is na.Break:
            return True
        if kind in _NO_BREAK:
            continue
        if any(has_break(block) for block in inner_blocks(stmt)):
            return True
    return False


_NO_BREAK = frozenset({na.FunctionDef, na.StructDef, na.ResourceDef, na.AgentDef, na.AgentBlueprintDef})


def inner_blocks(stmt: Any) -> list[tuple[Any, ...]]:
    """The blocks of a compound statement in which a `break` would belong to the loop around it."""
    kind = stmt.__class__
    if kind is na.If:
        return [*(b.body for b in stmt.branches), stmt.orelse]
    if kind is na.Try:
        return [stmt.body, *(h.body for h in stmt.handlers), stmt.orelse, stmt.finalbody]
    if kind is na.With:
        return [stmt.body]
    if kind is na.Match:
        return [case.body for case in stmt.cases]
    if kind is na.While or kind is na.For:
        return [stmt.orelse]
    return []


def check_try(c: Context, stmt: na.Try) -> bool:
    """`try`/`except`/`else`/`finally`."""
    saved = enter(c)
    ended = nested_block(c, stmt, stmt.body, 2)
    if stmt.orelse:
        ended = c.block(stmt.orelse) or ended
    leave(c, saved)
    for handler in stmt.handlers:
        if not check_handler(c, handler):
            ended = False
    return block_apart(c, stmt.finalbody) or (ended and bool(stmt.body))


def check_handler(c: Context, handler: na.ExceptHandler) -> bool:
    """`except E as name:`."""
    saved = enter(c)
    caught: Type = ("exception", "Exception")
    if handler.type is not None:
        caught = check_caught(c, handler.type)
    if handler.name is not None:
        var = c.lookup(handler.name)
        if var is not None:
            c.assign(var, ANY if var.handlers is None else caught)
    ended = nested_block(c, handler, handler.body, 3)
    leave(c, saved)
    return ended


def check_caught(c: Context, node: Any) -> Type:
    """What stands after `except`: exception types."""
    if node.__class__ is na.Tuple:
        found = [check_caught(c, e) for e in node.elts]
        return found[0] if len(found) == 1 else ("exception", "Exception")
    t = c.expr(node)
    if t[0] == "type":
        inner = t[1]
        if inner[0] == "exception":
            return inner  # type: ignore[no-any-return]
        info = c.info(inner)
        if inner[0] in ("int", "float", "str", "bool", "list", "dict", "set") or (
            info is not None and info.kind == "struct"
        ):
            hint = f"declare it `struct {info.name}(Exception):`" if info is not None else ""
            c.report("E311", f"`except` takes exceptions, and {show(inner)} is none", node, hint=hint)
    elif t[0] in ("str", "int", "float", "bool", "none", "func"):
        c.report("E311", f"`except` takes exception types, not {show(t)}", node, hint="as in `except ValueError`")
    return ("exception", "Exception")


def check_with(c: Context, stmt: na.With) -> bool:
    """`with context as target:`; a context may end the block's exceptions, so nothing is known to end."""
    saved = enter(c)
    for item in stmt.items:
        t = c.expr(item.context)
        c.graph.call_unknown()
        for name in ("enter", "exit", "start", "stop"):
            c.graph.call_method(name)
        if t[0] in ("int", "float", "bool", "str", "none", "list", "dict", "set", "func", "tuple"):
            c.report("E304", f"`with` needs a resource or a context manager, not {show(t)}", item.context)
        if item.target is not None:
            # What `enter` returns is bound, which for a resource is itself.
            info = c.info(t)
            assign_target(c, item.target, t if info is not None and info.kind == "resource" else ANY)
    nested_block(c, stmt, stmt.body, len(stmt.items))
    leave(c, saved)
    return False


def check_test_block(c: Context, stmt: na.TestBlock) -> bool:
    """`test "name":` is a function that nobody calls but `dana test`: what it binds is its own."""
    from dana.checker.functions import check_function_def

    node = c.checked.tests.get(id(stmt))
    if node is None:
        name = f'test "{stmt.name}"'
        node = na.FunctionDef(stmt.start, stmt.end, name, stmt.start, None, (), None, stmt.body, (), None)
        c.checked.tests[id(stmt)] = node
    if not _is_statement_of(c.checked.module, stmt):
        hint = "move the test to the module's own level; a loop over cases goes inside the test"
        c.report("W403", "a test inside another block is never run", (stmt.start, c.line_end(stmt.start)), hint=hint)
    return check_function_def(c, node)


def _is_statement_of(module: na.Module, stmt: na.Stmt) -> bool:
    """Whether a statement stands at the module's own level."""
    at = bisect_left(module.body, stmt.start, key=_start)
    return at < len(module.body) and module.body[at] is stmt


def _start(stmt: na.Stmt) -> int:
    return stmt.start


def check_error_stmt(c: Context, stmt: na.ErrorStmt) -> bool:
    """Reported by the parser; what stands in the block below it is known, but not judged: its head is missing."""
    if stmt.body:
        findings, c.diagnostics = c.diagnostics, []
        unknown = {name: list(places) for name, places in c.unknown.items()}
        block_apart(c, stmt.body)
        c.diagnostics, c.unknown = findings, unknown
    return False
