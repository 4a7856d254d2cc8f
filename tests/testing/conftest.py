from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).resolve().parents[2]


class Done(NamedTuple):
    status: int
    out: str
    err: str


@pytest.fixture
def write(tmp_path, monkeypatch):
    """`write("a.na", text)` writes a file into the current, otherwise empty folder."""
    monkeypatch.chdir(tmp_path)

    def write(name: str, text: str) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return name

    return write


@pytest.fixture
def dana_test(tmp_path):
    """`dana_test("-k", "total", stdin="")` runs the command in a process of its own."""

    def run(*words: str, stdin: str = "", **environment: str) -> Done:
        done = subprocess.run(
            [sys.executable, "-m", "dana", "test", *words],
            cwd=tmp_path,
            input=stdin,
            capture_output=True,
            encoding="utf-8",
            env=clean_environment() | environment,
            timeout=60,
            check=False,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    return run


def clean_environment() -> dict[str, str]:
    """The environment without what changes the report; the package is found wherever the process runs."""
    kept = {
        name: value for name, value in os.environ.items() if name not in ("CI", "NO_COLOR", "COVERAGE_PROCESS_START")
    }
    return kept | {"PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
