"""Hedging: when the first request is late, a second one is sent; the first reply wins, the other request is dropped.

It buys the slowest answers down and costs tokens: a request that was dropped may be charged all the same. So it comes
late, after the time in which 19 of 20 answers came (`"p95"`, nothing before that is known) or after given seconds.
"""

from __future__ import annotations

import asyncio

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from typing import Any

    from dana.models.messages import Model, Reply, Request


class Hedged:
    """`model`, and a second request to `other` (by default the same) `after` seconds, or after "p95"."""

    __slots__ = ("_after", "_model", "_other", "_sleep", "name")

    def __init__(
        self,
        model: Model,
        after: float | str = "p95",
        *,
        other: Model | None = None,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._model = model
        self._other = other or model
        self._after = after
        self._sleep = sleep
        self.name = model.name

    def __repr__(self) -> str:
        return f"<model {self.name}, hedged>"

    def delay(self) -> float | None:
        """Seconds until the second request; None: there will be none."""
        if not isinstance(self._after, str):
            return self._after
        p95 = getattr(self._model, "p95", None)
        return p95() if p95 is not None else None

    async def complete(self, request: Request) -> Reply:
        """The first reply of at most two. Raises the first error when neither answers."""
        delay = self.delay()
        if delay is None or (request.timeout_s is not None and delay >= request.timeout_s):
            return await self._model.complete(request)
        first = asyncio.ensure_future(self._model.complete(request))
        timer: asyncio.Future[Any] = asyncio.ensure_future(self._sleep(delay))
        tasks: list[asyncio.Future[Reply]] = [first]
        try:
            await asyncio.wait([first, timer], return_when=asyncio.FIRST_COMPLETED)
            if first.done():
                return first.result()
            left = None if request.timeout_s is None else max(0.0, request.timeout_s - delay)
            tasks.append(asyncio.ensure_future(self._other.complete(request.within(left))))
            return await _first_of(tasks)
        finally:
            await _dropped([*tasks, timer])

    async def stream(self, request: Request) -> AsyncIterator[str | Reply]:
        """The stream of the first model: two of them could not be told apart."""
        async for piece in self._model.stream(request):
            yield piece

    async def aclose(self) -> None:
        """Close both."""
        await self._model.aclose()
        if self._other is not self._model:
            await self._other.aclose()


async def _first_of(tasks: list[asyncio.Future[Reply]]) -> Reply:
    """The first reply; the first task's error when all failed."""
    waiting = set(tasks)
    while waiting:
        done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            if task in done and task.exception() is None:
                reply = task.result()
                reply.attempts += len(tasks) - 1
                return reply
    return tasks[0].result()


async def _dropped(tasks: list[asyncio.Future[Any]]) -> None:
    """Cancel what still runs and wait until it has let go."""
    running = [task for task in tasks if not task.done()]
    for task in running:
        task.cancel()
    if running:
        await asyncio.wait(running)
    for task in tasks:
        if not task.cancelled():
            task.exception()  # it has been looked at: nobody is to be told of it later
