"""Faults are found where they were planted, governors put back what goes wrong, and judges are fair (E43, E72, E96)."""

from __future__ import annotations

import random
from math import isnan

import pytest
import torch
from torch import nn

from dana.esper.governor import Governor
from dana.esper.host import Host
from dana.esper.karn import diagnose, propose
from dana.esper.lifecycle import Stage
from dana.esper.probe import probe
from dana.esper.tamiyo import judge


def task(inputs=8, classes=3, count=256, seed=0):
    torch.manual_seed(seed)
    x = torch.randn(count, inputs)
    y = (torch.sin(2 * x[:, 0]) + x[:, 1] * x[:, 2] > 0).long() + (x[:, 3] > 1).long()
    return x, y.clamp(max=classes - 1)


def planted(fault, seed):
    """A network with one fault at a known place; returns it with the path of the layer."""
    chance = random.Random(seed)
    torch.manual_seed(seed)
    where = chance.choice([0, 2])
    layers = [nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 16), nn.ReLU(), nn.Linear(16, 3)]
    if fault == "narrow":
        width = chance.choice([2, 3])
        layers[where] = nn.Linear(layers[where].in_features, width)
        layers[where + 2] = nn.Linear(width, layers[where + 2].out_features)
    elif fault == "dead":
        with torch.no_grad():
            layers[where].bias[: chance.choice([10, 13, 16])] = -40.0
    elif fault == "rank":
        with torch.no_grad():
            weight = layers[where].weight
            weight.copy_(torch.outer(torch.randn(weight.shape[0]), torch.randn(weight.shape[1])) * 0.3)
            layers[where].bias.zero_()
    elif fault == "saturated":
        layers[where + 1] = chance.choice([nn.Tanh(), nn.Sigmoid()])
        with torch.no_grad():
            layers[where].weight.mul_(80.0)
    elif fault == "linear":
        layers[where + 1] = nn.Identity()
    return nn.Sequential(*layers), str(where)


def trained(model, x, y, steps=60):
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(steps):
        optimizer.zero_grad()
        nn.functional.cross_entropy(model(x), y).backward()
        optimizer.step()
    return optimizer


def found_in(model, x, y):
    host = Host(model, sites="linear")
    return host, probe(host, lambda: nn.functional.cross_entropy(host.model(x), y))


@pytest.mark.parametrize("fault", ["narrow", "dead", "rank", "saturated", "linear"])
def test_planted_faults_are_named_and_localised(fault):
    x, y = task()
    right = 0
    for seed in range(12):
        model, path = planted(fault, seed)
        if fault in ("narrow", "linear"):
            trained(model, x, y)
        host, figures = found_in(model, x, y)
        findings = diagnose(host, figures)
        right += bool(findings) and (findings[0].fault, findings[0].site.path) == (fault, path)
    assert right >= 11, f"{right} of 12"


def test_a_healthy_wide_network_is_left_alone():
    x, y = task()
    torch.manual_seed(1)
    model = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 3))
    trained(model, x, y, 300)
    host, figures = found_in(model, x, y)
    assert diagnose(host, figures) == []


def test_a_probe_leaves_no_trace():
    x, y = task()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 6), nn.BatchNorm1d(6), nn.ReLU(), nn.Dropout(0.5), nn.Linear(6, 3))
    model(x).sum().backward()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    gradients = [p.grad.clone() for p in model.parameters()]
    state = torch.get_rng_state()
    found_in(model, x, y)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(torch.equal(p.grad, g) for p, g in zip(model.parameters(), gradients, strict=True))
    assert torch.equal(torch.get_rng_state(), state)
    assert not any(module._forward_hooks for module in model.modules())


def test_directions_from_the_gradient_are_better_than_random_ones():
    gains = []
    for directed in (False, True):
        total = 0.0
        for seed in range(12):
            x, y = task(count=512, seed=seed)
            torch.manual_seed(seed)
            model = nn.Sequential(nn.Linear(8, 3), nn.ReLU(), nn.Linear(3, 3))
            optimizer = trained(model, x, y, 150)
            host, figures = found_in(model, x, y)
            host.attach(optimizer)
            plan = host.site("0").propose("widen", neurons=2)
            if directed:
                plan.kernel = figures["0"].directions[:2]
            assert host.germinate(plan) is None
            for _ in range(15):
                optimizer.zero_grad()
                loss = nn.functional.cross_entropy(host.model(x), y)
                loss.backward()
                optimizer.step()
            total += loss.item()
        gains.append(total)
    assert gains[1] < gains[0]


def test_layers_whose_inputs_are_all_dead_give_no_nan():
    x, y = task()
    model = nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 3))
    with torch.no_grad():
        model[0].bias.fill_(-100.0)
    host, figures = found_in(model, x, y)
    for each in figures.values():
        assert not any(isnan(value) for value in each.values())
        assert each.directions is None or torch.isfinite(each.directions).all()
    assert diagnose(host, figures)[0].fault == "dead"
    assert propose(host, diagnose(host, figures), figures)


def growing(template="bottleneck"):
    x, y = task()
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 12), nn.ReLU(), nn.Linear(12, 3))
    optimizer = trained(model, x, y, 100)
    host = Host(model)
    host.attach(optimizer)
    return host, optimizer, x, y, template


def steps(host, optimizer, x, y, governor, count):
    seen = []
    for _ in range(count):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(host.model(x), y)
        loss.backward()
        optimizer.step()
        host.step()
        seen.append(governor.see(loss.item()))
    return [each for each in seen if each]


@pytest.mark.parametrize("harm", ["nan", "explosion", "forgetting"])
def test_what_goes_wrong_because_something_grew_is_put_back(harm):
    host, optimizer, x, y, _ = growing()
    events = []
    host._journal = lambda name, data: events.append((name, data))
    governor = Governor(host, chance=1.0986, every=10)
    assert steps(host, optimizer, x, y, governor, 40) == []
    site = host.site("0")
    assert host.germinate(site.propose("bottleneck")) is None
    steps(host, optimizer, x, y, governor, 5)
    with torch.no_grad():
        if harm == "nan":
            host.model[2].weight.fill_(float("nan"))
        elif harm == "explosion":
            host.model[2].weight.mul_(500.0)
        else:
            host.model[2].weight.zero_()
            host.model[2].bias.zero_()
    panics = steps(host, optimizer, x, y, governor, 4)
    assert len(panics) == 1
    assert site.stage is Stage.ROLLED_BACK
    assert isinstance(host.model[0], nn.Linear)
    assert all(torch.isfinite(p).all() for p in host.model.parameters())
    assert governor.reports[0].template == "bottleneck"
    assert "esper.report" in [name for name, _data in events]
    assert steps(host, optimizer, x, y, governor, 30) == []


def test_an_ordinary_training_never_panics():
    for seed in range(6):
        torch.manual_seed(seed)
        x, y = task(seed=seed)
        model = nn.Sequential(nn.Linear(8, 12), nn.ReLU(), nn.Linear(12, 3))
        host = Host(model)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9)
        host.attach(optimizer)
        governor = Governor(host, chance=1.0986)
        for _ in range(300):
            at = torch.randint(len(x), (16,))
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x[at]), y[at])
            loss.backward()
            optimizer.step()
            assert governor.see(loss.item()) is None


def test_a_judge_sees_what_grew_and_nothing_else():
    host, _optimizer, x, y, _ = growing()
    site = host.site("0")
    assert host.germinate(site.propose("bottleneck", inner=6)) is None
    host.blend(site, steps=1)
    host.step()

    def losses():
        return nn.functional.cross_entropy(host.model(x), y, reduction="none")

    found = judge(host, site, losses, rent_rate=0.01)
    assert found.gain == found.low == found.high == 0.0  # nothing at birth
    assert found.rent > 0
    with torch.no_grad():
        site.grown.seed.up.weight.normal_()
    assert judge(host, site, losses, rent_rate=0.01).high < 0
    assert host.model.training
