"""HTTP requests before anything is sent: what a program asked for, checked and brought into one form.

    call = prepared("POST", url, {"json": {...}, "headers": {...}})
    moved = call.redirected(302, "/elsewhere")          the request a redirect leads to, with what may go there

Everything refused here (E535) is refused at the line of the call: addresses with a password in them, header
names and values that would end the header, two bodies at once.
"""

from __future__ import annotations

import re

from dana.runtime.secrets import Secret, text_of
from dana.runtime.stops import failure
from dana.secrets import SHOWN
from dana.secrets import Secret as HostSecret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    import httpx

LONGEST_URL = 8_192
MOST_HEADERS = 100
LONGEST_HEADER = 8_192
DEFAULT_TIMEOUT_S = 30.0
LONGEST_TIMEOUT_S = 3_600.0
DEFAULT_MAX_BYTES = 10_000_000
DEFAULT_REDIRECTS = 5
MOST_REDIRECTS = 20
AGENT = "dana"

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# The client's own: a program that set them could send a second request inside the first, or go to another host.
_OURS = frozenset(
    "host content-length transfer-encoding connection keep-alive proxy-connection te trailer upgrade expect "
    "accept-encoding http2-settings".split()
)
# What may follow a redirect to another host. Everything else may be a key.
_HARMLESS = frozenset({"accept", "accept-language", "user-agent"})
OPTIONS = frozenset({"params", "headers", "timeout", "max_bytes", "redirects"})
BODIES = frozenset({"json", "form", "body"})
REDIRECTS = frozenset({301, 302, 303, 307, 308})


class Answer:
    """A complete answer: `status`, `url`, `headers` (lower-case names), `body`, `elapsed` seconds."""

    __slots__ = ("body", "elapsed", "headers", "status", "url")

    def __init__(self, status: int, url: str, headers: dict[str, str], body: bytes, elapsed: float) -> None:
        self.status = status
        self.url = url
        self.headers = headers
        self.body = body
        self.elapsed = elapsed


class Call:
    """One request: `method`, `url`, `headers` (lower-case names), `body`, and how long, large and far it may go."""

    __slots__ = ("body", "headers", "max_bytes", "method", "redirects", "timeout", "url")

    def __init__(self, method: str, url: httpx.URL, headers: dict[str, str], body: bytes | None) -> None:
        self.method = method
        self.url = url
        self.headers = headers
        self.body = body
        self.timeout = DEFAULT_TIMEOUT_S
        self.max_bytes = DEFAULT_MAX_BYTES
        self.redirects = DEFAULT_REDIRECTS

    @property
    def host(self) -> str:
        """The host in ASCII, an IPv6 address in brackets."""
        host = self.url.raw_host.decode("ascii")
        return f"[{host}]" if ":" in host else host

    @property
    def port(self) -> int:
        return self.url.port or (443 if self.url.scheme == "https" else 80)

    @property
    def target(self) -> str:
        """`host:port`, what is granted."""
        return f"{self.host}:{self.port}"

    @property
    def shown(self) -> str:
        """`GET https://host/path`, without the query: keys travel there."""
        return f"{self.method} {shown_url(self.url)}"

    def redirected(self, status: int, location: str) -> Call:
        """The request a redirect leads to. Raises ConnectionError (E536) for one that must not be followed."""
        url = self._joined(location)
        is_same = (url.scheme, url.host, url.port) == (self.url.scheme, self.url.host, self.url.port)
        if self.url.scheme == "https" and url.scheme != "https":
            raise refused_redirect(self, url, "it leads from https to http")
        method, body = self.method, self.body
        if status == 303 or (status in (301, 302) and method == "POST"):
            method, body = ("HEAD" if method == "HEAD" else "GET"), None
        elif not is_same and method not in ("GET", "HEAD", "OPTIONS"):
            raise refused_redirect(self, url, f"it would send the {method} to another host")
        kept = {n: v for n, v in self.headers.items() if body is not None or not n.startswith("content-")}
        if not is_same:
            kept = {n: v for n, v in kept.items() if n in _HARMLESS}
        moved = Call(method, url, kept, body)
        moved.timeout, moved.max_bytes, moved.redirects = self.timeout, self.max_bytes, self.redirects - 1
        return moved

    def _joined(self, location: str) -> httpx.URL:
        import httpx

        try:
            url = self.url.join(location)
            return url_of(str(url.copy_with(fragment=None)))
        except (httpx.InvalidURL, ValueError):
            msg = f"{self.shown}: the answer leads to an address that is none"
            raise failure(ConnectionError, "E536", msg) from None


def refused_redirect(call: Call, url: httpx.URL, why: str) -> Exception:
    """A redirect that is not followed."""
    hint = f"ask {shown_url(url)} itself if that is meant, or take the answer as it is with `redirects=0`"
    return failure(ConnectionError, "E536", f"{call.shown}: a redirect was not followed: {why}", hint)


def shown_url(url: httpx.URL) -> str:
    """An address as messages show it: without query."""
    text = f"{url.scheme}://{url.netloc.decode('ascii')}{url.path}"
    return (text if len(text) <= 120 else text[:119] + "…") + ("?…" if url.query else "")


def prepared(
    method: str,
    url: Any,
    *,
    params: Any = None,
    headers: Any = None,
    json: Any = None,
    form: Any = None,
    body: Any = None,
    timeout: float = DEFAULT_TIMEOUT_S,
    max_bytes: int = DEFAULT_MAX_BYTES,
    redirects: int = DEFAULT_REDIRECTS,
) -> Call:
    """A request as a program describes it. Raises ValueError or TypeError (E535)."""
    made = url_of(url)
    if params is not None:
        made = with_params(made, params)
    names = headers_of(headers)
    kind, content = content_of(json, form, body)
    if kind:
        names.setdefault("content-type", kind)
    names.setdefault("accept", "*/*")
    names.setdefault("user-agent", AGENT)
    call = Call(method, made, names, content)
    call.timeout = number_in("timeout", timeout, 0.001, LONGEST_TIMEOUT_S)
    call.max_bytes = int(number_in("max_bytes", max_bytes, 0, 1 << 40))
    call.redirects = int(number_in("redirects", redirects, 0, MOST_REDIRECTS))
    return call


def number_in(name: str, value: Any, low: float, high: float) -> float:
    """An option that is a number between two bounds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise failure(ValueError, "E535", f"{name} lies between {low:g} and {high:g}, not {str(value)[:40]}")
    return value


def url_of(text: Any) -> httpx.URL:
    """An address of http or https without a user in it."""
    import httpx

    if not isinstance(text, str):
        raise failure(TypeError, "E535", f"an address is a text, not {type(text).__name__}")
    if len(text) > LONGEST_URL:
        raise failure(ValueError, "E535", f"the address is longer than {LONGEST_URL} characters", "send a body")
    if any(c <= " " or c in "\x7f\\" or c.isspace() for c in text):
        hint = "`params={…}` puts values into an address and escapes them"
        raise failure(ValueError, "E535", "an address holds no blanks, backslashes or control characters", hint)
    try:
        url = httpx.URL(text)
        host = url.raw_host.decode("ascii")
        port = url.port
    except (httpx.InvalidURL, ValueError):  # also half characters, and names that are none
        raise failure(ValueError, "E535", f"no address: {text[:80]!r}") from None
    if url.scheme not in ("http", "https"):
        hint = f"did you mean `https://{text[:60]}`?" if "://" not in text else "only http and https are spoken here"
        raise failure(ValueError, "E535", f"an address begins with https:// or http://: {text[:80]!r}", hint)
    if url.userinfo or "@" in re.split(r"[/?#]", text.partition("://")[2], maxsplit=1)[0]:
        hint = '`headers={"Authorization": …}` says who asks, and is never shown'
        raise failure(ValueError, "E535", "an address holds no user and no password", hint)
    if not host or (port is not None and not 0 < port < 65536):
        raise failure(ValueError, "E535", f"no address: {text[:80]!r}")
    return url.copy_with(fragment=None)


def with_params(url: httpx.URL, params: Any) -> httpx.URL:
    """The address with parameters added to its query; a list gives one for each item, None none."""
    if not isinstance(params, dict):
        raise failure(TypeError, "E535", "params is a dict from name to value")
    pairs = list(url.params.multi_items())
    for name, value in params.items():
        values = value if isinstance(value, list | tuple) else (value,)
        pairs += [(str(name), plain_text(name, each)) for each in values if each is not None]
    made = url.copy_with(params=pairs)
    if len(str(made)) > LONGEST_URL:
        raise failure(ValueError, "E535", f"the address is longer than {LONGEST_URL} characters", "send a body")
    return made


def plain_text(name: Any, value: Any) -> str:
    """A parameter or field as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str | int | float):
        return str(value)
    raise failure(TypeError, "E535", f"`{name}` is a text, number or bool, not {type(value).__name__}")


def sent_text(name: Any, value: Any) -> str:
    """What is sent for a header or a field of a form; a secret may be there, and nowhere else in a request."""
    if value.__class__ is Secret:
        return text_of(value)
    if value.__class__ is HostSecret:  # of a program in a worker, which has nothing but a handle of it
        return value.reveal()
    text = plain_text(name, value)
    if SHOWN in text:
        hint = 'put the secret itself there: `key`, or with a word before it `key.prefixed("Bearer ")`'
        raise failure(ValueError, "E535", f"`{name}` holds `{SHOWN}`, which is how a secret prints", hint)
    return text


def headers_of(headers: Any) -> dict[str, str]:
    """Headers by small names. Values are never shown: they may be keys."""
    if headers is None:
        return {}
    if not isinstance(headers, dict) or len(headers) > MOST_HEADERS:
        raise failure(TypeError, "E535", f"headers is a dict from name to text, of at most {MOST_HEADERS}")
    made: dict[str, str] = {}
    for name, value in headers.items():
        if not isinstance(name, str) or not _TOKEN.match(name):
            raise failure(ValueError, "E535", f"{str(name)[:40]!r} is no name of a header")
        small = name.lower()
        if small in _OURS or small.startswith("proxy-"):
            raise failure(ValueError, "E535", f"the header `{name}` is set by http itself")
        if small in made:
            raise failure(ValueError, "E535", f"the header `{name}` is given twice")
        text = sent_text(name, value).strip(" \t")
        if len(text) > LONGEST_HEADER or _CONTROL.search(text) or any(ord(c) > 255 for c in text):
            hint = "line ends, control characters and letters beyond Latin-1 are not allowed"
            raise failure(ValueError, "E535", f"the header `{name}` has a value that cannot be sent", hint)
        made[small] = text
    return made


def content_of(json: Any, form: Any, body: Any) -> tuple[str, bytes | None]:
    """Type and bytes of the body."""
    given = [name for name, value in (("json", json), ("form", form), ("body", body)) if value is not None]
    if len(given) > 1:
        raise failure(ValueError, "E535", f"a request has one body, and here are {' and '.join(given)}")
    if json is not None:
        from dana.runtime.natives.json import encode

        return "application/json", encode(json, ensure_ascii=False, separators=(",", ":")).encode()
    if form is not None:
        return "application/x-www-form-urlencoded", form_of(form)
    if isinstance(body, str):
        return "text/plain; charset=utf-8", body.encode()
    if body is None or isinstance(body, bytes):
        return ("", None) if body is None else ("application/octet-stream", body)
    raise failure(TypeError, "E535", f"body is text or bytes, not {type(body).__name__}", "`json=` sends values")


def form_of(form: Mapping[Any, Any]) -> bytes:
    """The fields of a form."""
    from urllib.parse import urlencode

    if not isinstance(form, dict):
        raise failure(TypeError, "E535", "form is a dict from name to value")
    pairs = []
    for name, value in form.items():
        values = value if isinstance(value, list | tuple) else (value,)
        pairs += [(str(name), sent_text(name, each)) for each in values if each is not None]
    return urlencode(pairs).encode("ascii")
