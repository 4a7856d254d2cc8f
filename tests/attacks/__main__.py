"""`python -m tests.attacks [LEVEL] [WORD…]`: run the attacks at both levels, print what each class came to."""

from __future__ import annotations

import sys
from collections import Counter

from tests.attacks.corpus import attacks, classes
from tests.attacks.suite import LEVELS, OVER_MB, run


def main() -> int:
    """1 when one of them got away with something."""
    words = sys.argv[1:]
    levels = [w for w in words if w in LEVELS] or list(LEVELS)
    words = [w for w in words if w not in LEVELS]
    known = attacks()
    wanted = [n for n, a in enumerate(known) if not words or any(w in f"{a.kind}: {a.title}" for w in words)]
    failed = 0
    print(f"{'':28}{'programs':>9}" + "".join(f"{level:>12}{'latest':>9}{'most':>8}" for level in levels))
    outcomes = {level: run(level, wanted) for level in levels}
    for kind in classes():
        cells = []
        for level in levels:
            made = [o for o in outcomes[level] if o.attack.kind == kind]
            bad = [o for o in made if not o.holds()]
            failed += len(bad)
            late = max((o.late_s for o in made), default=0.0)
            over = max((o.over_mb for o in made), default=0.0)
            cells.append(f"{f'{len(bad)} of {len(made)}':>12}{max(late, 0) * 1000:>6.0f} ms{max(over, 0):>5.0f} MB")
        count = sum(known[n].kind == kind for n in wanted)
        if count:
            print(f"{kind:28}{count:>9}" + "".join(cells))
    for level in levels:
        for outcome in outcomes[level]:
            if not outcome.holds():
                print(f"\n{level} · {outcome.attack.kind}: {outcome.attack.title} ({outcome.ended})")
                for what in outcome.found:
                    print(f"    {what}")
                if outcome.late_s > 0.1 or outcome.over_mb > OVER_MB:
                    print(f"    {outcome.late_s * 1000:.0f} ms late, {outcome.over_mb:.0f} MB over")
        if words:
            print(level, dict(Counter(o.ended for o in outcomes[level])))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
