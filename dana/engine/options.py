"""Options of an `Engine` that need more than a look: unknown ones, `model`, `store`, `isolate`."""

from __future__ import annotations

from dana.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
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
    if model is not None:
        _sound_model(model)
    if store is not None and not (isinstance(store, str) and store.startswith(STORES)):
        raise UsageError(f'store= takes "sqlite:///PATH" or "memory:", not {store!r}')


def _sound_model(model: Any) -> None:
    """Raises `UsageError` for what cannot be a model: it is a text, a function, an opened model, or a list of these."""
    if isinstance(model, list | tuple) and model:
        for each in model:
            _sound_model(each)
        return
    if callable(model) or hasattr(model, "complete"):
        return
    provider = model.partition(":")[0] if isinstance(model, str) else ""
    if not provider.replace("-", "_").isidentifier() or ":" not in model:
        raise UsageError(f'model= takes "scripted:", "provider:name" or a function, not {model!r}')


def sound(given: dict[str, Any]) -> None:
    """Raises `UsageError` for a value that cannot be what its option takes. `given`: the options that are not None."""
    for name, value in given.items():
        wanted = _WANTED[name](value)
        if wanted:
            raise UsageError(f"{name}= takes {wanted}, not {value!r}")


def _limits(value: Any) -> str:
    from dana.engine.limits import Limits

    return "" if isinstance(value, Limits) else "dana.Limits(…)"


def _allow(value: Any) -> str:
    from dana.policy import Allow

    return "" if isinstance(value, Allow) else "dana.Allow(…)"


def _deny(value: Any) -> str:
    from dana.policy import Deny

    return "" if isinstance(value, Deny) else "dana.Deny(…)"


def _policy(value: Any) -> str:
    from dana.policy import Policy

    return "" if callable(value) or isinstance(value, Policy) else "a dana.Policy"


def _function(value: Any) -> str:
    return "" if callable(value) else "a function"


def _clock(value: Any) -> str:
    missing = [n for n in ("time", "monotonic", "sleep") if not callable(getattr(value, n, None))]
    return "an object with time(), monotonic() and sleep(s)" if missing else ""


def _seed(value: Any) -> str:
    return "" if isinstance(value, (int, float, str, bytes, bytearray)) else "a number or a text"


def _memory(value: Any) -> str:
    return "" if isinstance(value, str) and value else "the path of a file"


def _roots(value: Any) -> str:
    is_list = not isinstance(value, (str, bytes)) and hasattr(value, "__iter__")
    return "" if is_list and all(isinstance(v, str) or hasattr(v, "__fspath__") for v in value) else "a list of folders"


_WANTED: dict[str, Callable[[Any], str]] = {
    "limits": _limits, "on_print": _function, "read": _function, "clock": _clock, "seed": _seed, "roots": _roots,
    "allow": _allow, "deny": _deny, "policy": _policy, "memory": _memory,
}  # fmt: skip


def isolated(kind: object, options: dict[str, Any]) -> Any:
    """The engine for `isolate="process"`."""
    if kind != "process":
        raise UsageError(f'isolate= takes "confine" (in this process) or "process" (in a worker), not {kind!r}')
    if options.get("memory") is not None:
        raise UsageError("memory= names a file, and a program in a worker has none: its agents remember until it ends")
    from dana.isolation import ProcessEngine

    return ProcessEngine(**options)
