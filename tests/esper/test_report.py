"""Reports show every control beside what grew, and say what was gained honestly (mission §4.1)."""

from __future__ import annotations

import pytest
import torch

from dana.esper.budget import Budget
from dana.esper.data import spirals
from dana.esper.plots import plot
from dana.esper.report import Cohort, compare, fresh
from dana.esper.train import mlp, train


def small(seed):
    return mlp(2, [3], 2, seed=seed)


def test_a_report_has_all_cohorts_and_equal_seeds():
    told = []
    report = compare(
        "spirals",
        lambda seed: spirals(200, seed=seed),
        small,
        lambda seed: mlp(2, [16], 2, seed=seed),
        epochs=10,
        seeds=[1, 2],
        parameters=100,
        watch=lambda cohort, seed: told.append((cohort, seed)),
    )
    assert list(report.cohorts) == [
        "static small", "static large", "static grown", "schedule", "random", "heuristic", "off-switch",
    ]  # fmt: skip
    assert len(told) == 14
    assert report.cohorts["off-switch"].accuracies == report.cohorts["static small"].accuracies
    assert report.cohorts["off-switch"].weights == report.cohorts["static small"].weights
    assert report.cohorts["heuristic"].weights != report.cohorts["static small"].weights
    assert report.cohorts["static grown"].parameters == report.cohorts["heuristic"].parameters
    assert all(row["seeds"] == 2 for row in report.rows())
    text = str(report)
    for name in report.cohorts:
        assert name in text
    assert "of the gap closed" in text


def test_an_interval_needs_more_than_one_seed():
    cohort = Cohort("x")
    run = train(small(0), spirals(100), epochs=1, controller="off").finish()
    cohort.add(run)
    assert cohort.interval == 0.0
    cohort.accuracies = [0.8, 0.9, 1.0]
    assert cohort.interval == pytest.approx(4.30 * 0.1 / 3**0.5)


def test_a_network_of_the_same_shape_starts_anew():
    run = train(small(0), spirals(200), epochs=12, budget=Budget(60)).finish()
    one, other, again = fresh(run.model, 1), fresh(run.model, 2), fresh(run.model, 1)
    shapes = [p.shape for p in run.model.parameters()]
    assert [p.shape for p in one.parameters()] == shapes
    assert not torch.equal(next(one.parameters()), next(run.model.parameters()))
    assert not torch.equal(next(one.parameters()), next(other.parameters()))
    assert torch.equal(next(one.parameters()), next(again.parameters()))


@pytest.mark.parametrize("kind", ["png", "svg"])
def test_a_run_can_be_looked_at(tmp_path, kind):
    pytest.importorskip("matplotlib", reason="not run: the extra `plots` (matplotlib) is not installed")
    run = train(small(0), spirals(200), epochs=8, budget=Budget(60)).finish()
    path = tmp_path / f"run.{kind}"
    plot(run, str(path))
    start = path.read_bytes()[:200]
    assert start.startswith(b"\x89PNG") if kind == "png" else b"<?xml" in start
