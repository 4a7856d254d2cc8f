"""Rollback is exact, twice from one snapshot, through surgery and grafts, for every optimiser (E94, E101; finding 10)."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from dana.esper.graft import Graft, put
from dana.esper.modules import build
from dana.esper.refusals import RefusedError
from dana.esper.snapshot import take
from dana.esper.surgery import deepen, join, leave, narrow, widen
from tests.esper.nets import bottleneck, net

OPTIMIZERS = {
    "sgd": lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9),
    "adam": lambda p: torch.optim.Adam(p, lr=0.01),
    "adamw": lambda p: torch.optim.AdamW(p, lr=0.01, amsgrad=True),
    "rmsprop": lambda p: torch.optim.RMSprop(p, lr=0.01, momentum=0.5, centered=True),
    "adagrad": lambda p: torch.optim.Adagrad(p, lr=0.05),
}


class Training:
    def __init__(self, kind):
        self.model = net()
        self.optimizer = OPTIMIZERS[kind](self.model.parameters())
        self.scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(self.optimizer, 100)
        self.order = torch.Generator().manual_seed(4)

    def steps(self, count):
        seen = []
        for _ in range(count):
            x = torch.randn(16, 8, generator=self.order)
            y = (x.sum(1) > 0).long()
            loss = nn.functional.cross_entropy(self.model(x), y)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.scheduler.step()
            seen.append(loss.item())
        return seen

    def mark(self):
        return take(self.model, [self.optimizer], [self.scheduler], extras={"order": self.order.get_state()})

    def back(self, mark):
        mark.restore()
        self.order.set_state(mark.extras["order"])

    def state(self):
        return {name: value.clone() for name, value in self.model.state_dict().items()}


def equal(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("kind", OPTIMIZERS)
@pytest.mark.parametrize("change", ["nothing", "widen", "deepen", "graft", "freeze"])
def test_thirty_steps_after_a_rollback_are_the_original_thirty_twice(kind, change):
    training = Training(kind)
    training.steps(10)
    mark = training.mark()
    original = training.steps(30)
    after = training.state()
    for _ in range(2):
        training.back(mark)
        disturb(training, change)
        training.steps(7)
        training.back(mark)
        assert training.steps(30) == original
        assert equal(training.state(), after)


def disturb(training, change):
    model, steps = training.model, [training.optimizer]
    if change == "widen":
        widen(model[0], model[4], 5, steps, between=[model[1]])
    elif change == "deepen":
        deepen(model, "0", steps)
    elif change == "graft":
        graft = Graft(model[0], build(bottleneck()), stream_seed=3)
        put(model, "0", graft)
        join(graft.seed, graft.host, steps)
        graft.blending, graft.alpha = True, 0.5
    elif change == "freeze":
        model[0].requires_grad_(requires_grad=False)
        model.eval()


def test_a_graft_goes_back_to_where_it_was():
    training = Training("adam")
    graft = Graft(training.model[0], build(bottleneck(dropout=True)), stream_seed=3)
    put(training.model, "0", graft)
    join(graft.seed, graft.host, [training.optimizer])
    training.steps(5)
    mark = training.mark()
    original, after = training.steps(10), training.state()
    graft.blending, graft.alpha, graft.strikes = True, 0.7, 2
    training.steps(3)
    training.back(mark)
    assert (graft.blending, graft.alpha, graft.strikes) == (False, 0.0, 0)
    assert training.steps(10) == original
    assert equal(training.state(), after)


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_surviving_weights_keep_their_momentum_bit_for_bit(kind):
    training = Training(kind)
    training.steps(10)
    model, optimizer = training.model, training.optimizer
    before = {key: value.clone() for key, value in optimizer.state[model[0].weight].items() if torch.is_tensor(value)}
    widen(model[0], model[4], 4, [optimizer], between=[model[1]])
    after = optimizer.state[model[0].weight]
    assert after.keys() >= before.keys()
    for key, value in before.items():
        if value.dim():
            assert torch.equal(after[key][:12], value)
            assert not after[key][12:].any()
        else:
            assert torch.equal(after[key], value)
    training.steps(5)
    parameters = {id(p) for p in model.parameters()}
    assert {id(p) for group in optimizer.param_groups for p in group["params"]} == parameters
    assert {id(p) for p in optimizer.state} <= parameters


def test_widening_and_deepening_change_nothing_at_birth():
    model = net().eval()
    x = torch.randn(64, 8)
    before = model(x)
    widen(model[0], model[4], 6, between=[model[1]])
    assert torch.allclose(model(x), before, atol=2e-6)
    assert (model[0].out_features, model[1].num_features, model[4].in_features) == (18, 18, 18)
    deepen(model, "0")
    assert torch.allclose(model(x), before, atol=2e-6)
    images = nn.Sequential(
        nn.Conv2d(3, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(4 * 36, 2)
    ).eval()
    x = torch.randn(5, 3, 6, 6)
    before = images(x)
    widen(images[0], images[4], 3, between=[images[1]])
    assert torch.allclose(images(x), before, atol=1e-5)
    deepen(images, "0")
    assert torch.allclose(images(x), before, atol=1e-5)


def test_new_neurons_can_learn_and_take_given_directions():
    model = net()
    directions = torch.randn(2, 9)
    widen(model[0], model[4], 2, between=[model[1]], directions=directions)
    assert torch.equal(model[0].weight[12:], directions[:, :8])
    assert torch.equal(model[0].bias[12:], directions[:, 8])
    model(torch.randn(8, 8)).sum().backward()
    assert model[4].weight.grad[:, 12:].abs().sum() > 0


def test_narrowing_dead_neurons_changes_nothing():
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2))
    optimizer = torch.optim.Adam(model.parameters())
    with torch.no_grad():
        model[0].weight[[1, 4]] = 0
        model[0].bias[[1, 4]] = -1
    x = torch.randn(10, 4)
    model(x).sum().backward()
    optimizer.step()
    with torch.no_grad():
        model[0].weight[[1, 4]] = 0
    before = model(x)
    moments = optimizer.state[model[0].weight]["exp_avg"][[0, 2, 3, 5]].clone()
    narrow(model[0], model[2], [0, 2, 3, 5], [optimizer])
    assert torch.allclose(model(x), before, atol=1e-6)
    assert torch.equal(optimizer.state[model[0].weight]["exp_avg"], moments)


def test_what_leaves_is_forgotten_by_the_optimiser():
    training = Training("adam")
    seed = build(bottleneck())
    join(seed, training.model[0], [training.optimizer])
    put(training.model, "0", Graft(training.model[0], seed))
    training.steps(3)
    known = len(training.optimizer.state)
    graft = training.model[0]
    put(training.model, "0", graft.host)
    leave(seed, [training.optimizer])
    assert len(training.optimizer.state) == known - len(list(seed.parameters()))
    assert training.model[0] is graft.host
    training.steps(1)


@pytest.mark.parametrize(
    ("act", "code"),
    [
        (lambda: widen(nn.ReLU(), nn.Linear(3, 3), 2), "refused.shape"),
        (lambda: widen(nn.Linear(3, 4), nn.Linear(5, 3), 2), "refused.shape"),
        (lambda: widen(nn.Linear(3, 4), nn.Linear(4, 3), 0), "refused.argument"),
        (lambda: widen(nn.Linear(3, 4), nn.Linear(4, 3), 2, directions=torch.zeros(2, 7)), "refused.shape"),
        (lambda: widen(nn.Linear(3, 4), nn.Linear(4, 3), 1, directions=torch.full((1, 3), torch.nan)), "refused.state"),
        (lambda: narrow(nn.Linear(3, 4), nn.Linear(4, 3), [1, 1]), "refused.argument"),
        (lambda: narrow(nn.Linear(3, 4), nn.Linear(4, 3), []), "refused.argument"),
    ],
)
def test_layers_that_do_not_belong_together_are_refused(act, code):
    with pytest.raises(RefusedError) as caught:
        act()
    assert caught.value.refusal.code == code
