#!/usr/bin/env python3
"""What a simulation is worth: fewer real samples, feedback for nearly every call, bad strategies found before they act.

python examples/studies/feedback/run.py [--out FOLDER] [--quick]
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[2])]

from bad import good_ones, injected, tester  # noqa: E402
from common import bars_plot, progress, table  # noqa: E402
from tuning import compare, drawing, plant, quality, wafer  # noqa: E402

from dana.poet.simulation.building import Site  # noqa: E402
from dana.poet.simulation.weather import read  # noqa: E402
from dana.poet.training.providers import Hybrid, RealWorld, Simulation  # noqa: E402

WEATHER = HERE.parent / "hvac" / "weather" / "chittenden_county_vt.csv"
# So often a sensor or a person says how a call turned out.
REAL_SHARE = 0.3


def coverage(calls: int, seed: int) -> tuple[float, float, float]:
    """Shares of calls with usable feedback, from reality and from both; the latter's mean error without reality."""
    tool, model, chance = plant(seed), drawing(), Random(seed)  # noqa: S311

    def observed(inputs: Any, _output: Any) -> float | None:
        return quality(*wafer(tool, inputs)) if chance.random() < REAL_SHARE else None

    def simulated(inputs: Any, _output: Any) -> float:
        return quality(*wafer(model, inputs))

    alone = both = 0
    hybrid = Hybrid(RealWorld(observed), Simulation(simulated))
    real = RealWorld(observed)
    misses: list[float] = []
    for _ in range(calls):
        inputs = {"pressure": chance.uniform(1, 5), "power": chance.uniform(400, 1200), "flow": chance.uniform(30, 150)}
        alone += real.judge(inputs, None) is not None
        found = hybrid.judge(inputs, None)
        if found is not None and found.is_usable:
            both += 1
            if not found.is_real:
                misses.append(abs(found.score - quality(*wafer(tool, inputs))))
    return alone / calls, both / calls, sum(misses) / max(1, len(misses))


def safe_testing(seeds: int) -> tuple[int, int, int, int, list[str]]:
    """Bad strategies caught, bad ones there were, good ones refused, good ones there were, and which were missed."""
    test = tester(Site(read(str(WEATHER))))
    caught = bad = refused = good = 0
    missed = []
    for seed in range(seeds):
        for name, strategy in injected(seed):
            bad += 1
            if test.judge({}, strategy).problems:
                caught += 1
            else:
                missed.append(name)
        for _name, strategy in good_ones(seed):
            good += 1
            refused += bool(test.judge({}, strategy).problems)
    return caught, bad, refused, good, missed


def main(words: list[str] | None = None) -> int:
    """The whole study; exit status 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="feedback", description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--out", type=Path, help="where plots go (none without)")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args(words)
    seeds, tell = 3 if options.quick else 20, progress("judging ")
    samples = compare(seeds)
    hybrid, real = sum(one for one, _other in samples), sum(other for _one, other in samples)
    tell(0.5)
    print(f"Tuning an etch recipe to 95 % of its best; the model is 30 % off in every property, {seeds} tools\n")
    print(table(("feedback", "real samples, mean", "worst"), [
        ("REAL_WORLD", f"{real / seeds:.1f}", max(other for _one, other in samples)),
        ("HYBRID", f"{hybrid / seeds:.1f}", max(one for one, _other in samples)),
    ]))  # fmt: skip
    alone, both, miss = coverage(200 if options.quick else 2_000, 5)
    print(f"\nfeedback for {alone:.1%} of calls from reality alone, {both:.1%} from both (mean error {miss:.3f})")
    caught, bad, refused, good, missed = safe_testing(1 if options.quick else 5)
    tell(1.0)
    print(
        f"bad strategies caught in a world without effects: {caught} of {bad}; good ones refused: {refused} of {good}"
    )
    if missed:
        print("missed:", ", ".join(missed))
    if options.out:
        made = bars_plot(
            options.out / "samples",
            "Real samples to the target",
            "samples",
            ["mean"],
            {"REAL_WORLD": [real / seeds], "HYBRID": [hybrid / seeds]},
        )
        print("plots:", ", ".join(str(file) for file in made))
    holds = hybrid <= real / 3 and both >= 0.95 and caught >= 0.9 * bad
    return 0 if holds or options.quick else 1


if __name__ == "__main__":
    sys.exit(main())
