"""The studies run as their READMEs say, at a small size; their promises are checked where that is quick."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

STUDIES = Path(__file__).resolve().parents[2] / "examples" / "studies"


def run(study: str, *words: str) -> str:
    done = subprocess.run(
        [sys.executable, str(STUDIES / study / "run.py"), "--quick", *words],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return done.stdout


@pytest.mark.parametrize(
    ("study", "says"),
    [
        ("credit", "as it should be"),
        ("rie", "forbidden recipes refused: 40 of 40; allowed ones accepted: 40 of 40"),
        ("prompts", "1000 calls"),
        ("retries", "after 300 calls of learning"),
        ("feedback", "bad strategies caught in a world without effects: 16 of 16"),
    ],
)
def test_a_study_is_one_command(study, says):
    assert says in run(study)


def test_the_hvac_study_learns_judges_and_breaks_nothing():
    told = run("hvac", "--buildings", "1", "--made-up")
    assert "Learnt on Burlington International Ap, VT, USA" in told
    assert "SETBACK" in told
    assert "learnable from 12 to 16" in told
    assert "Gate, on weeks that were kept back:" in told
    held_out = [line.split() for line in told.splitlines() if line.startswith("learnt and gated")]
    assert len(held_out) == 2
    assert [line[-1] for line in held_out] == ["0", "0"]
    assert all(float(line[4]) > 10 for line in held_out)
    elsewhere = [line.split() for line in told.splitlines() if ", like " in line]
    assert len(elsewhere) == 8
    assert [line[-1] for line in elsewhere] == ["0"] * 8


def test_plots_are_saved_where_asked(tmp_path):
    pytest.importorskip("matplotlib")
    told = run("rie", "--out", str(tmp_path / "plots"))
    assert "plots:" in told
    assert {file.suffix for file in (tmp_path / "plots").iterdir()} == {".png", ".svg"}
