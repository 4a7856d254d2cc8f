"""The configuration of one decorated function: every option's value, and where it comes from.

explicit      it is written at the decorator
profile       the profile says so                  (`profiles.py`)
domain        the domain suggests it               (`Plugin.hints`)
signature     the function's name and parameters   (`domain="auto"`)
priority      it follows from the priority (P86)
learnt        it was learnt (`subjects.py`), in the place of one of those that may be
default       nobody said anything
"""

from __future__ import annotations

from dana.poet.options import OPTIONS, check
from dana.poet.values import word

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

EXPLICIT, PROFILE, DOMAIN, PRIORITY, DEFAULT = "explicit", "profile", "domain", "priority", "default"
SIGNATURE = "signature"
LEARNT = "learnt"
# How the priority changes a number of retries nobody chose (P86).
MORE_RETRIES = {"low": -1, "normal": 0, "high": 0, "critical": 2}
MOST_RETRIES = 10


class Origins(dict[str, str]):
    """Where values come from, by option; what is not in it has its default."""

    __slots__ = ()

    def __missing__(self, name: str) -> str:
        return DEFAULT


class POETConfig:
    """All options (P42); `origins` says where each value comes from. Raises `POETConfigError` for what is no option.

    `profile` applies where `given` names none; `hints` are what the domain suggests.
    """

    __slots__ = (*OPTIONS, "origins")

    retries: int
    timeout: float | None
    attempt_timeout: float | None
    backoff: float
    backoff_factor: float
    backoff_max: float
    jitter: str
    retry_on: Any
    retry_budget: float | None
    breaker: Any
    bulkhead: int | None
    priority: str
    fallback: Any
    cache: Any
    batch: dict[str, Any] | None
    hedge: Any
    isolation: str | None
    domain: str | None
    plugins: Any
    custom_plugin: Any
    plugin_config: dict[str, Any] | None
    profile: str | None
    interrupts: str
    learning: str
    store: Any
    learnable: Any
    feedback_mode: str | None
    simulation: Any
    train_handler: Callable[..., Any] | None
    perceive_handler: Callable[..., Any] | None
    enforce_handler: Callable[..., Any] | None
    safety_critical: bool
    audit_trail: bool
    context_window: int
    rollout: float
    name: str | None
    enabled: bool

    def __init__(self, /, **given: Any) -> None:
        self._fill(given, None, {})

    @classmethod
    def resolved(
        cls, given: Mapping[str, Any], profile: str | None = None, hints: Mapping[str, Any] | None = None
    ) -> POETConfig:
        """The configuration of a function: what is `given` at the decorator, then a profile, then hints."""
        made = cls.__new__(cls)
        made._fill(given, profile, hints or {})
        return made

    def _fill(self, given: Mapping[str, Any], profile: str | None, hints: Mapping[str, Any]) -> None:
        refuse_wrong(given)
        self.origins = Origins()
        named = given.get("profile") or profile
        layers: list[tuple[str, Mapping[str, Any]]] = [(EXPLICIT, given)]
        if named is not None:
            from dana.poet import profiles

            if named not in profiles.names():
                from dana.poet.errors import POETConfigError

                msg = f"there is no profile {named!r}"
                raise POETConfigError(msg, "", "there are " + ", ".join(profiles.names()))
            layers.append((PROFILE, profiles.profile(named)))
        layers.append((DOMAIN, hints))
        for name, option in OPTIONS.items():
            origin, value = next(((o, layer[name]) for o, layer in layers if name in layer), (DEFAULT, option.default))
            setattr(self, name, normal(name, value))
            if origin is not DEFAULT:
                self.origins[name] = origin
        if named is not None and given.get("profile") is None:
            self.profile, self.origins["profile"] = named, PROFILE
        more = MORE_RETRIES[self.priority]
        if more and self.origins["retries"] != EXPLICIT:
            self.retries = max(0, min(self.retries + more, MOST_RETRIES))
            self.origins["retries"] = PRIORITY

    def changed(self, learnt: Mapping[str, Any]) -> POETConfig:
        """The same with some options at what was learnt."""
        made = POETConfig.__new__(POETConfig)
        for name in OPTIONS:
            setattr(made, name, learnt.get(name, getattr(self, name)))
        made.origins = Origins(self.origins)
        made.origins.update(dict.fromkeys(learnt, LEARNT))
        return made

    def to_dict(self) -> dict[str, Any]:
        """Every option's value by name."""
        return {name: getattr(self, name) for name in OPTIONS}

    def __repr__(self) -> str:
        said = ", ".join(f"{n}={getattr(self, n)!r}" for n in OPTIONS if self.origins[n] != DEFAULT)
        return f"POETConfig({said})"


def normal(name: str, value: Any) -> Any:
    """A value as the pipeline knows it: modes as words."""
    if name == "learning" and value.__class__ is bool:
        return "on" if value else "off"
    if name == "interrupts" and value.__class__ is bool:
        return "on" if value else "off"
    return word(value)


def refuse_wrong(given: Mapping[str, Any], function: str = "") -> None:
    """Raise `POETConfigError` for the first option that does not exist or is wrong."""
    for problem in check((key, None, value) for key, value in given.items()):
        from dana.poet.errors import POETConfigError

        raise POETConfigError(problem.message, function, problem.hint, problem.code)


def register_profile(name: str, options: Mapping[str, Any]) -> None:
    """Add a profile, or put another in its place (P41). Raises `POETConfigError` for what is no option, or wrong."""
    from dana.poet import profiles
    from dana.poet.errors import POETConfigError

    if not name.isidentifier():
        msg = f"a profile is named like a variable, not {name!r}"
        raise POETConfigError(msg)
    refuse_wrong(options)
    if "profile" in options:
        msg = f"profile {name}: a profile cannot name another one"
        raise POETConfigError(msg)
    profiles.put(name, options)
