"""What happened, as data: the events of an engine's programs.

    engine = Engine(record=True)          engine.events("effect.*")            # what was kept, in order
    engine.on_event(print)                async for event in engine.watch("host.call"): …

Kinds: `run.start`, `run.end`, `print`, `host.call`, `effect.start`, `effect.end`, `policy.allow`, `policy.deny`,
`limit.reached`, `import`. Their data is plain. Programs that nobody listens to emit nothing.
"""

from __future__ import annotations

import sys
from fnmatch import fnmatchcase

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from typing import Any


class Event:
    """One thing that happened: its `kind`, its `data` (plain), and the `run` it belongs to, counted from 1."""

    __slots__ = ("data", "kind", "run")

    def __init__(self, kind: str, data: dict[str, Any], run: int) -> None:
        self.kind = kind
        self.data = data
        self.run = run

    def to_json(self) -> dict[str, Any]:
        """The event as a dict for `json.dumps`."""
        return {"kind": self.kind, "run": self.run, **self.data}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Event):
            return NotImplemented
        return (self.kind, self.run, self.data) == (other.kind, other.run, other.data)

    __hash__ = None  # type: ignore[assignment]  # its data is a dict

    def __repr__(self) -> str:
        return f"Event({self.kind!r}, {self.data!r}, run={self.run})"


class Events:
    """The events of one engine: those it keeps, and who is told of new ones."""

    __slots__ = ("kept", "listeners")

    def __init__(self, *, keep: bool) -> None:
        self.kept: list[Event] | None = [] if keep else None
        self.listeners: list[tuple[str, Callable[[Event], object]]] = []

    def emitter(self, run: int) -> Callable[[str, dict[str, Any]], None]:
        """What the program of a run calls."""

        def emit(kind: str, data: dict[str, Any]) -> None:
            event = Event(kind, data, run)
            if self.kept is not None:
                self.kept.append(event)
            for pattern, listener in tuple(self.listeners):
                if fnmatchcase(kind, pattern):
                    listener(event)

        return emit

    def matching(self, pattern: str) -> list[Event]:
        """The kept events of these kinds, in order. Raises `UsageError` when none are kept."""
        if self.kept is None:
            from dana.errors import UsageError

            raise UsageError("this engine keeps no events: Engine(record=True) does, engine.on_event tells of new ones")
        return [e for e in self.kept if fnmatchcase(e.kind, pattern)]

    def listen(self, pattern: str, listener: Callable[[Event], object]) -> Callable[[], None]:
        """Tell `listener` from now on; returns what ends it."""
        entry = (pattern, listener)
        self.listeners.append(entry)

        def end() -> None:
            if entry in self.listeners:
                self.listeners.remove(entry)

        return end


async def watch(events: Events, pattern: str) -> AsyncIterator[Event]:
    """New events of these kinds as they come, also from other threads; ends when its reader stops."""
    from asyncio import Queue, get_running_loop

    loop = get_running_loop()
    queue: Queue[Event] = Queue()
    end = events.listen(pattern, lambda event: loop.call_soon_threadsafe(queue.put_nowait, event))
    try:
        while True:
            yield await queue.get()
    finally:
        end()


def telling(
    emit: Callable[[str, dict[str, Any]], object], output: Callable[[str], object] | None
) -> Callable[[str], object]:
    """Printing that those who listen are told of."""

    def write(text: str) -> None:
        emit("print", {"text": text})
        if output is not None:
            output(text)
        else:
            sys.stdout.write(text)

    return write
