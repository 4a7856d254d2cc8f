"""Supervisors: children in the order in which they were started, stopped in reverse, restarted when they crash.

A supervisor is a list and a rule; it has no mailbox and no greenlet. What it does at once it does where the crash was
noticed: with one_for_one the child's own runner builds its fields again, and nobody else is looked at. Where others
go down too, a task of the loop waits for them in reverse order and starts all again in order.
"""

from __future__ import annotations

from weakref import ref

from dana.agents import errors
from dana.agents.circles import any_waits
from dana.agents.interrupts import BEST_EFFORT, IMMEDIATE, WITHIN_S
from dana.agents.lifecycle import checked_within
from dana.agents.strategies import (
    LIMIT,
    NORMAL,
    ONE_FOR_ONE,
    PERMANENT,
    RESTARTS,
    SHUTDOWN,
    STRATEGIES,
    TEMPORARY,
    Intensity,
    affected,
    chosen,
    is_restarted,
)
from dana.agents.strategies import WITHIN_S as PERIOD_S

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.agents.actor import Actor
    from dana.agents.lifecycle import Lifecycle
    from dana.agents.system import System

RUNNING = "running"
STOPPING = "stopping"
STOPPED = "stopped"
FAILED = "failed"


class Supervisor:
    """Looks after children, which are actors or supervisors.

    `strategy` says who goes down together; `limit` restarts are allowed within `within` seconds of the program's
    clock. One more, and it stops all children and fails, as a child of its own supervisor, which treats it as `restart`
    says. Raises E867 for settings that cannot be.
    """

    __slots__ = (
        "__weakref__", "_children", "_waiting", "intensity", "name", "number", "parent", "reason", "restart",
        "restarting", "state", "strategy", "system",
    )  # fmt: skip

    def __init__(
        self,
        system: System,
        name: str,
        strategy: str = ONE_FOR_ONE,
        limit: int = LIMIT,
        within: float = PERIOD_S,
        *,
        restart: str = PERMANENT,
    ) -> None:
        self.system = system
        self.number = system.next_number()
        self.name = name
        self.strategy = chosen("strategy", strategy, STRATEGIES)
        self.intensity = Intensity(limit, within)
        self.restart = chosen("restart", restart, RESTARTS)
        self.parent: Supervisor | None = None
        self.state = RUNNING
        self.reason = ""
        # Each child by its number, in start order; weakly where it lives only as long as somebody knows it.
        self._children: dict[int, Callable[[], Any]] = {}
        # Whether a task restarts several children now, and which crashes wait until it is done.
        self.restarting = False
        self._waiting: list[tuple[Any, str]] = []

    @property
    def id(self) -> str:
        """What the ledger calls it."""
        return f"{self.name}#{self.number}"

    def __repr__(self) -> str:
        return f"<supervisor {self.id} {self.state}>"

    @property
    def limit(self) -> int:
        """Restarts that are allowed within `within` seconds."""
        return self.intensity.limit

    @property
    def within(self) -> float:
        """The seconds that `limit` is about."""
        return self.intensity.within

    # --- children ---------------------------------------------------------------------------------

    @property
    def children(self) -> list[Any]:
        """Actors and supervisors, in start order."""
        return [child for child in [get() for get in self._children.values()] if child is not None]

    def add(self, child: Actor | Supervisor, *, weakly: bool = False) -> None:
        """Look after a child from now on, as the last one; it leaves the supervisor it had.

        `weakly`: it is forgotten when nobody else knows it.
        """
        if self.state != RUNNING:
            raise errors.bad_setting(f"supervisor `{self.name}` is {self.state} and takes no children")
        before = child.parent if isinstance(child, Supervisor) else child.supervisor
        if isinstance(child, Supervisor):
            if child is self or self.is_below(child):
                raise errors.bad_setting(f"supervisor `{child.name}` cannot be its own child")
            child.parent = self
        else:
            child.supervisor = self
        if before is not None and before is not self:
            before.remove(child)
        if weakly:
            children, number = self._children, child.number
            children[number] = ref(child, lambda _gone: children.pop(number, None))
        else:
            self._children[child.number] = _Held(child)

    def remove(self, child: Lifecycle | Supervisor) -> None:
        """Look after it no more."""
        self._children.pop(child.number, None)

    def is_below(self, other: Supervisor) -> bool:
        """Whether `other` looks after this one, at whatever distance."""
        above = self.parent
        while above is not None and above is not other:
            above = above.parent
        return above is not None

    def has_restarted(self, child: Actor) -> bool:
        """Whether restarts, of any child, are recent enough to count."""
        return child.incarnation > 1 and self.intensity.recent(self.system.now()) > 0

    # --- what children report ---------------------------------------------------------------------

    def crashed(self, child: Any, reason: str) -> None:
        """A child has crashed: restart what the strategy says, or give up."""
        if self.state != RUNNING:
            _put_down(child, reason)
        elif child.restart == TEMPORARY:
            self.remove(child)
            _put_down(child, reason)
        elif self.restarting:
            _hold(child)
            self._waiting.append((child, reason))
        else:
            self._restart(child, reason)

    def restarts(self, child: Lifecycle, reason: str) -> bool:
        """Whether a child that ends by its own will for this reason is started again."""
        return self.state == RUNNING and is_restarted(child.restart, abnormal=reason not in (NORMAL, SHUTDOWN))

    def exited(self, child: Lifecycle, reason: str) -> bool:
        """A child has ended by its own will; whether it is started again."""
        if not self.restarts(child, reason):
            return False
        self.crashed(child, reason)
        return True

    def ended(self, child: Lifecycle) -> None:
        """A child is down; it is kept, so that it can be started again, unless it is temporary."""
        if child.restart == TEMPORARY:
            self.remove(child)

    def welcome(self, child: Any) -> None:
        """A child that was down starts again."""
        if child.number not in self._children:
            self.add(child)

    def _restart(self, child: Any, reason: str) -> None:
        if self.intensity.exceeds(self.system.now()):
            self._give_up(child, reason)
            return
        if self.strategy == ONE_FOR_ONE and not isinstance(child, Supervisor):
            child.begin_again()
            return
        group = affected(self.strategy, self.children, child)
        if self.system.in_place:
            for each in group:
                if each.restart == TEMPORARY:
                    self.remove(each)
                    _put_down(each, SHUTDOWN, state=STOPPED)
                elif each is child or not _is_down(each):
                    each.begin_again()
            return
        self.restarting = True
        for each in group:
            if each is child or (not isinstance(each, Supervisor) and each.message is None):
                _hold(each)
        self.system.task(self._restart_all(group, child))

    async def _restart_all(self, group: list[Any], failed: Any) -> None:
        """Stop the others last to first, then start all first to last; a start that fails is one more crash."""
        for child in reversed(group):
            if child is not failed or isinstance(child, Supervisor):
                await _hold_until_still(child)
            if child.restart == TEMPORARY:
                self.remove(child)
                _put_down(child, SHUTDOWN, state=STOPPED)
        again: tuple[Any, str] | None = None
        for child in group:
            if self.state != RUNNING or again is not None:
                break
            if _is_down(child) and child is not failed:
                continue  # stopped by hand, or temporary
            again = await self._start(child)
        self.restarting = False
        waiting, self._waiting = self._waiting, []
        if again is not None:
            self.crashed(*again)
        for each in waiting:
            if again is None or each[0] is not again[0]:
                self.crashed(*each)

    async def _start(self, child: Any) -> tuple[Any, str] | None:
        """Start a child anew; the child and the reason, when that failed."""
        if isinstance(child, Supervisor):
            return await child.start_children()
        told = self.system.loop.create_future()
        child.begin_again(told)
        error = await told
        if error is None:
            return None
        from dana.agents.lifecycle import described

        child.reason = described(error)
        child.held = True
        return child, child.reason

    async def start_children(self) -> tuple[Any, str] | None:
        """All children anew, first to last; the supervisor itself and the reason, when one could not start."""
        self.state = RUNNING
        self.reason = ""
        self._waiting = []
        self.intensity = Intensity(self.intensity.limit, self.intensity.within)
        for child in self.children:
            if not isinstance(child, Supervisor) and child.state in (STOPPED, FAILED):
                child.revive()
            failed = await self._start(child)
            if failed is not None:
                return self, failed[1]
        return None

    def begin_again(self) -> None:
        """All children anew, where nothing runs beside what calls this."""
        self.state = RUNNING
        for child in self.children:
            if not isinstance(child, Supervisor) and child.state in (STOPPED, FAILED):
                child.revive()
            child.begin_again()

    # --- the end ----------------------------------------------------------------------------------

    def _give_up(self, child: Any, reason: str) -> None:
        """Too many crashes: all children end, and this supervisor fails."""
        error = errors.gave_up(self.name, child.name, self.limit, self.within, reason)
        self.state = FAILED
        self.reason = str(error)
        self.system.note("actor.gave_up", self, {"child": child.id, "limit": self.limit, "reason": reason})
        root = self.parent is None
        if root:
            self.system.lost(error)
        _put_down(child, reason, error)
        if self.system.in_place:
            for each in reversed(self.children):
                _put_down(each, self.reason, error)
            self._escalate()
        else:
            self.system.task(self._fail(error))

    async def _fail(self, error: BaseException) -> None:
        await self._stop_children(self.reason, error, None)
        self._escalate()

    def _escalate(self) -> None:
        if self.parent is not None:
            self.parent.crashed(self, self.reason)

    def stop(self, within: float | None = None, reason: str = SHUTDOWN) -> None:
        """Stop all children, last to first, each within its own `shutdown` seconds, and wait until they have stopped.

        `within`: a limit for all of them together. Where a child stops them, or one waits for the agent that does, they
        have stopped some time after its message has ended.
        """
        if within is not None:
            within = checked_within(within)
        system = self.system
        if self.state in (STOPPED, FAILED):
            return
        self.state = STOPPING
        if system.in_place or not self.children:
            for child in reversed(self.children):
                if isinstance(child, Supervisor):
                    child.stop(within, reason)
                else:
                    child.halt(BEST_EFFORT, reason, WITHIN_S)
                    child.put_down(STOPPED, reason)
            self.state = STOPPED
            return
        done = system.task(self.stopping(reason, within))
        if any_waits(self.actors(), system.current):
            return
        if not system.wait(done, None):
            done.cancel()

    def actors(self) -> list[Actor]:
        """All agents below it, in start order."""
        return [
            each for child in self.children for each in (child.actors() if isinstance(child, Supervisor) else [child])
        ]

    async def stopping(self, reason: str = SHUTDOWN, within: float | None = None) -> None:
        """`stop` for a coroutine."""
        self.state = STOPPING
        await self._stop_children(reason, None, within)
        self.state = STOPPED

    async def _stop_children(self, reason: str, error: BaseException | None, within: float | None) -> None:
        loop = self.system.loop
        end = None if within is None else loop.time() + within
        for child in reversed(self.children):
            left = None if end is None else max(0.0, end - loop.time())
            if isinstance(child, Supervisor):
                if child.state == RUNNING:
                    await child.stopping(reason, left)
                continue
            if _is_down(child):
                continue
            gone = loop.create_future()
            child.ended.append(gone)
            seconds = 0.0 if child.shutdown == "immediate" else float(child.shutdown)
            seconds = seconds if left is None else min(seconds, left)
            if error is not None:
                child.refuse_all(reason, error)
            child.halt(BEST_EFFORT if seconds else IMMEDIATE, reason, seconds, error)
            if not _is_down(child):
                await gone


class _Held:
    """Keeps a child, and gives it like a weak reference does."""

    __slots__ = ("child",)

    def __init__(self, child: Any) -> None:
        self.child = child

    def __call__(self) -> Any:
        return self.child


def _is_down(child: Any) -> bool:
    return child.state in (STOPPED, FAILED)


def _put_down(child: Any, reason: str, error: BaseException | None = None, *, state: str = FAILED) -> None:
    if isinstance(child, Supervisor):
        for each in reversed(child.children):
            _put_down(each, reason, error, state=state)
        child.state = state
    else:
        child.put_down(state, reason, error)


def _hold(child: Any) -> None:
    if not isinstance(child, Supervisor):
        child.held = True


async def _hold_until_still(child: Any) -> None:
    """A child processes nothing from now on; what it is at may end within its `shutdown`, then it is cancelled."""
    if isinstance(child, Supervisor):
        for each in reversed(child.children):
            await _hold_until_still(each)
        return
    child.held = True
    if child.message is None or _is_down(child):
        return
    loop = child.system.loop
    still = child.holding = loop.create_future()
    seconds = 0.0 if child.shutdown == "immediate" else float(child.shutdown)
    timer = loop.call_later(seconds, child.cut_short, "its supervisor restarts it")
    await still
    timer.cancel()
    child.holding = None
