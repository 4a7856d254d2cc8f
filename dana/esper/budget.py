"""What growth may cost, and what it has cost so far (E95): parameters, work, memory, number of growths."""

from __future__ import annotations

from math import inf

from dana.esper.refusals import Refusal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

BYTES_A_PARAMETER = 4
# An optimiser like Adam keeps two numbers for each parameter, and there is the gradient.
_COPIES_WHILE_TRAINING = 4


class Cost:
    """What one growth takes: learned numbers, multiply-adds of one forward pass, bytes while it trains."""

    __slots__ = ("bytes", "flops", "parameters")

    def __init__(self, parameters: int, flops: int = 0, bytes: int | None = None) -> None:  # noqa: A002
        self.parameters = parameters
        self.flops = flops
        self.bytes = parameters * BYTES_A_PARAMETER * _COPIES_WHILE_TRAINING if bytes is None else bytes

    def __repr__(self) -> str:
        return f"Cost({self.parameters:,} parameters, {self.flops:,} multiply-adds)"


class Budget:
    """Limits of all growth together, None for no limit.

    `parameters`: learned numbers added; `flops`: multiply-adds added to a forward pass; `bytes`: memory while
    training; `growths`: how many seeds may germinate in all; `concurrent`: how many may be under way at once.
    """

    __slots__ = ("concurrent", "flops", "growths", "limits", "memory", "parameters", "spent", "under_way")

    def __init__(
        self,
        parameters: int | None = None,
        *,
        flops: int | None = None,
        memory: int | None = None,
        growths: int | None = None,
        concurrent: int = 1,
    ) -> None:
        for name, value in (("parameters", parameters), ("flops", flops), ("memory", memory), ("growths", growths)):
            if value is not None and (value.__class__ is not int or value < 0):
                raise ValueError(f"`{name}` is a whole number from 0, or None, not {value!r}")
        if concurrent.__class__ is not int or concurrent < 1:
            raise ValueError(f"`concurrent` is a whole number from 1, not {concurrent!r}")
        self.limits = {
            "parameters": inf if parameters is None else parameters,
            "flops": inf if flops is None else flops,
            "bytes": inf if memory is None else memory,
            "growths": inf if growths is None else growths,
        }
        self.concurrent = concurrent
        self.spent: dict[str, int] = dict.fromkeys(self.limits, 0)
        self.under_way = 0

    def allows(self, cost: Cost) -> Refusal | None:
        """Why a growth of this cost cannot begin; None when it can."""
        if self.under_way >= self.concurrent:
            word = "growth is" if self.under_way == 1 else "growths are"
            return Refusal(
                "refused.budget", f"{self.under_way} {word} under way, which is the limit", "wait for its end"
            )
        for name, more in _amounts(cost):
            if self.spent[name] + more > self.limits[name]:
                left = max(0, self.limits[name] - self.spent[name])
                reason = f"{more:,} {name} more; {left:,} of {self.limits[name]:,} are left"
                return Refusal("refused.budget", reason, f"a larger budget, or a smaller growth ({name})", which=name)
        return None

    def begin(self, cost: Cost) -> Refusal | None:
        """Spend a cost; the refusal, and nothing spent, where it is not allowed."""
        refusal = self.allows(cost)
        if refusal is None:
            self.under_way += 1
            for name, more in _amounts(cost):
                self.spent[name] += more
        return refusal

    def keep(self) -> None:
        """A growth is over, and what grew stays."""
        self.under_way = max(0, self.under_way - 1)

    def give_back(self, cost: Cost) -> None:
        """A growth is over, and what grew is gone. That it happened still counts."""
        self.keep()
        for name, more in _amounts(cost):
            if name != "growths":
                self.spent[name] = max(0, self.spent[name] - more)

    def to_data(self) -> dict[str, Any]:
        """Limits (None: none) and what is spent, as plain data."""
        limits = {name: None if limit == inf else limit for name, limit in self.limits.items()}
        return {"limits": limits, "spent": dict(self.spent), "concurrent": self.concurrent}

    # What a snapshot keeps of it.
    def snapshot(self) -> tuple[dict[str, int], int]:
        """What is spent now."""
        return dict(self.spent), self.under_way

    def restore(self, state: tuple[dict[str, int], int]) -> None:
        """As it was, but for the number of growths: a growth that was rolled back has happened."""
        growths = self.spent["growths"]
        self.spent, self.under_way = dict(state[0]), state[1]
        self.spent["growths"] = max(growths, self.spent["growths"])

    def __repr__(self) -> str:
        return f"Budget({self.spent['parameters']:,} of {self.limits['parameters']:,} parameters spent)"


def _amounts(cost: Cost) -> tuple[tuple[str, int], ...]:
    return ("parameters", cost.parameters), ("flops", cost.flops), ("bytes", cost.bytes), ("growths", 1)
