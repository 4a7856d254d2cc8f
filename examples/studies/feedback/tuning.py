"""Tuning an etch tool's recipe, on the tool alone or with a model of it that is wrong by 30 %.

The model knows the drawing; the tool's pump, cooling, rate and optimum pressure are each 30 % above or below it. One
real sample is one wafer. `HYBRID` corrects what the model says about rate and uniformity by the wafers there were
(`dana.poet.training.fusion`), looks for the best recipe in the corrected model, and spends its next wafer there;
`REAL_WORLD` has wafers only, and searches by SPSA. Both are judged by the tool's true quality, without noise.
"""

from __future__ import annotations

from collections.abc import Callable
from math import exp
from random import Random

from dana.poet.simulation.rie import Recipe, Tool
from dana.poet.training.constants import Spsa
from dana.poet.training.fusion import Fusion

BOUNDS = {"pressure": (0.5, 8.0, 6.0), "power": (200.0, 1400.0, 400.0), "flow": (15.0, 180.0, 150.0)}
WANTED_RATE = 140.0
# The target: this share of what the best recipe of the tool reaches.
TARGET = 0.95
MOST_WAFERS = 400


def drawing() -> Tool:
    """The model: a tool exactly as drawn, whose sensors do not vary."""
    return Tool(1, spread=0.0, noise=0.0)


def plant(seed: int, differs: float = 0.3, noise: float = 0.02) -> Tool:
    """A tool that differs from its drawing: every property by `differs`, up or down."""
    chance, tool = Random(seed), drawing()  # noqa: S311  (a simulation, no secret)
    for name in ("pump_l_s", "chamber_l", "cooling_w_k", "optimum", "rate_k"):
        setattr(tool, name, getattr(tool, name) * (1 + differs * chance.choice((-1, 1))))
    tool.noise = noise
    return tool


def quality(rate: float, uniformity: float) -> float:
    """How good a wafer is, 0 to 1: its rate as wanted, and even."""
    off = (rate - WANTED_RATE) / (0.3 * WANTED_RATE)
    return 0.6 * exp(-off * off) + 0.4 * exp(-max(0.0, uniformity - 2.0) / 3.0)


def wafer(tool: Tool, values: dict[str, float]) -> tuple[float, float]:
    """Rate and uniformity of one wafer under a recipe."""
    readings = tool.run(Recipe(values["pressure"], values["power"], values["flow"], 40.0))
    return readings["rate"], readings["uniformity"]


def truth(tool: Tool, values: dict[str, float]) -> float:
    """The quality of a recipe on a tool, without the noise of its sensors."""
    noise, tool.noise = tool.noise, 0.0
    found = quality(*wafer(tool, values))
    tool.noise = noise
    return found


def _tried(chance: Random, now: float, low: float, high: float, reach: float) -> float:
    return chance.uniform(low, high) if reach == 1.0 else now + chance.gauss(0, reach) * (high - low)


def best(cost: Callable[[dict[str, float]], float], seed: int) -> dict[str, float]:
    """The best recipe found with a model, where trying costs nothing: many points, then ever closer ones."""
    chance = Random(seed)  # noqa: S311
    found = {name: start for name, (_low, _high, start) in BOUNDS.items()}
    least = cost(found)
    for round_ in range(600):
        reach = 1.0 if round_ < 300 else 0.2 * 0.985 ** (round_ - 300)
        tried = {
            name: min(high, max(low, _tried(chance, found[name], low, high, reach)))
            for name, (low, high, _start) in BOUNDS.items()
        }
        if (now := cost(tried)) < least:
            least, found = now, tried
    return found


def real_world(tool: Tool, goal: float, seed: int) -> int:
    """Wafers until the recipe found on the tool alone reaches the goal."""
    search = Spsa(BOUNDS, seed=seed, planned=60, reach=0.1, rate=0.15, most=0.15)
    while search.evaluations < MOST_WAFERS:
        if truth(tool, search._inside(search.at)) >= goal:
            break
        search.step(lambda values, _n: 1 - quality(*wafer(tool, values)), [0])
    return search.evaluations


def hybrid(tool: Tool, goal: float, seed: int) -> int:
    """Wafers until the recipe found with the corrected model reaches the goal."""
    model = drawing()
    rates, evenness = Fusion(band=20.0), Fusion(band=1.0)
    chance = Random(seed)  # noqa: S311
    for wafers in range(MOST_WAFERS):
        values = best(
            lambda tried: 1 - quality(rates.corrected((seen := wafer(model, tried))[0]), evenness.corrected(seen[1])),
            seed * 1000 + wafers,
        )
        if truth(tool, values) >= goal:
            return wafers
        # A little beside the optimum, or the correction would learn nothing about how it changes.
        tried = {
            name: min(high, max(low, values[name] + chance.gauss(0, 0.08) * (high - low)))
            for name, (low, high, _start) in BOUNDS.items()
        }
        seen, happened = wafer(model, tried), wafer(tool, tried)
        rates.add(seen[0], happened[0])
        evenness.add(seen[1], happened[1])
    return MOST_WAFERS


def compare(seeds: int) -> list[tuple[int, int]]:
    """Real samples of HYBRID and of REAL_WORLD to the same target, for each seed."""
    found = []
    for seed in range(seeds):
        tool = plant(seed)
        goal = TARGET * truth(tool, best(lambda values, tool=tool: 1 - truth(tool, values), seed))  # type: ignore[misc]
        found.append((hybrid(tool, goal, seed), real_world(tool, goal, seed)))
    return found
