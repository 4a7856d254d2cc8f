"""What an entry is waiting for, shown while it waits: `waiting for reason ×2, http.get · 3 s · Ctrl-C stops`.

Effects tell when they begin and end. Only waits that a person would notice are shown, in one line that is painted over
itself while the program waits, and gone when something has ended; a terminal is needed for that.
"""

from __future__ import annotations

import threading
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.runtime.program import Program

# Shorter waits show nothing; then the line is painted again this often.
NOTICED_S = 0.4
AGAIN_S = 1.0
ERASE = "\r\x1b[K"


class Pending:
    """The line for the program of one session. `write` is told text for the terminal, `width()` how wide it is."""

    def __init__(self, write: Callable[[str], object], width: Callable[[], int], *, noticed: float = NOTICED_S) -> None:
        self._write = write
        self._width = width
        self._noticed = noticed
        self._lock = threading.Lock()
        self._is_waiting: Callable[[], bool] = lambda: True
        self._names: dict[str, int] = {}
        self._since = 0.0
        self._painted = False
        self._round = 0

    def watch(self, program: Program) -> None:
        """From now on, for the program of a session."""
        self._is_waiting = lambda: program.meter._asleep
        program.emit = self._told

    def _told(self, kind: str, data: dict[str, Any]) -> None:
        if kind not in ("effect.start", "effect.end"):
            return
        name = str(data["name"])
        with self._lock:
            if kind == "effect.start":
                is_first = not self._names
                self._names[name] = self._names.get(name, 0) + 1
                if is_first:
                    self._since = time.monotonic()
                    self._begin()
                return
            left = self._names.get(name, 0) - 1
            if left > 0:
                self._names[name] = left
            else:
                self._names.pop(name, None)
            # What waited may go on now, and print.
            self._erase()
            self._begin()

    def _begin(self) -> None:
        """A new round: the line is painted after a pause, unless there is nothing to wait for any more."""
        self._round += 1
        if self._names:
            threading.Thread(target=self._paint, args=(self._round,), daemon=True).start()

    def clear(self) -> None:
        """Nothing is waited for any more: the entry has ended, however it did."""
        with self._lock:
            self._names.clear()
            self._round += 1
            self._erase()

    def _paint(self, round_: int) -> None:
        """Paint and paint again, until something has ended."""
        pause = self._noticed
        while True:
            self._sleep(pause)
            pause = AGAIN_S
            with self._lock:
                if round_ != self._round:
                    return
                if self._is_waiting():
                    self._write(ERASE + self.text()[: max(self._width() - 1, 10)])
                    self._painted = True

    def _sleep(self, seconds: float) -> None:
        time.sleep(seconds)

    def text(self) -> str:
        """The line."""
        names = ", ".join(name if n == 1 else f"{name} ×{n}" for name, n in self._names.items())
        seconds = time.monotonic() - self._since
        return f"waiting for {names} · {seconds:.0f} s · Ctrl-C stops"

    def _erase(self) -> None:
        if self._painted:
            self._painted = False
            self._write(ERASE)
