"""`dana fmt` and `dana fix`: commands that rewrite programs.

A file is replaced in one step by a complete new one, with the mode, the line ends and the byte order mark of
the old; a file that needs no change is not written at all.
"""

from __future__ import annotations

import os
import sys

from dana.cli import inputs
from dana.cli.options import UsageProblem
from dana.cli.terminal import FAILED, OK, REFUSED
from dana.source import Source

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dana.cli.options import Options
    from dana.cli.terminal import Terminal
    from dana.diagnostics import Diagnostic

BOM = b"\xef\xbb\xbf"


class Program:
    """A file to rewrite, or stdin; `source` is its text, None when it is none (then `fault` says why)."""

    __slots__ = ("data", "fault", "path", "source")

    def __init__(self, path: str) -> None:
        from dana.parser import decode

        self.path = path
        self.data = inputs.data_of(path)
        decoded = decode(self.data, "<stdin>" if path == "-" else path)
        self.source: Source | None = decoded if isinstance(decoded, Source) else None
        self.fault: Diagnostic | None = None if isinstance(decoded, Source) else decoded

    @property
    def name(self) -> str:
        return "<stdin>" if self.path == "-" else self.path

    def encoded(self, text: str) -> bytes:
        """The text as this file spells it: with its line ends and its byte order mark."""
        first = self.data.find(b"\n")
        if first > 0 and self.data[first - 1 : first] == b"\r":
            text = text.replace("\n", "\r\n")
        return (BOM if self.data.startswith(BOM) else b"") + text.encode("utf-8")

    def differs(self, text: str) -> bool:
        return self.encoded(text) != self.data

    def save(self, text: str) -> None:
        """Replaces the file, or prints the text when the program came from stdin."""
        if self.path == "-":
            sys.stdout.write(text)
        elif self.differs(text):
            replace_file(self.path, self.encoded(text))

    def show_difference(self, text: str) -> None:
        assert self.source is not None
        from difflib import unified_diff

        old, new = self.source.text.splitlines(keepends=True), text.splitlines(keepends=True)
        for line in unified_diff(old, new, self.name, self.name):
            sys.stdout.write(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n")


def replace_file(path: str, data: bytes) -> None:
    """Puts a new content in the place of a file, whole or not at all; links and the mode stay.

    Raises `UsageProblem` when the folder or the file may not be written.
    """
    path = os.path.realpath(path)
    fresh = os.path.join(os.path.dirname(path), f".{os.path.basename(path)}.{os.getpid()}.new")
    try:
        mode = os.stat(path).st_mode & 0o7777
        if not os.access(path, os.W_OK):
            raise UsageProblem("E908", f"cannot write {path}: permission denied")
        try:
            with open(fresh, "xb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.chmod(fresh, mode)
            os.replace(fresh, path)
        except BaseException:
            if os.path.exists(fresh):
                os.unlink(fresh)
            raise
    except OSError as problem:
        raise UsageProblem("E908", f"cannot write {path}: {(problem.strerror or str(problem)).lower()}") from None


def programs(options: Options) -> Iterator[Program]:
    """What the words name, the current folder if there are none."""
    for word in options.words or ["."]:
        for path in inputs.paths(word):
            yield Program(path)


def rewrite(
    options: Options, terminal: Terminal, change: Callable[[Source], tuple[str, Sequence[Diagnostic], str]], verb: str
) -> int:
    """Both commands: `change` gives a program's new text, the errors that are left, and what to say about it."""
    changed = unchanged = 0
    status = OK
    only_look = "check" in options.given or "diff" in options.given
    for program in programs(options):
        if program.source is None:
            assert program.fault is not None
            terminal.report([program.fault])
            status = REFUSED
            continue
        text, left, story = change(program.source)
        errors = [d for d in left if d.is_error]
        if errors:
            terminal.report(errors)
            sys.stderr.write("\n")
            status = REFUSED
        if errors and text == program.source.text and (verb == "formatted" or program.path != "-"):
            continue
        if "diff" in options.given:
            program.show_difference(text)
        if not only_look:
            program.save(text)
        if program.differs(text):
            changed += 1
            sys.stderr.write(story)
        else:
            unchanged += 1
    if options.words != ["-"]:
        sys.stderr.write(summary(changed, unchanged, f"would be {verb}" if only_look else verb))
    if status == OK and changed and "check" in options.given:
        return FAILED
    return status


def summary(changed: int, unchanged: int, verb: str) -> str:
    parts = []
    if changed:
        parts.append(f"{changed} {'file' if changed == 1 else 'files'} {verb}")
    if unchanged:
        parts.append("1 file left as it was" if unchanged == 1 else f"{unchanged} files left as they were")
    return (", ".join(parts) + "\n") if parts else ""


def fmt(options: Options, terminal: Terminal) -> int:
    """Write programs in Dana's one look; 1 with `--check` when a file would change, 2 when one has errors."""
    from dana.fmt import format_source

    style = options.given.get("style")
    word = "would format" if "check" in options.given or "diff" in options.given else "formatted"

    def change(source: Source) -> tuple[str, Sequence[Diagnostic], str]:
        found = format_source(source, style)
        return found.text, found.diagnostics, f"{word} {source.name}\n"

    return rewrite(options, terminal, change, "formatted")


def fix(options: Options, terminal: Terminal) -> int:
    """Apply what findings offer as a change, and say what was done; 2 when errors are left."""
    from dana.engine import Engine
    from dana.fmt.fixes import fix_source

    engine = Engine()

    def change(source: Source) -> tuple[str, Sequence[Diagnostic], str]:
        fixed = fix_source(source, engine.check)
        story = "".join(
            f"{source.name}:{done.line}: {done.code}: {shown(done.old)} becomes {shown(done.new)} ({done.message})\n"
            for done in fixed.applied
        )
        return fixed.text, fixed.left, story

    return rewrite(options, terminal, change, "fixed")


def shown(text: str) -> str:
    if not text:
        return "nothing"
    return f"`{text}`" if len(text) <= 40 and "\n" not in text else f"`{text[:37].splitlines()[0]}...`"
