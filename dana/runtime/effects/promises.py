"""`Promise`, the value of an effect that has begun, and `Scope`, what keeps promises from getting lost.

    begun ──▶ answered | failed | cancelled          the task of the event loop
                 └─ force: the value (after the conversion an annotation asked for), or the failure

A failure is *seen* when it was raised to the program. A scope is left only when everything that began in it has
ended and every failure was seen: the first unseen one is raised there, the others become its notes. A failure
remembers where its effect began; that is the place a diagnostic shows, the raising line is its second place.
"""

from __future__ import annotations

import sys

from dana.runtime.stops import Stop, failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType, FrameType, TracebackType
    from typing import Any

    from dana.runtime.calls import Call
    from dana.runtime.effects.waiting import Waiting
    from dana.runtime.modules import ModuleRecord

# What stands for the value while there is none.
_NONE: Any = object()


class Start:
    """Where an effect began, kept by its failure for the diagnostic: code object and instruction.

    `name` is the effect's, `used` whether its value was asked for (a scope that ends asks on its own behalf).
    """

    __slots__ = ("code", "lasti", "name", "used")

    def __init__(self, code: CodeType, lasti: int, name: str) -> None:
        self.code = code
        self.lasti = lasti
        self.name = name
        self.used = True


class Promise:
    """Stands for the value of an effect that has begun. Programs never hold one: the compiler forces it first."""

    __slots__ = (
        "_call", "_error", "_expected", "_number", "_scope", "_seen", "_start", "_task", "_trace", "_value", "_waiting",
    )  # fmt: skip

    def __init__(self, waiting: Waiting, task: Any, start: Start, scope: Scope | None, call: Call, number: int) -> None:
        # Which call began it, as how many-eth effect of the program.
        self._call = call
        self._number = number
        self._waiting = waiting
        self._task = task
        self._start = start
        self._scope = scope
        self._seen = False
        self._expected: tuple[Any, str, Start] | None = None
        self._value: Any = _NONE
        self._error: BaseException | None = None
        self._trace: TracebackType | None = None

    def _force(self) -> Any:
        """Wait; the value, or the failure raised."""
        if self._value is not _NONE:
            return self._value
        task = self._task
        scope = self._scope
        if not task.done():
            try:
                self._waiting.wait(task)
            except BaseException:
                if scope is None:  # nobody else will
                    self._cancel()
                    self._waiting.wait_for_end(task)
                raise
        if self._error is None:
            self._collect(task)
        if scope is not None:
            scope.open.pop(self, None)
        error = self._error
        if error is None:
            return self._value
        self._seen = True
        try:
            raise error.with_traceback(self._trace)
        finally:
            del error, task, scope  # a traceback that held this frame would hold its own exception

    def _collect(self, task: Any) -> None:
        """Take over how the task ended."""
        error = _failure_of(task, self._start)
        if error is None:
            try:
                self._value = self._converted(task.result())
            except Exception as refused:  # noqa: BLE001  (the conversion's failure is the promise's)
                assert self._expected is not None
                error, start = refused, self._expected[2]
            else:
                return
        else:
            start = self._start
        mark(error, start)
        self._error = error
        self._trace = error.__traceback__

    def _converted(self, value: Any) -> Any:
        if self._expected is None:
            return value
        declared, text, _ = self._expected
        return self._waiting.program.table[".assign"](value, declared, text)

    def _expect(self, declared: Any, text: str, frame: FrameType) -> None:
        """Remember the conversion `x: T = …` asks for, and where it stands."""
        self._expected = (declared, text, Start(frame.f_code, frame.f_lasti, self._start.name))
        if self._scope is not None:
            self._scope.open[self] = None

    def _ended(self, task: Any) -> None:
        """The callback of the task."""
        self._waiting.ended(self, task)
        if task.cancelled() or task.exception() is not None:
            return
        scope = self._scope
        if scope is not None and self._expected is None:
            scope.open.pop(self, None)

    def _cancel(self) -> None:
        """Nobody wants the value any more: its failure will not be reported."""
        self._seen = True
        self._task.cancel()

    def _unseen(self) -> BaseException | None:
        """The failure of an ended effect, if it failed and nobody has been told."""
        if self._seen or not self._task.done():
            return None
        if self._value is _NONE and self._error is None:
            self._collect(self._task)
        return self._error

    def __repr__(self) -> str:
        return f"<promise of {self._start.name}>"


def _failure_of(task: Any, start: Start) -> BaseException | None:
    """How an ended task failed, None when it did not."""
    if task.cancelled():
        return cancelled(start)
    error: BaseException | None = task.exception()
    return error


def cancelled(start: Start) -> Exception:
    """The failure of an effect that somebody else cancelled."""
    return failure(
        RuntimeError, "E832", f"`{start.name}` was cancelled before it answered",
        "the host's function, or something it waited for, was cancelled from outside the program",
    )  # fmt: skip


def mark(error: BaseException, start: Start) -> None:
    """Let a failure remember where its effect began."""
    try:
        error._started = start  # type: ignore[attr-defined]
    except (AttributeError, TypeError):
        return  # an exception of the host that takes no attributes: the diagnostic shows where it was raised


class Scope:
    """`with .promises(record) as .p:` around the body of a function that has effects.

    `record` is given for a module's own body: variables that still hold a promise then get its value, or go.
    """

    __slots__ = ("_record", "open")

    def __init__(self, record: ModuleRecord | None = None) -> None:
        self._record = record
        # Promises whose end nobody has been told, in the order of their beginning.
        self.open: dict[Promise, None] = {}

    def __enter__(self) -> Scope:
        return self

    def __exit__(self, _cls: object, error: BaseException | None, _trace: object) -> None:
        try:
            if error is None:
                if self.open:
                    self.settle()
            elif self.open:
                self._abandon(error)
        finally:
            if self._record is not None:
                _free(self._record.globals)

    def settle(self) -> None:
        """Wait for everything that began here; raises the first failure nobody has seen."""
        try:
            while self.open:
                promise = next(iter(self.open))
                waiting = promise._waiting
                if not promise._task.done():
                    waiting.wait(promise._task)
                error = promise._unseen()
                if error is not None:
                    promise._start.used = False
                    promise._force()
                self.open.pop(promise, None)
        except BaseException as error:
            self._abandon(error)
            raise

    def _abandon(self, error: BaseException) -> None:
        """Cancel what is pending and wait for its end; failures nobody has seen become notes of `error`."""
        left = list(self.open)
        self.open.clear()
        late: list[Promise] = []
        for promise in left:
            if not promise._task.done():
                late.append(promise)
                promise._task.cancel()
        for promise in late:
            promise._waiting.wait_for_end(promise._task)
        for promise in left:
            if promise in late and (not promise._task.done() or promise._task.cancelled()):
                continue
            lost = promise._unseen()
            if lost is not None and lost is not error and not isinstance(lost, Stop):
                promise._seen = True
                error.add_note(promise._waiting.lost(lost, promise._start))


def _free(names: dict[str, Any]) -> None:
    """Replace the promises among a module's variables by their values; those that failed go."""
    for name, value in list(names.items()):
        if value.__class__ is Promise:
            if value._value is _NONE and value._task.done() and not value._task.cancelled():
                value._unseen()
            if value._value is not _NONE:
                names[name] = value._value
            else:
                del names[name]


def force(promise: Promise) -> Any:
    """`.force(p)`: waits; the value, after the conversion its annotation asks for, or the failure raised."""
    return promise._force()


def expected_of(assign: Callable[[Any, Any, str], Any]) -> Callable[[Any, Any, str], Any]:
    """`.expected(p, T, text)`: `x: T = effect()`: the conversion is remembered and made when the value is there."""

    def expected(value: Any, declared: Any, text: str) -> Any:
        if value.__class__ is Promise:
            value._expect(declared, text, sys._getframe(1))
            return value
        return assign(value, declared, text)

    return expected
