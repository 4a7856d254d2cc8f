"""Bounds how deep a tree may be, so that later passes may recurse.

A path from a statement to a leaf has at most `DEPTH_MAX` nodes; nodes that only hold parts of another
(`IfBranch`, `DictItem`…) do not count. Left operands of binary operators may go on for `SPINE_MAX`: every
pass walks them in a loop.
"""

from __future__ import annotations

from bisect import bisect_left

from dana.ast.nodes import BinOp, ErrorStmt, Expr, Node, Pattern, Stmt, TypeExpr
from dana.parser.problems import diagnostic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dana.diagnostics import Diagnostic
    from dana.source import Source

DEPTH_MAX = 200
SPINE_MAX = 2000


def bounded(
    source: Source, body: tuple[Stmt, ...], suspects: Sequence[int]
) -> tuple[tuple[Stmt, ...], list[Diagnostic]]:
    """The statements, those that are nested too deeply replaced by `ErrorStmt`s and reported.

    Only statements that hold one of the offsets `suspects` (in order) are looked at.
    """
    kept: list[Stmt] = []
    found: list[Diagnostic] = []
    for stmt in body:
        first = bisect_left(suspects, stmt.start)
        suspect = first < len(suspects) and suspects[first] < max(stmt.end, stmt.start + 1)
        deep = too_deep(stmt, DEPTH_MAX, SPINE_MAX) if suspect else None
        if deep is None:
            kept.append(stmt)
            continue
        kept.append(ErrorStmt(stmt.start, stmt.end, ()))
        found.append(
            diagnostic(
                source,
                "E120",
                f"this is nested more than {DEPTH_MAX} deep",
                deep.start,
                deep.start + 1,
                hint="give the inner parts names and build the value in steps",
            )
        )
    return tuple(kept), found


def exceeds(root: Node, limit: int) -> bool:
    """Whether a path in the tree has more than `limit` nodes."""
    return too_deep(root, limit, limit) is not None


def too_deep(root: Node, limit: int, spine_limit: int) -> Node | None:
    """The first node found beyond the limits."""
    stack = [(root, 1, 0)]
    while stack:
        node, depth, spine = stack.pop()
        if depth > limit or spine > spine_limit:
            return node
        for child in node.children():
            if child.__class__ is BinOp and node.__class__ is BinOp and child is node[2]:
                stack.append((child, depth, spine + 1))
            else:
                stack.append((child, depth + isinstance(child, Expr | Stmt | TypeExpr | Pattern), 0))
    return None
