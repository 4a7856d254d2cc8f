"""Noisy answers, each with the value it means or the reason why it means none."""

from __future__ import annotations

from pathlib import Path

import pytest

from dana.ipv.decoding import REPAIRS, DecodeError, decode
from tests.ipv.decoding.fuzz import misfit
from tests.ipv.decoding.kinds import kind

CASES = [
    [part.strip(" ") if n != 1 else part for n, part in enumerate(line.split(" ‖"))]
    for file in sorted((Path(__file__).parent / "cases").glob("*.txt"))
    for line in file.read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("# ")
]


def test_there_are_more_than_three_hundred():
    assert len(CASES) > 400


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} {case[1].strip()[:40]}")
def test_an_answer_means_this(case):
    name, text, expected = case[0], case[1][1:].replace("⏎", "\n"), case[2]
    if expected.startswith("✗ "):
        with pytest.raises(DecodeError) as caught:
            decode(text, kind(name))
        assert str(caught.value).replace("\n", "⏎") == expected[2:]
        return
    decoded = decode(text, kind(name))
    assert repr(decoded.value) == expected
    assert ", ".join(r.kind for r in decoded.repairs) == (case[3] if len(case) > 3 else "")
    assert misfit(decoded.value, kind(name)) is None
    assert (decoded.score == 1.0) == all(REPAIRS[r.kind][0] == 0 for r in decoded.repairs)


def test_every_kind_of_repair_has_a_case():
    seen = {k for case in CASES if len(case) > 3 for k in case[3].split(", ")}
    assert set(REPAIRS) - seen == set()


def test_the_page_shows_every_kind_of_repair():
    page = (Path(__file__).parents[3] / "docs" / "decoding.md").read_text(encoding="utf-8")
    for name, (cost, words) in REPAIRS.items():
        assert f"| {name} | {cost} | {words} |" in page
