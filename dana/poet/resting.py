"""Calls of Dana functions that wait without a stack (`dana.runtime.effects.resting`): what they do, in steps.

    async def        an `async def` of Python               `coroutines.py`
    steps            a Dana function, on a host's loop      here
    shaped, enter    a Dana function, anywhere else         `shapes.py`, `pipeline.py`

A body that ends in its effect is gone while the effect is under way, and nobody is there between two attempts. All
that is decided, is decided where the other forms do it: here it is only carried out.
"""

from __future__ import annotations

from operator import attrgetter
from types import FunctionType

from dana.adaptive.faults import NEVER
from dana.poet.pipeline import Entries, NothingReturnedError, again, effects_begun, execution, is_chosen, looked_up
from dana.runtime.effects.bridge import current
from dana.runtime.effects.effect import Effect
from dana.runtime.effects.resting import LAST, Ending, first
from dana.runtime.effects.waiting import LoopClock, waiting_of
from dana.runtime.stops import Carried, TimeoutStop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.poet.execution import Outcome, Steps
    from dana.poet.plan import Plan
    from dana.runtime.effects.waiting import Resting, Waiting

# Typed stubs disagree whether functions have this attribute; they do.
_builtins_of: Callable[[FunctionType], dict[str, Any]] = attrgetter("__builtins__")


def may_rest(plan: Plan, args: tuple[Any, ...], keywords: dict[str, Any]) -> bool:
    """Whether a call is worth being made in steps: its body may end in an effect, or it waits between attempts only.

    A body that goes on after an effect keeps its stack while it waits; steps would only take more room then.
    """
    function, parameters = plan.function, plan.parameters
    if plan.disabled or keywords or parameters is None or parameters.rest is not None:
        return False
    if any(name not in parameters.defaults for name in parameters.keyword):
        return False
    if function.__class__ is not FunctionType or plan.files is None:
        return False
    if not len(parameters.required) <= len(args) <= len(parameters.positional):
        return False
    if LAST in function.__code__.co_names:
        return True
    if plan.stays is None:
        plan.stays = _mentions_effects(function)
    return plan.config.retries > 0 and not plan.stays


def _mentions_effects(function: FunctionType) -> bool:
    """Whether a body mentions an effect by its name; only running it shows others."""
    space, table = function.__globals__, _builtins_of(function)
    return any(space.get(name, table.get(name)).__class__ is Effect for name in function.__code__.co_names)


def steps(plan: Plan, args: tuple[Any, ...], keywords: dict[str, Any]) -> Resting[Any]:
    """The call; its value, or its error raised, a `StopIteration` as `Carried`."""
    args, keywords = _given(plan, args)
    simple = plan.is_simple and plan.perceiver is None and not plan.plugins and not plan.off
    if not simple:
        return _whole(plan, args, keywords)
    return _simple(plan, args, keywords) if not plan.fallbacks else _with_fallbacks(plan, args, keywords)


def _given(plan: Plan, args: tuple[Any, ...]) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments as the fast form hands them on: parameters that were left out have their defaults."""
    parameters, function = plan.parameters, plan.function
    assert parameters is not None
    assert isinstance(function, FunctionType)
    left_out = len(parameters.positional) - len(args)
    if left_out:
        args = (*args, *(function.__defaults__ or ())[-left_out:])
    return args, dict(function.__kwdefaults__ or {})


def _with_fallbacks(plan: Plan, args: tuple[Any, ...], keywords: dict[str, Any]) -> Resting[Any]:
    try:
        return (yield from _simple(plan, args, keywords))
    except Carried as outer:
        error: Exception = outer.error
    except Exception as fault:  # noqa: BLE001  the fallbacks decide about every one
        error = fault
    if isinstance(error, NEVER):
        again(error)
    value, failed = yield from _carried_out(plan, execution(plan, args, keywords).fallen(error))
    if isinstance(failed, StopIteration):
        raise Carried(failed)
    return Entries(plan).fallen(error, value, failed)


def _simple(plan: Plan, args: tuple[Any, ...], keywords: dict[str, Any]) -> Resting[Any]:
    """The stages of the fast form (`shapes.py`): the first attempt, and what follows it.

    One generator for all of it: each takes a quarter of a KiB, in every call that waits.
    """
    if plan.bulkhead is not None and not plan.bulkhead.enter(plan.config.priority):
        raise plan.crowded_out()
    seconds, breaker, ticket, token, start = plan.config.timeout, plan.breaker, 0, None, 0.0
    try:
        if plan.budget is not None and plan.config.retries > 0:
            plan.budget.call()
        start = plan.clock()
        if seconds is not None:
            token = plan.meter.scopes(seconds)[0](start)
        if breaker is not None:
            ticket = breaker.turn if breaker.good is not None else breaker.admit(start)
            if not ticket:
                again(plan.turned_away())
        refused = False
        try:
            value = first(plan.function, args, keywords)
            if value.__class__ is Ending:
                value = yield from _waiting(plan).waited(value)
            elif not plan.stays:
                worker = current()
                plan.stays = worker is not None and worker.stayed
                del worker
            refused = True
            value = _checked(plan, value, args, keywords)
        except Exception as fault:  # noqa: BLE001  the policy decides about every one
            failed = [fault]
        else:
            return _handed_out(plan, value, token, start, ticket)
        following = Entries(plan).following(failed, refused, args, keywords, token, start, ticket)
        value, error = yield from _carried_out(plan, following)
        return value if error is None else again(error)
    except BaseException as stop:
        if breaker is not None or isinstance(stop, TimeoutStop):
            stop = Entries(plan).stopped(stop, token, start, ticket)
        if isinstance(stop, StopIteration):
            raise Carried(stop) from None
        raise stop  # noqa: TRY201  (it may be another one, which knows what it comes from)
    finally:
        if token is not None and seconds is not None:
            plan.meter.scopes(seconds)[1](token)
        if plan.bulkhead is not None:
            plan.bulkhead.leave()


def _waiting(plan: Plan) -> Waiting:
    program: Any = plan.host
    return waiting_of(program)


def _checked(plan: Plan, value: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """Enforce."""
    if plan.enforcer is None:
        return value
    checked = Entries(plan).first_check(value, args, keywords) if plan.tells else plan.enforcer(value)
    if checked is None and value is not None:
        raise NothingReturnedError
    return checked


def _handed_out(plan: Plan, value: Any, token: Any, start: float, ticket: int) -> Any:
    """A good value, unless its time is over."""
    now = plan.clock()
    took = now - start
    if plan.breaker is not None:
        plan.breaker.success(ticket, took, now)
    if token is not None and now > token.at:
        raise Entries(plan).late(took)
    plan.record(took)
    return value


def _whole(plan: Plan, args: tuple[Any, ...], keywords: dict[str, Any]) -> Resting[Any]:
    """A call in all its stages (`Entries.bypass`, `Entries.enter`)."""
    if plan.off and plan.learner is not None:
        plan.learner.ready()
    key, found = looked_up(plan, args, keywords)
    if found is not None:
        return found[0]
    if plan.config.rollout < 1 and not is_chosen(plan, args, keywords):
        return _bare(plan, args, keywords)
    if plan.budget is not None:
        plan.budget.call()
    mark = effects_begun(plan)
    value, error = yield from _carried_out(plan, execution(plan, args, keywords).whole())
    if isinstance(error, StopIteration):
        raise Carried(error)
    if error is not None:
        again(error)
    if key is not None and plan.cache is not None and mark == effects_begun(plan):
        plan.cache.put(key, value)
    return value


def _bare(plan: Plan, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """The function without its pipeline."""
    try:
        return plan.bare(*args, **keywords)
    except StopIteration as ended:
        raise Carried(ended) from None


def _carried_out(plan: Plan, steps: Steps) -> Resting[Outcome]:
    """Carry a conversation out, resting where it waits (`execution.carry_out`)."""
    waiting = _waiting(plan)
    try:
        step = next(steps)
        while True:
            try:
                if not isinstance(step, tuple):
                    value = yield from _slept(plan, step)  # type: ignore[func-returns-value]
                else:
                    value = first(*step)
                    if value.__class__ is Ending:
                        value = yield from waiting.waited(value)
            except BaseException as fault:  # noqa: BLE001  the conversation decides about every one
                step = steps.throw(fault)
            else:
                step = steps.send(value)
    except StopIteration as done:
        outcome: Outcome = done.value
        return outcome


def _slept(plan: Plan, seconds: float) -> Resting[None]:
    """Wait between two attempts."""
    worker = current()
    is_direct = worker is not None and worker.rests and worker.direct
    if not is_direct or plan.registry.testing or plan.host.clock.__class__ is not LoopClock:
        plan.sleep(seconds)
        return
    from asyncio import sleep

    yield from _waiting(plan).waited(Ending(sleep(seconds), "", None))
