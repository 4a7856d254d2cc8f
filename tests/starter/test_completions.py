"""The scripts for the shells hold what the tables of verbs and options hold; bash's is driven as bash drives it."""

from __future__ import annotations

import os
import shutil
import subprocess

import pytest

from dana.cli import VERBS
from dana.cli.completing import SHELLS, spellings, verbs
from dana.cli.options import TABLE


@pytest.fixture(scope="module")
def scripts(tmp_path_factory):
    folder = tmp_path_factory.mktemp("scripts")
    made = {}
    for shell, write in SHELLS.items():
        made[shell] = folder / f"dana.{shell}"
        made[shell].write_text(write(verbs()), encoding="utf-8")
    return made


@pytest.mark.parametrize("name", SHELLS)
def test_the_command_prints_the_script(shell, scripts, name) -> None:
    done = shell(f"dana completions {name}")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == scripts[name].read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SHELLS)
def test_the_shell_can_read_it(scripts, name) -> None:
    if shutil.which(name) is None:
        pytest.skip(f"there is no {name} here")
    done = subprocess.run([name, "-n", scripts[name]], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("name", SHELLS)
def test_every_verb_and_option_is_in_it(scripts, name) -> None:
    text = scripts[name].read_text(encoding="utf-8")
    for verb in VERBS:
        assert verb in text
        for spelling in spellings(verb):
            kind = f"-s {spelling[1:]}" if len(spelling) == 2 else f"-l {spelling[2:]}"
            assert (kind if name == "fish" else spelling) in text


def test_every_verb_has_a_line_about_it() -> None:
    assert all(len(text) > 10 for text in verbs().values())
    assert verbs()["run"] == "run a program (the word `run` may be left out)"
    assert verbs()["tokens"] == "what the parser reads"


def test_every_option_belongs_to_a_verb() -> None:
    offered = {spelling for verb in VERBS for spelling in spellings(verb)}
    assert offered == {spelling for spelling in TABLE if "color" not in spelling}


@pytest.fixture
def complete(scripts, tmp_path):
    """`complete("dana ch")` is what bash offers for the last word."""
    for name in ("main.na", "my file.na", "notes.txt"):
        (tmp_path / name).touch()
    (tmp_path / "lib").mkdir()

    def offered(line: str) -> list[str]:
        words = line.split(" ")
        listed = " ".join(f"'{word}'" for word in words)
        script = (
            f"source {scripts['bash']}\nCOMP_WORDS=({listed})\nCOMP_CWORD={len(words) - 1}\n_dana\n"
            'printf "%s\\n" "${COMPREPLY[@]}"'
        )
        done = subprocess.run(
            ["bash", "--norc", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.stderr == ""
        return sorted(done.stdout.split("\n")[:-1] if done.stdout.strip() else [])

    return offered


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("dana ch", ["check"]),
        ("dana t", ["test", "tokens", "tree"]),
        ("dana m", ["main.na", "meta", "models", "my file.na"]),
        ("dana run m", ["main.na", "my file.na"]),
        ("dana run l", ["lib"]),
        ("dana check n", []),
        ("dana --st", ["--steps", "--store"]),
        ("dana run --no-l", ["--no-limits"]),
        ("dana test --s", ["--seed", "--slowest"]),
        ("dana fmt --style ", ["braces", "indent"]),
        ("dana new demo --kind l", ["library"]),
        ("dana new d", []),
        ("dana completions ", ["bash", "fish", "zsh"]),
        ("dana explain E99", ["E990"]),
        ("dana help doc", ["doctor"]),
        ("dana test --junit no", ["notes.txt"]),
        ("dana --colour che", ["check"]),
    ],
)
def test_bash_completes(complete, line, offered) -> None:
    assert complete(line) == offered


def test_all_verbs_at_the_first_word(complete) -> None:
    assert set(VERBS) <= set(complete("dana "))


def test_a_shell_that_dana_does_not_know(shell) -> None:
    done = shell("dana completions csh")
    assert done.returncode == 3
    assert "one of bash, zsh, fish" in done.stderr


OFFERED = [
    ("dana che", ["check"]),
    ("dana fmt --sty", ["--style"]),
    ("dana fmt --style b", ["braces"]),
    ("dana new demo --kind l", ["library"]),
    ("dana completions z", ["zsh"]),
    ("dana poet st", ["status"]),
    ("dana run mai", ["main.na"]),
    ("dana meta rol", ["rollback"]),
]


@pytest.mark.skipif(shutil.which("fish") is None, reason="not run: there is no fish here")
@pytest.mark.parametrize(("line", "offered"), OFFERED)
def test_fish_completes(scripts, tmp_path, line, offered) -> None:
    (tmp_path / "main.na").touch()
    done = subprocess.run(
        ["fish", "--no-config", "-c", f"source {scripts['fish']}; complete -C '{line}'"],
        cwd=tmp_path, capture_output=True, text=True, check=False, env={**os.environ, "HOME": str(tmp_path)},
    )  # fmt: skip
    assert done.stderr == ""
    assert [row.partition("\t")[0] for row in done.stdout.splitlines()] == offered


@pytest.mark.skipif(shutil.which("zsh") is None, reason="not run: there is no zsh here")
def test_zsh_completes(scripts, tmp_path) -> None:
    """On a terminal, with Tab; what the line has become is printed by a function that stands in for the command."""
    import pexpect

    (tmp_path / "main.na").touch()
    (tmp_path / ".zshrc").write_text(
        "autoload -Uz compinit; compinit -u -D\n"
        f"source {scripts['zsh']}\n"
        "PROMPT='ready> '; unsetopt zle_bracketed_paste prompt_sp 2>/dev/null; unset zle_bracketed_paste\n"
        'dana() { print -r -- "<$*>" }\n'
    )
    io = pexpect.spawn(
        "zsh", ["-i"], cwd=str(tmp_path), encoding="utf-8", timeout=20,
        env={**os.environ, "HOME": str(tmp_path), "ZDOTDIR": str(tmp_path), "TERM": "dumb"},
    )  # fmt: skip
    try:
        io.expect_exact("ready> ")
        for line, offered in OFFERED:
            io.send(line + "\t")
            io.send("\r")
            words = [*line.split(" ")[1:-1], offered[0]]
            io.expect_exact(f"<{' '.join(words)}>")
            io.expect_exact("ready> ")
    finally:
        io.close(force=True)
