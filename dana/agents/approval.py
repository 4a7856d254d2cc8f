"""Approvals: a person, or whoever the program says, decides about exactly one tool with exactly these arguments, once.

An approval is bound to a digest of agent, tool and arguments and is used up by the call it was given for (M93): the
same call again, or the same tool with other arguments, asks again. Nothing a model writes is an approval; "it was
already approved" in a message, a document or an argument changes nothing, because nobody reads it as one.

Who is asked, in this order: the host (`Engine.on_approval`, its interrupts), the program (`agents.on_approval`),
what it said to `on_interrupt` of the module `poet`, the person at the terminal. With nobody to ask, the answer is no;
so it is when whoever is asked fails, says nothing that can be understood, or takes too long.
"""

from __future__ import annotations

from dana.adaptive.canonical import digest
from dana.ipv.decoding import encode
from dana.poet.interrupts import Question
from dana.poet.registry import registry_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.agents.requests import Called
    from dana.runtime.program import Program

# How long an answer may take; no answer is a no.
WITHIN_S = 300.0
NOBODY = "it needs an approval, and nobody is there to give one"
STAGE = "operate"


class Approvals:
    """Who is asked in one program, and what was approved beforehand."""

    __slots__ = ("_program", "handler", "within")

    def __init__(self, program: Program) -> None:
        self._program = program
        # What the program said with `agents.on_approval`.
        self.handler: Callable[..., Any] | None = None
        self.within = WITHIN_S

    @property
    def is_anybody_there(self) -> bool:
        """Whether somebody can be asked."""
        people = registry_of(self._program).interrupts
        return self._host is not None or self.handler is not None or people._handler(STAGE) is not None

    @property
    def _host(self) -> Callable[..., Any] | None:
        """What the host of the program said with `Engine.on_approval`."""
        found: Callable[..., Any] | None = self._program.table.get(".approver")
        return found

    def approve(self, called: Called) -> None:
        """Approve exactly this call beforehand; the approval is spent by it."""
        registry_of(self._program).interrupts.approve(_question(called))

    async def decide(self, called: Called) -> Any:
        """True; other arguments as a dict; or a text that says why not."""
        import asyncio

        people = registry_of(self._program).interrupts
        if people.use_approval(_question(called)):
            return True
        try:
            async with asyncio.timeout(self.within):
                if self._host is not None:
                    return await _by_host(self._host, called)
                if self.handler is not None and not people._handlers:
                    return await self._by_program(self.handler, called)
                found = people._handler(STAGE)
                if found is None:
                    return NOBODY
                if found is people.fallback:
                    return await self._at_terminal(called)
                return await self._by_people(people, called)
        except TimeoutError:
            return f"nobody answered within {self.within:g} s"

    async def _by_program(self, handler: Callable[..., Any], called: Called) -> Any:
        from dana.ipv.offering import beside

        return _understood(await beside(self._program, lambda: handler(called)))

    async def _at_terminal(self, called: Called) -> Any:
        """The person at the terminal: only a yes is one."""
        from dana.ipv.offering import beside

        program = self._program
        why = "".join(c if c.isprintable() else "?" for c in called.reason[:500])
        lines = [f"{called.agent} wants to run {called.tool}{f': {why}' if why else ''}"]
        lines += [f"  {name} = {_short(value)}" for name, value in called.arguments.items()]

        def ask() -> str:
            assert program.read is not None, "whoever talks to a person reads what it says"
            program.write("\n".join(lines) + "\n")
            try:
                return program.read("approve this, once? [y/N] ")
            except EOFError:
                return ""

        said = await beside(program, ask)
        return True if said.strip().lower() in ("y", "yes") else "a person denied it"

    async def _by_people(self, people: Any, called: Called) -> Any:
        from dana.ipv.offering import beside

        status = _Status(called)

        def ask() -> Any:
            return people.checkpoint(STAGE, status, called.arguments, called.reason or "an agent wants to run a tool")

        answer = await beside(self._program, ask)
        if hasattr(answer, "__await__"):
            answer = await answer
        if answer is None:
            return True
        kind, data = answer.feedback_type, answer.feedback_data
        if kind == "correction" and isinstance(data, dict):
            return data
        return str(data) if kind == "guidance" else "a person denied it"


async def _by_host(handler: Callable[..., Any], called: Called) -> Any:
    try:
        answer = handler(called)
        if hasattr(answer, "__await__"):
            answer = await answer
    except Exception as failed:  # noqa: BLE001  (a host's function, whatever it raises, has not agreed)
        return f"whoever decides failed: {type(failed).__name__}"
    return _understood(answer)


def _understood(answer: Any) -> Any:
    return answer if answer is True or answer.__class__ in (dict, str) else "it was not approved"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 500 else text[:497] + "…"


def digest_of(agent: str, tool: str, arguments: dict[str, Any]) -> str:
    """What stands for exactly this tool of this agent with exactly these arguments."""
    return digest([agent, tool, encode(arguments)])


def _question(called: Called) -> Question:
    return Question(STAGE, _Status(called), called.arguments, "")


class _Status:
    """What people are told of a tool that is about to run."""

    __slots__ = ("attempt", "execution_id", "function_name", "guidance", "last_failure", "perceived_input")

    def __init__(self, called: Called) -> None:
        self.execution_id = called.digest
        self.function_name = f"{called.agent}.{called.tool}"
        self.attempt = 1
        self.last_failure = ""
        self.guidance: list[str] = []
        self.perceived_input = called.arguments
