"""Codes of agents: E862–E867, how they run."""

from __future__ import annotations

from dana.catalogue import Entry

ENTRIES: dict[str, Entry] = {
    "E862": Entry(
        "agents would wait for each other",
        "An agent processes one message at a time. When A waits for B and B, on A's behalf or for somebody else, asks A, "
        "neither can ever answer, so the ask that closes the circle is refused at once, and the message names the way "
        "around. Send instead of asking where no answer is needed, or let a third agent hold what both need.",
    ),
    "E863": Entry(
        "an agent did not answer in time",
        "A call of an agent's method waits 30 seconds for its answer unless it says otherwise. The agent goes on with "
        "what it has begun; its late answer is dropped. A message that had not begun is taken back. The error is a "
        "`Timeout`.",
    ),
    "E864": Entry(
        "an agent's mailbox is full",
        "A mailbox holds a bounded number of messages, 1000 unless its agent says otherwise. A sender waits until there "
        "is room; this error says that there was none in time. Memory stays bounded however fast messages come.",
    ),
    "E865": Entry(
        "a supervisor gave up",
        "A supervisor restarts an agent that crashes, at most `limit` times (3) within `within` seconds (5). One more, "
        "and it stops all its agents and fails itself, as a child of its own supervisor. When the root fails, the "
        "program ends.",
    ),
    "E866": Entry(
        "an agent that is not running was spoken to",
        "An agent that was stopped, or that its supervisor no longer restarts, takes no messages; messages that "
        "wait when it stops are answered with this error. `.start()` starts it again, as new.",
    ),
    "E867": Entry(
        "a setting of a supervisor or an interrupt that cannot be",
        "Strategies are one_for_one, rest_for_one and one_for_all; children restart permanent, transient or temporary; "
        "a stop is complete, critical, best_effort or immediate. Limits are whole numbers, times are seconds.",
    ),
}
