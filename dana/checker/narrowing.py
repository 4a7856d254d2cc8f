"""What a condition tells about the types of plain variables (`isinstance`, `is None`, truth)."""

from __future__ import annotations

from dana.ast import nodes as na
from dana.checker.types import ANY, NONE, union, without_none

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.checker.context import Context
    from dana.checker.model import Var
    from dana.checker.types import Type

    Facts = dict[Var, Type]

_EMPTY: Any = {}


def test_facts(c: Context, test: Any) -> tuple[Facts, Facts]:
    """Facts that hold when the (already checked) condition is true, and when it is false."""
    handler = _FACTS.get(test.__class__)
    return handler(c, test) if handler is not None else (_EMPTY, _EMPTY)


def with_facts(c: Context, facts: Facts) -> None:
    """Adds facts; the caller restores what was known before."""
    if facts:
        c.narrow = {**c.narrow, **facts}


def enter(c: Context) -> tuple[Facts, set[Var]]:
    """Starts a branch; `leave` takes back what becomes known in it."""
    saved = c.narrow, c.killed
    c.killed = set()
    return saved


def leave(c: Context, saved: tuple[Facts, set[Var]]) -> None:
    """Back to what was known before the branch, less what is assigned in it."""
    facts, killed = saved
    inside = c.killed
    if inside:
        if facts:
            facts = {v: t for v, t in facts.items() if v not in inside}
        killed |= inside
    c.narrow = facts
    c.killed = killed


def variable(c: Context, node: Any) -> Var | None:
    """The variable behind a plain name, if facts about it can be kept."""
    if node.__class__ is na.NamedExpr:
        node = node.target
    if node.__class__ is not na.Name:
        return None
    var = c.lookup(node[2])
    if var is None or var.foreign or var.kind not in ("variable", "parameter"):
        return None
    if var.scope is c.top and c.function is not None and var.count > 1:
        return None
    return var if var.scope.home is c.scope.home or var.count <= 1 else None


def current(c: Context, var: Var) -> Type:
    """The type known so far."""
    return c.read_type(var)


def _name(c: Context, node: Any) -> tuple[Facts, Facts]:
    var = variable(c, node)
    if var is None:
        return _EMPTY, _EMPTY
    t = current(c, var)
    if t[0] == "union" and NONE in t[1]:
        return {var: without_none(t)}, _EMPTY
    return _EMPTY, _EMPTY


def _unary(c: Context, node: na.UnaryOp) -> tuple[Facts, Facts]:
    if node.op != "not":
        return _EMPTY, _EMPTY
    yes, no = test_facts(c, node.operand)
    return no, yes


def _bool_op(c: Context, node: na.BoolOp) -> tuple[Facts, Facts]:
    """`a and b`: both facts when true; `a or b`: both negations when false."""
    side = 0 if node.op == "and" else 1
    facts: Facts = {}
    saved = c.narrow
    for value in node.values:
        found = test_facts(c, value)[side]
        if found:
            facts = {**facts, **found}
            c.narrow = {**c.narrow, **found}
    c.narrow = saved
    return (facts, _EMPTY) if side == 0 else (_EMPTY, facts)


def _compare(c: Context, node: na.Compare) -> tuple[Facts, Facts]:
    if len(node.ops) != 1:
        return _EMPTY, _EMPTY
    op, right = node.ops[0], node.comparators[0]
    if right.__class__ is na.Constant and right.value is None and op in ("is", "is not", "==", "!="):
        return _none_test(c, node.left, op)
    if op in ("==", "is") and _is_type_call(c, node.left):
        var = variable(c, node.left.args[0])  # type: ignore[attr-defined]
        t = named_type(c, right)
        if var is not None and t is not None:
            return {var: t}, _EMPTY
    return _EMPTY, _EMPTY


def _none_test(c: Context, left: Any, op: str) -> tuple[Facts, Facts]:
    var = variable(c, left)
    if var is None:
        return _EMPTY, _EMPTY
    t = current(c, var)
    present: Facts = {var: without_none(t)} if t[0] == "union" and NONE in t[1] else {}
    # Where the test cannot come out this way nothing is claimed: such code is odd, but it does not fail.
    possible = t[0] in ("any", "none") or (t[0] == "union" and NONE in t[1])
    absent: Facts = {var: NONE if possible else ANY} if op in ("is", "is not") else {}
    return (absent, present) if op in ("is", "==") else (present, absent)


def _is_type_call(c: Context, node: Any) -> bool:
    return (
        node.__class__ is na.Call
        and node.func.__class__ is na.Name
        and node.func.id == "type"
        and len(node.args) == 1
        and c.lookup("type") is None
    )


def _call(c: Context, node: na.Call) -> tuple[Facts, Facts]:
    """`isinstance(x, T)`."""
    func = node.func
    if func.__class__ is not na.Name or func.id != "isinstance" or len(node.args) != 2 or c.lookup("isinstance"):
        return _EMPTY, _EMPTY
    var = variable(c, node.args[0])
    t = named_type(c, node.args[1])
    if var is None or t is None:
        return _EMPTY, _EMPTY
    before = current(c, var)
    inside, outside = _split(before, t)
    return {var: inside}, ({var: outside} if outside is not None else _EMPTY)


def _split(before: Type, t: Type) -> tuple[Type, Type | None]:
    """A type divided by an `isinstance` test: the part that passes, the part that does not (if known)."""
    if before[0] != "union":
        return (before if before == t or (before[0] == t[0] and t[0] not in ("struct", "exception")) else t), None
    wanted = t[1] if t[0] == "union" else (t,)
    kinds = {w[0] for w in wanted if w[0] not in ("struct", "interface", "exception")}
    if "int" in kinds:
        kinds.add("bool")
    inside = [o for o in before[1] if o[0] in kinds or o in wanted]
    outside = [o for o in before[1] if o[0] not in kinds and o not in wanted]
    exact = all(w[0] != "interface" for w in wanted)
    if not inside or not exact:
        return t, None
    return union(inside), union(outside) if outside else None


def named_type(c: Context, node: Any) -> Type | None:
    """The type a second argument of `isinstance` names: a type, a union, a tuple of them."""
    from dana.checker.expressions import type_value

    if node.__class__ is na.Tuple:
        parts = [named_type(c, e) for e in node.elts]
        return None if any(p is None for p in parts) else union([p for p in parts if p is not None])
    if node.__class__ is na.BinOp and node.op == "|":
        left, right = named_type(c, node.left), named_type(c, node.right)
        return None if left is None or right is None else union([left, right])
    if node.__class__ is na.Constant and node.value is None:
        return NONE
    t = c.types.get(id(node), ANY)
    found = type_value(c, node, t)
    if found is None or found is ANY or found[0] in ("callable", "interface", "opaque", "ref", "exception"):
        return None
    info = c.info(found)
    return None if info is not None and info.kind != "struct" else found


_FACTS: dict[type, Any] = {
    na.Name: _name,
    na.NamedExpr: _name,
    na.UnaryOp: _unary,
    na.BoolOp: _bool_op,
    na.Compare: _compare,
    na.Call: _call,
}
