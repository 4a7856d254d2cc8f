"""What people read: a line for each file, the failures in full, one line at the end."""

from __future__ import annotations

import sys

from dana.diagnostics import shown_name
from dana.testing.outcome import FAILED, PASSED, SKIPPED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from dana.testing.outcome import FileResult, Outcome

RED, GREEN, YELLOW, BOLD = "31;1", "32", "33", "1"
MAX_OUTPUT_LINES = 100


class Report:
    """Prints results as they come. `live` shows on a terminal which file is at work."""

    __slots__ = ("_colour", "_live", "_results", "_total")

    def __init__(self, total: int, *, colour: bool, live: bool) -> None:
        self._colour = colour
        self._live = live
        self._total = total
        self._results: list[FileResult] = []

    def begun(self, file: str) -> None:
        """Show what is at work, until something is printed over it."""
        if self._live:
            sys.stdout.write(f"\r\x1b[K[{len(self._results) + 1}/{self._total}] {shown_name(file)}")
            sys.stdout.flush()

    def file(self, result: FileResult) -> None:
        """A file is done."""
        self._results.append(result)
        if not result.outcomes:
            return
        if self._live:
            sys.stdout.write("\r\x1b[K")
        failed, count = result.failed, len(result.outcomes)
        word = self._paint("FAIL", RED) if failed else self._paint("ok  ", GREEN)
        what = f"{failed} of {counted(count, 'test')} failed" if failed else counted(count, "test")
        sys.stdout.write(f"{word}  {shown_name(result.file):<44} {what:<24} {milliseconds(result.seconds):>9}\n")

    def end(self, results: list[FileResult], seconds: float, *, slowest: int, seed: int) -> None:
        """The failures, the slowest cases, and the line that says it all; `results` in the order of the files."""
        self._results = results
        if self._live:
            sys.stdout.write("\r\x1b[K")
        outcomes = [o for result in self._results for o in result.outcomes]
        for outcome in outcomes:
            if outcome.status == FAILED:
                self._failure(outcome)
        for outcome in outcomes:
            if outcome.status == SKIPPED:
                place = f"{shown_name(outcome.case.file)}: {outcome.case.name}"
                sys.stdout.write(f"{self._paint('skip', YELLOW)}  {place}: {outcome.message}\n")
        if slowest:
            self._slowest(outcomes, slowest)
        self._snapshots()
        self._coverage()
        sys.stdout.write(self._summary(outcomes, seconds, seed) + "\n")

    def _failure(self, outcome: Outcome) -> None:
        case = outcome.case
        place = f"{shown_name(case.file)}:{case.line}"
        sys.stdout.write(f"\n{self._paint('FAIL', RED)}  {place}: {self._bold(case.name)}\n\n")
        sys.stdout.write(outcome.message + "\n")
        if outcome.output:
            lines = outcome.output.rstrip("\n").split("\n")
            sys.stdout.write("printed:\n")
            if len(lines) > MAX_OUTPUT_LINES:
                sys.stdout.write(f"  … {len(lines) - MAX_OUTPUT_LINES} lines …\n")
            sys.stdout.write("".join(f"  {line}\n" for line in lines[-MAX_OUTPUT_LINES:]))
        sys.stdout.write("\n")

    def _slowest(self, outcomes: Sequence[Outcome], count: int) -> None:
        sys.stdout.write("slowest:\n")
        for outcome in sorted(outcomes, key=lambda o: -o.seconds)[:count]:
            name = f"{shown_name(outcome.case.file)}: {outcome.case.name}"
            sys.stdout.write(f"  {milliseconds(outcome.seconds):>9}  {name}\n")

    def _snapshots(self) -> None:
        counts: dict[str, int] = {}
        for result in self._results:
            for what, count in result.snapshots.items():
                counts[what] = counts.get(what, 0) + count
        if counts:
            said = ", ".join(f"{count} {what}" for what, count in counts.items())
            hint = "; `--update-snapshots` removes what is unused" if "unused" in counts else ""
            sys.stdout.write(f"snapshots: {said}{hint}\n")

    def _coverage(self) -> None:
        table = merged(self._results)
        if not table:
            return
        from dana.testing.coverage import ranges

        rows = [("file", "lines", "ran", "", "missing")]
        for file in sorted(table):
            lines, ran = table[file]
            share = f"{100 * len(ran) // len(lines)} %" if lines else "100 %"
            rows.append((shown_name(file), str(len(lines)), str(len(ran)), share, ranges(lines - ran)))
        everything = sum(len(lines) for lines, _ in table.values())
        reached = sum(len(ran) for _, ran in table.values())
        rows.append(("all", str(everything), str(reached), f"{100 * reached // max(everything, 1)} %", ""))
        width = max(len(row[0]) for row in rows)
        sys.stdout.write("\n")
        for name, lines_, ran_, share, missing in rows:
            sys.stdout.write(f"{name:<{width}}  {lines_:>6}  {ran_:>6}  {share:>6}  {missing}".rstrip() + "\n")
        sys.stdout.write("\n")

    def _summary(self, outcomes: Sequence[Outcome], seconds: float, seed: int) -> str:
        tally = {status: sum(o.status == status for o in outcomes) for status in (FAILED, PASSED, SKIPPED)}
        parts = [f"{count} {status}" for status, count in tally.items() if count]
        files = sum(bool(result.outcomes) for result in self._results)
        text = f"{counted(len(outcomes), 'test')}: {', '.join(parts)} ({counted(files, 'file')}, {seconds:.2f} s)"
        if tally[FAILED] and seed:
            text += f" with --seed {seed}"
        return self._paint(text, RED if tally[FAILED] else GREEN)

    def _paint(self, text: str, tone: str) -> str:
        return f"\x1b[{tone}m{text}\x1b[0m" if self._colour else text

    def _bold(self, text: str) -> str:
        return self._paint(text, BOLD)


def merged(results: Sequence[FileResult]) -> dict[str, tuple[set[int], set[int]]]:
    """The lines of every file that any case ran."""
    table: dict[str, tuple[set[int], set[int]]] = {}
    for result in results:
        for file, (lines, ran) in result.covered.items():
            known = table.get(file)
            if known is None:
                table[file] = (set(lines), set(ran))
            else:
                # A file's own session knows which of its lines are tests.
                table[file] = (known[0] & lines, (known[1] | ran) & known[0] & lines)
    return table


def counted(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def milliseconds(seconds: float) -> str:
    return f"{seconds:.2f} s" if seconds >= 1 else f"{seconds * 1000:.1f} ms"
