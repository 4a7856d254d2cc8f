"""pytest collects `.na` tests with the plug-in."""

from __future__ import annotations

import subprocess
import sys

from tests.testing.conftest import clean_environment


def pytest_run(folder, *words: str) -> subprocess.CompletedProcess[str]:
    plugin = ["-p", "dana.testing.pytest_plugin", "-p", "no:dana", "-p", "no:cacheprovider"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plugin, *words],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_test_blocks_and_test_programs_are_items(write, tmp_path) -> None:
    write("a.na", 'test "adds":\n    assert 1 + 1 == 2\ntest "breaks":\n    print("hello")\n    assert [1] == [2]\n')
    write("test_b.na", "print(1)  # expect: 1\n")
    write("plain.na", "x = 1\n")
    write("test_c.py", "def test_python():\n    assert True\n")
    done = pytest_run(tmp_path, "-v")
    assert done.returncode == 1
    assert "a.na::adds PASSED" in done.stdout
    assert "test_b.na::the whole program PASSED" in done.stdout
    assert "1 failed, 3 passed" in done.stdout
    assert "[0]: got 1, expected 2" in done.stdout
    assert "hello" in done.stdout
    assert "Traceback" not in done.stdout


def test_a_file_that_does_not_compile_is_a_collection_error(write, tmp_path) -> None:
    write("a.na", 'test "t":\n    assert totl == 1\n')
    done = pytest_run(tmp_path)
    assert done.returncode == 2
    assert "E201" in done.stdout


def test_collecting_can_be_switched_off(write, tmp_path) -> None:
    write("a.na", 'test "t":\n    assert false\n')
    write("pytest.ini", "[pytest]\ndana_tests = false\n")
    assert pytest_run(tmp_path).returncode == 5


def test_snapshots_are_written_and_updated(write, tmp_path) -> None:
    text = 'from testing import snapshot\ntest "t":\n    snapshot("one")\n'
    write("a.na", text)
    assert pytest_run(tmp_path).returncode == 0
    write("a.na", text.replace("one", "two"))
    assert pytest_run(tmp_path).returncode == 1
    assert pytest_run(tmp_path, "--dana-update-snapshots").returncode == 0
    assert pytest_run(tmp_path).returncode == 0


def test_the_plug_in_is_announced_to_pytest() -> None:
    import tomllib

    from tests.testing.conftest import ROOT

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["entry-points"]["pytest11"] == {"dana": "dana.testing.pytest_plugin"}
