"""`python -m tests.soak [--minutes 10] [--seed 1] [--fresh]`: a soak that goes on where it was interrupted.

The tally is kept in `build/soak-SEED.json`; at least 999 of 1000 calls must be answered as without POET.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import time
from pathlib import Path

from tests.soak.calls import Soak, Tally

BUILD = Path(__file__).parents[2] / "build"
SHARE = 0.999
# Seconds of one part, after which the tally is written.
PART_S = 5.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--fresh", action="store_true", help="forget what an earlier run has counted")
    given = parser.parse_args()
    logging.getLogger("dana.poet").setLevel(logging.CRITICAL)
    folder = BUILD / f"soak-{given.seed}"
    folder.mkdir(parents=True, exist_ok=True)
    record = BUILD / f"soak-{given.seed}.json"
    tally = Tally(**json.loads(record.read_text())) if record.exists() and not given.fresh else Tally()
    if tally.seconds >= given.minutes * 60:  # a whole run is there: begin another
        tally = Tally()
    while tally.seconds < given.minutes * 60:
        part = one_part(folder, given.seed + tally.calls, min(PART_S, given.minutes * 60 - tally.seconds))
        for name, value in part.data().items():
            setattr(tally, name, getattr(tally, name) + value)
        record.write_text(json.dumps(tally.data()))
    print(
        f"{tally.calls} calls in {tally.seconds / 60:.1f} minutes; failed: store {tally.store}, plugin {tally.plugin}, "
        f"handlers {tally.handler}; answered as without POET: {tally.share:.5%} (≥ {SHARE:.1%})"
    )
    return 0 if tally.share >= SHARE else 1


def one_part(folder: Path, seed: int, seconds: float) -> Tally:
    """Calls for so many seconds, with functions decorated anew."""
    soak = Soak(folder, seed)
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        for _ in range(100):
            soak.call()
    soak.tally.seconds = time.monotonic() - began
    soak.end()
    return soak.tally


if __name__ == "__main__":
    sys.exit(main())
