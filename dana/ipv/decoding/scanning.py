"""Text that was meant to be JSON, read as what it was meant to be.

    {name: 'Ann', tags: ["a" "b",],}    →   {"name": "Ann", "tags": ["a", "b"]} and five notes

Plain Python data comes out, and two classes that stand for what is no value yet: `Bare` (a word without quotes,
which the type may make sense of) and `Flaw` (something with no meaning or with two: a text that was cut off, a field
given twice). Every character is looked at a bounded number of times; nothing is ever read again from further left.
"""

from __future__ import annotations

import re
from json.decoder import scanstring  # type: ignore[attr-defined]  # typeshed has it under json.scanner
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

CUT = "the text ends in the middle of this value"


class Bare:
    """A word or a few without quotes."""

    __slots__ = ("raw",)

    def __init__(self, raw: str) -> None:
        self.raw = raw


class Flaw:
    """No value: `raw` is what stood there, `why` what is wrong, `text` the part of a text that has come so far.

    `readings`: the values between which only a type can decide.
    """

    __slots__ = ("raw", "readings", "text", "why")

    def __init__(self, raw: str, why: str, text: str | None = None, readings: tuple[Any, ...] = ()) -> None:
        self.raw = raw
        self.readings = readings
        self.why = why
        self.text = text


class TooDeep(Exception):
    """Containers inside containers beyond the limit."""


_PLAIN = re.compile(r'"([^"\\\x00-\x1f]*)"\s*(?=[,}\]])').match
_KEY = re.compile(r'"([^"\\\x00-\x1f]*)"\s*:\s*').match
_BARE_KEY = re.compile(r"([\w$@.\-]{1,80}(?: [\w$.\-]{1,80}){0,5})\s*(:|=>?)\s*").match
_COLON = re.compile(r"\s*(:|=>?)\s*").match
_NUMBER = re.compile(r"(-?(?:0|[1-9]\d{0,400}))(\.\d{1,400})?([eE][+\-]?\d{1,5})?\s*(?=[,}\]])").match
_GROUPED = re.compile(r"[^\w\s]{0,2}\d{1,3}(?:,\d{3}){1,40}(?:\.\d{1,40})?\s*(?=[,}\n])").match
_SPACE = re.compile(r"[\s\ufeff\u200b]*").match
_LINE_COMMENT = re.compile(r"(?://|#)[^\n]*").match
_BARE = re.compile(r"[^,}\]\n\r;{\[]*").match
_RESYNC = re.compile(r"[^,}\]]*").match
_STRUCTURE = re.compile(r"\s*(?:[,:}\]);]|//|/\*|\Z)").match
_NEXT_KEY = re.compile(r"""\s*(?:"[^"\n]{0,100}"|'[^'\n]{0,100}'|[A-Za-z_][\w\-]{0,80})\s*:""").match
_CONTROL = re.compile(r"[\x00-\x1f]").search
_SURROGATE = re.compile(r"[\ud800-\udfff]").search
_ENDS_COMMENT = re.compile(r"\s(?://|#|/\*).*").search

_CLOSERS = {'"': '"', "'": "'", "“": '”“"', "„": '“”"', "”": '”"', "‘": "’'", "’": "’'", "«": "»", "`": "`"}
_SPECIAL = {o: re.compile(r"\\|[" + re.escape(c) + "]|[\x00-\x1f]").search for o, c in _CLOSERS.items()}
_ESCAPES = {'"': '"', "\\": "\\", "/": "/", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
# Escapes that are none in JSON and have one meaning: quotes, Markdown's punctuation, a line that goes on.
_HARMLESS = {**{c: c for c in "'`_*#[](){}~>-.!$&%|+=:<,;@^? "}, "\n": "", "0": "\0"}
_LITERALS: dict[str, Any] = {"true": True, "false": False, "null": None}
_FOREIGN: dict[str, Any] = {
    **dict.fromkeys(("True", "TRUE"), True),
    **dict.fromkeys(("False", "FALSE"), False),
    **dict.fromkeys(("None", "NONE", "none", "Null", "NULL", "nil", "Nil", "undefined"), None),
}
_NO_NUMBERS = frozenset("nan infinity inf -nan -infinity -inf +infinity +inf".split())
_LEFT_OUT = re.compile(r"\.\.\.|…|\b(?:omitted|truncated|remaining|and so on)\b", re.IGNORECASE).search


class Reader:
    """Reads one value after the other from `text[start:end]`; `ended` says that the writer put the end there."""

    def __init__(self, text: str, start: int, end: int, depth: int, *, ended: bool = False, keep: int = 500) -> None:
        self.text = text
        self.pos = start
        self.end = end
        self.ended = ended
        self.limit = depth
        self.keep = keep
        # [path, kind, before, after] and [path, message, got]: paths grow while the containers around are left.
        self.notes: list[list[Any]] = []
        self.broken: list[list[Any]] = []
        self.cut: set[int] = set()
        self.arrays = self.objects = 0

    def fresh(self) -> None:
        """Forget what was found about the value before."""
        self.notes, self.broken = [], []

    def note(self, kind: str, before: str, after: str) -> None:
        if len(self.notes) < self.keep:
            self.notes.append([(), kind, before, after])

    def fault(self, message: str, got: str) -> None:
        if len(self.broken) < self.keep:
            self.broken.append([(), message, got])

    # --- between values -------------------------------------------------------------------------

    def peek(self) -> str:
        """The next character that says something, "" at the end; space and comments are passed."""
        text, end = self.text, self.end
        pos = _SPACE(text, self.pos, end).end()  # type: ignore[union-attr]
        while pos < end and text[pos] in "/#":
            after = self._comment(pos)
            if after == pos:
                break
            pos = _SPACE(text, after, end).end()  # type: ignore[union-attr]
        self.pos = pos
        return text[pos] if pos < end else ""

    def _comment(self, pos: int) -> int:
        text, end = self.text, self.end
        if text.startswith("/*", pos):
            close = text.find("*/", pos + 2, end)
            after = end if close < 0 else close + 2
        else:
            found = _LINE_COMMENT(text, pos, end)
            if found is None:
                return pos
            after = found.end()
        said = text[pos : min(after, pos + 200)]
        if _LEFT_OUT(said):
            self.fault("a comment stands where values were left out: write all of them", said)
        else:
            self.note("comment", said, "")
        return after

    def separators(self) -> tuple[str, bool]:
        """Passes commas; the character behind them, and whether there was one."""
        char = self.peek()
        seen = False
        while char and char in ",;":
            if seen or char == ";":
                self.note("comma", char, "" if seen else ",")
            seen = True
            self.pos += 1
            char = self.peek()
        return char, seen

    # --- values ---------------------------------------------------------------------------------

    def value(self, depth: int, *, field: bool = False) -> Any:
        """The value that begins here. Raises `TooDeep`."""
        char = self.peek()
        if char == '"':
            found = _PLAIN(self.text, self.pos, self.end)
            if found:
                self.pos = found.end()
                return found[1]
            return self.string(char)
        if char == "{":
            return self.object(depth + 1)
        if char == "[":
            return self.array(depth + 1)
        if not char:
            return Flaw("", CUT)
        found = _NUMBER(self.text, self.pos, self.end)
        if found:
            grouped = _GROUPED(self.text, self.pos, self.end) if field and self.text[found.end()] == "," else None
            if grouped:
                self.pos = grouped.end()
                return Bare(grouped[0].strip())
            self.pos = found.end()
            return number(found)
        if char in _CLOSERS:
            return self.string(char)
        return self.bare(field=field)

    def object(self, depth: int) -> dict[str, Any]:
        """`{…}`; the position is at the brace."""
        if depth > self.limit:
            raise TooDeep
        text, end = self.text, self.end
        made: dict[str, Any] = {}
        self.pos += 1
        self.objects += 1
        while True:
            char, comma = self.separators()
            if char == "}":
                if comma:
                    self.note("comma", ",", "")
                self.pos += 1
                break
            if not char:
                self._ends(made)
                break
            if char in "])":
                self.note("bracket", char, "}" if self.arrays else "")
                if self.arrays:
                    break
                self.pos += 1
                continue
            if made and not comma:
                self.note("comma", "", ",")
            marks = len(self.notes), len(self.broken)
            found = _KEY(text, self.pos, end)
            if found:
                key: str | None = found[1]
                self.pos = found.end()
            else:
                key = self.key(char)
            if key is not None:
                value = self.value(depth, field=True)
                if key in made:
                    value = self._again(key, made[key], value)
                made[key] = value
            self._under(key, marks)
        self.objects -= 1
        return made

    def _again(self, key: str, first: Any, second: Any) -> Any:
        if same(first, second):
            self.note("duplicate", key, "once")
            return first
        readings = () if isinstance(first, Flaw) or isinstance(second, Flaw) else (first, second)
        return Flaw(key, "this field is given twice, with different values", readings=readings)

    def array(self, depth: int) -> list[Any]:
        """`[…]`; the position is at the bracket."""
        if depth > self.limit:
            raise TooDeep
        made: list[Any] = []
        self.pos += 1
        self.arrays += 1
        while True:
            char, comma = self.separators()
            if char == "]":
                if comma:
                    self.note("comma", ",", "")
                self.pos += 1
                break
            if not char:
                self._ends(made)
                break
            if char in "})":
                self.note("bracket", char, "]" if self.objects else "")
                if self.objects:
                    break
                self.pos += 1
                continue
            if made and not comma:
                self.note("comma", "", ",")
            marks = len(self.notes), len(self.broken)
            before = self.pos
            made.append(self.value(depth))
            if self.pos == before:
                self.pos += 1
            self._under(len(made) - 1, marks)
        self.arrays -= 1
        return made

    def _ends(self, container: Any) -> None:
        if self.ended:
            self.note("bracket", "", "}" if isinstance(container, dict) else "]")
        else:
            self.cut.add(id(container))

    def _under(self, step: str | int | None, marks: tuple[int, int]) -> None:
        """Whatever was found since the marks was found below this key or index."""
        if step is not None:
            for found, mark in ((self.notes, marks[0]), (self.broken, marks[1])):
                for entry in found[mark:]:
                    entry[0] = (step, *entry[0])

    # --- fields' names --------------------------------------------------------------------------

    def key(self, char: str) -> str | None:
        """A field's name that is not as JSON wants it, and the colon; None when there is none to be found."""
        text, end = self.text, self.end
        start = self.pos
        if char in _CLOSERS:
            key: Any = self.string(char, key=True)
            colon = _COLON(text, self.pos, end)
            if isinstance(key, str) and colon:
                if colon[1] != ":":
                    self.note("key", colon[1], ":")
                self.pos = colon.end()
                return key
            if self.pos >= end and not self.ended:
                return None  # the text ends in a name: nothing is known of its value
        else:
            found = _BARE_KEY(text, start, end)
            if found:
                self.note("key", found[0].strip(), f'"{found[1]}":')
                self.pos = found.end()
                return found[1]
        self.pos = max(start + 1, _RESYNC(text, max(self.pos, start), end).end())  # type: ignore[union-attr]
        if self.pos < end or self.ended:
            self.fault("a name and a colon belong here", text[start : min(self.pos, start + 60)])
        return None

    # --- texts ----------------------------------------------------------------------------------

    def string(self, quote: str, *, key: bool = False) -> Any:
        """A text in quotes of any kind; a `Flaw` when it has no end or its quotes can be read in two ways."""
        text, end, start = self.text, self.end, self.pos
        if quote == '"':
            if text.startswith('"""', start) and not _STRUCTURE(text, start + 2, end):
                return self._triple(start)
            try:
                value, after = scanstring(text, start + 1, False)
            except ValueError:
                after = end + 1
            if after <= end and (key or _STRUCTURE(text, after, end)):
                self.pos = after
                if _CONTROL(text, start, after):
                    self.note("newline", "in a text", "\\n")
                return self._checked(value, start)
        else:
            self.note("quotes", quote, '"')
        return self._slowly(quote, start)

    def _triple(self, start: int) -> Any:
        close = self.text.find('"""', start + 3, self.end)
        if close < 0:
            self.pos = self.end
            return Flaw(self.text[start : start + 60], CUT, self.text[start + 3 : self.end])
        self.note("quotes", '"""', '"')
        self.pos = close + 3
        return self.text[start + 3 : close]

    def _checked(self, value: str, start: int) -> Any:
        if _SURROGATE(value):
            return Flaw(self.text[start : start + 60], "half a character (a lone surrogate) stands in this text")
        return value

    def _slowly(self, quote: str, start: int) -> Any:
        text, end = self.text, self.end
        closers, special = _CLOSERS[quote], _SPECIAL[quote]
        parts: list[str] = []
        inner, at, raw = 0, start + 1, False
        while True:
            found = special(text, at, end)
            if found is None:
                self.pos = end
                return Flaw(text[start : start + 60], CUT, "".join(parts) + text[at:end])
            where = found.start()
            parts.append(text[at:where])
            char = found[0]
            at = where + 1
            if char == "\\":
                piece, at = self._escape(at)
                parts.append(piece)
            elif char not in closers:
                raw = True
                parts.append(char)
            elif self._closes(at):
                break
            else:
                inner += not _is_apostrophe(char, text, where)
                parts.append(char)
        self.pos = at
        if inner % 2:
            return Flaw(text[start : start + 60], 'quotes inside this text are not escaped: write \\"')
        if inner:
            self.note("inner quotes", text[start:at], "escaped")
        if raw:
            self.note("newline", "in a text", "\\n")
        return self._checked("".join(parts), start)

    def _escape(self, at: int) -> tuple[str, int]:
        """What the escape means whose character stands at `at`, and where to go on."""
        text = self.text
        char = text[at] if at < self.end else ""
        if char in _ESCAPES:
            return _ESCAPES[char], at + 1
        digits = {"u": 4, "x": 2}.get(char, 0)
        code = _hex(text[at + 1 : at + 1 + digits]) if digits and at + digits < self.end else None
        if code is not None:
            after = at + 1 + digits
            if char == "x":
                self.note("escape", text[at - 1 : after], chr(code))
            low = _hex(text[after + 2 : after + 6]) if text.startswith("\\u", after) else None
            if 0xD800 <= code < 0xDC00 and low is not None and 0xDC00 <= low < 0xE000:
                return chr(0x10000 + ((code - 0xD800) << 10) + low - 0xDC00), after + 6
            return chr(code), after
        meant = _HARMLESS.get(char, "\\" + char)
        self.note("escape", "\\" + char, meant)
        return meant, at + 1

    def _closes(self, at: int) -> bool:
        """Whether a quote before `at` ends its text, by what follows."""
        text, end = self.text, self.end
        if _STRUCTURE(text, at, end):
            return True
        after = _SPACE(text, at, end).end()  # type: ignore[union-attr]
        gap = after > at
        if text[after] in _CLOSERS:
            # Either the next text begins here (a comma is missing) or both quotes belong to this one.
            return bool(_NEXT_KEY(text, at, end)) or (gap and (not self.objects or "\n" in text[at:after]))
        return "\n" in text[at:after] and bool(_NEXT_KEY(text, at, end))

    # --- words without quotes -------------------------------------------------------------------

    def bare(self, *, field: bool) -> Any:
        """A word without quotes, up to the next separator."""
        text, end, start = self.text, self.end, self.pos
        grouped = _GROUPED(text, start, end) if field else None
        found = grouped or _BARE(text, start, end)
        assert found is not None
        self.pos = found.end()
        word = found[0].strip()
        comment = _ENDS_COMMENT(word)
        if comment:
            self.note("comment", comment[0].strip(), "")
            word = word[: comment.start()].strip()
        if not word:
            return Flaw(text[start : start + 1], "a value is missing here")
        if self.pos >= end and not self.ended and found[0][-1:] not in " \t\n\r" and end == len(text):
            return Flaw(word, CUT)
        if word in _LITERALS:
            return _LITERALS[word]
        if word in _FOREIGN:
            self.note("literal", word, {True: "true", False: "false", None: "null"}[_FOREIGN[word]])
            return _FOREIGN[word]
        return _word(word)


def _word(word: str) -> Any:
    found = _NUMBER(word + ",")
    if found and found.end() == len(word):
        return number(found)
    if word.lower() in _NO_NUMBERS:
        return Flaw(word, f"{word} is no value")
    if word.startswith(("...", "…")):
        return Flaw(word, "values were left out here: write all of them")
    if '"' in word or "`" in word:
        return Flaw(word, "the quotes here do not match")
    return Bare(word)


class Digits(float):
    """A float of the text that remembers how it was written, for decimals."""

    __slots__ = ("raw",)
    raw: str

    def __new__(cls, raw: str) -> Digits:
        made = super().__new__(cls, raw)
        made.raw = raw
        return made


def number(found: re.Match[str]) -> Any:
    """An int or a float as JSON writes them; a `Flaw` beyond what a float can hold."""
    if found[2] is None and found[3] is None:
        return int(found[1])
    raw = f"{found[1]}{found[2] or ''}{found[3] or ''}"
    value = Digits(raw)
    return Flaw(raw, "the number is too large") if value in (_INF, -_INF) else value


_INF = float("inf")


def same(first: Any, second: Any) -> bool:
    """Whether two read values are equal and of equal types (1, 1.0 and true are three values)."""
    if first.__class__ is not second.__class__ or isinstance(first, Flaw):
        return False
    if isinstance(first, dict):
        return first.keys() == second.keys() and all(same(first[k], second[k]) for k in first)
    if isinstance(first, list):
        return len(first) == len(second) and all(map(same, first, second))
    if isinstance(first, Bare):
        return bool(first.raw == second.raw)
    return bool(first == second)


def _is_apostrophe(char: str, text: str, at: int) -> bool:
    return char in "'’" and text[at - 1].isalnum() and text[at + 1 : at + 2].isalnum()


def _hex(digits: str) -> int | None:
    try:
        return int(digits, 16) if digits.isalnum() else None
    except ValueError:
        return None


# --- the clean way ------------------------------------------------------------------------------


class Unclean(ValueError):
    """JSON that needs a second look: a field given twice, NaN."""


def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        raise Unclean
    return made


def no_constant(_text: str) -> Any:
    raise Unclean


def loader(number_type: Callable[[str], Any]) -> Callable[[str], Any]:
    """A strict reader of JSON in C; raises ValueError or RecursionError."""
    from json import JSONDecoder

    return JSONDecoder(object_pairs_hook=unique, parse_constant=no_constant, parse_float=number_type).decode


load = loader(float)
load_exactly = loader(Digits)
