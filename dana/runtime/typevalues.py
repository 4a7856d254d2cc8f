"""Types at run time: `int`, `list[int]`, `"low" | "high"`, `Point?` as objects that check and convert.

One object serves as the value a program holds (`type(1)`, `t = list[int]`) and as what an annotation
checks with. `_conforms(v)` says whether a value passes untouched; `_fit(v, mode)` returns the value that
does, or raises `Refused` with the reason. Modes (L13, L14):

    SAFE      parameters, results, fields: the value, or a lossless conversion; containers are never copied
    DEEP      data fresh from JSON or from_dict: SAFE for every element as well
    CONVERT   `x: T = e`, `cast`: DEEP, plus truncation, words for bool, iterables to lists

Internals begin with an underscore: no Dana text can spell them.
"""

from __future__ import annotations

from dana import abi
from dana.runtime.readings import SAFE_WORDS, WORDS, UnreadableError, int_of_text, is_finite, number_of, truth_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

SAFE, DEEP, CONVERT = 0, 1, 2

SHOWN = 60
# Types of types of types … double with every turn of a loop, and so do their names.
LONGEST_NAME = 100_000
# A text that is to become a list, dict or struct starts with one of these, or is no JSON of that kind.
_JSON_STARTS: dict[type, str] = {list: "[", dict: "{"}


class Refused(Exception):
    """A value does not become the type; `why` is half a sentence, `kind` the exception class for `x: T = e`."""

    def __init__(self, why: str = "", kind: type[Exception] = TypeError) -> None:
        super().__init__(why)
        self.why = why
        self.kind = kind


class TypeValue:
    """A type as a value: callable, printing as its name, equal to its name as text (L17)."""

    __slots__ = ("_call", "_raw", "_text")

    # `_raw`: the class all of whose exact instances conform, if there is one (what inline tests use).
    def __init__(self, text: str, raw: type | None = None, call: Callable[..., Any] | None = None) -> None:
        if len(text) > LONGEST_NAME:
            from dana.runtime.stops import failure

            raise failure(TypeError, "E601", f"a type is too large: its name has more than {LONGEST_NAME:,} characters")
        self._text = text
        self._raw = raw
        self._call = call if call is not None else raw

    @property
    def name(self) -> str:
        """The type's name, as it prints."""
        return self._text

    def _conforms(self, value: Any) -> bool:
        return self._raw is None or isinstance(value, self._raw)

    def _fit(self, value: Any, mode: int) -> Any:  # noqa: ARG002
        if self._conforms(value):
            return value
        raise Refused

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        if self._call is None:
            msg = f"`{self._text}` is only a name for types, it makes no values"
            raise TypeError(msg)
        return self._call(*args, **keywords)

    def __repr__(self) -> str:
        return self._text

    def __eq__(self, other: object) -> Any:
        if other.__class__ is str:
            return self._text == other
        if isinstance(other, TypeValue):
            return self._text == other._text and self._raw is other._raw
        if isinstance(other, type):
            return self._raw is other
        return NotImplemented

    def __hash__(self) -> int:
        return hash(self._text)

    def __or__(self, other: Any) -> Any:
        return union_of(self, other)

    def __ror__(self, other: Any) -> Any:
        return union_of(other, self)

    def __getitem__(self, arguments: Any) -> TypeValue:
        msg = f"`{self._text}` takes no type arguments"
        raise TypeError(msg)

    def __getattr__(self, name: str) -> Any:
        if name == _NAME:
            return self._text
        if name == "format" and self._raw is str:
            from dana.runtime.formatting import safe_format

            return safe_format
        if name[0] != "_" and name[0] != abi.HIDDEN and self._raw is not None:
            found = getattr(self._raw, name, None)
            if callable(found) and not isinstance(found, type):
                from dana.runtime.sized import unbound

                return unbound(self._raw, name, found)
        from dana.runtime.stops import failure

        raise failure(AttributeError, "E604", f"the type `{self._text}` has no attribute `{abi.demangle(name)}`")


_NAME = abi.mangle("__name__")


# --- scalars ------------------------------------------------------------------------------------


class AnyType(TypeValue):
    __slots__ = ()

    def _conforms(self, value: Any) -> bool:  # noqa: ARG002
        return True


class NothingType(TypeValue):
    __slots__ = ()

    def _conforms(self, value: Any) -> bool:
        return value is None


class IntType(TypeValue):
    __slots__ = ()

    def _fit(self, value: Any, mode: int) -> Any:
        if value.__class__ is int or (mode != CONVERT and isinstance(value, int)):
            return value
        if isinstance(value, int):
            return int(value)
        if isinstance(value, float):
            if value.is_integer():
                return int(value)
            if mode != CONVERT:
                raise Refused("its fraction would be lost")
            if not is_finite(value):
                raise Refused("it is not a finite number", ValueError)
            return int(value)
        if isinstance(value, str):
            try:
                return int_of_text(value)
            except UnreadableError as why:
                raise Refused(str(why), ValueError) from None
        raise Refused


class FloatType(TypeValue):
    __slots__ = ()

    def _fit(self, value: Any, mode: int) -> Any:
        if isinstance(value, float):
            return value
        if isinstance(value, int):
            try:
                return float(value)
            except OverflowError:
                raise Refused("it is too large for a float", OverflowError) from None
        if isinstance(value, str):
            number = number_of(value)
            if number is None or (mode != CONVERT and not is_finite(number)):
                raise Refused("the text is not a number", ValueError)
            return number
        raise Refused


class BoolType(TypeValue):
    __slots__ = ()

    def _fit(self, value: Any, mode: int) -> Any:
        if value.__class__ is bool:
            return value
        if isinstance(value, str):
            answer = (WORDS if mode == CONVERT else SAFE_WORDS).get(value.strip().lower())
            if answer is None:
                raise Refused("the text is neither a yes (true, yes, on, 1) nor a no (false, no, off, 0)", ValueError)
            return answer
        if mode == CONVERT and isinstance(value, int | float):
            return bool(value)
        raise Refused


class StrType(TypeValue):
    __slots__ = ()

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        """`str` as a value, as in `map(str, xs)`; a call by name is seen to by the compiler."""
        if args and args[0].__class__ not in (str, int, float, bool):
            from dana.runtime.printable import printable_of
            from dana.runtime.sized import at_hand

            args = (printable_of(at_hand().meter)(args[0]), *args[1:])
        return super().__call__(*args, **keywords)

    def _fit(self, value: Any, mode: int) -> Any:
        if isinstance(value, str):
            return value
        if value.__class__ is bool:
            return "true" if value else "false"
        if isinstance(value, int | float):
            try:
                return str(value)
            except ValueError:
                raise Refused("it has too many digits", ValueError) from None
        if mode == CONVERT and is_type(value):
            return str(value)
        raise Refused("`str(…)` makes a text of anything" if mode == CONVERT else "")


# --- containers ---------------------------------------------------------------------------------


class ListType(TypeValue):
    __slots__ = ("_item",)

    def __init__(self, item: TypeValue | None = None) -> None:
        super().__init__("list" if item is None else f"list[{item.name}]", list)
        self._item = item

    def _conforms(self, value: Any) -> bool:
        return isinstance(value, list) and (self._item is None or _all_conform(self._item, value))

    def _fit(self, value: Any, mode: int) -> Any:
        if isinstance(value, list):
            return value if self._item is None else _fit_items(value, self._item, mode, list)
        if isinstance(value, str):
            return self._fit(_json(value, list), max(mode, DEEP))
        if isinstance(value, tuple) or (mode == CONVERT and _is_listable(value)):
            return self._fit(list(value), mode)
        raise Refused

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        made = super().__call__(*args, **keywords)
        return made if self._item is None else self._fit(made, CONVERT)

    def __getitem__(self, arguments: Any) -> TypeValue:
        return ListType(as_type(arguments))


class SetType(TypeValue):
    __slots__ = ("_item",)

    def __init__(self, item: TypeValue | None = None) -> None:
        super().__init__("set" if item is None else f"set[{item.name}]", set)
        self._item = item

    def _conforms(self, value: Any) -> bool:
        return isinstance(value, set) and (self._item is None or _all_conform(self._item, value))

    def _fit(self, value: Any, mode: int) -> Any:
        if isinstance(value, set):
            return value if self._item is None else _fit_items(value, self._item, mode, set)
        if mode == CONVERT and (_is_listable(value) or isinstance(value, list | tuple)):
            return self._fit(_set_of(value), mode)
        if mode == DEEP and isinstance(value, list):
            return self._fit(_set_of(value), mode)
        raise Refused

    def __getitem__(self, arguments: Any) -> TypeValue:
        return SetType(as_type(arguments))


class DictType(TypeValue):
    __slots__ = ("_key", "_value")

    def __init__(self, key: TypeValue | None = None, value: TypeValue | None = None) -> None:
        text = "dict" if key is None or value is None else f"dict[{key.name}, {value.name}]"
        super().__init__(text, dict)
        self._key = key
        self._value = value

    def _conforms(self, value: Any) -> bool:
        if not isinstance(value, dict):
            return False
        return self._value is None or (
            self._key is not None and _all_conform(self._key, value) and _all_conform(self._value, value.values())
        )

    def _fit(self, value: Any, mode: int) -> Any:
        if isinstance(value, dict):
            if self._key is None or self._value is None:
                return value
            return _fit_entries(value, self._key, self._value, mode)
        if isinstance(value, str):
            return self._fit(_json(value, dict), max(mode, DEEP))
        raise Refused("`.to_dict()` makes one of a struct" if hasattr(value, "_shape") else "")

    def __getitem__(self, arguments: Any) -> TypeValue:
        if not isinstance(arguments, tuple) or len(arguments) != 2:
            msg = "`dict` takes two type arguments, `dict[str, int]`"
            raise TypeError(msg)
        return DictType(as_type(arguments[0]), as_type(arguments[1]))


class TupleType(TypeValue):
    """`tuple[int, str]`; `_items` None means any number of `_each` (`tuple`, `tuple[int, ...]`)."""

    __slots__ = ("_each", "_items")

    def __init__(self, items: tuple[TypeValue, ...] | None = None, each: TypeValue | None = None) -> None:
        inner = "" if items is None else ", ".join(t.name for t in items)
        if each is not None:
            inner = f"{each.name}, ..."
        super().__init__(f"tuple[{inner}]" if inner or items is not None else "tuple", tuple)
        self._items = items
        self._each = each

    def _conforms(self, value: Any) -> bool:
        if not isinstance(value, tuple):
            return False
        if self._items is not None:
            return len(value) == len(self._items) and all(
                t._conforms(v) for t, v in zip(self._items, value, strict=True)
            )
        return self._each is None or _all_conform(self._each, value)

    def _fit(self, value: Any, mode: int) -> Any:
        if not isinstance(value, tuple):
            if not (isinstance(value, list) or (mode == CONVERT and _is_listable(value))):
                raise Refused
            value = tuple(value)
        if self._items is not None:
            return self._fit_fixed(value, mode)
        return value if self._each is None else _fit_items(value, self._each, mode, tuple)

    def _fit_fixed(self, value: tuple[Any, ...], mode: int) -> Any:
        assert self._items is not None
        if len(value) != len(self._items):
            raise Refused(f"it has {len(value)} items instead of {len(self._items)}")
        if self._conforms(value):
            return value
        if mode == SAFE:
            _refuse_item(value, self._items)
        return tuple(
            _fit_part(v, t, mode, f"item {n}") for n, (v, t) in enumerate(zip(value, self._items, strict=True))
        )

    def __getitem__(self, arguments: Any) -> TypeValue:
        items = arguments if isinstance(arguments, tuple) else (arguments,)
        if len(items) == 2 and items[1] is ...:
            return TupleType(each=as_type(items[0]))
        return TupleType(tuple(as_type(t) for t in items))


def _all_conform(item: TypeValue, values: Iterable[Any]) -> bool:
    raw, conforms = item._raw, item._conforms
    if raw is not None and type(item)._conforms is TypeValue._conforms:
        return all(v.__class__ is raw or isinstance(v, raw) for v in values)
    return all(map(conforms, values))


def _fit_items(values: Any, item: TypeValue, mode: int, make: type) -> Any:
    """The container itself when it conforms, else (never at a boundary) a fresh one."""
    if _all_conform(item, values):
        return values
    if mode == SAFE:
        _refuse_item(values, item)
    fitted = [_fit_part(v, item, mode, f"item {n}") for n, v in enumerate(values)]
    return _set_of(fitted) if make is set else make(fitted)


def _refuse_item(values: Iterable[Any], items: TypeValue | tuple[TypeValue, ...]) -> None:
    for number, value in enumerate(values):
        item = items[number] if isinstance(items, tuple) else items
        if not item._conforms(value):
            raise Refused(f"item {number} is {short(value)}, not {item.name}")


def _fit_entries(entries: dict[Any, Any], key: TypeValue, value: TypeValue, mode: int) -> Any:
    if _all_conform(key, entries) and _all_conform(value, entries.values()):
        return entries
    if mode == SAFE:
        for k, v in entries.items():
            if not key._conforms(k):
                raise Refused(f"the key {short(k)} is not {key.name}")
            if not value._conforms(v):
                raise Refused(f"the value of {short(k)} is {short(v)}, not {value.name}")
    fitted = [
        (_fit_part(k, key, mode, f"the key {short(k)}"), _fit_part(v, value, mode, f"the value of {short(k)}"))
        for k, v in entries.items()
    ]
    try:
        return dict(fitted)
    except TypeError:
        raise Refused("lists, dicts and mutable structs cannot be keys") from None


def _fit_part(value: Any, item: TypeValue, mode: int, what: str) -> Any:
    try:
        return item._fit(value, mode)
    except Refused as refusal:
        why = f"{what}: {refusal.why}" if refusal.why else f"{what} is {short(value)}, not {item.name}"
        raise Refused(why, refusal.kind) from None


def _is_listable(value: Any) -> bool:
    return isinstance(value, set | frozenset | range) or hasattr(value, "__next__") or type(value) in _VIEWS


_VIEWS = frozenset({type({}.keys()), type({}.values()), type({}.items())})


def _set_of(values: Iterable[Any]) -> set[Any]:
    try:
        return set(values)
    except TypeError:
        raise Refused("a set cannot hold lists, dicts or mutable structs") from None


def _json(text: str, kind: type) -> Any:
    """The list or dict a JSON text says; refused when it is something else."""
    stripped = text.strip()
    if not stripped.startswith(_JSON_STARTS[kind]):
        raise Refused("the text is not JSON for it", ValueError)
    from json import loads

    try:
        found = loads(stripped)
    except (ValueError, RecursionError):
        raise Refused("the text is not JSON for it", ValueError) from None
    return found


# --- several types ------------------------------------------------------------------------------

# In which order the options of a union are tried for a value that is of none of them: what says most first.
_RANK = {IntType: 0, FloatType: 1, BoolType: 2, ListType: 4, DictType: 5, TupleType: 6, SetType: 7, StrType: 8}


class UnionType(TypeValue):
    __slots__ = ("_options",)

    def __init__(self, options: tuple[TypeValue, ...]) -> None:
        super().__init__(" | ".join(t.name for t in options))
        self._options = options

    def _conforms(self, value: Any) -> bool:
        return any(t._conforms(value) for t in self._options)

    def _fit(self, value: Any, mode: int) -> Any:
        if self._conforms(value):
            return value
        refusals: list[Refused] = []
        for option in sorted(self._options, key=lambda t: _RANK.get(type(t), 3)):
            try:
                return option._fit(value, mode)
            except Refused as refusal:
                refusals.append(refusal)
        said = [r for r in refusals if r.why]
        if len(said) == 1:
            raise said[0]
        raise Refused("", ValueError if any(r.kind is ValueError for r in refusals) else TypeError)

    def _members(self) -> tuple[TypeValue, ...]:
        return self._options


class LiteralType(TypeValue):
    __slots__ = ("_values",)

    def __init__(self, values: tuple[Any, ...]) -> None:
        super().__init__(" | ".join(f'"{v}"' if isinstance(v, str) else safe_repr(v) for v in values))
        self._values = values

    def _conforms(self, value: Any) -> bool:
        return any(value.__class__ is v.__class__ and value == v for v in self._values)

    def _fit(self, value: Any, mode: int) -> Any:  # noqa: ARG002
        if self._conforms(value):
            return value
        from dana.diagnostics import suggest

        near = suggest(value, [v for v in self._values if isinstance(v, str)]) if isinstance(value, str) else None
        raise Refused(f'did you mean "{near}"?' if near else "", ValueError)


class CallableType(TypeValue):
    __slots__ = ()

    def _conforms(self, value: Any) -> bool:
        return callable(value)

    def __getitem__(self, arguments: Any) -> TypeValue:
        return self


class TypeOf(TypeValue):
    """`type[T]`: the type value itself."""

    __slots__ = ("_target",)

    def __init__(self, target: TypeValue) -> None:
        super().__init__(f"type[{target.name}]")
        self._target = target

    def _conforms(self, value: Any) -> bool:
        return is_type(value) and (self._target is ANY or value == self._target or as_type(value) == self._target)


class InstanceType(TypeValue):
    """Instances of one class that is no scalar and no container: exceptions, ranges, bytes, functions."""

    __slots__ = ()


class StructType(TypeValue):
    """Instances of one struct class; a dict or a JSON object becomes one."""

    __slots__ = ("_struct",)

    def __init__(self, struct: Any) -> None:
        super().__init__(struct.__name__, struct)
        self._struct = struct

    def _fit(self, value: Any, mode: int) -> Any:
        if isinstance(value, self._struct):
            return value
        if isinstance(value, str):
            value = _json(value, dict)
            mode = DEEP
        if isinstance(value, dict):
            return self._struct._shape.from_dict(value, max(mode, DEEP))
        raise Refused


ANY = AnyType("any")
NONE = NothingType("None", None)
INT = IntType("int", int)
FLOAT = FloatType("float", float)
BOOL = BoolType("bool", bool, truth_of)
STR = StrType("str", str)
LIST, SET, DICT, TUPLE = ListType(), SetType(), DictType(), TupleType()
CALLABLE = CallableType("callable")
FUNCTION = CallableType("function")
TYPE = TypeValue("type")


def is_type(value: Any) -> bool:
    """Whether a value is a type value: a `TypeValue`, a struct class, an interface, an exception class."""
    return isinstance(value, TypeValue | type)


def as_type(value: Any) -> TypeValue:
    """The `TypeValue` behind anything a program may write where a type is wanted."""
    if isinstance(value, TypeValue):
        return value
    if value is None:
        return NONE
    if isinstance(value, type):
        shape = value.__dict__.get("_shape")
        if shape is not None:
            return shape.type  # type: ignore[no-any-return]
        return RAW_TYPES.get(value) or InstanceType(class_name(value), value)
    if isinstance(value, str):
        from dana.runtime.coercion import type_of_text

        return type_of_text(value)
    if value is callable:
        return CALLABLE
    if callable(value) and getattr(value, "_type", None) == ANY.name:
        return ANY  # the builtin function `any`, whose name is a type as well: `list[any]`
    foreign = getattr(type(value), "_dana_type", None)
    if foreign is not None:
        return foreign(value)  # type: ignore[no-any-return]
    msg = f"{short(value)} is not a type"
    raise TypeError(msg)


RAW_TYPES: dict[type, TypeValue] = {
    int: INT, float: FLOAT, bool: BOOL, str: STR, list: LIST, set: SET, dict: DICT, tuple: TUPLE, type(None): NONE,
    object: ANY,
}  # fmt: skip


def union_of(*types: Any) -> TypeValue:
    """`A | B` of type values, flattened, without duplicates; texts are literal types."""
    options: list[TypeValue] = []
    for each in types:
        found = LiteralType((each,)) if isinstance(each, str) else as_type(each)
        for option in found._options if isinstance(found, UnionType) else (found,):
            if not any(option is o or option == o for o in options):
                options.append(option)
    return options[0] if len(options) == 1 else UnionType(tuple(options))


# --- words for messages -------------------------------------------------------------------------


def class_name(cls: type) -> str:
    """Dana's word for a class of values."""
    return word_for(cls.__name__)


def word_for(name: str) -> str:
    """Dana's word for a class known by its name, as CPython's messages have it."""
    return _CLASS_NAMES.get(name, name)


_CLASS_NAMES = {
    "NoneType": "None",
    "builtin_function_or_method": "function",
    "method": "function",
    "method_descriptor": "function",
    "ModuleValue": "module",
    **dict.fromkeys(
        "TypeValue IntType FloatType BoolType StrType ListType SetType DictType TupleType UnionType LiteralType "
        "AnyType NothingType CallableType TypeOf InstanceType StructType Reference".split(),
        "type",
    ),
    "StructMeta": "type",
    "compress": "iterator",
    "chain": "iterator",
}


def kind_of(value: Any) -> str:
    """Dana's word for the type of a value, for messages."""
    foreign = getattr(type(value), "_dana_kind", None)
    if foreign is not None:
        return str(foreign.__get__(value))
    return class_name(type(value)) if not is_type(value) else "type"


def short(value: Any, limit: int = SHOWN) -> str:
    """A value as text, never long and never expensive."""
    if isinstance(value, str):
        text = repr(value[:limit]) + ("…" if len(value) > limit else "")
    elif isinstance(value, list | tuple | set | frozenset | dict) and len(value) > 6:
        text = f"a {class_name(type(value))} of {len(value)} items"
    elif isinstance(value, int) and value.bit_length() > 200:
        text = f"an int of {value.bit_length()} bits"
    elif class_name(type(value)) == "function":
        text = f"the function {value.__name__.replace(abi.HIDDEN, '')}"
    else:
        text = safe_repr(value)
    return text if len(text) <= limit + 20 else text[:limit] + "…"


def safe_repr(value: Any) -> str:
    """`repr(value)` for messages; only the type of what has a text without an end, or none."""
    from dana.runtime.printable import has_short_text

    if not has_short_text(value):
        return f"a {class_name(type(value))}"
    try:
        text = repr(value)
    except (RecursionError, ValueError, TypeError):
        return f"a {class_name(type(value))}"
    if " at 0x" in text or "<class '" in text:
        from dana.runtime.showing import cleaned

        return cleaned(text)
    return text
