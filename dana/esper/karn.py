"""Karn: where a network is stuck, and what could grow there (E43, E44).

From the figures of a probe to findings (which fault, how bad, at which site), and from findings to plans: the
templates that answer the fault, in their measures, as far as budget and shape allow. Rules are data; every finding says
the figures it rests on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dana.esper.host import Plan
from dana.esper.lifecycle import Stage
from dana.esper.refusals import Refusal
from dana.esper.renewal import GROWTHS, Renewal
from dana.esper.templates import ANSWERS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from dana.esper.host import Host, Site
    from dana.esper.probe import Figures

# Where a fault begins, by figure. `narrow` and `shallow` are what remains when nothing else explains a residual.
DEAD, SATURATED, RANK, RESIDUAL = 0.5, 0.5, 0.25, 0.3
SMALLEST_RANKED = 4
# A squashing activation with less than this share of its slope lets no gradient through; what learning alone drives to
# its ends keeps more.
FLAT = 0.125
# Dead neurons this many standard deviations beyond the examples count for three quarters.
DEEP = 8.0
# How far what a squashing activation is given shall vary: enough to bend, not so much that it loses its slope.
SPREADS = {"tanh": 1.0, "sigmoid": 2.0}
# Where new neurons promise less than this, nothing is stuck: the network has learnt what there was to learn.
WORTH_IT = 0.002
# … unless so much is missed that no single direction explains it: then it is not neurons that are missing.
MISSED = 0.1


class Finding:
    """A fault at a site: its name, how bad it is (0 to 1), and the figures it rests on."""

    __slots__ = ("fault", "figures", "severity", "site")

    def __init__(self, site: Site, fault: str, severity: float, figures: Mapping[str, float]) -> None:
        self.site = site
        self.fault = fault
        self.severity = severity
        self.figures = dict(figures)

    def to_data(self) -> dict[str, Any]:
        """As plain data."""
        return {"site": self.site.path, "fault": self.fault, "severity": self.severity, "figures": self.figures}

    def __repr__(self) -> str:
        return f"Finding({self.fault} at `{self.site.path}`, {self.severity:.2f})"


def diagnose(host: Host, figures: Mapping[str, Figures]) -> list[Finding]:
    """The faults of a network, worst first. `figures`: from `dana.esper.probe.probe`."""
    found = []
    widest = max((site.facts.outputs for site in host.sites if site.next_path), default=0)
    # Who reads neurons that are just growing has not learnt to yet, which looks like few directions.
    learning = {site.next_path for site in host.sites if site.seed.is_active}
    for site in host.sites:
        seen = figures.get(site.path)
        if seen is None or not site.next_path:
            continue
        found += [
            Finding(site, fault, severity, seen)
            for fault, severity in _faults(site, seen, widest)
            if fault != "rank" or site.path not in learning
        ]
    if not found:
        found = _shallow(host, figures)
    return sorted(found, key=lambda each: (-each.severity, each.site.path, each.fault))


def _faults(site: Site, seen: Figures, widest: int) -> list[tuple[str, float]]:
    """The faults of one site that its figures show."""
    width = site.facts.outputs
    found: list[tuple[str, float]] = []
    if seen["dead"] >= DEAD:
        # The farther from the examples, the less it is chance, or a consequence of what comes before.
        depth = seen["depth"] / (seen["depth"] + DEEP)
        found.append(("dead", seen["dead"] * (0.5 + 0.5 * depth)))
    elif seen["saturated"] >= SATURATED and seen["slope"] <= FLAT:
        found.append(("saturated", 0.85 + 0.1 * seen["saturated"]))
    elif not seen["bends"]:
        return [("linear", 0.8)]
    if width >= SMALLEST_RANKED and seen["rank"] <= RANK and seen["dead"] < DEAD:
        found.append(("rank", 0.95 - seen["rank"]))
    # A layer that is used to the full, misses much of what is asked of it, and is small beside its neighbours.
    stuck = seen["residual"] >= RESIDUAL and seen["gain"] >= WORTH_IT
    if stuck and (width < site.facts.inputs or width < widest or width <= SMALLEST_RANKED):
        smallness = 1 - width / max(width, widest, site.facts.inputs)
        found.append(("narrow", 0.4 * seen["residual"] + 0.3 * smallness))
    return found


def _shallow(host: Host, figures: Mapping[str, Figures]) -> list[Finding]:
    """Where nothing else is wrong and much is missed, depth is missing."""
    missed = [
        (figures[site.path]["residual"], site)
        for site in host.sites
        if site.path in figures
        and site.next_path
        and (figures[site.path]["gain"] >= WORTH_IT or figures[site.path]["missed"] >= MISSED)
    ]
    if not missed or max(missed, key=lambda each: each[0])[0] < RESIDUAL:
        return []
    worst, site = max(missed, key=lambda each: (each[0], each[1].path))
    return [Finding(site, "shallow", 0.4 * worst, figures[site.path])]


def propose(
    host: Host,
    findings: list[Finding],
    figures: Mapping[str, Figures],
    *,
    measures: Callable[[Site, str], dict[str, int]] | None = None,
    most: int = 4,
) -> list[Plan]:
    """Plans for the findings, best first, at most `most`: what fits where it shall grow and into the budget."""
    plans: list[Plan] = []
    for finding in findings:
        if finding.site.stage is not Stage.DORMANT:
            continue
        for rank, name in enumerate(ANSWERS[finding.fault]):
            size = (measures or usual_measures)(finding.site, name)
            plan = finding.site.propose(name, **size)
            if isinstance(plan, Refusal) or host.budget.allows(plan.cost) is not None:
                continue
            plan.reason = f"{finding.fault} ({finding.severity:.2f})"
            plan.gain = finding.severity * (0.8**rank)
            seen = figures.get(finding.site.path)
            directions = getattr(seen, "directions", None)
            if name == "widen" and directions is not None and len(directions) >= plan.measures["neurons"]:
                plan.kernel = directions[: plan.measures["neurons"]]
            elif plan.template.growth in GROWTHS:
                plan.kernel = _renewal(finding.site, name, seen)
                if plan.kernel is None:
                    continue
            plans.append(plan)
            if len(plans) >= most:
                return plans
    return plans


def _renewal(site: Site, name: str, seen: Figures | None) -> Renewal | None:
    """Which neurons to renew, by what a probe saw; None where that would change what is computed, or is not known."""
    if seen is None or seen.spread is None or seen.constants is None:
        return None
    if name == "rescale":
        excess = seen.spread / SPREADS.get(site.facts.bend, 1.0)
        units = (excess > 1).nonzero().flatten().tolist()
        return Renewal(units, factors=excess[units]) if units else None
    # A constant goes into the reader's bias where it has one and no image has borders.
    if site.kind != "linear" and bool((seen.constants != 0).any()):
        return None
    return Renewal(list(seen.idle), constants=seen.constants, directions=seen.directions) if seen.idle else None


def usual_measures(site: Site, name: str) -> dict[str, int]:
    """Measures in proportion to the layer: a growth is felt, and is no second network."""
    width = site.facts.outputs
    if name == "widen":
        return {"neurons": max(3, width // 2)}
    if name in ("bottleneck", "gate", "conv_small"):
        return {"inner": max(2, width // 2)}
    if name == "adapter":
        return {"rank": max(1, width // 2)}
    if name == "low_rank":
        return {"rank": max(1, width // 4)}
    return {}
