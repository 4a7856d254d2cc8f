from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def environment(tmp_path_factory) -> dict[str, str]:
    """What a shell of a user has who installed Dana: the word `dana` works, the cache is new."""
    folder = tmp_path_factory.mktemp("bin")
    for name, words in (("dana", "-m dana"), ("python", "")):
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec {sys.executable} {words} "$@"\n', encoding="utf-8")
        script.chmod(0o755)
    kept = {k: v for k, v in os.environ.items() if k not in ("DANAPATH", "NO_COLOR", "CI", "VIRTUAL_ENV")}
    return {
        **kept,
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "DANA_CACHE": str(folder / "cache"),
    }


@pytest.fixture
def shell(environment, tmp_path):
    """`shell("dana new demo")` in an empty folder; gives what subprocess gives."""

    def run(line: str, folder: str = ".", **extra: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", "-c", line],
            cwd=tmp_path / folder,
            env={**environment, **extra},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )

    return run
