#!/usr/bin/env python3
"""Learn when and how hard to heat and cool, on one climate; judge it on two others.

    python examples/studies/hvac/run.py [--train FILE] [--test FILE FILE] [--out FOLDER] [--quick]

Weather files are EPW, or the tables this study ships.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[2])]

from common import bars_plot, progress, table  # noqa: E402
from study import BUDGET, MADE_UP, Figures, Learnt, Zones, held_out, learn, moved, weather_of  # noqa: E402

from dana.poet.simulation.weather import Weather  # noqa: E402

TRAIN = "chittenden_county_vt"
TEST = ("alameda_county_ca", "travis_county_tx")


def main(words: list[str] | None = None) -> int:
    """The whole study; exit status 1 when an interlock was broken or nothing was saved at equal comfort."""
    parser = argparse.ArgumentParser(prog="hvac", description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--train", default=str(HERE / f"weather/{TRAIN}.csv"), help="weather to learn on")
    parser.add_argument(
        "--test", nargs="+", default=[str(HERE / f"weather/{name}.csv") for name in TEST], help="to judge on"
    )
    parser.add_argument("--out", type=Path, help="where plots go (none without)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--buildings", type=int, default=3, help="held-out buildings per climate")
    parser.add_argument("--cross", type=int, metavar="SEEDS", help="learn on each weather file with so many seeds")
    parser.add_argument("--made-up", action="store_true", help="judge in climates that were made up, too")
    parser.add_argument("--quick", action="store_true", help="a few weeks only, to see it run")
    options = parser.parse_args(words)
    year = [(0, 21 if options.quick else 365)]
    if options.cross:
        return crossed([options.train, *options.test], range(1, options.cross + 1), options.buildings, year)

    train, budget = weather_of(options.train), 32 if options.quick else BUDGET
    tell, begun = progress("learning "), time.process_time()
    learnt = learn(train, budget=budget, seed=options.seed)
    seconds = time.process_time() - begun
    tell(0.5)
    other = learn(train, budget=budget, seed=options.seed, method="random")
    tell(1.0)
    print(f"Learnt on {train.place}: {learnt.weeks:,.0f} simulated weeks in {seconds:.1f} s of CPU time")
    print(f"Gate, on weeks that were kept back: {learnt.outcome}, {learnt.reason}")
    print(f"Gate, for as many weeks of random search: {other.outcome}, {other.reason}\n")
    print(learnt.zones.program.told(), end="\n\n")
    status, groups, bars = 0, [], {"before": [], "after": []}  # type: ignore[var-annotated]
    for weather in [weather_of(path) for path in options.test]:
        print(f"\n{weather.place}, a year in {options.buildings} buildings (held out)")
        rows, ok = judged(weather, learnt, other, options.buildings, year)
        print(table(("", "kWh", "saved %", "K·h", "PPD %", "starts/day", "violations"), [row for row, _f in rows]))
        groups.append(weather.place.split(",")[0])
        bars["before"].append(rows[0][1].energy)
        bars["after"].append(rows[-1][1].energy)
        status = status if ok else 1
    if options.made_up:
        print("\nClimates that were made up\n" + made_up(learnt, options.buildings, year))
    if options.out:
        made = bars_plot(options.out / "energy", "A year's electricity on held-out climates", "kWh", groups, bars)
        print("\nplots:", ", ".join(str(file) for file in made))
    return 0 if options.quick else status


def years(zones: Zones, weather: Weather, buildings: int, year: list[tuple[int, int]]) -> list[Figures]:
    """The figures of held-out buildings under what a program has learnt."""
    return [zones.run(zones.add(site), year) for site in held_out(weather, buildings)]


def judged(
    weather: Weather, learnt: Learnt, other: Learnt, buildings: int, year: list[tuple[int, int]]
) -> tuple[list[tuple[tuple[str, ...], Figures]], bool]:
    """Rows of the table of one climate, sums over its buildings; and whether each building is as good as promised."""
    base = baselines(weather, buildings, year)
    rows = [row("constant controller", base, base)]
    for name, zones in (("as declared", Zones()), ("random search", other.zones), ("learnt and gated", learnt.zones)):
        found = years(zones, weather, buildings, year)
        rows.append(row(name, found, base))
    ok = all(
        one.violations == 0 and one.is_as_comfortable(before) and one.energy < before.energy
        for one, before in zip(found, base, strict=True)
    )
    return rows, ok


def baselines(weather: Weather, buildings: int, year: list[tuple[int, int]]) -> list[Figures]:
    """What the mission's constant controller comes to in held-out buildings."""
    zones = Zones()
    return [zones.baseline(zones.add(site), year) for site in held_out(weather, buildings)]


def crossed(paths: list[str], seeds: range, buildings: int, year: list[tuple[int, int]]) -> int:
    """Learnt on each file, judged on all: the least and the most saved over the seeds, and how comfort compares."""
    weathers = [weather_of(path) for path in paths]
    bases = [baselines(weather, buildings, year) for weather in weathers]
    rows = []
    for method in ("spsa", "random"):
        for train in weathers:
            runs = [learn(train, seed=seed, method=method) for seed in seeds]
            cells = []
            for weather, base in zip(weathers, bases, strict=True):
                found = [years(run.zones, weather, buildings, year) for run in runs]
                saved = [Figures.of(one).saves(Figures.of(base)) for one in found]
                pairs = [pair for one in found for pair in zip(one, base, strict=True)]
                equal = sum(one.is_as_comfortable(before) for one, before in pairs)
                worst = max(one.discomfort - before.discomfort for one, before in pairs)
                broken = sum(one.violations for one, _before in pairs)
                cells.append(
                    f"{min(saved):.1f}–{max(saved):.1f} ({equal}/{len(pairs)}, {worst:+.2f}, {broken})"
                    + (" *" if weather is train else "")
                )
            rows.append((f"{train.place.split(',')[0]}, {method}", *cells))
            print("  ".join(rows[-1]), flush=True)
    names = [weather.place.split(",")[0] for weather in weathers]
    print("\nsaved % (buildings as comfortable, worst K·h more, violations); *: learnt on the same file")
    print(table(("learnt on", *names), rows))
    return 0


def made_up(learnt: Learnt, buildings: int, year: list[tuple[int, int]]) -> str:
    """The table of what was learnt in climates that no weather file is from; comfort beside the baseline's."""
    rows = []
    for name, (table_of, *climate) in MADE_UP.items():
        weather = moved(weather_of(str(HERE / f"weather/{table_of}.csv")), *climate)
        base, found = baselines(weather, buildings, year), years(learnt.zones, weather, buildings, year)
        before, after = Figures.of(base), Figures.of(found)
        equal = sum(one.is_as_comfortable(other) for one, other in zip(found, base, strict=True))
        rows.append((
            name, f"{after.saves(before):.1f}", f"{after.discomfort:.2f}", f"{before.discomfort:.2f}",
            f"{after.dissatisfied:.2f}", f"{before.dissatisfied:.2f}", f"{equal} of {buildings}", str(after.violations),
        ))  # fmt: skip
    return table(("", "saved %", "K·h", "before", "PPD %", "before", "as comfortable", "violations"), rows)


def row(name: str, found: list[Figures], base: list[Figures]) -> tuple[tuple[str, ...], Figures]:
    """One row: sums of energy and discomfort, means of PPD."""
    whole = Figures.of(found)
    cells = (
        name, f"{whole.energy:,.0f}", f"{whole.saves(Figures.of(base)):.1f}", f"{whole.discomfort:.2f}",
        f"{whole.dissatisfied:.2f}", f"{whole.starts:.0f}", str(whole.violations) if found is not base else "-",
    )  # fmt: skip
    return cells, whole


if __name__ == "__main__":
    sys.exit(main())
