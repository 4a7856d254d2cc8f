"""The natives behind the standard library, compared with Python's own answers where there are any."""

from __future__ import annotations

import csv
import importlib
import io
import itertools
import json
import math
import random
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import dana.runtime.natives as package
from dana.engine import Engine
from dana.runtime.coercion import type_of_text
from dana.runtime.iterators import bounded
from dana.runtime.natives import json as natives_json
from dana.runtime.natives import math as natives_math
from dana.runtime.natives import terminal, text
from dana.runtime.natives import time as natives_time
from dana.runtime.natives.signatures import read_signature, read_type

NAMES = sorted(
    path.stem
    for path in Path(package.__file__).parent.glob("*.py")
    if path.stem not in ("__init__", "reason", "shapes", "signatures")  # `reason` is no module programs import
)
TEXT = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\x00"), max_size=20)


class StoppedClock:
    """A clock that stands still unless somebody sleeps."""

    def __init__(self) -> None:
        self.at = 1_700_000_000.0

    def time(self) -> float:
        return self.at

    def monotonic(self) -> float:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.at += seconds


class CountingMeter:
    """Steps that are handed out freely and counted, and a check that may stop the program."""

    def __init__(self, stop_after: int | None = None) -> None:
        self.checks = 0
        self.stop_after = stop_after
        self.used = 0
        self.steps = self.counted()

    def counted(self):
        while True:
            self.used += 1
            yield True

    def remaining(self) -> None:
        return None

    def check(self) -> None:
        self.checks += 1
        if self.checks == self.stop_after:
            raise TimeoutError


class FakeProgram:
    """The part of a running program that natives use."""

    def __init__(self, stderr: io.StringIO | None = None, meter: CountingMeter | None = None) -> None:
        self.clock = StoppedClock()
        self.meter = meter or CountingMeter()
        self.source = bounded(self.meter.steps)
        self.random = random.Random(1)
        self.stderr = stderr
        self.prints_on_terminal = False
        self.table: dict[str, object] = {}
        self.builtins = {"poet": lambda function: function}


class FakeTerminal(io.StringIO):
    """A stream that says it is a terminal, of unknown size."""

    def isatty(self) -> bool:
        return True


def native(module, name: str, program: FakeProgram | None = None):
    """An export as the loader hands it out."""
    value = module.EXPORTS[name]
    return value(program or FakeProgram()) if name in module.NEEDS_PROGRAM else value


# --- every native module --------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_export_has_a_type_and_every_type_an_export(name: str) -> None:
    module = importlib.import_module(f"dana.runtime.natives.{name}")
    assert module.TYPES.keys() == module.EXPORTS.keys()
    assert module.EXPORTS.keys() >= module.NEEDS_PROGRAM
    for export, value in module.EXPORTS.items():
        assert (module.TYPES[export][0] in ("func", "callable")) == callable(value), export


@pytest.mark.parametrize("name", NAMES)
def test_no_native_is_or_hands_out_a_python_module_or_class(name: str) -> None:
    module = importlib.import_module(f"dana.runtime.natives.{name}")
    program = Engine().session().program  # `actors` needs an engine
    for export in module.EXPORTS:
        value = module.EXPORTS[export](program) if name == "actors" else native(module, export)
        assert not isinstance(value, type | type(module)), export


def test_signatures_read_as_types() -> None:
    assert read_type("dict[str, list[int]]") == ("dict", ("str",), ("list", ("int",)))
    assert read_type("number | None") == ("union", (("float",), ("int",), ("none",)))
    assert read_signature("(a: int /, *rest: str, c: any = …) -> bool") == (
        "func",
        (
            ("a", ("int",), "positional", False),
            ("rest", ("str",), "star", False),
            ("c", ("any",), "keyword", True),
        ),
        ("bool",),
    )


@pytest.mark.parametrize("wrong", ["integer", "list[int", "frozenset[int]"])
def test_a_misspelt_signature_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="signature"):
        read_type(wrong)


# --- math -----------------------------------------------------------------------------------------


def test_math_has_every_public_name_of_pythons_math() -> None:
    assert {name for name in dir(math) if name[0] != "_"} <= natives_math.EXPORTS.keys()


def test_the_guarded_functions_agree_with_python() -> None:
    assert natives_math.factorial(30) == math.factorial(30)
    assert natives_math.comb(50, 20) == math.comb(50, 20)
    assert natives_math.perm(50, 20) == math.perm(50, 20)
    assert natives_math.perm(6) == math.perm(6)
    assert natives_math.comb(3, 5) == 0
    assert natives_math.lcm(4, 6, 10) == 60
    assert native(natives_math, "prod")([2, 3.5, True], start=2) == 14
    assert native(natives_math, "fsum")([0.1] * 10) == 1.0


@pytest.mark.parametrize(
    "call",
    [
        lambda: natives_math.factorial(10**9),
        lambda: natives_math.factorial(10**400),
        lambda: natives_math.comb(10**7, 5 * 10**6),
        lambda: natives_math.perm(10**7),
        lambda: natives_math.perm(10**7, 10**6),
        lambda: natives_math.lcm(*[2**400000 + n for n in range(3)]),
        lambda: native(natives_math, "prod")([2**10000] * 1000),
    ],
)
def test_results_with_hundreds_of_thousands_of_digits_are_refused(call) -> None:
    with pytest.raises(OverflowError):
        call()


@pytest.mark.parametrize(("call", "error"), [("factorial", ValueError), ("isqrt", ValueError), ("sqrt", ValueError)])
def test_what_python_refuses_stays_refused(call: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        native(natives_math, call)(-1)


def test_prod_multiplies_numbers_only() -> None:
    with pytest.raises(TypeError, match="str"):
        native(natives_math, "prod")([2, "a"])


def test_iterables_are_walked_through_the_meter() -> None:
    program = FakeProgram()
    native(natives_math, "fsum", program)(float(n) for n in range(100))
    assert program.meter.used >= 100


@given(st.floats(allow_nan=False, allow_infinity=False), st.integers(-3, 6))
def test_round_half_up_is_decimal_rounding_of_what_is_printed(x: float, digits: int) -> None:
    with_context = Decimal(repr(x))
    if abs(x) < 1e15:
        assert natives_math.round_half_up(x, digits) == float(
            with_context.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)
        )
    assert natives_math.round_half_up(-x, digits) == -natives_math.round_half_up(x, digits)


# --- JSON -----------------------------------------------------------------------------------------

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(PLAIN)
def test_json_goes_both_ways(value: object) -> None:
    written = native(natives_json, "encode")(value)
    assert written == json.dumps(value)
    assert natives_json.decode(written) == value


@given(st.text(alphabet="{}[]\",:0123.truefalsnN \\'-eE\n", max_size=30))
def test_json_accepts_what_python_accepts_and_says_where_it_does_not(source: str) -> None:
    try:
        expected = json.loads(source, parse_constant=natives_json.refuse_constant)
    except ValueError:
        with pytest.raises(ValueError, match=r"line \d+, column \d+|empty|JSON has no"):
            natives_json.decode(source)
    else:
        assert natives_json.decode(source) == expected


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ('{"a": 1,}', "line 1, column 9: a comma stands before the closing bracket"),
        ("[1,\n2,\n]", "line 3, column 1: a comma stands before the closing bracket"),
        ("{'a': 1}", "double quotes, not in single ones"),
        ('{"a" 1}', "a colon is missing"),
        ("[1 2]", "a comma or the closing bracket is missing"),
        ("[True]", "JSON writes true, false and null"),
        ('{"a": 01}', "does not begin with 0"),
        ('{"a": ', "the text ends here"),
        ("   \n", "the text is empty"),
        ("NaN", "JSON has no NaN"),
        ("1 2", "something follows it"),
        ("[" * 100_000, "nested more than 200 levels deep"),
        (b"\xff\xff\xff", "not valid utf"),
        ("1" * 5000, "thousands of digits"),
    ],
)
def test_json_errors_say_what_is_wrong(source: str | bytes, complaint: str) -> None:
    with pytest.raises(ValueError, match="JSON") as caught:
        natives_json.decode(source)
    assert complaint in str(caught.value)


def test_brackets_in_texts_do_not_count_as_nesting() -> None:
    assert natives_json.decode(json.dumps(["[" * 1000, '"{' * 1000])) == ["[" * 1000, '"{' * 1000]


def test_what_json_has_no_form_for_is_refused() -> None:
    encode = natives_json.encode
    assert encode({1, 2}, default=sorted) == "[1, 2]"
    with pytest.raises(TypeError, match="a set has no order"):
        encode({1})
    with pytest.raises(TypeError, match="type object"):
        encode(object())
    with pytest.raises(ValueError, match="no NaN"):
        encode(math.nan)
    assert encode(math.nan, allow_nan=True) == "NaN"
    with pytest.raises(ValueError, match="indent"):
        encode([1], indent=10**9)


@pytest.mark.parametrize(
    ("value", "declared", "made"),
    [
        ([1, 2], "list[float]", [1.0, 2.0]),
        ({"a": "1"}, "dict[str, int]", {"a": 1}),
        ([1, "x"], "tuple[int, str]", (1, "x")),
        ([[1], []], "list[tuple[int, ...]]", [(1,), ()]),
        ([1, 1], "set[int]", {1}),
        (None, "int?", None),
        ([None, 3], "list[int | None]", [None, 3]),
        ({"a": [1]}, "any", {"a": [1]}),
        ([{"a": 1}], "list", [{"a": 1}]),
    ],
)
def test_plain_values_take_a_type(value: object, declared: str, made: object) -> None:
    shaped = natives_json.decode_as(value, type_of_text(declared))
    assert shaped == made
    assert type(shaped) is type(made)


@pytest.mark.parametrize(
    ("value", "declared", "complaint"),
    [
        ("x", "int", "expected int, got 'x'"),
        ([1, "x"], "list[int]", "[1]: expected int, got 'x'"),
        ({"a": {"b": [True, []]}}, "dict[str, dict[str, list[bool]]]", "['a']['b'][1]: expected bool, got []"),
        ([1], "tuple[int, str]", "expected tuple[int, str], got [1]"),
        ([None, "x"], "list[int?]", "[1]: expected int | None, got 'x'"),
        ([["x"]], "list[list[int]?]", "[0][0]: expected int, got 'x'"),
        (1.5, "int", "expected int, got 1.5"),
    ],
)
def test_what_does_not_fit_is_named_by_its_path(value: object, declared: str, complaint: str) -> None:
    with pytest.raises(ValueError, match="expected") as caught:
        natives_json.decode_as(value, type_of_text(declared))
    assert complaint in str(caught.value)


def test_a_value_that_contains_itself_is_refused() -> None:
    endless: list[object] = []
    endless.append(endless)
    with pytest.raises(ValueError, match="contains itself"):
        native(natives_json, "encode")(endless)


# --- time -----------------------------------------------------------------------------------------


def test_the_clock_is_the_programs() -> None:
    program = FakeProgram()
    assert native(natives_time, "now", program)() == 1_700_000_000.0
    native(natives_time, "sleep", program)(90)
    assert native(natives_time, "monotonic", program)() == pytest.approx(1_700_000_090.0, abs=0.001)


def test_a_sleep_sees_deadlines() -> None:
    program = FakeProgram(meter=CountingMeter(stop_after=3))
    with pytest.raises(TimeoutError):
        native(natives_time, "sleep", program)(3600)
    assert program.clock.at < 1_700_000_001


@pytest.mark.parametrize("seconds", [-1, math.nan, math.inf, 1e9])
def test_absurd_sleeps_are_refused(seconds: float) -> None:
    with pytest.raises(ValueError, match="sleep takes"):
        native(natives_time, "sleep")(seconds)


# --- text -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given_text", "bare"), [("Žižkov", "Zizkov"), ("Straße", "Strasse"), ("plain", "plain"), ("日本", "日本")]
)
def test_accents_come_off_and_other_letters_stay(given_text: str, bare: str) -> None:
    assert text.without_accents(given_text) == bare


CELLS = st.text(alphabet='ab ,;"\n\r\u2028\x0b1é', max_size=8)


@given(st.lists(st.lists(CELLS, min_size=2, max_size=4), max_size=5))
def test_csv_goes_both_ways(rows: list[list[str]]) -> None:
    written = text.csv_text(rows)
    assert [cells for _, cells in text.csv_records(written)] == rows
    assert list(csv.reader(io.StringIO(written, newline=""))) == rows


def test_csv_records_know_their_lines() -> None:
    assert text.csv_records('a,b\n\n"x\ny",1\n2,3') == [(1, ["a", "b"]), (3, ["x\ny", "1"]), (5, ["2", "3"])]


@pytest.mark.parametrize(
    ("source", "complaint"),
    [('a\n"b\nc', 'line 2: a " is opened'), ('a\n"b"c\n', 'line 2: after a closing "')],
)
def test_csv_errors_name_the_line(source: str, complaint: str) -> None:
    with pytest.raises(ValueError, match="CSV") as caught:
        text.csv_records(source)
    assert complaint in str(caught.value)


@pytest.mark.parametrize(("separator", "quote"), [("", '"'), (",,", '"'), ('"', '"'), ("\n", '"'), (",", "''")])
def test_csv_separators_are_single_characters(separator: str, quote: str) -> None:
    with pytest.raises(ValueError, match="one character"):
        text.csv_records("a", separator, quote)


# --- terminal -------------------------------------------------------------------------------------


@given(st.floats(), st.integers(0, 50))
def test_a_bar_is_as_wide_as_asked_for(fraction: float, width: int) -> None:
    if math.isnan(fraction):
        with pytest.raises(ValueError, match="NaN"):
            terminal.bar(fraction, width)
    else:
        assert len(terminal.bar(fraction, width)) == width


def test_a_bar_shows_its_ends() -> None:
    assert terminal.bar(0, 3) == "···"
    assert terminal.bar(1, 3) == "███"
    assert terminal.bar(0.5, 3) == "█▌·"


@pytest.mark.parametrize(
    ("shown", "columns"), [("abc", 3), ("é", 1), ("e\u0301", 1), ("日本", 4), ("\x1b[1;31mred\x1b[0m", 3)]
)
def test_columns_are_what_a_terminal_shows(shown: str, columns: int) -> None:
    assert terminal.columns_of(shown) == columns


@pytest.mark.parametrize("stream", [None, io.StringIO()])
def test_progress_draws_nothing_where_nobody_watches(stream: io.StringIO | None) -> None:
    program = FakeProgram(stderr=stream)
    assert list(native(terminal, "progress", program)(range(3), "work")) == [0, 1, 2]
    assert stream is None or stream.getvalue() == ""
    assert native(terminal, "width", program)() == 80


def test_progress_draws_on_a_terminal_and_cleans_up() -> None:
    stream = FakeTerminal()
    program = FakeProgram(stderr=stream)
    for _ in native(terminal, "progress", program)([1, 2, 3, 4], "Working"):
        program.clock.sleep(1)
    drawn = stream.getvalue()
    assert "Working" in drawn
    assert "50%" in drawn
    assert "2/4" in drawn
    assert "0:02 left" in drawn
    assert drawn.endswith("\r\x1b[K")


def test_progress_is_lazy_and_may_go_on_for_ever() -> None:
    items = native(terminal, "progress")(itertools.count())
    assert list(itertools.islice(items, 3)) == [0, 1, 2]


def test_progress_takes_its_line_away_when_the_items_fail() -> None:
    def failing():
        yield 1
        raise KeyError

    stream = FakeTerminal()
    program = FakeProgram(stderr=stream)
    items = native(terminal, "progress", program)(failing())
    program.clock.sleep(1)
    next(items)
    with pytest.raises(KeyError):
        next(items)
    assert stream.getvalue().endswith("\r\x1b[K")


def test_colours_need_a_terminal_and_no_veto(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    program = FakeProgram()
    has_colour = native(terminal, "has_colour", program)
    assert not has_colour()
    program.prints_on_terminal = True
    assert has_colour()
    monkeypatch.setenv("TERM", "dumb")
    assert not has_colour()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    assert not has_colour()
