"""The HVAC example against the same year computed by hand in Python."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest

from dana.__main__ import main

HVAC = Path(__file__).resolve().parents[2] / "examples" / "hvac"
WEATHER = HVAC / "weather_alameda_2018.csv"


@pytest.fixture
def run(capsys, monkeypatch):
    def run(*words: str) -> tuple[int, str, str]:
        status = main([str(HVAC / "main.na"), *words])
        return status, *capsys.readouterr()

    return run


def fahrenheit(celsius: float) -> float:
    return celsius * 9 / 5 + 32


def occupied(index: int, hour: int) -> bool:
    return index // 24 % 7 < 5 and 8 < hour <= 18


def simulate(lines: list[str]) -> dict[str, float]:
    """The year's sums, from the equations in the example's README."""
    room_c, sums = 20.0, {"heating": 0, "cooling": 0, "idle": 0, "heat": 0.0, "cold": 0.0, "fan": 0.0, "worst": 0.0}
    for index, line in enumerate(lines):
        _month, _day, hour, outdoor_c, sun = (float(cell) for cell in line.split(","))
        working = occupied(index, int(hour))
        low, high = (69.0, 75.0) if working or occupied(index, int(hour) + 2) else (60.0, 82.0)
        gains_w = (1400.0 if working else 200.0) + 2.5 * sun
        for _step in range(6):
            room_f = fahrenheit(room_c)
            setpoint = min(max(room_f, low), high)
            error = room_f - setpoint
            heating = min(100, -error * 30) if error < -1 else 0
            cooling = min(100, error * 30) if error > 1 else 0
            target_c = outdoor_c + (gains_w + 90 * heating - 70 * cooling) / 160
            room_c = target_c + (room_c - target_c) * math.exp(-600 * 160 / 12e6)
            sums["heating" if heating else "cooling" if cooling else "idle"] += 1
            sums["heat"] += 90 * heating * 600 / 3.6e6
            sums["cold"] += 70 * cooling * 600 / 3.6e6
            sums["fan"] += 2.5 * (60 if heating or cooling else 20) * 600 / 3.6e6
            if working:
                sums["worst"] = max(sums["worst"], abs(error))
    return sums


def test_the_year_comes_out_as_the_equations_say(run) -> None:
    status, out, err = run(f"weather=@{WEATHER}")
    assert (status, err) == (0, "")
    expected = simulate(WEATHER.read_text(encoding="utf-8").splitlines()[1:])
    year = next(line.split() for line in out.splitlines() if line.startswith("Year"))
    hours = [f"{expected[what] / 6:.0f}" for what in ("heating", "cooling", "idle")]
    electricity = (expected["heat"] + expected["cold"]) / 3.0 + expected["fan"]
    assert year[2:] == [*hours, f"{electricity:.0f}"]
    assert f"heat delivered {expected['heat']:,.0f} kWh, heat removed {expected['cold']:,.0f} kWh" in out
    assert f"while occupied: {expected['worst']:.1f} °F" in out


def test_the_shipped_weather_is_a_whole_year() -> None:
    lines = WEATHER.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "month,day,hour,dry_bulb_c,global_horizontal_wh_m2"
    hours = [tuple(int(cell) for cell in line.split(",")[:3]) for line in lines[1:]]
    assert hours == sorted(hours)
    assert len(set(hours)) == len(hours) == 8760
    assert {hour for _month, _day, hour in hours} == set(range(1, 25))


def test_the_control_function_is_the_document_s_word_for_word() -> None:
    text = (HVAC / "hvac_control.na").read_text(encoding="utf-8")
    body = text[text.index("def control_hvac_zone") :]
    assert (
        body
        == """def control_hvac_zone(current_temp: float, setpoint: float, 
                     occupancy: bool, outdoor_temp: float) -> HVACCommand {
    
    # Pure business logic - POET adds enterprise capabilities
    temp_error = current_temp - setpoint
    
    if abs(temp_error) <= 1.0 {
        return HVACCommand(0, 0, 20, "Maintaining temperature")
    } elif temp_error < -1.0 {
        heating_level = min(100, abs(temp_error) * 30)
        return HVACCommand(heating_level, 0, 60, "Heating")
    } else {
        cooling_level = min(100, temp_error * 30)
        return HVACCommand(0, cooling_level, 60, "Cooling")
    }
}
"""
    )


def test_a_broken_sensor_is_refused_before_the_logic_sees_it(run, tmp_path) -> None:
    lines = WEATHER.read_text(encoding="utf-8").splitlines()[:40]
    lines[20] = "1,1,20,999.9,0"
    path = tmp_path / "weather.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    status, _out, err = run(f"weather=@{path}")
    assert status == 1
    assert "the sensor is broken" in err
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("line", "message"),
    [("1,1,20,cold,0", "line 21: "), ("1,1,20", "line 21: expected 5 cells, found 3")],
)
def test_an_unreadable_line_is_named(run, tmp_path, line, message) -> None:
    lines = WEATHER.read_text(encoding="utf-8").splitlines()[:40]
    lines[20] = line
    path = tmp_path / "weather.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    status, _out, err = run(f"weather=@{path}")
    assert status == 1
    assert message in err


def test_the_weather_is_asked_for(run) -> None:
    status, _out, err = run()
    assert status != 0
    assert "weather" in err


def test_a_bar_is_drawn_on_a_terminal_only(run, monkeypatch, tmp_path) -> None:
    path = tmp_path / "weather.csv"
    path.write_text("\n".join(WEATHER.read_text(encoding="utf-8").splitlines()[:2000]), encoding="utf-8")
    assert run(f"weather=@{path}")[2] == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True, raising=False)
    assert "simulating" in run(f"weather=@{path}")[2]
