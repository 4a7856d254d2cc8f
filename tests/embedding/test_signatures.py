"""What Python sees of the functions of a program, and of `Limits`, `Allow` and `Deny`, before it calls them."""

from __future__ import annotations

import inspect

import pytest

import dana

PROGRAM = """
def f(a: int, b: str = "x", *rest: float, c=1, **more) -> list[int]: return [a]
def g(x): return x
struct P:
    n: int
def (p: P) add(k: int) -> int: return p.n + k
def made(): return P(1)
h = lambda q: q
"""


def test_functions_show_what_they_declare() -> None:
    module = dana.Engine().load(PROGRAM, name="m")
    shown = inspect.signature(module.f)
    assert list(shown.parameters) == ["a", "b", "rest", "c", "more"]
    anything = inspect.Parameter.empty
    assert [p.annotation for p in shown.parameters.values()] == [int, str, float, anything, anything]
    assert [p.default for p in shown.parameters.values()][1] is ...
    assert shown.parameters["c"].kind is inspect.Parameter.KEYWORD_ONLY
    assert shown.return_annotation == "list[int]"
    assert str(inspect.signature(module.g)) == "(x)"
    assert str(inspect.signature(module.made().add)) == "(k: int) -> int"


def test_what_is_not_known_may_be_given_anything() -> None:
    module = dana.Engine().load(PROGRAM, name="m")
    assert [p.kind for p in inspect.signature(module.h).parameters.values()] == [
        inspect.Parameter.VAR_POSITIONAL,
        inspect.Parameter.VAR_KEYWORD,
    ]


@pytest.mark.parametrize("cls", [dana.Limits, dana.Allow, dana.Deny])
def test_only_the_names_there_are_can_be_given(cls: type) -> None:
    *names, rest = inspect.signature(cls).parameters.values()
    assert all(p.kind is inspect.Parameter.KEYWORD_ONLY and p.annotation != "Any" for p in names)
    assert rest.annotation == "Never"  # a type checker refuses what `UsageError` refuses
