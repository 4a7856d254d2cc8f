"""Grafting strategies: when α goes on while a seed is blended in, and when it waits (E83).

    fixed          it goes on at every step
    performance    it waits while the loss is worse than it has been: more than 5 % above its best moving average
    drift          it waits while the host's layer moves much: more than 2 % of its weights' size in a step
    gradient       it waits while the seed's gradient vanishes or explodes: under 1e-8, or over ten times its usual size

A strategy is a function of (site, loss, memory): True when α may go on. `memory` is the site's, a dict of numbers and
tensors, so that marks and saved runs hold it. A seed that waits for more than four times its steps is culled by rule.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from dana.esper.graft import Graft

if TYPE_CHECKING:
    from collections.abc import Callable

    from dana.esper.host import Site

    Memory = dict[str, Any]

WORSE, DRIFT, VANISHED, EXPLODED = 1.05, 0.02, 1e-8, 10.0
# How much of the newest value a moving average takes in.
NEWEST = 0.1
# Steps that a seed may take to blend in, in those it was given.
PATIENCE = 4


def fixed(_site: Site, _loss: float | None, _memory: Memory) -> bool:
    """Always."""
    return True


def performance(_site: Site, loss: float | None, memory: Memory) -> bool:
    """While the loss is about as good as it was at its best. What was not measured does not pass."""
    if loss is None:
        return False
    mean = memory["mean"] = loss if "mean" not in memory else memory["mean"] + NEWEST * (loss - memory["mean"])
    best = memory["best"] = min(mean, memory.get("best", mean))
    return bool(mean <= WORSE * best)


def drift(site: Site, _loss: float | None, memory: Memory) -> bool:
    """While the host's layer stays about where it is."""
    weights = _flat(site.grown.host.parameters()) if isinstance(site.grown, Graft) else None
    if weights is None:
        return True
    before = memory.get("weights")
    memory["weights"] = weights
    if before is None or before.shape != weights.shape:
        return True
    return bool((weights - before).norm() <= DRIFT * before.norm())


def gradient(site: Site, _loss: float | None, memory: Memory) -> bool:
    """While the seed learns, and does not run away."""
    found = (
        [p.grad for p in site.grown.seed.parameters() if p.grad is not None] if isinstance(site.grown, Graft) else []
    )
    size = sum(float(each.square().sum()) for each in found) ** 0.5
    usual = memory.get("usual", size)
    if not VANISHED <= size <= EXPLODED * max(usual, VANISHED):
        return False
    memory["usual"] = usual + NEWEST * (size - usual)
    return True


def _flat(parameters: Any) -> Tensor | None:
    parts = [parameter.detach().flatten() for parameter in parameters]
    return torch.cat(parts) if parts else None


STRATEGIES: dict[str, Callable[[Site, float | None, Memory], bool]] = {
    "fixed": fixed,
    "performance": performance,
    "drift": drift,
    "gradient": gradient,
}
