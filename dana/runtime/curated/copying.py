"""`copy`: containers and structs are copied, everything else is shared.

Python's own `copy` takes objects apart by protocols of pickling; here only what a program made of data is walked.
"""

from __future__ import annotations

from dana.runtime.curated import Curated
from dana.runtime.curated.values import Bounds
from dana.runtime.stops import failure
from dana.runtime.structs import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.runtime.program import Program

MAX_DEPTH = 200
_ABSENT = object()


def is_struct(value: Any) -> bool:
    """Whether the value is an instance of a Dana struct."""
    return isinstance(value, Struct) and getattr(type(value), "_shape", None) is not None


def struct_copy(value: Any, change: Any) -> Any:
    """Another struct with the fields as `change` makes them; what `__init__` would do happened before."""
    cls: Any = type(value)
    made = cls.__new__(cls)
    for slot in slots_of(cls):
        held = getattr(value, slot, _ABSENT)
        if held is not _ABSENT:
            object.__setattr__(made, slot, change(held))
    return made


def slots_of(cls: type) -> list[str]:
    """The slots a class and its bases declare."""
    found: list[str] = []
    for base in cls.__mro__:
        slots = base.__dict__.get("__slots__", ())
        found.extend([slots] if isinstance(slots, str) else slots)
    return [slot for slot in dict.fromkeys(found) if slot not in ("__dict__", "__weakref__")]


def make_copy(program: Program) -> dict[str, Any]:
    bounds = Bounds(program)

    def copy(x: Any) -> Any:
        """A copy that shares what is inside."""
        if isinstance(x, list | dict | set) or hasattr(x, "appendleft"):
            bounds.charge(len(x) * 8)
            return x.copy()
        return struct_copy(x, lambda held: held) if is_struct(x) else x

    def deepcopy(x: Any, memo: Any = None) -> Any:
        """A copy of everything inside, too."""
        return deep(x, {}, 0)

    def deep(value: Any, known: dict[int, Any], depth: int) -> Any:
        next(bounds.steps)
        found = known.get(id(value), _ABSENT)
        if found is not _ABSENT:
            return found
        if depth > MAX_DEPTH:
            raise failure(ValueError, "E521", f"deepcopy: nested more than {MAX_DEPTH} deep")
        below = depth + 1
        made: Any
        if isinstance(value, dict):
            made = value.copy()
            made.clear()
            known[id(value)] = made
            for key, each in value.items():
                made[deep(key, known, below)] = deep(each, known, below)
            return made
        if isinstance(value, list) or hasattr(value, "appendleft"):
            made = value.copy()
            known[id(value)] = made
            for place, each in enumerate(value):
                made[place] = deep(each, known, below)
            return made
        if value.__class__ in (tuple, set, frozenset):
            made = value.__class__([deep(each, known, below) for each in value])
            known[id(value)] = made
            return made
        if is_struct(value):
            cls: Any = type(value)
            made = known[id(value)] = cls.__new__(cls)
            for slot in slots_of(cls):
                held = getattr(value, slot, _ABSENT)
                if held is not _ABSENT:
                    object.__setattr__(made, slot, deep(held, known, below))
            return made
        return value

    return {"copy": copy, "deepcopy": deepcopy}


SIGNATURES = {"copy": "(x: any) -> any", "deepcopy": "(x: any, memo: any = …) -> any"}
FAMILY = {"copy": Curated(make_copy, SIGNATURES, {"replace": "write `value.with_(field=…)`, or make a new one"})}
