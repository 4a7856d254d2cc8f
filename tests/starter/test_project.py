"""`dana run` without a file runs the entry of the project around."""

from __future__ import annotations

import pytest

GOOD = 'name = "demo"\nversion = "0.1.0"\nentry = "main.na"\n'


@pytest.fixture
def project(tmp_path):
    (tmp_path / "dana.toml").write_text(GOOD, encoding="utf-8")
    (tmp_path / "main.na").write_text("def __main__(n: int = 1):\n    print(n + 1)\n", encoding="utf-8")
    (tmp_path / "deep" / "er").mkdir(parents=True)
    return tmp_path


def test_the_entry_runs_with_and_without_arguments(project, shell) -> None:
    assert shell("dana run").stdout == "2\n"
    assert shell("dana run n=41").stdout == "42\n"
    assert shell("dana run --steps 1000 n=41").stdout == "42\n"


def test_the_project_is_found_from_a_folder_below(project, shell) -> None:
    assert shell("dana run", "deep/er").stdout == "2\n"


def test_a_pipe_is_still_a_program_where_no_project_is_meant(project, shell) -> None:
    assert shell("echo 'print(7)' | dana").stdout == "7\n"
    assert shell("echo 'print(7)' | dana run -").stdout == "7\n"


def test_without_a_project_a_pipe_is_the_program(tmp_path, shell) -> None:
    assert shell("echo 'print(7)' | dana run").stdout == "7\n"


def test_an_error_in_the_entry_names_it(project, shell) -> None:
    (project / "main.na").write_text("print(totl)\n", encoding="utf-8")
    assert "main.na:1:7" in shell("dana run", "deep/er").stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (GOOD + 'entri = "x.na"\n', "unknown key `entri`\n  = help: did you mean entry?"),
        (GOOD + "[limits]\nsteps = 5\n", "unknown key `limits`\n  = help: there are name, version, entry"),
        (GOOD.replace('"main.na"', "5"), "`entry` in dana.toml must be a text"),
        (GOOD.replace('"main.na"', '""'), "`entry` in dana.toml must be a text"),
        (GOOD.replace('"main.na"', '"/etc/main.na"'), "not below the project"),
        (GOOD.replace('"main.na"', '"../main.na"'), "not below the project"),
        (GOOD.replace('"main.na"', '"mian.na"'), "did you mean main.na?"),
        (GOOD.replace('entry = "main.na"\n', ""), "has no program to run"),
        (GOOD.replace('name = "demo"\n', ""), "has no `name`"),
        (GOOD.replace('version = "0.1.0"\n', ""), "has no `version`"),
        (GOOD + "name = 'again'\n", "is not TOML"),
        ("name = \n", "is not TOML"),
        (GOOD + "[host]\nname = ['f']\n", "unknown key `host.name`\n  = help: did you mean host.names?"),
        (GOOD + "[host]\nnames = 'f'\n", "`host.names` in dana.toml must be a list of names"),
        (GOOD + "[host]\ndomains = ['a b']\n", "`host.domains` in dana.toml must be a list of names"),
        (GOOD + "host = 3\n", "`host` in dana.toml must be a table"),
    ],
)
def test_what_is_wrong_with_dana_toml_is_said(project, shell, text, said) -> None:
    (project / "dana.toml").write_text(text, encoding="utf-8")
    done = shell("dana run")
    assert done.returncode == 3
    assert done.stdout == ""
    assert said in done.stderr


def test_text_that_is_not_utf8_is_said(project, shell) -> None:
    (project / "dana.toml").write_bytes(b'name = "\xff"\n')
    assert "is not TOML" in shell("dana run").stderr


def test_a_file_that_is_named_needs_no_dana_toml(project, shell) -> None:
    (project / "dana.toml").write_text("nonsense", encoding="utf-8")
    assert shell("dana main.na").stdout == "2\n"
    assert shell("dana run main.na").stdout == "2\n"
    assert shell("dana run -e '1 + 1'").stdout == "2\n"
