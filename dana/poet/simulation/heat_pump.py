"""A reversible air-to-air heat pump: what it can give and what that takes, by outdoor temperature and part load.

Efficiency is a fixed share of Carnot's between the supply air and the outdoor coil (EN 14825 states part-load behaviour
the same way): it falls as the temperatures move apart. Capacity falls with it. An inverter runs better at part load,
until its lowest speed; below that it cycles, and each start costs.
"""

from __future__ import annotations

TYPE_CHECKING = False

# Supply air and coil temperatures, as distances from what they meet, in K.
_SUPPLY_HEATING_C, _SUPPLY_COOLING_C = 38.0, 12.0
_APPROACH_K = 6.0
_ZERO_K = 273.15


class HeatPump:
    """Nominal powers in W of heat at 7 °C (heating) and 35 °C (cooling) outdoors.

    `carnot`: the share of the ideal efficiency it reaches; `slowest`: the lowest part load without cycling;
    `cycles_per_hour`: starts per hour at half of that, the worst case; `fan_w`: the fan's power at 100 %.
    """

    __slots__ = ("carnot", "cooling_w", "cycles_per_hour", "fan_w", "heating_w", "slowest", "standby_w")

    def __init__(
        self,
        heating_w: float = 9_000.0,
        cooling_w: float = 7_000.0,
        *,
        carnot: float = 0.42,
        slowest: float = 0.25,
        cycles_per_hour: float = 3.0,
        fan_w: float = 250.0,
        standby_w: float = 15.0,
    ) -> None:
        for name, value in (("heating_w", heating_w), ("cooling_w", cooling_w)):
            if not value > 0:
                raise ValueError(f"{name} is a power above 0 W, not {value:g}")
        if not 0 < carnot < 1 or not 0 < slowest < 1:
            raise ValueError("carnot and slowest are shares between 0 and 1")
        self.heating_w = heating_w
        self.cooling_w = cooling_w
        self.carnot = carnot
        self.slowest = slowest
        self.cycles_per_hour = cycles_per_hour
        self.fan_w = fan_w
        self.standby_w = standby_w

    def heating_capacity(self, outdoor_c: float) -> float:
        """The most heat it gives, in W."""
        return self.heating_w * min(1.25, max(0.35, 1 + 0.021 * (outdoor_c - 7.0)))

    def cooling_capacity(self, outdoor_c: float) -> float:
        """The most heat it removes, in W."""
        return self.cooling_w * min(1.2, max(0.5, 1 - 0.012 * (outdoor_c - 35.0)))

    def heating_cop(self, outdoor_c: float) -> float:
        """Heat per electricity at full load."""
        hot = _SUPPLY_HEATING_C + _APPROACH_K
        lift = hot - (outdoor_c - _APPROACH_K)
        return max(1.0, min(6.0, self.carnot * (hot + _ZERO_K) / max(lift, 5.0)))

    def cooling_cop(self, outdoor_c: float) -> float:
        """Heat removed per electricity at full load."""
        cold = _SUPPLY_COOLING_C - _APPROACH_K
        lift = outdoor_c + 2 * _APPROACH_K - cold
        return max(1.0, min(7.0, self.carnot * (cold + _ZERO_K) / max(lift, 5.0)))

    def part_load(self, load: float) -> float:
        """What the efficiency is multiplied by at a part load above 0 up to 1."""
        if load >= self.slowest:
            return 1 + 0.25 * (1 - load)
        return (1 + 0.25 * (1 - self.slowest)) * (1 - 0.25 * (1 - load / self.slowest))

    def starts(self, load: float, hours: float) -> float:
        """Expected starts within a time at this part load: cycling below the lowest speed."""
        if load >= self.slowest or load <= 0:
            return 0.0
        on = load / self.slowest
        return self.cycles_per_hour * 4 * on * (1 - on) * hours

    def fan_power(self, percent: float) -> float:
        """The fan's power in W: the cube of its speed, as flows in ducts take."""
        share = percent / 100
        return self.fan_w * share * share * share
