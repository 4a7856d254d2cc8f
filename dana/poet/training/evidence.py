"""What a proposal would have meant for cases it was not made from: the trials behind the gate.

    attempts    every attempt that was kept back is the first of one call, replayed with both policies, the same chances
    outages     every outage that was kept back is waited for with both times
    ages        every look at a cached result that was kept back is answered with both times to live
    words       every correction of a phrase is judged by the median of the others

Each gives an `Evidence` with one paired difference per case: its mean, its 95 % interval, the number of cases and the
seed that repeats it.
"""

from __future__ import annotations

from math import inf
from random import Random

from dana.adaptive.improve import Evidence
from dana.adaptive.statistics import Moments, t95
from dana.poet.training.heard import CUT_OFF, OK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TypeAlias

    from dana.poet.training.words import Words

    # Attempt timeout (s, inf for none), retries, first wait (s).
    Settings: TypeAlias = tuple[float, int, float]

LONGEST_WAIT_S = 8.0
MOST_DRAWS = 16


def paired(gains: Iterable[float], seed: int) -> Evidence:
    """The mean of paired differences, with its 95 % interval. Fewer than two cases prove nothing."""
    seen = Moments()
    for gain in gains:
        seen.add(gain)
    if seen.count < 2:
        return Evidence(seen.mean, -inf, inf, seen.count, seed)
    half = t95(seen.count - 1) * (seen.variance / seen.count) ** 0.5
    return Evidence(seen.mean, seen.mean - half, seen.mean + half, seen.count, seed)


def of_words(words: Words, phrase: str) -> Evidence:
    """What it would gain to have a phrase stand for the median of its corrections: each is left out in turn."""
    return paired(words.gains(phrase), 0)


def of_attempts(
    kept_back: Sequence[tuple[float, int]],
    current: Settings,
    candidate: Settings,
    failure_s: float,
    seed: int,
    whole_s: float = inf,
) -> tuple[Evidence, float]:
    """Seconds of a call that the candidate saves, and how much more often calls succeed with it.

    A call that fails counts `failure_s` more: time is not to be saved by giving up. None takes longer than `whole_s`.
    """
    chance = Random(seed)  # noqa: S311  (a replay, no secret)
    gains, successes = [], 0
    for first in kept_back:
        others = [chance.random() for _ in range(MOST_DRAWS)]
        spent, fine = _replayed(first, kept_back, current, others, whole_s)
        less, well = _replayed(first, kept_back, candidate, others, whole_s)
        gains.append(spent + (0.0 if fine else failure_s) - less - (0.0 if well else failure_s))
        successes += well - fine
    return paired(gains, seed), successes / max(1, len(kept_back))


def _replayed(
    first: tuple[float, int],
    attempts: Sequence[tuple[float, int]],
    settings: Settings,
    draws: Sequence[float],
    whole_s: float,
) -> tuple[float, bool]:
    """How long a call would have taken whose first attempt was this one, and whether it would have succeeded."""
    timeout, retries, wait = settings
    spent, attempt = 0.0, first
    for number in range(retries + 1):
        if number:
            attempt = attempts[int(draws[(number - 1) % MOST_DRAWS] * len(attempts))]
            spent += min(LONGEST_WAIT_S, wait * 2 ** (number - 1)) / 2
        took, outcome = attempt
        if took <= timeout and outcome == OK and spent + took <= whole_s:
            return spent + took, True
        # What was cut off would have taken longer; how much longer nobody knows: all the time there is.
        is_open = outcome == CUT_OFF and timeout < inf
        spent += timeout if is_open or took > timeout else took
        if spent >= whole_s:
            return whole_s, False
    return spent, False


def of_outages(
    kept_back: Sequence[float], current: float, candidate: float, longest: float, probe_s: float
) -> Evidence:
    """Seconds that the candidate (a breaker's first open time) saves per outage.

    An outage costs the time from its end to the probe that notices, and `probe_s` for every probe in vain.
    """
    return paired(
        (_waited(o, current, longest, probe_s) - _waited(o, candidate, longest, probe_s) for o in kept_back), 0
    )


def _waited(outage: float, open_s: float, longest: float, probe_s: float) -> float:
    at, wait, cost = 0.0, open_s, 0.0
    while True:
        at += wait
        if at >= outage:
            return cost + at - outage
        cost += probe_s
        wait = min(longest, 2 * wait)


def of_ages(
    kept_back: Sequence[tuple[float, bool]], current: float, candidate: float, *, stale_cost: float, saving: float
) -> Evidence:
    """What the candidate (a time to live, s) gains per look at a cached result, in the unit of `saving`."""

    def worth(age: float, changed: bool, ttl: float) -> float:
        return 0.0 if age > ttl else saving - stale_cost * changed

    return paired((worth(age, new, candidate) - worth(age, new, current) for age, new in kept_back), 0)
