"""Renewing neurons of a layer where they are: not a parameter more, and what the network computes stays at birth.

    revive     neurons whose value never changes get new incoming weights and lose their outgoing ones; what they gave
               is a constant, which the reader's bias takes over (after ReDo, Sokar et al. 2023)
    rescale    neurons whose activation has no slope left: their weights shrink, a little with each step while α goes
               from 0 to 1, until what comes before the activation varies by about 1 (after LSUV, Mishkin and Matas
               2016); the reader learns along

The network keeps its layers and their sizes. What is needed on the way back is kept beside the site until its seed is
fossilised or culled. Which neurons need it is what a probe says: only Karn proposes it.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from dana.esper.refusals import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from torch.optim import Optimizer

GROWTHS = ("revive", "rescale")
# What optimisers keep for a weight, and with which power of the gradient it goes.
_POWERS = {
    "exp_avg": 1, "momentum_buffer": 1, "grad_avg": 1,
    "exp_avg_sq": 2, "max_exp_avg_sq": 2, "square_avg": 2, "sum": 2,
}  # fmt: skip


class Renewal:
    """Which neurons of a layer shall be renewed, and what a probe knows of them.

    `units`: their numbers; `constants`: what each always gives (revive); `factors`: how many times too large the
    weights of each are (rescale); `directions`: the best incoming weights for new neurons, a row each, or None;
    `before`: the losses of the held-out examples at this moment, to judge by.
    """

    __slots__ = ("before", "constants", "directions", "factors", "units")

    def __init__(
        self,
        units: list[int],
        *,
        constants: Tensor | None = None,
        factors: Tensor | None = None,
        directions: Tensor | None = None,
    ) -> None:
        self.units = units
        self.constants = torch.zeros(len(units)) if constants is None else constants
        self.factors = torch.ones(len(units)) if factors is None else factors
        self.directions = directions
        self.before: Tensor | None = None


def begin(
    how: str, renewal: Any, layer: nn.Module, reader: nn.Module, optimizers: Iterable[Optimizer]
) -> dict[str, Any]:
    """Begin a renewal; what has to be remembered of it. Raises `RefusedError` where no probe said which neurons."""
    if not isinstance(renewal, Renewal) or not renewal.units:
        raise RefusedError(
            "refused.state",
            f"`{how}` needs a probe, which says what neurons",
            "let the heuristic controller propose it",
        )
    if any(not 0 <= unit < len(_weight(layer)) for unit in renewal.units):
        raise RefusedError("refused.state", f"the layer has {len(_weight(layer))} neurons, not {renewal.units!r}")
    memory: dict[str, Any] = {"units": torch.tensor(renewal.units)}
    if renewal.before is not None:
        memory["before"] = renewal.before.clone()
    if how == "rescale":
        return memory | {"factors": renewal.factors.to(_weight(layer)), "share": 0.0}
    return memory | _revived(renewal, layer, reader, list(optimizers))


def _revived(renewal: Renewal, layer: nn.Module, reader: nn.Module, optimizers: list[Optimizer]) -> dict[str, Any]:
    units = torch.tensor(renewal.units)
    weight, bias, outgoing = _weight(layer), layer._parameters.get("bias"), _weight(reader)
    columns = _columns(units, layer, reader)
    kept = {"rows": weight.detach()[units].clone(), "columns": outgoing.detach()[:, columns].clone()}
    size = weight[0].numel()
    fresh = torch.empty((len(units), size + 1), dtype=weight.dtype).uniform_(-(size**-0.5), size**-0.5)
    if renewal.directions is not None and renewal.directions.shape[1] == size + 1:
        best = renewal.directions[: len(units)]
        fresh[: len(best)] = best.to(weight.dtype)
    given = reader._parameters.get("bias")
    with torch.no_grad():
        if given is not None and outgoing.dim() == 2 and len(columns) == len(units):
            kept["moved"] = outgoing[:, columns] @ renewal.constants.to(outgoing)
            given.add_(kept["moved"])
        weight[units] = fresh[:, :size].reshape(len(units), *weight.shape[1:]).to(weight.device)
        if bias is not None:
            kept["biases"] = bias.detach()[units].clone()
            bias[units] = fresh[:, size].to(bias.device)
        outgoing[:, columns] = 0
    for optimizer in optimizers:
        _at_usual_pace(optimizer, weight, 0, units)
        _at_usual_pace(optimizer, outgoing, 1, columns)
        if bias is not None:
            _at_usual_pace(optimizer, bias, 0, units)
    return kept


def _at_usual_pace(optimizer: Optimizer, parameter: Tensor, axis: int, at: Tensor) -> None:
    """The state of places that begin anew: no momentum, and the usual size of the other places' gradients."""
    state = optimizer.state.get(parameter, {})
    others = torch.ones(parameter.shape[axis], dtype=torch.bool)
    others[at] = False
    for key, value in state.items():
        power = _POWERS.get(key)
        if power is None or not isinstance(value, Tensor) or value.shape != parameter.shape:
            continue
        rest = value.index_select(axis, others.nonzero().flatten())
        usual = float(rest.double().mean()) if power == 2 and rest.numel() else 0.0
        value.index_fill_(axis, at, usual)


def move(memory: dict[str, Any], layer: nn.Module, share: float, optimizers: Iterable[Optimizer] = ()) -> None:
    """Shrink the weights of a layer as far as `share` (α) says, and what the optimisers keep for them accordingly."""
    ratios = memory["factors"] ** (memory["share"] - share)
    memory["share"] = share
    _scale(layer, memory["units"], ratios)
    for optimizer in optimizers:
        for parameter in layer.parameters():
            for key, value in optimizer.state.get(parameter, {}).items():
                power = _POWERS.get(key)
                if power is not None and isinstance(value, Tensor) and value.shape == parameter.shape:
                    rows = ratios.reshape(-1, *[1] * (value.dim() - 1))
                    value[memory["units"]] = value[memory["units"]] / rows**power


def _scale(layer: nn.Module, units: Tensor, ratios: Tensor) -> None:
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter[units] = parameter[units] * ratios.reshape(-1, *[1] * (parameter.dim() - 1))


@contextmanager
def off(memory: dict[str, Any], layer: nn.Module, reader: nn.Module) -> Iterator[None]:
    """The network without what was renewed, for the time of a measurement."""
    touched = list(layer.parameters()) if "factors" in memory else [_weight(reader)]
    kept = [parameter.detach().clone() for parameter in touched]
    try:
        if "factors" in memory:
            _scale(layer, memory["units"], memory["factors"] ** memory["share"])
        else:
            with torch.no_grad():
                _weight(reader)[:, _columns(memory["units"], layer, reader)] = 0
        yield
    finally:
        with torch.no_grad():
            for parameter, value in zip(touched, kept, strict=True):
                parameter.copy_(value)


def undo(memory: dict[str, Any], layer: nn.Module, reader: nn.Module, optimizers: Iterable[Optimizer]) -> None:
    """Put back the neurons that were there before."""
    if "factors" in memory:
        move(memory, layer, 0.0, optimizers)
        return
    units, columns = memory["units"], _columns(memory["units"], layer, reader)
    given, bias = reader._parameters.get("bias"), layer._parameters.get("bias")
    with torch.no_grad():
        # Layers beside it may have got, or lost, neurons since.
        _weight(layer)[units] = _fitted(memory["rows"], _weight(layer)[units])
        _weight(reader)[:, columns] = _fitted(memory["columns"], _weight(reader)[:, columns])
        if bias is not None:
            bias[units] = memory["biases"]
        if given is not None and "moved" in memory:
            given.sub_(_fitted(memory["moved"], given))


def _fitted(kept: Tensor, now: Tensor) -> Tensor:
    """What was kept, in today's size: zeros where there was nothing."""
    fitted = torch.zeros_like(now)
    shared = tuple(slice(0, min(one, other)) for one, other in zip(kept.shape, now.shape, strict=True))
    fitted[shared] = kept[shared]
    return fitted


def _columns(units: Tensor, layer: nn.Module, reader: nn.Module) -> Tensor:
    """Which inputs of the reader are these neurons (several each after an image was flattened)."""
    per = _weight(reader).shape[1] // _weight(layer).shape[0]
    return (units.unsqueeze(1) * per + torch.arange(per)).flatten()


def _weight(layer: nn.Module) -> Tensor:
    weight = layer._parameters.get("weight")
    if weight is None:
        raise RefusedError("refused.shape", f"a {type(layer).__name__} has no neurons to renew")
    return weight
