"""Deadlines: a fake clock moves a little with every look, so nothing here waits (L24, L49)."""

from __future__ import annotations

import pytest

from dana.engine import Engine, Limits
from dana.errors import LimitExceeded, RuntimeFault, Timeout
from tests.limits.programs import LOOPS


class Ticking:
    """A clock on which every look costs a hundredth of a second."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def monotonic(self) -> float:
        self.now += 0.01
        return self.now

    time = monotonic

    def sleep(self, seconds: float) -> None:
        self.now += seconds


def engine(output: list[str], *, wall_s: float | None = 1.0, steps: int | None = None) -> Engine:
    limits = Limits(steps=steps, depth=400, wall_s=wall_s)
    return Engine(limits=limits, clock=Ticking(), on_print=output.append, cache=False)


def marked(source: str) -> list[int]:
    return [number for number, line in enumerate(source.split("\n"), 1) if "# <-" in line]


@pytest.mark.parametrize("shape", LOOPS)
def test_an_endless_loop_ends_with_the_time(shape):
    output: list[str] = []
    with pytest.raises(LimitExceeded) as caught:
        engine(output).run(LOOPS[shape])
    assert caught.value.which == "time"
    assert caught.value.diagnostics[0].line in marked(LOOPS[shape])
    assert output == []


def test_finally_runs_when_time_is_up():
    output: list[str] = []
    with pytest.raises(LimitExceeded):
        engine(output).run("try:\n    while true: pass\nfinally:\n    print('cleanup')\n")
    assert "".join(output) == "cleanup\n"


def test_time_cannot_be_swallowed():
    output: list[str] = []
    source = "while true:\n    try:\n        while true: pass\n    except Exception:\n        print('swallowed')\n"
    with pytest.raises(LimitExceeded):
        engine(output).run(source)
    assert output == []


def test_handling_timeout_does_not_lift_the_limit():
    output: list[str] = []
    source = """
for n in range(5):
    try:
        while true: pass
    except Timeout:
        print("saw it")
print("went on")
"""
    with pytest.raises((LimitExceeded, Timeout)):
        engine(output).run(source)
    assert "went on\n" not in output


POET = """
@poet(timeout=0.5)
def slow(x):
    while true: pass
"""


def test_poets_timeout_is_an_error_outside_its_extent():
    output: list[str] = []
    source = (
        POET
        + """
try:
    slow(1)
except POETError as e:
    print("late")
print("went on")
"""
    )
    engine(output, wall_s=1_000.0).run(source)
    assert "".join(output) == "late\nwent on\n"


def test_poets_timeout_passes_except_exception_inside():
    output: list[str] = []
    source = """
@poet(timeout=0.5)
def slow(x):
    while true:
        try:
            while true: pass
        except Exception:
            print("swallowed")
try:
    slow(1)
except POETError:
    print("late")
"""
    engine(output, wall_s=1_000.0).run(source)
    assert "".join(output) == "late\n"


def test_handling_a_functions_timeout_inside_does_not_lift_it():
    output: list[str] = []
    source = """
@poet(timeout=0.5)
def slow(x):
    while true:
        try:
            while true: pass
        except Timeout:
            print("saw it")
try:
    slow(1)
except POETError:
    print("late")
"""
    engine(output, wall_s=1_000.0).run(source)
    assert "".join(output).endswith("late\n")
    assert "".join(output).count("saw it") >= 1


def test_an_uncaught_timeout_is_reported_where_it_struck():
    output: list[str] = []
    with pytest.raises(RuntimeFault) as caught:
        engine(output, wall_s=1_000.0).run(POET + "slow(1)\n")
    assert caught.value.diagnostics[0].line in (4, 5)


def test_a_fast_program_is_left_alone():
    output: list[str] = []
    assert engine(output, wall_s=1_000.0).run("n = 0\nfor x in range(1000): n += 1\nn") == 1_000
