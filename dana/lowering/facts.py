"""What `@poet` is told about a function whose options bring handlers or plugins: the code around it (P67, P70).

A constant of plain tuples: names of types by parameter (what domains bind by), annotations as written, `##` docs, the
result's annotation, and the calls of the function in its module: `(line, variable that is given the result, expected
type)`.
"""

from __future__ import annotations

from dana.ast import nodes as na

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, TypeAlias

    from dana.lowering.context import Context

    Site: TypeAlias = tuple[int, str, str]

MAX_SITES = 50


def facts_of(cx: Context, node: na.FunctionDef | na.ComposedDef, params: tuple[na.Param, ...]) -> tuple[Any, ...]:
    """The facts of one function."""
    annotated = [p for p in params if p.annotation is not None]
    names = tuple((p.name, type_text(p.annotation)) for p in annotated)
    written = tuple((p.name, written_type(cx, p.annotation)) for p in annotated)
    docs = tuple((p.name, p.doc) for p in params if p.doc)
    return names, written, docs, written_type(cx, node.returns), _sites(cx, node)


def type_text(node: na.TypeExpr | None) -> str:
    """The name of a plain annotation, like `float`; "other" for one that is more than a name."""
    return ".".join(node.path) if isinstance(node, na.TypeName) else "other"


def written_type(cx: Context, node: na.TypeExpr | None) -> str:
    """An annotation as it is written."""
    return "" if node is None else cx.checked.source.text[node.start : node.end]


def _sites(cx: Context, node: na.FunctionDef | na.ComposedDef) -> tuple[Site, ...]:
    """The calls that certainly reach this function, in the order of the text."""
    if cx.sites is None:
        cx.sites = _all_sites(cx)
    return tuple(sorted(cx.sites.get(id(node), ()))[:MAX_SITES])


def _all_sites(cx: Context) -> dict[int, list[Site]]:
    """The calls of all functions of the module, by the function's definition."""
    expected: dict[int, tuple[str, str]] = {}
    calls: list[na.Node] = []
    for each in na.walk(cx.checked.parsed.module):
        if isinstance(each, na.AnnAssign) and isinstance(each.value, na.Call):
            expected[id(each.value)] = _variable(each.target), written_type(cx, each.annotation)
        elif isinstance(each, na.Assign) and isinstance(each.value, na.Call):
            expected[id(each.value)] = _variable(each.targets[0]), ""
        elif isinstance(each, na.FunctionDef) and each.returns is not None:
            for statement in each.body:
                if isinstance(statement, na.Return) and isinstance(statement.value, na.Call):
                    expected[id(statement.value)] = "", written_type(cx, each.returns)
        elif isinstance(each, na.Call):
            calls.append(each)
    found: dict[int, list[Site]] = {}
    for call in calls:
        target = cx.checked.calls.get(id(call))
        if target is not None and target.node is not None:
            name, wanted = expected.get(id(call), ("", ""))
            line = cx.checked.source.line_column(call.start)[0]
            found.setdefault(id(target.node), []).append((line, name, wanted))
    return found


def _variable(target: na.Expr) -> str:
    return target.id if isinstance(target, na.Name) else ""
