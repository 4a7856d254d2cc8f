"""Units of temperature and energy, converted where the mission's words (°F, BTU) meet the simulation's (°C, joules)."""

from __future__ import annotations

JOULES_PER_KWH = 3.6e6
JOULES_PER_BTU = 1055.06


def celsius(fahrenheit: float) -> float:
    """A temperature in °C from °F."""
    return (fahrenheit - 32.0) / 1.8


def fahrenheit(celsius: float) -> float:  # noqa: A002, RUF100  (the unit is the best name)
    """A temperature in °F from °C."""
    return celsius * 1.8 + 32.0


def kelvins(fahrenheit_degrees: float) -> float:
    """A difference of temperatures in K from one in °F."""
    return fahrenheit_degrees / 1.8


def kwh(joules: float) -> float:
    """Kilowatt-hours from joules."""
    return joules / JOULES_PER_KWH
