"""From a model's words to a value of a type, or to the reasons why not (L40).

    Sure! ```{name: 'Ann', total: 1,200.50,}```   and   struct Invoice   →   Invoice(name="Ann", total=1200.5)

Three ways, each tried when the one before has doubts:

    compiling   the type becomes a plan (kept with the struct's class)
    clean       strict JSON, read in C, whose values are exactly of the type: nothing else is looked at
    searching   candidates in the text: fences, brackets among words; `scanning` reads them
    plans       the candidate is fitted to the type: `structures` for structs and unions, `reading` for words
    answers     texts without brackets: "The answer is 42.", bullets, lines

A repair is made only where the text has one meaning. What could be read in two ways, what was cut off, what is missing,
is a problem; problems carry paths and words that a model can act upon. Deliberately absent: Dana's own conversions
(L14), which are for values of programs; guessing by majority; a default for what was not understood.

The cost is linear in the text. Text and type come from outside alike, so whatever they are, nothing but `DecodeError`
is raised for a text, and an error of the program (E847) for a type.
"""

from __future__ import annotations

import re
from json import dumps
from typing import TYPE_CHECKING

from dana.ipv.decoding.compiling import plan_of
from dana.ipv.decoding.encoding import encode
from dana.ipv.decoding.growing import partial
from dana.ipv.decoding.plans import FAIL
from dana.ipv.decoding.records import LIMITS, REPAIRS, Decoded, DecodeError, Limits, Problem, Repair
from dana.ipv.decoding.scanning import load
from dana.ipv.decoding.searching import Search

if TYPE_CHECKING:
    from typing import Any

    from dana.ipv.decoding.plans import Plan

__all__ = ["LIMITS", "REPAIRS", "DecodeError", "Decoded", "Limits", "Problem", "Repair", "decode", "encode", "partial"]

_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]").search
_JSON_STARTS = frozenset('{["-0123456789tfn')


def decode(text: str, kind: Any, *, limits: Limits = LIMITS) -> Decoded:
    """The value of type `kind` that a model's answer `text` says, with every repair that was needed.

    `kind` is what a program writes as a type (`list[Invoice]`, a struct, `"low" | "high"`). Raises `DecodeError` when
    the text says no such value or leaves open which; a TypeError (E847) when no text could. (L40)
    """
    plan = plan_of(kind)
    if len(text) > limits.chars:
        problem = Problem("$", f"the answer has {len(text):,} characters, {limits.chars:,} are read", plan.name, "")
        raise DecodeError([problem])
    if not text.isascii() and _unwritable(text):
        raise DecodeError([Problem("$", "the answer holds half a character (a lone surrogate)", plan.name, "")])
    made = _clean(text, plan)
    if made is not FAIL:
        return Decoded(made, [])
    return Search(text, plan, limits).decoded()


def _clean(text: str, plan: Plan) -> Any:
    """The value of a text that is strict JSON and exactly of the type."""
    if text.lstrip()[:1] not in _JSON_STARTS:
        return FAIL
    try:
        value = load(text)
        if "\\u" in text and _SURROGATE(text):
            dumps(value, ensure_ascii=False).encode()
        return plan.clean(value)
    except (ValueError, RecursionError):
        return FAIL


def _unwritable(text: str) -> bool:
    """Whether the text holds half a character, which can be neither printed nor sent on."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False
