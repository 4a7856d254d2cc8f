"""Plain data into a type: what `json.loads(text, type=T)` does after reading.

    decode_as([{"x": 1}, {"x": "far"}], list[Point])      →  ValueError: [1].x: expected int, got 'far'

The conversions are those of boundaries (L14): nothing is lost and nothing invented. What the runtime's own
`_fit` does not know is the path, so containers and structs are walked here and only leaves are left to it.
"""

from __future__ import annotations

from dana.runtime.typevalues import (
    DEEP,
    NONE,
    DictType,
    ListType,
    Refused,
    SetType,
    StructType,
    TupleType,
    TypeValue,
    UnionType,
    as_type,
    short,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn


class Mismatch(Exception):
    """A value at some path does not fit; the text is the whole message."""


def decode_as(value: Any, type: Any, /) -> Any:  # noqa: A002  (positional only: the name is for readers)
    """The value as one of that type; ValueError names the path of the first thing that does not fit."""
    try:
        return fit(value, as_type(type), "")
    except Mismatch as mismatch:
        raise ValueError(str(mismatch)) from None


def fit(value: Any, declared: TypeValue, path: str) -> Any:
    """The value at `path` as one of the declared type."""
    declared = getattr(declared, "_resolve", lambda: declared)()
    walk = WALKS.get(type(declared))
    made = UNWALKED if walk is None else walk(value, declared, path)
    if made is not UNWALKED:
        return made
    try:
        return declared._fit(value, DEEP)
    except Refused as refusal:
        refuse(path, declared, value, refusal.why)


def fit_list(value: Any, declared: ListType, path: str) -> Any:
    """Item by item."""
    item = declared._item
    if item is None or not isinstance(value, list):
        return UNWALKED
    return [fit(each, item, f"{path}[{place}]") for place, each in enumerate(value)]


def fit_set(value: Any, declared: SetType, path: str) -> Any:
    """A list of distinct things; JSON has no sets."""
    item = declared._item
    if item is None or not isinstance(value, list):
        return UNWALKED
    made = [fit(each, item, f"{path}[{place}]") for place, each in enumerate(value)]
    try:
        return set(made)
    except TypeError:
        refuse(path, declared, value, "a set cannot hold lists, dicts or mutable structs")


def fit_dict(value: Any, declared: DictType, path: str) -> Any:
    """Entry by entry."""
    key_type, value_type = declared._key, declared._value
    if key_type is None or value_type is None or not isinstance(value, dict):
        return UNWALKED
    return {
        fit(key, key_type, f"{path}: the key {short(key)}"): fit(each, value_type, f"{path}[{short(key)}]")
        for key, each in value.items()
    }


def fit_tuple(value: Any, declared: TupleType, path: str) -> Any:
    """A list of the right length, each item of its own type, or of any length."""
    if not isinstance(value, list):
        return UNWALKED
    items = declared._items
    if items is not None and len(items) != len(value):
        return UNWALKED
    if items is None:
        each_type = declared._each
        if each_type is None:
            return UNWALKED
        items = (each_type,) * len(value)
    return tuple(
        fit(each, item, f"{path}[{place}]") for place, (each, item) in enumerate(zip(value, items, strict=True))
    )


def fit_struct(value: Any, declared: StructType, path: str) -> Any:
    """Field by field; unknown and missing ones are named."""
    if not isinstance(value, dict):
        return UNWALKED
    shape = declared._struct._shape
    fitted = {}
    for name, each in value.items():
        field = shape.index.get(name)
        if field is None:
            from dana.diagnostics import suggest

            near = suggest(name, shape.index) if isinstance(name, str) else None
            hint = f"; did you mean `{near}`?" if near else f"; its fields are {', '.join(shape.index)}"
            raise Mismatch(f"{at(path)}`{shape.name}` has no field {short(name)}{hint}")
        fitted[name] = fit(each, field.type, f"{path}.{name}" if path else name)
    missing = [field.name for field in shape.fields if not field.has_default and field.name not in value]
    if missing:
        raise Mismatch(f"{at(path)}`{shape.name}` needs the field `{missing[0]}`, and it is missing")
    # The leaves are of the right types now, so that the runtime's own construction changes nothing.
    return shape.from_dict(fitted, DEEP)


def fit_union(value: Any, declared: UnionType, path: str) -> Any:
    """The value itself if it is of one of the types, else what the first fitting option makes of it.

    When only one option could have been meant (`Point?`), its complaint says more than the union's.
    """
    if declared._conforms(value):
        return value
    options = [option for option in declared._options if option is not NONE]
    complaint = None
    for option in options:
        try:
            return fit(value, option, path)
        except Mismatch as mismatch:
            complaint = mismatch
    if complaint is not None and len(options) == 1 and not str(complaint).startswith(f"{at(path)}expected"):
        raise complaint
    return refuse(path, declared, value, "")


def refuse(path: str, declared: TypeValue, value: Any, why: str) -> NoReturn:
    """Ends the walk with what was expected at the path and what stands there."""
    raise Mismatch(f"{at(path)}expected {declared.name}, got {short(value)}" + (f": {why}" if why else ""))


def at(path: str) -> str:
    """The beginning of a message about a place."""
    return f"{path}: " if path else ""


UNWALKED = object()
WALKS: dict[type[TypeValue], Any] = {
    ListType: fit_list,
    SetType: fit_set,
    DictType: fit_dict,
    TupleType: fit_tuple,
    StructType: fit_struct,
    UnionType: fit_union,
}
