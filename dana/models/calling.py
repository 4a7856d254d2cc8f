"""Any Python function as a model.

    def answer(prompt: str) -> str: …
    async def answer(request: dana.models.Request) -> Reply: …

It gets the prompt as text, or the whole `Request` where its parameter is called `request` or annotated so. It returns
the text, a `Reply`, or a value that is answered as JSON. An ordinary function runs where the program runs: one that
waits for something should be `async`.
"""

from __future__ import annotations

import inspect
import json

from dana.adaptive.faults import is_transient
from dana.models.errors import ModelError, ServerFault, SettingsRefused
from dana.models.messages import Reply, Request, estimated, in_pieces

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from typing import Any


class Calling:
    """A model whose replies a Python function gives. `clock` measures how long it takes."""

    __slots__ = ("_clock", "_function", "_wants_request", "name")

    def __init__(self, function: Callable[[Any], Any], clock: Any) -> None:
        self._function = function
        self._clock = clock
        self.name = f"python:{getattr(function, '__name__', type(function).__name__)}"
        self._wants_request = wants_request(function)

    def __repr__(self) -> str:
        return f"<model {self.name}>"

    async def complete(self, request: Request) -> Reply:
        """What the function says. Its own `ModelError`s pass; anything else it raises is a `ServerFault`."""
        begun = self._clock.monotonic()
        try:
            said = self._function(request if self._wants_request else request.prompt)
            if inspect.isawaitable(said):
                said = await said
        except ModelError:
            raise
        except Exception as error:  # whatever the host's function raises, its model gave no reply
            message = f"{self.name} failed: {type(error).__name__}: {error}"
            raise ServerFault(message, retryable=is_transient(error)) from error
        reply = self._reply(said, request)
        reply.took_s = reply.took_s or self._clock.monotonic() - begun
        return reply

    async def stream(self, request: Request) -> AsyncIterator[str | Reply]:
        """The same in pieces."""
        async for piece in in_pieces(await self.complete(request)):
            yield piece

    async def aclose(self) -> None:
        """Nothing is open."""

    def _reply(self, said: Any, request: Request) -> Reply:
        if isinstance(said, Reply):
            said.model = said.model or self.name
            return said
        if not isinstance(said, str):
            try:
                said = json.dumps(said, ensure_ascii=False)
            except (TypeError, ValueError, RecursionError):
                hint = "it returns a text, a Reply, or what JSON can say"
                raise SettingsRefused(f"{self.name} returned {type(said).__name__}, which is no answer", hint) from None
        return Reply(said, usage=estimated(request, said), model=self.name)


def wants_request(function: Callable[[Any], Any]) -> bool:
    """Whether a function takes the whole request, by its first parameter."""
    try:
        first = next(iter(inspect.signature(function).parameters.values()), None)
    except (TypeError, ValueError):
        return False
    if first is None:
        raise SettingsRefused(f"{getattr(function, '__name__', 'the function')} takes no prompt", "give it a parameter")
    kind = first.annotation
    return kind is Request or first.name == "request" or (isinstance(kind, str) and kind.split(".")[-1] == "Request")
