"""`System`: the actors of one program, what they have in common, and their end.

    system = system_of(program)
    actor = system.actor("Inspector", rebuild=…)
    answer = actor.ask(method, args)          # a future; an effect's `start` returns it
    system.current                            # whose message the code that runs now processes

Made with the program's first agent; `Program.close` ends it: what was accepted is processed, as far as the time goes,
then all actors are stopped in the reverse order of their start, and only then the program's resources are.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from time import monotonic

from dana.agents.actor import Actor, call_beside
from dana.agents.errors import lost, mailbox_full, no_answer
from dana.agents.lifecycle import LONGEST_S, described
from dana.agents.mailbox import PRIORITIES, Message, set_result
from dana.agents.supervisor import Supervisor
from dana.runtime.calls import Call, Run, identity, patience, resume, suspend
from dana.runtime.effects import bridge
from dana.runtime.effects.waiting import LoopClock, waiting_of
from dana.runtime.stops import CancelStop, Stop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future, Task
    from collections.abc import Callable, Coroutine
    from typing import Any

    from dana.agents.interrupts import Interrupts
    from dana.agents.lifecycle import Lifecycle
    from dana.runtime.program import Program

# How long the end of a program waits for messages that were accepted, and for actors to stop.
DRAIN_S = 5.0
STOP_S = 5.0
# How long what a timer does waits for another thread that is inside the program.
AGAIN_S = 0.001
# How often asks that may wait long are looked at; shorter ones have a timer of their own.
LOOK_S = 0.5


def system_of(program: Program) -> System:
    """The program's system, made when it is first asked for."""
    made: System | None = program.agents
    if made is None:
        made = program.agents = System(program)
    return made


class System:
    """All actors of one program."""

    __slots__ = (
        "__weakref__", "_idle", "_looking", "_number", "_prefix", "_ready", "_traces", "asks", "busy", "closed",
        "failure", "is_clock_fake", "meter", "program", "relay", "root", "tasks", "waiting",
    )  # fmt: skip

    def __init__(self, program: Program) -> None:
        self.program = program
        self.meter = program.meter
        self.waiting = waiting_of(program)
        # Time passes only where somebody sleeps: in tests.
        self.is_clock_fake = not isinstance(program.clock, LoopClock) and not hasattr(program.clock, "rebase")
        self._number = 0
        self._traces = 0
        self._prefix = os.urandom(4).hex() if program.seed is None else f"{program.seed & 0xFFFFFFFF:08x}"
        # Asks without an answer that have a time limit; loops on which those are being looked at.
        self.asks: dict[Message, None] = {}
        self._looking: set[AbstractEventLoop] = set()
        # Actors that have a runner or are about to.
        self.busy: dict[Actor, None] = {}
        self._ready: dict[AbstractEventLoop, list[deque[Actor]]] = {}
        self.tasks: set[Task[Any]] = set()
        self._idle: Future[bool] | None = None
        self.failure: BaseException | None = None
        self.closed = False
        self.root = Supervisor(self, "root")
        self.relay: Actor | None = None

    # --- making -----------------------------------------------------------------------------------

    def next_number(self) -> int:
        """A number nobody else of this program has."""
        self._number += 1
        return self._number

    def actor(
        self,
        name: str,
        *,
        rebuild: Callable[[], Any],
        cleanup: Callable[[], Any] | None = None,
        restart: str = "permanent",
        mailbox: int = 1000,
        shutdown: float | str = 5.0,
        supervisor: Supervisor | None = None,
    ) -> Actor:
        """A new actor, the last child of its supervisor (the root, which lets go of it with its agent)."""
        self.check()
        made = Actor(
            self, self.next_number(), name,
            rebuild=rebuild, cleanup=cleanup, restart=restart, mailbox=mailbox, shutdown=shutdown,
        )  # fmt: skip
        if supervisor is None:
            # All agents of a recorded run are kept: what ends with it must not depend on when garbage is collected.
            self.root.add(made, weakly=cleanup is None and self.program.tape is None)
        else:
            supervisor.add(made)
        return made

    def supervisor(
        self,
        name: str = "supervisor",
        strategy: str = "one_for_one",
        limit: int = 3,
        within: float = 5.0,
        *,
        restart: str = "permanent",
        parent: Supervisor | None = None,
    ) -> Supervisor:
        """A new supervisor, the last child of `parent` (the root, if None)."""
        made = Supervisor(self, name, strategy, limit, within, restart=restart)
        (parent or self.root).add(made)
        return made

    # --- whose code runs --------------------------------------------------------------------------

    @property
    def current(self) -> Actor | None:
        """The actor whose message the running code processes, None for the program's own code.

        For code of the program and what it calls; a coroutine asks before its first `await`.
        """
        call = self.meter._call
        return None if call is None else call.actor

    @property
    def here(self) -> Call:
        """The running call: what a coroutine keeps from before its first `await`, to ask on its behalf (`by`)."""
        return identity(self.meter)

    @property
    def trace(self) -> str:
        """What ties together the ledger's events of the running call, and of all that it causes."""
        here = identity(self.meter)
        if not here.trace:
            here.trace = self.new_trace()
        return here.trace

    def new_trace(self) -> str:
        """The name of a new trace."""
        self._traces += 1
        return f"{self._prefix}{self._traces:06x}"

    def own_call(self) -> Call:
        """The account of what the system itself has done: that of the call it happens in."""
        here = self.meter._call
        return call_beside(here, self.meter) if here is not None else Call(Run())

    @property
    def in_place(self) -> bool:
        """Whether messages are processed where somebody waits for them, because nothing can run beside it."""
        return not bridge.AVAILABLE or (self.meter.is_running() and not self.waiting.can_branch())

    @property
    def loop(self) -> AbstractEventLoop:
        """The loop that runs here, or the program's own."""
        return asyncio._get_running_loop() or self.waiting._own_loop()

    def now(self) -> float:
        """Seconds of the program's clock."""
        return float(self.program.clock.monotonic())

    def check(self) -> None:
        """Raises E865 when the program's agents have ended for good."""
        if self.failure is not None:
            raise self.failure.with_traceback(None)

    # --- runners ----------------------------------------------------------------------------------

    def ready(self, actor: Actor, loop: AbstractEventLoop) -> None:
        """Give an actor its turn when those of higher priority, and those before it, had theirs."""
        self.busy[actor] = None
        lines = self._ready.get(loop)
        if lines is None:
            for closed in [each for each in self._ready if each.is_closed()]:
                del self._ready[closed]
            lines = self._ready[loop] = [deque() for _ in PRIORITIES]
        lines[actor.priority].append(actor)
        loop.call_soon(self._next, lines)

    def _next(self, lines: list[deque[Actor]]) -> None:
        for line in lines:
            if line:
                worker = line.popleft().worker
                if worker is not None:
                    worker.wake()
                return

    def unready(self, actor: Actor) -> None:
        """It shall get no turn it was to have."""
        for lines in self._ready.values():
            for line in lines:
                if actor in line:
                    line.remove(actor)

    def resting(self, actor: Actor) -> None:
        """An actor has nothing to do any more."""
        self.busy.pop(actor, None)
        self._look_idle()

    def _look_idle(self) -> None:
        if self._idle is not None and not self.busy and not self.tasks and not self._idle.done():
            set_result(self._idle, value=True)

    def process_in_place(self, actor: Actor) -> None:
        """Process what an actor has, on the stack of the code that waits for it."""
        if actor in self.busy:
            return
        meter = self.meter
        self.busy[actor] = None
        if not meter.is_running():
            actor.serve(None)
            return
        call = suspend(meter)
        try:
            actor.serve(None)
        finally:
            resume(meter, call)

    def task(self, action: Coroutine[Any, Any, Any]) -> Task[Any]:
        """Something a supervisor does beside everything else."""
        made = self.loop.create_task(action)
        self.tasks.add(made)
        made.add_done_callback(self._done)
        return made

    def _done(self, task: Task[Any]) -> None:
        self.tasks.discard(task)
        self._look_idle()
        if not task.cancelled() and task.exception() is not None:
            self.failure = self.failure or task.exception()

    # --- waiting ----------------------------------------------------------------------------------

    def wait(self, future: Future[Any], seconds: float | None) -> bool:
        """Wait in the running call until a future is done; False after `seconds`. Raises the stop that comes due."""
        waiting, meter = self.waiting, self.meter
        loop = future.get_loop()
        due = None if seconds is None else loop.time() + seconds
        while not future.done():
            left = None if due is None else due - loop.time()
            if left is not None and left <= 0:
                return False
            allowed = patience(meter)
            waiting.park(future, left if allowed is None else allowed if left is None else min(left, allowed))
        return True

    def pause(self, found: Interrupts) -> None:
        """The running call waits until its agent is resumed."""
        future: Future[bool] = self.loop.create_future()
        found.resumed.append(future)
        self.wait(future, None)

    def resumption(self, found: Interrupts) -> Future[bool]:
        """Done when an agent is resumed."""
        future: Future[bool] = self.loop.create_future()
        found.resumed.append(future)
        return future

    # --- asks that take too long ------------------------------------------------------------------

    def expect(self, message: Message, loop: AbstractEventLoop) -> None:
        """Give an ask its time."""
        seconds = message.seconds
        message.due = loop.time() + seconds
        if self.is_clock_fake:
            message.late = self.now() + seconds
        self.asks[message] = None
        if seconds <= LOOK_S:
            message.timer = loop.call_later(seconds, self._late, message)
        elif loop not in self._looking:
            self._looking.add(loop)
            loop.call_later(LOOK_S, self._look, loop)

    def _look(self, loop: AbstractEventLoop) -> None:
        """Those whose time is nearly over get a timer of their own."""
        if self.is_clock_fake and self.asks and not self.busy and not self.tasks:
            self._skip_ahead()
        soon = loop.time() + LOOK_S
        more = False
        for message in list(self.asks):
            answer = message.answer
            if answer is None or answer.get_loop() is not loop:
                continue
            more = True
            if message.timer is None and message.due <= soon:
                message.timer = loop.call_at(message.due, self._late, message)
        if more:
            loop.call_later(LOOK_S, self._look, loop)
        else:
            self._looking.discard(loop)

    def _skip_ahead(self) -> None:
        """No agent will ever answer before somebody's time is over: let it be over now, as a clock of a test does."""
        first = min(self.asks, key=lambda message: message.late)
        self.program.clock.sleep(max(0.0, first.late - self.now()))
        self._late(first)

    def is_late(self, message: Message) -> bool:
        """Whether an answer comes after its time, by the program's clock, which nobody has noticed."""
        return self.is_clock_fake and message.answer is not None and self.now() > message.late

    def _late(self, message: Message) -> None:
        answer, actor = message.answer, message.actor
        if answer is None or answer.done():
            return
        if not self.waiting.lock.is_free():
            answer.get_loop().call_later(AGAIN_S, self._late, message)
            return
        at_the_door = message.waits and message in (actor.mailbox.door or ())
        message.forget()
        if message.limit is not None:  # it waits: it may finish what it has begun
            message.limit.at += LONGEST_S
        if at_the_door:
            answer.set_exception(mailbox_full(actor.name, message.name, actor.mailbox.capacity, message.seconds))
        else:
            answer.set_exception(no_answer(actor.name, message.name, message.seconds))

    # --- what is worth knowing --------------------------------------------------------------------

    def note(self, kind: str, subject: Any, data: dict[str, Any], *, act: str = "") -> None:
        """Keep an event in the ledger: of the trace `act`, else of the call that runs."""
        ledger = self.program.ledger
        if ledger is not None:
            ledger.keep(kind, subject.id, data, act=act)

    def crowded(self, actor: Actor) -> None:
        """A message found no room: kept once per full mailbox."""
        door = actor.mailbox.door
        if door is not None and len(door) == 1:
            self.note("actor.overload", actor, {"capacity": actor.mailbox.capacity})

    def complain(self, actor: Lifecycle, message: Message | None, error: BaseException) -> None:
        """Say that something failed that nobody waits for."""
        what = f"`{message.name}`" if message is not None else "it"
        self.note("actor.failed", actor, {"method": message.name if message else "", "reason": described(error)})
        self.program.warn(f"agent `{actor.name}`: {what} failed, and nobody waits for it: {described(error)}")

    def inform(self, callback: Callable[..., Any], who: str, reason: str, to: Any = None) -> None:
        """Call `callback(who, reason)` as a message of an agent, or of one that is there for that."""
        if to is None:
            if self.relay is None:
                self.relay = Actor(self, self.next_number(), "monitor", rebuild=_nothing)
            to = self.relay
        if self.closed or to.state in ("stopped", "failed"):
            return
        to.mailbox.accept(Message(to, callback, (who, reason), {}, self.own_call()))
        to.schedule(asked=True)

    # --- the end ----------------------------------------------------------------------------------

    def lost(self, error: BaseException) -> None:
        """The root has given up: the program ends with this."""
        if self.failure is None:
            self.failure = error
            if not any(message.sender is None for message in self.asks):
                self.waiting._wake_all(Ending(error))

    def stopped_by(self, stop: Stop) -> None:
        """A stop ended a message nobody waits for: the program ends with it."""
        if self.failure is None and not self.closed and not isinstance(stop, CancelStop):
            self.failure = stop
            self.waiting._wake_all(Ending(stop))

    def close(self, *, at_once: bool = False) -> list[BaseException]:
        """The program ends: what was accepted is processed, all actors are stopped; returns what failed.

        `at_once`: nothing more is processed, and what is being processed ends where it waits.
        """
        if self.closed:
            return []
        problems: list[BaseException] = []
        try:
            if not at_once and self.failure is None and self.meter.pending() is None:
                self._drain()
        except (Exception, Stop) as error:  # noqa: BLE001  (told with the program's other problems)
            problems.append(error)
        try:
            ended = bool(problems) or self.failure is not None or self.meter.pending() is not None
            self._stop_all(at_once=at_once or ended)
        except (Exception, Stop) as error:  # noqa: BLE001  (told with the program's other problems)
            problems.append(error)
        self.closed = True
        if self.failure is not None:
            problems.insert(0, self.failure)
        return problems

    def _drain(self) -> None:
        for actor in self._actors(self.root):
            if actor.state == "paused":
                actor.resume()
        if self.in_place:
            self._drain_in_place()
            return
        end = monotonic() + DRAIN_S
        while (self.busy or self.tasks) and self.failure is None:
            left = end - monotonic()
            if left <= 0:
                break
            self._idle = self.loop.create_future()
            self.wait(self._idle, left)
            self._idle = None

    def _drain_in_place(self) -> None:
        while True:
            waiting = [each for each in self._actors(self.root) if each.is_ready() and each not in self.busy]
            if not waiting:
                return
            for actor in waiting:
                actor.schedule(asked=True)

    def _actors(self, supervisor: Supervisor) -> list[Actor]:
        found: list[Actor] = []
        for child in supervisor.children:
            found += self._actors(child) if isinstance(child, Supervisor) else [child]
        return found

    def _stop_all(self, *, at_once: bool) -> None:
        if not at_once:
            self.root.stop(STOP_S)
        for actor in reversed([*self._actors(self.root), *self.busy]):
            worker = actor.worker
            actor.put_down("stopped", "the program ended")
            if worker is not None and not worker.dead and worker is not bridge.current():
                worker.close()


class Ending(str):  # noqa: SLOT000  (it has an attribute)
    """Why calls of a program are cancelled, where they are to end with a stop of its own."""

    stop: Stop

    def __new__(cls, error: BaseException) -> Ending:
        made = super().__new__(cls, str(error))
        made.stop = error if isinstance(error, Stop) else lost(error)
        return made


def _nothing() -> None:
    return None
