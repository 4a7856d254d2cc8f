"""A program that is valid Python means in Dana what it means in Python: random programs run in both."""

from __future__ import annotations

import contextlib
import io
import sys
import warnings
from random import Random

import pytest

from dana.engine import Engine, Limits
from dana.errors import DanaError
from tests.fuzz.generate import twin

PROGRAMS = 600
LINES = 3_000
# Python stops these only when they run; Dana may refuse them before.
PROVABLE = (TypeError, AttributeError, NameError)


class TooLong(BaseException):
    """More lines than a comparison is worth."""


def python(text: str) -> tuple[str, BaseException | None]:
    """Output and uncaught error in CPython."""
    left = LINES

    def trace(_frame, _event, _argument):
        nonlocal left
        left -= 1
        if left < 0:
            raise TooLong
        return trace

    output = io.StringIO()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code = compile(text, "<twin>", "exec", dont_inherit=True)
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        with contextlib.redirect_stdout(output):
            exec(code, {"__name__": "__main__"})
    except (Exception, TooLong) as error:  # noqa: BLE001  (what it is, is what is compared)
        return output.getvalue(), error
    finally:
        sys.settrace(before)
    return output.getvalue(), None


def dana(text: str) -> tuple[str, str]:
    """Output and the name of the uncaught error in Dana."""
    written: list[str] = []
    try:
        Engine(limits=Limits(steps=50_000, depth=200, wall_s=None), on_print=written.append, cache=False).run(text)
    except DanaError as fault:
        cause = fault.__cause__
        return "".join(written), type(cause).__name__ if cause else str(fault)
    return "".join(written), ""


@pytest.mark.parametrize("part", range(4))
def test_twins_agree(part):
    compared = 0
    for number in range(part, PROGRAMS, 4):
        text = twin(Random(f"twin:{number}"))
        try:
            output, error = python(text)
        except SyntaxError:
            continue
        if isinstance(error, (TooLong, *PROVABLE)):
            continue
        compared += 1
        assert dana(text) == (output, type(error).__name__ if error else ""), text
    assert compared > PROGRAMS / 8
