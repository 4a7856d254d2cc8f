"""What takes a layer's place while something grows there: Shadow, then Blend, then nothing (Fused).

    Shadow   the host's own value goes on, bit for bit; the seed sees it, detached, and learns from the gradient that
             arrives there. Neither its numbers, nor its random numbers, nor a NaN of its can reach the host.
    Blend    host + α · (seed − host), one α with one owner. At 0 it is the host's value bit for bit, at 1 the seed's.
    Fused    host and seed as one module, without α: what remains after fossilising.

A seed's value is the host's plus what its blueprint computes (mode "add"), or the host's times 1 + tanh of it
("multiply"). A seed that raises, gives another shape or what is not finite, or takes too long, is not used: the host's
value goes on, and a strike is counted. Culling by strikes happens at the next step boundary.
"""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

if TYPE_CHECKING:
    from collections.abc import Callable

    from dana.esper.modules import Grown

STRIKES = 3


class _PassThrough(torch.autograd.Function):
    """The host's tensor as it is, and its gradient to host and seed alike."""

    @staticmethod
    def forward(_ctx: Any, host: Tensor, _seed: Tensor) -> Tensor:
        """The host's value."""
        return host.view_as(host)

    @staticmethod
    def backward(_ctx: Any, *gradients: Any) -> Any:
        """The same gradient twice."""
        return gradients[0], gradients[0]


class Stream:
    """A stream of random numbers of its own: whatever is drawn inside leaves torch's global stream as it was."""

    __slots__ = ("_outer", "state")

    def __init__(self, seed: int) -> None:
        generator = torch.Generator()
        generator.manual_seed(seed)
        self.state = generator.get_state()
        self._outer: Tensor | None = None

    def snapshot(self) -> Tensor:
        """Where the stream is (see `dana.esper.snapshot`)."""
        return self.state

    def restore(self, state: Tensor) -> None:
        """Go on from there."""
        self.state = state

    def __enter__(self) -> None:
        self._outer = torch.get_rng_state()
        torch.set_rng_state(self.state)

    def __exit__(self, *_error: object) -> None:
        self.state = torch.get_rng_state()
        assert self._outer is not None
        torch.set_rng_state(self._outer)


class Graft(nn.Module):
    """A layer of the host with a seed behind it. `host` is the layer's own object; `blending` says which form it has.

    `alpha` in 0 to 1 is set by whoever owns the schedule; `strikes` counts failures, `faults` names them by kind.
    `limit_s`: a forward pass of the seed that takes longer is a strike (None: no limit).
    """

    def __init__(self, host: nn.Module, seed: Grown, *, stream_seed: int = 0, limit_s: float | None = None) -> None:
        super().__init__()
        self.host = host
        self.seed = seed
        self.blending = False
        self.alpha = 0.0
        self.off = False
        self.strikes = 0
        self.faults: dict[str, int] = {}
        self.limit_s = limit_s
        self.stream = Stream(stream_seed) if seed.draws else None
        self._multiplies = seed.blueprint.mode == "multiply"

    def forward(self, *args: Any, **keywords: Any) -> Any:
        """The layer's value, with or without the seed's part."""
        value = self.host(*args, **keywords)
        if self.off or (not self.blending and not self.training) or (self.blending and self.alpha == 0.0):
            return value
        if not self.blending:
            grown = self._grown(value.detach())
            return value if grown is None else _PassThrough.apply(value, grown)  # type: ignore[no-untyped-call]
        grown = self._grown(value)
        if grown is None:
            return value
        return grown if self.alpha == 1.0 else torch.lerp(value, grown, self.alpha)

    def _grown(self, value: Tensor) -> Tensor | None:
        """The seed's value; None, and a strike, when there is none that can be used."""
        began = perf_counter()
        try:
            if self.stream is None:
                part = self.seed(value)
            else:
                with self.stream:
                    part = self.seed(value)
            grown = value * (1 + torch.tanh(part)) if self._multiplies else value + part
        except (RuntimeError, ValueError, TypeError, IndexError, ArithmeticError) as error:
            self._strike(type(error).__name__)
            return None
        if grown.shape != value.shape:
            self._strike("shape")
            return None
        total = float(grown.detach().sum())
        if total - total != 0.0:
            self._strike("not finite")
            return None
        if self.limit_s is not None and perf_counter() - began > self.limit_s:
            self._strike("timeout")
            return None
        return grown

    def _strike(self, kind: str) -> None:
        self.strikes += 1
        self.faults[kind] = self.faults.get(kind, 0) + 1

    @property
    def is_out(self) -> bool:
        """Whether it failed so often that its site is to be culled."""
        return self.strikes >= STRIKES

    def fused(self) -> Fused:
        """Host and seed as one module, as it is at α = 1."""
        return Fused(self.host, self.seed)


class Fused(nn.Module):
    """A layer and what grew there, for good: an ordinary part of the network."""

    def __init__(self, host: nn.Module, seed: Grown) -> None:
        super().__init__()
        self.host = host
        self.seed = seed
        self._multiplies = seed.blueprint.mode == "multiply"

    def forward(self, *args: Any, **keywords: Any) -> Tensor:
        """The layer's value and the seed's part."""
        value: Tensor = self.host(*args, **keywords)
        if self._multiplies:
            return value * (1 + torch.tanh(self.seed(value)))
        part: Tensor = self.seed(value)
        return value + part


def child(root: nn.Module, path: str) -> nn.Module:
    """The module at a dotted path; the root itself for an empty one. Raises `AttributeError`."""
    return root.get_submodule(path)


def put(root: nn.Module, path: str, module: nn.Module) -> None:
    """Put a module in the place of another. Raises `AttributeError` for a path that does not exist."""
    parent, _, name = path.rpartition(".")
    holder = root.get_submodule(parent)
    if name not in holder._modules:
        raise AttributeError(f"there is no layer at `{path}`")
    holder._modules[name] = module


def schedule(curve: str) -> Callable[[float], float]:
    """α by the share of the time that has passed: linear, cosine or sigmoid, from exactly 0 to exactly 1 (E83).

    Raises `ValueError` for another name.
    """
    from math import cos, exp, pi

    def bounded(inner: Callable[[float], float]) -> Callable[[float], float]:
        return lambda share: 0.0 if share <= 0 else 1.0 if share >= 1 else inner(share)

    if curve == "linear":
        return bounded(lambda share: share)
    if curve == "cosine":
        return bounded(lambda share: (1 - cos(pi * share)) / 2)
    if curve == "sigmoid":
        low, high = 1 / (1 + exp(6.0)), 1 / (1 + exp(-6.0))
        return bounded(lambda share: (1 / (1 + exp(-12 * (share - 0.5))) - low) / (high - low))
    raise ValueError(f"`{curve}` is no curve; curves are linear, cosine, sigmoid")
