"""What leaves on stderr and with which status."""

from __future__ import annotations

import os
import sys

from dana.diagnostics import Diagnostic, render_all

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dana.errors import DanaError

OK, FAILED, REFUSED, USAGE, STOPPED = 0, 1, 2, 3, 4
INTERRUPTED = 130
BROKEN_PIPE = 141  # what a shell shows for a program that SIGPIPE ended


class Terminal:
    """Where messages go; `colour` says whether they may be painted."""

    __slots__ = ("colour",)

    def __init__(self, colour: bool) -> None:
        self.colour = colour

    @classmethod
    def of(cls, words: Sequence[str]) -> Terminal:
        """Colour as the environment suggests, with the command line's own word already heard.

        Heard here as well, because a command line that is wrong is reported before it is understood.
        """
        for word in reversed(words):
            if word in ("--colour", "--color"):
                return cls(colour=True)
            if word in ("--no-colour", "--no-color"):
                return cls(colour=False)
        if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb":
            return cls(colour=False)
        return cls(colour=sys.stderr.isatty())

    def report(self, diagnostics: Sequence[Diagnostic]) -> None:
        """Print findings; what the program printed before stands before them."""
        sys.stdout.flush()
        sys.stderr.write(render_all(diagnostics, colour=self.colour) + "\n")

    def fail(self, error: DanaError) -> int:
        """Report how a program ended and give the exit status; a reader that went away is no news."""
        if isinstance(error.__cause__, BrokenPipeError):
            silence()
            return BROKEN_PIPE
        self.report(error.diagnostics)
        return status_of(error)


def interrupted(stopped: BaseException) -> int:
    """The exit status after Ctrl-C, after whoever read stdout went away, or when stdout takes no more."""
    if isinstance(stopped, KeyboardInterrupt):
        sys.stderr.write("\ninterrupted\n")
        return INTERRUPTED
    silence()
    if isinstance(stopped, BrokenPipeError):
        return BROKEN_PIPE
    why = stopped.strerror if isinstance(stopped, OSError) else str(stopped)
    sys.stderr.write(render_all([Diagnostic("E908", f"the output cannot be written: {why}")]) + "\n")
    return FAILED


def silence() -> None:
    """Point stdout at nothing, so that the interpreter's last flush does not complain again."""
    sink = os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, sys.stdout.fileno())
    os.close(sink)


def status_of(error: DanaError) -> int:
    """The exit status an error stands for."""
    from dana.errors import Cancelled, CompileError, Denied, LimitExceeded, Timeout

    if isinstance(error, CompileError):
        return REFUSED
    if isinstance(error, (Denied, LimitExceeded, Timeout, Cancelled)):
        return STOPPED
    return FAILED
