"""What goes into a turn and what comes out of it (M11), as hooks of a program see it: plain data with names.

    Request    id, user, message, kind, expected, tools, context, metadata
    Usage      prompt, completion and total tokens, cost in USD (None: not known)
    Response   request, value, tool_results, usage, verdicts, metadata
    Sent       what is about to be said to a model: model, messages, tools, round
    Replied    what a model said: model, text, tool_calls, usage
    Called     a tool a model asks for: tool, arguments, digest, description, dangerous, category, tags

Nothing of the host is reachable from any of them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

KINDS = ("solve", "plan", "chat", "reason")


class Record:
    """Prints its fields; two are equal when they are one."""

    __slots__: tuple[str, ...] = ()

    def __repr__(self) -> str:
        shown = (f"{name}={getattr(self, name)!r:.200}" for name in self.__slots__ if name[0] != "_")
        return f"{type(self).__name__}({', '.join(shown)})"


class Request(Record):
    """What an agent is asked. `id` is unique in the run, `user` who asks ("" when nobody said), `message` the words.

    `kind`: "solve", "plan", "chat" or "reason"; `expected`: the name of the type of the answer ("text" for words);
    `tools`: names; `context`: material, or None; `metadata`: whatever the caller adds.
    """

    __slots__ = ("context", "expected", "id", "kind", "message", "metadata", "tools", "user")

    def __init__(
        self,
        id: str,  # noqa: A002  (its name everywhere)
        message: str,
        *,
        user: str = "",
        kind: str = "solve",
        expected: str = "text",
        tools: Sequence[str] = (),
        context: Any = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> None:
        self.id = id
        self.user = user
        self.message = message
        self.kind = kind
        self.expected = expected
        self.tools = list(tools)
        self.context = context
        self.metadata = dict(metadata or {})


class Usage(Record):
    """What a turn took: tokens read, written and together; `cost` in USD, None while no price is known."""

    __slots__ = ("completion_tokens", "cost", "prompt_tokens")

    def __init__(self, prompt_tokens: int = 0, completion_tokens: int = 0, cost: float | None = None) -> None:
        self.prompt_tokens = prompt_tokens
        self.completion_tokens = completion_tokens
        self.cost = cost

    @property
    def total_tokens(self) -> int:
        """Tokens read and written."""
        return self.prompt_tokens + self.completion_tokens

    def _add(self, prompt: int, completion: int, cost: float | None) -> None:
        """One more reply of a model."""
        self.prompt_tokens += prompt
        self.completion_tokens += completion
        if cost is not None:
            self.cost = (self.cost or 0.0) + cost

    def _to_data(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "prompt_tokens": self.prompt_tokens, "completion_tokens": self.completion_tokens,
            "total_tokens": self.total_tokens, "cost": self.cost,
        }  # fmt: skip


class Response(Record):
    """What an agent answers. `request`: the id of the request; `value`: a value of the expected type.

    `tool_results`: per tool that was asked for a dict (tool, digest, outcome); `verdicts`: per verdict that was no
    plain approval a dict (point, check, decision, reason); `metadata` is the request's.
    """

    __slots__ = ("metadata", "request", "tool_results", "usage", "value", "verdicts")

    def __init__(
        self,
        request: str,
        value: Any,
        *,
        tool_results: list[dict[str, Any]],
        usage: Usage,
        verdicts: list[dict[str, Any]],
        metadata: Mapping[str, Any],
    ) -> None:
        self.request = request
        self.value = value
        self.tool_results = tool_results
        self.usage = usage
        self.verdicts = verdicts
        self.metadata = dict(metadata)


class Sent(Record):
    """What is about to be said to a model: `messages` as dicts of role and content, `tools` by name, `round` from 1."""

    __slots__ = ("messages", "model", "round", "tools")

    def __init__(self, model: str, messages: list[dict[str, str]], tools: list[str], number: int) -> None:
        self.model = model
        self.messages = messages
        self.tools = tools
        self.round = number


class Replied(Record):
    """What a model said: its words, and the tools it asks for as dicts of tool and arguments (JSON text)."""

    __slots__ = ("model", "text", "tool_calls", "usage")

    def __init__(self, model: str, text: str, tool_calls: list[dict[str, str]], usage: Usage) -> None:
        self.model = model
        self.text = text
        self.tool_calls = tool_calls
        self.usage = usage


class Called(Record):
    """A tool a model asks for; `arguments` have the types of its parameters, `digest` stands for exactly these."""

    __slots__ = ("agent", "arguments", "category", "dangerous", "description", "digest", "reason", "tags", "tool")

    def __init__(
        self,
        agent: str,
        tool: str,
        arguments: dict[str, Any],
        digest: str,
        *,
        description: str = "",
        dangerous: bool = False,
        category: str = "",
        tags: Sequence[str] = (),
        reason: str = "",
    ) -> None:
        self.agent = agent
        self.tool = tool
        self.arguments = arguments
        self.digest = digest
        self.description = description
        self.dangerous = dangerous
        self.category = category
        self.tags = list(tags)
        self.reason = reason
