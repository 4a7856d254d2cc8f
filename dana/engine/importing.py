"""Modules that are not written in Dana: natives behind the standard library, Python's pure modules, granted ones.

Most programs import none of them; `engine._Run` comes here for the first.
"""

from __future__ import annotations

from dana.runtime.modules import ModuleRecord

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.engine.finder import Found
    from dana.runtime.program import Program


def special(program: Program, records: dict[str, ModuleRecord], found: Found, key: str) -> ModuleRecord:
    """The module that was found, made for this program and kept in `records`."""
    if found.kind == "native":
        made = _native(program, found)
    elif found.kind == "curated":
        made = _curated(program, found)
    else:
        key = f"python:{key}"
        made = records.get(key) or _python(program, found)
    records[key] = made
    return made


def _native(program: Program, found: Found) -> ModuleRecord:
    """Curated Python behind a standard library module; it exists only for the importing stdlib file."""
    from importlib import import_module

    native: Any = import_module(f"dana.runtime.{found.name}")
    needs = getattr(native, "NEEDS_PROGRAM", ())
    record = ModuleRecord(program, found.name, "")
    for name, value in native.EXPORTS.items():
        record.globals[name] = value(program) if name in needs else value
    if program.tape is not None:
        from dana.engine.taping import tape_natives

        tape_natives(program, found.name, record.globals)
    return record


def _curated(program: Program, found: Found) -> ModuleRecord:
    """A pure module of Python (L48): its listed names, made for this program."""
    from dana.runtime.curated import names_of

    record = ModuleRecord(program, found.name, "")
    record.globals.update(names_of(program, found.name))
    return record


def _python(program: Program, found: Found) -> ModuleRecord:
    """A granted Python module, behind a proxy."""
    from dana.runtime.foreign.modules import python_record

    return python_record(program, found.name)
