"""A type made ready to judge values: what each plan takes untouched, and what it can make of the rest.

`clean(value)` is for data fresh from a strict JSON reader: the finished value, or `FAIL` at the first doubt.
`fit(value, path, notes)` is asked after a doubt: it repairs what has one meaning, writes down every repair and problem,
and returns `FAIL` beside a problem. `so_far(value)` is for streams: the most that can be shown already.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dana.ipv.decoding import reading
from dana.ipv.decoding.records import shown
from dana.ipv.decoding.scanning import Bare, Digits, Flaw, load

if TYPE_CHECKING:
    from collections.abc import Callable

    from dana.ipv.decoding.records import Notes, Path


class _Fail:
    __slots__ = ()

    def __repr__(self) -> str:
        return "FAIL"


FAIL = _Fail()
ABSENT = FAIL  # what `so_far` gives where nothing can be shown yet
MAX_BITS = 4_000
MAX_DEPTH = 64


class Plan:
    """How values of one type are recognised and made. `name` is the type's, for messages."""

    __slots__ = ("name",)
    # Which JSON values may become one: of "object", "array", "text", "number", "truth", "nothing".
    takes: frozenset[str] = frozenset()

    def __init__(self, name: str) -> None:
        self.name = name

    def clean(self, value: Any) -> Any:
        raise NotImplementedError

    def fit(self, value: Any, path: Path, notes: Notes) -> Any:
        """The value as one of the type, or `FAIL` and a problem in `notes`."""
        if value.__class__ is Flaw:
            notes.problem(path, value.why, self.name, value.raw)
            return FAIL
        made = self.clean(value)
        return made if made is not FAIL else self.repaired(value, path, notes)

    def repaired(self, value: Any, path: Path, notes: Notes) -> Any:
        return self.refuse(value, path, notes)

    def refuse(self, value: Any, path: Path, notes: Notes, why: str = "") -> Any:
        """Writes down that the value does not fit."""
        message = f"expected {self.name}, got {described(value)}"
        notes.problem(path, f"{message}: {why}" if why else message, self.name, value)
        return FAIL

    def so_far(self, value: Any) -> Any:
        return self.clean(value)


def described(value: Any) -> str:
    """`the text "high"`, `the number 5`, `null`: what a value of JSON is."""
    if isinstance(value, str):
        return f'the text "{shown(value)}"' if value else "an empty text"
    if isinstance(value, Bare):
        return f"`{shown(value.raw)}`"
    if isinstance(value, bool) or value is None:
        return shown(value)
    if isinstance(value, int | float):
        return f"the number {shown(value)}"
    return shown(value)


def kind_of(value: Any) -> str:
    """JSON's word for a value, as in `Plan.takes`."""
    return _KINDS.get(value.__class__, "text")


_KINDS = {
    dict: "object", list: "array", str: "text", bool: "truth", int: "number", float: "number", Digits: "number",
    type(None): "nothing",
}  # fmt: skip


def words(value: Any) -> str | None:
    """The text of a text or of a word without quotes."""
    return value if value.__class__ is str else value.raw if value.__class__ is Bare else None


# --- scalars ------------------------------------------------------------------------------------


class NothingPlan(Plan):
    __slots__ = ()
    takes = frozenset({"nothing"})

    def clean(self, value: Any) -> Any:
        return None if value is None else FAIL

    def repaired(self, value: Any, path: Path, notes: Notes) -> Any:
        text = words(value)
        if text is not None and text.strip().lower() in reading.NOTHING:
            notes.repair(path, "none", text, "null")
            return None
        return self.refuse(value, path, notes)


class BoolPlan(Plan):
    __slots__ = ()
    takes = frozenset({"truth"})

    def clean(self, value: Any) -> Any:
        return value if value.__class__ is bool else FAIL

    def repaired(self, value: Any, path: Path, notes: Notes) -> Any:
        text = words(value)
        answer = None if text is None else reading.truth(text)
        if answer is None:
            return self.refuse(value, path, notes, "write true or false")
        notes.repair(path, "word", text, answer)
        return answer


class NumberPlan(Plan):
    """int, float, Decimal: `make` builds the value of a numeral in Python's spelling, or raises ValueError."""

    __slots__ = ("field",)
    takes = frozenset({"number"})

    def __init__(self, name: str, field: str = "") -> None:
        super().__init__(name)
        self.field = field

    def make(self, text: str) -> Any:
        raise NotImplementedError

    def repaired(self, value: Any, path: Path, notes: Notes) -> Any:
        text = words(value)
        read = None if text is None else reading.numeral(text, self.field)
        if read is None:
            why = "its percent sign leaves open what is meant" if text is not None and "%" in text else ""
            return self.refuse(value, path, notes, why)
        try:
            made = self.make(read[0])
        except (ValueError, ArithmeticError) as error:
            return self.refuse(value, path, notes, str(error))
        notes.repair(path, read[1], text, made)
        return made


class IntPlan(NumberPlan):
    __slots__ = ()

    def clean(self, value: Any) -> Any:
        return value if value.__class__ is int and value.bit_length() <= MAX_BITS else FAIL

    def make(self, text: str) -> int:
        from decimal import Decimal

        number = Decimal(text)
        if number != number.to_integral_value() or abs(number.adjusted()) > 1000:
            raise ValueError("it is no whole number")
        return int(number)

    def repaired(self, value: Any, path: Path, notes: Notes) -> Any:
        if isinstance(value, float) and value.is_integer():
            made = self.make(value.raw) if isinstance(value, Digits) else int(value)
            notes.repair(path, "whole", value, made)
            return made
        return super().repaired(value, path, notes)


class FloatPlan(NumberPlan):
    __slots__ = ()

    def clean(self, value: Any) -> Any:
        cls = value.__class__
        if cls is float:
            return value if -_INF < value < _INF else FAIL
        if cls is int:
            return float(value) if value.bit_length() <= 1000 else FAIL
        return float(value) if cls is Digits and -_INF < value < _INF else FAIL

    def make(self, text: str) -> float:
        made = float(text)
        if not -_INF < made < _INF:
            raise ValueError("it is too large")
        return made


_INF = float("inf")


class DecimalPlan(NumberPlan):
    __slots__ = ("_read",)

    def __init__(self, name: str, read: Callable[[Any], Any], field: str = "") -> None:
        super().__init__(name, field)
        self._read = read

    def clean(self, value: Any) -> Any:
        cls = value.__class__
        if cls is Digits:
            return self._read(value.raw) if -_INF < value < _INF else FAIL
        return self._read(value) if cls is int and value.bit_length() <= MAX_BITS else FAIL

    def make(self, text: str) -> Any:
        return self._read(text)


class StrPlan(Plan):
    __slots__ = ()
    takes = frozenset({"text"})

    def clean(self, value: Any) -> Any:
        return value if value.__class__ is str else FAIL

    def repaired(self, value: Any, path: Path, notes: Notes) -> Any:
        if value.__class__ is Bare:
            notes.repair(path, "unquoted", value.raw, f'"{value.raw}"')
            return value.raw
        if value.__class__ is int and value.bit_length() <= MAX_BITS:
            notes.repair(path, "text", value, f'"{value}"')
            return str(value)
        return self.refuse(value, path, notes)

    def so_far(self, value: Any) -> Any:
        if value.__class__ is Flaw and value.text is not None:
            return value.text
        return self.clean(value)


class LiteralPlan(Plan):
    """One of several given values; in other letters only when exactly one of them can be meant."""

    __slots__ = ("takes", "values")

    def __init__(self, name: str, values: tuple[Any, ...]) -> None:
        super().__init__(name)
        self.values = values
        self.takes = frozenset(kind_of(v) for v in values)

    def clean(self, value: Any) -> Any:
        for each in self.values:
            if each == value and each.__class__ is value.__class__:
                return each
        return FAIL

    def repaired(self, value: Any, path: Path, notes: Notes) -> Any:
        text = words(value)
        if text is None:
            return self.refuse(value, path, notes)
        exact = self.clean(text)
        found = exact if exact is not FAIL else reading.nearest(text.strip(), self.values)
        if found is not None:
            notes.repair(path, "unquoted" if exact is not FAIL else "spelling", text, found)
            return found
        return self._other(text, value, path, notes)

    def _other(self, text: str, value: Any, path: Path, notes: Notes) -> Any:
        """Literals that are numbers or truth values, given as texts."""
        read = reading.numeral(text) if "number" in self.takes else None
        if read is not None:
            for each in self.values:
                if each.__class__ is int and read[0] == str(each):
                    notes.repair(path, read[1], text, each)
                    return each
        answer = reading.truth(text) if "truth" in self.takes else None
        if answer is not None and self.clean(answer) is not FAIL:
            notes.repair(path, "word", text, answer)
            return answer
        return self.refuse(value, path, notes)


class TextualPlan(Plan):
    """Dates, times, durations, identifiers, fractions: written as texts. `read` makes one, or raises ValueError."""

    __slots__ = ("_normal", "_read", "sample")
    takes = frozenset({"text"})

    def __init__(
        self,
        name: str,
        read: Callable[[str], Any],
        normal: Callable[[str], tuple[str, bool] | None],
        sample: str = "",
    ) -> None:
        super().__init__(name)
        self._read = read
        self._normal = normal
        self.sample = sample

    def clean(self, value: Any) -> Any:
        found = self._normal(value) if value.__class__ is str else None
        return self._made(found[0]) if found and found[1] else FAIL

    def _made(self, text: str) -> Any:
        try:
            return self._read(text)
        except (ValueError, ArithmeticError):
            return FAIL

    def repaired(self, value: Any, path: Path, notes: Notes) -> Any:
        text = words(value)
        found = self._normal(text) if text is not None else None
        made = self._made(found[0]) if found else FAIL
        if found is None or made is FAIL:
            return self.refuse(value, path, notes, f"write it like {self.sample}" if self.sample else "")
        notes.repair(path, "unquoted" if found[1] else "date", text, found[0])
        return made


_UUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}").fullmatch
_FRACTION = re.compile(r"[+-]?\d{1,40}(?:/\d{1,40})?").fullmatch


def as_uuid(text: str) -> tuple[str, bool] | None:
    bare = text.strip()
    return (bare, bare == text) if _UUID(bare) else None


def as_fraction(text: str) -> tuple[str, bool] | None:
    bare = text.strip()
    return (bare, bare == text) if _FRACTION(bare) else None


def as_duration(text: str) -> tuple[str, bool] | None:
    found = reading.duration(text)
    return (text.strip(), found[2]) if found else None


# --- anything -----------------------------------------------------------------------------------


class AnyPlan(Plan):
    """`any`, and what a `list` or `dict` without type arguments holds: JSON data as it is."""

    __slots__ = ()
    takes = frozenset({"object", "array", "text", "number", "truth", "nothing"})

    def clean(self, value: Any) -> Any:
        return value if _is_plain(value, MAX_DEPTH) else FAIL

    def repaired(self, value: Any, path: Path, notes: Notes) -> Any:
        cls = value.__class__
        if cls is Digits and -_INF < value < _INF:
            return float(value)
        if cls is Bare:
            read = reading.numeral(value.raw)
            if read is not None and read[1] == "number" and -_INF < float(read[0]) < _INF:
                number = float(read[0])
                notes.repair(path, "number", value.raw, number)
                return int(read[0]) if read[0].lstrip("+-").isdigit() else number
            notes.repair(path, "unquoted", value.raw, f'"{value.raw}"')
            return value.raw
        if cls is list:
            if id(value) in notes.cut:
                return cut_off(self, value, path, notes)
            return _all_or_fail([self.fit(v, (*path, n), notes) for n, v in enumerate(value)])
        if cls is dict:
            if id(value) in notes.cut:
                return cut_off(self, value, path, notes)
            made = {k: self.fit(v, (*path, k), notes) for k, v in value.items()}
            return FAIL if any(v is FAIL for v in made.values()) else made
        return self.refuse(value, path, notes)

    def so_far(self, value: Any) -> Any:
        cls = value.__class__
        if cls is Flaw:
            return value.text if value.text is not None else ABSENT
        if cls is list:
            return [made for made in map(self.so_far, value) if made is not ABSENT]
        if cls is dict:
            made = {k: self.so_far(v) for k, v in value.items()}
            return {k: v for k, v in made.items() if v is not ABSENT}
        return value.raw if cls is Bare else float(value) if cls is Digits else value


def _is_plain(value: Any, depth: int) -> bool:
    cls = value.__class__
    if cls is str or cls is bool or value is None:
        return True
    if cls is int:
        return bool(value.bit_length() <= MAX_BITS)
    if cls is float:
        return bool(-_INF < value < _INF)
    if depth == 0:
        return False
    if cls is list:
        return all(_is_plain(v, depth - 1) for v in value)
    return cls is dict and all(_is_plain(v, depth - 1) for v in value.values())


def _all_or_fail(items: list[Any]) -> Any:
    return FAIL if any(i is FAIL for i in items) else items


def cut_off(plan: Plan, value: Any, path: Path, notes: Notes) -> Any:
    """The text ended inside a container whose length nobody knows."""
    what = "object" if isinstance(value, dict) else "list"
    notes.problem(path, f"the text ends inside this {what}: write it to its end", plan.name, value)
    return FAIL


# --- containers ---------------------------------------------------------------------------------


def nested_json(value: Any, start: str) -> Any:
    """The container that a text inside JSON holds as JSON text; FAIL if it is none."""
    if value.__class__ is not str or value.lstrip()[:1] != start:
        return FAIL
    try:
        return load(value)
    except (ValueError, RecursionError):
        return FAIL


class ItemsPlan(Plan):
    """Lists, sets and tuples of any length: an array, every item of one type."""

    __slots__ = ("item", "make")
    takes = frozenset({"array"})

    def __init__(self, name: str, item: Plan, make: Callable[[list[Any]], Any]) -> None:
        super().__init__(name)
        self.item = item
        self.make = make

    def clean(self, value: Any) -> Any:
        if value.__class__ is not list:
            return FAIL
        clean = self.item.clean
        made = []
        for each in value:
            one = clean(each)
            if one is FAIL:
                return FAIL
            made.append(one)
        return made if self.make is list else self._built(made)

    def _built(self, items: list[Any]) -> Any:
        try:
            made = self.make(items)
        except TypeError:
            return FAIL
        return made if len(made) == len(items) else FAIL  # a set with items given twice is looked at again

    def fit(self, value: Any, path: Path, notes: Notes) -> Any:
        value, path = opened(self, value, "[", path, notes)
        if value is FAIL:
            return FAIL
        if id(value) in notes.cut:
            return cut_off(self, value, path, notes)
        item = self.item
        before = notes.count
        items = [item.fit(each, (*path, n), notes) for n, each in enumerate(value)]
        if notes.count != before:
            return FAIL
        try:
            made = self.make(items)
        except TypeError:
            return self.refuse(value, path, notes, "lists, dicts and mutable structs cannot be items of a set")
        if len(made) != len(items):
            notes.repair(path, "duplicate", f"{len(items)} items", f"{len(made)} items")
        return made

    def so_far(self, value: Any) -> Any:
        if value.__class__ is not list:
            return ABSENT
        items = [made for made in map(self.item.so_far, value) if made is not ABSENT]
        try:
            return self.make(items)
        except TypeError:
            return ABSENT


def opened(plan: Plan, value: Any, start: str, path: Path, notes: Notes) -> tuple[Any, Path]:
    """The container a value is or holds as JSON text, else FAIL and a problem."""
    if value.__class__ is (list if start == "[" else dict):
        return value, path
    inner = nested_json(value, start)
    if inner is not FAIL:
        notes.repair(path, "nested", value, "JSON")
        return inner, path
    if value.__class__ is Flaw:
        notes.problem(path, value.why, plan.name, value.raw)
    else:
        plan.refuse(value, path, notes)
    return FAIL, path


class TuplePlan(Plan):
    """A tuple of fixed length."""

    __slots__ = ("items",)
    takes = frozenset({"array"})

    def __init__(self, name: str, items: tuple[Plan, ...]) -> None:
        super().__init__(name)
        self.items = items

    def clean(self, value: Any) -> Any:
        if value.__class__ is not list or len(value) != len(self.items):
            return FAIL
        made = tuple([plan.clean(each) for plan, each in zip(self.items, value, strict=True)])
        return FAIL if any(each is FAIL for each in made) else made

    def fit(self, value: Any, path: Path, notes: Notes) -> Any:
        value, path = opened(self, value, "[", path, notes)
        if value is FAIL:
            return FAIL
        if len(value) != len(self.items):
            return self.refuse(value, path, notes, f"it has {len(self.items)} items")
        if id(value) in notes.cut:
            notes.repair(path, "closed", "", "]")
        before = notes.count
        pairs = enumerate(zip(self.items, value, strict=True))
        made = tuple([plan.fit(each, (*path, n), notes) for n, (plan, each) in pairs])
        return made if notes.count == before else FAIL

    def so_far(self, value: Any) -> Any:
        if value.__class__ is not list:
            return ABSENT
        shown_items = [p.so_far(v) for p, v in zip(self.items, value, strict=False)]
        shown_items += [ABSENT] * (len(self.items) - len(shown_items))
        return tuple(None if v is ABSENT else v for v in shown_items)


class DictPlan(Plan):
    """An object whose names are data."""

    __slots__ = ("key", "value")
    takes = frozenset({"object"})

    def __init__(self, name: str, key: Plan, value: Plan) -> None:
        super().__init__(name)
        self.key = key
        self.value = value

    def clean(self, value: Any) -> Any:
        if value.__class__ is not dict:
            return FAIL
        clean = self.value.clean
        made = {}
        for name, each in value.items():
            one = clean(each)
            if one is FAIL:
                return FAIL
            made[name] = one
        return made if self.key.__class__ in (StrPlan, AnyPlan) else self._keyed(made)

    def _keyed(self, made: dict[str, Any]) -> Any:
        found = {as_key(self.key, name): each for name, each in made.items()}
        return FAIL if FAIL in found or len(found) != len(made) else found

    def fit(self, value: Any, path: Path, notes: Notes) -> Any:
        value, path = opened(self, value, "{", path, notes)
        if value is FAIL:
            return FAIL
        if id(value) in notes.cut:
            return cut_off(self, value, path, notes)
        before = notes.count
        made: dict[Any, Any] = {}
        for name, each in value.items():
            key = as_key(self.key, name)
            if key is FAIL:
                key = self.key.fit(name, (*path, name), notes)
            one = self.value.fit(each, (*path, name), notes)
            if key in made:
                notes.problem((*path, name), "this key is given twice", self.name, name)
            elif one is not FAIL:
                made[key] = one
        return made if notes.count == before else FAIL

    def so_far(self, value: Any) -> Any:
        if value.__class__ is not dict:
            return ABSENT
        made = {as_key(self.key, name): self.value.so_far(each) for name, each in value.items()}
        return {k: v for k, v in made.items() if k is not FAIL and v is not ABSENT}


_CANONICAL = re.compile(r"-?(?:0|[1-9]\d{0,400})(?:\.\d{1,400})?").fullmatch


def as_key(plan: Plan, name: str) -> Any:
    """A name of JSON as a key of the type: JSON's names are always texts, so `"5"` is the int 5 as it should be."""
    if isinstance(plan, NumberPlan) and _CANONICAL(name):
        try:
            return plan.make(name)
        except (ValueError, ArithmeticError):
            return FAIL
    if isinstance(plan, BoolPlan):
        return {"true": True, "false": False}.get(name, FAIL)
    found = plan.clean(name)
    if found is FAIL and isinstance(plan, LiteralPlan):
        return next((v for v in plan.values if v.__class__ is int and str(v) == name), FAIL)
    return found
