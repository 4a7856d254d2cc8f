"""Saving behind the calls: what was learnt waits here, the newest of each kind only, and a daemon writes it.

    call ──put──▶ newest per (function, domain, what) ──daemon, `flush`, exit──▶ store

Nothing here raises into a call. A store that fails is told about once (`on_problem`), tried again every
`RETRY_S`, and told about anew only after it has worked in between. What waits is bounded: beyond `size` entries the
oldest makes room, and `lost` counts it.
"""

from __future__ import annotations

import atexit
from collections import deque
from threading import Event as Signal
from threading import Lock, RLock

from dana.adaptive.background import begin
from dana.adaptive.canonical import plain
from dana.poet.store.base import StoreError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.poet.store.base import Store

    # What is saved: (function id, domain, kind of pattern, or "" for the parameters).
    Key = tuple[str, str, str]

SIZE = 10_000
# How long what was put may wait, so that a burst costs one write for each function.
GATHER_S = 0.05
RETRY_S = 1.0


class Writer:
    """Saves to the store that `opened` gives, which is asked at each write and may raise `StoreError`.

    `background=False` writes at `flush` and `close` only, for tests. Safe to use from any thread.
    """

    def __init__(
        self,
        opened: Callable[[], Store],
        *,
        size: int = SIZE,
        on_problem: Callable[[StoreError], object] | None = None,
        background: bool = True,
    ) -> None:
        self.lost = 0
        self._opened = opened
        self._size = size
        self._on_problem = on_problem
        self._background = background
        self._newest: dict[Key, tuple[dict[str, Any], float]] = {}
        self._feedback: deque[tuple[str, str, dict[str, Any], float]] = deque()
        self._changing = Lock()
        self._writing = RLock()
        self._wake = Signal()
        self._ended = Signal()
        self._started = False
        self._complained = False

    # --- what calls do ----------------------------------------------------------------------------

    def put(self, function_id: str, domain: str, data: dict[str, Any], at: float, *, kind: str = "") -> None:
        """Parameters (`kind` empty) or a pattern to save, in the place of what waits under the same name."""
        key = (function_id, domain, kind)
        entry = (plain(data), at)
        with self._changing:
            self._newest.pop(key, None)
            self._newest[key] = entry
            if len(self._newest) > self._size:
                del self._newest[next(iter(self._newest))]
                self.lost += 1
            _WAITING.add(self)  # what waits is not collected
        self._start()

    def put_feedback(self, function_id: str, domain: str, feedback: dict[str, Any], at: float) -> None:
        """One feedback to save."""
        entry = (function_id, domain, plain(feedback), at)
        with self._changing:
            self._feedback.append(entry)
            if len(self._feedback) > self._size:
                self._feedback.popleft()
                self.lost += 1
            _WAITING.add(self)  # what waits is not collected
        self._start()

    def waiting(self, function_id: str, domain: str, kind: str = "") -> dict[str, Any] | None:
        """What waits to be saved under a name."""
        entry = self._newest.get((function_id, domain, kind))
        return None if entry is None else entry[0]

    def waiting_patterns(self, function_id: str, domain: str) -> dict[str, dict[str, Any]]:
        """The patterns of a function that wait, by kind."""
        with self._changing:
            return {
                key[2]: data for key, (data, _at) in self._newest.items() if key[:2] == (function_id, domain) and key[2]
            }

    def waiting_feedback(self, function_id: str, domain: str) -> list[tuple[float, dict[str, Any]]]:
        """The feedback about a function that waits, newest first."""
        with self._changing:
            found = [(at, data) for of, where, data, at in self._feedback if (of, where) == (function_id, domain)]
        return found[::-1]

    def drop(self, function_id: str, domain: str) -> bool:
        """Forget what waits about a function; False when nothing did."""
        with self._writing, self._changing:
            before = self.count
            for key in [key for key in self._newest if key[:2] == (function_id, domain)]:
                del self._newest[key]
            self._feedback = deque(entry for entry in self._feedback if entry[:2] != (function_id, domain))
            return self.count < before

    @property
    def count(self) -> int:
        """How much waits."""
        return len(self._newest) + len(self._feedback)

    # --- what is behind them ----------------------------------------------------------------------

    def flush(self) -> None:
        """Save what waits now. Raises `StoreError` when that is impossible; it goes on waiting then."""
        problem = self.write()
        if problem is not None:
            raise problem

    def write(self) -> StoreError | None:
        """Save what waits; what the store does not take goes on waiting, and the first reason is returned."""
        with self._writing:
            problem: StoreError | None = None
            if self.count:
                try:
                    store = self._opened()
                    self._write_newest(store)
                    self._write_feedback(store)
                except StoreError as refused:
                    problem = refused
                except Exception as fault:  # noqa: BLE001  (a store of somebody else's: its faults end no thread)
                    problem = StoreError(f"the store failed: {type(fault).__name__}: {fault}")
            if problem is not None:
                self._complain(problem)
                return problem
            self._complained = False
            with self._changing:
                if not self.count:
                    _WAITING.discard(self)
            return None

    def _complain(self, problem: StoreError) -> None:
        if self._complained:
            return
        self._complained = True
        if self._on_problem is not None:
            self._on_problem(problem)

    def _write_newest(self, store: Store) -> None:
        for key in list(self._newest):
            entry = self._newest.get(key)
            if entry is None:
                continue
            function_id, domain, kind = key
            data, at = entry
            try:
                if kind:
                    store.put_pattern(function_id, domain, kind, data, at)
                else:
                    store.save(function_id, domain, data, at)
            except BaseException:
                self._to_the_end(key, entry)
                raise
            with self._changing:
                if self._newest.get(key) is entry:
                    del self._newest[key]

    def _to_the_end(self, key: Key, entry: tuple[dict[str, Any], float]) -> None:
        """What a store refuses must not stand in the way of what it takes."""
        with self._changing:
            if self._newest.get(key) is entry:
                del self._newest[key]
                self._newest[key] = entry

    def _write_feedback(self, store: Store) -> None:
        while self._feedback:
            with self._changing:
                entry = self._feedback[0] if self._feedback else None
            if entry is None:
                return
            function_id, domain, data, at = entry
            store.add_feedback(function_id, domain, data, at)
            with self._changing:
                if self._feedback and self._feedback[0] is entry:
                    self._feedback.popleft()

    def close(self) -> None:
        """Save what waits and end the daemon. Raises `StoreError` when something could not be saved."""
        self._ended.set()
        self._wake.set()
        self.flush()

    def _start(self) -> None:
        """Wake the daemon, which the first entry starts: nobody who learns nothing has a thread."""
        if self._background and not self._started:
            with self._changing:
                first, self._started = not self._started, True
            if first:
                from weakref import ref

                wake = self._wake
                here = ref(self, lambda _gone: wake.set())
                # Without a daemon what waits is saved at the end, and by `flush`.
                begin("dana-learning", _write_behind, here, wake, self._ended)
        self._wake.set()


def _write_behind(here: Callable[[], Writer | None], wake: Signal, ended: Signal) -> None:
    pause = GATHER_S
    while True:
        wake.wait()
        if ended.wait(pause):
            return
        wake.clear()
        writer = here()
        if writer is None:
            return
        if writer.write() is None:
            pause = GATHER_S
        else:
            pause = RETRY_S
            wake.set()
        del writer


# Writers with something to save: the daemon may not have come to it when the process ends.
_WAITING: set[Writer] = set()


@atexit.register
def _write_all() -> None:
    for writer in list(_WAITING):
        writer.write()
