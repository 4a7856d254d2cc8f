"""A host is an ordinary network; what grows in it obeys its life, its budget and the shield, and can be undone (E9, E99)."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from dana.esper.budget import Budget
from dana.esper.graft import Fused, Graft
from dana.esper.host import Host
from dana.esper.lifecycle import Stage
from dana.esper.refusals import Refusal, RefusedError
from tests.esper.nets import net

GAINS = {"gain_low": 0.01, "gain_over_rent": 0.01, "host_alone": 0.5}


def images():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(4, 6, 3, padding=1), nn.ReLU(),
        nn.Flatten(), nn.Linear(6 * 16, 3),
    )  # fmt: skip


class Sequence(nn.Module):
    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.embed = nn.Linear(5, 8)
        self.block = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, batch_first=True)
        self.head = nn.Linear(8, 3)

    def forward(self, value):
        return self.head(self.block(self.embed(value)).mean(1))


HOSTS = {
    "mlp": (net, (16, 8), "linear"),
    "cnn": (images, (16, 1, 8, 8), "linear,conv"),
    "transformer": (Sequence, (16, 6, 5), "linear,transformer"),
}


def prepared(kind, **how):
    make, shape, sites = HOSTS[kind]
    model = make()
    host = Host(model, sites=sites, example=torch.zeros(shape), **how)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    host.attach(optimizer)
    return host, optimizer, shape


def train(host, optimizer, shape, steps=5, seed=3):
    torch.manual_seed(seed)
    losses = []
    for _ in range(steps):
        x = torch.randn(shape)
        y = (x.flatten(1).sum(1) > 0).long()
        loss = nn.functional.cross_entropy(host.model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        host.step()
        losses.append(loss.item())
    return losses


@pytest.mark.parametrize("kind", HOSTS)
def test_a_dormant_host_is_the_plain_network(kind):
    make, shape, _sites = HOSTS[kind]
    plain = make()
    kinds = [type(module) for module in plain.modules()]
    host, optimizer, shape = prepared(kind)
    objects = list(host.model.modules())
    losses = train(host, optimizer, shape, 20)
    assert [type(module) for module in host.model.modules()] == kinds
    assert all(now is before for now, before in zip(host.model.modules(), objects, strict=True))
    other = torch.optim.Adam(plain.parameters(), lr=0.01)
    torch.manual_seed(3)
    for expected in losses:
        x = torch.randn(shape)
        loss = nn.functional.cross_entropy(plain(x), (x.flatten(1).sum(1) > 0).long())
        other.zero_grad()
        loss.backward()
        other.step()
        assert loss.item() == expected
    for name, value in plain.state_dict().items():
        assert torch.equal(value, host.model.state_dict()[name])


@pytest.mark.parametrize("kind", HOSTS)
@pytest.mark.parametrize("template", ["widen", "deepen", "bottleneck", "norm", "attention", "depthwise"])
def test_growing_and_culling_gives_the_host_back(kind, template):
    host, optimizer, shape = prepared(kind)
    train(host, optimizer, shape)
    for site in host.sites:
        plan = site.propose(template)
        if isinstance(plan, Refusal):
            assert plan.code == "refused.shape"
            continue
        modules = dict(host.model.named_modules())
        before = host.parameters
        x = torch.randn(shape)
        host.model.eval()
        value = host.model(x)
        host.model.train()
        assert host.germinate(plan) is None
        assert site.stage is Stage.TRAINING
        assert host.parameters == before + plan.cost.parameters
        host.model.eval()
        assert torch.allclose(host.model(x), value, atol=1e-5)
        host.model.train()
        train(host, optimizer, shape)
        known = {id(p) for group in optimizer.param_groups for p in group["params"]}
        assert known == {id(p) for p in host.model.parameters()}
        assert host.cull(site, "test") is None
        assert site.stage is Stage.EMBARGOED
        assert host.parameters == before
        assert all(module is modules[name] for name, module in host.model.named_modules())
        assert host.budget.spent["parameters"] == 0
        train(host, optimizer, shape, 2)
        for _ in range(site.seed.embargo_epochs):
            host.next_epoch()
        assert site.stage is Stage.DORMANT


@pytest.mark.parametrize("kind", HOSTS)
def test_a_whole_life_leaves_an_ordinary_network(kind):
    host, optimizer, shape = prepared(kind)
    events = []
    host._journal = lambda name, data: events.append((name, data))
    for template in ("bottleneck", "low_rank"):
        site = host.sites[0]
        assert host.germinate(site.propose(template)) is None
        train(host, optimizer, shape)
        host.next_epoch()
        assert host.blend(site, curve="sigmoid", steps=4) is None
        alphas = []
        for _ in range(4):
            train(host, optimizer, shape, 1)
            alphas.append(site.alpha)
        assert alphas == sorted(alphas)
        assert site.stage is Stage.HOLDING
        assert host.fossilise(site, {**GAINS, "gain_low": -0.1}).code == "refused.gate"
        assert site.stage is Stage.HOLDING
        x = torch.randn(shape)
        host.model.eval()
        value = host.model(x)
        assert host.fossilise(site, GAINS) is None
        assert torch.equal(host.model(x), value)
        host.model.train()
        train(host, optimizer, shape)
    model = host.finish()
    assert not any(isinstance(module, Graft) for module in model.modules())
    assert any(isinstance(module, Fused) for module in model.modules())
    names = [name for name, _data in events]
    assert names == [
        "esper.germinate", "esper.blend", "esper.hold", "esper.refuse", "esper.fossilise",
        "esper.germinate", "esper.blend", "esper.hold", "esper.refuse", "esper.fossilise",
    ]  # fmt: skip
    copy = torch.nn.Sequential(model).state_dict()
    assert all(torch.isfinite(value).all() for value in copy.values())


def test_widening_again_and_again_keeps_all_facts_true():
    host, optimizer, shape = prepared("mlp")
    site = host.site("0")
    for grown in range(1, 5):
        plan = site.propose("widen", neurons=3)
        before = host.parameters
        assert host.germinate(plan) is None
        assert host.parameters - before == plan.cost.parameters
        host.next_epoch()
        assert host.blend(site) is None
        assert site.stage is Stage.HOLDING
        train(host, optimizer, shape)
        with torch.no_grad(), host.without(site):
            host.model.eval()(torch.randn(shape))
        host.model.train()
        assert host.fossilise(site, GAINS) is None
        assert site.facts.outputs == 12 + 3 * grown
        assert host.site("4").facts.inputs == 12 + 3 * grown
    assert host.model[4].in_features == 24


@pytest.mark.parametrize("template", ["widen", "deepen", "bottleneck"])
def test_without_shows_the_network_without_what_grew(template):
    torch.manual_seed(0)
    host = Host(nn.Sequential(nn.Linear(8, 12), nn.ReLU(), nn.Dropout(0.1), nn.Identity(), nn.Linear(12, 2)).eval())
    x = torch.randn(16, 8)
    before = host.model(x)
    site = host.site("0")
    assert host.germinate(site.propose(template)) is None
    host.blend(site, steps=1)
    host.step()
    with torch.no_grad():
        if template == "widen":
            host.model[4].weight[:, 12:] += 1
        elif template == "deepen":
            site.grown[-1].weight += 1
        else:
            site.grown.seed.up.weight += 1
    after = host.model(x)
    assert not torch.allclose(after, before, atol=1e-3)
    with host.without(site):
        assert torch.allclose(host.model(x), before, atol=1e-5)
    assert torch.equal(host.model(x), after)


def test_a_rollback_takes_everything_back_and_may_lock_the_site():
    host, optimizer, shape = prepared("mlp", budget=Budget(500))
    train(host, optimizer, shape)
    mark = host.mark()
    state = {name: value.clone() for name, value in host.model.state_dict().items()}
    site = host.site("0")
    assert host.germinate(site.propose("widen")) is None
    train(host, optimizer, shape)
    host.rollback(mark, lock=site, reason="test")
    assert {name: value.shape for name, value in host.model.state_dict().items()} == {
        n: v.shape for n, v in state.items()
    }
    assert all(torch.equal(value, state[name]) for name, value in host.model.state_dict().items())
    assert host.budget.spent == {"parameters": 0, "flops": 0, "bytes": 0, "growths": 1}
    assert site.stage is Stage.ROLLED_BACK
    assert host.germinate(site.propose("widen")).code == "refused.locked"
    assert not host.changes
    assert host.release(site) is None
    assert host.germinate(site.propose("widen")) is None


def test_the_budget_the_cooldown_and_the_stage_hold():
    host, *_ = prepared("mlp", budget=Budget(100), cooldown=3)
    site = host.site("0")
    assert host.germinate(site.propose("widen", neurons=50)).code == "refused.budget"
    assert host.germinate(site.propose("widen", neurons=2)) is None
    assert host.germinate(site.propose("widen", neurons=2)).code == "refused.stage"
    assert host.germinate(host.site("4").propose("norm")).code == "refused.cooldown"
    host.epoch = 3
    assert host.germinate(host.site("4").propose("norm")).code == "refused.budget"
    host.finite = False
    assert host.blend(site).code == "refused.state"


def test_a_seed_that_fails_again_and_again_is_culled_by_rule():
    host, optimizer, shape = prepared("mlp")
    site = host.site("0")
    events = []
    host._journal = lambda name, data: events.append((name, data.get("reason")))
    assert host.germinate(site.propose("bottleneck")) is None
    site.grown.seed.down.weight.data.fill_(float("nan"))
    train(host, optimizer, shape, 3)
    assert site.stage is Stage.EMBARGOED
    assert events[-1] == ("esper.cull", "3 strikes: 3 × not finite")
    assert isinstance(host.model[0], nn.Linear)


def test_names_that_do_not_exist_are_refused_with_the_nearest():
    host, *_ = prepared("cnn")
    with pytest.raises(RefusedError, match="no site `77`"):
        host.site("77")
    with pytest.raises(RefusedError, match="none at 9"):
        host.site(9)
    with pytest.raises(RefusedError) as caught:
        Host(images(), sites="lineer")
    assert caught.value.refusal.hint == "did you mean `linear`?"
    with pytest.raises(RefusedError, match="nothing can grow here"):
        Host(nn.Sequential(nn.ReLU()))
    assert host.site(0).propose("botleneck").hint == "did you mean `bottleneck`?"
    assert host.germinate(host.site(0).propose("attention")).code == "refused.shape"


def test_a_layer_used_twice_or_read_by_two_is_not_widened():
    class Twice(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b, self.c = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 2)

        def forward(self, value):
            value = self.a(self.a(value))
            bent = torch.relu(value)
            return self.c(self.b(bent) + bent)

    host = Host(Twice())
    for path in ("a", "b", "c"):
        assert host.site(path).propose("widen").code == "refused.shape"
    assert not isinstance(host.site("b").propose("bottleneck"), Refusal)


def test_neighbours_that_grow_at_once_cost_what_they_cost():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 6), nn.ReLU(), nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 2))
    host = Host(model, budget=Budget(2_000, concurrent=3))
    start = host.parameters
    for path in ("2", "0"):
        assert host.germinate(host.site(path).propose("widen", neurons=3)) is None
        assert host.parameters == start + host.budget.spent["parameters"]
    assert host.cull(host.site("2")) is None
    assert host.parameters <= start + host.budget.spent["parameters"]
    assert (model[0].out_features, model[2].in_features, model[2].out_features, model[4].in_features) == (9, 9, 5, 5)
    with host.without(host.site("0")):
        host.model(torch.zeros(2, 8))
    assert host.cull(host.site("0")) is None
    assert host.parameters == start
