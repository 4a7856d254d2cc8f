"""How an agent lives: crashes, restarts, ends, and what others may ask of it meanwhile (M14, M63, M67).

`Lifecycle` is the part of an `Actor` that is not about messages. A crash goes to the supervisor, which lets the fields
be built again (`begin_again`) or puts the agent down; whoever is linked or watches is told either way.
"""

from __future__ import annotations

from dana.agents import errors, interrupts
from dana.agents.circles import any_waits
from dana.agents.copying import crossing
from dana.agents.interrupts import BEST_EFFORT, COMPLETE, IMMEDIATE, Interrupts
from dana.agents.mailbox import CAPACITY, CRITICAL, PRIORITIES, Mailbox, set_result
from dana.agents.mailbox import NORMAL as ORDINARY
from dana.agents.strategies import NORMAL, PERMANENT, RESTARTS, chosen
from dana.runtime.effects import bridge
from dana.runtime.exceptions import message_of, name_of
from dana.runtime.stops import Stop
from dana.runtime.typevalues import safe_repr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop, Future
    from collections.abc import Callable
    from typing import Any

    from dana.agents.actor import Runner
    from dana.agents.mailbox import Message
    from dana.agents.supervisor import Supervisor
    from dana.agents.system import System
    from dana.runtime.calls import Call

CREATED = "created"
RUNNING = "running"
PAUSED = "paused"
STOPPED = "stopped"
FAILED = "failed"

# How an agent ends that ends itself: its supervisor may start it again.
EXIT = "exit"
BRUTAL = "immediate"
# Loops take no longer times than this: a day.
LONGEST_S = 86_400.0


class Lifecycle:
    """See the module; made as an `Actor`, which says what the arguments are."""

    __slots__ = (
        "__weakref__", "asking", "bounds", "cleanup", "crashes", "ended", "ending", "error", "failures",
        "held", "holding", "incarnation", "interrupts", "links", "mailbox", "message", "monitors", "name",
        "number", "priority", "processed", "reason", "rebuild", "rebuilding", "rebuilt", "restart", "shutdown",
        "state", "supervisor", "system", "traps", "worker",
    )  # fmt: skip

    def __init__(
        self,
        system: System,
        number: int,
        name: str,
        *,
        rebuild: Callable[[], Any],
        cleanup: Callable[[], Any] | None = None,
        restart: str = PERMANENT,
        mailbox: int = CAPACITY,
        shutdown: float | str = interrupts.WITHIN_S,
    ) -> None:
        if isinstance(mailbox, bool) or not isinstance(mailbox, int) or mailbox < 1:
            raise errors.bad_setting(f"a mailbox holds at least one message: {safe_repr(mailbox)} is no such number")
        self.system = system
        self.number = number
        self.name = name
        self.rebuild = rebuild
        self.cleanup = cleanup
        self.restart = chosen("restart", restart, RESTARTS)
        # What its code may do less than the program (None: nothing less).
        self.bounds: Any = None
        self.shutdown = _checked_shutdown(shutdown)
        self.mailbox = Mailbox(mailbox)
        self.supervisor: Supervisor | None = None
        self.state = CREATED
        self.reason = ""
        self.incarnation = 1
        self.priority = ORDINARY
        self.worker: Runner | None = None
        # What is being processed; what the code that processes it has asked others and waits for.
        self.message: Message | None = None
        self.asking: dict[Message, None] = {}
        self.processed = self.failures = self.crashes = 0
        self.interrupts: Interrupts | None = None
        # Its supervisor lets it process nothing for now (`holding`: told when the current message has ended); its
        # fields are to be built again before the next message (`rebuilt`: told how that went).
        self.held = False
        self.holding: Future[bool] | None = None
        self.rebuilding = False
        self.rebuilt: Future[BaseException | None] | None = None
        # How it is being stopped (strategy, reason, error for those who wait), and who waits for that.
        self.ending: tuple[str, str, BaseException | None] | None = None
        self.ended: list[Future[bool]] = []
        self.error: BaseException | None = None
        self.links: dict[Any, None] | None = None
        self.monitors: list[Callable[[str, str], Any]] | None = None
        self.traps: Callable[[str, str], Any] | None = None

    @property
    def id(self) -> str:
        """What the ledger calls it: `Inspector#3`, or `Inspector left#3` where it was given a name."""
        return f"{self.name}#{self.number}"

    def __repr__(self) -> str:
        return f"<actor {self.id} {self.state}>"

    if TYPE_CHECKING:

        def schedule(self, loop: AbstractEventLoop | None = None, *, asked: bool = False) -> None: ...
        def _run(self, method: Any, args: Any, keywords: Any, call: Call, worker: Runner | None) -> Any: ...
        def _settle(self, message: Message, value: Any, error: BaseException | None) -> None: ...
        def _message(self, method: Any, args: Any, keywords: Any, priority: str, *, deep: bool) -> Message: ...

    # --- life -------------------------------------------------------------------------------------

    def started(self) -> None:
        self.state = RUNNING
        first = self.message
        act = "" if first is None else first.call.trace
        self.system.note("actor.started", self, {"incarnation": self.incarnation}, act=act)

    def crash(self, error: BaseException, message: Message | None = None) -> None:
        """The agent has a bug: its supervisor decides what follows."""
        self.crashes += 1
        self.reason = described(error)
        method = message.name if message is not None else "init"
        self.system.note("actor.crashed", self, {"method": method, "reason": self.reason, "n": self.crashes})
        if message is None or message.answer is None:
            self.system.complain(self, message, error)
        self._signal(self.reason)
        supervisor = self.supervisor
        if supervisor is None:
            self.put_down(FAILED, self.reason)
        else:
            supervisor.crashed(self, self.reason)

    def begin_again(self, told: Future[BaseException | None] | None = None) -> None:
        """Build the fields anew before the next message; `told` gets None, or what went wrong."""
        self.held = False
        self.rebuilding = True
        self.rebuilt = told
        self.schedule()

    def _rebuild(self) -> None:
        self.rebuilding = False
        told, self.rebuilt = self.rebuilt, None
        self.incarnation += 1
        error: BaseException | None = None
        try:
            self._run(self.rebuild, (), {}, self.system.own_call(), self.worker)
        except BaseException as failed:  # noqa: BLE001  (a start that failed; told to the supervisor)
            error = failed
        if error is None:
            if self.state != PAUSED:
                self.state = RUNNING
            self.system.note("actor.restarted", self, {"incarnation": self.incarnation, "reason": self.reason})
        if told is not None and not told.done():
            set_result(told, value=error)
        elif error is not None:
            self.crash(error)

    def exit(self, reason: str = NORMAL) -> None:
        """The agent ends by its own will, after this message; its supervisor may start it again."""
        if self.ending is None:
            self.ending = (EXIT, reason, None)
            self.reason = reason
            if self.message is None:
                self.schedule()

    def comes_back(self) -> bool:
        """Whether it ends by its own will and is started again."""
        ending, supervisor = self.ending, self.supervisor
        return (
            ending is not None and ending[0] == EXIT and supervisor is not None and supervisor.restarts(self, ending[1])
        )

    def halt(self, strategy: str, reason: str, within: float, error: BaseException | None = None) -> None:
        """Begin to stop it; `put_down` follows when it has stopped."""
        if self.state in (STOPPED, FAILED):
            return
        self.held = False
        found = self.interrupts
        if self.state == PAUSED or (found is not None and found.paused):
            self.resume()
        if strategy == "critical":
            self._refuse(self.mailbox.clear(lambda message: message.priority == CRITICAL), reason, error)
        elif strategy == IMMEDIATE:
            self._refuse(self.mailbox.clear(), reason, error)
            self.cut_short(reason)
        self.ending = (strategy, reason, error)
        self.reason = reason
        if strategy in (BEST_EFFORT, "critical"):
            self.system.loop.call_later(within, self._hurry, self.ending)
        self.schedule()

    def _hurry(self, ending: tuple[str, str, BaseException | None]) -> None:
        """The time a stop was given is over."""
        if not self.system.waiting.lock.is_free():
            self.system.loop.call_later(0.001, self._hurry, ending)
        elif self.ending is ending and self.state not in (STOPPED, FAILED):
            self.halt(IMMEDIATE, ending[1], 0.0, ending[2])

    def cut_short(self, reason: str) -> None:
        """End what is being processed: where it waits, or at its next checkpoint."""
        if self.message is None and not self.rebuilding:
            return
        self._interrupts().stopped = f"agent `{self.name}` is stopped: {reason}"
        worker = self.worker
        # Callbacks of the loop run between calls: whose call came last says nothing there.
        if worker is not None and not worker.dead and (bridge.current() is None or self.system.current is not self):
            worker.loop.call_soon_threadsafe(self._interrupt, worker)

    def _interrupt(self, worker: Runner) -> None:
        if self.message is not None and not worker.dead and self.worker is worker:
            worker.cancel(f"agent `{self.name}` is stopped: {self.reason}")

    def refuse_all(self, reason: str, error: BaseException) -> None:
        """Whoever waits in the mailbox is told that nothing will come of it."""
        self._refuse(self.mailbox.clear(), reason, error)

    def _refuse(self, messages: list[Message], reason: str, error: BaseException | None) -> None:
        for message in messages:
            message.waits = False
            told = error or errors.not_running(self.name, STOPPED, reason, message.name)
            self._settle(message, None, told)
        if messages:
            self.system.note("actor.dropped", self, {"messages": len(messages), "reason": reason})

    def _end(self) -> None:
        """It has stopped as it was told to: its own code cleans up, then it is down."""
        assert self.ending is not None
        strategy, reason, error = self.ending
        if self.cleanup is not None and self.state != CREATED:
            try:
                self._run(self.cleanup, (), {}, self.system.own_call(), self.worker)
            except Exception as failed:  # noqa: BLE001  (the agent ends all the same)
                self.system.complain(self, None, failed)
            except Stop:
                pass  # it took longer than it may: the stop that ends the program, or the time of this one
        if strategy == EXIT and self.supervisor is not None:
            self.ending = None
            if self.supervisor.exited(self, reason):
                self._signal(reason)
                return
        self.put_down(STOPPED, reason, error)

    def put_down(self, state: str, reason: str, error: BaseException | None = None) -> None:
        """It takes and processes nothing any more; whoever waits for it is told."""
        if self.state in (STOPPED, FAILED):
            return
        self.state, self.reason, self.error = state, reason, error
        self.ending = None
        self.held = self.rebuilding = False
        self._released()
        self._refuse(self.mailbox.clear(), reason, error)
        if state == STOPPED:
            self.system.note("actor.stopped", self, {"reason": reason, "processed": self.processed})
            self._signal(reason)
        for waiting in (*self.ended, self.rebuilt, self.holding):
            if waiting is not None and not waiting.done():
                set_result(waiting, value=None if waiting is self.rebuilt else True)
        self.ended = []
        self.rebuilt = self.holding = None
        if self.supervisor is not None:
            self.supervisor.ended(self)

    def _signal(self, reason: str) -> None:
        """Tell those who are linked, and those who watch; a link and a watch end with it."""
        links, self.links = self.links, None
        monitors, self.monitors = self.monitors, None
        for other in links or ():
            if other.links is not None:
                other.links.pop(self, None)
        for other in links or ():
            other.linked_exit(self, reason)
        for callback in monitors or ():
            self.system.inform(callback, self.id, reason)

    def linked_exit(self, other: Lifecycle, reason: str) -> None:
        """Somebody it is linked to has ended: so does it, unless that was normal or it traps exits."""
        if self.traps is not None:
            self.system.inform(self.traps, other.id, reason, self)
        elif reason != NORMAL and self.state not in (STOPPED, FAILED) and self.ending is None:
            self.cut_short(f"linked to `{other.name}`")
            self.reason = reason
            self.system.note("actor.crashed", self, {"method": "", "reason": reason, "linked": other.id})
            self.crashes += 1
            self._signal(reason)
            if self.supervisor is None:
                self.put_down(FAILED, reason)
            else:
                self.supervisor.crashed(self, reason)

    # --- control ----------------------------------------------------------------------------------

    def _interrupts(self) -> Interrupts:
        if self.interrupts is None:
            self.interrupts = Interrupts()
        return self.interrupts

    def pause(self) -> None:
        """Process nothing more after this message; a message that reaches a checkpoint waits there."""
        if self.state in (CREATED, RUNNING):
            self._interrupts().paused = True
            self.state = PAUSED
            self.system.note("actor.paused", self, {})

    def resume(self) -> None:
        """Go on after `pause`."""
        found = self.interrupts
        if found is None or not found.paused:
            return
        self.state = RUNNING
        self._released()
        self.system.note("actor.resumed", self, {})
        self.schedule()

    def _released(self) -> None:
        """Nothing of it waits at a checkpoint any more."""
        found = self.interrupts
        if found is not None:
            found.paused = False
            waiting, found.resumed = found.resumed, []
            for each in waiting:
                if not each.done():
                    set_result(each, value=True)

    def inject(self, what: Any, when: str = interrupts.NOW, args: tuple[Any, ...] = ()) -> None:
        """Something the agent is to do or to know before all else.

        A function is called as the agent's own code: "now" at the next checkpoint of the message in progress, "next"
        before all other messages. Any other value is context for turns: `context()` gives it.
        """
        chosen("when", when, interrupts.WHEN)
        if not callable(what):
            found = self._interrupts()
            kept = crossing(what, self.system.meter)
            if when == interrupts.NOW or self.message is None:
                found.context.append(kept)
            else:
                found.later.append(kept)
            return
        message = self._message(what, args, None, "critical", deep=False)
        if when == interrupts.NOW and self.message is not None:
            self._interrupts().now.append(message)
        else:
            self.mailbox.accept(message, first=True)
            self.schedule()

    def context(self) -> list[Any]:
        """What was injected for turns since this was last asked."""
        found = self.interrupts
        if found is None or not found.context:
            return []
        given, found.context = found.context, []
        return given

    def set_priority(self, priority: str) -> None:
        """How early it gets its turn when several agents are ready: critical, high, normal or low."""
        self.priority = PRIORITIES.index(chosen("priority", priority, PRIORITIES))

    def checkpoint(self) -> None:
        """Where pause, stop and injected messages take effect inside a message; for its own code."""
        interrupts.checkpoint(self)

    async def reached(self) -> None:
        """`checkpoint` for a coroutine of the agent's turn."""
        await interrupts.reached(self)

    def stop(self, reason: str = NORMAL, strategy: str = COMPLETE, within: float = interrupts.WITHIN_S) -> None:
        """Stop it and wait until it has stopped. It is not restarted.

        From inside, or where it waits for the agent that stops it: it has stopped when the message has ended.
        """
        chosen("strategy", strategy, interrupts.STOPPING)
        within = checked_within(within)
        if self.state in (STOPPED, FAILED):
            return
        system = self.system
        self.halt(strategy, reason, within)
        if self.state not in (STOPPED, FAILED) and not any_waits([self], system.current):
            stopped: Future[bool] = system.loop.create_future()
            self.ended.append(stopped)
            system.wait(stopped, None)

    def start(self) -> None:
        """Start it again after it has ended, as new."""
        if self.state in (STOPPED, FAILED):
            self.revive()
            if self.supervisor is not None:
                self.supervisor.welcome(self)
            self.begin_again()

    def revive(self) -> None:
        """It takes messages again; `begin_again` builds what it was."""
        self.state, self.reason, self.error = RUNNING, "", None

    def link(self, other: Lifecycle) -> None:
        """When one of the two ends otherwise than normally, so does the other. The link is used up then."""
        if other is self:
            return
        if other.state in (STOPPED, FAILED):
            self.linked_exit(other, "noproc")
            return
        for one, two in ((self, other), (other, self)):
            one.links = one.links or {}
            one.links[two] = None

    def unlink(self, other: Lifecycle) -> None:
        """End a link; nothing happens when there is none."""
        for one, two in ((self, other), (other, self)):
            if one.links is not None:
                one.links.pop(two, None)

    def trap(self, handler: Callable[[str, str], Any] | None) -> None:
        """Have the ends of linked agents told to `handler(id, reason)`, as a message, instead of ending with them."""
        self.traps = handler

    def monitor(self, callback: Callable[[str, str], Any]) -> Callable[[], None]:
        """`callback(id, reason)` once when it ends or crashes; at once ("noproc") when it has. Returns what ends it."""
        if self.state in (STOPPED, FAILED):
            self.system.inform(callback, self.id, "noproc")
            return _nothing
        if self.monitors is None:
            self.monitors = []
        self.monitors.append(callback)

        def end() -> None:
            if self.monitors is not None and callback in self.monitors:
                self.monitors.remove(callback)

        return end


def described(error: BaseException) -> str:
    """An exception in one line."""
    message = message_of(error)
    return f"{name_of(type(error))}: {message}" if message else name_of(type(error))


def _nothing() -> None:
    return None


def checked_within(within: Any) -> float:
    """How long a stop may take. Raises E867."""
    if isinstance(within, int | float) and not isinstance(within, bool) and within >= 0:
        return float(min(within, LONGEST_S))
    raise errors.bad_setting(f"within is a time in seconds, from 0 on, not {safe_repr(within):.60}")


def _checked_shutdown(shutdown: float | str) -> float | str:
    if shutdown == BRUTAL:
        return shutdown
    if isinstance(shutdown, int | float) and not isinstance(shutdown, bool) and shutdown >= 0:
        return min(shutdown, LONGEST_S)
    raise errors.bad_setting(f'shutdown is a time in seconds, or "immediate", not {safe_repr(shutdown)}')
