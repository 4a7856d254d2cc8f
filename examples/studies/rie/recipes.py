"""Whether the Dana program `etch.na` lets a recipe through to the tool."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import dana

if TYPE_CHECKING:
    from dana.poet.simulation.rie import Recipe


@cache
def _program() -> Any:
    return dana.Engine(limits=dana.Limits.none()).load(Path(__file__).resolve().parent / "etch.na")


def accepts(recipe: Recipe) -> bool:
    """Whether the recipe reaches the tool."""
    try:
        sent = _program().etch(recipe.pressure, recipe.power, recipe.flow, recipe.temperature)
    except dana.DanaError:
        return False
    return bool(sent == "sent to the tool")
