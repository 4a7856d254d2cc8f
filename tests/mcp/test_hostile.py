"""Servers that mean no good, or nothing at all."""

from __future__ import annotations

import logging
import sys

import pytest

import dana
from dana.mcp.arguments import problems

SILENT = f"stdio:{sys.executable} -c 'import sys; sys.stdin.read()'"


def test_a_server_that_never_answers_is_an_error_in_time_and_no_noise(caplog):
    engine = dana.Engine(allow=dana.Allow(run=True), cache=False)
    with caplog.at_level(logging.DEBUG, "asyncio"), pytest.raises(dana.RuntimeFault, match="does not answer") as failed:
        engine.run(f'use("mcp", """{SILENT}""", timeout=0.2)')
    assert failed.value.diagnostics[0].code == "E881"
    assert "never retrieved" not in caplog.text


def test_a_schema_that_stands_for_millions_is_left_to_the_server():
    steps = {f"d{i}": {"allOf": [{"$ref": f"#/$defs/d{i + 1}"}] * 2} for i in range(40)}
    schema = {"$defs": {**steps, "d40": {"type": "integer"}}, "type": "object"}
    schema["properties"] = {"a": {"$ref": "#/$defs/d0"}, "b": {"type": "integer"}}
    assert problems(schema, {"a": 1}) == ""
    assert "'x' is not of type 'integer'" in problems(schema, {"b": "x"})


@pytest.mark.parametrize(
    "inner",
    [{"multipleOf": 0}, {"minLength": "x"}, {"$ref": "#/properties/a"}, {"$ref": "http://127.0.0.1:1/x"}, {"type": 3},
     {"enum": 3}, {"required": 3}, {"allOf": 3}, {"minimum": []}],
)  # fmt: skip
def test_a_schema_of_no_use_judges_nothing(inner):
    assert isinstance(problems({"type": "object", "properties": {"a": inner}}, {"a": 3}), str)
    assert isinstance(problems({"type": "object", "properties": {"a": inner}}, {"a": "text"}), str)
    assert isinstance(problems({"type": "object", "properties": {"a": inner}}, {"a": {"b": 1}}), str)
