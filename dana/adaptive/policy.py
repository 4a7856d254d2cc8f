"""How long to wait before another attempt, and when to stop trying.

Waits grow geometrically to a cap. Jitter spreads them, so that callers that failed together do
not come back together:

    none          base, base·f, base·f², …          (each at most the cap)
    full          uniform from 0 to that
    equal         half of that, plus uniform up to the other half
    decorrelated  uniform from base to (1 + f) times the wait before, at most the cap

Randomness is an argument: `draw()` gives a float in [0, 1).
"""

from __future__ import annotations

from dana.adaptive.faults import NEVER, is_transient
from dana.adaptive.recovery import classify, recovery

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dana.adaptive.budget import RetryBudget

# What a service asks for beyond this is not waited for.
LONGEST_ASKED_S = 3600.0
JITTERS = ("none", "full", "equal", "decorrelated")


class Backoff:
    """The waits between attempts: `base` seconds first, times `factor` after each, at most `cap`."""

    __slots__ = ("base", "cap", "factor", "jitter")

    def __init__(self, base: float = 0.1, factor: float = 2.0, cap: float = 8.0, jitter: str = "full") -> None:
        if jitter not in JITTERS:
            msg = f"jitter must be one of {JITTERS}, not {jitter!r}"
            raise ValueError(msg)
        self.base = base
        self.factor = factor
        self.cap = cap
        self.jitter = jitter

    def delay(self, retry: int, previous: float | None, draw: Callable[[], float]) -> float:
        """Seconds to wait before retry number `retry` (from 1); `previous` is the wait before the last one."""
        if self.jitter == "decorrelated":
            low = min(self.base, self.cap)
            high = min(self.cap, (1 + self.factor) * (low if previous is None else previous))
            return low + draw() * max(0.0, high - low)
        full = min(self.cap, self.base * float(self.factor) ** (retry - 1))
        if self.jitter == "none":
            return full
        if self.jitter == "full":
            return draw() * full
        return full / 2 + draw() * (full / 2)


class Retry:
    """When another attempt is made: at most `retries` more, after faults that are `worth` it.

    `worth(fault)` decides about a fault; a refused result (the fault of a gate) is always worth
    another attempt, because operating again is what it asks for. `budget` bounds retries over all calls.
    """

    __slots__ = ("backoff", "budget", "retries", "worth")

    def __init__(
        self,
        retries: int = 3,
        backoff: Backoff | None = None,
        worth: Callable[[BaseException], bool] = is_transient,
        budget: RetryBudget | None = None,
    ) -> None:
        self.retries = retries
        self.backoff = backoff or Backoff()
        self.worth = worth
        self.budget = budget

    def delay(self, retry: int, previous: float | None, draw: Callable[[], float], fault: BaseException) -> float:
        """Seconds to wait before retry number `retry`: the backoff, and no less than the fault asks for.

        A fault may say so itself (`retry_after`, in seconds); one that means "too many requests" waits as its row
        in the table of faults says (M75).
        """
        return max(self.backoff.delay(retry, previous, draw), asked(fault))

    def refuses(self, number: int, fault: BaseException, *, refused: bool) -> str:
        """Why attempt `number`, which ended in `fault`, is the last one; empty when another may follow."""
        if isinstance(fault, NEVER) or not (refused or self.worth(fault)):
            return PERMANENT_FAULT
        if number > self.retries:
            return OUT_OF_RETRIES
        if self.budget is not None and not self.budget.take():
            return OUT_OF_BUDGET
        return ""


def asked(fault: BaseException) -> float:
    """The shortest wait a fault asks for; 0 when it does not."""
    wanted = getattr(fault, "retry_after", None)
    if isinstance(wanted, int | float) and not isinstance(wanted, bool) and 0 <= wanted <= LONGEST_ASKED_S:
        return float(wanted)
    return recovery(leaf).wait_s if (leaf := classify(fault)).endswith(".rate_limited") else 0.0


# Why a performance ended without a value.
PERMANENT_FAULT = "permanent fault"
OUT_OF_RETRIES = "out of retries"
OUT_OF_BUDGET = "retry budget spent"
OUT_OF_TIME = "no time left"
