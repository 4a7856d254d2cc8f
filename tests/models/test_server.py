"""The server for tests does what it says: its weather is seeded, and every fault does damage."""

from __future__ import annotations

import json
import random

import pytest

from tests.servers.models import CONTENT, TRANSPORT, Faults, damaged

TEXT = json.dumps({"name": "Ann", "kind": "private", "age": 42, "ok": True, "none": None, "tags": ["a", "b"]})


@pytest.mark.parametrize("fault", CONTENT)
def test_every_fault_of_content_changes_the_answer(fault):
    found = [damaged(TEXT, fault, random.Random(seed)) for seed in range(20)]
    assert TEXT not in found
    assert found == [damaged(TEXT, fault, random.Random(seed)) for seed in range(20)]
    for text in ("3", '"a"', "[]", "not json", "", "true"):
        assert isinstance(damaged(text, fault, random.Random(1)), str)


def test_the_weather_depends_on_the_question_and_the_turn_only():
    faults = Faults(0.35, seed=7)
    drawn = [faults.drawn(f"question {n}", turn)[0] for n in range(1000) for turn in range(2)]
    assert drawn == [faults.drawn(f"question {n}", turn)[0] for n in range(1000) for turn in range(2)]
    assert 0.32 < sum(map(bool, drawn)) / len(drawn) < 0.38
    assert set(drawn) == {"", *TRANSPORT, *CONTENT}
    assert drawn != [Faults(0.35, seed=8).drawn(f"question {n}", turn)[0] for n in range(1000) for turn in range(2)]
