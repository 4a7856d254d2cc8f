"""Names that need a resource or an agent: using one says clearly that this version has none yet."""

from __future__ import annotations

from dana.runtime.stops import failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

UNAVAILABLE = {
    **dict.fromkeys(
        ("use", "get_resource"), ("E821", "creates an external resource, and this version of Dana has none yet")
    ),
    **dict.fromkeys(
        ("feedback", "learnable", "poet"), ("E821", "belongs to an engine, and this program runs without one")
    ),
}


def unavailable() -> dict[str, Any]:
    """The functions by name; calling one raises."""
    return {name: _unavailable(name, *why) for name, why in UNAVAILABLE.items()}


def _unavailable(name: str, code: str, why: str) -> Callable[..., Any]:
    def refuse(*_args: Any, **_keywords: Any) -> Any:
        raise failure(RuntimeError, code, f"`{name}` {why}")

    refuse.__name__ = refuse.__qualname__ = name
    return refuse


class agent:  # noqa: N801  (named like the helper it is)
    """`.agent(name)`: agents parse and check; running one says clearly that this version cannot."""

    __slots__ = ("_name",)

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, *_args: Any, **_keywords: Any) -> Any:
        raise self._refusal()

    def __getattr__(self, name: str) -> Any:
        if name[0] == "_":
            raise AttributeError(name)
        raise self._refusal()

    def _refusal(self) -> Exception:
        return failure(RuntimeError, "E824", f"agent `{self._name}`: this version of Dana cannot run agents yet")

    def __repr__(self) -> str:
        return f"Agent[{self._name}]"
