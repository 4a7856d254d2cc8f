"""Plugins written in Dana: a module whose public names say what the domain knows.

    words = ["vintage", "grape"]                        # suggest the domain, for domain="auto"
    settings = {"oldest": {"default": 1900, "low": 1700, "high": 2100, "meaning": "no wine is older"}}
    hints = {"retries": 1}                              # options that suit the domain

    def vintage(value: any, settings: dict) -> int: …   # reads one argument; ValueError refuses it
    readers = {"vintage": vintage, "year": vintage}     # by a word in the parameter's name

    def perceive(arguments: dict) -> dict: …            # reads all of them; returns the changed ones
    def enforce(result: any, arguments: dict) -> any: … # returns the result, mended if need be; ValueError refuses it

At least one of `readers`, `perceive` and `enforce` is there. A function whose last parameter is called `settings` is
given the settings. The functions run in the program that names the domain: under its limits and with its grants.
"""

from __future__ import annotations

from dana.diagnostics import shown_name, suggest
from dana.errors import DanaError
from dana.poet.binding import Parameters, readable
from dana.poet.plugins.base import BROKEN, Field, Note, Plugin, PluginError, Reading, RejectionError, words_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    Perceiver = Callable[[dict[str, Any]], tuple[dict[str, Any], list[Note]]]

PARTS = ("readers", "perceive", "enforce")
SAID = ("domain", "version", "words", "settings", "hints")
_FIELD = ("default", "low", "high", "choices", "meaning")


class ScriptedPlugin(Plugin):
    """The plugin that the module at `path` is; `names` are the module's public names.

    Raises `PluginError`, which names the file.
    """

    def __init__(
        self,
        name: str,
        path: str,
        names: Mapping[str, Any],
        config: Mapping[str, Any] | None = None,
    ) -> None:
        self.path = path
        self.names = names
        self.domain = name
        said = self._said("domain", str, name)
        if said != name:
            self._refuse(f"it says domain = {said!r}, and is found as {name!r}", "call the file after its domain")
        self.version = self._said("version", str, Plugin.version)
        self.words = frozenset(self._texts("words"))
        self.fields = self._fields(self._said("settings", dict, {}))
        self.readers = {word: self._function(f"readers[{word!r}]", read) for word, read in self._readers().items()}
        self.perceive = self._function("perceive", names.get("perceive"))
        self.enforce = self._function("enforce", names.get("enforce"))
        if not (self.readers or self.perceive or self.enforce):
            self._refuse("it has none of readers, perceive and enforce", self._near())
        super().__init__(config)

    # --- reading the module -----------------------------------------------------------------------

    def _refuse(self, what: str, hint: str = "") -> None:
        msg = f"the plugin {shown_name(self.path)}: {what}"
        raise PluginError(msg, hint, BROKEN)

    def _said(self, name: str, kind: type, default: Any) -> Any:
        value = self.names.get(name, default)
        if value.__class__ is not kind:
            self._refuse(f"`{name}` is a {kind.__name__}, not {type(value).__name__}")
        return value

    def _texts(self, name: str) -> list[str]:
        value: list[str] = self._said(name, list, [])
        if not all(word.__class__ is str for word in value):
            self._refuse(f"`{name}` is a list of texts")
        return [word.lower() for word in value]

    def _readers(self) -> dict[str, Any]:
        value: dict[str, Any] = self._said("readers", dict, {})
        if not all(word.__class__ is str for word in value):
            self._refuse("`readers` goes from words in parameter names to functions")
        return {word.lower(): read for word, read in value.items()}

    def _function(self, what: str, value: Any) -> Any:
        """A function of the module, given the settings where it wants them."""
        if value is None:
            return None
        if not callable(value):
            self._refuse(f"`{what}` is a function, not {type(value).__name__}")
        wanted = _parameters(value)
        least = "the arguments" if what == "perceive" else "the result" if what == "enforce" else "the argument"
        rest = wanted[:-1] if wanted and wanted[-1] == "settings" else wanted
        most = 2 if what == "enforce" else 1
        if not 1 <= len(rest) <= most:
            self._refuse(
                f"`{what}` takes {least}" + (", and the arguments" if most == 2 else "") + ", and the settings"
            )
        with_settings, with_arguments = rest is not wanted, len(rest) == 2

        def call(given: Any, arguments: Mapping[str, Any] | None = None) -> Any:
            more = [dict(arguments or {})] if with_arguments else []
            return value(given, *more, dict(self.config)) if with_settings else value(given, *more)

        return call

    def _fields(self, said: Mapping[str, Any]) -> dict[str, Field]:
        fields: dict[str, Field] = {}
        for name, what in said.items():
            described = what if what.__class__ is dict else {"default": what}
            strange = next((key for key in described if key not in _FIELD), None)
            if strange is not None or "default" not in described:
                near = suggest(str(strange), _FIELD) if strange is not None else None
                hint = f"did you mean `{near}`?" if near else "a setting has " + ", ".join(_FIELD)
                self._refuse(f"setting `{name}` has " + (f"no `{strange}`" if strange else "no default"), hint)
            default = described["default"]
            if default.__class__ not in (bool, int, float, str):
                self._refuse(f"the default of setting `{name}` is a number, a text, true or false")
            field = Field(
                default,
                meaning=str(described.get("meaning", "")),
                low=described.get("low"),
                high=described.get("high"),
                choices=described.get("choices", ()),
            )
            try:
                field.check(self.domain, name, default)
            except PluginError as wrong:
                self._refuse(str(wrong))
            fields[name] = field
        return fields

    def _near(self) -> str:
        """What may have been meant by a name that is nearly one of ours."""
        for name in self.names:
            meant = suggest(name, PARTS)
            if meant and name not in PARTS:
                return f"did you mean `{meant}` by `{name}`?"
        return "give it a function `perceive` or `enforce`, or `readers` by words in parameter names"

    def doubts(self) -> list[str]:
        """Names of the module that look like slips of ours, in words."""
        known = (*PARTS, *SAID)
        pairs = [(name, suggest(name, known)) for name in self.names if name not in known]
        return [f"`{name}` means nothing to a plugin; did you mean `{near}`?" for name, near in pairs if near]

    # --- what it says -----------------------------------------------------------------------------

    def hints(self) -> dict[str, Any]:
        """See `Plugin`."""
        return dict(self._said("hints", dict, {}))

    def rule(self, name: str, type_: str) -> Callable[[Any], Reading] | None:  # noqa: ARG002
        """See `Plugin`."""
        words = {name.lower(), *words_of(name)}
        read = next((read for word, read in self.readers.items() if word in words), None)
        if read is None:
            return None
        return lambda value: _reading(_judged(read, value), value, self.domain)

    def perceiver(self, parameters: Sequence[tuple[str, str]]) -> Perceiver | None:
        """See `Plugin`. Its functions may take their time, so they are no rules of the fast form of a call."""
        by_name = super().perceiver(parameters)
        whole, names = self.perceive, {name for name, _type in parameters}
        if whole is None:
            return by_name

        def perceive(bound: dict[str, Any]) -> tuple[dict[str, Any], list[Note]]:
            changed, notes = ({}, []) if by_name is None else by_name(bound)
            made = _judged(whole, {**bound, **changed})
            if made is None:
                return changed, notes
            if made.__class__ is not dict or not names.issuperset(made):
                msg = "perceive returns a dict of changed arguments, or nothing"
                raise PluginError(msg)
            for name, value in made.items():
                if name not in bound or value is not bound[name]:
                    reading = _reading(value, bound.get(name), self.domain)
                    changed[name] = reading.value
                    notes.append(Note(name, bound.get(name), reading))
            return changed, notes

        return perceive

    def judge(self, value: Any, arguments: Mapping[str, Any]) -> Any:
        """See `Plugin`."""
        return value if self.enforce is None else _judged(self.enforce, value, arguments)


def _parameters(function: Any) -> list[str]:
    """The names of a function's parameters, in order; an engine's view of a function shows none of its own."""
    inner = getattr(function, "_raw", function)
    return list(Parameters(inner).names) if readable(inner) else ["value"]


def _judged(function: Callable[..., Any], *given: Any) -> Any:
    """What a function of the plugin says; a `ValueError` is its refusal."""
    try:
        return function(*given)
    except RejectionError:
        raise
    except ValueError as refused:
        raise RejectionError(str(refused), value=given[0]) from refused
    except DanaError as fault:  # what an engine makes of it, for a function in Python
        if isinstance(fault.__cause__, ValueError):
            raise RejectionError(str(fault.__cause__), value=given[0]) from fault
        raise


def _reading(made: Any, before: Any, domain: str) -> Reading:
    """What a reader returned: the value, or an `Estimate` of it (module `poet`)."""
    inner = getattr(made, "_raw", made)  # behind an engine's view
    shape = getattr(type(inner), "_shape", None)
    if shape is not None and shape.name == "Estimate":
        return Reading(made.value, str(made.how), estimated=True)
    return Reading(before if made == before and made.__class__ is before.__class__ else made, domain)
