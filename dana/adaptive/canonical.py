"""One way to write plain data as text, so that equal data has equal bytes: what hashes and digests are taken of.

JSON with sorted keys, no blanks, text as it is. What JSON cannot say is written as a tagged object
(`{"$": "set", …}`), so that it cannot be mistaken for a text that looks alike. Anything that is no data is
written as its type's name: a record must never fail, and never hold more than was meant.
"""

from __future__ import annotations

import json
import math
from itertools import count

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# Deeper data is cut off: no record needs it, and a walk without end would take the writer down.
MAX_DEPTH = 32
MAX_PARTS = 100_000
_CUTS = count()
TAG = "$"

_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode


def canonical(value: Any) -> str:
    """The text of `value`; equal for equal data, whatever the order of its keys. It can always be encoded."""
    return whole(_encode(plain(value)))


def whole(text: str) -> str:
    r"""`text` with halves of characters (lone surrogates) written as `\ud800`, which JSON reads as what they were.

    No file and no database takes them as they are.
    """
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def plain(value: Any, depth: int = 0, left: list[int] | None = None) -> Any:
    """`value` as JSON can say it; tuples become lists. Of more than `MAX_PARTS` parts the others are cut off, and
    nothing is equal to what was cut: parts that are shared many times have no end.
    """
    cls = value.__class__
    left = [MAX_PARTS] if left is None else left
    left[0] -= 1
    if left[0] < 0:
        return {TAG: "cut", "number": next(_CUTS)}
    if cls in (str, int, bool) or value is None:
        return value
    if cls is float:
        return value if math.isfinite(value) else {TAG: "float", "is": repr(value)}
    if depth >= MAX_DEPTH:
        return {TAG: "deep"}
    if cls is dict:
        return _plain_dict(value, depth, left)
    if cls in (list, tuple):
        return [plain(item, depth + 1, left) for item in value]
    if cls in (set, frozenset):
        return {TAG: "set", "of": sorted((plain(item, depth + 1, left) for item in value), key=_encode)}
    if cls is bytes:
        return {TAG: "bytes", "hex": value.hex()}
    return {TAG: "type", "is": cls.__name__}


def _plain_dict(value: dict[Any, Any], depth: int, left: list[int]) -> dict[str, Any]:
    if all(key.__class__ is str and key != TAG for key in value):
        return {key: plain(item, depth + 1, left) for key, item in value.items()}
    pairs = [[plain(key, depth + 1, left), plain(item, depth + 1, left)] for key, item in value.items()]
    return {TAG: "dict", "of": sorted(pairs, key=lambda pair: _encode(pair[0]))}


def cut(text: str, keep: int) -> str:
    """What stands for a canonical text that is too long: its beginning, and how long it was."""
    return _encode({TAG: "cut", "of": len(text), "start": text[:keep]})


def digest(value: Any) -> str:
    """SHA-256 of the canonical text, in hex; what an approval is bound to (M93)."""
    from hashlib import sha256

    return sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()
