"""The long run: `python -m tests.fmt.run --count 20000`.

Formats generated programs, sentences of the grammar and the repository's own programs, each as it is and in
several mutated layouts, in both styles and back. Exit status 1 when anything is wrong.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from itertools import count
from random import Random

from tests.fmt.harness import Broken, examine
from tests.fmt.layouts import dressed
from tests.fuzz import generate, harness
from tests.fuzz.sentences import Sentences


def make(seed: int, number: int, corpus: list[str], sentences: Sentences) -> str:
    """Input `number` of a seed."""
    rng = Random(f"fmt:{seed}:{number}")
    what = rng.random()
    if what < 0.55:
        text = generate.program(rng)
    elif what < 0.8:
        text = sentences.text(rng, number)
    else:
        text = rng.choice(corpus).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    for _ in range(rng.choice((0, 1, 1, 2))):
        text = dressed(rng, text)
    return text


def explore(seed: int, numbers, failures_max: int = 20, programs_max: int = sys.maxsize):
    """How many inputs were programs, and what was wrong: (number, text, why)."""
    corpus, sentences = harness.corpus(), Sentences()
    counts: Counter[str] = Counter()
    failures = []
    for number in numbers:
        text = make(seed, number, corpus, sentences)
        counts["inputs"] += 1
        counts["lines"] += text.count("\n")
        try:
            counts["programs"] += examine(text)
        except Broken as broken:
            counts[broken.kind.split(":")[0]] += 1
            failures.append((number, text, str(broken)))
        except Exception as fault:  # noqa: BLE001  (the run goes on; the fault is its result)
            counts["faults"] += 1
            failures.append((number, text, repr(fault)))
        if len(failures) >= failures_max or counts["programs"] >= programs_max:
            break
    return counts, failures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=20_000, help="how many programs to format")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=int, default=0)
    parser.add_argument("--failures", type=int, default=20)
    parser.add_argument("--show", type=int, default=3)
    options = parser.parse_args()
    begin = time.monotonic()
    counts, failures = explore(options.seed, count(options.start), options.failures, options.count)
    for number, text, why in failures[: options.show]:
        print(f"=== input {number}: {why}\n{text}\n")
    print(dict(counts), f"{time.monotonic() - begin:.0f} s", f"{len(failures)} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
