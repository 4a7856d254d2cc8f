"""Files and folders behind `stdlib/files.na`: every path is granted first, and opened as `places` opens.

    reach(program, kind, path, act)     policy, then the place, then the act; anew when a link got in between
    whole / lazily                      reading: bounded, ordinary files only
    publish                             writing: the new content appears all at once, or not at all

What the system answers becomes an error of the same class with a code of E530 to E534, the path as the program
wrote it, and a hint. Writing waits for effects that write and are still under way (L34).
"""

from __future__ import annotations

import os
from errno import ENOTEMPTY, EXDEV

from dana.runtime.natives import types_on_demand
from dana.runtime.outside.encodings import MARK, decoded, encoded, encoding_of, undecodable
from dana.runtime.outside.places import (
    CHUNK,
    Draft,
    Exchanged,
    Irregular,
    Place,
    is_folder_error,
    kind_of_mode,
    write_all,
)
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any, NoReturn, TypeVar

    Made = TypeVar("Made")

# What a program without a memory limit may read at once, and the share of the limit of one that has it.
LARGEST = 1 << 30
SHARE = 4
LONGEST_LINE = 10_000_000
OPEN_AT_ONCE = 64
DEEPEST_TREE = 200
ATTEMPTS = 5
NAMES_LOOKED_THROUGH = 2_000


# --- reaching -----------------------------------------------------------------------------------


def reach(program: Any, kind: str, path: Any, act: Callable[[Place], Made], *, waits: bool = True) -> Made:
    """What `act` makes of a granted place. `kind`: `read` or `write`; an effect itself does not wait for effects."""
    text = text_of_path(path)
    if kind == "write" and waits:
        settle_writes(program)
    for _ in range(ATTEMPTS):
        real = program.policy.path(kind, text)
        try:
            with Place(real) as place:
                return act(place)
        except Exchanged:
            continue
        except OSError as error:
            if hasattr(error, "_code"):
                raise  # told already, by an inner place
            refuse(program, error, text, real)
    hint = "a link leads to itself, or another process puts links in its way"
    raise failure(PermissionError, "E534", f"`{shown(text)}` kept changing while it was opened", hint)


def reach_entry(program: Any, kind: str, path: Any, act: Callable[[Place], Made]) -> Made:
    """The same for what changes a folder's entry: a link stands for itself, and its folder must be granted."""
    text = text_of_path(path)
    if not os.path.islink(text):
        return reach(program, kind, text, act)
    folder, name = os.path.split(text)

    def inside(above: Place) -> Made:
        with Place(os.path.join(above.path, name)) as place:
            try:
                return act(place)
            except OSError as error:
                if not hasattr(error, "_code"):
                    refuse(program, error, text, place.path)
                raise

    return reach(program, kind, folder or ".", inside)


def text_of_path(path: Any) -> str:
    """A path is a text that names something. Raises TypeError and ValueError."""
    if path.__class__ is not str:
        raise failure(TypeError, "E601", f"a path is a text, not {type(path).__name__}")
    if not path or "\0" in path:
        raise failure(ValueError, "E530", "a path is a text that is not empty and holds no NUL character")
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        raise failure(ValueError, "E530", "a path holds half a character (a lone surrogate)") from None
    return path


def shown(path: str) -> str:
    """A path as messages show it."""
    return path if len(path) <= 80 else "…" + path[-79:]


def settle_writes(program: Any) -> None:
    """Effects that write keep their program order: those begun earlier end first."""
    waiting = program.waiting
    if waiting is not None:
        waiting.wait_for_writes()


def refuse(program: Any, error: OSError, path: str, real: str) -> NoReturn:
    """What the system answered, in words of the program."""
    name = shown(path)
    if isinstance(error, FileNotFoundError):
        raise failure(
            FileNotFoundError, "E530", f"there is no `{name}`", near(program, real) or f"looked for {real}"
        ) from None
    if isinstance(error, FileExistsError):
        raise failure(FileExistsError, "E531", f"`{name}` is there already") from None
    if isinstance(error, NotADirectoryError):
        raise failure(NotADirectoryError, "E531", f"`{name}` lies in something that is no folder") from None
    if isinstance(error, IsADirectoryError | Irregular):
        if os.path.isdir(real):
            hint = "`files.names` tells what is in a folder"
            raise failure(IsADirectoryError, "E531", f"`{name}` is a folder", hint) from None
        raise failure(OSError, "E531", f"`{name}` is no ordinary file but a device, pipe or socket") from None
    if error.errno == ENOTEMPTY:
        raise failure(
            OSError, "E531", f"the folder `{name}` is not empty", "`recursive=true` removes all of it"
        ) from None
    raise failure(type(error), "E534", f"`{name}`: {error.strerror or error}") from None


def near(program: Any, real: str) -> str:
    """`did you mean …?` for a path that leads nowhere, from folders the program may read."""
    from dana.diagnostics import suggest

    missing = real
    while True:
        folder, name = os.path.split(missing)
        if folder == missing:
            return ""
        if os.path.isdir(folder):
            break
        missing = folder
    if not program.policy.permits("read", folder):
        return ""
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for _, entry in zip(range(NAMES_LOOKED_THROUGH), entries, strict=False)]
    except OSError:  # a hint is never worth an error
        return ""
    found = suggest(name, names)
    if found:
        return f"did you mean `{found}`?"
    return "" if missing == real else f"there is no folder `{name}` in {folder}"


def bound(program: Any, max_bytes: int | None) -> int:
    """How many bytes may be read at once: what the caller says, or the program's memory allows."""
    if max_bytes is not None:
        if max_bytes < 0:
            raise failure(ValueError, "E532", f"max_bytes is 0 or more, not {max_bytes}")
        return max_bytes
    limit = getattr(program.meter, "memory_bytes", None)
    return LARGEST if limit is None else max(CHUNK, limit // SHARE)


def room(program: Any, size: int) -> None:
    """Memory for a value of this size is asked for before it is made."""
    ask = getattr(program.meter, "room", None)
    if ask is not None and size >= 65_536:
        ask(size)


# --- reading ------------------------------------------------------------------------------------


def whole(program: Any, place: Place, path: str, largest: int) -> bytes:
    """The content of an ordinary file of at most `largest` bytes."""
    descriptor = place.open(os.O_RDONLY)
    try:
        size = os.fstat(descriptor).st_size
        if size > largest:
            too_large(path, largest, size)
        room(program, size)
        parts: list[bytes] = []
        read = 0
        while True:
            part = os.read(descriptor, min(max(size + 1 - read, CHUNK), largest + 1 - read, 1 << 24))
            if not part:
                return parts[0] if len(parts) == 1 else b"".join(parts)
            parts.append(part)
            read += len(part)
            if read > largest:
                too_large(path, largest)
            program.meter.check()
    finally:
        os.close(descriptor)


def too_large(path: str, largest: int, size: int = 0) -> NoReturn:
    """The file is larger than may be read at once."""
    has = f"has {size:,} bytes" if size else "is larger"
    hint = "read it line by line with `files.lines`, or raise `max_bytes`"
    raise failure(ValueError, "E532", f"`{shown(path)}` {has}, and {largest:,} may be read at once", hint)


def read_bytes(program: Any) -> Callable[..., bytes]:
    """A file's bytes."""

    def read_bytes(path: str, max_bytes: int | None = None) -> bytes:
        """A file's bytes."""
        largest = bound(program, max_bytes)
        return reach(program, "read", path, lambda place: whole(program, place, path, largest))

    return read_bytes


def read_text(program: Any) -> Callable[..., str]:
    """A file's text, its line ends made plain line feeds unless they are kept."""

    def read_text(path: str, encoding: str = "utf-8", keep_newlines: bool = False, max_bytes: int | None = None) -> str:
        """A file's text, its line ends made plain line feeds unless they are kept."""
        name = encoding_of(encoding)
        largest = bound(program, max_bytes)
        data = reach(program, "read", path, lambda place: whole(program, place, path, largest))
        text = decoded(data, name, f"`{shown(path)}`")
        return text if keep_newlines or "\r" not in text else text.replace("\r\n", "\n").replace("\r", "\n")

    return read_text


def lines(program: Any) -> Callable[..., Iterator[str]]:
    """The lines of a file, read as they are asked for."""
    opened = [0]

    def lines(path: str, encoding: str = "utf-8", longest: int = LONGEST_LINE) -> Iterator[str]:
        """The lines of a file, read as they are asked for."""
        name = encoding_of(encoding)
        if opened[0] >= OPEN_AT_ONCE:
            hint = "read one to its end before the next, or read files as a whole"
            raise failure(OSError, "E534", f"{OPEN_AT_ONCE} files are being read already", hint)
        descriptor = reach(program, "read", path, lambda place: place.open(os.O_RDONLY))
        walk = _lines(opened, descriptor, name, path, longest)
        next(walk)  # from here on the generator owns the descriptor, however it ends
        return hidden(program, walk)

    return lines


def _lines(opened: list[int], descriptor: int, encoding: str, path: str, longest: int) -> Iterator[str]:
    opened[0] += 1
    try:
        with open(descriptor, encoding=encoding, newline=None) as stream:
            yield ""
            first = True
            while line := stream.readline(longest + 1):
                if len(line) > longest and not line.endswith("\n"):
                    hint = "raise `longest`, or read the bytes"
                    raise failure(
                        ValueError, "E532", f"a line of `{shown(path)}` is longer than {longest:,} characters", hint
                    )
                if first:
                    line, first = line.removeprefix(MARK), False
                yield line.removesuffix("\n")
    except UnicodeError as error:
        raise undecodable(error, encoding, f"`{shown(path)}`") from None
    finally:
        opened[0] -= 1


def hidden(program: Any, walk: Iterator[Made]) -> Iterator[Made]:
    """A generator of ours as programs may hold it: metered, and nothing to be seen of it."""
    from dana.runtime.iterators import iterator

    return iterator(program.source(walk), None)


# --- writing ------------------------------------------------------------------------------------


def publish(place: Place, data: bytes, *, durable: bool, overwrite: bool) -> None:
    """The content appears under its name all at once."""
    if not overwrite:
        try:
            place.stat()
        except FileNotFoundError:
            pass
        else:
            raise FileExistsError(place.path)
    with Draft(place, durable=durable) as draft:
        draft.write(data)
        draft.publish(overwrite=overwrite)


def write_bytes(program: Any) -> Callable[..., None]:
    """Writes a file, all at once."""

    def write_bytes(path: str, data: bytes, overwrite: bool = True, durable: bool = False) -> None:
        """Writes a file, all at once."""
        if not isinstance(data, bytes):
            raise failure(TypeError, "E601", f"write_bytes writes bytes, not {type(data).__name__}")
        reach(program, "write", path, lambda place: publish(place, data, durable=durable, overwrite=overwrite))

    return write_bytes


def write_text(program: Any) -> Callable[..., None]:
    """Writes a text, all at once, with the line ends it has."""

    def write_text(
        path: str, text: str, encoding: str = "utf-8", overwrite: bool = True, durable: bool = False
    ) -> None:
        """Writes a text, all at once, with the line ends it has."""
        data = encoded(text, encoding_of(encoding), f"`{shown(text_of_path(path))}`")
        reach(program, "write", path, lambda place: publish(place, data, durable=durable, overwrite=overwrite))

    return write_text


def append_text(program: Any) -> Callable[..., None]:
    """Adds to the end of a file, which is made if there is none."""

    def append_text(path: str, text: str, encoding: str = "utf-8", durable: bool = False) -> None:
        """Adds to the end of a file, which is made if there is none."""
        name = encoding_of(encoding)
        if name in ("utf-16", "utf-32"):
            hint = f'"{name}-le" has no mark' if name == "utf-16" else 'write "utf-8"'
            said = f"{name} begins with a byte order mark, which cannot stand in the middle of a file"
            raise failure(ValueError, "E533", said, hint)
        data = encoded(text, name, f"`{shown(text_of_path(path))}`")

        def add(place: Place) -> None:
            descriptor = place.open(os.O_WRONLY | os.O_APPEND | os.O_CREAT)
            try:
                write_all(descriptor, data)
                if durable:
                    os.fsync(descriptor)
            finally:
                os.close(descriptor)

        reach(program, "write", path, add)

    return append_text


def temporary(program: Any) -> Callable[..., str]:
    """The path of a new, empty file with a name of its own."""

    def temporary(folder: str, prefix: str = "", suffix: str = "") -> str:
        """The path of a new, empty file with a name of its own."""
        if any(sign in prefix + suffix for sign in "/\\\0"):
            raise failure(ValueError, "E530", "prefix and suffix are parts of a name, without slashes")
        while True:
            # From the program's own source of chance: a run with a seed is repeatable.
            path = os.path.join(text_of_path(folder), f"{prefix}{program.random.getrandbits(48):012x}{suffix}")
            try:
                reach(program, "write", path, create)
            except FileExistsError:
                program.meter.check()
                continue
            return path

    return temporary


def create(place: Place) -> None:
    """An empty file that nobody else may read."""
    os.close(place.open(os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))


# --- looking ------------------------------------------------------------------------------------


def info(program: Any) -> Callable[[str], tuple[str, int, float] | None]:
    """Kind, size and time of the last change; None where nothing is."""

    def info(path: str) -> tuple[str, int, float] | None:
        """Kind, size and time of the last change; None where nothing is."""

        def look(place: Place) -> tuple[str, int, float]:
            found = place.stat()
            kind = kind_of_mode(found.st_mode)
            if kind == "link":
                raise Exchanged(place.path)
            return kind, found.st_size, found.st_mtime

        try:
            return reach(program, "read", path, look)
        except (FileNotFoundError, NotADirectoryError):
            return None

    return info


def names(program: Any) -> Callable[[str], list[tuple[str, str]]]:
    """Name and kind of what a folder holds, sorted; what the policy denies is left out."""

    def names(path: str) -> list[tuple[str, str]]:
        """Name and kind of what a folder holds, sorted; what the policy denies is left out."""
        return granted_entries(program, path, "")

    return names


def granted_entries(program: Any, path: str, below: str) -> list[tuple[str, str]]:
    """What the folder `path/below` holds and the program may read."""

    def look(place: Place) -> list[tuple[str, str]]:
        permits = program.policy.permits
        return [
            (name, kind)
            for name, kind in place.entries()
            if kind == "link" or permits("read", os.path.join(place.path, name))
        ]

    return reach(program, "read", os.path.join(text_of_path(path), below) if below else path, look)


def tree(program: Any) -> Callable[..., Iterator[tuple[str, str]]]:
    """Path below the folder, and kind, of all that lies in it; links are not followed."""

    def tree(path: str, pattern: str = "**", hidden_too: bool = False) -> Iterator[tuple[str, str]]:
        """Path below the folder, and kind, of all that lies in it; links are not followed."""
        parts = [part for part in pattern.split("/") if part]
        first = granted_entries(program, path, "")  # complains at once, where the call stands
        return hidden(program, _tree(program, path, parts, first, hidden_too=hidden_too))

    return tree


def _tree(
    program: Any, path: str, parts: list[str], first: list[tuple[str, str]], *, hidden_too: bool
) -> Iterator[tuple[str, str]]:
    end = len(parts)
    begin = beyond_none(parts, {0})
    waiting = [(name, kind, begin) for name, kind in reversed(first)]
    while waiting:
        below, kind, states = waiting.pop()
        after = step(parts, states, below.rpartition("/")[2], hidden_too=hidden_too)
        if end in after:
            yield below, kind
        if kind == "folder" and any(at < end for at in after):
            if below.count("/") >= DEEPEST_TREE:
                raise failure(OSError, "E534", f"folders are nested deeper than {DEEPEST_TREE}: `{shown(below)}`")
            inner = granted_entries(program, path, below)
            waiting += [(f"{below}/{name}", each, after) for name, each in reversed(inner)]


def step(parts: list[str], states: frozenset[int], name: str, *, hidden_too: bool) -> frozenset[int]:
    """Where in the pattern one is after one more name: a set, so that no pattern takes longer than its length."""
    from fnmatch import fnmatchcase

    found: set[int] = set()
    for at in states:
        if at == len(parts):
            continue
        part = parts[at]
        if name.startswith(".") and not part.startswith(".") and not hidden_too:
            continue
        if part == "**":
            found |= {at, at + 1} if at + 1 == len(parts) else {at}
        elif fnmatchcase(name, part):
            found.add(at + 1)
    return beyond_none(parts, found)


def beyond_none(parts: list[str], states: set[int]) -> frozenset[int]:
    """The states, and those behind a `**` that stands for nothing; the last part of a pattern wants a name."""
    found = set(states)
    for at in states:
        while at < len(parts) - 1 and parts[at] == "**":
            at += 1  # noqa: PLW2901  (walks on from the state)
            found.add(at)
    return frozenset(found)


# --- changing -----------------------------------------------------------------------------------


def make_folder(program: Any) -> Callable[..., None]:
    """Makes a folder, and those it lies in; one that is there stays."""

    def make_folder(path: str) -> None:
        """Makes a folder, and those it lies in; one that is there stays."""
        real = program.policy.path("write", text_of_path(path))
        missing = []
        while not os.path.lexists(real):
            missing.append(real)
            real = os.path.dirname(real)
        if not missing:
            kind = reach(program, "write", path, lambda place: kind_of_mode(place.stat().st_mode))
            if kind != "folder":
                raise failure(FileExistsError, "E531", f"`{shown(path)}` is there already, and no folder")
        for each in reversed(missing):
            reach(program, "write", each, make_if_missing)

    return make_folder


def make_if_missing(place: Place) -> None:
    """One folder; somebody else may have made it in the meantime."""
    try:
        place.make_folder()
    except FileExistsError:
        if kind_of_mode(place.stat().st_mode) != "folder":
            raise


def copy(program: Any) -> Callable[..., None]:
    """Copies a file; the copy appears all at once."""

    def copy(source: str, target: str, overwrite: bool = False) -> None:
        """Copies a file; the copy appears all at once."""
        descriptor = reach(program, "read", source, lambda place: place.open(os.O_RDONLY))
        try:
            reach(program, "write", target, lambda place: pour(program, descriptor, place, overwrite=overwrite))
        finally:
            os.close(descriptor)

    return copy


def pour(program: Any, descriptor: int, place: Place, *, overwrite: bool) -> None:
    """What the descriptor holds, under the place's name."""
    if not overwrite:
        try:
            place.stat()
        except FileNotFoundError:
            pass
        else:
            raise FileExistsError(place.path)
    os.lseek(descriptor, 0, os.SEEK_SET)
    with Draft(place) as draft:
        while part := os.read(descriptor, CHUNK):
            draft.write(part)
            program.meter.check()
        draft.publish(overwrite=overwrite)


def move(program: Any) -> Callable[..., None]:
    """Gives a file or folder another name."""

    def move(source: str, target: str, overwrite: bool = False) -> None:
        """Gives a file or folder another name."""
        program.policy.path("read", text_of_path(source))

        def rename(old: Place) -> None:
            kind = kind_of_mode(old.stat().st_mode)
            if kind == "folder":
                require_inside(program, old.path)
            reach_entry(program, "write", target, lambda new: put(program, old, new, kind, overwrite=overwrite))

        reach_entry(program, "write", source, rename)

    return move


def require_inside(program: Any, folder: str) -> None:
    """Raises `Denied` when something below the folder is denied: under another path it would not be any more."""
    for kind in ("read", "write"):
        denied = program.policy.policy.deny
        patterns = denied.of(kind)
        for pattern in () if isinstance(patterns, bool) else patterns:
            real = os.path.realpath(os.path.join(denied.folder, pattern))
            if real.startswith(folder.rstrip(os.sep) + os.sep):
                program.policy.require(kind, real)


def put(program: Any, old: Place, new: Place, kind: str, *, overwrite: bool) -> None:
    """Renames; between file systems a file is copied and removed."""
    try:
        there = kind_of_mode(new.stat().st_mode)
    except FileNotFoundError:
        there = ""
    if there and (not overwrite or there == "folder" or kind == "folder"):
        raise FileExistsError(new.path)
    try:
        old.rename_to(new)
    except OSError as error:
        if error.errno != EXDEV or kind != "file":
            raise
        descriptor = old.open(os.O_RDONLY)
        try:
            pour(program, descriptor, new, overwrite=True)
        finally:
            os.close(descriptor)
        old.remove_file()


def remove(program: Any) -> Callable[..., None]:
    """Removes a file or link; a folder if it is empty, or all of it when `recursive`."""

    def remove(path: str, recursive: bool = False) -> None:
        """Removes a file or link; a folder if it is empty, or all of it when `recursive`."""
        if reach_entry(program, "write", path, remove_one):
            return
        if recursive:
            remove_tree(program, path, 0)
        else:
            reach(program, "write", path, lambda place: place.remove_folder())

    return remove


def remove_one(place: Place) -> bool:
    """Removes what is no folder; says whether it was."""
    if kind_of_mode(place.stat().st_mode) == "folder":
        return False
    try:
        place.remove_file()
    except OSError as error:
        if is_folder_error(error) and kind_of_mode(place.stat().st_mode) == "folder":
            return False
        raise
    return True


def remove_tree(program: Any, path: str, depth: int) -> None:
    """A folder and all in it. Every path is granted anew: what is denied inside keeps the rest as well."""
    if depth > DEEPEST_TREE:
        raise failure(OSError, "E534", f"folders are nested deeper than {DEEPEST_TREE}: `{shown(path)}`")
    for name, kind in reach(program, "write", path, lambda place: place.entries()):
        program.meter.check()
        inner = os.path.join(path, name)
        if kind == "folder":
            remove_tree(program, inner, depth + 1)
        else:
            reach_entry(program, "write", inner, remove_one)
    reach(program, "write", path, lambda place: place.remove_folder())


SIGNATURES = {
    "read_bytes": "(path: str, max_bytes: int | None = …) -> bytes",
    "read_text": "(path: str, encoding: str = …, keep_newlines: bool = …, max_bytes: int | None = …) -> str",
    "lines": "(path: str, encoding: str = …, longest: int = …) -> iterator[str]",
    "write_bytes": "(path: str, data: any, overwrite: bool = …, durable: bool = …) -> None",
    "write_text": "(path: str, text: str, encoding: str = …, overwrite: bool = …, durable: bool = …) -> None",
    "append_text": "(path: str, text: str, encoding: str = …, durable: bool = …) -> None",
    "temporary": "(folder: str, prefix: str = …, suffix: str = …) -> str",
    "info": "(path: str) -> any",
    "names": "(path: str) -> list[tuple[str, str]]",
    "tree": "(path: str, pattern: str = …, hidden_too: bool = …) -> iterator[tuple[str, str]]",
    "make_folder": "(path: str) -> None",
    "copy": "(source: str, target: str, overwrite: bool = …) -> None",
    "move": "(source: str, target: str, overwrite: bool = …) -> None",
    "remove": "(path: str, recursive: bool = …) -> None",
}
EXPORTS: dict[str, object] = {
    "read_bytes": read_bytes,
    "read_text": read_text,
    "lines": lines,
    "write_bytes": write_bytes,
    "write_text": write_text,
    "append_text": append_text,
    "temporary": temporary,
    "info": info,
    "names": names,
    "tree": tree,
    "make_folder": make_folder,
    "copy": copy,
    "move": move,
    "remove": remove,
}
NEEDS_PROGRAM = frozenset(EXPORTS)
__getattr__ = types_on_demand(SIGNATURES)
