"""Structs, resources, interfaces, agents: slotted classes with a written-out `__init__` (L28–L33, L43).

struct Point:            class Point(.Struct):
    x: int                   __slots__ = ("x", "label")
    label: str = "p"         def __init__(.self, x, label="p"):
                                 if x.__class__ is not .int: x = .field(x, .T0, "Point", "x")
                                 .self.x = x
                                 …
                         Point = .struct(Point, .module, "struct", (("x", .T0, False, None), …), False, doc)

agent Ada(Clerk):        class Ada(.blueprint(Clerk)):
    level = 2
                             __slots__ = ("ªªlevel",)          fields live in slots that no program can spell
                             def __init__(.self, *, level=.MISSING, **.rest):
                                 if level is .MISSING: level = .Ada.level
                                 .put(.self, "ªªlevel", level)
                                 …
                                 __class__.__base__.__init__(.self, **.base_fields(…, .rest, {"level": level}))
                         Ada = .agent(.agent_type(Ada, .module, "agent", (("level", None, True, None),), doc))
"""

from __future__ import annotations

import ast as py

from dana import abi
from dana import ast as na
from dana.lowering.annotations import check_variable, type_name
from dana.lowering.context import LOAD, STORE, Context
from dana.lowering.functions import function_of, is_fresh, lower_composed_def, lower_decorators, make_fresh

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.checker.model import StructInfo

SELF = ".self"


def lower_struct_def(cx: Context, node: na.StructDef) -> list[py.stmt]:
    if node.base is None:
        bases: list[py.expr] = [cx.load(".Struct", node)]
        kind = "struct"
    else:
        bases = [cx.load(".ErrorStruct", node), cx.expr(node.base)]
        kind = "exception"
    return _class(cx, node, node.fields, bases, kind, frozen=node.frozen)


def lower_resource_def(cx: Context, node: na.ResourceDef) -> list[py.stmt]:
    bases = [cx.load(".Resource", node) if node.base is None else cx.expr(node.base)]
    return _class(cx, node, node.fields, bases, "resource", frozen=False)


def _class(
    cx: Context,
    node: na.StructDef | na.ResourceDef,
    fields: tuple[na.FieldDef, ...],
    bases: list[py.expr],
    kind: str,
    *,
    frozen: bool,
) -> list[py.stmt]:
    name = abi.variable(node.name)
    if not cx.at_module_level:
        cx.local_types.add(node.name)
    place = cx.at(node)
    inherited = _inherited(cx, node, fields)
    before, init = _init(cx, node, fields, inherited, plain=not frozen and not _delegates(fields))
    slots = cx.const(tuple(abi.mangle(f.name) for f in fields), node)
    body: list[py.stmt] = [cx.assign("__slots__", slots, node), init]
    for method in node.methods:
        body += _method(cx, method)
    decorators = lower_decorators(cx, node.decorators)
    made = py.ClassDef(name=name, bases=bases, keywords=[], body=body, decorator_list=[], **place)
    described = [_field_facts(cx, f) for f in fields]
    facts = py.Tuple(elts=list[py.expr](described), ctx=LOAD, **place)
    words = [
        cx.load(name, node),
        cx.load(".module", node),
        cx.const(kind, node),
        facts,
        cx.const(frozen, node),
        cx.const(node.doc, node),
    ]
    value: py.expr = cx.call(".struct", node, *words)
    for decorator in reversed(decorators):
        value = py.Call(func=decorator, args=[value], keywords=[], **place)
    return [*before, made, cx.assign(name, value, node)]


def _inherited(cx: Context, node: na.StructDef | na.ResourceDef, fields: tuple[na.FieldDef, ...]) -> list[str]:
    info: StructInfo | None = cx.checked.structs.get(node.name)
    if info is None or node.base is None or isinstance(node, na.StructDef):
        return []
    own = {f.name for f in fields}
    return [name for name in info.fields if name not in own]


def _redeclared(cx: Context, node: na.StructDef | na.ResourceDef) -> list[str]:
    """Fields of its own that the base fills as well, and so has to be told."""
    info: StructInfo | None = cx.checked.structs.get(node.name)
    return [] if info is None else info.redeclared


def _delegates(fields: tuple[na.FieldDef, ...]) -> bool:
    return any(f.name.startswith("_") for f in fields)


def _field_facts(cx: Context, field: na.FieldDef) -> py.expr:
    """`(name, T, has_default, doc)`."""
    kind = cx.const(None, field) if field.annotation is None else type_name(cx, field.annotation)
    elts = [cx.const(field.name, field), kind, cx.const(field.default is not None, field), cx.const(field.doc, field)]
    return py.Tuple(elts=list[py.expr](elts), ctx=LOAD, **cx.at(field))


def _init(
    cx: Context,
    node: na.StructDef | na.ResourceDef,
    fields: tuple[na.FieldDef, ...],
    inherited: list[str],
    *,
    plain: bool,
    checked: bool = True,
) -> tuple[list[py.stmt], py.FunctionDef]:
    """`__init__` taking the fields in order, and the statements that prepare its defaults."""
    place = cx.at(node)
    before: list[py.stmt] = []
    body: list[py.stmt] = []
    defaults: list[py.expr] = []
    defaults += [cx.load(".MISSING", node) for _ in inherited]
    required_after_default = bool(inherited)
    for field in fields:
        name = abi.variable(field.name)
        if field.default is None:
            if required_after_default:
                defaults.append(cx.load(".MISSING", field))
                body.append(_refuse_missing(cx, node, field, name))
        else:
            required_after_default = True
            defaults.append(_field_default(cx, node, field, name, before, body))
        if checked and field.annotation is not None:
            body += check_variable(cx, name, field.annotation, ".field", node.name, field.name, node=field)
        body.append(_set_field(cx, field, name, plain=plain))
    if inherited:
        body.append(_base_init(cx, node, [*inherited, *_redeclared(cx, node)]))
    args = [py.arg(arg=SELF, annotation=None, **place)]
    args += [py.arg(arg=abi.variable(n), annotation=None, **place) for n in inherited]
    args += [py.arg(arg=abi.variable(f.name), annotation=None, **cx.at(f)) for f in fields]
    signature = py.arguments(posonlyargs=[], args=args, kwonlyargs=[], kw_defaults=[], defaults=defaults)
    init = py.FunctionDef(
        name="__init__",
        args=signature,
        body=body or [py.Pass(**place)],
        decorator_list=[],
        returns=None,
        **place,
    )
    return before, init


def _field_default(
    cx: Context,
    node: na.StructDef | na.ResourceDef,
    field: na.FieldDef,
    name: str,
    before: list[py.stmt],
    body: list[py.stmt],
) -> py.expr:
    default = field.default
    if default is None:
        return cx.const(None, field)
    if not isinstance(node, na.StructDef):
        return _kept_default(cx, node, field, name, before, body)
    if is_fresh(cx, default):
        body.append(make_fresh(cx, name, default, field))
        return cx.load(".MISSING", field)
    return cx.expr(default)


def _refuse_missing(cx: Context, node: Any, field: na.FieldDef, name: str) -> py.stmt:
    place = cx.at(field)
    test = py.Compare(left=cx.load(name, field), ops=[py.Is()], comparators=[cx.load(".MISSING", field)], **place)
    words = [cx.const(node.name, field), cx.const(field.name, field)]
    fault = py.Raise(exc=cx.call(".missing_field", field, *words), cause=None, **place)
    return cx.if_stmt(test, [fault], field)


def _base_init(cx: Context, node: na.StructDef | na.ResourceDef, inherited: list[str]) -> py.stmt:
    place = cx.at(node)
    base = cx.expr(node.base) if node.base is not None else cx.load(".Struct", node)
    init = py.Attribute(value=base, attr="__init__", ctx=LOAD, **place)
    keywords = [py.keyword(arg=abi.variable(n), value=cx.load(abi.variable(n), node), **place) for n in inherited]
    return cx.expr_stmt(py.Call(func=init, args=[cx.load(SELF, node)], keywords=keywords, **place), node)


def _set_field(cx: Context, field: na.FieldDef, name: str, *, plain: bool) -> py.stmt:
    attr = abi.mangle(field.name)
    if plain:
        target = py.Attribute(value=cx.load(SELF, field), attr=attr, ctx=STORE, **cx.at(field))
        return py.Assign(targets=[target], value=cx.load(name, field), **cx.at(field))
    # The class refuses or redirects assignments; its own constructor goes past that.
    words = [cx.load(SELF, field), cx.const(attr, field), cx.load(name, field)]
    return cx.expr_stmt(cx.call(".put", field, *words), field)


def unchecked_constructor(cx: Context, node: na.StructDef) -> list[py.stmt]:
    """`.raw:Point(x, y)`: a new instance filled without checks; an inlined call, unlike that of a class."""
    place = cx.at(node)
    before, init = _init(cx, node, node.fields, [], plain=True, checked=False)
    made = cx.call(f".new:{node.name}", node)
    init.name = abi.unchecked(node.name)
    init.args.args = init.args.args[1:]
    init.body = [cx.assign(SELF, made, node), *init.body, py.Return(value=cx.load(SELF, node), **place)]
    maker = cx.call(".maker", node, cx.load(abi.variable(node.name), node))
    return [*before, cx.assign(f".new:{node.name}", maker, node), init]


def _method(cx: Context, node: na.Stmt) -> list[py.stmt]:
    if isinstance(node, na.FunctionDef):
        return [function_of(cx, node, abi.mangle(node.name))]
    if isinstance(node, na.ComposedDef):
        return lower_composed_def(cx, node)
    return cx.block((node,))


def lower_interface_def(cx: Context, node: na.InterfaceDef) -> list[py.stmt]:
    methods = tuple((m.name, *_arity(m)) for m in node.methods)
    embeds = [type_name(cx, e) for e in node.embeds]
    words = [
        cx.load(".module", node),
        cx.const(node.name, node),
        cx.const(methods, node),
        py.Tuple(elts=embeds, ctx=LOAD, **cx.at(node)),
        cx.const(node.doc, node),
    ]
    return [cx.assign(abi.variable(node.name), cx.call(".interface", node, *words), node)]


def _arity(method: na.MethodSignature) -> tuple[int, int | None]:
    plain = [p for p in method.params if p.kind in {"positional", "normal"}]
    required = sum(p.default is None for p in plain)
    return required, None if any(p.kind == "star" for p in method.params) else len(plain)


def lower_type_alias(cx: Context, node: na.TypeAlias) -> list[py.stmt]:
    return [cx.assign(abi.variable(node.name), type_name(cx, node.value), node)]


# --- agents -------------------------------------------------------------------------------------


def lower_agent_blueprint_def(cx: Context, node: na.AgentBlueprintDef) -> list[py.stmt]:
    return _agent_class(cx, node, None, "agent_blueprint")


def lower_agent_def(cx: Context, node: na.AgentDef) -> list[py.stmt]:
    """The class of a singleton, which is bound to its only instance."""
    base = None if node.blueprint is None else cx.call(".blueprint", node.blueprint, cx.expr(node.blueprint))
    made = _agent_class(cx, node, base, "agent")
    name = abi.variable(node.name)
    return [*made, cx.assign(name, cx.call(".agent", node, cx.load(name, node)), node)]


def _agent_class(
    cx: Context, node: na.AgentBlueprintDef | na.AgentDef, base: py.expr | None, kind: str
) -> list[py.stmt]:
    name = abi.variable(node.name)
    if not cx.at_module_level:
        cx.local_types.add(node.name)
    place = cx.at(node)
    prepared, init = _agent_init(cx, node, extends=base is not None)
    slots = cx.const(tuple(abi.state_slot(f.name) for f in node.fields), node)
    body: list[py.stmt] = [cx.assign("__slots__", slots, node), init]
    for method in node.methods:
        body += _method(cx, method)
    decorators = lower_decorators(cx, node.decorators)
    bases: list[py.expr] = [cx.load(".Agent", node) if base is None else base]
    made = py.ClassDef(name=name, bases=bases, keywords=[], body=body, decorator_list=[], **place)
    facts = py.Tuple(elts=[_field_facts(cx, f) for f in node.fields], ctx=LOAD, **place)
    words = [
        cx.load(name, node), cx.load(".module", node), cx.const(kind, node), facts, cx.const(node.doc, node),
    ]  # fmt: skip
    value: py.expr = cx.call(".agent_type", node, *words)
    for decorator in reversed(decorators):
        value = py.Call(func=decorator, args=[value], keywords=[], **place)
    return [*prepared, made, cx.assign(name, value, node)]


def _agent_init(
    cx: Context, node: na.AgentBlueprintDef | na.AgentDef, *, extends: bool
) -> tuple[list[py.stmt], py.FunctionDef]:
    """`__init__`, which fills the slots; with a base, all fields go by name, and what the base has it is told."""
    place = cx.at(node)
    before: list[py.stmt] = []
    body: list[py.stmt] = []
    defaults: list[py.expr] = []
    for field in node.fields:
        name = abi.variable(field.name)
        if field.default is not None:
            defaults.append(_kept_default(cx, node, field, name, before, body))
        elif extends or defaults:
            defaults.append(cx.load(".MISSING", field))
            body.append(_refuse_missing(cx, node, field, name))
        if field.annotation is not None:
            body += check_variable(cx, name, field.annotation, ".field", node.name, field.name, node=field)
        words = [cx.load(SELF, field), cx.const(abi.state_slot(field.name), field), cx.load(name, field)]
        body.append(cx.expr_stmt(cx.call(".put", field, *words), field))
    args = [py.arg(arg=abi.variable(f.name), annotation=None, **cx.at(f)) for f in node.fields]
    own = py.arg(arg=SELF, annotation=None, **place)
    if not extends:
        signature = py.arguments(posonlyargs=[], args=[own, *args], kwonlyargs=[], kw_defaults=[], defaults=defaults)
    else:
        body.append(_init_of_base(cx, node))
        rest = py.arg(arg=".rest", annotation=None, **place)
        signature = py.arguments(
            posonlyargs=[], args=[own], kwonlyargs=args, kw_defaults=list(defaults), defaults=[], kwarg=rest
        )
    made = py.FunctionDef(
        name="__init__", args=signature, body=body or [py.Pass(**place)], decorator_list=[], returns=None, **place
    )
    return before, made


def _init_of_base(cx: Context, node: na.AgentBlueprintDef | na.AgentDef) -> py.stmt:
    """`__class__.__base__.__init__(.self, **.base_fields(__class__.__base__, .rest, {"level": level}))`.

    The class itself is asked, and no variable: those may be bound anew.
    """
    place = cx.at(node)

    def base() -> py.expr:
        return py.Attribute(value=cx.load("__class__", node), attr="__base__", ctx=LOAD, **place)

    names = [abi.variable(f.name) for f in node.fields]
    keys: list[py.expr | None] = [cx.const(n, node) for n in names]
    own = py.Dict(keys=keys, values=[cx.load(n, node) for n in names], **place)
    told = cx.call(".base_fields", node, base(), cx.load(".rest", node), own)
    init = py.Attribute(value=base(), attr="__init__", ctx=LOAD, **place)
    rest = py.keyword(arg=None, value=told, **place)
    return cx.expr_stmt(py.Call(func=init, args=[cx.load(SELF, node)], keywords=[rest], **place), node)


def _kept_default(
    cx: Context,
    node: na.ResourceDef | na.AgentBlueprintDef | na.AgentDef,
    field: na.FieldDef,
    name: str,
    before: list[py.stmt],
    body: list[py.stmt],
) -> py.expr:
    """The default of a field of a type that may be inherited from: then defaults are asked for by name."""
    default = field.default
    assert default is not None
    if is_fresh(cx, default):
        body.append(make_fresh(cx, name, default, field))
        return cx.load(".MISSING", field)
    kept = f".{node.name}.{field.name}"
    before.append(cx.assign(kept, cx.expr(default), field))
    body.append(make_fresh(cx, name, default, field))
    last = body[-1]
    if isinstance(last, py.If):
        last.body = [cx.assign(name, cx.load(kept, field), field)]
    return cx.load(".MISSING", field)
