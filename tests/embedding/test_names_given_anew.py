"""A type in a session under a name that something else had before, or the host gave a value (L28)."""

from __future__ import annotations

from typing import Any

import pytest

import dana

CASES: dict[str, tuple[list[str], Any]] = {
    "a value of the host": (["struct S:\n    x: int\nS(1).x"], 1),
    "read before": (["S", "struct S:\n    x: int\nS(1).x"], 1),
    "a function": (["def S(): return 1", "struct S:\n    x: int\nS(1).x"], 1),
    "another struct": (["struct S:\n    x: int\n", "struct S:\n    y: int = 2\nS().y"], 2),
    "a struct with values": (["struct S:\n    x: int\ns = S(1)", "struct S:\n    y: int\ns.x + S(2).y"], 3),
    "an exception": (["struct S(Exception):\n    x: int\n", "struct S:\n    y: int\nS(2).y"], 2),
    "a module": (["import math", "struct math:\n    x: int\nmath(1).x"], 1),
    "back to a function": (["struct S:\n    x: int\n", "def S(): return 7", "S()"], 7),
    "in a function": (["def f():\n    struct S:\n        x: int\n    return S(3).x\nf()"], 3),
    "with methods": (["struct S:\n    x: int\ndef (s: S) g(): return s.x\nS(4).g()"], 4),
    "an alias": (["type S = int\nx: S = 1\nx"], 1),
}


@pytest.mark.parametrize("level", ["confine", "process"])
def test_a_type_takes_the_place_of_what_had_its_name(level: str) -> None:
    options: dict[str, Any] = {"isolate": "process"} if level == "process" else {}
    with dana.Engine(**options) as engine:
        for name, (entries, expected) in CASES.items():
            session = engine.session()
            session["S"] = 5
            assert [session.run(entry) for entry in entries][-1] == expected, name
