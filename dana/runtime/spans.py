"""Counting a loop over a `range` without touching its rounds.

`.compress(range(n), .steps)` costs some 12 ns a round, which only shows where a round does nothing but
arithmetic. For those loops (the lowering decides: no calls in the body, so every round is short) the steps
are charged ahead, a slice of the range at a time:

    for i in .spans(range(n)):      chain ── _Slices ──▶ range(0, 64)  range(64, 192)  …  ≤ 1024 each

What a loop that is left early did not use is given back when its iterator dies, so that the count, and the
step at which a limit is reached, are the same as if every round had been counted.
"""

from __future__ import annotations

from itertools import chain, compress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from dana.runtime.meter import Meter

# Ranges up to this length are charged at once and handed over as they are.
SHORT = 48
SLICE_MAX = 1024


class _Slices:
    """The parts of one long range, each charged when it is handed out."""

    __slots__ = ("at", "given", "length", "meter", "size", "whole")

    def __init__(self, meter: Meter, whole: range, length: int) -> None:
        self.meter = meter
        self.whole = whole
        self.length = length
        self.at = 0
        self.size = SHORT
        self.given: Any = iter(())

    def __iter__(self) -> _Slices:
        return self

    def __next__(self) -> Iterator[int]:
        at = self.at
        if at >= self.length:
            raise StopIteration
        size = self.meter.charge(min(self.size, self.length - at))
        self.at = at + size
        self.given = iter(self.whole[at : at + size])
        if self.size < SLICE_MAX:
            self.size *= 2
        return self.given  # type: ignore[no-any-return]

    def __del__(self) -> None:
        left = self.given.__length_hint__()
        if left:
            self.meter.refund(left)


def spans_of(meter: Meter) -> Callable[[Any], Iterable[Any]]:
    """`.spans` of a program: an iterable over the same items, metered."""

    def spans(items: Any) -> Iterable[Any]:
        if items.__class__ is not range:
            return compress(items, meter.steps)
        try:
            length = len(items)
        except OverflowError:
            return compress(items, meter.steps)
        if length <= SHORT and meter.charge(length) == length:
            return items
        return chain.from_iterable(_Slices(meter, items, length))

    return spans
