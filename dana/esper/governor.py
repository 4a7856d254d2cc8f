"""The governor: a training that goes wrong because something grew is put back by itself (E72).

After every step it sees the loss. It panics

- at once, when a loss is not finite, or when a loss that was well below what guessing gives is suddenly what guessing
  gives (a network that has forgotten everything);
- after three losses in a row that are far outside of what was usual: more than 6 robust standard deviations above the
  median (Iglewicz & Hoaglin 1993), more than three times it, and above `worst`.

Before that, what is learnt from a step that is far outside of what was usual is limited: once something grew, a loss
above three times the median counts as that much. A grown network is deeper or wider than the one whose pace the
optimiser knows; where little is left to learn, one odd example moves all of it at once, and the next losses are odd.

A panic goes back to the last good mark, locks the site that was growing and writes a field report. Marks are taken
while all is well.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import deque
from math import inf, isfinite
from typing import TYPE_CHECKING, Any

from dana.esper.field_report import FieldReport

if TYPE_CHECKING:
    from dana.esper.host import Host, Mark, Site

WINDOW = 60
_IN_A_ROW = 3
_DEVIATIONS = 6.0
_TIMES = 3.0
# A loss "is" the guessing loss within this share of it, after the usual loss was below that share of it.
_NEAR_CHANCE, _BELOW_CHANCE = 0.065, 0.6


class Governor:
    """Looks after the losses of a host. `chance`: the loss of guessing (ln of the number of classes), or None.

    `every`: steps between two good marks; `worst`: no loss below this is a reason to panic (but for those that are not
    finite).
    """

    def __init__(self, host: Host, *, chance: float | None = None, every: int = 50, worst: float = 0.0) -> None:
        self.host = host
        self.chance = chance
        self.every = every
        self.worst = worst
        self.reports: list[FieldReport] = []
        self.panics = 0
        self._losses: deque[float] = deque(maxlen=WINDOW)
        # The same by size.
        self._ordered: list[float] = []
        self._high = 0
        self._good: Mark = host.mark()
        self._since = 0

    def see(self, loss: float) -> str | None:
        """One loss. The reason of a panic, when the host was put back because of it; None when all is well."""
        self._since += 1
        reason = self._wrong(loss)
        if reason is not None:
            self._panic(reason)
            return reason
        self._note(loss)
        if self._since >= self.every and not self._high:
            self._good = self.host.mark()
            self._since = 0
        return None

    def share(self, loss: float) -> float:
        """The part of a step's loss to learn from, to multiply it by before `backward`: 1 for what is usual."""
        if self.host.last_change is None or len(self._losses) < WINDOW // 2:
            return 1.0
        most = _TIMES * abs(self._ordered[len(self._ordered) // 2])
        return most / loss if most < loss < inf else 1.0

    def good_now(self) -> None:
        """Take this moment for the one to go back to."""
        self._good, self._since = self.host.mark(), 0

    def to_data(self) -> dict[str, Any]:
        """What it has seen, as plain data."""
        return {
            "losses": list(self._losses), "high": self._high, "panics": self.panics,
            "reports": [report.to_data() for report in self.reports],
        }  # fmt: skip

    def restore(self, said: dict[str, Any]) -> None:
        """As it was when `to_data` was asked."""
        self._losses = deque(said["losses"], maxlen=WINDOW)
        self._ordered = sorted(self._losses)
        self._high, self.panics = said["high"], said["panics"]
        self.reports = [FieldReport(**report) for report in said["reports"]]

    def _wrong(self, loss: float) -> str | None:
        if not isfinite(loss):
            return f"the loss is {loss}"
        if len(self._losses) < WINDOW // 2:
            return None
        ordered = self._ordered
        median = ordered[len(ordered) // 2]
        if (
            self.chance is not None
            and median < _BELOW_CHANCE * self.chance
            and abs(loss - self.chance) <= _NEAR_CHANCE * self.chance
            and loss > max(ordered) * 1.5
        ):
            return f"the loss rose from {median:.3g} to what guessing gives ({self.chance:.3g})"
        # What it is cheap to see comes first: nearly every loss ends here.
        if loss > self.worst and loss > _TIMES * abs(median) and loss > median + _DEVIATIONS * self._spread(median):
            self._high += 1
            if self._high >= _IN_A_ROW:
                return f"{_IN_A_ROW} losses in a row far above the usual {median:.3g} (the last is {loss:.3g})"
        else:
            self._high = 0
        return None

    def _spread(self, median: float) -> float:
        """The robust standard deviation of the usual losses."""
        return max(sorted(abs(each - median) for each in self._ordered)[len(self._ordered) // 2] * 1.4826, 1e-12)

    def _note(self, loss: float) -> None:
        """One more usual loss; the oldest of them goes."""
        if len(self._losses) == WINDOW:
            del self._ordered[bisect_left(self._ordered, self._losses[0])]
        self._losses.append(loss)
        insort(self._ordered, loss)

    def _panic(self, reason: str) -> None:
        self.panics += 1
        self._high = 0
        self._since = 0
        site = self._suspect()
        template = "" if site is None or site.plan is None else site.plan.template.name
        kernel = "" if site is None or site.plan is None else (site.plan.report or {}).get("kernel", "")
        report = FieldReport(
            template, -1, kernel=kernel, site="" if site is None else site.path, reason=reason, epoch=self.host.epoch
        )
        self.reports.append(report)
        self.host.write("report", report.to_data())
        self.host.rollback(self._good, lock=site, reason=reason)

    def _suspect(self) -> Site | None:
        """What grew last: the seed that changed most recently since the good mark."""
        growing = [site for site in self.host.sites if site.seed.is_active]
        return max(growing, key=lambda site: site.seed.since) if growing else None
