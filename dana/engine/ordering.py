"""In which order things came to a program that does several at once: kept with a recorded run, and held to in a replay.

Answers from outside come when they come, and what runs side by side goes on in that order: agents take their messages,
print, ask others. A replay has all answers at once, so it lets each of these *deliveries* pass only at its turn:

    a:crm.lookup#3 17     the third answer of an effect, when the program had caused 17 events
    +a:crm.lookup#1 17    … in the same round of the loop as the delivery before
    ~s:4 19               the fourth sleep ends, after a pause
    m:Clerk#2/7=2 20      the seventh message of an agent begins, one of two that wait

A delivery passes when the program has caused as many events as then; what came in one round passes in one; what came
after a pause also waits until what the delivery before has set going has had its say, even where no event shows it. A
replay in which the next delivery does not come at all (it departs, or what was recorded was cancelled) goes on with the
first that is there.
"""

from __future__ import annotations

import asyncio
from time import monotonic

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

# Deliveries in one event of the record.
BATCH = 500
# So much between two deliveries is a pause, and so many rounds of the loop stand for it in a replay.
PAUSE_S = 0.0005
QUIET = 12
# So many rounds without any delivery, and the next one is not waited for any more.
PATIENCE = 200
MESSAGE, TOGETHER, PAUSED = "m", "+", "~"


class Deliveries:
    """The order of a run that is recorded; `keep(list)` takes it in batches."""

    __slots__ = ("_came", "_is_same_round", "_keep", "_last")

    def __init__(self, keep: Callable[[list[str]], object]) -> None:
        self._keep = keep
        self._came: list[str] = []
        self._last = monotonic()
        self._is_same_round = False

    def add(self, delivery: str, caused: int) -> None:
        """Something has come, when the program had caused so many events."""
        now = monotonic()
        mark = ""
        if delivery[0] != MESSAGE:
            mark = TOGETHER if self._is_same_round else PAUSED if now - self._last > PAUSE_S else ""
            loop = asyncio._get_running_loop()
            if loop is not None and not self._is_same_round:
                self._is_same_round = True
                loop.call_soon(self._round_ends)
        self._last = now
        self._came.append(f"{mark}{delivery} {caused}")
        if len(self._came) == BATCH:
            self.flush()

    def _round_ends(self) -> None:
        self._is_same_round = False

    def flush(self) -> None:
        """Hand on what is left."""
        came, self._came = self._came, []
        if came:
            self._keep(came)


class Turns:
    """The order a replay holds to; `caused()` says how many events the program has caused so far."""

    __slots__ = (
        "_at", "_caused", "_had", "_marks", "_order", "_passing", "_places", "_pumped", "_rounds", "_so_far",
        "_waiting",
    )  # fmt: skip

    def __init__(self, order: list[str], caused: Callable[[], int]) -> None:
        came = [each.rpartition(" ") for each in order]
        self._marks = [delivery[0] for delivery, _, _ in came]
        named = [delivery.lstrip(TOGETHER + PAUSED).partition("=") for delivery, _, _ in came]
        self._order = [name for name, _, _ in named]
        # How many messages an agent had, where it began one.
        self._had = [int(count or 0) for _, _, count in named]
        self._places = {delivery: place for place, delivery in enumerate(self._order)}
        self._caused = [int(count) for _, _, count in came]
        self._so_far = caused
        self._at = 0
        # Those that may not pass yet; None: a message, which asks again by itself.
        self._waiting: dict[str, asyncio.Future[None] | None] = {}
        self._rounds = 0
        # Those that may pass and go on in the next round.
        self._passing = 0
        self._pumped: asyncio.AbstractEventLoop | None = None

    def turn(self, delivery: str) -> asyncio.Future[None]:
        """Done when an answer may be given, or a sleep end."""
        loop = asyncio.get_running_loop()
        return self.turn_on(loop, delivery)

    def turn_on(self, loop: asyncio.AbstractEventLoop, delivery: str) -> asyncio.Future[None]:
        """The same on a loop that does not run yet."""
        future = loop.create_future()
        if self._is_over(delivery):
            future.set_result(None)
            return future
        self._waiting[delivery] = future
        if self._pumped is not loop:
            self._pumped = loop
            loop.call_soon(self._pump, loop)
        return future

    def may_begin(self, delivery: str, has: int) -> bool:
        """Whether it is a message's turn, of an agent that has so many; else it asks again in the next round."""
        if self._is_over(delivery):
            return True
        self._waiting[delivery] = None
        if self._passing:
            return False
        place = self._places[delivery]
        if place == self._at and has >= self._had[place] and self._is_due(place, together=False):
            self._pass(place)
            return True
        if not any(future is not None for future in self._waiting.values()):
            self._rounds += 1
            if self._rounds > PATIENCE * len(self._waiting) and self._first() == delivery:
                self._pass(self._places[delivery])
                return True
        return False

    def _is_over(self, delivery: str) -> bool:
        place = self._places.get(delivery)
        if place is None or place < self._at:
            self._waiting.pop(delivery, None)
            return True
        return False

    def _pump(self, loop: asyncio.AbstractEventLoop) -> None:
        """A round of the loop: those whose turn it is may pass, in order."""
        self._rounds += 1
        together = False
        while self._at < len(self._order):
            future = self._waiting.get(self._order[self._at])
            if future is None or not (self._is_due(self._at, together=together) or future.cancelled()):
                break
            self._pass(self._at)
            together = True
        if self._rounds > PATIENCE and self._waiting:
            self._pass(self._places[self._first()])
        if any(future is not None for future in self._waiting.values()):
            loop.call_soon(self._pump, loop)
        else:
            self._pumped = None

    def _is_due(self, place: int, *, together: bool) -> bool:
        mark = self._marks[place]
        if mark == TOGETHER and together:
            return True
        return self._so_far() >= self._caused[place] and (mark != PAUSED or self._rounds > QUIET)

    def _first(self) -> str:
        return min(self._waiting, key=lambda delivery: self._places[delivery])

    def _pass(self, place: int) -> None:
        future = self._waiting.pop(self._order[place])
        self._at = place + 1
        self._rounds = 0
        if future is not None and not future.done():
            self._passing += 1
            future.add_done_callback(self._passed)
            future.set_result(None)

    def _passed(self, _future: object) -> None:
        self._passing -= 1
