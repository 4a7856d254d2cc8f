"""`itertools`: iterators at the speed of C, of which none runs for ever unseen.

Each result is a `Lazy`: it hides what it stands upon, knows how deep it is nested, and either ends by itself or
counts steps (`count`, `cycle`, `repeat`, and products larger than their arguments).
"""

from __future__ import annotations

import itertools as host

from dana.runtime.curated import Curated
from dana.runtime.curated.values import Bounds, CuratedType, named
from dana.runtime.iterators import breathing
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.runtime.program import Program

MAX_POOLS = 1_000
MAX_CHOSEN = 10_000


def make_itertools(program: Program) -> dict[str, Any]:
    bounds = Bounds(program)
    walked, lazy, endless, source = bounds.holding.walked, bounds.lazy, bounds.endless, bounds.source
    steps = bounds.holding.steps

    def pool(items: Any) -> tuple[Any, ...]:
        found = tuple(source(items))
        bounds.charge(len(found))
        return found

    def chosen(r: Any) -> None:
        if isinstance(r, int) and r > MAX_CHOSEN:
            raise failure(ValueError, "E521", f"choosing {r:,} at a time: at most {MAX_CHOSEN:,}")

    def accumulate(iterable: Any, func: Any = None, *, initial: Any = None) -> Any:
        """Running totals, or what a function of two makes of them."""
        return endless(host.accumulate(walked(iterable), breathing(func, steps), initial=initial), iterable)

    def chain(*iterables: Any) -> Any:
        """One iterable after the other."""
        return lazy(host.chain(*map(walked, iterables)), *iterables)

    def from_iterable(iterable: Any) -> Any:
        """One iterable after the other, all from one."""
        return endless(host.chain.from_iterable(map(walked, walked(iterable))), iterable)

    def combinations(iterable: Any, r: int) -> Any:
        """All ways to choose r items, in order."""
        chosen(r)
        return endless(host.combinations(pool(iterable), r))

    def combinations_with_replacement(iterable: Any, r: int) -> Any:
        """All ways to choose r items, the same one more than once."""
        chosen(r)
        return endless(host.combinations_with_replacement(pool(iterable), r))

    def compress(data: Any, selectors: Any) -> Any:
        """The items whose selector is true."""
        return lazy(host.compress(walked(data), walked(selectors)), data, selectors)

    def count(start: Any = 0, step: Any = 1) -> Any:
        """start, start + step, … without an end."""
        return endless(host.count(start, step))

    def cycle(iterable: Any) -> Any:
        """The items again and again."""
        return endless(host.cycle(walked(iterable)), iterable)

    def dropwhile(predicate: Any, iterable: Any) -> Any:
        """From the first item on for which the function says no."""
        return lazy(host.dropwhile(breathing(predicate, steps), walked(iterable)), iterable)

    def filterfalse(predicate: Any, iterable: Any) -> Any:
        """The items for which the function says no."""
        return lazy(host.filterfalse(breathing(predicate, steps), walked(iterable)), iterable)

    def groupby(iterable: Any, key: Any = None) -> Any:
        """Pairs of a key and the run of neighbours that have it."""
        groups = host.groupby(walked(iterable), breathing(key, steps))
        return lazy(((k, lazy(group)) for k, group in groups), iterable)

    def islice(iterable: Any, *bounds_: Any) -> Any:
        """Some of the items: up to a place, or from one place to another in steps."""
        return lazy(host.islice(walked(iterable), *bounds_), iterable)

    def pairwise(iterable: Any) -> Any:
        """Neighbours: (a, b), (b, c), …"""
        return lazy(host.pairwise(walked(iterable)), iterable)

    def permutations(iterable: Any, r: int | None = None) -> Any:
        """All orders of r items (of all)."""
        items = pool(iterable)
        chosen(len(items) if r is None else r)
        return endless(host.permutations(items, r))

    def product(*iterables: Any, repeat: int = 1) -> Any:
        """All combinations of one item of each."""
        if isinstance(repeat, int) and len(iterables) * repeat > MAX_POOLS:
            raise failure(
                ValueError, "E521", f"a product of {len(iterables) * repeat:,} iterables: at most {MAX_POOLS:,}"
            )
        return endless(host.product(*map(pool, iterables), repeat=repeat))

    def repeat(object: Any, times: Any = None) -> Any:  # noqa: A002
        """The same again and again, or so many times."""
        return endless(host.repeat(object) if times is None else host.repeat(object, times))

    def starmap(function: Any, iterable: Any) -> Any:
        """What the function makes of each tuple of arguments."""
        return lazy(host.starmap(breathing(function, steps), walked(iterable)), iterable)

    def takewhile(predicate: Any, iterable: Any) -> Any:
        """The items up to the first for which the function says no."""
        return lazy(host.takewhile(breathing(predicate, steps), walked(iterable)), iterable)

    def tee(iterable: Any, n: int = 2) -> tuple[Any, ...]:
        """N iterators over the same items."""
        if isinstance(n, int) and n > MAX_POOLS:
            raise failure(ValueError, "E521", f"tee makes at most {MAX_POOLS:,} iterators")
        return tuple(lazy(each, iterable) for each in host.tee(walked(iterable), n))

    def zip_longest(*iterables: Any, fillvalue: Any = None) -> Any:
        """Tuples of one item each until the longest ends."""
        return lazy(host.zip_longest(*map(walked, iterables), fillvalue=fillvalue), *iterables)

    functions = (
        accumulate, combinations, combinations_with_replacement, compress, count, cycle, dropwhile, filterfalse,
        groupby, islice, pairwise, permutations, product, repeat, starmap, takewhile, tee, zip_longest,
    )  # fmt: skip
    made: dict[str, Any] = {f.__name__: named(f.__name__, f) for f in functions}
    made["chain"] = CuratedType("chain", host.chain, chain, {"from_iterable": named("from_iterable", from_iterable)})
    return made


MANY = "iterator[any]"
SIGNATURES = {
    "accumulate": f"(iterable: any, func: any = …, *, initial: any = …) -> {MANY}",
    "chain": f"(*iterables: any) -> {MANY}",
    "combinations": f"(iterable: any, r: int) -> {MANY}",
    "combinations_with_replacement": f"(iterable: any, r: int) -> {MANY}",
    "compress": f"(data: any, selectors: any) -> {MANY}",
    "count": f"(start: any = …, step: any = …) -> {MANY}",
    "cycle": f"(iterable: any) -> {MANY}",
    "dropwhile": f"(predicate: any, iterable: any) -> {MANY}",
    "filterfalse": f"(predicate: any, iterable: any) -> {MANY}",
    "groupby": f"(iterable: any, key: any = …) -> {MANY}",
    "islice": f"(iterable: any, *bounds: any) -> {MANY}",
    "pairwise": f"(iterable: any) -> {MANY}",
    "permutations": f"(iterable: any, r: any = …) -> {MANY}",
    "product": f"(*iterables: any, repeat: int = …) -> {MANY}",
    "repeat": f"(object: any, times: any = …) -> {MANY}",
    "starmap": f"(function: any, iterable: any) -> {MANY}",
    "takewhile": f"(predicate: any, iterable: any) -> {MANY}",
    "tee": "(iterable: any, n: int = …) -> tuple",
    "zip_longest": f"(*iterables: any, fillvalue: any = …) -> {MANY}",
}
FAMILY = {"itertools": Curated(make_itertools, SIGNATURES)}
