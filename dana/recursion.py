"""How deep CPython may recurse in this process: one number that all threads share.

What runs needs room for as long as the process lives (`at_least`); what compiles needs much for a moment (`ROOM`).
Only the last one that compiles takes the room back, and never what something that runs was promised.
"""

from __future__ import annotations

import sys
from _thread import allocate_lock

# The parser bounds nesting at 200 levels of each sort; a level costs the checker a few frames.
CHECK_FRAMES = 10_000


class _Room:
    """Entered by whoever is about to recurse deeply; several threads may be inside at once."""

    __slots__ = ("before", "inside", "least", "lock")

    def __init__(self) -> None:
        self.lock = allocate_lock()
        self.inside = 0
        # The limit the first one found, and the least that was promised for good.
        self.before = self.least = 0

    def __enter__(self) -> None:
        with self.lock:
            if not self.inside:
                self.before = sys.getrecursionlimit()
                sys.setrecursionlimit(max(self.before, CHECK_FRAMES))
            self.inside += 1

    def __exit__(self, *_: object) -> None:
        with self.lock:
            self.inside -= 1
            if not self.inside:
                try:
                    sys.setrecursionlimit(max(self.before, self.least))
                except RecursionError:  # this thread stands deeper than that
                    return


ROOM = _Room()


def at_least(frames: int) -> None:
    """Let CPython recurse so deep from now on; the limit is never lowered again, other programs may rely on it."""
    if frames > ROOM.least or sys.getrecursionlimit() < frames:
        with ROOM.lock:
            ROOM.least = max(ROOM.least, frames)
            if sys.getrecursionlimit() < frames:
                sys.setrecursionlimit(frames)
