"""Counting a loop over a range, list, tuple or text without touching its rounds.

`.compress(range(n), .steps)` costs some 12 ns a round, which only shows where a round does little more
than arithmetic. For those loops (the lowering decides: every round is certainly short, and a list is not
written to meanwhile) the steps are charged ahead, a slice at a time:

    for .c in .slices(items):       _Slices ──▶ items[0:512]  items[512:1536]  …  …  4096 each
        for x in .c: …

A loop over a range pays from the program's bank itself (`.bank[0] -= len(range)`, 25 ns where a call costs
100) and comes here, to `.overdrawn`, when that is empty;

`.spans(items)` is the same as one iterable, for comprehensions.

What a loop over a long range that is left early did not use is given back when its iterator dies.
"""

from __future__ import annotations

from itertools import chain, compress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from dana.runtime.meter import Meter

# Ranges up to this length are charged at once and handed over as they are (what a `break` leaves unused is
# not given back then: it is less than a millisecond's worth).
SHORT = 512
SLICE_MAX = 4096
# The first slice when a deadline is near, and the time a slice should not exceed.
NEAR = 4
SLOW_S = 0.002


# What can be cut into slices.
SLICED: frozenset[Any] = frozenset({range, list, tuple, str})


class _Slices:
    """The parts of one long sequence, each charged when it is handed out."""

    __slots__ = ("at", "given", "length", "meter", "since", "size", "whole")

    def __init__(self, meter: Meter, whole: Any, length: int) -> None:
        self.meter = meter
        self.whole = whole
        self.length = length
        self.at = 0
        self.since = meter.clock()
        self.size = NEAR if meter.is_near() else SHORT
        self.given: Any = iter(())

    def __iter__(self) -> _Slices:
        return self

    def __next__(self) -> Iterator[Any]:
        at = self.at
        if at >= self.length:
            raise StopIteration
        size = self.meter.charge(min(self.size, self.length - at))
        self.at = at + size
        self.given = iter(self.whole[at : at + size])
        self._pace()
        return self.given  # type: ignore[no-any-return]

    def _pace(self) -> None:
        """Choose the next size by what the last slice took, so that the clock is looked at often enough."""
        now = self.meter.clock()
        took = now - self.since
        self.since = now
        if took > SLOW_S:
            self.size = max(1, int(self.size * SLOW_S / took))
        elif self.size < SLICE_MAX:
            self.size *= 2

    def __del__(self) -> None:
        left = self.given.__length_hint__()
        if left:
            self.meter.refund(left)


def slices_of(meter: Meter) -> Callable[[Any], Iterable[Iterable[Any]]]:
    """`.slices` of a program: iterables that together give the same items, metered."""

    def slices(items: Any) -> Iterable[Iterable[Any]]:
        if items.__class__ in SLICED:
            try:
                length = len(items)
            except OverflowError:
                return (compress(items, meter.steps),)
            if length <= SHORT:
                granted = meter.charge(length)
                if granted == length and not meter.is_near():
                    return (items,)
                meter.refund(granted)
            return _Slices(meter, items, length)
        return (compress(items, meter.steps),)

    return slices


def overdrawn_of(meter: Meter, slices: Callable[[Any], Iterable[Iterable[Any]]]) -> Callable[[range], Any]:
    """`.overdrawn` of a program: `.slices` for a range whose length has been taken from the bank already."""

    def overdrawn(items: range) -> Iterable[Iterable[Any]]:
        try:
            meter.bank[0] += len(items)
        except OverflowError:
            meter.bank[0] = 0
        return slices(items)

    return overdrawn


def spans_of(slices: Callable[[Any], Iterable[Iterable[Any]]]) -> Callable[[Any], Iterable[Any]]:
    """`.spans` of a program: the same as one iterable."""

    def spans(items: Any) -> Iterable[Any]:
        parts = slices(items)
        return parts[0] if parts.__class__ is tuple else chain.from_iterable(parts)

    return spans
