"""`Effect`: what a program holds for a function whose answer comes from elsewhere; and `.begin`, `.promises`."""

from __future__ import annotations

import sys

from dana.runtime.effects.promises import Promise, Scope, Start, expected_of, force
from dana.runtime.effects.resting import FIRST, Ending
from dana.runtime.families import provide_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import FrameType
    from typing import Any

    from dana.runtime.effects.waiting import Waiting
    from dana.runtime.modules import ModuleRecord
    from dana.runtime.program import Program


class Effect:
    """An asynchronous function as a program holds it. An ordinary call starts it and waits.

    `start(*args, **keywords)` is a Python function that returns an awaitable, which runs on the event loop; what
    it raises itself (arguments that do not fit) is raised at once. An effect that `writes` begins only when the
    run's previous writing effect has ended (L34); `name` is what messages call it.
    """

    __slots__ = ("_doc", "_name", "_program", "_start", "_writes")

    def __init__(
        self,
        program: Program,
        name: str,
        start: Callable[..., Awaitable[Any]],
        *,
        writes: bool = False,
        doc: str | None = None,
        taped: bool = True,
    ) -> None:
        self._program = program
        self._name = name
        # `taped` is false for what is on record in parts, and done again in a replay.
        tape = getattr(program, "tape", None) if taped else None
        self._start = start if tape is None else tape.effect(name, start)
        self._writes = writes
        self._doc = doc
        program.effectful = True

    def __call__(self, /, *args: Any, **keywords: Any) -> Any:
        waiting = self._program.waiting
        if waiting is not None and not self._writes:
            worker = waiting.asker()
            if worker is not None:
                return waiting.ask(worker, self._name, self._start, args, keywords)
        return self._begin(None, sys._getframe(1), args, keywords, at_once=False)._force()

    def _last(self, /, *args: Any, **keywords: Any) -> Any:
        """The call with which a function ends: an `Ending` where whoever called the function can wait for it."""
        waiting = self._program.waiting
        if waiting is not None and not self._writes:
            worker = waiting.asker()
            if worker is not None:
                if worker.rests:  # looking at frames makes objects of them, which a call that waits would keep
                    frame = sys._getframe(1)
                    if frame.f_back is not None and frame.f_back.f_code is FIRST:
                        return waiting.ending(frame, self._name, self._start, args, keywords)
                    del frame
                return waiting.ask(worker, self._name, self._start, args, keywords)
        return self._begin(None, sys._getframe(1), args, keywords, at_once=False)._force()

    def _begin(
        self,
        scope: Scope | None,
        frame: FrameType,
        args: tuple[Any, ...],
        keywords: dict[str, Any],
        *,
        at_once: bool = True,
    ) -> Promise:
        """Start the effect; unless it is waited for right away (`at_once` false), let it take its first step."""
        waiting = self._program.waiting or _waiting(self._program)
        loop = waiting.loop(self._name)
        if self._writes:
            waiting.wait_for_writes()
        awaitable = waiting.opened(self._start, args, keywords)
        start = Start(frame.f_code, frame.f_lasti, self._name)
        promise = waiting.begin(loop, awaitable, start, scope, writes=self._writes)
        if scope is not None:
            scope.open[promise] = None
        if at_once:
            waiting.step()
        return promise

    def __repr__(self) -> str:
        return f"<effect {self._name}>"


def _waiting(program: Program) -> Waiting:
    """The first effect of a program loads asyncio."""
    from dana.runtime.effects.waiting import waiting_of

    return waiting_of(program)


def helpers(program: Program) -> dict[str, Any]:
    """What compiled code with effects asks for."""

    def begin(scope: Scope, function: Any, /, *args: Any, **keywords: Any) -> Any:
        """`.begin(scope, f, …)`: the promise of an effect, or what any other function returns."""
        if function.__class__ is Effect:
            return function._begin(scope, sys._getframe(1), args, keywords)
        return function(*args, **keywords)

    def promises(record: ModuleRecord | None) -> Scope:
        """`.promises(record)`: the scope of the promises of one function, or of a module's own body."""
        return Scope(record)

    def last(function: Any) -> Any:
        """`.last(f)(…)`: the call with which a function ends (`resting`)."""
        return function._last if function.__class__ is Effect else function

    def last_result(value: Any, declared: Any, name: str) -> Any:
        """`.result` of such a call."""
        if value.__class__ is Ending:
            value.expect(declared, name, sys._getframe(1))
            return value
        return result(value, declared, name)

    provide_names(program, [name for name in (".assign", ".result") if name not in program.table])
    result = program.table[".result"]
    return {
        ".begin": begin, ".Promise": Promise, ".force": force, ".promises": promises,
        ".expected": expected_of(program.table[".assign"]), ".last": last, ".last_result": last_result,
    }  # fmt: skip
