"""`examples/agents/triage.na`, with the replies beside it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from dana.__main__ import main
from tests.agents.meta.cases import Git

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "agents"


def run(capsys, folder: Path, *words: str) -> list[str]:
    status = main([f"--model=scripted:{folder}/triage.jsonl", "--no-prompt", f"{folder}/triage.na", *words])
    said = capsys.readouterr()
    assert status == 0, said.err
    return said.out.splitlines()


def test_the_desk_gets_better_and_worse_again(capsys) -> None:
    lines = run(capsys, FOLDER)
    assert lines[:3] == ["a voucher: paid", "a million: This needs somebody else.", "failures of 10: 6"]
    assert lines[3].count("came to nothing") == 2
    gain, low = map(float, re.search(r"a gain of ([\d.]+) \(([\d.]+) to", lines[4]).groups())
    assert gain >= 0.2
    assert low > 0
    later, before = (int(line.rpartition(" ")[2]) for line in lines[5:])
    assert later <= 0.6 * before


def test_the_whole_story_is_repeated_from_its_record(capsys, tmp_path) -> None:
    run(capsys, FOLDER, "--record", f"{tmp_path}/run.db")
    assert main(["replay", f"{tmp_path}/run.db"]) == 0
    assert "all as recorded" in capsys.readouterr().out


def test_the_same_under_review(capsys, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    git = Git(tmp_path / "shop")
    for name in ("triage.na", "triage.jsonl"):
        shutil.copy(FOLDER / name, git.folder / name)
    git("add", ".")
    git("commit", "-q", "-m", "the desk")
    monkeypatch.chdir(git.folder)
    lines = run(capsys, git.folder, "--allow-run=git", "review=git")
    assert lines[4].startswith("Turn(waiting: Say what")
    assert main(["meta", "accept", "Desk"]) == 0
    assert capsys.readouterr().out.startswith("Desk/1 is accepted")
    again = run(capsys, git.folder, "--allow-run=git", "review=git")
    assert again[2] == "failures of 10: 0"
    assert again[4] == "Turn(idle: nothing is wrong)"
