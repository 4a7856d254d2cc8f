from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from support import Done, Stdin, main


@pytest.fixture
def dana(capsys, monkeypatch, tmp_path):
    """`dana("check", "x.na", stdin=b"…")` in an empty folder; gives status, stdout and stderr."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("NO_COLOR", raising=False)

    def run(*words: str, stdin: bytes = b"") -> Done:
        monkeypatch.setattr(sys, "stdin", Stdin(stdin))
        status = main(list(words))
        return Done(status, *capsys.readouterr())

    return run


@pytest.fixture
def program(tmp_path):
    """`program("x.na", text)` writes a file into the current folder and gives its name."""

    def write(name: str, text: str) -> str:
        (tmp_path / name).write_text(text, encoding="utf-8")
        return name

    return write
