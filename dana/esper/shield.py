"""The shield: what is never done, whoever asks for it (E32). Code, not a learned score: learning cannot reach it.

Every change of a network passes through `check`. It is a pure function of what is known and what is asked; a policy,
a person and an agent meet the same answer.
"""

from __future__ import annotations

from dana.esper.lifecycle import SEEDS, Event, Stage
from dana.esper.refusals import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.esper.budget import Budget, Cost

# Changes that alter what the network computes, and so need a way back.
_IRREVERSIBLE = frozenset((Event.GERMINATE, Event.BLEND, Event.FOSSILISE))


class View:
    """What is known when a change is asked for.

    `stage` of the site's seed; `finite`: whether the last loss and weights were; `has_snapshot`: whether there is a way
    back; `epoch` now, `last_change` the epoch of the last change anywhere, `cooldown` epochs between two germinations;
    `validated`: whether what shall grow carries a valid report.
    """

    __slots__ = ("budget", "cooldown", "epoch", "finite", "has_snapshot", "last_change", "stage", "validated")

    def __init__(
        self,
        stage: Stage,
        budget: Budget,
        *,
        epoch: int = 0,
        last_change: int | None = None,
        cooldown: int = 0,
        finite: bool = True,
        has_snapshot: bool = True,
        validated: bool = True,
    ) -> None:
        self.stage = stage
        self.budget = budget
        self.epoch = epoch
        self.last_change = last_change
        self.cooldown = cooldown
        self.finite = finite
        self.has_snapshot = has_snapshot
        self.validated = validated


def check(view: View, event: Event, cost: Cost | None = None) -> Refusal | None:
    """Why this is not done; None when it may be. Culling and rolling back never fail where they mean something."""
    if (view.stage, event) not in SEEDS:
        if view.stage is Stage.ROLLED_BACK:
            return Refusal("refused.locked", "the site is locked after a rollback", "release it first")
        return Refusal("refused.stage", f"a {view.stage.value} seed cannot {event.value.replace('_', ' ')}")
    if event not in _IRREVERSIBLE:
        return None
    if not view.finite:
        return Refusal(
            "refused.state", "the network is not in order: a loss or a weight is not finite", "roll back first"
        )
    if not view.has_snapshot:
        return Refusal("refused.state", "there is no snapshot to go back to", "take one with `mark()`")
    if event is Event.GERMINATE:
        return _germination(view, cost)
    return None


def _germination(view: View, cost: Cost | None) -> Refusal | None:
    if not view.validated:
        return Refusal("refused.validation", "what shall grow was not validated")
    if cost is None:
        return Refusal("refused.budget", "what shall grow has no known cost")
    if view.last_change is not None and view.epoch - view.last_change < view.cooldown:
        until = view.last_change + view.cooldown
        return Refusal(
            "refused.cooldown", f"the last change was in epoch {view.last_change}", f"wait until epoch {until}"
        )
    return view.budget.allows(cost)
