"""What operators yield, and which operands they certainly refuse (L15, L18)."""

from __future__ import annotations

from dana.ast import nodes as na
from dana.checker.types import ANY, BOOL, FLOAT, INT, LIST, NONE, SET, STR, TUPLE, join, options, show, union, widen

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.checker.context import Context
    from dana.checker.types import Type

_NUMBERS = ("int", "float", "bool")
_INTS = ("int", "bool")
# Kinds whose operators are all known; everything else (host objects, unknown values) may do anything.
CLOSED = frozenset(
    {"none", "bool", "int", "float", "str", "list", "dict", "set", "tuple", "tuple*", "range", "struct", "func",
     "callable", "module", "exception"}
)  # fmt: skip


def _table() -> dict[tuple[str, str, str], Type]:
    out: dict[tuple[str, str, str], Type] = {}
    for a in _NUMBERS:
        for b in _NUMBERS:
            both = FLOAT if "float" in (a, b) else INT
            for op in ("+", "-", "*", "//", "%"):
                out[op, a, b] = both
            out["/", a, b] = FLOAT
            out["**", a, b] = ANY
        out["+", a, "str"] = out["+", "str", a] = STR
    for a in _INTS:
        for b in _INTS:
            for op in ("<<", ">>"):
                out[op, a, b] = INT
            for op in ("&", "|", "^"):
                out[op, a, b] = BOOL if a == b == "bool" else INT
        for sequence, t in (("str", STR), ("list", LIST), ("tuple*", TUPLE), ("tuple", TUPLE)):
            out["*", a, sequence] = out["*", sequence, a] = t
    out["+", "str", "str"] = STR
    out["+", "list", "list"] = LIST
    for a in ("tuple", "tuple*"):
        for b in ("tuple", "tuple*"):
            out["+", a, b] = TUPLE
    for op in ("-", "&", "|", "^"):
        out[op, "set", "set"] = SET
    out["|", "dict", "dict"] = ("dict", ANY, ANY)
    return out


_BINARY = _table()


def check_bin_op(c: Context, node: na.BinOp) -> Type:
    """`a op b`; left-hand spines are walked in a loop because they may be thousands long."""
    if node[3] == "|":
        from dana.checker.pipelines import check_pipe

        return check_pipe(c, node)
    left = node[2]
    if left.__class__ is not na.BinOp:
        return binary(c, node, c.expr(left), c.expr(node[4]))
    spine = [node]
    while left.__class__ is na.BinOp and left[3] != "|":
        spine.append(left)
        left = left[2]
    t = c.expr(left)
    for part in reversed(spine):
        t = binary(c, part, t, c.expr(part[4]))
        c.note(part, t)
    return t


def binary(c: Context, node: Any, a: Type, b: Type) -> Type:
    """The result of one operator, reporting operands that certainly do not go together."""
    op = node[3]
    found = _BINARY.get((op, a[0], b[0]))
    if found is not None:
        if found is LIST:
            return _list_result(a, b)
        if op == "**":
            return _power(node, a, b)
        return found
    if a is ANY or b is ANY:
        return STR if op == "%" and a[0] == "str" else ANY
    return _general(c, node, op, widen(a), widen(b))


def _list_result(a: Type, b: Type) -> Type:
    if a[0] == "list" and b[0] == "list":
        return ("list", union((a[1], b[1])))
    return a if a[0] == "list" else b


def _power(node: Any, a: Type, b: Type) -> Type:
    """Negative exponents make floats of ints, fractional ones make complex numbers of negatives."""
    exponent = node[4] if node.__class__ is na.BinOp else node.value
    known = exponent.__class__ is na.Constant and exponent.value.__class__ is int
    if a[0] in _INTS and b[0] in _INTS:
        return INT if known and exponent.value >= 0 else union((INT, FLOAT))
    return FLOAT if b[0] in _INTS else ANY


def _general(c: Context, node: Any, op: str, a: Type, b: Type) -> Type:
    results: list[Type] = []
    certain = True
    for x in options(a):
        for y in options(b):
            found = _single(node, op, x, y)
            if found is None:
                certain = certain and x[0] in CLOSED and y[0] in CLOSED
            else:
                results.append(found)
    if results:
        return union(results)
    if not certain or (not results and ("never" in (a[0], b[0]))):
        return ANY
    refuse(c, node, op, a, b)
    return ANY


def _single(node: Any, op: str, x: Type, y: Type) -> Type | None:
    """The result for two plain types, None when the operator does not exist for them."""
    if x[0] not in CLOSED or y[0] not in CLOSED:
        return ANY if x[0] != "none" and y[0] != "none" else None
    found = _BINARY.get((op, x[0], y[0]))
    if found is not None:
        return _power(node, x, y) if op == "**" else _list_result(x, y) if found is LIST else found
    if op == "%" and x[0] == "str":
        return STR
    if op == "|" and (x[0] in ("func", "callable") or y[0] in ("func", "callable")):
        return ANY
    return None


def refuse(c: Context, node: Any, op: str, a: Type, b: Type) -> None:
    """The error for operands an operator has no meaning for."""
    hint = ""
    if "str" in (a[0], b[0]) and op in ("-", "/", "*", "//", "%", "**"):
        hint = "turn the text into a number first: `float(…)` or `int(…)`"
    elif NONE in (a, b):
        hint = "a function without `return` yields None; check for it with `is None`"
    elif op == "+" and "str" in (a[0], b[0]):
        hint = "turn the other side into text: `str(…)`, or use an f-string"
    text = f"`{op}` does not work with {show(a)} and {show(b)}"
    c.report("E302", text, node, hint=hint)


def check_unary_op(c: Context, node: na.UnaryOp) -> Type:
    """`-x`, `+x`, `~x`, `not x`."""
    t = c.expr(node.operand)
    if node.op == "not":
        return BOOL
    kind = t[0]
    if kind in _INTS:
        return INT
    if kind == "float" and node.op != "~":
        return FLOAT
    if kind in CLOSED:
        c.report("E302", f"`{node.op}` does not work with {show(t)}", node)
    return ANY


def check_bool_op(c: Context, node: na.BoolOp) -> Type:
    """`a and b`, `a or b`: later operands know what earlier ones found out."""
    from dana.checker.narrowing import enter, leave, test_facts, with_facts

    saved = enter(c)
    side = 0 if node.op == "and" else 1
    found: list[Type] = []
    last = len(node.values) - 1
    for index, value in enumerate(node.values):
        found.append(c.expr(value))
        if index < last:
            with_facts(c, test_facts(c, value)[side])
    leave(c, saved)
    if any(t is ANY for t in found):
        return ANY
    return union(found)


def check_if_exp(c: Context, node: na.IfExp) -> Type:
    """`a if test else b`."""
    from dana.checker.narrowing import enter, leave, test_facts, with_facts
    from dana.checker.statements import check_truth

    t = c.expr(node.test)
    check_truth(c, node.test, t)
    yes, no = test_facts(c, node.test)
    saved = enter(c)
    with_facts(c, yes)
    a = c.expr(node.body)
    leave(c, saved)
    saved = enter(c)
    with_facts(c, no)
    b = c.expr(node.orelse)
    leave(c, saved)
    return join(a, b)


_ORDERED = frozenset({"<", ">", "<=", ">="})
_FAMILY = {"int": "number", "float": "number", "bool": "number", "str": "str", "list": "list", "dict": "dict"}
_FAMILY |= {"set": "set", "tuple": "tuple", "tuple*": "tuple"}


def check_compare(c: Context, node: na.Compare) -> Type:
    """`a < b == c`."""
    left_node = node[2]
    left = _operand(c, left_node)
    known = True
    for op, right_node in zip(node[3], node[4], strict=True):
        right = _operand(c, right_node)
        if left is ANY or right is ANY:
            known = known and op not in _UNSURE
            if op in ("is", "is not"):
                check_identity(c, op, left_node, right_node)
        else:
            compare_pair(c, op, left_node, left, right_node, right)
            known = known and (op not in _UNSURE or (left[0] in CLOSED and right[0] in CLOSED))
        left_node, left = right_node, right
    return BOOL if known else ANY


_UNSURE = frozenset({"==", "!=", "<", ">", "<=", ">="})


def _operand(c: Context, node: Any) -> Type:
    """Comparing looks at a container without keeping it."""
    if node.__class__ is na.Name:
        from dana.checker.expressions import peek

        return peek(c, node)
    return c.expr(node)


def compare_pair(c: Context, op: str, left_node: Any, left: Type, right_node: Any, right: Type) -> None:
    """Errors and lints of one comparison whose operand types are known."""
    a, b = left[0], right[0]
    if op in _ORDERED:
        if a in CLOSED and b in CLOSED and not _orders(a, b):
            hint = "compare numbers with numbers: `float(…)`" if "str" in (a, b) else ""
            span = (left_node[0], right_node[1])
            c.report("E302", f"`{op}` does not work with {show(left)} and {show(right)}", span, hint=hint)
    elif op in ("==", "!="):
        x, y = _FAMILY.get(a), _FAMILY.get(b)
        if x is not None and y is not None and x != y:
            answer = "false" if op == "==" else "true"
            text = f"comparing {show(left)} with {show(right)} is always {answer}"
            hint = "convert one side first: `int(…)`, `float(…)` or `str(…)`" if "str" in (x, y) else ""
            c.report("W302", text, (left_node[0], right_node[1]), hint=hint)
    elif op in ("in", "not in"):
        check_membership(c, op, left, right_node, right)
    else:
        check_identity(c, op, left_node, right_node)


def _orders(a: str, b: str) -> bool:
    x, y = _FAMILY.get(a), _FAMILY.get(b)
    return x is not None and x == y and x != "dict"


def check_membership(c: Context, op: str, left: Type, right_node: Any, right: Type) -> None:
    """`x in y`: y must hold things, and only texts are in texts."""
    if right[0] in ("none", "int", "float", "bool", "func", "module"):
        c.report("E308", f"`{op}` looks into a collection, and {show(right)} is none", right_node)
    elif right[0] == "str" and left[0] in ("int", "float", "bool", "list", "dict", "none"):
        c.report("E302", f"`{op}` asks whether a text contains a text, not {show(left)}", right_node)


def check_identity(c: Context, op: str, left_node: Any, right_node: Any) -> None:
    """`x is 3` compares identities, which literals do not have."""
    for node in (left_node, right_node):
        if node.__class__ is na.Constant and node.value.__class__ in (int, float, str):
            better = "==" if op == "is" else "!="
            text = f"`{op}` with a literal compares identity, not value"
            c.report("W303", text, (left_node[0], right_node[1]), hint=f"write `{better}`")
            return
