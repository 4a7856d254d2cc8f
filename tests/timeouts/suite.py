"""Runs them, alone or on several threads with an engine each, and says by how much each was late."""

from __future__ import annotations

import asyncio
import statistics
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from dana.engine import Engine
from dana.errors import DanaError
from tests.timeouts.programs import programs

MEDIAN_S, MOST_S, LAST_S = 0.001, 0.010, 0.250
THREADS = 8


@dataclass(frozen=True)
class Ended:
    """How one function ended: `said` is its error, `late_s` the seconds since its deadline."""

    shape: str
    said: str
    late_s: float

    @property
    def is_stopped(self) -> bool:
        return "more than" in self.said or "longer than" in self.said or "within" in self.said


def compiled(shape: str, seconds: float, text: str) -> Callable[[], Ended]:
    """One of them, ready to run."""
    engine = Engine(cache=False)

    @engine.host("nap")
    def nap(wait: float) -> None:
        time.sleep(wait)

    @engine.host("doze")
    async def doze(wait: float) -> None:
        await asyncio.sleep(wait)

    slow = engine.load(text).slow

    def run() -> Ended:
        said = "nothing"
        with engine:
            start = time.monotonic()
            try:
                slow()
            except DanaError as error:
                late = time.monotonic() - start - seconds
                said = str(error)
            else:
                late = time.monotonic() - start - seconds
        return Ended(shape, said, late)

    return run


def alone(count: int, seed: int = 1) -> list[Ended]:
    """One after the other."""
    return [compiled(*program)() for program in programs(count, seed)]


def together(count: int, seed: int = 1, threads: int = THREADS) -> list[Ended]:
    """On so many threads at once, compiled before."""
    made: list[Ended] = []
    waiting = [compiled(*program) for program in programs(count, seed)]

    def work() -> None:
        while waiting:
            try:
                program = waiting.pop()
            except IndexError:  # another thread took the last
                return
            made.append(program())

    workers = [threading.Thread(target=work) for _ in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return made


def figures(made: list[Ended]) -> tuple[float, float, float]:
    """Median, 95 of 100, and latest, in seconds after the deadline."""
    late = sorted(each.late_s for each in made)
    return statistics.median(late), late[int(len(late) * 0.95) - 1], late[-1]
