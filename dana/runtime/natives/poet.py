"""The decorator as a value, and what is known about decorated functions: they belong to the program that runs."""

from __future__ import annotations

from dana.runtime.natives import types_on_demand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def poet(program: Any) -> Callable[..., Any]:
    """Makes a function reliable: `@poet`, or `@poet(retries=3, timeout=2.0)`."""

    def poet(function: Any = None, /, **options: Any) -> Any:
        """Makes a function reliable: `@poet`, or `@poet(retries=3, timeout=2.0)`."""
        return program.builtins["poet"](function, **options)

    return poet


def explain(program: Any) -> Callable[[Any], str]:
    """What a decorated function is set to and why, what its calls did, what failed last: a text for people."""

    def explain(function: Any, /) -> str:
        """What a decorated function is set to and why, what its calls did, what failed last: a text for people."""
        told: str = program.builtins[".about_poet"]("explain", function)
        return told

    return explain


def status(program: Any) -> Callable[[Any], dict[str, Any]]:
    """The same as data: calls, outcomes, times, the state of breaker, bulkhead and cache, the last failures."""

    def status(function: Any, /) -> dict[str, Any]:
        """The same as data: calls, outcomes, times, the state of breaker, bulkhead and cache, the last failures."""
        known: dict[str, Any] = program.builtins[".about_poet"]("status", function)
        return known

    return status


def configuration(program: Any) -> Callable[[Any], dict[str, Any]]:
    """Every option of a decorated function by name: its `value`, and the `origin` of that."""

    def configuration(function: Any, /) -> dict[str, Any]:
        """Every option of a decorated function by name: its `value`, and the `origin` of that."""
        known: dict[str, Any] = program.builtins[".about_poet"]("configuration", function)
        return known

    return configuration


def learn(program: Any) -> Callable[..., dict[str, Any]]:
    """Learns the learnable constants of a decorated function by trying; `cost(scenario)`, lower is better."""

    def learn(
        function: Any, cost: Any, scenarios: Any, budget: int = 200, seed: int = 0, method: str = "both"
    ) -> dict[str, Any]:
        """Learns the constants of a decorated function by trying them out (`cost(scenario)`: lower is better)."""
        about = program.builtins[".about_poet"]
        told: dict[str, Any] = about("learn", function, cost, list(scenarios), budget, seed, method)
        return told

    return learn


def roll_back(program: Any) -> Callable[..., dict[str, Any]]:
    """Takes back what was learnt about a decorated function: to the version before, or to number `version`."""

    def roll_back(function: Any, version: int | None = None) -> dict[str, Any]:
        """Takes back what was learnt about a decorated function: to the version before, or to number `version`."""
        left: dict[str, Any] = program.builtins[".about_poet"]("roll_back", function, version)
        return left

    return roll_back


def enable(program: Any) -> Callable[..., None]:
    """Switches the pipeline of a decorated function on, or without one those of the whole program."""

    def enable(function: Any = None, /) -> None:
        """Switches the pipeline of a decorated function on, or without one those of the whole program."""
        program.builtins[".about_poet"]("switch", function, True)

    return enable


def disable(program: Any) -> Callable[..., None]:
    """Switches the pipeline of a decorated function off, or without one those of the whole program: bare functions."""

    def disable(function: Any = None, /) -> None:
        """Switches the pipeline of a decorated function off, or without one those of the whole program."""
        program.builtins[".about_poet"]("switch", function, False)

    return disable


def on_interrupt(program: Any) -> Callable[[str, Any], None]:
    """Says who is asked before a stage ("perceive", "operate", "enforce", "*"); it is given the question."""

    def on_interrupt(stage: str, handler: Any, /) -> None:
        """Says who is asked before a stage ("perceive", "operate", "enforce", "*"); it gets the question."""
        program.builtins[".about_poet"]("on_interrupt", stage, handler)

    return on_interrupt


def correct(program: Any) -> Callable[[Any], Any]:
    """An answer: the stage works with this instead, the arguments as a dict, or before Enforce the result."""

    def correct(value: Any, /) -> Any:
        """An answer: the stage works with this instead, the arguments as a dict, or before Enforce the result."""
        return program.builtins[".about_poet"]("signal", "correction", value)

    return correct


def guide(program: Any) -> Callable[[str], Any]:
    """An answer: words that are added to the context; a result is sent back with them."""

    def guide(words: str, /) -> Any:
        """An answer: words that are added to the context; a result is sent back with them."""
        return program.builtins[".about_poet"]("signal", "guidance", words)

    return guide


def override(program: Any) -> Callable[[Any], Any]:
    """An answer: this is the result of the call, now."""

    def override(value: Any, /) -> Any:
        """An answer: this is the result of the call, now."""
        return program.builtins[".about_poet"]("signal", "override", value)

    return override


def deny(program: Any) -> Callable[[], Any]:
    """An answer: the call ends with a `POETInterruptError`."""

    def deny() -> Any:
        """An answer: the call ends with a `POETInterruptError`."""
        return program.builtins[".about_poet"]("signal", "denial", None)

    return deny


def register_handler(program: Any) -> Callable[[str, Any], None]:
    """Makes a function known under a name that `perceive_handler`, `enforce_handler` and `train_handler` may say."""

    def register_handler(name: str, handler: Any, /) -> None:
        """Makes a function known under a name that the handlers of `@poet` may say."""
        program.builtins[".about_poet"]("register_handler", name, handler)

    return register_handler


SIGNATURES = {
    "poet": "(function: any / = None, **options: any) -> any",
    "explain": "(function: any /) -> str",
    "status": "(function: any /) -> dict",
    "configuration": "(function: any /) -> dict",
    "learn": (
        "(function: any, cost: any, scenarios: list, budget: int = 200, seed: int = 0, method: str = 'both') -> dict"
    ),
    "roll_back": "(function: any, version: int = None) -> dict",
    "enable": "(function: any / = None) -> None",
    "disable": "(function: any / = None) -> None",
    "on_interrupt": "(stage: str /, handler: any /) -> None",
    "correct": "(value: any /) -> any",
    "guide": "(words: str /) -> any",
    "override": "(value: any /) -> any",
    "deny": "() -> any",
    "register_handler": "(name: str /, handler: any /) -> None",
}
EXPORTS: dict[str, object] = {
    "poet": poet,
    "explain": explain,
    "status": status,
    "configuration": configuration,
    "learn": learn,
    "roll_back": roll_back,
    "enable": enable,
    "disable": disable,
    "on_interrupt": on_interrupt,
    "correct": correct,
    "guide": guide,
    "override": override,
    "deny": deny,
    "register_handler": register_handler,
}
NEEDS_PROGRAM = frozenset(EXPORTS)
__getattr__ = types_on_demand(SIGNATURES)
