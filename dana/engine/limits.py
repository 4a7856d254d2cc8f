"""How much a program may use (L49)."""

from __future__ import annotations

from dana.runtime.meter import Meter

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Never

DEFAULT_STEPS = 200_000_000
DEFAULT_WALL_S = 60.0
DEFAULT_DEPTH = 1000
DEFAULT_MEMORY = 256 << 20
DEFAULT_OUTPUT = 10_000_000
DEFAULT_PROMISES = 1000
MAX_DEPTH = 20_000
# Less than this the runtime itself may need between two looks.
MIN_MEMORY = 1 << 20


class Limits:
    """What one run of a program may use; None means no limit.

    `steps`: rounds of loops and calls of recursive functions; `wall_s`: seconds; `depth`: nested calls
    (at most 20 000, never None); `memory_bytes`: how much the process may grow, at least 1 MiB, and three times
    what one value may take; `output_bytes`: printed text; `promises`: effects that are open at a time; `tokens`
    and `usd`: what calls of a model may use in all. Raises `UsageError` for values that are no limits.
    """

    __slots__ = ("depth", "memory_bytes", "output_bytes", "promises", "steps", "tokens", "usd", "wall_s")

    def __init__(
        self,
        *,
        steps: int | None = DEFAULT_STEPS,
        wall_s: float | None = DEFAULT_WALL_S,
        depth: int = DEFAULT_DEPTH,
        memory_bytes: int | None = DEFAULT_MEMORY,
        output_bytes: int | None = DEFAULT_OUTPUT,
        promises: int | None = DEFAULT_PROMISES,
        tokens: int | None = None,
        usd: float | None = None,
        **unknown: Never,
    ) -> None:
        if unknown:
            raise _no_limit(next(iter(unknown)))
        self.steps = _whole("steps", steps)
        self.wall_s = _amount("wall_s", wall_s, "a positive number of seconds")
        if depth.__class__ is not int or not 1 <= depth <= MAX_DEPTH:
            raise _refused("depth", f"a whole number from 1 to {MAX_DEPTH}", depth)
        self.depth = depth
        if memory_bytes is not None and (memory_bytes.__class__ is not int or memory_bytes < MIN_MEMORY):
            raise _refused("memory_bytes", f"a whole number of bytes, at least {MIN_MEMORY}, or None", memory_bytes)
        self.memory_bytes = memory_bytes
        self.output_bytes = _whole("output_bytes", output_bytes, least=0)
        self.promises = _whole("promises", promises)
        self.tokens = _whole("tokens", tokens, least=0)
        self.usd = _amount("usd", usd, "an amount of dollars")

    @classmethod
    def none(cls) -> Limits:
        """No limit but the depth, and the size of single values; what `dana FILE` uses for a user's own programs."""
        return cls(steps=None, wall_s=None, memory_bytes=None, output_bytes=None, promises=None)

    def meter(self, clock: Callable[[], float]) -> Meter:
        """A meter that holds a program to these limits; `clock` gives monotonic seconds."""
        return Meter(
            self.steps,
            self.wall_s,
            self.depth,
            clock,
            memory_bytes=self.memory_bytes,
            promises=self.promises,
            tokens=self.tokens,
            usd=self.usd,
        )

    def hold(self, meter: Meter) -> None:
        """Hold a meter that exists already to these limits, from its next run on."""
        meter.limit, meter.wall_s, meter.depth = self.steps, self.wall_s, self.depth
        meter.memory_bytes, meter.most_promises = self.memory_bytes, self.promises
        meter.most_tokens, meter.most_usd = self.tokens, self.usd

    def replace(self, **changes: Any) -> Limits:
        """The same limits but for these: `limits.replace(steps=1000)`."""
        return Limits(**{name: getattr(self, name) for name in _ORDER} | changes)

    def __repr__(self) -> str:
        return "Limits(" + ", ".join(f"{name}={getattr(self, name)!r}" for name in _ORDER) + ")"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Limits):
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in _ORDER)

    def __hash__(self) -> int:
        return hash(tuple(getattr(self, name) for name in _ORDER))


_ORDER = ("steps", "wall_s", "depth", "memory_bytes", "output_bytes", "promises", "tokens", "usd")


def _whole(name: str, value: int | None, least: int = 1) -> int | None:
    if value is None or (value.__class__ is int and value >= least):
        return value
    raise _refused(name, ("a positive whole number" if least else "a whole number") + " or None", value)


def _amount(name: str, value: float | None, words: str) -> float | None:
    if value is None or (value.__class__ in (int, float) and 0 < value < float("inf")):
        return value
    raise _refused(name, f"{words} or None", value)


def _no_limit(name: str) -> Exception:
    from dana.diagnostics import suggest
    from dana.errors import UsageError

    near = suggest(name, _ORDER)
    hint = f"did you mean `{near}`?" if near else f"there are {', '.join(_ORDER)}"
    return UsageError(f"Limits has no `{name}`; {hint}")


def _refused(name: str, wanted: str, value: object) -> Exception:
    from dana.errors import UsageError

    return UsageError(f"Limits({name}=…) takes {wanted}, not {value!r}")
