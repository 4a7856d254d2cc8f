"""Dates, decimals, fractions and UUIDs of Python, as a host hands them over, become the program's own (L48).

Only exact classes: what a library made of them, such as a time stamp of pandas, stays an object of the host.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

# Classes by module and name: looking here imports nothing.
HOMES = {
    ("datetime", "date"): "dates",
    ("datetime", "datetime"): "dates",
    ("datetime", "time"): "dates",
    ("datetime", "timedelta"): "",
    ("datetime", "timezone"): "",
    ("dana.secrets", "Secret"): "secrecy",
    ("dana.runtime.secrets", "Secret"): "",
    ("decimal", "Decimal"): "decimals",
    ("fractions", "Fraction"): "rationals",
    ("uuid", "UUID"): "identities",
}


def entrance(cls: type) -> Callable[[Any], Any] | None:
    """What makes a program's value of an instance of the class; None for classes that have no such twin."""
    if cls.__module__.startswith("dana.runtime.curated."):
        return _same
    home = HOMES.get((cls.__module__, cls.__qualname__))
    if home is None:
        return None
    if not home:
        return _same
    from importlib import import_module

    return import_module(f"dana.runtime.curated.{home}").admitted  # type: ignore[no-any-return]


def _same(value: Any) -> Any:
    return value
