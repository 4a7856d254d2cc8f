"""What a plugin of a package hands to a Dana program: plain data, or what the program itself handed over.

A plugin in Python may return anything, and whatever a program holds shows it all its public attributes (L50). So a
value that is neither data nor one of the program's own is a mistake of the plugin: it is left out like any that fails.
"""

from __future__ import annotations

from dana.poet.plugins.base import Plugin, PluginError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from dana.poet.plugins.base import Note

    Perceiver = Callable[[dict[str, Any]], tuple[dict[str, Any], list[Note]]]

SCALARS = frozenset({type(None), bool, int, float, str, bytes})
MAX_DEPTH = 50


class Fenced(Plugin):
    """`inner`, whose values are looked at."""

    def __init__(self, inner: Plugin) -> None:
        self.inner = inner
        self.domain = inner.domain
        self.version = inner.version
        self.words = inner.words
        self.fields = inner.fields
        self.config = inner.config
        self.glossary = inner.glossary
        self.confirmed = inner.confirmed

    def hints(self) -> dict[str, Any]:
        """See `Plugin`."""
        return self.inner.hints()

    def get_learning_hints(self, context: Any = None) -> dict[str, Any]:
        """See `Plugin`."""
        return self.inner.get_learning_hints(context)

    def perceiver(self, parameters: Sequence[tuple[str, str]]) -> Perceiver | None:
        """See `Plugin`."""
        read = self.inner.perceiver(parameters)
        if read is None:
            return None

        def perceive(bound: dict[str, Any]) -> tuple[dict[str, Any], list[Note]]:
            changed, notes = read(bound)
            for name, value in changed.items():
                self._plain(value, _parts(bound), f"`{name}`")
            return changed, notes

        return perceive

    def attach(self, function: str, parameters: Sequence[tuple[str, str]], clock: Callable[[], float]) -> None:
        """See `Plugin`."""
        self.inner.attach(function, parameters, clock)

    def record(self, value: Any, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
        """See `Plugin`."""
        return self.inner.record(value, arguments)

    def judge(self, value: Any, arguments: Mapping[str, Any]) -> Any:
        """See `Plugin`."""
        judged = self.inner.judge(value, arguments)
        self._plain(judged, _parts([value, arguments]), "the result")
        return judged

    def _plain(self, value: Any, own: Mapping[int, Any], what: str) -> None:
        if not _is_plain(value, own, MAX_DEPTH):
            msg = f"the plugin {self.domain} made a {type(value).__name__} of {what}, which is no data"
            raise PluginError(msg)


def _parts(value: Any) -> dict[int, Any]:
    """Everything in lists, tuples and dicts the program handed over, by identity."""
    found: dict[int, Any] = {}
    left = [value]
    while left:
        each = left.pop()
        if id(each) in found:
            continue
        found[id(each)] = each
        if each.__class__ in (list, tuple):
            left += each
        elif each.__class__ is dict:
            left += each.values()
    return found


def _is_plain(value: Any, own: Mapping[int, Any], depth: int) -> bool:
    if value.__class__ in SCALARS:
        return True
    if value.__class__ in (list, tuple, set, frozenset):
        return depth > 0 and all(_is_plain(item, own, depth - 1) for item in value)
    if value.__class__ is dict:
        return depth > 0 and all(
            _is_plain(k, own, depth - 1) and _is_plain(v, own, depth - 1) for k, v in value.items()
        )
    return id(value) in own
