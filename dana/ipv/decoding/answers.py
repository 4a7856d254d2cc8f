"""Answers without brackets: "42.", "The answer is 42.", "Yes, because …", bullets, `name: value` lines.

A sentence gives a value only when it says so: the value stands behind "answer is", or at the end of the one clause of
a short text that has nothing in it which doubts, denies or chooses. Everything else is refused.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from dana.ipv.decoding import reading
from dana.ipv.decoding.plans import FAIL, BoolPlan, ItemsPlan, LiteralPlan, NumberPlan, Plan, StrPlan, TextualPlan
from dana.ipv.decoding.scanning import Bare, load_exactly

if TYPE_CHECKING:
    from dana.ipv.decoding.records import Notes
    from dana.ipv.decoding.structures import StructPlan

_WHOLE_FENCE = re.compile(r"\s*(```+|~~~+)[^\n`]*\n").match
_DRESS = {"**": "**", "`": "`", "__": "__", '"': '"', "'": "'", "“": "”", "‘": "’", "*": "*", "«": "»"}
_MARKED = re.compile(
    r"(?:\b(final|correct)\s+)?\b(?:answer|result|output|response|conclusion|verdict|solution)\b[*_\s]*(?:is|=|:|→)[*_:\s]*"
    r"(.{1,200})",
    re.IGNORECASE,
)
_COPULA = re.compile(r"\b(?:is|are|was|were|equals|makes|totals)\b|=|:(?=[\s*_])", re.IGNORECASE)
_DOUBT = re.compile(
    r"\b(?:not|no|never|nor|or|and|but|if|unless|maybe|perhaps|possibly|probably|might|may|could|would|should|doubt|unsure|"
    r"unknown|unclear|about|around|almost|nearly|roughly|approximately|between|than|except|without|cannot|neither)\b|n[’']t\b"
    r"|[;?~]",
    re.IGNORECASE,
).search
_LEADING = re.compile(r"(\w+)\s*(?:[.,:;!]|[—–-]\s)\s*(.*)", re.DOTALL).match
_OPPOSITE = re.compile(r"(?:[.,;!?:/]|\bbut|\bor|\band|\bthen|\bactually|\bhowever)\s*(\w+)", re.IGNORECASE)
_BULLET = re.compile(r"\s*(?:[-*•–]|\d{1,4}[.)])\s+(\S.*?)\s*").fullmatch
_LINE = re.compile(
    r"\s*(?:[-*•]\s+)?[*_]{0,2}([\w][\w \-]{0,80}?)[*_]{0,2}\s*[:=][*_]{0,2}\s+[*_]{0,2}(\S.*?)[*_]{0,2}\s*"
).fullmatch
SHORT = 300  # characters of a text that is one sentence
TAIL = 4_000  # characters at the end in which "the answer is" is looked for


def undressed(text: str, notes: Notes) -> str:
    """The text without space and without a fence around all of it."""
    bare = text.strip()
    opening = _WHOLE_FENCE(bare)
    if opening and bare.endswith(opening[1]) and bare.count(opening[1]) == 2:
        inner = bare[opening.end() : -len(opening[1])].strip("\r\n")
        if inner.strip():
            notes.repair((), "fence", opening[1], "")
            return inner
    return bare


def answer(text: str, plan: Plan, notes: Notes) -> Any:
    """The scalar a text says; `FAIL` without a word in `notes` when it says none, or more than one."""
    for read in (_whole, _marked, _leading, _sentence):
        made = read(text, plan, notes)
        if made is not FAIL:
            return made
    return FAIL


def _whole(text: str, plan: Plan, notes: Notes) -> Any:
    if len(text) > SHORT:
        return FAIL
    made = _tried(text, plan, notes)
    if made is not FAIL:
        return made
    bare = _bare(text)
    return _tried(bare, plan, notes) if bare != text else FAIL


def _bare(text: str) -> str:
    """Without Markdown, quotes and one full stop around it."""
    for _ in range(3):
        text = text.strip()
        text = text[:-1] if text[-1:] in (".", "!") and not text.endswith("..") else text
        for opening, closing in _DRESS.items():
            if text.startswith(opening) and text.endswith(closing) and len(text) > len(opening) + len(closing):
                text = text[len(opening) : -len(closing)]
                break
    return text.strip()


def _tried(text: str, plan: Plan, notes: Notes) -> Any:
    """The value of exactly this text; what was repaired is written down when there is one."""
    tried = notes.attempt()
    made = plan.fit(_as_data(text), (), tried)
    if made is not FAIL and not tried.count:
        notes.adopt((), tried)
        return made
    return FAIL


def _as_data(text: str) -> Any:
    try:
        data = load_exactly(text)
    except (ValueError, RecursionError):
        return text
    return text if data.__class__ in (list, dict, str) else data


def _marked(text: str, plan: Plan, notes: Notes) -> Any:
    """What stands behind "the answer is"; several such answers must agree unless one is called final."""
    found = [(bool(m[1]), m[2]) for m in _MARKED.finditer(text[-TAIL:])]
    if not found:
        return FAIL
    finals = [said for final, said in found if final]
    values = [_tried(_bare(said), plan, notes.attempt()) for said in (finals[-1:] or [s for _, s in found])]
    if any(v is FAIL or v != values[0] for v in values):
        return FAIL
    notes.repair((), "prose", text, (finals or [found[-1][1]])[-1])
    return _tried(_bare((finals or [found[-1][1]])[-1]), plan, notes)


def _leading(text: str, plan: Plan, notes: Notes) -> Any:
    """The truth value an answer begins with (`Yes, because …`), unless the opposite is said as well."""
    options = getattr(plan, "options", (plan,))
    found = _LEADING(text[:TAIL]) if any(isinstance(o, BoolPlan) for o in options) else None
    said = reading.truth(found[1]) if found else None
    if found is None or said is None or len(found[1]) < 2:
        return FAIL
    rest = f". {found[2]}"
    if any(reading.truth(m[1]) is (not said) for m in _OPPOSITE.finditer(rest)):
        return FAIL
    notes.repair((), "prose", found[2], "")
    return _tried(found[1], plan, notes)


def _sentence(text: str, plan: Plan, notes: Notes) -> Any:
    """The end of a single clause: "The total is 42."."""
    if len(text) > SHORT or "\n" in text or _DOUBT(text) or isinstance(plan, StrPlan):
        return FAIL
    found = list(_COPULA.finditer(text))
    if len(found) != 1:
        return FAIL
    made = _tried(_bare(text[found[0].end() :]), plan, notes)
    if made is not FAIL:
        notes.repair((), "prose", text[: found[0].end()], "")
    return made


# --- lists and structs without JSON -------------------------------------------------------------


def items(text: str, plan: ItemsPlan, notes: Notes) -> Any:
    """A list as bullets or numbered lines; numbers, dates and literals also between commas."""
    lines_of = [line for line in text.splitlines() if line.strip()]
    found = [_BULLET(line[:2_000]) for line in lines_of]
    if found and not found[0] and lines_of[0].rstrip().endswith(":"):
        found = found[1:]
    if found and all(found):
        pieces = [m[1] for m in found if m]
    elif len(lines_of) == 1 and isinstance(plan.item, NumberPlan | BoolPlan | LiteralPlan | TextualPlan):
        pieces = re.split(r"\s*[,;]\s+|\s*;\s*", _bare(lines_of[0][:SHORT]))
        if len(pieces) < 2 or len(lines_of[0]) > SHORT:
            return FAIL
    else:
        return FAIL
    return _collected(pieces, plan, notes)


def _collected(pieces: list[str], plan: ItemsPlan, notes: Notes) -> Any:
    tried = notes.attempt()
    made = plan.fit([_as_item(p, plan.item) for p in pieces], (), tried)
    if made is FAIL or tried.count:
        return FAIL
    notes.repair((), "lines", f"{len(pieces)} lines or pieces", "a list")
    notes.adopt((), tried)
    return made


def _as_item(piece: str, item: Plan) -> Any:
    if "text" in item.takes:
        return piece
    return _as_data(_bare(piece))


def lines(text: str, plan: StructPlan, notes: Notes) -> Any:
    """`name: value` on every line, each name a field's."""
    given: dict[str, Any] = {}
    for line in text[:50_000].splitlines():
        if not line.strip():
            continue
        found = _LINE(line[:2_000])
        field = plan.folded.get(reading.folded(found[1])) if found else None
        if found is None or field is None or field.name in given:
            return FAIL
        data = _as_data(_bare(found[2]))
        if data.__class__ is str or ("text" in field.plan.takes and data is not None):
            data = found[2] if "text" in field.plan.takes else Bare(found[2])
        given[field.name] = data
    if not given:
        return FAIL
    tried = notes.attempt()
    made = plan.fit(given, (), tried)
    if made is FAIL or tried.count:
        notes.adopt((), tried)
        return FAIL
    notes.repair((), "lines", f"{len(given)} lines", "an object")
    notes.adopt((), tried)
    return made
