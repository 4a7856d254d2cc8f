"""Handlers given by name (P21–P23): `perceive_handler="tidy"`, `enforce_handler="Dana::plausible"`.

A name means, in this order: a function of the module in which the decorator stands, defined before it (also one that is
imported, or dotted, of an imported module); a handler that was registered. It is looked up once, when the function is
decorated; the configuration then has the function itself.
"""

from __future__ import annotations

from dana import abi
from dana.diagnostics import suggest
from dana.poet.errors import POETConfigError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

HANDLERS = ("perceive_handler", "enforce_handler", "train_handler")
UNKNOWN_HANDLER = "E823"
# How the older documents write a function of Dana.
PREFIX = "Dana::"


def resolved(
    options: Mapping[str, Any], scope: Mapping[str, Any], registered: Mapping[str, Any], function: str
) -> Mapping[str, Any]:
    """The options with functions in the place of names. Raises `POETConfigError` (E823) for a name that means none."""
    named = [option for option in HANDLERS if isinstance(options.get(option), str)]
    if not named:
        return options
    return {**options, **{option: _meant(option, options[option], scope, registered, function) for option in named}}


def _meant(
    option: str, name: str, scope: Mapping[str, Any], registered: Mapping[str, Any], function: str
) -> Callable[..., Any]:
    path = name.removeprefix(PREFIX).split(".")
    found: Any = None
    if all(_is_public(part) for part in path):
        found = scope.get(abi.variable(path[0]))
        for part in path[1:]:
            found = getattr(found, abi.mangle(part), None)
        if not callable(found):
            found = registered.get(".".join(path))
    if callable(found):
        handler: Callable[..., Any] = found
        return handler
    known = [*(each for each, value in scope.items() if _is_public(each) and callable(value)), *registered]
    near = suggest(path[-1], known)
    hint = f"did you mean {near!r}?" if near else "a handler is named that the module has above, or that is registered"
    message = f"{option} of `{function}` names `{name}`, which is no function here"
    raise POETConfigError(message, function, hint, UNKNOWN_HANDLER)


def _is_public(name: str) -> bool:
    return name.isidentifier() and name[0] not in ("_", abi.HIDDEN)


def register(registered: dict[str, Callable[..., Any]], name: str, handler: Callable[..., Any]) -> None:
    """Make a function known under a name. Raises `POETConfigError` for what is no name or no function."""
    if not (name.__class__ is str and all(_is_public(part) for part in name.split("."))):
        raise POETConfigError(f"a handler is registered under a name like a variable's, not {name!r}")
    if not callable(handler):
        raise POETConfigError(f"the handler `{name}` is a function, not {type(handler).__name__}")
    registered[name] = handler
