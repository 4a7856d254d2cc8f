"""`@poet` inside Dana programs: what the engine puts among a program's builtins.

`.poet(record, options)` is the decorator as the lowering writes it; the plain name `poet` is the same
thing as a value, for programs that import it under another name. `install` adds both, and the names of
POET's errors. The pipeline itself is loaded by the first decorator that runs: most programs have none.
"""

from __future__ import annotations

from dana.poet.errors import ERRORS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def install(program: Any) -> None:
    """Put `@poet` and the names of its errors among a program's builtins."""
    builtins = program.builtins
    fresh = (builtins[".MISSING"],)

    def decorator(options: Mapping[str, Any]) -> Decorator:
        from dana.poet.pipeline import decorate

        return lambda function: decorate(program, function, options, files=program.sources, fresh=fresh)

    def poet(function: Any = None, /, **options: Any) -> Any:
        """Make a function reliable: `@poet`, or `@poet(retries=3, timeout=2.0)`; see the module `poet`."""
        return decorator(options) if function is None else decorator(options)(function)

    builtins[".poet"] = lambda _record, options: decorator(options)
    builtins["poet"] = poet
    builtins.update({name: kind for name, kind in ERRORS.items() if name != "POETError"})
