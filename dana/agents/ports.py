"""What stands between an agent and everybody else: under each name of its class, a *port* instead of the thing itself.

    b.level            FieldPort      inside: the value; outside: the value if it cannot change, else a copy of it
    b.level = 3        FieldPort      inside: a checked store; outside: E868
    b.check(part)      MethodPort     inside: a plain call; outside: an `Effect` that asks the agent
    b.solve("…")       TurnPort       inside: an `Effect` that starts a turn; outside: one that asks the agent for it

*Inside* is code that runs while the agent processes one of its messages: its actor is the system's current one. Ports
are found on the class, before anything of the instance, so there is no way around them: the slots that hold the fields
have names that no program can spell (`abi.state_slot`).
"""

from __future__ import annotations

from dana import abi
from dana.agents.copying import crossing, crossing_all
from dana.agents.errors import not_running
from dana.runtime.calls import identity
from dana.runtime.effects import Effect
from dana.runtime.narrowing import within
from dana.runtime.pipelines import MethodType
from dana.runtime.stops import failure
from dana.runtime.typevalues import SAFE, Refused, kind_of, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from dana.runtime.structs import Field

# What the compiler tells questions of the place their value goes to (L39).
EXPECTED, HOW = ".expected", ".how"
# Values that are handed out as they are: they cannot change.
CONSTANT = frozenset({int, float, bool, str, bytes, complex, type(None)})
# Of the name an agent was given, this much is shown.
LONGEST_NAME = 40


def is_inside(agent: Any) -> bool:
    """Whether the code that runs now is processing a message of this agent, or is constructing it."""
    actor = agent._actor
    return actor is not None and agent._system.current is actor


class FieldPort:
    """A field, under its own name on the class of an agent; `member` is the slot that holds it."""

    __slots__ = ("field", "member")

    def __init__(self, field: Field, member: Any) -> None:
        self.field = field
        self.member = member

    def __get__(self, agent: Any, owner: Any = None) -> Any:
        if agent is None:
            raise AttributeError(self.field.slot)
        try:
            value = self.member.__get__(agent, owner)
        except AttributeError:
            raise AttributeError(self.field.slot) from None
        if value.__class__ in CONSTANT or is_inside(agent):
            return value
        return crossing(value)

    def __set__(self, agent: Any, value: Any) -> None:
        if not is_inside(agent):
            raise not_yours(agent, self.field.name)
        field = self.field
        try:
            value = field.type._fit(value, SAFE)
        except Refused as refusal:
            got = "None" if value is None else f"{kind_of(value)} ({short(value)})"
            why = f": {refusal.why}" if refusal.why else ""
            message = f"field `{field.name}` of `{agent._shape.name}`: expected {field.type.name}, got {got}{why}"
            raise failure(TypeError, "E611", message) from None
        self.member.__set__(agent, value)

    def __delete__(self, agent: Any) -> None:
        raise not_yours(agent, self.field.name)


def not_yours(agent: Any, name: str) -> Exception:
    """E868: the state of an agent is its own."""
    message = f"`{name}` belongs to the agent `{agent._shape.name}`: it cannot be assigned from outside"
    return failure(AttributeError, "E868", message, f"give `{agent._shape.name}` a method that sets it, and call that")


class MethodPort:
    """A method, under its own name on the class of an agent."""

    __slots__ = ("function", "name")

    def __init__(self, name: str, function: Any) -> None:
        self.name = name
        self.function = function

    def __get__(self, agent: Any, owner: Any = None) -> Any:
        if agent is None:
            return Unbound(self, owner)
        if is_inside(agent):
            return self.bound(agent)
        return self.asking(agent)

    def __set__(self, agent: Any, _value: Any) -> None:
        message = f"`{self.name}` is a method of the agent `{agent._shape.name}`: it cannot be assigned"
        raise failure(AttributeError, "E613", message)

    def bound(self, agent: Any) -> Any:
        """What the agent itself gets when it asks for the method."""
        return MethodType(self.function, agent)

    def asking(self, agent: Any) -> Effect:
        """What everybody else gets: calling it sends the agent a message and waits for the answer."""
        return Effect(agent._system.program, f"{agent._shape.name}.{self.name}", Ask(agent, self), taped=False)

    def tidy(self, keywords: dict[str, Any]) -> dict[str, Any]:
        """The keywords of a call as the method takes them: what the compiler adds is for questions only."""
        if EXPECTED in keywords or HOW in keywords:
            return {name: value for name, value in keywords.items() if name[0] != "."}
        return keywords

    def check(self, agent: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        """Raise what is wrong with the arguments where the call stands: a caller's mistake is none of the agent's."""
        problem = misfit(self.function, args, keywords)
        if problem:
            raise failure(TypeError, "E610", f"`{agent._shape.name}.{self.name}` {problem}")

    def __repr__(self) -> str:
        return f"<method {self.name}>"


class OverridePort(MethodPort):
    """A program's own `plan`, `solve`, `chat` or `reason`: callers are compiled for the built-in one."""

    __slots__ = ()

    def bound(self, agent: Any) -> Any:
        return Tidied(self, agent)


class Tidied:
    """A method that takes calls compiled for a question."""

    __slots__ = ("_agent", "_port")

    def __init__(self, port: MethodPort, agent: Any) -> None:
        self._port = port
        self._agent = agent

    def __call__(self, /, *args: Any, **keywords: Any) -> Any:
        return self._port.function(self._agent, *args, **self._port.tidy(keywords))

    def __repr__(self) -> str:
        return f"<method {self._port.name}>"


class TurnPort(MethodPort):
    """`plan`, `solve`, `chat`, `reason` as every agent has them: effects that ask a model (`turns.begin`)."""

    __slots__ = ()

    def __init__(self, name: str) -> None:
        super().__init__(name, self._take)

    def bound(self, agent: Any) -> Any:
        return Effect(agent._system.program, f"{agent._shape.name}.{self.name}", Turn(agent, self.name), taped=False)

    def _take(self, agent: Any, /, *args: Any, **keywords: Any) -> Any:
        """One turn, from its beginning to its end; runs inside the agent."""
        return self.bound(agent)(*args, **keywords)

    def tidy(self, keywords: dict[str, Any]) -> dict[str, Any]:
        return keywords

    def check(self, agent: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> None:
        """What a turn takes is checked where it begins."""


class Turn:
    """What the effect of a turn starts."""

    __slots__ = ("_agent", "_kind")
    # `.expecting` may tell it what the answer must be.
    takes_expected = True

    def __init__(self, agent: Any, kind: str) -> None:
        self._agent = agent
        self._kind = kind

    def __call__(self, /, *args: Any, **keywords: Any) -> Awaitable[Any]:
        from dana.agents.turns import begin

        expected = keywords.pop(EXPECTED, None)
        return begin(self._agent, self._kind, args, keywords, expected)


class Ask:
    """What the effect of a method called from outside starts: a message to the agent, and its answer."""

    __slots__ = ("agent", "port")
    # `.expecting` may tell it what the answer must be; a method that is no question does not hear it.
    takes_expected = True

    def __init__(self, agent: Any, port: MethodPort) -> None:
        self.agent = agent
        self.port = port

    def __call__(self, /, *args: Any, **keywords: Any) -> Awaitable[Any]:
        return self.within(None, args, keywords)

    def within(self, seconds: float | None, args: tuple[Any, ...], keywords: dict[str, Any]) -> Awaitable[Any]:
        """The same with a time limit of its own."""
        agent, port = self.agent, self.port
        keywords = port.tidy(keywords)
        port.check(agent, args, keywords)
        if is_inside(agent):  # a method that was taken from outside, called by the agent itself
            return _known(port.function(agent, *args, **keywords))
        return actor_of(agent).ask(MethodType(port.function, agent), args, keywords, timeout=seconds)  # type: ignore[no-any-return]

    def tell(self, args: tuple[Any, ...], keywords: dict[str, Any], seconds: float | None = None) -> None:
        """Send the message, and wait for no answer; for room in the mailbox `seconds` at most."""
        agent, port = self.agent, self.port
        port.check(agent, args, keywords)
        actor_of(agent).tell(MethodType(port.function, agent), args, keywords, timeout=seconds)


async def _known(value: Any) -> Any:
    return value


class Unbound:
    """A method taken from its type (`Clerk.check`): called with an agent of the type, as the type's own method."""

    __slots__ = ("_owner", "_port")

    def __init__(self, port: MethodPort, owner: Any) -> None:
        self._port = port
        self._owner = owner

    def __call__(self, /, *args: Any, **keywords: Any) -> Any:
        if not args or not isinstance(args[0], self._owner):
            given = f", not {kind_of(args[0])}" if args else ""
            message = f"`{self._owner.__name__}.{self._port.name}` takes an agent of that type first{given}"
            raise failure(TypeError, "E610", message)
        return self._port.__get__(args[0])(*args[1:], **keywords)

    def __repr__(self) -> str:
        return f"<method {self._port.name} of {self._owner.__name__}>"


class Send:
    """`b.send("method", …)`: a message nobody waits for the answer of; returns when the mailbox has it."""

    __slots__ = ("_agent",)

    def __init__(self, agent: Any) -> None:
        self._agent = agent

    def __call__(self, method: Any, /, *args: Any, **keywords: Any) -> None:
        ask = asked(method) if method.__class__ is Effect else None
        if ask is None or ask.agent is not self._agent:
            ask = Ask(self._agent, port_of(self._agent, method))
        ask.tell(args, keywords)

    def __repr__(self) -> str:
        return "<method send>"


class SendPort:
    """`send`, on the class of agents."""

    __slots__ = ()

    def __get__(self, agent: Any, owner: Any = None) -> Any:
        if agent is None:
            raise AttributeError("send")
        return Send(agent)


def asked(method: Any) -> Ask | None:
    """The agent and method an effect asks, None when it is the effect of something else."""
    start = method._start if method.__class__ is Effect else None
    return start if start.__class__ is Ask else None


def outward(method: Any) -> Any:
    """What others get when an agent hands out one of its own methods: what asks it. Anything else as it is."""
    cls = method.__class__
    if cls is MethodType:
        agent = method.__self__
        if getattr(type(agent), "_dana_guard", None) is None:
            return method
        port = find(type(agent), abi.mangle(abi.demangle(getattr(method.__func__, "__name__", "?"))))
        return port.asking(agent) if isinstance(port, MethodPort) and port.function is method.__func__ else method
    if cls is Tidied:
        return method._port.asking(method._agent)
    return method


def port_of(agent: Any, name: Any) -> MethodPort:
    """The method of that name; raises AttributeError with a suggestion."""
    if name.__class__ is str and abi.is_name(name):
        port = find(type(agent), abi.mangle(name))
        if isinstance(port, MethodPort):
            return port
    from dana.diagnostics import suggest

    methods = sorted(abi.demangle(n) for cls in type(agent).__mro__ for n, p in vars(cls).items() if _is_method(p))
    near = suggest(name, methods) if name.__class__ is str else None
    hint = f"did you mean `{near}`?" if near else "name one of its methods"
    said = f"`{name}`" if name.__class__ is str else short(name)
    raise failure(AttributeError, "E604", f"the agent `{agent._shape.name}` has no method {said}", hint)


def _is_method(port: Any) -> bool:
    return isinstance(port, MethodPort)


def find(cls: type, name: str) -> Any:
    """What a class has under a name, its own or inherited, as it stands there."""
    for each in cls.__mro__:
        found = each.__dict__.get(name)
        if found is not None:
            return found
    return None


def actor_of(agent: Any) -> Any:
    """The actor of an agent, made when it is first needed."""
    actor = agent._actor
    if actor is None:
        if agent._system.closed:
            raise not_running(agent._shape.name, "stopped", "its program has ended", "the message")
        actor = agent._system.actor(called(agent), rebuild=lambda: rebuild(agent))
        actor.bounds = agent._bounds
        object.__setattr__(agent, "_actor", actor)
    return actor


def called(agent: Any) -> str:
    """What tells an agent from others where it is talked about: its type and, if it was given one, its name."""
    kind: str = agent._shape.name
    port = find(type(agent), "name")
    try:
        given = port.member.__get__(agent) if port.__class__ is FieldPort else (agent._extra or {}).get("name")
    except AttributeError:  # its fields are not there yet
        return kind
    if given.__class__ is not str or given == kind:
        return kind
    shown = "".join(each for each in " ".join(given.split()) if each.isprintable())[:LONGEST_NAME]
    return f"{kind} {shown}" if shown else kind


def rebuild(agent: Any) -> None:
    """The fields as they were when the agent was made, then its own `init`; what a supervisor does to restart it."""
    args, keywords = agent._given or ((), {})
    args, keywords = crossing_all(args, keywords)
    type(agent).__init__(agent, *args, **keywords)
    begin_life(agent)


def begin_life(agent: Any) -> None:
    """Call the agent's `init`, if it has one; its actor must be the current one."""
    port = find(type(agent), "init")
    if isinstance(port, MethodPort):
        port.function(agent)


def first_life(agent: Any) -> None:
    """`init` of an agent that has just been made: its own code, although no message has come yet."""
    here = identity(agent._system.meter)
    outer, here.actor = here.actor, actor_of(agent)
    try:
        within(agent._bounds, begin_life, agent)
    finally:
        here.actor = outer


# --- arguments ----------------------------------------------------------------------------------

VARIADIC, KEYWORDS = 0x04, 0x08


def misfit(function: Callable[..., Any], args: tuple[Any, ...], keywords: dict[str, Any]) -> str:
    """What is wrong with the arguments of a method (besides the agent), or ""."""
    code = getattr(function, "__code__", None)
    if code is None:
        return ""
    flags, count = code.co_flags, code.co_argcount - 1
    defaults = function.__defaults__
    least = count - (0 if defaults is None else len(defaults))
    given = len(args)
    if not keywords and least <= given <= count and not code.co_kwonlyargcount:
        return ""
    if given > count and not flags & VARIADIC:
        return f"takes {_several(count)}, not {given}"
    names = [abi.demangle(n) for n in code.co_varnames[1 : count + 1 + code.co_kwonlyargcount]]
    spoken = {abi.demangle(n) for n in keywords}
    unknown = [name for name in spoken if name not in names[code.co_posonlyargcount and code.co_posonlyargcount - 1 :]]
    if unknown and not flags & KEYWORDS:
        from dana.diagnostics import suggest

        near = suggest(unknown[0], names)
        return f"has no parameter `{unknown[0]}`" + (f" (did you mean `{near}`?)" if near else "")
    twice = [name for name in names[: min(given, count)] if name in spoken]
    if twice:
        return f"gets its argument `{twice[0]}` twice"
    optional = function.__kwdefaults__ or {}
    later = [n for n in names[count:] if n not in optional]
    lacking = [n for n in [*names[given:least], *later] if n not in spoken]
    if lacking:
        return f"needs the argument{'s' if len(lacking) > 1 else ''} {', '.join(f'`{n}`' for n in lacking)}"
    return ""


def _several(count: int) -> str:
    return "no arguments" if count == 0 else f"{count} argument{'s' if count > 1 else ''}"
