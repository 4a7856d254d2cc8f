"""INFER at run time: from the type a call expects to the form its answer is asked for in.

The compiler has found out where the value goes (`dana/checker/expecting.py`) and hands the type over as a value; what
is left is its text for the prompt, its JSON schema and its family, made once per type and kept.
"""

from __future__ import annotations

from dana.ipv.asking import Asked
from dana.ipv.options import family_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

TEXT = Asked(None, "text", "str", None, None)
# Types of one program that are kept; one that makes types without end does not fill memory.
MOST_KEPT = 256


class Forms:
    """The forms of the types a program has asked for."""

    __slots__ = ("_made",)

    def __init__(self) -> None:
        # By identity: two structs of one name, from different modules, are different types.
        self._made: dict[int, tuple[Any, Asked]] = {}

    def of(self, kind: Any) -> Asked:
        """The form for a type; None, `str` and `any` are free text. Raises TypeError (E847)."""
        known = self._made.get(id(kind))
        if known is not None:
            return known[1]
        made = form_of(kind)
        if len(self._made) >= MOST_KEPT:
            self._made.clear()
        self._made[id(kind)] = kind, made
        return made


def form_of(kind: Any) -> Asked:
    """The form of a type's values."""
    if kind is None:
        return TEXT
    from dana.runtime.typevalues import as_type

    try:
        value = as_type(kind)
    except TypeError:
        raise unaskable(kind) from None
    name = str(getattr(value, "name", value))
    if name in ("str", "any", "Any", "object"):
        return TEXT
    from dana.ipv.schema import describe, schema_of

    try:
        return Asked(value, name, family_of(name), describe(value), schema_of(value))
    except TypeError as problem:
        raise unaskable(kind, str(problem)) from None


def unaskable(kind: Any, why: str = "") -> Exception:
    """The error for a type no answer can have."""
    from dana.runtime.stops import failure
    from dana.runtime.typevalues import is_type, short

    shown = str(getattr(kind, "name", kind))[:60] if is_type(kind) else short(kind)
    hint = "structs, numbers, texts, bools, lists, dicts, tuples, sets, unions and literals can be asked for"
    message = f"a model cannot answer with `{shown}`" if is_type(kind) else f"`type` of reason is a type, not {shown}"
    return failure(TypeError, "E847", message + (f": {why}" if why else ""), hint)
