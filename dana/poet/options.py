"""The options `@poet` understands: one table, checked before a program runs and again at decoration.

The checker calls `check` with what it knows at compile time; what it cannot know (a variable, a
function) is checked by `resolve` when the decorator runs. An option is in the table only when it
works: the ones that belong to later versions are refused by name (P28), so that no program ever relies on an option
that does nothing.
"""

from __future__ import annotations

from dana.diagnostics import suggest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

UNKNOWN_OPTION = "E801"
LATER_OPTION = "E802"
WRONG_TYPE = "E803"
WRONG_VALUE = "E804"
NOT_NAMED = "E805"

MAX_RETRIES = 100
MAX_SECONDS = 1e9
JITTERS = ("none", "full", "equal", "decorrelated")


class _Unknown:
    """What the checker passes for a value that only the running program knows."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown()


class Problem:
    """One thing wrong with the options of one decorator.

    `key` is the option's name (None for `**options` and positional ones), `node` what the caller gave for it.
    """

    __slots__ = ("code", "hint", "key", "message", "node")

    def __init__(self, code: str, message: str, key: str | None, hint: str, node: Any = None) -> None:
        self.code = code
        self.message = message
        self.key = key
        self.hint = hint
        self.node = node

    def __repr__(self) -> str:
        return f"Problem({self.code}, {self.message!r}, {self.key!r})"


class Option:
    """A row of the table: name, default, what it takes, what it does, and its own check.

    `check(value)` returns None when the value is fine, else a code and what is wrong with it.
    """

    __slots__ = ("check", "default", "meaning", "name", "takes")

    def __init__(
        self, name: str, default: Any, takes: str, meaning: str, check: Callable[[Any], tuple[str, str] | None]
    ) -> None:
        self.name = name
        self.default = default
        self.takes = takes
        self.meaning = meaning
        self.check = check


def _number(value: Any) -> bool:
    return value.__class__ is int or value.__class__ is float


def _describe(value: Any) -> str:
    text = repr(value)
    if len(text) > 40:
        text = text[:37] + "..."
    return f"{text} ({value.__class__.__name__})"


def _count(value: Any) -> tuple[str, str] | None:
    if value.__class__ is not int:
        return WRONG_TYPE, f"got {_describe(value)}"
    if not 0 <= value <= MAX_RETRIES:
        return WRONG_VALUE, f"{value} is outside 0 to {MAX_RETRIES}"
    return None


def _seconds(value: Any, *, zero: bool) -> tuple[str, str] | None:
    if not _number(value):
        return WRONG_TYPE, f"got {_describe(value)}"
    if not (value >= 0 if zero else value > 0) or not value <= MAX_SECONDS:
        return WRONG_VALUE, f"got {value}"
    return None


def _timeout(value: Any) -> tuple[str, str] | None:
    return None if value is None else _seconds(value, zero=False)


def _delay(value: Any) -> tuple[str, str] | None:
    return _seconds(value, zero=True)


def _factor(value: Any) -> tuple[str, str] | None:
    if not _number(value):
        return WRONG_TYPE, f"got {_describe(value)}"
    if not 1 <= value <= 100:
        return WRONG_VALUE, f"{value} is outside 1 to 100"
    return None


def _jitter(value: Any) -> tuple[str, str] | None:
    if value.__class__ is not str:
        return WRONG_TYPE, f"got {_describe(value)}"
    if value not in JITTERS:
        close = suggest(value, JITTERS)
        return WRONG_VALUE, f"{value!r} is no kind of jitter" + (f" (did you mean {close!r}?)" if close else "")
    return None


def _budget(value: Any) -> tuple[str, str] | None:
    if value is None:
        return None
    if not _number(value):
        return WRONG_TYPE, f"got {_describe(value)}"
    if not 0 < value <= 1:
        return WRONG_VALUE, f"{value} is outside 0 (not included) to 1"
    return None


def _retry_on(value: Any) -> tuple[str, str] | None:
    if value is None or _is_fault_type(value):
        return None
    if value.__class__ in (list, tuple) and value and all(_is_fault_type(item) for item in value):
        return None
    if callable(value) and not isinstance(value, type):
        return None
    return WRONG_TYPE, f"got {_describe(value)}"


def _is_fault_type(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Exception)


def _handler(value: Any) -> tuple[str, str] | None:
    if value is None or callable(value):
        return None
    return WRONG_TYPE, f"got {_describe(value)}"


def _switch(value: Any) -> tuple[str, str] | None:
    return None if value.__class__ is bool else (WRONG_TYPE, f"got {_describe(value)}")


OPTIONS: dict[str, Option] = {
    option.name: option
    for option in (
        Option(
            "retries",
            3,
            f"a whole number from 0 to {MAX_RETRIES}",
            "How many further attempts may follow a failed one. `0` means exactly one call.",
            _count,
        ),
        Option(
            "timeout",
            30.0,
            "seconds above 0, or None for no deadline",
            "Longest time of the whole call: all attempts, the waits between them, and both handlers.",
            _timeout,
        ),
        Option(
            "backoff",
            0.1,
            "seconds from 0",
            "Wait before the first retry; `0` retries at once.",
            _delay,
        ),
        Option(
            "backoff_factor",
            2.0,
            "a number from 1 to 100",
            "What the wait is multiplied by after every failed retry; `1` keeps it constant.",
            _factor,
        ),
        Option(
            "backoff_max",
            8.0,
            "seconds from 0",
            "No wait is longer than this.",
            _delay,
        ),
        Option(
            "jitter",
            "full",
            "one of " + ", ".join(f'"{name}"' for name in JITTERS),
            "How waits are spread, so that many callers do not retry in step.",
            _jitter,
        ),
        Option(
            "retry_on",
            None,
            "an exception type, a list of them, a function that decides, or None",
            "Which faults are worth another attempt; None means the transient ones.",
            _retry_on,
        ),
        Option(
            "retry_budget",
            None,
            "a share above 0 up to 1, or None for no budget",
            "Retries may add at most this share to the calls of the function, "
            "so that a dead dependency is not stormed.",
            _budget,
        ),
        Option(
            "perceive_handler",
            None,
            "a function, or None",
            "Receives the bound arguments before the call and may return changed ones.",
            _handler,
        ),
        Option(
            "enforce_handler",
            None,
            "a function, or None",
            "Receives the result; returns it (mended, if need be) or raises to refuse it.",
            _handler,
        ),
        Option(
            "enabled",
            True,
            "True or False",
            "`False` leaves the function exactly as it is written.",
            _switch,
        ),
    )
}

# Named by the design, absent here: they are refused until they work.
LATER = frozenset(
    {
        "learning",
        "interrupts",
        "priority",
        "domain",
        "plugin_config",
        "plugins",
        "custom_plugin",
        "train_handler",
        "profile",
        "safety_critical",
        "audit_trail",
        "context_window",
        "feedback_mode",
        "simulation_models",
        "learning_algorithm",
        "enable_safe_testing",
        "attempt_timeout",
        "breaker",
        "bulkhead",
        "cache",
        "batch",
        "fallback",
        "hedge",
        "rollout",
        "store",
        "isolation",
    }
)

# What people type when they mean one of ours.
SYNONYMS = {
    "retry": "retries",
    "attempts": "retries",
    "max_attempts": "retries",
    "max_retries": "retries",
    "tries": "retries",
    "deadline": "timeout",
    "timeout_s": "timeout",
    "time_limit": "timeout",
    "delay": "backoff",
    "base_delay": "backoff",
    "wait": "backoff",
    "max_delay": "backoff_max",
    "max_backoff": "backoff_max",
    "multiplier": "backoff_factor",
    "exceptions": "retry_on",
    "perceive": "perceive_handler",
    "enforce": "enforce_handler",
    "validate": "enforce_handler",
}


def check(keywords: Iterable[tuple[str | None, Any, Any]]) -> list[Problem]:
    """Everything wrong with a decorator's options, as far as can be known before the program runs.

    `keywords` are `(name, node, value)` in order; `value` is `UNKNOWN` when it is not a constant;
    `name` is None for `**options` and for positional arguments, which `@poet` does not take.
    """
    problems: list[Problem] = []
    for name, node, value in keywords:
        problem = _check_one(name, node, value)
        if problem is not None:
            problems.append(problem)
    return problems


def _check_one(name: str | None, node: Any, value: Any) -> Problem | None:
    if name is None:
        hint = "write each one out, like @poet(retries=3)"
        return Problem(NOT_NAMED, "@poet takes its options by name only", None, hint, node)
    option = OPTIONS.get(name)
    if option is None:
        return _unknown(name, node)
    wrong = None if value is UNKNOWN else option.check(value)
    if wrong is None:
        return None
    code, what = wrong
    return Problem(code, f"option `{name}` of @poet takes {option.takes}: {what}", name, _repair(option, value), node)


def _unknown(name: str, node: Any) -> Problem:
    if name in LATER:
        message = f"option `{name}` of @poet is not available in this version"
        return Problem(LATER_OPTION, message, name, "available now: " + ", ".join(OPTIONS), node)
    close = SYNONYMS.get(name) or suggest(name, [*OPTIONS, *LATER])
    hint = f"did you mean `{close}`?" if close else "the options are: " + ", ".join(OPTIONS)
    return Problem(UNKNOWN_OPTION, f"@poet has no option `{name}`", name, hint, node)


def _repair(option: Option, value: Any) -> str:
    if value.__class__ is str and option.check is _handler:
        return "pass the function itself, not its name as text"
    if value.__class__ is bool and option.name == "retries":
        return f"write `retries={3 if value else 0}`"
    if option.name == "timeout" and value == 0:
        return "write `timeout=None` for no deadline"
    return option.meaning.replace("`", "")


class Options:
    """The checked options of one decorated function, defaults filled in."""

    __slots__ = tuple(OPTIONS)

    retries: int
    timeout: float | None
    backoff: float
    backoff_factor: float
    backoff_max: float
    jitter: str
    retry_on: Any
    retry_budget: float | None
    perceive_handler: Callable[..., Any] | None
    enforce_handler: Callable[..., Any] | None
    enabled: bool

    def __init__(self, given: Mapping[str, Any]) -> None:
        for name, option in OPTIONS.items():
            setattr(self, name, given.get(name, option.default))
