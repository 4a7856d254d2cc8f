"""`re`: Python's syntax and meaning, bounded in time and size (see `patterns`).

Each call has a time limit of its own besides the program's deadline, so that a pattern that backtracks for ever is
an error with a place and a hint instead of a program that hangs.
"""

from __future__ import annotations

from time import sleep

from dana.runtime.curated import Curated
from dana.runtime.curated.patterns import (
    ASCII,
    DOTALL,
    FLAGS,
    IGNORECASE,
    MULTILINE,
    UNICODE,
    VERBOSE,
    Bad,
    TooComplex,
    Writer,
    parsed,
)
from dana.runtime.curated.values import Bounds, CuratedType, register
from dana.runtime.stops import failure
from dana.runtime.typevalues import kind_of, short

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from dana.runtime.program import Program

# What one call may take: so long, and a second more for each so many characters.
CALL_S = 1.0
CHARACTERS_PER_S = 5_000_000
MAX_TEXT = 100_000_000
MAX_CACHED = 256


class error(Exception):  # noqa: N801  (Python's name)
    """A pattern or template that is none; `msg`, `pattern` and `pos` say what and where."""

    _code = "E522"

    def __init__(self, msg: str, pattern: Any = None, pos: int | None = None) -> None:
        super().__init__(msg if pos is None else f"{msg} at position {pos}")
        self.msg = msg
        self.pattern = pattern
        self.pos = pos


class Pattern:
    """A compiled pattern."""

    __slots__ = ("_bounds", "_forms", "_tree", "_wanted", "flags", "groupindex", "groups", "pattern")

    def __init__(self, bounds: Bounds, pattern: Any, flags: int) -> None:
        import re

        try:
            tree = parsed(pattern, flags)
            self.flags = tree.state.flags | (
                UNICODE if isinstance(pattern, str) and not tree.state.flags & ASCII else 0
            )
            self.groupindex = dict(tree.state.groupdict)
            self.groups = tree.state.groups - 1
            self._tree = tree
            self._bounds = bounds
            self._forms: dict[tuple[bool, bool], Any] = {}
            self.pattern = pattern
            self._wanted = bytes if isinstance(pattern, bytes) else str
            self._form(True, False)
        except re.error as wrong:
            raise error(wrong.msg, pattern, wrong.pos) from None
        except Bad as wrong:
            raise error(str(wrong), pattern) from None
        except TooComplex as wrong:
            hint = "split it into several patterns, or lower the counts in {…}"
            raise failure(ValueError, "E523", f"the pattern {short(pattern)} is too large: {wrong}", hint) from None

    def _form(self, short_: bool, advancing: bool) -> Any:
        """What `regex` compiled: for ASCII or for all texts; `advancing`: matches at the start are not empty."""
        made = self._forms.get((short_, advancing))
        if made is None:
            try:
                import regex  # type: ignore[import-untyped]
            except ImportError:
                hint = "install it beside Dana: `pip install regex`"
                message = "re needs the Python package regex, which is not installed"
                raise failure(ImportError, "E538", message, hint) from None

            flags = self.flags if self._wanted is str else self.flags | ASCII
            text: Any = Writer(self.groupindex, short=short_).write(self._tree, flags)
            if advancing:
                text = f"(?:{text})(?!\\G)"
            options = regex.V0 | (regex.I if flags & IGNORECASE else 0)
            if self._wanted is bytes:
                text = text.encode("latin-1")
                options |= regex.ASCII
            elif flags & ASCII:
                options |= regex.ASCII
            try:
                made = regex.compile(text, options, cache_pattern=False)
            except (regex.error, RecursionError) as wrong:
                raise error(str(wrong), self.pattern) from None
            self._forms[short_, advancing] = made
        return made

    # --- matching -------------------------------------------------------------------------------

    def match(self, string: Any, pos: int = 0, endpos: int | None = None) -> Match | None:
        """The match at the beginning (at `pos`), or None."""
        return self._one("match", string, pos, endpos)

    def fullmatch(self, string: Any, pos: int = 0, endpos: int | None = None) -> Match | None:
        """The match of the whole text, or None."""
        return self._one("fullmatch", string, pos, endpos)

    def search(self, string: Any, pos: int = 0, endpos: int | None = None) -> Match | None:
        """The first match anywhere, or None."""
        return self._one("search", string, pos, endpos)

    def _one(self, how: str, string: Any, pos: int, endpos: int | None) -> Match | None:
        text = self._text(string)
        end = len(text) if endpos is None else endpos
        found = self._run(getattr(self._form(self._is_short(text), False), how), text, pos, end)
        return None if found is None else Match(self, found, pos, end)

    def finditer(self, string: Any, pos: int = 0, endpos: int | None = None) -> Any:
        """All matches, one after the other."""
        text = self._text(string)
        end = len(text) if endpos is None else endpos
        return self._bounds.lazy(Match(self, found, pos, end) for found in self._matches(text, pos, end))

    def findall(self, string: Any, pos: int = 0, endpos: int | None = None) -> list[Any]:
        """The texts of all matches; of the group, or tuples of groups, when the pattern has some."""
        text = self._text(string)
        found = self._at_once(text, pos, len(text) if endpos is None else endpos)
        empty = self._wanted()
        if self.groups == 0:
            return [match.group() for match in found]
        if self.groups == 1:
            return [match.group(1) or empty for match in found]
        return [match.groups(empty) for match in found]

    def split(self, string: Any, maxsplit: int = 0) -> list[Any]:
        """The parts between matches, with what groups matched in between."""
        text = self._text(string)
        out: list[Any] = []
        last = 0
        for count, found in enumerate(self._at_once(text, 0, len(text)) if maxsplit >= 0 else ()):
            if maxsplit and count >= maxsplit:
                break
            out.append(text[last : found.start()])
            out.extend(found.groups())
            last = found.end()
        out.append(text[last:])
        return out

    def sub(self, repl: Any, string: Any, count: int = 0) -> Any:
        """The text with matches replaced by a template or by what a function makes of them."""
        return self.subn(repl, string, count)[0]

    def subn(self, repl: Any, string: Any, count: int = 0) -> tuple[Any, int]:
        """`sub`, and how many were replaced."""
        text = self._text(string)
        make = repl if callable(repl) else self._template(repl)
        out: list[Any] = []
        last = done = size = 0
        walk = self._matches if callable(repl) else self._at_once
        for found in walk(text, 0, len(text)) if count >= 0 else ():
            if count and done >= count:
                break
            out.append(text[last : found.start()])
            put = make(Match(self, found, 0, len(text)))
            if not isinstance(put, self._wanted):
                raise failure(TypeError, "E601", f"sub puts in a text, and the function gave {kind_of(put)}")
            out.append(put)
            size += len(put)
            if done & 255 == 0:
                self._bounds.room(size)
            last = found.end()
            done += 1
        if not done:
            return string, 0
        self._bounds.room(size)
        out.append(text[last:])
        return self._wanted().join(out), done

    def _template(self, repl: Any) -> Callable[[Match], Any]:
        if not isinstance(repl, self._wanted):
            raise failure(TypeError, "E601", f"the replacement is a text or a function, not {kind_of(repl)}")
        mark: Any = b"\\" if isinstance(repl, bytes) else "\\"
        if mark not in repl:
            return lambda _match: repl
        pieces = template(self, repl)
        return lambda match: expanded(match, pieces)

    # --- engine ---------------------------------------------------------------------------------

    def _at_once(self, text: Any, pos: int, end: int) -> Iterator[Any]:
        """All matches under one time limit, for callers that do nothing of the program's in between."""
        steps = self._bounds.steps
        found = self._run(self._form(self._is_short(text), False).finditer, text, pos, end)
        try:
            for match in found:
                next(steps)
                yield match
        except TimeoutError:
            raise self._too_slow(text) from None

    def _matches(self, text: Any, pos: int, end: int) -> Iterator[Any]:
        """Matches as Python counts them: after an empty one, the next at that place is not empty.

        Each has a time limit of its own: the program may take its time in between.
        """
        short_ = self._is_short(text)
        search, advance = self._form(short_, False).search, None
        found = self._run(search, text, pos, end)
        steps = self._bounds.steps
        while found is not None:
            next(steps)
            yield found
            start, stop = found.span()
            if start < stop:
                found = self._run(search, text, stop, end, charged=False)
                continue
            if advance is None:
                advance = self._form(short_, True).search
            found = self._run(advance, text, stop, end, charged=False)

    def _run(self, call: Any, text: Any, pos: int, end: int, *, charged: bool = True) -> Any:
        meter = self._bounds.meter
        seconds = CALL_S + len(text) / CHARACTERS_PER_S
        left = meter.remaining()
        hurried = left is not None and left < seconds
        if left is not None and hurried:
            meter.check()
            seconds = max(left, 0.001)
        if charged:
            self._bounds.charge(len(text))
        try:
            return call(text, max(pos, 0), max(end, 0), timeout=seconds)
        except TimeoutError:
            if hurried:  # the matcher counts the processor's time, which may run ahead of the clock
                sleep(min(meter.remaining() or 0.0, seconds))
                meter.check()
            raise self._too_slow(text) from None

    def _too_slow(self, text: Any) -> Exception:
        """The deadline that has passed, or the error that says so."""
        self._bounds.meter.check()
        said = f"the pattern {short(self.pattern)} takes too long on this text of {len(text):,} characters"
        hint = "it tries too many ways to match: avoid repetitions inside repetitions, such as `(a+)+`"
        return failure(ValueError, "E524", said, hint)

    def _is_short(self, text: Any) -> bool:
        return self._wanted is bytes or text.isascii()

    def _text(self, value: Any) -> Any:
        if not isinstance(value, self._wanted):
            wanted = "a text" if self._wanted is str else "bytes"
            raise failure(TypeError, "E601", f"this pattern is for {wanted}, not for {kind_of(value)}")
        if len(value) > MAX_TEXT:
            raise self._bounds.meter.stop("memory")
        return value

    def __repr__(self) -> str:
        return f"re.compile({self.pattern!r})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Pattern) and (self.pattern, self.flags) == (other.pattern, other.flags)

    def __hash__(self) -> int:
        return hash((self.pattern, self.flags))


class Match:
    """What a pattern found, and where."""

    __slots__ = ("_found", "endpos", "pos", "re")

    def __init__(self, pattern: Pattern, found: Any, pos: int, endpos: int) -> None:
        self.re = pattern
        self._found = found
        self.pos = max(0, min(pos, len(found.string)))
        self.endpos = max(0, min(endpos, len(found.string)))

    @property
    def string(self) -> Any:
        """The text that was searched."""
        return self._found.string

    @property
    def lastindex(self) -> int | None:
        """The number of the group that ended last, or None."""
        return self._found.lastindex  # type: ignore[no-any-return]

    @property
    def lastgroup(self) -> str | None:
        """The name of the group that ended last, or None."""
        last = self._found.lastindex
        return next((name for name, number in self.re.groupindex.items() if number == last), None)

    def group(self, *groups: int | str) -> Any:
        """The text of a group (0: all), or a tuple for several; None for a group that took no part."""
        return self._found.group(*map(self._known, groups))

    def groups(self, default: Any = None) -> tuple[Any, ...]:
        """The texts of all groups."""
        return self._found.groups(default)  # type: ignore[no-any-return]

    def groupdict(self, default: Any = None) -> dict[str, Any]:
        """The texts of named groups by name."""
        return self._found.groupdict(default)  # type: ignore[no-any-return]

    def start(self, group: int | str = 0) -> int:
        """Where a group begins; -1 when it took no part."""
        return self._found.start(self._known(group))  # type: ignore[no-any-return]

    def end(self, group: int | str = 0) -> int:
        """Where a group ends; -1 when it took no part."""
        return self._found.end(self._known(group))  # type: ignore[no-any-return]

    def span(self, group: int | str = 0) -> tuple[int, int]:
        """Both ends of a group."""
        return self._found.span(self._known(group))  # type: ignore[no-any-return]

    def expand(self, template: Any) -> Any:
        """A template, as for `sub`, with the groups put in."""
        return self.re._template(template)(self)

    def _known(self, group: int | str) -> int | str:
        index = self.re.groupindex
        if (isinstance(group, str) and group in index) or (isinstance(group, int) and 0 <= group <= self.re.groups):
            return group
        from dana.diagnostics import suggest

        near = suggest(group, index) if isinstance(group, str) else None
        hint = f"did you mean `{near}`?" if near else f"it has {self.re.groups} groups"
        raise failure(IndexError, "E606", f"no such group: {short(group)}", hint)

    def __getitem__(self, group: int | str) -> Any:
        return self._found[self._known(group)]

    def __repr__(self) -> str:
        return f"<re.Match object; span={self._found.span()!r}, match={short(self._found.group())}>"


# --- templates ----------------------------------------------------------------------------------

ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v", "\\": "\\"}


def template(pattern: Pattern, text: Any) -> list[Any]:
    """A replacement as pieces: texts, and numbers of groups."""
    is_bytes = isinstance(text, bytes)
    source = text.decode("latin-1") if is_bytes else text
    pieces: list[Any] = []
    at = 0
    while at < len(source):
        mark = source.find("\\", at)
        if mark != at:
            end = len(source) if mark < 0 else mark
            pieces.append(source[at:end])
            at = end
            continue
        piece, at = escape_in_template(pattern, source, at)
        if isinstance(piece, int) and piece > pattern.groups:
            raise error(f"invalid group reference {piece}", text, mark + 1)
        pieces.append(piece)
    return [p.encode("latin-1") if is_bytes and isinstance(p, str) else p for p in pieces]


def escape_in_template(pattern: Pattern, source: str, at: int) -> tuple[Any, int]:
    """What a backslash at `at` says, and where the template goes on."""
    c = source[at + 1 : at + 2]
    if not c:
        raise error("bad escape (end of pattern)", source, at)
    if c == "g":
        return named_group(pattern, source, at)
    digits = source[at + 1 : at + 4]
    if c == "0":
        octal = digits[: 1 + sum(1 for _ in leading(digits[1:], "01234567"))]
        return chr(int(octal, 8) & 0xFF), at + 1 + len(octal)
    if c in "123456789":
        if len(digits) == 3 and all(d in "01234567" for d in digits):
            code = int(digits, 8)
            if code > 0o377:
                raise error(f"octal escape value \\{digits} outside of range 0-0o377", source, at)
            return chr(code), at + 4
        number = digits[: 2 if digits[1:2].isdigit() and digits[1:2].isascii() else 1]
        return int(number), at + 1 + len(number)
    if c in ESCAPES:
        return ESCAPES[c], at + 2
    if c.isascii() and c.isalpha():
        raise error(f"bad escape \\{c}", source, at)
    return "\\" + c, at + 2


def leading(text: str, allowed: str) -> Iterator[str]:
    """The characters at the beginning that are allowed."""
    for c in text:
        if c not in allowed:
            return
        yield c


def named_group(pattern: Pattern, source: str, at: int) -> tuple[int, int]:
    """A group in a template, by name or number, as a number."""
    end = source.find(">", at)
    if source[at + 2 : at + 3] != "<":
        raise error("missing <", source, at + 2)
    name = source[at + 3 : end]
    if end < 0:
        raise error("missing >, unterminated name", source, at + 3)
    if name.isdecimal() and name.isascii():
        return min(int(name[:9]), 1 << 20), end + 1
    if not name.isidentifier():
        raise error(f"bad character in group name {name!r}" if name else "missing group name", source, at + 3)
    if name not in pattern.groupindex:
        raise failure(IndexError, "E606", f"unknown group name {name!r}")
    return pattern.groupindex[name], end + 1


def expanded(match: Match, pieces: list[Any]) -> Any:
    """The pieces of a template with what the groups matched."""
    empty: Any = match.re._wanted()
    found = match._found
    return empty.join((found.group(p) or empty) if isinstance(p, int) else p for p in pieces)


# --- the module ---------------------------------------------------------------------------------


def escape(pattern: Any) -> Any:
    """The pattern that matches exactly this text."""
    import re

    return re.escape(pattern)


def make_re(program: Program) -> dict[str, Any]:
    bounds = Bounds(program)
    known: dict[Any, Pattern] = {}

    def compile_(pattern: Any, flags: int = 0) -> Pattern:
        """The compiled pattern."""
        if isinstance(pattern, Pattern):
            if flags:
                raise failure(ValueError, "E602", "cannot process flags argument with a compiled pattern")
            return pattern
        if not isinstance(pattern, str | bytes):
            raise failure(TypeError, "E601", f"a pattern is a text, not {kind_of(pattern)}")
        if not isinstance(flags, int) or flags & ~FLAGS:
            hint = "flags are re.I, re.M, re.S, re.X and re.A, joined by `|`"
            raise failure(ValueError, "E602", f"unknown flags: {short(flags)}", hint)
        key = (pattern.__class__, pattern, flags)
        found = known.get(key)
        if found is None:
            bounds.charge(len(pattern) * 64)
            found = Pattern(bounds, pattern, flags)
            if len(known) >= MAX_CACHED:
                del known[next(iter(known))]
            known[key] = found
        return found

    compile_.__name__ = compile_.__qualname__ = "compile"

    def match(pattern: Any, string: Any, flags: int = 0) -> Any:
        return compile_(pattern, flags).match(string)

    def fullmatch(pattern: Any, string: Any, flags: int = 0) -> Any:
        return compile_(pattern, flags).fullmatch(string)

    def search(pattern: Any, string: Any, flags: int = 0) -> Any:
        return compile_(pattern, flags).search(string)

    def findall(pattern: Any, string: Any, flags: int = 0) -> Any:
        return compile_(pattern, flags).findall(string)

    def finditer(pattern: Any, string: Any, flags: int = 0) -> Any:
        return compile_(pattern, flags).finditer(string)

    def split(pattern: Any, string: Any, maxsplit: int = 0, flags: int = 0) -> Any:
        return compile_(pattern, flags).split(string, maxsplit)

    def sub(pattern: Any, repl: Any, string: Any, count: int = 0, flags: int = 0) -> Any:
        return compile_(pattern, flags).sub(repl, string, count)

    def subn(pattern: Any, repl: Any, string: Any, count: int = 0, flags: int = 0) -> Any:
        return compile_(pattern, flags).subn(repl, string, count)

    def purge() -> None:
        known.clear()

    def refuse(*_args: Any, **_keywords: Any) -> Any:
        raise failure(TypeError, "E601", "patterns are made by `re.compile`, matches by a pattern")

    types = (CuratedType("Pattern", Pattern, refuse), CuratedType("Match", Match, refuse))
    register(program, *types)
    flags = {"A": ASCII, "I": IGNORECASE, "M": MULTILINE, "S": DOTALL, "X": VERBOSE, "U": UNICODE, "NOFLAG": 0}
    words = {"ASCII": ASCII, "IGNORECASE": IGNORECASE, "MULTILINE": MULTILINE, "DOTALL": DOTALL}
    functions = (match, fullmatch, search, findall, finditer, split, sub, subn, escape, purge)
    return {
        "compile": compile_,
        **{f.__name__: f for f in functions},
        **flags, **words, "VERBOSE": VERBOSE, "UNICODE": UNICODE, "error": error, "PatternError": error,
        "Pattern": types[0], "Match": types[1],
    }  # fmt: skip


ONE = "(pattern: any, string: any, flags: int = …) -> any"
SIGNATURES = {
    "compile": "(pattern: any, flags: int = …) -> @Pattern",
    "match": ONE,
    "fullmatch": ONE,
    "search": ONE,
    "findall": "(pattern: any, string: any, flags: int = …) -> list",
    "finditer": "(pattern: any, string: any, flags: int = …) -> iterator[any]",
    "split": "(pattern: any, string: any, maxsplit: int = …, flags: int = …) -> list",
    "sub": "(pattern: any, repl: any, string: any, count: int = …, flags: int = …) -> any",
    "subn": "(pattern: any, repl: any, string: any, count: int = …, flags: int = …) -> tuple",
    "escape": "(pattern: any) -> any",
    "purge": "() -> None",
    **dict.fromkeys("A I M S X U NOFLAG ASCII IGNORECASE MULTILINE DOTALL VERBOSE UNICODE".split(), "int"),
    "error": "any",
    "PatternError": "any",
    "Pattern": "any",
    "Match": "any",
}
REFUSED = {
    "DEBUG": "print the pattern's parts yourself",
    "L": "patterns do not depend on a locale",
    "LOCALE": "patterns do not depend on a locale",
    "RegexFlag": "flags are numbers, joined by `|`",
}
FAMILY = {"re": Curated(make_re, SIGNATURES, REFUSED)}
