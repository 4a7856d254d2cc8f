"""The mission table is complete and points at things that exist."""

from __future__ import annotations

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
from repository_tree import ROOT

LAST = {"L": 50, "P": 211, "PC": 29, "T": 9, "M": 107, "E": 109, "EC": 23}
# These say why.
REASONED = ("partly: ", "declared non-goal: ", "not measurable here: ")
NUMBERS = re.compile(r"([A-Z]+)(\d+)(?:–[A-Z]+(\d+))?")


def rows():
    for line in (ROOT / "docs" / "mission.md").read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        numbers = NUMBERS.fullmatch(cells[0])
        if numbers:
            kind, first, last = numbers.groups()
            _what, status, test, page = cells[1:]
            yield kind, int(first), int(last or first), status, test, page


def test_every_number_of_the_mission_stands_in_exactly_one_row() -> None:
    seen: dict[str, list[int]] = {kind: [] for kind in LAST}
    for kind, first, last, *_ in rows():
        seen[kind].extend(range(first, last + 1))
    assert seen == {kind: list(range(1, last + 1)) for kind, last in LAST.items()}


def test_a_row_that_works_names_its_test_and_its_page() -> None:
    for kind, first, _last, status, test, page in rows():
        assert status in ("works", "open") or status.startswith(REASONED), f"{kind}{first}: {status}"
        if status == "works" or status.startswith("partly: "):
            assert test, f"{kind}{first} names no test"
            assert (ROOT / test).exists(), f"{kind}{first}: {test}"
        if page:
            assert (ROOT / "docs" / page).exists(), f"{kind}{first}: {page}"
