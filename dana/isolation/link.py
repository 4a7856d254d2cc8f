"""The worker's line to its host: one socket, frames both ways, questions that are answered.

A question is asked in place: whoever asks reads frames until the answer is there. Meanwhile the host may want
something itself (a host function that calls back into the program): such requests are served from within, by
`serve`. An asynchronous host function waits on the program's event loop instead, which then watches the socket.
"""

from __future__ import annotations

import os

from dana.isolation.wire import HEADER, frame, length, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future
    from collections.abc import Callable
    from typing import Any


class HostGone(BaseException):
    """The host has closed the line: nothing is left to do."""


class Link:
    """Frames over one descriptor. `serve(message)` answers what the host asks while we wait."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._asked = 0
        self._asking: set[int] = set()
        self._answers: dict[int, dict[str, Any]] = {}
        self._waiting: dict[int, Future[dict[str, Any]]] = {}
        self._watching: AbstractEventLoop | None = None
        self.serve: Callable[[dict[str, Any]], None] | None = None

    # --- frames ---------------------------------------------------------------------------------

    def send(self, message: dict[str, Any]) -> None:
        """Raises `WireError` when the message is too large, `HostGone`."""
        view = memoryview(frame(message))
        try:
            while view:
                view = view[os.write(self._descriptor, view) :]
        except (BrokenPipeError, ConnectionError):
            raise HostGone from None

    def receive(self) -> dict[str, Any]:
        """The next frame. Raises `HostGone`."""
        return parse(self._read(length(self._read(HEADER))))

    def _read(self, count: int) -> bytes:
        parts = []
        while count:
            try:
                part = os.read(self._descriptor, min(count, 1 << 20))
            except ConnectionError:
                part = b""
            if not part:
                raise HostGone
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def next_request(self) -> dict[str, Any]:
        """What the host wants next. Answers to what a program asked before it was stopped come to nothing."""
        while True:
            message = self.receive()
            if message["t"] != "answer":
                return message

    # --- questions ------------------------------------------------------------------------------

    def ask(self, what: str, **details: Any) -> dict[str, Any]:
        """The host's answer to a question, in place."""
        number = self._send_question(what, details)
        self._asking.add(number)
        try:
            while number not in self._answers:
                self._take(self.receive())
        finally:
            self._asking.discard(number)
        return self._answers.pop(number)

    async def ask_later(self, what: str, **details: Any) -> dict[str, Any]:
        """The same from a coroutine on the program's event loop."""
        import asyncio

        loop = asyncio.get_running_loop()
        number = self._send_question(what, details)
        waiting = self._waiting[number] = loop.create_future()
        if self._watching is not loop:
            loop.add_reader(self._descriptor, self._readable)
            self._watching = loop
        try:
            answer: dict[str, Any] = await waiting
            return answer
        finally:
            if not waiting.done() or waiting.cancelled():
                self.send({"t": "forget", "id": number})
            self._waiting.pop(number, None)
            if not self._waiting and self._watching is not None:
                self._watching.remove_reader(self._descriptor)
                self._watching = None

    def _send_question(self, what: str, details: dict[str, Any]) -> int:
        self._asked += 1
        self.send({"t": "ask", "id": self._asked, "what": what, **details})
        return self._asked

    def _readable(self) -> None:
        self._take(self.receive())

    def _take(self, message: dict[str, Any]) -> None:
        if message["t"] != "answer":
            assert self.serve is not None
            self.serve(message)
            return
        number = message["id"]
        waiting = self._waiting.get(number)
        if number in self._asking:
            self._answers[number] = message
        elif waiting is not None and not waiting.done():
            waiting.set_result(message)
