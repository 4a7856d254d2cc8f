"""A host whose weights stay as they are, and a task that has changed: what grows beside it learns the difference (E98).

    for parameter in model.parameters(): parameter.requires_grad_(False)
    run = train(Host(model, budget=Budget(2_600, concurrent=3)), changed, epochs=40)      # the heuristic is `Adapter`

Beside every layer grows an `adapter`: its values scaled (Liu et al. 2022), and a map of few directions from what it
reads (Hu et al. 2022), of as many as the budget has room for. All germinate at once as far as the budget's `concurrent`
allows and are blended in at once: they change nothing at birth, and there is no host whose learning they could disturb.
They are judged as by `Tamiyo`; what does not help goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dana.esper.host import Plan
from dana.esper.lifecycle import Stage
from dana.esper.tamiyo import BLEND, CULL, FOSSILISE, GERMINATE, Action, judge

if TYPE_CHECKING:
    from torch import nn

    from dana.esper.host import Host, Site
    from dana.esper.tamiyo import View


def is_frozen(model: nn.Module) -> bool:
    """Whether nothing of a network learns."""
    return not any(parameter.requires_grad for parameter in model.parameters())


class Adapter:
    """The heuristic controller of a frozen host.

    `hold_share`: of the training, after which is judged; `rent_rate` as for `Tamiyo`.
    """

    # One step: see above.
    blend_epochs = 0

    def __init__(self, *, hold_share: float = 0.5, rent_rate: float = 0.0) -> None:
        self.hold_share = hold_share
        self.rent_rate = rent_rate
        # Sites that had their turn: beside each grows one thing.
        self.tried: set[str] = set()

    def decide(self, view: View) -> list[Action]:
        """The actions of this epoch."""
        actions: list[Action] = []
        for site in view.host.sites:
            age = view.host.epoch - site.seed.since
            if site.stage is Stage.HOLDING and age >= max(2, self.hold_share * view.epochs):
                found = judge(view.host, site, view.held_out, rent_rate=self.rent_rate)
                kind = FOSSILISE if found.low > 0 and found.gain > found.rent else CULL
                said = f"gain {found.gain:.4f} ({found.low:.4f} to {found.high:.4f})"
                actions.append(Action(kind, site, reason=said, measured=found.measured()))
        return actions + self._germinations(view.host)

    def state(self) -> list[str]:
        """Which sites had their turn."""
        return sorted(self.tried)

    def restore(self, said: list[str]) -> None:
        """As it was when `state` was asked."""
        self.tried = set(said)

    def _germinations(self, host: Host) -> list[Action]:
        open_ = [site for site in host.sites if site.stage is Stage.DORMANT and site.path not in self.tried]
        room = host.budget.concurrent - sum(site.seed.is_active for site in host.sites)
        left = host.budget.limits["parameters"] - host.budget.spent["parameters"]
        actions = []
        # The smallest first: what they do not need is for the others.
        for number, site in enumerate(sorted(open_, key=lambda each: (each.facts.outputs, each.path))):
            if room <= 0:
                break
            plan = _largest(site, left / (len(open_) - number))
            self.tried.add(site.path)
            if plan is not None:
                room -= 1
                left -= plan.cost.parameters
                plan.reason = "the host is frozen, the task is not its own"
                actions += [
                    Action(GERMINATE, site, plan, plan.reason),
                    Action(BLEND, site, reason="nothing to disturb"),
                ]
        return actions


def _largest(site: Site, share: float) -> Plan | None:
    """The adapter of most directions that takes at most `share` parameters; None when none fits."""
    low, high, found = 1, max(1, site.facts.outputs // 2), None
    while low <= high:
        rank = (low + high) // 2
        plan = site.propose("adapter", rank=rank)
        if isinstance(plan, Plan) and plan.cost.parameters <= share:
            found, low = plan, rank + 1
        else:
            high = rank - 1
    return found
