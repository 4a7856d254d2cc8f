"""What calls leave behind for whoever learns from them: names only, as every call loads this."""

from __future__ import annotations

# An attempt, the end of a call, an outage that is over, a cached result looked at again, a judgement.
ATTEMPT, CALL, OUTAGE, AGE, JUDGED = "attempt", "call", "outage", "age", "judged"
# What became of an attempt.
OK, FAILED, CUT_OFF = 0, 1, 2


def outcome_of_attempt(fault: BaseException, took: float, limit: float | None) -> int:
    """What a failed attempt counts as: one that its own deadline ended says less than one that failed."""
    return CUT_OFF if isinstance(fault, TimeoutError) and limit is not None and took >= limit else FAILED
