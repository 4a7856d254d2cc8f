"""Secrets that stand in the text of a program (M86). Called where a module's text has the word."""

from __future__ import annotations

from dana import ast as na

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.checker.context import Context

SECRET = ("opaque", "Secret")
MAKERS = ("Secret", "basic")
# What their first parameters are called: those of `env` and `file` are not.
PARAMETERS = ("text", "user")


def find_written(c: Context) -> None:
    """Lints every `secrets.Secret("…")` whose text can be read in the program."""
    for node in na.walk(c.checked.module):
        if node.__class__ is na.Call and _makes_secret(c, node) and _is_written(node):
            hint = 'read it where the program runs: `secrets.env("NAME")`, `secrets.file("path")`'
            c.report("W308", "this secret can be read by whoever reads the program", node, hint=hint)


def _makes_secret(c: Context, node: na.Call) -> bool:
    if c.checked.types.get(id(node)) != SECRET:
        return False
    target = c.checked.calls.get(id(node))
    if target is not None and target.kind == "imported":
        return bool(target.info[1] and target.info[1][0][0] in PARAMETERS)  # under whatever name
    return node.func.__class__ is na.Attribute and node.func.attr in MAKERS


def _is_written(node: na.Call) -> bool:
    given = [arg.value if arg.__class__ is na.Keyword else arg for arg in (*node.args, *node.keywords)]
    return any(arg.__class__ is na.Constant and arg.value.__class__ is str and arg.value for arg in given[-1:])
