"""Fallback: several models, of which the next is asked when one cannot answer.

Which errors lead on is a decision, made per error: trouble of the endpoint does (it is overloaded, down, refuses the
key, has no such model), and so does a request that is too long for one model but perhaps not for the next. A request
nobody would take does not, nor does a provider's refusal of its content: whether to look for a model that answers
what another would not is for people to say.
"""

from __future__ import annotations

from dana.models.errors import (
    AuthRefused,
    ConnectionLost,
    ContextTooLong,
    ModelError,
    ModelMissing,
    ModelTimeout,
    RateLimited,
    ServerFault,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Sequence
    from typing import Any

    from dana.models.messages import Model, Reply, Request

LEADING_ON = (RateLimited, ServerFault, ConnectionLost, ModelTimeout, AuthRefused, ModelMissing, ContextTooLong)
# What a model that is not the last gets of the time that is left.
SHARE = 0.6


def leads_on(error: ModelError) -> bool:
    """Whether the next model is asked after this error."""
    return isinstance(error, LEADING_ON)


class Chain:
    """Models in order. `decide(error)` says whether an error leads to the next one."""

    __slots__ = ("_clock", "_decide", "_models", "name")

    def __init__(self, models: Sequence[Model], *, clock: Any, decide: Callable[[ModelError], bool] = leads_on) -> None:
        self._models = tuple(models)
        self._clock = clock
        self._decide = decide
        self.name = " | ".join(model.name for model in self._models)

    def __repr__(self) -> str:
        return f"<model {self.name}>"

    @property
    def models(self) -> tuple[Model, ...]:
        """Who is asked, in order."""
        return self._models

    async def complete(self, request: Request) -> Reply:
        """The first reply there is. Raises the last error, which tells of those before it."""
        begun = self._clock.monotonic()
        failed: list[tuple[str, ModelError]] = []
        for model in self._models:
            try:
                reply = await model.complete(self._part(request, begun, model))
            except ModelError as error:
                self._after(failed, model, error)
                continue
            reply.attempts += sum(error.attempts for _, error in failed)
            reply.took_s = self._clock.monotonic() - begun
            return reply
        raise AssertionError("a chain has a last model")

    async def stream(self, request: Request) -> AsyncIterator[str | Reply]:
        """The first stream there is; once text has come, it is that one's."""
        begun = self._clock.monotonic()
        failed: list[tuple[str, ModelError]] = []
        for model in self._models:
            has_begun = False
            try:
                async for piece in model.stream(self._part(request, begun, model)):
                    has_begun = True
                    yield piece
            except ModelError as error:
                if has_begun:
                    raise
                self._after(failed, model, error)
                continue
            return

    async def aclose(self) -> None:
        """Close all of them."""
        for model in self._models:
            await model.aclose()

    def _part(self, request: Request, begun: float, model: Model) -> Request:
        """The request with the time a model gets: a share of what is left, the last one all of it."""
        if request.timeout_s is None:
            return request
        left = max(0.0, request.timeout_s - (self._clock.monotonic() - begun))
        return request.within(left if model is self._models[-1] else left * SHARE)

    def _after(self, failed: list[tuple[str, ModelError]], model: Model, error: ModelError) -> None:
        """Go on to the next model, or raise: the error as it is, or with the story of all."""
        is_last = model is self._models[-1]
        if not is_last and self._decide(error):
            failed.append((model.name, error))
            return
        if not failed:
            raise error
        failed.append((model.name, error))
        story = "; ".join(f"{name}: {each}" for name, each in failed)
        told = type(error)(f"no model could answer: {story}", error.hint)
        told.retryable, told.retry_after = error.retryable, error.retry_after
        told.attempts = sum(each.attempts for _, each in failed)
        raise told from error
