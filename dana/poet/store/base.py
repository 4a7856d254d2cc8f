"""What a store of learnings does."""

from __future__ import annotations

import json
from hashlib import sha256

from dana.adaptive.canonical import canonical

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

FORMAT = "1.0"
# Older versions make room; the one in use is never among them.
MAX_VERSIONS = 50
MAX_FEEDBACK = 10_000
# The domain of functions without one (PC19).
NO_DOMAIN = "-"


class StoreError(Exception):
    """A store cannot be opened, read or written; `hint` says what to do. Nothing stored before is lost."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Stored:
    """One version of a function's parameters: its number from 1, when it was saved (seconds since 1970), the data."""

    __slots__ = ("at", "data", "version")

    def __init__(self, version: int, at: float, data: dict[str, Any]) -> None:
        self.version = version
        self.at = at
        self.data = data

    def __repr__(self) -> str:
        return f"Stored({self.version}, {self.data!r})"


if TYPE_CHECKING:

    class Store(Protocol):
        """Parameters, feedback and patterns of functions, by function id and domain (`NO_DOMAIN` for none).

        All methods raise `StoreError`. Data is plain (what JSON can say). Safe to use from any thread.
        """

        def load(self, function_id: str, domain: str) -> Stored | None:
            """The latest version of the parameters, None when there is none."""
            ...

        def save(self, function_id: str, domain: str, data: dict[str, Any], at: float) -> int:
            """Store a new version whole or not at all; returns its number."""
            ...

        def versions(self, function_id: str, domain: str, limit: int = MAX_VERSIONS) -> list[Stored]:
            """The latest versions, newest first."""
            ...

        def functions(self) -> list[tuple[str, str, float]]:
            """`(function id, domain, when last saved)` of everything known, by name."""
            ...

        def forget(self, function_id: str, domain: str) -> bool:
            """Remove all that is known about a function; False when nothing was."""
            ...

        def add_feedback(self, function_id: str, domain: str, feedback: dict[str, Any], at: float) -> None:
            """Store one feedback; the oldest beyond `MAX_FEEDBACK` make room."""
            ...

        def feedback(self, function_id: str, domain: str, limit: int = 100) -> list[tuple[float, dict[str, Any]]]:
            """The latest feedback, newest first, as `(at, feedback)`."""
            ...

        def put_pattern(self, function_id: str, domain: str, kind: str, data: dict[str, Any], at: float) -> None:
            """Store what is known under `kind` about a function's calls, in the place of what was."""
            ...

        def patterns(self, function_id: str, domain: str) -> dict[str, dict[str, Any]]:
            """What is known, by kind."""
            ...

        def close(self) -> None:
            """Let go of files and connections."""
            ...


def encode(data: dict[str, Any]) -> str:
    """Data as it is stored. Raises `StoreError` for what would not come back as it went in."""
    text = canonical(data)
    if json.loads(text) != data:
        msg = "only plain data can be stored: dicts with text keys, lists, texts, numbers, true, false, null"
        raise StoreError(msg)
    return text


def decode(text: str, what: str) -> dict[str, Any]:
    """Stored text as data. Raises `StoreError` when it is damaged."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError) as damaged:
        msg = f"{what} is damaged: {damaged}"
        raise StoreError(msg, "move it away; defaults are used until something new is learnt") from damaged
    if not isinstance(data, dict):
        msg = f"{what} is damaged: it holds {type(data).__name__}, not an object"
        raise StoreError(msg, "move it away; defaults are used until something new is learnt")
    return data


def file_stem(function_id: str, domain: str) -> str:
    """A file name for a function and its domain: readable, and different for different ones (PC19)."""
    whole = f"{function_id}\0{domain}"
    if whole.count("\0") > 1:  # in a name: its length says where it ends
        whole = f"{len(function_id)}\0{whole}"
    safe = "".join(c if c.isalnum() and c.isascii() else "_" for c in f"{function_id}_{domain}")[:80]
    return f"{safe}_{sha256(whole.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
