"""Assignment: targets of every sort, annotated and compound forms, `del` (L10, L14, L23)."""

from __future__ import annotations

from dana.ast import nodes as na
from dana.checker.agents import check_store
from dana.checker.annotations import annotation, evaluated_annotation
from dana.checker.attributes import MISSING, check_index, lookup_attribute, report_missing
from dana.checker.conversion import check_value, converted
from dana.checker.expressions import check_iterable, check_setting, peek, resolve
from dana.checker.types import ANY, MUTABLE, NONE, element, held, join, show, strip, widen

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
    return var


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
    elif target.scope == "system":
        check_setting(c, target)


def refuse_target(c: Context, target: Any) -> None:
    """What cannot stand left of `=`; the parser refuses most of it already."""
    hint = "names, `scope:names`, attributes and items can be assigned"
    c.report("E410", "this cannot be assigned", target, hint=hint)


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
        hint = "a starred target takes what is left: `first, *rest = …`" if len(known) > len(parts) else ""
        c.report("E312", text, target, hint=hint)
        known = None
    inner = element(t)
    for index, part in enumerate(parts):
        if part.__class__ is na.Starred:
            if part.value.__class__ is na.Starred:
                c.report("E412", "a target is starred once", part)
            assign_target(c, part.value, ("list", ANY))
        else:
            assign_target(c, part, known[index] if known is not None and not stars else inner)


def assign_attribute(c: Context, target: na.Attribute, t: Type, value: Any) -> None:
    """`p.x = v`: the field must exist, its type must accept the value, frozen structs refuse (L28)."""
    base = target.value
    owner = peek(c, base)
    info = c.info(owner)
    if info is not None and owner[0] == "struct":
        assign_field(c, target, info, t, value)
        field = info.fields.get(target.attr)
        if field is not None:
            c.note(target, held(field.type))
    elif owner[0] == "module":
        hint = "give the module a function that sets it, or share state as `public:name`"
        c.report("E410", f"modules are read-only from outside: `{target.attr}` cannot be assigned", target, hint=hint)
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
    if check_store(c, target, info):
        return
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
        check_index(c, target, owner, index)
        if var is not None and owner[1] is not ANY:
            added = ANY if target.index.__class__ is na.Slice else strip(widen(t))
            c.store(var, ("list", join(owner[1], added)))
    elif kind == "dict" and var is not None and (owner[1] is not ANY or owner[2] is not ANY):
        c.store(var, ("dict", join(owner[1], strip(widen(index))), join(owner[2], strip(widen(t)))))


def check_ann_assign(c: Context, stmt: na.AnnAssign) -> bool:
    """`x: T = e` converts (L14); `x: T` alone only declares."""
    declared = (annotation if stmt.value is None else evaluated_annotation)(c, stmt.annotation)
    target = stmt.target
    if target.__class__ in (na.Tuple, na.List, na.Starred):
        c.report("E410", "only a single target can be annotated", target)
        if stmt.value is not None:
            c.expr(stmt.value)
        return False
    if target.__class__ is na.Name and (target.id in c.scope.globals or target.id in c.scope.nonlocals):
        word = "global" if target.id in c.scope.globals else "nonlocal"
        c.report("E207", f"`{target.id}` is {word} here and cannot be annotated", target)
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
    if value.__class__ is na.Constant and value.value.__class__ is str and _word_for_bool(declared):
        if value.value.strip().lower() not in BOOL_WORDS:
            text = f"`{name}` must be {show(declared)}; {value.value!r} is no word for true or false"
            c.report("E306", text, value, hint="the words are yes, true, on, ok, no, false, off, none, …")
        return
    if declared[0] == "set" and t[0] in _LISTED:
        return
    check_value(c, value, t, declared, "E306", f"`{name}`")


# What an annotated assignment makes a set of; no boundary would.
_LISTED = frozenset({"list", "tuple", "tuple*", "range", "iterator"})


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

    if stmt.op == "+" and before[0] == "list":
        # `xs += items` extends by anything that can be iterated over.
        check_iterable(c, stmt.value, value)
        return ("list", join(before[1], strip(element(value))))
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
        c.report("E411", "this cannot be deleted", target, hint="names, items and attributes can be deleted")
