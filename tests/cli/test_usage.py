from __future__ import annotations

import pytest

from dana.abi import VERSION
from dana.cli import VERBS
from dana.cli.help import text
from dana.cli.inputs import COMMANDS
from dana.cli.options import TABLE


def test_the_version(dana) -> None:
    for words in (["--version"], ["-V"], ["version"], ["run", "--version"]):
        done = dana(*words)
        assert done.status == 0
        assert done.out.startswith(f"dana {VERSION} (Python 3.")


def test_help_of_the_command(dana) -> None:
    for words in (["--help"], ["-h"], ["help"]):
        assert dana(*words) == (0, text("help"), "")


@pytest.mark.parametrize("verb", sorted(VERBS))
def test_help_of_every_verb(dana, verb) -> None:
    shown = dana(verb, "--help")
    assert shown.status == 0
    assert "usage:" in shown.out
    assert dana("help", verb).out == shown.out


@pytest.mark.parametrize("spelling", [s for s in TABLE if s not in ("-h", "-V", "--color", "--no-color")])
def test_every_option_is_in_the_help(spelling) -> None:
    everything = "".join(text(verb) for verb in VERBS)
    assert spelling in everything


def test_the_names_offered_are_the_verbs() -> None:
    assert set(COMMANDS) == set(VERBS)


@pytest.mark.parametrize(
    ("words", "code", "hint"),
    [
        (["--stpes", "5", "x.na"], "E901", "did you mean --steps?"),
        (["--allow-raed=.", "x.na"], "E901", "did you mean --allow-read?"),
        (["--permit-everything", "x.na"], "E901", "`dana run --help` lists the options"),
        (["--allow-read=", "x.na"], "E904", "what is meant, joined by commas"),
        (["--json", "x.na"], "E901", "`dana check` or"),
        (["check", "--steps", "5", "x.na"], "E901", "it belongs to `dana repl` or `dana run`"),
        (["-e", "1", "--allow-net=a//b"], "E904", "--allow-net: 'a//b' is no host"),
        (["--steps", "many", "x.na"], "E904", "a whole number above 0"),
        (["--steps", "0", "x.na"], "E904", "a whole number above 0"),
        (["--time", "-1", "x.na"], "E904", "seconds"),
        (["x.na", "--steps"], "E904", "a whole number above 0"),
        (["--no-cache=1", "x.na"], "E904", "write --no-cache alone"),
        (["-e"], "E904", "a Dana program"),
        (["missing.na"], "E902", ""),
        (["mian.na"], "E902", "did you mean main.na?"),
        (["main"], "E902", "did you mean main.na?"),
        (["chekc", "main.na"], "E902", "did you mean `dana check`?"),
        (["folder"], "E902", "name a file in it"),
        (["main.na", "surplus"], "E905", "by name"),
        (["main.na", "a=1", "a=2"], "E905", ""),
        (["main.na", "a=@missing.txt"], "E902", ""),
        (["main.na", "a=@binary.txt"], "E903", "save the file as UTF-8"),
        (["check", "missing.na"], "E902", ""),
        (["explain"], "E905", "dana explain E201"),
    ],
)
def test_a_wrong_command_line_says_what_is_wrong(dana, program, tmp_path, words, code, hint) -> None:
    program("main.na", "print(1)\n")
    (tmp_path / "folder").mkdir()
    (tmp_path / "binary.txt").write_bytes(b"print(1)\n\xff\xfe\n")
    done = dana(*words)
    assert done.status == 3
    assert done.out == ""
    assert f"error[{code}]" in done.err
    assert hint in done.err


def test_colour_only_where_it_is_wanted(dana, program, monkeypatch) -> None:
    name = program("x.na", "print(totl)\n")
    assert "\x1b[" not in dana(name).err
    assert "\x1b[" in dana("--colour", name).err
    assert "\x1b[" not in dana("--colour", "--no-color", name).err


def test_colour_on_a_terminal_obeys_no_color(dana, program, monkeypatch) -> None:
    import sys

    name = program("x.na", "print(totl)\n")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert "\x1b[" in dana(name).err
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[" not in dana(name).err


def test_words_after_two_dashes_are_no_options(dana, program) -> None:
    assert dana("--", program("x.na", "print(1)\n")).out == "1\n"


def test_help_about_no_command_names_the_one_that_is_meant(dana) -> None:
    done = dana("help", "chek")
    assert (done.status, done.out) == (3, "")
    assert "did you mean `dana help check`?" in done.err
    assert dana("help", "check").status == 0
