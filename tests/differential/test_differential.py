"""A Dana program that is also valid Python means what it means in Python 3."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.differential.generate import program
from tests.differential.run import compare
from tests.differential.twin import ENDLESS, difference, mutual, python

CORPUS = sorted((Path(__file__).parent / "corpus").glob("*.py"))
GROUP = 20
GROUPS = range(0, 300, GROUP)


@pytest.mark.parametrize("first", GROUPS)
def test_random_programs_mean_what_they_mean_in_python(first):
    for seed in range(first, first + GROUP):
        found = compare(seed, limits=seed % 4 == 0)
        assert found in {"", ENDLESS}, f"seed {seed}: {found}\n{program(seed)}"


def test_random_programs_end_and_most_of_them_well():
    programs = [program(seed) for seed in range(60)]
    seen = [python(text) for text in programs if difference(text) != ENDLESS]
    assert len(seen) >= 58
    assert sum(not s.error for s in seen) >= 40
    assert sum(len(s.output.split("\n")) >= 5 for s in seen) >= 40


def test_a_seed_makes_one_program():
    assert program(7) == program(7) != program(8)
    assert program(7, annotated=True) != program(7)


@pytest.mark.parametrize("path", CORPUS, ids=lambda p: p.stem)
def test_corpus(path):
    text = path.read_text(encoding="utf-8")
    assert difference(text) == ""
    assert mutual(text) == ""
    assert python(text).output, "a program of the corpus shows what it does"
