from __future__ import annotations

import io
import sys
from typing import NamedTuple

import pytest

from dana.__main__ import main


class Done(NamedTuple):
    status: int
    out: str
    err: str


class Stdin(io.TextIOWrapper):
    """A pipe with some bytes in it."""

    def __init__(self, data: bytes) -> None:
        super().__init__(io.BytesIO(data), encoding="utf-8")


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
