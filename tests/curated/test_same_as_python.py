"""Texts that are Dana and Python at once say the same in both (`expressions.txt`)."""

from __future__ import annotations

from pathlib import Path

import pytest

import dana

LINES = Path(__file__).with_name("expressions.txt").read_text(encoding="utf-8").splitlines()
IMPORTS = [line for line in LINES if line.startswith(("import ", "from "))]
EXPRESSIONS = [line for line in LINES if line not in IMPORTS]
PRINTED = []


@pytest.fixture(name="spoken", scope="module")
def in_dana():
    text = "\n".join([*IMPORTS, "said = []", *(f"said.append(repr(({line})))" for line in EXPRESSIONS), "said"])
    return dana.Engine(cache=False).eval(text)


@pytest.fixture(name="scope", scope="module")
def of_python():
    scope = {}
    exec("\n".join(IMPORTS), scope)
    return scope


@pytest.mark.parametrize("number", range(len(EXPRESSIONS)), ids=lambda n: EXPRESSIONS[n][:60])
def test_the_same(number, spoken, scope):
    assert spoken[number] == repr(eval(EXPRESSIONS[number], scope))


def test_there_are_hundreds():
    assert sum(line.count("(") for line in EXPRESSIONS) > 500
