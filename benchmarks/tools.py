"""How long the tools keep their user waiting: `dana test`, measured as whole processes, `dana fmt`, and the prompt.

For `dana test` that is wall time, the best of several rounds: what is asked is how long the tool takes, not how
busy the machine is.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from formatting import formatting
from measure import Row, Table, spawn
from prompting import prompting

ROOT = Path(__file__).resolve().parents[1]

SMALL = """\
def total(xs: list) -> float:
    return sum(xs)

test "adds up":
    assert total([1.5, 2]) == 3.5

test "nothing costs nothing":
    assert total([]) == 0
"""


def measure(*, quick: bool) -> list[Row]:
    table = Table(f"Tools on CPython {sys.version.split()[0]}, {'quick' if quick else 'full'} run")
    rounds = 5 if quick else 15
    testing(table, rounds)
    formatting(table, rounds)
    prompting(table, rounds)
    return table.close()


def testing(table: Table, rounds: int) -> None:
    """`dana test` on a small project and on a thousand tests, each from a cold and a warm cache."""
    folder = Path(tempfile.mkdtemp())
    try:
        small, many = folder / "small", folder / "many"
        for place in (small, many):
            place.mkdir()
        (small / "billing.na").write_text(SMALL, encoding="utf-8")
        (small / "test_whole.na").write_text(
            "from billing import total\nprint(total([2]))  # expect: 2.0\n", encoding="utf-8"
        )
        trivial = "".join(f'test "case {n}":\n    assert twice({n}) == {2 * n}\n\n' for n in range(1000))
        (many / "many.na").write_text(f"def twice(n: int) -> int:\n    return 2 * n\n\n{trivial}", encoding="utf-8")
        dana = [sys.executable, "-m", "dana", "test"]
        python = best([sys.executable, "-c", "pass"], rounds)
        beside = f"python -c pass: {python * 1000:.0f} ms"
        best([*dana, str(small)], 1)
        table.add(Row("test: small project", best([*dana, str(small)], rounds) * 1000, "ms", beside, 150))
        cold = best([*dana, "--no-cache", str(small)], rounds) * 1000
        table.add(Row("test: small project, nothing cached", cold, "ms", beside, 300))
        best([*dana, str(many)], 1)
        table.add(Row("test: 1000 trivial tests", best([*dana, str(many)], rounds), "s", "one process", 1.0))
        cold = best([*dana, "--no-cache", str(many)], rounds)
        table.add(Row("test: 1000 tests, nothing cached", cold, "s", "one process, compiled first"))
    finally:
        shutil.rmtree(folder)


def best(words: list[str], rounds: int) -> float:
    """Wall seconds of the fastest of several processes."""
    return min(spawn(words)[0] for _ in range(rounds))
