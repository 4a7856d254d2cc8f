"""`hedge`: a second attempt beside one that is late; the first answer counts, the other is cancelled.

For functions that wait (an `async def`, a Dana function with effects): while one attempt waits, another can begin. A
function that computes would only compute twice. `after` is a time in seconds, or a percentile of the calls so far, so
that one call in twenty ("p95") is hedged; the percentiles say nothing before `LEAST` calls, and no call is hedged then.

An attempt that fails before the second has begun is a failed attempt as always. Once two are under way, the failure of
one leaves it to the other. Where an attempt has begun an effect that *writes* (a POST, a message), a second one would
write twice, and effects that write wait for each other anyway (L34): it is not begun.
"""

from __future__ import annotations

from dana.poet.errors import POETConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.poet.plan import Plan

COMPUTES = "E807"
LEAST = 20
# A wait that is shorter than this is not worth a second attempt.
SHORTEST_S = 1e-4


class Hedge:
    """The hedge of one function: `begun` second attempts, of which `won` answered first. Raises `POETConfigError`."""

    __slots__ = ("after", "begun", "call", "function", "plan", "won")

    def __init__(self, plan: Plan, *, is_coroutine: bool) -> None:
        self.plan = plan
        self.function = plan.operate
        self.after: float | str = plan.config.hedge
        self.begun = self.won = 0
        program = plan.host if getattr(plan.host, "sources", None) is not None else None
        if not is_coroutine and not (program is not None and can_wait(program, plan.function)):
            message = (
                f"hedge: `{plan.name}` computes, it waits for nobody: a second attempt would only compute it twice"
            )
            hint = "hedge an `async def`, or a Dana function that waits for effects like http.get"
            raise POETConfigError(message, plan.name, hint, COMPUTES)
        self.call: Callable[..., Any] = self._acall if is_coroutine else self._branched

    def delay(self) -> float | None:
        """How long an attempt may take before a second one begins; None: as long as it likes."""
        if not isinstance(self.after, str):
            return self.after
        calls = self.plan.calls
        if calls.count < LEAST:
            return None
        return max(SHORTEST_S, calls.times.quantile(int(self.after[1:]) / 100))

    # --- coroutines -------------------------------------------------------------------------------

    async def _acall(self, *args: Any, **keywords: Any) -> Any:
        import asyncio

        delay = self.delay()
        if delay is None:
            return await self.function(*args, **keywords)
        first = asyncio.ensure_future(self.function(*args, **keywords))
        tasks = [first]
        try:
            await asyncio.wait(tasks, timeout=delay)
            if not first.done():
                self.begun += 1
                tasks.append(asyncio.ensure_future(self.function(*args, **keywords)))
            left = set(tasks)
            while left:
                ended, left = await asyncio.wait(left, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    if task in ended and not task.cancelled() and task.exception() is None:
                        self.won += task is not first
                        return task.result()
            return first.result()
        finally:
            late = [task for task in tasks if not task.done()]
            for task in late:
                task.cancel()
            if late:
                await asyncio.wait(late)
            for task in tasks:
                if not task.cancelled():
                    task.exception()  # seen: the other one's answer counts

    # --- Dana functions ---------------------------------------------------------------------------

    def _branched(self, *args: Any, **keywords: Any) -> Any:
        from dana.runtime.effects import bridge
        from dana.runtime.effects.waiting import waiting_of

        delay = self.delay()
        program: Any = self.plan.host  # as was seen at decoration
        waiting = waiting_of(program)
        if delay is None or not bridge.AVAILABLE or not waiting.can_branch():
            return self.function(*args, **keywords)
        return self._raced(waiting, delay, lambda: self.function(*args, **keywords))

    def _raced(self, waiting: Any, delay: float, attempt: Callable[[], Any]) -> Any:
        from dana.runtime.effects.together import Contest
        from dana.runtime.stops import Stop

        contest = Contest(waiting)
        written = waiting.written
        first = contest.start(attempt)
        branches = [first]
        alarm = contest.loop.create_future()
        alarm.add_done_callback(contest.tell)
        timer = contest.loop.call_later(delay, _ring, alarm)
        fault: BaseException | None = None
        try:
            left = {first.ended}
            while left:
                for future in contest.wait():
                    if future is alarm:
                        if first.ended in left and waiting.written == written:
                            self.begun += 1
                            branches.append(contest.start(attempt))
                            left.add(branches[-1].ended)
                        continue
                    left.discard(future)
                    good, value = future.result()
                    if good:
                        self.won += future is not first.ended
                        return value
                    if isinstance(value, Stop):
                        raise value
                    fault = value if fault is None or future is first.ended else fault
            assert fault is not None
            raise fault
        finally:
            timer.cancel()
            alarm.remove_done_callback(contest.tell)
            contest.end(branches)
            del fault


def _ring(alarm: Any) -> None:
    if not alarm.done():
        alarm.set_result(None)


# What waits without being an effect the program holds.
_ASKING = frozenset({"reason", "llm", "ask", "context_aware_reason"})


def can_wait(program: Any, function: Any) -> bool:
    """Whether a Dana function may wait for an effect: certain it is only that a program without effects cannot."""
    if program.effectful:
        return True
    code = getattr(getattr(function, "__func__", function), "__code__", None)
    return code is not None and not _ASKING.isdisjoint(code.co_names)
