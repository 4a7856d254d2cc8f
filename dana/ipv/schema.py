"""A type in words a model understands: JSON schema for endpoints that take one, a compact text for prompts.

    struct Invoice:                       {
        number: str  ## as printed          number: string, // as printed
        total: float                        total: float
        paid: date? = None                  paid?: date "YYYY-MM-DD" | null
                                          }

Structs that occur more than once or inside themselves get a name. Types no text can hold a value of are refused (E847).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dana.ipv.decoding import plans
from dana.ipv.decoding.compiling import plan_of
from dana.ipv.decoding.structures import StructPlan, UnionPlan

if TYPE_CHECKING:
    from collections.abc import Iterable


def schema_of(kind: Any) -> dict[str, Any]:
    """The JSON schema (2020-12) of a type's values; `##` texts as descriptions. Raises a TypeError (E847)."""
    plan = plan_of(kind)
    names = _named(plan)
    made = _schema(plan, names)
    if names:
        made = {**made, "$defs": {name: _object(struct, names) for struct, name in names.items()}}
    return made


def describe(kind: Any) -> str:
    """The type as a short text for a prompt, `##` texts as comments. Raises a TypeError (E847)."""
    plan = plan_of(kind)
    names = _named(plan)
    text = "".join(f"{name} = {_body(struct, names)}\n" for struct, name in names.items())
    return text + _text(plan, names)


# --- which structs need a name ------------------------------------------------------------------


def _named(plan: plans.Plan) -> dict[StructPlan, str]:
    """The structs met more than once, with names that differ even where two modules chose the same."""
    seen: list[StructPlan] = []
    again: dict[StructPlan, str] = {}
    waiting = [plan]
    while waiting:
        one = waiting.pop()
        if isinstance(one, StructPlan):
            if any(one is s for s in seen):
                again.setdefault(one, one.name)
                continue
            seen.append(one)
        waiting.extend(_parts(one))
    taken: set[str] = set()
    for struct, name in again.items():
        free, number = name, 2
        while free in taken:
            free, number = f"{name}{number}", number + 1
        taken.add(free)
        again[struct] = free
    return again


def _parts(plan: plans.Plan) -> Iterable[plans.Plan]:
    if isinstance(plan, StructPlan):
        return [f.plan for f in plan.fields.values()]
    if isinstance(plan, UnionPlan):
        return plan.options
    if isinstance(plan, plans.ItemsPlan):
        return [plan.item]
    if isinstance(plan, plans.TuplePlan):
        return plan.items
    return [plan.key, plan.value] if isinstance(plan, plans.DictPlan) else []


# --- JSON schema --------------------------------------------------------------------------------


def _schema(plan: plans.Plan, names: dict[StructPlan, str]) -> dict[str, Any]:
    if isinstance(plan, StructPlan):
        return {"$ref": f"#/$defs/{names[plan]}"} if plan in names else _object(plan, names)
    if isinstance(plan, UnionPlan):
        return _any_of([_schema(o, names) for o in plan.options])
    if isinstance(plan, plans.ItemsPlan):
        items = _schema(plan.item, names)
        listed = {"type": "array", **({"items": items} if items else {})}
        return {**listed, "uniqueItems": True} if plan.make is set else listed
    if isinstance(plan, plans.TuplePlan):
        size = len(plan.items)
        each = [_schema(p, names) for p in plan.items]
        return {"type": "array", "prefixItems": each, "items": False, "minItems": size, "maxItems": size}
    if isinstance(plan, plans.DictPlan):
        made: dict[str, Any] = {"type": "object", "additionalProperties": _schema(plan.value, names) or True}
        return made if isinstance(plan.key, plans.StrPlan | plans.AnyPlan) else {**made, **_keys(plan.key)}
    return _scalar(plan)


def _keys(key: plans.Plan) -> dict[str, Any]:
    if isinstance(key, plans.LiteralPlan):
        return {"propertyNames": {"enum": [str(v) for v in key.values]}}
    if isinstance(key, plans.IntPlan):
        return {"propertyNames": {"pattern": "^-?[0-9]+$"}}
    return {}


def _object(plan: StructPlan, names: dict[StructPlan, str]) -> dict[str, Any]:
    made: dict[str, Any] = {"type": "object"}
    if plan.shape.doc:
        made["description"] = plan.shape.doc
    properties = {}
    for name, field in plan.fields.items():
        properties[name] = _schema(field.plan, names)
        doc = plan.shape.index[name].doc
        if doc:
            properties[name] = {**properties[name], "description": doc}
    return {**made, "properties": properties, "required": [*_in_order(plan)], "additionalProperties": False}


def _in_order(plan: StructPlan) -> Iterable[str]:
    return (name for name in plan.fields if name in plan.required)


def _any_of(options: list[dict[str, Any]]) -> dict[str, Any]:
    """Simple types gathered in one list, the rest as `anyOf`."""
    if any(not o for o in options):
        return {}
    simple = [o["type"] for o in options if o.keys() == {"type"}]
    if len(simple) == len(options):
        return {"type": simple}
    return {"anyOf": options}


_TEXTS = {"date": "date", "datetime": "date-time", "time": "time", "timedelta": "duration", "UUID": "uuid"}
_WORDS = {"nothing": "null", "truth": "boolean", "text": "string"}


def _scalar(plan: plans.Plan) -> dict[str, Any]:
    if isinstance(plan, plans.AnyPlan):
        return {}
    if isinstance(plan, plans.LiteralPlan):
        made: dict[str, Any] = {"enum": list(plan.values)}
        kinds = {plans.kind_of(v) for v in plan.values}
        return {"type": "string", **made} if kinds == {"text"} else made
    if isinstance(plan, plans.NumberPlan):
        return {"type": "integer" if isinstance(plan, plans.IntPlan) else "number"}
    if isinstance(plan, plans.TextualPlan):
        return {"type": "string", **({"format": _TEXTS[plan.name]} if plan.name in _TEXTS else {})}
    return {"type": _WORDS[next(iter(plan.takes))]}


# --- compact text -------------------------------------------------------------------------------

_SHORT = {"str": "string", "None": "null", "Decimal": "number"}


def _text(plan: plans.Plan, names: dict[StructPlan, str]) -> str:
    if isinstance(plan, StructPlan):
        return names.get(plan) or _body(plan, names)
    if isinstance(plan, UnionPlan):
        options = sorted(plan.options, key=lambda o: isinstance(o, plans.NothingPlan))
        return " | ".join(_text(o, names) for o in options)
    if isinstance(plan, plans.ItemsPlan):
        item = _text(plan.item, names)
        return f"({item})[]" if isinstance(plan.item, UnionPlan | plans.LiteralPlan) else f"{item}[]"
    if isinstance(plan, plans.TuplePlan):
        return f"[{', '.join(_text(p, names) for p in plan.items)}]"
    if isinstance(plan, plans.DictPlan):
        return f"{{[{_text(plan.key, names)}]: {_text(plan.value, names)}}}"
    if isinstance(plan, plans.LiteralPlan):
        return " | ".join(f'"{v}"' if isinstance(v, str) else str(v).lower() for v in plan.values)
    if isinstance(plan, plans.TextualPlan) and plan.sample:
        return f'{plan.name} "{plan.sample}"'
    return _SHORT.get(plan.name, plan.name)


def _body(plan: StructPlan, names: dict[StructPlan, str]) -> str:
    """`{name: string, paid?: date | null}`; on lines of their own where fields have docs."""
    fields = []
    for name, field in plan.fields.items():
        text = f"{name}{'?' if field.has_default else ''}: {_text(field.plan, names)}"
        fields.append((text, plan.shape.index[name].doc))
    if not any(doc for _, doc in fields):
        return f"{{{', '.join(text for text, _ in fields)}}}"
    rows = [f"{text}," + (f" // {_one_line(doc)}" if doc else "") for text, doc in fields]
    return "\n".join(["{", *rows, "}"])


def _one_line(doc: str) -> str:
    return " ".join(doc.split())
