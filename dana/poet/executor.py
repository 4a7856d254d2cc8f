"""The executors of the mission's documents (P44, P49): other names for the one decorator."""

from __future__ import annotations

from dana.poet.config import DEFAULT, POETConfig
from dana.poet.options import OPTIONS
from dana.poet.python import poet

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

_FIRST = ("retries", "timeout", "domain", "learning")


class SimplePOETConfig(POETConfig):
    """Options as document 001 gives them: `SimplePOETConfig(3, 30.0, "financial_services", True)`, or by name."""

    __slots__ = ()

    def __init__(self, /, *first: Any, **given: Any) -> None:
        if len(first) > len(_FIRST):
            msg = f"SimplePOETConfig takes {', '.join(_FIRST)} without names, and the other options by name"
            raise TypeError(msg)
        twice = next((name for name in _FIRST[: len(first)] if name in given), "")
        if twice:
            msg = f"SimplePOETConfig got {twice} twice"
            raise TypeError(msg)
        super().__init__(**dict(zip(_FIRST, first, strict=False)), **given)


def _decorated(function: Callable[..., Any], config: POETConfig) -> Callable[..., Any]:
    given = {name: getattr(config, name) for name in OPTIONS if config.origins[name] != DEFAULT}
    return poet(**given)(function)


class POETExecutor:
    """`function` with the pipeline of `config`; called like the function."""

    def __init__(self, function: Callable[..., Any], config: POETConfig | None = None) -> None:
        self.config = config if config is not None else POETConfig()
        self.call = _decorated(function, self.config)
        self.__name__ = getattr(function, "__name__", "function")
        self.__doc__ = function.__doc__
        self.__wrapped__ = function

    def __call__(self, *args: Any, **keywords: Any) -> Any:
        return self.call(*args, **keywords)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        """As a method, it is bound like the function."""
        bind: Any = self.call
        return self if instance is None else bind.__get__(instance, owner)


class SimplePOETExecutor:
    """`SimplePOETExecutor(config)(function)` decorates; `execute` does it for one call."""

    def __init__(self, config: POETConfig | None = None) -> None:
        self.config = config if config is not None else POETConfig()

    def __call__(self, function: Callable[..., Any]) -> Callable[..., Any]:
        return _decorated(function, self.config)

    def execute(
        self,
        function: Callable[..., Any],
        args: tuple[Any, ...] = (),
        keywords: dict[str, Any] | None = None,
        config: POETConfig | None = None,
    ) -> Any:
        """Call a function once, through a pipeline of its own."""
        return _decorated(function, config if config is not None else self.config)(*args, **(keywords or {}))
