"""What a decorated function is set to, what it has done, and why (P140–P152): for people, and as plain data."""

from __future__ import annotations

from dana.adaptive.statistics import OUTCOMES
from dana.poet.errors import seconds
from dana.poet.observing import plain
from dana.poet.options import OPTIONS
from dana.poet.pipeline import plan_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


def status(function: Any) -> dict[str, Any]:
    """The state of a decorated function as plain data. Raises `TypeError` for any other value.

    `function`, `enabled`, `calls`, `outcomes` by name, `success_rate`, `p50`, `p95`, `p99` (seconds, None before the
    first call), `breaker`, `bulkhead`, `cache` and `hedge` (None where there is none), `models` (what its questions
    to language models used; None where it asks nobody), `prompts`, `learning`, `learnt`, `last_failures`.
    """
    plan = plan_of(function)
    calls = plan.calls
    count, times = calls.count, calls.times
    quantiles = {f"p{round(q * 100)}": times.quantile(q) if count else None for q in (0.5, 0.95, 0.99)}
    bulkhead, cache = plan.bulkhead, plan.cache
    return {
        "function": plan.name,
        "enabled": not plan.disabled,
        "calls": count,
        "outcomes": {name: n for name, n in zip(OUTCOMES, calls.outcomes, strict=True) if n},
        "success_rate": calls.success_rate,
        **quantiles,
        "breaker": None if plan.breaker is None else plan.breaker.status(),
        "bulkhead": None
        if bulkhead is None
        else {"limit": bulkhead.limit, "inside": bulkhead.inside, "refused": bulkhead.refused},
        "cache": None if cache is None else {"kept": len(cache), "hits": cache.hits, "misses": cache.misses},
        "hedge": None if plan.hedging is None else {"begun": plan.hedging.begun, "won": plan.hedging.won},
        "models": None if plan.questions is None else plan.questions.tally.to_data(),
        "prompts": [] if plan.questions is None else plan.questions.table(),
        "feedback": None if plan.judges is None else plan.judges.to_data(),
        "learning": plan.config.learning,
        "learnt": dict(plan.learnt),
        "last_failures": [text for _at, text in plan.failures],
    }


def configuration(function: Any) -> dict[str, dict[str, Any]]:
    """Every option of a decorated function: its `value`, and its `origin`."""
    config = plan_of(function).config
    return {name: {"value": plain(getattr(config, name)), "origin": config.origins[name]} for name in OPTIONS}


def _about_domain(function: Any) -> list[str]:
    """Why a domain was chosen by itself, or which would fit a function that names none."""
    plan = plan_of(function)
    if plan.choice:
        return [f"  domain: {plan.choice}"]
    if plan.plugins or plan.parameters is None:
        return []
    from dana.poet.plugins.choosing import fitting_built_in

    types = plan.context.types
    fit, why = fitting_built_in(plan.name, [(name, types.get(name, "")) for name in plan.parameters.names])
    return [] if fit is None else [f"  no domain; {fit.domain} would fit ({why})"]


def _about_models(known: dict[str, Any]) -> list[str]:
    """What the function asked language models, and how the wordings of its prompts do."""
    used = known["models"]
    if used is None:
        return []
    cost = f"{used['usd']:.6f} USD" if used["usd"] else "no known cost"
    failed = f", {used['failed']} without an answer" if used["failed"] else ""
    lines = [
        "",
        "models",
        f"  {used['questions']} questions{failed}; {used['answers']} answers, {used['tokens']} tokens, {cost}",
    ]
    for row in known["prompts"]:
        shown = f"{row['low']:.2f} to {row['high']:.2f}"
        lines.append(f"  prompt {row['question']}, wording {row['wording']}: {row['calls']} calls, worth {shown}")
    return lines


def _about_learning(function: Any, known: dict[str, Any]) -> list[str]:
    """Constants with their bounds, what was learnt, the version it is and why; who judges, what was decided last."""
    plan = plan_of(function)
    bounds = {} if plan.constants is None else plan.constants.bounds
    lines = []
    for name, (low, high, start) in bounds.items():
        value = known["learnt"].get(name, start)
        lines.append(f"  {name} = {value:.6g}   (learnable from {low:g} to {high:g}, it starts at {start:g})")
    lines += [f"  {name} = {value!r}" for name, value in known["learnt"].items() if name not in bounds]
    learner = plan.learner
    if learner is not None and learner.subject.current.number:
        current = learner.subject.current
        lines.append(f"  version {current.number} of {len(learner.subject.versions) - 1}: {why(current.evidence)}")
    elif not known["learnt"]:
        lines.append("  nothing is learnt yet: figures are kept, nothing is changed")
    if learner is not None and learner.hints is not None:
        lines += [f"  {line}" for line in learner.hints.lines()]
    if known["feedback"] is not None:
        lines.append("  feedback: " + ", ".join(f"{name} {value}" for name, value in known["feedback"].items()))
    trainer = None if learner is None else learner.trainer
    for outcome in [] if trainer is None else list(trainer.outcomes)[-3:]:
        lines.append(f"  {outcome['kind']}: {outcome.get('reason', '')}")
    return lines


def why(evidence: Mapping[str, Any]) -> str:
    """What a version rests on, in a line."""
    said = [str(evidence.get("rule") or evidence.get("source") or "nobody said why")]
    if "effect" in evidence:
        low, high = evidence["interval"]
        said.append(f"gain {evidence['effect']:.4g} ({low:.4g} to {high:.4g}) on {evidence['n']} cases")
    if evidence.get("seed") is not None:
        said.append(f"seed {evidence['seed']}")
    if evidence.get("reason"):
        said.append(str(evidence["reason"]))
    return ", ".join(said)


def explain(function: Any) -> str:
    """The same for people: what was chosen and by whom, what happened, and what is known."""
    known = status(function)
    lines = [f"{known['function']}: {'on' if known['enabled'] else 'switched off'}", "", "options"]
    for name, option in configuration(function).items():
        if option["origin"] != "default":
            lines.append(f"  {name} = {option['value']!r}   ({option['origin']})")
    lines += _about_domain(function)
    others = [name for name, option in configuration(function).items() if option["origin"] == "default"]
    lines += [f"  {len(others)} others have their defaults", "", "calls"]
    if not known["calls"]:
        lines.append("  none so far")
    else:
        told = ", ".join(f"{count} {name}" for name, count in known["outcomes"].items())
        lines.append(f"  {known['calls']} ({told}); {known['success_rate']:.1%} gave a value")
        times = ", ".join(f"{q} {seconds(known[q])}" for q in ("p50", "p95", "p99"))
        lines.append(f"  {times}")
    for part in ("breaker", "bulkhead", "cache", "hedge"):
        if known[part] is not None:
            lines.append(f"  {part}: " + ", ".join(f"{name} {value}" for name, value in known[part].items()))
    lines += _about_models(known)
    lines += ["", f"learning ({known['learning']})", *_about_learning(function, known)]
    if known["last_failures"]:
        lines += ["", "last failures", *(f"  {text}" for text in known["last_failures"])]
    return "\n".join(lines)
