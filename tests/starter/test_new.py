"""`dana new` makes projects that pass their own checks; what it refuses, it refuses without a trace."""

from __future__ import annotations

import os
import re
import tomllib

import pytest

from dana.cli.project import KEYS
from dana.starter import KINDS, files, module_name

PRINTS = {"application": "Ann Lee: 712.50\n", "library": "1350.0\n", "embedded": "18.0\n"}
RUN = re.compile(r"^      - run: (dana .*)$", re.MULTILINE)


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_project_passes_its_own_workflow_and_runs(shell, tmp_path, kind) -> None:
    made = shell(f"dana new my-demo --kind {kind}")
    assert (made.returncode, made.stderr) == (0, "")
    workflow = (tmp_path / "my-demo" / ".github" / "workflows" / "check.yml").read_text(encoding="utf-8")
    steps = RUN.findall(workflow)
    assert steps == ["dana check .", "dana fmt --check", "dana test"]
    for step in steps:
        done = shell(step, "my-demo")
        assert done.returncode == 0, done.stdout + done.stderr
    ran = shell("dana run", "my-demo")
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, PRINTS[kind], "")


def test_the_words_under_next_work(shell) -> None:
    made = shell("dana new demo --kind=embedded").stdout
    lines = made.split("next:\n")[1].split()
    assert lines == ["cd", "demo", "dana", "test", "python", "host.py"]
    assert shell("cd demo && dana test && python host.py").stdout.endswith("37.5\n")


def test_what_is_listed_is_what_is_there(shell, tmp_path) -> None:
    listed = {line.strip() for line in shell("dana new demo").stdout.splitlines() if line.startswith("  demo/")}
    assert listed == {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file()}
    assert os.listdir(tmp_path) == ["demo"]


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_the_template_is_left(kind) -> None:
    made = files("my-demo", kind, "1.2.3")
    assert not [path for path, text in made.items() if "starter" in path + text]
    assert 'dana==1.2.3"' in made[os.path.join(".github", "workflows", "check.yml")]
    assert set(tomllib.loads(made["dana.toml"])) == set(KEYS)
    assert tomllib.loads(made["dana.toml"])["entry"] in made
    assert module_name("my-demo") == "my_demo"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("new taken", "taken exists already"),
        ("new file", "file exists already"),
        ("new", "takes one name"),
        ("new a b", "takes one name"),
        ("new 'two words'", "dana new two-words"),
        ("new 3d", "cannot be a project's name"),
        ("new demo-", "dana new demo"),
        ("new .", "cannot be a project's name"),
        ("new ..", "cannot be a project's name"),
        ("new ''", "cannot be a project's name"),
        ("new größe", "cannot be a project's name"),
        ("new class", "a word of the language"),
        ("new private", "a word of the language"),
        ("new math", "a module of the standard library"),
        ("new main", "a file of the project is called so"),
        ("new nowhere/demo", "there is no folder nowhere"),
        ("new demo --kind app", "`application`, `library` or `embedded`"),
        ("new demo --knid=library", "did you mean --kind?"),
    ],
)
def test_a_wrong_word_makes_nothing(shell, tmp_path, words, said) -> None:
    (tmp_path / "taken").mkdir()
    (tmp_path / "file").touch()
    done = shell(f"dana {words}")
    assert done.returncode == 3
    assert done.stdout == ""
    assert said in done.stderr
    assert sorted(os.listdir(tmp_path)) == ["file", "taken"]
    assert os.listdir(tmp_path / "taken") == []


def test_a_project_may_be_made_elsewhere(shell, tmp_path) -> None:
    (tmp_path / "work").mkdir()
    assert shell("dana new work/demo").returncode == 0
    assert shell("dana run", "work/demo").stdout == "Ann Lee: 712.50\n"
    assert 'name = "demo"' in (tmp_path / "work" / "demo" / "dana.toml").read_text(encoding="utf-8")


@pytest.mark.skipif(os.getuid() == 0, reason="nothing is forbidden to root")
def test_a_folder_that_cannot_be_written_is_said_and_left_alone(shell, tmp_path) -> None:
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    done = shell("dana new locked/demo")
    assert done.returncode == 3
    assert "cannot make locked/demo: permission denied" in done.stderr
    assert os.listdir(locked) == []


def test_a_disk_that_fills_up_leaves_nothing_behind(dana_new, tmp_path, monkeypatch) -> None:
    def full(*_paths) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "rename", full)
    status, error = dana_new("demo")
    assert status == 3
    assert "cannot make demo: no space left on device" in error
    assert os.listdir(tmp_path) == []


@pytest.fixture
def dana_new(tmp_path, monkeypatch, capsys):
    from dana.cli import main

    monkeypatch.chdir(tmp_path)

    def run(name: str) -> tuple[int, str]:
        return main(["new", name]), capsys.readouterr().err

    return run
