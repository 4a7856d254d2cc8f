"""One program text, run by CPython and by Dana, and what a watcher could tell apart.

A Dana program that is also valid Python means what it means in Python 3. `python(text)` and `dana(text)`
run a text and return a `Seen`: what it printed, and the exception it ended with. Programs are made so that they
end by themselves; one that does not is stopped by Dana's step limit, and then CPython is not asked.
"""

from __future__ import annotations

import builtins
import sys
import warnings
from dataclasses import dataclass

from dana.engine import Engine, Limits
from dana.errors import CompileError, DanaError, LimitExceeded

STEPS = 200_000
# What a program prints before it is clear that it does not end.
MAX_OUTPUT = 200_000


# What `difference` says of a program that did not end within `STEPS`; the makers of programs see to it that few do.
ENDLESS = "endless"


@dataclass(frozen=True)
class Seen:
    """What a run showed: its output, and `Type: message` of the exception that ended it ("" for none)."""

    output: str
    error: str = ""
    refused: str = ""  # Dana's compile errors: the program did not start
    stopped: str = ""  # the limit that stopped it

    def __str__(self) -> str:
        end = self.error or self.refused or self.stopped
        return self.output + (f"!! {end}\n" if end else "")


class _Endless(BaseException):
    """A program printed more than any of ours does."""


def python(text: str) -> Seen:
    """Run in CPython, in a namespace of its own."""
    out: list[str] = []
    size = 0

    def show(*values: object, sep: str | None = " ", end: str | None = "\n", flush: bool = False) -> None:
        nonlocal size
        line = (" " if sep is None else sep).join(map(str, values)) + ("\n" if end is None else end)
        size += len(line)
        if size > MAX_OUTPUT:
            raise _Endless
        out.append(line)

    scope = {"__name__": "__main__", "__builtins__": {**vars(builtins), "print": show}}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code = compile(text, "<python>", "exec")
    error = ""
    try:
        exec(code, scope)
    except Exception as failed:  # noqa: BLE001  whatever the program raises is what is compared
        error = f"{type(failed).__name__}: {failed}"
    return Seen("".join(out), error)


def dana(text: str, *, steps: int | None = STEPS, metered: bool = True, depth: int = 1000) -> Seen:
    """Run in Dana, in an engine of its own."""
    out: list[str] = []
    limits = Limits(steps=steps, wall_s=20.0, depth=depth)
    engine = Engine(limits=limits, on_print=out.append, cache=False, metered=metered)
    try:
        engine.run(text)
    except CompileError as fault:
        return Seen("".join(out), refused="; ".join(d.code + " " + d.message for d in fault.diagnostics))
    except LimitExceeded as fault:
        return Seen("".join(out), stopped=fault.which)
    except DanaError as fault:
        cause = fault.__cause__
        known = cause is not None and fault.diagnostics[0].code != "E990"
        error = f"{type(cause).__name__}: {cause}" if known else f"{type(fault).__name__}: {fault}"
        return Seen("".join(out), error)
    return Seen("".join(out))


def difference(text: str, mine: Seen | None = None) -> str:
    """How Dana's run of a text (`mine`, if it has run) differs from CPython's: "" when nobody could tell them apart."""
    mine = mine or dana(text)
    if mine.stopped:
        return ENDLESS if mine.stopped == "steps" else f"stopped by the limit: {mine.stopped}"
    theirs = python(text)
    if mine.refused:
        # Dana reports before the run what Python finds out during it.
        return "" if theirs.error else f"refused, but Python runs it: {mine.refused}"
    if mine == theirs:
        return ""
    return f"python:\n{theirs}\ndana:\n{mine}"


def mutual(text: str, whole: Seen | None = None) -> str:
    """The same against a run without any limits, and against runs under limits that stop it early."""
    whole = whole or dana(text)
    if whole.refused or whole.stopped:
        return ""
    free = dana(text, steps=None, metered=False)
    if free != whole:
        return f"metered:\n{whole}\nfree:\n{free}"
    for steps in (3, 20, 90):
        tiny = dana(text, steps=steps)
        if tiny.stopped:
            # A `finally` may still print on the way out; what was printed before must be the same.
            shared = _common(tiny.output, whole.output)
            if shared < len(tiny.output) and "finally" not in text:
                return f"steps={steps}: not the beginning of the output:\n{tiny}\nwhole:\n{whole}"
        elif tiny != whole:
            return f"steps={steps}:\n{tiny}\nwhole:\n{whole}"
    return ""


def _common(one: str, other: str) -> int:
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def main() -> None:
    """`python -m tests.differential.twin FILE…`: compare programs by hand."""
    for name in sys.argv[1:]:
        with open(name, encoding="utf-8") as stream:
            text = stream.read()
        print(f"{name}: {difference(text) or mutual(text) or 'the same'}")


if __name__ == "__main__":
    main()
