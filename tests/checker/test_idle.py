"""Statements that do nothing (W307)."""

from __future__ import annotations

import pytest

import dana

LONE = ["timeout(1)\nx = 1\n", "def f(n):\n    timeout(n)\n    return 1\n", "if 1:\n    timeout(1)\n    x = 2\n"]
NOT_LONE = [
    "with timeout(1): x = 1\n",
    "t = timeout(1)\nwith t: x = 1\n",
    "def limit(n):\n    timeout(n)\nwith limit(1): x = 1\n",
    "def f(n):\n    n\n    timeout(n)\n",
]


@pytest.mark.parametrize("text", LONE)
def test_a_deadline_that_others_follow_limits_nothing(text: str) -> None:
    (found,) = dana.Engine().check(text)
    assert found.code == "W307"
    assert found.hint.startswith("`with timeout(")


@pytest.mark.parametrize("text", NOT_LONE)
def test_a_deadline_that_is_used_or_handed_on(text: str) -> None:
    assert dana.Engine().check(text) == []


def test_a_function_of_that_name_is_the_programs_own() -> None:
    found = dana.Engine().check("def timeout(n): return n\ntimeout(1)\nx = 1\n")
    assert [d.code for d in found] == ["W201"]
