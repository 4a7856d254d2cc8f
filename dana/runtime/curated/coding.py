"""`base64`, `zlib` and `html`: texts and bytes in other forms."""

from __future__ import annotations

import base64 as host_base64
import html as host_html
import zlib as host_zlib

from dana.runtime.curated import Curated
from dana.runtime.curated.values import MAX_BYTES, Bounds, named, sized
from dana.runtime.stops import failure
from dana.runtime.typevalues import kind_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.runtime.program import Program

# Those that Python works off in loops of its own, a hundred times slower than C.
SLOW = 1_000_000
FAST_CODES = (
    "b64encode b64decode standard_b64encode standard_b64decode urlsafe_b64encode urlsafe_b64decode b16encode b16decode"
).split()
SLOW_CODES = "b32encode b32decode b85encode b85decode".split()


def make_base64(program: Program) -> dict[str, Any]:
    bounds = Bounds(program)
    made = {name: sized(bounds, getattr(host_base64, name), 2) for name in FAST_CODES}
    return made | {name: sized(bounds, getattr(host_base64, name), 100, SLOW) for name in SLOW_CODES}


BASE64 = {
    **dict.fromkeys(
        "standard_b64encode standard_b64decode urlsafe_b64encode urlsafe_b64decode b16encode b32encode".split(),
        "(s: any) -> bytes",
    ),
    "b64encode": "(s: any, altchars: any = …) -> bytes",
    "b64decode": "(s: any, altchars: any = …, validate: bool = …) -> bytes",
    "b16decode": "(s: any, casefold: bool = …) -> bytes",
    "b32decode": "(s: any, casefold: bool = …, map01: any = …) -> bytes",
    "b85encode": "(b: any, pad: bool = …) -> bytes",
    "b85decode": "(b: any) -> bytes",
}
NO_BASE64 = dict.fromkeys(("encode", "decode", "encodebytes", "decodebytes"), "use `b64encode` and `b64decode`")
NO_BASE64 |= dict.fromkeys(("a85encode", "a85decode"), "use `b85encode` and `b85decode`")


def make_zlib(program: Program) -> dict[str, Any]:
    bounds = Bounds(program)

    def decompress(data: Any, /, wbits: int = host_zlib.MAX_WBITS, bufsize: int = 0) -> bytes:
        """The bytes that were compressed."""
        if not isinstance(data, bytes):
            raise failure(TypeError, "E601", f"decompress takes bytes, not {kind_of(data)}")
        stream = host_zlib.decompressobj(wbits)
        parts: list[bytes] = []
        size = 0
        left = data
        while not stream.eof:
            part = stream.decompress(left, 1 << 20)
            left = stream.unconsumed_tail
            size += len(part)
            if size > MAX_BYTES:
                raise bounds.meter.stop("memory")
            bounds.room(size)
            parts.append(part)
            if not part and not left:
                raise host_zlib.error("incomplete or truncated stream")
        return b"".join(parts)

    return {
        "compress": sized(bounds, host_zlib.compress, 4),
        "decompress": named("decompress", decompress),
        "crc32": sized(bounds, host_zlib.crc32),
        "adler32": sized(bounds, host_zlib.adler32),
        "error": host_zlib.error,
    }


ZLIB = {
    "compress": "(data: any /, level: int = …, wbits: int = …) -> bytes",
    "decompress": "(data: any /, wbits: int = …, bufsize: int = …) -> bytes",
    "crc32": "(data: any /, value: int / = …) -> int",
    "adler32": "(data: any /, value: int / = …) -> int",
    "error": "any",
}
NO_ZLIB = dict.fromkeys(("compressobj", "decompressobj"), "use `compress` and `decompress`")


def make_html(program: Program) -> dict[str, Any]:
    bounds = Bounds(program)
    return {"escape": sized(bounds, host_html.escape, 6), "unescape": sized(bounds, host_html.unescape, 4)}


HTML = {"escape": "(s: str, quote: bool = …) -> str", "unescape": "(s: str) -> str"}
FAMILY = {
    "base64": Curated(make_base64, BASE64, NO_BASE64),
    "zlib": Curated(make_zlib, ZLIB, NO_ZLIB),
    "html": Curated(make_html, HTML, {"entities": "use `html.unescape`", "parser": "parsers need a grant"}),
}
