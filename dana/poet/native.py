"""`@poet` inside Dana programs: the decorator of one running program.

The engine puts it among the program's builtins, as `.poet` (what the lowering writes for `@poet`) and as the plain
value `poet`, and loads this module when the first decorator runs.
"""

from __future__ import annotations

from dana.poet.pipeline import decorate
from dana.runtime.structs import MISSING

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from dana.runtime.program import Program

FRESH = (MISSING,)


def decorator(program: Program, options: Mapping[str, Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """What `@poet(**options)` is in `program`; raises `POETConfigError` when applied with options that cannot work."""
    files, show = program.sources, program.catching.caught
    return lambda function: decorate(program, function, options, files=files, fresh=FRESH, show=show)
