"""What `@poet` costs on a call that succeeds at once: microseconds above the undecorated call.

The function does nothing, so everything measured is the pipeline. The meter is a program's own, inside a
run with a wall-clock limit, as every call of a Dana program has it. The libraries of Python that do part of the job
(tenacity, stamina, pybreaker, circuitbreaker, pydantic's `validate_call`), where they are installed, are measured
in the same rounds; the goals against tenacity are ratios.
"""

from __future__ import annotations

import random
import statistics
import sys
from time import monotonic, sleep

from measure import Row, Table, interleave, ratio
from poet_parts import add_all

from dana.poet.pipeline import decorate
from dana.runtime.meter import Meter

CALLS = 10_000


def accept(score):
    """A perceive handler that looks at the argument and keeps it."""


def keep(result):
    return result


# Options, and at most how many microseconds they may add to a call.
CONFIGURATIONS = {
    "retries": ({}, 0.5),
    "retries+learning": ({"store": "memory:"}, 0.5),
    "retries+timeout": ({"timeout": 30}, 0.8),
    "retries+timeout+breaker": ({"timeout": 30, "breaker": True}, 0.8),
    "retries+budget": ({"retry_budget": 0.1}, 0.5),
    "retries+enforce": ({"enforce_handler": keep}, 0.5),
    "domain": ({"domain": "financial_services", "audit_trail": False}, 2.0),
    "everything": (
        {
            "timeout": 30,
            "retry_budget": 0.1,
            "breaker": True,
            "bulkhead": 100,
            "perceive_handler": accept,
            "enforce_handler": keep,
            "fallback": keep,
        },
        3.0,
    ),
}
# At most which share of tenacity's cost, and how the goal is read.
AGAINST_TENACITY = {"retries": 0.1, "retries+learning": 0.1, "everything": 1 / 3}


# Four arguments of a domain, clean and as people write them: at most how many microseconds reading them may add.
ARGUMENTS = {
    "clean": ((700, 50000.0, 0.3, 5.0), 2.0),
    "messy": (("excellent", "$50,000", "36%", "5 years 3 months"), 10.0),
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
        run(table, program, rounds=11 if quick else 60)
    finally:
        program.meter.finish()
    add_all(table, quick=quick)
    return table.close()


def run(table, program, rounds):
    subjects = {"bare": nothing}
    for name, (options, _) in CONFIGURATIONS.items():
        subjects[name] = decorate(program, nothing, options)
    others = libraries(nothing)
    times = interleave({name: many(subject) for name, subject in {**subjects, **others}.items()}, rounds)
    bare = times["bare"]

    def added(name):
        return [t - b for t, b in zip(times[name], bare, strict=True)]

    for name, (_, goal) in CONFIGURATIONS.items():
        cost = statistics.median(added(name)) / CALLS * 1e6
        table.add(Row(f"poet.added.{name}", cost, "us", "undecorated call", goal))
    for name in others:
        cost = statistics.median(added(name)) / CALLS * 1e6
        table.add(Row(f"poet.others.{name}", cost, "us", "undecorated call", None))
    add_arguments(table, program, rounds)
    if "tenacity" not in others:
        print("tenacity is not installed: nothing to compare with")
        return
    for name, goal in AGAINST_TENACITY.items():
        table.add(
            Row(
                f"poet.against_tenacity.{name}",
                ratio(added(name), added("tenacity")),
                "x",
                "tenacity, retries only",
                goal,
            )
        )


def add_arguments(table, program, rounds):
    read = decorate(program, applicant, {"domain": "financial_services", "audit_trail": False})
    for name, (arguments, goal) in ARGUMENTS.items():
        subjects = {"bare": many(applicant, *arguments), "read": many(read, *arguments)}
        times = interleave(subjects, rounds)
        cost = statistics.median(t - b for t, b in zip(times["read"], times["bare"], strict=True)) / CALLS * 1e6
        table.add(Row(f"poet.added.domain, 4 {name} arguments", cost, "us", "undecorated call", goal))


def libraries(function):
    """What others offer for parts of the job, of those that are installed."""
    found = {}
    for name, make in LIBRARIES.items():
        try:
            found[name] = make(function)
        except ImportError:
            print(f"{name} is not installed")
    return found


def with_tenacity(function):
    from tenacity import retry, stop_after_attempt, wait_random_exponential

    return retry(stop=stop_after_attempt(4), wait=wait_random_exponential(0.1, 8))(function)


def with_stamina(function):
    import stamina

    return stamina.retry(on=ConnectionError, attempts=4)(function)


def with_pybreaker(function):
    import pybreaker

    return pybreaker.CircuitBreaker()(function)


def with_circuitbreaker(function):
    from circuitbreaker import circuit

    return circuit(function)


def with_pydantic(function):
    from pydantic import validate_call

    return validate_call(function)


LIBRARIES = {
    "tenacity": with_tenacity,
    "stamina": with_stamina,
    "pybreaker": with_pybreaker,
    "circuitbreaker": with_circuitbreaker,
    "validate_call": with_pydantic,
}


def nothing(score):
    return score


def applicant(score, income, debt_ratio, years_employed):
    return score


def many(function, *arguments):
    given = arguments or (700,)

    def calls():
        for _ in range(CALLS):
            function(*given)

    return calls
