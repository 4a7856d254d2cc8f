"""Grafting strategies: each lets α go on, waits for its own reason, and is culled when it waits too long (E83)."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from dana.esper.grafting import PATIENCE, STRATEGIES
from dana.esper.host import Host
from dana.esper.lifecycle import Stage


def blending(strategy, steps=4):
    torch.manual_seed(0)
    host = Host(nn.Sequential(nn.Linear(3, 5), nn.ReLU(), nn.Linear(5, 2)), sites=["0"])
    site = host.site("0")
    assert host.germinate(site.propose("bottleneck")) is None
    assert host.blend(site, curve="linear", steps=steps, strategy=strategy) is None
    gradients(site, 1.0)
    return host, site


def gradients(site, size):
    for parameter in site.grown.seed.parameters():
        parameter.grad = torch.full_like(parameter, size)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_alpha_goes_on_when_all_is_well(strategy):
    host, site = blending(strategy)
    seen = []
    for _ in range(4):
        host.step(1.0)
        seen.append(site.alpha)
    assert seen == [0.25, 0.5, 0.75, 1.0]
    assert site.stage is Stage.HOLDING


def worse(host, site):
    return 3.0


def moved(host, site):
    with torch.no_grad():
        site.grown.host.weight.add_(1.0)
    return 1.0


def exploded(host, site):
    gradients(site, 1e6)
    return 1.0


def vanished(host, site):
    gradients(site, 0.0)
    return 1.0


HARM = {"performance": [worse], "drift": [moved], "gradient": [exploded, vanished]}


@pytest.mark.parametrize(("strategy", "harm"), [(name, each) for name, all_ in HARM.items() for each in all_])
def test_alpha_waits_for_its_own_reason_only(strategy, harm):
    host, site = blending(strategy)
    host.step(1.0)
    for _ in range(3):
        host.step(harm(host, site))
    assert site.alpha == 0.25
    other, elsewhere = blending(next(name for name in HARM if name != strategy))
    other.step(1.0)
    other.step(harm(other, elsewhere))
    assert elsewhere.alpha == 0.5


@pytest.mark.parametrize(("strategy", "harm"), [(name, each) for name, all_ in HARM.items() for each in all_])
def test_who_waits_too_long_is_culled_by_rule(strategy, harm):
    host, site = blending(strategy)
    layer = site.grown.host
    gone = []
    for turn in range(1 + PATIENCE * 4 + 1):
        gone += host.step(1.0 if not turn else harm(host, site))
        if gone:
            break
    assert gone == ["0"]
    assert host.model[0] is layer


def test_what_is_not_measured_does_not_pass():
    host, site = blending("performance")
    host.step()
    assert site.alpha == 0.0


def test_a_mark_holds_what_a_strategy_remembers():
    host, site = blending("performance")
    host.step(1.0)
    mark = host.mark()
    host.step(0.1)
    host.step(0.1)
    host.rollback(mark)
    assert site._memory == {"mean": 1.0, "best": 1.0}
    host.step(1.0)
    assert site.alpha == 0.5


def test_a_strategy_that_does_not_exist():
    host, site = blending("fixed")
    with pytest.raises(ValueError, match="strategies are fixed, performance, drift, gradient"):
        host.blend(site, strategy="magic")
