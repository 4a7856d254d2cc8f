"""Signed kernels that several tests load, break and run."""

from __future__ import annotations

from dana.esper.blueprint import Blueprint, Node
from dana.esper.kernel import load_kernel
from dana.esper.validation import Urabrask
from tests.esper.signing import KEY


def mlp(width=12, inner=4, name="mlp"):
    nodes = [
        Node("norm", "layer_norm", ["input"], {}),
        Node("down", "linear", ["norm"], {"out": inner}),
        Node("bend", "gelu", ["down"], {}),
        Node("up", "linear", ["bend"], {"out": width}),
    ]
    return Blueprint(name, ["batch", width], nodes, "up")


def packed(blueprint=None, *, seed=0, key=KEY, **provenance):
    verdict = Urabrask(key).validate(blueprint or mlp(), seed=seed, provenance=provenance)
    assert verdict.refusal is None, verdict.refusal
    return verdict.packed


def kernel(blueprint=None, **how):
    return load_kernel(packed(blueprint, **how), how.get("key", KEY))
