"""IPV: from a question in words to a value of the expected type — infer, process, validate.

    INFER      the compiler finds out where the value goes (`dana/checker/expecting.py`); `inferring` makes of the type
               what a model is told of it
    PROCESS    `prompting` says it, `asking` asks: within time, tokens and money, again with what was wrong
    VALIDATE   `decoding` reads the answer strictly; what is not of the type is never handed out

`reasoning` connects this to `reason` in programs; `phases` has the faces for Python: `IPVOrchestrator`, `IPVReason`,
`IPVDataProcessor`, `IPVAPIIntegrator`, `POETIPVBridge`. `options` are the five dimensions and the profiles. IPV is a
way to look at POET, not a second engine: its three phases are Perceive, Operate and Enforce of one question.

Models are `dana.models`; nothing here opens one. Nothing of it is loaded by programs that do not ask.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from dana.ipv.asking import Answer, Asked, Attempt, Host, Question, ask
    from dana.ipv.errors import IPVError, ReasonError
    from dana.ipv.options import Options
    from dana.ipv.phases import (
        InferPhase,
        IPVAPIIntegrator,
        IPVConfig,
        IPVDataProcessor,
        IPVOrchestrator,
        IPVReason,
        IPVResult,
        POETIPVBridge,
        ProcessPhase,
        ValidatePhase,
    )
    from dana.ipv.resource import LLMResource

__all__ = [
    "Answer",
    "Asked",
    "Attempt",
    "Host",
    "IPVAPIIntegrator",
    "IPVConfig",
    "IPVDataProcessor",
    "IPVError",
    "IPVOrchestrator",
    "IPVReason",
    "IPVResult",
    "InferPhase",
    "LLMResource",
    "Options",
    "POETIPVBridge",
    "ProcessPhase",
    "Question",
    "ReasonError",
    "ValidatePhase",
    "ask",
]

_HOMES = {
    **dict.fromkeys(("Answer", "Asked", "Attempt", "Host", "Question", "ask"), "asking"),
    **dict.fromkeys(("IPVError", "ReasonError"), "errors"),
    "LLMResource": "resource",
    "Options": "options",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"dana.ipv.{_HOMES.get(name, 'phases')}"), name)
