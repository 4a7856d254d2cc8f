"""Domains: what people who know a trade would check before and after a calculation, as plugins of POET.

A domain binds to the parameters of a function by their *names and types*, never by position; it turns messy input into
clean values, refuses what it cannot understand, and judges the result. What it had to estimate it says so. It fails
closed: a value that is not understood is refused with a reason, never replaced by a guess.

    written.py               texts as people type them, made plain: digits, signs, blanks, misspelt words
    quantities.py            numbers, money, shares and periods as people write them
    tables.py                what all domains have in common: a table of kinds of parameters
    financial_services.py    credit scores, amounts, ratios, rates, periods
    fair_lending.py          what a decision about credit may rest on, must say and leaves on record
    llm_optimization.py      prompts and answers of language models

`DOMAINS` says which module and class a domain is; it is loaded when a function names it.
"""

from __future__ import annotations

DOMAINS = {
    "financial_services": ("dana.poet.domains.financial_services", "FinancialServices"),
    "llm_optimization": ("dana.poet.domains.llm_optimization", "LlmOptimization"),
}
# What people write when they mean one of ours.
ALIASES = {"finance": "financial_services", "financial": "financial_services", "banking": "financial_services"}
