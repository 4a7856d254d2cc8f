"""Which faults are worth another attempt (T2).

For every kind of fault: how often did the next attempt succeed? A Beta posterior (uniform before anything is known)
says it with its uncertainty; a kind is given up when even the upper end of its 95 % interval is below `least`.
"""

from __future__ import annotations

from dana.adaptive.statistics import wilson

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

LEAST = 0.05
AFTER = 20
MOST_KINDS = 200


class FaultClasses:
    """Counts retries by kind of fault; `is_hopeless(kind)` when they are known to be in vain.

    `after`: so many retries of a kind before it may be given up; `least`: the share of retries that must succeed. A
    kind that was given up is tried again now and then (`probe_every` of its faults), so that it can come back.
    """

    __slots__ = ("_seen", "after", "counts", "least", "probe_every")

    def __init__(self, *, after: int = AFTER, least: float = LEAST, probe_every: int = 100) -> None:
        self.after = after
        self.least = least
        self.probe_every = probe_every
        # By kind: retries, and those that succeeded.
        self.counts: dict[str, list[int]] = {}
        self._seen: dict[str, int] = {}

    def retried(self, kind: str, *, succeeded: bool) -> None:
        """An attempt after a fault of this kind did or did not succeed."""
        found = self.counts.get(kind)
        if found is None:
            if len(self.counts) >= MOST_KINDS:
                return
            found = self.counts[kind] = [0, 0]
        found[0] += 1
        found[1] += succeeded

    def share(self, kind: str) -> tuple[float, float]:
        """The 95 % interval of the share of retries that succeed."""
        tried, succeeded = self.counts.get(kind, (0, 0))
        return wilson(succeeded, tried)

    def is_hopeless(self, kind: str) -> bool:
        """Whether retries after a fault of this kind are known to be in vain."""
        tried = self.counts.get(kind, (0, 0))[0]
        return tried >= self.after and self.share(kind)[1] < self.least

    def is_worth(self, kind: str) -> bool:
        """Whether to try again after this fault; a hopeless kind gets a probe now and then."""
        if not self.is_hopeless(kind):
            return True
        self._seen[kind] = seen = self._seen.get(kind, 0) + 1
        return seen % self.probe_every == 0

    def to_data(self) -> dict[str, Any]:
        """The counts, as plain data."""
        return {kind: list(count) for kind, count in self.counts.items()}

    def take(self, data: dict[str, Any]) -> None:
        """Take in counts. Raises `ValueError` for other data."""
        for kind, count in data.items():
            if len(count) != 2 or not 0 <= count[1] <= count[0]:
                raise ValueError(f"{kind}: {count!r} are no counts of retries")
            self.counts[kind] = [int(count[0]), int(count[1])]
