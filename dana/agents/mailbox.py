"""Messages, and the bounded mailbox in which they wait.

A mailbox hands out the messages of one priority in the order in which they came, higher priorities first. When it is
full, senders stand in line at its door; the first of them gets the room that the next message to leave makes.
Nothing here waits: it only says who is in.
"""

from __future__ import annotations

from asyncio import Future
from collections import deque

from dana import abi

TYPE_CHECKING = False
if TYPE_CHECKING:
    from asyncio import AbstractEventLoop
    from collections.abc import Callable, Iterator
    from typing import Any

    from dana.agents.actor import Actor
    from dana.runtime.calls import Call
    from dana.runtime.meter import Deadline

# Who goes first.
PRIORITIES = ("critical", "high", "normal", "low")
NORMAL = PRIORITIES.index("normal")
CRITICAL = PRIORITIES.index("critical")
# Messages a mailbox holds unless it is told otherwise.
CAPACITY = 1000


class Answer(Future):  # type: ignore[type-arg]
    """What the asker waits for. When nobody waits any more, the message leaves the mailbox, or ends where it waits."""

    __slots__ = ("message",)

    message: Message

    def cancel(self, msg: Any = None) -> bool:
        """Nobody wants the answer."""
        done = super().cancel(msg)
        if done:
            self.message.forget()
            self.message.actor.abandon(self.message)
        return done


class Message:
    """One call of a method, on its way to an agent.

    `answer` is where the result goes, None for a tell; `sender` the agent that sent it, None for the program's own
    code; `call` is the account and the limits it is processed under.
    """

    __slots__ = (
        "actor", "admitted", "answer", "args", "call", "due", "keywords", "late", "limit", "method", "priority",
        "seconds", "sender", "timer", "until", "waits",
    )  # fmt: skip

    def __init__(
        self,
        actor: Actor,
        method: Callable[..., Any],
        args: tuple[Any, ...],
        keywords: dict[str, Any],
        call: Call,
        sender: Actor | None = None,
        priority: int = NORMAL,
    ) -> None:
        self.actor = actor
        self.method = method
        self.args = args
        self.keywords = keywords
        self.call = call
        self.sender = sender
        self.priority = priority
        self.answer: Answer | None = None
        # When the asker stops waiting, by the loop's clock, after how many seconds, and the timer that says so.
        self.due = self.seconds = 0.0
        # The same by the program's clock, where that is not the machine's.
        self.late = 0.0
        self.timer: Any = None
        # When the asker's own deadline passes, by the loop's clock, where it has one.
        self.until: float | None = None
        # What ends it where it computes after the time its asker gave it.
        self.limit: Deadline | None = None
        # Whether it has not begun; what a sender at the door waits for.
        self.waits = True
        self.admitted: Future[bool] | None = None

    @property
    def name(self) -> str:
        """The method's name, as programs know it."""
        return abi.demangle(getattr(self.method, "__name__", "?"))

    def forget(self) -> None:
        """Nobody waits for the answer: out of the mailbox, unless it is being processed."""
        self.unasked()
        if self.waits:
            self.waits = False
            self.actor.forget(self)

    def unasked(self) -> None:
        """The sender does not wait for it any more, however that came."""
        if self.timer is not None:
            self.timer.cancel()
            self.timer = None
        if self.sender is not None:
            self.sender.asking.pop(self, None)
        self.actor.system.asks.pop(self, None)

    def __repr__(self) -> str:
        return f"<message {self.name} to {self.actor.id}>"


class Mailbox:
    """At most `capacity` messages that were accepted, and those at the door."""

    __slots__ = ("_lines", "capacity", "door", "size")

    def __init__(self, capacity: int = CAPACITY) -> None:
        self.capacity = capacity
        self.size = 0
        # One line for each priority that ever had a message.
        self._lines: dict[int, deque[Message]] = {}
        self.door: deque[Message] | None = None

    def __len__(self) -> int:
        return self.size

    @property
    def is_full(self) -> bool:
        """Whether the next message has to wait at the door."""
        return self.size >= self.capacity

    def offer(self, message: Message) -> bool:
        """Accept a message if there is room and nobody stands before it; else it waits at the door (False)."""
        if self.size < self.capacity and not self.door:
            self.accept(message)
            return True
        if self.door is None:
            self.door = deque()
        self.door.append(message)
        return False

    def accept(self, message: Message, *, first: bool = False) -> None:
        """Take a message whether there is room or not: what the system itself sends."""
        line = self._lines.get(message.priority)
        if line is None:
            line = self._lines[message.priority] = deque()
            if len(self._lines) > 1:
                self._lines = dict(sorted(self._lines.items()))
        if first:
            line.appendleft(message)
        else:
            line.append(message)
        self.size += 1

    def take(self) -> Message | None:
        """The next message; the first at the door gets its room."""
        for line in self._lines.values():
            if line:
                message = line.popleft()
                self.size -= 1
                if self.door:
                    self._admit()
                return message
        return None

    def awaited_on(self, loop: AbstractEventLoop) -> AbstractEventLoop | None:
        """The loop on which the first message that is waited for is; None when it is this one, or nobody waits."""
        for message in self:
            answer = message.answer
            if answer is not None and not answer.done() and not answer.get_loop().is_closed():
                found = answer.get_loop()
                return None if found is loop else found
        return None

    def withdraw(self, message: Message) -> None:
        """A message that is not wanted any more makes room."""
        if self.door and message in self.door:
            self.door.remove(message)
            return
        line = self._lines.get(message.priority)
        if line is not None and message in line:
            line.remove(message)
            self.size -= 1
            if self.door:
                self._admit()

    def _admit(self) -> None:
        while self.door and self.size < self.capacity:
            message = self.door.popleft()
            self.accept(message)
            if message.admitted is not None and not message.admitted.done():
                set_result(message.admitted, value=True)

    def clear(self, keep: Callable[[Message], bool] | None = None) -> list[Message]:
        """Empty it and the door, but for the messages `keep` says yes to; returns what went."""
        gone = [message for message in self if keep is None or not keep(message)]
        for line in self._lines.values():
            stay = [] if keep is None else [message for message in line if keep(message)]
            line.clear()
            line.extend(stay)
        self.door = None if keep is None or not self.door else deque(m for m in self.door if keep(m))
        self.size = sum(map(len, self._lines.values()))
        for message in gone:
            if message.admitted is not None and not message.admitted.done():
                set_result(message.admitted, value=False)
        return gone

    def __iter__(self) -> Iterator[Message]:
        """In the order in which they would be taken, those at the door last."""
        for line in self._lines.values():
            yield from line
        if self.door:
            yield from self.door


def set_result(future: Future[Any], *, value: Any = None, error: BaseException | None = None) -> None:
    """Give a future its outcome, on its own loop."""
    loop = future.get_loop()
    if loop.is_closed():
        return
    if loop is not _running():
        loop.call_soon_threadsafe(_set, future, value, error)
    else:
        _set(future, value, error)


def _set(future: Future[Any], value: Any, error: BaseException | None) -> None:
    if future.done():
        return
    if error is None:
        future.set_result(value)
    else:
        future.set_exception(error)


def _running() -> Any:
    from asyncio import _get_running_loop

    return _get_running_loop()
