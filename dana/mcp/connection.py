"""One conversation with a server of tools, on one event loop. The one importer of the SDK.

The SDK's client must be entered and left by the same task, so a task of its own (`_own`) holds it open; whoever calls a
tool does so from the task of the call, which a deadline may cancel.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from dana.mcp.server import Described, Failed, Lost

try:
    import anyio
    import httpx2
    import mcp
    from mcp.client.stdio import StdioServerParameters, stdio_client
    from mcp.client.streamable_http import streamable_http_client
    from mcp_types import CONNECTION_CLOSED, Implementation
except ImportError as missing:
    raise Failed("tools over MCP need the package `mcp`", "install it: `pip install dana[mcp]`") from missing

from dana import abi
from dana.mcp import judging

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping, Sequence

MOST_TOOLS = 500
MOST_PAGES = 50
# Of what a tool gives, in bytes of text.
MOST_BYTES = 10_000_000
END_S = 5.0
# From here on a connection that lay idle is asked whether anybody is there.
CHECK_AFTER_S = 1.0
# What a server answers that knows the conversation no more, because it was started anew.
NO_SESSION = 404


class Connection:
    """Opened by `open`, closed by `close`, both on the loop it lives on."""

    def __init__(self) -> None:
        self.loop = asyncio.get_running_loop()
        self.task: asyncio.Task[None] | None = None
        self._client: Any = None
        self._lost = False
        self._used = self.loop.time()
        self._closing = asyncio.Event()

    async def open(self, transport: Any, what: str, seconds: float) -> list[Described]:
        """The tools of the server. Raises `Failed`."""
        ready: asyncio.Future[list[Described]] = self.loop.create_future()
        ready.add_done_callback(_looked_at)
        self.task = self.loop.create_task(self._own(transport, seconds, ready))
        try:
            return await asyncio.wait_for(asyncio.shield(ready), seconds)
        except TimeoutError:
            self.task.cancel()
            await self.close()
            raise Failed(f"{what} does not answer within {seconds:g} s") from None
        except asyncio.CancelledError:
            self.task.cancel()
            raise
        except Exception as error:
            await self.close()
            raise refused(error, what) from error

    async def _own(self, transport: Any, seconds: float, ready: asyncio.Future[list[Described]]) -> None:
        try:
            about = Implementation(name="dana", version=abi.VERSION)
            async with mcp.Client(transport, client_info=about, read_timeout_seconds=seconds, cache=None) as client:
                found = await _listed(client)
                self._client = client
                if not ready.done():
                    ready.set_result(found)
                await self._closing.wait()
        except BaseException as error:
            if not ready.done():
                ready.set_exception(_innermost(error))
                if isinstance(error, asyncio.CancelledError):
                    raise
            elif isinstance(error, asyncio.CancelledError):
                raise
        finally:
            self._client = None

    async def lives(self, seconds: float) -> bool:
        """Whether somebody is at the other end, as far as one can know without asking for anything."""
        if self._client is None or self._lost:
            return False
        if self.loop.time() - self._used < CHECK_AFTER_S:
            return True
        try:
            await asyncio.wait_for(self._client.list_tools(), min(seconds, END_S))
        except TimeoutError:
            return False
        except Exception as error:  # noqa: BLE001  (whatever it answers, it is there)
            return not _is_lost(_innermost(error))
        return True

    async def call(self, name: str, arguments: dict[str, Any], seconds: float, what: str) -> Any:
        """What a tool gives: plain data. Raises `Failed` for what the tool, the server or the way to it says no to."""
        client = self._client
        if client is None:
            raise Lost(f"the connection to {what} is closed")
        self._used = self.loop.time()
        try:
            answer = await asyncio.wait_for(client.call_tool(name, arguments, read_timeout_seconds=seconds), seconds)
        except TimeoutError:
            raise Failed(f"`{name}` does not answer within {seconds:g} s") from None
        except Exception as error:
            inner = _innermost(error)
            if _is_lost(inner):
                self._lost = True
                hint = "the next call starts it, or connects to it, again; look first whether this one was done"
                raise Lost(f"{what} has ended while `{name}` was asked of it", hint) from error
            if isinstance(inner, httpx2.TransportError):
                raise Lost(str(refused(inner, what))) from error
            raise refused(error, what) from error
        self._used = self.loop.time()
        value = value_of(answer)
        if answer.is_error:
            raise Failed(f"`{name}`: {value if isinstance(value, str) else 'failed'}"[:2000])
        return value

    def closing(self) -> asyncio.Task[None] | None:
        """Begin to close; returns the task that has then ended."""
        self._closing.set()
        return self.task

    async def close(self) -> None:
        """Close, or cut off what does not close in time."""
        task = self.closing()
        if task is None or task.done():
            return
        ended, _ = await asyncio.wait({task}, timeout=END_S)
        if not ended:
            task.cancel()
            await asyncio.wait({task}, timeout=END_S)


@asynccontextmanager
async def over_http(program: Any, url: str, headers: Mapping[str, str], seconds: float) -> AsyncIterator[Any]:
    """The way to a server that listens."""
    async with (
        judging.client(program, headers, seconds) as client,
        streamable_http_client(url, http_client=client, max_sse_event_size=MOST_BYTES) as streams,
    ):
        yield streams


@asynccontextmanager
async def over_pipes(words: Sequence[str], environment: dict[str, str]) -> AsyncIterator[Any]:
    """The way to a program that is started, and ends with the connection. What it says on stderr is dropped."""
    given = StdioServerParameters(command=words[0], args=list(words[1:]), env=environment)
    with open(os.devnull, "w", encoding="utf-8") as quiet:  # noqa: ASYNC230  (does not block)
        async with stdio_client(given, errlog=quiet) as streams:
            yield streams


async def _listed(client: Any) -> list[Described]:
    found: list[Described] = []
    cursor: str | None = None
    for _ in range(MOST_PAGES):
        page = await client.list_tools(cursor=cursor)
        for each in page.tools:
            found.append(Described(each.name, each.description or "", each.input_schema, each.output_schema))
        cursor = page.next_cursor
        if not cursor or len(found) >= MOST_TOOLS:
            break
    return found[:MOST_TOOLS]


def value_of(answer: Any) -> Any:
    """The plain data of an answer: what is structured, else its text, else its parts."""
    structured = answer.structured_content
    if structured is not None and not answer.is_error:
        # Servers put what is no object into one with the single name `result`.
        return structured["result"] if isinstance(structured, dict) and list(structured) == ["result"] else structured
    parts = [_part(each) for each in answer.content]
    if all(isinstance(each, str) for each in parts):
        text = "\n".join(parts)
        if len(text) > MOST_BYTES:
            raise Failed(f"an answer of more than {MOST_BYTES:,} characters is not taken")
        return text
    return parts


def _part(content: Any) -> Any:
    if content.type == "text":
        return content.text
    data = content.model_dump(mode="json", by_alias=True, exclude_none=True)
    for name in ("data", "blob"):
        if isinstance(data.get(name), bytes):
            data[name] = base64.b64encode(data[name]).decode("ascii")
    return data


def _looked_at(future: asyncio.Future[Any]) -> None:
    """What failed after nobody waited for it any more is nobody's concern: asyncio is not to write about it."""
    if not future.cancelled():
        future.exception()


def refused(error: BaseException, what: str) -> Exception:
    """What is said about a failure; a denial stays what it is."""
    inner = _innermost(error)
    from dana.runtime.exceptions import DeniedFault

    if isinstance(inner, DeniedFault | Failed):
        return inner
    if isinstance(inner, httpx2.HTTPStatusError):
        return Failed(f"{what} answers with status {inner.response.status_code}")
    if isinstance(inner, httpx2.TransportError):
        return Failed(f"{what} cannot be reached: {str(inner)[:200] or type(inner).__name__}")
    if isinstance(inner, mcp.MCPError):
        return Failed(f"{what}: {str(inner)[:500]}")
    if isinstance(inner, FileNotFoundError | PermissionError):
        return Failed(f"{what} cannot be started: {inner.strerror or type(inner).__name__}")
    return Failed(f"{what} speaks no MCP that is understood ({type(inner).__name__})")


def _is_lost(inner: BaseException) -> bool:
    """Whether a failure says that nobody is there who knows this conversation."""
    if isinstance(inner, mcp.MCPError):
        return inner.error.code == CONNECTION_CLOSED or "session" in str(inner).lower()
    if isinstance(inner, httpx2.HTTPStatusError):
        return bool(inner.response.status_code == NO_SESSION)
    return isinstance(inner, anyio.ClosedResourceError | anyio.BrokenResourceError | anyio.EndOfStream)


def _innermost(error: BaseException) -> BaseException:
    """The first cause inside groups of exceptions."""
    while isinstance(error, BaseExceptionGroup) and error.exceptions:
        error = error.exceptions[0]
    return error


# What the SDK logs about strangers' mistakes is said in errors instead.
logging.getLogger("mcp").addHandler(logging.NullHandler())
logging.getLogger("mcp").propagate = False
