"""Gates: ordered checks that decide what may pass, at the points where something comes in or goes out.

A check looks at a value at a point and gives a `Verdict`:

    allow     it may pass as it is
    amend     it may pass as this other value
    deny      it may not; the reason is for people, the code for programs
    wait      not now; try again in so many seconds
    ask       a person must decide; the question says what

The first verdict that is neither allow nor amend ends the round. Amended values go on to the next check. A check
that fails itself is a denial (M31), unless it is declared `fail_open`, and then it is on record: nothing that guards
may be switched off by breaking it.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

ALLOW = "allow"
AMEND = "amend"
DENY = "deny"
WAIT = "wait"
ASK = "ask"

# The points of one performance (M26): before and after the work, when a change is proposed, while one is live.
BEFORE = "before"
AFTER = "after"
CANDIDATE = "candidate"
LIVE = "live"
POINTS = (BEFORE, AFTER, CANDIDATE, LIVE)


class Verdict:
    """What a check, or a whole gate, decided; made by the functions below."""

    __slots__ = ("check", "code", "kind", "reason", "seconds", "value")

    def __init__(
        self, kind: str, *, value: Any = None, reason: str = "", code: str = "", seconds: float = 0.0, check: str = ""
    ) -> None:
        self.kind = kind
        self.value = value
        self.reason = reason
        self.code = code
        self.seconds = seconds
        self.check = check

    @property
    def passes(self) -> bool:
        """Whether the value (perhaps amended) may go on."""
        return self.kind in (ALLOW, AMEND)

    def __repr__(self) -> str:
        said = f", {self.reason!r}" if self.reason else ""
        return f"Verdict({self.kind}{said})"


_ALLOWED = Verdict(ALLOW)


def allow() -> Verdict:
    """It may pass."""
    return _ALLOWED


def amend(value: Any, reason: str) -> Verdict:
    """It may pass as `value`; `reason` says what was changed."""
    return Verdict(AMEND, value=value, reason=reason)


def deny(reason: str, code: str = "validation.unsafe") -> Verdict:
    """It may not pass; `code` is the leaf of the fault table that says what follows (`recovery.py`)."""
    return Verdict(DENY, reason=reason, code=code)


def wait(seconds: float, reason: str) -> Verdict:
    """Not now; again in `seconds`."""
    return Verdict(WAIT, seconds=seconds, reason=reason, code="validation.rate_limited")


def ask(question: str) -> Verdict:
    """A person must decide."""
    return Verdict(ASK, reason=question)


class Check:
    """One check: `judge(value, context)` gives a Verdict, or None for allow.

    `points`: where it stands, among the `known` ones of its gate; `fail_open`: whether its own failure lets the value
    pass; `order`: lower goes first (cheap and decisive ones).
    """

    __slots__ = ("fail_open", "judge", "name", "order", "points")

    def __init__(
        self,
        name: str,
        judge: Callable[[Any, Mapping[str, Any]], Verdict | None],
        *,
        points: Iterable[str] = (BEFORE,),
        fail_open: bool = False,
        order: int = 100,
        known: Iterable[str] = POINTS,
    ) -> None:
        self.name = name
        self.judge = judge
        self.points = frozenset(points)
        self.fail_open = fail_open
        self.order = order
        known = tuple(known)
        unknown = self.points - set(known)
        if unknown:
            msg = f"unknown points of a gate: {', '.join(sorted(unknown))}; known are {', '.join(known)}"
            raise ValueError(msg)


class Gate:
    """Checks in order; `record(point, check, verdict)` hears of every verdict that is not a plain allow.

    `points`: the points it has, by default those of one performance.
    """

    __slots__ = ("_at", "checks", "record")

    def __init__(
        self,
        checks: Iterable[Check] = (),
        record: Callable[[str, str, Verdict], object] | None = None,
        points: Iterable[str] = POINTS,
    ) -> None:
        self.checks = tuple(sorted(checks, key=lambda check: check.order))
        self.record = record
        self._at = {point: tuple(c for c in self.checks if point in c.points) for point in points}

    def judge(self, point: str, value: Any, context: Mapping[str, Any]) -> Verdict:
        """What all checks of a point decide together; an amended value is in `.value`."""
        amended: Verdict | None = None
        for check in self._at[point]:
            verdict = self._ask(check, value, context)
            if verdict is None or verdict.kind is ALLOW:
                continue
            verdict.check = check.name
            if self.record is not None:
                self.record(point, check.name, verdict)
            if verdict.kind is not AMEND:
                return verdict
            amended, value = verdict, verdict.value
        return _ALLOWED if amended is None else amended

    def _ask(self, check: Check, value: Any, context: Mapping[str, Any]) -> Verdict | None:
        verdict: Any
        try:
            verdict = check.judge(value, context)
        except Exception as failed:  # noqa: BLE001  (whatever breaks a check must not open the gate)
            return self._broken(check, f"{type(failed).__name__}: {failed}")
        if verdict is None or isinstance(verdict, Verdict):
            return verdict
        return self._broken(check, f"it gave {type(verdict).__name__} instead of a verdict")

    def _broken(self, check: Check, why: str) -> Verdict:
        if check.fail_open:
            opened = Verdict(ALLOW, reason=f"the check `{check.name}` failed, and is declared to fail open: {why}")
            if self.record is not None:
                self.record(LIVE, check.name, opened)
            return opened
        return Verdict(DENY, reason=f"the check `{check.name}` failed: {why}", code="validation.broken_check")
