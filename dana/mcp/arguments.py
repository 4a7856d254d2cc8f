"""What a tool takes: the JSON schema a server gives, as parameters with types."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dana.ipv.tools import Parameter
from dana.runtime import typevalues

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LONGEST_DOC = 400
MOST_PARAMETERS = 64
# Schemas of strangers are not followed deeper.
DEEPEST = 12
# Of the words of a schema, so many are looked at for one call.
MOST_STEPS = 50_000
# Words that run expressions, or look at a schema in ways that nobody counts.
UNCOUNTED = ("patternProperties", "unevaluatedProperties", "unevaluatedItems")
# What looking at a schema raises that is none.
UNUSABLE = (RecursionError, ValueError, TypeError, LookupError, AttributeError, ArithmeticError)

PLAIN = {
    "string": typevalues.STR, "integer": typevalues.INT, "number": typevalues.FLOAT, "boolean": typevalues.BOOL,
    "null": typevalues.NONE,
}  # fmt: skip


def parameters_of(schema: Mapping[str, Any]) -> list[Parameter]:
    """The parameters in the order of the schema. What it says beyond types is checked by `problems`."""
    properties = schema.get("properties")
    required = schema.get("required")
    needed = frozenset(map(str, required)) if isinstance(required, list) else frozenset()
    found = []
    for name, inner in (properties if isinstance(properties, dict) else {}).items():
        kind = type_of(inner)
        said = inner.get("description", "") if isinstance(inner, dict) else ""
        doc = " ".join(str(said).split())[:LONGEST_DOC]
        found.append(Parameter(str(name), None if kind is typevalues.ANY else kind, required=name in needed, doc=doc))
    return found[:MOST_PARAMETERS]


def type_of(schema: Any, deep: int = 0) -> typevalues.TypeValue:
    """The type a schema describes, as far as a type can say it; `any` where it cannot."""
    if not isinstance(schema, dict) or deep > DEEPEST:
        return typevalues.ANY
    values = schema.get("enum")
    if isinstance(values, list) and 0 < len(values) <= 200 and all(isinstance(v, str) for v in values):
        return typevalues.LiteralType(tuple(values))
    options = schema.get("anyOf") or schema.get("oneOf")
    if isinstance(options, list) and 0 < len(options) <= 16:
        return _union([type_of(each, deep + 1) for each in options])
    kind = schema.get("type")
    if isinstance(kind, list) and 0 < len(kind) <= 8:
        return _union([type_of({**schema, "type": each}, deep + 1) for each in kind])
    if kind == "array":
        item = type_of(schema.get("items"), deep + 1)
        return typevalues.ListType(item)
    if kind == "object":
        return typevalues.DictType(typevalues.STR, typevalues.ANY)
    return PLAIN.get(kind, typevalues.ANY) if isinstance(kind, str) else typevalues.ANY


def _union(options: list[typevalues.TypeValue]) -> typevalues.TypeValue:
    if any(each is typevalues.ANY for each in options):
        return typevalues.ANY
    return options[0] if len(options) == 1 else typevalues.union_of(*options)


def problems(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> str:
    """What is wrong with arguments by the whole schema, in words; empty when nothing is.

    References lead nowhere outside the schema, regular expressions of a stranger are not run, and what takes too many
    steps (a few references may stand for millions) is left to the server.
    """
    import jsonschema
    from jsonschema.exceptions import SchemaError
    from referencing import Registry
    from referencing.exceptions import Unresolvable

    if any(word in str(schema) for word in UNCOUNTED):
        return ""
    plain = jsonschema.Draft202012Validator
    left = iter(range(MOST_STEPS))
    counted = {word: _counted(judge, left) for word, judge in plain.VALIDATORS.items()}
    kind = jsonschema.validators.extend(plain, {**counted, "pattern": _unseen})
    try:
        checker = kind(schema, registry=Registry())
        wrong = [error for error, _ in zip(checker.iter_errors(arguments), range(3), strict=False)]
    except (
        SchemaError,
        Unresolvable,
        RecursionError,
        ValueError,
        TypeError,
        LookupError,
        AttributeError,
        ArithmeticError,
    ):
        # The schema itself is of no use; the server judges for itself.
        return ""
    return "; ".join(f"{'.'.join(map(str, each.path)) or 'arguments'}: {each.message[:200]}" for each in wrong)


def _counted(judge: Any, left: Iterator[int]) -> Any:
    """A word of schemas, as long as there are steps left."""

    def counting(validator: Any, value: Any, instance: Any, schema: Any) -> Any:
        if next(left, None) is None:
            msg = "too many steps"
            raise LookupError(msg)
        return judge(validator, value, instance, schema)

    return counting


def _unseen(_validator: Any, _value: Any, _instance: Any, _schema: Any) -> None:
    return None
