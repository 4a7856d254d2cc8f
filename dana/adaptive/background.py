"""Daemon threads for what may be done later: nothing waits for them, and everything they do can be done at the end."""

from __future__ import annotations

from threading import Thread

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


def begin(name: str, target: Callable[..., Any], *args: Any) -> bool:
    """Start one; False where no thread may start, as behind the walls of a worker, or where the system has no more."""
    try:
        Thread(target=target, args=args, name=name, daemon=True).start()
    except RuntimeError:
        return False
    return True
