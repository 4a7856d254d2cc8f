"""A started program as the event loop sees it: what it writes is counted as it comes, and it can always be ended."""

from __future__ import annotations

import asyncio
import os
import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# How long the pipes of a killed program are waited for; only a process that left its group can hold them open.
LAST_WORDS_S = 1.0


class Child(asyncio.SubprocessProtocol):
    """`exited`: done when the program has ended, or has written too much (`left` is negative then)."""

    def __init__(self, loop: asyncio.AbstractEventLoop, max_bytes: int) -> None:
        self.exited: asyncio.Future[None] = loop.create_future()
        self.left = max_bytes
        self._closed: asyncio.Future[None] = loop.create_future()
        self._written: dict[int, list[bytes]] = {1: [], 2: []}
        self._transport: Any = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        self.left -= len(data)
        if self.left >= 0:
            self._written[fd].append(data)
        else:
            self._over()

    def process_exited(self) -> None:
        self._over()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  (asyncio's signature)
        if not self._closed.done():
            self._closed.set_result(None)

    def give(self, data: bytes | None) -> None:
        """Hands the input over; a program may end without reading it."""
        pipe = self._transport.get_pipe_transport(0)
        if pipe is not None and data is not None:
            pipe.write(data)
            pipe.close()

    async def end(self) -> None:
        """The program and what it started are gone, their last words are taken, the pipes are closed."""
        self._kill()
        await asyncio.wait([self._closed], timeout=LAST_WORDS_S)
        self._transport.close()
        if not self._closed.done():
            await asyncio.wait([self._closed], timeout=LAST_WORDS_S)

    def text(self, fd: int) -> str:
        """What was written to a pipe."""
        return b"".join(self._written[fd]).decode("utf-8", "replace")

    def _over(self) -> None:
        if not self.exited.done():
            self.exited.set_result(None)

    def _kill(self) -> None:
        if not hasattr(os, "killpg"):
            if self._transport.get_returncode() is None:
                self._transport.kill()
            return
        try:
            os.killpg(self._transport.get_pid(), signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            return  # all of the group have ended
