"""A conversation with `dana` on a real pseudo-terminal, and one without any terminal."""

from __future__ import annotations

import io
import os
import re
import sys
from pathlib import Path

import pexpect

from dana.engine import Engine, Limits
from dana.repl.shell import Screen, Shell

ROOT = Path(__file__).parents[2]
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b[()][A-Z0-9]|[\r\x07\x00]")
SUBMITTED = "\x1b[?2004l"  # the editor has let go of the terminal: an entry begins to run

UP, DOWN, RIGHT, LEFT = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D"
HOME, END, ALT_ENTER, BACKSPACE, SHIFT_TAB = "\x01", "\x05", "\x1b\r", "\x7f", "\x1b[Z"


def plain(text: str) -> str:
    """Without control sequences."""
    return CONTROL.sub("", text)


class Spawned(pexpect.spawn):
    """A process on a terminal that answers where its cursor is, as terminals do."""

    _tail = ""

    def read_nonblocking(self, size=1, timeout=-1):
        data = super().read_nonblocking(size, timeout)
        seen = self._tail + data
        for _ in range(seen.count("\x1b[6n")):
            self.send("\x1b[1;1R")
        self._tail = "" if seen.endswith("\x1b[6n") else seen[-3:]
        return data


class Talk:
    """`ask` enters a text and gives what came back; `number` is that of the prompt."""

    def __init__(
        self, folder: Path, *words: str, size=(24, 80), code: str | None = None, editor=True, **env: str
    ) -> None:
        environment = {
            "PATH": os.environ.get("PATH", ""),
            "HOME": str(folder),
            "XDG_STATE_HOME": str(folder / "state"),
            "XDG_CACHE_HOME": str(Path.home() / ".cache"),
            "PYTHONPATH": str(ROOT),
            "TERM": "xterm-256color",
            "LANG": "C.UTF-8",
            "NO_COLOR": "1",
            **env,
        }
        python = ["-c", code] if code else ["-m", "dana"]
        self.editor = editor
        self.number = 1
        self.io = Spawned(
            sys.executable,
            [*python, *words],
            env=environment,
            encoding="utf-8",
            timeout=15,
            dimensions=size,
            cwd=str(folder),
        )
        self.io.delaybeforesend = None
        self.io.expect_exact("dana 1> ")

    def ask(self, text: str, *, counts: bool = True) -> str:
        """Enter `text` and return what was shown until the next prompt; `counts`: it is no command."""
        self.type(text + "\r")
        return self.shown(counts=counts)

    def tell(self, text: str) -> str:
        """A command: the prompt keeps its number."""
        return self.ask(text, counts=False)

    def shown(self, *, counts: bool = True) -> str:
        self.io.expect_exact(SUBMITTED if self.editor else "\n")
        self.number += counts
        self.io.expect_exact(f"dana {self.number}> ")
        return plain(self.io.before).strip("\n")

    def type(self, text: str) -> None:
        data = text.encode()
        for at in range(0, len(data), 512):
            os.write(self.io.child_fd, data[at : at + 512])

    def paste(self, text: str) -> None:
        self.type(f"\x1b[200~{text}\x1b[201~")

    def sees(self, text: str) -> None:
        self.io.expect_exact(text)

    def interrupt(self) -> None:
        self.io.sendintr()

    def resize(self, rows: int, columns: int) -> None:
        self.io.setwinsize(rows, columns)

    def leave(self, text: str = "\x04") -> int:
        """End the conversation; the exit status."""
        self.type(text)
        self.io.expect(pexpect.EOF)
        self.io.close()
        return self.io.exitstatus


class Quiet:
    """A shell without a terminal: `ask` gives what an entry shows."""

    def __init__(self, width: int = 80, **limits) -> None:
        self.stream = io.StringIO()
        engine = Engine(limits=Limits(**limits), on_print=self.stream.write, cache=False)
        self.shell = Shell(engine, Screen(self.stream.write, width=lambda: width))

    def ask(self, text: str) -> str:
        start = self.stream.tell()
        self.shell.enter(text)
        return self.stream.getvalue()[start:].rstrip("\n")
