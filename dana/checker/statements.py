"""Statements: assignment, control flow, exceptions."""

from __future__ import annotations

from dana.ast import nodes as na
from dana.checker.annotations import annotation
from dana.checker.attributes import MISSING, lookup_attribute, report_missing

from dana.checker.conversion import check_value, converted
from dana.checker.expressions import check_iterable, peek, resolve
from dana.checker.functions import note_return
from dana.checker.narrowing import enter, leave, test_facts, with_facts
from dana.checker.types import (
    ANY,
    MUTABLE,
    NEVER,
    NONE,
    STR,
    element,
    held,
    join,
    show,
    strip,
    widen,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.checker.context import Context
    from dana.checker.types import Type

# Expressions that make a new container nobody else holds.
_FRESH = frozenset({na.List, na.Dict, na.Set, na.ListComp, na.DictComp, na.SetComp})
_FRESH_CALLS = frozenset({"list", "dict", "set", "sorted"})


def is_fresh(c: Context, node: Any) -> bool:
    """Whether the value of an expression is a container made right here."""
    kind = node.__class__
    if kind in _FRESH:
        return True
    if kind is na.BinOp:
        return node[3] in ("+", "*", "-", "&", "^") or c.pipes.get(id(node)) == "python"
    if kind is na.Call and node[2].__class__ is na.Name:
        return node[2][2] in _FRESH_CALLS and c.lookup(node[2][2]) is None
    if kind is na.Subscript:
        return node.index.__class__ is na.Slice
    return False


# -- assignment ------------------------------------------------------------------------------------


def check_assign(c: Context, stmt: na.Assign) -> bool:
    """`a = b = value`."""
    value = stmt[3]
    t = c.expr(value)
    targets = stmt[2]
    if len(targets) == 1:
        target = targets[0]
        if target.__class__ is na.Name:
            assign_name(c, target, t, fresh=t[0] in MUTABLE and is_fresh(c, value))
        else:
            assign_target(c, target, t, value)
        return False
    for target in targets:
        assign_target(c, target, strip(t), value)
    return False


def assign_name(c: Context, target: Any, t: Type, *, fresh: bool = False) -> None:
    """Assigns a plain name; hiding a builtin at module level is worth a lint."""
    var = resolve_target(c, target)
    if var is None:
        return
    c.assign(var, t, fresh=fresh)
    c.note(target, t)


def resolve_target(c: Context, target: Any) -> Any:
    """The variable a plain target binds."""
    name = target[2]
    var = c.lookup(name)
    if var is None:
        return None
    owner = var.scope
    c.bindings[id(target)] = "module" if owner is c.top else c.bind_kind(var)
    if owner is c.top and var.count == 1 and c.scope is c.top:
        from dana.checker.functions import shadows_builtin

        shadows_builtin(c, name, target[0])
    if name[:2] == "__" and name[-2:] == "__" and name not in _ASSIGNABLE_DUNDERS:
        refuse_dunder(c, name, target)
    return var


_ASSIGNABLE_DUNDERS = frozenset({"__main__", "__exports__", "__all__", "__name__", "__file__"})


def refuse_dunder(c: Context, name: str, where: Any) -> None:
    """L5: names with two underscores on both sides belong to the language."""
    if len(name) > 4:
        c.report("E208", f"`{name}` is reserved: names with double underscores belong to Dana", where)


def assign_target(c: Context, target: Any, t: Type, value: Any = None) -> None:
    """Assigns any target: name, scope, attribute, item, or a list of targets."""
    kind = target.__class__
    if kind is na.Name:
        assign_name(c, target, t)
    elif kind is na.Attribute:
        assign_attribute(c, target, t, value)
    elif kind is na.Subscript:
        assign_subscript(c, target, t)
    elif kind is na.Tuple or kind is na.List:
        assign_parts(c, target, t)
    elif kind is na.ScopedName:
        assign_scoped(c, target, t)
    elif kind is na.Starred:
        c.report("E412", "a starred target needs others beside it, as in `first, *rest = …`", target)
        assign_target(c, target.value, ANY)
    elif kind is not na.ErrorExpr:
        refuse_target(c, target)


def assign_scoped(c: Context, target: na.ScopedName, t: Type) -> None:
    """`private:x = v`; `local:x` is the plain variable."""
    if target.scope == "local":
        var = c.lookup(target.id)
        if var is not None:
            c.assign(var, t)


def refuse_target(c: Context, target: Any) -> None:
    """What cannot stand left of `=`."""
    kind = target.__class__
    what = _TARGET_WORDS.get(kind, "an expression")
    hint = "a comparison is written `==`" if kind in (na.Compare, na.Call, na.BinOp, na.Constant) else ""
    if kind is na.BinOp and target.op == "-":
        hint = "names cannot contain `-`; write `_`"
    c.report("E410", f"cannot assign to {what}", target, hint=hint)


_TARGET_WORDS: dict[type, str] = {
    na.Constant: "a literal",
    na.Call: "a call",
    na.JoinedStr: "an f-string",
    na.Dict: "a dict",
    na.Set: "a set",
    na.Lambda: "a lambda",
    na.Compare: "a comparison",
    na.BinOp: "an operation",
    na.UnaryOp: "an operation",
    na.BoolOp: "an operation",
    na.IfExp: "a conditional expression",
    na.NamedExpr: "an assignment expression",
    na.Placeholder: "`$$`",
    na.ListComp: "a comprehension",
    na.SetComp: "a comprehension",
    na.DictComp: "a comprehension",
    na.GeneratorExp: "a comprehension",
}


def assign_parts(c: Context, target: Any, t: Type) -> None:
    """`a, *b = value`."""
    parts = target.elts
    stars = [p for p in parts if p.__class__ is na.Starred]
    if len(stars) > 1:
        c.report("E412", "only one target may be starred", stars[1])
    check_iterable(c, target, t)
    known = t[1] if t[0] == "tuple" else None
    if known is not None and (len(known) < len(parts) - len(stars) or (not stars and len(known) != len(parts))):
        text = f"{len(parts)} targets, but the value has {len(known)} item{'' if len(known) == 1 else 's'}"
        c.report("E312", text, target)
        known = None
    inner = element(t)
    for index, part in enumerate(parts):
        if part.__class__ is na.Starred:
            if part.value.__class__ in (na.Starred,):
                c.report("E412", "a target is starred once", part)
            assign_target(c, part.value, ("list", ANY))
        else:
            assign_target(c, part, known[index] if known is not None and not stars else inner)


def assign_attribute(c: Context, target: na.Attribute, t: Type, value: Any) -> None:
    """`p.x = v`: the field must exist, its type must accept the value, frozen structs refuse (L28)."""
    base = target.value
    if base.__class__ is na.Name:
        var = c.lookup(base.id)  # type: ignore[attr-defined]
        if var is None:
            from dana.checker.names import scope_with_dot

            if scope_with_dot(c, target):
                return
        owner = peek(c, base)
    else:
        owner = c.expr(base)
    info = c.info(owner)
    if info is not None and owner[0] == "struct":
        assign_field(c, target, info, t, value)
        field = info.fields.get(target.attr)
        if field is not None:
            c.note(target, held(field.type))
    elif owner[0] in _NO_FIELDS:
        found = lookup_attribute(c, owner, target.attr)
        if found is MISSING:
            report_missing(c, target, owner)
        else:
            c.report("E410", f"the methods of {show(owner)} cannot be replaced", target)


_NO_FIELDS = frozenset({"none", "int", "float", "bool", "str", "list", "dict", "set", "tuple", "tuple*", "range"})


def assign_field(c: Context, target: na.Attribute, info: Any, t: Type, value: Any) -> None:
    """A store to a field of a known struct."""
    name = target.attr
    found = lookup_attribute(c, info.type, name)
    if found is MISSING:
        report_missing(c, target, info.type)
        return
    if info.frozen:
        hint = f"make a changed copy: `{c.text[target.value[0] : target.value[1]]}.copy({name}=…)`"
        c.report("E313", f"`{info.name}` is frozen: its fields never change", target, hint=hint)
        return
    field = info.fields.get(name)
    if field is not None and field.type is not ANY:
        where = value if value is not None and value.__class__ not in (na.Tuple, na.List) else target
        check_value(c, where, t, field.type, "E306", f"field `{name}` of `{info.name}`")


def assign_subscript(c: Context, target: na.Subscript, t: Type) -> None:
    """`xs[i] = v` widens the element type of a container of our own."""
    base = target.value
    if base.__class__ is na.Name:
        var = resolve(c, base)
        owner = c.read_type(var) if var is not None and var.info is None else ANY
        c.note(base, owner)
    else:
        var = None
        owner = c.expr(base)
    index = c.expr(target.index)
    kind = owner[0]
    if kind in ("str", "tuple", "tuple*", "range"):
        hint = "make a new one, or use a list" if kind != "str" else "texts never change; build a new one"
        c.report("E309", f"the items of {show(owner)} cannot be assigned", target, hint=hint)
    elif kind in ("none", "int", "float", "bool", "set", "func", "callable", "module"):
        c.report("E309", f"{show(owner)} has no items", target)
    elif kind == "list":
        from dana.checker.attributes import check_index

        check_index(c, target, owner, index)
        if var is not None and owner[1] is not ANY:
            added = ANY if target.index.__class__ is na.Slice else strip(widen(t))
            c.store(var, ("list", join(owner[1], added)))
    elif kind == "dict" and var is not None and (owner[1] is not ANY or owner[2] is not ANY):
        c.store(var, ("dict", join(owner[1], strip(widen(index))), join(owner[2], strip(widen(t)))))


def check_ann_assign(c: Context, stmt: na.AnnAssign) -> bool:
    """`x: T = e` converts (L14); `x: T` alone only declares."""
    declared = annotation(c, stmt.annotation)
    target = stmt.target
    if target.__class__ in (na.Tuple, na.List, na.Starred):
        c.report("E410", "only a single target can be annotated", target)
        if stmt.value is not None:
            c.expr(stmt.value)
        return False
    if target.__class__ is na.Name and (target.id in c.scope.globals or target.id in c.scope.nonlocals):  # type: ignore[attr-defined]
        word = "global" if target.id in c.scope.globals else "nonlocal"  # type: ignore[attr-defined]
        c.report("E207", f"`{target.id}` is {word} here and cannot be annotated", target)  # type: ignore[attr-defined]
    if stmt.value is None:
        if target.__class__ not in (na.Name, na.ScopedName, na.Attribute, na.Subscript, na.ErrorExpr):
            refuse_target(c, target)
        return False
    t = c.expr(stmt.value)
    check_assigned(c, stmt, t, declared)
    after = converted(c, stmt.value, t, declared)
    if target.__class__ is na.Name:
        assign_name(c, target, strip(after))
    else:
        assign_target(c, target, strip(after), stmt.value)
    return False


def check_assigned(c: Context, stmt: na.AnnAssign, t: Type, declared: Type) -> None:
    """Reports what no conversion can turn into the declared type; None stays None, floats may be cut."""
    if t == NONE or declared is ANY:
        return
    name = getattr(stmt.target, "id", None) or c.text[stmt.target[0] : stmt.target[1]]
    value = stmt.value
    if value.__class__ is na.Constant and value.value.__class__ is str and _word_for_bool(declared):  # type: ignore[union-attr]
        if value.value.strip().lower() not in BOOL_WORDS:  # type: ignore[union-attr]
            text = f"`{name}` must be {show(declared)}; {value.value!r} is no word for true or false"  # type: ignore[union-attr]
            c.report("E306", text, value, hint="the words are yes, true, on, ok, no, false, off, none, …")  # type: ignore[arg-type]
        return
    check_value(c, value, t, declared, "E306", f"`{name}`")


def _word_for_bool(declared: Type) -> bool:
    return declared == ("bool",)


BOOL_WORDS = frozenset(
    "yes y true on enabled ok okay sure correct positive 1 no n false off disabled never none wrong negative 0".split()
) | {""}


def check_aug_assign(c: Context, stmt: na.AugAssign) -> bool:
    """`target op= value`."""
    target = stmt.target
    kind = target.__class__
    if kind is na.Name:
        var = resolve(c, target)
        value = ANY if stmt.op == "|" else c.expr(stmt.value)
        if var is None:
            return False
        before = c.read_items(var) if var.info is None else ANY
        result = combine(c, stmt, before, value)
        c.note(target, before)
        if before[0] in MUTABLE and stmt.op == "+" and value[0] != before[0]:
            result = (before[0], join(before[1], strip(element(value)))) if before[0] == "list" else ANY
        c.assign(var, result, fresh=before[0] in MUTABLE)
        return False
    if kind in (na.Tuple, na.List, na.Starred):
        c.report("E410", "a compound assignment has a single target", target)
        c.expr(stmt.value)
        return False
    if kind not in (na.Attribute, na.Subscript, na.ScopedName, na.ErrorExpr):
        refuse_target(c, target)
        c.expr(stmt.value)
        return False
    before = c.expr(target)
    value = ANY if stmt.op == "|" else c.expr(stmt.value)
    assign_target(c, target, combine(c, stmt, before, value), stmt)
    return False


def combine(c: Context, stmt: na.AugAssign, before: Type, value: Type) -> Type:
    """What `target op= value` stores; `|=` may send the target through a pipeline stage."""
    from dana.checker.operators import binary
    from dana.checker.pipelines import pipe_into

    if stmt.op == "|":
        return pipe_into(c, stmt, before, stmt.value)
    return binary(c, stmt, before, value)


def check_delete(c: Context, stmt: na.Delete) -> bool:
    """`del x, d[k], p.f`."""
    for target in stmt.targets:
        delete_target(c, target)
    return False


def delete_target(c: Context, target: Any) -> None:
    """Names, items and attributes can be deleted, alone or in brackets."""
    kind = target.__class__
    if kind is na.Name:
        resolve_target(c, target)
    elif kind in (na.Tuple, na.List):
        for part in target.elts:
            delete_target(c, part)
    elif kind is na.Subscript:
        owner = peek(c, target.value, items=False)
        c.expr(target.index)
        if owner[0] in ("str", "tuple", "tuple*", "range"):
            c.report("E309", f"the items of {show(owner)} cannot be deleted", target)
    elif kind is na.Attribute:
        c.expr(target.value)
    elif kind is not na.ErrorExpr and kind is not na.ScopedName:
        what = _TARGET_WORDS.get(kind, "an expression") if kind is not na.Starred else "a starred expression"
        c.report("E411", f"cannot delete {what}", target)


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
            c.report("E302", f"cannot raise {show(t)}", stmt.exc, hint='raise an exception, as in `raise ValueError("…")`')
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
    if stmt.test.__class__ is na.Tuple and stmt.test.elts:  # type: ignore[attr-defined]
        c.report("W304", "this assertion is always true: it tests a tuple", stmt.test, hint="leave the parentheses out")
    check_truth(c, stmt.test, c.expr(stmt.test))
    if stmt.msg is not None:
        c.expr(stmt.msg)
    with_facts(c, test_facts(c, stmt.test)[0])
    return stmt.test.__class__ is na.Constant and stmt.test.value is False  # type: ignore[attr-defined]


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
            from dana.diagnostics import suggest

            near = suggest(name, c.top.vars)
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
    """`if`/`elif`/`else`; ends when every branch ends."""
    outer = enter(c)
    start = c.narrow
    ended = True
    facts: dict[Any, Any] = {}
    for branch in stmt.branches:
        t = c.expr(branch.test)
        check_truth(c, branch.test, t)
        yes, no = test_facts(c, branch.test)
        saved = enter(c)
        with_facts(c, yes)
        if not c.block(branch.body):
            ended = False
        leave(c, saved)
        if no:
            c.narrow = {**c.narrow, **no}
            facts.update(no)
    if stmt.orelse:
        saved = enter(c)
        if not c.block(stmt.orelse):
            ended = False
        leave(c, saved)
    else:
        ended = False
    only_else = all_but_last_end(stmt)
    inside = c.killed
    after = {v: t for v, t in c.narrow.items() if v not in inside} if only_else and facts else None
    leave(c, outer)
    if after:
        c.narrow = {**c.narrow, **after}
    del start
    return ended


def all_but_last_end(stmt: na.If) -> bool:
    """Whether what follows an `if` without `else` is reached only when no test was true."""
    return not stmt.orelse and all(ends_plainly(b.body) for b in stmt.branches)


def ends_plainly(body: tuple[Any, ...]) -> bool:
    """Whether a block ends with a jump, as far as its last statement shows."""
    return bool(body) and body[-1].__class__ in (na.Return, na.Raise, na.Break, na.Continue)


def enter_loop(c: Context, stmt: Any) -> tuple[int, int]:
    """A loop begins: what later rounds may change is no longer known."""
    saved = (c.in_loop, c.loop_end)
    c.in_loop += 1
    if stmt[1] > c.loop_end:
        c.loop_end = stmt[1]
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
    forever = stmt.test.__class__ is na.Constant and bool(stmt.test.value)  # type: ignore[attr-defined]
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
    if not stmt.handlers and not stmt.finalbody:
        c.report("E415", "`try` needs `except` or `finally`", (stmt.start, stmt.start + 3))
    if stmt.orelse and not stmt.handlers:
        c.report("E415", "`else` of a `try` needs an `except` before it", (stmt.start, stmt.start + 3))
    saved = enter(c)
    ended = nested_block(c, stmt, stmt.body, 2)
    if stmt.orelse:
        ended = c.block(stmt.orelse) or ended
    leave(c, saved)
    for index, handler in enumerate(stmt.handlers):
        if handler.type is None and index < len(stmt.handlers) - 1:
            c.report("E415", "a bare `except` comes last", (handler.start, handler.start + 6), hint="move it down")
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
        if inner[0] in ("int", "float", "str", "bool", "list", "dict", "set") or (info is not None and info.kind == "struct"):
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
            assign_target(c, item.target, t if t[0] == "struct" else ANY)
    nested_block(c, stmt, stmt.body, len(stmt.items))
    leave(c, saved)
    return False


def check_test_block(c: Context, stmt: na.TestBlock) -> bool:
    """`test "name":`."""
    block_apart(c, stmt.body)
    return False


def check_error_stmt(c: Context, stmt: na.ErrorStmt) -> bool:
    """Reported by the parser; what stands in the block below it is known, but not judged: its head is missing."""
    if stmt.body:
        findings, c.diagnostics = c.diagnostics, []
        unknown = {name: list(places) for name, places in c.unknown.items()}
        block_apart(c, stmt.body)
        c.diagnostics, c.unknown = findings, unknown
    return False
