"""What growing brings: digits from (3, 3) and two spirals from (4, 4), beside every control.

Accuracies are of examples nobody decided by. `--quick` takes two seeds and the digits only; a claim about a mean needs
the ten seeds of the whole run.
"""

from __future__ import annotations

import sys
from typing import Any

from measure import Row, Table

BASE = "cohorts above, held-out examples"


def measure(*, quick: bool) -> list[Row]:
    """All rows; prints each task's table of cohorts as it comes."""
    import torch

    from dana.esper.data import digits, spirals
    from dana.esper.report import compare
    from dana.esper.train import mlp

    torch.set_num_threads(1)
    seeds = range(2) if quick else range(10)
    tasks: list[tuple[str, dict[str, Any], float, float]] = [
        (
            "digits",
            {
                "data": lambda seed: digits(seed=seed),
                "small": lambda seed: mlp(64, [3, 3], 10, seed=seed),
                "large": lambda seed: mlp(64, [128, 128], 10, seed=seed),
                "epochs": 80,
                "parameters": 1050,
            },
            0.93,
            20.0,
        ),
        (
            "spirals",
            {
                "data": lambda seed: spirals(seed=seed),
                "small": lambda seed: mlp(2, [4, 4], 2, seed=seed),
                "large": lambda seed: mlp(2, [64, 64], 2, seed=seed),
                "epochs": 240,
                "parameters": 400,
            },
            0.0,
            10.0,
        ),
    ]
    table = Table("networks that grow")
    for name, how, closed, fewer in tasks[:1] if quick else tasks:
        report = compare(
            name, seeds=list(seeds), watch=lambda cohort, seed, name=name: _told(name, cohort, seed), **how
        )
        sys.stderr.write("\r" + " " * 60 + "\r")
        print(report)
        if closed:
            table.add(Row(f"{name}: gap left open", 1 - report.gap_closed, "share", BASE, 1 - closed))
        else:
            table.add(Row(f"{name}: wrong answers", 1 - report.cohorts["heuristic"].mean, "share", BASE, 0.01))
        table.add(Row(f"{name}: parameters / large", 1 / report.fewer, "times", "static large", 1 / fewer))
        plain = report.cohorts["static small"].accuracies
        apart = max(abs(a - b) for a, b in zip(report.cohorts["off-switch"].accuracies, plain, strict=True))
        table.add(Row(f"{name}: off-switch, apart", apart, "share", "static small", 0.0))
    return table.close()


def _told(task: str, cohort: str, seed: int) -> None:
    sys.stderr.write(f"\r{task}: {cohort}, seed {seed}          ")
    sys.stderr.flush()
