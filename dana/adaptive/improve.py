"""`improve`: the slow loop. Analyse → plan → trial → promote or reject, and always one recorded outcome.

The steps belong to whoever knows the subject; the order, the guards and the record are here:

- What `plan` proposes goes through the subject's knobs: nothing out of bounds, no safety limit.
- `trial` compares candidate and current on cases neither was made from, and says what it found (`Evidence`).
- Promotion needs evidence: enough cases, and a gain whose *lower* confidence bound is above `min_gain`.
- What is promoted is watched (`Watch`); when it turns out worse, the version before comes back by itself.
- The judge (thresholds, trial, gate) is out of reach of what is judged (M55).
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from dana.adaptive.subject import Subject

PROMOTED = "promoted"
REJECTED = "rejected"
NOTHING = "nothing to improve"
FAILED = "failed"
ROLLED_BACK = "rolled back"


class Evidence:
    """What a trial found: `gain` of the candidate over the current version, its confidence interval, the cases.

    `seed` repeats it. A gain is in the unit of the subject's goal, higher is better.
    """

    __slots__ = ("gain", "high", "low", "n", "seed")

    def __init__(self, gain: float, low: float, high: float, n: int, seed: int | None = None) -> None:
        if not low <= gain <= high:
            msg = f"a gain of {gain} does not lie in its interval {low} to {high}"
            raise ValueError(msg)
        self.gain = gain
        self.low = low
        self.high = high
        self.n = n
        self.seed = seed

    def to_data(self) -> dict[str, Any]:
        """As plain data, for versions and ledger."""
        return {"n": self.n, "effect": self.gain, "interval": [self.low, self.high], "seed": self.seed}


class Outcome:
    """How one round ended: `kind` is one of the constants above; `version` is the current one afterwards."""

    __slots__ = ("changes", "evidence", "kind", "reason", "version")

    def __init__(
        self, kind: str, reason: str, version: int, changes: Mapping[str, Any], evidence: Evidence | None
    ) -> None:
        self.kind = kind
        self.reason = reason
        self.version = version
        self.changes = dict(changes)
        self.evidence = evidence

    def to_data(self) -> dict[str, Any]:
        """As plain data, for the ledger."""
        found = None if self.evidence is None else self.evidence.to_data()
        return {
            "outcome": self.kind, "reason": self.reason, "version": self.version, "changes": self.changes,
            "evidence": found,
        }  # fmt: skip

    def __repr__(self) -> str:
        return f"Outcome({self.kind}: {self.reason})"


def improve(
    subject: Subject,
    analyse: Callable[[Subject], Any],
    plan: Callable[[Subject, Any], Mapping[str, Any] | None],
    trial: Callable[[Subject, Mapping[str, Any]], Evidence],
    record: Callable[[str, str, dict[str, Any]], object],
    *,
    min_gain: float = 0.0,
    least: int = 20,
    about: Mapping[str, Any] | None = None,
) -> Outcome:
    """One round of improvement; returns its outcome, which `record(kind, subject, data)` has heard of before.

    `analyse` gives findings (None: nothing to improve), `plan` the knobs to change (None or empty: nothing). Neither
    they nor `trial` may change the subject. Whatever fails in them ends the round as "failed", the subject as it was.
    `about` is put into the evidence of a new version.
    """
    before = subject.current
    try:
        outcome = _round(subject, analyse, plan, trial, min_gain, least, about or {})
    except Exception as error:  # noqa: BLE001  (a round that fails is an outcome like any other)
        subject._install(before)
        outcome = Outcome(FAILED, f"{type(error).__name__}: {error}", before.number, {}, None)
    record(f"improve.{outcome.kind.split()[0]}", subject.id, outcome.to_data())
    return outcome


def _round(
    subject: Subject,
    analyse: Callable[[Subject], Any],
    plan: Callable[[Subject, Any], Mapping[str, Any] | None],
    trial: Callable[[Subject, Mapping[str, Any]], Evidence],
    min_gain: float,
    least: int,
    about: Mapping[str, Any],
) -> Outcome:
    current = subject.current
    findings = analyse(subject)
    if findings is None:
        return Outcome(NOTHING, "the analysis found nothing", current.number, {}, None)
    changes = plan(subject, findings)
    if not changes:
        return Outcome(NOTHING, "no change was proposed", current.number, {}, None)
    candidate = subject.propose(changes)
    changed = {name: value for name, value in candidate.items() if value != current.values[name]}
    if not changed:
        return Outcome(NOTHING, "the proposal is what is there already", current.number, {}, None)
    evidence = trial(subject, candidate)
    if subject.current is not current:
        msg = "the subject changed while a change to it was tried"
        raise RuntimeError(msg)
    if evidence.n < least:
        reason = f"{evidence.n} cases are too few; {least} are needed"
        return Outcome(REJECTED, reason, current.number, changed, evidence)
    if evidence.low <= min_gain:
        reason = f"the gain is not certain: {evidence.low:g} to {evidence.high:g}, more than {min_gain:g} is needed"
        return Outcome(REJECTED, reason, current.number, changed, evidence)
    version = subject.promote(candidate, {"source": "improve", **about, **evidence.to_data()})
    return Outcome(PROMOTED, f"a gain of {evidence.gain:g}", version.number, changed, evidence)


class Watch:
    """Looks after a promoted version: scores come in, and a version that turns out worse is taken back.

    `baseline` is the mean score before, `tolerance` how much worse the mean may be, after `least` scores.
    """

    __slots__ = ("_total", "baseline", "count", "least", "subject", "tolerance", "version")

    def __init__(self, subject: Subject, baseline: float, *, tolerance: float = 0.0, least: int = 20) -> None:
        self.subject = subject
        self.version = subject.current
        self.baseline = baseline
        self.tolerance = tolerance
        self.least = least
        self.count = 0
        self._total = 0.0

    def score(self, score: float, record: Callable[[str, str, dict[str, Any]], object]) -> bool:
        """One score of the version that is watched; True when it was taken back because of it."""
        if self.subject.current is not self.version:
            return False
        self.count += 1
        self._total += score
        mean = self._total / self.count
        if self.count < self.least or mean >= self.baseline - self.tolerance:
            return False
        restored = self.subject.roll_back()
        reason = f"the mean score fell from {self.baseline:g} to {mean:g} over {self.count} calls"
        outcome = Outcome(ROLLED_BACK, reason, restored.number, {}, None)
        record("improve.rolled_back", self.subject.id, outcome.to_data())
        return True
