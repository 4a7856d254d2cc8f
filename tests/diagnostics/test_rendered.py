"""Every code as people read it: exactly this code comes out, its text is the one kept in `rendered/`."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from dana.catalogue import catalogue
from tests.diagnostics.shown import CASES, MAIN, engine, shown, snapshot, wants_update

CATALOGUE = catalogue()
CODES = sorted(CATALOGUE)
PACKAGE = Path(__file__).parents[2] / "dana"
# What does not exist yet has no program that works.
NOTHING_TO_MEND = {"E821"}
# What no user's message may contain: Python's internals, our spellings for them, addresses.
JARGON = re.compile(
    r"__init__|NoneType|\.raw:|\u00aa|<class|<function| at 0x|Traceback|site-packages|object is not|codec can't"
)


@pytest.mark.parametrize("code", CODES)
def test_the_wrong_program_shows_exactly_this_code_and_this_text(code, tmp_path):
    assert code in CASES or CATALOGUE[code].wrong, "give its page a wrong program, or add a case to CASES"
    found = shown(code, tmp_path)
    assert found.codes == [code]
    if wants_update():
        snapshot(code).write_text(found.text + "\n", encoding="utf-8")
    assert snapshot(code).exists(), "write it: python -m tests.diagnostics.update " + code
    assert found.text + "\n" == snapshot(code).read_text(encoding="utf-8")


@pytest.mark.parametrize("code", [c for c in CODES if c not in CASES])
def test_the_right_program_runs_without_findings(code, tmp_path, monkeypatch):
    right = CATALOGUE[code].right
    assert bool(right) != (code in NOTHING_TO_MEND)
    monkeypatch.chdir(tmp_path)
    Path(MAIN).write_text(right, encoding="utf-8")
    assert engine().check(MAIN) == []
    engine().run(MAIN, arguments={})


@pytest.mark.parametrize("code", CODES)
def test_texts_speak_of_dana_only(code):
    text = snapshot(code).read_text(encoding="utf-8")
    assert not JARGON.search(text)
    first = text.split("\n")[0]
    assert re.match(r"(error|warning)\[[EW]\d\d\d\]: \S", first)
    assert len(first) < 160
    assert str(PACKAGE.parent) not in text


def test_there_is_no_text_without_a_code():
    assert {p.stem for p in snapshot("E101").parent.glob("*.txt")} == set(CODES)


def test_codes_that_are_emitted_are_those_of_the_catalogue():
    emitted = set()
    for path in PACKAGE.rglob("*.py"):
        if "catalogue" not in path.parts:
            emitted |= set(re.findall(r"[\"']([EW]\d\d\d)[\"']", path.read_text(encoding="utf-8")))
    assert emitted - set(CODES) == set(), "emitted, but without a page"
    assert set(CODES) - emitted == set(), "have a page, but nothing emits them"
