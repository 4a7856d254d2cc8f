"""What plugins say about learning (P102): bounds for knobs, and knobs that are nothing to be learnt.

    {"bounds": {"timeout": (10, 180)}, "fixed": ["jitter"], "learning_rate": 0.01}

A hint narrows and never widens, and where a function starts stays allowed. What no rule here can follow (a learning
rate: there is none) is kept as not used, so that `explain` can say so.
"""

from __future__ import annotations

from math import isfinite

from dana.adaptive.subject import Knob

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from dana.poet.plugins.base import Plugin

# The names documents of the older protocol have for bounds.
BOUNDS = ("bounds", "parameter_bounds")
FIXED = "fixed"


class LearningHints:
    """What was said: `used` in words by plugin, `unused` with the reason."""

    __slots__ = ("unused", "used")

    def __init__(self) -> None:
        self.used: list[str] = []
        self.unused: list[str] = []

    def lines(self) -> list[str]:
        """For people: what is followed, and what is not and why."""
        return [*(f"hint of {said}" for said in self.used), *(f"hint not used: {said}" for said in self.unused)]


def asked(plugins: Sequence[Plugin], about: Mapping[str, Any], knobs: list[Knob]) -> tuple[list[Knob], LearningHints]:
    """The knobs as the hints of the plugins leave them; the first plugin that speaks of one counts."""
    said = LearningHints()
    by_name = {knob.name: knob for knob in knobs}
    spoken: set[str] = set()
    for plugin in plugins:
        hints: Any = plugin.get_learning_hints(dict(about))
        if not isinstance(hints, dict):
            said.unused.append(f"{plugin.domain} gave {type(hints).__name__} instead of a dict")
            continue
        for key, value in hints.items():
            if key in BOUNDS and isinstance(value, dict):
                for name, bounds in value.items():
                    _narrow(by_name, str(name), bounds, plugin.domain, said, spoken)
            elif key == FIXED and isinstance(value, list | tuple | set | frozenset):
                for name in sorted(map(str, value)):
                    _fix(by_name, name, plugin.domain, said, spoken)
            else:
                said.unused.append(f"{plugin.domain}: `{key}` is nothing that learning asks for")
    return list(by_name.values()), said


def _narrow(knobs: dict[str, Knob], name: str, bounds: Any, domain: str, said: LearningHints, spoken: set[str]) -> None:
    knob = knobs.get(name)
    if knob is None or knob.low is None or knob.high is None or name in spoken:
        why = "was spoken about already" if name in spoken else "is no number that is learnt here"
        said.unused.append(f"{domain}: `{name}` {why}")
        return
    pair = tuple(bounds) if isinstance(bounds, list | tuple) else ()
    if len(pair) != 2 or not all(type(each) in (int, float) and isfinite(each) for each in pair) or pair[0] > pair[1]:
        said.unused.append(f"{domain}: `{name}` has no bounds in {bounds!r:.40}")
        return
    spoken.add(name)
    low, high = max(knob.low, pair[0]), min(knob.high, pair[1])
    if low > high:
        said.unused.append(f"{domain}: `{name}` is from {knob.low:g} to {knob.high:g} here")
        return
    low, high = min(low, knob.default), max(high, knob.default)
    knobs[name] = Knob(name, knob.default, low=low, high=high, step=knob.step, safety=knob.safety)
    said.used.append(f"{domain}: `{name}` is learnt from {low:g} to {high:g}")


def _fix(knobs: dict[str, Knob], name: str, domain: str, said: LearningHints, spoken: set[str]) -> None:
    if name in spoken or knobs.pop(name, None) is None:
        said.unused.append(f"{domain}: `{name}` is not learnt here")
        return
    spoken.add(name)
    said.used.append(f"{domain}: `{name}` is not learnt")
