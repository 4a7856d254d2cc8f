"""What text work needs beyond the methods of `str`: Unicode decomposition and the CSV reader."""

from __future__ import annotations

from dana.runtime.natives import types_on_demand
from dana.runtime.printable import text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _csv import _QuotingType
    from typing import Any

# Letters that Unicode does not decompose, as people write them without the accent.
LETTERS = str.maketrans(
    {
        "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D",
        "ł": "l", "Ł": "L", "þ": "th", "Þ": "Th", "ð": "d", "Ð": "D", "ı": "i",
    }
)  # fmt: skip


MAX_TEXT = 1_000_000


def without_accents(text: str, /) -> str:
    """The text with accents and other marks taken off its letters: `Žižkov` becomes `Zizkov`.

    ValueError for one of more than a million characters: each may become 18.
    """
    if text.isascii():
        return text
    if len(text) > MAX_TEXT:
        msg = f"a text of {len(text):,} characters is too long for `without_accents`: it takes at most {MAX_TEXT:,}"
        raise ValueError(msg)
    return text.translate({ord(char): _plain(char) for char in set(text)})


def _plain(char: str) -> str:
    """A character by itself: marks are dropped, so what stands beside it makes no difference."""
    from unicodedata import combining, normalize

    return "".join(part for part in normalize("NFKD", char.translate(LETTERS)) if not combining(part))


def csv_records(text: str, /, separator: str = ",", quote: str = '"') -> list[tuple[int, list[str]]]:
    """The records of a CSV text with the line each begins on. Lines with nothing in them are left out.

    ValueError tells the line of a quote that is never closed or is followed by something.
    """
    import csv
    from io import StringIO

    if len(separator) != 1 or len(quote) > 1 or separator in (quote, "\n", "\r"):
        msg = f"separator and quote are one character each and differ: {separator!r}, {quote!r}"
        raise ValueError(msg)
    quoting: _QuotingType = csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE
    lines = StringIO(text.removeprefix("\ufeff"), newline="")  # ends lines as files do, not as `splitlines` does
    reader = csv.reader(lines, delimiter=separator, quotechar=quote or None, quoting=quoting, strict=True)
    records: list[tuple[int, list[str]]] = []
    begin = 1
    try:
        for record in reader:
            if record:
                records.append((begin, record))
            begin = reader.line_num + 1
    except csv.Error as error:
        raise ValueError(explain_csv(str(error), begin, reader.line_num, separator, quote)) from None
    return records


def explain_csv(message: str, begin: int, line: int, separator: str, quote: str) -> str:
    """What is wrong with a record, in the words of somebody who looks at the file."""
    if "unexpected end of data" in message:
        return f"CSV: line {begin}: a {quote} is opened in this record and never closed"
    if "expected after" in message:
        return (
            f"CSV: line {line}: after a closing {quote} only {separator!r} or the end of the line may follow; "
            f"a {quote} inside a quoted field is written twice"
        )
    return f"CSV: line {line}: {message}"


def csv_text(rows: list[list[Any]], /, separator: str = ",", quote: str = '"') -> str:
    """Rows of cells as CSV text, quoted where needed; None is an empty cell. Lines end with a line feed."""
    if len(separator) != 1 or len(quote) != 1 or separator in (quote, "\n", "\r"):
        msg = f"separator and quote are one character each and differ: {separator!r}, {quote!r}"
        raise ValueError(msg)
    # Not Python's `csv.writer`: with lines that end in "\n" it leaves a lone "\r" unquoted and cannot read it back.
    special = {separator, quote, "\n", "\r"}
    lines = []
    for row in rows:
        texts = ["" if cell is None else text_of(cell) for cell in row]
        cells = [quoted(text, quote) if special & set(text) else text for text in texts]
        lines.append(separator.join(cells) or quote * 2)
    return "".join(line + "\n" for line in lines)


def quoted(text: str, quote: str) -> str:
    """A cell between quotes, those inside it doubled."""
    return quote + text.replace(quote, quote * 2) + quote


SIGNATURES = {
    "without_accents": "(text: str /) -> str",
    "csv_records": "(text: str /, separator: str = …, quote: str = …) -> list[tuple[int, list[str]]]",
    "csv_text": "(rows: list[list[any]] /, separator: str = …, quote: str = …) -> str",
}
EXPORTS: dict[str, object] = {"without_accents": without_accents, "csv_records": csv_records, "csv_text": csv_text}
NEEDS_PROGRAM: frozenset[str] = frozenset()
__getattr__ = types_on_demand(SIGNATURES)
