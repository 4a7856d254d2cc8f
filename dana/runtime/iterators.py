"""Iterators as programs hold them: C's own speed, no look into the interpreter, and none without an end in sight.

An iterator that `zip`, `iter`, a generator expression … hands out may be walked by any C loop (`x in it`,
`xs.extend(it)`, `a, b = it`), which no meter sees. So each of them ends, or counts steps: a generator expression and
whatever walks a long range count; what walks a list counts beyond the length the list had at first, because a
list may grow under its iterator. Two classes only give `zip` and its like a Dana name; iteration stays in C.
"""

from __future__ import annotations

from itertools import chain, compress, islice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# A range up to this long is walked by C code without being metered.
SHORT_RANGE = 100_000
SIZED = frozenset({list, tuple, dict, set, frozenset, str, bytes, type({}.keys()), type({}.values()), type({}.items())})


class generator(islice):  # type: ignore[type-arg]  # noqa: N801  (programs know the name)
    """What a generator expression yields: `islice` hides everything else a generator has (L6)."""

    __slots__ = ()

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"


class iterator(generator):  # noqa: N801
    """`iter(xs)`, `reversed(xs)`."""

    __slots__ = ()


def _named(base: Any) -> Any:
    """A subclass of a C iterator that prints as `<zip>`, and knows how many of its like it stands upon."""
    return type(base.__name__, (base,), {"__slots__": ("_depth",), "__repr__": generator.__repr__})


class Lazy(generator):
    """What a function of `itertools` hands out: `islice` hides the iterator it stands upon."""

    __slots__ = ("_depth",)


Lazy.__name__ = Lazy.__qualname__ = "iterator"
Zip, Map, Filter, Enumerate = (_named(base) for base in (zip, map, filter, enumerate))
NESTING = frozenset({Zip, Map, Filter, Enumerate, Lazy})
# CPython walks iterators upon iterators by recursion in C, which nothing stops before the stack is full.
DEEPEST = 1_000


def nested(made: Any, *sources: Any) -> Any:
    """`made`, with its depth noted; raises RecursionError (the depth limit) when it stands upon too many others."""
    depth = 1 + max((s._depth for s in sources if s.__class__ in NESTING), default=0)
    if depth > DEEPEST:
        raise RecursionError
    made._depth = depth
    return made


def bounded(steps: Any) -> Callable[[Any], Any]:
    """A function that hands an iterable back, metered unless it is certainly short enough."""

    def source(items: Any) -> Any:
        if items.__class__ in SIZED:
            return items
        if items.__class__ is range:
            return items if is_short(items) else compress(items, steps)
        if hasattr(items, "__next__"):
            return compress(items, steps)
        return items

    return source


def is_short(items: range) -> bool:
    return (items.stop - items.start) // (items.step or 1) <= SHORT_RANGE


# What C calls without a frame: functions and methods of C.
BARE = frozenset({type(len), type(str.join), type(str.__len__), type("".__len__), type(dict.__dict__["fromkeys"])})
SWIFT = frozenset({len, ord, chr, callable})


def breathing(function: Any, steps: Any) -> Any:
    """The function, called from Python and counted as a step where it is one of C.

    A loop of C that calls nothing but C (`sorted(xs, key=f)`, `map(f, xs)`) gives no other thread a turn, so that not
    even the watchdog sees how late it is; and who reads such a loop may be a helper nothing can be thrown into.
    """
    if function.__class__ not in BARE or function in SWIFT:
        return function

    def call(*args: Any) -> Any:
        for _ in steps:
            break
        return function(*args)

    call.__name__ = call.__qualname__ = function.__name__
    return call


class Holding:
    """What `zip`, `map`, `iter` … hand out, for one program."""

    __slots__ = ("steps",)

    def __init__(self, steps: Any) -> None:
        self.steps = steps

    def walked(self, items: Any) -> Any:
        """An iterable to be walked by nobody knows whom: it ends, or counts steps."""
        cls = items.__class__
        if cls is list:
            walk = iter(items)
            return chain(islice(walk, len(items)), compress(walk, self.steps))
        if cls is range and not is_short(items):
            return compress(items, self.steps)
        return items

    def zip(self, *items: Any, strict: bool = False) -> Any:
        first = items[0] if items else ()
        if all(i.__class__ is list or (i.__class__ is range and not is_short(i)) for i in items):
            # The shortest ends it: one that counts is enough.
            return nested(Zip(self.walked(first), *items[1:], strict=strict))
        return nested(Zip(*items, strict=strict), *items)

    def enumerate(self, items: Any, start: int = 0) -> Any:
        return nested(Enumerate(self.walked(items), start), items)

    def map(self, function: Any, items: Any, /, *more: Any) -> Any:
        return nested(Map(breathing(function, self.steps), self.walked(items), *more), items, *more)

    def filter(self, function: Any, items: Any, /) -> Any:
        return nested(Filter(breathing(function, self.steps), self.walked(items)), items)

    def iter(self, items: Any) -> Any:
        return items if hasattr(items, "__next__") else iterator(iter(self.walked(items)), None)

    def until(self, make: Any, sentinel: Any) -> Any:
        return iterator(compress(iter(breathing(make, self.steps), sentinel), self.steps), None)

    def reversed(self, items: Any, /) -> Any:
        backwards = reversed(items)
        if items.__class__ is range and not is_short(items):
            return iterator(compress(backwards, self.steps), None)
        return iterator(backwards, None)


class LongRange:
    """A range whose membership, `index` and `count` never scan it for a value that is no int."""

    __slots__ = ("items",)

    def __init__(self, items: range) -> None:
        self.items = items

    def __contains__(self, value: Any) -> bool:
        whole = as_int(value)
        return whole is not None and whole in self.items

    def index(self, value: Any) -> int:
        whole = as_int(value)
        if whole is None:
            msg = f"{value!r} is not in range"
            raise ValueError(msg)
        return self.items.index(whole)

    def count(self, value: Any) -> int:
        return int(value in self)


class RangeType:
    """`range.index(r, v)`, `range.count(r, v)`: the methods of a range as functions."""

    __slots__ = ()

    def index(self, items: range, value: Any) -> int:
        return LongRange(items).index(value)

    def count(self, items: range, value: Any) -> int:
        return LongRange(items).count(value)


def as_int(value: Any) -> int | None:
    """The int a value equals, if there is one."""
    if isinstance(value, int):
        return int(value)
    return int(value) if isinstance(value, float) and value.is_integer() else None


def members(items: Any) -> Any:
    """`.members(v)`: what stands for v in `x in v`, `v.index(x)` and `v.count(x)`."""
    if items.__class__ is range:
        return LongRange(items)
    return RangeType() if items is range else items
