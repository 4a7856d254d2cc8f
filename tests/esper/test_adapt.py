"""Beside a frozen host adapters grow: nothing changes at birth, its weights never, and all of it can go again (E98)."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from dana.esper.adapt import Adapter, is_frozen
from dana.esper.budget import Budget
from dana.esper.data import digits
from dana.esper.host import Host
from dana.esper.journal import GrowthJournal, replay, state
from dana.esper.modules import Adapted
from dana.esper.train import mlp, train

DATA = digits().changed("rotated")


def frozen(seed=1):
    model = train(mlp(64, [12, 12], 10, seed=seed), digits(), epochs=6, seed=seed, controller="off").finish().model
    for parameter in model.parameters():
        parameter.requires_grad_(False)
    return model


def images():
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(1, 4, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(64, 3))


@pytest.mark.parametrize(("model", "shape", "site"), [(mlp(5, [6], 3), (4, 5), "0"), (images(), (4, 1, 8, 8), "0")])
def test_an_adapter_changes_nothing_at_birth_and_leaves_no_trace(model, shape, site):
    x = torch.randn(shape)
    host, plain, layer = Host(model), model(x), model[0]
    place = host.site(site)
    plan = place.propose("adapter", rank=2)
    before = sum(p.numel() for p in model.parameters())
    assert host.germinate(plan) is None
    assert isinstance(model[0], Adapted)
    assert sum(p.numel() for p in model.parameters()) - before == plan.cost.parameters
    assert torch.equal(model(x), plain)
    with torch.no_grad():
        model[0].seed.own.weight.fill_(1.0)
    assert not torch.equal(model(x), plain)
    with host.without(place):
        assert torch.equal(model(x), plain)
    assert host.cull(place) is None
    assert model[0] is layer
    assert torch.equal(model(x), plain)


def test_a_frozen_host_learns_a_shifted_task_and_keeps_its_weights():
    model = frozen()
    before = {name: value.clone() for name, value in model.named_parameters()}
    assert is_frozen(model)
    journal = GrowthJournal()
    host = Host(model, budget=Budget(600, concurrent=3), journal=journal)
    start = train(Host(frozen()), DATA, epochs=1, controller="off").finish().accuracy
    run = train(host, DATA, epochs=16, seed=1).finish()
    assert isinstance(run.growing.controller, Adapter)
    assert run.accuracy > start + 0.3
    assert 0 < run.parameters <= 600
    now = {name.replace(".host", ""): value for name, value in run.model.named_parameters() if "seed" not in name}
    assert all(torch.equal(now[name], value) for name, value in before.items())
    assert replay(journal.events()).to_data() == state(host)


def test_neurons_of_a_frozen_layer_are_refused():
    refusal = Host(frozen()).site("0").propose("widen")
    assert refusal.code == "refused.state"
    assert "adapter" in refusal.hint


def test_a_budget_without_room_grows_nothing():
    run = train(Host(frozen(), budget=Budget(20)), DATA, epochs=3).finish()
    assert run.germinations == 0
    assert run.parameters == 0
