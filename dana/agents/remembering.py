"""Values as memory keeps them: canonical JSON, from which the same values are made again.

What JSON cannot say is a tagged object, `{"$": "tuple", "of": […]}`; a struct says which one it was and comes back as
that struct as long as the program still has it, else as a dict. Whatever is no data (functions, agents, resources,
secrets, open files) is refused where it stands: nothing is remembered in part.
"""

from __future__ import annotations

import json
import math

from dana.adaptive.canonical import MAX_DEPTH, TAG, whole
from dana.runtime.secrets import Secret
from dana.runtime.stops import failure
from dana.runtime.structs import Struct
from dana.runtime.typevalues import DEEP, Refused, kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.runtime.program import Program

    Value = Callable[[Any], Any]

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode
# Numbers of so many bits have 4,000 digits; Python writes none of more than 4,300.
MOST_BITS = 13_288
_PLAIN = frozenset({int, bool, type(None)})
# Resources and agents have a life of their own: they are no data.
_DATA_KINDS = frozenset({"struct", "exception"})


def encode(value: Any, redact: Callable[[str], str], what: str) -> str:
    """The text of a value; texts go through `redact`. `what` says in errors what is to be remembered.

    Raises the program's ValueError or TypeError (E876) for what is no data.
    """
    path: list[int] = []

    def plain(item: Any) -> Any:
        cls = item.__class__
        if cls is str:
            return redact(item)
        if cls in _PLAIN:
            if cls is int and item.bit_length() > MOST_BITS:
                raise failure(ValueError, "E876", f"{what} holds a number of more than 4,000 digits")
            return item
        if cls is float:
            return item if math.isfinite(item) else {TAG: "float", "is": repr(item)}
        if id(item) in path:
            raise failure(ValueError, "E876", f"{what} contains itself, and memory cannot say that")
        if len(path) >= MAX_DEPTH:
            hint = "remember its parts under keys of their own"
            raise failure(ValueError, "E876", f"{what} is nested more than {MAX_DEPTH} levels deep", hint)
        path.append(id(item))
        made = _collection(item, plain)
        if made is None:
            made = _moment(item)
        if made is None:
            raise _refusal(item, what)
        path.pop()
        return made

    return whole(_encode(plain(value)))


def _collection(value: Any, plain: Value) -> Any:
    cls = value.__class__
    if cls is list:
        return [plain(item) for item in value]
    if cls is dict:
        if all(key.__class__ is str and key != TAG for key in value):
            return {plain(key): plain(item) for key, item in value.items()}
        return {TAG: "dict", "of": [[plain(key), plain(item)] for key, item in value.items()]}
    if cls is tuple:
        return {TAG: "tuple", "of": [plain(item) for item in value]}
    if cls in (set, frozenset):
        return {TAG: cls.__name__, "of": sorted((plain(item) for item in value), key=_encode)}
    if isinstance(value, Struct) and value._shape.kind in _DATA_KINDS:
        shape = value._shape
        fields = {f.name: plain(getattr(value, f.slot)) for f in shape.fields if hasattr(value, f.slot)}
        return {TAG: "struct", "is": shape.name, "in": shape.record.name, "of": fields}
    return None


def _moment(value: Any) -> Any:
    """Bytes, dates, durations and exact numbers."""
    cls = value.__class__
    if cls is bytes:
        return {TAG: "bytes", "hex": value.hex()}
    name = cls.__name__
    if cls.__module__ not in ("datetime", "decimal", "dana.runtime.curated.dates"):
        return None
    if name == "timedelta":
        return {TAG: name, "of": [value.days, value.seconds, value.microseconds]}
    if name in ("date", "datetime", "time"):
        return {TAG: name, "is": value.isoformat()}
    return {TAG: name, "is": str(value)} if name == "Decimal" else None


def _refusal(value: Any, what: str) -> Exception:
    if isinstance(value, Secret):
        hint = "remember where it comes from (the name of its variable or file) and read it when it is needed"
        return failure(TypeError, "E876", f"{what} holds a secret, and secrets are not written down", hint)
    kind = kind_of(value)
    article = "an" if kind[:1] in "aeiou" else "a"
    hint = "data can be remembered: texts, numbers, lists, dicts, sets, tuples, dates, and structs of these"
    return failure(TypeError, "E876", f"{what} holds {article} {kind}, which cannot be remembered", hint)


def decode(text: str, program: Program | None) -> Any:
    """The value `encode` was given; structs `program` does not have become dicts. Raises `ValueError` for damage."""
    try:
        return _value(json.loads(text), program)
    except (RecursionError, KeyError, TypeError, AttributeError, ArithmeticError) as damaged:
        raise ValueError(str(damaged)) from damaged


def _value(data: Any, program: Program | None) -> Any:
    if data.__class__ is list:
        return [_value(item, program) for item in data]
    if data.__class__ is not dict:
        return data
    tag = data.get(TAG)
    if tag is None:
        return {key: _value(item, program) for key, item in data.items()}
    return _TAGGED[tag](data, program)


def _struct(data: dict[str, Any], program: Program | None) -> Any:
    fields = {name: _value(item, program) for name, item in data["of"].items()}
    cls = _struct_called(data["is"], data["in"], program)
    if cls is None:
        return fields
    try:
        return cls._shape.from_dict(fields, DEEP)
    except Refused:
        return fields  # the struct has other fields now: its data is still of use


def _struct_called(name: str, module: str, program: Program | None) -> Any:
    """The struct of that name: of the module it was from, else of the first that has one."""
    if program is None:
        return None
    records = program.modules
    first = [records[module]] if module in records else []
    for record in [*first, *records.values()]:
        found = record.globals.get(name)
        if isinstance(found, type) and issubclass(found, Struct) and found._shape.kind in _DATA_KINDS:
            return found
    return None


def _decimal(data: dict[str, Any], _program: Program | None) -> Any:
    from decimal import Decimal

    return Decimal(data["is"])


def _moment_of(data: dict[str, Any], _program: Program | None) -> Any:
    from datetime import timedelta

    from dana.runtime.curated.dates import Date, DateTime, Time

    if data[TAG] == "timedelta":
        return timedelta(*data["of"])
    kinds: dict[str, Any] = {"date": Date, "datetime": DateTime, "time": Time}
    return kinds[data[TAG]].fromisoformat(data["is"])


_TAGGED: dict[str, Callable[[dict[str, Any], Program | None], Any]] = {
    "float": lambda data, _p: float(data["is"]),
    "bytes": lambda data, _p: bytes.fromhex(data["hex"]),
    "dict": lambda data, p: {_value(key, p): _value(item, p) for key, item in data["of"]},
    "tuple": lambda data, p: tuple(_value(item, p) for item in data["of"]),
    "set": lambda data, p: {_value(item, p) for item in data["of"]},
    "frozenset": lambda data, p: frozenset(_value(item, p) for item in data["of"]),
    "struct": _struct,
    "date": _moment_of,
    "datetime": _moment_of,
    "time": _moment_of,
    "timedelta": _moment_of,
    "Decimal": _decimal,
}
