"""What a decorated call raises when it gives up: one root, a kind per stage, and the whole story.

    POETError
    ├── POETPerceiveError    the arguments were refused; the function was not called
    ├── POETOperateError     every attempt failed
    ├── POETEnforceError     every result was refused
    ├── POETTimeoutError     the call took longer than its timeout allows
    ├── POETCircuitOpenError the breaker is open: the function was not called
    ├── POETBulkheadFullError  too many calls at once: the function was not called
    ├── POETInterruptError   a person denied the call
    ├── POETPluginError      a plugin failed, and the function is safety-critical
    └── POETConfigError      the decorator itself is wrong

Dana programs catch them by these names without importing anything (`dana.runtime.exceptions` has the bare
classes that the names mean there). A `POETOperateError` is also an instance of
the last fault's class and answers to its attributes, so a handler written for the bare function keeps working.
"""

from __future__ import annotations

from dana.diagnostics import shown_name
from dana.runtime.exceptions import (
    POETBulkheadFullFault,
    POETCircuitOpenFault,
    POETConfigFault,
    POETEnforceFault,
    POETFault,
    POETInterruptFault,
    POETOperateFault,
    POETPerceiveFault,
    POETPluginFault,
    POETTimeoutFault,
    text_of,
)

# Characters of a message that are kept for each of up to 101 attempts.
LONGEST = 10_000

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Container, Sequence
    from typing import Any

    from dana.adaptive.perform import Attempt


class Failure:
    """One failed attempt as data: its number from 1, the stage that failed, the fault's type and message.

    `place` is `file:line` of the fault (empty when unknown), `waited` the seconds slept before the
    next attempt, None when there was none.
    """

    __slots__ = ("message", "number", "place", "stage", "type", "waited")

    def __init__(self, attempt: Attempt, place: str) -> None:
        fault = attempt.fault
        self.number = attempt.number
        self.stage = "enforce" if attempt.refused else "operate"
        self.type = type(fault).__name__
        self.message = _told(fault)
        self.place = place
        self.waited = attempt.waited

    def __str__(self) -> str:
        where = f" ({self.place})" if self.place else ""
        refused = "result refused, " if self.stage == "enforce" else ""
        wait = f"; waited {seconds(self.waited)}" if self.waited else ""
        return f"attempt {self.number}: {refused}{_words(self.type, self.message)}{where}{wait}"

    def __repr__(self) -> str:
        return f"<{self}>"


class POETError(POETFault):
    """A decorated call gave up.

    `function` names what was called, `stage` where it ended, `attempts` what was tried (a list of
    `Failure`), `story` tells all of it in lines. `_code`, `_hint` and `_notes` make the diagnostic.
    """

    _code = "E811"
    stage = "operate"

    def __init__(self, message: str, function: str = "", attempts: Sequence[Failure] = (), hint: str = "") -> None:
        Exception.__init__(self, message)
        self.message = message
        self.function = function
        self.attempts = list(attempts)
        self._hint = hint

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.message!r})"

    @property
    def _notes(self) -> tuple[str, ...]:
        """The story, a line per failed attempt."""
        return tuple(str(attempt) for attempt in self.attempts)

    @property
    def story(self) -> str:
        """The message and every failed attempt."""
        return "\n".join((self.message, *self._notes))


class POETPerceiveError(POETError, POETPerceiveFault):
    """The arguments were refused; the function was not called."""

    _code = "E810"
    stage = "perceive"


class POETOperateError(POETError, POETOperateFault):
    """Every attempt failed; `__cause__` is the last fault."""


class POETTimeoutError(POETError, POETTimeoutFault, TimeoutError):
    """The call took longer than its timeout allows."""

    _code = "E812"
    stage = "timeout"


class POETEnforceError(POETError, POETEnforceFault):
    """No attempt gave a result that the enforce handler accepts; `__cause__` is its last objection."""

    _code = "E813"
    stage = "enforce"


class POETCircuitOpenError(POETError, POETCircuitOpenFault):
    """The circuit breaker does not let calls through; `retry_after` is in seconds."""

    _code = "E815"
    retry_after = 0.0


class POETBulkheadFullError(POETError, POETBulkheadFullFault):
    """As many calls as the bulkhead has places for are under way."""

    _code = "E816"
    stage = "admission"


class POETInterruptError(POETError, POETInterruptFault):
    """A person who was asked denied the call."""

    _code = "E817"
    stage = "interrupt"


class POETPluginError(POETError, POETPluginFault):
    """A plugin of a safety-critical function failed: without its judgement there is no result."""

    _code = "E818"
    stage = "plugin"


# The names of the mission's documents (P140–P142).
POETException = POETError
POETExecutionError = POETOperateError
POETValidationError = POETEnforceError


class POETConfigError(POETError, POETConfigFault):
    """The options, or the function they are for, cannot work together; raised where the decorator stands."""

    _code = "E814"
    stage = "decoration"

    def __init__(self, message: str, function: str = "", hint: str = "", code: str = "E814") -> None:
        POETError.__init__(self, message, function, (), hint)
        self._code = code


def operate_error(fault: BaseException) -> type[POETOperateError]:
    """`POETOperateError`, joined with the class of the last fault where the two can be joined."""
    kind = type(fault)
    if kind is Exception or issubclass(kind, POETError) or issubclass(POETOperateError, kind):
        return POETOperateError
    names = {"__module__": __name__, "__doc__": POETOperateError.__doc__, "__getattr__": _of_fault}
    try:
        return type("POETOperateError", (POETOperateError, kind), names)
    except TypeError:  # layouts or metaclasses that cannot be joined; `__cause__` still has the fault
        return POETOperateError


def _of_fault(self: POETError, name: str) -> Any:
    """Attributes of the fault that ended it all, so that `e.errno` or a struct's fields still answer."""
    fault = self.__cause__
    if fault is None or name.startswith("_"):
        raise AttributeError(name)
    return getattr(fault, name)


def place(fault: BaseException, files: Container[str] | None) -> str:
    """`file:line` of the innermost frame of `fault` in one of the program's files, or an empty text."""
    found = ""
    trace = fault.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if file in files if files is not None else not file.startswith("<poet"):
            found = f"{shown_name(file)}:{trace.tb_lineno}"
        trace = trace.tb_next
    return found


def said(fault: BaseException) -> str:
    """A fault in one line: its type, and its message where that does not begin with the type already.

    What a domain says about an argument or a result needs no type.
    """
    if getattr(fault, "leaf", "") == "validation.input":
        return _told(fault)
    return _words(type(fault).__name__, _told(fault))


def _told(fault: BaseException) -> str:
    """The message of a fault, as a story of many attempts can hold it."""
    text = text_of(fault)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _words(kind: str, message: str) -> str:
    if not message or message.startswith(kind):
        return message or kind
    return f"{kind}: {message}"


def seconds(amount: float) -> str:
    """Seconds as people write them: `2 s`, `0.25 s`, `12 ms`."""
    if 0 < amount < 0.1:
        return f"{amount * 1000:.3g} ms"
    return f"{amount:.3g} s" if amount < 1000 else f"{amount:.0f} s"
