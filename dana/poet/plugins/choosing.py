"""From what is written at the decorator to a plugin."""

from __future__ import annotations

from dana.poet.plugins.base import Note, Plugin, PluginError, Reading, adapt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any


class FromFunctions(Plugin):
    """A plugin of two plain functions (P20): `perceive(arguments)` and `enforce(result)`, either may be missing.

    The first gives a dict of changed arguments, or nothing; both raise a `ValueError` to refuse.
    """

    domain = "custom"

    def __init__(self, parts: Mapping[str, Callable[..., Any]]) -> None:
        super().__init__()
        self._perceive = parts.get("perceive")
        self._enforce = parts.get("enforce")

    def perceiver(
        self, parameters: Sequence[tuple[str, str]]
    ) -> Callable[[dict[str, Any]], tuple[dict[str, Any], list[Note]]] | None:
        """See `Plugin`."""
        read = self._perceive
        if read is None:
            return None
        names = {name for name, _type in parameters}

        def perceive(bound: dict[str, Any]) -> tuple[dict[str, Any], list[Note]]:
            made = _judged(read, dict(bound))
            if made is None:
                return {}, []
            if not isinstance(made, dict) or not names.issuperset(made):
                msg = "perceive of the custom plugin gives a dict of arguments, or nothing"
                raise PluginError(msg)
            changed = {name: value for name, value in made.items() if name not in bound or bound[name] is not value}
            return changed, [Note(n, bound.get(n), Reading(v, "custom")) for n, v in changed.items()]

        return perceive

    def judge(self, value: Any, arguments: Mapping[str, Any]) -> Any:  # noqa: ARG002
        """See `Plugin`."""
        return value if self._enforce is None else _judged(self._enforce, value)


def _judged(function: Callable[[Any], Any], value: Any) -> Any:
    """What a part says; a `ValueError` is its refusal."""
    from dana.poet.plugins.base import RejectionError

    try:
        return function(value)
    except RejectionError:
        raise
    except ValueError as refused:
        raise RejectionError(str(refused), value=value) from refused


def plugin_of(candidate: Any, config: Mapping[str, Any] | None = None) -> Plugin:
    """The plugin of that domain, of these two functions, or whatever speaks the protocol. Raises `PluginError`."""
    if candidate.__class__ is str:
        return domain_of(candidate, config)
    if candidate.__class__ is dict:
        made: Plugin = FromFunctions(candidate)
    elif isinstance(candidate, type) and issubclass(candidate, Plugin):
        return adapt(candidate(config))
    else:
        made = adapt(candidate)
    if config:
        msg = f"the plugin {made.domain} takes no settings here"
        raise PluginError(msg, "give them to the plugin itself")
    return made


def domain_of(name: str, config: Mapping[str, Any] | None = None) -> Plugin:
    """The plugin of a built-in domain. Raises `PluginError` when there is none, or its settings are wrong."""
    from importlib import import_module

    from dana.poet.domains import ALIASES, DOMAINS

    found = DOMAINS.get(ALIASES.get(name, name))
    if found is None:
        msg = f"there is no domain {name!r}"
        raise PluginError(msg, "there is " + ", ".join(DOMAINS))
    module, attribute = found
    made: Plugin = getattr(import_module(module), attribute)(config)
    return made
