"""What may be changed about an agent without touching its program: its prompt, its tools' descriptions, its model.

A `Behaviour` is the whole of what the meta layer may alter. It belongs to a type of agents, comes from the program (its
docstring, `instructions`, `model`) and may be overlaid by an accepted change, a file `behaviours/<Type>.json` beside
the program (`dana.agents.meta.behaviours`). No change can reach a check, a permission, a limit or a judge (M55).
"""

from __future__ import annotations

from dana.adaptive.canonical import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

KEYS = ("system_prompt", "tool_descriptions", "model")


class Behaviour:
    """The prompt, the descriptions of tools by name, and the model or models (None: what is configured) of a type."""

    __slots__ = ("model", "system_prompt", "tool_descriptions")

    def __init__(
        self,
        system_prompt: str = "",
        tool_descriptions: Mapping[str, str] | None = None,
        model: str | list[str] | None = None,
    ) -> None:
        self.system_prompt = system_prompt
        self.tool_descriptions = dict(tool_descriptions or {})
        self.model = model

    def to_data(self) -> dict[str, Any]:
        """As plain data."""
        return {name: getattr(self, name) for name in KEYS}

    @property
    def digest(self) -> str:
        """What stands for exactly this behaviour (SHA-256 in hex)."""
        return digest(self.to_data())

    def overlaid(self, changes: Mapping[str, Any]) -> Behaviour:
        """The behaviour with an accepted change over it; keys it does not have are left alone."""
        told = changes.get("system_prompt")
        model = changes.get("model")
        return Behaviour(
            self.system_prompt if told is None else told,
            {**self.tool_descriptions, **(changes.get("tool_descriptions") or {})},
            self.model if model is None else model,
        )

    def __repr__(self) -> str:
        return f"Behaviour({self.digest[:12]})"
