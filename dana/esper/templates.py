"""Templates: what can grow against which fault (E48, E49). Each gives a blueprint, or a growth of the layer itself.

    fault        what it looks like                              templates, best first
    narrow       all neurons are used, and more would help       widen, bottleneck
    dead         many neurons never fire                         revive, widen, norm, bypass
    rank         outputs lie in few directions                   adapter, widen, bypass, low_rank
    saturated    a squashing activation has no slope left        rescale, widen, norm, bypass
    linear       nothing bends between two layers                activation, bottleneck
    shallow      too few layers for the task                     deepen, bottleneck, attention

Everything changes nothing at birth: the last factor is zero, and what comes before it is not, so that gradient reaches
one of them in the first step. Shape-preserving seeds cannot cure a layer that is too narrow: for that there is `widen`.
"""

from __future__ import annotations

from dana.esper.blueprint import Blueprint, Node
from dana.esper.budget import Cost
from dana.esper.refusals import RefusedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from dana.esper.operations import Shape

FAULTS = ("narrow", "dead", "rank", "saturated", "linear", "shallow")


class SiteFacts:
    """What is known of a place in a network where something may grow.

    `kind`: linear, conv, norm, attention or transformer; `shape` of its value; `inputs` and `outputs`: its sizes;
    `next_inputs`: the inputs of the layer that reads it, `next_outputs` that layer's outputs (0: none can be widened
    with it); `spatial`: weights per pair of channels (9 for a 3 × 3 convolution); `bias`: whether it has one; `norms`:
    how many batch norms lie between it and its reader; `bend`: the name of the first activation after it.
    """

    __slots__ = (
        "bend",
        "bias",
        "inputs",
        "kind",
        "next_inputs",
        "next_outputs",
        "next_spatial",
        "norms",
        "outputs",
        "path",
        "shape",
        "spatial",
    )

    def __init__(
        self,
        path: str,
        kind: str,
        shape: Shape,
        *,
        inputs: int = 0,
        outputs: int = 0,
        next_inputs: int = 0,
        next_outputs: int = 0,
        spatial: int = 1,
        next_spatial: int = 1,
        bias: bool = True,
        norms: int = 0,
        bend: str = "",
    ) -> None:
        self.path = path
        self.kind = kind
        self.shape = shape
        self.inputs = inputs
        self.outputs = outputs
        self.next_inputs = next_inputs
        self.next_outputs = next_outputs
        self.spatial = spatial
        self.next_spatial = next_spatial
        self.bias = bias
        self.norms = norms
        self.bend = bend

    @property
    def width(self) -> int:
        """Channels of the site's value."""
        size = self.shape[1] if len(self.shape) == 4 else self.shape[-1]
        if not isinstance(size, int):
            raise RefusedError("refused.shape", f"`{self.path}`: the number of channels is not known")
        return size


# No measure of a template is larger.
LARGEST = 100_000


class Template:
    """One way to grow. `growth`: "graft" (a blueprint), "widen" or "deepen" (the layer itself), "beside" (an adapter),
    "revive" or "rescale" (neurons that are there are renewed, see `dana.esper.renewal`).

    `cures`: the faults it is meant for; `sizes`: the names of its measures and their defaults.
    """

    __slots__ = ("_blueprint", "_cost", "cures", "fits", "growth", "meaning", "name", "sizes")

    def __init__(
        self,
        name: str,
        meaning: str,
        cures: tuple[str, ...],
        *,
        growth: str = "graft",
        sizes: dict[str, int] | None = None,
        fits: Callable[[SiteFacts], bool] = lambda _site: True,
        blueprint: Callable[[SiteFacts, dict[str, int]], tuple[list[Node], str]] | None = None,
        cost: Callable[[SiteFacts, dict[str, int]], Cost] | None = None,
    ) -> None:
        self.name = name
        self.meaning = meaning
        self.cures = cures
        self.growth = growth
        self.sizes = dict(sizes or {})
        self.fits = fits
        self._blueprint = blueprint
        self._cost = cost

    def sized(self, size: dict[str, int]) -> dict[str, int]:
        """All measures: the given ones, else the defaults. Raises `RefusedError` for others and impossible ones."""
        for name, value in size.items():
            if name not in self.sizes:
                known = ", ".join(self.sizes) or "none"
                raise RefusedError("refused.argument", f"`{self.name}` has no measure `{name}`; it has: {known}")
            if value.__class__ is not int or not 0 < value <= LARGEST:
                reason = f"`{name}` is a whole number from 1 to {LARGEST:,}, not {value!r}"
                raise RefusedError("refused.argument", reason)
        return {**self.sizes, **size}

    def blueprint(self, site: SiteFacts, **size: int) -> Blueprint | None:
        """What would grow at a site; None for growths of the layer itself. Raises `RefusedError`: it does not fit."""
        self._check(site)
        whole = self.sized(size)
        if self._blueprint is None:
            return None
        nodes, output = self._blueprint(site, whole)
        return Blueprint(self.name, site.shape, nodes, output)

    def cost(self, site: SiteFacts, **size: int) -> Cost:
        """What that takes, exactly. Raises `RefusedError` where it does not fit."""
        return self.planned(site, **size)[1]

    def planned(self, site: SiteFacts, **size: int) -> tuple[Blueprint | None, Cost]:
        """`blueprint` and `cost` at once, as the one is known from the other."""
        made = self.blueprint(site, **size)
        if self._cost is not None:
            return made, self._cost(site, self.sized(size))
        assert made is not None
        return made, Cost(made.parameters, made.flops())

    def _check(self, site: SiteFacts) -> None:
        if not self.fits(site):
            raise RefusedError("refused.shape", f"`{self.name}` does not fit `{site.path}` ({site.kind})")


def _flat(site: SiteFacts) -> bool:
    return len(site.shape) in (2, 3)


def _image(site: SiteFacts) -> bool:
    return len(site.shape) == 4


def _project(site: SiteFacts, name: str, source: str, out: int, *, zero: bool = False) -> Node:
    """A linear map of channels, as the shape of the site's value has it."""
    if _image(site):
        return Node(name, "conv2d", [source], {"out": out, "kernel": 1, "zero": zero})
    return Node(name, "linear", [source], {"out": out, "zero": zero})


def _bottleneck(site: SiteFacts, size: dict[str, int]) -> tuple[list[Node], str]:
    down = _project(site, "down", "input", size["inner"])
    return [down, Node("bend", "gelu", ["down"], {}), _project(site, "up", "bend", site.width, zero=True)], "up"


def _low_rank(site: SiteFacts, size: dict[str, int]) -> tuple[list[Node], str]:
    return [_project(site, "down", "input", size["rank"]), _project(site, "up", "down", site.width, zero=True)], "up"


def _norm(site: SiteFacts, _size: dict[str, int]) -> tuple[list[Node], str]:
    op = "batch_norm" if _image(site) or len(site.shape) == 2 else "layer_norm"
    return [Node("norm", op, ["input"], {}), Node("share", "scale", ["norm"], {"start": 0.0})], "share"


def _activation(site: SiteFacts, _size: dict[str, int]) -> tuple[list[Node], str]:
    return [Node("bend", "gelu", ["input"], {}), Node("share", "scale", ["bend"], {"start": 0.0})], "share"


def _bypass(site: SiteFacts, _size: dict[str, int]) -> tuple[list[Node], str]:
    nodes = [Node("norm", "batch_norm" if _image(site) or len(site.shape) == 2 else "layer_norm", ["input"], {})]
    return [*nodes, _project(site, "through", "norm", site.width, zero=True)], "through"


def _attention(site: SiteFacts, size: dict[str, int]) -> tuple[list[Node], str]:
    nodes = [Node("norm", "layer_norm", ["input"], {})]
    heads = {"heads": size["heads"], "width": size["width"] or site.width, "zero": True, "causal": True}
    return [*nodes, Node("mix", "attention", ["norm"], heads)], "mix"


def _gate(site: SiteFacts, size: dict[str, int]) -> tuple[list[Node], str]:
    return [
        Node("mean", "mean_hw", ["input"], {}),
        _project(site, "down", "mean", size["inner"]),
        Node("bend", "relu", ["down"], {}),
        _project(site, "up", "bend", site.width),
        Node("open", "sigmoid", ["up"], {}),
        Node("gated", "mul", ["input", "open"], {}),
        Node("share", "scale", ["gated"], {"start": 0.0}),
    ], "share"


def _depthwise(site: SiteFacts, _size: dict[str, int]) -> tuple[list[Node], str]:
    return [
        Node("near", "conv2d", ["input"], {"out": site.width, "groups": site.width}),
        Node("bend", "gelu", ["near"], {}),
        _project(site, "mix", "bend", site.width, zero=True),
    ], "mix"


def _conv_small(site: SiteFacts, size: dict[str, int]) -> tuple[list[Node], str]:
    return [
        Node("near", "conv2d", ["input"], {"out": size["inner"]}),
        Node("norm", "batch_norm", ["near"], {}),
        Node("bend", "relu", ["norm"], {}),
        _project(site, "up", "bend", site.width, zero=True),
    ], "up"


def _widen_cost(site: SiteFacts, size: dict[str, int]) -> Cost:
    per = site.next_inputs // site.outputs if site.outputs else 1
    one = site.inputs * site.spatial + site.bias + 2 * site.norms + per * site.next_outputs * site.next_spatial
    return Cost(size["neurons"] * one, size["neurons"] * one)


def _adapter_cost(site: SiteFacts, size: dict[str, int]) -> Cost:
    count = size["rank"] * (site.inputs * site.spatial + site.outputs) + 2 * site.outputs
    return Cost(count, count)


def _deepen_cost(site: SiteFacts, _size: dict[str, int]) -> Cost:
    width = site.outputs
    count = width * width * (9 if site.kind == "conv" else 1) + width
    return Cost(count, count)


TEMPLATES: dict[str, Template] = {
    template.name: template
    for template in (
        Template(
            "widen",
            "more neurons of the layer itself",
            ("narrow", "dead", "rank", "saturated"),
            growth="widen",
            sizes={"neurons": 4},
            fits=lambda site: site.next_inputs > 0,
            cost=_widen_cost,
        ),
        Template(
            "deepen",
            "a layer more, the identity at birth",
            ("shallow",),
            growth="deepen",
            fits=lambda site: site.kind in ("linear", "conv") and site.bend == "relu" and not site.norms,
            cost=_deepen_cost,
        ),
        Template(
            "bottleneck",
            "two maps with a bend between them",
            ("narrow", "linear", "shallow"),
            sizes={"inner": 4},
            blueprint=_bottleneck,
        ),
        Template(
            "low_rank", "a linear map of few directions", ("rank", "narrow"), sizes={"rank": 4}, blueprint=_low_rank
        ),
        Template(
            "adapter",
            "each value scaled, and a map of few directions from what the layer reads",
            ("rank",),
            growth="beside",
            sizes={"rank": 4},
            fits=lambda site: site.kind in ("linear", "conv"),
            cost=_adapter_cost,
        ),
        Template(
            "revive",
            "neurons that never change begin anew",
            ("dead",),
            growth="revive",
            fits=lambda site: site.next_inputs > 0 and not site.norms,
            cost=lambda _site, _size: Cost(0),
        ),
        Template(
            "rescale",
            "weights shrink until the activation has a slope again",
            ("saturated",),
            growth="rescale",
            fits=lambda site: site.next_inputs > 0 and not site.norms,
            cost=lambda _site, _size: Cost(0),
        ),
        Template("bypass", "a normalised linear way around", ("rank", "dead", "saturated"), blueprint=_bypass),
        Template("norm", "a share of the normalised value", ("dead", "saturated"), blueprint=_norm),
        Template("activation", "a share of the bent value", ("linear",), blueprint=_activation),
        Template(
            "attention",
            "steps of time that see one another",
            ("shallow", "linear"),
            sizes={"heads": 1, "width": 0},
            fits=lambda site: len(site.shape) == 3,
            blueprint=_attention,
        ),
        Template(
            "gate",
            "channels opened by what the image shows",
            ("saturated", "rank"),
            sizes={"inner": 4},
            fits=_image,
            blueprint=_gate,
        ),
        Template(
            "depthwise", "neighbours within each channel", ("shallow", "linear"), fits=_image, blueprint=_depthwise
        ),
        Template(
            "conv_small",
            "a small convolution beside",
            ("narrow", "shallow", "dead"),
            sizes={"inner": 4},
            fits=_image,
            blueprint=_conv_small,
        ),
    )
}

# Which templates answer a fault, best first.
ANSWERS: dict[str, tuple[str, ...]] = {
    "narrow": ("widen", "bottleneck", "conv_small", "low_rank"),
    "dead": ("revive", "widen", "norm", "bypass", "conv_small"),
    # What lies in few directions cannot be cured behind the layer: what was lost is only in what the layer reads.
    "rank": ("adapter", "widen", "bypass", "low_rank", "gate"),
    "saturated": ("rescale", "widen", "norm", "bypass", "gate"),
    "linear": ("activation", "bottleneck", "depthwise", "attention"),
    "shallow": ("deepen", "bottleneck", "attention", "depthwise", "conv_small"),
}


def template(name: str) -> Template:
    """A template by name. Raises `RefusedError` with the nearest name."""
    found = TEMPLATES.get(name)
    if found is None:
        from dana.diagnostics import suggest

        near = suggest(name, TEMPLATES)
        hint = f"did you mean `{near}`?" if near else "templates are " + ", ".join(TEMPLATES)
        raise RefusedError("refused.unknown", f"there is no template `{name:.40}`", hint)
    return found
