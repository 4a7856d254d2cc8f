"""The arithmetic of supervision: which children go down together, and how often is too often.

one_for_one    the child that crashed
rest_for_one   that child and those that were started after it
one_for_all    all of them
"""

from __future__ import annotations

from collections import deque

from dana.agents.errors import bad_setting
from dana.runtime.typevalues import safe_repr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

ONE_FOR_ONE = "one_for_one"
REST_FOR_ONE = "rest_for_one"
ONE_FOR_ALL = "one_for_all"
STRATEGIES = (ONE_FOR_ONE, REST_FOR_ONE, ONE_FOR_ALL)

# permanent: restarted however it ended; transient: unless it ended normally; temporary: never.
PERMANENT = "permanent"
TRANSIENT = "transient"
TEMPORARY = "temporary"
RESTARTS = (PERMANENT, TRANSIENT, TEMPORARY)

# More restarts than this within so many seconds, and the supervisor gives up.
LIMIT = 3
WITHIN_S = 5.0

# How a child ends when it is told to without a reason of its own: neither restarts a transient child.
NORMAL = "normal"
SHUTDOWN = "shutdown"


def affected(strategy: str, children: Sequence[Any], failed: Any) -> list[Any]:
    """The children that go down with the one that failed, in the order in which they are started again."""
    if strategy == ONE_FOR_ONE:
        return [failed]
    if strategy == ONE_FOR_ALL:
        return list(children)
    at = next(index for index, child in enumerate(children) if child is failed)
    return list(children[at:])


def is_restarted(restart: str, *, abnormal: bool) -> bool:
    """Whether a child of this restart type starts again after it has ended."""
    return restart == PERMANENT or (restart == TRANSIENT and abnormal)


def chosen(what: str, given: Any, allowed: Sequence[str]) -> str:
    """One of the words that are allowed. Raises E867 with the nearest ones."""
    if given in allowed:
        return str(given)
    from dana.diagnostics import suggest

    near = suggest(given, allowed) if isinstance(given, str) else None
    meant = f"did you mean {near!r}? " if near else ""
    raise bad_setting(f"{what} is one of {', '.join(map(repr, allowed))}, not {safe_repr(given)}", meant.rstrip())


class Intensity:
    """At most `limit` restarts in any stretch of `within` seconds."""

    __slots__ = ("_moments", "limit", "within")

    def __init__(self, limit: int = LIMIT, within: float = WITHIN_S) -> None:
        if isinstance(limit, bool) or not isinstance(limit, int) or limit < 0:
            raise bad_setting(f"limit is how many restarts are allowed: a whole number from 0, not {safe_repr(limit)}")
        if isinstance(within, bool) or not isinstance(within, int | float) or not 0 < within < float("inf"):
            raise bad_setting(f"within is a time in seconds, more than 0, not {safe_repr(within)}")
        self.limit = limit
        self.within = float(within)
        self._moments: deque[float] = deque()

    def exceeds(self, now: float) -> bool:
        """Count one more restart; whether that makes too many."""
        moments = self._moments
        moments.append(now)
        while moments[0] <= now - self.within:
            moments.popleft()
        return len(moments) > self.limit

    def recent(self, now: float) -> int:
        """How many restarts the last `within` seconds saw."""
        return sum(moment > now - self.within for moment in self._moments)
