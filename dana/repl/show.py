"""Values as text that fits the screen: on one line if it can be, else an item per line, never endlessly long.

Nothing here calls the program: structs are read field by field, containers item by item until there is text
enough, so showing a list of ten million items costs as much as showing its beginning.
"""

from __future__ import annotations

from itertools import islice

from dana import abi
from dana.repl.table import table
from dana.runtime.modules import ModuleValue
from dana.runtime.structs import Struct
from dana.runtime.typevalues import short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

MAX_LINES = 40
MAX_FILLED = 10  # lines of plain items
MAX_TEXT = 2_000  # characters of one text, and of a value on one line
MAX_DEPTH = 12
_MISSING = object()
_BRACKETS: dict[type, tuple[str, str]] = {list: ("[", "]"), tuple: ("(", ")"), set: ("{", "}"), frozenset: ("{", "}")}


def shown(value: Any, width: int = 80, signature: Callable[[Any], str] | None = None) -> str:
    """The text of a value for a screen of `width` columns.

    A list of structs of one kind, or of dicts, is a table. `signature` gives the head of a function.
    """
    rows = table(value, width, _Flat(signature).text)
    if rows is not None:
        return rows
    flat = _Flat(signature)
    text = flat.text(value)
    if not flat.cut and len(text) <= width and "\n" not in text:
        return text
    if _is_container(value):
        lines = _Tall(width, signature).lines(value)
        return "\n".join(lines)
    return text


class _Flat:
    """Writes a value on one line, up to `room` characters; `cut` says that something was left out."""

    def __init__(self, signature: Callable[[Any], str] | None, room: int = MAX_TEXT) -> None:
        self._signature = signature
        self._room = room
        self._open: set[int] = set()
        self.cut = False

    def text(self, value: Any) -> str:
        """The value; a container inside itself is `…`."""
        if isinstance(value, str):
            return self._string(value)
        if not _is_container(value):
            return self._other(value)
        if id(value) in self._open or len(self._open) >= MAX_DEPTH:
            self.cut = True
            return "…"
        self._open.add(id(value))
        try:
            return self._container(value)
        finally:
            self._open.discard(id(value))

    def _string(self, value: str) -> str:
        if len(value) <= MAX_TEXT:
            return repr(value)
        self.cut = True
        return f"{value[:MAX_TEXT]!r}… ({_count(len(value), 'character')})"

    def _other(self, value: Any) -> str:
        if self._signature is not None and callable(value) and not isinstance(value, (type, Struct)):
            head = self._signature(value)
            if head:
                return head
        if isinstance(value, int) and value.bit_length() > 2_000:
            return short(value)
        text = _own_text(value)
        return text if len(text) <= MAX_TEXT else text[:MAX_TEXT] + "…"

    def _container(self, value: Any) -> str:
        opening, closing = brackets(value)
        parts: list[str] = []
        used = 0
        for number, (key, item) in enumerate(items(value)):
            part = self._key(key, value) + self.text(item)
            used += len(part) + 2
            if used > self._room and number:
                self.cut = True
                parts.append(f"… {_count(size(value) - number, 'more')}")
                break
            parts.append(part)
        if isinstance(value, tuple) and len(parts) == 1:
            return f"({parts[0]},)"
        return opening + ", ".join(parts) + closing

    def _key(self, key: Any, value: Any) -> str:
        if key is _MISSING:
            return ""
        return f"{key}=" if isinstance(value, Struct) else f"{self.text(key)}: "


class _Tall:
    """Writes a container an item per line; items that do not fit are broken in turn."""

    def __init__(self, width: int, signature: Callable[[Any], str] | None) -> None:
        self._width = width
        self._signature = signature
        self._left = MAX_LINES

    def lines(self, value: Any, before: str = "", indent: int = 0, after: str = "") -> list[str]:
        """`before` stands in front of the value in its first line, `after` behind it in the last."""
        blank = " " * indent
        flat = _Flat(self._signature, self._width)
        text = flat.text(value)
        if (not flat.cut and indent + len(before) + len(text) + len(after) <= self._width) or not _is_container(value):
            self._left -= 1
            return [f"{blank}{before}{text}{after}"]
        if indent > 40:
            self._left -= 1
            return [f"{blank}{before}{text[: self._width]}…{after}"]
        opening, closing = brackets(value)
        out = [f"{blank}{before}{opening}"]
        self._left -= 2
        if not isinstance(value, (dict, Struct)) and not any(_is_container(v) for _, v in islice(items(value), 100)):
            return [*out, *self._filled(value, indent + 2), f"{blank}{closing}{after}"]
        for number, (key, item) in enumerate(items(value)):
            if self._left <= 0:
                out.append(f"{blank}  … {_count(size(value) - number, 'more')}")
                break
            out += self.lines(item, self._key(key, value), indent + 2, ",")
        out.append(f"{blank}{closing}{after}")
        return out

    def _filled(self, value: Any, indent: int) -> list[str]:
        """Plain items, as many per line as fit."""
        room = max(self._width - indent, 10)
        lines = [""]
        for number, (_, item) in enumerate(items(value)):
            text = _Flat(self._signature, self._width).text(item) + ","
            if lines[-1] and len(lines[-1]) + 1 + len(text) > room:
                if len(lines) >= min(self._left, MAX_FILLED):
                    lines.append(f"… {_count(size(value) - number, 'more')}")
                    break
                lines.append("")
            lines[-1] += (" " if lines[-1] else "") + text
        self._left -= len(lines)
        return [" " * indent + line for line in lines]

    def _key(self, key: Any, value: Any) -> str:
        return _Flat(self._signature, self._width)._key(key, value)


def items(value: Any) -> Iterator[tuple[Any, Any]]:
    """The parts of a container, with the key or field name of each; `_MISSING` where there is none."""
    if isinstance(value, Struct):
        for field in value._shape.fields:
            yield field.name, getattr(value, field.slot, None)
    elif isinstance(value, dict):
        yield from value.items()
    else:
        for item in value:
            yield _MISSING, item


def size(value: Any) -> int:
    """How many parts a container has."""
    return len(value._shape.fields) if isinstance(value, Struct) else len(value)


def brackets(value: Any) -> tuple[str, str]:
    """What stands around the parts of a container."""
    if isinstance(value, Struct):
        return f"{value._shape.name}(", ")"
    if isinstance(value, dict):
        return "{", "}"
    if not value and isinstance(value, set | frozenset):
        return "set(", ")"
    return _BRACKETS[next(c for c in _BRACKETS if isinstance(value, c))]


def _is_container(value: Any) -> bool:
    return isinstance(value, (list, tuple, set, frozenset, dict, Struct)) and not isinstance(value, type)


def _own_text(value: Any) -> str:
    if isinstance(value, ModuleValue):
        return f"<module {value.__dict__.get('__name__', '?')}>"
    try:
        return repr(value).replace(abi.HIDDEN, "")
    except (RecursionError, ValueError, TypeError):
        return short(value)


def _count(number: int, noun: str) -> str:
    spaced = f"{number:,}".replace(",", " ")
    return f"{spaced} {noun}" if number == 1 or noun == "more" else f"{spaced} {noun}s"
