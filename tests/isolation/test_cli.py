"""`dana run --isolate`, and what `dana doctor` says of walls."""

from __future__ import annotations

import io

import pytest

from dana.cli import main


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_file_runs_isolated(folder, capsys):
    (folder / "shop.na").write_text("def price() -> int:\n    return 5\n")
    (folder / "main.na").write_text("import shop\ndef __main__(n: int):\n    print('total', n * shop.price())\n")
    assert main(["run", "--isolate", "main.na", "n=3"]) == 0
    assert capsys.readouterr().out == "total 15\n"


def test_code_input_and_status(folder, capsys, monkeypatch):
    assert main(["--isolate", "-e", "6 * 7"]) == 0
    assert capsys.readouterr().out == "42\n"
    assert main(["run", "--isolate", "-e", "exit(3)"]) == 3
    monkeypatch.setattr("sys.stdin", io.StringIO("Ann\n"))
    assert main(["run", "--isolate", "-e", "input('')"]) == 0
    assert capsys.readouterr().out == "Ann\n"


def test_what_is_isolated_has_limits(folder, capsys):
    assert main(["run", "--isolate", "--time", "200ms", "-e", "while true:\n    pass"]) != 0
    assert "E702" in capsys.readouterr().err


def test_an_error_looks_the_same(folder, capsys):
    (folder / "main.na").write_text("def f(n):\n    return 1 / n\nf(0)\n")
    assert main(["main.na"]) == 1
    plain = capsys.readouterr().err
    assert main(["run", "--isolate", "main.na"]) == 1
    assert capsys.readouterr().err == plain


def test_doctor_tells_of_the_walls(folder, capsys):
    main(["doctor"])
    line = next(line for line in capsys.readouterr().out.splitlines() if " isolation " in line)
    assert "walls stand around a worker" in line
