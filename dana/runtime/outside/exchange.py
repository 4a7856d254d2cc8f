"""Carrying HTTP requests out: one connection pool per program and event loop, bounded answers, checked redirects.

    answer = await Exchange(program).perform(call)      the whole answer, decompressed, at most `call.max_bytes`
    stream = await exchange.open(call)                  its beginning; `await stream.more()` gives the next bytes

The time limit covers everything from the first name that is looked up to the last byte. Proxies, credentials and
certificates from the environment are not used, cookies are not kept, certificates are always verified. Connections
go to the addresses that `addresses` has judged.

httpx (for addresses) and httpcore, on which it stands (for the protocol), are imported by the first request.
"""

from __future__ import annotations

import asyncio

import httpcore

from dana.runtime.outside import addresses
from dana.runtime.outside.requests import REDIRECTS, Answer
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from ssl import SSLContext
    from types import TracebackType
    from typing import Any

    from dana.runtime.outside.requests import Call

CONNECTIONS = 100
KEPT = 20
KEPT_S = 5.0
# The most bytes that are decompressed at once, before anybody looks at how many there are.
PIECE = 1 << 16
MOST_ANSWER_HEADERS = 200


class Pinned(httpcore.AsyncNetworkBackend):
    """Connects to addresses that were judged, whatever the name stands for a moment later."""

    def __init__(self, program: Any) -> None:
        self._program = program
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109  (httpcore's signature)
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """A connection to the first address of the host that answers."""
        loop = asyncio.get_running_loop()
        try:
            found = await addresses.resolve(loop, host.strip("[]"), port)
        except (OSError, UnicodeError):
            raise httpcore.ConnectError(f"there is no host `{host}`") from None
        for address in found:  # all of them: a name that leads to one wrong place is not trusted with the others
            addresses.judge(self._program, host, port, address)
        problem: Exception = httpcore.ConnectError(f"`{host}` has no address")
        for address in found:
            try:
                return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                problem = error
        raise problem

    async def connect_unix_socket(self, *_args: Any, **_options: Any) -> httpcore.AsyncNetworkStream:
        msg = "only hosts are connected to"
        raise httpcore.ConnectError(msg)

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class Exchange:
    """The client of one program."""

    __slots__ = ("_keeper", "_loop", "_pools", "_program")

    def __init__(self, program: Any) -> None:
        self._program = program
        self._loop: Any = None
        self._pools: dict[str, httpcore.AsyncConnectionPool] = {}
        self._keeper: asyncio.Task[None] | None = None

    async def perform(self, call: Call) -> Answer:
        """The whole answer. Raises ConnectionError, TimeoutError or ValueError."""
        begun = self._program.clock.monotonic()
        async with Bounded(call):
            stream = await self._open(call)
            try:
                body = b"".join([piece async for piece in stream.pieces()])
            finally:
                await stream.close()
        elapsed = self._program.clock.monotonic() - begun
        return Answer(stream.status, str(stream.call.url), stream.headers, body, elapsed)

    async def open(self, call: Call) -> Stream:
        """The beginning of an answer; its reader closes it."""
        async with Bounded(call):
            return await self._open(call)

    async def _open(self, call: Call) -> Stream:
        asked = call
        while True:
            self._program.policy.require("net", call.target)
            response = await self._send(call)
            try:
                stream = Stream(call, response)
            except BaseException:
                await response.aclose()
                raise
            location = stream.headers.get("location")
            if stream.status not in REDIRECTS or location is None or asked.redirects == 0:
                return stream
            await stream.close()
            if call.redirects == 0:
                hint = "is it a circle? otherwise raise `redirects`"
                said = f"{asked.shown}: more than {asked.redirects} redirects"
                raise failure(ConnectionError, "E536", said, hint)
            call = call.redirected(stream.status, location)

    async def _send(self, call: Call) -> httpcore.Response:
        headers = [("Host", call.url.netloc.decode("ascii")), *call.headers.items()]
        headers += [("Accept-Encoding", "gzip, deflate")]
        if call.body is not None:
            headers.append(("Content-Length", str(len(call.body))))
        elif call.method in ("POST", "PUT", "PATCH"):
            headers.append(("Content-Length", "0"))
        request = httpcore.Request(
            call.method,
            str(call.url),
            headers=[(name.encode("ascii"), value.encode("latin-1")) for name, value in headers],
            content=call.body,
        )
        return await self._pool(call.url.scheme).handle_async_request(request)

    def _pool(self, scheme: str) -> httpcore.AsyncConnectionPool:
        """The connections of the running loop; those of a loop that has ended are of no use."""
        loop = asyncio.get_running_loop()
        if loop is not self._loop:
            self._loop, self._pools = loop, {}
            self._keeper = None
        if self._keeper is None or self._keeper.done():
            self._keeper = loop.create_task(self._keep(self._pools))
            # A program that is dropped without an end takes it along, which is no reason for a message.
            self._keeper._log_destroy_pending = False  # type: ignore[attr-defined]
        pool = self._pools.get(scheme)
        if pool is None:
            pool = self._pools[scheme] = httpcore.AsyncConnectionPool(
                ssl_context=tls() if scheme == "https" else None,
                max_connections=CONNECTIONS,
                max_keepalive_connections=KEPT,
                keepalive_expiry=KEPT_S,
                network_backend=Pinned(self._program),
            )
        return pool

    async def _keep(self, pools: dict[str, httpcore.AsyncConnectionPool]) -> None:
        """Closes the connections when none is in use any more, and when the loop or the program ends."""
        try:
            while True:
                await asyncio.sleep(KEPT_S)
                if all(each.is_idle() or each.is_closed() for pool in pools.values() for each in pool.connections):
                    break
        except asyncio.CancelledError:
            await closed(pools)
            raise
        await closed(pools)


async def closed(pools: dict[str, httpcore.AsyncConnectionPool]) -> None:
    """Gives all connections back."""
    for pool in list(pools.values()):
        await pool.aclose()
    pools.clear()


def tls() -> SSLContext:
    """Certificates are verified against what the system and certifi trust."""
    import ssl

    import certifi

    context = ssl.create_default_context()
    context.load_verify_locations(certifi.where())
    return context


class Stream:
    """An answer that is being read: `status`, `headers`, and pieces of the body, decompressed and counted."""

    __slots__ = ("_body", "_response", "_sent", "_taken", "call", "headers", "loop", "status")

    def __init__(self, call: Call, response: httpcore.Response) -> None:
        self.call = call
        self.status = response.status
        self.headers = headers_of(call, response.headers)
        self._response = response
        self._body: AsyncIterator[bytes] = response.aiter_stream()
        self.loop = asyncio.get_running_loop()
        self._sent = 0
        self._taken = 0

    async def pieces(self) -> AsyncIterator[bytes]:
        """The body, piece by piece, at most `max_bytes` of it, also of what is sent."""
        length = self.headers.get("content-length", "")
        if length.isdigit() and len(length) < 20 and int(length) > self.call.max_bytes and self.call.method != "HEAD":
            raise self._too_large(int(length))
        decoder = decoder_of(self)
        async for sent in self._body:
            self._sent += len(sent)
            if self._sent > self.call.max_bytes:
                raise self._too_large()
            if decoder is None:
                yield sent
                continue
            for piece in decoder.feed(sent):
                self._taken += len(piece)
                if self._taken > self.call.max_bytes:
                    raise self._too_large()
                yield piece
        if decoder is not None and self._sent and not decoder.is_complete:
            raise failure(ConnectionError, "E536", f"{self.call.shown}: the answer breaks off")

    def _too_large(self, size: int = 0) -> Exception:
        has = f"has {size:,} bytes" if size else "is larger"
        said = f"{self.call.shown}: the answer {has}, and {self.call.max_bytes:,} are taken"
        return failure(ValueError, "E532", said, "raise `max_bytes`, or use `http.download` or `http.stream_lines`")

    async def close(self) -> None:
        await self._response.aclose()


def headers_of(call: Call, pairs: list[tuple[bytes, bytes]]) -> dict[str, str]:
    """Headers by lower-case name; what is sent several times is joined by commas, as the standard says."""
    if len(pairs) > MOST_ANSWER_HEADERS:
        said = f"{call.shown}: the answer has more than {MOST_ANSWER_HEADERS} headers"
        raise failure(ConnectionError, "E536", said)
    found: dict[str, str] = {}
    for name, value in pairs:
        small, text = name.decode("latin-1").lower(), value.decode("latin-1")
        found[small] = f"{found[small]}, {text}" if small in found else text
    return found


# --- compression --------------------------------------------------------------------------------


class Inflating:
    """gzip and deflate, in pieces of bounded size: a small answer may stand for a very large one."""

    __slots__ = ("_call", "_inner", "_is_gzip", "_started")

    def __init__(self, call: Call, *, is_gzip: bool) -> None:
        self._call = call
        self._is_gzip = is_gzip
        self._started = False
        self._inner = self._fresh()

    def _fresh(self, *, raw: bool = False) -> Any:
        import zlib

        return zlib.decompressobj(31 if self._is_gzip else -15 if raw else 15)

    @property
    def is_complete(self) -> bool:
        return bool(self._inner.eof)

    def feed(self, data: bytes) -> Iterable[bytes]:
        """What more of the compressed bytes stands for, in pieces of at most `PIECE` bytes."""
        import zlib

        while data:
            if self._inner.eof:
                if not self._is_gzip or not data.strip(b"\0"):
                    return  # padding
                self._inner = self._fresh()
            try:
                piece = self._inner.decompress(data, PIECE)
            except zlib.error:
                if self._is_gzip or self._started:
                    said = f"{self._call.shown}: the answer is not compressed as it says"
                    raise failure(ConnectionError, "E536", said) from None
                self._inner = self._fresh(raw=True)  # some servers leave the frame of deflate out
                self._started = True
                continue
            self._started = True
            data = self._inner.unused_data if self._inner.eof else self._inner.unconsumed_tail
            if piece:
                yield piece


def decoder_of(stream: Stream) -> Inflating | None:
    """How the body is compressed; an answer that is packed otherwise is refused."""
    packed = stream.headers.get("content-encoding", "").strip().lower()
    if packed in ("", "identity"):
        return None
    if packed in ("gzip", "x-gzip", "deflate"):
        return Inflating(stream.call, is_gzip=packed != "deflate")
    said = f"{stream.call.shown}: the answer is packed as {packed[:40]!r}, which was not asked for"
    raise failure(ConnectionError, "E536", said)


# --- time and failures --------------------------------------------------------------------------


class Bounded:
    """The time limit of a call, and what its failures are called."""

    __slots__ = ("_call", "_timeout")

    def __init__(self, call: Call) -> None:
        self._call = call
        self._timeout = asyncio.timeout(call.timeout)

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._timeout.__aexit__(kind, error, trace)
        except TimeoutError:
            hint = "raise `timeout`; `@poet(retries=…)` asks again"
            said = f"{self._call.shown}: no complete answer within {self._call.timeout:g} s"
            raise failure(TimeoutError, "E536", said, hint) from None
        if isinstance(error, httpcore.TimeoutException):
            raise failure(TimeoutError, "E536", f"{self._call.shown}: no answer in time") from None
        if isinstance(error, httpcore.ConnectError):
            raise failure(ConnectionError, "E536", f"{self._call.shown}: {connecting(error)}") from None
        if isinstance(error, httpcore.UnsupportedProtocol):
            raise failure(ValueError, "E535", f"{self._call.shown}: {error}") from None
        if isinstance(error, httpcore.ProtocolError | httpcore.NetworkError | httpcore.ProxyError):
            raise failure(ConnectionError, "E536", f"{self._call.shown}: {broken(error)}") from None


def connecting(error: BaseException) -> str:
    """Why there is no connection."""
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        why = text.partition("certificate verify failed:")[2].partition("(_ssl")[0].strip()
        return f"the host cannot prove that it is the host: {why or 'its certificate is not trusted'}"
    if "SSL" in text:
        return "no secure connection"
    if "there is no host" in text or "has no address" in text:
        return text
    return "the host does not take connections there"


def broken(error: BaseException) -> str:
    """Why there is no complete answer."""
    text = str(error)
    if "without sending a response" in text or "peer closed connection" in text:
        return "the connection was closed before the answer was complete"
    if isinstance(error, httpcore.RemoteProtocolError):
        return "the answer is not HTTP as the standard has it"
    return "the connection broke"
