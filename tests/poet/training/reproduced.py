"""A program that learns with every rule: `python -m tests.poet.training.reproduced STORE teach|go-on`.

It prints all that its functions have learnt, as JSON with sorted keys. `test_reproducible.py` has it go on from one
snapshot in several processes.
"""

# ruff: noqa: B008  (a learnable constant is declared as a default)
from __future__ import annotations

import json
import random
import sys
from contextlib import suppress

from dana.poet import learn, learnable
from dana.poet.errors import POETError
from dana.poet.pipeline import plan_of
from dana.poet.registry import registry_of
from dana.poet.subjects import give
from dana.poet.training.fusion import Fusion
from dana.poet.training.variants import Variants
from tests.poet.conftest import Bench
from tests.poet.training.test_confirmed import ODD
from tests.poet.training.test_engine import SERVICES, measured, served


def latency(bench, store, part):
    _service, ask = served(bench, SERVICES["steady"], seed=part, store=store)
    measured(bench, ask, 400)
    return ask


def faults(bench, store, part):
    @bench.poet(store=store, retries=3, backoff=0)
    def ask():
        raise ConnectionError("gone") if part else ValueError("gone")

    for _ in range(60):
        with suppress(ConnectionError, ValueError):
            ask()
    return ask


def outages(bench, store, part):
    is_down = [False]

    @bench.poet(store=store, retries=0, breaker={"open_s": 30.0, "least": 2, "window": 4}, learnable=["breaker"])
    def ask():
        bench.work(0.01)
        if is_down[0]:
            raise ConnectionError("down")

    for _ in range(24):
        for is_down[0], count in ((True, 16 + part), (False, 80)):
            for _ in range(count):
                with suppress(POETError, ConnectionError):
                    ask()
                bench.clock.advance(0.5)
    return ask


def ages(bench, store, part):
    chance = random.Random(3 + part)

    @bench.poet(store=store, cache=10.0, learnable=["cache"])
    def price():
        return int(bench.clock.now / 300)

    for _ in range(1_500):
        price()
        bench.clock.advance(chance.uniform(5.0, 20.0))
    return price


def constants(bench, store, part):
    @bench.poet(store=store)
    def heating(below, gain=learnable(10.0, 100.0, 30.0)):
        return gain * below

    learn(heating, lambda day: (heating(day) - 60.0 * day) ** 2, [2 + n / 10 for n in range(20)], budget=40, seed=part)
    return heating


def words(bench, store, part):
    @bench.poet(store=store, domain="financial_services")
    def scored(credit_score):
        return credit_score

    for points in (800, 805, 810):
        give(registry_of(bench), scored, {"correction": {"excellent": points, "so la la": points - 200 + part}})
    return scored


def causes(bench, store, part):
    @bench.poet(store=store, domain="semiconductor")
    def examined(pressure):
        return pressure

    for cause in ["wall contamination"] * 9 + ["chamber leak"] * (1 + part):
        give(registry_of(bench), examined, {"cause": cause, "readings": ODD})
    return examined


def variants(known, part):
    """T4, which functions that ask language models keep under their names."""
    made, chance = Variants(["a", "b", "c"]), random.Random(part)
    made.take(known)
    for _ in range(400):
        name = made.choose(chance)
        made.add(name, float(chance.random() < {"a": 0.6, "b": 0.7, "c": 0.8}[name]))
    return made.to_data()


def fusion(part):
    """T9, which belongs to a run."""
    made, chance = Fusion(), random.Random(part)
    for _ in range(60):
        simulated = chance.random()
        made.add(simulated, 0.8 * simulated + 0.1 + 0.01 * chance.gauss(0, 1))
    return {**made.to_data(), "score": made.score(0.5, None)}


def main(store, phase):
    """One run; the second one goes on where the first ended."""
    part = ("teach", "go-on").index(phase)
    bench = Bench()
    bench.clock.advance(100_000.0 * part)
    bench.random.seed(part)
    told = {}
    bench.meter.start()
    for rule in (latency, faults, outages, ages, constants, words, causes):
        function = rule(bench, store, part)
        learner = plan_of(function).learner
        learner.keeper.flush()
        told[rule.__name__] = {
            "values": learner.subject.values,
            "versions": [[v.number, v.values, v.evidence] for v in learner.subject.versions],
            "rules": None if learner.trainer is None else learner.trainer.to_data(),
        }
    registry_of(bench).close()
    bench.meter.finish()
    known = json.loads(sys.stdin.read() or "{}")
    told["variants"] = variants(known.get("variants", {}), part)
    told["fusion"] = fusion(part)
    print(json.dumps(told, sort_keys=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
