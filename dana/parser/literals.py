"""The values of numbers and strings (L6)."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from re import Pattern

    Fault = tuple[str, str, int, int]

ESCAPE = re.compile(r"\\(\n|[0-7]{1,3}|x[0-9a-fA-F]{2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|N\{[^}]*\}|.)", re.DOTALL)
SIMPLE_ESCAPES = {
    "\n": "", "\\": "\\", "'": "'", '"': '"', "a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t",
    "v": "\v",
}  # fmt: skip
ESCAPE_HINTS = {
    "E116": "a backslash itself is `\\\\`, or `r` before the string (for paths); escapes: \\xHH, \\uHHHH, \\N{NAME}",
    "W101": "write `\\\\` for a backslash, or put `r` before the string",
}


def number(text: str) -> int | float:
    """The value of a number literal; ValueError when it has none (leading zeros, too many digits)."""
    if text.isdigit() and (text[0] != "0" or text.strip("0") == ""):
        return int(text)
    if text[0] == "0" and text[1:2] in "xXoObB":
        return int(text, 0)
    if "." in text or "e" in text or "E" in text:
        return float(text)
    return int(text, 0)


def why_not_number(text: str) -> str:
    """A few words on what is wrong with a number that `number` refuses."""
    if len(text) > 100:
        return "too many digits"
    return "a leading zero"


def unescape(body: str) -> tuple[str, list[Fault]]:
    """The text with its escapes replaced, and what was wrong with them.

    Faults are `(code, message, start, end)` in the body; an unknown escape stays as it is (L6).
    """
    faults: list[Fault] = []

    def replace(match: re.Match[str]) -> str:
        what = match[1]
        simple = SIMPLE_ESCAPES.get(what)
        if simple is not None:
            return simple
        if what[0] in "01234567":
            return chr(int(what, 8))
        if len(what) > 1:
            return long_escape(match, faults)
        if what in "xuUN":
            faults.append(("E116", f"the escape `\\{what}` is incomplete", *match.span()))
        else:
            faults.append(("W101", f"`\\{what}` is no escape: the backslash stays in the text", *match.span()))
        return match[0]

    return ESCAPE.sub(replace, body), faults


def long_escape(match: re.Match[str], faults: list[Fault]) -> str:
    what = match[1]
    if what[0] == "N":
        from unicodedata import lookup

        try:
            return lookup(what[2:-1])
        except KeyError:
            faults.append(("E116", f"no character is called {what[2:-1]!r}", *match.span()))
            return match[0]
    value = int(what[1:], 16)
    if value > 0x10FFFF:
        faults.append(("E116", f"there is no character U+{value:X}", *match.span()))
        return match[0]
    return chr(value)


_pieces: dict[tuple[str, bool, bool, bool], Pattern[str]] = {}


def fstring_piece(quote: str, *, raw: bool, spec: bool, line_bound: bool) -> Pattern[str]:
    """The pattern of f-string text up to a field or the closing quote.

    `spec` is a format specification, where braces are not doubled; `line_bound` stops a single-quoted
    string at the end of its line (L6 lets it go on, and so it usually does).
    """
    key = (quote, raw, spec, line_bound)
    found = _pieces.get(key)
    if found is None:
        mark = quote[0]
        line = "\\n" if line_bound and len(quote) == 1 else ""
        parts = [rf"[^{{}}\\{mark}{line}]++"]
        if raw:
            parts.append(r"\\(?:[^{}]|(?=[{}]))")
        else:
            parts.append(r"\\N\{[^{}\"'\n]*\}|\\(?:[^{}]|(?=[{}]))")
        if len(quote) == 3:
            parts.append(rf"{mark}(?!{mark}{mark})")
        if not spec:
            parts.append(r"\{\{|\}\}")
        found = _pieces[key] = re.compile("(?:" + "|".join(parts) + ")*", re.DOTALL)
    return found
