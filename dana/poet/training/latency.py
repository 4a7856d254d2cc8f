"""How long to wait for an attempt, how often to try again, and how soon (T1).

A service answers in a time that varies, hangs now and then and fails now and then. Waiting too long for an attempt that
hangs is what makes calls slow; not waiting long enough makes work twice. From the durations of past attempts the rule
finds the timeout and the number of retries with the least expected time of a call among those that succeed often
enough without adding more load than allowed.

Attempts that were cut off are *censored*: they would have taken at least so long. Their share of the distribution is
estimated by the product-limit estimator (Kaplan & Meier 1958). When many are cut off at once the service has become
slower: the timeout is widened at once, and the old durations are forgotten.
"""

from __future__ import annotations

from collections import deque
from math import inf

from dana.poet.training.heard import CUT_OFF, FAILED, OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

WINDOW = 1000
LEAST = 60
EVERY = 50
# Of the last attempts, more than this share cut off means the service is slower than what was learnt.
TOO_MANY_CUT_OFF = 0.3
RECENT = 20
_SHORTEST_S = 0.001
_GRID = tuple(
    q / 1000 for q in (500, 700, 800, 850, 900, 920, 940, 950, 960, 970, 975, 980, 985, 990, 993, 996, 998, 999, 1000)
)
# A timeout a little above what was seen: the largest duration of a sample is below the service's largest.
_MARGIN = 1.15
# Where faults and hangs alone need more attempts than `most_load`, cutting off may add this.
_ADDED = 1.05


class Advice:
    """What to set: `attempt_timeout` and first wait `backoff` in seconds, `retries`; and what to expect of it.

    `success` and `load` (attempts per call) are expected values, `mean_s` the expected time of a call, `n` the attempts
    it rests on, `reason` why it was given.
    """

    __slots__ = ("attempt_timeout", "backoff", "load", "mean_s", "n", "reason", "retries", "success")

    def __init__(
        self,
        attempt_timeout: float,
        retries: int,
        backoff: float,
        *,
        success: float,
        load: float,
        mean_s: float,
        n: int,
        reason: str,
    ) -> None:
        self.attempt_timeout = attempt_timeout
        self.retries = retries
        self.backoff = backoff
        self.success = success
        self.load = load
        self.mean_s = mean_s
        self.n = n
        self.reason = reason

    def values(self) -> dict[str, Any]:
        """The knobs by name."""
        return {"attempt_timeout": self.attempt_timeout, "retries": self.retries, "backoff": self.backoff}

    def __repr__(self) -> str:
        return (
            f"Advice({self.attempt_timeout:.3g} s, {self.retries} retries: {self.success:.4f} in {self.mean_s:.3g} s, "
            f"{self.load:.3f} attempts)"
        )


class LatencyLearner:
    """Takes in attempts, and gives advice every `EVERY` of them.

    `longest`: no timeout is longer (the call's own deadline, in s); `target`: how often a call shall succeed;
    `most_load`: attempts per call that are allowed (1.1: a tenth more than calls), where faults alone need more, they
    get it; `most_retries`: no more are advised.
    """

    __slots__ = (
        "_attempts", "_recent", "_since", "advice", "longest", "most_load", "most_retries", "target",
    )  # fmt: skip

    def __init__(
        self, longest: float = 30.0, *, target: float = 0.999, most_load: float = 1.1, most_retries: int = 4
    ) -> None:
        if not longest > 0 or not 0 < target < 1 or not most_load >= 1:
            raise ValueError("longest is a time above 0, target a share below 1, most_load from 1")
        self.longest = longest
        self.target = target
        self.most_load = most_load
        self.most_retries = most_retries
        self._attempts: deque[tuple[float, int]] = deque(maxlen=WINDOW)
        self._recent: deque[int] = deque(maxlen=RECENT)
        self._since = 0
        self.advice: Advice | None = None

    def see(self, took: float, outcome: int) -> Advice | None:
        """Take in one attempt: its duration in s and what became of it. Advice only when the service became slower."""
        self._attempts.append((took, outcome))
        self._recent.append(1 if outcome == CUT_OFF else 0)
        self._since += 1
        return self._widened(took) if self._is_slower() else None

    @property
    def is_due(self) -> bool:
        """Whether enough attempts came in since the last advice for another."""
        return self._since >= EVERY and len(self._attempts) >= LEAST

    def halves(self) -> tuple[list[tuple[float, int]], list[tuple[float, int]]]:
        """The attempts to learn from, and those kept back to judge by: every other one. The next wait begins."""
        self._since = 0
        attempts = list(self._attempts)
        return attempts[::2], attempts[1::2]

    def add(self, took: float, outcome: int) -> Advice | None:
        """`see`, and new advice whenever it is due."""
        slower = self.see(took, outcome)
        if slower is not None or not self.is_due:
            return slower
        self._since = 0
        self.advice = advise(
            self._attempts, self.longest, target=self.target, most_load=self.most_load, most_retries=self.most_retries
        )
        return self.advice

    def _is_slower(self) -> bool:
        recent = self._recent
        return len(recent) == RECENT and sum(recent) > TOO_MANY_CUT_OFF * RECENT

    def _widened(self, took: float) -> Advice:
        """Twice the time at least, at once; what was learnt about the faster service counts no more."""
        now = self.advice.attempt_timeout if self.advice is not None else took
        timeout = min(self.longest, max(2 * now, 2 * took))
        cut = sum(self._recent) / RECENT
        kept = [attempt for attempt in self._attempts if attempt[1] == OK][-RECENT:]
        self._attempts.clear()
        self._recent.clear()
        # Not before there are enough new ones is the rule asked again.
        self._since = EVERY - LEAST
        retries = max(2, self.advice.retries if self.advice is not None else 2)
        reason = f"more than {TOO_MANY_CUT_OFF:.0%} of the last {RECENT} attempts were cut off: the service is slower"
        wait = self.advice.backoff if self.advice is not None else 0.1
        self.advice = Advice(
            timeout, retries, wait, success=1 - cut, load=1.0, mean_s=timeout, n=len(kept), reason=reason
        )
        return self.advice

    def to_data(self) -> dict[str, Any]:
        """What it knows, as plain data."""
        return {"attempts": [list(attempt) for attempt in self._attempts]}

    def take(self, data: dict[str, Any]) -> None:
        """Take in what another one knew. Raises `ValueError` for other data."""
        for attempt in data.get("attempts", ()):
            if len(attempt) != 2 or attempt[1] not in (OK, FAILED, CUT_OFF) or not 0 <= attempt[0] < inf:
                raise ValueError(f"{attempt!r} is no attempt")
            self._attempts.append((float(attempt[0]), int(attempt[1])))


def advise(
    attempts: Iterable[tuple[float, int]],
    longest: float,
    *,
    target: float = 0.999,
    most_load: float = 1.1,
    most_retries: int = 4,
    timeout: float | None = None,
    retries: int | None = None,
) -> Advice:
    """The timeout and retries with the least expected time of a call, for attempts as they were (see `LatencyLearner`).

    `timeout`, `retries`: what is not to be changed. Raises `ValueError` when there are none.
    """
    seen = sorted(attempts)
    if not seen:
        raise ValueError("there are no attempts to learn from")
    steps, failing, fault_s = _distribution(seen)
    durations = [duration for duration, _share in steps]
    typical = durations[len(durations) // 2] if durations else longest
    # What is estimated errs to both sides: half of the failures that are allowed are kept in reserve.
    aim = 1 - (1 - target) / 2
    hopeless = 1 - _until(steps, longest)[0] * (1 - failing)
    best: Advice | None = None
    fullest: Advice | None = None
    for limit in _candidates(durations, longest) if timeout is None else [timeout]:
        answered, spent = _until(steps, limit)
        good = answered * (1 - failing)
        # Few attempts prove little: as if two more had failed.
        sure = good * len(seen) / (len(seen) + 2)
        spent_one = (1 - failing) * spent + failing * min(fault_s, limit)
        # An attempt more is worth its wait when the service fails in passing: half a typical answer is enough.
        wait = min(0.1, typical / 2)
        for more in range(most_retries + 1) if retries is None else [retries]:
            success = 1 - (1 - sure) ** (more + 1)
            load = sum((1 - good) ** k for k in range(more + 1))
            mean = sum((1 - good) ** k * (spent_one + (wait * 2 ** (k - 1) / 2 if k else 0)) for k in range(more + 1))
            found = Advice(
                limit,
                more,
                wait,
                success=success,
                load=load,
                mean_s=mean,
                n=len(seen),
                reason="least expected time",
            )
            # Faults and hangs need attempts whatever the timeout; what cutting off adds is what the limit is for.
            needed = sum(hopeless**k for k in range(more + 1))
            if success >= aim and load <= max(most_load, needed * _ADDED) and (best is None or mean < best.mean_s):
                best = found
            if fullest is None or (success, -load) > (fullest.success, -fullest.load):
                fullest = found
    if best is not None:
        return best
    assert fullest is not None
    fullest.reason = f"no setting reaches {target:.2%}: the one that succeeds most often"
    return fullest


def _candidates(durations: list[float], longest: float) -> list[float]:
    """Timeouts worth a look: quantiles of the durations of answers, with a margin, and the longest."""
    found = {longest}
    for share in _GRID:
        if durations:
            at = durations[min(len(durations) - 1, int(share * len(durations)))]
            found.add(min(longest, max(_SHORTEST_S, at * _MARGIN)))
            if share == 1.0:
                found.add(min(longest, max(_SHORTEST_S, at * 2)))
    return sorted(found)


def _distribution(seen: list[tuple[float, int]]) -> tuple[list[tuple[float, float]], float, float]:
    """The distribution of the durations of answers as steps (duration, share), the share of faults, their mean time."""
    faults = [duration for duration, outcome in seen if outcome == FAILED]
    rest = [(duration, outcome) for duration, outcome in seen if outcome != FAILED]
    failing = len(faults) / len(seen)
    left, survive = len(rest), 1.0
    steps: list[tuple[float, float]] = []
    for duration, outcome in rest:
        if outcome == OK:
            share = survive / left
            steps.append((duration, share))
            survive -= share
        left -= 1
    return steps, failing, sum(faults) / len(faults) if faults else 0.0


def _until(steps: list[tuple[float, float]], timeout: float) -> tuple[float, float]:
    """The share of attempts that answer within a timeout, and the mean time an attempt takes then."""
    answered = spent = 0.0
    for duration, share in steps:
        if duration > timeout:
            break
        answered += share
        spent += share * duration
    return answered, spent + (1 - answered) * timeout
