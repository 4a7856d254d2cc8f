"""Refusals: why something was not done, as a value with a code that a program can act on.

refused.shape       does not fit where it shall grow          refused.budget     would cost more than is allowed
refused.operation   an operation nobody allowed               refused.cycle      a blueprint that runs in a circle
refused.unsigned    no valid signature                        refused.bytes      damaged or hostile bytes
refused.stage       not in this stage of the lifecycle        refused.cooldown   too soon after the last change
refused.locked      the site is locked after a rollback       refused.validation a stage of validation failed
refused.unknown     a name that does not exist                refused.argument   a value that cannot be
refused.time        took longer than allowed                  refused.memory     needed more memory than allowed
refused.state       what came out was not finite              refused.gate       a gate's condition does not hold
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CODES = frozenset(
    "refused." + word
    for word in (
        "shape budget operation cycle unsigned bytes stage cooldown locked validation unknown argument time memory "
        "state gate"
    ).split()
)


class Refusal:
    """Why not: `code` (one of `CODES`), `reason` in words, `hint` what would help, `data` with the facts.

    A refusal is false, so that `if host.germinate(ticket):` reads as it is meant.
    """

    __slots__ = ("code", "data", "hint", "reason")

    def __init__(self, code: str, reason: str, hint: str = "", **data: Any) -> None:
        if code not in CODES:
            raise ValueError(f"`{code}` is no code of a refusal")
        self.code = code
        self.reason = reason
        self.hint = hint
        self.data = data

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return f"Refusal({self.code}: {self.reason})"

    def to_data(self) -> dict[str, Any]:
        """As plain data, for the journal."""
        return {"code": self.code, "reason": self.reason, "hint": self.hint, **self.data}


class RefusedError(Exception):
    """A refusal where no value can carry it: deep inside a check, or where the caller asked for exceptions."""

    def __init__(self, code: str, reason: str, hint: str = "", **data: Any) -> None:
        self.refusal = Refusal(code, reason, hint, **data)
        super().__init__(f"{reason} ({code})")
