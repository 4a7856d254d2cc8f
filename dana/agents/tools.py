"""Tools of an agent: what they are, and what happens between the model that asks for one and the world.

    arguments read and checked → checks (around_tool) → approval where it is dangerous → intent on record
      → the blueprint's layer → the tool → outcome on record → checks of the result → told to the model, as material

`agents.tool(f, dangerous=true, …)` says about a function what a program knows and a model must not decide. A tool that
is dangerous, changes something, or is named by `agents.approval(tools=[…])` runs only when exactly this call was
approved. What is refused is told to the model; nothing runs.
"""

from __future__ import annotations

import re

from dana.agents.approval import digest_of
from dana.agents.gate import AROUND_TOOL, WRONG
from dana.agents.requests import Called
from dana.ipv.decoding import encode
from dana.ipv.prompting import blocks, tag_for
from dana.ipv.tools import Offered, Refused, Toolbox, cut, read
from dana.runtime.exceptions import AgentFault
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Any

    from dana.agents.turns import Turn
    from dana.models.messages import ToolCall

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")
MOST_TAGS = 20


class Tool:
    """A function with what is known about it (M12). Called like the function itself.

    `dangerous` tools need an approval for each call; `category` and `tags` are for hooks and records.
    """

    __slots__ = ("_function", "category", "dangerous", "description", "name", "tags")

    def __init__(
        self,
        function: Any,
        name: str | None = None,
        description: str | None = None,
        *,
        dangerous: bool | None = None,
        category: str = "",
        tags: Sequence[str] = (),
    ) -> None:
        if not callable(function) or isinstance(function, type):
            raise failure(
                TypeError, WRONG, "`agents.tool` is given a function", "as in agents.tool(pay, dangerous=true)"
            )
        if name is not None and (not isinstance(name, str) or not _NAME.fullmatch(name)):
            raise failure(ValueError, WRONG, "a tool needs a name of letters, digits and _")
        for what, text in (("description", description), ("category", category)):
            if text is not None and not isinstance(text, str):
                raise failure(TypeError, WRONG, f"the {what} of a tool is a text")
        if dangerous is not None and dangerous.__class__ is not bool:
            raise failure(TypeError, WRONG, "`dangerous` of a tool is true or false")
        if isinstance(tags, str) or len(tags) > MOST_TAGS or not all(isinstance(tag, str) for tag in tags):
            raise failure(TypeError, WRONG, f"the tags of a tool are a list of at most {MOST_TAGS} texts")
        self._function = function
        self.name = name if name is not None else getattr(function, "__name__", None) or getattr(function, "_name", "")
        self.description = description
        self.dangerous = dangerous
        self.category = category
        self.tags = list(tags)

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self._function(*args, **keywords)

    def __repr__(self) -> str:
        return f"<tool {self.name}{' (dangerous)' if self.dangerous else ''}>"


def entries_of(tools: Sequence[Any]) -> list[Any]:
    """Entries of `tools` as `dana.ipv.offering` takes them."""
    from dana.agents.blueprint import Agent
    from dana.agents.ports import asked

    found: list[Any] = []
    for each in tools:
        if each.__class__ is Tool:
            entry = {"function": entries_of([each._function])[0]}
            about = (("name", each.name or None), ("description", each.description), ("effect", each.dangerous))
            found.append(entry | {name: value for name, value in about if value is not None})
        elif isinstance(each, Agent):
            found += _methods_of(each)
        elif asked(each) is not None:
            ask = asked(each)
            assert ask is not None
            found.append(_Asked(ask.agent, ask.port))
        else:
            found.append(each)
    return found


def _methods_of(agent: Any) -> list[_Asked]:
    """The methods an agent's own type has, each as a tool that asks it."""
    from dana.agents.gate import POINTS
    from dana.agents.ports import MethodPort, TurnPort, find

    cls = type(agent)
    names = sorted({name for base in cls.__mro__ if "_shape" in base.__dict__ for name in base.__dict__})
    found = []
    for name in names:
        port = find(cls, name)
        if isinstance(port, MethodPort) and not isinstance(port, TurnPort) and name not in (*POINTS, "init"):
            found.append(_Asked(agent, port))
    if not found:
        raise failure(TypeError, "E849", f"`{agent._shape.name}` has no methods that could be offered")
    return found


class _Asked:
    """A method of another agent: a model that asks for it sends that agent a message."""

    __slots__ = ("_agent", "_port")

    def __init__(self, agent: Any, port: Any) -> None:
        self._agent = agent
        self._port = port

    def _as_tools(self, types: Any) -> list[Offered]:
        from types import MethodType

        from dana.ipv.offering import _function, beside

        agent, port = self._agent, self._port
        program = agent._system.program
        made = _function(program, types, MethodType(port.function, agent), f"{agent._shape.name}_{port.name}")

        async def run(arguments: dict[str, Any]) -> Any:
            return await beside(program, lambda: port.asking(agent)(**arguments))

        made.run = run
        return [made]


class Hands(Toolbox):
    """The tools of one turn. `guarded`: names of tools that need an approval although they do not say so."""

    __slots__ = ("_about", "_guarded", "_turn")

    def __init__(
        self, offered: Sequence[Offered], turn: Turn, *, rounds: int, about: dict[str, Tool], guarded: frozenset[str]
    ) -> None:
        super().__init__(offered, confirm=None, rounds=rounds)
        self._turn = turn
        self._about = about
        self._guarded = guarded

    async def _one(self, call: ToolCall, data: dict[str, Any]) -> str:
        """One request: what the model is told. `data` is for the record."""
        turn = self._turn
        await turn.checkpoint()
        try:
            offered = self._found(call.name)
            called, approves = await self._allowed(offered, read(offered, call.arguments))
        except Refused as refused:
            data["outcome"] = "refused"
            turn.tell(
                "tool.end", {"tool": call.name[:100], "outcome": "refused"}, about_world=call.name in self._by_name
            )
            turn.tool_results.append({"tool": call.name[:100], "digest": "", "outcome": "refused"})
            return f"error: {refused}"
        data["digest"] = called.digest
        turn.tell(
            "tool.start", {"tool": called.tool, "digest": called.digest, "approved": approves}, about_world=approves
        )
        begun = turn.now()
        text, outcome = await self._ran(offered, called)
        data["outcome"] = outcome
        turn.done.append(f"{called.tool}({encode(called.arguments)[:200]}): {outcome}")
        end = {"tool": called.tool, "digest": called.digest, "outcome": outcome, "latency_ms": turn.since(begun)}
        turn.tell("tool.end", end, about_world=approves)
        turn.tool_results.append({"tool": called.tool, "digest": called.digest, "outcome": outcome})
        return text

    async def _allowed(self, offered: Offered, arguments: dict[str, Any]) -> tuple[Called, bool]:
        """The call that may be made, and whether somebody had to approve it. Raises `Refused`."""
        turn = self._turn
        called = self._called(offered, arguments)
        try:
            changed = await turn.let(AROUND_TOOL, called, phase="arguments", tool=offered.name)
        except AgentFault as refused:
            raise Refused(getattr(refused, "reason", "") or str(refused)) from None
        if changed is not called:
            called = self._called(offered, self._again(offered, arguments, changed))
        if not (offered.effect or offered.name in self._guarded):
            return called, False
        return await self._approved(offered, called), True

    async def _approved(self, offered: Offered, called: Called) -> Called:
        """The call exactly as it was approved. Raises `Refused`."""
        turn = self._turn
        # Whoever decides gets a copy: what runs is what the digest stands for.
        shown = self._called(offered, read(offered, encode(called.arguments)))
        data = {"tool": called.tool, "digest": called.digest}
        turn.tell("approval.asked", data, about_world=True)
        answer = await turn.state.approvals.decide(shown)
        if answer is True:
            turn.tell("approval.given", data, about_world=True)
            return called
        if isinstance(answer, dict):
            changed = self._called(offered, self._again(offered, called.arguments, answer))
            turn.tell("approval.given", {**data, "changed_to": changed.digest}, about_world=True)
            return changed
        turn.tell("approval.denied", data, about_world=True)
        turn.note(AROUND_TOOL, "approval", "rejected", str(answer), about_world=True)
        raise Refused(f"not approved: {answer}")

    async def _ran(self, offered: Offered, called: Called) -> tuple[str, str]:
        """What the model is told, and how it ended."""
        turn = self._turn
        try:
            value = await turn.layered(AROUND_TOOL, called, lambda given: self._run(offered, called, given))
        except Refused as refused:
            return f"error: {refused}", "refused"
        except Exception as fault:  # noqa: BLE001  (told to the model; what stops a program is no `Exception`)
            text, outcome = f"error: {_said(fault)}", type(fault).__name__
        else:
            text, outcome = value if value.__class__ is str else encode(value), "ok"
        try:
            text = await turn.let(AROUND_TOOL, text, phase="result", tool=offered.name)
        except AgentFault as refused:
            return f"error: the result was withheld: {getattr(refused, 'reason', '')}", "withheld"
        turn.gave(text)
        return material(offered.name, cut(text, self.longest)), outcome

    async def _run(self, offered: Offered, called: Called, given: Any) -> Any:
        """The tool itself; a layer may have changed arguments, which are then checked, and approved, anew."""
        arguments = given.arguments if given.__class__ is Called else given
        if arguments is not called.arguments or digest_of(self._turn.view.id, offered.name, arguments) != called.digest:
            called, _ = await self._allowed(offered, self._again(offered, called.arguments, arguments))
        return await self._turn.asked_world(f"tool:{offered.name}", lambda: offered.run(called.arguments))

    def _called(self, offered: Offered, arguments: dict[str, Any]) -> Called:
        about = self._about.get(offered.name)
        turn = self._turn
        return Called(
            turn.view.name, offered.name, arguments, digest_of(turn.view.id, offered.name, arguments),
            description=offered.description, dangerous=offered.effect,
            category="" if about is None else about.category, tags=() if about is None else about.tags,
        )  # fmt: skip

    def _again(self, offered: Offered, arguments: dict[str, Any], changes: Any) -> dict[str, Any]:
        """Arguments with changes, checked like those of the model. Raises `Refused`."""
        if changes.__class__ is Called:
            changes = changes.arguments
        if not isinstance(changes, dict):
            raise Refused("arguments are changed with a dict")
        return read(offered, encode({**arguments, **changes}))


def material(tool: str, text: str) -> str:
    """A result between marks that do not occur in it: nothing in it can end it."""
    named = [(tool, text)]
    return blocks(named, tag_for(named))


def _said(fault: BaseException) -> str:
    text = " ".join(str(fault).split())[:500]
    return f"{getattr(type(fault), '__name__', 'Error')}: {text}" if text else type(fault).__name__
