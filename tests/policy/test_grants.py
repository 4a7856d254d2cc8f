"""Flags, questions, and what a project asks for: who runs a program decides, and only then."""

from __future__ import annotations

import json
import os
import stat

import pytest

PROGRAM = "import shlex.py\nprint(shlex.quote('a b'))\n"
TOML = 'name = "demo"\nversion = "0.1.0"\nentry = "main.na"\n'
ASKS = TOML + '[allow]\npython = ["shlex"]\nread = ["data", "/etc"]\n'


@pytest.fixture
def main(write):
    return write("main.na", PROGRAM)


# --- flags --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "flag", ["--allow-python=shlex", "--allow-python", "-A", "--allow-all", "--allow-python=a,shlex"]
)
def test_a_flag_grants(dana_, main, flag):
    assert dana_(flag, main).out == "'a b'\n"
    assert dana_("run", main, flag).out == "'a b'\n"


@pytest.mark.parametrize(
    "words", [[], ["--allow-python=glob"], ["--allow-read"], ["-A", "--deny-python"], ["-A", "--deny-python=shlex"]]
)
def test_without_the_right_one_it_is_denied(dana_, main, words):
    done = dana_(*words, main)
    assert done.status == 4
    assert "error[E515]" in done.err


def test_flags_add_up(dana_, main):
    assert dana_("--allow-python=glob", "--allow-python=shlex", main).status == 0


def test_a_cached_start_denies_and_grants_likewise(dana_, main, write):
    assert dana_("-A", main).status == 0
    denied = dana_("fast", main)
    assert (denied.status, "E515" in denied.err) == (4, True)
    write("dana.toml", ASKS)
    assert dana_("grant", "--yes").status == 0
    assert dana_("fast", main).out == "'a b'\n"


def test_tests_and_the_prompt_know_the_flags(dana_, write):
    write("test_x.na", PROGRAM)
    assert dana_("test", "test_x.na", "--jobs", "1").status == 1
    assert dana_("test", "test_x.na", "--jobs", "1", "--allow-python=shlex").status == 0


@pytest.mark.parametrize("words", [["--allow-net=a b"], ["--deny-net=https:"]])
def test_what_is_no_host_is_a_wrong_command(dana_, main, words):
    done = dana_(*words, main)
    assert (done.status, "E904" in done.err) == (3, True)


def test_completions_and_help_know_them(dana_):
    for shell in ("bash", "zsh", "fish"):
        script = dana_("completions", shell).out
        assert "allow-read" in script
        assert "grants" in script
    assert "--allow-net" in dana_("help", "run").out
    assert "--revoke" in dana_("help", "grant").out


# --- questions ----------------------------------------------------------------------------------


def test_on_a_terminal_the_user_is_asked(dana_, main):
    done = dana_(main, typed="what?\ny\n")
    assert (done.status, done.out) == (0, "'a b'\n")
    assert "importing the Python module `shlex` is not granted" in done.err
    assert done.err.count("allow it?") == 2


@pytest.mark.parametrize("typed", ["n\n", "", "no\n"])
def test_no_answer_is_a_no(dana_, main, typed):
    assert dana_(main, typed=typed).status == 4


def test_nobody_is_asked_with_no_prompt_or_about_what_is_denied(dana_, main):
    for words in (["--no-prompt"], ["--deny-python"]):
        done = dana_(*words, main, typed="y\n")
        assert (done.status, "allow it?" in done.err) == (4, False)


def test_a_no_is_remembered_and_always_holds_for_the_run(dana_, write):
    loop = "n = 0\nfor i in range(3):\n    try:\n        import {}.py\n    except Denied:\n        n += 1\nprint(n)\n"
    done = dana_(write("no.na", loop.format("glob")), typed="n\n")
    assert (done.out, done.err.count("allow it?")) == ("3\n", 1)
    done = dana_(write("always.na", "import glob.py\nimport glob.py as g\nprint(g)\n"), typed="a\n")
    assert (done.out, done.err.count("allow it?")) == ("<module glob>\n", 1)


# --- projects -----------------------------------------------------------------------------------


def test_a_project_asks_and_the_user_grants(dana_, main, write, tmp_path):
    write("dana.toml", ASKS)
    before = dana_(main)
    assert before.status == 4
    assert "`dana grant` shows what it asks for" in before.err
    shown = dana_("grant", typed="n\n")
    assert shown.status == 1
    assert "shlex" in shown.out
    assert "/etc (outside the project: /etc)" in shown.out
    assert dana_(main).status == 4
    assert dana_("grant", typed="y\n").status == 0
    assert dana_(main).out == "'a b'\n"
    assert dana_("run").out == "'a b'\n"
    place = tmp_path / "state" / "dana" / "grants.json"
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    (entry,) = json.loads(place.read_text()).values()
    assert set(entry) == {"digest", "allow", "when", "dana"}
    listed = dana_("grants").out
    assert "shlex" in listed
    assert entry["when"] in listed
    assert dana_("grant", "--revoke").status == 0
    assert dana_(main).status == 4
    assert dana_("grants").out == "nothing is granted\n"


def test_a_request_that_changed_must_be_granted_again(dana_, main, write):
    write("dana.toml", ASKS)
    dana_("grant", "--yes")
    write("dana.toml", ASKS + 'run = ["git"]\n')
    assert dana_(main).status == 4
    assert "void" in dana_("grants").out
    write("dana.toml", ASKS.replace("demo", "renamed"))
    assert dana_(main).status == 0


def test_a_copy_elsewhere_has_no_grants(dana_, main, write):
    write("dana.toml", ASKS)
    dana_("grant", "--yes")
    write("copy/dana.toml", ASKS)
    assert dana_(write("copy/main.na", PROGRAM)).status == 4
    assert dana_("-e", PROGRAM).status == 4


def test_what_a_project_denies_itself_always_holds(dana_, main, write):
    write("dana.toml", TOML + '[deny]\npython = ["shlex"]\n')
    assert dana_("-A", main).status == 4


def test_a_denial_says_where_its_rule_may_stand(dana_, main, write):
    write("dana.toml", TOML + '[deny]\npython = ["shlex"]\n')
    assert "a rule of --deny-python, of [deny] in dana.toml or of dana.Deny covers it" in dana_("-A", main).err


def test_a_file_that_cannot_be_understood_allows_nothing(dana_, main, write):
    write("dana.toml", ASKS + "[deny]\npyhton = true\n")
    done = dana_("-A", main)
    assert done.status == 4
    assert "nothing is allowed while that is so" in done.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[allow]\nraed = true\n", "did you mean allow.read?"),
        ("[alow]\nread = true\n", "did you mean allow?"),
        ('[allow]\nread = "data"\n', "must be true or a list"),
        ("[allow]\nread = [3]\n", "takes True, False or a list of texts"),
        ('[allow]\nnet = ["a b"]\n', "no host to grant"),
    ],
)
def test_unknown_keys_are_refused_by_name(dana_, write, text, said):
    write("dana.toml", TOML + text)
    done = dana_("grant")
    assert done.status == 3
    assert "error[E915]" in done.err
    assert said in done.err


def test_grants_that_others_could_have_written_do_not_hold(dana_, main, write, tmp_path):
    write("dana.toml", ASKS)
    dana_("grant", "--yes")
    place = tmp_path / "state" / "dana" / "grants.json"
    os.chmod(place, 0o666)
    assert dana_(main).status == 4
    os.chmod(place, 0o600)
    assert dana_(main).status == 0
    place.write_text("[not json")
    assert dana_(main).status == 4


def test_a_request_cannot_draw_on_the_terminal(dana_, write):
    write("dana.toml", TOML + '[allow]\nread = ["a\\u001b[2Jb"]\n')
    assert "\x1b" not in dana_("grant", typed="n\n").out


def test_without_a_terminal_nobody_is_asked_to_grant(dana_, write):
    write("dana.toml", ASKS)
    done = dana_("grant")
    assert (done.status, "--yes" in done.err) == (3, True)


def test_doctor_says_what_is_asked_for(dana_, write):
    write("dana.toml", ASKS)
    write("main.na", "print(1)\n")
    assert "asks for python, read; not granted" in dana_("doctor").out
    dana_("grant", "--yes")
    assert "python, read: granted" in dana_("doctor").out
