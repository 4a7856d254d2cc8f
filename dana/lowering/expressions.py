"""Expressions to Python expressions, one function per node."""

from __future__ import annotations

import ast as py

from dana import abi
from dana import ast as na
from dana.lowering import nesting, sized
from dana.lowering.calls import prints_plainly
from dana.lowering.context import LOAD, STORE, Context
from dana.lowering.functions import lower_lambda
from dana.lowering.growth import checked_text, counting, guarded, is_scalar, is_short, may_repeat, repeated
from dana.lowering.pipelines import lower_capture, lower_pipeline
from dana.lowering.promises import comprehension, display, forced_name, lower_call
from dana.lowering.quick import is_quick, writes_only_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

BINARY: dict[str, type[py.operator]] = {
    "+": py.Add,
    "-": py.Sub,
    "*": py.Mult,
    "/": py.Div,
    "//": py.FloorDiv,
    "%": py.Mod,
    "**": py.Pow,
    "<<": py.LShift,
    ">>": py.RShift,
    "&": py.BitAnd,
    "^": py.BitXor,
    "|": py.BitOr,
    "@": py.MatMult,
}
UNARY: dict[str, type[py.unaryop]] = {"-": py.USub, "+": py.UAdd, "~": py.Invert, "not": py.Not}
COMPARE: dict[str, type[py.cmpop]] = {
    "==": py.Eq,
    "!=": py.NotEq,
    "<": py.Lt,
    "<=": py.LtE,
    ">": py.Gt,
    ">=": py.GtE,
    "is": py.Is,
    "is not": py.IsNot,
    "in": py.In,
    "not in": py.NotIn,
}
NUMERIC = {"int", "float", "bool"}
# Python's own, for loops.
RAW_WALKS = {"zip": ".zip", "enumerate": ".enumerate", "reversed": ".reversed"}
# Methods that scan a range for a value that is no int.
SCANS = {"index", "count"}
# Powers that are made without a look at their size; a fractional one gives a float.
SMALL_EXPONENT, FRACTIONAL_EXPONENT = 3, 8
# Digits of the largest width that is formatted without a look at its size.
SMALL_WIDTH = 3
CONVERSIONS = {"s": 115, "r": 114, "a": 97}


def lower_optional(cx: Context, node: na.Expr | None) -> py.expr | None:
    return None if node is None else cx.expr(node)


# --- names and constants ------------------------------------------------------------------------


def lower_name(cx: Context, node: na.Name) -> py.expr:
    scope = cx.checked.bindings.get(id(node))
    if scope in {"private", "public", "system"}:
        return scoped(cx, scope, node.id, node, LOAD)
    if cx.plan is not None and id(node) in cx.plan.reads:
        return forced_name(cx, abi.variable(node.id), node)
    return py.Name(id=abi.variable(node.id), ctx=LOAD, **cx.at(node))


def lower_scoped_name(cx: Context, node: na.ScopedName) -> py.expr:
    return scoped(cx, node.scope, node.id, node, LOAD)


def scoped(cx: Context, scope: str, name: str, node: na.Node, ctx: py.expr_context) -> py.expr:
    """A variable of one of the four state scopes (L10)."""
    if scope == "local":
        return py.Name(id=abi.variable(name), ctx=ctx, **cx.at(node))
    if scope == "private":
        hidden = f"private:{name}"
        if ctx is not LOAD:
            cx.function.private_stores.add(hidden)
        return py.Name(id=hidden, ctx=ctx, **cx.at(node))
    return py.Subscript(value=cx.load(f".{scope}", node), slice=cx.const(name, node), ctx=ctx, **cx.at(node))


def lower_constant(cx: Context, node: na.Constant) -> py.expr:
    return cx.const(node.value, node)


def lower_joined_str(cx: Context, node: na.JoinedStr) -> py.expr:
    values: list[py.expr] = []
    for part in node.parts:
        if isinstance(part, na.FormattedValue):
            if part.debug is not None:
                values.append(cx.const(part.debug, part))
            values.append(lower_formatted_value(cx, part))
        else:
            values.append(cx.expr(part))
    made = py.JoinedStr(values=values, **cx.at(node))
    return checked_text(cx, node, made) if _may_double(cx, node) else made


def _may_double(cx: Context, node: na.JoinedStr) -> bool:
    """Whether a text may be much longer than each of its parts: two of them are no numbers."""
    parts = [p for p in node.parts if isinstance(p, na.FormattedValue)]
    return cx.metered and sum(not is_scalar(cx, p.value) and not is_short(cx, p.value) for p in parts) > 1


def lower_formatted_value(cx: Context, node: na.FormattedValue) -> py.expr:
    conversion = CONVERSIONS[node.conversion] if node.conversion else -1
    if node.debug is not None and node.conversion is None and node.spec is None:
        conversion = CONVERSIONS["r"]
    spec = None if node.spec is None else lower_joined_str(cx, node.spec)
    value = sized.printable(cx, node.value, cx.expr(node.value))
    if spec is None and conversion in {-1, CONVERSIONS["s"]} and prints_plainly(cx, node.value):
        value, conversion = cx.call(".shown", node, value), -1
    if spec is not None and node.spec is not None and not _is_small_spec(node.spec):
        # A width that is computed, or absurd, is bounded by the guarded `format` (L49).
        if conversion != -1:
            value = py.JoinedStr(
                values=[py.FormattedValue(value=value, conversion=conversion, **cx.at(node))], **cx.at(node)
            )
        return py.FormattedValue(value=cx.call(".formatted", node, value, spec), conversion=-1, **cx.at(node))
    return py.FormattedValue(value=value, conversion=conversion, format_spec=spec, **cx.at(node))


def _is_small_spec(spec: na.JoinedStr) -> bool:
    """Whether a format spec is constant and asks for no more than a few hundred characters."""
    digits = 0
    for part in spec.parts:
        if not isinstance(part, na.Constant) or not isinstance(part.value, str):
            return False
        for char in part.value:
            digits = digits + 1 if char.isdigit() else 0
            if digits > SMALL_WIDTH:
                return False
    return True


# --- displays and comprehensions ----------------------------------------------------------------


def lower_list(cx: Context, node: na.List) -> py.expr:
    return _display(cx, node, py.List(elts=cx.exprs(node.elts), ctx=LOAD, **cx.at(node)))


def lower_tuple(cx: Context, node: na.Tuple) -> py.expr:
    if not cx.metered or cx.unpacked == id(node):
        return py.Tuple(elts=cx.exprs(node.elts), ctx=LOAD, **cx.at(node))
    if nesting.is_starred(node):
        made = py.Tuple(elts=cx.exprs(node.elts), ctx=LOAD, **cx.at(node))
        return cx.call(".nested", node, _display(cx, node, made))
    return nesting.lower_kept(cx, node)


def _display(cx: Context, node: na.List | na.Tuple, made: py.expr) -> py.expr:
    """A list or tuple with `*parts` may be much larger than they are."""
    if cx.metered and any(isinstance(e, na.Starred) for e in node.elts):
        return cx.call(".grown", node, made)
    return made


def lower_set(cx: Context, node: na.Set) -> py.expr:
    return py.Set(elts=cx.exprs(node.elts), **cx.at(node))


def lower_dict(cx: Context, node: na.Dict) -> py.expr:
    keys = [lower_optional(cx, item.key) for item in node.items]
    return py.Dict(keys=keys, values=[cx.expr(item.value) for item in node.items], **cx.at(node))


def lower_starred(cx: Context, node: na.Starred) -> py.expr:
    return py.Starred(value=sized.drawn(cx, node.value, cx.expr(node.value)), ctx=LOAD, **cx.at(node))


def lower_comprehensions(cx: Context, nodes: tuple[na.Comprehension, ...], *results: na.Expr) -> list[py.comprehension]:
    """The `for … if …` clauses; their steps are charged ahead when one round is certainly short."""
    quick = is_quick(cx, *results, *nodes)
    still = quick and writes_only_names(cx, *results, *nodes)
    return [lower_comprehension(cx, n, ahead=still or (quick and is_range(cx, n.iter))) for n in nodes]


def is_range(cx: Context, node: na.Expr) -> bool:
    return bool(cx.type_of(node)[0] == "range")


def lower_comprehension(cx: Context, node: na.Comprehension, *, ahead: bool) -> py.comprehension:
    cx.in_iterable += 1
    source = cx.metered_iterable(node.iter, lower_walked(cx, node.iter), ahead=ahead)
    cx.in_iterable -= 1
    target = comprehension_target(cx, node.target)
    return py.comprehension(target=target, iter=source, ifs=cx.exprs(node.ifs), is_async=0)


def lower_walked(cx: Context, node: na.Expr) -> py.expr:
    """What a loop walks, counting: there `zip(…)` and its like need not guard themselves."""
    value = cx.expr(node)
    if isinstance(value, py.Call) and isinstance(value.func, py.Name) and value.func.id in RAW_WALKS:
        target = cx.checked.calls.get(id(node))
        if target is not None and target.kind == "builtin" and not any(k.arg == "items" for k in value.keywords):
            value.func.id = RAW_WALKS[value.func.id]
    return value


def comprehension_target(cx: Context, node: na.Expr) -> py.expr:
    """Names and nested tuples of names; the checker admits nothing else here."""
    if isinstance(node, (na.Tuple, na.List)):
        elts = [comprehension_target(cx, e) for e in node.elts]
        return py.Tuple(elts=elts, ctx=STORE, **cx.at(node))
    if isinstance(node, na.Starred):
        return py.Starred(value=comprehension_target(cx, node.value), ctx=STORE, **cx.at(node))
    if isinstance(node, na.Name):
        return py.Name(id=abi.variable(node.id), ctx=STORE, **cx.at(node))
    if isinstance(node, na.ScopedName):
        return scoped(cx, node.scope, node.id, node, STORE)
    if isinstance(node, na.Subscript):
        index = cx.expr(node.index)
        return py.Subscript(value=cx.expr(node.value), slice=index, ctx=STORE, **cx.at(node))
    msg = f"{type(node).__name__} is not a target"
    raise TypeError(msg)


def lower_list_comp(cx: Context, node: na.ListComp) -> py.expr:
    with counting(cx, node.generators):
        generators = lower_comprehensions(cx, node.generators, node.elt)
        return py.ListComp(elt=cx.expr(node.elt), generators=generators, **cx.at(node))


def lower_set_comp(cx: Context, node: na.SetComp) -> py.expr:
    with counting(cx, node.generators):
        generators = lower_comprehensions(cx, node.generators, node.elt)
        return py.SetComp(elt=cx.expr(node.elt), generators=generators, **cx.at(node))


def lower_dict_comp(cx: Context, node: na.DictComp) -> py.expr:
    with counting(cx, node.generators):
        generators = lower_comprehensions(cx, node.generators, node.key, node.value)
        key, value = cx.expr(node.key), cx.expr(node.value)
        return py.DictComp(key=key, value=value, generators=generators, **cx.at(node))


def lower_generator_exp(cx: Context, node: na.GeneratorExp) -> py.expr:
    """A lazy iterable that hides everything else a generator has (L6)."""
    return cx.call(".generator", node, raw_generator(cx, node), cx.const(None, node))


def raw_generator(cx: Context, node: na.GeneratorExp) -> py.expr:
    """The bare generator, for calls that certainly only iterate it."""
    with counting(cx, node.generators):
        generators = lower_comprehensions(cx, node.generators, node.elt)
        return py.GeneratorExp(elt=cx.expr(node.elt), generators=generators, **cx.at(node))


# --- operators ----------------------------------------------------------------------------------


def lower_unary_op(cx: Context, node: na.UnaryOp) -> py.expr:
    return py.UnaryOp(op=UNARY[node.op](), operand=cx.expr(node.operand), **cx.at(node))


def lower_bin_op(cx: Context, node: na.BinOp) -> py.expr:
    """Left-hand spines are walked in a loop, so a sum of a thousand terms is no deep recursion."""
    spine: list[na.BinOp] = []
    left: na.Expr = node
    while isinstance(left, na.BinOp) and not _is_pipeline(cx, left):
        spine.append(left)
        left = left.left
    if not spine:
        return lower_pipeline(cx, node)
    value = operand(cx, left)
    for op in reversed(spine):
        value = combine(cx, op, op.op, op.left, value, op.right)
    return guarded(cx, node, value)


def operand(cx: Context, node: na.Expr) -> py.expr:
    """What an operator is applied to; of an expression of operators only the root is looked at (`growth`)."""
    if not isinstance(node, na.BinOp) or id(node) in cx.held or _is_pipeline(cx, node):
        return cx.expr(node)
    value = operand(cx, node.left)
    return combine(cx, node, node.op, node.left, value, node.right)


def _is_pipeline(cx: Context, node: na.BinOp) -> bool:
    return node.op == "|" and cx.checked.pipes.get(id(node), "dynamic") != "python"


def combine(cx: Context, node: na.Node, op: str, left: na.Expr, value: py.expr, right: na.Expr) -> py.expr:
    """`value op right`, where `value` is the lowered `left`."""
    other = operand(cx, right)
    if op == "+":
        value, other = _texts(cx, left, value, right, other)
    elif op == "**" and not _is_small_power(right):
        return cx.call(".pow", node, value, other)
    elif op == "<<":
        return cx.call(".lshift", node, value, other)
    elif op == "%" and cx.metered and not is_scalar(cx, left):
        return _remainder(cx, node, value, other)
    elif op == "*" and may_repeat(cx, left, right):
        return repeated(cx, node, value, other)
    return py.BinOp(left=value, op=BINARY[op](), right=other, **cx.at(node))


def _remainder(cx: Context, node: na.Node, value: py.expr, other: py.expr) -> py.expr:
    """`a % b`, where a may be a text to be filled in."""
    if not isinstance(value, py.Name):
        return cx.call(".mod", node, value, other)
    own = py.Attribute(value=value, attr="__class__", ctx=LOAD, **cx.at(node))
    test = py.Compare(left=own, ops=[py.In()], comparators=[cx.load(".scalars", node)], **cx.at(node))
    again = cx.load(value.id, node)
    whole = py.BinOp(left=again, op=py.Mod(), right=other, **cx.at(node))
    return py.IfExp(test=test, body=whole, orelse=cx.call(".mod", node, again, other), **cx.at(node))


def _texts(cx: Context, left: na.Expr, value: py.expr, right: na.Expr, other: py.expr) -> tuple[py.expr, py.expr]:
    """L15: where exactly one side is known to be text, a number or bool on the other side becomes text."""
    left_kind, right_kind = cx.type_of(left)[0], cx.type_of(right)[0]
    if left_kind == "str" and right_kind != "str":
        return value, _as_text(cx, right, other)
    if right_kind == "str" and left_kind != "str":
        return _as_text(cx, left, value), other
    return value, other


def _as_text(cx: Context, node: na.Expr, value: py.expr) -> py.expr:
    if isinstance(node, na.Name) and isinstance(value, py.Name):
        place = cx.at(node)
        own = py.Attribute(value=value, attr="__class__", ctx=LOAD, **place)
        test = py.Compare(left=own, ops=[py.Is()], comparators=[cx.load(".str", node)], **place)
        again = py.Name(id=value.id, ctx=LOAD, **place)
        return py.IfExp(test=test, body=value, orelse=cx.call(".text", node, again), **place)
    return cx.call(".text", node, value)


def _is_small_power(node: na.Expr) -> bool:
    if not isinstance(node, na.Constant) or node.value.__class__ not in {int, float}:
        return False
    return abs(node.value) <= (SMALL_EXPONENT if node.value.__class__ is int else FRACTIONAL_EXPONENT)


def lower_bool_op(cx: Context, node: na.BoolOp) -> py.expr:
    op = py.And() if node.op == "and" else py.Or()
    return py.BoolOp(op=op, values=cx.exprs(node.values), **cx.at(node))


def lower_compare(cx: Context, node: na.Compare) -> py.expr:
    ops = [COMPARE[op]() for op in node.ops]
    # What is only compared is not kept: it need not be looked at.
    comparators = [operand(cx, c) for c in node.comparators]
    left = node.left
    for index, right in enumerate(node.comparators):
        if node.ops[index] in {"in", "not in"} and cx.type_of(left)[0] not in {"int", "bool"}:
            comparators[index] = members(cx, right, comparators[index])
        left = right
    return py.Compare(left=operand(cx, node.left), ops=ops, comparators=comparators, **cx.at(node))


def members(cx: Context, node: na.Expr, value: py.expr) -> py.expr:
    """What stands for a value that may be a range where C would scan it: for a float in a long one, for example."""
    if cx.type_of(node)[0] not in {"any", "range", "union", "type"}:
        return value
    if not isinstance(value, py.Name):
        return cx.call(".members", node, value)
    test = cx.class_is_not(value.id, cx.load(".range", node), node)
    again = py.Name(id=value.id, ctx=LOAD, **cx.at(node))
    return py.IfExp(test=test, body=value, orelse=cx.call(".members", node, again), **cx.at(node))


def lower_if_exp(cx: Context, node: na.IfExp) -> py.expr:
    test, body = cx.expr(node.test), cx.expr(node.body)
    return py.IfExp(test=test, body=body, orelse=cx.expr(node.orelse), **cx.at(node))


def lower_named_expr(cx: Context, node: na.NamedExpr) -> py.expr:
    target = py.Name(id=abi.variable(node.target.id), ctx=STORE, **cx.at(node.target))
    return py.NamedExpr(target=target, value=cx.expr(node.value), **cx.at(node))


# --- attributes and items -----------------------------------------------------------------------


def lower_attribute(cx: Context, node: na.Attribute) -> py.expr:
    value = node.value
    if isinstance(value, na.Name) and value.id in cx.function.handlers:
        return cx.call(".err", node, cx.expr(value), cx.const(node.attr, node))
    if node.attr == "format":
        return cx.call(".format_of", node, cx.expr(value))
    if node.attr == "__name__":
        return cx.call(".getattr", node, cx.expr(value), cx.const(node.attr, node))
    if node.attr in SCANS:
        return py.Attribute(value=members(cx, value, cx.expr(value)), attr=node.attr, ctx=LOAD, **cx.at(node))
    if sized.is_sized(cx, node):
        return sized.value(cx, node)
    return py.Attribute(value=cx.expr(value), attr=abi.mangle(node.attr), ctx=LOAD, **cx.at(node))


def lower_subscript(cx: Context, node: na.Subscript) -> py.expr:
    index = cx.expr(node.index)
    return py.Subscript(value=cx.expr(node.value), slice=index, ctx=LOAD, **cx.at(node))


def lower_slice(cx: Context, node: na.Slice) -> py.expr:
    lower, upper, step = (lower_optional(cx, part) for part in (node.lower, node.upper, node.step))
    return py.Slice(lower=lower, upper=upper, step=step, **cx.at(node))


def lower_placeholder(cx: Context, node: na.Placeholder) -> py.expr:
    """`$$` inside a stage or a partial application, whichever is innermost."""
    return cx.placeholders[-1]()


EXPRESSIONS: dict[type[na.Expr], Callable[[Context, na.Expr], py.expr]] = {
    na.Name: lower_name,  # type: ignore[dict-item]
    na.ScopedName: lower_scoped_name,  # type: ignore[dict-item]
    na.Constant: lower_constant,  # type: ignore[dict-item]
    na.JoinedStr: lower_joined_str,  # type: ignore[dict-item]
    na.List: display(lower_list),
    na.Tuple: display(lower_tuple),
    na.Set: display(lower_set),
    na.Dict: display(lower_dict),
    na.Starred: lower_starred,  # type: ignore[dict-item]
    na.ListComp: comprehension(lower_list_comp),
    na.SetComp: comprehension(lower_set_comp),
    na.DictComp: comprehension(lower_dict_comp),
    na.GeneratorExp: comprehension(lower_generator_exp),
    na.UnaryOp: lower_unary_op,  # type: ignore[dict-item]
    na.BinOp: lower_bin_op,  # type: ignore[dict-item]
    na.BoolOp: lower_bool_op,  # type: ignore[dict-item]
    na.Compare: lower_compare,  # type: ignore[dict-item]
    na.IfExp: lower_if_exp,  # type: ignore[dict-item]
    na.NamedExpr: lower_named_expr,  # type: ignore[dict-item]
    na.Lambda: lower_lambda,  # type: ignore[dict-item]
    na.Call: lower_call,  # type: ignore[dict-item]
    na.Attribute: lower_attribute,  # type: ignore[dict-item]
    na.Subscript: lower_subscript,  # type: ignore[dict-item]
    na.Slice: lower_slice,  # type: ignore[dict-item]
    na.Placeholder: lower_placeholder,  # type: ignore[dict-item]
    na.Capture: lower_capture,  # type: ignore[dict-item]
}
