"""Endless loops and runaway recursion stop, `finally` runs, and the report says where (L24, L49)."""

from __future__ import annotations

import pytest

from dana.engine import Engine, Limits
from dana.errors import LimitExceeded
from tests.limits.programs import LOOPS, RECURSIONS

STEPS = 3_000
DEPTH = 400


def stopped(source: str, *, steps: int | None = STEPS, depth: int = DEPTH) -> tuple[LimitExceeded, list[str]]:
    output: list[str] = []
    engine = Engine(limits=Limits(steps=steps, depth=depth, wall_s=None), on_print=output.append, cache=False)
    with pytest.raises(LimitExceeded) as caught:
        engine.run(source)
    return caught.value, "".join(output).split("\n")[:-1]


def marked(source: str) -> list[int]:
    return [number for number, line in enumerate(source.split("\n"), 1) if "# <-" in line]


@pytest.mark.parametrize("shape", LOOPS)
def test_an_endless_loop_stops(shape):
    fault, output = stopped(LOOPS[shape])
    assert fault.which == "steps"
    assert fault.diagnostics[0].line in marked(LOOPS[shape])
    assert output == []


@pytest.mark.parametrize("shape", RECURSIONS)
def test_runaway_recursion_stops(shape):
    fault, output = stopped(RECURSIONS[shape], steps=1_000_000)
    assert fault.which == "depth"
    assert fault.diagnostics[0].line in marked(RECURSIONS[shape])
    assert output == []


@pytest.mark.parametrize("shape", RECURSIONS)
def test_runaway_recursion_stops_at_the_default_depth(shape):
    fault, _ = stopped(RECURSIONS[shape], steps=1_000_000, depth=1_000)
    assert fault.which == "depth"


def test_finally_runs_when_steps_run_out():
    _, output = stopped("try:\n    while true: pass\nfinally:\n    print('cleanup')\n")
    assert output == ["cleanup"]


@pytest.mark.parametrize("value", ["'ab'", "[1, 2]", "(1, 2)"])
def test_a_sequence_repeated_in_place_is_bounded(value):
    fault, output = stopped(f"x = {value}\nx *= 2\nprint(len(x))\nx *= 10 ** 12\n")
    assert fault.which == "memory"
    assert output == ["4"]


def test_every_finally_on_the_way_runs():
    source = """
def inner():
    try:
        while true: pass
    finally:
        print("inner")
def outer():
    try:
        inner()
    finally:
        print("outer")
outer()
"""
    assert stopped(source)[1] == ["inner", "outer"]


def test_a_short_loop_in_finally_completes():
    source = """
try:
    while true: pass
finally:
    n = 0
    for x in range(100): n += x
    print(n)
"""
    assert stopped(source)[1] == ["4950"]


def test_finally_runs_when_recursion_runs_away():
    source = """
def f(n):
    try:
        return f(n + 1)
    finally:
        if n == 0: print("outermost")
f(0)
"""
    assert stopped(source, steps=1_000_000)[1] == ["outermost"]


def test_resources_stop_when_a_limit_does():
    source = """
resource R:
    def stop(self): print("stopped")
with R():
    while true: pass
"""
    assert stopped(source)[1] == ["stopped"]


def test_code_after_a_swallowed_limit_does_not_run():
    source = """
def f():
    try:
        while true: pass
    finally:
        return 1
f()
for x in range(100000): pass
print("went on")
"""
    assert stopped(source)[1] == []


@pytest.mark.parametrize("last", ["return 1", "[][0]", "raise ValueError('mine')"])
@pytest.mark.parametrize("around", ["f()", "try: f()\nexcept Exception: print('caught')"])
def test_a_limit_that_a_finally_throws_away_is_reported_at_the_end(last, around):
    source = f"def f():\n    try:\n        while true: pass\n    finally:\n        {last}\n{around}\n"
    fault, _ = stopped(source)
    assert fault.which == "steps"
    assert fault.diagnostics[0].line == 3


def test_the_report_names_the_limit_and_shows_the_place():
    fault, _ = stopped("x = 1\nwhile true:\n    x = 2\n")
    text = str(fault)
    assert "steps" in text
    assert "while true" in text or "x = 2" in text


def test_the_stack_is_danas():
    fault, _ = stopped("def spin():\n    while true: pass\ndef run(): spin()\nrun()\n")
    names = [frame[0] for frame in fault.stack]
    assert [n for n in names if n in ("run", "spin")] == ["run", "spin"]
    assert not [frame for frame in fault.stack if frame[1].endswith(".py")]


@pytest.mark.parametrize("rounds", [1, 10, 2_000])
def test_a_program_within_its_limit_is_left_alone(rounds):
    output: list[str] = []
    engine = Engine(limits=Limits(steps=STEPS, depth=DEPTH, wall_s=None), on_print=output.append, cache=False)
    engine.run(f"n = 0\nwhile n < {rounds}: n += 1\nprint(n)\n")
    assert "".join(output) == f"{rounds}\n"


def test_the_limit_is_exact_for_a_loop():
    def runs(rounds: int) -> bool:
        engine = Engine(limits=Limits(steps=1_000, depth=DEPTH, wall_s=None), cache=False)
        try:
            engine.run(f"for x in range({rounds}): pass")
        except LimitExceeded:
            return False
        return True

    assert runs(900)
    assert not runs(1_100)


def test_depth_within_the_limit_is_left_alone():
    engine = Engine(limits=Limits(steps=None, depth=1_000, wall_s=None), cache=False)
    assert engine.run("def f(n): return 0 if n == 0 else 1 + f(n - 1)\nf(900)") == 900


def test_steps_are_counted_anew_for_every_run():
    engine = Engine(limits=Limits(steps=1_000, depth=DEPTH, wall_s=None), cache=False)
    for _ in range(5):
        assert engine.run("n = 0\nwhile n < 700: n += 1\nn") == 700


def test_an_engine_goes_on_after_a_stop():
    engine = Engine(limits=Limits(steps=1_000, depth=DEPTH, wall_s=None), cache=False)
    with pytest.raises(LimitExceeded):
        engine.run("while true: pass")
    assert engine.run("1 + 1") == 2
