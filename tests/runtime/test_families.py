"""What programs find without importing it: every family makes what it promises, and is added when asked for."""

from __future__ import annotations

import pytest

from dana.runtime.families import FAMILIES, HOME
from dana.runtime.program import Program


def code(text: str):
    return compile(text, "main.na", "exec")


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.__name__)
def test_a_family_makes_what_it_promises(family):
    assert set(family(Program())) == set(FAMILIES[family].split())


def test_every_name_has_one_home_that_is_not_the_core():
    assert len(HOME) == sum(len(names.split()) for names in FAMILIES.values())
    assert not set(HOME) & set(Program().table)


def test_a_module_finds_what_its_code_names_also_in_functions_and_classes():
    program = Program()
    program.module("__main__", "main.na", code("def f():\n    class C:\n        x = lambda: pow(2, 3)\n"))
    assert "pow" in program.table
    assert "sum" not in program.table


def test_a_module_without_code_and_a_host_find_everything():
    for program in (Program(), Program()):
        assert "sum" not in program.table
    program.module("__main__", "main.na")
    assert set(HOME) <= set(program.table)
    assert set(HOME) <= set(Program().builtins)


def test_what_a_host_has_put_there_stays():
    program = Program()
    program.table["poet"] = program
    program.module("__main__", "main.na", code("poet; llm"))
    assert program.builtins["poet"] is program
    assert callable(program.table["llm"])


def test_a_family_is_made_once():
    program = Program()
    program.module("__main__", "main.na", code("list"))
    first = program.table["list"]
    assert program.builtins["list"] is first
    assert program.table["type"]([]) is first


def test_unknown_parts_of_a_program_do_not_exist():
    with pytest.raises(AttributeError):
        Program().nothing  # noqa: B018
