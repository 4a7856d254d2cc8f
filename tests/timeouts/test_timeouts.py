"""A sample of `python -m tests.timeouts`, with bounds that a busy machine keeps."""

from __future__ import annotations

import time

import pytest

from dana.poet import POETTimeoutError
from dana.poet.python import poet
from tests.timeouts.programs import SHAPES, programs
from tests.timeouts.suite import alone, together

GENEROUS_S = 2.0


def test_there_are_enough_shapes() -> None:
    assert len(SHAPES) >= 20
    assert {shape for shape, _seconds, _text in programs(100)} == set(SHAPES)


@pytest.mark.parametrize("run", [alone, together])
def test_functions_stop_after_their_deadline(run) -> None:
    for each in run(8, seed=3):
        assert each.is_stopped, each
        assert each.late_s < GENEROUS_S, each


def test_a_python_function_is_not_abandoned_but_reported_as_overrun() -> None:
    ended = []

    @poet(timeout=0.001, retries=0)
    def stubborn() -> int:
        time.sleep(0.01)
        ended.append(True)
        return 1

    with pytest.raises(POETTimeoutError, match="finished, but not within"):
        stubborn()
    assert ended == [True]
