#!/usr/bin/env python3
"""Diagnose etch tools: which cause, after how many looks; and refuse recipes that must not run.

    python examples/studies/rie/run.py [--out FOLDER] [--quick]

Learning sees confirmed cases of tools that differ from the drawing by up to 20 %; it is judged on tools of another
generator, which differ by up to 30 %, with noisier sensors and more wrong looks.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Collection
from pathlib import Path
from random import Random

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[2])]

from common import bars_plot, progress, table  # noqa: E402

from dana.poet.simulation.rie import EXPERT, FAULTS, PROBES, Case, cases  # noqa: E402
from dana.poet.training.causes import Causes  # noqa: E402

LOOKS = list(PROBES)
# A diagnosis is given when a cause is so likely, or nothing is left to look at.
SURE = 0.9
UNSEEN = {"spread": 0.3, "noise": 0.03, "wrong_looks": 0.05}

# The mission's known patterns, in its order: the first that fits is the cause. Nothing of this was learnt.
RULES: tuple[tuple[str, Callable[[Collection[str]], bool]], ...] = (
    ("pump degraded", lambda f: "pressure high" in f and "etch rate low" in f),
    ("chamber leak", lambda f: "base pressure rises" in f),
    ("plasma instability", lambda f: "plasma unsteady" in f),
    ("chiller fault", lambda f: "temperature drifts" in f),
    ("mass flow controller drift", lambda f: "gas flow low" in f),
    ("RF generator fault", lambda f: "delivered power low" in f),
    ("matching network fault", lambda f: "reflected power high" in f),
    ("resist damage", lambda f: "wafer too warm" in f or "resist lost" in f),
    ("throttle valve stuck", lambda f: "pressure high" in f),
    ("wall contamination", lambda _fired: True),
)


def by_rules(fired: Collection[str]) -> str:
    """The first rule that fits."""
    return next(cause for cause, fits in RULES if fits(fired))


def learnt_from(confirmed: list[Case]) -> Causes:
    """The experts' view, with confirmed cases taken in."""
    causes = Causes(FAULTS, LOOKS, EXPERT)
    for case in confirmed:
        causes.confirm(case.cause, case.fired)
    return causes


def diagnosed(causes: Causes, case: Case) -> tuple[str, int]:
    """The cause found by looking where most is to be learnt, and the number of looks."""
    known: set[str] = set()
    fired: set[str] = set()
    while len(known) < len(LOOKS):
        cause, likely = causes.rank(fired, known)[0]
        if likely >= SURE:
            return cause, len(known)
        look = causes.next_look(fired, known, LOOKS)
        assert look is not None
        known.add(look)
        if look in case.fired:
            fired.add(look)
    return causes.rank(fired, known)[0][0], len(known)


def by_checklist(causes: Causes, case: Case) -> tuple[str, int]:
    """The same question with looks in the order of the checklist, until the same certainty."""
    known: set[str] = set()
    for look in LOOKS:
        known.add(look)
        cause, likely = causes.rank(case.fired & known, known)[0]
        if likely >= SURE:
            return cause, len(known)
    return causes.rank(case.fired, known)[0][0], len(known)


class Result:
    """Shares of correct causes and mean numbers of looks, by method."""

    def __init__(self, confirmed: int, judged: int, seed: int, tell: Callable[[float], object]) -> None:
        experts = Causes(FAULTS, LOOKS, EXPERT)
        causes = learnt_from(cases(confirmed, seed))
        held = cases(judged, seed + 10_000, **UNSEEN)
        right = dict.fromkeys(("rules", "experts", "learnt", "checklist", "guided"), 0)
        looks = dict.fromkeys(("checklist", "guided"), 0)
        self.wrong: dict[str, int] = {}
        for at, case in enumerate(held):
            right["rules"] += by_rules(case.fired) == case.cause
            right["experts"] += experts.rank(case.fired)[0][0] == case.cause
            right["learnt"] += causes.rank(case.fired)[0][0] == case.cause
            for name, way in (("checklist", by_checklist), ("guided", diagnosed)):
                cause, count = way(causes, case)
                right[name] += cause == case.cause
                looks[name] += count
            if cause != case.cause:
                self.wrong[case.cause] = self.wrong.get(case.cause, 0) + 1
            tell((at + 1) / len(held))
        self.right = {name: count / len(held) for name, count in right.items()}
        self.looks = {name: count / len(held) for name, count in looks.items()}
        self.looks["all"] = float(len(LOOKS))


def refusals(count: int, seed: int) -> tuple[int, int]:
    """Forbidden recipes that were refused, and allowed ones that were not, out of `count` each."""
    from recipes import accepts

    from dana.poet.simulation.rie import forbidden_recipe, recipe

    chance = Random(seed)  # noqa: S311
    refused = sum(not accepts(forbidden_recipe(chance)) for _ in range(count))
    accepted = sum(accepts(recipe(chance)) for _ in range(count))
    return refused, accepted


def main(words: list[str] | None = None) -> int:
    """The whole study; exit status 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="rie", description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--out", type=Path, help="where plots go (none without)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args(words)
    confirmed, judged, recipes = (60, 60, 40) if options.quick else (400, 600, 500)
    found = Result(confirmed, judged, options.seed, progress("diagnosing "))
    print(f"{confirmed} confirmed cases learnt from, {judged} faults of unseen tools judged\n")
    rows = [
        ("rules only, all looks", f"{found.right['rules']:.1%}", f"{found.looks['all']:.1f}"),
        ("experts' weights, all looks", f"{found.right['experts']:.1%}", f"{found.looks['all']:.1f}"),
        ("learnt weights, all looks", f"{found.right['learnt']:.1%}", f"{found.looks['all']:.1f}"),
        ("learnt weights, checklist's order", f"{found.right['checklist']:.1%}", f"{found.looks['checklist']:.1f}"),
        ("learnt weights, most telling look", f"{found.right['guided']:.1%}", f"{found.looks['guided']:.1f}"),
    ]
    print(table(("diagnosis", "correct", "looks"), rows))
    refused, accepted = refusals(recipes, options.seed)
    print(f"\nforbidden recipes refused: {refused} of {recipes}; allowed ones accepted: {accepted} of {recipes}")
    if found.wrong:
        print("hardest to tell:", ", ".join(sorted(found.wrong, key=lambda name: -found.wrong[name])[:3]))
    if options.out:
        made = bars_plot(
            options.out / "diagnosis",
            "Correct causes on unseen tools",
            "share",
            [r[0].split(",")[0] for r in rows[:3]],
            {"correct": [found.right[n] for n in ("rules", "experts", "learnt")]},
        )
        print("plots:", ", ".join(str(file) for file in made))
    good = found.right["guided"] >= 0.8 and found.looks["guided"] <= found.looks["all"] / 2 and refused == recipes
    return 0 if good or options.quick else 1


if __name__ == "__main__":
    sys.exit(main())
