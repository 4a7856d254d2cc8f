"""Small networks that several tests grow."""

from __future__ import annotations

import torch
from torch import nn

from dana.esper.blueprint import Blueprint, Node


def net():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(8, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Dropout(0.2), nn.Linear(12, 2))


def bottleneck(width=12, inner=3, *, dropout=False):
    nodes = [Node("down", "linear", ["input"], {"out": inner}), Node("bend", "gelu", ["down"], {})]
    if dropout:
        nodes.append(Node("drop", "dropout", ["bend"], {"share": 0.5}))
    nodes.append(Node("up", "linear", [nodes[-1].id], {"out": width}))
    return Blueprint("bottleneck", ["batch", width], nodes, "up")
