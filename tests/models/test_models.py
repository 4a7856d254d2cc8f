"""Models without an endpoint: scripts, recordings, the mock, functions; chains and hedging."""

from __future__ import annotations

import asyncio
import json

import pytest

from dana.models import (
    AuthRefused,
    BadRequest,
    ContextTooLong,
    Message,
    ModelError,
    ModelMissing,
    ModelTimeout,
    RateLimited,
    Reply,
    Request,
    Scripted,
    ScriptEnded,
    ServerFault,
    SettingsRefused,
    Usage,
    open_model,
)
from dana.models.chains import Chain
from dana.models.hedging import Hedged
from dana.models.mocking import value_of
from tests.models.conftest import asked, run


def opened(spec, **environ):
    return open_model(spec, environ=environ)


def texts(model, *prompts):
    async def all_of_them():
        return [(await model.complete(asked(prompt))).text for prompt in prompts]

    return run(all_of_them())


# --- scripts --------------------------------------------------------------------------------------

SCRIPT = """\
# about capitals
"Paris"
{"answer": {"name": "Ann", "age": 42}}

{"match": "Italy", "text": "Rome"}
{"match": "weather", "text": "sunny", "always": true}
{"error": "rate_limited", "retry_after": 2}
{"tool_calls": [{"name": "search", "arguments": {"q": 1}}]}
"""


def test_a_script_answers_in_order_and_what_matches_first(tmp_path):
    path = tmp_path / "replies.jsonl"
    path.write_text(SCRIPT)
    model = opened(f"scripted:{path}")
    assert texts(model, "x", "of Italy?", "y", "weather", "weather") == [
        "Paris", "Rome", '{"name": "Ann", "age": 42}', "sunny", "sunny",
    ]  # fmt: skip
    with pytest.raises(RateLimited) as caught:
        texts(model, "z")
    assert caught.value.retry_after == 2
    reply = run(model.complete(asked()))
    assert (reply.finish, reply.tool_calls[0].arguments, reply.usd) == ("tool_calls", '{"q": 1}', 0.0)
    with pytest.raises(ScriptEnded, match="has no reply to request 8: hello again"):
        texts(model, "hello  again")


def test_a_script_in_python_remembers_what_it_was_asked():
    model = Scripted(["a", Reply("b", finish="length"), {"match": "never", "text": "c"}])
    assert opened(model) is model
    assert texts(model, "1", "2") == ["a", "b"]
    assert [request.prompt for request in model.asked] == ["1", "2"]
    with pytest.raises(ScriptEnded, match="1 reply is left, and none matches"):
        texts(model, "3")


@pytest.mark.parametrize(
    ("line", "said", "hint"),
    [
        ("{", "line 1 is not JSON", "text in quotes"),
        ("3", "reply 1 is no reply: it is neither", 'write {"answer": 3}'),
        ('{"txt": "a"}', "unknown field `txt`", "did you mean `text`?"),
        ('{"error": "ratelimited"}', "unknown error `ratelimited`", "did you mean `rate_limited`?"),
        ('{"text": 3}', "`text` cannot be 3", ""),
        ('{"finish": "done"}', "`finish` is one of", ""),
    ],
)
def test_a_wrong_script_says_where(tmp_path, line, said, hint):
    path = tmp_path / "replies.jsonl"
    path.write_text(line + "\n")
    with pytest.raises(SettingsRefused) as caught:
        opened(f"scripted:{path}")
    assert said in str(caught.value)
    assert hint in caught.value.hint


def test_a_script_that_is_not_there(tmp_path):
    with pytest.raises(SettingsRefused, match="cannot be read: no such file"):
        opened(f"scripted:{tmp_path}/none")


def test_every_model_streams():
    async def pieces(model):
        return [piece async for piece in model.stream(asked())]

    for model in (Scripted(["a text of some length"]), opened("mock:"), opened(lambda prompt: "said " + prompt)):
        *texts, reply = run(pieces(model))
        assert "".join(texts) == reply.text != ""


# --- recordings -----------------------------------------------------------------------------------


def test_a_recording_answers_what_it_was_asked(tmp_path):
    path = tmp_path / "calls.jsonl"
    inner = tmp_path / "replies.jsonl"
    inner.write_text('"one"\n"two"\n"again"\n')
    recording = opened(f"replay:{path}?record=scripted:{inner}")
    assert texts(recording, "a", "b", "a") == ["one", "two", "again"]
    replay = opened(f"replay:{path}")
    assert texts(replay, "b", "a", "a") == ["two", "one", "again"]
    with pytest.raises(ScriptEnded, match="has this question 2 times, and it is asked once more"):
        texts(replay, "a")
    assert path.stat().st_mode & 0o777 == 0o600
    # Recording again asks nobody for what is known.
    assert texts(opened(f"replay:{path}?record=scripted:{inner}"), "b") == ["two"]


def test_the_limit_of_time_is_no_part_of_the_question(tmp_path):
    path = tmp_path / "calls.jsonl"
    inner = tmp_path / "replies.jsonl"
    inner.write_text('"one"\n')
    run(opened(f"replay:{path}?record=scripted:{inner}").complete(asked(timeout_s=1)))
    assert run(opened(f"replay:{path}").complete(asked(timeout_s=2))).text == "one"
    with pytest.raises(ScriptEnded):
        run(opened(f"replay:{path}").complete(asked(temperature=0.5)))


def test_an_unknown_question_shows_how_it_differs(tmp_path):
    path = tmp_path / "calls.jsonl"
    inner = tmp_path / "replies.jsonl"
    inner.write_text('"one"\n"two"\n')
    texts(opened(f"replay:{path}?record=scripted:{inner}"), "first line\nHow many apples?", "something else")
    with pytest.raises(ScriptEnded) as caught:
        texts(opened(f"replay:{path}"), "first line\nHow many pears?")
    assert "-user: How many apples?\n+user: How many pears?" in str(caught.value)
    assert "record" in caught.value.hint


def test_a_damaged_recording_says_where(tmp_path):
    path = tmp_path / "calls.jsonl"
    path.write_text('{"request": {}}\n')
    with pytest.raises(SettingsRefused, match="line 1 is no recorded call"):
        opened(f"replay:{path}")
    with pytest.raises(SettingsRefused, match="unknown option"):
        opened(f"replay:{path}?recrod=mock:")


# --- the mock -------------------------------------------------------------------------------------

NODE = {
    "$ref": "#/$defs/Node",
    "$defs": {
        "Node": {
            "type": "object",
            "properties": {
                "value": {"type": "integer"},
                "next": {"anyOf": [{"$ref": "#/$defs/Node"}, {"type": "null"}]},
                "children": {"type": "array", "items": {"$ref": "#/$defs/Node"}},
            },
            "required": ["value", "next", "children"],
        }
    },
}


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, "some value"),
        ({"type": "integer", "minimum": 5}, 5),
        ({"type": "integer", "exclusiveMaximum": 0}, -1),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 0.5}, 0.25),
        ({"type": "integer", "multipleOf": 5, "minimum": 7}, 10),
        ({"type": "boolean"}, True),
        ({"type": "null"}, None),
        ({"enum": ["red", "green"]}, "red"),
        ({"const": 3}, 3),
        ({"type": ["integer", "null"]}, 1),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 3, "uniqueItems": True}, [1, 2, 3]),
        (
            {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "items": False},
            [1, "some value"],
        ),
        ({"type": "string", "format": "date"}, "2025-01-15"),
        ({"type": "string", "minLength": 20}, "some valuexxxxxxxxxx"),
        ({"type": "string", "pattern": r"^[A-Z]{3}-\d{2,4}$"}, "AAA-11"),
        ({"type": "object", "additionalProperties": {"type": "integer"}}, {"key1": 1}),
        ({"allOf": [{"type": "object", "properties": {"a": {"type": "integer"}}}]}, {"a": 1}),
    ],
)
def test_the_mock_makes_valid_values(schema, value):
    assert value_of(schema) == value


def test_recursion_ends():
    made = value_of(NODE)
    assert made["value"] == 1
    depth = 0
    while made is not None:
        made, depth = made["next"], depth + 1
    assert depth < 10


def test_a_type_without_finite_values_is_refused():
    endless = {
        "$ref": "#/$defs/A",
        "$defs": {"A": {"type": "object", "properties": {"a": {"$ref": "#/$defs/A"}}, "required": ["a"]}},
    }
    with pytest.raises(SettingsRefused, match="holds itself"):
        value_of(endless)


def test_the_mock_is_chosen_by_the_environment():
    model = opened(None, DANA_MOCK_LLM="true", DANA_MODEL="openai:x")
    assert model.name == "mock:"
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    assert json.loads(run(model.complete(asked(schema=schema))).text) == {"n": 1}


@pytest.mark.parametrize(("said", "is_mock"), [("on", True), ("YES ", True), ("off", False), ("", False), ("0", False)])
def test_the_environment_says_yes_or_no(said, is_mock):
    if is_mock:
        assert opened(None, DANA_MOCK_LLM=said).name == "mock:"
    else:
        with pytest.raises(ModelMissing):
            opened(None, DANA_MOCK_LLM=said)


def test_an_environment_that_says_neither_is_an_error():
    with pytest.raises(SettingsRefused, match="DANA_MOCK_LLM is true or false, not `banana`"):
        opened(None, DANA_MOCK_LLM="banana")


# --- functions ------------------------------------------------------------------------------------


def test_functions_are_models():
    async def shout(prompt):
        await asyncio.sleep(0)
        return prompt.upper()

    def by_request(request):
        return {"count": len(request.messages)}

    assert texts(opened(shout), "hey") == ["HEY"]
    assert texts(opened(by_request), "hey") == ['{"count": 1}']
    assert opened(shout).name == "python:shout"
    request = Request([Message("system", "a"), Message("user", "b")])
    assert run(opened(lambda prompt: prompt).complete(request)).text == "a\n\nb"


def test_what_a_function_raises_is_no_reply():
    def broken(prompt):
        raise ConnectionResetError("gone")

    def wrong(prompt):
        return object()

    def limited(prompt):
        raise RateLimited("slow down", retry_after=3)

    with pytest.raises(ServerFault, match="python:broken failed: ConnectionResetError: gone") as caught:
        texts(opened(broken), "x")
    assert caught.value.retryable
    with pytest.raises(SettingsRefused, match="returned object"):
        texts(opened(wrong), "x")
    with pytest.raises(RateLimited):
        texts(opened(limited), "x")


# --- chains and hedging ---------------------------------------------------------------------------


def failing(error):
    return Scripted([{"error": error, "always": True}], name=error)


@pytest.mark.parametrize(
    "error", ["rate_limited", "server_fault", "timeout", "auth_refused", "context_too_long", "model_missing"]
)
def test_trouble_leads_to_the_next_model(error):
    reply = run(opened([failing(error), lambda prompt: "from the second"]).complete(asked()))
    assert (reply.text, reply.attempts) == ("from the second", 2)


@pytest.mark.parametrize(("error", "kind"), [("bad_request", BadRequest), ("content_refused", BadRequest)])
def test_what_nobody_would_take_does_not(error, kind):
    with pytest.raises(kind, match="the script says so"):
        run(opened([failing(error), "mock:"]).complete(asked()))


def test_a_chain_that_ends_tells_its_story():
    with pytest.raises(ContextTooLong) as caught:
        run(opened([failing("rate_limited"), failing("context_too_long")]).complete(asked()))
    assert str(caught.value).startswith("no model could answer: rate_limited: the script says so; context_too_long:")
    assert caught.value.attempts == 2


def test_a_decision_of_ones_own(waits):
    models = [failing("content_refused"), Scripted(["ok"])]
    chain = Chain(models, clock=waits.clock, decide=lambda error: isinstance(error, BadRequest))
    assert run(chain.complete(asked())).text == "ok"


def test_time_is_shared_in_a_chain(waits):
    given = []

    def slow(request):
        given.append(request.timeout_s)
        waits.clock.advance(4)
        raise ModelTimeout("late")

    chain = open_model(
        [slow, slow, lambda request: given.append(request.timeout_s) or "x"], environ={}, clock=waits.clock
    )
    run(chain.complete(asked(timeout_s=10)))
    assert given == pytest.approx([6.0, 3.6, 2.0])


def test_streams_of_a_chain():
    async def pieces(model):
        return [piece async for piece in model.stream(asked())]

    assert run(pieces(opened([failing("server_fault"), Scripted(["ok"])])))[-1].text == "ok"


def slow_then_quick(waits_s):
    """A function that takes these times, call by call; and what became of the calls."""
    log = []

    async def answer(prompt):
        number = len(log)
        log.append("begun")
        try:
            await asyncio.sleep(waits_s[number])
        except asyncio.CancelledError:
            log[number] = "cancelled"
            raise
        log[number] = "answered"
        return f"reply {number}"

    return answer, log


def test_the_second_request_wins_and_the_first_is_dropped():
    answer, log = slow_then_quick([5.0, 0.0])
    reply = run(Hedged(opened(answer), 0.01).complete(asked()))
    assert (reply.text, log) == ("reply 1", ["cancelled", "answered"])


def test_no_second_request_when_the_first_is_quick_or_the_pace_is_unknown():
    answer, log = slow_then_quick([0.0, 0.0])
    assert run(Hedged(opened(answer), 1.0).complete(asked())).text == "reply 0"
    assert run(Hedged(opened(answer), "p95").complete(asked())).text == "reply 1"
    assert log == ["answered", "answered"]


def test_hedging_survives_one_failure_and_reports_two():
    async def first_fails(prompt):
        calls.append(1)
        await asyncio.sleep(0.02)
        if len(calls) < 2 or always:
            raise ServerFault("no")
        return "ok"

    calls, always = [], True
    with pytest.raises(ServerFault):
        run(Hedged(opened(first_fails), 0.01).complete(asked()))


def test_who_cancels_a_hedged_request_cancels_both():
    answer, log = slow_then_quick([5.0, 5.0])

    async def story():
        task = asyncio.create_task(Hedged(opened(answer), 0.005).complete(asked()))
        await asyncio.sleep(0.03)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(story())
    assert log == ["cancelled", "cancelled"]


# --- opening --------------------------------------------------------------------------------------


def test_what_is_no_model_says_what_is():
    with pytest.raises(ModelMissing, match="no language model is configured") as caught:
        opened(None)
    assert "DANA_MODEL" in caught.value.hint
    for spec, said in [
        ("opnai:gpt", "did you mean `openai:gpt`?"),
        ("gpt-4o-mini", "openai:gpt-4o-mini"),
        ("openai:", "as in: openai:gpt-4o-mini"),
        ("http://127.0.0.1:8000/v1", "#name"),
        ("scripted:", "scripted:calls.jsonl"),
        (3, "a function"),
    ]:
        with pytest.raises(SettingsRefused) as caught:
            opened(spec)
        assert said in caught.value.hint
    with pytest.raises(AuthRefused, match="OPENAI_API_KEY is not set"):
        opened("openai:gpt-4o-mini")
    with pytest.raises(SettingsRefused, match="1 to 16 models"):
        opened([])
    assert issubclass(SettingsRefused, ModelError)


def test_usage_adds_up():
    assert Usage(2, 3).total_tokens == 5
