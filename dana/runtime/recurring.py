"""One length of time, again and again: the deadline of a function that is called often."""

from __future__ import annotations

from dana.runtime.meter import NEAR_S, WATCHERS, Deadline

# Shorter ones may end before the watchdog looks again.
URGENT_S = 0.1

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dana.runtime.meter import Meter


def scopes(meter: Meter, seconds: float) -> tuple[Callable[[float], Deadline], Callable[[Deadline], None]]:
    """What `Meter.scopes` gives.

    A deadline that nobody can have kept (it was not reached, and no branch knows it) is used again.
    """
    spare: list[Deadline] = []
    is_short, is_urgent = seconds < NEAR_S, seconds < URGENT_S

    def enter(now: float) -> Deadline:
        nearest = meter._deadline
        at = now + seconds
        if spare:
            deadline = spare.pop()
            deadline.at = at
            deadline.before = nearest
        else:
            deadline = Deadline(at, seconds, nearest)
        meter._deadlines.append(deadline)
        if nearest is None or at < nearest:
            meter._deadline = at
        if is_short and meter.bank[0]:
            meter._empty_bank()
        if meter._watching:
            if not meter.thread:
                meter._watch()
            elif is_urgent:
                WATCHERS.dog.hurry()
        return deadline

    def leave(deadline: Deadline) -> None:
        deadlines = meter._deadlines
        if meter._stop is None and deadlines and deadlines[-1] is deadline:
            deadlines.pop()
            meter._deadline = deadline.before
            if not deadline.kept:
                spare.append(deadline)
        else:
            meter.pop_deadline(deadline)

    return enter, leave
