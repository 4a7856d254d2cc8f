"""A host whose weights stay as they are, and a task that has changed: what grows beside it learns the difference (E98).

    for parameter in model.parameters(): parameter.requires_grad_(False)
    run = train(Host(model, budget=Budget(2_600, concurrent=3)), changed, epochs=40)      # the heuristic is `Adapter`

Beside every layer grows an `adapter`: its values scaled (Liu et al. 2022), and a map of few directions from what it
reads (Hu et al. 2022), of as many as the budget has room for. From the last layer to the first, each with a few epochs
to itself: once the answers are about right, what comes from them to the layers before says what is wrong there. They
are blended in at once, since they change nothing at birth and there is no host whose learning they could disturb, and
are judged as by `Tamiyo`; what does not help goes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dana.esper.host import Plan
from dana.esper.lifecycle import Stage
from dana.esper.tamiyo import BLEND, CULL, FOSSILISE, GERMINATE, Action, judge

if TYPE_CHECKING:
    from torch import nn

    from dana.esper.host import Site
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
        return actions + self._germinations(view)

    def state(self) -> list[str]:
        """Which sites had their turn."""
        return sorted(self.tried)

    def restore(self, said: list[str]) -> None:
        """As it was when `state` was asked."""
        self.tried = set(said)

    def _germinations(self, view: View) -> list[Action]:
        host = view.host
        open_ = [site for site in host.sites if site.stage is Stage.DORMANT and site.path not in self.tried]
        rested = host.last_change is None or host.epoch - host.last_change >= max(2, view.epochs // 16)
        if not open_ or not rested or sum(site.seed.is_active for site in host.sites) >= host.budget.concurrent:
            return []
        site = open_[-1]
        self.tried.add(site.path)
        left = host.budget.limits["parameters"] - host.budget.spent["parameters"]
        plan = _largest(site, left / len(open_))
        if plan is None:
            return []
        plan.reason = "the host is frozen, the task is not its own"
        return [Action(GERMINATE, site, plan, plan.reason), Action(BLEND, site, reason="nothing to disturb")]


def _largest(site: Site, share: float) -> Plan | None:
    """The adapter of most directions that takes at most `share` parameters; None when none fits."""
    low, high, found = 1, site.facts.outputs, None
    while low <= high:
        rank = (low + high) // 2
        plan = site.propose("adapter", rank=rank)
        if isinstance(plan, Plan) and plan.cost.parameters <= share:
            found, low = plan, rank + 1
        else:
            high = rank - 1
    return found
