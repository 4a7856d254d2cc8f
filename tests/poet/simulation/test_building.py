"""The simulated building obeys physics, its seeds and its limits (P112, P115–P118)."""

from __future__ import annotations

from array import array
from itertools import pairwise
from math import cos, exp, pi
from random import Random

import pytest

from dana.poet.simulation.building import Building, Site, constant_controller, simulate
from dana.poet.simulation.heat_pump import HeatPump
from dana.poet.simulation.occupancy import Occupancy, Tariff
from dana.poet.simulation.weather import HOURS, Weather


def made(temperature=lambda _hour: 0.0, direct=0.0, diffuse=0.0, wind=3.0):
    constant = lambda value: array("d", [value]) * HOURS  # noqa: E731
    return Weather(
        "nowhere",
        45.0,
        0.0,
        0.0,
        {
            "temperature_c": array("d", [temperature(hour) for hour in range(HOURS)]),
            "humidity_pct": constant(50.0),
            "wind_m_s": constant(wind),
            "direct_w_m2": constant(direct),
            "diffuse_w_m2": constant(diffuse),
        },
    )


def seasons(hour):
    return 10 - 12 * cos(2 * pi * hour / HOURS) - 5 * cos(2 * pi * hour / 24)


YEAR = Site(made(seasons, direct=100.0, diffuse=60.0))


def idle(_state):
    return 0.0, 0.0, 0.0


def test_what_flows_in_is_what_is_stored():
    report = simulate(YEAR, constant_controller())
    assert report.balance_error < 1e-9
    assert 10 < report.energy_kwh_m2 < 200
    assert report.energy_kwh > report.fan_kwh > 0
    assert report.heating_kwh > report.cooling_kwh > 0


def test_without_gains_the_zone_takes_on_the_outdoor_temperature():
    quiet = Building(used_w_m2=0.0, idle_w_m2=0.0, fresh_l_s=0.0)
    site = Site(made(lambda _hour: 5.0), quiet, Occupancy(people=0))
    report = simulate(site, idle, equipment=HeatPump(standby_w=0.0), keep_trace=True, start_c=20.0, days=60)
    air = [row[1] for row in report.trace]
    assert all(later < earlier + 1e-6 for earlier, later in pairwise(air[288::12]))
    # Walls radiate to the sky a little, so the end lies between 4 °C (their outside) and 5 °C.
    assert 4.0 < air[-1] < 5.0


def test_the_mass_cools_with_the_time_constant_of_its_capacity():
    # With an air node that follows at once, what remains is one exponential of C / H.
    quiet = Building(used_w_m2=0.0, idle_w_m2=0.0, fresh_l_s=0.0, leakage=0.0, height_m=0.01)
    site = Site(made(lambda _hour: 0.0), quiet, Occupancy(people=0))
    report = simulate(site, idle, equipment=HeatPump(standby_w=0.0), keep_trace=True, start_c=20.0, days=3)
    h_am, h_win = 3.45 * 4.5 * 100, 1.8 * 17.0
    loss = quiet.wall_ua + h_am * h_win / (h_am + h_win)
    rest = -1.0 * quiet.wall_ua / loss  # the sky's share of the balance
    seconds = report.trace[-1][0] + 150
    expected = rest + (20.0 - rest) * exp(-seconds * loss / (165_000.0 * 100))
    assert report.trace[-1][2] == pytest.approx(expected, abs=0.05)


def test_more_of_each_cause_has_its_effect():
    base = simulate(YEAR, constant_controller())
    better_walls = simulate(Site(YEAR.weather, Building(wall_ua=20.0)), constant_controller())
    assert better_walls.heating_kwh < base.heating_kwh
    sunnier = simulate(Site(YEAR.weather, Building(shgc=0.8)), constant_controller())
    assert sunnier.cooling_kwh > base.cooling_kwh
    warmer = simulate(YEAR, constant_controller(setpoint_c=24.0))
    assert warmer.heating_kwh > base.heating_kwh
    dearer = simulate(
        Site(YEAR.weather, tariff=Tariff(price=0.2, peak_price=0.3, emission_kg_kwh=0.7)), constant_controller()
    )
    assert dearer.cost_m2 == pytest.approx(2 * base.cost_m2)
    assert dearer.emission_kg_m2 == pytest.approx(2 * base.emission_kg_m2)
    assert simulate(YEAR, idle).discomfort_kh > 20 * base.discomfort_kh


def test_a_run_repeats_itself_and_other_seeds_bring_other_people():
    again = [simulate(YEAR, constant_controller(), days=30).to_data() for _ in range(2)]
    assert again[0] == again[1]
    other = Site(YEAR.weather, occupancy=Occupancy(seed=2))
    assert other.people != YEAR.people
    assert simulate(other, constant_controller(), days=30).to_data() != again[0]


def test_varied_buildings_stay_within_their_share():
    base, chance = Building(), Random(3)
    for _ in range(20):
        other = base.varied(chance, 0.3)
        assert other.wall_ua != base.wall_ua
        for name in ("wall_ua", "mass_j_m2k", "shgc", "leakage", "window_u"):
            assert 0.7 <= getattr(other, name) / getattr(base, name) <= 1.3


def test_commands_are_cut_counted_and_never_heat_and_cool_at_once():
    report = simulate(YEAR, lambda _state: (250.0, 0.0, 60.0), days=1)
    assert report.clipped == 288
    fighting = simulate(YEAR, lambda _state: (50.0, 50.0, 60.0), days=1)
    assert fighting.conflicts == 288
    assert fighting.heating_kwh == fighting.cooling_kwh == 0
    with pytest.raises(ValueError, match="number of percent, not nan"):
        simulate(YEAR, lambda _state: (float("nan"), 0.0, 0.0), days=1)


def test_starts_are_counted_with_the_pauses_between_them():
    heat = simulate(YEAR, lambda state: (100.0, 0.0, 60.0) if state.hour % 2 < 1 else (0.0, 0.0, 20.0), days=2)
    assert heat.starts == 24
    assert heat.most_starts_a_day == 12
    assert heat.shortest_off_s == 3600
    assert heat.run_hours == 24


def test_what_a_controller_knows_of_the_schedule():
    seen = {}

    def look(state):
        seen[state.day, state.hour] = (state.until_occupied, state.occupied, state.weekday)
        return 0.0, 0.0, 20.0

    simulate(YEAR, look, days=7)
    assert seen[0, 6.0][0] == 2.0
    assert seen[0, 12.0][:2] == (0.0, True)
    assert seen[0, 22.0][0] == 10.0
    assert seen[4, 22.0][0] == 58.0
    assert seen[5, 6.0][0] == 50.0
    assert seen[6, 22.0][0] == 10.0


@pytest.mark.parametrize(
    ("made_wrong", "said"),
    [
        (lambda: Building(area_m2=0), "above 0"),
        (lambda: Building(wall_ua=float("nan")), "wall_ua is a number from 0"),
        (lambda: Site(YEAR.weather, Building(windows_m2={"up": 3.0})), "`up` is no side"),
        (lambda: simulate(YEAR, idle, first_day=360, days=10), "do not lie in a year"),
        (lambda: HeatPump(heating_w=0), "a power above 0 W"),
        (lambda: Occupancy(first_hour=20, last_hour=8), "no day"),
    ],
)
def test_what_cannot_be_is_refused_with_a_reason(made_wrong, said):
    with pytest.raises(ValueError, match=said):
        made_wrong()


def test_the_heat_pump_gives_less_and_takes_more_in_the_cold():
    machine = HeatPump()
    temperatures = range(-25, 21, 5)
    capacities = [machine.heating_capacity(t) for t in temperatures]
    efficiencies = [machine.heating_cop(t) for t in temperatures]
    assert capacities == sorted(capacities)
    assert efficiencies == sorted(efficiencies)
    assert 2.3 < machine.heating_cop(-7.0) < 2.8
    assert 3.0 < machine.heating_cop(7.0) < 4.0
    assert machine.cooling_cop(25.0) > machine.cooling_cop(40.0)
    assert machine.part_load(0.5) > machine.part_load(1.0) == 1.0
    assert machine.part_load(0.05) < machine.part_load(0.25)
    assert machine.fan_power(50.0) == pytest.approx(machine.fan_w / 8)


def test_units_go_there_and_back():
    from dana.poet.simulation import units

    assert units.celsius(212.0) == 100.0
    assert units.celsius(units.fahrenheit(21.5)) == pytest.approx(21.5)
    assert units.kelvins(9.0) == pytest.approx(5.0)
    assert units.kwh(units.JOULES_PER_BTU * 3412.14) == pytest.approx(1.0, rel=1e-4)


def test_below_its_slowest_speed_a_heat_pump_starts_often():
    from dana.poet.simulation.heat_pump import HeatPump

    pump = HeatPump()
    assert pump.starts(0.0, 1.0) == pump.starts(1.0, 1.0) == pump.starts(pump.slowest, 1.0) == 0.0
    half = pump.starts(pump.slowest / 2, 1.0)
    assert half == pump.cycles_per_hour  # on half of the time: most starts there are
    assert pump.starts(pump.slowest / 4, 2.0) == pytest.approx(2 * 0.75 * half)
    for wrong in ({"carnot": 1.0}, {"slowest": 0.0}):
        with pytest.raises(ValueError, match="shares between 0 and 1"):
            HeatPump(**wrong)
