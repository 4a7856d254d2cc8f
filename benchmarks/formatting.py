"""How fast `dana fmt` is: CPU time per line, on programs that are formatted and on untidy ones.

The goal of 30 000 lines per second stands as an upper bound of microseconds per line.
"""

from __future__ import annotations

from pathlib import Path

from measure import Row, Table, timed

from dana.fmt import format_source
from dana.parser import parse
from dana.source import Source

ROOT = Path(__file__).resolve().parents[1]
LINES_AT_LEAST = 30_000


def formatting(table: Table, rounds: int) -> None:
    """The whole way from text to text, the proof that nothing has changed included."""
    formatted = [text(path) for folder in ("stdlib", "examples") for path in sorted((ROOT / folder).rglob("*.na"))]
    for name, programs in (("formatted", formatted), ("untidy", [untidied(program) for program in formatted])):
        sources = [Source("x.na", program) for program in programs]
        lines = sum(program.count("\n") for program in programs)
        spent = best(lambda sources=sources: [format_source(source) for source in sources], rounds)
        parsing = best(lambda sources=sources: [parse(source) for source in sources], rounds)
        table.add(
            Row(
                f"fmt.{name}",
                spent / lines * 1e6,
                "us/line",
                f"{lines / spent:,.0f} lines/s",
                round(1e6 / LINES_AT_LEAST, 1),
            )
        )
        table.add(Row(f"fmt.{name}.against_parse", spent / parsing, "x", "parsing alone"))


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def untidied(program: str) -> str:
    """The program in braces, joined and squeezed, so that nearly every line has to change."""
    return (
        format_source(Source("x.na", program), "braces")
        .text.replace(" = ", "=")
        .replace(", ", ",")
        .replace("    ", "  ")
    )


def best(act, rounds: int) -> float:
    """The least CPU time of several rounds: what the work takes when nothing disturbs it."""
    return min(timed(act) for _ in range(rounds))
