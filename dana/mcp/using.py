"""`use` and `get_resource` (L26): a resource outside the program, by its kind.

use "mcp:http://127.0.0.1:9000/mcp" as desk
desk = use("mcp", "stdio:python desk_server.py", timeout=10)
"""

from __future__ import annotations

from dana.diagnostics import suggest
from dana.runtime.outside import elsewhere
from dana.runtime.outside.requests import number_in
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.mcp.server import ToolServer

KINDS = ("mcp",)
OPTIONS = ("headers", "timeout")
EXAMPLE = 'as in "mcp:http://127.0.0.1:9000/mcp" or "mcp:stdio:python server.py"'
TIMEOUT_S = 30.0
PIPES = "stdio:"


def using(program: Any) -> Callable[..., Any]:
    """The `use` of one program."""

    def use(kind: Any, where: Any = None, /, **options: Any) -> Any:
        """A resource outside the program: `use("mcp:http://…")`. It is started here and stopped with the program."""
        server = made(program, *_read(kind, where), options)
        server.start()
        return server

    return use


def _read(kind: Any, where: Any) -> tuple[str, str]:
    """Kind and place, from one text or two."""
    if not isinstance(kind, str) or not (where is None or isinstance(where, str)):
        raise failure(TypeError, "E880", '`use` takes a text, as in `use "mcp:http://127.0.0.1:9000/mcp" as desk`')
    if where is None:
        kind, mark, where = kind.partition(":")
        if not mark:
            where = ""
    if kind not in KINDS:
        near = suggest(kind, KINDS)
        hint = f"did you mean `{near}`?" if near else "there is `mcp`: tools of a server of the Model Context Protocol"
        raise failure(ValueError, "E880", f"`use` knows no `{kind[:40]}`", hint)
    if not where:
        raise failure(
            ValueError,
            "E880",
            f"`{kind}` of where?",
            'as in "mcp:http://127.0.0.1:9000/mcp" or "mcp:stdio:python server.py"',
        )
    return kind, where


def made(program: Any, _kind: str, where: str, options: dict[str, Any]) -> ToolServer:
    """A server that is not started yet. Raises what is wrong with the words, and `Denied`."""
    for name in options:
        if name not in OPTIONS:
            near = suggest(name, OPTIONS)
            hint = f"did you mean `{near}`?" if near else "there are " + ", ".join(OPTIONS)
            raise failure(TypeError, "E880", f"`use` has no option `{name}`", hint)
    if elsewhere.host is not None:
        hint = "let the host connect and hand a function in, or run the program in this process"
        raise failure(RuntimeError, "E881", "a program in a process of its own cannot use a server of tools", hint)
    timeout = number_in("timeout", options.get("timeout", TIMEOUT_S), 0.001, 3600)
    if where.startswith(PIPES):
        return _over_pipes(program, where[len(PIPES) :], options, timeout)
    return _over_http(program, where, options, timeout)


def _over_http(program: Any, where: str, options: dict[str, Any], timeout: float) -> ToolServer:
    from dana.mcp.server import ToolServer
    from dana.runtime.outside.requests import headers_of, shown_url, url_of

    url = url_of(where)
    headers = headers_of(options.get("headers"))
    program.policy.require("net", f"{url.host}:{url.port or (443 if url.scheme == 'https' else 80)}")

    async def connect() -> Any:
        from dana.mcp.connection import Connection, over_http

        connection = Connection()
        return connection, await connection.open(over_http(program, str(url), headers, timeout), shown, timeout)

    shown = f"mcp:{shown_url(url)}"
    return ToolServer(program, shown, connect, timeout)


def _over_pipes(program: Any, command: str, options: dict[str, Any], timeout: float) -> ToolServer:
    import shlex

    from dana.mcp.server import ToolServer
    from dana.runtime.natives.process import environment

    if "headers" in options:
        raise failure(TypeError, "E880", "`headers` are about a server that is reached over HTTP")
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    if not words or "\0" in command:
        raise failure(ValueError, "E880", f"no program to start: {command[:80]!r}", EXAMPLE)
    program.policy.require("run", words[0])

    async def connect() -> Any:
        from dana.mcp.connection import Connection, over_pipes

        connection = Connection()
        return connection, await connection.open(over_pipes(words, environment(program)), shown, timeout)

    shown = f"mcp:stdio:{words[0]}"
    return ToolServer(program, shown, connect, timeout)
