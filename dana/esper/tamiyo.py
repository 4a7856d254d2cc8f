"""Tamiyo: when something grows, what, and whether it stays: the heuristic controller (E41, mission §6.7).

Once an epoch:

1. What is growing is moved on: after some epochs of training it is blended in; when it is in, it is judged.
2. Judging is a paired counterfactual: the same held-out examples with and without what grew. It stays when the lower
   end of the gain's 95 % interval is above 0 and the gain above its *rent*, which parameters cost.
   What costs next to nothing may wait for that; neurons that are renewed have most of the training.
3. When nothing grows and the loss has reached a plateau, Karn is asked where the network is stuck; the best plan that
   the shield allows germinates. More neurons and layers are no answer to what is learnt by heart, nor more depth to a
   loss that still falls.

A controller is anything with `decide(view) -> actions`; the shield stands between it and the network in any case.
"""

from __future__ import annotations

from math import log1p
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from dana.adaptive.statistics import t95
from dana.esper.karn import diagnose, propose
from dana.esper.lifecycle import Stage
from dana.esper.probe import probe
from dana.esper.renewal import Renewal

if TYPE_CHECKING:
    from collections.abc import Callable

    from dana.esper.host import Host, Plan, Site

    # Losses of single held-out examples, in a fixed order.
    Losses = Callable[[], Tensor]

# What costs next to nothing has this part of a training to show that it helps.
PATIENT = 4
# Depth is missing where the loss falls by less than this share in so many epochs, and nothing else explains it.
STALLED, STALLED_OVER = 0.1, 3

# Where held-out examples are missed by so many times as much as those learnt from, more neurons would not help.
OVERFITTED = 1.5

GERMINATE, BLEND, FOSSILISE, CULL, WAIT = "germinate", "blend", "fossilise", "cull", "wait"


class Action:
    """What shall be done: a kind, the site it is about, for germinating a plan, and why."""

    __slots__ = ("kind", "measured", "plan", "reason", "site")

    def __init__(
        self, kind: str, site: Site | None = None, plan: Plan | None = None, reason: str = "", measured: Any = None
    ) -> None:
        self.kind = kind
        self.site = site
        self.plan = plan
        self.reason = reason
        self.measured = measured

    def __repr__(self) -> str:
        where = "" if self.site is None else f" at `{self.site.path}`"
        return f"Action({self.kind}{where}: {self.reason})"


class View:
    """What a controller sees at the end of an epoch.

    `losses` of the epochs so far (training, mean); `held_out()` gives the losses of the held-out examples one by one,
    `batch_loss()` the loss of one training batch with gradients; `epochs` planned in all.
    """

    __slots__ = ("batch_loss", "epoch", "epochs", "held_out", "host", "losses")

    def __init__(
        self,
        host: Host,
        epoch: int,
        epochs: int,
        losses: list[float],
        held_out: Losses,
        batch_loss: Callable[[], Tensor],
    ) -> None:
        self.host = host
        self.epoch = epoch
        self.epochs = epochs
        self.losses = losses
        self.held_out = held_out
        self.batch_loss = batch_loss


class Judgement:
    """A paired counterfactual: mean decrease of the loss through what grew, its 95 % interval, and the rent."""

    __slots__ = ("gain", "high", "host_alone", "low", "n", "rent")

    def __init__(self, gain: float, low: float, high: float, n: int, rent: float, host_alone: float) -> None:
        self.gain = gain
        self.low = low
        self.high = high
        self.n = n
        self.rent = rent
        self.host_alone = host_alone

    def measured(self) -> dict[str, float]:
        """As the gate of fossilising wants it."""
        return {
            "gain_low": self.low - 1e-12, "gain_over_rent": self.gain - self.rent, "host_alone": self.host_alone,
            "gain": self.gain, "n": float(self.n),
        }  # fmt: skip


def measured(host: Host, held_out: Losses) -> Tensor:
    """The losses of the held-out examples, one by one, of the network as it is now."""
    modes = [(module, module.training) for module in host.model.modules()]
    host.model.eval()
    try:
        with torch.no_grad():
            return held_out().double()
    finally:
        for module, training in modes:
            module.training = training


def _interval(gains: Tensor) -> tuple[float, float, int]:
    """Mean, half of the 95 % interval, and number."""
    n = len(gains)
    return float(gains.mean()), t95(n - 1) * float(gains.std()) / n**0.5 if n > 1 else float("inf"), n


def judge(host: Host, site: Site, held_out: Losses, *, rent_rate: float) -> Judgement:
    """What a site's growth brings on held-out examples: each with and without it, everything else equal."""
    whole = measured(host, held_out)
    with host.without(site):
        alone = measured(host, held_out)
    mean, half, n = _interval(alone - whole)
    # Neurons that were renewed are missed by whoever learnt to read them: it must not be worse than before, either.
    before = site._memory.get("before")
    if before is not None and before.shape == whole.shape:
        since, width, _n = _interval(before - whole)
        if since + width < 0:
            mean, half, alone = since, width, before
    parameters = site.plan.cost.parameters if site.plan is not None else 0
    rent = rent_rate * log1p(parameters / max(1, host.parameters - parameters))
    return Judgement(mean, mean - half, mean + half, n, rent, float(alone.mean()))


def _is_cheap(site: Site) -> bool:
    """Whether what grows takes no more than a number or two for each neuron: it may wait until it helps."""
    return site.plan is not None and site.plan.cost.parameters <= 2 * site.facts.outputs


class Tamiyo:
    """The heuristic controller.

    `patience`: epochs over which the loss must have fallen by less than `plateau` (relative) before something
    germinates; `warm_up`: epochs before the first; `train_epochs` before blending, `blend_epochs` of blending,
    `hold_epochs` before judging (None: a sixtieth of the training, at least 2); `rent_rate`: what doubling the network
    must bring in loss; `last_share`: of the training, in which something may still germinate.
    """

    def __init__(
        self,
        *,
        patience: int = 1,
        plateau: float = 0.3,
        warm_up: int = 2,
        train_epochs: int = 2,
        blend_epochs: int = 2,
        hold_epochs: int | None = None,
        rent_rate: float = 0.01,
        last_share: float = 0.75,
    ) -> None:
        self.patience = patience
        self.plateau = plateau
        self.warm_up = warm_up
        self.train_epochs = train_epochs
        self.blend_epochs = blend_epochs
        self.hold_epochs = hold_epochs
        self.rent_rate = rent_rate
        # What germinates in the last part of a training has no time to be judged.
        self.last_share = last_share
        # What was tried and did not pay, by site and template: it is tried again last.
        self.failed: dict[tuple[str, str], int] = {}

    def decide(self, view: View) -> list[Action]:
        """The actions of this epoch."""
        actions: list[Action] = []
        for site in view.host.sites:
            age = view.host.epoch - site.seed.since
            if site.stage is Stage.TRAINING and (site.plan is None or age >= self._training_of(site)):
                actions.append(Action(BLEND, site, reason=f"trained for {age} epochs"))
            elif site.stage is Stage.HOLDING and age >= (self.hold_epochs or max(2, view.epochs // 60)):
                actions += self._judged(view, site, age)
        active = sum(site.seed.is_active for site in view.host.sites)
        return actions if active >= view.host.budget.concurrent else actions + self._germination(view)

    def state(self) -> list[list[Any]]:
        """What it has learnt, as plain data."""
        return [[site, name, count] for (site, name), count in self.failed.items()]

    def restore(self, said: list[list[Any]]) -> None:
        """As it was when `state` was asked."""
        self.failed = {(site, name): count for site, name, count in said}

    def _training_of(self, site: Site) -> int:
        """Epochs before blending: growths of the layer itself are in from the start."""
        return self.train_epochs if site.plan is not None and site.plan.template.growth == "graft" else 1

    def _judged(self, view: View, site: Site, age: int) -> list[Action]:
        found = judge(view.host, site, view.held_out, rent_rate=self.rent_rate)
        said = f"gain {found.gain:.4f} ({found.low:.4f} to {found.high:.4f}), rent {found.rent:.4f}"
        if found.low > 0 and found.gain > found.rent:
            return [Action(FOSSILISE, site, reason=said, measured=found.measured())]
        if age < self._patience(view, site):
            return []
        if site.plan is not None:
            key = (site.path, site.plan.template.name)
            self.failed[key] = self.failed.get(key, 0) + 1
        return [Action(CULL, site, reason=said, measured=found.measured())]

    def _patience(self, view: View, site: Site) -> float:
        """Epochs that what grew may take to show that it helps."""
        if site.renews:
            return self.last_share * view.epochs
        return view.epochs // PATIENT if _is_cheap(site) else 0

    def _germination(self, view: View) -> list[Action]:
        if view.epoch < self.warm_up or view.epoch > self.last_share * view.epochs or not self._is_plateau(view.losses):
            return []
        figures = probe(view.host, view.batch_loss)
        findings = diagnose(view.host, figures)
        if self._is_learning(view):
            findings = [finding for finding in findings if finding.fault != "shallow"]
        if float(measured(view.host, view.held_out).mean()) > OVERFITTED * view.losses[-1]:
            # What is learnt by heart is not learnt better by more neurons.
            findings = [finding for finding in findings if finding.fault not in ("narrow", "shallow")]
        plans = propose(view.host, findings, figures, most=8)
        if not plans:
            return []
        best = max(plans, key=lambda plan: (plan.gain or 0.0) * 0.5 ** self._failures(plan))
        if self._failures(best) >= 2:
            return []
        if isinstance(best.kernel, Renewal):
            best.kernel.before = measured(view.host, view.held_out)
        return [Action(GERMINATE, best.site, best, reason=best.reason)]

    def _failures(self, plan: Plan) -> int:
        return self.failed.get((plan.site.path, plan.template.name), 0)

    def _is_learning(self, view: View) -> bool:
        """Whether more depth could not yet be what is missing: something grows, or the layers there are still learn."""
        if any(site.seed.is_active for site in view.host.sites):
            return True
        losses = view.losses
        return len(losses) <= STALLED_OVER or losses[-1] < (1 - STALLED) * losses[-1 - STALLED_OVER]

    def _is_plateau(self, losses: list[float]) -> bool:
        """Whether the loss fell by less than `plateau` over the last epochs, each half of them averaged."""
        if len(losses) < 2 * self.patience:
            return False
        before = sum(losses[-2 * self.patience : -self.patience]) / self.patience
        now = sum(losses[-self.patience :]) / self.patience
        return now > before * (1 - self.plateau)


def carry_out(host: Host, actions: list[Action], *, blend_steps: int) -> list[Action]:
    """Do what a controller decided; what the shield refuses is left out. Returns what was done."""
    done = []
    for action in actions:
        if action.kind == GERMINATE and action.plan is not None:
            refusal = host.germinate(action.plan)
        elif action.kind == BLEND and action.site is not None:
            refusal = host.blend(action.site, steps=blend_steps)
        elif action.kind == FOSSILISE and action.site is not None:
            refusal = host.fossilise(action.site, action.measured)
        elif action.kind == CULL and action.site is not None:
            refusal = host.cull(action.site, action.reason)
        else:
            continue
        if refusal is None:
            host.write(
                "decide",
                {"action": action.kind, "site": action.site.path if action.site else "", "reason": action.reason},
            )
            done.append(action)
    return done
