"""`dana check --json`: a list of objects of one shape, for editors and scripts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dana.catalogue import catalogue
from dana.cli import main
from tests.diagnostics.shown import CASES

SHAPE = {
    "code": str,
    "severity": str,
    "message": str,
    "file": str,
    "line": int,
    "column": int,
    "end_line": int,
    "end_column": int,
    "hint": (str, type(None)),
    "notes": list,
}
COMPILED = [code for code, entry in catalogue().items() if code not in CASES and code[1] in "12345" and entry.wrong]


def findings(capsys, *words: str) -> tuple[int, list[dict[str, object]]]:
    status = main(["check", "--json", *words])
    return status, json.loads(capsys.readouterr().out)


@pytest.mark.parametrize("code", COMPILED)
def test_every_finding_has_the_shape(code, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("main.na").write_text(catalogue()[code].wrong, encoding="utf-8")
    status, (found,) = findings(capsys, "main.na")
    assert status == (2 if code[0] == "E" else 0)
    assert found["code"] == code
    assert found["severity"] == ("error" if code[0] == "E" else "warning")
    for key, kind in SHAPE.items():
        assert isinstance(found[key], kind), key
    assert found.keys() - {"fix"} == SHAPE.keys()
    assert found["file"] == "main.na"
    lines = catalogue()[code].wrong.split("\n")
    assert 1 <= found["line"] <= found["end_line"] <= len(lines)
    assert 1 <= found["column"] <= len(lines[found["line"] - 1]) + 1
    assert (found["line"], found["column"]) <= (found["end_line"], found["end_column"])


def test_a_fix_is_a_place_and_a_text(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("main.na").write_text("private:count = 1\nprint(private.count)\n", encoding="utf-8")
    _, (found,) = findings(capsys, "main.na")
    assert found["fix"] == {"start": [2, 14], "end": [2, 15], "text": ":"}


def test_errors_of_imported_modules_are_told_once(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("a.na").write_text("import c\nprint(c.x)\n", encoding="utf-8")
    Path("b.na").write_text("import c\nprint(c.y)\n", encoding="utf-8")
    Path("c.na").write_text("x = 1\ny = z\n", encoding="utf-8")
    status, found = findings(capsys, "a.na", "b.na", "c.na")
    assert status == 2
    assert [(f["code"], Path(f["file"]).name, f["line"]) for f in found] == [("E201", "c.na", 2)]
