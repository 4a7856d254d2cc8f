"""What programs do with agents besides calling them: the functions of `stdlib/actors.na`.

    actors.ask(b.check, part, timeout=2)    a message with a time limit of its own
    actors.tell(b.check, part)              one nobody waits for the answer of
    actors.supervise([a, b])                a `Supervision`: what a program holds of a supervisor
    actors.pause(b), actors.stop(b), …      interrupts

Agents are named by themselves, messages by the method that is to process them (`b.check`). Functions that are told
something (monitors, traps) are called as messages of an agent, when they are its methods.
"""

from __future__ import annotations

from dana.agents.blueprint import Agent
from dana.agents.errors import bad_setting
from dana.agents.interrupts import COMPLETE, NOW, WITHIN_S
from dana.agents.lifecycle import LONGEST_S, _checked_shutdown
from dana.agents.mailbox import CAPACITY
from dana.agents.ports import Ask, actor_of, asked, outward
from dana.agents.strategies import LIMIT, ONE_FOR_ONE, PERMANENT
from dana.agents.strategies import WITHIN_S as PERIOD_S
from dana.agents.supervisor import Supervisor
from dana.agents.system import system_of
from dana.runtime.effects import Effect
from dana.runtime.pipelines import MethodType
from dana.runtime.stops import failure
from dana.runtime.typevalues import kind_of, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from typing import Any

    from dana.agents.actor import Actor
    from dana.runtime.program import Program


class Child:
    """`actors.child(agent, …)`: an agent with what its supervisor is to know about it."""

    __slots__ = ("_agent", "_settings")

    def __init__(self, agent: Any, settings: dict[str, Any]) -> None:
        self._agent = agent
        self._settings = settings

    def __repr__(self) -> str:
        return f"<child {self._agent._shape.name}>"


class Monitor:
    """What ends a monitor when it is called."""

    __slots__ = ("_agent", "_end")

    def __init__(self, end: Callable[[], None], agent: Any) -> None:
        self._end = end
        self._agent = agent

    def __call__(self) -> None:
        self._end()

    def __repr__(self) -> str:
        return f"<monitor of {self._agent._shape.name}>"


class Supervision:
    """A supervisor, as a program holds it."""

    __slots__ = ("_agents", "_supervisor")

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        # The agents by the number of their actors, in the order in which they were added.
        self._agents: dict[int, Any] = {}

    @property
    def name(self) -> str:
        """What it is called in messages and in the ledger."""
        return self._supervisor.name

    @property
    def state(self) -> str:
        """`"running"`, `"stopping"`, `"stopped"` or `"failed"`."""
        return self._supervisor.state

    @property
    def children(self) -> list[Any]:
        """Its agents and supervisors, in start order."""
        known = [self._agents.get(child.number) for child in self._supervisor.children]
        return [child for child in known if child is not None]

    def add(self, child: Any) -> None:
        """One more child, the last in order."""
        supervisor = self._supervisor
        if child.__class__ is Supervision:
            supervisor.add(child._supervisor)
            self._agents[child._supervisor.number] = child
            return
        settings: dict[str, Any] = {}
        if child.__class__ is Child:
            child, settings = child._agent, child._settings
        actor = the_actor(child, "supervise")
        for name, value in settings.items():
            SETTINGS[name](actor, value)
        supervisor.add(actor)
        self._agents[actor.number] = child

    def stop(self, within: float | None = None) -> None:
        """Stop all its children, last to first, and wait until they have stopped."""
        self._supervisor.stop(within)

    def status(self) -> dict[str, Any]:
        """What it is set to and how its children are, as plain data."""
        known = self._supervisor
        return {
            "name": known.name, "id": known.id, "state": known.state, "reason": known.reason,
            "strategy": known.strategy, "limit": known.limit, "within": known.within, "restart": known.restart,
            "children": [child.status() if child.__class__ is Supervision else actor_of(child).status()
                         for child in self.children],
        }  # fmt: skip

    def __repr__(self) -> str:
        return f"<supervisor {self._supervisor.name}>"


def _set_restart(actor: Actor, value: Any) -> None:
    from dana.agents.strategies import RESTARTS, chosen

    actor.restart = chosen("restart", value, RESTARTS)


def _set_shutdown(actor: Actor, value: Any) -> None:
    actor.shutdown = _checked_shutdown(value)


def _set_mailbox(actor: Actor, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise bad_setting(f"a mailbox holds at least one message: {short(value)} is no such number")
    actor.mailbox.capacity = value


def _set_priority(actor: Actor, value: Any) -> None:
    actor.set_priority(value)


SETTINGS: dict[str, Callable[[Any, Any], None]] = {
    "restart": _set_restart, "shutdown": _set_shutdown, "mailbox": _set_mailbox, "priority": _set_priority,
}  # fmt: skip


def the_actor(agent: Any, function: str) -> Actor:
    """The actor of an agent; raises TypeError for anything else."""
    if not isinstance(agent, Agent):
        raise failure(TypeError, "E601", f"`{function}` of actors is given an agent, not {kind_of(agent)}")
    return actor_of(agent)  # type: ignore[no-any-return]


def the_ask(method: Any, function: str) -> Ask:
    """What a method of an agent stands for; raises TypeError for anything else."""
    found = asked(outward(method))
    if found is None:
        hint = f"as in `actors.{function}(agent.method, …)`: name the method, and give its arguments after it"
        raise failure(
            TypeError, "E601", f"`{function}` of actors is given a method of an agent, not {short(method)}", hint
        )
    return found


def seconds_of(value: Any, function: str) -> float | None:
    """A time limit: a positive number, or None."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
        raise failure(
            ValueError, "E602", f"`timeout` of actors.{function} is a positive number of seconds, not {short(value)}"
        )
    return float(min(value, LONGEST_S))


def functions(program: Program) -> dict[str, Any]:
    """The functions by name, for one program."""
    system = system_of(program)

    def start_ask(method: Any, /, *args: Any, timeout: Any = None, **keywords: Any) -> Awaitable[Any]:
        return the_ask(method, "ask").within(seconds_of(timeout, "ask"), args, keywords)

    def tell(method: Any, /, *args: Any, timeout: Any = None, **keywords: Any) -> None:
        """Sends a message nobody waits for the answer of; waits for room in the mailbox at most `timeout` seconds."""
        the_ask(method, "tell").tell(args, keywords, seconds_of(timeout, "tell"))

    def child(
        agent: Any,
        restart: str = PERMANENT,
        shutdown: Any = WITHIN_S,
        mailbox: int = CAPACITY,
        priority: str = "normal",
    ) -> Child:
        """An agent for `supervise`, with settings of its own."""
        the_actor(agent, "child")
        return Child(agent, {"restart": restart, "shutdown": shutdown, "mailbox": mailbox, "priority": priority})

    def supervise(
        children: Any, strategy: str = ONE_FOR_ONE, limit: int = LIMIT, within: float = PERIOD_S,
        name: str = "supervisor", restart: str = PERMANENT, under: Any = None,
    ) -> Supervision:  # fmt: skip
        """A supervisor of these agents and supervisors, in their order."""
        if under is not None and under.__class__ is not Supervision:
            raise failure(TypeError, "E601", f"`under` of actors.supervise is a supervisor, not {short(under)}")
        parent = None if under is None else under._supervisor
        made = Supervision(system.supervisor(str(name), strategy, limit, within, restart=restart, parent=parent))
        if under is not None:
            under._agents[made._supervisor.number] = made
        for each in _several(children, program):
            made.add(each)
        return made

    def pause(agent: Any, /) -> None:
        """The agent processes nothing more after its present message."""
        the_actor(agent, "pause").pause()

    def resume(agent: Any, /) -> None:
        """It goes on."""
        the_actor(agent, "resume").resume()

    def stop(what: Any, reason: str = "normal", strategy: str = COMPLETE, within: float = WITHIN_S) -> None:
        """Stops an agent, or a supervisor with all its children, and waits for it."""
        if what.__class__ is Supervision:
            what.stop(within)
        else:
            the_actor(what, "stop").stop(str(reason), strategy, within)

    def start(agent: Any, /) -> None:
        """Starts an agent that has ended, as new."""
        the_actor(agent, "start").start()

    def status(what: Any, /) -> dict[str, Any]:
        """What an agent or a supervisor is doing, as data."""
        return what.status() if what.__class__ is Supervision else the_actor(what, "status").status()

    def inject(agent: Any, what: Any, *args: Any, when: str = NOW) -> None:
        """Something the agent is to do, or to know, before all else."""
        actor = the_actor(agent, "inject")
        found = asked(outward(what))
        if found is not None and found.agent is agent:
            found.port.check(agent, args, {})
            what = MethodType(found.port.function, agent)
        actor.inject(what, when, args)

    def link(one: Any, other: Any) -> None:
        """When one of the two ends otherwise than normally, so does the other."""
        the_actor(one, "link").link(the_actor(other, "link"))

    def unlink(one: Any, other: Any) -> None:
        """Ends a link."""
        the_actor(one, "unlink").unlink(the_actor(other, "unlink"))

    def monitor(agent: Any, handler: Any) -> Monitor:
        """Has `handler(id, reason)` called once, when the agent ends or crashes."""
        return Monitor(the_actor(agent, "monitor").monitor(_handler(handler, "monitor")), agent)

    def trap(agent: Any, handler: Any = None) -> None:
        """Has the ends of linked agents told to `handler(id, reason)`, instead of ending with them."""
        the_actor(agent, "trap").trap(None if handler is None else _handler(handler, "trap", inside=agent))

    def priority(agent: Any, level: str) -> None:
        """How early the agent gets its turn: critical, high, normal or low."""
        the_actor(agent, "priority").set_priority(level)

    def checkpoint() -> None:
        """Where pause, stop and injected messages take effect inside a message."""
        actor = system.current
        if actor is not None:
            actor.checkpoint()

    return {
        "ask": Effect(program, "ask", start_ask, taped=False),
        "tell": tell, "child": child, "supervise": supervise, "pause": pause, "resume": resume, "stop": stop,
        "start": start, "status": status, "inject": inject, "link": link, "unlink": unlink, "monitor": monitor,
        "trap": trap, "priority": priority, "checkpoint": checkpoint,
    }  # fmt: skip


def _several(children: Any, program: Program) -> Iterable[Any]:
    if isinstance(children, Agent) or children.__class__ in (Child, Supervision):
        return [children]
    if not isinstance(children, list | tuple):
        raise failure(TypeError, "E601", f"actors.supervise is given a list of agents, not {kind_of(children)}")
    return list(program.source(children))


def _handler(handler: Any, function: str, *, inside: Any = None) -> Any:
    """A function that is told something; a method of an agent is asked, and that of `inside` runs as its own."""
    if not callable(handler):
        raise failure(TypeError, "E601", f"`{function}` of actors is given a function, not {short(handler)}")
    found = asked(outward(handler))
    if found is None:
        return handler
    if found.agent is inside:
        return MethodType(found.port.function, found.agent)
    told = found.port, found.agent

    def tell(who: str, reason: str) -> None:
        Ask(told[1], told[0]).tell((who, reason), {})

    return tell
