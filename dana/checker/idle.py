"""Statements that do nothing: `timeout(1)` without `with` (L37). Called where a module's text has the word."""

from __future__ import annotations

from dana import ast as na

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.checker.context import Context


def find_idle(c: Context) -> None:
    """Lints every such statement that others follow: the last one of a body may be its value."""
    for node in na.walk(c.checked.module):
        for field in node:
            if field.__class__ is tuple and len(field) > 1:
                for statement in field[:-1]:
                    if statement.__class__ is na.ExprStmt and _is_deadline(c, statement.value):
                        text = "a deadline that stands alone limits nothing"
                        hint = (
                            f"`with {c.text[statement.value[0] : statement.value[1]]}:`, and below it what is limited"
                        )
                        c.report("W307", text, statement.value, hint=hint)


def _is_deadline(c: Context, node: na.Expr) -> bool:
    target = c.checked.calls.get(id(node))
    return target is not None and target.kind == "builtin" and target.info == "timeout"
