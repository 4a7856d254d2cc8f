"""Pools of resources (L32, M70, M71): few connections for many users, made when needed and given out in turn.

    pool = resources.pool(Connection, size=4)
    with pool.take("db://main") as connection: …

What a pool is asked with is the key: each key has at most `size` resources, made lazily with exactly these arguments.
Who comes when all are in use waits in line, and whoever gives one back hands it to the first of the line. A resource
that has lain idle is asked whether it is well (`check`) before it is given out; one that broke while it was used is
stopped and not given out again. A breaker per key refuses at once while its resources cannot be had at all; other keys
are none of its business. What is running when the program ends is stopped like all resources, last started first.
"""

from __future__ import annotations

import asyncio
from collections import deque

from dana.adaptive.breaker import CLOSED, HALF_OPEN, OPEN, Breaker
from dana.runtime.calls import identity
from dana.runtime.effects import Effect
from dana.runtime.effects.waiting import waiting_of
from dana.runtime.exceptions import message_of
from dana.runtime.lifecycle import RUNNING, Resource
from dana.runtime.stops import failure
from dana.runtime.structs import Struct
from dana.runtime.typevalues import kind_of, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Future
    from collections.abc import Callable
    from typing import Any

    from dana.runtime.calls import Call
    from dana.runtime.program import Program

LARGEST = 1_000
MOST_KEYS = 100
LONGEST_S = 30 * 86_400.0
# From here on an idle resource is asked whether it is well; who has just used it knows.
CHECK_AFTER_S = 1.0


class Idle:
    """A resource nobody uses: since when, and when it was made."""

    __slots__ = ("made", "resource", "since")

    def __init__(self, resource: Any, made: float, since: float) -> None:
        self.resource = resource
        self.made = made
        self.since = since


class Lane:
    """The resources of one key. `holders`: the calls that use one, as often as they do; `breaker`: None without one."""

    __slots__ = ("args", "breaker", "holders", "idle", "keywords", "line", "taken", "used")

    def __init__(self, args: tuple[Any, ...], keywords: dict[str, Any], breaker: Breaker | None) -> None:
        self.args = args
        self.keywords = keywords
        self.breaker = breaker
        self.idle: list[Idle] = []
        self.line: deque[Future[Idle | None]] = deque()
        self.taken = 0
        # When it was asked for last.
        self.used = 0.0
        self.holders: list[Call] = []


class Pool:
    """At most `size` resources per key. Made by `resources.pool`; see there for the options."""

    __slots__ = (
        "_breaks", "_check_after", "_closed", "_counts", "_idle_s", "_lanes", "_make", "_max_age", "_name", "_program",
        "_size", "_wait", "_wait_s",
    )  # fmt: skip

    def __init__(
        self,
        program: Program,
        make: Any,
        *,
        size: int = 4,
        wait: float = 30.0,
        idle: float = 300.0,
        max_age: float | None = None,
        check_after: float = CHECK_AFTER_S,
        breaker: bool = True,
    ) -> None:
        if not callable(make):
            hint = "as in `resources.pool(Connection, size=4)`"
            raise failure(TypeError, "E601", f"a pool is given what makes a resource, not {short(make)}", hint)
        if size.__class__ is not int or not 1 <= size <= LARGEST:
            raise failure(ValueError, "E602", f"the size of a pool is a whole number from 1 to {LARGEST:,}")
        for name, seconds in (("wait", wait), ("idle", idle), ("max_age", max_age), ("check_after", check_after)):
            if seconds is not None and (seconds.__class__ not in (int, float) or not 0 <= seconds <= LONGEST_S):
                raise failure(ValueError, "E602", f"`{name}` of a pool is a number of seconds, at most 30 days")
        self._program = program
        self._make = make
        self._name = str(getattr(make, "__name__", "") or "resource")
        self._size = size
        self._wait_s = float(wait)
        self._idle_s = float(idle)
        self._max_age = max_age
        self._check_after = check_after
        self._breaks = bool(breaker)
        self._lanes: list[Lane] = []
        self._counts = {"made": 0, "reused": 0, "discarded": 0, "waited": 0, "refused": 0}
        self._closed = False
        self._wait = Effect(program, "pool.take", self._in_line, taped=False)

    # --- for programs -----------------------------------------------------------------------------

    def take(self, /, *args: Any, **keywords: Any) -> Lease:
        """`with pool.take(…) as r:`: a resource made with these arguments, for the block."""
        return Lease(self, args, keywords)

    def status(self) -> dict[str, Any]:
        """How many are in use, idle and waited for, and what happened so far."""
        lanes = self._lanes
        return {
            "size": self._size, "keys": len(lanes), "in_use": sum(lane.taken for lane in lanes),
            "idle": sum(len(lane.idle) for lane in lanes), "waiting": sum(len(lane.line) for lane in lanes),
            **self._counts, "breaker": self._worst() if self._breaks else None,
        }  # fmt: skip

    def close(self) -> None:
        """Give out nothing any more: idle resources are stopped now, the others when they come back."""
        self._closed = True
        for lane in self._lanes:
            while lane.idle:
                self._discard(lane.idle.pop().resource)
            for place in lane.line:
                _hand(place, None)
            lane.line.clear()

    def __repr__(self) -> str:
        return f"<pool of {self._size} {self._name}>"

    # --- taking -----------------------------------------------------------------------------------

    def _acquire(self, lease: Lease) -> Any:
        """A resource that is running and well, for `lease`; raises E879 when there is none in time."""
        self._refuse_if_closed()
        self._evict()
        lane = self._lane(lease._args, lease._keywords)
        now = self._now()
        lease._breaker, lease._ticket = lane.breaker, self._admitted(lane, now)
        try:
            found = self._place(lane)
            try:
                while found is not None and not self._is_fit(found):
                    self._discard(found.resource)
                    found = lane.idle.pop() if lane.idle else None
                if found is None:
                    found = self._made(lane)
                else:
                    self._counts["reused"] += 1
            except BaseException:
                self._release(lane, None)
                raise
        except BaseException as error:
            self._judge(lease, error if isinstance(error, Exception) else None, cancelled=True)
            raise
        lease._lane, lease._held, lease._since = lane, found, self._now()
        lease._call = identity(self._program.meter)
        lane.holders.append(lease._call)
        return found.resource

    def _place(self, lane: Lane) -> Idle | None:
        """The right to one of the lane's resources, with an idle one if there is one. Waits in line if it must."""
        if lane.taken < self._size and not lane.line:
            lane.taken += 1
            return lane.idle.pop() if lane.idle else None
        self._refuse_deadlock(lane)
        self._counts["waited"] += 1
        granted, found = self._wait(lane)
        self._refuse_if_closed()
        if not granted:
            self._counts["refused"] += 1
            many = f"all {self._size} are in use" if self._size > 1 else "it is in use"
            msg = f"no {self._name} became free within {self._wait_s:g} s: {many}"
            raise failure(TimeoutError, "E879", msg, "give them back sooner, or raise `size` or `wait` of the pool")
        return found  # type: ignore[no-any-return]

    def _in_line(self, lane: Lane) -> Any:
        """What is awaited: (whether it is one's turn, the resource that was handed over)."""
        place: Future[Idle | None] = waiting_of(self._program).loop("pool.take").create_future()
        lane.line.append(place)

        async def turn() -> tuple[bool, Idle | None]:
            try:
                async with asyncio.timeout(self._wait_s):
                    return True, await place
            except TimeoutError:
                return self._left(lane, place)
            except asyncio.CancelledError:
                granted, found = self._left(lane, place)
                if granted:
                    self._release(lane, found)
                raise

        return turn()

    def _left(self, lane: Lane, place: Future[Idle | None]) -> tuple[bool, Idle | None]:
        """Leave the line; it may be one's turn all the same, at the very last moment."""
        if place.done() and not place.cancelled():
            return True, place.result()
        if place in lane.line:
            lane.line.remove(place)
        return False, None

    def _made(self, lane: Lane) -> Idle:
        made = self._make(*lane.args, **lane.keywords)
        if not isinstance(made, Resource):
            hint = "declare it as `resource`, with `start` and `stop`"
            raise failure(TypeError, "E879", f"a pool holds resources, and `{self._name}` made {_named(made)}", hint)
        made.start()
        self._counts["made"] += 1
        now = self._now()
        return Idle(made, now, now)

    def _is_fit(self, found: Idle) -> bool:
        """Whether an idle resource may be given out."""
        now = self._now()
        if self._max_age is not None and now - found.made > self._max_age:
            return False
        return now - found.since < self._check_after or _is_well(found.resource)

    # --- giving back ------------------------------------------------------------------------------

    def _give_back(self, lease: Lease, error: BaseException | None) -> None:
        lane, held = lease._lane, lease._held
        assert lane is not None
        assert held is not None
        lease._lane = lease._held = None
        assert lease._call is not None
        lane.holders.remove(lease._call)
        fit: Idle | None = held
        broken = True
        try:
            broken = held.resource.state != RUNNING or _is_broken(held.resource, error)
            if broken or self._closed:
                fit = None
                self._discard(held.resource)
        finally:
            if fit is not None:
                fit.since = self._now()
            self._release(lane, fit)
            self._judge(lease, error if broken else None, cancelled=False)

    def _release(self, lane: Lane, found: Idle | None) -> None:
        """Hand the place to the first of the line, else it is free."""
        while lane.line:
            place = lane.line.popleft()
            if not place.done():
                _hand(place, found)
                return
        lane.taken -= 1
        if found is not None:
            lane.idle.append(found)

    def _discard(self, resource: Any) -> None:
        """Stop a resource that is not given out any more. That it fails at that is told, and changes nothing."""
        self._counts["discarded"] += 1
        try:
            resource.stop()
        except Exception as error:  # noqa: BLE001  (it is broken; whoever waits for another one gets it)
            self._program.warn(f"a {self._name} of a pool failed to stop: {message_of(error)}")

    # --- keys, age, breaker -----------------------------------------------------------------------

    def _lane(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> Lane:
        now = self._now()
        for lane in self._lanes:
            if lane.args == args and lane.keywords == keywords:
                lane.used = now
                return lane
        if len(self._lanes) >= MOST_KEYS:
            free = min((each for each in self._lanes if not each.taken and not each.line), key=_last_use, default=None)
            if free is None:
                raise failure(OSError, "E879", f"a pool has at most {MOST_KEYS} keys in use at once")
            self._lanes.remove(free)
            for each in free.idle:
                self._discard(each.resource)
        made = Lane(args, keywords, Breaker(least=5, window=20) if self._breaks else None)
        made.used = now
        self._lanes.append(made)
        return made

    def _evict(self) -> None:
        """Stop what has been idle for too long; whoever takes something next does it."""
        now = self._now()
        for lane in list(self._lanes):
            old = [each for each in lane.idle if now - each.since > self._idle_s]
            if old:
                lane.idle = [each for each in lane.idle if each not in old]
                for each in old:
                    self._discard(each.resource)

    def _worst(self) -> str:
        """How the breakers are: what the worst of them is."""
        states = {lane.breaker.state for lane in self._lanes if lane.breaker is not None}
        return next((each for each in (OPEN, HALF_OPEN) if each in states), CLOSED)

    def _admitted(self, lane: Lane, now: float) -> int:
        breaker = lane.breaker
        ticket = 1 if breaker is None else breaker.admit(now)
        if not ticket:
            assert breaker is not None
            self._counts["refused"] += 1
            left = breaker.retry_after(now)
            msg = f"no {self._name} can be had: most of the last tries failed, the next is in {max(0.0, left):.1f} s"
            raise failure(ConnectionError, "E879", msg, "see whether what it connects to runs")
        return ticket

    def _judge(self, lease: Lease, error: BaseException | None, *, cancelled: bool) -> None:
        """Tell the breaker how it went. `cancelled`: nothing came of it, and without an error it says nothing."""
        breaker = lease._breaker
        if breaker is None:
            return
        now = self._now()
        if error is not None and getattr(error, "_code", "") != "E879":
            breaker.failure(lease._ticket, now - lease._since, now)
        elif cancelled:
            breaker.cancelled(lease._ticket)
        else:
            breaker.success(lease._ticket, now - lease._since, now)

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise failure(RuntimeError, "E879", f"the pool of {self._name} was closed")

    def _refuse_deadlock(self, lane: Lane) -> None:
        """Who holds all of them waits for nobody but itself."""
        call = identity(self._program.meter)
        if lane.holders.count(call) >= self._size:
            many = f"all {self._size}" if self._size > 1 else "the only one"
            msg = f"this code uses {many} of the pool of {self._name} and asks for another: it would wait for itself"
            raise failure(RuntimeError, "E879", msg, "use the one that was taken, or raise `size`")

    def _now(self) -> float:
        return float(self._program.clock.monotonic())


class Lease:
    """What `pool.take(…)` gives: used with `with`, it takes a resource and gives it back."""

    __slots__ = ("_args", "_breaker", "_call", "_held", "_keywords", "_lane", "_pool", "_since", "_ticket")

    def __init__(self, pool: Pool, args: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        self._pool = pool
        self._args = args
        self._keywords = keywords
        self._lane: Lane | None = None
        self._held: Idle | None = None
        self._call: Call | None = None
        self._since = pool._now()
        self._breaker: Breaker | None = None
        self._ticket = 0

    def __enter__(self) -> Any:
        if self._held is not None:
            raise failure(RuntimeError, "E879", "this was taken already", "write `pool.take(…)` where it is used")
        return self._pool._acquire(self)

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        self._pool._give_back(self, error)

    def __repr__(self) -> str:
        return f"<one of {self._pool!r}>"


def _last_use(lane: Lane) -> float:
    return lane.used


def _hand(place: Future[Idle | None], found: Idle | None) -> None:
    """Wake who waits, on the loop it waits on."""
    loop = place.get_loop()
    if loop is _running_loop():
        place.set_result(found)
    else:
        loop.call_soon_threadsafe(_set, place, found)


def _set(place: Future[Idle | None], found: Idle | None) -> None:
    if not place.done():
        place.set_result(found)


def _running_loop() -> Any:
    return asyncio._get_running_loop()


def _is_broken(resource: Any, error: BaseException | None) -> bool:
    """Whether what left the block says that the resource cannot be used again.

    A stop (a deadline, a cancellation) came at any point of a conversation; a failed connection is broken. What else
    goes wrong in a block is mostly the program's own business: the resource is asked, if it can be.
    """
    if error is None:
        return False
    if not isinstance(error, Exception) or isinstance(error, OSError):
        return True
    return not _is_well(resource)


def _is_well(resource: Any) -> bool:
    """What the resource's own `check` says; without one it is taken to be well as long as it runs."""
    if resource.state != RUNNING:
        return False
    check = getattr(resource, "check", None)
    if not callable(check):
        return True
    try:
        return bool(check())
    except Exception:  # noqa: BLE001  (a check that fails says that it is not well)
        return False


def _named(value: Any) -> str:
    return f"the struct `{value._shape.name}`" if isinstance(value, Struct) else kind_of(value)


def pool_of(program: Program) -> Callable[..., Pool]:
    """`resources.pool` for one program."""

    def pool(make: Any, /, **options: Any) -> Pool:
        """A pool of the resources that `make(…)` makes."""
        return Pool(program, make, **options)

    return pool
