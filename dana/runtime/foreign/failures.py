"""Exceptions of Python code as the program sees them: the same class names, the same message, nothing behind them.

An exception object leads to frames, and often to the objects it complains about. So a new one is raised: of the same
class where that is Python's own, else of a class of the same name, below the same of Python's own.
"""

from __future__ import annotations

from dana.runtime.exceptions import name_of
from dana.runtime.showing import cleaned
from dana.runtime.stops import Stop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LONGEST = 2_000
_SCALARS = frozenset({type(None), bool, int, float, str})


class Failures:
    """The exception classes of one program that stand for classes of Python code."""

    __slots__ = ("_classes", "own")

    def __init__(self) -> None:
        self._classes: dict[type[BaseException], type[BaseException]] = {}
        # The exception that left Dana code last, on its way through Python code: it comes back as it is.
        self.own: BaseException | None = None

    def translated(self, error: BaseException, origin: str) -> BaseException:
        """What the program gets for an exception that came out of Python code."""
        if error is self.own or isinstance(error, Stop | KeyboardInterrupt | GeneratorExit):
            return error
        if isinstance(error, RecursionError | MemoryError):
            return type(error)()
        made = self.cleaned(error)
        made._code = "E519"  # type: ignore[attr-defined]
        where = f" in the Python module `{origin}`" if origin else " in Python code"
        made._hint = f"{name_of(type(made))}, raised{where}"  # type: ignore[attr-defined]
        return made

    def cleaned(self, error: BaseException) -> BaseException:
        """A new exception with the class's name, the message, and the plain facts it carries."""
        cls = self.clean_class(type(error))
        message = _message(error)
        args = error.args
        if cls is type(error) and all(type(a) in _SCALARS for a in args):
            made = _made(cls, args, message)
        else:
            made = _made(cls, (message,), message)
        if cls.__dict__.get("_foreign"):
            facts = {n: v for n, v in _fields(error).items() if n[:1] != "_" and type(v) in _SCALARS}
            made.__dict__.update(facts)
        return made

    def clean_class(self, cls: type[BaseException]) -> type[BaseException]:
        """The class that stands for an exception class of Python code; Python's own stand for themselves."""
        if issubclass(cls, BaseExceptionGroup) or not issubclass(cls, Exception):
            return RuntimeError
        if cls.__module__ == "builtins" or "_foreign" in cls.__dict__:
            return cls
        known = self._classes.get(cls)
        if known is not None:
            return known
        bases = tuple(dict.fromkeys(self.clean_class(b) for b in cls.__bases__ if issubclass(b, BaseException)))
        body: dict[str, Any] = {"__module__": "builtins", "_foreign": True, "__str__": _first_argument}
        try:
            made = type(cls.__name__, bases, body)
        except TypeError:  # bases that only fit together in the original
            made = type(cls.__name__, (Exception,), body)
        self._classes[cls] = made
        return made


def _made(cls: type[BaseException], args: tuple[Any, ...], message: str) -> BaseException:
    try:
        return cls(*args)
    except TypeError:  # one that takes more than a message
        return RuntimeError(message)


def _first_argument(self: BaseException) -> str:
    return str(self.args[0]) if self.args else ""


def _message(error: BaseException) -> str:
    try:
        is_key = type(error).__str__ is KeyError.__str__ and len(error.args) == 1
        text = str(error.args[0]) if is_key else str(error)
    except Exception:  # noqa: BLE001  the text of a foreign exception is foreign code; its class is still worth reporting
        text = ""
    if isinstance(error, SystemExit):
        text = f"the Python code wanted to end the process ({text})"
    text = cleaned(text)
    return text if len(text) <= LONGEST else text[:LONGEST] + "…"


def _fields(error: BaseException) -> dict[str, Any]:
    found = error.__dict__
    return found if type(found) is dict else {}
