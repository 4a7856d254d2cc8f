"""Models that are asked by somebody else: by the host of a worker, or by the record of a run.

What crosses is plain data: a request one way, a reply or a refusal the other. `Distant` is the model of a program in a
worker. `Taped` is the model of a run that is recorded or repeated: requests and replies are what is on record, all else
(re-asks, tools, streams) the program does again.
"""

from __future__ import annotations

import asyncio

from dana.ipv.errors import failed
from dana.models.errors import ModelError
from dana.runtime.outside import elsewhere

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from dana.models.messages import Model, Reply, Request


def data_of(reply: Reply, name: str) -> dict[str, Any]:
    """A reply as plain data; `name` of the model where it does not say its own."""
    return {
        "text": reply.text, "finish": reply.finish, "usd": reply.usd, "model": reply.model or name,
        "tokens": [reply.usage.prompt_tokens, reply.usage.completion_tokens], "took_s": reply.took_s,
        "tool_calls": [[call.id, call.name, call.arguments] for call in reply.tool_calls],
    }  # fmt: skip


def refusal_of(problem: ModelError) -> dict[str, Any]:
    """Why there is no reply, as plain data."""
    return {
        "refused": str(problem), "hint": problem.hint, "code": problem.code, "retryable": problem.retryable,
        "leaf": problem.leaf, "kind": type(problem).__name__,
    }  # fmt: skip


def reply_of(said: dict[str, Any]) -> Reply:
    """The reply that data stands for. Raises `ModelError` for a refusal."""
    from dana.models import errors
    from dana.models.messages import Reply, ToolCall, Usage

    if "refused" in said:
        kind = getattr(errors, said["kind"], ModelError)
        problem: ModelError = kind(said["refused"], said["hint"], retryable=said["retryable"])
        problem.leaf = said["leaf"]
        raise problem
    prompt, completion = said["tokens"]
    return Reply(
        said["text"], finish=said["finish"], usage=Usage(prompt, completion), usd=said["usd"], model=said["model"],
        took_s=said["took_s"], tool_calls=[ToolCall(*call) for call in said["tool_calls"]],
    )  # fmt: skip


class Distant:
    """A model that the host asks in the stead of a worker."""

    __slots__ = ("_mock", "_spec", "name")

    def __init__(self, spec: Any, mock: Any) -> None:
        self._spec = spec
        self._mock = mock
        self.name = spec if isinstance(spec, str) else "of the host"

    async def complete(self, request: Request) -> Reply:
        """The host's answer."""
        data = {**request.to_data(), "timeout_s": request.timeout_s}
        said = await elsewhere.later("reason", "complete", self._spec, self._mock, data)
        if said.get("code") == "E850":
            raise failed("E840", said["refused"], said["hint"])
        return reply_of(said)

    async def stream(self, request: Request) -> AsyncIterator[str | Reply]:
        """The whole answer as one piece: what crosses to a worker is a reply."""
        reply = await self.complete(request)
        yield reply.text
        yield reply

    async def aclose(self) -> None:
        """Nothing is held here."""


class Taped:
    """A model whose requests and replies are on record. `inner` is None where they come from there.

    `question`: the number of the question in the run, so that those of several questions are told apart.
    """

    __slots__ = ("_inner", "_question", "_tape", "name")

    def __init__(self, inner: Model | None, name: str, tape: Any, question: int) -> None:
        self._inner = inner
        self._tape = tape
        self._question = question
        self.name = name

    async def complete(self, request: Request) -> Reply:
        """The reply, from the model or from the record."""

        async def ask(_asked: dict[str, Any]) -> dict[str, Any]:
            assert self._inner is not None, "answered from the record"
            try:
                return data_of(await self._inner.complete(request), self.name)
            except ModelError as problem:
                return refusal_of(problem)

        return reply_of(await self._taped(ask, request))

    async def stream(self, request: Request) -> AsyncIterator[str | Reply]:
        """The pieces and the reply; the record has both."""
        heard: asyncio.Queue[Any] = asyncio.Queue()

        async def ask(_asked: dict[str, Any]) -> dict[str, Any]:
            assert self._inner is not None, "answered from the record"
            pieces: list[str] = []
            try:
                async for piece in self._inner.stream(request):
                    if not isinstance(piece, str):
                        return {**data_of(piece, self.name), "pieces": pieces}
                    pieces.append(piece)
                    heard.put_nowait(piece)
            except ModelError as problem:
                return {**refusal_of(problem), "pieces": pieces}
            raise AssertionError("the last item of a stream is its reply")

        task = asyncio.ensure_future(self._taped(ask, request))
        task.add_done_callback(heard.put_nowait)
        try:
            while True:
                piece = await heard.get()
                if piece is task:
                    break
                yield piece
            said = task.result()
            if self._inner is None:
                for piece in said["pieces"]:
                    yield piece
            yield reply_of(said)
        finally:
            task.cancel()

    def _taped(self, ask: Any, request: Request) -> Any:
        return self._tape.effect(f"model[{self._question}]", ask)(request.to_data())

    async def aclose(self) -> None:
        """Nothing is held here."""


def request_of(data: Any) -> Request:
    """A request a worker has described. Raises TypeError where it is none, ValueError for a role there is not."""
    from dana.models.messages import Message, Request, Tool, ToolCall

    if not isinstance(data, dict):
        raise TypeError("a request to a model is a dict")
    found = data.get("messages")
    if not isinstance(found, list) or not 0 < len(found) <= 100:
        raise TypeError("a request to a model has messages")
    messages = []
    for each in found:
        if not isinstance(each, dict) or not isinstance(each.get("content"), str):
            raise TypeError("a message to a model has a content")
        calls = [ToolCall(*_texts(call, "id", "name", "arguments")) for call in _dicts(each.get("tool_calls"))]
        answers = each.get("tool_call_id")
        messages.append(
            Message(str(each.get("role")), each["content"], calls, answers if isinstance(answers, str) else None)
        )
    kinds: dict[str, Any] = {
        "temperature": (int, float), "max_tokens": int, "seed": int, "schema": dict, "timeout_s": (int, float),
    }  # fmt: skip
    options = {name: data[name] for name, kind in kinds.items() if isinstance(data.get(name), kind)}
    tools = []
    for each in _dicts(data.get("tools")):
        name, description = _texts(each, "name", "description")
        if not isinstance(each.get("schema"), dict):
            raise TypeError("a tool has a schema")
        tools.append(Tool(name, description, each["schema"]))
    return Request(messages, tools=tools, **options)


def _dicts(found: Any) -> list[dict[str, Any]]:
    """A list of at most a hundred dicts; empty for None. Raises TypeError for anything else."""
    if found is None:
        return []
    if not isinstance(found, list) or len(found) > 100 or not all(isinstance(each, dict) for each in found):
        raise TypeError("a request to a model has lists of dicts")
    return found


def _texts(data: dict[str, Any], *names: str) -> list[str]:
    """Entries that are texts. Raises TypeError for others."""
    values = [data.get(name) for name in names]
    if not all(isinstance(value, str) for value in values):
        raise TypeError("a request to a model has texts where they belong")
    return [str(value) for value in values]
