"""Chat completions as endpoints write them: a request's body, a reply's, an error's. Pure functions.

Endpoints differ in what they take. `Dialect` says how one is spoken to; it begins with the full language and drops what
the endpoint has refused once.
"""

from __future__ import annotations

import json
import re

from dana.models.errors import (
    AuthRefused,
    BadRequest,
    ContentRefused,
    ContextTooLong,
    ModelError,
    ModelMissing,
    ModelTimeout,
    RateLimited,
    ServerFault,
)
from dana.models.messages import Reply, ToolCall, Usage, estimated
from dana.models.secrets import scrubbed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from dana.models.messages import Message, Request
    from dana.models.secrets import Secret

LONGEST_SAID = 300
_NAME = re.compile(r"[^A-Za-z0-9_-]+")


class Dialect:
    """What an endpoint takes: schemas for answers, also of bare values, the name of `max_tokens`, usage of streams."""

    __slots__ = ("any_schema", "schema", "stream_usage", "tokens_name")

    def __init__(self) -> None:
        self.schema = True
        # Many take schemas of objects only: neither a list nor a number.
        self.any_schema = True
        self.stream_usage = True
        self.tokens_name = "max_tokens"

    def copy(self) -> Dialect:
        """The same, to try something on."""
        made = Dialect()
        for name in Dialect.__slots__:
            setattr(made, name, getattr(self, name))
        return made


# --- what is sent -------------------------------------------------------------------------------


def body_of(request: Request, model: str, dialect: Dialect, *, stream: bool = False) -> dict[str, Any]:
    """The body of a request."""
    body: dict[str, Any] = {"model": model, "messages": [_message(message) for message in request.messages]}
    if request.temperature is not None:
        body["temperature"] = request.temperature
    if request.max_tokens is not None:
        body[dialect.tokens_name] = request.max_tokens
    if request.stop:
        body["stop"] = list(request.stop)
    if request.seed is not None:
        body["seed"] = request.seed
    if request.schema is not None and dialect.schema and (dialect.any_schema or is_object(request.schema)):
        body["response_format"] = _format(request)
    if request.tools:
        body["tools"] = [
            {"type": "function", "function": {"name": t.name, "description": t.description, "parameters": t.schema}}
            for t in request.tools
        ]
    if stream:
        body["stream"] = True
        if dialect.stream_usage:
            body["stream_options"] = {"include_usage": True}
    return body


def _message(message: Message) -> dict[str, Any]:
    said: dict[str, Any] = {"role": message.role, "content": message.content}
    if message.tool_calls:
        said["tool_calls"] = [
            {"id": c.id, "type": "function", "function": {"name": c.name, "arguments": c.arguments}}
            for c in message.tool_calls
        ]
    if message.tool_call_id is not None:
        said["tool_call_id"] = message.tool_call_id
    return said


def _format(request: Request) -> dict[str, Any]:
    schema = request.schema or {}
    name = _NAME.sub("_", request.schema_name)[:64] or "answer"
    said: dict[str, Any] = {"name": name, "schema": schema}
    if is_strict(schema):
        said["strict"] = True
    return {"type": "json_schema", "json_schema": said}


def is_object(schema: Mapping[str, Any]) -> bool:
    """Whether what a schema describes is an object, and nothing else."""
    return schema.get("type") == "object"


def is_strict(schema: Any) -> bool:
    """Whether a schema is of the kind that providers keep to exactly: every object closed, every field required."""
    if isinstance(schema, list):
        return all(is_strict(each) for each in schema)
    if not isinstance(schema, dict):
        return True
    if schema.get("type") == "object" or "properties" in schema:
        fields = schema.get("properties")
        if not isinstance(fields, dict) or schema.get("additionalProperties") is not False:
            return False
        if set(schema.get("required", ())) != set(fields):
            return False
    nested = [*schema.get("properties", {}).values(), *schema.get("$defs", {}).values()]
    nested += [schema[name] for name in ("items", "anyOf", "allOf", "oneOf", "prefixItems") if name in schema]
    return all(is_strict(each) for each in nested)


def adapted(dialect: Dialect, body: Mapping[str, Any], error: BadRequest) -> bool:
    """Drop from the dialect what the endpoint has just refused; False when there is nothing to drop.

    Some say what they refuse, others do not; a schema is the likeliest.
    """
    said = str(error).lower()
    if "max_completion_tokens" in said and dialect.tokens_name == "max_tokens" and "max_tokens" in body:
        dialect.tokens_name = "max_completion_tokens"
        return True
    if "stream_options" in body and "stream_options" in said:
        dialect.stream_usage = False
        return True
    if "response_format" in body:
        if dialect.any_schema and not is_object(body["response_format"]["json_schema"]["schema"]):
            dialect.any_schema = False
        else:
            dialect.schema = False
        return True
    return False


# --- what comes back ----------------------------------------------------------------------------


def reply_of(data: Any, request: Request, *, model: str, secret: Secret | None) -> Reply:
    """The reply in an answer's JSON. Raises `ModelError` when there is none."""
    if isinstance(data, dict) and isinstance(data.get("error"), dict | str) and not data.get("choices"):
        raise error_inside(data, secret)
    try:
        choice = data["choices"][0]
        message = choice["message"]
        text = text_of(message.get("content"))
        calls = [_call(each, index) for index, each in enumerate(message.get("tool_calls") or ())]
        refusal = message.get("refusal")
    except (KeyError, IndexError, TypeError, AttributeError):
        raise ServerFault("the endpoint's answer is no chat completion", "does `base_url` end in /v1?") from None
    finish = finish_of(choice.get("finish_reason"), calls)
    if isinstance(refusal, str) and refusal and not text:
        text, finish = refusal, "refusal"
    text = unkeyed(text, secret)
    calls = [ToolCall(*(unkeyed(part, secret) for part in (call.id, call.name, call.arguments))) for call in calls]
    named = data.get("model")
    named = unkeyed(named, secret) if isinstance(named, str) else named
    return Reply(
        text,
        finish=finish,
        usage=usage_of(data.get("usage")) or estimated(request, text),
        usd=cost_inside(data.get("usage")),
        model=named if isinstance(named, str) and named else model,
        tool_calls=calls,
    )


def text_of(content: Any) -> str:
    """A message's content: a text, or a list of parts of which the texts are taken."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if isinstance(content, list):
        return "".join(part["text"] for part in content if isinstance(part, dict) and isinstance(part.get("text"), str))
    raise TypeError


def _call(each: Any, index: int) -> ToolCall:
    function = each["function"]
    arguments = function.get("arguments")
    written = arguments if isinstance(arguments, str) else json.dumps(arguments if arguments is not None else {})
    return ToolCall(str(each.get("id") or f"call_{index}"), str(function["name"]), written or "{}")


def finish_of(reason: Any, calls: Any) -> str:
    """Why a model stopped, in our words."""
    if calls or reason in ("tool_calls", "function_call"):
        return "tool_calls" if calls else "stop"
    return {"length": "length", "max_tokens": "length", "content_filter": "refusal"}.get(reason, "stop")


def usage_of(found: Any) -> Usage | None:
    """Tokens as the endpoint has counted them; None when it has not."""
    if not isinstance(found, dict):
        return None
    counts = [found.get("prompt_tokens"), found.get("completion_tokens")]
    if not any(isinstance(n, int) and n >= 0 for n in counts):
        return None
    read, written = (n if isinstance(n, int) and n >= 0 else 0 for n in counts)
    return Usage(read, written)


def cost_inside(found: Any) -> float | None:
    """What the endpoint itself says a reply has cost (OpenRouter does)."""
    usd = found.get("cost") if isinstance(found, dict) else None
    return float(usd) if isinstance(usd, int | float) and not isinstance(usd, bool) and 0 <= usd < 1e6 else None


def unkeyed(text: str, secret: Secret | None) -> str:
    """A reply's text without the key, should the endpoint echo it."""
    return text.replace(secret.reveal(), "***") if secret is not None and secret.reveal() in text else text


# --- streams ------------------------------------------------------------------------------------


class Growing:
    """A reply that comes in pieces."""

    __slots__ = ("_calls", "_finish", "_held", "_model", "_parts", "_refusal", "_secret", "_usage", "done")

    def __init__(self, secret: Secret | None) -> None:
        self._secret = secret
        self._parts: list[str] = []
        self._refusal: list[str] = []
        self._calls: dict[int, list[str]] = {}
        self._finish: Any = None
        self._usage: Any = None
        self._model = ""
        # The end of what came, while it may be the beginning of the key.
        self._held = ""
        self.done = False

    def feed(self, data: Any) -> str:
        """Take one event's JSON in; gives the text it adds. Raises `ModelError`."""
        if isinstance(data, dict) and data.get("error"):
            raise error_inside(data, self._secret)
        try:
            self._usage = data.get("usage") or self._usage
            self._model = data.get("model") or self._model
            choices = data.get("choices") or ()
            if not choices:
                return ""
            delta = choices[0].get("delta") or {}
            self._finish = choices[0].get("finish_reason") or self._finish
            piece = text_of(delta.get("content"))
            self._refusal.append(text_of(delta.get("refusal")))
            for each in delta.get("tool_calls") or ():
                self._grow(each)
        except (KeyError, IndexError, TypeError, AttributeError):
            raise ServerFault("an event of the endpoint's stream is no chat completion") from None
        piece = self._unheld(unkeyed(self._held + piece, self._secret))
        self._parts.append(piece)
        return piece

    def _unheld(self, text: str) -> str:
        """The text without an end that the next piece could make the key of."""
        self._held = ""
        if self._secret is not None:
            key = self._secret.reveal()
            for size in range(min(len(key) - 1, len(text)), 0, -1):
                if text.endswith(key[:size]):
                    self._held = text[-size:]
                    return text[:-size]
        return text

    def rest(self) -> str:
        """What was held back, now that nothing follows."""
        piece, self._held = self._held, ""
        self._parts.append(piece)
        return piece

    def _grow(self, each: Any) -> None:
        function = each.get("function") or {}
        call = self._calls.setdefault(int(each.get("index", len(self._calls))), ["", "", ""])
        call[0] = call[0] or str(each.get("id") or "")
        call[1] += str(function.get("name") or "")
        call[2] += str(function.get("arguments") or "")

    @property
    def is_finished(self) -> bool:
        """Whether the endpoint has said that this was all."""
        return self.done or self._finish is not None

    def reply(self, request: Request, model: str) -> Reply:
        """The whole."""
        parts = [(c[0] or f"call_{n}", c[1], c[2] or "{}") for n, c in sorted(self._calls.items())]
        calls = [ToolCall(*(unkeyed(part, self._secret) for part in each)) for each in parts]
        text, finish = "".join(self._parts), finish_of(self._finish, calls)
        if not text and any(self._refusal):
            text, finish = "".join(self._refusal), "refusal"
        text = unkeyed(text, self._secret)
        usage = usage_of(self._usage) or estimated(request, text)
        named = unkeyed(self._model, self._secret) if isinstance(self._model, str) and self._model else model
        return Reply(text, finish=finish, usage=usage, usd=cost_inside(self._usage), model=named, tool_calls=calls)


# --- errors -------------------------------------------------------------------------------------

_TOO_LONG = re.compile(
    r"context[ _]length|context window|maximum context|too many tokens|prompt is too long|input is too long|"
    r"exceeds? the (?:available )?context|reduce the length",
    re.IGNORECASE,
)
_FILTERED = re.compile(r"content[ _](?:filter|policy|management)|safety system|flagged", re.IGNORECASE)
_USED_UP = re.compile(
    r"insufficient_quota|exceeded your current quota|billing|credit balance|out of credits", re.IGNORECASE
)


def error_inside(data: Mapping[str, Any], secret: Secret | None) -> ModelError:
    """The error in a body that came with status 200."""
    code = data["error"].get("code") if isinstance(data["error"], dict) else None
    status = code if isinstance(code, int) and 400 <= code < 600 else 500
    return error_of(status, {}, json.dumps(data), secret=secret, model="", now=0.0)


def error_of(
    status: int, headers: Mapping[str, str], body: str, *, secret: Secret | None, model: str, now: float
) -> ModelError:
    """What an answer that is no reply means. `headers` by small names; `now` seconds since 1970, for Retry-After."""
    said, codes = said_in(body)
    said = scrubbed(said, secret)
    told = f": {said}" if said else ""
    everything = f"{codes} {said}"
    if status in (401, 403):
        shown = told if status == 403 else ""  # some quote the wrong key, or half of it
        hint = "is the key right, and is it for this endpoint?"
        return AuthRefused(f"the endpoint refuses the key (HTTP {status}){shown}", hint)
    if status == 402 or (status == 429 and _USED_UP.search(everything)):
        return RateLimited(
            f"the account has nothing left{told}", "look at the provider's billing page", retryable=False
        )
    if status == 429:
        after = retry_after(headers, now)
        return RateLimited(f"the endpoint takes no more requests for now{told}", retry_after=after)
    if status == 404:
        what = f"the endpoint has no model `{model}`, or nothing at this address{told}"
        return ModelMissing(what, "`dana models check` asks it which models it has; `base_url` usually ends in /v1")
    if status == 413 or (status < 500 and _TOO_LONG.search(everything)):
        hint = "give less context, or take a model that reads more"
        return ContextTooLong(f"the request is longer than the model can read{told}", hint)
    if status < 500 and _FILTERED.search(everything):
        return ContentRefused(f"the provider keeps the request back{told}")
    if status in (408, 504):
        return ModelTimeout(
            f"the endpoint ran out of time (HTTP {status}){told}", retry_after=retry_after(headers, now)
        )
    if status >= 500 or status in (409, 425):
        return ServerFault(f"the endpoint failed (HTTP {status}){told}", retry_after=retry_after(headers, now))
    if 300 <= status < 400:
        return BadRequest(f"the endpoint sends elsewhere (HTTP {status}), and keys do not follow", "correct `base_url`")
    return BadRequest(f"the endpoint does not take the request (HTTP {status}){told}")


def said_in(body: str) -> tuple[str, str]:
    """What an error's body says in words, and its codes. Bodies that are pages say nothing."""
    try:
        data = json.loads(body)
    except (ValueError, RecursionError):
        return ("", "") if body.lstrip()[:1] == "<" else (shortened(body), "")
    found = data
    codes = ""
    for name in ("error", "detail", "message", "errors"):
        if isinstance(found, list) and found:
            found = found[0]
        if isinstance(found, dict):
            codes += f" {found.get('code') or ''} {found.get('type') or ''} {found.get('param') or ''}"
            found = found.get(name, found)
    if isinstance(found, dict):
        found = found.get("msg") or found.get("message") or ""
    return shortened(found if isinstance(found, str) else ""), codes[:200]


def shortened(text: str) -> str:
    """One line of printable characters."""
    line = " ".join("".join(c if c.isprintable() or c.isspace() else "\ufffd" for c in text[:2000]).split())
    return line if len(line) <= LONGEST_SAID else line[: LONGEST_SAID - 1] + "…"


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds an endpoint asks to wait: a number of them, of milliseconds, or a date."""
    milliseconds = headers.get("retry-after-ms", "")
    value = headers.get("retry-after", "").strip()
    try:
        if milliseconds:
            return _bounded(float(milliseconds) / 1000)
        if value[:1].isdigit() or value[:1] == ".":
            return _bounded(float(value))
    except ValueError:
        return None
    if not value:
        return None
    from email.utils import parsedate_to_datetime

    try:
        return _bounded(parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, TypeError, OverflowError):
        return None


def _bounded(seconds: float) -> float | None:
    """Not in the past; a wait of more than a day is none."""
    return max(0.0, seconds) if seconds < 86_400 else None
