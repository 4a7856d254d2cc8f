"""Which arithmetic may build something huge, and what is put around it (L49).

`s = s + s` doubles a text, forty such lines fill any memory; `n = n * n` does the same to a number. What an
expression of operators hands on is looked at once, at its root:

    t if (t := a + b).__class__ in .scalars else .grown(t)

That costs some ten nanoseconds, so it is left out wherever it can be proven needless:

- **no sequence**: one side of `+` is certainly a number (or nothing a text or list can be added to). Certain are
  the checker's numbers, results of `- / // >> &`, local variables that are bound to nothing else (a greatest fixed
  point over the function), parameters that the first statement compares with a number, and calls of this module's
  functions that return nothing else (a greatest fixed point over the module), so `fib(n - 1) + fib(n - 2)` is free;
- **linear**: what is added is a short literal or the text of a number; memory that grows by a few bytes a step is
  looked at at the end of chunks;
- **no big number**: one factor is certainly a float, or a small literal.

Everything here errs on the side of the guard. `a * b`, where one may be a sequence, is looked at before it happens
(`.mul`), as are `**` and `<<`.
"""

from __future__ import annotations

import ast as py
from contextlib import contextmanager

from dana import ast as na
from dana.lowering.context import LOAD, Context
from dana.lowering.numbers import NUMBERS, _names_bound, is_fraction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# Types whose values are no sequences and never become one by an operator.
SCALAR_TYPES = NUMBERS | {"none", "set", "dict", "range", "func", "callable", "module"}
# On sequences these fail; on numbers, sets and dicts they give no sequence.
NEVER_SEQUENCES = frozenset({"-", "/", "//", ">>", "<<", "&", "^", "**"})
ARITHMETIC = frozenset({"+", "-", "*", "/", "//", "%", "**", "<<", ">>", "&", "^", "|"})
ORDER = frozenset({"<", "<=", ">", ">="})
# What may grow.
NOT, SEQUENCE, NUMBER = 0, 1, 2
# Numbers within ± HUGE are small.
HUGE = 1 << 64
SHORT = 256
SMALL = 1 << 16
FEW = 16


def guarded(cx: Context, node: na.BinOp, value: py.expr) -> py.expr:
    """The lowered root of an expression of operators, with a look at its result where that may be huge."""
    kind = grows(cx, node) if cx.metered else NOT
    if kind == NOT:
        return value
    if cx.in_iterable:
        return cx.call(".grown", node, value)
    place = cx.at(node)
    name = cx.temporary()
    keep = py.NamedExpr(target=cx.store(name, node), value=value, **place)
    if kind == SEQUENCE:
        test = _class_test(cx, node, keep, py.In(), ".scalars")
    elif cx.type_of(node)[0] == "int":
        low, high = cx.const(-HUGE, node), cx.const(HUGE, node)
        test = py.Compare(left=low, ops=[py.Lt(), py.Lt()], comparators=[keep, high], **place)
    else:
        test = _class_test(cx, node, keep, py.Is(), ".float")
    grown = cx.call(".grown", node, cx.load(name, node))
    return py.IfExp(test=test, body=cx.load(name, node), orelse=grown, **place)


def repeated(cx: Context, node: na.Node, left: py.expr, right: py.expr) -> py.expr:
    """`left * right`, where one may be a sequence: looked at before it happens."""
    name = left if isinstance(left, py.Name) else right
    if not isinstance(name, py.Name):
        return cx.call(".mul", node, left, right)
    test = _class_test(cx, node, cx.load(name.id, node), py.Is(), ".float")
    quick = py.BinOp(left=left, op=py.Mult(), right=right, **cx.at(node))
    return py.IfExp(test=test, body=quick, orelse=cx.call(".mul", node, left, right), **cx.at(node))


def _class_test(cx: Context, node: na.Node, value: py.expr, op: py.cmpop, wanted: str) -> py.expr:
    own = py.Attribute(value=value, attr="__class__", ctx=LOAD, **cx.at(node))
    return py.Compare(left=own, ops=[op], comparators=[cx.load(wanted, node)], **cx.at(node))


def addend(cx: Context, node: na.AugAssign, value: py.expr) -> py.expr:
    """The lowered value of `x += value`, with a look at its size where it may be a long sequence."""
    if not cx.metered or is_scalar(cx, node.target) or is_scalar(cx, node.value) or is_short(cx, node.value):
        return value
    if isinstance(node.value, na.BinOp):  # has been looked at already
        return value
    if cx.type_of(node.value)[0] == "str":
        return cx.call(".addend", node, value) if cx.in_iterable else _long(cx, node.value, value)
    if cx.in_iterable:
        return cx.call(".addend", node.value, value)
    name = cx.temporary()
    keep = py.NamedExpr(target=cx.store(name, node.value), value=value, **cx.at(node.value))
    test = _class_test(cx, node.value, keep, py.In(), ".scalars")
    long = cx.call(".addend", node.value, cx.load(name, node.value))
    return py.IfExp(test=test, body=cx.load(name, node.value), orelse=long, **cx.at(node.value))


def only_counts(cx: Context, node: na.AugAssign) -> bool:
    """Whether `x += a + b` adds numbers, none of which may grow: were it a sequence, it could not be added to x."""
    if not isinstance(node.target, na.Name) or not is_scalar(cx, node.target):
        return False
    return not grows(cx, node.value) & NUMBER


def checked_text(cx: Context, node: na.Expr, value: py.expr) -> py.expr:
    """A text that was put together, which is looked at when it is long."""
    return cx.call(".grown", node, value) if cx.in_iterable else _long(cx, node, value, ".grown")


def _long(cx: Context, node: na.Expr, value: py.expr, helper: str = ".addend") -> py.expr:
    """A text, which goes through `helper` when it is long."""
    place = cx.at(node)
    name = cx.temporary()
    keep = py.NamedExpr(target=cx.store(name, node), value=value, **place)
    length = cx.call(".len", node, keep)
    test = py.Compare(left=length, ops=[py.Lt()], comparators=[cx.const(SMALL, node)], **place)
    again = cx.load(name, node)
    return py.IfExp(test=test, body=again, orelse=cx.call(helper, node, cx.load(name, node)), **place)


# --- what may grow --------------------------------------------------------------------------------


def grows(cx: Context, node: na.Expr) -> int:
    """Whether the value of operators may be much larger than what they are applied to, and of what kind it is then."""
    if isinstance(node, na.UnaryOp):
        return grows(cx, node.operand) & NUMBER
    if not isinstance(node, na.BinOp) or cx.type_of(node)[0] in {"float", "bool"}:
        return NOT
    op, left, right = node.op, node.left, node.right
    if op == "+":
        return _sum_grows(cx, left, right)
    if op == "*":
        return _product_grows(cx, left, right)
    if op in {"-", "|", "^"}:
        return (grows(cx, left) | grows(cx, right)) & NUMBER
    if op == "//":
        return grows(cx, left) & NUMBER
    if op == "%":
        return grows(cx, right) & NUMBER
    return NUMBER if op == "**" and isinstance(right, na.Constant) and right.value.__class__ is int else NOT


def _sum_grows(cx: Context, left: na.Expr, right: na.Expr) -> int:
    if is_fraction(cx, left) or is_fraction(cx, right):
        return NOT
    if is_scalar(cx, left) or is_scalar(cx, right):
        return (grows(cx, left) | grows(cx, right)) & NUMBER
    if is_short(cx, left):
        return grows(cx, right)
    return grows(cx, left) if is_short(cx, right) else SEQUENCE | grows(cx, left) | grows(cx, right)


def _product_grows(cx: Context, left: na.Expr, right: na.Expr) -> int:
    if is_fraction(cx, left) or is_fraction(cx, right) or _is_counter(cx, left) or _is_counter(cx, right):
        return NOT
    for factor, other in ((left, right), (right, left)):
        if isinstance(factor, na.Constant) and _is_small(factor):
            return grows(cx, other) if is_scalar(cx, other) else SEQUENCE
    return NUMBER if _is_square(left, right) or (is_scalar(cx, left) and is_scalar(cx, right)) else NOT


def _is_square(left: na.Expr, right: na.Expr) -> bool:
    """Whether a variable is multiplied by itself, which no sequence can be."""
    return isinstance(left, na.Name) and isinstance(right, na.Name) and left.id == right.id


@contextmanager
def counting(cx: Context, generators: tuple[na.Comprehension, ...]) -> Iterator[None]:
    """While a comprehension is lowered: which of its variables count through constant ranges."""
    outer = cx.counters
    cx.counters = set(outer)
    for generator in generators:
        cx.counters.difference_update(n.id for n in na.walk(generator.target) if isinstance(n, na.Name))
        if isinstance(generator.target, na.Name) and _is_constant_range(cx, generator.iter):
            cx.counters.add(generator.target.id)
    yield
    cx.counters = outer


def _is_constant_range(cx: Context, node: na.Expr) -> bool:
    if cx.type_of(node)[0] != "range" or not isinstance(node, na.Call):
        return False
    return all(isinstance(a, na.Constant) and _is_index(a.value) for a in node.args)


def _is_index(value: object) -> bool:
    return isinstance(value, int) and abs(value) < HUGE


def _is_counter(cx: Context, node: na.Expr) -> bool:
    """Whether a value is the variable of a comprehension over a constant range: never a large number."""
    return isinstance(node, na.Name) and node.id in cx.counters


def _is_small(node: na.Constant) -> bool:
    return node.value.__class__ in (int, float, bool) and abs(node.value) <= FEW


def is_short(cx: Context, node: na.Expr) -> bool:
    """Whether what is added is certainly short: a literal, the text of a number."""
    match node:
        case na.Constant():
            return not isinstance(node.value, (str, bytes)) or len(node.value) < SHORT
        case na.List() | na.Tuple():
            return len(node.elts) <= FEW and not any(isinstance(e, na.Starred) for e in node.elts)
        case na.JoinedStr():
            return all(_is_short_part(cx, part) for part in node.parts)
        case na.Call(func=na.Name(id="str"), args=(value,)):
            target = cx.checked.calls.get(id(node))
            return target is not None and target.kind == "builtin" and cx.type_of(value)[0] in NUMBERS
        case na.BinOp(op="+"):
            return is_short(cx, node.left) and is_short(cx, node.right)
        case _:
            return cx.type_of(node)[0] in NUMBERS


def _is_short_part(cx: Context, part: na.Node) -> bool:
    if isinstance(part, na.FormattedValue):
        return part.spec is None and (cx.type_of(part.value)[0] in NUMBERS or is_short(cx, part.value))
    return isinstance(part, na.Constant) and len(str(part.value)) < SHORT


def may_repeat(cx: Context, left: na.Expr, right: na.Expr) -> bool:
    """Whether `*` may repeat a sequence often: nothing says that both are numbers, or one a float or small."""
    for factor in (left, right):
        if is_fraction(cx, factor) or (isinstance(factor, na.Constant) and _is_small(factor)):
            return False
    if _is_square(left, right):
        return False
    return not (is_scalar(cx, left) and is_scalar(cx, right))


def may_multiply(cx: Context, left: na.Expr, right: na.Expr) -> bool:
    """Whether `left *= right` may build something huge, a sequence or a number."""
    if not cx.metered or is_fraction(cx, left) or is_fraction(cx, right):
        return False
    return not (isinstance(right, na.Constant) and _is_small(right) and is_scalar(cx, left))


# --- what is no sequence --------------------------------------------------------------------------


def is_scalar(cx: Context, node: na.Expr) -> bool:
    """Whether a value certainly is no text, list, tuple or bytes."""
    return _is_scalar(cx, node, _locals(cx), _returning(cx))


def _is_scalar(cx: Context, node: na.Expr, names: frozenset[str], functions: frozenset[int]) -> bool:
    if cx.type_of(node)[0] in SCALAR_TYPES:
        return True

    def scalar(part: na.Expr) -> bool:
        return _is_scalar(cx, part, names, functions)

    match node:
        case na.Constant():
            return not isinstance(node.value, (str, bytes))
        case na.Name():
            return node.id in names and cx.checked.bindings.get(id(node)) not in {"private", "public", "system"}
        case na.Attribute():
            return node.attr in cx.number_fields
        case na.UnaryOp() | na.Compare():
            return True
        case na.BinOp(op="+"):
            return scalar(node.left) or scalar(node.right)
        case na.BinOp(op="*"):
            return _is_float(cx, node.left) or _is_float(cx, node.right) or (scalar(node.left) and scalar(node.right))
        case na.BinOp(op="%"):
            return scalar(node.left)
        case na.BinOp():
            return node.op in NEVER_SEQUENCES
        case na.BoolOp():
            return all(scalar(v) for v in node.values)
        case na.IfExp():
            return scalar(node.body) and scalar(node.orelse)
        case na.NamedExpr():
            return scalar(node.value)
        case na.Call():
            target = cx.checked.calls.get(id(node))
            return target is not None and target.node is not None and id(target.node) in functions
        case _:
            return False


def _is_float(cx: Context, node: na.Expr) -> bool:
    """Whether a value is a float by its own form; unlike `is_fraction`, of any function."""
    return cx.type_of(node)[0] == "float" or (isinstance(node, na.BinOp) and node.op == "/")


def _locals(cx: Context) -> frozenset[str]:
    """The variables of the function being lowered, and of those around it, that hold no sequence."""
    found: frozenset[str] = frozenset()
    for scope in cx.functions[1:]:
        if scope.scalars is None:
            own = _scalar_names(cx, scope.params, scope.body, _returning(cx))
            scope.scalars = own | (found - _bound_in(scope.params, scope.body))
        found = scope.scalars
    return found


def _bound_in(params: tuple[na.Param, ...], body: tuple[na.Stmt, ...]) -> set[str]:
    """The names a function may bind, or declares global; not those it declares nonlocal."""
    bound = {p.name for p in params}
    shared: set[str] = set()
    for statement in body:
        for node in na.walk(statement):
            if isinstance(node, na.Nonlocal):
                shared.update(node.names)
            else:
                bound.update(_names_bound(node))
    return bound - shared


def _returning(cx: Context) -> frozenset[int]:
    """The module's functions (by id) that return no sequence: those left when all that may have been struck off."""
    if cx.scalar_functions is not None:
        return cx.scalar_functions
    plain = {
        id(s): s
        for s in cx.checked.module.body
        if isinstance(s, na.FunctionDef) and not s.decorators and s.receiver is None and s.body
    }
    found = frozenset(plain)
    while True:
        kept = frozenset(key for key in found if _returns_scalar(cx, plain[key], found))
        if kept == found:
            cx.scalar_functions = found
            return found
        found = kept


def _returns_scalar(cx: Context, node: na.FunctionDef, functions: frozenset[int]) -> bool:
    returns = [n for n in _own_nodes(node.body) if isinstance(n, na.Return)]
    names = _scalar_names(cx, node.params, node.body, functions)
    if not all(r.value is None or _is_scalar(cx, r.value, names, functions) for r in returns):
        return False
    return _ends_plainly(node.body)


def _ends_plainly(body: tuple[na.Stmt, ...]) -> bool:
    """Whether a body's last statement gives no value of its own, as a last expression may."""
    last = body[-1]
    if isinstance(last, na.If):
        bodies = [b.body for b in last.branches] + ([last.orelse] if last.orelse else [])
        return all(_ends_plainly(body) for body in bodies)
    return isinstance(last, (na.Return, na.Assign, na.AugAssign, na.For, na.While, na.Raise, na.Pass))


def _own_nodes(body: Iterable[na.Node]) -> list[na.Node]:
    """Every node of a body, without those of the functions defined in it."""
    found: list[na.Node] = []
    stack = list(body)
    while stack:
        node = stack.pop()
        found.append(node)
        if not isinstance(node, (na.FunctionDef, na.Lambda, na.StructDef)):
            stack.extend(node.children())
    return found


def _scalar_names(
    cx: Context, params: tuple[na.Param, ...], body: tuple[na.Stmt, ...], functions: frozenset[int]
) -> frozenset[str]:
    """The names a function binds to nothing but scalars: those left when all others have been struck off."""
    values: dict[str, list[na.Expr]] = {}
    unknown: set[str] = set()
    proven = _proven_params(cx, body)
    for param in params:
        declared = ("any",) if param.annotation is None else cx.checked.annotations.get(id(param.annotation), ("any",))
        plain = param.kind in {"normal", "positional", "keyword"}
        if plain and (declared[0] in NUMBERS or param.name in proven):
            values.setdefault(param.name, [])
        else:
            unknown.add(param.name)
    for statement in body:
        for node in na.walk(statement):
            _note(cx, node, values, unknown)
    shared = {n for s in body for node in _own_nodes([s]) if isinstance(node, na.Nonlocal) for n in node.names}
    names = frozenset(values.keys() - unknown - shared)
    while True:
        kept = frozenset(n for n in names if all(_is_scalar(cx, v, names, functions) for v in values[n]))
        if kept == names:
            return names
        names = kept


def _note(cx: Context, node: na.Node, values: dict[str, list[na.Expr]], unknown: set[str]) -> None:
    match node:
        case na.Assign(targets=targets, value=value) if all(isinstance(t, na.Name) for t in targets):
            for target in targets:
                assert isinstance(target, na.Name)
                values.setdefault(target.id, []).append(value)
        case na.AnnAssign(target=na.Name(id=name), annotation=annotation):
            if cx.checked.annotations.get(id(annotation), ("any",))[0] in NUMBERS:
                values.setdefault(name, [])
            else:
                unknown.add(name)
        case na.AugAssign(target=na.Name(id=name) as target, op=op, value=value):
            made = na.BinOp(node.start, node.end, target, op, value)
            values.setdefault(name, []).append(made)
        case na.For(target=na.Name(id=name), iter=source) if cx.type_of(source)[0] == "range":
            values.setdefault(name, [])
        case na.NamedExpr(target=target, value=value):
            values.setdefault(target.id, []).append(value)
        case na.Nonlocal():
            pass  # what inner functions bind has been seen with the rest
        case _:
            unknown.update(_names_bound(node))


def _proven_params(cx: Context, body: tuple[na.Stmt, ...]) -> set[str]:
    """Names that the very first thing a function does compares with a number: a sequence would have failed."""
    if not body:
        return set()
    first = body[0]
    test: na.Expr | None = None
    if isinstance(first, na.If):
        test = first.branches[0].test
    elif isinstance(first, na.While):
        test = first.test
    elif isinstance(first, na.Return) and isinstance(first.value, na.IfExp):
        test = first.value.test
    if isinstance(test, na.BoolOp):
        test = test.values[0]
    if not isinstance(test, na.Compare) or test.ops[0] not in ORDER:
        return set()
    left, right = test.left, test.comparators[0]
    found = set()
    if isinstance(left, na.Name) and cx.type_of(right)[0] in NUMBERS:
        found.add(left.id)
    if isinstance(right, na.Name) and cx.type_of(left)[0] in NUMBERS:
        found.add(right.id)
    return found
