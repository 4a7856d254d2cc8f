"""How much, how fast, how many at once: budgets, token buckets, bulkheads and deadlines (M71, M89, M90).

None of these waits. They say yes, no, or how long it would take; whoever drives the work waits in its own way.
Time is an argument. All are safe to use from any thread.
"""

from __future__ import annotations

from threading import Lock


class TokenBucket:
    """`rate` tokens a second flow in, at most `burst` are kept; it starts full.

    Raises `ValueError` unless both are positive.

    Invariant: over any stretch of t seconds at most burst + rate * t tokens are handed out.
    """

    __slots__ = ("_at", "_lock", "_tokens", "burst", "rate")

    def __init__(self, rate: float, burst: float, now: float = 0.0) -> None:
        if rate <= 0 or burst <= 0:
            msg = "a token bucket needs a positive rate and burst"
            raise ValueError(msg)
        self.rate = rate
        self.burst = burst
        self._tokens = burst
        self._at = now
        self._lock = Lock()

    def take(self, now: float, tokens: float = 1.0) -> float:
        """Take tokens and return 0.0, or take none and return the seconds until they will be there.

        More than `burst` can never be there: `ValueError`.
        """
        if tokens > self.burst:
            msg = f"{tokens:g} tokens never fit into a bucket of {self.burst:g}"
            raise ValueError(msg)
        with self._lock:
            self._flow(now)
            if self._tokens >= tokens:
                self._tokens -= tokens
                return 0.0
            return (tokens - self._tokens) / self.rate

    def left(self, now: float) -> float:
        """Tokens that are there now."""
        with self._lock:
            self._flow(now)
            return self._tokens

    def _flow(self, now: float) -> None:
        if now > self._at:
            self._tokens = min(self.burst, self._tokens + (now - self._at) * self.rate)
            self._at = now


class Exceeded(Exception):
    """A budget has not enough left: `which` budget, how much was `wanted`, how much was `left`."""

    def __init__(self, which: str, wanted: float, left: float) -> None:
        self.which = which
        self.wanted = wanted
        self.left = left
        super().__init__(f"the budget for {which} has {left:g} left, and {wanted:g} are needed")


class Budget:
    """An amount that can be spent once: tokens of a model, money, calls.

    Spending has two steps, because the price is known only afterwards: `reserve` an estimate, then `settle` what it
    was. Invariant: spent + reserved never exceeds `limit`, but for what a `settle` needed beyond its estimate.
    `limit` None never refuses and still counts.
    """

    __slots__ = ("_lock", "limit", "name", "reserved", "spent", "warn_at")

    def __init__(self, name: str, limit: float | None, *, warn_at: float = 0.9) -> None:
        self.name = name
        self.limit = limit
        self.warn_at = warn_at
        self.spent = 0.0
        self.reserved = 0.0
        self._lock = Lock()

    @property
    def left(self) -> float:
        """What can still be reserved."""
        return float("inf") if self.limit is None else max(0.0, self.limit - self.spent - self.reserved)

    @property
    def is_nearly_spent(self) -> bool:
        """Whether it is time to warn, or to ask."""
        return self.limit is not None and self.spent + self.reserved >= self.warn_at * self.limit

    def reserve(self, amount: float) -> None:
        """Set an amount aside. Raises `Exceeded`, and sets nothing aside, when it is not there."""
        if amount < 0:
            msg = "an amount is not negative"
            raise ValueError(msg)
        with self._lock:
            if amount > self.left:
                raise Exceeded(self.name, amount, self.left)
            self.reserved += amount

    def settle(self, reserved: float, spent: float) -> None:
        """The act a reservation was made for is over and cost `spent`; 0 gives everything back."""
        with self._lock:
            self.reserved = max(0.0, self.reserved - reserved)
            self.spent += spent


# What share of a bulkhead each priority may fill: room is left for what matters more (P16, P86).
SHARES = {"low": 0.5, "normal": 0.8, "high": 0.95, "critical": 1.0}


class Bulkhead:
    """At most `limit` at once, so that one slow dependency cannot take every worker.

    Lower priorities are refused while there is still room for higher ones; everyone gets at least one place.
    """

    __slots__ = ("_lock", "inside", "limit", "refused")

    def __init__(self, limit: int) -> None:
        if limit < 1:
            msg = "a bulkhead lets at least one in"
            raise ValueError(msg)
        self.limit = limit
        self.inside = 0
        self.refused = 0
        self._lock = Lock()

    def enter(self, priority: str = "normal") -> bool:
        """Take a place, to be given back by `leave`; False when there is none for this priority."""
        share = max(1, int(self.limit * SHARES[priority]))
        with self._lock:
            if self.inside >= share:
                self.refused += 1
                return False
            self.inside += 1
            return True

    def leave(self) -> None:
        """Give a place back."""
        with self._lock:
            if not self.inside:
                msg = "nobody is inside"
                raise ValueError(msg)
            self.inside -= 1


class Deadline:
    """A moment on a monotonic clock; `at` None is never."""

    __slots__ = ("at",)

    def __init__(self, at: float | None = None) -> None:
        self.at = at

    def remaining(self, now: float) -> float | None:
        """Seconds left, never negative; None for no end."""
        return None if self.at is None else max(0.0, self.at - now)

    def within(self, seconds: float | None, now: float) -> Deadline:
        """The nearer of this one and `seconds` from now: what a part of the work gets."""
        if seconds is None:
            return self
        at = now + seconds
        return Deadline(at if self.at is None else min(at, self.at))

    def is_over(self, now: float) -> bool:
        """Whether it has passed."""
        return self.at is not None and now >= self.at
