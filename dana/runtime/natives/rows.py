"""Rows of text into structs: what `files.read_csv(path, type=T)` does after reading.

The rows of a file have the same columns, so what each cell becomes is settled once, by the first row. A row that
does not go that way goes the long way of `shapes`, which says what is wrong and where.
"""

from __future__ import annotations

from dana import abi
from dana.runtime.natives import types_on_demand
from dana.runtime.natives.shapes import Mismatch, fit
from dana.runtime.stops import failure
from dana.runtime.typevalues import DEEP, NONE, STR, Refused, StructType, UnionType, as_type

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from dana.runtime.structs import Shape

    Row = dict[Any, Any]


def typed_rows(program: Any) -> Callable[..., list[Any]]:
    """Each row as one of the type: a struct, or a dict type such as `dict[str, float]`."""

    def typed_rows(rows: list[Row], type: Any, /) -> list[Any]:  # noqa: A002
        """Each row as one of the type; ValueError names the first row and column that do not fit."""
        declared = resolved(as_type(type))
        reader = Reader(declared._struct._shape, rows[0]) if isinstance(declared, StructType) and rows else None
        made = []
        try:
            for number, row in enumerate(program.source(iter(rows)), 1):
                if reader is None:
                    made.append(fit(row, declared, f"row {number}"))
                    continue
                values = reader.values(row)
                made.append(
                    fit(reader.filled(row), declared, f"row {number}") if values is None else reader.make(**values)
                )
        except Mismatch as mismatch:
            raise failure(ValueError, "E602", str(mismatch)) from None
        return made

    return typed_rows


class Reader:
    """Makes structs of rows that have the columns of the first one."""

    __slots__ = ("_cells", "_size", "make", "shape")

    def __init__(self, shape: Shape, first: Row) -> None:
        self.shape = shape
        self.make = shape.cls
        self._size = len(first)
        # Column, parameter, how the cell is read, whether an empty one is left out or None (else it is read).
        self._cells: list[tuple[str, str, Any, bool, bool]] | None = []
        for name in first:
            field = shape.index.get(name)
            if field is None:
                self._cells = None
                return
            empty = not takes_text(field.type)
            is_absent = empty and field.has_default
            self._cells.append(
                (
                    name,
                    abi.variable(name),
                    field.type._fit,
                    is_absent,
                    empty and not is_absent and is_optional(field.type),
                )
            )
        if any(not field.has_default and field.name not in first for field in shape.fields):
            self._cells = None

    def values(self, row: Row) -> Row | None:
        """The arguments for the struct; None for a row that does not fit."""
        if self._cells is None or len(row) != self._size:
            return None
        values: Row = {}
        try:
            for name, parameter, read, is_absent, is_none in self._cells:
                cell = row[name]
                if cell == "" or cell is None:
                    if is_absent:
                        continue
                    if is_none:
                        values[parameter] = None
                        continue
                values[parameter] = read(cell, DEEP)
        except (Refused, KeyError):
            return None
        return values

    def filled(self, row: Row) -> Row:
        """A row in which cells with nothing in them are absent, or None, where the field allows that."""
        cells = {}
        for name, cell in row.items():
            field = self.shape.index.get(name)
            if field is not None and (cell == "" or cell is None) and not takes_text(field.type):
                if field.has_default:
                    continue
                if is_optional(field.type):
                    cell = None  # noqa: PLW2901  (the cell as the field takes it)
            cells[name] = cell
        return cells


def resolved(declared: Any) -> Any:
    """The type behind a name."""
    return getattr(declared, "_resolve", lambda: declared)()


def takes_text(declared: Any) -> bool:
    """Whether an empty text is a value of the type."""
    return resolved(declared) is STR


def is_optional(declared: Any) -> bool:
    """Whether the type includes None."""
    declared = resolved(declared)
    return isinstance(declared, UnionType) and any(option is NONE for option in declared._options)


SIGNATURES = {"typed_rows": "(rows: list /, type: any /) -> list"}
EXPORTS: dict[str, object] = {"typed_rows": typed_rows}
NEEDS_PROGRAM = frozenset(EXPORTS)
__getattr__ = types_on_demand(SIGNATURES)
