"""Your own types: structs, interfaces, resources, agents, aliases (L28–L32, L43)."""

from __future__ import annotations

from dana.ast import nodes as na
from dana.checker.agents import check_fields, check_singleton, declare_overrides, is_agent
from dana.checker.annotations import annotation, merge
from dana.checker.builtins import EXCEPTIONS
from dana.checker.conversion import check_value
from dana.checker.functions import (
    check_body,
    check_defaults,
    declared_parameter,
    make_function,
    result_type,
    shadows_builtin,
)
from dana.checker.model import Field, Method, StructInfo
from dana.checker.types import ANY, NONE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.checker.context import Context
    from dana.checker.model import Scope
    from dana.checker.types import Type


# -- filled before any code is checked -------------------------------------------------------------


def declare_types(c: Context, scope: Scope) -> None:
    """Completes every type defined in a scope: bases, fields, methods; then attaches receiver methods."""
    infos = [v.info for v in scope.vars.values() if v.kind == "type" and v.info.node is not None]
    infos = [i for i in infos if not i.fields and not i.methods]
    for info in infos:
        declare_bases(c, info)
    for info in infos:
        refuse_cycle(c, info)
    for info in infos:
        declare_fields(c, info)
    for info in infos:
        declare_methods(c, info)
    for info in infos:
        inherit(c, info)


def declare_bases(c: Context, info: StructInfo) -> None:
    """What stands in parentheses after the type's name, or the interfaces it embeds."""
    node = info.node
    if info.kind == "interface":
        for embedded in node.embeds:
            t = annotation(c, embedded)
            if t[0] == "interface":
                info.bases.append((t[1], t[2]))
            elif t is not ANY and t[0] != "ref":
                c.report("E419", f"`{'.'.join(embedded.path)}` is not an interface", embedded)
        return
    base = getattr(node, "base", None) or getattr(node, "blueprint", None)
    if base is not None:
        declare_base(c, info, base)


def declare_base(c: Context, info: StructInfo, base: Any) -> None:
    """`struct E(Exception)`, `resource R(Base)`, `agent A(B)`."""
    name = base.id if base.__class__ is na.Name else ""
    var = c.lookup(name) if name else None
    parent = var.info if var is not None and isinstance(var.info, StructInfo) else None
    if info.kind == "struct":
        if (var is None and name in EXCEPTIONS) or (parent is not None and parent.kind in ("exception", "struct")):
            if parent is not None and parent.kind == "struct" and not is_exception(c, parent):
                hint = f"lend its fields and methods instead: `_{parent.name.lower()}: {parent.name}` (delegation)"
                c.report("E419", f"a struct cannot inherit from `{name}`", base, hint=hint)
                return
            info.kind = "exception"
            info.bases.append((parent.name, parent.module) if parent is not None else (name, ""))
            return
        if var is None or parent is not None:
            text = f"a struct extends only exceptions, not `{c.text[base[0] : base[1]]}`"
            c.report("E419", text, base, hint="use delegation: a field whose name starts with `_`")
        return
    wanted = {"resource": ("resource",), "agent": ("agent_blueprint", "agent")}.get(info.kind, ())
    if parent is not None and parent.kind in wanted:
        info.bases.append((parent.name, parent.module))
    elif parent is not None:
        what = "resources" if info.kind == "resource" else "agent blueprints"
        c.report("E419", f"`{info.name}` extends only {what}, and `{name}` is none", base)


def refuse_cycle(c: Context, info: StructInfo) -> None:
    """A type cannot embed or extend itself, directly or through others."""
    seen: set[tuple[str, str]] = set()
    stack = list(info.bases)
    while stack:
        key = stack.pop()
        if key == (info.name, info.module):
            where = info.node.embeds[0] if info.kind == "interface" else (getattr(info.node, "base", None) or info.node)
            c.report("E419", f"`{info.name}` contains itself", where, hint="leave one of the two out")
            info.bases = []
            return
        if key not in seen:
            seen.add(key)
            parent = c.registry.get(key)
            stack.extend(parent.bases if parent is not None else ())


def is_exception(c: Context, info: StructInfo) -> bool:
    """Whether a struct is declared with an exception as its base (perhaps further up)."""
    seen = 0
    while info.node is not None and seen < 50:
        if info.kind == "exception":
            return True
        base = getattr(info.node, "base", None)
        if base.__class__ is not na.Name:
            return False
        if base.id in EXCEPTIONS and c.lookup(base.id) is None:
            return True
        var = c.lookup(base.id)
        if var is None or not isinstance(var.info, StructInfo) or var.info is info:
            return False
        info = var.info
        seen += 1
    return info.kind == "exception"


def declare_fields(c: Context, info: StructInfo) -> None:
    """Fields with their types; a name twice is an error; `_name` fields lend what they have (L30)."""
    for field in getattr(info.node, "fields", ()):
        if field.__class__ is na.ErrorStmt:
            info.open = info.broken = True
            continue
        if field.name in info.fields:
            text = f"field `{field.name}` of `{info.name}` is declared twice"
            c.report("E407", text, field, hint="remove one of the two, or rename it")
            continue
        t = annotation(c, field.annotation) if field.annotation is not None else ANY
        if field.default.__class__ is na.Constant and field.default.value is None:
            t = merge([t, NONE])
        info.fields[field.name] = Field(field.name, t, field.default is not None, field.doc, field)
        if field.name.startswith("_"):
            info.delegates.append(field.name)


def declare_methods(c: Context, info: StructInfo) -> None:
    """Methods of the body, whose first parameter is the receiver, or an interface's signatures."""
    node = info.node
    for method in node.methods:
        if method.__class__ is na.ErrorStmt:
            info.open = info.broken = True
            continue
        name = method.name
        if name in info.methods:
            c.report("E407", f"method `{name}` of `{info.name}` is declared twice", method_span(method))
            continue
        if name in info.fields:
            c.report("E407", f"`{name}` is a field of `{info.name}` already", method_span(method))
        if method.__class__ is na.MethodSignature:
            info.methods[name] = Method(name, signature_type(c, method), method)
            continue
        function = make_function(c, method, c.scope)
        c.graph.method(name, id(method))
        if is_agent(info):
            c.agent_methods.add(id(method))
        params = function.type[1]
        if method.receiver is None and params:
            adopt_receiver(c, info, function)
            params = function.type[1]
        info.methods[name] = Method(name, ("func", params[1:] if params else params, function.type[2]), method)


def adopt_receiver(_c: Context, info: StructInfo, function: Any) -> None:
    """The first parameter of a method in a body is the receiver, annotated or not."""
    first, *rest = function.type[1]
    if first[1] is ANY:
        # A resource's method may run on a type that extends it.
        t = ANY if info.kind == "resource" else info.type
        function.type = ("func", ((first[0], t, first[2], first[3]), *rest), function.type[2])


def method_span(method: Any) -> tuple[int, int]:
    """The name of a method, or of a signature in an interface."""
    at = getattr(method, "name_at", method.start)
    return at, at + len(method.name)


def signature_type(c: Context, method: na.MethodSignature) -> Type:
    """A method signature; a first parameter called `self` is the receiver."""
    params = [(p.name, declared_parameter(c, p), p.kind, p.default is not None) for p in method.params]
    if params and params[0][0] == "self" and params[0][1] is ANY:
        params = params[1:]
    returns = result_type(annotation(c, method.returns)) if method.returns is not None else ANY
    return ("func", tuple(params), returns)


def inherit(c: Context, info: StructInfo) -> None:
    """Agents and resources get the fields of what they extend, which come before their own (as at run time)."""
    fields: dict[str, Field] = {}
    for key in info.bases:
        parent = c.registry.get(key)
        if parent is None:
            continue
        if is_agent(info):
            declare_overrides(c, info, parent)
        for name, field in parent.fields.items():
            if name in info.fields:
                info.redeclared.append(name)
            else:
                fields.setdefault(name, Field(name, field.type, field.has_default, field.doc, field.node))
    if is_agent(info):
        check_fields(c, info)
    if fields:
        info.fields = {**fields, **info.fields}


def all_fields(_c: Context, info: StructInfo) -> dict[str, Field]:
    """A type's own and inherited fields."""
    return info.fields


def attach_receivers(c: Context) -> None:
    """Receiver methods of this module join the types they are declared for (L29)."""
    for function in list(c.functions.values()):
        node = function.node
        if getattr(node, "receiver", None) is None or node.__class__ is na.Lambda:
            continue
        params = function.type[1]
        receiver = params[0][1]
        name = node.name
        c.graph.method(name, id(node))
        t = ("func", params[1:], function.type[2] if not function.decorated else ANY)
        for option in receiver[1] if receiver[0] == "union" else (receiver,):
            info = (
                c.info(option)
                if option[0] == "struct"
                else c.registry.get((option[1], c.name))
                if (option[0] == "exception")
                else None
            )
            if info is None:
                c.ufcs.setdefault(name, []).append(function)
                continue
            if is_agent(info):
                c.agent_methods.add(id(node))
            if name in info.fields and info.module == c.name:
                c.report("E407", f"`{name}` is a field of `{info.name}` already", method_span(node))
            elif info.module == c.name and _defined_twice(info, name, node):
                c.report("E407", f"method `{name}` of `{info.name}` is declared twice", method_span(node))
            info.methods[name] = Method(name, t, node)


def _defined_twice(info: StructInfo, name: str, node: Any) -> bool:
    old = info.methods.get(name)
    return old is not None and old.node is not node and getattr(old.node, "receiver", None) is not None


# -- checked where they stand ----------------------------------------------------------------------


def check_type_def(c: Context, stmt: Any) -> bool:
    """A type definition: defaults, methods, decorators."""
    from dana.checker.decorators import check_decorators

    var = c.lookup(stmt.name)
    info = var.info if var is not None and isinstance(var.info, StructInfo) else None
    shadows_builtin(c, stmt.name, stmt.name_at)
    if getattr(stmt, "decorators", ()):
        check_decorators(c, stmt)
    base = getattr(stmt, "base", None) or getattr(stmt, "blueprint", None)
    if base is not None:
        c.expr(base)
    owner, c.graph.owner = c.graph.owner, id(stmt)
    for field in getattr(stmt, "fields", ()):
        if field.__class__ is na.FieldDef and field.default is not None:
            check_field_default(c, info, field)
    c.graph.owner = owner
    if info is None or info.node is not stmt:
        return False
    for method in stmt.methods:
        if method.__class__ not in (na.MethodSignature, na.ErrorStmt):
            check_method(c, stmt, method)
    if info.kind == "agent":
        c.graph.call_unknown()
        check_singleton(c, stmt, info)
    return False


def check_field_default(c: Context, info: StructInfo | None, field: na.FieldDef) -> None:
    """A default must fit its field; the default None has made it optional, as with parameters."""
    t = c.expr(field.default)
    declared = info.fields[field.name].type if info is not None and field.name in info.fields else ANY
    if declared is not ANY:
        check_value(c, field.default, t, declared, "E306", f"the default of `{field.name}`")


def check_method(c: Context, stmt: Any, method: Any) -> None:
    """A method in a type's body."""
    from dana.checker.decorators import check_decorators

    check_decorators(c, method)
    function = make_function(c, method, c.scope)
    check_defaults(c, method, function.type)
    if method.receiver is None and not method.params:
        hint = f"name the receiver first: `def {method.name}(self)`"
        c.report("E418", f"method `{method.name}` of `{stmt.name}` has no receiver", method_span(method), hint=hint)
    if c.scope is c.top and c.function is None:
        c.module_functions.append(function)
    else:
        function.state = 0
        check_body(c, function)


def check_type_alias(c: Context, stmt: na.TypeAlias) -> bool:
    """`type Money = float`."""
    from dana.checker.annotations import alias_type

    var = c.lookup(stmt.name)
    if var is not None and var.kind == "alias":
        alias_type(c, var)
    else:
        annotation(c, stmt.value)
        if var is not None:
            c.assign(var, ANY)
    shadows_builtin(c, stmt.name, stmt.name_at)
    return False
