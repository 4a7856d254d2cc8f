"""What is loaded when: importing `dana`, and running a program that is cached."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

# What Python itself loads, and never what any part of Dana asked for.
HEAVY = {
    "argparse", "ast", "asyncio", "collections", "contextlib", "dataclasses", "enum", "functools", "inspect", "json",
    "lark", "logging", "pathlib", "random", "re", "socket", "subprocess", "tempfile", "threading", "tokenize", "traceback",
    "typing", "dana.ast", "dana.ast.nodes", "dana.checker", "dana.cli", "dana.lowering", "dana.parser",
}  # fmt: skip

REPORT = "import sys; before = set(sys.modules); {act}; print(*sorted(set(sys.modules) - before))"


def loaded(act: str, cwd) -> set[str]:
    # -S keeps the packages of this environment that load modules at every start out of the picture.
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    command = [sys.executable, "-S", "-c", REPORT.format(act=act)]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, text=True, check=True)
    return set(done.stdout.splitlines()[-1].split())


def test_importing_dana_loads_next_to_nothing(tmp_path) -> None:
    found = loaded("import dana", tmp_path)
    assert found == {"__future__", "dana", "dana.abi"}


@pytest.fixture
def hello(tmp_path):
    path = tmp_path / "hello.na"
    path.write_text('print("Hello")\n', encoding="utf-8")
    act = f"from dana.__main__ import main; main([{str(path)!r}])"
    loaded(act, tmp_path)
    return act


def test_a_cached_program_loads_no_compiler_and_nothing_heavy(hello, tmp_path) -> None:
    assert loaded(hello, tmp_path) & HEAVY == set()


def test_a_cached_program_loads_exactly_these_parts_of_dana(hello, tmp_path) -> None:
    found = {name for name in loaded(hello, tmp_path) if name.split(".")[0] == "dana"}
    assert found == {
        "dana", "dana.__main__", "dana.abi", "dana.compiler", "dana.compiler.cache", "dana.engine", "dana.engine.engine",
        "dana.engine.fastpath", "dana.engine.limits", "dana.engine.loader", "dana.recursion", "dana.runtime",
        "dana.runtime.families", "dana.runtime.meter", "dana.runtime.modules", "dana.runtime.program",
        "dana.runtime.stops", "dana.source",
    }  # fmt: skip


def test_a_program_loads_what_its_names_ask_for_and_no_more(tmp_path) -> None:
    path = tmp_path / "loops.na"
    path.write_text("def f(x):\n    return sum([y * y for y in x])\nprint(f([1, 2]))\n", encoding="utf-8")
    act = f"from dana.__main__ import main; main([{str(path)!r}])"
    loaded(act, tmp_path)
    found = loaded(act, tmp_path)
    assert "dana.runtime.spans" in found
    assert not {n for n in found if n in ("dana.errors", "dana.runtime.typevalues", "dana.runtime.structs")}
