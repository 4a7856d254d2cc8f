"""The best value so far of a text that is still coming, for showing it while it grows."""

from __future__ import annotations

from typing import Any

from dana.ipv.decoding.compiling import plan_of
from dana.ipv.decoding.plans import ABSENT, StrPlan
from dana.ipv.decoding.records import LIMITS, DecodeError, Limits
from dana.ipv.decoding.scanning import Reader, TooDeep
from dana.ipv.decoding.searching import Search, segments


def partial(text: str, kind: Any, *, limits: Limits = LIMITS) -> Any:
    """What a growing text says already: structs whose missing fields are None, lists as far as they have come.

    Inside lists and structs a number, a truth value or a literal appears when it is complete, a text as far as it is
    there; None stands for nothing yet. The value is for showing only: a field may be None that is never None in a
    finished answer. Raises a
    TypeError (E847) for types no text can hold.
    """
    plan = plan_of(kind)
    if isinstance(plan, StrPlan):
        return text.strip() or None
    if len(text) > limits.chars:
        return None
    wanted = "{[" if {"object", "array"} <= plan.takes else "{" if "object" in plan.takes else "["
    for start, end, _fenced, closed in reversed(list(segments(text))):
        places = [p for p in (text.find(bracket, start, end) for bracket in wanted) if p >= 0]
        if not places or not plan.takes & {"object", "array"}:
            continue
        reader = Reader(text, min(places), end, limits.depth, ended=closed)
        try:
            made = plan.so_far(reader.value(0))
        except TooDeep:
            return None
        if made is not ABSENT:
            return made
    try:
        return Search(text, plan, limits).decoded().value
    except DecodeError:
        return None
