"""Short runs of what `make esper-long` runs in full."""

from __future__ import annotations

from tests.esper import long


def test_germinating_and_culling_leaves_nothing_behind():
    long.cycles(80)


def test_rollbacks_under_faults_are_exact():
    assert long.rollbacks(30, seed=5) == 30


def test_a_faulty_seed_never_changes_the_value_and_is_culled_by_rule():
    injected, culled = long.faults(300)
    assert injected >= 60
    assert 3 * culled <= injected <= 3 * culled + 3
