"""The mission's layers: seats for signed kernels, exact ends of α, faults that cost nothing, a state that survives (E9, E10)."""

from __future__ import annotations

import io

import pytest
import torch
from torch import nn

from dana.esper.blueprint import Blueprint, Node
from dana.esper.layers import KasminaAttention, KasminaBatchNorm, KasminaConv2d, KasminaLayerNorm, KasminaLinear
from tests.esper.kernels import packed
from tests.esper.signing import KEY

KINDS = {
    "linear": (lambda: KasminaLinear(5, 8), (6, 5)),
    "conv": (lambda: KasminaConv2d(3, 8, 3, padding=1), (2, 3, 6, 6)),
    "layer norm": (lambda: KasminaLayerNorm(8), (6, 8)),
    "batch norm": (lambda: KasminaBatchNorm(8), (6, 8)),
    "batch norm of images": (lambda: KasminaBatchNorm(8, images=True), (2, 8, 4, 4)),
    "attention": (lambda: KasminaAttention(8, 2), (2, 5, 8)),
}


def made(kind):
    torch.manual_seed(1)
    build, shape = KINDS[kind]
    return build(), torch.randn(shape)


def kernel(layer, start=0.5, key=KEY):
    nodes = [Node("bend", "gelu", ["input"], {}), Node("share", "scale", ["bend"], {"start": start})]
    return packed(Blueprint("activation", layer.shape, nodes, "share"), key=key)


@pytest.mark.parametrize("kind", KINDS)
def test_seats_are_filled_blended_and_emptied(kind):
    layer, x = made(kind)
    layer.eval()
    plain = layer.transformed(x)
    assert torch.equal(layer(x), plain)
    assert layer.check(plain) is None
    assert layer.load_kernel(2, kernel(layer), KEY) is None
    assert torch.equal(layer(x), plain)  # it trains behind the layer
    ends = {}
    for alpha in (0.0, 0.5, 1.0):
        assert layer.set_seed_alpha(2, alpha) is None
        ends[alpha] = layer(x)
    assert torch.equal(ends[0.0], plain)
    assert torch.equal(ends[1.0], plain + 0.5 * nn.functional.gelu(plain))
    assert torch.allclose(ends[0.5], (ends[0.0] + ends[1.0]) / 2, atol=1e-6)
    assert [(each["seat"], each["alpha"], each["parameters"]) for each in layer.stats] == [(2, 1.0, 8)]
    assert layer.unload_kernel(2) is None
    assert torch.equal(layer(x), plain)
    assert layer.stats == []


def test_two_seeds_work_in_the_order_of_their_seats():
    layer, x = made("linear")
    plain = layer(x)
    for seat, start in ((3, 2.0), (1, 0.5)):
        assert layer.load_kernel(seat, kernel(layer, start), KEY) is None
        layer.set_seed_alpha(seat, 1.0)
    first = plain + 0.5 * nn.functional.gelu(plain)
    assert torch.equal(layer(x), first + 2.0 * nn.functional.gelu(first))


def test_what_does_not_fit_is_refused():
    layer, _x = made("linear")
    good = kernel(layer)
    for act, code in (
        (lambda: layer.load_kernel(4, good, KEY), "refused.unknown"),
        (lambda: layer.load_kernel(0, good[:-1], KEY), "refused.unsigned"),
        (lambda: layer.load_kernel(0, b"PK" + good, KEY), "refused.bytes"),
        (lambda: layer.load_kernel(0, good, b"another key of thirty-two bytes!"), "refused.unsigned"),
        (lambda: layer.load_kernel(0, kernel(made("conv")[0]), KEY), "refused.shape"),
        (lambda: layer.unload_kernel(0), "refused.unknown"),
        (lambda: layer.set_seed_alpha(0, 1.0), "refused.unknown"),
    ):
        assert act().code == code
    assert layer.load_kernel(0, good, KEY) is None
    assert layer.load_kernel(0, good, KEY).code == "refused.stage"
    assert layer.set_seed_alpha(0, 1.5).code == "refused.argument"


def test_a_seed_that_fails_costs_nothing():
    layer, x = made("linear")
    layer.load_kernel(0, kernel(layer), KEY)
    layer.set_seed_alpha(0, 1.0)
    with torch.no_grad():
        layer.seeds["0"].seed.share.weight.fill_(float("nan"))
    assert torch.equal(layer(x), layer.transformed(x))
    assert layer.stats[0]["faults"] == {"not finite": 1}


@pytest.mark.parametrize("kind", KINDS)
def test_its_state_survives_where_only_data_is_loaded(kind):
    layer, x = made(kind)
    layer.load_kernel(1, kernel(layer), KEY)
    layer.set_seed_alpha(1, 0.25)
    layer.seeds["1"].strikes = 2
    file = io.BytesIO()
    torch.save(layer.state_dict(), file)
    file.seek(0)
    other = KINDS[kind][0]()
    other.load_state_dict(torch.load(file, weights_only=True))
    layer.eval()
    other.eval()
    assert torch.equal(other(x), layer(x))
    assert other.stats == layer.stats


def test_a_seed_learns_and_the_layer_does_not_notice():
    layer, x = made("linear")
    layer.load_kernel(0, kernel(layer, 0.0), KEY)
    before = layer.default_transform.weight.clone()
    optimizer = torch.optim.Adam(layer.seeds.parameters(), lr=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        layer(x).square().sum().backward()
        optimizer.step()
    assert torch.equal(layer.default_transform.weight, before)
    assert layer.seeds["0"].seed.share.weight.abs().sum() > 0
