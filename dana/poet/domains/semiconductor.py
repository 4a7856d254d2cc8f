"""Semiconductor: recipes of reactive ion etching with units, what no tool may be asked for, what a diagnosis must say.

Parameters are known by words in their names (`KINDS`) and arrive in Torr, W, sccm, °C and nm/min, or in the unit the
name ends in (`pressure_mtorr`, `pressure_pa`, `temperature_k`), whatever they were written in: "50 mTorr", "6.7 Pa",
"0.8 kW". A name with `measured`, `actual`, `reading` or `observed` is what a sensor says: it may be anything that is
physically possible, since finding out why it is not as it should be is what a diagnosis is for.

A recipe, as arguments or as a result, is within all limits and has none of the combinations of `FORBIDDEN`, or it is
refused. Nothing that is learnt changes them. Why an etch went wrong is the business of `etching.py`.
"""

from __future__ import annotations

from dana.poet.domains import etching, units
from dana.poet.domains.gases import gases_of
from dana.poet.domains.quantities import Quantity
from dana.poet.domains.tables import NO_QUANTITY, NUMERIC, Kind, outside, ruled
from dana.poet.domains.written import NotUnderstoodError, clean
from dana.poet.plugins.base import Field, Note, Plugin, Reading, RejectionError, words_of
from dana.poet.training.confirmed import Confirmed
from dana.poet.training.words import Words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from typing import Any

    from dana.poet.plugins.base import Rule

# The first kind with a word in the name wins.
KINDS = (
    Kind("temperature", "temp temperature chuck", "a temperature", -20, 400, "°C"),
    Kind("pressure", "pressure", "a pressure", 0.1, 10, "Torr"),
    Kind("power", "power rf bias wattage", "a power", 100, 3000, "W"),
    Kind("flow", "flow mfc sccm", "a gas flow", 1, 200, "sccm"),
    Kind("rate", "rate", "an etch rate", 0, 1000, "nm/min"),
    Kind("gas", "gas gases chemistry", "gases by formula or name", 0, 0),
)
_BY_NAME = {kind.name: kind for kind in KINDS}
_UNITS = {"pressure": units.PRESSURE, "power": units.POWER, "flow": units.FLOW, "rate": units.RATE}
# Of what sensors say only the impossible is refused.
POSSIBLE = {"temperature": (-273.15, 2000.0), "pressure": (0.0, 1000.0), "power": (0.0, 1e5), "flow": (0.0, 1e5),
            "rate": (0.0, 1e6)}  # fmt: skip
_MEASURED = frozenset({"measured", "actual", "reading", "readings", "observed", "sensor", "base"})

# Names of parameters that hold whole recipes: dicts, structs, lists of them.
_RECIPES = frozenset({"recipe", "recipes", "step", "steps", "setpoints", "params", "parameters", "settings"})
_DEPTH = 5

# Combinations no tool may be asked for: name, what it is, why, the test (Torr, W, sccm, °C).
FORBIDDEN: tuple[tuple[str, str, str, Callable[[Mapping[str, float]], bool]], ...] = (
    (
        "power without gas",
        "more than 1500 W below 1.0 Torr",
        "the plasma is unstable and arcs to the wafer",
        lambda r: r.get("power", 0) > 1500 and r.get("pressure", 9) < 1.0,
    ),
    (
        "starved plasma",
        "more than 1000 W with less than 10 sccm",
        "too little gas carries the power: electrodes overheat",
        lambda r: r.get("power", 0) > 1000 and r.get("flow", 99) < 10,
    ),
)
# Gases that react with each other in the lines before any plasma burns.
FORBIDDEN_GASES: tuple[tuple[frozenset[str], str], ...] = (
    (frozenset({"sih4", "o2"}), "silane burns in oxygen by itself"),
    (frozenset({"sih4", "n2o"}), "silane burns in nitrous oxide"),
    (frozenset({"h2", "o2"}), "hydrogen and oxygen explode"),
    (frozenset({"h2", "cl2"}), "hydrogen and chlorine explode in light"),
    (frozenset({"nh3", "cl2"}), "ammonia and chlorine make explosive nitrogen trichloride"),
)
# Allowed, and named in the record.
WARM_C = 300.0
# What signs are looked up in.
_READINGS = frozenset(each for ways in etching.SIGNS.values() for needed, _text, _test in ways for each in needed)

DIAGNOSIS = ("root_cause", "cause", "diagnosis")


class Semiconductor(Plugin):
    """The domain `semiconductor` (P158)."""

    domain = "semiconductor"
    words = frozenset({"etch", "rie", "plasma", "wafer", "chamber", "recipe", "pressure", "rf", "power", "sccm", "flow",
                       "gas", "temperature", "mfc", "chuck"})  # fmt: skip
    unjudged = frozenset({int, float, str, bool, type(None)})
    fields: Mapping[str, Field] = {
        "strict": Field(False, meaning="true refuses every estimate (about 50 mTorr)"),
        "max_pressure": Field(10.0, low=0.0, high=10.0, meaning="no recipe has more (Torr)"),
        "min_pressure": Field(0.1, low=0.0001, high=10.0, meaning="no recipe has less (Torr)"),
        "max_power": Field(3000.0, low=0.0, high=3000.0, meaning="no recipe has more (W)"),
        "max_flow": Field(200.0, low=0.0, high=200.0, meaning="no recipe has more (sccm)"),
        "other_gases": Field("", meaning="formulas of gases beside the usual ones, with blanks between them"),
        "max_temperature": Field(400.0, low=0.0, high=400.0, meaning="no recipe has more (°C)"),
    }

    def __init__(self, config: Mapping[str, Any] | None = None) -> None:
        super().__init__(config)
        self._others = frozenset(str(self.config["other_gases"]).lower().split())
        # Words for temperatures are learnt from corrections; limits and interlocks see what they mean.
        self.glossary = self._words = Words(
            {}, _BY_NAME["temperature"].low, self.config["max_temperature"], phrase=_phrase, amount=_degrees
        )
        self.confirmed = self._confirmed = Confirmed(
            etching.experts, lambda readings: etching.signs_of(_measured(readings))
        )

    # --- arguments --------------------------------------------------------------------------------

    def rule(self, name: str, type_: str) -> Rule | None:
        """See `Plugin`."""
        kind = kind_of(name, type_)
        if not kind and words_of(name) & _RECIPES and type_ not in ("int", "float", "str", "bool"):
            return ruled(self, self._recipe)
        if not kind:
            return None
        if kind == "gas":
            return ruled(self, self._gases)
        return ruled(self, lambda value: self._read(name, kind, value), whole=type_ == "int")

    def perceiver(
        self, parameters: Sequence[tuple[str, str]]
    ) -> Callable[[dict[str, Any]], tuple[dict[str, Any], list[Note]]] | None:
        """See `Plugin`; what was read is looked at together."""
        read = super().perceiver(parameters)
        if read is None:
            return None

        def perceive(bound: dict[str, Any]) -> tuple[dict[str, Any], list[Note]]:
            changed, notes = read(bound)
            self.interlocked({**bound, **changed})
            return changed, notes

        return perceive

    def _recipe(self, value: Any) -> Reading:
        """A recipe that is one argument is as good as one in several: within limits, and allowed."""
        for fields in _dicts_in(value):
            self._allowed(fields, {}, value, least=1)
        return Reading(value)

    def _gases(self, value: Any) -> Reading:
        gases_of(value, self._others)
        return Reading(value)

    def _limits(self, kind: str) -> tuple[float, float]:
        limits = _BY_NAME[kind]
        low = self.config["min_pressure"] if kind == "pressure" else limits.low
        return low, self.config.get("max_" + kind, limits.high)

    def _read(self, name: str, kind: str, value: Any) -> Reading:
        unit, is_measured = _unit(name, kind), bool(words_of(name) & _MEASURED)
        how = ""
        try:
            found = _quantity(kind, value, unit)
        except NotUnderstoodError:
            known = self._words.values.get(_spaced(value)) if value.__class__ is str and kind == "temperature" else None
            if known is None or is_measured:
                raise
            found = Quantity(units.temperature(f"{known!r} c", unit or "c").value, unit, estimated=True)
            how = f", what {value!r} is as people corrected it"
        here = _quantity(kind, found.value, "") if not unit else Quantity(_base(kind, found.value, unit))
        low, high = POSSIBLE[kind] if is_measured else self._limits(kind)
        if not low * (1 - 1e-12) <= here.value <= high * (1 + 1e-12) if low >= 0 else not low <= here.value <= high:
            raise outside(value, _BY_NAME[kind].read_as, low, high, _BY_NAME[kind].unit)
        return Reading(
            found.value, f"{_BY_NAME[kind].read_as} in {unit or _BY_NAME[kind].unit}{how}", estimated=found.estimated
        )

    def interlocked(self, recipe: Mapping[str, Any]) -> None:
        """Refuse a recipe with a forbidden combination: of arguments, or of the fields of a result."""
        problem = next(forbidden(recipe, self._others), "")
        if problem:
            raise RejectionError(problem)

    # --- the result -------------------------------------------------------------------------------

    def judge(self, value: Any, arguments: Mapping[str, Any]) -> Any:
        """A recipe is within limits and allowed; a diagnosis has a cause, a confidence, recommendations."""
        fields = _fields(value)
        name = next((each for each in DIAGNOSIS if each in fields), "")
        if name:
            _check_diagnosis(fields, name, value)
            return value
        for each in _dicts_in(value):
            self._allowed(each, arguments, value)
        return value

    def _allowed(self, fields: Mapping[str, Any], arguments: Mapping[str, Any], value: Any, *, least: int = 2) -> None:
        """Refuse the fields of a recipe that are beyond limits or forbidden together, or with the arguments.

        With fewer than `least` sorts of quantities they may be no recipe, and only what is forbidden is refused.
        """
        recipe = {each: given for each, given in fields.items() if kind_of(each) and not words_of(each) & _MEASURED}
        kinds = {kind_of(each) for each in recipe} - {"rate", "gas"}
        for each, given in recipe.items():
            kind = kind_of(each)
            if kind == "gas":
                continue
            try:
                recipe[each] = self._read(each, kind, given).value
            except NotUnderstoodError as problem:
                if len(kinds) >= least:
                    raise RejectionError(f"`{each}`: {problem}", value=value) from None
        if not recipe:
            return
        missing = {each: given for each, given in arguments.items() if kind_of(each) not in kinds}
        self.interlocked({**missing, **recipe})

    def record(self, value: Any, arguments: Mapping[str, Any]) -> dict[str, Any] | None:
        """See `Plugin`: interlocks that passed, what is only allowed with care, a second opinion on a diagnosis."""
        fields = _fields(value)
        said: dict[str, Any] = {"interlocks": "passed"}
        warm = [
            name
            for name, given in (*arguments.items(), *fields.items())
            if kind_of(name) == "temperature"
            and given.__class__ in (int, float)
            and _base("temperature", given, _unit(name, "temperature")) > WARM_C
        ]
        if warm:
            said["care"] = [f"{name} is above {WARM_C:g} °C" for name in warm]
        if any(name in fields for name in DIAGNOSIS):
            signs = _signs(arguments)
            if signs:
                said["second_opinion"] = etching.diagnose(
                    signs, self.confirmed.model if self.confirmed else None
                ).to_data()
        return said

    def hints(self) -> dict[str, Any]:
        """Recipes and diagnoses are on record."""
        return {"audit_trail": True, "cache": False}


# --- interlocks ---------------------------------------------------------------------------------------


def forbidden(recipe: Mapping[str, Any], others: Collection[str] = ()) -> Iterator[str]:
    """What is forbidden in a recipe: parameters by name, in the units of their names.

    Gases nobody knows are: nothing can be said about them. `others`: formulas that are known besides the usual ones.
    """
    numbers: dict[str, float] = {}
    gases: set[str] = set()
    for name, value in recipe.items():
        kind = kind_of(name)
        if kind == "gas":
            try:
                gases |= gases_of(value, others)
            except NotUnderstoodError as problem:
                yield f"`{name}`: {problem}"
        elif kind and kind != "rate" and value.__class__ in (int, float) and not words_of(name) & _MEASURED:
            here = _base(kind, value, _unit(name, kind))
            # Of several powers the highest counts, of several pressures and flows the lowest.
            pick = max if kind in ("power", "temperature") else min
            numbers[kind] = pick(numbers.get(kind, here), here)
    for name, what, why, test in FORBIDDEN:
        if test(numbers):
            yield f"{name}: {what}: {why}"
    for pair, why in FORBIDDEN_GASES:
        if pair <= gases:
            yield f"{' with '.join(sorted(pair))}: {why}"


# --- names and units ----------------------------------------------------------------------------------


def kind_of(name: str, type_: str = "") -> str:
    """What a parameter of this name and annotation is; "" for what is none of the domain's business."""
    said = words_of(name)
    kind = next((kind.name for kind in KINDS if kind.words & said), "")
    if "gas" in said and "flow" in said:
        kind = "flow"
    if kind == "gas":
        return kind
    return kind if type_ in NUMERIC and not said & (NO_QUANTITY | {"supply", "factor", "ratio", "error"}) else ""


_DEGREES = {"c": "c", "celsius": "c", "f": "f", "fahrenheit": "f", "k": "k", "kelvin": "k"}


def _unit(name: str, kind: str) -> str:
    """The unit a name ends in, "" for the usual one."""
    known: Collection[str] = _DEGREES if kind == "temperature" else _UNITS.get(kind, ())
    last = name.rsplit("_", 1)[-1].lower() if "_" in name else ""
    if last not in known:
        # As in `pressureMTorr`: the longest unit that begins with a capital.
        ends = (unit for unit in known if name.lower().endswith(unit) and name[-len(unit)].isupper() and unit != name)
        last = max(ends, key=len, default="")
    return _DEGREES.get(last, "") if kind == "temperature" else last


def _quantity(kind: str, value: Any, unit: str) -> Quantity:
    if kind == "temperature":
        return units.temperature(value, unit or "c")
    return units.scaled(value, _UNITS[kind], _BY_NAME[kind].read_as, wanted=unit)


def _base(kind: str, value: float, unit: str) -> float:
    """A number of that unit in the usual one."""
    if not unit:
        return value
    if kind == "temperature":
        return units.temperature(f"{value!r} {unit}", "c").value
    return round(value * _UNITS[kind][unit], 12)


def _fields(value: Any) -> dict[str, Any]:
    if value.__class__ is dict:
        return {str(name): part for name, part in value.items()}
    to_dict = getattr(value, "to_dict", None)
    fields = to_dict() if callable(to_dict) else getattr(value, "__dict__", None)
    return dict(fields) if isinstance(fields, dict) else {}


def _dicts_in(value: Any, depth: int = _DEPTH) -> Iterator[dict[str, Any]]:
    """The fields of a dict or struct and of what is in it or in a list; what sensors say is left out."""
    if value.__class__ in (list, tuple):
        parts = list(value)
    else:
        fields = _fields(value)
        if fields:
            yield fields
        parts = [part for name, part in fields.items() if not words_of(name) & _MEASURED]
    if depth:
        for part in parts:
            if part.__class__ not in (int, float, str, bool, type(None)):
                yield from _dicts_in(part, depth - 1)


def _spaced(text: str) -> str:
    return " ".join(text.lower().split())


def _phrase(text: str) -> str:
    """What a correction of a word for a temperature is kept under. Raises `NotUnderstoodError` for one that is read."""
    phrase = clean(text)
    try:
        found = units.temperature(text, "c")
    except NotUnderstoodError:
        return phrase
    msg = f"{text!r} is read as {found.value:g} °C: it is no word to be corrected"
    raise NotUnderstoodError(msg)


def _degrees(value: Any) -> float:
    """What somebody says a word for a temperature means, in °C."""
    found = units.temperature(value, "c")
    if found.estimated:
        msg = f"{value!r} is an estimate itself"
        raise NotUnderstoodError(msg)
    return found.value


def _signs(arguments: Mapping[str, Any]) -> dict[str, bool]:
    return etching.signs_of(_measured(arguments))


def _measured(arguments: Mapping[str, Any]) -> dict[str, float]:
    """What an etch was like, by the names signs are looked up under (`etching.SIGNS`).

    A name of those is one (`reflected`, `pressure_setpoint`); else its kind is, with `target` and `expected` as such;
    of several of a kind, what a sensor says. A dict of numbers is looked into.
    """
    found: dict[str, float] = {}
    for name, value in arguments.items():
        if value.__class__ is dict:
            found.update(_measured({str(each): part for each, part in value.items() if part.__class__ is not dict}))
        elif value.__class__ in (int, float):
            key, said, number = name, words_of(name), float(value)
            if name not in _READINGS and (kind := kind_of(name)) and kind != "gas":
                number = _base(kind, number, _unit(name, kind))
                wanted = said & {"setpoint", "target", "expected", "set"}
                is_expected = kind in ("rate", "temperature")
                key = (f"expected_{kind}" if is_expected else f"{kind}_setpoint") if wanted else kind
            if key in _READINGS and (key not in found or said & _MEASURED):
                found[key] = number
    return found


def _check_diagnosis(fields: Mapping[str, Any], name: str, value: Any) -> None:
    if not str(fields[name] or "").strip():
        msg = f"the diagnosis names no cause in `{name}`"
        raise RejectionError(msg, value=value)
    confidence = fields.get("confidence")
    if confidence.__class__ not in (int, float) or not 0 <= confidence <= 1:
        msg = f"a confidence is from 0 to 1, not {confidence!r}"
        raise RejectionError(msg, value=value)
    if not fields.get("recommendations"):
        msg = "the diagnosis recommends nothing"
        raise RejectionError(msg, value=value)
