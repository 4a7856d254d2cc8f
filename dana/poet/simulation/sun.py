"""Where the sun stands, and how much of it reaches a vertical façade or the roof.

Position by Spencer's series (1971) for declination and the equation of time; radiation on tilted surfaces with the
isotropic sky of Liu and Jordan (1963) and a ground that reflects a fifth.
"""

from __future__ import annotations

from math import acos, asin, cos, pi, radians, sin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from dana.poet.simulation.weather import Weather

GROUND_REFLECTANCE = 0.2
# Below this height above the horizon (sine), hourly means of direct radiation say nothing about a façade.
_LOWEST = 0.05
# A façade faces: degrees from south, west is positive.
ORIENTATIONS = {"south": 0.0, "west": 90.0, "north": 180.0, "east": -90.0}


def position(latitude: float, longitude: float, timezone: float, day: float, hour: float) -> tuple[float, float]:
    """Height above the horizon and azimuth from south (west positive), in radians.

    `day` of the year from 0, `hour` of local standard time.
    """
    angle = 2 * pi * day / 365
    declination = (
        0.006918
        - 0.399912 * cos(angle)
        + 0.070257 * sin(angle)
        - 0.006758 * cos(2 * angle)
        + 0.000907 * sin(2 * angle)
        - 0.002697 * cos(3 * angle)
        + 0.00148 * sin(3 * angle)
    )
    minutes = 229.18 * (
        0.000075 + 0.001868 * cos(angle) - 0.032077 * sin(angle) - 0.014615 * cos(2 * angle) - 0.040849 * sin(2 * angle)
    )
    solar_hour = hour + (4 * (longitude - 15 * timezone) + minutes) / 60
    turn = radians(15 * (solar_hour - 12))
    phi = radians(latitude)
    height = asin(max(-1.0, min(1.0, sin(phi) * sin(declination) + cos(phi) * cos(declination) * cos(turn))))
    across = cos(height) * cos(phi)
    if abs(across) < 1e-9:
        return height, 0.0
    azimuth = acos(max(-1.0, min(1.0, (sin(height) * sin(phi) - sin(declination)) / across)))
    return height, azimuth if turn >= 0 else -azimuth


def facade_radiation(weather: Weather) -> dict[str, list[float]]:
    """Mean radiation on each façade and on the roof, W/m², for every hour of the year."""
    found: dict[str, list[float]] = {name: [] for name in (*ORIENTATIONS, "roof")}
    faces = [(found[name], radians(turn)) for name, turn in ORIENTATIONS.items()]
    roof = found["roof"]
    for at, (direct, diffuse) in enumerate(zip(weather.direct, weather.diffuse, strict=True)):
        if direct <= 0 and diffuse <= 0:
            for values in found.values():
                values.append(0.0)
            continue
        day, hour = divmod(at, 24)
        # The value of an hour is its mean; the sun of its middle stands for it.
        height, azimuth = position(weather.latitude, weather.longitude, weather.timezone, day, hour + 0.5)
        up = sin(height)
        beam = direct if up > _LOWEST else 0.0
        flat = beam * max(up, 0.0) + diffuse
        roof.append(flat)
        side = 0.5 * diffuse + 0.5 * GROUND_REFLECTANCE * flat
        along = cos(height)
        for values, turn in faces:
            values.append(side + beam * max(0.0, along * cos(azimuth - turn)))
    return found
