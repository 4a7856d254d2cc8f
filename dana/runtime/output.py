"""Builtins that read, log and change texts; `print` is there from the start (`families.core`)."""

from __future__ import annotations

from dana.runtime.families import by_name
from dana.runtime.scopes import LOG_LEVELS, log_level
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.runtime.program import Program


class Texts:
    """Builtins about texts, input and the log."""

    def __init__(self, program: Program) -> None:
        self.program = program

    def table(self) -> dict[str, Any]:
        made = by_name(self._input(), self._log_level(), capitalize_words, title_case)
        made["log"] = Log(self.program)
        return made

    def _input(self) -> Callable[[Any], str]:
        program = self.program

        def input_(prompt: Any = "", /) -> str:
            if program.read is None:
                raise failure(EOFError, "E615", "`input` has nobody to ask here")
            return program.read(str(prompt))

        return input_

    def _log_level(self) -> Callable[..., None]:
        system = self.program.system

        def log_level_(level: str, namespace: str = "dana") -> None:
            system.log_level = log_level(level)

        return log_level_


class Log:
    """`log("text", "INFO")` and `log.info("text")`."""

    __slots__ = ("_program",)

    def __init__(self, program: Program) -> None:
        self._program = program

    def __call__(self, message: Any, level: str = "INFO") -> None:
        wanted = log_level(level)
        if LOG_LEVELS.index(wanted) >= LOG_LEVELS.index(self._program.system.log_level):
            from dana.runtime.printable import printable_of

            self._program.log(wanted, str(printable_of(self._program.meter)(message)))

    def debug(self, message: Any) -> None:
        self(message, "DEBUG")

    def info(self, message: Any) -> None:
        self(message, "INFO")

    def warning(self, message: Any) -> None:
        self(message, "WARNING")

    def error(self, message: Any) -> None:
        self(message, "ERROR")

    def critical(self, message: Any) -> None:
        self(message, "CRITICAL")

    def __repr__(self) -> str:
        return "<function log>"


def capitalize_words(text: str) -> str:
    return " ".join(word.capitalize() for word in text.split(" "))


def title_case(text: str) -> str:
    return text.title()
