from __future__ import annotations

import json

import pytest

from dana.catalogue import catalogue


def test_a_clean_file(dana, program) -> None:
    assert dana("check", program("x.na", "print(1)\n")) == (0, "", "1 file: nothing to report\n")


def test_all_findings_of_all_files(dana, program) -> None:
    done = dana("check", program("a.na", "print(one)\nprint(two)\n"), program("b.na", "print(three)\n"))
    assert done.status == 2
    assert done.err.count("error[E201]") == 3
    assert done.err.endswith("2 files: 3 errors\n")


def test_nothing_is_run(dana, program) -> None:
    assert dana("check", program("x.na", 'print("never")\n')).out == ""


def test_a_folder_stands_for_its_programs(dana, program, tmp_path) -> None:
    (tmp_path / "lib").mkdir()
    program("lib/a.na", "x = 1\n")
    program("b.na", "x = 1\n")
    assert dana("check", ".").err == "2 files: nothing to report\n"


def test_findings_as_json(dana, program) -> None:
    done = dana("check", "--json", program("x.na", "total = 1\nprint(totl)\n"))
    (finding,) = json.loads(done.out)
    assert done.status == 2
    assert done.err == ""
    assert finding["code"] == "E201"
    assert finding["severity"] == "error"
    assert (finding["file"], finding["line"], finding["column"], finding["end_column"]) == ("x.na", 2, 7, 11)
    assert "total" in finding["hint"]


def test_json_of_a_clean_file_is_an_empty_list(dana, program) -> None:
    assert json.loads(dana("check", "--json", program("x.na", "x = 1\n")).out) == []


def test_stdin_is_checked(dana) -> None:
    done = dana("check", "-", stdin=b"print(totl)")
    assert done.status == 2
    assert "<stdin>:1:7" in done.err


@pytest.mark.parametrize("code", sorted(catalogue()))
def test_every_code_is_explained(dana, code) -> None:
    done = dana("explain", code.lower())
    assert done.status == 0
    assert done.out.startswith(f"{code}: {catalogue()[code].title}\n")


def test_an_unknown_code_is_a_usage_error(dana) -> None:
    done = dana("explain", "E9999")
    assert done.status == 3
    assert "E906" in done.err


@pytest.mark.parametrize("verb", ["tokens", "tree", "ast", "lower"])
def test_every_step_of_the_compiler_can_be_seen(dana, program, verb) -> None:
    done = dana(verb, program("x.na", "def f(n: int) -> int:\n    return n + 1\n\nprint(f(1))\n"))
    assert done.status == 0
    assert done.err == ""
    assert len(done.out.splitlines()) > 3


@pytest.mark.parametrize("verb", ["tokens", "tree", "ast", "lower"])
def test_a_broken_program_is_reported_by_every_step(dana, verb) -> None:
    done = dana(verb, "-e", "def f(:\n")
    assert done.status == 2
    assert "error[E1" in done.err


def test_lower_shows_python(dana) -> None:
    assert "x = 1 + 2" in dana("lower", "-e", "x = 1 + 2").out


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[allow\n", "is not TOML"),
        ('name = "x"\nversion = "1"\nentri = "a.na"\n', "unknown key `entri`"),
        ('name = "x"\nversion = "1"\n[allow]\nnet = ["a//b"]\n', "is no host to grant"),
    ],
)
def test_a_broken_project_file_is_found(dana, program, text, said) -> None:
    program("dana.toml", text)
    done = dana("check", program("a.na", "x = 1\n"))
    assert done.status == 2
    assert "error[E915]" in done.err
    assert said in done.err


GIVEN = 'name = "x"\nversion = "1"\n[host]\nnames = ["crm.lookup"]\ndomains = ["wine"]\n'
USES = '@poet(domain="wine")\ndef f(n: int) -> any:\n    return crm.lookup(n)\n'


def test_what_a_host_gives_is_known_where_the_project_says_so(dana, program) -> None:
    rules = program("rules.na", USES)
    assert dana("check", rules).status == 2
    program("dana.toml", GIVEN)
    assert dana("check", rules).status == 0
    done = dana("check", program("wrong.na", USES.replace("lookup", "lokup")))
    assert "lokup" in done.err
    assert dana("check", program("other.na", USES.replace("wine", "beer"))).status == 2


def test_plugins_beside_a_program_are_known(dana, program, tmp_path) -> None:
    (tmp_path / "deep" / ".poet" / "plugins").mkdir(parents=True)
    (tmp_path / "deep" / ".poet" / "plugins" / "wine.na").write_text("def perceive(arguments):\n    return {}\n")
    (tmp_path / "deep" / "f.na").write_text('@poet(domain="wine")\ndef f(n: int) -> int:\n    return n\n')
    assert dana("check", str(tmp_path / "deep" / "f.na")).status == 0


def test_all_examples_are_clean(dana) -> None:
    from tests.repl.talking import ROOT

    done = dana("check", str(ROOT / "examples"))
    assert "nothing to report" in done.err
