"""Interrupts (M63, M67): pause, resume, inject, stop, and where they take effect.

Between two messages everything takes effect. Inside one it does at a *checkpoint*: where a turn is about to reason or
to act, or where a program says so. A stop "immediate" also ends what waits: nothing of an agent goes on after it.

    complete      what was accepted is processed, however long it takes
    critical      of that, the messages of priority "critical"
    best_effort   as much of it as fits into a time
    immediate     nothing more; what is being processed is cancelled where it waits
"""

from __future__ import annotations

from collections import deque

from dana.agents.errors import AgentStop

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import Future
    from typing import Any

    from dana.agents.mailbox import Message

COMPLETE = "complete"
CRITICAL = "critical"
BEST_EFFORT = "best_effort"
IMMEDIATE = "immediate"
STOPPING = (COMPLETE, CRITICAL, BEST_EFFORT, IMMEDIATE)
# How long a stop may take when nobody says otherwise.
WITHIN_S = 5.0

NOW = "now"
NEXT = "next"
WHEN = (NOW, NEXT)


class Interrupts:
    """What has been asked of an agent and has not taken effect; most agents never have one."""

    __slots__ = ("context", "later", "now", "paused", "resumed", "stopped")

    def __init__(self) -> None:
        self.paused = False
        # Those that wait at a checkpoint for `resume`.
        self.resumed: list[Future[bool]] = []
        # Messages to process at the next checkpoint.
        self.now: deque[Message] = deque()
        # What turns are to know: from the next checkpoint on, and from the next message on.
        self.context: list[Any] = []
        self.later: list[Any] = []
        # Why the message in progress shall end.
        self.stopped: str | None = None


def checkpoint(actor: Any) -> None:
    """Apply what was asked of the agent whose message runs here: may wait, run other messages, or raise a stop."""
    found = actor.interrupts
    if found is None:
        return
    _stop(found)
    while found.paused:
        actor.system.pause(found)
        _stop(found)
    while found.now:
        actor.nested(found.now.popleft())
        _stop(found)


async def reached(actor: Any) -> None:
    """The same where a turn runs as a coroutine: messages that were injected come first when it has ended."""
    found = actor.interrupts
    if found is None:
        return
    _stop(found)
    while found.paused:
        await actor.system.resumption(found)
        _stop(found)
    while found.now:
        actor.mailbox.accept(found.now.pop(), first=True)


def _stop(found: Interrupts) -> None:
    if found.stopped is not None:
        raise AgentStop(found.stopped)
