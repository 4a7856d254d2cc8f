"""The files and entry points made from the table."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from dana.highlight.table import CLASSES, KINDS, STATES, Include, Span, plain
from dana.highlight.textmate import grammar, main, text

ROOT = Path(__file__).resolve().parents[2]
EXTENSION = ROOT / "editors" / "vscode"
GRAMMAR = EXTENSION / "syntaxes" / "dana.tmLanguage.json"


def test_the_grammar_is_up_to_date(tmp_path, capsys) -> None:
    assert GRAMMAR.read_text(encoding="utf-8") == text(), "run: make docs"
    assert main(["--check", str(GRAMMAR)]) == 0
    stale = tmp_path / "stale.json"
    assert main(["--check", str(stale)]) == 1
    assert "out of date" in capsys.readouterr().err
    assert main([str(stale)]) == 0
    assert json.loads(stale.read_text(encoding="utf-8")) == grammar()


def test_every_state_and_class_that_is_named_exists() -> None:
    for rules in STATES.values():
        for rule in rules:
            if isinstance(rule, (Include, Span)):
                assert rule.state in STATES
            kinds = (
                []
                if isinstance(rule, Include)
                else [rule.marks, rule.inside]
                if isinstance(rule, Span)
                else rule.classes
            )
            assert set(kinds) <= {*CLASSES, ""}


def test_every_class_is_one_that_danas_lexer_knows_or_refines_one() -> None:
    assert {plain(kind) for kind in CLASSES} - {"wrong"} == {kind for kind in KINDS.values() if kind} | {"comment"}


def test_every_terminal_of_the_grammar_has_a_class() -> None:
    from dana.parser._tables import SPELLINGS
    from dana.parser.words import SIGNS, WORDS

    assert set(SPELLINGS.values()) | set(SIGNS.values()) | set(WORDS.values()) <= {*KINDS, "SOFT", "SCOPE"}


def test_patterns_keep_to_what_editors_understand() -> None:
    """Python's own notations, and lookbehinds of no fixed length, mean something else in Oniguruma or nothing."""
    for entry in grammar()["repository"].values():
        for rule in entry["patterns"]:
            for key in ("match", "begin", "end"):
                assert not re.search(r"\(\?P|\(\?\(|\\Z|\(\?[aiLmsux]+[:)]", rule.get(key, ""))


def test_the_extension_names_files_that_exist() -> None:
    package = json.loads((EXTENSION / "package.json").read_text(encoding="utf-8"))
    (language,) = package["contributes"]["languages"]
    (syntax,) = package["contributes"]["grammars"]
    assert language["extensions"] == [".na"]
    assert (EXTENSION / syntax["path"]).resolve() == GRAMMAR
    assert syntax["scopeName"] == grammar()["scopeName"]
    configuration = json.loads((EXTENSION / language["configuration"]).read_text(encoding="utf-8"))
    assert configuration["comments"] == {"lineComment": "#"}
    assert package["version"] == "0.1.0"


@pytest.mark.parametrize(
    ("line", "indents"),
    [("def f(x: int) -> int:", True), ("struct P {", True), ("if x:  # why", True), ("x = 1", False), ("a | b", False)],
)
def test_the_editor_indents_after_headers(line, indents) -> None:
    configuration = json.loads((EXTENSION / "language-configuration.json").read_text(encoding="utf-8"))
    rules = configuration["indentationRules"]
    assert bool(re.search(rules["increaseIndentPattern"], line)) is indents


def test_pygments_is_told_where_the_lexer_is() -> None:
    from importlib.metadata import EntryPoint

    from pygments.lexer import Lexer

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    ((name, value),) = project["entry-points"]["pygments.lexers"].items()
    found = EntryPoint(name, value, "pygments.lexers").load()
    assert issubclass(found, Lexer)
    assert (found.name, found.filenames, name in found.aliases) == ("Dana", ["*.na"], True)


def test_only_pygments_loads_pygments() -> None:
    code = (
        "import sys, io, contextlib\nfrom dana.cli import main\n"
        "with contextlib.redirect_stdout(io.StringIO()):\n    main(['check', '-e', '1 + 1']); main(['-e', '1 + 1'])\n"
        "print(sorted(m for m in sys.modules if m.startswith(('pygments', 'dana.highlight'))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_pygments_writes_html() -> None:
    from pygments import highlight
    from pygments.formatters import HtmlFormatter

    from dana.highlight.pygments_lexer import DanaLexer

    page = highlight("def f(x: int) -> str = x | str  ## why\n", DanaLexer(), HtmlFormatter())
    assert '<span class="kd">def</span>' in page
    assert '<span class="nf">f</span>' in page
    assert '<span class="sd">## why</span>' in page
