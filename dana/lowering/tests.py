"""What `dana test` compiles in: test blocks, and assertions that tell what they compared.

    test "adds":              →   if .test == 0:
        assert f(2) == 3              @.testing
                                      def test "adds"():
                                          assert (.1 := f(2)) == 3, .told("==", .1, 3, None, ())

`.test` is the number of the one test that this run of the module is for: all others cost a comparison.
Programs that are not being tested contain none of this.
"""

from __future__ import annotations

import ast as py

from dana import abi
from dana import ast as na
from dana.lowering.context import LOAD, STORE, Context
from dana.lowering.functions import function_of

OPERATORS: dict[type[py.cmpop], str] = {
    py.Eq: "==",
    py.NotEq: "!=",
    py.Lt: "<",
    py.LtE: "<=",
    py.Gt: ">",
    py.GtE: ">=",
    py.In: "in",
    py.NotIn: "not in",
    py.Is: "is",
    py.IsNot: "is not",
}


def lower_test_block(cx: Context, node: na.TestBlock) -> list[py.stmt]:
    """Tests are checked with their file, but are part of its program only while they are run."""
    number = None if cx.tests is None else cx.tests.get(id(node))
    if number is None:
        return []
    function = cx.checked.tests[id(node)]
    lowered = function_of(cx, function, function.name)
    lowered.decorator_list = [cx.load(".testing", node)]
    place = cx.at(node)
    wanted = py.Compare(left=cx.load(".test", node), ops=[py.Eq()], comparators=[cx.const(number, node)], **place)
    return [py.If(test=wanted, body=[lowered], orelse=[], **place)]


def lower_telling_assert(cx: Context, node: na.Assert) -> list[py.stmt]:
    """`assert a and b` as two assertions, each with what it compared."""
    return [_told(cx, test, node) for test in _conjuncts(node.test)]


def _conjuncts(test: na.Expr) -> list[na.Expr]:
    if isinstance(test, na.BoolOp) and test.op == "and":
        return [part for value in test.values for part in _conjuncts(value)]
    return [test]


def _told(cx: Context, node: na.Expr, statement: na.Assert) -> py.stmt:
    """One assertion; the values at its top are kept, so that its message can show them."""
    test = cx.expr(node)
    if isinstance(test, py.Compare) and len(test.ops) == 1:
        operator = OPERATORS[type(test.ops[0])]
        left, test.left = _kept(cx, test.left, node)
        right, test.comparators[0] = _kept(cx, test.comparators[0], node)
    else:
        operator = ""
        left, test = _kept(cx, test, node)
        right = cx.const(None, node)
    # The message is evaluated where it always is: only when the assertion fails.
    words = cx.const(None, statement) if statement.msg is None else cx.expr(statement.msg)
    names = cx.const(_names(node), node)
    told = cx.call(".told", node, cx.const(operator, node), left, right, words, names)
    return py.Assert(test=test, msg=told, **cx.at(statement))


def _names(test: na.Expr) -> tuple[str, ...]:
    """The variables an assertion is about; a side that is just a variable is shown already."""
    sides: tuple[na.Expr, ...] = (test,)
    if isinstance(test, na.Compare):
        sides = (test.left, *test.comparators) if len(test.comparators) == 1 else ()
    shown = {side.id for side in sides if isinstance(side, na.Name)}
    names = [abi.variable(n.id) for n in na.walk(test) if isinstance(n, na.Name) and n.id not in shown]
    return tuple(dict.fromkeys(names))


def _kept(cx: Context, value: py.expr, node: na.Expr) -> tuple[py.expr, py.expr]:
    """How the message reads a value, and the expression that keeps it; constants are read again."""
    if isinstance(value, py.Constant):
        return value, value
    name = cx.temporary()
    place = {field: getattr(value, field) for field in ("lineno", "col_offset", "end_lineno", "end_col_offset")}
    keep = py.NamedExpr(target=py.Name(id=name, ctx=STORE, **place), value=value, **place)
    return py.Name(id=name, ctx=LOAD, **cx.at(node)), keep
