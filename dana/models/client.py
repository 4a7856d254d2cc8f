"""The client: a model at an endpoint that speaks chat completions.

    request ──▶ rate limit ──▶ breaker ──▶ attempt ──▶ Reply
                    ▲                         │ ModelError
                    └── wait (Retry-After, jittered backoff) ◀── worth another attempt? time left? retry budget?

One limit of time (`timeout_s`) covers all of it. An attempt that hangs must not use it up: it gets a share of what is
left, and once the endpoint's pace is known, a few times that. What an endpoint refuses for being unknown to it (a
schema, the newer name of a field) is left out once and for all, which costs no retry.
"""

from __future__ import annotations

import asyncio
import json

from dana.adaptive.perform import GIVE_UP, WAIT, Attempt, Record, perform
from dana.adaptive.policy import Backoff, Retry
from dana.models.errors import (
    BadRequest,
    CircuitOpen,
    ConnectionLost,
    ContentRefused,
    ContextTooLong,
    ModelError,
    ModelTimeout,
    RateLimited,
    ServerFault,
)
from dana.models.messages import estimated_tokens
from dana.models.prices import cost, price_of
from dana.models.protocol import Growing, adapted, body_of, error_of, reply_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping
    from types import TracebackType
    from typing import Any

    from dana.models.connections import Answer, Connections
    from dana.models.endpoints import Endpoint
    from dana.models.messages import Reply, Request
    from dana.models.protocol import Dialect

PATH = "/chat/completions"
BACKOFF = Backoff(base=0.2, factor=2.0, cap=8.0, jitter="full")
# An attempt gets this share of what is left, while another may follow; and no more than so many times what most answers
# take, twice that after each attempt that was too slow.
SHARE = 0.5
PACE = 4.0
ROOM = 1.25
# A pause that the endpoint did not ask for takes no more than this share of what is left.
PAUSE = 0.1
PACE_LEAST_S = 1.0
GRAMMARS = frozenset({"ollama", "lmstudio", "llamacpp", "vllm"})
LONGEST_EVENT = 1 << 20


class Client:
    """A model at an endpoint."""

    __slots__ = ("_connections", "_endpoint", "_price", "_shared")

    def __init__(
        self, endpoint: Endpoint, connections: Connections, prices: Mapping[str, tuple[float, float]] | None = None
    ) -> None:
        self._endpoint = endpoint
        self._connections = connections
        self._shared = connections.shared(endpoint)
        self._price = price_of(endpoint.provider, endpoint.model, prices or {})

    @property
    def name(self) -> str:
        return self._endpoint.name

    def __repr__(self) -> str:
        return f"<model {self.name}>"

    def p95(self) -> float | None:
        """The time within which 19 of 20 answers came; None before enough did."""
        return self._shared.p95()

    @property
    def schema_is_free(self) -> bool:
        """Whether a schema costs no tokens: servers of one's own make a grammar of it."""
        return self._endpoint.provider in GRAMMARS

    async def aclose(self) -> None:
        await self._connections.aclose()

    # --- the whole reply ------------------------------------------------------------------------

    async def complete(self, request: Request) -> Reply:
        """The reply. Raises `ModelError`."""
        call = Call(self, request)
        while True:
            try:
                reply = await self._attempt(call)
            except ModelError as error:
                await call.after(error)
                continue
            return call.finished(reply, self._price)

    async def _attempt(self, call: Call) -> Reply:
        await self._rate(call)
        async with Placed(self, call), Admitted(self, call) as admitted:
            reply = await self._in_dialect(call)
            admitted.took(remember=True)
        return reply

    async def _in_dialect(self, call: Call) -> Reply:
        """Ask in the endpoint's language; what it does not know is left out, and remembered when that helped."""
        dialects, model = self._shared.dialects, self._endpoint.model
        dialect = self._shared.dialect(model)
        while True:
            body = body_of(call.request, model, dialect)
            try:
                data = await self._ask(call, body)
            except (ContextTooLong, ContentRefused):
                raise
            except BadRequest as error:
                dialect = dialect.copy()
                if not adapted(dialect, body, error):
                    raise
                continue
            dialects[model] = dialect
            return reply_of(data, call.request, model=model, secret=self._endpoint.key)

    async def _ask(self, call: Call, body: dict[str, Any]) -> Any:
        """The JSON that one request is answered with."""
        async with Bounded(self, call):
            answer = await self._post(call, body)
            try:
                text = await answer.read()
            finally:
                await answer.close()
        return self._understood(answer, text)

    async def _post(self, call: Call, body: dict[str, Any]) -> Answer:
        sent = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
        return await self._connections.open(self._endpoint, "POST", PATH, sent, call.left())

    def _understood(self, answer: Answer, text: str) -> Any:
        if answer.status != 200:
            raise self._refusal(answer, text)
        try:
            return json.loads(text)
        except (ValueError, RecursionError):
            if text.lstrip()[:1] == "<":
                hint = "does `base_url` end in /v1?"
                raise ServerFault("the endpoint answers with a web page", hint, retryable=False) from None
            raise ServerFault("the endpoint's answer breaks off, or is no JSON") from None

    def _refusal(self, answer: Answer, text: str) -> ModelError:
        endpoint, now = self._endpoint, self._connections.clock.time()
        return error_of(answer.status, answer.headers, text, secret=endpoint.key, model=endpoint.model, now=now)

    async def _rate(self, call: Call) -> None:
        """Wait until the configured rate has room. Raises `RateLimited` when that would be too late."""
        connections, shared = self._connections, self._shared
        for bucket, amount in ((shared.requests, 1.0), (shared.tokens, call.tokens)):
            if bucket is None:
                continue
            wanted = min(amount, bucket.burst)
            while (wait := bucket.take(connections.clock.monotonic(), wanted)) > 0:
                if wait >= call.left():
                    raise RateLimited(f"{self.name}: the configured rate has no room in time", retry_after=wait)
                await connections.sleep(wait)

    # --- in pieces ------------------------------------------------------------------------------

    async def stream(self, request: Request) -> AsyncGenerator[str | Reply, None]:
        """The reply's text in pieces and, last, the `Reply`. Raises `ModelError`; once text came, at once."""
        call = Call(self, request)
        while True:
            begun = False
            pieces = self._attempt_stream(call)
            try:
                async for piece in pieces:
                    begun = True
                    yield piece if isinstance(piece, str) else call.finished(piece, self._price)
            except ModelError as error:
                if begun:
                    error.attempts = call.number
                    raise
                await call.after(error)
                continue
            finally:
                await pieces.aclose()
            return

    async def _attempt_stream(self, call: Call) -> AsyncGenerator[str | Reply, None]:
        await self._rate(call)
        async with Placed(self, call), Admitted(self, call) as admitted:
            async with Bounded(self, call):
                answer = await self._opened_stream(call)
            growing = Growing(self._endpoint.key)
            events = _events(answer)
            try:
                while (data := await self._next(call, events)) is not None:
                    if data is DONE:
                        growing.done = True
                        break
                    piece = growing.feed(data)
                    if piece:
                        yield piece
            finally:
                await events.aclose()
                await answer.close()
            if not growing.is_finished:
                raise ConnectionLost(f"{self._endpoint.target} ended its stream before it was complete")
            admitted.took(remember=False)
            if rest := growing.rest():
                yield rest
            yield growing.reply(call.request, self._endpoint.model)

    async def _opened_stream(self, call: Call) -> Answer:
        dialects, model = self._shared.dialects, self._endpoint.model
        dialect: Dialect = self._shared.dialect(model)
        while True:
            body = body_of(call.request, model, dialect, stream=True)
            answer = await self._post(call, body)
            if answer.status == 200:
                dialects[model] = dialect
                return answer
            try:
                error = self._refusal(answer, await answer.read())
            finally:
                await answer.close()
            dialect = dialect.copy()
            if error.__class__ is not BadRequest or not adapted(dialect, body, error):
                raise error

    async def _next(self, call: Call, events: AsyncGenerator[Any, None]) -> Any:
        async with Bounded(self, call, whole=True):
            return await anext(events, None)

    # --- what there is --------------------------------------------------------------------------

    async def models(self, timeout_s: float = 10.0) -> list[str]:
        """The models the endpoint says it has. Raises `ModelError`."""
        async with Bounded(self, None, seconds=timeout_s):
            answer = await self._connections.open(self._endpoint, "GET", "/models", None, timeout_s)
            try:
                text = await answer.read()
            finally:
                await answer.close()
        found = self._understood(answer, text)
        rows = found.get("data") if isinstance(found, dict) else None
        return sorted(str(row["id"]) for row in rows or () if isinstance(row, dict) and "id" in row)


class Call:
    """One call: its attempts, and what is left of its time."""

    __slots__ = (
        "_begun",
        "_clock",
        "_effects",
        "_endpoint",
        "_shared",
        "_sleep",
        "_slow",
        "_until",
        "number",
        "request",
    )

    def __init__(self, client: Client, request: Request) -> None:
        connections, settings = client._connections, client._endpoint.settings
        self.request = request
        self.number = 1
        self._endpoint = client._endpoint
        self._shared = client._shared
        self._clock = connections.clock
        self._sleep = connections.sleep
        self._slow = 0
        self._begun = self._clock.monotonic()
        self._until: float = self._begun + (settings.timeout_s if request.timeout_s is None else request.timeout_s)
        self._shared.budget.call()
        policy = Retry(settings.retries, BACKOFF, worth=_is_worth, budget=self._shared.budget)
        self._effects = perform(policy, Record(), connections.random.random, self.left)
        next(self._effects)

    def left(self) -> float:
        """Seconds until all must be over."""
        return max(0.0, self._until - float(self._clock.monotonic()))

    def limit(self) -> float:
        """Seconds for the attempt that begins."""
        left: float = self.left()
        settings = self._endpoint.settings
        if settings.attempt_timeout_s is not None:
            return min(left, float(settings.attempt_timeout_s))
        if self.number > settings.retries:
            return left
        p95 = self._shared.p95()
        share = left * SHARE
        if p95 is None:
            return share
        # An attempt that gets less than most answers take would be lost from the beginning.
        return min(max(share, min(left, p95 * ROOM)), max(PACE_LEAST_S, PACE * p95) * 2.0**self._slow)

    @property
    def tokens(self) -> float:
        """About how many tokens the call may use."""
        return estimated_tokens(self.request.prompt) + (self.request.max_tokens or 0)

    async def after(self, error: ModelError) -> None:
        """Wait as long as is right after a failed attempt. Raises the error when no other follows."""
        error.attempts = self.number
        self._slow += isinstance(error, ModelTimeout)
        kind, amount = self._effects.send(Attempt(self.number, error))
        if kind == GIVE_UP:
            raise error
        if kind == WAIT:
            asked = error.retry_after is not None
            await self._sleep(amount if asked else min(amount, self.left() * PAUSE))
            kind, amount = next(self._effects)
        self.number = int(amount)

    def finished(self, reply: Reply, price: tuple[float, float] | None) -> Reply:
        """The reply with what the call knows of it."""
        reply.took_s = self._clock.monotonic() - self._begun
        reply.attempts = self.number
        if reply.usd is None:
            reply.usd = cost(price, reply.usage)
        return reply


def _is_worth(error: BaseException) -> bool:
    """Whether the client itself asks again: who is left alone by the breaker is left alone."""
    return isinstance(error, ModelError) and error.retryable and not isinstance(error, CircuitOpen)


class Placed:
    """An attempt's turn: only so many are under way at once."""

    __slots__ = ("_call", "_client", "_places")

    def __init__(self, client: Client, call: Call) -> None:
        self._client = client
        self._call = call
        self._places = client._connections.places()

    async def __aenter__(self) -> None:
        if not self._places.locked():
            await self._places.acquire()
            return
        try:
            async with asyncio.timeout(self._call.left()):
                await self._places.acquire()
        except TimeoutError:
            raise ModelTimeout(
                f"{self._client.name}: too many requests are under way", "`timeout` waits longer"
            ) from None

    async def __aexit__(self, *_ended: object) -> None:
        self._places.release()


class Admitted:
    """An attempt that the breaker lets through; it hears how it ended."""

    __slots__ = ("_begun", "_breaker", "_call", "_client", "_clock", "_ended", "_ticket")

    def __init__(self, client: Client, call: Call) -> None:
        self._client = client
        self._call = call
        self._breaker = client._shared.breaker
        self._clock = client._connections.clock
        self._ended = False
        self._begun = self._clock.monotonic()
        self._ticket = 0

    async def __aenter__(self) -> Admitted:
        self._begun = self._clock.monotonic()
        self._ticket = self._breaker.admit(self._begun)
        if not self._ticket:
            after = self._breaker.retry_after(self._begun)
            said = f"{self._client._endpoint.target} failed too often and is not asked for {after:.3g} s"
            raise CircuitOpen(said, retry_after=after)
        self._client._shared.begins()
        return self

    def took(self, *, remember: bool) -> None:
        """The answer is there."""
        now = self._clock.monotonic()
        self._ended = True
        self._client._shared.ends(failed=False)
        if remember:
            self._client._shared.remember(now - self._begun)
        self._breaker.success(self._ticket, now - self._begun, now)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._ended:
            return
        now = self._clock.monotonic()
        is_failure = isinstance(error, ServerFault | ConnectionLost | ModelTimeout)
        counts = self._client._shared.ends(failed=is_failure)
        if is_failure and counts:
            self._breaker.failure(self._ticket, now - self._begun, now)
        elif isinstance(error, ModelError) and not is_failure:
            self._breaker.success(self._ticket, now - self._begun, now)  # it is there, and says no
        else:
            self._breaker.cancelled(self._ticket)


class Bounded:
    """The limit of an attempt; `whole`: all that is left of the call, for what comes after the beginning."""

    __slots__ = ("_begun", "_call", "_client", "_loop", "_seconds", "_timeout", "_unpaced")

    def __init__(self, client: Client, call: Call | None, *, whole: bool = False, seconds: float = 0.0) -> None:
        self._client = client
        self._seconds = seconds if call is None else call.left() if whole else call.limit()
        self._timeout = asyncio.timeout(self._seconds)
        self._loop = asyncio.get_running_loop()
        self._begun = self._loop.time()
        self._call = call
        self._unpaced = call is not None and not whole and client.p95() is None

    async def __aenter__(self) -> None:
        await self._timeout.__aenter__()
        if self._unpaced:
            self._client._shared.unpaced.add(self)

    def hurry(self) -> None:
        """The endpoint's pace is known now: what began before goes by it. Called in whatever loop learnt it."""
        if self._call is None or self._loop is not asyncio.get_running_loop() or self._timeout.expired():
            return
        seconds = self._call.limit()
        if self._begun + seconds < (self._timeout.when() or self._begun):
            self._seconds = seconds
            self._timeout.reschedule(max(self._begun + seconds, self._loop.time()))

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client._shared.unpaced.discard(self)
        try:
            await self._timeout.__aexit__(kind, error, trace)
        except TimeoutError:
            said = f"{self._client._endpoint.target} gave no complete answer within {self._seconds:.3g} s"
            raise ModelTimeout(said, "`timeout` gives it longer") from None


async def _events(answer: Answer) -> AsyncGenerator[Any, None]:
    """The JSON of each event of a stream, until `[DONE]`. Lines may come in any pieces."""
    rest = b""
    async for piece in answer.pieces():
        rest += piece
        *lines, rest = rest.split(b"\n")
        if len(rest) > LONGEST_EVENT:
            raise ServerFault("an event of the endpoint's stream is too long", retryable=False)
        for line in lines:
            found = _event(line)
            if found is DONE:
                yield DONE
                return
            if found is not None:
                yield found
    found = _event(rest)
    if found is not None:
        yield found


DONE = object()


def _event(line: bytes) -> Any:
    """What a line says: JSON, `DONE`, or None for a comment, a blank or a field of no interest."""
    text = line.strip()
    if not text.startswith(b"data:"):
        return None
    text = text[5:].strip()
    if text == b"[DONE]":
        return DONE
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise ConnectionLost("an event of the endpoint's stream breaks off") from None
