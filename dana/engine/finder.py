"""From `import a.b` to a file (L25).

A name is looked up in the importing file's folder, the project's root, `DANAPATH`, the standard
library; in each as `b.na`, then as a package (`b/__init__.na`), then as a folder with `.na` files.
"""

from __future__ import annotations

import os

from dana.resources import stdlib_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# Older scripts import POET from where it once lived; the safe Python modules that the standard library
# mirrors may be asked for with Python's suffix.
ALIASES: dict[tuple[str, ...], tuple[str, ...]] = {
    ("opendxa", "dana", "poet"): ("poet",),
    ("dana", "poet"): ("poet",),
}
MIRRORED = frozenset({"math", "json", "random", "time"})
NATIVES = "natives"


class Found:
    """Where a module is.

    `kind` is "file", "package" (a folder without `__init__.na`), "native", "curated" or "python".
    """

    __slots__ = ("kind", "name", "path")

    def __init__(self, kind: str, path: str, name: str) -> None:
        self.kind = kind
        self.path = path
        self.name = name


class Finder:
    """Looks modules up for one engine; `roots` are folders searched after the importer's own.

    `granted` tells whether the policy grants a Python module. A module written as Python's (`import os.py`) is found
    without a grant, so that programs can be checked anywhere; running the import is what the policy decides.
    """

    __slots__ = ("granted", "roots", "stdlib")

    def __init__(self, roots: list[str], granted: Callable[[str], bool] | None = None) -> None:
        self.granted = granted
        self.stdlib = stdlib_path()
        extra = [p for p in os.environ.get("DANAPATH", "").split(os.pathsep) if p]
        self.roots = [*roots, *extra, self.stdlib]

    def find(self, level: int, path: tuple[str, ...], python: bool, importer: str) -> Found | str:
        """The module, or the reason why there is none. `importer` is the importing file ("" for text)."""
        if python and path[0] not in MIRRORED:
            return _curated(path) or self._python(path) or _not_installed(path)
        if level == 0 and path[0] == NATIVES and self._is_stdlib(importer):
            return Found("native", "", ".".join(path))
        here = os.path.dirname(importer) if importer else os.getcwd()
        if level > 0:
            return self._relative(level, path, here)
        path = ALIASES.get(path, path)
        folders = [self.stdlib] if python else [here, *self.roots]
        for folder in folders:
            found = _in_folder(folder, path, importer)
            if found is not None:
                return found
        within = any(_in_folder(folder, path[:-1], "") for folder in folders) if len(path) > 1 else False
        made = _curated(path) or (None if python or within else self._python(path, bare=True))
        if made is not None:
            return made
        if importer in [os.path.join(folder, *path) + ".na" for folder in folders]:
            return _imports_itself(importer)
        return _advice(path, folders, self.stdlib)

    def _python(self, path: tuple[str, ...], *, bare: bool = False) -> Found | None:
        """A Python module that is installed; a bare name that Dana has something better for needs a grant."""
        from dana.runtime.curated import MODULES

        name = ".".join(path)
        if MODULES.get(".".join(path[:-1])):
            return None  # `from collections import Conter`: a pure module is no package
        if bare and _instead(path) and not (self.granted is not None and self.granted(name)):
            return None
        return Found("python", "", name) if _is_installed(path[0]) else None

    def _is_stdlib(self, importer: str) -> bool:
        return os.path.dirname(importer) == self.stdlib

    def _top(self, here: str) -> str:
        """How far up a relative import may lead: the folder to which the importer's own belongs."""
        above = [os.path.abspath(root) for root in self.roots]
        holding = [root for root in above if os.path.join(here, "").startswith(os.path.join(root, ""))]
        return min(holding, key=len, default=here)

    def _relative(self, level: int, path: tuple[str, ...], here: str) -> Found | str:
        top = self._top(here)
        for _ in range(level - 1):
            if here == top:
                return "the import leads out of the project's folder"
            here = os.path.dirname(here)
        if not path:
            return _as_package(here, os.path.basename(here)) or f"`{here}` holds no Dana modules"
        found = _in_folder(here, path, "")
        return found or f"there is no `{'/'.join(path)}.na` in `{here}`"


def _curated(path: tuple[str, ...]) -> Found | None:
    """A pure module of Python, which needs no grant (L48); any Dana module of the name comes first."""
    from dana.runtime.curated import MODULES

    name = ".".join(path)
    return Found("curated", "", name) if name in MODULES else None


def _instead(path: tuple[str, ...]) -> str:
    """What Dana has in place of a module of Python that it does not offer."""
    from dana.runtime.curated import instead_of

    return instead_of(".".join(path))


def _is_installed(root: str) -> bool:
    """Whether Python has a module of the name; nothing of it is run."""
    import sys
    from importlib.machinery import PathFinder

    if root in sys.builtin_module_names or root in sys.stdlib_module_names:
        return True
    try:
        return PathFinder.find_spec(root) is not None
    except (ImportError, ValueError):
        return False


def _not_installed(path: tuple[str, ...]) -> str:
    from sys import executable

    return f"Python has no module `{path[0]}`; is it installed for the Python that runs Dana ({executable})?"


def _in_folder(folder: str, path: tuple[str, ...], importer: str) -> Found | None:
    base = os.path.join(folder, *path)
    name = ".".join(path)
    file = base + ".na"
    if os.path.isfile(file) and file != importer:
        return Found("file", os.path.abspath(file), name)
    return _as_package(base, name)


def _as_package(base: str, name: str) -> Found | None:
    init = os.path.join(base, "__init__.na")
    if os.path.isfile(init):
        return Found("file", os.path.abspath(init), name)
    if os.path.isdir(base) and _holds_modules(base, PACKAGE_DEPTH):
        return Found("package", os.path.abspath(base), name)
    return None


# How far below a folder its packages look for the file that makes them one.
PACKAGE_DEPTH = 4


def submodules(folder: str) -> list[str]:
    """The names of the modules and packages directly inside a folder."""
    names: list[str] = []
    with os.scandir(folder) as entries:
        for entry in entries:
            stem, extension = os.path.splitext(entry.name)
            if extension == ".na" and entry.is_file():
                names.append(stem)
            elif entry.name.isidentifier() and entry.is_dir() and _holds_modules(entry.path, PACKAGE_DEPTH):
                names.append(entry.name)
    return sorted(n for n in names if n.isidentifier() and n != "__init__")


def _holds_modules(folder: str, depth: int) -> bool:
    """Whether a folder is a package: it holds Dana files, or folders that do."""
    below: list[str] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(".na") and entry.is_file():
                    return True
                if entry.name.isidentifier() and entry.is_dir(follow_symlinks=False):
                    below.append(entry.path)
    except OSError:
        return False
    return depth > 1 and any(_holds_modules(each, depth - 1) for each in below)


def _near_names(folder: str) -> list[str]:
    """What may have been meant by a name: the obvious modules, without a look into every folder."""
    names = os.listdir(folder)
    packages = [n for n in names if n.isidentifier() and os.path.isfile(os.path.join(folder, n, "__init__.na"))]
    return [n[:-3] for n in names if n.endswith(".na")] + packages


def _imports_itself(importer: str) -> str:
    from dana.checker.model import CYCLE

    name = os.path.basename(importer)
    return f"{CYCLE}{name} → {name}"


def _advice(path: tuple[str, ...], folders: list[str], stdlib: str) -> str:
    """Why an absolute import found nothing: a near miss, else where it was looked for."""
    from dana.diagnostics import suggest

    names = [n for folder in folders if os.path.isdir(folder) for n in _near_names(folder)]
    from dana.runtime.curated import MODULES

    instead = _instead(path)
    if instead:
        return instead
    near = suggest(path[0], [*names, *MODULES])
    if near:
        return f"did you mean `{near}`?"
    places = ", ".join("the standard library" if f == stdlib else f"`{f}`" for f in dict.fromkeys(folders))
    return f"looked for `{'/'.join(path)}.na` in {places}"
