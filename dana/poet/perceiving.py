"""Domains in the fast form of a call: what plugins know of a parameter, as a test and a reader for it.

A function with a domain whose calls nobody observes needs no dict of arguments, no notes and no status. For each
parameter that a plugin knows there is a `Reader`:

    score = score if score.__class__ is int and 300 <= score <= 850 else read(score)

so that a clean argument costs a comparison. What a reader cannot settle by itself (a refusal, a plugin that fails, a
person who is to be asked) it leaves to the whole form of the call, which begins anew with the arguments as they came.
"""

from __future__ import annotations

from dana.adaptive.faults import NEVER
from dana.poet.plugins.base import Plugin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any, TypeAlias

    from dana.poet.plan import Plan
    from dana.poet.plugins.base import Clean, Rule

    # A parameter's kind in the generated text, and what its lines need.
    Reader: TypeAlias = tuple[str, tuple[Any, ...]]

# Kinds of readers: with a test before it, without one, only "is it given".
TESTED, READ, GIVEN = "tested", "read", "given"


class UnclearError(Exception):
    """An argument needs the whole form of the call."""


def readers(plan: Plan) -> dict[str, Reader] | None:
    """The readers by parameter, and what must be given; None where the fast form cannot do what the plugins want."""
    parameters, config = plan.parameters, plan.config
    if not plan.plugins or parameters is None or plan.critical or config.interrupts not in ("off", "auto"):
        return None
    if plan.perceiver is not None or plan.tells:
        return None
    rules: dict[str, list[Rule]] = {}
    clean: dict[str, Clean | None] = {}
    for plugin in plan.plugins:
        if type(plugin).perceiver is not Plugin.perceiver:
            return None
        for name, rule in plugin.rules(plan.annotated).items():
            clean[name] = plugin.clean(name, plan.types.get(name, "")) if name not in rules else None
            rules.setdefault(name, []).append(rule)
    if not {*parameters.positional, *parameters.keyword}.issuperset(rules):
        return None
    made: dict[str, Reader] = {}
    for name in (*parameters.positional, *parameters.keyword):
        if name in rules:
            made[name] = _reader(rules[name], clean[name])
        elif name in parameters.required and config.interrupts == "auto":
            made[name] = GIVEN, ()
    return made


def _reader(rules: list[Rule], clean: Clean | None) -> Reader:
    if clean is None:
        return READ, (_chained(rules),)
    kind, low, high = clean
    return TESTED, (kind, low, high, _chained(rules))


def _chained(rules: list[Rule]) -> Callable[[Any], Any]:
    if len(rules) == 1:
        (rule,) = rules

        def read(value: Any) -> Any:
            try:
                reading = rule(value)
            except NEVER:
                raise
            except Exception:  # noqa: BLE001  the whole form asks again, and says what is wrong
                raise UnclearError from None
            if reading.unit:
                raise UnclearError  # the whole form looks at all arguments together
            return reading.value

        return read

    def read_in_turn(value: Any) -> Any:
        for each in map(_chained, ([rule] for rule in rules)):
            value = each(value)
        return value

    return read_in_turn


def judges(plan: Plan) -> tuple[frozenset[type], Callable[[Any, tuple[Any, ...], dict[str, Any]], Any]] | None:
    """Classes of results nobody judges, and what judges the others; None when no plugin judges anything."""
    judging = [plugin for plugin in plan.plugins if type(plugin).judge is not Plugin.judge]
    if not judging:
        return None
    passed = frozenset.intersection(*(plugin.unjudged for plugin in judging))
    parameters = plan.parameters
    assert parameters is not None

    def judge(value: Any, args: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        bound: Mapping[str, Any] = parameters.bind(args, keywords)
        for plugin in judging:
            try:
                judged = plugin.judge(value, bound)
                if judged is None and value is not None:
                    raise TypeError(NOTHING)  # noqa: TRY301  a mistake of the plugin like any other
            except NEVER:
                raise
            except Exception as fault:
                if getattr(fault, "leaf", "") == "validation.input":
                    raise
                plan.left_out(plugin, fault)
            else:
                value = judged
        return value

    return passed, judge


NOTHING = "it returned None for a result that is something"
