"""The watchdog: one thread that sees to it that limits hold where nothing draws a step.

Compiled loops look at the clock and at memory themselves, at the end of each chunk. Two things they cannot see:
a chunk whose rounds suddenly become slow, and code without loops (a function that calls another twice, which calls
another twice, …, or a thousand long operations in a row). So a thread looks at all runs that have a time or
memory limit, fifty times a second:

    due, just now      the chunks of the run are emptied: its next round asks its lane
    due, a tick later  the stop is thrown into the run's thread, between two operations of the program
                       (at once when it is late already: long operations of C let the thread look only between them)

Threads of one process take turns of 5 ms, so with eight of them a run whose time is over may hear of it 40 ms later.
While one of several runs is near its deadline the turns are shorter (`_share`), and once its time is over the others,
at the ends of their chunks, let it go first for a moment (`give_way`).

Throwing is asynchronous, so it happens only while the innermost frame of that thread is the program's own, or that of a
helper without a state which it has called: then the stop appears where the program stands, never inside the host. The
thread starts with the first such run and ends a while after the last; nothing of it exists in a program without these
limits.
"""

from __future__ import annotations

import os
import sys
from _thread import allocate_lock, start_new_thread
from time import sleep

from dana.runtime import memory
from dana.runtime.meter import NEVER, WATCHERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.runtime.meter import Meter
    from dana.runtime.stops import Stop

LOOK_S = 0.02
# Nearer than this nothing is timed.
LEAST_S = 0.002
# A run that is later than this when it is looked at is not waited for any longer.
STUCK_S = 0.03
# Where several runs are watched, and one of them has less time left than this, threads take turns of TURN_S.
NEAR_S = 0.1
TURN_S = 0.0002
# So long the others sleep at the end of a chunk while one of them is late, until it is later than PATIENCE_S.
WAY_S = 0.0001
PATIENCE_S = 0.003
# After so many looks with nothing to watch the thread ends.
IDLE_LOOKS = 250
# Helpers that keep nothing which could be left half done, and how many of them may call each other.
HELPERS = 8
PURE = frozenset(
    (
        *(f"dana.runtime.{name}" for name in ("sized", "guards", "printable", "iteration", "iterators", "showing")),
        *(
            f"dana.runtime.curated.{name}"
            for name in ("coding", "functions", "iterating", "ordering", "texts", "values", "samples", "rationals")
        ),
        *("dana.runtime.natives.text", "dana.runtime.natives.math"),
        # Python's own modules behind the curated ones, as far as their functions keep nothing between two calls.
        *("base64", "fractions", "heapq", "html", "statistics", "string", "textwrap"),
    )
)


class Watchdog:
    """Watches the runs of one process."""

    def __init__(self) -> None:
        self.meters: set[Meter] = set()
        self.late: dict[Meter, int] = {}
        self.awake = False
        # How long turns were before they were made shorter.
        self.turns: float | None = None
        # Nothing must come between looking and throwing: made by `prepare`, or when a run is found to be late.
        self.throw: Callable[[int, type[BaseException] | None], None] | None = None

    def watch(self, meter: Meter) -> None:
        """From now on; until `forget`. Does nothing where no thread is to be had."""
        self.meters.add(meter)
        if len(self.meters) > 1:
            self._plan()
        if is_near(meter):
            self.hurry()
        if not self.awake:
            self._wake()

    def hurry(self) -> None:
        """A run has little time left: it may be before the next look that it hears of its end."""
        if self.turns is None and len(self.meters) > 1:
            self._share(near=True)

    def forget(self, meter: Meter) -> None:
        """The run is over."""
        self.meters.discard(meter)
        if WATCHERS.due != NEVER:
            self._plan()
        if self.late:
            self.late.pop(meter, None)

    def forked(self) -> None:
        """In a forked process: the thread stayed behind."""
        self.awake = False
        self._share(near=False)
        self.meters = set()
        self.late = {}
        WATCHERS.due = NEVER

    def give_way(self, now: float) -> None:
        """A run that is not late is at the end of a chunk, while another must end: that one goes first."""
        if now < WATCHERS.due + PATIENCE_S:
            sleep(WAY_S)
        else:  # it does not hear; the others have waited long enough
            WATCHERS.due = NEVER

    def _plan(self) -> None:
        """Which of several runs must end first, and when."""
        # Read once each: a run may end meanwhile, in its own thread.
        ends = [end for end in [meter._deadline for meter in list(self.meters)] if end is not None]
        WATCHERS.due = min(ends) if ends and len(self.meters) > 1 else NEVER

    def _wake(self) -> None:
        self.awake = True
        pause = allocate_lock()
        pause.acquire()
        try:
            start_new_thread(self._keep_watch, (pause,))
        except RuntimeError:  # no thread to be had: chunk ends alone look at the clock, and the next run tries again
            self.awake = False

    def prepare(self) -> None:
        """Load what stopping a run takes, for an engine that has limits.

        It takes milliseconds and reads files. Done by the watchdog when a run is late, each file would give the run's
        thread the turn, which in a long operation of C is tens of milliseconds.
        """
        if self.throw is None:
            self.throw = thrower()
            memory.look_quietly()

    def _keep_watch(self, pause: Any) -> None:
        idle = 0
        while idle < IDLE_LOOKS:
            pause.acquire(True, self._wait())
            meters = list(self.meters)
            if len(meters) > 1:
                self._plan()
            self._share(near=len(meters) > 1 and any(is_near(meter) for meter in meters))
            idle = 0 if meters else idle + 1
            for meter in meters:
                self._look(meter)
        self.awake = False
        if self.meters:  # one came just now
            self._wake()

    def _wait(self) -> float:
        wait = LOOK_S
        for meter in list(self.meters):
            left = meter.remaining()
            if left is not None and left < wait:
                wait = left
        return max(wait, LEAST_S)

    def _share(self, *, near: bool) -> None:
        """Shorter turns for the threads of this process while a run that is not alone is near its end."""
        if near and self.turns is None:
            usual = sys.getswitchinterval()
            if usual > TURN_S:
                self.turns = usual
                sys.setswitchinterval(TURN_S)
        elif not near and self.turns is not None:
            if abs(sys.getswitchinterval() - TURN_S) < TURN_S / 10:  # else the host has set it meanwhile
                sys.setswitchinterval(self.turns)
            self.turns = None

    def _look(self, meter: Meter) -> None:
        if not meter.is_due():
            self.late.pop(meter, None)
            return
        late = self.late[meter] = self.late.get(meter, 0) + 1
        if late == 1:
            meter.cut()
            self.prepare()
            if not is_stuck(meter):
                return
        self._throw(meter)

    def _throw(self, meter: Meter) -> None:
        frame = sys._current_frames().get(meter.thread)
        if frame is None or not _is_own(frame, meter) or meter not in self.meters:
            return
        place = frame.f_lasti
        stop = meter.overdue()
        if stop is None or self.throw is None:
            return
        self.throw(meter.thread, _thrown(stop))
        now = sys._current_frames().get(meter.thread)
        if now is not frame or frame.f_lasti != place:
            # The program went on in between: it may be anywhere when the stop arrives. It is due again next time.
            self.throw(meter.thread, None)
            meter.unraised()


def is_near(meter: Meter) -> bool:
    """Whether a run has little time left, or none."""
    left = meter.remaining()
    return left is not None and left < NEAR_S and meter.is_running()


def is_stuck(meter: Meter) -> bool:
    """Whether a run is so late that its loops cannot be looking: long operations of C follow each other."""
    deadline = meter._deadline  # read once, as in `_plan`
    return deadline is not None and meter.clock() - deadline > STUCK_S


def _is_own(frame: Any, meter: Meter) -> bool:
    """Whether code of the program is running, or a helper that it has called and that may end anywhere."""
    for _ in range(HELPERS):
        if frame is None or frame.f_globals.get("__name__") not in PURE:
            break
        frame = frame.f_back
    return frame is not None and frame.f_builtins.get(".calls") is meter.calls


def thrower() -> Callable[[int, type[BaseException] | None], None]:
    """What raises an exception in another thread, where it stands; None takes back one that has not arrived."""
    from ctypes import c_ulong, py_object, pythonapi

    set_async = pythonapi.PyThreadState_SetAsyncExc

    def throw(thread: int, error: type[BaseException] | None) -> None:
        set_async(c_ulong(thread), None if error is None else py_object(error))

    return throw


def _thrown(stop: Stop) -> type[BaseException]:
    """A class whose making gives this stop: CPython throws classes only."""
    cls = type(stop)

    def make(self: Any) -> None:
        self.__dict__.update(stop.__dict__)
        BaseException.__init__(self, *stop.args)

    return type(cls.__name__, (cls,), {"__init__": make, "__module__": cls.__module__})


WATCHDOG = Watchdog()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=WATCHDOG.forked)
