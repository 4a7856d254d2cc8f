"""Values whose text would be larger than any program may build (L49), or tell an address (L50).

A list that holds another twice, which holds another twice, … takes next to no memory, and its text all there is.
`Printable.check` counts the characters that the text of a value needs at least, each shared part once and then by
what it came to, so that it takes no longer than the value is large; what is too much stops the program first.
"""

from __future__ import annotations

from _collections import deque  # type: ignore[import-not-found]

from dana.runtime.pipelines import MethodType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from dana.runtime.meter import Meter

# Values that hold no others and print short.
PLAIN = frozenset({int, float, bool, complex, type(None)})
FLAT = PLAIN | {str, bytes}
WALKED = frozenset({list, tuple, set, frozenset, dict})
FunctionType = type(lambda: None)
HOLDERS = (BaseException, dict, list, tuple, set, frozenset, deque)
VIEWS: tuple[type, ...] = (type({}.items()), type({}.keys()), type({}.values()))
# Functions, methods of Dana and of C, which Python prints with an address or under a name of the host.
TELLING = frozenset({FunctionType, MethodType, type(len), type(str.join), type(str.__len__), type("".__len__)})
# The longest text that messages look at before they cut it.
SHORT = 100_000
# Items up to which a flat container is printed without being counted.
LITTLE = 64
BETWEEN = 10_000


def printable_of(meter: Meter) -> Callable[[Any], Any]:
    """`.printable` of a program: hands back what may be made into text in the value's stead."""

    def printable(value: Any) -> Any:
        cls = value.__class__
        if cls in FLAT:
            return value
        if cls in WALKED and FLAT.issuperset(map(type, _parts(value))):
            if len(value) > LITTLE:
                _weigh(meter, value)
            else:
                meter.room(sum(map(len, filter(_is_text, _parts(value)))))
            return value
        if _is_holder(value):
            _weigh(meter, value)
        elif cls not in TELLING and not isinstance(value, type):
            return value
        from dana.runtime.showing import Shown

        return Shown(value)

    return printable


def text_of(value: Any) -> str:
    """`str(value)` inside a helper of the running program; the stop "memory" where it would be too large."""
    from dana.runtime.sized import at_hand

    return str(printable_of(at_hand().meter)(value))


class _TooLong(Exception):
    """A text that would be longer than somebody wants it."""


class _Short:
    """Stands for a meter where no limit is asked, but a short text."""

    def room(self, size: int) -> None:
        if size > SHORT:
            raise _TooLong

    def check(self) -> None:
        raise _TooLong


_short: Any = None


def has_short_text(value: Any) -> bool:
    """Whether making the text of a value takes little, whatever the value shares; for messages."""
    global _short
    if _short is None:
        _short = printable_of(_Short())  # type: ignore[arg-type]
    try:
        _short(value)
    except _TooLong:
        return False
    return True


def _is_text(value: Any) -> bool:
    return value.__class__ is str or value.__class__ is bytes


def _parts(value: Any) -> Iterable[Any]:
    cls = value.__class__
    if cls is dict:
        return [*value, *value.values()]
    if cls in WALKED:
        return value  # type: ignore[no-any-return]
    if isinstance(value, dict):
        return [*dict.keys(value), *dict.values(value)]
    if isinstance(value, deque):
        return list(value)
    if isinstance(value, (list, tuple, set, frozenset)):
        return value
    if cls in VIEWS:
        return [part for each in value for part in each] if cls is VIEWS[0] else list(value)
    if cls is slice:
        return (value.start, value.stop, value.step)
    shape = getattr(cls, "_shape", None)
    if shape is None:
        return BaseException.args.__get__(value) if isinstance(value, BaseException) else ()  # type: ignore[attr-defined]
    return [getattr(value, f.slot, None) for f in shape.fields]


def _weigh(meter: Meter, value: Any) -> None:
    """Raises the stop "memory" when the text of a value would be too large; a value inside itself prints as dots."""
    known: dict[int, int] = {}
    stack: list[tuple[Any, list[Any] | None]] = [(value, None)]
    seen = 0
    while stack:
        item, parts = stack.pop()
        seen += 1
        if seen % BETWEEN == 0:
            meter.check()
        if parts is not None:
            total = 2
            for at in range(0, len(parts), BETWEEN):
                some = parts if len(parts) <= BETWEEN else parts[at : at + BETWEEN]
                total += sum(known.get(id(part), 5) if _is_holder(part) else _length(part) for part in some)
                if some is not parts:
                    meter.check()
            meter.room(total)
            known[id(item)] = total
        elif id(item) not in known:
            known[id(item)] = 5
            parts = list(_parts(item))
            stack.append((item, parts))
            for at in range(0, len(parts), BETWEEN):
                some = parts if len(parts) <= BETWEEN else parts[at : at + BETWEEN]
                stack.extend((part, None) for part in some if _is_holder(part))
                if some is not parts:
                    meter.check()


def _is_holder(value: Any) -> bool:
    cls = value.__class__
    return cls in WALKED or (
        cls not in FLAT and (hasattr(cls, "_shape") or cls in VIEWS or cls is slice or issubclass(cls, HOLDERS))
    )


def _length(value: Any) -> int:
    return len(value) + 4 if _is_text(value) else 5
