"""How much a program may use (L49)."""

from __future__ import annotations

DEFAULT_STEPS = 200_000_000
DEFAULT_WALL_S = 60.0
DEFAULT_DEPTH = 1000
MAX_DEPTH = 20_000


class Limits:
    """What one run of a program may use; None means no limit.

    `steps`: rounds of loops and calls of recursive functions; `wall_s`: seconds; `depth`: nested calls
    (at most 20 000, never None). Raises `UsageError` for values that are no limits.
    """

    __slots__ = ("depth", "steps", "wall_s")

    def __init__(
        self,
        *,
        steps: int | None = DEFAULT_STEPS,
        wall_s: float | None = DEFAULT_WALL_S,
        depth: int = DEFAULT_DEPTH,
    ) -> None:
        if steps is not None and (not isinstance(steps, int) or steps < 1):
            from dana.errors import UsageError

            msg = f"Limits(steps=…) takes a positive whole number or None, not {steps!r}"
            raise UsageError(msg)
        if wall_s is not None and (not isinstance(wall_s, (int, float)) or wall_s <= 0):
            from dana.errors import UsageError

            msg = f"Limits(wall_s=…) takes a positive number of seconds or None, not {wall_s!r}"
            raise UsageError(msg)
        if not isinstance(depth, int) or not 1 <= depth <= MAX_DEPTH:
            from dana.errors import UsageError

            msg = f"Limits(depth=…) takes a whole number from 1 to {MAX_DEPTH}, not {depth!r}"
            raise UsageError(msg)
        self.steps = steps
        self.wall_s = wall_s
        self.depth = depth

    @classmethod
    def none(cls) -> Limits:
        """No limit on steps and time; what `dana FILE` uses for a user's own programs."""
        return cls(steps=None, wall_s=None)

    def __repr__(self) -> str:
        return f"Limits(steps={self.steps}, wall_s={self.wall_s}, depth={self.depth})"
