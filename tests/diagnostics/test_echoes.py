"""One mistake is told once: cascades of programs people write by accident."""

from __future__ import annotations

import pytest

from dana.source import Source
from tests.diagnostics.shown import engine

PROGRAMS = [
    ("switch x:\n    case 1: print(1)\n    case 2: print(2)\n", ["E130"]),
    ("match 3\n    case 1: print(1)\n    case 2: print(2)\n", ["E103"]),
    ("try:\n    x = 1\ncatch ValueError as e:\n    pass\n", ["E130"]),
    ("def f(n):\n\tif n:\n        return 1\n\treturn 2\n", ["E111"]),
    ("let x = 5;\nprint(x)\n", ["E130"]),
    ("d = {'a': 1, 'b': 2\nprint(d['a'])\nfor k in d:\n    print(k)\n", ["E105"]),
    ("def total(items)\n    s = 0\n    for i in items:\n        s += i\n    return s\n", ["E103"]),
    ("for i in range(3)\nprint(i)\n", ["E103"]),
    ("private:count = 1\nprint(private.count)\n", ["E128"]),
    ("def f():\n    return 1\n  return 2\n", ["E112"]),
    ("switch x:\n    print(1)\nn = 1\nelse:\n    print(2)\n", ["E130", "E132"]),
    ("import json\nprint(jsn.loads('1'), jsn.dumps(2))\n", ["E201"]),
    ("struct P:\n    x: in\n\np = P(x=1)\nprint(p.x + 1)\n", ["E129"]),
]


@pytest.mark.parametrize(("text", "codes"), PROGRAMS, ids=[p[0][:24] for p in PROGRAMS])
def test_one_mistake_is_told_once(text, codes):
    assert [d.code for d in engine().check(Source("main.na", text))] == codes
