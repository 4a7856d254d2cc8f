"""Calls that wait: how several calls of one program share its meter.

What belongs to a call (deadlines, the stop in progress, nesting, the base frame) is in the meter while it runs. While
it waits, another call may run: `suspend` says that the running one is about to wait, `resume` goes on with it.
Nothing is saved before another call resumes or starts, so a program with one call pays nothing. Loaded with the first
effect.
"""

from __future__ import annotations

import sys

from dana.runtime.meter import CHUNK_MIN, MAX_BYTES, WATCHERS, _frames_between

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.runtime.memory import Memory
    from dana.runtime.meter import Deadline, Meter, _Extent


class Run:
    """What all calls of one run share, also the ones side by side: what they have used, and the order of writes."""

    __slots__ = ("granted", "memory", "most_bytes", "promises", "tokens", "usd", "writing")

    def __init__(self) -> None:
        self.granted = 0
        self.promises = self.tokens = 0
        self.usd = 0.0
        self.memory: Memory | None = None
        self.most_bytes = MAX_BYTES
        self.writing: Any = None  # the promise of the last effect that writes, while nobody knows how it ended


class Call:
    """What belongs to one call and not to the meter; `Meter.suspend` returns it, `Meter.resume` goes on with it.

    `actor` is the agent's whose message it processes, `trace` ties together what the ledger keeps of it.
    """

    __slots__ = (
        "actor", "base", "cancelled", "closing", "deadline", "deadlines", "deeper", "floor", "nested", "run", "stop",
        "trace",
    )  # fmt: skip

    def __init__(self, run: Run) -> None:
        self.run = run
        self.nested = 0
        self.base: Any = None
        self.floor: Any = None
        self.closing = False
        self.deadlines: list[Deadline] = []
        self.deadline: float | None = None
        self.cancelled: str | None = None
        self.stop: _Extent | None = None
        self.deeper = 0
        self.actor: Any = None
        self.trace = ""


def suspend(meter: Meter) -> Call:
    """The call that is running is about to wait; returns what `resume` goes on with.

    Nothing is saved before another call resumes or starts, so that a program with one call pays nothing.
    """
    meter._asleep = True
    return identity(meter)


def resume(meter: Meter, call: Call) -> None:
    """Go on with a call that was suspended."""
    meter._asleep = False
    if meter.thread:
        meter.thread = WATCHERS.ident()
    if call is meter._call:
        return
    if meter._call is not None:
        _save(meter, meter._call)
    _load(meter, call)
    if not meter.thread and meter._watching and (meter._deadline is not None or meter._memory is not None):
        meter._watch()


def fork(meter: Meter) -> Call:
    """A call beside the running one, with its deadlines and on its account; it begins with `adopt`."""
    here = identity(meter)
    call = Call(here.run)
    call.nested = 1
    call.actor, call.trace = here.actor, here.trace
    call.deadlines = list(meter._deadlines)
    for deadline in call.deadlines:
        deadline.kept = True
    call.deadline = meter._deadline
    call.deeper = meter._deeper + (_frames_between(sys._getframe(1), meter._base) or 0)
    return call


def adopt(meter: Meter, call: Call) -> None:
    """Run a `fork`: its first frame is the caller's."""
    resume(meter, call)
    meter._base = meter._floor = sys._getframe(1)


def retire(meter: Meter) -> None:
    """The running branch has ended: what it used stays on the account."""
    if meter._call is not None:
        _save(meter, meter._call)
        meter._call.base = meter._call.floor = None
        meter._call = None
    leave(meter)


def identity(meter: Meter) -> Call:
    """What stands for the running call."""
    if meter._call is None:
        meter._call = Call(Run())
    return meter._call


def account(meter: Meter) -> Run:
    """What the running call shares with the branches of its run."""
    return identity(meter).run


def _save(meter: Meter, call: Call) -> None:
    meter._cut()
    meter._empty_bank()
    meter._reclaim(meter._step_lane)
    meter._reclaim(meter._call_lane)
    meter._step_lane.size = meter._call_lane.size = CHUNK_MIN
    run = call.run
    run.granted, run.promises, run.tokens, run.usd = meter._granted, meter.promises, meter.tokens, meter.usd
    run.memory, run.most_bytes = meter._memory, meter.most_bytes
    call.nested, call.base, call.floor, call.closing = meter._nested, meter._base, meter._floor, meter._closing
    call.deadlines, call.deadline, call.stop = meter._deadlines, meter._deadline, meter._stop
    call.cancelled, call.deeper = meter._cancelled, meter._deeper


def _load(meter: Meter, call: Call) -> None:
    meter._call = call
    meter._cut()  # what a call that has ended did not use
    meter.bank[0] = meter._step_lane.lost = meter._call_lane.lost = 0
    run = call.run
    meter._granted, meter.promises, meter.tokens, meter.usd = run.granted, run.promises, run.tokens, run.usd
    meter._memory, meter.most_bytes = run.memory, run.most_bytes
    meter._nested, meter._base, meter._floor, meter._closing = call.nested, call.base, call.floor, call.closing
    meter._deadlines, meter._deadline, meter._stop = call.deadlines, call.deadline, call.stop
    meter._cancelled, meter._deeper = call.cancelled, call.deeper
    meter._is_flat = False


def leave(meter: Meter) -> None:
    """Nobody is loaded any more."""
    if meter._call is not None:
        _save(meter, meter._call)
    meter._call = None
    meter._asleep = False
    meter._nested = meter._deeper = 0
    meter._deadlines = []
    meter._deadline = meter._cancelled = meter._stop = meter._memory = None
    meter._base = meter._floor = None


def patience(meter: Meter) -> float | None:
    """Seconds the running call may wait now, None for no end; raises the stop that is due."""
    deadline = meter._deadline
    if meter._stop is None:
        if meter._cancelled is None and deadline is None:
            return None
        now = meter.clock()
        if meter._cancelled is None and deadline is not None and now < deadline:
            return deadline - now
        meter._look(now)
    if meter._stop is None:
        return meter.remaining()
    meter._at_barrier()
    return 0.0 if meter._stop is None else max(0.0, meter._stop.grace_ends - meter.clock())


def promise_closed(meter: Meter, run: Run) -> None:
    """A promise has its value, failed or was cancelled; whoever runs now."""
    if meter._call is not None and meter._call.run is run:
        meter.promises -= 1
    else:
        run.promises -= 1
