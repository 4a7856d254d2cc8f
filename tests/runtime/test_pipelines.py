"""`|` decided at run time (L20, L21, L33)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dana.runtime.pipelines import apply, bind, compose, is_stage, parallel, partial, pipe, pipe_call, workflow
from dana.runtime.typevalues import INT, STR


def double(x):
    return 2 * x


def inc(x, by=1):
    return x + by


def seven():
    return 7


@given(st.integers())
def test_piping_through_a_composition_is_piping_through_its_stages(n):
    assert pipe(n, compose(double, inc)) == pipe(pipe(n, double), inc)
    assert compose(compose(double, inc), double)(n) == compose(double, compose(inc, double))(n)


@given(st.integers(), st.integers())
def test_without_functions_the_bar_is_python_s(a, b):
    assert pipe(a, b) == a | b
    assert pipe({a}, {b}) == {a, b}
    assert pipe({a: 1}, {b: 2}) == {a: 1, b: 2}


def test_stages():
    assert apply(5, seven) == 7
    assert apply(5, [double, inc, seven]) == [10, 6, 7]
    assert parallel(1, [double]) == [2]
    assert pipe({"a": 1}, len) == 1
    assert pipe("5", INT) == 5
    assert pipe_call(5, inc, by=3) == 8
    assert pipe_call(double, inc, 10)(1) == 12
    assert is_stage([double])
    assert not is_stage([])
    assert not is_stage([1])


def test_the_first_stage_of_a_composition_takes_all_arguments():
    made = compose(lambda a, b=2: a * b, [double, inc])
    assert made(3) == [12, 7]
    assert made(3, b=5) == [30, 16]
    assert compose(seven, double)(1) == 14


def test_types_make_unions():
    assert repr(pipe(INT, STR)) == "int | str"
    assert repr(pipe(None, STR)) == "None | str"


def test_a_function_piped_into_a_value_is_an_error():
    with pytest.raises(TypeError, match="a function cannot be piped into int"):
        pipe(double, 5)


def test_compositions_print_and_show_their_stages():
    made = compose(compose(double, bind(inc, by=2)), [double, seven])
    assert repr(made) == "double | inc($$, by=2) | [double, seven]"
    assert len(made.stages) == 3
    assert repr(partial(double, "double($$)")) == "double($$)"
    assert partial(double, "double($$)")(4) == 8


def test_workflows(machine):
    def clean(text, strict=True):
        """Cleans a text."""
        return text.strip()

    made = workflow(machine.record, "strip | lower")(clean)
    assert made.run(" a ") == made(" a ") == "a"
    assert repr(made) == "Workflow[clean]"
    assert made.text == "strip | lower"
    assert made.tool() == {
        "name": "clean",
        "description": "Cleans a text.",
        "parameters": {"type": "object", "properties": {"text": {}, "strict": {}}, "required": ["text"]},
        "returns": {},
    }
