"""What importers of a module see (L25)."""

from __future__ import annotations

from dana.ast import nodes as na
from dana.checker.expressions import type_of_type
from dana.checker.functions import result_of
from dana.checker.model import Function, Interface, StructInfo
from dana.checker.types import ANY, CALLABLE, SCALARS, strip

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.checker.context import Context
    from dana.checker.model import Var
    from dana.checker.types import Type


def build_interface(c: Context) -> None:
    """Fills `checked.interface` from the module's variables."""
    interface = c.checked.interface
    for name, var in c.top.vars.items():
        if name.startswith("_") and name not in ("__main__", "__all__", "__exports__"):
            continue
        if var.first >= 1 << 60 and not var.foreign:
            continue
        interface.names[name] = exported_type(c, var)
        if var.kind == "type" and isinstance(var.info, StructInfo):
            interface.types[name] = (var.info.name, var.info.module)
    if "*" in c.top.nonlocals:
        interface.open = True
    interface.public = tuple(sorted(c.scoped["public"]))
    interface.exports = exports(c)
    for t in interface.names.values():
        add_structs(c, interface, t)
    for key in interface.types.values():
        add_struct(c, interface, c.registry.get(key))


def exported_type(c: Context, var: Var) -> Type:
    """The type an importer may rely on: definitions, and variables nobody assigns twice."""
    if var.kind == "function" and isinstance(var.info, Function):
        function = var.info
        if function.decorated:
            return var.type or ANY
        return ("func", function.type[1], result_of(c, function))
    if var.kind == "receiver":
        if isinstance(var.info, Function) and var.node is not None and not var.info.decorated:
            return var.info.type
        return CALLABLE
    if var.kind == "type" and isinstance(var.info, StructInfo):
        return type_of_type(var.info)
    if var.kind in ("imported", "module"):
        return var.type or ANY
    t = var.type or ANY
    if var.foreign or var.count != 1:
        return ANY
    return strip(t) if t[0] in SCALARS or t[0] in ("struct", "func", "callable") else ANY


def exports(c: Context) -> tuple[str, ...] | None:
    """Names of `export`, `__exports__` or `__all__`; None when nothing limits `*`."""
    found: list[str] = []
    limited = False
    for stmt in c.checked.module.body:
        if stmt.__class__ is na.Export:
            found.extend(stmt.names)
            limited = True
        elif stmt.__class__ is na.Assign and _names_exports(stmt.targets):
            value = stmt.value
            if value.__class__ in (na.List, na.Tuple):
                found.extend(e.value for e in value.elts if e.__class__ is na.Constant and isinstance(e.value, str))
                limited = True
    return tuple(dict.fromkeys(found)) if limited else None


def _names_exports(targets: tuple[Any, ...]) -> bool:
    return any(t.__class__ is na.Name and t.id in ("__exports__", "__all__") for t in targets)


def add_structs(c: Context, interface: Interface, t: Any) -> None:
    """Adds the types a type mentions, so that importers can look into them."""
    if t.__class__ is not tuple or not t:
        return
    if t[0] in ("struct", "interface") and len(t) == 3:
        add_struct(c, interface, c.registry.get((t[1], t[2])))
        return
    for part in t:
        add_structs(c, interface, part)


def add_struct(c: Context, interface: Interface, info: StructInfo | None) -> None:
    """Adds one type and what its fields, methods and bases mention."""
    if info is None or (info.name, info.module) in interface.structs:
        return
    interface.structs[info.name, info.module] = info
    for field in info.fields.values():
        add_structs(c, interface, field.type)
    for method in info.methods.values():
        add_structs(c, interface, method.type)
    for key in info.bases:
        add_struct(c, interface, c.registry.get(key))
