"""Text and tree agree: what `unparse` writes is read back as the same tree, and every span holds its node."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parents[1] / "parser"))

from corpus import functions, standard_library
from helpers import EVERYTHING, shape

from dana.ast import nodes as na
from dana.ast.unparse import unparse
from dana.diagnostics import render_all
from dana.parser import parse
from dana.source import Source

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

GOLDEN = sorted((Path(__file__).parents[1] / "golden").rglob("*.na"))


def errors(found):
    return [d for d in found.diagnostics if d.is_error]


def round_trip(text):
    first = parse(Source("t", text))
    if errors(first):
        return False
    written = unparse(first.module)
    second = parse(Source("t", written))
    assert not errors(second), render_all(errors(second))
    assert shape(second.module) == shape(first.module)
    assert unparse(second.module) == written
    return True


def test_the_whole_language_round_trips():
    assert round_trip(EVERYTHING)


def test_golden_programs_round_trip():
    done = sum(round_trip(path.read_text(encoding="utf-8", errors="replace")) for path in GOLDEN)
    assert not GOLDEN or done > len(GOLDEN) / 2


@pytest.mark.parametrize("module", ["textwrap.py", "difflib.py", "fractions.py", "argparse.py", "statistics.py"])
def test_python_functions_round_trip(module):
    assert all(round_trip(text) for text in functions(standard_library([module])))


def spans_hold(node, inside):
    start, end = inside
    assert start <= node.start <= node.end <= end, node
    for child in node.children():
        spans_hold(child, (node.start, node.end))


def test_children_lie_inside_their_parents():
    for text in [EVERYTHING, *(path.read_text(encoding="utf-8", errors="replace") for path in GOLDEN)]:
        found = parse(Source("t", text))
        spans_hold(found.module, (0, len(text)))


# --- trees out of nothing -------------------------------------------------------------------------------

NAMES = st.sampled_from(["a", "b", "value", "agent", "type", "match", "private", "local", "f1", "é", "test", "use"])
CONSTANTS = st.one_of(
    st.integers(0, 10**30), st.floats(0, allow_nan=False, allow_infinity=True), st.booleans(), st.none(), st.just(...),
    st.text(max_size=8),
).map(lambda v: na.Constant(0, 0, v))  # fmt: skip


def node(kind, *parts):
    return st.builds(lambda *values: kind(0, 0, *values), *parts)


def tuples(of, low=0, high=3):
    return st.lists(of, min_size=low, max_size=high).map(tuple)


LEAVES = st.one_of(
    NAMES.map(lambda n: na.Name(0, 0, n)),
    CONSTANTS,
    st.builds(lambda s, n: na.ScopedName(0, 0, s, n), st.sampled_from(["private", "public", "local", "system"]), NAMES),
    st.just(na.Placeholder(0, 0)),
)
TARGETS = NAMES.map(lambda n: na.Name(0, 0, n))


def comprehension(e):
    return node(na.Comprehension, TARGETS, e, tuples(e, 0, 2))


def joined(parts):
    """Neighbouring texts are one part, and no text is empty."""
    found = []
    for part in parts:
        if isinstance(part, na.Constant):
            if not part.value:
                continue
            if found and isinstance(found[-1], na.Constant):
                found[-1] = na.Constant(0, 0, found[-1].value + part.value)
                continue
        found.append(part)
    return na.JoinedStr(0, 0, tuple(found))


def grown(e):
    text_part = st.text(max_size=4).map(lambda t: na.Constant(0, 0, t))
    spec = st.none() | st.lists(text_part, max_size=1).map(joined)
    field = node(na.FormattedValue, e, st.sampled_from([None, "r", "s", "a"]), spec, st.none())
    item = node(na.DictItem, st.none() | e, e)
    keyword = st.builds(lambda n, v: na.Keyword(0, 0, n, v), NAMES, e)
    params = st.lists(NAMES, unique=True, max_size=3).map(
        lambda names: tuple(na.Param(0, 0, n, None, None, "normal", None) for n in names)
    )
    return st.one_of(
        node(na.List, tuples(e)), node(na.Tuple, tuples(e)), node(na.Set, tuples(e, 1)), node(na.Dict, tuples(item)),
        node(na.ListComp, e, tuples(comprehension(e), 1, 2)), node(na.SetComp, e, tuples(comprehension(e), 1, 1)),
        node(na.DictComp, e, e, tuples(comprehension(e), 1, 1)), node(na.GeneratorExp, e, tuples(comprehension(e), 1, 1)),
        node(na.UnaryOp, st.sampled_from(["-", "+", "~", "not"]), e),
        node(na.BinOp, e, st.sampled_from("+ - * / // % ** << >> & ^ | @".split()), e),
        st.builds(lambda op, values: na.BoolOp(0, 0, op, values), st.sampled_from(["and", "or"]), tuples(e, 2))
        .filter(lambda b: not (isinstance(b.values[0], na.BoolOp) and b.values[0].op == b.op)),
        st.builds(lambda left, pairs: na.Compare(0, 0, left, tuple(o for o, _ in pairs), tuple(v for _, v in pairs)), e,
                  st.lists(st.tuples(st.sampled_from(["==", "!=", "<", ">=", "in", "not in", "is", "is not"]), e), min_size=1, max_size=2)),
        node(na.IfExp, e, e, e), st.builds(lambda n, v: na.NamedExpr(0, 0, na.Name(0, 0, n), v), NAMES, e),
        node(na.Attribute, e, NAMES), node(na.Subscript, e, st.one_of(e, node(na.Slice, st.none() | e, st.none() | e, st.none() | e))),
        st.builds(lambda f, a, k: na.Call(0, 0, f, a, k), e, tuples(e, 0, 2), st.lists(keyword, max_size=2, unique_by=lambda k: k.name).map(tuple)),
        node(na.Capture, e, NAMES), st.lists(st.one_of(text_part, field), max_size=3).map(joined),
        st.builds(lambda p, b, s: na.Lambda(0, 0, None, p, b, s), params, e, st.sampled_from([":", "::"])),
    )  # fmt: skip


EXPRESSIONS = st.recursive(LEAVES, grown, max_leaves=8)


@settings(max_examples=400, deadline=None, derandomize=True, database=None)
@given(EXPRESSIONS)
def test_any_expression_is_read_back_as_it_was(expr):
    text = unparse(expr) if not isinstance(expr, na.NamedExpr) else f"({unparse(expr)})"
    written = f"private = local = 1  # names here, no scopes\nx = {text}"
    found = parse(Source("t", written))
    assert not errors(found), render_all(errors(found))
    assert shape(found.module.body[1].value) == shape(expr), written


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(EXPRESSIONS)
def test_an_expression_in_any_place_of_a_statement(expr):
    body = (na.Pass(0, 0),)
    name = na.Name(0, 0, "t")
    names = (na.Name(0, 0, "private"), na.Name(0, 0, "local"))
    statements = (
        na.Assign(0, 0, names, na.Constant(0, 0, 1)),
        na.If(0, 0, (na.IfBranch(0, 0, expr, body),), body),
        na.While(0, 0, expr, body, ()),
        na.For(0, 0, name, expr, body, ()),
        na.With(0, 0, (na.WithItem(0, 0, expr, name), na.WithItem(0, 0, expr, None)), body),
        na.Try(0, 0, body, (na.ExceptHandler(0, 0, expr, "e", body),), (), ()),
        na.Return(0, 0, expr, False),
        na.Assert(0, 0, expr, expr),
        na.Raise(0, 0, expr, expr),
        na.Match(0, 0, expr, (na.MatchCase(0, 0, na.PatternCapture(0, 0, None), expr, body),)),
        na.AugAssign(0, 0, name, "+", expr),
        na.ComposedDef(0, 0, "f", 0, None, (), False, None, expr, (), "def", None),
    )
    text = unparse(na.Module(0, 0, statements, None))
    found = parse(Source("t", text))
    assert not errors(found), text + render_all(errors(found))
    assert shape(found.module.body) == shape(statements), text
