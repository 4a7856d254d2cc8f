"""`match` statements: Python's patterns, class patterns against raw classes (L22)."""

from __future__ import annotations

import ast as py

from dana import abi
from dana import ast as na
from dana.lowering.calls import RAW_TEST
from dana.lowering.context import Context

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def lower_match(cx: Context, node: na.Match) -> list[py.stmt]:
    cases = [lower_match_case(cx, case) for case in node.cases]
    return [py.Match(subject=cx.expr(node.subject), cases=cases, **cx.at(node))]


def lower_match_case(cx: Context, node: na.MatchCase) -> py.match_case:
    guard = None if node.guard is None else cx.expr(node.guard)
    body = cx.block(node.body) or [py.Pass(**cx.at(node))]
    return py.match_case(pattern=lower_pattern(cx, node.pattern), guard=guard, body=body)


def lower_pattern(cx: Context, node: na.Pattern) -> py.pattern:
    return PATTERNS[node.__class__](cx, node)


def _several(cx: Context, nodes: tuple[na.Pattern, ...]) -> list[py.pattern]:
    return [lower_pattern(cx, n) for n in nodes]


def _variable(name: str | None) -> str | None:
    return None if name is None else abi.variable(name)


def lower_pattern_value(cx: Context, node: na.PatternValue) -> py.pattern:
    return py.MatchValue(value=_pattern_expr(cx, node.value), **cx.at(node))


def _pattern_expr(cx: Context, node: na.Expr) -> py.expr:
    """Values in patterns are literals or dotted names; `format` is not redirected here, it is hidden."""
    if isinstance(node, na.UnaryOp) and node.op == "+":
        return _pattern_expr(cx, node.operand)  # CPython has no sign but `-` here
    if isinstance(node, na.ScopedName):
        # CPython takes only dotted names here.
        return py.Attribute(value=cx.call(".boxed", node, cx.expr(node)), attr="value", ctx=py.Load(), **cx.at(node))
    if isinstance(node, na.Attribute):
        attr = abi.HIDDEN + node.attr if node.attr == "format" else abi.mangle(node.attr)
        return py.Attribute(value=_pattern_expr(cx, node.value), attr=attr, ctx=py.Load(), **cx.at(node))
    return cx.expr(node)


def lower_pattern_singleton(cx: Context, node: na.PatternSingleton) -> py.pattern:
    return py.MatchSingleton(value=node.value, **cx.at(node))


def lower_pattern_capture(cx: Context, node: na.PatternCapture) -> py.pattern:
    return py.MatchAs(pattern=None, name=_variable(node.name), **cx.at(node))


def lower_pattern_sequence(cx: Context, node: na.PatternSequence) -> py.pattern:
    return py.MatchSequence(patterns=_several(cx, node.patterns), **cx.at(node))


def lower_pattern_star(cx: Context, node: na.PatternStar) -> py.pattern:
    return py.MatchStar(name=_variable(node.name), **cx.at(node))


def lower_pattern_mapping(cx: Context, node: na.PatternMapping) -> py.pattern:
    keys = [_pattern_expr(cx, k) for k in node.keys]
    return py.MatchMapping(keys=keys, patterns=_several(cx, node.patterns), rest=_variable(node.rest), **cx.at(node))


def lower_pattern_class(cx: Context, node: na.PatternClass) -> py.pattern:
    cls = node.cls
    if isinstance(cls, na.Name) and cx.checked.bindings.get(id(cls)) == "builtin" and cls.id in RAW_TEST:
        kind: py.expr = cx.load(RAW_TEST[cls.id], cls)
    else:
        kind = _pattern_expr(cx, cls)
        if is_agent(cx, cls):
            kind = py.Attribute(value=kind, attr=abi.state_slot("type"), ctx=py.Load(), **cx.at(cls))
    return py.MatchClass(
        cls=kind,
        patterns=_several(cx, node.patterns),
        kwd_attrs=[abi.HIDDEN + n if n == "format" else abi.mangle(n) for n in node.kw_names],
        kwd_patterns=_several(cx, node.kw_patterns),
        **cx.at(node),
    )


def is_agent(cx: Context, cls: na.Expr) -> bool:
    """Whether a pattern names an agent (`case Ada():`), which is a value: the pattern means its class."""
    static = cx.type_of(cls)
    info = cx.struct_of(static)
    return static[0] == "struct" and (info is None or info.kind == "agent")


def lower_pattern_or(cx: Context, node: na.PatternOr) -> py.pattern:
    return py.MatchOr(patterns=_several(cx, node.patterns), **cx.at(node))


def lower_pattern_as(cx: Context, node: na.PatternAs) -> py.pattern:
    return py.MatchAs(pattern=lower_pattern(cx, node.pattern), name=_variable(node.name), **cx.at(node))


PATTERNS: dict[type[na.Pattern], Callable[..., py.pattern]] = {
    na.PatternValue: lower_pattern_value,
    na.PatternSingleton: lower_pattern_singleton,
    na.PatternCapture: lower_pattern_capture,
    na.PatternSequence: lower_pattern_sequence,
    na.PatternStar: lower_pattern_star,
    na.PatternMapping: lower_pattern_mapping,
    na.PatternClass: lower_pattern_class,
    na.PatternOr: lower_pattern_or,
    na.PatternAs: lower_pattern_as,
}
