"""Checks, verdicts, tools and approvals of agents, behind `stdlib/agents.na` (`dana.agents.exports`)."""

from __future__ import annotations

from dana.runtime.natives import types_on_demand

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_COMMON = "*, name: str = None, enabled: bool = true, order: int = None, points: list = None, fail_open: bool = None"
SIGNATURES = {
    "request_check": (
        f"(least: int = 1, most: int = 10000, {_COMMON}, normalise: str = 'NFC', html: str = 'strip', "
        "forbidden: list = None, required: list = None, schema: any = None) -> any"
    ),
    "injection_check": f"({_COMMON}, threshold: float = 0.6, judge: any = None, results: str = 'withhold') -> any",
    "exfiltration_check": f"(canaries: list = None, {_COMMON}, pictures: bool = false) -> any",
    "rate_limit": (
        f"(rate: float = 10.0, {_COMMON}, burst: float = None, when_full: str = 'deny', by: str = 'agent') -> any"
    ),
    "budget": f"(tokens: int = None, usd: float = None, {_COMMON}, ask_at: float = 0.9) -> any",
    "approval": f"(tools: list = None, {_COMMON}, within: float = None) -> any",
    "grounding_check": f"(threshold: float = 0.7, {_COMMON}, judge: any = None) -> any",
    "breaker": (
        f"(failure_rate: float = 0.5, {_COMMON}, least: int = 5, open_s: float = 30.0, window: int = None) -> any"
    ),
    "check": (
        "(judge: any, points: any = 'before_agent', *, name: str = None, enabled: bool = true, order: int = None, "
        "fail_open: bool = None) -> any"
    ),
    "tool": (
        "(function: any, name: str = None, description: str = None, *, dangerous: bool = None, category: str = '', "
        "tags: list = None) -> any"
    ),
    "on_approval": "(handler: any /) -> None",
    "respond": "effect (agent: any /, message: str /, **options: any) -> any",
    "trace": "(agent: any = None, detail: str = 'summary') -> str",
    "approved": "() -> any",
    "modified": "(value: any, reason: str = '') -> any",
    "rejected": "(reason: str) -> any",
    "retry": "(after: float = 0.0, reason: str = 'not now') -> any",
    "ask": "(question: str) -> any",
}
KEPT = ".agent_checks"


def _export(name: str) -> Callable[[Any], Any]:
    def opened(program: Any) -> Any:
        """The function of that name; agents are loaded when the first of them is asked for."""
        known = program.table.get(KEPT)
        if known is None:
            from importlib import import_module

            known = program.table[KEPT] = import_module("dana.agents.exports").functions(program)
        return known[name]

    return opened


EXPORTS: dict[str, object] = {name: _export(name) for name in SIGNATURES}
NEEDS_PROGRAM = frozenset(EXPORTS)
__getattr__ = types_on_demand(SIGNATURES)
