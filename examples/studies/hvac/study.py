"""The study's parts: places to simulate, a cost to learn from, the learning, and its judgement on what it has not seen.

Times of a run are given in days of the year; every simulated week belongs to a `Place`, and each place remembers what
the mission's constant controller came to there, because all that counts is the difference.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Mapping, Sequence
from math import log1p
from pathlib import Path
from random import Random
from typing import Any

import dana
from dana.adaptive.improve import Evidence, Outcome, improve
from dana.adaptive.statistics import Moments, t95
from dana.adaptive.subject import Knob, Subject
from dana.poet.simulation.building import Building, Report, Site, constant_controller, simulate
from dana.poet.simulation.occupancy import Occupancy
from dana.poet.simulation.sun import facade_radiation
from dana.poet.simulation.weather import Weather, read
from dana.poet.training.constants import RandomSearch, Spsa

HERE = Path(__file__).resolve().parent
Values = dict[str, float]
# Training sees the one climate also warmer and colder, so that what is learnt does not lean on its temperatures.
SHIFTS_K = (0.0, -5.0, 5.0, 10.0, 0.0, 8.0, -3.0, 3.0, 0.0, 12.0)
VALIDATION_SHIFTS_K = (0.0, 6.0, 10.0, -4.0)
RAMP_LIMIT, START_LIMIT, REST_LIMIT_S = 25.0 + 1e-9, 15, 120


class Figures:
    """What some weeks or a year came to: energy in kWh, discomfort in K·h, mean PPD in %, and broken promises."""

    __slots__ = ("discomfort", "dissatisfied", "energy", "starts", "violations")

    def __init__(self, reports: Sequence[Report], violations: int = 0) -> None:
        hours = sum(report.occupied_hours for report in reports)
        self.energy = sum(report.energy_kwh for report in reports)
        self.discomfort = sum(report.discomfort_kh for report in reports)
        self.dissatisfied = sum(report.dissatisfied * report.occupied_hours for report in reports) / max(1e-9, hours)
        self.starts = max(report.most_starts_a_day for report in reports)
        self.violations = violations + sum(
            report.clipped
            + report.conflicts
            + (report.shortest_off_s < REST_LIMIT_S)
            + (report.most_starts_a_day > START_LIMIT)
            for report in reports
        )

    @classmethod
    def of(cls, parts: Sequence[Figures]) -> Figures:
        """Several buildings as one."""
        whole = cls.__new__(cls)
        whole.energy = sum(part.energy for part in parts)
        whole.discomfort = sum(part.discomfort for part in parts)
        whole.dissatisfied = sum(part.dissatisfied for part in parts) / len(parts)
        whole.starts = max(part.starts for part in parts)
        whole.violations = sum(part.violations for part in parts)
        return whole

    def saves(self, baseline: Figures) -> float:
        """The energy saved against the baseline, in %."""
        return 100 * (1 - self.energy / baseline.energy)

    def is_as_comfortable(self, baseline: Figures) -> bool:
        """Whether people are no worse off: neither in K·h nor in PPD."""
        return self.discomfort <= baseline.discomfort and self.dissatisfied <= baseline.dissatisfied


class Zones:
    """The Dana program with the control law, and the sites it may be tried on."""

    def __init__(self) -> None:
        self.sites: list[Site] = []
        self.weeks = 0.0
        self._violations = 0
        engine = dana.Engine(limits=dana.Limits.none())
        engine.host("simulate")(self._simulate)
        self._program = engine.load(HERE / "control.na")
        self._last: Report | None = None
        self.bounds: dict[str, tuple[float, float, float]] = {
            name: tuple(bounds) for name, bounds in self._program.CONSTANTS.items()
        }

    @property
    def declared(self) -> Values:
        """The constants as the program declares them."""
        return {name: start for name, (_low, _high, start) in self.bounds.items()}

    def add(self, site: Site) -> int:
        """A site's number."""
        self.sites.append(site)
        return len(self.sites) - 1

    def _simulate(self, control: Any, site: int, first_day: int, days: int) -> None:
        """What the program calls: simulate a site under its control function."""
        before = [0.0, 0.0]
        broken = 0

        def command(state: Any) -> tuple[float, float, float]:
            nonlocal broken
            found = control(state.air * 1.8 + 32, state.outdoor * 1.8 + 32, state.until_occupied, state.day)
            heating, cooling, _fan = found
            if abs(heating - before[0]) > RAMP_LIMIT or abs(cooling - before[1]) > RAMP_LIMIT:
                broken += 1
            before[0], before[1] = heating, cooling
            return found  # type: ignore[no-any-return]

        self._last = simulate(self.sites[site], command, first_day=first_day, days=days)
        self._violations = broken
        self.weeks += days / 7

    def run(self, values: Mapping[str, float], site: int, spans: Sequence[tuple[int, int]]) -> Figures:
        """The figures of spans (first day, days) under these constants."""
        reports, violations = [], 0
        for first_day, days in spans:
            self._program.run(dict(values), site, first_day, days)
            assert self._last is not None
            reports.append(self._last)
            violations += self._violations
        return Figures(reports, violations)

    def baseline(self, site: int, spans: Sequence[tuple[int, int]]) -> Figures:
        """The figures of the mission's constant controller."""
        return Figures(
            [simulate(self.sites[site], constant_controller(), first_day=day, days=days) for day, days in spans]
        )


class Cases:
    """Simulated weeks of a climate, by number: number n is two weeks of opposite seasons at one of the places."""

    def __init__(self, zones: Zones, weather: Weather, shifts: Sequence[float], seed: int) -> None:
        self.zones = zones
        self.places = []
        sun = facade_radiation(weather)  # the same on every place: only temperatures are shifted
        for at, shift in enumerate(shifts):
            chance = Random(seed * 1000 + at)  # noqa: S311  (a simulation, no secret)
            site = Site(
                shifted(weather, shift), Building().varied(chance, 0.3), Occupancy(seed=seed * 1000 + at), radiation=sun
            )
            self.places.append(zones.add(site))
        self._baselines: dict[tuple[int, int], Figures] = {}

    def spans(self, case: int) -> tuple[int, list[tuple[int, int]]]:
        """The place and the days of a case."""
        first = Random(case).randrange(26)  # noqa: S311
        # A week begins on a Friday, so that a weekend and the Monday after it belong to it.
        return self.places[case % len(self.places)], [(first * 7 + 4, 7), ((first + 26) % 51 * 7 + 4, 7)]

    def figures(self, values: Mapping[str, float], case: int) -> tuple[Figures, Figures]:
        """What these constants and the baseline come to in a case."""
        place, spans = self.spans(case)
        key = (place, spans[0][0])
        if key not in self._baselines:
            self._baselines[key] = self.zones.baseline(place, spans)
        return self.zones.run(values, place, spans), self._baselines[key]

    def cost(self, values: Values, case: int) -> float:
        """Energy in % of the baseline's, and what less comfort than the baseline's adds to it.

        Discomfort above half of the baseline's costs, steeply at first and up to a limit: one week of hard frost must
        not outweigh all others.
        """
        found, base = self.figures(values, case)
        worse = max(0.0, found.discomfort - 0.5 * base.discomfort)
        return (
            100 * found.energy / base.energy
            + 3.0 * log1p(2 * worse)
            + 5.0 * min(8.0, worse)
            + 8.0 * max(-0.1, found.dissatisfied - base.dissatisfied)
            + 5.0 * found.violations
        )


def shifted(weather: Weather, by_k: float) -> Weather:
    """The same year, so much warmer."""
    return Weather(
        weather.place,
        weather.latitude,
        weather.longitude,
        weather.timezone,
        {
            "temperature_c": array("d", [value + by_k for value in weather.temperature]),
            "humidity_pct": weather.humidity,
            "wind_m_s": weather.wind,
            "direct_w_m2": weather.direct,
            "diffuse_w_m2": weather.diffuse,
        },
    )


class Learnt:
    """What came out: values of both searches, how the gate decided, how much was simulated."""

    def __init__(self) -> None:
        self.curve: list[float] = []
        self.spsa: Values = {}
        self.random: Values = {}
        self.margin = 0.0
        self.outcome: Outcome | None = None
        self.values: Values = {}
        self.weeks = 0.0


def learn(
    zones: Zones,
    weather: Weather,
    *,
    steps: int = 200,
    batch: int = 2,
    seed: int = 4,
    tell: Callable[[float], object],
    compare: bool = True,
) -> Learnt:
    """Learn the constants on one climate; nothing of the climates they are judged on is seen.

    `tell` hears progress; `compare`: also make a random search of as many simulated weeks.
    """
    learnt, begun = Learnt(), zones.weeks
    train = Cases(zones, weather, SHIFTS_K, seed)
    search = Spsa(zones.bounds, seed=seed, planned=steps, reach=0.1, rate=0.06, most=0.06)
    other = RandomSearch(zones.bounds, seed=seed)
    for step in range(steps):
        cases = [seed * 100_000 + step * batch + at for at in range(batch)]
        learnt.curve.append(search.step(train.cost, cases))
        tell(0.4 * (step + 1) / steps)
    learnt.spsa = search.values
    # As many simulated weeks; compared on the same cases throughout, else luck would choose.
    cases = [seed * 100_000 + at for at in range(10)]
    rounds = max(2, 2 * steps * batch // len(cases))
    for step in range(rounds if compare else 0):
        other.step(train.cost, cases)
        tell(0.4 + 0.4 * (step + 1) / rounds)
    learnt.random = other.values
    _judge(zones, weather, seed, learnt)
    learnt.weeks = zones.weeks - begun
    tell(1.0)
    return learnt


def cautious(zones: Zones, values: Mapping[str, float], margin: float) -> Values:
    """The same constants on the safe side: earlier, and a little nearer to the middle of the comfort band."""
    moved = dict(values)
    for name, by in (
        ("lead", 0.3), ("lead_heat", 0.2), ("lead_cool", 0.1), ("day_heat", 0.05), ("day_cool", -0.25), ("cold", 0.05),
        ("frost", 4.0),
    ):  # fmt: skip
        moved[name] += margin * by
    return {name: min(high, max(low, moved[name])) for name, (low, high, _start) in zones.bounds.items()}


# Every third week from the first Friday: a year in a third of the time.
VALIDATION_SPANS = tuple((day, 7) for day in range(4, 358, 21))


def _judge(zones: Zones, weather: Weather, seed: int, learnt: Learnt) -> None:
    """The margin that makes comfort certain, and the gate: both on buildings and people training has not seen."""
    held = Cases(zones, weather, VALIDATION_SHIFTS_K, seed + 500)
    spans = list(VALIDATION_SPANS)
    baselines = {place: zones.baseline(place, spans) for place in held.places}

    base = Figures.of(list(baselines.values()))

    def suits(values: Values) -> bool:
        found = Figures.of([zones.run(values, place, spans) for place in held.places])
        # Less than the baseline's, not as much: other climates will be other.
        return found.discomfort <= 0.8 * base.discomfort and found.dissatisfied <= base.dissatisfied - 0.05

    for margin in range(5):
        if suits(cautious(zones, learnt.spsa, margin)):
            break
    # More than this climate asks for, because others will be other.
    learnt.margin = margin + 1.5
    proposal = cautious(zones, learnt.spsa, learnt.margin)
    knobs = [Knob(name, start, low=low, high=high) for name, (low, high, start) in zones.bounds.items()]
    subject = Subject("study", "control", knobs)

    def trial(_subject: Subject, candidate: Mapping[str, Any]) -> Evidence:
        gains = Moments()
        for case in range(9_000_000, 9_000_020):
            gains.add(held.cost(zones.declared, case) - held.cost(dict(candidate), case))
        half = t95(gains.count - 1) * (gains.variance / gains.count) ** 0.5
        return Evidence(gains.mean, gains.mean - half, gains.mean + half, gains.count, seed)

    learnt.outcome = improve(
        subject, lambda _s: "a search was made", lambda _s, _f: proposal, trial, lambda *_heard: None
    )
    learnt.values = dict(subject.values)


def held_out(weather: Weather, buildings: int) -> list[Site]:
    """Sites to report on: the drawing's building and varied ones, none of them seen while learning."""
    return [
        Site(weather, Building().varied(Random(7000 + at), 0.3) if at else None, Occupancy(seed=7000 + at))  # noqa: S311
        for at in range(buildings)
    ]


def weather_of(path: str) -> Weather:
    """The weather in a file: EPW or the table this study ships."""
    return read(path)
