"""Source to code object: parse → check → lower → compile, with an on-disk cache (`cache`).

Nothing here runs a program. `compile_module` is the only door; what it returns can be marshalled, so a
program that has been compiled once starts without parser, checker or lowering being imported.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import CodeType
    from typing import Any

    from dana.checker.model import Checked, Interface, ModuleFinder
    from dana.checker.types import Type
    from dana.diagnostics import Diagnostic
    from dana.source import Source


class Compiled:
    """A module ready to run.

    `code` is the module's code object; `interface` what importers see (marshal-able data) and `digest`
    its hash; `requests` are the imports it makes, as `(level, path, python)`; `tests` are its test blocks, as
    `(name, start, end)`, when it was compiled with them.
    """

    __slots__ = ("code", "digest", "interface", "requests", "tests")

    def __init__(
        self, code: CodeType, interface: Any, digest: str, requests: tuple[Any, ...], tests: tuple[Any, ...] = ()
    ) -> None:
        self.code = code
        self.interface = interface
        self.digest = digest
        self.requests = requests
        self.tests = tests


def check_module(
    source: Source,
    *,
    name: str,
    modules: ModuleFinder | None = None,
    known: dict[str, Type] | None = None,
    given: dict[str, Type | Interface] | None = None,
) -> Checked:
    """Parse and check; the diagnostics of both are in `checked.diagnostics`, in text order."""
    from dana.checker import check
    from dana.parser import parse

    return check(parse(source), modules=modules, name=name, known=known, given=given)


def compile_module(
    source: Source,
    *,
    name: str,
    modules: ModuleFinder | None = None,
    known: dict[str, Type] | None = None,
    given: dict[str, Type | Interface] | None = None,
    metered: bool = True,
    tests: bool = False,
    alone: bool = False,
) -> Compiled:
    """The compiled module; with `tests`, its test blocks are in it; `alone` as `lower` has it.

    Raises `CompileError` with every error found when the text is no valid program.
    """
    checked = check_module(source, name=name, modules=modules, known=known, given=given)
    if checked.errors:
        from dana.errors import CompileError

        raise CompileError(checked.errors)
    return compile_checked(checked, metered=metered, tests=tests, alone=alone)


def compile_checked(checked: Checked, *, metered: bool = True, tests: bool = False, alone: bool = False) -> Compiled:
    """The second half of `compile_module`, for callers that want the checker's tables too."""
    from warnings import catch_warnings, simplefilter

    from dana.lowering import lower

    try:
        tree = lower(checked, metered=metered, tests=tests, alone=alone)
        with catch_warnings():
            # What CPython has to say about `x is 1` is about Python; Dana has lints of its own.
            simplefilter("ignore", SyntaxWarning)
            code = compile(tree, checked.source.name, "exec", dont_inherit=True, optimize=0)
    except RecursionError:
        from dana.errors import CompileError

        raise CompileError([too_deep(checked.source)]) from None
    except SyntaxError as refused:
        from dana.errors import CompileError

        raise CompileError([_refused(checked, refused)]) from None
    interface = checked.interface
    requests = tuple(r.key for r in checked.requests)
    return Compiled(code, interface.to_data(), interface.digest(), requests, _tests(checked) if tests else ())


def _tests(checked: Checked) -> tuple[tuple[str, int, int], ...]:
    from dana.ast import nodes as na

    return tuple((s.name, s.start, s.end) for s in checked.module.body if isinstance(s, na.TestBlock))


def _refused(checked: Checked, error: SyntaxError) -> Diagnostic:
    """What CPython refuses and our checker let through."""
    from dana.diagnostics import Diagnostic
    from dana.source import Span

    text = checked.source.text
    start = sum(len(line) + 1 for line in text.split("\n")[: max(0, (error.lineno or 1) - 1)])
    return Diagnostic(
        "E990",
        f"this program cannot be compiled: {error.msg}",
        checked.source,
        Span(min(start, len(text)), min(start + 1, len(text))),
        hint="Dana should have said so in its own words: please report it",
    )


def too_deep(source: Source) -> Diagnostic:
    """The finding about a program that the compiler cannot follow to its innermost part."""
    from dana.diagnostics import Diagnostic
    from dana.source import Span

    return Diagnostic(
        "E190",
        "this program is nested too deeply to compile",
        source,
        Span(0, min(1, len(source.text))),
        hint="give inner parts names of their own",
    )
