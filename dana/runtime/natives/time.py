"""The running program's clock. Calendars and durations are arithmetic, and written in Dana."""

from __future__ import annotations

from dana.runtime.natives import types_on_demand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# A sleep is cut into pieces, so that deadlines and cancellation are seen while a program waits.
LONGEST_NAP_S = 0.05
LONGEST_SLEEP_S = 30 * 86400.0


def now(program: Any) -> Callable[[], float]:
    """Seconds since 1970-01-01 00:00 UTC, by the program's clock."""
    clock = program.clock

    def now() -> float:
        """Seconds since 1970-01-01 00:00 UTC, by the program's clock."""
        return float(clock.time())

    return now


def monotonic(program: Any) -> Callable[[], float]:
    """Seconds since some moment; never goes back, so differences are durations."""
    clock = program.clock

    def monotonic() -> float:
        """Seconds since some moment; never goes back, so differences are durations."""
        return float(clock.monotonic())

    return monotonic


def sleep(program: Any) -> Callable[[float], None]:
    """Waits. Deadlines and cancellation are looked at while it does."""
    clock, meter = program.clock, program.meter
    longest = getattr(clock, "longest_nap_s", LONGEST_NAP_S)

    def sleep(seconds: float, /) -> None:
        """Waits. Deadlines and cancellation are looked at while it does."""
        if not 0 <= seconds <= LONGEST_SLEEP_S:
            msg = f"sleep takes 0 to {LONGEST_SLEEP_S:.0f} seconds (30 days), not {seconds!r}"
            raise ValueError(msg)
        end = clock.monotonic() + seconds
        while (left := end - clock.monotonic()) > 0:
            allowed = meter.remaining()
            clock.sleep(min(left, longest) if allowed is None else min(left, longest, allowed))
            meter.check()

    return sleep


SIGNATURES = {
    "now": "() -> float",
    "monotonic": "() -> float",
    "sleep": "(seconds: float /) -> None",
}
EXPORTS: dict[str, object] = {"now": now, "monotonic": monotonic, "sleep": sleep}
NEEDS_PROGRAM = frozenset(EXPORTS)
__getattr__ = types_on_demand(SIGNATURES)
