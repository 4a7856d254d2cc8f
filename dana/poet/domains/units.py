"""Numbers with units, as people write them: temperatures, pressures, powers, flows, and shares as percent.

A reader knows one quantity: its units with what each is in the unit that is wanted. A bare number is in the wanted
unit; a unit of something else ("50 W" for a pressure) is refused.
"""

from __future__ import annotations

import re

from dana.poet.domains.quantities import Quantity, digits, words
from dana.poet.domains.written import NotUnderstoodError, approximately, clean, number_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

_TEXT = re.compile(r"([-+]?)\s*([0-9][0-9,. ']*[0-9]|[0-9]|\.[0-9]+)\s*(\S.*)?")

# Names of units (small letters, no blanks or dots) by quantity: in the first unit of each row, `value × scale`.
PRESSURE = {"torr": 1.0, "mmhg": 1.0, "mtorr": 1e-3, "millitorr": 1e-3, "mt": 1e-3, "pa": 760 / 101325,
            "pascal": 760 / 101325, "pascals": 760 / 101325, "hpa": 76000 / 101325, "kpa": 760000 / 101325,
            "mbar": 76000 / 101325, "bar": 76e6 / 101325, "ubar": 76 / 101325, "µbar": 76 / 101325,
           "μbar": 76 / 101325, "atm": 760.0}  # fmt: skip
POWER = {"w": 1.0, "watt": 1.0, "watts": 1.0, "kw": 1e3, "kilowatt": 1e3, "kilowatts": 1e3, "mw": 1e-3}
FLOW = {"sccm": 1.0, "slm": 1e3, "slpm": 1e3}
RATE = {"nm/min": 1.0, "å/min": 0.1, "a/min": 0.1, "um/min": 1e3, "µm/min": 1e3, "nm/s": 60.0, "å/s": 6.0}
PERCENT = {"%": 1.0, "percent": 1.0, "pct": 1.0, "percentrh": 1.0, "%rh": 1.0, "rh": 1.0}
# Temperatures have offsets: to °C, (value - offset) × scale.
_CELSIUS = {"c": (0.0, 1.0), "celsius": (0.0, 1.0), "centigrade": (0.0, 1.0), "f": (32.0, 5 / 9),
            "fahrenheit": (32.0, 5 / 9), "k": (273.15, 1.0), "kelvin": (273.15, 1.0)}  # fmt: skip
_DEGREES = re.compile(r"(?:°|º|degrees?|degs?\.?)\s*|([℃℉])")


def scaled(value: Any, units: Mapping[str, float], what: str, *, wanted: str = "") -> Quantity:
    """A number in the first unit of `units`, or in `wanted` of them. Raises `NotUnderstoodError`."""
    amount, unit, estimated = _split(value, what)
    into = units[wanted] if wanted else 1.0
    if not unit:
        return Quantity(amount, estimated=estimated)
    scale = units.get(unit)
    if scale is None:
        msg = f"{value!r} is no {what.removeprefix('a ')}: it is given in {', '.join(units)}"
        raise NotUnderstoodError(msg)
    return Quantity(amount if scale == into else round(amount * scale / into, 12), unit, estimated=estimated)


def temperature(value: Any, wanted: str = "f") -> Quantity:
    """A temperature in °F, °C or K ("f", "c", "k"): "72F", "22 °C", "seventy two degrees".

    `unit` of what comes back is the one that was written, "" for a bare number.
    """
    amount, unit, estimated = _split(value, "temperature", temperatures=True)
    if not unit:
        return Quantity(amount, estimated=estimated)
    if unit not in _CELSIUS:
        msg = f"{value!r} is no temperature: it is given in °F, °C or K"
        raise NotUnderstoodError(msg)
    if _CELSIUS[unit] == _CELSIUS[wanted]:
        return Quantity(amount, wanted, estimated=estimated)
    offset, scale = _CELSIUS[unit]
    to_offset, to_scale = _CELSIUS[wanted]
    celsius = (amount - offset) * scale
    if celsius < -273.15:
        msg = f"{value!r} is below the absolute zero"
        raise NotUnderstoodError(msg)
    return Quantity(round(celsius / to_scale + to_offset, 9), unit, estimated=estimated)


def _split(value: Any, what: str, *, temperatures: bool = False) -> tuple[float, str, bool]:
    """The number, the unit behind it ("" for none), whether it is an estimate."""
    plain = number_of(value)
    if plain is not None:
        return plain, "", False
    text, estimated = approximately(clean(value))
    if temperatures:
        text = _DEGREES.sub(lambda found: {"℃": "c", "℉": "f"}.get(found[1] or "", " "), text).strip()
    found = _TEXT.fullmatch(text)
    if found is not None:
        amount = digits(found[2], comma=True)
        if amount is not None:
            unit = (found[3] or "").rstrip(".").replace(" ", "")
            return (-amount if found[1] == "-" else amount), unit, estimated
    else:
        head, _blank, last = text.rpartition(" ")
        for spoken, unit in ((text, ""), (head, last)):
            sign, rest = (-1, spoken[6:]) if spoken.startswith("minus ") else (1, spoken)
            said = words(rest) if rest else None
            if said is not None:
                return sign * said.value, unit, estimated or said.estimated
    msg = f"{value!r} is no {what.removeprefix('a ')}"
    raise NotUnderstoodError(msg)
