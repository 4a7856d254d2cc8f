"""What `@poet` costs on a call that succeeds at once: microseconds above the undecorated call.

The function does nothing, so everything measured is the pipeline. The meter is a program's own, inside a
run with a wall-clock limit, as every call of a Dana program has it. Tenacity, when it is installed, does the
retries-only job beside it in the same rounds.
"""

from __future__ import annotations

import random
import statistics
import sys
from time import monotonic, sleep

from measure import Row, Table, interleave, ratio

from dana.poet.pipeline import decorate
from dana.runtime.meter import Meter

CALLS = 20_000


def accept(x):
    """A perceive handler that looks at the argument and keeps it."""


def keep(result):
    return result


# Options, and at most how many microseconds they may add to a call.
CONFIGURATIONS = {
    "retries": ({"timeout": None}, 0.5),
    "retries+timeout": ({}, 0.8),
    "retries+budget": ({"timeout": None, "retry_budget": 0.1}, 0.5),
    "retries+enforce": ({"timeout": None, "enforce_handler": keep}, 0.5),
    "everything": ({"retry_budget": 0.1, "perceive_handler": accept, "enforce_handler": keep}, 2.0),
}


class Clock:
    monotonic = staticmethod(monotonic)
    sleep = staticmethod(sleep)


class Program:
    """As much of a running program as a pipeline uses."""

    def __init__(self):
        self.clock = Clock()
        self.meter = Meter(wall_s=3_600)
        self.random = random.Random(1)


def measure(*, quick: bool) -> list[Row]:
    table = Table(f"@poet on CPython {sys.version.split()[0]}, {'quick' if quick else 'full'} run")
    program = Program()
    program.meter.start()
    try:
        run(table, program, rounds=15 if quick else 60)
    finally:
        program.meter.finish()
    return table.close()


def run(table, program, rounds):
    subjects = {"bare": nothing}
    for name, (options, _) in CONFIGURATIONS.items():
        subjects[name] = decorate(program, nothing, options)
    tenacity = retrying_with_tenacity(nothing)
    if tenacity is not None:
        subjects["tenacity"] = tenacity
    times = interleave({name: many(subject) for name, subject in subjects.items()}, rounds)
    bare = times["bare"]
    for name, (_, goal) in CONFIGURATIONS.items():
        added = statistics.median(t - b for t, b in zip(times[name], bare, strict=True)) / CALLS * 1e6
        table.add(Row(f"poet.added.{name}", added, "us", "undecorated call", goal))
    if tenacity is None:
        print("tenacity is not installed: nothing to compare with")
        return
    added = [t - b for t, b in zip(times["tenacity"], bare, strict=True)]
    for name, goal in (("retries", 0.1), ("everything", 1 / 3)):
        ours = [t - b for t, b in zip(times[name], bare, strict=True)]
        table.add(Row(f"poet.against_tenacity.{name}", ratio(ours, added), "x", "tenacity, retries only", goal))


def nothing(x):
    return x


def many(function):
    def calls():
        for _ in range(CALLS):
            function(1)

    return calls


def retrying_with_tenacity(function):
    try:
        from tenacity import retry, stop_after_attempt, wait_random_exponential
    except ImportError:
        return None
    return retry(stop=stop_after_attempt(4), wait=wait_random_exponential(0.1, 8))(function)
