"""Estimators against what they estimate: the exact value where it can be computed, known shares where not."""

from __future__ import annotations

import json
import math
import random
import statistics as exact

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dana.adaptive import statistics as s

reasonable = st.floats(-1e6, 1e6)


@given(st.lists(reasonable, min_size=2, max_size=50))
def test_moments_are_those_of_all_values(values) -> None:
    found = s.Moments()
    for value in values:
        found.add(value)
    assert math.isclose(found.mean, exact.fmean(values), rel_tol=1e-9, abs_tol=1e-6)
    assert math.isclose(found.variance, exact.variance(values), rel_tol=1e-6, abs_tol=1e-3)


@given(st.lists(reasonable, max_size=20), st.lists(reasonable, max_size=20))
def test_merged_moments_are_those_of_both(left, right) -> None:
    parts = [s.Moments(), s.Moments(), s.Moments()]
    for value in left:
        parts[0].add(value)
        parts[2].add(value)
    for value in right:
        parts[1].add(value)
        parts[2].add(value)
    parts[0].merge(parts[1])
    assert parts[0].count == parts[2].count
    assert math.isclose(parts[0].mean, parts[2].mean, rel_tol=1e-9, abs_tol=1e-6)
    assert math.isclose(parts[0].variance, parts[2].variance, rel_tol=1e-6, abs_tol=1e-3)


@given(st.lists(st.floats(1e-8, 1e4), min_size=1, max_size=200), st.floats(0, 1))
def test_quantiles_of_a_histogram_are_within_a_sixteenth(values, share) -> None:
    found = s.Histogram()
    for value in values:
        found.add(value)
    ordered = sorted(values)
    true = ordered[max(0, math.ceil(max(1, share * len(values))) - 1)]
    assert abs(found.quantile(share) - true) <= true / 16 * 1.0001
    assert s.Histogram.from_data(json.loads(json.dumps(found.to_data()))).to_data() == found.to_data()


@pytest.mark.parametrize("value", [0.0, -1.0, 1e-30, 1e30, 5e-324])
def test_absurd_times_count_and_break_nothing(value) -> None:
    found = s.Histogram()
    found.add(value)
    assert found.count == 1
    assert found.quantile(0.5) >= 0


@pytest.mark.parametrize("data", [{"x": 1}, {"9999": 1}, {"3": -1}, {"3": "1"}, {"-1": 1}])
def test_damaged_histograms_are_refused(data) -> None:
    with pytest.raises(ValueError, match="no bucket"):
        s.Histogram.from_data(data)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_five_markers_find_a_quantile(share) -> None:
    chance = random.Random(7)
    found, values = s.P2(share), []
    for _ in range(5000):
        values.append(chance.lognormvariate(0, 0.5))
        found.add(values[-1])
    true = sorted(values)[int(share * len(values))]
    assert abs(found.value - true) / true < 0.05


def test_a_quantile_of_few_values_is_one_of_them() -> None:
    found = s.P2(0.5)
    assert found.value == 0.0
    for value in (3.0, 1.0, 2.0):
        found.add(value)
    assert found.value == 2.0


def test_an_interval_of_a_share_covers_it_as_often_as_it_says() -> None:
    chance = random.Random(3)
    covered = 0
    for _ in range(1000):
        won = sum(chance.random() < 0.9 for _ in range(40))
        low, high = s.wilson(won, 40)
        covered += low <= 0.9 <= high
    assert 0.92 <= covered / 1000 <= 0.98
    assert s.wilson(0, 0) == (0.0, 1.0)


def test_an_interval_of_a_difference_covers_it_as_often_as_it_says() -> None:
    chance = random.Random(4)
    covered = 0
    for _ in range(1000):
        one, other = s.Moments(), s.Moments()
        for _ in range(8):
            one.add(chance.gauss(1.0, 1.0))
        for _ in range(20):
            other.add(chance.gauss(0.5, 3.0))
        _gain, low, high = s.welch(one, other)
        covered += low <= 0.5 <= high
    assert 0.93 <= covered / 1000 <= 0.985
    assert s.welch(s.Moments(), s.Moments()) == (0.0, -math.inf, math.inf)


def test_thompson_finds_the_best_arm_and_wastes_little() -> None:
    worth = {"a": 0.6, "b": 0.72, "c": 0.84}
    right = regret = 0.0
    for seed in range(40):
        chance, arms = random.Random(seed), s.Arms(list(worth))
        for _ in range(1000):
            name = arms.choose(chance)
            regret += max(worth.values()) - worth[name]
            arms.add(name, float(chance.random() < worth[name]))
        right += arms.best == "c"
    assert right >= 37
    assert regret / 40_000 < 0.05  # a fixed choice among the three loses 0.12


def test_a_drifting_choice_is_followed_by_forgetting() -> None:
    chance, arms = random.Random(1), s.Arms(["a", "b"], discount=0.98)
    for step in range(2000):
        worth = {"a": 0.9, "b": 0.5} if step < 1000 else {"a": 0.2, "b": 0.5}
        name = arms.choose(chance)
        arms.add(name, float(chance.random() < worth[name]))
    assert arms.best == "b"


def test_a_change_is_noticed_and_a_steady_stream_is_not() -> None:
    false_alarms = late = 0
    for seed in range(50):
        chance, watch = random.Random(seed), s.PageHinkley(delta=0.05, threshold=8.0)
        false_alarms += any(watch.add(chance.gauss(1.0, 0.3)) for _ in range(500))
        watch.reset()
        for _ in range(200):
            watch.add(chance.gauss(1.0, 0.3))
        late += not any(watch.add(chance.gauss(2.0, 0.3)) for _ in range(40))
    assert false_alarms <= 2
    assert late == 0


@given(st.lists(reasonable, min_size=1), st.floats(0.01, 1))
def test_a_forgetting_mean_stays_among_its_values(values, alpha) -> None:
    mean = s.Ewma(alpha)
    for value in values:
        mean.add(value)
    assert min(values) - 1e-6 <= mean.value <= max(values) + 1e-6


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(0, 5))))
def test_statistics_of_calls_survive_being_stored(calls) -> None:
    kept = s.Calls()
    for took, outcome in calls:
        kept.record(took, outcome)
    again = s.Calls.from_data(json.loads(json.dumps(kept.to_data())))
    assert again.to_data() == kept.to_data()
    assert again.count == len(calls)
    assert 0 <= again.success_rate <= 1


@pytest.mark.parametrize("data", [{}, {"outcomes": [1], "times": {}}, {"outcomes": [0] * 6, "times": 3}])
def test_damaged_statistics_are_refused(data) -> None:
    with pytest.raises(ValueError, match="no statistics"):
        s.Calls.from_data(data)


@pytest.mark.parametrize(
    "make",
    [
        lambda: s.Ewma(0),
        lambda: s.P2(1),
        lambda: s.Arms([]),
        lambda: s.Arms(["a", "a"]),
        lambda: s.Arms(["a"], 0),
        lambda: s.Arms(["a"]).add("a", 2),
        lambda: s.Histogram().quantile(2),
    ],
)
def test_arguments_that_make_no_sense_are_refused(make) -> None:
    with pytest.raises(ValueError, match=r"not|must|share"):
        make()
