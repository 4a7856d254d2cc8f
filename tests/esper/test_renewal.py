"""Dead neurons begin anew and saturated ones get their slope back, without a parameter more (E43, E48, E96)."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.nn import functional

from dana.esper import renewal
from dana.esper.budget import Budget
from dana.esper.checkpoint import saved
from dana.esper.host import Host
from dana.esper.journal import GrowthJournal, replay, state, trace
from dana.esper.karn import diagnose, propose
from dana.esper.lifecycle import Stage
from dana.esper.probe import probe
from dana.esper.refusals import RefusedError
from dana.esper.renewal import Renewal
from dana.esper.report import weights_id
from dana.esper.tamiyo import judge
from dana.esper.train import train
from tests.esper import planted

SEED = 10_001


def prepared(fault, steps=30, journal=None):
    """A host with a planted fault after some steps of Adam, its optimiser, its site, the plan that answers the fault."""
    model, places = planted.faulty(fault, SEED)
    data = planted.healthy(fault, SEED)[1]
    host = Host(model, budget=Budget(concurrent=2), journal=journal)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    host.attach(optimizer)
    learn(host, optimizer, data, steps)
    x, y = data.train
    figures = probe(host, lambda: functional.cross_entropy(host.model(x[:256]), y[:256]))
    findings = diagnose(host, figures)
    assert (findings[0].fault, findings[0].site.path) == (fault, places[0])
    plan = propose(host, findings, figures)[0]
    return host, optimizer, data, findings[0].site, plan


def learn(host, optimizer, data, steps):
    x, y = data.train
    for at in range(steps):
        optimizer.zero_grad()
        part = slice(96 * at % 1200, 96 * at % 1200 + 96)
        loss = functional.cross_entropy(host.model(x[part]), y[part])
        loss.backward()
        optimizer.step()
        host.step(float(loss.detach()))


def test_revived_neurons_change_nothing_at_birth_and_learn_afterwards():
    host, optimizer, data, site, plan = prepared("dead")
    assert plan.template.name == "revive"
    assert plan.cost.parameters == 0
    x = data.train[0][:256]
    before, parameters = host.model(x), host.parameters
    assert host.germinate(plan) is None
    assert host.parameters == parameters
    assert torch.allclose(host.model(x), before, atol=1e-5)
    outgoing = host._reader(site).weight
    assert not outgoing[:, plan.kernel.units].any()
    learn(host, optimizer, data, 20)
    assert outgoing[:, plan.kernel.units].abs().min() > 0
    spread = host.model[: int(site.path) + 2](x)[:, plan.kernel.units].std(0)
    assert (spread > 1e-4).double().mean() > 0.5


@pytest.mark.parametrize("fault", ["dead", "saturated"])
def test_a_renewal_that_is_culled_leaves_the_neurons_that_were_there(fault):
    host, _optimizer, data, site, plan = prepared(fault)
    x = data.train[0][:256]
    before = host.model(x)
    kept = {name: value.clone() for name, value in host.model.state_dict().items()}
    assert host.germinate(plan) is None
    assert host.blend(site, steps=5) is None
    for _ in range(3):
        host.step(0.5)
    assert host.cull(site, "test") is None
    assert torch.allclose(host.model(x), before, atol=1e-4)
    for name, value in host.model.state_dict().items():
        assert torch.allclose(value, kept[name], rtol=1e-5, atol=1e-6), name
    assert host.budget.spent["parameters"] == 0


def test_saturated_weights_shrink_with_alpha_until_there_is_a_slope():
    host, optimizer, data, site, plan = prepared("saturated")
    assert plan.template.name == "rescale"
    x = data.train[0][:256]
    before = host.model(x)
    layer = host.model.get_submodule(site.path)
    first = layer.weight.detach().clone()
    usual = optimizer.state[layer.weight]["exp_avg_sq"].clone()
    assert host.germinate(plan) is None
    assert torch.equal(host.model(x), before)
    assert site.alpha == 0.0
    assert host.blend(site, steps=10) is None
    assert site.stage is Stage.BLENDING
    sizes = []
    for _ in range(10):
        host.step(0.5)
        sizes.append(float(layer.weight.detach().norm()))
    assert sizes == sorted(sizes, reverse=True)
    assert site.stage is Stage.HOLDING
    assert site.alpha == 1.0
    factors = plan.kernel.factors.to(first).unsqueeze(1)
    assert torch.allclose(layer.weight[plan.kernel.units], first[plan.kernel.units] / factors, rtol=1e-4)
    # The weights are smaller, so their gradients are larger, and the optimiser knows.
    squares = optimizer.state[layer.weight]["exp_avg_sq"][plan.kernel.units]
    assert torch.allclose(squares, usual[plan.kernel.units] * factors**2, rtol=1e-3)
    with host.without(site):
        assert torch.allclose(host.model(x), before, atol=1e-2)
    figures = probe(host, lambda: functional.cross_entropy(host.model(x), data.train[1][:256]))
    assert figures[site.path]["slope"] > 0.3


def test_a_renewal_is_judged_beside_the_network_that_was_there_as_well():
    host, _optimizer, data, site, plan = prepared("dead")
    x, y = data.validation
    losses = lambda: functional.cross_entropy(host.model(x), y, reduction="none")  # noqa: E731
    # As if everything had been better before.
    plan.kernel.before = losses().detach() - 0.1
    assert host.germinate(plan) is None
    found = judge(host, site, losses, rent_rate=0.01)
    assert found.high < 0
    assert found.gain == pytest.approx(-0.1, abs=1e-5)


def test_without_a_probe_nobody_knows_which_neurons():
    host, _optimizer, _data, site, _plan = prepared("dead")
    plan = site.propose("revive")
    refusal = host.germinate(plan)
    assert refusal.code == "refused.state"
    assert "probe" in refusal.reason
    assert site.stage is Stage.DORMANT
    with pytest.raises(RefusedError, match="neurons, not"):
        renewal.begin("revive", Renewal([99]), host.model[0], host.model[2], [])


@pytest.mark.parametrize("fault", ["dead", "saturated"])
def test_a_training_in_which_neurons_are_renewed_is_resumed_to_the_bit(fault):
    data = planted.healthy(fault, SEED)[1]

    def begun(**more):
        model = planted.faulty(fault, SEED)[0]
        return train(model, data, epochs=14, seed=SEED, batch=96, budget=Budget(800, concurrent=2), **more)

    whole = begun().finish()
    broken, renewing = begun(), 0
    for _ in range(10):
        broken.one()
        renewing += any(site.renews for site in broken.host.sites)
        broken = begun(resume=saved(broken))
    broken.finish()
    assert renewing
    assert weights_id(broken.model) == weights_id(whole.model)
    assert broken.host.changes == whole.host.changes


def test_the_journal_tells_which_neurons_began_anew():
    journal = GrowthJournal()
    host, _optimizer, _data, site, plan = prepared("dead", journal=journal)
    assert host.germinate(plan) is None
    unit = plan.kernel.units[0]
    events = journal.events()
    assert replay(events).to_data() == state(host)
    parts = [(trail.part, trail.change is not None) for trail in trace(events, f"{site.path}.weight")]
    assert (f"rows {unit} to {unit}", True) in parts
    mark = host.marks[-1]
    host.rollback(mark)
    assert not site.renews
    assert replay(journal.events()).to_data() == state(host)


def test_what_grows_at_one_place_does_not_hide_a_fault_at_another():
    model, _places = planted.faulty("linear", SEED)
    data = planted.healthy("linear", SEED)[1]
    x, y = data.train
    host = Host(model, budget=Budget(concurrent=2))
    assert host.germinate(host.site("0").propose("activation")) is None
    host.blend(host.site("0"), steps=2)
    findings = diagnose(host, probe(host, lambda: functional.cross_entropy(host.model(x[:256]), y[:256])))
    assert ("linear", "2") in [(finding.fault, finding.site.path) for finding in findings]


def test_no_layer_is_widened_before_one_with_an_adapter_nor_adapted_while_that_may_be_undone():
    def fresh():
        return Host(nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 6), nn.ReLU(), nn.Linear(6, 2)))

    host = fresh()
    host.budget.concurrent = 2
    assert host.germinate(host.site("0").propose("widen", neurons=2)) is None
    assert host.site("2").propose("adapter", rank=2).code == "refused.state"
    host = fresh()
    host.budget.concurrent = 2
    assert host.germinate(host.site("2").propose("adapter", rank=2)) is None
    assert host.site("0").propose("widen", neurons=2).code == "refused.shape"
