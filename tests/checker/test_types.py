"""The algebra of static types: what proves what, joins, names."""

from __future__ import annotations

from itertools import product

import pytest

from dana.checker.signatures import signature, type_text
from dana.checker.types import ANY, BOOL, FLOAT, INT, NEVER, NONE, STR, element, held, join, proves, show, strip, union

POINT = ("struct", "Point", "geo")
SAMPLES = [
    ANY, NEVER, NONE, BOOL, INT, FLOAT, STR, POINT, ("list", INT), ("list", ANY), ("dict", STR, FLOAT), ("set", STR),
    ("tuple", (INT, STR)), ("tuple*", INT), ("lit", ("a", "b")), union((INT, NONE)), ("iterator", INT), ("range",),
]  # fmt: skip


@pytest.mark.parametrize(
    ("static", "declared", "expected"),
    [
        (INT, INT, True),
        (BOOL, INT, True),
        (INT, BOOL, False),
        (INT, FLOAT, False),
        (FLOAT, INT, False),
        (ANY, INT, False),
        (INT, ANY, True),
        (NONE, union((INT, NONE)), True),
        (union((INT, NONE)), INT, False),
        (INT, union((INT, STR)), True),
        (("list", INT), ("list", ANY), True),
        (("list", ANY), ("list", INT), False),
        (("list", BOOL), ("list", INT), True),
        (("tuple", (INT, INT)), ("tuple*", INT), True),
        (("tuple", (INT, STR)), ("tuple", (INT, STR)), True),
        (("tuple", (INT,)), ("tuple", (INT, STR)), False),
        (("lit", ("a",)), ("lit", ("a", "b")), True),
        (("lit", ("a", "c")), ("lit", ("a", "b")), False),
        (("lit", ("a",)), STR, True),
        (STR, ("lit", ("a",)), False),
        (POINT, POINT, True),
        (POINT, ("struct", "Point", "other"), False),
        (POINT, ("interface", "Shape", "geo"), False),
    ],
)
def test_proves(static: tuple, declared: tuple, expected: bool) -> None:  # type: ignore[type-arg]
    """A check is left out only when every value of the static type passes it untouched."""
    assert proves(static, declared) is expected


@pytest.mark.parametrize(("a", "b"), list(product(SAMPLES, SAMPLES)))
def test_join_is_an_upper_bound(a: tuple, b: tuple) -> None:  # type: ignore[type-arg]
    """What proves a type on one side of a join is proven by neither side losing anything."""
    joined = join(a, b)
    assert joined == join(b, a)
    assert joined is ANY or joined == ANY or (proves(a, joined) and proves(b, joined)) or "iterator" in repr(joined)


@pytest.mark.parametrize("t", SAMPLES)
def test_join_with_itself_changes_nothing(t: tuple) -> None:  # type: ignore[type-arg]
    """join(t, t) == t."""
    assert join(t, t) == t


def test_strip_drops_element_claims_only() -> None:
    """A container others can reach keeps its kind."""
    assert strip(("list", INT)) == ("list", ANY)
    assert strip(("tuple", (("list", INT), STR))) == ("tuple", (("list", ANY), STR))
    assert strip(INT) == INT


def test_held_is_what_a_checked_variable_certainly_holds() -> None:
    """Run-time-only types hold anything."""
    assert held(("ref", "Money")) == ANY
    assert held(union((INT, ("list", STR)))) == union((INT, ("list", ANY)))


def test_elements_of_iterables() -> None:
    """What a loop variable gets."""
    assert element(("list", INT)) == INT
    assert element(STR) == STR
    assert element(("range",)) == INT
    assert element(("tuple", (INT, STR))) == union((INT, STR))


@pytest.mark.parametrize(
    ("t", "text"),
    [
        (union((INT, NONE)), "int?"),
        (union((INT, STR, NONE)), "int | str | None"),
        (("dict", STR, ("list", FLOAT)), "dict[str, list[float]]"),
        (("lit", ("low", "high")), '"low" | "high"'),
        (("tuple", (INT, STR)), "tuple[int, str]"),
    ],
)
def test_types_print_as_people_write_them(t: tuple, text: str) -> None:  # type: ignore[type-arg]
    """Messages speak Dana."""
    assert show(t) == text


def test_signature_texts_become_function_types() -> None:
    """The tables of builtins are readable and exact."""
    func = signature("f(a: int, b=1, /, c: list[str] | None, *rest, d, **more) -> str")
    assert [(p[0], p[2], p[3]) for p in func[1]] == [
        ("a", "positional", False),
        ("b", "positional", True),
        ("c", "normal", False),
        ("rest", "star", False),
        ("d", "keyword", False),
        ("more", "double_star", False),
    ]
    assert func[1][2][1] == type_text("list[str] | None")
    assert func[2] == STR
