"""Buildings: temperatures with units, commands that machines can stand, zones with a past."""

from __future__ import annotations

import math

import pytest

from dana.engine import Engine
from dana.poet import POETEnforceError
from dana.poet.domains import building_management, equipment
from dana.poet.domains.building_management import BuildingManagement
from dana.poet.pipeline import decorate
from dana.poet.plugins.base import RejectionError
from dana.poet.python import Host


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def read(name, value, type_="", **config):
    changed, notes = BuildingManagement(config).perceiver([(name, type_)])({name: value})
    return changed.get(name, value), any(note.estimated for note in notes)


GOOD = [
    ("current_temp", "72F", 72.0), ("current_temp", "72 °F", 72.0), ("current_temp", "22 °C", 71.6),
    ("current_temp", "22C", 71.6), ("current_temp", "seventy two", 72.0), ("current_temp", "72 degrees", 72.0),
    ("current_temp", "seventy two degrees fahrenheit", 72.0), ("current_temp", "295.15 K", 71.6),
    ("current_temp", "22℃", 71.6), ("current_temp", 72, 72.0), ("current_temp", "72.5", 72.5),
    ("current_temp", "72,5 °F", 72.5), ("current_temp_c", "72 °F", 22.222222222), ("room_temp_c", 22.0, 22.0),
    ("setpoint", "21 °C", 69.8), ("outdoor_temp", "-10 °C", 14.0), ("outdoor_temp", "−10", -10.0),
    ("outdoor_temp", "minus ten celsius", 14.0), ("outdoor_temp", 22.0, 22.0),
    ("humidity", "45%", 45.0), ("humidity", "45 % RH", 45.0), ("humidity", 45, 45.0), ("humidity", "forty five", 45.0),
    ("damper", "30 percent", 30.0), ("occupancy", "yes", True), ("occupancy", "vacant", False),
    ("occupancy", "5 people", 5), ("occupancy", "five people", 5), ("occupancy", "nobody", False),
    ("occupancy", True, True), ("occupancy", 3, 3), ("occupants", "one person", 1), ("occupied", "unoccupied", False),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "expected"), GOOD)
def test_what_is_written_is_read_in_the_functions_unit(name, value, expected) -> None:
    found, estimated = read(name, value)
    assert found == pytest.approx(expected)
    assert type(found) is type(expected)
    assert not estimated


BAD = [
    ("current_temp", 22), ("current_temp", "22"), ("current_temp", "22 W"), ("current_temp", "warm"),
    ("current_temp", None), ("current_temp", "n/a"), ("current_temp", True), ("current_temp", "70-72"),
    ("current_temp", "200 F"), ("current_temp", "-400 °C"), ("current_temp", float("nan")), ("room_temp_c", 72.0),
    ("setpoint", 50.0), ("setpoint", "95 F"), ("setpoint", "35 °C"), ("humidity", 120), ("humidity", 0.45),
    ("humidity", "dry"), ("occupancy", "maybe"), ("occupancy", -1), ("occupancy", "2.5 people"), ("occupancy", ""),
    ("damper", "130%"), ("outdoor_temp", "500"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value"), BAD)
def test_what_is_not_clear_is_refused(name, value) -> None:
    with pytest.raises(RejectionError):
        read(name, value)


def test_types_of_occupancy() -> None:
    assert read("occupancy", "5 people", "bool") == (True, False)
    assert read("occupants", "5 people", "int") == (5, False)
    assert read("occupants", "vacant", "int") == (0, False)
    with pytest.raises(RejectionError, match="how many"):
        read("occupants", "yes", "int")


def test_estimates_and_defaults() -> None:
    assert read("current_temp", "about 72 F") == (72.0, True)
    assert read("current_temp", "n/a", strict=False) == (70.0, True)
    assert read("setpoint", None, strict=False, unit="C")[0] == pytest.approx(21.111111)
    with pytest.raises(RejectionError, match="only an estimate"):
        read("current_temp", "about 72 F", strict=True)


def test_clean_arguments_are_what_the_rules_leave_alone() -> None:
    for unit in "FC":
        plugin = BuildingManagement({"unit": unit})
        for name in ("current_temp", "setpoint", "outdoor_temp", "humidity", "occupants", "damper"):
            of, low, high = plugin.clean(name, "float")
            for share in (0.0, 0.3, 1.0):
                value = of(low + share * (high - low)) if name != "occupants" else of(int(share * high))
                assert plugin.rule(name, "float")(value).value is value
    assert BuildingManagement().clean("name", "") is None


# --- commands ---------------------------------------------------------------------------------------------


def controlled(clock, **config):
    plugin = BuildingManagement(config)
    plugin.attach("f", [], clock)
    return plugin


def command(heating=0, cooling=0, fan=20, **more):
    return {"heating": heating, "cooling": cooling, "fan_speed": fan, **more}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (command(heating=101), "0 to 100"), (command(cooling=-1), "0 to 100"), (command(fan=500), "0 to 100"),
        (command(heating=1, cooling=1), "at once"), (command(heating="full"), "no number"),
        (command(heating=math.nan), "no number"), (command(heating=True), "no number"),
        (command(setpoint=95), "60 to 85"), (command(heat_setpoint=40), "60 to 85"),
    ],
)  # fmt: skip
def test_impossible_commands_never_leave(given, message) -> None:
    with pytest.raises(RejectionError, match=message):
        controlled(Clock()).judge(given, {})


def test_results_that_command_nothing_pass() -> None:
    for value in ({"comfort": 0.9}, {"heating_mode": "auto"}, 3, "ok"):
        assert controlled(Clock()).judge(value, {}) is value


def test_a_machine_rests_after_it_stopped() -> None:
    clock = Clock()
    plugin = controlled(clock)
    plugin.judge(command(cooling=50), {})
    clock.now = 60
    plugin.judge(command(), {})
    clock.now = 100
    with pytest.raises(RejectionError, match="stopped less than 120 s ago: it may start in 80 s"):
        plugin.judge(command(cooling=50), {})
    plugin.judge(command(heating=50), {})  # another machine
    plugin.judge(command(cooling=50), {"zone": "attic"})  # another zone
    plugin.judge(command(), {})
    clock.now = 181
    assert plugin.judge(command(cooling=50), {})


def test_starts_in_a_day_are_counted() -> None:
    clock = Clock()
    plugin = controlled(clock, max_starts=3)
    for _ in range(3):
        plugin.judge(command(cooling=50), {})
        clock.now += 600
        plugin.judge(command(), {})
        clock.now += 600
    with pytest.raises(RejectionError, match="has started 3 times in a day"):
        plugin.judge(command(cooling=50), {})
    clock.now = 86_400
    assert plugin.judge(command(cooling=50), {})


def test_ramps() -> None:
    clock = Clock()
    plugin = controlled(clock, ramp_per_min=5.0)
    plugin.judge(command(heating=10), {})
    clock.now = 60
    with pytest.raises(RejectionError, match="may rise by 5 % by now, not by 30 %"):
        plugin.judge(command(heating=40), {})
    assert plugin.judge(command(heating=15), {})
    assert plugin.judge(command(heating=0), {})


def test_machines_are_held_where_they_may_be() -> None:
    clock = Clock()
    plugin = controlled(clock, ramp_per_min=5.0, on_violation="hold")
    plugin.judge(command(heating=10), {})
    clock.now = 60
    assert plugin.judge(command(heating=40), {}) == command(heating=15)
    plugin.judge(command(), {})
    clock.now = 61
    assert plugin.judge(command(heating=40), {}) == command(heating=0)


def test_a_thousand_random_commands_never_break_a_rule() -> None:
    from random import Random

    chance, clock = Random(7), Clock()
    for mode in ("refuse", "hold"):
        plugin = controlled(clock, on_violation=mode, ramp_per_min=20.0)
        last, stopped, starts = {"heating": 0.0, "cooling": 0.0}, {}, {"heating": [], "cooling": []}
        for _ in range(1000):
            clock.now += chance.choice((5, 30, 300))
            given = command(*(chance.choice((0, 0, 30, 100, 130)) for _ in range(2)))
            try:
                given = plugin.judge(given, {})
            except RejectionError:
                continue
            assert not (given["heating"] and given["cooling"])
            for name, before in last.items():
                level = given[name]
                assert 0 <= level <= 100
                if level and not before:
                    assert clock.now - stopped.get(name, -1e9) >= 120
                    starts[name].append(clock.now)
                    assert sum(clock.now - at < 86_400 for at in starts[name]) <= 15
                if not level and before:
                    stopped[name] = clock.now
                last[name] = level


def test_maintenance_is_asked_for() -> None:
    clock = Clock()
    plugin = controlled(clock, min_off_s=0.0)
    for _ in range(13):
        plugin.judge(command(heating=90), {"current_temp": 66.0})
        clock.now += 100
        plugin.judge(command(), {"current_temp": 66.0})
        clock.now += 100
    names = [alert.name for alert in plugin.alerts()]
    assert names == ["short cycles", "many starts"]
    for _ in range(13):
        plugin.judge(command(heating=90), {"current_temp": 66.0})
        clock.now += 1200
    assert [alert.name for alert in plugin.alerts()] == ["many starts", "weak heating", "sensor stuck"]
    assert plugin.record(command(), {"current_temp": 66.0})["comfort"] == {"current_temp": "too low"}
    clock.now += 2_000_000
    plugin.judge(command(heating=90), {"current_temp": 66.5})
    assert "filter due" in [alert.name for alert in plugin.alerts()]
    plugin._zones[""][1].filter_changed()
    assert "filter due" not in [alert.name for alert in plugin.alerts()]
    assert {name for name, *_ in equipment.ALERTS} >= set(names)


PROGRAM = """
struct HVACCommand:
    heating: float
    cooling: float
    fan_speed: float
    status: str

@poet(domain="building_management", learning=true)
def control_hvac_zone(current_temp: float, setpoint: float, occupancy: bool, outdoor_temp: float) -> HVACCommand:
    temp_error = current_temp - setpoint
    if abs(temp_error) <= 1.0:
        return HVACCommand(0, 0, 20, "Maintaining temperature")
    elif temp_error < -1.0:
        heating_level = min(100, abs(temp_error) * 30)
        return HVACCommand(heating_level, 0, 60, "Heating")
    else:
        cooling_level = min(100, temp_error * 30)
        return HVACCommand(0, cooling_level, 60, "Cooling")

print(control_hvac_zone(72.0, 72.0, true, 50.0))
print(control_hvac_zone("70F", "22.2222222222 °C", "5 people", "10 °C").heating)
print(control_hvac_zone("80 °F", 72.0, "vacant", 95.0).cooling)
"""


def test_the_missions_example_runs_as_written(capsys) -> None:
    Engine().run(PROGRAM)
    lines = capsys.readouterr().out.split("\n")
    assert lines[0].startswith("HVACCommand(heating=0")
    assert float(lines[1]) == pytest.approx(60.0)
    assert float(lines[2]) == 100.0


def test_alerts_of_a_function() -> None:
    host = Host()
    f = decorate(host, lambda current_temp: command(), {"domain": "building_management"})
    f(70.0)
    assert building_management.alerts(f) == []
    g = decorate(host, lambda current_temp: command(1, 1), {"domain": "hvac", "retries": 0})
    with pytest.raises(POETEnforceError, match="at once"):
        g(70.0)


@pytest.mark.parametrize("commands", [[{"heating": 50, "cooling": 50}], ({"heating": float("nan")},)])
def test_a_list_of_commands_is_judged_like_one(commands) -> None:
    f = decorate(Host(), lambda current_temp: commands, {"domain": "building_management", "retries": 0})
    with pytest.raises(POETEnforceError):
        f(70.0)
