"""Starts processes that run attacks, and goes on where one of them died."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

from tests.attacks.corpus import Attack, attacks

REPOSITORY = Path(__file__).parents[2]
LEVELS = ("confine", "process")
LATE_S = 0.1
OVER_MB = 200


class Outcome(NamedTuple):
    """How one attack ended: `found` is what it got away with."""

    attack: Attack
    level: str
    ended: str
    found: tuple[str, ...]
    late_s: float
    over_mb: float

    def holds(self, late_s: float = LATE_S) -> bool:
        """Whether nothing was reached, and nothing taken beyond the limits."""
        return not self.found and self.late_s <= late_s and self.over_mb <= OVER_MB


def run(level: str, numbers: list[int] | None = None) -> list[Outcome]:
    """Run the attacks with these numbers at one level."""
    known = attacks()
    if numbers is None:
        numbers = list(range(len(known)))
    todo = [n for n in numbers if known[n].level in ("", level)]
    outcomes = []
    while todo:
        made, todo, problem = _batch(level, todo, known)
        outcomes += made
        if problem is not None:
            number, words = problem
            outcomes.append(Outcome(known[number], level, "died", (words,), 0.0, 0.0))
    return outcomes


def _batch(level: str, todo: list[int], known: list[Attack]) -> tuple[list[Outcome], list[int], tuple[int, str] | None]:
    """Outcomes, what is still to be done, and the attack that ended the process, if one did."""
    command = [sys.executable, "-m", "tests.attacks.child", level, *map(str, todo)]
    child = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=REPOSITORY, text=True, stdin=subprocess.DEVNULL
    )
    output, errors = child.communicate()
    outcomes, begun, done = [], -1, set()
    for line in output.splitlines():
        data = json.loads(line)
        if "starts" in data:
            begun = data["starts"]
            continue
        number = data["number"]
        done.add(number)
        found = tuple(data["found"])
        outcomes.append(Outcome(known[number], level, data["ended"], found, data["late_s"], data["over_mb"]))
    left = [n for n in todo if n not in done]
    if not left:
        return outcomes, [], None
    if begun < 0:
        raise RuntimeError(errors[-2000:])
    at = left.index(begun)
    return outcomes, left[at + 1 :], (begun, f"ended its process ({child.returncode}): {errors[-300:]}")
