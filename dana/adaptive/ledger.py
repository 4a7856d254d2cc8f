"""The ledger: one stream of everything that happened, in three classes of delivery.

    sample   into a ring in memory; old events make room, how many is counted
    keep     into the ring, and to the journal in batches, off the caller's path
    audit    hash-chained on disk when `audit` returns: written *before* the effect it announces (M91)

Writing is one place (`_row`): there, and only there, data leaves as text, and there secrets are taken out. A
journal that fails costs no call: kept events wait in memory up to a bound, what goes beyond is counted, and
`on_problem` hears of it once until it works again. An audit record that cannot be stored is an error of the
caller: without it the effect must not happen.
"""

from __future__ import annotations

import atexit
import json
from collections import deque
from threading import Event as Signal
from threading import Lock
from time import time
from weakref import WeakSet, ref

from dana.adaptive.background import begin
from dana.adaptive.canonical import canonical, cut, whole
from dana.adaptive.journal import Journal, JournalError
from dana.adaptive.redaction import Redactor

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

SAMPLE = "sample"
KEEP = "keep"
AUDIT = "audit"

RING = 4096
# Kept events that may wait for a journal that does not take them.
WAITING = 100_000
BATCH = 256
FLUSH_S = 0.25
# How long the first of several auditors waits for the others at most; a commit takes about a tenth of it for each.
GATHER_S = 0.0002
# What one event may say; longer data is cut and marked.
MAX_DATA = 64 * 1024


class Event:
    """One thing that happened.

    `at`: seconds since 1970; `kind`: dotted, the general part first ("call.end"); `subject`: what it is about;
    `act`: ties the events of one performance together; `data`: plain data without secrets; `seq` and `hash`: its
    place in the journal, 0 and "" while it has none.
    """

    # What most events never have: of the class, so that making one does not write them.
    seq = 0
    hash = ""
    failed: JournalError | None = None

    def __init__(self, at: float, delivery: str, kind: str, subject: str, act: str, data: Any) -> None:
        self.at = at
        self.delivery = delivery
        self.kind = kind
        self.subject = subject
        self.act = act
        self.data = data

    def __repr__(self) -> str:
        return f"Event({self.kind!r}, {self.subject!r}, {self.data!r})"


class _Group:
    """Audit events that are stored together: the first of their threads writes, the others wait for it."""

    __slots__ = ("count", "full", "stored", "wanted")

    def __init__(self, wanted: int) -> None:
        self.count = 0
        # So many there were the last time: the first waits for as many, for a moment.
        self.wanted = wanted
        self.full, self.stored = Lock(), Lock()
        self.full.acquire()
        self.stored.acquire()


class Ledger:
    """The events of one run.

    `journal`: where kept and audit events are stored (None: in memory only, audit events included); `now`: gives
    seconds since 1970; `run`: the run's name in the journal; `on_problem(error)`: hears when the journal fails;
    `background`: False writes batches only at `flush`, for tests. Safe to use from any thread.
    """

    def __init__(
        self,
        journal: Journal | None = None,
        *,
        now: Callable[[], float] = time,
        redactor: Redactor | None = None,
        run: str = "",
        ring: int = RING,
        on_problem: Callable[[JournalError], object] | None = None,
        background: bool = True,
    ) -> None:
        self.journal = journal
        self.run = run
        self.redactor = redactor if redactor is not None else Redactor()
        self.lost = 0
        self._now = now
        # What is not audited is a list of an event's parts, as making one costs a third of it; its seq comes last.
        self._ring: deque[Event | list[Any]] = deque(maxlen=ring)
        self._seen = 0
        self._pending: deque[Event | list[Any]] = deque()
        # Whether it is among those that wait (`_WAITING`); who keeps something looks here after appending it.
        self._waits = False
        self._writing = Lock()
        self._joining = Lock()
        self._group = _Group(1)
        self._on_problem = on_problem
        self._complained = False
        self._background = background
        self._wake: Signal | None = None
        self._closed = False

    # --- writing ----------------------------------------------------------------------------------

    # Gives the trace of what runs now, "" for none: whoever runs programs in which one act leads to others sets it.
    trace_of: Callable[[], str] | None = None

    def _traced(self, act: str, data: Any) -> str:
        """The act of an event that names none; one with an act of its own says in its data what it is part of."""
        trace = "" if self.trace_of is None else self.trace_of()
        if trace and act and act != trace and data.__class__ is dict:
            data.setdefault("trace", trace)
        return act or trace

    def sample(self, kind: str, subject: str = "", data: Any = None, *, act: str = "") -> None:
        """Note something that may be forgotten. `data` belongs to the ledger from here on."""
        if self.trace_of is not None:
            act = self._traced(act, data)
        self._seen += 1
        self._ring.append([self._now(), SAMPLE, kind, subject, act, data])

    def keep(self, kind: str, subject: str = "", data: Any = None, *, act: str = "") -> None:
        """Note something that is stored with the next batch. `data` belongs to the ledger from here on."""
        if self.trace_of is not None:
            act = self._traced(act, data)
        event = [self._now(), KEEP, kind, subject, act, data]
        self._seen += 1
        self._ring.append(event)
        if self.journal is not None:
            self._pending.append(event)
            if not self._waits:
                self._wait()
            elif len(self._pending) == BATCH and self._wake is not None:
                self._wake.set()

    def audit(self, kind: str, subject: str = "", data: Any = None, *, act: str = "") -> Event:
        """Store something before this returns. Raises `JournalError` when it cannot be stored.

        Callers that come at the same time share a commit.
        """
        if self.trace_of is not None:
            act = self._traced(act, data)
        event = Event(self._now(), AUDIT, kind, subject, act, data)
        self._seen += 1
        self._ring.append(event)
        if self.journal is not None:
            self._together(event)
            if event.failed is not None:
                raise event.failed
        return event

    def _together(self, event: Event) -> None:
        """Store an event in one commit with those of other threads that come while the one before is written."""
        with self._joining:
            group = self._group
            self._pending.append(event)
            group.count += 1
            is_first = group.count == 1
            if group.count == group.wanted > 1:
                group.full.release()
        if not is_first:
            with group.stored:
                pass
        else:
            try:
                with self._writing:
                    if group.wanted > 1:
                        group.full.acquire(timeout=GATHER_S)
                    with self._joining:
                        self._group = _Group(group.count)
                    self._write()
            finally:
                if self._group is group:
                    self._group = _Group(1)
                group.stored.release()
        if not event.seq and event.failed is None:  # who was to write it was interrupted
            with self._writing:
                self._write()

    def flush(self) -> None:
        """Store what waits. Raises `JournalError` when that is impossible; it goes on waiting then."""
        with self._writing:
            problem = self._write()
        if problem is not None:
            raise problem

    def close(self) -> None:
        """Store what waits, keep the journal's tip, and let go of the journal."""
        if self._closed:
            return
        self._closed = True
        if self._wake is not None:
            self._wake.set()
        if self.journal is None:
            return
        try:
            self.flush()
            self.journal.keep_tip()
        finally:
            with self._writing:
                self.journal.close()

    def _write(self) -> JournalError | None:
        """One transaction with everything that waits; the caller holds `_writing`."""
        assert self.journal is not None
        batch: list[Event | list[Any]] = []
        while self._pending:
            batch.append(self._pending.popleft())
        if not batch:
            self._rest()
            return None
        try:
            last = self.journal.append([self._row(_event_of(each)) for each in batch])
        except JournalError as error:
            self._put_back(batch, error)
            return error
        for number, each in enumerate(batch, last - len(batch) + 1):
            if each.__class__ is list:
                each.append(number)
            else:
                each.seq = number  # type: ignore[union-attr]
        self._complained = False
        self._rest()
        return None

    def _wait(self) -> None:
        """Something was kept, and nothing waited before."""
        self._waits = True
        _WAITING.add(self)
        if self._wake is None:
            self._start()

    def _rest(self) -> None:
        """Nobody but its owner keeps a ledger with nothing to write."""
        self._waits = False
        _WAITING.discard(self)
        if self._pending:  # something came meanwhile
            self._waits = True
            _WAITING.add(self)

    def _put_back(self, batch: list[Event | list[Any]], error: JournalError) -> None:
        """Audit events fail; kept ones wait for better times, the oldest as long as there is room."""
        waiting = []
        for each in batch:
            if isinstance(each, list):
                waiting.append(each)
            else:
                each.failed = error
        room = max(0, WAITING - len(self._pending))
        self.lost += max(0, len(waiting) - room)
        self._pending.extendleft(reversed(waiting[:room]))
        if not self._complained:
            self._complained = True
            if self._on_problem is not None:
                self._on_problem(error)

    def _row(self, event: Event) -> tuple[str, float, str, str, str, str, str]:
        """The event as it is stored: the one place where data becomes text, without its secrets."""
        event.data = self.redactor.data(event.data)
        text = canonical(event.data)
        if len(text) > MAX_DATA:
            text = cut(text, MAX_DATA // 2)
        kind, subject = whole(self.redactor.text(event.kind)), whole(self.redactor.text(event.subject))
        return whole(self.run), event.at, event.delivery, kind, subject, whole(event.act), text

    def _start(self) -> None:
        """The writer of batches: a daemon, so that it never keeps a process alive; `close` does what is left."""
        self._wake = Signal()
        if not self._background:
            return
        _STARTED.add(self)
        begin("dana-ledger", _write_batches, ref(self), self._wake)

    # --- reading ----------------------------------------------------------------------------------

    @property
    def dropped(self) -> int:
        """Events that made room in the ring for later ones."""
        return self._seen - len(self._ring)

    def events(self, pattern: str = "*", *, limit: int | None = None) -> list[Event]:
        """What the ring still holds, oldest first, without secrets; `pattern` is a glob over kinds ("poet.*")."""
        from fnmatch import fnmatchcase

        found = [event for event in map(_event_of, list(self._ring)) if fnmatchcase(event.kind, pattern)]
        if limit is not None:
            found = found[-limit:]
        for event in found:
            event.data = self.redactor.data(event.data)
        return found

    def stored(self, pattern: str = "*", *, limit: int | None = None) -> Iterator[Event]:
        """What the journal holds of this run. Raises `JournalError`."""
        if self.journal is None:
            return
        self.flush()
        for row in self.journal.rows(pattern=pattern, run=self.run, limit=limit):
            yield read_event(row)


def _event_of(kept: Event | list[Any]) -> Event:
    """An event of the ring, or of those that wait."""
    if not isinstance(kept, list):
        return kept
    at, delivery, kind, subject, act, data, *stored = kept
    event = Event(at, delivery, kind, subject, act, data)
    if stored:
        event.seq = stored[0]
    return event


def read_event(row: tuple[Any, ...]) -> Event:
    """An event from a row of the journal; data that was damaged there comes as the text it is."""
    seq, _run, at, delivery, kind, subject, act, data, hashed = row
    try:
        data = json.loads(data)
    except (ValueError, TypeError, RecursionError):
        data = {"$": "damaged", "is": str(data)}
    event = Event(at, delivery, kind, subject, act, data)
    event.seq, event.hash = seq, hashed
    return event


def _write_batches(here: Callable[[], Ledger | None], wake: Signal) -> None:
    while True:
        wake.wait(FLUSH_S)
        wake.clear()
        ledger = here()
        if ledger is None or ledger._closed:
            return
        with ledger._writing:
            if not ledger._closed:
                ledger._write()
        del ledger


# Ledgers with events that wait: they are not collected before these are written.
_WAITING: set[Ledger] = set()
# Ledgers whose daemon may not have come to the last events when the process ends.
_STARTED: WeakSet[Ledger] = WeakSet()


@atexit.register
def _close_all() -> None:
    for ledger in {*_WAITING, *_STARTED}:
        try:
            ledger.close()
        except JournalError as error:
            if ledger._on_problem is not None:
                ledger._on_problem(error)
