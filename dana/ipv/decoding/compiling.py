"""From a type of the runtime to the plan that judges values of it.

A struct's plan stays with its class, so that it lives and dies with the program; what stands around structs (`list[…]`,
unions) is small and made anew for every call.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dana.ipv.decoding import plans, reading
from dana.ipv.decoding.structures import FieldPlan, StructPlan, UnionPlan
from dana.runtime.coercion import Reference
from dana.runtime.curated.values import CuratedType
from dana.runtime.stops import failure
from dana.runtime.typevalues import (
    AnyType,
    BoolType,
    DictType,
    FloatType,
    IntType,
    ListType,
    LiteralType,
    NothingType,
    SetType,
    StrType,
    StructType,
    TupleType,
    TypeValue,
    UnionType,
    as_type,
)

if TYPE_CHECKING:
    from collections.abc import Callable

ANY = plans.AnyPlan("any")
NONE = plans.NothingPlan("None")
BOOL = plans.BoolPlan("bool")
STR = plans.StrPlan("str")


def plan_of(kind: Any) -> plans.Plan:
    """The plan of a type. Raises a TypeError (E847) for types no text can hold a value of: functions, resources."""
    return compiled(as_type(kind), "")


def compiled(declared: TypeValue, field: str) -> plans.Plan:
    """The plan of a type in a field of that name, which decides what a percent sign may mean."""
    if isinstance(declared, Reference):
        declared = declared._resolve()
    compile_one = _COMPILERS.get(type(declared))
    if compile_one is None:
        raise undecodable(declared)
    return compile_one(declared, field)


def undecodable(declared: TypeValue) -> Exception:
    """The error for a type whose values cannot be written down."""
    hint = "ask for what can be written down: structs, lists, dicts, texts, numbers, truth values, dates"
    return failure(TypeError, "E847", f"no answer in words can be a value of type `{declared.name}`", hint)


def _struct(declared: Any, _field: str) -> plans.Plan:
    cls = declared._struct
    found = cls.__dict__.get("_decoding")
    if found is not None:
        return found  # type: ignore[no-any-return]
    shape = cls._shape
    if shape.kind not in ("struct", "exception"):
        raise undecodable(declared)
    plan = StructPlan(shape)
    # Before its fields: they may be of this very type.
    type.__setattr__(cls, "_decoding", plan)
    try:
        plan.complete(
            [FieldPlan(f.name, f.slot, compiled(f.type, f.name), has_default=f.has_default) for f in shape.fields]
        )
    except BaseException:
        type.__delattr__(cls, "_decoding")
        raise
    return plan


def _items(make: Callable[[list[Any]], Any]) -> Callable[[Any, str], plans.Plan]:
    def compile_items(declared: Any, field: str) -> plans.Plan:
        item = ANY if declared._item is None else compiled(declared._item, field)
        return plans.ItemsPlan(declared.name, item, make)

    return compile_items


def _tuple(declared: Any, field: str) -> plans.Plan:
    if declared._items is not None:
        return plans.TuplePlan(declared.name, tuple([compiled(t, field) for t in declared._items]))
    return plans.ItemsPlan(declared.name, ANY if declared._each is None else compiled(declared._each, field), tuple)


_KEYS = (plans.StrPlan, plans.NumberPlan, plans.BoolPlan, plans.LiteralPlan, plans.TextualPlan, plans.AnyPlan)


def _dict(declared: Any, field: str) -> plans.Plan:
    if declared._key is None:
        return plans.DictPlan(declared.name, STR, ANY)
    key = compiled(declared._key, "")
    if not isinstance(key, _KEYS):
        raise undecodable(declared)
    return plans.DictPlan(declared.name, key, compiled(declared._value, field))


def _union(declared: Any, field: str) -> plans.Plan:
    options = [compiled(o, field) for o in declared._options]
    flat = [p for o in options for p in (o.options if isinstance(o, UnionPlan) else [o])]
    flat.sort(key=_rank)
    return UnionPlan(declared.name, flat)


def _rank(plan: plans.Plan) -> int:
    for cls, rank in _RANKS:
        if isinstance(plan, cls):
            return rank
    return 6


_RANKS = (
    (plans.NothingPlan, 0), (plans.BoolPlan, 1), (plans.IntPlan, 2), (plans.DecimalPlan, 3), (plans.FloatPlan, 4),
    (plans.LiteralPlan, 5), (plans.TextualPlan, 5), (plans.StrPlan, 7), (plans.AnyPlan, 8),
)  # fmt: skip


def _curated(declared: Any, field: str) -> plans.Plan:
    name, read = declared.name, declared._read
    if name == "timedelta":
        return plans.TextualPlan(name, _span(declared._raw), plans.as_duration, "P1DT2H30M")
    if read is not None and name == "Decimal":
        return plans.DecimalPlan(name, read, field)
    made = _TEXTUAL.get(name)
    if read is None or made is None:
        raise undecodable(declared)
    return plans.TextualPlan(name, read, *made)


def _span(make: Callable[..., Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        found = reading.duration(text)
        assert found is not None
        return make(days=found[0], seconds=found[1])

    return read


_TEXTUAL: dict[str, tuple[Any, str]] = {
    "date": (reading.day, "2025-03-09"),
    "datetime": (reading.moment, "2025-03-09T14:30:00"),
    "time": (reading.clock, "14:30:00"),
    "UUID": (plans.as_uuid, ""),
    "Fraction": (plans.as_fraction, "3/4"),
}

_COMPILERS: dict[type, Callable[[Any, str], plans.Plan]] = {
    AnyType: lambda _t, _f: ANY,
    NothingType: lambda _t, _f: NONE,
    BoolType: lambda _t, _f: BOOL,
    StrType: lambda _t, _f: STR,
    IntType: lambda t, f: plans.IntPlan(t.name, f),
    FloatType: lambda t, f: plans.FloatPlan(t.name, f),
    LiteralType: lambda t, _f: plans.LiteralPlan(t.name, t._values),
    ListType: _items(list),
    SetType: _items(set),
    TupleType: _tuple,
    DictType: _dict,
    UnionType: _union,
    StructType: _struct,
    CuratedType: _curated,
}
