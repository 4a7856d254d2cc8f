"""From a function and its options to the function that is called.

    decorate      checks the options, resolves the configuration, makes the plan and the form of its calls
    Host          what a pipeline needs of the program it runs in

A function whose calls nobody observes gets the fast form (`shapes.py`): its first attempt runs in the generated code,
and only when that fails does an `Execution` take over. Every other function's calls are an `Execution` from the
start.

Exceptions that stop a program (limits, cancellation, deadlines of callers) are no `Exception`s and pass
through every stage untouched, as do exhausted recursion and memory.
"""

from __future__ import annotations

from math import inf

from dana.adaptive.faults import NEVER
from dana.adaptive.perform import Attempt
from dana.adaptive.statistics import DEGRADED, TIMED_OUT
from dana.poet import profiles
from dana.poet.config import SIGNATURE, POETConfig, refuse_wrong
from dana.poet.errors import POETConfigError, said
from dana.poet.execution import Execution, carry_out
from dana.poet.plan import Plan, declared_types, outcome_of
from dana.poet.registry import registry_of
from dana.poet.shapes import shaped
from dana.poet.state import Call, POETStatus
from dana.poet.training.heard import ATTEMPT, CALL, CUT_OFF
from dana.runtime.stops import TimeoutStop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Mapping
    from typing import Any, NoReturn, Protocol

    from dana.poet.constants import Constants
    from dana.poet.execution import Steps
    from dana.poet.facts import Compiled
    from dana.poet.plugins.base import Plugin

    class Clock(Protocol):
        def sleep(self, seconds: float) -> object: ...

    class Meter(Protocol):
        @property
        def clock(self) -> Callable[[], float]: ...
        def push_deadline(self, seconds: float) -> Any: ...
        def pop_deadline(self, token: Any) -> None: ...
        def scopes(self, seconds: float) -> tuple[Callable[[float], Any], Callable[[Any], None]]: ...
        def remaining(self) -> float | None: ...
        def check(self) -> None: ...

    class Random(Protocol):
        def random(self) -> float: ...

    class Host(Protocol):
        """What a pipeline needs of the program it runs in (`dana.runtime.program.Program` has it)."""

        @property
        def meter(self) -> Meter: ...
        @property
        def clock(self) -> Clock: ...
        @property
        def random(self) -> Random: ...


__all__ = ["Call", "decorate", "plan_of"]

# Options that bring plugins with them.
_PLUGGED = frozenset({"domain", "plugins", "custom_plugin", "plugin_config"})
LATER_RESULT = 0x20 | 0x80 | 0x200  # the code flags of generators, coroutines and both
COROUTINE = 0x80


class NothingReturnedError(Exception):
    """The enforce handler gave None for a result that is something: it forgot its `return`."""


def decorate(
    host: Host,
    function: Callable[..., Any],
    given: Mapping[str, Any],
    *,
    files: Container[str] | None = None,
    fresh: Collection[Any] = (),
    show: Callable[[BaseException], Any] | None = None,
    types: Mapping[str, str] | None = None,
    facts: Compiled | None = None,
    coroutines: bool = False,
    constants: Constants | None = None,
) -> Callable[..., Any]:
    """`function` with the pipeline its options ask for; itself when it is not `enabled`.

    `files` are the names of the program's files, `fresh` the defaults that mean "new in each call", `show`
    makes a fault ready to be looked at by the program's own functions, `types` are annotations by parameter,
    `facts` what the compiler wrote about the function, `constants` its learnable constants; `coroutines`: an
    `async def` may be decorated. Raises `POETConfigError` when an option is wrong or a handler does not fit the
    function.
    """
    name = given.get("name") or getattr(function, "__name__", None) or type(function).__name__
    if not callable(function):
        raise POETConfigError(f"@poet needs a function, got {type(function).__name__}", name)
    flags = getattr(getattr(function, "__code__", None), "co_flags", 0) & LATER_RESULT
    if flags and not (coroutines and flags == COROUTINE):
        message = f"@poet cannot decorate `{name}`: its call returns before its work is done"
        raise POETConfigError(message, name, "decorate the ordinary function that does the work")
    refuse_wrong(given, name)
    registry = registry_of(host)
    named = given.get("profile") or registry.profile
    base = profiles.profile(named) if named in profiles.names() else {}
    plugins: list[Plugin] = []
    domain, why = None, ""
    if "domain" in base or not _PLUGGED.isdisjoint(given):
        plugins, domain, why = _plugins(given, base, name, function, types or {}, host)
    if not plugins and not why:
        config = registry.configured(given)
    else:
        config = POETConfig.resolved(given, registry.profile, _hints(plugins))
    if why:
        config.domain, config.origins["domain"] = domain, SIGNATURE
    if not config.enabled and config.batch is None:
        return function
    about = {"files": files, "fresh": fresh, "show": show, "types": types, "facts": facts}
    plan = Plan(host, registry, function, name, config, plugins, **about)  # type: ignore[arg-type]
    plan.choice = why
    if constants is None and facts is None and files is None:
        from dana.poet.constants import of_python

        constants = of_python(function)
    plan.constants = constants
    _attempts_otherwise(plan, is_coroutine=bool(flags))
    if not config.enabled:
        return plan.bare
    if config.store is not None or registry.store is not None or constants is not None:
        from dana.poet.subjects import learner_of

        plan.learns(learner_of(plan))
    if registry.off:
        plan.switch(on=False)
    registry.plans.add(plan)
    if registry.watchers:
        from dana.poet.exporters.base import tell

        tell(plan, "decorated")
    if flags:
        from dana.poet.coroutines import awaited

        made = awaited(plan)
    else:
        made = Entries(plan).made()
    made.__poet__ = plan  # type: ignore[attr-defined]
    if constants is not None and files is None:
        from dana.poet.constants import follow

        count = function.__code__.co_argcount
        follow(constants, *(each for each in (function, made) if each.__code__.co_argcount == count))
        if plan.learner is not None:
            # Defaults are bound before a call asks for anything: what was learnt about them is read now.
            plan.learner.ready()
    return made


def _attempts_otherwise(plan: Plan, *, is_coroutine: bool) -> None:
    """What an attempt calls, where that is not just the function."""
    config = plan.config
    if config.isolation is not None:
        from dana.poet.isolating import isolated

        plan.operate = isolated(plan, is_coroutine=is_coroutine)
    if config.hedge is not None:
        from dana.poet.hedging import Hedge

        plan.hedging = Hedge(plan, is_coroutine=is_coroutine)
        plan.operate = plan.hedging.call
    if config.batch is not None:
        from dana.poet.batching import batched

        plan.operate, plan.bare = batched(plan, is_coroutine=is_coroutine)


def plan_of(function: Any) -> Plan:
    """The plan of a decorated function. Raises `TypeError` for any other value."""
    plan = getattr(function, "__poet__", None)
    if plan.__class__ is not Plan:
        inner = getattr(function, "__func__", None)
        plan = getattr(inner, "__poet__", None)
    if plan.__class__ is not Plan:
        name = getattr(function, "__name__", type(function).__name__)
        msg = f"`{name}` is no function decorated with @poet"
        raise TypeError(msg)
    found: Plan = plan
    return found


# --- plugins ----------------------------------------------------------------------------------------


def _plugins(
    given: Mapping[str, Any], profile: Mapping[str, Any], name: str, function: Any, types: Mapping[str, str], host: Any
) -> tuple[list[Plugin], str | None, str]:
    """The plugins of one function, its domain, and why the first is its domain (`choosing.chosen`)."""
    from dana.poet.binding import Parameters, readable
    from dana.poet.plugins.base import PluginError
    from dana.poet.plugins.choosing import chosen

    own = Parameters(function).names if readable(function) else ()
    annotated = {**declared_types(function), **types}
    try:
        return chosen(given, profile, name, [(each, annotated.get(each, "")) for each in own], host)
    except PluginError as wrong:
        raise POETConfigError(f"`{name}`: {wrong}", name, wrong.hint, wrong.code) from wrong


def _hints(plugins: list[Plugin]) -> dict[str, Any]:
    """What the plugins suggest, as far as it is an option; the first one that says something counts (P85)."""
    found: dict[str, Any] = {}
    if plugins:
        from dana.poet.options import OPTIONS, check

        for plugin in plugins:
            for key, value in plugin.hints().items():
                if key in OPTIONS and key not in found and not check([(key, None, value)]):
                    found[key] = value
    return found


# --- the two forms of a call --------------------------------------------------------------------------


class Entries:
    """What the function that is called calls."""

    __slots__ = ("plan",)

    def __init__(self, plan: Plan) -> None:
        self.plan = plan

    def made(self) -> Callable[..., Any]:
        plan = self.plan
        simple, breaker = plan.is_simple, plan.breaker
        spends = plan.budget is not None and plan.config.retries > 0
        features = {
            "whole": not simple,
            "perceive": simple and plan.perceiver is not None,
            "enforce": simple and plan.enforcer is not None,
            "judge": simple and plan.judging is not None,
            "tells": simple and plan.tells,
            "timeout": simple and plan.config.timeout is not None,
            "budget": simple and spends,
            "breaker": simple and breaker is not None,
            "bulkhead": simple and plan.bulkhead is not None,
            "fallback": simple and bool(plan.fallbacks),
        }
        seconds = plan.config.timeout if simple else None
        push, pop = (None, None) if seconds is None else plan.meter.scopes(seconds)
        given = {
            "off": plan.off,
            "entries": self,
            "function": plan.function,
            "perceive": plan.perceive,
            "enforce": self.first_check if plan.tells else plan.enforcer,
            "purse": plan.budget,
            "spend": plan.budget.call if plan.budget is not None else None,
            "push": push,
            "pop": pop,
            "clock": plan.clock,
            "breaker": breaker,
            "slow": inf if breaker is None or breaker.slow_s is None else breaker.slow_s,
            "admit": breaker.admit if breaker is not None else None,
            "success": breaker.success if breaker is not None else None,
            "enter_bulkhead": plan.bulkhead.enter if plan.bulkhead is not None else None,
            "leave": plan.bulkhead.leave if plan.bulkhead is not None else None,
            "priority": plan.config.priority,
            "record": plan.record,
            "Halt": BaseException if breaker is not None else TimeoutStop,
            "Fault": Exception,
            "NothingReturned": NothingReturnedError,
        }
        readers = plan.readers if simple else None
        if readers is not None:
            from dana.poet.perceiving import UnclearError

            given["Unclear"] = UnclearError
            given["unjudged"], given["judge"] = plan.judging or (None, None)
        name = getattr(plan.function, "__name__", plan.name)
        cells = plan.registry.cells
        made = shaped(
            plan.function, name, plan.parameters, features, given, readers, cells=cells, is_bare=plan.is_of_program
        )
        plan.recorded_by(made, ".record")
        return made

    # --- observed calls -----------------------------------------------------------------------------

    def bypass(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """A call that does not take the fast way now: none at all, the first one, or one with other deadlines."""
        plan = self.plan
        if plan.disabled:
            return plan.bare(*args, **keywords)
        if plan.learner is not None:
            plan.learner.ready()
        return self.enter(args, keywords)

    def enter(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """A call that is observed, cached, limited or replaced in some way."""
        plan = self.plan
        key, found = looked_up(plan, args, keywords)
        if found is not None:
            return found[0]
        if plan.config.rollout < 1 and not is_chosen(plan, args, keywords):
            return plan.bare(*args, **keywords)
        if plan.budget is not None:
            plan.budget.call()
        mark = effects_begun(plan)
        value, error = carry_out(execution(plan, args, keywords).whole(), plan.sleep)
        if error is not None:
            again(error)
        if key is not None and plan.cache is not None and mark == effects_begun(plan):
            plan.cache.put(key, value)
        return value

    def turned_away(self) -> BaseException:
        """The error of a call the breaker does not let in."""
        return self.plan.turned_away()

    def full(self) -> BaseException:
        """The error of a call for which the bulkhead has no place."""
        return self.plan.crowded_out()

    # --- the fast form --------------------------------------------------------------------------------

    def first_check(self, value: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Enforce of the first attempt for a handler that wants to know the call."""
        plan = self.plan
        assert plan.parameters is not None
        assert plan.enforcer is not None
        bound = plan.parameters.bind(args, keywords)
        window, learnt = plan.config.context_window, list(plan.learnt)
        return plan.enforcer(value, Call(plan.name, bound, 1, [], None, None, window, "", learnt, plan))

    def recover(
        self,
        failed: list[Exception],
        refused: bool,
        args: tuple[Any, ...],
        keywords: dict[str, Any],
        token: Any,
        start: float,
        ticket: int,
    ) -> Any:
        """Operate and Enforce again after a first attempt that failed, as long as the policy allows."""
        value, error = carry_out(self.following(failed, refused, args, keywords, token, start, ticket), self.plan.sleep)
        if error is not None:
            again(error)
        return value

    def following(
        self,
        failed: list[Exception],
        refused: bool,
        args: tuple[Any, ...],
        keywords: dict[str, Any],
        token: Any,
        start: float,
        ticket: int,
    ) -> Steps:
        """What `recover` carries out; raises the fault when nothing can follow it."""
        plan = self.plan
        fault = failed.pop()
        if plan.breaker is not None:
            now = plan.clock()
            if refused:
                plan.breaker.success(ticket, now - start, now)
            elif plan.counts(fault):
                plan.breaker.failure(ticket, now - start, now)
            else:
                plan.breaker.cancelled(ticket)
        if isinstance(fault, NEVER):
            again(fault)
        if isinstance(fault, NothingReturnedError):
            error: BaseException | None = plan.nothing_returned()
            assert error is not None
            plan.ended(error, plan.clock() - start)
            raise error
        running = Execution(plan, args, keywords, None)
        running.token, running.began = token, start
        if plan.plugins and plan.parameters is not None:
            running.bound = plan.parameters.bind(args, keywords)
        steps = running.resumed(Attempt(1, fault, refused=refused))
        del fault
        return steps

    def fall_back(self, error: Exception, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """The value of a fallback for a call that failed, counted as such; else its error."""
        plan = self.plan
        if isinstance(error, NEVER):
            again(error)
        value, failed = carry_out(execution(plan, args, keywords).fallen(error), plan.sleep)
        return self.fallen(error, value, failed)

    def fallen(self, error: Exception, value: Any, failed: BaseException | None) -> Any:
        """What the fallbacks gave for a call that failed with `error`, counted as such."""
        if failed is not None:
            again(failed)
        outcomes = self.plan.calls.outcomes
        outcomes[outcome_of(error)] -= 1
        outcomes[DEGRADED] += 1
        return value

    def stopped(self, stop: BaseException, token: Any, start: float, ticket: int) -> BaseException:
        """What to raise for what came out of a call: it, or the timeout error of this call."""
        plan = self.plan
        if isinstance(stop, Exception):
            return stop
        ours = token is not None and isinstance(stop, TimeoutStop) and stop._token is token
        if plan.breaker is not None and ticket:
            now = plan.clock()
            if ours:
                plan.breaker.failure(ticket, now - start, now)
            else:
                plan.breaker.cancelled(ticket)
        if not ours or not isinstance(stop, TimeoutStop):
            return stop
        error = plan.stopped(stop, token)
        took = plan.clock() - start
        plan.ended(error, took)
        if plan.heard is not None:
            plan.heard.hear(ATTEMPT, took, CUT_OFF)
            plan.heard.hear(CALL, took, False, ())
        return error

    def late(self, took: float) -> BaseException:
        """The error of a first attempt that came back too late."""
        error = self.plan.late()
        self.plan.calls.record(took, TIMED_OUT)
        self.plan.note(said(error))
        return error


def execution(plan: Plan, args: tuple[Any, ...], keywords: dict[str, Any]) -> Execution:
    """A new call with a status of its own."""
    running = Execution(plan, args, keywords, None)
    status = running.status = POETStatus(plan.registry.new_id(), plan.name, running.config, plan.clock())
    if running.learnt:
        status.learnings_applied.extend(running.learnt)
    return running


def looked_up(plan: Plan, args: tuple[Any, ...], keywords: dict[str, Any]) -> tuple[Any, tuple[Any] | None]:
    """The key of a call in the cache (None: there is none), and what is kept under it, in a tuple."""
    if plan.cache is None:
        return None, None
    from dana.poet.caching import MISS, key_of

    key = key_of(args, keywords)
    if key is None:
        return None, None
    value = plan.cache.get(key)
    return key, None if value is MISS else (value,)


def effects_begun(plan: Plan) -> int:
    """How many effects the program has begun: a call that begins one is not pure, and not remembered."""
    waiting = getattr(plan.host, "waiting", None)
    return 0 if waiting is None else waiting.number


def is_chosen(plan: Plan, args: tuple[Any, ...], keywords: dict[str, Any]) -> bool:
    """Whether a call is in the share that takes the pipeline: the same arguments always are, or never (P168)."""
    from zlib import crc32

    text = f"{plan.name}{args!r}{sorted(keywords.items())!r}"
    return crc32(text.encode("utf-8", "surrogatepass")) < plan.config.rollout * 2**32


def again(fault: BaseException) -> NoReturn:
    """Raise a fault as it came, without keeping it alive in this frame."""
    try:
        raise fault
    finally:
        del fault
