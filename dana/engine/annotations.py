"""What an annotation of Python asks for, made of what a program gave: dataclasses and pydantic models of structs.

    to_annotation(value, list[Customer])      # value as Python got it (`Crossing.out`)

Used for the arguments of host functions and for `f.returning(Customer)`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, fields
from types import UnionType
from typing import Any, Union, get_args, get_origin, get_type_hints
from weakref import WeakKeyDictionary

from dana.engine.convert import enum_class, fields_of, is_dataclass, is_model
from dana.runtime import typevalues as t
from dana.runtime.typevalues import kind_of, short

_SCALARS: dict[Any, t.TypeValue] = {int: t.INT, float: t.FLOAT, str: t.STR, bool: t.BOOL}


class Misfit(Exception):
    """A value is not what a Python annotation asks for; the message says which part, and why."""


def to_annotation(value: Any, wanted: Any, what: str = "it") -> Any:
    """A value that Python has got (`Crossing.out`) as what an annotation says. Raises `Misfit`.

    Structs and dicts become dataclasses and pydantic models, also inside lists, dicts, tuples, sets and unions;
    numbers and texts are converted where nothing is lost (L13).
    """
    if wanted is Any or wanted is object or (wanted is type(None) and value is None):
        return value
    if wanted is None:
        wanted = type(None)
    origin = get_origin(wanted)
    if origin is None:
        return _to_class(value, wanted, what)
    arguments = get_args(wanted)
    if is_union(origin):
        return _to_option(value, arguments, wanted, what)
    if _name(origin) == "Literal":
        if any(value.__class__ is a.__class__ and value == a for a in arguments):
            return value
        raise _misfit(value, wanted, what)
    if _name(origin) == "Annotated" or hasattr(wanted, "__metadata__"):
        return to_annotation(value, arguments[0], what)
    return _to_container(value, origin, arguments, wanted, what)


def _to_class(value: Any, wanted: Any, what: str) -> Any:
    plain = _SCALARS.get(wanted)
    if plain is not None:
        try:
            return plain._fit(value, t.SAFE)
        except t.Refused as refusal:
            raise _misfit(value, wanted, what, refusal.why) from None
    if not isinstance(wanted, type):
        return value  # TypeVar, NewType, a protocol's alias: nothing to check at run time
    if is_model(wanted):
        return _to_model(value, wanted, what)
    if is_dataclass(wanted):
        return _to_dataclass(value, wanted, what)
    if issubclass(wanted, enum_class()):
        try:
            return wanted(value)
        except ValueError:
            members: Any = wanted
            some = [short(m.value) for m, _ in zip(members, range(8), strict=False)]
            raise _misfit(value, wanted, what, f"its values are {', '.join(some)}") from None
    if wanted in (list, dict, tuple, set, frozenset):
        return _to_container(value, wanted, (), wanted, what)
    if isinstance(value, wanted):
        return value
    read = _reader(wanted) if value.__class__ is str else None
    if read is not None:
        try:
            return read(value.strip())
        except (ValueError, ArithmeticError):
            raise _misfit(value, wanted, what, f"it does not read as {wanted.__name__}") from None
    raise _misfit(value, wanted, what)


def _reader(wanted: type) -> Any:
    """What reads a text as a value of a class of Python, as Dana's own functions read it; None if nothing does."""
    home, name = wanted.__module__, wanted.__name__
    if home == "datetime" and name in ("date", "datetime", "time"):
        return wanted.fromisoformat  # type: ignore[attr-defined]
    return wanted if (home, name) in (("decimal", "Decimal"), ("uuid", "UUID")) else None


def _to_model(value: Any, wanted: Any, what: str) -> Any:
    if isinstance(value, wanted):
        return value
    data = _data(value)
    if data.__class__ is not dict:
        raise _misfit(value, wanted, what)
    try:
        return wanted.model_validate(data)
    except ValueError as error:  # pydantic's ValidationError is one
        raise Misfit(f"{what} cannot be made {_name(wanted)}: {_first_line(error)}") from error


def _first_line(error: ValueError) -> str:
    found = getattr(error, "errors", None)
    if callable(found):
        return "; ".join(f"{'.'.join(map(str, e['loc'])) or 'it'}: {e['msg']}" for e in found()[:3])
    return str(error)


def _to_dataclass(value: Any, wanted: Any, what: str) -> Any:
    if isinstance(value, wanted):
        return value
    data = _data(value, deep=False)
    if data.__class__ is not dict:
        raise _misfit(value, wanted, what)
    hints, required = _plan(wanted)
    for name in required:
        if name not in data:
            raise Misfit(f"{what} cannot be made {wanted.__name__}: `{name}` is missing")
    given = {n: v for n, v in data.items() if n in hints}  # as in pydantic, a field nobody asks for is left out
    return wanted(**{n: to_annotation(v, hints[n], f"field `{n}` of {what}") for n, v in given.items()})


def _plan(cls: Any) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The annotations of the fields that a dataclass is made of, and the fields that must be given."""
    known = _PLANS.get(cls)
    if known is None:
        try:
            hints = get_type_hints(cls)
        except (NameError, TypeError) as error:
            raise Misfit(f"the annotations of {cls.__name__} cannot be read: {error}") from error
        made = [f for f in fields(cls) if f.init]
        required = tuple(f.name for f in made if f.default is MISSING and f.default_factory is MISSING)
        known = _PLANS[cls] = {f.name: hints[f.name] for f in made}, required
    return known


_PLANS: WeakKeyDictionary[type, tuple[dict[str, Any], tuple[str, ...]]] = WeakKeyDictionary()


def _data(value: Any, *, deep: bool = True) -> Any:
    """The dict of a struct (seen from Python or raw) or of another model; anything else as it is."""
    if value.__class__ is dict:
        return value
    if getattr(type(value), "_is_struct", False):
        return value.to_dict() if deep else value._fields()
    fields = fields_of(value)
    return value if fields is None else fields


def _to_option(value: Any, options: tuple[Any, ...], wanted: Any, what: str) -> Any:
    for option in options:
        if option is type(None) and value is None:
            return None
        if isinstance(option, type) and value.__class__ is option:
            return value
    failures: list[Misfit] = []
    for option in options:
        if option is type(None):
            continue
        try:
            return to_annotation(value, option, what)
        except Misfit as misfit:
            failures.append(misfit)
    if len(failures) == 1:
        raise failures[0]
    raise _misfit(value, wanted, what)


def _to_container(value: Any, origin: Any, arguments: tuple[Any, ...], wanted: Any, what: str) -> Any:
    if origin is Callable:
        if callable(value):
            return value
        raise _misfit(value, wanted, what)
    if not isinstance(origin, type):
        return value
    if issubclass(origin, Mapping):
        value = _data(value, deep=False) if not isinstance(value, dict) else value
        if not isinstance(value, dict):
            raise _misfit(value, wanted, what)
        if not arguments:
            return value
        key, item = arguments
        return {
            to_annotation(k, key, f"a key of {what}"): to_annotation(v, item, f"item {k!r} of {what}")
            for k, v in value.items()
        }
    if not issubclass(origin, Iterable):
        return value
    if not isinstance(value, (list, tuple, set, frozenset)):
        if not isinstance(origin, type) or origin in (list, tuple, set, frozenset):
            raise _misfit(value, wanted, what)
        return value
    kind = origin if origin in (list, tuple, set, frozenset) else list
    if kind is tuple and arguments and arguments[-1] is not ...:
        if len(value) != len(arguments):
            raise _misfit(value, wanted, what)
        pairs = zip(value, arguments, strict=True)
        return tuple(to_annotation(v, a, f"item {i} of {what}") for i, (v, a) in enumerate(pairs))
    if not arguments:
        return value if isinstance(value, kind) else kind(value)
    made = [to_annotation(v, arguments[0], f"item {i} of {what}") for i, v in enumerate(value)]
    return made if kind is list else kind(made)


def is_union(origin: Any) -> bool:
    return origin is Union or origin is UnionType


def _name(wanted: Any) -> str:
    return getattr(wanted, "__name__", None) or str(wanted).removeprefix("typing.")


def _misfit(value: Any, wanted: Any, what: str, why: str = "") -> Misfit:
    name = getattr(wanted, "__name__", "") if isinstance(wanted, type) and not hasattr(wanted, "__origin__") else ""
    text = name or str(wanted).replace("typing.", "")
    got = "None" if value is None else f"{kind_of(value)} ({short(value)})"
    return Misfit(f"{what}: expected {text}, got {got}{': ' + why if why else ''}")
