"""How much memory a program has taken: the growth of the process since its run began (L49).

Python cannot say what one program holds, so the process is looked at as a whole: what other threads of the
host allocate meanwhile counts, too. Looking costs a microsecond: the peak so far, which never shrinks, is asked for
first, and only where that is too high, what is resident now. To read a file gives other threads their turn, three
times, and one that is in a long operation of C takes it for as long as that lasts; `look_quietly` does without.
Where the system does not tell what is resident, the peak stands for it; where it tells neither, only single values are
bounded.

`Memory` is loaded by the first run that has a memory limit.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

try:
    from resource import RUSAGE_SELF, getrusage
except ImportError:
    getrusage = None  # type: ignore[assignment]

PAGE = os.sysconf("SC_PAGE_SIZE") if hasattr(os, "sysconf") else 4096
# What a peak is counted in.
UNIT = 1 if sys.platform == "darwin" else 1024
MOST = 1 << 62


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
        """Bytes the process has grown by since it was first looked at in this run."""
        now = taken()
        if self.base < 0:
            self.base = now
        return now - self.base

    def is_over(self, more: int = 0) -> bool:
        """Whether the run has used up its memory, or would with so many bytes more."""
        self.asked = 0
        if self.base < 0:
            self.grown()
        most = self.base + self.limit - more
        return peak() > most and taken() > most


def resident() -> int:
    """Bytes of this process that lie in memory now. OSError where the system has no /proc."""
    file = os.open("/proc/self/statm", os.O_RDONLY)
    try:
        return int(os.read(file, 200).split()[1]) * PAGE
    finally:
        os.close(file)


def peak() -> int:
    """The most this process ever took, in bytes; more than anything where that is unknown."""
    return MOST if getrusage is None else int(getrusage(RUSAGE_SELF).ru_maxrss) * UNIT


def reader() -> Callable[[], int]:
    """The best way this system has to tell how much memory the process takes, in bytes; 0 where it has none."""
    try:
        resident()
    except OSError:
        return peak if getrusage is not None else lambda: 0
    return resident


taken = reader()


def look_quietly() -> None:
    """From now on read what is resident by calls that keep the turn: no other thread runs in between."""
    global taken
    if taken is not resident:
        return
    from ctypes import PyDLL, create_string_buffer

    try:
        system = PyDLL(None)
        opened, read, close = system.open, system.read, system.close
    except (OSError, AttributeError):  # no such library here: files are read as usual
        return
    shown = create_string_buffer(200)

    def quietly() -> int:
        file = opened(b"/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        if file < 0:
            return resident()
        size = read(file, shown, 200)
        close(file)
        return int(shown.raw[:size].split()[1]) * PAGE

    taken = quietly
