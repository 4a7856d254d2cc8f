"""What POET costs beside the call: loading it, a function more, audit, parameters; and hyx, for coroutines only."""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import tracemalloc
from pathlib import Path

from measure import Row, interleave

from dana.adaptive.journal import Journal
from dana.adaptive.ledger import Ledger
from dana.poet.learning import LearningStore
from dana.poet.python import poet

FUNCTIONS = 1_000
AWAITED = 2_000
GROUP = 16

IMPORT = """
import resource, sys, time
def kept(): return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()
before, start = kept(), time.process_time()
from dana.poet.pipeline import decorate
print((time.process_time() - start) * 1e3, (kept() - before) / 2**20)
"""


def add_all(table, *, quick):
    """All rows."""
    add_import(table, 5 if quick else 15)
    add_function(table)
    add_thousand(table)
    with tempfile.TemporaryDirectory() as folder:
        add_audit(table, Path(folder), 200 if quick else 2_000)
        add_parameters(table, Path(folder), 50 if quick else 500)
    add_hyx(table, 5 if quick else 30)


def add_import(table, rounds):
    with tempfile.TemporaryDirectory() as folder:
        # As installed: with bytecode, also where this environment writes none.
        kept = {**os.environ, "PYTHONPYCACHEPREFIX": folder}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        runs = [
            subprocess.run([sys.executable, "-c", IMPORT], capture_output=True, text=True, check=True, env=kept)
            for _ in range(rounds + 1)
        ]
    figures = [tuple(map(float, run.stdout.split())) for run in runs[1:]]
    table.add(Row("poet.import", min(ms for ms, _ in figures), "ms", "processor time, best of all", 15))
    table.add(Row("poet.import, memory", statistics.median(mib for _, mib in figures), "MiB", "resident", 3))


def add_function(table):
    def made():
        @poet(retries=3)
        def f(x):
            return x

        return f

    def bare():
        def f(x):
            return x

        return f

    sizes = []
    for make in (made, bare):
        make()
        gc.collect()
        tracemalloc.start()
        functions = [make() for _ in range(FUNCTIONS)]
        sizes.append(tracemalloc.get_traced_memory()[0] / len(functions) / 1024)
        tracemalloc.stop()
    table.add(Row("poet.function, memory", sizes[0] - sizes[1], "KiB", "undecorated function", 4))


def add_thousand(table):
    """So many decorated functions with a call each that waits, all at once."""

    async def program():
        gate = asyncio.Event()

        def made():
            @poet(retries=3)
            async def f(x):
                await gate.wait()
                return x

            return f

        gc.collect()
        tracemalloc.start(1)
        calls = [asyncio.ensure_future(made()(1)) for _ in range(FUNCTIONS)]
        await asyncio.sleep(0)
        used = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        gate.set()
        await asyncio.gather(*calls)
        return used / 1e6

    used = asyncio.run(program())
    table.add(Row("poet.1000 functions, 1000 waiting calls", used, "MB", "coroutines of Python", 8))


def add_audit(table, folder, count):
    ledger = Ledger(Journal(str(folder / "kept.db")), background=False)
    costs = []
    for _ in range(9):
        start = time.process_time()
        for _ in range(count):
            ledger.keep("poet.end", "f")
        costs.append((time.process_time() - start) / count * 1e6)
    table.add(Row("poet.audit, enqueued", statistics.median(costs), "us", "median of nine rounds", 0.3))
    durable = Ledger(Journal(str(folder / "audit.db")), background=False)
    times = []
    for _ in range(count):
        start = time.perf_counter()
        durable.audit("poet.end", "f")
        times.append(time.perf_counter() - start)
    table.add(Row("poet.audit, durable, one", statistics.median(times) * 1e6, "us", "", 100))

    def work():
        for _ in range(count // GROUP):
            durable.audit("poet.end", "f")

    threads = [threading.Thread(target=work) for _ in range(GROUP)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    cost = (time.perf_counter() - start) / (count // GROUP * GROUP) * 1e6
    table.add(Row(f"poet.audit, durable, {GROUP} threads", cost, "us", "each", 40))


def add_parameters(table, folder, count):
    where = str(folder / "learnt.db")
    learnings = LearningStore(where, background=False)
    saved, loaded = [], []
    for number in range(count):
        learnings.update_parameters("m.f", "-", {"timeout": 2.5, "n": number})
        start = time.perf_counter()
        learnings.flush()
        saved.append(time.perf_counter() - start)
    for _ in range(count):
        other = LearningStore(where, background=False)
        other.get_parameters("m.g")  # opens the store
        start = time.perf_counter()
        other.get_parameters("m.f")
        loaded.append(time.perf_counter() - start)
        other.close()
    table.add(Row("poet.parameters, saved", statistics.median(saved) * 1e3, "ms", "", 1))
    table.add(Row("poet.parameters, loaded", statistics.median(loaded) * 1e3, "ms", "", 1))


def add_hyx(table, rounds):
    try:
        from hyx.bulkhead import bulkhead
        from hyx.circuitbreaker import consecutive_breaker
        from hyx.retry import retry
        from hyx.timeout import timeout
    except ImportError:
        print("hyx is not installed")
        return

    async def nothing(score):
        return score

    async def decorated():  # hyx decorates only where a loop runs
        return {
            "bare": nothing,
            "hyx.retry": retry(attempts=4)(nothing),
            "hyx.timeout": timeout(30)(nothing),
            "hyx.breaker": consecutive_breaker()(nothing),
            "hyx.bulkhead": bulkhead(100, 100)(nothing),
            "async, retries": poet(retries=3)(nothing),
            "async, all four": poet(retries=3, timeout=30, breaker=True, bulkhead=100)(nothing),
        }

    async def many(function):
        for _ in range(AWAITED):
            await function(700)

    with asyncio.Runner() as runner:
        subjects = runner.run(decorated())
        acts = {name: (lambda f=f: runner.run(many(f))) for name, f in subjects.items()}
        times = interleave(acts, rounds)
    for name in list(subjects)[1:]:
        added = statistics.median(t - b for t, b in zip(times[name], times["bare"], strict=True)) / AWAITED * 1e6
        table.add(
            Row(
                f"poet.others.{name}" if name.startswith("hyx") else f"poet.added.{name}", added, "us", "bare coroutine"
            )
        )
