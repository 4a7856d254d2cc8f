"""Every method and built-in has a class of cost, and what needs a function that looks at sizes has one (L49)."""

from __future__ import annotations

import pytest

from dana.checker.builtins import FUNCTIONS
from dana.checker.methods import TABLES
from dana.lowering.sized import KINDS
from dana.runtime.sized import NAMES, RECEIVERS, Sized
from tests.limits.costs import BUILTINS, METERED, METHODS, ROOM

SAME = {"tuple*": "tuple", "bool": "int"}


@pytest.mark.parametrize("kind", TABLES)
def test_every_method_has_a_cost(kind: str) -> None:
    assert set(METHODS[SAME.get(kind, kind)]) == set(TABLES[kind])


def test_every_builtin_has_a_cost() -> None:
    assert FUNCTIONS.keys() <= BUILTINS.keys()


@pytest.mark.parametrize("kind", METHODS)
def test_a_method_that_asks_for_room_or_counts_has_a_function(kind: str) -> None:
    asking = {name for name, cost in METHODS[kind].items() if cost in (ROOM, METERED)}
    assert asking == {n for n in METHODS[kind] if n in KINDS and kind in KINDS[n]}


def test_the_compiler_and_the_runtime_agree_on_the_functions() -> None:
    assert KINDS.keys() == NAMES
    for name, kinds in KINDS.items():
        assert callable(getattr(Sized, name))
        assert {cls.__name__ for cls in RECEIVERS[name]} - {"frozenset"} <= kinds | {"bytes"}
