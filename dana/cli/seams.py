"""`dana tokens|tree|ast|lower`: what each step of the compiler hands to the next."""

from __future__ import annotations

import sys

from dana.cli import inputs
from dana.cli.options import UsageProblem
from dana.cli.terminal import OK, REFUSED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dana.ast.nodes import Node
    from dana.cli.options import Options
    from dana.cli.terminal import Terminal
    from dana.source import Source


def show(options: Options, terminal: Terminal) -> int:
    """Print the step the verb names; a program that does not get that far is reported instead."""
    sources = inputs.sources(options)
    if len(sources) != 1:
        raise UsageProblem("E905", f"`dana {options.verb}` shows one program", f"as in: dana {options.verb} main.na")
    return STEPS[options.verb](sources[0], terminal)


def _tokens(source: Source, terminal: Terminal) -> int:
    from dana.parser import parse, tokens

    problems = parse(source).diagnostics
    if problems:
        terminal.report(problems)
        return REFUSED
    for kind, text, start, _end in tokens(source):
        line, column = source.line_column(start)
        sys.stdout.write(f"{line:>5}:{column:<4} {kind:<16} {text!r}\n")
    return OK


def _tree(source: Source, terminal: Terminal) -> int:
    from dana.parser import parse, tree

    problems = parse(source).diagnostics
    if problems:
        terminal.report(problems)
        return REFUSED
    sys.stdout.write(tree(source))
    return OK


def _ast(source: Source, terminal: Terminal) -> int:
    from dana.parser import parse

    parsed = parse(source)
    if parsed.diagnostics:
        terminal.report(parsed.diagnostics)
        return REFUSED
    sys.stdout.write("\n".join(outline(parsed.module)) + "\n")
    return OK


def _lower(source: Source, terminal: Terminal) -> int:
    import ast

    from dana.engine import Engine
    from dana.errors import CompileError
    from dana.lowering import lower

    checked = Engine().checked(source)
    if checked.errors:
        terminal.report(CompileError(checked.errors).diagnostics)
        return REFUSED
    sys.stdout.write(ast.unparse(ast.fix_missing_locations(lower(checked))) + "\n")
    return OK


STEPS: dict[str, Callable[[Source, Terminal], int]] = {"tokens": _tokens, "tree": _tree, "ast": _ast, "lower": _lower}


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

    return isinstance(value, Node) or (value.__class__ is tuple and any(_has_nodes(v) for v in value))  # type: ignore[attr-defined]
