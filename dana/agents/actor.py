"""One agent at work: what it is sent, what it is doing, how it ends.

    created ──first message──▶ running ◀──pause/resume──▶ paused
                                  │ stop, exit, crash for the last time
                                  ▼
                          stopped | failed ──start──▶ running

A `Runner` processes messages as long as there are any, one at a time, a slice of time at a stretch so that nobody
waits for a long mailbox of somebody else; then it is gone. A message is processed as a call of its own (`calls.Call`):
on the account and under the wall-clock limit of the run that sent it. A message that is asked has the asker's own
deadlines, too: it ends with the first of them, as what is called in place would, and it is cancelled where it waits
when the asker is. The time an ask gives (`timeout`) is only how long the asker waits: an agent that waits itself then
finishes what it has begun; one that computes, so that nobody else comes to his turn, is stopped.
"""

from __future__ import annotations

import sys
from time import monotonic

from dana.adaptive.recovery import classify
from dana.adaptive.sharing import UNTIL, WITHIN
from dana.agents import errors, health
from dana.agents.circles import way
from dana.agents.copying import crossing, crossing_all
from dana.agents.interrupts import IMMEDIATE
from dana.agents.lifecycle import CREATED, EXIT, FAILED, PAUSED, STOPPED, Lifecycle
from dana.agents.mailbox import NORMAL, PRIORITIES, Answer, Message, set_result
from dana.agents.strategies import chosen
from dana.runtime.calls import Call, adopt, identity, retire
from dana.runtime.effects import bridge
from dana.runtime.exceptions import DeniedFault
from dana.runtime.meter import Deadline
from dana.runtime.narrowing import within
from dana.runtime.stops import CancelStop, Stop, TimeoutStop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable
    from typing import Any

    from dana.runtime.effects.waiting import Waiting
    from dana.runtime.meter import Meter

# How long an ask waits for its answer, and a tell for room, unless they say otherwise.
ASK_S = 30.0
# A model that nobody has named, a server of tools that is down or says no: the agent is well, and no restart mends it.
ELSEWHERE = frozenset({"E840", "E881"})
# How much later than its asker leaves an agent is stopped that computes: one that waits is let off before.
AFTER_S = 0.05
# An asker whose own deadline has passed, and who has not noticed by then, is told by the answer.
ALSO_S = 0.1
# How long an agent may process messages before others get their turn.
SLICE_S = 0.001


class Runner(bridge.Worker):
    """The greenlet of an actor that has messages."""

    __slots__ = ("actor",)

    def __init__(self, waiting: Waiting, loop: AbstractEventLoop, actor: Actor) -> None:
        super().__init__(waiting, loop)
        here = bridge.current()
        if here is not None:
            self.parent = here.parent
        self.actor = actor
        self.parked = True  # its first switch is a wake like all others

    def run(self) -> None:  # type: ignore[override]
        """What the greenlet does."""
        self.parked = False
        try:
            self.actor.serve(self)
        except CancelStop:
            if not self.closed:
                raise
        finally:
            self._waiting.workers.pop(self, None)


class Actor(Lifecycle):
    """An agent's mailbox, state and place among the others. Made by `System.actor`.

    `rebuild()` sets the agent's fields as they were in the beginning; it runs as the agent's own code. `cleanup()`, if
    given, does so when the agent ends in an orderly way. `shutdown`: seconds its supervisor gives it to end, or
    "immediate".
    """

    __slots__ = ()

    # --- messages ---------------------------------------------------------------------------------

    def ask(
        self,
        method: Callable[..., Any],
        args: tuple[Any, ...] = (),
        keywords: dict[str, Any] | None = None,
        *,
        timeout: float | None = None,
        priority: str = "normal",
        by: Call | None = None,
    ) -> Answer:
        """Send a message and return the future of its answer: what an effect's `start` gives.

        `timeout`: seconds, 30 if None; `by`: on whose behalf a coroutine asks (`System.here`, where it began).
        Raises E862 when the answer could never come, E866 when the agent has ended. The answer fails with E863 when the
        time is over, with E864 when there was no room in that time.
        """
        system = self.system
        loop = system.loop
        message = self._message(method, args, keywords, priority, by, deep=True)
        sender = message.sender
        if sender is not None:
            _refuse_cycle(sender, message)
            sender.asking[message] = None
        answer = message.answer = Answer(loop=loop)
        answer.message = message
        message.seconds = ASK_S if timeout is None else timeout
        system.expect(message, loop)
        if timeout is not None and not system.is_clock_fake:
            message.limit = limited(message.call, system.meter, timeout)
        if by is None and system.meter._deadline is not None:  # the asker has less time than that
            message.until = loop.time() + (system.meter.remaining() or 0.0)
        if not self.mailbox.offer(message):
            system.crowded(self)
        self.schedule(loop, asked=True)
        return answer

    def tell(
        self,
        method: Callable[..., Any],
        args: tuple[Any, ...] = (),
        keywords: dict[str, Any] | None = None,
        *,
        timeout: float | None = None,
        priority: str = "normal",
        by: Call | None = None,
    ) -> None:
        """Send a message and go on. Waits for room up to `timeout` seconds (30 if None).

        Raises E864 when there was none in that time (at once, when the sender is the agent itself), E866 when the
        agent has ended.
        """
        system = self.system
        loop = system.loop
        message = self._message(method, args, keywords, priority, by, deep=False)
        if self.mailbox.offer(message):
            self.schedule(loop)
            return
        system.crowded(self)
        self.schedule(loop, asked=True)
        self._wait_for_room(message, loop, ASK_S if timeout is None else timeout)

    def _wait_for_room(self, message: Message, loop: AbstractEventLoop, seconds: float) -> None:
        if message not in (self.mailbox.door or ()):
            return  # room was made where messages are processed in place
        if message.sender is self:
            self.mailbox.withdraw(message)
            raise errors.mailbox_full(self.name, message.name, self.mailbox.capacity, 0)
        message.admitted = loop.create_future()
        try:
            in_time = self.system.wait(message.admitted, seconds)
        except BaseException:
            self.mailbox.withdraw(message)
            raise
        if not in_time:
            self.mailbox.withdraw(message)
            raise errors.mailbox_full(self.name, message.name, self.mailbox.capacity, seconds)
        if not message.admitted.result():
            raise self._refusal(message.name)

    def _message(
        self,
        method: Callable[..., Any],
        args: tuple[Any, ...],
        keywords: dict[str, Any] | None,
        priority: str,
        by: Call | None = None,
        *,
        deep: bool,
    ) -> Message:
        """A message from the code that runs now; refused when it will not be processed."""
        system = self.system
        system.check()
        if self.state in (STOPPED, FAILED) or (self.ending is not None and not self.comes_back()):
            raise self._refusal(getattr(method, "__name__", "?"))
        level = NORMAL if priority == "normal" else PRIORITIES.index(chosen("priority", priority, PRIORITIES))
        meter = system.meter
        here = by or identity(meter)
        if not here.trace:
            here.trace = system.new_trace()
        call = call_beside(here, meter, every=deep)
        if deep and by is None:
            call.deeper = meter._deeper + _calls_between(sys._getframe(2), meter)
        args, keywords = crossing_all(args, keywords or {}, meter)
        return Message(self, method, args, keywords, call, here.actor, level)

    def _refusal(self, method: str) -> BaseException:
        if self.error is not None:
            return self.error.with_traceback(None)
        state = self.state if self.state in (STOPPED, FAILED) else "being stopped"
        return errors.not_running(self.name, state, self.reason, errors.shown(method))

    def forget(self, message: Message) -> None:
        """An ask nobody waits for leaves the mailbox."""
        self.mailbox.withdraw(message)

    def abandon(self, message: Message) -> None:
        """Nobody waits for what is being processed any more: it ends where it waits, and the next one begins."""
        worker = self.worker
        if self.message is message and worker is not None and not worker.dead and not worker.loop.is_closed():
            worker.loop.call_soon_threadsafe(self._abandon, message, worker)

    def _abandon(self, message: Message, worker: Runner) -> None:
        if self.message is message and self.worker is worker and not worker.dead:
            self.system.note("actor.abandoned", self, {"method": message.name})
            worker.cancel(f"nobody waits for `{self.name}.{message.name}` any more")

    # --- processing -------------------------------------------------------------------------------

    def is_ready(self) -> bool:
        """Whether there is something to do that may be done now."""
        if self.held:
            return False
        if self.rebuilding or self.ending is not None:
            return True
        if self.state in (PAUSED, STOPPED, FAILED) or self.system.failure is not None:
            return False
        return self.mailbox.size > 0

    def schedule(self, loop: AbstractEventLoop | None = None, *, asked: bool = False) -> None:
        """Have a runner, if there is something to do. `asked`: somebody waits for it."""
        worker = self.worker
        if worker is not None:
            if worker.dead or worker.loop.is_closed():  # its thread has ended, or its loop
                self._abandoned(worker)
            elif asked and loop is not None and worker.loop is not loop and not worker.dead and not worker:
                self._abandoned(worker)  # it has not begun, and that loop may never run again; this one will
            else:
                return
        if not self.is_ready():
            return
        system = self.system
        if system.in_place:
            if asked or self.rebuilding or self.ending is not None:
                system.process_in_place(self)
            return
        if loop is None:
            loop = system.loop
        self.worker = Runner(system.waiting, loop, self)
        system.ready(self, loop)

    def _abandoned(self, worker: Runner) -> None:
        """The loop it waited on is gone: what it was doing ends, the rest goes on elsewhere."""
        self.worker = None
        self.system.unready(self)
        if worker:
            worker.close()
        else:
            self.system.waiting.workers.pop(worker, None)

    def serve(self, worker: Runner | None) -> None:
        """Process messages until there is nothing to do; `worker` None: in place, on the stack of who waits."""
        lock = self.system.waiting.lock
        lock.acquire()
        until = monotonic() + SLICE_S
        while self.is_ready() and (worker is None or self.worker is worker):
            if self.rebuilding:
                self._rebuild()
            elif self.ending is not None and (self.ending[0] in (IMMEDIATE, EXIT) or not self.mailbox.size):
                self._end()
            else:
                if not self._may_begin(worker):
                    continue
                message = self.mailbox.take()
                if message is None:
                    break
                self.process(message, worker)
            if worker is not None and monotonic() >= until:
                if not self.is_ready():
                    break
                # Nothing is on this stack between two messages: another runner goes on after the others' turns.
                self.worker = None
                self._hand_on(worker.loop)
                break
        if worker is None or self.worker is worker:
            self.worker = None
            self.system.resting(self)
        lock.release()

    def _may_begin(self, worker: Runner | None) -> bool:
        """Whether the next message may be processed now: in a repeated run, when it was. Else a round has passed."""
        tape = self.system.program.tape
        if tape is None or worker is None or tape.delivers(self):
            return True
        lock = self.system.waiting.lock
        lock.release()
        worker.park(None, 0)  # a worker that is closed meanwhile ends here, without the lock
        lock.acquire()
        return False

    def _hand_on(self, loop: AbstractEventLoop) -> None:
        """The next message is processed where somebody waits for one: a loop runs only while its thread waits."""
        elsewhere = self.mailbox.awaited_on(loop)
        if elsewhere is None:
            self.schedule(loop)
            return
        self.system.resting(self)
        elsewhere.call_soon_threadsafe(self._take_over, elsewhere)

    def _take_over(self, loop: AbstractEventLoop) -> None:
        lock = self.system.waiting.lock
        lock.acquire()
        try:
            self.schedule(loop, asked=True)
        finally:
            lock.release()

    def process(self, message: Message, worker: Runner | None) -> None:
        """Run one message to its end and tell whoever waits for it."""
        message.waits = False
        self.message = message
        if self.state == CREATED:
            self.started()
        error = None
        value = None
        try:
            value = self._run(message.method, message.args, message.keywords, message.call, worker)
        except BaseException as failed:  # noqa: BLE001  (told to whoever waits, or to the supervisor)
            error = failed
        self.message = None
        self.processed += 1
        found = self.interrupts
        if found is not None:
            if found.stopped is not None and isinstance(error, CancelStop):
                error = self._stopped_instead(message)
            found.stopped = None
            if found.later:
                found.context += found.later
                found.later = []
        if self.asking:
            for left in list(self.asking):
                left.unasked()
        self._settle(message, value, error)
        if error is not None:
            self._failed(message, error)
        if self.holding is not None and not self.holding.done():
            set_result(self.holding, value=True)

    def _run(self, method: Callable[..., Any], args: Any, keywords: Any, call: Call, worker: Runner | None) -> Any:
        """Call something as this agent's own code, on an account."""
        system = self.system
        meter = system.meter
        call.actor = self
        adopt(meter, call)
        # The worker was made where somebody asked; what that was part of says nothing about this message.
        before = UNTIL.get(), WITHIN.get()
        UNTIL.set(None)
        WITHIN.set(0)
        try:
            if worker is not None and worker.cancelled is not None:
                reason, worker.cancelled = worker.cancelled, None
                raise CancelStop(reason)
            return within(self.bounds, method, *args, **keywords)
        finally:
            UNTIL.set(before[0])
            WITHIN.set(before[1])
            retire(meter)

    def nested(self, message: Message) -> None:
        """Process an injected message inside the one that is being processed."""
        try:
            value = message.method(*message.args, **message.keywords)
        except Exception as error:  # noqa: BLE001  (the injected message's own; the one in progress goes on)
            self._settle(message, None, error)
            self.failures += 1
            self.system.complain(self, message, error)
        else:
            self._settle(message, value, None)

    def _settle(self, message: Message, value: Any, error: BaseException | None) -> None:
        """Give the asker what came of it."""
        message.unasked()
        answer = message.answer
        if answer is None or answer.done():
            return
        if error.__class__ is TimeoutStop and error._token in message.call.deadlines:
            if error._token is not message.limit:
                # The asker has the same deadline: it is told by that, at its own place.
                answer.get_loop().call_later(ALSO_S, lambda: set_result(answer, error=error))
                return
            error = errors.no_answer(self.name, message.name, message.seconds)
        if self.system.is_late(message):
            error = errors.no_answer(self.name, message.name, message.seconds)
        if error is None:
            try:
                value = crossing(value, self.system.meter)
            except BaseException as failed:  # noqa: BLE001  (too large or too deep: the asker is told)
                error, value = failed, None
        set_result(answer, value=value, error=_told(error))

    def _stopped_instead(self, message: Message) -> BaseException:
        """What the asker of a message is told that was cut short."""
        ending = self.ending
        told = ending[2] if ending is not None else self.error
        return told or errors.not_running(self.name, STOPPED, self.reason, message.name)

    def _failed(self, message: Message, error: BaseException) -> None:
        """A message ended with an exception: is it the agent's fault?"""
        self.failures += 1
        if isinstance(error, Stop):
            if message.answer is None and not isinstance(error, errors.AgentStop):
                self.system.stopped_by(error)
            return
        if is_crash(error):
            self.crash(error, message)
        elif message.answer is None:
            self.system.complain(self, message, error)

    # --- about it ---------------------------------------------------------------------------------

    def health(self) -> tuple[str, str]:
        """healthy, degraded or unhealthy, and why (M10)."""
        return health.of(self)

    def status(self) -> dict[str, Any]:
        """What it is doing, as plain data."""
        return health.status(self)


def is_crash(error: BaseException) -> bool:
    """Whether an exception says something about the agent, not about the request or the world (M75)."""
    if isinstance(error, (Stop, DeniedFault)):
        return False
    if getattr(type(error), "_shape", None) is not None:  # an exception of the program
        return False
    if isinstance(error, OSError) or getattr(error, "_code", "") in ELSEWHERE:
        return False
    return not isinstance(error, Exception) or classify(error).startswith("execution.")


def _refuse_cycle(sender: Actor, message: Message) -> None:
    """Raises E862 when the agent that is asked waits, through whomever, for the one that asks."""
    found = way(message.actor, sender)
    if found is None:
        return
    if len(found) == 1:
        raise errors.cycle([sender.name, sender.name], message.name)
    raise errors.cycle(_told_apart([sender, *found]), message.name)


def _told_apart(actors: list[Actor]) -> list[str]:
    """The names of agents; of several that share one, with their numbers."""
    owners: dict[str, set[int]] = {}
    for actor in actors:
        owners.setdefault(actor.name, set()).add(actor.number)
    return [actor.name if len(owners[actor.name]) == 1 else actor.id for actor in actors]


def call_beside(here: Call, meter: Meter, *, every: bool = False) -> Call:
    """A call on the account of the running one, under the wall-clock limit alone, or under `every` deadline."""
    call = Call(here.run)
    call.nested = 1
    call.trace = here.trace
    for deadline in meter._deadlines if here is meter._call else here.deadlines:
        if every or deadline.wall:
            deadline.kept = True
            call.deadlines.append(deadline)
            call.deadline = deadline.at if call.deadline is None else min(call.deadline, deadline.at)
    return call


def _calls_between(frame: Any, meter: Meter) -> int:
    """How many calls of the program are under way in the running call; what the runtime does between them is free."""
    count, base, calls = 0, meter._base, meter.calls
    while frame is not None and frame is not base:
        if frame.f_builtins.get(".calls") is calls:
            count += 1
        frame = frame.f_back
    return count


def limited(call: Call, meter: Meter, seconds: float) -> Deadline:
    """Have a call end when it computes `seconds` from now; returns the deadline, which `System._late` puts off."""
    deadline = Deadline(meter.clock() + seconds + AFTER_S, seconds, call.deadline)
    deadline.kept = True
    call.deadlines.append(deadline)
    call.deadline = deadline.at if call.deadline is None else min(call.deadline, deadline.at)
    return deadline


def _told(error: BaseException | None) -> BaseException | None:
    """An exception as a future takes it."""
    return RuntimeError("StopIteration") if type(error) is StopIteration else error
