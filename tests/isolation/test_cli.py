"""`dana run --isolate`, and what `dana doctor` says of walls."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest

from dana.cli import main

HOME = Path(__file__).parents[2]


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


def test_a_worker_needs_no_package_but_dana():
    """What `make run` builds has none; a part of Dana whose package is missing must not keep the worker from starting."""
    boot = f"import sys; sys.path.append({str(HOME)!r})\nfrom dana.isolation.worker import _warm_up; _warm_up()"
    done = subprocess.run([sys.executable, "-I", "-S", "-B", "-c", boot], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
