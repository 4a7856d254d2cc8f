"""Exceptions: Dana's own names, and how a caught `e` looks from inside.

Stop (BaseException)          see `stops`
Fault (Exception)             Dana's `DanaError`, with Denied, POETError, … below it
"""

from __future__ import annotations

from dana.runtime.stops import CancelStop, TimeoutStop, failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

    from dana.runtime.program import Program


class Fault(Exception):
    """Root of Dana's own errors, `DanaError` in programs."""


class DeniedFault(Fault):
    """The policy does not grant what was tried."""


class LimitFault(Fault):
    """The name `LimitExceeded` in programs. Limits themselves are stops and cannot be caught (L24)."""


class POETFault(Fault):
    """A POET stage gave up."""


class POETPerceiveFault(POETFault):
    """The arguments were refused; the function was not called."""


class POETOperateFault(POETFault):
    """Every attempt failed."""


class POETEnforceFault(POETFault):
    """No attempt gave an acceptable result."""


class POETTimeoutFault(POETFault):
    """The call took longer than its timeout allows."""


class POETCircuitOpenFault(POETFault):
    """The breaker is open; the function was not called."""


class POETBulkheadFullFault(POETFault):
    """Too many calls at once; the function was not called."""


class POETInterruptFault(POETFault):
    """A person denied the call."""


class POETPluginFault(POETFault):
    """A plugin of a safety-critical function failed."""


class POETConfigFault(POETFault):
    """The decorator's options cannot work."""


class IPVFault(Fault):
    """A model's answer could not be used."""


class ReasonFault(IPVFault):
    """A question to a model was not answered with a valid value; see `dana.ipv.errors` for what it carries."""

    attempts: Any
    best: Any
    tokens: int
    usd: float


class AgentFault(Fault):
    """An agent failed."""


class EsperFault(Fault):
    """Esper refused or failed."""


DANA_NAMES: dict[str, type[BaseException]] = {
    "DanaError": Fault,
    "Denied": DeniedFault,
    "LimitExceeded": LimitFault,
    "POETError": POETFault,
    "POETPerceiveError": POETPerceiveFault,
    "POETOperateError": POETOperateFault,
    "POETEnforceError": POETEnforceFault,
    "POETTimeoutError": POETTimeoutFault,
    "POETCircuitOpenError": POETCircuitOpenFault,
    "POETBulkheadFullError": POETBulkheadFullFault,
    "POETInterruptError": POETInterruptFault,
    "POETPluginError": POETPluginFault,
    "POETConfigError": POETConfigFault,
    "IPVError": IPVFault,
    "ReasonError": ReasonFault,
    "AgentError": AgentFault,
    "EsperError": EsperFault,
    "Timeout": TimeoutStop,
    "Cancelled": CancelStop,
}
for _name, _cls in DANA_NAMES.items():  # a program sees them by these names alone, whoever prints them
    _cls.__name__ = _cls.__qualname__ = _name
    _cls.__module__ = "builtins"

# What CPython hangs on its exceptions, and a script has no business to hold: the object whose attribute
# was missing, the bytes that did not decode.
_HOST_ATTRIBUTES = {"AttributeError": ("obj",), "UnicodeDecodeError": ("object",), "UnicodeEncodeError": ("object",)}
_PLAIN = (str, int, float, bool, type(None), bytes)


def name_of(cls: type[BaseException]) -> str:
    """The class's name as programs spell it."""
    return cls.__name__


def text_of(error: BaseException) -> str:
    """`str(e)`; the name of the class where values that share parts would make a text without an end."""
    if hasattr(type(error), "_shape") or any(type(part) not in _PLAIN for part in error.args):
        from dana.runtime.printable import has_short_text

        if not has_short_text(error):
            return name_of(type(error))
    return str(error)


def message_of(error: BaseException) -> str:
    """`str(e)`: a KeyError's is its key as text, everything else is as in Python, but for addresses and host names."""
    try:
        text = text_of(error)
        if "<" not in text:
            return text
        from dana.runtime.showing import cleaned

        return cleaned(text)
    except Exception:  # noqa: BLE001  a field whose own text cannot be made must not hide the error itself
        return name_of(type(error))


def position_of(error: BaseException, program: Program) -> tuple[str, int, int]:
    """File, line and column (characters, from 1) of the innermost Dana frame; ("", 0, 0) without one."""
    sources = program.sources
    found: TracebackType | None = None
    trace = error.__traceback__
    while trace is not None:
        if trace.tb_frame.f_code.co_filename in sources:
            found = trace
        trace = trace.tb_next
    if found is None:
        return "", 0, 0
    code = found.tb_frame.f_code
    column = 0
    for index, place in enumerate(code.co_positions()):
        if index == found.tb_lasti // 2:
            column = place[2] or 0
            break
    source = sources[code.co_filename]
    line, character = source.line_column(source.offset(found.tb_lineno, column))
    return source.name, line, character


class Catching:
    """The helpers of handlers, for one program."""

    __slots__ = ("program",)

    def __init__(self, program: Program) -> None:
        self.program = program

    def caught(self, error: BaseException) -> BaseException:
        """`.caught`: the exception itself, with `.type .message .file .line .column` and without host objects."""
        file, line, column = position_of(error, self.program)
        own = _own_fields(error)
        facts = {"type": name_of(type(error)), "message": message_of(error), "file": file, "line": line}
        for name, value in (*facts.items(), ("column", column)):
            if name not in own:
                error.__dict__[name] = value
        _sanitise(error)
        return error

    def err(self, error: BaseException, name: str) -> Any:
        """`.err(e, name)`: one attribute of a caught exception."""
        if name not in _own_fields(error):
            if name == "type":
                return name_of(type(error))
            if name == "message":
                return message_of(error)
            if name in _POSITION:
                return position_of(error, self.program)[_POSITION[name]]
        _sanitise(error)
        from dana.runtime.builtins import getattr_

        return getattr_(error, name)

    def raising(self, value: Any) -> BaseException:
        """`.raising(v)`: what `raise v` raises: text becomes a RuntimeError, a class is called."""
        if isinstance(value, str):
            return RuntimeError(value)
        if isinstance(value, BaseException):
            return value
        if isinstance(value, type) and issubclass(value, BaseException):
            return value()
        exception = getattr(value, "_raw", None)
        if isinstance(exception, type) and issubclass(exception, BaseException):
            return exception()
        from dana.runtime.typevalues import kind_of

        kind = kind_of(value)
        return failure(
            TypeError,
            "E601",
            f"only exceptions and text can be raised, this is {kind}",
            'write `raise "what went wrong"` or `raise ValueError("what went wrong")`',
        )

    def depth(self, error: BaseException) -> BaseException:
        """`.depth(e)`: CPython's own recursion limit is our depth limit (L49)."""
        stop = self.program.meter.stop("depth")
        stop.__cause__ = None
        stop.__suppress_context__ = True
        return stop.with_traceback(error.__traceback__)


_POSITION = {"file": 0, "filename": 0, "line": 1, "column": 2}


def _own_fields(error: BaseException) -> Any:
    shape = getattr(type(error), "_shape", None)
    return shape.index if shape is not None else ()


def _sanitise(error: BaseException) -> None:
    held = error.args[0] if error.args else None
    if held.__class__ is list and type(error).__module__ == "decimal":  # the classes of the signals
        error.args = (", ".join(name_of(cls) for cls in held),)
    for name in _HOST_ATTRIBUTES.get(type(error).__name__, ()):
        if name == "obj":
            error.obj = None  # type: ignore[attr-defined]
        elif isinstance(error, UnicodeDecodeError):
            error.object = b""
        elif isinstance(error, UnicodeEncodeError):
            error.object = ""
