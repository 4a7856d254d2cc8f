"""How much memory a program has taken: the growth of the process since its run began (L49).

Python cannot say what one program holds, so the process is looked at as a whole: what other threads of the
host allocate meanwhile counts, too. Looking costs a few microseconds. Where the system does not tell what is
resident, the peak so far stands for it, which never shrinks; where it tells neither, only single values are bounded.

`Memory` is loaded by the first run that has a memory limit.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096


class Memory:
    """One run's use of memory. `limit`: bytes the process may grow by."""

    __slots__ = ("asked", "base", "limit", "next")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        # What the process takes when it is first looked at: within milliseconds of the run's begin.
        self.base = -1
        self.asked = 0
        self.next = 0.0

    def grown(self) -> int:
        """Bytes the process has grown by since the run began."""
        now = taken()
        if self.base < 0:
            self.base = now
        return now - self.base

    def is_over(self, more: int = 0) -> bool:
        """Whether the run has used up its memory, or would with so many bytes more."""
        self.asked = 0
        return self.grown() + more > self.limit


def reader() -> Callable[[], int]:
    """The best way this system has to tell how much memory the process takes, in bytes."""
    try:
        resident()
    except OSError:
        return peak
    return resident


def resident() -> int:
    """Bytes of this process that lie in memory now. OSError where the system has no /proc."""
    file = os.open("/proc/self/statm", os.O_RDONLY)
    try:
        return int(os.read(file, 200).split()[1]) * PAGE
    finally:
        os.close(file)


def peak() -> int:
    """The most this process ever took; 0 where that is unknown."""
    try:
        from resource import RUSAGE_SELF, getrusage
    except ImportError:
        return 0
    unit = 1 if os.uname().sysname == "Darwin" else 1024
    return int(getrusage(RUSAGE_SELF).ru_maxrss) * unit


taken = reader()
