"""What the studies share: a progress bar, tables, and plots where matplotlib is installed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any


def progress(title: str) -> Callable[[float], None]:
    """A bar on the error stream, drawn where somebody watches; call it with the share that is done, 0 to 1."""

    def draw(done: float) -> None:
        if not sys.stderr.isatty():
            return
        filled = round(30 * done)
        end = "\n" if done >= 1 else ""
        print(f"\r{title} {'█' * filled}{'·' * (30 - filled)} {done:4.0%}", end=end, file=sys.stderr, flush=True)

    return draw


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table: the first column left, the others right."""
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(line[at]) for line in [list(head), *cells]) for at in range(len(head))]
    lines = []
    for line in [list(head), ["─" * width for width in widths], *cells]:
        first, *rest = (
            cell.ljust(width) if at == 0 else cell.rjust(width)
            for at, (cell, width) in enumerate(zip(line, widths, strict=True))
        )
        lines.append("  ".join([first, *rest]).rstrip())
    return "\n".join(lines)


def lines_plot(
    path: Path, title: str, x: str, y: str, series: Mapping[str, tuple[Sequence[float], Sequence[float]]]
) -> list[Path]:
    """Lines by name, as PNG and SVG; none where matplotlib is missing, and a word about it."""
    found = _figure(title, x, y)
    if found is None:
        return []
    figure, axes = found
    for name, (across, up) in series.items():
        axes.plot(across, up, label=name)
    axes.legend()
    return _saved(figure, path)


def bars_plot(
    path: Path, title: str, y: str, groups: Sequence[str], series: Mapping[str, Sequence[float]]
) -> list[Path]:
    """Groups of bars, one colour per series, as PNG and SVG."""
    found = _figure(title, "", y)
    if found is None:
        return []
    figure, axes = found
    width = 0.8 / len(series)
    for at, (name, values) in enumerate(series.items()):
        axes.bar([group + at * width for group in range(len(groups))], values, width, label=name)
    axes.set_xticks([group + 0.4 - width / 2 for group in range(len(groups))], groups)
    axes.legend()
    return _saved(figure, path)


def _figure(title: str, x: str, y: str) -> tuple[Any, Any] | None:
    try:
        import matplotlib as mpl
    except ImportError:
        print("no plots: matplotlib is not installed (pip install matplotlib)", file=sys.stderr)
        return None
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4))
    axes.set_title(title)
    axes.set_xlabel(x)
    axes.set_ylabel(y)
    return figure, axes


def _saved(figure: Any, path: Path) -> list[Path]:
    from matplotlib import pyplot as plt

    path.parent.mkdir(parents=True, exist_ok=True)
    made = [path.with_suffix(end) for end in (".png", ".svg")]
    for file in made:
        figure.savefig(file, dpi=120, bbox_inches="tight")
    plt.close(figure)
    return made
