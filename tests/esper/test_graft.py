"""A seed cannot touch its host before it is blended in, and blending has exact ends (E2, E6, E7, E92; findings 3, 10)."""

from __future__ import annotations

import copy
import itertools

import pytest
import torch
from torch import nn

from dana.esper.blueprint import Blueprint, Node
from dana.esper.graft import STRIKES, Graft, Stream, put, schedule
from dana.esper.modules import build


def bottleneck(width=16, inner=4, *, zero=True, dropout=False, mode="add"):
    nodes = [Node("down", "linear", ["input"], {"out": inner}), Node("bend", "gelu", ["down"], {})]
    last = "bend"
    if dropout:
        nodes.append(Node("drop", "dropout", ["bend"], {"share": 0.5}))
        last = "drop"
    nodes.append(Node("up", "linear", [last], {"out": width, "zero": zero}))
    return Blueprint("bottleneck", ["batch", width], nodes, "up", mode=mode)


def host(*, dropout=True):
    torch.manual_seed(0)
    layers = [nn.Linear(8, 16), nn.BatchNorm1d(16), nn.ReLU()]
    if dropout:
        layers.append(nn.Dropout(0.3))
    return nn.Sequential(*layers, nn.Linear(16, 3))


def train(model, parameters, steps=50, seed=1):
    torch.manual_seed(seed)
    optimizer = torch.optim.Adam(parameters, lr=0.01)
    losses = []
    for _ in range(steps):
        x, y = torch.randn(32, 8), torch.randint(3, (32,))
        loss = nn.functional.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return losses


def weights(model):
    return {name: value.clone() for name, value in model.state_dict().items() if ".seed." not in name}


def grafted(model, *, dropout=False, nan=False, mode="add"):
    with Stream(3):
        seed = build(bottleneck(dropout=dropout, zero=False, mode=mode))
    if nan:
        nn.init.constant_(seed.up.weight, float("nan"))
    graft = Graft(model[0], seed, stream_seed=5)
    put(model, "0", graft)
    return graft


@pytest.mark.parametrize("kind", ["plain", "dropout", "nan", "multiply"])
def test_a_training_seed_leaves_its_host_bitwise_alone(kind):
    alone = host()
    losses = train(alone, list(alone.parameters()))
    beside = host()
    graft = grafted(
        beside, dropout=kind == "dropout", nan=kind == "nan", mode="multiply" if kind == "multiply" else "add"
    )
    before = copy.deepcopy(graft.seed.state_dict())
    assert train(beside, list(beside.parameters())) == losses
    put(beside, "0", graft.host)
    for name, value in alone.state_dict().items():
        assert torch.equal(value, beside.state_dict()[name]), name
    if kind != "nan":
        changed = [name for name, value in graft.seed.state_dict().items() if not torch.equal(value, before[name])]
        assert changed == list(before)
        assert not graft.strikes


def test_in_eval_a_shadow_is_not_even_computed():
    model = host()
    graft = grafted(model)
    graft.seed.forward = None
    model.eval()
    model(torch.randn(4, 8))
    assert not graft.strikes


def test_the_ends_of_blending_are_exact_and_it_is_convex_between():
    model = host(dropout=False)
    graft = grafted(model)
    graft.blending = True
    x = torch.randn(64, 8)
    own = graft.host(x)
    whole = own + graft.seed(own)
    graft.alpha = 0.0
    assert torch.equal(graft(x), own)
    graft.alpha = 1.0
    assert torch.equal(graft(x), whole)
    low, high = torch.minimum(own, whole), torch.maximum(own, whole)
    distance = []
    for alpha in (0.1, 0.25, 0.5, 0.9, 0.999):
        graft.alpha = alpha
        value = graft(x)
        assert torch.all(value >= low - 1e-6)
        assert torch.all(value <= high + 1e-6)
        distance.append((value - own).norm().item())
        assert torch.allclose(value, (1 - alpha) * own + alpha * whole, atol=1e-6)
    assert distance == sorted(distance)
    assert torch.equal(graft.fused()(x), whole)


def test_gradients_split_by_alpha():
    linear = nn.Linear(16, 16).double()
    graft = Graft(linear, build(bottleneck(zero=False)).double())
    graft.blending, graft.alpha = True, 0.3
    x = torch.randn(5, 16, dtype=torch.double, requires_grad=True)
    assert torch.autograd.gradcheck(graft, (x,))
    bias = graft.seed.up.bias
    graft(x).sum().backward()
    assert torch.allclose(bias.grad, torch.full_like(bias, 0.3 * 5))


FAULTS = {
    "raise": lambda _value: (_ for _ in ()).throw(RuntimeError("broken")),
    "nan": lambda value: value * float("nan"),
    "inf": lambda value: value / 0,
    "shape": lambda value: value[:, :3],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_seed_that_fails_is_not_used_and_counted(fault):
    model = host(dropout=False)
    graft = grafted(model)
    graft.blending, graft.alpha = True, 0.5
    graft.seed.forward = FAULTS[fault]
    x = torch.randn(4, 8)
    for strike in range(1, STRIKES + 1):
        assert not graft.is_out
        assert torch.equal(graft(x), graft.host(x))
        assert graft.strikes == strike
    assert graft.is_out
    assert sum(graft.faults.values()) == STRIKES


def test_a_seed_that_takes_too_long_is_not_used():
    graft = grafted(host())
    graft.blending, graft.alpha, graft.limit_s = True, 0.5, 0.0
    x = torch.randn(4, 8)
    assert torch.equal(graft(x), graft.host(x))
    assert graft.faults == {"timeout": 1}


@pytest.mark.parametrize("curve", ["linear", "cosine", "sigmoid"])
def test_schedules_rise_from_exactly_0_to_exactly_1(curve):
    alpha = schedule(curve)
    values = [alpha(step / 100) for step in range(-5, 106)]
    assert (values[0], values[5], values[105], values[-1]) == (0.0, 0.0, 1.0, 1.0)
    assert all(b >= a for a, b in itertools.pairwise(values))
    assert alpha(0.5) == pytest.approx(0.5)


def test_what_is_unknown_is_refused():
    with pytest.raises(ValueError, match="no curve"):
        schedule("square")
    with pytest.raises(AttributeError, match="no layer at `9`"):
        put(host(), "9", nn.ReLU())


def test_modules_of_blueprints_have_the_parameters_that_were_promised():
    for blueprint, shape in (
        (bottleneck(), (3, 16)),
        (
            Blueprint("attention", ["batch", "time", 12], [Node("a", "attention", ["input"], {"heads": 3})], "a"),
            (2, 5, 12),
        ),
        (
            Blueprint(
                "gate",
                ["batch", 4, "height", "width"],
                [
                    Node("c", "conv2d", ["input"], {"out": 4, "groups": 2}),
                    Node("n", "batch_norm", ["c"], {}),
                    Node("m", "mean_hw", ["n"], {}),
                    Node("s", "sigmoid", ["m"], {}),
                    Node("k", "scale", ["n"], {"start": 0.5}),
                    Node("g", "mul", ["k", "s"], {}),
                ],
                "g",
            ),
            (2, 4, 6, 6),
        ),
    ):
        made = build(blueprint)
        assert sum(p.numel() for p in made.parameters()) == blueprint.parameters
        value = made(torch.randn(shape))
        assert value.shape == shape
        again = copy.deepcopy(made)
        assert torch.equal(again.eval()(torch.ones(shape)), made.eval()(torch.ones(shape)))
        for parameter in again.parameters():
            parameter.data.add_(torch.rand_like(parameter))
        assert not torch.equal(again(torch.ones(shape)), made(torch.ones(shape)))


def test_zero_at_birth_changes_nothing():
    made = build(bottleneck(zero=True))
    assert torch.equal(made(torch.randn(3, 16)), torch.zeros(3, 16))
