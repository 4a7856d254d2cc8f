"""What is counted about a subject, and how certain it is: estimators of a few lines each, from their papers.

Every estimator takes one observation at a time in constant time and memory, and none draws random numbers it was not
handed. `to_data`/`from_data` carry those that live longer than a process.

    Ewma             exponentially weighted moving average          Roberts 1959
    Moments          mean and variance in one pass                  Welford 1962
    Histogram        log-linear buckets, quantiles within 6 %       Tene's HdrHistogram
    P2               one quantile from five markers                 Jain & Chlamtac 1985
    wilson           interval of a share                            Wilson 1927
    welch            interval of a difference of means              Welch 1947
    Arms             Beta posteriors and Thompson sampling          Thompson 1933; discounting: Raj & Kalyani 2017
    PageHinkley      that a mean has changed                        Page 1954
"""

from __future__ import annotations

from _thread import allocate_lock
from array import array
from math import frexp, inf, ldexp, sqrt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any, Protocol, Self

    class Chance(Protocol):
        def betavariate(self, alpha: float, beta: float) -> float: ...

        def random(self) -> float: ...


class Ewma:
    """A mean that forgets: each new value weighs `alpha`, what was before `1 - alpha`. The first value starts it."""

    __slots__ = ("alpha", "count", "value")

    def __init__(self, alpha: float = 0.1) -> None:
        if not 0 < alpha <= 1:
            msg = f"alpha is more than 0 and at most 1, not {alpha!r}"
            raise ValueError(msg)
        self.alpha = alpha
        self.value = 0.0
        self.count = 0

    def add(self, value: float) -> float:
        """Take a value in; returns the mean."""
        self.count += 1
        self.value = value if self.count == 1 else self.value + self.alpha * (value - self.value)
        return self.value


class Moments:
    """Count, mean and variance of all values so far, without the loss of digits that a sum of squares has."""

    __slots__ = ("_squares", "count", "mean")

    def __init__(self) -> None:
        self.count = 0
        self.mean = 0.0
        self._squares = 0.0

    def add(self, value: float) -> None:
        """Take a value in."""
        self.count += 1
        off = value - self.mean
        self.mean += off / self.count
        self._squares += off * (value - self.mean)

    @property
    def variance(self) -> float:
        """The sample variance; 0 for fewer than two values."""
        return self._squares / (self.count - 1) if self.count > 1 else 0.0

    def merge(self, other: Moments) -> None:
        """Take in all values of another one (Chan et al. 1979)."""
        count = self.count + other.count
        if not other.count:
            return
        off = other.mean - self.mean
        self._squares += other._squares + off * off * self.count * other.count / count
        self.mean += off * other.count / count
        self.count = count


# Eight buckets an octave, from 2**-31 (half a nanosecond, in seconds) to 2**17 (a day and a half).
_LOWEST = -30
_OCTAVES = 48
_PARTS = 8
_BUCKETS = _OCTAVES * _PARTS
_BASE = -_LOWEST * _PARTS - _PARTS
# So many buckets, four octaves, come together.
_WINDOW = 32
_GROWING = allocate_lock()
# What lies between these has a bucket of its own.
SHORTEST, LONGEST = 2.0 ** (_LOWEST - 1), 2.0 ** (_LOWEST + _OCTAVES - 1)


class Histogram:
    """How often values of which size occurred: quantiles with a relative error below 1/16, in 0.2 to 1.5 KiB.

    Values outside 5e-10 to 1.3e5 (and 0) count for the nearest bucket. `buckets` holds those there was a use for so
    far: the first of them is number `first`.
    """

    __slots__ = ("buckets", "first")

    def __init__(self) -> None:
        # Empty before the first value: many functions are decorated and few are called.
        self.buckets = array("I")
        self.first = 0

    def count_in(self, at: int, count: int = 1) -> None:
        """So many more values in bucket number `at`."""
        place = at - self.first
        if not 0 <= place < len(self.buckets):
            with _GROWING:
                self._grow(at)
            place = at - self.first
        self.buckets[place] += count

    def _grow(self, at: int) -> None:
        """Have a bucket for `at` too, and those beside it; the array stays the same one."""
        buckets = self.buckets
        start = at - at % _WINDOW
        if not buckets:
            buckets.frombytes(bytes(_WINDOW * buckets.itemsize))
            self.first = start
        if start < self.first:
            buckets[0:0] = array("I", bytes((self.first - start) * buckets.itemsize))
            self.first = start
        missing = start + _WINDOW - self.first - len(buckets)
        if missing > 0:
            buckets.frombytes(bytes(missing * buckets.itemsize))

    @property
    def count(self) -> int:
        """How many values there are."""
        return sum(self.buckets)

    @property
    def total(self) -> float:
        """The sum of all values, within 6 %: each counts as the middle of its bucket."""
        return sum(n * (_edge(at) + _edge(at + 1)) / 2 for at, n in enumerate(self.buckets, self.first) if n)

    def below(self, bound: float) -> int:
        """How many values are at most `bound`; those in its own bucket count as above it."""
        return sum(n for at, n in enumerate(self.buckets, self.first) if n and _edge(at + 1) <= bound)

    def add(self, value: float) -> None:
        """Take a value in."""
        mantissa, exponent = frexp(value)
        at = (exponent - _LOWEST) * _PARTS + int(mantissa * 16) - _PARTS
        if not 0 <= at < _BUCKETS or value <= 0:
            at = 0 if value < 1 else _BUCKETS - 1
        self.count_in(at)

    def quantile(self, share: float) -> float:
        """The value below which `share` (0 to 1) of all lie; 0.0 without values."""
        if not 0 <= share <= 1:
            msg = f"a share is from 0 to 1, not {share!r}"
            raise ValueError(msg)
        wanted = max(1, share * self.count)
        seen = 0
        for at, here in enumerate(self.buckets, self.first):
            seen += here
            if seen >= wanted and here:
                octave, part = divmod(at, _PARTS)
                return ldexp((part + 8.5) / 16, octave + _LOWEST)
        return 0.0

    def merge(self, other: Histogram) -> None:
        """Take in all values of another one."""
        for at, here in enumerate(other.buckets, other.first):
            if here:
                self.count_in(at, here)

    def to_data(self) -> dict[str, int]:
        """The buckets that are not empty, by number."""
        return {str(at): here for at, here in enumerate(self.buckets, self.first) if here}

    @classmethod
    def from_data(cls, data: Mapping[str, int]) -> Self:
        """What `to_data` gave. Raises `ValueError` for anything else."""
        made = cls()
        for at, here in data.items():
            if not (at.isdigit() and int(at) < _BUCKETS and type(here) is int and here >= 0):
                msg = f"no bucket of a histogram: {at!r}: {here!r}"
                raise ValueError(msg)
            made.count_in(int(at), here)
        return made


def _edge(at: int) -> float:
    """Where a bucket begins."""
    octave, part = divmod(at - _BASE, _PARTS)
    return ldexp((part + _PARTS) / (2 * _PARTS), octave - 1)


class P2:
    """One quantile of a stream, from five markers that move with it."""

    __slots__ = ("_at", "_heights", "_wanted", "count", "share")

    def __init__(self, share: float) -> None:
        if not 0 < share < 1:
            msg = f"a quantile's share is between 0 and 1, not {share!r}"
            raise ValueError(msg)
        self.share = share
        self.count = 0
        self._heights: list[float] = []
        self._at = [1.0, 2.0, 3.0, 4.0, 5.0]
        self._wanted = [1.0, 1 + 2 * share, 1 + 4 * share, 3 + 2 * share, 5.0]

    def add(self, value: float) -> None:
        """Take a value in."""
        self.count += 1
        heights = self._heights
        if self.count <= 5:
            heights.append(value)
            heights.sort()
            return
        at, wanted, share = self._at, self._wanted, self.share
        if value < heights[0]:
            heights[0], cell = value, 0
        elif value >= heights[4]:
            heights[4], cell = value, 3
        else:
            cell = next(i for i in range(4) if value < heights[i + 1])
        for i in range(cell + 1, 5):
            at[i] += 1
        for i, step in enumerate((0.0, share / 2, share, (1 + share) / 2, 1.0)):
            wanted[i] += step
        for i in (1, 2, 3):
            off = wanted[i] - at[i]
            if (off >= 1 and at[i + 1] - at[i] > 1) or (off <= -1 and at[i - 1] - at[i] < -1):
                self._move(i, 1 if off > 0 else -1)

    def _move(self, i: int, way: int) -> None:
        q, n = self._heights, self._at
        curved = q[i] + way / (n[i + 1] - n[i - 1]) * (
            (n[i] - n[i - 1] + way) * (q[i + 1] - q[i]) / (n[i + 1] - n[i])
            + (n[i + 1] - n[i] - way) * (q[i] - q[i - 1]) / (n[i] - n[i - 1])
        )
        if q[i - 1] < curved < q[i + 1]:
            q[i] = curved
        else:
            q[i] += way * (q[i + way] - q[i]) / (n[i + way] - n[i])
        n[i] += way

    @property
    def value(self) -> float:
        """The quantile; 0.0 without values."""
        if self.count > 5:
            return self._heights[2]
        return self._heights[min(self.count - 1, int(self.share * self.count))] if self.count else 0.0


def wilson(successes: float, count: float, z: float = 1.96) -> tuple[float, float]:
    """The interval of a share that was seen `successes` times in `count`; z 1.96 is 95 %. (0, 1) without cases."""
    if count <= 0:
        return 0.0, 1.0
    share = successes / count
    middle = share + z * z / (2 * count)
    around = z * sqrt(share * (1 - share) / count + z * z / (4 * count * count))
    below = 1 + z * z / count
    return max(0.0, (middle - around) / below), min(1.0, (middle + around) / below)


# The two-sided 95 % quantile of Student's t, for few degrees of freedom; between rows the safer (larger) one.
_T95 = ((1, 12.71), (2, 4.30), (3, 3.18), (4, 2.78), (5, 2.57), (7, 2.36), (10, 2.23), (15, 2.13), (20, 2.09),
        (30, 2.04), (60, 2.00), (120, 1.98))  # fmt: skip


def t95(freedom: float) -> float:
    """What a standard error is multiplied by for a 95 % interval with so many degrees of freedom."""
    found = inf
    for least, factor in _T95:
        if freedom >= least:
            found = factor
    return found if freedom < 1000 else 1.96


def welch(one: Moments, other: Moments) -> tuple[float, float, float]:
    """The difference of two means (one - other) and its 95 % interval; unbounded without two values in each."""
    gain = one.mean - other.mean
    if one.count < 2 or other.count < 2:
        return gain, -inf, inf
    a, b = one.variance / one.count, other.variance / other.count
    if a + b == 0:
        return gain, gain, gain
    freedom = (a + b) ** 2 / (a * a / (one.count - 1) + b * b / (other.count - 1))
    around = t95(freedom) * sqrt(a + b)
    return gain, gain - around, gain + around


class Arms:
    """Choices whose success is learnt while they are used: a Beta posterior each, chosen by Thompson sampling.

    `discount` below 1 forgets old outcomes, for choices whose worth drifts; it costs some regret when nothing drifts.
    """

    __slots__ = ("discount", "lost", "names", "won")

    def __init__(self, names: Sequence[str], discount: float = 1.0) -> None:
        if not names or len(set(names)) != len(names):
            msg = "the names of arms must be different, and there must be some"
            raise ValueError(msg)
        if not 0 < discount <= 1:
            msg = f"discount is more than 0 and at most 1, not {discount!r}"
            raise ValueError(msg)
        self.names = tuple(names)
        self.discount = discount
        self.won = dict.fromkeys(names, 0.0)
        self.lost = dict.fromkeys(names, 0.0)

    def choose(self, chance: Chance) -> str:
        """The arm for the next call."""
        return max(self.names, key=lambda name: chance.betavariate(1 + self.won[name], 1 + self.lost[name]))

    def add(self, name: str, score: float) -> None:
        """The arm `name` was worth `score` (0 to 1)."""
        if not 0 <= score <= 1:
            msg = f"a score is from 0 to 1, not {score!r}"
            raise ValueError(msg)
        if self.discount < 1:
            for arm in self.names:
                self.won[arm] *= self.discount
                self.lost[arm] *= self.discount
        self.won[name] += score
        self.lost[name] += 1 - score

    def mean(self, name: str) -> float:
        """The expected worth of an arm."""
        return (1 + self.won[name]) / (2 + self.won[name] + self.lost[name])

    @property
    def best(self) -> str:
        """The arm with the highest expected worth."""
        return max(self.names, key=self.mean)


class PageHinkley:
    """Raises an alarm when the mean of a stream has risen: by more than `delta` on average, `threshold` in sum."""

    __slots__ = ("_low", "_sum", "count", "delta", "least", "mean", "threshold")

    def __init__(self, delta: float = 0.005, threshold: float = 5.0, least: int = 30) -> None:
        self.delta = delta
        self.threshold = threshold
        self.least = least
        self.reset()

    def reset(self) -> None:
        """Start anew, as after an alarm."""
        self.count = 0
        self.mean = self._sum = self._low = 0.0

    def add(self, value: float) -> bool:
        """Take a value in; True raises the alarm."""
        self.count += 1
        self.mean += (value - self.mean) / self.count
        self._sum += value - self.mean - self.delta
        self._low = min(self._low, self._sum)
        return self.count >= self.least and self._sum - self._low > self.threshold


# What became of a call, for `Calls.record`.
SUCCEEDED, RETRIED, FAILED, REFUSED, TIMED_OUT, OPEN, DEGRADED = range(7)
# So many calls are looked at together by what learns from them.
DUE = 50
OUTCOMES = ("succeeded", "retried", "failed", "refused", "timed out", "circuit open", "degraded")


class Calls:
    """What is always known about a function's calls: how they ended, and how long they took.

    `outcomes` counts by the constants above; a retried call succeeded in the end, a degraded one got its value from
    a fallback; `failed` counts attempts that failed, whatever became of their calls. "circuit open" is every
    call that was not let in. Updates of different threads may
    lose one of two counts that fall together: figures, not accounts.
    """

    __slots__ = ("failed", "outcomes", "times")

    def __init__(self) -> None:
        self.failed = 0
        self.outcomes = [0] * len(OUTCOMES)
        self.times = Histogram()

    def succeeded(
        self, heard: deque[Any] | None = None, due: Callable[[], object] | None = None
    ) -> Callable[[float], None]:
        """`record(took)` of a success as a function that costs a tenth of a microsecond: for code that runs often.

        `heard` gets each time as well, for whoever learns from it, and `due` is called at each `DUE` that it holds.
        """
        if heard is not None and due is not None:
            return self._heard(heard, due)
        outcomes, times = self.outcomes, self.times
        buckets = times.buckets

        def succeeded(took: float) -> None:
            outcomes[SUCCEEDED] += 1
            if SHORTEST <= took < LONGEST:
                mantissa, exponent = frexp(took)
                at = exponent * _PARTS + int(mantissa * 16) + _BASE - times.first
                if at >= 0:
                    try:
                        buckets[at] += 1
                    except IndexError:  # the first call, or one that takes much longer than all before
                        pass
                    else:
                        return
            times.add(took)

        return succeeded

    def _heard(self, heard: deque[Any], due: Callable[[], object]) -> Callable[[float], None]:
        """The same text once more, as a call from one to the other would cost half as much again."""
        outcomes, times = self.outcomes, self.times
        buckets, hear = times.buckets, heard.append

        def succeeded(took: float) -> None:
            outcomes[SUCCEEDED] += 1
            hear(took)
            if not len(heard) % DUE:
                due()
            if SHORTEST <= took < LONGEST:
                mantissa, exponent = frexp(took)
                at = exponent * _PARTS + int(mantissa * 16) + _BASE - times.first
                if at >= 0:
                    try:
                        buckets[at] += 1
                    except IndexError:  # the same
                        pass
                    else:
                        return
            times.add(took)

        return succeeded

    def record(self, took: float, outcome: int = SUCCEEDED) -> None:
        """A call ended after `took` seconds."""
        self.outcomes[outcome] += 1
        self.times.add(took)

    def merge(self, other: Calls) -> None:
        """Take in all calls of another one."""
        for at, count in enumerate(other.outcomes):
            self.outcomes[at] += count
        self.failed += other.failed
        self.times.merge(other.times)

    @property
    def count(self) -> int:
        """All calls."""
        return sum(self.outcomes)

    @property
    def success_rate(self) -> float:
        """The share of calls that gave a value; 1.0 before the first."""
        count = self.count
        good = self.outcomes[SUCCEEDED] + self.outcomes[RETRIED] + self.outcomes[DEGRADED]
        return good / count if count else 1.0

    def to_data(self) -> dict[str, Any]:
        """As plain data."""
        return {"outcomes": list(self.outcomes), "times": self.times.to_data()}

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Self:
        """What `to_data` gave. Raises `ValueError` for anything else."""
        made = cls()
        outcomes = data.get("outcomes")
        if (
            not isinstance(outcomes, list)
            or len(outcomes) != len(OUTCOMES)
            or not all(type(n) is int and n >= 0 for n in outcomes)
            or not isinstance(data.get("times"), dict)
        ):
            msg = "these are no statistics of calls"
            raise ValueError(msg)
        made.outcomes = list(outcomes)
        made.times = Histogram.from_data(data["times"])
        return made
