"""The client against a server that misbehaves: what is sent, what comes back, what is tried again and what is not."""

from __future__ import annotations

import asyncio
import gc
import json
import warnings
from email.utils import formatdate

import pytest

from dana.models import (
    AuthRefused,
    BadRequest,
    CircuitOpen,
    ConnectionLost,
    ContentRefused,
    ContextTooLong,
    Message,
    ModelError,
    ModelMissing,
    ModelTimeout,
    RateLimited,
    Reply,
    Request,
    ServerFault,
    Tool,
    ToolCall,
    Usage,
)
from dana.models.protocol import error_of, is_strict, retry_after
from tests.models.conftest import as_json, asked, model_at, run
from tests.servers.models import TRANSPORT, Faults, ModelServer

SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}},
    "required": ["name"],
    "additionalProperties": False,
}


def failing(times: int, failure, then="ok"):
    """Fails so often, then answers."""
    left = [times]

    def answer(_body):
        left[0] -= 1
        return failure if left[0] >= 0 else then

    return answer


def test_a_reply_has_text_usage_model_and_time():
    with ModelServer(lambda _body: "Paris") as server:
        reply = run(model_at(server, prices={"test": {"input": 1.0, "output": 2.0}}).complete(asked("the capital?")))
    assert (reply.text, reply.finish, reply.model, reply.attempts) == ("Paris", "stop", "test", 1)
    assert reply.usage == Usage(3, 2)
    assert reply.usd == pytest.approx(7e-6)
    assert reply.took_s > 0


def test_everything_a_request_says_is_sent():
    request = Request(
        [
            Message("system", "be brief"),
            Message("user", "hé"),
            Message("assistant", "", [ToolCall("c1", "add", '{"a": 1}')]),
            Message("tool", "2", tool_call_id="c1"),
        ],
        temperature=0.0,
        max_tokens=9,
        stop=["\n"],
        seed=7,
        schema=SCHEMA,
        schema_name="a person!",
        tools=[Tool("add", "adds", {"type": "object"})],
    )
    with ModelServer(lambda _body: "ok") as server:
        run(model_at(server).complete(request))
        (body,) = server.seen
    assert body["messages"][1] == {"role": "user", "content": "hé"}
    assert body["messages"][2]["tool_calls"][0]["function"] == {"name": "add", "arguments": '{"a": 1}'}
    assert body["messages"][3]["tool_call_id"] == "c1"
    assert (body["temperature"], body["max_tokens"], body["stop"], body["seed"]) == (0.0, 9, ["\n"], 7)
    assert body["response_format"]["json_schema"] == {"name": "a_person_", "schema": SCHEMA, "strict": True}
    assert body["tools"][0]["function"]["name"] == "add"


def test_schemas_are_strict_only_when_every_object_is_closed_and_whole():
    assert is_strict(SCHEMA)
    assert not is_strict({**SCHEMA, "required": []})
    assert not is_strict({"type": "array", "items": {"type": "object"}})


def test_calls_of_tools_come_back():
    call = {"id": "c1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
    with ModelServer(lambda _body: {"tool_calls": [call]}) as server:
        model = model_at(server)

        async def both():
            return await model.complete(asked()), [piece async for piece in model.stream(asked())][-1]

        whole, streamed = run(both())
    assert whole.tool_calls == streamed.tool_calls == (ToolCall("c1", "add", '{"a": 1}'),)
    assert whole.finish == streamed.finish == "tool_calls"


def test_a_stream_gives_pieces_and_then_the_reply():
    async def pieces(model):
        return [piece async for piece in model.stream(asked())]

    with ModelServer(lambda _body: "one two three four") as server:
        *texts, reply = run(pieces(model_at(server)))
    assert "".join(texts) == reply.text == "one two three four"
    assert len(texts) > 1
    assert reply.usage == Usage(2, 5)


def test_a_stream_says_why_it_ended():
    async def last(model):
        return [piece async for piece in model.stream(asked())][-1]

    with ModelServer(lambda _body: {"content": "cut", "finish_reason": "length"}) as server:
        assert run(last(model_at(server))).finish == "length"


def test_a_stream_that_is_left_early_is_closed():
    async def first(model):
        stream = model.stream(asked())
        found = await anext(stream)
        await stream.aclose()
        await model.aclose()
        return found

    with ModelServer(lambda _body: "one two three four") as server:
        assert run(first(model_at(server))) == "one two"


def test_a_stream_that_breaks_off_is_an_error_after_its_text():
    async def read(model):
        texts = []
        try:
            async for piece in model.stream(asked()):
                texts.append(piece)
        except ConnectionLost as error:
            return texts, str(error)

    faults = Faults(1.0, mix={"truncated body": 1})
    with ModelServer(lambda _body: "one two three four five six", faults=faults) as server:
        texts, said = run(read(model_at(server)))
    assert texts
    assert "before it was complete" in said


@pytest.mark.parametrize("failure", [{"status": 500}, {"status": 429}, {"status": 503}, {"status": 408}])
def test_trouble_that_passes_is_asked_again(failure, waits):
    with ModelServer(failing(2, failure)) as server:
        reply = run(model_at(server, waits).complete(asked()))
    assert (reply.text, reply.attempts, len(waits.sleeps)) == ("ok", 3, 2)


def test_waits_grow_with_jitter_and_are_the_same_for_the_same_chance(waits):
    def slept(seed):
        waits.sleeps.clear()
        with ModelServer(failing(4, {"status": 500})) as server:
            run(model_at(server, waits, seed=seed).complete(asked()))
        return list(waits.sleeps)

    first = slept(1)
    assert first == slept(1) != slept(2)
    assert all(0 <= wait <= 0.2 * 2**n for n, wait in enumerate(first))


def test_retry_after_is_waited_for(waits):
    failure = {"status": 429, "headers": {"Retry-After": "7"}}
    with ModelServer(failing(1, failure)) as server:
        run(model_at(server, waits).complete(asked()))
    assert waits.sleeps == [7.0]


def test_retry_after_beyond_the_limit_of_time_is_not(waits):
    failure = {"status": 429, "headers": {"Retry-After": "60"}}
    with ModelServer(failing(1, failure)) as server, pytest.raises(RateLimited) as caught:
        run(model_at(server, waits).complete(asked(timeout_s=10)))
    assert (caught.value.retry_after, caught.value.retryable, waits.sleeps) == (60.0, True, [])


def test_retry_after_is_seconds_milliseconds_or_a_date():
    date = formatdate(1_000_030, usegmt=True)
    assert retry_after({"retry-after": "2.5"}, 0) == 2.5
    assert retry_after({"retry-after-ms": "250"}, 0) == 0.25
    assert retry_after({"retry-after": date}, 1_000_000) == 30.0
    assert retry_after({"retry-after": date}, 2_000_000) == 0.0
    assert [retry_after({"retry-after": text}, 0) for text in ("soon", "1e999", "nan", "9999999", "")] == [None] * 5


def test_attempts_end_with_the_retries(waits):
    with ModelServer(lambda _body: {"status": 500, "error": {"message": "out of order"}}) as server:
        with pytest.raises(ServerFault, match="out of order") as caught:
            run(model_at(server, waits, retries=2).complete(asked()))
        assert server.counts.requests == 3
    assert caught.value.attempts == 3


REFUSALS = [
    (400, {"message": "bad"}, BadRequest),
    (
        400,
        {"message": "This model's maximum context length is 8192 tokens", "code": "context_length_exceeded"},
        ContextTooLong,
    ),
    (413, {"message": "too large"}, ContextTooLong),
    (400, {"message": "no", "code": "content_filter"}, ContentRefused),
    (401, {"message": "no"}, AuthRefused),
    (403, {"message": "your country"}, AuthRefused),
    (404, {"message": "The model `x` does not exist"}, ModelMissing),
    (429, {"message": "You exceeded your current quota", "code": "insufficient_quota"}, RateLimited),
    (301, {}, BadRequest),
]


@pytest.mark.parametrize(("status", "error", "kind"), REFUSALS)
def test_what_would_be_refused_again_is_not_asked_again(status, error, kind, waits):
    with ModelServer(lambda _body: {"status": status, "error": error}) as server:
        with pytest.raises(kind) as caught:
            run(model_at(server, waits).complete(asked()))
        assert server.counts.requests == 1
    assert not caught.value.retryable


@pytest.mark.parametrize("fault", ["reset", "truncated body"])
def test_broken_connections_and_bodies_are_asked_again(fault, waits):
    # The seeds are those under which the first request meets the fault and the second does not.
    for seed in range(40):
        faults = Faults(0.5, seed=seed, mix={fault: 1})
        if faults.drawn("hello", 0)[0] and not faults.drawn("hello", 1)[0]:
            with ModelServer(lambda _body: "ok", faults=faults) as server:
                assert run(model_at(server, waits).complete(asked())).attempts == 2


def test_an_attempt_that_hangs_leaves_time_for_another():
    seed = next(s for s in range(99) if Faults(0.5, seed=s, mix={"hang": 1}).drawn("hello", 0)[0]
                and not Faults(0.5, seed=s, mix={"hang": 1}).drawn("hello", 1)[0])  # fmt: skip
    with ModelServer(lambda _body: "ok", faults=Faults(0.5, seed=seed, mix={"hang": 1})) as server:
        reply = run(model_at(server).complete(asked(timeout_s=0.4)))
        assert reply.attempts == 2
        server.reset()
        with pytest.raises(ModelTimeout, match=r"no complete answer within 0\.02 s"):
            run(model_at(server, attempt_timeout=0.02, retries=0).complete(asked()))


def test_nobody_there():
    with ModelServer(lambda _body: "ok") as server:
        port = server.port
    with pytest.raises(ConnectionLost, match=f"there is no connection to 127.0.0.1:{port}"):
        run(model_at(None, spec=f"http://127.0.0.1:{port}/v1#x", retries=0).complete(asked()))


def test_a_schema_that_is_refused_is_left_out_and_that_is_remembered():
    with ModelServer(as_json({"name": "Ann"}), takes_schema=False) as server:
        model = model_at(server)

        async def twice():
            return [await model.complete(asked(schema=SCHEMA)) for _ in range(2)]

        assert [reply.attempts for reply in run(twice())] == [1, 1]
        assert ["response_format" in body for body in server.seen] == [True, False, False]


def test_an_endpoint_that_takes_schemas_of_objects_only_is_still_told_those():
    def answer(body):
        schema = body.get("response_format", {}).get("json_schema", {}).get("schema", {"type": "object"})
        if schema["type"] == "object":
            return "{}"
        return {"status": 400, "error": {"message": "Invalid schema: it must be a JSON Schema of 'type: \"object\"'"}}

    with ModelServer(answer) as server:
        model = model_at(server)

        async def both():
            for schema in ({"type": "integer"}, {"type": "array"}, SCHEMA):
                await model.complete(asked(schema=schema))

        run(both())
        assert ["response_format" in body for body in server.seen] == [True, False, False, True]


def test_a_pause_nobody_asked_for_leaves_time_for_the_attempt(waits):
    with ModelServer(lambda _body: {"status": 500}) as server:
        with pytest.raises(ServerFault):
            run(model_at(server, waits).complete(asked(timeout_s=0.5)))
        assert 0 < max(waits.sleeps) <= 0.05
    waits.sleeps.clear()
    slow_down = {"status": 429, "headers": {"Retry-After": "0.3"}}
    with ModelServer(lambda _body: slow_down) as server:
        with pytest.raises(RateLimited):
            run(model_at(server, waits).complete(asked(timeout_s=0.5)))
        assert min(waits.sleeps) >= 0.3


def test_a_bad_request_is_not_blamed_on_the_schema():
    with ModelServer(lambda _body: {"status": 400, "error": {"message": "no"}}) as server:
        model = model_at(server)

        async def twice():
            for _ in range(2):
                with pytest.raises(BadRequest):
                    await model.complete(asked(schema=SCHEMA))

        run(twice())
        assert ["response_format" in body for body in server.seen] == [True, False, True, False]


def test_the_newer_name_of_max_tokens_is_learnt():
    def answer(body):
        said = "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead."
        return "ok" if "max_completion_tokens" in body else {"status": 400, "error": {"message": said}}

    with ModelServer(answer) as server:
        assert run(model_at(server).complete(asked(max_tokens=5))).text == "ok"


def test_an_answer_that_is_too_large_is_not_taken():
    large = pytest.raises(ServerFault, match="larger than 50,000 bytes")
    with ModelServer(lambda _body: "x" * 100_000) as server, large:
        run(model_at(server, max_bytes=50_000).complete(asked()))


def test_the_configured_rate_holds(waits):
    with ModelServer(lambda _body: "ok") as server:
        model = model_at(server, waits, requests_per_minute=60)

        async def many():
            for _ in range(8):
                await model.complete(asked())

        run(many())
    assert waits.sleeps == pytest.approx([1.0, 1.0])  # six at once, then one a second


def test_an_endpoint_that_is_down_is_left_alone_and_found_again(waits):
    is_down = [True]
    with ModelServer(lambda _body: {"status": 500} if is_down[0] else "ok") as server:
        model = model_at(server, waits, retries=0)

        async def story():
            for _ in range(20):
                with pytest.raises(ServerFault):
                    await model.complete(asked())
            count = server.counts.requests
            with pytest.raises(CircuitOpen) as caught:
                await model.complete(asked())
            assert (server.counts.requests, caught.value.retry_after) == (count, 5.0)
            is_down[0] = False
            waits.clock.advance(5.0)
            return (await model.complete(asked())).text

        assert run(story()) == "ok"


def test_the_breaker_is_not_fooled_by_failures_that_are_quicker_than_answers(waits):
    with ModelServer(lambda _body: (0.02, "ok"), faults=Faults(0.5, seed=5, mix={"server error": 1})) as server:
        model = model_at(server, waits, retries=20)
        replies = run(*(model.complete(asked(f"question {n}")) for n in range(60)))
    assert all(reply.text == "ok" for reply in replies)


def test_bad_weather_is_weathered(waits):
    faults = Faults(0.35, seed=3, mix=dict.fromkeys(TRANSPORT, 1.0), retry_after_s=0.01, slow_s=0.05)
    with ModelServer(lambda _body: "ok", faults=faults) as server:
        model = model_at(server, waits, attempt_timeout=1.5)
        replies = run(*(model.complete(asked(f"question {n}")) for n in range(100)))
        assert sum(server.counts.faults.values()) > 30
    assert {reply.text for reply in replies} == {"ok"}


def test_requests_are_under_way_together():
    with ModelServer(lambda _body: (0.05, "ok")) as server:
        model = model_at(server)
        run(*(model.complete(asked(str(n))) for n in range(50)))
        assert server.counts.most_at_once >= 25


def test_one_model_serves_several_loops_and_leaves_nothing_open():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with ModelServer(lambda _body: "ok") as server:
            model = model_at(server)
            for _ in range(3):
                assert run(model.complete(asked())).text == "ok"
            loop = asyncio.new_event_loop()
            loop.run_until_complete(model.complete(asked()))
            model._connections.close()
            loop.run_until_complete(asyncio.sleep(0))
            loop.close()
        gc.collect()
    assert [str(each.message) for each in caught] == []


def test_who_is_cancelled_lets_go():
    async def story(model):
        task = asyncio.create_task(model.complete(asked()))
        await asyncio.sleep(0.02)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return model._connections.places()._value

    with ModelServer(lambda _body: (5.0, "late")) as server:
        assert run(story(model_at(server))) == 100


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"error": {"message": "no such thing"}}', "no such thing"),
        ('{"error": "plain"}', "plain"),
        ('{"detail": [{"msg": "field required", "type": "missing"}]}', "field required"),
        ('{"object": "error", "message": "of vLLM"}', "of vLLM"),
        ("just words", "just words"),
        ("<html>gateway</html>", "HTTP 400)"),
        ("[" * 100_000, "HTTP 400)"),
        ('{"error": {"message": "' + "long " * 500 + '"}}', "long…"),
    ],
)
def test_errors_say_what_the_endpoint_says(body, said):
    error = error_of(400, {}, body, secret=None, model="m", now=0.0)
    assert said in str(error) or str(error).endswith(said)
    assert len(str(error)) < 400


@pytest.mark.parametrize("data", [None, [], {}, {"choices": []}, {"choices": [{}]}, {"choices": [{"message": 3}]}, "x"])
def test_an_answer_that_is_no_completion_is_a_fault(data, waits):
    import httpx

    from dana.models import open_model
    from tests.models.conftest import connected, settings

    transport = httpx.MockTransport(lambda _request: httpx.Response(200, text=json.dumps(data)))
    client = connected(waits, transport=transport)
    model = open_model("http://localhost/v1#x", environ={}, settings=settings(retries=0), client=client)
    with pytest.raises(ServerFault):
        run(model.complete(asked()))


def test_refusals_of_the_model_itself_are_replies():
    with ModelServer(lambda _body: {"content": None, "refusal": "I will not"}) as server:
        reply = run(model_at(server).complete(asked()))
    assert (reply.text, reply.finish) == ("I will not", "refusal")


def test_replies_and_errors_are_what_they_say():
    assert Reply("a") == Reply("a") != Reply("b")
    assert "text='a'" in repr(Reply("a"))
    assert issubclass(ConnectionLost, ConnectionError)
    assert issubclass(ModelTimeout, TimeoutError)
    assert issubclass(ModelTimeout, ModelError)
    with pytest.raises(ValueError, match="role is one of"):
        Message("robot", "")
