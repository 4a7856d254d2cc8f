from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dana.poet.binding import Parameters, readable

FRESH = object()


def plain(a, b=2):
    return locals()


def keywords(a, *, k, m=5):
    return locals()


def rest(a, *others):
    return locals()


def everything(a, b=2, /, c=3, *others, k=4, **more):
    return locals()


def defaults(a, b=FRESH, c=3):
    return locals()


@given(
    st.sampled_from([plain, keywords, rest, everything]),
    st.lists(st.integers(), max_size=5),
    st.dictionaries(st.sampled_from(["a", "b", "c", "k", "m", "z"]), st.integers(), max_size=4),
)
def test_binding_agrees_with_python(function, args, by_name):
    parameters = Parameters(function)
    try:
        expected = function(*args, **by_name)
    except TypeError:
        with pytest.raises(TypeError):
            parameters.bind(tuple(args), by_name)
        return
    bound = parameters.bind(tuple(args), by_name)
    assert bound == expected
    again_args, again_names = parameters.unbind(bound)
    assert function(*again_args, **again_names) == expected


def test_a_fresh_default_stays_the_functions_own_business():
    parameters = Parameters(defaults, (FRESH,))
    bound = parameters.bind((1,), {})
    assert bound == {"a": 1, "c": 3}
    assert parameters.unbind(bound) == ((1,), {"c": 3})


def test_bound_methods_and_callables_without_code():
    class Box:
        def put(self, thing): ...

    assert Parameters(Box().put).names == ("thing",)
    assert readable(Box().put)
    assert not readable(len)


def test_an_unknown_name_gets_a_suggestion():
    assert Parameters(everything).unknown("mor") == "did you mean `more`?"
    assert Parameters(plain).unknown("zzz") == "its parameters are a, b"
