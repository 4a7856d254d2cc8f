"""POET in tests: no waits between attempts, the same chances every time, stages to look at.

    with testing(price) as seen:
        price("tea")
    assert seen.stages(price) == ["perceive", "operate", "enforce"]

Functions decorated for the shared host of Python, or those of a `host` given, are tested; a program of an `Engine` is
the host of its own functions.
"""

from __future__ import annotations

from contextlib import contextmanager
from random import Random

from dana.poet.pipeline import plan_of
from dana.poet.python import shared_host
from dana.poet.registry import registry_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class Seen:
    """What happened inside the block, in order: `(function, what, detail)`."""

    def __init__(self) -> None:
        self.events: list[tuple[str, str, Any]] = []

    def stages(self, function: Any) -> list[str]:
        """The stages of a decorated function's calls that went well."""
        name = plan_of(function).name
        return [detail for who, what, detail in self.events if who == name and what == "stage"]

    def failures(self, function: Any) -> list[str]:
        """The failed attempts of a decorated function's calls, in words."""
        name = plan_of(function).name
        return [detail for who, what, detail in self.events if who == name and what == "attempt"]


class _Witness:
    """An observer that only remembers."""

    def __init__(self, seen: Seen) -> None:
        self.seen = seen

    def start(self, status: Any) -> None:
        self.seen.events.append((status.function_name, "start", status.perceived_input))

    def stage(self, status: Any, stage: str, *, ok: bool) -> None:
        if ok:
            self.seen.events.append((status.function_name, "stage", stage))

    def attempt(self, status: Any, attempt: Any) -> None:
        self.seen.events.append((status.function_name, "attempt", str(attempt.fault)))

    def end(self, status: Any, value: Any, error: BaseException | None) -> None:  # noqa: ARG002
        self.seen.events.append((status.function_name, "end", status.outcome))


@contextmanager
def testing(*functions: Any, host: Any = None, seed: int = 0) -> Iterator[Seen]:  # noqa: PT028  (no test itself)
    """No waits and seeded chances in the block; calls of `functions` with an `audit_trail` are seen, not recorded."""
    wanted = shared_host() if host is None else host
    registry = registry_of(wanted)
    seen = Seen()
    plans = [plan_of(function) for function in functions]
    observers = [plan.observer for plan in plans]
    before, chances = registry.testing, wanted.random
    registry.testing = True
    if hasattr(wanted, "__dict__"):
        wanted.random = Random(seed)  # noqa: S311  jitter is no secret
    for plan in plans:
        if plan.observer is not None:
            plan.observer = _Witness(seen)
    try:
        yield seen
    finally:
        registry.testing = before
        if hasattr(wanted, "__dict__"):
            wanted.random = chances
        for plan, observer in zip(plans, observers, strict=True):
            plan.observer = observer
