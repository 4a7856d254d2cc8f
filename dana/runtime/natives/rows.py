"""Rows of text into structs: what `files.read_csv(path, type=T)` does after reading."""

from __future__ import annotations

from dana.runtime.natives import types_on_demand
from dana.runtime.natives.shapes import Mismatch, fit
from dana.runtime.stops import failure
from dana.runtime.typevalues import NONE, STR, StructType, UnionType, as_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.runtime.structs import Shape


def typed_rows(program: Any) -> Callable[..., list[Any]]:
    """Each row as one of the type: a struct, or a dict type such as `dict[str, float]`."""

    def typed_rows(rows: list[dict[Any, Any]], type: Any, /) -> list[Any]:  # noqa: A002
        """Each row as one of the type; ValueError names the first row and column that do not fit."""
        declared = as_type(type)
        declared = getattr(declared, "_resolve", lambda: declared)()
        shape = declared._struct._shape if isinstance(declared, StructType) else None
        made = []
        try:
            for number, row in enumerate(program.source(iter(rows)), 1):
                cells = row if shape is None else filled(row, shape)
                made.append(fit(cells, declared, f"row {number}"))
        except Mismatch as mismatch:
            raise failure(ValueError, "E602", str(mismatch)) from None
        return made

    return typed_rows


def filled(row: dict[Any, Any], shape: Shape) -> dict[Any, Any]:
    """A row in which cells with nothing in them are absent, or None, where the field allows that."""
    cells = {}
    for name, cell in row.items():
        field = shape.index.get(name)
        if field is not None and (cell == "" or cell is None) and not takes_text(field.type):
            if field.has_default:
                continue
            if is_optional(field.type):
                cell = None  # noqa: PLW2901  (the cell as the field takes it)
        cells[name] = cell
    return cells


def takes_text(declared: Any) -> bool:
    """Whether an empty text is a value of the type."""
    return getattr(declared, "_resolve", lambda: declared)() is STR


def is_optional(declared: Any) -> bool:
    """Whether the type includes None."""
    declared = getattr(declared, "_resolve", lambda: declared)()
    return isinstance(declared, UnionType) and any(option is NONE for option in declared._options)


SIGNATURES = {"typed_rows": "(rows: list /, type: any /) -> list"}
EXPORTS: dict[str, object] = {"typed_rows": typed_rows}
NEEDS_PROGRAM = frozenset(EXPORTS)
__getattr__ = types_on_demand(SIGNATURES)
