"""The specification names everything there is: each numbered paragraph, each built-in name, each kind of statement."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

from dana.checker import builtins

sys.path.insert(0, str(Path(__file__).parent))
from repository_tree import ROOT

SPEC = (ROOT / "docs" / "spec.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """The text of a chapter."""
    return SPEC[SPEC.index(f"\n## {title}\n") :].split("\n## ", 2)[1]


@pytest.mark.parametrize("number", range(1, 51))
def test_every_paragraph_has_its_place(number: int) -> None:
    index = section("Where each number is")
    assert re.search(rf"\bL{number}\b", index)
    if number != 44:
        assert re.search(rf"\bL{number}\b|\(L\d+ to L\d+\)", SPEC.replace(index, ""))


def test_every_builtin_name_is_listed() -> None:
    listed = set(re.findall(r"\w+", section("13 Built-in names")))
    assert builtins.names() | set(builtins.REFUSED) | set(builtins.ANNOTATION_ONLY) <= listed


def test_links_within_the_page_lead_somewhere() -> None:
    headings = re.findall(r"^#+ (.*)$", SPEC, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", h.lower()).replace(" ", "-") for h in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", SPEC)) <= anchors


def test_every_word_of_the_grammar_occurs_in_its_outline() -> None:
    grammar = (ROOT / "grammar" / "dana.lark").read_text(encoding="utf-8")
    words = set(re.findall(r'^[A-Z_]+: "([a-z_]+)"$', grammar, re.MULTILINE))
    assert words <= set(re.findall(r'"([a-z_]+)"', section("14 Grammar")))
