"""What growing brings: digits from (3, 3), two spirals from (4, 4), tasks that shift, twenty growths in a row.

Each beside every control; accuracies are of examples nobody decided by. The whole run has ten seeds and keeps what it
measured in benchmarks/recorded/morphogenesis.jsonl: interrupted, it goes on where it was; it measures again what was
recorded by code that computed something else. `--quick` takes two seeds and the digits only, and keeps nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from growth_parts import peers, tasks
from growth_parts.study import Study, carried_out
from measure import Row, Table

RECORDED = Path(__file__).parent / "recorded" / "morphogenesis.jsonl"
BASE = "cohorts above, held-out examples"
SEEDS = range(10)


def measure(*, quick: bool) -> list[Row]:
    """All rows, after each task's table of cohorts."""
    if quick:
        found = carried_out([Study("digits", tasks.digits, range(2))], None)
    else:
        studies = [Study("twenty", tasks.twenty, SEEDS, controllers=("heuristic", "schedule"))]
        if peers.is_there():
            tried = (("digits", peers.digits), ("spirals", peers.spirals))
            studies += [Study(f"{name}, gromo", one, SEEDS, controllers=("off",)) for name, one in tried]
        studies += [
            Study("digits", tasks.digits, SEEDS),
            Study("spirals", tasks.spirals, SEEDS),
            Study("shifts", tasks.shifts, SEEDS, controllers=("heuristic",), frozen=True),
        ]
        found = carried_out(studies, RECORDED)
    table = Table("networks that grow")
    grown(table, "digits", found["digits"], found.get("digits, gromo", []), closed=0.93, fewer=20.0)
    if not quick:
        grown(table, "spirals", found["spirals"], found.get("spirals, gromo", []), right=0.99, fewer=10.0)
        shifted(table, found["shifts"])
        in_a_row(table, found["twenty"])
    return table.close()


def of(rows: list[dict[str, Any]], cohort: str) -> Any:
    """The runs of one cohort."""
    from dana.esper.report import Cohort

    made = Cohort(cohort)
    for row in rows:
        if row["cohort"] == cohort:
            made.record(row["accuracy"], row["parameters"], row["growths"], row["weights"], row.get("seconds", 0.0))
    return made


def report(task: str, rows: list[dict[str, Any]]) -> Any:
    """The table of all cohorts."""
    from dana.esper.report import Report

    names = dict.fromkeys(row["cohort"] for row in rows)
    return Report(task, {name: of(rows, name) for name in names})


def grown(
    table: Table,
    task: str,
    rows: list[dict[str, Any]],
    peer: list[dict[str, Any]],
    *,
    closed: float = 0.0,
    right: float = 0.0,
    fewer: float,
) -> None:
    """Gap closed or accuracy, parameters, and whether the switched-off run is the plain one."""
    found = report(task, rows + peer)
    print(found)
    if closed:
        table.add(Row(f"{task}: gap left open", 1 - found.gap_closed, "share", BASE, 1 - closed))
    if right:
        table.add(Row(f"{task}: wrong answers", 1 - found.cohorts["heuristic"].mean, "share", BASE, 1 - right))
    table.add(Row(f"{task}: parameters / large", 1 / found.fewer, "times", "static large", 1 / fewer))
    plain, off = found.cohorts["static small"].weights, found.cohorts["off-switch"].weights
    differ = sum(one != other for one, other in zip(plain, off, strict=True))
    table.add(Row(f"{task}: off-switch, other bits", differ, "runs", "static small", 0))
    if peer:
        ours, theirs = found.cohorts["heuristic"], found.cohorts["gromo"]
        table.add(Row(f"{task}: accuracy behind gromo", theirs.mean - ours.mean, "share", "gromo 0.1.0", 0.0))
        fewer_than = _mean(ours.parameters) / _mean(theirs.parameters)
        faster_than = _mean(ours.seconds) / _mean(theirs.seconds)
        said = f"gromo; CPU time {faster_than:.2f} times"
        table.add(Row(f"{task}: parameters or time / gromo", min(fewer_than, faster_than), "times", said, 1.0))


def shifted(table: Table, rows: list[dict[str, Any]]) -> None:
    """How far a frozen network with a tenth of the parameters is behind training all of it."""
    for how in tasks.SHIFTS:
        found = report(f"digits, {how}", [row for row in rows if row["task"] == how])
        print(found.text(summary=False))
        large, grew = found.cohorts["static large"], found.cohorts["heuristic"]
        behind = f"{how}: behind full fine-tuning"
        table.add(Row(behind, 100 * (large.mean - grew.mean), "points", "all parameters trained as long", 2.0))
        table.add(
            Row(f"{how}: trained parameters / all", max(grew.parameters) / max(large.parameters), "times", "", 0.1)
        )


def in_a_row(table: Table, rows: list[dict[str, Any]]) -> None:
    """Twenty growths, and the deepest fall below what the network could before the first."""
    for cohort in ("static small", "grown"):
        falls = [100 * row["worst"] for row in rows if row["cohort"] == cohort]
        said = f"{len(falls)} seeds; mean {_mean(falls):.2f}"
        goal = 2.0 if cohort == "grown" else None
        table.add(Row(f"twenty: worst fall, {cohort}", max(falls), "points", said, goal))
    kept = [row["growths"] for row in rows if row["cohort"] == "grown"]
    table.add(Row("twenty: growths missing", 20 - min(kept), "", f"{min(kept)} to {max(kept)} stayed", 0))


def _mean(values: list[Any]) -> float:
    return sum(values) / len(values)
