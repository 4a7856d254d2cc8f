"""How people feel in a room: PMV and PPD, and the clothes they wear.

PMV (predicted mean vote) and PPD (predicted percentage dissatisfied) follow ISO 7730:2005, annex D: Fanger's heat
balance of a body at rest in its surroundings, from −3 (cold) over 0 to +3 (hot).
"""

from __future__ import annotations

from math import exp, sqrt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_TOLERANCE = 0.00015
_MOST_ROUNDS = 150
# One met is the heat of a person at rest, one clo the insulation of a business suit.
MET_W_M2 = 58.15
CLO_M2K_W = 0.155


def pmv(
    air_c: float, radiant_c: float, air_m_s: float, humidity_pct: float, met: float = 1.2, clo: float = 0.7
) -> float:
    """Predicted mean vote.

    Air and mean radiant temperature in °C, air velocity relative to the body in m/s, relative humidity in %, activity
    in met (0.8 to 4), clothing in clo (0 to 2). Raises `ValueError` outside the ranges of ISO 7730.
    """
    for name, value, low, high in (
        ("air temperature", air_c, 10.0, 40.0),
        ("radiant temperature", radiant_c, 10.0, 45.0),
        ("air velocity", air_m_s, 0.0, 1.0),
        ("humidity", humidity_pct, 0.0, 100.0),
        ("activity", met, 0.8, 4.0),
        ("clothing", clo, 0.0, 2.0),
    ):
        if not low <= value <= high:
            raise ValueError(f"{name} is {value:g}; ISO 7730 holds from {low:g} to {high:g}")
    return _vote(air_c, radiant_c, air_m_s, humidity_pct, met, clo)


def _vote(air_c: float, radiant_c: float, air_m_s: float, humidity_pct: float, met: float, clo: float) -> float:
    vapour_pa = humidity_pct * 10 * exp(16.6536 - 4030.183 / (air_c + 235))
    insulation = CLO_M2K_W * clo
    heat = met * MET_W_M2
    area = 1 + 1.29 * insulation if insulation <= 0.078 else 1.05 + 0.645 * insulation
    forced = 12.1 * sqrt(air_m_s)
    air_k, radiant_k = air_c + 273, radiant_c + 273
    # The surface temperature of the clothes, by iteration, in hundreds of kelvin.
    guess = air_k + (35.5 - air_c) / (3.5 * (6.45 * insulation + 0.1))
    p1 = insulation * area
    p2 = p1 * 3.96
    p3 = p1 * 100
    p4 = p1 * air_k
    p5 = 308.7 - 0.028 * heat + p2 * (radiant_k / 100) ** 4
    now, before = guess / 100, guess / 50
    transfer = forced
    for _round in range(_MOST_ROUNDS):
        if abs(now - before) <= _TOLERANCE:
            break
        before = (before + now) / 2
        free = 2.38 * abs(100 * before - air_k) ** 0.25
        transfer = max(forced, free)
        now = (p5 + p4 * transfer - p2 * before**4) / (100 + p3 * transfer)
    clothes_c = 100 * now - 273
    skin = 3.05e-3 * (5733 - 6.99 * heat - vapour_pa)
    sweat = 0.42 * (heat - MET_W_M2) if heat > MET_W_M2 else 0.0
    breath = 1.7e-5 * heat * (5867 - vapour_pa) + 0.0014 * heat * (34 - air_c)
    radiation = 3.96 * area * (now**4 - (radiant_k / 100) ** 4)
    convection = area * transfer * (clothes_c - air_c)
    return (0.303 * exp(-0.036 * heat) + 0.028) * (heat - skin - sweat - breath - radiation - convection)


def ppd(vote: float) -> float:
    """Predicted percentage dissatisfied at a mean vote: 5 to 100 %."""
    return 100 - 95 * exp(-0.03353 * vote**4 - 0.2179 * vote**2)


def clothing(outdoor_c: float) -> float:
    """What people wear, in clo, by the outdoor temperature of the morning (ASHRAE 55-2013, dynamic clothing)."""
    if outdoor_c < -5:
        return 1.0
    if outdoor_c < 5:
        return 0.818 - 0.0364 * outdoor_c
    if outdoor_c < 26:
        return 10 ** (-0.1635 - 0.0066 * outdoor_c)
    return 0.46


def degree_hours(temperatures: Any, low_c: float, high_c: float, step_s: float) -> float:
    """K·h outside a band of temperatures (BOPTEST's thermal discomfort), for equally long steps."""
    outside = sum(low_c - t if t < low_c else t - high_c if t > high_c else 0.0 for t in temperatures)
    return outside * step_s / 3600
