"""What a plugin is.

    class Wine(Plugin):
        domain = "wine"
        fields = {"vintage": Field(2020, low=1900, high=2100, meaning="years before this are refused")}

        def rule(self, name, type): …        # which parameters it knows, and how to read them
        def judge(self, value, call): …      # what it thinks of the result

Plugins written for the older protocol (`get_domain_name`, `process_inputs`, `validate_output`) work as they are
(`adapt`).
"""

from __future__ import annotations

import re

from dana.diagnostics import suggest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from dana.poet.training.confirmed import Confirmed
    from dana.poet.training.words import Words

    Rule = Callable[[Any], "Reading"]
    # A class, and the lowest and highest value of it.
    Clean = tuple[type, float, float]

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+")


# What a plugin that cannot be used is reported as, and settings or plugins that do not fit.
BROKEN, UNFIT = "E819", "E814"


class PluginError(Exception):
    """A plugin, or its configuration, is wrong."""

    def __init__(self, message: str, hint: str = "", code: str = UNFIT) -> None:
        super().__init__(message)
        self.hint = hint
        self.code = code


class RejectionError(ValueError):
    """The domain refuses an argument or a result: `parameter` ("" for the result), the `value`, the `reason`.

    This is the domain's answer, not a fault of the plugin: it is never retried with the same arguments, and the bare
    function is not called instead.
    """

    leaf = "validation.input"

    def __init__(self, reason: str, parameter: str = "", value: Any = None) -> None:
        super().__init__(f"`{parameter}`: {reason}" if parameter else reason)
        self.reason = reason
        self.parameter = parameter
        self.value = value


class Reading:
    """What a rule made of an argument: the clean `value`, how it was understood, whether it is only an estimate.

    `unit`: what has to fit to the other arguments (a currency), which `Plugin.agree` looks at; "" for nothing.
    """

    __slots__ = ("estimated", "how", "unit", "value")

    def __init__(self, value: Any, how: str = "", *, estimated: bool = False, unit: str = "") -> None:
        self.value = value
        self.how = how
        self.estimated = estimated
        self.unit = unit


class Note:
    """That an argument was changed: for the record of a call."""

    __slots__ = ("after", "before", "estimated", "how", "parameter")

    def __init__(self, parameter: str, before: Any, reading: Reading) -> None:
        self.parameter = parameter
        self.before = before
        self.after = reading.value
        self.how = reading.how
        self.estimated = reading.estimated

    def __repr__(self) -> str:
        guess = ", estimated" if self.estimated else ""
        return f"{self.parameter}: {self.before!r} → {self.after!r} ({self.how}{guess})"


class Field:
    """One setting of a plugin: its default (which gives the type), bounds or choices, and what it means."""

    __slots__ = ("choices", "default", "high", "low", "meaning")

    def __init__(
        self,
        default: Any,
        *,
        meaning: str,
        low: float | None = None,
        high: float | None = None,
        choices: Sequence[Any] = (),
    ) -> None:
        self.default = default
        self.meaning = meaning
        self.low = low
        self.high = high
        self.choices = tuple(choices)

    def check(self, domain: str, name: str, value: Any) -> Any:
        """The value as the field's type. Raises `PluginError`."""
        wanted = type(self.default)
        if wanted is float and type(value) is int:
            value = float(value)
        what = ""
        if type(value) is not wanted:
            what = f"takes {wanted.__name__}, not {type(value).__name__}"
        elif self.choices and value not in self.choices:
            what = f"is one of {', '.join(map(repr, self.choices))}, not {value!r}"
        elif wanted in (int, float) and not (
            (self.low is None or value >= self.low) and (self.high is None or value <= self.high)
        ):
            what = f"is from {self.low} to {self.high}, not {value!r}"
        if what:
            msg = f"setting `{name}` of the domain {domain} {what}"
            raise PluginError(msg, self.meaning)
        return value


class Plugin:
    """Base of all plugins. `config` fills `fields`; unknown settings are refused with `PluginError`."""

    domain = ""
    version = "1.0"
    # Settings by name.
    fields: Mapping[str, Field] = {}
    # Words among parameter names that suggest this domain, for choosing one by itself.
    words: frozenset[str] = frozenset()
    # Results of exactly these classes `judge` gives back as they are: it is not called for them.
    unjudged: frozenset[type] = frozenset()
    # What words stand for that people may correct (`feedback(…, correction=…)`); each function has a plugin of its own.
    glossary: Words | None = None
    # Causes that people may confirm (`feedback(…, cause=…)`), likewise.
    confirmed: Confirmed | None = None

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        given = dict(config or {})
        self.config = {name: field.default for name, field in self.fields.items()}
        for name, value in given.items():
            field = self.fields.get(name)
            if field is None:
                near = suggest(name, self.fields)
                known = ", ".join(self.fields) or "none"
                hint = f"did you mean `{near}`?" if near else f"its settings are: {known}"
                msg = f"the domain {self.domain} has no setting `{name}` for `plugin_config`"
                raise PluginError(msg, hint)
            self.config[name] = field.check(self.domain, name, value)

    # --- what a plugin says -----------------------------------------------------------------------

    def rule(self, name: str, type_: str) -> Rule | None:  # noqa: ARG002
        """How to read an argument of this name and annotation ("" for none); None when it is none of its business.

        The rule raises `RejectionError` (its `parameter` is filled in) for what it does not accept.
        """
        return None

    def clean(self, name: str, type_: str) -> Clean | None:  # noqa: ARG002
        """Which arguments `rule` gives back as they are: those of exactly this class, from low to high.

        A promise that makes calls fast: clean arguments are not read at all. None promises nothing.
        """
        return None

    def agree(self, readings: Mapping[str, Reading]) -> None:
        """Look at what was read together, where readings have units. Raises `RejectionError`."""

    def judge(self, value: Any, arguments: Mapping[str, Any]) -> Any:  # noqa: ARG002
        """What it makes of a result: the value, mended if need be. Raises `RejectionError`."""
        return value

    def record(self, value: Any, arguments: Mapping[str, Any]) -> dict[str, Any] | None:  # noqa: ARG002
        """What an auditor would want to know of a result, as plain data; None for nothing. Asked where calls are
        recorded, about results that were accepted.
        """
        return None

    def hints(self) -> dict[str, Any]:
        """Options of `@poet` that suit the domain; what the user or a profile says goes first (P41, P85)."""
        return {}

    # --- what is bound to a function --------------------------------------------------------------

    def attach(self, function: str, parameters: Sequence[tuple[str, str]], clock: Callable[[], float]) -> None:
        """Hear once, at decoration, which function it serves, and by which clock (seconds). Raises `PluginError`."""

    def rules(self, parameters: Sequence[tuple[str, str]]) -> dict[str, Rule]:
        """The rules for the parameters it knows."""
        found = {name: self.rule(name, type_) for name, type_ in parameters}
        return {name: rule for name, rule in found.items() if rule is not None}

    def perceiver(
        self, parameters: Sequence[tuple[str, str]]
    ) -> Callable[[dict[str, Any]], tuple[dict[str, Any], list[Note]]] | None:
        """What reads the arguments of one function: bound arguments → changed ones and notes; None: nothing to read."""
        rules = self.rules(parameters)
        if not rules:
            return None

        def perceive(bound: dict[str, Any]) -> tuple[dict[str, Any], list[Note]]:
            changed: dict[str, Any] = {}
            readings: dict[str, Reading] = {}
            notes = []
            for name, rule in rules.items():
                if name not in bound:
                    continue
                before = bound[name]
                try:
                    reading = rule(before)
                except RejectionError as refused:
                    raise RejectionError(refused.reason, name, before) from None
                if reading.unit:
                    readings[name] = reading
                if reading.value is not before:
                    changed[name] = reading.value
                    if reading.value != before or reading.estimated:
                        notes.append(Note(name, before, reading))
            if len(readings) > 1:
                self.agree(readings)
            return changed, notes

        return perceive

    # --- the older names --------------------------------------------------------------------------

    def get_domain_name(self) -> str:
        """The domain (older name)."""
        return self.domain

    def get_learning_hints(self, _context: Any = None) -> dict[str, Any]:
        """What learning should know (P102): "bounds" of knobs by name, and which are "fixed"; none unless said.

        The context has the `function`, its `parameters` and the `knobs` that are learnt (`dana.poet.training.hints`).
        """
        return {}

    def get_performance_optimizations(self) -> dict[str, Any]:
        """The same as `hints` (older name)."""
        return self.hints()

    def get_optimization_hints(self) -> dict[str, Any]:
        """The same as `hints` (the name of document 001's base class)."""
        return self.hints()


def _refusing(ask: Callable[[], Any], value: Any = None) -> Any:
    """What a part written by the older protocol says; a `ValueError` or an error of POET is its refusal (PC9)."""
    try:
        return ask()
    except RejectionError:
        raise
    except Exception as refused:
        # The errors of POET, which stand above this layer, know the call they are about.
        if isinstance(refused, ValueError) or hasattr(type(refused), "story"):
            raise RejectionError(str(refused), value=value) from refused
        raise


class _Adapted(Plugin):
    """A plugin of the older protocol behind the present one."""

    def __init__(self, old: Any) -> None:
        super().__init__()
        self.old = old
        self.domain = str(old.get_domain_name())

    def perceiver(
        self, parameters: Sequence[tuple[str, str]]
    ) -> Callable[[dict[str, Any]], tuple[dict[str, Any], list[Note]]] | None:
        names = {name for name, _type in parameters}

        def perceive(bound: dict[str, Any]) -> tuple[dict[str, Any], list[Note]]:
            made = _refusing(lambda: self.old.process_inputs((), dict(bound)))
            if not isinstance(made, dict):
                msg = f"process_inputs of the plugin {self.domain} gave {type(made).__name__} instead of a dict"
                raise PluginError(msg)
            inner = made.get("kwargs", made) if set(made) <= {"args", "kwargs"} else made
            changed = {n: v for n, v in inner.items() if n in names and (n not in bound or bound[n] is not v)}
            notes = [Note(n, bound.get(n), Reading(v, self.domain)) for n, v in changed.items() if bound.get(n) != v]
            return changed, notes

        return perceive

    def judge(self, value: Any, arguments: Mapping[str, Any]) -> Any:
        return _refusing(lambda: self.old.validate_output(value, {"arguments": dict(arguments)}), value)

    def hints(self) -> dict[str, Any]:
        ask = getattr(self.old, "get_performance_optimizations", None)
        return dict(ask()) if ask is not None else {}

    def get_learning_hints(self, context: Any = None) -> dict[str, Any]:
        ask = getattr(self.old, "get_learning_hints", None)
        given: dict[str, Any] = {} if ask is None else ask(context)
        return given


def adapt(candidate: Any) -> Plugin:
    """A plugin from whatever speaks the protocol: an instance, or a class. Raises `PluginError`."""
    made = candidate() if isinstance(candidate, type) else candidate
    if isinstance(made, Plugin) and not speaks_older(type(made)):
        if not made.domain:
            msg = f"the plugin {type(made).__name__} does not say its domain"
            raise PluginError(msg, 'give the class a `domain = "…"`')
        return made
    missing = [
        n for n in ("get_domain_name", "process_inputs", "validate_output") if not callable(getattr(made, n, None))
    ]
    if missing:
        msg = f"{type(made).__name__} is no plugin: it has no {', '.join(missing)}"
        raise PluginError(msg, "derive from dana.poet.plugins.base.Plugin")
    return _Adapted(made)


def speaks_older(kind: type) -> bool:
    """Whether a class derived from `Plugin` is written as the mission's documents do: with the three older methods."""
    own = getattr(kind, "get_domain_name", None) is not Plugin.get_domain_name
    return own and all(callable(getattr(kind, name, None)) for name in ("process_inputs", "validate_output"))


def words_of(name: str) -> frozenset[str]:
    """The words of a name, in small letters: `creditScore`, `credit_score` → credit, score."""
    return frozenset(word.lower() for word in _WORD.findall(name))


# The names of the mission's documents (P56, P57).
POETPlugin = BaseDomainPlugin = Plugin
