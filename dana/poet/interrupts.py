"""Interrupts: a person looks at a call while it runs, and corrects, guides or overrides it (P134–P139).

A pipeline asks at its three checkpoints, before Perceive, Operate and Enforce, where the mode wants it:

    off          never
    on           at every checkpoint
    on_error     when an attempt has failed
    on_critical  when the function is critical and an attempt has failed, or its input is only an estimate
    auto         as on_critical, and when a critical input is missing

What a person says is a `Signal`. Its effect depends on the kind of feedback:

    correction   the stage works with this value instead: before Operate the arguments, before Enforce the result
    guidance     the words are added to the context, and the attempt is made (again) with them
    override     this value is the result of the call, now

Who is asked: the host's handler for the stage, else the host's for all stages; where the host has none, the program's
own (`on_interrupt` of the module `poet`), and where nobody said anything, the person at the terminal. A program cannot
put itself in the place of a handler of its host.

While a person is asked, the `timeout` of the call waits; a handler of the program itself is bound by it.

A signal may also be sent from outside, to a running execution and the stage where it is meant to be heard; it waits in
a queue by execution and stage until that stage is reached, and none is lost on the way. Every signal heard is on record
in the call's status. An approval is bound to a digest of what was approved and can be used once (M93).
"""

from __future__ import annotations

from threading import Lock

from dana.adaptive.canonical import canonical, digest
from dana.diagnostics import suggest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Generator, Mapping
    from typing import Any, Protocol

    class Status(Protocol):
        """What a checkpoint is told about the call."""

        @property
        def execution_id(self) -> str: ...
        @property
        def function_name(self) -> str: ...
        @property
        def attempt(self) -> int: ...
        @property
        def last_failure(self) -> str: ...

    Handler = Callable[["Question"], "Signal | None"]

OFF, AUTO, ON, ON_ERROR, ON_CRITICAL = "off", "auto", "on", "on_error", "on_critical"
MODES = (OFF, AUTO, ON, ON_ERROR, ON_CRITICAL)

PERCEIVE, OPERATE, ENFORCE = "perceive", "operate", "enforce"
STAGES = (PERCEIVE, OPERATE, ENFORCE)

CORRECTION, GUIDANCE, OVERRIDE, DENIAL = "correction", "guidance", "override", "denial"
KINDS = (CORRECTION, GUIDANCE, OVERRIDE, DENIAL)

# Signals for executions that never reach their stage make room.
MAX_PENDING = 1000
# Deeper values are cut off in digests.
MAX_DEPTH = 30


class Signal:
    """What a person says: for which execution and stage, the kind of feedback, its data, when (seconds since 1970)."""

    __slots__ = ("execution_id", "feedback_data", "feedback_type", "target_stage", "timestamp")

    def __init__(
        self, feedback_type: str, feedback_data: Any = None, *, execution_id: str = "", target_stage: str = "",
        timestamp: float = 0.0,
    ) -> None:  # fmt: skip
        if feedback_type not in KINDS:
            msg = f"feedback is one of {', '.join(KINDS)}, not {feedback_type!r}"
            raise ValueError(msg)
        if target_stage and target_stage not in STAGES:
            msg = f"a stage is one of {', '.join(STAGES)}, not {target_stage!r}"
            raise ValueError(msg)
        self.execution_id = execution_id
        self.target_stage = target_stage
        self.feedback_type = feedback_type
        self.feedback_data = feedback_data
        self.timestamp = timestamp

    def __repr__(self) -> str:
        return f"Signal({self.feedback_type}: {self.feedback_data!r})"


class Question:
    """What a handler is asked: the stage, the call's status, the value at hand (arguments or result), and why.

    `digest` stands for exactly this function, stage and value: what an approval is bound to.
    """

    __slots__ = ("digest", "reason", "stage", "status", "value")

    def __init__(self, stage: str, status: Status, value: Any, reason: str) -> None:
        self.stage = stage
        self.status = status
        self.value = value
        self.reason = reason
        self.digest = digest([status.function_name, stage, _data(value)])

    def __repr__(self) -> str:
        return f"Question({self.status.function_name}, {self.stage}: {self.reason})"


class Manager:
    """The interrupts of one engine: who is asked at which stage, and what waits to be heard.

    `now` gives seconds since 1970. Safe to use from any thread.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._handlers: dict[str, Handler] = {}
        self._programs: dict[str, Handler] = {}
        # Who is asked where neither the host nor the program has said anybody.
        self.fallback: Handler | None = None
        self._pending: dict[tuple[str, str], list[Signal]] = {}
        self._approved: dict[str, int] = {}
        self._lock = Lock()

    # --- what a host does -------------------------------------------------------------------------

    def on(self, stage: str, handler: Handler) -> None:
        """`handler(question)` is asked at a stage ("*": at all that have none of their own); None means "go on"."""
        self._handlers[_stage(stage)] = handler

    def on_program(self, stage: str, handler: Handler | None) -> None:
        """The same for a handler of the program itself, which is asked where the host has none; None removes it."""
        if handler is None:
            self._programs.pop(_stage(stage), None)
        else:
            self._programs[_stage(stage)] = handler

    def send(self, signal: Signal) -> None:
        """Put a signal into the queue of its execution and stage."""
        if not signal.execution_id or not signal.target_stage:
            msg = "a signal needs the execution and the stage it is for"
            raise ValueError(msg)
        with self._lock:
            if len(self._pending) >= MAX_PENDING:
                self._pending.pop(next(iter(self._pending)))
            self._pending.setdefault((signal.execution_id, signal.target_stage), []).append(signal)

    def approve(self, question: Question) -> None:
        """Approve exactly what was asked, once."""
        with self._lock:
            self._approved[question.digest] = self._approved.get(question.digest, 0) + 1

    def use_approval(self, question: Question) -> bool:
        """Whether this very question was approved; the approval is spent."""
        with self._lock:
            left = self._approved.get(question.digest, 0)
            if not left:
                return False
            if left == 1:
                del self._approved[question.digest]
            else:
                self._approved[question.digest] = left - 1
            return True

    def forget(self, execution_id: str) -> None:
        """The execution is over: what was still meant for it can no longer be heard."""
        with self._lock:
            for stage in STAGES:
                self._pending.pop((execution_id, stage), None)

    # --- what a pipeline does ---------------------------------------------------------------------

    def checkpoint(
        self, stage: str, status: Status, value: Any, reason: str
    ) -> Signal | Awaitable[Signal | None] | None:
        """What there is to hear at a stage: a signal that waits, else what the handler answers; None: go on.

        What an asynchronous handler answers is to be awaited.

        `reason` says why a person is asked; empty when the mode does not want one, and only what waits is heard.
        """
        waiting = self._take(status.execution_id, stage)
        if waiting is not None:
            return waiting
        if not reason:
            return None
        handler = self._handler(stage)
        if handler is None:
            return None
        question = Question(stage, status, value, reason)
        if self.use_approval(question):
            return None
        answer: Any = handler(question)
        if hasattr(answer, "__await__"):
            return _Later(self, answer, stage, status)
        return self._heard(answer, stage, status)

    def asks_people(self, stage: str) -> bool:
        """Whether who is asked at a stage is outside the program: a person, who may think as long as it takes."""
        programs = self._programs.get(stage) or self._programs.get("*")
        hosts = self._handlers.get(stage) or self._handlers.get("*")
        return hosts is not None or (programs is None and self.fallback is not None)

    def _handler(self, stage: str) -> Handler | None:
        for known in (self._handlers, self._programs):
            found = known.get(stage) or known.get("*")
            if found is not None:
                return found
        return self.fallback

    def _heard(self, answer: Any, stage: str, status: Status) -> Signal | None:
        if answer is None:
            return None
        if not isinstance(answer, Signal):
            msg = f"an interrupt handler gives a Signal or None, not {type(answer).__name__}"
            fault = TypeError(msg)
            fault._hint = "correct(…), guide(…), override(…) and deny() of the module poet make one"  # type: ignore[attr-defined]
            raise fault
        answer.execution_id, answer.target_stage = status.execution_id, stage
        answer.timestamp = answer.timestamp or self._now()
        return answer

    def _take(self, execution_id: str, stage: str) -> Signal | None:
        if not self._pending:
            return None
        with self._lock:
            queue = self._pending.get((execution_id, stage))
            if not queue:
                return None
            signal = queue.pop(0)
            if not queue:
                del self._pending[execution_id, stage]
            return signal


def _stage(stage: str) -> str:
    if stage != "*" and stage not in STAGES:
        near = suggest(stage, STAGES)
        hint = f" (did you mean {near!r}?)" if near else ""
        msg = f"a stage is one of {', '.join(STAGES)} or *, not {stage!r}{hint}"
        raise ValueError(msg)
    return stage


class Asked:
    """A question as a handler written in Dana sees it: plain data.

    `function`, `stage`, `reason` (texts), `value` (before Enforce the result, else the arguments by name), `arguments`,
    `attempt` from 1, `last_failure` ("" when none has failed), `guidance` (what was said before), `digest` (stands for
    exactly this function, stage and value).
    """

    __slots__ = (
        "arguments", "attempt", "digest", "function", "guidance", "last_failure", "reason", "stage", "value",
    )  # fmt: skip

    def __init__(self, question: Question) -> None:
        status: Any = question.status
        self.function: str = status.function_name
        self.stage = question.stage
        self.reason = question.reason
        self.value = dict(question.value) if question.stage != ENFORCE else question.value
        self.arguments = dict(getattr(status, "perceived_input", None) or {})
        self.attempt: int = status.attempt
        self.last_failure: str = status.last_failure
        self.guidance = list(getattr(status, "guidance", ()))
        self.digest = question.digest

    def __repr__(self) -> str:
        return f"<{self.function}, before {self.stage}: {self.reason}>"


class _Later:
    """What an asynchronous handler will have said."""

    __slots__ = ("_answer", "_manager", "_stage", "_status")

    def __init__(self, manager: Manager, answer: Any, stage: str, status: Status) -> None:
        self._manager = manager
        self._answer = answer
        self._stage = stage
        self._status = status

    def __await__(self) -> Generator[Any, Any, Signal | None]:
        answer = yield from self._answer.__await__()
        return self._manager._heard(answer, self._stage, self._status)

    def close(self) -> None:
        """Nobody will wait for it."""
        close = getattr(self._answer, "close", None)
        if close is not None:
            close()


def why(mode: str, *, failed: bool, critical: bool, estimated: bool = False, missing: bool = False) -> str:
    """Why a person should be asked now, in words for them; empty when the mode does not want it."""
    if mode == ON:
        return "every stage is looked at"
    if mode == ON_ERROR:
        return "an attempt has failed" if failed else ""
    if mode in (ON_CRITICAL, AUTO) and critical:
        if failed:
            return "an attempt of a critical function has failed"
        if estimated:
            return "the input of a critical function is only an estimate"
    if mode == AUTO and missing:
        return "an input that matters is missing"
    return ""


class Terminal:
    """Asks the person at the terminal; `read(prompt)` gives a line, `write(text)` shows text, `parse` reads a value."""

    def __init__(self, read: Callable[[str], str], write: Callable[[str], object], parse: Callable[[str], Any]) -> None:
        self._read = read
        self._write = write
        self._parse = parse

    def __call__(self, question: Question) -> Signal | None:
        """Ask until the answer makes sense; an empty line, or the end of input, goes on."""
        status = question.status
        self._write(f"{status.function_name}, before {question.stage} (attempt {status.attempt}): {question.reason}\n")
        if status.last_failure:
            self._write(f"  last failure: {status.last_failure}\n")
        for line in _lines(question.value):
            self._write(f"  {line}\n")
        while True:
            try:
                answer = self._read("[Enter] go on  c=VALUE correct  g=WORDS guide  o=VALUE override  d deny: ").strip()
            except EOFError:
                return None
            if not answer:
                return None
            signal = self._understand(answer)
            if signal is not None:
                return signal

    def _understand(self, answer: str) -> Signal | None:
        letter, equals, rest = answer.partition("=")
        letter = letter.strip().lower()
        if letter in ("d", "deny") and not equals:
            return Signal(DENIAL)
        if letter in ("g", "guide") and rest.strip():
            return Signal(GUIDANCE, rest.strip())
        kind = {"c": CORRECTION, "correct": CORRECTION, "o": OVERRIDE, "override": OVERRIDE}.get(letter)
        if kind is not None and equals:
            try:
                return Signal(kind, self._parse(rest.strip()))
            except ValueError as wrong:
                self._write(f"  that is no value: {wrong}\n")
                return None
        self._write("  please answer with one of the letters, like  c=720\n")
        return None


def _lines(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [f"{name} = {_short(item)}" for name, item in value.items()]
    return [_short(value)]


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else text[:197] + "…"


def _data(value: Any, depth: int = 0) -> Any:
    """A value as its digest sees it: structs by type and fields, data as it is, everything else by its text.

    Nothing of the program runs for it: a struct cannot say that it is another one.
    """
    if depth > MAX_DEPTH:
        return {"deep": True}
    shape: Any = getattr(type(value), "_shape", None)
    if shape is not None:
        fields = [[f.name, _data(getattr(value, f.slot, None), depth + 1)] for f in shape.fields]
        return {"struct": [shape.record.name, shape.name], "fields": fields}
    if value.__class__ is dict:
        pairs: Mapping[Any, Any] = value
        return {"dict": sorted(([_data(n, depth + 1), _data(v, depth + 1)] for n, v in pairs.items()), key=canonical)}
    if value.__class__ in (list, tuple):
        return {type(value).__name__: [_data(item, depth + 1) for item in value]}
    if value.__class__ in (set, frozenset):
        return {"set": sorted((_data(item, depth + 1) for item in value), key=canonical)}
    if value is None or value.__class__ in (str, bool, int, bytes):
        return value
    return [type(value).__name__, repr(value)]


# The names of the mission's documents (P51, P52).
InterruptManager, InterruptSignal = Manager, Signal
