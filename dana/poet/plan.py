"""What all calls of one decorated function share, made when it is decorated.

A `Plan` reads the configuration once and keeps what a call needs in the form in which it needs it: the policy, the
breaker, the plugins bound to the parameters, the counters. It knows how a call can end without a value, and what is
said then. `shapes` makes the function that is called, `execution` what happens in it.
"""

from __future__ import annotations

from types import MappingProxyType

from dana.adaptive.budget import RetryBudget
from dana.adaptive.faults import NEVER
from dana.adaptive.policy import OUT_OF_BUDGET, OUT_OF_TIME, PERMANENT_FAULT, Backoff, Retry
from dana.adaptive.recovery import is_worth_retrying
from dana.adaptive.statistics import FAILED, OPEN, REFUSED, TIMED_OUT, Calls
from dana.poet.binding import Parameters, readable
from dana.poet.errors import (
    Failure,
    POETBulkheadFullError,
    POETCircuitOpenError,
    POETConfigError,
    POETEnforceError,
    POETPerceiveError,
    POETPluginError,
    POETTimeoutError,
    operate_error,
    place,
    said,
    seconds,
)
from dana.poet.options import OPTIONS
from dana.poet.questions import questions_of
from dana.runtime.exceptions import DeniedFault, LimitFault, POETFault
from dana.runtime.typevalues import safe_repr

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Mapping, Sequence
    from types import CellType
    from typing import Any

    from dana.adaptive.breaker import Breaker
    from dana.adaptive.limits import Bulkhead
    from dana.adaptive.perform import Attempt, Record
    from dana.poet.caching import Cache
    from dana.poet.config import POETConfig
    from dana.poet.constants import Constants
    from dana.poet.facts import CodeContext, Compiled
    from dana.poet.pipeline import Host
    from dana.poet.plugins.base import Plugin
    from dana.poet.registry import Registry
    from dana.poet.subjects import Learner
    from dana.poet.training.judging import Judging
    from dana.runtime.effects.waiting import Resting
    from dana.runtime.stops import TimeoutStop

LONGEST_NAP_S = 0.05
PROBE_EVERY = 100
KEPT_FAILURES = 10
# What most functions have learnt, and how most are annotated: one for all of them.
NOTHING: Mapping[str, Any] = MappingProxyType({})
NONE_HOPELESS: dict[str, int] = {}
NO_PLUGINS: list[Plugin] = []
NO_PERCEIVERS: list[tuple[Plugin, Any]] = []


class Plan:
    """The shared part of one decorated function.

    `files` are the names of the program's files, `fresh` the defaults that mean "new in each call", `show` makes a
    fault ready to be looked at by the program's own functions, `types` are annotations by parameter.
    """

    __slots__ = (
        "__weakref__", "_calls", "annotated", "asks", "bare", "breaker", "budget", "bulkhead", "cache", "choice",
        "clock", "config", "confirmed", "constants", "critical", "current", "disabled", "enforcer", "facts",
        "failures", "fallbacks", "files", "function", "given", "had_questions", "heard", "hedging", "hopeless", "host",
        "judges", "judging", "learner", "learnt", "meter", "name", "needs_arguments", "observer", "off", "operate",
        "parameters", "perceiver", "perceivers", "perceives", "plugins", "policy", "questions", "readers", "record",
        "recording", "registry", "stays", "tells", "train", "types", "words", "worth",
    )  # fmt: skip

    def __init__(
        self,
        host: Host,
        registry: Registry,
        function: Callable[..., Any],
        name: str,
        config: POETConfig,
        plugins: list[Plugin],
        *,
        files: Container[str] | None = None,
        fresh: Collection[Any] = (),
        show: Callable[[BaseException], Any] | None = None,
        types: Mapping[str, str] | None = None,
        facts: Compiled | None = None,
    ) -> None:
        self.facts: Compiled | CodeContext | None = facts
        self.host = host
        self.registry = registry
        self.meter = host.meter
        tape = getattr(host, "tape", None)
        self.clock = host.meter.clock if tape is None else tape.poet_clock(host.meter.clock)
        self.function = function
        self.name = name
        self.config = config
        self.files = files
        # Its learnable constants (`constants.py`).
        self.constants: Constants | None = None
        # What is called without a pipeline, and what an attempt calls.
        self.bare = self.operate = function
        self.hedging: Any = None
        self.budget = RetryBudget(config.retry_budget) if config.retry_budget is not None else None
        self.worth = _worth(config.retry_on, show)
        # What is written, and what was learnt in its place.
        self.given = config
        self.learnt: Mapping[str, Any] = NOTHING
        # Kinds of fault that retries were in vain for, as was learnt, and how many of them came since.
        self.hopeless: dict[str, int] = NONE_HOPELESS
        self.policy = self._policy(config)
        # Once something was learnt: configuration, policy and its names as one value, which a call reads at its start.
        self.current: tuple[POETConfig, Retry, tuple[str, ...]] | None = None
        self.parameters = Parameters(function, fresh) if readable(function) else None
        self.perceiver = config.perceive_handler
        self.perceives = () if self.perceiver is None else self._names_perceived(self.perceiver)
        self.enforcer = config.enforce_handler
        self.tells = self.enforcer is not None and self._takes_call(self.enforcer)
        self.fallbacks = tuple(config.fallback) if config.fallback.__class__ in (list, tuple) else ()
        if not self.fallbacks and config.fallback is not None:
            self.fallbacks = (config.fallback,)
        self.train = config.train_handler
        self.plugins = plugins or NO_PLUGINS
        # Why the domain was chosen, where it was chosen by itself.
        self.choice = ""
        # A thousand functions without plugins share what is empty.
        self.types: Mapping[str, str] = {**declared_types(function), **(types or {})} if plugins else NOTHING
        self.annotated: Sequence[tuple[str, str]] = self._annotated() if plugins else ()
        self.perceivers = self._bound_plugins()
        # What words of its domain stand for, where people may correct them.
        self.words = next((plugin.glossary for plugin in self.plugins if plugin.glossary is not None), None)
        # Causes its domain knows, which people may confirm.
        self.confirmed = next((plugin.confirmed for plugin in self.plugins if plugin.confirmed is not None), None)
        self.breaker = _breaker(config.breaker)
        self.bulkhead = _bulkhead(config.bulkhead)
        self.cache = self._cache(config.cache)
        self.critical = config.safety_critical or config.priority == "critical"
        mode = config.interrupts
        self.asks = mode in ("on", "on_error", "on_critical") or (mode == "auto" and (self.critical or bool(plugins)))
        # Made by the first call that ends: many functions are decorated and few are called.
        self._calls: Calls | None = None
        self.record: Callable[[float], None] = self._recorded_first
        # Where the decorated function finds `record`.
        self.recording: CellType | None = None
        self.failures: Sequence[tuple[float, str]] = ()
        # What a call looks at first: not empty when its way is not the fast one (`steer`).
        self.off: list[bool] = []
        self.disabled = False
        # Whether its calls on a host's loop keep their stack while they wait, once that is known (`resting.py`).
        self.stays: bool | None = None
        self.learner: Learner | None = None
        # Where what calls see goes, for whoever learns from it (`dana.poet.training.engine`).
        self.heard: Any = None
        self.questions = questions_of(self)
        self.had_questions = self.questions is not None
        self.observer = self._observer()
        # What judges its calls without being asked (`dana.poet.training.judging`).
        self.judges: Judging | None = None
        if config.simulation is not None or config.feedback_mode is not None:
            from dana.poet.training.judging import judging_of

            self.judges = judging_of(self)
        follows = self.observer is not None or self.train is not None or self.judges is not None
        self.needs_arguments = bool(plugins) or self.asks or follows
        if self.needs_arguments and self.parameters is None:
            self._named(
                "domain"
                if plugins
                else "audit_trail"
                if self.observer
                else "simulation"
                if self.judges
                else "interrupts"
            )
        self.readers: dict[str, Any] | None = None
        self.judging: Any = None
        if plugins and not follows:
            from dana.poet import perceiving

            self.readers, self.judging = perceiving.readers(self), perceiving.judges(self)

    @property
    def calls(self) -> Calls:
        """How its calls ended, and how long they took."""
        if self._calls is None:
            self._calls = Calls()
        return self._calls

    def _recorded_first(self, took: float) -> None:
        """`record` of the first success, which makes that of all others."""
        self.record = self.calls.succeeded()
        if self.recording is not None:
            self.recording.cell_contents = self.record
        self.record(took)

    def recorded_by(self, made: Any, name: str) -> None:
        """Let the decorated function, which closes over `record` by this name, have another after the first success."""
        names = made.__code__.co_freevars
        if name in names and self.record == self._recorded_first:
            self.recording = made.__closure__[names.index(name)]

    @property
    def is_of_program(self) -> bool:
        """Whether it is a function of a Dana program, as it was compiled: those carry nothing."""
        file = getattr(getattr(self.function, "__code__", None), "co_filename", None)
        return self.files is not None and file is not None and file in self.files

    @property
    def is_simple(self) -> bool:
        """Whether only what the fast form of a call knows is switched on."""
        config = self.config
        observed = self.needs_arguments and self.readers is None
        direct = self.cache is None and self.operate is self.function and config.attempt_timeout is None
        return not observed and direct and config.rollout >= 1 and self.questions is None

    def switch(self, *, on: bool) -> None:
        """Switch the pipeline on or off; off, calls go to the bare function (P30)."""
        self.disabled = not on
        self.steer()

    def learns(self, learner: Learner | None) -> None:
        """Have a learner, which is asked at the first call."""
        self.learner = learner
        trainer = None if learner is None else learner.trainer
        if trainer is not None:
            self.heard = trainer
            self.record = self.calls.succeeded(trainer.heard, trainer.due)
            if self.breaker is not None:
                began: list[float] = []
                self.breaker.watched_by(lambda before, after, now: trainer.changed(before, after, now, began))
            if self.cache is not None and "cache" in self.config.learnable:
                self.cache.heard = trainer
        self.steer()

    def adopt(self, learnt: Mapping[str, Any]) -> None:
        """Have the values of knobs that were learnt, from the next call on; all others are as they are written."""
        options = {name: value for name, value in learnt.items() if name in OPTIONS}
        for name in ("timeout", "attempt_timeout"):
            if options.get(name) == 0:
                options[name] = None
        if self.breaker is not None:
            fresh = _breaker(self.given.breaker)
            for name in ("failure_rate", "slow_rate", "open_s"):
                setattr(self.breaker, name, learnt.get(f"breaker_{name}", getattr(fresh, name)))
        if self.cache is not None and "cache" in self.given.learnable:
            self.cache.ttl = learnt.get("cache_ttl", ttl_of(self.given.cache))
        if self.constants is not None:
            self.constants.set({name: value for name, value in learnt.items() if name in self.constants.bounds})
        if self.words is not None:
            self.words.set(str(learnt.get("domain_words", "")))
        if self.confirmed is not None:
            self.confirmed.set(str(learnt.get("confirmed_causes", "")))
        self.hopeless = dict.fromkeys(str(learnt.get("given_up", "")).split(), 0)
        config = self.given.changed(options) if options else self.given
        policy = self._policy(config)
        self.current = config, policy, tuple(sorted(learnt))
        self.config, self.policy = config, policy
        self.learnt = dict(learnt) if learnt else NOTHING
        self.steer(ready=True)
        if self.registry.watchers:
            from dana.poet.exporters.base import tell

            tell(self, "learnt", self.learnt)

    def steer(self, *, ready: bool = False) -> None:
        """Decide which way calls take: the fast one knows neither stores to be asked nor deadlines that were learnt."""
        given, config = self.given, self.config
        is_new = given.timeout != config.timeout or given.attempt_timeout != config.attempt_timeout
        asks = self.learner is not None and not (ready or self.learner.is_ready)
        # The fast form was made before anybody knew that the function asks a model.
        is_late = self.questions is not None and not self.had_questions
        self.off[:] = [True] if self.disabled or is_new or asks or is_late else []

    def _policy(self, config: POETConfig) -> Retry:
        waits = config.backoff, config.backoff_factor, config.backoff_max, config.jitter
        if self.budget is not None or self.worth is not _is_transient or self.hopeless or config is not self.given:
            worth = self._still_worth if self.hopeless else self.worth
            return Retry(config.retries, Backoff(*waits), worth, self.budget)
        shared = self.registry.policies
        key = config.retries, *waits
        if key not in shared:
            shared[key] = Retry(config.retries, Backoff(*waits), self.worth)
        return shared[key]

    def _still_worth(self, fault: BaseException) -> bool:
        """`worth`, but for kinds that were given up: one in a hundred of those is a probe, as they may come back."""
        if not self.worth(fault):
            return False
        kind = type(fault).__name__
        if kind not in self.hopeless:
            return True
        self.hopeless[kind] += 1
        return self.hopeless[kind] % PROBE_EVERY == 0

    # --- decoration ---------------------------------------------------------------------------------

    def _cache(self, given: Any) -> Cache | None:
        if given is False:
            return None
        from dana.poet.caching import SIZE, Cache

        if given is True:
            return Cache(self.clock)
        settings = given if given.__class__ is dict else {"ttl": given}
        return Cache(self.clock, settings.get("ttl"), settings.get("size", SIZE))

    def _observer(self) -> Any:
        """Who sees each call: the record, where there is an audit trail, and exporters (`dana.poet.exporters`)."""
        record = None
        if self.config.audit_trail:
            from dana.poet.observing import LedgerObserver

            record = LedgerObserver(self.registry.ledger)
        if not self.registry.watchers or self.parameters is None:
            return record
        from dana.poet.exporters.base import observed

        return observed(self, record)

    def _attached(self, plugin: Plugin) -> None:
        from dana.poet.plugins.base import PluginError

        try:
            plugin.attach(self.name, self.annotated, self.clock)
        except PluginError as wrong:
            raise POETConfigError(f"`{self.name}`: {wrong}", self.name, wrong.hint, wrong.code) from wrong

    def _annotated(self) -> list[tuple[str, str]]:
        return [(name, self.types.get(name, "")) for name in self._named("domain").names]

    def _bound_plugins(self) -> list[tuple[Plugin, Any]]:
        pairs = self.annotated
        for plugin in self.plugins:
            self._attached(plugin)
        found = [(plugin, perceive) for plugin in self.plugins if (perceive := plugin.perceiver(pairs)) is not None]
        return found or NO_PERCEIVERS

    def _names_perceived(self, handler: Callable[..., Any]) -> tuple[str, ...]:
        """The arguments the perceive handler takes by name; none when it takes them all as one dict."""
        parameters = self._named("perceive_handler")
        if not readable(handler):
            return ()
        own = Parameters(handler)
        wanted = own.positional[own.positional_only :] + own.keyword
        if wanted and all(name in parameters.names or name in own.defaults for name in wanted):
            return tuple(name for name in wanted if name in parameters.names)
        if len(own.required) == 1 or (not own.required and own.positional) or own.rest:
            return ()
        stranger = next((name for name in own.required if name not in parameters.names), "")
        if not own.names:
            message = f"perceive_handler of `{self.name}` takes no parameters, so it cannot see the arguments"
            hint = "give it parameters named like the function's, or one for all of them"
        else:
            message = f"perceive_handler of `{self.name}` wants `{stranger}`, which is no parameter of the function"
            hint = parameters.unknown(stranger)
        raise POETConfigError(message, self.name, hint)

    def _takes_call(self, handler: Callable[..., Any]) -> bool:
        """Whether the enforce handler wants to know about the call as well."""
        if not readable(handler):
            return False
        own = Parameters(handler)
        count = len(own.required)
        if count > 2 or not (own.positional or own.rest) or any(name in own.required for name in own.keyword):
            message = f"enforce_handler of `{self.name}` takes {count} parameters; it is given the result"
            hint = "write it as `def handler(result)` or `def handler(result, call)`"
            raise POETConfigError(message, self.name, hint)
        if count == 2:
            self._named("enforce_handler")
        return count == 2

    def _named(self, option: str) -> Parameters:
        if self.parameters is None:
            raise POETConfigError(
                f"{option} needs the names of the parameters, and those of `{self.name}` cannot be read",
                self.name,
                "decorate a function written in Dana or Python that calls it",
            )
        return self.parameters

    @property
    def context(self) -> CodeContext:
        """What the code says about the function; put together when a handler first asks."""
        from dana.poet.facts import CodeContext, context_of

        if not isinstance(self.facts, CodeContext):
            self.facts = context_of(self.function, self.name, self.facts)
        return self.facts

    # --- calls that rest (`dana.runtime.effects.resting`) --------------------------------------------

    def may_rest(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> bool:
        """Whether a call may wait without a stack of its own."""
        from dana.poet import resting

        return resting.may_rest(self, args, keywords)

    def steps(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> Resting[Any]:
        """Such a call."""
        from dana.poet import resting

        return resting.steps(self, args, keywords)

    # --- Perceive -----------------------------------------------------------------------------------

    def question(self, bound: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """What the perceive handler is called with."""
        if self.perceives:
            return (), {name: bound[name] for name in self.perceives if name in bound}
        return (bound,), {}

    def merge(self, bound: dict[str, Any], before: dict[str, Any], changed: Any) -> dict[str, Any]:
        """The arguments with what the perceive handler changed; `before` are those it was not given to change."""
        parameters = self.parameters
        assert parameters is not None
        if changed is None:
            if self.perceives:
                return before
            changed = bound  # the handler may have changed its dict in place
        if not isinstance(changed, dict):
            message = f"perceive_handler of `{self.name}` returned {_a(changed)} instead of a dict of arguments"
            hint = 'return the changed ones, like {"score": 720}, or nothing to keep them all'
            raise POETPerceiveError(message, self.name, (), hint)
        for name, value in changed.items():
            if name not in parameters.names:
                message = f"perceive_handler of `{self.name}` returned `{name}`, which is no parameter"
                raise POETPerceiveError(message, self.name, (), parameters.unknown(name))
            before[name] = value
        return before

    def perceive(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Perceive as the fast form of a call does it: the arguments as the handler wants them."""
        parameters, handler = self.parameters, self.perceiver
        assert parameters is not None
        assert handler is not None
        bound = parameters.bind(args, keywords)
        before = bound if self.perceives else dict(bound)
        given, named = self.question(bound)
        try:
            try:
                changed = handler(*given, **named)
            except NEVER:
                raise
            except Exception as fault:
                raise self.refused(fault) from fault
            if changed is None and self.perceives:
                return args, keywords
            return parameters.unbind(self.merge(bound, before, changed))
        except POETPerceiveError as refused:
            self.ended(refused, 0.0)
            raise

    def refused(self, fault: BaseException, who: str = "its perceive_handler") -> POETPerceiveError:
        """The error of a call whose arguments were refused."""
        message = f"the arguments of `{self.name}` were refused: {said(fault)}"
        hint = f"the function was not called; {who} decides what it accepts"
        return POETPerceiveError(message, self.name, (), hint)

    # --- waiting ------------------------------------------------------------------------------------

    def sleep(self, wanted: float) -> None:
        """Wait, in naps: a caller's deadline and cancellation are looked at after each."""
        if self.registry.testing:
            return
        meter, nap = self.meter, self.host.clock.sleep
        now = meter.clock
        end = now() + wanted
        while (left := end - now()) > 0:
            allowed = meter.remaining()
            nap(min(left, LONGEST_NAP_S) if allowed is None else min(left, LONGEST_NAP_S, allowed))
            meter.check()

    # --- how a call can end without a value ---------------------------------------------------------------

    def counts(self, fault: BaseException) -> bool:
        """Whether a fault says something about whom the function calls: bugs and wrong input do not."""
        return isinstance(fault, TimeoutError) or self.worth(fault)

    def ended(self, error: BaseException, took: float) -> None:
        """Count a call that ended without a value."""
        self.calls.record(took, outcome_of(error))
        self.note(said(error))

    def note(self, failure: str) -> None:
        """Remember a failure, in words; old ones make room."""
        self.failures = [*self.failures[1 - KEPT_FAILURES :], (self.clock(), failure)]

    def failed_attempts(self, record: Record | None) -> list[Failure]:
        """The failed attempts as data."""
        if record is None:
            return []
        return [
            Failure(attempt, place(attempt.fault, self.files) if attempt.place is None else attempt.place)
            for attempt in record.attempts
        ]

    def put_away(self, attempt: Attempt) -> None:
        """Keep of an attempt that is followed by another what can still be asked for: where it failed, not its frames.

        Programs in Dana see no tracebacks; those of Python functions are left as they are.
        """
        if self.files is not None:
            attempt.place = place(attempt.fault, self.files)
            attempt.fault.__traceback__ = None

    def gave_up(self, record: Record) -> BaseException:
        """The error of a call that will not be tried again."""
        last = record.attempts[-1]
        count = len(record.attempts)
        reason = record.reason
        if count == 1 and not last.refused and reason not in (OUT_OF_BUDGET, OUT_OF_TIME):
            return last.fault
        tries = "its first attempt" if count == 1 else f"{count} attempts"
        hint = self._hint(reason)
        failures = self.failed_attempts(record)
        if last.refused:
            message = f"`{self.name}` gave no acceptable result in {tries}: {said(last.fault)}"
            return _because(POETEnforceError(message, self.name, failures, hint), last.fault)
        message = f"`{self.name}` failed in {tries}: {said(last.fault)}"
        return _because(operate_error(last.fault)(message, self.name, failures, hint), last.fault)

    def _hint(self, reason: str) -> str:
        config = self.config
        if reason == OUT_OF_TIME:
            return f"the next attempt would have come after the timeout of {seconds(config.timeout or 0)}"
        if reason == OUT_OF_BUDGET:
            return f"the retry budget is spent: retries may add {config.retry_budget:.0%} to this function's calls"
        if reason == PERMANENT_FAULT:
            return "a fault of this kind is not retried: the same input would only produce it again"
        more = f"`retries={config.retries}` allows no further attempt"
        return more if config.retries else "`retries=0` allows one attempt only"

    def nothing_returned(self) -> POETEnforceError:
        """The error of an enforce handler that lost the result."""
        message = f"enforce_handler of `{self.name}` returned None for a result that is something"
        error = POETEnforceError(
            message, self.name, (), "return the result (mended, if need be), or raise to refuse it"
        )
        error.__suppress_context__ = True
        return error

    def left_out(self, plugin: Plugin, fault: BaseException) -> str:
        """What is said about a plugin that failed by a mistake of its own; whoever runs the program hears it (PC11)."""
        text = f"the plugin {plugin.domain} failed for `{self.name}` and was left out: {said(fault)}"
        self.registry.warn(f"{self.name}/{plugin.domain}/{type(fault).__name__}", text)
        return text

    def plugin_failed(self, plugin: Plugin, fault: BaseException) -> POETPluginError:
        """The error of a plugin that failed where nothing may be left out."""
        message = f"the plugin {plugin.domain} failed for `{self.name}`: {said(fault)}"
        return POETPluginError(message, self.name, (), "the function is safety_critical: it gives no unchecked result")

    def barred(self, record: Record | None = None) -> POETCircuitOpenError:
        """The error of a call the breaker does not let through."""
        assert self.breaker is not None
        wait = self.breaker.retry_after(self.clock())
        message = f"`{self.name}` was not called: its circuit breaker is {self.breaker.state}"
        hint = (
            f"it lets a call through again in {seconds(wait)}" if wait else "a probe is under way, or it is held open"
        )
        error = POETCircuitOpenError(message, self.name, self.failed_attempts(record), hint)
        error.retry_after = wait
        return error

    def turned_away(self) -> POETCircuitOpenError:
        """`barred` for the fast form of a call, counted."""
        error = self.barred()
        self.ended(error, 0.0)
        return error

    def crowded_out(self) -> POETBulkheadFullError:
        """`full` for the fast form of a call, counted."""
        error = self.full()
        self.ended(error, 0.0)
        return error

    def full(self) -> POETBulkheadFullError:
        """The error of a call for which the bulkhead has no place."""
        limit, priority = self.config.bulkhead, self.config.priority
        message = f"`{self.name}` was not called: {limit} calls at once are its limit"
        hint = "" if priority == "critical" else f"calls of priority {priority} leave some of the places to others"
        return POETBulkheadFullError(message, self.name, (), hint)

    def stopped(self, stop: TimeoutStop, token: Any, record: Record | None = None) -> BaseException:
        """What to raise for a stop: it, when it is somebody else's, else the timeout error of this call."""
        if token is None or stop._token is not token:
            return stop
        return self._timeout(record, place(stop, self.files), "did not finish within")

    def late(self, record: Record | None = None) -> POETTimeoutError:
        """The error of a call that came back, but only after its time: nothing in it could be stopped."""
        return self._timeout(record, "", "finished, but not within")

    def _timeout(self, record: Record | None, where: str, did: str) -> POETTimeoutError:
        failures = self.failed_attempts(record)
        limit = seconds(self.config.timeout or 0)
        during = f" in attempt {len(failures) + 1}" if failures else ""
        stopped = f" (stopped{during} at {where})" if where else during
        message = f"`{self.name}` {did} its timeout of {limit}{stopped}"
        error = POETTimeoutError(message, self.name, failures, "raise `timeout`, or make the function faster")
        error.__suppress_context__ = True
        return error


def outcome_of(error: BaseException) -> int:
    """What a call that ended in this error counts as."""
    if isinstance(error, (POETPerceiveError, POETEnforceError)):
        return REFUSED
    if isinstance(error, POETTimeoutError):
        return TIMED_OUT
    return OPEN if isinstance(error, (POETCircuitOpenError, POETBulkheadFullError)) else FAILED


def ttl_of(given: Any) -> float | None:
    """How long results are kept, as it is written."""
    settings = given if given.__class__ is dict else {} if given.__class__ is bool else {"ttl": given}
    found: float | None = settings.get("ttl")
    return found


def _breaker(given: Any) -> Breaker | None:
    if given is False:
        return None
    from dana.adaptive.breaker import Breaker

    return Breaker(**given) if given.__class__ is dict else Breaker()


def _bulkhead(places: int | None) -> Bulkhead | None:
    if places is None:
        return None
    from dana.adaptive.limits import Bulkhead

    return Bulkhead(places)


def _worth(retry_on: Any, show: Callable[[BaseException], Any] | None) -> Callable[[BaseException], bool]:
    """The test of a fault that `retry_on` asks for."""
    if retry_on is None:
        return _is_transient
    if retry_on.__class__ in (list, tuple):
        kinds = tuple(retry_on)
    elif isinstance(retry_on, type):
        kinds = (retry_on,)
    else:
        return lambda fault: bool(retry_on(fault if show is None else show(fault)))
    return lambda fault: isinstance(fault, kinds)


def _is_transient(fault: BaseException) -> bool:
    """As everywhere, but what POET or Dana gave up on already is not tried again around it."""
    return is_worth_retrying(fault) and not isinstance(fault, (POETFault, DeniedFault, LimitFault))


def declared_types(function: Callable[..., Any]) -> dict[str, str]:
    """The annotations of a Python function as text."""
    found = getattr(function, "__annotations__", None) or {}
    return {
        name: kind if kind.__class__ is str else getattr(kind, "__name__", str(kind)) for name, kind in found.items()
    }


def _because(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


def _a(value: Any) -> str:
    return "None" if value is None else f"{type(value).__name__} {safe_repr(value):.40}"
