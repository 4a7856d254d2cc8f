"""What learning costs and what it is worth: simulations, training, and the figures learning must reach.

Worth is measured where learning was not: other tools, other seeds, other buildings. More buildings and climates of the
HVAC study are in its README.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from time import process_time

from measure import Row, Table, interleave, timed

from dana.poet.simulation.building import Site, constant_controller, simulate
from dana.poet.simulation.comfort import pmv
from dana.poet.simulation.weather import read

STUDIES = Path(__file__).resolve().parents[1] / "examples" / "studies"
WEATHER = STUDIES / "hvac" / "weather" / "chittenden_county_vt.csv"
CLIMATES = {
    "Burlington": WEATHER,
    "Hayward": WEATHER.with_name("alameda_county_ca.csv"),
    "Austin": WEATHER.with_name("travis_county_tx.csv"),
}
# ISO 7730:2005, table D.1: air, mean radiant temperature, velocity, humidity, met, clo, and the PMV it gives.
ISO_7730 = (
    (22.0, 22.0, 0.10, 60, 1.2, 0.5, -0.75),
    (27.0, 27.0, 0.10, 60, 1.2, 0.5, 0.77),
    (27.0, 27.0, 0.30, 60, 1.2, 0.5, 0.44),
    (23.5, 25.5, 0.10, 60, 1.2, 0.5, -0.01),
    (23.5, 25.5, 0.30, 60, 1.2, 0.5, -0.55),
    (19.0, 19.0, 0.10, 40, 1.2, 1.0, -0.60),
    (23.5, 23.5, 0.30, 40, 1.2, 1.0, 0.12),
    (23.0, 21.0, 0.10, 40, 1.2, 1.0, 0.05),
    (23.0, 21.0, 0.30, 40, 1.2, 1.0, -0.16),
    (22.0, 22.0, 0.10, 60, 1.6, 0.5, 0.05),
    (27.0, 27.0, 0.10, 60, 1.6, 0.5, 1.17),
    (27.0, 27.0, 0.30, 60, 1.6, 0.5, 0.95),
)
# A whole training must simulate so many weeks at least, for its time to count.
LEAST_WEEKS = 200
CALLS = 20_000


def measure(*, quick: bool) -> list[Row]:
    table = Table(f"Learning on CPython {sys.version.split()[0]}, {'quick' if quick else 'full'} run")
    sys.path[:0] = [str(STUDIES)]
    add_simulation(table, rounds=2 if quick else 5)
    add_training(table, quick=quick)
    add_diagnosis(table, quick=quick)
    add_prompts(table, runs=100 if quick else 1_200)
    add_retries(table, count=3_000 if quick else 20_000, seeds=4 if quick else 20)
    add_feedback(table, seeds=10 if quick else 30)
    add_credit(table, files=150 if quick else 1_000)
    add_call(table, rounds=7 if quick else 30)
    return table.close()


def part(study, name):
    """A module of a study, found by its folder, under a name no other study's module has."""
    from importlib.util import module_from_spec, spec_from_file_location

    folder = STUDIES / study
    sys.path[:0] = [str(folder)]
    try:
        spec = spec_from_file_location(f"{study}_{name}", folder / f"{name}.py")
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(folder))
    return module


def add_simulation(table, rounds):
    site = Site(read(str(WEATHER)))
    report = simulate(site, constant_controller())
    times = [timed(lambda: simulate(site, constant_controller())) for _ in range(rounds)]
    table.add(Row("learning.simulation.year", min(times), "s", "the mission's controller", 0.5))
    table.add(Row("learning.simulation.energy balance", 100 * report.balance_error, "%", "what flowed", 0.1))
    worst = max(abs(pmv(*row[:6]) - row[6]) for row in ISO_7730)
    table.add(Row("learning.simulation.PMV, worst miss", worst, "votes", "ISO 7730, table D.1", 0.1))


def add_training(table, *, quick):
    study = part("hvac", "study")
    weather = study.weather_of(str(WEATHER))
    begun = process_time()
    learnt = study.learn(weather, budget=200 if quick else study.BUDGET)
    seconds = process_time() - begun
    assert learnt.weeks >= LEAST_WEEKS
    print(f"HVAC: {learnt.weeks:.0f} weeks in {seconds:.1f} CPU s")
    table.add(
        Row("learning.hvac.training of 200 weeks", seconds / learnt.weeks * LEAST_WEEKS, "s", "simulated weeks", 20)
    )
    table.add(Row("learning.hvac.training", seconds, "s", f"{learnt.weeks:.0f} simulated weeks", None if quick else 20))
    add_savings(table, study, learnt.zones)


def add_savings(table, study, zones):
    """A year in the drawing's building, in each climate: nothing was learnt in this building."""
    worse = broken = 0
    for name, path in CLIMATES.items():
        site = zones.add(study.held_out(study.weather_of(str(path)), 1)[0])
        before, after = zones.baseline(site, [(0, 365)]), zones.run(site, [(0, 365)])
        worse += not after.is_as_comfortable(before)
        broken += after.violations
        table.add(Row(f"learning.hvac.energy, {name}", after.energy / before.energy, "x", "constant controller", 0.85))
    table.add(Row("learning.hvac.less comfortable", worse, "", f"{len(CLIMATES)} buildings", 0))
    table.add(Row("learning.hvac.interlocks broken", broken, "", f"{len(CLIMATES)} years", 0))


def add_diagnosis(table, *, quick):
    rie = part("rie", "run")
    found = rie.Result(200 if quick else 400, 200 if quick else 1_000, 1, lambda _share: None)
    wrong = 100 * (1 - found.right["guided"])
    table.add(Row("learning.rie.wrong causes", wrong, "%", "unseen tools", 20))
    table.add(
        Row("learning.rie.wrong causes, rules alone", 100 * (1 - found.right["rules"]), "%", "unseen tools", None)
    )
    looks = found.looks["guided"] / found.looks["all"]
    table.add(Row("learning.rie.looks", looks, "x", "the whole checklist", 0.5))
    looks = found.looks["guided"] / found.looks["checklist"]
    table.add(Row("learning.rie.looks, equally sure", looks, "x", "checklist until as certain", None))
    count = 100 if quick else 1_000
    sys.path[:0] = [str(STUDIES / "rie")]
    refused, accepted = rie.refusals(count, 7)
    sys.path.remove(str(STUDIES / "rie"))
    table.add(
        Row("learning.rie.forbidden recipes let through", 100 * (1 - refused / count), "%", "forbidden recipes", 0)
    )
    table.add(Row("learning.rie.allowed recipes refused", 100 * (1 - accepted / count), "%", "allowed recipes", 0))


def add_prompts(table, runs):
    prompts = part("prompts", "run")
    regret, share, _curve = prompts.over(runs, 1_000, prompts.thompson)
    table.add(Row("learning.prompts.regret at 1 000 calls", regret, "", f"{runs} runs, 6 prompts", 0.035))
    table.add(Row("learning.prompts.best prompt missed", 100 * (1 - share), "%", f"{runs} runs, 6 prompts", 5))


def add_retries(table, count, seeds):
    retries = part("retries", "run")
    for name, service in retries.SERVICES.items():
        policy = retries.learnt_policy(service, 1)
        before, after = (retries.calls(service, 101, count, one) for one in (retries.DEFAULT, policy))
        table.add(Row(f"learning.retries.mean time, {name}", after.mean / before.mean, "x", "default policy", 1 / 3))
        table.add(Row(f"learning.retries.failures, {name}", 100 * (1 - after.success), "%", "calls", 0.1))
    after = [retries.recovery(10 * seed + 1)[1] for seed in range(seeds)]
    lost = 100 * (1 - statistics.mean(after))
    table.add(Row("learning.retries.failures 300 calls after a slow-down", lost, "%", f"{seeds} seeds, 3x slower", 0.1))


def add_feedback(table, seeds):
    feedback = part("feedback", "run")
    samples = feedback.compare(seeds)
    share = sum(one for one, _other in samples) / sum(other for _one, other in samples)
    table.add(Row("learning.feedback.real samples, HYBRID", share, "x", f"REAL_WORLD, {seeds} tools 30 % off", 1 / 3))
    _alone, both, _miss = feedback.coverage(1_000, 5)
    table.add(Row("learning.feedback.calls without", 100 * (1 - both), "%", "reality answers 30 %", 5))
    caught, bad, refused, good, _missed = feedback.safe_testing(1)
    table.add(Row("learning.feedback.bad strategies missed", 100 * (1 - caught / bad), "%", f"{bad} injected", 10))
    table.add(Row("learning.feedback.good strategies refused", 100 * refused / good, "%", f"{good} good ones", 0))


def add_credit(table, files):
    credit = part("credit", "run")
    found = credit.files(files, 23)
    before, _bad = credit.count(found, credit.bare)
    after, _bad = credit.count(found, credit.domain())
    values = sum(after.values())
    table.add(Row("learning.credit.not as it should be", 100 * (1 - credit.right(after)), "%", f"{values} values", 2))
    table.add(
        Row(
            "learning.credit.not as it should be, bare", 100 * (1 - credit.right(before)), "%", f"{values} values", None
        )
    )
    silent = after["wrong"] + after["invented"]
    table.add(Row("learning.credit.wrong but accepted", silent, "", f"{values} values", 0))


def add_call(table, rounds):
    """What learning adds to a call that succeeds at once: the same function with learning off and on."""
    import poet

    from dana.poet.pipeline import decorate

    program = poet.Program()
    program.meter.start()
    try:
        subjects = {
            mode: poet.many(decorate(program, poet.nothing, {"store": "memory:", "learning": mode}))
            for mode in ("off", "on")
        }
        times = interleave(subjects, rounds)
    finally:
        program.meter.finish()
    added = statistics.median(on - off for on, off in zip(times["on"], times["off"], strict=True)) / poet.CALLS * 1e6
    table.add(Row("learning.added to a call", added, "us", "the same call, learning off", 0.3))
