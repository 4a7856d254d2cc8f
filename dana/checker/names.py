"""Names that mean nothing, mean something else, or mean it too late (L8–L10)."""

from __future__ import annotations

from dana.ast import nodes as na
from dana.checker.builtins import REFUSED, names
from dana.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.checker.context import Context
    from dana.checker.model import Var

KEYWORDS = frozenset(
    "and as assert break case continue def del deliver elif else except finally for from global if import in is lambda "
    "match nonlocal not or pass raise return struct sync try while with True False None".split()
)
SCOPES = frozenset({"private", "public", "system", "local"})

# Words people bring from other languages, and what Dana calls them.
_FOREIGN = {
    "self": "Dana methods name their receiver: `def (p: Point) norm()`, then use `p`",
    "this": "Dana methods name their receiver: `def (p: Point) norm()`, then use `p`",
    "undefined": "write `None`",
    "nil": "write `None`",
    "null": "write `None`",
    "Null": "write `None`",
    "NULL": "write `None`",
    "console": "write `print(…)`",
    "println": "write `print(…)`",
    "printf": 'write `print(f"…")`',
    "length": "write `len(…)`",
    "size": "write `len(…)`",
    "string": "the type is called `str`",
    "elseif": "write `elif`",
    "switch": "write `match`",
    "xrange": "write `range`",
    "unicode": "write `str`",
    "raw_input": "write `input`",
    "await": "Dana waits by itself: leave `await` out",
}


def unresolved(c: Context, node: Any) -> None:
    """A name that is no variable and no builtin: scope fallback, refused builtin, or unknown (once per name)."""
    name = node.id
    for scope in ("private", "public", "system"):
        if name in c.scoped[scope]:
            c.bindings[id(node)] = scope
            return
    if name in REFUSED:
        why, instead = REFUSED[name]
        if name not in c.unknown:
            c.unknown[name] = []
            c.finished.append(_refused(c, node, name, why, instead))
        return
    if (
        name in c.broken
        or _may_come_from_star(c)
        or (name.startswith("__") and name.endswith("__") and _allowed_dunder(c, node, name))
    ):
        c.bindings[id(node)] = "module"
        return
    c.unknown.setdefault(name, []).append((node.start, node.end))


def _refused(c: Context, node: Any, name: str, why: str, instead: str) -> Any:
    from dana.diagnostics import Diagnostic

    span = Span(node.start, node.end)
    return Diagnostic("E203", f"Dana has no `{name}`: {why}", c.source, span, hint=instead)


def _allowed_dunder(_c: Context, _node: Any, name: str) -> bool:
    return name in ("__main__", "__exports__", "__all__")


def _may_come_from_star(c: Context) -> bool:
    """Whether a `from x import *` of a module nobody has seen may bring any name."""
    return "*" in c.top.nonlocals


def report_unknown(c: Context) -> None:
    """One error per unknown name, at its first use, saying how often it comes again."""
    for name, places in c.unknown.items():
        if not places:
            continue
        ordered = sorted(set(places))
        start, end = ordered[0]
        hint = _help(c, name)
        notes = []
        if len(ordered) > 1:
            lines = sorted({c.source.line_column(s)[0] for s, _ in ordered[1:]})
            shown = ", ".join(str(n) for n in lines[:8]) + (" …" if len(lines) > 8 else "")
            times = "once more" if len(ordered) == 2 else f"{len(ordered) - 1} more times"
            notes.append(f"`{name}` is used {times}, in line{'s' if len(lines) > 1 else ''} {shown}")
        c.report("E201", f"unknown name `{name}`", (start, end), label="not defined", hint=hint, notes=notes)


def _help(c: Context, name: str) -> str:
    """What may have been meant; a guess, so nothing a machine may apply."""
    foreign = _FOREIGN.get(name)
    if foreign is not None:
        return foreign
    if name in LIBRARY:
        return f"write `import {name}` first"
    near = c.near(name, lambda: candidates(c))
    if near is not None:
        return f"did you mean `{near}`?"
    for info in c.structs.values():
        if name in info.fields:
            return f"`{name}` is a field of `{info.name}`; write it after a value, as in `x.{name}`"
    near = c.near(name, KEYWORDS)
    if near is not None:
        return f"did you mean the keyword `{near}`?"
    return ""


# The standard library's modules; a test compares them with the folder.
LIBRARY = frozenset(
    "actors agents esper files http json math meta poet process random resources stats terminal testing text "
    "time".split()
)


def candidates(c: Context) -> set[str]:
    """Every name a typist may have meant: all variables of the file, builtins."""
    found = set(c.top.vars) | names()
    if c.top.parent is not None:
        found.update(c.top.parent.vars)
    for function in c.functions.values():
        found.update(p[0] for p in function.type[1] or ())
    found.update(c.seen)
    return found


def check_order(c: Context, var: Var, node: Any) -> None:
    """A read that certainly comes before the first assignment, or after an `except … as` block."""
    at = node[0]
    if var.scope.home is not c.scope.home or var.foreign or c.scope.kind == "lambda":
        return
    if var.first > at and var.first > c.loop_end and not _deferred(c, var):
        if var.scope is c.top and (c.builtin(var.name) is not None or c.session):
            return
        _before(c, var, node)
    elif var.handlers is not None and not c.in_loop and all(not s <= at < e for s, e in var.handlers):
        if var.scope is c.top and c.builtin(var.name) is not None:
            return
        hint = f"keep what you need in another variable: `problem = {var.name}`"
        c.report("E209", f"`{var.name}` ends with its `except` block", node, hint=hint)


def _deferred(_c: Context, var: Var) -> bool:
    """Variables of comprehensions and pipelines are bound by their own rules."""
    return var.scope.kind in ("comprehension", "pipeline")


def _before(c: Context, var: Var, node: Any) -> None:
    if var.late is not None and var.late != node[0]:
        return
    var.late = node[0]
    if var.first >= 1 << 60:
        c.report("E202", f"`{var.name}` never gets a value", node, hint="assign it before it is read")
        return
    line = c.source.line_column(min(var.first, len(c.text)))[0]
    what = {"function": "defined", "receiver": "defined", "type": "defined"}.get(var.kind, "assigned")
    where = "here" if line == c.source.line_column(node[0])[0] else f"in line {line}"
    hint = f"it is {what} only {where}; move that up"
    if var.scope is not c.top and var.name in c.top.vars:
        hint += f", or write `global {var.name}` to mean the module's variable"
    c.report("E202", f"`{var.name}` is used before it is {what}", node, hint=hint)


def lint_near_scope(c: Context, node: na.Node, first: Any, second: Any, what: str) -> None:
    """`d[private : x]`, `{private : x}`: the lint when `private` is a variable and the space is easily missed."""
    if not (isinstance(first, na.Name) and first.id in SCOPES and isinstance(second, na.Name) and c.lookup(first.id)):
        return
    if c.text[first.start : first.start + len(first.id)] == first.id and c.text[first.end : first.end + 1] != ")":
        text = f"this is {what}, not the scope `{first.id}:{second.id}`"
        c.report("W202", text, node, hint=f"write `({first.id})` to make that plain")
