"""From what is written at the decorator to a plugin."""

from __future__ import annotations

from importlib import import_module

from dana.diagnostics import shown_name, suggest
from dana.errors import CompileError
from dana.poet.domains import DOMAINS
from dana.poet.plugins import finding
from dana.poet.plugins.base import BROKEN, Note, Plugin, PluginError, Reading, adapt, speaks_older, words_of
from dana.poet.plugins.finding import Found

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


def plugin_of(candidate: Any, config: Mapping[str, Any] | None = None, host: Any = None) -> Plugin:
    """The plugin of that domain, of these two functions, or whatever speaks the protocol. Raises `PluginError`."""
    if candidate.__class__ is str:
        return domain_of(candidate, config, host)
    if candidate.__class__ is dict:
        made: Plugin = FromFunctions(candidate)
    elif isinstance(candidate, type) and issubclass(candidate, Plugin) and not speaks_older(candidate):
        return adapt(candidate(config))
    else:
        made = adapt(candidate)
    if config:
        msg = f"the plugin {made.domain} takes no settings here"
        raise PluginError(msg, "give them to the plugin itself")
    return made


def domain_of(name: str, config: Mapping[str, Any] | None = None, host: Any = None) -> Plugin:
    """The plugin of a domain, loaded for `host`. Raises `PluginError` when there is none, or it cannot be used."""
    where = finding.found(name)
    if where is None:
        near = suggest(name, finding.names())
        msg = f"there is no domain {name!r}"
        raise PluginError(msg, f"did you mean {near!r}?" if near else "there is " + ", ".join(DOMAINS))
    return loaded(where, config, host)


def loaded(where: Found, config: Mapping[str, Any] | None = None, host: Any = None) -> Plugin:
    """The plugin that was found. Raises `PluginError`."""
    if where.kind == finding.BUILT_IN:
        module, attribute = DOMAINS[where.name]
        made: Plugin = getattr(import_module(module), attribute)(config)
        return made
    if where.kind == finding.PROJECT:
        from dana.poet.plugins.scripted import ScriptedPlugin

        return ScriptedPlugin(where.name, where.place, _names_in(where, host), config)
    return _installed(where, config, host)


def _names_in(where: Found, host: Any) -> dict[str, Any]:
    """The public names of a plugin in Dana, run in the program that wants it, or in an engine without any grant."""
    place = shown_name(where.place)
    load = getattr(host, "load_file", None)
    try:
        if load is not None:
            scope = load(where.place, where.name).globals
            return {name: scope[name] for name in scope if name.isidentifier() and name[0] != "_"}
        # The front door stands above this layer, and only functions in Python that name a plugin in Dana come to it.
        module = import_module("dana.engine").Engine().load(where.place, name=where.name)
        return {name: getattr(module, name) for name in dir(module) if name != "struct" or "struct" in vars(module)}
    except CompileError as wrong:
        first = wrong.diagnostics[0]
        line = f":{first.line}" if first.line else ""
        msg = f"the plugin {place}{line}: {first.message}"
        hint = first.hint or f"`dana poet plugins check {place}` says all of it"
        raise PluginError(msg, hint, BROKEN) from wrong
    except OSError as wrong:
        msg = f"the plugin {place} cannot be read: {wrong.strerror or wrong}"
        raise PluginError(msg, "", BROKEN) from wrong
    except Exception as wrong:
        msg = f"the plugin {place} failed where it begins: {type(wrong).__name__}: {wrong}"
        raise PluginError(msg, f"`dana poet plugins check {place}` says where", BROKEN) from wrong


def _installed(where: Found, config: Mapping[str, Any] | None, host: Any) -> Plugin:
    """The plugin of a package or of the host; what it hands to a Dana program is looked at."""
    try:
        candidate = where.entry if where.kind == finding.HOST else where.entry.load()
        configured = isinstance(candidate, type) and issubclass(candidate, Plugin)
        made = adapt(candidate(config) if configured else candidate)
    except PluginError:
        raise
    except Exception as wrong:
        msg = f"the plugin {where.name} cannot be loaded from {where.place}: {type(wrong).__name__}: {wrong}"
        raise PluginError(msg, "it is a package's, installed for the Python that runs Dana", BROKEN) from wrong
    if config and not configured:
        msg = f"the plugin {where.name} ({where.place}) takes no settings"
        raise PluginError(msg)
    if hasattr(host, "load_file"):
        from dana.poet.plugins.fence import Fenced

        return Fenced(made)
    return made


# --- choosing by itself -------------------------------------------------------------------------------

# So many words of a function's name and parameters must be a domain's.
LEAST_WORDS = 2


def fitting(function: str, parameters: Sequence[tuple[str, str]], host: Any = None) -> tuple[Plugin | None, str]:
    """The domain that a function's name and parameters speak of, and why; None where none does, or several do.

    Candidates are the domains that are built in and the plugins of the project. One fits that knows at least two of the
    words and how to read at least one of the parameters; the one that knows most words is taken, and none when two know
    as many. Raises `PluginError` for a plugin that cannot be used.
    """
    own = [each for each in finding.in_project() if each.name not in DOMAINS]
    return _best(function, parameters, [*_built_in(), *(loaded(each, None, host) for each in own)])


def fitting_built_in(function: str, parameters: Sequence[tuple[str, str]]) -> tuple[Plugin | None, str]:
    """The same among the domains that are built in: nothing of the project is run for it."""
    return _best(function, parameters, _built_in())


def _built_in() -> list[Plugin]:
    return [loaded(Found(name, finding.BUILT_IN, place[0])) for name, place in DOMAINS.items()]


def _best(
    function: str, parameters: Sequence[tuple[str, str]], candidates: Sequence[Plugin]
) -> tuple[Plugin | None, str]:
    said = words_of(function).union(*(words_of(name) for name, _type in parameters))
    found: list[tuple[int, Plugin, list[str]]] = []
    for plugin in candidates:
        words = sorted(said & plugin.words)
        if len(words) >= LEAST_WORDS and plugin.perceiver(parameters) is not None:
            found.append((len(words), plugin, words))
    if not found:
        return None, f"no domain knows {LEAST_WORDS} words of its name and parameters"
    found.sort(key=lambda each: -each[0])
    best = [each for each in found if each[0] == found[0][0]]
    if len(best) > 1:
        both = " and ".join(each[1].domain for each in best)
        return None, f"it could be {both}, each by {found[0][0]} words: none was taken"
    return found[0][1], "it speaks of " + ", ".join(found[0][2])


def chosen(
    given: Mapping[str, Any],
    profile: Mapping[str, Any],
    function: str,
    parameters: Sequence[tuple[str, str]],
    host: Any,
) -> tuple[list[Plugin], str | None, str]:
    """The plugins of one function, in order: its domain, its list, its own (P17, P19, P20); its domain; and why this.

    The reason is empty where the domain was named, or none was asked for. Raises `PluginError`.
    """
    config = given.get("plugin_config")
    domain = given.get("domain", profile.get("domain"))
    plugins: list[Plugin] = []
    fit, reason = None, ""
    if domain == finding.AUTO:
        fit, reason = fitting(function, parameters, host)
        if fit is not None:
            plugins.append(domain_of(fit.domain, config, host) if config else fit)
    elif domain is not None:
        plugins.append(domain_of(domain, config, host))
    plugins += [plugin_of(each, None, host) for each in given.get("plugins") or ()]
    if given.get("custom_plugin") is not None:
        try:
            plugins.append(plugin_of(given["custom_plugin"], config if domain is None else None, host))
        except PluginError as wrong:
            msg = f"option `custom_plugin`: {wrong}"
            raise PluginError(msg, wrong.hint, wrong.code) from wrong
    elif config and domain is None:
        msg = "option `plugin_config` has settings, and there is no domain that takes them"
        raise PluginError(msg, 'name one: @poet(domain="…", plugin_config={…}); plugins in a list take none')
    if reason:
        domain = None if fit is None else fit.domain
    return plugins, domain, reason
