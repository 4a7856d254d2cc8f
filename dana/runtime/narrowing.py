"""Whose code runs now, as far as permissions go: an agent may do less than its program, never more (M88).

`BOUNDS` is set while an agent processes a message. It belongs to the context, so it goes along with everything that
code starts: the branches beside it, and the effects that go on while it waits. Loaded with the first agent; a program
without one asks `program.policy` alone.
"""

from __future__ import annotations

from _contextvars import ContextVar

from dana.policy import Allow, Denial, Policy
from dana.policy.policy import ACTS, shown_target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


class Bounds:
    """What an agent called `name` may do of what its program may; `outer` are those of the agent that made it."""

    __slots__ = ("name", "outer", "policy")

    def __init__(self, name: str, policy: Policy, outer: Bounds | None = None) -> None:
        self.name = name
        self.policy = policy
        self.outer = outer

    def denial(self, kind: str, target: str) -> Denial | None:
        """None when an act is within the bounds, else why not: the agent and the permission it lacks."""
        found = self.policy.denial(kind, target)
        if found is None:
            return None if self.outer is None else self.outer.denial(kind, target)
        if not found.flag:
            return found  # it is not even a target
        act = ACTS[kind].format(shown_target(kind, found.target))
        message = f"the agent `{self.name}` has no permission for {act}"
        hint = f'add "{kind}:{found.pattern}" to its field `permissions`; what it lists is all it may do'
        return Denial(kind, found.target, message, hint)

    def to_data(self) -> list[Any]:
        """These bounds and those around them as plain data."""
        rest = [] if self.outer is None else self.outer.to_data()
        return [[self.name, self.policy.allow.to_data()], *rest]

    @classmethod
    def from_data(cls, data: list[Any]) -> Bounds | None:
        """What `to_data` gave. Raises what broken data makes Python raise."""
        made: Bounds | None = None
        for name, allow in reversed(data):
            made = cls(str(name), Policy(Allow.from_data(allow)), made)
        return made


BOUNDS: ContextVar[Bounds | None] = ContextVar("bounds", default=None)


def within(bounds: Bounds | None, action: Callable[..., Any], *args: Any, **keywords: Any) -> Any:
    """What `action` gives when it runs within these bounds (None: those of the program)."""
    if bounds is BOUNDS.get():
        return action(*args, **keywords)
    from dana.runtime.effects.bridge import AVAILABLE, current

    here = current() if AVAILABLE else None
    if here is not None:
        here.direct = False  # what it waits for must not run in another context than its own
    token = BOUNDS.set(bounds)
    try:
        return action(*args, **keywords)
    finally:
        BOUNDS.reset(token)
