"""`async def` functions: the same conversation, carried out on an event loop.

Waits are the loop's, and a deadline ends the attempt that is under way: the coroutine is cancelled, unlike a Python
function that runs in its thread.

Where nothing but retries is switched on, and nobody observes the calls, the first attempt is awaited directly and only
its failure begins a conversation, as in the fast form of ordinary functions (`shapes.py`).
"""

from __future__ import annotations

import asyncio

from dana.adaptive.faults import NEVER
from dana.adaptive.perform import Attempt
from dana.poet.execution import Execution
from dana.poet.pipeline import again, effects_begun, execution, is_chosen, looked_up
from dana.runtime.stops import TimeoutStop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.poet.execution import Outcome, Step, Steps
    from dana.poet.plan import Plan


def awaited(plan: Plan) -> Callable[..., Any]:
    """A coroutine function in the place of the plan's."""
    from functools import wraps

    function = plan.function

    @wraps(function)
    async def call(*args: Any, **keywords: Any) -> Any:
        return await _whole(plan, args, keywords)

    if not _is_direct(plan):
        return call
    off, clock, record = plan.off, plan.clock, plan.record
    spend = plan.budget.call if plan.budget is not None and plan.config.retries > 0 else None

    @wraps(function)
    async def direct(*args: Any, **keywords: Any) -> Any:
        if off:
            return await _whole(plan, args, keywords)
        if spend is not None:
            spend()
        start = clock()
        try:
            value = await function(*args, **keywords)
        except Exception as fault:  # noqa: BLE001  the policy decides about every one
            failed = [fault]
        else:
            record(clock() - start)
            return value
        return await _recovered(plan, failed, start, args, keywords)

    plan.recorded_by(direct, "record")
    return direct


def _is_direct(plan: Plan) -> bool:
    """Whether an attempt is nothing but a call of the function."""
    config = plan.config
    staged = plan.perceiver or plan.enforcer or plan.plugins or plan.fallbacks
    guarded = plan.breaker or plan.bulkhead or config.timeout is not None
    return plan.is_simple and not staged and not guarded


async def _whole(plan: Plan, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """A call in all its stages."""
    if plan.off:
        if plan.disabled:
            return await plan.bare(*args, **keywords)
        if plan.learner is not None and not plan.learner.is_ready:
            await asyncio.to_thread(plan.learner.ready)
    key, found = looked_up(plan, args, keywords)
    if found is not None:
        return found[0]
    if plan.config.rollout < 1 and not is_chosen(plan, args, keywords):
        return await plan.bare(*args, **keywords)
    if plan.budget is not None:
        plan.budget.call()
    mark = effects_begun(plan)
    running = execution(plan, args, keywords)
    value, error = await _carry_out(running, running.whole())
    if error is not None:
        again(error)
    if key is not None and plan.cache is not None and mark == effects_begun(plan):
        plan.cache.put(key, value)
    return value


async def _recovered(
    plan: Plan, failed: list[Exception], start: float, args: tuple[Any, ...], keywords: dict[str, Any]
) -> Any:
    """What follows a first attempt that failed: others, as long as the policy allows."""
    fault = failed.pop()
    if isinstance(fault, NEVER):
        again(fault)
    running = Execution(plan, args, keywords, None)
    running.began = start
    value, error = await _carry_out(running, running.resumed(Attempt(1, fault)))
    del fault
    if error is not None:
        again(error)
    return value


async def _carry_out(running: Execution, steps: Steps) -> Outcome:
    try:
        step = next(steps)
        while True:
            try:
                value = await _done(running, step)
            except BaseException as fault:  # noqa: BLE001  the conversation decides about every one
                step = steps.throw(fault)
            else:
                step = steps.send(value)
    except StopIteration as done:
        outcome: Outcome = done.value
        return outcome


async def _done(running: Execution, step: Step) -> Any:
    """One step: a wait, or a call whose result is waited for as long as its deadlines allow."""
    plan = running.plan
    if not isinstance(step, tuple):
        return None if plan.registry.testing else await asyncio.sleep(step)
    function, args, keywords = step
    value = function(*args, **keywords)
    if not hasattr(value, "__await__"):
        return value
    deadlines = [token for token in (running.token, running.inner) if token is not None]
    if not deadlines:
        return await value
    nearest = min(deadlines, key=lambda token: token.at)
    scope = asyncio.timeout(max(0.0, nearest.at - plan.clock()))
    try:
        async with scope:
            return await value
    except TimeoutError:
        if not scope.expired():
            raise
    raise TimeoutStop(seconds=plan.config.timeout, token=nearest)
