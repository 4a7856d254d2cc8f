"""Tools a model may ask for while it thinks about a question: what is offered, how a request for one is read, the gate.

    Offered      one tool: name, description, parameters with their types, what runs it, whether it has side effects
    Toolbox      the tools of one question, and who confirms
    Toolbox.run  one request: arguments read and checked → confirmed → run → text for the model

Only what is listed in `tools=[…]` is offered. Arguments are read like answers (`decoding`): what is no value of the
parameter's type is told to the model and nothing runs. A tool with side effects runs only when somebody confirmed
exactly this tool with exactly these arguments (`digest`). What a tool raises is told to the model; what stops the
program stops it. This module knows nothing of the language.
"""

from __future__ import annotations

from dana.adaptive.canonical import digest
from dana.ipv.decoding import DecodeError, decode, encode
from dana.models.messages import Message, Tool

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence
    from typing import Any, TypeAlias

    from dana.models.messages import ToolCall

    Run: TypeAlias = Callable[[dict[str, Any]], Awaitable[Any]]

# Of what a tool gives, this much is told to the model.
LONGEST_RESULT = 20_000
MOST_TOOLS = 64
# Requests in one reply that are carried out; the model is told about the others.
MOST_CALLS = 16
# How often a model may ask for tools before it has to answer.
ROUNDS, MOST_ROUNDS = 8, 50


class Parameter:
    """One parameter of a tool. `kind` is its type, None for any; `doc` what is said about it."""

    __slots__ = ("doc", "kind", "name", "required", "schema")

    def __init__(self, name: str, kind: Any = None, *, required: bool = True, doc: str = "") -> None:
        self.name = name
        self.kind = kind
        self.required = required
        self.doc = doc
        self.schema = _schema(name, kind, doc)


class Offered:
    """One tool. `run(arguments)` is awaited; `effect`: it changes something, and is confirmed first."""

    __slots__ = ("description", "effect", "name", "parameters", "run")

    def __init__(
        self, name: str, description: str, parameters: Sequence[Parameter], run: Run, *, effect: bool = False
    ) -> None:
        self.name = name
        self.description = description
        self.parameters = tuple(parameters)
        self.run = run
        self.effect = effect

    def to_tool(self) -> Tool:
        """As the model is told of it."""
        properties: dict[str, Any] = {}
        defs: dict[str, Any] = {}
        for parameter in self.parameters:
            schema = dict(parameter.schema)
            defs.update(schema.pop("$defs", {}))
            properties[parameter.name] = schema
        made: dict[str, Any] = {
            "type": "object", "properties": properties, "required": [p.name for p in self.parameters if p.required],
            "additionalProperties": False,
        }  # fmt: skip
        return Tool(self.name, self.description, {**made, "$defs": defs} if defs else made)


class Wanted:
    """What a confirmation is asked about: `tool`, `description`, `arguments`, `digest` (stands for exactly these)."""

    __slots__ = ("arguments", "description", "digest", "tool")

    def __init__(self, offered: Offered, arguments: dict[str, Any]) -> None:
        self.tool = offered.name
        self.description = offered.description
        self.arguments = arguments
        self.digest = digest_of(offered.name, arguments)

    def __repr__(self) -> str:
        return f"<{self.tool} {self.digest[:12]}>"


class Refused(Exception):
    """A request for a tool that is not carried out; the message is for the model."""


class Toolbox:
    """The tools of one question. `confirm(wanted)` is awaited before a tool with side effects runs: True runs it, a
    text refuses it and is told to the model, a dict has other arguments.
    """

    __slots__ = ("_by_name", "confirm", "longest", "offered", "rounds")

    def __init__(
        self, offered: Sequence[Offered], *, confirm: Callable[[Wanted], Awaitable[Any]] | None, rounds: int = ROUNDS
    ) -> None:
        self.offered = [each.to_tool() for each in offered]
        self.confirm = confirm
        self.rounds = rounds
        self.longest = LONGEST_RESULT
        self._by_name = {each.name: each for each in offered}

    async def answered(
        self, calls: Sequence[ToolCall], tell: Callable[[dict[str, Any]], object] | None
    ) -> list[Message]:
        """What the model is told for its requests, in their order; `tell` hears of each what belongs on record."""
        said = []
        for number, call in enumerate(calls):
            data: dict[str, Any] = {"tool": call.name[:100]}
            text = "error: too many requests at once" if number >= MOST_CALLS else await self._one(call, data)
            if tell is not None:
                tell(data)
            said.append(Message("tool", cut(text, self.longest), tool_call_id=call.id))
        return said

    async def _one(self, call: ToolCall, data: dict[str, Any]) -> str:
        try:
            offered = self._found(call.name)
            arguments = read(offered, call.arguments)
            data["digest"] = digest_of(offered.name, arguments)
            if offered.effect:
                arguments = await self._confirmed(offered, arguments, data)
        except Refused as refused:
            data["outcome"] = "refused"
            return f"error: {refused}"
        try:
            value = await offered.run(arguments)
        except Exception as fault:  # noqa: BLE001  (told to the model; what stops a program is no `Exception`)
            data["outcome"] = type(fault).__name__
            return f"error: {_said(fault)}"
        data["outcome"] = "ok"
        return value if value.__class__ is str else encode(value)

    def _found(self, name: str) -> Offered:
        found = self._by_name.get(name)
        if found is None:
            raise Refused(f"there is no tool `{name[:100]}`; there are {', '.join(self._by_name)}")
        return found

    async def _confirmed(self, offered: Offered, arguments: dict[str, Any], data: dict[str, Any]) -> dict[str, Any]:
        """The arguments somebody has agreed to. Raises `Refused`."""
        if self.confirm is None:
            return arguments
        # Whoever confirms gets a copy: what runs is what the digest stands for.
        shown, _ = _copied(offered, arguments)
        answer = await self.confirm(Wanted(offered, shown))
        if answer is True:
            data["confirmed"] = True
            return arguments
        if isinstance(answer, dict):
            changed = read(offered, encode({**arguments, **answer}))
            data["digest"], data["confirmed"] = digest_of(offered.name, changed), True
            return changed
        data["confirmed"] = False
        raise Refused(answer if isinstance(answer, str) and answer else "this was not confirmed")


def read(offered: Offered, text: str) -> dict[str, Any]:
    """The arguments a model wrote, as values of the parameters' types. Raises `Refused`, which says what is wrong."""
    from dana.runtime.typevalues import DICT

    try:
        said = decode(text if text.strip() else "{}", DICT).value
    except DecodeError as wrong:
        why = "; ".join(str(each.message) for each in wrong.problems[:3])
        raise Refused(f"the arguments are no JSON object: {why}") from None
    known = {parameter.name: parameter for parameter in offered.parameters}
    problems = [f"there is no parameter `{str(name)[:60]}`" for name in said if name not in known]
    found: dict[str, Any] = {}
    for name, parameter in known.items():
        if name not in said:
            if parameter.required:
                problems.append(f"`{name}` is missing")
            continue
        try:
            found[name] = _value(said[name], parameter.kind)
        except DecodeError as wrong:
            problems += [f"`{name}{str(each.path)[4:]}`: {each.message}" for each in wrong.problems[:3]]
    if problems:
        raise Refused("; ".join(problems[:8]))
    return found


def _value(said: Any, kind: Any) -> Any:
    """What was said as a value of a type; inside of something, where a text is one in quotes."""
    if kind is None:
        return said
    from dana.runtime.typevalues import STR, DictType

    return decode(encode({"it": said}), DictType(STR, kind)).value["it"]


def _copied(offered: Offered, arguments: dict[str, Any]) -> tuple[dict[str, Any], bool]:
    try:
        return read(offered, encode(arguments)), True
    except Refused:
        return dict(arguments), False


def digest_of(name: str, arguments: dict[str, Any]) -> str:
    """What stands for exactly this tool with exactly these arguments."""
    return digest([name, encode(arguments)])


def cut(text: str, longest: int) -> str:
    """A result that fits."""
    return text if len(text) <= longest else f"{text[:longest]}\n[… {len(text) - longest} characters left out …]"


def _said(fault: BaseException) -> str:
    text = " ".join(str(fault).split())[:500]
    return f"{getattr(type(fault), '__name__', 'Error')}: {text}" if text else type(fault).__name__


def _schema(name: str, kind: Any, doc: str) -> dict[str, Any]:
    """The JSON schema of a parameter; definitions are named after it, so that those of several get along."""
    if kind is None:
        return {"description": doc} if doc else {}
    from json import dumps, loads

    from dana.ipv.schema import schema_of

    made = schema_of(kind)
    defs = made.get("$defs")
    if defs:
        text = dumps({each: value for each, value in made.items() if each != "$defs"})
        inner = dumps(defs).replace('"#/$defs/', f'"#/$defs/{name}.')
        made = loads(text.replace('"#/$defs/', f'"#/$defs/{name}.'))
        made["$defs"] = {f"{name}.{each}": value for each, value in loads(inner).items()}
    return {**made, "description": doc} if doc else made
