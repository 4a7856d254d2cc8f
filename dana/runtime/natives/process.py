"""Environment variables and programs of the system behind `stdlib/process.na` (kinds `env` and `run` of L48).

No shell is involved: a program is started with its arguments as they are. It gets the variables the Dana program
may read itself, and those without which programs do not start (`PATH`, `LANG`, …); so starting one shows no key
that was not granted. It runs in a group of processes of its own, which ends with it, with the deadline, and with
the Dana program.
"""

from __future__ import annotations

import os

from dana.runtime.natives import types_on_demand
from dana.runtime.outside import elsewhere
from dana.runtime.outside.requests import number_in
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

DEFAULT_TIMEOUT_S = 30.0
DEFAULT_MAX_BYTES = 10_000_000
MOST_ARGUMENTS = 1_000
LONGEST_ARGUMENT = 100_000
# What programs need to start at all, and what tells no secret.
PLAIN_NAMES = ("PATH", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "SYSTEMROOT", "PATHEXT", "COMSPEC")


def env(program: Any) -> Callable[..., str | None]:
    """A variable of the environment; the default if it is not set."""

    def env(name: str, default: Any = None) -> Any:
        """A variable of the environment; the default if it is not set."""
        if not isinstance(name, str) or not name or "=" in name or "\0" in name:
            raise failure(ValueError, "E539", f"no name of a variable: {str(name)[:40]!r}")
        if elsewhere.host is not None:
            return elsewhere.now("process", "env", name, default)
        program.policy.require("env", name)
        return os.environ.get(name, default)

    return env


def environment(program: Any) -> dict[str, str]:
    """What a started program finds in its environment."""
    permits = program.policy.permits
    return {name: value for name, value in os.environ.items() if name in PLAIN_NAMES or permits("env", name)}


def run(program: Any) -> Any:
    """Runs a program of the system: gives status, output and errors."""
    from dana.runtime.effects import Effect

    def start(
        name: Any,
        arguments: Any,
        stdin: Any,
        timeout: float,
        max_bytes: int,
    ) -> Awaitable[tuple[int, str, str]]:
        if elsewhere.host is not None:
            return elsewhere.later("process", "run", name, list(arguments), stdin, timeout, max_bytes)
        return start_here(program, name, arguments, stdin, timeout, max_bytes)

    return Effect(program, "process.run", start, writes=True)


def start_here(
    program: Any, name: Any, arguments: Any, stdin: Any, timeout: float, max_bytes: int
) -> Awaitable[tuple[int, str, str]]:
    """Checks what is to be started; the awaitable starts it."""
    words = [word_of(each) for each in arguments]
    if not isinstance(name, str) or not name or "\0" in name or len(words) > MOST_ARGUMENTS:
        raise failure(ValueError, "E539", f"no program: {str(name)[:80]!r}")
    if stdin is not None and not isinstance(stdin, str):
        raise failure(TypeError, "E539", f"stdin is a text, not {type(stdin).__name__}")
    number_in("timeout", timeout, 0.001, 86_400)
    number_in("max_bytes", max_bytes, 0, 1 << 30)
    program.policy.require("run", name)
    path = found(name)
    data = None if stdin is None else stdin.encode()
    return finished(path, name, words, data, environment(program), timeout, max_bytes)


def remote_run(program: Any) -> Callable[..., Awaitable[tuple[int, str, str]]]:
    """A program started for a program in a worker."""

    async def run(name: Any, arguments: Any, stdin: Any, timeout: Any, max_bytes: Any) -> tuple[int, str, str]:  # noqa: ASYNC109
        return await start_here(program, name, arguments, stdin, timeout, max_bytes)

    return run


def word_of(value: Any) -> str:
    """An argument as the program gets it."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise failure(TypeError, "E539", f"an argument is a text or a number, not {type(value).__name__}")
    text = str(value)
    if "\0" in text or len(text) > LONGEST_ARGUMENT:
        raise failure(ValueError, "E539", "an argument holds no NUL character and is not endless")
    return text


def found(name: str) -> str:
    """The program's file: by the search path, never from the current folder unless it is written as a path."""
    from shutil import which

    path = name if os.sep in name else which(name)
    if path is None or not os.path.isfile(path) or not os.access(path, os.X_OK):
        raise failure(FileNotFoundError, "E539", f"there is no program `{name[:80]}`", "is it installed, and on PATH?")
    return os.path.realpath(path) if os.sep in name else path


async def finished(
    path: str,
    name: str,
    words: list[str],
    data: bytes | None,
    variables: dict[str, str],
    timeout: float,  # noqa: ASYNC109  (the time limit of the program, with its own error)
    max_bytes: int,
) -> tuple[int, str, str]:
    """Starts the program and waits for its end; kills it and all it started when anything else happens."""
    import asyncio
    from subprocess import DEVNULL, PIPE

    from dana.runtime.outside.children import Child

    loop = asyncio.get_running_loop()
    try:
        transport, child = await loop.subprocess_exec(
            lambda: Child(loop, max_bytes),
            path,
            *words,
            stdin=DEVNULL if data is None else PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env=variables,
            start_new_session=True,
        )
    except OSError as error:
        raise failure(type(error), "E539", f"`{name}` cannot be started: {error.strerror}") from None
    try:
        async with asyncio.timeout(timeout):
            child.give(data)
            await child.exited
    except TimeoutError:
        raise failure(TimeoutError, "E539", f"`{name}` did not end within {timeout:g} s", "raise `timeout`") from None
    finally:
        await child.end()
    if child.left < 0:
        raise failure(ValueError, "E532", f"`{name}` wrote more than {max_bytes:,} bytes", "raise `max_bytes`")
    return transport.get_returncode() or 0, child.text(1), child.text(2)


SIGNATURES = {
    "env": "(name: str, default: any = …) -> any",
    "run": "effect (name: str, arguments: any, stdin: any, timeout: float, max_bytes: int) -> tuple[int, str, str]",
}
EXPORTS: dict[str, object] = {"env": env, "run": run}
REMOTE = {"run": remote_run}
NEEDS_PROGRAM = frozenset(EXPORTS)
__getattr__ = types_on_demand(SIGNATURES)
