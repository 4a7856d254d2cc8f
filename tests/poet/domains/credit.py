"""The messy credit cases: what the domain makes of them, and beside it what functions without a domain make of them.

    python -m tests.poet.domains.credit

A case counts as right when exactly its value comes out (an estimate must be marked as one, and nothing else), or when it
should be refused and is. *Wrong but accepted* is another value, or any value for what should be refused; a *silent
default* is a value for nothing.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from math import isclose
from pathlib import Path
from typing import Any

from dana.poet.domains.financial_services import FinancialServices
from dana.poet.plugins.base import RejectionError

CASES = Path(__file__).with_name("credit_cases.txt")
LATER = Path(__file__).with_name("credit_cases_later.txt")
OUTSIDE = Path(__file__).with_name("credit_cases_outside.txt")
EVERYDAY = Path(__file__).with_name("credit_cases_everyday.txt")
AUDITOR = Path(__file__).with_name("credit_cases_auditor.txt")
NOTHING = (None, "", "n/a", "N/A", "unknown", "none", "null", "nan", "-", "?", "TBD", "pending")


Reader = Callable[["Case"], tuple[object, bool]]


class Refused(Exception):
    """Whoever was asked takes no such value."""


class Case:
    def __init__(self, line: str) -> None:
        rest, meant = line.rsplit(" | ", 1)
        self.name, raw = rest.split(" | ", 1)
        meant = meant.strip()
        self.raw = ast.literal_eval(raw)
        self.refused = meant == "refused"
        self.estimated = meant.startswith("~")
        self.value: Any = None if self.refused else ast.literal_eval(meant.lstrip("~"))

    def __repr__(self) -> str:
        return f"{self.name} = {self.raw!r}"


def cases(path: Path = CASES) -> list[Case]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return [Case(line) for line in lines if line and not line.startswith("#")]


def by_the_domain(case: Case) -> tuple[object, bool]:
    perceive = FinancialServices().perceiver([(case.name, "")])
    assert perceive is not None, case.name
    try:
        changed, notes = perceive({case.name: case.raw})
    except RejectionError as refused:
        raise Refused(refused.reason) from None
    return changed.get(case.name, case.raw), any(note.estimated for note in notes)


def by_a_bare_function(case: Case) -> tuple[object, bool]:
    """A function that computes with what it is given."""
    try:
        return case.raw + 0, False
    except TypeError as fault:
        raise Refused(str(fault)) from None


def by_float(case: Case) -> tuple[object, bool]:
    """A function that calls `float` first."""
    try:
        return float(case.raw), False
    except (TypeError, ValueError) as fault:
        raise Refused(str(fault)) from None


def judged(case: Case, reader: Reader = by_the_domain) -> str:
    """One of "exact", "refused, rightly", "refused, though it means something", "wrong but accepted", "silent default"."""
    try:
        value, estimated = reader(case)
    except Refused:
        return "refused, rightly" if case.refused else "refused, though it means something"
    if case.refused:
        return "silent default" if case.raw in NOTHING else "wrong but accepted"
    is_same = value == case.value and isinstance(value, bool) == isinstance(case.value, bool)
    if not is_same and isinstance(value, float):
        is_same = isclose(value, case.value, rel_tol=1e-12)
    return "exact" if is_same and (estimated == case.estimated or reader is not by_the_domain) else "wrong but accepted"


RIGHT = ("exact", "refused, rightly")


def table(
    readers: Sequence[Reader] = (by_the_domain, by_a_bare_function, by_float), path: Path = CASES
) -> dict[str, dict[str, int]]:
    found = {}
    for reader in readers:
        counts: dict[str, int] = {}
        for case in cases(path):
            kind = judged(case, reader)
            counts[kind] = counts.get(kind, 0) + 1
        found[getattr(reader, "__name__", "reader")] = counts
    return found


def main() -> None:
    whole = len(cases())
    print(f"{whole} cases, {sum(not case.refused for case in cases())} of them with a meaning")
    for name, counts in table().items():
        right = sum(counts.get(kind, 0) for kind in RIGHT)
        print(f"\n{name.replace('_', ' '):<20} {right / whole:7.1%} right")
        for kind, count in sorted(counts.items()):
            print(f"  {kind:<36} {count:>4}")


if __name__ == "__main__":
    main()
