"""Simulated worlds in which a function's decisions have consequences, for learning without harm (P112, P115–P118).

A building with its heat pump, its occupants and real weather: what a controller commands decides how warm it gets,
what it costs and how the equipment wears. All quantities are SI inside (kelvin or °C, watts, joules, seconds); units
people use are converted at the border (`units.py`). Everything random comes from a seed.

    weather.py     a year of weather from an EPW file, or from a table with the same columns
    sun.py         where the sun stands, and how much of it reaches a façade
    building.py    a zone with air and mass, its gains, infiltration and equipment; one run gives a `Report`
    heat_pump.py   power and efficiency by outdoor temperature and part load
    occupancy.py   who is there when; what a kilowatt-hour costs and emits
    comfort.py     how people feel: PMV and PPD (ISO 7730), degree-hours

Two more worlds, for those who read and diagnose:

    credit.py       messy credit files whose truth is known
    rie.py          an etch tool with faults, and what can be looked at
"""
