"""What decoding promises beyond single cases: valid JSON comes back, nothing is invented, hostile text costs no more."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dana.ipv.decoding import DecodeError, Limits, decode, encode, partial
from dana.ipv.decoding.searching import plain
from tests.ipv.decoding import fuzz
from tests.ipv.decoding.kinds import kind, scope

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
INTS = st.integers(-(10**30), 10**30)
LEVELS = st.sampled_from(["low", "high", "very high"])
ITEMS = st.fixed_dictionaries({"name": TEXTS, "price": FLOATS})
TENS = st.fixed_dictionaries(
    {
        "a": TEXTS, "b": TEXTS, "c": INTS, "d": INTS, "e": FLOATS, "f": FLOATS, "g": st.booleans(), "h": LEVELS,
        "i": st.lists(TEXTS, max_size=4), "j": st.none() | TEXTS,
    }
)  # fmt: skip
NODES = st.recursive(
    st.fixed_dictionaries({"value": INTS, "children": st.just([])}),
    lambda inner: st.fixed_dictionaries({"value": INTS, "children": st.lists(inner, max_size=3)}),
    max_leaves=8,
)
VALID = {
    "Item": ITEMS, "Ten": TENS, "Node": NODES, "list[Item]": st.lists(ITEMS, max_size=4),
    "dict[str,int]": st.dictionaries(TEXTS, INTS, max_size=4), "list[float]": st.lists(FLOATS, max_size=4),
    "Level": LEVELS, "int": INTS, "float": FLOATS, "bool": st.booleans(), "int|str": INTS | TEXTS,
    "any": st.recursive(
        st.none() | st.booleans() | INTS | FLOATS | TEXTS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=8,
    ),
}  # fmt: skip


def data(value: Any) -> Any:
    return json.loads(encode(value, chars=10**9))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(VALID)).flatmap(lambda name: st.tuples(st.just(name), VALID[name])))
def test_valid_json_of_a_valid_value_always_comes_back(case):
    name, value = case
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=1)):
        decoded = decode(text, kind(name))
        assert data(decoded.value) == json.loads(text)
        assert decoded.repairs == []


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["Item", "Ten", "Node", "list[Item]"]).flatmap(lambda n: st.tuples(st.just(n), VALID[n])))
def test_a_fence_words_and_a_trailing_comma_change_nothing(case):
    name, value = case
    clean = decode(json.dumps(value), kind(name)).value
    text = json.dumps(value)
    damaged = text if text[-2] in "[{" else f"{text[:-1]},{text[-1]}"
    assert decode(f"Here it is:\n```json\n{damaged}\n```\nDone.", kind(name)).value == clean
    assert decode(f"Here it is: {damaged}", kind(name)).value == clean


@settings(max_examples=200, deadline=None)
@given(TENS, st.data())
def test_a_text_that_was_cut_off_is_never_a_value(value, draw):
    text = json.dumps(value)
    cut = text[: draw.draw(st.integers(0, len(text) - 2))]
    with pytest.raises(DecodeError):
        decode(cut, kind("Ten"))


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60))
def test_any_text_gives_a_value_of_the_type_or_an_error(text):
    for name in ("int", "Level", "list[Item]", "Invoice", "bool"):
        with suppress(DecodeError):
            assert fuzz.misfit(decode(text, kind(name)).value, kind(name)) is None


@pytest.mark.parametrize("part", range(2))
def test_a_sample_of_the_fuzz_run(part):
    tally = fuzz.explore(2026, range(part, 2_000, 2))
    assert tally["repaired"] > 50
    assert tally["refused"] > 50


HOSTILE = [
    "[", "{", '"', "'", "\\", ",", "```\n", '{"a":', '["', '["\\', "/*", "//", "[a", "[see ", '{"name":"x" ', '"""', " ",
    "- a\n", "[1,", "{}", '{"name":"x","price":1}', '["a" ', "[}", "{]", "{x:", "~~~\n[1\n", '{"value":1,"children":[',
    "answer is 5. ", "1,000", "[“",
]  # fmt: skip


@pytest.mark.parametrize("name", ["Item", "list[Item]", "bool", "Add|Mul", "any"])
def test_the_cost_of_hostile_text_is_linear(name):
    def spent(text: str) -> float:
        start = time.process_time()
        with suppress(DecodeError):
            decode(text, kind(name))
        return time.process_time() - start

    for piece in HOSTILE:
        small = min(spent(piece * (8_000 // len(piece))) for _ in range(2))
        large = min(spent(piece * (64_000 // len(piece))) for _ in range(2))
        # Eight times the text: quadratic cost would be 64 times as much.
        assert large < 24 * small + 0.02, piece


def test_a_megabyte_of_anything_is_answered_soon():
    for piece in ("[", '"', '{"a":', "[a", '["'):
        start = time.process_time()
        with pytest.raises(DecodeError):
            decode(piece * (1_000_000 // len(piece)), kind("Invoice"))
        assert time.process_time() - start < 5


def test_unions_inside_unions_are_not_tried_again_and_again():
    text = '{"left":1,"right":2}'
    for _ in range(50):
        text = f'{{"left":{text},"right":2}}'
    start = time.process_time()
    with pytest.raises(DecodeError):
        decode(text, kind("Add|Mul"))
    assert time.process_time() - start < 1


def test_limits_hold():
    with pytest.raises(DecodeError, match="characters"):
        decode("[1]" * 10, kind("list[int]"), limits=Limits(chars=10))
    with pytest.raises(DecodeError, match="deeper than 8"):
        decode("x " + '{"value":1,"children":[' * 20, kind("Node"), limits=Limits(depth=8))
    many = "[" + ",".join(['"x"'] * 100) + "]"
    with pytest.raises(DecodeError) as caught:
        decode(many, kind("list[int]"), limits=Limits(problems=5))
    assert len(caught.value.problems) == 5
    decoded = decode("[" + "1;" * 100 + "1]", kind("list[int]"), limits=Limits(repairs=5))
    assert len(decoded.repairs) == 5
    assert decoded.score < 0.7


def test_problems_have_paths_and_the_nearest_data_is_kept():
    with pytest.raises(DecodeError) as caught:
        decode('{"number": "A", "items": [{"name": "a", "price": "x"}], "level": "lo"}', kind("Invoice"))
    assert [p.path for p in caught.value.problems] == ["$.items[0].price", "$.level"]
    assert caught.value.problems[0].expected == "float"
    assert caught.value.problems[0].got == "x"
    assert caught.value.best == {"number": "A", "items": [{"name": "a", "price": "x"}], "level": "lo"}


def test_types_no_text_can_hold_are_refused():
    for one in scope()["callables"]:
        with pytest.raises(TypeError, match="no answer in words"):
            decode("x", one)


def test_defaults_are_fresh_and_values_are_the_programs_own():
    first, second = (decode('{"value": 1}', kind("Node")).value for _ in range(2))
    first.children.append(1)
    assert second.children == []
    assert type(decode("2025-03-09", kind("date")).value) is type(scope()["types"]["date"](2025, 3, 9))


def test_what_has_come_of_a_growing_answer():
    text = (
        '{"number": "A-17", "items": [{"name": "bolt", "price": 2.5}, {"name": "nut", "price": 0.25}], "level": "high"}'
    )
    invoice = kind("Invoice")
    shown = [partial(text[:n], invoice) for n in range(len(text) + 1)]
    assert shown[0] is None
    assert repr(shown[14]) == "Invoice(number='A-', items=None, level=None, due_date=None)"
    assert repr(shown[44]) == "Invoice(number='A-17', items=[Item(name='bolt', price=None)], level=None, due_date=None)"
    assert shown[-1].level == "high"
    assert [i.price for i in shown[-1].items] == [2.5, 0.25]
    assert partial("[1, 2, 3", kind("list[int]")) == [1, 2]
    assert partial("Hello wor", kind("str")) == "Hello wor"
    assert partial('[1, {"a": "x', kind("any")) == [1, {"a": "x"}]


def test_values_as_text_for_a_prompt():
    made = decode(
        '{"number": "A", "items": [{"name": "é", "price": 2}], "due_date": "2025-03-09"}', kind("Invoice")
    ).value
    expected = '{"number":"A","items":[{"name":"é","price":2.0}],"level":"low","due_date":"2025-03-09"}'
    assert encode(made) == expected
    assert decode(encode(made), kind("Invoice")).value == made
    trip = decode(fuzz.SEEDS["Trip"], kind("Trip")).value
    assert decode(encode(trip), kind("Trip")).value == trip
    money = decode(fuzz.SEEDS["Money"], kind("Money")).value
    assert encode(money) == '{"amount":19.90,"tax_percent":7.0}'
    assert encode({2, 1}) == "[1,2]"
    assert encode({1: float("nan"), None: date(2025, 3, 9)}) == '{"1":"nan","null":"2025-03-09"}'


def test_endless_and_huge_values_are_cut_with_a_note():
    loop: list[Any] = [1]
    loop.append(loop)
    assert encode(loop) == '[1,"… contains itself"]'
    assert encode(list(range(100)), chars=20).endswith('"… 90 more"]')
    assert "more characters" in encode("x" * 1000, chars=100)
    assert json.loads(encode({"a": {"b": "x" * 500}}, chars=50))
    assert len(encode(["x" * 50] * 10**5, chars=10_000)) < 11_000


def test_plain_data_for_people_holds_nothing_of_the_reader():
    with pytest.raises(DecodeError) as caught:
        decode("{name: bolt, price: [NaN, 1.5", kind("Item"))
    assert caught.value.best == {"name": "bolt", "price": [None, None]}
    assert plain([1]) == [1]
