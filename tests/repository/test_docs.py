"""Every block of the documentation does what the page says."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest

from dana.catalogue import catalogue
from dana.catalogue.pages import pages
from dana.engine import Engine
from dana.errors import DanaError
from dana.policy import Allow
from dana.source import Source

sys.path.insert(0, str(Path(__file__).parent))
from repository_tree import ROOT, code_blocks

EXPECTED = re.compile(r"#\s*expect: (.*?)\s*$", re.MULTILINE)
REFUSED = re.compile(r"#\s*error: ([EW]\d{3})", re.MULTILINE)
CODE = re.compile(r"^```.*?^```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#\s]+?)(?:#[^)]*)?\)")


def dana_blocks():
    return [pytest.param(text, id=place) for place, text in code_blocks("dana")]


@pytest.mark.parametrize("text", dana_blocks())
def test_a_dana_block_prints_or_reports_what_it_says(text: str, tmp_path: Path, monkeypatch) -> None:
    refused = [(number, code) for number, line in enumerate(text.splitlines(), 1) for code in REFUSED.findall(line)]
    if refused:
        assert findings(text) == refused
        return
    printed: list[str] = []
    allow = None
    if re.search(r"^import files$", text, re.MULTILINE):  # such a block has a folder of its own
        monkeypatch.chdir(tmp_path)
        allow = Allow(read=["."], write=["."])
    Engine(on_print=printed.append, allow=allow, model=model(text)).run(text)
    assert "".join(printed).splitlines() == EXPECTED.findall(text)


def model(text: str):
    """The scripted model of a block that says what it answers: `# model: …`, once for each reply."""
    from dana.models import Scripted

    replies = re.findall(r"^# model: (.*)$", text, re.MULTILINE)
    said = [json.loads(reply) if reply.startswith('{"tool_calls"') else reply for reply in replies]
    return Scripted(said) if said else None


def findings(text: str) -> list[tuple[int, str]]:
    engine = Engine(on_print=lambda text: None)
    found = [(d.line, d.code) for d in engine.check(Source("block.na", text)) if d.is_error]
    if found:
        return found
    with pytest.raises(DanaError) as caught:
        engine.run(text)
    return [(d.line, d.code) for d in caught.value.diagnostics]


@pytest.mark.parametrize("text", [pytest.param(text, id=place) for place, text in code_blocks("python")])
def test_a_python_block_runs(text: str) -> None:
    exec(compile(text, "block.py", "exec", dont_inherit=True), {"__name__": "block"})


def test_the_pages_about_findings_are_those_of_the_catalogue() -> None:
    folder = ROOT / "docs" / "errors"
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")} == pages()


def test_every_code_has_a_heading_and_a_title() -> None:
    text = "".join(pages().values())
    for code, entry in catalogue().items():
        assert f"## {code}\n" in text
        assert entry.title
        assert entry.explanation


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for page in [
        *ROOT.glob("*.md"),
        *ROOT.glob("docs/**/*.md"),
        *ROOT.glob("examples/**/*.md"),
        *ROOT.glob("benchmarks/*.md"),
    ]:
        for target in LINK.findall(CODE.sub("", page.read_text(encoding="utf-8"))):
            if "://" not in target and not (page.parent / target).exists():
                broken.append(f"{page.relative_to(ROOT)}: {target}")
    assert broken == []
