"""`program.lock`: one thread at a time inside a program (L37).

Re-entrant by thread, like Python's own; the calls of one thread take turns anyway, at their effects. A call that
waits leaves it as often as it has entered and enters it again afterwards, so that others get in meanwhile.
"""

from __future__ import annotations

from _thread import RLock

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


class ProgramLock:
    """`with program.lock:` around what runs Dana code.

    `yielding`, when given, lets a call that may not block its thread wait a moment for another thread; it says
    whether it did. Without it, or when it says no, the thread blocks.
    """

    __slots__ = ("_inner", "held", "yielding")

    def __init__(self) -> None:
        self._inner = RLock()
        # How often the running call has entered.
        self.held = 0
        self.yielding: Callable[[], bool] | None = None

    def acquire(self) -> None:
        if not self._inner.acquire(blocking=False):
            self._insist()
        self.held += 1

    def release(self) -> None:
        self.held -= 1
        self._inner.release()

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_error: object) -> None:
        self.release()

    def is_mine(self) -> bool:
        """Whether this thread is inside the program."""
        return self._inner._is_owned()  # type: ignore[attr-defined, no-any-return]

    def is_free(self) -> bool:
        """Whether no other thread is inside; that may change with the next call into the program."""
        if not self._inner.acquire(blocking=False):
            return False
        self._inner.release()
        return True

    def leave(self) -> int:
        """Let others in while the running call waits; returns what `back` takes."""
        count = self.held
        self.held = 0
        for _ in range(count):
            self._inner.release()
        return count

    def back(self, count: int) -> None:
        """Go on with a call that had entered `count` times."""
        for _ in range(count):
            if not self._inner.acquire(blocking=False):
                self._insist()
        self.held = count

    def _insist(self) -> None:
        while self.yielding is not None and self.yielding():
            if self._inner.acquire(blocking=False):
                return
        self._inner.acquire()
