"""Calls that rest: they wait for an effect without a stack of their own.

    @poet(retries=2)
    def rate(city):                 nothing of the body is left to do once the effect has begun:
        return weather(city)        `.last(weather)(city)` gives an `Ending`, and the frame is gone

A call that waits in the middle of its body keeps a greenlet, for the body goes on where it stopped. One whose body
ends in its effect needs none: what called the body (the stages of `@poet`, the boundary to the host) is written as a
generator, which waits as an object of a few hundred bytes. `waited` is how such a generator waits; `bridge.Leg` is
the greenlet in which it runs from one rest to the next.

Only a body that `first` calls may end so: its caller then certainly is such a generator. A failure looks as if the
body had waited itself: its traceback gets a frame that stands for the body's (`Ending.trace`).
"""

from __future__ import annotations

from types import FunctionType, TracebackType

from dana.runtime.effects.promises import Start

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import CodeType, FrameType
    from typing import Any


def first(function: Callable[..., Any], args: Any, keywords: Any) -> Any:
    """Call a function that may end with an `Ending`; only generators that wait for those do it this way."""
    return function(*args, **keywords) if keywords else function(*args)


FIRST = first.__code__
# What code asks for that may end in an effect.
LAST = ".last"
OPTIMIZED = 3  # the flags of a function without variables of its own


def may_rest(function: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> bool:
    """Whether a call may wait without a stack: its body may end in an effect, or it is a pipeline that waits."""
    if function.__class__ is not FunctionType:
        return False
    plan = getattr(function, "__poet__", None)
    if plan is not None:
        return bool(plan.may_rest(args, keywords))
    return LAST in function.__code__.co_names


class Ending:
    """An effect that has begun, with whose value a function ends; or, without a `code`, a wait of the pipeline."""

    __slots__ = ("awaitable", "code", "expected", "lasti", "name", "space")

    def __init__(self, awaitable: Awaitable[Any], name: str, frame: FrameType | None) -> None:
        self.awaitable = awaitable
        self.name = name
        self.code: CodeType | None = None
        self.lasti = 0
        self.space: Any = None
        # What the function's annotation says of its result, the function's name, and where it is converted.
        self.expected: tuple[Any, str, int] | None = None
        if frame is not None:
            self.code, self.lasti, self.space = frame.f_code, frame.f_lasti, frame.f_globals

    def expect(self, declared: Any, owner: str, frame: FrameType) -> None:
        """Remember the conversion the function's annotation asks for."""
        self.expected = declared, owner, frame.f_lasti

    def converted(self, value: Any) -> Any:
        """The value as the function's annotation wants it."""
        if self.expected is None:
            return value
        from dana.runtime.coercion import result

        declared, owner, self.lasti = self.expected
        try:
            return result(value, declared, owner)
        except Exception as refused:
            refused.__traceback__ = self.trace(refused.__traceback__)
            raise

    def close(self) -> None:
        """Nobody awaits it any more."""
        getattr(self.awaitable, "close", bool)()

    @property
    def start(self) -> Start:
        """Where it began."""
        assert self.code is not None
        return Start(self.code, self.lasti, self.name)

    def trace(self, inner: TracebackType | None) -> TracebackType | None:
        """A traceback whose outermost frame is the body's, which has ended."""
        if self.code is None:
            return inner
        line = next((line for low, high, line in self.code.co_lines() if low <= self.lasti < high), None)
        return TracebackType(inner, stand_in(self.code, self.space), self.lasti, line or self.code.co_firstlineno)


def stand_in(code: CodeType, space: dict[str, Any]) -> FrameType:
    """A frame with the names and places of a function that has ended, and none of its variables."""
    from opcode import opmap

    raising = bytes([opmap["RESUME"], 0, opmap["LOAD_ASSERTION_ERROR"], 0, opmap["RAISE_VARARGS"], 1])
    rest = bytes([opmap["NOP"], 0]) * ((len(code.co_code) - len(raising)) // 2)
    made = code.replace(
        co_code=raising + rest, co_argcount=0, co_posonlyargcount=0, co_kwonlyargcount=0, co_nlocals=0, co_varnames=(),
        co_cellvars=(), co_freevars=(), co_flags=OPTIMIZED, co_exceptiontable=b"", co_stacksize=1,
    )  # fmt: skip
    try:
        FunctionType(made, space)()
    except AssertionError as raised:
        trace = raised.__traceback__
        assert trace is not None
        assert trace.tb_next is not None
        return trace.tb_next.tb_frame
    raise AssertionError(code)
