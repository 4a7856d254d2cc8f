"""Lists of structs and of dicts as tables that fit the screen.

Columns are as wide as their cells until the screen is full; then the widest give way, and what still does not
fit is left out on the right and named below.
"""

from __future__ import annotations

from dana.diagnostics import _cells
from dana.runtime.structs import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

MAX_ROWS = 20
MAX_COLUMNS = 40
NARROWEST = 6
GAP = 2


def table(value: Any, width: int, text: Callable[[Any], str]) -> str | None:
    """A table of a list's items, or None when they are not of one kind. `text` writes a cell."""
    if not isinstance(value, list | tuple) or len(value) < 2:
        return None
    shown = value[:MAX_ROWS]
    names = _columns(shown)
    if not names or len(names) > MAX_COLUMNS:
        return None
    cells = [[_cell(row, name, text) for name in names] for row in shown]
    return _drawn(names, cells, len(value) - len(shown), width)


def _columns(rows: Sequence[Any]) -> list[str]:
    """The names of the columns: fields of one struct, or the keys of dicts that have most of them in common."""
    first = rows[0]
    if isinstance(first, Struct):
        if any(type(row) is not type(first) for row in rows):
            return []
        return [field.name for field in first._shape.fields]
    if not all(type(row) is dict and row and all(isinstance(k, str) for k in row) for row in rows):
        return []
    names: dict[str, int] = {}
    for row in rows:
        for name in row:
            names[name] = names.get(name, 0) + 1
    return list(names) if sum(names.values()) * 2 >= len(names) * len(rows) else []


def _cell(row: Any, name: str, text: Callable[[Any], str]) -> str:
    value = row.get(name, "") if isinstance(row, dict) else getattr(row, row._shape.field(name).slot, "")
    shown = value if isinstance(value, str) else text(value)
    return "".join(c if c.isprintable() else "·" for c in shown[:500])


def _drawn(names: list[str], cells: list[list[str]], more: int, width: int) -> str:
    right = [all(_is_number(row[i]) for row in cells) for i in range(len(names))]
    wide = [max(_cells(name), *(_cells(row[i]) for row in cells)) for i, name in enumerate(names)]
    wide, kept = _fitted(wide, width)
    lines = [_line(names[:kept], wide, right), "  ".join("─" * w for w in wide)]
    lines += [_line(row[:kept], wide, right) for row in cells]
    notes = []
    if more:
        notes.append(f"… {more:,} more rows".replace(",", " ") if more > 1 else "… 1 more row")
    if kept < len(names):
        notes.append("… not shown: " + ", ".join(names[kept:]))
    return "\n".join([*lines, *(_clipped(note, width) for note in notes)])


def _fitted(wide: list[int], width: int) -> tuple[list[int], int]:
    """Widths that fit, and how many columns they are for."""
    wide = list(wide)
    while sum(wide) + GAP * (len(wide) - 1) > width:
        widest = max(wide)
        if widest > NARROWEST:
            surplus = sum(wide) + GAP * (len(wide) - 1) - width
            at = wide.index(widest)
            second = max([w for i, w in enumerate(wide) if i != at], default=0)
            wide[at] = max(NARROWEST, widest - max(1, min(surplus, widest - second)))
        elif len(wide) > 1:
            wide.pop()
        else:
            break
    return wide, len(wide)


def _line(row: Sequence[str], wide: Sequence[int], right: Sequence[bool]) -> str:
    parts = []
    for text, room, numeric in zip(row, wide, right, strict=False):
        cut = _clipped(text, room)
        blank = " " * (room - _cells(cut))
        parts.append(blank + cut if numeric else cut + blank)
    return "  ".join(parts).rstrip()


def _clipped(text: str, room: int) -> str:
    if _cells(text) <= room:
        return text
    kept = ""
    used = 1
    for c in text:
        used += _cells(c)
        if used > room:
            break
        kept += c
    return kept + "…"


def _is_number(text: str) -> bool:
    return not text or text.lstrip("-").replace(".", "", 1).replace("e", "", 1).isdigit()
