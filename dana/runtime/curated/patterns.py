r"""From Python's regular expressions to an engine that can be stopped.

    "(\w+)@x"  ── Python's own parser ──▶  tree  ── bounds ──▶  tree  ── `Writer` ──▶  text for `regex`

Python's `re` cannot be interrupted: `(a|aa)+$` on sixty letters runs for years. The package `regex` takes a time
limit for each call, but reads some patterns differently (`x{e}`, `[[a]`, what `\w` and `\b` are). So Python's parser
says what a pattern means, and the tree is written out in the small part of `regex`'s syntax where both agree,
with classes spelled out. For texts of ASCII alone, which are most, classes and boundaries are written in a shorter
and faster way that means the same there.
"""

from __future__ import annotations

from re import _constants as sre
from re import _parser as parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ASCII, IGNORECASE, MULTILINE, DOTALL, VERBOSE, UNICODE = 256, 2, 8, 16, 64, 32
FLAGS = ASCII | IGNORECASE | MULTILINE | DOTALL | VERBOSE | UNICODE
MAX_LENGTH = 20_000
# Nodes of a pattern, each as often as it is repeated at least: `regex` unrolls those.
MAX_NODES = 20_000
MAX_DEPTH = 60
MAX_GROUPS = 200
TOP = 0x10FFFF

DIGITS = ((0x30, 0x39),)
WORDS = ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A))
ASCII_SPACES = ((0x09, 0x0D), (0x20, 0x20))
SPACES = (
    (0x09, 0x0D), (0x1C, 0x20), (0x85, 0x85), (0xA0, 0xA0), (0x1680, 0x1680), (0x2000, 0x200A), (0x2028, 0x2029),
    (0x202F, 0x202F), (0x205F, 0x205F), (0x3000, 0x3000),
)  # fmt: skip
# What `str.isalnum` and `_` are, in Unicode's properties.
UNICODE_WORDS = r"\p{L}\p{N}_"


class TooComplex(Exception):
    """A pattern is larger than any that is compiled."""


class Bad(Exception):
    """A pattern that Python refuses after parsing."""


def parsed(pattern: str | bytes, flags: int) -> Any:
    """Python's tree of a pattern. Raises `re.error`, or `TooComplex`."""
    import warnings

    if len(pattern) > MAX_LENGTH:
        raise TooComplex(f"it has {len(pattern):,} characters, at most {MAX_LENGTH:,} are compiled")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "possible nested set": Python means what it always meant
        try:
            tree = parser.parse(pattern, flags)
        except RecursionError:
            raise TooComplex("its groups are nested too deep") from None
    if tree.state.groups > MAX_GROUPS:
        raise TooComplex(f"it has {tree.state.groups - 1:,} groups, at most {MAX_GROUPS - 1} are compiled")
    return tree


class Writer:
    """Writes one tree; `short` for texts of ASCII alone."""

    def __init__(self, names: dict[str, int], *, short: bool) -> None:
        self.names = {number: name for name, number in names.items()}
        self.short = short

    def write(self, tree: Any, flags: int) -> str:
        """The pattern's text. Raises `TooComplex` or `Bad`."""
        if self.size(tree, 0) > MAX_NODES:
            raise TooComplex(f"with its repetitions it has more than {MAX_NODES:,} parts")
        return self.sequence(tree, flags)

    def size(self, tree: Any, depth: int) -> int:
        """How many nodes compiling makes of a tree."""
        if depth > MAX_DEPTH:
            raise TooComplex(f"its groups are nested more than {MAX_DEPTH} deep")
        total = 1
        for operation, value in tree:
            if operation in REPEATS:
                low = value[0]
                total += self.size(value[2], depth + 1) * max(1, low)
            elif operation is sre.BRANCH:
                total += sum(self.size(option, depth + 1) for option in value[1])
            elif operation is sre.IN:
                total += len(value)
            else:
                total += 1 + sum(self.size(part, depth + 1) for part in parts(value))
            if total > MAX_NODES:
                return total
        return total

    def sequence(self, tree: Any, flags: int) -> str:
        return "".join(WRITERS[operation](self, value, flags) for operation, value in tree)

    def literal(self, value: int, flags: int) -> str:
        return f"[{TURKISH}]" if value in I_LETTERS and folds(flags) else char(value)

    def not_literal(self, value: int, flags: int) -> str:
        return f"[^{TURKISH if value in I_LETTERS and folds(flags) else char(value)}]"

    def any(self, _value: None, flags: int) -> str:
        return "(?s:.)" if flags & DOTALL else r"[^\n]"

    def at(self, value: Any, flags: int) -> str:
        if value is sre.AT_BEGINNING:
            return "(?m:^)" if flags & MULTILINE else r"\A"
        if value is sre.AT_END:
            return r"(?=\n|\Z)" if flags & MULTILINE else r"(?=\n?\Z)"
        if value is sre.AT_BEGINNING_STRING:
            return r"\A"
        if value is sre.AT_END_STRING:
            return r"\Z"
        return self.boundary(flags, edge=value is sre.AT_BOUNDARY)

    def boundary(self, flags: int, *, edge: bool) -> str:
        if self.short:
            return r"\b" if edge else r"(?:\B(?!\A\Z))"  # in Python an empty text has no place that is no boundary
        word = ranges(WORDS) if flags & ASCII else UNICODE_WORDS
        behind, ahead = f"(?<=[{word}])", f"(?=[{word}])"
        no_behind, no_ahead = f"(?<![{word}])", f"(?![{word}])"
        if edge:
            return f"(?:{behind}{no_ahead}|{no_behind}{ahead})"
        return rf"(?:(?:{behind}{ahead}|{no_behind}{no_ahead})(?!\A\Z))"

    def set(self, items: list[Any], flags: int) -> str:
        """A set; a class that no range can say, what is no word in Unicode, stands beside the rest."""
        negated = bool(items) and items[0][0] is sre.NEGATE
        inside: list[str] = []
        beside: list[str] = []
        for operation, value in items[negated:]:
            if operation is sre.LITERAL:
                inside.append(char(value))
            elif operation is sre.RANGE:
                inside.append(f"{char(value[0])}-{char(value[1])}")
            else:
                text, whole = self.category(value, flags)
                (inside if whole else beside).append(text)
        if flags & IGNORECASE and all(operation is sre.CATEGORY for operation, _ in items[negated:]):
            flags &= ~IGNORECASE
            before, after = "(?-i:", ")"
        else:
            before = after = ""
            if folds(flags) and any(contains(item, I_LETTERS) for item in items[negated:]):
                inside.append(TURKISH)
        if not beside:
            return f"{before}[{'^' if negated else ''}{''.join(inside)}]{after}"
        options = "|".join([*([f"[{''.join(inside)}]"] if inside else []), *beside])
        return f"{before or '(?:'}(?!{options})(?s:.))" if negated else f"{before or '(?:'}{options})"

    def category(self, value: Any, flags: int) -> tuple[str, bool]:
        """A class as it stands inside a set (True), or as a set of its own (False)."""
        plain = bool(flags & ASCII)
        if value in (sre.CATEGORY_DIGIT, sre.CATEGORY_NOT_DIGIT):
            negated = value is sre.CATEGORY_NOT_DIGIT
            if not (plain or self.short):
                return (r"\P{Nd}" if negated else r"\p{Nd}"), True
            found: tuple[tuple[int, int], ...] = DIGITS
        elif value in (sre.CATEGORY_SPACE, sre.CATEGORY_NOT_SPACE):
            negated = value is sre.CATEGORY_NOT_SPACE
            found = ASCII_SPACES if plain else SPACES
        else:
            negated = value is sre.CATEGORY_NOT_WORD
            if not (plain or self.short):
                return (f"[^{UNICODE_WORDS}]", False) if negated else (UNICODE_WORDS, True)
            found = WORDS
        return ranges(complement(found) if negated else found), True

    def branch(self, value: Any, flags: int) -> str:
        return f"(?:{'|'.join(self.sequence(option, flags) for option in value[1])})"

    def group(self, value: Any, flags: int) -> str:
        number, add, remove, tree = value
        inner = (flags | add) & ~remove
        if add & ASCII:
            inner &= ~UNICODE
        elif add & UNICODE:
            inner &= ~ASCII
        text = self.sequence(tree, inner)
        if (inner ^ flags) & IGNORECASE:
            text = f"(?{'i' if inner & IGNORECASE else '-i'}:{text})"
        if number is None:
            return f"(?:{text})"
        name = self.names.get(number)
        return f"(?P<{name}>{text})" if name else f"({text})"

    def repeat(self, value: Any, flags: int, mark: str = "") -> str:
        low, high, tree = value
        most = "" if high == sre.MAXREPEAT else str(int(high))
        return f"(?:{self.sequence(tree, flags)}){{{int(low)},{most}}}{mark}"

    def lazy(self, value: Any, flags: int) -> str:
        return self.repeat(value, flags, "?")

    def possessive(self, value: Any, flags: int) -> str:
        return f"(?>{self.repeat(value, flags)})"

    def atomic(self, value: Any, flags: int) -> str:
        return f"(?>{self.sequence(value, flags)})"

    def look(self, value: Any, flags: int, negated: str = "=") -> str:
        direction, tree = value
        if direction < 0:
            low, high = tree.getwidth()
            if low != high:
                raise Bad("look-behind requires fixed-width pattern")
        return f"(?{'<' if direction < 0 else ''}{negated}{self.sequence(tree, flags)})"

    def look_not(self, value: Any, flags: int) -> str:
        return self.look(value, flags, "!")

    def back(self, value: int, _flags: int) -> str:
        return f"(?:\\g<{value}>)"

    def choice(self, value: Any, flags: int) -> str:
        number, yes, no = value
        other = f"|{self.sequence(no, flags)}" if no is not None else ""
        return f"(?({number}){self.sequence(yes, flags)}{other})"

    def failure(self, _value: Any, _flags: int) -> str:
        return "(?!)"


REPEATS = (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT)
WRITERS: dict[Any, Any] = {
    sre.LITERAL: Writer.literal,
    sre.NOT_LITERAL: Writer.not_literal,
    sre.ANY: Writer.any,
    sre.AT: Writer.at,
    sre.IN: Writer.set,
    sre.BRANCH: Writer.branch,
    sre.SUBPATTERN: Writer.group,
    sre.MAX_REPEAT: Writer.repeat,
    sre.MIN_REPEAT: Writer.lazy,
    sre.POSSESSIVE_REPEAT: Writer.possessive,
    sre.ATOMIC_GROUP: Writer.atomic,
    sre.ASSERT: Writer.look,
    sre.ASSERT_NOT: Writer.look_not,
    sre.GROUPREF: Writer.back,
    sre.GROUPREF_EXISTS: Writer.choice,
    sre.FAILURE: Writer.failure,
}


# Python takes these four for one letter when case is ignored.
I_LETTERS = (0x49, 0x69, 0x130, 0x131)
TURKISH = r"Ii\u0130\u0131"


def folds(flags: int) -> bool:
    """Whether letters beyond ASCII are compared without their case."""
    return bool(flags & IGNORECASE and not flags & ASCII)


def contains(item: Any, letters: tuple[int, ...]) -> bool:
    """Whether a literal or range of a set contains one of the letters."""
    operation, value = item
    if operation is sre.LITERAL:
        return value in letters
    return operation is sre.RANGE and any(value[0] <= letter <= value[1] for letter in letters)


def parts(value: Any) -> list[Any]:
    """The trees directly inside a node's value."""
    if isinstance(value, parser.SubPattern):
        return [value]
    return [each for each in value if isinstance(each, parser.SubPattern)] if isinstance(value, tuple) else []


def char(code: int) -> str:
    """A character as it may stand anywhere, inside a set and outside."""
    text = chr(code)
    if code < 128 and text.isalnum():
        return text
    return f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}" if code < 65536 else f"\\U{code:08x}"


def ranges(found: tuple[tuple[int, int], ...]) -> str:
    """Ranges as they stand inside a set."""
    return "".join(char(a) if a == b else f"{char(a)}-{char(b)}" for a, b in found)


def complement(found: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """Every character outside the ranges, as ranges."""
    out: list[tuple[int, int]] = []
    begin = 0
    for low, high in found:
        if low > begin:
            out.append((begin, low - 1))
        begin = high + 1
    return (*out, (begin, TOP))
