"""Kasmina's layers as the mission names them: layers with seats for seeds, in which signed kernels grow (E9, E10).

    layer = KasminaLinear(64, 32, num_seeds=4)
    layer.load_kernel(0, data, key)          # None, or a refusal that says why not
    layer.set_seed_alpha(0, 0.5)             # None: it trains behind the layer; 0 to 1: blended in
    layer.unload_kernel(0)

For networks written with them from the start. `Host` does the same to any network and leaves no wrapper where nothing
grows; a layer without kernels here costs one call. What the seats hold is part of `state_dict`, blueprints, α and
strikes included: a fresh layer that loads it is the same layer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from dana.esper.blueprint import from_data
from dana.esper.graft import Graft
from dana.esper.kernel import KernelValidator, ShapeCompatibilityChecker, load_kernel
from dana.esper.modules import build
from dana.esper.refusals import Refusal, RefusedError

if TYPE_CHECKING:
    from collections.abc import Sequence


class KasminaLayer(nn.Module):
    """A layer (`default_transform`) with `num_seeds` seats. Seeds in them work one after another on the layer's value.

    `shape`: that of the value, with names for what a run decides; a kernel for another one is refused.
    """

    def __init__(self, default_transform: nn.Module, shape: Sequence[int | str], *, num_seeds: int = 4) -> None:
        super().__init__()
        if num_seeds.__class__ is not int or num_seeds < 1:
            raise RefusedError("refused.argument", f"`num_seeds` is a whole number from 1, not {num_seeds!r}")
        self.default_transform = default_transform
        self.shape = tuple(shape)
        self.num_seeds = num_seeds
        self.seeds = nn.ModuleDict()
        self.kernels: dict[str, str] = {}

    def forward(self, value: Tensor) -> Tensor:
        """The layer's value, with the parts of those seeds that are blended in."""
        found = self.transformed(value)
        for seat in self.seeds.values():
            found = seat(found)
        return found

    def transformed(self, value: Tensor) -> Tensor:
        """The layer's own value."""
        found: Tensor = self.default_transform(value)
        return found

    def load_kernel(self, seat: int, data: bytes, key: bytes) -> Refusal | None:
        """Put a signed kernel into a free seat, where it trains behind the layer; why not, else."""
        name = str(seat)
        if not self._is_seat(seat):
            return Refusal("refused.unknown", f"there are {self.num_seeds} seats, none is {seat!r}")
        if name in self.seeds:
            return Refusal("refused.stage", f"seat {seat} is taken", "unload what is there first")
        try:
            kernel = load_kernel(data, key)
        except RefusedError as error:
            return error.refusal
        refusal = KernelValidator().validate(kernel)
        if refusal is None and kernel.metadata.input_shape != self.shape:
            expected = ", ".join(map(str, self.shape))
            refusal = Refusal("refused.shape", f"the kernel is for {kernel.metadata.input_shape}, not ({expected})")
        if refusal is None:
            self._seat(name, Graft(nn.Identity(), kernel.module), kernel.id)
        return refusal

    def unload_kernel(self, seat: int) -> Refusal | None:
        """Empty a seat: the layer is what it was without it."""
        if str(seat) not in self.seeds:
            return Refusal("refused.unknown", f"there is nothing in seat {seat!r}")
        del self.seeds[str(seat)]
        del self.kernels[str(seat)]
        return None

    def set_seed_alpha(self, seat: int, alpha: float | None) -> Refusal | None:
        """How far a seed is blended in, 0 to 1; None: it trains behind the layer, which gives its own value."""
        if str(seat) not in self.seeds:
            return Refusal("refused.unknown", f"there is nothing in seat {seat!r}")
        if alpha is not None and not (isinstance(alpha, (int, float)) and 0 <= alpha <= 1):
            return Refusal("refused.argument", f"α is a number from 0 to 1, not {alpha!r}")
        graft = self._graft(str(seat))
        graft.blending, graft.alpha = alpha is not None, float(alpha or 0.0)
        return None

    def check(self, value: Tensor) -> Refusal | None:
        """Why the layer's value would not fit its seats; None when it does."""
        return ShapeCompatibilityChecker().check(self.shape, tuple(value.shape))

    @property
    def stats(self) -> list[dict[str, Any]]:
        """What is in each seat that is taken: kernel, α, parameters, strikes, faults by kind."""
        return [
            {
                "seat": int(name), "kernel": self.kernels[name], "strikes": graft.strikes, "faults": dict(graft.faults),
                "alpha": graft.alpha if graft.blending else None,
                "parameters": sum(p.numel() for p in graft.seed.parameters()),
            }
            for name in self.seeds for graft in [self._graft(name)]
        ]  # fmt: skip

    def _is_seat(self, seat: Any) -> bool:
        return seat.__class__ is int and 0 <= seat < self.num_seeds

    def _graft(self, name: str) -> Graft:
        found = self.seeds[name]
        assert isinstance(found, Graft)
        return found

    def _seat(self, name: str, graft: Graft, kernel: str) -> None:
        first = next(self.default_transform.parameters(), None)
        if first is not None:
            graft.to(device=first.device, dtype=first.dtype)
        graft.train(self.training)
        taken = {**dict(self.seeds.items()), name: graft}
        self.seeds.clear()
        # In the order of seats, however they were filled.
        self.seeds.update({each: taken[each] for each in sorted(taken, key=int)})
        self.kernels[name] = kernel

    def get_extra_state(self) -> Tensor:
        """What `state_dict` holds beside weights, as bytes of JSON: data, so that it loads wherever only data may."""
        import json

        said = {
            name: {
                "kernel": self.kernels[name], "blueprint": graft.seed.blueprint.to_data(), "alpha": graft.alpha,
                "blending": graft.blending, "strikes": graft.strikes, "faults": graft.faults,
            }
            for name in self.seeds for graft in [self._graft(name)]
        }  # fmt: skip
        return torch.frombuffer(bytearray(json.dumps(said, sort_keys=True).encode()), dtype=torch.uint8)

    def set_extra_state(self, state: Tensor) -> None:
        """Fill the seats as they were; their weights are loaded next. Raises `RefusedError` for what is no state."""
        import json

        try:
            said = json.loads(bytes(state.numpy()))
            self.seeds.clear()
            self.kernels.clear()
            for name, each in said.items():
                if not name.isdigit() or not self._is_seat(int(name)):
                    raise RefusedError("refused.unknown", f"there are {self.num_seeds} seats, none is {name!r}")
                graft = Graft(nn.Identity(), build(from_data(each["blueprint"])))
                graft.alpha, graft.blending = float(each["alpha"]), bool(each["blending"])
                graft.strikes, graft.faults = int(each["strikes"]), dict(each["faults"])
                self._seat(name, graft, str(each["kernel"]))
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise RefusedError("refused.bytes", f"this is no state of a layer: {type(error).__name__}") from None


class KasminaLinear(KasminaLayer):
    """`nn.Linear` with seats."""

    def __init__(self, in_features: int, out_features: int, *, bias: bool = True, num_seeds: int = 4) -> None:
        super().__init__(nn.Linear(in_features, out_features, bias), ("batch", out_features), num_seeds=num_seeds)


class KasminaConv2d(KasminaLayer):
    """`nn.Conv2d` with seats; `how`: what `nn.Conv2d` takes by name."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel_size: int, *, num_seeds: int = 4, **how: Any
    ) -> None:
        shape = ("batch", out_channels, "height", "width")
        super().__init__(nn.Conv2d(in_channels, out_channels, kernel_size, **how), shape, num_seeds=num_seeds)


class KasminaLayerNorm(KasminaLayer):
    """`nn.LayerNorm` over the last size, with seats."""

    def __init__(self, width: int, *, num_seeds: int = 4) -> None:
        super().__init__(nn.LayerNorm(width), ("batch", width), num_seeds=num_seeds)


class KasminaBatchNorm(KasminaLayer):
    """`nn.BatchNorm1d`, or `nn.BatchNorm2d` for `images`, with seats."""

    def __init__(self, width: int, *, images: bool = False, num_seeds: int = 4) -> None:
        norm: nn.Module = nn.BatchNorm2d(width) if images else nn.BatchNorm1d(width)
        shape = ("batch", width, "height", "width") if images else ("batch", width)
        super().__init__(norm, shape, num_seeds=num_seeds)


class KasminaAttention(KasminaLayer):
    """Self-attention (`nn.MultiheadAttention`, batch first) with seats."""

    def __init__(self, width: int, heads: int, *, num_seeds: int = 4) -> None:
        made = nn.MultiheadAttention(width, heads, batch_first=True)
        super().__init__(made, ("batch", "time", width), num_seeds=num_seeds)

    def transformed(self, value: Tensor) -> Tensor:
        """Each step as a mixture of all."""
        found: Tensor = self.default_transform(value, value, value, need_weights=False)[0]
        return found
