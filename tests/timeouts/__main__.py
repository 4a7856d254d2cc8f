"""`python -m tests.timeouts [--count 100] [--seed 1]`: how late functions stop after their deadline."""

from __future__ import annotations

import argparse
import sys

from tests.timeouts.suite import LAST_S, MEDIAN_S, MOST_S, THREADS, Ended, alone, figures, together


def show(title: str, made: list[Ended], *, bounds: tuple[float, float, float]) -> bool:
    """Print what one way of running them came to; whether all of it holds."""
    found = figures(made)
    running = [each for each in made if not each.is_stopped]
    late = [each for each in made if each.late_s > MOST_S]
    holds = not running and all(value <= bound for value, bound in zip(found, bounds, strict=True))
    cells = "".join(f"{value * 1000:>9.2f} ms (≤ {b * 1000:g})" for value, b in zip(found, bounds, strict=True))
    print(f"{title:<26}{len(made) - len(running):>4} of {len(made)} stopped{cells}  {'ok' if holds else 'MISS'}")
    for each in running:
        print(f"    {each.shape}: {each.late_s * 1000:.1f} ms late, not stopped: {each.said}")
    for each in late if bounds[1] == MOST_S else ():
        print(f"    {each.shape}: {each.late_s * 1000:.1f} ms late")
    return holds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    print(f"{'':<26}{'':>16}{'median':>19}{'95 of 100':>19}{'latest':>19}")
    bounds = MEDIAN_S, MOST_S, LAST_S
    one = show("one after the other", alone(given.count, given.seed), bounds=bounds)
    # Threads of one process share its processor: each waits for the others' turns of 5 ms.
    shared = LAST_S, LAST_S, LAST_S
    many = show(f"{THREADS} threads, {THREADS} engines", together(given.count, given.seed), bounds=shared)
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.0005)
    try:
        eager = show("the same, turns of 0.5 ms", together(given.count, given.seed), bounds=shared)
    finally:
        sys.setswitchinterval(before)
    return 0 if one and many and eager else 1


if __name__ == "__main__":
    sys.exit(main())
