"""Errors across the line: a `DanaError` as data and back, and exceptions of the host inside a program.

A `DanaError` keeps its class, its diagnostics with sources and places, its stack. Its `__cause__` is the host's own
exception when one was the reason, else an exception of the same name and text. Classes are chosen from fixed lists.
"""

from __future__ import annotations

import builtins

from dana import errors
from dana.diagnostics import Diagnostic, Fix, Label
from dana.isolation.wire import WireError
from dana.source import Source, Span

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

MAX_TEXT = 100_000
MAX_NAME = 120
CLASSES: dict[str, type[errors.DanaError]] = {
    name: cls
    for name, cls in vars(errors).items()
    if isinstance(cls, type) and issubclass(cls, errors.DanaError)
}  # fmt: skip
# What a program may be told about by its own name; anything else is the nearest of these.
EXCEPTIONS: dict[str, type[Exception]] = {
    name: cls for name, cls in vars(builtins).items() if isinstance(cls, type) and issubclass(cls, Exception)
}


# --- DanaError ----------------------------------------------------------------------------------


def pack(error: errors.DanaError) -> dict[str, Any]:
    """A `DanaError` as JSON data."""
    sources: list[Source] = []
    cause = error.__cause__
    return {
        "class": type(error).__name__,
        "which": getattr(error, "which", ""),
        "diagnostics": [_pack_diagnostic(d, sources) for d in error.diagnostics],
        "stack": [list(frame) for frame in error.stack],
        "sources": [[s.name, s.text] for s in sources],
        "cause": None if cause is None else [type(cause).__name__, _base(cause), _text(cause)],
        "host": _host_reference(cause),
    }


def pack_diagnostics(found: list[Diagnostic]) -> dict[str, Any]:
    """Findings of the checker as JSON data."""
    sources: list[Source] = []
    return {
        "diagnostics": [_pack_diagnostic(d, sources) for d in found],
        "sources": [[s.name, s.text] for s in sources],
    }


def _text(error: BaseException) -> str:
    try:
        return str(error)[:MAX_TEXT]
    except Exception:  # noqa: BLE001  (a text that cannot be made is no reason to lose the error)
        return ""


def _host_reference(error: BaseException | None) -> int:
    """The number of the host's exception behind an error, 0 when there is none."""
    for _ in range(32):
        if error is None:
            return 0
        number = getattr(error, "_host", 0)
        if number:
            return int(number)
        error = error.__cause__ or error.__context__
    return 0


def _pack_diagnostic(diagnostic: Diagnostic, sources: list[Source]) -> dict[str, Any]:
    fix = diagnostic.fix
    return {
        "code": diagnostic.code,
        "message": _cut(diagnostic.message),
        "at": _pack_place(diagnostic.source, diagnostic.span, sources),
        "label": _cut(diagnostic.label),
        "labels": [
            [_pack_place(label.source or diagnostic.source, label.span, sources), _cut(label.message)]
            for label in diagnostic.labels
        ],
        "hint": _cut(diagnostic.hint),
        "notes": [_cut(note) for note in diagnostic.notes],
        "fix": None if fix is None or len(fix.text) > MAX_TEXT else [list(fix.span), fix.text],
    }


def _cut(text: str) -> str:
    """As much of a text as the host takes."""
    return text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…"


def _pack_place(source: Source | None, span: Span | None, sources: list[Source]) -> Any:
    if source is None:
        return None
    number = next((i for i, s in enumerate(sources) if s is source), -1)
    if number < 0:
        number = len(sources)
        sources.append(source)
    return [number, None if span is None else list(span)]


def unpack(data: Any, raised: Mapping[int, BaseException]) -> errors.DanaError:
    """The error in a worker's data; `raised` are the host's own exceptions by number. Raises `WireError`."""
    if data.__class__ is not dict:
        raise WireError("an error is broken")
    cls = CLASSES.get(_string(data.get("class"), MAX_NAME))
    if cls is None:
        raise WireError("an error of an unknown class")
    stack = [_frame(f) for f in _list(data.get("stack"), 30_000)]
    made = cls(unpack_diagnostics(data), stack)
    if isinstance(made, errors.LimitExceeded):
        made.which = _string(data.get("which"), MAX_NAME)
    host, cause = data.get("host"), data.get("cause")
    if host.__class__ is int and host in raised:
        made.__cause__ = raised[host]
    elif cause is not None:
        name, base, text = (_string(part, MAX_TEXT) for part in _list(cause, 3))
        made.__cause__ = _stand_in(name, base, text)
    return made


def unpack_diagnostics(data: Any) -> list[Diagnostic]:
    """The findings in a worker's data. Raises `WireError`."""
    sources = []
    for item in _list(data.get("sources"), 1000):
        name, text = _list(item, 2)
        sources.append(Source(_string(name, MAX_TEXT), _string(text, None)))
    return [_unpack_diagnostic(d, sources) for d in _list(data.get("diagnostics"), 10_000)]


def _unpack_diagnostic(data: Any, sources: list[Source]) -> Diagnostic:
    if data.__class__ is not dict:
        raise WireError("a diagnostic is broken")
    code = _string(data.get("code"), 4)
    if len(code) != 4 or code[0] not in "EW" or not (code[1:].isascii() and code[1:].isdigit()):
        raise WireError("a diagnostic has no code")
    source, span = _unpack_place(data.get("at"), sources)
    labels = []
    for item in _list(data.get("labels"), 100):
        place, message = _list(item, 2)
        label_source, label_span = _unpack_place(place, sources)
        if label_source is not None and label_span is not None:
            labels.append(Label(label_span, _string(message, MAX_TEXT), label_source))
    fix = None
    if data.get("fix") is not None and source is not None:
        where, text = _list(data["fix"], 2)
        fix = Fix(_span(where, source), _string(text, MAX_TEXT))
    return Diagnostic(
        code,
        _string(data.get("message"), MAX_TEXT),
        source,
        span,
        label=_string(data.get("label"), MAX_TEXT),
        labels=labels,
        hint=_string(data.get("hint"), MAX_TEXT),
        notes=[_string(note, MAX_TEXT) for note in _list(data.get("notes"), 1000)],
        fix=fix,
    )


def _unpack_place(data: Any, sources: list[Source]) -> tuple[Source | None, Span | None]:
    if data is None:
        return None, None
    number, span = _list(data, 2)
    if number.__class__ is not int or not 0 <= number < len(sources):
        raise WireError("a place without a source")
    source = sources[number]
    return source, None if span is None else _span(span, source)


def _span(data: Any, source: Source) -> Span:
    start, end = _list(data, 2)
    if start.__class__ is not int or end.__class__ is not int or not 0 <= start <= end <= len(source.text) + 1:
        raise WireError("a place outside its source")
    return Span(start, end)


def _frame(data: Any) -> tuple[str, str, int, int]:
    function, file, line, column = _list(data, 4)
    if line.__class__ is not int or column.__class__ is not int:
        raise WireError("a frame without a line")
    return _string(function, MAX_TEXT), _string(file, MAX_TEXT), line, column


def _list(data: Any, most: int) -> list[Any]:
    if data.__class__ is not list or len(data) > most:
        raise WireError("a list was expected")
    return data


def _string(data: Any, most: int | None) -> str:
    if data.__class__ is not str or (most is not None and len(data) > most):
        raise WireError("a text was expected")
    return data


# --- exceptions ---------------------------------------------------------------------------------


def _base(error: BaseException) -> str:
    """The nearest of Python's own exceptions."""
    return next((cls.__name__ for cls in type(error).__mro__ if EXCEPTIONS.get(cls.__name__) is cls), "Exception")


def pack_exception(error: BaseException, number: int) -> dict[str, Any]:
    """An exception that a host function raised, for the program."""
    return {
        "name": type(error).__name__,
        "base": _base(error),
        "text": _text(error),
        "code": getattr(error, "_code", ""),
        "hint": getattr(error, "_hint", ""),
        "number": number,
    }


def unpack_exception(data: Any) -> Exception:
    """What the program gets to catch."""
    if data["name"] in ("DeniedFault", "Denied"):
        from dana.runtime.exceptions import DeniedFault

        made: Exception = DeniedFault(data["text"])
    else:
        made = _stand_in(data["name"], data["base"], data["text"])
    if data["code"]:
        made._code = data["code"]  # type: ignore[attr-defined]
    if data["hint"]:
        made._hint = data["hint"]  # type: ignore[attr-defined]
    made._host = data["number"]  # type: ignore[attr-defined]
    made._original = made  # type: ignore[attr-defined]  # it has been made for the program already
    return made


def _stand_in(name: str, base: str, text: str) -> Exception:
    """An exception of that name; of Python's own class where it has one that takes just a text."""
    cls = EXCEPTIONS.get(base, Exception)
    if name.isidentifier() and len(name) <= MAX_NAME and name != cls.__name__:
        cls = type(name, (cls,), {"__module__": "dana"})
    try:
        return cls(text)
    except TypeError:  # UnicodeDecodeError and ExceptionGroup want more than a text
        return ValueError(text)
