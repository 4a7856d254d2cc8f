"""Exact snapshots: network, topology, optimiser, schedulers, random streams; restored bit for bit, as often as wanted.

Everything is copied when it is taken *and* when it is restored: `Optimizer.load_state_dict` would alias the copy, so
that a snapshot survived one restore only. Topology is kept as the module objects themselves and what their parameters
were, so that surgery (layers with other sizes) and grafts are undone by putting the old objects back.
"""

from __future__ import annotations

import random
import sys
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from torch.optim import Optimizer
# Before the names of attributes that take snapshots of themselves (`snapshot()`, `restore(state)`).
_OWN = "*"


class Snapshot:
    """The state of a model and of all that trains it at one moment. Made by `take`."""

    __slots__ = ("_modules", "_optimizers", "_random", "_schedulers", "bytes", "extras", "step")

    def __init__(
        self,
        model: nn.Module,
        optimizers: Iterable[Optimizer] = (),
        schedulers: Iterable[Any] = (),
        *,
        step: int = 0,
        extras: Mapping[str, Any] | None = None,
    ) -> None:
        self.step = step
        self.extras = _copied(dict(extras or {}))
        self._modules = [_module_state(module) for module in model.modules()]
        self._optimizers = [_optimizer_state(optimizer) for optimizer in optimizers]
        self._schedulers = [(scheduler, _copied(_scheduler_state(scheduler))) for scheduler in schedulers]
        self._random = _random_state()
        self.bytes = sum(
            value.numel() * value.element_size()
            for module, *_state in self._modules
            for value in (*module._parameters.values(), *module._buffers.values())
            if value is not None
        )

    def restore(self) -> None:
        """Put everything back as it was; the snapshot stays as it is, ready for the next time."""
        for module, children, parameters, buffers, others in self._modules:
            module._modules.clear()
            module._modules.update(children)
            module._parameters.clear()
            for name, (parameter, value) in parameters.items():
                module._parameters[name] = parameter
                if parameter is not None and value is not None:
                    with torch.no_grad():
                        # Surgery makes new parameters, so the size of this one never changed.
                        parameter.copy_(value[0])
                    parameter.requires_grad_(value[1])
                    parameter.grad = None
            module._buffers.clear()
            for name, (buffer, value) in buffers.items():
                if buffer is not None and value is not None:
                    with torch.no_grad():
                        buffer.copy_(value)
                module._buffers[name] = buffer
            for key, state in others.items():
                if key[:1] == _OWN:
                    module.__dict__[key[1:]].restore(_copied(state))
                else:
                    module.__dict__[key] = _copied(state)
        for optimizer, groups, state in self._optimizers:
            optimizer.param_groups = [{**_copied(options), "params": list(params)} for options, params in groups]
            optimizer.state.clear()
            for parameter, values in state.items():
                optimizer.state[parameter] = _copied(values)
        for scheduler, values in self._schedulers:
            scheduler.__dict__.update(_copied(values))
        _set_random(self._random)


def take(
    model: nn.Module,
    optimizers: Iterable[Optimizer] = (),
    schedulers: Iterable[Any] = (),
    *,
    step: int = 0,
    extras: Mapping[str, Any] | None = None,
) -> Snapshot:
    """A snapshot of this moment. `extras`: plain data and tensors of the caller (sampler position, lifecycles)."""
    return Snapshot(model, optimizers, schedulers, step=step, extras=extras)


def _module_state(
    module: nn.Module,
) -> tuple[nn.Module, dict[str, Any], dict[str, Any], dict[str, Any], dict[str, Any]]:
    """A module's children and parameters as objects, the values of the latter copied, and its plain attributes."""
    parameters = {
        name: (p, None if p is None else (p.detach().clone(), p.requires_grad))
        for name, p in module._parameters.items()
    }
    buffers = {name: (b, None if b is None else b.detach().clone()) for name, b in module._buffers.items()}
    others = {
        key: value
        for key, value in module.__dict__.items()
        if not key.startswith("_")
        and isinstance(value, (bool, int, float, str, tuple, list, dict))
        and _is_plain(value)
    }
    for key, value in module.__dict__.items():
        if hasattr(value, "snapshot") and hasattr(value, "restore"):
            others[_OWN + key] = value.snapshot()
    return module, dict(module._modules), parameters, buffers, _copied(others)


def _is_plain(value: Any, depth: int = 4) -> bool:
    if isinstance(value, (bool, int, float, str)) or value is None:
        return True
    if depth and isinstance(value, (tuple, list)):
        return all(_is_plain(item, depth - 1) for item in value)
    if depth and isinstance(value, dict):
        return all(_is_plain(k, 1) and _is_plain(v, depth - 1) for k, v in value.items())
    return False


def _optimizer_state(optimizer: Optimizer) -> tuple[Optimizer, list[Any], dict[Any, Any]]:
    groups = [
        (_copied({k: v for k, v in group.items() if k != "params"}), list(group["params"]))
        for group in optimizer.param_groups
    ]
    return optimizer, groups, {parameter: _copied(values) for parameter, values in optimizer.state.items()}


def _scheduler_state(scheduler: Any) -> dict[str, Any]:
    return {k: v for k, v in scheduler.__dict__.items() if k != "optimizer" and not callable(v)}


def _copied(value: Any) -> Any:
    """A copy that shares no tensor and no container with the original."""
    if isinstance(value, Tensor):
        return value.detach().clone()
    if isinstance(value, dict):
        return {key: _copied(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_copied(item) for item in value]
    if isinstance(value, tuple):
        return tuple(_copied(item) for item in value)
    return value


def _random_state() -> tuple[Any, ...]:
    numpy = sys.modules.get("numpy")
    return torch.get_rng_state(), random.getstate(), None if numpy is None else numpy.random.get_state()


def _set_random(state: tuple[Any, ...]) -> None:
    torch.set_rng_state(state[0])
    random.setstate(state[1])
    numpy = sys.modules.get("numpy")
    if numpy is not None and state[2] is not None:
        numpy.random.set_state(state[2])
