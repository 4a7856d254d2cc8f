"""`dana test` from its options to its exit status."""

from __future__ import annotations

import os
import sys
from io import TextIOWrapper
from time import perf_counter

from dana.testing.discovery import candidates, discover
from dana.testing.report import Report
from dana.testing.settings import Settings
from dana.testing.workers import jobs_for, run_files

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dana.testing.outcome import FileResult

# How often `--watch` looks at the files.
GLANCE_S = 0.2


class Order:
    """A run of tests as the command line describes it."""

    __slots__ = ("jobs", "junit", "settings", "slowest", "words")

    def __init__(
        self, words: Sequence[str], settings: Settings, *, jobs: int | None, junit: str | None, slowest: int
    ) -> None:
        self.words = list(words) or ["."]
        self.settings = settings
        self.jobs = jobs
        self.junit = junit
        self.slowest = slowest


class NothingToRun(Exception):
    """No file holds a test, or none is selected."""


class CannotWrite(Exception):
    """The results cannot be written where they were wanted."""


def run_once(order: Order) -> bool:
    """Run the tests and report; True when none failed. Raises `NothingToRun`, `NoSuchPath`, `CannotWrite`."""
    begin = perf_counter()
    files = discover(order.words)
    if not files:
        raise NothingToRun(f"no tests under {', '.join(order.words)}")
    if isinstance(sys.stdout, TextIOWrapper):
        # What the terminal's encoding lacks is spelled out; a report does not fail over a name.
        sys.stdout.reconfigure(errors="backslashreplace")
    report = Report(len(files), colour=order.settings.colour, live=_is_live())
    results: list[FileResult] = []
    for result in run_files(files, order.settings, jobs_for(files, order.jobs), report.begun):
        results.append(result)
        report.file(result)
    places = {file: number for number, file in enumerate(files)}
    results.sort(key=lambda result: places[result.file])
    if not any(result.outcomes for result in results):
        selection = order.settings.selection
        raise NothingToRun(f"no test is meant by -k {selection.text!r}" if selection else "no tests")
    if order.junit is not None:
        from dana.testing.junit import document

        try:
            with open(order.junit, "w", encoding="utf-8") as stream:
                stream.write(document(results))
        except OSError as problem:
            raise CannotWrite(f"cannot write {order.junit}: {(problem.strerror or str(problem)).lower()}") from None
    report.end(results, perf_counter() - begin, slowest=order.slowest, seed=order.settings.seed)
    sys.stdout.flush()
    return not any(result.failed for result in results)


def _is_live() -> bool:
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def watch(order: Order) -> bool:
    """Run, and again whenever a file changes or Enter is pressed; ends with the input (or `q`).

    Returns how the last run ended.
    """
    from select import select

    passed = _again(order)
    seen = _state(order.words)
    waiting = "waiting for changes; Enter runs again, q ends\n"
    sys.stdout.write(waiting)
    sys.stdout.flush()
    while True:
        pressed = bool(select([sys.stdin], [], [], GLANCE_S)[0])
        if pressed:
            line = sys.stdin.readline()
            if not line or line.strip() == "q":
                return passed
        now = _state(order.words)
        if pressed or now != seen:
            seen = now
            sys.stdout.write("\n")
            passed = _again(order)
            sys.stdout.write(waiting)
            sys.stdout.flush()


def _again(order: Order) -> bool:
    try:
        return run_once(order)
    except NothingToRun as nothing:
        sys.stdout.write(f"{nothing}\n")
        return False


def _state(words: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Every file that may matter, with its size and time; the folders of single files count as a whole."""
    folders = dict.fromkeys(word if os.path.isdir(word) else os.path.dirname(word) or "." for word in words)
    found: dict[str, tuple[int, int]] = {}
    for folder in folders:
        for path in candidates(folder):
            try:
                facts = os.stat(path)
            except FileNotFoundError:
                continue  # gone between the listing and the look: the next glance sees it as changed
            found[path] = (facts.st_mtime_ns, facts.st_size)
    return found
