"""Frames: four bytes of length, then one JSON object with a text at `t` that says what it is.

Both sides bound what they read. The reader of hostile frames (`parse`) refuses anything that is not exactly such
an object: other encodings, numbers that are no JSON, huge numbers, deep nesting, more items than a frame may have.

Values travel as JSON where JSON has them, and as `{"$": tag, "v": …}` where it has not:

    None bool str, int up to 2**53, finite float, list, dict with text keys      as they are
    int ("0x…"), float ("nan", "inf", "-inf"), complex, bytes, tuple, set, frozenset, dict (pairs), range,
    date, time, datetime, timedelta, Decimal                                     tagged
    what only one side can have (structs, functions, the host's objects)         tagged, by a subclass of `Codec`
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from math import isfinite

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# A frame of 8 MiB unfolds into well below 200 MB of Python objects, whatever it contains.
MAX_FRAME = 8 * 1024 * 1024
MAX_ITEMS = 1_000_000
MAX_NESTING = 150
EXACT_INT = 1 << 53
HEADER = 4


class WireError(ValueError):
    """A frame or a value breaks the rules; the text says which."""


class CannotCross(WireError):
    """A value has no form outside its process; the text says what it is."""


# --- frames -------------------------------------------------------------------------------------


def frame(message: dict[str, Any]) -> bytes:
    """A message as bytes. Raises `WireError` when it is too large."""
    body = json.dumps(message, separators=(",", ":"), allow_nan=False, check_circular=False).encode()
    if len(body) > MAX_FRAME:
        raise WireError(f"{len(body):,} bytes are more than one message may have ({MAX_FRAME:,})")
    if _items(body) > MAX_ITEMS:
        raise WireError(f"{_items(body):,} items are more than one message may have ({MAX_ITEMS:,})")
    return len(body).to_bytes(HEADER, "big") + body


def length(header: bytes) -> int:
    """The length a frame's header announces. Raises `WireError`."""
    announced = int.from_bytes(header, "big")
    if not 2 <= announced <= MAX_FRAME:
        raise WireError(f"a message of {announced:,} bytes was announced")
    return announced


def _items(body: bytes) -> int:
    """At least as many as there will be objects; a text's own commas count as well."""
    return body.count(b",") + body.count(b"[") + body.count(b"{")


def _whole(text: str) -> int:
    if len(text) > 20:
        raise WireError("a number is too long")
    return int(text)


def _no_constant(text: str) -> Any:
    raise WireError(f"{text} is no JSON")


_decoder = json.JSONDecoder(parse_int=_whole, parse_constant=_no_constant)


def parse(body: bytes) -> dict[str, Any]:
    """The message in a frame's body. Raises `WireError` for anything else."""
    if _items(body) > MAX_ITEMS:
        raise WireError("a message has too many items")
    try:
        message = _decoder.decode(body.decode("ascii"))
    except WireError:
        raise
    except (ValueError, RecursionError) as problem:
        raise WireError(f"a message is no JSON: {type(problem).__name__}") from None
    if type(message) is not dict or type(message.get("t")) is not str:
        raise WireError("a message is no object with a kind")
    return message


class Frames:
    """Puts the bytes of a stream together to messages."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """The messages that `data` completes. Raises `WireError`."""
        buffer = self._buffer
        buffer += data
        found = []
        while len(buffer) >= HEADER:
            end = HEADER + length(bytes(buffer[:HEADER]))
            if len(buffer) < end:
                break
            found.append(parse(bytes(buffer[HEADER:end])))
            del buffer[:end]
        return found


# --- values -------------------------------------------------------------------------------------


# Classes whose values are their own JSON data: when they leave (numbers may be too large), when they arrive.
_SAME_OUT = frozenset({str, bool, type(None)})
_SAME_IN = _SAME_OUT | {int, float}


class Codec:
    """Turns values into JSON data and back; subclasses add what their side knows (`other`, `tagged`)."""

    def encode(self, value: Any, depth: int = 0) -> Any:
        """The value as JSON data. Raises `CannotCross`."""
        cls = value.__class__
        if cls is str or cls is bool or value is None:
            return value
        if cls is int:
            return value if -EXACT_INT <= value <= EXACT_INT else {"$": "int", "v": hex(value)}
        if cls is float:
            return value if isfinite(value) else {"$": "float", "v": repr(value)}
        if depth > MAX_NESTING:
            raise CannotCross("a value that is nested too deeply, or contains itself,")
        if cls is list:
            if not value:
                return value
            return [item if item.__class__ in _SAME_OUT else self.encode(item, depth + 1) for item in value]
        if cls is dict:
            return self._dict(value, depth + 1)
        write = _WRITERS.get(cls)
        if write is not None:
            return {"$": cls.__name__, "v": write(self, value, depth + 1)}
        return self.other(value, depth + 1)

    def _dict(self, value: dict[Any, Any], depth: int) -> Any:
        if "$" not in value and all(key.__class__ is str for key in value):
            return {key: self.encode(item, depth) for key, item in value.items()}
        return {"$": "dict", "v": [[self.encode(k, depth), self.encode(v, depth)] for k, v in value.items()]}

    def other(self, value: Any, depth: int) -> Any:  # noqa: ARG002
        """JSON data for a value of a class this codec does not know."""
        made = moment(value)
        if made is not None:
            return {"$": "moment", "v": list(made)}
        raise CannotCross(f"a value of type {type(value).__name__}")

    def decode(self, data: Any, depth: int = 0) -> Any:
        """The value that JSON data stands for. Raises `WireError`."""
        cls = data.__class__
        if cls is str or cls is int or cls is float or cls is bool or data is None:
            return data
        if depth > MAX_NESTING + 2:
            raise WireError("a value is nested too deeply")
        if cls is list:
            if not data:
                return data
            return [item if item.__class__ in _SAME_IN else self.decode(item, depth + 1) for item in data]
        if cls is not dict:
            raise WireError("a value of no known kind")
        tag = data.get("$")
        if tag is None and "$" not in data:
            return {key: self.decode(item, depth + 1) for key, item in data.items()}
        if tag.__class__ is not str or len(data) != 2 or "v" not in data:
            raise WireError("a value has a broken tag")
        read = _READERS.get(tag)
        try:
            return self.tagged(tag, data["v"], depth + 1) if read is None else read(self, data["v"], depth + 1)
        except WireError:
            raise
        except (TypeError, ValueError, OverflowError, ArithmeticError, AttributeError, LookupError) as problem:
            raise WireError(f"a value tagged {tag[:20]!r} is broken: {type(problem).__name__}") from None

    def tagged(self, tag: str, body: Any, depth: int) -> Any:  # noqa: ARG002
        """The value for a tag this codec does not know."""
        raise WireError(f"a value has the unknown tag {tag[:20]!r}")


def items_of(codec: Codec, body: Any, depth: int) -> list[Any]:
    """A tagged body that must be a list, decoded."""
    if body.__class__ is not list:
        raise WireError("a list was expected")
    return [codec.decode(item, depth) for item in body]


def _write_items(codec: Codec, value: Any, depth: int) -> Any:
    return [codec.encode(item, depth) for item in value]


_WRITERS: dict[type, Callable[[Codec, Any, int], Any]] = {
    tuple: _write_items,
    set: _write_items,
    frozenset: _write_items,
    bytes: lambda _c, v, _d: b64encode(v).decode(),
    complex: lambda _c, v, _d: [repr(v.real), repr(v.imag)],
    range: lambda c, v, d: [c.encode(n, d) for n in (v.start, v.stop, v.step)],
}


def _read_int(_codec: Codec, body: Any, _depth: int) -> int:
    if body.__class__ is not str or body[:2] not in ("0x", "-0"):
        raise WireError("a tagged number is broken")
    return int(body, 16)


def _read_float(_codec: Codec, body: Any, _depth: int) -> float:
    if body not in ("nan", "inf", "-inf"):
        raise WireError("a tagged number is broken")
    return float(body)


def _read_complex(_codec: Codec, body: Any, _depth: int) -> complex:
    real, imaginary = body
    return complex(float(real), float(imaginary))


def _read_bytes(_codec: Codec, body: Any, _depth: int) -> bytes:
    return b64decode(body, validate=True)


def _read_range(codec: Codec, body: Any, depth: int) -> range:
    start, stop, step = items_of(codec, body, depth)
    return range(start, stop, step)


def _read_pairs(codec: Codec, body: Any, depth: int) -> dict[Any, Any]:
    return {codec.decode(key, depth): codec.decode(value, depth) for key, value in body}


_READERS: dict[str, Callable[[Codec, Any, int], Any]] = {
    "int": _read_int,
    "float": _read_float,
    "complex": _read_complex,
    "bytes": _read_bytes,
    "range": _read_range,
    "dict": _read_pairs,
    "tuple": lambda c, b, d: tuple(items_of(c, b, d)),
    "set": lambda c, b, d: set(items_of(c, b, d)),
    "frozenset": lambda c, b, d: frozenset(items_of(c, b, d)),
    "moment": lambda _c, b, _d: read_moment(*b),
}


# --- dates and decimals: their modules are loaded by whoever has such values -----------------------


def moment(value: Any) -> tuple[str, Any] | None:
    """A date, a time, a duration or a decimal as its kind and plain data; None for anything else."""
    from datetime import date, datetime, time, timedelta
    from decimal import Decimal

    cls = value.__class__
    if cls in (datetime, time):
        return cls.__name__, [value.isoformat(), value.fold]
    if cls is date:
        return "date", value.isoformat()
    if cls is timedelta:
        return "timedelta", [value.days, value.seconds, value.microseconds]
    if cls is Decimal:
        return "Decimal", str(value)
    return None


def read_moment(kind: str, text: Any) -> Any:
    """What `moment` said, again. Raises `WireError`, and what broken data makes Python raise."""
    import datetime as dt
    from decimal import Decimal

    if kind == "date":
        return dt.date.fromisoformat(text)
    if kind in ("datetime", "time"):
        iso, fold = text
        return getattr(dt, kind).fromisoformat(iso).replace(fold=fold)
    if kind == "timedelta":
        days, seconds, micros = text
        return dt.timedelta(days, seconds, micros)
    if kind == "Decimal" and text.__class__ is str:
        return Decimal(text)
    raise WireError("a moment of no known kind")
