"""Does a pattern cover a target? For paths, names and programs; `hosts` does the same for the network.

Every rule answers `covers(target)`. A rule that denies is made with `wide=True`: it also covers what is the same
thing under another name (a hard link, another spelling on a file system that ignores case, the path of a program).
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class PathRule:
    """A file, or a folder with all that lies below it, compared after every symbolic link was followed."""

    __slots__ = ("_given", "_real", "_wide")

    def __init__(self, pattern: str, folder: str, *, wide: bool) -> None:
        self._given = os.path.join(folder, pattern)
        # What the grant means is settled now: a link that is put in its place later does not move it.
        self._real = os.path.realpath(self._given)
        self._wide = wide

    def covers(self, target: str) -> bool:
        """`target` is a real path (`resolved`)."""
        if _below(target, self._real):
            return True
        if not self._wide:
            return False
        return _below(target, os.path.realpath(self._given)) or self._is_an_ancestor(target)

    def _is_an_ancestor(self, target: str) -> bool:
        """Whether the target, or a folder it lies in, is the same file or folder as this one's."""
        try:
            own = os.stat(self._real)
        except OSError:
            return False
        for path in _upwards(target):
            try:
                found = os.stat(path)
            except OSError:
                continue
            if (found.st_dev, found.st_ino) == (own.st_dev, own.st_ino):
                return True
        return False


def resolved(path: str) -> str:
    """The path with every link followed and every `..` gone. Raises `ValueError` for what is no path."""
    if not path or "\0" in path:
        msg = "a path is a text that is not empty and holds no NUL character"
        raise ValueError(msg)
    return os.path.realpath(path)


def _below(path: str, folder: str) -> bool:
    path, folder = os.path.normcase(path), os.path.normcase(folder)
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _upwards(path: str) -> Iterator[str]:
    while True:
        yield path
        above = os.path.dirname(path)
        if above == path:
            return
        path = above


class NameRule:
    """A name in which `*` stands for any run of characters."""

    __slots__ = ("_parts",)

    def __init__(self, pattern: str) -> None:
        self._parts = pattern.split("*")

    def covers(self, target: str) -> bool:
        """Linear in the length of the target, whatever the pattern."""
        first, *rest = self._parts
        if not rest:
            return target == first
        *middle, last = rest
        if len(target) < len(first) + len(last) or not (target.startswith(first) and target.endswith(last)):
            return False
        at, end = len(first), len(target) - len(last)
        for part in middle:
            found = target.find(part, at, end)
            if found < 0:
                return False
            at = found + len(part)
        return True


class ModuleRule:
    """A Python module and its submodules: `numpy` covers `numpy.linalg`, `os.path` does not cover `os`."""

    __slots__ = ("_name",)

    def __init__(self, pattern: str) -> None:
        self._name = NameRule(pattern)

    def covers(self, target: str) -> bool:
        parts = target.split(".")
        return any(self._name.covers(".".join(parts[:length])) for length in range(1, len(parts) + 1))


class ProgramRule:
    """A program of the system, by name as the search path finds it, or by its path."""

    __slots__ = ("_path", "_pattern", "_wide")

    def __init__(self, pattern: str, folder: str, *, wide: bool) -> None:
        self._pattern = pattern
        self._wide = wide
        self._path = os.path.realpath(os.path.join(folder, pattern)) if os.sep in pattern else None

    def covers(self, target: str) -> bool:
        if self._path is not None:
            return os.sep in target and os.path.realpath(target) == self._path
        if target == self._pattern:
            return True
        if not self._wide:
            return False
        return self._pattern in (os.path.basename(target), os.path.basename(os.path.realpath(target)))
