"""What is done about faults around growing: five strategies, patterns of errors, and health (E19–E23).

    retry      the work is done again, after waits that grow                   (adaptive backoff)
    fallback   the caller's substitute is used: the host's own value
    break      after too many failures nobody is asked for a while             (adaptive breaker)
    degrade    a feature is switched off, and on again when it has rested
    escalate   an alert is raised, and the way back is taken (a rollback)

Two ways in. `recover` is for workers in the background: it may wait, on the clock it was given. `guard` is for the
training's thread: it never waits; the fallback is used at once and what is worth it is tried again later, by whoever
calls `run_due`. Everything is driven by a clock that a test can turn.
"""

from __future__ import annotations

from collections import deque
from itertools import pairwise
from math import inf, sqrt
from random import Random

from dana.adaptive.breaker import Breaker
from dana.adaptive.clock import SystemClock
from dana.adaptive.perform import Attempt, Record, drive, perform
from dana.adaptive.policy import Backoff, Retry
from dana.esper.refusals import Refusal, RefusedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable
    from typing import Any

RETRY, FALLBACK, BREAK, DEGRADE, ESCALATE = "retry", "fallback", "break", "degrade", "escalate"
STRATEGIES = (RETRY, FALLBACK, BREAK, DEGRADE, ESCALATE)

# What is done about each kind of fault, in order. Whatever the kind, the fallback is used when nothing else helped.
ANSWERS: dict[str, tuple[str, ...]] = {
    "time": (BREAK, RETRY, FALLBACK),
    "network": (BREAK, RETRY, FALLBACK),
    "files": (RETRY, FALLBACK, ESCALATE),
    "memory": (DEGRADE, FALLBACK),
    "not finite": (FALLBACK, ESCALATE),
    "shape": (FALLBACK,),
    "artifact": (FALLBACK, ESCALATE),
    "refused": (FALLBACK,),
    "bug": (FALLBACK, ESCALATE),
    "other": (BREAK, RETRY, FALLBACK),
}

_BY_CODE = {
    "refused.shape": "shape", "refused.state": "not finite", "refused.time": "time", "refused.memory": "memory",
    "refused.bytes": "artifact", "refused.unsigned": "artifact", "refused.validation": "artifact",
}  # fmt: skip
_BY_CLASS: tuple[tuple[tuple[type[BaseException], ...], str], ...] = (
    ((MemoryError, RecursionError), "memory"),
    ((TimeoutError,), "time"),
    ((ConnectionError,), "network"),
    ((OSError,), "files"),
    ((ArithmeticError,), "not finite"),
    ((AttributeError, NameError, ImportError, AssertionError, NotImplementedError), "bug"),
    ((TypeError, LookupError), "bug"),
)
# Words by which errors of tensors are told apart, all of which are RuntimeErrors.
_BY_WORD = (("allocate memory", "memory"), ("out of memory", "memory"), ("shape", "shape"), ("size", "shape"),
            ("dimension", "shape"), ("nan", "not finite"), ("inf", "not finite"))  # fmt: skip


def kind_of(fault: BaseException) -> str:
    """The kind of a fault (E21): one of `ANSWERS`."""
    if isinstance(fault, RefusedError):
        return _BY_CODE.get(fault.refusal.code, "refused")
    for classes, kind in _BY_CLASS:
        if isinstance(fault, classes):
            return kind
    if isinstance(fault, (RuntimeError, ValueError)):
        text = str(fault).lower()
        return next((kind for word, kind in _BY_WORD if word in text), "other")
    return "other"


class Recovered:
    """How it ended: `value`, the `strategy` that gave it ("" when all went well), the attempts made, and the fault."""

    __slots__ = ("attempts", "fault", "kind", "strategy", "value", "waits")

    def __init__(
        self,
        value: Any,
        strategy: str = "",
        *,
        attempts: int = 1,
        waits: list[float] | None = None,
        fault: BaseException | None = None,
    ) -> None:
        self.value = value
        self.strategy = strategy
        self.attempts = attempts
        self.waits = waits or []
        self.fault = fault
        self.kind = "" if fault is None else kind_of(fault)

    @property
    def is_recovered(self) -> bool:
        """Whether there is a value that can be used."""
        return not isinstance(self.value, Refusal)

    def __repr__(self) -> str:
        return f"Recovered({self.strategy or 'well'}, {self.attempts} attempts, {self.kind or 'no fault'})"


class _Later:
    """Work that failed in a thread that must not wait."""

    __slots__ = ("at", "component", "done", "number", "work")

    def __init__(
        self, at: float, component: str, work: Callable[[], Any], done: Callable[[Any], object] | None
    ) -> None:
        self.at = at
        self.component = component
        self.work = work
        self.done = done
        self.number = 1


class ErrorRecoveryManager:
    """See above.

    `retries`, `backoff`: of one piece of work; `clock`: gives `monotonic()` and `sleep`; `seed`: of the jitter;
    `rest_s`: how long a degraded feature stays off; `alert(component, fault, data)` hears of escalations, `rollback()`
    takes the way back; `tracker`: told of every fault; `breaker`: keywords of each component's `Breaker`.
    """

    def __init__(
        self,
        *,
        retries: int = 3,
        backoff: Backoff | None = None,
        clock: Any = None,
        seed: int = 0,
        rest_s: float = 60.0,
        alert: Callable[[str, BaseException, dict[str, Any]], object] | None = None,
        rollback: Callable[[], object] | None = None,
        tracker: ErrorTracker | None = None,
        breaker: dict[str, Any] | None = None,
    ) -> None:
        self.clock = clock or SystemClock()
        self.tracker = tracker or ErrorTracker()
        self.alerts: deque[tuple[str, str]] = deque(maxlen=1000)
        self.counts = dict.fromkeys(STRATEGIES, 0)
        self.faults = self.recovered = 0
        self._retry = Retry(retries, backoff or Backoff(0.1, 2.0, 5.0, "none"), worth=_is_worth_it)
        self._draw = Random(seed).random  # noqa: S311  (jitter, no secret)
        self._rest_s = rest_s
        self._alert = alert
        self._rollback = rollback
        self._options = {"least": 5, "window": 20, "open_s": 30.0, **(breaker or {})}
        self._breakers: dict[str, Breaker] = {}
        self._off: dict[str, float] = {}
        self._later: list[_Later] = []

    # --- in the background ------------------------------------------------------------------------

    def recover(
        self,
        work: Callable[[], Any],
        *,
        component: str,
        kernel: str = "",
        fallback: Callable[[], Any] | None = None,
        feature: str = "",
    ) -> Recovered:
        """The value of `work`, or what its fault's strategies make of it. May wait, on the clock.

        `feature`: what is switched off when the fault asks for less; `fallback` gives a substitute. What nothing helps
        against ends in a `Refusal` as the value.
        """
        breaker = self._breaker(component)
        record, waits = Record(), list[float]()

        def operate(number: int) -> Any:
            now = self.clock.monotonic()
            ticket = breaker.admit(now)
            if not ticket:
                return Attempt(number, _Refused(breaker.retry_after(now)))
            try:
                value = work()
            except Exception as fault:  # noqa: BLE001  (whatever happens in work is what recovery is for)
                self._seen(fault, component, kernel)
                breaker.failure(ticket, 0.0, self.clock.monotonic())
                return Attempt(number, fault)
            breaker.success(ticket, 0.0, self.clock.monotonic())
            return value

        def sleep(seconds: float) -> None:
            waits.append(seconds)
            self.clock.sleep(seconds)

        done, value = drive(perform(self._retry, record, self._draw, lambda: None), operate, sleep)
        attempts = len(record.attempts)
        if done:
            if not attempts:
                return Recovered(value)
            self.counts[RETRY] += 1
            self.recovered += 1
            return Recovered(value, RETRY, attempts=attempts + 1, waits=waits, fault=record.attempts[-1].fault)
        fault = record.attempts[-1].fault
        found = self._answered(fault, component, fallback, feature)
        found.attempts, found.waits = attempts, waits
        return found

    # --- in the training's thread -----------------------------------------------------------------

    def guard(
        self,
        work: Callable[[], Any],
        *,
        component: str,
        kernel: str = "",
        fallback: Callable[[], Any] | None = None,
        feature: str = "",
        later: Callable[[Any], object] | None = None,
    ) -> Recovered:
        """As `recover`, but never waits: what is worth another attempt is put off until `run_due`.

        `later` is told the value when it went well then; without it nothing is tried again.
        """
        breaker, now = self._breaker(component), self.clock.monotonic()
        ticket = breaker.admit(now)
        if not ticket:
            return self._answered(_Refused(breaker.retry_after(now)), component, fallback, feature)
        try:
            value = work()
        except Exception as fault:  # noqa: BLE001  (whatever happens in work is what recovery is for)
            self._seen(fault, component, kernel)
            breaker.failure(ticket, 0.0, now)
            if later is not None and _is_worth_it(fault):
                at = now + self._retry.backoff.delay(1, None, self._draw)
                self._later.append(_Later(at, component, work, later))
            return self._answered(fault, component, fallback, feature)
        breaker.success(ticket, 0.0, now)
        return Recovered(value)

    def run_due(self) -> int:
        """Try again what is due by now, once each; how much of it went well. For a thread in the background."""
        now, well = self.clock.monotonic(), 0
        due = [each for each in self._later if each.at <= now]
        self._later = [each for each in self._later if each.at > now]
        for each in due:
            try:
                value = each.work()
            except Exception as fault:  # noqa: BLE001  (as in guard)
                self._seen(fault, each.component, "")
                each.number += 1
                if each.number <= self._retry.retries and _is_worth_it(fault):
                    each.at = now + self._retry.backoff.delay(each.number, None, self._draw)
                    self._later.append(each)
                continue
            well += 1
            self.counts[RETRY] += 1
            self.recovered += 1
            if each.done is not None:
                each.done(value)
        return well

    @property
    def waiting(self) -> int:
        """How much work waits for `run_due`."""
        return len(self._later)

    # --- what is done -----------------------------------------------------------------------------

    def _answered(
        self, fault: BaseException, component: str, fallback: Callable[[], Any] | None, feature: str
    ) -> Recovered:
        answers = (BREAK, FALLBACK) if isinstance(fault, _Refused) else ANSWERS[kind_of(fault)]
        used = ""
        if BREAK in answers and isinstance(fault, _Refused):
            self.counts[BREAK] += 1
            used = BREAK
        if DEGRADE in answers and feature:
            self.degrade(feature)
            used = DEGRADE
        if ESCALATE in answers:
            self.escalate(component, fault)
            used = ESCALATE
        if fallback is None:
            reason = f"{component}: {type(fault).__name__}: {fault!s:.200}"
            return Recovered(Refusal("refused.state", reason), used, fault=fault)
        self.counts[FALLBACK] += 1
        self.recovered += 1
        return Recovered(fallback(), used or FALLBACK, fault=fault)

    def degrade(self, feature: str) -> None:
        """Switch a feature off for a while."""
        self.counts[DEGRADE] += 1
        self._off[feature] = self.clock.monotonic() + self._rest_s

    def is_on(self, feature: str) -> bool:
        """Whether a feature may be used: not while it rests."""
        until = self._off.get(feature, -inf)
        if self.clock.monotonic() < until:
            return False
        self._off.pop(feature, None)
        return True

    def escalate(self, component: str, fault: BaseException) -> None:
        """Raise an alert, and take the way back."""
        self.counts[ESCALATE] += 1
        self.alerts.append((component, kind_of(fault)))
        if self._alert is not None:
            self._alert(component, fault, {"kind": kind_of(fault), "patterns": self.tracker.patterns()})
        if self._rollback is not None:
            self._rollback()

    def _seen(self, fault: BaseException, component: str, kernel: str) -> None:
        self.faults += 1
        self.tracker.add(kind_of(fault), component=component, kernel=kernel, now=self.clock.monotonic())

    def _breaker(self, component: str) -> Breaker:
        found = self._breakers.get(component)
        if found is None:
            found = self._breakers[component] = Breaker(**self._options)
        return found

    def breaker(self, component: str) -> Breaker:
        """The circuit breaker of a component."""
        return self._breaker(component)


class _Refused(Exception):
    """A breaker let nobody through."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"not asked: it failed too often, and is left alone for {seconds:.0f} s")
        self.retry_after = seconds


def _is_worth_it(fault: BaseException) -> bool:
    return not isinstance(fault, _Refused) and RETRY in ANSWERS[kind_of(fault)]


# --- errors over time -----------------------------------------------------------------------------


class Pattern:
    """A shape in the errors of late: "burst", "periodic" or "cascading", of what, and how many took part."""

    __slots__ = ("count", "name", "of", "period_s")

    def __init__(self, name: str, of: str, count: int, period_s: float | None = None) -> None:
        self.name = name
        self.of = of
        self.count = count
        self.period_s = period_s

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and (other.name, other.of) == (self.name, self.of)

    def __hash__(self) -> int:
        return hash((self.name, self.of))

    def __repr__(self) -> str:
        return f"Pattern({self.name} of {self.of}, {self.count})"


class ErrorTracker:
    """Errors of the last `window_s` seconds, at most `most` of them, counted by kind, component and kernel (E20).

    `burst`: so many of one component within `burst_s`; `cascade`: so many components one after the other, each for the
    first time, within `burst_s`. Adding is O(1) amortised.
    """

    def __init__(
        self,
        *,
        window_s: float = 300.0,
        most: int = 10_000,
        burst: int = 10,
        burst_s: float = 5.0,
        cascade: int = 3,
        periods: int = 5,
    ) -> None:
        self.window_s = window_s
        self.most = most
        self.burst = burst
        self.burst_s = burst_s
        self.cascade = cascade
        self.periods = periods
        self.total = 0
        self.counts: dict[tuple[str, Hashable], int] = {}
        self._errors: deque[tuple[float, str, str, str]] = deque()
        self._now = -inf

    def add(self, kind: str, *, component: str, kernel: str = "", now: float) -> None:
        """Note one error."""
        self.total += 1
        self._now = now
        self._errors.append((now, kind, component, kernel))
        for key in (("kind", kind), ("component", component), ("kernel", kernel)):
            self.counts[key] = self.counts.get(key, 0) + 1
        while self._errors and (self._errors[0][0] <= now - self.window_s or len(self._errors) > self.most):
            _at, *names = self._errors.popleft()
            for key in zip(("kind", "component", "kernel"), names, strict=True):
                left = self.counts[key] - 1
                if left:
                    self.counts[key] = left
                else:
                    del self.counts[key]

    def count(self, what: str, name: str) -> int:
        """Errors of late by "kind", "component" or "kernel"."""
        return self.counts.get((what, name), 0)

    def patterns(self) -> list[Pattern]:
        """The shapes in what is remembered, the most urgent first."""
        by_component: dict[str, list[float]] = {}
        for at, _kind, component, _kernel in self._errors:
            by_component.setdefault(component, []).append(at)
        found = []
        first = sorted((times[0], component) for component, times in by_component.items())
        chain = _longest_within([at for at, _component in first], self.burst_s)
        if chain >= self.cascade:
            found.append(Pattern("cascading", " → ".join(component for _at, component in first[:chain]), chain))
        for component, times in sorted(by_component.items()):
            most = _longest_within(times, self.burst_s)
            if most >= self.burst:
                found.append(Pattern("burst", component, most))
            elif (period := _period(times, self.periods)) is not None:
                found.append(Pattern("periodic", component, len(times), period))
        return found


def _longest_within(times: list[float], seconds: float) -> int:
    """The most moments that lie within so many seconds; `times` in order."""
    most = start = 0
    for end, at in enumerate(times):
        while at - times[start] > seconds:
            start += 1
        most = max(most, end - start + 1)
    return most


def _period(times: list[float], least: int) -> float | None:
    """The time between moments, when there are enough and it is nearly always the same."""
    gaps = [after - before for before, after in pairwise(times)]
    if len(gaps) < least:
        return None
    mean = sum(gaps) / len(gaps)
    if mean <= 0:
        return None
    spread = sqrt(sum((gap - mean) ** 2 for gap in gaps) / len(gaps))
    return mean if spread <= 0.15 * mean else None


# --- health ---------------------------------------------------------------------------------------


class HealthMonitor:
    """Figures watched for a change to the worse: one alert when it begins, one when it is over (E22).

    A figure's usual mean and spread are learnt from its first `learn` samples. From then on the mean of every `window`
    samples is judged by its standard error: `in_a_row` windows more than `bound` of them on the bad side raise an
    alert. Healthy windows go on teaching. `alert(name, state, data)` hears "worse" and "well".
    """

    def __init__(
        self,
        *,
        window: int = 50,
        learn: int = 500,
        bound: float = 8.0,
        in_a_row: int = 2,
        alert: Callable[[str, str, dict[str, float]], object] | None = None,
    ) -> None:
        self.window = window
        self.learn = learn
        self.bound = bound
        self.in_a_row = in_a_row
        self.alerts: deque[tuple[str, str]] = deque(maxlen=1000)
        self._alert = alert
        self._figures: dict[str, _Figure] = {}

    def watch(self, name: str, *, worse: str = "up") -> None:
        """Watch a figure; `worse`: "up" (latency, errors) or "down" (accuracy, hits)."""
        if worse not in ("up", "down"):
            raise ValueError(f'`worse` is "up" or "down", not {worse!r}')
        self._figures[name] = _Figure(1.0 if worse == "up" else -1.0)

    def see(self, name: str, value: float) -> None:
        """One sample of a figure that is watched (another: `KeyError`). A NaN counts as the worst there is."""
        figure = self._figures[name]
        if value != value:  # noqa: PLR0124  (only a NaN is not itself)
            figure.broken += 1
            value = figure.mean
        figure.count += 1
        figure.sum += value
        figure.squares += value * value
        if figure.count >= (self.window if figure.is_learnt else self.learn):
            self._judge(name, figure)

    def _judge(self, name: str, figure: _Figure) -> None:
        count, mean = figure.count, figure.sum / figure.count
        spread = sqrt(max(0.0, figure.squares / count - mean * mean))
        broken, figure.broken = figure.broken, 0
        figure.count, figure.sum, figure.squares = 0, 0.0, 0.0
        if not figure.is_learnt:
            figure.teach(mean, spread, count)
            return
        error = max(figure.spread, 1e-12 * abs(figure.mean), 1e-300) / sqrt(count)
        score = inf if broken else figure.sign * (mean - figure.mean) / error
        if score <= self.bound:
            figure.bad = 0
            if abs(score) <= self.bound:
                figure.teach(mean, spread, count)
            if figure.is_worse:
                figure.is_worse = False
                self._tell(name, "well", mean, figure)
            return
        figure.bad += 1
        if figure.bad >= self.in_a_row and not figure.is_worse:
            figure.is_worse = True
            self._tell(name, "worse", mean, figure)

    def _tell(self, name: str, state: str, mean: float, figure: _Figure) -> None:
        self.alerts.append((name, state))
        if self._alert is not None:
            self._alert(name, state, {"mean": mean, "usual": figure.mean, "spread": figure.spread})

    def is_healthy(self, name: str | None = None) -> bool:
        """Whether a figure, or all of them, are as usual."""
        if name is not None:
            return not self._figures[name].is_worse
        return not any(figure.is_worse for figure in self._figures.values())


class _Figure:
    __slots__ = ("bad", "broken", "count", "is_learnt", "is_worse", "known", "mean", "sign", "spread", "squares", "sum")

    def __init__(self, sign: float) -> None:
        self.sign = sign
        self.count = self.bad = self.broken = self.known = 0
        self.sum = self.squares = 0.0
        self.mean = self.spread = 0.0
        self.is_learnt = self.is_worse = False

    def teach(self, mean: float, spread: float, count: int) -> None:
        """Take a healthy window in; what is known long counts more, but never makes deaf to slow change."""
        known = min(self.known, 20_000)
        whole = known + count
        self.mean += (mean - self.mean) * count / whole
        self.spread = sqrt((self.spread**2 * known + spread**2 * count) / whole)
        self.known = whole
        self.is_learnt = True
