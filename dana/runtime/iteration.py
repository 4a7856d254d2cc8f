"""Builtins that walk an iterable: `sum`, `sorted`, `map`, …

Whatever consumes an iterable in C draws it through the meter when it is long or of unknown length, so that
limits and deadlines hold inside `sum(range(10 ** 11))` too.
"""

from __future__ import annotations

from itertools import chain, islice

from dana.runtime.families import by_name
from dana.runtime.iterators import SIZED, Holding, breathing
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.runtime.meter import Meter

_ABSENT = object()
# Longer lists are sorted in pieces; so many items copied are a step.
LONG = 50_000
COPIED = 1000
# Between so many items of a list, C gives the watchdog a turn: they may be numbers of half a million bits.
PIECE = 250


def table(source: Callable[[Any], Any], meter: Meter) -> dict[str, Any]:
    """The builtins by name; `source` is the program's (`iterators.bounded`)."""
    holding = Holding(meter.steps)

    def sum_(items: Any, /, start: Any = 0) -> Any:
        if start.__class__ not in (int, float):
            return _joined(meter, source(items), start)
        if items.__class__ not in SIZED:
            return sum(source(items), start)
        if len(items) <= PIECE or next(iter(items)).__class__ is float:  # a sum of floats stays one, and is quick
            return sum(items, start)
        return _in_pieces(sum, items, start)

    def min_(*values: Any, **options: Any) -> Any:
        if options.get("key") is not None:
            options["key"] = breathing(options["key"], meter.steps)
        if len(values) != 1:
            return min(*values, **options)
        items = source(values[0])
        if options or items.__class__ not in SIZED or len(items) <= PIECE:
            return min(items, **options)
        return _in_pieces(lambda piece, best: min(chain((best,), piece)), items)

    def max_(*values: Any, **options: Any) -> Any:
        if options.get("key") is not None:
            options["key"] = breathing(options["key"], meter.steps)
        if len(values) != 1:
            return max(*values, **options)
        items = source(values[0])
        if options or items.__class__ not in SIZED or len(items) <= PIECE:
            return max(items, **options)
        return _in_pieces(lambda piece, best: max(chain((best,), piece)), items)

    def all_(items: Any, /) -> bool:
        return all(items if items.__class__ in SIZED else source(items))

    def any_(items: Any, /) -> bool:
        return any(items if items.__class__ in SIZED else source(items))

    any_._type = "any"  # type: ignore[attr-defined]  # `list[any]` as a value: the function's name is a type, too

    def sorted_(items: Any, /, *, key: Any = None, reverse: bool = False) -> list[Any]:
        if items.__class__ not in SIZED:
            items = list(source(items))
        if len(items) > LONG:
            from dana.runtime.sized import in_order

            meter.room(len(items) * 8)
            return in_order(meter, list(items), key, reverse=reverse)
        if key is not None:
            key = breathing(key, meter.steps)
        return sorted(items, key=key, reverse=reverse)

    def filter_(function: Any, items: Any, /) -> Any:
        return holding.filter(function, items)

    def map_(function: Any, items: Any, /, *more: Any) -> Any:
        return holding.map(function, items, *more)

    def zip_(*items: Any, strict: bool = False) -> Any:
        return holding.zip(*items, strict=strict)

    def iter_(items: Any, sentinel: Any = _ABSENT, /) -> Any:
        return holding.iter(items) if sentinel is _ABSENT else holding.until(items, sentinel)

    def enumerate_(items: Any, start: int = 0) -> Any:
        return holding.enumerate(items, start)

    def reversed_(items: Any, /) -> Any:
        return holding.reversed(items)

    def slice_(*bounds: Any) -> Any:
        return slice(*bounds)

    def basic_sum(items: Any, /) -> Any:
        return sum(_basic(items, "basic_sum"))

    def basic_min(items: Any, /) -> Any:
        return min(_basic(items, "basic_min"))

    def basic_max(items: Any, /) -> Any:
        return max(_basic(items, "basic_max"))

    made = (
        sum_, min_, max_, all_, any_, sorted_, filter_, map_, zip_, iter_, enumerate_, reversed_, slice_,
        basic_sum, basic_min, basic_max,
    )  # fmt: skip
    return by_name(*made)


def _in_pieces(work: Callable[[Any, Any], Any], items: Any, *start: Any) -> Any:
    """What `work` makes of a long list and what came before it, a piece after the other."""
    walk = iter(items)
    total = start[0] if start else next(walk)
    for _ in range(0, len(items), PIECE):
        total = work(islice(walk, PIECE), total)
    return total


def _joined(meter: Meter, items: Any, total: Any) -> Any:
    """The sum of lists or tuples, whose every step copies all that is there already."""
    if isinstance(total, (str, bytes)):
        return sum(items, total)  # refuses, and says what to do instead
    for item in items:
        total = total + item
        if total.__class__ in (list, tuple) and len(total) > COPIED:
            meter.charge(len(total) // COPIED)
            meter.room(len(total) * 8)
    return total


def _basic(items: Any, name: str) -> Any:
    if items.__class__ not in (list, tuple, set):
        from dana.runtime.typevalues import kind_of

        raise failure(
            TypeError, "E601", f"Invalid arguments for '{name}': expected a list, tuple or set, got {kind_of(items)}"
        )
    return items
