"""What is said to a model and what it says: plain records.

They are slotted and cheap to make: hundreds of them are under way at once.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from typing import Any, Protocol

    class Model(Protocol):
        """Whoever answers.

        `complete` gives the whole reply; `stream` its text in pieces and, last, the `Reply`. Both raise
        `ModelError`. `name` is what permissions, ledgers and messages call it.
        """

        @property
        def name(self) -> str: ...

        async def complete(self, request: Request) -> Reply: ...

        def stream(self, request: Request) -> AsyncIterator[str | Reply]: ...

        async def aclose(self) -> None: ...

else:
    Model = object

ROLES = ("system", "user", "assistant", "tool")


class Record:
    """Equal when all fields are; prints them."""

    __slots__: tuple[str, ...] = ()

    def __eq__(self, other: object) -> bool:
        if other.__class__ is not self.__class__:
            return NotImplemented
        return all(getattr(self, name) == getattr(other, name) for name in self.__slots__)

    __hash__ = None  # type: ignore[assignment]  # their fields can be lists

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.__slots__)})"


class ToolCall(Record):
    """A model asks for a tool: `arguments` is JSON text as the model wrote it, checked by whoever runs the tool."""

    __slots__ = ("arguments", "id", "name")

    def __init__(self, id: str, name: str, arguments: str) -> None:  # noqa: A002  (the protocol's word)
        self.id = id
        self.name = name
        self.arguments = arguments


class Tool(Record):
    """A tool that is offered: `schema` is the JSON schema of its arguments."""

    __slots__ = ("description", "name", "schema")

    def __init__(self, name: str, description: str, schema: dict[str, Any]) -> None:
        self.name = name
        self.description = description
        self.schema = schema


class Message(Record):
    """One turn. An assistant's may carry `tool_calls`; a tool's says by `tool_call_id` which of them it answers."""

    __slots__ = ("content", "role", "tool_call_id", "tool_calls")

    def __init__(
        self, role: str, content: str, tool_calls: Sequence[ToolCall] = (), tool_call_id: str | None = None
    ) -> None:
        if role not in ROLES:
            msg = f"a message's role is one of {', '.join(ROLES)}, not {role!r}"
            raise ValueError(msg)
        self.role = role
        self.content = content
        self.tool_calls = tuple(tool_calls)
        self.tool_call_id = tool_call_id


class Request(Record):
    """One question to a model.

    `schema` is the JSON schema the answer should have; endpoints that can are told to keep to it. `timeout_s`: seconds
    for everything, retries and waits included; None leaves it to the model's own setting. Fields that are None are
    left to the endpoint.
    """

    __slots__ = (
        "max_tokens", "messages", "schema", "schema_name", "seed", "stop", "temperature", "timeout_s", "tools",
    )  # fmt: skip

    def __init__(
        self,
        messages: Sequence[Message],
        *,
        temperature: float | None = None,
        max_tokens: int | None = None,
        stop: Sequence[str] = (),
        seed: int | None = None,
        schema: dict[str, Any] | None = None,
        schema_name: str = "answer",
        tools: Sequence[Tool] = (),
        timeout_s: float | None = None,
    ) -> None:
        self.messages = tuple(messages)
        self.temperature = temperature
        self.max_tokens = max_tokens
        self.stop = tuple(stop)
        self.seed = seed
        self.schema = schema
        self.schema_name = schema_name
        self.tools = tuple(tools)
        self.timeout_s = timeout_s

    @property
    def prompt(self) -> str:
        """Everything that is said in it, as one text."""
        return "\n\n".join(message.content for message in self.messages if message.content)

    def within(self, timeout_s: float | None) -> Request:
        """The same question with another limit of time."""
        made = Request.__new__(Request)
        for name in Request.__slots__:
            setattr(made, name, getattr(self, name))
        made.timeout_s = timeout_s
        return made

    def to_data(self) -> dict[str, Any]:
        """What is asked, as plain data; the limit of time is no part of it."""
        data: dict[str, Any] = {"messages": [_message_data(message) for message in self.messages]}
        for name in ("temperature", "max_tokens", "seed", "schema"):
            if getattr(self, name) is not None:
                data[name] = getattr(self, name)
        if self.stop:
            data["stop"] = list(self.stop)
        if self.tools:
            data["tools"] = [{"name": t.name, "description": t.description, "schema": t.schema} for t in self.tools]
        return data


def _message_data(message: Message) -> dict[str, Any]:
    data: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        data["tool_calls"] = [{"id": c.id, "name": c.name, "arguments": c.arguments} for c in message.tool_calls]
    if message.tool_call_id is not None:
        data["tool_call_id"] = message.tool_call_id
    return data


class Usage(Record):
    """Tokens that were read and written."""

    __slots__ = ("completion_tokens", "prompt_tokens")

    def __init__(self, prompt_tokens: int = 0, completion_tokens: int = 0) -> None:
        self.prompt_tokens = prompt_tokens
        self.completion_tokens = completion_tokens

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


FINISHES = ("stop", "length", "tool_calls", "refusal")


class Reply(Record):
    """What a model answered.

    `finish`: "stop" (it said all), "length" (it was cut off), "tool_calls" (it asks for tools) or "refusal". `usd` is
    None when the price is not known. `took_s` counts from the question to the answer, `attempts` how often it was
    asked for it.
    """

    __slots__ = ("attempts", "finish", "model", "text", "took_s", "tool_calls", "usage", "usd")

    def __init__(
        self,
        text: str,
        *,
        finish: str = "stop",
        usage: Usage | None = None,
        usd: float | None = None,
        model: str = "",
        tool_calls: Sequence[ToolCall] = (),
        took_s: float = 0.0,
        attempts: int = 1,
    ) -> None:
        self.text = text
        self.finish = finish
        self.usage = usage or Usage()
        self.usd = usd
        self.model = model
        self.tool_calls = tuple(tool_calls)
        self.took_s = took_s
        self.attempts = attempts


def estimated_tokens(text: str) -> int:
    """About how many tokens a text is, for models that do not count: one for every four characters."""
    return (len(text) + 3) // 4


def estimated(request: Request, text: str) -> Usage:
    """The usage of a model that does not count."""
    return Usage(sum(estimated_tokens(m.content) for m in request.messages), estimated_tokens(text))


async def in_pieces(reply: Reply, size: int = 16) -> AsyncIterator[str | Reply]:
    """A whole reply as a stream: pieces of at most `size` characters, then the reply."""
    for start in range(0, len(reply.text), size):
        yield reply.text[start : start + size]
    yield reply
