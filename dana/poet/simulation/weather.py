"""A year of hourly weather, from an EPW file (EnergyPlus Auxiliary Programs, "EPW data dictionary").

    weather = read("burlington.epw")
    weather.temperature[0]          # °C in the first hour of the year

An EPW file has eight header lines and 8,760 hours (8,784 in a leap year) of 35 columns, in SI units. A table (CSV)
with a header line works as well: `temperature_c`, `humidity_pct`, `wind_m_s`, `direct_w_m2`, `diffuse_w_m2`, after a
first line `# latitude=… longitude=… timezone=… place=…`. Hours whose value is missing (the dictionary's 99.9, 9999 …)
take the one of the hour before; too many of them are an error.
"""

from __future__ import annotations

from array import array
from math import isnan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

HOURS = 8760
# Names of columns: where an EPW line has them, from which value on one is "missing", and the values that are possible.
_COLUMNS: dict[str, tuple[int, float, float, float]] = {
    "temperature_c": (6, 99.9, -90.0, 70.0),
    "humidity_pct": (8, 999.0, 0.0, 110.0),
    "wind_m_s": (21, 999.0, 0.0, 60.0),
    "direct_w_m2": (14, 9999.0, 0.0, 1500.0),
    "diffuse_w_m2": (15, 9999.0, 0.0, 1000.0),
}
# A day of missing values in a row can be bridged, more is no weather.
_LONGEST_GAP = 24
_SIZE_LIMIT = 20_000_000


class WeatherError(ValueError):
    """A weather file that cannot be used: which, where, and why."""


class Weather:
    """Hourly means over a year, the first hour of 1 January first, in local standard time.

    `temperature` °C, `humidity` %, `wind` m/s, `direct` normal and `diffuse` horizontal radiation W/m²; `latitude` and
    `longitude` in degrees (east is positive), `timezone` in hours from Greenwich.
    """

    __slots__ = ("diffuse", "direct", "humidity", "latitude", "longitude", "place", "temperature", "timezone", "wind")

    def __init__(
        self,
        place: str,
        latitude: float,
        longitude: float,
        timezone: float,
        columns: dict[str, array[float]],
    ) -> None:
        if not (-90 <= latitude <= 90 and -180 <= longitude <= 180 and -14 <= timezone <= 14):
            raise WeatherError(
                f"{place}: no place on Earth has latitude {latitude}, longitude {longitude}, UTC{timezone:+g}"
            )
        self.place = place
        self.latitude = latitude
        self.longitude = longitude
        self.timezone = timezone
        self.temperature = columns["temperature_c"]
        self.humidity = columns["humidity_pct"]
        self.wind = columns["wind_m_s"]
        self.direct = columns["direct_w_m2"]
        self.diffuse = columns["diffuse_w_m2"]

    def to_table(self) -> str:
        """As the table `read` takes."""
        head = (
            f"# latitude={self.latitude} longitude={self.longitude} timezone={self.timezone} place={self.place}\n"
            + ",".join(_COLUMNS)
        )
        rows = zip(self.temperature, self.humidity, self.wind, self.direct, self.diffuse, strict=True)
        return "\n".join([head, *(f"{t:.1f},{h:.0f},{w:.1f},{i:.0f},{d:.0f}" for t, h, w, i, d in rows)]) + "\n"

    def __repr__(self) -> str:
        return f"Weather({self.place}, {self.latitude:.1f}°, {len(self.temperature)} hours)"


def read(path: str) -> Weather:
    """The weather in a file: EPW, or the table described above. Raises `WeatherError`, `OSError`."""
    with open(path, encoding="utf-8", errors="replace") as file:
        text = file.read(_SIZE_LIMIT + 1)
    return parse(text, path)


def parse(text: str, name: str = "weather") -> Weather:
    """The weather in a text; `name` is how errors call it. Raises `WeatherError`."""
    if len(text) > _SIZE_LIMIT:
        raise WeatherError(f"{name}: more than {_SIZE_LIMIT:,} characters are no year of weather")
    lines = text.splitlines()
    if lines and lines[0].startswith("LOCATION,"):
        return _epw(lines, name)
    if lines and lines[0].startswith("#"):
        return _table(lines, name)
    raise WeatherError(f"{name}: no weather file: line 1 begins with neither `LOCATION,` (EPW) nor `# latitude=`")


def _epw(lines: list[str], name: str) -> Weather:
    place = lines[0].split(",")
    numbers = [_number(part, name, 1) for part in place[6:9]]
    if len(numbers) < 3:
        raise WeatherError(f"{name}:1: `LOCATION` names no latitude, longitude and time zone")
    start = next((at for at, line in enumerate(lines) if line.startswith("DATA PERIODS")), None)
    if start is None:
        raise WeatherError(f"{name}: no `DATA PERIODS` line: the header is not complete")
    columns = _columns(
        lines[start + 1 :], {key: column[0] for key, column in _COLUMNS.items()}, name, start + 2, _february_29
    )
    return Weather(", ".join(p for p in place[1:4] if p), numbers[0], numbers[1], numbers[2], columns)


def _february_29(cells: list[str]) -> bool:
    """Whether a line is of the day that other years do not have."""
    return cells[1].strip() == "2" and cells[2].strip() == "29"


def _table(lines: list[str], name: str) -> Weather:
    head, place = lines[0].lstrip("# "), ""
    if "place=" in head:
        head, _, place = head.partition("place=")
    facts = dict(part.split("=", 1) for part in head.split() if "=" in part)
    for key in ("latitude", "longitude", "timezone"):
        if key not in facts:
            raise WeatherError(f"{name}:1: `{key}=` is missing")
    names = [part.strip() for part in lines[1].split(",")] if len(lines) > 1 else []
    for key in _COLUMNS:
        if key not in names:
            raise WeatherError(f"{name}:2: the column `{key}` is missing")
    columns = _columns(lines[2:], {key: names.index(key) for key in _COLUMNS}, name, 3, lambda _cells: False)
    latitude, longitude, timezone = (_number(facts[key], name, 1) for key in ("latitude", "longitude", "timezone"))
    return Weather(place.strip() or name, latitude, longitude, timezone, columns)


def _columns(
    lines: list[str], places: dict[str, int], name: str, first: int, leaves_out: Callable[[list[str]], bool]
) -> dict[str, array[float]]:
    """The wanted columns of all hours; `first` is the number of the first line."""
    columns = {key: array("d") for key in places}
    gaps = dict.fromkeys(places, 0)
    widest = max(places.values())
    for number, line in enumerate(lines, first):
        if not line.strip():
            continue
        cells = line.split(",")
        if len(cells) <= widest:
            raise WeatherError(f"{name}:{number}: {len(cells)} columns, {widest + 1} are needed")
        if leaves_out(cells):
            continue
        for key, at in places.items():
            value = _number(cells[at], name, number)
            _at, missing, low, high = _COLUMNS[key]
            if value >= missing:
                gaps[key] += 1
                if gaps[key] > _LONGEST_GAP or not columns[key]:
                    raise WeatherError(f"{name}:{number}: `{key}` is missing for too long to be bridged")
                value = columns[key][-1]
            elif not low <= value <= high:
                raise WeatherError(f"{name}:{number}: `{key}` is {value:g}, possible is {low:g} to {high:g}")
            else:
                gaps[key] = 0
            columns[key].append(value)
    count = len(columns["temperature_c"])
    if count != HOURS:
        raise WeatherError(f"{name}: {count:,} hours, a year has {HOURS:,}")
    return columns


def _number(text: str, name: str, line: int) -> float:
    try:
        value = float(text)
    except ValueError:
        raise WeatherError(f"{name}:{line}: `{text.strip():.30}` is no number") from None
    if isnan(value):
        raise WeatherError(f"{name}:{line}: a value is not a number")
    return value
