"""Calls: what is called, with what, and what comes back (L19, L28, L29)."""

from __future__ import annotations

from dana.ast import nodes as na
from dana.checker.agents import MEANING, is_agent, is_message, may_be_message
from dana.checker.arguments import evaluate, match_arguments
from dana.checker.attributes import MISSING, find_method, lookup_attribute, report_missing
from dana.checker.builtins import CALLERS, PURE, TYPES, builtin_type, constructor
from dana.checker.expressions import peek, resolve
from dana.checker.functions import result_of
from dana.checker.methods import ADDS, QUIET, TABLES, YIELDS_ELEMENT
from dana.checker.model import CallTarget, Function, Interface, StructInfo
from dana.checker.results import builtin_result
from dana.checker.types import (
    ANY,
    CALLABLE,
    MUTABLE,
    NONE,
    callable_,
    element,
    held,
    is_effect,
    join,
    options,
    show,
    strip,
    widen,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.checker.context import Context
    from dana.checker.model import Var
    from dana.checker.types import Type


def check_call(c: Context, node: na.Call) -> Type:
    """Any call; the callee decides who looks closer."""
    if c.rerun:
        c.calls.pop(id(node), None)
        c.checked.effects.discard(id(node))
    if c.has_placeholders and not c.piped and has_placeholder(node):
        return check_partial(c, node)
    func = node[2]
    kind = func.__class__
    if kind is na.Name:
        return call_name(c, node, func, 0)
    if kind is na.Attribute:
        return call_attribute(c, node, func)
    return call_value(c, node, c.expr(func))


def has_placeholder(node: na.Call) -> bool:
    """Whether a `$$` stands in this call, and in no call, lambda or pipeline inside it."""
    stack: list[Any] = list(node.children())
    while stack:
        inner = stack.pop()
        if inner.__class__ is na.Placeholder:
            return True
        if inner.__class__ is na.BinOp and inner.op == "|":
            stack.append(inner.left)
        elif inner.__class__ not in (na.Call, na.Lambda):
            stack.extend(inner.children())
    return False


def check_partial(c: Context, node: na.Call) -> Type:
    """`f(a, $$)` outside a pipeline makes a function of one argument (L20)."""
    c.piped += 1
    check_call(c, node)
    c.piped -= 1
    c.checked.effects.discard(id(node))
    c.graph.call_unknown()
    return CALLABLE


def colour(c: Context, node: na.Call, t: Type) -> None:
    """Notes a call that starts an effect (L34).

    It is no promise that it does: the function is looked at again at run time.
    """
    if is_effect(t):
        c.checked.effects.add(id(node))


# -- plain names -----------------------------------------------------------------------------------


def call_name(c: Context, node: na.Call, func: Any, skip: int) -> Type:
    """`f(…)`: a function of this module, a type, an imported or builtin name, or a value in a variable."""
    var = resolve(c, func)
    if var is None:
        return call_builtin(c, node, func.id, skip)
    kind = var.kind
    if kind == "function":
        return call_function(c, node, var.info, var.name, skip)
    if kind == "type" and isinstance(var.info, StructInfo):
        return construct(c, node, var.info, var.name, skip)
    if kind == "imported":
        return call_imported(c, node, var.type or ANY, var.name, skip)
    if kind == "receiver":
        return call_receiver(c, node, var, skip)
    return call_value(c, node, c.read_type(var), var.name, skip)


def call_function(c: Context, node: na.Call, function: Function, name: str, skip: int) -> Type:
    """A call of a function defined in this module."""
    c.graph.call(id(function.node))
    given = evaluate(c, node)
    if not function.decorated or function.type[1] is not None:
        from dana.checker.functions import only_poet, poet_type

        if not function.decorated or only_poet(function.node):
            match_arguments(c, node, poet_type(function), name, given, skip=skip)
            if not c.session or c.function is None:
                c.calls[id(node)] = CallTarget("function", function.node, function.type)
    return result_of(c, function)


def call_receiver(c: Context, node: na.Call, var: Var, skip: int) -> Type:
    """`norm(p)` for a receiver method called like a function."""
    given = evaluate(c, node)
    c.graph.call_method(var.name)
    if isinstance(var.info, Function) and var.node is not None and not var.info.decorated:
        match_arguments(c, node, var.info.type, var.name, given, skip=skip)
        return result_of(c, var.info)
    return ANY


def call_imported(c: Context, node: na.Call, t: Type, name: str, skip: int) -> Type:
    """A call of something another module defines."""
    c.graph.call_unknown()
    if t[0] != "func":
        return call_value(c, node, t, name, skip)
    colour(c, node, t)
    given = evaluate(c, node)
    match_arguments(c, node, t, name, given, skip=skip)
    c.calls[id(node)] = CallTarget("imported", None, t)
    return t[2]  # type: ignore[no-any-return]


def call_builtin(c: Context, node: na.Call, name: str, skip: int) -> Type:
    """A call of a builtin; unknown names have been reported."""
    t = builtin_type(name)
    if t is None:
        evaluate(c, node)
        c.graph.call_unknown()
        return ANY
    if name in CALLERS:
        c.graph.call_unknown()
    colour(c, node, t)
    given = evaluate(c, node, pure=name in PURE)
    c.calls[id(node)] = CallTarget("builtin", None, name)
    signature = t if t[0] == "func" else constructor(name)
    if signature is not None:
        match_arguments(c, node, signature, name, given, skip=skip, strict=True)
    elif name in TYPES or t[0] not in ("func", "type"):
        c.report("E303", f"`{name}` cannot be called", node[2], hint="it is a type for annotations only")
    if name == "learnable":
        from dana.checker.learnables import check_learnable

        check_learnable(c, node)
    return builtin_result(c, node, name, given, t, skip)


def call_value(c: Context, node: na.Call, t: Type, title: str = "", skip: int = 0) -> Type:
    """A call of whatever a value turns out to be."""
    c.graph.call_unknown()
    if t[0] == "type":
        info = c.info(t[1])
        if info is not None:
            return construct(c, node, info, title or info.name, skip)
        evaluate(c, node)
        return held(t[1])
    given = evaluate(c, node)
    if callable_(t) is False and t[0] != "struct":
        report_not_callable(c, node, t, title)
        return ANY
    if t[0] == "func":
        colour(c, node, t)
        match_arguments(c, node, t, title or "this function", given, skip=skip)
        return t[2]  # type: ignore[no-any-return]
    if t[0] == "struct":
        info = c.info(t)
        if info is not None and info.kind in ("struct", "exception"):
            report_not_callable(c, node, t, title)
    return ANY


def report_not_callable(c: Context, node: na.Call, t: Type, title: str) -> None:
    """`3(x)`, `text(x)`."""
    hint = ""
    if t[0] in ("list", "dict", "str", "tuple"):
        hint = "write square brackets to take an item"
    elif t[0] in ("int", "float"):
        hint = "a product is written with `*`"
    if c.builtin(title) is not None:
        hint = f"`{title}` hides the builtin of that name here; rename the variable"
    what = f"`{title}`" if title else "this"
    c.report("E303", f"{what} cannot be called: it is {show(t)}", node[2], hint=hint)


# -- types -----------------------------------------------------------------------------------------


def construct(c: Context, node: na.Call, info: StructInfo, name: str, skip: int) -> Type:
    """`Point(x=1, y=2)` (L28)."""
    if info.kind == "agent":
        return call_agent(c, node, info, name)
    given = evaluate(c, node)
    if info.kind == "interface":
        hint = "construct one of the structs that satisfy it"
        c.report("E303", f"`{name}` is an interface and cannot be constructed", node[2], hint=hint)
        return ANY
    if info.node is not None:
        c.graph.call(id(info.node))
    if info.kind == "exception":
        return construct_exception(c, node, info, name, given, skip)
    if info.kind == "struct":
        if not info.broken:
            match_arguments(c, node, info.constructor(), name, given, skip=skip, struct=info)
    else:
        check_open_fields(c, node, info, name, given)
    decorated = bool(getattr(info.node, "decorators", ()))
    if not skip and not decorated and (not c.session or c.function is None):
        c.calls[id(node)] = CallTarget("struct", info.node, info)
    return info.type


def construct_exception(c: Context, node: na.Call, info: StructInfo, name: str, given: Any, skip: int) -> Type:
    """An exception struct also takes one message, as Python's exceptions do."""
    if node.keywords or (info.fields and len(node.args) != 1):
        func = info.constructor()
        params = (*func[1], ("message", ANY, "keyword", True)) if "message" not in info.fields else func[1]
        match_arguments(c, node, ("func", params, func[2]), name, given, skip=skip, struct=info)
    c.calls[id(node)] = CallTarget("struct", info.node, info)
    return ("exception", info.name)


def call_agent(c: Context, node: na.Call, info: StructInfo, name: str) -> Type:
    """`Ada()`: a singleton is an agent, and no type of agents."""
    evaluate(c, node)
    c.graph.call_unknown()
    hint = "an `agent_blueprint` is what several agents are made of"
    c.report("E303", f"`{name}` cannot be called: it is the agent `{info.name}`", node[2], hint=hint)
    return ANY


def check_open_fields(c: Context, node: na.Call, info: StructInfo, name: str, given: Any) -> None:
    """Agents have a few built-in fields besides their own; a resource may extend one that nobody has seen."""
    from dana.checker.structs import all_fields

    fields = all_fields(c, info)
    params = [(f.name, f.type, "normal", f.has_default) for f in fields.values()]
    if info.kind != "resource":
        params += [(n, t, "keyword", True) for n, t in MEANING.items() if n not in fields]
    known = all(b in c.registry for b in info.bases) and not info.broken
    if not known:
        params = [(n, t, k, True) for n, t, k, _ in params]
        params += [("rest", ANY, "star", False), ("more", ANY, "double_star", False)]
    match_arguments(c, node, ("func", tuple(params), info.type), name, given, struct=info)


# -- methods ---------------------------------------------------------------------------------------


def call_attribute(c: Context, node: na.Call, func: Any) -> Type:
    """`x.m(…)`: module functions, methods, fields, functions called as methods (L29)."""
    value = func[2]
    if value.__class__ is na.Name:
        var = c.lookup(value[2])
        if var is not None and var.kind == "module":
            return call_module(c, node, func, var)
        if var is not None and var.kind == "type" and isinstance(var.info, StructInfo) and var.info.kind != "agent":
            c.expr(value)
            return call_on_type(c, node, func, var.info)
        t = c.read_type(var) if var is not None else ANY
        if var is not None and t[0] in MUTABLE and var.info is None:
            return call_on_container(c, node, func, var)
    return call_method(c, node, func, peek(c, value))


def call_module(c: Context, node: na.Call, func: Any, var: Var) -> Type:
    """`m.f(…)`."""
    t = c.expr(func)
    c.graph.call_unknown()
    if isinstance(var.info, Interface) and t[0] == "func":
        colour(c, node, t)
        given = evaluate(c, node)
        match_arguments(c, node, t, f"{var.name}.{func.attr}", given)
        c.calls[id(node)] = CallTarget("imported", None, t)
        return t[2]  # type: ignore[no-any-return]
    return call_value(c, node, t, f"{var.name}.{func.attr}")


def call_on_type(c: Context, node: na.Call, func: Any, info: StructInfo) -> Type:
    """`Point.from_dict(…)`, `Point.norm(p)`."""
    given = evaluate(c, node)
    c.graph.call_method(func.attr)
    c.graph.call_unknown()
    if func.attr in ("from_dict", "from_json") and info.kind == "struct" and func.attr not in info.methods:
        return info.type
    del given
    return ANY


def call_on_container(c: Context, node: na.Call, func: Any, var: Var) -> Type:
    """A method of a list, dict or set of our own: what goes in widens its element type."""
    name = func[3]
    kind = c.read_type(var)[0]
    if name not in QUIET:
        return call_method(c, node, func, c.expr(func[2]))
    yields = (kind, name) in YIELDS_ELEMENT or (kind == "dict" and name in ("get", "pop", "values", "keys", "items"))
    t = peek(c, func[2], items=yields)
    result = call_method(c, node, func, t)
    added = ADDS.get((kind, name))
    if added is not None and len(node.args) > added[1]:
        grown = c.types.get(id(node.args[added[1]]), ANY)
        grown = element(grown) if added[0] == "items" else grown
        narrowed = c.narrow.get(var)
        c.store(var, (kind, join(t[1], strip(widen(grown)))))
        if narrowed is not None:
            c.narrow = {v: known for v, known in c.narrow.items() if v is not var}
    if yields and kind != "dict" and name == "pop":
        return t[1] if t[1][0] != "never" else ANY
    return result


def call_method(c: Context, node: na.Call, func: Any, t: Type) -> Type:
    """A call through an attribute of a value of type `t`."""
    name = func[3]
    candidate = ufcs_candidate(c, name)
    if t is ANY:
        return call_unknown_method(c, node, func, candidate)
    found = [lookup_attribute(c, o, name) for o in options(t) if o != NONE or t == NONE]
    if found and all(f is MISSING for f in found):
        return call_as_method(c, node, func, t, candidate)
    if len(found) != 1:
        return call_unknown_method(c, node, func, candidate)
    target = found[0]
    c.note(func, target)
    kind = t[0]
    if kind in TABLES:
        return call_builtin_method(c, node, func, t, target)
    c.graph.call_method(name)
    info = c.info(t)
    method = find_method(c, info, name) if info is not None else None
    if info is not None and is_agent(info) and is_message(c, func, info, method):
        c.checked.effects.add(id(node))
    if info is None or method is None or kind == "interface":
        c.graph.call_unknown()
        if candidate is not None and info is not None and target is ANY:
            c.calls[id(node)] = CallTarget("maybe_ufcs", candidate[0], candidate[1])
            call_edges(c, candidate)
        given = evaluate(c, node)
        if target[0] == "func":
            match_arguments(c, node, target, f"{show(t)}.{name}", given)
            return target[2]  # type: ignore[no-any-return]
        if callable_(target) is False:
            c.report("E303", f"field `{name}` of `{show(t)}` cannot be called: it is {show(target)}", func)
        if name == "copy" and info is not None and info.kind == "struct":
            check_copy(c, node, info, given)
            return info.type
        return ANY
    given = evaluate(c, node)
    match_arguments(c, node, target, f"{info.name}.{name}", given)
    if info.open:
        # A type that extends this one may have a method of its own under the name.
        return ANY
    c.calls[id(node)] = CallTarget("method", method.node, info)
    function = c.functions.get(id(method.node))
    return result_of(c, function) if function is not None and info.module == c.name else target[2]


def call_unknown_method(c: Context, node: na.Call, func: Any, candidate: Any) -> Type:
    """A method of a value whose type nobody knows, or knows to be one of several."""
    c.graph.call_method(func.attr)
    c.graph.call_unknown()
    if candidate is not None:
        c.calls[id(node)] = CallTarget("maybe_ufcs", candidate[0], candidate[1])
        call_edges(c, candidate)
    elif may_be_message(c, func):
        c.checked.effects.add(id(node))
    evaluate(c, node)
    return ANY


def check_copy(c: Context, node: na.Call, info: StructInfo, given: Any) -> None:
    """`p.copy(x=3)` names fields of p (L28)."""
    params = tuple((f.name, f.type, "keyword", True) for f in info.fields.values())
    match_arguments(c, node, ("func", params, info.type), "copy", given, struct=info)


def call_as_method(c: Context, node: na.Call, func: Any, t: Type, candidate: Any) -> Type:
    """No field or method of that name: a function in scope whose first parameter takes the value (L29)."""
    from dana.checker.conversion import possible

    if candidate is None:
        if c.lookup(func[3]) is None:
            report_missing(c, func, t)
        else:
            hint = f"`{func[3]}` is a function; annotate its first parameter to call it as a method"
            span = (func[1] - len(func[3]), func[1])
            c.report("E304", f"{show(t)} has no method `{func[3]}`", span, hint=hint)
        evaluate(c, node)
        return ANY
    target, signature = candidate
    given = evaluate(c, node)
    call_edges(c, candidate)
    first = signature[1][0] if signature[1] else None
    if first is not None and not possible(c, t, first[1], strict=True):
        span = (func[1] - len(func[3]), func[1])
        text = f"{show(t)} has no method `{func[3]}`; the function of that name takes {show(first[1])}"
        c.report("E304", text, span)
        return ANY
    match_arguments(c, node, signature, func[3], given, skip=1)
    c.calls[id(node)] = CallTarget("ufcs", target, signature)
    function = c.functions.get(id(target)) if target is not None else None
    return result_of(c, function) if function is not None else signature[2]


def ufcs_candidate(c: Context, name: str) -> tuple[Any, Type] | None:
    """The function in scope that could be called as a method `name`: (its node or None, its signature)."""
    var = c.lookup(name)
    if var is None:
        return None
    if var.kind == "imported":
        signature = var.type or ANY
        node = None
    elif var.kind == "variable" and var.count == 1 and var.type is not None:
        signature = c.read_type(var)
        node = None
    elif var.kind in ("function", "receiver") and isinstance(var.info, Function):
        signature = var.info.type
        node = var.info.node
        if var.kind == "receiver" and not takes_builtin(signature):
            return None
    else:
        return None
    if signature[0] != "func" or not signature[1]:
        return None
    first = signature[1][0]
    if first[2] not in ("normal", "positional") or not (var.kind == "receiver" or takes_user_type(first[1])):
        return None
    return node, signature


def takes_user_type(t: Type) -> bool:
    """A parameter annotated with a struct, resource, agent, interface, or a union with one."""
    return any(o[0] in ("struct", "interface", "ref") for o in options(t))


def takes_builtin(signature: Type) -> bool:
    """A receiver method on a builtin type cannot be attached to it and is called as a function instead."""
    return any(o[0] not in ("struct", "interface", "ref", "any") for o in options(signature[1][0][1]))


def call_edges(c: Context, candidate: Any) -> None:
    """The call graph's view of a function called as a method."""
    if candidate[0] is not None:
        c.graph.call(id(candidate[0]))
    else:
        c.graph.call_unknown()


def call_builtin_method(c: Context, node: na.Call, func: Any, t: Type, target: Type) -> Type:
    """`text.upper()`, `xs.append(3)`."""
    name = func[3]
    pure = t[0] == "str" or name in ("extend", "update", "count", "index", "get")
    given = evaluate(c, node, pure=pure)
    if node.keywords and any(g[1] is not None and callable_(g[1]) is not False for g in given):
        c.graph.call_unknown()
    if name == "extend" and given and given[0][1] is not None and given[0][1][0] in ("any", "iterator"):
        c.graph.call_unknown()
    if target[0] != "func":
        c.report("E303", f"`{name}` of {show(t)} is a value, not a method", func)
        return ANY
    match_arguments(c, node, target, f"{show(strip(t))}.{name}", given, strict=True)
    return target[2]  # type: ignore[no-any-return]
