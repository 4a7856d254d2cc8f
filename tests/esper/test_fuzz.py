"""A seeded sample of the hostile artifacts; all of them are run by `make esper-long`."""

from __future__ import annotations

from tests.esper.fuzz import fuzz


def test_hostile_artifacts_are_refused_and_nothing_happens():
    seen = fuzz(2000, seed=7)
    assert seen.keys() >= {"refused.bytes", "refused.unsigned", "refused.shape", "refused.validation", "refused.cycle"}
    assert seen["right"] < 300
