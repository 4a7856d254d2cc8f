"""A tool for reactive ion etching, and what goes wrong with it (P158, P185): simple physics, seeded, no two alike.

Gas flows into a chamber and a pump draws it out, so pressure is flow over pumping speed; radio-frequency power makes a
plasma of it; ions and radicals etch the wafer, whose temperature is held by a chiller. The rate grows with the power
that arrives and, up to an optimum, with pressure; uniformity suffers away from it; at low pressure and high power the
plasma becomes unstable.

    tool = Tool(seed=3)                       # its own pump, heat losses, sensor offsets: nobody knows them
    readings = tool.run(Recipe(pressure=2.0, power=800.0, flow=60.0, temperature=40.0), fault="leak", severity=0.7)
    tool.fires("base pressure rises", readings)

A diagnosis looks at `PROBES`, one after another: each says whether something is out of its usual range, costs a look
and may be wrong. `FAULTS` are the causes a look is meant to tell apart. Pressures in Torr, power in W, flow in sccm,
temperatures in °C, rates in nm/min.
"""

from __future__ import annotations

from math import exp, log
from random import Random

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeAlias

    Readings: TypeAlias = dict[str, float]

FAULTS = (
    "pump degraded",
    "chamber leak",
    "mass flow controller drift",
    "RF generator fault",
    "matching network fault",
    "chiller fault",
    "resist damage",
    "plasma instability",
    "throttle valve stuck",
    "wall contamination",
)
# How the physics meets the unit system: one sccm is this many Torr·l/s (at 0 °C).
SCCM_TORR_L_S = 0.01267


class Recipe:
    """What a process engineer asks for. Raises `ValueError` for numbers below 0."""

    __slots__ = ("flow", "power", "pressure", "temperature")

    def __init__(
        self, pressure: float = 2.0, power: float = 800.0, flow: float = 60.0, temperature: float = 40.0
    ) -> None:
        for name, value in (("pressure", pressure), ("power", power), ("flow", flow)):
            if not value > 0:
                raise ValueError(f"{name} is above 0, not {value!r}")
        self.pressure = pressure
        self.power = power
        self.flow = flow
        self.temperature = temperature

    def to_data(self) -> dict[str, float]:
        """Its numbers by name."""
        return {name: getattr(self, name) for name in self.__slots__}


class Tool:
    """One tool, drawn from a seed: its pump, its chamber, its sensors differ by up to `spread` from the drawing.

    `noise`: the share by which a reading varies from one look to the next.
    """

    __slots__ = ("_chance", "chamber_l", "cooling_w_k", "noise", "offsets", "optimum", "pump_l_s", "rate_k")

    def __init__(self, seed: int, *, spread: float = 0.2, noise: float = 0.02) -> None:
        chance = Random(seed)  # noqa: S311  (a simulation, no secret)

        def about(value: float) -> float:
            return value * (1 + spread * (2 * chance.random() - 1))

        self._chance = chance
        self.noise = noise
        self.pump_l_s = about(3.0)
        self.chamber_l = about(30.0)
        self.cooling_w_k = about(25.0)
        self.optimum = about(2.5)
        self.rate_k = about(1.6)
        self.offsets = {name: 1 + 0.25 * spread * (2 * chance.random() - 1) for name in ("pressure", "flow", "rate")}

    def run(self, recipe: Recipe, fault: str | None = None, severity: float = 0.5) -> Readings:
        """One wafer: what the tool's sensors say, with a fault of a severity from 0 (none) to 1, or without.

        Raises `ValueError` for a fault that is not of `FAULTS` and a severity outside 0 to 1.
        """
        if fault is not None and fault not in FAULTS:
            raise ValueError(f"`{fault}` is no fault of this simulator; it has {', '.join(FAULTS)}")
        if not 0 <= severity <= 1:
            raise ValueError(f"a severity is from 0 to 1, not {severity!r}")
        bad = severity if fault else 0.0

        def of(name: str, most: float) -> float:
            """How strongly a fault acts: `most` at severity 1, nothing where it is another fault."""
            return most * bad if fault == name else 0.0

        # Gas: what flows in, what leaks in, what the pump takes out; a throttle valve holds the pressure while it can.
        flow = recipe.flow * (1 - of("mass flow controller drift", 0.6))
        leak = of("chamber leak", 12.0)
        speed = self.pump_l_s * (1 - of("pump degraded", 0.65))
        wide_open = (flow + leak) * SCCM_TORR_L_S / speed
        held = max(recipe.pressure, wide_open)
        stuck = of("throttle valve stuck", 0.8)
        pressure = held * (1 + stuck)
        valve = min(1.0, wide_open / recipe.pressure)
        # Power: what the generator gives, what the match reflects, what an unstable plasma does to both.
        given = recipe.power * (1 - of("RF generator fault", 0.55))
        reflected = min(0.9, 0.02 + of("matching network fault", 0.45))
        # Unstable when there is little gas for much power; a contaminated wall arcs.
        strain = of("plasma instability", 0.5) + max(0.0, recipe.power / 1500.0 / max(pressure, 0.05) - 1.2) * 0.2
        unsteady = (
            0.01
            + strain
            + of("RF generator fault", 0.12)
            + of("matching network fault", 0.05)
            + of("wall contamination", 0.06)
        )
        arrived = given * (1 - reflected)
        heat = 0.6 * arrived
        cooling = self.cooling_w_k * (1 - of("chiller fault", 0.75))
        wafer = recipe.temperature + heat / cooling + of("resist damage", 25.0)
        drifting = 0.3 + of("chiller fault", 14.0) + of("resist damage", 2.0)
        # The wafer: radicals by flow and pressure, ions by power, both past an optimum of pressure; air poisons.
        off_optimum = log(max(pressure, 0.02) / self.optimum)
        poisoned = leak / (flow + leak + 1e-9)
        dirty = of("wall contamination", 0.3)
        rate = (
            self.rate_k
            * arrived**0.7
            * (flow / (flow + 20.0))
            * exp(-0.25 * off_optimum**2)
            * (1 - 1.5 * min(0.6, poisoned))
            * (1 - dirty)
        )
        uniformity = 2.0 + 2.5 * off_optimum**2 + 20.0 * strain + of("resist damage", 3.0) + 18.0 * dirty
        selectivity = 8.0 * (1 - of("resist damage", 0.6)) * (1 - min(0.5, max(0.0, wafer - 120.0) / 200.0))
        return self._read({
            "pressure": pressure * self.offsets["pressure"],
            "pressure_setpoint": recipe.pressure,
            "valve": valve,
            "flow": flow * self.offsets["flow"],
            "flow_setpoint": recipe.flow,
            "power": given,
            "power_setpoint": recipe.power,
            "reflected": 100 * reflected,
            "unsteady": 100 * unsteady,
            "temperature": wafer,
            "expected_temperature": recipe.temperature + 0.6 * recipe.power / 25.0,
            "drift": drifting,
            "rate": rate * self.offsets["rate"],
            "expected_rate": 1.6 * recipe.power**0.7 * (recipe.flow / (recipe.flow + 20.0))
            * exp(-0.25 * log(recipe.pressure / 2.5) ** 2),
            "uniformity": uniformity,
            "selectivity": selectivity,
            "base_rise": 0.4 + 3.5 * leak / self.chamber_l * 10 + of("wall contamination", 1.2),
            "pump_down_s": 45.0 * self.chamber_l / 30.0 * 3.0 / speed + of("chamber leak", 25.0),
            "arcs": 1.0 + of("wall contamination", 14.0) + of("plasma instability", 6.0),
            "wall_age_h": 40.0 + of("wall contamination", 160.0),
            "oxygen": 0.5 + 40.0 * poisoned,
            "resist_loss": 40.0 + of("resist damage", 120.0) + max(0.0, wafer - 120.0),
            "forward_ripple": 1.0 + of("RF generator fault", 14.0),
            "match_travel": 5.0 + of("matching network fault", 50.0) + of("plasma instability", 8.0),
            "coolant_flow": 100.0 * (1 - of("chiller fault", 0.7)),
        })  # fmt: skip

    def _read(self, true: Readings) -> Readings:
        """What sensors make of it: each reading varies a little; what was asked for does not."""
        exact = ("pressure_setpoint", "flow_setpoint", "power_setpoint", "expected_temperature", "expected_rate")
        return {
            name: value if name in exact else value * (1 + self.noise * self._chance.gauss(0, 1))
            for name, value in true.items()
        }


def _ratio(readings: Readings, name: str, expected: str) -> float:
    return readings[name] / readings[expected]


# What can be looked at, in the order of the checklist a shop floor goes through, and when it is out of its range.
PROBES: dict[str, Callable[[Readings], bool]] = {
    "etch rate low": lambda r: _ratio(r, "rate", "expected_rate") < 0.75,
    "pressure high": lambda r: _ratio(r, "pressure", "pressure_setpoint") > 1.15,
    "gas flow low": lambda r: _ratio(r, "flow", "flow_setpoint") < 0.9,
    "delivered power low": lambda r: _ratio(r, "power", "power_setpoint") < 0.9,
    "reflected power high": lambda r: r["reflected"] > 8.0,
    "plasma unsteady": lambda r: r["unsteady"] > 5.0,
    "wafer too warm": lambda r: r["temperature"] > r["expected_temperature"] + 12.0,
    "temperature drifts": lambda r: r["drift"] > 2.5,
    "uniformity poor": lambda r: r["uniformity"] > 6.0,
    "selectivity low": lambda r: r["selectivity"] < 6.5,
    "base pressure rises": lambda r: r["base_rise"] > 3.0,
    "pump-down slow": lambda r: r["pump_down_s"] > 70.0,
    "valve wide open": lambda r: r["valve"] > 0.75,
    "oxygen in the spectrum": lambda r: r["oxygen"] > 3.0,
    "arcs counted": lambda r: r["arcs"] > 4.0,
    "walls overdue": lambda r: r["wall_age_h"] > 100.0,
    "resist lost": lambda r: r["resist_loss"] > 75.0,
    "forward power ripples": lambda r: r["forward_ripple"] > 4.0,
    "match keeps moving": lambda r: r["match_travel"] > 15.0,
    "coolant flow low": lambda r: r["coolant_flow"] < 85.0,
}

# What experts say before any case was confirmed: the looks a cause usually shows at, as shares of its cases.
EXPERT: dict[str, dict[str, float]] = {
    "pump degraded": {"pump-down slow": 0.9, "pressure high": 0.4, "valve wide open": 0.5},
    "chamber leak": {"base pressure rises": 0.9, "oxygen in the spectrum": 0.9, "etch rate low": 0.6},
    "mass flow controller drift": {"gas flow low": 0.9, "etch rate low": 0.3},
    "RF generator fault": {
        "delivered power low": 0.9, "forward power ripples": 0.8, "etch rate low": 0.5, "plasma unsteady": 0.5,
    },
    "matching network fault": {"reflected power high": 0.9, "match keeps moving": 0.8, "etch rate low": 0.3},
    "chiller fault": {"coolant flow low": 0.9, "temperature drifts": 0.9, "wafer too warm": 0.8},
    "resist damage": {"resist lost": 0.8, "selectivity low": 0.8, "wafer too warm": 0.4},
    "plasma instability": {
        "plasma unsteady": 0.9, "uniformity poor": 0.7, "arcs counted": 0.4, "match keeps moving": 0.3,
    },
    "throttle valve stuck": {"pressure high": 0.9, "uniformity poor": 0.3},
    "wall contamination": {"walls overdue": 0.8, "arcs counted": 0.8, "etch rate low": 0.3, "uniformity poor": 0.5},
}  # fmt: skip


class Case:
    """One wafer that went wrong on a tool: its readings, and the cause only the simulator knows."""

    __slots__ = ("cause", "fired", "readings", "recipe", "severity")

    def __init__(self, cause: str, severity: float, recipe: Recipe, readings: Readings, fired: frozenset[str]) -> None:
        self.cause = cause
        self.severity = severity
        self.recipe = recipe
        self.readings = readings
        self.fired = fired


def recipe(chance: Random) -> Recipe:
    """A recipe as production runs them: all allowed."""
    return Recipe(
        pressure=chance.uniform(1.2, 5.0),
        power=chance.uniform(400.0, 1400.0),
        flow=chance.uniform(30.0, 150.0),
        temperature=chance.uniform(10.0, 80.0),
    )


def forbidden_recipe(chance: Random) -> Recipe:
    """A recipe that an interlock or a limit of the tool forbids (mission: RIE interlocks and limits)."""
    kind = chance.randrange(6)
    made = recipe(chance)
    if kind == 0:  # much power in little gas
        made.power, made.pressure = chance.uniform(1500.1, 3000.0), chance.uniform(0.1, 0.999)
    elif kind == 1:
        made.power, made.flow = chance.uniform(1000.1, 3000.0), chance.uniform(1.0, 9.99)
    elif kind == 2:
        made.pressure = chance.choice((chance.uniform(0.001, 0.0999), chance.uniform(10.01, 50.0)))
    elif kind == 3:
        made.power = chance.choice((chance.uniform(1.0, 99.0), chance.uniform(3000.1, 9000.0)))
    elif kind == 4:
        made.flow = chance.choice((chance.uniform(0.01, 0.99), chance.uniform(200.1, 900.0)))
    else:
        made.temperature = chance.choice((chance.uniform(-90.0, -20.1), chance.uniform(400.1, 900.0)))
    return made


def cases(count: int, seed: int, *, spread: float = 0.2, noise: float = 0.02, wrong_looks: float = 0.03) -> list[Case]:
    """Faults on tools nobody has seen: every case has a tool, a recipe and a severity (0.35 to 1) of its own.

    `wrong_looks`: the share of looks that say the opposite of what the readings do.
    """
    chance = Random(seed)  # noqa: S311  (a simulation, no secret)
    found: list[Case] = []
    for _ in range(count):
        tool = Tool(chance.randrange(1 << 30), spread=spread, noise=noise)
        cause, severity, made = chance.choice(FAULTS), chance.uniform(0.35, 1.0), recipe(chance)
        readings = tool.run(made, cause, severity)
        fired = frozenset(name for name, fires in PROBES.items() if fires(readings) != (chance.random() < wrong_looks))
        found.append(Case(cause, severity, made, readings, fired))
    return found
