"""Imports (L25): names get the types the imported module's interface gives them."""

from __future__ import annotations

from dana.checker.model import CYCLE, Interface, ModuleRequest
from dana.checker.types import ANY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.ast import nodes as na
    from dana.checker.context import Context
    from dana.checker.model import Scope, Var
    from dana.checker.types import Type


def request_module(
    c: Context, level: int, path: tuple[str, ...], python: bool, node: na.Node
) -> Interface | str | None:
    """The module's interface, the reason why there is none, or None when nobody can tell."""
    key = (level, path, python)
    if key in c.imports:
        return c.imports[key]
    request = ModuleRequest(level, path, python, node)
    c.checked.requests.append(request)
    found = c.find_module(request) if c.find_module is not None else None
    c.imports[key] = found
    if isinstance(found, Interface):
        adopt(c, found)
    return found


def adopt(c: Context, interface: Interface) -> None:
    """Makes the types of a module known here."""
    for key, info in interface.structs.items():
        c.registry.setdefault(key, info)
    c.scoped["public"].update(interface.public)


def declare_import(c: Context, scope: Scope, stmt: na.Import) -> None:
    """`import a.b` binds `a`; `import a.b as c` binds `c`."""
    from dana.checker.declare import define

    for alias in stmt.names:
        found = request_module(c, 0, alias.path, alias.python, alias)
        whole = alias.asname is not None or len(alias.path) == 1
        interface = found if whole and isinstance(found, Interface) else None
        old = scope.vars.get(alias.path[0])
        if not whole and old is not None and old.kind == "module":
            old.count += 1
            old.info = old.info if isinstance(old.info, Interface) and old.info.open else None
            old.type = ANY
            continue
        var = define(c, scope, alias.asname or alias.path[0], alias.end, "module", stmt, interface)
        if var.kind == "module":
            var.type = ("module", interface.name) if interface is not None else ANY


def declare_import_from(c: Context, scope: Scope, stmt: na.ImportFrom) -> None:
    """`from a import x as y` binds `y`; `*` binds everything the module exports."""
    from dana.checker.declare import define

    found = request_module(c, stmt.level, stmt.path, stmt.python, stmt)
    interface = found if isinstance(found, Interface) else None
    if stmt.names is None:
        declare_star(c, scope, stmt, interface)
        return
    for alias in stmt.names:
        name = alias.path[0]
        var = define(c, scope, alias.asname or name, alias.end, "imported", stmt)
        if var.kind == "imported":
            module = None
            if interface is not None and name not in interface.names and not interface.open:
                module = submodule(c, stmt, name)
            if module is not None:
                var.kind, var.info, var.type = "module", module, ("module", module.name)
            else:
                describe(c, var, interface, name)


def declare_star(c: Context, scope: Scope, stmt: na.ImportFrom, interface: Interface | None) -> None:
    """Binds the exported names; an unknown module makes every name possible (nothing is reported then)."""
    from dana.checker.declare import define

    if interface is None or (interface.open and interface.exports is None):
        scope.nonlocals["*"] = stmt
        return
    for name in interface.star():
        var = define(c, scope, name, stmt.end, "imported", stmt)
        if var.kind == "imported":
            describe(c, var, interface, name)


def describe(c: Context, var: Var, interface: Interface | None, name: str) -> None:
    """Gives an imported name the type (and the user-defined type) its module says it has."""
    var.type = ANY
    if interface is None:
        return
    var.type = interface.names.get(name, ANY)
    key = interface.types.get(name)
    info = c.registry.get(key) if key is not None else None
    if info is not None:
        var.kind = "type"
        var.info = info
        c.structs.setdefault(var.name, info)


def check_import(c: Context, stmt: na.Import) -> None:
    """Reports modules that do not exist."""
    for alias in stmt.names:
        found = request_module(c, 0, alias.path, alias.python, alias)
        if isinstance(found, str):
            report_missing(c, ModuleRequest(0, alias.path, alias.python), alias, found)
        rebind(c, alias.asname or alias.path[0])


def report_missing(c: Context, request: ModuleRequest, node: na.Node, reason: str) -> None:
    """A module that cannot be had: there is none, or it is being compiled and needs this one first (L25)."""
    if reason.startswith(CYCLE):
        c.report("E504", reason, node, label="this closes the circle", hint=_CYCLE_HINT)
    else:
        python = f"the Python module `{request.text}` cannot be imported"
        c.report("E501", python if request.python else f"no module `{request.text}`", node, hint=reason)


def rebind(c: Context, name: str) -> None:
    """An import of a name that is assigned elsewhere, too, is one more assignment."""
    var = c.lookup(name)
    if var is not None and var.kind == "variable":
        c.assign(var, ANY)


def check_import_from(c: Context, stmt: na.ImportFrom) -> None:
    """Reports modules and names in them that do not exist; star rules."""
    found = request_module(c, stmt.level, stmt.path, stmt.python, stmt)
    if stmt.names is None and c.scope is not c.top:
        c.report("E427", "`from … import *` is only possible at module level", stmt, hint="name what you need")
    if isinstance(found, str):
        report_missing(c, ModuleRequest(stmt.level, stmt.path, stmt.python), stmt, found)
    if isinstance(found, Interface) and stmt.names is not None:
        for alias in stmt.names:
            check_imported_name(c, found, stmt, alias)
    for alias in stmt.names or ():
        rebind(c, alias.asname or alias.path[0])


def check_imported_name(c: Context, interface: Interface, stmt: na.ImportFrom, alias: na.Alias) -> None:
    """`from m import x`: x must be one of m's public names (or a module inside the package m)."""
    name = alias.path[0]
    if name.startswith("_") and not name.startswith("__"):
        c.report("E503", f"`{name}` is private to module `{interface.name}`", alias, hint=_PRIVATE)
    elif name in interface.refused:
        report_refused(c, interface, name, alias)
    elif name not in interface.names and not interface.open and submodule(c, stmt, name) is None:
        near = c.near(name, interface.names)
        hint = f"did you mean `{near}`?" if near else ""
        c.report("E502", f"module `{interface.name}` has no `{name}`", alias, hint=hint)


def submodule(c: Context, stmt: na.ImportFrom, name: str) -> Interface | None:
    """`from package import module`: the module, if the package has one of that name."""
    found = request_module(c, stmt.level, (*stmt.path, name), stmt.python, stmt)
    return found if isinstance(found, Interface) else None


_CYCLE_HINT = "move what both need into a module of its own"
_PRIVATE = "names that start with `_` stay inside their module; rename it there to share it"


def module_attribute(c: Context, interface: Interface, node: na.Attribute) -> Type:
    """`m.x` for a module whose interface is known."""
    name = node.attr
    found = interface.names.get(name)
    if found is not None:
        return found
    span = (node.end - len(name), node.end)
    if name.startswith("_") and not interface.open:
        c.report("E503", f"`{name}` is private to module `{interface.name}`", span, hint=_PRIVATE)
    elif name in interface.refused:
        report_refused(c, interface, name, span)
    elif not interface.open:
        near = c.near(name, interface.names)
        hint = f"did you mean `{near}`?" if near else ""
        c.report("E502", f"module `{interface.name}` has no `{name}`", span, hint=hint)
    return ANY


def report_refused(c: Context, interface: Interface, name: str, where: Any) -> None:
    """A name of Python's module that Dana leaves out (L48); the hint says what to write instead."""
    c.report("E520", f"`{interface.name}.{name}` of Python is not there in Dana", where, hint=interface.refused[name])
