"""Process isolation: `Engine(isolate="process")` runs programs in worker processes that can do nothing but compute.

    host process                                          worker process
    ProcessEngine ── run, call, check ──▶ Conversation ══ frames ══▶ serving ──▶ an ordinary Engine
         ▲                                     │                        │
         └── host functions, modules, input ◀──┴──── questions ◀────────┘

The worker is started without environment and descriptors, loads everything it will ever need, and then locks
itself in (`lockdown`): resource limits, no new privileges, Landlock, a seccomp filter, an audit hook. Only then
does it see a line of the program: parsing, checking and compiling happen behind the walls too. Which walls stand
on this machine is found out at run time and said (`walls.Walls`); nothing is assumed.

What the worker sends is data to be distrusted: length-prefixed JSON of bounded size (`wire`), rebuilt into plain
values, read-only `Record`s and diagnostics. A frame that breaks the rules, an act behind the walls that no Dana
program can cause, a name that was not offered: the worker is ended. Everything that reaches outside is done by the
host process in the worker's stead, under the engine's policy: modules are found and read, host functions called,
text printed.

The host watches the clock and the worker's memory (`process`, `conversation`). When the worker does not stop by
itself it is killed, whatever it was busy with.

    wire, values    frames, and values as tagged JSON       walls, kernel, seccomp, landlock, lockdown    the walls
    worker, serving, broker, remote errors                  the worker's side
    process, conversation, pool, engine                     the host's side
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.isolation.engine import ProcessEngine as ProcessEngine
    from dana.isolation.values import Record as Record

__all__ = ["ProcessEngine", "Record"]


def __getattr__(name: str) -> object:
    from importlib import import_module

    homes = {"ProcessEngine": "dana.isolation.engine", "Record": "dana.isolation.values"}
    if name not in homes:
        msg = f"module 'dana.isolation' has no attribute {name!r}"
        raise AttributeError(msg)
    return getattr(import_module(homes[name]), name)
