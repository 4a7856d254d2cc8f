"""`functools` and `operator`: functions of functions, without a look inside them.

What they make are closures and purpose-made classes: Python's `partial` would show the function it wraps. Operators
go through the same guards as those of the language.
"""

from __future__ import annotations

import functools as host
import operator as host_operator
from itertools import compress as host_compress

from dana import abi
from dana.runtime.curated import Curated
from dana.runtime.curated.collecting import named_tuple
from dana.runtime.curated.values import named, register
from dana.runtime.iterators import breathing
from dana.runtime.stops import failure
from dana.runtime.typevalues import kind_of, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.runtime.program import Program

MAX_CACHED = 1 << 20
_ABSENT = object()


CacheInfo = named_tuple("CacheInfo", "hits misses maxsize currsize")


class Cached:
    """A function that remembers its results."""

    __slots__ = ("_function", "_hits", "_known", "_limit", "_maxsize", "_misses", "_typed")

    def __init__(self, function: Callable[..., Any], maxsize: int | None, typed: bool) -> None:
        self._function = function
        self._maxsize = maxsize
        self._limit = MAX_CACHED if maxsize is None else min(max(maxsize, 0), MAX_CACHED)
        self._typed = typed
        self._known: dict[Any, Any] = {}
        self._hits = self._misses = 0

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        key: Any = (args, tuple(keywords.items())) if keywords else args
        if self._typed:
            key = (key, tuple(map(type, args)), tuple(map(type, keywords.values())))
        known = self._known
        try:
            found = known.pop(key, _ABSENT)
        except TypeError:
            said = f"a cached function takes arguments that can be keys, and one of {short(args)} is none"
            raise failure(
                TypeError, "E601", said, "use tuples instead of lists, frozen structs instead of structs"
            ) from None
        if found is not _ABSENT:
            self._hits += 1
            known[key] = found
            return found
        self._misses += 1
        found = self._function(*args, **keywords)
        if self._limit:
            known[key] = found
            if len(known) > self._limit:
                del known[next(iter(known))]
        return found

    def cache_info(self) -> Any:
        """How often a result was known, how often not, and how many are kept."""
        return CacheInfo(self._hits, self._misses, self._maxsize, len(self._known))

    def cache_clear(self) -> None:
        """Forget everything."""
        self._known.clear()
        self._hits = self._misses = 0

    def __repr__(self) -> str:
        return f"<function {_name(self._function)}>"


def _name(function: Any) -> str:
    return abi.demangle(getattr(function, "__name__", "") or kind_of(function))


def partial(function: Any, /, *args: Any, **keywords: Any) -> Any:
    """The function with its first arguments, and some named ones, given already."""
    if not callable(function):
        raise failure(TypeError, "E601", f"partial takes a function first, not {short(function)}")

    def bound(*more: Any, **options: Any) -> Any:
        return function(*args, *more, **{**keywords, **options})

    return named(_name(function), bound)


def lru_cache(maxsize: Any = 128, typed: bool = False) -> Any:
    """A decorator: the function remembers its last results."""
    if callable(maxsize):
        return Cached(maxsize, 128, typed)
    if maxsize is not None and not isinstance(maxsize, int):
        raise failure(TypeError, "E601", f"maxsize is a whole number or None, not {short(maxsize)}")
    return lambda function: Cached(function, maxsize, typed)


def cache(user_function: Any, /) -> Any:
    """A decorator: the function remembers its results."""
    return Cached(user_function, None, False)


def wraps(wrapped: Any, *_args: Any, **_options: Any) -> Any:
    """A decorator that leaves the function as it is: functions of Dana carry no attributes to copy."""
    return lambda function: function


def make_functools(program: Program) -> dict[str, Any]:
    steps = program.meter.steps
    register(program, CacheInfo)

    def reduce(function: Any, iterable: Any, /, *initial: Any) -> Any:
        """One value of many: function(function(a, b), c) …"""
        return host.reduce(breathing(function, steps), host_compress(iterable, steps), *initial)

    return {
        "reduce": reduce, "partial": partial, "lru_cache": lru_cache, "cache": cache, "wraps": wraps,
        "cmp_to_key": lambda mycmp: host.cmp_to_key(breathing(mycmp, steps)),
    }  # fmt: skip


FUNCTOOLS = {
    "reduce": "(function: any /, iterable: any /, initial: any / = …) -> any",
    "partial": "(function: any /, *args: any, **keywords: any) -> callable",
    "lru_cache": "(maxsize: any = …, typed: bool = …) -> any",
    "cache": "(user_function: any /) -> any",
    "wraps": "(wrapped: any, *args: any, **options: any) -> any",
    "cmp_to_key": "(mycmp: any) -> callable",
}
NO_FUNCTOOLS = {
    "partialmethod": "write a method that calls the other one",
    "singledispatch": "give each type a method: `def (p: Point) area()`",
    "total_ordering": "compare by a key: `sorted(items, key=lambda x: x.name)`",
    "cached_property": "compute it in a method decorated with `@cache`",
}

# --- operator -----------------------------------------------------------------------------------

PLAIN = (
    "abs and_ contains countOf delitem eq floordiv ge getitem gt index indexOf inv invert is_ is_not le lt ne neg not_ "
    "or_ pos rshift setitem sub truediv truth xor"
).split()


def itemgetter(item: Any, /, *items: Any) -> Any:
    """A function that takes these items out of its argument."""
    if not items:
        return named("itemgetter", lambda value: value[item])
    every = (item, *items)
    return named("itemgetter", lambda value: tuple(value[each] for each in every))


def make_operator(program: Program) -> dict[str, Any]:
    from dana.runtime.guards import Guards, add

    guards = Guards(program)
    source = program.source

    def plus(a: Any, b: Any, /) -> Any:
        """A + b."""
        return guards.grown(add(a, b))

    def mod(a: Any, b: Any, /) -> Any:
        """A % b."""
        if isinstance(a, str | bytes):
            raise failure(TypeError, "E601", "operator.mod is for numbers", "format texts with an f-string")
        return a % b

    def concat(a: Any, b: Any, /) -> Any:
        """A + b for sequences."""
        return plus(a, b)

    made: dict[str, Any] = {name: getattr(host_operator, name) for name in PLAIN}
    for name in ("contains", "countOf", "indexOf"):
        made[name] = _searching(getattr(host_operator, name), source)
    made |= {
        "add": named("add", plus), "mul": guards.mul, "pow": guards.pow, "lshift": guards.lshift, "mod": mod,
        "concat": concat, "itemgetter": itemgetter,
    }  # fmt: skip
    return made


def _searching(work: Callable[[Any, Any], Any], source: Callable[[Any], Any]) -> Callable[[Any, Any], Any]:
    def search(a: Any, b: Any, /) -> Any:
        if a.__class__ is range:
            from dana.runtime.iterators import LongRange

            a = LongRange(a) if work is host_operator.contains else source(a)
        elif hasattr(a, "__next__"):
            a = source(a)
        return work(a, b)

    return named(work.__name__, search)  # type: ignore[no-any-return]


ONE_ARGUMENT = frozenset("abs index inv invert neg not_ pos truth".split())
TWO = "(a: any /, b: any /) -> any"
OPERATOR = {
    **{name: "(a: any /) -> any" if name in ONE_ARGUMENT else TWO for name in PLAIN},
    **dict.fromkeys("add mul pow lshift mod concat".split(), TWO),
    "setitem": "(a: any /, b: any /, c: any /) -> None",
    "itemgetter": "(item: any /, *items: any) -> callable",
}
NO_OPERATOR = {
    "attrgetter": "write `lambda x: x.name`",
    "methodcaller": "write `lambda x: x.method()`",
    **dict.fromkeys("iadd isub imul itruediv ifloordiv imod ipow".split(), "write the assignment: `x += y`"),
}
FAMILY = {
    "functools": Curated(make_functools, FUNCTOOLS, NO_FUNCTOOLS),
    "operator": Curated(make_operator, OPERATOR, NO_OPERATOR),
}
