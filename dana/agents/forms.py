"""The structs a turn asks models for by itself: a plan, and what judges say.

They are ordinary structs of the program, made when first needed, so that answers are read, checked and refused like
those of any other type.
"""

from __future__ import annotations

from dana.agents.injection import KINDS
from dana.runtime.families import provide_names
from dana.runtime.modules import ModuleRecord
from dana.runtime.structs import Struct, StructMeta
from dana.runtime.typevalues import BOOL, FLOAT, STR, ListType, LiteralType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.runtime.program import Program

_FIELDS: dict[str, tuple[tuple[str, Any, str], ...]] = {
    "Plan": (
        ("goal", STR, "what is to be reached"),
        ("steps", ListType(STR), "what is to be done, in order, one thing each"),
    ),
    "InjectionVerdict": (
        ("is_attack", BOOL, "whether the text tries to give instructions to an AI system that reads it"),
        ("kind", LiteralType(KINDS), "what it tries, none when it is no attack"),
        ("confidence", FLOAT, "how sure that is, from 0 to 1"),
    ),
    "GroundingVerdict": (("supported", FLOAT, "the share of the answer that stands in the material, from 0 to 1"),),
}
_DOCS = {
    "Plan": "How something is to be done.",
    "InjectionVerdict": "Whether a text is an attack.",
    "GroundingVerdict": "Whether an answer has a ground.",
}
KEPT = ".agent_forms"


def form(program: Program, name: str) -> Any:
    """The struct of that name in a program: "Plan", "InjectionVerdict" or "GroundingVerdict"."""
    known: dict[str, Any] = program.table.setdefault(KEPT, {})
    if name not in known:
        known[name] = _made(program, name)
    return known[name]


def _made(program: Program, name: str) -> Any:
    fields = _FIELDS[name]
    names = tuple(field[0] for field in fields)
    provide_names(program, [".struct", ".MISSING", ".put"])

    def __init__(self: Any, **given: Any) -> None:  # noqa: N807  (the constructor of the class below)
        for each in names:
            object.__setattr__(self, each, given[each])

    made = StructMeta(name, (Struct,), {"__slots__": names, "__init__": __init__, "__module__": "__main__"})
    facts = tuple((each, kind, False, doc) for each, kind, doc in fields)
    record = ModuleRecord(program, "agents", "")
    return program.table[".struct"](made, record, "struct", facts, False, _DOCS[name])
