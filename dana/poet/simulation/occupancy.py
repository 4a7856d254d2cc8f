"""Who is in the building when, what a kilowatt-hour costs then, and how much carbon dioxide it stands for."""

from __future__ import annotations

from random import Random

HOURS_A_YEAR = 8760
DAYS_A_WEEK = 7


class Occupancy:
    """Present people by hour of the year, drawn once from a seed.

    On working days `people` come about `first_hour` and leave about `last_hour` (both vary by half an hour to either
    side, in quarters), a tenth of days some stay away; nobody comes at weekends when `weekends` is false.
    """

    __slots__ = ("first_hour", "last_hour", "people", "quarters", "seed", "weekends")

    def __init__(
        self,
        people: int = 6,
        first_hour: float = 8.0,
        last_hour: float = 18.0,
        *,
        weekends: bool = False,
        seed: int = 1,
        first_weekday: int = 0,
    ) -> None:
        if not 0 <= first_hour < last_hour <= 24:
            raise ValueError(f"people are there from {first_hour:g} to {last_hour:g}: that is no day")
        self.people = people
        self.first_hour = first_hour
        self.last_hour = last_hour
        self.weekends = weekends
        self.seed = seed
        self.quarters = self._drawn(first_weekday)

    def _drawn(self, first_weekday: int) -> list[int]:
        """People present in every quarter of an hour of the year."""
        chance = Random(self.seed)  # noqa: S311  (a simulation, no secret)
        found: list[int] = []
        for day in range(HOURS_A_YEAR // 24):
            here = [0] * 96
            weekday = (day + first_weekday) % DAYS_A_WEEK
            if self.weekends or weekday < 5:
                count = self.people if chance.random() < 0.9 else (self.people + 1) // 2
                first = int(self.first_hour * 4) + chance.randint(-2, 2)
                last = int(self.last_hour * 4) + chance.randint(-2, 2)
                for quarter in range(max(0, first), min(96, last)):
                    here[quarter] = count
            found += here
        return found


class Tariff:
    """Prices and emissions of electricity by hour of the day: dearer from `peak_from` to `peak_to`."""

    __slots__ = ("emission_kg_kwh", "peak_from", "peak_price", "peak_to", "price")

    def __init__(
        self,
        price: float = 0.10,
        peak_price: float = 0.15,
        peak_from: int = 14,
        peak_to: int = 18,
        emission_kg_kwh: float = 0.35,
    ) -> None:
        self.price = price
        self.peak_price = peak_price
        self.peak_from = peak_from
        self.peak_to = peak_to
        self.emission_kg_kwh = emission_kg_kwh

    def at(self, hour: float) -> float:
        """The price of a kilowatt-hour at an hour of the day."""
        return self.peak_price if self.peak_from <= hour % 24 < self.peak_to else self.price
