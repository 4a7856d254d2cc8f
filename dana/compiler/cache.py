"""Compiled modules on disk, like `.pyc` files.

An entry is found by the hash of the text, the file's name and the compiler's fingerprint; it holds the
code, the interface, and for every import the file it resolved to with that file's interface hash. Code
objects are code: the folder belongs to the user alone (mode 0700, owner checked), entries are written
atomically, and whatever cannot be read is compiled again.
"""

from __future__ import annotations

import marshal
import os
import sys
from _blake2 import blake2b

from dana import abi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MAGIC = b"dana-1\n"
CHECKSUM = 16
HEADER = len(MAGIC) + CHECKSUM
COMPILER_PACKAGES = ("ast", "parser", "checker", "lowering", "compiler", "poet")


class Cache:
    """One folder of entries; `folder` None means nothing is kept."""

    __slots__ = ("_fingerprint", "folder")

    def __init__(self, folder: str | None) -> None:
        self.folder = folder
        self._fingerprint: bytes | None = None

    def key(self, path: str, text: bytes, *, metered: bool) -> str:
        """The entry's name: changes with the text, its place, the compiler and its options."""
        if self._fingerprint is None:
            self._fingerprint = compiler_fingerprint()
        digest = blake2b(self._fingerprint, digest_size=20)
        digest.update(b"%d\0%s\0" % (metered, os.fsencode(path)))
        digest.update(text)
        return digest.hexdigest()

    def has(self, key: str) -> bool:
        """Whether there is an entry (which may still turn out to be damaged or outdated)."""
        return self.folder is not None and os.path.exists(os.path.join(self.folder, key))

    def read(self, key: str) -> Any:
        """The entry's content, or None when there is none that can be trusted."""
        if self.folder is None:
            return None
        try:
            with open(os.path.join(self.folder, key), "rb") as file:
                if os.fstat(file.fileno()).st_uid != os.getuid():
                    return None
                data = file.read()
        except OSError:
            return None
        body = data[HEADER:]
        if data[:HEADER] != MAGIC + _checksum(key, body):
            return None
        try:
            return marshal.loads(body)  # noqa: S302  (our own file: owner and checksum were tested)
        except (EOFError, ValueError, TypeError):
            return None

    def write(self, key: str, content: Any) -> None:
        """Keep an entry; a folder that cannot be written only costs speed."""
        if self.folder is None:
            return
        body = marshal.dumps(content)
        path = os.path.join(self.folder, key)
        temporary = f"{path}.{os.getpid()}"
        try:
            if not _own_folder(self.folder):
                return
            with open(temporary, "wb") as file:
                file.write(MAGIC + _checksum(key, body) + body)
            os.replace(temporary, path)
        except OSError:
            return


def _checksum(key: str, body: bytes) -> bytes:
    """Binds the content to its name: an entry copied to another name is no entry."""
    return blake2b(body, digest_size=CHECKSUM, key=key.encode()[:64]).digest()


def _own_folder(folder: str) -> bool:
    """Whether the folder is (or now becomes) the user's alone."""
    if not os.path.isdir(folder):
        os.makedirs(folder, mode=0o700, exist_ok=True)
    facts = os.stat(folder)
    if facts.st_uid != os.getuid():
        return False
    if facts.st_mode & 0o077:
        os.chmod(folder, 0o700)
    return True


def default_folder() -> str | None:
    """`DANA_CACHE` (empty or `off`: none), else the user's cache folder."""
    chosen = os.environ.get("DANA_CACHE")
    if chosen is not None:
        return None if chosen in {"", "off", "0"} else chosen
    base = os.environ.get("XDG_CACHE_HOME", "")
    if not os.path.isabs(base):  # the XDG specification: relative paths are invalid and ignored
        base = os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(base, "dana")


def compiler_fingerprint() -> bytes:
    """Changes whenever the compiler does: version, CPython, and the files of the compiling packages."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    facts = [abi.VERSION, str(abi.ABI), sys.implementation.cache_tag or "", str(sys.hexversion)]
    for name in COMPILER_PACKAGES:
        with os.scandir(os.path.join(package, name)) as entries:
            for entry in entries:
                if entry.name.endswith(".py"):
                    stat = entry.stat()
                    facts.append(f"{entry.name}:{stat.st_size}:{stat.st_mtime_ns}")
    return blake2b("\n".join(sorted(facts)).encode(), digest_size=16).digest()
