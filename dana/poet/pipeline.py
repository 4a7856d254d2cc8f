"""Building the decorated function: the stages that are switched on, and nothing else.

A decorated `def price(item, region="EU")` with retries, a timeout and an enforce handler becomes

    def price(item, region="EU"):
        token = push(2.0)
        try:
            try:
                value = function(item, region)
            except Exception as fault:
                failed = [fault]; refused = False
            else:
                try:
                    checked = enforce(value)
                    …return checked
                except Exception as fault:
                    failed = [fault]; refused = True
            return recover(failed, refused, (item, region), {}, token)
        except TimeoutStop as stop:
            raise stopped(stop, token)
        finally:
            pop(token)

with the parameters, defaults, name and docs of the original, so that whoever asks for its signature gets the true
one, and an attempt that succeeds costs one more Python call. Lines for stages that are off are not there.
Such a text is compiled once per *shape* (numbers of parameters and the stages); a decoration puts
its own names into a copy of the code.

The failing path (`_Pipeline.recover`) makes the further attempts through `dana.adaptive.perform`.
Exceptions that stop a program (limits, cancellation, deadlines of callers) are no `Exception`s and pass
through every stage untouched, as do exhausted recursion and memory.
"""

from __future__ import annotations

from types import FunctionType

from dana.adaptive.budget import RetryBudget
from dana.adaptive.faults import NEVER, is_transient
from dana.adaptive.perform import Attempt, Record, drive, perform
from dana.adaptive.policy import OUT_OF_BUDGET, OUT_OF_TIME, PERMANENT_FAULT, Backoff, Retry
from dana.poet.binding import Parameters, readable
from dana.poet.errors import (
    Failure,
    POETConfigError,
    POETEnforceError,
    POETPerceiveError,
    POETTimeoutError,
    operate_error,
    place,
    said,
    seconds,
)
from dana.poet.options import Options, check
from dana.runtime.exceptions import DeniedFault, LimitFault, POETFault
from dana.runtime.stops import TimeoutStop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Container, Mapping
    from typing import Any, NoReturn, Protocol, Self

    class Clock(Protocol):
        def sleep(self, seconds: float) -> object: ...

    class Meter(Protocol):
        @property
        def clock(self) -> Callable[[], float]: ...
        def push_deadline(self, seconds: float) -> Any: ...
        def pop_deadline(self, token: Any) -> None: ...
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


LONGEST_NAP_S = 0.05
LATER_RESULT = 0x20 | 0x80 | 0x200  # the code flags of generators, coroutines and both


class Call:
    """What an enforce handler with a second parameter is told about the call it judges.

    `arguments` by name, `attempt` from 1, `failures` so far (a list of `Failure`, newest last).
    """

    __slots__ = ("arguments", "attempt", "failures", "function")

    def __init__(self, function: str, arguments: dict[str, Any], attempt: int, failures: list[Failure]) -> None:
        self.function = function
        self.arguments = arguments
        self.attempt = attempt
        self.failures = failures

    def __repr__(self) -> str:
        return f"<attempt {self.attempt} of {self.function}>"


class _NothingReturnedError(Exception):
    """The enforce handler gave None for a result that is something: it forgot its `return`."""


def decorate(
    host: Host,
    function: Callable[..., Any],
    given: Mapping[str, Any],
    *,
    files: Container[str] | None = None,
    fresh: Collection[Any] = (),
    show: Callable[[BaseException], Any] | None = None,
) -> Callable[..., Any]:
    """`function` with the pipeline its options ask for; itself when they ask for nothing.

    `files` are the names of the program's files, `fresh` the defaults that mean "new in each call", `show`
    makes a fault ready to be looked at by the program's own functions.
    Raises `POETConfigError` when an option is wrong or a handler does not fit the function.
    """
    name = getattr(function, "__name__", None) or type(function).__name__
    if not callable(function):
        raise POETConfigError(f"@poet needs a function, got {type(function).__name__}", name)
    if getattr(getattr(function, "__code__", None), "co_flags", 0) & LATER_RESULT:
        message = f"@poet cannot decorate `{name}`: its call returns before its work is done"
        raise POETConfigError(message, name, "decorate the ordinary function that does the work")
    problems = check((key, None, value) for key, value in given.items())
    if problems:
        first = problems[0]
        raise POETConfigError(first.message, name, first.hint, first.code)
    options = Options(given)
    if not options.enabled:
        return function
    return _Pipeline(host, function, name, options, files, fresh, show).build()


class _Pipeline:
    """One decorated function: what its calls share."""

    def __init__(
        self,
        host: Host,
        function: Callable[..., Any],
        name: str,
        options: Options,
        files: Container[str] | None,
        fresh: Collection[Any],
        show: Callable[[BaseException], Any] | None,
    ) -> None:
        self.host = host
        self.function = function
        self.name = name
        self.options = options
        self.files = files
        backoff = Backoff(options.backoff, options.backoff_factor, options.backoff_max, options.jitter)
        self.budget = RetryBudget(options.retry_budget) if options.retry_budget is not None else None
        self.policy = Retry(options.retries, backoff, _worth(options.retry_on, show), self.budget)
        self.parameters = Parameters(function, fresh) if readable(function) else None
        self.perceiver = options.perceive_handler
        self.perceives = () if self.perceiver is None else self._names_perceived(self.perceiver)
        self.enforcer = options.enforce_handler
        self.tells = self.enforcer is not None and self._takes_call(self.enforcer)

    # --- decoration ---------------------------------------------------------------------------------

    def build(self) -> Callable[..., Any]:
        options = self.options
        features = {
            "perceive": self.perceiver is not None,
            "enforce": self.enforcer is not None,
            "tells": self.tells,
            "retry": options.retries > 0,
            "timeout": options.timeout is not None,
            "budget": self.budget is not None and options.retries > 0,
        }
        if not any(features.values()):
            return self.function
        shape = _Shape(self.parameters)
        meter = self.host.meter
        call = _maker(shape, features)(
            self.function,
            self.recover,
            self.perceive,
            self.first_check if self.tells else self.enforcer,
            self.budget.call if self.budget is not None else None,
            meter.push_deadline,
            meter.pop_deadline,
            meter.clock,
            options.timeout,
            TimeoutStop,
            self.stopped,
            self.late,
            Exception,
            _NothingReturnedError,
        )
        return _disguise(call, self.function, self.name, self.parameters)

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

    # --- the stages -----------------------------------------------------------------------------------

    def perceive(self, args: tuple[Any, ...], keywords: dict[str, Any]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Perceive: the arguments as the handler wants them."""
        parameters, handler = self.parameters, self.perceiver
        assert parameters is not None
        assert handler is not None
        bound = parameters.bind(args, keywords)
        known = bound if self.perceives else dict(bound)
        try:
            if self.perceives:
                changed = handler(**{name: bound[name] for name in self.perceives if name in bound})
            else:
                changed = handler(bound)
        except NEVER:
            raise
        except Exception as fault:
            message = f"the arguments of `{self.name}` were refused: {said(fault)}"
            hint = "the function was not called; its perceive_handler decides what it accepts"
            raise POETPerceiveError(message, self.name, (), hint) from fault
        if changed is None:
            if self.perceives:
                return args, keywords
            changed = bound  # the handler may have changed its dict in place
        self._merge(known, changed, parameters)
        return parameters.unbind(known)

    def _merge(self, known: dict[str, Any], changed: Any, parameters: Parameters) -> None:
        if not isinstance(changed, dict):
            message = f"perceive_handler of `{self.name}` returned {_a(changed)} instead of a dict of arguments"
            hint = 'return the changed ones, like {"score": 720}, or nothing to keep them all'
            raise POETPerceiveError(message, self.name, (), hint)
        for name, value in changed.items():
            if name not in parameters.names:
                message = f"perceive_handler of `{self.name}` returned `{name}`, which is no parameter"
                raise POETPerceiveError(message, self.name, (), parameters.unknown(name))
            known[name] = value

    def first_check(self, value: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        """Enforce of the first attempt for a handler that wants to know the call."""
        return self.check(value, args, keywords, 1, None)

    def check(
        self, value: Any, args: tuple[Any, ...], keywords: dict[str, Any], number: int, record: Record | None
    ) -> Any:
        """Enforce: the result as the handler mends it."""
        handler = self.enforcer
        assert handler is not None
        if not self.tells:
            return handler(value)
        assert self.parameters is not None
        failures = [] if record is None else self.failures(record)
        return handler(value, Call(self.name, self.parameters.bind(args, keywords), number, failures))

    def recover(
        self, failed: list[Exception], refused: bool, args: tuple[Any, ...], keywords: dict[str, Any], token: Any
    ) -> Any:
        """Operate and Enforce again after a first attempt that failed, as long as the policy allows."""
        fault = failed.pop()
        if isinstance(fault, NEVER):
            _again(fault)
        if isinstance(fault, _NothingReturnedError):
            self._nothing_returned()
        record = Record()
        host, function, enforcer = self.host, self.function, self.enforcer

        def operate(number: int) -> Any:
            try:
                value = function(*args, **keywords)
            except NEVER:
                raise
            except Exception as fault:  # noqa: BLE001  whatever the body raises is this attempt's outcome
                return Attempt(number, fault)
            if enforcer is None:
                return value
            try:
                checked = self.check(value, args, keywords, number, record)
            except NEVER:
                raise
            except Exception as fault:  # noqa: BLE001  whatever the handler raises refuses the result
                return Attempt(number, fault, refused=True)
            if checked is None and value is not None:
                self._nothing_returned()
            return checked

        def remaining() -> float | None:
            return None if token is None else token.at - host.meter.clock()

        effects = perform(self.policy, record, host.random.random, remaining)
        try:
            done, value = drive(effects, operate, self.sleep, Attempt(1, fault, refused=refused))
        except TimeoutStop as stopping:
            raise self.stopped(stopping, token, record) from None
        if done:
            if token is not None and host.meter.clock() > token.at:
                raise self.late(record)
            return value
        del fault
        return self._give_up(record)

    def sleep(self, wanted: float) -> None:
        """Wait, in naps: a caller's deadline and cancellation are looked at after each."""
        meter, nap = self.host.meter, self.host.clock.sleep
        now = meter.clock
        end = now() + wanted
        while (left := end - now()) > 0:
            allowed = meter.remaining()
            nap(min(left, LONGEST_NAP_S) if allowed is None else min(left, LONGEST_NAP_S, allowed))
            meter.check()

    # --- how a call can end without a value ---------------------------------------------------------------

    def failures(self, record: Record) -> list[Failure]:
        return [Failure(attempt, place(attempt.fault, self.files)) for attempt in record.attempts]

    def _give_up(self, record: Record) -> NoReturn:
        last = record.attempts[-1]
        count = len(record.attempts)
        reason = record.reason
        if count == 1 and not last.refused and reason not in (OUT_OF_BUDGET, OUT_OF_TIME):
            _again(last.fault)
        tries = "its first attempt" if count == 1 else f"{count} attempts"
        hint = self._hint(reason)
        failures = self.failures(record)
        if last.refused:
            message = f"`{self.name}` gave no acceptable result in {tries}: {said(last.fault)}"
            raise POETEnforceError(message, self.name, failures, hint) from last.fault
        message = f"`{self.name}` failed in {tries}: {said(last.fault)}"
        raise operate_error(last.fault)(message, self.name, failures, hint) from last.fault

    def _hint(self, reason: str) -> str:
        options = self.options
        if reason == OUT_OF_TIME:
            return f"the next attempt would have come after the timeout of {seconds(options.timeout or 0)}"
        if reason == OUT_OF_BUDGET:
            return f"the retry budget is spent: retries may add {options.retry_budget:.0%} to this function's calls"
        if reason == PERMANENT_FAULT:
            return "a fault of this kind is not retried: the same input would only produce it again"
        more = f"`retries={options.retries}` allows no further attempt"
        return more if options.retries else "`retries=0` allows one attempt only"

    def _nothing_returned(self) -> NoReturn:
        message = f"enforce_handler of `{self.name}` returned None for a result that is something"
        hint = "return the result (mended, if need be), or raise to refuse it"
        raise POETEnforceError(message, self.name, (), hint) from None

    def stopped(self, stop: TimeoutStop, token: Any, record: Record | None = None) -> BaseException:
        """What to raise for a stop: it, when it is somebody else's, else the timeout error of this call."""
        if token is None or stop.token is not token:
            return stop
        return self._timeout(record, place(stop, self.files), "did not finish within")

    def late(self, record: Record | None = None) -> POETTimeoutError:
        """The error of a call that came back, but only after its time: nothing in it could be stopped."""
        return self._timeout(record, "", "finished, but not within")

    def _timeout(self, record: Record | None, where: str, did: str) -> POETTimeoutError:
        failures = [] if record is None else self.failures(record)
        limit = seconds(self.options.timeout or 0)
        during = f" in attempt {len(failures) + 1}" if failures else ""
        stopped = f" (stopped{during} at {where})" if where else during
        message = f"`{self.name}` {did} its timeout of {limit}{stopped}"
        error = POETTimeoutError(message, self.name, failures, "raise `timeout`, or make the function faster")
        error.__suppress_context__ = True
        return error


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
    return is_transient(fault) and not isinstance(fault, (POETFault, DeniedFault, LimitFault))


def _again(fault: BaseException) -> NoReturn:
    """Raise a fault as it came, without keeping it alive in this frame."""
    try:
        raise fault
    finally:
        del fault


def _a(value: Any) -> str:
    return "None" if value is None else f"{type(value).__name__} {value!r:.40}"


# --- the text of a decorated function -----------------------------------------------------------------------


class _Shape(tuple[int, int, bool, int, bool]):
    """How many positional, positional-only, rest, keyword-only and rest-keyword parameters there are."""

    __slots__ = ()

    def __new__(cls, p: Parameters | None) -> Self:
        if p is None:
            return tuple.__new__(cls, (0, 0, True, 0, True))
        shape = len(p.positional), p.positional_only, p.rest is not None, len(p.keyword), p.rest_keywords is not None
        return tuple.__new__(cls, shape)

    def texts(self) -> tuple[str, str, str, str]:
        """The parameter list, the arguments of the same call, and both halves of it as values."""
        count, only, rest, keywords, others = self
        names = [f"a{i}" for i in range(count)]
        given = [f"k{i}" for i in range(keywords)]
        params = names[:only] + (["/"] if only else []) + names[only:]
        params += ["*rest"] if rest else ["*"] if given else []
        params += given + (["**others"] if others else [])
        stars = ["*rest"] if rest else []
        more = ["**others"] if others else []
        call = names + stars + [f"{k}={k}" for k in given] + more
        positional = "(" + "".join(f"{n}, " for n in names + stars) + ")"
        by_name = "{" + ", ".join([f'"{k}": {k}' for k in given] + more) + "}"
        return ", ".join(params), ", ".join(call), positional, by_name


# What a decorated function closes over.
_FREE = (
    *("function", "recover", "perceive", "enforce", "spend", "push", "pop", "clock", "seconds"),
    *("TimeoutStop", "stopped", "late", "Fault", "NothingReturned"),
)
_MAKERS: dict[tuple[Any, ...], Callable[..., Any]] = {}


def _maker(shape: _Shape, features: dict[str, bool]) -> Callable[..., Any]:
    """The function that makes decorated functions of one shape; compiled on first use."""
    key = (shape, *features.values())
    maker = _MAKERS.get(key)
    if maker is None:
        names: dict[str, Any] = {}
        exec(compile(_text(shape, features), "<poet>", "exec"), names)  # noqa: S102
        maker = _MAKERS[key] = names["make"]
    return maker


def _text(shape: _Shape, on: dict[str, bool]) -> str:
    params, call, positional, by_name = shape.texts()
    if on["perceive"]:
        call, positional, by_name = "*args, **keywords", "args", "keywords"
    body: list[str] = []
    if on["perceive"]:
        body += [f"args, keywords = perceive({shape.texts()[2]}, {shape.texts()[3]})"]
    body += _attempt(call, positional, by_name, on)
    if on["timeout"]:
        guard = ["except TimeoutStop as stop:", "    raise stopped(stop, token)", "finally:", "    pop(token)"]
        body = ["token = push(seconds)", "try:", *_in(body), *guard]
    if on["budget"]:
        body = ["spend()", *body]
    lines = [
        "def make(" + ", ".join(_FREE) + "):",
        f"    def call({params}):",
        *_in(_in(body)),
        "    return call",
    ]
    return "\n".join(lines)


def _attempt(call: str, positional: str, by_name: str, on: dict[str, bool]) -> list[str]:
    """The first attempt, and the way to the others."""
    if not on["retry"] and not on["enforce"]:
        return [f"value = function({call})", *_hand_out("value", on)]
    recover = f"return recover(failed, refused, {positional}, {by_name}, {'token' if on['timeout'] else 'None'})"
    failing = ["except Fault as fault:", "    failed = [fault]", "    refused = False"]
    if not on["enforce"]:
        good = _hand_out("value", on)
        return ["try:", f"    value = function({call})", *failing, "else:", *_in(good), recover]
    told = f", {positional}, {by_name}" if on["tells"] else ""
    judging = [
        "try:",
        f"    checked = enforce(value{told})",
        "    if checked is None and value is not None:",
        "        raise NothingReturned",
        "except Fault as fault:",
        "    failed = [fault]",
        "    refused = True",
        "else:",
        *_in(_hand_out("checked", on)),
    ]
    return ["try:", f"    value = function({call})", *failing, "else:", *_in(judging), recover]


def _hand_out(name: str, on: dict[str, bool]) -> list[str]:
    """Return a good value, unless its time is over."""
    if not on["timeout"]:
        return [f"return {name}"]
    return ["if clock() > token.at:", "    raise late()", f"return {name}"]


def _in(lines: list[str]) -> list[str]:
    return ["    " + line for line in lines]


def _disguise(made: Any, function: Callable[..., Any], name: str, parameters: Parameters | None) -> Callable[..., Any]:
    """`made` under the names, defaults and docs of the function it stands for."""
    code = made.__code__
    if parameters is not None:
        renamed = {f"a{i}": real for i, real in enumerate(parameters.positional)}
        renamed.update({f"k{i}": real for i, real in enumerate(parameters.keyword)})
        renamed["rest"], renamed["others"] = parameters.rest or ".rest", parameters.rest_keywords or ".others"
    else:
        renamed = {}
    # The pipeline's own variables get names no program can write, so they collide with no parameter.
    code = code.replace(
        co_name=name,
        co_qualname=getattr(function, "__qualname__", name),
        co_varnames=tuple(renamed.get(n, "." + n) for n in code.co_varnames),
        co_freevars=tuple("." + n for n in code.co_freevars),
        co_consts=tuple(_renamed(const, renamed) for const in code.co_consts),
    )
    space = getattr(function, "__globals__", {})
    defaults = getattr(function, "__defaults__", None)
    call = FunctionType(code, space, name, defaults, made.__closure__)
    if parameters is not None:
        call.__kwdefaults__ = getattr(function, "__kwdefaults__", None)
    call.__qualname__ = code.co_qualname
    call.__doc__ = getattr(function, "__doc__", None)
    call.__module__ = getattr(function, "__module__", None) or ""
    call.__annotations__ = dict(getattr(function, "__annotations__", {}))
    call.__dict__.update(getattr(function, "__dict__", {}))
    call.__wrapped__ = function  # type: ignore[attr-defined]
    return call


def _renamed(const: Any, renamed: dict[str, str]) -> Any:
    """A constant with the placeholders of keyword-only parameters replaced (call sites name them)."""
    if const.__class__ is str:
        return renamed.get(const, const)
    if const.__class__ is tuple:
        return tuple(_renamed(item, renamed) for item in const)
    return const
