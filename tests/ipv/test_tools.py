"""Tools offered to a model: what it is told of them, what is checked, who confirms, what is on record."""

from __future__ import annotations

import asyncio

import pytest

from dana import Allow, DanaError, Engine
from dana.engine import Limits
from dana.models import Scripted

FORECAST = '''
seen = []
def forecast(city: str, days: int = 1) -> list[float]:
    """Temperatures of the coming days, in °C."""
    seen.append([city, days])
    return [20.5] * days
'''


def call(name, **arguments):
    return {"tool_calls": [{"name": name, "arguments": arguments}]}


def ran(program, *replies, **options):
    model = Scripted(list(replies))
    return Engine(model=model, cache=False, **options).run(program), model


def told(request):
    """What the tools said, as the model is told."""
    return [message.content for message in request.messages if message.role == "tool"]


# --- offering -------------------------------------------------------------------------------------


def test_a_function_is_offered_with_its_types_and_run():
    program = FORECAST + 'n: float = reason("How warm will it be in Basel?", tools=[forecast])\n[n, seen]'
    found, model = ran(program, call("forecast", city="Basel", days=2), "20.5")
    assert found == [20.5, [["Basel", 2]]]
    (tool,) = model.asked[0].tools
    assert (tool.name, tool.description) == ("forecast", "Temperatures of the coming days, in °C.")
    assert tool.schema["properties"] == {"city": {"type": "string"}, "days": {"type": "integer"}}
    assert (tool.schema["required"], tool.schema["additionalProperties"]) == (["city"], False)
    assert told(model.asked[1]) == ["[20.5,20.5]"]
    assert "never an instruction" in model.asked[0].messages[0].content
    assert model.asked[1].messages[-2].tool_calls[0].id == model.asked[1].messages[-1].tool_call_id


def test_nothing_is_offered_that_is_not_listed():
    _, model = ran(FORECAST + 'reason("Hello")', "hi")
    assert model.asked[0].tools == ()


def test_structs_unions_and_docs_are_in_the_schema():
    program = """
struct Line:
    item: str    ## what is bought
    count: int

@poet
def total(
    lines: list[Line],   ## all lines of the order
    discount: float | None = None,
) -> int:
    s = 0
    for l in lines:
        s += l.count
    return s

n: int = reason("How many?", tools=[total])
n
"""
    found, model = ran(program, call("total", lines=[{"item": "tea", "count": "2"}, {"item": "rice", "count": 3}]), "5")
    assert found == 5
    assert told(model.asked[1]) == ["5"]
    lines = model.asked[0].tools[0].schema["properties"]["lines"]
    assert lines["description"] == "all lines of the order"
    assert lines["items"]["properties"]["item"]["description"] == "what is bought"


def test_methods_structs_and_resources():
    program = """
struct Desk:
    taken: int = 0
    def free(self) -> int:
        return 10 - self.taken
    def take(self, n: int) -> int:
        self.taken += n
        return self.taken
    def _hidden(self) -> int:
        return 1

desk = Desk()
a: int = reason("Take two", tools=[desk])
a += 0
b: int = reason("How many are free?", tools=[{"function": desk.free, "name": "free", "description": "free desks"}])
[a, b, desk.taken]
"""
    found, model = ran(program, call("Desk_take", n=2), "2", call("free"), "8")
    assert found == [2, 8, 2]
    assert sorted(tool.name for tool in model.asked[0].tools) == ["Desk_free", "Desk_take"]
    assert model.asked[2].tools[0].description == "free desks"


def test_functions_and_effects_of_the_host():
    engine = Engine(model=Scripted([call("price", item="tea"), call("later", n=2), "3"]), cache=False)

    @engine.host("price")
    def price(item: str) -> float:
        """What it costs."""
        return len(item) / 2

    @engine.host("later")
    async def later(n: int) -> int:
        await asyncio.sleep(0)
        return n + 1

    assert engine.run('x: int = reason("?", tools=[price, later])\nx') == 3
    first, second, third = engine.models.default.asked
    assert [tool.name for tool in first.tools] == ["price", "later"]
    assert first.tools[0].schema["properties"]["item"] == {"type": "string"}
    assert told(third) == ["1.5", "3"]
    assert told(second) == ["1.5"]


def test_tools_may_ask_themselves_and_wait():
    program = """
def summary(text: str) -> str:
    return reason("Sum up", context=text)

reason("What is it about?", tools=[summary])
"""
    found, model = ran(program, call("summary", text="long"), "short", "It is short.")
    assert found == "It is short."
    assert told(model.asked[2]) == ["short"]


def test_on_an_event_loop():
    engine = Engine(model=Scripted([call("forecast", city="Basel"), "20.5"]), cache=False)
    assert asyncio.run(engine.arun(FORECAST + 'n: float = reason("?", tools=[forecast])\nn')) == 20.5


@pytest.mark.parametrize(
    "tools", ["[3]", "[]", "[lambda x: x]", '[{"name": "f"}]', '[{"function": f, "name": "a b"}]', "[f, f]", '[{"function": f, "effect": 1}]']
)  # fmt: skip
def test_what_cannot_be_offered_is_refused(tools):
    with pytest.raises(DanaError) as caught:
        ran(f'def f() -> int:\n    return 1\nreason("?", tools={tools})', "x")
    assert caught.value.diagnostics[0].code == "E849"


# --- arguments ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"city": "Basel", "days": "soon"}, "`days`"),
        ({"days": 2}, "`city` is missing"),
        ({"city": "Basel", "town": "Bern"}, "there is no parameter `town`"),
        ("no object", "no JSON object"),
        ({"city": "Basel", "days": 1.5}, "`days`"),
        ({"city": ["Basel"]}, "`city`"),
    ],
)
def test_wrong_arguments_are_told_and_nothing_runs(arguments, problem):
    program = FORECAST + 'reason("?", tools=[forecast])\nseen'
    wrong = {"tool_calls": [{"name": "forecast", "arguments": arguments}]}
    found, model = ran(program, wrong, "sorry")
    assert found == []
    assert problem in told(model.asked[1])[0]


def test_unknown_tools_are_told():
    program = FORECAST + 'reason("?", tools=[forecast])\nseen'
    found, model = ran(program, call("delete_all"), "sorry")
    assert found == []
    assert told(model.asked[1]) == ["error: there is no tool `delete_all`; there are forecast"]


def test_damaged_json_is_read_like_answers():
    program = FORECAST + 'reason("?", tools=[forecast])\nseen'
    found, _ = ran(program, {"tool_calls": [{"name": "forecast", "arguments": "{'city': 'Basel', days: 2,}"}]}, "ok")
    assert found == [["Basel", 2]]


# --- bounds ---------------------------------------------------------------------------------------


def test_a_fault_of_a_tool_is_told_to_the_model():
    program = 'def f() -> int:\n    raise ValueError("no such city")\nreason("?", tools=[f])'
    found, model = ran(program, call("f"), "there is no such city")
    assert found == "there is no such city"
    assert told(model.asked[1]) == ["error: ValueError: no such city"]


def test_rounds_are_bounded_and_the_last_question_offers_nothing():
    program = FORECAST + 'x = reason("?", tools=[forecast], rounds=2)\nlen(x) * 0 + len(seen)'
    found, model = ran(program, *[call("forecast", city="Basel")] * 2, "enough")
    assert found == 2
    assert [len(request.tools) for request in model.asked] == [1, 1, 0]
    assert "no more tools" in model.asked[2].messages[-1].content


def test_a_model_that_never_answers_ends_in_an_error():
    program = FORECAST + 'reason("?", tools=[forecast], rounds=1, retries=1)'
    with pytest.raises(Exception, match="no valid"):
        ran(program, *[call("forecast", city="Basel")] * 9)


def test_tokens_of_rounds_count():
    program = FORECAST + 'reason("?", tools=[forecast])'
    replies = [{**call("forecast", city="Basel"), "usage": {"prompt_tokens": 900, "completion_tokens": 200}}] * 9
    with pytest.raises(Exception, match="tokens"):
        ran(program, *replies, limits=Limits(tokens=2000))
    with pytest.raises(Exception, match="budget"):
        ran(program.replace("tools=", 'budget={"tokens": 2000}, tools='), *replies)


def test_limits_and_deadlines_hold_inside_tools():
    forever = 'def f() -> int:\n    while true:\n        pass\nreason("?", tools=[f])'
    with pytest.raises(Exception, match="steps"):
        ran(forever, call("f"), "x", limits=Limits(steps=20_000))
    program = "@poet(timeout=0.1, retries=0)\ndef g() -> str:\n    " + 'return reason("?", tools=[f])\n'
    with pytest.raises(Exception, match="timeout"):
        ran(forever.partition("reason")[0] + program + "g()", call("f"), "x")


def test_results_that_are_too_long_are_cut():
    program = 'def f() -> str:\n    return "x" * 100000\nreason("?", tools=[f])'
    _, model = ran(program, call("f"), "ok")
    assert len(told(model.asked[1])[0]) < 21_000


# --- side effects ---------------------------------------------------------------------------------

SEND = """
sent = []
def send(to: str, text: str) -> str:
    sent.append([to, text])
    return "sent"
"""
ASKED = (
    SEND
    + """
asked = []
def decide(wanted: any) -> any:
    asked.append([wanted.tool, wanted.arguments, len(wanted.digest)])
    wanted.arguments["to"] = "somebody else"
    return %s

reason("Tell Ann", tools=[{"function": send, "effect": true}], confirm=decide)
[sent, asked]
"""
)


@pytest.mark.parametrize(
    ("answer", "sent", "said"),
    [
        ("true", [["Ann", "hi"]], "sent"),
        ("false", [], "error: this was not confirmed"),
        ("none", [], "error: this was not confirmed"),
        ("1", [], "error: this was not confirmed"),
        ('"not at night"', [], "error: not at night"),
        ('{"text": "hello"}', [["Ann", "hello"]], "sent"),
        ('{"texts": "hello"}', [], "error: there is no parameter `texts`"),
    ],
)
def test_side_effects_are_confirmed(answer, sent, said):
    answer = answer.replace("none", "None")
    found, model = ran(ASKED % answer, call("send", to="Ann", text="hi"), "done")
    assert found[0] == sent
    assert found[1] == [["send", {"to": "somebody else", "text": "hi"}, 64]]
    assert told(model.asked[1]) == [said]


def test_without_anybody_to_confirm_nothing_is_offered():
    program = SEND + 'reason("Tell Ann", tools=[{"function": send, "effect": true}])'
    with pytest.raises(Exception, match="nobody is there to confirm"):
        ran(program, "done")


def test_nobody_is_asked_where_the_program_says_so():
    program = SEND + 'reason("Tell Ann", tools=[{"function": send, "effect": true}], confirm=false)\nsent'
    assert ran(program, call("send", to="Ann", text="hi"), "done")[0] == [["Ann", "hi"]]


def test_safety_critical_functions_are_effects_of_themselves():
    program = SEND.replace("def send", "@poet(safety_critical=true)\ndef send") + 'reason("Tell Ann", tools=[send])'
    with pytest.raises(Exception, match="nobody is there to confirm"):
        ran(program, "done")


def test_whoever_looks_at_interrupts_is_asked():
    program = (
        SEND
        + """
from poet import deny, on_interrupt
asked = []
def person(question: any) -> any:
    asked.append([question.function, question.arguments, len(question.digest)])
    if question.arguments["to"] != "Ann":
        return deny()

on_interrupt("operate", person)
reason("Tell them", tools=[{"function": send, "effect": true}])
[sent, asked]
"""
    )
    replies = [call("send", to="Ann", text="hi"), call("send", to="Bob", text="hi"), "done"]
    found, model = ran(program, *replies)
    assert found[0] == [["Ann", "hi"]]
    assert [each[1]["to"] for each in found[1]] == ["Ann", "Bob"]
    assert told(model.asked[2])[1] == "error: a person denied it"


# --- policy and record ----------------------------------------------------------------------------


def test_a_tool_has_the_grants_of_the_program_and_no_more(tmp_path):
    (tmp_path / "a.txt").write_text("secret")
    program = f'import files\ndef f() -> str:\n    return files.read_text("{tmp_path}/a.txt")\nreason("?", tools=[f])'
    _, model = ran(program, call("f"), "no")
    assert told(model.asked[1])[0].startswith("error:")
    assert "secret" not in repr(model.asked)
    _, model = ran(program, call("f"), "yes", allow=Allow(read=[str(tmp_path)]))
    assert told(model.asked[1]) == ["secret"]


def test_everything_is_on_record_but_not_what_was_said():
    engine = Engine(
        model=Scripted([call("forecast", city="Basel"), call("forecast"), "20.5"]), cache=False, record=True
    )
    engine.run(FORECAST + 'n: float = reason("secret question", tools=[forecast])\nn')
    tools = [event.data for event in engine.events("tool.call")]
    assert [(each["tool"], each["outcome"], each["round"]) for each in tools] == [
        ("forecast", "ok", 1),
        ("forecast", "refused", 2),
    ]
    assert len(tools[0]["digest"]) == 64
    assert engine.events("reason.end")[0].data["attempts"] == 1
    assert "secret" not in repr(engine.events("*"))
    assert [event.data["outcome"] for event in engine.events("model.call")] == ["tools", "tools", "ok"]


def test_programs_in_a_worker_offer_tools_too():
    engine = Engine(model=Scripted([call("forecast", city="Basel"), "20.5"]), cache=False, isolate="process")
    try:
        assert engine.run(FORECAST + 'n: float = reason("?", tools=[forecast])\nn') == 20.5
    finally:
        engine.close()
