"""What stops a program, and how the runtime says that something failed.

Stop (BaseException)          no `except Exception` sees it; the engine's boundary turns it into a DanaError
├── LimitStop                 a limit was reached: `.which`
├── TimeoutStop               a deadline passed: `._token` is what `push_deadline` returned   (Dana: `Timeout`)
├── CancelStop                the host cancelled the program                                (Dana: `Cancelled`)
└── ExitStop                  `exit(code)`
"""

from __future__ import annotations


class Stop(BaseException):
    """Ends a program, or the extent of a deadline."""


class LimitStop(Stop):
    """A limit was reached; `which` names it: steps, depth, time, memory, output, promises, tokens, usd."""

    def __init__(self, which: str, limit: object = None) -> None:
        self.which = which
        self.limit = limit
        super().__init__(limit_message(which, limit))


class TimeoutStop(Stop):
    """A deadline passed. Dana's `Timeout`: a program may catch it by this name, and raise it."""

    def __init__(self, message: str = "", *, seconds: float | None = None, token: object = None) -> None:
        self.seconds = seconds
        self._token = token
        super().__init__(message or ("timed out" if seconds is None else f"timed out after {seconds:g} s"))


class CancelStop(Stop):
    """The host cancelled the program. Dana's `Cancelled`."""

    def __init__(self, message: str = "cancelled") -> None:
        super().__init__(message)


class ExitStop(Stop):
    """`exit(code)`: an orderly end. Dana's `SystemExit`: a program may raise it, and catch it by this name."""

    def __init__(self, code: object = 0) -> None:
        self.code = code
        super().__init__(code)


ExitStop.__name__ = ExitStop.__qualname__ = "SystemExit"  # as programs know it


class Carried(Exception):
    """Takes a `StopIteration` out of a generator, which as such would become a RuntimeError; see `carried`."""

    def __init__(self, error: StopIteration) -> None:
        super().__init__(error)
        self.error = error


def carried(error: BaseException) -> BaseException:
    """What came out of a generator, as it was raised inside."""
    return error.error if isinstance(error, Carried) else error


def limit_message(which: str, limit: object) -> str:
    """The headline of a limit, in Dana's words."""
    amount = "" if limit is None else f" of {limit:,}" if isinstance(limit, int) else f" of {limit:g} s"
    words = {
        "steps": f"the program reached its limit{amount} steps" if amount else "the program reached its step limit",
        "depth": f"calls are nested deeper than the limit{amount}",
        "time": f"the program reached its time limit{amount}",
        "memory": "a value would be larger than any program may build"
        if limit is None
        else f"the program used more memory than its limit of {in_bytes(limit)}",
        "output": "the program printed more than it may",
        "promises": f"more promises are open than the limit{amount}",
        "tokens": f"the program used more tokens than its limit{amount}",
        "usd": "the program spent more than its limit" + ("" if limit is None else f" of ${limit}"),
    }
    return words.get(which, f"the program reached its limit for {which}")


def in_bytes(size: object) -> str:
    """A number of bytes as people write it: `256 MB`, where a MB is 1024 times 1024."""
    if not isinstance(size, int):
        return str(size)
    for unit, worth in (("GB", 1 << 30), ("MB", 1 << 20), ("KB", 1 << 10)):
        if size >= worth:
            return f"{size / worth:.4g} {unit}"
    return f"{size} bytes"


def failure(cls: type[Exception], code: str, message: str, hint: str = "") -> Exception:
    """An exception with a diagnostic code and a hint; Dana code sees class and message only."""
    error = cls(message)
    error._code = code  # type: ignore[attr-defined]
    if hint:
        error._hint = hint  # type: ignore[attr-defined]
    return error
