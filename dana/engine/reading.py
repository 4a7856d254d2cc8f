"""The text of a program's file, for calls that do not go through the loader."""

from __future__ import annotations

import os

from dana.errors import CompileError
from dana.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from dana.checker import Checked
    from dana.diagnostics import Diagnostic
    from dana.engine.engine import Engine, _Run


def read_source(path: str) -> Source:
    """The text of a file. Raises `CompileError` when it cannot be read or is no text."""
    from dana.parser import decode

    try:
        with open(path, "rb") as stream:
            data = stream.read()
    except OSError as error:
        raise unreadable(path, error) from error
    decoded = decode(data, path)
    if not isinstance(decoded, Source):
        raise CompileError([decoded])
    return decoded


def unreadable(path: str, error: OSError) -> CompileError:
    """The error for a program whose file cannot be read, with the file that may have been meant."""
    from dana.diagnostics import Diagnostic, shown_name, suggest

    folder, name = os.path.split(path)
    near = None
    if isinstance(error, FileNotFoundError) and os.path.isdir(folder):
        near = suggest(name, [n for n in os.listdir(folder) if n.endswith(".na")])
    reason = error.strerror or str(error)
    hint = f"did you mean `{near}`?" if near else ""
    found = Diagnostic("E540", f"cannot read {shown_name(path)}: {reason[:1].lower()}{reason[1:]}", hint=hint)
    return CompileError([found])


def decorated(loaded: Mapping[str, _Run], name: str) -> Any:
    """The decorated function of a loaded module that is meant by "module.function", or by its name alone.

    Raises `UsageError` when there is none, or more than one.
    """
    from dana.diagnostics import suggest
    from dana.errors import UsageError
    from dana.poet.pipeline import plan_of

    found: dict[str, Any] = {}
    for module, run in loaded.items():
        record = run.program.modules.get(module)
        for each, value in (record.globals if record is not None else {}).items():
            if getattr(value, "__poet__", None) is not None and each.isidentifier():
                found[f"{module}.{each}"] = value
    meant = [each for each in found if name in (each, each.rpartition(".")[2])]
    if len(meant) == 1:
        plan_of(found[meant[0]])
        return found[meant[0]]
    if meant:
        raise UsageError(f"`{name}` is in several modules; {' or '.join(meant)} is meant")
    names = [*found, *(each.rpartition(".")[2] for each in found)]
    near = suggest(name, names)
    hint = f"did you mean `{near}`?" if near else f"there are {', '.join(found)}" if found else "load its module first"
    raise UsageError(f"no loaded module has a decorated function `{name}`; {hint}")


def findings(engine: Engine, program: str | Source | os.PathLike[str]) -> list[Diagnostic]:
    """What `engine.check` returns."""
    source = None
    try:
        source = source_of(program)
        found, broken = checked(engine, source)
    except CompileError as error:
        return list(error.diagnostics)
    except RecursionError:
        from dana.compiler import too_deep

        return [too_deep(source or Source("<text>", ""))]
    return [*found.diagnostics, *broken]


def checked(engine: Engine, program: str | Source | os.PathLike[str]) -> tuple[Checked, list[Diagnostic]]:
    """What the checker found out about a program, and the errors of modules it imports. Raises `CompileError`."""
    from dana.engine.engine import PROGRAM

    source = source_of(program)
    path = os.path.abspath(source.name) if source.name.endswith(".na") else ""
    return engine._loader(path).check(source, PROGRAM, path)


def source_of(program: str | Source | os.PathLike[str]) -> Source:
    """The text of a program given as text, path or `Source`. Raises `CompileError`."""
    from dana.engine.loader import as_path, plain_lines

    if isinstance(program, Source):
        return program
    path = as_path(program)
    return Source("<text>", plain_lines(str(program))) if path is None else read_source(path)
