"""Why a model gave no reply.

ModelError                 `.retryable`: the same question may be answered later; `.retry_after` seconds, if it was said
├── RateLimited            too many requests, or (not retryable) the account is used up
├── ServerFault            the endpoint failed, or its answer is none
│   └── CircuitOpen        it failed so often that it is left alone for a while
├── ConnectionLost         no connection, or it broke                     (also a ConnectionError)
├── ModelTimeout           no complete answer in time                     (also a TimeoutError)
├── BadRequest             the endpoint does not take the request
│   ├── ContextTooLong     it is longer than the model can read
│   └── ContentRefused     the provider's filter keeps it back
├── AuthRefused            the key is missing, wrong, or may not do this  (also a PermissionError)
├── ModelMissing           none is configured, or there is none of that name
├── ScriptEnded            a scripted or recorded model has nothing to say to this
└── SettingsRefused        a model's spec or settings are wrong

`leaf` is the row of the table of faults (`dana.adaptive.recovery`) that says what is done about it.
"""

from __future__ import annotations


class ModelError(Exception):
    """No reply. `str(error)` says why, `error.hint` what to do; neither ever holds a key."""

    code = "E852"
    leaf = "network.unavailable"
    retries = False

    def __init__(
        self, message: str, hint: str = "", *, retryable: bool | None = None, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.hint = hint
        self.retryable = self.retries if retryable is None else retryable
        self.retry_after = retry_after
        # How often it was asked before this was the answer.
        self.attempts = 1
        # As every failure of the runtime carries them.
        self._code = self.code
        self._hint = hint


class RateLimited(ModelError):
    """Too many requests; with `retryable` False the account has nothing left."""

    leaf = "network.rate_limited"
    retries = True


class ServerFault(ModelError):
    """The endpoint failed, or what it sent is no answer."""

    retries = True


class CircuitOpen(ServerFault):
    """The endpoint failed so often that it is not asked for a while; `retry_after` says how long."""


class ConnectionLost(ModelError, ConnectionError):
    """No connection, or it broke before the answer was complete."""

    retries = True


class ModelTimeout(ModelError, TimeoutError):
    """No complete answer in time."""

    leaf = "network.timeout"
    retries = True


class BadRequest(ModelError):
    """The endpoint does not take the request as it is."""

    code = "E851"
    leaf = "validation.input"


class ContextTooLong(BadRequest):
    """The request is longer than the model can read."""


class ContentRefused(BadRequest):
    """The provider's filter keeps the request or its answer back."""

    leaf = "validation.unsafe"


class AuthRefused(ModelError, PermissionError):
    """The key is missing or wrong, or may not do this."""

    code = "E851"
    leaf = "network.refused_access"


class ModelMissing(ModelError):
    """No model is configured, or the endpoint has none of that name."""

    code = "E850"
    leaf = "configuration.model"


class ScriptEnded(ModelError):
    """A scripted or recorded model has no reply to this."""

    code = "E853"
    leaf = "configuration.model"


class SettingsRefused(ModelError):
    """A model's spec or settings are wrong."""

    code = "E854"
    leaf = "configuration.model"


SETUP = (
    "set DANA_MODEL=openai:gpt-4o-mini and OPENAI_API_KEY, or DANA_MODEL=ollama:llama3.2 for a model on this machine; "
    "a project says `default` under [model] in dana.toml; DANA_MOCK_LLM=true answers with made-up values"
)


def none_configured() -> ModelMissing:
    """Nobody to ask (L41)."""
    return ModelMissing("no language model is configured", SETUP)
