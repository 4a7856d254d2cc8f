"""The options `@poet` understands: one table, checked before a program runs and again at decoration.

The checker calls `check` with what it knows at compile time; what it cannot know (a variable, a
function) is checked again when the decorator runs. An option is in the table only when it
works: the ones that belong to later versions are refused by name (P28), so that no program ever relies on an option
that does nothing. `values.py` has the tests of single values.
"""

from __future__ import annotations

from dana.diagnostics import suggest
from dana.poet import values as v
from dana.poet.values import WRONG_TYPE, WRONG_VALUE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

UNKNOWN_OPTION = "E801"
NOT_NAMED = "E805"

__all__ = ["OPTIONS", "SYNONYMS", "UNKNOWN", "WRONG_TYPE", "WRONG_VALUE", "Option", "Problem", "check"]


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


OPTIONS: dict[str, Option] = {
    option.name: option
    for option in (
        Option(
            "retries",
            3,
            f"a whole number from 0 to {v.MAX_RETRIES}",
            "How many further attempts may follow a failed one. `0` means exactly one call.",
            v.count,
        ),
        Option(
            "timeout",
            None,
            "seconds above 0, or None for no deadline",
            "Longest time of the whole call: all attempts, the waits between them, and the handlers.",
            v.timeout,
        ),
        Option(
            "attempt_timeout",
            None,
            "seconds above 0, or None",
            "Longest time of one attempt; one that takes longer is a failed attempt.",
            v.timeout,
        ),
        Option(
            "backoff",
            0.1,
            "seconds from 0",
            "Wait before the first retry; `0` retries at once.",
            v.delay,
        ),
        Option(
            "backoff_factor",
            2.0,
            "a number from 1 to 100",
            "What the wait is multiplied by after every failed retry; `1` keeps it constant.",
            v.factor,
        ),
        Option(
            "backoff_max",
            8.0,
            "seconds from 0",
            "No wait is longer than this.",
            v.delay,
        ),
        Option(
            "jitter",
            "full",
            v.one_of(v.JITTERS),
            "How waits are spread, so that many callers do not retry in step.",
            v.jitter,
        ),
        Option(
            "retry_on",
            None,
            "an exception type, a list of them, a function that decides, or None",
            "Which faults are worth another attempt; None means the transient ones.",
            v.retry_on,
        ),
        Option(
            "retry_budget",
            None,
            "a share above 0 up to 1, or None for no budget",
            "Retries may add at most this share to the calls of the function, "
            "so that a dead dependency is not stormed.",
            v.share,
        ),
        Option(
            "breaker",
            False,
            "True, False, or a dict of settings: " + ", ".join(v.BREAKER),
            "Stop calling a function that mostly fails, and find out gently when it works again.",
            v.breaker,
        ),
        Option(
            "bulkhead",
            None,
            "a whole number from 1, or None",
            "At most so many calls at once; further ones are refused.",
            v.places,
        ),
        Option(
            "priority",
            "normal",
            v.one_of(v.PRIORITIES),
            "How much a call matters: its share of the bulkhead, and how often it is retried.",
            v.priority,
        ),
        Option(
            "fallback",
            None,
            "a function, a list of functions, or None",
            "Called with the same arguments when all attempts have failed; its result is checked, too.",
            v.fallback,
        ),
        Option(
            "cache",
            False,
            "True, False, seconds above 0, or a dict with ttl and size",
            "Remember results of a pure function by its arguments.",
            v.cache,
        ),
        Option(
            "batch",
            None,
            "a dict with size and window, or None",
            "Gather single items of calls made side by side into one call with a list.",
            v.batch,
        ),
        Option(
            "hedge",
            None,
            'seconds above 0, "p50", "p90", "p95", "p99", or None',
            "Begin a second attempt beside one that has not answered by then; the first answer counts.",
            v.hedge,
        ),
        Option(
            "isolation",
            None,
            'None or "process"',
            "Run the body of a Python function in a worker process, which is ended at a deadline.",
            v.isolation,
        ),
        Option(
            "domain",
            None,
            'the name of a domain, "auto", or None',
            "What a trade knows about arguments and results: reads messy values, refuses impossible ones.",
            v.domain,
        ),
        Option(
            "plugins",
            (),
            "a list of domains and plugins",
            "Several plugins, in order.",
            v.plugins,
        ),
        Option(
            "custom_plugin",
            None,
            "a plugin, or a dict with functions under perceive and enforce",
            "A plugin of your own.",
            v.plugin,
        ),
        Option(
            "plugin_config",
            None,
            "a dict of settings",
            "Settings of the domain.",
            v.settings,
        ),
        Option(
            "profile",
            None,
            "the name of a profile, or None",
            "Where the options that are not written out come from.",
            v.profile,
        ),
        Option(
            "interrupts",
            "auto",
            "True, False or " + v.one_of(v.INTERRUPTS),
            "When a person is asked to correct, guide or override a call.",
            v.interrupts,
        ),
        Option(
            "learning",
            "on",
            "True, False or " + v.one_of(v.LEARNING),
            "How the function learns from its calls; figures are kept in any case.",
            v.learning,
        ),
        Option(
            "store",
            None,
            "a path or a URL of a store, or None for the program's",
            "Where what is learnt about the function is kept from one run to the next.",
            v.store,
        ),
        Option(
            "learnable",
            (),
            "a list of options: " + ", ".join(v.LEARNABLE),
            "Options that learning may change although their values are written out.",
            v.learnable,
        ),
        Option(
            "feedback_mode",
            None,
            v.one_of(v.FEEDBACK) + ", or None",
            "Who says how good results are: reality, a simulation, both, or a test without effects.",
            v.feedback_mode,
        ),
        Option(
            "simulation",
            None,
            "a function of the arguments and the result, a dict of such functions, or None",
            "Says how good a result would be, from 0 to 1.",
            v.simulation,
        ),
        Option(
            "train_handler",
            None,
            "a function, the name of one, or None",
            "Called after a success with the call, its result and its figures.",
            v.handler,
        ),
        Option(
            "perceive_handler",
            None,
            "a function, the name of one, or None",
            "Receives the bound arguments before the call and may return changed ones.",
            v.handler,
        ),
        Option(
            "enforce_handler",
            None,
            "a function, the name of one, or None",
            "Receives the result; returns it (mended, if need be) or raises to refuse it.",
            v.handler,
        ),
        Option(
            "safety_critical",
            False,
            "True or False",
            "Never work around a plugin that fails, and ask a person when an attempt has failed.",
            v.switch,
        ),
        Option(
            "audit_trail",
            False,
            "True or False",
            "Write every call, its stages and its end to the ledger.",
            v.switch,
        ),
        Option(
            "context_window",
            4096,
            "a whole number from 1",
            "How many tokens a model is shown; kept for functions that ask one.",
            v.tokens,
        ),
        Option(
            "rollout",
            1.0,
            "a share from 0 to 1",
            "The share of calls that take the pipeline; the others run the bare function.",
            v.rollout,
        ),
        Option(
            "name",
            None,
            "text, or None",
            "What messages and records call the function.",
            v.text,
        ),
        Option(
            "enabled",
            True,
            "True or False",
            "`False` leaves the function exactly as it is written.",
            v.switch,
        ),
    )
}

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
    "train": "train_handler",
    "per_attempt_timeout": "attempt_timeout",
    "circuit_breaker": "breaker",
    "max_concurrent": "bulkhead",
    "critical": "safety_critical",
    "audit": "audit_trail",
    "memoize": "cache",
    "batching": "batch",
    "hedging": "hedge",
    "learning_store": "store",
    "plugin": "custom_plugin",
    "simulation_models": "simulation",
    "simulator": "simulation",
    "feedback": "feedback_mode",
    "enable_safe_testing": "feedback_mode",
    "learning_algorithm": "learning",
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
    close = SYNONYMS.get(name) or suggest(name, OPTIONS)
    hint = f"did you mean `{close}`?" if close else "the options are: " + ", ".join(OPTIONS)
    return Problem(UNKNOWN_OPTION, f"@poet has no option `{name}`", name, hint, node)


def _repair(option: Option, value: Any) -> str:
    if value.__class__ is str and option.check is v.fallback:
        return "pass the function itself, not its name as text"
    if value.__class__ is bool and option.name == "retries":
        return f"write `retries={3 if value else 0}`"
    if option.name == "timeout" and value == 0:
        return "write `timeout=None` for no deadline"
    return option.meaning.replace("`", "")
