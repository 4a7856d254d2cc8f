"""A zone of a building through a year: its temperatures, what its equipment does, and what that costs.

Two nodes: the air with what is light in the room, and the mass of walls, floor and furniture.

    C_air  dT_air /dt = H_out (T_out − T_air) + H_am (T_mass − T_air) + gains_air + heat
    C_mass dT_mass/dt = H_wall(T_sol − T_mass) + H_am (T_air − T_mass) + gains_mass

`H_out` holds windows, infiltration (which grows with wind and temperature difference) and fresh air while people are
there; `T_sol` is the outdoor temperature with the sun on the walls. Each step solves both equations by the trapezoidal
rule: unconditionally stable, and what flows in a step is exactly what is stored.

    site = Site(read("burlington.epw"))
    report = simulate(site, constant_controller())
    report.energy_kwh_m2, report.discomfort_kh

The key figures are named as in BOPTEST (Blum et al. 2021): energy kWh/m², thermal discomfort K·h while people are
there, cost and emissions per m², peak power W/m².
"""

from __future__ import annotations

from math import isfinite, isnan

from dana.poet.simulation.comfort import _vote as vote
from dana.poet.simulation.comfort import clothing, ppd
from dana.poet.simulation.heat_pump import HeatPump
from dana.poet.simulation.occupancy import Occupancy, Tariff
from dana.poet.simulation.sun import facade_radiation
from dana.poet.simulation.units import JOULES_PER_KWH

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, TypeAlias

    from dana.poet.simulation.weather import Weather

    # From what is known at the beginning of a step to heating %, cooling % and fan %.
    Controller: TypeAlias = Callable[["State"], tuple[float, float, float]]

# The controller acts every five minutes; weather, gains and people change by quarters of an hour.
STEP_S = 300.0
STEPS_A_DAY = 288
STEPS_A_QUARTER = 3
DAYS = 365
_AIR_J_M3_K = 1.204 * 1006.0
_PERSON_W = 75.0
# Of the heat of people, light and machines, so much reaches the air at once; the rest warms surfaces first.
_CONVECTIVE = 0.5
# People are asked how they feel once an hour.
_ASK_EVERY = 12


class Building:
    """What a zone is made of, in SI units. The defaults are an office of 100 m² built about 2005.

    `area_m2` floor, `height_m`, `window_u` W/m²K and `windows_m2` by façade, `shgc` the share of the sun's heat
    that windows let in, `wall_ua` W/K through walls and roof, `mass_j_m2k` heat capacity per floor area, `leakage` air
    changes per hour at 1 m/s of wind, `fresh_l_s` litres of fresh air per person and second.
    """

    __slots__ = (
        "area_m2", "fresh_l_s", "height_m", "idle_w_m2", "leakage", "mass_j_m2k", "shgc", "used_w_m2", "wall_ua",
        "window_u", "windows_m2",
    )  # fmt: skip

    def __init__(
        self,
        area_m2: float = 100.0,
        height_m: float = 2.7,
        *,
        window_u: float = 1.8,
        windows_m2: dict[str, float] | None = None,
        shgc: float = 0.4,
        wall_ua: float = 50.0,
        mass_j_m2k: float = 165_000.0,
        leakage: float = 0.12,
        fresh_l_s: float = 7.0,
        used_w_m2: float = 9.0,
        idle_w_m2: float = 1.0,
    ) -> None:
        self.area_m2 = area_m2
        self.height_m = height_m
        self.window_u = window_u
        self.windows_m2 = {"south": 8.0, "west": 3.0, "north": 3.0, "east": 3.0} if windows_m2 is None else windows_m2
        self.shgc = shgc
        self.wall_ua = wall_ua
        self.mass_j_m2k = mass_j_m2k
        self.leakage = leakage
        self.fresh_l_s = fresh_l_s
        self.used_w_m2 = used_w_m2
        self.idle_w_m2 = idle_w_m2
        for name in self.__slots__:
            value = getattr(self, name)
            if name != "windows_m2" and not (isfinite(value) and value >= 0):
                raise ValueError(f"{name} is a number from 0, not {value!r}")
        if not area_m2 > 0 or not height_m > 0 or not mass_j_m2k > 0:
            raise ValueError("area_m2, height_m and mass_j_m2k are above 0")

    def varied(self, chance: Any, share: float) -> Building:
        """Another building whose properties differ from this one's by up to `share` (0.3 is 30 %), seeded."""

        def other(value: float) -> float:
            return float(value * (1 + share * (2 * chance.random() - 1)))

        return Building(
            self.area_m2,
            self.height_m,
            window_u=other(self.window_u),
            windows_m2={side: other(size) for side, size in self.windows_m2.items()},
            shgc=other(self.shgc),
            wall_ua=other(self.wall_ua),
            mass_j_m2k=other(self.mass_j_m2k),
            leakage=other(self.leakage),
            fresh_l_s=self.fresh_l_s,
            used_w_m2=other(self.used_w_m2),
            idle_w_m2=other(self.idle_w_m2),
        )


class Site:
    """A building in its weather, with the people in it: what does not depend on the controller, worked out once.

    `radiation`: `facade_radiation(weather)`, for many sites under one sun. Raises `ValueError` for windows on
    a side that does not exist.
    """

    __slots__ = (
        "building", "gains_air", "gains_mass", "humidity", "occupancy", "outdoor", "people", "sol_air", "tariff",
        "weather", "wind",
    )  # fmt: skip

    def __init__(
        self,
        weather: Weather,
        building: Building | None = None,
        occupancy: Occupancy | None = None,
        tariff: Tariff | None = None,
        radiation: dict[str, list[float]] | None = None,
    ) -> None:
        self.weather = weather
        self.building = building or Building()
        self.occupancy = occupancy or Occupancy()
        self.tariff = tariff or Tariff()
        sides = radiation or facade_radiation(weather)
        unknown = sorted(set(self.building.windows_m2) - set(sides))
        if unknown:
            raise ValueError(f"windows_m2: `{unknown[0]}` is no side; sides are {', '.join(sides)}")
        self._work_out(sides)

    def _work_out(self, sides: dict[str, list[float]]) -> None:
        """Everything by quarter of an hour: weather between the middles of hours, gains."""
        here, weather = self.building, self.weather
        self.outdoor = _quarters(weather.temperature)
        self.wind = _quarters(weather.wind)
        self.humidity = _quarters(weather.humidity)
        windows = [
            here.shgc * sum(sides[side][at] * size for side, size in here.windows_m2.items())
            for at in range(len(sides["roof"]))
        ]
        walls = [(s + w + n + e + r) / 5 for s, w, n, e, r in zip(*sides.values(), strict=True)]
        self.people = self.occupancy.quarters
        self.sol_air, self.gains_air, self.gains_mass = [], [], []
        for at, outdoor in enumerate(self.outdoor):
            hour = at >> 2
            count = self.people[at]
            inner = count * _PERSON_W + here.area_m2 * (here.used_w_m2 if count else here.idle_w_m2)
            # Walls take in 0.6 of the sun and give it back at 20 W/m²K; the sky cools them a little at all times.
            self.sol_air.append(outdoor + 0.6 * walls[hour] / 20.0 - 1.0)
            self.gains_air.append(_CONVECTIVE * inner + 0.1 * windows[hour])
            self.gains_mass.append((1 - _CONVECTIVE) * inner + 0.9 * windows[hour])


def _quarters(hourly: Any) -> list[float]:
    """Values by quarter of an hour from hourly means, straight between the middles of hours."""
    found: list[float] = []
    last = len(hourly) - 1
    for at, value in enumerate(hourly):
        before, after = hourly[at - 1 if at else last], hourly[at + 1 if at < last else 0]
        found += (
            value + (before - value) * 0.375, value + (before - value) * 0.125,
            value + (after - value) * 0.125, value + (after - value) * 0.375,
        )  # fmt: skip
    return found


class State:
    """What a controller is told at the beginning of a step. Temperatures in °C, `hour` of the day, `weekday` from 0.

    `occupied`: whether people are there; `until_occupied`: hours until they usually come (0 while they are there),
    over weekends too, from the schedule people keep, not from who really comes.
    """

    __slots__ = ("air", "day", "hour", "mass", "occupied", "outdoor", "until_occupied", "weekday")

    air: float
    mass: float
    outdoor: float
    hour: float
    day: int
    weekday: int
    occupied: bool
    until_occupied: float


class Report:
    """What a run came to. Per floor area where the name ends in `_m2`; `trace` is kept only when asked for.

    `discomfort_kh`: K·h of operative temperature outside the band while people are there; `dissatisfied`: mean PPD
    in % then; `starts` of the compressor and `run_hours`: its wear; `clipped`: commands outside 0–100 %; `conflicts`:
    commands to heat and cool at once; `balance_error`: relative error of the energy balance.
    """

    __slots__ = (
        "balance_error", "clipped", "conflicts", "cooling_kwh", "cost_m2", "days", "discomfort_kh", "dissatisfied",
        "emission_kg_m2", "energy_kwh", "energy_kwh_m2", "fan_kwh", "heating_kwh", "most_starts_a_day",
        "occupied_hours", "peak_w_m2", "run_hours", "shortest_off_s", "starts", "trace", "unsafe_hours",
    )  # fmt: skip

    days: float
    energy_kwh: float
    energy_kwh_m2: float
    heating_kwh: float
    cooling_kwh: float
    fan_kwh: float
    cost_m2: float
    emission_kg_m2: float
    peak_w_m2: float
    discomfort_kh: float
    dissatisfied: float
    occupied_hours: float
    starts: float
    most_starts_a_day: float
    shortest_off_s: float
    run_hours: float
    clipped: int
    conflicts: int
    unsafe_hours: float
    balance_error: float
    trace: list[tuple[float, ...]] | None

    def to_data(self) -> dict[str, float]:
        """All figures by name."""
        return {name: getattr(self, name) for name in self.__slots__ if name != "trace"}

    def __repr__(self) -> str:
        return (
            f"Report({self.days:g} days: {self.energy_kwh_m2:.1f} kWh/m², {self.discomfort_kh:.1f} K·h, "
            f"{self.starts:.0f} starts)"
        )


def simulate(
    site: Site,
    controller: Controller,
    *,
    equipment: HeatPump | None = None,
    first_day: int = 0,
    days: int = DAYS,
    band_c: tuple[float, float] = (20.0, 24.5),
    start_c: float = 20.0,
    keep_trace: bool = False,
) -> Report:
    """Let time pass from the beginning of `first_day`, and report.

    The controller is asked every five minutes. What it commands is cut to 0–100 %, and counted; when it heats
    and cools at once, neither happens. `band_c`: the operative temperatures people find comfortable. Raises
    `ValueError` for commands that are no numbers and for days outside the year.
    """
    if not (first_day >= 0 and days >= 1 and first_day + days <= DAYS):
        raise ValueError(f"days {first_day} to {first_day + days} do not lie in a year of {DAYS}")
    return _Run(site, controller, equipment or HeatPump(), band_c, start_c).over(first_day, days, keep_trace=keep_trace)


class _Run:
    """One simulation; its loop is long because every call in it would be made 105,000 times a year."""

    def __init__(
        self, site: Site, controller: Controller, equipment: HeatPump, band: tuple[float, float], start: float
    ) -> None:
        self.site = site
        self.controller = controller
        self.equipment = equipment
        self.band = band
        self.start = start

    def over(self, first_day: int, days: int, *, keep_trace: bool) -> Report:
        site, here, machine = self.site, self.site.building, self.equipment
        low, high = self.band
        controller, outdoor_all, wind_all, sol_all = self.controller, site.outdoor, site.wind, site.sol_air
        air_gains, mass_gains, people_all, humid_all = site.gains_air, site.gains_mass, site.people, site.humidity
        prices = [site.tariff.at(step * 24 / STEPS_A_DAY) for step in range(STEPS_A_DAY)]
        comes, goes = site.occupancy.first_hour, site.occupancy.last_hour
        weekends = site.occupancy.weekends

        volume = here.area_m2 * here.height_m
        c_air = 5.0 * volume * _AIR_J_M3_K / STEP_S
        c_mass = here.mass_j_m2k * here.area_m2 / STEP_S
        h_am = 3.45 * 4.5 * here.area_m2
        h_wall = here.wall_ua
        h_win = here.window_u * sum(here.windows_m2.values())
        per_change = volume * _AIR_J_M3_K / 3600
        per_person = here.fresh_l_s / 1000 * _AIR_J_M3_K
        leakage = here.leakage

        state = State()
        air = mass = self.start
        heat_before = 0.0
        off_steps = STEPS_A_DAY
        heating_j = cooling_j = fan_j = electric_j = cost = peak = discomfort = unhappy = 0.0
        starts = starts_today = most_starts = run_steps = unsafe = 0.0
        present = clipped = conflicts = 0
        shortest_off = float("inf")
        flow_j = turnover_j = 0.0
        stored = c_air * STEP_S * air + c_mass * STEP_S * mass
        trace: list[tuple[float, ...]] = []

        first = first_day * STEPS_A_DAY
        for at in range(first, first + days * STEPS_A_DAY):
            day, step = divmod(at, STEPS_A_DAY)
            quarter = at // STEPS_A_QUARTER
            if step == 0:
                most_starts = max(most_starts, starts_today)
                starts_today = 0.0
                clothes = clothing(outdoor_all[quarter + 24])
            hour = step * 24 / STEPS_A_DAY
            outdoor = outdoor_all[quarter]
            people = people_all[quarter]
            weekday = day % 7
            state.air = air
            state.mass = mass
            state.outdoor = outdoor
            state.hour = hour
            state.day = day
            state.weekday = weekday
            state.occupied = people > 0
            if people:
                state.until_occupied = 0.0
            elif (weekends or weekday < 5) and hour < goes:
                state.until_occupied = max(0.0, comes - hour)
            elif weekends or (weekday + 1) % 7 < 5:
                state.until_occupied = 24 - hour + comes
            else:
                # At weekends, until the next working day: weekday 4 is Friday, whose evening is three days before.
                state.until_occupied = 24 - hour + comes + (48.0 if weekday == 4 else 24.0)
            heating, cooling, fan = controller(state)
            if not (0 <= heating <= 100 and 0 <= cooling <= 100 and 0 <= fan <= 100):
                heating, cooling, fan = _cut(heating), _cut(cooling), _cut(fan)
                clipped += 1
            if heating and cooling:
                heating = cooling = 0.0
                conflicts += 1

            # What the machine does with it: too little air over the coil carries less heat away.
            moved = 1.0 if fan >= 40 else 0.4 + 0.015 * fan
            if heating:
                load = heating / 100
                heat = machine.heating_capacity(outdoor) * load * moved
                electric = heat / (machine.heating_cop(outdoor) * machine.part_load(load) * (0.5 + 0.5 * moved))
                heating_j += heat
            elif cooling:
                load = cooling / 100
                heat = -machine.cooling_capacity(outdoor) * load * moved
                electric = -heat / (machine.cooling_cop(outdoor) * machine.part_load(load) * (0.5 + 0.5 * moved))
                cooling_j -= heat
            else:
                load = heat = electric = 0.0
            if load:
                run_steps += min(1.0, load / machine.slowest)
                begun = machine.starts(load, STEP_S / 3600)
                if heat_before == 0.0 or (heat_before > 0) != (heat > 0):
                    begun += 1.0
                    shortest_off = min(shortest_off, off_steps * STEP_S if heat_before == 0.0 else 0.0)
                starts += begun
                starts_today += begun
                off_steps = 0
            else:
                off_steps += 1
            heat_before = heat
            fan_w = machine.fan_power(fan)
            electric += fan_w + machine.standby_w
            fan_j += fan_w
            electric_j += electric
            cost += electric * prices[step]
            peak = electric if electric > peak else peak  # noqa: FURB136  (a call of max would cost a tenth of the step)

            # The two balances over the step, by the trapezoidal rule: a 2 × 2 system for the temperatures after it.
            difference = outdoor - air if outdoor > air else air - outdoor
            h_out = (
                h_win
                + per_change * leakage * (0.25 + 0.018 * difference + 0.5 * wind_all[quarter])
                + per_person * people
            )
            source_air = air_gains[quarter] + heat + fan_w + h_out * outdoor
            source_mass = mass_gains[quarter] + h_wall * sol_all[quarter]
            half_a = 0.5 * (h_out + h_am)
            half_m = 0.5 * (h_wall + h_am)
            half = 0.5 * h_am
            right_a = (c_air - half_a) * air + half * mass + source_air
            right_m = (c_mass - half_m) * mass + half * air + source_mass
            left_a, left_m = c_air + half_a, c_mass + half_m
            det = left_a * left_m - half * half
            new_air = (right_a * left_m + half * right_m) / det
            new_mass = (left_a * right_m + half * right_a) / det
            mid_air, mid_mass = 0.5 * (air + new_air), 0.5 * (mass + new_mass)
            into = source_air - h_out * mid_air + source_mass - h_wall * mid_mass
            flow_j += into
            turnover_j += into if into > 0 else -into
            air, mass = new_air, new_mass

            if people:
                present += 1
                felt = 0.5 * (mid_air + mid_mass)
                if felt < low:
                    discomfort += low - felt
                elif felt > high:
                    discomfort += felt - high
                if not present % _ASK_EVERY:
                    feeling = vote(mid_air, mid_mass, 0.1, min(70.0, max(30.0, humid_all[quarter])), 1.2, clothes)
                    unhappy += ppd(feeling)
            if mid_air < 5 or mid_air > 45:
                unsafe += 1
            if keep_trace:
                trace.append((at * STEP_S, mid_air, mid_mass, outdoor, heating, cooling, fan, electric, float(people)))

        return self._report(
            days=days, energy_kwh=electric_j * STEP_S / JOULES_PER_KWH,
            heating_kwh=heating_j * STEP_S / JOULES_PER_KWH, cooling_kwh=cooling_j * STEP_S / JOULES_PER_KWH,
            fan_kwh=fan_j * STEP_S / JOULES_PER_KWH, cost=cost * STEP_S / JOULES_PER_KWH, peak=peak,
            discomfort_kh=discomfort * STEP_S / 3600,
            dissatisfied=unhappy / (present // _ASK_EVERY) if present >= _ASK_EVERY else 5.0,
            occupied_hours=present * STEP_S / 3600, starts=starts, most_starts_a_day=max(most_starts, starts_today),
            shortest_off_s=shortest_off, run_hours=run_steps * STEP_S / 3600, clipped=clipped, conflicts=conflicts,
            unsafe_hours=unsafe * STEP_S / 3600, trace=trace if keep_trace else None,
            balance_error=abs(flow_j * STEP_S - (c_air * air + c_mass * mass) * STEP_S + stored)
            / max(1.0, turnover_j * STEP_S),
        )  # fmt: skip

    def _report(self, *, cost: float, peak: float, **figures: Any) -> Report:
        report = Report()
        for name, value in figures.items():
            setattr(report, name, value)
        area = self.site.building.area_m2
        report.energy_kwh_m2 = report.energy_kwh / area
        report.cost_m2 = cost / area
        report.emission_kg_m2 = report.energy_kwh * self.site.tariff.emission_kg_kwh / area
        report.peak_w_m2 = peak / area
        return report


def _cut(percent: float) -> float:
    """A command within 0 to 100 %. Raises `ValueError` for what is no number."""
    if percent.__class__ is bool or not isinstance(percent, int | float) or isnan(percent):
        raise ValueError(f"a command is a number of percent, not {percent!r}")
    return min(100.0, max(0.0, percent))


# --- controllers ------------------------------------------------------------------------------------


def constant_controller(setpoint_c: float = 22.2, gain: float = 30.0, band_f: float = 1.0) -> Controller:
    """The mission's worked example: one setpoint day and night, `gain` percent per °F outside ± `band_f` °F."""

    def command(state: State) -> tuple[float, float, float]:
        error = (state.air - setpoint_c) * 1.8
        if error < -band_f:
            return min(100.0, -error * gain), 0.0, 60.0
        if error > band_f:
            return 0.0, min(100.0, error * gain), 60.0
        return 0.0, 0.0, 20.0

    return command
