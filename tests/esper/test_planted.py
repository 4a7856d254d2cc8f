"""Planted faults are found and cured: a sample of what `python -m tests.esper.planted` does with 300 hosts (E43, E96)."""

from __future__ import annotations

import pytest

from tests.esper import planted

# One host of each fault, by the seed it is drawn from.
SAMPLE = {"narrow": 0, "dead": 1, "rank": 1, "linear": 1}


@pytest.mark.parametrize("fault", SAMPLE)
def test_a_planted_fault_is_found_and_cured(fault):
    found = next(planted.hosts(fault, 1, SAMPLE[fault]))
    assert found.localised
    assert found.cured


def test_an_interval_of_a_share():
    low, high = planted.wilson(9, 10)
    assert (round(low, 3), round(high, 3)) == (0.596, 0.982)
