"""`dana FILE` without options: the shortest way from a command line to a running program."""

from __future__ import annotations

import gc
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from dana.engine.engine import Engine
    from dana.policy import Policy


def run_cached(
    path: str,
    words: Sequence[str],
    policy: Callable[[str], Callable[[], Policy]] | None = None,
    models: Callable[[str], Mapping[str, Any] | None] | None = None,
) -> int | None:
    """Run a file whose compiled form is in the cache; None (and nothing has happened) when it is not.

    `words` are `key=value` arguments for `__main__`; `policy(folder)` gives the function that makes the policy when the
    program first asks for something; `models(folder)` what is configured about language models. Returns the
    exit status; raises `DanaError`.
    """
    from dana.compiler.cache import Cache, default_folder

    arguments: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if not equals or not key.isidentifier():
            return None
        arguments[key] = value
    full = os.path.abspath(path)
    cache = Cache(default_folder())
    try:
        with open(full, "rb") as stream:
            data = stream.read()
    except OSError:
        return None
    if not cache.has(cache.key(f"__main__\0{full}\0entry", data, metered=True)):
        return None
    from dana.engine.engine import Engine
    from dana.engine.limits import Limits

    gc.enable()
    engine = Engine(limits=Limits.none(), cache=cache, read=input, stderr=sys.stderr, policy=_lazily(policy, full))
    engine.poet_profile = os.environ.get("DANA_POET_PROFILE") or None
    engine.poet_store = os.environ.get("DANA_POET_STORE") or "auto"
    engine.agent_memory = os.environ.get("DANA_MEMORY") or "auto"
    if models is not None:
        engine.model_table = lambda: models(os.path.dirname(full))
    engine.run(full, arguments=arguments)
    return exit_status(engine)


def _lazily(policy: Callable[[str], Callable[[], Policy]] | None, full: str) -> Callable[[], Policy] | None:
    """The function that makes the policy; what knows how is loaded when the program asks for something."""
    if policy is None:
        return None

    def made() -> Policy:
        return policy(os.path.dirname(full))()

    return made


def exit_status(engine: Engine) -> int:
    """What the shell is told after a run: `exit(code)` means what it means in Python, a text is printed."""
    code = engine.exit_code
    if code is None:
        return 0
    if isinstance(code, int):
        # As in Python: what fits into C's `long` counts by its last byte, anything larger is a failure.
        return code & 0xFF if -(1 << 63) <= code < 1 << 63 else 0xFF
    sys.stderr.write(f"{plain(code)}\n")
    return 1


def plain(value: object) -> str:
    """A value as text for the terminal; whatever a program built, this does not fail."""
    try:
        text = f"{value}"
    except RecursionError:
        return "(a value that is nested too deeply to print)"
    return text.encode(errors="backslashreplace").decode()
