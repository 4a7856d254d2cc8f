"""The results of pure functions, by their arguments (P81).

Only what cannot change is a key or is kept: numbers, texts, truth values, None, and tuples of these. Lists and dicts of
such values are kept, too, and every caller gets a copy. A call with other arguments, or another
result, is made each time.
"""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SIZE = 1024
# A result that is larger than so many items is not copied for every caller.
MAX_ITEMS = 1000
MISS = object()
LOOK_AGAIN = 20
_SCALARS = frozenset({int, float, complex, bool, str, bytes, type(None)})


class Cache:
    """At most `size` results, the least recently used make room; none is older than `ttl` seconds (None: any age)."""

    __slots__ = ("_clock", "_entries", "_lock", "heard", "hits", "misses", "size", "ttl")

    def __init__(self, clock: Callable[[], float], ttl: float | None = None, size: int = SIZE) -> None:
        self.ttl = ttl
        self.size = size
        self.hits = self.misses = 0
        # Who learns how long results stay true (`dana.poet.training.engine`).
        self.heard: Any = None
        self._clock = clock
        self._entries: OrderedDict[Any, tuple[float, Any]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Any) -> Any:
        """The result under `key`, or `MISS`."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is not None and (self.ttl is None or self._clock() - entry[0] < self.ttl):
                self._entries.move_to_end(key)
                self.hits += 1
                if self.heard is not None and self.hits % LOOK_AGAIN == 0:
                    # Only a result that is computed anew says whether the one that is kept is still true.
                    return MISS
                return copied(entry[1])
            self.misses += 1
            return MISS

    def put(self, key: Any, value: Any) -> None:
        """Keep a result, if it is of a kind that can be kept."""
        if not can_keep(value):
            return
        value = copied(value)
        with self._lock:
            now = self._clock()
            if self.heard is not None and key in self._entries:
                before = self._entries[key]
                self.heard.heard.append(("age", now - before[0], before[1] != value))
            self._entries[key] = now, value
            self._entries.move_to_end(key)
            if len(self._entries) > self.size:
                self._entries.popitem(last=False)

    def clear(self) -> None:
        """Forget all results."""
        with self._lock:
            self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)


def key_of(args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """What a call is remembered by; None when it cannot be. `1`, `1.0` and `True` are different keys."""
    for value in args:
        if value.__class__ not in _SCALARS and not _is_frozen(value):
            return None
    for value in keywords.values():
        if value.__class__ not in _SCALARS and not _is_frozen(value):
            return None
    named = tuple(sorted(keywords.items())) if keywords else ()
    return args, named, *map(_kinds, args), *(_kinds(value) for _name, value in named)


def _kinds(value: Any) -> Any:
    return tuple(map(_kinds, value)) if value.__class__ is tuple else value.__class__


def _is_frozen(value: Any) -> bool:
    return value.__class__ in _SCALARS or (value.__class__ is tuple and all(map(_is_frozen, value)))


def can_keep(value: Any) -> bool:
    """Whether a result is such that nobody can change what others are given."""
    return _is_frozen(value) or _count(value, MAX_ITEMS) > 0


def _count(value: Any, left: int) -> int:
    """What is left of so many items after a value's; 0 or less when it has more, or something that cannot be copied."""
    if _is_frozen(value):
        return left - 1
    if value.__class__ is not list and value.__class__ is not dict:
        return 0
    left -= 1
    for item in (*value.keys(), *value.values()) if isinstance(value, dict) else value:
        if left <= 0:
            return 0
        left = _count(item, left)
    return left


def copied(value: Any) -> Any:
    """The value, or a copy of it where it could be changed."""
    if value.__class__ is list:
        return [copied(item) for item in value]
    if value.__class__ is dict:
        return {key: copied(item) for key, item in value.items()}
    return value
