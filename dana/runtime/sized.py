"""Methods of texts, bytes, lists, dicts, sets and numbers whose cost is not bounded by the values they are called on.

`"a".ljust(10 ** 11)`, `s.replace("a", s)`, `xs.extend(range(10 ** 12))` are single operations of C that no meter sees.
Each method that may build something much larger than its receiver, walk an endless argument, or sort for seconds has
a function here that asks for room, draws long arguments through the meter, or works in pieces:

    v.replace(a, b)       .do:replace(v, a, b)         the compiler, where v may be a text
    f = v.replace         .method(v, "replace")        the same function, bound
    str.replace, getattr(v, "replace"), delegation, method-like calls: `bound` and `unbound`

Other methods cost no more than a pass over their receiver, and one value is never large (`Meter.most_bytes`).
A test holds this table against the checker's (`tests/limits/test_costs.py`).
"""

from __future__ import annotations

import sys
from itertools import compress
from types import MethodType

from dana.runtime.iterators import bounded, breathing
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from dana.runtime.meter import Meter

# Sizes nobody asks about.
LITTLE = 4096
LONG = 1 << 16
# So many parts may be joined before it is known how long they are together.
FEW = 4
# What one of the parts that a text falls into takes.
PART = 60
# An occurrence that is replaced, and a character that changes its case, take as long as it takes to fill so many bytes.
PIECE = 16
LETTER = 8
# Lists up to this length are sorted in one go; longer ones in runs of this length, which are then merged.
RUN = 16_000
BETWEEN = 1000
# Encodings whose codecs take time that grows with the square of the length.
SLOW_CODECS = frozenset({"idna", "punycode"})
SLOW_LENGTH = 1000
SAFE_BITS = 1 << 19
BLANKS = (
    " \t\n\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a"
    "\u2028\u2029\u202f\u205f\u3000"
)

# The receivers of each name's function. What is no receiver keeps its own method.
TEXTS: tuple[Any, ...] = (str, bytes)
RECEIVERS: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(
        ("center", "ljust", "rjust", "zfill", "expandtabs", "replace", "join", "translate", "split", "rsplit"), TEXTS
    ),
    **dict.fromkeys(("title", "swapcase", "casefold", "capitalize"), TEXTS),
    "splitlines": TEXTS, "encode": (str,), "decode": (bytes,),
    "extend": (list,), "sort": (list,),
    "update": (dict, set), "fromkeys": (dict,),
    **dict.fromkeys(("union", "intersection", "difference", "symmetric_difference"), (set, frozenset)),
    **dict.fromkeys(("intersection_update", "difference_update", "symmetric_difference_update"), (set,)),
    **dict.fromkeys(("isdisjoint", "issubset", "issuperset"), (set, frozenset)),
    "to_bytes": (int, bool), "from_bytes": (int, bool),
}  # fmt: skip
NAMES = frozenset(RECEIVERS)


class Sized:
    """The functions, for one program; each is called with the receiver in front."""

    __slots__ = ("meter", "room", "source")

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.room = meter.room
        self.source = bounded(meter.steps)

    # --- texts and bytes --------------------------------------------------------------------------

    def center(self, text: Any, /, *args: Any) -> Any:
        self._wide(text, args)
        return text.center(*args)

    def ljust(self, text: Any, /, *args: Any) -> Any:
        self._wide(text, args)
        return text.ljust(*args)

    def rjust(self, text: Any, /, *args: Any) -> Any:
        self._wide(text, args)
        return text.rjust(*args)

    def zfill(self, text: Any, /, *args: Any) -> Any:
        self._wide(text, args)
        return text.zfill(*args)

    def _wide(self, text: Any, args: tuple[Any, ...]) -> None:
        if text.__class__ in TEXTS and args and isinstance(args[0], int) and args[0] > LITTLE:
            self.room(args[0])

    def expandtabs(self, text: Any, /, *args: Any, **options: Any) -> Any:
        size = args[0] if args else options.get("tabsize", 8)
        if text.__class__ in TEXTS and isinstance(size, int) and size > 0:
            self.room(len(text) + text.count(_like(text, "\t")) * size)
        return text.expandtabs(*args, **options)

    def replace(self, text: Any, /, *args: Any, **options: Any) -> Any:
        if text.__class__ in TEXTS and len(args) > 1 and args[0].__class__ is args[1].__class__ is text.__class__:
            more = len(args[1]) - len(args[0])
            if more > 0 and (len(text) + 1) * (more + 1) > LITTLE:
                times = text.count(args[0])
                if len(args) > 2 and isinstance(args[2], int) and args[2] >= 0:
                    times = min(times, args[2])
                self.room(len(text) + times * max(more, PIECE))
        return text.replace(*args, **options)

    def join(self, text: Any, /, *args: Any, **options: Any) -> Any:
        if text.__class__ in TEXTS and len(args) == 1:
            parts = args[0]
            if parts.__class__ is not list and parts.__class__ is not tuple:
                args = (parts := list(self.source(parts)),)
            if len(parts) > FEW:
                try:
                    size = sum(map(len, parts)) + len(text) * len(parts)
                except TypeError:  # one of them is no text: joining says so
                    size = 0
                if size > LITTLE:
                    self.room(size)
            else:
                text = text.join(parts)
                self.room(len(text))
                return text
        return text.join(*args, **options)

    def translate(self, text: Any, /, *args: Any, **options: Any) -> Any:
        if text.__class__ is str and args:
            table = args[0].values() if isinstance(args[0], dict) else args[0] if isinstance(args[0], list) else ()
            self.room(len(text) * max((len(t) for t in table if isinstance(t, str)), default=1))
        return text.translate(*args, **options)

    def split(self, text: Any, /, *args: Any, **options: Any) -> Any:
        if text.__class__ in TEXTS and len(text) > LONG:
            self._parts(text, args, options)
        return text.split(*args, **options)

    def rsplit(self, text: Any, /, *args: Any, **options: Any) -> Any:
        if text.__class__ in TEXTS and len(text) > LONG:
            self._parts(text, args, options)
        return text.rsplit(*args, **options)

    def _parts(self, text: Any, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        mark = args[0] if args else options.get("sep")
        most = args[1] if len(args) > 1 else options.get("maxsplit", -1)
        if mark is None:
            parts = sum(text.count(_like(text, blank)) for blank in (BLANKS if text.__class__ is str else BLANKS[:6]))
        elif mark.__class__ is text.__class__ and mark:
            parts = text.count(mark)
        else:
            return
        if isinstance(most, int) and most >= 0:
            parts = min(parts, most)
        self.room((parts + 1) * PART + len(text))

    def splitlines(self, text: Any, /, *args: Any, **options: Any) -> Any:
        if text.__class__ in TEXTS and len(text) > LONG:
            ends = "\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029" if text.__class__ is str else "\n\r"
            self.room(sum(text.count(_like(text, end)) for end in ends) * PART + len(text))
        return text.splitlines(*args, **options)

    def title(self, text: Any, /, *args: Any) -> Any:
        self._letters(text)
        return text.title(*args)

    def swapcase(self, text: Any, /, *args: Any) -> Any:
        self._letters(text)
        return text.swapcase(*args)

    def casefold(self, text: Any, /, *args: Any) -> Any:
        self._letters(text)
        return text.casefold(*args)

    def capitalize(self, text: Any, /, *args: Any) -> Any:
        self._letters(text)
        return text.capitalize(*args)

    def _letters(self, text: Any) -> None:
        if text.__class__ in TEXTS and len(text) > LONG:
            self.room(len(text) * LETTER)

    def encode(self, text: Any, /, *args: Any, **options: Any) -> Any:
        self._coded(text, str, args, options)
        return text.encode(*args, **options)

    def decode(self, data: Any, /, *args: Any, **options: Any) -> Any:
        self._coded(data, bytes, args, options)
        return data.decode(*args, **options)

    def _coded(self, value: Any, cls: Any, args: tuple[Any, ...], options: dict[str, Any]) -> None:
        if value.__class__ is not cls:
            return
        length = len(value)
        if length <= SLOW_LENGTH:
            return
        codec = args[0] if args else options.get("encoding", "utf-8")
        if isinstance(codec, str) and codec.strip().lower() in SLOW_CODECS:
            raise failure(ValueError, "E602", f"{codec} is for names: at most {SLOW_LENGTH} characters, not {length}")
        if length > LITTLE:
            errors = args[1] if len(args) > 1 else options.get("errors", "strict")
            plain = codec in ("utf-8", "ascii", "latin-1") and errors in ("strict", "ignore", "replace")
            self.room(length * (4 if plain else 12))

    # --- containers -------------------------------------------------------------------------------

    def extend(self, items: Any, /, *args: Any) -> Any:
        if items.__class__ is list and len(args) == 1:
            return items.extend(self._long(args[0]))
        return items.extend(*args)

    def sort(self, items: Any, /, *args: Any, **options: Any) -> Any:
        if items.__class__ is not list or args or len(items) <= RUN or options.keys() - {"key", "reverse"}:
            if options.get("key") is not None:
                options["key"] = breathing(options["key"], self.meter.steps)
            return items.sort(*args, **options)
        items[:] = in_order(self.meter, list(items), options.get("key"), reverse=bool(options.get("reverse")))
        return None

    def update(self, entries: Any, /, *args: Any, **more: Any) -> Any:
        return entries.update(*(map(self._long, args) if entries.__class__ in (dict, set) else args), **more)

    def fromkeys(self, entries: Any, /, *args: Any) -> Any:
        if args and entries.__class__ is dict:
            args = (self._long(args[0]), *args[1:])
        return entries.fromkeys(*args)

    def _long(self, items: Any) -> Any:
        """An argument that is walked: what is long and lies ready costs room, what is made on the way steps."""
        try:
            size = len(items) * 8 if items.__class__ is not range else 0
        except TypeError:
            size = 0
        if size > LITTLE:
            self.room(size)
        return self.source(items)

    # --- numbers ----------------------------------------------------------------------------------

    def to_bytes(self, number: Any, /, *args: Any, **options: Any) -> Any:
        length = args[0] if args else options.get("length", 1)
        if isinstance(length, int) and length > LITTLE:
            self.room(length)
        return number.to_bytes(*args, **options)

    def from_bytes(self, number: Any, /, *args: Any, **options: Any) -> Any:
        data = args[0] if args else options.get("bytes", b"")
        if isinstance(data, (bytes, list, tuple)) and len(data) * 8 > SAFE_BITS:
            raise self.meter.stop("memory")
        if data.__class__ not in (bytes, list, tuple):
            args = (list(self.source(data)), *args[1:])
        return number.from_bytes(*args, **options)

    # --- for compiled code ------------------------------------------------------------------------

    def method(self, value: Any, name: str) -> Any:
        """`.method(v, "name")`: what `v.name` means."""
        return MethodType(getattr(self, name), value) if value.__class__ in RECEIVERS[name] else getattr(value, name)


def _walks_others(name: str) -> Callable[..., Any]:
    """A method of sets that walks its arguments."""

    def walk(self: Sized, value: Any, /, *args: Any) -> Any:
        return getattr(value, name)(*(map(self._long, args) if value.__class__ in RECEIVERS[name] else args))

    walk.__name__ = name
    return walk


for _name in sorted(NAMES - vars(Sized).keys()):
    setattr(Sized, _name, _walks_others(_name))


def _like(text: Any, piece: str) -> Any:
    return piece if text.__class__ is str else piece.encode("latin-1")


def bound(value: Any, name: str) -> Any:
    """What `v.name` means where no program is at hand: the one whose code calls it is looked for then."""
    found = getattr(value, name)
    if name not in NAMES or value.__class__ not in RECEIVERS[name]:
        return found

    def call(*args: Any, **options: Any) -> Any:
        return getattr(at_hand(), name)(value, *args, **options)

    call.__name__ = call.__qualname__ = name
    return call


def unbound(cls: type, name: str, found: Any) -> Any:
    """What `str.name` means: a function of the receiver, or of its arguments alone (`dict.fromkeys`)."""
    if name not in NAMES or not issubclass(cls, RECEIVERS[name]):
        return found
    made = {"fromkeys": {}, "from_bytes": 0}.get(name)

    def call(*args: Any, **options: Any) -> Any:
        if made is not None:
            return getattr(at_hand(), name)(made, *args, **options)
        if not args or not isinstance(args[0], cls):
            return found(*args, **options)
        return getattr(at_hand(), name)(*args, **options)

    call.__name__ = call.__qualname__ = name
    return call


def at_hand() -> Sized:
    """The functions of the program whose code is running."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        meter = frame.f_builtins.get(".meter")
        if meter is not None:
            return Sized(meter)
        frame = frame.f_back
    from dana.runtime.meter import Meter

    return Sized(Meter())


# --- sorting --------------------------------------------------------------------------------------


def in_order(meter: Meter, items: list[Any], key: Callable[[Any], Any] | None, *, reverse: bool) -> list[Any]:
    """A long list, sorted in runs which are then merged, with looks at the limits in between. Stable, like `sorted`."""
    if key is None:
        return _merged(meter, items, None, reverse=reverse)
    keys = [key(item) for item in compress(items, meter.steps)]
    return [items[i] for i in _merged(meter, range(len(items)), keys.__getitem__, reverse=reverse)]


def _merged(meter: Meter, items: Any, key: Callable[[Any], Any] | None, *, reverse: bool) -> list[Any]:
    from heapq import merge

    runs: list[list[Any]] = []
    for start in range(0, len(items), RUN):
        meter.charge(RUN // BETWEEN)
        meter.check()
        runs.append(sorted(items[start : start + RUN], key=key, reverse=reverse))
    out: list[Any] = []
    rest: Iterable[Any] = merge(*runs, key=key, reverse=reverse)
    for item in rest:
        out.append(item)
        if len(out) % BETWEEN == 0:
            meter.charge(1)
            meter.check()
    return out
