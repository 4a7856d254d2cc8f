"""`async def` functions: the same conversation, carried out on an event loop.

Waits are the loop's, and a deadline ends the attempt that is under way: the coroutine is cancelled, unlike a Python
function that runs in its thread.
"""

from __future__ import annotations

import asyncio

from dana.poet.execution import Execution
from dana.poet.pipeline import again, effects_begun, execution, is_chosen, looked_up
from dana.runtime.stops import TimeoutStop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.poet.execution import Outcome, Step
    from dana.poet.plan import Plan


def awaited(plan: Plan) -> Callable[..., Any]:
    """A coroutine function in the place of the plan's."""
    from functools import wraps

    function = plan.function

    @wraps(function)
    async def call(*args: Any, **keywords: Any) -> Any:
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
        value, error = await _carry_out(execution(plan, args, keywords))
        if error is not None:
            again(error)
        if key is not None and plan.cache is not None and mark == effects_begun(plan):
            plan.cache.put(key, value)
        return value

    return call


async def _carry_out(running: Execution) -> Outcome:
    steps = running.whole()
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
