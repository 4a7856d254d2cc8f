"""Building management: temperatures with their units, occupancy, commands of machines; comfort, limits and protection.

Parameters are known by words in their names (`KINDS`): `current_temp`, `setpoint`, `outdoor_temp`, `humidity`,
`occupancy`, `damper`. Temperatures arrive in the function's unit (`unit`, °F where nobody says otherwise; a name that
ends in `_c` or `_f` says it itself), whatever they were written in. A bare number that would be an ordinary room in the
other unit (22 where °F is meant) is refused: it may be either.

A result with fields for heating, cooling, a fan or a setpoint is a command to machines. `INTERLOCKS` are looked at
before it leaves the call; they fail closed. Those that need a past keep it by zone, which is the argument called `zone`
or `room` (one zone, where there is none); `equipment.py` has them.
"""

from __future__ import annotations

from math import isnan

from dana.poet.domains import equipment, units
from dana.poet.domains.quantities import Quantity
from dana.poet.domains.tables import NO_QUANTITY, NUMERIC, Kind, is_lenient, outside, ruled
from dana.poet.domains.written import NothingGivenError, NotUnderstoodError, clean
from dana.poet.plugins.base import Field, Plugin, Reading, RejectionError, words_of
from dana.poet.training.words import Words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from dana.poet.plugins.base import Clean, Rule

# Limits in °F. The first kind with a word in the name wins.
KINDS = (
    Kind("outdoor", "outdoor outside ambient weather", "a temperature outdoors", -80, 140, "°F"),
    Kind("setpoint", "setpoint", "a temperature that is wanted", 60, 85, "°F"),
    Kind("temperature", "temp temperature", "a temperature indoors", 0, 120, "°F"),
    Kind("humidity", "humidity rh", "percent of relative humidity", 0, 100, "%"),
    Kind("occupancy", "occupancy occupied occupants people presence", "whether or how many are there", 0, 100_000),
    Kind("percent", "valve damper opening fan heating cooling", "percent of a machine's range", 0, 100, "%"),
)
_BY_NAME = {kind.name: kind for kind in KINDS}
_WARM = frozenset({"outdoor", "setpoint", "temperature"})
# Words in names that say the kind only beside a temperature: `outdoor_temp`, not `outdoor_lights`.
_TEMPERATURE = frozenset({"temp", "temperature", "temperatures", "air"})
# What a bare number may not be, where it could be the other scale's room.
_OTHER_ROOM = {"f": (10.0, 38.0), "c": (50.0, 100.0)}
# With `strict=false` these stand in for what nobody understands (°F).
DEFAULTS = {"temperature": 70.0, "setpoint": 70.0}
# What the comfort of people is judged by, in the record (°F, percent).
COMFORT = {"temperature": (68.0, 76.0), "humidity": (30.0, 70.0)}

_THERE = frozenset({"yes", "y", "true", "on", "occupied", "present", "in use", "people"})
_NOT_THERE = frozenset(
    {"no", "n", "false", "off", "unoccupied", "vacant", "empty", "not occupied", "absent", "nobody", "no one", "none"}
)
_PEOPLE = ("people", "persons", "person", "occupants", "occupant")

# What is looked at in a command, for the docs: name, what is refused, whether it needs a past.
INTERLOCKS = (
    ("range", "a command outside 0 to 100 %, or that is no number", ""),
    ("one at a time", "heating and cooling at once", ""),
    ("setpoint", "a setpoint outside 60 to 85 °F", ""),
    ("minimum off time", "a start of heating or cooling less than `min_off_s` after it stopped", "by zone and machine"),
    ("starts in a day", "more than `max_starts` starts of heating or cooling in 24 hours", "by zone and machine"),
    ("ramp", "a rise by more than `ramp_per_min` percent a minute, where that is set", "by zone and machine"),
)
MAX_ZONES = 10_000
# How deep commands of zones are looked for in a result, and names of what only tells about machines.
DEEPEST = 4
_TOLD = frozenset("energy kwh cost costs history forecast mean average total totals report hours emissions".split())
# Words for temperatures ("cosy") are learnt from corrections, within these (°F).
ROOM = (40.0, 110.0)


class BuildingManagement(Plugin):
    """The domain `building_management` (P157, P160)."""

    domain = "building_management"
    words = frozenset({"hvac", "zone", "thermostat", "heating", "cooling", "occupancy", "occupied", "setpoint", "temp",
                       "temperature", "humidity", "outdoor", "damper", "comfort", "room"})  # fmt: skip
    unjudged = frozenset({int, float, str, bool, type(None)})
    fields: Mapping[str, Field] = {
        "strict": Field(
            False,
            meaning="true refuses estimates; false, written out, takes 70 °F for an indoor temperature or setpoint "
            "that nobody understands; both mark what they estimate",
        ),
        "unit": Field("F", choices=("F", "C"), meaning="the unit of temperatures inside the function"),
        "min_off_s": Field(120.0, low=0.0, high=86400.0, meaning="a machine that stopped rests for so many seconds"),
        "max_starts": Field(15, low=1, high=1000, meaning="so often a machine may start in a day"),
        "ramp_per_min": Field(0.0, low=0.0, high=100.0, meaning="percent a command may rise a minute; 0: any"),
        "on_violation": Field(
            "refuse",
            choices=("refuse", "hold"),
            meaning="what protection of machines does: refuses the command, or holds the machine where it may be",
        ),
    }

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        super().__init__(config)
        self._lenient = is_lenient(config)
        self._clock: Callable[[], float] = lambda: 0.0
        unit = self.config["unit"].lower()
        low, high = ROOM if unit == "f" else (round(celsius(ROOM[0]), 1), round(celsius(ROOM[1]), 1))
        self.glossary = self._words = Words(
            {}, low, high, phrase=_phrase, amount=lambda value: float(_unambiguous(value, unit).value)
        )
        self._zones: dict[str, tuple[equipment.Protection, equipment.Maintenance]] = {}

    def attach(
        self,
        function: str,  # noqa: ARG002
        parameters: Sequence[tuple[str, str]],  # noqa: ARG002
        clock: Callable[[], float],
    ) -> None:
        """See `Plugin`: times off and starts are counted by the program's clock."""
        self._clock = clock

    # --- arguments --------------------------------------------------------------------------------

    def rule(self, name: str, type_: str) -> Rule | None:
        """See `Plugin`."""
        kind = kind_of(name, type_)
        if not kind:
            return None
        if kind in _WARM:
            unit, default = self._unit(name), DEFAULTS.get(kind) if self._lenient else None
            if default is not None and unit == "c":
                default = round(celsius(default), 9)
            return ruled(self, lambda value: self._warm(value, kind, unit), default, whole=type_ == "int")
        if kind == "occupancy":
            return ruled(self, lambda value: _occupancy(value, type_))
        return ruled(self, lambda value: _percent(value, kind), whole=type_ == "int")

    def clean(self, name: str, type_: str) -> Clean | None:
        """See `Plugin`."""
        kind = kind_of(name, type_)
        if not kind:
            return None
        of = int if type_ == "int" else float
        if kind in _WARM:
            unit, limits = self._unit(name), _BY_NAME[kind]
            low, high = (limits.low, limits.high) if unit == "f" else (celsius(limits.low), celsius(limits.high))
            forbidden = _OTHER_ROOM[unit]
            if kind == "temperature":
                low, high = (forbidden[1] + 0.001, high) if unit == "f" else (low, min(high, forbidden[0] - 0.001))
            return of, low, high
        if kind == "occupancy":
            return (bool, 0, 1) if type_ in ("", "any", "bool") else (of, 0, 100_000)
        return (of, 1.001, 100.0) if kind == "humidity" else (of, 0.0, 100.0)

    def _unit(self, name: str) -> str:
        last = name.rsplit("_", 1)[-1].lower()
        return {"c": "c", "celsius": "c", "f": "f", "fahrenheit": "f"}.get(last) or self.config["unit"].lower()

    def _warm(self, value: Any, kind: str, unit: str) -> Reading:
        how = ""
        if kind == "outdoor":
            found = units.temperature(value, unit)
        else:
            try:
                found = _unambiguous(value, unit)
            except NotUnderstoodError:
                known = self._words.values.get(_spaced(value)) if value.__class__ is str else None
                if known is None:
                    raise
                written = self.config["unit"].lower()
                known = known if written == unit else celsius(known) if unit == "c" else known * 1.8 + 32
                found, how = (
                    Quantity(round(known, 9), unit, estimated=True),
                    f", what {value!r} is as people corrected it",
                )
        limits = _BY_NAME[kind]
        least, most = (limits.low, limits.high) if unit == "f" else (celsius(limits.low), celsius(limits.high))
        if not least - 1e-9 <= found.value <= most + 1e-9:
            raise outside(value, limits.read_as, round(least, 1), round(most, 1), "°" + unit.upper())
        return Reading(found.value, f"{limits.read_as} in °{unit.upper()}{how}", estimated=found.estimated)

    # --- commands ---------------------------------------------------------------------------------

    def judge(self, value: Any, arguments: Mapping[str, Any]) -> Any:
        """A command to machines passes all interlocks, or does not leave the call."""
        fields = _fields(value)
        levels, setpoints = _commanded(fields)
        if not levels and not setpoints:
            self._zones_judged(value)
            return value
        for name, level in (*levels.items(), *setpoints.items()):
            if level.__class__ not in (int, float) or isnan(level):
                msg = f"the command `{name}` is no number"
                raise RejectionError(msg, value=value)
        problem = next(self._problems(levels, setpoints), "")
        if problem:
            raise RejectionError(problem, value=value)
        return self._protected(value, fields, levels, arguments)

    def _zones_judged(self, value: Any) -> None:
        """Commands for several zones in one result: each passes limits and the interlock by itself."""
        for fields in _parts(value):
            levels, setpoints = (
                {name: level for name, level in found.items() if level.__class__ in (int, float)}
                for found in _commanded(fields)
            )
            problem = next(self._problems(levels, setpoints), "")
            if problem:
                raise RejectionError(problem, value=value)

    def _problems(self, levels: Mapping[str, float], setpoints: Mapping[str, float]) -> Iterator[str]:
        for name, level in levels.items():
            if not 0 <= level <= 100:
                yield f"`{name}` is {level:g} %: a machine goes from 0 to 100 %"
        if sum(level for name, level in levels.items() if _machine(name) == "heating") > 0:
            cooling = sum(level for name, level in levels.items() if _machine(name) == "cooling")
            if cooling > 0:
                yield "heating and cooling at once"
        limits = _BY_NAME["setpoint"]
        for name, setpoint in setpoints.items():
            warm = setpoint if self._unit(name) == "f" else setpoint * 1.8 + 32
            if not limits.low <= warm <= limits.high:
                yield f"`{name}` is {setpoint:g}: a setpoint is from {limits.low:g} to {limits.high:g} °F"

    def _protected(
        self, value: Any, fields: dict[str, Any], levels: dict[str, float], arguments: Mapping[str, Any]
    ) -> Any:
        now = self._clock()
        protection, maintenance = self._zone(arguments)
        machines = _machines(levels)
        _device, why = protection.problem(machines, now)
        if why:
            if self.config["on_violation"] == "refuse":
                raise RejectionError(why, value=value)
            value, machines = self._held(value, fields, levels, protection, now)
        protection.commanded(machines, now)
        fan = max((level for name, level in levels.items() if _machine(name) == "fan"), default=0.0)
        maintenance.told(machines, fan, self._warmth(arguments), now)
        return value

    def _held(
        self, value: Any, fields: dict[str, Any], levels: dict[str, float], protection: equipment.Protection, now: float
    ) -> tuple[Any, dict[str, float]]:
        """The command with every machine where it may be."""
        held = {
            name: protection.allowed(_machine(name), level, now) if _machine(name) in equipment.DEVICES else level
            for name, level in levels.items()
        }
        machines = _machines(held)
        if all(level > 0 for level in machines.values()) and len(machines) > 1:
            msg = "holding one machine would heat and cool at once"
            raise RejectionError(msg, value=value)
        changed = {**fields, **{name: level for name, level in held.items() if level != levels[name]}}
        return (changed if value.__class__ is dict else type(value)(**changed)), machines

    def _zone(self, arguments: Mapping[str, Any]) -> tuple[equipment.Protection, equipment.Maintenance]:
        name = next((str(arguments[each]) for each in ("zone", "zone_id", "room", "room_id") if each in arguments), "")
        found = self._zones.get(name)
        if found is None:
            if len(self._zones) >= MAX_ZONES:
                msg = f"there are more than {MAX_ZONES} zones: their machines cannot all be protected"
                raise RejectionError(msg)
            settings = self.config
            found = equipment.Protection(settings), equipment.Maintenance(settings["max_starts"])
            self._zones[name] = found
        return found

    def _warmth(self, arguments: Mapping[str, Any]) -> float | None:
        """How warm the zone is, in °F."""
        for name, value in arguments.items():
            if value.__class__ in (int, float) and kind_of(name, "") == "temperature":
                return float(value) if self._unit(name) == "f" else value * 1.8 + 32
        return None

    # --- the record, maintenance ------------------------------------------------------------------

    def alerts(self, zone: str = "") -> list[equipment.Alert]:
        """What somebody should look at in a zone."""
        found = self._zones.get(zone)
        return [] if found is None else found[1].alerts(found[0], self._clock())

    def record(self, value: Any, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
        """See `Plugin`: comfort, and alerts of the zone."""
        levels, setpoints = _commanded(_fields(value))
        if not levels and not setpoints:
            return None
        comfort = {}
        for name, given in arguments.items():
            kind = kind_of(name, "")
            if kind in COMFORT and given.__class__ in (int, float):
                low, high = COMFORT[kind]
                here = given * 1.8 + 32 if kind == "temperature" and self._unit(name) == "c" else given
                comfort[name] = "comfortable" if low <= here <= high else "too low" if here < low else "too high"
        protection, maintenance = self._zone(arguments)
        alerts = [alert.to_data() for alert in maintenance.alerts(protection, self._clock())]
        return {
            "interlocks": "passed",
            **({"comfort": comfort} if comfort else {}),
            **({"alerts": alerts} if alerts else {}),
        }

    def hints(self) -> dict[str, Any]:
        """A command is for now: it is never taken from a cache."""
        return {"cache": False}


def alerts(function: Any, zone: str = "") -> list[equipment.Alert]:
    """What somebody should look at in a zone that a decorated function controls. Raises `TypeError` for any other."""
    from dana.poet.pipeline import plan_of

    return [
        a for plugin in plan_of(function).plugins if isinstance(plugin, BuildingManagement) for a in plugin.alerts(zone)
    ]


# --- names --------------------------------------------------------------------------------------------


def kind_of(name: str, type_: str = "") -> str:
    """What a parameter of this name and annotation is; "" for what is none of the domain's business."""
    said = words_of(name)
    if type_ == "bool":
        return "occupancy" if said & _BY_NAME["occupancy"].words else ""
    if type_ not in NUMERIC or said & NO_QUANTITY or "mode" in said:
        return ""
    if said & _BY_NAME["outdoor"].words:
        return "outdoor" if said & _TEMPERATURE else ""
    return next((kind.name for kind in KINDS if kind.words & said), "")


def celsius(fahrenheit: float) -> float:
    """A temperature in °C."""
    return (fahrenheit - 32) / 1.8


def _fields(value: Any) -> dict[str, Any]:
    if value.__class__ is dict:
        return dict(value)
    to_dict = getattr(value, "to_dict", None)
    fields = to_dict() if callable(to_dict) else getattr(value, "_asdict", dict)() or getattr(value, "__dict__", None)
    return dict(fields) if isinstance(fields, dict) else {}


_SAID = {
    "heating": frozenset({"heating", "heat", "heater", "boiler", "furnace", "radiator"}),
    "cooling": frozenset({"cooling", "cool", "cooler", "chiller", "aircon"}),
    "fan": frozenset({"fan"}),
}


def _machine(name: str) -> str:
    said = words_of(name)
    return next((machine for machine, words in _SAID.items() if said & words), "")


def _parts(value: Any, depth: int = 0) -> Iterator[dict[str, Any]]:
    """Commands inside a result that is none: those of its zones; what is told about machines is left out."""
    if depth >= DEEPEST:
        return
    if value.__class__ in (list, tuple):
        inside = list(value)
    else:
        inside = [part for name, part in _fields(value).items() if not words_of(str(name)) & _TOLD]
    for part in inside:
        if part.__class__ not in (list, tuple) and (fields := _fields(part)):
            yield fields
        yield from _parts(part, depth + 1)


def _machines(levels: Mapping[str, float]) -> dict[str, float]:
    """The level of each machine: the highest of its stages."""
    found: dict[str, float] = {}
    for name, level in levels.items():
        machine = _machine(name)
        if machine in equipment.DEVICES:
            found[machine] = max(found.get(machine, 0.0), level)
    return found


def _commanded(fields: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The fields that command machines, and those that are setpoints; texts are what a command says of itself."""
    levels: dict[str, Any] = {}
    setpoints: dict[str, Any] = {}
    for name, value in fields.items():
        if "setpoint" in words_of(str(name)):
            setpoints[name] = value
        elif _machine(str(name)) and not words_of(str(name)) & (NO_QUANTITY | {"mode", "enabled", "on"}):
            levels[name] = value
    return levels, setpoints


# --- readers ------------------------------------------------------------------------------------------


def _unambiguous(value: Any, unit: str) -> Quantity:
    """A temperature indoors; a bare number must not be an ordinary room in the other unit."""
    found = units.temperature(value, unit)
    low, high = _OTHER_ROOM[unit]
    if not found.unit and low <= found.value <= high:
        other = "°C" if unit == "f" else "°F"
        msg = f"{value!r} would be a room in {other}, and °{unit.upper()} is expected: write the unit"
        raise NotUnderstoodError(msg)
    return found


def _spaced(text: str) -> str:
    return " ".join(text.lower().split())


def _phrase(text: str) -> str:
    """What a correction of a word for a temperature is kept under. Raises `NotUnderstoodError` for one that is read."""
    phrase = clean(text)
    try:
        found = units.temperature(text)
    except NotUnderstoodError:
        return phrase
    msg = f"{text!r} is read as {found.value:g}: it is no word to be corrected"
    raise NotUnderstoodError(msg)


def _percent(value: Any, kind: str) -> Reading:
    found = units.scaled(value, units.PERCENT, "percentage")
    limits = _BY_NAME[kind]
    limits.within(found, value, limits.read_as)
    if kind == "humidity" and not found.unit and 0 < found.value <= 1:
        msg = f"{value!r} may be a share or percent: write the percent sign"
        raise NotUnderstoodError(msg)
    return Reading(found.value, limits.read_as, estimated=found.estimated)


def _occupancy(value: Any, type_: str) -> Reading:
    found = _how_many(value)
    limits = _BY_NAME["occupancy"]
    limits.within(found, value, limits.read_as)
    if type_ == "bool":
        return Reading(bool(found.value), limits.read_as)
    if type_ in ("int", "float"):
        if found.unit == "whether" and found.value:
            msg = f"{value!r} does not say how many"
            raise NotUnderstoodError(msg)
        return Reading(float(found.value) if type_ == "float" else int(found.value), limits.read_as)
    return Reading(bool(found.value) if found.unit == "whether" else found.value, limits.read_as)


def _how_many(value: Any) -> Quantity:
    """How many people are there; `unit` is "whether" where only that is said."""
    if value.__class__ is bool:
        return Quantity(value, "whether")
    if value is None:
        msg = "nothing was given"
        raise NothingGivenError(msg)
    if value.__class__ is str:
        text = " ".join(value.lower().split()) if value.isascii() else clean(value)
        if text in _THERE or text in _NOT_THERE:
            return Quantity(text in _THERE, "whether")
        text = clean(value)
        for ending in _PEOPLE:
            text = text.removesuffix(" " + ending)
        found = units.scaled(text, {}, "number of people")
    else:
        found = units.scaled(value, {}, "number of people")
    if not float(found.value).is_integer():
        msg = f"{value!r} is no number of people"
        raise NotUnderstoodError(msg)
    return Quantity(found.value if value.__class__ is float else int(found.value))
