"""What a command line names: programs to read and arguments to pass."""

from __future__ import annotations

import os
import sys

from dana.cli.options import UsageProblem
from dana.diagnostics import suggest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from dana.cli.options import Options
    from dana.diagnostics import Diagnostic
    from dana.source import Source

COMMANDS = (
    "run", "repl", "check", "explain", "tokens", "tree", "ast", "lower", "test", "fmt", "fix", "new", "doctor",
    "grant", "grants", "poet", "ledger", "audit", "models", "meta", "replay", "completions", "help", "version",
)  # fmt: skip


def sources(options: Options) -> list[Source | Diagnostic]:
    """The programs a verb such as `check` works on: `-e CODE`, files, folders (all `.na` below), `-`.

    One that is no text stands as its finding. Raises `UsageProblem` for what cannot be read.
    """
    from dana.parser import decode

    if "code" in options.given:
        return [decode(options.given["code"].encode("utf-8", "surrogateescape"), "<eval>")]
    words = options.words or ([] if sys.stdin.isatty() else ["-"])
    if not words:
        raise UsageProblem("E905", f"`dana {options.verb}` needs a file", f"as in: dana {options.verb} main.na")
    found = [path for word in words for path in paths(word)]
    return [decode(data_of(path), "<stdin>" if path == "-" else path) for path in found]


def paths(word: str) -> list[str]:
    """The files a word names: itself, or every `.na` file below a folder. Raises `UsageProblem`."""
    if not os.path.isdir(word):
        return [word]
    found = []
    for folder, folders, files in os.walk(word):
        folders[:] = sorted(f for f in folders if not f.startswith("."))
        found += [os.path.join(folder, f) for f in sorted(files) if f.endswith(".na")]
    if not found:
        raise UsageProblem("E902", f"no .na file under {word}")
    return found


def data_of(path: str) -> bytes:
    """The bytes of a file, or of stdin for `-`. Raises `UsageProblem`."""
    if path == "-":
        return sys.stdin.buffer.read()
    try:
        with open(path, "rb") as stream:
            return stream.read()
    except OSError as problem:
        raise _unreadable(path, problem) from None


def must_be_readable(path: str) -> None:
    """Raises `UsageProblem` for a program that is missing, a folder, or forbidden."""
    try:
        with open(path, "rb"):
            return
    except OSError as problem:
        raise _unreadable(path, problem) from None


def text_of(path: str) -> str:
    """The text of a file that is to be an argument; line ends become one character. Raises `UsageProblem`."""
    data = data_of(path)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = data.count(b"\n", 0, problem.start) + 1
        raise UsageProblem(
            "E903",
            f"{path} is not UTF-8 text: byte 0x{data[problem.start]:02x} in line {line}",
            "save the file as UTF-8",
        ) from None
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def arguments(words: Iterable[str]) -> dict[str, str]:
    """`key=value` words as a program's arguments (L27).

    `key=@path` passes the text of a file: the user names the file, so the program needs no right to
    read. `key=@@text` passes `@text`.
    """
    found: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key.isidentifier():
            hint = "give the program's arguments by name, as in: rate=4.5 weather=@year.csv"
            raise UsageProblem("E905", f"{word!r} is not of the form key=value", hint)
        if key in found:
            raise UsageProblem("E905", f"argument {key} is given twice")
        if value.startswith("@@"):
            value = value[1:]
        elif value.startswith("@"):
            value = text_of(value[1:])
        found[key] = value
    return found


def _unreadable(path: str, problem: OSError) -> UsageProblem:
    if isinstance(problem, FileNotFoundError):
        return UsageProblem("E902", f"there is no file {path}", _near(path))
    if isinstance(problem, IsADirectoryError):
        return UsageProblem("E902", f"{path} is a folder", "name a file in it, as in: dana folder/main.na")
    reason = (problem.strerror or str(problem)).lower()
    return UsageProblem("E902", f"cannot read {path}: {reason}")


def _near(path: str) -> str:
    """What the user may have meant: a neighbour of the missing file, or a command."""
    folder, name = os.path.split(path)
    try:
        neighbours = os.listdir(folder or ".")
    except OSError:
        return f"there is no folder {folder} either"
    near = suggest(name, neighbours)
    if near is None and name + ".na" in neighbours:
        near = name + ".na"
    if near:
        return f"did you mean {os.path.join(folder, near)}?"
    command = suggest(path, COMMANDS)
    if command:
        return f"did you mean `dana {command}`?"
    return "`dana --help` shows what can be written here" if "." not in name else ""
