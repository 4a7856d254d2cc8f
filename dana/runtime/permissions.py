"""`program.policy`: the engine's policy as one program meets it; denials become exceptions, decisions become events.

program.policy.require("net", "api.acme.dev:443")      # None, or raises Dana's `Denied`
program.policy.path("read", "data/x.csv")              # the real path, checked: open exactly this one
"""

from __future__ import annotations

from dana.policy import Policy
from dana.runtime.exceptions import DeniedFault

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dana.policy import Denial
    from dana.runtime.narrowing import Bounds
    from dana.runtime.program import Program

# What reaches the world; reading and reckoning do not.
OUTSIDE = frozenset({"write", "net", "run", "python"})


class Permissions:
    """What natives and effects ask before they act. `policy` is the engine's (`dana.policy.Policy`)."""

    __slots__ = ("_held", "_program", "_refused", "bounds", "policy")

    def __init__(self, program: Program, policy: Policy | None = None) -> None:
        self._program = program
        self.policy = policy if policy is not None else Policy()
        # Tells within which bounds the code that runs now is (`narrowing`); None in programs without such code.
        self.bounds: Callable[[], Bounds | None] | None = None
        # How many calls are tested safely now, and how many acts were held back since somebody asked.
        self._held = self._refused = 0

    def hold(self) -> None:
        """Hold back every act that reaches the world, until as many `release`s (P114)."""
        self._held += 1

    def release(self) -> int:
        """Let acts happen again; how many were held back meanwhile."""
        self._held -= 1
        count, self._refused = self._refused, 0
        return count

    def permits(self, kind: str, target: str) -> bool:
        """Whether an act may happen; nobody is asked, nothing is recorded."""
        if not self.policy.permits(kind, target) or (self._held and kind in OUTSIDE):
            return False
        return self.narrowed(kind, target) is None

    def narrowed(self, kind: str, target: str) -> Denial | None:
        """Why the agent whose code runs now may not do what the program may; None when it may, or when none runs."""
        bounds = None if self.bounds is None else self.bounds()
        return None if bounds is None else bounds.denial(kind, target)

    def require(self, kind: str, target: str) -> None:
        """Return when an act may happen, else raise `Denied` (a `DeniedFault`). Emits `policy.allow`/`policy.deny`."""
        if self._held and kind in OUTSIDE:
            self._refused += 1
            self._decided(False, kind, target)
            raise DeniedFault(f"{kind} {target} is held back: the function is tested without effects")
        denial = self.narrowed(kind, target) or self.policy.denial(kind, target)
        if denial is not None and denial.flag and self.policy.ask is not None:
            denial = self._asked(denial)
        self._decided(denial is None, kind, target)
        if denial is not None:
            raise denied(denial)

    def path(self, kind: str, path: str) -> str:
        """The real path behind `path` ("read" or "write"), after `require`: what is opened is what was checked."""
        from dana.policy.rules import resolved

        try:
            real = resolved(path)
        except ValueError:
            real = path  # the denial says what is wrong with it
        self.require(kind, real)
        return real

    def address(self, host: str, address: str) -> None:
        """For a host that may be reached: raises `Denied` when the address it was resolved to is denied."""
        denial = self.policy.denied_address(host, address)
        if denial is not None:
            self._decided(False, "net", host)
            raise denied(denial)

    def _asked(self, denial: Denial) -> Denial | None:
        """What the user says; "always" grants it for the rest of the run."""
        assert self.policy.ask is not None
        answer = self.policy.ask(denial)
        # A module is imported once and used ever after, so for it once means this run, too.
        if answer == "always" or (answer == "yes" and denial.kind == "python"):
            is_path = denial.kind in ("read", "write")
            self.policy.grant(denial.kind, denial.target if is_path else denial.pattern)
        return None if answer in ("yes", "always") else denial

    def _decided(self, allowed: bool, kind: str, target: str) -> None:
        emit = self._program.emit
        if emit is not None:
            emit("policy.allow" if allowed else "policy.deny", {"kind": kind, "target": target})


def denied(denial: Denial) -> DeniedFault:
    """The exception for a denial: Dana's `Denied`, with what was wanted and the flag that would grant it."""
    error = DeniedFault(denial.message)
    error._code = denial.code  # type: ignore[attr-defined]
    error._denial = denial  # type: ignore[attr-defined]
    if denial.hint:
        error._hint = denial.hint  # type: ignore[attr-defined]
    return error
