"""Which names a scope binds, found before its code is checked (Python decides locality by scope, L8).

One walk over the statements of a module or function; expressions are entered only when the file
may assign in them (`:=`, or `stage as name` in a pipeline).
"""

from __future__ import annotations

from dana.ast import nodes as na
from dana.checker.imports import declare_import, declare_import_from
from dana.checker.model import Function, Scope, StructInfo, Var
from dana.checker.patterns import pattern_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from dana.checker.context import Context


def declare(c: Context, scope: Scope, body: Sequence[na.Stmt]) -> None:
    """Creates the variables that `body` binds in `scope`."""
    walrus = c.assigns_in_expressions
    for stmt in body:
        handler = _DECLARE.get(stmt.__class__)
        if handler is not None:
            handler(c, scope, stmt)
        if walrus:
            declare_walrus(c, scope, stmt)


def declare_from_afar(c: Context, module: na.Module) -> None:
    """What function bodies bind outside themselves: names declared `global`, and names in the state scopes."""
    text = c.text
    scoped = "private:" in text or "public:" in text or "system:" in text
    if not scoped and "global" not in text:
        return
    for node in na.walk(module):
        kind = node.__class__
        if kind is na.Global:
            for name in node.names:  # type: ignore[attr-defined]
                if name not in c.top.vars:
                    c.top.vars[name] = Var(name, c.top, 1 << 60)
                c.top.vars[name].foreign = True
        elif scoped and kind in _ASSIGNING:
            for target in targets_of(node):
                if target.__class__ is na.ScopedName and target.scope in c.scoped:
                    c.scoped[target.scope].add(target.id)


_ASSIGNING = frozenset({na.Assign, na.AnnAssign, na.AugAssign, na.For, na.WithItem, na.Comprehension})


def targets_of(node: Any) -> list[Any]:
    """The single targets of an assigning node, out of their brackets."""
    found: list[Any] = []
    stack = list(node.targets) if node.__class__ is na.Assign else [node.target]
    while stack:
        target = stack.pop()
        if target.__class__ in (na.Tuple, na.List):
            stack.extend(target.elts)
        elif target.__class__ is na.Starred:
            stack.append(target.value)
        elif target is not None:
            found.append(target)
    return found


def bind(c: Context, scope: Scope, name: str, at: int) -> Var:
    """One more binding of `name` in `scope`, honouring `global` and `nonlocal`."""
    if scope.globals and name in scope.globals and scope is not c.top:
        var = c.top.vars.get(name)
        if var is None:
            var = c.top.vars[name] = Var(name, c.top, at)
        var.foreign = True
        var.count += 1
        return var
    if scope.nonlocals and name in scope.nonlocals:
        outer = _enclosing(c, scope, name)
        if outer is not None:
            outer.foreign = True
            outer.count += 1
            return outer
    var = scope.vars.get(name)
    if var is None:
        var = scope.vars[name] = Var(name, scope, at)
    elif at < var.first:
        var.first = at
    var.count += 1
    return var


def _enclosing(c: Context, scope: Scope, name: str) -> Var | None:
    outer = scope.parent
    while outer is not None and outer is not c.top:
        if outer.kind in ("function", "lambda") and name in outer.vars:
            return outer.vars[name]
        outer = outer.parent
    return None


def define(c: Context, scope: Scope, name: str, at: int, kind: str, node: Any, info: Any = None) -> Var:
    """Binds a name by a definition; a second, different binding makes it an ordinary variable."""
    var = bind(c, scope, name, at)
    if var.count == 1 and not var.foreign:
        var.kind = kind
        var.node = node
        var.info = info
    elif var.kind != kind or kind != "receiver":
        demote(var)
    return var


def demote(var: Var) -> None:
    """Forgets a definition that is not the only binding of its name."""
    if var.kind not in ("variable", "parameter"):
        var.kind = "variable"
        var.node = var.info = None
        var.type = None


def bind_plain(c: Context, scope: Scope, name: str, at: int) -> Var:
    """Binds a name by an assignment of any sort."""
    var = bind(c, scope, name, at)
    if var.kind != "variable" and var.count > 1:
        demote(var)
    var.handlers = None
    return var


def bind_target(c: Context, scope: Scope, target: na.Expr, at: int) -> None:
    """Binds every plain name in an assignment target."""
    kind = target.__class__
    if kind is na.Name:
        bind_plain(c, scope, target[2], at)
    elif kind is na.Tuple or kind is na.List:
        for item in target[2]:
            bind_target(c, scope, item, at)
    elif kind is na.Starred:
        bind_target(c, scope, target[2], at)
    elif kind is na.ScopedName:
        _bind_scoped(c, scope, target, at)


def _bind_scoped(c: Context, scope: Scope, target: Any, at: int) -> None:
    if target.scope == "local":
        bind_plain(c, scope, target.id, at)
    elif target.scope in c.scoped:
        c.scoped[target.scope].add(target.id)


def _assign(c: Context, scope: Scope, stmt: Any) -> None:
    end = stmt[1]
    for target in stmt[2]:
        if target.__class__ is na.Name:
            bind_plain(c, scope, target[2], end)
        else:
            bind_target(c, scope, target, end)


def _ann_assign(c: Context, scope: Scope, stmt: na.AnnAssign) -> None:
    target = stmt.target
    if stmt.value is None and isinstance(target, na.Name):
        if target.id not in scope.globals and target.id not in scope.nonlocals and target.id not in scope.vars:
            scope.vars[target.id] = Var(target.id, scope, 1 << 60)
        return
    bind_target(c, scope, target, stmt.end)


def _aug_assign(c: Context, scope: Scope, stmt: na.AugAssign) -> None:
    bind_target(c, scope, stmt.target, stmt.end)


def _for(c: Context, scope: Scope, stmt: na.For) -> None:
    bind_target(c, scope, stmt.target, stmt.iter[1])
    declare_blocks(c, scope, stmt.body, stmt.orelse)


def _while(c: Context, scope: Scope, stmt: na.While) -> None:
    declare_blocks(c, scope, stmt.body, stmt.orelse)


def declare_blocks(c: Context, scope: Scope, *blocks: Sequence[na.Stmt]) -> None:
    """`declare` for the blocks of a compound statement (walrus targets were found with the statement)."""
    for block in blocks:
        for stmt in block:
            handler = _DECLARE.get(stmt.__class__)
            if handler is not None:
                handler(c, scope, stmt)


def _if(c: Context, scope: Scope, stmt: na.If) -> None:
    for branch in stmt.branches:
        declare_blocks(c, scope, branch.body)
    declare_blocks(c, scope, stmt.orelse)


def _try(c: Context, scope: Scope, stmt: na.Try) -> None:
    declare_blocks(c, scope, stmt.body)
    for handler in stmt.handlers:
        if handler.name is not None:
            _bind_handler(c, scope, handler)
        declare_blocks(c, scope, handler.body)
    declare_blocks(c, scope, stmt.orelse, stmt.finalbody)


def _bind_handler(c: Context, scope: Scope, handler: na.ExceptHandler) -> None:
    name = handler.name or ""
    only_handlers = name not in scope.vars or scope.vars[name].handlers is not None
    var = bind(c, scope, name, handler.start)
    demote(var)
    if only_handlers and not var.foreign:
        var.handlers = [*(var.handlers or []), (handler.start, handler.end)]


def _with(c: Context, scope: Scope, stmt: na.With) -> None:
    for item in stmt.items:
        if item.target is not None:
            bind_target(c, scope, item.target, item.context[1])
    declare_blocks(c, scope, stmt.body)


def _match(c: Context, scope: Scope, stmt: na.Match) -> None:
    for case in stmt.cases:
        for name, at in pattern_names(case.pattern):
            bind_plain(c, scope, name, at)
        declare_blocks(c, scope, case.body)


def _error_stmt(c: Context, scope: Scope, stmt: na.ErrorStmt) -> None:
    """A statement that could not be parsed may have bound any of the names in it (L46)."""
    c.broken.update(words(c.text[stmt.start : stmt.end]))
    declare_blocks(c, scope, stmt.body)


def words(text: str) -> set[str]:
    """Everything in a text that looks like a name."""
    cleaned = "".join(ch if ch.isalnum() or ch == "_" else " " for ch in text)
    return {w for w in cleaned.split() if w.isidentifier()}


def _delete(c: Context, scope: Scope, stmt: na.Delete) -> None:
    for target in stmt.targets:
        for part in target.elts if isinstance(target, (na.Tuple, na.List)) else (target,):
            known = (scope.vars, scope.globals, scope.nonlocals)
            if isinstance(part, na.Name) and not any(part.id in table for table in known):
                scope.vars[part.id] = Var(part.id, scope, 1 << 60)


def _use(c: Context, scope: Scope, stmt: na.Use) -> None:
    if stmt.asname is not None:
        bind_plain(c, scope, stmt.asname, stmt.end)


def _global(c: Context, scope: Scope, stmt: na.Global) -> None:
    for name in stmt.names:
        if name in scope.nonlocals:
            _both_ways(c, name, stmt)
        elif name in scope.vars:
            _declared_late(c, "global", name, scope.vars[name], stmt)
        else:
            scope.globals.setdefault(name, stmt)
            if scope is not c.top and name not in c.top.vars:
                c.top.vars[name] = Var(name, c.top, 1 << 60)
                c.top.vars[name].foreign = True


def _nonlocal(c: Context, scope: Scope, stmt: na.Nonlocal) -> None:
    for name in stmt.names:
        if scope is c.top:
            c.report("E206", f"`nonlocal {name}` outside a function", stmt, hint="at module level every name is global")
        elif name in scope.globals:
            _both_ways(c, name, stmt)
        elif name in scope.vars:
            _declared_late(c, "nonlocal", name, scope.vars[name], stmt)
        elif _enclosing(c, scope, name) is None:
            hint = f"write `global {name}` to assign the module's variable" if name in c.top.vars else ""
            c.report("E206", f"no enclosing function has a variable `{name}`", stmt, hint=hint)
        else:
            scope.nonlocals.setdefault(name, stmt)


def _both_ways(c: Context, name: str, stmt: na.Node) -> None:
    c.report("E207", f"`{name}` cannot be both global and nonlocal", stmt)


def _declared_late(c: Context, word: str, name: str, var: Var, stmt: na.Node) -> None:
    if var.kind == "parameter":
        c.report("E207", f"`{name}` is a parameter and cannot be {word}", stmt, hint="give one of them another name")
    else:
        hint = f"move `{word} {name}` to the first line of the function"
        c.report("E207", f"`{name}` is assigned before `{word} {name}`", stmt, hint=hint)


def _function(c: Context, scope: Scope, stmt: Any) -> None:
    kind = "function" if stmt.receiver is None else "receiver"
    var = define(c, scope, stmt.name, stmt.name_at, kind, stmt)
    if kind == "receiver":
        c.receivers.append((scope, stmt))
        if var.kind == "receiver" and var.count > 1:
            var.node = None


def declare_type(c: Context, scope: Scope, stmt: Any) -> None:
    """Binds a type definition and creates its (still empty) `StructInfo`."""
    kind = _TYPE_KINDS[stmt.__class__]
    info = StructInfo(stmt.name, c.name, kind, stmt, frozen=getattr(stmt, "frozen", False))
    old = scope.vars.get(stmt.name)
    if old is not None and old.info.__class__ is StructInfo and old.kind == "type":
        line = c.source.line_column(old.node[0])[0] if old.node is not None else 0
        note = [f"`{stmt.name}` is defined first in line {line}"] if line else []
        c.report("E425", f"type `{stmt.name}` is defined twice", _name_span(stmt), notes=note)
        return
    define(c, scope, stmt.name, stmt.start, "type", stmt, info)
    if (stmt.name, c.name) in c.registry:
        # Types of the same name in two functions are two types.
        info.module = f"{c.name}#{stmt.start}"
    c.registry[stmt.name, info.module] = info
    c.structs.setdefault(stmt.name, info)


def _name_span(stmt: Any) -> tuple[int, int]:
    return stmt.name_at, stmt.name_at + len(stmt.name)


def _alias(c: Context, scope: Scope, stmt: na.TypeAlias) -> None:
    define(c, scope, stmt.name, stmt.start, "alias", stmt, None)


_TYPE_KINDS = {
    na.StructDef: "struct",
    na.InterfaceDef: "interface",
    na.ResourceDef: "resource",
    na.AgentBlueprintDef: "agent_blueprint",
    na.AgentDef: "agent",
}

_DECLARE: dict[type, Callable[[Context, Scope, Any], None]] = {
    na.Assign: _assign,
    na.AnnAssign: _ann_assign,
    na.AugAssign: _aug_assign,
    na.For: _for,
    na.While: _while,
    na.If: _if,
    na.Try: _try,
    na.With: _with,
    na.Match: _match,
    na.ErrorStmt: _error_stmt,
    na.Delete: _delete,
    na.Use: _use,
    na.Global: _global,
    na.Nonlocal: _nonlocal,
    na.FunctionDef: _function,
    na.ComposedDef: _function,
    na.StructDef: declare_type,
    na.InterfaceDef: declare_type,
    na.ResourceDef: declare_type,
    na.AgentBlueprintDef: declare_type,
    na.AgentDef: declare_type,
    na.TypeAlias: _alias,
    na.Import: declare_import,
    na.ImportFrom: declare_import_from,
}


def declare_walrus(c: Context, scope: Scope, root: na.Node) -> None:
    """Binds what `:=` and `stage as name` assign below a statement or lambda body; inner functions bind their own."""
    stack: list[na.Node] = [root]
    while stack:
        node = stack.pop()
        kind = node.__class__
        # The order inside one statement (`y if (y := f()) else z`) is not the order of the text.
        if kind is na.NamedExpr and node[2].__class__ is na.Name:
            bind_plain(c, scope, node[2][2], root[0])
        elif kind is na.Capture:
            bind_plain(c, scope, node.name, root[0])  # type: ignore[attr-defined]
        if kind in _OWN_SCOPE:
            stack.extend(outside_parts(node))
        elif kind is na.TestBlock:
            continue
        else:
            stack.extend(node.children())


_OWN_SCOPE = frozenset({na.FunctionDef, na.ComposedDef, na.Lambda})


def outside_parts(node: Any) -> Iterable[na.Node]:
    """What of a function belongs to the scope around it: defaults and decorators."""
    for param in node.params:
        if param.default is not None:
            yield param.default
    if not isinstance(node, na.Lambda):
        yield from node.decorators


def declare_parameters(c: Context, scope: Scope, function: Function) -> None:
    """Binds the receiver and the parameters; a name given twice is an error."""
    node = function.node
    types = {p[0]: p for p in function.type[1] or ()}
    if node.receiver is not None:
        _parameter(c, scope, node.receiver.name, node.receiver, types)
    for param in node.params:
        _parameter(c, scope, param.name, param, types)


def _parameter(c: Context, scope: Scope, name: str, node: Any, types: dict[str, Any]) -> None:
    if name in scope.vars:
        c.report("E405", f"parameter `{name}` is given twice", node, hint="rename one of them")
        return
    var = scope.vars[name] = Var(name, scope, node[0])
    var.kind = "parameter"
    var.count = 1
    var.type = parameter_type(types.get(name))


def parameter_type(param: Any) -> Any:
    """What a parameter holds inside the function, after the check at its entry."""
    from dana.checker.types import ANY, STR, held

    if param is None:
        return ANY
    _, declared, kind, _ = param
    if kind == "star":
        return ("tuple*", ANY)
    if kind == "double_star":
        return ("dict", STR, ANY)
    return held(declared)
