"""The same tasks by gromo (growingnet/gromo, TINY of Verbockhaven et al. 2024), from PyPI, if it is installed.

    pip install gromo --no-deps && pip install networkx torchmetrics lightning-utilities deprecated wrapt

As its documentation has it: statistics over the training data, the optimal new neurons of each layer, the layer of
largest first-order improvement grows, and the size of the change is found by a line search. Between growths the same
Adam as Esper's trains the same batches; growth stops at Esper's budget, and each growth counts as one of the epochs
because it reads the whole training data once.
"""

from __future__ import annotations

from importlib.util import find_spec
from time import process_time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor, nn

    from dana.esper.data import Data

# Factors that the line search tries, in gromo's convention (both sides of a change are scaled by the root).
FACTORS = (0.0, 0.1, 0.25, 0.5, 1.0, 2.0)


def is_there() -> bool:
    """Whether gromo is installed."""
    return find_spec("gromo") is not None


def digits(seed: int) -> list[dict[str, Any]]:
    """Digits from (3, 3)."""
    from dana.esper.data import digits as data

    return [_grown(data(seed=seed), hidden=3, epochs=80, most=247 + 1050, every=4, neurons=3, seed=seed)]


def spirals(seed: int) -> list[dict[str, Any]]:
    """Two spirals from (4, 4)."""
    from dana.esper.data import spirals as data

    return [_grown(data(seed=seed), hidden=4, epochs=240, most=42 + 400, every=12, neurons=3, seed=seed)]


def _grown(
    data: Data, *, hidden: int, epochs: int, most: int, every: int, neurons: int, seed: int, batch: int = 32
) -> dict[str, Any]:
    import torch
    from gromo.containers.growing_mlp import GrowingMLP
    from torch import nn
    from torch.nn import functional

    from dana.esper.data import accuracy
    from dana.esper.train import OPTIMIZERS

    began = process_time()
    torch.manual_seed(seed)
    x, y = data.train
    model = GrowingMLP(x.shape[1], data.classes, hidden, 2, activation=nn.ReLU())
    optimizer = OPTIMIZERS["adam"](model.parameters(), lr=0.01)
    order = torch.Generator().manual_seed(seed)
    growths = 0
    for epoch in range(epochs):
        if epoch and epoch % every == 0 and epoch <= 0.75 * epochs:
            growths += _grow(model, x, y, neurons, most)
            optimizer = OPTIMIZERS["adam"](model.parameters(), lr=0.01)
            continue
        model.train()
        mixed = torch.randperm(len(x), generator=order)
        for first in range(0, len(x), batch):
            at = mixed[first : first + batch]
            optimizer.zero_grad()
            functional.cross_entropy(model(x[at]), y[at]).backward()
            optimizer.step()
    model.eval()
    with torch.no_grad():
        right = accuracy(model(data.test[0]), data.test[1])
    count = sum(p.numel() for p in model.parameters())
    return {
        "cohort": "gromo", "accuracy": right, "parameters": count, "growths": growths, "weights": "",
        "seconds": process_time() - began,
    }  # fmt: skip


def _grow(model: Any, x: Tensor, y: Tensor, neurons: int, most: int) -> bool:
    """One growth, as far as it fits; whether there was one."""
    import torch
    from torch.nn import functional

    model.init_computation()
    for first in range(0, len(x), 256):
        model.zero_grad()
        functional.cross_entropy(model(x[first : first + 256]), y[first : first + 256], reduction="sum").backward()
        model.update_computation()
    model.compute_optimal_updates(maximum_added_neurons=neurons)
    model.reset_computation()
    model.zero_grad()
    at = int(model.select_best_update())
    before = sum(p.numel() for p in model.parameters())
    if before + _cost(model, at, neurons) > most:
        model.currently_updated_layer.delete_update()
        return False
    losses = []
    with torch.no_grad():
        for factor in FACTORS:
            model.currently_updated_layer.set_scaling_factor(factor)
            losses.append(float(functional.cross_entropy(model.extended_forward(x), y)))
        best = FACTORS[losses.index(min(losses))]
        model.currently_updated_layer.set_scaling_factor(best or 0.1)
        model.apply_change()
    return True


def _cost(model: Any, at: int, neurons: int) -> int:
    """Parameters of `neurons` more inputs of the layer that was selected."""
    layer: nn.Module = model._growing_layers[at]
    return int(neurons * (layer.previous_module.in_features + 1 + layer.out_features))
