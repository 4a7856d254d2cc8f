"""A stand-in for the server that knows prices: `python server.py [PORT]`, until Ctrl-C.

GET /price/tea    200 {"item": "tea", "price": 4.5}, or 503 when it is busy, as it is for every third item
"""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count

ITEMS = {"tea": 4.5, "coffee": 9.0, "sugar": 7.5, "cocoa": 7.5}
PRICES = {**ITEMS, "currency": 12.0, "shipping": 12.0}
BUSY_EVERY = 3
PORT = 8092


class Prices(BaseHTTPRequestHandler):
    """Answers one request."""

    protocol_version = "HTTP/1.1"
    requests = count(1)

    def do_GET(self) -> None:
        item = self.path.removeprefix("/price/")
        if item in ITEMS and next(self.requests) % BUSY_EVERY == 0:
            self.answer(503, {"error": "busy"})
        elif item in PRICES:
            self.answer(200, {"item": item, "price": PRICES[item]})
        else:
            self.answer(404, {"error": f"no price of {item}"})

    def answer(self, status: int, data: dict[str, object]) -> None:
        body = json.dumps(data).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing is written about requests."""


if __name__ == "__main__":
    port = int(sys.argv[1]) if len(sys.argv) > 1 else PORT
    server = ThreadingHTTPServer(("127.0.0.1", port), Prices)
    print(f"prices at http://127.0.0.1:{server.server_port}, until Ctrl-C", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
