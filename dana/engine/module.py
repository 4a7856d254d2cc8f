"""`Module`: a loaded Dana module as Python sees it."""

from __future__ import annotations

import os

from dana.engine.convert import SCALARS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.engine.engine import Engine, _Run
    from dana.engine.views import StructClass
    from dana.runtime.modules import ModuleRecord
    from dana.source import Source


class Module:
    """A loaded module: its public names as attributes. Functions and types of it can be called from Python.

    Attributes are looked up anew each time, so they follow what the module assigns; functions that are defined
    once and never assigned are kept.
    """

    def __init__(self, run: _Run, record: ModuleRecord) -> None:
        self._run = run
        self._record = record
        # Views of functions that were asked for: name → (the function, its view).
        self._views: dict[str, tuple[Any, Any]] = {}

    def __getattr__(self, name: str) -> Any:
        scope = self._record.globals
        if name[:1] == "_" or name not in scope or not name.isidentifier():
            raise AttributeError(_missing(self._record, name))
        value = scope[name]
        if value.__class__ in SCALARS:
            return value
        kept = self._views.get(name)
        if kept is not None and kept[0] is value:
            return kept[1]
        seen = self._run.crossing.out(value)
        if callable(seen):
            if self._is_settled(name):
                self.__dict__[name] = seen
            else:
                self._views[name] = (value, seen)
        return seen

    def _is_settled(self, name: str) -> bool:
        """Whether nothing in the module ever binds the name to anything else than this function."""
        artefact = self._run._artefacts.get(self._record.name)
        if artefact is None or artefact.file != self._record.file:
            return False
        return any(each == name and static[0] == "func" for each, static in artefact.interface[2])

    def struct(self, name: str) -> StructClass:
        """The struct type of that name; `AttributeError` when the module has none."""
        from dana.engine.views import StructClass

        found = getattr(self, name)
        if not isinstance(found, StructClass):
            msg = f"{name!r} of module {self._record.name!r} is no struct"
            raise AttributeError(msg)  # noqa: TRY004  (what a module does not have)
        return found

    def __dir__(self) -> list[str]:
        from dana.runtime.modules import public_names

        return [*public_names(self._record), "struct"]

    def __repr__(self) -> str:
        place = f" from {self._record.file!r}" if self._record.file else ""
        return f"<Dana module {self._record.name!r}{place}>"


def _missing(record: ModuleRecord, name: str) -> str:
    from dana.diagnostics import suggest

    near = suggest(name, (n for n in record.globals if n.isidentifier() and n[0] != "_"))
    hint = f"; did you mean {near!r}?" if near else ""
    return f"module {record.name!r} has no {name!r}{hint}"


def loading(engine: Engine, program: str | Source | os.PathLike[str], name: str) -> _Run:
    """The run of a file, a text or a `Source` that is to become a module."""
    from dana.engine.engine import _Run
    from dana.engine.loader import as_path, plain_lines
    from dana.source import Source

    if isinstance(program, Source):
        stem = _stem(program.name)
        return _Run(engine, text=program, name=name or (stem if stem.isidentifier() else "module"))
    path = as_path(program)
    if path is None and (not isinstance(program, str) or "\n" not in program) and os.path.exists(program):
        path = os.path.abspath(os.fspath(program))
    if path is not None:
        return _Run(engine, path=path, name=name or _stem(path))
    return _Run(engine, text=Source(f"<{name or 'module'}>", plain_lines(str(program))), name=name or "module")


def _stem(path: str) -> str:
    return os.path.splitext(os.path.basename(path))[0]
