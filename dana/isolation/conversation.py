"""One program in one worker, as the host sees it: requests, the worker's questions, the clock, the end.

Two drivers share everything else. `request` waits in the caller's thread; `request_later` on the running event loop,
which asynchronous host functions need. Both look at the worker's memory and at the deadline every few milliseconds
and kill the worker when one is passed, whatever it is busy with.
"""

from __future__ import annotations

import select
import time
import weakref
from collections import deque

import dana
from dana.diagnostics import Diagnostic
from dana.errors import Cancelled, DanaError, LimitExceeded, RuntimeFault
from dana.isolation import faults
from dana.isolation.answers import Answers
from dana.isolation.process import READ_BYTES
from dana.isolation.values import HostCodec
from dana.isolation.wire import WireError, frame

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Future
    from typing import Any

    from dana.isolation.engine import ProcessEngine
    from dana.isolation.process import Worker

# How long after the time limit the program is reminded, and the worker killed.
REMIND_S = 0.004
PATIENCE_S = 0.05
# How long after a cancellation.
CANCEL_S = 0.1
LOOK_S = 0.01
# The meter stops a program at its limit; beyond it and so much more the host does.
MEMORY_MARGIN = 32 << 20
OUTPUT_MARGIN = 1 << 20
# Answers the worker has not read yet; every one was asked for, so only a worker that reads nothing gets there.
MOST_UNREAD = 64 << 20


class Conversation:
    """A worker and the program in it. Not for several threads at once, except `cancel`."""

    def __init__(self, engine: ProcessEngine, worker: Worker) -> None:
        self.engine = engine
        self.worker = worker
        self.limits = engine.limits
        self.steps = 0
        self.codec = HostCodec(self)
        self.answers = Answers(self)
        self._inbox: deque[dict[str, Any]] = deque()
        self._unsent = bytearray()
        self._results: dict[int, dict[str, Any]] = {}
        self._number = 0
        self._running = 0
        self._deadline: float | None = None
        self._printed = 0
        self._cancelled: tuple[str, float] | None = None
        self._done: Future[None] | None = None
        self._watched = -1
        self._ended = weakref.finalize(self, worker.end)
        self._post(engine.setup(self.codec))

    # --- requests -------------------------------------------------------------------------------

    def request(self, what: str, **details: Any) -> Any:
        """What the worker reports, still as data. Raises `DanaError`; `KeyError` for a name there is not."""
        number = self._begin(what, details)
        try:
            self._drive(number)
        finally:
            self._running -= 1
        return self._result(number)

    async def request_later(self, what: str, **details: Any) -> Any:
        """The same on the running event loop. Cancelling the task cancels the program."""
        number = self._begin(what, details)
        try:
            await self._drive_on_loop(number)
        finally:
            self._running -= 1
        return self._result(number)

    def invoke(self, key: int, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Call a function of the program."""
        return self.value(self.engine.drive(self, "invoke", key=key, **self.arguments(args, keywords)))

    async def invoke_later(self, key: int, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """`invoke` on the running event loop."""
        return self.value(await self.request_later("invoke", key=key, **self.arguments(args, keywords)))

    def value(self, data: Any) -> Any:
        """The value in a worker's data; data that is broken ends the worker."""
        with self._strictly():
            return self.codec.decode(data)

    def arguments(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> dict[str, Any]:
        """A call's arguments as data."""
        encode = self.codec.encode
        return {"args": [encode(a) for a in args], "keywords": {k: encode(v) for k, v in keywords.items()}}

    def _begin(self, what: str, details: dict[str, Any]) -> int:
        self._need_worker()
        if not self._running:
            self._printed = 0
            self._cancelled = None
            wall = self.limits.wall_s
            self._deadline = None if wall is None else time.monotonic() + wall + PATIENCE_S
            if wall is not None:
                self.worker.limit_processor_time(wall)
        self._number += 1
        self._post({"t": "do", "id": self._number, "what": what, **details})
        self._running += 1
        return self._number

    def _need_worker(self) -> None:
        """A call inside a call may have ended the worker that the outer one waits for."""
        if not self.worker.is_usable:
            raise _fault("E721", "the worker process of this program has ended", self.worker.cause())

    def _post(self, message: dict[str, Any]) -> None:
        try:
            self._unsent += frame(message)
        except WireError as problem:
            hint = "give it in parts, or let a host function fetch it"
            raise _fault("E724", f"what is handed to the worker is too large: {problem}", hint=hint) from None

    def answer(self, message: dict[str, Any]) -> None:
        """Send an answer; one that is too large becomes an error of the question."""
        try:
            self._unsent += frame(message)
        except WireError as problem:
            error = ValueError(f"the answer cannot be handed to the program: {problem}")
            self._unsent += frame({"t": "answer", "id": message["id"], "raised": faults.pack_exception(error, 0)})

    def _result(self, number: int) -> Any:
        message = self._results.pop(number)
        kind = message["t"]
        steps = message.get("steps")
        self.steps = steps if steps.__class__ is int else 0
        if kind == "done":
            with self._strictly():
                self.engine.exit_code = self.codec.decode(message.get("exit"))
            return message.get("value")
        if kind == "failed":
            with self._strictly():
                error = faults.unpack(message.get("error"), self.answers.raised)
            raise error
        text = str(message.get("text"))[:1000]
        if kind == "absent":
            raise KeyError(text)
        raise _fault("E724", f"a value cannot be handed over: {text}")

    def _strictly(self) -> _Strictly:
        return _Strictly(self)

    # --- drivers --------------------------------------------------------------------------------

    def _drive(self, number: int) -> None:
        line = self.worker.socket
        poll = select.poll()
        while number not in self._results:
            self._need_worker()
            poll.register(line, select.POLLIN | (select.POLLOUT if self._unsent else 0))
            ready = poll.poll(self._patience() * 1000)
            self._turn(bool(ready))

    async def _drive_on_loop(self, number: int) -> None:
        import asyncio

        loop = asyncio.get_running_loop()
        line = self.worker.socket
        self.answers.loop = loop
        reading = False
        try:
            while number not in self._results:
                self._need_worker()
                self._done = loop.create_future()
                loop.add_reader(line, self._wake)
                reading = True
                if self._unsent:
                    loop.add_writer(line, self._wake)
                timer = loop.call_later(self._patience(), self._wake)
                try:
                    await self._done
                except asyncio.CancelledError:
                    if self._cancelled is not None:
                        raise
                    self.cancel("the task was cancelled")
                    await self._wind_down(number)
                    raise
                finally:
                    timer.cancel()
                    if self.worker.is_usable:
                        loop.remove_writer(line)
                self._turn(ready=True)
        finally:
            self.answers.end_tasks()
            self._done = None
            if reading and line.fileno() >= 0:
                loop.remove_reader(line)

    async def _wind_down(self, number: int) -> None:
        """Let a cancelled program end, or kill it."""
        import asyncio

        while number not in self._results:
            await asyncio.sleep(0.002)
            try:
                self._turn(ready=True)
            except DanaError:
                return

    def _wake(self) -> None:
        if self._done is not None and not self._done.done():
            self._done.set_result(None)

    def _patience(self) -> float:
        if self._inbox:
            return 0.0
        until = [LOOK_S if self.limits.memory_bytes is not None or self._cancelled else 1.0]
        if self._deadline is not None:
            left = self._deadline - time.monotonic()
            soft = left - PATIENCE_S + REMIND_S
            until.append(soft if soft > 0 else min(left, LOOK_S))
        return max(0.0, min(until))

    def _turn(self, ready: bool) -> None:
        """Read, write, answer; look at the clock and at memory. Raises what ends the program."""
        if ready:
            self._flush()
            self._read()
        while self._inbox:
            self._handle(self._inbox.popleft())
        if self._unsent:
            self._flush()
        self._watch()

    def _flush(self) -> None:
        try:
            while self._unsent:
                del self._unsent[: self.worker.socket.send(self._unsent)]
        except BlockingIOError:
            if len(self._unsent) > MOST_UNREAD:
                raise self.broken("it does not read what it asked for") from None
        except OSError:
            return  # reading will tell that it has ended

    def _read(self) -> None:
        try:
            data = self.worker.socket.recv(READ_BYTES)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            raise self._died()
        try:
            self._inbox.extend(self.worker.frames.feed(data))
        except WireError as problem:
            raise self.broken(str(problem)) from None

    # --- what the worker says -------------------------------------------------------------------

    def _handle(self, message: dict[str, Any]) -> None:
        kind = message["t"]
        if kind == "print":
            self._print(message.get("text"))
        elif kind == "ask":
            self.answers.ask(message)
        elif kind in ("done", "failed", "refused", "absent"):
            number = message.get("id")
            if number.__class__ is not int or not 0 < number <= self._number or number in self._results:
                raise self.broken("it reports what was not asked for")
            self._results[number] = message
        elif kind == "log":
            self._log(message.get("text"))
        elif kind == "forget":
            self.answers.forget(message.get("id"))
        elif kind == "event":
            self._event(message)
        elif kind == "breach":
            raise self._breach(str(message.get("what"))[:300])
        else:
            raise self.broken(f"it sent {kind[:40]!r}")

    def _print(self, text: Any) -> None:
        self._count(text)
        self.engine.print(text)

    def _log(self, text: Any) -> None:
        self._count(text)
        self.engine.log(text)

    def _count(self, text: Any) -> None:
        """What is printed and logged counts here too: a hostile worker does not count for itself."""
        if text.__class__ is not str:
            raise self.broken("it printed what is no text")
        most = self.limits.output_bytes
        self._printed += len(text)
        if most is not None and self._printed > most + OUTPUT_MARGIN:
            raise self.stop("output", "E705", "the program printed more than it may")

    def _event(self, message: dict[str, Any]) -> None:
        events = self.engine._events
        if events is None or message.get("kind").__class__ is not str:
            raise self.broken("it tells of what nobody listens to")
        with self._strictly():
            data = self.codec.decode(message.get("data"))
        if data.__class__ is dict:
            events.emitter(self.engine._runs)(message["kind"], data)

    # --- watching -------------------------------------------------------------------------------

    def cancel(self, reason: str = "cancelled") -> bool:
        """Stop the program that runs, from any thread; False when none does."""
        if not self._running or not self.worker.is_usable:
            return False
        self._cancelled = (reason, time.monotonic() + CANCEL_S)
        self.worker.interrupt()
        return True

    def _watch(self) -> None:
        now = time.monotonic()
        if self._cancelled is not None and now > self._cancelled[1]:
            raise self._end(Cancelled, "E707", self._cancelled[0])
        if self._results:
            return
        if self._deadline is not None and now > self._deadline - PATIENCE_S + REMIND_S:
            self.worker.remind()
        if self._deadline is not None and now > self._deadline:
            wall = self.limits.wall_s
            raise self.stop("time", "E702", f"the program reached its time limit of {wall:g} s")
        most = self.limits.memory_bytes
        if most is not None and self.worker.grown() > most + MEMORY_MARGIN:
            raise self.stop("memory", "E704", f"the program took more memory than its limit of {most:,} bytes")

    # --- ends -----------------------------------------------------------------------------------

    def stop(self, which: str, code: str, message: str) -> DanaError:
        """Kill the worker for a limit; what to raise."""
        error = self._end(LimitExceeded, code, message)
        assert isinstance(error, LimitExceeded)
        error.which = which
        return error

    def _end(self, cls: type[RuntimeFault], code: str, message: str) -> DanaError:
        self.worker.end()
        self._ended.detach()
        notes = ["the worker process was ended by its host: it did not stop by itself"]
        return cls([Diagnostic(code, message, notes=notes)])

    def broken(self, how: str) -> DanaError:
        """End a worker that breaks the rules of the line; what to raise."""
        self.worker.end()
        return _fault(
            "E723", f"the worker process broke the protocol: {how}", hint="this is an attack or a bug: report it"
        )

    def _breach(self, what: str) -> DanaError:
        self.worker.end()
        message = f"the worker process tried what no Dana program can: {what}"
        return _fault("E722", message, hint="this is an attack or a bug: report it")

    def _died(self) -> DanaError:
        cause = self.worker.died()
        if self._cancelled is not None:
            return Cancelled([Diagnostic("E707", self._cancelled[0])])
        _status, most = self.worker.reaped or (0, 0)
        limit = self.limits.memory_bytes
        if limit is not None and most > limit and cause in ("signal SIGKILL", "signal SIGABRT", "signal SIGSEGV"):
            return self.stop("memory", "E704", f"the program took more memory than its limit of {limit:,} bytes")
        if cause == "signal SIGXCPU":
            return self.stop("time", "E702", f"the program reached its time limit of {self.limits.wall_s:g} s")
        if cause == "signal SIGSYS":
            return self._breach("a system call that is not on the list")
        hint = "the next call starts a fresh one; when it happens again, report it"
        return _fault("E721", f"the worker process died ({cause})", hint=hint)

    def end(self) -> None:
        """End the worker and with it the program."""
        self.worker.end()
        self._ended.detach()


class _Strictly:
    """Around reading a worker's data: whatever is wrong with it ends the worker."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation

    def __enter__(self) -> None:
        return None

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, (WireError, ValueError, TypeError, LookupError, AttributeError)):
            raise self._conversation.broken(str(error)[:200]) from None


def _fault(code: str, message: str, note: str = "", *, hint: str = "") -> RuntimeFault:
    return dana.RuntimeFault([Diagnostic(code, message, hint=hint, notes=[note] if note else [])])
