"""Greenlets: Dana calls as coroutines, and branches that run side by side. The one importer of greenlet.

A `Worker` is a greenlet that runs Dana code. It is started and woken by the hub (callbacks of the loop, or the
coroutine `drive`), and switches back to it to wait. Its end is announced by a future. Nothing that happens in a worker
leaves it but through that future, so the hub never sees an exception of Dana code.

Without greenlet (`AVAILABLE` is False) a program still starts effects side by side, but branches run one after
the other and `drive` says what is missing.
"""

from __future__ import annotations

import sys
from asyncio import CancelledError, current_task, get_running_loop, sleep
from contextvars import copy_context
from types import GeneratorType

from dana.errors import UsageError
from dana.runtime.calls import adopt, retire
from dana.runtime.stops import CancelStop, carried

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future
    from collections.abc import Callable
    from typing import Any

    from dana.runtime.calls import Call
    from dana.runtime.effects.resting import Ending
    from dana.runtime.effects.waiting import Resting, Waiting
    from dana.runtime.meter import Meter
    from dana.runtime.program import Program

if TYPE_CHECKING:

    class greenlet:  # noqa: N801  (what is used of the class of that name)
        parent: greenlet
        gr_context: Any
        dead: bool

        def __init__(self) -> None: ...
        def switch(self, *args: Any) -> Any: ...

    def getcurrent() -> greenlet | None: ...

    AVAILABLE = True
else:
    try:
        from greenlet import getcurrent, greenlet

        AVAILABLE = True
    except ImportError:  # a platform without it
        AVAILABLE = False
        greenlet = object

        def getcurrent() -> None:
            return None


# What stops a worker whose coroutine or loop has gone.
CLOSED = "the event loop was closed"
TASK_CANCELLED = "the task that waited for the call was cancelled"
# Longer waits have no timer of their own: the loop looks after them together (`Waiting.watch`).
LONG_S = 1.0
# A timer may come a little early by the clock of the program's limits.
LATE_S = 0.001


class Worker(greenlet):
    """A greenlet that runs Dana code; parked while it waits.

    `outcome` is `(True, value)` or `(False, exception)` at its end; `ended`, the future that gets it where somebody
    waits for one. While `direct`, the hub is the coroutine `drive` itself, which awaits what the worker asks for
    (`ask`): an effect that is waited for at once then needs neither a task nor a promise.
    """

    # Whether a function that it runs may end with an `Ending`.
    rests = False
    __slots__ = (
        "_waiting", "asking", "base", "cancelled", "closed", "context", "direct", "due", "ended", "loop", "nudged",
        "outcome", "parked", "stayed", "task",
    )  # fmt: skip

    def __init__(self, waiting: Waiting, loop: AbstractEventLoop, context: Any = None) -> None:
        super().__init__()
        self._waiting = waiting
        self.loop = loop
        self.ended: Future[tuple[bool, Any]] | None = None
        self.outcome: tuple[bool, Any] | None = None
        self.parked = self.asking = self.direct = self.nudged = False
        # Whether it has waited in the middle of what it runs.
        self.stayed = False
        # The task that drives it, while direct.
        self.task: Any = None
        # Why this call shall stop, once somebody said so while it was parked.
        self.cancelled: str | None = None
        self.closed = False
        # The host's frame below the program's, where calls may rest.
        self.base: Any = None
        # One context for the greenlet and the callbacks that wake it.
        self.context = self.gr_context = copy_context() if context is None else context
        # When a long wait ends, by the loop's clock.
        self.due: float | None = None
        waiting.workers[self] = None

    def run(self, action: Callable[..., Any], args: Any, keywords: Any) -> None:
        """What the greenlet does: the action, whose outcome is its own."""
        try:
            outcome = True, (action() if args is None else action(args, keywords))
        except BaseException as error:  # noqa: BLE001  (handed to whoever waits for the call)
            outcome = False, error
        self._end(outcome)

    def _end(self, outcome: tuple[bool, Any]) -> None:
        self._waiting.workers.pop(self, None)
        self.outcome = outcome
        if self.ended is not None and not self.ended.done():
            self.ended.set_result(outcome)

    def park(self, future: Future[Any] | None, seconds: float | None) -> None:
        """Switch to the hub until `future` is done, `seconds` have passed or `wake` is called; may return early."""
        if self.closed:
            raise CancelStop(CLOSED)
        wake, context, loop = self.wake, self.context, self.loop
        timer: Any = None
        if seconds is not None:
            if seconds > LONG_S:
                self.due = loop.time() + seconds
                self._waiting.watch(loop)
            elif seconds > 0:
                timer = loop.call_later(seconds, wake, context=context)
            else:
                timer = loop.call_soon(wake, context=context)
        if future is not None:
            future.add_done_callback(wake, context=context)
        self.parked = self.stayed = True
        try:
            self.parent.switch()
        finally:
            self.parked = False
            self.due = None
            if timer is not None:
                timer.cancel()
            if future is not None:
                future.remove_done_callback(wake)

    def ask(self, awaitable: Any, seconds: float | None) -> tuple[bool, Any] | None:
        """Let `drive` await something for this call: `(True, value)`, `(False, error)`, or None when interrupted.

        What was awaited has then been cancelled; it is after `seconds` (None: never), or when `wake` is called.
        """
        if self.closed:
            raise CancelStop(CLOSED)
        timer = self.time(seconds)
        self.asking = self.stayed = True
        try:
            answer: tuple[bool, Any] | None = self.parent.switch(awaitable) or None
        finally:
            self.asking = False
            self.due = None
            if timer is not None:
                timer.cancel()
        return answer

    def time(self, seconds: float | None) -> Any:
        """Have what is asked end after so many seconds; gives the timer that must be cancelled, where there is one."""
        if seconds is None:
            return None
        if seconds > LONG_S:
            self.due = self.loop.time() + seconds
            self._waiting.watch(self.loop)
            return None
        return self.loop.call_later(seconds + LATE_S, self.wake, context=self.context)

    def wake(self, _future: object = None) -> None:
        """Go on, if still waiting; called by the hub."""
        if self.parked or (self.asking and not self.direct):
            self.direct = False
            hub = getcurrent()
            if hub is not None and self.parent is not hub:
                self.parent = hub
            self.switch()
        elif self.asking and not self.nudged:
            self.nudged = True
            self.task.cancel()

    def ends_soon(self) -> None:
        """What a long wait waits for at most is near: from here on it is timed exactly."""
        if self.asking and self.direct and self.due is not None:
            self.loop.call_at(self.due + LATE_S, self._due, self.due, context=self.context)
        else:
            self.wake()

    def _due(self, due: float) -> None:
        if self.due == due:
            self.wake()

    def answered(self, answer: tuple[bool, Any]) -> tuple[bool, Any] | None:
        """What an answer means while this call asks: None, if it was nudged before, and what it asked paid no heed."""
        if not self.nudged:
            return answer
        self.nudged = False
        self.task.uncancel()
        return None

    def interrupted(self, error: BaseException) -> tuple[bool, Any] | None:
        """What a `CancelledError` means while this call asks: None: it was nudged; else an answer.

        Raises the error when it is the driving task that was cancelled.
        """
        nudged, self.nudged = self.nudged, False
        if nudged and not self.task.uncancel():
            return None
        if self.task.cancelling():
            raise error
        return False, error

    def cancel(self, reason: str) -> None:
        """Stop the call where it waits; called by the hub."""
        if not self.dead:
            self.cancelled = reason
            self.wake()

    def close(self) -> None:
        """End the call now, without a loop: what it waits for in its `finally` blocks is not waited for."""
        self.closed = True
        self.cancel(CLOSED)


class Leg(Worker):
    """What a call that rests (`resting`) does from one rest to the next: a generator, sent the answer it waited for.

    While the call rests, the next leg stands for it: it has not been started, so it has no stack. It is asked like a
    worker, `request` is what is awaited. The generator returns how the call ended, as `outcome` says it.
    """

    rests = True
    __slots__ = ("beside", "following", "request", "steps", "timer")

    def __init__(
        self, waiting: Waiting, loop: AbstractEventLoop, steps: Any, beside: Beside | None = None, context: Any = None
    ) -> None:
        super().__init__(waiting, loop, context)
        self.steps = steps
        self.beside = beside
        if beside is not None:
            beside.leg = self
        self.request: Any = None
        self.timer: Any = None
        # The leg after this one, for a thread that has got hold of the call here and cancels it only now.
        self.following: Leg | None = None

    def cancel(self, reason: str) -> None:
        """Stop the call where it rests by now; called by the hub."""
        leg = self
        while leg.following is not None:
            leg = leg.following
        super(Leg, leg).cancel(reason)

    def run(self, answer: tuple[bool, Any] | None = None) -> Leg | None:  # type: ignore[override]
        """Go on until the call ends, or rests; the leg that follows then."""
        self.parked = self.asking = False
        self.due = None
        if self.timer is not None:
            self.timer.cancel()
        self.base = sys._getframe()
        try:
            ending, seconds = self.steps.send(answer)
        except StopIteration as ended:
            outcome = ended.value
        except BaseException as error:  # noqa: BLE001  (handed to whoever waits for the call)
            outcome = False, error
        else:
            self.base = None
            following = self.following = self._next(ending, seconds)
            self._waiting.workers.pop(self, None)  # only now: some thread may be looking for whom to cancel
            return following
        self.base = None
        self._end(outcome)
        return None

    def interrupted(self, error: BaseException) -> tuple[bool, Any] | None:
        """The task of a call beside others is nobody else's: who cancels it means the effect that it waits for."""
        if self.beside is None:
            return super().interrupted(error)
        nudged, self.nudged = self.nudged, False
        while self.task.cancelling():
            self.task.uncancel()
        return None if nudged else (False, error)

    def _next(self, ending: Ending, seconds: float | None) -> Leg:
        following = Leg(self._waiting, self.loop, self.steps, self.beside, self.context)
        following.parent, following.task, following.direct = self.parent, self.task, True
        following.request = ending.awaitable
        following.asking = True
        following.timer = following.time(seconds)
        return following


class Branch(Worker):
    """A call beside the one that waits for it, on its account; it starts in the loop's next round.

    `call` is from `calls.fork`.
    """

    __slots__ = ("action", "call")

    def __init__(self, waiting: Waiting, loop: AbstractEventLoop, action: Callable[[], Any], call: Call) -> None:
        super().__init__(waiting, loop)
        self.ended: Future[tuple[bool, Any]] = loop.create_future()
        self.action = action
        self.call: Call | None = call
        here = current()
        if here is not None:
            self.parent = here.parent
        self.parked = True  # its first switch is a wake like all others
        loop.call_soon(self.wake)

    def run(self) -> None:  # type: ignore[override]
        """The action, between taking over the meter and giving it back."""
        self.parked = False
        call, self.call = self.call, None
        assert call is not None
        meter = self._waiting.meter
        super().run(self._within, meter, call)

    def _within(self, meter: Meter, call: Call) -> Any:
        lock = self._waiting.lock
        lock.acquire()
        adopt(meter, call)
        try:
            if self.cancelled is not None:
                meter.cancel_running(self.cancelled)
                meter.check()
            return self.action()
        finally:
            retire(meter)
            lock.release()


class Beside:
    """What `Branch` is, for a call that rests while it waits."""

    __slots__ = ("cancelled", "ended", "leg", "steps")

    def __init__(
        self, waiting: Waiting, loop: AbstractEventLoop, function: Any, args: tuple[Any, ...], call: Call
    ) -> None:
        self.cancelled: str | None = None
        self.leg: Leg | None = None
        self.steps = self._calling(waiting, function, args, call)
        self.ended: Future[tuple[bool, Any]] = loop.create_task(drive(waiting.program, self))

    def _calling(self, waiting: Waiting, function: Any, args: tuple[Any, ...], call: Call) -> Resting[Any]:
        """The call, between taking over the meter and giving it back."""
        meter = waiting.meter
        waiting.lock.acquire()
        adopt(meter, call)
        del call
        _stand_on_host(meter)
        try:
            if self.cancelled is not None:
                meter.cancel_running(self.cancelled)
                meter.check()
            outcome = True, (yield from waiting.called(function, args, {}))
        except BaseException as error:  # noqa: BLE001  (handed to whoever waits for the call)
            outcome = False, carried(error)
        finally:
            retire(meter)
            waiting.lock.release()
        return True, outcome

    @property
    def dead(self) -> bool:
        return self.ended.done()

    def cancel(self, reason: str) -> None:
        """Stop the call where it waits; called by the hub."""
        if not self.dead:
            self.cancelled = reason
            if self.leg is not None:
                self.leg.cancel(reason)


def start(meter: Meter) -> None:
    """`Meter.start` for a call in a `Leg`: whoever rests keeps no frame."""
    meter.start()
    if meter._nested == 1:
        _stand_on_host(meter)


def _stand_on_host(meter: Meter) -> None:
    here = getcurrent()
    if here.__class__ is Leg:
        meter._base = meter._floor = here.base


def current() -> Worker | None:
    """The worker this code runs in, None outside of any."""
    here = getcurrent()
    return here if isinstance(here, Worker) else None


async def drive(program: Program, action: Any, args: Any = None, keywords: Any = None) -> Any:
    """Run a blocking Dana action on the running loop: while it waits for effects, the loop goes on.

    Returns what `action()` returns (`action(args, keywords)`, if they are given) and raises what it raises. The action
    enters the program (`Meter.start`) itself. It may be a generator whose calls rest (`Leg`).
    When the task is cancelled, the Dana call is: its `finally` blocks run, then `CancelledError` is raised, from the
    error the action ended with. Raises `UsageError` where greenlet is missing.
    """
    if not AVAILABLE:
        raise UsageError("asynchronous calls need the package greenlet, which is not installed")
    waiting: Waiting | None = program.waiting
    if waiting is None:
        from dana.runtime.effects.waiting import waiting_of

        waiting = waiting_of(program)
    waiting.enter()
    try:
        if action.__class__ is GeneratorType:
            worker: Worker = Leg(waiting, get_running_loop(), action)
        elif action.__class__ is Beside:
            worker = Leg(waiting, get_running_loop(), action.steps, action)
        else:
            worker = Worker(waiting, get_running_loop())
        worker.task = current_task()
        worker.direct = worker.task is not None
        request = _switched(worker) if worker.rests else _switched(worker, action, args, keywords)
        try:
            while True:
                if request.__class__ is Leg:
                    worker, request = request, request.request
                elif not worker.asking:
                    break
                try:
                    if action.__class__ is Beside:  # those beside it go on before it takes its first step
                        await sleep(0)
                    answer: tuple[bool, Any] | None = worker.answered((True, await request))
                except CancelledError as error:
                    answer = worker.interrupted(error)
                except GeneratorExit:
                    raise
                except BaseException as error:  # noqa: BLE001  (handed to the call that asked)
                    answer = worker.answered((False, error))
                request = _switched(worker, answer)
                del answer
            if worker.outcome is None:
                worker.ended = worker.loop.create_future()
                await worker.ended
        except CancelledError as cancelled:
            worker.direct = False
            await _end(worker, cancelled)
        except GeneratorExit:
            worker.direct = False
            worker.close()
            raise
    finally:
        waiting.exit()
    assert worker.outcome is not None
    done, value = worker.outcome
    worker.outcome = None
    if done:
        return value
    try:
        raise value
    finally:
        del value, worker  # a traceback that held this frame would hold its own exception


def _switched(worker: Worker, *given: Any) -> Any:
    """To switch makes an object of the frame that does it, which ends here."""
    return worker.switch(*given)


async def _end(worker: Worker, cancelled: BaseException) -> None:
    """Cancel the Dana call of a task that was cancelled, and wait for its end."""
    while not worker.dead:
        worker.ended = worker.loop.create_future()
        worker.cancel(TASK_CANCELLED)
        try:
            done, value = await worker.ended
        except CancelledError:
            continue
        except GeneratorExit:
            worker.close()
            raise
        if not done:
            raise cancelled from value
    raise cancelled
