"""Waiting: who runs the event loop, how a call is parked and woken.

`Waiting` is what a program has one of, made by its first effect. `park` is the one place where a call stops
running. In a worker it switches to the hub and is woken by a callback; anywhere else it runs the program's own
loop until the callback stops it. A park may end early: callers look again at what they wait for, in a loop.
"""

from __future__ import annotations

import asyncio
import sys
import time
from _thread import get_ident
from contextvars import copy_context

from dana.runtime.calls import account, identity, patience, promise_closed, resume, suspend
from dana.runtime.effects.bridge import LATE_S, LONG_S, current
from dana.runtime.effects.loops import new_loop
from dana.runtime.effects.promises import Promise, Start, cancelled, mark
from dana.runtime.effects.resting import Ending, first
from dana.runtime.exceptions import message_of, name_of
from dana.runtime.stops import CancelStop, Stop, failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future
    from collections.abc import Awaitable, Callable, Generator
    from types import FrameType
    from typing import Any, TypeAlias, TypeVar

    from dana.runtime.calls import Call
    from dana.runtime.effects.bridge import Worker
    from dana.runtime.effects.promises import Scope
    from dana.runtime.program import Program

    # What a wait gave: whether it is a value, and that or the error; None: it was interrupted.
    Answer: TypeAlias = tuple[bool, Any] | None
    # A call that rests: what it waits for with the seconds that may take, until it has ended.
    T = TypeVar("T")
    Resting: TypeAlias = Generator[tuple[Ending, float | None], Answer, T]

# How long a call that may not block its thread waits before it tries the program's lock again.
TRY_AGAIN_S = 0.001
# How often the long waits of a loop are looked at.
LOOK_S = LONG_S / 2
# What has been cancelled may take this long to end when nothing else limits the wait.
END_S = 5.0


def waiting_of(program: Program) -> Waiting:
    """The program's `Waiting`, made when it is first asked for."""
    made: Waiting | None = program.waiting
    if made is None:
        made = program.waiting = Waiting(program)
    return made


class Waiting:
    """A program's event loops, the calls that wait and the effects that are under way."""

    __slots__ = (
        "_drives",
        "_loops",
        "_mains",
        "_outer",
        "effects",
        "lock",
        "meter",
        "number",
        "program",
        "watched",
        "workers",
        "written",
    )

    def __init__(self, program: Program) -> None:
        self.program = program
        self.meter = program.meter
        self.lock = program.lock
        # The program's own loop in each thread that has run it outside of any other loop.
        self._loops: dict[int, AbstractEventLoop] = {}
        self._mains: dict[int, _Main] = {}
        # Workers that are parked, and effects that have not ended, in the order in which they began.
        self.workers: dict[Worker, None] = {}
        self.effects: dict[Promise, None] = {}
        self.number = 0
        # How many effects that write have begun.
        self.written = 0
        # Loops whose long waits are being looked after.
        self.watched: set[AbstractEventLoop] = set()
        # A call that is inside a function of the host which runs a loop, with calls into the program on it.
        self._outer: tuple[Call, int] | None = None
        self._drives = 0
        self.meter.waker = self._wake_all
        self.lock.yielding = self._yield_to_thread
        if program.clock is time:
            program.clock = LoopClock(self)
        elif hasattr(program.clock, "rebase"):
            program.clock.rebase(LoopClock(self))

    # --- loops ------------------------------------------------------------------------------------

    def loop(self, name: str) -> AbstractEventLoop:
        """The loop on which effects of the running call run; RuntimeError inside a loop that cannot be waited for."""
        worker = current()
        if worker is not None:
            return worker.loop
        if is_loop_running():
            raise failure(
                RuntimeError, "E830", f"`{name}` must wait for an event loop that is busy running this program",
                "inside a coroutine use the asynchronous calls: `await engine.arun(…)`, `await module.f.acall(…)`",
            )  # fmt: skip
        return self._own_loop()

    def can_branch(self) -> bool:
        """Whether calls can run side by side here."""
        return current() is not None or not is_loop_running()

    def _own_loop(self) -> AbstractEventLoop:
        loop = self._loops.get(get_ident())
        if loop is None:
            loop = self._loops[get_ident()] = new_loop()
        return loop

    def close(self) -> None:
        """The program has ended: what still runs on its own loops is cancelled, and they are closed."""
        self.meter.waker = None
        loops, self._loops = self._loops, {}
        if is_loop_running():
            for loop in loops.values():
                loop.close()
            return
        for loop in loops.values():
            try:
                _cancel_all(loop)
                loop.run_until_complete(loop.shutdown_asyncgens())
            finally:
                loop.close()

    def __del__(self) -> None:
        for loop in self._loops.values():  # a module that is dropped without an end
            if not loop.is_closed() and not loop.is_running():
                loop.close()

    # --- effects ----------------------------------------------------------------------------------

    def opened(self, begun: Callable[..., Awaitable[Any]], args: Any, keywords: Any) -> Awaitable[Any]:
        """What `begun(…)` gives, when one more promise may be open; nothing is begun otherwise."""
        self.meter.promise_opened()
        try:
            return begun(*args, **keywords)
        except BaseException:
            promise_closed(self.meter, account(self.meter))
            raise

    def begin(
        self, loop: AbstractEventLoop, awaitable: Awaitable[Any], start: Start, scope: Scope | None, *, writes: bool
    ) -> Promise:
        """Put an awaitable on the loop, for which there is room (`opened`); returns its promise."""
        context = copy_context()
        task: Any = (
            loop.create_task(awaitable, context=context)
            if asyncio.iscoroutine(awaitable)
            else asyncio.ensure_future(awaitable, loop=loop)
        )
        self.number += 1
        call = identity(self.meter)
        promise = Promise(self, task, start, scope, call, self.number)
        self.effects[promise] = None
        if writes:
            call.run.writing = promise
            self.written += 1
        if self.program.emit is not None:
            self.program.emit("effect.start", {"name": start.name})
        task.add_done_callback(promise._ended, context=context)
        return promise

    def ended(self, promise: Promise, task: Future[Any]) -> None:
        """An effect has ended, however it did."""
        promise_closed(self.meter, promise._call.run)
        self.effects.pop(promise, None)
        if self.program.emit is not None:
            gone = task.cancelled()
            self._tell_end(promise._start.name, None if gone else task.exception(), cancelled=gone)

    def _tell_end(self, name: str, error: BaseException | None, *, cancelled: bool) -> None:
        emit = self.program.emit
        if emit is not None:
            outcome = "cancelled" if cancelled else "ok" if error is None else name_of(type(error))
            emit("effect.end", {"name": name, "outcome": outcome})

    def asker(self) -> Worker | None:
        """The running call, if its coroutine can await an effect for it: then `ask` is the cheaper way."""
        worker = current()
        return worker if worker is not None and worker.direct else None

    def ending(
        self,
        frame: FrameType,
        name: str,
        begun: Callable[..., Awaitable[Any]],
        args: tuple[Any, ...],
        keywords: dict[str, Any],
    ) -> Ending:
        """Begin the effect in which the function of `frame` ends; `waited` waits for it."""
        awaitable = self.opened(begun, args, keywords)
        self.number += 1
        if self.program.emit is not None:
            self.program.emit("effect.start", {"name": name})
        return Ending(awaitable, name, frame)

    def called(self, function: Any, args: Any, keywords: dict[str, Any]) -> Resting[Any]:
        """Call a function of the program that may rest (`resting.may_rest`)."""
        plan = getattr(function, "__poet__", None)
        if plan is not None:
            steps: Resting[Any] = plan.steps(tuple(args), keywords)
            return steps
        value = first(function, args, keywords)
        return self.waited(value) if value.__class__ is Ending else _done(value)

    def waited(self, ending: Ending) -> Resting[Any]:
        """Wait for an `Ending` without a stack: its value, or its failure raised, as `ask` does it.

        Yields it with the seconds it may take, for `bridge.Leg`, and is sent what `Worker.ask` returns.
        """
        answer: Answer = None
        try:
            seconds = patience(self.meter)
            call = suspend(self.meter)
            self.meter._base = self.meter._floor = None  # the leg that ends here
            held = self.lock.leave()
            try:
                answer = yield ending, seconds
            finally:
                if held:
                    self.lock.back(held)
                resume(self.meter, call)
                worker = current()
                if worker is not None:
                    self.meter._base = self.meter._floor = worker.base
                    if worker.cancelled is not None:
                        self.meter.cancel_running(worker.cancelled)
                        worker.cancelled = None
                    del worker
            if answer is None:
                self._interrupted()
        except BaseException as stop:
            ending.close()
            stop.__traceback__ = ending.trace(stop.__traceback__)
            raise
        finally:
            if ending.code is not None:
                self._closed(ending.name, answer)
        if answer is not None and answer[0]:
            return ending.converted(answer[1])
        if ending.code is None and answer is None:
            return None
        failed = self._failure(ending.start, answer)
        try:
            raise failed.with_traceback(ending.trace(failed.__traceback__ and failed.__traceback__.tb_next))
        finally:
            del failed, answer

    def ask(
        self,
        worker: Worker,
        name: str,
        begun: Callable[..., Awaitable[Any]],
        args: tuple[Any, ...],
        keywords: dict[str, Any],
    ) -> Any:
        """Begin an effect and wait for it; its value, or its failure raised. Called by what the program called."""
        awaitable = self.opened(begun, args, keywords)
        self.number += 1
        if self.program.emit is not None:
            self.program.emit("effect.start", {"name": name})
        answer: tuple[bool, Any] | None = None
        try:
            answer = self._answer(worker, awaitable)
        finally:
            self._closed(name, answer)
        if answer is not None and answer[0]:
            return answer[1]
        frame = sys._getframe(2)  # looked at now, as looking makes an object of it that a waiting call would keep
        failed = self._failure(Start(frame.f_code, frame.f_lasti, name), answer)
        trace = failed.__traceback__
        try:
            raise failed.with_traceback(trace and trace.tb_next)  # without the frame that awaited it
        finally:
            del failed, answer, trace, frame  # a traceback that held this frame would hold its own exception

    def _closed(self, name: str, answer: Answer) -> None:
        """What was awaited for the running call has ended."""
        promise_closed(self.meter, account(self.meter))
        if self.program.emit is not None:
            error = answer[1] if answer is not None and not answer[0] else None
            self._tell_end(name, error, cancelled=answer is None or isinstance(error, asyncio.CancelledError))

    def _failure(self, start: Start, answer: Answer) -> BaseException:
        """How it failed."""
        failed: BaseException = cancelled(start) if answer is None else answer[1]
        if isinstance(failed, asyncio.CancelledError):
            failed = cancelled(start)
        mark(failed, start)
        return failed

    def _answer(self, worker: Worker, awaitable: Any) -> tuple[bool, Any] | None:
        """How what `drive` awaits for a call ended; raises the stop that comes due meanwhile."""
        meter, lock = self.meter, self.lock
        try:
            seconds = patience(meter)
            call = suspend(meter)
            held = lock.leave()
            try:
                answer = worker.ask(awaitable, seconds)
            finally:
                if held:
                    lock.back(held)
                resume(meter, call)
                if worker.cancelled is not None:
                    meter.cancel_running(worker.cancelled)
                    worker.cancelled = None
        except BaseException:  # it was never awaited
            if asyncio.iscoroutine(awaitable):
                awaitable.close()
            raise
        if answer is None:
            self._interrupted()
        return answer

    def _interrupted(self) -> None:
        """The running call was woken before its answer was there; raises the stop that is due."""
        left = patience(self.meter)
        if left is not None:  # the two clocks differ by a hair
            time.sleep(min(left, LATE_S))
            patience(self.meter)

    def wait_for_writes(self) -> None:
        """Until the run's last writing effect has ended; raises its failure if nobody has seen it."""
        run = account(self.meter)
        while run.writing is not None:
            last = run.writing
            if not last._task.done():
                self.wait(last._task)
                continue
            run.writing = None
            if last._unseen() is not None:
                last._force()

    # --- calls driven by a host's loop ------------------------------------------------------------

    def enter(self) -> None:
        """A driven call begins. If the program is running already, that call is inside a function of the host."""
        self._drives += 1
        if self.lock.is_mine() and self.meter.is_running():
            self._outer = suspend(self.meter), self.lock.held
            self.lock.held = 0

    def exit(self) -> None:
        """A driven call has ended."""
        self._drives -= 1
        if self._outer is not None and self.lock.is_mine():
            call, self.lock.held = self._outer
            resume(self.meter, call)
            if self._drives:
                suspend(self.meter)
            else:
                self._outer = None

    # --- waiting ----------------------------------------------------------------------------------

    def wait(self, future: Future[Any]) -> None:
        """Until `future` is done; raises the stop that comes due meanwhile."""
        while not future.done():
            self.park(future, patience(self.meter))

    def wait_for_end(self, future: Future[Any]) -> None:
        """Until something that was cancelled has ended, as long as a stop in progress allows; never raises."""
        end = time.monotonic() + END_S
        while not future.done():
            try:
                allowed = patience(self.meter)
            except Stop:
                allowed = 0.0
            left = end - time.monotonic()
            self.park(future, left if allowed is None else min(left, allowed))
            if left <= 0 or allowed == 0.0:
                return

    def step(self) -> None:
        """Let the loop take one round: what has just begun takes its first step."""
        self.park(None, 0)

    def nap(self, seconds: float) -> None:
        """Wait as `time.sleep` does, but let others on the loop proceed; raises the stop that comes due."""
        if current() is None and (is_loop_running() or not self.effects):
            time.sleep(seconds)
            return
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            allowed = patience(self.meter)
            self.park(None, left if allowed is None else min(left, allowed))

    def park(self, future: Future[Any] | None, seconds: float | None) -> None:
        """Stop running until `future` is done, `seconds` have passed (0: one round of the loop), or somebody wakes us.

        May return early.
        """
        worker = current()
        meter, lock = self.meter, self.lock
        waiter = worker if worker is not None else _Main()
        call = suspend(meter)
        held = lock.leave()
        try:
            if worker is not None:
                worker.park(future, seconds)
            else:
                self._run_loop(future, seconds, waiter)
        finally:
            if held:
                lock.back(held)
            resume(meter, call)
            if waiter.cancelled is not None:
                meter.cancel_running(waiter.cancelled)
                waiter.cancelled = None

    def _run_loop(self, future: Future[Any] | None, seconds: float | None, main: Any) -> None:
        """The outermost code of a program waits by running the loop."""
        loop = self._own_loop()
        timer: Any = None

        def stop(_future: object = None) -> None:
            loop.stop()

        if seconds is not None:
            timer = loop.call_later(seconds, stop) if seconds > 0 else loop.call_soon(stop)
        if future is not None:
            future.add_done_callback(stop)
        thread = get_ident()
        self._mains[thread] = main
        try:
            loop.run_forever()
        finally:
            del self._mains[thread]
            if timer is not None:
                timer.cancel()
            if future is not None:
                future.remove_done_callback(stop)

    def watch(self, loop: AbstractEventLoop) -> None:
        """Look after the workers that wait long on this loop, all with one timer."""
        if loop not in self.watched:
            self.watched = {each for each in self.watched if not each.is_closed()} | {loop}
            loop.call_later(LOOK_S, self._look, loop)

    def _look(self, loop: AbstractEventLoop) -> None:
        """Wake those whose wait ends soon: the rest of it gets a timer of its own."""
        soon = loop.time() + LONG_S
        waits = [worker for worker in self.workers if worker.due is not None and worker.loop is loop]
        if waits:
            loop.call_later(LOOK_S, self._look, loop)
        else:
            self.watched.discard(loop)
        for worker in waits:
            if worker.due is not None and worker.due <= soon:
                worker.ends_soon()

    # --- cancelling -------------------------------------------------------------------------------

    def _wake_all(self, reason: str) -> bool:
        """`meter.waker`: cancel every call that waits; from any thread."""
        workers, mains = list(self.workers), list(self._mains.items())
        for worker in workers:
            worker.loop.call_soon_threadsafe(worker.cancel, reason)
        for thread, main in mains:
            loop = self._loops.get(thread)
            if loop is not None:
                main.cancelled = reason
                loop.call_soon_threadsafe(loop.stop)
        return bool(workers or mains)

    def cancel_since(self, mark: int) -> None:
        """Cancel the effects the running call has begun since `number` was `mark`: a passed deadline leaves them."""
        call = identity(self.meter)
        for promise in list(self.effects):
            if promise._number > mark and promise._call is call:
                promise._cancel()

    def lost(self, error: BaseException, start: Start) -> str:
        """A note about a failure nobody has seen."""
        from dana.runtime.faults import place_of

        place = place_of(start.code, start.lasti, self.program)
        where = f" at {place}" if place else ""
        message = message_of(error)
        return f"`{start.name}`{where} failed, too: {name_of(type(error))}{': ' + message if message else ''}"

    def _yield_to_thread(self) -> bool:
        """`lock.yielding`: in a worker, wait a moment on the loop instead of blocking its thread."""
        worker = current()
        if worker is None:
            return False
        worker.park(None, TRY_AGAIN_S)
        return True


def _done(value: Any) -> Resting[Any]:
    """A call that has ended already."""
    yield from ()
    return value


class _Main:
    """The outermost code of a program while it runs the loop."""

    __slots__ = ("cancelled",)

    def __init__(self) -> None:
        self.cancelled: str | None = None


class LoopClock:
    """The machine's time for a program with effects: whoever sleeps lets the loop proceed."""

    __slots__ = ("sleep",)

    monotonic = staticmethod(time.monotonic)
    time = staticmethod(time.time)

    def __init__(self, waiting: Waiting) -> None:
        self.sleep = waiting.nap


def is_loop_running() -> bool:
    """Whether this code runs inside an event loop."""
    return asyncio._get_running_loop() is not None


def _cancel_all(loop: AbstractEventLoop) -> None:
    tasks = asyncio.all_tasks(loop)
    for task in tasks:
        task.cancel()
    if not tasks:
        return
    ended = loop.create_task(asyncio.wait(tasks, timeout=END_S))
    while not ended.done():
        try:
            loop.run_until_complete(ended)
        except RuntimeError:  # whoever waited before has stopped the loop, and was heard only now
            if loop.is_closed():
                raise


__all__ = ["CancelStop", "LoopClock", "Waiting", "is_loop_running", "waiting_of"]
