"""From a blueprint to an `nn.Module`: data in, an ordinary trainable module out, no text executed (E47)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    from dana.esper.blueprint import Blueprint, Node
    from dana.esper.operations import Shape

    # Makes a layer: its class, sizes and options.
    Make: TypeAlias = Callable[..., Any]


class Grown(nn.Module):
    """The module of a blueprint: its nodes in order. `forward` takes the site's value and gives one of its shape.

    `draws`: whether it draws random numbers while it trains (dropout), so that it needs a stream of its own; `make`:
    how its layers come to be, with first weights or without.
    """

    def __init__(self, blueprint: Blueprint, make: Make | None = None) -> None:
        super().__init__()
        self.blueprint = blueprint
        self.steps: list[tuple[str, str, tuple[str, ...], Callable[..., Tensor] | None]] = []
        self.draws = any(node.op == "dropout" for node in blueprint.nodes)
        for node in blueprint.nodes:
            made = None
            if node.op in _LAYERS:
                made = _LAYERS[node.op](node, [blueprint.shapes[name] for name in node.inputs], make or _whole)
                self.add_module(node.id, made)
            self.steps.append((node.id, node.op, node.inputs, None if made is not None else _FUNCTIONS[node.op]))
        self._line = self._as_line()

    def _as_line(self) -> list[Callable[..., Tensor]] | None:
        """The steps as functions of one value each, where every node takes the one before: no table needed then."""
        before, line = "input", []
        for name, _op, inputs, function in self.steps:
            if inputs != (before,):
                return None
            line.append(getattr(self, name) if function is None else function)
            before = name
        return line if before == self.blueprint.output else None

    def forward(self, value: Tensor) -> Tensor:
        """What the blueprint makes of the site's value."""
        if self._line is not None:
            for step in self._line:
                value = step(value)
            return value
        values = {"input": value}
        for name, _op, inputs, function in self.steps:
            step = getattr(self, name) if function is None else function
            values[name] = step(*(values[at] for at in inputs))
        return values[self.blueprint.output]

    def __deepcopy__(self, memo: dict[int, Any]) -> Grown:
        """A copy whose shortcut leads to its own layers."""
        copy = Grown(self.blueprint)
        memo[id(self)] = copy
        first = next(self.parameters(), None)
        if first is not None:
            copy.to(device=first.device, dtype=first.dtype)
        copy.load_state_dict({name: value.clone() for name, value in self.state_dict().items()})
        copy.train(self.training)
        return copy


class Scale(nn.Module):
    """Each channel times a learned number."""

    def __init__(self, channels: int, start: float, axis: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.full((channels, 1, 1) if axis == 1 else (channels,), float(start)))

    def forward(self, value: Tensor) -> Tensor:
        """Scaled."""
        return value * self.weight


class Attention(nn.Module):
    """Multi-head self-attention over time (Vaswani et al. 2017), `inner` wide inside."""

    def __init__(self, width: int, inner: int, heads: int, *, causal: bool, make: Make | None = None) -> None:
        super().__init__()
        self.heads = heads
        self.causal = causal
        self.queries_keys_values = (make or _whole)(nn.Linear, width, 3 * inner)
        self.back = (make or _whole)(nn.Linear, inner, width)

    def forward(self, value: Tensor) -> Tensor:
        """Each step of time as a mixture of all (or, when causal, of those before)."""
        batch, time, _width = value.shape
        parts = self.queries_keys_values(value).view(batch, time, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(parts[0], parts[1], parts[2], is_causal=self.causal)
        found: Tensor = self.back(mixed.transpose(1, 2).reshape(batch, time, -1))
        return found


class Beside(nn.Module):
    """An adapter of a linear layer or a convolution: its values scaled (Liu et al. 2022), and a map of few directions
    from what it reads (Hu et al. 2022). 0 at birth.
    """

    def __init__(self, layer: nn.Linear | nn.Conv2d, rank: int) -> None:
        super().__init__()
        self.down: nn.Module
        self.up: nn.Module
        if isinstance(layer, nn.Conv2d):
            self.down = nn.Conv2d(
                layer.in_channels, rank, layer.kernel_size, layer.stride, layer.padding, layer.dilation, bias=False  # type: ignore[arg-type]
            )  # fmt: skip
            self.up = nn.Conv2d(rank, layer.out_channels, 1)
            self.own = Scale(layer.out_channels, 0.0, 1)
        else:
            self.down = nn.Linear(layer.in_features, rank, bias=False)
            self.up = nn.Linear(rank, layer.out_features)
            self.own = Scale(layer.out_features, 0.0, -1)
        for parameter in self.up.parameters():
            nn.init.zeros_(parameter)

    def forward(self, given: Tensor, value: Tensor) -> Tensor:
        """What is added to the layer's `value` for what it was `given`."""
        found: Tensor = self.up(self.down(given)) + self.own(value)
        return found


class Adapted(nn.Module):
    """A layer with an adapter beside it. `off`: as if there was none."""

    def __init__(self, host: nn.Linear | nn.Conv2d, rank: int) -> None:
        super().__init__()
        self.host = host
        self.seed = Beside(host, rank)
        self.off = False

    def forward(self, given: Tensor) -> Tensor:
        """The layer's value, with or without the adapter's part."""
        value: Tensor = self.host(given)
        return value if self.off else value + self.seed(given, value)


def build(blueprint: Blueprint) -> Grown:
    """The module of a blueprint, with fresh weights from torch's current random stream."""
    return Grown(blueprint)


def build_bare(blueprint: Blueprint) -> Grown:
    """The module of a blueprint without weights (on no device), for whoever puts others in; nothing is drawn."""
    return Grown(blueprint, _bare)


def _whole(kind: type[nn.Module], *sizes: int, **how: Any) -> Any:
    return kind(*sizes, **how)


def _bare(kind: type[nn.Module], *sizes: int, **how: Any) -> Any:
    made = _BARE[kind](*sizes, device="meta", **how)
    made.__class__ = kind
    return made


# Drawing first weights takes longer than all else of a layer, on no device as well.
_BARE: dict[type[nn.Module], type[nn.Module]] = {
    kind: type(f"Bare{kind.__name__}", (kind,), {"reset_parameters": lambda _self: None})
    for kind in (nn.Linear, nn.Conv2d, nn.LayerNorm, nn.BatchNorm1d, nn.BatchNorm2d)
}


def _zeroed(layer: Any, node: Node) -> Any:
    """A layer that gives 0 at birth, where the blueprint says so: what grows then changes nothing at first."""
    if node.arguments["zero"] and not layer.weight.is_meta:
        nn.init.zeros_(layer.weight)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
    return layer


def _linear(node: Node, shapes: list[Shape], make: Make) -> nn.Module:
    layer = make(nn.Linear, int(shapes[0][-1]), node.arguments["out"], bias=node.arguments["bias"])
    made: nn.Module = _zeroed(layer, node)
    return made


def _conv2d(node: Node, shapes: list[Shape], make: Make) -> nn.Module:
    a = node.arguments
    sizes = int(shapes[0][1]), a["out"], a["kernel"]
    layer = make(nn.Conv2d, *sizes, padding=a["kernel"] // 2, groups=a["groups"], bias=a["bias"])
    made: nn.Module = _zeroed(layer, node)
    return made


def _batch_norm(_node: Node, shapes: list[Shape], make: Make) -> nn.Module:
    made: nn.Module = make(nn.BatchNorm2d if len(shapes[0]) == 4 else nn.BatchNorm1d, int(shapes[0][1]))
    return made


def _scale(node: Node, shapes: list[Shape], _make: Make) -> nn.Module:
    axis = 1 if len(shapes[0]) == 4 else -1
    return Scale(int(shapes[0][axis]), node.arguments["start"], axis)


def _attention(node: Node, shapes: list[Shape], make: Make) -> nn.Module:
    a, width = node.arguments, int(shapes[0][2])
    made = Attention(width, a["width"] or width, a["heads"], causal=a["causal"], make=make)
    _zeroed(made.back, node)
    return made


_LAYERS: dict[str, Callable[[Node, list[Shape], Make], nn.Module]] = {
    "linear": _linear,
    "conv2d": _conv2d,
    "layer_norm": lambda _node, shapes, make: make(nn.LayerNorm, int(shapes[0][-1])),
    "batch_norm": _batch_norm,
    "dropout": lambda node, _shapes, _make: nn.Dropout(node.arguments["share"]),
    "scale": _scale,
    "attention": _attention,
}

_FUNCTIONS: dict[str, Callable[..., Tensor]] = {
    "relu": functional.relu,
    "gelu": functional.gelu,
    "tanh": torch.tanh,
    "sigmoid": torch.sigmoid,
    "silu": functional.silu,
    "softmax": lambda value: torch.softmax(value, -1),
    "add": torch.add,
    "mul": torch.mul,
    "mean_hw": lambda value: value.mean((2, 3), keepdim=True),
}
