"""The study's parts: places to simulate, a cost to learn from, the learning, and its judgement on what it has not seen.

Times of a run are given in days of the year; every simulated week belongs to a `Place`, and each place remembers what
the mission's constant controller came to there, because all that counts is the difference.
"""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from math import log1p
from pathlib import Path
from random import Random
from typing import Any

import dana
from dana.poet.simulation.building import Building, Report, Site, constant_controller, simulate
from dana.poet.simulation.occupancy import Occupancy
from dana.poet.simulation.sun import facade_radiation
from dana.poet.simulation.weather import Weather, read

HERE = Path(__file__).resolve().parent
# Training sees the one file's weather as other climates would have it: mean and standard deviation of a year's hours.
CLIMATES = (
    (7.0, 12.0), (14.0, 6.0), (20.0, 9.0), (7.0, 11.0), (17.0, 7.0),
    (5.0, 11.0), (12.0, 8.0), (23.0, 8.0), (4.0, 11.0), (9.0, 10.0),
)  # fmt: skip
# Climates made up for judging: whose weather (the table in `weather/`), and what `moved` makes of it.
MADE_UP = {
    "hot and humid, like Miami": ("travis_county_tx", 24.8, 4.5, 8.0, 1.0),
    "tropical, like Singapore": ("travis_county_tx", 27.5, 2.6, 15.0, 0.8),
    "hot and dry, like Phoenix": ("travis_county_tx", 23.8, 10.0, -30.0, 1.2),
    "marine, like Seattle": ("alameda_county_ca", 11.3, 6.3, 5.0, 0.7),
    "marine, like London": ("alameda_county_ca", 10.8, 5.8, 5.0, 0.6),
    "temperate, like Paris": ("chittenden_county_vt", 11.8, 7.2, 5.0, 0.8),
    "very cold, like Minneapolis": ("chittenden_county_vt", 7.6, 13.0, 0.0, 1.0),
    "subarctic, like Fairbanks": ("chittenden_county_vt", -2.3, 15.5, 0.0, 0.9),
}
# Weeks that are learnt from or kept back, and how many may be simulated while searching.
CASES, BUDGET = 80, 800
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
    """A Dana program with the control law, and the sites it may be tried on; each has constants of its own."""

    def __init__(self) -> None:
        self.sites: list[Site] = []
        self.weeks = 0.0
        self.cases: Cases | None = None
        self._violations = 0
        self._last: Report | None = None
        engine = dana.Engine(limits=dana.Limits.none())
        engine.host("simulate")(self._simulate)
        engine.host("priced")(self._priced)
        self.program = engine.load(HERE / "control.na")

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
            air, walls, outdoor = (celsius * 1.8 + 32 for celsius in (state.air, state.mass, state.outdoor))
            found = control(air, walls, outdoor, state.until_occupied, state.day)
            heating, cooling, _fan = found
            if abs(heating - before[0]) > RAMP_LIMIT or abs(cooling - before[1]) > RAMP_LIMIT:
                broken += 1
            before[0], before[1] = heating, cooling
            return found  # type: ignore[no-any-return]

        self._last = simulate(self.sites[site], command, first_day=first_day, days=days)
        self._violations = broken
        self.weeks += days / 7

    def _priced(self, control: Any, case: int) -> float:
        """What the program calls while it learns: the cost of a week."""
        assert self.cases is not None
        return self.cases.cost(control, case)

    def simulated(self, control: Any, site: int, first_day: int, days: int) -> Figures:
        """The figures of some days under a control function of the program."""
        self._simulate(control, site, first_day, days)
        assert self._last is not None
        return Figures([self._last], self._violations)

    def run(self, site: int, spans: Sequence[tuple[int, int]]) -> Figures:
        """The figures of spans (first day, days) under the constants the program has now."""
        reports, violations = [], 0
        for first_day, days in spans:
            self.program.run(site, first_day, days)
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
    """Weeks that are learnt from, by number: each at one of the places, at another time of the year."""

    def __init__(self, zones: Zones, weather: Weather, seed: int) -> None:
        self.zones = zones
        self.places: list[int] = []
        sun = facade_radiation(weather)  # the same on every place: only temperatures differ
        for at, (mean_c, spread_k) in enumerate(CLIMATES):
            chance = Random(seed * 1000 + at)  # noqa: S311  (a simulation, no secret)
            site = Site(
                moved(weather, mean_c, spread_k), Building().varied(chance, 0.3), Occupancy(seed=seed * 1000 + at),
                radiation=sun,
            )  # fmt: skip
            self.places.append(zones.add(site))
        self._baselines: dict[int, Figures] = {}
        self._usual: dict[int, float] = {}

    def week(self, case: int) -> tuple[int, int]:
        """The place and the first day of a case: a Friday, so that a weekend and the Monday after it belong to it."""
        return self.places[case % len(self.places)], (case * 35 + 4) % 357

    def cost(self, control: Any, case: int) -> float:
        """Energy in % of what the baseline takes there in a usual week, and what less comfort than its adds to that.

        Discomfort above half of the baseline's costs, steeply at first and up to a limit: one week of hard frost must
        not outweigh all others.
        """
        place, first = self.week(case)
        if case not in self._baselines:
            self._baselines[case] = self.zones.baseline(place, [(first, 7)])
        if place not in self._usual:
            self._usual[place] = self.zones.baseline(place, [(0, 364)]).energy / 52
        base, found = self._baselines[case], self.zones.simulated(control, place, first, 7)
        worse = max(0.0, found.discomfort - 0.5 * base.discomfort)
        return (
            100 * found.energy / self._usual[place]
            + 3.0 * log1p(2 * worse)
            + 5.0 * min(8.0, worse)
            + 8.0 * max(-0.1, found.dissatisfied - base.dissatisfied)
            + 5.0 * found.violations
        )


def moved(weather: Weather, mean_c: float, spread_k: float, humid: float = 0.0, sun: float = 1.0) -> Weather:
    """The same year in another climate: its temperatures have this mean and standard deviation, and no more than
    -48 to 47 °C; so many percent more relative humidity, 5 to 100 %; the sun so many times as strong.
    """
    hours = weather.temperature
    mean = sum(hours) / len(hours)
    spread = (sum((value - mean) ** 2 for value in hours) / len(hours)) ** 0.5
    return Weather(
        weather.place,
        weather.latitude,
        weather.longitude,
        weather.timezone,
        {
            "temperature_c": array(
                "d", [min(47.0, max(-48.0, mean_c + (value - mean) / spread * spread_k)) for value in hours]
            ),
            "humidity_pct": array("d", [min(100.0, max(5.0, value + humid)) for value in weather.humidity]),
            "wind_m_s": weather.wind,
            "direct_w_m2": array("d", [value * sun for value in weather.direct]),
            "diffuse_w_m2": weather.diffuse,
        },
    )


class Learnt:
    """What came out of one learning: the program with what was promoted, how the gate decided, how much it took."""

    def __init__(self, zones: Zones, found: dict[str, Any]) -> None:
        self.zones = zones
        self.outcome = str(found["outcome"])
        self.reason = str(found["reason"])
        self.values: dict[str, float] = dict(found["values"])
        self.weeks = zones.weeks


def learn(weather: Weather, *, budget: int = BUDGET, seed: int = 1, method: str = "spsa") -> Learnt:
    """Learn the constants on one climate; nothing of the climates they are judged on is seen.

    `budget`: simulated weeks to search with; the gate takes two more for each of the weeks that are kept back.
    """
    zones = Zones()
    zones.cases = Cases(zones, weather, seed)
    return Learnt(zones, dict(zones.program.study(CASES, budget, seed, method)))


def held_out(weather: Weather, buildings: int) -> list[Site]:
    """Sites to report on: the drawing's building and varied ones, none of them seen while learning."""
    return [
        Site(weather, Building().varied(Random(7000 + at), 0.3) if at else None, Occupancy(seed=7000 + at))  # noqa: S311
        for at in range(buildings)
    ]


def weather_of(path: str) -> Weather:
    """The weather in a file: EPW or the table this study ships."""
    return read(path)
