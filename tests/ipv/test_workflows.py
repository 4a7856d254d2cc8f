"""Workflows as tools (M95): the same name, the same schema, the same result."""

from __future__ import annotations

import pytest

from dana import DanaError, Engine
from dana.models import Scripted

PROGRAM = """
def fetch(city: str, days: int = 1) -> list[float]:
    return [20.5] * days
def mean(xs: list[float]) -> float:
    return sum(xs) / len(xs)
workflow Warmth = fetch | mean  ## how warm it will be
workflow Loud = str.strip | str.upper
"""


def call(name, **arguments):
    return {"tool_calls": [{"name": name, "arguments": arguments}]}


def ran(program, *replies, **options):
    model = Scripted(list(replies))
    return Engine(model=model, cache=False, **options).run(PROGRAM + program), model


def told(request):
    return [message.content for message in request.messages if message.role == "tool"]


@pytest.mark.parametrize(
    "entry", ["Warmth", "Warmth.tool()", '{"function": Warmth}', "Warmth.with_metadata(version='2')"]
)
def test_a_workflow_is_offered_under_its_name_and_with_its_schema(entry):
    found, model = ran(
        f'n: float = reason("How warm?", tools=[{entry}])\n[n, Warmth.tool()["parameters"]]',
        call("Warmth", city="Basel", days=2), "20.5",
    )  # fmt: skip
    (tool,) = model.asked[0].tools
    assert (tool.name, tool.description) == ("Warmth", "how warm it will be")
    assert [found[0], tool.schema] == [20.5, found[1]]
    assert tool.schema["properties"] == {"city": {"type": "string"}, "days": {"type": "integer"}}
    assert tool.schema["required"] == ["city"]
    assert told(model.asked[1]) == ["20.5"]


def test_arguments_of_a_workflow_are_checked_before_it_runs():
    _, model = ran('s: str = reason("?", tools=[Warmth])\ns', call("Warmth", city="Basel", days="many"), "no")
    assert told(model.asked[1])[0].startswith("error: `days`")


def test_a_workflow_that_begins_with_a_method_takes_one_value():
    _, model = ran('s: str = reason("?", tools=[Loud])\ns', call("Loud", value=" hey "), "no")
    assert told(model.asked[1]) == ["HEY"]


def test_a_dangerous_workflow_is_confirmed_first():
    program = 's: str = reason("?", tools=[Warmth.with_metadata(dangerous=true)], confirm=lambda w: "not now")\ns'
    _, model = ran(program, call("Warmth", city="Basel"), "no")
    assert told(model.asked[1]) == ["error: not now"]


def test_a_dangerous_workflow_is_not_offered_where_nobody_confirms():
    with pytest.raises(DanaError, match="nobody is there to confirm"):
        ran('reason("?", tools=[Warmth.with_metadata(dangerous=true)])')
