"""Language models: one request, one reply, whoever answers.

    model = open_model("openai:gpt-4o-mini", environ=os.environ)
    reply = await model.complete(Request([Message("user", "Which city is the capital of France?")]))
    reply.text, reply.usage.prompt_tokens, reply.usd

What goes in is a `Request`: messages, how the answer may look (a JSON schema), which tools are offered, how long it
may take. What comes out is a `Reply`, or a `ModelError` that says whether it is worth asking again. Nothing here knows
what the answer is for: making a value of it, and asking again when that fails, is `dana.ipv`.

    spec ──opening──▶ Model ──┬─ client      any endpoint that speaks chat completions; retries, breaker, limits
                              ├─ scripted    replies from a file or a list
                              ├─ replaying   what was recorded before, found by the request
                              ├─ mocking     valid values made from the schema
                              ├─ calling     any Python function
                              ├─ chains      one after the other, until one answers
                              └─ hedging     a second request when the first is late

    messages, errors, secrets   the vocabulary
    settings                    what `dana.toml` says under [model]
    endpoints                   which address a spec stands for, and which key may go there
    protocol                    requests and replies as the endpoint writes them; pure functions
    connections                 what is shared by all who talk to one endpoint: sockets, breaker, rate limit
    prices                      what a million tokens cost

Time and chance are handed in, so that a run can be repeated. httpx is imported by the first request to an endpoint.
Deliberately absent: a default model. Who has configured none is told how to.
"""

from __future__ import annotations

from dana.models.errors import (
    AuthRefused,
    BadRequest,
    CircuitOpen,
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
from dana.models.messages import Message, Model, Reply, Request, Tool, ToolCall, Usage
from dana.models.opening import open_model
from dana.models.scripted import Scripted
from dana.models.secrets import Secret
from dana.models.settings import Settings, settings_of

__all__ = [
    "AuthRefused",
    "BadRequest",
    "CircuitOpen",
    "ConnectionLost",
    "ContentRefused",
    "ContextTooLong",
    "Message",
    "Model",
    "ModelError",
    "ModelMissing",
    "ModelTimeout",
    "RateLimited",
    "Reply",
    "Request",
    "ScriptEnded",
    "Scripted",
    "Secret",
    "ServerFault",
    "Settings",
    "SettingsRefused",
    "Tool",
    "ToolCall",
    "Usage",
    "open_model",
    "settings_of",
]
