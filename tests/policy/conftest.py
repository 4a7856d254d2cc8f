from __future__ import annotations

import io
import os
import sys
from typing import NamedTuple

import pytest

from dana.__main__ import main


class Done(NamedTuple):
    status: int
    out: str
    err: str


class Stdin(io.StringIO):
    """What is typed; a terminal when `terminal` is set."""

    terminal = False

    def isatty(self) -> bool:
        return self.terminal


@pytest.fixture
def dana_(capsys, monkeypatch, tmp_path):
    """`dana_("grant", typed="y")`: the command line in an empty folder, with a state folder of its own."""
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.chdir(home)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("DANA_CACHE", str(tmp_path / "cache"))

    def run(*words: str, typed: str | None = None) -> Done:
        stdin = Stdin(typed or "")
        stdin.terminal = typed is not None
        monkeypatch.setattr(sys, "stdin", stdin)
        monkeypatch.setattr(sys.stderr, "isatty", lambda: typed is not None, raising=False)
        status = main(["--no-colour", *words] if words[:1] != ("fast",) else list(words[1:]))
        return Done(status, *capsys.readouterr())

    return run


@pytest.fixture
def write():
    """`write("main.na", text)` in the current folder."""

    def put(name: str, text: str) -> str:
        os.makedirs(os.path.dirname(name) or ".", exist_ok=True)
        with open(name, "w", encoding="utf-8") as stream:
            stream.write(text)
        return name

    return put
