"""Replies that were recorded: the same question gets the answer it got then.

    replay:calls.jsonl                                   only what was recorded
    replay:calls.jsonl?record=openai:gpt-4o-mini         what was not is asked there, and recorded

A line of the file is one call: `{"hash", "request", "reply"}`. A question is found by the hash of all it says
(messages, schema, tools, settings; not its limit of time). When the same question was recorded several times, its
answers are given in the order they came. One that was not recorded is an error which shows how it differs from the
nearest that was.

The file holds prompts and answers as they are, and no key.
"""

from __future__ import annotations

import json
import os

from dana.adaptive.canonical import canonical, digest
from dana.models.errors import ScriptEnded, SettingsRefused
from dana.models.messages import Reply, ToolCall, Usage, in_pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from typing import Any

    from dana.models.messages import Model, Request

LINES_SHOWN = 24
WIDTH_SHOWN = 160


class Replaying:
    """A model that answers from a recording; `inner` is asked, and recorded, where there is none."""

    __slots__ = ("_given", "_inner", "_known", "name", "path")

    def __init__(self, path: str, inner: Model | None = None) -> None:
        self.path = path
        self.name = f"replay:{path}"
        self._inner = inner
        self._known: dict[str, list[dict[str, Any]]] = {}
        self._given: dict[str, int] = {}
        if inner is None or os.path.exists(path):
            self._read()

    def __repr__(self) -> str:
        return f"<model {self.name}>"

    async def complete(self, request: Request) -> Reply:
        """The recorded reply. Raises `ScriptEnded` for a question that was not recorded."""
        asked = request.to_data()
        key = digest(asked)
        calls = self._known.get(key, [])
        number = self._given.get(key, 0)
        if number < len(calls):
            self._given[key] = number + 1
            return reply_of(calls[number]["reply"])
        if self._inner is None:
            raise self._unknown(asked, len(calls))
        reply = await self._inner.complete(request)
        self._record(key, asked, reply)
        self._given[key] = self._given.get(key, 0) + 1
        return reply

    async def stream(self, request: Request) -> AsyncIterator[str | Reply]:
        """The recorded reply in pieces."""
        async for piece in in_pieces(await self.complete(request)):
            yield piece

    async def aclose(self) -> None:
        """Close what is recorded from."""
        if self._inner is not None:
            await self._inner.aclose()

    def _read(self) -> None:
        from dana.models.scripted import text_of

        for number, line in enumerate(text_of(self.path, "recording").splitlines(), 1):
            if not line.strip():
                continue
            try:
                call = json.loads(line)
                reply_of(call["reply"])
                key = digest(call["request"])
            except (ValueError, KeyError, TypeError, RecursionError):
                place = f"{self.path}, line {number}"
                raise SettingsRefused(f"{place} is no recorded call", "record it again, or remove the line") from None
            self._known.setdefault(key, []).append(call)

    def _record(self, key: str, asked: dict[str, Any], reply: Reply) -> None:
        call = {"hash": key, "request": asked, "reply": data_of(reply)}
        self._known.setdefault(key, []).append(call)
        line = json.dumps(call, ensure_ascii=True, separators=(",", ":")) + "\n"
        try:
            descriptor = os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            with open(descriptor, "w", encoding="ascii") as stream:
                stream.write(line)
        except OSError as problem:
            why = (problem.strerror or "it cannot be written").lower()
            raise SettingsRefused(f"the recording {self.path} cannot be written: {why}") from None

    def _unknown(self, asked: dict[str, Any], times: int) -> ScriptEnded:
        hint = f"record it: replay:{self.path}?record=openai:…"
        if times:
            said = f"{self.path} has this question {times} times, and it is asked once more"
            return ScriptEnded(said, hint)
        if not self._known:
            return ScriptEnded(f"{self.path} holds no recorded call", hint)
        return ScriptEnded(
            f"{self.path} does not hold this question; the nearest differs:\n{self._differs(asked)}", hint
        )

    def _differs(self, asked: dict[str, Any]) -> str:
        """The lines in which a question differs from the nearest one."""
        from difflib import SequenceMatcher, unified_diff

        wanted = lines_of(asked)
        text = canonical(asked)[:4000]
        matcher = SequenceMatcher(b=text, autojunk=False)

        def nearness(other: list[str]) -> float:
            matcher.set_seq1("\n".join(other)[:4000])
            return matcher.quick_ratio()

        candidates = [lines_of(calls[0]["request"]) for calls in self._known.values()]
        nearest = max(candidates, key=nearness)
        found = [line[:WIDTH_SHOWN] for line in unified_diff(nearest, wanted, "recorded", "asked", lineterm="", n=1)]
        more = len(found) - LINES_SHOWN
        return "\n".join(found[:LINES_SHOWN] + ([f"… and {more} lines more"] if more > 0 else []))


def lines_of(asked: dict[str, Any]) -> list[str]:
    """A question as lines that can be compared: texts by their own lines, the rest as JSON."""
    lines: list[str] = []
    for message in asked.get("messages", ()):
        lines += [f"{message.get('role')}: {line}" for line in str(message.get("content", "")).splitlines()]
    for name in sorted(asked):
        if name != "messages":
            lines += [f"{name}: {line}" for line in json.dumps(asked[name], indent=1, sort_keys=True).splitlines()]
    return lines


def data_of(reply: Reply) -> dict[str, Any]:
    """A reply as it is recorded."""
    return {
        "text": reply.text, "finish": reply.finish, "model": reply.model, "usd": reply.usd,
        "usage": [reply.usage.prompt_tokens, reply.usage.completion_tokens],
        "tool_calls": [[call.id, call.name, call.arguments] for call in reply.tool_calls],
    }  # fmt: skip


def reply_of(data: dict[str, Any]) -> Reply:
    """A recorded reply."""
    read, written = data["usage"]
    return Reply(
        data["text"], finish=data["finish"], model=data["model"], usd=data["usd"], usage=Usage(read, written),
        tool_calls=[ToolCall(*call) for call in data["tool_calls"]],
    )  # fmt: skip
