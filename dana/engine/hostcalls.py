"""What stands between a program and one function of the host.

It is written out as Python text and compiled, so that a call with simple values costs little more than the call:

    def lookup(id, limit=…):
        if id.__class__ is not .str: id = fit("id", id)          each parameter, by its annotation
        try:
            made = function(id, limit)
        except Exception as error:
            lost = failed(error)                                   what the program sees of it
        else:
            return result(made) if made.__class__ is not .int else made
        raise lost

An exception of the host reaches the program as a stand-in of the same name, which leads nowhere; leaving the
program it is the host's own again, the `__cause__` of the fault.
"""

from __future__ import annotations

from dana.engine.annotations import Misfit, to_annotation
from dana.engine.convert import SCALARS
from dana.errors import DanaError
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from inspect import Parameter
    from typing import Any

    from dana.engine.engine import _Run
    from dana.engine.hosting import HostFunction

_EXACT: dict[Any, str] = {int: "int", float: "float", str: "str", bool: "bool"}


def written(host: HostFunction, run: _Run) -> Callable[..., Any]:
    """The function a program calls; for an async one, what starts it and returns an awaitable."""
    calling = Calling(host, run)
    signature = host.signature
    parameters = list(signature.parameters.values()) if signature is not None else _ANYTHING
    names: dict[str, Any] = {
        "_d_function": calling.function, "_d_failed": calling.failed, "_d_fit": calling.fit, "_d_out": calling.out,
        "_d_result": calling.result, "_d_scalars": SCALARS, "_d_awaited": calling.started, "_d_enter": calling.enter,
        "_d_program": run.program, "_d_ready": calling.ready,
    }  # fmt: skip
    for cls, text in _EXACT.items():
        names[f"_d_{text}"] = cls
    lines = [f"def _d_call({_head(parameters, names)}):"]
    lines += ["    if not _d_ready: _d_enter()"] if host.needs else []
    for p in parameters:
        lines += _checked(p, host)
    lines.append(f"    if _d_program.emit is not None: _d_enter([{', '.join(_listed(parameters))}])")
    lines += _tail(host, parameters)
    exec(compile("\n".join(lines), "<host function>", "exec"), names)  # noqa: S102  (text made here, of identifiers)
    made: Callable[..., Any] = names["_d_call"]
    made.__name__ = made.__qualname__ = host.name.rpartition(".")[2]
    made.__doc__ = host.function.__doc__
    return made


def _parameters(*kinds: str) -> list[Parameter]:
    from inspect import Parameter

    return [Parameter(name, getattr(Parameter, kind)) for name, kind in zip(("args", "keywords"), kinds, strict=True)]


_ANYTHING = _parameters("VAR_POSITIONAL", "VAR_KEYWORD")


# `POSITIONAL_ONLY`, `POSITIONAL_OR_KEYWORD`, `VAR_POSITIONAL`; inspect itself is loaded with the first function.
_BY_POSITION = (0, 1, 2)


def _head(parameters: list[Parameter], names: dict[str, Any]) -> str:
    parts: list[str] = []
    for index, p in enumerate(parameters):
        before = parameters[index - 1].kind if index else None
        if before == p.POSITIONAL_ONLY != p.kind:
            parts.append("/")
        if p.kind == p.KEYWORD_ONLY and before not in (p.KEYWORD_ONLY, p.VAR_POSITIONAL):
            parts.append("*")
        star = "*" if p.kind == p.VAR_POSITIONAL else "**" if p.kind == p.VAR_KEYWORD else ""
        default = ""
        if p.default is not p.empty:
            names[f"_d_default{index}"] = p.default
            default = f"=_d_default{index}"
        parts.append(f"{star}{p.name}{default}")
    if parameters and parameters[-1].kind == parameters[-1].POSITIONAL_ONLY:
        parts.append("/")
    return ", ".join(parts)


def _listed(parameters: list[Parameter]) -> list[str]:
    return [f"*{p.name}" if p.kind == p.VAR_POSITIONAL else p.name for p in parameters]


def _checked(p: Parameter, host: HostFunction) -> list[str]:
    """The lines that make an argument what the annotation says."""
    name = p.name
    if p.kind == p.VAR_POSITIONAL:
        return [f"    if {name}: {name} = tuple([_d_fit({name!r}, v) for v in {name}])"]
    if p.kind == p.VAR_KEYWORD:
        return [f"    if {name}: {name} = {{k: _d_fit({name!r}, v) for k, v in {name}.items()}}"]
    exact = _EXACT.get(host.hints.get(name))
    if exact is not None:
        test = f"{name}.__class__ is not _d_{exact}"
    elif _is_open(host.hints, name):
        test = f"{name}.__class__ not in _d_scalars"
    else:
        test = ""
    default = p.default is not p.empty
    if default and (exact is None or p.default.__class__ in SCALARS):
        # A default is the host's own value and is not converted; it passes by identity.
        index = list(host.signature.parameters).index(name) if host.signature is not None else 0
        test = (f"{test} and " if test else "") + f"{name} is not _d_default{index}"
    return [f"    {f'if {test}: ' if test else ''}{name} = _d_fit({name!r}, {name})"]


def _is_open(hints: dict[str, Any], name: str) -> bool:
    from typing import Any as Anything

    return name not in hints or hints[name] is Anything or hints[name] is object


def _tail(host: HostFunction, parameters: list[Parameter]) -> list[str]:
    given = [
        f"*{p.name}" if p.kind == p.VAR_POSITIONAL
        else f"**{p.name}" if p.kind == p.VAR_KEYWORD
        else f"{p.name}={p.name}" if p.kind == p.KEYWORD_ONLY
        else p.name
        for p in parameters
    ]  # fmt: skip
    call = f"_d_function({', '.join(given)})"
    if host.is_async:
        # Called by the task, when it first runs: a task that is cancelled before that leaves no coroutine behind.
        positional = "".join(f"{g}, " for p, g in zip(parameters, given, strict=True) if p.kind in _BY_POSITION)
        named = ", ".join(
            f"**{p.name}" if p.kind == p.VAR_KEYWORD else f"{p.name!r}: {p.name}"
            for p in parameters
            if p.kind not in _BY_POSITION
        )
        return [f"    return _d_awaited(({positional}){f', {{{named}}}' if named else ''})"]
    exact = _EXACT.get(host.hints.get("return"))
    if exact is not None:
        test = f"_d_made.__class__ is not _d_{exact}"
    elif _is_open(host.hints, "return"):
        test = "_d_made.__class__ not in _d_scalars"
    else:
        test = "True"
    return [
        "    try:",
        f"        _d_made = {call}",
        "    except Exception as _d_error:",
        "        _d_lost = _d_failed(_d_error)",
        "    else:",
        f"        return _d_result(_d_made) if {test} else _d_made",
        # Outside the handler: what is raised keeps the causes it has.
        "    try:",
        "        raise _d_lost",
        "    finally:",
        "        del _d_lost",
    ]


class Calling:
    """The slow ways of one host function in one program: conversions, grants, failures."""

    __slots__ = ("_host", "_run", "ready")

    def __init__(self, host: HostFunction, run: _Run) -> None:
        self._host = host
        self._run = run
        # Holds something once every need has been granted; the same list is a variable of the written text.
        self.ready: list[bool] = []

    @property
    def function(self) -> Callable[..., Any]:
        """The function itself; a synchronous one with a timeout is looked at when it comes back."""
        host = self._host
        if host.is_async or host.timeout is None:
            return host.function
        meter, seconds, function = self._run.program.meter, host.timeout, host.function

        def timed(*args: Any, **keywords: Any) -> Any:
            token = meter.push_deadline(seconds)
            try:
                value = function(*args, **keywords)
                meter.check()
            finally:
                meter.pop_deadline(token)
            return value

        return timed

    def enter(self, arguments: list[Any] | None = None) -> None:
        """Before the first call: are its needs granted? And what is said about a call to those who listen."""
        program = self._run.program
        if arguments is None:
            for need in self._host.needs:
                kind, _, target = need.partition(":")
                program.policy.require(kind, target)
            self.ready.append(True)
        elif program.emit is not None:
            from dana.runtime.typevalues import short

            shown = [a if a.__class__ in SCALARS else short(a) for a in arguments]
            program.emit("host.call", {"name": self._host.name, "arguments": shown})

    def out(self, value: Any) -> Any:
        return self._run.crossing.out(value)

    def fit(self, name: str, value: Any) -> Any:
        """An argument as Python gets it."""
        hints = self._host.hints
        seen = self._run.crossing.out(value)
        if name not in hints:
            return seen
        try:
            return to_annotation(seen, hints[name], f"argument `{name}` of `{self._host.name}`")
        except Misfit as misfit:
            raise failure(TypeError, "E541", str(misfit)) from None

    def result(self, value: Any) -> Any:
        """A result as the program gets it."""
        hints = self._host.hints
        kind = type(value).__name__
        if kind in ("coroutine", "async_generator"):
            getattr(value, "close", bool)()  # or Python complains, somewhere else, that nobody awaited it
            said = f"`{self._host.name}` returned a{'' if kind == 'coroutine' else 'n'} {kind.replace('_', ' ')}"
            hint = "what is given to `engine.host` must itself be an `async def` that returns its result"
            raise failure(TypeError, "E543", f"{said}, which nobody waits for", hint)
        if "return" in hints:
            try:
                value = to_annotation(value, hints["return"], f"the result of `{self._host.name}`")
            except Misfit as misfit:
                hint = "the host's function does not keep what its annotation says"
                raise failure(TypeError, "E543", str(misfit), hint) from None
        return self._run.crossing.into(value, self._host.name)

    @property
    def started(self) -> Callable[..., Coroutine[Any, Any, Any]]:
        """What is started for an async function; a thousand that wait need no room for a timeout they do not have."""
        return self.awaited if self._host.timeout is None else self.awaited_within

    async def awaited(self, arguments: tuple[Any, ...], keywords: dict[str, Any] | None = None) -> Any:
        """What runs on the event loop for an async function."""
        host = self._host
        try:
            value = await (host.function(*arguments) if keywords is None else host.function(*arguments, **keywords))
        except Exception as error:  # noqa: BLE001  (the boundary: everything becomes what the program sees of it)
            lost = self.failed(error)
        else:
            return self.result(value) if value.__class__ not in SCALARS or "return" in host.hints else value
        raise lost

    async def awaited_within(self, arguments: tuple[Any, ...], keywords: dict[str, Any] | None = None) -> Any:
        """The same for a function with a timeout."""
        from asyncio import timeout as within

        from dana.runtime.stops import TimeoutStop

        host, seconds = self._host, self._host.timeout
        assert seconds is not None
        try:
            async with within(seconds) as deadline:
                value = await host.function(*arguments, **(keywords or {}))
        except Exception as error:  # noqa: BLE001  (the same)
            if isinstance(error, TimeoutError) and deadline.expired():
                raise TimeoutStop(f"`{host.name}` took longer than {seconds:g} s", seconds=seconds) from None
            lost = self.failed(error)
        else:
            return self.result(value) if value.__class__ not in SCALARS or "return" in host.hints else value
        raise lost

    def failed(self, error: Exception) -> BaseException:
        """What the program sees of an exception of the host."""
        if isinstance(error, DanaError):
            return self._fault(error)
        if isinstance(error, (RecursionError, MemoryError)):
            return type(error)()
        if getattr(error, "_original", None) is not None:
            return error
        from dana.runtime.exceptions import name_of
        from dana.runtime.foreign.failures import Failures

        made = self._run.program.borders.setdefault("failures", Failures()).cleaned(error)
        return self._stands_for(made, error, name_of(type(made)))

    def _fault(self, error: DanaError) -> BaseException:
        """A failure of Dana: the program's own goes on as what it was, another engine's is a `DanaError` in it."""
        program = self._run.program
        if getattr(error, "_program", None) is program:
            program.meter.check()
            own: BaseException | None = getattr(error, "_failure", None)
            if own is not None:
                return own
        from dana import errors
        from dana.runtime import exceptions as e

        kinds: dict[type[DanaError], type[e.Fault]] = {
            errors.Denied: e.DeniedFault, errors.LimitExceeded: e.LimitFault, errors.POETError: e.POETFault,
            errors.IPVError: e.IPVFault, errors.AgentError: e.AgentFault, errors.EsperError: e.EsperFault,
        }  # fmt: skip
        first = error.diagnostics[0] if error.diagnostics else None
        made = kinds.get(type(error), e.Fault)(first.message if first is not None else "")
        return self._stands_for(made, error, type(error).__name__)

    def _stands_for(self, made: BaseException, error: Exception, name: str) -> BaseException:
        made._original = error  # type: ignore[attr-defined]
        made._code = "E544"  # type: ignore[attr-defined]
        made._hint = f"{name}, raised by the host's function `{self._host.name}`"  # type: ignore[attr-defined]
        return made
