"""Many random programs, in CPython and in Dana.

    python -m tests.differential.run --count 20000 --seed 1

Each program also runs with its types written down (they hold, so nothing may change), with metering off, and
under limits that stop it early. Work goes in chunks; the tally of finished chunks is kept in
`build/differential-SEED.json`, so that a run continues where it was interrupted (`--fresh` starts over).
Programs that differ are written to `build/differential/`.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path

from tests.differential.generate import program
from tests.differential.twin import ENDLESS, dana, difference, mutual

BUILD = Path(__file__).parents[2] / "build"
CHUNK = 100


def compare(seed: int, *, limits: bool = True) -> str:
    """How the runs of one program differ: "" for not at all. `limits`: also with metering off and under tight limits."""
    text = program(seed)
    bare = dana(text)
    found = difference(text, bare)
    if found or bare.refused:
        return found
    typed = dana(program(seed, annotated=True))
    if typed != bare:
        return f"annotated:\n{typed.refused or typed}\nbare:\n{bare}"
    return mutual(text, bare) if limits else ""


def chunk(first: int, last: int) -> tuple[dict[str, int], list[int]]:
    """The tally of these seeds, and those that differ."""
    tally: Counter[str] = Counter()
    wrong: list[int] = []
    for seed in range(first, last):
        found = compare(seed)
        if found == ENDLESS:
            tally["endless"] += 1
        elif found:
            tally["different"] += 1
            wrong.append(seed)
            folder = BUILD / "differential"
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{seed}.py").write_text(program(seed))
            (folder / f"{seed}.txt").write_text(found + "\n")
        else:
            tally["same"] += 1
    return dict(tally), wrong


def main() -> int:
    parser = argparse.ArgumentParser(description="Random programs in CPython and in Dana.")
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1, help="the first program's number, in millions")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--fresh", action="store_true", help="forget what earlier runs have done")
    options = parser.parse_args()
    BUILD.mkdir(exist_ok=True)
    record = BUILD / f"differential-{options.seed}.json"
    done: dict[str, dict[str, int]] = {} if options.fresh or not record.exists() else json.loads(record.read_text())
    start = options.seed * 1_000_000
    firsts = [f for f in range(start, start + options.count, CHUNK) if str(f) not in done]
    wrong: list[int] = []
    with ProcessPoolExecutor(options.workers) as pool:
        last = start + options.count
        jobs = {pool.submit(chunk, f, min(f + CHUNK, last)): f for f in firsts}
        for number, job in enumerate(as_completed(jobs), 1):
            tally, found = job.result()
            wrong += found
            if not found:
                done[str(jobs[job])] = tally
                record.write_text(json.dumps(done))
            _progress(number, len(firsts), len(wrong))
    total: Counter[str] = Counter()
    for tally in done.values():
        total.update(tally)
    print(f"{options.count} programs: {total['same']} the same, {total['endless']} endless, {len(wrong)} different")
    for seed in wrong:
        print(f"  {BUILD / 'differential' / str(seed)}.py")
    return 1 if wrong else 0


def _progress(number: int, of: int, wrong: int) -> None:
    if sys.stderr.isatty():
        filled = 40 * number // of
        end = "\n" if number == of else ""
        print(f"\r[{'#' * filled}{'.' * (40 - filled)}] {number}/{of} {wrong} different", end=end, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
