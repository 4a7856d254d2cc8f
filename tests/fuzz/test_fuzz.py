"""A seeded sample of the fuzz run, and every crash it ever found."""

from __future__ import annotations

import pytest

from tests.fuzz import harness
from tests.fuzz.generate import program
from tests.fuzz.sentences import Sentences

SAMPLE = 2_000
RUN_SAMPLE = 300
PARTS = 4


@pytest.mark.parametrize("part", range(PARTS))
def test_nothing_but_diagnostics_comes_out(part):
    tally = harness.explore(2026, range(part, SAMPLE, PARTS))
    assert tally.crashes == {}
    counts = tally.counts
    assert counts["parses"] > 0.3 * counts["inputs"]
    assert counts["sense checks"] > 0.6 * counts["sense"]


@pytest.mark.parametrize("part", range(2))
def test_programs_that_run_end_with_a_value_or_a_dana_error(part):
    tally = harness.explore(2026, range(part, RUN_SAMPLE, 2), running=True)
    assert tally.crashes == {}
    assert tally.counts["hostile compiles"] > 0.3 * tally.counts["hostile"]


@pytest.mark.parametrize("path", sorted(harness.REGRESSIONS.glob("*.na")), ids=lambda p: p.stem)
def test_what_once_crashed_does_not(path):
    harness.attempt(path.read_bytes(), run=True)
    harness.execute(path.read_bytes())


def test_inputs_depend_on_seed_and_number_alone():
    forwards, backwards = harness.Inputs(7), harness.Inputs(7)
    made = [forwards.make(n) for n in range(40)]
    assert made == [backwards.make(n) for n in reversed(range(40))][::-1]
    assert made != [harness.Inputs(8).make(n) for n in range(40)]


def test_a_sentence_contains_its_goal():
    from random import Random

    sentences = Sentences()
    goal = sentences.productions.index(("assert_stmt", 0))
    assert all("assert" in sentences.text(Random(n), goal) for n in range(20))


def test_programs_differ():
    from random import Random

    assert len({program(Random(n)) for n in range(100)}) > 90


def test_a_crash_is_minimised(monkeypatch):
    def attempt(data, *, run):
        if b"!" in data:
            raise harness.Crash("parse", ValueError("boom"))
        return []

    monkeypatch.setattr(harness, "attempt", attempt)
    assert harness.minimised(b"a = 1\nb = ! + 2\nc\n", "parse/ValueError/?") == b"!"
