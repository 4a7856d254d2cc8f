"""`stdlib/process.na`: variables that were granted, programs that were granted, and their end."""

from __future__ import annotations

import os
import sys
import time
from time import monotonic

import pytest

import dana
from dana.engine import Engine, Limits

PYTHON = sys.executable
GRANTED = dana.Allow(run=[PYTHON, "echo", "cat", "env", "sh", "sleep"], env=["DANA_TEST_*"])


def run(text: str, allow=GRANTED, **options) -> str:
    printed: list[str] = []
    Engine(on_print=printed.append, allow=allow, cache=False, **options).run("import process\n" + text)
    return "".join(printed)


def fault(text: str, allow=GRANTED, **options):
    with pytest.raises(dana.DanaError) as caught:
        run(text, allow, **options)
    return caught.value.diagnostics[0]


def python(code: str, *more: str) -> str:
    """A call of `process.run` that runs some Python."""
    return f"process.run({', '.join([repr(PYTHON), repr('-c'), repr(code), *more])})"


@pytest.fixture(autouse=True)
def variables(monkeypatch):
    monkeypatch.setenv("DANA_TEST_NAME", "Ann")
    monkeypatch.setenv("SECRET_KEY", "SECRET")


def test_variables_that_were_granted(variables):
    assert run('print(process.env("DANA_TEST_NAME"), process.env("DANA_TEST_X"), process.env("DANA_TEST_X", "d"))') == (
        "Ann None d\n"
    )
    assert fault('process.env("SECRET_KEY")').code == "E513"
    assert fault('process.env("DANA_TEST_=X")').code == "E539"


def test_a_program_gets_its_arguments_as_they_are():
    assert run('print(process.run("echo", "a b", "$HOME;*", 3))') == (
        "Finished(status=0, ok=True, output='a b $HOME;* 3\\n', errors='')\n"
    )
    assert run('print(process.run("cat", stdin="hällo").output)') == "hällo\n"
    assert run('print(repr(process.run("cat").output))') == "''\n"
    assert run("print(" + python("import sys; print('oops', file=sys.stderr); sys.exit(3)") + ")") == (
        "Finished(status=3, ok=False, output='', errors='oops\\n')\n"
    )


def test_a_started_program_finds_no_variable_that_was_not_granted():
    found = dict(line.split("=", 1) for line in run('print(process.run("env").output)').split("\n") if "=" in line)
    assert found["DANA_TEST_NAME"] == "Ann"
    assert "SECRET_KEY" not in found
    assert "PATH" in found


def test_only_granted_programs_start():
    for name in ("ls", "/bin/echo", "./echo", "../bin/sh"):
        assert fault(f'process.run("{name}")').code == "E514"
    assert fault('process.run("no-such-program")', dana.Allow(run=True)).code == "E539"
    assert fault('process.run("echo", "a\\0b")').code == "E539"
    assert fault('process.run("echo", {})').code == "E539"
    assert fault('process.run("echo")', dana.Allow()).code == "E514"


def test_the_current_folder_is_not_searched(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").write_text("#!/bin/sh\necho mine\n")
    (tmp_path / "mine").chmod(0o755)
    assert fault('process.run("mine")', dana.Allow(run=True)).code == "E539"
    assert run('print(process.run("./mine").output)', dana.Allow(run=True)) == "mine\n\n"


def ended(path) -> bool:
    """Whether the process that wrote its number there has gone; the system takes a moment to kill it."""
    end = time.monotonic() + 5
    while not has_gone(path) and time.monotonic() < end:
        time.sleep(0.01)
    return has_gone(path)


def has_gone(path) -> bool:
    try:
        os.kill(int(path.read_text()), 0)
    except ProcessLookupError:
        return True
    with open(f"/proc/{path.read_text().strip()}/stat") as stream:  # killed, and nobody has asked how it ended
        return stream.read().split()[2] == "Z"


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("RUN", "E539"),
        ("with timeout(0.15):\n    RUN", "E706"),
    ],
)
def test_a_program_and_what_it_started_end_with_the_time_limit(tmp_path, program, code):
    pid = tmp_path / "pid"
    script = f"sleep 100 & echo $! > {pid}; sleep 100"
    call = f'process.run("sh", "-c", "{script}", timeout={0.15 if code == "E539" else 60})'
    begun = monotonic()
    assert fault(program.replace("RUN", call)).code == code
    assert monotonic() - begun < 5
    assert ended(pid)


def test_a_program_ends_with_the_dana_program():
    begun = monotonic()
    assert fault('process.run("sleep", 100)', limits=Limits(wall_s=0.1)).code == "E702"
    assert monotonic() - begun < 5


def test_output_is_bounded():
    begun = monotonic()
    assert fault('process.run("cat", "/dev/zero", max_bytes=1000000)').code == "E532"
    assert monotonic() - begun < 5
    assert run('print(len(process.run("echo", "abc", max_bytes=4).output))') == "4\n"


def test_a_program_that_ignores_its_input_is_no_error():
    assert run('print(process.run("echo", "x", stdin="y" * 1000000).output)') == "x\n\n"


def test_descriptors_are_not_inherited():
    code = "import os; print(sorted(int(n) for n in os.listdir('/proc/self/fd'))[:-1])"
    if os.path.isdir("/proc/self/fd"):
        with open(__file__) as held:
            os.set_inheritable(held.fileno(), True)
            assert run("print(" + python(code) + ".output)") == "[0, 1, 2]\n\n"
