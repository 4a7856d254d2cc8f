"""Reading the cases, and lowering a program as `dana lower` does."""

from __future__ import annotations

import ast
from pathlib import Path

from dana.compiler import check_module
from dana.lowering import lower
from dana.source import Source

CASES = sorted((Path(__file__).parent / "cases").glob("*.txt"))
LINE = "-----\n"


def parts(case: Path) -> tuple[str, str]:
    program, _, expected = case.read_text(encoding="utf-8").partition(LINE)
    return program, expected


def lowered(program: str) -> str:
    checked = check_module(Source("case.na", program), name="case")
    assert not checked.errors, checked.errors
    return ast.unparse(lower(checked)) + "\n"
