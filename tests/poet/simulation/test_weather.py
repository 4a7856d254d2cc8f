"""Weather files: EPW and tables are read exactly, broken ones are refused with their line (P115)."""

from __future__ import annotations

from math import degrees

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dana.poet.simulation.comfort import clothing, degree_hours, pmv, ppd
from dana.poet.simulation.sun import facade_radiation, position
from dana.poet.simulation.weather import HOURS, WeatherError, parse, read

HEAD = """\
LOCATION,Somewhere,ST,LAND,TEST,1,40.0,-75.0,-5.0,10.0
DESIGN CONDITIONS,0
TYPICAL/EXTREME PERIODS,0
GROUND TEMPERATURES,0
HOLIDAYS/DAYLIGHT SAVINGS,No,0,0,0
COMMENTS 1,made for a test
COMMENTS 2,
DATA PERIODS,1,1,Data,Monday, 1/ 1,12/31
"""


def hours(change=None, leap=False):
    """The lines of a year; `change(at, cells)` may edit one."""
    lengths = [31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
    at = 0
    for month, days in enumerate(lengths, 1):
        for day in range(1, days + 1):
            for hour in range(1, 25):
                cells = f"2018,{month},{day},{hour},0,?,{hour - 5}.5,1,55,101000,0,0,300,0,{hour * 10},{hour},0,0,0,0,180,2.5".split(
                    ","
                )
                if change is not None:
                    change(at, cells)
                yield ",".join(cells)
                at += 1


def epw(**how):
    return HEAD + "\n".join(hours(**how)) + "\n"


def test_an_epw_file_is_read_by_its_columns(tmp_path):
    path = tmp_path / "year.epw"
    path.write_text(epw(), encoding="utf-8")
    weather = read(str(path))
    assert (weather.place, weather.latitude, weather.longitude, weather.timezone) == (
        "Somewhere, ST, LAND",
        40,
        -75,
        -5,
    )
    assert list(weather.temperature[:3]) == [-4.5, -3.5, -2.5]
    assert (weather.humidity[0], weather.wind[0], weather.direct[2], weather.diffuse[2]) == (55, 2.5, 30, 3)
    again = parse(weather.to_table())
    assert list(again.temperature) == list(weather.temperature)
    assert (again.latitude, again.place) == (weather.latitude, weather.place)


def test_the_29th_of_february_is_left_out():
    assert len(parse(epw(leap=True)).temperature) == HOURS


def test_missing_hours_take_the_one_before_and_too_many_are_refused():
    def gap(length):
        def change(at, cells):
            if 100 <= at < 100 + length:
                cells[6] = "99.9"

        return change

    weather = parse(epw(change=gap(24)))
    assert set(weather.temperature[99:124]) == {weather.temperature[99]}
    with pytest.raises(WeatherError, match=r"year:133: `temperature_c` is missing for too long"):
        parse(epw(change=gap(25)), "year")


@pytest.mark.parametrize(
    ("column", "text", "said"),
    [
        (6, "warm", r"year:19: `warm` is no number"),
        (6, "nan", r"year:19: a value is not a number"),
        (6, "-120", r"`temperature_c` is -120, possible is -90 to 70"),
        (8, "140", r"`humidity_pct` is 140"),
        (14, "5000", r"`direct_w_m2` is 5000"),
    ],
)
def test_impossible_values_are_refused_with_their_line(column, text, said):
    def change(at, cells):
        if at == 10:
            cells[column] = text

    with pytest.raises(WeatherError, match=said):
        parse(epw(change=change), "year")


def test_files_that_are_no_weather_say_so():
    for text, said in (
        ("", "no weather file"),
        ("a,b\n1,2\n", "no weather file"),
        (HEAD, "0 hours, a year has 8,760"),
        (HEAD.replace("DATA PERIODS", "DATES"), "no `DATA PERIODS`"),
        (HEAD.replace("40.0", "140.0") + "\n".join(hours()), "no place on Earth"),
        ("# latitude=1 longitude=2\na\n", "`timezone=` is missing"),
        ("# latitude=1 longitude=2 timezone=0\ntemperature_c\n", "the column `humidity_pct` is missing"),
        (HEAD + "2018,1,1,1\n", ":9: 4 columns, 22 are needed"),
    ):
        with pytest.raises(WeatherError, match=said):
            parse(text)


@given(st.text(max_size=300), st.integers(0, 400))
def test_mutated_files_never_end_in_anything_but_a_reason(noise, place):
    text = epw_start()
    with pytest.raises(WeatherError, match=r"^weather"):  # thirty hours are no year, whatever else they are
        parse(text[:place] + noise + text[place:])


def epw_start():
    return HEAD + "\n".join(line for line, _ in zip(hours(), range(30), strict=False))


def test_the_sun_stands_where_an_almanac_says():
    # Solar noon at the equinox: 90° minus the latitude, due south.
    height, azimuth = position(40.0, -75.0, -5.0, 79, 12.12)
    assert degrees(height) == pytest.approx(50, abs=0.6)
    assert degrees(azimuth) == pytest.approx(0, abs=1.5)
    # Midsummer and midwinter noon differ by twice the obliquity.
    summer, _ = position(40.0, -75.0, -5.0, 171, 12.0)
    winter, _ = position(40.0, -75.0, -5.0, 354, 12.0)
    assert degrees(summer - winter) == pytest.approx(46.9, abs=0.5)
    assert position(40.0, -75.0, -5.0, 100, 0.0)[0] < 0


def test_radiation_on_the_facades_follows_the_day():
    weather = parse(epw())
    sides = facade_radiation(weather)
    noon = 24 * 180 + 12
    assert sides["south"][noon - 4] < sides["east"][noon - 4]
    assert sides["west"][noon + 4] > sides["east"][noon + 4]
    assert sides["roof"][noon] > sides["north"][noon]
    dark = parse(epw(change=lambda _at, cells: cells.__setitem__(slice(14, 16), ["0", "0"])))
    assert not any(map(any, facade_radiation(dark).values()))


# ISO 7730:2005, table D.1: air, radiant, velocity, humidity, met, clo → PMV.
ISO_7730 = [
    (22.0, 22.0, 0.10, 60, 1.2, 0.5, -0.75),
    (27.0, 27.0, 0.10, 60, 1.2, 0.5, 0.77),
    (27.0, 27.0, 0.30, 60, 1.2, 0.5, 0.44),
    (23.5, 25.5, 0.10, 60, 1.2, 0.5, -0.01),
    (23.5, 25.5, 0.30, 60, 1.2, 0.5, -0.55),
    (19.0, 19.0, 0.10, 40, 1.2, 1.0, -0.60),
    (23.5, 23.5, 0.30, 40, 1.2, 1.0, 0.12),
    (23.0, 21.0, 0.10, 40, 1.2, 1.0, 0.05),
    (23.0, 21.0, 0.30, 40, 1.2, 1.0, -0.16),
    (22.0, 22.0, 0.10, 60, 1.6, 0.5, 0.05),
    (27.0, 27.0, 0.10, 60, 1.6, 0.5, 1.17),
    (27.0, 27.0, 0.30, 60, 1.6, 0.5, 0.95),
]


@pytest.mark.parametrize("row", ISO_7730)
def test_comfort_equals_the_standard(row):
    *given, expected = row
    assert pmv(*given) == pytest.approx(expected, abs=0.02)


def test_dissatisfaction_and_clothing():
    assert ppd(0.0) == 5.0
    assert ppd(0.5) == pytest.approx(10.2, abs=0.1)
    assert ppd(1.0) == ppd(-1.0) == pytest.approx(26.1, abs=0.1)
    assert clothing(-10) == 1.0
    assert clothing(10) == pytest.approx(0.59, abs=0.01)
    assert clothing(30) == 0.46
    assert clothing(5.0) == pytest.approx(clothing(4.999), abs=0.01)
    assert degree_hours([18.0, 20.0, 26.0], 20.0, 25.0, 1800.0) == 1.5
    for wrong in ((5.0, 22, 0.1, 50), (22, 22, 3.0, 50), (22, 22, 0.1, 120)):
        with pytest.raises(ValueError, match="ISO 7730 holds from"):
            pmv(*wrong)
