"""How agents are asked, supervised and interrupted, behind `stdlib/actors.na`; `dana.agents.actions` does it."""

from __future__ import annotations

from dana.runtime.natives import types_on_demand
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

SIGNATURES = {
    "ask": "effect (method: any /, *args: any, timeout: float = None, **keywords: any) -> any",
    "tell": "(method: any /, *args: any, timeout: float = None, **keywords: any) -> None",
    "child": (
        "(agent: any, restart: str = 'permanent', shutdown: any = 5.0, mailbox: int = 1000, priority: str = 'normal') "
        "-> any"
    ),
    "supervise": (
        "(children: any, strategy: str = 'one_for_one', limit: int = 3, within: float = 5.0, name: str = 'supervisor', "
        "restart: str = 'permanent', under: any = None) -> any"
    ),
    "pause": "(agent: any /) -> None",
    "resume": "(agent: any /) -> None",
    "stop": "(what: any, reason: str = 'normal', strategy: str = 'complete', within: float = 5.0) -> None",
    "start": "(agent: any /) -> None",
    "status": "(what: any /) -> dict",
    "inject": "(agent: any, what: any, *args: any, when: str = 'now') -> None",
    "link": "(one: any, other: any) -> None",
    "unlink": "(one: any, other: any) -> None",
    "monitor": "(agent: any, handler: any) -> any",
    "trap": "(agent: any, handler: any = None) -> None",
    "priority": "(agent: any, level: str) -> None",
    "checkpoint": "() -> None",
}
DOCS = {
    "ask": "Calls a method of an agent as `agent.method(…)` does, with a time limit of its own: an effect.",
    "tell": "Sends a message nobody waits for the answer of; waits for room in the mailbox at most `timeout` seconds.",
    "child": "An agent for `supervise`, with settings of its own: when it restarts, how long it may take to stop, how "
    "many messages may wait for it, how early it gets its turn.",
    "supervise": "A supervisor of these agents and supervisors: `.name`, `.state`, `.children`, `.add(child)`, "
    "`.stop()`, `.status()`. `restart` is what it is as a child of the supervisor `under`.",
    "pause": "The agent processes nothing after its present message, which waits at its next checkpoint.",
    "resume": "It goes on.",
    "stop": "Stops an agent, or a supervisor with its children in reverse order, and waits until it has stopped. "
    '`strategy`: `"complete"` what it has accepted, `"critical"` of that what is critical, `"best_effort"` what fits '
    'into `within` seconds, `"immediate"` nothing more.',
    "start": "Starts an agent that has ended, as new.",
    "status": "What an agent or a supervisor is doing, as data: state, incarnation, messages that wait, health, …",
    "inject": "Something an agent is to do, or to know, before all else: a method of it (with arguments) is called at "
    'its next checkpoint (`when="next"`: before its next message), anything else is told its next turn.',
    "link": "When one of the two ends otherwise than normally, so does the other.",
    "unlink": "Ends a link.",
    "monitor": "Has `handler(id, reason)` called once, when the agent ends or crashes; returns a function that ends "
    "this.",
    "trap": "Has the ends of agents that are linked with it told to `handler(id, reason)`, instead of ending with "
    "them.",
    "priority": 'How early an agent gets its turn when several could go on: `"critical"`, `"high"`, `"normal"`, '
    '`"low"`.',
    "checkpoint": "Where pause, stop and injected messages take effect in the middle of a message.",
}
# Where the engine leaves the function that makes them for a program, and where they are kept.
OPENER, KEPT = ".open_actions", ".actions"


def _export(name: str) -> Callable[[Any], Any]:
    def opened(program: Any) -> Any:
        known = program.table.get(KEPT)
        if known is None:
            opener = program.table.get(OPENER)
            if opener is None:
                raise failure(RuntimeError, "E821", "`actors` needs an engine, and this program runs without one")
            known = program.table[KEPT] = opener(program)
        return known[name]

    opened.__doc__ = DOCS[name]
    return opened


EXPORTS: dict[str, object] = {name: _export(name) for name in SIGNATURES}
NEEDS_PROGRAM = frozenset(EXPORTS)
__getattr__ = types_on_demand(SIGNATURES)
