"""Strategies for a zone that are bad, each in a way of its own, to be found out before they touch anything.

A strategy is a controller (state → heating, cooling, fan). `injected(seed)` makes bad ones from the mission's
controller; some are wrong at once, some only in summer, some only when it is cold, some just waste.
"""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

from dana.poet.simulation.building import Site, State, constant_controller, simulate
from dana.poet.training.providers import SafeTesting, Simulation

if TYPE_CHECKING:
    from dana.poet.simulation.building import Controller

Command = tuple[float, float, float]
# Two days each: winter, spring, summer, autumn; working days.
DAYS = (14, 105, 196, 287)


def injected(seed: int) -> list[tuple[str, Controller]]:
    """One bad strategy of each kind, with the details drawn from a seed."""
    chance = Random(seed)  # noqa: S311  (a simulation, no secret)
    good = constant_controller()
    beyond, weak, wrong = chance.uniform(101, 500), chance.uniform(0.5, 3), chance.uniform(4, 8)
    cold, hot = chance.uniform(0, 5), chance.uniform(24, 28)

    def never(_state: State) -> Command:
        return 0.0, 0.0, 0.0

    def reversed_(state: State) -> Command:
        heating, cooling, fan = good(state)
        return cooling, heating, fan

    def scaled(state: State) -> Command:
        heating, cooling, fan = good(state)
        return (beyond if heating else 0.0), cooling, fan

    def both(state: State) -> Command:
        heating, cooling, fan = good(state)
        return (heating, 30.0, fan) if heating else (30.0, cooling, fan) if cooling else (0.0, 0.0, fan)

    def below(state: State) -> Command:
        heating, cooling, fan = good(state)
        return heating or -beyond, cooling, fan

    def no_number(state: State) -> Command:
        return (float("nan"), 0.0, 20.0) if state.hour == 12 else good(state)

    def crashes(state: State) -> Command:
        if state.outdoor < cold or state.outdoor > hot:
            raise ZeroDivisionError("division by zero")
        return good(state)

    def cycling(state: State) -> Command:
        on = int(state.hour * 12) % 2 == 0
        return (60.0, 0.0, 60.0) if on and state.air < 24 else (0.0, 0.0, 20.0)

    def gives_up_in_heat(state: State) -> Command:
        return good(state) if state.outdoor < hot - 6 else (0.0, 0.0, 0.0)

    def gives_up_in_cold(state: State) -> Command:
        return good(state) if state.outdoor > cold else (0.0, 0.0, 0.0)

    def night_shift(state: State) -> Command:
        return (0.0, 0.0, 0.0) if state.occupied else good(state)

    def always_full(state: State) -> Command:
        return (100.0, 0.0, 100.0) if state.air < 30 else (0.0, 0.0, 100.0)

    return [
        ("never acts", never), ("heats when it is warm", reversed_), ("beyond 100 %", scaled),
        ("heats and cools", both), ("below 0 %", below), ("no number", no_number), ("crashes in hard weather", crashes),
        ("short cycles", cycling), ("gives up in heat", gives_up_in_heat), ("gives up in cold", gives_up_in_cold),
        ("off while people are there", night_shift), ("always full power", always_full),
        ("hardly any gain", constant_controller(gain=weak)),
        ("far too warm", constant_controller(setpoint_c=22.2 + wrong)),
        ("far too cold", constant_controller(setpoint_c=22.2 - wrong)),
        ("enormous deadband", constant_controller(band_f=chance.uniform(10, 20))),
    ]  # fmt: skip


def good_ones(seed: int) -> list[tuple[str, Controller]]:
    """Strategies nobody should complain about."""
    chance = Random(seed)  # noqa: S311
    return [
        ("the mission's", constant_controller()),
        ("a little warmer", constant_controller(setpoint_c=22.2 + chance.uniform(0, 0.4))),
        ("smaller band", constant_controller(band_f=chance.uniform(0.6, 1.0))),
    ]


def tester(site: Site) -> SafeTesting:
    """A safe test of strategies: commands on a grid of situations, then two days in each season, simulated."""
    baseline = [simulate(site, constant_controller(), first_day=day, days=2) for day in DAYS]
    energy = sum(report.energy_kwh for report in baseline)
    discomfort = sum(report.discomfort_kh for report in baseline)

    def commands(_inputs: object, strategy: Controller) -> str | None:
        state = State()
        for air in range(10, 36):
            for outdoor in (-20, 0, 15, 30, 40):
                state.air = state.mass = float(air)
                state.outdoor, state.hour, state.day, state.weekday = float(outdoor), 12.0, 0, 0
                state.occupied, state.until_occupied = True, 0.0
                try:
                    heating, cooling, fan = strategy(state)
                except ArithmeticError as error:
                    return f"it fails at {air} °C inside, {outdoor} °C outside: {error}"
                if not all(0 <= percent <= 100 for percent in (heating, cooling, fan)):
                    return f"commands of {heating:g}, {cooling:g} and {fan:g} % are not within 0 to 100 %"
                if heating and cooling:
                    return "it heats and cools at once"
        return None

    def season(_inputs: object, strategy: Controller) -> float:
        reports = [simulate(site, strategy, first_day=day, days=2) for day in DAYS]
        if any(r.clipped or r.conflicts or r.unsafe_hours for r in reports):
            return 0.0
        worse = sum(r.discomfort_kh for r in reports) - discomfort
        wasted = max(0.0, sum(r.energy_kwh for r in reports) / energy - 1.25)
        usual = max(15.0, *(r.most_starts_a_day for r in baseline))
        cycles = max(r.most_starts_a_day for r in reports) / usual
        return max(0.0, 1.0 - max(0.0, worse) / 10.0 - 2 * wasted - max(0.0, cycles - 1.2))

    return SafeTesting([commands], Simulation(season), least=0.5)
