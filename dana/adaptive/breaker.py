"""The circuit breaker (P79, M77): stop asking who cannot answer, and find out gently whether they can again.

    closed ──too many failed or slow──▶ open ──open time over──▶ half open ──probes succeed──▶ closed
                                          ▲────────────────────────┘ a probe fails: open, twice as long

It judges by *rates* over a window, failures and slow calls apart, as consecutive counts trip on noise and miss a
service that fails every other time. Nothing is locked while a call runs: a call gets a ticket from `admit`, runs, and
hands it to `success` or `failure`. A ticket from before the last change of state says nothing any more: a late failure
from the outage does not spoil the recovery. A probe that never reports loses its place after `probe_s`, so that a hung
one cannot keep the circuit half open for ever.

Most calls are admitted while it is closed, and are neither failures nor slow. They need no lock: `good` is where such a
call leaves the time when it ended (None in every other state). A failure, and whoever looks at the window, first counts
what lies there. With every change of state there is another such place, so an old call cannot reach the new one.

Time is an argument everywhere: seconds of any monotonic clock.
"""

from __future__ import annotations

from collections import deque
from threading import Lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

CLOSED = "closed"
OPEN = "open"
HALF_OPEN = "half open"
# Set by hand, and left by hand only.
FORCED_OPEN = "forced open"
DISABLED = "disabled"

# Bits of one outcome in the window.
_FAILED = 1
_SLOW = 2


class Window:
    """The last `size` outcomes, none of them older than `seconds` (None: of any age)."""

    __slots__ = ("_at", "_outcomes", "_times", "calls", "failed", "seconds", "size", "slow")

    def __init__(self, size: int, seconds: float | None = None) -> None:
        self.size = size
        self.seconds = seconds
        self._outcomes = bytearray(size)
        self._times = [0.0] * size if seconds is not None else []
        self._at = 0
        self.calls = self.failed = self.slow = 0

    def add(self, outcome: int, now: float) -> None:
        """Enter an outcome; the oldest makes room."""
        at = self._at
        if self.calls == self.size:
            self._forget(at)
        self._outcomes[at] = outcome
        self.calls += 1
        self.failed += outcome & _FAILED
        self.slow += outcome >> 1
        if self.seconds is not None:
            self._times[at] = now
        self._at = at + 1 if at + 1 < self.size else 0

    def add_good(self, now: float) -> None:
        """Enter an outcome that was neither a failure nor slow, as most are."""
        at = self._at
        if self.calls == self.size:
            if self._outcomes[at]:
                self._forget(at)
                self._outcomes[at] = 0
                self.calls += 1
        else:
            self._outcomes[at] = 0
            self.calls += 1
        if self.seconds is not None:
            self._times[at] = now
        self._at = at + 1 if at + 1 < self.size else 0

    def expire(self, now: float) -> None:
        """Drop outcomes that are too old."""
        if self.seconds is None:
            return
        oldest = now - self.seconds
        while self.calls:
            first = (self._at - self.calls) % self.size
            if self._times[first] > oldest:
                break
            self._forget(first)

    def _forget(self, at: int) -> None:
        outcome = self._outcomes[at]
        self.calls -= 1
        self.failed -= outcome & _FAILED
        self.slow -= outcome >> 1

    def clear(self) -> None:
        """Start anew."""
        self._at = self.calls = self.failed = self.slow = 0


class Breaker:
    """One circuit.

    `failure_rate`, `slow_rate`: shares of the window (0 to 1) that open it, once `least` outcomes are in; a call is
    slow from `slow_s` seconds on (None: none is). `open_s`: how long it stays open at first; each failed probe
    doubles that up to `open_max_s`. `probes`: how many calls may try while half open, and how many must
    succeed. `on_change(before, after, now)` is told of each change of state, outside the lock.
    Raises `ValueError` for shares and counts that make no sense. Safe to use from any thread.
    """

    __slots__ = (
        "_lock", "_on_change", "_open_for", "_opened_at", "_passed", "_probing", "_told", "_window",
        "failure_rate", "good",
        "least", "open_max_s", "open_s", "probe_s", "probes", "refused", "slow_rate", "slow_s", "state", "turn",
    )  # fmt: skip

    def __init__(
        self,
        *,
        failure_rate: float = 0.5,
        slow_rate: float = 1.0,
        slow_s: float | None = None,
        least: int = 10,
        window: int = 100,
        window_s: float | None = None,
        open_s: float = 30.0,
        open_max_s: float = 300.0,
        probes: int = 1,
        probe_s: float = 60.0,
        on_change: Callable[[str, str, float], object] | None = None,
    ) -> None:
        for name, share in (("failure_rate", failure_rate), ("slow_rate", slow_rate)):
            if not 0.0 < share <= 1.0:
                msg = f"{name} must be more than 0 and at most 1, not {share!r}"
                raise ValueError(msg)
        if not 1 <= least <= window:
            msg = f"least must be from 1 to the size of the window ({window}), not {least!r}"
            raise ValueError(msg)
        if open_s <= 0 or open_max_s < open_s or probe_s <= 0 or probes < 1:
            msg = "open_s, open_max_s (at least open_s), probe_s and probes must be positive"
            raise ValueError(msg)
        self.failure_rate = failure_rate
        self.slow_rate = slow_rate
        self.slow_s = slow_s
        self.least = least
        self.open_s = open_s
        self.open_max_s = open_max_s
        self.probes = probes
        self.probe_s = probe_s
        self.state = CLOSED
        self._window = Window(window, window_s)
        self.refused = 0
        self._on_change = on_change
        self._lock = Lock()
        self._opened_at = 0.0
        self._open_for = open_s
        self._probing: list[float] = []
        self._passed = 0
        # Counts the changes of state; what tickets are.
        self.turn = 1
        # When good calls ended that are not in the window yet, and how to add to them; no more than it has room for.
        self._told: deque[float] = deque(maxlen=window)
        self.good: Callable[[float], None] | None = self._told.append

    def watched_by(self, on_change: Callable[[str, str, float], object] | None) -> None:
        """Tell somebody of each change of state from now on; None: nobody."""
        self._on_change = on_change

    # --- a call -----------------------------------------------------------------------------------

    def admit(self, now: float) -> int:
        """A ticket for a call that may be made now, to be handed to `success`, `failure` or `cancelled`; 0: refused."""
        if self.state is CLOSED or self.state is DISABLED:
            return self.turn
        with self._lock:
            before = self.state
            ticket = self.turn if self._admit(now) else 0
            if not ticket:
                self.refused += 1
            after = self.state
        self._tell(before, after, now)
        return ticket

    def _admit(self, now: float) -> bool:
        if self.state is OPEN and now - self._opened_at >= self._open_for:
            self._enter(HALF_OPEN)
            self._passed = 0
        if self.state is HALF_OPEN:
            self._probing = [at for at in self._probing if now - at < self.probe_s]
            if len(self._probing) + self._passed >= self.probes:
                return False
            self._probing.append(now)
            return True
        return self.state is CLOSED or self.state is DISABLED

    def success(self, ticket: int, took: float, now: float) -> None:
        """An admitted call came back well after `took` seconds."""
        good = self.good
        if good is not None and (self.slow_s is None or took < self.slow_s):
            if ticket == self.turn:
                good(now)
            return
        slow = self.slow_s is not None and took >= self.slow_s
        self._outcome(ticket, _SLOW if slow else 0, now)

    def failure(self, ticket: int, took: float, now: float) -> None:
        """An admitted call failed in a way that says something about whom it called."""
        slow = self.slow_s is not None and took >= self.slow_s
        self._outcome(ticket, _FAILED | _SLOW if slow else _FAILED, now)

    def cancelled(self, ticket: int) -> None:
        """An admitted call ended without saying anything; a probe gives its place back."""
        with self._lock:
            if ticket == self.turn and self.state is HALF_OPEN and self._probing:
                self._probing.pop()

    def _outcome(self, ticket: int, outcome: int, now: float) -> None:
        with self._lock:
            if ticket != self.turn:
                return
            before = self.state
            if before is CLOSED:
                window = self._counted()
                window.add(outcome, now)
                if outcome:
                    window.expire(now)
                    if window.calls >= self.least and self._is_tripped():
                        self._open(now, self.open_s)
            elif before is HALF_OPEN:
                self._probed(outcome, now)
            after = self.state
        self._tell(before, after, now)

    def _counted(self) -> Window:
        """The window, with what good calls have left; under the lock."""
        told, window = self._told, self._window
        while told:
            window.add_good(told.popleft())
        return window

    def _is_tripped(self) -> bool:
        window = self._window
        if window.failed >= self.failure_rate * window.calls:
            return True
        return self.slow_s is not None and window.slow >= self.slow_rate * window.calls

    def _probed(self, outcome: int, now: float) -> None:
        if self._probing:
            self._probing.pop(0)
        if outcome:
            self._open(now, min(self.open_max_s, self._open_for * 2))
            return
        self._passed += 1
        if self._passed >= self.probes:
            self._close()

    def _open(self, now: float, seconds: float) -> None:
        self._enter(OPEN)
        self._opened_at = now
        self._open_for = seconds

    def _close(self) -> None:
        self._enter(CLOSED)
        self._open_for = self.open_s
        self._window.clear()

    def _enter(self, state: str) -> None:
        # First nobody gets to the old place any more, last of all to the new one.
        self.good = None
        self._counted()
        self.state = state
        self.turn += 1
        self._told = deque(maxlen=self._window.size)
        if state is CLOSED:
            self.good = self._told.append
        self._probing = []

    def _tell(self, before: str, after: str, now: float) -> None:
        if before is not after and self._on_change is not None:
            self._on_change(before, after, now)

    # --- by hand and for status -------------------------------------------------------------------

    def force(self, state: str, now: float) -> None:
        """Put it into a state by hand: "forced open" and "disabled" last until the next `force`."""
        if state not in (CLOSED, OPEN, FORCED_OPEN, DISABLED):
            msg = f"a breaker cannot be forced to be {state!r}"
            raise ValueError(msg)
        with self._lock:
            before = self.state
            if state == CLOSED:
                self._close()
            elif state == OPEN:
                self._open(now, self.open_s)
            else:
                self._enter(FORCED_OPEN if state == FORCED_OPEN else DISABLED)
            after = self.state
        self._tell(before, after, now)

    def retry_after(self, now: float) -> float:
        """Seconds until a call may try again; 0 when one may now."""
        return max(0.0, self._open_for - (now - self._opened_at)) if self.state is OPEN else 0.0

    @property
    def window(self) -> Window:
        """The outcomes it judges by."""
        with self._lock:
            return self._counted()

    def status(self) -> dict[str, object]:
        """What a person wants to know: the state, and the counts behind it."""
        window = self.window
        return {
            "state": self.state, "calls": window.calls, "failed": window.failed, "slow": window.slow,
            "refused": self.refused, "open_s": self._open_for,
        }  # fmt: skip
