"""Finding plugins by the name of their domain (P154).

    built in   the domains of `dana.poet.domains`
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

from dana.poet.domains import ALIASES, DOMAINS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

GROUP = "dana.poet.plugins"
FOLDER = os.path.join(".poet", "plugins")
AUTO = "auto"
BUILT_IN, PROJECT, PACKAGE = "built in", "project", "package"

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")


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
    path = os.path.abspath(os.path.join(FOLDER, name + ".na"))
    if os.path.isfile(path):
        return Found(name, PROJECT, path)
    return next((each for each in _installed(name)), None)


def every() -> list[Found]:
    """All plugins there are, each name once."""
    known = {name: Found(name, BUILT_IN, place[0]) for name, place in DOMAINS.items()}
    for each in (*in_project(), *_installed()):
        known.setdefault(each.name, each)
    return list(known.values())


def in_project() -> list[Found]:
    """The plugins in `.poet/plugins`, by name."""
    try:
        names = sorted(entry.name for entry in os.scandir(FOLDER) if entry.is_file())
    except (FileNotFoundError, NotADirectoryError, PermissionError):
        return []
    stems = [name.removesuffix(".na") for name in names if name.endswith(".na")]
    return [
        Found(stem, PROJECT, os.path.abspath(os.path.join(FOLDER, stem + ".na")))
        for stem in stems
        if _NAME.fullmatch(stem)
    ]


def names() -> list[str]:
    """What can be written as `domain`: for suggestions."""
    return [*(each.name for each in every()), *ALIASES, AUTO]


def _installed(name: str | None = None) -> list[Found]:
    from importlib.metadata import entry_points

    wanted = entry_points(group=GROUP) if name is None else entry_points(group=GROUP, name=name)
    return [Found(entry.name, PACKAGE, entry.value, entry) for entry in sorted(wanted, key=lambda entry: entry.value)]
