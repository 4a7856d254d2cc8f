"""Profiles: sets of options for a stage of a program's life (P37–P41).

    development   fail early, ask a person            retries 1, learning off, interrupts on, timeout 30 s
    production    keep going, keep record             retries 3, learning on, interrupts auto, audited
    research      look at everything, take time       retries 5, learning hybrid, interrupts on, audited, no timeout
    realtime      now or never                        retries 1, learning on, interrupts off, timeout 5 s

What is written at the decorator goes before the profile, the profile before what a domain suggests, and that before
the defaults. Hosts register profiles of their own; programs only name them.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

# Which profile functions have that name none; read by the command line, never by a program.
VARIABLE = "DANA_POET_PROFILE"

_PROFILES: dict[str, dict[str, Any]] = {
    "development": {"retries": 1, "learning": "off", "interrupts": "on", "timeout": 30.0},
    "production": {"retries": 3, "learning": "on", "interrupts": "auto", "audit_trail": True},
    "research": {"retries": 5, "learning": "hybrid", "interrupts": "on", "timeout": None, "audit_trail": True},
    "realtime": {"retries": 1, "learning": "on", "interrupts": "off", "timeout": 5.0},
}


def names() -> tuple[str, ...]:
    """All profiles."""
    return tuple(_PROFILES)


def profile(name: str) -> Mapping[str, Any]:
    """The options of a profile. Raises `KeyError`."""
    return _PROFILES[name]


def put(name: str, options: Mapping[str, Any]) -> None:
    """Add a profile whose options were checked (`dana.poet.config.register_profile`)."""
    _PROFILES[name] = dict(options)
