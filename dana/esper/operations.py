"""The operations a blueprint may be made of: an allow-list, each with its shape, size and work (E4, E14, E15).

Shapes are tuples of sizes; a size is a positive whole number, or a name ("batch", "time", "height", "width") for what
only a run knows. Names are equal only to themselves: nothing is padded, cut or guessed.

    linear        (…, in) → (…, out)                      conv2d       (batch, in, h, w) → (batch, out, h, w)
    layer_norm    over the last size                      batch_norm   over channels of (batch, c) or (batch, c, h, w)
    relu gelu tanh sigmoid silu softmax dropout           add mul      of equal shapes, or of a gate (batch, c, 1, 1)
    scale         by one learned number per channel       attention    (batch, time, c) over time, with heads
    mean_hw       (batch, c, h, w) → (batch, c, 1, 1)
"""

from __future__ import annotations

from dana.esper.refusals import RefusedError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias

    Size: TypeAlias = int | str
    Shape: TypeAlias = tuple[Size, ...]
    Arguments: TypeAlias = Mapping[str, Any]

LARGEST_SIZE = 1_000_000
SYMBOLS = ("batch", "time", "height", "width")


class Operation:
    """What is known of an operation.

    `inputs`: how many; `arguments`: their defaults by name (None: must be given); `shape` of its output, `parameters`
    counts what it learns, `flops` its multiply-adds per output given sizes for symbols.
    """

    __slots__ = ("arguments", "flops", "inputs", "parameters", "shape")

    def __init__(
        self,
        inputs: int,
        arguments: dict[str, Any],
        shape: Callable[[list[Shape], Arguments], Shape],
        parameters: Callable[[list[Shape], Arguments], int] = lambda _shapes, _arguments: 0,
        flops: Callable[[list[Shape], Arguments, Callable[[Shape], int]], int] | None = None,
    ) -> None:
        self.inputs = inputs
        self.arguments = arguments
        self.shape = shape
        self.parameters = parameters
        self.flops = flops or (lambda shapes, _arguments, count: count(shapes[0]))


def fail(reason: str, **data: Any) -> RefusedError:
    """A refusal because of shapes."""
    return RefusedError("refused.shape", reason, **data)


def channels(shape: Shape, at: int, what: str) -> int:
    """A size that must be a number. Raises `RefusedError`."""
    try:
        size = shape[at]
    except IndexError:
        raise fail(f"{what} needs {at + 1 if at >= 0 else -at} sizes, {written(shape)} has {len(shape)}") from None
    if not isinstance(size, int):
        raise fail(f"{what} needs a known size where {written(shape)} has `{size}`")
    return size


def written(shape: Shape) -> str:
    """A shape in words."""
    return "(" + ", ".join(map(str, shape)) + ")"


def _same(shapes: list[Shape], _arguments: Arguments) -> Shape:
    return shapes[0]


def _whole(arguments: Arguments, name: str, low: int = 1) -> int:
    value = arguments[name]
    if value.__class__ is not int or not low <= value <= LARGEST_SIZE:
        raise RefusedError(
            "refused.argument", f"`{name}` is a whole number from {low} to {LARGEST_SIZE:,}, not {value!r}"
        )
    found: int = value
    return found


def _share(arguments: Arguments, name: str) -> float:
    value = arguments[name]
    if value.__class__ not in (int, float) or not 0 <= value < 1:
        raise RefusedError("refused.argument", f"`{name}` is a number from 0 up to 1, not {value!r}")
    return float(value)


def _linear(shapes: list[Shape], arguments: Arguments) -> Shape:
    channels(shapes[0], -1, "linear")
    return (*shapes[0][:-1], _whole(arguments, "out"))


def _linear_size(shapes: list[Shape], arguments: Arguments) -> int:
    return (channels(shapes[0], -1, "linear") + bool(arguments["bias"])) * _whole(arguments, "out")


def _linear_flops(shapes: list[Shape], arguments: Arguments, count: Callable[[Shape], int]) -> int:
    return count(shapes[0]) * _whole(arguments, "out")


def _conv2d(shapes: list[Shape], arguments: Arguments) -> Shape:
    if len(shapes[0]) != 4:
        raise fail(f"conv2d needs (batch, channels, height, width), not {written(shapes[0])}")
    inner, out, groups = channels(shapes[0], 1, "conv2d"), _whole(arguments, "out"), _whole(arguments, "groups")
    if inner % groups or out % groups:
        raise fail(f"conv2d: {groups} groups divide neither {inner} and {out} channels")
    if _whole(arguments, "kernel") % 2 == 0:
        raise RefusedError("refused.argument", "conv2d: `kernel` is odd, so that height and width stay as they are")
    return (shapes[0][0], out, *shapes[0][2:])


def _conv2d_size(shapes: list[Shape], arguments: Arguments) -> int:
    inner, kernel = channels(shapes[0], 1, "conv2d"), arguments["kernel"]
    return int((inner // arguments["groups"] * kernel * kernel + bool(arguments["bias"])) * arguments["out"])


def _conv2d_flops(shapes: list[Shape], arguments: Arguments, count: Callable[[Shape], int]) -> int:
    work = count(shapes[0]) * arguments["kernel"] ** 2 * arguments["out"]
    return int(work // arguments["groups"])


def _norm_size(shapes: list[Shape], _arguments: Arguments) -> int:
    return 2 * channels(shapes[0], -1, "layer_norm")


def _batch_norm(shapes: list[Shape], _arguments: Arguments) -> Shape:
    if len(shapes[0]) not in (2, 4):
        raise fail(f"batch_norm needs (batch, channels) or (batch, channels, height, width), not {written(shapes[0])}")
    channels(shapes[0], 1, "batch_norm")
    return shapes[0]


def _pair(shapes: list[Shape], _arguments: Arguments) -> Shape:
    one, other = shapes
    if one == other:
        return one
    if len(one) == len(other) == 4 and one[:2] == other[:2] and other[2:] == (1, 1):
        return one
    raise fail(f"{written(one)} and {written(other)} are not of one shape")


def _dropout(shapes: list[Shape], arguments: Arguments) -> Shape:
    _share(arguments, "share")
    return shapes[0]


def _channel_axis(shape: Shape) -> int:
    return 1 if len(shape) == 4 else -1


def _scale_size(shapes: list[Shape], _arguments: Arguments) -> int:
    return channels(shapes[0], _channel_axis(shapes[0]), "scale")


def _attention(shapes: list[Shape], arguments: Arguments) -> Shape:
    if len(shapes[0]) != 3:
        raise fail(f"attention needs (batch, time, channels), not {written(shapes[0])}")
    width, heads = channels(shapes[0], 2, "attention"), _whole(arguments, "heads")
    inner = _whole(arguments, "width", 0) or width
    if inner % heads:
        raise fail(f"attention: {heads} heads do not divide a width of {inner}")
    return shapes[0]


def _attention_size(shapes: list[Shape], arguments: Arguments) -> int:
    width = channels(shapes[0], 2, "attention")
    inner = arguments["width"] or width
    return int(4 * width * inner + 3 * inner + width)


def _attention_flops(shapes: list[Shape], arguments: Arguments, count: Callable[[Shape], int]) -> int:
    width = channels(shapes[0], 2, "attention")
    inner = arguments["width"] or width
    steps = count((shapes[0][1],))
    return int(count(shapes[0]) * inner * 4 + 2 * count((shapes[0][0],)) * steps * steps * inner)


def _mean_hw(shapes: list[Shape], _arguments: Arguments) -> Shape:
    if len(shapes[0]) != 4:
        raise fail(f"mean_hw needs (batch, channels, height, width), not {written(shapes[0])}")
    return (*shapes[0][:2], 1, 1)


_ELEMENTWISE = Operation(1, {}, _same)

OPERATIONS: dict[str, Operation] = {
    "linear": Operation(1, {"out": None, "bias": True, "zero": False}, _linear, _linear_size, _linear_flops),
    "conv2d": Operation(
        1, {"out": None, "kernel": 3, "groups": 1, "bias": True, "zero": False}, _conv2d, _conv2d_size, _conv2d_flops
    ),
    "layer_norm": Operation(1, {}, lambda s, _a: (*s[0][:-1], channels(s[0], -1, "layer_norm")), _norm_size),
    "batch_norm": Operation(1, {}, _batch_norm, lambda s, _a: 2 * channels(s[0], 1, "batch_norm")),
    **dict.fromkeys(("relu", "gelu", "tanh", "sigmoid", "silu", "softmax"), _ELEMENTWISE),
    "dropout": Operation(1, {"share": 0.1}, _dropout),
    "add": Operation(2, {}, _pair),
    "mul": Operation(2, {}, _pair),
    "scale": Operation(1, {"start": 0.0}, _same, _scale_size),
    "attention": Operation(
        1, {"heads": 1, "width": 0, "causal": False, "zero": False}, _attention, _attention_size, _attention_flops
    ),
    "mean_hw": Operation(1, {}, _mean_hw),
}
