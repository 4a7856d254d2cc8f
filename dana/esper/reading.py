"""Reading a network: which layers there are, what shapes their values have, and who reads them.

What cannot be traced (control flow that depends on values) has sites all the same; only widening needs to know the one
layer that reads another.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, fx, nn

from dana.esper.graft import Fused, Graft
from dana.esper.modules import Adapted
from dana.esper.templates import SiteFacts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    # For a layer's path: the layer that alone reads its value, the norms in between, the first activation.
    Readers: TypeAlias = Mapping[str, tuple[str, tuple[str, ...], str]]

COMPOSITE = (nn.MultiheadAttention, nn.TransformerEncoderLayer, nn.TransformerDecoderLayer)
# Between two layers that can be widened together lies nothing that mixes channels.
_ELEMENTWISE = (
    nn.ReLU, nn.GELU, nn.Tanh, nn.Sigmoid, nn.SiLU, nn.LeakyReLU, nn.ELU, nn.Dropout, nn.Dropout2d, nn.Identity,
    nn.Flatten, nn.MaxPool2d, nn.AvgPool2d, nn.AdaptiveAvgPool2d,
)  # fmt: skip
# What grew around a layer, which goes on being the one that is read and reads.
_AROUND = (Graft, Fused, Adapted)
_ELEMENTWISE_FUNCTIONS = frozenset(
    "relu gelu tanh sigmoid silu leaky_relu elu dropout flatten max_pool2d avg_pool2d adaptive_avg_pool2d relu_".split()
)


def observed_shapes(model: nn.Module, example: Tensor | None) -> dict[str, tuple[int, ...]]:
    """The shapes of the layers' values for an example, by path."""
    if example is None:
        return {}
    shapes: dict[str, tuple[int, ...]] = {}
    hooks = []
    for path, module in model.named_modules():

        def note(_module: nn.Module, _given: Any, value: Any, path: str = path) -> None:
            if isinstance(value, Tensor):
                shapes[path] = tuple(value.shape)

        hooks.append(module.register_forward_hook(note))
    training = [(module, module.training) for module in model.modules()]
    random = torch.get_rng_state()
    try:
        model.eval()
        with torch.no_grad():
            model(example)
    finally:
        for hook in hooks:
            hook.remove()
        for module, was in training:
            module.training = was
        torch.set_rng_state(random)
    return shapes


class Tracer(fx.Tracer):
    """Traces a network in which something grows: a layer and what grew around it are one node, by the layer's path."""

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        """Whether the parts of a module are left alone."""
        return isinstance(m, _AROUND) or super().is_leaf_module(m, module_qualified_name)


def readers_of(model: nn.Module) -> dict[str, tuple[str, tuple[str, ...], str]]:
    """For each layer whose value one other layer alone reads: its path, the norms in between, the first activation."""
    try:
        graph = Tracer().trace(model)
    except Exception:  # noqa: BLE001  (a model that cannot be traced has layers that cannot be widened, no more)
        return {}
    modules = dict(model.named_modules())
    found: dict[str, tuple[str, tuple[str, ...], str]] = {}
    for node in graph.nodes:
        if node.op != "call_module":
            continue
        norms: list[str] = []
        bend, at = "", node
        while len(at.users) == 1:
            at = next(iter(at.users))
            if at.op == "call_module":
                module = inner_layer(modules[str(at.target)], first=True)
                if isinstance(module, (nn.Linear, nn.Conv2d)):
                    found[str(node.target)] = (str(at.target), tuple(norms), bend)
                    break
                if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
                    norms.append(str(at.target))
                    continue
                if isinstance(module, _ELEMENTWISE):
                    bend = bend or type(module).__name__.lower()
                    continue
            elif at.op in ("call_function", "call_method"):
                name = at.target if isinstance(at.target, str) else getattr(at.target, "__name__", "")
                if name in _ELEMENTWISE_FUNCTIONS:
                    bend = bend or name.rstrip("_")
                    continue
            break
    # A layer that is called twice has two readers of one weight.
    calls = [str(node.target) for node in graph.nodes if node.op == "call_module"]
    return {path: reader for path, reader in found.items() if calls.count(path) == 1 == calls.count(reader[0])}


def facts_of(
    path: str,
    kind: str,
    module: nn.Module,
    shape: tuple[int, ...] | None,
    modules: Mapping[str, nn.Module],
    readers: Readers,
) -> tuple[SiteFacts, str]:
    """What is known of a layer as a site, and the path of the layer that can be widened with it ("": none)."""
    after = readers.get(path, ("", (), ""))[0] if kind in ("linear", "conv") else ""
    inputs, outputs, spatial = sizes_of(module)
    inner, outer, next_spatial = (0, 0, 1)
    if after:
        inner, outer, next_spatial = sizes_of(modules[after])
        grouped = isinstance(modules[after], nn.Conv2d) and modules[after].groups != 1
        if grouped or (isinstance(module, nn.Conv2d) and module.groups != 1) or inner % outputs:
            after, inner, outer = "", 0, 0
    facts = SiteFacts(
        path, kind, _symbolic(kind, outputs, shape), inputs=inputs, outputs=outputs, next_inputs=inner,
        next_outputs=outer, spatial=spatial, next_spatial=next_spatial, bias=getattr(module, "bias", None) is not None,
        norms=len(readers.get(path, ("", (), ""))[1]), bend=readers.get(path, ("", (), ""))[2],
    )  # fmt: skip
    return facts, after


def _symbolic(kind: str, width: int, shape: tuple[int, ...] | None) -> tuple[int | str, ...]:
    """The shape of a site's value with names for what a run decides."""
    if kind == "conv" or (shape is not None and len(shape) == 4):
        return ("batch", width, "height", "width")
    if kind == "transformer" or (shape is not None and len(shape) == 3):
        return ("batch", "time", width)
    return ("batch", width)


def sizes_of(module: nn.Module) -> tuple[int, int, int]:
    """Inputs, outputs, and weights per pair of both."""
    if isinstance(module, nn.Linear):
        return module.in_features, module.out_features, 1
    if isinstance(module, nn.Conv2d):
        height, width = module.kernel_size[0], module.kernel_size[-1]
        return module.in_channels // module.groups, module.out_channels, height * width
    if isinstance(module, nn.TransformerEncoderLayer):
        return module.linear1.in_features, module.linear1.in_features, 1
    if isinstance(module, nn.MultiheadAttention):
        return module.embed_dim, module.embed_dim, 1
    if isinstance(module, nn.LayerNorm):
        return int(module.normalized_shape[-1]), int(module.normalized_shape[-1]), 1
    if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
        return module.num_features, module.num_features, 1
    return 0, 0, 1


def inner_layer(module: nn.Module, *, first: bool = False) -> nn.Module:
    """The layer itself inside what grew around it: the one whose value goes on, or the `first` that takes one in."""
    while True:
        if isinstance(module, (Graft, Fused, Adapted)):
            module = module.host
        elif isinstance(module, nn.Sequential) and len(module):
            module = module[0 if first else -1]
        else:
            return module
