"""How figures are taken: candidates interleaved in one process, CPU time, medians of paired ratios.

Machines drift (other work, frequency, caches), so a candidate is compared only with the baseline run
beside it in the same round, and the order within a round alternates. The collector rests while the
clock runs.
"""

from __future__ import annotations

import gc
import math
import os
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence


@dataclass(frozen=True)
class Row:
    """One figure; `goal` is an upper bound, None for a figure shown without one."""

    metric: str
    value: float
    unit: str
    baseline: str
    goal: float | None = None

    @property
    def holds(self) -> bool | None:
        return None if self.goal is None else self.value <= self.goal

    def to_json(self) -> dict[str, object]:
        return {**asdict(self), "value": round(self.value, 4), "holds": self.holds}


def interleave(candidates: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """CPU seconds of every candidate in every round, after one round that only warms up."""
    times: dict[str, list[float]] = {name: [] for name in candidates}
    order = list(candidates.items())
    for turn in range(rounds + 1):
        for name, act in order if turn % 2 else reversed(order):
            spent = timed(act)
            if turn:
                times[name].append(spent)
    return times


def timed(act: Callable[[], object]) -> float:
    gc.collect()
    gc.disable()
    try:
        start = time.process_time()
        act()
        return time.process_time() - start
    finally:
        gc.enable()


def ratio(times: Sequence[float], baseline: Sequence[float]) -> float:
    """The median over rounds of candidate / baseline."""
    return statistics.median(t / b for t, b in zip(times, baseline, strict=True))


def geometric_mean(values: Iterable[float]) -> float:
    logs = [math.log(v) for v in values]
    return math.exp(sum(logs) / len(logs))


def spawn(words: Sequence[str]) -> tuple[float, float]:
    """Wall and CPU seconds of one process, its output thrown away.

    Settings of this shell that change how Python starts (as not keeping `.pyc` files) are left behind.
    """
    with open(os.devnull, "wb") as sink:
        environment = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}
        actions = [(os.POSIX_SPAWN_DUP2, sink.fileno(), 1)]
        start = time.perf_counter()
        pid = os.posix_spawn(words[0], list(words), environment, file_actions=actions)
        _, status, usage = os.wait4(pid, 0)
        wall = time.perf_counter() - start
    if status:
        raise RuntimeError(f"{' '.join(words)} ended with status {os.waitstatus_to_exitcode(status)}")
    return wall, usage.ru_utime + usage.ru_stime


class Table:
    """Prints rows as they are measured, and keeps them."""

    def __init__(self, title: str) -> None:
        self.rows: list[Row] = []
        head = f"{'metric':<38}{'value':>10} {'unit':<6}{'goal':>8}  {'':<4}baseline"
        print(title, head, "-" * 96, sep="\n", flush=True)

    def add(self, row: Row) -> Row:
        goal = "" if row.goal is None else f"≤ {row.goal:g}"
        mark = {None: "", True: "ok", False: "MISS"}[row.holds]
        print(f"{row.metric:<38}{row.value:>10.3f} {row.unit:<6}{goal:>8}  {mark:<5}{row.baseline}", flush=True)
        self.rows.append(row)
        return row

    def close(self) -> list[Row]:
        missed = [row.metric for row in self.rows if row.holds is False]
        bounded = sum(row.goal is not None for row in self.rows)
        print("-" * 96, f"{bounded - len(missed)} of {bounded} goals hold", sep="\n")
        if missed:
            print("missed:", ", ".join(missed))
        sys.stdout.flush()
        return self.rows
