"""Types as JSON schema and as a short text."""

from __future__ import annotations

import pytest

from dana.ipv.schema import describe, schema_of
from tests.ipv.decoding.kinds import kind, scope


def test_docs_of_fields_are_descriptions():
    schema = schema_of(kind("Item"))
    assert schema["properties"]["name"] == {"type": "string", "description": "as printed on the invoice"}
    assert schema["required"] == ["name", "price"]
    assert schema["additionalProperties"] is False


def test_a_type_inside_itself_gets_a_name():
    assert schema_of(kind("Node"))["$ref"] == "#/$defs/Node"
    assert describe(kind("Node")) == "Node = {value: int, children?: Node[]}\nNode"


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("int?", "int | null"),
        ("list[Level]", '("low" | "high" | "very high")[]'),
        ("dict[str,int]", "{[string]: int}"),
        ("tuple[int,str]", "[int, string]"),
        ("Dog|Cat", "{name: string, breed: string} | {name: string, lives?: int}"),
        ("Item", "{\nname: string, // as printed on the invoice\nprice: float,\n}"),
        ("date", 'date "2025-03-09"'),
        ("any", "any"),
    ],
)
def test_a_type_as_a_short_text(name, text):
    assert describe(kind(name)) == text


@pytest.mark.parametrize(
    ("name", "schema"),
    [
        ("int?", {"type": ["null", "integer"]}),
        ("set[int]", {"type": "array", "items": {"type": "integer"}, "uniqueItems": True}),
        ("any", {}),
        ("list", {"type": "array"}),
        ("Level", {"type": "string", "enum": ["low", "high", "very high"]}),
        ("datetime", {"type": "string", "format": "date-time"}),
        ("dict[str,int]", {"type": "object", "additionalProperties": {"type": "integer"}}),
    ],
)
def test_a_type_as_json_schema(name, schema):
    assert schema_of(kind(name)) == schema


def test_every_type_has_both():
    for each in scope()["types"].values():
        assert isinstance(schema_of(each), dict)
        assert describe(each)
