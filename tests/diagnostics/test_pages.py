"""`dana explain` and docs/errors say what the catalogue says."""

from __future__ import annotations

from pathlib import Path

import pytest

from dana.catalogue import catalogue
from dana.catalogue.pages import pages
from dana.cli import main

DOCS = Path(__file__).parents[2] / "docs" / "errors"


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_explain_prints_the_page(code, capsys):
    entry = catalogue()[code]
    assert main(["explain", code]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert out.startswith(f"{code}: {entry.title}\n\n")
    assert " ".join(entry.explanation.split()) in " ".join(out.split())
    for label, program in (("Wrong", entry.wrong), ("Right", entry.right)):
        assert (f"\n{label}:\n" in out) == bool(program)
        for line in program.split("\n"):
            assert line.rstrip() in out
    assert all(len(line) <= 100 for line in out.split("\n") if not line.startswith("    "))


def test_explain_takes_small_letters(capsys):
    assert main(["explain", "e201"]) == 0
    assert capsys.readouterr().out.startswith("E201: ")


def test_the_pages_are_up_to_date():
    for name, text in pages().items():
        assert (DOCS / name).read_text(encoding="utf-8") == text, f"{name} is out of date: run `make docs`"


def test_there_are_no_pages_left_over():
    assert {p.name for p in DOCS.glob("*.md")} == set(pages())


def test_every_code_has_its_heading():
    text = "\n".join(pages().values())
    for code in catalogue():
        assert f"\n## {code}\n" in text
