"""Tests of option values: each returns None for a value that is fine, else a code and what is wrong with it."""

from __future__ import annotations

from dana.diagnostics import bounded_repr, suggest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    Wrong = tuple[str, str] | None

WRONG_TYPE = "E803"
WRONG_VALUE = "E804"

MAX_RETRIES = 100
MAX_SECONDS = 1e9
MAX_ENTRIES = 1_000_000
JITTERS = ("none", "full", "equal", "decorrelated")
PRIORITIES = ("low", "normal", "high", "critical")
LEARNING = ("off", "on", "batch", "hybrid")
FEEDBACK = ("real_world", "simulation", "hybrid", "safe_testing")
INTERRUPTS = ("off", "auto", "on", "on_error", "on_critical")
BREAKER = ("failure_rate", "slow_rate", "slow_s", "least", "window", "window_s", "open_s", "open_max_s", "probes",
           "probe_s")  # fmt: skip
CACHE = ("ttl", "size")
BATCH = ("size", "window")
PERCENTILES = ("p50", "p90", "p95", "p99")
# The options that stand for something that can be learnt.
LEARNABLE = ("retries", "timeout", "attempt_timeout", "backoff", "backoff_factor", "backoff_max", "jitter", "breaker",
             "cache")  # fmt: skip
MAX_WINDOW_S = 60.0
PLUGIN = ("perceive", "enforce")


def one_of(words: Iterable[str]) -> str:
    """The words as a sentence wants them."""
    return "one of " + ", ".join(f'"{word}"' for word in words)


def word(value: Any) -> Any:
    """A text as such: members of an enumeration of texts stand for theirs."""
    return getattr(value, "value", value) if isinstance(value, str) else value


def _number(value: Any) -> bool:
    return value.__class__ is int or value.__class__ is float


def _got(value: Any) -> Wrong:
    return WRONG_TYPE, f"got {_describe(value)}"


def _describe(value: Any) -> str:
    text = bounded_repr(value)
    if len(text) > 40:
        text = text[:37] + "..."
    return f"{text} ({value.__class__.__name__})"


def _whole(value: Any, low: int, high: int) -> Wrong:
    if value.__class__ is not int:
        return _got(value)
    return None if low <= value <= high else (WRONG_VALUE, f"{value} is outside {low} to {high}")


def _choice(value: Any, words: tuple[str, ...], what: str) -> Wrong:
    value = word(value)
    if value.__class__ is not str:
        return _got(value)
    if value in words:
        return None
    close = suggest(value, words)
    return WRONG_VALUE, f"{value!r} is no {what}" + (f" (did you mean {close!r}?)" if close else "")


def _seconds(value: Any, *, zero: bool) -> Wrong:
    if not _number(value):
        return _got(value)
    if not (value >= 0 if zero else value > 0) or not value <= MAX_SECONDS:
        return WRONG_VALUE, f"got {value}"
    return None


# --- numbers ------------------------------------------------------------------------------------


def count(value: Any) -> Wrong:
    """A number of retries."""
    return _whole(value, 0, MAX_RETRIES)


def places(value: Any) -> Wrong:
    """Places in a bulkhead, or None."""
    return None if value is None else _whole(value, 1, MAX_ENTRIES)


def tokens(value: Any) -> Wrong:
    """A number of tokens."""
    return _whole(value, 1, 100_000_000)


def timeout(value: Any) -> Wrong:
    """Seconds above 0, or None."""
    return None if value is None else _seconds(value, zero=False)


def delay(value: Any) -> Wrong:
    """Seconds from 0."""
    return _seconds(value, zero=True)


def factor(value: Any) -> Wrong:
    """What a wait is multiplied by."""
    if not _number(value):
        return _got(value)
    return None if 1 <= value <= 100 else (WRONG_VALUE, f"{value} is outside 1 to 100")


def share(value: Any) -> Wrong:
    """A share above 0, or None."""
    if value is None:
        return None
    if not _number(value):
        return _got(value)
    return None if 0 < value <= 1 else (WRONG_VALUE, f"{value} is outside 0 (not included) to 1")


def rollout(value: Any) -> Wrong:
    """A share from 0 to 1."""
    if not _number(value):
        return _got(value)
    return None if 0 <= value <= 1 else (WRONG_VALUE, f"{value} is outside 0 to 1")


# --- words --------------------------------------------------------------------------------------


def jitter(value: Any) -> Wrong:
    """A kind of jitter."""
    return _choice(value, JITTERS, "kind of jitter")


def priority(value: Any) -> Wrong:
    """A priority (P16)."""
    return _choice(value, PRIORITIES, "priority")


def learning(value: Any) -> Wrong:
    """A mode of learning (P13, P32), or a truth value."""
    return None if value.__class__ is bool else _choice(value, LEARNING, "mode of learning")


def feedback_mode(value: Any) -> Wrong:
    """A mode of feedback (P34, P111–P114), or None."""
    return None if value is None else _choice(value, FEEDBACK, "mode of feedback")


def simulation(value: Any) -> Wrong:
    """A function, several of them by name, or None (P112)."""
    if value.__class__ is dict and value:
        return next((_got(model) for model in value.values() if not callable(model)), None)
    return None if value is None or callable(value) else _got(value)


def interrupts(value: Any) -> Wrong:
    """A mode of interrupts (P14, P33), or a truth value."""
    return None if value.__class__ is bool else _choice(value, INTERRUPTS, "mode of interrupts")


def text(value: Any) -> Wrong:
    """A name, or None."""
    if value is None:
        return None
    if value.__class__ is not str:
        return _got(value)
    return None if 0 < len(value) <= 200 else (WRONG_VALUE, "a name has 1 to 200 characters")


def domain(value: Any) -> Wrong:
    """A domain that exists (PC26), or None."""
    if value is None:
        return None
    if value.__class__ is not str:
        return _got(value)
    from dana.poet.domains import ALIASES, DOMAINS

    if value in DOMAINS or value in ALIASES or value == "auto":
        return None
    from dana.poet.plugins import finding

    if finding.found(value) is not None:
        return None
    close = suggest(value, finding.names())
    known = f"did you mean {close!r}?" if close else "there is " + ", ".join(DOMAINS)
    return WRONG_VALUE, f"there is no domain {value!r} ({known})"


def profile(value: Any) -> Wrong:
    """A profile that exists (P41), or None."""
    if value is None:
        return None
    if value.__class__ is not str:
        return _got(value)
    from dana.poet.profiles import names

    known = names()
    if value in known:
        return None
    close = suggest(value, known)
    said = f"did you mean {close!r}?" if close else "there are " + ", ".join(known)
    return WRONG_VALUE, f"there is no profile {value!r} ({said})"


# --- functions and collections ------------------------------------------------------------------


def handler(value: Any) -> Wrong:
    """A function, the name of one, or None."""
    if value.__class__ is str:
        path = value.removeprefix("Dana::").split(".")
        return None if all(part.isidentifier() for part in path) else (WRONG_VALUE, f"{value!r} names no function")
    return None if value is None or callable(value) else _got(value)


def fallback(value: Any) -> Wrong:
    """A function, several of them, or None."""
    if value.__class__ in (list, tuple) and value and all(callable(item) for item in value):
        return None
    return None if value is None or callable(value) else _got(value)


def retry_on(value: Any) -> Wrong:
    """Exception types, or a function that decides."""
    if value is None or _is_fault_type(value):
        return None
    if value.__class__ in (list, tuple) and value and all(_is_fault_type(item) for item in value):
        return None
    return None if callable(value) and not isinstance(value, type) else _got(value)


def _is_fault_type(value: Any) -> bool:
    return isinstance(value, type) and issubclass(value, Exception)


def switch(value: Any) -> Wrong:
    """True or False."""
    return None if value.__class__ is bool else _got(value)


def breaker(value: Any) -> Wrong:
    """On, off, or the settings of `dana.adaptive.breaker.Breaker`."""
    if value.__class__ is bool:
        return None
    if value.__class__ is not dict:
        return _got(value)
    wrong = _keys(value, BREAKER, "setting of a breaker")
    if wrong is not None:
        return wrong
    for name, setting in value.items():
        if not _number(setting) or (name in ("least", "window", "probes") and setting.__class__ is not int):
            return WRONG_TYPE, f"its {name} is {_describe(setting)}"
        if not 0 < setting <= MAX_SECONDS:
            return WRONG_VALUE, f"its {name} is {setting}"
    from dana.adaptive.breaker import Breaker

    try:
        Breaker(**value)
    except ValueError as refused:
        return WRONG_VALUE, str(refused)
    return None


def cache(value: Any) -> Wrong:
    """On, off, seconds, or a dict with `ttl` and `size`."""
    if value.__class__ is bool:
        return None
    if value.__class__ is not dict:
        return _seconds(value, zero=False)
    wrong = _keys(value, CACHE, "setting of a cache") or timeout(value.get("ttl"))
    return wrong or _whole(value.get("size", 1), 1, MAX_ENTRIES)


def batch(value: Any) -> Wrong:
    """None, or a dict with `size` and `window`."""
    if value is None:
        return None
    if value.__class__ is not dict:
        return _got(value)
    wrong = _keys(value, BATCH, "setting of batches") or _whole(value.get("size", 2), 2, MAX_ENTRIES)
    if wrong is not None:
        return wrong
    window = value.get("window", 0)
    if not _number(window):
        return WRONG_TYPE, f"its window is {_describe(window)}"
    return None if 0 <= window <= MAX_WINDOW_S else (WRONG_VALUE, f"its window is {window} seconds")


def hedge(value: Any) -> Wrong:
    """None, seconds, or a percentile of the calls so far."""
    if value is None or value.__class__ is str:
        return None if value is None else _choice(value, PERCENTILES, "percentile of the calls")
    return _seconds(value, zero=False)


def isolation(value: Any) -> Wrong:
    """None or "process"."""
    return None if value is None else _choice(value, ("process",), "kind of isolation")


def store(value: Any) -> Wrong:
    """None, the path or URL of a store, or in Python a `LearningStore`."""
    if value is None or callable(getattr(value, "load_subject", None)):
        return None
    if value.__class__ is not str:
        return _got(value)
    from dana.poet.store.opening import problem_of

    wrong = problem_of(value)
    return None if wrong is None else (WRONG_VALUE, f"{wrong} ({wrong.hint})")


def learnable(value: Any) -> Wrong:
    """A list of options that stand for knobs."""
    if value.__class__ not in (list, tuple):
        return _got(value)
    return next((wrong for name in value if (wrong := _choice(name, LEARNABLE, "option that can be learnt"))), None)


def _keys(value: dict[Any, Any], known: tuple[str, ...], what: str) -> Wrong:
    for name in value:
        if name not in known:
            close = suggest(name, known) if name.__class__ is str else None
            return WRONG_VALUE, f"{name!r} is no {what}" + (f" (did you mean {close!r}?)" if close else "")
    return None


def settings(value: Any) -> Wrong:
    """A dict with text keys, or None."""
    if value is None or (value.__class__ is dict and all(name.__class__ is str for name in value)):
        return None
    return _got(value)


def plugin(value: Any) -> Wrong:
    """A plugin of whatever form, or None."""
    if value.__class__ is str:
        return domain(value)
    if value.__class__ is dict:
        wrong = _keys(value, PLUGIN, "part of a plugin")
        if wrong is None and not (value and all(callable(part) for part in value.values())):
            wrong = WRONG_TYPE, "its parts are functions"
        return wrong
    return _got(value) if value.__class__ in (bool, int, float, list, tuple) else None


def plugins(value: Any) -> Wrong:
    """Several plugins."""
    if value.__class__ not in (list, tuple):
        return _got(value)
    return next((wrong for wrong in map(plugin, value) if wrong is not None), None)
