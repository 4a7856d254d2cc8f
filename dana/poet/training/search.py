"""`learn`: the constants of a function, found by trying them out on scenarios (T5).

    scenarios      shuffled by the seed; three fifths to learn from, two fifths are kept back
    search         SPSA and random search, each with half of the budget, on the former
    gate           the better one against what is current, on those that were kept back: paired differences, and
                   promoted only when the lower end of the gain's 95 % interval is above 0
    afterwards     a version with its evidence; judgements (`feedback`) watch it, and `roll_back` takes it back

What is tried is tried on a simulation or on records: `cost(scenario)` calls the function, which has the constants
that are being tried, and says what came of it; lower is better.
"""

from __future__ import annotations

from math import isfinite
from random import Random

from dana.adaptive.improve import PROMOTED, improve
from dana.poet.errors import POETConfigError
from dana.poet.pipeline import plan_of
from dana.poet.training.constants import RandomSearch, Spsa
from dana.poet.training.evidence import paired

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import Any

    from dana.adaptive.improve import Evidence
    from dana.poet.plan import Plan
    from dana.poet.subjects import Learner

LEAST_SCENARIOS = 10
METHODS = ("both", "spsa", "random")
# Scenarios of one step: few, as both sides of a step meet the same.
OF_A_STEP = 4
WRONG = "E822"
BAR = 24


def learn(
    function: Any,
    cost: Callable[[Any], float],
    scenarios: Sequence[Any],
    *,
    budget: int = 200,
    seed: int = 0,
    method: str = "both",
    tell: Callable[[int, int], object] | None = None,
) -> dict[str, Any]:
    """Learn the learnable constants of a decorated function; returns what came of it.

    `budget`: how many costs are asked for while searching (the gate asks for two more per scenario that is kept
    back); `seed` repeats it all; `method`: "spsa", "random" or "both"; `tell(done, of)` hears of the progress. The
    result has `outcome`, `reason`, `version`, `values` (what is current now), `evidence`, and `searches`: what each
    found (`values`, `cost` on the scenarios to learn from, `evaluations`). Raises `POETConfigError` (E822) where
    there is
    nothing to learn, `TypeError` for what is no decorated function.
    """
    plan = plan_of(function)
    learner = _learner(plan)
    _refuse(plan, cost, scenarios, budget, method)
    learner.ready()
    constants = plan.constants
    assert constants is not None
    asked = 0

    def priced(values: Mapping[str, Any], scenario: Any) -> float:
        nonlocal asked
        asked += 1
        if tell is not None:
            tell(min(asked, whole), whole)
        with constants.tried(values):
            found = cost(scenario)
        return _number(plan, found, scenario)

    order = list(scenarios)
    Random(seed).shuffle(order)  # noqa: S311  (an order, no secret)
    cut = len(order) * 3 // 5
    train, kept_back = order[:cut], order[cut:]
    whole = budget + len(train) * 2 + len(kept_back) * 2
    heard = learner.trainer.heard if learner.trainer is not None else None
    before = learner.subject.values
    bounds = {
        name: (float(low), float(high), float(before[name])) for name, (low, high, _start) in constants.bounds.items()
    }
    searches = _searched(plan, priced, bounds, train, budget, seed, method)
    best = min(searches, key=lambda found: searches[found]["cost"])
    chosen: dict[str, Any] = searches[best]["values"]

    def trial(_subject: Any, values: Mapping[str, Any]) -> Evidence:
        return paired((priced(before, each) - priced(values, each) for each in kept_back), seed)

    with learner.lock:
        trainer = learner.trainer
        outcome = improve(
            learner.subject, lambda _subject: searches, lambda _subject, _found: chosen, trial,
            (lambda *_told: None) if trainer is None else trainer._record, least=len(kept_back),
            about={"rule": "T5", "method": best, "scenarios": len(train), "evaluations": asked},
        )  # fmt: skip
        if outcome.kind == PROMOTED:
            if trainer is not None:
                trainer.watch(learner, by_judgement=True)
            learner.changed()
        if heard is not None:
            # What was tried out were no calls.
            heard.clear()
    if tell is not None:
        tell(whole, whole)
    return {
        **outcome.to_data(),
        "values": {name: learner.subject.values[name] for name in constants.bounds},
        "searches": searches,
    }


def _learner(plan: Plan) -> Learner:
    if plan.constants is None:
        msg = f"`{plan.name}` has no learnable constants"
        raise POETConfigError(msg, plan.name, "declare some: BAND = learnable(0.5, 4.0, start=1.0)", WRONG)
    if plan.learner is None:
        msg = f"`{plan.name}` learns nothing: its learning is switched off"
        raise POETConfigError(msg, plan.name, "write learning=true", WRONG)
    if plan.config.safety_critical:
        msg = f"`{plan.name}` is safety_critical: only people change its constants"
        raise POETConfigError(msg, plan.name, "try a function of its own, and write in what was found", WRONG)
    return plan.learner


def _number(plan: Plan, found: Any, scenario: Any) -> float:
    """A cost, when it is one that can be compared."""
    if found.__class__ is bool or not isinstance(found, int | float):
        msg = f"`cost` gave {found.__class__.__name__} for the scenario {scenario!r:.40}: a cost is a number"
        raise POETConfigError(msg, plan.name, "give what came of the scenario as a float: lower is better", WRONG)
    if not isfinite(found):
        msg = f"`cost` gave {found} for the scenario {scenario!r:.40}: that compares with nothing"
        raise POETConfigError(msg, plan.name, "give a large number for what must not be", WRONG)
    return float(found)


def _refuse(plan: Plan, cost: Any, scenarios: Sequence[Any], budget: int, method: str) -> None:
    if not callable(cost):
        msg = f"`cost` is a function of a scenario, not {cost!r:.40}"
        raise POETConfigError(
            msg, plan.name, "write learn(f, cost, scenarios): cost(scenario) says what it came to", WRONG
        )
    if not isinstance(scenarios, list | tuple | range):
        msg = f"scenarios are a list, not {scenarios.__class__.__name__}"
        raise POETConfigError(msg, plan.name, "each is handed to `cost` in turn", WRONG)
    if len(scenarios) < LEAST_SCENARIOS:
        msg = f"{len(scenarios)} scenarios are too few to learn from some and judge by others"
        raise POETConfigError(msg, plan.name, f"give {LEAST_SCENARIOS} or more", WRONG)
    if budget.__class__ is not int or budget < 4 * OF_A_STEP:
        msg = f"a budget is a whole number from {4 * OF_A_STEP}, not {budget!r}"
        raise POETConfigError(msg, plan.name, "so many times is `cost` called while searching", WRONG)
    if method not in METHODS:
        msg = f"there is no method {method!r}"
        raise POETConfigError(msg, plan.name, "there are " + ", ".join(METHODS), WRONG)


def _searched(
    plan: Plan, priced: Callable[[Mapping[str, Any], Any], float], bounds: dict[str, tuple[float, float, float]],
    train: list[Any], budget: int, seed: int, method: str,
) -> dict[str, dict[str, Any]]:  # fmt: skip
    """What each search found: values, their mean cost on all scenarios to learn from, how many costs were asked for."""
    constants = plan.constants
    assert constants is not None
    whole = {name for name, (low, _high, _start) in constants.bounds.items() if low.__class__ is int}

    def typed(values: Mapping[str, float]) -> dict[str, Any]:
        return {name: round(value) if name in whole else value for name, value in values.items()}

    def cost(values: dict[str, float], scenario: int) -> float:
        return priced(typed(values), train[scenario])

    chosen = ("spsa", "random") if method == "both" else (method,)
    each = budget // len(chosen)
    found: dict[str, dict[str, Any]] = {}
    for name in chosen:
        chance = Random(f"{seed}/{name}")  # noqa: S311  (which scenarios, no secret)
        size = min(OF_A_STEP, len(train))
        search: Any
        if name == "spsa":
            search = Spsa(bounds, seed=seed, planned=max(1, each // (2 * size)), reach=0.15)
        else:
            search = RandomSearch(bounds, seed=seed)
        per_step = size * (2 if name == "spsa" else 1)
        # Random search compares what it finds in different steps: on the same scenarios only that means something.
        same = chance.sample(range(len(train)), size)
        while search.evaluations + per_step <= each:
            search.step(cost, chance.sample(range(len(train)), size) if name == "spsa" else same)
        values = typed(search.values)
        mean = sum(priced(values, scenario) for scenario in train) / len(train)
        found[name] = {"values": values, "cost": mean, "evaluations": search.evaluations}
    return found


def rolled_back(function: Any, version: Any = None) -> dict[str, Any]:
    """Make an older version current again: the one before, or number `version`. Returns the values there are now.

    Raises `POETConfigError` where there is no such version, or nothing is learnt.
    """
    from dana.adaptive.subject import KnobError

    plan = plan_of(function)
    if plan.learner is None:
        msg = f"nothing is learnt about `{plan.name}`: it has no store, or its learning is switched off"
        raise POETConfigError(msg, plan.name, "", WRONG)
    try:
        plan.learner.roll_back(version)
    except KnobError as wrong:
        raise POETConfigError(str(wrong), plan.name, "history is told by `explain`", WRONG) from None
    return dict(plan.learnt)


def on_terminal(write: Callable[[str], object]) -> Callable[[int, int], None]:
    """A bar that grows on a terminal, and is gone at the end."""
    shown = -1

    def tell(done: int, of: int) -> None:
        nonlocal shown
        full = BAR * done // of
        if full != shown:
            shown = full
            write(f"\r[{'#' * full}{' ' * (BAR - full)}] {done} of {of}")
            if done >= of:
                write("\r" + " " * (BAR + 24) + "\r")

    return tell
