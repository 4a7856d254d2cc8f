"""`mock:`, the model for trying things out without one (L41): valid values, made from the schema of the answer.

The same schema gets the same value: the first of an enumeration, the smallest number that is allowed and not 0 where
possible, a text that says which field it is. Recursion ends at the first chance: an empty list, a missing field, null.
"""

from __future__ import annotations

import json

from dana.models.errors import SettingsRefused
from dana.models.messages import Reply, estimated, in_pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from dana.models.messages import Request

# Lists are empty from here on, and what need not be there is not.
DEEP = 4
DEEPEST = 60
FORMATS = {
    "date": "2025-01-15", "time": "09:30:00", "date-time": "2025-01-15T09:30:00Z", "duration": "PT1H",
    "email": "ann@example.com", "uri": "https://example.com", "url": "https://example.com", "hostname": "example.com",
    "uuid": "00000000-0000-4000-8000-000000000001", "ipv4": "192.0.2.1", "ipv6": "2001:db8::1", "decimal": "1.00",
}  # fmt: skip


class Mock:
    """A model that answers with a valid value of the expected type."""

    __slots__ = ("name",)

    def __init__(self, name: str = "mock:") -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<model {self.name}>"

    async def complete(self, request: Request) -> Reply:
        """A reply whose text is the JSON of a valid value; a text where no schema is given."""
        if request.schema is None:
            first = " ".join(request.messages[-1].content.split()) if request.messages else ""
            text = f"a mock answer to: {first[:60]}"
        else:
            text = json.dumps(value_of(request.schema), ensure_ascii=False)
        return Reply(text, usage=estimated(request, text), usd=0.0, model=self.name)

    async def stream(self, request: Request) -> AsyncIterator[str | Reply]:
        """The same in pieces."""
        async for piece in in_pieces(await self.complete(request)):
            yield piece

    async def aclose(self) -> None:
        """Nothing is open."""


def value_of(schema: dict[str, Any]) -> Any:
    """A value that is valid under a JSON schema, always the same. Raises `SettingsRefused` where there is none."""
    return _made(schema, schema, "value", 0)


def _made(schema: Any, root: dict[str, Any], name: str, depth: int) -> Any:
    if depth > DEEPEST:
        raise SettingsRefused(f"no finite value has the type of `{name}`: it holds itself")
    if schema is True or not schema:
        return f"some {name}"
    if schema is False:
        raise SettingsRefused(f"the type of `{name}` has no values")
    if "$ref" in schema:
        return _made(_resolved(schema["$ref"], root), root, name, depth + 1)
    if "const" in schema:
        return schema["const"]
    if schema.get("enum"):
        return schema["enum"][0]
    if depth == 0 and "default" in schema and "type" not in schema:
        return schema["default"]
    if "allOf" in schema:
        return _made(_merged(schema, root), root, name, depth + 1)
    for union in ("anyOf", "oneOf"):
        if schema.get(union):
            return _one_of(schema[union], root, name, depth)
    kind = schema.get("type")
    if isinstance(kind, list):
        return _one_of([{**schema, "type": each} for each in kind], root, name, depth)
    return _of_kind(kind or _guessed(schema), schema, root, name, depth)


def _of_kind(kind: str, schema: dict[str, Any], root: dict[str, Any], name: str, depth: int) -> Any:
    if kind == "object":
        return _object(schema, root, name, depth)
    if kind == "array":
        return _array(schema, root, name, depth)
    if kind == "string":
        return _text(schema, name)
    if kind in ("integer", "number"):
        return _number(schema, whole=kind == "integer")
    return {"boolean": True, "null": None}.get(kind, f"some {name}")


def _guessed(schema: dict[str, Any]) -> str:
    """The kind of a schema that does not say it."""
    if "properties" in schema or "additionalProperties" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema:
        return "array"
    return "integer" if "minimum" in schema or "maximum" in schema else "string"


def _resolved(reference: str, root: dict[str, Any]) -> Any:
    found: Any = root
    for part in reference.removeprefix("#").strip("/").split("/"):
        step = part.replace("~1", "/").replace("~0", "~")
        if step:
            if not isinstance(found, dict) or step not in found:
                raise SettingsRefused(f"the schema refers to {reference[:80]}, which is not there")
            found = found[step]
    return found


def _merged(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {key: value for key, value in schema.items() if key != "allOf"}
    for part in schema["allOf"]:
        part = _resolved(part["$ref"], root) if "$ref" in part else part  # noqa: PLW2901  (the same part, found)
        for key, value in part.items():
            held = merged.get(key)
            if isinstance(held, dict) and isinstance(value, dict):
                merged[key] = {**held, **value}
            elif isinstance(held, list) and isinstance(value, list):
                merged[key] = held + value
            else:
                merged[key] = value
    return merged


def _one_of(choices: list[Any], root: dict[str, Any], name: str, depth: int) -> Any:
    """The first choice; deep inside the simplest, so that recursion ends."""
    if depth >= DEEP and any(isinstance(c, dict) and c.get("type") == "null" for c in choices):
        return None
    problem: SettingsRefused | None = None
    ordered = choices if depth < DEEP else sorted(choices, key=_weight)
    for choice in ordered:
        try:
            return _made(choice, root, name, depth + 1)
        except SettingsRefused as error:
            problem = error
    raise problem or SettingsRefused(f"the type of `{name}` has no values")


def _weight(choice: Any) -> int:
    """How much a choice may hold in it."""
    if not isinstance(choice, dict):
        return 0
    return 2 if "$ref" in choice or choice.get("type") == "object" or "properties" in choice else 0


def _object(schema: dict[str, Any], root: dict[str, Any], name: str, depth: int) -> dict[str, Any]:
    fields = schema.get("properties") or {}
    required = schema.get("required") or ()
    wanted = [field for field in fields if depth < DEEP or field in required]
    made = {field: _made(fields[field], root, field, depth + 1) for field in wanted}
    more = schema.get("additionalProperties")
    if isinstance(more, dict) and ((not fields and depth < DEEP) or len(made) < schema.get("minProperties", 0)):
        for number in range(max(1, schema.get("minProperties", 0) - len(made))):
            made[f"key{number + 1}"] = _made(more, root, name, depth + 1)
    return made


def _array(schema: dict[str, Any], root: dict[str, Any], name: str, depth: int) -> list[Any]:
    first = [_made(each, root, name, depth + 1) for each in schema.get("prefixItems") or ()]
    items = schema.get("items")
    least = schema.get("minItems", 0)
    count = max(least, 1 if depth < DEEP and not first and items is not None else 0, len(first))
    count = min(count, schema.get("maxItems", count))
    if items is None or items is False:
        return first
    made = [*first, *(_made(items, root, name, depth + 1) for _ in range(count - len(first)))]
    if schema.get("uniqueItems") and len(made) > 1:
        made = _distinct(made, items, root)
    return made


def _distinct(made: list[Any], items: Any, root: dict[str, Any]) -> list[Any]:
    """Items that all differ: the enumeration's own, numbers that follow each other, texts with a number."""
    item = _resolved(items["$ref"], root) if isinstance(items, dict) and "$ref" in items else items
    if isinstance(item, dict) and isinstance(item.get("enum"), list) and len(item["enum"]) >= len(made):
        return item["enum"][: len(made)]  # type: ignore[no-any-return]
    return [
        value + number if isinstance(value, int | float) and not isinstance(value, bool)
        else f"{value} {number + 1}" if isinstance(value, str)
        else value
        for number, value in enumerate(made)
    ]  # fmt: skip


def _text(schema: dict[str, Any], name: str) -> str:
    text = FORMATS.get(schema.get("format", ""), f"some {name}")
    if "pattern" in schema:
        return _matching(schema["pattern"], text, name)
    text = text.ljust(schema.get("minLength", 0), "x")
    return text[: schema["maxLength"]] if "maxLength" in schema else text


def _matching(pattern: str, text: str, name: str) -> str:
    """A text of a pattern: one that is at hand, or one that is written from the pattern itself."""
    import re

    try:
        matches = re.compile(pattern).search
        for candidate in (text, written(pattern), "1", "1.00", "A", *FORMATS.values()):
            if candidate is not None and matches(candidate):
                return candidate
    except (re.error, RecursionError):
        pass
    raise SettingsRefused(f"mock: knows no text for `{name}` that matches {pattern[:60]!r}", "a `scripted:` model can")


def written(pattern: str) -> str | None:
    """The simplest text a pattern describes, for patterns of letters, classes, groups and repeats."""
    import re._parser as parser  # type: ignore[import-not-found,unused-ignore]  # the only reader of patterns there is

    return _spelt(parser.parse(pattern))


def _spelt(parts: Any) -> str | None:
    made = ""
    for kind, argument in parts:
        piece = _piece(str(kind), argument)
        if piece is None:
            return None
        made += piece
    return made


def _piece(kind: str, argument: Any) -> str | None:
    if kind == "LITERAL":
        return chr(argument)
    if kind == "ANY":
        return "a"
    if kind == "AT":
        return ""
    if kind == "SUBPATTERN":
        return _spelt(argument[3])
    if kind == "BRANCH":
        return _spelt(argument[1][0])
    if kind in ("MAX_REPEAT", "MIN_REPEAT"):
        once = _spelt(argument[2])
        return None if once is None else once * min(max(argument[0], 0 if argument[1] == 0 else 1), 1000)
    return _member(argument) if kind == "IN" else None


_CATEGORIES = {"CATEGORY_DIGIT": "1", "CATEGORY_WORD": "a", "CATEGORY_SPACE": " "}


def _member(members: Any) -> str | None:
    """A character of a class; none of a negated one but for a letter, which is tried."""
    kind, argument = members[0]
    if str(kind) == "LITERAL":
        return chr(argument)
    if str(kind) == "RANGE":
        return chr(argument[0])
    if str(kind) == "CATEGORY":
        return _CATEGORIES.get(str(argument), "a")
    return "a" if str(kind) == "NEGATE" else None


def _number(schema: dict[str, Any], *, whole: bool) -> float:
    """1 where that is allowed, else the allowed number nearest to it."""
    step = schema.get("multipleOf") or 0
    unit = step or (1 if whole else 0.5)
    low = schema.get("minimum")
    high = schema.get("maximum")
    if schema.get("exclusiveMinimum") is not None and (low is None or schema["exclusiveMinimum"] >= low):
        low = schema["exclusiveMinimum"] + unit
    if schema.get("exclusiveMaximum") is not None and (high is None or schema["exclusiveMaximum"] <= high):
        high = schema["exclusiveMaximum"] - unit
        if low is not None and high < low and not whole and not step:
            low = high = (schema.get("exclusiveMinimum", low) + schema["exclusiveMaximum"]) / 2
    value: float = 1 if whole else 1.5
    if low is not None and value < low:
        value = low
    if high is not None and value > high:
        value = high
    if step:
        value = -(-value // step) * step
    if whole:
        from math import ceil

        value = ceil(value)
    return value
