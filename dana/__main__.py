"""The front of the `dana` command: a program that is compiled already starts before anything else loads.

`dana FILE key=value…` and `dana run FILE key=value…` without options try the cache first; everything
else, and every miss, goes to `dana.cli`. Nothing may be imported here that a cached start does not need
(a test pins the list).
"""

from __future__ import annotations

import gc
import os
import sys

import dana

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from dana.policy import Policy


def main(words: list[str] | None = None) -> int:
    """Run the command line `words` (default: the process's own) and return the exit status."""
    process = words is None
    if words is None:
        words = sys.argv[1:]
        gc.disable()  # what loads now stays; the collector is on again before the program runs
    status = _cached(words[1:] if words[:1] == ["run"] else words)
    if status is None:
        gc.enable()
        from dana.cli import main as command_line

        return command_line(words)
    if process:
        _leave(status)
    return status


def _leave(status: int) -> None:
    """End the process without taking the interpreter apart piece by piece, which costs a tenth of a short run.

    The program is closed (its resources stopped, its `finally` blocks run); nothing else is alive here.
    """
    sys.stderr.flush()
    os._exit(status)


def _cached(words: list[str]) -> int | None:
    """The exit status of a program that was run from the cache, or None when there is no such shortcut."""
    if not words or not words[0].endswith(".na") or sys.stdout is None:
        return None
    for word in words:
        if word[:1] == "-" or "=@" in word:
            return None
    from dana.engine.fastpath import run_cached

    try:
        status = run_cached(words[0], words[1:], _policy, _models)
        sys.stdout.flush()
    except dana.DanaError as error:
        from dana.cli.terminal import Terminal

        return Terminal.of([]).fail(error)
    except (OSError, KeyboardInterrupt) as stopped:
        from dana.cli.terminal import interrupted

        return interrupted(stopped)
    return status


def _policy(folder: str) -> Callable[[], Policy]:
    """What a program in the folder may reach; only a program that asks for something gets here."""
    from dana.cli.granting import policy_of

    return policy_of({}, folder)


def _models(folder: str) -> Mapping[str, Any] | None:
    """What the project around a folder says about language models; only a program that asks one gets here."""
    from dana.cli.project import model_of

    return model_of(folder)


if __name__ == "__main__":
    sys.exit(main())
