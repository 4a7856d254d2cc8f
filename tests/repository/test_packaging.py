"""What a wheel carries, and that it runs by itself."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from repository_tree import ROOT

from dana.resources import grammar_path, stdlib_path


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    code = f"from hatchling.build import build_wheel; build_wheel({str(folder)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_carries_the_grammar_and_the_standard_library(wheel) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    for folder in ("grammar", "stdlib"):
        for path in (ROOT / folder).rglob("*.*"):
            if path.is_file() and "__pycache__" not in path.parts and ".dana_cache" not in path.parts:
                assert f"dana/{folder}/{path.relative_to(ROOT / folder).as_posix()}" in names
    assert "dana/parser/_tables.py" in names
    assert "dana/py.typed" in names
    assert not [name for name in names if name.startswith(("tests/", "benchmarks/")) or name.endswith(".pyc")]


def test_an_installed_wheel_finds_its_library(wheel, tmp_path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    program = "import math\nimport stats\nprint(math.sqrt(16), stats.mean([1, 2, 3]))"
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, "-S", "-m", "dana", "--no-cache", "-e", program]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "4.0 2.0\n", "")


def test_an_installed_wheel_makes_a_project_that_passes_its_tests(wheel, tmp_path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path / "site"), "PYTHONDONTWRITEBYTECODE": "1"}

    def dana(*words, folder=tmp_path) -> str:
        command = [sys.executable, "-S", "-m", "dana", *words]
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout

    dana("new", "demo")
    assert "4 passed" in dana("test", "--no-cache", folder=tmp_path / "demo")
    assert dana("run", "--no-cache", "hours=2", folder=tmp_path / "demo") == "Ann Lee: 190.00\n"


def test_the_wheel_needs_what_is_loaded_at_first_use_and_no_more(wheel) -> None:
    archive = zipfile.ZipFile(wheel)
    (metadata,) = [name for name in archive.namelist() if name.endswith("/METADATA")]
    required = [line for line in archive.read(metadata).decode().splitlines() if line.startswith("Requires-Dist:")]
    needed = sorted(line.removeprefix("Requires-Dist: ") for line in required if "extra ==" not in line)
    assert needed == ["greenlet", "httpx", "prompt-toolkit", "pydantic>=2", "regex"]


def test_a_checkout_finds_its_library() -> None:
    assert Path(stdlib_path(), "math.na").is_file()
    assert Path(grammar_path(), "dana.lark").is_file()


def test_constraints_pin_every_tool() -> None:
    pins = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    assert all("==" in line for line in pins if line and not line.startswith("#"))
