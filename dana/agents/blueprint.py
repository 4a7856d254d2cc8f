"""Agents as the language has them (L43): the class of agents, and the helpers that compiled definitions call.

    agent_blueprint Clerk:       class Clerk(.Agent): …            slotted, like all types of a program
        level: int = 1           Clerk = .agent_type(Clerk, …)     puts ports (`ports`) where fields and methods were
    agent Ada(Clerk)             …
                                 Ada = .agent(.agent_type(Ada, …)) the only instance

An agent is one object. It keeps its fields, what it was made of (a supervisor may have to make it anew) and, from the
first message on, its actor. Two agents are equal only if they are the same one.
"""

from __future__ import annotations

from dana import abi
from dana.agents.copying import crossing, crossing_all
from dana.agents.permissions import bounds_of
from dana.agents.ports import (
    FieldPort,
    MethodPort,
    OverridePort,
    SendPort,
    TurnPort,
    actor_of,
    find,
    first_life,
    is_inside,
    not_yours,
)
from dana.agents.system import system_of
from dana.runtime.families import provide_names
from dana.runtime.modules import ModuleRecord
from dana.runtime.narrowing import BOUNDS
from dana.runtime.printable import text_of
from dana.runtime.stops import failure
from dana.runtime.structs import Struct, StructMeta, _delegated
from dana.runtime.typevalues import Refused, StructType, kind_of, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.agents.system import System
    from dana.runtime.program import Program
    from dana.runtime.typevalues import TypeValue

    Facts = tuple[tuple[str, TypeValue | None, bool, str | None], ...]

TURNS = ("plan", "solve", "chat", "reason")
# Fields that mean something to every agent: they may be given although its type declares none of them.
MEANING = frozenset(
    "name description model instructions tools checks permissions memory max_turns context_turns config".split()
)
# Those that are looked at when an agent is made, and the bounds of the numbers among them.
CHECKED = frozenset({"tools", "checks", "instructions", "max_turns", "context_turns"})
WHOLE = {"max_turns": (1, 50), "context_turns": (0, 100)}
PREDEFINED = {"DanaAgent": "An agent without a purpose of its own.", "BasicAgent": "An agent that can be asked things."}
# Turns of a conversation that are looked at for a count.
MOST_COUNTED = 10_000
# Where an agent keeps its memory, once it has one.
MEMORY = ".memory"
# Methods every class has from Python.
_OWN = frozenset({"__init__", "__module__", "__qualname__", "__slots__", "__doc__", "__classcell__"})


class AgentMeta(StructMeta):
    """Class of the classes of agents: an agent remembers what it was made of."""

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        if self._shape.kind == "agent":
            hint = "an `agent_blueprint` is what several agents are made of"
            raise failure(TypeError, "E869", f"there is one agent `{self.__name__}`: it makes no others", hint)
        return made_of(self, args, keywords)

    def _dana_method(self, name: str, function: Any) -> Any:
        """The port for a method that joins the class (`methods.put_method`)."""
        return method_port(name, function)


def made_of(cls: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
    """A new agent of a class."""
    extra: dict[str, Any] | None = None
    if keywords:
        index = cls._shape.index
        extra = {n: keywords.pop(n) for n in MEANING if n in keywords and n not in index} or None
    made = cls.__new__(cls)
    put = object.__setattr__
    put(made, "_actor", None)
    put(made, "_given", crossing_all(args, keywords) if args or keywords else None)
    put(made, "_extra", extra)
    put(made, "_bounds", BOUNDS.get())
    cls.__init__(made, *args, **keywords)
    if extra is not None or not CHECKED.isdisjoint(cls._shape.index):
        check_settings(made)
    if "permissions" in cls._shape.index or (extra is not None and "permissions" in extra):
        put(made, "_bounds", bounds_of(made._system.program, str(made.name), setting(made, "permissions")))
    if find(cls, "init").__class__ is MethodPort:
        first_life(made)
    return made


class Agent(Struct, metaclass=AgentMeta):
    """Base of all agents."""

    __slots__ = ("_actor", "_bounds", "_extra", "_given")
    # The system of the program an agent belongs to; set on the classes its definitions make.
    _system: System

    __eq__ = object.__eq__
    __hash__ = object.__hash__  # type: ignore[assignment]

    plan = TurnPort("plan")
    solve = TurnPort("solve")
    chat = TurnPort("chat")
    reason = TurnPort("reason")
    send = SendPort()

    def __repr__(self) -> str:
        return self._shape.printed if self._shape.kind == "agent" else Struct.__repr__(self)

    def __getattr__(self, name: str) -> Any:
        raise unknown(self, name)

    @property
    def name(self) -> str:
        """The name it was given, or that of its type."""
        return (self._extra or {}).get("name", self._shape.name)  # type: ignore[no-any-return]

    @property
    def description(self) -> str:
        """What it is for: as it was given, else the first line of its documentation."""
        said = (self._extra or {}).get("description")
        return said if said is not None else (self._shape.doc or "A Dana agent").strip().partition("\n")[0]

    @property
    def state(self) -> str:
        """`"created"` until it gets its first message, then what its actor is: `"running"`, `"paused"`, …"""
        return "created" if self._actor is None else self._actor.state

    def copy(self, **_changes: Any) -> Any:
        """There is one of each agent."""
        hint = f"make another one: `{self._shape.name}(…)`" if self._shape.kind != "agent" else ""
        raise failure(TypeError, "E868", f"the agent `{self._shape.name}` cannot be copied", hint)

    def _dana_type(self) -> TypeValue:
        """The type a singleton stands for where a type is written (`as_type`)."""
        if self._shape.kind != "agent":
            msg = f"{short(self)} is not a type"
            raise TypeError(msg)
        return self._shape.type

    def _dana_guard(self, name: str) -> None:
        """Refuse a store that would go to what a field lends (`structs.store`)."""
        if not is_inside(self):
            raise not_yours(self, name)


def _remember(agent: Any, key: Any, value: Any) -> bool:
    """`a.remember(key, value)`: keep a value under a name; true."""
    memory_of(agent).remember(key, value)
    return True


def _recall(agent: Any, key: Any, default: Any = None) -> Any:
    """`a.recall(key)`: what was remembered under the name, else the default."""
    return memory_of(agent).recall(key, default)


def _similar(agent: Any, text: Any, limit: Any = 5, kind: Any = None) -> list[dict[str, Any]]:
    """`a.recall_similar(text)`: what was remembered that is like a text, the most alike first."""
    return memory_of(agent).similar(text, limit, kind)  # type: ignore[no-any-return]


def _conversation(agent: Any) -> dict[str, Any]:
    """`a.get_conversation_stats()`: how many turns of `chat` it remembers, and when the first and last of them were."""
    turns = memory_of(agent).episodes(MOST_COUNTED, "chat")
    return {"turns": len(turns), "first": turns[0].at if turns else None, "last": turns[-1].at if turns else None}


def _forget_conversation(agent: Any) -> bool:
    """`a.clear_conversation_memory()`: forget what was said in `chat`; true."""
    memory_of(agent).forget_episodes("chat")
    return True


def _forget(agent: Any, key: Any) -> bool:
    """`a.forget(key)`: remember nothing under the name any more; false when nothing was."""
    return memory_of(agent).forget(key)  # type: ignore[no-any-return]


def _metrics(agent: Any) -> dict[str, Any]:
    """`a.get_metrics()`: what it is doing and has done, as data; this message is not counted yet."""
    return actor_of(agent).status()  # type: ignore[no-any-return]


def unknown(agent: Any, name: str) -> Exception:
    """E604: an agent has neither a field nor a method of that name."""
    from dana.diagnostics import suggest

    cls = type(agent)
    known = {n for each in cls.__mro__[:-2] for n in each.__dict__ if n[0] not in ("_", abi.HIDDEN)}
    near = suggest(name, sorted(known)) if name[0] not in ("_", abi.HIDDEN) else None
    own = sorted(n for n in known if n not in Agent.__dict__)
    hint = f"did you mean `{near}`?" if near else f"it has {', '.join(f'`{n}`' for n in own)}" if own else ""
    return failure(
        AttributeError, "E604", f"the agent `{cls.__name__}` has no field or method `{abi.demangle(name)}`", hint
    )


def _class_of(agent: Any) -> Any:
    return type(agent)


BUILT_IN = {
    "remember": _remember, "recall": _recall, "recall_similar": _similar, "forget": _forget,
    "get_conversation_stats": _conversation,
    "clear_conversation_memory": _forget_conversation, "get_metrics": _metrics,
}  # fmt: skip
for _name, _function in BUILT_IN.items():
    type.__setattr__(Agent, _name, MethodPort(_name, _function))
# The class behind a singleton, for patterns (`case Ada():`), under a name no program can spell.
type.__setattr__(Agent, abi.state_slot("type"), property(_class_of))


def memory_of(agent: Any) -> Any:
    """The memory of an agent: by its type and name, and those without a name in the order in which they need one."""
    extra = agent._extra or {}
    known = extra.get(MEMORY)
    if known is None:
        from dana.agents.memory import store_of

        store, kind = store_of(agent._system.program, setting(agent, "memory")), agent._shape.name
        given = setting(agent, "name")
        known = extra[MEMORY] = store.agent(kind, text_of(given) if given is not None else store.unnamed(kind))
        object.__setattr__(agent, "_extra", extra)
    return known


def method_port(name: str, function: Any) -> MethodPort:
    """The port of a program's own method."""
    return (OverridePort if name in TURNS else MethodPort)(name, function)


class AgentType(StructType):
    """Agents of one class; nothing else becomes one."""

    __slots__ = ()

    def _fit(self, value: Any, mode: int) -> Any:  # noqa: ARG002
        if isinstance(value, self._struct):
            return value
        raise Refused


# --- what the other parts of agents ask about one -----------------------------------------------


def setting(agent: Any, name: str, default: Any = None) -> Any:
    """A field of an agent as it is, whoever asks; `default` when it has none, or None."""
    port = find(type(agent), abi.mangle(name))
    value = port.member.__get__(agent) if port.__class__ is FieldPort else (agent._extra or {}).get(name)
    return default if value is None else value


def check_settings(agent: Any) -> None:
    """Refuse a new agent whose turns could not begin. Raises TypeError and ValueError (E849, E875)."""
    for name, (least, _) in WHOLE.items():
        checked_whole(setting(agent, name, least), name)
    for name, code in (("tools", "E849"), ("checks", "E875")):
        if setting(agent, name, []).__class__ is not list:
            got = kind_of(setting(agent, name))
            what = "functions" if name == "tools" else "checks, as the module `agents` makes them"
            raise failure(TypeError, code, f"`{name}` of an agent is a list of {what}, not {got}")
    if setting(agent, "instructions", "").__class__ is not str:
        got = kind_of(setting(agent, "instructions"))
        raise failure(TypeError, "E875", f"`instructions` of an agent is a text, not {got}")


def checked_whole(value: Any, name: str) -> int:
    """A setting that is a whole number within its bounds. Raises ValueError (E875)."""
    least, most = WHOLE[name]
    if type(value) is int and least <= value <= most:
        return value
    message = f"`{name}` of an agent is a whole number from {least} to {most}, not {short(value)}"
    raise failure(ValueError, "E875", message)


def method(agent: Any, name: str) -> Any:
    """A method of an agent's own (not a built-in one), to be called inside it; None when it has none."""
    port = find(type(agent), abi.mangle(name))
    if isinstance(port, MethodPort) and not isinstance(port, TurnPort) and find(Agent, name) is not port:
        return port.bound(agent)
    return None


# --- definitions --------------------------------------------------------------------------------


def table(program: Program) -> dict[str, Any]:
    """The helpers of compiled definitions, and the agents every program has."""
    provide_names(program, [".struct", ".MISSING", ".put"])
    system = system_of(program)
    complete = program.table[".struct"]

    def agent_type(cls: Any, record: ModuleRecord, kind: str, facts: Facts, doc: str | None) -> Any:
        """`.agent_type`: completes the class of a definition and returns it."""
        return _completed(cls, record, kind, facts, doc, complete, system)

    predefined = {name: agent(_predefined(program, agent_type, name, doc)) for name, doc in PREDEFINED.items()}
    return {
        ".Agent": Agent, ".agent_type": agent_type, ".agent": agent, ".blueprint": blueprint,
        ".base_fields": base_fields, **predefined,
    }  # fmt: skip


def _completed(
    cls: Any, record: ModuleRecord, kind: str, facts: Facts, doc: str | None,
    complete: Callable[..., Any], system: System,
) -> Any:  # fmt: skip
    base = cls.__mro__[1].__dict__.get("_shape")
    known = {} if base is None else base.index
    facts = tuple((n, t if t is not None or n not in known else known[n].type, h, d) for n, t, h, d in facts)
    put = type.__setattr__
    put(cls, "_system", system)
    for name, value in list(cls.__dict__.items()):
        if name not in _OWN and callable(value):
            put(cls, name, method_port(abi.demangle(name), value))
    complete(cls, record, kind, facts, False, doc)
    shape = cls._shape
    shape.type = AgentType(cls)
    for name, *_ in facts:
        field = shape.index[name]
        put(cls, field.slot, FieldPort(field, find(cls, abi.state_slot(name))))
    if shape.delegates:
        put(cls, "__getattr__", _lent)
        put(cls, "__setattr__", object.__setattr__)
    return cls


def agent(cls: Any) -> Any:
    """`.agent(cls)`: the only instance of a singleton's class."""
    return made_of(cls, (), {})


def blueprint(value: Any) -> Any:
    """`.blueprint(B)`: the class that `agent A(B)` extends."""
    if isinstance(value, Agent) and value._shape.kind == "agent":
        return type(value)
    if isinstance(value, AgentMeta) and "_shape" in value.__dict__:
        return value
    raise failure(TypeError, "E869", f"an agent stands on a blueprint or another agent, not on {short(value)}")


def base_fields(base: Any, rest: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """`.base_fields`: what the constructor of the class that an agent extends is told."""
    index = base._shape.index
    return {**rest, **{name: value for name, value in own.items() if abi.demangle(name) in index}}


def _predefined(program: Program, agent_type: Callable[..., Any], name: str, doc: str) -> Any:
    record = ModuleRecord(program, "agents", "")
    made = AgentMeta(name, (Agent,), {"__slots__": (), "__init__": _plain_init, "__module__": "__main__"})
    return agent_type(made, record, "agent", (), doc)


def _plain_init(_self: Any) -> None:
    """The constructor of an agent without fields."""


# --- delegation (L30) ---------------------------------------------------------------------------


def _lent(self: Any, name: str) -> Any:
    """`__getattr__` of agents with fields that lend: from outside, what they lend is asked for like the agent's own."""
    if is_inside(self):
        return _delegated(self, name)
    if name[0] not in ("_", abi.HIDDEN):
        for slot in self._shape.delegates:
            inner = find(type(self), slot).member.__get__(self)
            found = getattr(inner, name, None)
            if found is not None:
                if callable(found):
                    return MethodPort(name, _Lending(name)).asking(self)
                return crossing(found)
    raise unknown(self, name)


class _Lending:
    """A method that a field lends, called inside the agent."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, agent: Any, /, *args: Any, **keywords: Any) -> Any:
        return _delegated(agent, self._name)(*args, **keywords)
