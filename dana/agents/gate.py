"""The gate of an agent: who may stop, change or delay what at which point of a turn.

    before_agent   the request, before anything happens         before_model   what is about to be said to a model
    around_model   the asking itself, as a layer                after_model    what the model said
    around_tool    a tool's arguments, its run, its result      after_agent    the answer, before anybody gets it
    completion     whether the answer is one already            candidate      a proposed change (meta layer)

At each point the checks stand in order, low and cheap ones first, then the blueprint's own hook. A verdict is
approved, modified, rejected, retry (after so many seconds) or ask (a person). The first one that neither approves nor
modifies ends the round, unless waiting or a person resolves it. A check or hook that fails itself is a denial, unless
it is declared to fail open, and then that is on record (M31). An agent without checks and hooks has no gate at all.
"""

from __future__ import annotations

from dana.adaptive import gate as core
from dana.adaptive.gate import ALLOW, AMEND, ASK, DENY, WAIT, Verdict
from dana.runtime.exceptions import AgentFault
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping
    from typing import Any, TypeAlias

    # What becomes of a verdict that does not pass. None: go on; a verdict: it stands; "again": ask the check again.
    Settle: TypeAlias = Callable[[core.Check, Verdict], Awaitable[Any]]

BEFORE_AGENT = "before_agent"
BEFORE_MODEL = "before_model"
AROUND_MODEL = "around_model"
AFTER_MODEL = "after_model"
AROUND_TOOL = "around_tool"
AFTER_AGENT = "after_agent"
COMPLETION = "completion"
CANDIDATE = "candidate"
POINTS = (
    BEFORE_AGENT, BEFORE_MODEL, AROUND_MODEL, AFTER_MODEL, AROUND_TOOL, AFTER_AGENT, COMPLETION, CANDIDATE,
)  # fmt: skip
# Where a hook is a layer around the work and is handed `next`.
LAYERS = (AROUND_MODEL, AROUND_TOOL)

# How verdicts are called in programs and records (M25).
DECISIONS = {ALLOW: "approved", AMEND: "modified", DENY: "rejected", WAIT: "retry", ASK: "ask"}
AGAIN = "again"

REFUSED, BROKEN, NOT_NOW, SPENT, UNAPPROVED, WRONG = "E870", "E871", "E872", "E873", "E874", "E875"
# What goes around in a circle says so itself, and is no word of a check.
CYCLE = "configuration.cycle"
# The code of a refusal, by the leaf of the table of faults.
CODES = {
    "validation.broken_check": BROKEN,
    "validation.rate_limited": NOT_NOW,
    "network.unavailable": NOT_NOW,
    "budget.exceeded": SPENT,
    "validation.unapproved": UNAPPROVED,
}


class Check(core.Check):
    """A check of an agent: `judge(value, context)` gives a verdict, None for approved, or awaits one."""

    __slots__ = ()

    def __init__(
        self,
        name: str,
        judge: Callable[[Any, Mapping[str, Any]], Any],
        *,
        points: Iterable[str],
        fail_open: bool = False,
        order: int = 100,
    ) -> None:
        super().__init__(name, judge, points=points, fail_open=fail_open, order=order, known=POINTS)


class Gate(core.Gate):
    """The checks of an agent by point; a round is awaited, as checks may ask models and people."""

    __slots__ = ()

    def __init__(
        self, checks: Iterable[core.Check], record: Callable[[str, str, Verdict], object] | None = None
    ) -> None:
        super().__init__(checks, record, POINTS)

    def stands_at(self, point: str) -> bool:
        """Whether anybody looks at this point."""
        return bool(self._at[point])

    async def decide(self, point: str, value: Any, context: Mapping[str, Any], settle: Settle) -> Verdict:
        """What all checks of a point decide together; an amended value is in `.value`."""
        amended: Verdict | None = None
        for check in self._at[point]:
            while True:
                verdict = self._ask(check, value, context)
                if verdict is not None and hasattr(verdict, "__await__"):
                    verdict = await self._awaited(check, verdict)
                if verdict is None or (verdict.kind is ALLOW and not verdict.reason):
                    break
                verdict.check = check.name
                if self.record is not None:
                    self.record(point, check.name, verdict)
                if verdict.kind is AMEND:
                    amended, value = verdict, verdict.value
                if verdict.passes:
                    break
                settled = await settle(check, verdict)
                if settled == AGAIN:
                    continue
                if settled is not None:
                    assert isinstance(settled, Verdict)
                    return settled
                break
        return core.allow() if amended is None else amended

    def _ask(self, check: core.Check, value: Any, context: Mapping[str, Any]) -> Any:
        verdict: Any
        try:
            verdict = check.judge(value, context)
        except Exception as failed:
            if getattr(failed, "leaf", "") == CYCLE:
                raise
            # Whatever breaks a check must not open the gate.
            return self._broken(check, _said(failed))
        if verdict is None or isinstance(verdict, Verdict) or hasattr(verdict, "__await__"):
            return verdict
        return self._broken(check, f"it gave {type(verdict).__name__} instead of a verdict")

    async def _awaited(self, check: core.Check, pending: Any) -> Verdict | None:
        try:
            verdict = await pending
        except Exception as failed:
            if getattr(failed, "leaf", "") == CYCLE:
                raise
            # As above; stops and cancellation are no `Exception`.
            return self._broken(check, _said(failed))
        if verdict is None or isinstance(verdict, Verdict):
            return verdict
        return self._broken(check, f"it gave {type(verdict).__name__} instead of a verdict")

    def _broken(self, check: core.Check, why: str) -> Verdict:
        if check.fail_open:
            return Verdict(ALLOW, reason=f"the check `{check.name}` failed, and is declared to fail open: {why}")
        return Verdict(DENY, reason=f"the check `{check.name}` failed: {why}", code="validation.broken_check")


def _said(failed: BaseException) -> str:
    place = getattr(failed, "_place", "")
    return f"{type(failed).__name__}: {' '.join(str(failed).split())[:300]}{place}"


def refusal(agent: str, point: str, verdict: Verdict) -> AgentFault:
    """The error for a verdict that does not let something pass; it carries `check point reason retry_after`."""
    code = CODES.get(verdict.code, REFUSED)
    error = AgentFault(f"`{agent}` {_words(point, verdict)}: {verdict.reason}")
    error._code = code  # type: ignore[attr-defined]
    error._hint = _hint(verdict)  # type: ignore[attr-defined]
    error.check = verdict.check  # type: ignore[attr-defined]
    error.point = point  # type: ignore[attr-defined]
    error.reason = verdict.reason  # type: ignore[attr-defined]
    error.retry_after = verdict.seconds if verdict.kind is WAIT else None  # type: ignore[attr-defined]
    error.leaf = verdict.code or "validation.unsafe"  # type: ignore[attr-defined]
    return error


def _words(point: str, verdict: Verdict) -> str:
    if verdict.kind is WAIT:
        return "takes no request now"
    if verdict.kind is ASK:
        return "needs somebody who decides"
    if point in (AFTER_MODEL, AFTER_AGENT, COMPLETION):
        return f"keeps its answer back (`{verdict.check}`)"
    return f"refuses this (`{verdict.check}`)"


def _hint(verdict: Verdict) -> str:
    if verdict.kind is WAIT:
        return f"try again in {round(verdict.seconds, 2 if verdict.seconds < 10 else None)} s (`e.retry_after`)"
    if verdict.code == "validation.broken_check":
        return "a check that fails denies; `fail_open=true` lets pass what it cannot judge"
    if verdict.code == "validation.unapproved" or verdict.kind is ASK:
        return "`agents.on_approval(f)` says who is asked; an approval holds for exactly these arguments, once"
    return ""


# --- verdicts as programs make them ---------------------------------------------------------------


def approved() -> Verdict:
    """It may pass as it is."""
    return core.allow()


def modified(value: Any, reason: str = "") -> Verdict:
    """It may pass as `value`."""
    return core.amend(value, _reason(reason))


def rejected(reason: str) -> Verdict:
    """It may not pass."""
    return core.deny(_reason(reason))


def retry(after: float = 0.0, reason: str = "not now") -> Verdict:
    """Not now; again in `after` seconds."""
    if isinstance(after, bool) or not isinstance(after, int | float) or not 0 <= after <= 86_400:
        raise failure(ValueError, WRONG, "`after` of retry is a number of seconds from 0 to 86400")
    return core.wait(float(after), _reason(reason))


def ask(question: str) -> Verdict:
    """A person must decide."""
    return core.ask(_reason(question))


def _reason(reason: Any) -> str:
    if not isinstance(reason, str):
        raise failure(TypeError, WRONG, "the reason of a verdict is a text")
    return reason[:1000]
