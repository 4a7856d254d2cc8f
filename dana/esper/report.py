"""What growing brought, beside everything it must be compared with (mission §4.1): the table of all cohorts.

    off-switch      Esper attached and watching, never grows: the static small network again, bit for bit
    static small    the network one began with            static large    the one that was wanted
    static grown    the shape the growing one ended in, from scratch, for as many epochs
    schedule        grows by a fixed plan                  random          grows anywhere, anything
    heuristic       Tamiyo

Accuracies are of examples nobody decided by, over several seeds, with their 95 % interval.
"""

from __future__ import annotations

import copy
from hashlib import sha256
from time import process_time
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from dana.adaptive.statistics import Moments, t95
from dana.esper.budget import Budget
from dana.esper.train import Run, train

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from dana.esper.data import Data

COHORTS = ("static small", "static large", "static grown", "schedule", "random", "heuristic", "off-switch")


class Never:
    """A controller that looks on and never acts: everything of Esper runs, and nothing may change."""

    def decide(self, _view: object) -> list[Any]:
        """Nothing."""
        return []


class Cohort:
    """One way of training, over seeds: accuracies, parameters, growths, hashes of the final weights, CPU seconds."""

    __slots__ = ("accuracies", "growths", "name", "parameters", "seconds", "weights")

    def __init__(self, name: str) -> None:
        self.name = name
        self.accuracies: list[float] = []
        self.parameters: list[int] = []
        self.growths: list[int] = []
        self.weights: list[str] = []
        self.seconds: list[float] = []

    def add(self, run: Run, seconds: float = 0.0) -> None:
        """Take in a finished run, and the CPU time it took."""
        self.record(run.accuracy, run.parameters, run.growths, weights_id(run.model), seconds)

    def record(self, accuracy: float, parameters: int, growths: int, weights: str, seconds: float) -> None:
        """Take in what was measured of a run."""
        self.accuracies.append(accuracy)
        self.parameters.append(parameters)
        self.growths.append(growths)
        self.weights.append(weights)
        self.seconds.append(seconds)

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
            "seconds": sum(self.seconds) / len(self.seconds),
            "seeds": len(self.accuracies),
        }


class Report:
    """All cohorts of one task."""

    __slots__ = ("cohorts", "task")

    def __init__(self, task: str, cohorts: dict[str, Cohort]) -> None:
        self.task = task
        self.cohorts = cohorts

    @property
    def gap_closed(self) -> float | None:
        """How much of the way from the small to the large network the grown one made, 1 is all; None: no large one."""
        if "static large" not in self.cohorts:
            return None
        small, large = self.cohorts["static small"].mean, self.cohorts["static large"].mean
        return (self.cohorts["heuristic"].mean - small) / (large - small) if large != small else 1.0

    @property
    def fewer(self) -> float | None:
        """How many times fewer parameters the grown network has than the large one (its largest run counts)."""
        if "static large" not in self.cohorts:
            return None
        return max(self.cohorts["static large"].parameters) / max(self.cohorts["heuristic"].parameters)

    def rows(self) -> list[dict[str, Any]]:
        """A row for each cohort."""
        return [cohort.row() for cohort in self.cohorts.values()]

    def text(self, *, summary: bool = True) -> str:
        """The table; `summary`: with what it comes to in the last line."""
        head = f"{'cohort':14} {'accuracy':>16} {'parameters':>11} {'growths':>8} {'seconds':>8}"
        count = len(next(iter(self.cohorts.values())).accuracies)
        lines = [f"{self.task}, {count} seed{'s' if count != 1 else ''}", head]
        for row in self.rows():
            right = f"{row['accuracy']:.1%} ± {row['±']:.1%}"
            figures = f"{row['parameters']:>11,.0f} {row['growths']:>8.1f} {row['seconds']:>8.2f}"
            lines.append(f"{row['cohort']:14} {right:>16} {figures}")
        if summary and self.gap_closed is not None:
            closed = f"{self.gap_closed:.1%} of the gap closed with {self.fewer:.1f} times fewer parameters"
            lines.append(f"{self.task}: {closed}")
        return "\n".join(lines)

    __str__ = text


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
    cohorts = {name: Cohort(name) for name in COHORTS}
    for seed in seeds:
        examples = data(seed)
        grown: nn.Module | None = None
        # The shape a network grew to is known when it has grown.
        for name in sorted(COHORTS, key="static grown".__eq__):
            if watch is not None:
                watch(name, seed)
            controller: Any = name if name in ("schedule", "random", "heuristic") else "off"
            if name == "off-switch":
                controller = Never()
            budget = Budget(parameters, concurrent=concurrent)
            if name == "static grown":
                assert grown is not None
                model = (same_shape or fresh)(grown, seed)
            else:
                model = large(seed) if name == "static large" else small(seed)
            began = process_time()
            run = train(model, examples, epochs=epochs, seed=seed, controller=controller, budget=budget).finish()
            cohorts[name].add(run, process_time() - began)
            if name == "heuristic":
                grown = run.model
    return Report(task, cohorts)


def beside(run: Run, large: nn.Module | None = None, *, watch: Callable[[], object] | None = None) -> Report:
    """A finished run beside every control, with the same data, seed, epochs, optimiser and budget.

    `large`: the network that would do without growing (None: that cohort is left out); `watch` is called after each
    epoch. One seed is no mean: claims need `compare`.
    """
    run.finish()
    cohorts = {name: Cohort(name) for name in COHORTS if name != "static large" or large is not None}
    limits = run.host.budget.limits
    for name, cohort in cohorts.items():
        if name == "heuristic":
            cohort.add(run, run.seconds)
            continue
        start = large if name == "static large" else run.birth
        assert start is not None
        model = fresh(run.model, run.seed) if name == "static grown" else copy.deepcopy(start)
        whole = limits["parameters"]
        budget = Budget(None if whole == float("inf") else int(whole), concurrent=run.host.budget.concurrent)
        controller: Any = name if name in ("schedule", "random") else Never() if name == "off-switch" else "off"
        began = process_time()
        other = train(
            model, run.data, epochs=run.epochs, seed=run.seed, controller=controller, budget=budget, batch=run.batch,
            lr=run.lr, optimizer=run.kind,
        )  # fmt: skip
        for _epoch in other:
            if watch is not None:
                watch()
        cohort.add(other, process_time() - began)
    return Report(run.data.name, cohorts)


def weights_id(model: nn.Module) -> str:
    """A hash of a network's weights and buffers, with their names: equal for networks that are equal bit for bit."""
    whole = sha256()
    for name, value in model.state_dict().items():
        whole.update(f"{name} {tuple(value.shape)} ".encode())
        whole.update(value.detach().cpu().contiguous().numpy().tobytes())
    return whole.hexdigest()[:16]


def fresh(model: nn.Module, seed: int) -> nn.Module:
    """A copy of a network with weights drawn anew from a seed; what was zero at birth is not any more."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        made = copy.deepcopy(model)
        for module in made.modules():
            again = getattr(module, "reset_parameters", None)
            if callable(again):
                again()
    return made
