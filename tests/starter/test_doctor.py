"""`dana doctor` says what is amiss, and what to do."""

from __future__ import annotations

import os
import re

import pytest

from dana.cli.doctoring import _summary

ROW = re.compile(r"^(ok|note|warn)  ?\s*(.*?)  +(.*)$")


def rows(text: str) -> dict[str, tuple[str, str]]:
    found = (ROW.match(line) for line in text.splitlines())
    return {match[2]: (match[1], match[3]) for match in found if match}


def test_a_healthy_place(shell) -> None:
    done = shell("dana doctor")
    assert (done.returncode, done.stderr) == (0, "")
    found = rows(done.stdout)
    assert list(found) == [
        "Dana", "Python", "command", "standard library", "cache", "DANAPATH", "project", "permissions", "this folder", "terminal", "isolation",
        "greenlet", "regex", "httpx", "pydantic", "prompt_toolkit", "Pygments", "pytest",
    ]  # fmt: skip
    assert "warn" not in {state for state, _ in found.values()}
    assert done.stdout.endswith("\neverything is as it should be\n")


def test_every_advice_stands_below_its_row(shell) -> None:
    done = shell("dana doctor", DANAPATH="/nowhere", DANA_CACHE="off")
    lines = done.stdout.splitlines()
    advised = [lines[at - 1] for at, line in enumerate(lines) if line.strip().startswith("->")]
    assert [line.split()[1] for line in advised if line.startswith(("warn", "note"))][:2] == ["cache", "DANAPATH"]


@pytest.mark.parametrize(
    ("setting", "row", "state", "said"),
    [
        ({"DANAPATH": "/nowhere"}, "DANAPATH", "warn", "no such folder: /nowhere"),
        ({"DANA_CACHE": "off"}, "cache", "note", "switched off"),
        ({"DANA_CACHE": "file"}, "cache", "warn", "is not a folder"),
        ({"DANA_CACHE": "fresh"}, "cache", "ok", "empty"),
        ({"DANA_CACHE": "/etc"}, "cache", "warn", "/etc"),
        ({"PATH": "/nowhere"}, "command", "note", "no `dana` on PATH"),
        ({"PYTHONIOENCODING": "ascii", "TERM": "ü"}, "terminal", "warn", "shows ascii"),
    ],
)
def test_what_is_amiss_is_seen(shell, tmp_path, environment, setting, row, state, said) -> None:
    if setting.get("DANA_CACHE") == "/etc" and os.getuid() == 0:
        pytest.skip("everything belongs to root")
    (tmp_path / "file").touch()
    command = environment["PATH"].split(":")[0] + "/dana doctor"
    done = shell(command, **setting)
    found = rows(done.stdout)
    assert found[row][0] == state
    assert said in found[row][1]
    assert done.returncode == (1 if state == "warn" else 0)
    assert ("1 thing to mend" in done.stdout) is (state == "warn")


def test_the_project_around(shell, tmp_path) -> None:
    shell("dana new demo")
    found = rows(shell("dana doctor", "demo").stdout)["project"]
    assert found[0] == "ok"
    assert found[1].startswith("demo 0.1.0 in ")
    assert found[1].endswith(", runs main.na")
    (tmp_path / "demo" / "main.na").unlink()
    assert rows(shell("dana doctor", "demo").stdout)["project"][0] == "warn"
    (tmp_path / "demo" / "dana.toml").write_text("nmae = 'x'\n", encoding="utf-8")
    done = shell("dana doctor", "demo")
    assert rows(done.stdout)["project"][0] == "warn"
    assert "did you mean name?" in done.stdout


def test_colour_when_asked_for(shell) -> None:
    assert "\x1b[" not in shell("dana doctor").stdout
    assert "\x1b[32mok  \x1b[0m" in shell("dana doctor --colour").stdout


def test_a_word_too_many(shell) -> None:
    assert shell("dana doctor me").returncode == 3


def test_a_package_that_cannot_be_loaded(shell, tmp_path) -> None:
    (tmp_path / "pygments").mkdir()
    (tmp_path / "pygments" / "__init__.py").write_text("raise ImportError('broken')\n", encoding="utf-8")
    done = shell("PYTHONPATH=.:$PYTHONPATH dana doctor")
    assert rows(done.stdout)["Pygments"] == ("warn", "cannot be loaded: broken")


def test_the_last_line_says_what_is_not_installed() -> None:
    assert _summary(0, []) == "everything is as it should be"
    assert _summary(0, ["greenlet"]) == "nothing to mend; not installed: greenlet (the notes say what they are for)"
    assert _summary(2, ["regex"]).startswith("2 things to mend; not installed: regex")
