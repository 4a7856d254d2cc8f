"""Options of an `Engine` that need more than a look: unknown ones, `model`, `store`, `isolate`."""

from __future__ import annotations

from dana.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

STORES = ("sqlite:", "memory:")


def known() -> list[str]:
    """The names of all options, in the order they are documented in."""
    from dana.engine.engine import Engine

    function: Any = Engine.__init__
    code = function.__code__
    return [n for n in code.co_varnames[1 : 1 + code.co_kwonlyargcount] if n not in ("metered", "unknown")]


def validated(unknown: dict[str, Any], model: Any, store: Any) -> None:
    """Raises `UsageError` for options that do not exist or cannot mean anything."""
    if unknown:
        from dana.diagnostics import suggest

        name = next(iter(unknown))
        near = suggest(name, known())
        hint = f"; did you mean {near}=?" if near else f"; it has {', '.join(known())}"
        raise UsageError(f"an Engine has no option {name}={hint}")
    if model is not None and not callable(model):
        provider = model.partition(":")[0] if isinstance(model, str) else ""
        if not provider.replace("-", "_").isidentifier() or ":" not in model:
            raise UsageError(f'model= takes "scripted:", "provider:name" or a function, not {model!r}')
    if store is not None and not (isinstance(store, str) and store.startswith(STORES)):
        raise UsageError(f'store= takes "sqlite:///PATH" or "memory:", not {store!r}')


def isolated(kind: object, options: dict[str, Any]) -> Any:
    """The engine for `isolate="process"`."""
    if kind != "process":
        raise UsageError(f'isolate= takes "confine" (in this process) or "process" (in a worker), not {kind!r}')
    from dana.isolation import ProcessEngine

    return ProcessEngine(**options)
