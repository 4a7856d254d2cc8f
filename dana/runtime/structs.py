"""Struct classes (L28, L30): what `.struct` adds to a class that lowered code has just made.

    class Point(.Struct):                          the lowering writes slots and a plain `__init__`,
        __slots__ = ("x", "y")                     so constructing costs what a slotted class costs
        def __init__(.self, x, y=0): …
    Point = .struct(Point, .module, "struct", (("x", T, False, None), …), False, doc)

`.struct` hangs a `Shape` on the class (`_shape`): its fields with their types, what prints, who made it.
Equality, printing, `copy`, `to_dict`, JSON and checked stores all read the shape. Nothing here runs when
a struct is constructed or a field is read. Only frozen classes and classes with delegates get a Python
`__setattr__`; their constructors store through `.put`.
"""

from __future__ import annotations

from _operator import attrgetter

from dana import abi
from dana.runtime.stops import failure
from dana.runtime.typevalues import (
    ANY,
    DEEP,
    SAFE,
    BoolType,
    DictType,
    FloatType,
    IntType,
    ListType,
    Refused,
    SetType,
    StrType,
    StructType,
    TypeValue,
    kind_of,
    short,
    union_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from dana.runtime.modules import ModuleRecord
    from dana.runtime.program import Program

# How deep structs print inside structs, and how many one text may contain.
PRINT_DEPTH = 40
PRINT_COUNT = 5_000
PRINTED = {
    "struct": "Struct", "exception": "Struct", "resource": "Resource", "agent": "Agent", "agent_blueprint": "Agent",
}  # fmt: skip
_NAME = abi.mangle("__name__")
_put = object.__setattr__


class Field:
    """One field: its Dana name, the slot it lives in, its type, whether it may be left out."""

    __slots__ = ("doc", "has_default", "name", "slot", "type")

    def __init__(self, name: str, declared: TypeValue | None, doc: str | None, *, has_default: bool) -> None:
        self.name = name
        self.slot = abi.mangle(name)
        self.type = ANY if declared is None else declared
        self.has_default = has_default
        self.doc = doc


class Shape:
    """What the runtime knows about a struct class."""

    __slots__ = (
        "cls",
        "delegates",
        "doc",
        "fields",
        "frozen",
        "index",
        "kind",
        "name",
        "printed",
        "record",
        "slots",
        "type",
        "values",
    )

    def __init__(
        self, cls: type, record: ModuleRecord, kind: str, fields: tuple[Field, ...], doc: str | None, *, frozen: bool
    ) -> None:
        self.cls = cls
        self.record = record
        self.kind = kind
        self.name = cls.__name__
        self.printed = f"{PRINTED.get(kind, 'Struct')}[{cls.__name__}]"
        self.fields = fields
        self.index = {f.name: f for f in fields}
        self.slots = tuple(f.slot for f in fields)
        self.delegates = tuple(f.slot for f in fields if f.name[0] == "_")
        self.frozen = frozen
        self.doc = doc
        self.type = StructType(cls)
        self.values: Callable[[Any], Any] = attrgetter(*self.slots) if fields else _nothing

    def field(self, name: str) -> Field:
        """The field of that (Dana or mangled) name; raises an AttributeError with a suggestion."""
        found = self.index.get(abi.demangle(name))
        if found is None:
            raise unknown_field(self, abi.demangle(name))
        return found

    def from_dict(self, data: dict[Any, Any], mode: int) -> Any:
        """A new struct from a dict; raises `Refused` with the reason (L14: dict → struct)."""
        values: dict[str, Any] = {}
        for key, value in data.items():
            field = self.index.get(key) if isinstance(key, str) else None
            if field is None:
                raise Refused(f"`{self.name}` has no field {short(key)}{_near(key, self.index)}", ValueError)
            try:
                values[abi.variable(field.name)] = field.type._fit(value, mode)
            except Refused as refusal:
                detail = refusal.why or f"expected {field.type.name}, got {short(value)}"
                raise Refused(f"field `{field.name}`: {detail}", refusal.kind) from None
        missing = [f"`{f.name}`" for f in self.fields if not f.has_default and f.name not in data]
        if missing:
            raise Refused(f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} missing", ValueError)
        return self.cls(**values)

    def new(self) -> Any:
        """An instance without any field set."""
        cls: Any = self.cls
        return cls.__new__(cls)

    @property
    def program(self) -> Program:
        return self.record.program


def _nothing(_value: Any) -> tuple[()]:
    return ()


def _near(word: object, names: Any) -> str:
    from dana.diagnostics import suggest

    near = suggest(word, names) if isinstance(word, str) else None
    return f" (did you mean `{near}`?)" if near else ""


def unknown_field(shape: Shape, name: str) -> Exception:
    """The error for a field that a struct has neither itself nor by delegation."""
    from dana.diagnostics import suggest

    near = suggest(name, shape.index)
    names = ", ".join(shape.index)
    hint = f"did you mean `{near}`?" if near else f"its fields are: {names}" if names else "it has no fields"
    return failure(AttributeError, "E604", f"struct `{shape.name}` has no field or delegated access `{name}`", hint)


# --- the bases of lowered classes ---------------------------------------------------------------


class _Sample:
    __slots__ = ("slot",)


_Slot = type(_Sample.__dict__["slot"])


class StructMeta(type):
    """Class of struct classes: prints as `Struct[P]`, equals its names as text, cannot be written to."""

    def __repr__(cls) -> str:
        shape = cls.__dict__.get("_shape")
        return cls.__name__ if shape is None else shape.printed

    def __getattribute__(cls, name: str) -> Any:
        value = type.__getattribute__(cls, name)
        cls_of = value.__class__
        if cls_of is _Slot or cls_of is property:  # CPython's own objects for attributes are nothing for programs
            raise AttributeError(name)
        return value

    def __eq__(cls, other: object) -> Any:
        if cls is other:
            return True
        if other.__class__ is str:
            shape = cls.__dict__.get("_shape")
            return other == cls.__name__ or (shape is not None and other == shape.printed)
        return NotImplemented

    def __hash__(cls) -> int:
        return hash(cls.__name__)

    def __setattr__(cls, name: str, value: object) -> None:
        raise failure(AttributeError, "E613", f"the type `{cls.__name__}` cannot be changed by assignment")

    def __delattr__(cls, name: str) -> None:
        raise failure(AttributeError, "E613", f"the type `{cls.__name__}` cannot be changed by deletion")

    def __or__(cls, other: Any) -> Any:
        return union_of(cls, other)

    def __ror__(cls, other: Any) -> Any:
        return union_of(other, cls)

    def __getattr__(cls, name: str) -> Any:
        if name == _NAME:
            return cls.__name__
        shape = cls.__dict__.get("_shape")
        if shape is not None and abi.demangle(name) in shape.index:
            message = f"`{cls.__name__}` is a type: the field `{abi.demangle(name)}` belongs to its values"
            raise failure(AttributeError, "E604", message, f"make one first, as in `{cls.__name__}(…)`")
        known = [] if shape is None else [n for n in dir(cls) if n[0] != "_"]
        raise failure(
            AttributeError,
            "E604",
            f"the type `{cls.__name__}` has no attribute `{abi.demangle(name)}`{_near(name, known)}",
        )


class Struct(metaclass=StructMeta):
    """Base of all structs. Value equality, printing and the built-in methods; every name may be a field too."""

    __slots__ = ()
    _shape: Shape  # set on every completed class

    def __eq__(self, other: object) -> Any:
        if self.__class__ is not other.__class__:
            return NotImplemented
        values = self._shape.values
        return values(self) == values(other)

    __hash__ = None  # type: ignore[assignment]  # mutable; frozen classes get one

    def __repr__(self) -> str:
        return _printed(self)

    def __enter__(self) -> Any:
        return _protocol(self, "enter")()

    def __exit__(self, *_error: object) -> None:
        _protocol(self, "exit")()

    def copy(self, **changes: Any) -> Any:
        """`p.copy(x=3)`: a new struct, the named fields changed (and checked); values are shared."""
        shape = _own(self, "copy")
        made = shape.new()
        fresh = {abi.demangle(name): value for name, value in changes.items()}
        for name in fresh:
            if name not in shape.index:
                raise unknown_field(shape, name)
        for field in shape.fields:
            changed = field.name in fresh
            value = _checked(shape, field, fresh[field.name]) if changed else getattr(self, field.slot)
            _put(made, field.slot, value)
        return made

    def to_dict(self) -> dict[str, Any]:
        """The fields as a dict; structs, lists, tuples and dicts inside are turned into fresh ones, all the way."""
        return _plain_struct(self, [], _own(self, "to_dict").record.program.meter.steps)

    def to_json(self, indent: int | None = None) -> str:
        """The fields as JSON text."""
        from json import dumps

        _own(self, "to_json")
        try:
            return dumps(self.to_dict(), indent=indent, ensure_ascii=False, allow_nan=False, default=_json_form)
        except ValueError as error:
            if "Out of range float" not in str(error):
                raise
            raise failure(ValueError, "E602", "JSON has no form for nan and infinity") from None

    @classmethod
    def from_dict(cls, data: Any) -> Any:
        """A struct from a dict (nested dicts become nested structs)."""
        if not isinstance(data, dict):
            raise failure(TypeError, "E611", f"{cls.__name__}.from_dict takes a dict, this is {short(data)}")
        return _made(cls, data)

    @classmethod
    def from_json(cls, text: Any) -> Any:
        """A struct from JSON text."""
        from json import loads

        try:
            data = loads(text) if isinstance(text, str) else text
        except (ValueError, RecursionError) as error:
            raise failure(ValueError, "E612", f"{cls.__name__}.from_json: not JSON: {error}") from None
        if not isinstance(data, dict) or not isinstance(text, str):
            raise failure(ValueError, "E612", f"{cls.__name__}.from_json takes a JSON object, this is {short(data)}")
        return _made(cls, data)


class ErrorStruct(Struct, Exception):
    """Base of `struct NotFound(Exception)`: an exception with fields."""

    # An exception is one event: two with equal fields are still two.
    __eq__ = object.__eq__
    __hash__ = object.__hash__  # type: ignore[assignment]

    def __str__(self) -> str:
        shape = self._shape
        field = shape.index.get("message") or (shape.fields[0] if len(shape.fields) == 1 else None)
        value = getattr(self, field.slot, None) if field is not None else None
        return value if isinstance(value, str) else _printed(self) if shape.fields else ""


def _own(value: Any, method: str) -> Shape:
    """The shape of a method's receiver, which is no struct when the method was taken from its type (`S.copy(1)`)."""
    if not isinstance(value, Struct):
        message = f"`{method}` of a struct is called on {kind_of(value)}, which is no struct"
        raise failure(TypeError, "E601", message, f"call it on a value of the struct: `value.{method}()`")
    return value._shape


def _made(cls: Any, data: dict[Any, Any]) -> Any:
    try:
        return cls._shape.from_dict(data, DEEP)
    except Refused as refusal:
        raise failure(refusal.kind, "E611", f"cannot make a `{cls.__name__}` from the data: {refusal.why}") from None


def _checked(shape: Shape, field: Field, value: Any) -> Any:
    """A field's new value: the conforming one, or a type error."""
    try:
        return field.type._fit(value, SAFE)
    except Refused as refusal:
        got = "None" if value is None else f"{kind_of(value)} ({short(value)})"
        why = f": {refusal.why}" if refusal.why else ""
        message = f"field `{field.name}` of `{shape.name}`: expected {field.type.name}, got {got}{why}"
        raise failure(TypeError, "E611", message) from None


def _protocol(value: Struct, name: str) -> Any:
    """`with` over a struct uses its methods `enter` and `exit`."""
    found = getattr(value, name, None)
    if not callable(found):
        hint = f"give `{value._shape.name}` the methods `enter` and `exit`, or make it a resource"
        raise failure(TypeError, "E601", f"struct `{value._shape.name}` cannot be used in `with`", hint)
    return found


# --- printing and plain data --------------------------------------------------------------------


class Printing:
    """The structs being printed right now, in one program."""

    __slots__ = ("active", "count")

    def __init__(self) -> None:
        self.active: set[int] = set()
        self.count = 0


def _printed(value: Struct) -> str:
    """`Point(x=1, y=2)`; a struct inside itself and very deep or very many structs print as `Point(…)`."""
    shape = value._shape
    state = shape.program.printing
    mark = id(value)
    if mark in state.active or len(state.active) >= PRINT_DEPTH or state.count >= PRINT_COUNT:
        return f"{shape.name}(…)"
    state.active.add(mark)
    state.count += 1
    try:
        return f"{shape.name}({', '.join(f'{f.name}={_field_text(value, f.slot)}' for f in shape.fields)})"
    finally:
        state.active.discard(mark)
        if not state.active:
            state.count = 0


def _field_text(value: Struct, slot: str) -> str:
    return repr(getattr(value, slot, _UNSET))


class _Unset:
    __slots__ = ()

    def __repr__(self) -> str:
        return "unset"


_UNSET = _Unset()


def _plain_struct(value: Any, path: list[int], steps: Iterator[bool]) -> dict[str, Any]:
    next(steps, None)
    if id(value) in path:
        raise failure(ValueError, "E602", f"struct `{value._shape.name}` contains itself and has no form as a dict")
    path.append(id(value))
    made = {f.name: _plain(getattr(value, f.slot), path, steps) for f in value._shape.fields}
    path.pop()
    return made


def _plain(value: Any, path: list[int], steps: Iterator[bool]) -> Any:
    cls = value.__class__
    if cls in _ATOMS:
        return value
    if isinstance(value, Struct):
        return _plain_struct(value, path, steps)
    if isinstance(value, list | tuple | dict | set):
        if id(value) in path:
            raise failure(ValueError, "E602", "a value that contains itself has no form as a dict")
        path.append(id(value))
        next(steps, None)
        made: Any
        if isinstance(value, dict):
            made = {k: _plain(v, path, steps) for k, v in value.items()}
        elif isinstance(value, set):
            made = set(value)
        else:
            made = cls(_plain(v, path, steps) for v in value)
        path.pop()
        return made
    return value


_ATOMS = frozenset({str, int, float, bool, type(None)})


def _json_form(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        return sorted(value, key=lambda v: (type(v).__name__, v))
    from dana.runtime.secrets import Secret
    from dana.secrets import SHOWN

    if value.__class__ is Secret:
        return SHOWN
    raise failure(TypeError, "E602", f"JSON has no form for {kind_of(value)} ({short(value)})")


# --- delegation and frozen classes --------------------------------------------------------------


def _delegated(self: Any, name: str) -> Any:
    """`__getattr__` of a class with delegates: the first one that has the name (L30)."""
    shape = self._shape
    if name[0] not in ("_", abi.HIDDEN):
        for slot in shape.delegates:
            inner = getattr(self, slot, None)
            try:
                return _format_of(inner) if name == "format" else _member(inner, name)
            except AttributeError:
                continue
    if name[0] == "_":
        raise AttributeError(name)
    raise unknown_field(shape, abi.demangle(name))


def _member(value: Any, name: str) -> Any:
    if value.__class__.__module__ != "builtins":
        return getattr(value, name)
    from dana.runtime.sized import bound

    return bound(value, name)


def _format_of(value: Any) -> Any:
    from dana.runtime.formatting import format_of

    return format_of(value)


def _delegated_store(self: Any, name: str, value: Any) -> None:
    store(self, name, value)


def _frozen_store(self: Any, name: str, _value: Any) -> None:
    raise frozen_refusal(self._shape, abi.demangle(name))


def frozen_refusal(shape: Shape, name: str) -> Exception:
    """The error for an assignment to a field of a frozen struct."""
    hint = f"make a changed copy: `value.copy({name}=…)`"
    return failure(AttributeError, "E613", f"`{shape.name}` is frozen, its field `{name}` cannot be assigned", hint)


def _frozen_hash(self: Any) -> int:
    values = self._shape.values(self)
    return hash((self.__class__.__name__, values))


# What cannot hold another struct, or itself.
FLAT = frozenset({int, float, str, bool, bytes})


def _is_flat(shape: Shape) -> bool:
    return all(exact_class(field.type) in FLAT for field in shape.fields)


def _counted(steps: Iterator[bool]) -> tuple[Any, Any]:
    """`==` and `hash` of structs that may hold structs: each is a step, for one that holds another twice, which holds
    another twice, … has parts without an end (L49).
    """

    def equal(self: Any, other: Any) -> Any:
        if self.__class__ is not other.__class__:
            return NotImplemented
        next(steps)
        values = self._shape.values
        return values(self) == values(other)

    def hashed(self: Any) -> int:
        next(steps)
        return _frozen_hash(self)

    return equal, hashed


def store(value: Any, name: str, new: Any) -> None:
    """A checked store into a struct, to the first delegate that has the field if the struct itself has none."""
    shape: Shape = value._shape
    plain = abi.demangle(name)
    field = shape.index.get(plain)
    if field is not None:
        if shape.frozen:
            raise frozen_refusal(shape, plain)
        _put(value, field.slot, _checked(shape, field, new))
        return
    guard = getattr(value, "_dana_guard", None)
    if guard is not None:
        guard(plain)
    owner = _delegate_with(value, plain)
    if owner is None:
        raise unknown_field(shape, plain)
    store(owner, plain, new)


def _delegate_with(value: Any, name: str) -> Any:
    """The first delegate that has the field, itself or by delegation."""
    seen: list[int] = []
    for slot in value._shape.delegates:
        inner = getattr(value, slot, None)
        if isinstance(inner, Struct) and id(inner) not in seen and name[0] != "_":
            seen.append(id(inner))
            if name in inner._shape.index or _delegate_with(inner, name) is not None:
                return inner
    return None


# --- completing a class -------------------------------------------------------------------------


class Structs:
    """Makes struct classes complete, for one program, and keeps the `.ft:` builtins."""

    __slots__ = ("_open", "program")

    def __init__(self, program: Program) -> None:
        self.program = program
        self._open: set[str] = set()

    def struct(
        self,
        cls: Any,
        record: ModuleRecord,
        kind: str,
        facts: tuple[tuple[str, TypeValue | None, bool, str | None], ...],
        frozen: bool,
        doc: str | None,
    ) -> Any:
        """`.struct`: completes a lowered class and returns it."""
        fields = _inherited_fields(cls, facts) + tuple(Field(n, t, d, has_default=h) for n, t, h, d in facts)
        shape = Shape(cls, record, kind, fields, doc, frozen=frozen)
        put = type.__setattr__
        put(cls, "_shape", shape)
        put(cls, "__match_args__", shape.slots)
        put(cls, "__doc__", doc)
        if shape.delegates:
            put(cls, "__getattr__", _delegated)
            put(cls, "__setattr__", _delegated_store)
        hashed = _frozen_hash
        if not _is_flat(shape):
            equal, hashed = _counted(self.program.meter.steps)
            if cls.__eq__ is Struct.__eq__:
                put(cls, "__eq__", equal)
        if frozen:
            put(cls, "__setattr__", _frozen_store)
            put(cls, "__hash__", hashed)
        record.complete(shape)
        for field in fields:
            self._register(field)
        for slot in tuple(self._open):
            self._settle(slot)
        return cls

    # A store `p.x = v` may skip all checks when v's class is `.ft:x`. That must be the one class which
    # every struct with a field x wants, so the first disagreement replaces it by a class nothing has.

    def fields(self, record: ModuleRecord, names: tuple[str, ...]) -> None:  # noqa: ARG002
        """`.fields(record, names)`: makes sure that `.ft:name` exists for names that stores mention."""
        builtins = self.program.table
        for name in names:
            builtins.setdefault(f".ft:{name}", _Unassigned)

    def _register(self, field: Field) -> None:
        exact = exact_class(field.type)
        key = f".ft:{field.slot}"
        builtins = self.program.table
        present = builtins.get(key, _Unassigned)
        if exact is None or (field.slot in self._open and exact is not _Nothing):
            self._open.add(field.slot)
            builtins[key] = _Nothing
        elif present in (_Unassigned, exact):
            builtins[key] = exact
        else:
            builtins[key] = _Nothing
            self._open.discard(field.slot)

    def _settle(self, slot: str) -> None:
        """A field's type was not defined yet: once it is, the structs may turn out to agree."""
        wanted = {
            exact_class(f.type)
            for record in self.program.modules.values()
            for s in record.shapes.values()
            for f in s.fields
            if f.slot == slot
        }
        if None not in wanted:
            self._open.discard(slot)
            self.program.table[f".ft:{slot}"] = wanted.pop() if len(wanted) == 1 else _Nothing


class _Unassigned:
    """`.ft:x` while no struct has a field x."""


class _Nothing:
    """`.ft:x` when the structs disagree."""


def exact_class(declared: TypeValue) -> type | None:
    """The class whose exact instances a type takes untouched: `_Nothing` if there is none, None if unknown yet."""
    resolve = getattr(declared, "_resolve", None)
    if resolve is not None:
        try:
            declared = resolve()
        except (NameError, AttributeError, TypeError):
            return None
    cls = type(declared)
    if cls in (IntType, FloatType, BoolType, StrType, StructType):
        return declared._raw
    if cls in (ListType, SetType) and declared._item is None:
        return declared._raw
    if cls is DictType and declared._value is None:
        return declared._raw
    return _Nothing


def _inherited_fields(cls: Any, facts: Iterable[tuple[Any, ...]]) -> tuple[Field, ...]:
    """Fields of the resource or agent this one inherits from, without those it declares anew."""
    own = {fact[0] for fact in facts}
    for base in cls.__mro__[1:]:
        shape = base.__dict__.get("_shape")
        if shape is not None:
            return tuple(f for f in shape.fields if f.name not in own)
    return ()


def maker(cls: type) -> Callable[[], Any]:
    """`.maker(P)`: makes empty instances of a struct class for its unchecked constructor."""
    from functools import partial

    return partial(object.__new__, cls)


class boxed:  # noqa: N801  (named like the helper it is)
    """`.boxed(v)`: gives a value the dotted form that CPython wants in patterns."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


def missing_field(struct: str, name: str) -> Exception:
    """`.missing_field`: the error for a required field that a constructor did not get."""
    hint = f"write `{struct}({name}=…)`"
    return failure(TypeError, "E610", f"missing field `{name}` for struct `{struct}`", hint)


MISSING = _Unset()
