"""How a conversation begins: which front, which limits, where its history is kept."""

from __future__ import annotations

import gc
import os
import sys

from dana.repl.shell import Screen, Shell

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dana.engine import Engine, Limits
    from dana.policy import Policy

MISSING = """\
The full prompt needs prompt_toolkit, which is not installed; this is the plain one.
  to get it:  pip install prompt_toolkit
"""


def start(
    limits: Limits,
    *,
    colour: bool,
    cache: bool = True,
    policy: Callable[[], Policy] | None = None,
    configure: Callable[[Engine], None] | None = None,
) -> int:
    """Talk until the user leaves; the exit status (of a pipe: 1 when an entry failed).

    `policy` makes what entries may reach, at the first need (None: nothing); `:grants` changes it. `configure` sets
    the engine up before the first entry.
    """
    from dana.engine import Engine

    gc.disable()  # what loads now stays; the collector is on again before the first prompt
    for stream in (sys.stdout, sys.stdin):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    on_terminal = sys.stdin.isatty() and sys.stdout.isatty()
    read = input if on_terminal else None
    engine = Engine(limits=limits, cache=cache, read=read, stderr=sys.stderr, policy=policy)
    if configure is not None:
        configure(engine)
    shell = Shell(engine, Screen(_write, width=_columns, colour=colour))
    if on_terminal and os.environ.get("TERM", "dumb") != "dumb":
        from dana.repl.pending import Pending

        shell.pending = Pending(_write, _columns)
    if not on_terminal:
        from dana.repl.lines import pipe

        gc.enable()
        pipe(shell)
    elif os.environ.get("TERM", "dumb") == "dumb" or not _has_editor():
        from dana.repl.lines import terminal

        gc.enable()
        _greet(plain=True)
        terminal(shell)
    else:
        from dana.repl.editor import edit

        gc.freeze()
        gc.enable()
        _greet(plain=False)
        edit(shell, history_file())
    shell.close()
    code = engine.exit_code
    if isinstance(code, int):
        return code & 0xFF
    return 1 if shell.failures and not on_terminal else 0


def _has_editor() -> bool:
    from importlib.util import find_spec

    return find_spec("prompt_toolkit") is not None


def _greet(*, plain: bool) -> None:
    from dana.abi import VERSION

    sys.stdout.write(f"Dana {VERSION}. :help shows what can be said, Ctrl-D leaves.\n")
    if plain and os.environ.get("TERM", "dumb") != "dumb":
        sys.stdout.write(MISSING)
    sys.stdout.flush()


def _write(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _columns() -> int:
    try:
        return os.get_terminal_size(sys.stdout.fileno()).columns or 80
    except (OSError, ValueError):
        return 80


def history_file() -> str | None:
    """Where the history is kept, its folder made; None when there is no place for it."""
    state = os.environ.get("XDG_STATE_HOME") or os.path.join(os.path.expanduser("~"), ".local", "state")
    folder = os.path.join(state, "dana")
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
    except OSError:
        return None
    return os.path.join(folder, "history")
