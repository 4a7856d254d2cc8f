"""Tolaria: the training loop in which networks grow (E90).

    for epoch in train(model, digits(), epochs=80, seed=7):
        print(epoch.loss, epoch.growth)

    run = train(model, digits(), epochs=80, seed=7).finish()
    run.accuracy, run.parameters, run.growths            # accuracy on examples nobody decided by

A step boundary is the only place where anything changes: after each step of the optimiser the host moves its α and the
governor looks at the loss; after each epoch the controller decides. With `controller="off"` the run is the plain
training, bit for bit. A loop of your own does the same with `Growing`:

    growing = Growing(host, validation=(x, y), controller=Tamiyo())
    …optimizer.step(); growing.step(loss)
    …growing.epoch()
"""

from __future__ import annotations

import copy
from math import log
from time import process_time
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from dana.esper.adapt import Adapter, is_frozen
from dana.esper.data import accuracy, example_losses
from dana.esper.governor import Governor
from dana.esper.host import Host
from dana.esper.lifecycle import Stage
from dana.esper.refusals import RefusedError
from dana.esper.seedling import Widener, is_seedling
from dana.esper.tamiyo import FOSSILISE, GERMINATE, Action, Tamiyo, View, carry_out

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from dana.esper.budget import Budget
    from dana.esper.data import Data
    from dana.esper.report import Report

OPTIMIZERS: dict[str, Callable[..., torch.optim.Optimizer]] = {
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "sgd": lambda parameters, lr: torch.optim.SGD(parameters, lr=lr, momentum=0.9),
    "rmsprop": torch.optim.RMSprop,
    "adagrad": torch.optim.Adagrad,
}
# More examples than this are not needed to see whether something helps.
_MOST_JUDGED = 2_000
_PROBED = 256
# No loss below this share of that of guessing is a reason to go back.
_HARMLESS = 0.05


class Epoch:
    """One epoch: its number from 1, mean training loss, accuracy on the validation part, parameters, what happened."""

    __slots__ = ("accuracy", "alpha", "growth", "loss", "number", "panics", "parameters")

    def __init__(
        self, number: int, loss: float, right: float, parameters: int, growth: list[Action], alpha: float, panics: int
    ) -> None:
        self.number = number
        self.loss = loss
        self.accuracy = right
        self.parameters = parameters
        self.growth = growth
        self.alpha = alpha
        self.panics = panics

    def __repr__(self) -> str:
        grown = f", {', '.join(map(repr, self.growth))}" if self.growth else ""
        figures = f"loss {self.loss:.4f}, accuracy {self.accuracy:.3f}, {self.parameters:,} parameters"
        return f"Epoch({self.number}: {figures}{grown})"


class Growing:
    """What makes a training loop grow a network: `step` after each step of the optimiser, `epoch` after each epoch.

    `validation`: examples (x, y) by which is decided; `controller`: None or anything with `decide(view)`; `chance`: the
    loss of guessing, for the governor; `epochs`: how many are planned.
    """

    def __init__(
        self,
        host: Host,
        *,
        validation: tuple[Tensor, Tensor],
        controller: Any = None,
        epochs: int = 100,
        chance: float | None = None,
        governed: bool = True,
    ) -> None:
        self.host = host
        self.validation = tuple(part[:_MOST_JUDGED] for part in validation)
        self.controller = controller
        self.epochs = epochs
        self.losses: list[float] = []
        # Jumps of losses that are nearly nothing are noise, not harm.
        worst = _HARMLESS * (chance or 0.0)
        watched = governed and controller is not None
        self.governor = Governor(host, chance=chance, worst=worst) if watched else None
        self._sum = 0.0
        self._count = 0
        self._batch: tuple[Tensor, Tensor] | None = None

    def share(self, loss: float) -> float:
        """The part of a step's loss to learn from, asked before `backward` (`dana.esper.governor`); 1 as a rule."""
        return 1.0 if self.governor is None else self.governor.share(loss)

    def step(self, loss: float, batch: tuple[Tensor, Tensor] | None = None) -> str | None:
        """After a step of the optimiser: its loss, the examples it saw. The reason of a rollback, if there was one."""
        self._sum += loss
        self._count += 1
        if self.controller is None:
            return None
        if batch is not None:
            self._batch = batch
        self.host.step(loss)
        return None if self.governor is None else self.governor.see(loss)

    def epoch(self) -> list[Action]:
        """After an epoch: the controller decides. Returns what was done."""
        self.losses.append(self._sum / max(1, self._count))
        steps = max(1, self._count)
        self._sum, self._count = 0.0, 0
        if self.controller is None:
            return []
        self.host.next_epoch()
        view = View(self.host, len(self.losses), self.epochs, self.losses, self._held_out, self._batch_loss)
        blend = getattr(self.controller, "blend_epochs", 2)
        return carry_out(self.host, self.controller.decide(view), blend_steps=blend * steps)

    def _held_out(self) -> Tensor:
        x, y = self.validation
        return example_losses(self.host.model(x), y)

    def _batch_loss(self) -> Tensor:
        assert self._batch is not None, "an epoch without a step has nothing to look at"
        x, y = self._batch
        found: Tensor = functional.cross_entropy(self.host.model(x), y)
        return found


class Run:
    """A training under way; iterate over its epochs, or `finish` it.

    `model` is the network, at the end an ordinary one; `history` the epochs so far; `accuracy` that on the test part
    (of the finished network; nobody decides by it).
    """

    def __init__(
        self,
        host: Host,
        data: Data,
        growing: Growing,
        optimizer: torch.optim.Optimizer,
        *,
        epochs: int,
        batch: int,
        seed: int,
        lr: float = 0.01,
        kind: str = "adam",
    ) -> None:
        self.host = host
        self.data = data
        self.growing = growing
        self.optimizer = optimizer
        self.epochs = epochs
        self.batch = batch
        self.seed = seed
        self.lr = lr
        # Which of `OPTIMIZERS` it is.
        self.kind = kind
        self.history: list[Epoch] = []
        # CPU time so far.
        self.seconds = 0.0
        # What the controls of an experiment begin with.
        self.birth = copy.deepcopy(host.model)
        self._order = torch.Generator().manual_seed(seed)
        self._finished = False

    def __iter__(self) -> Iterator[Epoch]:
        while len(self.history) < self.epochs:
            yield self.one()
        self.finish()

    def one(self) -> Epoch:
        """One epoch more."""
        began = process_time()
        x, y = self.data.train
        model = self.host.model
        model.train()
        order = torch.randperm(len(x), generator=self._order)
        panics = 0
        for first in range(0, len(x), self.batch):
            at = order[first : first + self.batch]
            if len(at) < 2:
                continue  # a batch norm has nothing to say about one example
            self.optimizer.zero_grad()
            seen = x[at], y[at]
            loss = functional.cross_entropy(model(seen[0]), seen[1])
            value = float(loss.detach())
            if loss.requires_grad:  # in a frozen host, before something grows, nothing learns
                share = self.growing.share(value)
                (loss if share == 1.0 else share * loss).backward()  # type: ignore[no-untyped-call]
                self.optimizer.step()
            if first + self.batch >= len(x):
                probed = order[:_PROBED]
                seen = x[probed], y[probed]
            panics += self.growing.step(value, seen) is not None
        done = self.growing.epoch()
        alpha = max((site.alpha for site in self.host.sites if site.seed.is_active), default=0.0)
        epoch = Epoch(
            len(self.history) + 1, self.growing.losses[-1], self._measured(self.data.validation), self.host.parameters,
            done, alpha, panics,
        )  # fmt: skip
        self.history.append(epoch)
        self.seconds += process_time() - began
        return epoch

    def how(self) -> dict[str, Any]:
        """What must be equal for a saved run to go on here."""
        return {
            "data": self.data.name, "examples": [len(part[0]) for part in (self.data.train, self.data.validation)],
            "batch": self.batch, "seed": self.seed, "controller": type(self.growing.controller).__name__,
            "optimizer": self.kind, "lr": self.lr,
        }  # fmt: skip

    def report(self, large: nn.Module | None = None) -> Report:
        """The run beside all controls, trained now on the same data as long: see `dana.esper.report.beside`."""
        from dana.esper.report import beside

        return beside(self, large)

    def save(self, path: str) -> None:
        """Keep the run as it is after an epoch: `train(…, resume=path)` goes on from there. Raises `OSError`."""
        from dana.esper.checkpoint import write

        write(self, path)

    def finish(self) -> Run:
        """All epochs that are left; what did not prove itself is removed. Returns itself."""
        while len(self.history) < self.epochs:
            self.one()
        if not self._finished:
            self._finished = True
            self.host.finish()
        return self

    def _measured(self, part: tuple[Tensor, Tensor]) -> float:
        model = self.host.model
        modes = [(module, module.training) for module in model.modules()]
        model.eval()
        with torch.no_grad():
            found = accuracy(model(part[0]), part[1])
        for module, training in modes:
            module.training = training
        return found

    @property
    def model(self) -> nn.Module:
        """The network."""
        return self.host.model

    @property
    def accuracy(self) -> float:
        """The share of right answers on the test part, 0 to 1."""
        return self._measured(self.data.test)

    @property
    def parameters(self) -> int:
        """How many numbers the network learns now."""
        return self.host.parameters

    @property
    def growths(self) -> int:
        """How many growths stayed."""
        return sum(action.kind == FOSSILISE for epoch in self.history for action in epoch.growth)

    @property
    def germinations(self) -> int:
        """How many were tried."""
        return sum(action.kind == GERMINATE for epoch in self.history for action in epoch.growth)

    def __repr__(self) -> str:
        return f"Run({self.data.name}: {len(self.history)} of {self.epochs} epochs, {self.parameters:,} parameters)"


class Random:
    """A controller that grows without looking: any fitting template at any site, at the times of the heuristic one.

    What it grew stays. The control that shows what deciding is worth.
    """

    blend_epochs = 2

    def __init__(self, seed: int, *, every: int = 8, last_share: float = 0.75) -> None:
        import random

        self.chance = random.Random(seed)  # noqa: S311  (a control of an experiment)
        self.every = every
        self.last_share = last_share

    def state(self) -> list[Any]:
        """Where its chance is."""
        version, numbers, gauss = self.chance.getstate()
        return [version, list(numbers), gauss]

    def restore(self, said: list[Any]) -> None:
        """As it was when `state` was asked."""
        self.chance.setstate((said[0], tuple(said[1]), said[2]))

    def decide(self, view: View) -> list[Action]:
        """Anything, now and then."""
        return moved_on(view) or self._germination(view)

    def _germination(self, view: View) -> list[Action]:
        from dana.esper.karn import usual_measures
        from dana.esper.refusals import Refusal
        from dana.esper.renewal import GROWTHS
        from dana.esper.templates import TEMPLATES

        busy = any(site.seed.is_active for site in view.host.sites)
        if busy or view.epoch % self.every or view.epoch > self.last_share * view.epochs:
            return []
        sites = [site for site in view.host.sites if site.stage is Stage.DORMANT]
        if not sites:
            return []
        # What neurons to renew is known by looking only.
        names = sorted(name for name, each in TEMPLATES.items() if each.growth not in GROWTHS)
        for _try in range(20):
            site = self.chance.choice(sites)
            name = self.chance.choice(names)
            plan = site.propose(name, **usual_measures(site, name))
            if not isinstance(plan, Refusal) and view.host.budget.allows(plan.cost) is None:
                return [Action(GERMINATE, site, plan, "by chance")]
        return []


class Schedule:
    """A controller that grows by a fixed plan: the sites in turn, every so many epochs. What it grew stays.

    `template` and its `measures` (None: in proportion to the layer) say what grows.
    """

    blend_epochs = 2

    def __init__(
        self,
        *,
        every: int = 8,
        last_share: float = 0.75,
        template: str = "widen",
        measures: dict[str, int] | None = None,
    ) -> None:
        self.every = every
        self.last_share = last_share
        self.template = template
        self.measures = measures
        self._turn = 0

    def state(self) -> int:
        """How many had their turn."""
        return self._turn

    def restore(self, said: int) -> None:
        """As it was when `state` was asked."""
        self._turn = said

    def decide(self, view: View) -> list[Action]:
        """The next growth, when it is time."""
        moved = moved_on(view)
        if moved or view.epoch % self.every or view.epoch > self.last_share * view.epochs:
            return moved
        from dana.esper.karn import usual_measures
        from dana.esper.refusals import Refusal

        sites = [site for site in view.host.sites if site.next_path or self.template != "widen"]
        if not sites or any(site.seed.is_active for site in sites):
            return []
        site = sites[self._turn % len(sites)]
        self._turn += 1
        measures = usual_measures(site, self.template) if self.measures is None else self.measures
        plan = site.propose(self.template, **measures)
        return [] if isinstance(plan, Refusal) else [Action(GERMINATE, site, plan, "by schedule")]


def moved_on(view: View) -> list[Action]:
    """What is growing goes its way, and stays."""
    actions = []
    for site in view.host.sites:
        if site.stage is Stage.TRAINING and view.host.epoch - site.seed.since >= 2:
            actions.append(Action("blend", site, reason="it is time"))
        elif site.stage is Stage.HOLDING:
            sure = {"gain_low": 0.0, "gain_over_rent": 0.0, "host_alone": 0.0}
            actions.append(Action(FOSSILISE, site, reason="unjudged", measured=sure))
    return actions


def heuristic(model: nn.Module) -> Any:
    """The heuristic controller for a network: it is frozen, begins with next to nothing, or neither."""
    return Adapter() if is_frozen(model) else Widener() if is_seedling(model) else Tamiyo()


CONTROLLERS: dict[str, Callable[[int], Any]] = {
    "heuristic": lambda _seed: Tamiyo(),
    "random": Random,
    "schedule": lambda _seed: Schedule(),
    "off": lambda _seed: None,
}


def train(
    model: nn.Module | Host,
    data: Data,
    *,
    epochs: int = 60,
    seed: int = 0,
    controller: Any = "heuristic",
    budget: Budget | None = None,
    batch: int = 32,
    lr: float = 0.01,
    optimizer: str = "adam",
    sites: str = "linear,conv",
    resume: str | bytes | None = None,
) -> Run:
    """A training of a network, or of a host, on data; it begins when it is iterated or finished.

    `controller`: heuristic, random, schedule, off, or an object with `decide(view)`; `seed` decides the order of the
    examples and everything that is drawn; `resume`: what `Run.save` wrote, the model being as it was at the beginning.
    Raises `RefusedError` for names that do not exist.
    """
    if optimizer not in OPTIMIZERS:
        raise RefusedError("refused.argument", f"`{optimizer}` is no optimiser; known are {', '.join(OPTIMIZERS)}")
    if isinstance(controller, str):
        if controller not in CONTROLLERS:
            raise RefusedError(
                "refused.argument", f"`{controller}` is no controller; known are {', '.join(CONTROLLERS)}"
            )
        network = model.model if isinstance(model, Host) else model
        controller = heuristic(network) if controller == "heuristic" else CONTROLLERS[controller](seed)
    torch.manual_seed(seed)
    host = (
        model
        if isinstance(model, Host)
        else Host(model, sites=sites, budget=budget, example=data.train[0][:2], seed=seed)
    )
    steps = OPTIMIZERS[optimizer](host.model.parameters(), lr=lr)
    host.attach(steps)
    growing = Growing(host, validation=data.validation, controller=controller, epochs=epochs, chance=log(data.classes))
    run = Run(host, data, growing, steps, epochs=epochs, batch=batch, seed=seed, lr=lr, kind=optimizer)
    if resume is not None:
        from dana.esper import checkpoint

        checkpoint.resume(run, resume)
    return run


def mlp(
    inputs: int, hidden: list[int], outputs: int, *, seed: int = 0, bend: type[nn.Module] = nn.ReLU
) -> nn.Sequential:
    """A network of linear layers with a bend after each hidden one; its weights are drawn from the seed."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers: list[nn.Module] = []
        for size in hidden:
            layers += [nn.Linear(inputs, size), bend()]
            inputs = size
        return nn.Sequential(*layers, nn.Linear(inputs, outputs))
