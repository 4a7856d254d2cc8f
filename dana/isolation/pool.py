"""Workers of one engine that are ready before they are needed.

A worker serves one program and is ended with it; it never meets a second one. So what a program may have done to
its worker is nothing to the next. `spare` workers are kept warm; starting one takes a fifth of a second, in the
background.
"""

from __future__ import annotations

import os
import threading
import weakref

from dana.isolation.process import CannotStart, Worker

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

SPARE = 1


class Pool:
    """Spare workers. Safe to use from several threads."""

    def __init__(self, memory: Callable[[], int | None]) -> None:
        self.spare = SPARE
        self._memory = memory
        self._ready: list[Worker] = []
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self._closed = False
        self._end = weakref.finalize(self, _end_all, self._ready)

    def take(self) -> Worker:
        """A worker that nobody has used. Raises `CannotStart`."""
        memory = self._memory()
        while True:
            worker = self._next(memory)
            if worker is None:
                worker = Worker(memory)
            try:
                worker.wait_ready()
            except CannotStart:
                if worker in self._ready:
                    continue
                raise
            return worker

    def _next(self, memory: int | None) -> Worker | None:
        with self._lock:
            if self._owner != os.getpid():  # the host has forked: those are its parent's
                self._ready.clear()
                self._owner = os.getpid()
            while self._ready:
                worker = self._ready.pop(0)
                if worker.is_usable and worker.memory == memory:
                    return worker
                worker.end()
        return None

    def fill(self) -> None:
        """Start as many workers as are missing; they get ready by themselves."""
        with self._lock:
            missing = 0 if self._closed else self.spare - len(self._ready)
        memory = self._memory()
        for _ in range(missing):
            worker = Worker(memory)
            with self._lock:
                self._ready.append(worker)

    def close(self) -> None:
        """End the spare workers and start no more."""
        self._closed = True
        with self._lock:
            _end_all(self._ready)


def _end_all(workers: list[Worker]) -> None:
    while workers:
        workers.pop().end()
