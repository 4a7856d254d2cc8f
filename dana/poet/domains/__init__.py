"""Domains: what people who know a trade would check before and after a calculation, as plugins of POET.

A domain binds to the parameters of a function by their *names and types*, never by position; it turns messy input into
clean values, refuses what it cannot understand, and judges the result. What it had to estimate it says so. It fails
closed: a value that is not understood is refused with a reason, never replaced by a guess.

    written.py               texts as people type them, made plain: digits, signs, blanks, misspelt words
    quantities.py            numbers, money and periods as people write them
    shares.py                shares of a whole and rates
    tables.py                what all domains have in common: a table of kinds of parameters
    financial_services.py    credit scores, amounts, ratios, rates, periods
    fair_lending.py          what a decision about credit may rest on, must say and leaves on record
    building_management.py   temperatures, occupancy, commands of machines; interlocks and comfort
    equipment.py             what machines of a zone can stand over time, and when they want looking after
    units.py                 numbers with units: temperatures, pressures, powers, flows
    semiconductor.py         recipes of reactive ion etching: limits and forbidden combinations
    gases.py                 gases however they are listed; what is no gas is refused
    etching.py               why an etch went wrong, what to do; what to change for a better yield
    llm_optimization.py      prompts and answers of language models

`DOMAINS` says which module and class a domain is; it is loaded when a function names it.
"""

from __future__ import annotations

DOMAINS = {
    "financial_services": ("dana.poet.domains.financial_services", "FinancialServices"),
    "building_management": ("dana.poet.domains.building_management", "BuildingManagement"),
    "semiconductor": ("dana.poet.domains.semiconductor", "Semiconductor"),
    "llm_optimization": ("dana.poet.domains.llm_optimization", "LlmOptimization"),
}
# What people write when they mean one of ours.
ALIASES = {
    "finance": "financial_services",
    "financial": "financial_services",
    "banking": "financial_services",
    "building": "building_management",
    "hvac": "building_management",
    "rie": "semiconductor",
}
