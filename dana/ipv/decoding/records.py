"""What decoding gives back: a value with its repairs, or the problems that stand in its way."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    Path = tuple[str | int, ...]

# Kind of repair: how much it costs of the score, what it means. docs/decoding.md shows this table.
REPAIRS: dict[str, tuple[int, str]] = {
    "fence": (0, "a Markdown fence around the answer is left out"),
    "prose": (1, "words before or after the answer are left out"),
    "chosen": (2, "one of several candidates is taken: fenced before alone on its lines before the last"),
    "comment": (1, "a comment is left out"),
    "comma": (1, "a missing, doubled, trailing or wrong separator"),
    "quotes": (1, "quotes other than JSON's"),
    "inner quotes": (2, "quotes inside a text that were not escaped"),
    "newline": (1, "a line end or another control character inside a text that was not escaped"),
    "escape": (1, "an escape JSON does not know"),
    "key": (1, "a field's name without quotes, or with another sign than a colon behind it"),
    "literal": (1, "True, None, undefined… of other languages"),
    "bracket": (2, "a bracket that is missing or too much, where the text goes on after it"),
    "closed": (3, "the text ended; what was open is closed, nothing can have been lost"),
    "duplicate": (1, "a field or an item of a set given twice: the same both times, or once as no such value is"),
    "unquoted": (2, "a text without quotes"),
    "nested": (2, "JSON written as a text inside JSON"),
    "wrapped": (2, "one object where a list of such objects was asked for"),
    "unwrapped": (2, "the only entry of an object around the answer, under a name like `answer` or the type's own"),
    "gathered": (2, "objects one after the other where a list of them was asked for"),
    "lines": (3, "lines `name: value` where an object was asked for, or a list as bullets or with commas"),
    "field": (1, "a field's name in other letters: `dueDate` for `due_date`"),
    "extra": (1, "a field the type does not have is left out"),
    "absent": (2, "a field that may be None is not there"),
    "tag": (1, "the struct's name beside its fields says which struct of a union it is"),
    "number": (1, "a number as a text: signs, separators of thousands, a decimal comma"),
    "currency": (2, "a currency's sign or code beside a number"),
    "percent": (2, "a percent sign where the field's name says that it holds percents"),
    "number word": (2, "a number as an English word, zero to twenty"),
    "whole": (1, "a whole number with a decimal point"),
    "text": (1, "a whole number where a text was asked for"),
    "word": (1, "a truth value as a word: yes, ja, oui…"),
    "spelling": (1, "a literal in other letters, with other spaces, hyphens or underscores"),
    "date": (1, "a date or a duration in another form than ISO's, with one meaning only"),
    "none": (1, "the word null, none or n/a as a text"),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limits:
    """How much text, how deep, how many problems and repairs are kept."""

    chars: int = 8_000_000
    depth: int = 64
    problems: int = 20
    repairs: int = 500


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Repair:
    """One thing that was not as it should be and has one meaning all the same."""

    path: str
    kind: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.path}: {self.kind}: {self.before} → {self.after}"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that does not fit, in words a model can act upon."""

    path: str
    message: str
    expected: str
    got: str

    def __str__(self) -> str:
        return f"{self.path}: {self.message}"


@dataclass(frozen=True, slots=True)
class Decoded:
    """A value of the type, the repairs it took, and how well the text fitted: 1.0 untouched, towards 0 with repairs."""

    value: Any
    repairs: list[Repair]
    score: float = 1.0


class DecodeError(Exception):
    """A text holds no value of the type. `best` is the nearest plain data found, for people; never a result."""

    def __init__(self, problems: Sequence[Problem], best: Any = None) -> None:
        self.problems = list(problems)
        self.best = best
        super().__init__("; ".join(map(str, self.problems)))


class Notes:
    """What one attempt to fit a value has found so far, with paths from where the attempt began."""

    __slots__ = ("costs", "count", "cut", "limits", "memo", "problems", "repairs")

    def __init__(self, limits: Limits, cut: frozenset[int] | set[int] = frozenset()) -> None:
        self.limits = limits
        self.problems: list[tuple[Path, str, str, str]] = []
        self.repairs: list[tuple[Path, str, str, str]] = []
        self.count = 0  # problems, kept or not
        self.costs = 0
        # The containers in which the text ended, by identity.
        self.cut = cut
        # What options of unions came to: without it, unions inside unions would be tried again and again.
        self.memo: dict[tuple[int, int], tuple[Any, Any, Notes]] = {}

    def attempt(self) -> Notes:
        """Notes for a part whose outcome may be thrown away."""
        made = Notes(self.limits, self.cut)
        made.memo = self.memo
        return made

    def repair(self, path: Path, kind: str, before: object, after: object) -> None:
        self.costs += REPAIRS[kind][0]
        if len(self.repairs) < self.limits.repairs:
            self.repairs.append((path, kind, shown(before), shown(after)))

    def problem(self, path: Path, message: str, expected: str, got: object) -> None:
        self.count += 1
        if len(self.problems) < self.limits.problems:
            self.problems.append((path, message, expected, shown(got)))

    def adopt(self, path: Path, other: Notes) -> None:
        """Take over what an attempt at `path` found."""
        room = self.limits.problems - len(self.problems)
        self.problems += [((*path, *p), m, e, g) for p, m, e, g in other.problems[:room]]
        room = self.limits.repairs - len(self.repairs)
        self.repairs += [((*path, *p), k, b, a) for p, k, b, a in other.repairs[:room]]
        self.count += other.count
        self.costs += other.costs

    def decoded(self, value: Any) -> Decoded:
        return Decoded(value, [Repair(spelled(p), k, b, a) for p, k, b, a in self.repairs], 10 / (10 + self.costs))

    def error(self, best: Any) -> DecodeError:
        return DecodeError([Problem(spelled(p), m, e, g) for p, m, e, g in self.problems], best)


def spelled(path: Path) -> str:
    """`("items", 2, "unit price")` as `$.items[2]["unit price"]`."""
    parts = ["$"]
    for step in path:
        if isinstance(step, int):
            parts.append(f"[{step}]")
        else:
            parts.append(f".{step}" if step.isidentifier() else f'["{step[:60]}"]')
    return "".join(parts)


def shown(value: object, limit: int = 60) -> str:
    """A value in at most `limit` characters, whatever its size."""
    if isinstance(value, str):
        return value if len(value) <= limit else value[: limit - 1] + "…"
    if isinstance(value, bool) or value is None:
        return "null" if value is None else "true" if value else "false"
    if isinstance(value, int):
        return str(value) if value.bit_length() < 200 else f"a number of {value.bit_length()} bits"
    if isinstance(value, dict):
        return f"an object of {len(value)} fields" if value else "an empty object"
    if isinstance(value, list | tuple | set | frozenset):
        return f"a list of {len(value)} items" if value else "an empty list"
    raw = getattr(value, "raw", None)
    return shown(raw if isinstance(raw, str) else str(value)[: limit + 1], limit)
