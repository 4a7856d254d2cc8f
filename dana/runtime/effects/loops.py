"""Event loops that may be dropped: a module that nobody ended is garbage with its loops, in no particular order.

The collector finalizes the parts of a cycle as it finds them. A loop whose sockets went first cannot be closed any
more, and asyncio says so on the terminal of somebody who did nothing wrong. So the sockets are kept out of the cycle,
and the loop closes without a word.
"""

from __future__ import annotations

import asyncio
from weakref import finalize

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from typing import Any


class _DroppedLoop(asyncio.SelectorEventLoop):
    """The selector loop; it can be closed after its own sockets have been."""

    def _close_self_pipe(self) -> None:
        pipe: Any = self._ssock  # type: ignore[attr-defined]
        if pipe is not None and pipe.fileno() >= 0:
            super()._close_self_pipe()  # type: ignore[misc]

    def __del__(self) -> None:
        if not self.is_closed() and not self.is_running():
            self.close()


def new_loop() -> AbstractEventLoop:
    """A loop as the host's policy makes them, that may be dropped without being closed."""
    made = asyncio.new_event_loop()
    if type(made) is asyncio.SelectorEventLoop:
        loop: Any = made
        loop.__class__ = _DroppedLoop
        # What a finalizer holds is no garbage, and it is called before anything that is.
        finalize(loop, _hang_up, loop._ssock, loop._csock).atexit = False
    return made


def _hang_up(*pipe: Any) -> None:
    for end in pipe:
        end.close()
