"""Small networks grow wide where the gradient asks for it; grown ones are not shaken out of what they learnt (E41, E72)."""

from __future__ import annotations

import math

import pytest
import torch
from torch import nn

from dana.esper.adapt import Adapter
from dana.esper.budget import Budget
from dana.esper.data import digits, spirals
from dana.esper.governor import Governor
from dana.esper.host import Host
from dana.esper.nets import cnn
from dana.esper.report import weights_id
from dana.esper.seedling import LEARNT, Widener, is_seedling
from dana.esper.tamiyo import CULL, FOSSILISE, GERMINATE, Tamiyo
from dana.esper.train import Growing, heuristic, mlp, train


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        (lambda: mlp(64, [3, 3], 10), Widener),
        (lambda: mlp(2, [4], 2), Widener),
        (lambda: mlp(2, [4, 5], 2), Tamiyo),
        (lambda: nn.Sequential(nn.Linear(2, 2)), Tamiyo),
        (lambda: nn.Sequential(nn.Linear(2, 3), nn.LayerNorm(3), nn.ReLU(), nn.Linear(3, 2)), Tamiyo),
        (lambda: cnn([2, 2], 10), Tamiyo),
        (lambda: mlp(2, [4], 2).requires_grad_(False), Adapter),
    ],
)
def test_the_heuristic_is_chosen_by_the_network(model, kind):
    assert type(heuristic(model())) is kind
    assert is_seedling(mlp(64, [3, 3], 10))


def test_a_seedling_becomes_a_plain_network_that_knows_more_than_it_could_have():
    data = digits(seed=1)
    small = train(mlp(64, [3, 3], 10, seed=1), data, epochs=24, seed=1, controller="off").finish()
    run = train(mlp(64, [3, 3], 10, seed=1), data, epochs=24, seed=1, budget=Budget(680)).finish()
    assert run.accuracy > small.accuracy + 0.1
    assert small.parameters < run.parameters <= small.parameters + 680
    assert [type(module) for module in run.model] == [type(module) for module in small.model]
    kinds = [action.kind for epoch in run.history for action in epoch.growth]
    assert kinds.count(GERMINATE) == kinds.count(FOSSILISE) + kinds.count(CULL)
    again = train(mlp(64, [3, 3], 10, seed=1), data, epochs=24, seed=1, budget=Budget(680)).finish()
    assert weights_id(again.model) == weights_id(run.model)


def test_what_does_not_pay_goes_and_its_place_is_left_alone():
    data = spirals(200, seed=1)
    controller = Widener(rent_rate=1e6)
    run = train(mlp(2, [4, 4], 2, seed=2), data, epochs=40, seed=2, controller=controller, budget=Budget(300)).finish()
    assert run.growths == 0
    assert run.parameters == 42
    assert controller.failed
    assert max(controller.failed.values()) <= 2
    other = Widener()
    other.restore(controller.state())
    assert other.failed == controller.failed


def test_growing_ends_where_nothing_is_left_to_learn():
    x = torch.cat([torch.randn(200, 2) - 6, torch.randn(200, 2) + 6])
    data = spirals(400, seed=1)
    y = torch.tensor([0] * 200 + [1] * 200)
    mixed = torch.randperm(400, generator=torch.Generator().manual_seed(0))
    data.train = data.validation = data.test = (x[mixed], y[mixed])
    run = train(mlp(2, [4], 2, seed=0), data, epochs=20, seed=0, budget=Budget(300)).finish()
    done = next(epoch.number for epoch in run.history if epoch.loss < LEARNT)
    assert not [1 for epoch in run.history[done:] for action in epoch.growth if action.kind == GERMINATE]


# --- shocks -----------------------------------------------------------------------------------------


def watched():
    host = Host(mlp(2, [4], 2), sites="linear")
    governor = Governor(host)
    for at in range(60):
        assert governor.share(1000.0) == 1.0
        governor.see(1.0 + 0.001 * (at % 5))
    return host, governor


def test_before_anything_grew_every_loss_counts_in_full():
    _host, governor = watched()
    assert governor.share(500.0) == 1.0


def test_once_something_grew_an_odd_loss_counts_as_three_usual_ones():
    host, governor = watched()
    host.last_change = 1
    assert governor.share(2.9) == 1.0
    assert governor.share(300.0) * 300.0 == pytest.approx(3 * 1.002)
    # What is not finite is for the panic.
    assert governor.share(math.inf) == 1.0
    assert governor.share(math.nan) == 1.0


def test_nobody_limits_a_loop_without_a_controller():
    data = spirals(100)
    growing = Growing(Host(mlp(2, [4], 2)), validation=data.validation)
    assert growing.share(1e9) == 1.0
