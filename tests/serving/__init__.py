"""A web server on this machine that can misbehave in every way a real one has.

    with Server() as server:
        server.url("/json")                     http://127.0.0.1:PORT/json
        server.seen                             the requests that came, in order

Plain sockets and threads: what is sent is exactly what a route says, also where that is no HTTP.
"""

from __future__ import annotations

import gzip
import json
import socket
import struct
import threading
import zlib
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable


class Request(NamedTuple):
    """One request as it arrived; header names are small."""

    method: str
    path: str
    query: list[tuple[str, str]]
    headers: dict[str, str]
    body: bytes


class Server:
    """Serves until it is left. `most` is the largest number of requests that were under way at once."""

    def __init__(self, context=None) -> None:
        self.seen: list[Request] = []
        self.most = 0
        self.connections = 0
        self.gate = threading.Barrier(1)
        self._context = context
        self._under_way = 0
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._socket = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port = self._socket.getsockname()[1]
        self._threads = [threading.Thread(target=self._accept, daemon=True)]

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.port}{path}"

    def together(self, count: int) -> None:
        """`/together` answers when so many requests for it are there at once."""
        self.gate = threading.Barrier(count)

    def __enter__(self) -> Server:
        self._threads[0].start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop_listening()
        self.gate.abort()
        with self._lock:
            for each in self._open:
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    continue  # it is closed already
        for thread in self._threads[1:]:
            thread.join(5)

    def _stop_listening(self) -> None:
        with suppress(OSError):  # it may have been stopped before
            self._socket.shutdown(socket.SHUT_RDWR)  # wakes the thread that waits for connections
        self._socket.close()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            thread = threading.Thread(target=self._serve, args=(connection,), daemon=True)
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self._open.add(connection)
        try:
            if self._context is not None:
                connection = self._context.wrap_socket(connection, server_side=True)
            with connection, connection.makefile("rb") as stream:
                while (request := _read(stream)) is not None:
                    self.seen.append(request)
                    with self._lock:
                        self._under_way += 1
                        self.most = max(self.most, self._under_way)
                    try:
                        keeps = self._answer(connection, request)
                    finally:
                        with self._lock:
                            self._under_way -= 1
                    if not keeps:
                        return
        except (OSError, ValueError):
            return  # the client has gone
        finally:
            with self._lock:
                self._open.discard(connection)

    def _answer(self, connection: socket.socket, request: Request) -> bool:
        name, _, rest = request.path.strip("/").partition("/")
        return ROUTES.get(name, _nothing)(self, connection, request, unquote(rest))


def _read(stream) -> Request | None:
    line = stream.readline()
    if not line:
        return None
    method, target, _ = line.decode("latin-1").split(" ", 2)
    headers = {}
    while (line := stream.readline().decode("latin-1").strip("\r\n")) != "":
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    body = stream.read(int(headers.get("content-length", 0)))
    parts = urlsplit(target)
    return Request(method, parts.path, parse_qsl(parts.query, keep_blank_values=True), headers, body)


def reply(connection, body: bytes, status: int = 200, length: int | None = None, **headers: str) -> bool:
    """An ordinary answer; `length` lies about the size."""
    fields = {"Content-Type": "text/plain; charset=utf-8"} | {k.replace("_", "-"): v for k, v in headers.items()}
    fields["Content-Length"] = str(len(body) if length is None else length)
    head = f"HTTP/1.1 {status} Said\r\n" + "".join(f"{k}: {v}\r\n" for k, v in fields.items())
    connection.sendall(head.encode("latin-1") + b"\r\n" + body)
    return length is None


# --- routes -------------------------------------------------------------------------------------


def _nothing(server, connection, request, rest):
    return reply(connection, b"nothing here", 404)


def _echo(server, connection, request, rest):
    told = {"method": request.method, "path": request.path, "query": request.query, "headers": request.headers}
    body = json.dumps(told | {"body": request.body.decode("utf-8", "replace")}).encode()
    return reply(connection, b"" if request.method == "HEAD" else body, Content_Type="application/json")


def _together(server, connection, request, rest):
    server.gate.wait(5)
    return reply(connection, rest.encode())


def _price(server, connection, request, rest):
    body = json.dumps({"item": rest, "price": len(rest) * 1.5}).encode()
    return reply(connection, body, Content_Type="application/json")


def _status(server, connection, request, rest):
    return reply(connection, f"status {rest}".encode(), int(rest))


def _redirect(server, connection, request, rest):
    """`/redirect/302/<where>`."""
    status, _, where = rest.partition("/")
    return reply(connection, b"elsewhere", int(status), Location=where)


def _circle(server, connection, request, rest):
    return reply(connection, b"", 302, Location="/circle")


def _silent(server, connection, request, rest):
    connection.recv(1)
    return False


def _drip(server, connection, request, rest):
    """One byte at a time, as long as somebody listens."""
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    connection.settimeout(0.005)
    while True:
        connection.sendall(b".")
        try:
            if connection.recv(1) == b"":
                return False
        except TimeoutError:
            continue


def _reset(server, connection, request, rest):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    return False


def _short(server, connection, request, rest):
    return reply(connection, b"half", length=1000)


def _packed(data: bytes, encoding: str):
    def route(server, connection, request, rest):
        return reply(connection, data, Content_Encoding=encoding)

    return route


def _raw(text: bytes):
    def route(server, connection, request, rest):
        connection.sendall(text)
        return False

    return route


def _text(body: bytes, kind: str = "text/plain; charset=utf-8"):
    def route(server, connection, request, rest):
        return reply(connection, body, Content_Type=kind)

    return route


def _endless(server, connection, request, rest):
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    while True:
        connection.sendall(b"10000\r\n" + b"x" * 0x10000 + b"\r\n")


def _lines(server, connection, request, rest):
    """`/lines/<count>`: chunks that do not end where lines do."""
    data = "".join(f"line {n} é\r\n" for n in range(int(rest))).encode()
    connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
    for at in range(0, len(data), 7):
        piece = data[at : at + 7]
        connection.sendall(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
    connection.sendall(b"0\r\n\r\n")
    return True


def _send_bomb(server, connection, request, rest):
    """100 MB of zeros, packed into 100 KB."""
    packer = zlib.compressobj(9, wbits=31)
    data = b"".join([*(packer.compress(bytes(1_000_000)) for _ in range(100)), packer.flush()])
    return reply(connection, data, Content_Encoding="gzip")


ROUTES: dict[str, Callable[..., bool]] = {
    "echo": _echo,
    "together": _together,
    "price": _price,
    "status": _status,
    "redirect": _redirect,
    "circle": _circle,
    "silent": _silent,
    "drip": _drip,
    "reset": _reset,
    "short": _short,
    "endless": _endless,
    "lines": _lines,
    "json": _text(b'{"item": "tea", "price": 2.5}', "application/json"),
    "badjson": _text(b'{"item": tea}', "application/json"),
    "latin": _text("Zürich".encode("latin-1"), "text/plain; charset=latin-1"),
    "binary": _text(bytes(range(256)), "application/octet-stream"),
    "gzip": _packed(gzip.compress(b"packed"), "gzip"),
    "gzip2": _packed(gzip.compress(b"pack") + gzip.compress(b"ed"), "gzip"),
    "deflate": _packed(zlib.compress(b"packed"), "deflate"),
    "rawdeflate": _packed(zlib.compress(b"packed", wbits=-15), "deflate"),
    "halfgzip": _packed(gzip.compress(b"packed" * 100)[:-12], "gzip"),
    "notgzip": _packed(b"not packed", "gzip"),
    "brotli": _packed(b"whatever", "br"),
    "bomb": _send_bomb,
    "nothttp": _raw(b"SSH-2.0-OpenSSH_9.2\r\n"),
    "hugeheaders": _raw(b"HTTP/1.1 200 OK\r\n" + b"X-Long: " + b"x" * 1_000_000 + b"\r\n\r\n"),
    "manyheaders": _raw(b"HTTP/1.1 200 OK\r\n" + b"X-More: x\r\n" * 5000 + b"Content-Length: 0\r\n\r\n"),
    "twolengths": _raw(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 5\r\n\r\nabcde"),
}
