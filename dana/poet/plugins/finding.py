"""Finding plugins by the name of their domain (P154).

    built in   the domains of `dana.poet.domains`
    host       what Python code has registered in this process (`register_plugin`)
    project    `.poet/plugins/NAME.na` below the current folder, written in Dana (`scripted.py`)
    package    an entry point of an installed package, in the group `dana.poet.plugins`:
               [project.entry-points."dana.poet.plugins"]
               wine = "cellar.poet:Wine"

in this order: what is built in cannot be replaced by a file, and a file goes before what happens to be installed.
Asking which plugins there are runs nothing; a plugin is loaded when a function names it.
"""

from __future__ import annotations

import os
import re
from contextlib import contextmanager

from dana.poet.domains import ALIASES, DOMAINS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

GROUP = "dana.poet.plugins"
FOLDER = os.path.join(".poet", "plugins")
AUTO = "auto"
BUILT_IN, HOST, PROJECT, PACKAGE = "built in", "host", "project", "package"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")


# What was registered, by domain.
_REGISTERED: dict[str, Any] = {}
# Folders whose `.poet/plugins` are looked at besides that of the current one (`beside`).
_ALSO: list[str] = []


@contextmanager
def beside(*folders: str) -> Iterator[None]:
    """As if started in each of these folders: for tools that look at programs that lie somewhere else."""
    before = list(_ALSO)
    _ALSO[:] = [*dict.fromkeys((*folders, *before))]
    try:
        yield
    finally:
        _ALSO[:] = before


@contextmanager
def named(*domains: str) -> Iterator[None]:
    """As if a host had registered plugins of these domains: for tools that run nothing."""
    added = [name for name in domains if name not in _REGISTERED]
    _REGISTERED.update(dict.fromkeys(added))
    try:
        yield
    finally:
        for name in added:
            del _REGISTERED[name]


class Found:
    """Where a plugin is: the name of its domain, its kind, its place (a module, a file, a module in a package)."""

    __slots__ = ("entry", "kind", "name", "place")

    def __init__(self, name: str, kind: str, place: str, entry: Any = None) -> None:
        self.name = name
        self.kind = kind
        self.place = place
        self.entry = entry

    def __repr__(self) -> str:
        return f"Found({self.name!r}, {self.kind}: {self.place})"


def found(name: str) -> Found | None:
    """The plugin of that name, or None."""
    name = ALIASES.get(name, name)
    if name in DOMAINS:
        return Found(name, BUILT_IN, DOMAINS[name][0])
    if name == AUTO or not _NAME.fullmatch(name):
        return None
    if name in _REGISTERED:
        return _registered(name)
    path = project_file(name)
    if path:
        return Found(name, PROJECT, path)
    return next((each for each in installed(name)), None)


def every() -> list[Found]:
    """All plugins there are, each name once."""
    known = {name: Found(name, BUILT_IN, place[0]) for name, place in DOMAINS.items()}
    for each in (*map(_registered, _REGISTERED), *in_project(), *installed()):
        known.setdefault(each.name, each)
    return list(known.values())


def _registered(name: str) -> Found:
    candidate = _REGISTERED[name]
    kind = candidate if isinstance(candidate, type) else type(candidate)
    return Found(name, HOST, f"{kind.__module__}.{kind.__qualname__}", candidate)


def register_plugin(candidate: Any) -> None:
    """Make a plugin, or a class of plugins that takes settings, known in this process under its domain.

    Functions in Python and programs of engines in this process may then name the domain. Raises `PluginError` for what
    is no plugin, or has the domain of a built-in one.
    """
    from dana.poet.plugins.base import PluginError, adapt

    name = adapt(candidate).domain
    if name in DOMAINS or name in ALIASES or name == AUTO or not _NAME.fullmatch(name):
        msg = f"the domain {name!r} cannot be registered"
        raise PluginError(msg, "it is a built-in one" if name in DOMAINS or name in ALIASES else "it is no name")
    _REGISTERED[name] = candidate


def unregister_plugin(name: str) -> None:
    """Forget what was registered under a domain, if anything."""
    _REGISTERED.pop(name, None)


def in_project() -> list[Found]:
    """The plugins in `.poet/plugins`, by name."""
    return [Found(name, PROJECT, path) for name in project_names() if (path := project_file(name))]


def names() -> list[str]:
    """What can be written as `domain`: for suggestions."""
    return [*(each.name for each in every()), *ALIASES, AUTO]


# --- what reaches outside: a worker of an isolated engine asks its host instead ---------------------------


def project_file(name: str) -> str:
    """The path of the plugin of that name in `.poet/plugins`, "" when there is none; a name is never a path."""
    if not _NAME.fullmatch(name):
        return ""
    paths = (os.path.abspath(os.path.join(folder, FOLDER, name + ".na")) for folder in ("", *_ALSO))
    return next((path for path in paths if os.path.isfile(path)), "")


def project_names() -> list[str]:
    """The names of the files in `.poet/plugins`."""
    try:
        files = sorted(entry.name for entry in os.scandir(FOLDER) if entry.is_file())
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []
    return [name.removesuffix(".na") for name in files if name.endswith(".na")]


def installed(name: str | None = None) -> list[Found]:
    """The plugins of packages, all or those of a name."""
    from importlib.metadata import entry_points

    wanted = entry_points(group=GROUP) if name is None else entry_points(group=GROUP, name=name)
    return [Found(entry.name, PACKAGE, entry.value, entry) for entry in sorted(wanted, key=lambda entry: entry.value)]
