"""A value as text for a prompt: compact JSON, cut where it is endless or too long."""

from __future__ import annotations

from json.encoder import encode_basestring
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

DEPTH = 40
CHARS = 200_000


def encode(value: Any, *, chars: int = CHARS) -> str:
    """The value as compact JSON: structs as objects, sets as lists, dates as ISO texts, decimals as numbers.

    Nothing is refused: what contains itself, lies too deep or exceeds `chars` characters is cut, with a note in its
    place ("… 12 more"); what JSON has no form for is a text that says what it is.
    """
    writer = _Writer(chars)
    writer.write(value, 0)
    return "".join(writer.parts)


class _Writer:
    __slots__ = ("inside", "left", "parts")

    def __init__(self, chars: int) -> None:
        self.parts: list[str] = []
        self.left = chars
        self.inside: set[int] = set()

    def put(self, text: str) -> None:
        self.parts.append(text)
        self.left -= len(text)

    def write(self, value: Any, depth: int) -> None:
        """Append the value's text."""
        cls = value.__class__
        if cls is str:
            self.text(value)
        elif value is None or cls is bool:
            self.put({None: "null", True: "true", False: "false"}[value])
        elif isinstance(value, int) and cls is int:
            self.put(str(value) if value.bit_length() < 14_000 else f'"a number of {value.bit_length()} bits"')
        elif cls is float:
            self.put(repr(value) if value - value == 0 else encode_basestring(repr(value)))
        elif hasattr(cls, "_shape") or isinstance(value, dict | list | tuple | set | frozenset):
            self.container(value, depth)
        else:
            self.put(other(value))

    def text(self, value: str) -> None:
        if len(value) > self.left:
            rest = len(value) - max(0, self.left)
            value = f"{value[: max(0, self.left)]}… {rest:,} more characters"
        self.put(encode_basestring(value.encode("utf-8", "replace").decode()))

    def container(self, value: Any, depth: int) -> None:
        if id(value) in self.inside or depth >= DEPTH:
            self.put('"… contains itself"' if id(value) in self.inside else '"… too deep"')
            return
        self.inside.add(id(value))
        shape = getattr(value.__class__, "_shape", None)
        if shape is not None:
            self.entries([(f.name, getattr(value, f.slot, None)) for f in shape.fields], depth)
        elif isinstance(value, dict):
            self.entries(value.items(), depth)
        else:
            self.items(value, depth)
        self.inside.discard(id(value))

    def entries(self, entries: Iterable[tuple[Any, Any]], depth: int) -> None:
        self.put("{")
        for n, (key, value) in enumerate(entries):
            if self.left <= 0:
                self.put(',"…":"more"' if n else '"…":"more"')
                break
            self.put("," if n else "")
            self.text(key if isinstance(key, str) else _key(key))
            self.put(":")
            self.write(value, depth + 1)
        self.put("}")

    def items(self, values: Any, depth: int) -> None:
        is_set = isinstance(values, set | frozenset)
        ordered = sorted(values, key=lambda v: (v.__class__.__name__, encode(v, chars=200))) if is_set else values
        self.put("[")
        for n, value in enumerate(ordered):
            if self.left <= 0:
                self.put(f'{"," if n else ""}"… {len(ordered) - n:,} more"')
                break
            self.put("," if n else "")
            self.write(value, depth + 1)
        self.put("]")


def _key(key: Any) -> str:
    return encode(key, chars=200).strip('"')


def other(value: Any) -> str:
    """What is neither data nor container: dates, durations, decimals, types; everything else by a short text."""
    from datetime import date, time, timedelta
    from decimal import Decimal

    if isinstance(value, Decimal):
        return str(value) if value.is_finite() and abs(value.adjusted()) < 400 else encode_basestring(str(value)[:60])
    if isinstance(value, date | time):
        return encode_basestring(value.isoformat())
    if isinstance(value, timedelta):
        return encode_basestring(iso_duration(value))
    from dana.runtime.typevalues import short

    if value.__class__.__name__ in ("UUID", "Fraction"):
        return encode_basestring(str(value)[:1_000])
    return encode_basestring(short(value))


def iso_duration(value: Any) -> str:
    """`P1DT7200S`: a duration as ISO 8601 has it; a negative one with its sign in front."""
    sign = ""
    if value.days < 0:
        sign, value = "-", -value
    seconds = f"{value.seconds}.{value.microseconds:06}" if value.microseconds else str(value.seconds)
    return f"{sign}P{value.days}DT{seconds}S"
