"""Growing layers themselves: wider, deeper, or with a bypass, without changing what the network computes (Net2Net).

    widen(first, then, count)     more outputs of one layer and inputs of the next; their outgoing weights are 0
    deepen(model, path)           a layer after another that is the identity at birth
    narrow(first, then, keep)     fewer, for pruning what is dead

What survives keeps its optimiser state bit for bit: moments of new weights start at 0 (EC21). Widening is exact up to
the order in which a matrix product sums.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from dana.esper.graft import put
from dana.esper.modules import Adapted
from dana.esper.refusals import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from torch.optim import Optimizer

# State of an optimiser that has the shape of its parameter, whatever the optimiser calls it.
_MOST_NEW = 1_000_000


def widen(
    first: nn.Module,
    then: nn.Module,
    count: int,
    optimizers: Iterable[Optimizer] = (),
    *,
    directions: Tensor | None = None,
    between: Iterable[nn.Module] = (),
) -> None:
    """`count` more outputs of `first` (Linear or Conv2d), read by `then`; what the network computes stays.

    `directions`: incoming weights of the new neurons, (count, inputs[, k, k][+1 for the bias]); random ones of the
    layer's usual size when None. `between`: norms on the way, widened as well. Raises `RefusedError` for layers that do
    not belong together.
    """
    if count.__class__ is not int or not 0 < count <= _MOST_NEW:
        raise RefusedError("refused.argument", f"{count!r} is no number of neurons")
    old, new = _outputs(first), _outputs(first) + count
    per = _check_joined(first, then, old)
    steps = list(optimizers)
    with torch.no_grad():
        incoming, bias = _incoming(first, count, directions)
        _grow(first, "weight", torch.cat([_weight(first), incoming]), steps)
        if _bias(first) is not None:
            _grow(first, "bias", torch.cat([_bias(first), bias]), steps)
        _set_outputs(first, new)
        for norm in between:
            _widen_norm(norm, count, steps)
        weight = _weight(then)
        zeros = weight.new_zeros((weight.shape[0], count * per, *weight.shape[2:]))
        _grow(then, "weight", torch.cat([weight, zeros], 1), steps)
        _set_inputs(then, new * per)


def narrow(first: nn.Module, then: nn.Module, keep: list[int], optimizers: Iterable[Optimizer] = ()) -> None:
    """Only the outputs `keep` of `first` remain. Exact when the others were 0 for every input."""
    old = _outputs(first)
    per = _check_joined(first, then, old)
    if not keep or any(not 0 <= at < old for at in keep) or len(set(keep)) != len(keep):
        raise RefusedError("refused.argument", f"{keep!r} are not different outputs of a layer with {old}")
    steps = list(optimizers)
    index = torch.tensor(keep)
    columns = torch.cat([torch.arange(at * per, (at + 1) * per) for at in keep])
    with torch.no_grad():
        _grow(first, "weight", _weight(first)[index].clone(), steps, pick=(0, index))
        if _bias(first) is not None:
            _grow(first, "bias", _bias(first)[index].clone(), steps, pick=(0, index))
        _set_outputs(first, len(keep))
        _grow(then, "weight", _weight(then)[:, columns].clone(), steps, pick=(1, columns))
        _set_inputs(then, len(columns))


def deepen(
    model: nn.Module,
    path: str,
    optimizers: Iterable[Optimizer] = (),
    *,
    like: nn.Module | None = None,
    bend: bool = False,
) -> nn.Sequential:
    """Put an identity layer after the one at `path`: a Linear or Conv2d of its own width, as a unit matrix.

    Its parameters join the first optimiser's group that holds the layer's. `like`: the layer whose width counts, where
    the one at `path` is a layer with something grown around it; `bend`: put a ReLU between them, which changes nothing
    when a ReLU follows anyway (Net2DeeperNet), and without which two linear layers are no more than one.
    """
    layer = model.get_submodule(path)
    own = layer if like is None else like
    width = _outputs(own)
    made: nn.Module
    if isinstance(own, nn.Conv2d):
        made = nn.Conv2d(width, width, 3, padding=1)
        nn.init.dirac_(made.weight)
    else:
        made = nn.Linear(width, width)
        nn.init.eye_(made.weight)
    nn.init.zeros_(made.bias)  # type: ignore[arg-type]
    made.to(_weight(own).device, _weight(own).dtype)
    pair = nn.Sequential(layer, nn.ReLU(), made) if bend else nn.Sequential(layer, made)
    put(model, path, pair)
    join(made, layer, optimizers)
    return pair


def adapt(model: nn.Module, path: str, rank: int, optimizers: Iterable[Optimizer] = ()) -> Adapted:
    """Put an adapter of so many directions beside the layer at `path`; what the network computes stays."""
    layer = model.get_submodule(path)
    if not isinstance(layer, nn.Linear) and not (isinstance(layer, nn.Conv2d) and layer.groups == 1):
        raise RefusedError("refused.shape", f"beside a {type(layer).__name__} no adapter can grow")
    made = Adapted(layer, rank)
    made.seed.to(_weight(layer).device, _weight(layer).dtype)
    made.train(layer.training)
    put(model, path, made)
    join(made.seed, layer, optimizers)
    return made


def join(new: nn.Module, beside: nn.Module, optimizers: Iterable[Optimizer]) -> None:
    """Train the parameters of `new` as those of `beside`: same optimiser, same group, fresh state.

    A layer whose parameters no optimiser knows (frozen) lends its first optimiser's first group.
    """
    steps = list(optimizers)
    theirs = {id(parameter) for parameter in beside.parameters()}
    for optimizer in steps:
        for group in optimizer.param_groups:
            if any(id(parameter) in theirs for parameter in group["params"]):
                group["params"].extend(new.parameters())
                return
    if steps:
        steps[0].param_groups[0]["params"].extend(new.parameters())


def leave(gone: nn.Module, optimizers: Iterable[Optimizer]) -> None:
    """Forget the parameters of `gone` in every optimiser, with their state."""
    theirs = {id(parameter) for parameter in gone.parameters()}
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["params"] = [p for p in group["params"] if id(p) not in theirs]
        for parameter in [p for p in optimizer.state if id(p) in theirs]:
            del optimizer.state[parameter]


# --- what layers have in common ---------------------------------------------------------------------


def _weight(layer: nn.Module) -> Tensor:
    weight = layer._parameters.get("weight")
    if weight is None:
        raise RefusedError("refused.shape", f"a {type(layer).__name__} has no weights to grow")
    return weight


def _bias(layer: nn.Module) -> Tensor:
    return layer._parameters.get("bias")  # type: ignore[return-value]


def _outputs(layer: nn.Module) -> int:
    if isinstance(layer, nn.Linear):
        return layer.out_features
    if isinstance(layer, nn.Conv2d) and layer.groups == 1:
        return layer.out_channels
    raise RefusedError(
        "refused.shape", f"a {type(layer).__name__} cannot be widened", "Linear and ungrouped Conv2d can"
    )


def _set_outputs(layer: nn.Module, count: int) -> None:
    if isinstance(layer, nn.Linear):
        layer.out_features = count
    elif isinstance(layer, nn.Conv2d):
        layer.out_channels = count


def _set_inputs(layer: nn.Module, count: int) -> None:
    if isinstance(layer, nn.Linear):
        layer.in_features = count
    elif isinstance(layer, nn.Conv2d):
        layer.in_channels = count


def _check_joined(first: nn.Module, then: nn.Module, outputs: int) -> int:
    """How many inputs of `then` each output of `first` is (more than 1 after flattening images)."""
    _outputs(then)
    inputs = then.in_features if isinstance(then, nn.Linear) else then.in_channels if isinstance(then, nn.Conv2d) else 0
    if inputs % outputs or (inputs != outputs and not (isinstance(first, nn.Conv2d) and isinstance(then, nn.Linear))):
        raise RefusedError("refused.shape", f"a layer with {outputs} outputs does not feed one with {inputs} inputs")
    return inputs // outputs


def _incoming(first: nn.Module, count: int, directions: Tensor | None) -> tuple[Tensor, Tensor]:
    """Weights and biases of new neurons."""
    weight = _weight(first)
    shape = (count, *weight.shape[1:])
    size = weight[0].numel()
    if directions is None:
        bound = size**-0.5
        incoming = torch.empty(shape, dtype=weight.dtype, device=weight.device).uniform_(-bound, bound)
        return incoming, weight.new_zeros(count)
    flat = directions.to(weight.dtype).reshape(count, -1)
    if flat.shape[1] not in (size, size + 1):
        raise RefusedError("refused.shape", f"directions have {flat.shape[1]} numbers each, the layer takes {size}")
    if not bool(torch.isfinite(flat).all()):
        raise RefusedError("refused.state", "directions are not finite")
    bias = flat[:, size] if flat.shape[1] == size + 1 else flat.new_zeros(count)
    return flat[:, :size].reshape(shape).clone(), bias.clone()


def _widen_norm(norm: nn.Module, count: int, optimizers: list[Optimizer]) -> None:
    if not isinstance(norm, (nn.BatchNorm1d, nn.BatchNorm2d)):
        raise RefusedError("refused.shape", f"a {type(norm).__name__} between the layers cannot be widened")
    if norm.affine:
        _grow(norm, "weight", torch.cat([norm.weight, norm.weight.new_ones(count)]), optimizers)
        _grow(norm, "bias", torch.cat([norm.bias, norm.bias.new_zeros(count)]), optimizers)
    if norm.running_mean is not None and norm.running_var is not None:
        norm.running_mean = torch.cat([norm.running_mean, norm.running_mean.new_zeros(count)])
        norm.running_var = torch.cat([norm.running_var, norm.running_var.new_ones(count)])
    norm.num_features += count


def _grow(
    layer: nn.Module, name: str, value: Tensor, optimizers: list[Optimizer], *, pick: tuple[int, Tensor] | None = None
) -> None:
    """Replace a parameter by one of another size, and take its optimiser state along.

    New places get state 0; with `pick` (dimension, index) the chosen places keep theirs.
    """
    old = layer._parameters[name]
    assert old is not None
    new = nn.Parameter(value, requires_grad=old.requires_grad)
    layer._parameters[name] = new
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["params"] = [new if parameter is old else parameter for parameter in group["params"]]
        state = optimizer.state.pop(old, None)
        if state is not None:
            optimizer.state[new] = {key: _carried(item, old, new, pick) for key, item in state.items()}


def _carried(item: Any, old: Tensor, new: Tensor, pick: tuple[int, Tensor] | None) -> Any:
    if not isinstance(item, Tensor) or item.shape != old.shape or not item.dim():
        return item
    if pick is not None:
        return item.index_select(*pick).clone()
    carried = item.new_zeros(new.shape)
    carried[tuple(slice(0, size) for size in item.shape)] = item
    return carried


def narrow_norm(norm: nn.Module, keep: list[int], optimizers: Iterable[Optimizer] = ()) -> None:
    """Only the channels `keep` of a batch norm remain."""
    if not isinstance(norm, (nn.BatchNorm1d, nn.BatchNorm2d)):
        raise RefusedError("refused.shape", f"a {type(norm).__name__} between the layers cannot be narrowed")
    index, steps = torch.tensor(keep), list(optimizers)
    if norm.affine:
        for name in ("weight", "bias"):
            value = norm._parameters[name]
            assert value is not None
            _grow(norm, name, value.detach()[index].clone(), steps, pick=(0, index))
    if norm.running_mean is not None and norm.running_var is not None:
        norm.running_mean = norm.running_mean[index].clone()
        norm.running_var = norm.running_var[index].clone()
    norm.num_features = len(keep)
