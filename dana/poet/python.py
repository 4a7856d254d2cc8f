"""The same decorator for Python functions.

    from dana.poet.python import poet

    @poet(retries=5, enforce_handler=plausible)
    def rate(currency: str) -> float: …

Options, stages and errors are those of Dana programs, with one difference: running Python code cannot be
stopped from outside without breaking it. A call that returns after its `timeout` therefore raises
`POETTimeoutError` instead of handing out a late value, and no attempt is started that could only be late; a
call that never returns is not ended. An `async def` is cancelled where it waits (`coroutines.py`).
"""

from __future__ import annotations

import os
from random import Random
from time import monotonic

from dana.adaptive.clock import SystemClock
from dana.poet.pipeline import decorate

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any, ParamSpec, TypeVar, overload

    P = ParamSpec("P")
    R = TypeVar("R")


class Deadline:
    """The moment after which a result is too late."""

    __slots__ = ("at",)

    def __init__(self, at: float) -> None:
        self.at = at


class Stopwatch:
    """Deadlines that are only looked at: what stands for the meter of a Dana program."""

    __slots__ = ("clock",)

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self.clock = clock

    def push_deadline(self, seconds: float) -> Deadline:
        return Deadline(self.clock() + seconds)

    def pop_deadline(self, token: Deadline) -> None:
        pass

    def scopes(self, seconds: float) -> tuple[Callable[[float], Deadline], Callable[[Deadline], None]]:
        """Both for one length of time, as a program's meter has them."""
        return lambda now: Deadline(now + seconds), self.pop_deadline

    def remaining(self) -> float | None:
        """Nothing but the call itself watches the time."""
        return None

    def check(self) -> None:
        pass


class Host:
    """Time and chance for decorated Python functions; tests pass a fake clock and a seeded random source.

    `store`: where functions that name none keep what is learnt (a path, a URL or a `LearningStore`).
    """

    def __init__(self, clock: Any = None, random: Any = None, store: Any = None) -> None:
        self.store = store
        self.clock = SystemClock() if clock is None else clock
        self.random = Random() if random is None else random  # noqa: S311  jitter is no secret
        self.meter = Stopwatch(self.clock.monotonic)


_shared: list[Host] = []


def shared_host() -> Host:
    """The host of functions that name none."""
    if not _shared:
        _shared.append(Host())
    return _shared[0]


def settled(options: dict[str, Any]) -> dict[str, Any]:
    """The options with the settings of a domain read from their file, where a path is given (P18)."""
    path = options.get("plugin_config")
    if not isinstance(path, str | os.PathLike):
        return options
    import json

    from dana.poet.errors import POETConfigError

    try:
        with open(path, encoding="utf-8") as file:
            return {**options, "plugin_config": json.load(file)}
    except (OSError, ValueError) as wrong:
        msg = f"option `plugin_config`: the settings in {os.fspath(path)} cannot be read: {wrong}"
        raise POETConfigError(msg, "", "plugin_config is a dict, or the path of a JSON file with one") from wrong


def named(host: Host, function: Any, options: dict[str, Any]) -> Any:
    """The options with handlers in the place of their names: of the function's module, or registered."""
    from dana.poet.handlers import HANDLERS, resolved
    from dana.poet.registry import registry_of

    if not any(isinstance(options.get(option), str) for option in HANDLERS):
        return options
    scope = getattr(function, "__globals__", {})
    return resolved(options, scope, registry_of(host).handlers, getattr(function, "__name__", "function"))


def register_handler(name: str, handler: Callable[..., Any], *, host: Host | None = None) -> None:
    """Make a function known as a handler: `@poet(enforce_handler="plausible")`.

    Names of the module in which the decorator stands go first. `host`: whose functions it is for, by default those of
    the shared one. Raises `POETConfigError` for what is no name, or no function.
    """
    from dana.poet.handlers import register
    from dana.poet.registry import registry_of

    register(registry_of(host or shared_host()).handlers, name, handler)


if TYPE_CHECKING:

    @overload
    def poet(function: Callable[P, R], /) -> Callable[P, R]: ...
    @overload
    def poet(*, host: Host | None = ..., **options: Any) -> Callable[[Callable[P, R]], Callable[P, R]]: ...
    def poet(function: Any = ..., /, *, host: Host | None = ..., **options: Any) -> Any: ...

else:

    def poet(function: Any = None, /, *, host: Host | None = None, **options: Any) -> Any:
        """`@poet` or `@poet(retries=3, …)` for a Python function; the options are those of Dana's.

        `host` has time, chance and what decorated functions share; by default one for the whole process.
        `plugin_config` may be the path of a JSON file. Raises `POETConfigError` for wrong options, and for
        generator functions, whose calls return before their work is done.
        """

        def decorator(function: Any) -> Any:
            where = host or shared_host()
            return decorate(where, function, named(where, function, settled(options)), coroutines=True)

        return decorator if function is None else decorator(function)


def feedback(
    about: Any,
    *,
    ok: bool | None = None,
    score: float | None = None,
    kind: str | None = None,
    failure: str | None = None,
    comment: str | None = None,
    correction: dict[str, Any] | None = None,
    cause: str | None = None,
    readings: dict[str, float] | None = None,
    host: Host | None = None,
) -> None:
    """Say how a call turned out, now or much later; it is kept in the store of its function.

    `about`: the `call.id` a handler was told, the call itself, or a decorated function. `score` is from 0 (useless)
    to 1, `failure` the name of what was wrong, `correction` what words of the domain mean: {"excellent": 805},
    `cause` what was found to be wrong, where the domain knows causes ("pump degraded"); `readings` what was measured
    then, where no call is named. Raises `POETConfigError` for a call nobody knows, without a store, and for a
    correction or a cause that may not be.
    """
    from dana.poet.registry import registry_of
    from dana.poet.subjects import give

    said = {"ok": ok, "score": score, "kind": kind, "failure": failure, "comment": comment, "correction": correction,
            "cause": cause, "readings": readings}  # fmt: skip
    give(registry_of(host or shared_host()), about, said)


def learn(
    function: Any,
    cost: Callable[[Any], float],
    scenarios: Sequence[Any],
    *,
    budget: int = 200,
    seed: int = 0,
    method: str = "both",
) -> dict[str, Any]:
    """Learn the `learnable` defaults of a decorated function by trying them out (`dana.poet.training.search`).

    `cost(scenario)` calls the function and says what came of it; lower is better. A bar shows how far it is.
    Raises `POETConfigError` where there is nothing to learn.
    """
    import sys

    from dana.poet.training import search

    tell = search.on_terminal(_to_terminal) if sys.stderr is not None and sys.stderr.isatty() else None
    return search.learn(function, cost, scenarios, budget=budget, seed=seed, method=method, tell=tell)


def _to_terminal(text: str) -> None:
    import sys

    sys.stderr.write(text)
    sys.stderr.flush()


def roll_back(function: Any, version: int | None = None) -> dict[str, Any]:
    """Make an older version of what was learnt current again: the one before, or number `version`.

    Returns what differs from what is written now. Raises `POETConfigError` where there is no such version.
    """
    from dana.poet.training.search import rolled_back

    return rolled_back(function, version)


def flush(function: Any) -> None:
    """Have what a decorated function learns from worked through and saved now, as the end of the program does."""
    from dana.poet.pipeline import plan_of

    learner = plan_of(function).learner
    if learner is not None:
        learner.keeper.flush()


def enable(function: Any = None) -> None:
    """Switch the pipeline of a decorated function on; without one, those of all that have the shared host (P30)."""
    _switch(function, on=True)


def disable(function: Any = None) -> None:
    """Switch the pipeline of a decorated function off: the bare function is called; without one, all of them."""
    _switch(function, on=False)


def _switch(function: Any, *, on: bool) -> None:
    from dana.poet.pipeline import plan_of
    from dana.poet.registry import registry_of

    if function is None:
        registry_of(shared_host()).switch(on=on)
    else:
        plan_of(function).switch(on=on)
