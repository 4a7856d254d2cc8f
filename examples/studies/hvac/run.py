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

from common import bars_plot, lines_plot, progress, table  # noqa: E402
from study import Figures, Learnt, Zones, cautious, held_out, learn, weather_of  # noqa: E402

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
    parser.add_argument("--seed", type=int, default=4)
    parser.add_argument("--buildings", type=int, default=3, help="held-out buildings per climate")
    parser.add_argument("--quick", action="store_true", help="a few weeks only, to see it run")
    options = parser.parse_args(words)

    zones, train = Zones(), weather_of(options.train)
    begun = time.perf_counter()
    learnt = learn(
        zones, train, steps=4 if options.quick else 200, seed=options.seed,
        tell=progress("learning "),
    )  # fmt: skip
    print(f"Learnt on {train.place}: {learnt.weeks:,.0f} simulated weeks in {time.perf_counter() - begun:.1f} s")
    assert learnt.outcome is not None
    print(f"Gate, on buildings and people not learnt from: {learnt.outcome.kind}, {learnt.outcome.reason}\n")
    print(constants(zones, learnt))
    year = [(0, 21 if options.quick else 365)]
    status, groups, bars = 0, [], {"before": [], "after": []}  # type: ignore[var-annotated]
    for path in options.test:
        weather = weather_of(path)
        print(f"\n{weather.place}, a year in {options.buildings} buildings (held out)")
        rows, ok = judged(zones, weather, learnt, options.buildings, year)
        print(table(("", "kWh", "saved %", "K·h", "PPD %", "starts/day", "violations"), [row for row, _f in rows]))
        groups.append(weather.place.split(",")[0])
        bars["before"].append(rows[0][1].energy)
        bars["after"].append(rows[-1][1].energy)
        status = status if ok else 1
    if options.out:
        made = lines_plot(options.out / "learning", "Cost while learning", "step", "cost (% of baseline)",
                          {"SPSA": (range(1, len(learnt.curve) + 1), learnt.curve)})  # fmt: skip
        made += bars_plot(options.out / "energy", "A year's electricity on held-out climates", "kWh", groups, bars)
        print("\nplots:", ", ".join(str(file) for file in made))
    return 0 if options.quick else status


def constants(zones: Zones, learnt: Learnt) -> str:
    """What was learnt, constant by constant."""
    careful = cautious(zones, learnt.spsa, learnt.margin)
    rows = [
        (name, f"{low:g}–{high:g}", f"{start:g}", f"{learnt.spsa[name]:.2f}", f"{careful[name]:.2f}",
         f"{learnt.random[name]:.2f}")
        for name, (low, high, start) in zones.bounds.items()
    ]  # fmt: skip
    return table(("constant", "bounds", "declared", "SPSA", f"with margin {learnt.margin:g}", "random search"), rows)


def judged(
    zones: Zones, weather: Weather, learnt: Learnt, buildings: int, year: list[tuple[int, int]]
) -> tuple[list[tuple[tuple[str, ...], Figures]], bool]:
    """Rows of the table of one climate, sums over its buildings; and whether the last row is as good as promised."""
    sites = [zones.add(site) for site in held_out(weather, buildings)]
    base = [zones.baseline(site, year) for site in sites]
    rows = [row("constant controller", base, base)]
    for name, values in (
        ("as declared", zones.declared),
        ("random search", learnt.random),
        ("SPSA, no margin", learnt.spsa),
        ("learnt and gated", learnt.values),
    ):
        rows.append(row(name, [zones.run(values, site, year) for site in sites], base))
    last = rows[-1][1]
    ok = last.violations == 0 and last.is_as_comfortable(rows[0][1]) and last.energy < rows[0][1].energy
    return rows, ok


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
