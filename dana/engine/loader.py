"""From a file to a module that runs: compiled, or taken from the cache when nothing it rests on changed."""

from __future__ import annotations

import os

import dana
from dana.compiler.cache import Cache
from dana.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import CodeType
    from typing import Any

    from dana.checker import Checked
    from dana.checker.model import Interface, ModuleFinder, ModuleRequest
    from dana.checker.types import Type
    from dana.compiler import Compiled
    from dana.diagnostics import Diagnostic
    from dana.engine.engine import _Run
    from dana.engine.finder import Finder, Found
    from dana.engine.hosting import HostFunctions


class Artefact:
    """One compiled module.

    `interface` is marshal-able data, `digest` its hash; `imports` are `(level, path, python, kind, file,
    digest)`: what each import meant when this was compiled; `tests` are its test blocks, `(name, start, end)`.
    """

    __slots__ = ("_asked", "code", "digest", "file", "imports", "interface", "name", "source", "tests")

    def __init__(
        self,
        name: str,
        file: str,
        source: Source,
        code: CodeType,
        interface: Any,
        digest: str,
        imports: Any,
        tests: tuple[Any, ...] = (),
    ) -> None:
        self.name = name
        self.file = file
        self.source = source
        self.code = code
        self.interface = interface
        self.digest = digest
        self.imports = imports
        self.tests = tests
        self._asked: set[str] | None = None

    @property
    def asked(self) -> set[str]:
        """The helpers the code asks for; looked for once, however many programs run it."""
        if self._asked is None:
            from dana.runtime.families import asked

            self._asked = asked(self.code)
        return self._asked


class Loader:
    """Artefacts of one engine, each made at most once; the file `tested` keeps its test blocks."""

    __slots__ = (
        "_artefacts",
        "_cache",
        "_compiling",
        "_granted",
        "_hosts",
        "_interfaces",
        "_roots",
        "finder",
        "loaded",
        "metered",
        "tested",
    )

    # Made by the first import (`__getattr__`).
    finder: Finder

    def __init__(
        self,
        roots: list[str],
        cache: Cache,
        *,
        metered: bool,
        tested: str = "",
        hosts: HostFunctions | None = None,
        granted: Callable[[str], bool] | None = None,
    ) -> None:
        self._granted = granted
        self._hosts = hosts
        # For sessions: the modules their engine has loaded, which texts know without importing them.
        self.loaded: Mapping[str, _Run] | None = None
        self._roots = roots
        self.metered = metered
        self.tested = tested
        self._cache = cache
        self._artefacts: dict[str, Artefact] = {}
        self._interfaces: dict[str, Interface] = {}
        self._compiling: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name != "finder":
            raise AttributeError(name)
        from dana.engine.finder import Finder

        self.finder = Finder(self._roots, self._granted)
        return self.finder

    # --- artefacts ------------------------------------------------------------------------------

    def file(self, path: str, name: str, *, entry: bool = False) -> Artefact:
        """The artefact of a file; `entry`: the program begins with it.

        Raises `CompileError`, or `OSError` when it cannot be read.
        """
        known = self._artefacts.get(path)
        if known is not None:
            return known
        with open(path, "rb") as stream:
            data = stream.read()
        place = f"{name}\0{path}\0tests" if path == self.tested else f"{name}\0{path}"
        if self._hosts is not None and not self._is_library(path):
            place += f"\0{self._hosts.digest}"
        if entry:
            place += "\0entry"
        key = self._cache.key(place, data, metered=self.metered)
        made = self._from_cache(key, path, name, data) or self._compile_file(key, path, name, data, alone=entry)
        self._artefacts[path] = made
        return made

    def block(self, path: str, name: str, data: bytes) -> Artefact:
        """The artefact of a program that stands in the file `path`, such as a page's block. Raises `CompileError`."""
        key = self._cache.key(f"{name}\0{path}\0block", data, metered=self.metered)
        return self._from_cache(key, path, name, data) or self._compile_file(key, path, name, data)

    def text(self, source: Source, name: str, *, known: dict[str, Type] | None = None, entry: bool = False) -> Artefact:
        """The artefact of a program that is no file; its imports start from the current folder."""
        compiled, imports = self._compile(source, name, "", known, alone=entry)
        return Artefact(name, "", source, compiled.code, compiled.interface, compiled.digest, imports, compiled.tests)

    def _from_cache(self, key: str, path: str, name: str, data: bytes) -> Artefact | None:
        entry = self._cache.read(key)
        if entry is None:
            return None
        code, interface, digest, imports, tests = entry
        if not all(self._still_means(i, path) for i in imports):
            return None
        return Artefact(name, path, file_source(path, data), code, interface, digest, imports, tests)

    def _still_means(self, imported: tuple[Any, ...], importer: str) -> bool:
        """Whether an import resolves as it did, to a module that looks the same from outside."""
        level, path, python, kind, file, digest = imported
        found = self.finder.find(level, path, python, importer)
        if isinstance(found, str) or found.kind != kind or found.path != file:
            return False
        if kind != "file":
            return bool(self._digest(found) == digest)
        try:
            return bool(self.file(file, found.name).digest == digest)
        except (OSError, dana.CompileError):
            return False

    def _compile_file(self, key: str, path: str, name: str, data: bytes, *, alone: bool = False) -> Artefact:
        from dana.parser import decode

        decoded = decode(data, path)
        if not isinstance(decoded, Source):
            raise dana.CompileError([decoded])
        compiled, imports = self._compile(decoded, name, path, None, alone=alone)
        self._cache.write(key, (compiled.code, compiled.interface, compiled.digest, imports, compiled.tests))
        return Artefact(
            name, path, decoded, compiled.code, compiled.interface, compiled.digest, imports, compiled.tests
        )

    def _compile(
        self, source: Source, name: str, path: str, known: dict[str, Type] | None, *, alone: bool
    ) -> tuple[Compiled, tuple[Any, ...]]:
        from dana.compiler import compile_module

        found: dict[tuple[int, tuple[str, ...], bool], Found] = {}
        broken: list[Diagnostic] = []
        finder = self.modules_for(path, found, broken)
        if path:
            self._compiling.append(path)
        try:
            compiled = compile_module(
                source, name=name, modules=finder, known=known, given=self._given(path), metered=self.metered,
                tests=source.name == self.tested, alone=alone,
            )  # fmt: skip
        except dana.CompileError as error:
            raise dana.CompileError([*error.diagnostics, *broken]) from None
        finally:
            if path:
                self._compiling.remove(path)
        if broken:
            raise dana.CompileError(broken)
        imports = tuple((*key, place.kind, place.path, self._digest(place)) for key, place in found.items())
        return compiled, imports

    def _given(self, path: str) -> dict[str, Type | Interface] | None:
        """The names the host gives to a module; the standard library knows of none."""
        found = None if self._hosts is None or self._is_library(path) else self._hosts.given
        if self.loaded and not path:
            loaded = {name: made for name in self.loaded if (made := self._loaded_interface(name)) is not None}
            return {**(found or {}), **loaded}
        return found

    def _loaded_interface(self, name: str) -> Interface | None:
        run = self.loaded.get(name) if self.loaded is not None else None
        return None if run is None else run.interface_of(run._artefacts[name].name)

    def _is_library(self, path: str) -> bool:
        from dana.resources import stdlib_path

        return os.path.dirname(path) == stdlib_path()

    def modules_for(
        self,
        path: str,
        found: dict[tuple[int, tuple[str, ...], bool], Found] | None = None,
        broken: list[Diagnostic] | None = None,
    ) -> ModuleFinder:
        """What the checker of the file `path` asks for imported modules; fills `found` and `broken`."""
        places = {} if found is None else found
        problems = [] if broken is None else broken

        def modules(request: ModuleRequest) -> Interface | str:
            loaded = self._loaded_interface(request.text) if request.level == 0 else None
            if loaded is not None:
                return loaded
            place = self.finder.find(*request.key, path)
            if isinstance(place, str):
                return place
            if place.path and place.path in self._compiling:
                return self._cycle(place.path)
            places[request.key] = place
            return self._interface_or_problems(place, problems)

        return modules

    def check(self, source: Source, name: str, path: str) -> tuple[Checked, list[Diagnostic]]:
        """A program as the checker sees it, and what keeps its imported modules from being compiled."""
        from dana.compiler import check_module

        broken: list[Diagnostic] = []
        if path:
            self._compiling.append(path)
        try:
            modules = self.modules_for(path, broken=broken)
            return check_module(source, name=name, modules=modules, given=self._given(path)), broken
        finally:
            if path:
                self._compiling.remove(path)

    def _cycle(self, path: str) -> str:
        from dana.checker.model import CYCLE

        chain = [*self._compiling[self._compiling.index(path) :], path]
        return CYCLE + " → ".join(os.path.basename(p) for p in chain)

    # --- interfaces -----------------------------------------------------------------------------

    def _interface_or_problems(self, place: Found, broken: list[Diagnostic]) -> Interface:
        """A module's interface; of one with errors an open one, so that its importer is still checked."""
        from dana.checker.model import Interface

        try:
            return self.interface(place)
        except dana.CompileError as error:
            broken.extend(d for d in error.diagnostics if d not in broken)
            return Interface(place.name, open_=True)

    def interface(self, place: Found) -> Interface:
        """What importers of a module see."""
        from dana.checker.model import Interface
        from dana.checker.types import ANY

        if place.kind == "native":
            return self._native_interface(place.name)
        if place.kind == "curated":
            return self._curated_interface(place.name)
        if place.kind == "python":
            return Interface(place.name, open_=True)
        known = self._interfaces.get(place.path)
        if known is not None:
            return known
        if place.kind == "package":
            made = Interface(place.name, open_=False)
            folder = place.path
        else:
            made = Interface.from_data(self.file(place.path, place.name).interface)
            folder = os.path.dirname(place.path) if place.path.endswith("__init__.na") else ""
        if folder:
            from dana.engine.finder import submodules

            for name in submodules(folder):
                made.names.setdefault(name, ANY)
        self._interfaces[place.path] = made
        return made

    def _native_interface(self, name: str) -> Interface:
        from importlib import import_module

        from dana.checker.model import Interface

        made = Interface(name)
        made.names.update(import_module(f"dana.runtime.{name}").TYPES)
        return made

    def _curated_interface(self, name: str) -> Interface:
        from dana.checker.model import Interface
        from dana.runtime import curated

        made = Interface(name)
        made.names.update(curated.types_of(name))
        made.refused = curated.curated(name).refused
        return made

    def _digest(self, place: Found) -> str:
        """What an importer's compilation depended on, as text."""
        if place.kind in ("native", "curated", "python"):
            return ""
        if place.kind == "package":
            from dana.engine.finder import submodules

            return " ".join(submodules(place.path))
        return self.file(place.path, place.name).digest


def file_source(path: str, data: bytes) -> Source:
    """The text of a file that is known to be valid (it has been compiled before)."""
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")  # "utf-8-sig" is a module of its own to load
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return Source(path, text)


def as_path(program: str | os.PathLike[str]) -> str | None:
    """The absolute path of a program given by name, or None for a program text."""
    if isinstance(program, str):
        if "\n" in program or not program.endswith(".na"):
            return None
        return os.path.abspath(program)
    if isinstance(program, os.PathLike):
        return os.path.abspath(os.fspath(program))
    msg = f"a program is a text, a path or a dana.Source, not {type(program).__name__}"  # type: ignore[unreachable]
    raise dana.UsageError(msg)


def plain_lines(text: str) -> str:
    """A text with line ends as Dana has them."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text
