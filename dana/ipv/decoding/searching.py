"""Where in a text the answer is: fences, brackets among words, several candidates.

A model may think aloud, quote an example and correct itself. Candidates in a Markdown fence come before those outside,
those alone on their lines before those inside a sentence, later before earlier. The first in that order that was meant
as an answer (it has a field of the struct, items of the list) decides, right or wrong: an earlier one that happens to
fit is not taken in its place.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from dana.ipv.decoding import answers, reading
from dana.ipv.decoding.plans import FAIL, AnyPlan, DictPlan, ItemsPlan, Plan, StrPlan, TuplePlan, kind_of
from dana.ipv.decoding.records import Notes, shown
from dana.ipv.decoding.scanning import Flaw, Reader, TooDeep, load_exactly
from dana.ipv.decoding.structures import StructPlan, UnionPlan, is_plausible

if TYPE_CHECKING:
    from collections.abc import Iterator

    from dana.ipv.decoding.records import Decoded, Limits

_OPEN = re.compile(r"[\[{]").search
_WORD_FIRST = re.compile(r"[\[{]\s{0,20}[A-Za-z]").match
_FENCE = re.compile(r"^[ \t]{0,8}(```+|~~~+)[^\n`]*$", re.MULTILINE)
_GAP = re.compile(r"[\s,;]*").fullmatch
# Names under which models put their answer into an object of its own.
WRAPPERS = frozenset("answer result value output response data items list results values".split())
MOST = 2_000  # candidates looked at


class Candidate:
    """One value found in the text, with what the reader had to say about it."""

    __slots__ = ("alone", "broken", "cut", "end", "fenced", "found", "start", "value")

    def __init__(self, reader: Reader, value: Any, start: int, *, fenced: bool) -> None:
        self.value = value
        self.start, self.end = start, reader.pos
        self.found, self.broken, self.cut = reader.notes, reader.broken, reader.cut
        self.fenced = fenced
        self.alone = _is_alone(reader.text, start, reader.pos)


def _is_alone(text: str, start: int, end: int) -> bool:
    before, after = text[max(0, start - 200) : start], text[end : end + 200]
    return not before.rpartition("\n")[2].strip() and not after.partition("\n")[0].strip()


def segments(text: str) -> Iterator[tuple[int, int, bool, bool]]:
    """`(start, end, is fenced, was closed)` for what is inside and outside of Markdown fences."""
    at, open_at, mark = 0, -1, ""
    for found in _FENCE.finditer(text):
        if open_at < 0:
            yield at, found.start(), False, False
            open_at, mark = found.end(), found[1][:3]
        elif found[1].startswith(mark) and found[0].strip() == found[1]:
            yield open_at, found.start(), True, True
            at, open_at = found.end(), -1
    if open_at >= 0:
        yield open_at, len(text), True, False
    else:
        yield at, len(text), False, False


class Search:
    """One text, one type."""

    def __init__(self, text: str, plan: Plan, limits: Limits) -> None:
        self.text = text
        self.plan = plan
        self.limits = limits
        self.too_deep = False
        # How many characters may be looked at a second time, inside brackets that were only prose.
        self.again = 2 * len(text)
        self.best: Any = None

    def decoded(self) -> Decoded:
        """The value of the text. Raises `DecodeError`."""
        notes = Notes(self.limits)
        value = self._answer(notes)
        if value is FAIL or notes.count:
            raise notes.error(self.best)
        return notes.decoded(value)

    def _answer(self, notes: Notes) -> Any:
        if not self.text.strip():
            return self._none(notes, "the answer is empty")
        self._unpack(notes)
        strict = self._strict(notes)
        if strict is not None:
            return strict[0]
        if not isinstance(self.plan, StrPlan):
            found = self.candidates(list(segments(self.text)))
            if not found and "```" in self.text:
                found = self.candidates([(0, len(self.text), False, False)])
            decided = self._decide(found, notes)
            if decided is not None:
                return decided[0]
        return self._in_words(notes)

    def _unpack(self, notes: Notes) -> None:
        """A whole answer that is a JSON text holding JSON is read as what it holds."""
        text = self.text.strip()
        if isinstance(self.plan, StrPlan | AnyPlan) or text[:1] != '"' or text[-1:] != '"':
            return
        try:
            inner = load_exactly(text)
        except (ValueError, RecursionError):
            return
        if inner.__class__ is str and inner.lstrip()[:1] in ("{", "["):
            notes.repair((), "nested", text, "JSON")
            self.text = inner

    # --- candidates -----------------------------------------------------------------------------

    def _strict(self, notes: Notes) -> tuple[Any] | None:
        """The whole text, when it is JSON as it should be with values that are not."""
        if self.text.lstrip()[:1] not in "{[" or "\\u" in self.text:
            return None
        try:
            value = load_exactly(self.text)
        except (ValueError, RecursionError):
            return None
        if _is_deeper(value, self.limits.depth):
            return None
        reader = Reader(self.text, 0, len(self.text), self.limits.depth)
        reader.pos = len(self.text)
        return self._decide([Candidate(reader, value, 0, fenced=False)], notes)

    def candidates(self, parts: list[tuple[int, int, bool, bool]]) -> list[Candidate]:
        """The bracketed values of the text, in its order."""
        found: list[Candidate] = []
        for start, end, fenced, closed in parts:
            self._scan(start, end, found, fenced=fenced, closed=closed)
        return found

    def _scan(self, start: int, end: int, found: list[Candidate], *, fenced: bool, closed: bool) -> None:
        at = start
        while len(found) < MOST:
            opening = _OPEN(self.text, at, end)
            if opening is None:
                return
            begin = opening.start()
            reader = Reader(self.text, begin, end, self.limits.depth, ended=closed, keep=self.limits.repairs)
            try:
                value = reader.object(1) if opening[0] == "{" else reader.array(1)
            except TooDeep:
                # What lies inside is a part of an answer, never the answer.
                self.too_deep = True
                return
            one = Candidate(reader, value, begin, fenced=fenced)
            is_prose = bool(_WORD_FIRST(self.text, begin)) and not self._plausible(value)
            if is_prose and self.again > 0:
                self.again -= reader.pos - begin
                at = begin + 1
                continue
            found.append(one)
            at = max(reader.pos, begin + 1)

    def _plausible(self, value: Any) -> bool:
        return any(is_plausible(self.plan, seen) for seen, _ in self._views(value))

    def _views(self, value: Any) -> list[tuple[Any, tuple[str, ...]]]:
        """What a candidate may be meant as: itself, or the only entry of an object around the answer."""
        views: list[tuple[Any, tuple[str, ...]]] = [(value, ())]
        if value.__class__ is dict and len(value) == 1 and not isinstance(self.plan, AnyPlan | DictPlan):
            name, inner = next(iter(value.items()))
            mark = reading.folded(name)
            known = isinstance(self.plan, StructPlan) and mark in self.plan.folded
            if not known and (mark in WRAPPERS or mark.removesuffix("s") in self._own_names()):
                views.append((inner, (name,)))
        return views

    def _own_names(self) -> set[str]:
        plan = self.plan
        if isinstance(plan, ItemsPlan):
            plan = plan.item
        return {reading.folded(plan.name)} if isinstance(plan, StructPlan) else set()

    def _decide(self, found: list[Candidate], notes: Notes) -> tuple[Any] | None:
        """The outcome of the candidate that decides; None when none was meant as an answer."""
        ordered = sorted(found, key=lambda c: (c.fenced, c.alone, c.start), reverse=True)
        if isinstance(self.plan, AnyPlan):
            ordered = [c for c in ordered if c.fenced or (c.alone and not c.broken and not c.cut)]
        fitting = []
        for one in ordered:
            for value, path in self._views(one.value):
                if self._is_meant(value, path):
                    fitting.append((one, value, path))
                    break
        if fitting:
            one, value, path = fitting[0]
            if len(fitting) > 1:
                others = [v for c, v, _ in fitting[1:] if not one.start <= c.start < one.end]
                if others:
                    notes.repair((), "chosen", f"{len(others) + 1} candidates", self.text[one.start : one.start + 60])
            return (self._fit(one, value, path, notes),)
        return self._gather(ordered, notes) or self._only(ordered, notes)

    def _only(self, ordered: list[Candidate], notes: Notes) -> tuple[Any] | None:
        """The one candidate that is the whole answer, whatever it looks like: its problems say what to mend."""
        whole = [c for c in ordered if c.fenced or not (self.text[: c.start].strip() or self.text[c.end :].strip())]
        if len(whole) != 1 or kind_of(whole[0].value) not in self.plan.takes:
            return None
        return (self._fit(whole[0], whole[0].value, (), notes),)

    def _is_meant(self, value: Any, path: tuple[str, ...]) -> bool:
        if path and kind_of(value) not in ("object", "array"):
            return self._takes_scalars() and not isinstance(value, Flaw)
        return is_plausible(self.plan, value)

    def _takes_scalars(self) -> bool:
        return bool(self.plan.takes - {"object", "array"})

    def _fit(self, one: Candidate, value: Any, path: tuple[str, ...], notes: Notes) -> Any:
        self._read(one, notes, skip=len(path))
        if path:
            notes.repair((), "unwrapped", path[0], "")
        notes.cut = one.cut
        self.best = plain(value)
        return self.plan.fit(value, (), notes)

    def _read(self, one: Candidate, notes: Notes, *, at: tuple[int, ...] = (), skip: int = 0) -> None:
        """Take over what the reader found about a candidate."""
        self._surroundings(one, notes)
        for where, kind, before, after in one.found:
            notes.repair((*at, *where[skip:]), kind, before, after)
        for where, message, got in one.broken:
            notes.problem((*at, *where[skip:]), message, "JSON", got)

    def _surroundings(self, one: Candidate, notes: Notes) -> None:
        if one.fenced:
            notes.repair((), "fence", "```", "")
        elif self.text[: one.start].strip() or self.text[one.end :].strip():
            outside = self.text[: min(one.start, 200)].strip() or self.text[one.end : one.end + 200].strip()
            notes.repair((), "prose", outside, "")

    # --- a list in pieces -----------------------------------------------------------------------

    def _gather(self, ordered: list[Candidate], notes: Notes) -> tuple[Any] | None:
        """Objects beside each other, or a single one, where a list of objects was asked for."""
        plan = self.plan
        if not isinstance(plan, ItemsPlan) or isinstance(plan.item, AnyPlan) or "object" not in plan.item.takes:
            return None
        items = [c for c in ordered if c.value.__class__ is dict and is_plausible(plan.item, c.value)]
        if not items:
            return None
        items.sort(key=lambda c: c.start)
        apart = [b for a, b in pairwise(items) if not _GAP(self.text[a.end : b.start])]
        if apart:
            return (self._none(notes, f"{len(items)} objects stand apart from each other: write one list of them"),)
        self._surroundings(items[0], notes)
        if len(items) == 1:
            notes.repair((), "wrapped", "an object", "a list of one object")
        else:
            notes.repair((), "gathered", f"{len(items)} objects", "a list")
        notes.repairs = [r for r in notes.repairs if r[1] != "prose" or len(items) == 1]
        for n, one in enumerate(items):
            for where, kind, before, after in one.found:
                notes.repair((n, *where), kind, before, after)
            for where, message, got in one.broken:
                notes.problem((n, *where), message, "JSON", got)
        notes.cut = set().union(*(c.cut for c in items))
        values = [c.value for c in items]
        self.best = [plain(v) for v in values]
        return (plan.fit(values, (), notes),)

    # --- words ----------------------------------------------------------------------------------

    def _in_words(self, notes: Notes) -> Any:
        """The answer of a text without brackets: a scalar, a text, lines, bullets."""
        text = answers.undressed(self.text, notes)
        plan = self.plan
        if isinstance(plan, StrPlan | AnyPlan):
            return text
        if isinstance(plan, UnionPlan) and any(isinstance(o, StrPlan) for o in plan.options):
            made = plan.clean(text)
            return made if made is not FAIL else text
        made = answers.answer(text, plan, notes) if self._takes_scalars() else FAIL
        if made is FAIL and isinstance(plan, ItemsPlan):
            made = answers.items(text, plan, notes)
        elif made is FAIL and isinstance(plan, StructPlan):
            made = answers.lines(text, plan, notes)
        return made if made is not FAIL else self._none(notes, self._why())

    def _why(self) -> str:
        if self.too_deep:
            return f"the answer is nested deeper than {self.limits.depth} levels"
        if self._takes_scalars():
            return f"the text does not say one {self.plan.name}: answer with the value alone"
        what = "a JSON list" if isinstance(self.plan, ItemsPlan | TuplePlan) else "a JSON object"
        return f"the text holds no {what[2:]} of type {self.plan.name}: answer with {what} alone"

    def _none(self, notes: Notes, why: str) -> Any:
        notes.problem((), why, self.plan.name, shown(self.text.strip()))
        return FAIL


def _is_deeper(value: Any, depth: int) -> bool:
    """Whether containers nest deeper than that; level by level, not by recursion."""
    level = [value]
    for _ in range(depth):
        level = [
            inner
            for each in level
            for inner in (each.values() if each.__class__ is dict else each)
            if inner.__class__ in (dict, list)
        ]
        if not level:
            return False
    return True


def plain(value: Any) -> Any:
    """What was read as plain data, for people: words as texts, what is no value as None."""
    cls = value.__class__
    if cls is dict:
        return {k: plain(v) for k, v in value.items()}
    if cls is list:
        return [plain(v) for v in value]
    if cls is Flaw:
        return None
    raw = getattr(value, "raw", value)
    return float(value) if isinstance(value, float) else raw
