"""`ToolServer`: what a program holds for a server of tools. A tool is an `Effect` with the name the server gives it."""

from __future__ import annotations

import asyncio
import re

from dana.adaptive.breaker import Breaker
from dana.diagnostics import suggest
from dana.runtime.effects import Effect
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from typing import Any

    from dana.ipv.tools import Offered
    from dana.mcp.connection import Connection

    Connect = Callable[[], Awaitable[tuple[Connection, list["Described"]]]]

LONGEST_DESCRIPTION = 1_000
RUNNING, STOPPED = "running", "stopped"
# So many failures of a connection in a row, and calls are refused for a while: at first, and at most.
FAILURES = 2
AGAIN_S, AGAIN_MOST_S = 0.5, 60.0
_NOT_A_NAME = re.compile(r"\W")


class Failed(Exception):
    """What went wrong between a program and a server; becomes a RuntimeError of the program (E881)."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Lost(Failed):
    """There is nobody at the other end any more."""


class Described:
    """A tool as its server describes it."""

    __slots__ = ("description", "gives", "name", "takes")

    def __init__(self, name: str, description: str, takes: dict[str, Any], gives: dict[str, Any] | None) -> None:
        self.name = str(name)[:128]
        self.description = " ".join(str(description).split())[:LONGEST_DESCRIPTION]
        self.takes = takes if isinstance(takes, dict) else {}
        self.gives = gives


class ToolServer:
    """Tools of another program. `server.search(query="door")` calls one, `server.tools()` lists them.

    A name that is none in Dana is reached with `_` for what does not fit, or through `call("get-weather", {…})`. The
    connection is opened where it is made, closed by `stop()`, `with` and the end of the program, and opened again for
    another event loop.

    A server that has ended is started again, or connected to again, by the next call. What was under way when it ended
    is not repeated: nobody knows whether it was done. After two failures in a row calls are refused for a while, at
    first for half a second, then twice as long each time, up to a minute.
    """

    __slots__ = (
        "_breaker",
        "_connections",
        "_described",
        "_ending",
        "_locks",
        "_open",
        "_program",
        "_state",
        "_timeout",
        "_what",
    )

    def __init__(self, program: Any, what: str, connect: Connect, timeout: float) -> None:
        self._program = program
        self._what = what
        self._open = connect
        self._timeout = timeout
        self._connections: dict[Any, Connection] = {}
        # One for each loop: who finds no connection opens one, the others wait for it.
        self._locks: dict[Any, asyncio.Lock] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._breaker = Breaker(
            failure_rate=1.0, least=FAILURES, window=FAILURES, open_s=AGAIN_S, open_max_s=AGAIN_MOST_S
        )
        self._described: dict[str, Described] = {}
        self._state = STOPPED

    # --- what a program sees ------------------------------------------------------------------------

    @property
    def state(self) -> str:
        """`"running"` or `"stopped"`."""
        return self._state

    def start(self) -> Any:
        """Open the connection; nothing happens when it is open."""
        if self._state == RUNNING:
            return None
        self._described = {each.name: each for each in Effect(self._program, "use", self._begin, taped=True)()}
        self._state = RUNNING
        self._program.running.append(self)
        return None

    def stop(self) -> None:
        """Close the connection; nothing happens when it is closed."""
        if self._state == STOPPED:
            return
        self._state = STOPPED
        running = self._program.running
        running[:] = [each for each in running if each is not self]
        connections, self._connections = self._connections, {}
        waiting = self._program.waiting
        for connection in connections.values():
            if connection.loop.is_closed():
                continue
            task = connection.closing()
            if task is None or waiting is None or not _is_ours(waiting, connection.loop):
                continue
            waiting.wait_for_end(task)

    def tools(self) -> list[dict[str, Any]]:
        """What there is: name, description and parameters of each tool, as the server says."""
        return [
            {"name": each.name, "description": each.description, "parameters": _plain(each.takes)}
            for each in self._described.values()
        ]

    def call(self, name: str, arguments: Any = None) -> Any:
        """Call a tool by the name the server gives it."""
        return self._tool(name)(**_named(name, {} if arguments is None else arguments))

    def __enter__(self) -> ToolServer:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def __getattr__(self, name: str) -> Any:
        if name[0] == "_":
            raise AttributeError(name)
        return self._tool(name)

    def __repr__(self) -> str:
        return f"ToolServer[{self._what}]"

    # --- tools --------------------------------------------------------------------------------------

    def _tool(self, name: Any) -> ToolEffect:
        found = self._described.get(name) if isinstance(name, str) else None
        if found is None:
            found = next((each for each in self._described.values() if _NOT_A_NAME.sub("_", each.name) == name), None)
        if found is None:
            if self._state == STOPPED:
                raise failure(RuntimeError, "E881", f"the connection to {self._what} is closed")
            near = suggest(name, list(self._described)) if isinstance(name, str) else None
            hint = f"did you mean `{near}`?" if near else "it has " + (", ".join(list(self._described)[:12]) or "none")
            raise failure(AttributeError, "E883", f"{self._what} has no tool `{str(name)[:60]}`", hint)
        return ToolEffect(self, found)

    async def _begin(self) -> list[Described]:
        connection, described = await self._opened()
        self._connections[connection.loop] = connection
        return described

    async def _opened(self) -> tuple[Connection, list[Described]]:
        try:
            return await self._open()
        except Failed as problem:
            raise _fault(problem) from None

    async def _run(self, described: Described, arguments: dict[str, Any]) -> Any:
        """The answer of a tool, over the connection of the loop that runs."""
        if self._state == STOPPED:
            raise failure(RuntimeError, "E881", f"the connection to {self._what} is closed")
        breaker, begun = self._breaker, self._now()
        ticket = breaker.admit(begun)
        if not ticket:
            left = max(0.0, breaker.retry_after(begun))
            message = f"{self._what} is down: it has ended, or could not be reached, {FAILURES} times in a row"
            raise failure(RuntimeError, "E881", message, f"it is tried again in {left:.1f} s")
        told = False
        try:
            connection = await self._connected()
            value = await connection.call(described.name, arguments, self._timeout, self._what)
            told = True
            breaker.success(ticket, 0.0, self._now())
        except Failed as problem:
            told = True
            if isinstance(problem, Lost):
                breaker.failure(ticket, 0.0, self._now())
            else:
                breaker.success(ticket, 0.0, self._now())
            raise _fault(problem) from None
        finally:
            if not told:
                breaker.cancelled(ticket)
        return value

    async def _connected(self) -> Connection:
        """The connection of the loop that runs, opened where there is none, or none that lives. Raises `Failed`."""
        loop = asyncio.get_running_loop()
        for closed in [each for each in self._locks if each.is_closed()]:
            del self._locks[closed]
        async with self._locks.setdefault(loop, asyncio.Lock()):
            connection = self._connections.get(loop)
            if connection is not None:
                if await connection.lives(self._timeout):
                    return connection
                self._drop(connection)
            try:
                connection, described = await self._open()
            except Lost:
                raise
            except Failed as problem:
                raise Lost(str(problem), problem.hint) from None
            self._described = {each.name: each for each in described}
            self._connections[loop] = connection
            return connection

    def _drop(self, connection: Connection) -> None:
        """A connection with nobody at its other end: what is left of it ends by itself."""
        del self._connections[connection.loop]
        task = connection.closing()
        if task is not None and not task.done():
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    def _now(self) -> float:
        return float(self._program.clock.monotonic())

    def _as_tools(self, _types: object) -> list[Offered]:
        """All tools, as they are offered to a model."""
        return [offered for each in self._described.values() for offered in ToolEffect(self, each)._as_tools(None)]


class ToolEffect(Effect):
    """One tool, called like a function: by name, or in the order of its parameters."""

    __slots__ = ("_described", "_server")

    def __init__(self, server: ToolServer, described: Described) -> None:
        self._server = server
        self._described = described
        name = _NOT_A_NAME.sub("_", described.name)
        super().__init__(server._program, f"mcp.{name}", self._call, writes=True, doc=described.description)

    def _call(self, *args: Any, **keywords: Any) -> Awaitable[Any]:
        from dana.mcp.arguments import problems

        described = self._described
        properties = described.takes.get("properties")
        names = [*map(str, properties)] if isinstance(properties, dict) else []
        if len(args) > len(names):
            said = f"`{described.name}` takes {len(names)} arguments and was given {len(args)}"
            raise failure(TypeError, "E884", said, f"it takes {', '.join(names)}" if names else "")
        given = dict(zip(names, args, strict=False))
        for name, value in keywords.items():
            if name not in names and described.takes.get("additionalProperties") is not True:
                near = suggest(name, names)
                hint = (
                    f"did you mean `{near}`?" if near else f"it takes {', '.join(names)}" if names else "it takes none"
                )
                raise failure(TypeError, "E884", f"`{described.name}` has no parameter `{name}`", hint)
            if name in given:
                raise failure(TypeError, "E884", f"`{described.name}` was given `{name}` twice")
            given[name] = value
        plain = _named(described.name, given)
        wrong = problems(described.takes, plain)
        if wrong:
            raise failure(ValueError, "E884", f"`{described.name}` does not take this: {wrong}")
        return self._server._run(described, plain)

    def _as_tools(self, _types: object) -> list[Offered]:
        """As it is offered to a model: with side effects, as far as anybody can know."""
        from dana.ipv.tools import Offered
        from dana.mcp.arguments import parameters_of, problems

        described, server = self._described, self._server

        async def run(arguments: dict[str, Any]) -> Any:
            wrong = problems(described.takes, arguments)
            if wrong:
                raise ValueError(wrong)
            return await server._run(described, arguments)

        name = _NOT_A_NAME.sub("_", described.name)[:64]
        return [Offered(name, described.description, parameters_of(described.takes), run, effect=True)]


def _named(name: str, arguments: Any) -> dict[str, Any]:
    """Arguments as plain data. Raises a TypeError (E884)."""
    import json

    from dana.runtime.natives.json import encode

    if not isinstance(arguments, dict) or not all(isinstance(key, str) for key in arguments):
        raise failure(TypeError, "E884", f"the arguments of `{name}` are a dict with names")
    try:
        found: dict[str, Any] = json.loads(encode(arguments))
    except (TypeError, ValueError, RecursionError):
        raise failure(TypeError, "E884", f"an argument of `{name}` cannot be written as JSON") from None
    return found


def _plain(schema: dict[str, Any]) -> Any:
    import json

    return json.loads(json.dumps(schema))


def _fault(problem: Failed) -> Exception:
    return failure(RuntimeError, "E881", str(problem), problem.hint)


def _is_ours(waiting: Any, loop: Any) -> bool:
    """Whether this code can wait for something on that loop."""
    from dana.runtime.effects.bridge import current
    from dana.runtime.effects.waiting import is_loop_running

    worker = current()
    if worker is not None:
        return worker.loop is loop
    return not is_loop_running() and loop in waiting._loops.values()
