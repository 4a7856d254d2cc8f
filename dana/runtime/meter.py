"""Limits: how compiled loops are counted, timed and stopped.

Compiled loops draw one item per round from a C iterator, `itertools.chain.from_iterable(lane)`. The
lane is asked only when a chunk is used up; it hands out the next chunk, a list of `True`s, and that is
where everything happens: steps are counted, the clock and cancellation are looked at, the stack depth is
measured, the size of the next chunk is chosen so that it lasts about 0.4 ms.

    steps:  chain ── lane ──▶ [True, True, …]  [True, …]  …
    calls:  chain ── lane ──▶ [True, …]            (never longer than the depth that is left)

If the lane itself raised, `chain` would be finished for good and later loops would end silently. So when
a limit is reached the lane hands out the `_Barrier`, an iterator that raises the stop *each time* it is
asked, until the extent of the limit ends. While the stop unwinds, `finally` bodies draw from the barrier
too: one grace budget for the whole stop lets them finish, item by item.

Which step exceeds the limit never depends on time: chunks differ in size, their sum does not.
A watchdog thread (`watchdog`) looks at runs with a time or memory limit: it empties the chunks when one is reached,
and throws the stop into the program where nothing draws from them.
"""

from __future__ import annotations

import sys
from itertools import chain
from time import monotonic

from dana.recursion import at_least
from dana.runtime.stops import CancelStop, LimitStop, Stop, TimeoutStop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from dana.runtime.calls import Call
    from dana.runtime.memory import Memory

CHUNK_MIN = 16
CHUNK_MAX = 8192
FAST_S = 0.0003
SLOW_S = 0.0006
AIM_S = 0.0004
# Steps that may be charged ahead between two looks at the clock.
QUIET = 4096
# Closer than this to a deadline, loops that are charged ahead look at the clock more often.
NEAR_S = 2.0
# A single value may be this large where no limit says less.
MAX_BYTES = 800_000_000
# With a memory limit, one value may take this part of the whole: what grows by doubling is seen before it is much
# too large, and nothing that C does with one value takes long.
SHARE = 8
# How often memory is looked at at chunk ends, and after how many bytes that helpers have asked for.
LOOK_S = 0.004
ASKED_BYTES = 8 << 20
GRACE_STEPS = 10_000
GRACE_S = 0.05
# Frames CPython may use beyond the depth limit (helpers, comparison methods) before it objects itself.
RECURSION_MARGIN = 250
# Room for the host's own frames; more are counted.
HOST_FRAMES = 250
# From this limit on nobody counts frames for the first chunk of a call: looking at a frame makes an object of it, which
# a call that waits would keep.
FLAT_DEPTH = 4 * CHUNK_MIN


NEVER = float("inf")


class _Watchers:
    """What only runs with a time or memory limit need, loaded by the first of them.

    `due`: when the first of several watched runs must end; the others give way to it then.
    """

    __slots__ = ("dog", "due", "ident", "memory")

    def __init__(self) -> None:
        self.due = NEVER
        self.ident: Any = None
        self.dog: Any = None
        self.memory: Any = None

    def load(self) -> None:
        from _thread import get_ident

        from dana.runtime.memory import Memory
        from dana.runtime.watchdog import WATCHDOG

        self.dog, self.memory, self.ident = WATCHDOG, Memory, get_ident


WATCHERS = _Watchers()


class Deadline:
    """A moment after which code inside its extent is stopped; what `push_deadline` returns."""

    __slots__ = ("at", "before", "kept", "seconds", "wall")

    def __init__(self, at: float, seconds: float, before: float | None = None, *, wall: bool = False) -> None:
        self.at, self.kept = at, False  # kept: a branch of the program knows it as well
        self.seconds = seconds
        self.before = before  # the nearest deadline without this one, for popping it at once
        self.wall = wall


class _Extent:
    """One stop in progress: what is raised, for which deadline, and what is left of its grace."""

    __slots__ = ("deadline", "first", "grace", "grace_ends", "kind")

    def __init__(self, kind: str, deadline: Deadline | None = None) -> None:
        self.kind = kind
        self.deadline = deadline
        self.first: Stop | None = None
        self.grace = GRACE_STEPS
        self.grace_ends = 0.0


class _Lane:
    """The source of one chain: hands out chunks."""

    __slots__ = ("chunk", "deep", "given", "lost", "meter", "since", "size", "spare")

    def __init__(self, meter: Meter, *, deep: bool) -> None:
        self.meter = meter
        self.deep = deep
        self.chunk: list[bool] = []
        self.spare: list[bool] = []
        self.given: Iterator[bool] = iter(())
        self.lost = 0
        self.since = 0.0
        self.size = CHUNK_MIN

    def __iter__(self) -> _Lane:
        return self

    def __next__(self) -> Iterator[bool]:
        return self.meter._refill(self)

    def left(self) -> int:
        """Items of the current chunk nobody has drawn yet."""
        return self.given.__length_hint__()  # type: ignore[attr-defined, no-any-return]

    def cut(self) -> None:
        """Take back what is left of the chunk; may be called from another thread."""
        if self.chunk:
            left = self.left()
            self.chunk.clear()
            self.lost += left


class _Barrier:
    """Handed out instead of a chunk while a stop is in progress."""

    __slots__ = ("meter",)

    def __init__(self, meter: Meter) -> None:
        self.meter = meter

    def __iter__(self) -> _Barrier:
        return self

    def __next__(self) -> bool:
        return self.meter._at_barrier()


class Meter:
    """Counts and limits one program's run.

    The arguments are limits (None: none); `clock` gives monotonic seconds. The attributes `steps` and
    `calls` are the C iterators compiled code draws from. Single-threaded except for `cancel`.
    """

    __slots__ = (
        "_asleep", "_barrier", "_base", "_call", "_call_lane", "_cancelled", "_closing", "_deadline", "_deadlines",
        "_deeper", "_floor", "_granted", "_is_flat", "_memory", "_nested", "_scopes", "_step_lane", "_stop",
        "_watching", "bank", "calls", "clock", "depth", "limit", "memory_bytes", "most_bytes", "most_promises",
        "most_tokens", "most_usd", "promises", "steps", "thread", "tokens", "usd", "waker", "wall_s",
    )  # fmt: skip

    def __init__(
        self,
        steps: int | None = None,
        wall_s: float | None = None,
        depth: int | None = 1000,
        clock: Callable[[], float] = monotonic,
        *,
        memory_bytes: int | None = None,
        promises: int | None = None,
        tokens: int | None = None,
        usd: float | None = None,
        watch: bool = True,
    ) -> None:
        self.limit = steps
        self.memory_bytes = memory_bytes
        self.most_promises = promises
        self.most_tokens = tokens
        self.most_usd = usd
        # Promises that are open now, and what the model has cost in this run.
        self.promises = self.tokens = 0
        self.usd = 0.0
        # No single value may be larger.
        self.most_bytes = MAX_BYTES
        self._memory: Memory | None = None
        self.wall_s = wall_s
        self.depth = depth
        self.clock = clock
        # Told of a cancellation, when calls of the program wait for effects: wakes them, says whether there were any.
        self.waker: Callable[[str], bool] | None = None
        self._call: Call | None = None
        self._asleep = False
        self._deeper = self._granted = self._nested = 0
        # Steps granted ahead to loops that charge themselves: `bank[0] -= n` while it stays positive.
        self.bank = [0]
        self._base: Any = None
        self._floor: Any = None
        # Whether the running call has drawn nothing yet: then it is not nested, and nobody needs to look.
        self._is_flat = False
        # What `scopes` made, by length of time: all functions with the same timeout share it.
        self._scopes: dict[float, tuple[Callable[[float], Deadline], Callable[[Deadline], None]]] = {}
        self._closing = False
        self._deadlines: list[Deadline] = []
        self._deadline: float | None = None
        self._cancelled: str | None = None
        self._stop: _Extent | None = None
        self._watching = watch
        self.thread = 0
        self._barrier = _Barrier(self)
        self._step_lane = _Lane(self, deep=False)
        self._call_lane = _Lane(self, deep=True)
        self.steps: Iterator[bool] = chain.from_iterable(self._step_lane)
        self.calls: Iterator[bool] = chain.from_iterable(self._call_lane)

    # --- the run --------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin a run; nested runs (the host calls back into the program) share the outermost one's limits."""
        if self._asleep:  # who is loaded waits: this is another call
            from dana.runtime.calls import leave

            leave(self)
        self._nested += 1
        if self._nested > 1:
            return
        self._call = None
        self._deeper = 0
        self._cut()
        self._granted = self.bank[0] = 0
        self._step_lane.lost = self._call_lane.lost = 0
        self._step_lane.size = self._call_lane.size = CHUNK_MIN
        self._cancelled = self._stop = None
        self._base = self._floor = sys._getframe(1)
        self._is_flat = self.depth is not None and self.depth >= FLAT_DEPTH
        self._closing = False
        self._deadlines = []
        if self.wall_s is not None:
            self._deadlines.append(Deadline(self.clock() + self.wall_s, self.wall_s, wall=True))
        self._settle()
        self.promises = self.tokens = 0
        self.usd = 0.0
        if self.memory_bytes is not None:
            if WATCHERS.memory is None:
                WATCHERS.load()
            self._memory = WATCHERS.memory(self.memory_bytes)
            self.most_bytes = min(MAX_BYTES, self.memory_bytes // SHARE)
        if self._watching and (self.wall_s is not None or self.memory_bytes is not None):
            self._watch()
        if self.depth is not None:
            _allow_depth(self.depth)

    def finish(self) -> None:
        """End what `start` began."""
        self._nested -= 1
        if self._nested:
            return
        self._call = None
        self._deadlines = []
        self._deadline = self._stop = self._memory = None
        self._base = self._floor = None
        if self.thread:
            self.thread = 0
            WATCHERS.dog.forget(self)

    @property
    def used(self) -> int:
        """Steps taken in this run so far."""
        lanes = (self._step_lane, self._call_lane)
        return self._granted - self.bank[0] - sum(lane.left() + lane.lost for lane in lanes)

    def cancel(self, reason: str = "cancelled") -> bool:
        """Stop the current run at its next step; from any thread. False when nothing runs."""
        woken = self.waker is not None and self.waker(reason)
        if not self._nested or self._asleep:
            return woken
        self.cancel_running(reason)
        return True

    def charge(self, steps: int) -> int:
        """Take up to `steps` (at least one) steps ahead of time; returns how many were granted.

        Raises the stop that is due. Steps that turn out not to be needed go back by `refund`.
        """
        left = self.bank[0] - steps
        if left > 0:
            self.bank[0] = left
            return steps
        return self._charge_with_care(steps)

    def is_near(self) -> bool:
        """Whether a deadline is so close that loops should not be charged far ahead."""
        return self._deadline is not None and self._deadline - self.clock() < NEAR_S

    def refund(self, steps: int) -> None:
        """Give back steps that were charged and not used."""
        self._granted -= steps

    # --- memory, promises, cost -----------------------------------------------------------------

    def room(self, size: int) -> None:
        """Ask for `size` bytes that are about to be allocated, or have just been; raises the stop "memory".

        One value may not be larger than `most_bytes`, and the process may not grow by more than the limit.
        """
        if size > self.most_bytes:
            raise self.stop("memory")
        memory = self._memory
        if memory is not None:
            memory.asked += size
            if memory.asked > ASKED_BYTES and memory.is_over(size) and self._stop is None:
                raise self.stop("growth")

    def promise_opened(self) -> None:
        """A promise was begun; raises the stop "promises" when too many are open."""
        self.promises += 1
        if self.most_promises is not None and self.promises > self.most_promises:
            self.promises -= 1
            raise self.stop("promises")

    def spend(self, *, tokens: int = 0, usd: float = 0.0) -> None:
        """Count what a model has used; raises the stop "tokens" or "usd" once that is more than allowed."""
        self.tokens += tokens
        self.usd += usd
        if self.most_tokens is not None and self.tokens > self.most_tokens:
            raise self.stop("tokens")
        if self.most_usd is not None and self.usd > self.most_usd:
            raise self.stop("usd")

    def _charge_with_care(self, steps: int) -> int:
        self._empty_bank()
        if self._stop is None:
            self._look(self.clock())
        if self._stop is None and self.limit is not None and self._granted + steps > self.limit:
            self._cut()
            self._reclaim(self._step_lane)
            self._reclaim(self._call_lane)
            steps = min(steps, self.limit - self._granted)
            if steps <= 0:
                self._begin(_Extent("steps"))
        if self._stop is not None:
            self._at_barrier()
            return 1
        credit = QUIET if self.limit is None else min(QUIET, self.limit - self._granted - steps)
        if self.is_near():
            credit = 0
        self._granted += steps + credit
        self.bank[0] = credit
        return steps

    def _empty_bank(self) -> None:
        """Take back what the bank holds; who charges next comes by here and looks at the clock."""
        self._granted -= self.bank[0]
        self.bank[0] = 0

    def check(self) -> None:
        """Raise the stop that is due, if one is; for helpers and natives that work outside loops."""
        if self._stop is None:
            self._look(self.clock())
        if self._stop is not None:
            self._at_barrier()

    def pending(self) -> Stop | None:
        """What a stop in progress raised first, also when the program has thrown it away; None without one."""
        return None if self._stop is None else self._stop.first

    def stop(self, which: str) -> Stop:
        """Begin the stop for a limit reached outside the lanes ("depth", "memory", "output"); returns what to raise."""
        if self._stop is None:
            self._begin(_Extent(which))
        extent = self._stop
        assert extent is not None
        made = self._make(extent)
        if extent.first is None:
            extent.first = made
            extent.grace_ends = self.clock() + GRACE_S
        return made

    def overdue(self) -> Stop | None:
        """What to raise when the wall limit has passed and no loop has asked since; None while time or grace lasts."""
        if not self._nested:
            return None
        now = self.clock()
        if self._stop is None:
            self._look(now)
        extent = self._stop
        if extent is None or (extent.first is not None and now < extent.grace_ends):
            return None
        made = self._make(extent)
        if extent.first is None:
            extent.first = made
            extent.grace_ends = now + GRACE_S
        return made

    def closing(self) -> None:
        """The program has ended: what shuts it down may use the grace of a stop as a `finally` does."""
        self._closing = True

    # --- deadlines ------------------------------------------------------------------------------

    def push_deadline(self, seconds: float) -> Deadline:
        """Stop what follows with `TimeoutStop` when it takes longer; ends with `pop_deadline(token)`."""
        nearest = self._deadline
        deadline = Deadline(self.clock() + seconds, seconds, nearest)
        self._deadlines.append(deadline)
        if self.bank[0] and seconds < NEAR_S:
            self._empty_bank()
        if nearest is None or deadline.at < nearest:
            self._deadline = deadline.at
        if not self.thread and self._watching:
            self._watch()
        return deadline

    def pop_deadline(self, token: Deadline) -> None:
        """End the extent of a deadline; a stop it caused ends with it."""
        deadlines = self._deadlines
        if deadlines and deadlines[-1] is token:
            deadlines.pop()
            self._deadline = token.before
        elif token in deadlines:
            deadlines.remove(token)
            self._settle()
        if self._stop is not None and self._stop.deadline is token:
            self._stop = None

    def scopes(self, seconds: float) -> tuple[Callable[[float], Deadline], Callable[[Deadline], None]]:
        """`push_deadline` and `pop_deadline` for one length of time; the first is told the time."""
        found = self._scopes.get(seconds)
        if found is None:
            from dana.runtime.recurring import scopes

            found = self._scopes[seconds] = scopes(self, seconds)
        return found

    def remaining(self) -> float | None:
        """Seconds until the nearest deadline, or None; what a blocking call may take at most."""
        deadline = self._deadline  # read once, as in `is_due`
        return None if deadline is None else max(0.0, deadline - self.clock())

    def _settle(self) -> None:
        nearest: float | None = None
        for deadline in self._deadlines:
            deadline.before = nearest
            nearest = deadline.at if nearest is None else min(nearest, deadline.at)
        self._deadline = nearest

    def is_running(self) -> bool:
        """Whether a call is under way here that does not wait."""
        return self._nested > 0 and not self._asleep

    def cancel_running(self, reason: str) -> None:
        """Stop the call that is running, and no other."""
        self._cancelled = reason
        self._empty_bank()
        self._cut()

    # --- chunks ---------------------------------------------------------------------------------

    def _refill(self, lane: _Lane) -> Iterator[bool]:
        now = self.clock()
        if now >= WATCHERS.due and self._stop is None and (self._deadline is None or now < self._deadline):
            WATCHERS.dog.give_way(now)
            now = self.clock()
        if self._stop is None and (
            self._cancelled is not None or self._deadline is not None or self._memory is not None
        ):
            self._look(now)
        self._reclaim(lane)
        if self._stop is None:
            size = self._next_size(lane, now)
            if self._stop is None:
                return self._hand_out(lane, size, now)
        return self._barrier

    def _next_size(self, lane: _Lane, now: float) -> int:
        took = now - lane.since
        size = lane.size
        if took < FAST_S:
            size = min(size * 2, CHUNK_MAX)
        elif took > SLOW_S:
            size = max(CHUNK_MIN, int(size * AIM_S / took))
        lane.size = size
        if self.limit is not None:
            size = min(size, self._budget(lane))
            if size == 0:
                self._begin(_Extent("steps"))
        if lane.deep and self.depth is not None and self._base is not None:
            if self._is_flat:
                self._is_flat = False
                return min(size, CHUNK_MIN)
            over = self.depth - self._depth_now()
            if over < 0:
                self._begin(_Extent("depth"))
            size = min(size, over + 1)
        return size

    def _budget(self, lane: _Lane) -> int:
        """Steps left; what the other lane holds but has not used is taken back before the limit is reached."""
        assert self.limit is not None
        left = self.limit - self._granted
        if left <= 0:
            self._empty_bank()
            other = self._call_lane if lane is self._step_lane else self._step_lane
            other.cut()
            self._reclaim(other)
            left = self.limit - self._granted
        return left

    def _hand_out(self, lane: _Lane, size: int, now: float) -> Iterator[bool]:
        lane.since = now
        self._granted += size
        if len(lane.chunk) != size:
            lane.chunk = [True] * size
        lane.given = iter(lane.chunk)
        return lane.given

    def _reclaim(self, lane: _Lane) -> None:
        if lane.lost:
            self._granted -= lane.lost
            lane.lost = 0

    def _cut(self) -> None:
        self._step_lane.cut()
        self._call_lane.cut()

    def _depth_now(self) -> int:
        """How many calls are nested: frames above the program's own first one."""
        top: Any = sys._getframe(4)  # the frame that drew: below __next__, _refill, _next_size and this
        depth = _frames_between(top, self._floor)
        if depth is None or self._floor is self._base:
            self._floor = self._host_frame(top)
            depth = _frames_between(top, self._floor)
        return (depth - 1 if depth else 0) + self._deeper

    def _host_frame(self, frame: Any) -> Any:
        """The last frame of the host below the program's frames: helpers above it count, the engine does not."""
        floor = self._base
        while frame is not None and frame is not self._base:
            if frame.f_builtins.get(".calls") is self.calls:
                floor = frame.f_back
            frame = frame.f_back
        return floor

    # --- stops ----------------------------------------------------------------------------------

    def _look(self, now: float) -> None:
        """Begin the stop that is due now, if any: cancellation first, then the earliest deadline."""
        deadline, memory = self._deadline, self._memory  # read once, as in `is_due`
        if self._cancelled is not None:
            self._begin(_Extent("cancelled"))
        elif deadline is not None and now >= deadline:
            expired = min(self._deadlines, key=lambda d: d.at, default=None)
            if expired is None or now < expired.at:  # the one that was nearest has been put off, or the run ends
                self._settle()
                return
            self._begin(_Extent("time" if expired.wall else "deadline", expired))
        elif memory is not None and now >= memory.next:
            memory.next = now + LOOK_S
            if memory.is_over():
                self._begin(_Extent("growth"))

    def _begin(self, extent: _Extent) -> None:
        self._empty_bank()
        self._stop = extent
        self._cut()

    def _at_barrier(self) -> bool:
        extent = self._stop
        if extent is None:
            raise StopIteration
        now = self.clock()
        wider = self._wider(extent, now)
        if wider is not None:
            self._stop = extent = wider
        if extent.first is None:
            extent.grace_ends = now + GRACE_S
            extent.first = self._make(extent)
            raise extent.first
        if extent.grace > 0 and now < extent.grace_ends and (self._closing or _is_unwinding()):
            extent.grace -= 1
            self._granted += 1
            return True
        raise self._make(extent)

    def _wider(self, extent: _Extent, now: float) -> _Extent | None:
        """A stop of larger extent that became due while this one unwinds."""
        if self._cancelled is not None and extent.kind != "cancelled":
            return _Extent("cancelled")
        if extent.deadline is None or extent.deadline.wall:
            return None
        for outer in self._deadlines:
            if outer is extent.deadline:
                return None
            if now >= outer.at:
                return _Extent("time" if outer.wall else "deadline", outer)
        return None

    def _make(self, extent: _Extent) -> Stop:
        kind = extent.kind
        if kind == "cancelled":
            reason = self._cancelled or "cancelled"
            made: Stop | None = getattr(reason, "stop", None)  # what its agents ended with
            return made if made is not None else CancelStop(reason)
        if kind == "deadline":
            assert extent.deadline is not None
            return TimeoutStop(seconds=extent.deadline.seconds, token=extent.deadline)
        if kind == "growth":
            return LimitStop("memory", self.memory_bytes)
        limits = {
            "steps": self.limit, "time": self.wall_s, "depth": self.depth,
            "promises": self.most_promises, "tokens": self.most_tokens, "usd": self.most_usd,
        }  # fmt: skip
        return LimitStop(kind, limits.get(kind))

    # --- the watchdog ---------------------------------------------------------------------------

    def _watch(self) -> None:
        if WATCHERS.ident is None:
            WATCHERS.load()
        self.thread = WATCHERS.ident()
        WATCHERS.dog.watch(self)

    # --- what the watchdog asks -----------------------------------------------------------------

    def is_due(self) -> bool:
        """Whether a limit has been reached that the program has not been told of, or its grace is over."""
        if not self._nested or self._asleep:
            return False
        extent = self._stop
        if extent is not None:
            return extent.first is None or self.clock() >= extent.grace_ends
        deadline, memory = self._deadline, self._memory  # read once: the run may end meanwhile, in its own thread
        is_late = deadline is not None and self.clock() >= deadline
        return self._cancelled is not None or is_late or (memory is not None and memory.is_over())

    def cut(self) -> None:
        """Empty the chunks, so that the next round of any loop asks its lane."""
        self._cut()

    def unraised(self) -> None:
        """What `overdue` gave was not raised after all."""
        if self._stop is not None:
            self._stop.first = None


def _frames_between(frame: Any, floor: Any) -> int | None:
    """Frames above `floor`, or None when it is not below `frame`."""
    count = 0
    while frame is not None:
        if frame is floor:
            return count
        count += 1
        frame = frame.f_back
    return None


def _is_unwinding() -> bool:
    """Whether the drawing code runs in a `finally` or handler of a stop: only that may use the grace."""
    error = sys.exc_info()[1]
    for _ in range(64):
        if error is None:
            return False
        if isinstance(error, Stop):
            return True
        error = error.__context__
    return False


def _allow_depth(depth: int) -> None:
    """Let CPython recurse as deep as the limit says, from here."""
    host = HOST_FRAMES
    try:
        frame: Any = sys._getframe(host)
    except ValueError:  # fewer: they need not be counted, which would make each a frame object that stays
        frame = None
    while frame is not None:
        host += 1
        frame = frame.f_back
    at_least(host + depth + RECURSION_MARGIN)
