"""What a network looks like from inside, on one batch: the figures by which faults are found (E43, E84).

Hooks are attached for one forward and backward pass and removed again; between two probes the network has none. For
each site:

    dead         share of neurons that are the same for every example of the batch
    depth        how far beyond the examples the point lies where they would change: in standard deviations of what they
                 sum up, the median over the dead; 0 where that is always the same, which is no fault of theirs
    rank         effective rank of the layer's weights (Roy & Vetterli 2007), as a share of what it could be
    saturated    share of values where a squashing activation has hardly any slope left
    slope        mean slope of a squashing activation over the batch, as a share of its steepest; 1 without one
    bends        1 when something nonlinear lies between the site and its reader, else 0
    residual     share of the gradient at the reader's output that no combination of the present neurons could follow
                 (the expressivity bottleneck of Verbockhaven et al. 2024)
    gain         first-order decrease of the loss that new neurons in the best directions promise (GradMax, Evci 2022)
    missed       the size of that part for one example of the batch: what is left to learn there (about the error of the
                 predicted probabilities, where the reader is the last layer)
    gradient     size of the gradient of the layer's weights against the largest of all sites
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn

from dana.esper.graft import Fused, Graft
from dana.esper.modules import Adapted
from dana.esper.reading import Tracer, inner_layer

if TYPE_CHECKING:
    from collections.abc import Callable

    from dana.esper.host import Host, Site

_SQUASHING = {nn.Tanh: "tanh", nn.Sigmoid: "sigmoid"}
_BENDING = (nn.ReLU, nn.GELU, nn.Tanh, nn.Sigmoid, nn.SiLU, nn.LeakyReLU, nn.ELU, nn.Softmax, nn.MaxPool2d)
_BENDING_NAMES = frozenset("relu gelu tanh sigmoid silu leaky_relu elu softmax max_pool2d relu_".split())
_PASSING_NAMES = frozenset("dropout flatten avg_pool2d adaptive_avg_pool2d".split())
# No more rows than this enter a decomposition: more say nothing new and cost.
_MOST_ROWS = 512
_SMALL = 1e-8


class Figures(dict[str, float]):
    """The figures of one site by name.

    `directions`: the best incoming weights of new neurons (rows), or None; `idle`: the neurons that never change and
    could begin anew, with their `constants`; `spread`: the standard deviation of what each neuron sums up.
    """

    directions: Tensor | None = None
    idle: tuple[int, ...] = ()
    constants: Tensor | None = None
    spread: Tensor | None = None


def probe(host: Host, loss: Callable[[], Tensor]) -> dict[str, Figures]:
    """The figures of every site, by path. `loss()` runs the model on one batch and gives its loss.

    The network is as it was afterwards: gradients, buffers, random streams and modes included.
    """
    model = host.model
    seen: dict[str, dict[str, Tensor]] = {}
    hooks = []
    afters = {site.path: site.next_path for site in host.sites}
    bends = _bends(model, host)
    watched = {path for path in (*afters, *afters.values()) if path}
    for path in watched:
        hooks.append(model.get_submodule(path).register_forward_hook(_noted(seen, path)))
    gradients = [(p, None if p.grad is None else p.grad.clone()) for p in model.parameters()]
    buffers = [(b, b.detach().clone()) for b in model.buffers()]
    random = torch.get_rng_state()
    try:
        value = loss()
        model.zero_grad(set_to_none=True)
        value.backward()  # type: ignore[no-untyped-call]
        sizes = {site.path: _gradient_size(model.get_submodule(site.path)) for site in host.sites}
    finally:
        for hook in hooks:
            hook.remove()
        for parameter, gradient in gradients:
            parameter.grad = gradient
        with torch.no_grad():
            for buffer, before in buffers:
                buffer.copy_(before)
        torch.set_rng_state(random)
    largest = max([*sizes.values(), _SMALL])
    found: dict[str, Figures] = {}
    with torch.no_grad():
        for site in host.sites:
            if site.path in seen:
                found[site.path] = _figures(site, seen, bends.get(site.path), sizes[site.path] / largest)
    return found


def _noted(seen: dict[str, dict[str, Tensor]], path: str) -> Callable[..., None]:
    """A hook that keeps a layer's input and output, and the gradient of the latter when it comes."""

    def note(_module: nn.Module, given: tuple[Any, ...], value: Any) -> None:
        if not isinstance(value, Tensor) or not given or not isinstance(given[0], Tensor):
            return
        here = seen[path] = {"input": given[0].detach(), "output": value.detach()}
        if value.requires_grad:
            value.register_hook(lambda gradient: here.__setitem__("gradient", gradient.detach()))  # type: ignore[no-untyped-call]

    return note


def _gradient_size(module: nn.Module) -> float:
    total = 0.0
    for parameter in module.parameters():
        if parameter.grad is not None:
            total += float(parameter.grad.square().sum())
    return float(total**0.5)


def _rows(value: Tensor) -> Tensor:
    """Examples (and places, and times) as rows, channels as columns; a sample of at most `_MOST_ROWS`."""
    flat = (
        value.permute(0, 2, 3, 1).reshape(-1, value.shape[1])
        if value.dim() == 4
        else value.reshape(-1, value.shape[-1])
    )
    if flat.shape[0] > _MOST_ROWS:
        flat = flat[:: flat.shape[0] // _MOST_ROWS][:_MOST_ROWS]
    return flat.double()


def _figures(site: Site, seen: dict[str, dict[str, Tensor]], bend: tuple[str, bool] | None, gradient: float) -> Figures:
    here = seen[site.path]
    after = seen.get(site.next_path) if site.next_path else None
    read = here["output"]
    if after is not None and after["input"].shape[-1 if after["input"].dim() != 4 else 1] == site.facts.outputs:
        read = after["input"]
    rows = _rows(read)
    figures = Figures()
    spread = rows.std(0) if rows.shape[0] > 1 else torch.zeros(rows.shape[1])
    dead = spread <= _SMALL + 1e-6 * rows.abs().mean()
    figures["dead"] = float(dead.double().mean())
    _dormancy(figures, _rows(here["output"]), rows, dead, read is not here["output"])
    figures["rank"] = _weight_rank(site.host.model.get_submodule(site.path))
    figures["saturated"], figures["slope"] = _saturated(rows, bend[0] if bend is not None else "")
    figures["bends"] = 1.0 if bend is None or bend[1] else 0.0
    figures["gradient"] = gradient
    figures["residual"], figures["gain"], figures["missed"] = 0.0, 0.0, 0.0
    if (
        after is not None
        and "gradient" in after
        and read is not here["output"]
        and after["output"].dim() == here["output"].dim()
    ):
        _expressivity(figures, here, rows, _rows(after["gradient"]))
    return figures


def _dormancy(figures: Figures, sums: Tensor, rows: Tensor, dead: Tensor, is_read: bool) -> None:
    """How deeply the dead are dead, and which of them could begin anew without a change of what is computed."""
    figures["depth"] = 0.0
    if len(sums) < 2 or sums.shape[1] != len(dead):
        return
    figures.spread = spread = sums.std(0)
    if bool(dead.any()):
        beyond = sums.mean(0).abs() / spread.clamp_min(_SMALL)
        figures["depth"] = float(torch.where(spread > _SMALL, beyond, 0.0)[dead].median())
    if is_read:
        figures.idle = tuple(dead.nonzero().flatten().tolist())
        figures.constants = rows.mean(0)[dead]


def _weight_rank(module: nn.Module) -> float:
    """The exponential of the entropy of the weights' singular values, as a share of their number; 1 without weights.

    Of the weights, not of what comes out: a network that has learnt to tell three classes apart has outputs in few
    directions, and nothing is wrong with it.
    """
    weight = module._parameters.get("weight")
    if weight is None or weight.dim() < 2:
        return 1.0
    values = torch.linalg.svdvals(weight.detach().double().flatten(1))
    total = float(values.sum())
    if total <= _SMALL:
        return 0.0
    shares = values / total
    entropy = -(shares * torch.log(shares.clamp_min(1e-300))).sum()
    return float(entropy.exp()) / len(values)


def _saturated(rows: Tensor, kind: str) -> tuple[float, float]:
    """The share of values near the ends of a squashing activation, and its mean slope."""
    if kind == "tanh":
        return float((rows.abs() > 0.97).double().mean()), float((1 - rows.square()).mean())
    if kind == "sigmoid":
        return float(((rows < 0.03) | (rows > 0.97)).double().mean()), float((4 * rows * (1 - rows)).mean())
    return 0.0, 1.0


def _expressivity(figures: Figures, here: dict[str, Tensor], rows: Tensor, gradient: Tensor) -> None:
    """What of the wanted change the present neurons cannot follow, and new neurons that could."""
    count = min(len(rows), len(gradient))
    rows, gradient = rows[:count], gradient[:count]
    size = float(gradient.norm())
    if size <= _SMALL or count < 4:
        return
    basis = torch.cat([rows, rows.new_ones(count, 1)], 1)
    solved = torch.linalg.lstsq(basis, gradient, driver="gelsd").solution
    missed = gradient - basis @ solved
    figures["residual"] = float(missed.norm()) / size
    figures["missed"] = float(missed.norm()) * count**0.5
    if here["input"].dim() == 4:
        # Which patches of the image would help is not worked out; how much is missed is known.
        figures["gain"] = float(missed.norm())
        return
    given = _rows(here["input"])[:count]
    if len(given) != count:
        return
    mean, spread = given.mean(0), given.std(0)
    # Inputs that hardly vary say nothing; dividing by their spread would make them loudest.
    shown = torch.where(
        spread > 0.05 * spread.max().clamp_min(_SMALL), 1 / spread.clamp_min(_SMALL), torch.zeros_like(spread)
    )
    standard = (given - mean) * shown
    left, values, _right = torch.linalg.svd(standard.T @ missed, full_matrices=False)
    figures["gain"] = float(values[0]) if len(values) else 0.0
    # Each new neuron varies by about 1 over the batch and is on for about half of it.
    size_of_each = (standard @ left).std(0).clamp_min(_SMALL)
    ways = left / size_of_each
    # It bends: of the two ways along a direction, the one whose bent value follows more of what is missed.
    along, against = (torch.relu(sign * (standard @ ways)).T @ missed for sign in (1.0, -1.0))
    ways = torch.where(along.norm(dim=1) >= against.norm(dim=1), ways, -ways)
    weights = ways.T * shown
    directions = torch.cat([weights, -(weights @ mean).unsqueeze(1)], 1)
    figures.directions = directions.float() if bool(torch.isfinite(directions).all()) else None


def _bends_itself(module: nn.Module) -> bool:
    """Whether what grew at a layer for good bends its value."""
    bends = isinstance(module, Fused) and any(node.op in _BENDING_NAMES for node in module.seed.blueprint.nodes)
    inside = getattr(module, "host", None) if isinstance(module, (Graft, Fused, Adapted)) else None
    return bends or (inside is not None and _bends_itself(inside))


def _bends(model: nn.Module, host: Host) -> dict[str, tuple[str, bool]]:
    """For each site with a reader: the squashing activation between ("" for none), and whether anything bends there."""
    try:
        graph = Tracer().trace(model)
    except Exception:  # noqa: BLE001  (what cannot be traced has no known way between its layers)
        return {}
    modules = dict(model.named_modules())
    paths = {site.path for site in host.sites}
    found: dict[str, tuple[str, bool]] = {}
    for node in graph.nodes:
        path = str(node.target) if node.op == "call_module" else ""
        if path not in paths:
            continue
        squash, bent, at = "", _bends_itself(modules[path]), node
        while len(at.users) == 1:
            at = next(iter(at.users))
            if at.op == "output":
                bent = True  # nothing is read after it: a last layer has no reason to bend
                break
            if at.op == "call_module":
                module = modules[str(at.target)]
                if isinstance(inner_layer(module, first=True), (nn.Linear, nn.Conv2d)):
                    break
                squash = _SQUASHING.get(type(module), squash)
                bent = bent or isinstance(module, _BENDING)
            elif at.op in ("call_function", "call_method"):
                name = at.target if isinstance(at.target, str) else getattr(at.target, "__name__", "")
                squash = name if name in ("tanh", "sigmoid") else squash
                bent = bent or name in _BENDING_NAMES
                if name not in _BENDING_NAMES | _PASSING_NAMES:
                    bent = True  # what is not known may bend
                    break
        else:
            bent = True
        found[path] = (squash, bent)
    return found
