"""Bombs stay within their limits (L49): a selection; `python -m tests.limits.bombs` runs and measures all of them."""

from __future__ import annotations

import pytest

from tests.limits.bombs import PROGRAMS, run

SELECTION = [
    name for name in PROGRAMS if name.startswith(("…", "a ", "calls", "JSON", "straight")) and "list of" not in name
]
QUICK = [
    '"a" * 10 ** 11', "10 ** 10 ** 10", '"a".ljust(10 ** 11)', 'wide.replace("a", wide)', "str(twice)",
    '"".join(range(10 ** 11))', "dict.fromkeys(range(10 ** 12))", "[*range(10 ** 12)]", "print(*range(10 ** 12))",
    "sum([[0] * 1000] * 100000, [])", "sorted(many, key=str)", '"%*d" % (10 ** 10, 5)', 'str.ljust("a", 10 ** 11)',
]  # fmt: skip
# How late the suite may find a bomb; the table is stricter.
PATIENCE_S = 0.5


@pytest.mark.parametrize("name", [*SELECTION, *QUICK])
def test_a_bomb_stays_within_its_limits(name: str) -> None:
    made = run(name, wall_s=0.1)
    assert made.ended != "crash"
    assert made.over_mb <= 200
    assert made.late_s <= PATIENCE_S
