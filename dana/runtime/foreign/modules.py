"""Granted Python modules as `import` hands them out (L25)."""

from __future__ import annotations

import sys

from dana.runtime.foreign import border_of
from dana.runtime.modules import ModuleRecord
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from dana.runtime.foreign.border import Border
    from dana.runtime.program import Program


class PythonRecord(ModuleRecord):
    """A Python module where the runtime expects a module of Dana; `globals` shows its public names, admitted."""

    __slots__ = ()

    def __init__(self, program: Program, name: str, value: Any, members: Members) -> None:
        super().__init__(program, name, "")
        self.value = value
        self.globals = members  # type: ignore[assignment]


class Members:
    """The public names of a module; a value is admitted when it is asked for."""

    __slots__ = ("_border", "_module")

    def __init__(self, module: Any, border: Border) -> None:
        self._module = module
        self._border = border

    def __contains__(self, name: str) -> bool:
        return name[:1] != "_" and hasattr(self._module, name)

    def __getitem__(self, name: str) -> Any:
        return self._border.member(self._module, name)

    def get(self, name: str, default: Any = None) -> Any:
        """Only what limits `*` is asked for this way."""
        found = getattr(self._module, "__all__", None) if name == "__all__" else None
        return [str(n) for n in found] if isinstance(found, list | tuple) else default

    def __iter__(self) -> Iterator[str]:
        """The names that `*` may bind: no modules, and nothing the module only imported from elsewhere."""
        from types import ModuleType

        root = self._module.__name__.partition(".")[0]
        for name, value in list(vars(self._module).items()):
            home = getattr(value, "__module__", None)
            own = not isinstance(home, str) or home.partition(".")[0] == root
            if name[:1] != "_" and name.isidentifier() and own and not isinstance(value, ModuleType):
                yield name


def python_record(program: Program, name: str) -> PythonRecord:
    """Import a Python module for a program. Raises Dana's `Denied`, or `ImportError` when there is none."""
    program.policy.require("python", name)
    root = name.partition(".")[0]
    crossing = border_of(program, root, writable=True)
    failed: BaseException
    try:
        module = _imported(name)
    except ModuleNotFoundError as error:
        failed = _not_there(name, error)
    except BaseException as error:  # noqa: BLE001  (the border: translated below, never swallowed)
        failed = crossing.failures.translated(error, root)
    else:
        return PythonRecord(program, name, crossing.module(module, name), Members(module, crossing))
    raise failed


def _imported(name: str) -> Any:
    from importlib import import_module

    import_module(name)
    return sys.modules[name]


def _not_there(name: str, error: ModuleNotFoundError) -> Exception:
    missing = error.name or name
    if missing == name or name.startswith(missing + "."):
        hint = "is it installed for the Python that runs Dana? `pip install …` there"
        made = failure(ImportError, "E518", f"there is no Python module `{name}`", hint)
        made._missing = name  # type: ignore[attr-defined]
        return made
    return failure(ImportError, "E518", f"the Python module `{name}` needs `{missing}`, which is not installed")
