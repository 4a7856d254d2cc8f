"""A Python program that lets Dana decide: python host.py"""

from __future__ import annotations

from pathlib import Path

import dana

RULES = Path(__file__).with_name("rules.na")


def discount(total: float, *, loyal: bool) -> float:
    """What the rules say. Raises `dana.DanaError`, with the place, when they are wrong or need too long."""
    engine = dana.Engine(limits=dana.Limits(steps=100_000, wall_s=1.0))
    rules = engine.load(str(RULES))
    decided: float = rules.discount({"total": total, "loyal": loyal})
    return decided


if __name__ == "__main__":
    print(discount(250, loyal=True))
