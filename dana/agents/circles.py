"""Who waits for whom: an ask that goes around in a circle is never answered, a wait for one's own end never over."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from dana.agents.actor import Actor


def way(first: Any, last: Any) -> list[Actor] | None:
    """The agents through which `first` waits for `last`, both included; None when it does not wait for it."""
    if first is last:
        return [first]
    if not first.asking:
        return None
    seen = {first}
    ways: list[list[Any]] = [[first]]
    while ways:
        found = ways.pop()
        for asked in found[-1].asking:
            if asked.actor is last:
                return [*found, last]
            if asked.actor not in seen:
                seen.add(asked.actor)
                ways.append([*found, asked.actor])
    return None


def any_waits(ends: Iterable[Any], here: Any) -> bool:
    """Whether one of those that are to end is the agent whose code runs, or waits for it: their end comes after it."""
    return here is not None and any(way(each, here) is not None for each in ends)
