"""Requests of a connection go where the program may reach, and to the very addresses that were judged."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx2

from dana.runtime.outside import addresses

if TYPE_CHECKING:
    from collections.abc import Mapping

PORTS = {"http": 80, "https": 443}
CONNECT_S = 10.0


class Judged(httpx2.AsyncBaseTransport):
    """Connects to addresses that were judged, whatever the name stands for a moment later; see `addresses`."""

    def __init__(self, program: Any) -> None:
        self._program = program
        self._inner = httpx2.AsyncHTTPTransport(trust_env=False)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        url = request.url
        port = url.port or PORTS[url.scheme]
        self._program.policy.require("net", f"{url.host}:{port}")
        try:
            found = await addresses.resolve(asyncio.get_running_loop(), url.host.strip("[]"), port)
        except (OSError, UnicodeError):
            msg = f"there is no host `{url.host}`"
            raise httpx2.ConnectError(msg) from None
        for address in found:
            addresses.judge(self._program, url.host, port, address)
        if not found:
            msg = f"`{url.host}` has no address"
            raise httpx2.ConnectError(msg)
        pinned = httpx2.Request(
            request.method, url.copy_with(host=found[0]), headers=request.headers, stream=request.stream,
            extensions={**request.extensions, "sni_hostname": url.host},
        )  # fmt: skip
        return await self._inner.handle_async_request(pinned)

    async def aclose(self) -> None:
        await self._inner.aclose()


def client(program: Any, headers: Mapping[str, str], timeout: float) -> httpx2.AsyncClient:
    """A client that follows no redirects and takes nothing from the environment. A reply may take `timeout` seconds."""
    limits = httpx2.Timeout(timeout, connect=min(CONNECT_S, timeout))
    return httpx2.AsyncClient(
        transport=Judged(program), headers=dict(headers), timeout=limits, follow_redirects=False, trust_env=False
    )
