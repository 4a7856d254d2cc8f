"""What crosses an agent's border: equal, and nothing of it shared that can change."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dana
from dana.agents.copying import crossing, crossing_all
from dana.runtime.meter import Meter
from dana.runtime.stops import LimitStop

scalars = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.binary(max_size=5))
keys = st.one_of(st.integers(), st.text(max_size=5), st.tuples(st.integers(), st.text(max_size=3)))
values = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(keys, inner, max_size=4),
        st.tuples(inner, inner),
        st.sets(keys, max_size=4),
        st.frozensets(keys, max_size=4),
    ),
    max_leaves=20,
)


def mutable_parts(value, found):
    if isinstance(value, list | dict | set):
        found.add(id(value))
    if isinstance(value, dict):
        for each in value.values():
            mutable_parts(each, found)
    elif isinstance(value, list | tuple):
        for each in value:
            mutable_parts(each, found)
    return found


@given(values)
def test_a_copy_is_equal_and_shares_nothing_that_can_change(value):
    copy = crossing(value)
    assert copy == value
    assert type(copy) is type(value)
    assert not mutable_parts(value, set()) & mutable_parts(copy, set())


@given(values)
def test_what_cannot_change_is_not_copied(value):
    if not mutable_parts(value, set()):
        assert crossing(value) is value


def test_sharing_and_cycles_stay():
    part = [1]
    ring = [part, part]
    ring.append(ring)
    copy = crossing(ring)
    assert copy[0] is copy[1]
    assert copy[0] is not part
    assert copy[2] is copy


def test_arguments_that_share_a_part_still_do():
    part = [1]
    args, keywords = crossing_all((part, 2), {"again": part, "n": 3})
    assert args[0] == [1]
    assert args[0] is not part
    assert keywords["again"] is args[0]
    same = (1, "x")
    assert crossing_all(same, {})[0] is same


def test_functions_and_unknown_objects_go_as_they_are():
    class Thing:
        pass

    thing = Thing()
    for value in (print, thing, len, Thing, (thing, print)):
        assert crossing(value) is value
    assert crossing([thing])[0] is thing


def test_too_deep_a_value_is_refused_as_recursion_is():
    deep = []
    for _ in range(5000):
        deep = [deep]
    with pytest.raises(RecursionError, match="too deeply"):
        crossing(deep)


def test_large_values_cost_steps():
    meter = Meter(steps=1000)
    meter.start()
    many = [[0] * 100 for _ in range(100)]
    with pytest.raises(LimitStop):
        crossing(many, meter)
    meter.finish()


def test_structs_are_copied_resources_are_not():
    module = dana.Engine().load(STRUCTS)
    names = module._run.program.modules["module"].globals
    point = names["Point"](1, [1])
    copy = crossing(point)
    assert copy == point
    copy.items.append(2)
    assert point.items == [1]
    link = names["Link"]()
    assert crossing([link])[0] is link
    error = names["Lost"]("x")
    assert crossing(error) is error


STRUCTS = """
struct Point:
    x: int
    items: list

resource Link:
    n: int = 0

struct Lost(Exception):
    why: str
"""
