"""Places in the file system, reached without following links: what was checked is what is opened.

    real = program.policy.path("read", path)         every link resolved, and granted
    with Place(real) as place:                       its folder, opened component by component
        descriptor = place.open(os.O_RDONLY)         relative to that folder, never through a link

Between the check and the opening somebody may put a link where a folder was. The resolved path has no links, so a
component that is one now has been exchanged: `Exchanged` is raised, and the caller checks anew. Where a platform
cannot open relative to a folder, the path is resolved and compared again after opening.

Nothing here blocks: pipes and devices are refused once they are open, before a byte is read.
"""

from __future__ import annotations

import os
import stat
from errno import EISDIR, ELOOP, EMLINK, ENOTDIR, EPERM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType

ANCHORED = {os.open, os.stat, os.mkdir, os.unlink, os.rmdir, os.link} <= os.supports_dir_fd and hasattr(
    os, "O_NOFOLLOW"
)
_FOLDER = getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_PATH", 0)
_LIST = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | getattr(os, "O_NOFOLLOW", 0)
_FILE = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_BINARY = getattr(os, "O_BINARY", 0)
CHUNK = 1 << 18


class Exchanged(Exception):
    """A link stands where none stood when the path was checked."""


class Irregular(OSError):
    """What was opened is no ordinary file."""


class Place:
    """A name in a folder that is held open; a context manager."""

    __slots__ = ("folder", "name", "path")

    def __init__(self, real: str) -> None:
        self.path = real
        above, self.name = os.path.split(real)
        self.folder: int | None = None
        if ANCHORED:
            self.name = self.name or "."
            self.folder = open_folder(above)
        else:
            self.name = real

    def __enter__(self) -> Place:
        return self

    def __exit__(self, _kind: object, _error: object, _trace: TracebackType | None) -> None:
        if self.folder is not None:
            os.close(self.folder)
            self.folder = None

    def open(self, flags: int, mode: int = 0o666) -> int:
        """A descriptor of the ordinary file at this place; `Irregular` for anything else."""
        descriptor = self._open(flags | _FILE | _BINARY, mode)
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            return descriptor
        os.close(descriptor)
        raise Irregular(0, "not an ordinary file", self.path)

    def entries(self) -> list[tuple[str, str]]:
        """Names and kinds of what the folder at this place holds, sorted."""
        if not ANCHORED:
            self._same(os.path.realpath(self.path))
            with os.scandir(self.path) as found:
                return sorted((entry.name, kind_of_entry(entry)) for entry in found)
        descriptor = self._open(_LIST)
        try:
            with os.scandir(descriptor) as found:
                return sorted((entry.name, kind_of_entry(entry)) for entry in found)
        finally:
            os.close(descriptor)

    def stat(self) -> os.stat_result:
        """What stands at this place, a link as such."""
        return os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)

    def make_folder(self) -> None:
        os.mkdir(self.name, 0o777, dir_fd=self.folder)

    def remove_file(self) -> None:
        os.unlink(self.name, dir_fd=self.folder)

    def remove_folder(self) -> None:
        os.rmdir(self.name, dir_fd=self.folder)

    def rename_to(self, other: Place) -> None:
        """Moves what is here to the other place, over a file that is there."""
        os.replace(self.name, other.name, src_dir_fd=self.folder, dst_dir_fd=other.folder)

    def sync(self) -> None:
        """Makes renaming and removing in this folder survive a loss of power, where folders can be synced."""
        if self.folder is None:
            return
        descriptor = os.open(".", os.O_RDONLY, dir_fd=self.folder)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def beside(self, name: str) -> Place:
        """Another name in the same folder."""
        other = Place.__new__(Place)
        above = os.path.dirname(self.path)
        other.path = os.path.join(above, name)
        other.name = name if ANCHORED else other.path
        other.folder = None if self.folder is None else os.dup(self.folder)
        return other

    def _open(self, flags: int, mode: int = 0o666) -> int:
        try:
            descriptor = os.open(self.name, flags | getattr(os, "O_CLOEXEC", 0), mode, dir_fd=self.folder)
        except OSError as error:
            if error.errno in (ELOOP, EMLINK, ENOTDIR) and self._is_link():
                raise Exchanged(self.path) from None
            raise
        if not ANCHORED:
            try:
                self._same(os.path.realpath(self.path))
            except BaseException:
                os.close(descriptor)
                raise
        return descriptor

    def _is_link(self) -> bool:
        try:
            return stat.S_ISLNK(self.stat().st_mode)
        except OSError:
            return False

    def _same(self, now: str) -> None:
        if now != self.path:
            raise Exchanged(self.path)


def open_folder(real: str) -> int:
    """A descriptor of a folder, reached from the root through folders only."""
    descriptor = os.open(os.path.sep, _FOLDER | os.O_CLOEXEC)
    for part in real.split(os.path.sep):
        if not part:
            continue
        try:
            inner = os.open(part, _FOLDER | os.O_CLOEXEC, dir_fd=descriptor)
        except OSError as error:
            if error.errno in (ELOOP, EMLINK, ENOTDIR) and _is_link(part, descriptor):
                raise Exchanged(real) from None
            raise
        finally:
            os.close(descriptor)
        descriptor = inner
    return descriptor


def _is_link(name: str, folder: int) -> bool:
    try:
        return stat.S_ISLNK(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode)
    except OSError:
        return False


def kind_of_entry(entry: os.DirEntry[str]) -> str:
    """`file folder link other`, of one entry of a folder."""
    if entry.is_symlink():
        return "link"
    return "folder" if entry.is_dir(follow_symlinks=False) else "file" if entry.is_file() else "other"


def kind_of_mode(mode: int) -> str:
    """`file folder link other`, from what `stat` says."""
    if stat.S_ISREG(mode):
        return "file"
    return "folder" if stat.S_ISDIR(mode) else "link" if stat.S_ISLNK(mode) else "other"


def is_folder_error(error: OSError) -> bool:
    """Whether an operation on files failed because a folder stands there (POSIX allows two answers)."""
    return error.errno in (EISDIR, EPERM)


class Draft:
    """A file that appears under its name all at once: written beside it, then renamed.

        with Draft(place, durable=True) as draft:
            draft.write(data)
            draft.publish()

    Until `publish` the old file stands; a process that dies on the way leaves it, and perhaps a hidden file
    `.name.….draft` that nobody reads.
    """

    __slots__ = ("_descriptor", "_durable", "_place", "_temporary")

    def __init__(self, place: Place, *, durable: bool = False) -> None:
        self._place = place
        self._durable = durable
        mode = 0o666
        try:
            now = place.stat()
            kind = kind_of_mode(now.st_mode)
            if kind == "link":
                raise Exchanged(place.path)
            if kind != "file":
                raise Irregular(EISDIR if kind == "folder" else 0, "not an ordinary file", place.path)
            mode = stat.S_IMODE(now.st_mode)
        except FileNotFoundError:
            now = None
        name = os.path.basename(place.path)[:100]
        self._temporary = place.beside(f".{name}.{os.urandom(8).hex()}.draft")
        try:
            # A new file gets the permissions the system gives new files, a replaced one keeps its own.
            self._descriptor = self._temporary.open(
                os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if now is None else 0o600
            )
        except BaseException:
            self._temporary.__exit__(None, None, None)
            raise
        if now is not None and hasattr(os, "fchmod"):
            os.fchmod(self._descriptor, mode & 0o777)

    def __enter__(self) -> Draft:
        return self

    def write(self, data: bytes) -> None:
        write_all(self._descriptor, data)

    def publish(self, *, overwrite: bool = True) -> None:
        """Gives the file its name. FileExistsError if there is one and it may not be overwritten."""
        if self._durable:
            os.fsync(self._descriptor)
        os.close(self._descriptor)
        self._descriptor = -1
        if overwrite:
            self._temporary.rename_to(self._place)
        else:
            os.link(
                self._temporary.name,
                self._place.name,
                src_dir_fd=self._temporary.folder,
                dst_dir_fd=self._place.folder,
                follow_symlinks=False,
            )
            self._temporary.remove_file()
        if self._durable:
            self._place.sync()

    def __exit__(self, kind: object, _error: object, _trace: TracebackType | None) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
        try:
            if kind is not None or self._descriptor >= 0:
                self._temporary.remove_file()
        except FileNotFoundError:
            pass  # it has been renamed: what failed came after that
        finally:
            self._temporary.__exit__(None, None, None)


def write_all(descriptor: int, data: bytes) -> None:
    """All of it: one call of the system may write less."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]
