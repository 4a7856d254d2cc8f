"""One conversation about one piece of work, written once; drivers carry it out.

    effects = perform(policy, record, draw, remaining)
        yields (ATTEMPT, 1)       ← the driver makes the attempt; when it failed, it sends the `Attempt`
        yields (WAIT, 0.13)       ← the driver sleeps and goes on
        yields (ATTEMPT, 2)       … until one works, which ends the conversation, or
        yields (GIVE_UP, 2)       ← `record.reason` says why

`record` collects every failed attempt with its fault and the wait that followed: the feedback for the
next attempt, and the story of the whole when it fails.
"""

from __future__ import annotations

from dana.adaptive.policy import OUT_OF_TIME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import TypeAlias, TypeVar

    from dana.adaptive.policy import Retry

    Effect: TypeAlias = tuple[str, float]
    T = TypeVar("T")

ATTEMPT = "attempt"
WAIT = "wait"
GIVE_UP = "give up"


class Attempt:
    """One failed attempt: its number from 1, the fault, the stage that failed, the wait that followed it.

    `place` says where the fault was raised once that has been looked up; None before.
    """

    __slots__ = ("fault", "number", "place", "refused", "waited")

    def __init__(self, number: int, fault: BaseException, *, refused: bool = False) -> None:
        self.number = number
        self.fault = fault
        self.place: str | None = None
        self.refused = refused
        self.waited: float | None = None

    def __repr__(self) -> str:
        return f"Attempt({self.number}, {self.fault!r}, refused={self.refused}, waited={self.waited})"


class Record:
    """What happened so far: the failed attempts, and, at the end, why there was no further one."""

    __slots__ = ("attempts", "reason")

    def __init__(self) -> None:
        self.attempts: list[Attempt] = []
        self.reason = ""


def perform(
    policy: Retry,
    record: Record,
    draw: Callable[[], float],
    remaining: Callable[[], float | None],
) -> Generator[Effect, Attempt | None, None]:
    """The effects of one performance; `remaining()` is the time left, None for no end."""
    number = 1
    waited: float | None = None
    while True:
        failed = yield ATTEMPT, number
        if failed is None:
            raise TypeError("a failed attempt must be sent")
        record.attempts.append(failed)
        record.reason = policy.refuses(number, failed.fault, refused=failed.refused)
        if record.reason:
            break
        waited = policy.delay(number, waited, draw, failed.fault)
        left = remaining()
        if left is not None and waited >= left:
            record.reason = OUT_OF_TIME
            break
        failed.waited = waited
        if waited > 0:
            yield WAIT, waited
        number += 1
    yield GIVE_UP, number


def drive(
    effects: Generator[Effect, Attempt | None, None],
    operate: Callable[[int], T | Attempt],
    sleep: Callable[[float], object],
    failed: Attempt | None = None,
) -> tuple[bool, T | None]:
    """Carry a performance out with ordinary calls: `(True, value)`, or `(False, None)` when it gave up.

    `operate(number)` returns the value, or the `Attempt` that failed; what it raises passes through.
    `failed` is a first attempt the caller has made already.
    """
    kind, amount = next(effects)
    if failed is not None:
        kind, amount = effects.send(failed)
    while kind is not GIVE_UP:
        if kind is WAIT:
            sleep(amount)
            kind, amount = next(effects)
            continue
        outcome = operate(int(amount))
        if not isinstance(outcome, Attempt):
            return True, outcome
        kind, amount = effects.send(outcome)
    return False, None
