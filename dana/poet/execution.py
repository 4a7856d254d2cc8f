"""One call of a decorated function: its stages, as a conversation with whoever carries it out.

    steps = Execution(plan, args, keywords).whole()
        yields (function, args, keywords)   ← the driver calls it, sends the value or throws the fault
        yields 0.13                         ← the driver waits so many seconds
        returns (value, None) or (None, error)

`carry_out` does that with ordinary calls, `acarry_out` on an event loop, where functions and handlers may be
coroutines; what is decided is written once. Stops (limits, cancellation, callers' deadlines) pass through.
"""

from __future__ import annotations

from dana.adaptive.faults import NEVER
from dana.adaptive.perform import GIVE_UP, WAIT, Attempt, Record, perform
from dana.adaptive.statistics import DEGRADED, RETRIED, SUCCEEDED
from dana.poet.errors import POETConfigError, POETInterruptError, POETPerceiveError, said, seconds
from dana.poet.state import Call, POETStatus
from dana.poet.training.heard import ATTEMPT, CALL, CUT_OFF, outcome_of_attempt
from dana.runtime.exceptions import DeniedFault, POETFault
from dana.runtime.stops import Carried, TimeoutStop, carried

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from typing import Any, TypeAlias

    from dana.poet.plan import Plan

    Step: TypeAlias = float | tuple[Callable[..., Any], tuple[Any, ...], dict[str, Any]]
    Outcome: TypeAlias = tuple[Any, BaseException | None]
    Steps: TypeAlias = Generator[Step, Any, Outcome]


class _NoValue:
    """What stands for "no value yet"."""

    __slots__ = ()


_NONE_YET = _NoValue()


class Execution:
    """The call of `plan.function` with these arguments."""

    __slots__ = (
        "args", "asking", "began", "bound", "config", "inner", "keywords", "learnt", "override", "plan", "policy",
        "record", "status", "token",
    )  # fmt: skip

    def __init__(self, plan: Plan, args: tuple[Any, ...], keywords: dict[str, Any], status: POETStatus | None) -> None:
        self.plan = plan
        self.config, self.policy, self.learnt = plan.current or (plan.config, plan.policy, ())
        self.args = args
        self.keywords = keywords
        self.status = status
        self.record = Record()
        self.token: Any = None
        # The deadline of the attempt that is being made.
        self.inner: Any = None
        self.began = 0.0
        self.bound: dict[str, Any] | None = None
        self.override: Any = _NONE_YET
        # What the questions of this call share, and what those of the call around it do.
        self.asking: Any = None

    # --- the whole call -----------------------------------------------------------------------------

    def whole(self) -> Steps:
        """All stages, from the place in the bulkhead to the record of how it ended."""
        plan = self.plan
        self.began = plan.clock()
        if plan.questions is not None:
            self.asking = plan.questions.begin(self)
            if self.status is not None:
                self.status.questions = self.asking[0]
        try:
            is_test = plan.judges is not None and plan.judges.mode == "safe_testing"
            held: Any = plan.host if is_test else None
            if held is not None:
                # Nothing that happens meanwhile reaches the world.
                held.policy.hold()
            try:
                value, error = yield from self._admitted()
            finally:
                if held is not None and plan.judges is not None:
                    plan.judges.denied += held.policy.release()
            if error is not None and plan.fallbacks:
                value, error = yield from self._fall_back(error)
            if plan.judges is not None:
                yield from self._simulated(value, error)
            if error is None and plan.train is not None:
                yield from self._train(value)
        except BaseException as stop:
            self._end(None, stop)
            raise
        return self._end(value, error)

    def perceived(self) -> Generator[Step, Any, BaseException | None]:
        """Perceive alone (`stages.py`), as the four are that follow."""
        return (yield from self._perceive())

    def operated(self) -> Generator[Step, Any, Any]:
        """Operate alone: one attempt."""
        return (yield from self._operate())

    def judged(self, value: Any) -> Generator[Step, Any, tuple[Any, Attempt | None, BaseException | None]]:
        """Enforce alone."""
        return (yield from self._judged(value, 1))

    def trained(self, value: Any) -> Generator[Step, Any, None]:
        """Train alone."""
        return (yield from self._train(value))

    def fallen(self, error: BaseException) -> Steps:
        """What follows when the fast form of a call has failed for good: the fallbacks."""
        return (yield from self._fall_back(error))

    def resumed(self, first: Attempt) -> Steps:
        """What follows a first attempt that failed in the fast form of a call; its deadline is the caller's."""
        plan = self.plan
        if plan.heard is not None:
            self._heard(first.fault, plan.clock() - self.began)
        try:
            value, error = yield from self._attempts(first)
            if error is None and self.token is not None and plan.clock() > self.token.at:
                error = plan.late(self.record)
        except TimeoutStop as stop:
            error = plan.stopped(stop, self.token, self.record)
            if error is stop:
                raise
        return self._end(None if error is not None else value, error)

    def _end(self, value: Any, error: BaseException | None) -> Outcome:
        """Count how it ended, and tell who observes."""
        plan, status = self.plan, self.status
        if self.asking is not None and plan.questions is not None:
            shared, before = self.asking
            plan.questions.end(shared, before, attempts=0 if error is not None else len(self.record.attempts) + 1)
        took = plan.clock() - self.began
        degraded = status is not None and bool(status.degraded)
        if error is None:
            kind = DEGRADED if degraded else RETRIED if self.record.attempts else SUCCEEDED
            plan.calls.record(took, kind)
        elif isinstance(error, Exception):
            plan.ended(error, took)
        if plan.heard is not None:
            self._told(took, error)
        if status is not None:
            status.took = took
            status.outcome = "degraded" if degraded else "value" if error is None else type(error).__name__
            if plan.observer is not None:
                if error is None and plan.plugins:
                    self._recorded(value)
                plan.observer.end(status, value, error)
            if plan.asks:
                plan.registry.interrupts.forget(status.execution_id)
        # What is kept alive by tracebacks of attempts ends here.
        self.record.attempts.clear()
        return value, error

    def _heard(self, fault: BaseException, took: float) -> None:
        """Somebody learns from how long attempts take."""
        self.plan.heard.hear(ATTEMPT, took, outcome_of_attempt(fault, took, self.config.attempt_timeout))

    def _told(self, took: float, error: BaseException | None) -> None:
        """Somebody learns from how calls end, and from which faults went away."""
        attempts = self.record.attempts
        if error is None and not attempts:
            return
        went_away = [
            (type(attempt.fault).__name__, error is None and at == len(attempts))
            for at, attempt in enumerate(attempts, 1)
            if at < len(attempts) or error is None
        ]
        if error is None or isinstance(error, Exception):
            self.plan.heard.hear(CALL, took, error is None, went_away)

    def _admitted(self) -> Steps:
        plan = self.plan
        if plan.bulkhead is None:
            return (yield from self._timed())
        if not plan.bulkhead.enter(plan.config.priority):
            return None, plan.full()
        try:
            return (yield from self._timed())
        finally:
            plan.bulkhead.leave()

    def _timed(self) -> Steps:
        plan = self.plan
        limit = self.config.timeout
        # The token is another one after a person was asked (`_asked`).
        self.token = None if limit is None else plan.meter.push_deadline(limit)
        waiting = getattr(plan.host, "waiting", None)
        mark = 0 if waiting is None else waiting.number
        try:
            error = yield from self._perceive()
            if error is not None or self.override is not _NONE_YET:
                return (None, error) if error is not None else (self.override, None)
            value, error = yield from self._attempts(None)
            is_late = error is None and self.token is not None and plan.clock() > self.token.at
            return (None, plan.late(self.record)) if is_late else (value, error)
        except TimeoutStop as stop:
            error = plan.stopped(stop, self.token, self.record)
            if error is stop:
                raise
            waiting = getattr(plan.host, "waiting", None)
            if waiting is not None:
                waiting.cancel_since(mark)
            return None, error
        finally:
            if self.token is not None:
                plan.meter.pop_deadline(self.token)

    # --- Perceive -----------------------------------------------------------------------------------

    def _perceive(self) -> Generator[Step, Any, BaseException | None]:
        """The arguments, read by the domain and the handler; gives the error of a call that is not made."""
        plan, status = self.plan, self.status
        parameters = plan.parameters
        if parameters is None or status is None or not (plan.needs_arguments or plan.perceiver is not None):
            return None
        bound = self.bound = parameters.bind(self.args, self.keywords)
        if plan.observer is not None:
            self._can_be_named(bound)
            status.perceived_input = bound
            plan.observer.start(status)
        error = yield from self._ask("perceive", bound, failed=False)
        if error is not None or self.override is not _NONE_YET:
            return error
        for plugin, perceive in plan.perceivers:
            try:
                changed, notes = yield perceive, (bound,), {}
            except NEVER:
                raise
            except Exception as fault:  # noqa: BLE001  the domain's answer, or a mistake of its own
                if getattr(fault, "leaf", "") == "validation.input":
                    return _because(plan.refused(fault, f"its domain {plugin.domain}"), fault)
                if plan.config.safety_critical:
                    return _because(plan.plugin_failed(plugin, fault), fault)
                self._left_out(plugin, fault)
                continue
            bound.update(changed)
            status.notes.extend(notes)
        if plan.perceiver is not None:
            error = yield from self._handled(bound)
            if error is not None:
                return error
        status.perceived_input = self.bound
        assert self.bound is not None
        self.args, self.keywords = parameters.unbind(self.bound)
        self._staged("perceive", ok=True)
        return None

    def _handled(self, bound: dict[str, Any]) -> Generator[Step, Any, BaseException | None]:
        plan = self.plan
        assert plan.perceiver is not None
        before = bound if plan.perceives else dict(bound)
        given, named = plan.question(bound)
        try:
            changed = yield plan.perceiver, given, named
            self.bound = plan.merge(bound, before, changed)
        except NEVER:
            raise
        except POETPerceiveError as refused:
            return refused
        except Exception as fault:  # noqa: BLE001  whatever the handler raises refuses the arguments
            return _because(plan.refused(fault), fault)
        return None

    def _recorded(self, value: Any) -> None:
        """What the domains say for the record of an accepted result."""
        assert self.status is not None
        for plugin in self.plan.plugins:
            try:
                said_ = plugin.record(value, self.bound or {})
            except NEVER:
                raise
            except Exception as fault:  # noqa: BLE001  a mistake of the plugin is told, and is itself on record
                self._left_out(plugin, fault)
            else:
                if said_ is not None:
                    self.status.records.append({"domain": plugin.domain, **said_})

    def _left_out(self, plugin: Any, fault: BaseException) -> None:
        """A plugin failed by a mistake of its own: the call goes on without it, and somebody hears of it (PC11)."""
        text = self.plan.left_out(plugin, fault)
        if self.status is not None:
            self.status.faults.append(text)

    # --- Operate ------------------------------------------------------------------------------------

    def _attempts(self, first: Attempt | None) -> Steps:
        """Attempts until one gives an acceptable result or the policy says that it is enough."""
        plan, record = self.plan, self.record
        effects = perform(self.policy, record, plan.host.random.random, self._remaining)
        kind, amount = next(effects)
        if first is not None:
            self._failed(first)
            kind, amount = effects.send(first)
            if kind is not GIVE_UP:
                plan.put_away(first)
        while kind is not GIVE_UP:
            if kind is WAIT:
                yield amount
                kind, amount = next(effects)
                continue
            done, failed, error = yield from self._attempt(int(amount))
            if failed is None:
                return done, error
            self._failed(failed)
            kind, amount = effects.send(failed)
            if kind is not GIVE_UP:
                plan.put_away(failed)
        return None, plan.gave_up(record)

    def _remaining(self) -> float | None:
        return None if self.token is None else self.token.at - self.plan.clock()

    def time_left(self) -> float | None:
        """Seconds until the nearest deadline of this call; None without one."""
        nearest = min((token.at for token in (self.token, self.inner) if token is not None), default=None)
        return None if nearest is None else nearest - self.plan.clock()

    def said_of_results(self) -> list[str]:
        """What refused results were refused for, and what people said: for whoever is asked again."""
        refused = [said(attempt.fault) for attempt in self.record.attempts if attempt.refused]
        people = [] if self.status is None else self.status.guidance
        return list(dict.fromkeys([*people, *refused]))

    def _failed(self, attempt: Attempt) -> None:
        status = self.status
        self.plan.calls.failed += 1
        if status is not None:
            status.last_internal_failure = said(attempt.fault)
            if self.plan.observer is not None:
                self.plan.observer.attempt(status, attempt)

    def _attempt(self, number: int) -> Generator[Step, Any, tuple[Any, Attempt | None, BaseException | None]]:
        """One attempt: `(value, None, None)`, `(None, failed, None)` or `(None, None, the error that ends it all)`."""
        plan, status = self.plan, self.status
        if self.asking is not None:
            self.asking[0].attempt()
        if status is not None:
            status.attempt = number
            if plan.asks:
                error = yield from self._ask("operate", self.bound, failed=bool(self.record.attempts))
                if error is not None or self.override is not _NONE_YET:
                    return (None, None, error) if error is not None else (self.override, None, None)
        breaker, clock, ticket = plan.breaker, plan.clock, 0
        began = clock()
        if breaker is not None:
            ticket = breaker.admit(began)
            if not ticket:
                return None, None, plan.barred(self.record)
        settled = False
        try:
            value = yield from self._operate()
            if plan.heard is not None:
                # Of most calls this is all there is to be said.
                plan.heard.went_well(clock() - began)
            if breaker is not None:
                breaker.success(ticket, clock() - began, clock())
            settled = True
        except NEVER:
            raise
        except TimeoutStop as stop:
            if plan.heard is not None and stop._token is self.token is not None:
                plan.heard.hear(ATTEMPT, clock() - began, CUT_OFF)
            if breaker is not None and stop._token is self.token is not None:
                breaker.failure(ticket, clock() - began, clock())
                settled = True
            raise
        except Exception as raised:  # noqa: BLE001  whatever the body raises is this attempt's outcome
            fault = carried(raised)
            if plan.heard is not None:
                self._heard(fault, clock() - began)
            if breaker is not None and plan.counts(fault):
                breaker.failure(ticket, clock() - began, clock())
                settled = True
            return None, Attempt(number, fault), None
        finally:
            if breaker is not None and not settled:
                breaker.cancelled(ticket)
        self._staged("operate", ok=True)
        return (yield from self._judged(value, number))

    def _operate(self) -> Generator[Step, Any, Any]:
        """The function, under the deadline of one attempt."""
        plan = self.plan
        limit = self.config.attempt_timeout
        if limit is None:
            try:
                return (yield self._operation(self.token))
            except StopIteration as ended:
                raise Carried(ended) from None
        inner = self.inner = plan.meter.push_deadline(limit)
        try:
            outer = self.token
            return (yield self._operation(inner if outer is None or inner.at < outer.at else outer))
        except StopIteration as ended:
            raise Carried(ended) from None
        except TimeoutStop as stop:
            if stop._token is not inner:
                raise
            message = f"an attempt took longer than {seconds(limit)}"
        finally:
            self.inner = None
            plan.meter.pop_deadline(inner)
        raise TimeoutError(message)

    def _operation(self, nearest: Any) -> Step:
        """The function and its arguments; a process of its own is also told the nearest deadline."""
        if self.config.isolation is None:
            return self.plan.operate, self.args, self.keywords
        return self.plan.operate, (nearest, self.args, self.keywords), {}

    # --- Enforce ------------------------------------------------------------------------------------

    def _judged(
        self, value: Any, number: int
    ) -> Generator[Step, Any, tuple[Any, Attempt | None, BaseException | None]]:
        plan, status = self.plan, self.status
        if status is not None:
            status.raw_output = value
            if plan.asks:
                self.override = value
                error = yield from self._ask("enforce", value, failed=bool(self.record.attempts))
                value, self.override = self.override, _NONE_YET
                if error.__class__ is _Guided:
                    return None, Attempt(number, error, refused=True), None
                if error.__class__ is _Overridden:
                    return value, None, None
                if error is not None:
                    return None, None, error
        if plan.enforcer is not None:
            given = (value, self._call(number)) if plan.tells else (value,)
            try:
                checked = yield plan.enforcer, given, {}
            except NEVER:
                raise
            except Exception as fault:  # noqa: BLE001  whatever the handler raises refuses the result
                self._staged("enforce", ok=False)
                return None, Attempt(number, fault, refused=True), None
            if checked is None and value is not None:
                return None, None, plan.nothing_returned()
            value = checked
        for plugin in plan.plugins:
            try:
                judged = _kept(value, (yield plugin.judge, (value, self.bound or {}), {}))
            except NEVER:
                raise
            except Exception as fault:  # noqa: BLE001  the domain's answer, or a mistake of its own
                if getattr(fault, "leaf", "") == "validation.input":
                    self._staged("enforce", ok=False)
                    return None, Attempt(number, fault, refused=True), None
                if plan.config.safety_critical:
                    return None, None, _because(plan.plugin_failed(plugin, fault), fault)
                self._left_out(plugin, fault)
            else:
                value = judged
        if status is not None:
            status.validated_output = value
            status.is_internally_validated = True
            self._staged("enforce", ok=True)
        return value, None, None

    def _call(self, number: int) -> Call:
        """What a handler is told."""
        plan, status = self.plan, self.status
        bound = self.bound
        if bound is None:
            assert plan.parameters is not None
            bound = plan.parameters.bind(self.args, self.keywords)
        self._can_be_named(bound)
        guidance = [] if status is None else list(status.guidance)
        notes = [] if status is None else [repr(note) for note in status.notes]
        failures = plan.failed_attempts(self.record)
        named, learnt = "" if status is None else status.execution_id, list(self.learnt)
        return Call(
            plan.name, bound, number, failures, guidance, notes, plan.config.context_window, named, learnt, plan
        )

    def _can_be_named(self, bound: dict[str, Any]) -> None:
        """Somebody is told of this call: he may say later how it turned out."""
        plan, status = self.plan, self.status
        if plan.learner is not None and status is not None:
            from dana.poet.subjects import remember

            remember(plan, status.execution_id, bound)

    def _staged(self, stage: str, *, ok: bool) -> None:
        if self.plan.observer is not None and self.status is not None:
            self.plan.observer.stage(self.status, stage, ok=ok)

    # --- what follows -------------------------------------------------------------------------------

    def _fall_back(self, error: BaseException) -> Steps:
        """The first fallback whose result is acceptable; the error when there is none."""
        plan, status = self.plan, self.status
        if not can_fall_back(error):
            return None, error
        number = len(self.record.attempts) + 1
        for fallback in plan.fallbacks:
            try:
                value = yield fallback, self.args, self.keywords
            except NEVER:
                raise
            except Exception as fault:  # noqa: BLE001  a fallback that fails is followed by the next, then by the error
                plan.note(f"fallback: {said(fault)}")
                continue
            value, failed, ends = yield from self._judged(value, number)
            if failed is None and ends is None:
                if status is not None:
                    status.degraded = getattr(fallback, "__name__", "fallback")
                plan.note(said(error))
                return value, None
        return None, error

    def _train(self, value: Any) -> Generator[Step, Any, None]:
        """Tell the train handler; a mistake of its own costs nobody the value."""
        plan = self.plan
        assert plan.train is not None
        if plan.config.learning == "off":
            return
        count = len(self.record.attempts) + 1
        calls = plan.calls
        figures = {
            "took_s": plan.clock() - self.began,
            "attempts": count,
            "success_rate": calls.success_rate,
            "calls": calls.count,
            "p95": calls.times.quantile(0.95) if calls.count else None,
            "learnt": dict(plan.learnt),
        }
        try:
            yield plan.train, (self._call(count), value, figures), {}
        except NEVER:
            raise
        except Exception as fault:  # noqa: BLE001  whoever runs the program hears of it
            plan.registry.warn(f"{plan.name}/train", f"the train_handler of `{plan.name}` failed: {said(fault)}")

    def _simulated(self, value: Any, error: BaseException | None) -> Generator[Step, Any, None]:
        """Hear what the simulation says of a result; a mistake of its own costs nobody the value."""
        plan, status = self.plan, self.status
        judges = plan.judges
        assert judges is not None
        if error is not None:
            judges.failed()
            return
        judges.calls += 1
        call = "" if status is None else status.execution_id
        if plan.learner is not None and self.bound is not None:
            self._can_be_named(self.bound)
        try:
            found = yield judges.judge, (call, self.bound or {}, value), {}
        except NEVER:
            raise
        except Exception as fault:  # noqa: BLE001  whoever runs the program hears of it
            plan.registry.warn(f"{plan.name}/simulation", f"the simulation of `{plan.name}` failed: {said(fault)}")
            return
        if found is not None and found.is_usable and plan.learner is not None:
            problem = found.problems[0] if found.problems else None
            entry = {"score": found.score, "kind": found.mode, "call": call, "failure": problem}
            plan.learner.feedback({name: each for name, each in entry.items() if each is not None})

    # --- interrupts ---------------------------------------------------------------------------------

    def _ask(self, stage: str, value: Any, *, failed: bool) -> Generator[Step, Any, BaseException | None]:
        """Hear what a person says at a checkpoint, and do it; gives the error that ends the call."""
        plan, status = self.plan, self.status
        if not plan.asks or status is None:
            return None
        from dana.poet.interrupts import Signal, why

        bound, parameters = self.bound or {}, plan.parameters
        assert parameters is not None
        reason = why(
            plan.config.interrupts,
            failed=failed,
            critical=plan.critical,
            estimated=any(note.estimated for note in status.notes),
            missing=stage == "perceive" and any(bound.get(name) is None for name in parameters.required),
        )
        signal = yield from self._asked(stage, value, reason)
        if signal is None:
            return None
        if not isinstance(signal, Signal):
            signal.close()
            message = f"the interrupt handler of stage {stage} is asynchronous, and `{plan.name}` is not"
            return POETConfigError(message, plan.name, "register an ordinary function, or decorate an `async def`")
        status.interrupt_signals.append(signal)
        return self._obey(stage, signal)

    def _asked(self, stage: str, value: Any, reason: str) -> Generator[Step, Any, Any]:
        """What is said at a checkpoint. While a person thinks, the deadline of the call waits; those outside do not."""
        plan, token = self.plan, self.token
        people = plan.registry.interrupts
        step: Step = people.checkpoint, (stage, self.status, value, reason), {}
        if token is None or not reason or not people.asks_people(stage):
            return (yield step)
        left = token.at - plan.clock()
        plan.meter.pop_deadline(token)
        self.token = None
        try:
            return (yield step)
        finally:
            self.token = plan.meter.push_deadline(max(left, 0.0))

    def _obey(self, stage: str, signal: Any) -> BaseException | None:
        plan, status = self.plan, self.status
        assert status is not None
        said_, data = signal.feedback_type, signal.feedback_data
        if said_ == "denial":
            message = f"a person denied the call of `{plan.name}` before {stage}"
            return POETInterruptError(message, plan.name, plan.failed_attempts(self.record))
        if said_ == "guidance":
            status.guidance.append(str(data))
            return _Guided(str(data)) if stage == "enforce" else None
        if said_ == "override":
            self.override = data
            return _Overridden() if stage == "enforce" else None
        if stage == "enforce":
            self.override = data
            return None
        return self._correct(data)

    def _correct(self, data: Any) -> BaseException | None:
        """Other arguments: a dict of them, or the value of the only one."""
        plan, parameters = self.plan, self.plan.parameters
        assert parameters is not None
        assert self.bound is not None
        names = parameters.names
        if not isinstance(data, dict):
            if len(names) != 1:
                message = f"a correction of the arguments of `{plan.name}` is a dict, like {{{names[0]!r}: …}}"
                return POETInterruptError(message, plan.name)
            data = {names[0]: data}
        for name in data:
            if name not in names:
                message = f"a correction names `{name}`, which is no parameter of `{plan.name}`"
                return POETInterruptError(message, plan.name, (), parameters.unknown(name))
        self.bound.update(data)
        self.args, self.keywords = parameters.unbind(self.bound)
        return None


def _kept(value: Any, judged: Any) -> Any:
    """What a plugin made of a result. Raises `TypeError` when it lost it."""
    if judged is None and value is not None:
        msg = "it returned None for a result that is something"
        raise TypeError(msg)
    return judged


class _Guided(Exception):
    """A person sent the result back with words."""


class _Overridden(Exception):
    """A person gave the result."""


def can_fall_back(error: BaseException) -> bool:
    """Whether a fallback may stand in: not for refused arguments, denied acts, a person's no, or a bug."""
    if isinstance(error, (POETPerceiveError, POETInterruptError, POETConfigError, DeniedFault)):
        return False
    if isinstance(error, POETFault):
        return True
    return not isinstance(error, (NameError, AttributeError, ImportError, TypeError))


def _because(error: BaseException, cause: BaseException) -> BaseException:
    error.__cause__ = cause
    return error


# --- drivers --------------------------------------------------------------------------------------


def carry_out(steps: Steps, sleep: Callable[[float], object]) -> Outcome:
    """Carry a call out with ordinary calls."""
    try:
        step = next(steps)
        while True:
            try:
                if isinstance(step, tuple):
                    function, args, keywords = step
                    value = function(*args, **keywords)
                else:
                    value = sleep(step)
            except BaseException as fault:  # noqa: BLE001  the conversation decides about every one
                step = steps.throw(fault)
            else:
                step = steps.send(value)
    except StopIteration as done:
        outcome: Outcome = done.value
        return outcome
