"""What may be changed about an agent without touching its program: its prompt, its tools' descriptions, its model.

A `Behaviour` is the whole of what the meta layer may alter. It belongs to a type of agents, comes from the program (its
docstring, `instructions`, `model`) and may be overlaid by an accepted change, a file `behaviours/<Type>.json` beside
the program. Nothing else is read from that file: a key that is no part of a behaviour refuses it as a whole, so no
change can reach a check, a permission, a limit or a judge (M55).
"""

from __future__ import annotations

from dana.adaptive.canonical import digest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

KEYS = ("system_prompt", "tool_descriptions", "model")
FOLDER = "behaviours"
# Longer ones are no prompts.
LONGEST_PROMPT = 50_000
LONGEST_DESCRIPTION = 1_000
LONGEST_FILE = 256 * 1024


class BehaviourRefused(ValueError):
    """Data that is no behaviour; the message says what is wrong with it."""


class Behaviour:
    """The prompt, the descriptions of tools by name, and the model (None: what is configured) of a type of agents."""

    __slots__ = ("model", "system_prompt", "tool_descriptions")

    def __init__(
        self, system_prompt: str = "", tool_descriptions: Mapping[str, str] | None = None, model: str | None = None
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

    def overlaid(self, change: Mapping[str, Any]) -> Behaviour:
        """This behaviour with a change over it. Raises `BehaviourRefused`."""
        checked(change)
        told = change.get("system_prompt")
        model = change.get("model")
        return Behaviour(
            self.system_prompt if told is None else told,
            {**self.tool_descriptions, **change.get("tool_descriptions", {})},
            self.model if model is None else model,
        )

    def __repr__(self) -> str:
        return f"Behaviour({self.digest[:12]})"


def checked(change: Mapping[str, Any]) -> Mapping[str, Any]:
    """A change of a behaviour as it came. Raises `BehaviourRefused` for anything beyond its keys and their types."""
    if not isinstance(change, dict):
        raise BehaviourRefused("a behaviour is a JSON object")
    unknown = sorted(str(key)[:60] for key in change if key not in KEYS)
    if unknown:
        raise BehaviourRefused(f"a behaviour has no `{unknown[0]}`; it has {', '.join(KEYS)}")
    _text("system_prompt", change.get("system_prompt"), LONGEST_PROMPT)
    _text("model", change.get("model"), 500)
    told = change.get("tool_descriptions", {})
    if not isinstance(told, dict):
        raise BehaviourRefused("`tool_descriptions` is an object from a tool's name to its description")
    for name, text in told.items():
        _text(f"the description of `{str(name)[:60]}`", text, LONGEST_DESCRIPTION, none=False)
    return change


def _text(name: str, value: Any, longest: int, *, none: bool = True) -> None:
    if value is None and none:
        return
    if not isinstance(value, str) or len(value) > longest:
        raise BehaviourRefused(f"{name} is a text of at most {longest} characters")


def read(path: str) -> dict[str, Any] | None:
    """The accepted change in a file, None without one. Raises `BehaviourRefused`."""
    import json

    try:
        with open(path, encoding="utf-8") as file:
            text = file.read(LONGEST_FILE + 1)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, ValueError) as problem:
        raise BehaviourRefused(f"{path} cannot be read: {problem}") from None
    if len(text) > LONGEST_FILE:
        raise BehaviourRefused(f"{path} is larger than {LONGEST_FILE} bytes")
    try:
        return dict(checked(json.loads(text)))
    except BehaviourRefused as wrong:
        raise BehaviourRefused(f"{path}: {wrong}") from None
    except (ValueError, RecursionError) as wrong:
        raise BehaviourRefused(f"{path} is no JSON: {wrong}") from None
