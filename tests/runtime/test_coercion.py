"""What passes a boundary, what converts, what is refused (L13, L14, L16)."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dana.runtime.coercion import type_of_spec, type_of_text
from dana.runtime.typevalues import (
    BOOL,
    CONVERT,
    DEEP,
    FLOAT,
    INT,
    LIST,
    SAFE,
    SAFE_WORDS,
    STR,
    WORDS,
    LiteralType,
    Refused,
    as_type,
    short,
    union_of,
)

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8))
SPECS = st.recursive(
    st.sampled_from([("any",), ("int",), ("float",), ("str",), ("bool",), ("none",), ("lit", ("a", 1, True))]),
    lambda inner: st.one_of(
        st.tuples(st.just("list"), inner),
        st.tuples(st.just("set"), inner),
        st.tuples(st.just("tuple*"), inner),
        st.tuples(st.just("dict"), inner, inner),
        st.tuples(st.just("tuple"), st.tuples(inner, inner)),
        st.tuples(st.just("union"), st.tuples(inner, inner)),
    ),
    max_leaves=6,
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.lists(inner, max_size=3).map(tuple),
        st.dictionaries(st.text(max_size=3), inner, max_size=3),
        st.sets(st.integers(), max_size=3),
    ),
    max_leaves=8,
)
DATA = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(), inner, max_size=3)),
    max_leaves=8,
)


def fit(declared, value, mode=SAFE):
    try:
        return declared._fit(value, mode)
    except Refused:
        return Refused


def made(spec):
    return type_of_spec(None, spec)


@given(SPECS, VALUES)
@settings(max_examples=300, deadline=None)
def test_a_value_that_conforms_is_passed_itself(spec, value):
    declared = made(spec)
    if declared._conforms(value):
        assert fit(declared, value) is value
        assert fit(declared, value, DEEP) is value


@given(SPECS, VALUES, st.sampled_from([SAFE, DEEP, CONVERT]))
@settings(max_examples=400, deadline=None)
def test_what_comes_out_conforms_or_nothing_comes_out(spec, value, mode):
    declared = made(spec)
    out = fit(declared, value, mode)
    assert out is Refused or declared._conforms(out)


@pytest.mark.parametrize(
    ("spec", "value"),
    [(("set", ("list", ("any",))), [()]), (("dict", ("list", ("int",)), ("int",)), {(1,): 1})],
)
def test_what_cannot_be_kept_in_a_set_or_as_a_key_is_refused(spec, value):
    assert fit(made(spec), value, DEEP) is Refused


@given(SPECS, VALUES)
@settings(max_examples=300, deadline=None)
def test_a_boundary_never_copies_a_container_of_the_right_kind(spec, value):
    declared = made(spec)
    out = fit(declared, value)
    if out is not Refused and type(out) is type(value) and isinstance(value, list | dict | set):
        assert out is value


@given(SPECS, VALUES)
@settings(max_examples=300, deadline=None)
def test_conversion_accepts_at_least_what_a_boundary_accepts(spec, value):
    declared = made(spec)
    if fit(declared, value) is not Refused:
        assert fit(declared, value, CONVERT) is not Refused


@given(st.integers())
def test_integers_survive_text_and_back(n):
    assert fit(INT, fit(STR, n)) == n


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_floats_survive_text_and_back(x):
    assert fit(FLOAT, fit(STR, x)) == x


@given(DATA)
@settings(max_examples=200, deadline=None)
def test_json_text_becomes_the_list_or_dict_it_says(data):
    text = json.dumps(data)
    wanted = {list: LIST, dict: made(("dict", ("any",), ("any",)))}.get(type(data))
    if wanted is not None:
        assert fit(wanted, f"  {text}\n") == data
    else:
        assert fit(LIST, text) is Refused


@given(st.text(max_size=12))
def test_no_text_is_guessed_to_be_true_or_false(text):
    word = text.strip().lower()
    assert fit(BOOL, text) is (SAFE_WORDS.get(word, Refused))
    assert fit(BOOL, text, CONVERT) is (WORDS.get(word, Refused))


@pytest.mark.parametrize(
    ("declared", "value", "safe", "converted"),
    [
        (INT, 3.0, 3, 3),
        (INT, 3.7, Refused, 3),
        (INT, -3.7, Refused, -3),
        (INT, " 42 ", 42, 42),
        (INT, "3.0", 3, 3),
        (INT, "3.7", Refused, Refused),
        (INT, "abc", Refused, Refused),
        (INT, math.nan, Refused, Refused),
        (INT, math.inf, Refused, Refused),
        (INT, True, True, 1),
        (INT, None, Refused, Refused),
        (INT, [1], Refused, Refused),
        (FLOAT, 3, 3.0, 3.0),
        (FLOAT, " 2.5", 2.5, 2.5),
        (FLOAT, "1e3", 1000.0, 1000.0),
        (FLOAT, "inf", Refused, math.inf),
        (FLOAT, 10**400, Refused, Refused),
        (BOOL, "yes", True, True),
        (BOOL, "OFF", False, False),
        (BOOL, "okay", Refused, True),
        (BOOL, "", Refused, False),
        (BOOL, "another", Refused, Refused),
        (BOOL, 1, Refused, True),
        (BOOL, 0.0, Refused, False),
        (BOOL, [], Refused, Refused),
        (STR, 3, "3", "3"),
        (STR, 2.5, "2.5", "2.5"),
        (STR, True, "true", "true"),
        (STR, [1], Refused, Refused),
        (STR, INT, Refused, "int"),
        (LIST, (1, 2), [1, 2], [1, 2]),
        (LIST, "[1, 2]", [1, 2], [1, 2]),
        (LIST, "abc", Refused, Refused),
        (LIST, range(3), Refused, [0, 1, 2]),
        (LIST, {"a": 1}, Refused, Refused),
    ],
)
def test_the_table_of_conversions(declared, value, safe, converted):
    for mode, wanted in ((SAFE, safe), (CONVERT, converted)):
        out = fit(declared, value, mode)
        assert out is wanted if wanted is Refused else (out == wanted and type(out) is type(wanted))


def test_elements_that_need_conversion_are_refused_at_a_boundary_and_converted_in_an_assignment(machine):
    ints = machine.type("list", ("int",))
    with pytest.raises(TypeError, match=r"argument `xs` of `f`: expected list\[int\], got list .*item 1 is 'b'"):
        machine.helper("param")([1, "b"], ints, "f", "xs")
    with pytest.raises(TypeError, match=r"item 1 is '2', not int"):
        machine.helper("param")([1, "2"], ints, "f", "xs")
    before = [1, "2", 3.9]
    assert machine.helper("assign")(before, ints, "xs") == [1, 2, 3]
    assert before == [1, "2", 3.9]


def test_tuples_and_dicts_are_checked_part_by_part(machine):
    pair = machine.type("tuple", (("int",), ("str",)))
    assert machine.helper("assign")([1.0, 2], pair, "t") == (1, "2")
    with pytest.raises(TypeError, match="it has 3 items instead of 2"):
        machine.helper("param")([1, 2, 3], pair, "f", "t")
    table = machine.type("dict", ("str",), ("float",))
    assert machine.helper("assign")({"a": "1.5"}, table, "d") == {"a": 1.5}
    with pytest.raises(TypeError, match=r"the value of 'a' is '1.5', not float"):
        machine.helper("param")({"a": "1.5"}, table, "f", "d")


def test_none_stays_none_in_an_assignment_and_is_refused_at_a_boundary(machine):
    assert machine.helper("assign")(None, INT, "x") is None
    with pytest.raises(TypeError, match="expected int, got None") as error:
        machine.helper("param")(None, INT, "f", "x")
    assert error.value._hint == "write `int?` in the annotation if None is allowed"


def test_what_cannot_be_converted_says_why(machine):
    assign = machine.helper("assign")
    with pytest.raises(ValueError, match="`n`: cannot convert 'abc' to int: the text is not a whole number"):
        assign("abc", INT, "n")
    with pytest.raises(TypeError, match=r"`n`: cannot convert \[1\] to int"):
        assign([1], INT, "n")


def test_literal_types_are_exact_and_suggest():
    level = LiteralType(("low", "high", 1))
    assert level._conforms("low")
    assert level._conforms(1)
    assert not level._conforms(True)
    with pytest.raises(Refused, match="did you mean"):
        level._fit("hgih", SAFE)


def test_a_union_keeps_what_is_already_of_one_of_its_types():
    either = union_of(INT, STR)
    assert either._fit("5", CONVERT) == "5"
    assert union_of(INT, FLOAT)._fit("5", SAFE) == 5
    assert union_of(FLOAT, None)._fit(3, SAFE) == 3.0


def test_references_resolve_at_first_use(machine):
    later = machine.type("ref", "Later")
    with pytest.raises(NameError, match="`Later` is not defined yet"):
        later._conforms(1)
    cls = machine.struct("Later", x=("int",))
    assert later._conforms(cls(1))
    assert not later._conforms(1)


def test_types_from_texts():
    assert type_of_text("int")._conforms(1)
    assert type_of_text("list[int | str]")._conforms([1, "a"])
    assert not type_of_text("list[int]")._conforms(["a"])
    assert type_of_text("dict[str, float]")._conforms({"a": 1.0})
    assert type_of_text("int?")._conforms(None)
    with pytest.raises(ValueError, match="not the name of a type"):
        type_of_text("list[")
    assert as_type("tuple[int, ...]")._conforms((1, 2, 3))


def test_long_values_are_shown_short():
    assert short("x" * 1000) == repr("x" * 60) + "…"
    assert short(list(range(1000))) == "a list of 1000 items"
    assert short(10**300) == "an int of 997 bits"
    cycle = []
    cycle.append(cycle)
    assert short(cycle) == "[[...]]"


def test_type_values(machine):
    found = machine.run("""
        a = type(1) is int and type(1) == "int" and type(1) == int
        b = [type(v) for v in (None, True, 2.5, "x", [], {}, (), {1}, range(1), print, len, type)]
        c = str(type("x")) + repr(list)
        d = int | str
        e = [isinstance(1, d), isinstance(None, d), isinstance(1, "int"), isinstance("a", (int, str))]
        f = list[int]
        g = [isinstance([1], f), isinstance(["a"], f)]
        h = {"int": 1}[type(5)]
        i = [str.upper("a"), int("5"), float("2.5"), list("ab"), dict(a=1), tuple([1]), bool("no")]
        j = type(ValueError("x")) == ValueError and type(ValueError("x")) == "ValueError"
        k = [cast(int, "4"), cast("float", "4"), cast(list[int], ["1"]), cast(int | None, "7")]
        l = [issubclass(KeyError, LookupError), issubclass(int, str), issubclass(bool, int)]
        m = [isinstance(True, int), isinstance([], "list"), isinstance(3, object), isinstance(3, None)]
    """)
    assert found["a"]
    assert [str(t) for t in found["b"]] == [
        "None", "bool", "float", "str", "list", "dict", "tuple", "set", "range", "function", "function", "function",
    ]  # fmt: skip
    assert found["c"] == "strlist"
    assert repr(found["d"]) == "int | str"
    assert found["e"] == [True, False, True, True]
    assert found["g"] == [True, False]
    assert found["h"] == 1
    assert found["i"] == ["A", 5, 2.5, ["a", "b"], {"a": 1}, (1,), False]
    assert found["j"]
    assert found["k"] == [4, 4.0, [1], 7]
    assert found["l"] == [True, False, True]
    assert found["m"] == [True, True, True, False]
