"""What growing brought, beside everything it must be compared with (mission §4.1): the table of all cohorts.

    off-switch      Esper attached, never grows: the same numbers as the static small network, bit for bit
    static small    the network one began with            static large    the one that was wanted
    static grown    the shape the growing one ended in, from scratch, for as many epochs
    schedule        grows by a fixed plan                  random          grows anywhere, anything
    heuristic       Tamiyo

Accuracies are of examples nobody decided by, over several seeds, with their 95 % interval.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from torch import nn

from dana.adaptive.statistics import Moments, t95
from dana.esper.budget import Budget
from dana.esper.train import Run, train

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dana.esper.data import Data


class Cohort:
    """One way of training, over seeds: accuracies, parameters, growths."""

    __slots__ = ("accuracies", "growths", "name", "parameters")

    def __init__(self, name: str) -> None:
        self.name = name
        self.accuracies: list[float] = []
        self.parameters: list[int] = []
        self.growths: list[int] = []

    def add(self, run: Run) -> None:
        """Take in a finished run."""
        self.accuracies.append(run.accuracy)
        self.parameters.append(run.parameters)
        self.growths.append(run.growths)

    @property
    def mean(self) -> float:
        """The mean accuracy, 0 to 1."""
        return sum(self.accuracies) / len(self.accuracies)

    @property
    def interval(self) -> float:
        """Half of the 95 % interval of the mean; 0 for one run."""
        moments = Moments()
        for value in self.accuracies:
            moments.add(value)
        if moments.count < 2:
            return 0.0
        return float(t95(moments.count - 1) * (moments.variance / moments.count) ** 0.5)

    def row(self) -> dict[str, Any]:
        """As plain data."""
        return {
            "cohort": self.name,
            "accuracy": self.mean,
            "±": self.interval,
            "parameters": sum(self.parameters) / len(self.parameters),
            "growths": sum(self.growths) / len(self.growths),
            "seeds": len(self.accuracies),
        }


class Report:
    """All cohorts of one task."""

    __slots__ = ("cohorts", "task")

    def __init__(self, task: str, cohorts: dict[str, Cohort]) -> None:
        self.task = task
        self.cohorts = cohorts

    @property
    def gap_closed(self) -> float:
        """How much of the way from the small to the large network the grown one made, 1 is all of it."""
        small, large = self.cohorts["static small"].mean, self.cohorts["static large"].mean
        return (self.cohorts["heuristic"].mean - small) / (large - small) if large != small else 1.0

    @property
    def fewer(self) -> float:
        """How many times fewer parameters the grown network has than the large one (its largest run counts)."""
        return max(self.cohorts["static large"].parameters) / max(self.cohorts["heuristic"].parameters)

    def rows(self) -> list[dict[str, Any]]:
        """A row for each cohort."""
        return [cohort.row() for cohort in self.cohorts.values()]

    def __str__(self) -> str:
        lines = [f"{'cohort':14} {'accuracy':>16} {'parameters':>11} {'growths':>8}"]
        for row in self.rows():
            right = f"{row['accuracy']:.1%} ± {row['±']:.1%}"
            lines.append(f"{row['cohort']:14} {right:>16} {row['parameters']:>11,.0f} {row['growths']:>8.1f}")
        closed = f"{self.gap_closed:.1%} of the gap closed with {self.fewer:.1f} times fewer parameters"
        return "\n".join([*lines, f"{self.task}: {closed}"])


def compare(
    task: str,
    data: Callable[[int], Data],
    small: Callable[[int], nn.Module],
    large: Callable[[int], nn.Module],
    *,
    epochs: int,
    seeds: Sequence[int],
    parameters: int,
    concurrent: int = 2,
    same_shape: Callable[[nn.Module, int], nn.Module] | None = None,
    watch: Callable[[str, int], object] | None = None,
) -> Report:
    """Train every cohort with every seed. `data(seed)`, `small(seed)`, `large(seed)` make what is trained.

    `parameters`: the budget of growth; `same_shape(model, seed)`: a fresh network of a grown one's shape (None: a
    copy with weights drawn anew); `watch(cohort, seed)` is told before each run.
    """
    names = ("static small", "static large", "off-switch", "schedule", "random", "heuristic", "static grown")
    cohorts = {name: Cohort(name) for name in names}
    for seed in seeds:
        examples = data(seed)
        grown: nn.Module | None = None
        for name in names:
            if watch is not None:
                watch(name, seed)
            controller = name if name in ("schedule", "random", "heuristic") else "off"
            budget = Budget(parameters, concurrent=concurrent)
            if name == "static grown":
                assert grown is not None
                model = (same_shape or fresh)(grown, seed)
            else:
                model = large(seed) if name == "static large" else small(seed)
            run = train(model, examples, epochs=epochs, seed=seed, controller=controller, budget=budget).finish()
            cohorts[name].add(run)
            if name == "heuristic":
                grown = run.model
    return Report(task, cohorts)


def fresh(model: nn.Module, seed: int) -> nn.Module:
    """A copy of a network with weights drawn anew from a seed; what was zero at birth is not any more."""
    import copy

    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = copy.deepcopy(model)
        for module in made.modules():
            again = getattr(module, "reset_parameters", None)
            if callable(again):
                again()
    return made
