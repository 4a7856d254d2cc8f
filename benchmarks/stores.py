"""What remembering costs: microseconds of wall time, the median over single operations.

`learning.*` is what a call pays: memory only. `store.*` happens behind the calls; the documents allow 5 ms for a load
or a save, the goal here is one. `ledger.*` is what an event costs whoever notes it; `audit` is on disk when it
returns. Each store is one that has been used for a while: versions, patterns and feedback are there.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from measure import Row, Table

from dana.adaptive.journal import Journal
from dana.adaptive.ledger import Ledger
from dana.poet.learning import LearningStore
from dana.poet.store.opening import open_store

if TYPE_CHECKING:
    from collections.abc import Callable

PARAMETERS = {"timeout": 2.5, "retries": 3, "backoff": 0.25, "threshold": 0.5, "style": "short"}
FEEDBACK = {"signature": "int, str", "ok": True, "score": 0.75}
MILLISECOND = 1000.0


def measure(*, quick: bool) -> list[Row]:
    table = Table(f"stores on CPython {sys.version.split()[0]}, {'quick' if quick else 'full'} run")
    times = 300 if quick else 2000
    with tempfile.TemporaryDirectory() as folder:
        in_memory(table, Path(folder), times)
        for kind, where in (("sqlite", f"{folder}/learnt.db"), ("json", f"json:{folder}/learnt")):
            on_disk(table, kind, where, times)
        in_ledgers(table, Path(folder), times)
    return table.close()


def add(table: Table, metric: str, act: Callable[[int], object], times: int, goal: float | None) -> None:
    spent = []
    for number in range(times):
        start = time.perf_counter()
        act(number)
        spent.append(time.perf_counter() - start)
    table.add(Row(metric, statistics.median(spent) * 1e6, "us", "", goal))


def in_memory(table: Table, folder: Path, times: int) -> None:
    learnings = LearningStore(str(folder / "memory.db"))
    learnings.update_parameters("m.f", "-", PARAMETERS)
    learnings.put_pattern("m.f", "-", "slow", {"signature": "str"})
    add(table, "learning.get", lambda _n: learnings.get_parameters("m.f", "-"), times, 10)
    add(table, "learning.relevant", lambda _n: learnings.get_relevant_learnings("m.f", "int"), times, 25)
    add(table, "learning.update", lambda n: learnings.update_parameters("m.f", "-", {"timeout": n}), times, 50)
    add(table, "learning.feedback", lambda _n: learnings.add_feedback("m.f", "-", FEEDBACK), times, 50)
    learnings.close()


def on_disk(table: Table, kind: str, where: str, times: int) -> None:
    store = open_store(where)
    for number in range(60):
        store.save("m.f", "-", {**PARAMETERS, "n": number}, float(number))
    store.put_pattern("m.f", "-", "slow", {"signature": "str"}, 0.0)
    add(table, f"store.{kind}.load", lambda _n: store.load("m.f", "-"), times, MILLISECOND)
    add(table, f"store.{kind}.save", lambda n: store.save("m.f", "-", {**PARAMETERS, "n": n}, 0.0), times, MILLISECOND)
    add(table, f"store.{kind}.feedback", lambda _n: store.add_feedback("m.f", "-", FEEDBACK, 0.0), times, MILLISECOND)
    store.close()


def in_ledgers(table: Table, folder: Path, times: int) -> None:
    ledger = Ledger(Journal(str(folder / "run.db")))
    add(table, "ledger.sample", lambda _n: ledger.sample("n", "m.f", FEEDBACK), times, 5)
    add(table, "ledger.keep", lambda _n: ledger.keep("n", "m.f", FEEDBACK), times, 10)
    add(table, "ledger.audit", lambda _n: ledger.audit("n", "m.f", FEEDBACK), times, MILLISECOND)
    ledger.close()
