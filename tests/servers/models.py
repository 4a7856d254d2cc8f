"""A server on this machine that speaks chat completions, and can misbehave in every way a real one does.

    from tests.servers.models import Faults, ModelServer

    def answer(body: dict) -> str:                      # the right answer to a request, as text
        return json.dumps({"name": "Ann", "age": 42})

    with ModelServer(answer, faults=Faults(rate=0.35, seed=7), latency_s=0.02) as server:
        server.url                                      http://127.0.0.1:PORT/v1 , as `base_url`
        server.spec("test")                             http://127.0.0.1:PORT/v1#test , as a model of Dana
        ...
        server.counts                                   requests, tokens, and how often each fault was made

What a request meets is drawn from the seed, the prompt's own text and how often that prompt has come: not from the
order in which requests arrive. So two clients that ask the same questions meet the same weather, whatever they do in
between, and a run can be repeated. Where clients word the same question differently, `question(body)` says which one
a request asks; the weather is then drawn from that.

`answer` gets the request's body and returns the text of the answer, or a dict: a whole message (`{"content": …}`,
`{"tool_calls": […]}`), or `{"status": 400, "error": {…}}`. It may sleep by returning `(seconds, answer)`.

Faults of transport: `too many` (429 with Retry-After), `server error` (500), `reset`, `slow`, `hang`, `truncated body`.
Faults of content, made on an answer that is JSON (see `CONTENT`): prose around it, a wrong type, a wrong member of an
enumeration, a missing field, single quotes, trailing commas, NaN, a key given twice, another language's booleans, cut off.
`damaged(text, fault, chance)` makes one of them on any text of JSON; a fault that finds nothing to damage makes way for
another. With `words=` a wrong member of an enumeration stands only where one of these words stood; the entries of `mappings=`, fields that hold any names, are no fields that could be missing.

Tokens are counted alike for everybody: all that is said in the messages, schemas and tools that are sent along, and what
is written. A hanging request has been read and is counted; one that is turned away (429, 500, reset) is not.

It is one thread with an event loop; leaving the `with` ends it and closes every connection.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import threading
from collections import Counter
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TRANSPORT = ("too many", "server error", "reset", "slow", "hang", "truncated body")
CONTENT = (
    "prose", "wrong type", "wrong enum", "missing field", "single quotes", "trailing commas", "nan", "double key",
    "foreign booleans", "cut off",
)  # fmt: skip
LARGEST = 50_000_000


class Faults:
    """What goes wrong, and how often: a share `rate` of all requests meets one fault, drawn from `mix` by weight.

    `retry_after_s`: what a 429 asks for. `slow_s`: how long a slow reply takes, `hang_s` a hanging one (it never
    comes: the connection is closed then).
    """

    def __init__(
        self,
        rate: float = 0.35,
        *,
        seed: int = 1,
        mix: Mapping[str, float] | None = None,
        retry_after_s: float = 0.05,
        slow_s: float = 0.3,
        hang_s: float = 30.0,
        words: frozenset[str] | None = None,
        mappings: frozenset[str] = frozenset(),
    ) -> None:
        self.words = words
        self.mappings = mappings
        self.rate = rate
        self.seed = seed
        self.mix = dict(mix) if mix is not None else dict.fromkeys(TRANSPORT + CONTENT, 1.0)
        unknown = set(self.mix) - set(TRANSPORT + CONTENT)
        assert not unknown, unknown
        self.retry_after_s = retry_after_s
        self.slow_s = slow_s
        self.hang_s = hang_s

    def drawn(self, prompt: str, turn: int) -> tuple[str, random.Random]:
        """The fault that a prompt meets the `turn`-th time (empty: none), and the chance that shapes it."""
        key = sha256(f"{self.seed}\0{turn}\0{prompt}".encode("utf-8", "replace")).digest()
        chance = random.Random(key)
        if chance.random() >= self.rate or not self.mix:
            return "", chance
        return chance.choices(list(self.mix), list(self.mix.values()))[0], chance


class Counts:
    """What the server has seen."""

    def __init__(self) -> None:
        self.requests = 0
        self.prompt_tokens = 0
        self.completion_tokens = 0
        self.faults: Counter[str] = Counter()
        self.connections = 0
        self.most_at_once = 0

    @property
    def tokens(self) -> int:
        """All tokens, of answers that were made: also of those that did not arrive."""
        return self.prompt_tokens + self.completion_tokens

    def __repr__(self) -> str:
        return f"Counts(requests={self.requests}, tokens={self.tokens}, faults={dict(self.faults)})"


class ModelServer:
    """Serves until it is left; see the module."""

    def __init__(
        self,
        answer: Callable[[dict[str, Any]], Any],
        *,
        faults: Faults | None = None,
        latency_s: float = 0.0,
        key: str | None = None,
        takes_schema: bool = True,
        models: tuple[str, ...] = ("test",),
        question: Callable[[dict[str, Any]], str] | None = None,
    ) -> None:
        self.question = question or prompt_of
        self.answer = answer
        self.faults = faults
        self.latency_s = latency_s
        # What `authorization` must hold; None: nobody is asked.
        self.key = key
        self.takes_schema = takes_schema
        self.models = models
        self.counts = Counts()
        # Every body that came, and the headers it came with, in the order of arrival.
        self.seen: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self._turns: Counter[str] = Counter()
        self._at_once = 0
        self._open: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._ready = threading.Event()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def spec(self, model: str = "test") -> str:
        return f"{self.url}#{model}"

    def reset(self) -> None:
        """Forget what was seen: the next client meets the same weather from the beginning."""
        self.counts = Counts()
        self.seen.clear()
        self.headers.clear()
        self._turns.clear()

    def __enter__(self) -> ModelServer:
        self._thread.start()
        assert self._ready.wait(10)
        return self

    def __exit__(self, *_error: object) -> None:
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(10)

    # --- serving --------------------------------------------------------------------------------

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            asyncio.set_event_loop(None)
            self._loop.close()

    async def _serve(self) -> None:
        self._stopping = asyncio.Event()
        server = await asyncio.start_server(self._connected, "127.0.0.1", 0, backlog=1024, limit=1 << 22)
        self.port = server.sockets[0].getsockname()[1]
        self._ready.set()
        await self._stopping.wait()
        server.close()
        for task in list(self._tasks):
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for writer in list(self._open):
            writer.transport.abort()
        await asyncio.sleep(0)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        self._tasks.add(task)
        self._open.add(writer)
        self.counts.connections += 1
        try:
            while (request := await _read(reader)) is not None and await self._handle(writer, *request):
                pass
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.transport.abort()
        finally:
            self._tasks.discard(task)
            self._open.discard(writer)
            writer.close()

    async def _handle(self, writer: asyncio.StreamWriter, line: str, headers: dict[str, str], raw: bytes) -> bool:
        """Answer one request; False: the connection ends with it."""
        method, path, *_ = line.split(" ")
        self.headers.append(headers)
        if self.key is not None and headers.get("authorization") != f"Bearer {self.key}":
            given = headers.get("authorization", "")
            return _send(writer, 401, _error(f"Incorrect API key provided: {given}", "invalid_api_key"))
        if path.endswith("/models"):
            return _send(writer, 200, {"object": "list", "data": [{"id": name} for name in self.models]})
        if method != "POST" or not path.endswith("/chat/completions"):
            return _send(writer, 404, _error("there is nothing here", "not_found"))
        body = json.loads(raw)
        self.seen.append(body)
        self.counts.requests += 1
        if "response_format" in body and not self.takes_schema:
            return _send(writer, 400, _error("response_format is not supported", "invalid_request_error"))
        self._at_once += 1
        self.counts.most_at_once = max(self.counts.most_at_once, self._at_once)
        try:
            return await self._complete(writer, body)
        finally:
            self._at_once -= 1

    async def _complete(self, writer: asyncio.StreamWriter, body: dict[str, Any]) -> bool:
        fault, chance = "", random.Random(0)
        if self.faults is not None:
            asked = self.question(body)
            turn, self._turns[asked] = self._turns[asked], self._turns[asked] + 1
            fault, chance = self.faults.drawn(asked, turn)
        if fault and fault not in CONTENT:
            self.counts.faults[fault] += 1
        if fault in ("too many", "server error", "reset", "hang"):
            if fault == "hang":
                self.counts.prompt_tokens += tokens_in(read_of(body))
            return await self._without_answer(writer, fault)
        seconds, said = self.latency_s, self.answer(body)
        if isinstance(said, tuple):
            seconds, said = seconds + said[0], said[1]
        if fault == "slow":
            seconds += self.faults.slow_s
        if seconds:
            await asyncio.sleep(seconds)
        if isinstance(said, dict) and "status" in said:
            more = said.get("headers", {})
            return _send(writer, said["status"], {"error": said.get("error", {})}, **more)
        message = said if isinstance(said, dict) else {"content": said}
        if fault in CONTENT and isinstance(message.get("content"), str):
            fault, text = self._damaged(message["content"], fault, chance)
            self.counts.faults[fault] += 1
            message = {**message, "content": text}
            if fault == "cut off":
                message["finish_reason"] = "length"
        return self._reply(writer, body, message, fault, chance)

    def _damaged(self, text: str, fault: str, chance: random.Random) -> tuple[str, str]:
        """The text with that fault, or with one of the others of the mix where that one finds nothing to damage."""
        assert self.faults is not None
        others = [each for each in CONTENT if each != fault and self.faults.mix.get(each)]
        chance.shuffle(others)
        for each in (fault, *others):
            spoilt = damaged(text, each, chance, self.faults.words, self.faults.mappings)
            if spoilt != text:
                return each, spoilt
        return fault, text

    async def _without_answer(self, writer: asyncio.StreamWriter, fault: str) -> bool:
        if fault == "too many":
            after = {"Retry-After": f"{self.faults.retry_after_s:g}"}
            return _send(writer, 429, _error("Rate limit reached", "rate_limit_exceeded"), **after)
        if fault == "server error":
            return _send(writer, 500, _error("The server had an error", "server_error"))
        if fault == "hang":
            await asyncio.sleep(self.faults.hang_s)
        writer.transport.abort()
        return False

    def _reply(
        self, writer: asyncio.StreamWriter, body: dict[str, Any], message: dict, fault: str, chance: Any
    ) -> bool:
        text = message.get("content") or ""
        read, written = tokens_in(read_of(body)), tokens_in(text + json.dumps(message.get("tool_calls", "")))
        self.counts.prompt_tokens += read
        self.counts.completion_tokens += written
        usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
        finish = message.get("finish_reason") or ("tool_calls" if message.get("tool_calls") else "stop")
        said = {k: v for k, v in message.items() if k != "finish_reason"}
        if body.get("stream"):
            return _stream(writer, body, said, finish, usage, breaks=fault == "truncated body")
        data = {
            "id": f"chatcmpl-{self.counts.requests}",
            "object": "chat.completion",
            "created": 0,
            "model": body.get("model", "test"),
            "choices": [
                {"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": None} | said}
            ],
            "usage": usage,
        }
        if fault != "truncated body":
            return _send(writer, 200, data)
        whole = json.dumps(data).encode()
        cut = whole[: chance.randrange(10, len(whole) - 5)]
        if chance.random() < 0.5:  # the body breaks off, or the connection does
            return _write(writer, 200, cut)
        _write(writer, 200, cut, length=len(whole))
        writer.close()
        return False


async def _read(reader: asyncio.StreamReader) -> tuple[str, dict[str, str], bytes] | None:
    line = (await reader.readline()).decode("latin-1").strip()
    if not line:
        return None
    headers = {}
    while header := (await reader.readline()).decode("latin-1").strip():
        name, _, value = header.partition(":")
        headers[name.lower()] = value.strip()
    size = int(headers.get("content-length", 0))
    assert size < LARGEST
    return line, headers, await reader.readexactly(size)


def _error(message: str, code: str) -> dict[str, Any]:
    return {"error": {"message": message, "type": code, "param": None, "code": code}}


def _send(writer: asyncio.StreamWriter, status: int, data: Any, **headers: str) -> bool:
    return _write(writer, status, json.dumps(data, ensure_ascii=False).encode("utf-8", "replace"), headers=headers)


def _write(
    writer: asyncio.StreamWriter,
    status: int,
    body: bytes,
    *,
    length: int | None = None,
    kind: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> bool:
    fields = {"Content-Type": kind, "Content-Length": str(len(body) if length is None else length), **(headers or {})}
    head = f"HTTP/1.1 {status} Said\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    writer.write(head.encode("latin-1") + b"\r\n" + body)
    return True


def _stream(
    writer: asyncio.StreamWriter, body: dict[str, Any], message: dict, finish: str, usage: dict, *, breaks: bool
) -> bool:
    """The reply as events; the connection ends with it."""
    model = body.get("model", "test")
    text = message.get("content") or ""
    events = [{"role": "assistant", "content": ""}]
    events += [{"content": text[at : at + 7]} for at in range(0, len(text), 7)]
    for index, call in enumerate(message.get("tool_calls") or ()):
        function = call["function"]
        half = len(function["arguments"]) // 2
        first = {"name": function["name"], "arguments": function["arguments"][:half]}
        events.append({"tool_calls": [{"index": index, "id": call["id"], "type": "function", "function": first}]})
        rest = {"arguments": function["arguments"][half:]}
        events.append({"tool_calls": [{"index": index, "function": rest}]})
    if breaks:
        events = events[: max(1, len(events) // 2)]
    lines = [{"model": model, "choices": [{"index": 0, "delta": each, "finish_reason": None}]} for each in events]
    if not breaks:
        lines.append({"model": model, "choices": [{"index": 0, "delta": {}, "finish_reason": finish}]})
        if (body.get("stream_options") or {}).get("include_usage"):
            lines.append({"model": model, "choices": [], "usage": usage})
    writer.write(b"HTTP/1.1 200 Said\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
    for line in lines:
        writer.write(b"data: " + json.dumps(line).encode() + b"\n\n")
    if not breaks:
        writer.write(b": a comment\n\ndata: [DONE]\n\n")
    writer.close()
    return False


def prompt_of(body: Mapping[str, Any]) -> str:
    """All that is said in a request, as one text."""
    return "\n".join(str(message.get("content") or "") for message in body.get("messages", ()))


def read_of(body: Mapping[str, Any]) -> str:
    """All that a model reads of a request: what is said, the schema of the answer, the tools."""
    said = [prompt_of(body)]
    schema = (body.get("response_format") or {}).get("json_schema")
    for extra in (schema, body.get("tools")):
        if extra:
            said.append(json.dumps(extra, separators=(",", ":")))
    return "\n".join(said)


def tokens_in(text: str) -> int:
    """Tokens as this server counts them: one for four characters."""
    return (len(text) + 3) // 4


# --- faults of content --------------------------------------------------------------------------


def damaged(
    text: str,
    fault: str,
    chance: random.Random,
    words: frozenset[str] | None = None,
    mappings: frozenset[str] = frozenset(),
) -> str:
    """`text`, a text of JSON, with one fault of `CONTENT`; as it is where the fault finds nothing to damage."""
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    if fault == "wrong enum":
        return _wrong_enum(text, value, chance, words)
    if fault == "missing field":
        return _missing(text, value, chance, mappings)
    return DAMAGE[fault](text, value, chance)


def _prose(text: str, value: Any, chance: random.Random) -> str:
    before = chance.choice(
        ["Sure! Here is the answer:\n\n", "Here's the JSON you asked for [as requested]:\n", "Let me think {briefly}. "]
    )
    after = chance.choice(["\n\nLet me know if you need anything else!", "\n\nI hope {this} helps.", ""])
    return chance.choice([f"{before}```json\n{text}\n```{after}", f"{before}{text}{after}"])


def _wrong_type(text: str, value: Any, chance: random.Random) -> str:
    def make(leaf: Any) -> Any:
        structures: list[Any] = [{"value": leaf}, [[leaf]], {}]
        # A text where a text may stand would be no wrong type.
        return chance.choice(structures if leaf is None or isinstance(leaf, str) else [*structures, "unknown"])

    return _changed(value, text, chance, make)


def _wrong_enum(text: str, value: Any, chance: random.Random, words: frozenset[str] | None = None) -> str:
    def fits(leaf: Any) -> bool:
        return isinstance(leaf, str) and (words is None or leaf in words)

    return _changed(value, text, chance, lambda _: "something-else-entirely", fits)


def _nan(text: str, value: Any, chance: random.Random) -> str:
    is_number = lambda leaf: isinstance(leaf, int | float) and not isinstance(leaf, bool)  # noqa: E731
    return _changed(value, text, chance, lambda _: float("nan"), is_number)


def _missing(text: str, value: Any, chance: random.Random, mappings: frozenset[str] = frozenset()) -> str:
    free = [each[name] for each in _walk(value) if isinstance(each, dict) for name in mappings & each.keys()]
    objects = [each for each in _walk(value) if isinstance(each, dict) and each and all(each is not f for f in free)]
    if not objects:
        return text
    chosen = chance.choice(objects)
    del chosen[chance.choice(sorted(chosen))]
    return json.dumps(value, ensure_ascii=False)


def _single_quotes(text: str, value: Any, chance: random.Random) -> str:
    return text if value is None else re.sub(r"\b(True|False|None)\b", lambda m: PLAIN[m[0]], repr(value))


def _trailing_commas(text: str, value: Any, chance: random.Random) -> str:
    return re.sub(r"(?<=[\w\"\]}])\s*([\]}])", r",\1", text)


def _double_key(text: str, value: Any, chance: random.Random) -> str:
    """A key that comes twice: the first time with null."""
    if not isinstance(value, dict) or not value:
        return text
    key = json.dumps(chance.choice(sorted(value)))
    return text.replace("{", "{" + f"{key}: null, ", 1)


def _foreign_booleans(text: str, value: Any, chance: random.Random) -> str:
    return re.sub(r"\b(true|false|null)\b", lambda m: FOREIGN[m[0]], text)


def _cut_off(text: str, value: Any, chance: random.Random) -> str:
    return text[: chance.randrange(1, len(text))] if len(text) > 1 else text


PLAIN = {"True": "true", "False": "false", "None": "null"}
FOREIGN = {"true": "True", "false": "False", "null": "None"}
DAMAGE: dict[str, Callable[[str, Any, random.Random], str]] = {
    "prose": _prose,
    "wrong type": _wrong_type,
    "wrong enum": _wrong_enum,
    "missing field": _missing,
    "single quotes": _single_quotes,
    "trailing commas": _trailing_commas,
    "nan": _nan,
    "double key": _double_key,
    "foreign booleans": _foreign_booleans,
    "cut off": _cut_off,
}


def _walk(value: Any):
    yield value
    for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _walk(each)


def _changed(value: Any, text: str, chance: random.Random, make: Any, fits: Any = lambda _: True) -> str:
    """The text with one leaf replaced."""
    places = [
        (holder, at)
        for holder in _walk(value)
        if isinstance(holder, dict | list)
        for at, leaf in (holder.items() if isinstance(holder, dict) else enumerate(holder))
        if not isinstance(leaf, dict | list) and fits(leaf)
    ]
    if not places:
        with suppress(TypeError):
            return json.dumps(make(value)) if fits(value) and not isinstance(value, dict | list) else text
        return text
    holder, at = chance.choice(places)
    holder[at] = make(holder[at])
    return json.dumps(value, ensure_ascii=False)
