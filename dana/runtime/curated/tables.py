"""`csv` and `io.StringIO`: tables as lines of text.

Lines come from a list, a `StringIO` or anything that is iterated; rows go to anything that has a method `write`.
"""

from __future__ import annotations

import csv as host

from dana.runtime.curated import Curated
from dana.runtime.curated.values import Bounds, CuratedType, register
from dana.runtime.printable import FLAT, text_of
from dana.runtime.stops import failure
from dana.runtime.typevalues import kind_of, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from dana.runtime.program import Program

OPTIONS = frozenset("delimiter doublequote escapechar lineterminator quotechar quoting skipinitialspace strict".split())
DIALECTS: dict[str, dict[str, Any]] = {
    "excel": {},
    "excel-tab": {"delimiter": "\t"},
    "unix": {"quoting": host.QUOTE_ALL, "lineterminator": "\n"},
}
CONSTANTS = ("QUOTE_ALL", "QUOTE_MINIMAL", "QUOTE_NONE", "QUOTE_NONNUMERIC")


def options_of(dialect: Any, given: dict[str, Any]) -> dict[str, Any]:
    """The options of Python's reader and writer: of a dialect by name, and those given."""
    if dialect not in DIALECTS:
        raise failure(ValueError, "E602", f"{short(dialect)} is no dialect", f"there are {', '.join(DIALECTS)}")
    for name in given:
        if name not in OPTIONS:
            from dana.diagnostics import suggest

            near = suggest(name, OPTIONS)
            raise failure(TypeError, "E610", f"csv has no option `{name}`", f"did you mean `{near}`?" if near else "")
    return {**DIALECTS[dialect], **given}


class Reader:
    """Rows of a table, one after the other; `line_num` lines have been read."""

    __slots__ = ("_rows",)

    def __init__(self, bounds: Bounds, lines: Any, dialect: Any, options: dict[str, Any]) -> None:
        if isinstance(lines, str):
            hint = "give it lines: `csv.reader(text.splitlines())`"
            raise failure(TypeError, "E601", "csv reads lines, and this is one text", hint)
        self._rows = host.reader(bounds.holding.walked(lines), **options_of(dialect, options))

    @property
    def line_num(self) -> int:
        """How many lines have been read."""
        return self._rows.line_num

    def __iter__(self) -> Reader:
        return self

    def __next__(self) -> list[str]:
        return next(self._rows)

    def __repr__(self) -> str:
        return "<csv reader>"


class DictReader:
    """Rows of a table as dicts; the names are `fieldnames`, or the first row."""

    __slots__ = ("_names", "_reader", "_rest", "_restval")

    def __init__(self, reader: Reader, names: Any, rest: Any, restval: Any) -> None:
        self._reader = reader
        self._names = None if names is None else list(names)
        self._rest = rest
        self._restval = restval

    @property
    def fieldnames(self) -> list[str] | None:
        """The names of the columns."""
        if self._names is None:
            self._names = next(self._reader, None)
        return self._names

    @property
    def line_num(self) -> int:
        """How many lines have been read."""
        return self._reader.line_num

    def __iter__(self) -> DictReader:
        return self

    def __next__(self) -> dict[Any, Any]:
        names = self.fieldnames or []
        row = next(self._reader)
        while not row:
            row = next(self._reader)
        found: dict[Any, Any] = dict(zip(names, row, strict=False))
        if len(row) > len(names):
            found[self._rest] = row[len(names) :]
        for name in names[len(row) :]:
            found[name] = self._restval
        return found

    def __repr__(self) -> str:
        return "<csv reader>"


class _Target:
    """What Python's writer writes to."""

    __slots__ = ("write",)

    def __init__(self, write: Callable[[str], Any]) -> None:
        self.write = write


def _cell(value: Any) -> Any:
    return value if value.__class__ in FLAT else text_of(value)


class Writer:
    """Writes rows as lines."""

    __slots__ = ("_rows",)

    def __init__(self, file: Any, dialect: Any, options: dict[str, Any]) -> None:
        write = getattr(file, "write", None)
        if not callable(write):
            hint = "`io.StringIO()` collects the lines of a table"
            raise failure(
                TypeError, "E601", f"csv writes to something with a method `write`, not to {kind_of(file)}", hint
            )
        self._rows = host.writer(_Target(write), **options_of(dialect, options))

    def writerow(self, row: Any) -> Any:
        """Write one row."""
        return self._rows.writerow(self._cells(row))

    def writerows(self, rows: Any) -> None:
        """Write many rows."""
        for row in rows:
            self._rows.writerow(self._cells(row))

    @staticmethod
    def _cells(row: Any) -> Any:
        """The row, each value of which C may make into text."""
        if row.__class__ not in (list, tuple):
            row = list(row)
        return row if FLAT.issuperset(map(type, row)) else [_cell(each) for each in row]

    def __repr__(self) -> str:
        return "<csv writer>"


class DictWriter:
    """Writes dicts as lines, in the order of `fieldnames`."""

    __slots__ = ("_extras", "_restval", "_writer", "fieldnames")

    def __init__(self, writer: Writer, names: Iterable[str], restval: Any, extras: str) -> None:
        if extras not in ("raise", "ignore"):
            raise failure(ValueError, "E602", 'extrasaction is "raise" or "ignore"')
        self.fieldnames = list(names)
        self._writer = writer
        self._restval = restval
        self._extras = extras

    def writeheader(self) -> Any:
        """Write the names of the columns."""
        return self._writer.writerow(self.fieldnames)

    def writerow(self, rowdict: dict[Any, Any]) -> Any:
        """Write one row."""
        wrong = [name for name in rowdict if name not in self.fieldnames] if self._extras == "raise" else []
        if wrong:
            raise failure(ValueError, "E602", f"the row has fields that are no columns: {', '.join(map(str, wrong))}")
        return self._writer.writerow([rowdict.get(name, self._restval) for name in self.fieldnames])

    def writerows(self, rowdicts: Any) -> None:
        """Write many rows."""
        for row in rowdicts:
            self.writerow(row)

    def __repr__(self) -> str:
        return "<csv writer>"


def _refuse(*_args: Any, **_keywords: Any) -> Any:
    raise failure(TypeError, "E601", "readers and writers are made by `csv.reader` and `csv.writer`")


def make_csv(program: Program) -> dict[str, Any]:
    bounds = Bounds(program)

    def reader(csvfile: Any, dialect: str = "excel", **fmtparams: Any) -> Reader:
        """The rows of lines."""
        return Reader(bounds, csvfile, dialect, fmtparams)

    def writer(csvfile: Any, dialect: str = "excel", **fmtparams: Any) -> Writer:
        """Writes rows to what has a method `write`."""
        return Writer(csvfile, dialect, fmtparams)

    def dict_reader(
        f: Any,
        fieldnames: Any = None,
        restkey: Any = None,
        restval: Any = None,
        dialect: str = "excel",
        **fmtparams: Any,
    ) -> DictReader:
        return DictReader(Reader(bounds, f, dialect, fmtparams), fieldnames, restkey, restval)

    def dict_writer(
        f: Any,
        fieldnames: Any,
        restval: Any = "",
        extrasaction: str = "raise",
        dialect: str = "excel",
        **fmtparams: Any,
    ) -> DictWriter:
        return DictWriter(Writer(f, dialect, fmtparams), fieldnames, restval, extrasaction)

    types = (CuratedType("DictReader", DictReader, dict_reader), CuratedType("DictWriter", DictWriter, dict_writer))
    register(program, *types, CuratedType("reader", Reader, _refuse), CuratedType("writer", Writer, _refuse))
    constants = {name: int(getattr(host, name)) for name in CONSTANTS}
    return {"reader": reader, "writer": writer, **{t.name: t for t in types}, **constants, "Error": host.Error}


CSV = {
    "reader": "(csvfile: any, dialect: str = …, **fmtparams: any) -> @reader",
    "writer": "(csvfile: any, dialect: str = …, **fmtparams: any) -> @writer",
    "DictReader": "(f: any, fieldnames: any = …, restkey: any = …, restval: any = …, dialect: str = …, "
    "**fmtparams: any) -> @DictReader",
    "DictWriter": "(f: any, fieldnames: any, restval: any = …, extrasaction: str = …, dialect: str = …, "
    "**fmtparams: any) -> @DictWriter",
    **dict.fromkeys(CONSTANTS, "int"),
    "Error": "any",
}
NO_CSV = dict.fromkeys(
    ("Dialect", "Sniffer", "register_dialect", "field_size_limit"),
    "give the options: `csv.reader(lines, delimiter=';')`",
)

# --- io -----------------------------------------------------------------------------------------


class StringIO:
    """A text that is read and written like a file."""

    __slots__ = ("_at", "_bounds", "_parts", "_size")

    def __init__(self, bounds: Bounds, initial: str = "") -> None:
        self._bounds = bounds
        self._parts = [initial]
        self._size = len(initial)
        self._at = 0

    def _text(self) -> str:
        if len(self._parts) > 1:
            self._parts = ["".join(self._parts)]
        return self._parts[0]

    def write(self, s: str, /) -> int:
        """Add a text at the end."""
        if not isinstance(s, str):
            raise failure(TypeError, "E601", f"a text is written, not {kind_of(s)}")
        self._size += len(s)
        if len(self._parts) & 1023 == 0:
            self._bounds.room(self._size)
        self._parts.append(s)
        return len(s)

    def writelines(self, lines: Any, /) -> None:
        """Add texts at the end."""
        for line in self._bounds.source(lines):
            self.write(line)

    def getvalue(self) -> str:
        """Everything that was written."""
        self._bounds.room(self._size)
        return self._text()

    def read(self, size: Any = -1, /) -> str:
        """What has not been read yet, or so many characters of it."""
        text = self._text()
        end = len(text) if size is None or size < 0 else self._at + size
        found = text[self._at : end]
        self._at += len(found)
        return found

    def readline(self) -> str:
        """The next line, with its line feed; "" at the end."""
        text = self._text()
        end = text.find("\n", self._at)
        found = text[self._at : len(text) if end < 0 else end + 1]
        self._at += len(found)
        return found

    def readlines(self) -> list[str]:
        """The lines not read yet."""
        return list(self)

    def seek(self, pos: int, /) -> int:
        """Go on reading at this character."""
        if pos < 0:
            raise failure(ValueError, "E602", "seek takes a place that is not negative")
        self._at = min(pos, self._size)
        return self._at

    def tell(self) -> int:
        """How many characters have been read."""
        return self._at

    def close(self) -> None:
        """Nothing needs to be closed."""

    def __enter__(self) -> StringIO:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self.readline()
        if not line:
            raise StopIteration
        return line

    def __repr__(self) -> str:
        return f"<StringIO of {self._size} characters>"


def make_io(program: Program) -> dict[str, Any]:
    bounds = Bounds(program)

    def string_io(initial_value: Any = "", newline: Any = "\n") -> StringIO:
        if not isinstance(initial_value, str | None):
            raise failure(TypeError, "E601", f"a StringIO holds text, not {kind_of(initial_value)}")
        return StringIO(bounds, initial_value or "")

    kind = CuratedType("StringIO", StringIO, string_io)
    register(program, kind)
    return {"StringIO": kind}


IO = {"StringIO": "(initial_value: any = …, newline: any = …) -> @StringIO"}
NO_IO = {"open": "`import files`", "BytesIO": "keep bytes in a list and join them"}
FAMILY = {"csv": Curated(make_csv, CSV, NO_CSV), "io": Curated(make_io, IO, NO_IO)}
