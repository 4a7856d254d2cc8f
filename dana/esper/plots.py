"""Pictures of a training: loss, accuracy, parameters, α, and when what grew (the extra `plots` brings matplotlib)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dana.esper.refusals import RefusedError

if TYPE_CHECKING:
    from typing import BinaryIO

    from dana.esper.train import Run


def plot(run: Run, file: str | BinaryIO, *, format: str | None = None) -> None:  # noqa: A002  (matplotlib's word)
    """Draw a run into a file, by its name as PNG or SVG, or into a stream of a `format`.

    Raises `RefusedError` when matplotlib is not installed.
    """
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        raise RefusedError(
            "refused.unknown", "plots need the Python package matplotlib", "pip install 'dana[plots]'"
        ) from None
    epochs = [epoch.number for epoch in run.history]
    figure = Figure(figsize=(8, 8), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(4, 1, sharex=True)
    series = (
        ("loss", [epoch.loss for epoch in run.history]),
        ("accuracy", [epoch.accuracy for epoch in run.history]),
        ("parameters", [epoch.parameters for epoch in run.history]),
        ("α", [epoch.alpha for epoch in run.history]),
    )
    colours = {"germinate": "tab:green", "blend": "tab:blue", "fossilise": "tab:purple", "cull": "tab:red"}
    for axis, (name, values) in zip(axes, series, strict=True):
        axis.plot(epochs, values, color="black", linewidth=1)
        axis.set_ylabel(name)
        for epoch in run.history:
            for action in epoch.growth:
                axis.axvline(epoch.number, color=colours.get(action.kind, "grey"), alpha=0.4, linewidth=1)
    axes[-1].set_xlabel("epoch")
    for kind, colour in colours.items():
        axes[0].plot([], [], color=colour, label=kind)
    axes[0].legend(loc="upper right", fontsize="small")
    axes[0].set_title(f"{run.data.name}: {run.accuracy:.1%} with {run.parameters:,} parameters")
    figure.savefig(file, format=format)
