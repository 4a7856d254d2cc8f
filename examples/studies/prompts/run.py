#!/usr/bin/env python3
"""Find the best of six prompts while they are used: Thompson sampling on a simulated model.

    python examples/studies/prompts/run.py [--runs N] [--out FOLDER] [--quick]

The model answers correctly with a probability that belongs to the prompt and is known to nobody who chooses. Regret is
what a call loses on average against the best prompt from the beginning.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[2])]

from common import lines_plot, progress, table  # noqa: E402

from dana.poet.training.variants import Variants  # noqa: E402

# Six ways to ask for the same thing, and how often the simulated model's answer is right then. What is known of the
# measurement this repeats fits them: 0.60 to 0.84, equal use loses 0.130 a call and finds the best in 92 % of runs.
PROMPTS = {
    "What is the total?": 0.60,
    "What is the total? Answer with a number.": 0.64,
    "You are an accountant. What is the total?": 0.69,
    "Add up the lines, then give the total.": 0.716,
    "Add up the lines step by step, then give the total as a number.": 0.774,
    "Two worked examples, then: add up the lines and give the total as a number.": 0.84,
}
CALLS = (100, 300, 1000)


class ScriptedModel:
    """Answers right as often as the prompt deserves."""

    def __init__(self, seed: int) -> None:
        self._chance = Random(seed)  # noqa: S311

    def answers_right(self, prompt: str) -> bool:
        """Whether this answer is right."""
        return self._chance.random() < PROMPTS[prompt]


def thompson(calls: int, seed: int) -> tuple[list[float], str]:
    """Regret of every call, and the prompt taken for the best in the end."""
    names, best, chance = list(PROMPTS), max(PROMPTS.values()), Random(seed)  # noqa: S311
    Random(seed + 1).shuffle(names)  # noqa: S311
    model, variants = ScriptedModel(seed + 2), Variants(names)
    lost = []
    for _ in range(calls):
        prompt = variants.choose(chance)
        variants.add(prompt, 1.0 if model.answers_right(prompt) else 0.0)
        lost.append(best - PROMPTS[prompt])
    return lost, variants.best


def uniform(calls: int, seed: int) -> tuple[list[float], str]:
    """The same when every prompt is used equally often."""
    names, best, model = list(PROMPTS), max(PROMPTS.values()), ScriptedModel(seed + 2)
    right = dict.fromkeys(names, 0)
    for at in range(calls):
        right[names[at % 6]] += model.answers_right(names[at % 6])
    return [best - PROMPTS[names[at % 6]] for at in range(calls)], max(right, key=lambda name: right[name])


def over(
    runs: int,
    calls: int,
    way: Callable[[int, int], tuple[list[float], str]],
    tell: Callable[[float], object] = lambda _share: None,
) -> tuple[float, float, list[float]]:
    """Mean regret per call, share of runs that end with the best prompt, and the mean regret so far by call."""
    champion = max(PROMPTS, key=lambda name: PROMPTS[name])
    sums, hits = [0.0] * calls, 0
    for run in range(runs):
        lost, best = way(calls, 10 * run)
        hits += best == champion
        sums = [total + one for total, one in zip(sums, lost, strict=True)]
        tell((run + 1) / runs)
    curve, total = [], 0.0
    for at, value in enumerate(sums):
        total += value / runs
        curve.append(total / (at + 1))
    return curve[-1], hits / runs, curve


def main(words: list[str] | None = None) -> int:
    """The whole study; exit status 1 when a goal is missed."""
    parser = argparse.ArgumentParser(prog="prompts", description=(__doc__ or "").split("\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=400)
    parser.add_argument("--out", type=Path, help="where plots go (none without)")
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args(words)
    runs = 20 if options.quick else options.runs
    rows = []
    for calls in CALLS:
        regret, share, curve = over(runs, calls, thompson, progress(f"{calls} calls "))
        other, other_share, other_curve = over(runs, calls, uniform)
        rows.append((f"{calls} calls", f"{regret:.3f}", f"{share:.0%}", f"{other:.3f}", f"{other_share:.0%}"))
    print(f"{runs} runs, six prompts of {min(PROMPTS.values()):.2f} to {max(PROMPTS.values()):.2f}\n")
    print(table(("", "regret/call", "best found", "uniform: regret", "best found"), rows))
    print("\nA useful choice needs some 300 calls.")
    if options.out:
        made = lines_plot(
            options.out / "regret",
            "Regret per call",
            "calls",
            "regret",
            {"Thompson": (range(1, 1001), curve), "uniform": (range(1, 1001), other_curve)},
        )
        print("plots:", ", ".join(str(file) for file in made))
    return 0 if options.quick or (share >= 0.95 and regret <= 0.035) else 1


if __name__ == "__main__":
    sys.exit(main())
