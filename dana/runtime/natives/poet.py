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


SIGNATURES = {
    "poet": "(function: any / = None, **options: any) -> any",
    "explain": "(function: any /) -> str",
    "status": "(function: any /) -> dict",
    "configuration": "(function: any /) -> dict",
    "enable": "(function: any / = None) -> None",
    "disable": "(function: any / = None) -> None",
}
EXPORTS: dict[str, object] = {
    "poet": poet,
    "explain": explain,
    "status": status,
    "configuration": configuration,
    "enable": enable,
    "disable": disable,
}
NEEDS_PROGRAM = frozenset(EXPORTS)
__getattr__ = types_on_demand(SIGNATURES)
