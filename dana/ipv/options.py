"""The options of `reason`: five dimensions, profiles, and what they come to. Data and small functions.

    reliability   how hard a valid answer is tried for       low, medium, high, maximum
    precision     how much the decoder may put right         loose, general, specific, exact
    safety        what is done about untrusted material      low, medium, high, maximum
    structure     how the form of the answer is asked for    free, organized, formatted, strict
                  (formatted: in words, and by a schema after two answers that were not valid; strict: by both at once)
    detail        how much of the context is sent            minimal, standard, detailed, maximum

What is written at the call wins over its `profile`, and the profile over what suits the type.
"""

from __future__ import annotations

from dana.diagnostics import bounded_repr, suggest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

DIMENSIONS: dict[str, tuple[str, ...]] = {
    "reliability": ("low", "medium", "high", "maximum"),
    "precision": ("loose", "general", "specific", "exact"),
    "safety": ("low", "medium", "high", "maximum"),
    "structure": ("free", "organized", "formatted", "strict"),
    "detail": ("minimal", "standard", "detailed", "maximum"),
}
DEFAULTS = {
    "reliability": "high", "precision": "specific", "safety": "medium", "structure": "organized", "detail": "standard",
}  # fmt: skip
# What suits a type: numbers and conditions want exactness and little context, data wants structure and much.
_EXACT = {"reliability": "maximum", "precision": "exact", "structure": "strict"}
BY_TYPE: dict[str, dict[str, str]] = {
    "float": {**_EXACT, "safety": "high"},
    "int": {**_EXACT, "safety": "high"},
    "bool": _EXACT,
    "str": {},
    "data": {"structure": "formatted", "detail": "detailed"},
}
PROFILES: dict[str, dict[str, Any]] = {
    "production": {"reliability": "high", "precision": "specific", "safety": "high", "temperature": 0.0},
    "creative": {"reliability": "low", "precision": "loose", "safety": "low", "structure": "free", "temperature": 1.0},
    "scientific": {"reliability": "maximum", "precision": "exact", "detail": "maximum", "temperature": 0.0},
    "financial": {"reliability": "maximum", "precision": "exact", "safety": "maximum", "temperature": 0.0},
    "casual": {"reliability": "low", "precision": "general", "safety": "low"},
}
# Re-asks after an answer that was not valid.
RETRIES = {"low": 1, "medium": 2, "high": 3, "maximum": 5}
# Characters of encoded context that are sent.
CONTEXT_CHARS = {"minimal": 4_000, "standard": 24_000, "detailed": 100_000, "maximum": 400_000}
TIMEOUT_S = 60.0
LONGEST_TIMEOUT_S = 3_600.0
MOST_RETRIES = 20
BUDGET = ("tokens", "usd", "seconds")
FORMATS = ("text", "json")
# Every option there is, in the order of the documentation.
NAMES = (
    "context", "type", "model", "temperature", "max_tokens", "system", "timeout", "retries", "seed", "budget",
    "profile", *DIMENSIONS, "format", "stream", "use_mock", "variants", "tools", "confirm", "rounds",
)  # fmt: skip
SYNONYMS = {"system_message": "system"}


class OptionRefused(ValueError):
    """An option that cannot mean anything; `hint` says what could."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


class Options:
    """The settled options of one call. Times are seconds; `context_chars` what of the context is sent."""

    __slots__ = (
        "budget_s",
        "budget_tokens",
        "budget_usd",
        "context_chars",
        "format",
        "max_tokens",
        "precision",
        "retries",
        "safety",
        "seed",
        "structure",
        "system",
        "temperature",
        "timeout_s",
    )

    def __init__(self, given: Mapping[str, Any], family: str = "str") -> None:
        """Settle what was given for an answer of a family of types (`family_of`). Raises `OptionRefused`."""
        if not given and family in _settled:
            for name in Options.__slots__:
                setattr(self, name, getattr(_settled[family], name))
            return
        for name in given:
            if name not in NAMES:
                raise unknown(name)
        profile = given.get("profile")
        if profile is not None:
            chosen_from("profile", profile, tuple(PROFILES))
        said = {**DEFAULTS, **BY_TYPE.get(family, {}), **(PROFILES[profile] if profile is not None else {})}
        for name, values in DIMENSIONS.items():
            value = given.get(name)
            if value is not None:
                chosen_from(name, value, values)
                said[name] = value
        self.precision = said["precision"]
        self.safety = said["safety"]
        self.structure = said["structure"]
        self.context_chars = CONTEXT_CHARS[said["detail"]]
        self.retries = _number("retries", given.get("retries"), 0, MOST_RETRIES, whole=True)
        if self.retries is None:
            self.retries = RETRIES[said["reliability"]]
        default = 0.0 if said["reliability"] == "maximum" else None
        self.temperature = _number("temperature", given.get("temperature"), 0, 2)
        if self.temperature is None:
            self.temperature = said.get("temperature", default)
        self.max_tokens = _number("max_tokens", given.get("max_tokens"), 1, 10_000_000, whole=True)
        self.timeout_s = _number("timeout", given.get("timeout"), 0.001, LONGEST_TIMEOUT_S)
        if self.timeout_s is None:
            self.timeout_s = TIMEOUT_S
        self.seed = _number("seed", given.get("seed"), -(1 << 63), 1 << 63, whole=True)
        self.system = _text("system", given.get("system"))
        self.format = given.get("format") or "text"
        chosen_from("format", self.format, FORMATS)
        self.budget_tokens, self.budget_usd, self.budget_s = _budget(given.get("budget"))
        if not given:
            _settled[family] = self


_settled: dict[str, Options] = {}


def unknown(name: str) -> OptionRefused:
    """The error for an option there is not."""
    near = suggest(name, NAMES)
    return OptionRefused(
        f"reason has no option `{name}`", f"did you mean `{near}`?" if near else f"its options are {', '.join(NAMES)}"
    )


def chosen_from(name: str, value: Any, values: tuple[str, ...]) -> None:
    """Raises `OptionRefused` for a word that is none of those an option takes."""
    if value in values and isinstance(value, str):
        return
    near = suggest(value, values) if isinstance(value, str) else None
    hint = f'did you mean "{near}"?' if near else "it is " + ", ".join(f'"{v}"' for v in values)
    raise OptionRefused(f"`{name}` of reason cannot be {bounded_repr(value):.60}", hint)


def _number(name: str, value: Any, low: float, high: float, *, whole: bool = False) -> Any:
    if value is None:
        return None
    kinds = int if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        raise OptionRefused(f"`{name}` of reason is {kind} from {low:g} to {high:g}, not {bounded_repr(value):.40}")
    return value


def _text(name: str, value: Any) -> str | None:
    if value is not None and not isinstance(value, str):
        raise OptionRefused(f"`{name}` of reason is a text")
    return value


def _budget(value: Any) -> tuple[int | None, float | None, float | None]:
    if value is None:
        return None, None, None
    if not isinstance(value, dict) or not value:
        raise OptionRefused("`budget` of reason is a dict", 'as in budget={"tokens": 4000, "usd": 0.05, "seconds": 20}')
    for name in value:
        if name not in BUDGET:
            near = suggest(name, BUDGET) if isinstance(name, str) else None
            hint = f'did you mean "{near}"?' if near else "there are " + ", ".join(f'"{b}"' for b in BUDGET)
            raise OptionRefused(f"`budget` of reason has no entry {name!r:.40}", hint)
    return (
        _number("budget tokens", value.get("tokens"), 1, 1 << 50, whole=True),
        _number("budget usd", value.get("usd"), 0, 1e9),
        _number("budget seconds", value.get("seconds"), 0.001, LONGEST_TIMEOUT_S),
    )


def family_of(name: str) -> str:
    """Which row of `BY_TYPE` a type belongs to, by its name as text."""
    return name if name in ("float", "int", "bool", "str") else "data"
