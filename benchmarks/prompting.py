"""How long the prompt keeps its user waiting: until it is there, from a key to what is painted, for Tab.

Keys are sent one by one into an editor that paints into memory; the clock runs from the key to the end of the
painting that shows it. The session has 500 lines behind it and a program of 500 lines under the cursor.
"""

from __future__ import annotations

import io
import os
import pty
import subprocess
import sys
import tempfile
import time
from typing import TYPE_CHECKING

from measure import Row, Table
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.data_structures import Size
from prompt_toolkit.document import Document
from prompt_toolkit.input import create_pipe_input
from prompt_toolkit.output.vt100 import Vt100_Output

from dana.engine import Engine
from dana.repl.editor import _Completer, make_session
from dana.repl.shell import Screen, Shell

if TYPE_CHECKING:
    from collections.abc import Iterable

BLOCK = "def step{n}(x: int, y: int = 2) -> int:\n    z = x + y  # add\n    return max([z, {n}])\n\n\n"
TYPED = "total = step1(1) + len('abc')  # why not\nfor item in [1, 2, 3]:\nprint(item)\n"
BEFORE = (
    "st",
    "step4",
    "pr",
    "step1(",
    "max(1, mi",
    "math.",
    "math.cl",
    "p.",
    "x = [1, 2, le",
    "'a'.up",
    "import ma",
    "",
)


def prompting(table: Table, rounds: int) -> None:
    """Rows about `dana repl`."""
    table.add(Row("repl: first prompt", first_prompt(rounds) * 1000, "ms", "whole process", 250))
    shell = Shell(Engine(cache=False), Screen(lambda _text: None))
    for n in range(100):
        shell.enter(BLOCK.format(n=n))
    for text in ("import math", "struct P:\n    x: int\n    y: int\n", "p = P(1, 2)"):
        shell.enter(text)
    program = "".join(BLOCK.format(n=n) for n in range(100))
    times = least(keystrokes(shell, program, TYPED * 2) for _ in range(max(3, rounds // 3)))
    table.add(Row("repl: key to paint, 500 lines, p99", p99(times) * 1000, "ms", f"{len(times)} keys", 16))
    times = least(completions(shell) for _ in range(max(3, rounds // 3)))
    table.add(Row("repl: completion, p99", p99(times) * 1000, "ms", f"{len(times)} times Tab", 30))


def first_prompt(rounds: int) -> float:
    """Seconds until a new process shows its prompt on a terminal; the best of several."""
    with tempfile.TemporaryDirectory() as state:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        environment = {**kept, "TERM": "xterm-256color", "XDG_STATE_HOME": state}
        return min(_prompt_of_one(environment) for _ in range(rounds + 1))


def _prompt_of_one(environment: dict[str, str]) -> float:
    ours, theirs = pty.openpty()
    start = time.perf_counter()
    words = [sys.executable, "-m", "dana"]
    process = subprocess.Popen(
        words, stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True
    )
    os.close(theirs)
    seen = b""
    while b"dana 1> " not in seen:
        seen += os.read(ours, 4096)
    took = time.perf_counter() - start
    process.kill()
    process.wait()
    os.close(ours)
    return took


def keystrokes(shell: Shell, text: str, typed: str) -> list[float]:
    """Seconds from each key to the end of the painting that follows it, typed at the end of `text`."""
    times: list[float] = []
    keys = iter("\x1b\r" if c == "\n" else c for c in typed)
    sent = 0.0
    with create_pipe_input() as source:
        sink = Vt100_Output(io.StringIO(), get_size=lambda: Size(rows=40, columns=120), enable_cpr=False)
        with create_app_session(input=source, output=sink):
            session = make_session(shell, None)

            def painted(app):
                nonlocal sent
                if app.is_done:
                    return
                if sent:
                    times.append(time.perf_counter() - sent)
                key = next(keys, None)
                if key is None:
                    app.exit(result="")
                    return
                sent = time.perf_counter()
                source.send_text(key)

            session.app.after_render += painted
            session.prompt("dana 1> ", default=text)
    return times[5:]


def completions(shell: Shell) -> list[float]:
    """Seconds for everything that could stand at the cursor, at the end of a program of 500 lines."""
    completer = _Completer(shell)
    text = "".join(BLOCK.format(n=n) for n in range(100))
    times = []
    for before in BEFORE * 5:
        document = Document(text + before)
        start = time.perf_counter()
        list(completer.get_completions(document, CompleteEvent(completion_requested=True)))
        times.append(time.perf_counter() - start)
    return times


def least(runs: Iterable[list[float]]) -> list[float]:
    """Of several runs that do the same the shortest time of each step: what the machine does besides is no news."""
    return [min(step) for step in zip(*runs, strict=False)]


def p99(times: list[float]) -> float:
    return sorted(times)[min(len(times) - 1, int(len(times) * 0.99))]
