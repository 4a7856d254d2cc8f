"""HTTP behind `stdlib/http.na`: effects, the struct of answers, streams, downloads.

Each function is an `Effect`: a call that the compiler follows goes on while the answer is under way. What is wrong
with a request, and what the policy denies, is raised at once, where the call stands.
"""

from __future__ import annotations

import re

from dana.runtime.natives import types_on_demand
from dana.runtime.natives.files import bound, reach, text_of_path
from dana.runtime.outside import elsewhere
from dana.runtime.outside.places import Draft
from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from typing import Any

    from dana.runtime.outside.exchange import Exchange, Stream
    from dana.runtime.outside.requests import Answer, Call

READING = ("get", "head", "options")
WRITING = ("post", "put", "patch", "delete")
# Types whose bytes are text; others are shown as text where they are valid UTF-8.
TEXTS = ("text/", "application/json", "application/xml", "application/javascript", "application/x-www-form-urlencoded")
LONGEST_LINE = 10_000_000
# What the statuses people meet are called.
PHRASES = {
    301: "Moved Permanently", 302: "Found", 304: "Not Modified", 307: "Temporary Redirect", 308: "Permanent Redirect",
    400: "Bad Request", 401: "Unauthorized", 402: "Payment Required", 403: "Forbidden", 404: "Not Found",
    405: "Method Not Allowed", 406: "Not Acceptable", 408: "Request Timeout", 409: "Conflict", 410: "Gone",
    412: "Precondition Failed", 413: "Content Too Large", 415: "Unsupported Media Type", 422: "Unprocessable Content",
    425: "Too Early", 429: "Too Many Requests", 500: "Internal Server Error", 501: "Not Implemented",
    502: "Bad Gateway", 503: "Service Unavailable", 504: "Gateway Timeout",
}  # fmt: skip
STREAM_BYTES = 1 << 40
LAST_PORT = 65_535
# An address that is read the same by everybody: a name or four numbers, a port or none, no user.
_PLAIN = re.compile(
    r"(https?)://((?:[A-Za-z0-9-]+\.)*[A-Za-z]+|[0-9]{1,3}(?:\.[0-9]{1,3}){3})(?::([1-9][0-9]{0,4}))?(?:[/?#][!#-?A-\[\]-~]*)?\Z"
)


class Http:
    """What one program's http is: its client, and the struct its answers become."""

    __slots__ = ("exchange", "opened", "program", "response", "streams")

    def __init__(self, program: Any) -> None:
        self.program = program
        self.exchange: Exchange | None = None
        self.response: Any = None
        # Streams of programs in a worker, by number.
        self.opened = 0
        self.streams: dict[int, Lines] = {}

    def client(self) -> Exchange:
        """The client, made for the first request."""
        if self.exchange is None:
            from dana.runtime.outside.exchange import Exchange

            self.exchange = Exchange(self.program)
        return self.exchange

    def call(self, method: str, url: Any, options: dict[str, Any]) -> Call:
        """A request that is well formed and granted."""
        self._refuse_early(url)
        try:
            import httpx  # noqa: F401  (what follows needs it; said here, once, when it is missing)
        except ImportError:
            hint = "install it beside Dana: `pip install httpx`"
            raise failure(
                ImportError, "E538", "http needs the Python package httpx, which is not installed", hint
            ) from None
        from dana.runtime.outside.requests import BODIES, OPTIONS, prepared

        known = OPTIONS | BODIES if method.lower() in WRITING else OPTIONS
        for name in options.keys() - known:
            raise unknown_option(method, name, known)
        made = prepared(method, url, **options)
        self.program.policy.require("net", made.target)
        return made

    def _refuse_early(self, url: Any) -> None:
        """Raises `Denied` for a plain address that is not granted, before anything that requests need is loaded.

        What an address means exactly is read once it may be reached; here nothing is allowed.
        """
        found = _PLAIN.match(url) if url.__class__ is str else None
        if found is None or int(found[3] or 0) > LAST_PORT:
            return
        target = f"{found[2].lower()}:{found[3] or (443 if found[1] == 'https' else 80)}"
        policy = self.program.policy
        if not policy.permits("net", target) and policy.policy.ask is None:
            policy.require("net", target)

    def answer(self, found: Answer) -> Any:
        """The answer as programs hold it."""
        return self.response(
            status=found.status,
            ok=200 <= found.status < 300,
            url=found.url,
            headers=found.headers,
            text=text_of(found),
            bytes=found.body,
            elapsed=found.elapsed,
        )


def http_of(program: Any) -> Http:
    """The program's http; kept where no Dana name leads to."""
    found = program.table.get(".http")
    if found is None:
        found = program.table[".http"] = Http(program)
    return found  # type: ignore[no-any-return]


def unknown_option(method: str, name: str, known: frozenset[str]) -> Exception:
    """The error for an option there is not."""
    from dana.diagnostics import suggest

    near = suggest(name, known)
    hint = f"did you mean `{near}`?" if near else f"its options are {', '.join(sorted(known))}"
    return failure(TypeError, "E610", f"`http.{method.lower()}` has no option `{name}`", hint)


def use(program: Any) -> Callable[[Any], None]:
    """Tells which struct answers become."""

    def use(response: Any) -> None:
        """Tells which struct answers become."""
        http_of(program).response = response
        # A printed answer names its size, not its bytes.
        type.__setattr__(response, "__repr__", brief)

    return use


def brief(response: Any) -> str:
    """How an answer prints."""
    return f"Response(status={response.status}, url={response.url!r}, {len(response.bytes):,} bytes)"


# --- requests -----------------------------------------------------------------------------------


def request(method: str, *, writes: bool) -> Callable[[Any], Any]:
    """The factory of one function: `get`, `post`, …"""

    def make(program: Any) -> Any:
        from dana.runtime.effects import Effect

        http = http_of(program)

        def start(url: Any, /, *, type: Any = None, **options: Any) -> Awaitable[Any]:  # noqa: A002
            if elsewhere.host is not None:
                return answered(http, method, url, options, type)
            return performed(http, http.call(method, url, options), type)

        start.__name__ = method.lower()
        return Effect(program, f"http.{method.lower()}", start, writes=writes)

    make.__doc__ = f"{method} a resource."
    return make


async def performed(http: Http, call: Call, type: Any) -> Any:  # noqa: A002
    """The answer, or with a type what it says."""
    call.max_bytes = min(call.max_bytes, bound(http.program, None))
    found = await http.client().perform(call)
    if type is None:
        return http.answer(found)
    if not 200 <= found.status < 300:
        raise status_error(call.shown, found.status, found.body)
    return typed(call.shown, found.body, type)


async def answered(http: Http, method: str, url: Any, options: dict[str, Any], type: Any) -> Any:  # noqa: A002
    """The same where the host asks."""
    from dana.runtime.outside.requests import Answer, content_of, sent_text
    from dana.runtime.secrets import Secret

    plain = {name: value for name, value in options.items() if name not in ("json", "form", "body")}
    if plain.get("headers").__class__ is dict:
        plain["headers"] = {n: sent_text(n, v) if v.__class__ is Secret else v for n, v in plain["headers"].items()}
    kind, content = content_of(options.get("json"), options.get("form"), options.get("body"))
    if content is not None:
        headers = dict(plain.get("headers") or {})
        if not any(str(name).lower() == "content-type" for name in headers):
            headers["content-type"] = kind
        plain |= {"headers": headers, "body": content}
    status, final, headers, body, elapsed = await elsewhere.later("http", "request", method, url, plain)
    if type is None:
        return http.answer(Answer(status, final, headers, body, elapsed))
    shown = f"{method} {without_query(url)}"
    if not 200 <= status < 300:
        raise status_error(shown, status, body)
    return typed(shown, body, type)


def typed(shown: str, body: bytes, type: Any) -> Any:  # noqa: A002
    """JSON as one of the type. ValueError (E537) tells what does not fit."""
    from dana.runtime.natives.json import decode
    from dana.runtime.natives.shapes import decode_as

    try:
        value = decode(body)
        return value if type is None else decode_as(value, type)
    except ValueError as error:
        raise failure(ValueError, "E537", f"{shown}: {error}") from None


def json_of(url: str, body: bytes, type: Any = None, /) -> Any:  # noqa: A002
    """What an answer says, as JSON."""
    return typed(without_query(url), body, type)


def without_query(url: str) -> str:
    """An address as messages show it: keys travel in queries."""
    plain, asks, _ = url.partition("?")
    return plain + asks + ("…" if asks else "")


def status_error(shown: str, status: int, body: bytes = b"") -> Exception:
    """The error for an answer that says no. What may pass is a ConnectionError, what will not a ValueError."""
    phrase = f" {PHRASES[status]}" if status in PHRASES else ""
    said = " ".join(body[:400].decode("utf-8", "replace").split())[:120]
    passes = status >= 500 or status in (408, 425, 429)
    error = failure(
        ConnectionError if passes else ValueError,
        "E537",
        f"{shown}: {status}{phrase}" + (f": {said}" if said else ""),
        "it may pass: `@poet(retries=…)` asks again" if passes else "",
    )
    error.status = status  # type: ignore[attr-defined]
    return error


def refuse_status(url: str, status: int, body: bytes, /) -> None:
    """Raises the error for an answer that says no."""
    raise status_error(without_query(url), status, body)


def text_of(found: Answer) -> str | None:
    """The body as text in the encoding it names; None when it is none."""
    from dana.runtime.outside.encodings import known_encoding

    kind, _, rest = found.headers.get("content-type", "").partition(";")
    kind = kind.strip().lower()
    charset = ""
    for part in rest.split(";"):
        name, _, value = part.partition("=")
        if name.strip().lower() == "charset":
            charset = value.strip(" \"'")
    encoding = known_encoding(charset) if charset else "utf-8"
    try:
        return found.body.decode(encoding or "utf-8").removeprefix("\ufeff")
    except UnicodeError:
        is_text = kind.startswith(TEXTS) or kind.endswith(("+json", "+xml"))
        return found.body.decode(encoding or "utf-8", "replace") if is_text else None


# --- streams ------------------------------------------------------------------------------------


def stream_lines(program: Any) -> Callable[..., Iterator[str]]:
    """The lines of an answer, one after the other, as they arrive."""
    http = http_of(program)

    def stream_lines(url: Any, /, **options: Any) -> Iterator[str]:
        """The lines of an answer, one after the other, as they arrive."""
        from dana.runtime.effects import Effect
        from dana.runtime.iterators import iterator

        if elsewhere.host is not None:
            number = Effect(program, "http.stream_lines", lambda: elsewhere.later("http", "open", url, options))()
            more = Effect(program, "http.stream_lines", lambda: elsewhere.later("http", "more", number))
            return iterator(program.source(_lines(None, more)), None)
        call = http.call("GET", url, {"max_bytes": STREAM_BYTES, **options})
        walk = Lines(call.shown)
        Effect(program, "http.stream_lines", lambda: walk.open(http, call))()
        more = Effect(program, "http.stream_lines", walk.more)
        return iterator(program.source(_lines(walk, more)), None)

    return stream_lines


class Lines:
    """A stream that is cut into lines."""

    __slots__ = ("_pieces", "_rest", "_shown", "stream")

    def __init__(self, shown: str) -> None:
        self.stream: Stream | None = None
        self._pieces: Any = None
        self._rest: list[bytes] = []
        self._shown = shown

    async def open(self, http: Http, call: Call) -> None:
        """Begins; another status than 2xx is an error."""
        self.stream = await http.client().open(call)
        status = self.stream.status
        if not 200 <= status < 300:
            await self.close()
            raise status_error(call.shown, status)

    async def more(self) -> list[str] | None:
        """Some further lines; None at the end."""
        if self.stream is None:
            return None
        from dana.runtime.outside.exchange import Bounded

        if self._pieces is None:
            self._pieces = self.stream.pieces()
        async with Bounded(self.stream.call):
            async for piece in self._pieces:
                head, found, tail = piece.rpartition(b"\n")
                if not found:
                    self._rest.append(piece)
                    if sum(map(len, self._rest)) > LONGEST_LINE:
                        said = f"{self._shown}: a line is longer than {LONGEST_LINE:,} bytes"
                        raise failure(ValueError, "E532", said)
                    continue
                lines = b"".join([*self._rest, head]).split(b"\n")
                self._rest = [tail]
                return [line.removesuffix(b"\r").decode("utf-8", "replace") for line in lines]
        last = b"".join(self._rest)
        self._rest = []
        await self.close()
        return [last.removesuffix(b"\r").decode("utf-8", "replace")] if last else None

    async def close(self) -> None:
        """Gives the connection back."""
        stream, self.stream = self.stream, None
        pieces, self._pieces = self._pieces, None
        if pieces is not None:
            await pieces.aclose()
        if stream is not None:
            await stream.close()


def _lines(walk: Lines | None, more: Any) -> Iterator[str]:
    try:
        while (found := more()) is not None:
            yield from found
    finally:
        if walk is not None:
            abandon(walk)


def abandon(walk: Lines) -> None:
    """A stream nobody reads any more: its connection is closed when the loop next runs."""
    stream = walk.stream
    if stream is None:
        return
    loop = stream.loop
    if not loop.is_closed():
        loop.call_soon_threadsafe(lambda: loop.create_task(walk.close()))


# --- downloads ----------------------------------------------------------------------------------


def download(program: Any) -> Any:
    """An answer's body into a file, which appears when it is complete; gives its size."""
    from dana.runtime.effects import Effect

    http = http_of(program)

    def start(url: Any, path: Any, /, *, overwrite: bool = True, **options: Any) -> Awaitable[int]:
        if elsewhere.host is not None:
            return elsewhere.later("http", "download", url, path, overwrite, options)
        return begin_download(http, url, path, options, overwrite=overwrite)

    return Effect(program, "http.download", start, writes=True)


def begin_download(http: Http, url: Any, path: Any, options: dict[str, Any], *, overwrite: bool) -> Awaitable[int]:
    """The download of what is granted into what is granted."""
    call = http.call("GET", url, {"max_bytes": 1 << 30, "timeout": 300.0, **options})
    name = text_of_path(path)
    http.program.policy.path("write", name)
    return downloaded(http, call, name, overwrite=overwrite)


async def downloaded(http: Http, call: Call, path: str, *, overwrite: bool) -> int:
    """Pours the body into a draft of the file."""
    from dana.runtime.outside.exchange import Bounded

    stream = await http.client().open(call)
    size = 0
    try:
        if not 200 <= stream.status < 300:
            raise status_error(call.shown, stream.status)
        place = reach(http.program, "write", path, lambda place: place.beside(place.name), waits=False)
        with place, Draft(place) as draft:
            async with Bounded(call):
                async for piece in stream.pieces():
                    draft.write(piece)
                    size += len(piece)
            draft.publish(overwrite=overwrite)
    except FileExistsError:
        raise failure(FileExistsError, "E531", f"`{path}` is there already") from None
    finally:
        await stream.close()
    return size


# --- for programs in a worker -------------------------------------------------------------------

STREAMS_AT_ONCE = 100


def remote_request(program: Any) -> Callable[..., Awaitable[tuple[Any, ...]]]:
    """A request for a program in a worker: plain data in, plain data out."""
    http = http_of(program)

    async def request(method: str, url: Any, options: dict[str, Any]) -> tuple[Any, ...]:
        if method not in (name.upper() for name in (*READING, *WRITING)):
            raise failure(ValueError, "E535", f"no method of HTTP: {str(method)[:40]!r}")
        known = options if method.lower() in WRITING else {n: v for n, v in options.items() if n != "body"}
        call = http.call(method, url, known)
        call.max_bytes = min(call.max_bytes, bound(program, None))
        found = await http.client().perform(call)
        return found.status, found.url, found.headers, found.body, found.elapsed

    return request


def remote_open(program: Any) -> Callable[..., Awaitable[int]]:
    """A stream for a program in a worker, which gets its number."""
    http = http_of(program)

    async def begin(url: Any, options: dict[str, Any]) -> int:
        if len(http.streams) >= STREAMS_AT_ONCE:
            raise failure(OSError, "E536", f"{STREAMS_AT_ONCE} streams are being read already")
        call = http.call("GET", url, {"max_bytes": STREAM_BYTES, **options})
        walk = Lines(call.shown)
        await walk.open(http, call)
        http.opened += 1
        http.streams[http.opened] = walk
        return http.opened

    return begin


def remote_more(program: Any) -> Callable[..., Awaitable[list[str] | None]]:
    """Some further lines of a stream."""
    http = http_of(program)

    async def more(number: int) -> list[str] | None:
        walk = http.streams.get(number)
        found = None if walk is None else await walk.more()
        if found is None:
            http.streams.pop(number, None)
        return found

    return more


def remote_download(program: Any) -> Callable[..., Awaitable[int]]:
    """A download for a program in a worker."""
    http = http_of(program)

    async def download(url: Any, path: Any, overwrite: bool, options: dict[str, Any]) -> int:
        return await begin_download(http, url, path, options, overwrite=bool(overwrite))

    return download


OPTIONS = "params: any = …, headers: any = …, timeout: float = …, max_bytes: int = …, redirects: int = …, type: any = …"
BODIES = "json: any = …, form: any = …, body: any = …"
SIGNATURES = {
    **dict.fromkeys(READING, f"effect (url: str /, *, {OPTIONS}) -> any"),
    **dict.fromkeys(WRITING, f"effect (url: str /, *, {BODIES}, {OPTIONS}) -> any"),
    "download": (
        "effect (url: str /, path: str /, *, overwrite: bool = …, params: any = …, headers: any = …,"
        " timeout: float = …, max_bytes: int = …, redirects: int = …) -> int"
    ),
    "stream_lines": (
        "(url: str /, *, params: any = …, headers: any = …, timeout: float = …, max_bytes: int = …,"
        " redirects: int = …) -> iterator[str]"
    ),
    "use": "(response: any /) -> None",
    "json_of": "(shown: str /, body: any /, type: any / = …) -> any",
    "refuse_status": "(shown: str /, status: int /, body: any /) -> None",
}
EXPORTS: dict[str, object] = {
    **{name: request(name.upper(), writes=False) for name in READING},
    **{name: request(name.upper(), writes=True) for name in WRITING},
    "download": download,
    "stream_lines": stream_lines,
    "use": use,
    "json_of": json_of,
    "refuse_status": refuse_status,
}
REMOTE = {"request": remote_request, "open": remote_open, "more": remote_more, "download": remote_download}
NEEDS_PROGRAM = frozenset({*READING, *WRITING, "download", "stream_lines", "use"})
__getattr__ = types_on_demand(SIGNATURES)
