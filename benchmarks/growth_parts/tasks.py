"""What is measured: the tasks of `benchmarks/run morphogenesis`, each a function of a seed that gives its rows.

digits, spirals    growing from very little, beside every control
shifts             a frozen network on a task that has changed, beside training all of it
twenty             twenty growths in a row, beside training on without them
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

    from dana.esper.data import Data
    from dana.esper.tamiyo import Action, View
    from dana.esper.train import Run

    Rows = list[dict[str, Any]]

SHIFTS = ("inverted", "rotated", "relabelled")
# A tenth of the 26,122 parameters of (128, 128).
TENTH = 2612
SHIFT_EPOCHS = 80
# Growths in a row, the epochs before the first, and those each has.
GROWTHS, BEFORE, EACH = 20, 20, 4
TEMPLATES = ("widen", "bottleneck", "low_rank", "norm", "deepen", "bypass", "activation")


def digits(seed: int) -> Rows:
    """From (3, 3), beside (128, 128)."""
    from dana.esper.data import digits as data
    from dana.esper.report import compare
    from dana.esper.train import mlp

    found = compare(
        "digits", lambda each: data(seed=each), lambda each: mlp(64, [3, 3], 10, seed=each),
        lambda each: mlp(64, [128, 128], 10, seed=each), epochs=80, seeds=[seed], parameters=680,
    )  # fmt: skip
    return _rows(found.cohorts)


def spirals(seed: int) -> Rows:
    """From (4, 4), beside (64, 64)."""
    from dana.esper.data import spirals as data
    from dana.esper.report import compare
    from dana.esper.train import mlp

    found = compare(
        "spirals", lambda each: data(seed=each), lambda each: mlp(2, [4, 4], 2, seed=each),
        lambda each: mlp(2, [64, 64], 2, seed=each), epochs=240, seeds=[seed], parameters=400,
    )  # fmt: skip
    return _rows(found.cohorts)


def _rows(cohorts: dict[str, Any]) -> Rows:
    return [
        {
            "cohort": name, "accuracy": each.accuracies[0], "parameters": each.parameters[0],
            "growths": each.growths[0], "weights": each.weights[0], "seconds": each.seconds[0],
        }
        for name, each in cohorts.items()
    ]  # fmt: skip


# --- shifts -----------------------------------------------------------------------------------------


def shifts(seed: int) -> Rows:
    """(128, 128) has learnt the digits; they are shifted; what is trained now, and how well does it do?"""
    from dana.esper.data import digits as data
    from dana.esper.train import mlp, train

    base = data(seed=seed)
    learnt = train(mlp(64, [128, 128], 10, seed=seed), base, epochs=40, seed=seed, controller="off").finish().model
    return [row for how in SHIFTS for row in _shift(learnt, base.changed(how, seed), how, seed)]


def _shift(learnt: nn.Module, data: Data, how: str, seed: int) -> Rows:
    from dana.esper.budget import Budget
    from dana.esper.report import Never, weights_id
    from dana.esper.train import Schedule, train

    def run(model: nn.Module, controller: Any) -> Run:
        budget = Budget(TENTH, concurrent=3)
        return train(model, data, epochs=SHIFT_EPOCHS, seed=seed, controller=controller, budget=budget).finish()

    grown = run(_frozen(learnt), "heuristic")
    runs = {
        "static small": run(_last_only(learnt), "off"),
        "static large": run(copy.deepcopy(learnt), "off"),
        "static grown": run(_from_the_start(grown.model, seed), "off"),
        "schedule": run(_frozen(learnt), Schedule(every=8, template="low_rank", measures={"rank": 2})),
        "random": run(_frozen(learnt), "random"),
        "heuristic": grown,
        "off-switch": run(_frozen(learnt), Never()),
    }
    return [
        {
            "task": how, "cohort": name, "accuracy": each.accuracy, "parameters": each.parameters,
            "growths": each.growths, "weights": weights_id(each.model),
        }
        for name, each in runs.items()
    ]  # fmt: skip


def _frozen(learnt: nn.Module) -> nn.Module:
    made = copy.deepcopy(learnt)
    for parameter in made.parameters():
        parameter.requires_grad_(False)
    return made


def _last_only(learnt: nn.Module) -> nn.Module:
    """The usual cheap way: the last layer alone is trained."""
    made = _frozen(learnt)
    for parameter in list(made.parameters())[-2:]:
        parameter.requires_grad_(True)
    return made


def _from_the_start(grown: nn.Module, seed: int) -> nn.Module:
    """What grew, untrained, there from the first step: the shape without the growing."""
    import torch

    from dana.esper.modules import Adapted, Beside

    made = copy.deepcopy(grown)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for module in made.modules():
            if isinstance(module, Adapted):
                module.seed = Beside(module.host, module.seed.down.weight.shape[0])
    return made


# --- twenty growths -----------------------------------------------------------------------------------


class Steady:
    """A controller that grows one thing after another, every template in turn, and keeps all of it."""

    blend_epochs = 1

    def __init__(self, count: int) -> None:
        self.left = count
        self._turn = 0

    def decide(self, view: View) -> list[Action]:
        """What is growing goes on; when nothing is, the next germinates."""
        from dana.esper.lifecycle import Stage
        from dana.esper.refusals import Refusal
        from dana.esper.tamiyo import GERMINATE, Action
        from dana.esper.train import moved_on

        moved = moved_on(view)
        if moved or not self.left or view.epoch < BEFORE or any(site.seed.is_active for site in view.host.sites):
            return moved
        sites = [site for site in view.host.sites if site.stage is Stage.DORMANT]
        for _try in range(len(TEMPLATES) * len(sites)):
            site, name = sites[self._turn % len(sites)], TEMPLATES[self._turn % len(TEMPLATES)]
            self._turn += 1
            plan = site.propose(name)
            if not isinstance(plan, Refusal):
                self.left -= 1
                return [Action(GERMINATE, site, plan, "in turn")]
        return []


def twenty(seed: int) -> Rows:
    """(32, 32) has learnt the digits; how far does it ever fall below that while it grows and grows?"""
    from dana.esper.data import digits as data
    from dana.esper.train import mlp, train

    rows = []
    for name, count in (("static small", 0), ("grown", GROWTHS)):
        run = train(
            mlp(64, [32, 32], 10, seed=seed), data(seed=seed), epochs=BEFORE + EACH * GROWTHS, seed=seed, lr=0.001,
            controller=Steady(count),
        )  # fmt: skip
        seen = [run.accuracy for _epoch in run]
        first = seen[BEFORE - 1]
        rows.append({
            "cohort": name, "before": first, "worst": first - min(seen[BEFORE:]), "accuracy": run.accuracy,
            "parameters": run.parameters, "growths": run.growths, "panics": sum(each.panics for each in run.history),
        })  # fmt: skip
    return rows
