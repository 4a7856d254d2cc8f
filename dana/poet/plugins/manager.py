"""The plugins of one place that asks for them by domain (P58, P154): a registry with a cache."""

from __future__ import annotations

from dana.poet.plugins import finding
from dana.poet.plugins.base import PluginError
from dana.poet.plugins.choosing import domain_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from dana.poet.plugins.base import Plugin


class PluginManager:
    """Plugins by domain, each loaded once; `get_plugin` gives None where there is none."""

    def __init__(self) -> None:
        self._loaded: dict[str, Plugin] = {}
        # What `discover_plugins` could not load, and why.
        self.broken: dict[str, str] = {}

    @property
    def plugins(self) -> dict[str, Plugin]:
        """What was loaded, by domain."""
        return dict(self._loaded)

    def discover_plugins(self) -> list[str]:
        """Load all there are: built in, of the host, of the project, of packages (P154); the domains that could be."""
        for domain in self.list_plugins():
            try:
                self.get_plugin(domain)
            except PluginError as wrong:
                self.broken[domain] = str(wrong)
        return list(self._loaded)

    def get_plugin(self, domain: str, config: Mapping[str, Any] | None = None) -> Plugin | None:
        """The plugin of a domain; one with settings of its own is made anew. Raises `PluginError` for a broken one."""
        if finding.found(domain) is None:
            return None
        if config:
            return domain_of(domain, config)
        if domain not in self._loaded:
            self._loaded[domain] = domain_of(domain)
        return self._loaded[domain]

    def list_plugins(self) -> list[str]:
        """The domains there are; nothing is loaded."""
        return [each.name for each in finding.every()]

    def register_plugin(self, plugin: Any) -> None:
        """See `finding.register_plugin`."""
        finding.register_plugin(plugin)

    def validate(self, domain: str, config: Mapping[str, Any]) -> str:
        """What is wrong with settings of a domain, in words; empty when nothing is (P155)."""
        try:
            domain_of(domain, config)
        except PluginError as wrong:
            return f"{wrong}; {wrong.hint}" if wrong.hint else str(wrong)
        return ""
