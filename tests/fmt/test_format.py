"""One look, the same program: pairs of texts, every program of the repository, a sample of generated ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dana.fmt import format_source
from dana.source import Source
from tests.fmt.harness import examine, formatted
from tests.fmt.run import explore

ROOT = Path(__file__).resolve().parents[2]
PAIRS = Path(__file__).parent / "pairs"
PROGRAMS = sorted(p for p in ROOT.rglob("*.na") if not any(part.startswith(".") for part in p.relative_to(ROOT).parts))
# Quoted in documents letter by letter, or inputs of tests, whose layout is what they test.
AS_WRITTEN = ("tests/golden/", "tests/fuzz/", "tests/parser/everything.na", "examples/hvac/hvac_control.na")
SAMPLE, PARTS = 400, 4


def pairs():
    for path in sorted(PAIRS.glob("*.txt")):
        for case in re.split(r"^=== ", path.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
            title, rest = case.split("\n", 1)
            before, after = rest.split("\n---\n", 1)
            yield pytest.param(before + "\n", after, id=f"{path.stem}: {title}")


@pytest.mark.parametrize(("before", "after"), list(pairs()))
def test_a_pair(before, after):
    assert formatted(before) == after
    examine(before)


def text_of(path):
    return path.read_bytes().decode("utf-8", "replace")


@pytest.mark.parametrize("folder", sorted({str(p.relative_to(ROOT).parent) for p in PROGRAMS}))
def test_the_programs_of_the_repository_keep_meaning_and_comments(folder):
    for path in PROGRAMS:
        if str(path.relative_to(ROOT).parent) == folder:
            examine(text_of(path))


def test_the_programs_of_the_repository_are_formatted():
    others = []
    for path in PROGRAMS:
        name = str(path.relative_to(ROOT))
        if not name.startswith((*AS_WRITTEN, "build/")) and formatted(text_of(path)) != text_of(path):
            others.append(name)
    assert others == []


@pytest.mark.parametrize("part", range(PARTS))
def test_generated_programs_in_other_clothes(part):
    counts, failures = explore(2026, range(part, SAMPLE, PARTS))
    assert failures == []
    assert counts["programs"] > 0.6 * counts["inputs"]


def test_a_program_with_errors_comes_back_as_it_is():
    found = format_source(Source("x", "x=(1\ny=2\n"))
    assert found.text == "x=(1\ny=2\n"
    assert [d.code for d in found.diagnostics] == ["E105"]


def test_a_wrong_result_is_never_handed_out(monkeypatch):
    monkeypatch.setattr("dana.fmt.Blocks.run", lambda self: "x = 2\n")
    found = format_source(Source("bill.na", "x  =  1\n"))
    assert found.text == "x  =  1\n"
    assert [d.code for d in found.diagnostics] == ["E990"]
    assert "bill.na" in found.diagnostics[0].message


def test_a_lost_comment_is_noticed(monkeypatch):
    monkeypatch.setattr("dana.fmt.Blocks.run", lambda self: "x = 1\n")
    assert [d.code for d in format_source(Source("x", "x  =  1  # one\n")).diagnostics] == ["E990"]


@pytest.mark.parametrize("text", ["", "\n", "# only this", "\n\n# a\n\n\n\n# b\n"])
def test_files_without_statements(text):
    result = formatted(text)
    assert formatted(result) == result
    assert result == "" or result.endswith("\n")
    examine(text)


def test_long_files_take_linear_time():
    text = "def f(a, b):\n    return a+b  # why\n" * 20_000
    assert formatted(text).count("\n") > 40_000
