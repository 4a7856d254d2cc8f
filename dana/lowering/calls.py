"""Calls: constructors by position, raw classes, methods that are functions, partial application."""

from __future__ import annotations

import ast as py

from dana import abi
from dana import ast as na
from dana.lowering import learnables, sized
from dana.lowering.annotations import static_type_name, type_name
from dana.lowering.context import LOAD, Context
from dana.lowering.nesting import makes_flat
from dana.lowering.proven import unchecked_call

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dana.checker.model import CallTarget

# Builtin classes whose raw form means the same: always, or when the argument's type is one of these.
ALWAYS = {"int": ".int", "float": ".float", "str": ".str"}
DIRECT: dict[str, tuple[str, frozenset[str]]] = {
    "list": (".list", frozenset({"list", "tuple", "tuple*", "dict", "set"})),
    "tuple": (".tuple", frozenset({"list", "tuple", "tuple*", "dict", "set"})),
    "set": (".set", frozenset({"list", "tuple", "tuple*", "dict", "set"})),
    "dict": (".dict", frozenset({"dict"})),
}
# Builtins that walk a whole argument in C; called raw where that is bounded, and in programs with limits only where no
# item is compared, added up or handed to a function before code of the program runs again: numbers may be enormous.
WALKERS = {"sum": ".sum", "min": ".min", "max": ".max", "any": ".any", "all": ".all"}
HEAVY = frozenset({"sum", "min", "max"})
CONTAINERS = frozenset({"list", "tuple", "tuple*", "dict", "set", "str"})
RAW_TEST = {
    "int": ".int",
    "float": ".float",
    "str": ".str",
    "bool": ".bool_class",
    "list": ".list",
    "dict": ".dict",
    "set": ".set",
    "tuple": ".tuple",
}
# `round(x)` and `round(x, 2)`.
MOST_ROUND = 2
# Builtins that consume an iterable and hand out nothing of it.
CONSUMERS = frozenset({"sum", "any", "all", "min", "max", "list", "tuple", "set", "sorted", "dict"})


def lower_call(cx: Context, node: na.Call) -> py.expr:
    """A call outside a pipeline; one with a `$$` of its own is a partial application (L20)."""
    if id(node) in cx.learnt:
        return learnables.taken(cx, cx.learnt[id(node)], node)
    if not cx.placeholders and has_hole(node):
        return lower_partial(cx, node)
    return call_with(cx, node, None)


def call_with(cx: Context, node: na.Call, first: py.expr | None) -> py.expr:
    """The call, with `first` as an additional first argument when a pipeline feeds it."""
    target = cx.checked.calls.get(id(node))
    if target is not None and first is None:
        special = _special_call(cx, node, target)
        if special is not None:
            return special
    args = [lower_argument(cx, node, a) for a in node.args]
    if first is not None:
        args.insert(0, first)
    keywords = [lower_keyword(cx, k) for k in node.keywords]
    func, extra = _callee(cx, node, target)
    if id(node) in cx.checked.expected:
        expected = expected_keywords(cx, node)
        if isinstance(node.func, na.Attribute) and not is_known_agent(cx, node.func.value):
            func = py.Call(func=cx.load(".expecting", node), args=[func], keywords=expected, **cx.at(node))
        else:
            keywords += expected
    if extra and not keywords and target is None and isinstance(node.func, na.Attribute):
        return sized.short_cut(cx, node, func, extra[0], args)
    return py.Call(func=func, args=extra + args, keywords=keywords, **cx.at(node))


def lower_argument(cx: Context, call: na.Call, node: na.Expr) -> py.expr:
    """An argument; a generator expression stays bare where the callee only iterates it."""
    if isinstance(node, na.GeneratorExp):
        target = cx.checked.calls.get(id(call))
        if target is not None and target.kind == "builtin" and target.info in CONSUMERS:
            lowered = cx.expr(node)
            return lowered.args[0] if isinstance(lowered, py.Call) else lowered
    return cx.expr(node)


def lower_keyword(cx: Context, node: na.Keyword) -> py.keyword:
    name = None if node.name is None else abi.variable(node.name)
    return py.keyword(arg=name, value=cx.expr(node.value), **cx.at(node))


def expected_keywords(cx: Context, node: na.Expr) -> list[py.keyword]:
    """What `reason` is told of the type its answer must have (L39), and that it decides a condition."""
    found, what, how = cx.checked.expected[id(node)]
    value: py.expr | None
    if found == "annotation":
        value = type_name(cx, what)
    elif found == "value":
        value = cx.expr(what)
    else:
        value = static_type_name(cx, what, node)
    made = [] if value is None else [py.keyword(arg=".expected", value=value, **cx.at(node))]
    if how:
        made.append(py.keyword(arg=".how", value=cx.const(how, node), **cx.at(node)))
    return made


def is_known_agent(cx: Context, node: na.Expr) -> bool:
    """Whether `x.solve(…)` certainly asks an agent; elsewhere run time looks (`.expecting`)."""
    return bool(cx.type_of(node)[0] == "struct")


def _callee(cx: Context, node: na.Call, target: CallTarget | None) -> tuple[py.expr, list[py.expr]]:
    """What is called, and the arguments that come before the written ones."""
    func = node.func
    if target is not None and isinstance(func, na.Attribute):
        if target.kind == "ufcs":
            return cx.load(abi.variable(func.attr), func), [cx.expr(func.value)]
        if target.kind == "maybe_ufcs":
            function = cx.load(abi.variable(func.attr), func)
            name = cx.const(abi.mangle(func.attr), func)
            return cx.call(".ufcs", func, cx.expr(func.value), name, function), []
    if isinstance(func, na.Attribute) and target is None and sized.is_sized(cx, func):
        return sized.function(cx, func), [cx.expr(func.value)]
    return cx.expr(func), []


def _special_call(cx: Context, node: na.Call, target: CallTarget) -> py.expr | None:
    if target.kind in {"struct", "function", "method"}:
        direct = unchecked_call(cx, node, target)
        if direct is not None:
            return direct
    if target.kind == "struct":
        return _construction(cx, node, target)
    if target.kind == "builtin":
        return _builtin_call(cx, node, str(target.info))
    return None


def _construction(cx: Context, node: na.Call, target: CallTarget) -> py.expr | None:
    """`P(x=1, y=2)` by position: as far as the fields are given in order, and evaluation order allows."""
    if not node.keywords or any(k.name is None for k in node.keywords):
        return None
    if any(isinstance(a, na.Starred) for a in node.args):
        return None
    given = {k.name: k for k in node.keywords}
    order = list(target.info.fields)
    leading: list[na.Keyword] = []
    for name in order[len(node.args) :]:
        if name not in given:
            break
        leading.append(given[name])
    if [k for k in node.keywords if k in leading] != leading and not all(_is_simple(k.value) for k in node.keywords):
        return None
    args = [cx.expr(a) for a in node.args] + [cx.expr(k.value) for k in leading]
    rest = [lower_keyword(cx, k) for k in node.keywords if k not in leading]
    return py.Call(func=cx.expr(node.func), args=args, keywords=rest, **cx.at(node))


def _is_simple(node: na.Expr) -> bool:
    """Whether evaluating the expression earlier or later makes no difference."""
    if isinstance(node, na.UnaryOp):
        return _is_simple(node.operand)
    return isinstance(node, (na.Name, na.Constant))


def _is_bounded(cx: Context, node: na.Expr) -> bool:
    """Whether walking the value costs no more than making it did, or is metered by itself."""
    comprehensions = (na.GeneratorExp, na.ListComp, na.SetComp, na.DictComp)
    return isinstance(node, comprehensions) or cx.type_of(node)[0] in CONTAINERS


def _builtin_call(cx: Context, node: na.Call, name: str) -> py.expr | None:
    if name in WALKERS and len(node.args) == 1 and _is_light(cx, node, name) and not _has_start(name, node):
        keywords = [lower_keyword(cx, k) for k in node.keywords]
        args = [lower_argument(cx, node, node.args[0])]
        return py.Call(func=cx.load(WALKERS[name], node.func), args=args, keywords=keywords, **cx.at(node))
    if node.keywords or any(isinstance(a, na.Starred) for a in node.args):
        return None
    if name == "isinstance" and len(node.args) == 2:
        return _isinstance_call(cx, node)
    if len(node.args) == 1 and name == "str" and prints_plainly(cx, node.args[0]):
        return cx.call(".shown", node, cx.expr(node.args[0]))
    if name == "round" and len(node.args) <= MOST_ROUND and all(_is_simple_count(a) for a in node.args[1:]):
        return cx.call(".round", node, *cx.exprs(node.args))
    if len(node.args) == 1 and name == "str" and cx.metered and cx.type_of(node.args[0])[0] not in sized.SHORT:
        return cx.call(".text_of", node, cx.expr(node.args[0]))
    if len(node.args) == 1 and name in ALWAYS:
        return cx.call(ALWAYS[name], node, cx.expr(node.args[0]))
    if len(node.args) == 1 and name in DIRECT:
        raw, kinds = DIRECT[name]
        plain = name != "tuple" or not cx.metered or makes_flat(cx, node.args[0])
        if plain and cx.type_of(node.args[0])[0] in kinds:
            return cx.call(raw, node, cx.expr(node.args[0]))
    if not node.args and name == "list":
        return py.List(elts=[], ctx=LOAD, **cx.at(node))
    if not node.args and name == "dict":
        return py.Dict(keys=[], values=[], **cx.at(node))
    return None


def _is_simple_count(node: na.Expr) -> bool:
    """Whether this is a literal number of digits, not below zero."""
    return isinstance(node, na.Constant) and (node.value is None or isinstance(node.value, int))


def _is_light(cx: Context, node: na.Call, name: str) -> bool:
    """Whether C may walk the argument without anybody who looks at the clock."""
    is_paced = isinstance(node.args[0], na.GeneratorExp) and not node.keywords
    return (is_paced or not cx.metered or name not in HEAVY) and _is_bounded(cx, node.args[0])


def _has_start(name: str, node: na.Call) -> bool:
    """Whether `sum` begins with something that may be a sequence."""
    return name == "sum" and bool(node.keywords)


def prints_plainly(cx: Context, node: na.Expr) -> bool:
    """Whether a value is of those that Python prints with an address or as a class of the host."""
    static = cx.type_of(node)
    return static[0] in {"func", "callable"} or (static[0] == "type" and static[1][0] == "exception")


def _isinstance_call(cx: Context, node: na.Call) -> py.expr | None:
    """`isinstance(x, T)` with raw classes where T is certainly a builtin type or a struct."""
    wanted = node.args[1]
    names = wanted.elts if isinstance(wanted, na.Tuple) else (wanted,)
    raw: list[py.expr] = []
    for name in names:
        if not isinstance(name, na.Name):
            return None
        if cx.checked.bindings.get(id(name)) == "builtin" and name.id in RAW_TEST:
            raw.append(cx.load(RAW_TEST[name.id], name))
        elif cx.type_of(name)[0] == "type" and cx.type_of(name)[1][0] == "struct":
            raw.append(cx.expr(name))
        else:
            return None
    classes = raw[0] if len(raw) == 1 else py.Tuple(elts=raw, ctx=LOAD, **cx.at(wanted))
    return cx.call(".isinstance", node, cx.expr(node.args[0]), classes)


# --- placeholders -------------------------------------------------------------------------------


def mentions_placeholder(node: na.Node) -> bool:
    """Whether a stage mentions `$$`, nested or not; a pipeline inside it has placeholders of its own."""
    stack = [node]
    while stack:
        node = stack.pop()
        if isinstance(node, na.Placeholder):
            return True
        if isinstance(node, na.BinOp) and node.op == "|":
            stack.append(node.left)
        else:
            stack.extend(node.children())
    return False


def has_hole(call: na.Call) -> bool:
    """Whether a `$$` stands in this call and in no call or pipeline inside it."""
    stack: list[na.Node] = list(call.children())
    while stack:
        node = stack.pop()
        if isinstance(node, na.Placeholder):
            return True
        if isinstance(node, na.BinOp) and node.op == "|":
            stack.append(node.left)
        elif not isinstance(node, (na.Call, na.Lambda)):
            stack.extend(node.children())
    return False


def lower_partial(cx: Context, node: na.Expr) -> py.expr:
    """`f(a, $$)` outside a pipeline: a function of the missing value, everything else evaluated now."""
    parameter = cx.temporary()
    kept: list[tuple[str, py.expr]] = []
    cx.placeholders.append(lambda: cx.load(parameter, node))
    body = _hoisted(cx, node, kept)
    cx.placeholders.pop()
    inner = _function_of([parameter], body, cx, node)
    made = cx.call(".partial", node, inner, cx.const(cx.text(node), node))
    if not kept:
        return made
    outer = _function_of([name for name, _ in kept], made, cx, node)
    return py.Call(func=outer, args=[value for _, value in kept], keywords=[], **cx.at(node))


def _hoisted(cx: Context, node: na.Expr, kept: list[tuple[str, py.expr]]) -> py.expr:
    """The call, with the callee and the arguments that do not mention `$$` bound outside."""
    if not isinstance(node, na.Call):
        return cx.expr(node)

    def keep(part: na.Expr) -> py.expr:
        if isinstance(part, na.Starred) or mentions_placeholder(part):
            return cx.expr(part)
        name = cx.temporary()
        kept.append((name, cx.expr(part)))
        return cx.load(name, part)

    func = keep(node.func)
    args = [keep(a) for a in node.args]
    keywords = [
        py.keyword(arg=None if k.name is None else abi.variable(k.name), value=keep(k.value), **cx.at(k))
        for k in node.keywords
    ]
    return py.Call(func=func, args=args, keywords=keywords, **cx.at(node))


def _function_of(names: Sequence[str], body: py.expr, cx: Context, node: na.Node) -> py.Lambda:
    args = [py.arg(arg=name, annotation=None, **cx.at(node)) for name in names]
    signature = py.arguments(posonlyargs=[], args=args, kwonlyargs=[], kw_defaults=[], defaults=[])
    return py.Lambda(args=signature, body=body, **cx.at(node))
