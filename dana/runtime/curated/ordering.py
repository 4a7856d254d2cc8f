"""`bisect` and `heapq`: sorted lists and heaps."""

from __future__ import annotations

import bisect as host_bisect
import heapq as host_heapq

from dana.runtime.curated import Curated
from dana.runtime.curated.values import Bounds, named
from dana.runtime.iterators import breathing
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.runtime.program import Program

BISECT = ("bisect", "bisect_left", "bisect_right", "insort", "insort_left", "insort_right")
# Before the first item comes, each iterable is asked for one, and nobody can stop that.
MOST_MERGED = 10_000
HEAP = ("heapify", "heappop", "heappush", "heappushpop", "heapreplace")


def make_bisect(_program: Program) -> dict[str, Any]:
    return {name: getattr(host_bisect, name) for name in BISECT}


def make_heapq(program: Program) -> dict[str, Any]:
    bounds = Bounds(program)

    def heapify(heap: list[Any], /) -> None:
        """Make a heap of a list, in place."""
        bounds.charge(len(heap) * 8)
        host_heapq.heapify(heap)

    def nlargest(n: int, iterable: Any, key: Any = None) -> list[Any]:
        """The n largest items, the largest first."""
        return host_heapq.nlargest(n, bounds.listed(iterable), breathing(key, bounds.holding.steps))

    def nsmallest(n: int, iterable: Any, key: Any = None) -> list[Any]:
        """The n smallest items, the smallest first."""
        return host_heapq.nsmallest(n, bounds.listed(iterable), breathing(key, bounds.holding.steps))

    def merge(*iterables: Any, key: Any = None, reverse: bool = False) -> Any:
        """The items of sorted iterables in order."""
        if len(iterables) > MOST_MERGED:
            raise failure(ValueError, "E521", f"merge takes at most {MOST_MERGED:,} iterables")
        walked = map(bounds.holding.walked, iterables)
        return bounds.lazy(
            host_heapq.merge(*walked, key=breathing(key, bounds.holding.steps), reverse=reverse), *iterables
        )

    made: dict[str, Any] = {name: getattr(host_heapq, name) for name in HEAP}
    return made | {f.__name__: named(f.__name__, f) for f in (heapify, nlargest, nsmallest, merge)}


FIND = "(a: any, x: any, lo: int = …, hi: any = …, *, key: any = …)"
BISECTS = {name: f"{FIND} -> {'None' if name.startswith('insort') else 'int'}" for name in BISECT}
HEAPS = {
    "heapify": "(heap: list /) -> None",
    "heappop": "(heap: list /) -> any",
    **dict.fromkeys(("heappushpop", "heapreplace"), "(heap: list /, item: any /) -> any"),
    "heappush": "(heap: list /, item: any /) -> None",
    "nlargest": "(n: int, iterable: any, key: any = …) -> list",
    "nsmallest": "(n: int, iterable: any, key: any = …) -> list",
    "merge": "(*iterables: any, key: any = …, reverse: bool = …) -> iterator[any]",
}
FAMILY = {"bisect": Curated(make_bisect, BISECTS), "heapq": Curated(make_heapq, HEAPS)}
