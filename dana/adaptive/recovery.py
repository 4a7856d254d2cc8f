"""What follows a fault: the table of leaves (M75), as data.

A fault belongs to a leaf, `family.leaf`. The leaf's row says what is done: `fail`, `retry` (with feedback where the
work can use it), `wait` and retry, `fallback`, `break` (retry inside a circuit breaker), `degrade`, `escalate`, `ask`
a person, or `crash` the actor and let its supervisor restart it. A leaf that is not in the table goes by its family
(M74). "Deterministic and the same input" never retries, whatever the row says.

`classify(fault)` finds the leaf of an exception; whoever knows better sets the attribute `leaf` on it.
"""

from __future__ import annotations

from dana.adaptive.faults import NEVER, PERMANENT, is_transient

FAIL = "fail"
RETRY = "retry"
WAIT = "wait"
FALLBACK = "fallback"
BREAK = "break"
DEGRADE = "degrade"
ESCALATE = "escalate"
ASK = "ask"
CRASH = "crash"
ACTIONS = (FAIL, RETRY, WAIT, FALLBACK, BREAK, DEGRADE, ESCALATE, ASK, CRASH)


class Recovery:
    """One row: what is tried, in order; at most how many retries, `wait_s` before each; if the breaker counts it."""

    __slots__ = ("actions", "counts", "retries", "wait_s")

    def __init__(self, *actions: str, retries: int = 0, wait_s: float = 0.0, counts: bool = False) -> None:
        self.actions = actions
        self.retries = retries
        self.wait_s = wait_s
        self.counts = counts

    def __repr__(self) -> str:
        return f"Recovery({' → '.join(self.actions)}, retries={self.retries})"


# The families' own rows, for leaves that have none (M74).
FAMILIES = {
    "validation": Recovery(RETRY, FAIL, retries=3),
    "execution": Recovery(FALLBACK, FAIL),
    "network": Recovery(BREAK, FALLBACK, FAIL, retries=3, counts=True),
    "configuration": Recovery(FAIL),
}

TABLE = {
    "validation.input": Recovery(FAIL),
    "validation.output": Recovery(RETRY, FAIL, retries=3),
    "validation.rate_limited": Recovery(WAIT, FAIL, retries=3, wait_s=1.0),
    "validation.timeout": Recovery(RETRY, FAIL, retries=1),
    "validation.unsafe": Recovery(FAIL),
    "validation.broken_check": Recovery(FAIL),
    "execution.tool_failed": Recovery(FALLBACK, DEGRADE, ESCALATE, FAIL),
    "execution.timeout": Recovery(RETRY, FALLBACK, FAIL, retries=2, wait_s=0.5, counts=True),
    "execution.bug": Recovery(CRASH, FAIL),
    "execution.resource_exhausted": Recovery(WAIT, FAIL, retries=1, wait_s=1.0, counts=True),
    "network.timeout": Recovery(BREAK, FALLBACK, FAIL, retries=3, counts=True),
    "network.unavailable": Recovery(BREAK, FALLBACK, FAIL, retries=3, counts=True),
    "network.rate_limited": Recovery(WAIT, FAIL, retries=3, wait_s=1.0),
    "network.refused_access": Recovery(FAIL),
    "seed.kernel_error": Recovery(FALLBACK, FAIL, counts=True),
    "budget.exceeded": Recovery(ASK, FAIL),
}


def recovery(leaf: str) -> Recovery:
    """The row of a leaf; of an unknown leaf, that of its family; of an unknown family, plain failure."""
    found = TABLE.get(leaf)
    return found if found is not None else FAMILIES.get(leaf.partition(".")[0], FAMILIES["configuration"])


def is_worth_retrying(fault: BaseException) -> bool:
    """Whether a fault may go away by itself: as its leaf says where it is known, else by its class."""
    leaf = classify(fault)
    if leaf == "execution.tool_failed" or isinstance(fault, NEVER):
        return is_transient(fault)
    return any(action in (RETRY, WAIT, BREAK) for action in recovery(leaf).actions)


def classify(fault: BaseException) -> str:
    """The leaf of an exception: what it says itself, else by its class, and an HTTP status if it carries one."""
    said = getattr(fault, "leaf", None)
    if isinstance(said, str):
        return said
    status = getattr(fault, "status", None)
    if isinstance(status, int) and not isinstance(status, bool):
        by_status = _by_status(status)
        if by_status:
            return by_status
    if isinstance(fault, NEVER):
        return "execution.resource_exhausted"
    if isinstance(fault, TimeoutError):
        return "execution.timeout"
    if isinstance(fault, ConnectionError):
        return "network.unavailable"
    if isinstance(fault, PermissionError):
        return "network.refused_access"
    if isinstance(fault, PERMANENT):
        return "execution.bug" if isinstance(fault, AttributeError | NameError | ImportError) else "validation.input"
    return "execution.tool_failed"


def _by_status(status: int) -> str:
    if status == 429:
        return "network.rate_limited"
    if status in (401, 403):
        return "network.refused_access"
    if status in (408, 504):
        return "network.timeout"
    if status >= 500:
        return "network.unavailable"
    return "validation.input" if status >= 400 else ""
