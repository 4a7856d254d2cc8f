r"""Replies that were written beforehand: for tests, examples and talks.

A script is a list, or a file of JSON lines (blank lines and lines that begin with `#` are skipped):

    "Paris"                                                     a text is a reply
    {"answer": {"name": "Ann", "age": 42}}                      any value; the model answers with its JSON
    {"text": "```json\n[1, 2]\n```"}                            exactly this text
    {"match": "capital of Italy", "text": "Rome"}               the reply to prompts that hold these words
    {"match": "weather", "text": "sunny", "always": true}       … each time, not once
    {"match": "broken", "told": "refunds", "text": "paid"}      … and only where a tool is described with these words
    {"error": "rate_limited", "retry_after": 2}                 a failure instead of a reply
    {"tool_calls": [{"name": "search", "arguments": {"q": 1}}]} asks for a tool

Replies without `match` are given in order. One that matches goes before them. When nothing is left `ScriptEnded` says
what was asked. Given the same questions in the same order, a script answers the same.
"""

from __future__ import annotations

import json

from dana.diagnostics import suggest
from dana.models.errors import (
    AuthRefused,
    BadRequest,
    ConnectionLost,
    ContentRefused,
    ContextTooLong,
    ModelError,
    ModelMissing,
    ModelTimeout,
    RateLimited,
    ScriptEnded,
    ServerFault,
    SettingsRefused,
)
from dana.models.messages import FINISHES, Reply, ToolCall, Usage, estimated, in_pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Sequence
    from typing import Any

    from dana.models.messages import Request

ERRORS: dict[str, type[ModelError]] = {
    "rate_limited": RateLimited,
    "server_fault": ServerFault,
    "connection_lost": ConnectionLost,
    "timeout": ModelTimeout,
    "bad_request": BadRequest,
    "auth_refused": AuthRefused,
    "context_too_long": ContextTooLong,
    "content_refused": ContentRefused,
    "model_missing": ModelMissing,
}
FIELDS = ("text", "answer", "match", "told", "always", "finish", "tool_calls", "usage", "error", "retry_after")
SHOWN = 120


class Entry:
    """One line of a script."""

    __slots__ = ("always", "error", "finish", "match", "retry_after", "text", "told", "tool_calls", "usage", "used")

    def __init__(self) -> None:
        self.text = ""
        self.match: str | None = None
        # Words that the description of a tool must have: a model that depends on what it is told about its tools.
        self.told: str | None = None
        self.always = False
        self.finish = "stop"
        self.tool_calls: tuple[ToolCall, ...] = ()
        self.usage: Usage | None = None
        self.error: type[ModelError] | None = None
        self.retry_after: float | None = None
        self.used = False


class Scripted:
    """A model that gives the replies of a script. `place` is how messages call the script."""

    __slots__ = ("_entries", "asked", "name", "place")

    def __init__(self, replies: Sequence[Any], *, name: str = "scripted", place: str = "the script") -> None:
        self.name = name
        self.place = place
        self._entries = [entry_of(each, f"{place}, reply {number}") for number, each in enumerate(replies, 1)]
        # Every request that came, in order: what tests look at.
        self.asked: list[Request] = []

    def __repr__(self) -> str:
        return f"<model {self.name}>"

    async def complete(self, request: Request) -> Reply:
        """The next reply. Raises `ScriptEnded`, or the error the script says."""
        self.asked.append(request)
        entry = self._chosen(request)
        if entry is None:
            raise self._ended(request)
        entry.used = True
        if entry.error is not None:
            said = entry.text or f"{self.place} says so"
            raise entry.error(said, retry_after=entry.retry_after)
        usage = entry.usage or estimated(request, entry.text)
        return Reply(
            entry.text, finish=entry.finish, usage=usage, usd=0.0, model=self.name, tool_calls=entry.tool_calls
        )

    async def stream(self, request: Request) -> AsyncIterator[str | Reply]:
        """The next reply in pieces."""
        async for piece in in_pieces(await self.complete(request)):
            yield piece

    async def aclose(self) -> None:
        """Nothing is open."""

    def _chosen(self, request: Request) -> Entry | None:
        prompt = request.prompt
        left = [entry for entry in self._entries if (entry.always or not entry.used) and _is_told(entry, request)]
        for entry in left:
            if entry.match is not None and entry.match in prompt:
                return entry
        return next((entry for entry in left if entry.match is None), None)

    def _ended(self, request: Request) -> ScriptEnded:
        prompt = " ".join(request.prompt.split())
        shown = prompt if len(prompt) <= SHOWN else prompt[: SHOWN - 1] + "…"
        unused = sum(1 for entry in self._entries if not entry.used)
        replies = "1 reply is" if unused == 1 else f"{unused} replies are"
        left = f"; {replies} left, and none matches" if unused else ""
        number = len(self.asked)
        said = f"{self.place} has no reply to request {number}{left}: {shown}"
        return ScriptEnded(said, "add a reply, or `always` to one that may come again")


def _is_told(entry: Entry, request: Request) -> bool:
    return entry.told is None or any(entry.told in tool.description for tool in request.tools)


def read_script(path: str, name: str) -> Scripted:
    """The script in a file of JSON lines. Raises `SettingsRefused`."""
    replies = []
    for number, line in enumerate(text_of(path, "script").splitlines(), 1):
        if line.strip() and not line.lstrip().startswith("#"):
            replies.append(_line(line, f"{path}, line {number}"))
    return Scripted(replies, name=name, place=path)


def text_of(path: str, what: str) -> str:
    """The text of a file. Raises `SettingsRefused`."""
    try:
        with open(path, encoding="utf-8") as stream:
            return stream.read()
    except OSError as problem:
        why = (problem.strerror or "it cannot be read").lower()
        raise SettingsRefused(f"the {what} {path} cannot be read: {why}") from None
    except UnicodeDecodeError:
        raise SettingsRefused(f"the {what} {path} is not UTF-8 text") from None


def _line(line: str, place: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as problem:
        hint = 'a reply is a text in quotes, or an object as in {"answer": …}'
        raise SettingsRefused(f"{place} is not JSON: {problem}", hint) from None


def entry_of(said: Any, place: str) -> Entry:
    """One reply of a script. Raises `SettingsRefused`."""
    entry = Entry()
    if isinstance(said, Reply):
        entry.text, entry.finish, entry.tool_calls, entry.usage = said.text, said.finish, said.tool_calls, said.usage
        return entry
    if isinstance(said, str):
        entry.text = said
        return entry
    if not isinstance(said, dict):
        bare = json.dumps(said, default=repr, ensure_ascii=False)
        bare = bare if len(bare) <= SHOWN else "…"
        hint = f'where the model is to answer with this value, write {{"answer": {bare}}}; a text stands in quotes'
        raise SettingsRefused(f"{place} is no reply: it is neither a text nor an object", hint)
    for name in said:
        if name not in FIELDS:
            near = suggest(str(name), FIELDS)
            hint = f"did you mean `{near}`?" if near else f'a value goes under "answer"; there are {", ".join(FIELDS)}'
            raise SettingsRefused(f"{place} has an unknown field `{name}`", hint)
    _fill(entry, said, place)
    return entry


def _fill(entry: Entry, said: dict[str, Any], place: str) -> None:
    if "answer" in said:
        entry.text = json.dumps(said["answer"], ensure_ascii=False)
    entry.text = _of(said, "text", str, entry.text, place)
    entry.match = _of(said, "match", str, None, place)
    entry.told = _of(said, "told", str, None, place)
    entry.always = _of(said, "always", bool, entry.always, place)
    entry.finish = _of(said, "finish", str, "tool_calls" if said.get("tool_calls") else "stop", place)
    if entry.finish not in FINISHES:
        raise SettingsRefused(f"{place}: `finish` is one of {', '.join(FINISHES)}")
    if "error" in said:
        if said["error"] not in ERRORS:
            near = suggest(str(said["error"]), list(ERRORS))
            hint = f"did you mean `{near}`?" if near else f"there are {', '.join(ERRORS)}"
            raise SettingsRefused(f"{place} has an unknown error `{said['error']}`", hint)
        entry.error = ERRORS[said["error"]]
        entry.retry_after = _of(said, "retry_after", (int, float), None, place)
    usage = _of(said, "usage", dict, None, place)
    if usage is not None:
        entry.usage = Usage(int(usage.get("prompt_tokens", 0)), int(usage.get("completion_tokens", 0)))
    calls = _of(said, "tool_calls", list, [], place)
    entry.tool_calls = tuple(_tool_call(each, number, place) for number, each in enumerate(calls))


def _of(said: dict[str, Any], name: str, kind: Any, otherwise: Any, place: str) -> Any:
    value = said.get(name, otherwise)
    if name in said and not isinstance(value, kind):
        raise SettingsRefused(f"{place}: `{name}` cannot be {json.dumps(value)[:40]}")
    return value


def _tool_call(each: Any, number: int, place: str) -> ToolCall:
    if not isinstance(each, dict) or not isinstance(each.get("name"), str):
        raise SettingsRefused(f"{place}: a tool call has a `name`")
    arguments = each.get("arguments", {})
    written = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
    return ToolCall(str(each.get("id", f"call_{number}")), each["name"], written)
