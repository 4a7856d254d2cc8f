"""What a test block is to the checker, and what it becomes."""

from __future__ import annotations

import ast

from dana.checker import check
from dana.lowering import lower
from dana.parser import parse
from dana.source import Source

TEXT = """\
def f(n):
    return n + 1

test "adds":
    y = f(1)
    assert y == 2 and f(y) == 3, "oh"
"""


def shown(text: str, *, tests: bool) -> str:
    return ast.unparse(ast.fix_missing_locations(lower(check(parse(Source("a.na", text))), tests=tests)))


def findings(text: str) -> list[tuple[int, str]]:
    return [(d.line, d.code) for d in check(parse(Source("a.na", text))).diagnostics]


def test_a_test_becomes_a_function_behind_a_guard_and_its_assertions_tell() -> None:
    assert shown(TEXT, tests=True).endswith(
        """\
if .test == 0:

    @.testing
    def test "adds"():
        y = f(1)
        assert (.1 := y) == 2, .told('==', .1, 2, 'oh', ())
        assert (.2 := f(y)) == 3, .told('==', .2, 3, 'oh', ('f', 'y'))"""
    )


def test_without_tests_nothing_of_it_is_left() -> None:
    assert "test" not in shown(TEXT, tests=False)
    assert ".told" not in shown(TEXT, tests=False)


def test_positions_are_kept() -> None:
    tree = lower(check(parse(Source("a.na", TEXT))), tests=True)
    lines = {node.lineno for node in ast.walk(tree) if isinstance(node, ast.Assert)}
    assert lines == {6}
    compile(tree, "a.na", "exec")


def test_what_a_test_binds_is_unknown_outside() -> None:
    assert findings('test "t":\n    inner = 1\nprint(inner)\n') == [(3, "E201")]


def test_the_types_of_a_test_do_not_reach_the_module() -> None:
    assert findings('x = 1\ntest "t":\n    x = "a"\nprint(x + 1)\n') == []


def test_a_test_is_checked_like_any_function() -> None:
    assert findings('def f(n: int):\n    return n\ntest "t":\n    f("a")\n    f(totl)\n') == [
        (4, "E301"),
        (5, "E201"),
    ]


def test_a_test_inside_a_block_is_warned_about() -> None:
    assert findings('if true:\n    test "t":\n        pass\n') == [(2, "W403")]
    assert findings('def f():\n    test "t":\n        pass\n') == [(2, "W403")]


def test_walrus_and_captures_in_a_test_are_its_own() -> None:
    assert findings('test "t":\n    if (n := 2) > 1:\n        pass\nprint(n)\n') == [(4, "E201")]
