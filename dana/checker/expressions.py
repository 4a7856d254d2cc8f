"""Names, literals, displays, comprehensions, attributes and items."""

from __future__ import annotations

from dana.abi import SETTINGS
from dana.ast import nodes as na
from dana.checker.attributes import attribute_type
from dana.checker.builtins import ANNOTATION_ONLY, TYPES, builtin_type
from dana.checker.declare import bind_target
from dana.checker.model import Interface, Scope, StructInfo
from dana.checker.names import SCOPES, check_order, lint_near_scope, unresolved
from dana.checker.types import (
    ANY,
    BOOL,
    FLOAT,
    INT,
    MUTABLE,
    NEVER,
    NONE,
    STR,
    element,
    join,
    options,
    show,
    widen,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.checker.context import Context
    from dana.checker.model import Var
    from dana.checker.types import Type

_CONSTANTS = {bool: BOOL, int: INT, float: FLOAT, str: STR, type(None): NONE}


def check_constant(_c: Context, node: na.Constant) -> Type:
    """A literal."""
    return _CONSTANTS.get(node[2].__class__, ANY)


# -- names -----------------------------------------------------------------------------------------


def resolve(c: Context, node: Any) -> Var | None:
    """The variable a plain name means, with its binding recorded; None for builtins and errors."""
    name = node[2]
    scope = c.scope
    var = scope.vars.get(name)
    if var is None:
        var = c.lookup(name)
        if var is None:
            t = builtin_type(name)
            if t is None:
                unresolved(c, node)
            else:
                c.bindings[id(node)] = "builtin"
            return None
    owner = var.scope
    home = scope.home
    if (home.globals or home.nonlocals) and owner is not home:
        check_early(c, home, node)
    if owner is scope and scope is not c.top:
        c.bindings[id(node)] = "local"
    else:
        c.bindings[id(node)] = c.bind_kind(var)
    if var.first > node[0] or var.handlers is not None:
        check_order(c, var, node)
    return var


def check_early(c: Context, home: Scope, node: Any) -> None:
    """Python refuses a use before the `global` or `nonlocal` that says whose variable it is."""
    for word, table in (("global", home.globals), ("nonlocal", home.nonlocals)):
        stmt = table.get(node[2])
        if stmt is not None and node[0] < stmt.start:
            hint = "move it to the start of the function"
            c.report("E207", f"`{node[2]}` is used before `{word} {node[2]}`", stmt, hint=hint)


def check_name(c: Context, node: Any) -> Type:
    """A name whose value gets out of sight here: stored, returned, passed on."""
    var = resolve(c, node)
    if var is None:
        return builtin_type(node[2]) or ANY
    info = var.info
    if info is not None:
        kind = var.kind
        if kind == "function":
            c.graph.escape(id(info.node))
        elif kind == "receiver":
            for function in c.graph.methods.get(var.name, ()):
                c.graph.escape(function)
        elif kind == "type":
            return type_of_type(info)
    t = c.read_type(var)
    if t[0] in MUTABLE and t[1] is not ANY:
        return c.escape(var, t)
    return t


def peek(c: Context, node: Any, *, items: bool = True) -> Type:
    """A name whose value is only looked at, so a container in it stays our own."""
    if node.__class__ is not na.Name:
        return c.expr(node)
    var = resolve(c, node)
    if var is None or var.info is not None:
        t = check_name(c, node)
        c.note(node, t)
        return t
    t = c.read_items(var) if items else c.read_type(var)
    c.note(node, t)
    return t


def type_of_type(info: StructInfo) -> Type:
    """What the name of a user-defined type holds: an agent is a value, the others are types."""
    if info.kind == "agent":
        return info.type
    if info.kind == "exception":
        return ("type", ("exception", info.name))
    return ("type", info.type)


def check_scoped_name(c: Context, node: na.ScopedName) -> Type:
    """`private:x`, `public:x`, `system:x`; `local:x` is the plain variable (L10)."""
    if node.scope == "local":
        plain = c.lookup(node.id)
        if plain is None:
            unresolved(c, node)
            return ANY
        return c.read_type(plain)
    if node.scope == "private" and node.id not in c.scoped["private"] and not c.session:
        near = c.near(node.id, c.scoped["private"])
        hint = f"did you mean `private:{near}`?" if near else "this module never assigns it"
        c.report("E201", f"unknown name `private:{node.id}`", node, hint=hint)
    if node.scope == "system":
        check_setting(c, node)
    return ANY


def check_setting(c: Context, node: na.ScopedName) -> None:
    """`system:x`: the settings are a closed list, so a wrong name is found before running."""
    if node.id not in SETTINGS:
        near = c.near(node.id, SETTINGS)
        hint = f"did you mean `system:{near}`?" if near else f"settings are {', '.join(SETTINGS)}"
        c.report("E201", f"there is no setting `system:{node.id}`", node, hint=hint)


def type_value(c: Context, node: Any, t: Type) -> Type | None:
    """The type an expression stands for when it names one (`int`, `Point`, `"int"`), else None."""
    if t[0] == "type":
        return t[1]  # type: ignore[no-any-return]
    if node.__class__ is na.Name:
        var = c.lookup(node[2])
        if var is None and node[2] in ANNOTATION_ONLY:
            return ANNOTATION_ONLY[node[2]]
        if var is not None and var.kind == "type" and isinstance(var.info, StructInfo):
            return var.info.type
    if node.__class__ is na.Constant and node.value.__class__ is str and c.lookup(node.value) is None:
        name = node.value
        if name in TYPES:
            return TYPES[name][0]
    return None


# -- displays and comprehensions -------------------------------------------------------------------


def check_list(c: Context, node: na.List) -> Type:
    """`[a, *b]`."""
    return ("list", elements(c, node[2]))


def check_set(c: Context, node: na.Set) -> Type:
    """`{a, b}`."""
    from dana.checker.attributes import check_hashable

    t = elements(c, node[2])
    for item in node.elts:
        check_hashable(c, item, c.types.get(id(item), ANY), "a set")
    return ("set", t)


def elements(c: Context, items: tuple[Any, ...]) -> Type:
    """The type of what a display holds; nested containers lose their element claims."""
    if not items:
        return NEVER
    found: Type | None = None
    for item in items:
        t = item_type(c, item)
        found = t if found is None else join(found, t)
    return found if found is not None else NEVER


def item_type(c: Context, item: Any) -> Type:
    """The type of one element; a starred one contributes its own elements."""
    from dana.checker.types import strip

    if item.__class__ is na.Starred:
        t = check_iterable(c, item.value, peek(c, item.value))
        return strip(element(t))
    t = c.expr(item)
    return strip(widen(t)) if t is not ANY else t


def check_tuple(c: Context, node: na.Tuple) -> Type:
    """`a, b`."""
    if any(e.__class__ is na.Starred for e in node[2]):
        return ("tuple*", elements(c, node[2]))
    return ("tuple", tuple([item_type(c, e) for e in node[2]]))


def check_dict(c: Context, node: na.Dict) -> Type:
    """`{k: v, **d}`."""
    from dana.checker.attributes import check_hashable

    if not node.items:
        return ("dict", NEVER, NEVER)
    keys: Type = NEVER
    values: Type = NEVER
    for item in node.items:
        if item.key is None:
            t = peek(c, item.value)
            if t[0] in ("int", "float", "bool", "none", "str", "list", "set"):
                c.report("E308", f"`**` in a dict needs a dict, not {show(t)}", item.value)
            key, value = (t[1], t[2]) if t[0] == "dict" else (ANY, ANY)
        else:
            key, value = item_type(c, item.key), item_type(c, item.value)
            if item.key.__class__ is na.Name and item.key.id in SCOPES:
                lint_near_scope(c, item, item.key, item.value, "an entry of a dict")
            check_hashable(c, item.key, key, "a dict's keys")
        keys, values = join(keys, key), join(values, value)
    return ("dict", keys, values)


def check_starred(c: Context, node: na.Starred) -> Type:
    """A `*x` where none may stand; displays, calls and targets handle theirs themselves."""
    c.expr(node.value)
    text = "`*` unpacks only inside a call, a list, a tuple, a set or an assignment target"
    c.report("E412", text, node, hint="write `[*…]` for a list of the items")
    return ANY


def check_comprehension(c: Context, node: Any, parts: tuple[Any, ...]) -> list[Type]:
    """Checks the clauses in a scope of their own, then the element expressions."""
    from dana.checker.assignments import assign_target
    from dana.checker.narrowing import enter, leave, test_facts, with_facts
    from dana.checker.statements import check_truth

    saved_scope, saved = c.scope, enter(c)
    scope = Scope("comprehension", saved_scope)
    c.in_loop += 1
    loop_end = c.loop_end
    c.loop_end = max(loop_end, node.end)
    for index, clause in enumerate(node.generators):
        if index == 0:
            items = check_iterable(c, clause.iter, peek(c, clause.iter))
            c.scope = scope
            for other in node.generators:
                bind_comprehension(c, scope, other.target)
        else:
            items = check_iterable(c, clause.iter, peek(c, clause.iter))
        refuse_walrus(c, clause.iter)
        assign_target(c, clause.target, element(items))
        for test in clause.ifs:
            check_truth(c, test, c.expr(test))
            with_facts(c, test_facts(c, test)[0])
    from dana.checker.types import strip

    found = [strip(widen(c.expr(p))) for p in parts]
    c.in_loop -= 1
    c.loop_end = loop_end
    c.scope = saved_scope
    leave(c, saved)
    return found


def bind_comprehension(c: Context, scope: Scope, target: Any) -> None:
    """The clause's variables; they exist from the first clause on."""
    bind_target(c, scope, target, 0)


def refuse_walrus(c: Context, node: Any) -> None:
    """Python allows no `:=` in what a comprehension iterates over."""
    if not c.assigns_in_expressions:
        return
    for inner in na.walk(node):
        if inner.__class__ in (na.NamedExpr, na.Capture):
            word = ":=" if inner.__class__ is na.NamedExpr else "as"
            text = f"`{word}` is not possible in what a comprehension iterates over"
            c.report("E414", text, inner, hint="assign it before")


def check_list_comp(c: Context, node: na.ListComp) -> Type:
    """`[e for x in xs if t]`."""
    return ("list", check_comprehension(c, node, (node.elt,))[0])


def check_set_comp(c: Context, node: na.SetComp) -> Type:
    """`{e for x in xs}`."""
    return ("set", check_comprehension(c, node, (node.elt,))[0])


def check_dict_comp(c: Context, node: na.DictComp) -> Type:
    """`{k: v for x in xs}`."""
    key, value = check_comprehension(c, node, (node.key, node.value))
    return ("dict", key, value)


def check_generator_exp(c: Context, node: na.GeneratorExp) -> Type:
    """`(e for x in xs)`."""
    return ("iterator", check_comprehension(c, node, (node.elt,))[0])


def check_iterable(c: Context, node: Any, t: Type) -> Type:
    """Reports a value that certainly cannot be iterated over."""
    for option in options(t):
        if option[0] not in _NOT_ITERABLE:
            return t
    hint = f"write `range({c.text[node[0] : node[1]]})` to count" if t[0] == "int" and node[1] - node[0] < 30 else ""
    c.report("E308", f"{show(t)} cannot be iterated over", node, hint=hint)
    return ANY


_NOT_ITERABLE = frozenset({"none", "int", "float", "bool", "func", "callable", "module"})


# -- the rest --------------------------------------------------------------------------------------


def check_joined_str(c: Context, node: na.JoinedStr) -> Type:
    """An f-string."""
    for part in node.parts:
        if part.__class__ is na.FormattedValue:
            check_formatted_value(c, part)
    return STR


def check_formatted_value(c: Context, node: na.FormattedValue) -> Type:
    """`{value!r:spec}`."""
    peek(c, node.value)
    if node.spec is not None:
        check_joined_str(c, node.spec)
    return STR


def check_named_expr(c: Context, node: na.NamedExpr) -> Type:
    """`x := e`; inside a comprehension it may not rebind the comprehension's own variables."""
    from dana.checker.assignments import assign_target

    t = c.expr(node.value)
    target = node.target
    if target.__class__ is not na.Name:
        c.report("E414", "`:=` assigns plain names only", target)
        return t
    scope = outside_comprehensions(c, target.id, target)
    if scope is not None:
        saved, c.scope = c.scope, scope
        assign_target(c, target, t)
        c.scope = saved
    return t


def outside_comprehensions(c: Context, name: str, where: Any) -> Scope | None:
    """The scope an assignment inside an expression belongs to, which no comprehension around it may use up."""
    scope = c.scope
    while scope.kind in ("comprehension", "pipeline") and scope.parent is not None:
        if scope.kind == "comprehension" and name in scope.vars:
            text = f"the comprehension itself binds `{name}`; it cannot be assigned inside"
            c.report("E414", text, where, hint="use another name")
            return None
        scope = scope.parent
    return scope


def check_attribute(c: Context, node: na.Attribute) -> Type:
    """`value.attr`."""
    from dana.checker.imports import module_attribute

    value = node[2]
    if value.__class__ is na.Name:
        var = c.lookup(value[2])
        if var is not None and var.kind == "module":
            resolve(c, value)
            if isinstance(var.info, Interface):
                return module_attribute(c, var.info, node)
            return ANY
        t = peek(c, value)
    else:
        t = c.expr(value)
    return attribute_type(c, node, t)


def check_subscript(c: Context, node: na.Subscript) -> Type:
    """`value[index]`."""
    from dana.checker.attributes import subscript_type

    value = node[2]
    t = peek(c, value) if value.__class__ is na.Name else c.expr(value)
    if t[0] == "type" or (value.__class__ is na.Name and t is ANY and value[2] in TYPES):
        check_type_index(c, node.index)
        return ("type", t[1]) if t[0] == "type" else ANY
    index = c.expr(node[3])
    return subscript_type(c, node, t, index)


def check_type_index(c: Context, node: Any) -> None:
    """`list[int]` as a value: the bracketed types."""
    for part in node.elts if isinstance(node, (na.Tuple, na.List)) else (node,):
        if isinstance(part, (na.Tuple, na.List)):
            check_type_index(c, part)
        elif not (part.__class__ is na.Constant and part.value is ...):
            c.expr(part)


def check_slice(c: Context, node: na.Slice) -> Type:
    """`a:b:c`; bounds are ints or None."""
    for part in (node.lower, node.upper, node.step):
        if part is not None:
            t = c.expr(part)
            if t[0] in ("str", "float", "list", "dict"):
                c.report("E309", f"slice bounds are ints, not {show(t)}", part)
    lint_near_scope(c, node, node.lower, node.upper, "a slice")
    return ("opaque", "slice")


def check_error_expr(_c: Context, _node: na.ErrorExpr) -> Type:
    """Reported by the parser."""
    return ANY
