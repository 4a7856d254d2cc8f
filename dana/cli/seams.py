"""`dana tokens|tree|ast|lower`: what each step of the compiler hands to the next."""

from __future__ import annotations

import sys

from dana.cli import inputs
from dana.cli.options import UsageProblem
from dana.cli.terminal import OK, REFUSED
from dana.diagnostics import Diagnostic
from dana.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dana.ast.nodes import Node
    from dana.cli.options import Options
    from dana.cli.terminal import Terminal


def show(options: Options, terminal: Terminal) -> int:
    """Print what the step named by the verb makes; a program that does not get that far is reported instead."""
    sources = inputs.sources(options)
    if len(sources) != 1:
        raise UsageProblem("E905", f"`dana {options.verb}` shows one program", f"as in: dana {options.verb} main.na")
    (source,) = sources
    problems = [source] if isinstance(source, Diagnostic) else STEPS[options.verb](source)
    if problems:
        terminal.report(problems)
        return REFUSED
    return OK


def _tokens(source: Source) -> Sequence[Diagnostic]:
    from dana.parser import parse, tokens

    problems = parse(source).diagnostics
    if problems:
        return problems
    for kind, text, start, _end in tokens(source):
        line, column = source.line_column(start)
        sys.stdout.write(f"{line:>5}:{column:<4} {kind:<16} {text!r}\n")
    return ()


def _tree(source: Source) -> Sequence[Diagnostic]:
    from dana.parser import parse, tree

    problems = parse(source).diagnostics
    if problems:
        return problems
    sys.stdout.write(tree(source))
    return ()


def _ast(source: Source) -> Sequence[Diagnostic]:
    from dana.parser import parse

    parsed = parse(source)
    if not parsed.diagnostics:
        sys.stdout.write("\n".join(outline(parsed.module)) + "\n")
    return parsed.diagnostics


def _lower(source: Source) -> Sequence[Diagnostic]:
    import ast

    from dana.engine import Engine
    from dana.lowering import lower

    checked = Engine().checked(source)
    if checked.errors:
        return checked.errors
    sys.stdout.write(ast.unparse(ast.fix_missing_locations(lower(checked, metered=True))) + "\n")
    return ()


STEPS: dict[str, Callable[[Source], Sequence[Diagnostic]]] = {
    "tokens": _tokens,
    "tree": _tree,
    "ast": _ast,
    "lower": _lower,
}


def outline(root: Node) -> Iterator[str]:
    """A tree as indented lines: a node's plain fields beside its name, nodes below it."""
    from dana.ast.nodes import Node

    stack: list[tuple[int, str, object]] = [(0, "", root)]
    while stack:
        depth, label, value = stack.pop()
        head = "  " * depth + (f"{label}: " if label else "")
        if isinstance(value, Node):
            fields = list(zip(value._fields[2:], value[2:], strict=True))
            plain = " ".join(f"{name}={item!r}" for name, item in fields if not _has_nodes(item))
            yield f"{head}{type(value).__name__} {plain}".rstrip()
            below = [(name, item) for name, item in fields if _has_nodes(item)]
        else:
            yield f"{head.rstrip()}"
            below = [("", item) for item in value]  # type: ignore[attr-defined]
        stack.extend((depth + 1, name, item) for name, item in reversed(below))


def _has_nodes(value: object) -> bool:
    from dana.ast.nodes import Node

    return isinstance(value, Node) or (value.__class__ is tuple and any(_has_nodes(v) for v in value))
