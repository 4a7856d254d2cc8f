"""The backstop of `--time`: when the limit has passed and no loop has noticed, a signal says so.

Compiled loops look at the clock themselves and stop within a millisecond. What they cannot see is a long run
of single C operations between two looks (multiplying numbers of a million digits). There, and only in a
process of its own, a timer interrupts the program between two operations.
"""

from __future__ import annotations

from contextlib import contextmanager

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from dana.engine import Engine

# How long the program may be late before the timer steps in, and how often it comes again.
PATIENCE_S = 0.15
AGAIN_S = 0.1


@contextmanager
def backstop(engine: Engine) -> Iterator[None]:
    """A timer for the engine's wall limit; nothing when there is none, or no such timer on this system."""
    import signal

    limit = engine.limits.wall_s
    if limit is None or not hasattr(signal, "setitimer"):
        yield
        return

    def ring(_signal: int, _frame: FrameType | None) -> None:
        stop = engine.meter.overdue() if engine.meter is not None else None
        if stop is not None:
            raise stop

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, limit + PATIENCE_S, AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
