"""`@poet` inside Dana programs: the decorator of one running program.

The engine puts it among the program's builtins, as `.poet` (what the lowering writes for `@poet`) and as the plain
value `poet`, and loads this module when the first decorator runs.
"""

from __future__ import annotations

from dana.poet.pipeline import decorate, plan_of
from dana.poet.registry import registry_of
from dana.runtime.structs import MISSING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from dana.runtime.program import Program

FRESH = (MISSING,)


def decorator(
    program: Program, options: Mapping[str, Any], types: Mapping[str, str] | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """What `@poet(**options)` is in `program`; raises `POETConfigError` when applied with options that cannot work.

    `types` are the annotations of the function's parameters, as text.
    """
    files, show = program.sources, program.catching.caught
    return lambda function: decorate(program, function, options, files=files, fresh=FRESH, show=show, types=types)


def explain(_program: Program, function: Any) -> str:
    """See `dana.poet.explaining`."""
    from dana.poet.explaining import explain

    return explain(function)


def status(_program: Program, function: Any) -> dict[str, Any]:
    """See `dana.poet.explaining`."""
    from dana.poet.explaining import status

    return status(function)


def configuration(_program: Program, function: Any) -> dict[str, Any]:
    """See `dana.poet.explaining`."""
    from dana.poet.explaining import configuration

    return configuration(function)


def switch(program: Program, function: Any, on: bool) -> None:
    """Switch one pipeline, or all of the program (None), on or off (P30)."""
    if function is None:
        registry_of(program).switch(on=on)
    else:
        plan_of(function).switch(on=on)
