"""The standard library, tested in its own language: every `.na` file beside this one is a program.

What a program prints is what its `# expect:` comments say; it must not fail.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from dana.engine import Engine, Limits

sys.path.insert(0, str(Path(__file__).parent))
import reference

HERE = Path(__file__).parent
EXPECTED = re.compile(r"# expect: ?(.*)$", re.MULTILINE)
PROGRAMS = sorted(HERE.rglob("*.na"))


class StoppedClock:
    """A clock that stands still unless somebody sleeps."""

    def __init__(self) -> None:
        self.at = 1_700_000_000.0

    def time(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.relative_to(HERE).as_posix())
def test_program(path: Path) -> None:
    printed: list[str] = []
    engine = Engine(on_print=printed.append, limits=Limits(steps=1_000_000), clock=StoppedClock())
    engine.run(path)
    assert "".join(printed).splitlines() == EXPECTED.findall(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", reference.MODULES)
def test_a_module_checks_without_a_finding(name: str) -> None:
    path = HERE.parents[1] / "stdlib" / f"{name}.na"
    assert [str(finding) for finding in Engine(on_print=lambda _: None).check(path)] == []


@pytest.mark.parametrize("name", reference.MODULES)
def test_every_public_function_says_what_it_does(name: str) -> None:
    source, module = reference.read(name)
    silent = [
        statement.name
        for statement in module.body
        if reference.statement_text(name, source, statement) and not statement.doc
    ]
    assert silent == []
    assert module.doc


def test_natives_are_out_of_reach_for_programs() -> None:
    found = Engine(on_print=lambda _: None).check("from natives.math import sqrt\n")
    assert [finding.code[0] for finding in found] == ["E"]


def test_the_reference_is_up_to_date() -> None:
    assert reference.PAGE.read_text(encoding="utf-8") == reference.page()
