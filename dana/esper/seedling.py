"""A network that begins with next to nothing: it grows wide where the gradient asks for it most (E41, E48).

    run = train(mlp(64, [3, 3], 10), digits(), epochs=80, budget=Budget(680))      # the heuristic is `Widener`

In three or four neurons there is no fault to be found: there is too little of everything. So nothing is diagnosed. At
each plateau of the loss the network is probed: at every layer, the best directions of new neurons are those along which
what the present ones cannot follow is largest (GradMax, Evci et al. 2022; its part that they cannot follow: TINY,
Verbockhaven et al. 2024). The layer where the first of them promises most for what it costs gets half as many neurons
again. They are in at once, since they change nothing at birth, and are judged as by `Tamiyo`: what does not pay its
rent on held-out examples goes, and a layer where that has happened twice is left alone. Growing ends where the loss
says that there is nothing left to learn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import nn

from dana.esper.host import Plan
from dana.esper.lifecycle import Stage
from dana.esper.probe import probe
from dana.esper.tamiyo import BLEND, CULL, FOSSILISE, GERMINATE, Action, judge

if TYPE_CHECKING:
    from dana.esper.host import Site
    from dana.esper.tamiyo import View

# Layers of at most so many neurons are too small to have a fault.
SEEDLING = 4
# A training loss below this (in nats) leaves nothing to grow for.
LEARNT = 0.02
# How much the price of a growth counts beside its promise: 0 not at all, 1 in proportion.
THRIFT = 0.7


def is_seedling(model: nn.Module) -> bool:
    """Whether a network has linear layers only, and its hidden ones, of which there are some, have next to nothing."""
    layers = [module for module in model.modules() if next(module.parameters(recurse=False), None) is not None]
    hidden = [layer for layer in layers[:-1] if isinstance(layer, nn.Linear)]
    return bool(hidden) and len(hidden) == len(layers) - 1 and all(each.out_features <= SEEDLING for each in hidden)


class Widener:
    """The heuristic controller of a network that begins with next to nothing.

    `plateau`: the loss falls by less than this share from some epochs to as many after them (`share` of the training,
    at least one); `more`: new neurons as a share of a layer's; `trials`: so many times those epochs a growth has to
    show that it helps; `rent_rate` and `last_share` as for `Tamiyo`.
    """

    # New neurons are in from the start.
    blend_epochs = 0

    def __init__(
        self,
        *,
        plateau: float = 0.3,
        share: float = 1 / 60,
        more: float = 0.5,
        trials: int = 4,
        rent_rate: float = 0.01,
        last_share: float = 0.75,
    ) -> None:
        self.plateau = plateau
        self.share = share
        self.more = more
        self.trials = trials
        self.rent_rate = rent_rate
        self.last_share = last_share
        # Growths that did not pay, by site.
        self.failed: dict[str, int] = {}

    def decide(self, view: View) -> list[Action]:
        """The actions of this epoch."""
        active = [site for site in view.host.sites if site.seed.is_active]
        if not active:
            return self._germination(view)
        actions: list[Action] = []
        for site in active:
            age = view.host.epoch - site.seed.since
            if site.stage is Stage.TRAINING and age >= 1:
                actions.append(Action(BLEND, site, reason="in from the start"))
            elif site.stage is Stage.HOLDING and age >= 1:
                actions += self._judged(view, site, age)
        return actions

    def state(self) -> dict[str, int]:
        """What did not pay."""
        return dict(self.failed)

    def restore(self, said: dict[str, int]) -> None:
        """As it was when `state` was asked."""
        self.failed = dict(said)

    def _patience(self, view: View) -> int:
        return max(1, round(view.epochs * self.share))

    def _judged(self, view: View, site: Site, age: int) -> list[Action]:
        found = judge(view.host, site, view.held_out, rent_rate=self.rent_rate)
        said = f"gain {found.gain:.4f} ({found.low:.4f} to {found.high:.4f}), rent {found.rent:.4f}"
        if found.low > 0 and found.gain > found.rent:
            return [Action(FOSSILISE, site, reason=said, measured=found.measured())]
        if age < self.trials * self._patience(view) and view.epoch < view.epochs:
            return []
        self.failed[site.path] = self.failed.get(site.path, 0) + 1
        return [Action(CULL, site, reason=said, measured=found.measured())]

    def _germination(self, view: View) -> list[Action]:
        epochs, losses = self._patience(view), view.losses
        rested = view.host.last_change is None or view.host.epoch - view.host.last_change >= epochs
        if not rested or view.epoch > self.last_share * view.epochs or len(losses) < 2 * epochs:
            return []
        before, now = sum(losses[-2 * epochs : -epochs]) / epochs, sum(losses[-epochs:]) / epochs
        if now < LEARNT or now <= before * (1 - self.plateau):
            return []
        sites = [site for site in view.host.sites if self.failed.get(site.path, 0) < 2 and self._plan(view, site)]
        if not sites:
            return []  # a probe costs as much as some steps
        figures = probe(view.host, view.batch_loss)
        best: tuple[float, Plan] | None = None
        for site in sites:
            plan, seen = self._plan(view, site), figures.get(site.path)
            if plan is None or seen is None or seen.directions is None:
                continue
            count = plan.measures["neurons"]
            if len(seen.directions) < count:
                plan = self._plan(view, site, len(seen.directions))
                if plan is None:
                    continue
            plan.kernel = seen.directions[: plan.measures["neurons"]]
            worth = seen["gain"] / plan.cost.parameters**THRIFT
            if best is None or worth > best[0]:
                best = worth, plan
                plan.gain, plan.reason = seen["gain"], f"wider: promises {seen['gain']:.3g}"
        return [] if best is None else [Action(GERMINATE, best[1].site, best[1], best[1].reason)]

    def _plan(self, view: View, site: Site, most: int | None = None) -> Plan | None:
        """Half as many neurons again, as far as they fit into the budget."""
        if site.stage is not Stage.DORMANT or not site.next_path:
            return None
        count = max(2, int(site.facts.outputs * self.more))
        count = count if most is None else min(count, most)
        plan = site.propose("widen", neurons=count) if count else None
        return plan if isinstance(plan, Plan) and view.host.budget.allows(plan.cost) is None else None
