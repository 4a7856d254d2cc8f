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
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from dana.ast.nodes import Node
    from dana.cli.options import Options
    from dana.cli.terminal import Terminal

    Production = tuple[str, list["Production"]]


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
    from dana.parser import parse
    from dana.parser.lexer import Lexer

    problems = parse(source).diagnostics
    if not problems:
        for start, _end, kind, text in Lexer(source).run():
            line, column = source.line_column(start)
            sys.stdout.write(f"{line:>5}:{column:<4} {kind:<16} {'' if text is None else repr(text)}".rstrip() + "\n")
    return problems


def _tree(source: Source) -> Sequence[Diagnostic]:
    from dana.parser import parse
    from dana.parser.lexer import Lexer

    problems = parse(source).diagnostics
    if not problems:
        sys.stdout.write("\n".join(productions(Lexer(source).run())) + "\n")
    return problems


def productions(tokens: Iterable[tuple[int, int, str, object]]) -> Iterator[str]:
    """The rules of the grammar that apply, as indented lines; rules that only pass a value on are left out.

    The tables say what the parser does; this does the same and makes nothing but the outline. `tokens` must
    be those of a program without syntax errors.
    """
    from dana.parser import _tables

    states = [_tables.STARTS["module"]]
    built: list[Production] = []
    rows = [dict(zip(_tables.KEYS[keys], actions, strict=True)) for keys, actions in _tables.ROWS]
    for _start, _end, kind, text in tokens:
        while (action := rows[states[-1]][kind]) < 0:
            _builder, symbol, length, _absent = _tables.RULES[~action]
            parts = built[len(built) - length :]
            del built[len(built) - length :], states[len(states) - length :]
            built.append(parts[0] if length == 1 else (symbol, list(parts)))
            states.append(rows[states[-1]][symbol])
        states.append(action)
        built.append((kind if text is None else f"{kind} {text!r}", []))
    stack = [(0, item) for item in reversed(built[:1])]
    while stack:
        depth, (label, parts) = stack.pop()
        yield "  " * depth + label
        stack.extend((depth + 1, part) for part in reversed(parts))


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
