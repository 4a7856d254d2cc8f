"""What curated modules are made of: type values, and the bounds every function shares."""

from __future__ import annotations

from dana import abi
from dana.runtime.iterators import Holding, Lazy, nested
from dana.runtime.stops import failure
from dana.runtime.typevalues import CONVERT, DEEP, Refused, TypeValue, class_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from dana.runtime.program import Program

# Work that is invisible to the meter otherwise: one step stands for so many characters, bytes or items.
PER_STEP = 64
# A single value made at once, in bytes; the program's own limit on memory may be lower.
MAX_BYTES = 100_000_000
# From this size on the meter is asked for room before something is built.
LARGE = 1 << 16


class CuratedType(TypeValue):
    """A class of Python as a value of Dana: callable, usable in annotations, with the listed members only.

    `members` are the class's own functions and constants by name; `methods` the names of instance methods that may
    be taken from the type (`date.isoformat`, for `map`); `read` turns a text into an instance, or raises ValueError:
    that is how `d: date = "2025-03-09"` and JSON data become one (L13).
    """

    __slots__ = ("_members", "_methods", "_read")

    def __init__(
        self,
        text: str,
        raw: type,
        call: Callable[..., Any],
        members: Mapping[str, Any] | None = None,
        *,
        methods: Iterable[str] = (),
        read: Callable[[Any], Any] | None = None,
    ) -> None:
        super().__init__(text, raw, call)
        self._members = dict(members or {})
        self._methods = frozenset(methods)
        self._read = read

    def _fit(self, value: Any, mode: int) -> Any:
        if self._conforms(value):
            return value
        # A text or whole number becomes an instance without loss; a float may only where conversion is asked for.
        if self._read is None or not (isinstance(value, str | int) or mode in (DEEP, CONVERT)):
            raise Refused
        try:
            return self._read(value)
        except (ValueError, TypeError, ArithmeticError) as error:
            raise Refused(f"it does not read as {self._text}", ValueError) from error

    def __getitem__(self, arguments: Any) -> TypeValue:
        return self  # `Counter[str]`, `deque[int]`: items of such containers are not checked

    def __getattr__(self, name: str) -> Any:
        if name in self._members:
            return self._members[name]
        if name in self._methods:
            return getattr(self._raw, name)
        if name == abi.mangle("__name__"):
            return self._text
        from dana.diagnostics import suggest

        plain = abi.demangle(name)
        near = suggest(plain, (*self._members, *self._methods))
        hint = f"did you mean `{near}`?" if near else ""
        raise failure(AttributeError, "E604", f"the type `{self._text}` has no attribute `{plain}`", hint)


def register(program: Program, *types: CuratedType) -> None:
    """`type(v)` of an instance is the curated type itself, so that no class of the host answers."""
    for each in types:
        assert each._raw is not None
        program.types[each._raw] = each


class Bounds:
    """What a program's curated functions ask before they work."""

    __slots__ = ("holding", "meter", "source", "steps")

    def __init__(self, program: Program) -> None:
        self.meter = program.meter
        self.steps = program.meter.steps
        self.source = program.source
        self.holding = Holding(self.steps)

    def charge(self, size: int) -> None:
        """Work proportional to so many characters, bytes or items is about to be done in C."""
        left = size // PER_STEP
        while left > 0:
            left -= max(1, self.meter.charge(left))

    def room(self, size: int) -> None:
        """A value of so many bytes is about to be built; the stop "memory" when it is too large."""
        if size >= LARGE:
            if size > MAX_BYTES:
                raise self.meter.stop("memory")
            self.meter.room(size)
            self.charge(size)

    def lazy(self, made: Any, *sources: Any) -> Any:
        """An iterator of C as a program may hold it; `sources` are those it stands upon."""
        return nested(Lazy(made, None), *sources)

    def endless(self, made: Any, *sources: Any) -> Any:
        """An iterator that may never end: it counts steps."""
        from itertools import compress

        return self.lazy(compress(made, self.steps), *sources)

    def listed(self, items: Any) -> list[Any]:
        """The items as a new list, each of them a step."""
        from itertools import compress

        return list(compress(items, self.steps))


def sized(bounds: Bounds, function: Callable[..., Any], growth: int = 1, most: int = MAX_BYTES) -> Callable[..., Any]:
    """A function of texts or bytes whose cost is that of its arguments and whose result is at most `growth` times as
    large; arguments of more than `most` characters are refused.
    """

    def call(*args: Any, **keywords: Any) -> Any:
        size = 0
        for value in args:
            if isinstance(value, str | bytes):
                size += len(value)
        for value in keywords.values():
            if isinstance(value, str | bytes):
                size += len(value)
        if size > LARGE:
            if size > most:
                raise too_large(f"{size:,} characters", f"`{function.__name__}` takes at most {most:,}")
            bounds.room(size * growth)
        return function(*args, **keywords)

    call.__name__ = call.__qualname__ = function.__name__
    return call


def too_large(what: str, limit: str) -> Exception:
    """The error for an argument that would make a call run away."""
    return failure(ValueError, "E521", f"{what}: {limit}")


def whole(value: Any, what: str, low: int, high: int) -> int:
    """An int between two bounds, or the error that names them."""
    if not isinstance(value, int):
        raise failure(TypeError, "E601", f"{what} is a whole number, not {class_name(type(value))}")
    if not low <= value <= high:
        raise too_large(f"{what} is {value if abs(value) < 1 << 64 else 'a huge number'}", f"{low:,} to {high:,}")
    return value


def hidden(cls: type, **names: Any) -> None:
    """Give a class attributes that Dana programs reach under names with an underscore (`p._replace`)."""
    for name, value in names.items():
        setattr(cls, abi.mangle(name), value)


def named(name: str, function: Any) -> Any:
    """The function, under the name programs know."""
    function.__name__ = function.__qualname__ = name
    return function
