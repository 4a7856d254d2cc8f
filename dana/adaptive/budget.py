"""A token bucket that bounds retries over all calls of one subject.

Every call puts `share` of a token in, every retry takes a whole one out. When what we depend on is
down, retries soon cost as much as they are worth and the extra load settles at `share`; while it is healthy
the bucket stays full, so a short burst of faults is retried without limit.
"""

from __future__ import annotations


class RetryBudget:
    """At most `share` retries per call in the long run, `burst` at once.

    Invariant: 0 <= tokens <= burst, so after n calls no more than burst + share * n retries were granted.
    """

    __slots__ = ("burst", "share", "tokens")

    def __init__(self, share: float = 0.1, burst: float = 10.0) -> None:
        self.share = share
        self.burst = burst
        self.tokens = burst

    def call(self) -> None:
        """One call is being made."""
        self.tokens = min(self.burst, self.tokens + self.share)

    def take(self) -> bool:
        """Spend a token for one retry; False when there is none."""
        if self.tokens < 1.0:
            return False
        self.tokens -= 1.0
        return True
