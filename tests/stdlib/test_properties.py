"""Modules of the standard library against Python's own, on inputs nobody chose."""

from __future__ import annotations

import statistics
import textwrap
from datetime import date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dana.engine import Engine, Module
from dana.errors import DanaError

STDLIB = Path(__file__).parents[2] / "stdlib"
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  (both sides are UTC without saying so)
FOUR_DIGIT_DATES = st.dates(min_value=date(1000, 1, 1))
NUMBERS = st.lists(st.integers(-(10**6), 10**6) | st.floats(-1e6, 1e6), min_size=2, max_size=30)


def module(name: str) -> Module:
    """A module of the standard library, its functions callable from here."""
    return Engine(on_print=lambda _: None).load(STDLIB / f"{name}.na")


TIME, TEXT, STATS = module("time"), module("text"), module("stats")


@given(FOUR_DIGIT_DATES, st.integers(-100_000, 100_000))
def test_the_calendar_is_pythons(day: date, days: int) -> None:
    written = day.isoformat()
    assert TIME.weekday(written) == day.weekday()
    assert TIME.day_of_year(written) == day.timetuple().tm_yday
    try:
        expected = (day + timedelta(days)).isoformat()
    except OverflowError:
        return
    assert TIME.add_days(written, days) == expected
    assert TIME.days_between(written, expected) == days


@given(st.datetimes(min_value=datetime(1000, 1, 1)))  # noqa: DTZ001
def test_instants_are_written_and_read_as_python_does(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    seconds = (moment - EPOCH).total_seconds()
    assert TIME.format_iso(seconds) == moment.isoformat() + "Z"
    assert TIME.parse_iso(TIME.format_iso(seconds)) == seconds
    pattern = "%Y-%m-%d %H:%M:%S %y %j %I %p %B %b %A %a %%"
    assert TIME.format_time(seconds, pattern) == moment.strftime(pattern)


@given(FOUR_DIGIT_DATES, st.integers(0, 1000))
def test_months_go_forth_and_back(day: date, months: int) -> None:
    written = day.replace(day=min(day.day, 28)).isoformat()
    if day.year < 9900:
        assert TIME.add_months(TIME.add_months(written, months), -months) == written


@given(st.integers(0, 10**9))
def test_a_duration_reads_as_it_was_written(seconds: int) -> None:
    assert TIME.duration(TIME.format_duration(seconds, 4)) == seconds


@given(st.text(alphabet="ab \t\n", max_size=40))
def test_indent_and_dedent_are_textwraps(given_text: str) -> None:
    assert TEXT.indent(given_text) == textwrap.indent(given_text, "    ")
    assert TEXT.dedent(given_text) == textwrap.dedent(given_text)


@given(st.text(max_size=60), st.integers(1, 30))
def test_wrapping_keeps_the_words_and_the_width(given_text: str, width: int) -> None:
    lines = TEXT.wrap(given_text, width)
    assert " ".join(lines).split() == given_text.split()
    assert all(len(line) <= width or " " not in line for line in lines)


@given(st.text(max_size=12), st.text(max_size=12), st.text(max_size=12))
def test_the_edit_distance_is_a_metric(a: str, b: str, c: str) -> None:
    distance = TEXT.edit_distance
    assert (distance(a, b) == 0) == (a == b)
    assert distance(a, b) == distance(b, a)
    assert distance(a, c) <= distance(a, b) + distance(b, c)


@given(st.text(max_size=60))
def test_a_slug_is_plain_and_stays_itself(given_text: str) -> None:
    slug = TEXT.slug(given_text)
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert TEXT.slug(slug) == slug


@given(st.text(alphabet="ab{}:\n", max_size=20))
def test_a_template_is_filled_in_or_refused_with_a_reason(template: str) -> None:
    try:
        outcome = TEXT.render(template, {"a": "x", "b": "y"})
    except DanaError as error:
        outcome = str(error)
        assert "error[" in outcome
    assert isinstance(outcome, str)


ROWS = st.lists(st.tuples(st.text(max_size=5), st.text(max_size=5)), max_size=5)


@given(ROWS)
def test_csv_reads_what_it_wrote(rows: list[tuple[str, str]]) -> None:
    dicts = [{"a": first, "b": second} for first, second in rows]
    assert TEXT.parse_csv(TEXT.format_csv(dicts), strip=False) == dicts


@given(NUMBERS)
def test_statistics_are_pythons(numbers: list[float]) -> None:
    assert STATS.mean(numbers) == pytest.approx(statistics.fmean(numbers), rel=1e-12, abs=1e-9)
    assert STATS.median(numbers) == statistics.median(numbers)
    assert STATS.variance(numbers) == pytest.approx(statistics.variance(numbers), rel=1e-9, abs=1e-9)
    assert STATS.pstdev(numbers) == pytest.approx(statistics.pstdev(numbers), rel=1e-9, abs=1e-6)
    expected = statistics.quantiles(numbers, n=5, method="inclusive")
    assert STATS.quantiles(numbers, 5) == pytest.approx(expected, rel=1e-9, abs=1e-6)
    assert sum(bar.count for bar in STATS.histogram(numbers, 7)) == len(numbers)


@given(NUMBERS, st.floats(-100, 100), st.floats(-100, 100))
def test_a_line_through_points_on_a_line_is_that_line(xs: list[float], slope: float, intercept: float) -> None:
    if max(xs) - min(xs) < 1:
        return
    line = STATS.linear_fit(xs, [slope * x + intercept for x in xs])
    assert line.predict(xs[0]) == pytest.approx(slope * xs[0] + intercept, rel=1e-6, abs=1e-3)


@given(NUMBERS)
def test_what_runs_along_agrees_with_what_looks_back(numbers: list[float]) -> None:
    running = STATS.Running()
    for number in numbers:
        running.add(number)
    assert running.mean == pytest.approx(STATS.mean(numbers), rel=1e-9, abs=1e-6)
    assert running.variance() == pytest.approx(STATS.variance(numbers), rel=1e-6, abs=1e-6)
