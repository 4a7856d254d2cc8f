"""`collections`: `Counter`, `defaultdict`, `deque`, `OrderedDict`, `namedtuple`.

They are subclasses of Python's containers: what can run away (`elements`, `deque * n`, `fromkeys` of a long range)
goes through the program's meter, and a named tuple is made without compiling Python source as the original does.
"""

from __future__ import annotations

import collections as host
from itertools import chain, compress, repeat, starmap

from dana import abi
from dana.runtime.curated import Curated
from dana.runtime.curated.values import Bounds, CuratedType, hidden, register
from dana.runtime.stops import failure
from dana.runtime.typevalues import SAFE, TypeValue, kind_of, safe_repr, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.runtime.program import Program

MAX_FIELDS = 200


class Counter(dict):  # type: ignore[type-arg]
    """How often each thing occurs; a missing one occurs 0 times."""

    __slots__ = ()
    _bounds: Bounds

    def __init__(self, iterable: Any = None, /, **counts: Any) -> None:
        super().__init__()
        self.update(iterable, **counts)

    def __missing__(self, key: Any) -> int:
        return 0

    def _changed(self, iterable: Any, sign: int) -> None:
        if isinstance(iterable, dict):
            for key, count in iterable.items():
                self[key] = self.get(key, 0) + (count if sign > 0 else -count)
        elif iterable is not None:
            for key in self._bounds.source(iterable):
                self[key] = self.get(key, 0) + sign

    def update(self, iterable: Any = None, /, **counts: Any) -> None:
        """Count these as well."""
        if iterable is not None and not isinstance(iterable, dict):
            if hasattr(iterable, "__len__"):
                self._bounds.charge(len(iterable))
            host._count_elements(self, self._bounds.source(iterable))  # type: ignore[attr-defined]
        else:
            self._changed(iterable, 1)
        self._changed(counts, 1)

    def subtract(self, iterable: Any = None, /, **counts: Any) -> None:
        """Take these away; counts may become negative."""
        self._changed(iterable, -1)
        self._changed(counts, -1)

    def most_common(self, n: int | None = None) -> list[tuple[Any, Any]]:
        """Pairs of a thing and its count, the most frequent first."""
        found = sorted(self.items(), key=lambda pair: pair[1], reverse=True)
        return found if n is None else found[: max(n, 0)]

    def elements(self) -> Any:
        """Each thing as often as it was counted."""
        return self._bounds.endless(chain.from_iterable(compress(starmap(repeat, self.items()), self._bounds.steps)))

    def total(self) -> Any:
        """The sum of all counts."""
        return sum(self.values())

    def copy(self) -> Counter:
        return type(self)(self)

    def _combined(self, other: Any, work: Any) -> Any:
        if not isinstance(other, Counter):
            return NotImplemented
        made = type(self)()
        for key in dict.fromkeys([*self, *other]):
            count = work(self[key], other[key])
            if count > 0:
                made[key] = count
        return made

    def __add__(self, other: Any) -> Any:
        return self._combined(other, lambda a, b: a + b)

    def __sub__(self, other: Any) -> Any:
        return self._combined(other, lambda a, b: a - b)

    def __or__(self, other: Any) -> Any:
        return self._combined(other, max)

    def __and__(self, other: Any) -> Any:
        return self._combined(other, min)

    def __pos__(self) -> Any:
        return self + type(self)()

    def __neg__(self) -> Any:
        return type(self)() - self

    def __eq__(self, other: object) -> Any:
        if not isinstance(other, Counter):
            return dict.__eq__(self, other)
        return all(self[key] == other[key] for key in (*self, *other))

    def __ne__(self, other: object) -> Any:
        return not self == other

    __hash__ = None

    def __le__(self, other: Any) -> Any:
        return all(self[key] <= other[key] for key in (*self, *other)) if isinstance(other, Counter) else NotImplemented

    def __lt__(self, other: Any) -> Any:
        return self <= other and self != other if isinstance(other, Counter) else NotImplemented

    def __ge__(self, other: Any) -> Any:
        return all(self[key] >= other[key] for key in (*self, *other)) if isinstance(other, Counter) else NotImplemented

    def __gt__(self, other: Any) -> Any:
        return self >= other and self != other if isinstance(other, Counter) else NotImplemented

    def __delitem__(self, key: Any) -> None:
        self.pop(key, None)

    def fromkeys(self, *_args: Any) -> Any:  # type: ignore[override]
        raise failure(TypeError, "E601", "Counter.fromkeys is not defined", "use `Counter(iterable)`")

    def __repr__(self) -> str:
        if not self:
            return "Counter()"
        try:
            items = self.most_common()
        except TypeError:
            items = list(self.items())
        return f"Counter({dict(items)!r})"


class DefaultDict(host.defaultdict):  # type: ignore[type-arg]
    """A dict that makes the value of a missing key."""

    __slots__ = ()
    _bounds: Bounds

    def copy(self) -> Any:
        return type(self)(self.default_factory, self)

    def fromkeys(self, iterable: Any, value: Any = None) -> Any:  # type: ignore[override]
        return type(self)(None, dict.fromkeys(self._bounds.source(iterable), value))

    def __repr__(self) -> str:
        factory = self.default_factory
        name = abi.demangle(getattr(factory, "__name__", "")) if not isinstance(factory, TypeValue) else factory.name
        return f"defaultdict({name or factory}, {dict(self)!r})"


class OrderedDict(host.OrderedDict):  # type: ignore[type-arg]
    """A dict whose order can be changed and counts when two are compared."""

    __slots__ = ()
    _bounds: Bounds

    def fromkeys(self, iterable: Any, value: Any = None) -> Any:  # type: ignore[override]
        return type(self)(dict.fromkeys(self._bounds.source(iterable), value))


class Deque(host.deque):  # type: ignore[type-arg]
    """A list that is fast at both ends."""

    __slots__ = ()
    _bounds: Bounds

    def extend(self, iterable: Any) -> None:
        super().extend(self._items(iterable))

    def extendleft(self, iterable: Any) -> None:
        super().extendleft(self._items(iterable))

    def _items(self, iterable: Any) -> Any:
        return list(iterable) if iterable is self else self._bounds.source(iterable)

    def _times(self, count: Any) -> None:
        if isinstance(count, int) and self.maxlen is None:
            self._bounds.room(len(self) * max(count, 0) * 8)
        elif isinstance(count, int):
            self._bounds.charge(self.maxlen or 0)

    def __mul__(self, count: Any) -> Any:
        self._times(count)
        return super().__mul__(count)

    def __rmul__(self, count: Any) -> Any:
        self._times(count)
        return super().__rmul__(count)

    def __imul__(self, count: Any) -> Any:
        self._times(count)
        return super().__imul__(count)

    def __iadd__(self, iterable: Any) -> Any:  # type: ignore[misc]
        return super().__iadd__(self._items(iterable))


def named_tuple(typename: Any, field_names: Any, defaults: Any = None, rename: bool = False) -> Any:
    """A type of tuples whose items have names."""
    fields = (
        field_names.replace(",", " ").split()
        if isinstance(field_names, str)
        else [n if isinstance(n, str) else safe_repr(n) for n in field_names]
    )
    if len(fields) > MAX_FIELDS:
        raise failure(ValueError, "E521", f"a named tuple of {len(fields):,} fields: at most {MAX_FIELDS}")
    for place, name in enumerate(fields):
        wrong = not abi.is_name(name) or name.startswith("_") or name in fields[:place] or name in _TAKEN
        if wrong and rename:
            fields[place] = f"field_{place}"
        elif wrong:
            hint = "fields are names, each once, without `_` in front, and not `count` or `index`"
            raise failure(ValueError, "E602", f"{short(name)} cannot be a field of a named tuple", hint)
    if not isinstance(typename, str) or not abi.is_name(typename):
        raise failure(ValueError, "E602", f"{short(typename)} is not a name")
    given = tuple(defaults or ())
    if len(given) > len(fields):
        raise failure(TypeError, "E601", "got more default values than field names")
    return _NamedTupleType(typename, tuple(fields), given)


_TAKEN = frozenset({"count", "index"})


def _row(cls: Any, values: Any) -> Any:
    return tuple.__new__(cls, values)


def _item(place: int) -> Any:
    return property(lambda row: tuple.__getitem__(row, place))


class _NamedTupleType(CuratedType):
    """What `namedtuple(…)` gives."""

    __slots__ = ("_defaults", "_fields")

    def __init__(self, name: str, fields: tuple[str, ...], defaults: tuple[Any, ...] = ()) -> None:
        self._fields = fields
        self._defaults = dict(zip(fields[len(fields) - len(defaults) :], defaults, strict=True))
        body: dict[str, Any] = {"__slots__": (), "__repr__": lambda row: self._shown(row)}  # noqa: PLW0108  (a function binds, a method does not)
        body |= {field: _item(place) for place, field in enumerate(fields)}
        cls = type(name, (tuple,), body)
        hidden(
            cls,
            _replace=lambda row, **changes: self._replaced(row, changes),
            _asdict=lambda row: dict(zip(fields, row, strict=True)),
            _fields=fields,
            _make=self._from,
        )
        members = {abi.mangle("_fields"): fields, abi.mangle("_make"): self._from}
        members[abi.mangle("_field_defaults")] = dict(self._defaults)
        super().__init__(name, cls, self._new, members)

    def _new(self, *args: Any, **keywords: Any) -> Any:
        fields, defaults = self._fields, self._defaults
        if len(args) == len(fields) and not keywords:
            return _row(self._raw, args)
        if len(args) > len(fields):
            raise failure(
                TypeError, "E610", f"`{self._text}` has {len(fields)} fields, but {len(args)} values were given"
            )
        values = dict(zip(fields, args, strict=False))
        for name, value in keywords.items():
            if name not in fields or name in values:
                raise self._unknown(name, values)
            values[name] = value
        missing = [f for f in fields if f not in values and f not in defaults]
        if missing:
            raise failure(TypeError, "E610", f"`{self._text}` needs the field `{missing[0]}`")
        return _row(self._raw, [values[f] if f in values else defaults[f] for f in fields])

    def _unknown(self, name: str, values: dict[str, Any]) -> Exception:
        if name in values:
            return failure(TypeError, "E610", f"the field `{name}` of `{self._text}` is given twice")
        from dana.diagnostics import suggest

        near = suggest(name, self._fields)
        hint = f"did you mean `{near}`?" if near else f"its fields are {', '.join(self._fields)}"
        return failure(TypeError, "E610", f"`{self._text}` has no field `{name}`", hint)

    def _from(self, iterable: Any) -> Any:
        values = tuple(iterable)
        if len(values) != len(self._fields):
            raise failure(TypeError, "E610", f"`{self._text}` has {len(self._fields)} fields, not {len(values)}")
        return self._new(*values)

    def _replaced(self, row: Any, changes: dict[str, Any]) -> Any:
        for name in changes:
            if name not in self._fields:
                raise self._unknown(name, {})
        return self._new(**{**dict(zip(self._fields, row, strict=True)), **changes})

    def _shown(self, row: Any) -> str:
        return f"{self._text}({', '.join(f'{f}={v!r}' for f, v in zip(self._fields, row, strict=True))})"

    def _fit(self, value: Any, mode: int) -> Any:
        if mode != SAFE and isinstance(value, dict):
            return self._new(**value)
        return super()._fit(value, mode)


def make_collections(program: Program) -> dict[str, Any]:
    bounds = Bounds(program)
    source = bounds.source
    own = {"__slots__": (), "_bounds": bounds}
    counter = type("Counter", (Counter,), own)
    default = type("defaultdict", (DefaultDict,), own)
    ordered = type("OrderedDict", (OrderedDict,), own)
    queue = type("deque", (Deque,), own)

    def make_default(default_factory: Any = None, /, *args: Any, **entries: Any) -> Any:
        if default_factory is not None and not callable(default_factory):
            raise failure(TypeError, "E601", f"defaultdict takes a function first, not {kind_of(default_factory)}")
        return default(default_factory, *map(source, args), **entries)

    def make_ordered(*args: Any, **entries: Any) -> Any:
        return ordered(*map(source, args), **entries)

    def make_queue(iterable: Any = (), maxlen: int | None = None) -> Any:
        return queue(source(iterable), maxlen)

    def from_keys(iterable: Any, value: Any = None) -> Any:
        return ordered(dict.fromkeys(source(iterable), value))

    def make_named(typename: Any, field_names: Any, *, rename: bool = False, defaults: Any = None) -> Any:
        made = named_tuple(typename, field_names, defaults, rename)
        register(program, made)
        return made

    make_named.__name__ = make_named.__qualname__ = "namedtuple"
    types = (
        CuratedType("Counter", counter, counter, methods=["most_common", "total", "elements"]),
        CuratedType("defaultdict", default, make_default),
        CuratedType("OrderedDict", ordered, make_ordered, {"fromkeys": from_keys}),
        CuratedType("deque", queue, make_queue),
    )
    register(program, *types)
    return {**{t.name: t for t in types}, "namedtuple": make_named}


SIGNATURES = {
    "Counter": "(iterable: any / = …, **counts: any) -> @Counter",
    "defaultdict": "(default_factory: any / = …, *args: any, **entries: any) -> @defaultdict",
    "OrderedDict": "(*args: any, **entries: any) -> @OrderedDict",
    "deque": "(iterable: any = …, maxlen: any = …) -> @deque",
    "namedtuple": "(typename: str, field_names: any, *, rename: bool = …, defaults: any = …) -> any",
}
REFUSED = {
    "ChainMap": "merge dicts: `{**defaults, **settings}`",
    "UserDict": "declare a `struct` with the methods it needs",
    "UserList": "declare a `struct` with the methods it needs",
    "UserString": "declare a `struct` with the methods it needs",
    "abc": "`Iterable`, `Mapping`, `Sequence`, `Callable` are there without an import",
}
FAMILY = {"collections": Curated(make_collections, SIGNATURES, REFUSED)}
