"""Field reports: what became of growths, for the store, the journal, and whoever chooses templates next time (E77)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class FieldReport:
    """What became of a growth where it was tried: `outcome` 1 (it stayed), 0 (undecided) or −1 (culled, rolled back).

    `kernel`: its id, "" for growths of a layer itself; `gain` over the network without it, in the unit of the measure.
    """

    __slots__ = ("epoch", "gain", "kernel", "outcome", "reason", "run", "site", "template")

    def __init__(
        self,
        template: str,
        outcome: int,
        *,
        kernel: str = "",
        site: str = "",
        gain: float | None = None,
        reason: str = "",
        run: str = "",
        epoch: int = 0,
    ) -> None:
        if outcome not in (-1, 0, 1):
            raise ValueError(f"an outcome is -1, 0 or 1, not {outcome!r}")
        self.template = template
        self.outcome = outcome
        self.kernel = kernel
        self.site = site
        self.gain = gain
        self.reason = reason
        self.run = run
        self.epoch = epoch

    def to_data(self) -> dict[str, Any]:
        """As plain data; `FieldReport(**data)` is equal."""
        return {name: getattr(self, name) for name in self.__slots__}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, FieldReport) and other.to_data() == self.to_data()

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"FieldReport({self.template}, {self.outcome:+d}, {self.reason or 'no reason'})"
