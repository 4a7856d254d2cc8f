"""What all who talk to endpoints share: sockets, and for each endpoint its breaker, its rate limit, what it takes.

Sockets belong to an event loop. A program that waits has a loop of its own, a service has another, and a model is used
from both: so there is one pool per loop, made at first use. A task of that loop looks after it. It closes the pool when
nothing is under way for a while, and when the loop ends, which cancels it; so nobody has to remember to.

Proxies, cookies and credentials from the environment are not used, redirects are not followed, certificates are always
verified. Bodies are asked for unpacked: their size is then what is counted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from weakref import WeakKeyDictionary

from dana.adaptive.breaker import Breaker
from dana.adaptive.budget import RetryBudget
from dana.adaptive.limits import TokenBucket
from dana.models.errors import ConnectionLost, ModelError, ModelMissing, ModelTimeout, ServerFault
from dana.models.protocol import Dialect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from random import Random
    from typing import Any

    import httpx

    from dana.models.client import Bounded
    from dana.models.endpoints import Endpoint

# Requests under way at once, in one loop; others wait for their turn, which is no part of an attempt.
CONNECTIONS = 100
KEPT_S = 5.0
CONNECT_S = 10.0
# So many times in a minute, at least, an endpoint must have been asked before the breaker judges it.
LEAST = 20
FAILURE_RATE = 0.7
OPEN_S = 5.0
OPEN_MAX_S = 60.0
# Latencies that are remembered, and how many it takes to go by them.
REMEMBERED = 200
KNOWN = 20
# With fewer requests than this under way, every failure counts.
FEW = 10


class Shared:
    """What is known of one endpoint, whoever asks it."""

    __slots__ = ("_row", "_under_way", "breaker", "budget", "dialects", "requests", "tokens", "took", "unpaced")

    def __init__(self, endpoint: Endpoint, now: float) -> None:
        settings = endpoint.settings
        self.breaker = Breaker(
            failure_rate=FAILURE_RATE, least=LEAST, window=50, window_s=60.0, open_s=OPEN_S, open_max_s=OPEN_MAX_S
        )
        # As many retries as calls in the long run: with a third of all attempts failing, half as many are needed, and
        # hundreds of calls may have begun together. An endpoint that is down is left alone by the breaker much earlier.
        self.budget = RetryBudget(share=1.0, burst=500.0)
        self.requests = bucket(settings.requests_per_minute, now)
        self.tokens = bucket(settings.tokens_per_minute, now)
        self.dialects: dict[str, Dialect] = {}
        self.took: deque[float] = deque(maxlen=REMEMBERED)
        # Attempts under way, and failures since the last answer.
        self._under_way = 0
        self._row = 0
        # Attempts that began before the endpoint's pace was known.
        self.unpaced: set[Bounded] = set()

    def dialect(self, model: str) -> Dialect:
        """How a model of the endpoint is spoken to."""
        return self.dialects.setdefault(model, Dialect())

    def begins(self) -> None:
        """An attempt begins."""
        self._under_way += 1

    def ends(self, *, failed: bool) -> bool:
        """An attempt has ended; whether that says something about the endpoint.

        Of many requests that were sent together the failures come back first: they are quick. So a failure among many
        counts only once as many came in a row as are under way.
        """
        self._under_way -= 1
        self._row = self._row + 1 if failed else 0
        return not failed or self._under_way < FEW or self._row > self._under_way

    def remember(self, seconds: float) -> None:
        """An answer took so long. Once enough is known, attempts that are under way get their limit by it."""
        self.took.append(seconds)
        if self.unpaced and len(self.took) >= KNOWN:
            waiting, self.unpaced = self.unpaced, set()
            for attempt in waiting:
                attempt.hurry()

    def p95(self) -> float | None:
        """The time within which 19 of 20 answers came; None before enough did."""
        if len(self.took) < KNOWN:
            return None
        return sorted(self.took)[int(len(self.took) * 0.95)]


def bucket(per_minute: float | None, now: float) -> TokenBucket | None:
    """A rate per minute; a tenth of it may come at once."""
    return None if per_minute is None else TokenBucket(per_minute / 60.0, max(1.0, per_minute / 10.0), now)


class Connections:
    """The way out. `clock` has `monotonic()` and `time()`, `random` a `random()`; `sleep` waits.

    `transport` stands in for the network: an `httpx.AsyncBaseTransport`, as tests and hosts have them.
    """

    __slots__ = ("_pools", "_shared", "_transport", "clock", "random", "sleep")

    def __init__(
        self,
        *,
        clock: Any,
        random: Random,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.clock = clock
        self.random = random
        self.sleep = sleep
        self._transport = transport
        self._shared: dict[str, Shared] = {}
        self._pools: WeakKeyDictionary[asyncio.AbstractEventLoop, Pool] = WeakKeyDictionary()

    def shared(self, endpoint: Endpoint) -> Shared:
        """What is known of the endpoint."""
        found = self._shared.get(endpoint.base_url)
        if found is None:
            found = self._shared.setdefault(endpoint.base_url, Shared(endpoint, self.clock.monotonic()))
        return found

    async def open(self, endpoint: Endpoint, method: str, path: str, body: bytes | None, timeout_s: float) -> Answer:
        """Send a request; gives the beginning of the answer, which its reader closes. Raises `ModelError`."""
        try:
            import httpx
        except ImportError:
            hint = "install it beside Dana: `pip install httpx`"
            raise ModelMissing("models that are asked over the network need the Python package httpx", hint) from None

        headers = {"accept-encoding": "identity", "user-agent": "dana"}
        if body is not None:
            headers["content-type"] = "application/json"
        if endpoint.key is not None:
            headers["authorization"] = f"Bearer {endpoint.key.reveal()}"
        connect = min(CONNECT_S, timeout_s)
        limits = {"timeout": {"connect": connect, "read": None, "write": None, "pool": None}}
        request = httpx.Request(method, endpoint.base_url + path, headers=headers, content=body, extensions=limits)
        way = self._way(endpoint.base_url)
        response = None
        try:
            response = await way.transport.handle_async_request(request)
        except httpx.HTTPError as error:
            raise lost(error, endpoint.target) from None
        except httpx.InvalidURL:
            raise ConnectionLost(f"{endpoint.target} is no address", retryable=False) from None
        finally:
            if response is None:
                way.give_back()
        return Answer(response, endpoint, way)

    def places(self) -> asyncio.Semaphore:
        """The places for requests of the running loop."""
        return self._pool().places

    def _way(self, base_url: str) -> Way:
        if self._transport is not None:
            return Way(self._transport, [])
        return self._pool().opened(asyncio.get_running_loop(), base_url)

    def _pool(self) -> Pool:
        loop = asyncio.get_running_loop()
        pool = self._pools.get(loop)
        if pool is None:
            pool = self._pools[loop] = Pool()
        return pool

    async def aclose(self) -> None:
        """Close the connections of the running loop."""
        pool = self._pools.pop(asyncio.get_running_loop(), None)
        if pool is not None:
            await pool.aclose()

    def close(self) -> None:
        """Close all connections, from wherever: a host that ends. Loops that have ended have closed theirs."""
        for loop, pool in list(self._pools.items()):
            if loop.is_closed():
                continue
            if loop.is_running():
                loop.call_soon_threadsafe(pool.cancel)
            else:
                loop.run_until_complete(pool.aclose())
        self._pools.clear()


class Way:
    """One connection, and the stack of free ones it goes back to."""

    __slots__ = ("_free", "transport")

    def __init__(self, transport: httpx.AsyncBaseTransport, free: list[Way]) -> None:
        self.transport = transport
        self._free = free

    def give_back(self) -> None:
        """Whoever comes next may use it."""
        self._free.append(self)


class Pool:
    """The connections of one loop.

    Each has a transport of its own: httpx looks at every connection of a transport whenever a request begins or ends,
    which with a hundred of them takes longer than the requests.
    """

    __slots__ = ("_contexts", "_free", "_keeper", "_transports", "places")

    def __init__(self) -> None:
        self._transports: list[httpx.AsyncHTTPTransport] = []
        self._free: dict[str, list[Way]] = {}
        self._contexts: dict[str, Any] = {}
        self.places = asyncio.Semaphore(CONNECTIONS)
        self._keeper: asyncio.Task[None] | None = None

    def opened(self, loop: asyncio.AbstractEventLoop, base_url: str) -> Way:
        """The way out, the one that was used last, opened at first use and after a rest."""
        if self._keeper is None or self._keeper.done():
            self._keeper = loop.create_task(self._keep())
            # A program that is dropped without an end takes it along, which is no reason for a message.
            self._keeper._log_destroy_pending = False  # type: ignore[attr-defined]
        free = self._free.setdefault(base_url, [])
        if free:
            return free.pop()
        scheme = base_url.partition(":")[0]
        if scheme not in self._contexts:
            self._contexts[scheme] = _verifying(scheme)
        made = transport(self._contexts[scheme])
        self._transports.append(made)
        return Way(made, free)

    async def _keep(self) -> None:
        try:
            while not self._is_idle():  # noqa: ASYNC110  (it asks the pool, which announces nothing)
                await asyncio.sleep(KEPT_S)
        except GeneratorExit:
            raise  # the loop has gone without an end, and with it all that could be awaited
        except asyncio.CancelledError:
            await self._drop()
            raise
        await self._drop()

    def _is_idle(self) -> bool:
        """Whether every connection has rested for so long that it would be closed anyway."""
        opened: list[Any] = [each._pool for each in self._transports]
        return bool(opened) and all(c.is_closed() or c.has_expired() for pool in opened for c in pool.connections)

    async def _drop(self) -> None:
        dropped, self._transports, self._free = self._transports, [], {}
        for each in dropped:
            await each.aclose()

    def cancel(self) -> None:
        """End from a callback of the loop: the keeper closes what is open."""
        if self._keeper is not None:
            self._keeper.cancel()

    async def aclose(self) -> None:
        """End here and now."""
        keeper, self._keeper = self._keeper, None
        if keeper is not None and not keeper.done():
            keeper.cancel()
            await asyncio.wait([keeper])
        await self._drop()


def transport(context: Any) -> httpx.AsyncHTTPTransport:
    """A connection."""
    import httpx

    limits = httpx.Limits(max_connections=1, max_keepalive_connections=1, keepalive_expiry=KEPT_S)
    return httpx.AsyncHTTPTransport(verify=context, trust_env=False, limits=limits)


def _verifying(scheme: str) -> Any:
    """Who is trusted: whom the system and certifi trust; nobody where there is no encryption."""
    if scheme == "http":
        from ssl import PROTOCOL_TLS_CLIENT, SSLContext

        return SSLContext(PROTOCOL_TLS_CLIENT)
    from dana.runtime.outside.exchange import tls

    return tls()


class Answer:
    """An answer that is being read: `status`, `headers` by small names."""

    __slots__ = ("_endpoint", "_response", "_way", "headers", "status")

    def __init__(self, response: httpx.Response, endpoint: Endpoint, way: Way) -> None:
        self._way: Way | None = way
        self._response = response
        self._endpoint = endpoint
        self.status = response.status_code
        self.headers = {name.lower(): value for name, value in response.headers.items()}

    async def read(self) -> str:
        """The whole body as text; a byte that is no UTF-8 becomes a question mark in a box."""
        return b"".join([piece async for piece in self.pieces()]).decode("utf-8", "replace")

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body as it comes, no more of it than is taken. Raises `ModelError`."""
        import httpx

        packed = self.headers.get("content-encoding", "identity").strip().lower()
        if packed not in ("", "identity"):
            raise ServerFault("the endpoint packs its answer, which was not asked for", retryable=False)
        most, seen = self._endpoint.settings.max_bytes, 0
        stream: Any = self._response.stream
        try:
            async for piece in stream:
                seen += len(piece)
                if seen > most:
                    hint = "`max_bytes` under [model] takes more"
                    raise ServerFault(f"the endpoint's answer is larger than {most:,} bytes", hint, retryable=False)
                yield piece
        except httpx.HTTPError as error:
            raise lost(error, self._endpoint.target) from None

    async def close(self) -> None:
        way, self._way = self._way, None
        try:
            await self._response.aclose()
        finally:
            if way is not None:
                way.give_back()


def lost(error: httpx.HTTPError, target: str) -> ModelError:
    """What went wrong on the way, without anything that was sent."""
    import httpx

    text = str(error)
    if isinstance(error, httpx.ConnectTimeout):
        return ConnectionLost(f"{target} does not take the connection in time")
    if isinstance(error, httpx.TimeoutException):
        return ModelTimeout(f"{target} does not answer in time")
    if isinstance(error, httpx.ConnectError):
        if "CERTIFICATE_VERIFY_FAILED" in text or "certificate" in text.lower():
            return ConnectionLost(f"{target} cannot prove who it is: its certificate is not trusted", retryable=False)
        hint = "does the server run there?" if target.startswith(("127.", "localhost", "[::1]")) else ""
        return ConnectionLost(f"there is no connection to {target}", hint)
    if isinstance(error, httpx.RemoteProtocolError):
        broke = "closed the connection before its answer was complete" if _is_closed(text) else "does not speak HTTP"
        return ConnectionLost(f"{target} {broke}")
    return ConnectionLost(f"the connection to {target} broke")


def _is_closed(text: str) -> bool:
    return "without sending" in text or "peer closed" in text or "incomplete" in text
