"""From an exception to what people read: `diagnose(error, program) -> DanaError`.

    frames    the traceback's Dana frames only: those whose file is in `program.sources`
    words     code, message, label and hint for the exception            `faultwords`
    place     the innermost instruction outside the standard library, as a span of its source; for an
              argument that does not fit its parameter, the call as well
    notes     the calls that led there, and what the error was caused by

An exception that comes out of this package and that no program can be blamed for is our own fault: it
becomes E990, which asks for a report.
"""

from __future__ import annotations

from os.path import basename, dirname, splitext

from dana import abi, errors
from dana.diagnostics import Diagnostic, Label, shown_name
from dana.resources import stdlib_path
from dana.runtime.exceptions import (
    AgentFault,
    DeniedFault,
    EsperFault,
    IPVFault,
    POETFault,
    message_of,
    name_of,
    text_of,
)
from dana.runtime.faultwords import Words, is_raised_by_program, words_for
from dana.runtime.stops import CancelStop, ExitStop, LimitStop, Stop, TimeoutStop
from dana.source import Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import FrameType, TracebackType
    from typing import Any

    from dana.runtime.program import Program
    from dana.source import Source

NOTES_AT_EACH_END = 4
CAUSES = 4
# Exceptions that only a mistake of ours raises inside this package, where user data is not the reason.
_OURS = (AttributeError, NameError, ImportError, KeyError, IndexError, AssertionError, SystemError, NotImplementedError)
_DATA = (str, int, float, list, tuple, dict, set, frozenset, bytes, type(None))
_KINDS: tuple[tuple[type[BaseException], type[errors.RuntimeFault]], ...] = (
    (LimitStop, errors.LimitExceeded),
    (MemoryError, errors.LimitExceeded),
    (RecursionError, errors.LimitExceeded),
    (TimeoutStop, errors.Timeout),
    (CancelStop, errors.Cancelled),
    (KeyboardInterrupt, errors.Cancelled),
    (DeniedFault, errors.Denied),
    (POETFault, errors.POETError),
    (IPVFault, errors.IPVError),
    (AgentFault, errors.AgentError),
    (EsperFault, errors.EsperError),
)


class Frame:
    """One Dana frame of a traceback; or a function that was `called` from outside in a way that does not fit it."""

    __slots__ = ("called", "frame", "function", "source", "span")

    def __init__(self, frame: FrameType | None, function: str, source: Source, span: Span, called: Any = None) -> None:
        self.called = called
        self.frame = frame
        self.function = function
        self.source = source
        self.span = span

    @property
    def line_column(self) -> tuple[int, int]:
        return self.source.line_column(self.span[0])

    @property
    def place(self) -> str:
        line, column = self.line_column
        return f"{shown_name(self.source.name)}:{line}:{column}"

    @property
    def module(self) -> str:
        """The standard library's module this frame belongs to, or ""."""
        name = self.source.name
        return splitext(basename(name))[0] if dirname(name) == stdlib_path() else ""


def diagnose(error: BaseException, program: Program) -> errors.DanaError | None:
    """The `DanaError` for anything that ended a program; a `DanaError` is returned as it is, `exit()` is None.

    The original exception is the result's `__cause__`; `stack` holds the Dana frames, innermost last.
    """
    if isinstance(error, errors.DanaError):
        return error
    if isinstance(error, ExitStop):
        return None
    error = _first_stop(error)
    frames = dana_frames(error.__traceback__, program.sources)
    words = _internal_words(error) if _is_ours(error, program) else _words(error, frames, program)
    visible = _outside_the_library(frames)
    place = visible[-1] if visible else _called_function(error, program)
    labels = []
    calls = visible
    if _misfits_a_parameter(error, visible):
        calls = visible[:-1]
        labels.append(Label(calls[-1].span, "called here", calls[-1].source))
    notes = list(getattr(error, "__notes__", ()))
    began = _began(error, program)
    if began is not None and place is not None and not began.module and began.place != place.place:
        if began.function != place.function:  # it failed in an agent that was asked, and that is where
            labels.append(Label(began.span, "asked here", began.source))
            began = place
        elif error._started.used:  # type: ignore[attr-defined]
            labels.append(Label(place.span, "its value was needed here", place.source))
        else:
            notes.append("nobody asked for its value; it was waited for where its function ended")
        place = began
    made = Diagnostic(
        words.code,
        words.message,
        place.source if place else None,
        place.span if place else None,
        label=words.label,
        labels=labels,
        hint=words.hint,
        notes=[
            *words.notes,
            *notes,
            *_cause_notes(error, program),
            *_library_note(frames, visible),
            *_stack_notes(calls),
        ],
    )
    stack = [(f.function, f.source.name, *f.line_column) for f in frames]
    fault = _kind(error)([made], stack)
    if isinstance(fault, errors.LimitExceeded):
        fault.which = getattr(error, "which", "depth" if isinstance(error, RecursionError) else "memory")
    fault.__cause__ = error
    return fault


def _began(error: BaseException, program: Program) -> Frame | None:
    """Where the effect whose failure this is was started."""
    start = getattr(error, "_started", None)
    return None if start is None else _frame_at(start.code, start.lasti, program)


def _frame_at(code: Any, lasti: int, program: Program) -> Frame | None:
    source = program.sources.get(code.co_filename)
    if source is None:
        return None
    return Frame(None, function_name(code) or MODULE, source, instruction_span(code, lasti, None, source))


def place_of(code: Any, lasti: int, program: Program) -> str:
    """`file:line:column` of an instruction of the program, or ""."""
    frame = _frame_at(code, lasti, program)
    return frame.place if frame is not None else ""


def _words(error: BaseException, frames: list[Frame], program: Program) -> Words:
    """What is said; inside the standard library without its variables, which are nothing to its caller."""
    innermost = frames[-1] if frames else _called_function(error, program)
    if innermost is not None and innermost.module and not is_raised_by_program(error, innermost):
        innermost = None
    return words_for(error, innermost)


def _outside_the_library(frames: list[Frame]) -> list[Frame]:
    """The frames up to the program's own innermost line: the library cannot be mended by its users."""
    own = [index for index, frame in enumerate(frames) if not frame.module]
    return frames[: own[-1] + 1] if own else list(frames)


def _misfits_a_parameter(error: BaseException, frames: list[Frame]) -> bool:
    """Whether the innermost place is a parameter's declaration and the frame before gave the argument."""
    if getattr(error, "_code", "") != "E611" or len(frames) < 2 or frames[-2].module:
        return False
    return message_of(error).startswith("argument ")


def _first_stop(error: BaseException) -> BaseException:
    """Of a stop that was raised again while it unwound, the first one: it says where the limit was reached."""
    while isinstance(error, Stop):
        before = error.__context__
        if not isinstance(before, Stop) or type(before) is not type(error):
            break
        error = before
    return error


def _kind(error: BaseException) -> type[errors.RuntimeFault]:
    if getattr(error, "_code", "") == "E865":  # its agents gave up, which may have cancelled what waited
        return errors.AgentError
    for cls, kind in _KINDS:
        if isinstance(error, cls):
            return kind
    return errors.RuntimeFault


# --- frames -------------------------------------------------------------------------------------


def dana_frames(trace: TracebackType | None, sources: Mapping[str, Source]) -> list[Frame]:
    """The Dana frames of a traceback, outermost first; comprehensions are part of the function around them."""
    frames: list[Frame] = []
    while trace is not None:
        code = trace.tb_frame.f_code
        source = sources.get(code.co_filename)
        if source is not None:
            span = instruction_span(code, trace.tb_lasti, trace.tb_lineno, source)
            function = function_name(code)
            if not function and frames:
                frames[-1] = Frame(trace.tb_frame, frames[-1].function, source, span)
            else:
                frames.append(Frame(trace.tb_frame, function or MODULE, source, span))
        trace = trace.tb_next
    return frames


def _called_function(error: BaseException, program: Program) -> Frame | None:
    """For a call from outside that does not fit (`__main__` without its argument): the function's first line."""
    name, bracket, _ = text_of(error).partition("()")
    if not isinstance(error, TypeError) or not bracket or not name.isidentifier():
        return None
    for record in program.modules.values():
        function = record.globals.get(name)
        code = getattr(function, "__code__", None)
        source = program.sources.get(getattr(code, "co_filename", ""))
        if code is not None and source is not None:
            return Frame(None, name, source, _line_span(code.co_firstlineno, source), function)
    return None


def function_name(code: Any) -> str:
    """A function's Dana name; "" for a comprehension, which is no function of its own."""
    name: str = code.co_qualname.rpartition("<locals>.")[2]
    if name in ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"):
        return ""
    if name == "<lambda>":
        return "lambda"
    return name.removeprefix(abi.UNCHECKED).replace(abi.HIDDEN, "")


def instruction_span(code: Any, lasti: int, line: int | None, source: Source) -> Span:
    """Where an instruction stands in its source."""
    for index, (start, end, column, end_column) in enumerate(code.co_positions()):
        if index == lasti // 2:
            if start is None or column is None:
                break
            begin = source.offset(start, column)
            return Span(begin, max(begin, source.offset(end or start, end_column or 0)))
    return _line_span(_line_before(code, lasti) if line is None else line, source)


def _line_before(code: Any, lasti: int) -> int:
    """The line of an instruction that has none: the next round of a loop, where Ctrl-C may strike."""
    lines = [place[0] for place in code.co_positions()]
    return next((line for line in reversed(lines[: lasti // 2]) if line is not None), int(code.co_firstlineno))


def _line_span(line: int, source: Source) -> Span:
    begin = source.offset(line, 0)
    text = source.line(line)
    begin += len(text) - len(text.lstrip())
    return Span(begin, begin + len(text.strip()))


# --- notes --------------------------------------------------------------------------------------


MODULE = "<module>"


def _called_by(frame: Frame, called: Frame, *, first: bool) -> str:
    verb = "imported by" if called.function == MODULE else "called from"
    who = "the program" if first and frame.function == MODULE else _who(frame)
    return f"{verb} {who} ({frame.module or frame.place})"


def _who(frame: Frame) -> str:
    """A function, or a module whose own lines are running."""
    if frame.function == MODULE:
        return f"module `{splitext(basename(frame.source.name))[0]}`"
    return f"`{frame.function}`"


def _library_note(frames: list[Frame], visible: list[Frame]) -> list[str]:
    """Which function of the standard library, called at the place shown, raised the error."""
    for frame in frames[len(visible) : len(visible) + 1]:
        if frame.module:
            where = "" if frame.function == MODULE else f" ({frame.module})"
            return [f"raised in {_who(frame)}{where}"]
    return []


def _stack_notes(frames: list[Frame]) -> list[str]:
    """The calls that led to the error, innermost first; long stacks keep both ends."""
    if len(frames) < 2:
        return []
    lines = [_called_by(frames[i], frames[i + 1], first=i == 0) for i in range(len(frames) - 2, -1, -1)]
    lines[0] = f"in {_who(frames[-1])}, {lines[0]}"
    lines = _without_repetition(lines)
    surplus = len(lines) - 2 * NOTES_AT_EACH_END
    if surplus > 1:
        lines[NOTES_AT_EACH_END:-NOTES_AT_EACH_END] = [f"… {surplus} more calls …"]
    return lines


def _without_repetition(lines: list[str]) -> list[str]:
    out: list[str] = []
    count = 0
    for line, following in zip(lines, [*lines[1:], None], strict=True):
        count += 1
        if line != following:
            out.append(line)
            if count > 1:
                out.append(f"… the same call {count - 1} more time{'s' if count > 2 else ''} …")
            count = 0
    return out


def _cause_notes(error: BaseException, program: Program) -> list[str]:
    """What the error was raised from, or while handling what."""
    notes: list[str] = []
    seen: set[int] = {id(error)}
    for _ in range(CAUSES):
        cause, verb = error.__cause__, "caused by"
        if cause is None and not error.__suppress_context__:
            cause, verb = error.__context__, "while handling"
        if cause is None or isinstance(cause, Stop) or id(cause) in seen:
            break
        seen.add(id(cause))
        frames = dana_frames(cause.__traceback__, program.sources)
        where = f" ({frames[-1].place})" if frames else ""
        message = message_of(cause)
        notes.append(f"{verb} {name_of(type(cause))}{': ' + message if message else ''}{where}")
        error = cause
    return notes


# --- our own faults -----------------------------------------------------------------------------


# Their functions stand for methods of values; what is no such value is the program's mistake.
_STAND_INS = frozenset({"dana.runtime.sized", "dana.runtime.formatting"})


def _is_ours(error: BaseException, program: Program) -> bool:
    """Whether the exception was raised by a line of this package that did not mean to."""
    if not isinstance(error, _OURS) or getattr(error, "_code", None) is not None:
        return False
    last: TracebackType | None = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None:
        return False
    code = last.tb_frame.f_code
    module = last.tb_frame.f_globals.get("__name__", "")
    if code.co_filename not in program.sources:
        if isinstance(error, AttributeError) and error.name:
            of = type(error.obj).__module__
            if isinstance(error.obj, _DATA) or module in _STAND_INS or of.startswith("dana.isolation"):
                return False  # a builtin, or what stands for a method, that was handed the wrong kind of value
        return isinstance(module, str) and module.split(".")[0] == "dana"
    # A helper that is not there: compiled code and runtime do not belong together.
    return isinstance(error, NameError) and str(getattr(error, "name", "")).startswith(".")


def _internal_words(error: BaseException) -> Words:
    where = ""
    trace = error.__traceback__
    while trace is not None:
        where = f"{trace.tb_frame.f_globals.get('__name__', '?')}, line {trace.tb_lineno}"
        trace = trace.tb_next
    return Words(
        "E990",
        f"internal error: {type(error).__name__}: {message_of(error)}",
        hint="this is a fault of Dana, not of your program; please report it with the program that shows it",
        notes=(f"raised in {where}",),
    )
