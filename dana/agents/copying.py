"""What crosses an agent's border: nobody may hold a part of what is inside (M60).

Lists, dicts, sets and structs are copied, all the way down; what is shared inside one value stays shared in its copy.
What nobody can change goes as it is, and so does what has an identity of its own: agents, resources, functions.
"""

from __future__ import annotations

from dana.runtime.lifecycle import Resource
from dana.runtime.structs import Struct

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.runtime.meter import Meter

# Never copied, looked up by class: by far the most values.
SCALARS = frozenset({int, float, str, bool, type(None), bytes, complex, range})
# Methods of an agent that it hands out become messages to it.
METHODS = frozenset({"method", "Tidied"})
# How deep values may nest before the copy is refused as Python's own recursion would be.
DEPTH = 250
# A value of so many parts is charged for as if the program had copied it itself.
CHARGED = 64


def crossing(value: Any, meter: Meter | None = None) -> Any:
    """The value as the other side may have it. Raises `RecursionError` for one that nests too deeply.

    `meter`: of the program, which is charged for large values.
    """
    if value.__class__ in SCALARS:
        return value
    return _Copying(meter).copy(value, 0)


def crossing_all(
    args: tuple[Any, ...], keywords: dict[str, Any], meter: Meter | None = None
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """The arguments of a call as the other side may have them; parts that several share stay shared."""
    copying = None
    for value in args:
        if value.__class__ not in SCALARS:
            copying = _Copying(meter)
            args = tuple([copying.copy(each, 0) for each in args])
            break
    if keywords and any(value.__class__ not in SCALARS for value in keywords.values()):
        copying = copying or _Copying(meter)
        keywords = {name: copying.copy(value, 0) for name, value in keywords.items()}
    return args, keywords


class _Copying:
    """One value being copied; `made` maps what was met to its copy, so that cycles end and sharing stays."""

    __slots__ = ("made", "meter")

    def __init__(self, meter: Meter | None) -> None:
        self.meter = meter
        self.made: dict[int, Any] = {}

    def copy(self, value: Any, depth: int) -> Any:
        cls = value.__class__
        if cls in SCALARS:
            return value
        known = self.made.get(id(value))
        if known is not None:
            return known
        if depth > DEPTH:
            raise RecursionError("a value that goes to an agent nests too deeply")
        if isinstance(value, list):
            return self._list(value, depth)
        if isinstance(value, dict):
            return self._dict(value, depth)
        if isinstance(value, set | frozenset):
            return self._set(value, depth)
        if isinstance(value, tuple):
            return self._tuple(value, depth)
        if cls is bytearray:
            return self._keep(value, bytearray(value))
        if isinstance(value, Struct):
            return self._struct(value, depth)
        if cls.__name__ in METHODS:
            from dana.agents.ports import outward

            return outward(value)
        return value

    def _keep(self, value: Any, made: Any) -> Any:
        self.made[id(value)] = made
        return made

    def _charge(self, count: int) -> None:
        if count >= CHARGED and self.meter is not None:
            self.meter.charge(count)
            self.meter.room(count * 8)

    def _list(self, value: list[Any], depth: int) -> Any:
        self._charge(len(value))
        made = self._keep(value, [])
        made.extend([each if each.__class__ in SCALARS else self.copy(each, depth + 1) for each in value])
        return made

    def _dict(self, value: dict[Any, Any], depth: int) -> Any:
        self._charge(len(value))
        made = self._keep(value, {})
        for key, each in value.items():
            made[key if key.__class__ in SCALARS else self.copy(key, depth + 1)] = self.copy(each, depth + 1)
        return made

    def _set(self, value: Any, depth: int) -> Any:
        self._charge(len(value))
        parts = [each if each.__class__ in SCALARS else self.copy(each, depth + 1) for each in value]
        if isinstance(value, frozenset):
            same = all(a is b for a, b in zip(parts, value, strict=True))
            return self._keep(value, value if same else frozenset(parts))
        return self._keep(value, set(parts))

    def _tuple(self, value: tuple[Any, ...], depth: int) -> Any:
        parts = [each if each.__class__ in SCALARS else self.copy(each, depth + 1) for each in value]
        if all(a is b for a, b in zip(parts, value, strict=True)):
            return self._keep(value, value)
        if value.__class__ is tuple:
            return self._keep(value, tuple(parts))
        return self._keep(value, tuple.__new__(value.__class__, parts))

    def _struct(self, value: Any, depth: int) -> Any:
        shape = value._shape
        if isinstance(value, (Resource, BaseException)) or shape.kind in ("agent", "agent_blueprint"):
            return value
        made = shape.new()
        if not shape.frozen:
            self._keep(value, made)
        same = shape.frozen
        for slot in shape.slots:
            part = getattr(value, slot, _MISSING)
            if part is _MISSING:
                continue
            copied = self.copy(part, depth + 1)
            same = same and copied is part
            object.__setattr__(made, slot, copied)
        return self._keep(value, value if same else made)


_MISSING: Any = object()
