"""Tuples of tuples of tuples: how deep, and how large when every shared part is counted as often as it occurs (L49).

C walks a tuple by recursion to hash or compare it, which nothing stops: of one that is nested hundreds of thousands
of levels deep `hash` fills C's stack, and one that holds another twice, which holds another twice, … takes time without
an end. Neither can be changed once it exists, so it is looked at when it is made: `.nested((a, b))`.

What has been measured lately is known, so that a tuple that grows from the last one costs no walk.
"""

from __future__ import annotations

from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.runtime.meter import Meter

# C hashes so many levels within 1 MB of its stack.
DEEPEST = 10_000
# What a part takes; only what is larger than this many parts asks for room.
PART = 8
LITTLE = 512
# Tuples that are remembered, and from which depth or size on they are.
LATEST = 64
WORTH = 16
BETWEEN = 10_000


class Nesting:
    """What one program knows of its nested tuples."""

    __slots__ = ("known", "meter")

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        # By `id`: the tuple itself, which keeps its `id` its own; its depth; its parts.
        self.known: dict[int, tuple[Any, int, int]] = {}

    def nested(self, made: Any) -> Any:
        """`.nested(t)`: the tuple, unless it is nested too deeply or too often; RecursionError is the depth limit."""
        for part in made:
            if part.__class__ is tuple and part:
                depth, parts = self._measured(made)
                if depth > DEEPEST:
                    message = f"a tuple would be nested more than {DEEPEST:,} levels deep"
                    raise failure(RecursionError, "E703", message, "collect in a list: `xs.append(x)`")
                if parts > LITTLE:
                    self.meter.room(parts * PART)
                break
        return made

    def converted(self, raw: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """`raw`, which makes a tuple, followed by `nested`."""

        def make(items: Any) -> Any:
            made = raw(items)
            return self.nested(made) if tuple in map(type, made) else made

        return make

    def _measured(self, made: Any) -> tuple[int, int]:
        known = self.known
        found: dict[int, tuple[int, int]] = {}
        waiting: list[Any] = [made]
        seen = 0
        while waiting:
            seen += 1
            if seen % BETWEEN == 0:
                self.meter.check()
            item = waiting[-1]
            if id(item) in found:  # it was waiting twice
                waiting.pop()
                continue
            depth, parts, ready = 0, len(item), True
            for part in item:
                if part.__class__ is tuple:
                    key = id(part)
                    there = found.get(key)
                    if there is None:
                        kept = known.get(key)
                        if kept is None:
                            waiting.append(part)
                            ready = False
                            continue
                        found[key] = there = kept[1:]
                    depth = max(depth, there[0])
                    parts += there[1]
            if ready:
                waiting.pop()
                found[id(item)] = (depth + 1, parts)
        depth, parts = found[id(made)]
        if depth > WORTH or parts > WORTH * WORTH:
            if len(known) >= LATEST:
                del known[next(iter(known))]
            known[id(made)] = (made, depth, parts)
        return depth, parts
