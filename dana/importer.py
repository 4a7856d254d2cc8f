"""`import credit` in Python finds `credit.na`.

    import dana.importer

    dana.importer.install()                       # looks through sys.path, after Python's own modules
    import credit                                 # a module whose names are those of a dana.Module
    credit.assess(720)

    dana.importer.uninstall()

Each installed finder has one engine, its own or the one it is given; what a module may do is up to that engine,
and by default nothing is granted. A file that does not compile raises `ImportError`, with the `CompileError` as its
cause and its text in the message.
"""

from __future__ import annotations

import os
import sys
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from dana.engine.engine import Engine
    from dana.engine.module import Module


class DanaFinder(MetaPathFinder):
    """A meta path finder for `.na` files. `roots` are the folders it looks in, None: those of `sys.path`."""

    def __init__(self, engine: Engine | None = None, roots: Sequence[str | os.PathLike[str]] | None = None) -> None:
        self._engine = engine
        self.roots = None if roots is None else [os.path.abspath(os.fspath(r)) for r in roots]

    @property
    def engine(self) -> Engine:
        """What loads the modules; made at the first import when none was given."""
        if self._engine is None:
            from dana.engine.engine import Engine

            self._engine = Engine()
        return self._engine

    def find_spec(self, name: str, path: Sequence[str] | None = None, _target: object = None) -> ModuleSpec | None:
        """The file behind a name; for `import a.b` also inside packages of Python and folders of Dana files."""
        last = name.rpartition(".")[2]
        if not last.isidentifier():
            return None
        for folder in self._folders(path):
            base = os.path.join(folder, last)
            for file in (base + ".na", os.path.join(base, "__init__.na")):
                if os.path.isfile(file):
                    return self._spec(name, file)
        return None

    def _folders(self, path: Sequence[str] | None) -> list[str]:
        if path is not None:
            return list(path)
        roots = sys.path if self.roots is None else self.roots
        return [os.path.abspath(folder or os.getcwd()) for folder in roots]

    def _spec(self, name: str, file: str) -> ModuleSpec:
        is_package = os.path.basename(file) == "__init__.na"
        spec = ModuleSpec(name, DanaLoader(self, file), origin=file, is_package=is_package)
        spec.has_location = True
        if is_package:
            spec.submodule_search_locations = [os.path.dirname(file)]
        return spec


class DanaLoader(Loader):
    """Loads one file."""

    def __init__(self, finder: DanaFinder, file: str) -> None:
        self._finder = finder
        self._file = file

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return PythonModule(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Run the file. Raises `ImportError` for a program that is refused, `DanaError` when it fails."""
        from dana.errors import CompileError

        try:
            loaded = self._finder.engine.load(self._file)
        except CompileError as error:
            raise ImportError(
                f"{self._file} does not compile:\n{error}", name=module.__name__, path=self._file
            ) from error
        module.__dict__["__dana__"] = loaded
        module.__dict__["__all__"] = [name for name in dir(loaded) if name != "struct"]
        module.__dict__["__doc__"] = loaded._record.globals.get("__doc__")

    def get_source(self, _name: str) -> str:
        """The text, for tracebacks and debuggers."""
        with open(self._file, encoding="utf-8") as stream:
            return stream.read()


class PythonModule(ModuleType):
    """A Dana module in `sys.modules`: its names are looked up in the `dana.Module` it holds as `__dana__`."""

    __dana__: Module

    def __getattr__(self, name: str) -> Any:
        if name[:1] == "_":
            raise AttributeError(f"module {self.__name__!r} has no {name!r}")
        return getattr(self.__dana__, name)

    def __dir__(self) -> list[str]:
        return dir(self.__dana__)


_installed: list[DanaFinder] = []


def install(engine: Engine | None = None, *, roots: Sequence[str | os.PathLike[str]] | None = None) -> DanaFinder:
    """Let Python's `import` find Dana modules, after everything Python finds itself.

    `engine` loads them (one of its own by default); `roots` are the folders to look in instead of `sys.path`.
    Returns what `uninstall` takes. Installed twice, the second finder is asked for what the first does not find.
    """
    finder = DanaFinder(engine, roots)
    sys.meta_path.append(finder)
    _installed.append(finder)
    return finder


def uninstall(finder: DanaFinder | None = None) -> None:
    """Take one finder away, or all of them; modules that were imported stay."""
    for each in [finder] if finder is not None else list(_installed):
        if each in _installed:
            _installed.remove(each)
            sys.meta_path.remove(each)
