"""`batch`: a function of a list, called with single items (P82).

    @poet(batch={"size": 50, "window": 0.01})
    def quotes(items): …                     quotes("tea"), quotes("rice")  →  one call quotes(["tea", "rice"])

Every call has a pipeline of its own; what its attempts call is `submit`, which gathers. The first item opens a batch
and its caller carries it out, after `window` seconds or as soon as there are `size` items; the others wait for their
part of the result. Items gather where calls are side by side: threads, tasks of a loop, branches of `parallel`. Who
can have no company (a program's only thread of work) does not wait for any.

Results are matched by position. An exception among them is that item's failure alone. When the whole call fails in a
way that the same input would only repeat, each item is tried alone, so that one bad item costs only its own caller
the value; what may pass is every caller's failed attempt, and they are likely to meet again in the next.
"""

from __future__ import annotations

from threading import Event as Signal
from threading import Lock
from time import monotonic

from dana.adaptive.faults import NEVER
from dana.poet.errors import POETConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.poet.plan import Plan

UNMATCHED = "E808"
SIZE = 100
WINDOW_S = 0.01
# How often a caller that waits for a batch looks at its own deadlines.
LOOK_S = 0.05


class UnmatchedError(TypeError):
    """The function gave something else than a list with one result for each item."""

    _code = UNMATCHED
    _hint = "return a list with one result for each item, in their order; an exception in it is that item's failure"


class CarrierStoppedError(TimeoutError):
    """The call that carried the batch was stopped before there was a result: for the others that may pass."""


class Batch:
    """Items that will go into one call, and what became of each: `(True, value)` or `(False, fault)`."""

    __slots__ = ("carrier", "done", "full", "items", "outcomes", "waiters")

    def __init__(self) -> None:
        self.items: list[Any] = []
        self.outcomes: list[tuple[bool, Any]] = []
        self.full = Signal()
        self.done = Signal()
        # Futures of callers that wait on a loop.
        self.waiters: list[Any] = []
        self.carrier: Any = None

    def end(self, outcomes: list[tuple[bool, Any]]) -> None:
        """Hand out the results; called by the carrier."""
        self.outcomes = outcomes
        self.done.set()
        for waiter in self.waiters:
            loop = waiter.get_loop()
            if not loop.is_closed():
                loop.call_soon_threadsafe(_wake, waiter)

    def part(self, index: int) -> Any:
        """The result of one item, or its fault raised."""
        good, value = self.outcomes[index]
        if good:
            return value
        try:
            raise value
        finally:
            del value


class Gatherer:
    """The open batch of one function."""

    def __init__(self, plan: Plan, size: int, window: float) -> None:
        self.plan = plan
        self.function = plan.operate
        self.size = size
        self.window = window
        self._open: Batch | None = None
        self._lock = Lock()

    def join(self, item: Any) -> tuple[Batch, int]:
        """A place in the open batch; place 0 carries it out."""
        with self._lock:
            batch = self._open
            if batch is None:
                batch = self._open = Batch()
            batch.items.append(item)
            index = len(batch.items) - 1
            if len(batch.items) >= self.size:
                self._open = None
                batch.full.set()
            return batch, index

    def close(self, batch: Batch) -> None:
        """No more items come in."""
        with self._lock:
            if self._open is batch:
                self._open = None

    # --- threads and Dana programs ----------------------------------------------------------------

    def submit(self, item: Any) -> Any:
        """The result for one item."""
        batch, index = self.join(item)
        if index:
            self._wait(batch)
            return batch.part(index)
        try:
            self._gather(batch)
            self.close(batch)
            outcomes = self.carried(batch.items)
        except BaseException:
            self.close(batch)
            stopped = CarrierStoppedError("the call that carried the batch was stopped")
            batch.end([(False, stopped)] * len(batch.items))
            raise
        batch.end(outcomes)
        return batch.part(0)

    def _gather(self, batch: Batch) -> None:
        """Let others come, as long as there can be any."""
        host, window = self.plan.host, self.window
        waiting = getattr(host, "waiting", None)
        if getattr(host, "sources", None) is None:
            batch.full.wait(window)
        elif waiting is not None and _in_branch():
            end = monotonic() + window
            waiting.step()
            while not batch.full.is_set() and (left := end - monotonic()) > 0:
                waiting.nap(min(left, LOOK_S))

    def _wait(self, batch: Batch) -> None:
        meter = self.plan.meter
        waiting = getattr(self.plan.host, "waiting", None)
        if waiting is not None and _in_branch():
            future = waiting.loop("batch").create_future()
            batch.waiters.append(future)
            if not batch.done.is_set():
                waiting.wait(future)
            return
        while not batch.done.wait(LOOK_S):
            meter.check()

    def carried(self, items: list[Any]) -> list[tuple[bool, Any]]:
        """What becomes of each item."""
        try:
            return matched(self.function(list(items)), items)
        except NEVER:
            raise
        except Exception as fault:  # noqa: BLE001  whatever the function raises is what its callers are told
            if len(items) == 1 or self.plan.worth(fault):
                return [(False, fault)] * len(items)
        outcomes = []
        for item in items:
            try:
                outcomes += matched(self.function([item]), [item])
            except NEVER:
                raise
            except Exception as fault:  # noqa: BLE001  this item's own
                outcomes.append((False, fault))
        return outcomes

    def alone(self, item: Any) -> Any:
        """The result for one item, without a pipeline and without company."""
        batch = Batch()
        batch.end(matched(self.function([item]), [item]))
        return batch.part(0)

    # --- coroutines -------------------------------------------------------------------------------

    async def asubmit(self, item: Any) -> Any:
        """`submit` on an event loop."""
        import asyncio

        batch, index = self.join(item)
        mine = asyncio.get_running_loop().create_future()
        batch.waiters.append(mine)
        if index == 0:
            # A task of its own: nobody's deadline ends what others wait for.
            batch.carrier = asyncio.ensure_future(self._acarry(batch))
            batch.carrier.add_done_callback(_seen)
        await mine
        return batch.part(index)

    async def _acarry(self, batch: Batch) -> None:
        import asyncio

        end = monotonic() + self.window
        # The last item may come from the loop of another thread: what is waited for is no `asyncio.Event`.
        while not batch.full.is_set() and (left := end - monotonic()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(min(left, self.window / 4))
        self.close(batch)
        try:
            outcomes = await self._acarried(batch.items)
        except NEVER as exhausted:  # in the function, which its callers called; this task is nobody's
            outcomes = [(False, exhausted)] * len(batch.items)
        except BaseException:
            batch.end([(False, CarrierStoppedError("the batch was cancelled"))] * len(batch.items))
            raise
        batch.end(outcomes)

    async def _acarried(self, items: list[Any]) -> list[tuple[bool, Any]]:
        try:
            return matched(await self.function(list(items)), items)
        except NEVER:
            raise
        except Exception as fault:  # noqa: BLE001  whatever the function raises is what its callers are told
            if len(items) == 1 or self.plan.worth(fault):
                return [(False, fault)] * len(items)
        outcomes = []
        for item in items:
            try:
                outcomes += matched(await self.function([item]), [item])
            except NEVER:
                raise
            except Exception as fault:  # noqa: BLE001  this item's own
                outcomes.append((False, fault))
        return outcomes

    async def aalone(self, item: Any) -> Any:
        """`alone` on an event loop."""
        batch = Batch()
        batch.end(matched(await self.function([item]), [item]))
        return batch.part(0)


def matched(results: Any, items: list[Any]) -> list[tuple[bool, Any]]:
    """Each item's result. Raises `UnmatchedError` when there is not one for each."""
    if not isinstance(results, list | tuple):
        raise UnmatchedError(f"a batch of {_counted(items)} gave {type(results).__name__} instead of a list")
    if len(results) != len(items):
        raise UnmatchedError(f"a batch of {_counted(items)} gave {len(results)} results")
    return [(not isinstance(result, Exception), result) for result in results]


def _counted(items: list[Any]) -> str:
    return "one item" if len(items) == 1 else f"{len(items)} items"


def batched(plan: Plan, *, is_coroutine: bool) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """What an attempt calls, and what is called without a pipeline. Raises `POETConfigError`."""
    settings = plan.config.batch or {}
    parameters = plan.parameters
    if parameters is None or parameters.keyword or parameters.rest or len(parameters.positional) != 1:
        message = f"batch: `{plan.name}` must have one parameter, for the list of items"
        raise POETConfigError(
            message, plan.name, "as in `def quotes(items)`; it is called with one item, `quotes(item)`"
        )
    gatherer = Gatherer(plan, settings.get("size", SIZE), settings.get("window", WINDOW_S))
    name = parameters.positional[0]
    submit = gatherer.asubmit if is_coroutine else gatherer.submit
    alone = gatherer.aalone if is_coroutine else gatherer.alone
    return _taking(submit, name), _taking(alone, name)


def _taking(function: Callable[[Any], Any], name: str) -> Callable[..., Any]:
    """A function of one argument, by position or by the name the decorated function gives it."""

    def taking(*args: Any, **keywords: Any) -> Any:
        if len(args) + len(keywords) != 1 or (keywords and name not in keywords):
            raise TypeError(f"this takes one item, `{name}`, not {len(args) + len(keywords)} arguments")
        return function(*args, *keywords.values())

    return taking


def _wake(waiter: Any) -> None:
    if not waiter.done():
        waiter.set_result(None)


def _seen(task: Any) -> None:
    """The callers have been told of a carrier's failure: nobody else has to be."""
    if not task.cancelled():
        task.exception()


def _in_branch() -> bool:
    from dana.runtime.effects.bridge import current

    return current() is not None
