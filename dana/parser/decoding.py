"""Bytes to `Source`: UTF-8 (L1), line ends made one character, a byte order mark dropped."""

from __future__ import annotations

from dana.diagnostics import Diagnostic
from dana.source import Source, Span


def decode(data: bytes, name: str) -> Source | Diagnostic:
    """The text of a program, or the finding that it is none (E100), placed at the first wrong byte."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return _not_utf8(data, name, error.start)
    return Source(name, _one_line_end(text))


def _one_line_end(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def _not_utf8(data: bytes, name: str, at: int) -> Diagnostic:
    before = len(_one_line_end(data[:at].decode("utf-8-sig", "replace")))
    shown = Source(name, _one_line_end(data.decode("utf-8-sig", "replace")))
    return Diagnostic(
        "E100",
        f"the file is not UTF-8 text: byte 0x{data[at]:02x}",
        shown,
        Span(before, before + 1),
        hint="save it as UTF-8 in your editor",
    )
